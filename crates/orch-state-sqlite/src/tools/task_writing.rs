//! `task_create` and `task_update`.

use std::sync::Arc;

use orch_core::Time;
use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::metadata::{self, MetadataSchema};
use super::places::{Places, warning};
use super::prds::{NewPrd, PrdCreateInput, PrdCreated, require_prd};
use super::stop::Stop;
use super::workers::{of_worker, require_own, require_same, require_unmoved, require_whole};
use super::{ToolError, Tools, limits};
use crate::fault::Fault;
use crate::record::Record;
use crate::tasks_db::Prds;
use crate::{TaskStatus, timestamp};

/// How many characters of notes are proof that a task is done.
const NOTES_THAT_PROVE: usize = 50;

/// What `task_create` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskCreateInput {
    /// What is to be done, in a few words.
    pub title: String,
    /// What is to be done, with all that its worker has to know.
    pub description: Option<String>,
    /// The PRD that it belongs to. Without one it belongs to no initiative; that of a stream's worker belongs to the PRD of
    /// its stream.
    pub prd_id: Option<String>,
    /// The task that it is a part of.
    pub parent_id: Option<String>,
    /// The agent that it is meant for, such as `me`, `qa` or `doc`.
    pub assigned_agent: Option<String>,
    /// What else is to be known of it, above all its stream.
    #[schemars(with = "Option<MetadataSchema>")]
    pub metadata: Option<Map<String, Value>>,
}

/// What `task_create` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskCreated {
    /// The task's id.
    pub id: String,
    /// The PRD that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prd_id: Option<String>,
    /// The task that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Pending.
    pub status: TaskStatus,
    /// The stream that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// What may not be as it was meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// What `task_update` takes. What is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskUpdateInput {
    /// The task's id.
    pub id: String,
    /// Where it stands now.
    pub status: Option<TaskStatus>,
    /// The agent that it is meant for.
    pub assigned_agent: Option<String>,
    /// What was done, and how it was checked. Replaces earlier notes.
    pub notes: Option<String>,
    /// Why it can't go on; to be given with the status `blocked`.
    pub blocked_reason: Option<String>,
    /// What is new in its metadata. Keys that are not given stay as they are.
    #[schemars(with = "Option<MetadataSchema>")]
    pub metadata: Option<Map<String, Value>>,
}

/// What `task_update` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskUpdated {
    /// The task's id.
    pub id: String,
    /// Where it stands now.
    pub status: TaskStatus,
    /// The stream that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
    /// When it was changed: now.
    pub updated_at: String,
    /// What may not be as it was meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A task as it is before it is changed.
struct Before {
    title: String,
    status: TaskStatus,
    prd_id: Option<String>,
    assigned_agent: Option<String>,
    notes: Option<String>,
    blocked_reason: Option<String>,
    /// `None` where it can't be read, or there is none.
    metadata: Option<Map<String, Value>>,
    archived: bool,
}

impl Tools {
    /// Makes a task. For the worker of a stream see [`only_stream`](Self::only_stream).
    ///
    /// # Errors
    /// [`ToolError`] if something given can't be, if its stream and others would wait for each other, if the tools are for
    /// the worker of another stream or of one that is not there, or if the database can't be written.
    pub fn task_create(&mut self, input: TaskCreateInput, now: Time) -> Result<TaskCreated, ToolError> {
        let mut made = self.tasks_create(vec![input], now)?;
        // One was given, so one was made.
        made.pop().ok_or_else(|| ToolError::invalid("title", "is missing"))
    }

    /// Makes several tasks, all or none. What one of them waits for may be the stream of a later one, under any name that
    /// [`stream_named`](crate::stream_named) understands. A stream that is not there is warned of: it may be made yet.
    ///
    /// # Errors
    /// As [`task_create`](Self::task_create), for the first that can't be made.
    pub fn tasks_create(
        &mut self,
        inputs: Vec<TaskCreateInput>,
        now: Time,
    ) -> Result<Vec<TaskCreated>, ToolError> {
        let (tasks, own) = (self.prepared(inputs)?, self.only_stream.clone());
        self.write(|connection| match own {
            Some(own) => insert_all(connection, of_worker(connection, tasks, &own)?, Some(&own), now),
            None => insert_all(connection, tasks, None, now),
        })
    }

