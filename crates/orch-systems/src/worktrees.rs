//! Work trees: the one place that makes and removes them, for every system.
//!
//! They are made in a folder of their own that git ignores, one for each task, and adopted where they are there already.
//! They go only when a person says so, and never with unsaved work in them.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use orch_exec::process::{processes_in, program_runs_in};
use orch_git::{BranchName, Force, Git, GitError, Rescue, Rescued, Worktree, WorktreeError, WorktreeState};
use orch_state_commits::TaskBranch;
use orch_state_git::{FLOW, InUse};
use orch_store::{Escape, beneath};

use crate::OpenError;
use crate::config::WorktreesTable;
use crate::system::{Ground, GroundError};

/// The folder that they are made in unless configured.
const FOLDER: &str = ".worktrees";

/// The file, beside git's own of a work tree, that says that it was set up.
const READY: &str = "orch-set-up";

/// The file, beside that, in which a copy is made.
const COPYING: &str = "orch-copying";

/// The work trees of a repository.
#[derive(Clone, Debug)]
pub(crate) struct Worktrees {
    root: PathBuf,
    folder: PathBuf,
    table: WorktreesTable,
}

impl Worktrees {
    pub(crate) fn of(root: &Path, table: &WorktreesTable) -> Self {
        // Only a folder that somebody has named is followed where it leads.
        let folder = match &table.folder {
            Some(named) => resolved(&root.join(named)),
            None => root.join(FOLDER),
        };
        Self { root: root.to_owned(), folder, table: table.clone() }
    }

    /// The folder that they are made in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the work tree called `name` is or would be.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The work tree called `name` with `branch` checked out, made if it is not there: a branch that does not exist is
    /// cut from `base`. `result` is where the worker in it writes its result.
    pub(crate) fn ground(
        &self,
        name: &str,
        branch: &BranchName,
        base: &str,
        result: PathBuf,
    ) -> Result<Ground, GroundError> {
        self.make_folder_or_why_not()?;
        self.remove_abandoned_locks(name, branch).map_err(|error| refused(error.into(), &self.root))?;
        let git = Git::at(&self.root);
        let mut added = git.add_worktree(&self.path(name), branch, base);
        // Its worker went over to a branch of its own: that branch stays, with all that was committed there.
        if let Err(WorktreeError::OtherBranch { path, found: Some(_), .. }) = &added
            && Git::at(path).switch(branch).is_ok()
        {
            added = git.add_worktree(&self.path(name), branch, base);
        }
        let added = added.map_err(|error| refused(error, &self.root))?;
        self.furnished(added.path, base, result)
    }

    /// The same with the first of `names` that is nobody's: one that somebody has, or has taken a moment before, is left
    /// alone.
    pub(crate) fn ground_in_any(
        &self,
        names: impl Iterator<Item = String>,
        branch: &BranchName,
        base: &str,
        result: PathBuf,
    ) -> Result<Ground, GroundError> {
        self.make_folder_or_why_not()?;
        let git = Git::at(&self.root);
        let mut last = None;
        for name in names {
            // Git would follow it to wherever it leads.
            if self.path(&name).is_symlink() {
                continue;
            }
            self.remove_abandoned_locks(&name, branch).map_err(|error| refused(error.into(), &self.root))?;
            match git.add_worktree(&self.path(&name), branch, base) {
                Ok(added) => return self.furnished(added.path, base, result),
                Err(
                    error @ (WorktreeError::OtherBranch { .. }
                    | WorktreeError::PathTaken { .. }
                    | WorktreeError::UnderWay { .. }
                    | WorktreeError::Locked { .. }),
                ) => last = Some(error),
                Err(error) => return Err(refused(error, &self.root)),
            }
        }
        let why = last.map(|error| format!(": {error}")).unwrap_or_default();
        Err(GroundError::Environment(format!(
            "there is no room for a work tree in {}{why}: remove some with `orch worktree remove`",
            self.folder.display()
        )))
    }

    /// The work tree at `path` with all that a worker needs in it, or how that is made.
    fn furnished(&self, path: PathBuf, base: &str, result: PathBuf) -> Result<Ground, GroundError> {
        let ready = ready_file(&path);
        let is_ready = ready.as_deref().is_some_and(Path::exists);
        let mut set_up = Vec::new();
        if !is_ready {
            self.copy_files(&path, ready.as_deref())?;
            if self.table.submodules != Some(false) && path.join(".gitmodules").is_file() {
                let words = ["git", "submodule", "update", "--init", "--recursive"];
                set_up.push(words.map(str::to_owned).to_vec());
            }
            set_up.extend(self.table.setup.clone().filter(|setup| !setup.is_empty()));
        }
        Ok(Ground {
            folder: path,
            base_branch: base.to_owned(),
            result,
            ready: ready.filter(|_| !is_ready),
            set_up,
            note: None,
        })
    }

