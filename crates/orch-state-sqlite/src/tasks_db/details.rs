//! What is said of single tasks, for those who work on them.

use rusqlite::OptionalExtension;
use serde::Deserialize;
use serde_json::Value;

use super::TaskDb;
use crate::fault::Fault;
use crate::record::Record;
use crate::stream_metadata::LARGEST;
use crate::{DbError, TaskStatus};

/// A task in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDetails {
    /// Its id.
    pub id: String,
    /// What is to be done, in short.
    pub title: String,
    /// What is to be done.
    pub description: Option<String>,
    /// Where it stands.
    pub status: TaskStatus,
    /// The agent that it is meant for, such as `me` or `qa`.
    pub assigned_agent: Option<String>,
    /// Why it can't go on.
    pub blocked_reason: Option<String>,
    /// What its worker noted.
    pub notes: Option<String>,
    /// The PRD that it belongs to.
    pub prd_id: Option<String>,
    /// What has to be so when it is done (`acceptanceCriteria` in its metadata). Items that are no text are left out.
    pub acceptance_criteria: Vec<String>,
    /// When it was last changed, as written.
    pub updated_at: String,
}

impl TaskDb {
    /// The tasks with these ids, in the order asked for. Those that aren't there, or are archived, are left out.
    ///
    /// # Errors
    /// [`DbError`] if they can't be read.
    pub fn details(&self, task_ids: &[&str]) -> Result<Vec<TaskDetails>, DbError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, title, description, status, assigned_agent, blocked_reason, notes, prd_id, updated_at,
                        CASE WHEN octet_length(metadata) <= ?2 THEN metadata END
                 FROM tasks WHERE id = ?1 AND archived IS NOT 1",
            )?;
            let mut found = Vec::with_capacity(task_ids.len());
            for id in task_ids {
                let details =
                    statement.query_row((id, LARGEST), |row| Ok(details(&Record::new("tasks", row))));
                found.extend(details.optional()?.transpose()?);
            }
            Ok(found)
        })
    }
}

fn details(record: &Record<'_, '_>) -> Result<TaskDetails, Fault> {
    Ok(TaskDetails {
        id: record.text(0)?,
        title: record.text(1)?,
        description: record.optional_text(2)?,
        status: record.status(3)?,
        assigned_agent: record.optional_text(4)?,
        blocked_reason: record.optional_text(5)?,
        notes: record.optional_text(6)?,
        prd_id: record.optional_text(7)?,
        updated_at: record.text(8)?,
        acceptance_criteria: record.bytes(9).ok().flatten().map(acceptance_criteria).unwrap_or_default(),
    })
}

/// The texts in the list `acceptanceCriteria` of `metadata`.
fn acceptance_criteria(metadata: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Metadata {
        #[serde(default, rename = "acceptanceCriteria")]
        criteria: Value,
    }
    let Ok(Metadata { criteria: Value::Array(items) }) = serde_json::from_slice(metadata) else {
        return Vec::new();
    };
    let text = |item| match item {
        Value::String(text) => Some(text),
        _ => None,
    };
    items.into_iter().filter_map(text).collect()
}
