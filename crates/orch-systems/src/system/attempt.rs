//! One attempt: where it works, what its worker says, how it ended, what that means.

use std::path::PathBuf;

use orch_core::{Outcome, StopCause, TaskIx, Time};
use orch_exec::agent::Profile;
use orch_exec::process::Exit;
use orch_store::Home;

/// An attempt that is to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coming {
    pub(crate) task: TaskIx,
    pub(crate) attempt: u32,
    /// How often its work has gone back since it was last asked for.
    pub(crate) reworks: u32,
}

/// Where an attempt works.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// The folder it runs in.
    pub(crate) folder: PathBuf,
    /// The branch that its work is based on.
    pub(crate) base_branch: String,
    /// The file that it writes its result to.
    pub(crate) result: PathBuf,
    /// Commands that make the folder ready before the worker starts, one after the other.
    pub(crate) set_up: Vec<Vec<String>>,
    /// The file to be made when that is done, so that it is done once.
    pub(crate) ready: Option<PathBuf>,
    /// What a person should be told of what was there before.
    pub(crate) note: Option<String>,
}

/// Why there is no place for an attempt to work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GroundError {
    /// The environment's fault: the run stops.
    #[error("{0}")]
    Environment(String),
    /// The task's own: it fails.
    #[error("{0}")]
    Task(String),
}

/// What a worker says of itself while it works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    /// How far it is, for a person.
    pub(crate) progress: Option<String>,
    /// It has said its last word, and only has to end.
    pub(crate) is_final: bool,
    /// It is to be ended.
    pub(crate) is_over: bool,
}

/// An attempt that has ended, and where its traces are.
pub(crate) struct EndedAttempt<'a> {
    pub(crate) home: &'a Home,
    pub(crate) profile: &'a Profile,
    pub(crate) task: TaskIx,
    pub(crate) attempt: u32,
    pub(crate) exit: Exit,
    /// Whether it went on with an earlier attempt's session.
    pub(crate) resumed: bool,
    /// Why it was told to end, if it was.
    pub(crate) stopped: Option<StopCause>,
    pub(crate) now: Time,
}

/// An attempt, judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) outcome: Outcome,
    /// A line for a person.
    pub(crate) detail: Option<String>,
    /// The plan path of its report, as written.
    pub(crate) plan_path: Option<String>,
    /// The session that a further attempt may go on with.
    pub(crate) session: Option<String>,
    /// Whether anything but the exit says how it went. What has no evidence of its own can't be judged when the exit
    /// is unknown.
    pub(crate) has_evidence: bool,
    /// What a person has to look at before anything more starts, although the work may be done.
    pub(crate) pause: Option<String>,
}
