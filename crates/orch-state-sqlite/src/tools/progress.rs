//! `progress_summary`: how far an initiative is.

use std::collections::BTreeMap;

use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stop::Stop;
use super::stream_rows::{scope, stream_rows};
use super::{ToolError, Tools, streams};
use crate::TaskStatus;
use crate::record::Record;
use crate::tasks_db::initiative;

/// What `progress_summary` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProgressSummaryInput {
    /// The initiative; the current one when not given.
    pub initiative_id: Option<String>,
}

/// What `progress_summary` gives. As long as there is no initiative at all, everything is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// The initiative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiative_id: Option<String>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its PRDs.
    pub prds: PrdCounts,
    /// Its tasks that are not archived.
    pub tasks: TaskCounts,
    /// How many streams they form.
    pub total_streams: usize,
    /// How many of those have nothing left to do.
    pub completed_streams: usize,
    /// How many work products of each type were stored for them.
    pub work_products: BTreeMap<String, u64>,
}

/// PRDs by status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrdCounts {
    /// All.
    pub total: u64,
    /// Those to be worked on.
    pub active: u64,
    /// Those put away.
    pub archived: u64,
    /// Those given up.
    pub cancelled: u64,
}

/// Tasks by status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskCounts {
    /// All.
    pub total: u64,
    /// Those not begun.
    pub pending: u64,
    /// Those that are worked on.
    pub in_progress: u64,
    /// Those that can't go on.
    pub blocked: u64,
    /// Those done.
    pub completed: u64,
    /// Those given up.
    pub cancelled: u64,
}

impl Tools {
    /// How far an initiative is: its PRDs, tasks, streams and work products, counted.
    ///
    /// # Errors
    /// [`ToolError`] if there is no such initiative, or the database can't be read.
    pub fn progress_summary(&self, input: &ProgressSummaryInput) -> Result<Progress, ToolError> {
        self.read(|connection| {
            let filter = scope(connection, input.initiative_id.as_deref(), None)?;
            let id = filter.initiative.as_deref();
            let streams = streams::listed(&stream_rows(connection, &filter)?.rows);
            let is_done = |stream: &&streams::StreamListed| streams::status(stream) == TaskStatus::Completed;
            let title = match id {
                Some(id) => initiative(connection, id)?.map(|found| found.title),
                None => None,
            };
            Ok(Progress {
                title,
                prds: prds(connection, id)?,
                tasks: tasks(connection, id)?,
                total_streams: streams.len(),
                completed_streams: streams.iter().filter(is_done).count(),
                work_products: work_products(connection, id)?,
                initiative_id: filter.initiative,
            })
        })
    }
}

fn prds(connection: &Connection, initiative: Option<&str>) -> Result<PrdCounts, Stop> {
    let counted = counted(
        connection,
        "prds",
        "SELECT coalesce(status, 'active'), count(*) FROM prds WHERE (?1 IS NULL OR initiative_id = ?1) GROUP BY 1",
        initiative,
    )?;
    let of = |status: &str| counted.get(status).copied().unwrap_or(0);
    Ok(PrdCounts {
        total: counted.values().sum(),
        active: of("active"),
        archived: of("archived"),
        cancelled: of("cancelled"),
    })
}

fn tasks(connection: &Connection, initiative: Option<&str>) -> Result<TaskCounts, Stop> {
    let counted = counted(
        connection,
        "tasks",
        "SELECT coalesce(status, 'pending'), count(*) FROM tasks
         WHERE archived IS NOT 1 AND (?1 IS NULL OR prd_id IN (SELECT id FROM prds WHERE initiative_id = ?1)) GROUP BY 1",
        initiative,
    )?;
    let of = |status: TaskStatus| counted.get(status.word()).copied().unwrap_or(0);
    Ok(TaskCounts {
        total: counted.values().sum(),
        pending: of(TaskStatus::Pending),
        in_progress: of(TaskStatus::InProgress),
        blocked: of(TaskStatus::Blocked),
        completed: of(TaskStatus::Completed),
        cancelled: of(TaskStatus::Cancelled),
    })
}

fn work_products(connection: &Connection, initiative: Option<&str>) -> Result<BTreeMap<String, u64>, Stop> {
    counted(
        connection,
        "work_products",
        "SELECT type, count(*) FROM work_products WHERE task_id IN (
           SELECT id FROM tasks
           WHERE archived IS NOT 1 AND (?1 IS NULL OR prd_id IN (SELECT id FROM prds WHERE initiative_id = ?1))
         ) GROUP BY 1",
        initiative,
    )
}

/// What `sql` counts in `table`, by the text before each count.
fn counted(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    initiative: Option<&str>,
) -> Result<BTreeMap<String, u64>, Stop> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([initiative])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let record = Record::new(table, row);
        found.insert(record.text(0)?, record.count(1)?);
    }
    Ok(found)
}
