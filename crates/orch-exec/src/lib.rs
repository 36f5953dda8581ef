//! Runs one attempt of a task as a process and reports how it ended. Knows nothing of plans.
//!
//! - [`process`] starts programs, watches any number of them from one thread, stops them with everything they
//!   started, and finds the ones that outlived an earlier run.
//! - [`tmux`] runs them in tmux sessions, where people can watch them.
//! - [`agent`] describes the coding agents: how each is called and how its result is read.
//!
//! A worker writes straight into its log file and, where a receipt is asked for, its exit code is left in a file when this
//! process is not there to learn of it ([`process::Witnessing`]). Neither passes through this process, so a worker outlives
//! it unharmed and is picked up again later.

pub mod agent;
mod platform;
pub mod process;
pub mod tmux;
