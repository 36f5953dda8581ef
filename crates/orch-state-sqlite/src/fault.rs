//! What goes wrong below the level at which the file's name is known.

use crate::DbError;
use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;

/// SQLite's own error, or a value that can't be what it has to be.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite says so.
    Sql(rusqlite::Error),
    /// A value of the wrong type.
    Value { table: &'static str, row: String, column: String, found: String },
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// The same as an error about the database at `path`, whose locks were waited for as long as `waited`.
    pub(crate) fn located(self, path: &Path, waited: Duration) -> DbError {
        let path = path.to_path_buf();
        let error = match self {
            Self::Value { table, row, column, found } => {
                return DbError::BadValue { path, table, row, column, found };
            }
            Self::Sql(error) => error,
        };
        let message = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DbError::Locked { path, waited },
            Some(ErrorCode::NotADatabase) => DbError::NotSqlite { path },
            Some(ErrorCode::DatabaseCorrupt) => DbError::Damaged { path, message },
            Some(ErrorCode::SystemIoFailure) if is_short_read(&error) => DbError::Damaged { path, message },
            Some(
                ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::CannotOpen
                | ErrorCode::AuthorizationForStatementDenied,
            ) => DbError::Permission { path, message },
            _ => DbError::Sqlite { path, message },
        }
    }
}

/// Whether the file ended before SQLite expected it to.
fn is_short_read(error: &rusqlite::Error) -> bool {
    const SHORT_READ: i32 = rusqlite::ffi::SQLITE_IOERR_SHORT_READ;
    error.sqlite_error().is_some_and(|error| error.extended_code == SHORT_READ)
}
