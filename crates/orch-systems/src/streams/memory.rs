//! What was written down about a plan of streams: where the tasks stand, which workers write, and the history.
//!
//! The database says what is done. The history says what orch began, what came of it, and what is done and still has to
//! be merged.

use std::cell::OnceCell;
use std::collections::HashSet;

use orch_core::{Memory, Outcome, Recorded, RecordedTask, Standing, Status};
use orch_git::Git;
use orch_store::{Folded, Home};

use super::note::Note;
use super::{PlannedStream, StreamPlan};
use crate::memory::standing;
use crate::system::{Remembered, Source};

/// The file, among orch's own, that says which initiative the history is of: ids of streams come again in the next one.
const INITIATIVE: &str = "initiative";

/// Puts together what is remembered.
pub(super) fn remember(plan: &StreamPlan, mut history: Folded, home: Option<&Home>) -> Remembered {
    let restarted = of_another_initiative(plan, &history, home);
    if restarted.is_some() {
        history.restart();
    }
    let works = Works::of(plan, &history, home);
    let task = |stream: &PlannedStream| {
        let record = history.tasks.get(&stream.id);
        let attempt = history.last_attempt(&stream.id);
        let status = stands(stream.is_complete(), record.map(|record| record.status), works.work(stream));
        let standing = match record.filter(|record| record.status == status) {
            Some(record) => Standing { attempt, ..standing(record) },
            None => Standing { status, attempt, ..Standing::default() },
        };
        RecordedTask { id: stream.id.clone(), standing }
    };
    let tasks = plan.streams.iter().map(task).collect();
    let memory = Memory::Found(Recorded { identity: Vec::new(), tasks });
    let mut remembered = Remembered { memory, history, edits: Vec::new(), restarted, notes: Vec::new() };
    remembered.edits = remembered.differences();
    remembered.notes = remembered.edits.iter().map(note).collect();
    remembered.notes.extend(remembered.restarted.clone());
    remembered
}

/// What a run goes on from that is begun anew: what the database says is done is done, as far as it is in the project.
pub(super) fn fresh(plan: &StreamPlan, history: &Folded, home: Option<&Home>) -> Memory {
    let works = Works::of(plan, history, home);
    let task = |stream: &PlannedStream| {
        let known = history.tasks.get(&stream.id).map(|record| record.status);
        let is_in = works.work(stream) == Work::None || known == Some(Status::Success);
        let status = if stream.is_complete() && is_in { Status::Success } else { Status::Pending };
        let attempt = history.last_attempt(&stream.id);
        let standing = Standing { status, attempt, ..Standing::default() };
        RecordedTask { id: stream.id.clone(), standing }
    };
    Memory::Found(Recorded { identity: Vec::new(), tasks: plan.streams.iter().map(task).collect() })
}

/// Where it is written which initiative the history is of, and that of the plan, unless it is written already.
pub(super) fn initiative_to_note(plan: &StreamPlan, home: &Home) -> Option<(Note, String)> {
    let current = plan.initiative.as_ref().filter(|_| !plan.all_initiatives)?;
    let note = Note::of(home.folder(), INITIATIVE);
    (note.read().as_deref() != Some(&current.id)).then(|| (note, current.id.clone()))
}

/// That what the history says is of streams of another initiative, which only have the same ids. As long as one of their
/// workers may live, it is theirs all the same.
fn of_another_initiative(plan: &StreamPlan, history: &Folded, home: Option<&Home>) -> Option<String> {
    let current = plan.initiative.as_ref().filter(|_| !plan.all_initiatives)?;
    let before = Note::of(home?.folder(), INITIATIVE).read().filter(|before| *before != current.id)?;
    let is_running = history.tasks.values().any(|record| record.status == Status::Running);
    (!is_running && !history.tasks.is_empty()).then(|| {
        format!(
            "the streams are those of the initiative `{}`; what was recorded is of another one ({before})",
            current.name
        )
    })
}

/// What became of the work of each stream.
struct Works<'a> {
    plan: &'a StreamPlan,
    history: &'a Folded,
    home: Option<&'a Home>,
    /// The branches of which something is not in the project. Git is asked only where the history says nothing.
    unmerged: OnceCell<HashSet<String>>,
}

impl<'a> Works<'a> {
    fn of(plan: &'a StreamPlan, history: &'a Folded, home: Option<&'a Home>) -> Self {
        Self { plan, history, home, unmerged: OnceCell::new() }
    }

    fn is_unmerged(&self, branch: &str) -> bool {
        let ask = || {
            let base = self.plan.base_branch()?;
            Git::at(&self.plan.project).unmerged_branches(&base).ok()
        };
        self.unmerged.get_or_init(|| ask().unwrap_or_default().into_iter().collect()).contains(branch)
    }

    /// Of a stream that is complete: of any other, nobody asks yet.
    fn work(&self, stream: &PlannedStream) -> Work {
        if !stream.is_complete() {
            return Work::None;
        }
        let waits = |attempt| self.home.is_some_and(|home| home.claim(&stream.id, attempt).is_file());
        match self.history.tasks.get(&stream.id) {
            Some(record) if waits(record.attempt) => Work::Waits,
            Some(record) if record.outcome == Some(Outcome::Rejected) => Work::Waits,
            Some(record) if record.attempt > 0 && self.plan.in_repository => Work::Unmerged,
            // Asked for again, and not begun since.
            Some(record) if record.attempt > 0 && record.outcome.is_none() => Work::Unmerged,
            _ if self.is_unmerged(&stream.branch) => Work::Unmerged,
            _ => Work::None,
        }
    }
}

/// What of the work of a stream is not in the project yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Nothing that orch knows of: whoever did it did it there.
    None,
    /// A worker has begun on a branch, and did not come to its end; or the branch holds what nobody knows of.
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
        None if work == Work::Unmerged => Status::Pending,
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
            (true, None, Work::Unmerged, Pending),
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
