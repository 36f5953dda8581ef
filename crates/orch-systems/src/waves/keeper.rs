//! Keeping the plan's branch true: the next version after each wave, with what was done in it and what was learned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orch_core::{Moved, Order, Plan, Resumed, Run, TaskIx, Time};
use orch_run::Failure;
use orch_state_commits::{PlanCommit, TaskId, TaskStatus, Update};
use orch_store::StoreError;

use super::WavePlan;
use super::merge::learned;
use crate::system::{Keeper, Stand, Writing};

/// Of so many tasks of one wave it is written down what was learned.
const LEARNED: usize = 20;

/// Keeps the branch of a plan.
pub(super) struct WaveKeeper {
    plan: WavePlan,
    /// Where the plan's branch has each task: as it was read, and as was written since.
    written: BTreeMap<String, TaskStatus>,
    /// The tasks of which the branch may have to say something.
    touched: BTreeSet<TaskIx>,
    /// Where each task is in the waves.
    levels: Vec<u32>,
    /// Something has happened since it was looked at.
    behind: bool,
    /// The run goes on with a plan that is not this one.
    is_stale: bool,
}

impl WaveKeeper {
    pub(super) fn new(plan: &WavePlan) -> Self {
        Self {
            written: statuses(&plan.commit),
            touched: plan.plan.tasks().collect(),
            levels: plan.plan.depths(),
            plan: plan.clone(),
            behind: true,
            is_stale: false,
        }
    }

    /// What the branch is to say of the run and does not. Wave by wave, a wave is written down as a whole: when nobody is at
    /// work on it any more. Then the next one has begun, of which nothing is said yet.
    fn owed(&mut self, run: &Run) -> Update {
        let mut update = Update::default();
        let by_waves = run.policy().order == Order::Waves;
        let level = |task: TaskIx| self.levels[task.index()];
        let under_way = run.active().iter().map(|active| level(active.task)).min().filter(|_| by_waves);
        let (written, plan) = (&self.written, &self.plan);
        self.touched.retain(|&task| {
            if under_way.is_some_and(|under_way| level(task) >= under_way) {
                return true;
            }
            let (status, id) = (TaskStatus::from_core(run.status(task)), &plan.task(task).id);
            match (status, written.get(id.as_str())) {
                (status, Some(written)) if status == *written => {}
                (TaskStatus::Completed, _) => update.completed.push(id.clone()),
                (TaskStatus::Blocked, _) => update.blocked.push(id.clone()),
                (TaskStatus::InProgress, _) => update.started.push(id.clone()),
                _ => {}
            }
            false
        });
        update
    }

    /// The number of the wave that these tasks were of, from one.
    fn wave(&self, run: &Run, done: &[TaskId]) -> Option<u32> {
        let of = |id: &TaskId| run.plan().find(id.as_str()).map(|task| self.levels[task.index()] + 1);
        done.iter().filter_map(of).max().filter(|_| run.policy().order == Order::Waves)
    }

    fn write_next(&mut self, run: &Run, alerts: &mut Vec<String>) -> usize {
        let mut update = if self.is_stale { Update::default() } else { self.owed(run) };
        if update == Update::default() {
            return 0;
        }
        let done = update.completed.clone();
        let learned = done.iter().take(LEARNED).filter_map(|id| learned(&self.plan, id));
        update.learned = learned.collect::<Vec<_>>().join("\n");
        update.wave = self.wave(run, &done);
        match self.plan.repository().record(self.plan.branch(), &update) {
            Ok(_) => {
                for (ids, status) in [
                    (update.started, TaskStatus::InProgress),
                    (update.blocked, TaskStatus::Blocked),
                    (update.completed, TaskStatus::Completed),
                ] {
                    self.written.extend(ids.into_iter().map(|id| (id.to_string(), status.clone())));
                }
            }
            // Others read it; a run goes on from the history and from what was merged.
            Err(error) => alerts.push(format!("{} does not say how far it is: {error}", self.plan.branch())),
        }
        // A version has every task: as many bytes as the one before, about.
        self.plan.commit.write().map_or(0, |message| message.len())
    }
}

impl Keeper for WaveKeeper {
    fn base_branch(&self) -> Option<String> {
        Some(orch_state_git::FLOW.to_owned())
    }

    /// Commits are whole or not there.
    fn sweep(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn go_on(&mut self, _: &Resumed, _: &str, _: bool) {}

    fn moved(&mut self, moved: &Moved, _: Option<&str>, _: Time) -> Result<(), Failure> {
        if !self.is_stale {
            self.touched.insert(moved.task);
            self.behind = true;
        }
        Ok(())
    }

    fn replanned(&mut self, plan: &Arc<Plan>) {
        let ids = |plan: &Plan| plan.tasks().map(|task| plan.id(task).to_owned()).collect::<Vec<_>>();
        match WavePlan::load(&self.plan.root, self.plan.branch()) {
            Ok(loaded) if ids(&loaded.plan) == ids(plan) => *self = Self::new(&loaded),
            // It was changed once more: the run is about to take that over, or the next run says how far it is.
            _ => self.is_stale = true,
        }
    }

    fn stands(&mut self, _: &Run, _: Stand, _: Time) {
        self.behind = true;
    }

    fn is_behind(&self) -> bool {
        self.behind
    }

    /// Asked for when all is done: then the branch has to say so.
    fn must_mend(&self) -> bool {
        self.written.values().any(|status| *status != TaskStatus::Completed)
    }

    fn write(&mut self, with: Writing<'_>) -> Result<usize, StoreError> {
        self.behind = false;
        Ok(self.write_next(with.run, with.alerts))
    }
}

fn statuses(commit: &PlanCommit) -> BTreeMap<String, TaskStatus> {
    commit.live().into_iter().map(|task| (task.id.to_string(), task.status.clone())).collect()
}
