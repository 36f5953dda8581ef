//! Plans advanced, one version after the other, by however many at once.

use std::time::{Duration, Instant};

use orch_git::{BranchName, CommitError, Tip};
use orch_state_commits::{PlanCommit, Update};

use crate::plans::PlanUpdated;
use crate::{PlanRepository, ToolError};

/// For how long something is tried again when others write to the same branches.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What becomes of an update in which there is nothing new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Same {
    /// It is a version as well: whoever asked for it is told of one.
    Written,
    /// Nothing is written.
    Left,
}

impl PlanRepository {
    /// Adds the next version with this update to the branch of a plan, which may be named with or without `refs/heads/`. Of
    /// two calls at once both arrive, one version after the other. `None` when the plan says everything already that is in
    /// the update; then nothing is written.
    ///
    /// What was learned is in the plan already when it is there word for word: in the same wave where the update names one,
    /// else in any. The tasks that [run](Update::running) are those that the update names; what is checked out in work trees
    /// is not looked at.
    ///
    /// ```no_run
    /// use orch_state_commits::Update;
    /// # let repository = orch_state_git::PlanRepository::at("/home/me/project");
    /// let begun = Update { started: vec!["001".parse()?], ..Update::default() };
    /// assert!(repository.record("plan/session-20250112-143000", &begun)?.is_some());
    /// assert!(repository.record("plan/session-20250112-143000", &begun)?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ToolError::Update`] when the rules of plans don't allow it; [`ToolError::NoBranch`], [`ToolError::NoRecord`],
    /// [`ToolError::Contended`]; git's own.
    pub fn record(&self, branch: &str, update: &Update) -> Result<Option<PlanUpdated>, ToolError> {
        let (updated, is_new) = self.next_version(branch, update, Same::Left)?;
        Ok(is_new.then_some(updated))
    }

    /// Makes the branch of a plan again that somebody has deleted, at the commit that it was last seen at.
    ///
    /// # Errors
    /// [`ToolError::Exists`] when it is there; git's own, also when the commit is there no more.
    pub fn bring_back(&self, branch: &BranchName, at: &str) -> Result<(), ToolError> {
        Ok(self.git.bring_back_branch(branch, at)?)
    }

    /// The plan as it is after the update, and whether that is a new version.
    pub(crate) fn next_version(
        &self,
        branch: &str,
        update: &Update,
        same: Same,
    ) -> Result<(PlanUpdated, bool), ToolError> {
        let (branch, mut tip) = self.branch(branch, "create_plan_branch")?;
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let plan = self.plan_on(&branch, &tip)?;
            let Some(next) = next(&plan, update, same)? else {
                return Ok((PlanUpdated::new(&plan, tip), false));
            };
            match self.git.commit_on(&branch, Tip::At(&tip), next.write()?.as_bytes()) {
                Ok(commit) => return Ok((self.updated(&next, update, commit), true)),
                Err(CommitError::Moved { found: Some(found), .. }) => tip = found,
                Err(CommitError::Moved { found: None, .. }) => return Err(gone(&branch)),
                Err(error) => return Err(error.into()),
            }
        }
        Err(ToolError::Contended { branch: branch.to_string() })
    }

    fn updated(&self, plan: &PlanCommit, update: &Update, commit: String) -> PlanUpdated {
        let mut updated = PlanUpdated::new(plan, commit);
        let plans_anew =
            !(update.new_tasks.is_empty() && update.replaced.is_empty() && update.dropped.is_empty());
        if plans_anew {
            updated.warnings = self.warnings(plan, &self.flow().unwrap_or_default());
        }
        updated
    }
}

fn gone(branch: &BranchName) -> ToolError {
    let hint = "it was deleted just now; make the plan again".into();
    ToolError::NoBranch { branch: branch.to_string(), hint }
}

/// The next version of `plan`; `None` when it would say the same and is not wanted then.
fn next(plan: &PlanCommit, update: &Update, same: Same) -> Result<Option<PlanCommit>, ToolError> {
    if same == Same::Written {
        return Ok(Some(plan.update(update)?.tidied()));
    }
    let mut update = update.clone();
    if is_learned(plan, &update)? {
        update.learned.clear();
    }
    let next = plan.update(&update)?.tidied();
    // Some things are written down with every version: what only a sentence said before.
    let bare = plan.update(&Update::default())?.tidied();
    Ok((next != bare).then_some(next))
}

/// Whether the plan has all that was learned.
fn is_learned(plan: &PlanCommit, update: &Update) -> Result<bool, ToolError> {
    let Update { learned, wave, .. } = update;
    // As it would be written.
    let written = Update { learned: learned.clone(), wave: *wave, ..Update::default() };
    let written = PlanCommit::new("").update(&written)?.tidied();
    let known = plan.learnings();
    Ok(written.learnings().iter().all(|new| {
        known.iter().any(|known| known.text == new.text && (wave.is_none() || known.wave == new.wave))
    }))
}
