//! The keeper: one small process for a whole run that starts its workers, and sees them end even if orch does not. A run
//! that starts very many has two ([`crew`]).
//!
//! A worker that is to leave a receipt needs somebody who outlives orch and is there when it ends. That can be a shell
//! in front of each worker ([`receipt`](super::receipt)), which costs a second program and a file for every attempt.
//! A keeper does it for all of them, and writes nothing as long as orch is there to do so:
//!
//! - orch tells it over a socket what to start; it starts just that, in a process group of its own, and says who it is at
//!   once, in a pipe that orch reads when it is awake anyway: so the end of a worker that is soon over wakes orch once;
//! - when a worker has ended it tells orch, and leaves the dead process its number until orch has written down how it
//!   ended ([`Processes::recorded`]);
//! - when orch goes away without having done so, the keeper writes a receipt for each such end and for those that
//!   come, and only then lets go of the process; with the last of them it goes itself.
//!
//! So the process number of a worker exists, be it of a dead process, until its end is either recorded or in a receipt.
//! An orch that comes later and finds a dead child of a keeper knows that the receipt is about to be there
//! ([`await_receipts`]). It can't come too early to find a worker that is just being started, since the keeper holds
//! orch's lock until it has noticed that orch is gone ([`Keeping::holds`]).
//!
//! A keeper that is killed leaves its children to orch, which adopts orphans; orch writes their receipts itself, has
//! another keeper start what this one was told to and did not, and goes on. Where orphans can't be adopted, there is the shell instead.

mod client;
mod crew;
mod serve;
mod wire;
mod workers;

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::Processes;
use crate::platform::{self, Process};

pub(super) use client::{Keeper, Number};
pub(super) use crew::Keepers;
pub use serve::keep;
pub(super) use workers::Unrecorded;

/// The environment variable by which a keeper is known, and whose it is.
const KEEPER: &str = "ORCH_KEEPER";

/// How long a keeper that lives may take to write down what it has seen. It takes far less than a millisecond, unless
/// it is stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a run gets its keeper; see [`Processes::with_keeper`].
#[derive(Debug)]
pub struct Keeping {
    /// The program and the arguments that call [`keep`].
    pub words: Vec<OsString>,
    /// Whose keeper it is, in one word: the same for all runs of a plan, and for no other plan.
    pub name: String,
    /// So many workers one keeper starts alone before it is given a second one beside it, once it is busy: see
    /// [`ONE_IS_ENOUGH_FOR`](Self::ONE_IS_ENOUGH_FOR).
    pub second_after: u64,
    /// What nobody else has as long as the run goes on, such as its lock. The keeper has it as well, and closes it when
    /// it knows that the run is over and every end before that is written down.
    pub holds: OwnedFd,
}

impl Keeping {
    /// So many workers a run starts with one keeper: a plan of a hundred tasks does not notice the half millisecond that a
    /// start takes, and is not to have another process for it.
    pub const ONE_IS_ENOUGH_FOR: u64 = 100;
}

/// Waits until the keepers of that name have written down the ends that they have seen, and until all that they have
/// started are the programs that they are to be. To be called by whoever holds what they held: before it is asked which
/// workers live, and again before the receipts of the others are read.
///
/// Returns false when one takes too long over it: then nobody can say what became of its workers.
#[must_use]
pub fn await_receipts(name: &str) -> bool {
    let until = Instant::now() + PATIENCE;
    while is_unsettled(name) {
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Whether a child of such a keeper is dead, or so near to its end that it has no memory any more, or still a copy of its
/// keeper: the system lets the keeper go on an instant before its child has a memory of its own.
fn is_unsettled(name: &str) -> bool {
    let all = platform::processes();
    let pids: Vec<u32> = all.iter().map(|process| process.pid).collect();
    let mut marks = platform::marks_of(&pids, KEEPER);
    marks.retain(|_, mark| mark.value() == Some(name.as_bytes()));
    let children = all.iter().filter(|process| marks.contains_key(&process.parent));
    children.into_iter().any(|child| child.zombie || child.image == 0 || marks.contains_key(&child.pid))
}

/// Waits until a dead process is let go of, if its parent is a keeper.
pub(super) fn await_receipt(pid: u32, start: u64) {
    let until = Instant::now() + PATIENCE;
    let is_there = |process: &Process| process.start == start && process.zombie && is_kept(process);
    while platform::process(pid).as_ref().is_some_and(is_there) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether a process is the child of a keeper.
pub(super) fn is_kept(process: &Process) -> bool {
    let marks = platform::marks_of(&[process.parent], KEEPER);
    marks.get(&process.parent).and_then(platform::Mark::value).is_some()
}

/// How a process ended, as a receipt says it: a signal as 128 and its number.
pub(super) fn code(exit: Option<i32>, signal: Option<i32>) -> Option<u8> {
    match (exit, signal) {
        (Some(code), _) => u8::try_from(code).ok(),
        (None, Some(signal)) => u8::try_from(128 + signal).ok(),
        (None, None) => None,
    }
}

impl Processes {
    /// The same, with a keeper for the workers that are to leave a receipt. It is started with the first of them. It
    /// needs orphans to be adopted; where they are not, this changes nothing.
    #[must_use]
    pub fn with_keeper(mut self, keeping: Keeping) -> Self {
        self.keepers = Keepers::by(self.orphans.is_some().then_some(keeping));
        self
    }
}
