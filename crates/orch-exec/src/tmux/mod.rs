//! Workers in tmux sessions: the same launch, log and receipt as a plain process, and a terminal where people can
//! watch it.
//!
//! A session's only pane runs a program of ours, [`pane`], which an embedding program makes reachable by words of its
//! own (`orch pane FILE`). It starts the worker, shows what the log gains, waits, and writes the receipt. The pane's
//! process is the [`Worker`](crate::process::Worker): [`Processes::adopt`](crate::process::Processes::adopt) watches
//! it, [`survivors`](crate::process::survivors) finds it again, and stopping it ends the worker and the session.
//!
//! Four rules hold throughout:
//!
//! - **No shell, no formats.** tmux gets words to execute, names that hold nothing it would expand, and no folder.
//! - **Nothing secret in arguments.** A launch goes by a private file that its pane removes. Whoever removes it has
//!   the launch, so it is run once or not at all, even if tmux answers late or never.
//! - **A session is meant exactly.** `w-1` is never `w-10`, and only what was started here is ever cleared away.
//! - **The server carries nothing of ours.** It gets a few variables that it needs ([`MARKER`](crate::process::MARKER)
//!   is not among them), so that ending a worker never reaches it.
//!
//! The sessions live in the user's own server, so `tmux ls` and `tmux attach -t NAME` find them. A `tmux.conf` may
//! turn on options under which sessions cannot live on or cannot end; those are set for each session. One concerns the
//! whole server: `exit-unattached` is turned off, because with it every worker ends when a person detaches.
//!
//! ```
//! use orch_exec::tmux::{SessionName, Tmux, TmuxError};
//!
//! # let folder = tempfile::tempdir()?;
//! # let mut environment: Vec<_> = std::env::vars_os().collect();
//! # environment.retain(|(name, _)| name != "TMUX_TMPDIR");
//! # environment.push(("TMUX_TMPDIR".into(), folder.path().into()));
//! match Tmux::find_in(environment, None) {
//!     Ok(tmux) => {
//!         let name = SessionName::from_parts(&["vertical", "plan-20260119-1430", "w-01"]);
//!         assert!(!tmux.has(&name)?);
//!         assert!(tmux.sessions()?.is_empty());
//!     }
//!     Err(TmuxError::NotInstalled) => println!("plain processes, then"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod display;
mod handover;
mod name;
mod pane;
mod plain;
mod start;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub use client::TmuxError;
pub use name::{InvalidName, SessionName};
pub use pane::pane;
pub use start::{LAUNCH_FILE_ENDING, Started, sweep_launch_files};

use crate::process::Settings;

/// One tmux server, running or not.
#[derive(Clone, Debug)]
pub struct Tmux {
    program: PathBuf,
    server: Option<String>,
    environment: Vec<(OsString, OsString)>,
    /// Where this program itself runs inside tmux: what tmux says of that.
    inside: Vec<(OsString, OsString)>,
    grace: Duration,
    limit: Duration,
}

impl Tmux {
    /// Finds tmux, 3.2 or later, in the `PATH` of this program. The server is the user's own, or with a name another
    /// one (`tmux -L NAME`); it starts with the first session.
    ///
    /// # Errors
    /// [`TmuxError::NotInstalled`], [`TmuxError::TooOld`], [`TmuxError::BadServerName`], or it cannot be run.
    pub fn find(server: Option<String>) -> Result<Self, TmuxError> {
        Self::find_in(std::env::vars_os(), server)
    }

