//! What was written down about a plan of prompts: its state file, put together with the history.

use std::io::{self, BufReader};
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use orch_core::{Memory, TaskIx};
use orch_state_md::state::{Mark as Written, StateFile, Unreadable};
use orch_store::{Folded, Home, open_regular, read_regular};

use super::PromptPlan;
use super::keeper::PromptKeeper;
use crate::OpenError;
use crate::memory::{Mark, Said, from_history, has_worked, together};
use crate::system::Remembered;

/// The most that is read of a state file.
const LARGEST: u64 = 1 << 30;

/// How much of it is compared at once.
const CHUNK: usize = 128 << 10;

/// A state file that is being read, for the first who asks for it.
#[derive(Clone, Debug, Default)]
pub(super) struct StateAhead(Arc<Mutex<Option<Receiver<StateFile>>>>);

impl StateAhead {
    pub(super) fn of(state: Option<Receiver<StateFile>>) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn take(&self) -> Option<StateFile> {
        self.0.lock().ok()?.take()?.recv().ok()
    }
}

/// Reads a state file before anybody is sure that it is wanted. None when it can't be read or relied on: whoever needs it
/// will find out why.
pub(crate) fn read_ahead(path: &Path) -> Option<StateFile> {
    read(path).ok()??.ok()
}

/// Whether the state file at `path` is, byte for byte, what was read ahead: whoever has the lock now may not have had it
/// then. Of 100,000 prompts that takes a tenth of the time that reading it does.
fn is_still(ahead: &StateFile, path: &Path) -> io::Result<bool> {
    ahead.is_text_of(BufReader::with_capacity(CHUNK, open_regular(path)?))
}

/// The state file at `path`, if there is one.
fn read(path: &Path) -> io::Result<Option<Result<StateFile, Unreadable>>> {
    match read_regular(path, LARGEST) {
        Ok(bytes) => Ok(Some(StateFile::read_owned(bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts together what is remembered, from the state file and the history.
pub(crate) fn remember(
    plan: &PromptPlan,
    history: Folded,
    home: Option<&Home>,
    strict: bool,
) -> Result<(Remembered, PromptKeeper), OpenError> {
    let state_path = plan.state_path();
    let ahead = plan.state_ahead().filter(|ahead| is_still(ahead, &state_path).unwrap_or(false));
    let state = match ahead.map_or_else(|| read(&state_path), |ahead| Ok(Some(Ok(ahead)))) {
        Ok(state) => state,
        Err(source) => return Err(OpenError::Read { path: state_path, source }),
    };
    let only = |history, memory, notes| {
        let remembered = Remembered { memory, history, edits: Vec::new(), restarted: None, notes };
        Ok((remembered, PromptKeeper::new(plan.clone(), None)))
    };
    let Some(state) = state else {
        let gone = || format!("{} is gone: everything starts anew", state_path.display());
        let notes = has_worked(&history).then(gone).into_iter().collect();
        return only(history, Memory::Nothing, notes);
    };
    let path = state_path.display();
    let known = |why: String| format!("{why}; all it said is known from the history");
    let state = match state {
        Ok(state) => state,
        Err(unreadable) => {
            let at = unreadable.diagnostic.at.map(|at| format!(":{at}")).unwrap_or_default();
            let why = format!("{path}{at}: {}", unreadable.diagnostic.message);
            if unreadable.diagnostic.code == "state.newer" {
                return Err(OpenError::Environment {
                    message: format!("{path} was written by a newer orch"),
                    hint: "update orch; the file was left as it is".into(),
                });
            }
            return match from_history(&plan.plan, &history).filter(|_| !strict) {
                Some(recorded) => only(history, Memory::Found(recorded), vec![known(why)]),
                None => only(history, Memory::Unreadable(why), Vec::new()),
            };
        }
    };
    if !strict
        && let Some(why) = damage(plan, &state, &history)
        && let Some(recorded) = from_history(&plan.plan, &history)
    {
        return only(history, Memory::Found(recorded), vec![known(format!("{path}: {why}"))]);
    }
    let by_orch = !matches!(state.mark(), Written::Absent | Written::Garbled);
    // Lines that a variant of the format lacks are not compared; orch itself leaves them out only when there is
    // nothing to say.
    let identity =
        [("PRD Path", state.prd_path()), ("Requirements Inventory", state.requirements_inventory())];
    let identity = identity.into_iter().filter_map(|(name, value)| {
        value.or_else(|| by_orch.then(String::new)).map(|value| (name.to_owned(), value))
    });
    let said = Said {
        path: &state_path,
        mark: match state.mark() {
            Written::Absent => Mark::Absent,
            Written::Garbled => Mark::Garbled,
            Written::Intact { history, seq } => Mark::Intact { history, seq },
            Written::Edited { history, seq } => Mark::Edited { history, seq },
        },
        tasks: (0..state.len())
            .filter_map(|row| Some((task_id(plan, row, &state.prompt_path(row)?), state.status(row)?)))
            .collect(),
        identity: identity.collect(),
    };
    let together = together(said, &history, home)?;
    let remembered = Remembered {
        memory: Memory::Found(together.recorded),
        history,
        edits: together.edits,
        restarted: None,
        notes: together.note.into_iter().collect(),
    };
    Ok((remembered, PromptKeeper::new(plan.clone(), Some(state))))
}

/// Whether a state file that can be read has lost something that orch wrote: its last line, the mark, is gone together
/// with rows of the table, or a single row names no prompt of the plan any more. (A list that was changed on purpose
/// differs from the plan while the mark is intact.)
fn damage(plan: &PromptPlan, state: &StateFile, history: &Folded) -> Option<&'static str> {
    if !has_worked(history) {
        return None;
    }
    let strange = |row: usize| {
        let id = state.prompt_path(row).map(|path| task_id(plan, row, &path)).unwrap_or_default();
        row >= plan.plan.len() || plan.plan.id(TaskIx::new(row)) != id
    };
    match state.mark() {
        Written::Absent if state.len() < plan.plan.len() && !(0..state.len()).any(strange) => {
            Some("its end is missing")
        }
        Written::Edited { .. } | Written::Garbled if state.len() == plan.plan.len() => {
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

/// The id of the task whose prompt a state file calls `path` in `row`, absolute in the oldest variant of the format.
fn task_id(plan: &PromptPlan, row: usize, path: &str) -> String {
    // As a rule the rows are the list, and nothing has to be looked up.
    if row < plan.plan.len() && plan.prompt_path(TaskIx::new(row)) == path {
        return plan.plan.id(TaskIx::new(row)).to_owned();
    }
    let folder = plan.folder.to_string_lossy();
    let relative = path.strip_prefix(&*folder).map_or(path, |rest| rest.trim_start_matches('/'));
    let relative = relative.strip_prefix("./").unwrap_or(relative);
    plan.plan.find(relative).map_or_else(|| relative.to_owned(), |task| plan.plan.id(task).to_owned())
}
