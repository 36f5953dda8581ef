//! Waves (seed 004): a plan kept in the commits of a branch `plan/session-…`, a branch and a work tree a task, tasks ready when
//! what they require is provided by merged work.
//!
//! - [`load`] makes a plan of the newest version on its branch; [`memory`] puts together what was written down, and
//!   [`keeper`] writes the next version after each wave.
//! - [`workplace`] is where a task's worker works, [`tell`] what it is told, [`judge`] what its end means by what it said in its
//!   commits; [`merge`] brings its branch into `flow`, which nobody else does; [`flow`]
//!   knows whether somebody moved that back meanwhile.
//! - [`generate`] makes a plan of a wish: an agent plans, or a [`request`] is written by hand. What is there afterwards is
//!   [looked] at: can it be carried out, and are its tasks of the right [grain](granularity)? [`proxy`] is the agent that
//!   answers in the person's place whether it is to be.
//! - [`replan`] changes a plan, also one that is being run; [`sessions`] lists them; [`report`] is the seed's final report.
//! - [`system`] hands all that to the rooms that every system shares, [`refused`] what the repository refuses.

mod flow;
mod generate;
mod granularity;
mod judge;
mod keeper;
mod load;
mod looked;
mod memory;
mod merge;
mod place;
mod proxy;
mod refused;
mod replan;
mod report;
mod request;
mod sessions;
mod system;
mod tell;
mod workplace;

pub use generate::{Confirm, WaveGeneration, makes_waves};
pub use load::WavePlan;
pub use looked::{MadeWaves, PlannedWaves, WaveTaskLine};
pub use proxy::Decision;
pub use replan::PlanToChange;
pub use sessions::{SessionSummary, sessions};

pub(crate) use sessions::{find, found_in, is_like_a_plan};
