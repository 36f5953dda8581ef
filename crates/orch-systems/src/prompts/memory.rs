//! What was written down about a plan: the state file, which a person owns, and the history, which orch owns.
//!
//! The history is the truth of what orch did; the state file is what a person reads and edits. Where both speak of a
//! task, the history wins as long as the state file is as orch left it, and the person wins where they changed it.

use std::io;

use orch_core::{Memory, Outcome, Recorded, RecordedTask, Standing, Status, TaskIx};
use orch_state_md::state::{Mark, StateFile};
use orch_store::{Folded, Home, TaskRecord, read_at, read_regular};

use super::PromptPlan;
use crate::OpenError;

/// The most that is read of a state file.
const LARGEST: u64 = 1 << 30;

/// What is remembered of a plan, put together.
#[derive(Debug)]
pub(crate) struct Remembered {
    pub(crate) memory: Memory,
    /// The state file as it was found, when it can be read.
    pub(crate) state: Option<StateFile>,
    /// What the history adds up to.
    pub(crate) history: Folded,
    /// Statuses that a person changed in the state file: task, what orch remembered, what they wrote.
    pub(crate) edits: Vec<(String, Status, Status)>,
    /// What a person should be told.
    pub(crate) notes: Vec<String>,
}

/// Puts together what is remembered, from the bytes of the state file and the history.
pub(crate) fn remember(
    plan: &PromptPlan,
    history: Folded,
    home: Option<&Home>,
    strict: bool,
) -> Result<Remembered, OpenError> {
    let state_path = plan.state_path();
    let bytes = match read_regular(&state_path, LARGEST) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(OpenError::Read { path: state_path, source }),
    };
    let nothing =
        Remembered { memory: Memory::Nothing, state: None, edits: Vec::new(), notes: Vec::new(), history };
    let Some(bytes) = bytes else {
        let worked = nothing.history.tasks.values().any(|task| task.attempt > 0);
        let note = worked.then(|| format!("{} is gone: everything starts anew", state_path.display()));
        return Ok(Remembered { notes: note.into_iter().collect(), ..nothing });
    };
    let state = match StateFile::read(&bytes) {
        Ok(state) => state,
        Err(unreadable) => {
            let at = unreadable.diagnostic.at.map(|at| format!(":{at}")).unwrap_or_default();
            let why = format!("{}{at}: {}", state_path.display(), unreadable.diagnostic.message);
            if unreadable.diagnostic.code == "state.newer" {
                return Err(OpenError::Environment {
                    message: format!("{} was written by a newer orch", state_path.display()),
                    hint: "update orch; the file was left as it is".into(),
                });
            }
            return Ok(match from_history(plan, &nothing.history).filter(|_| !strict) {
                Some(recorded) => Remembered {
                    memory: Memory::Found(recorded),
                    notes: vec![format!("{why}; all it said is known from the history")],
                    ..nothing
                },
                None => Remembered { memory: Memory::Unreadable(why), ..nothing },
            });
        }
    };
    if !strict
        && let Some(why) = damage(plan, &state, &nothing.history)
        && let Some(recorded) = from_history(plan, &nothing.history)
    {
        let path = state_path.display();
        return Ok(Remembered {
            memory: Memory::Found(recorded),
            notes: vec![format!("{path}: {why}; all it said is known from the history")],
            ..nothing
        });
    }
    let base = match (state.mark(), home) {
        (Mark::Intact { history, seq }, _) if history == nothing.history.history => {
            if seq > nothing.history.seq { None } else { Some(Base::AsLeft) }
        }
        (Mark::Edited { history, seq }, Some(home)) if history == nothing.history.history => {
            read_at(&home.history(), seq)?.map(|folded| Base::Edited(Box::new(folded)))
        }
        _ => None,
    };
    Ok(together(plan, state, nothing, base))
}

