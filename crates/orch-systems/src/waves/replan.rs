//! Changing a plan, also one that is being run: further tasks, others in the place of one, and tasks that nobody needs.

use std::path::Path;

use orch_core::Status;
use orch_state_commits::{PlanCommit, TaskId};
use orch_state_git::{PlanRepository, PlanUpdated, UpdatePlanInput};
use orch_store::{Folded, Home};

use super::refused::refused;
use crate::OpenError;

/// The plan on a branch, to be changed. It need not be one that can be run: maybe it is to become one.
#[derive(Clone, Debug)]
pub struct PlanToChange {
    repository: PlanRepository,
    branch: String,
    commit: PlanCommit,
    /// The tasks that a worker of orch's is at.
    running: Vec<TaskId>,
}

impl PlanToChange {
    /// Reads the plan on `branch` in the repository whose main work tree is at `root`.
    ///
    /// # Errors
    /// [`OpenError::NoPlan`] when there is none, [`OpenError`] when the repository or the history of its runs can't be read.
    pub fn read(root: &Path, branch: &str) -> Result<Self, OpenError> {
        let repository = PlanRepository::at(root);
        let found = repository.plan(branch).map_err(refused)?;
        let home = Home::find(root, &branch.trim_start_matches("plan/").replace('/', "%"));
        let history = match home {
            Some(home) => orch_store::read(&home.history())?.unwrap_or_default(),
            None => Folded::default(),
        };
        let running = history.tasks.iter().filter(|(_, record)| record.status == Status::Running);
        let running = running.filter_map(|(id, _)| id.parse().ok()).collect();
        Ok(Self { repository, branch: found.branch.to_string(), commit: found.plan, running })
    }

    /// The branch.
    pub fn branch(&self) -> &str {
        &self.branch
    }

    /// The version that was read.
    pub fn commit(&self) -> &PlanCommit {
        &self.commit
    }

    /// The lowest number above those of all tasks that the plan has or had.
    pub fn next_id(&self) -> TaskId {
        let highest = self.commit.tasks.iter().map(|task| task.id.number()).max().unwrap_or(0);
        TaskId::numbered(u32::try_from(highest + 1).unwrap_or(u32::MAX))
    }

    /// Writes the next version. What is finished or runs is not touched; what is superseded or dropped stays in the record. A
    /// run of the plan that is under way goes on with the new version.
    ///
    /// # Errors
    /// [`OpenError::Request`] when the rules of plans don't allow it, with what to do.
    pub fn change(&self, input: &UpdatePlanInput) -> Result<PlanUpdated, OpenError> {
        let input = UpdatePlanInput { plan_branch: self.branch.clone(), ..input.clone() };
        self.repository.replan(&input, &self.running).map_err(refused)
    }
}
