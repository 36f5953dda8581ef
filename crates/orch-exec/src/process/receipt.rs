//! The exit code a worker leaves behind, for when nobody was there to see it end.
//!
//! With a [witness](super::Witnessing) it is that which writes it, and only where this program has gone away before it said
//! that it has written down the end itself. Without one, a worker with a receipt runs under a constant shell script that
//! waits for it and writes its exit code. The script outlives this program, and a request to end does not end it before
//! the code is written. `SIGKILL` does: then there is no receipt.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::Exit;
use super::witness::PATIENCE;

// Nothing is ever put into this text: the receipt's path and the command are positional. A caught signal, unlike an
// ignored one, goes back to its default in the children. `:` is enough: the shell takes note and keeps waiting. The
// code is one short write with the line end last, so a reader sees all of it or can tell.
const SCRIPT: &str = r#"trap : TERM INT HUP
orch_receipt_path=$1
shift
"$@"
set -- "$?"
umask 077
echo "$1" >"$orch_receipt_path"
exit "$1""#;

/// The arguments after `/bin/sh` that run `command` and write its exit code to `receipt`.
pub(super) fn wrap<'a>(receipt: &'a Path, command: &'a [OsString]) -> Vec<&'a OsStr> {
    let mut arguments: Vec<&OsStr> = ["-c", SCRIPT, "orch-worker"].map(OsStr::new).into();
    arguments.push(receipt.as_os_str());
    arguments.extend(command.iter().map(OsString::as_os_str));
    arguments
}

/// Reads a receipt. `None`: there is none, or it is not whole, so the worker runs or ended unseen. One that is
/// promised is waited for, ten seconds at most.
///
/// To learn whether a worker of an earlier run is done, ask [`is_alive`](super::is_alive) first and read then: in the
/// other order it may end in between.
#[must_use]
pub fn read(path: &Path) -> Option<Exit> {
    const LONGEST: u64 = 16;
    let file = open(path).ok()?;
    let until = Instant::now() + PATIENCE;
    while is_locked(&file) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    let digits = text.strip_suffix('\n')?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let code: u8 = plain.then(|| digits.parse().ok())??;
    Some(Exit::Code(code.into()))
}

/// Opens what may be a receipt. A pipe that a worker put in its place would be waited for for ever.
fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits() as i32;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Whether somebody is going to write it.
fn is_locked(file: &File) -> bool {
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Whether a receipt is promised, and so its worker alive or just over.
pub(super) fn is_promised(path: &Path) -> bool {
    open(path).is_ok_and(|file| is_locked(&file))
}

/// A receipt that is going to be written: whoever [reads](read) it waits for that as long as this is there.
#[derive(Debug)]
pub(crate) struct Promise(File);

fn create(path: &Path) -> io::Result<File> {
    clear(path)?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Promises a receipt, in place of whatever is there.
pub(crate) fn promise(path: &Path) -> io::Result<Promise> {
    let file = create(path)?;
    file.lock()?;
    Ok(Promise(file))
}

impl Promise {
    /// Writes it.
    pub(crate) fn keep(&self, code: u8) -> io::Result<()> {
        (&self.0).write_all(format!("{code}\n").as_bytes())
    }
}

/// How a process ended, as a receipt says it: a signal as 128 and its number.
pub(crate) fn code(exit: Exit) -> Option<u8> {
    match exit {
        Exit::Code(code) => u8::try_from(code).ok(),
        Exit::Signal(signal) => u8::try_from(128 + signal).ok(),
        Exit::Unknown => None,
    }
}

/// Removes what an earlier worker left under this name: it would speak for the new one.
pub(crate) fn clear(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes what [`read`] reads, in place of whatever is there.
pub(crate) fn write(path: &Path, code: u8) -> io::Result<()> {
    Promise(create(path)?).keep(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_whole_receipt_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipt");
        let table: [(&[u8], Option<Exit>); 12] = [
            (b"0\n", Some(Exit::Code(0))),
            (b"3\n", Some(Exit::Code(3))),
            (b"255\n", Some(Exit::Code(255))),
            (b"", None),
            (b"0", None),
            (b"14", None),
            (b"\n", None),
            (b"256\n", None),
            (b"+1\n", None),
            (b"-1\n", None),
            (b"0\n0\n", None),
            (b"0000000000000000000\n", None),
        ];
        for (bytes, want) in table {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read(&path), want, "{bytes:?}");
        }
        assert_eq!(read(&folder.path().join("absent")), None);
        assert_eq!(read(folder.path()), None);
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipt");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
        for code in 0..=255 {
            write(&path, code).unwrap();
            assert_eq!(read(&path), Some(Exit::Code(code.into())));
        }
        assert!(!folder.path().join("elsewhere").exists());
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_a_code_or_refused(text in "[0-9]{0,4}[\\n+ x-]{0,2}|.*") {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &text).unwrap();
            let fine = (0..=255).any(|code| text.trim_start_matches('0') == format!("{code}\n").trim_start_matches('0'))
                && text.len() > 1
                && text.len() <= 16;
            prop_assert_eq!(read(file.path()).is_some(), fine, "{:?}", text);
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &bytes).unwrap();
            prop_assert!(read(file.path()).is_none() || bytes.ends_with(b"\n"));
        }
    }
}
