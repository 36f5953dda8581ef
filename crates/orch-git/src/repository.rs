//! What a repository looks like from one of its folders.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::{Git, GitError};

impl Git {
    /// The absolute path of the work tree that the folder lies in; `None` when it lies in none.
    ///
    /// # Errors
    /// When git is missing or refuses to look, for instance because the repository belongs to another user.
    pub fn top_level(&self) -> Result<Option<PathBuf>, GitError> {
        match self.local(&["rev-parse", "--show-toplevel"]) {
            Ok(mut path) => {
                if path.last() == Some(&b'\n') {
                    path.pop();
                }
                Ok((!path.is_empty()).then(|| PathBuf::from(OsString::from_vec(path))))
            }
            Err(GitError::NotARepository { .. }) => Ok(None),
            // A bare repository, or the inside of `.git`.
            Err(GitError::Failed { stderr, .. }) if stderr.contains("must be run in a work tree") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The full id of the commit that is checked out; `None` before the first commit.
    ///
    /// # Errors
    /// When the folder lies in no repository, or git is missing or refuses to look.
    pub fn head(&self) -> Result<Option<String>, GitError> {
        match self.local(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]) {
            Ok(id) => Ok(Some(String::from_utf8_lossy(&id).trim().to_owned())),
            Err(GitError::Failed { code: Some(1), .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the work tree holds anything that is not committed: changed, staged or untracked (ignored files do
    /// not count).
    ///
    /// # Errors
    /// When the folder lies in no work tree, or git is missing or refuses to look.
    pub fn is_dirty(&self) -> Result<bool, GitError> {
        Ok(!self.changes(&[])?.is_empty())
    }

    /// What is not committed in the work tree, as git lists it, without the files that match one of `apart`: patterns
    /// with `*`, relative to the folder. Two lists that differ mean that something was changed in between.
    ///
    /// # Errors
    /// Those of [`is_dirty`](Self::is_dirty).
    pub fn changes(&self, apart: &[&str]) -> Result<Vec<u8>, GitError> {
        let apart: Vec<String> = apart.iter().map(|pattern| format!(":(exclude,glob){pattern}")).collect();
        let mut args = vec!["status", "--porcelain", "-z", "--untracked-files=all", "--", ":(top)"];
        args.extend(apart.iter().map(String::as_str));
        self.local(&args)
    }
}
