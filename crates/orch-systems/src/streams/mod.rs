//! Streams (seed 001): the tasks of Task Copilot's database, put together by the `streamId` in their metadata, a worker each.
//!
//! - [`database`] finds the database of a project; [`load`] makes a plan of its streams, [`depends`] says which stream a
//!   dependency means.
//! - [`ledger`] is where the tasks stand now; workers write there, by tools of orch's or of the originals.
//! - [`memory`] puts together what was written down; [`keeper`] keeps what the original tools read, of which [`traces`] are
//!   their logs and process numbers.
//! - [`tell`] says what a worker is told, [`judge`] what its end means. Its branch is merged as soon as its stream is
//!   done, so that what depends on it builds on it.
//! - [`generate`] makes a PRD and tasks of a wish: the [planner](crate::planner) is an agent, a [`request`] is written by
//!   hand, and [`earlier`] is what was there before.
//! - [`system`] hands all that to the rooms that every system shares.

mod dashboard;
mod database;
mod depends;
mod earlier;
mod generate;
mod judge;
mod keeper;
mod ledger;
mod load;
mod memory;
mod names;
mod note;
mod request;
mod system;
mod tell;
mod traces;

pub use dashboard::{StreamDashboard, StreamRow, StreamTally, StreamWorker};
pub use database::task_database;
pub use generate::{GenerateOptions, Generated, Generation, Linked, Wish};
pub use load::{InitiativeSummary, PlannedStream, PlannedTask, StreamPlan};

pub(crate) use database::{Database, Surroundings, is_database, project_of};
