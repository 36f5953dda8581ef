//! A worker's log: kept from growing without end, and read in parts.
//!
//! The middle of a long log may be gone (see [`Settings::log_cap`](super::Settings::log_cap)). Offsets do not move,
//! since the file keeps its length. In what is read here the gap is one line that says how many bytes it held.
//! The bytes are the worker's: they must be made harmless before a terminal sees them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::platform;

/// Part of a log, and where the next part begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What was read; empty at the end.
    pub bytes: Vec<u8>,
    /// The offset to go on from.
    pub next: u64,
}

/// The first `count` bytes of a log.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn head(path: &Path, count: usize) -> io::Result<Vec<u8>> {
    Ok(follow(path, 0, count)?.bytes)
}

/// The last `count` bytes of a log.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn tail(path: &Path, count: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok(read(&file, length.saturating_sub(count as u64), length, count)?.bytes)
}

/// At most `most` bytes of a log from `offset` on; a gap does not count. A log shorter than `offset` was begun
/// anew: it is read from the start.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn follow(path: &Path, offset: u64, most: usize) -> io::Result<Chunk> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    read(&file, if offset > length { 0 } else { offset }, length, most)
}

fn read(file: &File, offset: u64, length: u64, most: usize) -> io::Result<Chunk> {
    let mut bytes = Vec::new();
    let mut next = offset;
    let mut left = most as u64;
    while next < length && left > 0 {
        let data = platform::next_data(file, next).map_or(length, |at| at.clamp(next, length));
        if data > next {
            // Only the middle is ever freed, so the first hole is where it began, even if the reader came in later.
            let began = platform::next_hole(file, 0).map_or(next, |at| at.min(next));
            // Writing to memory cannot fail.
            let _ = write!(bytes, "\n[orch: {} bytes of output dropped]\n", data - began);
            next = data;
            continue;
        }
        let hole = platform::next_hole(file, next).map_or(length, |at| at.clamp(next, length));
        let end = if hole > next { hole } else { length };
        // Grown by what is there, never by what was asked for.
        let mut part = vec![0; usize::try_from((end - next).min(left).min(1 << 16)).unwrap_or(1 << 16)];
        let count = file.read_at(&mut part, next)?;
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&part[..count]);
        next += count as u64;
        left -= count as u64;
    }
    Ok(Chunk { bytes, next })
}

/// Reads a log from its start to its end at the price of what there is of it, however much is gone: a gap is read as one
/// line break, which keeps apart what is left of the lines at its ends.
#[derive(Debug)]
pub struct Whole {
    log: File,
    next: u64,
    /// Up to where there is no gap, as far as has been looked.
    hole: u64,
}

impl Whole {
    /// A reader of the log that was opened as `log`.
    pub fn of(log: File) -> Self {
        Self { log, next: 0, hole: 0 }
    }
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.next >= self.hole && !buffer.is_empty() {
            let length = self.log.metadata()?.len();
            if self.next >= length {
                return Ok(0);
            }
            let data = platform::next_data(&self.log, self.next).unwrap_or(length).max(self.next);
            let hole = platform::next_hole(&self.log, data).filter(|&hole| hole > data);
            self.hole = hole.unwrap_or(u64::MAX);
            if data > self.next {
                self.next = data;
                buffer[0] = b'\n';
                return Ok(1);
            }
        }
        let most = usize::try_from(self.hole - self.next).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.log.read_at(&mut buffer[..most], self.next)?;
        self.next += count as u64;
        Ok(count)
    }
}

/// Keeps one log within bounds.
#[derive(Debug)]
pub(super) struct Cap {
    path: PathBuf,
    limit: u64,
    freed_to: u64,
}

// What file systems free is whole blocks; of others they would only clear the bytes.
const BLOCK: u64 = 4096;

impl Cap {
    /// `None` when there is no limit.
    pub(super) fn new(path: PathBuf, limit: u64) -> Option<Self> {
        (limit > 0).then_some(Self { path, limit, freed_to: 0 })
    }

