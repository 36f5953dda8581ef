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
    pub(crate) named: Named,
    pub(crate) files: Files,
}

/// What in a folder is called as plans are, in the order of the names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// As indexes of prompts are.
    pub(crate) indexes: Vec<PathBuf>,
    /// As planning documents are.
    pub(crate) documents: Vec<PathBuf>,
}

impl Listing {
    /// All that is in `folder`.
    ///
    /// # Errors
    /// [`OpenError::Read`].
    pub(crate) fn of(folder: &Path) -> Result<Self, OpenError> {
        Self::read(folder, true)
    }

    /// What is called as plans are, alone.
    ///
    /// # Errors
    /// [`OpenError::Read`].
    pub(crate) fn of_plans(folder: &Path) -> Result<Named, OpenError> {
        Ok(Self::read(folder, false)?.named)
    }

    fn read(folder: &Path, with_files: bool) -> Result<Self, OpenError> {
        let entries = fs::read_dir(folder);
        let entries = entries.map_err(|source| OpenError::Read { path: folder.to_owned(), source })?;
        let mut listing = Self::default();
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name();
            if name.to_str().is_some_and(is_index_name) {
                listing.named.indexes.push(entry.path());
            } else if name.to_str().is_some_and(is_document_name) {
                listing.named.documents.push(entry.path());
            }
            if with_files && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                listing.files.insert(name);
            }
        }
        listing.named.indexes.sort();
        listing.named.documents.sort();
        Ok(listing)
    }
}

/// Planning documents, such as `Sign-in-Planning.md`. What the workers of prompts write down as their plans is called so
/// as well, once for each of perhaps many prompts.
pub(crate) fn is_document_name(name: &str) -> bool {
    let is_markdown = name.len() > 3
        && name.is_char_boundary(name.len() - 3)
        && name[name.len() - 3..].eq_ignore_ascii_case(".md");
    // In a large plan all but a few are prompts.
    is_markdown
        && !name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("prompt-"))
        && name.to_lowercase().contains("plan")
}

/// Index files by another name, such as `PROMPT-ORCHESTRATOR-auth.md`; what orch and runners write beside them is none.
pub(crate) fn is_index_name(name: &str) -> bool {
    name.strip_suffix(".md").is_some_and(|stem| {
        stem.starts_with("PROMPT-ORCHESTRATOR")
            && !stem.contains(".state")
            && !stem.contains(".validation")
            && !stem.ends_with("-PLAN")
    })
}
