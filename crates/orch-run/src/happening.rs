//! What happened in a run: one stream, written down by the store and shown by everybody else.

use std::path::PathBuf;

use orch_core::{Halt, Moved, ReviewVerdict, TaskIx, Time, Verdict};

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A task's status moved: an attempt is about to start, has ended, or the task is wanted again.
    Moved {
        /// The move.
        moved: Moved,
        /// A line for a person: what the worker said, or why it could not start.
        detail: Option<String>,
    },
    /// An attempt's worker is there: as it was started, or as was found out later. The last one counts.
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
    /// The attempt is in the hands of a person, who starts it.
    Handed {
        /// The task.
        task: TaskIx,
        /// Its attempt.
        attempt: u32,
    },
    /// The worker said by which name its conversation can be gone on with.
    Session {
        /// The task.
        task: TaskIx,
        /// Its attempt.
        attempt: u32,
        /// The name, as the worker's program calls it.
        session: String,
    },
    /// How far an attempt or its review has come. For those who watch: nothing follows from it, and the next orchestrator
    /// needs none of it.
    Progress {
        /// The task.
        task: TaskIx,
        /// Its attempt.
        attempt: u32,
        /// A lower-case fragment.
        text: String,
    },
    /// A review begins.
    ReviewBegan {
        /// The task whose work is reviewed.
        task: TaskIx,
        /// Its attempt.
        attempt: u32,
    },
    /// A review ended.
    Reviewed {
        /// The task whose work was reviewed.
        task: TaskIx,
        /// Its attempt.
        attempt: u32,
        /// What it said.
        verdict: ReviewVerdict,
        /// Whether that settles it; otherwise the review is still owed and comes again.
        settled: bool,
        /// A line for a person.
        detail: Option<String>,
    },
    /// Everything before this is written down. Shown only, never recorded itself.
    Recorded {
        /// How many happenings were written down together.
        happenings: usize,
    },
    /// Something a person should know of.
    Alert {
        /// The task it is about, if it is about one.
        task: Option<TaskIx>,
        /// A lower-case fragment.
        text: String,
    },
    /// The plan was changed, and the run goes on with it: from here on, tasks are those of the changed plan. Shown only.
    Replanned {
        /// The tasks that came.
        added: Vec<TaskIx>,
        /// The ids of those that went.
        gone: Vec<String>,
    },
    /// Nothing is under way and nothing more will start.
    Finished {
        /// Where the plan stands.
        verdict: Verdict,
        /// Why nothing more starts, when it is not simply done.
        halt: Option<Halt>,
    },
}

/// A process of this machine, told apart from a later one with the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerIdentity {
    /// Its process id.
    pub pid: u32,
    /// When it started, in the kernel's ticks since boot.
    pub start: u64,
    /// Which boot of the machine that was.
    pub boot: String,
}
