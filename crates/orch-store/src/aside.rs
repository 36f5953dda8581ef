//! Keeping a file that can't be used: it is renamed beside itself, never overwritten and never removed.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use orch_core::Time;

use crate::StoreError;

/// Renames `path` to `<stem>.<reason>-YYYYMMDD-HHMMSS[-n].<extension>` in the same folder and says where it is now.
///
/// The date is `now` in UTC. A name that is taken is never overwritten: `-2`, `-3`, … is added.
///
/// # Errors
/// [`StoreError::Io`] when the file can't be renamed; it is then where it was.
///
/// ```
/// use orch_core::Time;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("PROMPT-ORCHESTRATOR.state.md");
/// std::fs::write(&path, "?")?;
/// let kept = orch_store::keep_aside(&path, "unreadable", Time::from_millis(0))?;
/// assert!(kept.ends_with("PROMPT-ORCHESTRATOR.state.unreadable-19700101-000000.md"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn keep_aside(path: &Path, reason: &str, now: Time) -> Result<PathBuf, StoreError> {
    under_a_dated_name(path, reason, now, rename_without_replacing)
}

/// Like [`keep_aside`], but the file also stays where it is, until it is replaced: its name never goes away.
///
/// # Errors
/// [`StoreError::Io`] when there can be no second name and no copy.
pub fn copy_aside(path: &Path, reason: &str, now: Time) -> Result<PathBuf, StoreError> {
    under_a_dated_name(path, reason, now, |from, to| match std::fs::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => copy_without_replacing(from, to),
        done => done,
    })
}

fn under_a_dated_name(
    path: &Path,
    reason: &str,
    now: Time,
    keep: impl Fn(&Path, &Path) -> io::Result<()>,
) -> Result<PathBuf, StoreError> {
    let date = date(now);
    let mut n = 1u32;
    loop {
        let mut name = OsString::from(path.file_stem().unwrap_or_default());
        name.push(format!(".{reason}-{date}"));
        if n > 1 {
            name.push(format!("-{n}"));
        }
        if let Some(extension) = path.extension() {
            name.push(".");
            name.push(extension);
        }
        let kept = path.with_file_name(name);
        match keep(path, &kept) {
            Ok(()) => return Ok(kept),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && n < 10_000 => n += 1,
            Err(error) => return Err(StoreError::io(path, "keep aside")(error)),
        }
    }
}

/// For file systems without second names.
fn copy_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = OpenOptions::new().write(true).create_new(true).open(to)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()
}

/// Renames in one step where the system can refuse to overwrite; else by a second name, of which the first goes.
fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Old kernels and some file systems don't know the flag.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            done => return done.map_err(io::Error::from),
        }
    }
    std::fs::hard_link(from, to)?;
    std::fs::remove_file(from)
}

/// `YYYYMMDD-HHMMSS` in UTC; a moment beyond the calendar gives its milliseconds.
fn date(now: Time) -> String {
    let seconds = i64::try_from(now.as_millis() / 1000).unwrap_or(i64::MAX);
    match time::OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(at) => format!(
            "{:04}{:02}{:02}-{:02}{:02}{:02}",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        ),
        Err(_) => now.as_millis().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn dates_as_a_calendar_has_them() {
        for (seconds, expected) in [
            (0, "19700101-000000"),
            (951_782_399, "20000228-235959"),
            (951_782_400, "20000229-000000"),
            (1_771_977_600, "20260225-000000"),
        ] {
            assert_eq!(date(Time::from_millis(seconds * 1000 + 999)), expected);
        }
        assert_eq!(date(Time::from_millis(u64::MAX)), u64::MAX.to_string());
    }

    #[test]
    fn never_overwrites_what_was_kept_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.state.md");
        let mut kept = Vec::new();
        for n in 0..3 {
            fs::write(&path, format!("{n}")).unwrap();
            kept.push(keep_aside(&path, "old", Time::from_millis(0)).unwrap());
            assert!(!path.exists());
        }
        for (n, kept) in kept.iter().enumerate() {
            assert_eq!(fs::read_to_string(kept).unwrap(), format!("{n}"));
        }
        assert!(kept[1].ends_with("a.state.old-19700101-000000-2.md"));
    }

    #[test]
    fn a_missing_file_is_an_error_that_names_it() {
        let error = keep_aside(Path::new("/no/such/file.md"), "old", Time::from_millis(0)).unwrap_err();
        assert!(error.to_string().contains("can't keep aside `/no/such/file.md`"), "{error}");
    }
}
