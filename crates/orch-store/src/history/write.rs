//! Appending to the history.

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use orch_core::Time;

use super::ahead::{ReadAhead, fold_all};
use super::chain::encode;
use super::read::{Rest, Scanned};
use super::tape::Tape;
use super::{FORMAT, Folded, LONGEST_LINE, What};
use crate::random::random_u64;
use crate::replace::sync_folder_of;
use crate::{Durability, StoreError, keep_aside};

/// The one who appends to a history. Hold the plan's [`Lock`](crate::Lock) while there is one.
///
/// ```
/// use orch_core::{Status, Time};
/// use orch_store::{Durability, HistoryWriter, What};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("history.jsonl");
/// let now = Time::from_millis(1_771_977_600_000);
/// let (mut history, before, notes) = HistoryWriter::open(&path, Durability::Power, "PLAN", now)?;
/// assert!(before.tasks.is_empty() && notes.is_empty());
/// let (from, to) = (Status::Pending, Status::Running);
/// history.append(now, &[What::Moved {
///     task: "A".into(), attempt: 1, from, to, outcome: None, detail: None, tries: 0, reworks: 0, review_due: false,
/// }])?;
/// let now = orch_store::read(&path)?.expect("it was just written");
/// assert_eq!(now.tasks["A"].status, Status::Running);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HistoryWriter {
    tape: Box<dyn Tape>,
    path: PathBuf,
    durability: Durability,
    /// The number and the check of the last line, and where it ends.
    seq: u64,
    check: u64,
    end: u64,
    /// Set once it is no longer known what the file holds.
    poisoned: bool,
    counts: Counts,
    lines: Vec<u8>,
}

/// How often the writer asked the system for something since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that wrote.
    pub writes: u64,
    /// Calls that waited for the disk.
    pub syncs: u64,
}

/// Something found while opening a history that a person should be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The last append before this was interrupted; what there was of it has been cut off.
    TornTail {
        /// The line that was cut off, from one.
        line: u64,
        /// How many bytes went.
        bytes: u64,
    },
    /// The history was not what had been written. It was kept aside and a new one begun.
    Damaged {
        /// The first line that is wrong, from one.
        line: u64,
        /// Where the damaged history is now.
        kept: PathBuf,
        /// What the good lines before it add up to: there may be workers in it that are still alive.
        before: Box<Folded>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::TornTail { line, bytes } => {
                write!(f, "the last record was cut short ({bytes} bytes of line {line}); it has been removed")
            }
            Note::Damaged { line, kept, .. } => write!(
                f,
                "the history was damaged at line {line}; it is kept as `{}` and a new one was begun",
                kept.display()
            ),
        }
    }
}

impl HistoryWriter {
    /// Opens the history of the plan called `plan` at `path`, or begins one (readable by its owner only).
    ///
    /// Returns what the history adds up to, and what had to be done to it. `now` dates what is begun or kept.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when a newer orch wrote it: the file is untouched. [`StoreError::Io`].
    pub fn open(
        path: &Path,
        durability: Durability,
        plan: &str,
        now: Time,
    ) -> Result<(Self, Folded, Vec<Note>), StoreError> {
        Self::open_after(path, durability, plan, now, None)
    }

