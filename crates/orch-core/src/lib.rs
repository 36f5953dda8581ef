//! The rules of running a plan.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod diagnostic;
mod plan;
mod status;
mod time;

pub use diagnostic::{Diagnostic, Position, Severity};
pub use plan::{PlanDraft, Reference, TaskDraft};
pub use status::{Move, Outcome, Refused, Status, UnknownStatus};
pub use time::Time;
