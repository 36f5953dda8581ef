//! What a worker has said on the branch of its task.

use orch_git::BranchName;
use orch_state_commits::{Completion, TaskId, WorkerCommit};

use crate::reading::is_about;
use crate::records::NEAR;
use crate::repository::FLOW;
use crate::{PlanRepository, ToolError};

/// What was said on the branch of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The first commit, which says what the task is; `None` on a branch that was made by hand without one. There, all counts
    /// that `flow` does not have.
    pub begun: Option<String>,
    /// The commit that the branch is at.
    pub tip: String,
    /// What was said of the work, by commits that name the task or none; the oldest first.
    pub steps: Vec<WorkerCommit>,
    /// The last word: the newest for the task, or for nobody.
    pub completion: Option<Completion>,
    /// How many commits were made since, of any kind but merges.
    pub commits: usize,
    /// Whether the files at the tip are other ones than they were then.
    pub changed: bool,
}

impl PlanRepository {
    /// What was said on the branch of the task `id` since the commit `since`, else since its first commit. It is the same once
    /// the branch is merged.
    ///
    /// # Errors
    /// [`ToolError::NoBranch`]; git's own.
    pub fn said_on(&self, branch: &BranchName, id: &TaskId, since: Option<&str>) -> Result<Said, ToolError> {
        let (branch, tip) = self.branch(branch.as_str(), "create_task_branch")?;
        let begun = self.first_commit(&branch, &tip)?.map(|(_, commit)| commit.id);
        let (since, before) = match since.or(begun.as_deref()) {
            Some(since) => (self.git.messages(Some(since), &tip, NEAR)?.commits, Some(since.to_owned())),
            None => {
                let flow = self.git.resolve(&format!("refs/heads/{FLOW}"))?;
                let before = flow.map(|flow| self.git.merge_base(&flow, &tip)).transpose()?.flatten();
                (self.own_commits(&tip)?, before)
            }
        };
        let changed = match &before {
            Some(before) => !self.git.has_same_files(before, &tip)?,
            None => true,
        };
        let texts = || since.iter().map(|commit| commit.text());
        let steps = texts().filter_map(|text| WorkerCommit::read(&text).ok());
        let words = texts().rev().filter_map(|text| Completion::read(&text));
        Ok(Said {
            steps: steps.filter(|step| is_about(step, Some(id))).collect(),
            completion: words.into_iter().find(|word| word.is_for(id)),
            commits: since.iter().filter(|commit| commit.parents.len() < 2).count(),
            begun,
            tip,
            changed,
        })
    }
}
