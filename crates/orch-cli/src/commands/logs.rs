//! `orch logs`: the output of a worker, as it is or as it grows.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use orch_systems::log;

use crate::failure::code;
use crate::sanitise::Sanitised;

/// The most that is read at a time.
const CHUNK: usize = 64 << 10;

/// The time between two looks at a log that does not grow.
const PAUSE: Duration = Duration::from_millis(200);

/// Copies the log at `path`; with `follow`, goes on until `is_running` says that its worker is gone. A terminal gets
/// it made harmless, anything else byte for byte.
pub(crate) fn run(
    path: &Path,
    follow: bool,
    is_running: &dyn Fn() -> bool,
    out: &mut dyn Write,
) -> io::Result<u8> {
    let mut copy = Copy { out, held_back: io::stdout().is_terminal().then(Vec::new) };
    copy_log(path, follow, is_running, &|| thread::sleep(PAUSE), &mut copy)?;
    Ok(code::SUCCESS)
}

fn copy_log(
    path: &Path,
    follow: bool,
    is_running: &dyn Fn() -> bool,
    wait: &dyn Fn(),
    copy: &mut Copy<'_>,
) -> io::Result<()> {
    let unreadable =
        |error: io::Error| io::Error::new(error.kind(), format!("can't read {}: {error}", path.display()));
    let mut offset = 0;
    let mut last_look = !follow;
    loop {
        let chunk = log::follow(path, offset, CHUNK).map_err(unreadable)?;
        offset = chunk.next;
        if !chunk.bytes.is_empty() {
            copy.write(&chunk.bytes)?;
            continue;
        }
        if last_look {
            return copy.end();
        }
        copy.pause()?;
        // What a worker wrote before it went is looked for once more after it is known to be gone.
        last_look = !is_running();
        if !last_look {
            wait();
        }
    }
}

/// The way from the log to whoever reads.
struct Copy<'a> {
    out: &'a mut dyn Write,
    /// For a terminal: what is not written yet, because a character or a sequence could go on in what comes next.
    held_back: Option<Vec<u8>>,
}

impl Copy<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(held_back) = &mut self.held_back else { return self.out.write_all(bytes) };
        held_back.extend_from_slice(bytes);
        // A line that has no end soon is shown in parts.
        let whole = match held_back.iter().rposition(|&byte| byte == b'\n') {
            Some(at) => at + 1,
            None if held_back.len() > CHUNK => before_cut_character(held_back),
            None => 0,
        };
        self.show(whole)
    }

    /// Nothing more comes for now: shows what there is.
    fn pause(&mut self) -> io::Result<()> {
        let whole = self.held_back.as_deref().map_or(0, before_cut_character);
        self.show(whole)?;
        self.out.flush()
    }

    fn end(&mut self) -> io::Result<()> {
        let all = self.held_back.as_ref().map_or(0, Vec::len);
        self.show(all)
    }

    fn show(&mut self, length: usize) -> io::Result<()> {
        let Some(held_back) = &mut self.held_back else { return Ok(()) };
        let text = String::from_utf8_lossy(&held_back[..length]);
        write!(self.out, "{}", Sanitised::lines(&text))?;
        drop(text);
        held_back.drain(..length);
        Ok(())
    }
}

/// The length of `bytes` without a character at their end whose rest is still to come.
fn before_cut_character(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(4);
    let lead = bytes[tail..].iter().rposition(|&byte| byte >= 0xc0).map(|at| tail + at);
    match lead {
        Some(lead) if std::str::from_utf8(&bytes[lead..]).is_err_and(|error| error.error_len().is_none()) => {
            lead
        }
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::fs::{self, OpenOptions};

    fn copied(path: &Path, follow: bool, terminal: bool, is_running: &dyn Fn() -> bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut copy = Copy { out: &mut out, held_back: terminal.then(Vec::new) };
        copy_log(path, follow, is_running, &|| (), &mut copy).unwrap();
        out
    }

    #[test]
    fn a_pipe_gets_every_byte_and_a_terminal_what_is_harmless() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let bytes = b"\x1b[31mred\x1b[0m\r\n\x1b]52;c;eA==\x07 \xff\xfe\nno end \xe2\x82";
        fs::write(&path, bytes).unwrap();
        assert_eq!(copied(&path, false, false, &|| true), bytes);
        let shown = String::from_utf8(copied(&path, false, true, &|| true)).unwrap();
        assert_eq!(shown, "red\n␛]52;c;eA==␇ ��\nno end �");
    }

    #[test]
    fn characters_and_lines_longer_than_a_chunk_stay_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let text = format!("x{}\n{}", "€".repeat(CHUNK), "日".repeat(CHUNK));
        fs::write(&path, &text).unwrap();
        assert!(copied(&path, false, true, &|| false) == text.as_bytes());
        assert!(copied(&path, false, false, &|| false) == text.as_bytes());
    }

    #[test]
    fn following_ends_with_the_worker_and_misses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, &"one\nhalf €".as_bytes()[..10]).unwrap();
        let looks = Cell::new(0);
        // Each look finds that the worker wrote more; by the third it is gone, and had written even then.
        let is_running = || {
            let more: &[u8] = [&"€".as_bytes()[1..], b" line\ntwo", b"\nthree\n"][looks.get()];
            OpenOptions::new().append(true).open(&path).unwrap().write_all(more).unwrap();
            looks.set(looks.get() + 1);
            looks.get() < 3
        };
        let shown = String::from_utf8(copied(&path, true, true, &is_running)).unwrap();
        assert_eq!(shown, "one\nhalf € line\ntwo\nthree\n");
        assert_eq!(looks.get(), 3);
    }

    #[test]
    fn a_log_that_is_not_there_is_named() {
        let error = copy_log(
            Path::new("/nowhere/log"),
            false,
            &|| false,
            &|| (),
            &mut Copy { out: &mut io::sink(), held_back: None },
        )
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().starts_with("can't read /nowhere/log: "), "{error}");
    }
}
