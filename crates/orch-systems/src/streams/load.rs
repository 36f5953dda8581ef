//! From the tasks of a database to a plan of streams.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::{Diagnostic, Plan, PlanDraft, Reference, TaskDraft, TaskIx};
use orch_git::BranchName;
use orch_state_sqlite::{
    DbError, Initiative, MemoryDb, MemoryInitiative, Phase, RowMark, Scope, StreamTask, StreamTasks, TaskDb,
    TaskStatus,
};

use super::database::{Surroundings, memory_db, workspace_of};
use super::depends::{Known, Meant};
use super::names::{branch, file_name};
use crate::claims::claim;
use crate::session::repository_root;
use crate::{Finding, OpenError};

/// As many characters as the id of a stream has at most.
const LONGEST_ID: usize = 200;

/// Findings of one sort that are listed one by one.
const LISTED: usize = 20;

/// The streams of a project, as its `tasks.db` has them.
#[derive(Clone, Debug)]
pub struct StreamPlan {
    /// The database.
    pub path: PathBuf,
    /// The folder that it is in, beside which orch keeps its own files: one database is run by one orch, whatever project
    /// it is called from.
    pub folder: PathBuf,
    /// The root of the project that the streams work on.
    pub project: PathBuf,
    /// Whether that is a git repository.
    pub in_repository: bool,
    /// The workspace.
    pub workspace: String,
    /// The initiative that the streams belong to, if they belong to one.
    pub initiative: Option<InitiativeSummary>,
    /// The streams, one task of the plan each: by phase, then by name.
    pub streams: Arc<Vec<PlannedStream>>,
    /// The plan made of them.
    pub plan: Arc<Plan>,
    /// What is worth saying although the plan is valid.
    pub warnings: Vec<Finding>,
    /// Whether the streams of all initiatives are meant.
    pub all_initiatives: bool,
    /// Whether the database is of a newer version, which is read and not written.
    pub is_newer: bool,
    /// The rows that were there when it was loaded.
    pub(super) mark: RowMark,
}

/// What the streams are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitiativeSummary {
    /// Its id.
    pub id: String,
    /// What it is called, by the memory of the project where that knows it.
    pub name: String,
    /// What it is to achieve; empty when nobody says.
    pub goal: String,
}

impl InitiativeSummary {
    /// The current initiative of the database at `path`, whether or not it has streams; none when there is none.
    ///
    /// # Errors
    /// [`OpenError::Database`] when the database can't be read.
    pub fn current(path: &Path) -> Result<Option<Self>, OpenError> {
        let current = TaskDb::open(path).and_then(|db| db.current_initiative()).map_err(unusable)?;
        let memory = memory(&workspace_of(path));
        Ok(current.map(|initiative| Self::named(&initiative, memory.as_ref())))
    }

    fn named(initiative: &Initiative, memory: Option<&Remembered>) -> Self {
        let remembered = memory.and_then(|(_, db)| db.initiative(&initiative.id).ok().flatten());
        let (name, goal) = match remembered {
            Some(remembered) => (remembered.name, remembered.goal),
            None => (initiative.title.clone(), initiative.description.clone()),
        };
        Self { id: initiative.id.clone(), name, goal: goal.unwrap_or_default() }
    }
}

/// A stream of the plan.
#[derive(Clone, Debug)]
pub struct PlannedStream {
    /// Its id, such as `Stream-A`.
    pub id: String,
    /// What it is called; its id where nobody says.
    pub name: String,
    /// Its phase, by which streams are listed.
    pub phase: Phase,
    /// The files that its tasks name; they may be globs.
    pub files: Vec<String>,
    /// Its tasks in the order in which they were made.
    pub tasks: Vec<PlannedTask>,
    /// The branch of its work.
    pub branch: String,
}

/// A task of a stream, as it stood when it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTask {
    /// Its id, such as `TASK-…`.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Where it stood.
    pub status: TaskStatus,
}

impl PlannedStream {
    /// Whether there was nothing left to do in it when it was loaded.
    pub fn is_complete(&self) -> bool {
        self.tasks.iter().all(|task| task.status.is_settled())
    }

