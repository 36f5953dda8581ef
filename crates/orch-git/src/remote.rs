//! What goes to other machines and comes from them.

use std::path::Path;

use crate::program::{Call, Limit};
use crate::{BranchName, Git, GitError};

impl Git {
    /// Whether a remote of this name is configured.
    ///
    /// # Errors
    /// When the folder lies in no repository, or git is missing or refuses to look.
    pub fn has_remote(&self, name: &str) -> Result<bool, GitError> {
        let listed = self.local(&["remote"])?;
        Ok(String::from_utf8_lossy(&listed).lines().any(|remote| remote == name))
    }

    /// Pushes a branch to the branch of the same name of a configured remote, never by force, and remembers it as
    /// its upstream. The user's own hooks run: without them, large files would stay behind.
    ///
    /// # Errors
    /// [`GitError::NoRemote`]; [`GitError::Failed`] with what the remote said, for instance because it has commits that
    /// this branch has not; [`GitError::TimedOut`] after the [transfer limit](Git::with_transfer_limit).
    pub fn push(&self, branch: &BranchName, remote: &str) -> Result<(), GitError> {
        self.check_remote(remote)?;
        let head = branch.head_ref();
        let refspec = format!("{head}:{head}");
        let call =
            Call::new(["push", "--quiet", "--set-upstream", "--", remote, &refspec]).limit(Limit::Transfer);
        self.change(&call).map(drop)
    }

    /// Brings what this clone remembers of a configured remote up to date. Local branches stay as they are.
    ///
    /// # Errors
    /// Those of [`push`](Self::push).
    pub fn fetch(&self, remote: &str) -> Result<(), GitError> {
        self.check_remote(remote)?;
        let call = Call::change(["fetch", "--quiet", "--no-recurse-submodules", "--", remote]);
        self.change(&call.limit(Limit::Transfer)).map(drop)
    }

    fn check_remote(&self, remote: &str) -> Result<(), GitError> {
        // Anything else could be an address, and some kinds of addresses are commands.
        if self.has_remote(remote)? { Ok(()) } else { Err(GitError::NoRemote { name: remote.to_owned() }) }
    }

    /// Makes the submodules of the work tree at `path`, and theirs, what its commit says. A work tree without
    /// submodules stays as it is.
    ///
    /// Which addresses git may ask is the user's setting (`protocol.*.allow`).
    ///
    /// # Errors
    /// [`GitError::Failed`] with what git said; [`GitError::TimedOut`] after the
    /// [transfer limit](Git::with_transfer_limit).
    pub fn update_submodules(&self, path: &Path) -> Result<(), GitError> {
        let call = Call::change(["submodule", "--quiet", "update", "--init", "--recursive"]);
        self.beside(self.dir().join(path)).change(&call.limit(Limit::Transfer)).map(drop)
    }
}
