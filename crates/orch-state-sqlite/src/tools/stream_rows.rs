//! The tasks that belong to streams, as the tools ask for them.

use std::sync::Arc;

use rusqlite::Connection;

use super::ToolError;
use super::prds::require_prd;
use super::stop::Stop;
use super::streams::UnreadableListed;
use crate::record::Record;
use crate::stream_metadata::{LARGEST, Unreadable};
use crate::tasks_db::{Prds, current_initiative};
use crate::{StreamMetadata, TaskStatus};

/// Which tasks are asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// Only this initiative's.
    pub(super) initiative: Option<String>,
    /// Only this PRD's.
    pub(super) prd: Option<String>,
    /// Archived or not.
    pub(super) shelf: Shelf,
}

/// Whether archived tasks are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shelf {
    /// Those that are not.
    #[default]
    Open,
    /// Those that are.
    Archived,
    /// All.
    Both,
}

/// A task that belongs to a stream.
#[derive(Clone, Debug)]
pub(super) struct StreamRow {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) status: TaskStatus,
    pub(super) assigned_agent: Option<String>,
    pub(super) blocked_reason: Option<String>,
    pub(super) prd_id: Option<String>,
    pub(super) initiative_id: Option<Arc<str>>,
    pub(super) archived: bool,
    pub(super) stream: StreamMetadata,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct StreamRows {
    pub(super) rows: Vec<StreamRow>,
    pub(super) unreadable: Vec<UnreadableListed>,
}

/// The filter for what an agent asked for: this initiative's, this PRD's, or else the current initiative's.
///
/// # Errors
/// A refusal if the PRD or the initiative isn't there.
pub(super) fn scope(
    connection: &Connection,
    initiative: Option<&str>,
    prd: Option<&str>,
) -> Result<Filter, Stop> {
    if let Some(id) = prd {
        require_prd(connection, id)?;
    }
    if let Some(id) = initiative
        && crate::tasks_db::initiative(connection, id)?.is_none()
    {
        let next = "leave initiativeId out to ask about the current one";
        return Err(ToolError::NotFound { what: "initiative", id: id.into(), next }.into());
    }
    let initiative = match (initiative, prd) {
        (None, None) => current_initiative(connection)?.map(|current| current.id),
        (initiative, _) => initiative.map(str::to_owned),
    };
    Ok(Filter { initiative, prd: prd.map(str::to_owned), shelf: Shelf::Open })
}

/// The stream tasks that `filter` asks for, in the order in which they were made.
pub(super) fn stream_rows(connection: &Connection, filter: &Filter) -> Result<StreamRows, Stop> {
    let mut prds = Prds::new(connection);
    let mut found = StreamRows::default();
    let mut statement = connection.prepare_cached(
        "SELECT id, title, status, assigned_agent, blocked_reason, prd_id, archived IS 1,
                octet_length(metadata) > ?1, CASE WHEN octet_length(metadata) <= ?1 THEN metadata END
         FROM tasks WHERE (?2 IS NULL OR prd_id = ?2) ORDER BY rowid",
    )?;
    let mut rows = statement.query((LARGEST, &filter.prd))?;
    while let Some(row) = rows.next()? {
        let archived: bool = row.get(6)?;
        if archived && filter.shelf == Shelf::Open || !archived && filter.shelf == Shelf::Archived {
            continue;
        }
        let record = Record::new("tasks", row);
        let initiative_id = match record.bytes(5) {
            Ok(Some(prd)) => prds.initiative(prd)?,
            _ => None,
        };
        if filter.initiative.is_some() && filter.initiative.as_deref() != initiative_id.as_deref() {
            continue;
        }
        match record.stream(8) {
            Ok(None) => {}
            Err(_) if record.is_cancelled(2) => {}
            Err(Unreadable { why, stream: stream_id }) => {
                found.unreadable.push(UnreadableListed { id: record.text(0)?, why, stream_id });
            }
            Ok(Some(stream)) => found.rows.push(StreamRow {
                id: record.text(0)?,
                title: record.text(1)?,
                status: record.status(2)?,
                assigned_agent: record.optional_text(3)?,
                blocked_reason: record.optional_text(4)?,
                prd_id: record.optional_text(5)?,
                initiative_id,
                archived,
                stream,
            }),
        }
    }
    Ok(found)
}