    /// Makes a PRD and its tasks, all or none; the tasks need not name it.
    ///
    /// # Errors
    /// As [`prd_create`](Self::prd_create) and [`tasks_create`](Self::tasks_create).
    pub fn prd_with_tasks(
        &mut self,
        prd: PrdCreateInput,
        tasks: Vec<TaskCreateInput>,
        now: Time,
    ) -> Result<(PrdCreated, Vec<TaskCreated>), ToolError> {
        require_whole(self.only_stream.as_deref(), "prd_create")?;
        let (prd, tasks) = (NewPrd::of(prd)?, self.prepared(tasks)?);
        self.write(|connection| {
            let prd = prd.insert(connection, now)?;
            let of_it = |task| TaskCreateInput { prd_id: Some(prd.id.clone()), ..task };
            let tasks = insert_all(connection, tasks.into_iter().map(of_it).collect(), None, now)?;
            Ok((prd, tasks))
        })
    }

    fn prepared(&self, inputs: Vec<TaskCreateInput>) -> Result<Vec<TaskCreateInput>, ToolError> {
        let own = self.only_stream.as_deref();
        inputs.into_iter().map(|input| prepared(input, own)).collect()
    }

    /// Changes a task. Metadata is merged, key by key; metadata that can't be read is replaced by what is given. If it then
    /// waits for a stream that is not there, that is warned of, and refused to the worker of a stream.
    ///
    /// A task that is to be verified (`verificationRequired`, or a complexity of `High` or `Very High`) is completed only when it
    /// has acceptance criteria and proof: a work product, notes of at least fifty characters, or a blocked reason.
    ///
    /// # Errors
    /// [`ToolError`] if there is no such task, if it is archived or another stream's, if what is given can't be, if the
    /// tools are for the worker of a stream that is not there, or if the database can't be written.
    pub fn task_update(&mut self, input: TaskUpdateInput, now: Time) -> Result<TaskUpdated, ToolError> {
        let own = self.only_stream.clone();
        let TaskUpdateInput { id, status, assigned_agent, notes, blocked_reason, metadata: changes } = input;
        for (field, text) in
            [("notes", &notes), ("blockedReason", &blocked_reason), ("assignedAgent", &assigned_agent)]
        {
            limits::text(field, text.as_deref())?;
        }
        self.write(|connection| {
            let mut task = before(connection, &id)?;
            let what = format!("task {id} ({})", task.title);
            require_own(connection, own.as_deref(), &what, task.stream())?;
            if task.archived {
                return Err(ToolError::Archived { id }.into());
            }
            let metadata_changes = changes.is_some();
            let mut said = None;
            if let Some(changes) = changes {
                let from = task.stream().map(str::to_owned);
                let (metadata, unknown) = merged(connection, &id, &task, changes)?;
                task.metadata = Some(metadata);
                if let Some(own) = &own {
                    require_unmoved(own, &id, from.as_deref(), task.stream())?;
                }
                let is_unlinked =
                    task.prd_id.is_none() && task.stream().is_some() && task.stream() != from.as_deref();
                said = warning(connection, is_unlinked, unknown, own.as_deref())?;
            }
            task.notes = notes.or(task.notes);
            task.blocked_reason = blocked_reason.or(task.blocked_reason);
            task.assigned_agent = assigned_agent.or(task.assigned_agent);
            if status == Some(TaskStatus::Completed) && task.status != TaskStatus::Completed {
                require_proof(connection, &id, &task)?;
            }
            task.status = status.unwrap_or(task.status);
            let updated = TaskUpdated {
                status: task.status,
                stream_id: task.stream().map(str::to_owned),
                updated_at: timestamp(now),
                warning: said,
                id,
            };
            store(connection, &updated, task, metadata_changes)?;
            Ok(updated)
        })
    }
}

impl Before {
    /// The stream that it belongs to.
    fn stream(&self) -> Option<&str> {
        self.metadata.as_ref().and_then(metadata::stream)
    }
}

impl TaskCreateInput {
    fn is_in_a_stream(&self) -> bool {
        self.metadata.as_ref().is_some_and(|given| metadata::stream(given).is_some())
    }
}

