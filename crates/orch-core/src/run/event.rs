//! What happens to a run, and what that changes.

use alloc::string::String;

use crate::graph::TaskIx;
use crate::{Outcome, Refused, Status, Time};

/// Something that happened. The driver tells the run; the run says what it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The driver is about to start the task's next attempt. Told before the worker starts, so that it can be
    /// recorded before.
    Started {
        /// The task.
        task: TaskIx,
    },
    /// The task's next attempt is handed to a person, who starts it: it takes no slot, has no time limit, is not waited for
    /// and outlives the run. Told before the person is, so that it can be recorded before.
    Handed {
        /// The task.
        task: TaskIx,
    },
    /// The worker of the task's attempt was told to end.
    StopAsked {
        /// The task.
        task: TaskIx,
        /// Why.
        cause: StopCause,
    },
    /// An attempt ended and was judged. An attempt that is not the current one is refused.
    Ended {
        /// The task.
        task: TaskIx,
        /// Which attempt of it.
        attempt: u32,
        /// How.
        outcome: Outcome,
    },
    /// The review of a task's work begins.
    ReviewStarted {
        /// The task.
        task: TaskIx,
    },
    /// The review of a task's work ended.
    Reviewed {
        /// The task.
        task: TaskIx,
        /// What it said.
        verdict: ReviewVerdict,
    },
    /// Somebody wants a settled task done again.
    Retry {
        /// The task.
        task: TaskIx,
    },
    /// The task must not start for now; if it runs, it is stopped.
    Hold {
        /// The task.
        task: TaskIx,
        /// Why, for `orch why`.
        why: String,
    },
    /// The task may start again.
    Release {
        /// The task.
        task: TaskIx,
    },
    /// A condition outside of the plan holds ([`TaskDraft::awaits`](crate::TaskDraft::awaits)), and does so for the rest
    /// of this run. Not recorded: whoever opens a run looks again. One that no task awaits changes nothing.
    Holds {
        /// Its name, as the plan has it.
        condition: String,
    },
    /// Nothing more may start until a person has looked at what came of a task, although it may be done (seed 000: its
    /// worker reports issues).
    Pause {
        /// The task.
        task: TaskIx,
    },
    /// Everything must end: a signal, or `orch stop`.
    Stop,
    /// A person has looked at what paused the run.
    Acknowledge,
}

/// Why a worker was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopCause {
    /// Its time is up.
    TimedOut,
    /// Somebody asked.
    Cancelled,
}

impl Outcome {
    /// How an attempt ended, seen together with why it was told to end: what finished all the same has finished.
    #[must_use]
    pub const fn after_stop(self, stop: Option<StopCause>) -> Self {
        match (stop, self) {
            (None, _) | (Some(_), Outcome::Succeeded | Outcome::Incomplete | Outcome::Obstructed) => self,
            (Some(StopCause::TimedOut), _) => Outcome::TimedOut,
            (Some(StopCause::Cancelled), _) => Outcome::Cancelled,
        }
    }
}

/// What a review of finished work said (seed 002, phase 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewVerdict {
    /// Nothing stands against it.
    Pass,
    /// The reviewer is not there.
    Skipped,
    /// The reviewer was refused by its provider; `until` is when that ends, if it was said.
    RateLimited {
        /// When the limit resets.
        until: Option<Time>,
    },
    /// The work does not pass, or the reviewer broke.
    Fail,
}

impl ReviewVerdict {
    /// The word used in the history, in JSON and in messages.
    pub const fn word(self) -> &'static str {
        match self {
            ReviewVerdict::Pass => "pass",
            ReviewVerdict::Skipped => "skipped",
            ReviewVerdict::RateLimited { .. } => "rate_limited",
            ReviewVerdict::Fail => "fail",
        }
    }
}

/// What an event changed: exactly what a store has to write down before the driver acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A task's status moved.
    Moved(Moved),
    /// A review ended and is settled: it passed, was passed over, or stopped the run.
    Reviewed {
        /// The task.
        task: TaskIx,
        /// The attempt whose work was reviewed.
        attempt: u32,
        /// What it said.
        verdict: ReviewVerdict,
    },
    /// Nothing that must outlive the process.
    Unrecorded,
}

/// A task's status moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The task.
    pub task: TaskIx,
    /// Its attempt, from one; zero when it was never tried.
    pub attempt: u32,
    /// The status before.
    pub from: Status,
    /// The status after.
    pub to: Status,
    /// How the attempt ended, when this is its end.
    pub outcome: Option<Outcome>,
    /// How many of its tries are used up.
    pub tries: u32,
    /// How often its rejected work went back to it since it was last asked for. To be recorded beside `tries`.
    pub reworks: u32,
    /// Whether its work still has to be reviewed.
    pub review_due: bool,
}

/// Why an event was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// The task's status does not allow it.
    #[error(transparent)]
    Status(#[from] Refused),
    /// The task may not start now: it waits, is blocked or is held.
    #[error("task {task} may not start now")]
    NotReady {
        /// The task.
        task: TaskIx,
    },
    /// The result belongs to an attempt that is over.
    #[error("task {task} is at attempt {current}; a result of attempt {attempt} does not count")]
    OldAttempt {
        /// The task.
        task: TaskIx,
        /// The attempt the result is from.
        attempt: u32,
        /// The current attempt.
        current: u32,
    },
    /// The task's work is under review.
    #[error("task {task} is under review; stop it first")]
    UnderReview {
        /// The task.
        task: TaskIx,
    },
    /// There is no review to start or to end.
    #[error("no review of task {task} is due")]
    NoReview {
        /// The task.
        task: TaskIx,
    },
}
