//! One orch at a time on one plan.
//!
//! The lock is the kernel's (`flock`, through the standard library), on a file that is never deleted: it goes
//! away with the process that holds it, however that ends, and there is no stale lock to clear. What is written in
//! the file only says who it is.
//!
//! # Looking without disturbing
//!
//! Whether the lock is held can only be asked of the kernel by taking it: a record of the holder may be left over
//! from one that was killed, and its pid may be somebody else's or invisible from inside a container. So
//! [`Lock::holder`] takes the *shared* lock for an instant. An orch that starts in that instant finds the lock
//! taken; it then tries the shared one itself. Nobody can share with a holder, who has it exclusively; so if
//! that succeeds, it was only readers, and the start is tried again. A reader can delay a start but not refuse it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use orch_core::Time;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// How often, a millisecond apart, a start is tried again when only readers are in its way.
const STARTS: u32 = 2000;

/// How often, a millisecond apart, the record is read again while its writer may be about to write it.
const LOOKS: u32 = 20;

/// More than this is no record of ours.
const LONGEST_RECORD: usize = 64 << 10;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// When that process started, as the system spells it: a reused pid has another.
    pub start: String,
    /// Since when it holds the lock.
    pub since: Time,
    /// What was called, such as `orch run PLAN.md`.
    pub command: String,
}

/// Why the lock was not got.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else holds it; who, if they have written it down yet.
    #[error("another orch holds this plan{}", .0.as_ref().map(described).unwrap_or_default())]
    Held(Option<Holder>),
    /// The lock file could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn described(holder: &Holder) -> String {
    format!(" (process {}: {})", holder.pid, holder.command)
}

/// The lock, held until it is dropped or the process ends.
///
/// Processes started meanwhile do not inherit it, unless it is [shared](Self::share) with them.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, creating the file if need be, and writes `holder` into it. Does not wait for
    /// another holder.
    ///
    /// # Errors
    /// [`LockError::Held`] when another process (or another [`Lock`] of this one) holds it.
    ///
    /// ```
    /// use orch_core::Time;
    /// use orch_store::{Holder, Lock, LockError};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("lock");
    /// let me = Holder { pid: std::process::id(), start: "0".into(), since: Time::default(), command: "orch run".into() };
    /// let lock = Lock::acquire(&path, &me)?;
    /// assert!(matches!(Lock::acquire(&path, &me), Err(LockError::Held(Some(who))) if who == me));
    /// drop(lock);
    /// assert!(Lock::holder(&path).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn acquire(path: &Path, holder: &Holder) -> Result<Self, LockError> {
        Self::acquire_past_readers(path, holder, || std::thread::sleep(Duration::from_millis(1)))
    }

    /// Takes the lock, calling `wait` whenever only readers are in the way.
    fn acquire_past_readers(path: &Path, holder: &Holder, mut wait: impl FnMut()) -> Result<Self, LockError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
            .open(path)
            .map_err(StoreError::io(path, "open"))?;
        let failed = |error| StoreError::io(path, "lock")(error);
        for _ in 0..STARTS {
            match file.try_lock() {
                Ok(()) => return Ok(Self::signed(file, path, holder)?),
                Err(TryLockError::Error(error)) => return Err(failed(error).into()),
                Err(TryLockError::WouldBlock) => {}
            }
            match file.try_lock_shared() {
                Ok(()) => file.unlock().map_err(failed)?,
                Err(TryLockError::Error(error)) => return Err(failed(error).into()),
                Err(TryLockError::WouldBlock) => return Err(LockError::Held(record(&file))),
            }
            wait();
        }
        Err(failed(io::ErrorKind::TimedOut.into()).into())
    }

    /// Another hold on the same lock, for a process that goes on for a moment when this one has gone: nobody gets the lock
    /// before that is closed as well, unless this one is dropped.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn share(&self) -> io::Result<OwnedFd> {
        self.file.try_clone().map(OwnedFd::from)
    }

    /// Waits until nobody holds the lock at `path`; returns at once when there is no such file.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn wait_until_free(path: &Path) -> Result<(), StoreError> {
        match File::open(path) {
            Ok(file) => file.lock_shared().map_err(StoreError::io(path, "wait for")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::io(path, "open")(error)),
        }
    }

    /// Says who holds the lock at `path` now; nobody when the file is missing or can't be read.
    ///
    /// Writes nothing, and does not keep anybody from taking the lock.
    pub fn holder(path: &Path) -> Option<Holder> {
        let file = File::open(path).ok()?;
        match file.try_lock_shared() {
            // Closing the file would do; but a child being started may have a copy of it for an instant.
            Ok(()) => file.unlock().ok().and(None),
            Err(TryLockError::WouldBlock) => record(&file),
            Err(TryLockError::Error(_)) => None,
        }
    }

    /// Writes down who holds the lock.
    fn signed(file: File, path: &Path, holder: &Holder) -> Result<Self, StoreError> {
        let lock = Self { file };
        let mut text =
            serde_json::to_vec(holder).map_err(io::Error::from).map_err(StoreError::io(path, "sign"))?;
        text.push(b'\n');
        lock.file
            .set_len(0)
            .and_then(|()| lock.file.write_all_at(&text, 0))
            .map_err(StoreError::io(path, "sign"))?;
        Ok(lock)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The kernel lets go of the lock in any case; an empty file only saves the next reader from an old name.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// Reads who signed a lock that is held. Between taking and signing there is an instant in which the file is empty
/// or still names a former holder who was killed: that is waited out.
fn record(file: &File) -> Option<Holder> {
    let mut last = None;
    for look in 0..LOOKS {
        if look > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        last = signature(file);
        if last.as_ref().is_some_and(is_there) {
            return last;
        }
    }
    // Not to be seen from here, as from another container; the kernel says that somebody holds the lock.
    last
}

fn signature(file: &File) -> Option<Holder> {
    let mut text = Vec::new();
    let mut chunk = [0; 4096];
    while text.len() <= LONGEST_RECORD {
        match file.read_at(&mut chunk, text.len() as u64) {
            Ok(0) => return serde_json::from_slice(&text).ok(),
            Ok(taken) => text.extend_from_slice(&chunk[..taken]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    None
}

/// Whether there is a process with the holder's pid.
fn is_there(holder: &Holder) -> bool {
    let pid = i32::try_from(holder.pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_shared_is_still_one_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let holder = Holder { pid: 1, start: "1".into(), since: Time::default(), command: "orch".into() };
        let lock = Lock::acquire(&path, &holder).unwrap();
        let shared = lock.share().unwrap();
        assert!(matches!(Lock::acquire(&path, &holder), Err(LockError::Held(_))));
        drop(lock);
        // Whoever lets go of it lets go of it for all; only one that is killed does not.
        Lock::acquire(&path, &holder).unwrap();
        drop(shared);
    }

    #[test]
    fn a_start_waits_for_readers_and_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let reader = File::create(&path).unwrap();
        reader.lock_shared().unwrap();
        let holder = Holder {
            pid: std::process::id(),
            start: "1".into(),
            since: Time::default(),
            command: "orch".into(),
        };

        let mut waits = 0;
        let stuck = Lock::acquire_past_readers(&path, &holder, || waits += 1);
        assert!(matches!(stuck, Err(LockError::Store(_))), "it is nobody's, so it is not held: {stuck:?}");
        assert_eq!(waits, STARTS);

        let mut waits = 0;
        let lock = Lock::acquire_past_readers(&path, &holder, || {
            waits += 1;
            if waits == 3 {
                reader.unlock().unwrap();
            }
        });
        assert!(lock.is_ok());
        assert_eq!(waits, 3);
    }
}
