//! What the five systems have in common, seen from whoever runs them.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use orch_core::{Outcome, Plan, TaskIx, Time};
use orch_exec::agent::{Builtin, Profile};
use orch_exec::process::Exit;
use orch_prompt::{Block, PromptError};
use orch_store::{Escape, Home};

use crate::reviewer::Reviewer;

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
    ///
    /// # Errors
    /// When its traces are there and can't be read.
    fn judge(&self, ended: &EndedAttempt<'_>) -> io::Result<Judged>;

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
}

/// What a worker is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The text, written to a file for the worker.
    pub text: String,
    /// Where each part of it comes from, in order of appearance.
    pub blocks: Vec<Block>,
    /// The shell that is to execute the text; none when it is a prompt for an agent.
    pub shell: Option<&'static str>,
}

/// Why there is nothing to tell a worker.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The prompt file can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The prompt file is not where it may be.
    #[error(transparent)]
    Escape(#[from] Escape),
    /// The template can't be rendered.
    #[error(transparent)]
    Template(#[from] PromptError),
    /// The agent is a shell and the prompt holds nothing for it.
    #[error("{path} has no `sh` block for the agent `shell` to run")]
    NoCommands {
        /// The prompt file.
        path: String,
    },
    /// A block of commands has no end.
    #[error("{path}:{line}: the block of commands that begins here has no closing fence")]
    Unclosed {
        /// The prompt file.
        path: String,
        /// The line of the opening fence, from one.
        line: u32,
    },
}

/// Whether the profile is the built-in one that executes a prompt's own commands.
pub(crate) fn is_shell(profile: &Profile) -> bool {
    profile.name == Builtin::Shell.name() && profile.command.is_empty()
}

/// Plan paths that reports have named, on their way to the store: it writes them down with the end of the attempt.
pub(crate) type PlanPaths = Rc<RefCell<Vec<(TaskIx, String)>>>;
