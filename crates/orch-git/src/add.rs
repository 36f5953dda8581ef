//! Making a work tree, or taking over the one that is there.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::lock::{Backoff, Held};
use crate::program::Call;
use crate::state::operation;
use crate::worktree::{Worktree, WorktreeError, is_empty_folder, is_there};
use crate::{BranchName, Git, GitError};

/// Git locks a work tree with this reason until it is complete.
const INITIALIZING: &str = "initializing";

/// A file `.git` that points to a repository is no longer than this.
const POINTER_LONGEST: u64 = 16 << 10;

/// What became of [`Git::add_worktree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Where the work tree is, absolute and without links.
    pub path: PathBuf,
    /// The commit checked out.
    pub head: String,
    /// The commit that the branch was cut from, when it was cut now.
    pub cut_from: Option<String>,
    /// The work tree was there already, on this branch.
    pub adopted: bool,
    /// What an earlier work tree left behind here was put in order first.
    pub repaired: bool,
}

/// Where a work tree is or will be, held against every other orch.
pub(crate) struct Place {
    /// The folder that all work trees of the repository share.
    pub(crate) common: PathBuf,
    /// The path, absolute and without links.
    pub(crate) path: PathBuf,
    pub(crate) lock: Held,
}

/// What is at a path that git has a record of.
enum There {
    /// A work tree to take over.
    Complete { head: String, repaired: bool },
    /// Only git's record of one.
    Remains,
}

impl Git {
    /// Makes a work tree at `path` (relative to [`dir`](Git::dir)) with `branch` checked out.
    ///
    /// A branch that does not exist is cut from `base`: a local branch, else a branch of `origin`, else any commit. The
    /// commit is remembered, see [`recorded_base`](Git::recorded_base). A branch that exists is checked out as it is.
    /// Submodules stay empty, see [`update_submodules`](Git::update_submodules). No hooks are run.
    ///
    /// The work tree that is there with this branch is taken over, as it is. Where its folder was deleted by hand, or
    /// an earlier call was killed, it is made anew, and so it is in the place of one of another branch whose folder is
    /// gone; no other work tree is touched. Another orch that is about to make the same work tree is waited for.
    ///
    /// ```no_run
    /// use orch_git::{BranchName, Git};
    ///
    /// let git = Git::at("/home/me/project");
    /// let branch = BranchName::new("feature/users")?;
    /// let added = git.add_worktree(".worktrees/w-01".as_ref(), &branch, "main")?;
    /// println!("{} at {}", branch, added.head);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`WorktreeError`]; whenever it fails, what was there is as it was, and no branch is left behind.
    pub fn add_worktree(&self, path: &Path, branch: &BranchName, base: &str) -> Result<Added, WorktreeError> {
        self.add_at(&self.place(path)?, branch, base)
    }

    /// Waits until nobody else makes or removes the work tree at `path`.
    pub(crate) fn place(&self, path: &Path) -> Result<Place, GitError> {
        let common = self.common_dir()?;
        let path = self.real(path)?;
        let lock = self.lock_path(&common, &path)?;
        Ok(Place { common, path, lock })
    }

    /// The same as [`add_worktree`](Git::add_worktree) at a place that is held.
    pub(crate) fn add_at(
        &self,
        place: &Place,
        branch: &BranchName,
        base: &str,
    ) -> Result<Added, WorktreeError> {
        let Place { common, path, lock } = place;
        let list = self.worktrees()?;
        let mut repaired = false;
        if let Some(tree) = self.worktree_at(&list, path) {
            match self.what_is_there(tree, path, branch, common)? {
                There::Complete { head, repaired } => {
                    let path = path.clone();
                    return Ok(Added { path, head, cut_from: None, adopted: true, repaired });
                }
                There::Remains => {
                    self.unregister(common, path)?;
                    repaired = true;
                }
            }
        } else if is_there(path)? && !is_empty_folder(path) {
            return Err(WorktreeError::PathTaken { path: path.clone() });
        }
        self.check_unused(branch, &list, path)?;
        let (head, cut_from) = match self.branch_tip(branch)? {
            Some(tip) => (tip, None),
            None => {
                let commit = self.base_or_why_not(base)?;
                self.cut(common, branch, &commit)?;
                (commit.clone(), Some(commit))
            }
        };
        if let Err(error) = self.check_out(path, branch, lock) {
            if let Some(commit) = &cut_from {
                // The commits it was cut from are its only ones; if it has moved, git leaves it alone. A branch that stays
                // keeps its record.
                if self.change(&Call::change(["update-ref", "-d", &branch.head_ref(), commit])).is_ok() {
                    let _ = self.forget_base(branch);
                }
            }
            return Err(error.into());
        }
        Ok(Added { path: path.clone(), head, cut_from, adopted: false, repaired })
    }

    /// Whether no work tree but the one at `path` has the branch.
    pub(crate) fn check_unused(
        &self,
        branch: &BranchName,
        list: &[Worktree],
        path: &Path,
    ) -> Result<(), WorktreeError> {
        match self.holder(branch, list)? {
            Some(other) if other.path != path => {
                let (path, missing) = (other.path.clone(), !is_there(&other.path)?);
                Err(WorktreeError::BranchInUse { branch: branch.clone(), path, missing })
            }
            _ => Ok(()),
        }
    }

