//! Workers that are processes: the driver's hands, for every system.
//!
//! An attempt goes through up to three stages: its place is set up, its worker works, its claim is followed up. Each is
//! one process at a time, under the attempt's key.

mod executor;
mod follow_up;
mod keys;
mod launch;
mod listen;
mod once;
mod place;
mod replanning;
mod set_up;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orch_core::{Outcome, Phase, Plan, ReviewVerdict, Run, Status, StopCause, TakenOver, TaskIx, Time};
use orch_exec::agent::Profile;
use orch_exec::process::{Ended, Exit, Launch, Processes, Settings, StartError, Stdin, Witnessing, Worker};
use orch_run::{
    Clock, CouldNotStart, Failure, Notice, Request, Started, SystemClock, WorkerIdentity, Workers,
};
use orch_store::{Leftovers, TaskRecord};

pub(crate) use executor::Executor;
pub(crate) use launch::is_installed;
pub(crate) use once::run_to_end;
pub(crate) use place::{Place, attempt_id, errand_name, review_name};

use crate::AnyPlan;
use crate::control::{Ask, Control, STOPPED_BY_HAND};
use crate::reviewer::Before;
use crate::system::{Coming, EndedAttempt, Judged, PlanPaths, Replanned, System};
use follow_up::FollowingUp;
use keys::Keys;
use listen::{LINGER, Listening};
use set_up::SettingUp;

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
    executor: Executor,
    processes: Processes,
    control: Control,
    clock: SystemClock,
    past: HashMap<TaskIx, Past>,
    active: HashMap<u64, Active>,
    keys: Keys,
    /// What the plan was changed to, until the run has taken it over.
    coming: Option<Replanned>,
    /// The plan as it was changed since these were made.
    changed: Option<AnyPlan>,
    listening: Listening,
    /// The tasks under way, also those that are about to be started together.
    under_way: Vec<TaskIx>,
    /// How long a worker that has said its last word may take to end.
    linger: Duration,
    /// Ends that were known before they were waited for.
    ended: Vec<Ended>,
    /// What is to be told of attempts that were begun.
    to_tell: Vec<Notice>,
    /// The keys of workers whose end is recorded when the driver next asks for something.
    reported: Vec<u64>,
    /// The attempts that there were files of before the first was started.
    leftovers: Option<Leftovers>,
    /// What every worker of this run finds in its environment.
    shared_env: OnceCell<Vec<(OsString, OsString)>>,
    plan_paths: PlanPaths,
}

struct Active {
    task: TaskIx,
    attempt: u32,
    doing: Doing,
    /// Why it was told to end, if it was.
    stopped: Option<StopCause>,
}

enum Doing {
    SetUp(Box<SettingUp>),
    Work(Box<Work>),
    ByPerson,
    FollowUp(Box<FollowingUp>),
    Review { before: Before, log: PathBuf },
}

/// A worker at work.
#[derive(Default)]
struct Work {
    /// Goes on with an earlier session.
    resumed: bool,
    session: Option<String>,
    /// Whose it is, when it was started by another run: it is judged as what it is.
    profile: Option<Profile>,
    /// How far it said it is.
    progress: Option<String>,
    /// When it was first seen to have said its last word.
    final_since: Option<Instant>,
}

impl AgentWorkers {
    pub(crate) fn new(
        system: Rc<dyn System>,
        profile: Profile,
        place: Place,
        executor: Executor,
        settings: Settings,
        clock: SystemClock,
    ) -> io::Result<Self> {
        let processes = Processes::new(settings)?;
        let control = Control::new(processes.waker());
        let listening = Listening::to(system.watched(), system.plan().conditions(), processes.waker());
        Ok(Self {
            system,
            profile,
            place,
            executor,
            processes,
            control,
            clock,
            past: HashMap::new(),
            active: HashMap::new(),
            keys: Keys::default(),
            coming: None,
            changed: None,
            listening,
            under_way: Vec::new(),
            linger: LINGER,
            ended: Vec::new(),
            to_tell: Vec::new(),
            reported: Vec::new(),
            leftovers: None,
            shared_env: OnceCell::new(),
            plan_paths: PlanPaths::default(),
        })
    }

