//! What was written down about a plan of waves: what was merged, what the plan says, and the history.
//!
//! A merge on `flow` is evidence: whatever else is written, its task is done. Of all else the history is the truth; where it
//! knows nothing of a task, the plan's own word counts, unless the task's branch holds what was never merged. What was done
//! and is on `flow` no more, because that was moved back, is done no more either.

use std::cell::OnceCell;

use orch_core::{Memory, Recorded, RecordedTask, Standing, Status, TaskIx};
use orch_git::BranchName;
use orch_state_git::FLOW;
use orch_store::Folded;

use super::WavePlan;
use super::place::looking;
use crate::memory::standing;
use crate::system::Remembered;

/// Puts together what is remembered.
pub(super) fn remember(plan: &WavePlan, history: Folded) -> Remembered {
    let memory = Memory::Found(recorded(plan, &history));
    let mut remembered =
        Remembered { memory, history, edits: Vec::new(), restarted: None, notes: Vec::new() };
    remembered.edits = remembered.differences();
    remembered.notes = remembered.edits.iter().map(changed).collect();
    remembered
}

/// What is said of a task that stands otherwise than it was left.
fn changed((id, was, now): &(String, Status, Status)) -> String {
    if (*was, *now) == (Status::Success, Status::Incomplete) {
        return format!(
            "`{id}` was {was}, and what is on its branch is not on `{FLOW}` any more, so that it is {now}: bring `{FLOW}` back \
             to where it was, or `orch retry {id}`"
        );
    }
    format!("`{id}` was {was}; it is {now} by what is on `{FLOW}` and in the plan")
}

/// What a run goes on from that is begun anew: what is merged is done.
pub(super) fn fresh(plan: &WavePlan, history: &Folded) -> Memory {
    let task = |task: TaskIx| {
        let status = if plan.is_merged(task) { Status::Success } else { Status::Pending };
        let id = plan.plan.id(task).to_owned();
        let attempt = history.last_attempt(&id);
        RecordedTask { standing: Standing { status, attempt, ..Standing::default() }, id }
    };
    Memory::Found(Recorded { identity: Vec::new(), tasks: plan.plan.tasks().map(task).collect() })
}

fn recorded(plan: &WavePlan, history: &Folded) -> Recorded {
    let unmerged = Unmerged { plan, branches: OnceCell::new() };
    let task = |task: TaskIx| {
        let id = plan.plan.id(task).to_owned();
        let record = history.tasks.get(&id);
        let known = record.map(|record| record.status);
        let written = plan.task(task).status.core().unwrap_or_default();
        // Since it was asked for again nobody has begun it, so that its branch says nothing of that yet.
        let is_wanted_again =
            record.is_some_and(|record| record.status == Status::Pending && record.outcome.is_none());
        let status = stands(plan.is_merged(task), known, written, || is_wanted_again || unmerged.has(task));
        let attempt = history.last_attempt(&id);
        let standing = match record.filter(|record| record.status == status) {
            Some(record) => Standing { attempt, ..standing(record) },
            None => Standing { status, attempt, ..Standing::default() },
        };
        RecordedTask { id, standing }
    };
    Recorded { identity: Vec::new(), tasks: plan.plan.tasks().map(task).collect() }
}

/// Where a task stands: whether its merge is there, what the history has, what the plan says, and whether there is, or is to be,
/// work on its branch that is not on `flow`. What was merged once may have been asked for again.
fn stands(is_merged: bool, known: Option<Status>, written: Status, is_unmerged: impl Fn() -> bool) -> Status {
    match (known, written) {
        // What became of it is found out from its worker.
        (Some(Status::Running), _) => Status::Running,
        // Merged by orch. The history of `flow` may have been written anew since, as long as the work is in it: whoever needs
        // that begins there.
        (Some(Status::Success), _) if is_merged || !is_unmerged() => Status::Success,
        (Some(Status::Success), _) => Status::Incomplete,
        (None, _) if is_merged => Status::Success,
        _ if is_merged && !is_unmerged() => Status::Success,
        // Another program's word, or a person's.
        (_, Status::Success) if !is_unmerged() => Status::Success,
        (Some(known), _) => known,
        (None, Status::Fail) => Status::Fail,
        // Nobody of orch's has begun it: what is said to run does so elsewhere, or not any more.
        (None, _) => Status::Pending,
    }
}

/// The branches of which something is not in `flow`. Git is asked only where nothing else tells.
struct Unmerged<'a> {
    plan: &'a WavePlan,
    branches: OnceCell<Vec<BranchName>>,
}

impl Unmerged<'_> {
    /// Whether that is so of a task's branch. One that no merge speaks of may have come as a squash, unless there is nothing on
    /// it that could have come; of one that was merged before, whatever was said on it since is news.
    fn has(&self, task: TaskIx) -> bool {
        let git = looking(&self.plan.root);
        let branches = self.branches.get_or_init(|| {
            let unmerged = git.unmerged_branches(FLOW).unwrap_or_default();
            unmerged.into_iter().filter_map(|branch| BranchName::new(branch).ok()).collect()
        });
        let mut own = branches.iter().filter(|branch| self.plan.is_branch_of(task, branch.as_str()));
        let has_work = |branch: &BranchName| {
            let said = self.plan.repository().said_on(branch, &self.plan.task(task).id, None);
            said.is_ok_and(|said| said.changed)
        };
        let is_squashed = |branch: &BranchName| {
            git.is_contained(branch, &self.plan.flow).unwrap_or(false) && has_work(branch)
        };
        own.any(|branch| self.plan.is_merged(task) || !is_squashed(branch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_is_evidence_then_the_history_then_the_plan() {
        use Status::{Fail, Incomplete, Pending, Running, Success};
        for (is_merged, known, written, is_unmerged, status) in [
            (true, None, Pending, false, Success),
            (true, None, Pending, true, Success),
            (true, Some(Fail), Fail, false, Success),
            (true, Some(Incomplete), Fail, false, Success),
            // It was asked for again since it was merged.
            (true, Some(Fail), Success, true, Fail),
            (true, Some(Incomplete), Success, true, Incomplete),
            (true, Some(Pending), Success, true, Pending),
            // It is settled by its worker, which may have been merged a moment ago.
            (true, Some(Running), Pending, true, Running),
            (true, Some(Pending), Pending, false, Success),
            (true, Some(Success), Success, true, Success),
            (false, Some(Success), Success, false, Success),
            // `flow` was moved back since.
            (false, Some(Success), Success, true, Incomplete),
            (false, Some(Success), Pending, true, Incomplete),
            // A worker says so to the plan, and has nothing on its branch.
            (false, Some(Fail), Success, true, Fail),
            (false, None, Success, false, Success),
            (false, None, Success, true, Pending),
            (false, Some(Incomplete), Success, true, Incomplete),
            (false, Some(Incomplete), Success, false, Success),
            (false, Some(Pending), Fail, false, Pending),
            (false, None, Fail, false, Fail),
            (false, None, Running, true, Pending),
            (false, None, Pending, true, Pending),
        ] {
            assert_eq!(
                stands(is_merged, known, written, || is_unmerged),
                status,
                "{is_merged} {known:?} {written:?} {is_unmerged}"
            );
        }
    }
}
