//! Asking a run under way for something, from another process: `orch stop`, `orch retry`.
//!
//! A named pipe in the plan's own folder: whoever may write there may ask. No signal is sent to a process number that
//! may belong to somebody else by now, and a pipe without a reader says at once that nobody runs the plan.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use orch_exec::process::Waker;
use rustix::fs::OFlags;

use crate::platform::make_pipe;

/// Why a task is held that somebody has stopped, as [`Hold::Asked`](orch_core::Hold::Asked) says it.
pub const STOPPED_BY_HAND: &str = "stopped by hand";

/// What can be asked of a run under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Let everything end.
    Stop,
    /// End everything at once.
    Kill,
    /// End this task, named by its id.
    StopTask(String),
    /// Run this task again, named by its id.
    Retry(String),
}

impl Ask {
    fn line(&self) -> String {
        match self {
            Ask::Stop => "stop\n".into(),
            Ask::Kill => "kill\n".into(),
            Ask::StopTask(id) => format!("stop {id}\n"),
            Ask::Retry(id) => format!("retry {id}\n"),
        }
    }

    fn read(line: &str) -> Option<Self> {
        let line = line.trim_end_matches('\n');
        match line.split_once(' ') {
            None if line == "stop" => Some(Ask::Stop),
            None if line == "kill" => Some(Ask::Kill),
            Some(("stop", id)) => Some(Ask::StopTask(id.into())),
            Some(("retry", id)) => Some(Ask::Retry(id.into())),
            _ => None,
        }
    }
}

/// The asking side inside this process: for signal handlers and programs that embed a run.
#[derive(Clone, Debug)]
pub struct Asker {
    sender: Sender<Ask>,
    waker: Waker,
}

impl Asker {
    /// Asks; the run looks at it at once.
    pub fn ask(&self, ask: Ask) {
        // A run that has ended needs nothing any more.
        if self.sender.send(ask).is_ok() {
            self.waker.wake();
        }
    }
}

/// The listening side: what was asked since last looked at.
#[derive(Debug)]
pub(crate) struct Control {
    asked: Receiver<Ask>,
    asker: Asker,
    pipe: Option<PathBuf>,
}

impl Control {
    pub(crate) fn new(waker: Waker) -> Self {
        let (sender, asked) = channel();
        Self { asked, asker: Asker { sender, waker }, pipe: None }
    }

    pub(crate) fn asker(&self) -> Asker {
        self.asker.clone()
    }

    pub(crate) fn take(&self) -> impl Iterator<Item = Ask> {
        self.asked.try_iter()
    }

    /// Listens at `path` as well. To be called by the holder of the plan's lock only: a pipe that is there already was
    /// left by one that is gone.
    pub(crate) fn listen(&mut self, path: &Path) -> io::Result<()> {
        let failed = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        match std::fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_fifo() => {}
            Ok(_) => return Err(failed(io::Error::new(io::ErrorKind::AlreadyExists, "it is not a pipe"))),
            Err(_) => make_pipe(path).map_err(failed)?,
        }
        // Open for writing too: then the pipe has never no writer, and reading waits instead of ending.
        let file = OpenOptions::new().read(true).write(true).custom_flags(nofollow()).open(path);
        let file = file.map_err(failed)?;
        let asker = self.asker();
        thread::Builder::new().name("control".into()).spawn(move || listen(file, &asker))?;
        self.pipe = Some(path.to_owned());
        Ok(())
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Some(path) = self.pipe.take() {
            // Without the pipe nobody can ask any more; its thread sleeps until the process ends.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn listen(file: File, asker: &Asker) {
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        // A line longer than a pipe takes in one piece was not written by orch.
        match io::Read::take(&mut lines, 4096).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if let Some(ask) = std::str::from_utf8(&line).ok().and_then(Ask::read) {
            asker.ask(ask);
        }
    }
}

/// Asks the run under way that listens at `path`; false when nobody does.
pub(crate) fn ask(path: &Path, asks: &[Ask]) -> io::Result<bool> {
    let opened =
        OpenOptions::new().write(true).custom_flags(nofollow() | OFlags::NONBLOCK.bits() as i32).open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    if !file.metadata()?.file_type().is_fifo() {
        return Ok(false);
    }
    for ask in asks {
        file.write_all(ask.line().as_bytes())?;
    }
    Ok(true)
}

fn nofollow() -> i32 {
    OFlags::NOFOLLOW.bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use orch_exec::process::{Processes, Settings};

    #[test]
    fn what_is_asked_arrives_and_wakes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        assert!(!ask(&path, &[Ask::Stop]).unwrap(), "no pipe: nobody runs the plan");
        let mut processes = Processes::new(Settings { adopt_orphans: false, ..Settings::default() }).unwrap();
        let mut control = Control::new(processes.waker());
        control.listen(&path).unwrap();
        let asks = [Ask::StopTask("a b".into()), Ask::Retry("PROMPT-01".into()), Ask::Kill];
        assert!(ask(&path, &asks).unwrap());
        let mut got = Vec::new();
        while got.len() < asks.len() {
            processes.wait(None).unwrap();
            got.extend(control.take());
        }
        assert_eq!(got, asks);
        drop(control);
        assert!(!path.exists());
        assert!(!ask(&path, &[Ask::Stop]).unwrap());
    }

    #[test]
    fn a_file_in_its_place_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        std::fs::write(&path, "mine").unwrap();
        assert!(!ask(&path, &[Ask::Stop]).unwrap());
        let processes = Processes::new(Settings { adopt_orphans: false, ..Settings::default() }).unwrap();
        assert!(Control::new(processes.waker()).listen(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    }
}
