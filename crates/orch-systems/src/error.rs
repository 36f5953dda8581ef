//! Why a plan could not be opened or run.

use std::path::PathBuf;

use orch_exec::agent::ProfileError;
use orch_run::DriveError;
use orch_state_sqlite::DbError;
use orch_store::{Holder, LockError, StoreError};

use crate::{ConfigError, Finding};

/// Why a plan could not be opened or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no plan where one was looked for.
    #[error("{message}")]
    NoPlan {
        /// What was looked for, and where.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The plan's file can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The plan is not valid; at least one of the findings is an error.
    #[error("{} is not a valid plan", path.display())]
    Invalid {
        /// The plan's file.
        path: PathBuf,
        /// All that was found in its files.
        findings: Vec<Finding>,
    },
    /// The database that the plan is in can't be used.
    #[error(transparent)]
    Database(DbError),
    /// `orch.toml` can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The agent is unknown, or its profile can't be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// What was asked makes no sense for this plan.
    #[error("{message}")]
    Request {
        /// A stable name for scripts, such as `task.unknown`.
        code: &'static str,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// What was asked could not be done to its end. What was done before stays.
    #[error("{message}")]
    Stopped {
        /// A stable name for scripts, such as `restack.stopped`.
        code: &'static str,
        /// What is in the way.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A person has to do something first.
    #[error("{message}")]
    Person {
        /// A stable name for scripts, such as `milestones.paused`.
        code: &'static str,
        /// What is in the way.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The environment lacks something that the run needs.
    #[error("{message}")]
    Environment {
        /// What is missing.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Another orch runs this plan.
    #[error("another orch holds this plan{}", .0.as_ref().map(held_by).unwrap_or_default())]
    Held(Option<Holder>),
    /// A worker of this plan is still at work, or its work still to be checked, although its orch has gone away.
    #[error("`{task}` is still under way from an earlier run")]
    Survivor {
        /// The task.
        task: String,
    },
    /// A file of orch's own can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The run could not go on.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The machine could not do what every run needs.
    #[error("can't {what}: {source}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

fn held_by(holder: &Holder) -> String {
    format!(": process {} (`{}`)", holder.pid, holder.command)
}

impl From<LockError> for OpenError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held(holder) => Self::Held(holder),
            LockError::Store(error) => Self::Store(error),
        }
    }
}

impl OpenError {
    pub(crate) fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
