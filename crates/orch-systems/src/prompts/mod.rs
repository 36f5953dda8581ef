//! Prompts (seed 002): a Markdown index of prompt files, worked through one by one, with the state in a Markdown file
//! beside it.
//!
//! - [`load`] reads the index and makes a plan of it.
//! - [`memory`] puts together what was written down: the state file, which a person owns, and the history.
//! - [`store`] writes down what happens: the history first, then the state file.
//! - [`tell`] says what a worker is told, and how it is started.
//! - [`judge`] says what an ended attempt means.
//! - [`state`] makes the state file that a run goes on with.
//! - [`validate`] is the gate after all prompts. (The one after each is shared by all systems: `reviewer`.)

pub(crate) mod judge;
mod load;
pub(crate) mod memory;
pub(crate) mod state;
pub(crate) mod store;
pub(crate) mod system;
pub(crate) mod tell;
pub(crate) mod validate;

pub(crate) use load::INDEX;
pub use load::PromptPlan;
