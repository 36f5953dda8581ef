//! A work tree in the place of another one.

use std::path::Path;

use crate::add::Added;
use crate::remove::Force;
use crate::worktree::WorktreeError;
use crate::{BranchName, Git};

impl Git {
    /// Makes a work tree at `path` as [`add_worktree`](Git::add_worktree) does. If there is one on another branch, it makes
    /// room, provided that nothing is lost with it: it is removed as without [force](Force::No).
    ///
    /// The work tree that is there on this branch already is taken over with all that is in it.
    ///
    /// Whether somebody works there is not looked at.
    ///
    /// # Errors
    /// Those of [`add_worktree`](Git::add_worktree) and of [`remove_worktree`](Git::remove_worktree). When another work tree
    /// has the branch, or the base means nothing, what is there stays.
    pub fn replace_worktree(
        &self,
        path: &Path,
        branch: &BranchName,
        base: &str,
    ) -> Result<Added, WorktreeError> {
        // Held all the while: another call for the same place must not take the new one for the old one.
        let place = self.place(path)?;
        match self.add_at(&place, branch, base) {
            Err(WorktreeError::OtherBranch { .. }) => {
                // Asked before the other one has gone for nothing.
                self.check_unused(branch, &self.worktrees()?, &place.path)?;
                if self.branch_tip(branch)?.is_none() {
                    self.base_or_why_not(base)?;
                }
                self.remove_at(&place, Force::No)?;
                self.add_at(&place, branch, base)
            }
            other => other,
        }
    }
}
