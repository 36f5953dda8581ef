//! Workers that are processes: the driver's hands, for every system.

mod launch;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use orch_core::{Outcome, Phase, ReviewVerdict, Run, StopCause, TaskIx, Time};
use orch_exec::agent::{Profile, ResultKind, session};
use orch_exec::process::{Ended, Exit, Launch, Processes, Settings, StartError, Stdin, Worker, log};
use orch_run::{
    Clock, CouldNotStart, Failure, Notice, Request, Started, SystemClock, WorkerIdentity, Workers,
};
use orch_store::Home;

pub(crate) use launch::is_installed;

use crate::control::{Ask, Control};
use crate::reviewer::Before;
use crate::system::{EndedAttempt, PlanPaths, System};

/// How often the logs of new workers are looked at for the name of their session.
const SESSION_TICK: Duration = Duration::from_secs(1);

/// How far into a log a session's name is looked for, in bytes.
const SESSION_WITHIN: usize = 64 << 10;

/// Where workers run and by what they are known.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) home: Home,
    /// The folder they run in.
    pub(crate) folder: PathBuf,
    /// The branch that their work is based on.
    pub(crate) base_branch: String,
    /// The id of this run.
    pub(crate) run_id: String,
    /// The number of the history: with it, the id of an attempt is unique for ever.
    pub(crate) history: u64,
}

impl Place {
    /// The id of an attempt, by which its processes are known wherever they went.
    pub(crate) fn attempt_id(&self, task: &str, attempt: u32) -> String {
        attempt_id(self.history, task, attempt)
    }
}

/// The id of an attempt: unique over all runs of all plans.
pub(crate) fn attempt_id(history: u64, task: &str, attempt: u32) -> String {
    format!("{history:016x}.{task}.{attempt}")
}

/// The name of a task's reviewer among the attempts.
pub(crate) fn review_name(task: &str) -> String {
    format!("{task}.review")
}

/// A process of an earlier run that still lives.
#[derive(Clone, Debug)]
pub(crate) struct Survivor {
    pub(crate) worker: Worker,
    /// The attempt's id, which it carries in its environment.
    pub(crate) marker: String,
}

/// What is known of a task's attempts before the coming one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// The session that may be gone on with.
    pub(crate) session: Option<String>,
    /// How the latest attempt ended, for the next worker to read.
    pub(crate) told: Option<String>,
}

/// Workers as processes of this machine, started by a profile and judged by a system.
pub(crate) struct AgentWorkers {
    system: Rc<dyn System>,
    profile: Profile,
    place: Place,
    processes: Processes,
    control: Control,
    clock: SystemClock,
    past: HashMap<TaskIx, Past>,
    active: HashMap<u64, Active>,
    plan_paths: PlanPaths,
}

struct Active {
    task: TaskIx,
    attempt: u32,
    kind: Kind,
    /// Why it was told to end, if it was.
    stopped: Option<StopCause>,
}

enum Kind {
    Work {
        /// Goes on with an earlier session.
        resumed: bool,
        session: Option<String>,
        /// Whose it is, when it was started by another run: it is judged as what it is.
        profile: Option<Profile>,
    },
    Review {
        before: Before,
        log: PathBuf,
    },
}

impl AgentWorkers {
    pub(crate) fn new(
        system: Rc<dyn System>,
        profile: Profile,
        place: Place,
        settings: Settings,
        clock: SystemClock,
        past: HashMap<TaskIx, Past>,
    ) -> io::Result<Self> {
        let processes = Processes::new(settings)?;
        let control = Control::new(processes.waker());
        Ok(Self {
            system,
            profile,
            place,
            processes,
            control,
            clock,
            past,
            active: HashMap::new(),
            plan_paths: PlanPaths::default(),
        })
    }

    pub(crate) fn control(&mut self) -> &mut Control {
        &mut self.control
    }

