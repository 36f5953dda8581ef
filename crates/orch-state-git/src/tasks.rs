//! `create_task_branch`: a branch whose first commit says what its task is.

use orch_git::{BranchName, Tip};
use orch_state_commits::{Slug, TaskBranch, TaskCommit, TaskId};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::planned::{files, ids};
use crate::plans::{BranchCreated, fit, required};
use crate::repository::FLOW;
use crate::{PlanRepository, ToolError};

/// What `create_task_branch` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTaskInput {
    /// The task's id in the plan, such as 001.
    pub task_id: String,
    /// What it is about, for the name of the branch: words of a-z and 0-9 joined by dashes, such as user-model.
    pub branch_slug: String,
    /// What is to be done.
    pub description: String,
    /// The capabilities that have to be there before it can begin.
    pub preconditions: Vec<String>,
    /// The capabilities that are there when it is done.
    pub provides: Vec<String>,
    /// The files that it is to make or change.
    pub files: Vec<String>,
    /// What the whole session is for.
    pub session_goal: String,
    /// The session, such as session-20250112-143000.
    pub session_id: String,
    /// The branch of the session's plan, such as plan/session-20250112-143000.
    pub plan_branch: String,
    /// The version of the plan, such as v1.
    pub plan_version: String,
    /// The ids of the tasks that had to be done before this one.
    pub depends_on: Option<Vec<String>>,
    /// The ids of the tasks that can be done after this one.
    pub enables: Option<Vec<String>>,
    /// The ids of the tasks that are done at the same time.
    pub parallel_with: Option<Vec<String>>,
    /// The ids of the tasks that are done.
    pub completed_tasks: Option<Vec<String>>,
    /// How long it may take, such as 8 minutes.
    pub estimated_time: Option<String>,
    /// How urgent it is: critical, high, medium or low.
    pub priority: Option<String>,
}

impl CreateTaskInput {
    fn read(&self, branch: &TaskBranch) -> Result<TaskCommit, ToolError> {
        required("description", !self.description.trim().is_empty(), "say what is to be done")?;
        let mut task = TaskCommit::new(branch.to_string(), branch.id.clone());
        task.description.clone_from(&self.description);
        task.preconditions.clone_from(&self.preconditions);
        task.provides.clone_from(&self.provides);
        task.files = files(&self.files);
        task.session_goal.clone_from(&self.session_goal);
        task.session_id.clone_from(&self.session_id);
        task.plan_branch.clone_from(&self.plan_branch);
        task.plan_version.clone_from(&self.plan_version);
        task.depends_on = ids(self.depends_on.as_deref())?;
        task.enables = ids(self.enables.as_deref())?;
        task.parallel_with = ids(self.parallel_with.as_deref())?;
        task.completed_tasks = ids(self.completed_tasks.as_deref())?;
        task.estimated_time = self.estimated_time.clone().unwrap_or_default();
        task.priority = self.priority.clone().unwrap_or_else(|| "medium".into());
        Ok(task.tidied())
    }
}

impl PlanRepository {
    /// Makes the branch of a task from `flow`, with a commit that says what the task is. Nothing is checked out.
    ///
    /// # Errors
    /// [`ToolError::Exists`] when the branch is there; [`ToolError::NoFlow`], [`ToolError::NoCommits`]; an
    /// [argument](ToolError::Argument) that can't be taken, with one that can.
    pub fn create_task_branch(&self, input: &CreateTaskInput) -> Result<BranchCreated, ToolError> {
        let (id, slug): (TaskId, Slug) = (input.task_id.parse()?, input.branch_slug.parse()?);
        let branch = TaskBranch::new(id, slug);
        let message = input.read(&branch)?.write()?;
        self.flow()?;
        let name: BranchName = fit(&branch.to_string())?;
        let commit = self.git.commit_on(&name, Tip::New { base: FLOW }, message.as_bytes())?;
        Ok(BranchCreated::new(&name, commit))
    }
}
