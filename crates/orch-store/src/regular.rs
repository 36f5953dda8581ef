//! Files that somebody else may have put there: opened only when they are files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a file for reading, if it is a regular file and no link: a named pipe in its place would be waited for for
/// ever, a device read without end.
///
/// # Errors
/// Those of opening a file; [`io::ErrorKind::InvalidInput`] when it is something else than a file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path);
    let file = opened.map_err(|error| {
        let is_there = error.kind() != io::ErrorKind::NotFound;
        match is_there.then(|| fs::symlink_metadata(path)) {
            // The system's own words for it are about too many links.
            Some(Ok(found)) if found.is_symlink() => {
                io::Error::new(io::ErrorKind::InvalidInput, "it is a link, not a regular file")
            }
            _ => error,
        }
    })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

/// Reads a regular file, at most its first `most` bytes.
///
/// # Errors
/// Those of [`open_regular`] and of reading.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    // One more than there is, so that its end is seen without growing.
    let length = file.metadata()?.len().min(most) as usize;
    let mut bytes = Vec::with_capacity(length + 1);
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[test]
    fn only_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "hello").unwrap();
        assert_eq!(read_regular(&path("file"), 4).unwrap(), b"hell");
        mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        for name in ["pipe", "link", ".", "missing"] {
            assert!(read_regular(&path(name), 4).is_err(), "{name}");
        }
    }
}
