//! `work_product_store`, `work_product_get`, `work_product_list`: what was made for a task.

use orch_core::Time;
use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::stop::Stop;
use super::workers::require_own;
use super::{ToolError, Tools, limits};
use crate::fault::Fault;
use crate::record::Record;
use crate::stream_metadata::LARGEST;
use crate::timestamp;

/// What a work product is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum WorkProductType {
    /// How something is to be built.
    TechnicalDesign,
    /// What was built.
    Implementation,
    /// How it is to be tested.
    TestPlan,
    /// What an attacker might do.
    SecurityReview,
    /// What is written for users or builders.
    Documentation,
    /// How the parts fit together.
    Architecture,
    /// Anything else.
    #[default]
    Other,
}

impl WorkProductType {
    /// The word in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TechnicalDesign => "technical_design",
            Self::Implementation => "implementation",
            Self::TestPlan => "test_plan",
            Self::SecurityReview => "security_review",
            Self::Documentation => "documentation",
            Self::Architecture => "architecture",
            Self::Other => "other",
        }
    }
}

/// What `work_product_store` takes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkProductStoreInput {
    /// The task that it was made for.
    pub task_id: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: WorkProductType,
    /// What it is called.
    pub title: String,
    /// All of it.
    pub content: String,
    /// Anything else, as an object.
    pub metadata: Option<Map<String, Value>>,
    /// How sure its maker is of it, from 0 to 1.
    pub confidence: Option<f64>,
}

/// What `work_product_store` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkProductStored {
    /// The work product's id.
    pub id: String,
    /// The task that it was made for.
    pub task_id: String,
    /// How it begins.
    pub summary: String,
    /// When it was stored.
    pub created_at: String,
}

/// What `work_product_get` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkProductGetInput {
    /// The work product's id.
    pub id: String,
}

/// What `work_product_get` gives.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkProductInFull {
    /// The work product.
    #[serde(flatten)]
    pub work_product: WorkProductListed,
    /// All of it.
    pub content: String,
    /// Anything else that was said of it.
    pub metadata: Value,
}

/// What `work_product_list` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkProductListInput {
    /// The task that they were made for.
    pub task_id: String,
}

/// One work product in what `work_product_list` gives.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkProductListed {
    /// Its id.
    pub id: String,
    /// The task that it was made for.
    pub task_id: String,
    /// What it is, such as `test_plan`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// How it begins.
    pub summary: String,
    /// How sure its maker is of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// When it was stored.
    pub created_at: String,
}

impl Tools {
    /// Stores what was made for a task.
    ///
    /// # Errors
    /// [`ToolError`] if there is no such task, if it is archived or another stream's, if what is given can't be, or if the
    /// database can't be written.
    pub fn work_product_store(
        &mut self,
        input: WorkProductStoreInput,
        now: Time,
    ) -> Result<WorkProductStored, ToolError> {
        let WorkProductStoreInput { task_id, kind, title, content, metadata, confidence } = input;
        limits::title("title", &title)?;
        limits::content("content", &content)?;
        if confidence.is_some_and(|confidence| !(0.0..=1.0).contains(&confidence)) {
            return Err(ToolError::invalid("confidence", "is not from 0 to 1"));
        }
        let metadata = limits::metadata(metadata.unwrap_or_default())?;
        let own = self.only_stream.clone();
        self.write(|connection| {
            require_task(connection, &task_id, own.as_deref())?;
            let id = Uuid::new_v4().to_string();
            let created_at = timestamp(now);
            connection.execute(
                "INSERT INTO work_products (id, task_id, type, title, content, metadata, created_at, confidence)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                (&id, &task_id, kind.word(), &title, &content, &metadata, &created_at, confidence),
            )?;
            Ok(WorkProductStored { id, task_id, summary: limits::summary(&content), created_at })
        })
    }

    /// One work product.
    ///
    /// # Errors
    /// [`ToolError`] if there is none with this id, or the database can't be read.
    pub fn work_product_get(&self, input: &WorkProductGetInput) -> Result<WorkProductInFull, ToolError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, task_id, type, title, substr(content, 1, 200), created_at, confidence, content, metadata
                 FROM work_products WHERE id = ?1",
            )?;
            let found = statement.query_row([&input.id], |row| {
                let record = Record::new("work_products", row);
                Ok(listed(&record).and_then(|work_product| {
                    Ok(WorkProductInFull { work_product, content: record.text(7)?, metadata: record.json(8)? })
                }))
            });
            let next = "work_product_list shows those of a task";
            let missing = || ToolError::NotFound { what: "work product", id: input.id.clone(), next };
            Ok(found.optional()?.ok_or_else(missing)??)
        })
    }

    /// What was made for a task, in the order in which it was stored.
    ///
    /// # Errors
    /// [`ToolError`] if there is no such task, or the database can't be read.
    pub fn work_product_list(
        &self,
        input: &WorkProductListInput,
    ) -> Result<Vec<WorkProductListed>, ToolError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT 1 FROM tasks WHERE id = ?1")?;
            if !statement.exists([&input.task_id])? {
                return Err(ToolError::no_task(&input.task_id).into());
            }
            of_task(connection, &input.task_id)
        })
    }
}

/// What was made for the task called `task`.
pub(super) fn of_task(connection: &Connection, task: &str) -> Result<Vec<WorkProductListed>, Stop> {
    let mut statement = connection.prepare_cached(
        "SELECT id, task_id, type, title, substr(content, 1, 200), created_at, confidence
         FROM work_products WHERE task_id = ?1 ORDER BY rowid",
    )?;
    let mut rows = statement.query([task])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(listed(&Record::new("work_products", row))?);
    }
    Ok(found)
}

fn listed(record: &Record<'_, '_>) -> Result<WorkProductListed, Fault> {
    Ok(WorkProductListed {
        id: record.text(0)?,
        task_id: record.text(1)?,
        kind: record.text(2)?,
        title: record.text(3)?,
        summary: record.text(4)?,
        created_at: record.text(5)?,
        confidence: record.number(6),
    })
}

/// That the task called `id` is there, not archived, and no other stream's than `own`.
fn require_task(connection: &Connection, id: &str, own: Option<&str>) -> Result<(), Stop> {
    let mut statement = connection.prepare_cached(
        "SELECT id, archived IS 1, octet_length(metadata) > ?2, CASE WHEN octet_length(metadata) <= ?2 THEN metadata END
         FROM tasks WHERE id = ?1",
    )?;
    let found = statement.query_row((id, LARGEST), |row| {
        let stream = match Record::new("tasks", row).stream(3) {
            Ok(stream) => stream.map(|stream| stream.id),
            Err(unreadable) => unreadable.stream,
        };
        Ok((row.get::<_, bool>(1)?, stream))
    });
    let (archived, stream) = found.optional()?.ok_or_else(|| ToolError::no_task(id))?;
    require_own(connection, own, &format!("task {id}"), stream.as_deref())?;
    match archived {
        true => Err(ToolError::Archived { id: id.into() }.into()),
        false => Ok(()),
    }
}
