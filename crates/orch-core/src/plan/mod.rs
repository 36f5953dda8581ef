//! The plan: read by an adapter, checked once, then immutable.
mod draft;

pub use draft::{PlanDraft, Reference, TaskDraft};
