//! What is written down, how much of it is synced, and how it reads after a crash.

use orch_core::{
    Memory, Moved, Outcome, Plan, Recorded, RecordedTask, ReviewVerdict, Standing, Status, TaskIx, Time,
};
use orch_run::{Happening, What};

/// A record: what of a happening the next orchestrator needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Moved(Moved, Time),
    /// A review is settled.
    Reviewed(TaskIx, ReviewVerdict),
    /// Something that only a person wants to know.
    Other,
}

impl Record {
    pub(crate) fn of(happening: &Happening) -> Self {
        match happening.what {
            What::Moved { moved, .. } => Self::Moved(moved, happening.at),
            What::Reviewed { task, verdict, settled: true, .. } => Self::Reviewed(task, verdict),
            _ => Self::Other,
        }
    }
}

/// Where a task stands by what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stood {
    pub(crate) standing: Standing,
    /// The attempt it was at when somebody last asked for it again.
    pub(crate) asked_again_at: u32,
    /// How many of its attempts since then were written down as rejected and given back: counted here, whatever the core
    /// counts.
    pub(crate) sent_back: u32,
}

/// A file that is only appended to. `synced <= records.len()`, and what is acknowledged should be synced.
#[derive(Debug)]
pub(crate) struct Disk {
    records: Vec<Record>,
    synced: usize,
    acknowledged: usize,
    stood: Vec<Stood>,
}

impl Disk {
    pub(crate) fn new(tasks: usize) -> Self {
        Self { records: Vec::new(), synced: 0, acknowledged: 0, stood: vec![Stood::default(); tasks] }
    }

    /// How a task stands by what is written, synced or not.
    pub(crate) fn stood(&self, task: TaskIx) -> Stood {
        self.stood[task.index()]
    }

    pub(crate) fn status(&self, task: TaskIx) -> Status {
        self.stood(task).standing.status
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.synced == self.records.len()
    }

    pub(crate) fn write(&mut self, record: Record) {
        self.records.push(record);
        self.read(record);
    }

    pub(crate) fn sync(&mut self) {
        self.synced = self.records.len();
    }

    pub(crate) fn acknowledge(&mut self) {
        self.acknowledged = self.records.len();
    }

    /// How many records a power cut may leave at least, and at most.
    pub(crate) fn after_power_cut(&self) -> (usize, usize) {
        (self.synced, self.records.len())
    }

    /// Only the first `left` records are still there. Returns the acknowledged ones that are not.
    pub(crate) fn truncate(&mut self, left: usize) -> Vec<Record> {
        let lost = self.records.get(left..self.acknowledged).unwrap_or_default().to_vec();
        self.records.truncate(left);
        self.synced = left;
        self.acknowledged = self.acknowledged.min(left);
        self.stood.fill(Stood::default());
        for place in 0..left {
            self.read(self.records[place]);
        }
        lost
    }

    fn read(&mut self, record: Record) {
        match record {
            Record::Moved(moved, at) => {
                let stood = &mut self.stood[moved.task.index()];
                if moved.from.is_settled() {
                    stood.asked_again_at = moved.attempt;
                    stood.sent_back = 0;
                }
                if (moved.outcome, moved.to) == (Some(Outcome::Rejected), Status::Pending) {
                    stood.sent_back += 1;
                }
                stood.standing = Standing {
                    status: moved.to,
                    attempt: moved.attempt,
                    tries: moved.tries,
                    reworks: moved.reworks,
                    review_due: moved.review_due,
                    since: (moved.to == Status::Running).then_some(at),
                    limited_until: match moved.outcome {
                        Some(Outcome::RateLimited { until }) => until,
                        _ => None,
                    },
                };
            }
            // Work that did not pass is to be looked at again.
            Record::Reviewed(task, verdict) => {
                self.stood[task.index()].standing.review_due = verdict == ReviewVerdict::Fail;
            }
            Record::Other => {}
        }
    }

    /// What a new orchestrator finds.
    pub(crate) fn load(&self, plan: &Plan) -> Memory {
        if self.records.is_empty() {
            return Memory::Nothing;
        }
        let task = |task| RecordedTask { id: plan.id(task).into(), standing: self.stood(task).standing };
        Memory::Found(Recorded { identity: Vec::new(), tasks: plan.tasks().map(task).collect() })
    }
}
