//! Workers that have a witness, among all the others.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{WaitOptions, waitpid};

use super::client::Witness;
use super::{MOST_SHORT, SHORT, wire};
use crate::platform::{self, HandOver, Handle, NotStarted, Starting};
use crate::process::program::Programs;
use crate::process::supervise::{Entry, Origin};
use crate::process::{Exit, Launch, Processes, StartError, Worker, receipt};

/// A worker that has ended and whose end is not known to be written down.
#[derive(Debug)]
pub(in crate::process) struct Unrecorded {
    number: u64,
    exit: Exit,
    receipt: PathBuf,
}

/// A worker that is on its way to being its program.
#[derive(Debug)]
pub(in crate::process) struct Beginning {
    starting: Starting,
    launch: Launch,
    program: PathBuf,
}

impl Processes {
    /// The end of the worker with this key is written down, wherever that has to be: no receipt is needed any more. Until
    /// this is said, one is left if this program goes away; so it is to be said of every worker that was started with a
    /// [witness](Self::with_witness) and a receipt. An unknown key changes nothing.
    pub fn recorded(&mut self, key: u64) {
        if let Some(unrecorded) = self.unrecorded.remove(&key)
            && let Some(witness) = &mut self.witness
        {
            witness.recorded(unrecorded.number);
        }
    }

    /// Begins to start a worker: with a witness if it is to leave a receipt and there can be one.
    pub(in crate::process) fn begin_anyhow(
        &mut self,
        key: u64,
        launch: Launch,
    ) -> Result<Worker, StartError> {
        match launch.receipt.is_some() && self.engage_witness().is_some() {
            true => self.begin_held(key, launch),
            false => self.begin_alone(key, &launch),
        }
    }

    fn begin_held(&mut self, key: u64, launch: Launch) -> Result<Worker, StartError> {
        let program = self.programs.find(&launch)?;
        let receipt = launch.receipt.as_deref().unwrap_or(Path::new(""));
        let failed = |source| StartError::Receipt { path: receipt.to_owned(), source };
        let receipt = std::path::absolute(receipt).map_err(failed)?;
        receipt::clear(&receipt).map_err(failed)?;
        let stdin = launch.open_stdin()?;
        let log = launch.open_log()?;
        let image = launch.image(&program)?;
        self.starts += 1;
        let number = self.starts;
        let words = wire::start(number, &receipt);
        let hand_over =
            self.witness.as_mut().map(|witness| HandOver { socket: witness.starts(), words: &words });
        let before = platform::ticks();
        let stdio = [stdin.as_ref().unwrap_or(&self.nothing).as_fd(), log.as_fd(), log.as_fd()];
        let (hold, starting) =
            platform::start(self.stacks.pop().unwrap_or_default(), image, stdio, hand_over)
                .map_err(|errno| launch.why_not(errno.into()))?;
        let pid = hold.pid;
        let start = platform::start_of(pid, before);
        let worker = Worker { pid, start, boot: platform::boot_id().to_owned() };
        let handle = Handle::of_hold(hold, start);
        let entry = Entry::started(worker.clone(), handle, Origin::Child, &launch, self.settings.log_cap);
        let beginning = Box::new(Beginning { starting, launch, program });
        self.insert(key, Entry { witnessed: Some(number), beginning: Some(beginning), ..entry });
        Ok(worker)
    }

    /// Waits until a worker is its program, or it is known why not.
    pub(in crate::process) fn await_start(&mut self, key: u64) -> Result<Worker, StartError> {
        if let Some(beginning) = self.entries.get(&key).and_then(|entry| entry.beginning.as_ref()) {
            let _ = beginning.starting.wait();
        }
        self.settle_start(key);
        if let Some(at) = self.otherwise.iter().position(|(of, _)| *of == key) {
            let (_, known) = self.otherwise.swap_remove(at);
            return if known.is_ok() { self.await_start(key) } else { known };
        }
        let running = self.entries.get(&key).map(|entry| entry.worker.clone());
        running.ok_or_else(|| StartError::Os { program: PathBuf::new(), source: Errno::CHILD.into() })
    }

