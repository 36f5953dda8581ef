//! The commits that say what a branch is: found wherever its base has gone since.

use orch_git::{Bounds, BranchName, CommitMessage};
use orch_state_commits::{PlanBranch, PlanCommit, TaskBranch, TaskCommit};

use crate::repository::FLOW;
use crate::{PlanRepository, ToolError};

/// How far is looked for a record. It is close to the tip of its branch, or to where a merge brought it in.
pub(crate) const NEAR: Bounds = Bounds { commits: 20_000, bytes: 64 << 20 };

/// Branches, and the commits that they are at.
pub(crate) type Tips = Vec<(BranchName, String)>;

impl PlanRepository {
    /// What the first commit of a task's branch says.
    pub(crate) fn task_on(&self, branch: &BranchName, tip: &str) -> Result<TaskCommit, ToolError> {
        let (task, _) = self
            .first_commit(branch, tip)?
            .ok_or_else(|| ToolError::NoRecord { branch: branch.to_string(), what: "the task" })?;
        Ok(task)
    }

    /// The first commit of a task's branch and what it says. The newest of its name counts: a branch may have been made a
    /// second time.
    pub(crate) fn first_commit(
        &self,
        branch: &BranchName,
        tip: &str,
    ) -> Result<Option<(TaskCommit, CommitMessage)>, ToolError> {
        let mut task = None;
        let found = self.git.find_on(tip, NEAR, |commit| {
            task = task_of(branch.as_str(), &commit.text());
            task.is_some()
        })?;
        if let Some(found) = task.zip(found) {
            return Ok(Some(found));
        }
        // Of a branch whose slug was changed, what is its own.
        let own = self.own_commits(tip)?;
        let mut tasks =
            own.into_iter().filter_map(|commit| Some((TaskCommit::read(&commit.text()).ok()?, commit)));
        Ok(tasks.find(|(task, _)| may_be_of(branch.as_str(), task)))
    }

    /// The newest plan on a plan's branch.
    pub(crate) fn plan_on(&self, branch: &BranchName, tip: &str) -> Result<PlanCommit, ToolError> {
        let mut plan = None;
        self.git.find_on(tip, NEAR, |commit| {
            plan = plan_of(branch.as_str(), &commit.text());
            plan.is_some()
        })?;
        if plan.is_none() {
            let own = self.own_commits(tip)?;
            plan = own.iter().rev().find_map(|commit| PlanCommit::read(&commit.text()).ok());
        }
        plan.ok_or_else(|| ToolError::NoRecord { branch: branch.to_string(), what: "the plan" })
    }

    /// The commits of a branch that `flow` does not have, the oldest first.
    pub(crate) fn own_commits(&self, tip: &str) -> Result<Vec<CommitMessage>, ToolError> {
        let flow = self.git.resolve(&format!("refs/heads/{FLOW}"))?;
        Ok(self.git.messages(flow.as_deref(), tip, NEAR)?.commits)
    }
}

/// The task that `message` says, if that is the task of `branch` and not one that was merged into what it was cut from.
pub(crate) fn task_of(branch: &str, message: &str) -> Option<TaskCommit> {
    let task = TaskCommit::read(message).ok()?;
    // Written by hand, the title may leave the slug out.
    let has_slug = task.branch.trim_start_matches("task/").contains('-');
    (task.branch == branch || (!has_slug && may_be_of(branch, &task))).then_some(task)
}

/// Whether the name of `branch` is not that of another task.
fn may_be_of(branch: &str, task: &TaskCommit) -> bool {
    TaskBranch::id_in(branch).is_none_or(|id| id.is_same(&task.id))
}

/// The plan that `message` says, if that is the plan of `branch`.
pub(crate) fn plan_of(branch: &str, message: &str) -> Option<PlanCommit> {
    let plan = PlanCommit::read(message).ok()?;
    let names_none = plan.plan_branch.is_empty() && plan.session_id.is_empty();
    let is_own =
        plan.plan_branch == branch || PlanBranch::session_in(branch) == Some(plan.session_id.as_str());
    (names_none || is_own).then_some(plan)
}
