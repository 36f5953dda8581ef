//! A word that orch keeps about a database, in a file of its own.

use std::path::{Path, PathBuf};

use orch_store::{Durability, StoreError, read_regular, replace, sweep};

/// The longest word, in bytes: a path is one.
const LONGEST: u64 = 1 << 16;

/// A file with one word in it.
#[derive(Clone, Debug)]
pub(super) struct Note {
    file: PathBuf,
}

impl Note {
    /// The one called `name` in the folder of orch's own files.
    pub(super) fn of(home: &Path, name: &str) -> Self {
        Self { file: home.join(name) }
    }

    /// Where it is.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// What it says; none when there is none that can be read.
    pub(super) fn read(&self) -> Option<String> {
        String::from_utf8(read_regular(&self.file, LONGEST).ok()?).ok()
    }

    /// Has it say `word`; nothing is written where it does.
    ///
    /// # Errors
    /// [`StoreError`] when that can't be written.
    pub(super) fn write(&self, word: &str) -> Result<(), StoreError> {
        if self.read().as_deref() == Some(word) {
            return Ok(());
        }
        // A kill before the first run was written down leaves nothing else that would tell of it.
        sweep(&self.file)?;
        replace(&self.file, word.as_bytes(), Durability::Process)
    }
}
