//! What the five systems have in common, seen from whoever runs them.
//!
//! A [`Source`] is a plan that was loaded; it knows what was recorded of it and makes the two others. A [`Keeper`]
//! keeps the state files that people and other tools read. A [`System`] is what the workers of a run need: what they
//! are told, where they work, what their ends mean.

mod attempt;
mod follow_up;
mod keeper;
mod source;
mod telling;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use orch_core::{Plan, Run, TaskIx, Time};
use orch_exec::tmux::SessionName;
use orch_run::Driven;
use orch_store::{Durability, Home};

pub(crate) use attempt::{Coming, EndedAttempt, Glance, Ground, GroundError, Judged};
pub(crate) use follow_up::{Errand, ErrandEnd, ErrandKind, FollowUp, Step};
pub(crate) use keeper::{Keeper, Stand, Writing};
pub(crate) use source::{Defaults, Remembered, SetUp, Source};
pub use telling::{TellError, Told};
pub(crate) use telling::{Telling, is_shell};

use crate::reviewer::Reviewer;
use crate::workers::Place;
use crate::{AnyPlan, BoardRow, OpenError, Requirements};

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
            note: None,
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

    /// Whether tasks may be under way that orch did not start: a person has begun them.
    fn others_work(&self) -> bool {
        false
    }

    /// Whether the person who does the attempt has handed something back.
    fn has_handed_back(&self, home: &Home, task: TaskIx, attempt: u32) -> bool {
        let _ = (home, task, attempt);
        false
    }

    /// Why no worker is started for the task, if only a person may do it.
    fn only_by_person(&self, task: TaskIx) -> Option<String> {
        let _ = task;
        None
    }

    /// The model that the plan recommends for the task.
    fn model(&self, task: TaskIx) -> Option<String> {
        let _ = task;
        None
    }

    /// What workers find in their environment beside what all do.
    fn variables(&self) -> Vec<(&'static str, OsString)> {
        Vec::new()
    }

    /// The tools that the task's worker is given, as a server that its agent starts.
    fn tools(&self, task: TaskIx) -> Option<Tools> {
        let _ = task;
        None
    }

    /// The plan as it is now, if it was changed since this system was made of it.
    fn replanned(&self) -> Replanning {
        Replanning::No
    }

    /// Of the conditions that tasks of the plan await, those that hold now.
    fn holding(&self) -> Vec<String> {
        Vec::new()
    }

    /// The gate after each task, if there is one.
    fn reviewer(&self) -> Option<&Reviewer> {
        None
    }

    /// What is said of the run as a whole, in the form of the seed; none where it has none. `took` is how long it has taken, with the
    /// runs before that it went on from.
    fn account(&self, run: &Run, now: Time, took: Duration) -> Option<String> {
        let _ = (run, now, took);
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

/// Whether a plan was changed while it is run.
pub(crate) enum Replanning {
    /// It is as it was.
    No,
    /// It is another one.
    To(Box<Replanned>),
    /// It was changed to what can't be run, for a person; said once.
    Refused(String),
}

/// A plan that was changed while it is run.
pub(crate) struct Replanned {
    /// The system made of it.
    pub(crate) system: Rc<dyn System>,
    pub(crate) plan: AnyPlan,
}

/// Tools for an agent: a server of the Model Context Protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tools {
    /// The name under which the agent finds them.
    pub(crate) server: &'static str,
    /// The program that serves them, and its arguments.
    pub(crate) argv: Vec<String>,
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

/// Plan paths that reports have named, on their way to the keeper: it writes them down with the end of the attempt.
pub(crate) type PlanPaths = Rc<RefCell<Vec<(TaskIx, String)>>>;
