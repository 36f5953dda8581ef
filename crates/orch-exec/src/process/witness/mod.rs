//! The witness: one small process for a whole run, that knows how each of its workers has ended even if orch does not.
//!
//! A worker that is to leave a receipt needs somebody who outlives orch and learns of its end. That can be a shell in front
//! of each worker ([`receipt`](super::receipt)), which costs a second program and a file for every attempt. A witness does
//! it for all of them. It starts nothing and asks nothing, and as long as orch is there it sleeps:
//!
//! - a worker is orch's own child. Before it becomes its program it puts a hold on itself (its pidfd) and the path of its
//!   receipt into a socket that the witness has the other end of. So there is no worker, however short its life, that the
//!   witness does not have, or will have when it next looks;
//! - now and then orch says which ends are written down, and the witness looks into the socket and lets go of those;
//! - when orch goes away, the witness takes what is left in the socket, which ends when the last worker has become its
//!   program. A hold says how its process has ended, whoever collected that. It writes a receipt for each end that orch has
//!   not said to be written down, promises one for each worker that lives (the file is there and locked), and only then
//!   lets go of what it [holds](Witnessing::holds) for orch. With the last worker it goes itself.
//!
//! So whoever finds a worker dead and has orch's lock has its receipt as well, or waits for it ([`receipt::read`]).
//!
//! A witness that is killed takes nothing with it: orch sees that it has gone, writes the receipts that nobody else would, and
//! hands its workers to another one.
//!
//! It takes Linux 6.15, where a pidfd says how a process has ended that others have collected. Elsewhere, and where the
//! program that is said to be a witness is none, there is the shell instead.

mod client;
mod engaged;
mod serve;
mod wire;
mod workers;

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::Processes;

pub(super) use engaged::Engaged;
pub use serve::witness;
pub(super) use workers::Beginning;

/// How long each side waits for the other to do what takes it far less than a millisecond, unless it is stopped.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// One that is gone sooner than this is of no use, and so many of those in a row are enough.
const SHORT: Duration = Duration::from_secs(1);
const MOST_SHORT: u32 = 5;

/// How a run gets its witness; see [`Processes::with_witness`].
#[derive(Debug)]
pub struct Witnessing {
    /// The program and the arguments that call [`witness`].
    pub words: Vec<OsString>,
    /// What nobody else has as long as the run goes on, such as its lock. The witness has it as well, and closes it when
    /// it knows that the run is over and every end before that is written down.
    pub holds: OwnedFd,
}

impl Processes {
    /// The same, with a witness for the workers that are to leave a receipt. It is started with the first of them. Where
    /// there can't be one, each of them has a shell in front of it.
    #[must_use]
    pub fn with_witness(mut self, witnessing: Witnessing) -> Self {
        self.engaged.how = Some(witnessing);
        self
    }
}
