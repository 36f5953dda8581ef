//! What is plugged into the driver.

use std::path::PathBuf;
use std::sync::Arc;

use orch_core::{Event, Outcome, Plan, ReviewVerdict, Run, StopCause, TakenOver, TaskIx, Time};

use crate::{Happening, WorkerIdentity};

/// Any error of an adapter: the driver can only stop and pass it on.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Writes down what happened, so that the next orchestrator can go on.
pub trait Store {
    /// Writes all of this down. When it returns, every [`What::Moved`](crate::What::Moved) and
    /// [`What::Reviewed`](crate::What::Reviewed) in it survives what this store promises to survive; other happenings
    /// may be written later or not at all. `run` is the run with all of them applied.
    ///
    /// # Errors
    /// Whatever kept it from that. The driver then starts nothing more.
    fn record(&mut self, run: &Run, happened: &[Happening]) -> Result<(), Failure>;

    /// The driver is about to wait: a moment for work that nobody waits for, such as bringing the file that a person
    /// reads up to date. Returns when it wants to be called again at the latest.
    ///
    /// # Errors
    /// Whatever kept it from that.
    fn rest(&mut self, run: &Run, now: Time) -> Result<Option<Time>, Failure> {
        let _ = (run, now);
        Ok(None)
    }

    /// The run goes on with a changed plan; `run` is of that plan. All that happened before was recorded.
    ///
    /// # Errors
    /// Whatever keeps it from recording what comes.
    fn replanned(&mut self, run: &Run) -> Result<(), Failure> {
        let _ = run;
        Ok(())
    }
}

/// Starts attempts and reviews and says how they ended.
///
/// Ends come as judged [`Outcome`]s: what an exit code or a report means is known to whoever knows the worker.
pub trait Workers {
    /// Starts an attempt. Called once for an attempt, after it is recorded.
    ///
    /// # Errors
    /// [`CouldNotStart`] when there is no worker; the driver treats it as the attempt's end.
    fn start(&mut self, run: &Run, task: TaskIx, attempt: u32) -> Result<Started, CouldNotStart>;

    /// Starts the review of a task's work.
    ///
    /// # Errors
    /// As a verdict with a line for a person: no reviewer is `Skipped`.
    fn review(&mut self, run: &Run, task: TaskIx) -> Result<(), (ReviewVerdict, String)>;

    /// Tells the worker or reviewer of this task to end. Its end comes from [`wait`](Self::wait) as any other.
    fn stop(&mut self, task: TaskIx, cause: StopCause);

    /// Waits until something ended or was asked for, an awaited condition holds, or until `until`; may return early with
    /// nothing.
    ///
    /// # Errors
    /// When it can no longer be known how attempts end.
    fn wait(&mut self, run: &Run, until: Option<Time>) -> Result<Vec<Notice>, Failure>;

    /// The plan as it is now, if it was changed since it was last asked for. Asked after [`Notice::Replanned`], and before a
    /// run ends because nothing is left to do.
    fn new_plan(&mut self, run: &Run) -> Option<Arc<Plan>> {
        let _ = run;
        None
    }

    /// The run goes on with the plan that [`new_plan`](Self::new_plan) gave; what is under way goes on as it is. Is not
    /// called when the plan could not be taken over.
    fn replanned(&mut self, run: &Run, taken_over: &TakenOver) {
        let _ = (run, taken_over);
    }
}

/// A worker that was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// Who it is, when it is a process of this machine.
    pub worker: Option<WorkerIdentity>,
    /// Where its output goes.
    pub log: Option<PathBuf>,
}

/// A worker that could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouldNotStart {
    /// What that means for the attempt: [`Outcome::CouldNotStart`] when the environment is broken,
    /// [`Outcome::RateLimited`] when the machine is out of something for a while, [`Outcome::Failed`] when it is
    /// the task's own fault.
    pub outcome: Outcome,
    /// A line for a person.
    pub why: String,
}

/// What [`Workers::wait`] has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// An attempt ended.
    Ended {
        /// The task.
        task: TaskIx,
        /// Its attempt.
        attempt: u32,
        /// How.
        outcome: Outcome,
        /// A line for a person.
        detail: Option<String>,
    },
    /// A review ended.
    Reviewed {
        /// The task whose work was reviewed.
        task: TaskIx,
        /// What it said.
        verdict: ReviewVerdict,
        /// A line for a person.
        detail: Option<String>,
    },
    /// A worker said by which name its conversation can be gone on with.
    Session {
        /// The task.
        task: TaskIx,
        /// Its attempt.
        attempt: u32,
        /// The name.
        session: String,
    },
    /// An attempt's worker is there, or more is known of it than when it was started: one whose work tree is set up first
    /// has no identity before. Does not count once the attempt is over.
    Worker {
        /// The task.
        task: TaskIx,
        /// Its attempt.
        attempt: u32,
        /// Who it is, when it is a process of this machine.
        worker: Option<WorkerIdentity>,
        /// Where its output goes.
        log: Option<PathBuf>,
    },
    /// How far the work of an attempt, or its review, has come. Does not count once that is over.
    Progress {
        /// The task.
        task: TaskIx,
        /// Its attempt.
        attempt: u32,
        /// A lower-case fragment, such as `verifying`.
        text: String,
    },
    /// A condition outside of the plan holds ([`TaskDraft::awaits`](orch_core::TaskDraft::awaits)). A run that has nothing
    /// else to do waits for this without an end to its wait, unless its policy says otherwise.
    Holds {
        /// Its name, as the plan has it.
        condition: String,
    },
    /// A person has to look at what came of a task before anything more starts.
    Pause {
        /// The task.
        task: TaskIx,
        /// What there is to look at, a lower-case fragment.
        text: String,
    },
    /// Something a person should know of.
    Alert {
        /// The task it is about, if it is about one.
        task: Option<TaskIx>,
        /// A lower-case fragment.
        text: String,
    },
    /// Somebody outside wants something.
    Asked(Request),
    /// The plan may have been changed.
    Replanned,
}

/// What somebody outside may want of a run under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Everything is to end.
    Stop,
    /// This task is to end and not to start again for now.
    StopTask {
        /// The task.
        task: TaskIx,
        /// Why, for `orch why`.
        why: String,
    },
    /// This task is wanted again: a settled one is retried, a held one released.
    Retry {
        /// The task.
        task: TaskIx,
    },
}

impl Request {
    /// The events that carry the request out.
    pub(crate) fn events(self, run: &Run) -> Vec<Event> {
        match self {
            Request::Stop => vec![Event::Stop],
            Request::StopTask { task, why } => vec![Event::Hold { task, why }],
            Request::Retry { task } if run.status(task).is_settled() => {
                vec![Event::Release { task }, Event::Retry { task }]
            }
            Request::Retry { task } => vec![Event::Release { task }],
        }
    }
}

/// Is shown what happened, after it is recorded.
pub trait Observer {
    /// Something happened. `run` is the run after it, and maybe after what happened with it.
    fn see(&mut self, happening: &Happening, run: &Run);
}
