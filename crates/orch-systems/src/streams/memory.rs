//! What was written down about a plan of streams: where the tasks stand, which workers write, and the history.
//!
//! The database says what is done. The history says what orch began, what came of it, and what is done and still has to
//! be merged.

use orch_core::{Memory, Outcome, Recorded, RecordedTask, Standing, Status};
use orch_store::{Folded, Home};

use super::{PlannedStream, StreamPlan};
use crate::memory::standing;
use crate::system::Remembered;

/// Puts together what is remembered.
pub(super) fn remember(plan: &StreamPlan, history: Folded, home: Option<&Home>) -> Remembered {
    let task = |stream: &PlannedStream| {
        let record = history.tasks.get(&stream.id);
        let attempt = history.last_attempt(&stream.id);
        let waits = home.is_some_and(|home| home.claim(&stream.id, attempt).is_file());
        let work = match record {
            _ if waits => Work::Waits,
            Some(record) if record.outcome == Some(Outcome::Rejected) => Work::Waits,
            Some(record) if record.attempt > 0 && plan.in_repository => Work::Unmerged,
            _ => Work::None,
        };
        let status = stands(stream.is_complete(), record.map(|record| record.status), work);
        let standing = match record.filter(|record| record.status == status) {
            Some(record) => Standing { attempt, ..standing(record) },
            None => Standing { status, attempt, ..Standing::default() },
        };
        RecordedTask { id: stream.id.clone(), standing }
    };
    let tasks = plan.streams.iter().map(task).collect();
    let memory = Memory::Found(Recorded { identity: Vec::new(), tasks });
    let mut remembered = Remembered { memory, history, edits: Vec::new(), notes: Vec::new() };
    remembered.edits = remembered.differences();
    remembered.notes = remembered.edits.iter().map(note).collect();
    remembered
}

/// What a run goes on from that is begun anew: what the database says is done is done.
pub(super) fn fresh(plan: &StreamPlan, history: &Folded) -> Memory {
    let task = |stream: &PlannedStream| {
        let status = if stream.is_complete() { Status::Success } else { Status::Pending };
        let attempt = history.last_attempt(&stream.id);
        let standing = Standing { status, attempt, ..Standing::default() };
        RecordedTask { id: stream.id.clone(), standing }
    };
    Memory::Found(Recorded { identity: Vec::new(), tasks: plan.streams.iter().map(task).collect() })
}

/// What of the work of a stream is not in the project yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Nothing that orch knows of: whoever did it did it there.
    None,
    /// A worker has begun on a branch, and did not come to its end.
    Unmerged,
    /// It was done, and could not be merged, or was sent back.
    Waits,
}

/// Where a stream stands by what its tasks say and what the history has.
fn stands(is_complete: bool, known: Option<Status>, work: Work) -> Status {
    match known {
        // What became of it is found out from its worker.
        Some(Status::Running) => Status::Running,
        Some(Status::Success) if !is_complete => Status::Pending,
        Some(known) if !is_complete || (work == Work::Waits && known != Status::Success) => known,
        None if !is_complete => Status::Pending,
        // A person has settled the rest: what there is of it is looked at and merged before anything builds on it.
        Some(Status::Pending | Status::Incomplete | Status::Fail) if work == Work::Unmerged => {
            Status::Pending
        }
        _ => Status::Success,
    }
}

fn note((id, was, now): &(String, Status, Status)) -> String {
    match now {
        Status::Success => format!("`{id}` was {was}; all its tasks are done since"),
        _ if *was != Status::Success => {
            format!(
                "`{id}` was {was}; all its tasks are done since, and a worker looks at them before it is merged"
            )
        }
        _ => format!("`{id}` was {was}; some of its tasks are not done any more, or came since"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tasks_say_what_is_done_and_the_history_what_is_to_be_merged() {
        use Status::{Fail, Incomplete, Pending, Running, Success};
        for (is_complete, known, work, status) in [
            (false, None, Work::None, Pending),
            (true, None, Work::None, Success),
            (true, Some(Success), Work::Unmerged, Success),
            (true, Some(Success), Work::Waits, Success),
            (false, Some(Success), Work::Unmerged, Pending),
            (false, Some(Incomplete), Work::Unmerged, Incomplete),
            (true, Some(Incomplete), Work::None, Success),
            (true, Some(Incomplete), Work::Unmerged, Pending),
            (true, Some(Incomplete), Work::Waits, Incomplete),
            (true, Some(Pending), Work::Waits, Pending),
            (true, Some(Pending), Work::Unmerged, Pending),
            (true, Some(Pending), Work::None, Success),
            (false, Some(Pending), Work::Waits, Pending),
            (true, Some(Fail), Work::None, Success),
            (true, Some(Fail), Work::Unmerged, Pending),
            (true, Some(Fail), Work::Waits, Fail),
            (false, Some(Fail), Work::Unmerged, Fail),
            (true, Some(Running), Work::None, Running),
            (false, Some(Running), Work::Unmerged, Running),
        ] {
            assert_eq!(stands(is_complete, known, work), status, "{is_complete} {known:?} {work:?}");
        }
    }
}
