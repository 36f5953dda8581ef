//! The commits of a plan's branch: all tasks of a session, and what was learned.

mod draft;
mod read;
mod task;
mod update;
mod write;

use std::collections::BTreeMap;

use crate::text::Section;
use crate::{TaskId, TaskStatus};

pub use draft::check_capabilities;
pub use task::PlanTask;
pub use update::{Replacement, Update, UpdateError};

const SESSION: &str = "Session Information";
const ARCHITECTURE: &str = "Architecture";
const DESIGN_PATTERNS: &str = "Design Patterns";
const TECHNOLOGY_STACK: &str = "Technology Stack";
const TASKS: &str = "Tasks";
const ESTIMATES: &str = "Estimates";
const UPDATED_ESTIMATES: &str = "Updated Estimates";
const DEPENDENCY_GRAPH: &str = "Dependency Graph";
const VERSION: &str = "Version";
const NOTES: &str = "Notes";
const SECTIONS: [&str; 9] = [
    SESSION,
    ARCHITECTURE,
    DESIGN_PATTERNS,
    TECHNOLOGY_STACK,
    TASKS,
    ESTIMATES,
    UPDATED_ESTIMATES,
    DEPENDENCY_GRAPH,
    VERSION,
];

const LEARNINGS: &str = "Learnings from Wave";

/// A commit of a plan's branch (seed 004): the plan as it was at one version. The newest counts.
///
/// [`read`](Self::read) takes every form that the original tools and agents write; [`write`](Self::write) gives the original
/// tool's, with each task's own status, and with every `###` of a text moved one blank to the right: so the originals, too,
/// keep what was learned. Values of several lines are indented, and `### Task` within a value gets a second blank, which is
/// taken away when it is read. [`update`](Self::update) is the next version.
///
/// ```
/// use orch_state_commits::{PlanCommit, PlanTask, TaskStatus, Update};
///
/// let mut plan = PlanCommit::new("session-20250112-143000");
/// plan.tasks.push(PlanTask::new("001".parse()?, "Create User model"));
/// let next = plan.update(&Update {
///     completed: vec!["001".parse()?],
///     learned: "bcrypt cost 12".into(),
///     ..Update::default()
/// })?;
/// assert_eq!((next.version, &next.tasks[0].status), (2, &TaskStatus::Completed));
/// assert_eq!(next.architecture, "### Learnings from Wave 1:\nbcrypt cost 12");
/// let message = next.write()?;
/// assert!(message.starts_with("Update execution plan v2\n") && message.contains("Completed: 1/1 tasks\n"));
/// assert_eq!(PlanCommit::read(&message)?, next);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanCommit {
    /// The version, from one. It is written in the title and in a field; it is never counted from commits.
    pub version: u32,
    /// The text between the title and the first section.
    pub body: String,
    /// The session.
    pub session_id: String,
    /// What the person asked for. Any number of lines.
    pub user_request: String,
    /// When the session began, such as `2025-01-12 14:30:00`.
    pub created: String,
    /// The plan's branch.
    pub plan_branch: String,
    /// How the whole is built, and what was learned while it was. Any number of lines.
    pub architecture: String,
    /// The patterns that are used. Any number of lines.
    pub design_patterns: String,
    /// What it is built with. Any number of lines.
    pub technology_stack: String,
    /// The tasks, superseded and dropped ones among them.
    pub tasks: Vec<PlanTask>,
    /// Parts of the section of tasks that have no id that can be read, such as `### Task T1`. They are kept.
    pub unread: Vec<Section>,
    /// How long it all may take, such as `45 minutes`.
    pub estimated_total_time: String,
    /// The waves as a text, such as `Wave 1: 001`.
    pub dependency_graph: String,
    /// Sections that orch has no field for.
    pub extra: Vec<Section>,
}

/// What was learned in one wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learning<'p> {
    /// The wave's number, as its heading says it.
    pub wave: &'p str,
    /// What was learned.
    pub text: &'p str,
}

impl PlanCommit {
    /// The most that is read of a message, in bytes.
    pub const LARGEST: usize = crate::text::LARGEST;

    /// The first version of a plan without tasks; its branch is that of the session.
    pub fn new(session_id: impl Into<String>) -> Self {
        let session_id = session_id.into();
        Self {
            version: 1,
            body: String::new(),
            plan_branch: format!("plan/{session_id}"),
            session_id,
            user_request: String::new(),
            created: String::new(),
            architecture: String::new(),
            design_patterns: String::new(),
            technology_stack: String::new(),
            tasks: Vec::new(),
            unread: Vec::new(),
            estimated_total_time: String::new(),
            dependency_graph: String::new(),
            extra: Vec::new(),
        }
    }

