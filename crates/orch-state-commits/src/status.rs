//! Where a task stands, as its plan says it.

use core::fmt;

use orch_core::Status;
use serde::{Serialize, Serializer};

use crate::text::one_line;

/// Where a task stands, as its plan says it.
///
/// The first four are the seed's words. `superseded` and `dropped` are orch's: a task that was planned anew stays in the
/// record, and nobody does it any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum TaskStatus {
    /// Not started.
    #[default]
    Pending,
    /// A worker is at it.
    InProgress,
    /// Done and merged.
    Completed,
    /// Tried; it can't go on.
    Blocked,
    /// Another task takes its place.
    Superseded,
    /// Nobody needs it any more.
    Dropped,
    /// A word that is none of these, as it was written.
    Other(String),
}

impl TaskStatus {
    /// All that have a word of their own.
    pub const ALL: [TaskStatus; 6] =
        [Self::Pending, Self::InProgress, Self::Completed, Self::Blocked, Self::Superseded, Self::Dropped];

    /// The word that is written.
    pub fn word(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Blocked => "blocked",
            Self::Superseded => "superseded",
            Self::Dropped => "dropped",
            Self::Other(word) => word,
        }
    }

    /// The status that `word` names: the words that are written and the near ones that agents write, in any case, with
    /// signs around them or none. Nothing is pending.
    ///
    /// ```
    /// use orch_state_commits::TaskStatus;
    /// assert_eq!(TaskStatus::read("In progress"), TaskStatus::InProgress);
    /// assert_eq!(TaskStatus::read("✓ Complete"), TaskStatus::Completed);
    /// assert_eq!(TaskStatus::read("thinking"), TaskStatus::Other("thinking".into()));
    /// ```
    pub fn read(word: &str) -> Self {
        let word = one_line(word);
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
        match bare.replace([' ', '-'], "_").as_str() {
            "" | "pending" | "waiting" | "todo" | "not_started" => Self::Pending,
            "in_progress" | "running" | "started" => Self::InProgress,
            "completed" | "complete" | "done" | "merged" => Self::Completed,
            "blocked" | "failed" | "error" => Self::Blocked,
            "superseded" | "replaced" => Self::Superseded,
            "dropped" | "cancelled" | "canceled" | "removed" => Self::Dropped,
            _ => Self::Other(word),
        }
    }

    /// Where the task stands for a run, `None` if no run does it: it is superseded or dropped. A word that orch doesn't know
    /// proves nothing: pending.
    pub fn core(&self) -> Option<Status> {
        match self {
            Self::Pending | Self::Other(_) => Some(Status::Pending),
            Self::InProgress => Some(Status::Running),
            Self::Completed => Some(Status::Success),
            Self::Blocked => Some(Status::Fail),
            Self::Superseded | Self::Dropped => None,
        }
    }

    /// The word for a task that stands at `status`. Part of the work is not the work: an incomplete task is blocked.
    pub fn from_core(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Running => Self::InProgress,
            Status::Success => Self::Completed,
            Status::Fail | Status::Incomplete => Self::Blocked,
        }
    }

    /// Whether it never changes again: completed, superseded or dropped.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Superseded | Self::Dropped)
    }

    /// Whether nobody is at it and something may still come: pending, blocked, or a word that orch doesn't know. Only such a
    /// task may be planned anew.
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Pending | Self::Blocked | Self::Other(_))
    }

    pub(crate) fn tidied(self) -> Self {
        match self {
            Self::Other(word) => Self::read(&word),
            known => known,
        }
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Serialize for TaskStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
