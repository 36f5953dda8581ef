//! Workers that have a witness, among all the others.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{WaitOptions, waitpid};

use super::wire;
use crate::platform::{self, HandOver, Handle, NotStarted, Starting};
use crate::process::program::Programs;
use crate::process::supervise::{Entry, Origin};
use crate::process::{Launch, Processes, StartError, Worker, receipt};

/// A worker that is on its way to being its program.
#[derive(Debug)]
pub(in crate::process) struct Beginning {
    starting: Starting,
    launch: Launch,
    program: PathBuf,
    /// To which witness it hands itself over.
    to: u32,
}

impl Beginning {
    /// Waits until it is its program; false: it can't be.
    pub(super) fn comes_to_be(&self) -> bool {
        self.starting.wait().is_ok()
    }
}

impl Processes {
    /// The end of the worker with this key is written down, wherever that has to be: no receipt is needed any more. Until
    /// this is said, one is left if this program goes away; so it is to be said of every worker that was started with a
    /// [witness](Self::with_witness) and a receipt. An unknown key changes nothing.
    pub fn recorded(&mut self, key: u64) {
        self.engaged.recorded(key);
    }

    /// Begins to start a worker: with a witness if it is to leave a receipt and there can be one.
    pub(in crate::process) fn begin_anyhow(
        &mut self,
        key: u64,
        launch: Launch,
    ) -> Result<Worker, StartError> {
        match launch.receipt.is_some() && self.engaged.engage(&self.entries) {
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
        let engaged = &mut self.engaged;
        engaged.starts += 1;
        let (number, to) = (engaged.starts, engaged.number);
        let words = wire::start(number, &receipt);
        let hand_over =
            engaged.witness.as_mut().map(|witness| HandOver { socket: witness.starts(), words: &words });
        let before = platform::ticks();
        let stdio = [stdin.as_ref().unwrap_or(&engaged.nothing).as_fd(), log.as_fd(), log.as_fd()];
        let (hold, starting) =
            platform::start(engaged.stacks.pop().unwrap_or_default(), image, stdio, hand_over)
                .map_err(|errno| launch.why_not(errno.into()))?;
        let pid = hold.pid;
        let start = platform::start_of(pid, before);
        let worker = Worker { pid, start, boot: platform::boot_id().to_owned() };
        let handle = Handle::of_hold(hold, start);
        let entry = Entry::started(worker.clone(), handle, Origin::Child, &launch, self.settings.log_cap);
        let beginning = Box::new(Beginning { starting, launch, program, to });
        self.insert(key, Entry { witnessed: Some(number), beginning: Some(beginning), ..entry });
        Ok(worker)
    }

    /// Waits until a worker is its program, or it is known why not.
    pub(in crate::process) fn await_start(&mut self, key: u64) -> Result<Worker, StartError> {
        if let Some(beginning) = self.entries.get(&key).and_then(|entry| entry.beginning.as_ref()) {
            beginning.comes_to_be();
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
        let Beginning { starting, mut launch, program, to } = *beginning;
        self.engaged.stacks.push(starting.into_stack());
        let Err(failed) = outcome else { return false };
        let (pid, number) = (entry.worker.pid, entry.witnessed);
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
                // Another one may have found out before that it has gone.
                if to == self.engaged.number {
                    self.engaged.replace(&self.entries);
                }
                self.engaged.let_go(number);
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
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.engaged.leave(self.entries.values().all(|entry| entry.witnessed.is_none()));
    }
}
