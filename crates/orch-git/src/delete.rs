//! Taking back a branch that nobody has moved meanwhile, and bringing one back that somebody has deleted.

use crate::{BranchName, CommitError, Git};

impl Git {
    /// Deletes a local branch that is at exactly the commit `expected`, named by its full id, and forgets what it was cut
    /// from. The commits stay until git clears them away, which takes weeks: `git branch NAME ID` brings the branch back.
    ///
    /// Whether a work tree has it checked out is not looked at.
    ///
    /// # Errors
    /// [`CommitError::Moved`], with the branch as it was, when it is somewhere else or gone; [`CommitError::Git`].
    pub fn delete_branch_at(&self, branch: &BranchName, expected: &str) -> Result<(), CommitError> {
        let steps = format!("delete {} {expected}\n", branch.head_ref());
        if let Err(error) = self.move_references(&steps, b"taken back") {
            return Err(match self.branch_tip(branch)? {
                Some(found) if found == expected => error.into(),
                found => CommitError::Moved { branch: branch.clone(), expected: expected.to_owned(), found },
            });
        }
        // The branch is gone, and so nothing reads the record any more.
        let _ = self.forget_base(branch);
        Ok(())
    }

    /// Makes the local branch that is gone again, at exactly the commit `at`, named by its full id. Git keeps the commits of a
    /// deleted branch for weeks.
    ///
    /// # Errors
    /// [`CommitError::Exists`], with the branch as it is, when it is there; [`CommitError::Git`], also when git has cleared the
    /// commit away.
    pub fn bring_back_branch(&self, branch: &BranchName, at: &str) -> Result<(), CommitError> {
        let steps = format!("create {} {at}\n", branch.head_ref());
        self.move_references(&steps, b"brought back").map_err(|error| match self.branch_tip(branch) {
            Ok(Some(found)) => CommitError::Exists { branch: branch.clone(), found },
            _ => error.into(),
        })
    }
}
