//! What was written down about a plan of streams: where the tasks stand, which workers write, and the history.
//!
//! The database says what is done. The history says what orch began, what came of it, and what is done and still has to
//! be merged.

use orch_core::{Memory, Recorded, RecordedTask, Standing, Status};
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
        let status = stands(stream.is_complete(), record.map(|record| record.status), waits);
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

/// Where a stream stands by what its tasks say and what the history has. `waits`: it was done, and could not be merged.
fn stands(is_complete: bool, known: Option<Status>, waits: bool) -> Status {
    match known {
        // What became of it is found out from its worker.
        Some(Status::Running) => Status::Running,
        Some(Status::Success) if !is_complete => Status::Pending,
        Some(known) if !is_complete || waits => known,
        None if !is_complete => Status::Pending,
        _ => Status::Success,
    }
}

fn note((id, was, now): &(String, Status, Status)) -> String {
    match now {
        Status::Success => format!("`{id}` was {was}; all its tasks are done since"),
        _ => format!("`{id}` was {was}; some of its tasks are not done any more, or came since"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tasks_say_what_is_done_and_the_history_what_is_to_be_merged() {
        use Status::{Fail, Incomplete, Pending, Running, Success};
        for (is_complete, known, waits, status) in [
            (false, None, false, Pending),
            (true, None, false, Success),
            (true, Some(Success), false, Success),
            (false, Some(Success), false, Pending),
            (false, Some(Incomplete), false, Incomplete),
            (true, Some(Incomplete), false, Success),
            (true, Some(Incomplete), true, Incomplete),
            (true, Some(Pending), true, Pending),
            (true, Some(Pending), false, Success),
            (false, Some(Pending), true, Pending),
            (true, Some(Fail), false, Success),
            (false, Some(Fail), false, Fail),
            (true, Some(Running), false, Running),
            (false, Some(Running), false, Running),
        ] {
            assert_eq!(stands(is_complete, known, waits), status, "{is_complete} {known:?} {waits}");
        }
    }
}