    /// Removes the lock files that a git which was killed, with its weaver or with the machine, has left in the work tree
    /// called `name` and on its branch. To be called while no worker is at work there.
    ///
    /// # Errors
    /// When one is there, and may be held by a git that runs.
    pub(crate) fn remove_abandoned_locks(&self, name: &str, branch: &BranchName) -> Result<(), GitError> {
        let is_idle = |folder: &Path| program_runs_in(folder, "git") == Some(false);
        Git::at(&self.root).remove_abandoned_locks(&self.path(name), branch, is_idle).map(drop)
    }

    fn make_folder_or_why_not(&self) -> Result<(), GroundError> {
        self.make_folder().map_err(|error| {
            GroundError::Environment(format!("can't make the folder {}: {error}", self.folder.display()))
        })
    }

    /// Makes the folder, which git ignores where it lies in the repository.
    fn make_folder(&self) -> io::Result<()> {
        match fs::symlink_metadata(&self.folder) {
            // A repository could bring a link along that leads anywhere.
            Ok(found) if found.is_symlink() && self.table.folder.is_none() => {
                return Err(io::Error::other(
                    "it is a link; say where it leads with `folder` in [worktrees] of orch.toml, or remove it",
                ));
            }
            Ok(_) if self.folder.is_dir() => {}
            Ok(_) => return Err(io::Error::other("something else is there: move it away")),
            Err(_) => {}
        }
        fs::create_dir_all(&self.folder)?;
        let ignore = self.folder.join(".gitignore");
        // Whoever made the folder may have been killed before this was written.
        let is_begun = fs::metadata(&ignore).is_ok_and(|found| found.len() == 0);
        let is_written = ignore.exists() && !is_begun;
        if is_written || self.folder == self.root || !self.folder.starts_with(&self.root) {
            return Ok(());
        }
        // A folder that was there may be for other things as well, unless its name says otherwise.
        let is_ours = is_begun
            || self.table.folder.is_none()
            || fs::read_dir(&self.folder)?.flatten().all(|entry| entry.path().join(".git").is_file());
        if is_ours {
            fs::write(&ignore, "*\n")?;
        }
        Ok(())
    }

