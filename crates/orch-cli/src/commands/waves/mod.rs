//! What the commands do with waves (seed 004).

mod generate;

pub(super) use generate::generate;
