//! One task of a plan.

use crate::names::each_once;
use crate::task_commit::tidied_files;
use crate::text::{Section, one_line, tidied_items, tidy};
use crate::{PlannedFile, TaskId, TaskStatus};

/// The priority of a task that says none.
const PRIORITY: &str = "medium";

/// One task of a plan: a `### Task 001` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanTask {
    /// The id.
    pub id: TaskId,
    /// What is to be done. Any number of lines.
    pub description: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// The tasks that take its place, when it is superseded.
    pub superseded_by: Vec<TaskId>,
    /// The capabilities that have to be there first.
    pub preconditions: Vec<String>,
    /// The capabilities that it brings about.
    pub provides: Vec<String>,
    /// The tasks that have to be done first, for plans that depend by id.
    pub depends_on: Vec<TaskId>,
    /// The files that it is to touch.
    pub files: Vec<PlannedFile>,
    /// How long it may take, such as `8 minutes`.
    pub estimated_time: String,
    /// How urgent it is: `critical`, `high`, `medium` (unless it says otherwise), `low`.
    pub priority: String,
    /// Lines of the block that are no field.
    pub notes: String,
}

impl PlanTask {
    /// A pending task that needs nothing.
    pub fn new(id: TaskId, description: impl Into<String>) -> Self {
        Self {
            id,
            description: description.into(),
            status: TaskStatus::Pending,
            superseded_by: Vec::new(),
            preconditions: Vec::new(),
            provides: Vec::new(),
            depends_on: Vec::new(),
            files: Vec::new(),
            estimated_time: String::new(),
            priority: PRIORITY.to_owned(),
            notes: String::new(),
        }
    }

    /// The first line of its description.
    pub fn title(&self) -> &str {
        self.description.split('\n').next().unwrap_or_default()
    }

    /// The same task with every value in the form in which it is written, see
    /// [`TaskCommit::tidied`](crate::TaskCommit::tidied).
    #[must_use]
    pub fn tidied(self) -> Self {
        let priority = one_line(&self.priority);
        Self {
            id: self.id,
            description: tidy(&self.description),
            status: self.status.tidied(),
            superseded_by: each_once(self.superseded_by),
            preconditions: tidied_items(self.preconditions),
            provides: tidied_items(self.provides),
            depends_on: each_once(self.depends_on),
            files: tidied_files(self.files),
            estimated_time: one_line(&self.estimated_time),
            priority: if priority.is_empty() { PRIORITY.to_owned() } else { priority },
            notes: tidy(&self.notes),
        }
    }
}

/// The id in the heading of a block, such as `Task 001` or `Task 001: Create it`, and the words after it.
pub(super) fn heading(title: &str) -> Option<(TaskId, &str)> {
    let is_named = title.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("task"));
    let is_number = title.starts_with(|c: char| c.is_ascii_digit());
    let (id, rest) = TaskId::leading(title).filter(|_| is_named || is_number)?;
    let words = rest.trim_start_matches(|c: char| c.is_whitespace() || ":-–—.)]".contains(c));
    Some((id, words))
}

/// Whether the part `section` of the section of tasks is none: its heading has no id and neither has a field.
pub(super) fn is_unread(section: &Section) -> bool {
    heading(&section.title).is_none() && super::read::block_id(&section.text).is_none()
}