    pub(crate) fn system(&self) -> Rc<dyn System> {
        Rc::clone(&self.system)
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(crate) fn plan_paths(&self) -> PlanPaths {
        Rc::clone(&self.plan_paths)
    }

    /// Takes over a worker of an earlier run. False when it has gone since it was seen.
    pub(crate) fn adopt(
        &mut self,
        task: TaskIx,
        attempt: u32,
        survivor: &Survivor,
        profile: Profile,
    ) -> bool {
        let id = self.id(task);
        let (receipt, log) = (self.place.home.receipt(&id, attempt), self.place.home.log(&id, attempt));
        let Survivor { worker, marker } = survivor;
        let adopted = self.processes.adopt(work_key(task), worker, marker, Some(receipt), Some(log));
        if adopted {
            let kind = Kind::Work { resumed: false, session: None, profile: Some(profile) };
            self.active.insert(work_key(task), Active { task, attempt, kind, stopped: None });
        }
        adopted
    }

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
            env: self.environment(vars),
            stdin: Stdin::Null,
            log: log.clone(),
            receipt: None,
            marker: self.place.attempt_id(name, 0),
        };
        if let Err(error) = self.processes.start(u64::MAX, &launch) {
            return (error.to_string(), String::new());
        }
        loop {
            for ask in self.control.take() {
                match ask {
                    Ask::Kill => self.processes.kill(u64::MAX),
                    Ask::Stop => self.processes.stop(u64::MAX),
                    Ask::StopTask(_) | Ask::Retry(_) => {}
                }
            }
            match self.processes.wait(None) {
                Ok(ended) => {
                    if let Some(ended) = ended.into_iter().find(|ended| ended.key == u64::MAX) {
                        let output = log::tail(&log, 1 << 20).unwrap_or_default();
                        return (said(ended.exit), String::from_utf8_lossy(&output).into_owned());
                    }
                }
                Err(error) => return (error.to_string(), String::new()),
            }
        }
    }

    fn id(&self, task: TaskIx) -> String {
        self.system.plan().id(task).to_owned()
    }

    fn ended(&mut self, ended: Ended) -> io::Result<Vec<Notice>> {
        let Some(active) = self.active.remove(&ended.key) else { return Ok(Vec::new()) };
        match &active.kind {
            Kind::Work { resumed, session, profile } => {
                let mut notices = Vec::new();
                if session.is_none() {
                    notices.extend(self.find_session(active.task, active.attempt));
                }
                let end = self.ended_work(&active, ended.exit, *resumed, profile.as_ref())?;
                if *resumed && matches!(end, Notice::Ended { outcome: Outcome::Lost, .. }) {
                    // The session is gone; recorded as none, so that no later run tries it again.
                    let (task, attempt) = (active.task, active.attempt);
                    notices.push(Notice::Session { task, attempt, session: String::new() });
                }
                notices.push(end);
                Ok(notices)
            }
            Kind::Review { before, log } => {
                let now = self.clock.now();
                let reviewer = self.system.reviewer();
                let reviewed = reviewer.map(|reviewer| reviewer.judge(before, ended.exit, log, now));
                let (verdict, detail) = reviewed
                    .map_or((ReviewVerdict::Skipped, None), |reviewed| (reviewed.verdict, reviewed.detail));
                Ok(vec![Notice::Reviewed { task: active.task, verdict, detail }])
            }
        }
    }

    fn ended_work(
        &mut self,
        active: &Active,
        exit: Exit,
        resumed: bool,
        profile: Option<&Profile>,
    ) -> io::Result<Notice> {
        let &Active { task, attempt, stopped, .. } = active;
        let judged = self.system.judge(&EndedAttempt {
            home: &self.place.home,
            profile: profile.unwrap_or(&self.profile),
            task,
            attempt,
            exit,
            resumed,
            now: self.clock.now(),
        })?;
        if let Some(path) = judged.plan_path {
            self.plan_paths.borrow_mut().push((task, path));
        }
        let outcome = judged.outcome.after_stop(stopped);
        // Why it was ended says more than how it took it.
        let detail = match outcome {
            Outcome::TimedOut => Some("its time was up".into()),
            Outcome::Cancelled => None,
            _ => judged.detail,
        };
        let past = self.past.entry(task).or_default();
        // One that went on with a session and said nothing (killed before its first event) leaves it as it was.
        let went_on = past.session.take().filter(|_| resumed && judged.outcome != Outcome::Lost);
        let session = judged.session.or(went_on);
        // One agent's conversation means nothing to another.
        past.session = session
            .filter(|_| may_go_on(outcome) && profile.is_none_or(|other| other.name == self.profile.name));
        past.told = Some(told(outcome, detail.as_deref()));
        Ok(Notice::Ended { task, attempt, outcome: judged.outcome, detail })
    }

    /// Looks for the names of sessions in the logs of workers that have not said theirs yet.
    fn find_sessions(&mut self) -> Vec<Notice> {
        let silent = self.active.values().filter_map(|active| match active.kind {
            Kind::Work { session: None, .. } => Some((active.task, active.attempt)),
            _ => None,
        });
        let silent: Vec<(TaskIx, u32)> = silent.collect();
        let mut found = Vec::new();
        for (task, attempt) in silent {
            if let Some(notice) = self.find_session(task, attempt) {
                if let (Notice::Session { session: name, .. }, Some(active)) =
                    (&notice, self.active.get_mut(&work_key(task)))
                    && let Kind::Work { session, .. } = &mut active.kind
                {
                    *session = Some(name.clone());
                }
                found.push(notice);
            }
        }
        found
    }

    fn find_session(&self, task: TaskIx, attempt: u32) -> Option<Notice> {
        if !has_sessions(&self.profile) {
            return None;
        }
        let head = log::head(&self.place.home.log(&self.id(task), attempt), SESSION_WITHIN).ok()?;
        let session = session(&self.profile.result, &head)?;
        Some(Notice::Session { task, attempt, session })
    }

    fn request(&mut self, ask: Ask) -> Option<Notice> {
        let find = |id: &str| self.system.plan().find(id);
        let request = match ask {
            Ask::Stop => Request::Stop,
            Ask::Kill => {
                let keys: Vec<u64> = self.active.keys().copied().collect();
                for key in keys {
                    self.processes.kill(key);
                }
                Request::Stop
            }
            Ask::StopTask(id) => Request::StopTask { task: find(&id)?, why: "stopped by hand".into() },
            Ask::Retry(id) => Request::Retry { task: find(&id)? },
        };
        Some(Notice::Asked(request))
    }
}