    /// Takes note of what has become of a start, if that is known. Says whether it has failed: then there is no such worker, or
    /// it is on its way once more.
    pub(in crate::process) fn settle_start(&mut self, key: u64) -> bool {
        let Some(entry) = self.entries.get_mut(&key) else { return false };
        let outcome = entry.beginning.as_ref().and_then(|beginning| beginning.starting.outcome());
        let Some(outcome) = outcome else { return false };
        let Some(beginning) = entry.beginning.take() else { return false };
        let Beginning { starting, mut launch, program } = *beginning;
        self.stacks.push(starting.into_stack());
        let Err(failed) = outcome else { return false };
        let pid = entry.worker.pid;
        let is_ended = entry.ending.is_some();
        self.entries.remove(&key);
        // It is over, or is about to be: waiting for it takes no time.
        let _ = waitpid(platform::raw(pid), WaitOptions::empty());
        let known = match failed {
            NotStarted::Refused(errno) => {
                // A program that was known may have gone.
                self.programs = Programs::default();
                // By the path at which it was found.
                launch.argv[0] = program.into();
                Err(launch.why_not(errno.into()))
            }
            // Whoever was told to end does not have to begin.
            NotStarted::NotHandedOver(errno) if is_ended => Err(launch.why_not(errno.into())),
            NotStarted::NotHandedOver(_) => {
                self.replace_witness();
                // With another witness, or with a shell in front of it.
                self.begin_anyhow(key, launch)
            }
        };
        self.otherwise.push((key, known));
        true
    }

    /// What is otherwise than [`begin`](Self::begin) said, since this was last asked: who could not be started after all, and
    /// who is another process.
    pub fn take_otherwise(&mut self) -> Vec<(u64, Result<Worker, StartError>)> {
        std::mem::take(&mut self.otherwise)
    }

    /// Sees to it that there is a witness. None: there can't be one.
    fn engage_witness(&mut self) -> Option<&mut Witness> {
        if self.witness.is_none() {
            let witnessing = self.witnessing.as_ref()?;
            let witness = if platform::holds_outlive() { Witness::start(witnessing).ok() } else { None };
            if witness.is_none() {
                self.witnessing = None;
            }
            self.witness = witness;
        }
        self.witness.as_mut()
    }

    /// The witness has gone: this program does its part for what has ended, and hands all others to another one.
    pub(in crate::process) fn replace_witness(&mut self) {
        let Some(lost) = self.witness.take() else { return };
        self.short_lived = if lost.end() < SHORT { self.short_lived + 1 } else { 0 };
        if self.short_lived >= MOST_SHORT {
            self.witnessing = None;
        }
        for unrecorded in self.unrecorded.values() {
            unrecorded.write_down();
        }
        if self.engage_witness().is_none() {
            return;
        }
        let Some(witness) = &mut self.witness else { return };
        for entry in self.entries.values() {
            if let (Some(number), Some(receipt), Some(hold)) =
                (entry.witnessed, entry.receipt.as_deref(), entry.handle.fd())
                && let Ok(receipt) = std::path::absolute(receipt)
                && witness.hand_over(number, &receipt, hold).is_err()
            {
                // It is seen when it is next waited for.
                return;
            }
        }
    }

    /// Notes that nothing of a worker is left and that its end is still to be written down.
    pub(in crate::process) fn unrecorded(&mut self, key: u64, entry: &Entry, exit: Exit) {
        let (Some(number), Some(receipt)) = (entry.witnessed, &entry.receipt) else { return };
        // One who never says that anything is recorded has no more than one for a key.
        self.recorded(key);
        self.unrecorded.insert(key, Unrecorded { number, exit, receipt: receipt.clone() });
    }
}

impl Unrecorded {
    fn write_down(&self) {
        if let Some(code) = receipt::code(self.exit) {
            // Where there is no room for it, what orch records is all there will be.
            let _ = receipt::write(&self.receipt, code);
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        if let Some(witness) = self.witness.take() {
            witness.leave(self.entries.values().all(|entry| entry.witnessed.is_none()));
        }
    }
}