    /// The name of its files and of its work tree.
    pub fn file_name(&self) -> String {
        file_name(&self.id)
    }
}

impl StreamPlan {
    /// Reads the streams of the database at `path` for `project`, and checks all that can be checked without running
    /// anything: those of the current initiative, or of all.
    ///
    /// # Errors
    /// [`OpenError::Read`] when there is no database, [`OpenError::Environment`] when it can't be used,
    /// [`OpenError::Invalid`] with everything that was found in it.
    pub fn load(path: &Path, project: &Path, all_initiatives: bool) -> Result<Self, OpenError> {
        let db = TaskDb::open(path).map_err(unusable)?;
        let scope = if all_initiatives { Scope::All } else { Scope::Current };
        let read = db.stream_tasks(&scope).map_err(unusable)?;
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let workspace = workspace_of(&path);
        let memory = memory(&workspace);
        let mut found: Vec<Diagnostic> = Vec::new();
        found.extend(unreadable(&read));
        found.extend(unlinked(&read));
        if db.is_newer() {
            let message =
                format!("the database is of version {}, newer than the 10 that orch knows", db.version());
            found.push(
                Diagnostic::warning("tasks_db.newer", message)
                    .hint("it is read, and never written; update orch"),
            );
        }
        let streams = streams(&read.tasks);
        let placed = |found: Vec<Diagnostic>| found.into_iter().map(|one| Finding::new(&path, one)).collect();
        if streams.is_empty() {
            found.push(none_found(&read));
            return Err(OpenError::Invalid { findings: placed(found), path });
        }
        found.extend(streams.iter().filter_map(unnameable));
        let initiative = summary(&read, memory.as_ref(), &mut found);
        let draft = draft(&streams, &read.tasks, initiative.as_ref(), &mut found);
        let known: HashSet<&str> = streams.iter().map(|stream| stream.id.as_str()).collect();
        // One that only misspells what it depends on is told that.
        let waits = |task: &TaskDraft| {
            !task.depends_on.is_empty() && task.depends_on.iter().all(|on| known.contains(on.name.as_str()))
        };
        if draft.tasks.iter().all(waits) {
            let message = "no foundation stream: every stream depends on another one";
            let hint = "at least one stream must have `dependencies: []`";
            found.push(Diagnostic::error("streams.foundation", message).hint(hint));
        }
        let built =
            Plan::build(draft).map_err(|problems| found.extend(problems.iter().map(Diagnostic::from)));
        let Some(plan) = built.ok().filter(|_| !found.iter().any(Diagnostic::is_error)) else {
            return Err(OpenError::Invalid { findings: placed(found), path });
        };
        let project = std::fs::canonicalize(project).unwrap_or_else(|_| project.to_owned());
        Ok(Self {
            folder: path.parent().unwrap_or(Path::new("/")).to_owned(),
            in_repository: repository_root(&project).is_some(),
            project,
            workspace,
            initiative,
            streams: Arc::new(streams),
            plan: Arc::new(plan),
            warnings: placed(found),
            all_initiatives,
            is_newer: db.is_newer(),
            mark: read.mark,
            path,
        })
    }

    /// The stream of a task of the plan.
    pub fn stream(&self, task: TaskIx) -> &PlannedStream {
        &self.streams[task.index()]
    }

    /// Whether a task that came since belongs to the initiative that is meant.
    pub(super) fn is_meant(&self, task: &StreamTask) -> bool {
        match &self.initiative {
            Some(initiative) if !self.all_initiatives => {
                task.initiative_id.as_deref() == Some(&initiative.id)
            }
            _ => true,
        }
    }

    /// The name that orch's own files for the plan go by.
    pub(crate) fn home_name(&self) -> &str {
        self.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("tasks")
    }

    /// The files that a stream's tasks name; they may be globs.
    pub fn files(&self, task: TaskIx) -> impl Iterator<Item = &str> {
        self.stream(task).files.iter().map(String::as_str)
    }
}

/// A database that can't be used, as whoever wants to open the plan is told.
pub(super) fn unusable(error: DbError) -> OpenError {
    OpenError::Database(error)
}

