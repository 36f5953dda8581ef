//! Where a task's worker works: a branch cut from `flow`, and a work tree `.worktrees/worker-N` of its own.

use std::fs;
use std::path::{Path, PathBuf};

use orch_core::TaskIx;
use orch_exec::process::processes_in;
use orch_git::{BranchName, Force, Git, GitError, MergeError, Worktree};
use orch_state_commits::TaskId;
use orch_state_git::{FLOW, PlanRepository, Said, ToolError};
use orch_store::Home;

use super::WavePlan;
use crate::config::WorktreesTable;
use crate::system::{Coming, Ground, GroundError};
use crate::worktrees::Worktrees;

/// As many work trees as there may be at most.
const MOST: u32 = 10_000;

/// The branches and the work trees of a plan's tasks.
#[derive(Clone)]
pub(super) struct Workplaces {
    plan: WavePlan,
    repository: PlanRepository,
    git: Git,
    worktrees: Worktrees,
}

impl Workplaces {
    pub(super) fn of(plan: &WavePlan, table: &WorktreesTable) -> Self {
        Self {
            repository: plan.repository(),
            git: Git::at(&plan.root),
            worktrees: Worktrees::of(&plan.root, table),
            plan: plan.clone(),
        }
    }

    /// The branch of a task, if it was made, and the commit that it is at.
    pub(super) fn branch(&self, task: TaskIx) -> Result<Option<(BranchName, String)>, ToolError> {
        self.repository.find_task_branch(&self.plan.commit, &self.plan.task(task).id)
    }

    /// What was said on the branch of a task since the attempt began; none where it has no branch.
    pub(super) fn said(&self, home: &Home, task: TaskIx, attempt: u32) -> Result<Option<Said>, ToolError> {
        let Some((branch, _)) = self.branch(task)? else { return Ok(None) };
        let began = fs::read_to_string(home.began(self.plan.plan.id(task), attempt)).ok();
        let since = began.as_deref().map(str::trim).filter(|began| !began.is_empty());
        self.repository.said_on(&branch, &self.plan.task(task).id, since).map(Some)
    }

    /// The work tree in which the branch is checked out.
    pub(super) fn worktree(&self, branch: &BranchName) -> Option<PathBuf> {
        let trees = self.git.worktrees().ok()?;
        trees.into_iter().find(|tree| is_of(tree, branch)).map(|tree| tree.path)
    }

    /// Makes the place of an attempt: the branch is there, has what was merged before, and is checked out in a work tree.
    pub(super) fn ground(&self, home: &Home, coming: Coming, done: &[TaskId]) -> Result<Ground, GroundError> {
        let (task, attempt) = (coming.task, coming.attempt);
        let id = &self.plan.task(task).id;
        let opened = self.repository.open_task_branch(&self.plan.commit, id, done);
        let (branch, _) = opened.map_err(|error| match error {
            ToolError::Argument { .. } | ToolError::Unwritable(_) => GroundError::Task(said(&error)),
            error => GroundError::Environment(said(&error)),
        })?;
        self.catch_up(&branch)?;
        let result = home.result(self.plan.plan.id(task), attempt);
        let trees = self.git.worktrees().map_err(environment)?;
        let ground = match self.named(&trees, &branch) {
            Some(name) => self.worktrees.ground(&name, &branch, FLOW, result)?,
            None => self.worktrees.ground_in_any(self.free_names(&trees), &branch, FLOW, result)?,
        };
        let tip = self.git.branch_tip(&branch).map_err(environment)?.unwrap_or_default();
        fs::write(home.began(self.plan.plan.id(task), attempt), tip).map_err(|error| {
            GroundError::Environment(format!("can't note where the branch begins: {error}"))
        })?;
        Ok(ground)
    }

    /// Brings what was merged since the branch was made into it: what the task requires is there. Where that conflicts with
    /// what an earlier attempt left, it is for the merge at the end to say so.
    fn catch_up(&self, branch: &BranchName) -> Result<(), GroundError> {
        match self.git.merge_into(branch, &self.plan.flow, &format!("Merge {FLOW} into {branch}")) {
            Ok(_) | Err(MergeError::Conflict { .. } | MergeError::WouldOverwrite { .. }) => Ok(()),
            Err(MergeError::UnderWay { .. }) => Ok(()),
            Err(error) => Err(GroundError::Environment(error.to_string())),
        }
    }

    /// The name of the work tree in the folder of all that has the branch checked out.
    fn named(&self, trees: &[Worktree], branch: &BranchName) -> Option<String> {
        let tree = trees.iter().find(|tree| is_of(tree, branch))?;
        Some(tree.path.strip_prefix(self.worktrees.folder()).ok()?.to_str()?.to_owned())
    }

    /// The names of work trees that nobody seems to have, the first one first. What a task that is done left behind under one
    /// of them goes.
    fn free_names<'a>(&'a self, trees: &'a [Worktree]) -> impl Iterator<Item = String> + 'a {
        let names = (1..=MOST).map(|number| format!("worker-{number}"));
        names.filter(|name| {
            let path = self.worktrees.path(name);
            match trees.iter().find(|tree| tree.path == path).filter(|tree| tree.path.exists()) {
                Some(tree) => self.is_left(tree) && self.git.remove_worktree(&path, Force::No).is_ok(),
                None => is_nothing(&path),
            }
        })
    }

    /// Whether a work tree was left behind by a task that is done. One of another session is not.
    fn is_left(&self, tree: &Worktree) -> bool {
        let Some(branch) = tree.branch.as_deref() else { return false };
        let done = |&task: &TaskIx| self.plan.is_merged(task) && self.plan.is_branch_of(task, branch);
        self.plan.plan.tasks().any(|task| done(&task)) && processes_in(&tree.path).is_empty()
    }

    /// Removes the work tree of a task that is merged. One with unsaved work in it stays, and so does one in which a process
    /// works.
    pub(super) fn leave(&self, branch: &BranchName) {
        let Some(path) = self.worktree(branch) else { return };
        if path.starts_with(self.worktrees.folder()) && processes_in(&path).is_empty() {
            // What stays is listed by `orch worktree list`.
            let _ = self.git.remove_worktree(&path, Force::No);
        }
    }
}

/// An error of the repository's tools with what to do, on one line.
fn said(error: &ToolError) -> String {
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

fn environment(error: GitError) -> GroundError {
    GroundError::Environment(error.to_string())
}

fn is_of(tree: &Worktree, branch: &BranchName) -> bool {
    tree.branch.as_deref() == Some(branch.as_str())
}

/// Whether nothing is at `path`, or an empty folder.
fn is_nothing(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}
