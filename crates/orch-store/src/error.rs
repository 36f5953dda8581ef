//! What can go wrong with a file, always with its name, the step and what the system said.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file could not be read, written or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused a step.
    #[error("can't {step} `{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done to it, as a verb: `open`, `write`, `sync`.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The history was written by a newer orch, in a form that this one can't read.
    #[error("the history `{}` was written by a newer orch (line {line})", path.display())]
    Newer {
        /// The history, which was not touched.
        path: PathBuf,
        /// The first line that this orch does not understand, from one.
        line: u64,
    },
    /// A line of the history is not what was written there.
    #[error("the history `{}` is damaged at line {line}", path.display())]
    Damaged {
        /// The history, which was not touched.
        path: PathBuf,
        /// The first line that does not fit its check, from one.
        line: u64,
    },
    /// An earlier append failed in a way that leaves unknown what is on the disk.
    #[error("the history `{}` takes no more entries: an earlier write to it failed", path.display())]
    Poisoned {
        /// The history.
        path: PathBuf,
    },
    /// One entry is longer than a reader accepts; nothing was written.
    #[error("an entry of {bytes} bytes is too long for the history `{}`", path.display())]
    TooLong {
        /// The history.
        path: PathBuf,
        /// The length of the entry's line.
        bytes: usize,
    },
    /// The file is there, but is not one that orch will use.
    #[error("won't use `{}`: {why}", path.display())]
    Refused {
        /// The file or folder.
        path: PathBuf,
        /// Why, as a fragment.
        why: &'static str,
    },
}

impl StoreError {
    /// Turns what the system said into an error that names the file and the step; for `map_err`.
    pub(crate) fn io(path: &Path, step: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, step, source }
    }

    /// The next step for a person, where one is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => Some("free some space on that disk, then run orch again"),
                io::ErrorKind::QuotaExceeded => {
                    Some("your disk quota is used up: free some space, then run orch again")
                }
                io::ErrorKind::ReadOnlyFilesystem => Some("the file system is mounted read-only"),
                io::ErrorKind::PermissionDenied => {
                    Some("check who owns it and its folder, and their permissions")
                }
                _ => None,
            },
            Self::Newer { .. } => Some("update orch; the file was left as it is"),
            Self::Damaged { .. } => Some("the next `orch run` keeps it aside and begins a new one"),
            Self::Poisoned { .. } => {
                Some("see to the disk, then run orch again: it goes on from what was written")
            }
            Self::TooLong { .. } => Some("shorten the task's id"),
            Self::Refused { .. } => Some("move it away, then run orch again"),
        }
    }
}
