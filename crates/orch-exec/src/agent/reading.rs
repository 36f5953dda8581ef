//! What an ended attempt's log and exit say, in terms that all agents share.

use orch_core::Time;

/// What an attempt's log and exit say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How it ended.
    pub end: End,
    /// The agent's session, which another attempt may take up again.
    ///
    /// None after an attempt to resume a session that is gone: then the next attempt has to start afresh.
    pub session: Option<String>,
    /// What the agent said last (for `report` and `exit`: the log), at most its last MiB.
    pub text: Option<String>,
    /// One line for a person: what went wrong, or what is worth knowing though it went well.
    pub detail: Option<String>,
}

/// How an attempt ended, as far as its agent program can tell. Whether the work is done is judged elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The program says that it finished, and nothing speaks against it.
    Well,
    /// The program says that it failed, or its exit does.
    Badly,
    /// The provider refused the agent for now.
    RateLimited {
        /// When that ends, if it was said; always after the `now` that [`read`](super::read()) was given.
        until: Option<Time>,
    },
    /// The log ends without the program having said how it ended: it was killed, or never really started.
    Silent,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExitInfo {
    /// Its exit code, if it exited.
    pub code: Option<i32>,
    /// The signal that killed it, if one did.
    pub signal: Option<i32>,
}

impl ExitInfo {
    pub(super) fn is_well(self) -> bool {
        self.code == Some(0) && self.signal.is_none()
    }

    /// Whether a signal ended it; with a receipt a signal shows as 128 + its number. Only 137 and 143 (SIGKILL, SIGTERM)
    /// are read so: above 128 gemini has exit codes of its own, but not these.
    pub(super) fn was_killed(self) -> bool {
        self.signal.is_some() || matches!(self.code, Some(137 | 143))
    }

    pub(super) fn said(self) -> String {
        match (self.signal, self.code) {
            (Some(signal), _) => format!("killed by signal {signal}"),
            (None, Some(code)) => format!("exit code {code}"),
            (None, None) => "ended in an unknown way".into(),
        }
    }
}