    /// Frees what lies between the first quarter and the last three. Says whether it is worth asking again.
    pub(super) fn trim(&mut self) -> bool {
        let Ok(found) = std::fs::symlink_metadata(&self.path) else { return true };
        let head = (self.limit / 4).next_multiple_of(BLOCK);
        let kept_behind = self.limit - self.limit / 4;
        let to = found.len().saturating_sub(kept_behind) / BLOCK * BLOCK;
        let from = head.max(self.freed_to);
        if !found.is_file() || to <= from {
            return true;
        }
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let log = OpenOptions::new().write(true).custom_flags(flags).open(&self.path);
        match log.and_then(|log| platform::free_range(&log, from, to - from)) {
            Ok(()) => self.freed_to = to,
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return false,
            // A passing trouble (no descriptor left, interrupted): the next look tries again.
            Err(_) => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn parts_of_a_plain_log() {
        let log = file(b"0123456789");
        let path = log.path();
        assert_eq!(head(path, 3).unwrap(), b"012");
        assert_eq!(head(path, 99).unwrap(), b"0123456789");
        assert_eq!(tail(path, 3).unwrap(), b"789");
        assert_eq!(tail(path, usize::MAX).unwrap(), b"0123456789");
        assert_eq!(tail(path, 0).unwrap(), b"");
        assert_eq!(follow(path, 4, 3).unwrap(), Chunk { bytes: b"456".into(), next: 7 });
        assert_eq!(follow(path, 10, 3).unwrap(), Chunk { bytes: vec![], next: 10 });
        assert_eq!(follow(path, 11, 3).unwrap(), Chunk { bytes: b"012".into(), next: 3 });
    }

    #[test]
    fn following_reads_every_byte_once() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let log = file(&bytes);
        let mut whole = Vec::new();
        Whole::of(File::open(log.path()).unwrap()).read_to_end(&mut whole).unwrap();
        assert!(whole == bytes);
        for most in [1 << 12, 100_000, 1 << 20] {
            let (mut all, mut next) = (Vec::new(), 0);
            loop {
                let chunk = follow(log.path(), next, most).unwrap();
                assert!(chunk.bytes.len() <= most);
                next = chunk.next;
                if chunk.bytes.is_empty() {
                    break;
                }
                all.extend(chunk.bytes);
            }
            assert!(all == bytes);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_capped_log_keeps_both_ends_and_says_what_is_gone() {
        use std::os::unix::fs::MetadataExt;

        let line = |n: usize| format!("line {n:09}\n");
        let whole: String = (0..100_000).map(line).collect();
        let log = file(whole.as_bytes());
        let mut cap = Cap::new(log.path().into(), 64 << 10).unwrap();
        assert!(cap.trim());
        let found = fs::metadata(log.path()).unwrap();
        assert_eq!(found.len(), whole.len() as u64);
        assert!(found.blocks() * 512 <= (64 << 10) + 2 * BLOCK, "{}", found.blocks());

        let gone = (cap.freed_to - (16 << 10)) as usize;
        let note = format!("\n[orch: {gone} bytes of output dropped]\n");
        let want = [&whole[..16 << 10], &note, &whole[(16 << 10) + gone..]].concat();
        assert!(head(log.path(), usize::MAX).unwrap() == want.as_bytes());
        assert_eq!(tail(log.path(), 15).unwrap(), line(99_999).as_bytes());
        // A reader that comes in within the gap learns of all of it.
        let chunk = follow(log.path(), 500_000, 10).unwrap();
        assert_eq!(chunk.bytes, [note.as_bytes(), &whole.as_bytes()[(16 << 10) + gone..][..10]].concat());
        // To read all of it costs what is left.
        let mut left = String::new();
        Whole::of(File::open(log.path()).unwrap()).read_to_string(&mut left).unwrap();
        assert!(left == [&whole[..16 << 10], "\n", &whole[(16 << 10) + gone..]].concat());

        // Again with more behind: only the newer part is freed, and the start stays.
        fs::write(log.path(), [whole.as_bytes(), whole.as_bytes()].concat()).unwrap();
        cap.freed_to = 0;
        assert!(cap.trim());
        assert_eq!(head(log.path(), 15).unwrap(), line(0).as_bytes());
        assert!(fs::metadata(log.path()).unwrap().blocks() * 512 <= (64 << 10) + 2 * BLOCK);
    }

    #[test]
    fn no_limit_no_cap() {
        assert!(Cap::new("/nowhere".into(), 0).is_none());
        assert!(Cap::new("/nowhere".into(), 1).unwrap().trim());
    }
}
