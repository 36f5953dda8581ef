//! The document on disk, which a person may edit at any moment: every change is made in what it says now.

use std::path::PathBuf;

use orch_state_md::planning::{Edit, LeftOut, apply};
use orch_store::{Durability, StoreError, read_regular, replace};

use super::load::LARGEST;
use crate::kept::Stamp;

/// How often a change is made anew because somebody else was faster. A person saves now and then; a program that saves
/// all the time is not waited for.
const TRIES: u32 = 20;

/// The document.
#[derive(Debug)]
pub(super) struct Document {
    path: PathBuf,
}

impl Document {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Changes the document: `edits` makes the changes from what it says, and they are made in that very text. Between
    /// looking at it and replacing it, it is looked once more whether it is still the same. What could not be changed,
    /// and how many bytes were written.
    ///
    /// # Errors
    /// When it can't be read or replaced, or is no text: nothing was changed then.
    pub(super) fn change(
        &self,
        durability: Durability,
        mut edits: impl FnMut(&[u8]) -> Vec<Edit>,
    ) -> Result<(Vec<(Edit, LeftOut)>, usize), StoreError> {
        let failed = |step, source| StoreError::Io { path: self.path.clone(), step, source };
        let mut last = 0;
        for _ in 0..TRIES {
            let stamp = Stamp::of(&self.path);
            let bytes = read_regular(&self.path, LARGEST).map_err(|source| failed("read", source))?;
            let edits = edits(&bytes);
            let edited = apply(&bytes, &edits).map_err(|error| {
                failed("edit", std::io::Error::new(std::io::ErrorKind::InvalidData, error))
            })?;
            if edited.bytes != bytes {
                if Stamp::of(&self.path) != stamp {
                    continue;
                }
                replace(&self.path, &edited.bytes, durability)?;
                last = edited.bytes.len();
            }
            let left_out = edited.left_out.into_iter().map(|left| (edits[left.edit].clone(), left)).collect();
            return Ok((left_out, last));
        }
        let busy = std::io::Error::other("somebody else changes it all the time");
        Err(failed("replace", busy))
    }
}