/// `input`, checked, with its metadata as it is to be stored but for the names of the streams that it waits for.
fn prepared(mut input: TaskCreateInput, own: Option<&str>) -> Result<TaskCreateInput, ToolError> {
    limits::title("title", &input.title)?;
    limits::text("description", input.description.as_deref())?;
    limits::text("assignedAgent", input.assigned_agent.as_deref())?;
    let metadata = input.metadata.get_or_insert_default();
    metadata::prepare(metadata)?;
    if let Some(own) = own {
        match metadata::stream(metadata) {
            Some(stream) => require_same(own, stream)?,
            None => metadata::set_stream(metadata, own),
        }
    }
    metadata::complete(metadata);
    Ok(input)
}

/// The initiative that a new task belongs to, through its PRD. What the task refers to has to be there.
fn belongs_to(connection: &Connection, task: &TaskCreateInput) -> Result<Option<Arc<str>>, Stop> {
    if let Some(parent) = &task.parent_id
        && before(connection, parent)?.archived
    {
        return Err(ToolError::Archived { id: parent.clone() }.into());
    }
    let Some(prd) = &task.prd_id else { return Ok(None) };
    require_prd(connection, prd)?;
    Ok(Prds::new(connection).initiative(prd.as_bytes())?)
}

/// Finds out which streams the new tasks wait for; for each task what it waits for in vain, in words.
fn place_all(
    connection: &Connection,
    tasks: &mut [TaskCreateInput],
    initiatives: &[Option<Arc<str>>],
) -> Result<Vec<Option<String>>, Stop> {
    if !tasks.iter().any(TaskCreateInput::is_in_a_stream) {
        return Ok(vec![None; tasks.len()]);
    }
    let mut places = Places::new(connection, None)?;
    // All are there before any is looked at: one may wait for the stream of a later one.
    for (task, initiative) in tasks.iter().zip(initiatives) {
        if let Some(metadata) = &task.metadata {
            places.add(initiative, metadata);
        }
    }
    let mut unknown = Vec::with_capacity(tasks.len());
    for (task, initiative) in tasks.iter_mut().zip(initiatives) {
        let metadata = task.metadata.get_or_insert_default();
        places.settle(initiative, metadata)?;
        unknown.push(places.unknown(initiative, metadata));
    }
    Ok(unknown)
}

fn insert_all(
    connection: &Connection,
    mut tasks: Vec<TaskCreateInput>,
    own: Option<&str>,
    now: Time,
) -> Result<Vec<TaskCreated>, Stop> {
    let mut initiatives = Vec::with_capacity(tasks.len());
    for task in &tasks {
        initiatives.push(belongs_to(connection, task)?);
    }
    let unknown = place_all(connection, &mut tasks, &initiatives)?;
    let mut made = Vec::with_capacity(tasks.len());
    for (task, unknown) in tasks.into_iter().zip(unknown) {
        let is_unlinked = task.prd_id.is_none() && task.is_in_a_stream();
        let warning = warning(connection, is_unlinked, unknown, own)?;
        made.push(insert(connection, task, warning, now)?);
    }
    Ok(made)
}

fn insert(
    connection: &Connection,
    task: TaskCreateInput,
    warning: Option<String>,
    now: Time,
) -> Result<TaskCreated, Stop> {
    let TaskCreateInput { title, description, prd_id, parent_id, assigned_agent, metadata } = task;
    let metadata = metadata.unwrap_or_default();
    let stream_id = metadata::stream(&metadata).map(str::to_owned);
    let id = format!("TASK-{}", Uuid::new_v4());
    let created_at = timestamp(now);
    let mut statement = connection.prepare_cached(
        "INSERT INTO tasks (id, prd_id, parent_id, title, description, assigned_agent, status, metadata, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8, ?8)",
    )?;
    let metadata = limits::metadata(metadata)?;
    statement.execute((
        &id,
        &prd_id,
        &parent_id,
        &title,
        &description,
        &assigned_agent,
        &metadata,
        &created_at,
    ))?;
    Ok(TaskCreated { id, prd_id, parent_id, status: TaskStatus::Pending, stream_id, created_at, warning })
}

