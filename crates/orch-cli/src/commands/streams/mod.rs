//! What the commands show of streams (seed 001).

mod dashboard;
mod lines;

pub(super) use dashboard::{Streams, write as write_dashboard};
pub(super) use lines::lines;