    /// Tells them what was before, for the attempts to come.
    pub(crate) fn remember(&mut self, past: HashMap<TaskIx, Past>) {
        self.past = past;
    }

    /// The same where one that has said its last word may take so long to end.
    pub(crate) fn with_linger(self, linger: Option<Duration>) -> Self {
        Self { linger: linger.unwrap_or(LINGER), ..self }
    }

    /// The same with a witness of the workers, if there is to be one.
    pub(crate) fn with_witness(mut self, witnessing: Option<Witnessing>) -> Self {
        if let Some(witnessing) = witnessing {
            self.processes = self.processes.with_witness(witnessing);
        }
        self
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
        let adopted = self.processes.adopt(self.keys.work(task), worker, marker, Some(receipt), Some(log));
        if adopted {
            self.working(task, attempt, Work { profile: Some(profile), ..Work::default() });
        }
        adopted
    }

    /// Looks out for what the person hands back who does the attempt.
    pub(crate) fn listen_for(&mut self, task: TaskIx, attempt: u32) {
        self.listening.watch();
        self.enter(task, attempt, Doing::ByPerson);
    }

    /// Looks out for nothing more of the attempt that a person does.
    pub(crate) fn no_longer(&mut self, task: TaskIx) {
        self.active.remove(&self.keys.work(task));
    }

    /// Takes over an attempt of an earlier run whose worker has ended, with its claim still to be followed up.
    pub(crate) fn take_up(&mut self, task: TaskIx, attempt: u32, exit: Exit, profile: Profile) {
        self.working(task, attempt, Work { profile: Some(profile), ..Work::default() });
        self.ended.push(Ended { key: self.keys.work(task), exit });
    }

    /// Ends the worker of a task with all it started, and returns when it is gone.
    pub(crate) fn end(&mut self, task: TaskIx) -> io::Result<()> {
        let key = self.keys.work(task);
        self.ended.retain(|ended| ended.key != key);
        self.processes.stop(key);
        while self.processes.running().any(|(running, _)| running == key) {
            self.processes.wait(None)?;
        }
        self.active.remove(&key);
        self.executor.tidy(&self.system.session_name(task));
        Ok(())
    }

    /// What was reported is recorded by now: the driver does so before it asks for anything more.
    pub(crate) fn recorded(&mut self) {
        for key in self.reported.drain(..) {
            self.processes.recorded(key);
        }
    }

    fn working(&mut self, task: TaskIx, attempt: u32, work: Work) {
        self.listening.watch();
        self.enter(task, attempt, Doing::Work(Box::new(work)));
    }

    fn enter(&mut self, task: TaskIx, attempt: u32, doing: Doing) {
        let key =
            if matches!(doing, Doing::Review { .. }) { self.keys.review(task) } else { self.keys.work(task) };
        self.active.insert(key, Active { task, attempt, doing, stopped: None });
    }

    fn id(&self, task: TaskIx) -> String {
        self.system.plan().id(task).to_owned()
    }

    fn ended(&mut self, ended: Ended) -> io::Result<Vec<Notice>> {
        let Some(active) = self.active.remove(&ended.key) else { return Ok(Vec::new()) };
        let Active { task, attempt, doing, stopped } = active;
        match doing {
            Doing::SetUp(setting_up) => Ok(self.set_up_ended(*setting_up, ended.exit, stopped)),
            Doing::Work(work) => self.work_ended(task, attempt, *work, ended.exit, stopped),
            Doing::ByPerson => self.work_ended(task, attempt, Work::default(), Exit::Unknown, stopped),
            Doing::FollowUp(following_up) => {
                Ok(self.errand_ended(task, attempt, *following_up, ended.exit, stopped))
            }
            Doing::Review { before, log } => {
                let now = self.clock.now();
                let reviewer = self.system.reviewer();
                let reviewed = reviewer.map(|reviewer| reviewer.judge(&before, ended.exit, &log, now));
                let (verdict, detail) = reviewed
                    .map_or((ReviewVerdict::Skipped, None), |reviewed| (reviewed.verdict, reviewed.detail));
                Ok(vec![Notice::Reviewed { task, verdict, detail }])
            }
        }
    }

