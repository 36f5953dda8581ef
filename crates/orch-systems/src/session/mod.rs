//! One plan, held: opened under its lock, run or changed, and let go.

mod beginning;
mod finish;
mod open;
mod options;
mod settle;

use std::sync::Arc;

use orch_core::{Event, Halt, Plan, Readiness, Run, Status, TaskIx, Time, Verdict};
use orch_run::{Clock, Driven, Observer, Settled, SystemClock, drive};
use orch_store::{Lock, What as Entry};

use crate::control::Asker;
use crate::prompts::PromptPlan;
use crate::prompts::store::PromptStore;
use crate::prompts::system::PromptSystem;
use crate::workers::{AgentWorkers, Place};
use crate::{Config, OpenError};

pub(crate) use open::{chosen, find, repository_root, reviewer};
pub use options::RunOptions;
pub(crate) use settle::Traces;

/// A plan that this process holds: nobody else can run it meanwhile.
pub struct Session {
    plan: PromptPlan,
    options: RunOptions,
    config: Config,
    clock: SystemClock,
    run: Run,
    settled: Vec<Settled>,
    store: PromptStore,
    workers: AgentWorkers<PromptSystem>,
    place: Place,
    notes: Vec<String>,
    resumed: bool,
    /// The tasks that were chosen for this run, when not all were.
    chosen: Option<Vec<TaskIx>>,
    /// What the history is to say of how this session begins, once it changes anything.
    opening: Vec<Entry<'static>>,
    /// Held until the session is dropped.
    _lock: Lock,
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
        &self.plan.plan
    }

    /// The run as it stands before it goes on.
    pub fn current(&self) -> &Run {
        &self.run
    }

    /// Whether it goes on from an earlier run.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// The name of the agent whose workers do the tasks.
    pub fn agent(&self) -> &str {
        &self.workers.profile().name
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
        let nothing_to_do = self.is_settled();
        if nothing_to_do && self.is_validated() {
            // And nothing is written: looking twice leaves no more traces than looking once.
            return Ok(Report {
                verdict: self.run.verdict(),
                halt: None,
                nothing_to_do,
                chosen: None,
                validation: Requirements::NotValidated,
                notes: Vec::new(),
            });
        }
        self.check_environment()?;
        let pipe = self.place.home.folder().join("control");
        self.workers.control().listen(&pipe).map_err(OpenError::system("listen for requests"))?;
        self.begin()?;
        let driven = self.drive(observers)?;
        self.finish(driven)
    }

    /// Settles what an earlier run left, asks for `tasks` again, and runs nothing.
    ///
    /// # Errors
    /// [`OpenError::Request`] for a task that can't be retried.
    pub fn retry(mut self, tasks: &[TaskIx]) -> Result<(), OpenError> {
        self.settle()?;
        for &task in tasks {
            let change = self.run.apply(Event::Retry { task }, self.clock.now());
            let change = change.map_err(|rejected| OpenError::Request {
                code: "task.retry",
                message: format!("`{}` can't be retried: {rejected}", self.plan.plan.id(task)),
                hint: "only a task that is SUCCESS, FAIL or INCOMPLETE can be done again".into(),
            })?;
            self.record(change)?;
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
        self.settle()?;
        self.let_go()?;
        Ok(ended)
    }

    /// Everything is settled, and nothing was asked for that would change it.
    fn is_settled(&self) -> bool {
        self.settled.is_empty()
            && self.run.active().is_empty()
            && matches!(self.run.verdict(), Verdict::Success | Verdict::Incomplete)
            && !self.plan.plan.tasks().any(|task| self.run.review_due(task))
    }

    fn drive(&mut self, observers: &mut [&mut dyn Observer]) -> Result<Driven, OpenError> {
        let settled = std::mem::take(&mut self.settled);
        let Self { run, store, workers, clock, .. } = self;
        Ok(drive(run, settled, store, workers, clock, observers)?)
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
