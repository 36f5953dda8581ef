//! One plan, held: opened under its lock, run or changed, and let go.

mod beginning;
mod finish;
mod handing;
mod open;
mod options;
mod settle;

use std::sync::Arc;
use std::time::Duration;

use orch_core::{
    Beginning, Event, Halt, OnIncomplete, Outcome, Plan, Readiness, Run, Status, TaskIx, Time, Verdict,
};
use orch_run::{Clock, Driven, Observer, Settled, Store, SystemClock, drive};
use orch_store::{Folded, What as Entry};

use crate::control::Asker;
use crate::store::RunStore;
use crate::system::Stand;
use crate::workers::{AgentWorkers, Place};
use crate::{AnyPlan, Config, OpenError};

use open::Locks;
pub(crate) use open::{acquire, chosen, find, repository_root};
pub use options::RunOptions;
pub(crate) use settle::{Profiles, Traces};

/// A plan that this process holds: nobody else can run it meanwhile.
pub struct Session {
    plan: AnyPlan,
    options: RunOptions,
    config: Config,
    clock: SystemClock,
    run: Run,
    settled: Vec<Settled>,
    store: RunStore,
    workers: AgentWorkers,
    place: Place,
    notes: Vec<String>,
    beginning: Beginning,
    /// The tasks that were chosen for this run, when not all were.
    chosen: Option<Vec<TaskIx>>,
    /// Whether the run before was cut off before its end was concluded and written down.
    was_cut_off: bool,
    /// What the history is to say of how this session begins, once it changes anything.
    opening: Vec<Entry<'static>>,
    /// What the history says of the attempts that the coming ones may go on with.
    history: Folded,
    /// When the run of this session began.
    began: Option<Time>,
    /// How long the runs before took that it goes on from.
    took_before: Duration,
    /// Held until the session is dropped.
    _locks: Locks,
}

/// How a run of a plan ended.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where the plan stands.
    pub verdict: Verdict,
    /// Why nothing more was started, when it was not simply done.
    pub halt: Option<Halt>,
    /// Nothing was started, because everything was done before.
    pub nothing_to_do: bool,
    /// Where the tasks stand that were chosen for this run, when not all were.
    pub chosen: Option<Counts>,
    /// What became of the requirements.
    pub validation: Requirements,
    /// What a person should be told, lower-case fragments.
    pub notes: Vec<String>,
    /// What became of each task, where the system shows that on a board (seed 003); else empty.
    pub board: Vec<BoardRow>,
    /// Where the summary of the run is, as a path from the repository's root; none where the system leaves none.
    pub summary: Option<String>,
    /// What the system says of the run as a whole, in the form of its seed (004); none where it has none.
    pub account: Option<String>,
}

/// What became of a task, for a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardRow {
    /// Whether it is done; none when it is neither done nor failed.
    pub done: Option<bool>,
    /// What the plan calls it.
    pub name: String,
    /// Where it stands, in the system's own word.
    pub status: String,
    /// What came of it, such as `PR #42`; `-` when nothing did.
    pub result: String,
}

/// What became of the validation of the requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirements {
    /// It was not its time, or it was switched off.
    NotValidated,
    /// The plan names nothing to validate against.
    NothingNamed,
    /// All are met.
    Met,
    /// Not all are met.
    Unmet {
        /// What speaks against it, a line each.
        reasons: Vec<String>,
    },
}

