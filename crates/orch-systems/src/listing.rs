//! What lies in the folder of an index. Beside that of a large plan are as many files as it has prompts, so that it is
//! listed once for all who want to know.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use hashbrown::HashSet;

use crate::OpenError;

/// The names of the files in a folder that are no links.
pub(crate) type Files = HashSet<OsString>;

/// What is in a folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// What is called as indexes are, in the order of the names.
    pub(crate) indexes: Vec<PathBuf>,
    pub(crate) files: Files,
}

impl Listing {
    /// All that is in `folder`.
    ///
    /// # Errors
    /// [`OpenError::Read`].
    pub(crate) fn of(folder: &Path) -> Result<Self, OpenError> {
        Self::read(folder, true)
    }

    /// The indexes alone.
    ///
    /// # Errors
    /// [`OpenError::Read`].
    pub(crate) fn of_indexes(folder: &Path) -> Result<Self, OpenError> {
        Self::read(folder, false)
    }

    fn read(folder: &Path, with_files: bool) -> Result<Self, OpenError> {
        let entries = fs::read_dir(folder);
        let entries = entries.map_err(|source| OpenError::Read { path: folder.to_owned(), source })?;
        let mut listing = Self::default();
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name();
            if name.to_str().is_some_and(is_index_name) {
                listing.indexes.push(entry.path());
            }
            if with_files && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                listing.files.insert(name);
            }
        }
        listing.indexes.sort();
        Ok(listing)
    }
}

/// Index files by another name, such as `PROMPT-ORCHESTRATOR-auth.md`; what orch and runners write beside them is none.
fn is_index_name(name: &str) -> bool {
    name.strip_suffix(".md").is_some_and(|stem| {
        stem.starts_with("PROMPT-ORCHESTRATOR")
            && !stem.contains(".state")
            && !stem.contains(".validation")
            && !stem.ends_with("-PLAN")
    })
}
