//! What the entries add up to: where every task stands.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::DefaultHashBuilder;
use indexmap::IndexMap;
use orch_core::{Outcome, Status, Time};

use super::{Entry, What};

/// The record of each task by its id, in the order in which they were first recorded. What is recorded at one time is
/// about few tasks, so that their records lie together.
pub type Tasks = IndexMap<String, TaskRecord, DefaultHashBuilder>;

/// So many tasks are few: what they need is moved for nothing as they become more, and nothing can be told from them.
const FEW: usize = 64;

/// What a history adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The random number of the history; a history begun anew has another.
    pub history: u64,
    /// The plan's name as it was when the history was begun.
    pub plan: String,
    /// The number of the last entry; 0 when there is none.
    pub seq: u64,
    /// Each task that anything was recorded of since the state was last begun anew.
    pub tasks: Tasks,
    /// The last run that was started, and how it ended.
    pub run: Option<RunRecord>,
    /// How long the runs took that are over, together.
    over: Duration,
    /// When the run began that has not said its end, and when it is known to have gone on still.
    open: Option<(Time, Time)>,
    /// The branch that the work is based on.
    pub base_branch: Option<String>,
    /// The highest attempts of tasks from before the state was begun anew.
    former: IndexMap<String, u32, DefaultHashBuilder>,
    /// The boot named last; nearly all workers share it.
    boot: Option<Arc<str>>,
    /// The detail given last; the ends of many tasks share it.
    detail: Option<Arc<str>>,
    /// The profile of the last run.
    agent: Option<Arc<str>>,
    /// Where among the tasks the one is that was recorded last: what comes next is often about the same.
    last: usize,
}

/// What is known of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskRecord {
    /// Where it stands.
    pub status: Status,
    /// The highest attempt so far, from one; 0 when it was never started. Never goes back.
    pub attempt: u32,
    /// How many tries have been used up.
    pub tries: u32,
    /// How often its work has been sent back to it.
    pub reworks: u32,
    /// How the last attempt ended; none while one is under way or after a person's edit.
    pub outcome: Option<Outcome>,
    /// More about the last change, for a person.
    pub detail: Option<Arc<str>>,
    /// When the last attempt began.
    pub started_at: Option<Time>,
    /// When the last attempt ended; none while one is under way.
    pub ended_at: Option<Time>,
    /// The session that a worker of this task named last, perhaps in an earlier attempt.
    pub session: Option<String>,
    /// The process of the attempt under way; none when no attempt is.
    pub worker: Option<WorkerProcess>,
    /// Whether a review of the result is still owed.
    pub review_due: bool,
    /// What the review of the last attempt said.
    pub reviewed: Option<String>,
    /// The profile of the worker of the last attempt.
    pub agent: Option<Arc<str>>,
    /// Whether a person does it: the last attempt was handed to one, or one has said that they are at it.
    pub handed: bool,
}

/// A worker's process, told from every other that had or will have the same pid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerProcess {
    /// Its process id.
    pub pid: u32,
    /// When it started, in the system's own unit.
    pub start: u64,
    /// The boot of the machine in which the two mean this process.
    pub boot: Arc<str>,
}

/// A run of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Its id.
    pub run: String,
    /// When it was started.
    pub at: Time,
    /// How many workers at once.
    pub jobs: u32,
    /// The order in which ready tasks are started.
    pub order: String,
    /// The process id of the orch that ran it.
    pub pid: u32,
    /// The boot of the machine it ran on.
    pub boot: Option<String>,
    /// The profile of its workers.
    pub agent: Option<String>,
    /// When it ended and how; none when it has not, or could not say so.
    pub ended: Option<(Time, String)>,
}

impl Folded {
    /// The highest attempt of a task that was ever recorded, from before the state was begun anew as well;
    /// 0 for none. The next attempt is this plus one, so that the id of an attempt is never used twice.
    pub fn last_attempt(&self, task: &str) -> u32 {
        match self.tasks.get(task) {
            Some(record) => record.attempt,
            None => self.former.get(task).copied().unwrap_or(0),
        }
    }

    /// How long the runs took since the state was last begun anew, together: each from its start to its end, and the one that
    /// goes on to `now`. One that was cut off counts to the last attempt that it is known to have begun.
    pub fn took(&self, now: Option<Time>) -> Duration {
        let last = self.open.map(|(began, known)| now.unwrap_or(known).since(began));
        self.over.saturating_add(last.unwrap_or_default())
    }

    /// Forgets where the tasks stood, and goes on counting their attempts: what an entry [`Restarted`](What::Restarted)
    /// does, which is to be written as well.
    pub fn restart(&mut self) {
        self.base_branch = None;
        (self.over, self.open) = (Duration::ZERO, None);
        // Only what was recorded since the last restart is moved: many restarts stay linear.
        self.former.extend(self.tasks.drain(..).map(|(task, record)| (task, record.attempt)));
    }