/// Whether a state file that can be read has lost something that orch wrote: its last line, the mark, is gone together
/// with rows of the table, or a single row names no prompt of the plan any more. (A list that was changed on purpose
/// differs from the plan while the mark is intact.)
fn damage(plan: &PromptPlan, state: &StateFile, history: &Folded) -> Option<&'static str> {
    if !history.tasks.values().any(|task| task.attempt > 0) {
        return None;
    }
    let strange = |row: usize| {
        let id = state.row(row).map(|row| task_id(plan, &row.prompt_path)).unwrap_or_default();
        row >= plan.plan.len() || plan.plan.id(TaskIx::new(row)) != id
    };
    match state.mark() {
        Mark::Absent if state.len() < plan.plan.len() && !(0..state.len()).any(strange) => {
            Some("its end is missing")
        }
        Mark::Edited { .. } | Mark::Garbled if state.len() == plan.plan.len() => {
            let strange: Vec<usize> = (0..state.len()).filter(|&row| strange(row)).collect();
            match strange[..] {
                [row] if history.tasks.contains_key(plan.plan.id(TaskIx::new(row))) => {
                    Some("a row names a prompt that is not in the plan")
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// What the state file was when orch left it, so that a person's edits can be told.
enum Base {
    /// As it is.
    AsLeft,
    /// As the history was then.
    Edited(Box<Folded>),
}

fn together(plan: &PromptPlan, state: StateFile, nothing: Remembered, base: Option<Base>) -> Remembered {
    let by_orch = !matches!(state.mark(), Mark::Absent | Mark::Garbled);
    let said = state.state();
    let mut edits = Vec::new();
    let tasks = said
        .rows
        .iter()
        .map(|row| {
            let id = task_id(plan, &row.prompt_path);
            let known = nothing.history.tasks.get(&id);
            let now = known.map_or(Status::Pending, |record| record.status);
            let person_wins = match &base {
                Some(Base::AsLeft) => false,
                Some(Base::Edited(then)) => {
                    row.status != then.tasks.get(&id).map_or(Status::Pending, |record| record.status)
                }
                None => row.status != now,
            };
            // A row that the history says nothing of was there before the history began.
            let status = if person_wins || known.is_none() { row.status } else { now };
            if person_wins && status != now && known.is_some() {
                edits.push((id.clone(), now, status));
            }
            let edited = person_wins || known.is_none();
            let attempt = nothing.history.last_attempt(&id);
            let standing = match known.filter(|_| !edited) {
                Some(record) => Standing { status, attempt, ..standing(record) },
                None => Standing { status, attempt, ..Standing::default() },
            };
            RecordedTask { id, standing }
        })
        .collect();
    // Lines that a variant of the format lacks are not compared; orch itself leaves them out only when there is
    // nothing to say.
    let identity = [("PRD Path", said.prd_path), ("Requirements Inventory", said.requirements_inventory)];
    let identity = identity.into_iter().filter_map(|(name, value)| {
        value.or_else(|| by_orch.then(String::new)).map(|value| (name.to_owned(), value))
    });
    let mut notes = Vec::new();
    if matches!(state.mark(), Mark::Edited { .. } | Mark::Garbled) {
        let path = plan.state_path();
        notes.push(match edits.len() {
            0 => format!("{} was edited by hand; no status differs", path.display()),
            n => format!("{} was edited by hand: {n} {}", path.display(), statuses_taken(n)),
        });
    }
    let recorded = Recorded { identity: identity.collect(), tasks };
    Remembered { memory: Memory::Found(recorded), state: Some(state), edits, notes, ..nothing }
}

fn statuses_taken(count: usize) -> &'static str {
    if count == 1 { "changed status is taken over" } else { "changed statuses are taken over" }
}

/// Where the history has a task.
fn standing(record: &TaskRecord) -> Standing {
    Standing {
        status: record.status,
        attempt: record.attempt,
        tries: record.tries,
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

/// The statuses of a plan from the history alone. None when the history knows nothing of this plan's tasks.
fn from_history(plan: &PromptPlan, history: &Folded) -> Option<Recorded> {
    let known = |id: &str| history.tasks.get(id);
    if !plan.plan.tasks().any(|task| known(plan.plan.id(task)).is_some()) {
        return None;
    }
    let tasks = plan.plan.tasks().map(|task| {
        let id = plan.plan.id(task).to_owned();
        let standing = known(&id).map_or_else(Standing::default, standing);
        RecordedTask { id, standing }
    });
    Some(Recorded { identity: Vec::new(), tasks: tasks.collect() })
}

/// The id of the task whose prompt a state file calls `path`, absolute in the oldest variant of the format.
fn task_id(plan: &PromptPlan, path: &str) -> String {
    let folder = plan.folder.to_string_lossy();
    let relative = path.strip_prefix(&*folder).map_or(path, |rest| rest.trim_start_matches('/'));
    let relative = relative.strip_prefix("./").unwrap_or(relative);
    plan.plan.find(relative).map_or_else(|| relative.to_owned(), |task| plan.plan.id(task).to_owned())
}