impl Session {
    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        self.plan.plan()
    }

    /// The run as it stands before it goes on.
    pub fn current(&self) -> &Run {
        &self.run
    }

    /// Whether it goes on from an earlier run.
    pub fn resumed(&self) -> bool {
        matches!(self.beginning, Beginning::Continued { .. })
    }

    /// The name of the agent whose workers do the tasks.
    pub fn agent(&self) -> &str {
        &self.workers.profile().name
    }

    /// The plan as its system reads it.
    pub fn loaded(&self) -> &AnyPlan {
        &self.plan
    }

    /// The id of this run.
    pub fn run_id(&self) -> &str {
        &self.place.run_id
    }

    /// What a person should be told before it goes on, lower-case fragments.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// By which a signal handler or an embedding program asks the run for something.
    pub fn asker(&mut self) -> Asker {
        self.workers.control().asker()
    }

    /// Runs the plan to its end: until nothing is under way and nothing more will start.
    ///
    /// # Errors
    /// [`OpenError`] when it could not go on. What was recorded stays recorded; workers under way go on, and the next
    /// run finds them.
    pub fn run(mut self, observers: &mut [&mut dyn Observer]) -> Result<Report, OpenError> {
        let is_concluded = || self.workers.system().is_concluded(self.store.validation());
        if self.is_settled() && !self.was_cut_off && (self.chosen.is_some() || is_concluded()) {
            return self.nothing_to_do();
        }
        self.leave_to_persons()?;
        self.check_environment()?;
        self.retry_failed();
        let pipe = self.place.home.folder().join("control");
        self.workers.control().listen(&pipe).map_err(OpenError::system("listen for requests"))?;
        let history = std::mem::take(&mut self.history);
        self.workers.remember(beginning::past(self.plan.plan(), &history, self.workers.profile()));
        drop(history);
        self.expect_back()?;
        self.begin()?;
        let driven = self.drive(observers)?;
        self.finish(driven)
    }

    /// Begins to run the plan, for a program that has workers of its own: what [`orch_run::drive`] takes beside them.
    /// Once that has returned, [`conclude`](Self::conclude) ends the run.
    ///
    /// # Errors
    /// [`OpenError`] when the beginning can't be recorded.
    pub fn with_own_workers(&mut self) -> Result<(&mut Run, Vec<Settled>, &mut dyn Store), OpenError> {
        self.begin()?;
        Ok((&mut self.run, std::mem::take(&mut self.settled), &mut self.store))
    }

    /// Ends a run [with workers of the caller's own](Self::with_own_workers) as any other.
    ///
    /// # Errors
    /// [`OpenError`] when it can't be concluded or written down.
    pub fn conclude(self, driven: Driven) -> Result<Report, OpenError> {
        self.finish(driven)
    }

    /// Settles what an earlier run left, asks for `tasks` again, and runs nothing.
    ///
    /// # Errors
    /// [`OpenError::Request`] for a task that can't be retried.
    pub fn retry(mut self, tasks: &[TaskIx]) -> Result<(), OpenError> {
        if let Beginning::Anew(why) = &self.beginning {
            return Err(OpenError::Request {
                code: "state.anew",
                message: format!("what was recorded does not belong to this plan: {why}"),
                hint: "`orch run` starts it anew, and keeps the state file aside".into(),
            });
        }
        self.settle()?;
        // All or none: each is tried on a copy first.
        let mut rehearsal = self.run.clone();
        for &task in tasks {
            rehearsal.apply(Event::Retry { task }, self.clock.now()).map_err(|_| OpenError::Request {
                code: "task.retry",
                message: format!(
                    "`{}` can't be retried: it is {}",
                    self.plan.plan().id(task),
                    self.run.status(task)
                ),
                hint: "only a task that is SUCCESS, FAIL or INCOMPLETE can be done again".into(),
            })?;
        }
        for &task in tasks {
            let change = self.run.apply(Event::Retry { task }, self.clock.now());
            self.record(change.map_err(orch_run::DriveError::from)?)?;
        }
        self.let_go()
    }

    /// Settles what an earlier run left, ending the workers of it that still live, and runs nothing.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn stop(mut self) -> Result<usize, OpenError> {
        let ended =
            self.settled.iter().filter(|settled| matches!(settled.event, Event::Ended { .. })).count();
        if ended > 0 {
            self.settle()?;
            self.let_go()?;
        }
        Ok(ended)
    }

    /// Ends the workers of these tasks that an earlier run left, and leaves those of others at work. How many there were.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn stop_tasks(mut self, tasks: &[TaskIx]) -> Result<usize, OpenError> {
        self.settle()?;
        let is_running = |task: &TaskIx| self.run.status(*task) == Status::Running;
        let running: Vec<TaskIx> = tasks.iter().copied().filter(is_running).collect();
        for &task in &running {
            let attempt = self.run.attempt(task);
            self.workers.end(task).map_err(OpenError::system("end a worker"))?;
            let event = Event::Ended { task, attempt, outcome: Outcome::Cancelled };
            let change = self.run.apply(event, self.clock.now()).map_err(orch_run::DriveError::from)?;
            self.record(change)?;
        }
        self.let_go()?;
        Ok(running.len())
    }

    /// All that was asked for is done, and nothing is left to be settled.
    fn is_settled(&self) -> bool {
        // Where dependents wait for the rest of it, what is incomplete is not done.
        let holds = self.run.policy().on_incomplete == OnIncomplete::Hold;
        let done = |task: TaskIx| match self.run.status(task) {
            Status::Success => !self.run.review_due(task),
            Status::Incomplete => !holds && !self.run.review_due(task),
            _ => false,
        };
        self.settled.is_empty()
            && self.run.active().is_empty()
            && match &self.chosen {
                Some(chosen) => chosen.iter().copied().all(done),
                None => self.plan.plan().tasks().all(done),
            }
    }

    /// Everything is done. A state file that is not as it should be is mended all the same; otherwise nothing is
    /// written: looking twice leaves no more traces than looking once.
    fn nothing_to_do(mut self) -> Result<Report, OpenError> {
        let all = matches!(self.run.verdict(), Verdict::Success | Verdict::Incomplete);
        if all && self.store.must_mend() {
            self.record_opening()?;
            let now = self.clock.now();
            self.store.stands(&self.run, Stand::Succeeded, now);
            self.store.write_state(&self.run, now)?;
            self.notes.extend(self.store.take_alerts());
        }
        Ok(Report {
            verdict: self.run.verdict(),
            halt: None,
            nothing_to_do: true,
            chosen: None,
            validation: Requirements::NotValidated,
            notes: self.notes,
            board: Vec::new(),
            summary: None,
            account: None,
        })
    }

    /// Holds what only a person may do: no worker is started for it.
    fn leave_to_persons(&mut self) -> Result<(), OpenError> {
        let (system, now) = (self.workers.system(), self.clock.now());
        for task in self.plan.plan().tasks() {
            if let Some(why) =
                system.only_by_person(task).filter(|_| self.run.status(task) == Status::Pending)
            {
                self.notes.push(format!("`{}`: {why}", self.plan.plan().id(task)));
                self.run.apply(Event::Hold { task, why }, now).map_err(orch_run::DriveError::from)?;
            }
        }
        Ok(())
    }

    /// Asks for failed tasks again, if that is wanted: those that have failed before, and those that what an earlier
    /// run left says have failed.
    fn retry_failed(&mut self) {
        if !self.options.retry_failed {
            return;
        }
        let mut run = self.run.clone();
        for settled in &self.settled {
            // On a copy: the driver applies and records them.
            let _ = run.apply(settled.event.clone(), self.clock.now());
        }
        let failed = self.plan.plan().tasks().filter(|&task| run.status(task) == Status::Fail);
        let again = |task| Settled { event: Event::Retry { task }, detail: Some("asked for again".into()) };
        self.settled.extend(failed.map(again));
    }

    fn drive(&mut self, observers: &mut [&mut dyn Observer]) -> Result<Driven, OpenError> {
        let settled = std::mem::take(&mut self.settled);
        let Self { run, store, workers, clock, .. } = self;
        let driven = drive(run, settled, store, workers, clock, observers)?;
        workers.recorded();
        if let Some(plan) = workers.changed_plan() {
            // Whoever chose tasks chose them by their names.
            let before = std::mem::replace(&mut self.plan, plan);
            let (before, now) = (before.plan(), self.plan.plan());
            self.chosen = self
                .chosen
                .take()
                .map(|chosen| chosen.into_iter().filter_map(|task| now.find(before.id(task))).collect());
        }
        Ok(driven)
    }
}

