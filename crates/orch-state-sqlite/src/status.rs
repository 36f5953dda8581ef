//! The words of a task's status and of a stream's phase.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a task stands, as Task Copilot says it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Not begun.
    #[default]
    Pending,
    /// Somebody works on it.
    InProgress,
    /// Can't go on; its blocked reason says why.
    Blocked,
    /// Done.
    Completed,
    /// Given up; nobody will do it.
    Cancelled,
}

impl TaskStatus {
    /// All five.
    pub const ALL: [TaskStatus; 5] =
        [Self::Pending, Self::InProgress, Self::Blocked, Self::Completed, Self::Cancelled];

    /// The word in the database: `pending`, `in_progress`, `blocked`, `completed`, `cancelled`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Blocked => "blocked",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status that `word` stands for.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Whether nothing is left to do for it: completed or cancelled. (In the originals a cancelled task keeps its stream
    /// from ever being done.)
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

/// When a stream's turn is, in rough terms: for the order in which streams are shown, never for what may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// What others build on.
    Foundation,
    /// Work side by side.
    Parallel,
    /// What brings the others together.
    Integration,
}

impl Phase {
    /// The word in the metadata: `foundation`, `parallel`, `integration`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Foundation => "foundation",
            Self::Parallel => "parallel",
            Self::Integration => "integration",
        }
    }

    /// The phase that `word` stands for.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Foundation, Self::Parallel, Self::Integration].into_iter().find(|phase| phase.word() == word)
    }
}
