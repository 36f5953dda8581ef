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
    /// A worker wanted to change another stream, or to make a task in it.
    #[error("{stream} is another worker's stream; you work on {own}: leave it, its own worker does it")]
    OtherStream {
        /// The stream.
        stream: String,
        /// The worker's stream.
        own: String,
    },
    /// A worker wanted to move a task into another stream than its own, or out of its own.
    #[error("task {id} may not be moved {}; you work on {own}: leave it where it is", whither(to.as_deref(), own))]
    MovesTask {
        /// The task.
        id: String,
        /// Where it was to be moved; `None` for no stream.
        to: Option<String>,
        /// The worker's stream.
        own: String,
    },
    /// The stream that the tools are for is not there.
    #[error("there is no stream {own} in the current initiative, and you work on that alone: nothing was changed{}; \
             tell the one who started you", did_you_mean(near.as_deref()))]
    NoOwnStream {
        /// The worker's stream.
        own: String,
        /// The stream that was probably meant.
        near: Option<String>,
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
            Self::OtherStream { .. } => "tool.other_stream",
            Self::MovesTask { .. } => "tool.moves_task",
            Self::NoOwnStream { .. } => "tool.no_own_stream",
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

fn whither(to: Option<&str>, own: &str) -> String {
    match to {
        Some(stream) => format!("to {stream}, which is another worker's stream"),
        None => format!("out of {own}"),
    }
}

/// `near` as a part of a sentence that needs none.
fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default()
}
