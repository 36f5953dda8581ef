//! What was written down about a plan, whatever its state file looks like: the state file, which a person owns, and the
//! history, which orch owns.
//!
//! The history is the truth of what orch did; the state file is what a person reads and edits. Where both speak of a
//! task, the history wins as long as the state file is as orch left it, and the person wins where they changed it.

use std::path::Path;

use orch_core::{Memory, Outcome, Plan, Recorded, RecordedTask, Standing, Status};
use orch_store::{Folded, Home, StoreError, TaskRecord, read_at};

/// What a state file says of itself: which history it belongs to, and whether it is as orch left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing: another tool wrote it.
    Absent,
    /// Nothing that can be read.
    Garbled,
    /// As orch left it.
    Intact { history: u64, seq: u64 },
    /// Changed since.
    Edited { history: u64, seq: u64 },
}

/// What a state file says.
pub(crate) struct Said<'a> {
    pub(crate) path: &'a Path,
    pub(crate) mark: Mark,
    /// Each task's id and status.
    pub(crate) tasks: Vec<(String, Status)>,
    /// What must be the same for recorded progress to belong to the plan.
    pub(crate) identity: Vec<(String, String)>,
}

/// A state file and the history, put together.
pub(crate) struct Together {
    pub(crate) recorded: Recorded,
    /// Statuses that a person changed: task, what orch remembered, what they wrote.
    pub(crate) edits: Vec<(String, Status, Status)>,
    /// What a person should be told.
    pub(crate) note: Option<String>,
}

/// What the state file was when orch left it, so that a person's edits can be told.
enum Base {
    /// As it is.
    AsLeft,
    /// As the history was then.
    Edited(Box<Folded>),
}

/// Puts together what a state file says and what the history says.
///
/// # Errors
/// When the history of when the file was written can't be read.
pub(crate) fn together(
    said: Said<'_>,
    history: &Folded,
    home: Option<&Home>,
) -> Result<Together, StoreError> {
    let base = match (said.mark, home) {
        (Mark::Intact { history: of, seq }, _) if of == history.history => {
            if seq > history.seq {
                None
            } else {
                Some(Base::AsLeft)
            }
        }
        (Mark::Edited { history: of, seq }, Some(home)) if of == history.history => {
            read_at(&home.history(), seq)?.map(|folded| Base::Edited(Box::new(folded)))
        }
        _ => None,
    };
    let mut edits = Vec::new();
    let task = |(id, written): (String, Status)| {
        let known = history.tasks.get(&id);
        let now = known.map_or(Status::Pending, |record| record.status);
        let person_wins = match &base {
            Some(Base::AsLeft) => false,
            Some(Base::Edited(then)) => {
                written != then.tasks.get(&id).map_or(Status::Pending, |record| record.status)
            }
            None => written != now,
        };
        // A task that the history says nothing of was there before the history began.
        let edited = person_wins || known.is_none();
        let status = if edited { written } else { now };
        if person_wins && status != now && known.is_some() {
            edits.push((id.clone(), now, status));
        }
        let attempt = known.map_or_else(|| history.last_attempt(&id), |record| record.attempt);
        let standing = match known.filter(|_| !edited) {
            Some(record) => Standing { status, attempt, ..standing(record) },
            None => Standing { status, attempt, ..Standing::default() },
        };
        RecordedTask { id, standing }
    };
    let tasks = said.tasks.into_iter().map(task).collect();
    let was_edited = matches!(said.mark, Mark::Edited { .. } | Mark::Garbled);
    let note = was_edited.then(|| {
        let path = said.path.display();
        match edits.len() {
            0 => format!("{path} was edited by hand; no status differs"),
            1 => format!("{path} was edited by hand: 1 changed status is taken over"),
            n => format!("{path} was edited by hand: {n} changed statuses are taken over"),
        }
    });
    Ok(Together { recorded: Recorded { identity: said.identity, tasks }, edits, note })
}

/// The statuses of a plan from the history alone. None when the history knows nothing of this plan's tasks.
pub(crate) fn from_history(plan: &Plan, history: &Folded) -> Option<Recorded> {
    let known = |id: &str| history.tasks.get(id);
    if !plan.tasks().any(|task| known(plan.id(task)).is_some()) {
        return None;
    }
    let tasks = plan.tasks().map(|task| {
        let id = plan.id(task).to_owned();
        let standing = known(&id).map_or_else(Standing::default, standing);
        RecordedTask { id, standing }
    });
    Some(Recorded { identity: Vec::new(), tasks: tasks.collect() })
}

/// Whether anything was ever started.
pub(crate) fn has_worked(history: &Folded) -> bool {
    history.tasks.values().any(|task| task.attempt > 0)
}

/// Where the history has a task.
pub(crate) fn standing(record: &TaskRecord) -> Standing {
    Standing {
        status: record.status,
        attempt: record.attempt,
        tries: record.tries,
        reworks: record.reworks,
        review_due: record.review_due,
        since: record.started_at,
        limited_until: match record.outcome {
            Some(Outcome::RateLimited { until }) => until,
            _ => None,
        },
    }
}

/// Forgets the limits of a provider: they are none of another agent's.
pub(crate) fn forget_limits(memory: &mut Memory) {
    if let Memory::Found(recorded) = memory {
        for task in &mut recorded.tasks {
            task.standing.limited_until = None;
        }
    }
}
