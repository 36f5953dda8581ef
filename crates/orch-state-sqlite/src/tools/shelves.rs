//! `stream_unarchive` and `stream_archive_all`: putting streams away and taking them back.

use std::collections::HashSet;

use orch_core::Time;
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stop::Stop;
use super::stream_rows::{Filter, Shelf, StreamRow, scope, stream_rows};
use super::workers::{require_same, require_stream, require_whole};
use super::{ToolError, Tools};
use crate::timestamp;

/// What `stream_unarchive` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamUnarchiveInput {
    /// The stream's id, such as `Stream-A`.
    pub stream_id: String,
    /// Only its tasks of this initiative; of any when not given.
    pub initiative_id: Option<String>,
    /// Only its tasks of this PRD.
    pub prd_id: Option<String>,
}

/// What `stream_unarchive` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamUnarchived {
    /// The stream's id.
    pub stream_id: String,
    /// How many of its tasks were taken back.
    pub tasks_unarchived: usize,
}

/// What `stream_archive_all` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamArchiveAllInput {
    /// Has to be true: that all streams are to be put away.
    pub confirm: bool,
    /// Only this initiative's streams; the current one's when not given.
    pub initiative_id: Option<String>,
}

/// What `stream_archive_all` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamsArchived {
    /// How many streams were put away.
    pub archived_streams_count: usize,
    /// How many tasks they have.
    pub archived_tasks_count: usize,
}

impl Tools {
    /// Takes an archived stream back.
    ///
    /// # Errors
    /// [`ToolError`] if there is no such archived stream, if the tools are for the worker of another one or of none that
    /// is there, or if the database can't be written.
    pub fn stream_unarchive(
        &mut self,
        input: &StreamUnarchiveInput,
        now: Time,
    ) -> Result<StreamUnarchived, ToolError> {
        let StreamUnarchiveInput { stream_id, initiative_id, prd_id } = input;
        let own = self.only_stream.clone();
        self.write(|connection| {
            if let Some(own) = own.as_deref() {
                require_stream(connection, own, Shelf::Both)?;
                require_same(own, stream_id)?;
            }
            let mut filter = Filter::default();
            if initiative_id.is_some() || prd_id.is_some() {
                filter = scope(connection, initiative_id.as_deref(), prd_id.as_deref())?;
            }
            filter.shelf = Shelf::Archived;
            let mut statement = connection.prepare_cached(
                "UPDATE tasks SET archived = 0, archived_at = NULL, archived_by_initiative_id = NULL, updated_at = ?2
                 WHERE id = ?1",
            )?;
            let mut tasks_unarchived = 0;
            for row in stream_rows(connection, &filter)?.rows {
                if row.stream.id == *stream_id {
                    tasks_unarchived += statement.execute((row.id, timestamp(now)))?;
                }
            }
            if tasks_unarchived == 0 {
                let next = "stream_list with includeArchived shows those there are";
                let id = stream_id.clone();
                return Err(ToolError::NotFound { what: "archived stream", id, next }.into());
            }
            Ok(StreamUnarchived { stream_id: stream_id.clone(), tasks_unarchived })
        })
    }

    /// Puts away all streams of an initiative.
    ///
    /// # Errors
    /// [`ToolError`] if it isn't confirmed, if the tools are for the worker of one stream, or if the database can't be
    /// written.
    pub fn stream_archive_all(
        &mut self,
        input: &StreamArchiveAllInput,
        now: Time,
    ) -> Result<StreamsArchived, ToolError> {
        require_whole(self.only_stream.as_deref(), "stream_archive_all")?;
        if !input.confirm {
            return Err(ToolError::invalid("confirm", "has to be true to archive all streams"));
        }
        self.write(|connection| {
            let filter = scope(connection, input.initiative_id.as_deref(), None)?;
            let rows = stream_rows(connection, &filter)?.rows;
            let archived_streams_count = archive(connection, &rows, filter.initiative.as_deref(), now)?;
            Ok(StreamsArchived { archived_streams_count, archived_tasks_count: rows.len() })
        })
    }
}

/// Archives the tasks in `rows`, because of the initiative `by`; how many streams they are of.
pub(super) fn archive(
    connection: &Connection,
    rows: &[StreamRow],
    by: Option<&str>,
    now: Time,
) -> Result<usize, Stop> {
    let mut statement = connection.prepare_cached(
        "UPDATE tasks SET archived = 1, archived_at = ?2, archived_by_initiative_id = ?3 WHERE id = ?1",
    )?;
    for row in rows {
        statement.execute((&row.id, timestamp(now), by))?;
    }
    Ok(rows.iter().map(|row| row.stream.id.as_str()).collect::<HashSet<_>>().len())
}
