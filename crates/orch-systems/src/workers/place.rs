//! Where workers run, and by what they are known.

use std::path::PathBuf;

use orch_core::Time;
use orch_run::{Clock, SystemClock};
use orch_store::Home;

/// Where workers run and by what they are known.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) home: Home,
    /// The folder they run in, unless their system gives each its own.
    pub(crate) folder: PathBuf,
    /// The branch that their work is based on.
    pub(crate) base_branch: String,
    /// The id of this run.
    pub(crate) run_id: String,
    /// The number of the history: with it, the id of an attempt is unique for ever.
    pub(crate) history: u64,
}

impl Place {
    /// The id of an attempt, by which its processes are known wherever they went.
    pub(crate) fn attempt_id(&self, task: &str, attempt: u32) -> String {
        attempt_id(self.history, task, attempt)
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Time {
        SystemClock::new().now()
    }
}

/// The id of an attempt: unique over all runs of all plans.
pub(crate) fn attempt_id(history: u64, task: &str, attempt: u32) -> String {
    format!("{history:016x}.{task}.{attempt}")
}

/// The name of a task's reviewer among the attempts.
pub(crate) fn review_name(task: &str) -> String {
    format!("{task}.review")
}

/// The name under which the errands of a task's attempt go: what sets its place up, and what follows its claim up.
pub(crate) fn errand_name(task: &str) -> String {
    format!("{task}.errand")
}
