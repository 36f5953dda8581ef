//! The rules of running a plan: what may start, what an end means, how to go on after a crash.
//!
//! A plan is a graph of tasks; a task is one piece of work for one worker; a worker is any program, or a person. This
//! crate decides and never acts: it opens no file, asks no clock, starts no thread. Time comes in as an argument, and
//! the compiler holds that line (`no_std`).
//!
//! # Reading order
//!
//! 1. [`PlanDraft`] is a plan as an adapter read it: names, not yet resolved. [`Plan::build`] says everything that is
//!    wrong with it in one pass ([`Problem`]), or gives a [`Plan`], which never changes. A program that makes its graph
//!    itself takes the short way: [`Plan::numbered`], [`Plan::named`].
//! 2. [`Status`] is where a task stands, and [`Status::after`] is the one table that says which status may follow
//!    which. [`Outcome`] is how one attempt ended; the two are kept apart, because an attempt may be lost or rate
//!    limited while its task is simply pending again.
//! 3. [`Policy`] is everything about a run that is a choice: how many at once, list order or graph order, what a
//!    failure means for the rest, retries, time limits.
//! 4. [`Run`] is a plan under way. [`Run::next`] says what to do, [`Run::apply`] takes note of what happened and says
//!    what has to be written down ([`Change`]).
//! 5. [`resume()`] makes a `Run` from a plan and what was written down before a crash.
//! 6. [`Run::survey`] says of each task whether it may start and if not, why not ([`Readiness`]): read from the same
//!    data that decides.
//!
//! # The way of the data
//!
//! ```text
//! draft ─build─▶ Plan ─resume(recorded)─▶ Run ─next─▶ Start ─apply(Started)─▶ record ─▶ worker ─▶ apply(Ended) ─▶ record ─▶ next
//! ```
//!
//! # What is promised
//!
//! - A task starts only when all it depends on is done, what it awaits from outside holds, its claims are free and a slot
//!   is free.
//! - Ties go to plan order, the order of the file; work that was sent back to its worker goes before new work. Same plan, same state, same events: same decisions, in the same
//!   order. No decision depends on the order of a hash table.
//! - One step costs the same however large the plan: what is in a task's way is counted down by each event, never
//!   searched for. A whole run takes time in proportion to its tasks and dependencies.
//!
//! # What is not here, and why
//!
//! No execution, no storage, no parsing: those are adapters (`orch-exec`, `orch-store`, `orch-state-md`) around the
//! driver (`orch-run`). No numbers from petgraph's own graphs: its algorithms run on [`Graph`] as it stands, see
//! [`graph`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod diagnostic;
pub mod graph;
mod plan;
mod policy;
mod ready;
mod resume;
mod run;
mod status;
mod time;

pub use diagnostic::{Diagnostic, Position, Severity};
pub use graph::{Graph, TaskIx};
pub use plan::{Plan, PlanDraft, Problem, Problems, Reference, TaskDraft};
pub use policy::{Backoff, OnFailure, OnIncomplete, Order, Policy, RateLimits};
pub use resume::{
    Beginning, Evidence, Memory, Recorded, RecordedTask, ResumeRules, Resumed, WhyAnew, resume,
};
pub use run::{
    Active, Change, Event, Halt, Hold, Moved, NotTakenOver, Phase, Readiness, Rejected, ReviewVerdict, Run,
    Standing, Step, StopCause, Survey, TakenOver, Verdict,
};
pub use status::{Move, Outcome, Refused, Status, UnknownStatus};
pub use time::Time;
