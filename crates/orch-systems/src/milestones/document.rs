//! The document on disk, which a person may edit at any moment: every change is made in what it says now.

use std::path::PathBuf;

use orch_state_md::planning::{Edit, LeftOut, apply};
use orch_store::{Durability, StoreError, read_regular, replace_if};

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

    /// Changes the document: `edits` makes the changes from what it says, and they are made in that very text. When the new
    /// text has only to take its place, it is looked once more whether it is still the same. What could not be changed,
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
                let is_same = || Stamp::of(&self.path) == stamp;
                if !replace_if(&self.path, &edited.bytes, durability, is_same)? {
                    continue;
                }
                last = edited.bytes.len();
            }
            let left_out = edited.left_out.into_iter().map(|left| (edits[left.edit].clone(), left)).collect();
            return Ok((left_out, last));
        }
        let busy = std::io::Error::other("somebody else changes it all the time");
        Err(failed("replace", busy))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn log(text: &str) -> Edit {
        Edit::Log { moment: "2026-11-02 10:00".into(), text: text.into() }
    }

    const TEXT: &str = "# A\n\n| Milestone | Model | Status | Duration (min) | Notes |\n|---|---|---|---|---|\n\
        | M1: One | — | ⬜ | — | |\n\n## Progress Log\n\n**2026-11-01 10:00** - Planned.\n";

    #[test]
    fn what_is_saved_meanwhile_stays_and_the_change_is_made_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("A-Planning.md");
        fs::write(&path, TEXT).unwrap();
        let mut looked = 0;
        let changed = Document::at(path.clone()).change(Durability::Process, |_| {
            looked += 1;
            if looked == 1 {
                fs::write(&path, format!("{TEXT}\nMine.\n")).unwrap();
            }
            vec![log("M1 complete.")]
        });
        changed.unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(looked == 2 && text.contains("Mine.") && text.contains("M1 complete."), "{looked}: {text}");
    }

    #[test]
    fn who_saves_all_the_time_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("A-Planning.md");
        fs::write(&path, TEXT).unwrap();
        let mut looked = 0;
        let changed = Document::at(path.clone()).change(Durability::Process, |_| {
            looked += 1;
            fs::write(&path, format!("{TEXT}{}", "Mine.\n".repeat(looked))).unwrap();
            vec![log("M1 complete.")]
        });
        assert!(changed.unwrap_err().to_string().contains("changes it all the time"));
        assert!(!fs::read_to_string(&path).unwrap().contains("M1 complete."));
    }
}
