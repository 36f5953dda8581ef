//! Runs one attempt as a process and reports how it ended. Knows nothing of plans.

pub mod agent;
mod platform;
mod process;