    /// As [`find`](Self::find), with an environment instead of this program's own. Of it tmux gets `PATH`, `HOME`,
    /// `TERM`, `COLORTERM`, `LANG`, `LC_*`, `USER`, `LOGNAME`, `SHELL`, `TMUX_TMPDIR` and `XDG_*`, as far as they are
    /// there and do not sound secret.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn find_in(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        server: Option<String>,
    ) -> Result<Self, TmuxError> {
        if let Some(name) = server.as_ref().filter(|name| name.is_empty() || name.contains(['/', '\0'])) {
            return Err(TmuxError::BadServerName { name: name.clone() });
        }
        let (mut inside, rest): (Vec<_>, Vec<_>) =
            environment.into_iter().partition(|(name, _)| name == "TMUX" || name == "TMUX_PANE");
        inside.sort();
        let environment = client::clean(rest);
        let path = variable(&environment, "PATH").unwrap_or_default();
        let grace = Settings::default().grace;
        let program = client::find_program(path)?;
        let tmux = Self { program, server, environment, inside, grace, limit: client::LIMIT };
        client::check_version(&tmux.run(&["-V"])?)?;
        Ok(tmux)
    }

    /// The time a worker has to end once its pane is asked to or its session is gone. Default: that of
    /// [`Settings`].
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Whether a session with exactly this name exists. One whose worker has ended may do so for a moment.
    ///
    /// # Errors
    /// When tmux cannot be asked.
    pub fn has(&self, name: &SessionName) -> Result<bool, TmuxError> {
        match self.run_settled(&["has-session", "-t", &name.target()]) {
            Ok(_) => Ok(true),
            Err(error) if error.is_no_server() || error.is_no_session() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The names of all sessions, also those of others; none when there is no server.
    ///
    /// # Errors
    /// When tmux cannot be asked.
    pub fn sessions(&self) -> Result<Vec<String>, TmuxError> {
        match self.run_settled(&["list-sessions", "-F", "#{session_name}"]) {
            Ok(names) => Ok(names.lines().map(str::to_owned).collect()),
            Err(error) if error.is_no_server() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Ends the session with exactly this name, whoever started it; nothing when there is none. A worker in it is
    /// ended by its pane, in its grace, and leaves a receipt that says so (129).
    ///
    /// # Errors
    /// When tmux cannot be asked.
    pub fn kill(&self, name: &SessionName) -> Result<(), TmuxError> {
        match self.run_settled(&["kill-session", "-t", &name.target()]) {
            Err(error) if !error.is_no_server() && !error.is_no_session() => Err(error),
            _ => Ok(()),
        }
    }

    /// What brings a person into this session, to be run with the terminal: `attach-session`, or `switch-client` when
    /// this program runs in a session of the same server. Runs until the person leaves, or not at all long.
    #[must_use]
    pub fn attach_command(&self, name: &SessionName) -> Command {
        let mut command = self.command();
        if self.is_inside() {
            command.envs(self.inside.iter().map(|(name, value)| (name, value)));
            command.args(["switch-client", "-t", &name.target()]);
        } else {
            command.args(["attach-session", "-t", &name.target()]);
        }
        command
    }

    /// The last lines that its first window shows, at most so many, scrolled away ones included; lines at the end that
    /// are empty do not count. Harmless for a terminal: tmux gives text only.
    ///
    /// # Errors
    /// When there is no such session, or tmux cannot be asked.
    pub fn capture(&self, name: &SessionName, lines: usize) -> Result<String, TmuxError> {
        let (first, window) = (format!("-{}", lines.min(1 << 20)), format!("{}^", name.target()));
        let shown = self.run_settled(&["capture-pane", "-p", "-S", &first, "-t", &window])?;
        let all: Vec<&str> = shown.trim_end().lines().collect();
        let mut text = all[all.len().saturating_sub(lines)..].join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        Ok(text)
    }

    /// Whether this program's own session is on this server: `TMUX` begins with the server's socket.
    fn is_inside(&self) -> bool {
        let Some(said) = variable(&self.inside, "TMUX") else { return false };
        let socket = said.as_bytes().split(|&byte| byte == b',').next().unwrap_or_default();
        self.socket().is_some_and(|ours| ours.as_os_str().as_bytes() == socket)
    }

    /// Where tmux puts this server's socket.
    fn socket(&self) -> Option<PathBuf> {
        let asked = variable(&self.environment, "TMUX_TMPDIR").filter(|folder| !folder.is_empty());
        let folder = asked.and_then(|folder| Path::new(folder).canonicalize().ok());
        let folder = folder.or_else(|| Path::new("/tmp").canonicalize().ok())?;
        let user = rustix::process::getuid().as_raw();
        Some(folder.join(format!("tmux-{user}")).join(self.server.as_deref().unwrap_or("default")))
    }
}

fn variable<'a>(environment: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
    environment.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
}
