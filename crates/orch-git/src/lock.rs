//! Locks: git's own, which are waited for, and orch's, which the kernel drops with the last process that holds them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use crate::program::Call;
use crate::{BranchName, Git, GitError};

/// The first pause between two tries; each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// The lock of a repository that keeps its references in tables, from the folder that all its work trees share. Git does
/// not name it.
pub(crate) const REFTABLE_LOCK: &str = "reftable/tables.list.lock";

/// A lock of orch's own, given back when this is dropped. A git that was started under it has the same lock, so that it
/// lasts when orch is killed.
#[derive(Debug)]
pub(crate) struct Held(File);

impl Held {
    pub(crate) fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Not only closed: a process that another thread is about to start has a copy of it for a moment.
        let _ = self.0.unlock();
    }
}

/// Pauses that grow, until the patience is at its end.
pub(crate) struct Backoff {
    end: Instant,
    pause: Duration,
}

impl Backoff {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { end: Instant::now() + patience, pause: FIRST_PAUSE }
    }

    /// Waits a little; `false` when there is no more time to wait.
    pub(crate) fn wait(&mut self) -> bool {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        thread::sleep(self.pause.min(left));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

impl Git {
    /// Runs a call that changes the repository; one that fails because another git holds a lock is tried again.
    pub(crate) fn change(&self, call: &Call) -> Result<Vec<u8>, GitError> {
        let mut backoff = Backoff::new(self.patience());
        loop {
            match self.call(call) {
                Err(GitError::Failed { stderr, args, code }) => match lock_in_the_way(&stderr) {
                    Some(_) if backoff.wait() => {}
                    Some(path) if path == Path::new(REFTABLE_LOCK) => {
                        return Err(GitError::LockHeld { path: self.common_dir()?.join(path) });
                    }
                    Some(path) => return Err(GitError::LockHeld { path }),
                    None => return Err(GitError::Failed { args, code, stderr }),
                },
                other => return other,
            }
        }
    }

    /// Orch's lock for everything that makes or removes the work tree at `path`.
    pub(crate) fn lock_path(&self, common: &Path, path: &Path) -> Result<Held, GitError> {
        self.lock(common, path.as_os_str().as_bytes(), || path.display().to_string())
    }

    /// Orch's lock for everything that moves the branch.
    pub(crate) fn lock_branch(&self, common: &Path, branch: &BranchName) -> Result<Held, GitError> {
        self.lock_head(common, branch.as_str())
    }

    /// The same for a branch that may have any name that git accepts.
    pub(crate) fn lock_head(&self, common: &Path, branch: &str) -> Result<Held, GitError> {
        self.lock(common, format!("refs/heads/{branch}").as_bytes(), || format!("the branch {branch}"))
    }

    fn lock(&self, common: &Path, key: &[u8], what: impl Fn() -> String) -> Result<Held, GitError> {
        let folder = own_folder(common)?;
        let path = folder.join(format!("{:016x}.lock", xxh3_64(key)));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(GitError::io(&path))?;
        let mut backoff = Backoff::new(self.patience());
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Held(file)),
                Err(TryLockError::WouldBlock) if backoff.wait() => {}
                Err(TryLockError::WouldBlock) => return Err(GitError::Busy { what: what() }),
                Err(TryLockError::Error(error)) => return Err(GitError::io(&path)(error)),
            }
        }
    }

    /// The folder for what orch itself keeps inside the repository, which all its work trees share: `orch` beside git's own
    /// files. It is made.
    ///
    /// # Errors
    /// When there is no repository, or the folder can't be made.
    pub fn own_folder(&self) -> Result<PathBuf, GitError> {
        own_folder(&self.common_dir()?)
    }
}

/// The same, where it is known where git keeps what all work trees share.
pub(crate) fn own_folder(common: &Path) -> Result<PathBuf, GitError> {
    let folder = common.join("orch");
    fs::create_dir_all(&folder).map_err(GitError::io(&folder))?;
    Ok(folder)
}

/// The lock file that git could not make because it is there.
pub(crate) fn lock_in_the_way(stderr: &str) -> Option<PathBuf> {
    if let Some((_, rest)) = stderr.split_once("Unable to create '") {
        let (path, why) = rest.split_once(".lock'")?;
        return why
            .trim_start_matches(':')
            .trim_start()
            .starts_with("File exists")
            .then(|| PathBuf::from(format!("{path}.lock")));
    }
    if stderr.contains("cannot lock references") {
        return Some(REFTABLE_LOCK.into());
    }
    let (_, rest) = stderr.split_once("could not lock config file ")?;
    let (path, why) = rest.split_once(": ")?;
    why.starts_with("File exists").then(|| PathBuf::from(format!("{path}.lock")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_in_the_way_is_read_from_what_git_says() {
        let cases = [
            (
                "fatal: Unable to create '/r/it's/.git/index.lock': File exists.\n\nAnother git process",
                Some("/r/it's/.git/index.lock"),
            ),
            (
                "fatal: cannot lock ref 'refs/heads/x': Unable to create '/r/.git/refs/heads/x.lock': File exists.",
                Some("/r/.git/refs/heads/x.lock"),
            ),
            ("error: could not lock config file .git/config: File exists", Some(".git/config.lock")),
            ("error: could not lock config file .git/config: Permission denied", None),
            ("fatal: Unable to create '/r/.git/index.lock': Permission denied", None),
            ("fatal: cannot lock ref 'refs/heads/x': is at 1 but expected 2", None),
            ("fatal: update_ref failed for ref 'refs/heads/x': cannot lock references", Some(REFTABLE_LOCK)),
            ("", None),
        ];
        for (stderr, expected) in cases {
            assert_eq!(lock_in_the_way(stderr).as_deref(), expected.map(Path::new), "{stderr}");
        }
    }
}
