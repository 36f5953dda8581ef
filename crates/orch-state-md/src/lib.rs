//! Markdown that a person owns: the prompt index, its state file, reports. Text in, text out; no files.

pub mod index;
pub mod planning;
pub mod report;
pub mod requirements;
pub mod runbook;
pub mod state;
pub mod summary;
mod text;
pub mod worker_summary;
