//! `task_get` and `task_list`.

use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::stop::Stop;
use super::stream_rows::scope;
use super::{ToolError, Tools, WorkProductListed, work_products};
use crate::record::Record;
use crate::stream_metadata::LARGEST;
use crate::tasks_db::Prds;
use crate::{StreamMetadata, TaskStatus};

/// What `task_get` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskGetInput {
    /// The task's id.
    pub id: String,
}

/// What `task_get` gives.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskInFull {
    /// The task.
    #[serde(flatten)]
    pub task: TaskListed,
    /// What is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What its worker noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Its metadata, as it was given.
    pub metadata: Value,
    /// Whether it is archived.
    pub archived: bool,
    /// The tasks that are parts of it.
    pub subtasks: Vec<SubtaskListed>,
    /// What was made for it.
    pub work_products: Vec<WorkProductListed>,
}

/// A task that is a part of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubtaskListed {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// Where it stands.
    pub status: TaskStatus,
}

/// What `task_list` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskListInput {
    /// Only this PRD's.
    pub prd_id: Option<String>,
    /// Only those that are parts of this task.
    pub parent_id: Option<String>,
    /// Only those that stand so.
    pub status: Option<TaskStatus>,
    /// Only those that are meant for this agent.
    pub assigned_agent: Option<String>,
    /// Only those of this stream, such as `Stream-A`: the current initiative's, or if it has no such stream, any
    /// initiative's.
    pub stream_id: Option<String>,
}

/// One task in what `task_list` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskListed {
    /// Its id.
    pub id: String,
    /// What is to be done, in short.
    pub title: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// The stream that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
    /// The PRD that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prd_id: Option<String>,
    /// The task that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The agent that it is meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_agent: Option<String>,
    /// Why it can't go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_reason: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

/// The columns of [`listed`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, title, status, prd_id, parent_id, assigned_agent, blocked_reason, created_at, updated_at, ",
            "octet_length(metadata) > ?1, CASE WHEN octet_length(metadata) <= ?1 THEN metadata END",
            $rest
        )
    };
}

impl Tools {
    /// One task, archived or not.
    ///
    /// # Errors
    /// [`ToolError`] if there is no such task, or the database can't be read.
    pub fn task_get(&self, input: &TaskGetInput) -> Result<TaskInFull, ToolError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(select!(", description, notes, archived IS 1 FROM tasks WHERE id = ?2"))?;
            let found = statement.query_row((LARGEST, &input.id), |row| {
                let archived: bool = row.get(13)?;
                let record = Record::new("tasks", row);
                Ok(listed(&record).and_then(|task| {
                    Ok(TaskInFull {
                        task,
                        metadata: record.json(10)?,
                        description: record.optional_text(11)?,
                        notes: record.optional_text(12)?,
                        archived,
                        subtasks: subtasks(connection, &input.id)?,
                        work_products: work_products::of_task(connection, &input.id)?,
                    })
                }))
            });
            found.optional()?.ok_or_else(|| ToolError::no_task(&input.id))?
        })
    }

    /// The tasks that are not archived and that all of what is given is true of, in the order in which they were made.
    ///
    /// # Errors
    /// [`ToolError`] if the database can't be read.
    pub fn task_list(&self, input: &TaskListInput) -> Result<Vec<TaskListed>, ToolError> {
        self.read(|connection| {
            let initiative = match (&input.stream_id, &input.prd_id) {
                (Some(_), None) => scope(connection, None, None)?.initiative,
                _ => None,
            };
            let (in_initiative, elsewhere) = tasks(connection, input, initiative.as_deref())?;
            Ok(if in_initiative.is_empty() { elsewhere } else { in_initiative })
        })
    }
}

/// The tasks that `input` asks for: those of `initiative`, or of any when none is given, and the others.
fn tasks(
    connection: &Connection,
    input: &TaskListInput,
    initiative: Option<&str>,
) -> Result<(Vec<TaskListed>, Vec<TaskListed>), Stop> {
    let mut statement = connection.prepare_cached(select!(
        " FROM tasks WHERE archived IS NOT 1 AND (?2 IS NULL OR prd_id = ?2) AND (?3 IS NULL OR parent_id = ?3)
          AND (?4 IS NULL OR coalesce(status, 'pending') = ?4) AND (?5 IS NULL OR assigned_agent = ?5) ORDER BY rowid"
    ))?;
    let status = input.status.map(TaskStatus::word);
    let mut rows =
        statement.query((LARGEST, &input.prd_id, &input.parent_id, status, &input.assigned_agent))?;
    let mut prds = Prds::new(connection);
    let (mut of_initiative, mut others) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let record = Record::new("tasks", row);
        if let Some(asked) = &input.stream_id
            && !matches!(record.stream(10), Ok(Some(StreamMetadata { id, .. })) if id == *asked)
        {
            continue;
        }
        let task = listed(&record)?;
        let belongs = match (initiative, &task.prd_id) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(initiative), Some(prd)) => prds.initiative(prd.as_bytes())?.as_deref() == Some(initiative),
        };
        if belongs {
            of_initiative.push(task);
        } else {
            others.push(task);
        }
    }
    Ok((of_initiative, others))
}

fn listed(record: &Record<'_, '_>) -> Result<TaskListed, Stop> {
    Ok(TaskListed {
        id: record.text(0)?,
        title: record.text(1)?,
        status: record.status(2)?,
        prd_id: record.optional_text(3)?,
        parent_id: record.optional_text(4)?,
        assigned_agent: record.optional_text(5)?,
        blocked_reason: record.optional_text(6)?,
        created_at: record.text(7)?,
        updated_at: record.text(8)?,
        stream_id: record.stream(10).ok().flatten().map(|stream| stream.id),
    })
}

fn subtasks(connection: &Connection, parent: &str) -> Result<Vec<SubtaskListed>, Stop> {
    let mut statement = connection.prepare_cached(
        "SELECT id, title, status FROM tasks WHERE parent_id = ?1 AND archived IS NOT 1 ORDER BY rowid",
    )?;
    let mut rows = statement.query([parent])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let record = Record::new("tasks", row);
        found.push(SubtaskListed { id: record.text(0)?, title: record.text(1)?, status: record.status(2)? });
    }
    Ok(found)
}
