//! Whether a branch's work has arrived in another branch, whichever way it was merged.

use crate::commit::text;
use crate::program::Call;
use crate::{BranchName, Git, GitError};

impl Git {
    /// Whether everything on `branch` is in `into`, as this clone has it or as it knows `origin` to have it. So it is
    /// when it was merged or rebased into it, when its whole change is there as one commit (a squash), and when merging
    /// it would add nothing. A branch without commits of its own is contained.
    ///
    /// # Errors
    /// When the folder lies in no repository, or git is missing or refuses to look. A branch that does not exist is
    /// contained in nothing, and contains nothing.
    pub fn is_contained(&self, branch: &BranchName, into: &BranchName) -> Result<bool, GitError> {
        let Some(tip) = self.nearest_tip(branch)? else { return Ok(false) };
        let cut_from = self.recorded_base(branch)?;
        for into in [self.branch_tip(into)?, self.remote_branch_tip(into)?].into_iter().flatten() {
            if self.contains(&into, &tip, cut_from.as_deref())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where a branch is: here, or else where `origin` was known to have it.
    pub(crate) fn nearest_tip(&self, branch: &BranchName) -> Result<Option<String>, GitError> {
        match self.branch_tip(branch)? {
            Some(tip) => Ok(Some(tip)),
            None => self.remote_branch_tip(branch),
        }
    }

    /// Whether the commit `into` has what leads to `tip` from where they part, or from `cut_from`.
    pub(crate) fn contains(&self, into: &str, tip: &str, cut_from: Option<&str>) -> Result<bool, GitError> {
        if self.is_ancestor(tip, into)? {
            return Ok(true);
        }
        let Some(parted) = self.merge_base(tip, into)? else { return Ok(false) };
        if self.has_as_one_commit(into, tip, &parted)? || self.merging_adds_nothing(into, tip)? {
            return Ok(true);
        }
        match cut_from {
            // What it was cut from may have arrived as another commit, and this as one on top of it.
            Some(base) if base != parted && self.is_ancestor(base, tip)? => {
                self.has_as_one_commit(into, tip, base)
            }
            _ => Ok(false),
        }
    }

    /// Whether a commit in `into` changes what `base` to `tip` changes as a whole.
    fn has_as_one_commit(&self, into: &str, tip: &str, base: &str) -> Result<bool, GitError> {
        let tree = format!("{tip}^{{tree}}");
        // Always the same commit for the same change, so that asking often leaves no litter.
        let squash = Call::change(["commit-tree", "--no-gpg-sign", "-m", "squash", "-p", base, &tree])
            .env("GIT_AUTHOR_NAME", "orch")
            .env("GIT_AUTHOR_EMAIL", "orch@localhost")
            .env("GIT_AUTHOR_DATE", "@0 +0000")
            .env("GIT_COMMITTER_NAME", "orch")
            .env("GIT_COMMITTER_EMAIL", "orch@localhost")
            .env("GIT_COMMITTER_DATE", "@0 +0000");
        let squash = text(&self.change(&squash)?);
        // `- <id>` for a commit whose change is there already, `+ <id>` for others.
        let compared = self.local(&["cherry", into, &squash, base])?;
        Ok(String::from_utf8_lossy(&compared).lines().any(|line| line == format!("- {squash}")))
    }

    fn merging_adds_nothing(&self, into: &str, tip: &str) -> Result<bool, GitError> {
        let merged = match self.call(&Call::change(["merge-tree", "--write-tree", into, tip])) {
            Ok(tree) => text(&tree),
            // Conflicts, or a git older than 2.38.
            Err(GitError::Failed { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(merged == text(&self.local(&["rev-parse", &format!("{into}^{{tree}}")])?))
    }
}
