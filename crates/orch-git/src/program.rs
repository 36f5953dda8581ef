//! Running git itself: its arguments, its environment, its end.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// More of git's output than this is thrown away.
const OUTPUT_KEPT: u64 = 16 << 20;

/// How long a command that asks another machine may take.
const REMOTE_LIMIT: Duration = Duration::from_secs(10);

/// Variables by which an outer git (a hook, an alias) would point this one at another repository.
const POINTERS: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// Git in one folder.
#[derive(Clone, Debug)]
pub struct Git {
    dir: PathBuf,
    program: OsString,
    remote_limit: Duration,
}

impl Git {
    /// The `git` on the `PATH`, working in `dir`.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), program: "git".into(), remote_limit: REMOTE_LIMIT }
    }

    /// The same with another program in the place of `git`.
    #[must_use]
    pub fn with_program(self, program: impl Into<OsString>) -> Self {
        Self { program: program.into(), ..self }
    }

    /// The same with another limit for commands that ask another machine; 10 seconds unless set.
    #[must_use]
    pub fn with_remote_limit(self, remote_limit: Duration) -> Self {
        Self { remote_limit, ..self }
    }

    /// The folder that git works in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs a command that stays on this machine, and returns its standard output.
    pub(crate) fn local(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.run(args, None)
    }

    /// Runs a command that may ask another machine. When its time is up it is ended with all it started.
    pub(crate) fn remote(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.run(args, Some(self.remote_limit))
    }

    fn run(&self, args: &[&str], limit: Option<Duration>) -> Result<Vec<u8>, GitError> {
        let deadline = limit.map(|limit| Instant::now() + limit);
        let child = self.command(args).spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => GitError::NotInstalled { program: self.program.clone() },
            _ => GitError::CouldNotRun { args: owned(args), error },
        })?;
        let mut group = Group { leader: child, has_ended: false };
        let stdout = collect(group.leader.stdout.take());
        let stderr = collect(group.leader.stderr.take());
        let timed_out = || GitError::TimedOut { args: owned(args), limit: limit.unwrap_or_default() };
        let stdout = wait_for(&stdout, deadline).ok_or_else(timed_out)?;
        let stderr = wait_for(&stderr, deadline).ok_or_else(timed_out)?;
        // Both streams have ended, so nothing but git's own exit is left to wait for.
        let status = group.wait().map_err(|error| GitError::CouldNotRun { args: owned(args), error })?;
        if status.success() {
            return Ok(stdout);
        }
        let stderr = String::from_utf8_lossy(&stderr).trim().to_owned();
        if stderr.contains("not a git repository") {
            return Err(GitError::NotARepository { dir: self.dir.clone() });
        }
        Err(GitError::Failed { args: owned(args), code: status.code(), stderr })
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // Not `current_dir`: a folder that is missing would look like a git that is missing.
        command.arg("-C").arg(&self.dir).args(args.iter().map(OsStr::new));
        for pointer in POINTERS {
            command.env_remove(pointer);
        }
        command
            .env("GIT_EDITOR", "true")
            .env("GIT_TERMINAL_PROMPT", "0")
            // A look at the repository takes no lock away from those who work in it.
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }
}

fn owned(args: &[&str]) -> Vec<String> {
    args.iter().map(|&arg| arg.to_owned()).collect()
}

/// A child that leads a process group of its own. Dropped before it was waited for, it is ended with its whole
/// group, and so is what it left behind.
struct Group {
    leader: Child,
    has_ended: bool,
}

impl Group {
    fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.leader.wait()?;
        self.has_ended = true;
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        // Nobody has waited for the leader, so its id still means this group, even if it has exited.
        if let Some(group) = i32::try_from(self.leader.id()).ok().and_then(Pid::from_raw) {
            // It fails only when there is nobody left to end.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.leader.wait();
    }
}

/// Reads a stream to its end on a thread of its own. The rest of an over-long stream is read and thrown away, so
/// that git never waits for a reader.
fn collect(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut stream) = stream
            && stream.by_ref().take(OUTPUT_KEPT).read_to_end(&mut kept).is_ok()
        {
            // What can't be read is as good as ended.
            let _ = io::copy(&mut stream, &mut io::sink());
        }
        // Nobody listens any more once the time is up.
        let _ = sender.send(kept);
    });
    receiver
}

/// What was collected, or `None` when the time is up.
fn wait_for(stream: &mpsc::Receiver<Vec<u8>>, deadline: Option<Instant>) -> Option<Vec<u8>> {
    match deadline {
        Some(deadline) => stream.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok(),
        None => stream.recv().ok(),
    }
}

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no such program.
    #[error("`{}` is not installed", program.to_string_lossy())]
    NotInstalled {
        /// The program that was to be run.
        program: OsString,
    },
    /// The folder lies in no repository.
    #[error("{} is not in a git repository", dir.display())]
    NotARepository {
        /// The folder.
        dir: PathBuf,
    },
    /// Git said no.
    #[error("`git {}` failed{}: {stderr}", args.join(" "), code.map(|code| format!(" ({code})")).unwrap_or_default())]
    Failed {
        /// Its arguments.
        args: Vec<String>,
        /// Its exit code; none when a signal killed it.
        code: Option<i32>,
        /// What it said.
        stderr: String,
    },
    /// It took longer than it may, and was ended.
    #[error("`git {}` was ended after {limit:?}", args.join(" "))]
    TimedOut {
        /// Its arguments.
        args: Vec<String>,
        /// The time it had.
        limit: Duration,
    },
    /// The program is there but could not be started or waited for.
    #[error("`git {}` could not be run: {error}", args.join(" "))]
    CouldNotRun {
        /// Its arguments.
        args: Vec<String>,
        /// Why.
        #[source]
        error: io::Error,
    },
}
