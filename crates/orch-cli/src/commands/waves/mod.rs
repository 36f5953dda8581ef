//! What the commands do with waves alone (seed 004).

mod generate;
mod plan;
mod sessions;

pub(super) use generate::generate;
pub(super) use plan::run as plan;
pub(super) use sessions::run as sessions;
