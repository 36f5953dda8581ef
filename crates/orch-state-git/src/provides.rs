//! `get_provides`: what the merges on `flow` have brought about.

use std::collections::HashMap;

use orch_git::{Bounds, BranchName, CommitMessage};
use orch_state_commits::{MergeCommit, PlanCommit, Provided, TaskCommit, TaskId};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::planned::key;
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

/// How much of `flow` is read since a plan began: all that thousands of tasks bring in.
const RECENT: Bounds = Bounds { commits: 1_000_000, bytes: 512 << 20 };

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
            Some((branch, tip)) => self.plan_now(branch, tip, flow)?.provided,
            None => self.provided_to_plan_of(&PlanCommit::new(""), None, &flow)?.0,
        };
        Ok(provided.names().into_iter().map(str::to_owned).collect())
    }

    /// What is provided to the tasks of `plan`, which is on its branch.
    pub(crate) fn provided_to(&self, plan: &PlanCommit, flow: &str) -> Result<Provided, ToolError> {
        let found = match BranchName::new(plan.plan_branch.as_str()) {
            Ok(branch) => self.git.branch_tip(&branch)?.map(|tip| (branch, tip)),
            Err(_) => None,
        };
        let branch = found.as_ref().map(|(branch, tip)| (branch, tip.as_str()));
        Ok(self.provided_to_plan_of(plan, branch, flow)?.0)
    }

    /// What is provided to the tasks of `plan`, and those of them that were merged, the oldest merge first.
    pub(crate) fn provided_to_plan_of(
        &self,
        plan: &PlanCommit,
        branch: Option<(&BranchName, &str)>,
        flow: &str,
    ) -> Result<(Provided, Vec<TaskId>), ToolError> {
        let begin = match branch {
            Some((branch, tip)) => self.begin(branch, tip, flow)?,
            None => None,
        };
        let (mut own, mut earlier) = (Vec::new(), Vec::new());
        let recent = self.git.all_messages(begin.as_deref(), flow, RECENT)?.commits;
        let mut history = History::of(&recent);
        let mut at = history.commit(flow);
        while let Some(commit) = at {
            if let Some(merge) = merge(commit) {
                let task = history.task_merged(&merge.task, commit);
                let place = if task.is_none_or(|task| is_of(task, plan)) { &mut own } else { &mut earlier };
                place.push(merge);
            }
            at = commit.parents.first().and_then(|parent| history.commit(parent));
        }
        own.reverse();
        if let Some(begin) = &begin {
            let before = self.git.merges(None, begin, Bounds::default())?.commits;
            earlier.extend(before.iter().rev().filter_map(merge));
        }
        Ok((Provided::of(plan, &own, &earlier), of_plan(plan, &own)))
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

/// The tasks of `plan` that were merged, as it writes their ids.
fn of_plan(plan: &PlanCommit, merges: &[MergeCommit]) -> Vec<TaskId> {
    let mut ids: HashMap<_, _> = plan.tasks.iter().rev().map(|task| (key(&task.id), &task.id)).collect();
    // Each is taken once.
    merges.iter().filter_map(|merge| ids.remove(&key(&merge.task)).cloned()).collect()
}

/// Commits by their ids, and the tasks that they say, each read once.
struct History<'c> {
    commits: HashMap<&'c str, &'c CommitMessage>,
    tasks: HashMap<&'c str, Option<TaskCommit>>,
}

impl<'c> History<'c> {
    fn of(commits: &'c [CommitMessage]) -> Self {
        let commits = commits.iter().map(|commit| (commit.id.as_str(), commit)).collect();
        Self { commits, tasks: HashMap::new() }
    }

    fn commit(&self, id: &str) -> Option<&'c CommitMessage> {
        self.commits.get(id).copied()
    }

    /// What the first commit of the branch that `merge` brought in says of the task `id`.
    fn task_merged(&mut self, id: &TaskId, merge: &CommitMessage) -> Option<&TaskCommit> {
        let mut at = merge.parents.get(1).and_then(|tip| self.commit(tip));
        for _ in 0..MOST_STEPS {
            let commit = at?;
            let read = || TaskCommit::read(&commit.text()).ok();
            let task = self.tasks.entry(&commit.id).or_insert_with(read);
            if task.as_ref().is_some_and(|task| task.id.is_same(id)) {
                return self.tasks.get(commit.id.as_str())?.as_ref();
            }
            at = commit.parents.first().and_then(|parent| self.commit(parent));
        }
        None
    }
}

/// Whether a task is one of `plan`, as far as it says.
pub(crate) fn is_of(task: &TaskCommit, plan: &PlanCommit) -> bool {
    let says_nothing = task.plan_branch.is_empty() && task.session_id.is_empty();
    let is_named = !task.plan_branch.is_empty() && task.plan_branch == plan.plan_branch;
    says_nothing || is_named || (!task.session_id.is_empty() && task.session_id == plan.session_id)
}
