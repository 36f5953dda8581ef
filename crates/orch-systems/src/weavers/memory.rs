//! What was written down about a plan of weavers: `run/state.json`, put together with the history.

use std::io;

use orch_core::Memory;
use orch_state_json::{Mark as Written, RunState};
use orch_store::{Folded, Home, read_regular};

use super::WeaverPlan;
use super::keeper::WeaverKeeper;
use crate::OpenError;
use crate::memory::{Mark, Said, from_history, has_worked, together};
use crate::system::Remembered;

/// Puts together what is remembered, from the state file and the history.
pub(super) fn remember(
    plan: &WeaverPlan,
    history: Folded,
    home: Option<&Home>,
    strict: bool,
) -> Result<(Remembered, WeaverKeeper), OpenError> {
    let path = plan.run_folder().join("state.json");
    let bytes = match read_regular(&path, RunState::LARGEST as u64 + 1) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(OpenError::Read { path, source }),
    };
    let only = |history: Folded, memory, notes| {
        let keeper = WeaverKeeper::new(plan, home, None, &history);
        let remembered = Remembered { memory, history, edits: Vec::new(), restarted: None, notes };
        Ok((remembered, keeper))
    };
    let Some(bytes) = bytes else {
        let gone = || format!("{} is gone: everything starts anew", path.display());
        let notes = has_worked(&history).then(gone).into_iter().collect();
        return only(history, Memory::Nothing, notes);
    };
    let state = match RunState::read(&bytes) {
        Ok(state) => state,
        Err(unreadable) if unreadable.diagnostic.code == "state_json.newer" => {
            return Err(OpenError::Environment {
                message: format!("{} was written by a newer orch", path.display()),
                hint: "update orch; the file was left as it is".into(),
            });
        }
        Err(unreadable) => {
            let at = unreadable.diagnostic.at.map(|at| format!(":{at}")).unwrap_or_default();
            let why = format!("{}{at}: {unreadable}", path.display());
            return match from_history(&plan.plan, &history).filter(|_| !strict) {
                Some(recorded) => {
                    let note = format!("{why}; all it said is known from the history");
                    only(history, Memory::Found(recorded), vec![note])
                }
                None => only(history, Memory::Unreadable(why), Vec::new()),
            };
        }
    };
    let status = |(id, weaver): &(String, orch_state_json::Weaver)| (id.clone(), weaver.status.core());
    let mut tasks: Vec<(String, orch_core::Status)> = state.weavers.iter().map(status).collect();
    // Weavers that the file leaves out, as the originals do until they start them.
    let left_out = plan.plan.tasks().map(|task| plan.plan.id(task));
    let left_out: Vec<&str> = left_out.filter(|id| state.weaver(id).is_none()).collect();
    tasks.extend(left_out.into_iter().map(|id| {
        let known = history.tasks.get(id).map_or(orch_core::Status::Pending, |record| record.status);
        (id.to_owned(), known)
    }));
    let said = Said {
        path: &path,
        mark: match state.mark() {
            Written::Absent => Mark::Absent,
            Written::Garbled => Mark::Garbled,
            Written::Intact { history, seq } => Mark::Intact { history, seq },
            Written::Edited { history, seq } => Mark::Edited { history, seq },
        },
        tasks,
        identity: Vec::new(),
    };
    let together = together(said, &history, home)?;
    let keeper = WeaverKeeper::new(plan, home, Some(state), &history);
    let remembered = Remembered {
        memory: Memory::Found(together.recorded),
        history,
        edits: together.edits,
        restarted: None,
        notes: together.note.into_iter().collect(),
    };
    Ok((remembered, keeper))
}
