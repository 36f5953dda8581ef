//! Writing plans.

use super::task::is_unread;
use super::*;
use crate::text::{Unwritable, Writer, one_line, tidy};

impl PlanCommit {
    /// The message. `Total Tasks` and `Completed` are those of [`progress`](Self::progress).
    ///
    /// # Errors
    /// [`Unwritable`] if a value would not come back the same; after [`tidied`](Self::tidied) that is so only for titles of
    /// sections that are a section of their own, and for messages that are too long.
    pub fn write(&self) -> Result<String, Unwritable> {
        let verb = if self.version == 1 { "Initialize" } else { "Update" };
        let mut to = Writer::new_plan(&format!("{verb} execution plan v{}", self.version));
        to.check(self.version > 0, "version", "is zero; versions are counted from one");
        to.body(&self.body);
        to.heading(SESSION);
        to.word("Session ID", &self.session_id);
        to.text("User Request", &self.user_request);
        to.word("Created", &self.created);
        to.word("Plan Branch", &self.plan_branch);
        to.word("Plan Version", &format!("v{}", self.version));
        to.section(ARCHITECTURE, &self.architecture);
        to.section(DESIGN_PATTERNS, &self.design_patterns);
        to.section(TECHNOLOGY_STACK, &self.technology_stack);
        to.heading(TASKS);
        for (place, task) in self.tasks.iter().enumerate() {
            if place > 0 {
                to.line("");
            }
            write_task(&mut to, task);
        }
        to.fields_of(String::new());
        for (place, part) in self.unread.iter().enumerate() {
            if place > 0 || !self.tasks.is_empty() {
                to.line("");
            }
            let is_title = !part.title.is_empty() && part.clone().tidied().title == part.title;
            to.check(
                is_title && is_unread(part),
                "title of a part without an id",
                "is that of a task, or is no line",
            );
            to.line(format_args!("### {}", part.title));
            to.free("part without an id", &part.text);
        }
        let (completed, total) = self.progress();
        to.heading(ESTIMATES);
        to.word("Estimated Total Time", &self.estimated_total_time);
        to.line(format_args!("Total Tasks: {total}"));
        to.line(format_args!("Completed: {completed}/{total} tasks"));
        to.section(DEPENDENCY_GRAPH, &self.dependency_graph);
        to.extra(&self.extra, &SECTIONS);
        let notes = self.extra.iter().filter(|section| section.is(NOTES)).count();
        let last =
            self.extra.last().is_some_and(|section| section.title == NOTES && !section.text.is_empty());
        to.check(notes == 0 || (notes == 1 && last), "section `notes`", "is not one, filled, at the end");
        to.finish()
    }

    /// The same plan with every value in the form in which it is written, see
    /// [`TaskCommit::tidied`](crate::TaskCommit::tidied). What several sections `Notes` say comes into one at the end.
    #[must_use]
    pub fn tidied(self) -> Self {
        let extra = self.extra.into_iter().map(Section::tidied).filter(|extra| !extra.title.is_empty());
        let (notes, mut extra): (Vec<Section>, Vec<Section>) = extra.partition(|section| section.is(NOTES));
        let notes: Vec<String> =
            notes.into_iter().map(|section| section.text).filter(|text| !text.is_empty()).collect();
        if !notes.is_empty() {
            extra.push(Section::new(NOTES, notes.join("\n\n")));
        }
        Self {
            version: self.version.max(1),
            body: tidy(&self.body),
            session_id: one_line(&self.session_id),
            user_request: tidy(&self.user_request),
            created: one_line(&self.created),
            plan_branch: one_line(&self.plan_branch),
            architecture: tidy(&self.architecture),
            design_patterns: tidy(&self.design_patterns),
            technology_stack: tidy(&self.technology_stack),
            tasks: self.tasks.into_iter().map(PlanTask::tidied).collect(),
            unread: self.unread.into_iter().map(Section::tidied).collect(),
            estimated_total_time: one_line(&self.estimated_total_time),
            dependency_graph: tidy(&self.dependency_graph),
            extra,
        }
    }
}

fn write_task(to: &mut Writer, task: &PlanTask) {
    to.fields_of(format!(" of task {}", task.id));
    to.line(format_args!("### Task {}", task.id));
    to.word("ID", task.id.as_str());
    to.text("Description", &task.description);
    to.check(task.status.clone().tidied() == task.status, "status", "is another word for a status");
    to.word("Status", task.status.word());
    if !task.superseded_by.is_empty() {
        to.word("Superseded by", &joined(&task.superseded_by));
    }
    to.list("Preconditions", &task.preconditions);
    to.list("Provides", &task.provides);
    if !task.depends_on.is_empty() {
        to.word("Depends on", &joined(&task.depends_on));
    }
    if !task.files.is_empty() {
        to.list("Files", &task.files);
    }
    to.word("Estimated Time", &task.estimated_time);
    to.check(!task.priority.is_empty(), "priority", "is empty");
    to.word("Priority", &task.priority);
    to.text("Notes", &task.notes);
}

fn joined(ids: &[TaskId]) -> String {
    let ids: Vec<&str> = ids.iter().map(TaskId::as_str).collect();
    ids.join(", ")
}
