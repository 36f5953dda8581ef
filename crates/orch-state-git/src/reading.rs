//! `parse_task`, `parse_plan`, `parse_worker_commit`: what branches say.

use orch_state_commits::parsed::{ParsedDesign, ParsedPlan, ParsedProgress, ParsedTask, ParsedWorkerCommit};
use orch_state_commits::{TaskBranch, TaskId, WorkerCommit};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::records::{NEAR, task_of};
use crate::{PlanRepository, ToolError};

/// The branch that is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BranchInput {
    /// The branch, such as task/001-user-model or plan/session-20250112-143000.
    pub branch: String,
}

impl PlanRepository {
    /// What the task of a branch is: what the first commit of the branch says, however many came after it, and wherever the
    /// branch was merged.
    ///
    /// # Errors
    /// [`ToolError::NoBranch`], [`ToolError::NoRecord`]; git's own.
    pub fn parse_task(&self, input: &BranchInput) -> Result<ParsedTask, ToolError> {
        let (branch, tip) = self.branch(&input.branch, "create_task_branch")?;
        Ok(self.task_on(&branch, &tip)?.into())
    }

    /// The plan of a branch as it is now. What a person commits on top of it does not hide it.
    ///
    /// # Errors
    /// Those of [`parse_task`](Self::parse_task).
    pub fn parse_plan(&self, input: &BranchInput) -> Result<ParsedPlan, ToolError> {
        let (branch, tip) = self.branch(&input.branch, "create_plan_branch")?;
        Ok(self.plan_on(&branch, &tip)?.into())
    }

    /// What the worker of a task said last of its progress; that it said nothing yet is no error, but `unknown`.
    ///
    /// # Errors
    /// Those of [`parse_task`](Self::parse_task), but that the branch need not say what its task is.
    pub fn parse_worker_commit(&self, input: &BranchInput) -> Result<ParsedWorkerCommit, ToolError> {
        let (branch, tip) = self.branch(&input.branch, "create_task_branch")?;
        let id = TaskBranch::id_in(branch.as_str());
        let mut found = None;
        self.git.find_on(&tip, NEAR, |commit| {
            let text = commit.text();
            found = WorkerCommit::read(&text).ok().filter(|said| is_about(said, id.as_ref()));
            // Before the branch began, somebody else spoke.
            found.is_some() || task_of(branch.as_str(), &text).is_some()
        })?;
        Ok(found.map_or_else(|| silent(id), ParsedWorkerCommit::from))
    }
}

/// Whether a commit is about the task `id`, or does not say which one.
pub(crate) fn is_about(said: &WorkerCommit, id: Option<&TaskId>) -> bool {
    said.task.as_ref().zip(id).is_none_or(|(said, id)| said.is_same(id))
}

/// The answer for a worker that has said nothing.
fn silent(id: Option<TaskId>) -> ParsedWorkerCommit {
    ParsedWorkerCommit {
        task_id: id.map(String::from).unwrap_or_default(),
        commit_type: "unknown",
        step_number: None,
        total_steps: None,
        implementation: String::new(),
        design: ParsedDesign::default(),
        todo_list: Vec::new(),
        progress: ParsedProgress { status: "unknown".into(), completed: 0, total: 0 },
    }
}
