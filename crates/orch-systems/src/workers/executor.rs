//! What workers run in: plain processes, or terminal sessions that a person can look into.

use std::ffi::OsString;
use std::path::Path;

use orch_exec::process::{Exit, Launch, Processes, Worker, receipt};
use orch_exec::tmux::{SessionName, Started, Tmux};

use super::launch::LaunchError;

/// What workers run in.
#[derive(Clone, Debug)]
pub(crate) enum Executor {
    /// Processes of this program.
    Process,
    /// A tmux session for each, in which the words `pane` run the launch file that is added to them.
    Tmux { tmux: Tmux, pane: Vec<OsString> },
}

/// A worker that was started.
pub(super) enum Begun {
    /// It runs.
    Runs(Worker),
    /// It has ended already.
    Ended(Exit),
}

impl Executor {
    /// Starts a worker; `folder` is a private one for what a session is handed over.
    pub(super) fn start(
        &self,
        processes: &mut Processes,
        key: u64,
        launch: Launch,
        session: &SessionName,
        folder: &Path,
    ) -> Result<Begun, LaunchError> {
        let Self::Tmux { tmux, pane } = self else {
            return Ok(Begun::Runs(processes.begin(key, launch)?));
        };
        if let Started::Running(worker) = tmux.start(session, &launch, pane, folder)?
            && processes.adopt(key, &worker, &launch.marker, launch.receipt.clone(), Some(launch.log.clone()))
        {
            return Ok(Begun::Runs(worker));
        }
        // It was quicker than this thread.
        let exit = launch.receipt.as_deref().and_then(receipt::read);
        Ok(Begun::Ended(exit.unwrap_or(Exit::Unknown)))
    }

    /// Clears the session of a worker that has ended away, should anything have kept it.
    pub(super) fn tidy(&self, session: &SessionName) {
        if let Self::Tmux { tmux, .. } = self {
            // A session that is still there does no harm.
            let _ = tmux.kill(session);
        }
    }

    /// Whether workers run in terminal sessions.
    pub(crate) fn has_sessions(&self) -> bool {
        matches!(self, Self::Tmux { .. })
    }
}
