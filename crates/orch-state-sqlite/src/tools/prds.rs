//! `prd_create`, `prd_get`, `prd_list`: what is to be built, in words.

use orch_core::Time;
use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::initiatives::current_or_default;
use super::stop::Stop;
use super::stream_rows::scope;
use super::workers::require_whole;
use super::{ToolError, Tools, limits};
use crate::fault::Fault;
use crate::record::Record;
use crate::timestamp;

/// What `prd_create` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrdCreateInput {
    /// What is to be built, in a few words.
    pub title: String,
    /// What is to be built, with all that is required of it.
    pub content: String,
    /// What it is about, in a sentence or two.
    pub description: Option<String>,
    /// Anything else, as an object.
    pub metadata: Option<Map<String, Value>>,
}

/// What `prd_create` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrdCreated {
    /// The PRD's id: the `prdId` of its tasks.
    pub id: String,
    /// The initiative that it belongs to.
    pub initiative_id: String,
    /// When it was made.
    pub created_at: String,
    /// How it begins.
    pub summary: String,
}

/// What `prd_get` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrdGetInput {
    /// The PRD's id.
    pub id: String,
    /// Whether the whole content is wanted, not only how it begins.
    pub include_content: Option<bool>,
}

/// What `prd_get` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrdInFull {
    /// The PRD, with its tasks counted.
    #[serde(flatten)]
    pub prd: PrdListed,
    /// The initiative that it belongs to.
    pub initiative_id: String,
    /// How it begins.
    pub summary: String,
    /// All of it, if wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Anything else that was said of it.
    pub metadata: Value,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

/// A PRD that may be made.
pub(super) struct NewPrd {
    title: String,
    content: String,
    description: Option<String>,
    metadata: String,
}

impl NewPrd {
    /// What is asked for, checked.
    pub(super) fn of(input: PrdCreateInput) -> Result<Self, ToolError> {
        let PrdCreateInput { title, content, description, metadata } = input;
        limits::title("title", &title)?;
        limits::content("content", &content)?;
        limits::text("description", description.as_deref())?;
        let metadata = limits::metadata(metadata.unwrap_or_default())?;
        Ok(Self { title, content, description, metadata })
    }

    pub(super) fn insert(&self, connection: &Connection, now: Time) -> Result<PrdCreated, Stop> {
        let Self { title, content, description, metadata } = self;
        let initiative_id = current_or_default(connection, now)?;
        let id = format!("PRD-{}", Uuid::new_v4());
        let created_at = timestamp(now);
        connection.execute(
            "INSERT INTO prds (id, initiative_id, title, description, content, metadata, status, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'active', ?7, ?7)",
            (&id, &initiative_id, title, description, content, metadata, &created_at),
        )?;
        Ok(PrdCreated { id, initiative_id, created_at, summary: limits::summary(content) })
    }
}

/// What `prd_list` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrdListInput {
    /// Only this initiative's; the current one's when not given.
    pub initiative_id: Option<String>,
    /// Only those with this status: `active`, `archived` or `cancelled`.
    pub status: Option<String>,
}

/// One PRD in what `prd_list` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrdListed {
    /// Its id.
    pub id: String,
    /// What is to be built.
    pub title: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `active`, `archived` or `cancelled`.
    pub status: String,
    /// How many tasks it has that are not archived.
    pub task_count: u64,
    /// How many of them are completed.
    pub completed_tasks: u64,
    /// The same for people: `3/12 (25%)`, or `0/0`.
    pub progress: String,
}

impl Tools {
    /// Makes a PRD of the current initiative. When there is none, one called `Default Initiative` is made first.
    ///
    /// # Errors
    /// [`ToolError`] if the title or the content can't be, if the tools are for the worker of one stream, or if the
    /// database can't be written.
    pub fn prd_create(&mut self, input: PrdCreateInput, now: Time) -> Result<PrdCreated, ToolError> {
        require_whole(self.only_stream.as_deref(), "prd_create")?;
        let prd = NewPrd::of(input)?;
        self.write(|connection| prd.insert(connection, now))
    }

