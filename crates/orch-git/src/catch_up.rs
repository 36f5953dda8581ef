//! A branch that was merged and is used again: it goes on from where its base is now.

use crate::{BranchName, Git, GitError};

impl Git {
    /// Moves `branch` to where `base` is, if everything on it is there already and no work tree has it checked out; whether
    /// it was moved. Nothing is lost by it: what was on the branch is on `base`.
    ///
    /// The next work tree on the branch then begins with what has come to `base` since, as one on a new branch does. The
    /// commit that it is based on from here on is remembered, see [`recorded_base`](Git::recorded_base).
    ///
    /// # Errors
    /// [`GitError`], also when the branch is moved by somebody else meanwhile; then it was left where they moved it.
    ///
    /// ```no_run
    /// use orch_git::{BranchName, Git};
    ///
    /// let git = Git::at("/home/me/project");
    /// if git.catch_up(&BranchName::new("stream/Stream-A")?, "main")? {
    ///     println!("its earlier work was merged; it begins anew");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn catch_up(&self, branch: &BranchName, base: &str) -> Result<bool, GitError> {
        let (Some(tip), Some(to)) = (self.branch_tip(branch)?, self.base_commit(base)?) else {
            return Ok(false);
        };
        if tip == to || !self.is_ancestor(&tip, &to)? {
            return Ok(false);
        }
        let is_out = |tree: &crate::Worktree| tree.branch.as_deref() == Some(branch.as_str());
        if self.worktrees()?.iter().any(is_out) {
            return Ok(false);
        }
        let steps =
            format!("update {} {to} {tip}\nupdate {} {to}\n", branch.head_ref(), Self::base_ref(branch));
        self.move_references(&steps, b"begin anew where everything was merged")?;
        Ok(true)
    }
}
