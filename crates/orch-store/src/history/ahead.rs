//! What was read of a history ahead of time.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::Folded;
use super::chain;
use super::read::{Rest, Scanned, fold_on};

/// What a history added up to when it was read, to be gone on with from there: by a reader who does something else
/// meanwhile, or before it has the lock under which it will write.
#[derive(Debug)]
pub struct ReadAhead {
    folded: Folded,
    good: Scanned,
    /// The device and the inode of the file.
    file: (u64, u64),
}

impl ReadAhead {
    /// Reads the history at `path` as it is now. None when there is none that can be read to its end: whoever needs it
    /// will find out why.
    pub fn of(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let found = file.metadata().ok()?;
        let (folded, good) = fold_on(&file, Folded::default(), Scanned::default(), found.len()).ok()?;
        matches!(good.rest, Rest::Nothing | Rest::Torn).then(|| Self {
            folded,
            good: Scanned { rest: Rest::Nothing, ..good },
            file: (found.dev(), found.ino()),
        })
    }

    /// Whether `file` begins with the very lines that were read.
    fn is_of(&self, file: &File) -> io::Result<bool> {
        let found = file.metadata()?;
        if self.good.lines == 0 || self.file != (found.dev(), found.ino()) || found.len() < self.good.end {
            return Ok(false);
        }
        // The check of the last line is about all lines before it as well.
        let expected = chain::ending(self.good.check);
        let mut ending = [0; chain::ENDING];
        file.read_exact_at(&mut ending, self.good.end - chain::ENDING as u64)?;
        Ok(ending == expected)
    }
}

/// What the history in `file` adds up to, and what comes after its good lines. What was read `ahead` is not read again.
pub(super) fn fold_all(mut file: &File, ahead: Option<ReadAhead>) -> io::Result<(Folded, Scanned)> {
    let length = file.metadata()?.len();
    if let Some(ahead) = ahead
        && ahead.is_of(file)?
    {
        file.seek(SeekFrom::Start(ahead.good.end))?;
        let (folded, scanned) = fold_on(file, ahead.folded, ahead.good, length)?;
        if scanned.rest == Rest::Nothing {
            return Ok((folded, scanned));
        }
        // What is wrong with it is for a reading of the whole to say.
        file.seek(SeekFrom::Start(0))?;
    }
    fold_on(file, Folded::default(), Scanned::default(), length)
}
