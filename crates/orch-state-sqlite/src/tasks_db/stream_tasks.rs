//! The tasks that belong to streams, all of them in one go.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::initiative::{current_initiative, initiative};
use super::{Initiative, TaskDb};
use crate::fault::Fault;
use crate::record::Record;
use crate::stream_metadata::{LARGEST, Unreadable};
use crate::{DbError, StreamMetadata, TaskStatus};

/// Whose tasks are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The current initiative's, through their PRD; all when there is no initiative at all.
    #[default]
    Current,
    /// All that are not archived.
    All,
    /// Those of the initiative with this id.
    Initiative(String),
}

/// The tasks of the streams, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamTasks {
    /// The tasks that belong to streams, in the order in which they were made.
    pub tasks: Vec<StreamTask>,
    /// Tasks of which it can't be said. One that is cancelled is not among them: nothing has to be done in it.
    pub unreadable: Vec<UnreadableTask>,
    /// How many stream tasks were left out because they have no PRD, and so no initiative, while one initiative's are asked
    /// for.
    pub unlinked: usize,
    /// How many of the tasks asked for belong to no stream.
    pub streamless: usize,
    /// Which rows there were, for [`TaskDb::standing`].
    pub mark: RowMark,
    /// The initiative whose tasks these are; `None` for all.
    pub initiative: Option<Initiative>,
}

/// A task that belongs to a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamTask {
    /// Its id.
    pub id: String,
    /// What is to be done, in short.
    pub title: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// When it was made, as written.
    pub created_at: String,
    /// When it was last changed, as written.
    pub updated_at: String,
    /// The initiative that it belongs to through its PRD.
    pub initiative_id: Option<Arc<str>>,
    /// The stream.
    pub stream: StreamMetadata,
}

/// A task whose metadata can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableTask {
    /// Its id.
    pub id: String,
    /// What is to be done, in short.
    pub title: String,
    /// What is wrong with its metadata, as a fragment that begins with the key that is to be mended, such as `dependencies`,
    /// or with `metadata` when that is wrong as a whole.
    pub why: String,
    /// The stream that its metadata names all the same.
    pub stream: Option<String>,
}

/// Which rows of the table of tasks were there at a moment: the highest row number. The default is before all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowMark(pub(super) i64);

/// What [`Row`] reads of the tasks that are not archived and of which `$which` holds. The first parameter is the most metadata
/// that is read.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, title, status, created_at, updated_at, prd_id, ",
            "octet_length(metadata) > ?1, CASE WHEN octet_length(metadata) <= ?1 THEN metadata END ",
            "FROM tasks WHERE archived IS NOT 1 AND ",
            $which,
            " ORDER BY rowid"
        )
    };
}

impl TaskDb {
    /// Whether any task that is not archived names a stream.
    ///
    /// # Errors
    /// [`DbError`] if the tasks can't be read.
    pub fn has_streams(&self) -> Result<bool, DbError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT metadata FROM tasks WHERE archived IS NOT 1 AND octet_length(metadata) <= ?1",
            )?;
            let mut rows = statement.query([LARGEST])?;
            while let Some(row) = rows.next()? {
                let metadata = Record::new("tasks", row).bytes(0).ok().flatten();
                if let Ok(Some(_)) = StreamMetadata::read(metadata) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// The tasks of `scope` that belong to streams.
    ///
    /// # Errors
    /// [`DbError`] if the tasks can't be read. An initiative that isn't there has no tasks.
    pub fn stream_tasks(&self, scope: &Scope) -> Result<StreamTasks, DbError> {
        self.read(|connection| stream_tasks(connection, scope))
    }
}

