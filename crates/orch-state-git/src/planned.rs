//! Tasks as an agent plans them.

use orch_state_commits::{PlanTask, PlannedFile, TaskId, TaskStatus};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::ToolError;

/// A task as an agent plans it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedTask {
    /// Its id: digits and at most one letter, such as 001, or 003a for a part of a task that was split.
    pub id: String,
    /// What is to be done.
    pub description: String,
    /// Where it stands; pending unless it says otherwise.
    pub status: Option<String>,
    /// The capabilities that have to be there before it can begin, in the words in which another task provides them.
    pub preconditions: Option<Vec<String>>,
    /// The capabilities that are there when it is done.
    pub provides: Option<Vec<String>>,
    /// The files that it is to make or change.
    pub files: Option<Vec<String>>,
    /// How long it may take, such as 8 minutes. Five to ten minutes are right; split what takes longer.
    pub estimated_time: Option<String>,
    /// How urgent it is: critical, high, medium (unless it says otherwise) or low.
    pub priority: Option<String>,
}

impl PlannedTask {
    /// The task as a plan has it.
    pub(crate) fn read(&self) -> Result<PlanTask, ToolError> {
        let id: TaskId = self.id.parse()?;
        if self.description.trim().is_empty() {
            return Err(ToolError::Argument {
                problem: format!("task {id} has no description"),
                hint: "say what is to be done".into(),
            });
        }
        let mut task = PlanTask::new(id, &self.description);
        task.status = TaskStatus::read(self.status.as_deref().unwrap_or_default());
        task.preconditions = self.preconditions.clone().unwrap_or_default();
        task.provides = self.provides.clone().unwrap_or_default();
        task.files = files(self.files.as_deref().unwrap_or_default());
        task.estimated_time = self.estimated_time.clone().unwrap_or_default();
        task.priority = self.priority.clone().unwrap_or_default();
        Ok(task.tidied())
    }
}

pub(crate) fn files(named: &[String]) -> Vec<PlannedFile> {
    named.iter().map(|file| PlannedFile::from(file.as_str())).collect()
}

/// The ids that an agent named in a list.
pub(crate) fn ids(named: Option<&[String]>) -> Result<Vec<TaskId>, ToolError> {
    named.unwrap_or_default().iter().map(|id| Ok(id.parse()?)).collect()
}

/// What tells a task from others: the number and the letter of its id. Zeros in front make no difference.
pub(crate) fn key(id: &TaskId) -> (u128, Option<u8>) {
    (id.number(), id.as_str().bytes().last().filter(u8::is_ascii_alphabetic))
}
