//! One document at a time begins its session in a project: two at once would both take the folder that is free.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

/// How often, a millisecond apart, it is tried while another document's session begins. That takes some milliseconds.
const TRIES: u32 = 10_000;

/// What a document holds from when it looks for a folder until its session is in there. The lock is the kernel's, on the
/// project's folder itself: no file is made, and it goes with the process.
#[derive(Debug, Default)]
pub(super) struct Threshold(Mutex<Option<File>>);

impl Threshold {
    /// Waits until no other document is about to begin its session in the project at `root`.
    ///
    /// # Errors
    /// When another does so for very long.
    pub(super) fn enter(&self, root: &Path) -> io::Result<()> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_some() {
            return Ok(());
        }
        let folder = File::open(root)?;
        for _ in 0..TRIES {
            match folder.try_lock() {
                // A file system that has no locks on folders has no plans that begin at once either, as far as orch can tell.
                Ok(()) | Err(TryLockError::Error(_)) => {
                    *held = Some(folder);
                    return Ok(());
                }
                Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(1)),
            }
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "another planning document begins its session there"))
    }

    /// The session is there, or not begun.
    pub(super) fn leave(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
