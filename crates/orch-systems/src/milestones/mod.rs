//! Milestones (seed 000): a planning document that stays true, dispatched by a person or run by agents.
//!
//! - [`load`] reads the document into a plan; [`names`] says what its files, branches and work trees are called.
//! - [`folder`] is the session's folder, `.orchestrator/`; [`ignored`] keeps it out of git.
//! - [`threshold`] lets one document at a time begin a session; [`registry`] is the list of a project's sessions.
//! - [`memory`] puts together what was written down; [`keeper`] keeps the document and `state.json` true.
//! - [`tell`] says what a worker is told; [`handoff`] finds what it hands back; [`account`] says what that means for the
//!   document, and [`alerts`] what a person has to look at.
//! - [`judge`] says what the end of an attempt means; [`landing`] brings its branch, in the work tree that was
//!   [`assigned`] to it, into the one it was cut from.
//! - [`dispatch`], [`collect`] and [`hand`] are a person's side, and [`gates`] what waits for their approval;
//!   [`dashboard`] is what they look at.
//! - [`compose`] writes a new document.
//! - [`system`] hands all that to the rooms that every system shares.

mod account;
mod alerts;
mod assigned;
mod collect;
mod compose;
mod dashboard;
mod dispatch;
mod document;
mod folder;
mod gates;
mod hand;
mod handoff;
mod ignored;
mod judge;
mod keeper;
mod load;
mod memory;
mod missed;
mod names;
mod registry;
mod system;
mod tell;
mod threshold;

pub use collect::{Collected, HandedBack, NotTaken, Taking};
pub use compose::new_document;
pub use dashboard::{Dashboard, DashboardMilestone, DashboardWorker};
pub use dispatch::Dispatched;
pub(crate) use folder::planning_documents_of;
pub use load::MilestonePlan;
pub(crate) use load::{looks_like_one, may_be_one};

// What the types above are made of.
pub use orch_state_json::PromptMode;