/// See [`TaskDb::stream_tasks`].
pub(crate) fn stream_tasks(connection: &Connection, scope: &Scope) -> Result<StreamTasks, Fault> {
    let (id, initiative) = match scope {
        Scope::All => (None, None),
        Scope::Current => {
            let current = current_initiative(connection)?;
            (current.as_ref().map(|current| current.id.clone()), current)
        }
        Scope::Initiative(id) => (Some(id.clone()), initiative(connection, id)?),
    };
    let mut found = StreamTasks { initiative, mark: mark(connection)?, ..StreamTasks::default() };
    let mut prds = Prds::new(connection);
    let mut statement = connection.prepare_cached(select!("true"))?;
    let mut rows = statement.query([LARGEST])?;
    while let Some(row) = rows.next()? {
        let row = Row::read(row, &mut prds)?;
        let linked = id.is_none() || row.initiative_id.as_deref() == id.as_deref();
        if !linked && row.initiative_id.is_some() {
            continue;
        }
        match row.stream() {
            Ok(Some(_)) if !linked => found.unlinked += 1,
            _ if !linked => {}
            Ok(Some(stream)) => found.tasks.push(row.task(stream)?),
            Ok(None) => found.streamless += 1,
            Err(_) if row.record.is_cancelled(2) => {}
            Err(why) => found.unreadable.push(row.unreadable(why)?),
        }
    }
    Ok(found)
}

/// The stream tasks among the rows after `since`, of every initiative.
pub(super) fn added(connection: &Connection, since: RowMark) -> Result<Vec<StreamTask>, Fault> {
    let mut found = Vec::new();
    let mut prds = Prds::new(connection);
    let mut statement = connection.prepare_cached(select!("rowid > ?2"))?;
    let mut rows = statement.query((LARGEST, since.0))?;
    while let Some(row) = rows.next()? {
        let row = Row::read(row, &mut prds)?;
        if let Ok(Some(stream)) = row.stream() {
            found.push(row.task(stream)?);
        }
    }
    Ok(found)
}

/// The highest row number.
pub(super) fn mark(connection: &Connection) -> Result<RowMark, Fault> {
    let mut statement = connection.prepare_cached("SELECT max(rowid) FROM tasks")?;
    let highest: Option<i64> = statement.query_row([], |row| row.get(0))?;
    Ok(RowMark(highest.unwrap_or(0)))
}

/// A row that [`select!`] gives.
struct Row<'row, 'statement> {
    record: Record<'row, 'statement>,
    initiative_id: Option<Arc<str>>,
}

impl<'row, 'statement> Row<'row, 'statement> {
    fn read(row: &'row rusqlite::Row<'statement>, prds: &mut Prds<'_>) -> Result<Self, Fault> {
        let record = Record::new("tasks", row);
        let initiative_id = match record.bytes(5) {
            Ok(Some(prd)) => prds.initiative(prd)?,
            _ => None,
        };
        Ok(Self { record, initiative_id })
    }

    fn stream(&self) -> Result<Option<StreamMetadata>, Unreadable> {
        self.record.stream(7)
    }

    fn task(self, stream: StreamMetadata) -> Result<StreamTask, Fault> {
        let Self { record, initiative_id, .. } = self;
        Ok(StreamTask {
            id: record.text(0)?,
            title: record.text(1)?,
            status: record.status(2)?,
            created_at: record.text(3)?,
            updated_at: record.text(4)?,
            initiative_id,
            stream,
        })
    }

    fn unreadable(self, Unreadable { why, stream }: Unreadable) -> Result<UnreadableTask, Fault> {
        Ok(UnreadableTask { id: self.record.text(0)?, title: self.record.text(1)?, why, stream })
    }
}

/// Which initiative each PRD belongs to, asked for once.
pub(crate) struct Prds<'connection> {
    connection: &'connection Connection,
    known: HashMap<Vec<u8>, Option<Arc<str>>>,
}

impl<'connection> Prds<'connection> {
    pub(crate) fn new(connection: &'connection Connection) -> Self {
        Self { connection, known: HashMap::new() }
    }

    /// The initiative of the PRD with this id; none when there is no such PRD.
    pub(crate) fn initiative(&mut self, prd: &[u8]) -> Result<Option<Arc<str>>, Fault> {
        if let Some(known) = self.known.get(prd) {
            return Ok(known.clone());
        }
        let mut statement =
            self.connection.prepare_cached("SELECT id, initiative_id FROM prds WHERE id = ?1")?;
        let mut rows = statement.query([String::from_utf8_lossy(prd)])?;
        let initiative = match rows.next()? {
            Some(row) => Some(Arc::from(Record::new("prds", row).text(1)?)),
            None => None,
        };
        self.known.insert(prd.to_vec(), initiative.clone());
        Ok(initiative)
    }
}
