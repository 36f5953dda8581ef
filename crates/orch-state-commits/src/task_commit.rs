//! The first commit of a task's branch: what the task is.

use crate::names::each_once;
use crate::text::{Document, Fields, Section, Unwritable, Writer, one_line, path_items, tidied_items, tidy};
use crate::{PlannedFile, TaskBranch, TaskId, TaskStatus, Unreadable};

const METADATA: &str = "Task Metadata";
const DEPENDENCIES: &str = "Dependencies";
const FILES: &str = "Files";
const KEY_FILES: &str = "Key Files";
const CONTEXT: &str = "Context";
const ESTIMATES: &str = "Estimates";
const NOTES: &str = "Implementation Notes";
const SECTIONS: [&str; 7] = [METADATA, DEPENDENCIES, FILES, KEY_FILES, CONTEXT, ESTIMATES, NOTES];

const TITLE: &str = "Initialize task";

/// The first commit of a task's branch (seed 004): what the task is.
///
/// [`read`](Self::read) takes every form that the original tools and agents write; [`write`](Self::write) gives the original
/// tool's, byte for byte, for values of one line. A value of several lines is indented from its second line on, so that
/// nothing in it can be taken for a heading or a field: the originals read its first line, orch all of it. A field
/// without a value is left out, because the originals take the next line for it.
///
/// ```
/// use orch_state_commits::TaskCommit;
///
/// let mut task = TaskCommit::new("task/001-user-model", "001".parse()?);
/// task.description = "Create User model".into();
/// task.provides = vec!["User model class".into()];
/// let message = task.write()?;
/// assert!(message.starts_with("Initialize task/001-user-model\n\n## Task Metadata\nID: 001\n"));
/// assert_eq!(TaskCommit::read(&message)?, task);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskCommit {
    /// The branch in the title, as it was written; empty when the title names none.
    pub branch: String,
    /// The text between the title and the first section.
    pub body: String,
    /// The task.
    pub id: TaskId,
    /// What is to be done. Any number of lines.
    pub description: String,
    /// Where it stood when the branch was made.
    pub status: TaskStatus,
    /// The capabilities that have to be there first.
    pub preconditions: Vec<String>,
    /// The capabilities that it brings about.
    pub provides: Vec<String>,
    /// The files that it is to touch.
    pub files: Vec<PlannedFile>,
    /// What the whole session is for. Any number of lines.
    pub session_goal: String,
    /// The session.
    pub session_id: String,
    /// The branch of the session's plan.
    pub plan_branch: String,
    /// The version of the plan, such as `v1`.
    pub plan_version: String,
    /// The tasks that it needs.
    pub depends_on: Vec<TaskId>,
    /// The tasks that need it.
    pub enables: Vec<TaskId>,
    /// The tasks that are done at the same time.
    pub parallel_with: Vec<TaskId>,
    /// The tasks that were done when the branch was made.
    pub completed_tasks: Vec<TaskId>,
    /// How long it may take, such as `8 minutes`.
    pub estimated_time: String,
    /// How urgent it is: `critical`, `high`, `medium`, `low`.
    pub priority: String,
    /// What else the worker is told; lines of known sections that are no field are here.
    pub implementation_notes: String,
    /// Sections that orch has no field for.
    pub extra: Vec<Section>,
}

impl TaskCommit {
    /// The most that is read of a message, in bytes.
    pub const LARGEST: usize = crate::text::LARGEST;

    /// A pending task about which nothing is said yet.
    pub fn new(branch: impl Into<String>, id: TaskId) -> Self {
        Self {
            branch: branch.into(),
            body: String::new(),
            id,
            description: String::new(),
            status: TaskStatus::Pending,
            preconditions: Vec::new(),
            provides: Vec::new(),
            files: Vec::new(),
            session_goal: String::new(),
            session_id: String::new(),
            plan_branch: String::new(),
            plan_version: String::new(),
            depends_on: Vec::new(),
            enables: Vec::new(),
            parallel_with: Vec::new(),
            completed_tasks: Vec::new(),
            estimated_time: String::new(),
            priority: String::new(),
            implementation_notes: String::new(),
            extra: Vec::new(),
        }
    }