/// The task called `id` as it is.
fn before(connection: &Connection, id: &str) -> Result<Before, Stop> {
    let mut statement = connection.prepare_cached(
        "SELECT id, title, status, prd_id, assigned_agent, notes, blocked_reason, metadata, archived IS 1
         FROM tasks WHERE id = ?1",
    )?;
    let found = statement.query_row([id], |row| {
        let archived: bool = row.get(8)?;
        let record = Record::new("tasks", row);
        let read = || {
            Ok::<_, Fault>(Before {
                title: record.text(1)?,
                status: record.status(2)?,
                prd_id: record.optional_text(3)?,
                assigned_agent: record.optional_text(4)?,
                notes: record.optional_text(5)?,
                blocked_reason: record.optional_text(6)?,
                metadata: record.bytes(7).ok().flatten().and_then(object),
                archived,
            })
        };
        Ok(read())
    });
    Ok(found.optional()?.ok_or_else(|| ToolError::no_task(id))??)
}

/// `bytes` as a JSON object, if it is one.
fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(bytes).ok()
}

/// The metadata of `task` after `changes`, and if these place it anew what it waits for in vain, in words.
fn merged(
    connection: &Connection,
    id: &str,
    task: &Before,
    mut changes: Map<String, Value>,
) -> Result<(Map<String, Value>, Option<String>), Stop> {
    metadata::prepare(&mut changes)?;
    let is_placed_anew = ["streamId", "dependencies"].iter().any(|key| changes.contains_key(*key));
    let mut merged = task.metadata.clone().unwrap_or_default();
    merged.extend(changes);
    metadata::complete(&mut merged);
    let mut unknown = None;
    if is_placed_anew && metadata::stream(&merged).is_some() {
        let initiative = match &task.prd_id {
            Some(prd) => Prds::new(connection).initiative(prd.as_bytes())?,
            None => None,
        };
        let mut places = Places::new(connection, Some(id))?;
        places.add(&initiative, &merged);
        places.settle(&initiative, &mut merged)?;
        unknown = places.unknown(&initiative, &merged);
    }
    Ok((merged, unknown))
}

/// That a task that is to be verified may be completed.
fn require_proof(connection: &Connection, id: &str, task: &Before) -> Result<(), Stop> {
    let metadata = task.metadata.as_ref();
    if !metadata.is_some_and(metadata::is_to_be_verified) {
        return Ok(());
    }
    let refuse = |why| Err(ToolError::Unverified { id: id.into(), why }.into());
    if !metadata.is_some_and(metadata::has_acceptance_criteria) {
        return refuse(
            "it has no acceptance criteria; give metadata.acceptanceCriteria, a list of what has to be so, with task_update",
        );
    }
    let notes = task.notes.as_deref().map_or(0, |notes| notes.trim().chars().count());
    let is_explained = task.blocked_reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
    if notes < NOTES_THAT_PROVE && !is_explained && !has_work_product(connection, id)? {
        return refuse(
            "there is no proof; store what was made with work_product_store, or say in notes of at least 50 characters what \
             was done and how it was checked",
        );
    }
    Ok(())
}

fn has_work_product(connection: &Connection, task: &str) -> Result<bool, Stop> {
    Ok(connection.prepare_cached("SELECT 1 FROM work_products WHERE task_id = ?1")?.exists([task])?)
}

/// Writes what `task` is now, and its metadata only if that changed.
fn store(
    connection: &Connection,
    updated: &TaskUpdated,
    task: Before,
    metadata_changes: bool,
) -> Result<(), Stop> {
    let metadata = task.metadata.filter(|_| metadata_changes).map(limits::metadata).transpose()?;
    let mut statement = connection.prepare_cached(
        "UPDATE tasks SET status = ?2, assigned_agent = ?3, notes = ?4, blocked_reason = ?5,
                metadata = coalesce(?6, metadata), updated_at = ?7 WHERE id = ?1",
    )?;
    let status = updated.status.word();
    let Before { assigned_agent, notes, blocked_reason, .. } = task;
    statement.execute((
        &updated.id,
        status,
        assigned_agent,
        notes,
        blocked_reason,
        metadata,
        &updated.updated_at,
    ))?;
    Ok(())
}
