//! Making the place of an attempt ready before its worker starts.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;

use orch_core::{Outcome, StopCause, TaskIx};
use orch_exec::process::{Exit, Launch, Stdin, log};
use orch_run::{Clock, Notice};
use orch_store::StoreError;

use super::launch::LaunchError;
use super::{AgentWorkers, Doing, errand_name, said};
use crate::system::{Coming, Ground};

/// How much of the end of a command's output is quoted when it fails, in bytes.
const QUOTED: usize = 400;

/// A place that is being made ready.
pub(super) struct SettingUp {
    coming: Coming,
    ground: Ground,
    /// The commands that are still to be run after this one.
    rest: VecDeque<Vec<String>>,
    /// The one that runs.
    program: String,
    log: PathBuf,
}

impl SettingUp {
    /// The place is made ready for this task, whose place in the plan has changed.
    pub(super) fn is_for(&mut self, task: TaskIx) {
        self.coming.task = task;
    }
}

impl AgentWorkers {
    /// Starts the first of the commands that make the place ready.
    pub(super) fn set_up(
        &mut self,
        coming: Coming,
        ground: Ground,
        mut commands: VecDeque<Vec<String>>,
    ) -> Result<(), LaunchError> {
        let Coming { task, attempt, .. } = coming;
        let id = self.id(task);
        let name = errand_name(&id);
        let log = self.place.home.log(&name, attempt);
        let argv = commands.pop_front().unwrap_or_default();
        let launch = Launch {
            env: self.environment(Some(&ground), &[("ORCH_TASK", OsString::from(&id))]),
            cwd: ground.folder.clone(),
            stdin: Stdin::Null,
            log: log.clone(),
            receipt: None,
            marker: self.place.attempt_id(&name, attempt),
            argv: argv.iter().map(OsString::from).collect(),
        };
        self.processes.start(self.keys.work(task), &launch)?;
        let program = argv.into_iter().next().unwrap_or_default();
        let setting_up = SettingUp { coming, ground, rest: commands, program, log };
        self.enter(task, attempt, Doing::SetUp(Box::new(setting_up)));
        Ok(())
    }

    /// Goes on with the next command, or with the worker. A command that fails says nothing about the worker: the
    /// environment is broken.
    pub(super) fn set_up_ended(
        &mut self,
        setting_up: SettingUp,
        exit: Exit,
        stopped: Option<StopCause>,
    ) -> Vec<Notice> {
        let Coming { task, attempt, .. } = setting_up.coming;
        let ended = |outcome, detail| vec![Notice::Ended { task, attempt, outcome, detail }];
        if stopped.is_some() {
            return ended(Outcome::Lost, None);
        }
        let SettingUp { coming, ground, rest, program, log } = setting_up;
        if exit != Exit::Code(0) {
            let output = log::tail(&log, QUOTED).unwrap_or_default();
            let output = String::from_utf8_lossy(&output);
            let last = output.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            let why = format!(
                "the set-up of {} failed: `{program}` ended with {}: {}; its output is in {}",
                ground.folder.display(),
                said(exit),
                last.trim(),
                log.display()
            );
            return ended(Outcome::CouldNotStart, Some(why));
        }
        let result = match rest.is_empty() {
            false => self.set_up(coming, ground, rest).map(|()| Vec::new()),
            true => mark_ready(&ground)
                .and_then(|()| self.work(coming, &ground))
                .map(|(worker, log)| vec![Notice::Worker { task, attempt, worker, log: Some(log) }]),
        };
        result.unwrap_or_else(|error| ended(error.means(self.clock.now()), Some(error.to_string())))
    }
}

/// Notes that the place is ready.
fn mark_ready(ground: &Ground) -> Result<(), LaunchError> {
    let Some(ready) = &ground.ready else { return Ok(()) };
    let failed = |source| StoreError::Io { path: ready.clone(), step: "create", source };
    Ok(std::fs::write(ready, "").map_err(failed)?)
}
