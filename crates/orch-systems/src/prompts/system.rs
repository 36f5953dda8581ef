//! Prompts as the workers see them.

use std::io;
use std::path::Path;
use std::sync::Arc;

use orch_core::{Plan, TaskIx};
use orch_exec::agent::Profile;
use orch_prompt::Prompts;

use super::PromptPlan;
use super::judge::judge;
use super::tell::tell;
use crate::reviewer::Reviewer;
use crate::system::{EndedAttempt, Judged, System, TellError, Told};

/// The prompts system as the workers see it.
pub(crate) struct PromptSystem {
    pub(crate) plan: PromptPlan,
    pub(crate) templates: Prompts,
    pub(crate) reviewer: Option<Reviewer>,
    pub(crate) base_branch: String,
}

impl System for PromptSystem {
    fn plan(&self) -> &Arc<Plan> {
        &self.plan.plan
    }

    fn plan_file(&self) -> &Path {
        &self.plan.path
    }

    fn tell(
        &self,
        profile: &Profile,
        task: TaskIx,
        attempt: u32,
        previous: Option<&str>,
    ) -> Result<Told, TellError> {
        tell(&self.plan, &self.templates, profile, &self.base_branch, task, attempt, previous)
    }

    fn judge(&self, ended: &EndedAttempt<'_>) -> io::Result<Judged> {
        judge(ended)
    }

    fn reviewer(&self) -> Option<&Reviewer> {
        self.reviewer.as_ref()
    }

    fn base_branch(&self) -> &str {
        &self.base_branch
    }
}