/// The active initiative in the memory of a project, and the memory.
type Remembered = (Option<MemoryInitiative>, MemoryDb);

fn memory(workspace: &str) -> Option<Remembered> {
    let path = memory_db(workspace, &Surroundings::of_process())?;
    // It only names things: one that can't be read leaves them with the names that tasks.db has.
    let db = MemoryDb::open(&path).ok()?;
    Some((db.active_initiative().ok().flatten(), db))
}

/// Streams in the order in which they are listed: by phase, then by name, then by id.
fn streams(tasks: &[StreamTask]) -> Vec<PlannedStream> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut files: HashSet<(usize, &str)> = HashSet::new();
    let mut streams: Vec<(PlannedStream, Option<Phase>, Option<String>)> = Vec::new();
    for task in tasks {
        let stream = &task.stream;
        let place = *places.entry(&stream.id).or_insert_with(|| {
            streams.push((
                PlannedStream {
                    id: stream.id.clone(),
                    name: String::new(),
                    phase: Phase::Parallel,
                    files: Vec::new(),
                    tasks: Vec::new(),
                    branch: branch(&stream.id),
                },
                None,
                None,
            ));
            streams.len() - 1
        });
        let (planned, phase, branch) = &mut streams[place];
        planned.tasks.push(PlannedTask {
            id: task.id.clone(),
            title: task.title.clone(),
            status: task.status,
        });
        if planned.name.is_empty() {
            planned.name = stream.name.clone().unwrap_or_default();
        }
        *phase = phase.or(stream.phase);
        *branch = branch.take().or_else(|| stream.branch.clone());
        for file in &stream.files {
            if files.insert((place, file)) {
                planned.files.push(file.clone());
            }
        }
    }
    let mut named: HashMap<String, u32> = HashMap::new();
    for name in streams.iter().filter_map(|(.., branch)| branch.clone()) {
        *named.entry(name).or_default() += 1;
    }
    let is_free = |name: &String| named[name] == 1;
    let mut streams: Vec<PlannedStream> = streams
        .into_iter()
        .map(|(mut planned, phase, branch)| {
            planned.phase = phase.unwrap_or(Phase::Parallel);
            if planned.name.is_empty() {
                planned.name.clone_from(&planned.id);
            }
            // One that two streams name, or that git has no room for, is nobody's.
            if let Some(branch) =
                branch.filter(|name| BranchName::new(name.as_str()).is_ok() && is_free(name))
            {
                planned.branch = branch;
            }
            planned
        })
        .collect();
    streams.sort_by(|a, b| (a.phase, &a.name, &a.id).cmp(&(b.phase, &b.name, &b.id)));
    streams
}

fn draft(
    streams: &[PlannedStream],
    tasks: &[StreamTask],
    initiative: Option<&InitiativeSummary>,
    found: &mut Vec<Diagnostic>,
) -> PlanDraft {
    let known = Known::of(tasks);
    let places: HashMap<&str, usize> =
        streams.iter().enumerate().map(|(place, stream)| (stream.id.as_str(), place)).collect();
    let mut drafts: Vec<TaskDraft> = streams
        .iter()
        .map(|stream| TaskDraft { id: stream.id.clone(), title: stream.name.clone(), ..TaskDraft::default() })
        .collect();
    let mut said: HashSet<(usize, String)> = HashSet::new();
    for task in tasks {
        let id = task.stream.id.as_str();
        let draft = &mut drafts[places[id]];
        for written in &task.stream.dependencies {
            let name = match known.meant(written, id) {
                Meant::Itself => continue,
                Meant::Stream(name) | Meant::Unknown(name) => name,
            };
            if said.insert((places[id], name.clone())) {
                draft.depends_on.push(Reference { name, at: None });
            }
        }
    }
    let files: Vec<&[String]> = streams.iter().map(|stream| stream.files.as_slice()).collect();
    let ids: Vec<&str> = streams.iter().map(|stream| stream.id.as_str()).collect();
    for overlap in claim(&files, &mut drafts).iter().take(LISTED) {
        let (a, b) = (ids[overlap.a], ids[overlap.b]);
        let message = format!("`{a}` and `{b}` may both touch {}", overlap.files);
        let hint = "they never run at the same time; let one depend on the other to build on its work";
        found.push(Diagnostic::warning("streams.overlap", message).hint(hint));
    }
    let objective = initiative.map(|initiative| match &*initiative.goal {
        "" => initiative.name.clone(),
        goal => format!("{}: {goal}", initiative.name),
    });
    PlanDraft { objective: objective.unwrap_or_default(), tasks: drafts, identity: Vec::new() }
}