    /// The commit that a branch is cut from.
    pub(crate) fn base_or_why_not(&self, base: &str) -> Result<String, WorktreeError> {
        match self.base_commit(base)? {
            Some(commit) => Ok(commit),
            None if self.has_commits()? => Err(WorktreeError::NoBase { base: base.to_owned() }),
            None => Err(WorktreeError::NoCommits),
        }
    }

    /// Makes the branch, after its base was recorded: a branch without the record could not be restacked.
    fn cut(&self, common: &Path, branch: &BranchName, commit: &str) -> Result<(), GitError> {
        let _lock = self.lock_branch(common, branch)?;
        self.record_base(branch, commit)?;
        // The empty word: only if there is no such branch yet.
        let create = ["update-ref", "--create-reflog", &branch.head_ref(), commit, ""];
        self.change(&Call::change(create)).map(drop).inspect_err(|_| {
            // If the branch has appeared all the same, it was not cut here.
            let _ = self.forget_base(branch);
        })
    }

    fn check_out(&self, path: &Path, branch: &BranchName, lock: &Held) -> Result<(), GitError> {
        let call = Call::change(["worktree", "add", "--quiet", "--no-guess-remote", "--"])
            .arg(path)
            .arg(branch.as_str())
            .holding(lock)
            .map_err(GitError::io(path))?;
        self.change(&call).map(drop)
    }

    fn what_is_there(
        &self,
        tree: &Worktree,
        path: &Path,
        branch: &BranchName,
        common: &Path,
    ) -> Result<There, WorktreeError> {
        if tree.main {
            return Err(WorktreeError::MainWorktree { path: path.to_owned() });
        }
        let unfinished = tree.locked.as_deref() == Some(INITIALIZING);
        if unfinished && self.never_filled(path, common)? {
            // Whoever made it held the lock that this call holds now, so it was killed. All that can be there is
            // what git itself began to write.
            if is_there(path)? {
                fs::remove_dir_all(path).map_err(GitError::io(path))?;
            }
            return Ok(There::Remains);
        }
        let mine = tree.branch.as_deref() == Some(branch.as_str());
        // Whatever was committed in it is on its branch.
        if !mine && tree.branch.is_some() && tree.locked.is_none() && !is_there(path)? {
            return Ok(There::Remains);
        }
        if !mine {
            if self.holder(branch, std::slice::from_ref(tree))?.is_some()
                && let Some(operation) = operation(&self.beside(path).git_dir()?)
            {
                return Err(WorktreeError::UnderWay { path: path.to_owned(), operation });
            }
            let (wanted, found) = (branch.clone(), tree.branch.clone());
            return Err(WorktreeError::OtherBranch { path: path.to_owned(), wanted, found });
        }
        if !is_there(path)? || is_empty_folder(path) {
            if let Some(reason) = tree.locked.as_deref().filter(|_| !unfinished) {
                return Err(WorktreeError::Locked { path: path.to_owned(), reason: reason.to_owned() });
            }
            if is_there(path)? {
                fs::remove_dir(path).map_err(GitError::io(path))?;
            }
            return Ok(There::Remains);
        }
        if !self.belongs(path, common)? {
            return Err(WorktreeError::PathTaken { path: path.to_owned() });
        }
        if unfinished {
            self.change(&Call::change(["worktree", "unlock"]).arg(path))?;
        }
        let there = self.beside(path);
        let index_lock = there.git_dir()?.join("index.lock");
        let mut backoff = Backoff::new(self.patience());
        while is_there(&index_lock)? {
            if !backoff.wait() {
                return Err(GitError::LockHeld { path: index_lock }.into());
            }
        }
        let head = there.head()?.ok_or(WorktreeError::NoCommits)?;
        Ok(There::Complete { head, repaired: unfinished })
    }

    /// Whether git was killed before it had checked everything out at `path`: it writes the index last.
    fn never_filled(&self, path: &Path, common: &Path) -> Result<bool, GitError> {
        if !is_there(path)? || is_empty_folder(path) {
            return Ok(true);
        }
        let pointer = path.join(".git");
        let Some(own) = pointed_to(&pointer) else {
            // The first file of all, not even written.
            let is_empty =
                fs::symlink_metadata(&pointer).is_ok_and(|found| found.is_file() && found.len() == 0);
            let is_alone = || fs::read_dir(path).is_ok_and(|inside| inside.count() == 1);
            return Ok(is_empty && is_alone());
        };
        let real = |path: &Path| fs::canonicalize(path).ok();
        let ours =
            own.parent().and_then(real).is_some_and(|parent| Some(parent) == real(&common.join("worktrees")));
        Ok(ours && !is_there(&own.join("index"))?)
    }

    /// Makes git forget the work tree whose folder is gone, and no other.
    pub(crate) fn unregister(&self, common: &Path, path: &Path) -> Result<(), GitError> {
        // Twice: also when it is locked.
        let call = Call::change(["worktree", "remove", "--force", "--force", "--"]).arg(path);
        self.beside(common).change(&call).map(drop)
    }
}

/// The folder that a file `.git` points to.
fn pointed_to(file: &Path) -> Option<PathBuf> {
    if !fs::symlink_metadata(file).ok()?.is_file() {
        return None;
    }
    let mut content = Vec::new();
    File::open(file).ok()?.take(POINTER_LONGEST).read_to_end(&mut content).ok()?;
    let target = content.strip_prefix(b"gitdir: ")?;
    Some(file.parent()?.join(crate::commit::path_from(target.to_vec())))
}
