//! Keeping what the original tools read true: which process works on a stream, and in the database what is to be done
//! again. Where tasks stand, their workers write themselves.

use std::collections::VecDeque;
use std::io;

use orch_core::{Moved, Resumed, Run, Status, TaskIx, Time};
use orch_run::{Failure, WorkerIdentity};
use orch_store::{Home, StoreError};

use super::StreamPlan;
use super::ledger::Ledger;
use super::memory::initiative_to_note;
use super::note::Note;
use super::traces::Traces;
use crate::system::{Keeper, Stand, Writing};

/// Keeps what is to be seen of a plan's workers.
pub(super) struct StreamKeeper {
    plan: StreamPlan,
    home: Option<Home>,
    traces: Traces,
    ledger: Ledger,
    /// What has happened and is not to be seen yet.
    owed: VecDeque<Owed>,
}

enum Owed {
    /// This process works on it.
    Worker(TaskIx, u32),
    /// Nobody works on it any more.
    Nobody(TaskIx),
    /// The history is of this initiative from here on.
    Initiative(Note, String),
    /// All of it is to be done again, or only what is blocked.
    Again { task: TaskIx, all: bool },
}

impl StreamKeeper {
    pub(super) fn new(plan: &StreamPlan, home: Option<&Home>) -> Self {
        Self {
            traces: Traces::of(&plan.project),
            ledger: Ledger::of(plan),
            plan: plan.clone(),
            home: home.cloned(),
            owed: VecDeque::new(),
        }
    }

    fn pay(&self, owed: &Owed, now: Time, alerts: &mut Vec<String>) -> Result<(), StoreError> {
        match owed {
            Owed::Worker(task, pid) => {
                // It is for others to see; orch itself knows its workers otherwise.
                if let Err(error) = self.traces.note_worker(self.plan.stream(*task), *pid) {
                    alerts.push(format!(
                        "the process of `{}` is not written down: {error}",
                        self.plan.plan.id(*task)
                    ));
                }
                Ok(())
            }
            Owed::Nobody(task) => {
                if let Err(error) = self.traces.forget_worker(self.plan.stream(*task)) {
                    let id = self.plan.plan.id(*task);
                    alerts.push(format!("by .claude/orchestrator/pids, `{id}` still has a process: {error}"));
                }
                Ok(())
            }
            Owed::Initiative(note, id) => note.write(id),
            Owed::Again { task, all } => self.reopen(*task, *all, now).map_err(|source| StoreError::Io {
                path: self.plan.path.clone(),
                step: "write",
                source,
            }),
        }
    }

    fn reopen(&self, task: TaskIx, all: bool, now: Time) -> io::Result<()> {
        let stands = self.ledger.stands(task)?;
        let blocked = stands.blocked.iter().map(|(id, _)| id.as_str());
        let done = stands.tasks.iter().filter(|_| all).map(|(id, _)| id.as_str());
        let ids: Vec<&str> = blocked.chain(done).collect();
        if !ids.is_empty() {
            self.ledger.reopen(&ids, now)?;
        }
        Ok(())
    }
}

impl Keeper for StreamKeeper {
    fn sweep(&self) -> Result<(), StoreError> {
        self.traces.sweep()
    }

    /// Those that a killed orch left behind are nobody's.
    fn go_on(&mut self, resumed: &Resumed, _: &str, _: bool) {
        let to_note = self.home.as_ref().and_then(|home| initiative_to_note(&self.plan, home));
        self.owed.extend(to_note.map(|(note, id)| Owed::Initiative(note, id)));
        let run = &resumed.run;
        let is_idle = |task: &TaskIx| run.status(*task) != Status::Running && run.attempt(*task) > 0;
        let idle = self.plan.plan.tasks().filter(is_idle);
        let stale = idle.filter(|&task| self.traces.stranger(self.plan.stream(task)).is_none());
        self.owed.extend(stale.map(Owed::Nobody));
    }

    fn moved(&mut self, moved: &Moved, _: Option<&str>, _: Time) -> Result<(), Failure> {
        let task = moved.task;
        match (moved.from, moved.to) {
            (Status::Running, _) => self.owed.push_back(Owed::Nobody(task)),
            (Status::Success, Status::Pending) => self.owed.push_back(Owed::Again { task, all: true }),
            (Status::Fail | Status::Incomplete, Status::Pending) => {
                self.owed.push_back(Owed::Again { task, all: false });
            }
            _ => {}
        }
        Ok(())
    }

    fn worker(&mut self, task: TaskIx, worker: &WorkerIdentity) {
        self.owed.push_back(Owed::Worker(task, worker.pid));
    }

    fn stands(&mut self, _: &Run, _: Stand, _: Time) {}

    fn is_behind(&self) -> bool {
        !self.owed.is_empty()
    }

    fn must_mend(&self) -> bool {
        false
    }

    fn write(&mut self, with: Writing<'_>) -> Result<usize, StoreError> {
        while let Some(owed) = self.owed.front() {
            self.pay(owed, with.now, with.alerts)?;
            // Only now: what could not be done is tried with the next write.
            self.owed.pop_front();
        }
        Ok(0)
    }
}
