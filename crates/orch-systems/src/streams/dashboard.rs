//! What a person looks at: how far each stream is, and who is at it (the dashboard of seed 001).

use std::time::Duration;

use orch_core::{Readiness, Status, Survey, TaskIx, Time};
use orch_state_sqlite::{Phase, TaskStatus};

use super::{InitiativeSummary, PlannedTask};
use crate::{AnyPlan, View};

/// The dashboard of the streams of a database (seed 001).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamDashboard {
    /// The workspace.
    pub workspace: String,
    /// What the streams are for, if they belong to one initiative.
    pub initiative: Option<InitiativeSummary>,
    /// Where the tasks of all streams stand.
    pub tally: StreamTally,
    /// How many workers are alive.
    pub workers: usize,
    /// The streams in the order in which they are listed: that of the plan.
    pub streams: Vec<StreamRow>,
}

/// How many tasks stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamTally {
    /// Those that nothing is left to do for: completed or cancelled.
    pub settled: usize,
    /// All of them.
    pub total: usize,
    /// Those that somebody works on.
    pub in_progress: usize,
    /// Those that nobody has begun.
    pub pending: usize,
    /// Those that can't go on.
    pub blocked: usize,
}

/// A stream and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRow {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its phase.
    pub phase: Phase,
    /// Where its tasks stand.
    pub tally: StreamTally,
    /// Who is at it, or why nobody is.
    pub worker: StreamWorker,
    /// How often it was tried.
    pub attempts: u32,
    /// When its last attempt began.
    pub started_at: Option<Time>,
    /// When that ended; none while it is under way.
    pub ended_at: Option<Time>,
    /// How long that took, or has taken so far.
    pub took: Option<Duration>,
}

/// Who is at a stream, or why nobody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamWorker {
    /// A worker is at it, or orch is at what the worker has left.
    Running {
        /// The worker's process; none when that has ended.
        pid: Option<u32>,
        /// Since when.
        since: Option<Time>,
    },
    /// It is done.
    Finished,
    /// It failed, or what is left of it is blocked.
    Failed {
        /// Why, as far as that is known.
        why: Option<String>,
    },
    /// It can't start: streams that it needs have failed.
    Blocked {
        /// Their ids.
        by: Vec<String>,
    },
    /// It was tried, something is left, and nobody is at it.
    Stopped {
        /// What is left, or what happened, as far as that is known.
        why: Option<String>,
    },
    /// Streams that it needs are not done.
    Waiting {
        /// Their ids.
        on: Vec<String>,
    },
    /// Nobody was at it so far, and no stream that it needs is in its way.
    Ready,
}

impl StreamDashboard {
    /// The dashboard of the plan that `view` shows; none when that is no plan of streams. Tasks stand where they stood when
    /// the plan was loaded.
    pub fn of(view: &View) -> Option<Self> {
        let AnyPlan::Streams(plan) = view.loaded() else { return None };
        let survey = view.run().survey(view.now());
        let row = |task: TaskIx| {
            let stream = plan.stream(task);
            let attempt = view.attempt_record(task);
            StreamRow {
                id: stream.id.clone(),
                name: stream.name.clone(),
                phase: stream.phase,
                tally: StreamTally::of(&stream.tasks),
                worker: worker(view, &survey, task),
                attempts: view.run().attempt(task),
                started_at: attempt.and_then(|attempt| attempt.started_at),
                ended_at: attempt.and_then(|attempt| attempt.ended_at),
                took: view.took(task),
            }
        };
        let streams: Vec<StreamRow> = plan.plan.tasks().map(row).collect();
        let is_alive = |row: &&StreamRow| matches!(row.worker, StreamWorker::Running { pid: Some(_), .. });
        Some(Self {
            workspace: plan.workspace.clone(),
            initiative: plan.initiative.clone(),
            tally: StreamTally::of(plan.streams.iter().flat_map(|stream| &stream.tasks)),
            workers: streams.iter().filter(is_alive).count(),
            streams,
        })
    }
}

impl StreamTally {
    fn of<'a>(tasks: impl IntoIterator<Item = &'a PlannedTask>) -> Self {
        let mut tally = Self::default();
        for task in tasks {
            tally.total += 1;
            match task.status {
                TaskStatus::Completed | TaskStatus::Cancelled => tally.settled += 1,
                TaskStatus::InProgress => tally.in_progress += 1,
                TaskStatus::Pending => tally.pending += 1,
                TaskStatus::Blocked => tally.blocked += 1,
            }
        }
        tally
    }

    /// Whether nothing is left to do. What is done may still have to be merged.
    pub fn is_complete(&self) -> bool {
        self.settled == self.total
    }

    /// How much of it is settled, in per cent, rounded down: 100 only when nothing is left.
    pub fn percent(&self) -> usize {
        (self.settled * 100).checked_div(self.total).unwrap_or(100)
    }
}

impl StreamWorker {
    /// A stable name for scripts.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Running { .. } => "running",
            Self::Finished => "finished",
            Self::Failed { .. } => "failed",
            Self::Blocked { .. } => "blocked",
            Self::Stopped { .. } => "stopped",
            Self::Waiting { .. } => "waiting",
            Self::Ready => "ready",
        }
    }
}

fn worker(view: &View, survey: &Survey<'_>, task: TaskIx) -> StreamWorker {
    let plan = view.plan();
    let ids = |tasks: &[TaskIx]| tasks.iter().map(|&on| plan.id(on).to_owned()).collect();
    let why = || view.attempt_record(task)?.detail.as_deref().map(str::to_owned);
    match (view.run().status(task), survey.of(task)) {
        (Status::Running, _) => {
            let since = view.attempt_record(task).and_then(|attempt| attempt.started_at);
            StreamWorker::Running { pid: view.worker(task), since }
        }
        (Status::Success, _) => StreamWorker::Finished,
        (Status::Fail, _) => StreamWorker::Failed { why: why() },
        (Status::Incomplete, _) => StreamWorker::Stopped { why: why() },
        (Status::Pending, Some(Readiness::Waiting { on })) => StreamWorker::Waiting { on: ids(&on) },
        (Status::Pending, Some(Readiness::Blocked { by })) => StreamWorker::Blocked { by: ids(&by) },
        (Status::Pending, _) if view.run().attempt(task) > 0 => StreamWorker::Stopped { why: why() },
        (Status::Pending, _) => StreamWorker::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cancelled_is_settled_and_only_all_of_it_is_all_of_it() {
        use TaskStatus::{Blocked, Cancelled, Completed, InProgress, Pending};
        for (statuses, settled, in_progress, pending, blocked, percent) in [
            (vec![], 0, 0, 0, 0, 100),
            (vec![Pending], 0, 0, 1, 0, 0),
            (vec![Completed, Cancelled], 2, 0, 0, 0, 100),
            (vec![Completed, Cancelled, InProgress], 2, 1, 0, 0, 66),
            (vec![Completed, Blocked, Blocked, Pending, InProgress], 1, 1, 1, 2, 20),
            ([vec![Completed; 999], vec![Pending]].concat(), 999, 0, 1, 0, 99),
        ] {
            let task =
                |status: &TaskStatus| PlannedTask { id: "T".into(), title: String::new(), status: *status };
            let tasks: Vec<PlannedTask> = statuses.iter().map(task).collect();
            let tally = StreamTally::of(&tasks);
            let total = statuses.len();
            assert_eq!(tally, StreamTally { settled, total, in_progress, pending, blocked });
            assert_eq!((tally.percent(), tally.is_complete()), (percent, percent == 100), "{statuses:?}");
        }
    }
}
