//! The tmux program: found, asked, and never waited for without end.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Access, access};

use super::{SessionName, Tmux};
use crate::process::StartError;

/// How long one call may take.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// More than any answer that is asked for here.
const LONGEST_ANSWER: u64 = 4 << 20;
/// The first version with `new-session -e`.
const OLDEST: (u32, u32) = (3, 2);

/// Why something could not be done with tmux.
#[derive(Debug, thiserror::Error)]
pub enum TmuxError {
    /// There is no `tmux` in `PATH`.
    #[error("tmux not found")]
    NotInstalled,
    /// It is older than 3.2, and cannot give a session a variable of its own.
    #[error("{found} is too old: 3.2 or later is needed")]
    TooOld {
        /// What it says of itself.
        found: String,
    },
    /// Names of servers become names of files: no `/`, not empty.
    #[error("not a name for a tmux server: {name:?}")]
    BadServerName {
        /// The name.
        name: String,
    },
    /// tmux refused or broke down.
    #[error("tmux {}: {}", .args.first().map_or("", String::as_str), if stderr.is_empty() { "failed" } else { stderr })]
    Failed {
        /// What it was called with.
        args: Vec<String>,
        /// What it said, the first line.
        stderr: String,
    },
    /// tmux did not answer within ten seconds.
    #[error("tmux {} does not answer", .args.first().map_or("", String::as_str))]
    TimedOut {
        /// What it was called with.
        args: Vec<String>,
    },
    /// A living session has this name.
    #[error("a tmux session {name} exists")]
    NameTaken {
        /// The name.
        name: SessionName,
    },
    /// The pane program ended without having taken over the launch. Nothing runs.
    #[error("the pane of session {name} ended before its worker began: cannot run {}", .program.display())]
    PaneEnded {
        /// The session.
        name: SessionName,
        /// The pane program.
        program: PathBuf,
    },
    /// The worker could not be started; tmux was not asked.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The launch file cannot be written or removed.
    #[error("cannot write {}: {source}", .path.display())]
    LaunchFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// tmux cannot be run.
    #[error("cannot run {}: {source}", .program.display())]
    Os {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl TmuxError {
    /// Whether there was no server to ask, or it ended while it was asked.
    pub(super) fn is_no_server(&self) -> bool {
        let Self::Failed { stderr, .. } = self else { return false };
        let refused =
            || stderr.contains("No such file or directory") || stderr.contains("Connection refused");
        stderr.starts_with("no server running")
            || (stderr.starts_with("error connecting to ") && refused())
            || self.is_lost_server()
    }

    fn is_lost_server(&self) -> bool {
        let Self::Failed { stderr, .. } = self else { return false };
        ["server exited", "lost server"].iter().any(|start| stderr.starts_with(start))
    }

    pub(super) fn is_no_session(&self) -> bool {
        // The second: it has none at all and is about to end.
        let said = ["can't find ", "no current "];
        matches!(self, Self::Failed { stderr, .. } if said.iter().any(|start| stderr.starts_with(start)))
    }

    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Failed { stderr, .. } if stderr.starts_with("duplicate session"))
    }
}

/// What a call said.
pub(super) struct Answer {
    pub(super) stdout: String,
    /// What went wrong, which may have been after some of it was done.
    pub(super) failure: Option<TmuxError>,
}

impl Answer {
    pub(super) fn into_result(self) -> Result<String, TmuxError> {
        self.failure.map_or(Ok(self.stdout), Err)
    }
}

