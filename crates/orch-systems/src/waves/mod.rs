//! Waves (seed 004): plans and tasks that are kept in the branches of a repository, as commit messages.
//!
//! - [`generate`] makes a plan of a wish: an agent plans, or a [`request`] is written by hand. What is there afterwards is
//!   [looked] at: can it be carried out, and are its tasks of the right [grain](granularity)?
//! - [`proxy`] is the agent that answers in the person's place whether the plan is to be carried out.

mod generate;
mod granularity;
mod looked;
mod place;
mod proxy;
mod request;

pub use generate::{Confirm, WaveGeneration, makes_waves};
pub use looked::{MadeWaves, PlannedWaves, WaveTaskLine};
pub use proxy::Decision;
