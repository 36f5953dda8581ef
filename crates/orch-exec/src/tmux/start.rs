//! Starting a worker in a session of its own.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::word;
use super::handover::{Handover, withdraw};
use super::{SessionName, Tmux, TmuxError};
use crate::platform;
use crate::process::{Launch, MARKER, StartError, Worker, receipt, survivors};

/// How the names of launch files end. Each is gone as soon as its pane runs; one that is there when nothing is being
/// started was left by a run that was killed in between, see [`sweep_launch_files`].
pub const LAUNCH_FILE_ENDING: &str = ".launch";

/// What marks a session as started here: an option of ours, and its value.
const OURS: (&str, &str) = ("@orch", "1");
/// A server that is just ending, a session that is just going: each try meets another one at most.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// What became of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// The pane's process, to be [adopted](crate::process::Processes::adopt) with the marker, receipt and log of its
    /// launch.
    Running(Worker),
    /// It ran and has ended already; the receipt says how.
    Ended,
}

impl Tmux {
    /// Starts a worker in a new session, which nobody is attached to, and returns when its pane has taken it over.
    ///
    /// `pane` is the words that run [`pane`](super::pane()), to which the launch file is added; the first is a path
    /// or found in the server's `PATH`. The launch file is created in `folder`, which should be the user's alone. The
    /// launch may hold anything: tmux does not see it.
    ///
    /// Too long arguments, and a program that vanishes right now, show only later: in the log, and as the receipt 126
    /// or 127. A session of this name that was started here and has nothing running any more is cleared away first.
    ///
    /// # Errors
    /// Nothing runs then, and nothing will: see [`TmuxError`].
    pub fn start(
        &self,
        name: &SessionName,
        launch: &Launch,
        pane: &[OsString],
        folder: &Path,
    ) -> Result<Started, TmuxError> {
        let program: PathBuf = pane.first().ok_or(StartError::NoProgram)?.into();
        launch.check()?;
        if let Some(path) = &launch.receipt {
            receipt::clear(path).map_err(|source| StartError::Receipt { path: path.clone(), source })?;
        }
        let file = launch_file(name, folder)?;
        let failed = |source| TmuxError::LaunchFile { path: file.clone(), source };
        let handover = Handover { launch: launch.clone(), grace: self.grace };
        handover.write(&file).map_err(failed)?;
        let begun = self.begin(name, &launch.marker, pane, &file, &program);
        begun.or_else(|error| match withdraw(&file) {
            Ok(true) => Err(error),
            // Said to have failed, and yet it was taken: tmux was late, or broke down afterwards.
            Ok(false) => Ok(find(&launch.marker)),
            Err(source) => Err(failed(source)),
        })
    }

    /// Has tmux run the pane. After an error the launch file may have been taken all the same.
    fn begin(
        &self,
        name: &SessionName,
        marker: &str,
        pane: &[OsString],
        file: &Path,
        program: &Path,
    ) -> Result<Started, TmuxError> {
        let words = new_session(name, marker, pane, file);
        let mut tries = 0;
        loop {
            let answer = self.ask(&words)?;
            // Once the session is there, what fails later does not undo it.
            if let Some(pid) = answer.stdout.lines().next().and_then(|line| line.parse().ok()) {
                return self.wait_for_pane(name, pid, file, program);
            }
            let error = answer.into_result().err().unwrap_or_else(|| TmuxError::Failed {
                args: words.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
                stderr: "no process number in the answer".into(),
            });
            let again = if error.is_duplicate() {
                if !self.clear_away(name)? {
                    return Err(TmuxError::NameTaken { name: name.clone() });
                }
                true
            } else {
                error.is_no_server()
            };
            tries += 1;
            if !again || tries == TRIES || is_taken(file) {
                return Err(error);
            }
            thread::sleep(BETWEEN_TRIES);
        }
    }

