//! The commits of a worker on its task's branch.

use crate::text::{Document, Fields, Section, free_text, parts, tidy};
use crate::{TaskId, Unreadable};

const PROGRESS: &str = "Progress";

/// A commit of a worker on its task's branch (seed 004): how far it is. Workers write it; orch only reads it.
///
/// ```
/// use orch_state_commits::{WorkerCommit, WorkerStep};
///
/// let commit = WorkerCommit::read(
///     "[task-001] Implement: add login (2/5)\n\n## TODO List\n- [x] 1. model\n- [x] 2. login  ← COMPLETED\n- [ ] 3. tests\n",
/// )?;
/// assert_eq!((commit.kind, commit.step, commit.text.as_str()), (WorkerStep::Implement, Some((2, 5)), "add login"));
/// assert_eq!(commit.todo[1].text, "login");
/// assert_eq!(commit.done(), (2, 3));
/// # Ok::<(), orch_state_commits::Unreadable>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerCommit {
    /// The task, if the title names it.
    pub task: Option<TaskId>,
    /// What the commit is about.
    pub kind: WorkerStep,
    /// What the title says, without the task, the kind and the step.
    pub text: String,
    /// The step in the title, and how many there are: `(2/8)`. May disagree with [`progress`](Self::progress).
    pub step: Option<(u32, u32)>,
    /// What was done in this commit.
    pub implementation: String,
    /// The parts of the design, each with its heading; what is before the first has none.
    pub design: Vec<Section>,
    /// What is to be done.
    pub todo: Vec<Todo>,
    /// How far the worker says it is, if it does.
    pub progress: Option<Progress>,
    /// The text before the first section.
    pub body: String,
    /// Sections that orch has no field for.
    pub extra: Vec<Section>,
}

/// What a worker's commit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkerStep {
    /// The design, before any work: `Initialize:`, later `Design:`.
    Initialize,
    /// A step of the work: `Implement:`, later `Progress:`.
    Implement,
    /// A check of the work: `Verify:`.
    Verify,
    /// The end of the work: `COMPLETE:`.
    Complete,
    /// The worker can't go on: `ERROR:`.
    Error,
    /// None of these.
    Other,
}

/// One line of a worker's list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Todo {
    /// Its number: as written, or its place in the list.
    pub number: u32,
    /// What is to be done, without the mark that says that it was done just now.
    pub text: String,
    /// Whether it is done.
    pub done: bool,
}

/// How far a worker says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    /// `design_complete`, `in_progress`, `complete`, or another word; empty when it doesn't say.
    pub status: String,
    /// How many are done.
    pub completed: u32,
    /// How many there are; zero when it doesn't say.
    pub total: u32,
    /// What else is said, in prose.
    pub note: String,
}

impl WorkerCommit {
    /// The most that is read of a message, in bytes.
    pub const LARGEST: usize = crate::text::LARGEST;

    /// Reads the commit of a worker: `[task-001] Implement: …`, a title of later versions such as `Progress: …`, or any with a
    /// section `TODO List`.
    ///
    /// # Errors
    /// [`Unreadable::Other`] for every other message; [`Unreadable::TooLarge`].
    pub fn read(message: &str) -> Result<Self, Unreadable> {
        let mut document = Document::read(message)?;
        let (task, rest) = task_in(&document.title);
        let (kind, rest) = WorkerStep::in_title(rest);
        if task.is_none() && kind == WorkerStep::Other && !document.has("TODO List") {
            return Err(Unreadable::other("a worker's commit", &document.title));
        }
        let (text, step) = step_in(rest);
        let progress = document.take(PROGRESS);
        let design = [document.take("Design"), document.take("Implementation Design")].join("\n\n");
        let (before, mut design) = parts(&tidy(&design));
        if !before.trim().is_empty() {
            design.insert(0, Section::new("", before));
        }
        let design = design.into_iter().map(|part| Section { text: free_text(&part.text), ..part });
        Ok(Self {
            task,
            kind,
            text,
            step,
            implementation: document.take_text("Implementation"),
            design: design.collect(),
            todo: todo(&document.take("TODO List")),
            progress: (!progress.is_empty()).then(|| Progress::read(&progress)),
            body: document.body(),
            extra: document.into_rest(),
        })
    }

    /// The part of the design under the heading `title`.
    pub fn design_part(&self, title: &str) -> Option<&str> {
        self.design.iter().find(|part| part.is(title)).map(|part| part.text.as_str())
    }

    /// How many steps are done, and how many there are: by the list, which the worker keeps line by line; without one by
    /// what it says of its progress; else by the title.
    pub fn done(&self) -> (usize, usize) {
        let pair = |(done, total): (u32, u32)| (done as usize, total as usize);
        let said = self.progress.as_ref().filter(|progress| progress.total > 0);
        match said.map(|progress| (progress.completed, progress.total)).or(self.step) {
            _ if !self.todo.is_empty() => {
                (self.todo.iter().filter(|todo| todo.done).count(), self.todo.len())
            }
            said => said.map(pair).unwrap_or_default(),
        }
    }
}

