//! `memory.db`: the initiative that the streams belong to, by its name and goal.

use std::path::Path;
use std::time::Duration;

use rusqlite::{OptionalExtension, Params};

use crate::DbError;
use crate::database::{Database, PATIENCE};
use crate::fault::Fault;
use crate::record::Record;
use crate::schema::require_tables;

/// An open `memory.db` of Memory Copilot. It is only ever read.
///
/// ```
/// use orch_state_sqlite::MemoryDb;
/// let missing = MemoryDb::open("/nowhere/memory.db".as_ref()).unwrap_err();
/// assert_eq!(missing.code(), "tasks_db.missing");
/// ```
#[derive(Debug)]
pub struct MemoryDb {
    database: Database,
}

/// An initiative as `memory.db` knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryInitiative {
    /// Its id, by which `tasks.db` knows it too.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub goal: Option<String>,
    /// `NOT STARTED`, `IN PROGRESS`, `BLOCKED`, `READY FOR REVIEW` or `COMPLETE`.
    pub status: String,
}

impl MemoryDb {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// [`DbError`] if there is none, or none that is `memory.db`.
    pub fn open(path: &Path) -> Result<Self, DbError> {
        Self::open_patiently(path, PATIENCE)
    }

    /// The same, waiting for locks for `patience`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_patiently(path: &Path, patience: Duration) -> Result<Self, DbError> {
        let database = Database::open(path, patience)?;
        require_tables(&database, &["initiatives"])?;
        Ok(Self { database })
    }

    /// The initiative that is being worked on: one in progress before a blocked one before one not started, then the newest.
    ///
    /// # Errors
    /// [`DbError`] if it can't be read.
    pub fn active_initiative(&self) -> Result<Option<MemoryInitiative>, DbError> {
        self.find(
            "SELECT id, name, goal, status FROM initiatives
             WHERE status IN ('IN PROGRESS', 'BLOCKED', 'NOT STARTED')
             ORDER BY CASE status WHEN 'IN PROGRESS' THEN 0 WHEN 'BLOCKED' THEN 1 ELSE 2 END,
                      created_at DESC, rowid DESC
             LIMIT 1",
            [],
        )
    }

    /// The initiative with this id.
    ///
    /// # Errors
    /// [`DbError`] if it can't be read.
    pub fn initiative(&self, id: &str) -> Result<Option<MemoryInitiative>, DbError> {
        self.find("SELECT id, name, goal, status FROM initiatives WHERE id = ?1", [id])
    }

    fn find(&self, sql: &str, parameters: impl Params) -> Result<Option<MemoryInitiative>, DbError> {
        let found = self.database.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let found =
                statement.query_row(parameters, |row| Ok(initiative(&Record::new("initiatives", row))));
            found.optional()?.transpose()
        });
        found.map_err(|fault| self.database.located(fault))
    }
}

fn initiative(record: &Record<'_, '_>) -> Result<MemoryInitiative, Fault> {
    Ok(MemoryInitiative {
        id: record.text(0)?,
        name: record.text(1)?,
        goal: record.optional_text(2)?,
        // What the table's default says.
        status: record.optional_text(3)?.unwrap_or_else(|| "IN PROGRESS".into()),
    })
}