    fn wait_for_pane(
        &self,
        name: &SessionName,
        pid: u32,
        file: &Path,
        program: &Path,
    ) -> Result<Started, TmuxError> {
        let until = Instant::now() + self.limit;
        loop {
            // Before the file: a pane that ends in between has taken it.
            let process = platform::process(pid).filter(|process| !process.zombie);
            match (is_taken(file), process) {
                (true, Some(process)) => {
                    let boot = platform::boot_id().to_owned();
                    return Ok(Started::Running(Worker { pid, start: process.start, boot }));
                }
                (true, None) => return Ok(Started::Ended),
                (false, None) => {
                    return Err(TmuxError::PaneEnded { name: name.clone(), program: program.to_owned() });
                }
                (false, Some(_)) if Instant::now() >= until => {
                    // Whatever it runs, it is not the pane program.
                    self.kill(name)?;
                    return Err(TmuxError::PaneEnded { name: name.clone(), program: program.to_owned() });
                }
                (false, Some(_)) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Removes a session of ours in which nothing runs any more: `remain-on-exit`, or tmux has not noticed yet. Says
    /// whether the name is free.
    fn clear_away(&self, name: &SessionName) -> Result<bool, TmuxError> {
        let form = format!("#{{session_id}} #{{pane_dead}} #{{pane_pid}} #{{{}}}", OURS.0);
        let panes = match self.run_settled(&["list-panes", "-s", "-t", &name.target(), "-F", &form]) {
            Ok(panes) => panes,
            Err(error) if error.is_no_server() || error.is_no_session() => return Ok(true),
            Err(error) => return Err(error),
        };
        let is_over = |line: &str| {
            let mut fields = line.split(' ');
            let mut field = || fields.next().unwrap_or_default();
            let (_, dead, pid, ours) = (field(), field(), field(), field());
            let runs = || pid.parse().ok().and_then(platform::process).is_some_and(|process| !process.zombie);
            ours == OURS.1 && (dead == "1" || !runs())
        };
        if !panes.lines().all(is_over) {
            return Ok(false);
        }
        // By its number: the name may be another's by now.
        let id = panes.split(' ').next().unwrap_or_default();
        match self.run_settled(&["kill-session", "-t", id]) {
            Err(error) if !error.is_no_server() && !error.is_no_session() => Err(error),
            _ => Ok(true),
        }
    }
}

/// One call, so that nothing happens between the parts of it.
fn new_session(name: &SessionName, marker: &str, pane: &[OsString], file: &Path) -> Vec<OsString> {
    let target = name.target();
    let mut words: Vec<OsString> = Vec::new();
    let mut add = |part: &[&str]| words.extend(part.iter().map(OsString::from));
    // In one word with its letter: elsewhere arguments and environments are looked through together, and the server
    // keeps the arguments of the call that starts it.
    let variable = word(format!("-e{MARKER}={marker}"));
    add(&["new-session", "-d", "-P", "-F", "#{pane_pid}", "-s", name.as_str()]);
    // The folder is subject to expansion; the pane finds its own way.
    add(&["-x", "200", "-y", "50", "-c", "/"]);
    words.push(variable);
    words.push("--".into());
    // Two words or more are executed as they are; one would go through a shell.
    words.extend(pane.iter().map(word));
    words.push(word(file));
    let rest: [&[&str]; 5] = [
        &["set-option", "-t", &target, "destroy-unattached", "off"],
        &["set-option", "-w", "-t", &target, "remain-on-exit", "off"],
        &["set-option", "-s", "exit-unattached", "off"],
        &["set-option", "-t", &target, OURS.0, OURS.1],
        // Windows that a person opens in this session are no part of the worker.
        &["set-environment", "-t", &target, "-r", MARKER],
    ];
    for command in rest {
        words.push(";".into());
        words.extend(command.iter().map(OsString::from));
    }
    words
}

/// A name that no other start has.
fn launch_file(name: &SessionName, folder: &Path) -> Result<PathBuf, TmuxError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let file = format!("{name}.{}-{number}{LAUNCH_FILE_ENDING}", std::process::id());
    let path = folder.join(OsStr::new(&file));
    std::path::absolute(&path).map_err(|source| TmuxError::LaunchFile { path, source })
}

/// Removes the launch files in `folder` that a run which was killed has left: they may hold secrets, and a pane that tmux
/// opens late would still run them. To be called while nothing is being started from there.
///
/// # Errors
/// When the folder can't be read or a file can't be removed. A folder that is not there is no error.
pub fn sweep_launch_files(folder: &Path) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().ends_with(LAUNCH_FILE_ENDING.as_bytes()) {
            withdraw(&entry.path())?;
        }
    }
    Ok(())
}

fn is_taken(file: &Path) -> bool {
    std::fs::symlink_metadata(file).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

fn find(marker: &str) -> Started {
    let found = survivors(&[marker]).into_iter().next();
    found.map_or(Started::Ended, |(_, worker)| Started::Running(worker))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn launch_files_are_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["w-01.7-0.launch", "w-01.1.md", "launch"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        sweep_launch_files(folder.path()).unwrap();
        let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<OsString> = left.collect();
        left.sort();
        assert_eq!(left, ["launch", "w-01.1.md"]);
        sweep_launch_files(&folder.path().join("gone")).unwrap();
    }
}
