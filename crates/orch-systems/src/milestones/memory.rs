//! What was written down about a planning document: its tracker, which a person owns as well, the state of its session,
//! and the history.
//!
//! The tracker says where every milestone stands; the session's state says which history that belongs to and how orch
//! left each row, so that a row which a person has changed is told from one that they have not.

use std::collections::HashMap;

use orch_core::{Memory, Recorded, RecordedTask, Standing, Status};
use orch_store::{Folded, Home};

use super::MilestonePlan;
use super::folder::{Found, SessionFolder};
use super::keeper::MilestoneKeeper;
use crate::OpenError;
use crate::memory::{Mark, Said, together};
use crate::system::Remembered;

/// Puts together what is remembered.
pub(super) fn remember(
    plan: &MilestonePlan,
    history: Folded,
    home: Option<&Home>,
) -> Result<(Remembered, MilestoneKeeper), OpenError> {
    let (folder, found) = SessionFolder::of(plan);
    let tasks: Vec<(String, Status)> = statuses(plan);
    let mut notes = Vec::new();
    let mark = match &found {
        Found::State(state) => match state.orch.history {
            None => Mark::Absent,
            Some(history) => {
                let seq = state.orch.seq;
                let left: HashMap<&str, Status> =
                    state.orch.left.iter().map(|(id, status)| (id.as_str(), *status)).collect();
                let is_as_left = |(id, status): &(String, Status)| match left.get(id.as_str()) {
                    Some(left) => left == status,
                    // A new row is nobody's edit.
                    None => *status == Status::Pending,
                };
                match tasks.iter().all(is_as_left) {
                    true => Mark::Intact { history, seq },
                    false => Mark::Edited { history, seq },
                }
            }
        },
        Found::Nothing => Mark::Absent,
        Found::Unreadable(why) => {
            notes.push(format!("{why}; where the milestones stand is known from the document"));
            Mark::Absent
        }
        Found::Refused { message, hint } => {
            notes.push(format!("{message}: {hint}"));
            Mark::Absent
        }
    };
    let together = together(Said { path: &plan.path, mark, tasks, identity: Vec::new() }, &history, home)?;
    // A write that was cut off looks like an edit that changed nothing.
    notes.extend(together.note.filter(|_| !together.edits.is_empty()));
    let keeper = MilestoneKeeper::new(plan, folder, found, home, &history);
    let memory = Memory::Found(together.recorded);
    Ok((Remembered { memory, history, edits: together.edits, restarted: None, notes }, keeper))
}

/// Where the milestones stand by the document as it was loaded.
pub(super) fn statuses(plan: &MilestonePlan) -> Vec<(String, Status)> {
    let row =
        |milestone: &orch_state_md::planning::Milestone| (milestone.id.clone(), milestone.row.tracked.status);
    plan.planning.milestones.iter().map(row).collect()
}

/// What a fresh session goes on from: what the document says. The session's workers are forgotten, so that nobody is at
/// work on what is in progress.
pub(super) fn fresh(plan: &MilestonePlan, history: &Folded) -> Memory {
    let task = |(id, status): (String, Status)| {
        let status = if status == Status::Running { Status::Pending } else { status };
        let standing = Standing { status, attempt: history.last_attempt(&id), ..Standing::default() };
        RecordedTask { id, standing }
    };
    let tasks = statuses(plan).into_iter().map(task).collect();
    Memory::Found(Recorded { identity: Vec::new(), tasks })
}
