//! The plans of a repository as they are now.

use std::collections::HashMap;

use orch_git::BranchName;
use orch_state_commits::{PlanCommit, Provided, SessionId, TaskId};

use crate::plans::CURRENT;
use crate::records::{NEAR, Tips, plan_of};
use crate::{PlanRepository, ToolError};

/// A plan as its branch has it now, and what was merged of it.
#[derive(Clone, Debug)]
pub struct PlanOnBranch {
    /// The plan's branch.
    pub branch: BranchName,
    /// The commit that it is at.
    pub tip: String,
    /// The commit that `flow` is at.
    pub flow: String,
    /// The plan. Its [`plan_branch`](PlanCommit::plan_branch) is the branch that it was read from.
    pub plan: PlanCommit,
    /// What finished work provides to its tasks.
    pub provided: Provided,
    /// The tasks of this plan whose merge is on `flow`, each once and as the plan writes its id, in the order in which they
    /// were merged.
    pub merged: Vec<TaskId>,
}

/// A plan among those of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEntry {
    /// The plan's branch.
    pub branch: BranchName,
    /// The commit that it is at.
    pub tip: String,
    /// The plan; `None` where no commit on the branch says what it is.
    pub plan: Option<PlanCommit>,
    /// Whether it is the one that is worked on.
    pub is_current: bool,
}

impl PlanRepository {
    /// The plan of a branch, which may be named with or without `refs/heads/`, with what was merged of it.
    ///
    /// A merge counts wherever its branch is, or when it is deleted, also one by hand with git's own title. Merges of another
    /// session's tasks do not, even where they have the same ids; nor does work that came to `flow` without a merge. Git is
    /// asked a handful of times, however many tasks and merges there are.
    ///
    /// ```no_run
    /// # let repository = orch_state_git::PlanRepository::at("/home/me/project");
    /// let now = repository.plan("plan/session-20250112-143000")?;
    /// for task in now.plan.live() {
    ///     println!("{}: {:?}", task.id, now.provided.missing(&task.preconditions));
    /// }
    /// # Ok::<(), orch_state_git::ToolError>(())
    /// ```
    ///
    /// # Errors
    /// [`ToolError::NoFlow`], [`ToolError::NoBranch`], [`ToolError::NoRecord`]; git's own.
    pub fn plan(&self, branch: &str) -> Result<PlanOnBranch, ToolError> {
        let flow = self.flow()?;
        let (branch, tip) = self.branch(branch, "create_plan_branch")?;
        self.plan_now(branch, tip, flow)
    }

    pub(crate) fn plan_now(
        &self,
        branch: BranchName,
        tip: String,
        flow: String,
    ) -> Result<PlanOnBranch, ToolError> {
        let mut plan = self.plan_on(&branch, &tip)?;
        plan.plan_branch = branch.to_string();
        let (provided, merged) = self.provided_to_plan_of(&plan, Some((&branch, &tip)), &flow)?;
        Ok(PlanOnBranch { branch, tip, flow, plan, provided, merged })
    }

    /// The versions of the plan of a branch, the newest first, each with its commit: those that `flow` does not have. Of a long
    /// history the newest are told.
    ///
    /// # Errors
    /// [`ToolError::NoBranch`]; git's own.
    pub fn versions(&self, branch: &str) -> Result<Vec<(String, PlanCommit)>, ToolError> {
        let (branch, tip) = self.branch(branch, "create_plan_branch")?;
        let own = self.own_commits(&tip)?.into_iter().rev();
        Ok(own
            .filter_map(|commit| Some((plan_of(branch.as_str(), &commit.text())?, commit.id)))
            .map(|(plan, commit)| (commit, PlanCommit { plan_branch: branch.to_string(), ..plan }))
            .collect())
    }

    /// A [version](Self::versions) of the plan of a branch, with what was merged of it up to now.
    ///
    /// # Errors
    /// Those of [`plan`](Self::plan).
    pub fn plan_of_version(&self, commit: String, plan: PlanCommit) -> Result<PlanOnBranch, ToolError> {
        let flow = self.flow()?;
        let (branch, _) = self.branch(&plan.plan_branch, "create_plan_branch")?;
        let (provided, merged) = self.provided_to_plan_of(&plan, Some((&branch, &commit)), &flow)?;
        Ok(PlanOnBranch { branch, tip: commit, flow, plan, provided, merged })
    }

    /// The plans that there are, the oldest first. The name of a session is the moment at which it began; names that are no
    /// session's come before all others.
    ///
    /// The current one is that which the setting `flow-claude.current-plan` of the repository names, else the newest.
    ///
    /// # Errors
    /// [`ToolError::NotARepository`]; git's own.
    pub fn sessions(&self) -> Result<Vec<SessionEntry>, ToolError> {
        let (branches, current) = self.plan_branches()?;
        let tips: Vec<&str> = branches.iter().map(|(_, tip)| tip.as_str()).collect();
        let told = self.git.messages_of(&tips, NEAR.bytes)?.commits;
        let told: HashMap<&str, _> = told.iter().map(|commit| (commit.id.as_str(), commit)).collect();
        let mut entries = Vec::with_capacity(branches.len());
        for (place, (branch, tip)) in branches.iter().enumerate() {
            let at_tip = told.get(tip.as_str()).and_then(|said| plan_of(branch.as_str(), &said.text()));
            let plan = match at_tip {
                Some(plan) => Some(plan),
                // Somebody has committed something on top of it.
                None => match self.plan_on(branch, tip) {
                    Ok(plan) => Some(plan),
                    Err(ToolError::NoRecord { .. }) => None,
                    Err(error) => return Err(error),
                },
            };
            let (branch, tip) = (branch.clone(), tip.clone());
            entries.push(SessionEntry { branch, tip, plan, is_current: current == Some(place) });
        }
        Ok(entries)
    }

    /// Forgets that the plan of `branch`, which is not to be carried out, is the one that is worked on; another that is stays so.
    ///
    /// # Errors
    /// Git's own.
    pub fn forget_current(&self, branch: &BranchName) -> Result<(), ToolError> {
        Ok(self.git.forget_setting(CURRENT, branch.as_str())?)
    }

    /// The branch of the current plan: the one that the repository's setting names, else the newest.
    pub(crate) fn current_plan(&self) -> Result<Option<(BranchName, String)>, ToolError> {
        let (mut branches, current) = self.plan_branches()?;
        Ok(current.map(|place| branches.swap_remove(place)))
    }

    /// The branches of plans with the commits that they are at, the oldest first, and which one is current.
    fn plan_branches(&self) -> Result<(Tips, Option<usize>), ToolError> {
        let named = self.git.setting(CURRENT)?.unwrap_or_default();
        let named = if named.starts_with("plan/") { named } else { format!("plan/{named}") };
        let Ok(folder) = BranchName::new("plan") else { return Ok((Vec::new(), None)) };
        let mut branches = self.git.branches_under(&folder)?;
        branches.sort_by_cached_key(|(branch, _)| {
            let session = branch.as_str().trim_start_matches("plan/");
            (session.parse::<SessionId>().is_ok(), branch.to_string())
        });
        let current = branches.iter().position(|(branch, _)| branch.as_str() == named);
        let current = current.or_else(|| branches.len().checked_sub(1));
        Ok((branches, current))
    }
}
