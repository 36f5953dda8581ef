//! `stream_list`, `stream_get`, `stream_conflict_check`: the streams that tasks form.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::graph::Graph;
use super::stream_rows::{Filter, Shelf, StreamRow, StreamRows, scope, stream_rows};
use super::{ToolError, Tools};
use crate::stream_metadata::union;
use crate::{Phase, TaskStatus};

/// What `stream_list` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamListInput {
    /// Only this initiative's streams; the current one's when neither this nor `prdId` is given.
    pub initiative_id: Option<String>,
    /// Only this PRD's streams.
    pub prd_id: Option<String>,
    /// Whether archived tasks count too.
    pub include_archived: Option<bool>,
}

/// What `stream_list` gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Streams {
    /// The streams: foundations, then parallel ones, then integrations; among those by name.
    pub streams: Vec<StreamListed>,
    /// Tasks that can't be said to belong to a stream, because their metadata can't be read. Cancelled ones are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableListed>,
}

/// A task whose metadata can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreadableListed {
    /// The task's id.
    pub id: String,
    /// What is wrong with its metadata: the key that is to be mended comes first.
    pub why: String,
    /// The stream that its metadata names all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
}

/// A stream, with its tasks counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamListed {
    /// Its id.
    pub stream_id: String,
    /// What it is called: by the first of its tasks that says so, else its id.
    pub stream_name: String,
    /// When its turn is; parallel when no task says.
    pub stream_phase: Phase,
    /// How many tasks it has.
    pub total_tasks: usize,
    /// How many of them are completed.
    pub completed_tasks: usize,
    /// How many of them are in progress.
    pub in_progress_tasks: usize,
    /// How many of them are blocked.
    pub blocked_tasks: usize,
    /// How many of them are pending.
    pub pending_tasks: usize,
    /// How many of them are cancelled.
    pub cancelled_tasks: usize,
    /// The files that its tasks name, each once.
    pub files: Vec<String>,
    /// The streams that its tasks wait for, each once; a name of no stream as it is written.
    pub dependencies: Vec<String>,
    /// Where it is worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worktree_path: Option<String>,
    /// The branch that it is worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_name: Option<String>,
}

/// What `stream_get` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamGetInput {
    /// The stream's id, such as `Stream-A`.
    pub stream_id: String,
    /// The initiative that it belongs to; the current one when neither this nor `prdId` is given.
    pub initiative_id: Option<String>,
    /// The PRD that it belongs to.
    pub prd_id: Option<String>,
    /// Whether its archived tasks count too. Without, they are given only when there are no others.
    pub include_archived: Option<bool>,
}

/// What `stream_get` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamInFull {
    /// The stream.
    #[serde(flatten)]
    pub stream: StreamListed,
    /// Completed if all its tasks are completed or cancelled; else blocked if any is, else in progress if any is, else pending.
    pub status: TaskStatus,
    /// Whether all its tasks are archived.
    pub archived: bool,
    /// Its tasks, in the order in which they were made.
    pub tasks: Vec<StreamTaskListed>,
}

/// A task of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamTaskListed {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// The agent that it is meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_agent: Option<String>,
    /// Why it can't go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_reason: Option<String>,
    /// The PRD that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prd_id: Option<String>,
    /// Whether it is archived.
    pub archived: bool,
}

/// What `stream_conflict_check` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConflictCheckInput {
    /// The files that are to be changed.
    pub files: Vec<String>,
    /// The stream that asks: its own tasks are no conflict.
    pub exclude_stream_id: Option<String>,
    /// Only this initiative's streams; the current one's when not given.
    pub initiative_id: Option<String>,
}

/// What `stream_conflict_check` gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflicts {
    /// Whether there is any.
    pub has_conflicts: bool,
    /// Each file that another stream's task names, with that task.
    pub conflicts: Vec<Conflict>,
}

