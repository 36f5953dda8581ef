//! What ends a tool's work before its time, below the level at which the file's name is known.

use super::ToolError;
use crate::database::Database;
use crate::fault::Fault;

/// A refusal, or trouble with the database.
#[derive(Debug)]
pub(super) enum Stop {
    Refused(ToolError),
    Fault(Fault),
}

impl From<ToolError> for Stop {
    fn from(error: ToolError) -> Self {
        Self::Refused(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Stop {
    pub(super) fn located(self, database: &Database) -> ToolError {
        match self {
            Self::Refused(error) => error,
            Self::Fault(fault) => database.located(fault).into(),
        }
    }
}
