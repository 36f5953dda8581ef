//! Commands of orch's own, run to their end while nothing else goes on.

use std::ffi::OsString;
use std::fs;
use std::time::{Duration, Instant};

use orch_exec::process::{Exit, Launch, Processes, Stdin, log};

use super::{AgentWorkers, said};
use crate::control::{Ask, Control};

/// How long a notification may take.
const NOTIFYING: Duration = Duration::from_secs(30);

impl AgentWorkers {
    /// Runs a command of orch's own to its end, beside the workers' places: its exit and its output.
    pub(crate) fn run_once(
        &mut self,
        argv: &[String],
        name: &str,
        vars: &[(&str, OsString)],
    ) -> (String, String) {
        let log = self.place.home.log(name, 0);
        let _ = fs::remove_file(&log);
        let launch = Launch {
            argv: argv.iter().map(OsString::from).collect(),
            cwd: self.place.folder.clone(),
            env: self.environment(None, vars),
            stdin: Stdin::Null,
            log,
            receipt: None,
            marker: self.place.attempt_id(name, 0),
        };
        let (ended, output) = run_to_end(&mut self.processes, &mut self.control, &launch, None);
        (ended.map_or_else(|error| error, said), output)
    }

    /// Runs a command of the person's own, in orch's own environment, for half a minute at most; what kept it from
    /// ending well.
    pub(crate) fn tell_person(&mut self, argv: &[String], verdict: &str) -> Option<String> {
        let log = self.place.home.log("notification", 0);
        let _ = fs::remove_file(&log);
        let launch = Launch {
            argv: argv.iter().map(OsString::from).collect(),
            cwd: self.place.folder.clone(),
            env: std::env::vars_os().chain([("ORCH_VERDICT".into(), verdict.into())]).collect(),
            stdin: Stdin::Null,
            log,
            receipt: None,
            marker: self.place.attempt_id("notification", 0),
        };
        match self.run_to_end_by(&launch, Instant::now() + NOTIFYING) {
            (Ok(Exit::Code(0)), _) => None,
            (Ok(exit), _) => Some(format!("`{}` ended with {}", argv[0], said(exit))),
            (Err(error), _) => Some(error),
        }
    }

    fn run_to_end_by(&mut self, launch: &Launch, until: Instant) -> (Result<Exit, String>, String) {
        run_to_end(&mut self.processes, &mut self.control, launch, Some(until))
    }
}

/// Runs a process to its end, or until its time is up: how it ended, and what it printed.
pub(crate) fn run_to_end(
    processes: &mut Processes,
    control: &mut Control,
    launch: &Launch,
    until: Option<Instant>,
) -> (Result<Exit, String>, String) {
    if let Err(error) = processes.start(u64::MAX, launch) {
        return (Err(error.to_string()), String::new());
    }
    let mut is_late = false;
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) && !is_late {
            is_late = true;
            processes.stop(u64::MAX);
        }
        for ask in control.take() {
            match ask {
                Ask::Kill => processes.kill(u64::MAX),
                Ask::Stop => processes.stop(u64::MAX),
                Ask::StopTask(_) | Ask::Retry(_) => {}
            }
        }
        match processes.wait(left.filter(|_| !is_late)) {
            Ok(ended) => {
                if let Some(ended) = ended.into_iter().find(|ended| ended.key == u64::MAX) {
                    let output = log::tail(&launch.log, 1 << 20).unwrap_or_default();
                    return (Ok(ended.exit), String::from_utf8_lossy(&output).into_owned());
                }
            }
            Err(error) => return (Err(error.to_string()), String::new()),
        }
    }
}
