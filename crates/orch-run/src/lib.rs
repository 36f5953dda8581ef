//! The driver: the only loop. Asks the core what may happen, has it recorded, and only then lets it happen.
//!
//! ```text
//! Run::next ─▶ Store::record ─▶ Workers::start … Workers::wait ─▶ Run::apply ─▶ Store::record ─▶ Run::next
//!                    │
//!                    └─▶ Observer::see          terminal · JSON Lines · dashboard
//! ```
//!
//! Four things are plugged in, and none of them decides anything: a [`Store`] that writes down what happened, [`Workers`]
//! that start attempts and say how they ended, a [`Clock`], and [`Observer`]s that show it to somebody. [`drive`] brings
//! them together with an [`orch_core::Run`].
//!
//! The order is the promise: a worker starts only after its RUNNING is recorded, and a dependent starts only after the
//! SUCCESS it needs is recorded, because both wait for the same [`Store::record`] to return. Ends and starts of one
//! wake-up are recorded in one call, so a store pays for durability once for all of them.
//!
//! `examples/simulated.rs` runs a plan made in code with its own workers and store on a simulated clock;
//! `examples/watch_events.rs` watches the events of a run.

mod clock;
mod driver;
mod happening;
mod ports;

pub use clock::{Clock, SystemClock};
pub use driver::{DriveError, Driven, Settled, drive};
pub use happening::{Happening, What, WorkerIdentity};
pub use ports::{CouldNotStart, Failure, Notice, Observer, Request, Started, Store, Workers};
