//! Planning documents (seed 000): a tracker table of milestones, a section for each, a progress log.
//!
//! No two agents write them alike. What can be read for certain is read, wherever and however it is written; what can't
//! is a finding with its line, never a guess. Nothing here writes a document anew: an [`Edit`] changes the few bytes it
//! means and leaves every other as it was.

mod id;
mod model;
#[allow(dead_code, reason = "the reader of planning documents calls it")]
mod needs;

pub use id::{milestone_id, milestone_ids};
pub use model::{
    BoxMark, Dependency, Gate, GateKind, Group, LogEntry, Milestone, Notation, Planning, Reading,
    Recommended, Row, Section, TaskBox, Tracked,
};