    fn work_ended(
        &mut self,
        task: TaskIx,
        attempt: u32,
        work: Work,
        exit: Exit,
        stopped: Option<StopCause>,
    ) -> io::Result<Vec<Notice>> {
        let mut notices = Vec::new();
        if work.session.is_none() {
            notices.extend(self.find_session(task, attempt));
        }
        self.executor.tidy(&self.system.session_name(task));
        // Its last word is kept before anything is made of it.
        self.system.keep_word(&self.place.home, task, attempt);
        let ended = EndedAttempt {
            home: &self.place.home,
            profile: work.profile.as_ref().unwrap_or(&self.profile),
            task,
            attempt,
            exit,
            resumed: work.resumed,
            stopped,
            now: self.clock.now(),
        };
        let claim = self.system.judge(&ended)?;
        let follow_up =
            (claim.outcome == Outcome::Succeeded).then(|| self.system.follow_up(&ended, &claim)).flatten();
        match follow_up {
            // Nobody may check it any more, and unchecked it is none.
            Some(_) if stopped.is_some() => {
                self.note_claim(task, attempt, stopped);
                let claim = Judged { outcome: Outcome::Lost, detail: None, ..claim };
                notices.extend(self.settled(task, attempt, &work, claim, stopped));
            }
            Some(follow_up) => notices.extend(self.follow_up(task, attempt, work, claim, follow_up)),
            None => notices.extend(self.settled(task, attempt, &work, claim, stopped)),
        }
        Ok(notices)
    }

    /// Notes that a worker has done its part, and that nobody has looked at it because a person stopped the run: the next
    /// attempt begins there, and pays for no worker.
    fn note_claim(&self, task: TaskIx, attempt: u32, stopped: Option<StopCause>) {
        if stopped == Some(StopCause::Cancelled) {
            // Without the note the worker is started again, which costs more and is no less right.
            let _ = fs::write(self.place.home.claim(self.system.plan().id(task), attempt), "");
        }
    }

    /// The end of an attempt, judged.
    fn settled(
        &mut self,
        task: TaskIx,
        attempt: u32,
        work: &Work,
        judged: Judged,
        stopped: Option<StopCause>,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        if let Some(path) = judged.plan_path {
            self.plan_paths.borrow_mut().push((task, path));
        }
        if work.resumed && judged.outcome == Outcome::Lost {
            // The session is gone; recorded as none, so that no later run tries it again.
            notices.push(Notice::Session { task, attempt, session: String::new() });
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
        let went_on = past.session.take().filter(|_| work.resumed && judged.outcome != Outcome::Lost);
        let session = judged.session.or(went_on);
        // One agent's conversation means nothing to another.
        let same = work.profile.as_ref().is_none_or(|other| other.name == self.profile.name);
        past.session = session.filter(|_| may_go_on(outcome) && same);
        past.told = Some(told(outcome, detail.as_deref()));
        self.reported.push(self.keys.work(task));
        notices.push(Notice::Ended { task, attempt, outcome: judged.outcome, detail });
        // Work that goes back to its worker, or was not done, says so itself.
        let pause = judged.pause.filter(|_| outcome == Outcome::Succeeded);
        notices.extend(pause.map(|text| Notice::Pause { task, text }));
        notices
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
            Ask::StopTask(id) => Request::StopTask { task: find(&id)?, why: STOPPED_BY_HAND.into() },
            Ask::Retry(id) => Request::Retry { task: find(&id)? },
        };
        Some(Notice::Asked(request))
    }
}

