//! Where a task's worker works: a branch cut from `flow`, and a work tree `.worktrees/worker-N` of its own.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use orch_core::TaskIx;
use orch_git::{BranchName, Force, Git, GitError, MergeError, Worktree};
use orch_state_commits::{TaskBranch, TaskId};
use orch_state_git::{FLOW, PlanRepository, Said, ToolError};
use orch_store::Home;

use super::WavePlan;
use crate::config::WorktreesTable;
use crate::detached::onto_branch;
use crate::system::{Coming, Ground, GroundError};
use crate::worktrees::{Worktrees, worktree_in_use};

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
        let began = self.began(home, task, attempt);
        self.said_since(task, began.as_ref().map(|began| began.tip.as_str()))
    }

    /// What was said on the branch of a task since its beginning; none where it has no branch.
    pub(super) fn said_before(&self, task: TaskIx) -> Result<Option<Said>, ToolError> {
        self.said_since(task, None)
    }

    fn said_since(&self, task: TaskIx, commit: Option<&str>) -> Result<Option<Said>, ToolError> {
        let Some((branch, _)) = self.branch(task)? else { return Ok(None) };
        self.repository.said_on(&branch, &self.plan.task(task).id, commit).map(Some)
    }

    /// Whether a place was made for an attempt: one that only takes up what was claimed before gets none.
    pub(super) fn has_begun(&self, home: &Home, task: TaskIx, attempt: u32) -> bool {
        self.began(home, task, attempt).is_some()
    }

    /// What was noted when an attempt began.
    fn began(&self, home: &Home, task: TaskIx, attempt: u32) -> Option<Began> {
        Began::read(&fs::read(home.began(self.plan.plan.id(task), attempt)).ok()?)
    }

    /// The work tree in which the branch is checked out.
    pub(super) fn worktree(&self, branch: &BranchName) -> Option<PathBuf> {
        let trees = self.git.worktrees().ok()?;
        trees.into_iter().find(|tree| is_of(tree, branch)).map(|tree| tree.path)
    }

    /// Where the work tree of the first worker would be.
    pub(super) fn coming(&self) -> PathBuf {
        self.worktrees.path("worker-1")
    }

    /// What was done for a task up to an attempt, in whichever one; none where it has no branch.
    pub(super) fn work(
        &self,
        home: &Home,
        (task, attempt): (TaskIx, u32),
    ) -> Result<Option<Work>, ToolError> {
        let Some((branch, _)) = self.branch(task)? else { return Ok(None) };
        let said = self.repository.said_on(&branch, &self.plan.task(task).id, None)?;
        let worktree = self.own_tree(&self.git.worktrees()?, home, (task, attempt), &branch);
        Ok(Some(Work { branch, said, worktree }))
    }

    /// The work tree that has a task's work: that of its branch, else the one that its latest attempt, up to this one, was
    /// given, and whose worker has gone over to another branch or to none.
    fn own_tree(
        &self,
        trees: &[Worktree],
        home: &Home,
        (task, attempt): (TaskIx, u32),
        branch: &BranchName,
    ) -> Option<PathBuf> {
        if let Some(own) = trees.iter().find(|tree| is_of(tree, branch)) {
            return Some(own.path.clone());
        }
        let given = (1..=attempt).rev().find_map(|attempt| self.began(home, task, attempt))?.worktree;
        // Nobody else was given it since: no task of any plan.
        let is_anothers =
            |tree: &Worktree| tree.branch.as_deref().is_some_and(|named| TaskBranch::id_in(named).is_some());
        let given = trees.iter().find(|tree| !tree.main && tree.path == given && !is_anothers(tree))?;
        Some(given.path.clone())
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
        let trees = self.git.worktrees().map_err(environment)?;
        let own = self.own_tree(&trees, home, (task, attempt), &branch);
        let own = own.and_then(|own| self.name_of(&own));
        // Before anything is merged into the branch, from which what was committed on none goes on.
        let note = match &own {
            Some(own) => self.gather(own, &trees, &branch)?,
            None => None,
        };
        self.catch_up(&branch)?;
        let result = home.result(self.plan.plan.id(task), attempt);
        let ground = match own {
            Some(own) => self.worktrees.ground(&own, &branch, FLOW, result)?,
            // Whoever runs another plan beside this one looks for one as well.
            None => self.worktrees.ground_in_any(self.free_names(&trees), &branch, FLOW, result)?,
        };
        let tip = self.git.branch_tip(&branch).map_err(environment)?.unwrap_or_default();
        let began = Began { tip, worktree: ground.folder.clone() };
        fs::write(home.began(self.plan.plan.id(task), attempt), began.written()).map_err(|error| {
            GroundError::Environment(format!("can't note where the branch begins: {error}"))
        })?;
        Ok(Ground { note, ..ground })
    }

    /// Takes in what was committed in a work tree on no branch; what to say of it.
    fn gather(
        &self,
        name: &str,
        trees: &[Worktree],
        branch: &BranchName,
    ) -> Result<Option<String>, GroundError> {
        let path = self.worktrees.path(name);
        let is_detached = |tree: &Worktree| tree.path == path && tree.branch.is_none() && path.is_dir();
        if !trees.iter().any(is_detached) {
            return Ok(None);
        }
        self.worktrees.remove_abandoned_locks(name, branch).map_err(environment)?;
        onto_branch(&self.git, &path, branch).map_err(GroundError::Task)
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

    /// The name of a work tree in orch's folder of them.
    fn name_of(&self, tree: &Path) -> Option<String> {
        Some(tree.strip_prefix(self.worktrees.folder()).ok()?.to_str()?.to_owned())
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

    /// Whether a work tree was left behind by a task whose branch is in `flow`. One of another session is not.
    fn is_left(&self, tree: &Worktree) -> bool {
        self.merged_task(tree).is_some() && worktree_in_use(&tree.path).is_none()
    }

    /// The task of this plan whose branch is in `flow` and checked out in a work tree.
    fn merged_task(&self, tree: &Worktree) -> Option<TaskIx> {
        let (branch, tip) = tree.branch.as_deref().zip(tree.head.as_deref())?;
        let task = self.plan.plan.tasks().find(|&task| self.plan.is_branch_of(task, branch))?;
        self.git.is_ancestor(tip, &self.plan.flow.head_ref()).ok().filter(|is_in| *is_in).map(|_| task)
    }

    /// Removes the work trees that were left behind by tasks whose branches are in `flow`: merged by a person, or by an orch
    /// that went away before it got so far. One with unsaved work in it stays.
    pub(super) fn tidy(&self) {
        for tree in self.git.worktrees().unwrap_or_default() {
            if !tree.main && self.name_of(&tree.path).is_some() && self.is_left(&tree) {
                // What stays is told by the report.
                let _ = self.git.remove_worktree(&tree.path, Force::No);
            }
        }
    }

    /// Of the tasks that were done, those whose work is not on `flow` any more, by their ids: no merge there speaks of them, and
    /// their branches are not in it.
    pub(super) fn lost(&self, done: &[TaskId]) -> Vec<String> {
        let merged = self.repository.plan(self.plan.branch()).map(|now| now.merged).unwrap_or_default();
        let unmerged = self.git.unmerged_branches(FLOW).unwrap_or_default();
        let is_among =
            |ids: &[TaskId], task: TaskIx| ids.iter().any(|id| id.is_same(&self.plan.task(task).id));
        let is_lost = |task: &TaskIx| {
            is_among(done, *task)
                && !is_among(&merged, *task)
                && unmerged.iter().any(|branch| self.plan.is_branch_of(*task, branch))
        };
        let lost = self.plan.plan.tasks().filter(is_lost);
        lost.map(|task| self.plan.plan.id(task).to_owned()).collect()
    }

    /// The work trees that are left of tasks whose branches are in `flow`, and why each was kept.
    pub(super) fn kept(&self) -> Vec<KeptTree> {
        let mut trees = self.git.worktrees().unwrap_or_default();
        trees.retain(|tree| !tree.main && self.name_of(&tree.path).is_some());
        trees.into_iter().filter_map(|tree| self.why_kept(tree)).collect()
    }

    fn why_kept(&self, tree: Worktree) -> Option<KeptTree> {
        let task = self.merged_task(&tree)?;
        let in_use = worktree_in_use(&tree.path).map(|_| "somebody works in it".to_owned());
        let locked = || tree.locked.is_some().then(|| "it is locked".to_owned());
        let holds = || {
            let state = self.git.worktree_state(&tree.path, &[]).ok()?;
            (!state.is_safe()).then(|| state.to_string())
        };
        let why = in_use.or_else(locked).or_else(holds)?;
        Some(KeptTree { task: self.plan.plan.id(task).to_owned(), path: tree.path, why })
    }

    /// Removes the work tree of a task that is merged. One with unsaved work in it stays, and so does one in which a process
    /// works.
    pub(super) fn leave(&self, branch: &BranchName) {
        let Some(path) = self.worktree(branch) else { return };
        if path.starts_with(self.worktrees.folder()) && worktree_in_use(&path).is_none() {
            // What stays is told by the report.
            let _ = self.git.remove_worktree(&path, Force::No);
        }
    }
}

/// What was done for a task.
pub(super) struct Work {
    pub(super) branch: BranchName,
    /// What was said on the branch since its beginning.
    pub(super) said: Said,
    /// The work tree that it is in, if that is still there.
    pub(super) worktree: Option<PathBuf>,
}

/// A work tree that was kept although its task is merged.
pub(super) struct KeptTree {
    /// The id of the task.
    pub(super) task: String,
    pub(super) path: PathBuf,
    /// What it holds, or what else keeps it.
    pub(super) why: String,
}

/// What is noted when an attempt begins.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Began {
    /// The commit that the branch of its task was at.
    tip: String,
    /// The work tree that it was given.
    worktree: PathBuf,
}

impl Began {
    fn written(&self) -> Vec<u8> {
        [self.tip.as_bytes(), b"\n", self.worktree.as_os_str().as_bytes(), b"\n"].concat()
    }

    fn read(written: &[u8]) -> Option<Self> {
        let mut lines = written.splitn(2, |&byte| byte == b'\n');
        let tip = std::str::from_utf8(lines.next()?).ok()?.trim().to_owned();
        let worktree = lines.next()?.strip_suffix(b"\n")?;
        (!tip.is_empty()).then(|| Self { tip, worktree: PathBuf::from(OsStr::from_bytes(worktree)) })
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
