//! Taking back a branch that nobody has moved meanwhile.

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
}
