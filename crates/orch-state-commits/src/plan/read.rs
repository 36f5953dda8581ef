//! Reading plans.

use super::task::heading;
use super::*;
use crate::names::TaskId;
use crate::task_commit::first;
use crate::text::{Document, Fields, free_text, one_line, parts, tidy};
use crate::{PlannedFile, Unreadable};

const BLOCK: [&str; 12] = [
    "ID",
    "Description",
    "Instruction",
    "Status",
    "Superseded by",
    "Preconditions",
    "Provides",
    "Depends on",
    "Files",
    "Estimated Time",
    "Priority",
    "Notes",
];

impl PlanCommit {
    /// Reads a commit of a plan's branch.
    ///
    /// The version is that of the title or of the field `Plan Version`, whichever is higher; one, if neither says it. Totals
    /// (`Total Tasks`, `Completed`) are not read: they follow from the tasks.
    ///
    /// # Errors
    /// [`Unreadable::Other`] if neither its title (`… execution plan …`) nor its sections (`Session Information`, or one with
    /// `### Task 001`) say that it is one; [`Unreadable::TooLarge`].
    pub fn read(message: &str) -> Result<Self, Unreadable> {
        let mut document = Document::read_plan(message)?;
        let title = document.title.to_ascii_lowercase();
        let session = document.take(SESSION);
        let [architecture, patterns, stack, graph] =
            [ARCHITECTURE, DESIGN_PATTERNS, TECHNOLOGY_STACK, DEPENDENCY_GRAPH]
                .map(|name| document.take_text(name));
        // Older plans have their tasks in sections such as `Wave 2 Tasks`.
        let tasks = document.take_where(|section| section.is(TASKS) || has_tasks(&section.text));
        if !title.contains("execution plan") && session.is_empty() && !has_tasks(&tasks) {
            return Err(Unreadable::other("a plan", &document.title));
        }
        let known = ["Session ID", "Session name", "User Request", "Created", "Plan Branch", "Plan Version"];
        let mut session = Fields::read(&session, &known);
        let estimates = first([document.take(ESTIMATES), document.take(UPDATED_ESTIMATES)]);
        let mut estimates = Fields::read(&estimates, &["Estimated Total Time", "Total Tasks", "Completed"]);
        let version = document.take(VERSION);
        let mut version = Fields::read(&version, &["Plan Version"]);

        let mut plan = Self::new(first([session.line("Session ID"), session.line("Session name")]));
        let versions =
            [&title, &session.line("Plan Version"), &version.line("Plan Version")].map(|text| number(text));
        plan.version = versions.into_iter().flatten().max().unwrap_or(1).max(1);
        plan.user_request = session.text("User Request");
        plan.created = session.line("Created");
        plan.plan_branch = session.line("Plan Branch");
        (plan.architecture, plan.design_patterns) = (architecture, patterns);
        (plan.technology_stack, plan.dependency_graph) = (stack, graph);
        plan.estimated_total_time = estimates.line("Estimated Total Time");
        for total in ["Total Tasks", "Completed"] {
            estimates.line(total);
        }
        let before = plan.read_tasks(&tasks);

        plan.body = document.body();
        if !is_own_title(&title) {
            plan.body = tidy(&format!("{}\n\n{}", document.title, plan.body));
        }
        let stray = [session.stray(), before, estimates.stray(), version.stray()];
        let notes = [document.take_text(NOTES)].into_iter().chain(stray).filter(|text| !text.is_empty());
        let notes = notes.collect::<Vec<_>>().join("\n\n");
        plan.extra = document.into_rest();
        if !notes.is_empty() {
            plan.extra.push(Section::new(NOTES, notes));
        }
        Ok(plan)
    }

    /// Reads the blocks of the section of tasks; gives what is before the first.
    fn read_tasks(&mut self, text: &str) -> String {
        let (before, blocks) = parts(text);
        for block in blocks {
            let text = tidy(&block.text);
            let own = heading(&block.title).map(|(id, words)| (id, words.to_owned()));
            match own.or_else(|| Some((block_id(&text)?, block.title.clone()))) {
                Some((id, words)) => self.tasks.push(read_block(id, &words, &text)),
                None => self.unread.push(Section::new(block.title, free_text(&text))),
            }
        }
        tidy(&before)
    }
}

/// The id that the fields of a block say.
pub(super) fn block_id(text: &str) -> Option<TaskId> {
    Fields::read(text, &BLOCK).line("ID").parse().ok()
}

fn read_block(id: TaskId, words: &str, text: &str) -> PlanTask {
    let mut fields = Fields::read(text, &BLOCK);
    fields.line("ID");
    let mut task =
        PlanTask::new(id, first([fields.text("Description"), fields.text("Instruction"), one_line(words)]));
    task.status = TaskStatus::read(&fields.line("Status"));
    task.superseded_by = fields.ids("Superseded by");
    task.preconditions = fields.items("Preconditions");
    task.provides = fields.items("Provides");
    task.depends_on = fields.ids("Depends on");
    task.files = fields.items("Files").into_iter().map(PlannedFile::from).collect();
    task.estimated_time = fields.line("Estimated Time");
    task.priority = first([fields.line("Priority"), task.priority]);
    let notes = fields.text("Notes");
    task.notes = tidy(&format!("{notes}\n\n{}", fields.stray()));
    task
}

/// Whether `text` has the block of a task.
fn has_tasks(text: &str) -> bool {
    let mut titles = text.split('\n').filter_map(|line| line.strip_prefix("### "));
    titles.any(|title| title.starts_with("Task ") && heading(title).is_some())
}

/// The number of the version that `text` names: `v3`, in any case, as a word of its own.
fn number(text: &str) -> Option<u32> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter_map(|word| word.strip_prefix(['v', 'V']))
        .find_map(|digits| digits.bytes().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok()).flatten())
}

/// Whether a title says nothing but what orch's own says.
fn is_own_title(title: &str) -> bool {
    let verbs = ["initialize execution plan", "update execution plan"];
    let rest = verbs.iter().find_map(|verb| title.strip_prefix(verb));
    rest.is_some_and(|rest| rest.is_empty() || number(rest).is_some_and(|n| rest.trim() == format!("v{n}")))
}