impl WorkerStep {
    /// What `title` begins with, and what follows it.
    fn in_title(title: &str) -> (Self, &str) {
        let (name, rest) = title.split_once(':').unwrap_or(("", title));
        let kind = match name.trim().to_ascii_lowercase().as_str() {
            "initialize" | "design" => Self::Initialize,
            "implement" | "progress" => Self::Implement,
            "verify" => Self::Verify,
            "complete" => Self::Complete,
            "error" => Self::Error,
            _ => return (Self::Other, title),
        };
        (kind, rest)
    }

    /// The word of the tool `parse_worker_commit`. The first two and the last are the original's.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Initialize => "initial_design",
            Self::Implement => "implementation",
            Self::Verify => "verification",
            Self::Complete => "complete",
            Self::Error => "error",
            Self::Other => "unknown",
        }
    }
}

impl Progress {
    fn read(text: &str) -> Self {
        let mut fields = Fields::read(text, &["Status", "Completed"]);
        let status = fields.line("Status");
        let completed = fields.line("Completed");
        let ((completed, total), prose) = leading_pair(&completed).unwrap_or(((0, 0), &completed));
        let prose = prose.trim_start_matches([',', ';', ':', '.', ' ']);
        let note = tidy(&format!("{prose}\n{}", fields.stray()));
        Self { status, completed, total, note }
    }
}

/// The task in `[task-001]` that `title` begins with, and what follows it.
fn task_in(title: &str) -> (Option<TaskId>, &str) {
    let bracketed = title.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match bracketed.and_then(|(id, rest)| Some((TaskId::leading(id)?.0, rest))) {
        Some((id, rest)) => (Some(id), rest.trim_start()),
        None => (None, title),
    }
}

/// What a title says, and the step `(2/8)` at its end.
fn step_in(title: &str) -> (String, Option<(u32, u32)>) {
    let title = title.trim();
    let found = title.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    match found
        .and_then(|(text, pair)| Some((text, leading_pair(pair).filter(|(_, rest)| rest.is_empty())?.0)))
    {
        Some((text, step)) => (text.trim().to_owned(), Some(step)),
        None => (title.to_owned(), None),
    }
}

/// The two numbers that `text` begins with, as in `2/5 tasks`, and what follows them and that word.
fn leading_pair(text: &str) -> Option<((u32, u32), &str)> {
    let (completed, rest) = text.trim().split_once('/')?;
    let rest = rest.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let pair = (completed.trim().parse().ok()?, rest[..digits].parse().ok()?);
    let rest = rest[digits..].trim_start();
    Some((
        pair,
        rest.strip_prefix("tasks").or_else(|| rest.strip_prefix("task")).unwrap_or(rest).trim_start(),
    ))
}

/// The lines of a list with boxes. Lines without a box go on with the one before.
fn todo(text: &str) -> Vec<Todo> {
    let mut list: Vec<Todo> = Vec::new();
    for line in text.split('\n').map(str::trim) {
        match boxed(line) {
            Some((done, text)) => {
                let place = u32::try_from(list.len() + 1).unwrap_or(u32::MAX);
                let (number, text) = numbered(text).unwrap_or((place, text));
                list.push(Todo { number, text: text.to_owned(), done });
            }
            None => {
                if let Some(todo) = list.last_mut().filter(|_| !line.is_empty()) {
                    todo.text.push(' ');
                    todo.text.push_str(line);
                }
            }
        }
    }
    for todo in &mut list {
        todo.text = unmarked(&todo.text).to_owned();
    }
    list
}

/// Whether the box that `line` begins with is ticked, and what follows it.
fn boxed(line: &str) -> Option<(bool, &str)> {
    let rest = line.strip_prefix(['-', '*'])?.trim_start().strip_prefix('[')?;
    let (tick, text) = rest.split_once(']')?;
    match tick {
        " " | "" => Some((false, text.trim())),
        "x" | "X" => Some((true, text.trim())),
        _ => None,
    }
}

/// The number that `text` begins with: `2. text`, `Item 2: text`.
fn numbered(text: &str) -> Option<(u32, &str)> {
    let (text, end) = text.strip_prefix("Item ").map_or((text, ['.', ')']), |text| (text, [':', '.']));
    let (number, text) = text.split_once(end)?;
    Some((number.trim().parse().ok()?, text))
        .filter(|_| !text.is_empty())
        .map(|(number, text)| (number, text.trim()))
}

/// `text` without the mark at its end that says what was done just now.
fn unmarked(text: &str) -> &str {
    let marks = ["←", "<-", "⬅"];
    let mark = marks.iter().filter_map(|mark| text.rsplit_once(mark)).find(|(_, word)| {
        let word = word.trim().trim_matches(|c: char| !c.is_alphanumeric());
        ["completed", "complete", "done"].iter().any(|known| word.eq_ignore_ascii_case(known))
    });
    mark.map_or(text, |(text, _)| text).trim_end()
}