    /// The task of a branch: the first of `messages` that is a task's first commit. `messages` are those of the branch
    /// alone, the oldest first.
    ///
    /// ```
    /// use orch_state_commits::TaskCommit;
    /// let messages = ["Initialize task/002-api\n", "[task-002] Implement: routes (1/4)\n"];
    /// assert_eq!(TaskCommit::first_of(messages).unwrap().id.as_str(), "002");
    /// ```
    pub fn first_of<'m>(messages: impl IntoIterator<Item = &'m str>) -> Option<Self> {
        messages.into_iter().find_map(|message| Self::read(message).ok())
    }

    /// Reads the first commit of a task's branch.
    ///
    /// # Errors
    /// [`Unreadable::Other`] if neither its title (`Initialize task/…`) nor a section `Task Metadata` says that it is one;
    /// [`Unreadable::NoId`] if no id can be read in it; [`Unreadable::TooLarge`].
    pub fn read(message: &str) -> Result<Self, Unreadable> {
        let mut document = Document::read(message)?;
        let rest = document.title.strip_prefix(TITLE).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let branch = rest.map(|rest| if rest.is_empty() { String::new() } else { format!("task{rest}") });
        let branch = branch.filter(|branch| is_branch(branch));
        if branch.is_none() && !document.has(METADATA) {
            return Err(Unreadable::other("the first commit of a task", &document.title));
        }
        let mut body = document.body();
        if branch.is_none() {
            body = tidy(&format!("{}\n\n{body}", document.title));
        }
        let branch = branch.unwrap_or_default();
        let [metadata, dependencies, files, key_files, context, estimates] =
            [METADATA, DEPENDENCIES, FILES, KEY_FILES, CONTEXT, ESTIMATES].map(|name| document.take(name));
        let known = ["ID", "Description", "Instruction", "Status", "Priority", "Estimated Time"];
        let mut metadata = Fields::read(&metadata, &known);
        let mut dependencies = Fields::read(&dependencies, &["Preconditions", "Provides", "Depends on"]);
        let mut files = Fields::read(&files, &["Files to modify", "Files"]);
        let mut context = Fields::read(&context, &CONTEXT_FIELDS);
        let mut estimates = Fields::read(&estimates, &["Estimated Time", "Priority"]);

        let id = metadata.line("ID").parse().ok().or_else(|| TaskBranch::id_in(&branch));
        let mut task = Self::new("", id.ok_or_else(|| Unreadable::no_id(&document.title))?);
        task.description = first([metadata.text("Description"), metadata.text("Instruction")]);
        task.status = TaskStatus::read(&metadata.line("Status"));
        task.preconditions = dependencies.items("Preconditions");
        task.provides = dependencies.items("Provides");
        let named = first([files.items("Files to modify"), files.items("Files"), path_items(&key_files)]);
        task.files = named.into_iter().map(PlannedFile::from).collect();
        task.session_goal = context.text("Session Goal");
        task.session_id = first([context.line("Session ID"), context.line("Session name")]);
        task.plan_branch = context.line("Plan Branch");
        task.plan_version = context.line("Plan Version");
        let related = context.text("Related Tasks").replace("\n- ", "\n");
        let mut related =
            Fields::read(related.trim_start_matches("- "), &["Depends on", "Enables", "Parallel with"]);
        task.depends_on =
            first([context.ids("Depends on"), related.ids("Depends on"), dependencies.ids("Depends on")]);
        task.enables = first([context.ids("Enables"), related.ids("Enables")]);
        task.parallel_with = first([context.ids("Parallel with"), related.ids("Parallel with")]);
        task.completed_tasks = context.ids("Completed Tasks");
        task.estimated_time = first([estimates.line("Estimated Time"), metadata.line("Estimated Time")]);
        task.priority =
            first([estimates.line("Priority"), metadata.line("Priority"), context.line("Priority")]);

        let stray = [metadata, dependencies, files, context, estimates].map(|fields| fields.stray());
        let notes = [document.take_text(NOTES)].into_iter().chain(stray).filter(|text| !text.is_empty());
        task.implementation_notes = notes.collect::<Vec<_>>().join("\n\n");
        (task.branch, task.body, task.extra) = (branch, body, document.into_rest());
        Ok(task)
    }

    /// The message.
    ///
    /// # Errors
    /// [`Unwritable`] if a value would not come back the same; after [`tidied`](Self::tidied) that is so only for titles of
    /// sections that are a section of their own, and for messages that are too long.
    pub fn write(&self) -> Result<String, Unwritable> {
        let title = self.branch.strip_prefix("task").unwrap_or_default();
        let mut to = Writer::new(&format!("{TITLE}{title}"));
        to.check(is_branch(&self.branch), "branch", "is not `task/` and a name without blanks");
        to.body(&self.body);
        to.heading(METADATA);
        to.word("ID", self.id.as_str());
        to.text("Description", &self.description);
        to.check(self.status.clone().tidied() == self.status, "status", "is another word for a status");
        to.word("Status", self.status.word());
        to.heading(DEPENDENCIES);
        to.list("Preconditions", &self.preconditions);
        to.line("");
        to.list("Provides", &self.provides);
        to.heading(FILES);
        to.list("Files to modify", &self.files);
        to.heading(CONTEXT);
        to.text("Session Goal", &self.session_goal);
        to.word("Session ID", &self.session_id);
        to.word("Plan Branch", &self.plan_branch);
        to.word("Plan Version", &self.plan_version);
        to.ids("Depends on", &self.depends_on);
        to.ids("Enables", &self.enables);
        to.ids("Parallel with", &self.parallel_with);
        to.ids("Completed Tasks", &self.completed_tasks);
        to.heading(ESTIMATES);
        to.word("Estimated Time", &self.estimated_time);
        to.word("Priority", &self.priority);
        if !self.implementation_notes.is_empty() {
            to.section(NOTES, &self.implementation_notes);
        }
        to.extra(&self.extra, &SECTIONS);
        to.finish()
    }

    /// The same task with every value in the form in which it is written: plain line ends, no control characters, no
    /// blanks at the ends, single lines where only one has room, no list items that say nothing, no id twice in a list.
    #[must_use]
    pub fn tidied(self) -> Self {
        let branch = one_line(&self.branch);
        Self {
            branch: if is_branch(&branch) { branch } else { String::new() },
            body: tidy(&self.body),
            id: self.id,
            description: tidy(&self.description),
            status: self.status.tidied(),
            preconditions: tidied_items(self.preconditions),
            provides: tidied_items(self.provides),
            files: tidied_files(self.files),
            session_goal: tidy(&self.session_goal),
            session_id: one_line(&self.session_id),
            plan_branch: one_line(&self.plan_branch),
            plan_version: one_line(&self.plan_version),
            depends_on: each_once(self.depends_on),
            enables: each_once(self.enables),
            parallel_with: each_once(self.parallel_with),
            completed_tasks: each_once(self.completed_tasks),
            estimated_time: one_line(&self.estimated_time),
            priority: one_line(&self.priority),
            implementation_notes: tidy(&self.implementation_notes),
            extra: self
                .extra
                .into_iter()
                .map(Section::tidied)
                .filter(|extra| !extra.title.is_empty())
                .collect(),
        }
    }
}

const CONTEXT_FIELDS: [&str; 11] = [
    "Session Goal",
    "Session ID",
    "Session name",
    "Plan Branch",
    "Plan Version",
    "Depends on",
    "Enables",
    "Parallel with",
    "Completed Tasks",
    "Related Tasks",
    "Priority",
];

/// Whether `text` can stand in the title as the branch; empty is none.
fn is_branch(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix("task/").is_some_and(|rest| {
            !rest.is_empty()
                && !rest.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\u{fffd}')
        })
}

pub(crate) fn tidied_files(files: Vec<PlannedFile>) -> Vec<PlannedFile> {
    let texts = files.into_iter().map(|file| file.as_str().to_owned()).collect();
    tidied_items(texts).into_iter().map(PlannedFile::from).collect()
}

/// The first that says something.
pub(crate) fn first<T: Default + PartialEq, const N: usize>(values: [T; N]) -> T {
    values.into_iter().find(|value| *value != T::default()).unwrap_or_default()
}
