//! Merging a finished branch into another one, wherever that is: in the work tree that has it checked out, or, where none
//! has, by objects and references alone.

use std::path::{Path, PathBuf};

use crate::lock::{Backoff, Held};
use crate::merge::fit;
use crate::program::Call;
use crate::worktree::is_there;
use crate::{BranchName, Git, GitError, MergeError, Merged};

/// A merge that is a commit already, but not on its branch yet.
struct Prepared {
    commit: String,
    /// Where the branch was when it was made.
    head: String,
}

impl Git {
    /// Merges `branch` into the branch `into`, by a commit of its own with this message, also where the branch could simply
    /// be moved.
    ///
    /// Where a work tree has `into` checked out, this is what [`merge`](Self::merge) does there, with all that it promises;
    /// one in which `into` is being rebased or bisected refuses as well ([`UnderWay`](MergeError::UnderWay)). Where none has,
    /// or only one whose folder is gone, nobody's work tree and index is read or written: whatever is staged or changed in any
    /// of them stays as it is. The commit is the user's or orch's as well, but no hooks are run, and nothing is signed,
    /// whatever `commit.gpgsign` says. Should others move `into` meanwhile, it is merged into what they made of it.
    ///
    /// # Errors
    /// [`MergeError`]; [`NoBranch`](MergeError::NoBranch) for either of the two branches. Unless it is
    /// [`Interrupted`](MergeError::Interrupted), everything is as it was.
    ///
    /// ```no_run
    /// use orch_git::{BranchName, Git};
    ///
    /// let git = Git::at("/home/me/project");
    /// let task = BranchName::new("task/001-user-model")?;
    /// git.merge_into(&BranchName::new("flow")?, &task, "Merge task/001: User model")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge_into(
        &self,
        into: &BranchName,
        branch: &BranchName,
        message: &str,
    ) -> Result<Merged, MergeError> {
        let common = self.common_dir()?;
        let lock = self.lock_branch(&common, into)?;
        let mut backoff = Backoff::new(self.patience());
        loop {
            if let Some(path) = self.place_of(into, &common)? {
                let there = self.beside(&path);
                return there.merge_here(path, into.as_str(), branch, message, &common, &lock);
            }
            let Some(Prepared { commit, head }) = self.prepare(into, branch, message, &common, &lock)? else {
                return Ok(Merged::Nothing);
            };
            // Preparing may take a while, and a branch is not to be moved away under somebody's work tree.
            if self.place_of(into, &common)?.is_none() {
                let step = format!("update {} {commit} {head}\n", into.head_ref());
                match self.move_references(&step, message.as_bytes()) {
                    Ok(()) => return Ok(Merged::Done { commit }),
                    Err(error) if self.branch_tip(into)?.as_ref() == Some(&head) => return Err(error.into()),
                    Err(_) => {}
                }
            }
            if !backoff.wait() {
                return Err(GitError::Busy { what: format!("the branch {into}") }.into());
            }
        }
    }

    /// The top of the work tree that has the branch, checked out or in the middle of a rebase or bisection, if its folder is
    /// there.
    fn place_of(&self, branch: &BranchName, common: &Path) -> Result<Option<PathBuf>, GitError> {
        let mut trees = self.worktrees()?;
        while let Some(tree) = self.holder(branch, &trees)? {
            if is_there(&tree.path)? && self.belongs(&tree.path, common)? {
                return Ok(Some(tree.path.clone()));
            }
            if tree.main && !tree.bare {
                // Git does not know where the main work tree of a repository is that lies elsewhere. Whoever is in it does.
                return match self.top_level()? {
                    Some(top) if self.git_dir()? == common => Ok(Some(top)),
                    _ => Err(GitError::NotAWorktree { path: tree.path.clone() }),
                };
            }
            let gone = tree.path.clone();
            trees.retain(|tree| tree.path != gone);
        }
        Ok(None)
    }

    /// Makes the commit of a merge into a branch that no work tree has, under its lock; `None` when nothing is to be merged.
    fn prepare(
        &self,
        into: &BranchName,
        branch: &BranchName,
        message: &str,
        common: &Path,
        lock: &Held,
    ) -> Result<Option<Prepared>, MergeError> {
        let (head, tip) = (self.tip_to_merge(into)?, self.tip_to_merge(branch)?);
        if self.is_ancestor(&tip, &head)? {
            return Ok(None);
        }
        let tree = self.merged_tree(branch, into.as_str(), &head, &tip, common, lock)?;
        // As the merge of a work tree has it tidied.
        let tidied = Call::new(["stripspace"]).reading(fit(message, branch).into_bytes());
        let commit = self.write_commit(&tree, &[&head, &tip], &self.call(&tidied)?)?;
        Ok(Some(Prepared { commit, head }))
    }
}