/// A file that another stream changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The file.
    pub file: String,
    /// The stream.
    pub stream_id: String,
    /// What the stream is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_name: Option<String>,
    /// The task that names the file.
    pub task_id: String,
    /// What that task is about.
    pub task_title: String,
    /// Where that task stands.
    pub task_status: TaskStatus,
}

impl Tools {
    /// The streams of an initiative or a PRD, with their tasks counted.
    ///
    /// As long as there is no initiative at all, these are all streams; the originals give none then.
    ///
    /// # Errors
    /// [`ToolError`] if the database can't be read.
    pub fn stream_list(&self, input: &StreamListInput) -> Result<Streams, ToolError> {
        self.read(|connection| {
            let mut filter = scope(connection, input.initiative_id.as_deref(), input.prd_id.as_deref())?;
            if input.include_archived.unwrap_or(false) {
                filter.shelf = Shelf::Both;
            }
            let StreamRows { rows, unreadable } = stream_rows(connection, &filter)?;
            Ok(Streams { streams: listed(&rows), unreadable })
        })
    }

    /// One stream with its tasks.
    ///
    /// # Errors
    /// [`ToolError`] if there is no such stream, or the database can't be read.
    pub fn stream_get(&self, input: &StreamGetInput) -> Result<StreamInFull, ToolError> {
        self.read(|connection| {
            let filter = scope(connection, input.initiative_id.as_deref(), input.prd_id.as_deref())?;
            let filter = Filter { shelf: Shelf::Both, ..filter };
            let StreamRows { rows, .. } = stream_rows(connection, &filter)?;
            // What the dependencies mean depends on which streams there are.
            let graph = Graph::new(rows.iter().filter(|row| !row.archived));
            let mut own: Vec<_> = rows.into_iter().filter(|row| row.stream.id == input.stream_id).collect();
            let archived = own.iter().all(|row| row.archived);
            if !archived && !input.include_archived.unwrap_or(false) {
                own.retain(|row| !row.archived);
            }
            let mut stream = None;
            for row in &own {
                stream.get_or_insert_with(|| Gathered::new(row)).add(row, &graph);
            }
            let stream = stream.ok_or_else(|| ToolError::no_stream(&input.stream_id))?.listed();
            let tasks = own.into_iter().map(StreamTaskListed::from).collect();
            Ok(StreamInFull { status: status(&stream), stream, archived, tasks })
        })
    }

    /// Which of some files other streams are changing or have changed: those of tasks that are in progress or completed.
    /// Streams with a work tree of their own are no conflict.
    ///
    /// # Errors
    /// [`ToolError`] if the database can't be read.
    pub fn stream_conflict_check(&self, input: &ConflictCheckInput) -> Result<Conflicts, ToolError> {
        let asked: HashSet<&str> = input.files.iter().map(|file| plain(file)).collect();
        let rows = self.read(|connection| {
            let filter = scope(connection, input.initiative_id.as_deref(), None)?;
            Ok(stream_rows(connection, &filter)?.rows)
        })?;
        let apart: HashSet<&str> = rows
            .iter()
            .filter(|row| row.stream.worktree_path.is_some())
            .map(|row| row.stream.id.as_str())
            .chain(input.exclude_stream_id.as_deref())
            .collect();
        let mut conflicts = Vec::new();
        for row in &rows {
            let at_work = matches!(row.status, TaskStatus::InProgress | TaskStatus::Completed);
            if at_work && !apart.contains(row.stream.id.as_str()) {
                let files = row.stream.files.iter().filter(|file| asked.contains(plain(file)));
                conflicts.extend(files.map(|file| Conflict::new(file, row)));
            }
        }
        Ok(Conflicts { has_conflicts: !conflicts.is_empty(), conflicts })
    }
}

impl Conflict {
    fn new(file: &str, row: &StreamRow) -> Self {
        Self {
            file: file.into(),
            stream_id: row.stream.id.clone(),
            stream_name: row.stream.name.clone(),
            task_id: row.id.clone(),
            task_title: row.title.clone(),
            task_status: row.status,
        }
    }
}

