//! Why a database can't be read or written.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::schema::VERSION;

/// Why a database of Task Copilot can't be read or written. [`hint`](Self::hint) says what to do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DbError {
    /// There is no such file.
    #[error("no database at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A folder or something else is where the file should be.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// What is no file.
        path: PathBuf,
    },
    /// The file is none of SQLite's.
    #[error("{} is not a SQLite database", path.display())]
    NotSqlite {
        /// The file.
        path: PathBuf,
    },
    /// The file was cut off or its pages don't fit together.
    #[error("{} is damaged: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        message: String,
    },
    /// Somebody else kept it locked for longer than was waited.
    #[error("{} stayed locked by another program for {}", path.display(), seconds(*waited))]
    Locked {
        /// The file.
        path: PathBuf,
        /// For how long it was waited.
        waited: Duration,
    },
    /// Nothing was put into it yet: it has no table, and as a rule no bytes.
    #[error("{} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A SQLite database of something else.
    #[error("{} has no table `{table}`: it is not Task Copilot's", path.display())]
    NoTables {
        /// The file.
        path: PathBuf,
        /// The first of the tables that it lacks.
        table: &'static str,
    },
    /// Its schema is older than what orch knows.
    #[error("{} has schema version {version}, orch reads version {VERSION}", path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version; zero when it says none.
        version: u32,
    },
    /// Its schema is newer than what orch knows, so it isn't written.
    #[error("{} has schema version {version}, orch writes version {VERSION}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// The database of Task Copilot 3 (`tc`), which has other tables.
    #[error("{} is a database of Task Copilot 3 (`tc`), whose tables are others", path.display())]
    TaskCopilot3 {
        /// The file.
        path: PathBuf,
    },
    /// The file, its folder or the file system can't be opened so or written.
    #[error("{} can't be opened or written: {message}", path.display())]
    Permission {
        /// The file or folder.
        path: PathBuf,
        /// What the system or SQLite says.
        message: String,
    },
    /// A row has a value that can't stand there.
    #[error("{}: table `{table}`, row {row}: `{column}` is {found}", path.display())]
    BadValue {
        /// The file.
        path: PathBuf,
        /// The table.
        table: &'static str,
        /// The row's id.
        row: String,
        /// The column.
        column: String,
        /// What stands there.
        found: String,
    },
    /// Anything else that SQLite says.
    #[error("{}: {message}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it says.
        message: String,
    },
}

impl DbError {
    /// A stable name for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "tasks_db.missing",
            Self::NotAFile { .. } => "tasks_db.not_a_file",
            Self::NotSqlite { .. } => "tasks_db.not_sqlite",
            Self::Damaged { .. } => "tasks_db.damaged",
            Self::Locked { .. } => "tasks_db.locked",
            Self::Empty { .. } => "tasks_db.empty",
            Self::NoTables { .. } => "tasks_db.no_tables",
            Self::Older { .. } => "tasks_db.older",
            Self::Newer { .. } => "tasks_db.newer",
            Self::TaskCopilot3 { .. } => "tasks_db.task_copilot_3",
            Self::Permission { .. } => "tasks_db.permission",
            Self::BadValue { .. } => "tasks_db.bad_value",
            Self::Sqlite { .. } => "tasks_db.sqlite",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { .. } => {
                "plan the work first (`orch generate`), or say where it is with TASK_DB_PATH and WORKSPACE_ID"
            }
            Self::Empty { .. } => "plan the work first (`orch generate`): its tables are made then",
            Self::NotAFile { .. } | Self::NotSqlite { .. } | Self::NoTables { .. } => {
                "check TASK_DB_PATH and WORKSPACE_ID, or move what is there out of the way"
            }
            Self::Damaged { .. } => {
                "restore it from a backup, or save what can be read with `sqlite3 tasks.db .recover`"
            }
            Self::Locked { .. } => {
                "find the program that holds it (`fuser` or `lsof` say which) and try again"
            }
            Self::Older { .. } => "start the original Task Copilot once: it brings its database up to date",
            Self::Newer { .. } => {
                "it can be read; write it with the Task Copilot that made it, or update orch"
            }
            Self::TaskCopilot3 { .. } => {
                "orch knows the databases of Task Copilot 2 (~/.claude/tasks/<workspace>/tasks.db); plan the work there"
            }
            Self::Permission { .. } => "check who owns the file and its folder, and that both can be written",
            Self::BadValue { .. } => "mend or delete that row with `sqlite3`",
            Self::Sqlite { .. } => return None,
        };
        Some(hint.into())
    }
}

/// `waited` for people: `30 s`, `0.05 s`.
fn seconds(waited: Duration) -> String {
    format!("{} s", waited.as_secs_f64())
}