/// What tmux, and a server that it starts, may know of this program's environment. A server passes its environment on
/// to all it ever runs, and lives long.
pub(super) fn clean(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<(OsString, OsString)> {
    const KEPT: [&str; 9] =
        ["PATH", "HOME", "TERM", "COLORTERM", "LANG", "TMUX_TMPDIR", "USER", "LOGNAME", "SHELL"];
    const SECRET: [&str; 7] = ["TOKEN", "SECRET", "PASSW", "KEY", "COOKIE", "CREDENTIAL", "AUTH"];
    let is_kept = |name: &OsStr| {
        name.to_str().is_some_and(|name| {
            let family = name.starts_with("LC_") || name.starts_with("XDG_");
            KEPT.contains(&name) || (family && !SECRET.iter().any(|word| name.contains(word)))
        })
    };
    environment.into_iter().filter(|(name, _)| is_kept(name)).collect()
}

/// `tmux` in the absolute folders of this `PATH`.
pub(super) fn find_program(path: &OsStr) -> Result<PathBuf, TmuxError> {
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    let mut programs = folders.map(|folder| folder.join("tmux"));
    let found = programs.find(|program| program.is_file() && access(program, Access::EXEC_OK).is_ok());
    found.ok_or(TmuxError::NotInstalled)
}

/// Refuses versions that are known to be too old: `tmux 3.3a`, `tmux next-3.4`, `tmux openbsd-7.5`, `tmux master`.
pub(super) fn check_version(said: &str) -> Result<(), TmuxError> {
    let said = said.trim();
    let version = said.strip_prefix("tmux ").unwrap_or(said);
    if version.starts_with("openbsd-") || version == "master" {
        return Ok(());
    }
    let version = version.strip_prefix("next-").unwrap_or(version);
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|digits| digits.parse::<u32>().ok());
    let found = numbers.next().flatten().zip(numbers.next().flatten());
    if found.is_some_and(|found| found >= OLDEST) {
        Ok(())
    } else {
        Err(TmuxError::TooOld { found: said.to_owned() })
    }
}

/// A word that tmux does not take for the end of a command, which a last semicolon would be.
pub(super) fn word(text: impl Into<OsString>) -> OsString {
    let mut bytes = text.into().into_vec();
    if bytes.last() == Some(&b';') {
        bytes.insert(bytes.len() - 1, b'\\');
    }
    OsString::from_vec(bytes)
}

impl Tmux {
    /// The program with its environment and server, ready for a command's words.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // A server stays in the folder that it is started in: not one that somebody may want to remove.
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value))).current_dir("/");
        if let Some(server) = &self.server {
            command.args(["-L", server]);
        }
        command
    }

    /// Runs commands of tmux and returns what they said.
    pub(super) fn run<W: AsRef<OsStr>>(&self, words: &[W]) -> Result<String, TmuxError> {
        self.ask(words)?.into_result()
    }

    /// As [`run`](Self::run); a server that ends at this moment is asked again, when it is gone or there is another.
    pub(super) fn run_settled<W: AsRef<OsStr>>(&self, words: &[W]) -> Result<String, TmuxError> {
        match self.run(words) {
            Err(error) if error.is_lost_server() => self.run(words),
            result => result,
        }
    }

    /// Runs commands of tmux. An error means that nothing of what they said is known.
    pub(super) fn ask<W: AsRef<OsStr>>(&self, words: &[W]) -> Result<Answer, TmuxError> {
        let os = |source| TmuxError::Os { program: self.program.clone(), source };
        let args = || words.iter().map(|word| word.as_ref().to_string_lossy().into_owned()).collect();
        let until = Instant::now() + self.limit;
        let mut command = self.command();
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-c at this program's terminal is not meant for it.
        command.process_group(0);
        let mut child = command.spawn().map_err(os)?;
        let readers = read_all(child.stdout.take()).and_then(|out| Ok((out, read_all(child.stderr.take())?)));
        let said = match readers {
            Ok(said) => said,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(os(error));
            }
        };
        let left = || until.saturating_duration_since(Instant::now());
        let outputs = said.0.recv_timeout(left()).and_then(|out| Ok((out, said.1.recv_timeout(left())?)));
        let ended = match outputs {
            Ok(outputs) => wait_until(&mut child, until).map_err(os)?.map(|status| (status, outputs)),
            Err(_) => None,
        };
        let Some((status, (stdout, stderr))) = ended else {
            // Failing means that it has just ended.
            let _ = child.kill();
            child.wait().map_err(os)?;
            return Err(TmuxError::TimedOut { args: args() });
        };
        let stderr = stderr.lines().next().unwrap_or_default().to_owned();
        let failure = (!status.success()).then(|| TmuxError::Failed { args: args(), stderr });
        Ok(Answer { stdout, failure })
    }
}

fn read_all(pipe: Option<impl Read + Send + 'static>) -> io::Result<Receiver<String>> {
    let (said, hear) = channel();
    thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before a failure is as good as it gets.
            let _ = pipe.take(LONGEST_ANSWER).read_to_end(&mut bytes);
        }
        // Nobody listens when the time is up.
        let _ = said.send(String::from_utf8_lossy(&bytes).into_owned());
    })?;
    Ok(hear)
}

