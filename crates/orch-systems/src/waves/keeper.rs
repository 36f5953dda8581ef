//! Keeping the plan's branch true: the next version after each wave, with what was done in it and what was learned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orch_core::{Moved, Order, Plan, Resumed, Run, TaskIx, Time};
use orch_run::Failure;
use orch_state_commits::{PlanCommit, TaskId, TaskStatus, Update};
use orch_state_git::ToolError;
use orch_store::StoreError;

use super::WavePlan;
use super::merge::learned;
use crate::system::{Keeper, Stand, Writing};

/// Of so many tasks of one wave it is written down what was learned.
const LEARNED: usize = 20;

/// Keeps the branch of a plan.
pub(super) struct WaveKeeper {
    plan: WavePlan,
    /// The plan as the run has it now.
    graph: Arc<Plan>,
    /// The commit that the plan's branch was last known to be at.
    tip: String,
    /// Where the plan's branch has each task: as it was read, and as was written since.
    written: BTreeMap<String, TaskStatus>,
    /// The tasks of which the branch may have to say something, each with its place in the waves before it.
    touched: BTreeSet<(u32, TaskIx)>,
    /// Where each task is in the waves.
    levels: Vec<u32>,
    /// Something has happened since it was looked at.
    behind: bool,
    /// Nothing more happens in the run.
    is_over: bool,
    /// It was said that the branch can't be written.
    has_alerted: bool,
}

impl WaveKeeper {
    pub(super) fn new(plan: &WavePlan) -> Self {
        let (written, levels) = (statuses(&plan.commit), plan.plan.depths());
        Self {
            touched: touched(&levels),
            graph: Arc::clone(&plan.plan),
            tip: plan.tip.clone(),
            written,
            levels,
            plan: plan.clone(),
            behind: true,
            is_over: false,
            has_alerted: false,
        }
    }

    /// The first of what is not to be written down yet. Wave by wave, a wave is written down as a whole: when it is over, or
    /// the run is. Of the next one, which may have begun then, nothing is said yet.
    fn not_due(&self, run: &Run) -> (u32, TaskIx) {
        let is_all_due = self.is_over || run.policy().order != Order::Waves;
        (if is_all_due { u32::MAX } else { run.waves_over() }, TaskIx::new(0))
    }

    /// What the branch is to say of the run and does not.
    fn owed(&self, run: &Run) -> Update {
        let mut update = Update::default();
        for &(_, task) in self.touched.range(..self.not_due(run)) {
            let (status, id) = (TaskStatus::from_core(run.status(task)), self.graph.id(task));
            let Ok(named) = id.parse::<TaskId>() else { continue };
            match (status, self.written.get(id)) {
                // That stays, also when it was asked for again.
                (_, Some(TaskStatus::Completed)) => {}
                (status, Some(written)) if status == *written => {}
                (TaskStatus::Completed, _) => update.completed.push(named),
                (TaskStatus::Blocked, _) => update.blocked.push(named),
                (TaskStatus::InProgress, _) => update.started.push(named),
                _ => {}
            }
        }
        update
    }

    /// The number of the wave that these tasks were of, from one.
    fn wave(&self, run: &Run, done: &[TaskId]) -> Option<u32> {
        let of = |id: &TaskId| run.plan().find(id.as_str()).map(|task| self.levels[task.index()] + 1);
        done.iter().filter_map(of).max().filter(|_| run.policy().order == Order::Waves)
    }

    /// Adds the next version. A branch that was deleted meanwhile is made again: it is where others learn what was done.
    fn record(&mut self, update: &Update, alerts: &mut Vec<String>) -> Result<(), ToolError> {
        let (repository, branch) = (self.plan.repository(), &self.plan.branch);
        let recorded = match repository.record(branch.as_str(), update) {
            Err(ToolError::NoBranch { .. }) => {
                repository.bring_back(branch, &self.tip)?;
                let at = self.tip.get(..9).unwrap_or(&self.tip);
                alerts.push(format!(
                    "{branch} was deleted while it was run: it is there again as it was last known ({at}), and goes on from there; \
                     `git branch -D {branch}` deletes it once the run is over"
                ));
                repository.record(branch.as_str(), update)?
            }
            recorded => recorded?,
        };
        self.tip = recorded.map_or_else(|| std::mem::take(&mut self.tip), |updated| updated.commit_sha);
        Ok(())
    }

    fn write_next(&mut self, run: &Run, alerts: &mut Vec<String>) -> usize {
        let mut update = self.owed(run);
        if update != Update::default() {
            let done = update.completed.iter().take(LEARNED);
            let learned: Vec<String> = done.filter_map(|id| learned(&self.plan, id)).collect();
            update.learned = learned.join("\n");
            update.wave = self.wave(run, &update.completed);
            if let Err(error) = self.record(&update, alerts) {
                // Others read it; a run goes on from the history and from what was merged. It is tried again with the next
                // transition, and said once.
                if !std::mem::replace(&mut self.has_alerted, true) {
                    alerts.push(format!("{} does not say how far it is: {error}", self.plan.branch()));
                }
                return 0;
            }
        }
        self.touched = self.touched.split_off(&self.not_due(run));
        if update == Update::default() {
            return 0;
        }
        for (ids, status) in [
            (update.started, TaskStatus::InProgress),
            (update.blocked, TaskStatus::Blocked),
            (update.completed, TaskStatus::Completed),
        ] {
            self.written.extend(ids.into_iter().map(|id| (id.to_string(), status.clone())));
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
        self.touched.insert((self.levels[moved.task.index()], moved.task));
        self.behind = true;
        Ok(())
    }

    fn replanned(&mut self, plan: &Arc<Plan>) {
        // It may have been changed once more since: what it says of the tasks of this one counts all the same.
        if let Ok(now) = self.plan.repository().plan(self.plan.branch()) {
            self.written = statuses(&now.plan);
            self.tip = now.tip;
        }
        self.graph = Arc::clone(plan);
        self.levels = plan.depths();
        self.touched = touched(&self.levels);
        self.behind = true;
    }

    fn stands(&mut self, _: &Run, stand: Stand, _: Time) {
        self.is_over = stand != Stand::Running;
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

/// All tasks, by waves.
fn touched(levels: &[u32]) -> BTreeSet<(u32, TaskIx)> {
    levels.iter().enumerate().map(|(task, &level)| (level, TaskIx::new(task))).collect()
}

fn statuses(commit: &PlanCommit) -> BTreeMap<String, TaskStatus> {
    commit.live().into_iter().map(|task| (task.id.to_string(), task.status.clone())).collect()
}
