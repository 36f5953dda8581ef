//! What the five systems have in common, seen from whoever runs them.

use std::path::Path;
use std::sync::Arc;

use orch_core::{Plan, TaskIx, Time};
use orch_exec::agent::Profile;
use orch_exec::process::Exit;
use orch_store::Home;

use crate::prompts::judge::Judged;
use crate::prompts::review::Reviewer;
use crate::prompts::tell::{TellError, Told};

/// One system's side of a run: what a worker is told and what its end means. Everything else is shared.
pub(crate) trait System {
    /// The plan.
    fn plan(&self) -> &Arc<Plan>;

    /// The file that the plan was read from.
    fn plan_file(&self) -> &Path;

    /// What the worker of an attempt is told. `previous` is what is known of the attempt before.
    fn tell(
        &self,
        profile: &Profile,
        task: TaskIx,
        attempt: u32,
        previous: Option<&str>,
    ) -> Result<Told, TellError>;

    /// What the end of an attempt means.
    fn judge(&self, ended: &EndedAttempt<'_>) -> Judged;

    /// The gate after each task, if there is one.
    fn reviewer(&self) -> Option<&Reviewer>;

    /// The branch that the work is based on.
    fn base_branch(&self) -> &str;
}

/// An attempt that has ended, and where its traces are.
pub(crate) struct EndedAttempt<'a> {
    pub(crate) home: &'a Home,
    pub(crate) profile: &'a Profile,
    pub(crate) task: &'a str,
    pub(crate) attempt: u32,
    pub(crate) exit: Exit,
    /// Whether it went on with an earlier attempt's session.
    pub(crate) resumed: bool,
    pub(crate) now: Time,
}
