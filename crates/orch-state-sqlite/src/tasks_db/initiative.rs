//! The initiative that the work belongs to.

use rusqlite::{Connection, OptionalExtension};

use super::TaskDb;
use crate::DbError;
use crate::fault::Fault;
use crate::record::Record;

/// What a row of `initiatives` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initiative {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// When it was made, as written.
    pub created_at: String,
    /// When it was last linked, as written.
    pub updated_at: String,
}

impl TaskDb {
    /// The current initiative: the one that was updated last, by the text of the time as the originals compare it. Of two at
    /// the same time it is the one made later.
    ///
    /// # Errors
    /// [`DbError`] if it can't be read.
    pub fn current_initiative(&self) -> Result<Option<Initiative>, DbError> {
        self.read(current_initiative)
    }
}

/// See [`TaskDb::current_initiative`].
pub(crate) fn current_initiative(connection: &Connection) -> Result<Option<Initiative>, Fault> {
    find(connection, "ORDER BY updated_at DESC, rowid DESC LIMIT 1", [])
}

/// The initiative with this `id`.
pub(crate) fn initiative(connection: &Connection, id: &str) -> Result<Option<Initiative>, Fault> {
    find(connection, "WHERE id = ?1", [id])
}

fn find(
    connection: &Connection,
    which: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<Initiative>, Fault> {
    let sql = format!("SELECT id, title, description, created_at, updated_at FROM initiatives {which}");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row(parameters, |row| Ok(read(&Record::new("initiatives", row))));
    found.optional()?.transpose()
}

fn read(record: &Record<'_, '_>) -> Result<Initiative, Fault> {
    Ok(Initiative {
        id: record.text(0)?,
        title: record.text(1)?,
        description: record.optional_text(2)?,
        created_at: record.text(3)?,
        updated_at: record.text(4)?,
    })
}
