//! Moving a branch on to commits that were made on top of it.

use crate::{BranchName, CommitError, Git};

impl Git {
    /// Moves a local branch that is at exactly the commit `from` to the commit `to`, both named by their full ids. That `to`
    /// descends from `from` is for whoever calls to know.
    ///
    /// Whether a work tree has the branch checked out is not looked at.
    ///
    /// # Errors
    /// [`CommitError::Moved`], with the branch as it was, when it is somewhere else or gone; [`CommitError::Git`].
    pub fn advance_branch(&self, branch: &BranchName, from: &str, to: &str) -> Result<(), CommitError> {
        let steps = format!("update {} {to} {from}\n", branch.head_ref());
        let Err(error) = self.move_references(&steps, b"moved on") else { return Ok(()) };
        Err(match self.branch_tip(branch)? {
            Some(found) if found == from => error.into(),
            found => CommitError::Moved { branch: branch.clone(), expected: from.to_owned(), found },
        })
    }
}
