//! Planning documents (seed 000): a tracker table of milestones, a section for each, a progress log.
//!
//! No two agents write them alike. What can be read for certain is read, wherever and however it is written; what can't
//! is a finding with its line, never a guess. Nothing here writes a document anew: an [`Edit`] changes the few bytes it
//! means and leaves every other as it was.

mod boxes;
mod cells;
mod compose;
mod duration;
mod edit;
mod id;
mod log;
mod matching;
mod model;
mod needs;
mod outline;
mod paths;
mod plain;
mod read;
mod recommended;
mod rows;
mod section_status;
mod sections;
mod status;
mod status_style;
mod status_words;
mod tracker;

pub use compose::{NewMilestone, NewPlan, compose};
pub use edit::{Edit, EditError, Edited, LeftOut, apply};
pub use id::{milestone_id, milestone_ids};
pub use matching::{Match, Matched, match_boxes};
pub use model::{
    BoxMark, Dependency, Gate, GateKind, Group, LogEntry, Milestone, Notation, Planning, Reading,
    Recommended, Row, Section, SectionStatus, TaskBox, Tracked,
};
pub use read::{is_planning_document, read};
