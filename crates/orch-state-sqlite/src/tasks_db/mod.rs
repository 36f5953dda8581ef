//! `tasks.db`: opening it, and what orch's own run asks of it.

mod details;
mod initiative;
mod standing;
mod stream_tasks;

use std::path::Path;
use std::time::Duration;

pub use details::TaskDetails;
pub use initiative::Initiative;
pub(crate) use initiative::{current_initiative, initiative};
pub use standing::Standing;
pub(crate) use stream_tasks::Prds;
pub use stream_tasks::{RowMark, Scope, StreamTask, StreamTasks, UnreadableTask};

use crate::DbError;
use crate::database::{Database, PATIENCE};
use crate::fault::Fault;
use crate::schema;

/// An open `tasks.db` of Task Copilot 2, schema version 10.
///
/// Others read and write it at the same time. Each method sees one moment of the file; whatever writes does so wholly or not at
/// all. Locks are waited for, for thirty seconds unless something else is said.
///
/// A file whose folder can't be written, with nothing in a log beside it, is read as it was when it was opened; open it again
/// to see later changes.
#[derive(Debug)]
pub struct TaskDb {
    database: Database,
    version: u32,
}

impl TaskDb {
    /// Opens the file at `path`, which has to be there. Nothing is made but what SQLite itself keeps beside a file in use.
    ///
    /// # Errors
    /// [`DbError`] if there is no file, or none that can be read as `tasks.db`.
    ///
    /// ```
    /// use orch_state_sqlite::TaskDb;
    /// let error = TaskDb::open("/nowhere/tasks.db".as_ref()).unwrap_err();
    /// assert_eq!(error.to_string(), "no database at /nowhere/tasks.db");
    /// ```
    pub fn open(path: &Path) -> Result<Self, DbError> {
        Self::open_patiently(path, PATIENCE)
    }

    /// The same, waiting for locks for `patience`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_patiently(path: &Path, patience: Duration) -> Result<Self, DbError> {
        Self::of(Database::open(path, patience)?)
    }

    /// Opens the file at `path`; if there is none, or an empty one, makes it with all the tables of version 10. Missing
    /// folders are made for their owner alone.
    ///
    /// # Errors
    /// [`DbError`] if the file can't be made, or what is there can't be read as `tasks.db`.
    pub fn open_or_create(path: &Path) -> Result<Self, DbError> {
        let mut database = Database::open_or_create(path, PATIENCE)?;
        schema::create(&mut database)?;
        Self::of(database)
    }

    fn of(database: Database) -> Result<Self, DbError> {
        let version = schema::version(&database)?;
        Ok(Self { database, version })
    }

    /// The same, waiting for locks for `patience` from now on.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { database: self.database.with_patience(patience), ..self }
    }

    /// Where the file is, from the root.
    pub fn path(&self) -> &Path {
        self.database.path()
    }

    /// The version of the file's schema: 10 or more.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether the schema is newer than what orch writes. Such a file is read, as far as the tables are still what they were;
    /// everything that writes gives [`DbError::Newer`].
    pub fn is_newer(&self) -> bool {
        self.version > schema::VERSION
    }

    /// What `work` reads, at one moment.
    fn read<T>(&self, work: impl FnOnce(&rusqlite::Connection) -> Result<T, Fault>) -> Result<T, DbError> {
        self.database.read(work).map_err(|fault| self.database.located(fault))
    }

    /// What `work` does, wholly or not at all.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T, Fault>,
    ) -> Result<T, DbError> {
        let database = self.writable()?;
        database.write(work).map_err(|fault| database.located(fault))
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The same to write to, unless its schema is a newer one.
    pub(crate) fn writable(&mut self) -> Result<&mut Database, DbError> {
        if self.is_newer() {
            return Err(DbError::Newer { path: self.path().into(), version: self.version });
        }
        Ok(&mut self.database)
    }
}
