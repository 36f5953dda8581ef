//! What the five systems have in common, seen from whoever runs them.
//!
//! A [`Source`] is a plan that was loaded; it knows what was recorded of it and makes the two others. A [`Keeper`]
//! keeps the state files that people and other tools read. A [`System`] is what the workers of a run need: what they
//! are told, where they work, what their ends mean.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use orch_core::{
    Memory, Moved, OnFailure, OnIncomplete, Order, Outcome, Plan, Resumed, Run, Status, TaskIx, Time,
};
use orch_exec::agent::{Builtin, Profile};
use orch_exec::process::Exit;
use orch_prompt::{Block, PromptError};
use orch_run::{Driven, Failure};
use orch_store::{Durability, Escape, Folded, Home, StoreError};

use crate::reviewer::Reviewer;
use crate::{Config, OpenError, Requirements, RunOptions};

/// A plan as its system loaded it.
pub(crate) trait Source {
    /// How runs go unless somebody chooses otherwise.
    fn defaults(&self) -> Defaults;

    /// Puts together what was written down: the plan's state files, which the keeper has as they were found, and the
    /// history.
    ///
    /// # Errors
    /// When they are there and can't be read, or were written by a newer orch.
    fn remember(
        &self,
        history: Folded,
        home: Option<&Home>,
        strict: bool,
    ) -> Result<(Remembered, Box<dyn Keeper>), OpenError>;

    /// The system as the workers of a run see it.
    fn system(&self, set_up: SetUp<'_>) -> Box<dyn System>;
}

/// How runs of a system go unless somebody chooses otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Defaults {
    /// The agent.
    pub(crate) agent: &'static str,
    /// How many at once.
    pub(crate) jobs: NonZeroU32,
    /// The order as long as no number of jobs is chosen.
    pub(crate) order: Order,
    pub(crate) on_failure: OnFailure,
    pub(crate) on_incomplete: OnIncomplete,
    /// Whether recorded progress belongs to this very list of tasks, rather than to each by its id.
    pub(crate) same_list: bool,
}

/// What a system is made from for a run, or for a look at one.
pub(crate) struct SetUp<'a> {
    pub(crate) config: &'a Config,
    pub(crate) options: &'a RunOptions,
    /// The root of the repository that the plan is in, if it is in one.
    pub(crate) root: Option<&'a Path>,
    /// What a person should be told.
    pub(crate) notes: &'a mut Vec<String>,
}

/// What is remembered of a plan, put together.
pub(crate) struct Remembered {
    pub(crate) memory: Memory,
    /// What the history adds up to.
    pub(crate) history: Folded,
    /// Statuses that a person changed in the state file: task, what orch remembered, what they wrote.
    pub(crate) edits: Vec<(String, Status, Status)>,
    /// What a person should be told.
    pub(crate) notes: Vec<String>,
}

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

    /// Settles with which state the run goes on, and what becomes of the one that is there if it is not that.
    fn go_on(&mut self, resumed: &Resumed, base_branch: &str, fresh: bool);

    /// Takes note of a transition. `detail` is a line for a person.
    ///
    /// # Errors
    /// When the state has no place for the task: a bug.
    fn moved(&mut self, run: &Run, moved: &Moved, detail: Option<&str>) -> Result<(), Failure>;

    /// Takes note of the plan path that a report has named.
    fn plan_path(&mut self, task: TaskIx, path: &str) {
        let _ = (task, path);
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
}

/// One system's side of a run: what a worker is told, where it works and what its end means. Everything else is shared.
pub(crate) trait System {
    /// The plan.
    fn plan(&self) -> &Arc<Plan>;

    /// The file that the plan was read from.
    fn plan_file(&self) -> &Path;

    /// What the worker of an attempt is told.
    ///
    /// # Errors
    /// [`TellError`] when there is nothing to tell it.
    fn tell(&self, telling: &Telling<'_>) -> Result<Told, TellError>;

    /// What the end of an attempt means.
    ///
    /// # Errors
    /// When its traces are there and can't be read.
    fn judge(&self, ended: &EndedAttempt<'_>) -> io::Result<Judged>;

    /// The gate after each task, if there is one.
    fn reviewer(&self) -> Option<&Reviewer> {
        None
    }

    /// Whether nothing is left to do at the end of a run whose tasks are all done.
    fn is_concluded(&self, validation: Option<&'static str>) -> bool {
        let _ = validation;
        true
    }

    /// The end of a run.
    ///
    /// # Errors
    /// When what it is to leave can't be written.
    fn finish(&self, closing: &mut Closing<'_>) -> Result<Requirements, OpenError> {
        let _ = closing;
        Ok(Requirements::NotValidated)
    }
}

/// What a worker is to be told about.
pub(crate) struct Telling<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) task: TaskIx,
    pub(crate) attempt: u32,
    /// What is known of the attempt before.
    pub(crate) previous: Option<&'a str>,
    /// The branch that the plan's work is based on.
    pub(crate) base_branch: &'a str,
}

/// The end of a run, for the system to conclude.
pub(crate) struct Closing<'a> {
    pub(crate) run: &'a Run,
    pub(crate) driven: Driven,
    pub(crate) durability: Durability,
    /// What a person should be told.
    pub(crate) notes: &'a mut Vec<String>,
    /// Runs a command to its end: how it ended and what it printed.
    pub(crate) run_once: &'a mut dyn FnMut(&[String], &str, &[(&str, OsString)]) -> (String, String),
}

impl Closing<'_> {
    /// Whether everything is done, in full or in part.
    pub(crate) fn all_done(&self) -> bool {
        use orch_core::Verdict;
        matches!(self.driven.verdict, Verdict::Success | Verdict::Incomplete) && self.driven.halt.is_none()
    }
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

/// Plan paths that reports have named, on their way to the keeper: it writes them down with the end of the attempt.
pub(crate) type PlanPaths = Rc<RefCell<Vec<(TaskIx, String)>>>;
