//! `get_provides`: what the merges on `flow` have brought about.

use std::collections::HashMap;

use orch_git::{Bounds, BranchName, CommitMessage};
use orch_state_commits::{MergeCommit, PlanCommit, Provided, SessionId, TaskCommit, TaskId};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::plans::CURRENT;
use crate::{PlanRepository, ToolError};

/// What `get_provides` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvidesInput {
    /// The branch of the plan whose tasks are meant; the current plan unless given.
    pub plan_branch: Option<String>,
}

/// So many commits of one task's branch are looked at.
const MOST_STEPS: usize = 1000;

/// Commits by their ids.
type ById<'c> = HashMap<&'c str, &'c CommitMessage>;

impl PlanRepository {
    /// The capabilities that finished work provides, each once, those of the plan first: what the merges on `flow` say, and
    /// for the tasks of the plan whose merge is there also what the plan says, because merges say it in other words or not at
    /// all.
    ///
    /// # Errors
    /// [`ToolError::NoFlow`]; [`ToolError::NoBranch`] for a plan that was named and is not there.
    pub fn get_provides(&self, input: &ProvidesInput) -> Result<Vec<String>, ToolError> {
        let flow = self.flow()?;
        let current = match &input.plan_branch {
            Some(given) => Some(self.branch(given, "create_plan_branch")?),
            None => self.current_plan()?,
        };
        let provided = match current {
            Some((branch, tip)) => {
                let mut plan = self.plan_on(&branch, &tip)?;
                plan.plan_branch = branch.to_string();
                self.provided_to_plan_of(&plan, Some((&branch, &tip)), &flow)?
            }
            None => self.provided_to_plan_of(&PlanCommit::new(""), None, &flow)?,
        };
        Ok(provided.names().into_iter().map(str::to_owned).collect())
    }

    /// The branch of the current plan: the one that the repository's setting names, else the newest.
    fn current_plan(&self) -> Result<Option<(BranchName, String)>, ToolError> {
        let named = self.git.setting(CURRENT)?.unwrap_or_default();
        let name = if named.starts_with("plan/") { named } else { format!("plan/{named}") };
        if let Ok(branch) = BranchName::new(name)
            && let Some(tip) = self.git.branch_tip(&branch)?
        {
            return Ok(Some((branch, tip)));
        }
        let Ok(folder) = BranchName::new("plan") else { return Ok(None) };
        // The name of a session is the moment at which it began.
        let age = |branch: &BranchName| {
            let session = branch.as_str().trim_start_matches("plan/");
            (session.parse::<SessionId>().is_ok(), branch.to_string())
        };
        Ok(self.git.branches_under(&folder)?.into_iter().max_by_key(|(branch, _)| age(branch)))
    }

    /// What is provided to the tasks of `plan`, which is on its branch.
    pub(crate) fn provided_to(&self, plan: &PlanCommit, flow: &str) -> Result<Provided, ToolError> {
        let found = match BranchName::new(plan.plan_branch.as_str()) {
            Ok(branch) => self.git.branch_tip(&branch)?.map(|tip| (branch, tip)),
            Err(_) => None,
        };
        self.provided_to_plan_of(plan, found.as_ref().map(|(branch, tip)| (branch, tip.as_str())), flow)
    }

    fn provided_to_plan_of(
        &self,
        plan: &PlanCommit,
        branch: Option<(&BranchName, &str)>,
        flow: &str,
    ) -> Result<Provided, ToolError> {
        let begin = match branch {
            Some((branch, tip)) => self.begin(branch, tip, flow)?,
            None => None,
        };
        let (mut own, mut earlier) = (Vec::new(), Vec::new());
        let recent = self.git.all_messages(begin.as_deref(), flow, Bounds::default())?.commits;
        let by_id: ById<'_> = recent.iter().map(|commit| (commit.id.as_str(), commit)).collect();
        let mut at = by_id.get(flow).copied();
        while let Some(commit) = at {
            if let Some(merge) = merge(commit) {
                let is_own = session_of(&merge.task, commit, &by_id).is_none_or(|task| is_of(&task, plan));
                let place = if is_own { &mut own } else { &mut earlier };
                place.push(merge);
            }
            at = commit.parents.first().and_then(|parent| by_id.get(parent.as_str()).copied());
        }
        own.reverse();
        if let Some(begin) = &begin {
            let before = self.git.merges(None, begin, Bounds::default())?.commits;
            earlier.extend(before.iter().rev().filter_map(merge));
        }
        Ok(Provided::of(plan, &own, &earlier))
    }

    /// The commit of `flow` at which a plan began: merges before it are those of earlier sessions.
    fn begin(&self, branch: &BranchName, tip: &str, flow: &str) -> Result<Option<String>, ToolError> {
        if let Some(base) = self.git.recorded_base(branch)? {
            return Ok(Some(base));
        }
        match self.git.merge_base(flow, tip)? {
            // The plan itself was merged: its branch does not tell any more where it began.
            Some(base) if base == tip => Ok(None),
            base => Ok(base),
        }
    }
}

/// The merge of a task, if `commit` is one.
fn merge(commit: &CommitMessage) -> Option<MergeCommit> {
    if commit.parents.len() < 2 {
        return None;
    }
    MergeCommit::read(&commit.text()).ok()
}

/// What the first commit of the branch that `merge` brought in says of the task `id`.
fn session_of(id: &TaskId, merge: &CommitMessage, by_id: &ById<'_>) -> Option<TaskCommit> {
    let mut at = merge.parents.get(1).and_then(|tip| by_id.get(tip.as_str()).copied());
    for _ in 0..MOST_STEPS {
        let commit = at?;
        match TaskCommit::read(&commit.text()) {
            Ok(task) if task.id.is_same(id) => return Some(task),
            _ => at = commit.parents.first().and_then(|parent| by_id.get(parent.as_str()).copied()),
        }
    }
    None
}

/// Whether a task is one of `plan`, as far as it says.
fn is_of(task: &TaskCommit, plan: &PlanCommit) -> bool {
    let says_nothing = task.plan_branch.is_empty() && task.session_id.is_empty();
    let is_named = !task.plan_branch.is_empty() && task.plan_branch == plan.plan_branch;
    says_nothing || is_named || (!task.session_id.is_empty() && task.session_id == plan.session_id)
}