    /// One PRD.
    ///
    /// # Errors
    /// [`ToolError`] if there is no such PRD, or the database can't be read.
    pub fn prd_get(&self, input: &PrdGetInput) -> Result<PrdInFull, ToolError> {
        let with_content = input.include_content.unwrap_or(false);
        self.read(|connection| {
            let mut statement = connection.prepare_cached(concat!(
                "SELECT id, title, description, status, ",
                "(SELECT count(*) FROM tasks t WHERE t.prd_id = prds.id AND t.archived IS NOT 1), ",
                "(SELECT count(*) FROM tasks t WHERE t.prd_id = prds.id AND t.archived IS NOT 1 AND t.status = 'completed'), ",
                "initiative_id, content, metadata, created_at, updated_at FROM prds WHERE id = ?1"
            ))?;
            let found = statement.query_row([&input.id], |row| {
                Ok(in_full(&Record::new("prds", row), with_content))
            });
            Ok(found.optional()?.ok_or_else(|| ToolError::no_prd(&input.id))??)
        })
    }

    /// The PRDs of an initiative, in the order in which they were made.
    ///
    /// # Errors
    /// [`ToolError`] if the database can't be read.
    pub fn prd_list(&self, input: &PrdListInput) -> Result<Vec<PrdListed>, ToolError> {
        if let Some(status) = &input.status
            && !["active", "archived", "cancelled"].contains(&status.as_str())
        {
            return Err(ToolError::invalid("status", "is none of active, archived, cancelled"));
        }
        self.read(|connection| {
            let initiative = scope(connection, input.initiative_id.as_deref(), None)?.initiative;
            // One pass over the tasks, however many PRDs there are.
            let mut statement = connection.prepare_cached(
                "SELECT id, title, description, status, coalesce(counted.tasks, 0), coalesce(counted.completed, 0)
                 FROM prds LEFT JOIN (
                   SELECT prd_id, count(*) AS tasks, sum(status IS 'completed') AS completed
                   FROM tasks WHERE archived IS NOT 1 GROUP BY prd_id
                 ) AS counted ON counted.prd_id = prds.id
                 WHERE (?1 IS NULL OR initiative_id = ?1) AND (?2 IS NULL OR status = ?2) ORDER BY prds.rowid",
            )?;
            let mut rows = statement.query((initiative, &input.status))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(listed(&Record::new("prds", row))?);
            }
            Ok(found)
        })
    }
}

/// That there is a PRD called `id`.
pub(super) fn require_prd(connection: &Connection, id: &str) -> Result<(), Stop> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM prds WHERE id = ?1")?;
    match statement.exists([id])? {
        true => Ok(()),
        false => Err(ToolError::no_prd(id).into()),
    }
}

fn listed(record: &Record<'_, '_>) -> Result<PrdListed, Fault> {
    let (task_count, completed_tasks) = (record.count(4)?, record.count(5)?);
    let progress = match task_count {
        0 => "0/0".into(),
        _ => format!("{completed_tasks}/{task_count} ({}%)", completed_tasks * 100 / task_count),
    };
    Ok(PrdListed {
        id: record.text(0)?,
        title: record.text(1)?,
        description: record.optional_text(2)?,
        // What the table's default says.
        status: record.optional_text(3)?.unwrap_or_else(|| "active".into()),
        task_count,
        completed_tasks,
        progress,
    })
}

fn in_full(record: &Record<'_, '_>, with_content: bool) -> Result<PrdInFull, Fault> {
    let content = record.text(7)?;
    Ok(PrdInFull {
        prd: listed(record)?,
        initiative_id: record.text(6)?,
        summary: limits::summary(&content),
        content: with_content.then_some(content),
        metadata: record.json(8)?,
        created_at: record.text(9)?,
        updated_at: record.text(10)?,
    })
}
