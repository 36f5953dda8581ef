//! What a pane shows: the growth of a log.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::plain::Plain;
use crate::process::log;

/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// A terminal that has fallen further behind than this skips to the last part.
const MOST_BEHIND: u64 = 1 << 20;
const LAST_PART: u64 = 64 << 10;
/// How long the end waits for a terminal that takes nothing: somebody pressed ctrl-s.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows a log on standard output from a thread of its own, so that nothing waits for the terminal.
#[derive(Debug)]
pub(super) struct Display {
    last: Sender<String>,
    done: Receiver<()>,
}

impl Display {
    /// Shows what comes after the first `from` bytes.
    pub(super) fn start(log: &Path, from: u64) -> io::Result<Self> {
        let (last, hear_last) = channel();
        let (say_done, done) = channel();
        let shown = Shown { log: log.to_owned(), next: from, plain: Plain::default(), in_line: false };
        thread::Builder::new().name("display".into()).spawn(move || {
            // A terminal that is gone is nobody's loss: the log has it all.
            let _ = shown.follow(&hear_last);
            drop(say_done);
        })?;
        Ok(Self { last, done })
    }

    /// Shows the rest, then this line.
    pub(super) fn finish(self, line: String) {
        // Where the thread has ended there is nothing to wait for.
        if self.last.send(line).is_ok() {
            let _ = self.done.recv_timeout(PATIENCE);
        }
    }
}

struct Shown {
    log: PathBuf,
    next: u64,
    plain: Plain,
    in_line: bool,
}

impl Shown {
    fn follow(mut self, last: &Receiver<String>) -> io::Result<()> {
        loop {
            match last.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) => self.catch_up()?,
                Ok(line) => {
                    self.catch_up()?;
                    let rest = self.plain.finish();
                    self.show(&rest)?;
                    let start = if self.in_line { "\n" } else { "" };
                    return self.show(&format!("{start}{line}\n"));
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn catch_up(&mut self) -> io::Result<()> {
        // Only a file: whatever a worker puts in its place is not waited for.
        let Ok(found) = std::fs::symlink_metadata(&self.log) else { return Ok(()) };
        if !found.is_file() || found.len() == self.next {
            return Ok(());
        }
        // To where it ended when looked at, or a fast worker would hold this up for ever.
        let end = found.len();
        if end > self.next && end - self.next > MOST_BEHIND {
            let from = end - LAST_PART;
            self.show(&format!("\n[{} bytes not shown here]\n", from - self.next))?;
            self.next = from;
        }
        loop {
            let Ok(part) = log::follow(&self.log, self.next, LAST_PART as usize) else { return Ok(()) };
            if part.bytes.is_empty() {
                return Ok(());
            }
            self.next = part.next;
            let text = self.plain.feed(&part.bytes);
            self.show(&text)?;
            if self.next >= end {
                return Ok(());
            }
        }
    }

    fn show(&mut self, text: &str) -> io::Result<()> {
        if let Some(last) = text.chars().next_back() {
            self.in_line = last != '\n';
        }
        let mut terminal = io::stdout().lock();
        terminal.write_all(text.as_bytes())?;
        terminal.flush()
    }
}