/// How many tasks of a run stand at each status, and how many may start or are blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not started.
    pub pending: usize,
    /// Under way.
    pub running: usize,
    /// Done.
    pub success: usize,
    /// Failed.
    pub fail: usize,
    /// Done in part.
    pub incomplete: usize,
    /// Of those not started: may start now.
    pub ready: usize,
    /// Of those not started: wait for something that failed.
    pub blocked: usize,
}

impl Counts {
    /// Counts the tasks of `run` as of `now`.
    pub fn of(run: &Run, now: Time) -> Self {
        Self::of_these(run, run.plan().tasks(), now)
    }

    /// Counts only these tasks of `run`.
    pub fn of_these(run: &Run, tasks: impl IntoIterator<Item = TaskIx>, now: Time) -> Self {
        let survey = run.survey(now);
        let mut counts = Self::default();
        for task in tasks {
            match run.status(task) {
                Status::Pending => counts.pending += 1,
                Status::Running => counts.running += 1,
                Status::Success => counts.success += 1,
                Status::Fail => counts.fail += 1,
                Status::Incomplete => counts.incomplete += 1,
            }
            match survey.of(task) {
                Some(Readiness::Ready) => counts.ready += 1,
                Some(Readiness::Blocked { .. }) => counts.blocked += 1,
                _ => {}
            }
        }
        counts
    }
}
