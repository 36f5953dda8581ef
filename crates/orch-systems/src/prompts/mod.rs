//! Prompts (seed 002): a Markdown index of prompt files, worked through one by one, with the state in a Markdown file
//! beside it.
//!
//! - [`load`] reads the index and makes a plan of it.
//! - [`memory`] puts together what was written down: the state file, which a person owns, and the history.
//! - [`store`] writes down what happens: the history first, then the state file.
//! - [`tell`] says what a worker is told, and how it is started.
//! - [`judge`] says what an ended attempt means.
//! - [`review`] is the gate after each prompt, [`validate`] the one after all.

pub(crate) mod judge;
mod load;
pub(crate) mod memory;
pub(crate) mod review;
pub(crate) mod store;
pub(crate) mod tell;
pub(crate) mod validate;

pub(crate) use load::INDEX;
pub use load::PromptPlan;
pub use tell::{TellError, Told};
