//! The witness that a run has, or is to have, and what is to be said to it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use super::Witnessing;
use super::client::{Lost, Witness};
use super::{MOST_SHORT, SHORT};
use crate::platform::{self, Stack};
use crate::process::supervise::Entry;
use crate::process::{Exit, receipt};

/// All that starts with a witness take, but for the workers themselves.
#[derive(Debug)]
pub(in crate::process) struct Engaged {
    /// How there is to be one; none any more once there can't be one.
    pub(super) how: Option<Witnessing>,
    pub(super) witness: Option<Witness>,
    /// Which one it is of all that the run has had.
    pub(super) number: u32,
    /// How many in a row were hardly there.
    short_lived: u32,
    /// How many were started that one was to have.
    pub(super) starts: u64,
    /// Those that no worker begins with.
    pub(super) stacks: Vec<Stack>,
    /// `/dev/null`.
    pub(super) nothing: File,
    /// Ends that were reported and that nobody has said to be written down, by key.
    unrecorded: BTreeMap<u64, Unrecorded>,
}

/// A worker that has ended and whose end is not known to be written down.
#[derive(Debug)]
struct Unrecorded {
    number: u64,
    exit: Exit,
    receipt: PathBuf,
}

impl Engaged {
    /// None, and there is not to be one.
    pub(in crate::process) fn none() -> io::Result<Self> {
        Ok(Self {
            how: None,
            witness: None,
            number: 0,
            short_lived: 0,
            starts: 0,
            stacks: Vec::new(),
            nothing: File::options().read(true).write(true).open("/dev/null")?,
            unrecorded: BTreeMap::new(),
        })
    }

    /// The number of its process.
    pub(in crate::process) fn pid(&self) -> Option<u32> {
        self.witness.as_ref().map(Witness::pid)
    }

    /// Ready, with an error, when it has gone.
    pub(in crate::process) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.witness.as_ref().map(Witness::fd)
    }

    /// Sees to it that there is one, which has all of these workers that are to have one. Says whether there is.
    pub(super) fn engage(&mut self, workers: &BTreeMap<u64, Entry>) -> bool {
        if self.witness.is_none()
            && let Some(how) = &self.how
        {
            self.number += 1;
            let can_be = platform::holds_outlive();
            let started = if can_be { Witness::start(how).ok() } else { None };
            // Before it is there: should this program be killed in this very moment, it finds them.
            let is_one =
                |witness: &mut Witness| hand_over(witness, workers).and_then(|()| witness.await_ready());
            self.witness = started.and_then(|mut witness| match is_one(&mut witness) {
                Ok(()) => Some(witness),
                Err(Lost) => {
                    witness.end();
                    None
                }
            });
            if self.witness.is_none() {
                self.how = None;
            }
        }
        self.witness.is_some()
    }

    /// It has gone: does this program's part for what has ended, and hands all others to another one.
    pub(in crate::process) fn replace(&mut self, workers: &BTreeMap<u64, Entry>) {
        let Some(lost) = self.witness.take() else { return };
        self.short_lived = if lost.end() < SHORT { self.short_lived + 1 } else { 0 };
        if self.short_lived >= MOST_SHORT {
            self.how = None;
        }
        self.unrecorded.values().for_each(Unrecorded::write_down);
        self.engage(workers);
    }

    /// Notes that nothing of a worker is left and that its end is still to be written down.
    pub(in crate::process) fn ended(&mut self, key: u64, worker: &Entry, exit: Exit) {
        let (Some(number), Some(receipt)) = (worker.witnessed, &worker.receipt) else { return };
        // One who never says that anything is recorded has no more than one for a key.
        self.recorded(key);
        self.unrecorded.insert(key, Unrecorded { number, exit, receipt: receipt.clone() });
    }

    /// The end of the worker with this key is written down.
    pub(super) fn recorded(&mut self, key: u64) {
        if let Some(unrecorded) = self.unrecorded.remove(&key) {
            self.let_go(Some(unrecorded.number));
        }
    }

    /// There is nothing more to be known of a start.
    pub(super) fn let_go(&mut self, number: Option<u64>) {
        if let (Some(witness), Some(number)) = (&mut self.witness, number) {
            witness.recorded(number);
        }
    }

    /// Takes leave of it; `is_idle`: it has nobody to see any more.
    pub(super) fn leave(&mut self, is_idle: bool) {
        if let Some(witness) = self.witness.take() {
            witness.leave(is_idle);
        }
    }
}

fn hand_over(witness: &mut Witness, workers: &BTreeMap<u64, Entry>) -> Result<(), Lost> {
    // The end of one that did not become its program is not the end of a worker.
    let is_one = |worker: &&Entry| worker.beginning.as_ref().is_none_or(|beginning| beginning.comes_to_be());
    for worker in workers.values().filter(is_one) {
        if let (Some(number), Some(receipt), Some(hold)) =
            (worker.witnessed, worker.receipt.as_deref(), worker.handle.fd())
            && let Ok(receipt) = std::path::absolute(receipt)
        {
            witness.hand_over(number, &receipt, hold)?;
        }
    }
    Ok(())
}

impl Unrecorded {
    fn write_down(&self) {
        if let Some(code) = receipt::code(self.exit) {
            // Where there is no room for it, what orch records is all there will be.
            let _ = receipt::write(&self.receipt, code);
        }
    }
}