/// A task whose metadata can't be read may be one of any stream: a stream without it would count as done too early.
fn unreadable(read: &StreamTasks) -> Vec<Diagnostic> {
    let one = |task: &orch_state_sqlite::UnreadableTask| {
        let of = task
            .stream
            .as_ref()
            .map(|id| format!(" of the stream `{}`", clipped(&id.escape_debug().to_string())))
            .unwrap_or_default();
        let message = format!("the task {} (`{}`){of}: {}", task.id, clipped(&task.title), task.why);
        let hint = match &task.stream {
            Some(_) => "mend that key of its metadata with task_update, or set its status to `cancelled`",
            None => {
                "mend its metadata with task_update, or set its status to `cancelled`: nobody can say which stream it is of"
            }
        };
        Diagnostic::error("streams.metadata", message).hint(hint)
    };
    let mut found: Vec<Diagnostic> = read.unreadable.iter().take(LISTED).map(one).collect();
    if let Some(more) = read.unreadable.len().checked_sub(LISTED).filter(|more| *more > 0) {
        found.push(Diagnostic::error("streams.metadata", format!("and {more} more such tasks")));
    }
    found
}

/// An id that can't be named on a line of its own.
fn unnameable(stream: &PlannedStream) -> Option<Diagnostic> {
    let why = match &stream.id {
        id if id.chars().any(char::is_control) => "holds control characters",
        id if id.chars().count() > LONGEST_ID => "is longer than 200 characters",
        _ => return None,
    };
    let task = stream.tasks.first().map_or("", |task| &task.id);
    let message =
        format!("the stream id `{}` {why} (task {task})", clipped(&stream.id.escape_debug().to_string()));
    Some(Diagnostic::error("streams.id", message).hint("change `streamId` in its tasks with task_update"))
}

fn unlinked(read: &StreamTasks) -> Option<Diagnostic> {
    (read.unlinked > 0).then(|| {
        let (tasks, belong) = if read.unlinked == 1 { ("task", "belongs") } else { ("tasks", "belong") };
        let message =
            format!("{} {tasks} with a stream {belong} to no PRD, and so to no initiative", read.unlinked);
        Diagnostic::warning("streams.unlinked", message)
            .hint("they are left out; `--all-initiatives` takes them as well")
    })
}

/// The words of seed 001.
fn none_found(read: &StreamTasks) -> Diagnostic {
    let message = match &read.initiative {
        Some(initiative) => {
            format!("no streams found in Task Copilot for the initiative `{}`", clipped(&initiative.title))
        }
        None => "no streams found in Task Copilot".into(),
    };
    let hint = "tasks must include stream metadata: {\"streamId\": \"Stream-A\", \"streamName\": \"Description\", \
                \"dependencies\": []}; `orch generate \"what is wanted\"` makes a PRD and tasks with it";
    Diagnostic::error("streams.none", message).hint(hint)
}

fn summary(
    read: &StreamTasks,
    memory: Option<&Remembered>,
    found: &mut Vec<Diagnostic>,
) -> Option<InitiativeSummary> {
    let initiative = read.initiative.as_ref()?;
    if let Some((Some(active), _)) = memory
        && active.id != initiative.id
    {
        let message = format!(
            "the active initiative in the project's memory is `{}`, and the tasks belong to `{}`",
            clipped(&active.name),
            clipped(&initiative.title)
        );
        let hint = "`orch generate` links the active one; streams of the one before are archived then";
        found.push(Diagnostic::warning("streams.initiative", message).hint(hint));
    }
    Some(InitiativeSummary::named(initiative, memory))
}

/// The beginning of a text, for a message.
fn clipped(text: &str) -> String {
    const MOST: usize = 80;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