impl From<StreamRow> for StreamTaskListed {
    fn from(row: StreamRow) -> Self {
        Self {
            id: row.id,
            title: row.title,
            status: row.status,
            assigned_agent: row.assigned_agent,
            blocked_reason: row.blocked_reason,
            prd_id: row.prd_id,
            archived: row.archived,
        }
    }
}

/// The streams that `rows` form, in the order of `stream_list`.
pub(super) fn listed(rows: &[StreamRow]) -> Vec<StreamListed> {
    let graph = Graph::new(rows);
    let mut streams: BTreeMap<&str, Gathered> = BTreeMap::new();
    for row in rows {
        streams.entry(&row.stream.id).or_insert_with(|| Gathered::new(row)).add(row, &graph);
    }
    let mut streams: Vec<StreamListed> = streams.into_values().map(Gathered::listed).collect();
    streams.sort_by(|one, other| {
        (one.stream_phase, &one.stream_name).cmp(&(other.stream_phase, &other.stream_name))
    });
    streams
}

/// The status of a stream as a whole.
pub(super) fn status(stream: &StreamListed) -> TaskStatus {
    if stream.completed_tasks + stream.cancelled_tasks == stream.total_tasks {
        TaskStatus::Completed
    } else if stream.blocked_tasks > 0 {
        TaskStatus::Blocked
    } else if stream.in_progress_tasks > 0 {
        TaskStatus::InProgress
    } else {
        TaskStatus::Pending
    }
}

/// A stream of which not all tasks have been seen.
struct Gathered {
    id: String,
    name: Option<String>,
    phase: Option<Phase>,
    counts: [usize; 5],
    files: Vec<String>,
    dependencies: Vec<String>,
    worktree_path: Option<String>,
    branch: Option<String>,
}

impl Gathered {
    fn new(row: &StreamRow) -> Self {
        Self {
            id: row.stream.id.clone(),
            name: None,
            phase: None,
            counts: [0; 5],
            files: Vec::new(),
            dependencies: Vec::new(),
            worktree_path: None,
            branch: None,
        }
    }

    fn add(&mut self, row: &StreamRow, graph: &Graph) {
        let stream = &row.stream;
        self.counts[row.status as usize] += 1;
        self.name = self.name.take().or_else(|| stream.name.clone());
        self.phase = self.phase.or(stream.phase);
        self.worktree_path = self.worktree_path.take().or_else(|| stream.worktree_path.clone());
        self.branch = self.branch.take().or_else(|| stream.branch.clone());
        self.files.extend_from_slice(&stream.files);
        let named = |name: &String| graph.named(name).unwrap_or(name).to_owned();
        self.dependencies.extend(stream.dependencies.iter().map(named));
    }

    fn listed(mut self) -> StreamListed {
        union(&mut self.files, Vec::new());
        union(&mut self.dependencies, Vec::new());
        let count = |status: TaskStatus| self.counts[status as usize];
        StreamListed {
            total_tasks: self.counts.iter().sum(),
            completed_tasks: count(TaskStatus::Completed),
            in_progress_tasks: count(TaskStatus::InProgress),
            blocked_tasks: count(TaskStatus::Blocked),
            pending_tasks: count(TaskStatus::Pending),
            cancelled_tasks: count(TaskStatus::Cancelled),
            stream_name: self.name.unwrap_or_else(|| self.id.clone()),
            stream_id: self.id,
            stream_phase: self.phase.unwrap_or(Phase::Parallel),
            files: self.files,
            dependencies: self.dependencies,
            worktree_path: self.worktree_path,
            branch_name: self.branch,
        }
    }
}

/// `file` without a `./` before it.
fn plain(file: &str) -> &str {
    file.trim_start_matches("./")
}