    /// Copies what git does not track and every work tree needs. What is not there is not needed.
    fn copy_files(&self, worktree: &Path, ready: Option<&Path>) -> Result<(), GroundError> {
        for file in &self.table.copy {
            let name = file.to_string_lossy();
            let place = |root: &Path| beneath(root, &name);
            let failed = |why: String| {
                GroundError::Environment(format!("can't copy {name} into the work tree: {why}"))
            };
            let from = match place(&self.root) {
                Ok(from) => from,
                Err(Escape::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => continue,
                Err(escape) => return Err(failed(escape.to_string())),
            };
            if !from.is_file() || worktree.join(file).exists() {
                continue;
            }
            // A weaver that adds everything would commit it, and the branch is pushed.
            if !Git::at(worktree).is_ignored(file).map_err(|error| failed(error.to_string()))? {
                return Err(failed(format!(
                    "git does not ignore it; add {name} to .gitignore or .git/info/exclude"
                )));
            }
            if let Some(folder) = worktree.join(file).parent() {
                fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
            }
            let to = place(worktree).map_err(|escape| failed(escape.to_string()))?;
            copy_whole(&from, &to, ready.map(|ready| ready.with_file_name(COPYING)).as_deref())
                .map_err(|error| failed(error.to_string()))?;
        }
        Ok(())
    }

    /// The work trees of the repository but its main one, and what stands against removing each.
    pub(crate) fn list(&self) -> Result<Vec<ListedWorktree>, OpenError> {
        let git = Git::at(&self.root);
        let default = BranchName::new(git.local_default_branch().name).ok();
        let flow = BranchName::new(FLOW).ok();
        let flow = flow.filter(|flow| matches!(git.branch_tip(flow), Ok(Some(_))));
        let trees = git.worktrees().map_err(unreadable)?;
        let mut listed = Vec::new();
        for tree in trees.into_iter().filter(|tree| !tree.main && !tree.bare) {
            let missing = !tree.path.is_dir();
            let branch = tree.branch.as_deref().and_then(|branch| BranchName::new(branch).ok());
            // What is done for a task of a plan of waves goes there, and from there wherever its owner likes.
            let is_of_waves = |branch: &BranchName| TaskBranch::id_in(branch.as_str()).is_some();
            let into =
                flow.as_ref().filter(|_| branch.as_ref().is_some_and(is_of_waves)).or(default.as_ref());
            let looked = match missing {
                true => None,
                false => Some(git.worktree_state(&tree.path, into.as_slice())),
            };
            let is_broken = matches!(looked, Some(Err(GitError::NotAWorktree { .. })));
            let state = looked.filter(|_| !is_broken).transpose().map_err(unreadable)?;
            let is_merged = state.as_ref().is_none_or(|state| state.ahead == 0)
                || branch
                    .zip(into)
                    .is_some_and(|(branch, into)| git.is_contained(&branch, into).unwrap_or(false));
            let used_by = if missing { Vec::new() } else { processes_in(&tree.path) };
            let name = tree.path.strip_prefix(&self.folder).ok();
            let name = name.map(|name| name.to_string_lossy().into_owned());
            listed.push(ListedWorktree { name, tree, state, is_broken, is_merged, used_by });
        }
        Ok(listed)
    }

    /// Removes one work tree; its branch stays. One in which a process works is never removed; one with work that is
    /// not saved, or neither merged nor pushed, only with `force`, and then everything in it is kept first.
    pub(crate) fn remove(&self, listed: &ListedWorktree, force: bool) -> Result<Vec<Rescued>, OpenError> {
        let path = &listed.tree.path;
        if let Some(InUse { problem, hint }) = worktree_in_use(path) {
            return Err(OpenError::Request { code: "worktree.in_use", message: problem, hint });
        }
        let holds_more = listed.state.as_ref().is_some_and(|state| !state.is_safe());
        if !force && !listed.is_merged && !holds_more {
            let ahead = listed.state.as_ref().map_or(0, |state| state.ahead);
            let branch = listed.tree.branch.as_deref().unwrap_or("its HEAD");
            let (commits, are) = if ahead == 1 { ("commit", "is") } else { ("commits", "are") };
            return Err(OpenError::Request {
                code: "worktree.unmerged",
                message: format!(
                    "{}: {ahead} {commits} of {branch} {are} neither merged nor pushed",
                    path.display()
                ),
                hint: "merge or push the branch; or `--force`, which keeps everything under a ref first"
                    .into(),
            });
        }
        let name = rescue_name(path)?;
        let force = if force { Force::RescueAs(&name) } else { Force::No };
        Git::at(&self.root).remove_worktree(path, force).map_err(|error| match error {
            // Nobody but its owner knows what is to become of it.
            WorktreeError::NotSafe { state, .. } if state.nested.iter().any(|nested| !nested.tracked) => {
                OpenError::Request {
                    code: "worktree.unsaved",
                    message: format!("{} holds {state}", path.display()),
                    hint: "move the repository out of it, or delete it; then call `orch worktree remove` again"
                        .into(),
                }
            }
            WorktreeError::NotSafe { .. } | WorktreeError::Locked { .. } => OpenError::Request {
                code: "worktree.unsaved",
                message: error.to_string(),
                hint: "commit or throw away what is in it; or `--force`, which keeps everything under a ref first"
                    .into(),
            },
            other => OpenError::Request {
                code: "worktree",
                message: other.to_string(),
                hint: "`orch worktree list` shows the work trees".into(),
            },
        })
    }

    /// Removes those of which `is_done` says so and that hold nothing that would be lost; one that holds anything else
    /// stays, and so does one that can't be looked at.
    pub(crate) fn remove_safe(&self, is_done: impl Fn(&str) -> bool) {
        for listed in self.list().unwrap_or_default() {
            if listed.is_safe() && listed.name.as_deref().is_some_and(&is_done) {
                let _ = self.remove(&listed, false);
            }
        }
    }

    /// Keeps everything in a work tree under a ref, and leaves it as it is.
    pub(crate) fn rescue(&self, path: &Path) -> Result<Vec<Rescued>, OpenError> {
        Git::at(&self.root).rescue(path, &rescue_name(path)?).map_err(unreadable)
    }

    /// What was kept.
    pub(crate) fn rescues(&self) -> Result<Vec<Rescue>, OpenError> {
        Git::at(&self.root).rescues().map_err(unreadable)
    }
}

/// A work tree as it is now.
#[derive(Clone, Debug)]
pub struct ListedWorktree {
    /// Its name in orch's folder of work trees; none when it is somewhere else.
    pub name: Option<String>,
    /// As git lists it.
    pub tree: Worktree,
    /// What is in it; none when its folder is gone or broken.
    pub state: Option<WorktreeState>,
    /// Whether its folder is there and is no work tree of the repository: its `.git` is gone, or something else took its
    /// place.
    pub is_broken: bool,
    /// Whether its commits have arrived in the branch that they are merged into (the default branch; of a task of waves,
    /// `flow`), also by a squash, or are known to be on a remote.
    pub is_merged: bool,
    /// The processes that work in it.
    pub used_by: Vec<u32>,
}

impl ListedWorktree {
    /// Whether it can be removed and nothing is lost.
    pub fn is_safe(&self) -> bool {
        let locked = self.tree.locked.is_some();
        let is_free = !locked && !self.is_broken && self.used_by.is_empty();
        is_free && self.is_merged && self.state.as_ref().is_none_or(WorktreeState::is_safe)
    }
}

/// Whether somebody works in the work tree at `path`, which is not to be removed then: for whoever removes one, person or agent.
pub fn worktree_in_use(path: &Path) -> Option<InUse> {
    let pid = *processes_in(path).first()?;
    Some(InUse {
        problem: format!("{} is in use: process {pid} works in it", path.display()),
        hint: "end it first: `orch stop`, or the shell whose current folder it is".into(),
    })
}

/// Copies a file, in whole or not at all: by way of a file out of sight, where there is a place for it on the same file
/// system.
fn copy_whole(from: &Path, to: &Path, by_way_of: Option<&Path>) -> io::Result<()> {
    if let Some(half) = by_way_of {
        // One that was left there may not be writable.
        let _ = fs::remove_file(half);
        fs::copy(from, half)?;
        match fs::rename(half, to) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => fs::remove_file(half)?,
            renamed => return renamed,
        }
    }
    fs::copy(from, to).map(drop)
}

