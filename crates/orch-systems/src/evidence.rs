//! What a worker's process left behind: its log, as its agent's output is read, and its exit.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::time::UNIX_EPOCH;

use orch_core::Time;
use orch_exec::agent::{End, ExitInfo, Profile, Reading, ResultKind, read};
use orch_exec::process::Exit;
use orch_exec::process::log::Whole;
use orch_store::open_regular;

use crate::system::EndedAttempt;

/// What a worker's process left behind.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    pub(crate) reading: Reading,
    /// How it ended; none when nobody saw it.
    pub(crate) exit: Option<ExitInfo>,
    kind: ResultKind,
}

impl Evidence {
    /// Of the attempt of the task called `id`.
    ///
    /// # Errors
    /// When its log is there and can't be read: then nobody can say, and nothing is to be made up.
    pub(crate) fn of(id: &str, ended: &EndedAttempt<'_>) -> io::Result<Self> {
        Self::of_log(&ended.home.log(id, ended.attempt), ended.profile, ended.exit, ended.now)
    }

    /// A reading and an exit, put together.
    #[cfg(test)]
    pub(crate) fn new(reading: Reading, exit: Option<ExitInfo>, kind: ResultKind) -> Self {
        Self { reading, exit, kind }
    }

    /// Of a process that wrote the log at `path`.
    ///
    /// # Errors
    /// When the log is there and can't be read.
    pub(crate) fn of_log(path: &Path, profile: &Profile, exit: Exit, now: Time) -> io::Result<Self> {
        let exit = match exit {
            Exit::Code(code) => Some(ExitInfo { code: Some(code), signal: None }),
            Exit::Signal(signal) => Some(ExitInfo { code: None, signal: Some(signal) }),
            Exit::Unknown => None,
        };
        let failed = |error: io::Error| {
            io::Error::new(error.kind(), format!("can't read the log {}: {error}", path.display()))
        };
        let reading = match open_regular(path) {
            Ok(log) => {
                let now = written_at(&log).map_err(failed)?.min(now);
                let log = BufReader::new(Whole::of(log));
                read(&profile.result, &profile.rate_limit, log, exit, now).map_err(failed)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => silent("it left no log"),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                silent("it put something else in the place of its log")
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { reading, exit, kind: profile.result })
    }

    /// Whether its agent writes its output in a form of its own, and has sessions.
    pub(crate) fn is_of_an_agent(&self) -> bool {
        !matches!(self.kind, ResultKind::Exit | ResultKind::Report)
    }

    /// Of one that was to go on with a session: whether there was none to go on with. Most agents say so on stderr only,
    /// and exit; what a signal ended (128 and its number, with a receipt) did not give up.
    pub(crate) fn session_is_gone(&self) -> bool {
        let gave_up = match self.reading.end {
            End::Badly => true,
            End::Silent => {
                let code = self.exit.and_then(|exit| exit.code);
                code.is_some_and(|code| !matches!(code, 0 | 129 | 130 | 137 | 143))
            }
            End::Well | End::RateLimited { .. } => false,
        };
        self.reading.session.is_none() && self.is_of_an_agent() && gave_up
    }
}

/// How a process ended, for a person; `unknown` when that could not be seen.
pub(crate) fn said(exit: ExitInfo, unknown: &str) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => unknown.to_owned(),
    }
}

fn silent(why: &str) -> Reading {
    Reading { end: End::Silent, session: None, text: None, detail: Some(why.to_owned()) }
}

/// When a log was written to last. What it says of a time ("try again at 2:45") was meant then, which may be long ago
/// when no orch was there to see the end.
fn written_at(log: &File) -> io::Result<Time> {
    let since = log.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Time::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_gone_when_its_program_gave_up_without_one() {
        let coded = |code| Some(ExitInfo { code: Some(code), signal: None });
        let signalled = Some(ExitInfo { code: None, signal: Some(9) });
        // codex, opencode and gemini print nothing on stdout then.
        for (kind, end, session, exit, gone) in [
            (ResultKind::Claude, End::Badly, None, coded(2), true),
            (ResultKind::Claude, End::Badly, Some("s"), coded(2), false),
            (ResultKind::Codex, End::Silent, None, coded(2), true),
            (ResultKind::Codex, End::Silent, None, coded(0), false),
            (ResultKind::Codex, End::Silent, None, coded(143), false),
            (ResultKind::Codex, End::Silent, None, signalled, false),
            (ResultKind::Codex, End::Silent, None, None, false),
            (ResultKind::Claude, End::Well, None, coded(0), false),
            (ResultKind::Report, End::Badly, None, coded(2), false),
        ] {
            let reading = Reading { end, session: session.map(str::to_owned), text: None, detail: None };
            let evidence = Evidence::new(reading, exit, kind);
            assert_eq!(evidence.session_is_gone(), gone, "{kind:?} {end:?} {session:?} {exit:?}");
        }
    }
}
