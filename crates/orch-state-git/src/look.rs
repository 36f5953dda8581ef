//! Looking at plans from within orch, with all that their commits say rather than what a tool answers.

use orch_core::Time;
use orch_state_commits::{PlanCommit, Provided, SessionId, TaskId};

use crate::{CreatePlanInput, PlanRepository, ToolError, UpdatePlanInput};

impl PlanRepository {
    /// Refuses a repository in which no plan can be made: without a commit, or without the branch `flow`.
    ///
    /// # Errors
    /// [`ToolError::NotARepository`], [`ToolError::NoCommits`], [`ToolError::NoFlow`]; git's own.
    pub fn require_flow(&self) -> Result<(), ToolError> {
        self.flow().map(drop)
    }

    /// What finished work provides to the tasks of `plan`, whether its branch is there yet or not.
    ///
    /// # Errors
    /// Those of [`require_flow`](Self::require_flow).
    pub fn provided_for(&self, plan: &PlanCommit) -> Result<Provided, ToolError> {
        self.provided_to(plan, &self.flow()?)
    }

    /// The plan that [`create_plan_branch`](Self::create_plan_branch) would store, looked at as a whole: nothing is stored.
    ///
    /// # Errors
    /// Those of `create_plan_branch` that are about the arguments.
    pub fn planned(&self, input: &CreatePlanInput, now: Time) -> Result<PlanCommit, ToolError> {
        let session: SessionId = input.session_id.parse()?;
        let plan = input.read(&session, now)?;
        plan.write()?;
        Ok(plan)
    }

    /// The plan as [`replan`](Self::replan) would make it of `plan`: nothing is stored.
    ///
    /// # Errors
    /// Those of `replan` that are about the rules of plans.
    pub fn replanned(
        &self,
        plan: &PlanCommit,
        input: &UpdatePlanInput,
        running: &[TaskId],
    ) -> Result<PlanCommit, ToolError> {
        Ok(plan.update(&input.read(running)?)?.tidied())
    }
}
