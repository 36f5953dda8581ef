//! A file that orch replaces again and again, and that a person or another tool may change meanwhile.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use orch_core::Time;
use orch_store::{Durability, StoreError, copy_aside, replace, sweep};

/// A state file on disk.
#[derive(Debug)]
pub(crate) struct KeptFile {
    path: PathBuf,
    /// What it was when orch looked at it or wrote it last, to notice somebody else's change.
    left: Option<Stamp>,
    /// What is to become of the one that is there before it is replaced for the first time.
    aside: Option<Aside>,
}

/// A state file that can't be gone on with, and is to be kept beside its successor under a dated name.
#[derive(Clone, Debug)]
pub(crate) struct Aside {
    /// A word for its name.
    pub(crate) reason: &'static str,
    /// Why, for a person.
    pub(crate) why: String,
}

impl KeptFile {
    /// The file at `path`, as it is now.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { left: Stamp::of(&path), path, aside: None }
    }

    pub(crate) fn is_there(&self) -> bool {
        std::fs::symlink_metadata(&self.path).is_ok()
    }

    /// Removes what writes that were cut off have left beside it.
    pub(crate) fn sweep(&self) -> Result<(), StoreError> {
        sweep(&self.path)
    }

    /// Has what is there kept aside before it is replaced.
    pub(crate) fn put_aside(&mut self, aside: Aside) {
        self.aside = Some(aside);
    }

    /// Whether what is there can't be gone on with.
    pub(crate) fn is_to_be_put_aside(&self) -> bool {
        self.aside.is_some()
    }

    /// Replaces it. What somebody else has written there meanwhile is kept aside, and `alerts` says so.
    pub(crate) fn replace(
        &mut self,
        bytes: &[u8],
        durability: Durability,
        now: Time,
        alerts: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let found = Stamp::of(&self.path);
        if let Some(Aside { reason, why }) = &self.aside
            && found.is_some()
        {
            let kept = copy_aside(&self.path, reason, now)?;
            alerts.push(format!("the state file is kept as {}: {why}", kept.display()));
        } else if self.left.is_some() && found.is_some() && found != self.left {
            let kept = copy_aside(&self.path, "edited", now)?;
            alerts.push(format!(
                "{} was changed while orch runs; that version is kept as {}",
                self.path.display(),
                kept.display()
            ));
        }
        self.aside = None;
        replace(&self.path, bytes, durability)?;
        self.left = Stamp::of(&self.path);
        Ok(())
    }
}

/// A file as it is on disk, as far as can be told without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let found = std::fs::symlink_metadata(path).ok()?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            changed: (found.mtime(), found.mtime_nsec()),
        })
    }
}