/// The path as git lists it, without `..` and links; those in what is not there yet are taken by their names.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let mut resolved = PathBuf::new();
        for component in path.components() {
            match component {
                Component::ParentDir => {
                    resolved.pop();
                }
                other => resolved.push(other),
            }
        }
        resolved
    })
}

/// The file that says that a work tree was set up. It goes with the work tree.
fn ready_file(worktree: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(worktree.join(".git")).ok()?;
    let folder = text.strip_prefix("gitdir:")?.trim();
    Some(worktree.join(folder).join(READY))
}

/// A name under which what is in a work tree is kept.
fn rescue_name(path: &Path) -> Result<BranchName, OpenError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fit = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    let name: String = name.chars().map(fit).collect();
    BranchName::new(name.trim_start_matches('-')).or_else(|_| BranchName::new("worktree")).map_err(|error| {
        OpenError::Environment { message: error.to_string(), hint: "rename the work tree's folder".into() }
    })
}

fn unreadable(error: GitError) -> OpenError {
    OpenError::Environment { message: error.to_string(), hint: "look at it with `git worktree list`".into() }
}

/// Why there is no work tree: what the plan asks for and can't be, or what is in the way here.
fn refused(error: WorktreeError, root: &Path) -> GroundError {
    match error {
        WorktreeError::UnderWay { .. } => {
            GroundError::Task(format!("{error}: end or abort it there, or remove that work tree"))
        }
        WorktreeError::OtherBranch { ref wanted, .. } => GroundError::Task(format!(
            "{error}: check {wanted} out in it, or remove it with `orch worktree remove`"
        )),
        WorktreeError::BranchInUse { branch, path, .. } if path == root => GroundError::Environment(format!(
            "the branch {branch} is checked out in the main work tree {}: switch to another branch there",
            path.display()
        )),
        WorktreeError::NoBase { .. } => GroundError::Task(format!(
            "{error}: when it was merged and deleted, base the work on another branch"
        )),
        WorktreeError::BranchInUse { .. } => GroundError::Environment(format!(
            "{error}: switch to another branch there, or remove that work tree"
        )),
        other => GroundError::Environment(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-C"]).arg(folder).args(arguments);
        assert!(git.output().unwrap().status.success(), "{arguments:?}");
    }

    #[test]
    fn what_somebody_has_taken_a_moment_before_is_passed_over_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        git(&root, &["init", "-q", "-b", "flow"]);
        git(&root, &["commit", "-q", "--allow-empty", "-m", "begin"]);
        let worktrees = Worktrees::of(&root, &WorktreesTable::default());
        let ground = |branch: &str| {
            let names = (1..=2).map(|number| format!("worker-{number}"));
            worktrees.ground_in_any(names, &BranchName::new(branch).unwrap(), "flow", PathBuf::new())
        };
        let checked_out = |number: u32| {
            let there = Git::at(worktrees.path(&format!("worker-{number}")));
            there.checked_out().unwrap().unwrap_or_default()
        };
        // Each call takes all names for free, as two runs do that look at the same moment.
        for (number, branch) in [(1, "task/001-mine"), (2, "task/001-other")] {
            let made = ground(branch).unwrap_or_else(|_| panic!("no place for {branch}"));
            assert_eq!(made.folder, worktrees.path(&format!("worker-{number}")));
        }
        assert_eq!([1, 2].map(checked_out), ["task/001-mine", "task/001-other"]);
        let Err(GroundError::Environment(why)) = ground("task/002-third") else { panic!() };
        assert!(why.contains("no room for a work tree in ") && why.contains("worker-2"), "{why}");
    }
}
