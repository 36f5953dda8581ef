//! Prompts (seed 002): a Markdown index of prompt files, worked through one by one, with the state in a Markdown file
//! beside it.
//!
//! - [`load`] reads the index and makes a plan of it.
//! - [`memory`] puts together what was written down: the state file, which a person owns, and the history.
//! - [`keeper`] keeps the state file.
//! - [`tell`] says what a worker is told, and how it is started.
//! - [`judge`] says what an ended attempt means.
//! - [`validate`] is the gate after all prompts. (The one after each is shared by all systems: `reviewer`.)
//! - [`system`] hands all that to the rooms that every system shares.

mod judge;
mod keeper;
mod load;
mod memory;
mod system;
mod tell;
mod validate;

pub use load::PromptPlan;
pub(crate) use load::{INDEX, state_of};
pub(crate) use memory::read_ahead as read_state;
