//! Work trees of orch's own, for what must not touch anybody else's.

use std::fs;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::lock::{Held, own_folder};
use crate::program::Call;
use crate::worktree::is_there;
use crate::{Git, GitError};

/// A work tree for one thing that is done with a branch, gone with it.
pub(crate) struct Aside<'a> {
    git: &'a Git,
    common: &'a Path,
    path: PathBuf,
}

impl<'a> Aside<'a> {
    /// With the commit `at` checked out. Clears away what a killed orch left behind: whoever is here holds the lock under
    /// which `what` is done with the branch of this name.
    pub(crate) fn new(
        git: &'a Git,
        common: &'a Path,
        what: &str,
        branch: &str,
        at: &str,
        lock: &Held,
    ) -> Result<Self, GitError> {
        let folder = own_folder(common)?;
        let name = format!("{what}-{:016x}", xxh3_64(branch.as_bytes()));
        let aside = Self { git, common, path: git.real(&folder.join(name))? };
        aside.clear()?;
        let call = Call::change(["worktree", "add", "--quiet", "--detach", "--"]).arg(&aside.path).arg(at);
        git.change(&call.holding(lock).map_err(GitError::io(&aside.path))?)?;
        Ok(aside)
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn clear(&self) -> Result<(), GitError> {
        if is_there(&self.path)? {
            fs::remove_dir_all(&self.path).map_err(GitError::io(&self.path))?;
        }
        if self.git.worktree_at(&self.git.worktrees()?, &self.path).is_some() {
            self.git.unregister(self.common, &self.path)?;
        }
        Ok(())
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        // The next one of this name clears what could not be cleared now.
        let _ = self.clear();
    }
}
