//! Waves (seed 004): a plan kept in the commits of a branch `plan/session-…`, a branch and a work tree a task, tasks ready when
//! what they require is provided by merged work.
//!
//! - [`load`] makes a plan of the newest version on its branch; [`memory`] puts together what was written down, and
//!   [`keeper`] writes the next version after each wave.
//! - [`workplace`] is where a task's worker works, [`tell`] what it is told, [`judge`] what its end means by what it said in its
//!   commits; [`merge`] brings its branch into `flow`, which nobody else does.
//! - [`replan`] changes a plan, also one that is being run; [`sessions`] lists them; [`report`] is the seed's final report.
//! - [`system`] hands all that to the rooms that every system shares.

mod judge;
mod keeper;
mod load;
mod memory;
mod merge;
mod refused;
mod replan;
mod report;
mod sessions;
mod system;
mod tell;
mod workplace;

pub use load::WavePlan;
pub use replan::PlanToChange;
pub use sessions::{SessionSummary, sessions};

pub(crate) use sessions::{find, found_in, is_like_a_plan};
