//! Changing a plan, also one that is being run: further tasks, others in the place of one, and tasks that nobody needs.

use std::path::Path;

use orch_core::{Diagnostic, Status};
use orch_state_commits::{PlanCommit, TaskId, check_capabilities};
use orch_state_git::{PlanRepository, PlanUpdated, UpdatePlanInput};
use orch_store::{Folded, Home};

use super::load::home_name;
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
        let home = Home::find(root, &home_name(branch));
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
    /// [`OpenError::Request`] when the rules of plans don't allow it, or when something would keep the plan from being run that
    /// does not yet, such as a task that requires what none provides; with what to do.
    pub fn change(&self, input: &UpdatePlanInput) -> Result<PlanUpdated, OpenError> {
        let input = UpdatePlanInput { plan_branch: self.branch.clone(), ..input.clone() };
        self.may_be_run_after(&input)?;
        self.repository.replan(&input, &self.running).map_err(refused)
    }

    /// That nothing is wrong with the plan after the change that was not before: no run could go on with it.
    fn may_be_run_after(&self, input: &UpdatePlanInput) -> Result<(), OpenError> {
        let after = self.repository.replanned(&self.commit, input, &self.running).map_err(refused)?;
        let wrong = |plan: &PlanCommit| -> Result<Vec<Diagnostic>, OpenError> {
            let provided = self.repository.provided_for(plan).map_err(refused)?;
            let found = check_capabilities(plan, &provided);
            Ok(found.into_iter().filter(Diagnostic::is_error).collect())
        };
        let after = wrong(&after)?;
        if after.is_empty() {
            return Ok(());
        }
        let before = wrong(&self.commit)?;
        let is_new = |found: &Diagnostic| before.iter().all(|known| known.message != found.message);
        let new: Vec<&str> =
            after.iter().filter(|found| is_new(found)).map(|found| found.message.as_str()).collect();
        if new.is_empty() {
            return Ok(());
        }
        Err(OpenError::Request {
            code: "waves.refused",
            message: format!("the plan could not be run then: {}", new.join("; ")),
            hint: "plan first what others need: `orch plan add … --provides …`, or `orch plan replace`"
                .into(),
        })
    }
}
