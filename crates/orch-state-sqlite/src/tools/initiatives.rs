//! `initiative_link`: which initiative the work belongs to from now on.

use std::time::Duration;

use orch_core::Time;
use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::shelves::archive;
use super::stop::Stop;
use super::stream_rows::{Filter, stream_rows};
use super::workers::require_whole;
use super::{ToolError, Tools, limits};
use crate::Initiative;
use crate::fault::Fault;
use crate::record::Record;
use crate::tasks_db::{current_initiative, initiative};
use crate::timestamp::{read_timestamp, timestamp};

/// What `initiative_link` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InitiativeLinkInput {
    /// The initiative's id, as Memory Copilot knows it.
    pub initiative_id: String,
    /// What the initiative is called.
    pub title: String,
    /// What the initiative is about.
    pub description: Option<String>,
}

/// What `initiative_link` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitiativeLinked {
    /// The initiative's id.
    pub initiative_id: String,
    /// Whether the initiative was not known before.
    pub workspace_created: bool,
    /// Where the database is.
    pub db_path: String,
    /// How many streams of earlier work were archived.
    pub archived_streams_count: usize,
}

impl Tools {
    /// Makes an initiative the current one. The streams of the one that was current until now are archived, and those of tasks
    /// without a PRD, which belong to no initiative.
    ///
    /// The current initiative is the one that was updated last; so it gets a time after every other's, even when the clock went
    /// back.
    ///
    /// # Errors
    /// [`ToolError`] if the id or the title can't be, if the tools are for the worker of one stream, or if the database
    /// can't be written.
    pub fn initiative_link(
        &mut self,
        input: InitiativeLinkInput,
        now: Time,
    ) -> Result<InitiativeLinked, ToolError> {
        require_whole(self.only_stream.as_deref(), "initiative_link")?;
        let InitiativeLinkInput { initiative_id: id, title, description } = input;
        limits::id("initiativeId", &id)?;
        limits::title("title", &title)?;
        limits::text("description", description.as_deref())?;
        let db_path = self.db.path().display().to_string();
        self.write(|connection| {
            let previous = current_initiative(connection)?;
            let is_new = initiative(connection, &id)?.is_none();
            let moment = after_all_others(connection, &id, now)?;
            connection.execute(
                "INSERT INTO initiatives (id, title, description, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (id) DO UPDATE SET title = excluded.title,
                   description = coalesce(excluded.description, description), updated_at = excluded.updated_at",
                (&id, &title, &description, &moment),
            )?;
            let archived_streams_count = match previous {
                Some(previous) if previous.id != id => archive_earlier(connection, &previous, &id, now)?,
                _ => 0,
            };
            Ok(InitiativeLinked { initiative_id: id, workspace_created: is_new, db_path, archived_streams_count })
        })
    }
}

/// An id for an initiative that nobody has given one, as the originals make them: `INIT-` and a UUID.
pub fn new_initiative_id() -> String {
    format!("INIT-{}", Uuid::new_v4())
}

/// The current initiative; when there is none, a new one as the originals name it.
pub(super) fn current_or_default(connection: &Connection, now: Time) -> Result<String, Stop> {
    if let Some(current) = current_initiative(connection)? {
        return Ok(current.id);
    }
    let id = new_initiative_id();
    connection.execute(
        "INSERT INTO initiatives (id, title, created_at, updated_at) VALUES (?1, 'Default Initiative', ?2, ?2)",
        (&id, timestamp(now)),
    )?;
    Ok(id)
}

/// `now`, or the millisecond after the time of the initiative that was updated last among those that are not `id`.
///
/// # Errors
/// A fault if no time is after that one: it is no time, or the end of all times that can be written.
fn after_all_others(connection: &Connection, id: &str, now: Time) -> Result<String, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT id, updated_at FROM initiatives WHERE id IS NOT ?1 ORDER BY updated_at DESC LIMIT 1",
    )?;
    let found = statement.query_row([id], |row| {
        let record = Record::new("initiatives", row);
        Ok(record.text(1).and_then(|latest| {
            let next = read_timestamp(&latest).map(|time| timestamp(time + Duration::from_millis(1)));
            let candidates = [Some(timestamp(now)), next];
            let after = candidates.into_iter().flatten().find(|candidate| *candidate > latest);
            after.ok_or_else(|| record.bad(1, format!("`{}`", latest.escape_debug())))
        }))
    });
    found.optional()?.unwrap_or_else(|| Ok(timestamp(now)))
}

/// Archives the streams of `previous` and those of tasks without a PRD; how many streams.
fn archive_earlier(
    connection: &Connection,
    previous: &Initiative,
    by: &str,
    now: Time,
) -> Result<usize, Stop> {
    let mut rows = stream_rows(connection, &Filter::default())?.rows;
    rows.retain(|row| row.prd_id.is_none() || row.initiative_id.as_deref() == Some(previous.id.as_str()));
    archive(connection, &rows, Some(by), now)
}
