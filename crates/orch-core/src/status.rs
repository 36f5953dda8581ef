//! The state machine of one task: five statuses, six moves, every pair spelled out.
//!
//! Live running, resume after a crash and a person's `orch retry` all go through [`Status::after`]; there is no
//! second place that says which status may follow which.

use core::fmt;
use core::str::FromStr;

use crate::Time;

/// Where a task stands. Stored; the words are those of the prompts system (seed 002).
///
/// Whether a pending task may start is *not* here: it is derived from the graph, see
/// [`Readiness`](crate::Readiness).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "UPPERCASE"))]
pub enum Status {
    /// Not started, or given back to be started again.
    #[default]
    Pending,
    /// An attempt is under way.
    Running,
    /// Done, on evidence.
    Success,
    /// Tried and failed; stays so until somebody retries it.
    Fail,
    /// The worker came back with part of it.
    Incomplete,
}

impl Status {
    /// All five, in the order of the state machine.
    pub const ALL: [Status; 5] =
        [Status::Pending, Status::Running, Status::Success, Status::Fail, Status::Incomplete];

    /// The word written in state files: `PENDING`, `RUNNING`, `SUCCESS`, `FAIL`, `INCOMPLETE`.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Pending => "PENDING",
            Status::Running => "RUNNING",
            Status::Success => "SUCCESS",
            Status::Fail => "FAIL",
            Status::Incomplete => "INCOMPLETE",
        }
    }

    /// The status after `step`, or why this status does not allow it.
    ///
    /// # Errors
    /// [`Refused`] for each of the twenty-two pairs that the table does not allow.
    ///
    /// ```
    /// use orch_core::{Move, Status};
    /// assert_eq!(Status::Pending.after(Move::Start), Ok(Status::Running));
    /// assert!(Status::Success.after(Move::Start).is_err());
    /// ```
    pub const fn after(self, step: Move) -> Result<Status, Refused> {
        use Move::*;
        use Status::*;
        let why = match (self, step) {
            (Pending, Start) => return Ok(Running),
            (Running, Succeed) => return Ok(Success),
            (Running, Part) => return Ok(Incomplete),
            (Running, Break) => return Ok(Fail),
            (Running, GiveBack) => return Ok(Pending),
            (Success | Fail | Incomplete, Retry) => return Ok(Pending),

            (Running, Start) => "it is running already",
            (Success, Start) => "it is done already",
            (Fail, Start) => "it failed and nobody asked to retry it",
            (Incomplete, Start) => "it came back incomplete and nobody asked to retry it",
            (Pending, Succeed | Part | Break | GiveBack) => "no attempt of it is under way",
            (Success | Fail | Incomplete, Succeed | Part | Break | GiveBack) => {
                "its attempt has ended already"
            }
            (Pending, Retry) => "it has not been tried yet",
            (Running, Retry) => "it is running; stop it first",
        };
        Err(Refused { status: self, step, why })
    }

    /// Whether an attempt has been judged and nothing more will happen to it by itself.
    pub const fn is_settled(self) -> bool {
        matches!(self, Status::Success | Status::Fail | Status::Incomplete)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that is none of the five statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a status; expected PENDING, RUNNING, SUCCESS, FAIL or INCOMPLETE")]
pub struct UnknownStatus;

impl FromStr for Status {
    type Err = UnknownStatus;

    /// Reads exactly the words of [`Status::word`].
    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.word() == word).ok_or(UnknownStatus)
    }
}

/// What can happen to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// An attempt begins.
    Start,
    /// The attempt ended and the work is done.
    Succeed,
    /// The attempt ended with part of the work done.
    Part,
    /// The attempt ended, the work is not done, and no further try is allowed.
    Break,
    /// The attempt ended and the task is to be done again: without a verdict on the work (lost, cancelled, rate
    /// limited), or within what the policy allows (to be retried, to be reworked).
    GiveBack,
    /// Somebody asked for the task to be done again.
    Retry,
}

impl Move {
    /// All six.
    pub const ALL: [Move; 6] =
        [Move::Start, Move::Succeed, Move::Part, Move::Break, Move::GiveBack, Move::Retry];
}

/// A move that the task's status does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a task that is {status} can't take the step {step:?}: {why}")]
pub struct Refused {
    /// The status it was in.
    pub status: Status,
    /// The move that was refused.
    pub step: Move,
    /// Why, as a fragment about "it".
    pub why: &'static str,
}

/// How one attempt ended.
///
/// Kept apart from [`Status`]: an attempt may be lost or rate limited while its task is simply pending again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// The worker did it, on evidence.
    Succeeded,
    /// The worker came back with part of it.
    Incomplete,
    /// The work is done, and can't be brought to where it belongs: a merge conflicts, something is in the way. Only a
    /// person can make way, so the task is INCOMPLETE and is not tried again by itself.
    Obstructed,
    /// The worker says that it is done, and what was checked does not pass: the work goes back to it with what was
    /// found, as a further attempt ([`Policy::reworks`](crate::Policy::reworks)).
    Rejected,
    /// The worker said that it failed, or its result says so.
    Failed,
    /// The worker died or came back without a result that can be judged.
    Crashed,
    /// The worker was ended because its time was up.
    TimedOut,
    /// The worker was refused by its provider; `until` is when that ends, if it was said.
    RateLimited {
        /// When the limit resets.
        until: Option<Time>,
    },
    /// The worker was ended because somebody asked.
    Cancelled,
    /// The worker's program could not be started: the environment is broken, not the work.
    CouldNotStart,
    /// Nobody knows: the orchestrator or its machine went away and left no receipt.
    Lost,
}

impl Outcome {
    /// Whether this end uses up one of the task's tries ([`Policy::retries`](crate::Policy::retries)).
    ///
    /// A rate limit, a broken environment, a cancelled and a lost attempt say nothing about the work and do not. Neither
    /// does rejected work: how often that goes back is counted apart ([`Policy::reworks`](crate::Policy::reworks)); nor work
    /// that is only in need of a way.
    pub const fn uses_a_try(self) -> bool {
        matches!(
            self,
            Outcome::Succeeded | Outcome::Incomplete | Outcome::Failed | Outcome::Crashed | Outcome::TimedOut
        )
    }

    /// Whether this end says something about the work, so that the provider was there for it.
    ///
    /// Those that use up a try, and rejected and obstructed work.
    pub const fn tells_of_the_work(self) -> bool {
        self.uses_a_try() || matches!(self, Outcome::Rejected | Outcome::Obstructed)
    }

    /// The word used in the history, in JSON and in messages, such as `timed_out`.
    pub const fn word(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Incomplete => "incomplete",
            Outcome::Obstructed => "obstructed",
            Outcome::Rejected => "rejected",
            Outcome::Failed => "failed",
            Outcome::Crashed => "crashed",
            Outcome::TimedOut => "timed_out",
            Outcome::RateLimited { .. } => "rate_limited",
            Outcome::Cancelled => "cancelled",
            Outcome::CouldNotStart => "could_not_start",
            Outcome::Lost => "lost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
