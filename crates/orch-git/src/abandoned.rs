//! Lock files of a git that was killed. Git itself never removes them, and everything that comes after it gives up.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::lock::{Backoff, REFTABLE_LOCK};
use crate::{BranchName, Git, GitError};

/// A lock that a git has made which is only just being started, or not seen for another reason, is younger than this.
const AGE: Duration = Duration::from_secs(1);

/// A lock file, and where a git that holds it would be at work.
struct Candidate {
    lock: PathBuf,
    holders: PathBuf,
    /// Whether it has to go before anything can be done with the work tree.
    in_the_way: bool,
}

impl Git {
    /// Removes the lock files that a git which was killed has left in the work tree at `path` (relative to
    /// [`dir`](Git::dir)), on its `branch`, and in the repository; which ones.
    ///
    /// `is_idle` says whether certainly no git works in a folder or beneath it. A lock is taken for abandoned when that is
    /// so and it is a second old. One of the work tree or the branch that is not is waited for; one that everybody
    /// shares is left alone. The work tree need not be there.
    ///
    /// To be called while no worker of orch's is at work there.
    ///
    /// # Errors
    /// [`GitError::LockHeld`] when a lock does not go away in time.
    pub fn remove_abandoned_locks(
        &self,
        path: &Path,
        branch: &BranchName,
        is_idle: impl Fn(&Path) -> bool,
    ) -> Result<Vec<PathBuf>, GitError> {
        let mut removed = Vec::new();
        for candidate in self.candidates(path, branch)? {
            let Candidate { lock, holders, in_the_way } = candidate;
            let mut backoff = Backoff::new(self.patience());
            while let Some(age) = age(&lock)? {
                if age >= AGE && is_idle(&holders) {
                    match fs::remove_file(&lock) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            return Err(GitError::io(&lock)(error));
                        }
                        _ => removed.push(lock),
                    }
                    break;
                }
                // What is shared may be somebody's at any time; only one that was just left is worth a moment.
                if !in_the_way && age >= AGE {
                    break;
                }
                if !backoff.wait() {
                    return Err(GitError::LockHeld { path: lock });
                }
            }
        }
        Ok(removed)
    }

    fn candidates(&self, path: &Path, branch: &BranchName) -> Result<Vec<Candidate>, GitError> {
        let common = self.common_dir()?;
        let path = self.real(path)?;
        let repository = common.parent().unwrap_or(&common).to_owned();
        let mut found = Vec::new();
        if let Some(own) = own_folder_of(&path, &common) {
            for entry in fs::read_dir(&own).map_err(GitError::io(&own))? {
                let lock = entry.map_err(GitError::io(&own))?.path();
                if lock.extension().is_some_and(|ending| ending == "lock") {
                    found.push(Candidate { lock, holders: path.clone(), in_the_way: true });
                }
            }
        }
        let mut references = vec![branch.head_ref(), Self::base_ref(branch)];
        let remotes = common.join("refs/remotes");
        for entry in fs::read_dir(remotes).into_iter().flatten().flatten() {
            references.push(format!("refs/remotes/{}/{branch}", entry.file_name().to_string_lossy()));
        }
        let of_branch = references.into_iter().map(|name| (format!("{name}.lock"), true));
        let shared = ["config.lock", "packed-refs.lock", REFTABLE_LOCK].map(|name| (name.to_owned(), false));
        found.extend(of_branch.chain(shared).map(|(name, in_the_way)| Candidate {
            lock: common.join(name),
            holders: repository.clone(),
            in_the_way,
        }));
        Ok(found)
    }
}

/// The folder where git keeps what belongs to the work tree at `path` alone.
fn own_folder_of(path: &Path, common: &Path) -> Option<PathBuf> {
    let pointer = fs::read_to_string(path.join(".git")).ok()?;
    let own = path.join(pointer.strip_prefix("gitdir: ")?.trim_end_matches('\n'));
    let worktrees = fs::canonicalize(common.join("worktrees")).ok()?;
    let own = fs::canonicalize(own).ok()?;
    (own.parent() == Some(&worktrees)).then_some(own)
}

/// How old a file is; none when it is not there.
fn age(path: &Path) -> Result<Option<Duration>, GitError> {
    match fs::symlink_metadata(path).and_then(|found| found.modified()) {
        // One from the future has waited long enough as well.
        Ok(modified) => Ok(Some(SystemTime::now().duration_since(modified).unwrap_or(AGE))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // A folder in the place of a folder above it.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        Err(error) => Err(GitError::io(path)(error)),
    }
}
