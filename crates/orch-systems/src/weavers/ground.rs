//! Where a weaver works: a work tree of its own, on its own branch, cut from its base.

use std::path::{Path, PathBuf};

use orch_core::TaskIx;
use orch_git::BranchName;

use super::WeaverPlan;
use crate::config::WorktreesTable;
use crate::system::{Ground, GroundError};
use crate::worktrees::Worktrees;

/// Where a weaver's work tree is or will be.
pub(super) fn worktree_path(plan: &WeaverPlan, table: Option<&WorktreesTable>, task: TaskIx) -> PathBuf {
    let table = table.cloned().unwrap_or_default();
    Worktrees::of(&plan.root, &table).path(&plan.worktree_name(task))
}

/// A second place for what a weaver says of itself: beside its work tree, for agents that may not write where the first
/// one is, below `.claude`.
pub(super) fn second_status_file(plan: &WeaverPlan, table: &WorktreesTable, task: TaskIx) -> PathBuf {
    let name = format!("{}.json", plan.worktree_name(task));
    Worktrees::of(&plan.root, table).path(&name)
}

/// The work tree of a weaver, made if it is not there.
pub(super) fn ground(
    plan: &WeaverPlan,
    worktrees: &Worktrees,
    task: TaskIx,
    status_file: &Path,
) -> Result<Ground, GroundError> {
    let branch = BranchName::new(plan.branch(task)).map_err(|error| GroundError::Task(error.to_string()))?;
    worktrees.ground(&plan.worktree_name(task), &branch, &plan.spec(task).base, status_file.to_owned())
}
