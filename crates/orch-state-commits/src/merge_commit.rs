//! The commit that merges a task's branch into `flow`.

use crate::text::{Document, Section, Unwritable, Writer, capability_items, one_line, tidied_items, tidy};
use crate::{TaskBranch, TaskId, Unreadable};

const DESIGN: &str = "Design Decisions";
const SUMMARY: &str = "Implementation Summary";
const PROVIDES: &str = "Provides";
const TESTS: &str = "Test Results";
const FILES: &str = "Files Modified";
const SECTIONS: [&str; 5] = [DESIGN, SUMMARY, PROVIDES, TESTS, FILES];

/// The commit that merges a task's branch into `flow` (seed 004).
///
/// ```
/// use orch_state_commits::MergeCommit;
///
/// let merge = MergeCommit::read("Merge branch 'task/002-api' into flow\n")?;
/// assert_eq!((merge.task.as_str(), merge.provides.len()), ("002", 0));
/// # Ok::<(), orch_state_commits::Unreadable>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeCommit {
    /// The task.
    pub task: TaskId,
    /// What the title says of it, without the branch.
    pub description: String,
    /// The text between the title and the first section.
    pub body: String,
    /// What was decided, and why.
    pub design_decisions: String,
    /// What was done.
    pub implementation_summary: String,
    /// The capabilities that are there now, in the words of whoever merged; empty when it doesn't say.
    pub provides: Vec<String>,
    /// How the tests went.
    pub test_results: String,
    /// The files that were touched, as a text.
    pub files_modified: String,
    /// Sections that orch has no field for.
    pub extra: Vec<Section>,
}

impl MergeCommit {
    /// The most that is read of a message, in bytes.
    pub const LARGEST: usize = crate::text::LARGEST;

    /// A merge of the task `task` that says nothing more than `description`.
    pub fn new(task: TaskId, description: impl Into<String>) -> Self {
        Self {
            task,
            description: description.into(),
            body: String::new(),
            design_decisions: String::new(),
            implementation_summary: String::new(),
            provides: Vec::new(),
            test_results: String::new(),
            files_modified: String::new(),
            extra: Vec::new(),
        }
    }

    /// Reads the message of a merge: `Merge task/001: …`, `Merge task/001-user-model: …`, or git's own
    /// `Merge branch 'task/001-user-model' into flow`.
    ///
    /// # Errors
    /// [`Unreadable::Other`] if its title is none of these; [`Unreadable::TooLarge`].
    pub fn read(message: &str) -> Result<Self, Unreadable> {
        let mut document = Document::read(message)?;
        let (task, description) = title(&document.title)
            .ok_or_else(|| Unreadable::other("the merge of a task", &document.title))?;
        let mut merge = Self::new(task, description);
        let mut stray = vec![document.body()];
        let listed = document.take(PROVIDES);
        merge.provides = capability_items(&listed, &mut stray);
        merge.body = tidy(&stray.join("\n\n"));
        [merge.design_decisions, merge.implementation_summary, merge.test_results, merge.files_modified] =
            [DESIGN, SUMMARY, TESTS, FILES].map(|name| document.take_text(name));
        merge.extra = document.into_rest();
        Ok(merge)
    }

    /// The message. Sections without a text are left out.
    ///
    /// # Errors
    /// [`Unwritable`] if a value would not come back the same; after [`tidied`](Self::tidied) that is so only for titles of
    /// sections that are a section of their own, and for messages that are too long.
    pub fn write(&self) -> Result<String, Unwritable> {
        let separator = if self.description.is_empty() { "" } else { ": " };
        let mut to = Writer::new(&format!("Merge task/{}{separator}{}", self.task, self.description));
        to.check(one_line(&self.description) == self.description, "description", "is more than one line");
        to.body(&self.body);
        for (title, text) in [(DESIGN, &self.design_decisions), (SUMMARY, &self.implementation_summary)] {
            if !text.is_empty() {
                to.section(title, text);
            }
        }
        if !self.provides.is_empty() {
            to.heading(PROVIDES);
            to.bullets(PROVIDES, "", &self.provides);
        }
        for (title, text) in [(TESTS, &self.test_results), (FILES, &self.files_modified)] {
            if !text.is_empty() {
                to.section(title, text);
            }
        }
        to.extra(&self.extra, &SECTIONS);
        to.finish()
    }

    /// The same merge with every value in the form in which it is written, see
    /// [`TaskCommit::tidied`](crate::TaskCommit::tidied).
    #[must_use]
    pub fn tidied(self) -> Self {
        Self {
            task: self.task,
            description: one_line(&self.description),
            body: tidy(&self.body),
            design_decisions: tidy(&self.design_decisions),
            implementation_summary: tidy(&self.implementation_summary),
            provides: tidied_items(self.provides),
            test_results: tidy(&self.test_results),
            files_modified: tidy(&self.files_modified),
            extra: self
                .extra
                .into_iter()
                .map(Section::tidied)
                .filter(|extra| !extra.title.is_empty())
                .collect(),
        }
    }
}

/// The task in the title of its merge, and what is said of it.
fn title(title: &str) -> Option<(TaskId, String)> {
    let rest = title.strip_prefix("Merge ")?;
    let rest =
        rest.strip_prefix("branch ").or_else(|| rest.strip_prefix("remote-tracking branch ")).unwrap_or(rest);
    let rest = rest.trim_start_matches(['\'', '"']);
    let rest = rest.strip_prefix("origin/").unwrap_or(rest);
    let end = rest.find([':', '\'', '"', ' ']).unwrap_or(rest.len());
    let task = TaskBranch::id_in(&rest[..end])?;
    let description = rest[end..].strip_prefix(':').unwrap_or_default();
    Some((task, description.trim().to_owned()))
}