    /// Makes room for as many tasks as the rest of a history has if it goes on as it began, `read` of its `all` bytes, once
    /// there is no more: of 100,000, growing by and by would move each of them once more, and touch twice the memory.
    pub(super) fn make_room(&mut self, read: u64, all: u64) {
        let known = self.tasks.len();
        if known < self.tasks.capacity() || known < FEW {
            return;
        }
        let coming = all.saturating_sub(read).saturating_mul(known as u64) / read.max(1);
        // What begins with many new tasks is not to take all the memory there is.
        self.tasks.reserve((coming as usize).min(known * FEW));
    }

    /// Takes in the next entry.
    pub(super) fn apply(&mut self, entry: &Entry<'_>) {
        self.seq = entry.seq;
        match &entry.what {
            What::Opened { history, plan, .. } => {
                self.history = *history;
                self.plan = plan.to_string();
            }
            What::RunStarted { run, jobs, order, pid, boot, agent } => {
                self.agent = agent.as_deref().map(Arc::from);
                self.over = self.took(None);
                self.open = Some((entry.at, entry.at));
                self.run = Some(RunRecord {
                    run: run.to_string(),
                    at: entry.at,
                    jobs: *jobs,
                    order: order.to_string(),
                    pid: *pid,
                    boot: boot.as_deref().map(str::to_owned),
                    agent: agent.as_deref().map(str::to_owned),
                    ended: None,
                });
            }
            What::RunEnded { run, verdict } => {
                if let Some(last) = self.run.as_mut().filter(|last| last.run == **run) {
                    last.ended = Some((entry.at, verdict.to_string()));
                    self.over = self.took(Some(entry.at));
                    self.open = None;
                }
            }
            What::Moved { task, attempt, from, to, outcome, detail, tries, reworks, review_due } => {
                // Any other transition may be somebody's who runs nothing.
                let agent = (*to == Status::Running).then(|| {
                    self.open = self.open.map(|(began, _)| (began, entry.at));
                    self.agent.clone()
                });
                let detail = detail.as_deref().map(|detail| shared(&mut self.detail, detail));
                let record = self.record(task);
                if let Some(agent) = agent {
                    record.agent = agent;
                    record.handed = false;
                    record.started_at = Some(entry.at);
                    record.ended_at = None;
                    record.reviewed = None;
                } else if *from == Status::Running {
                    record.ended_at = Some(entry.at);
                }
                record.worker = None;
                record.status = *to;
                record.attempt = record.attempt.max(*attempt);
                record.tries = *tries;
                record.reworks = *reworks;
                record.outcome = *outcome;
                record.detail = detail;
                record.review_due = *review_due;
            }
            What::Worker { task, attempt, pid, start, boot } => {
                let boot = shared(&mut self.boot, boot);
                if let Some(record) = self.current(task, *attempt)
                    && record.status == Status::Running
                {
                    record.worker = Some(WorkerProcess { pid: *pid, start: *start, boot });
                }
            }
            What::Handed { task, attempt } => {
                if let Some(record) = self.current(task, *attempt) {
                    record.handed = true;
                }
            }
            What::Session { task, attempt, session } => {
                if let Some(record) = self.current(task, *attempt) {
                    record.session = Some(session.to_string());
                }
            }
            What::Reviewed { task, attempt, verdict, detail } => {
                if let Some(record) = self.current(task, *attempt) {
                    record.review_due = false;
                    record.reviewed = Some(verdict.to_string());
                    if detail.is_some() {
                        record.detail = detail.as_deref().map(Into::into);
                    }
                }
            }
            What::Edited { task, to, .. } => {
                let record = self.record(task);
                record.status = *to;
                record.outcome = None;
                record.detail = None;
                record.worker = None;
                record.review_due = false;
                record.reviewed = None;
                record.handed = *to == Status::Running;
                if *to == Status::Pending {
                    // Who sets a task back to pending wants it tried again, with all its tries.
                    record.tries = 0;
                    record.reworks = 0;
                }
            }
            What::Base { branch } => self.base_branch = Some(branch.to_string()),
            What::Restarted { .. } => self.restart(),
        }
    }

    /// The record of a task, begun when there is none.
    fn record(&mut self, task: &str) -> &mut TaskRecord {
        self.last = match self.place(task) {
            Some(place) => place,
            None => {
                let attempt = self.former.get(task).copied().unwrap_or(0);
                self.tasks.insert_full(task.to_owned(), TaskRecord { attempt, ..TaskRecord::default() }).0
            }
        };
        &mut self.tasks[self.last]
    }

    /// Where among the tasks one is.
    fn place(&self, task: &str) -> Option<usize> {
        let is_last = self.tasks.get_index(self.last).is_some_and(|(last, _)| last == task);
        if is_last { Some(self.last) } else { self.tasks.get_index_of(task) }
    }

    /// The record of a task if `attempt` is its last one: what a late worker says no longer counts.
    fn current(&mut self, task: &str, attempt: u32) -> Option<&mut TaskRecord> {
        let place = self.place(task)?;
        Some(&mut self.tasks[place]).filter(|record| record.attempt == attempt)
    }
}

/// `text`, which is kept once when it is the `last` one again.
fn shared(last: &mut Option<Arc<str>>, text: &str) -> Arc<str> {
    match last {
        Some(last) if **last == *text => Arc::clone(last),
        _ => Arc::clone(last.insert(text.into())),
    }
}