    /// Like [`open`](Self::open), but what was read `ahead` is not read again.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_after(
        path: &Path,
        durability: Durability,
        plan: &str,
        now: Time,
        ahead: Option<ReadAhead>,
    ) -> Result<(Self, Folded, Vec<Note>), StoreError> {
        let mut notes = Vec::new();
        let existing = OpenOptions::new()
            .read(true)
            .append(true)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
            .open(path);
        let file = match existing {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Self::begin(path, durability, plan, now).map(|(new, folded)| (new, folded, notes));
            }
            Err(error) => return Err(StoreError::io(path, "open")(error)),
        };
        let (mut folded, scanned) = fold_all(&file, ahead).map_err(StoreError::io(path, "read"))?;
        let line = scanned.lines + 1;
        match scanned.rest {
            Rest::Newer => return Err(StoreError::Newer { path: path.to_owned(), line }),
            Rest::Damage => {
                let kept = keep_aside(path, "damaged", now)?;
                notes.push(Note::Damaged { line, kept, before: Box::new(folded) });
                return Self::begin(path, durability, plan, now).map(|(new, folded)| (new, folded, notes));
            }
            Rest::Torn => {
                let length = file.metadata().map_err(StoreError::io(path, "look at"))?.len();
                file.set_len(scanned.end).map_err(StoreError::io(path, "cut the end of"))?;
                notes.push(Note::TornTail { line, bytes: length - scanned.end });
            }
            Rest::Nothing => {}
        }
        let mut writer = Self::after(Box::new(file), path, durability, &scanned);
        if scanned.lines == 0 {
            writer.write_first(plan, now, &mut folded)?;
        }
        Ok((writer, folded, notes))
    }

    /// Writes `what` down as having happened at `at`; all of it with one write, and one sync if asked for.
    ///
    /// Returns the number of the last entry. What it costs does not depend on how long the history is.
    ///
    /// # Errors
    /// [`StoreError::TooLong`]: nothing was written. [`StoreError::Io`]: with the step `write`, the file is as it
    /// was before and a later append may succeed; with any other, nothing can be appended any more.
    /// [`StoreError::Poisoned`] is what every later append then gives.
    pub fn append(&mut self, at: Time, what: &[What<'_>]) -> Result<u64, StoreError> {
        let seq = self.append_unsynced(at, what)?;
        if self.durability == Durability::Power && !what.is_empty() {
            self.counts.syncs += 1;
            // After a failed sync the system may drop what it could not write and call the next sync a success.
            self.tape
                .sync()
                .inspect_err(|_| self.poisoned = true)
                .map_err(StoreError::io(&self.path, "sync"))?;
        }
        Ok(seq)
    }

    /// Like [`append`](Self::append), but a power cut may take it: for what is worth knowing and nothing rests on.
    /// The next `append` makes it as safe as itself.
    ///
    /// # Errors
    /// Those of [`append`](Self::append).
    pub fn append_unsynced(&mut self, at: Time, what: &[What<'_>]) -> Result<u64, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned { path: self.path.clone() });
        }
        if what.is_empty() {
            return Ok(self.seq);
        }
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        let written = self.encode_all(&mut lines, at, what).and_then(|check| {
            self.write(&lines)?;
            Ok(check)
        });
        let length = lines.len() as u64;
        self.lines = lines;
        self.check = written?;
        self.seq += what.len() as u64;
        self.end += length;
        Ok(self.seq)
    }

    /// The number of the last entry.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// What this writer has cost so far.
    pub fn syscalls(&self) -> Counts {
        self.counts
    }

    fn encode_all(&self, lines: &mut Vec<u8>, at: Time, what: &[What<'_>]) -> Result<u64, StoreError> {
        let mut check = self.check;
        for (seq, what) in (self.seq + 1..).zip(what) {
            let start = lines.len();
            check = encode(lines, check, seq, at, what)
                .map_err(StoreError::io(&self.path, "spell an entry of"))?;
            let bytes = lines.len() - start;
            if bytes > LONGEST_LINE {
                return Err(StoreError::TooLong { path: self.path.clone(), bytes });
            }
        }
        Ok(check)
    }

    /// Writes all of `lines`, or takes back what was written of them.
    fn write(&mut self, lines: &[u8]) -> Result<(), StoreError> {
        let mut left = lines;
        while !left.is_empty() {
            self.counts.writes += 1;
            // A disk that fills up takes a part first and says why only when asked again.
            let error = match self.tape.write(left) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(taken) => {
                    left = &left[taken..];
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            if left.len() < lines.len() {
                self.poisoned = self.tape.cut(self.end).is_err();
            }
            return Err(StoreError::io(&self.path, "write")(error));
        }
        Ok(())
    }

    /// Creates a new history with its first line.
    fn begin(
        path: &Path,
        durability: Durability,
        plan: &str,
        now: Time,
    ) -> Result<(Self, Folded), StoreError> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(StoreError::io(path, "create"))?;
        let nothing = Scanned::default();
        let mut writer = Self::after(Box::new(file), path, durability, &nothing);
        let mut folded = Folded::default();
        writer.write_first(plan, now, &mut folded)?;
        Ok((writer, folded))
    }

    fn write_first(&mut self, plan: &str, now: Time, folded: &mut Folded) -> Result<(), StoreError> {
        let what = What::Opened { history: random_u64(), format: FORMAT, plan: plan.into() };
        self.append(now, std::slice::from_ref(&what))?;
        if self.durability == Durability::Power {
            self.counts.syncs += 1;
            sync_folder_of(&self.path)?;
        }
        folded.apply(&super::Entry { seq: self.seq, at: now, what });
        Ok(())
    }

    fn after(tape: Box<dyn Tape>, path: &Path, durability: Durability, scanned: &Scanned) -> Self {
        Self {
            tape,
            path: path.to_owned(),
            durability,
            seq: scanned.lines,
            check: scanned.check,
            end: scanned.end,
            poisoned: false,
            counts: Counts::default(),
            lines: Vec::new(),
        }
    }
}

impl fmt::Debug for HistoryWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryWriter")
            .field("path", &self.path)
            .field("seq", &self.seq)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::history::fold;

    /// A file in memory whose next calls can be made to fail.
    #[derive(Default)]
    struct Disk {
        bytes: Vec<u8>,
        /// What the next writes do: take that many bytes, or fail. Without a plan, they take all.
        writes: Vec<Result<usize, io::ErrorKind>>,
        cut_fails: bool,
        sync_fails: bool,
    }

    impl Tape for Arc<Mutex<Disk>> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.lock().unwrap();
            let taken = if disk.writes.is_empty() { bytes.len() } else { disk.writes.remove(0)? };
            disk.bytes.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn cut(&mut self, end: u64) -> io::Result<()> {
            let mut disk = self.lock().unwrap();
            if disk.cut_fails {
                return Err(io::ErrorKind::Other.into());
            }
            disk.bytes.truncate(end as usize);
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            if self.lock().unwrap().sync_fails { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
        }
    }

    fn begun(durability: Durability) -> (HistoryWriter, Arc<Mutex<Disk>>) {
        let disk = Arc::new(Mutex::new(Disk::default()));
        let nothing = Scanned::default();
        let mut writer = HistoryWriter::after(Box::new(disk.clone()), Path::new("/h"), durability, &nothing);
        let what = What::Opened { history: 1, format: FORMAT, plan: "P".into() };
        writer.append(Time::default(), &[what]).unwrap();
        (writer, disk)
    }

    fn base(branch: &str) -> [What<'_>; 2] {
        [What::Base { branch: branch.into() }, What::Base { branch: branch.into() }]
    }

    fn folded(disk: &Mutex<Disk>) -> Folded {
        fold(&disk.lock().unwrap().bytes[..], Path::new("/h"), None).unwrap()
    }

    #[test]
    fn a_write_that_fails_half_way_is_taken_back_and_the_next_one_succeeds() {
        use io::ErrorKind::{Interrupted, StorageFull};
        for plan in [
            vec![Err(StorageFull)],
            vec![Ok(1), Err(StorageFull)],
            vec![Ok(100), Err(Interrupted), Ok(7), Err(StorageFull)],
            vec![Ok(90), Ok(0)],
        ] {
            let (mut writer, disk) = begun(Durability::Power);
            let before = disk.lock().unwrap().bytes.clone();
            disk.lock().unwrap().writes = plan;
            let error = writer.append(Time::default(), &base("a")).unwrap_err();
            assert!(error.to_string().starts_with("can't write `/h`"), "{error}");
            assert_eq!(disk.lock().unwrap().bytes, before);
            assert_eq!(writer.append(Time::default(), &base("b")).unwrap(), 3);
            assert_eq!(folded(&disk).base_branch.as_deref(), Some("b"));
        }
    }

    #[test]
    fn an_interrupted_or_split_write_is_finished() {
        let (mut writer, disk) = begun(Durability::Process);
        disk.lock().unwrap().writes =
            vec![Err(io::ErrorKind::Interrupted), Ok(3), Err(io::ErrorKind::Interrupted), Ok(50)];
        assert_eq!(writer.append(Time::default(), &base("a")).unwrap(), 3);
        assert_eq!(folded(&disk).seq, 3);
    }

    #[test]
    fn after_a_failed_sync_or_cut_nothing_is_appended_any_more() {
        let (mut writer, disk) = begun(Durability::Power);
        disk.lock().unwrap().sync_fails = true;
        assert!(
            writer
                .append(Time::default(), &base("a"))
                .unwrap_err()
                .to_string()
                .starts_with("can't sync `/h`")
        );
        disk.lock().unwrap().sync_fails = false;
        let (bytes, counts) = (disk.lock().unwrap().bytes.clone(), writer.syscalls());
        assert!(matches!(writer.append(Time::default(), &base("b")), Err(StoreError::Poisoned { .. })));
        assert_eq!(
            (&disk.lock().unwrap().bytes, writer.syscalls()),
            (&bytes, counts),
            "nothing was even tried"
        );

        let (mut writer, disk) = begun(Durability::Process);
        (disk.lock().unwrap().writes, disk.lock().unwrap().cut_fails) =
            (vec![Ok(5), Err(io::ErrorKind::StorageFull)], true);
        assert!(writer.append(Time::default(), &base("a")).is_err());
        assert!(matches!(writer.append(Time::default(), &base("b")), Err(StoreError::Poisoned { .. })));
        assert_eq!(folded(&disk).seq, 1, "the remains are a torn end");
    }

    #[test]
    fn an_entry_that_no_reader_would_take_is_not_written() {
        let (mut writer, disk) = begun(Durability::Power);
        let before = disk.lock().unwrap().bytes.clone();
        let long = "x".repeat(LONGEST_LINE);
        let error = writer.append(Time::default(), &base(&long)).unwrap_err();
        assert!(matches!(error, StoreError::TooLong { .. }), "{error}");
        assert_eq!(disk.lock().unwrap().bytes, before);
        writer.append(Time::default(), &base("a")).unwrap();
        assert_eq!(folded(&disk).seq, 3);
    }

    #[test]
    fn an_empty_batch_costs_nothing() {
        let (mut writer, _) = begun(Durability::Power);
        let before = writer.syscalls();
        assert_eq!(writer.append(Time::default(), &[]).unwrap(), 1);
        assert_eq!(writer.syscalls(), before);
    }
}
