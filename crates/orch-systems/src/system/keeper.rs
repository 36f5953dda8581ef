//! Keeping the state files of a plan.

use std::sync::Arc;

use orch_core::{Moved, Plan, Resumed, Run, TaskIx, Time};
use orch_run::{Failure, WorkerIdentity};
use orch_state_json::PromptMode;
use orch_store::{Durability, StoreError};

use crate::Requirements;

/// Keeps the state files that people and other tools read, in step with the history.
pub(crate) trait Keeper {
    /// The base branch that is written there.
    fn base_branch(&self) -> Option<String> {
        None
    }

    /// What is written of the final validation of the requirements, as the state file words it.
    fn validation(&self) -> Option<&'static str> {
        None
    }

    /// Removes what writes that were cut off have left beside the files.
    ///
    /// # Errors
    /// When the folder can't be looked at.
    fn sweep(&self) -> Result<(), StoreError>;

    /// Whether the files are written without a run as well: no history tells then that a write was cut off.
    fn writes_outside_runs(&self) -> bool {
        false
    }

    /// The task at whose end a person has to look before anything starts, from what an earlier run left.
    fn paused_for(&self) -> Option<TaskIx> {
        None
    }

    /// Whether an earlier orch went away before the files said all that `run` goes on from.
    fn owes(&self, run: &Run) -> bool {
        let _ = run;
        false
    }

    /// Settles with which state the run goes on, and what becomes of the one that is there if it is not that.
    fn go_on(&mut self, resumed: &Resumed, base_branch: &str, fresh: bool);

    /// Takes note of a transition. `detail` is a line for a person.
    ///
    /// # Errors
    /// When the state has no place for the task: a bug.
    fn moved(&mut self, moved: &Moved, detail: Option<&str>, at: Time) -> Result<(), Failure>;

    /// Takes note that the run goes on with a changed plan.
    fn replanned(&mut self, plan: &Arc<Plan>) {
        let _ = plan;
    }

    /// Takes note of the terminal sessions that the workers of this run have, by task.
    fn terminals(&mut self, names: Vec<String>) {
        let _ = names;
    }

    /// Takes note of the process that works on a task.
    fn worker(&mut self, task: TaskIx, worker: &WorkerIdentity) {
        let _ = (task, worker);
    }

    /// Takes note of the session that a worker has named.
    fn session(&mut self, task: TaskIx, session: &str) {
        let _ = (task, session);
    }

    /// Takes note of the plan path that a report has named.
    fn plan_path(&mut self, task: TaskIx, path: &str) {
        let _ = (task, path);
    }

    /// Takes note of who does the work of this run.
    fn agent(&mut self, name: &str) {
        let _ = name;
    }

    /// Takes note that a task was handed to a person.
    fn handed(&mut self, task: TaskIx) {
        let _ = task;
    }

    /// Takes note that a person has looked at what paused the run.
    fn acknowledged(&mut self) {}

    /// Takes note that a person has ended what goes over several runs.
    fn closed(&mut self, at: Time) {
        let _ = at;
    }

    /// Takes note of how a person wants to be told.
    fn mode(&mut self, mode: PromptMode) {
        let _ = mode;
    }

    /// Takes note of where the run as a whole stands.
    fn stands(&mut self, run: &Run, stand: Stand, now: Time);

    /// Takes note of what became of the requirements.
    fn concluded(&mut self, requirements: &Requirements) {
        let _ = requirements;
    }

    /// Whether the files on disk are behind.
    fn is_behind(&self) -> bool;

    /// Whether the files on disk have to be replaced although everything is done and nothing more happens.
    fn must_mend(&self) -> bool;

    /// Brings the files on disk up to date; how many bytes that took.
    ///
    /// # Errors
    /// When one can't be replaced.
    fn write(&mut self, with: Writing<'_>) -> Result<usize, StoreError>;
}

/// What the files are written with.
pub(crate) struct Writing<'a> {
    /// The run as it stands.
    pub(crate) run: &'a Run,
    /// The number of the history that they belong to, and how far of it they tell.
    pub(crate) history: u64,
    pub(crate) seq: u64,
    pub(crate) durability: Durability,
    pub(crate) now: Time,
    /// What a person should be told.
    pub(crate) alerts: &'a mut Vec<String>,
}

/// Where a run as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It begins, or goes on.
    Running,
    /// All is done, and nothing stands against it.
    Succeeded,
    /// Something failed.
    Failed,
    /// It was left off.
    Interrupted,
    /// It was changed by hand, and nobody runs it: there is work left.
    Changed,
}