    /// The plan of a branch: that of the first of `messages` that is a plan's. `messages` are those of the branch, the newest
    /// first; what a person commits on top of a plan does not hide it.
    ///
    /// ```
    /// use orch_state_commits::PlanCommit;
    /// let messages = ["fix a typo\n", "Update execution plan v2\n", "Initialize execution plan v1\n"];
    /// assert_eq!(PlanCommit::newest_of(messages).unwrap().version, 2);
    /// ```
    pub fn newest_of<'m>(messages: impl IntoIterator<Item = &'m str>) -> Option<Self> {
        messages.into_iter().find_map(|message| Self::read(message).ok())
    }

    /// The task called `id`; zeros in front make no difference.
    pub fn task(&self, id: &TaskId) -> Option<&PlanTask> {
        let same = || self.tasks.iter().find(|task| task.id.is_same(id));
        self.tasks.iter().find(|task| task.id == *id).or_else(same)
    }

    /// The tasks that take the place of others: said by the task's own block, or by a sentence in the architecture as the
    /// seed has it (`Task-005 superseded by task-008`), if both are in the plan and the first is pending or blocked.
    pub fn superseded(&self) -> BTreeMap<&TaskId, Vec<TaskId>> {
        let mut said: BTreeMap<&TaskId, Vec<TaskId>> = BTreeMap::new();
        let by_key: BTreeMap<_, &PlanTask> = self.tasks.iter().map(|task| (task.id.key(), task)).collect();
        for (old, new) in sentences(&self.architecture) {
            if let (Some(old), Some(new)) = (by_key.get(&old.key()), by_key.get(&new.key()))
                && old.status.is_idle()
                && old.id != new.id
                && old.superseded_by.is_empty()
            {
                let by = said.entry(&old.id).or_default();
                if by.len() < MOST_REPLACING && !by.contains(&new.id) {
                    by.push(new.id.clone());
                }
            }
        }
        let own = self.tasks.iter().filter(|task| task.status == TaskStatus::Superseded);
        said.extend(own.map(|task| (&task.id, task.superseded_by.clone())));
        said
    }

    /// The tasks that count: neither superseded nor dropped.
    pub fn live(&self) -> Vec<&PlanTask> {
        let superseded = self.superseded();
        let is_live =
            |task: &&PlanTask| task.status != TaskStatus::Dropped && !superseded.contains_key(&task.id);
        self.tasks.iter().filter(is_live).collect()
    }

    /// How many tasks are completed, and how many there are: of those that count.
    pub fn progress(&self) -> (usize, usize) {
        let live = self.live();
        (live.iter().filter(|task| task.status == TaskStatus::Completed).count(), live.len())
    }

    /// What was learned, wave by wave.
    pub fn learnings(&self) -> Vec<Learning<'_>> {
        let mut marks = Vec::new();
        let mut at = 0;
        for line in self.architecture.split_inclusive('\n') {
            let said = line.trim_start_matches('#').trim();
            if line.starts_with("###") && said.starts_with(LEARNINGS) {
                marks.push((at, at + line.len(), said[LEARNINGS.len()..].trim_matches([' ', ':'])));
            }
            at += line.len();
        }
        let ends = marks.iter().skip(1).map(|(begin, _, _)| *begin).chain([self.architecture.len()]);
        let texts = marks.iter().zip(ends);
        texts
            .map(|((_, begin, wave), end)| Learning { wave, text: self.architecture[*begin..end].trim() })
            .collect()
    }
}

/// Tasks that one task may be said to be superseded by.
const MOST_REPLACING: usize = 100;

/// Each `task … superseded by task …` in `text`.
fn sentences(text: &str) -> impl Iterator<Item = (TaskId, TaskId)> {
    const WORDS: &str = " superseded by ";
    let found =
        text.split('\n').flat_map(|line| line.match_indices(WORDS).map(move |(at, _)| line.split_at(at)));
    found.filter_map(|(before, after)| {
        let mut words = before.split_whitespace().rev();
        let word = words.next()?;
        let old =
            if is_task(word) { word } else { words.next().filter(|before| is_task(before)).map(|_| word)? };
        let (old, rest) = TaskId::leading(old)?;
        let new = after[WORDS.len()..].trim_start();
        let (new, _) = TaskId::leading(new).filter(|_| is_task(new))?;
        rest.is_empty().then_some((old, new))
    })
}

fn is_task(word: &str) -> bool {
    word.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("task"))
}