/// Its outputs are closed, so it is as good as over.
fn wait_until(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= until {
            return Ok(status);
        }
        thread::sleep(Duration::from_micros(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A tmux of our own making.
    fn fake(folder: &std::path::Path, script: &str) -> Result<Tmux, TmuxError> {
        let source = folder.join("script");
        fs::write(&source, format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")).unwrap();
        // By another program: a process that another test just starts may share what this one has open for writing.
        let mut install = Command::new("install");
        assert!(install.args(["-m", "755"]).arg(source).arg(folder.join("tmux")).status().unwrap().success());
        Tmux::find_in([("PATH".into(), folder.into())], None)
    }

    #[test]
    fn versions_are_told_apart() {
        for fine in
            ["tmux 3.2", "tmux 3.2a", "tmux 3.3a\n", "tmux 3.10", "tmux 4.0", "tmux next-3.4", "tmux 3.4-rc2"]
        {
            assert!(check_version(fine).is_ok(), "{fine}");
        }
        for fine in ["tmux openbsd-7.5", "tmux master"] {
            assert!(check_version(fine).is_ok(), "{fine}");
        }
        for old in
            ["tmux 3.1c", "tmux 3.0a", "tmux 2.9", "tmux 1.8", "tmux next-3.1", "", "tmux", "tmux x.y", "3"]
        {
            assert!(matches!(check_version(old), Err(TmuxError::TooOld { .. })), "{old}");
        }
    }

    #[test]
    fn a_missing_old_or_silent_tmux_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = [("PATH".into(), folder.path().into())];
        assert!(matches!(Tmux::find_in(nowhere, None), Err(TmuxError::NotInstalled)));
        assert!(matches!(Tmux::find_in([], None), Err(TmuxError::NotInstalled)));
        assert!(matches!(fake(folder.path(), "echo tmux 2.9a"), Err(TmuxError::TooOld { .. })));
        assert!(
            matches!(fake(folder.path(), "echo no >&2; exit 1"), Err(TmuxError::Failed { stderr, .. }) if stderr == "no")
        );
        let script = "test $1 = -V && echo tmux 3.3a || exec sleep 1000";
        let silent = Tmux { limit: Duration::from_millis(50), ..fake(folder.path(), script).unwrap() };
        assert!(matches!(silent.sessions(), Err(TmuxError::TimedOut { args }) if args[0] == "list-sessions"));
        let script = "test $1 = -V && echo tmux 3.3a || exec sleep 1000 >&- 2>&-";
        let silent = Tmux { limit: Duration::from_millis(50), ..fake(folder.path(), script).unwrap() };
        assert!(matches!(silent.sessions(), Err(TmuxError::TimedOut { .. })));
    }

    #[test]
    fn servers_have_names_of_files() {
        for bad in ["", "a/b", "../x", "a\0b"] {
            let found = Tmux::find_in(std::env::vars_os(), Some(bad.into()));
            assert!(matches!(found, Err(TmuxError::BadServerName { .. })), "{bad:?}");
        }
    }

    #[test]
    fn only_what_tmux_needs_is_passed_on() {
        let names = [
            "PATH",
            "HOME",
            "LC_ALL",
            "LANG",
            "XDG_CONFIG_HOME",
            "TMUX_TMPDIR",
            "ORCH_ATTEMPT",
            "ORCH_X",
            "TMUX",
            "TMUX_PANE",
            "API_KEY",
            "XDG_TOKEN",
            "XDG_SESSION_COOKIE",
            "SSH_AUTH_SOCK",
            "LD_PRELOAD",
            "",
        ];
        let cleaned = clean(names.map(|name| (name.into(), "x".into())));
        let left: Vec<&str> = cleaned.iter().filter_map(|(name, _)| name.to_str()).collect();
        assert_eq!(left, ["PATH", "HOME", "LC_ALL", "LANG", "XDG_CONFIG_HOME", "TMUX_TMPDIR"]);
    }

    #[test]
    fn no_word_ends_a_command() {
        for (text, want) in
            [("a", "a"), ("a;", "a\\;"), (";", "\\;"), ("a\\;", "a\\\\;"), ("a;;", "a;\\;"), ("", "")]
        {
            assert_eq!(word(text), want);
        }
    }
}