impl Workers for AgentWorkers {
    fn start(&mut self, run: &Run, task: TaskIx, attempt: u32) -> Result<Started, CouldNotStart> {
        self.recorded();
        self.under_way = tasks_under_way(run);
        self.launch(Coming { task, attempt, reworks: run.reworks(task) })
            .map_err(|error| CouldNotStart { outcome: error.means(self.clock.now()), why: error.to_string() })
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
            env: self.environment(None, &[("ORCH_TASK", OsString::from(&id))]),
            stdin: Stdin::Null,
            log: log.clone(),
            receipt: None,
            marker: self.place.attempt_id(&name, attempt),
        };
        match self.processes.start(self.keys.review(task), &launch) {
            Ok(_) => {
                self.enter(task, attempt, Doing::Review { before, log });
                Ok(())
            }
            Err(StartError::NotFound { program }) => {
                Err((ReviewVerdict::Skipped, format!("{} is not installed", program.display())))
            }
            Err(error) => Err((ReviewVerdict::Fail, error.to_string())),
        }
    }

    fn stop(&mut self, task: TaskIx, cause: StopCause) {
        for key in [self.keys.work(task), self.keys.review(task)] {
            if let Some(active) = self.active.get_mut(&key) {
                active.stopped = Some(cause);
            }
        }
        self.processes.stop(self.keys.work(task));
        self.processes.stop(self.keys.review(task));
    }

    fn new_plan(&mut self, _: &Run) -> Option<Arc<Plan>> {
        if self.coming.is_none() {
            // What is wrong with one that can't be run, `orch check` says.
            let _ = self.look_for_changes();
        }
        Some(Arc::clone(self.coming.as_ref()?.system.plan()))
    }

    fn replanned(&mut self, run: &Run, taken_over: &TakenOver) {
        self.take_over(run, taken_over);
    }

    fn wait(&mut self, run: &Run, until: Option<Time>) -> Result<Vec<Notice>, Failure> {
        self.recorded();
        self.under_way = tasks_under_way(run);
        let mut notices = std::mem::take(&mut self.to_tell);
        let asked: Vec<Ask> = self.control.take().collect();
        notices.extend(asked.into_iter().filter_map(|ask| self.request(ask)));
        for ended in std::mem::take(&mut self.ended) {
            notices.extend(self.ended(ended)?);
        }
        if !notices.is_empty() {
            return Ok(notices);
        }
        let silent =
            self.is_waiting_for_sessions() && run.active().iter().any(|active| active.phase == Phase::Work);
        let now = self.clock.now();
        let limits = [until.map(|until| until.since(now)), self.look_again(silent, Instant::now())];
        let ended = self.processes.wait(limits.into_iter().flatten().min())?;
        for (key, worker) in self.processes.take_otherwise() {
            notices.extend(self.is_otherwise(key, worker));
        }
        for ended in ended {
            notices.extend(self.ended(ended)?);
        }
        if silent {
            notices.extend(self.find_sessions());
        }
        notices.extend(self.look(Instant::now()));
        notices.extend(self.look_for_changes());
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
            | Outcome::Rejected
            | Outcome::Crashed
            | Outcome::TimedOut
            | Outcome::RateLimited { .. }
            | Outcome::Cancelled
            | Outcome::Lost
    )
}

/// What the next worker reads of the latest attempt at a task.
pub(crate) fn told_of(record: &TaskRecord) -> Option<String> {
    match record.outcome {
        Some(outcome) => Some(told(outcome, record.detail.as_deref())),
        None if record.status == Status::Running => Some(told(Outcome::Lost, None)),
        None => (record.attempt > 0).then(|| "It was asked for again since.".into()),
    }
}

/// What the next worker reads of an attempt that ended so.
pub(crate) fn told(outcome: Outcome, detail: Option<&str>) -> String {
    match detail {
        Some(detail) => format!("It ended as {outcome}: {detail}"),
        None => format!("It ended as {outcome}."),
    }
}

fn tasks_under_way(run: &Run) -> Vec<TaskIx> {
    let mut tasks: Vec<TaskIx> = run.active().iter().map(|active| active.task).collect();
    tasks.sort_unstable();
    tasks
}

fn identity(worker: Worker) -> WorkerIdentity {
    WorkerIdentity { pid: worker.pid, start: worker.start, boot: worker.boot }
}

/// How a process ended, for a person.
pub(crate) fn said(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::Unknown => "unknown end".into(),
    }
}
