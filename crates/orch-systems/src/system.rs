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
use std::time::Duration;

use orch_core::{
    Memory, Moved, OnFailure, OnIncomplete, Order, Outcome, Plan, Resumed, Run, Status, TaskIx, Time,
};
use orch_exec::agent::{Builtin, Profile};
use orch_exec::process::Exit;
use orch_exec::tmux::SessionName;
use orch_prompt::{Block, PromptError};
use orch_run::{Driven, Failure};
use orch_store::{Durability, Escape, Folded, Home, StoreError};

use crate::reviewer::Reviewer;
use crate::workers::Place;
use crate::{BoardRow, Config, OpenError, Requirements, RunOptions};

/// A plan as its system loaded it.
pub(crate) trait Source {
    /// How runs go unless somebody chooses otherwise.
    fn defaults(&self) -> Defaults;

    /// The branch that the plan's work is based on, where the plan itself knows.
    fn base_branch(&self) -> Option<String> {
        None
    }

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
    /// Whether workers run in terminal sessions where there are any to be had.
    pub(crate) sessions: bool,
    /// How often work that does not pass its checks goes back to its worker.
    pub(crate) reworks: u32,
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
    fn moved(&mut self, run: &Run, moved: &Moved, detail: Option<&str>, at: Time) -> Result<(), Failure>;

    /// Takes note of the terminal sessions that the workers of this run have, by task.
    fn terminals(&mut self, names: Vec<String>) {
        let _ = names;
    }

    /// Takes note of the session that a worker has named.
    fn session(&mut self, task: TaskIx, session: &str) {
        let _ = (task, session);
    }

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
    /// It was changed by hand, and nobody runs it: there is work left.
    Changed,
}

/// One system's side of a run: what a worker is told, where it works and what its end means. Everything else is shared.
pub(crate) trait System {
    /// The plan.
    fn plan(&self) -> &Arc<Plan>;

    /// The file that the plan was read from.
    fn plan_file(&self) -> &Path;

    /// Makes the place where an attempt is to work, or finds the one that is there. `session` is the terminal session
    /// that its worker will run in, if it will.
    ///
    /// # Errors
    /// [`GroundError`] when there is none and none can be made.
    fn ground(
        &self,
        place: &Place,
        coming: Coming,
        session: Option<&SessionName>,
    ) -> Result<Ground, GroundError> {
        let _ = session;
        let result = place.home.result(self.plan().id(coming.task), coming.attempt);
        Ok(Ground {
            folder: place.folder.clone(),
            base_branch: place.base_branch.clone(),
            result,
            set_up: Vec::new(),
            ready: None,
        })
    }

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

    /// What is to be done with an attempt that was judged a success before it counts as one; nothing by default.
    fn follow_up(&self, ended: &EndedAttempt<'_>, claim: &Judged) -> Option<Box<dyn FollowUp>> {
        let _ = (ended, claim);
        None
    }

    /// Has the claim that attempt `from` of a task has made stand for attempt `to` of it; whether there is one that can.
    fn renew_claim(&self, home: &Home, task: TaskIx, from: u32, to: u32) -> bool {
        let _ = (home, task, from, to);
        false
    }

    /// Whether successes are followed up: an earlier orch may have gone away in the middle of that.
    fn follows_up(&self) -> bool {
        false
    }

    /// The name of the terminal session that shows the task's worker.
    fn session_name(&self, task: TaskIx) -> SessionName {
        SessionName::from_parts(&["orch", self.name(), self.plan().id(task)])
    }

    /// The name that orch's own files for the plan go by.
    fn name(&self) -> &str;

    /// The folders in which workers say how far they are, to be watched.
    fn watched(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// What a worker says of itself while it works.
    fn glance(&self, home: &Home, task: TaskIx, attempt: u32) -> Glance {
        let _ = (home, task, attempt);
        Glance::default()
    }

    /// Keeps what a worker has said of itself so far, whatever it writes over.
    fn keep_word(&self, home: &Home, task: TaskIx, attempt: u32) {
        let _ = (home, task, attempt);
    }

    /// Of the conditions that tasks of the plan await, those that hold now.
    fn holding(&self) -> Vec<String> {
        Vec::new()
    }

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

/// What orch itself does with a claim of success, one process after the other.
pub(crate) trait FollowUp {
    /// What to do next.
    fn next(&mut self) -> Step;

    /// The errand that was asked for last is over.
    fn ended(&mut self, ended: ErrandEnd<'_>);
}

/// What a follow-up wants next.
pub(crate) enum Step {
    /// This is to be run to its end.
    Run(Errand),
    /// The attempt is judged.
    Done { outcome: Outcome, detail: Option<String> },
}

/// A process of a follow-up.
pub(crate) struct Errand {
    /// A short word for its files, unique in the follow-up.
    pub(crate) name: String,
    pub(crate) what: ErrandKind,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// The branch that the work is based on.
    pub(crate) base_branch: String,
    /// How long it may take.
    pub(crate) limit: Option<Duration>,
    /// What a person is told while it runs.
    pub(crate) progress: String,
}

/// What a follow-up has run.
pub(crate) enum ErrandKind {
    /// A program, in the environment of a worker.
    Command(Vec<String>),
    /// A program of the person who runs orch, in orch's own environment.
    Own(Vec<String>),
    /// The agent, with this prompt.
    Agent(String),
}

/// How an errand ended.
pub(crate) enum ErrandEnd<'a> {
    /// Its process ended; `output` is the end of what it printed, or the last word of an agent.
    Exited { exit: Exit, output: &'a str },
    /// Its time was up.
    TimedOut { output: &'a str },
    /// It could not be started.
    CouldNotStart { why: String },
}

/// What a worker is to be told about.
pub(crate) struct Telling<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) coming: Coming,
    /// Where it works; none when it is only rehearsed.
    pub(crate) ground: Option<&'a Ground>,
    /// The other tasks under way.
    pub(crate) others: &'a [TaskIx],
    /// Where orch's own files are; none before the first run.
    pub(crate) home: Option<&'a Home>,
    /// What is known of the attempt before.
    pub(crate) previous: Option<&'a str>,
    /// The branch that the plan's work is based on.
    pub(crate) base_branch: &'a str,
}

/// Runs the command with these arguments to its end, by a name of its own, with these variables beside the usual ones:
/// how it ended and what it printed.
pub(crate) type RunOnce<'a> = dyn FnMut(&[String], &str, &[(&str, OsString)]) -> (String, String) + 'a;

/// The end of a run, for the system to conclude.
pub(crate) struct Closing<'a> {
    pub(crate) run: &'a Run,
    pub(crate) driven: Driven,
    pub(crate) home: &'a Home,
    pub(crate) now: Time,
    pub(crate) durability: Durability,
    /// What a person should be told.
    pub(crate) notes: &'a mut Vec<String>,
    /// What became of each task, for the board that is shown at the end.
    pub(crate) board: &'a mut Vec<BoardRow>,
    /// Where the summary is that was left, from the repository's root.
    pub(crate) summary: &'a mut Option<String>,
    /// Runs a command to its end: how it ended and what it printed.
    pub(crate) run_once: &'a mut RunOnce<'a>,
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
    /// The agent is a shell, and a spec is prose.
    #[error("{path} is a spec, and the agent `shell` only runs commands")]
    NeedsAgent {
        /// The spec file.
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
