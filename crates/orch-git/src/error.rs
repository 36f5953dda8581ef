//! Why git gave no answer.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no such program.
    #[error("`{}` is not installed", program.to_string_lossy())]
    NotInstalled {
        /// The program that was to be run.
        program: OsString,
    },
    /// The folder lies in no repository.
    #[error("{} is not in a git repository", dir.display())]
    NotARepository {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder was to be a work tree, and is none of this repository: git would take another one for it.
    #[error("{} is no work tree of this repository", path.display())]
    NotAWorktree {
        /// The folder.
        path: PathBuf,
    },
    /// Git said no.
    #[error("`git {}` failed{}: {stderr}", args.join(" "), code.map(|code| format!(" ({code})")).unwrap_or_default())]
    Failed {
        /// Its arguments.
        args: Vec<String>,
        /// Its exit code; none when a signal killed it.
        code: Option<i32>,
        /// What it said.
        stderr: String,
    },
    /// It took longer than it may, and was ended.
    #[error("`git {}` was ended after {limit:?}", args.join(" "))]
    TimedOut {
        /// Its arguments.
        args: Vec<String>,
        /// The time it had.
        limit: Duration,
    },
    /// The program is there but could not be started or waited for.
    #[error("`git {}` could not be run: {error}", args.join(" "))]
    CouldNotRun {
        /// Its arguments.
        args: Vec<String>,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A lock file stands in the way, and it did not go away in time.
    #[error(
        "{} is locked: another git works there, or one was killed; when none is running, delete {}",
        path.parent().unwrap_or(path).display(), path.display()
    )]
    LockHeld {
        /// The lock file.
        path: PathBuf,
    },
    /// No remote of this name is configured.
    #[error("there is no remote {name:?}")]
    NoRemote {
        /// The name.
        name: String,
    },
    /// Another orch works on the same work tree or branch, and it did not end in time.
    #[error("another orch works on {what}")]
    Busy {
        /// The work tree or branch.
        what: String,
    },
    /// A file or folder could not be read, made or removed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

impl GitError {
    /// For `map_err` on what is done with the file `path`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }
}
