//! Why a tool did not do what it was asked.

use thiserror::Error;

use crate::DbError;

/// Why a tool did not do what it was asked. The message is for the agent that asked: it says what to do next as well.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolError {
    /// There is nothing with that id.
    #[error("{what} not found: {id}; {next}")]
    NotFound {
        /// What was looked for: `PRD`, `task` and so on.
        what: &'static str,
        /// The id.
        id: String,
        /// What to do.
        next: &'static str,
    },
    /// An argument that can't be.
    #[error("{field}: {why}")]
    Invalid {
        /// The argument.
        field: &'static str,
        /// What is wrong with it, and what to give.
        why: String,
    },
    /// The streams would wait for each other.
    #[error(
        "the streams would wait for each other: {}; leave out one of these dependencies",
        path.join(" → ")
    )]
    Cycle {
        /// The streams, each waiting for the next; the last is the first.
        path: Vec<String>,
    },
    /// The task is archived.
    #[error(
        "task {id} is archived and can't be changed; stream_unarchive brings its stream back, if it is still wanted"
    )]
    Archived {
        /// The task.
        id: String,
    },
    /// The task has to be verified before it is completed.
    #[error("task {id} can't be completed yet, because it is to be verified: {why}")]
    Unverified {
        /// The task.
        id: String,
        /// What is missing, and how to give it.
        why: &'static str,
    },
    /// A worker wanted to change what is another stream's.
    #[error("{what} belongs to {stream}; you work on {own}: leave it, its own worker does it")]
    AnothersStream {
        /// What it wanted to change.
        what: String,
        /// Whose that is.
        stream: String,
        /// The worker's stream.
        own: String,
    },
    /// A worker wanted to change all streams.
    #[error("{tool} concerns every stream; you work on {own}: leave it to the one who started you")]
    ConcernsAll {
        /// The tool.
        tool: &'static str,
        /// The worker's stream.
        own: String,
    },
    /// The database can't be read or written.
    #[error("{0}")]
    Db(#[from] DbError),
}

impl ToolError {
    /// A stable name for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "tool.not_found",
            Self::Invalid { .. } => "tool.invalid",
            Self::Cycle { .. } => "tool.cycle",
            Self::Archived { .. } => "tool.archived",
            Self::Unverified { .. } => "tool.unverified",
            Self::AnothersStream { .. } => "tool.anothers_stream",
            Self::ConcernsAll { .. } => "tool.concerns_all",
            Self::Db(error) => error.code(),
        }
    }

    /// That `field` is wrong: `why`.
    pub(super) fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { field, why: why.into() }
    }

    /// That there is no PRD called `id`.
    pub(super) fn no_prd(id: &str) -> Self {
        Self::NotFound { what: "PRD", id: id.into(), next: "prd_list shows those there are" }
    }

    /// That there is no task called `id`.
    pub(super) fn no_task(id: &str) -> Self {
        Self::NotFound { what: "task", id: id.into(), next: "task_list shows those there are" }
    }

    /// That there is no stream called `id`.
    pub(super) fn no_stream(id: &str) -> Self {
        Self::NotFound { what: "stream", id: id.into(), next: "stream_list shows those there are" }
    }
}
