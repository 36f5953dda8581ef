//! Following a claim of success up: the checks that orch itself makes before it believes it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use orch_core::{Outcome, StopCause, TaskIx};
use orch_exec::agent::{End, Reading};
use orch_exec::process::{Exit, Launch, Stdin, log};
use orch_run::{Clock, Notice};

use super::launch::{LaunchError, Manner};
use super::{AgentWorkers, Doing, Work, errand_name};
use crate::evidence::Evidence;
use crate::system::{Errand, ErrandEnd, ErrandKind, FollowUp, Judged, Step};

/// How much of the end of an errand's output is looked at, in bytes.
const LOOKED_AT: usize = 64 << 10;

/// A claim that is being followed up.
pub(super) struct FollowingUp {
    follow_up: Box<dyn FollowUp>,
    /// The work that made the claim, and the claim.
    work: Work,
    claim: Judged,
    /// The errand that runs.
    is_agent: bool,
    log: PathBuf,
    deadline: Option<Instant>,
}

impl FollowingUp {
    /// When the time of its errand is up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

impl AgentWorkers {
    /// Follows a claim up until an errand has to be waited for, or the attempt is judged.
    pub(super) fn follow_up(
        &mut self,
        task: TaskIx,
        attempt: u32,
        work: Work,
        claim: Judged,
        mut follow_up: Box<dyn FollowUp>,
    ) -> Vec<Notice> {
        loop {
            match follow_up.next() {
                Step::Done { outcome, detail } => {
                    let judged = Judged { outcome, detail, ..claim };
                    return self.settled(task, attempt, &work, judged, None);
                }
                Step::Run(errand) => match self.run_errand(task, attempt, &errand) {
                    Ok(log) => {
                        let deadline = errand.limit.and_then(|limit| Instant::now().checked_add(limit));
                        let is_agent = matches!(errand.what, ErrandKind::Agent(_));
                        let text = errand.progress;
                        let following_up = FollowingUp { follow_up, work, claim, is_agent, log, deadline };
                        self.enter(task, attempt, Doing::FollowUp(Box::new(following_up)));
                        return vec![Notice::Progress { task, attempt, text }];
                    }
                    // What could not be tried says nothing about the work.
                    Err(error) if error.is_the_machines() && !matches!(errand.what, ErrandKind::Own(_)) => {
                        let detail = Some(format!("{} could not be started: {error}", errand.progress));
                        let judged = Judged { outcome: error.means(self.clock.now()), detail, ..claim };
                        return self.settled(task, attempt, &work, judged, None);
                    }
                    Err(error) => follow_up.ended(ErrandEnd::CouldNotStart { why: error.to_string() }),
                },
            }
        }
    }

    /// Tells the follow-up how its errand ended, and goes on with it.
    pub(super) fn errand_ended(
        &mut self,
        task: TaskIx,
        attempt: u32,
        following_up: FollowingUp,
        exit: Exit,
        stopped: Option<StopCause>,
    ) -> Vec<Notice> {
        let is_late = following_up.is_late(Instant::now());
        let FollowingUp { mut follow_up, work, claim, is_agent, log, .. } = following_up;
        if stopped.is_some() {
            // Nobody knows what it would have come to.
            self.note_claim(task, attempt, stopped);
            let judged = Judged { outcome: Outcome::Lost, detail: None, ..claim };
            return self.settled(task, attempt, &work, judged, stopped);
        }
        let reading = if is_agent { self.reading(&log, exit) } else { None };
        if let Some(End::RateLimited { until }) = reading.as_ref().map(|reading| reading.end) {
            // Nothing is known of the work: it is asked for again when there is somebody to judge it.
            let detail = Some("the agent that was to judge it is rate limited".into());
            let judged = Judged { outcome: Outcome::RateLimited { until }, detail, ..claim };
            return self.settled(task, attempt, &work, judged, None);
        }
        let output = reading.and_then(|reading| reading.text);
        let output = output.unwrap_or_else(|| {
            let tail = log::tail(&log, LOOKED_AT).unwrap_or_default();
            String::from_utf8_lossy(&tail).into_owned()
        });
        // A process that was ended because its time was up was ended by a signal, or took note of it.
        follow_up.ended(match is_late && exit != Exit::Code(0) {
            true => ErrandEnd::TimedOut { output: &output },
            false => ErrandEnd::Exited { exit, output: &output },
        });
        self.follow_up(task, attempt, work, claim, follow_up)
    }

    fn run_errand(&mut self, task: TaskIx, attempt: u32, errand: &Errand) -> Result<PathBuf, LaunchError> {
        let id = self.id(task);
        let name = format!("{}-{}", errand_name(&id), errand.name);
        let log = self.place.home.log(&name, attempt);
        // Only the latest is looked at: an earlier orch may have gone away in the middle of it.
        let _ = fs::remove_file(&log);
        let vars = [
            ("ORCH_TASK", OsString::from(&id)),
            ("ORCH_WORKTREE", errand.folder.clone().into()),
            ("ORCH_BASE_BRANCH", OsString::from(&errand.base_branch)),
        ];
        let mut launch = Launch {
            argv: Vec::new(),
            cwd: errand.folder.clone(),
            env: self.environment(None, &vars),
            stdin: Stdin::Null,
            log: log.clone(),
            receipt: None,
            marker: self.place.attempt_id(&errand_name(&id), attempt),
        };
        match &errand.what {
            ErrandKind::Command(argv) => launch.argv = argv.iter().map(OsString::from).collect(),
            ErrandKind::Own(argv) => {
                launch.argv = argv.iter().map(OsString::from).collect();
                launch.env =
                    std::env::vars_os().chain(vars.map(|(name, value)| (name.into(), value))).collect();
            }
            ErrandKind::Agent(prompt) => {
                let file = self.prompt_file(&name, attempt, prompt)?;
                (launch.argv, launch.stdin) =
                    self.agent_command(&file, prompt, (&id, attempt), &errand.folder, Manner::default())?;
            }
        }
        self.processes.start(self.keys.work(task), &launch)?;
        Ok(log)
    }

    /// What an agent said, as its profile reads it.
    fn reading(&self, log: &Path, exit: Exit) -> Option<Reading> {
        Some(Evidence::of_log(log, &self.profile, exit, self.clock.now()).ok()?.reading)
    }
}