impl Workers for AgentWorkers {
    fn start(&mut self, _: &Run, task: TaskIx, attempt: u32) -> Result<Started, CouldNotStart> {
        match self.launch(task, attempt) {
            Ok((worker, log)) => {
                let worker = WorkerIdentity { pid: worker.pid, start: worker.start, boot: worker.boot };
                Ok(Started { worker: Some(worker), log: Some(log) })
            }
            Err(error) => {
                Err(CouldNotStart { outcome: error.means(self.clock.now()), why: error.to_string() })
            }
        }
    }

    fn review(&mut self, run: &Run, task: TaskIx) -> Result<(), (ReviewVerdict, String)> {
        let Some(reviewer) = self.system.reviewer() else {
            return Err((ReviewVerdict::Skipped, "there is no reviewer".into()));
        };
        let id = self.system.plan().id(task).to_owned();
        let attempt = run.attempt(task);
        let before = reviewer.before();
        let argv = reviewer.argv(&self.place.base_branch, &before);
        let name = review_name(&id);
        let log = self.place.home.log(&name, attempt);
        // Only the latest review of an attempt is looked at.
        let _ = fs::remove_file(&log);
        let launch = Launch {
            argv: argv.into_iter().map(OsString::from).collect(),
            cwd: self.place.folder.clone(),
            env: self.environment(&[("ORCH_TASK", OsString::from(&id))]),
            stdin: Stdin::Null,
            log: log.clone(),
            receipt: None,
            marker: self.place.attempt_id(&name, attempt),
        };
        match self.processes.start(review_key(task), &launch) {
            Ok(_) => {
                let kind = Kind::Review { before, log };
                self.active.insert(review_key(task), Active { task, attempt, kind, stopped: None });
                Ok(())
            }
            Err(StartError::NotFound { program }) => {
                Err((ReviewVerdict::Skipped, format!("{} is not installed", program.display())))
            }
            Err(error) => Err((ReviewVerdict::Fail, error.to_string())),
        }
    }

    fn stop(&mut self, task: TaskIx, cause: StopCause) {
        for key in [work_key(task), review_key(task)] {
            if let Some(active) = self.active.get_mut(&key) {
                active.stopped = Some(cause);
            }
        }
        self.processes.stop(work_key(task));
        self.processes.stop(review_key(task));
    }

    fn wait(&mut self, run: &Run, until: Option<Time>) -> Result<Vec<Notice>, Failure> {
        let mut notices: Vec<Notice> = Vec::new();
        let asked: Vec<Ask> = self.control.take().collect();
        notices.extend(asked.into_iter().filter_map(|ask| self.request(ask)));
        if !notices.is_empty() {
            return Ok(notices);
        }
        let silent = has_sessions(&self.profile)
            && run.active().iter().any(|active| active.phase == Phase::Work)
            && self.active.values().any(|active| matches!(active.kind, Kind::Work { session: None, .. }));
        let now = self.clock.now();
        let until = until.map(|until| until.since(now));
        let limit =
            if silent { Some(until.map_or(SESSION_TICK, |until| until.min(SESSION_TICK))) } else { until };
        let ended = self.processes.wait(limit)?;
        for ended in ended {
            notices.extend(self.ended(ended)?);
        }
        if silent {
            notices.extend(self.find_sessions());
        }
        let asked: Vec<Ask> = self.control.take().collect();
        notices.extend(asked.into_iter().filter_map(|ask| self.request(ask)));
        Ok(notices)
    }
}

/// Whether an attempt that ended so left a conversation worth going on with.
pub(crate) fn may_go_on(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Incomplete
            | Outcome::Crashed
            | Outcome::TimedOut
            | Outcome::RateLimited { .. }
            | Outcome::Cancelled
            | Outcome::Lost
    )
}

/// What the next worker reads of an attempt.
pub(crate) fn told(outcome: Outcome, detail: Option<&str>) -> String {
    match detail {
        Some(detail) => format!("It ended as {outcome}: {detail}"),
        None => format!("It ended as {outcome}."),
    }
}

fn has_sessions(profile: &Profile) -> bool {
    !matches!(profile.result, ResultKind::Report | ResultKind::Exit)
}

fn said(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::Unknown => "unknown end".into(),
    }
}

fn work_key(task: TaskIx) -> u64 {
    task.index() as u64 * 2
}

fn review_key(task: TaskIx) -> u64 {
    task.index() as u64 * 2 + 1
}
