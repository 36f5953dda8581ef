//! Workers that have a witness, among all the others.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::client::Witness;
use super::wire;
use crate::platform::{self, HandOver, Handle, Hold, Image, NotStarted};
use crate::process::launch::{c_string, open_log};
use crate::process::program::Programs;
use crate::process::supervise::{Entry, Origin};
use crate::process::{Exit, Launch, MARKER, Processes, StartError, Stdin, Worker, receipt};

/// A worker that has ended and whose end is not known to be written down.
#[derive(Debug)]
pub(in crate::process) struct Unrecorded {
    number: u64,
    exit: Exit,
    receipt: PathBuf,
}

/// A start for which everything is ready.
struct Prepared {
    program: PathBuf,
    image: Image,
    stdin: Option<File>,
    log: File,
    receipt: PathBuf,
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

    /// Starts a worker that is to leave a receipt, if there can be a witness of it. None: there can't.
    pub(in crate::process) fn start_witnessed(
        &mut self,
        key: u64,
        launch: &Launch,
    ) -> Option<Result<Worker, StartError>> {
        let receipt = launch.receipt.as_deref()?;
        self.engage_witness()?;
        let prepared = match self.prepare(launch, receipt) {
            Ok(prepared) => prepared,
            Err(error) => return Some(Err(error)),
        };
        let mut is_replaced = false;
        loop {
            self.starts += 1;
            let number = self.starts;
            match self.start_prepared(&prepared, number)? {
                Ok(hold) => return Some(Ok(self.is_started(key, number, hold, launch))),
                Err(NotStarted::Refused { errno, handed_over }) => {
                    // A program that was known may have gone.
                    self.programs = Programs::default();
                    if let Some(witness) = self.witness.as_mut().filter(|_| handed_over) {
                        witness.recorded(number);
                    }
                    // By the path at which it was found.
                    let mut launch = launch.clone();
                    launch.argv[0] = prepared.program.into();
                    return Some(Err(launch.why_not(errno.into())));
                }
                Err(NotStarted::NotHandedOver(Errno::AGAIN))
                    if self.witness.as_mut().is_some_and(|witness| witness.await_room().is_ok()) => {}
                Err(NotStarted::NotHandedOver(_)) if is_replaced => {
                    self.witnessing = None;
                    return None;
                }
                Err(NotStarted::NotHandedOver(_)) => {
                    is_replaced = true;
                    self.replace_witness();
                }
            }
        }
    }

    /// None: there is no witness.
    fn start_prepared(&mut self, prepared: &Prepared, number: u64) -> Option<Result<Hold, NotStarted>> {
        let words = wire::start(number, &prepared.receipt);
        let hand_over = HandOver { socket: self.witness.as_mut()?.starts(), words: &words };
        let stdin = prepared.stdin.as_ref().unwrap_or(&self.nothing).as_fd();
        let stdio = [stdin, prepared.log.as_fd(), prepared.log.as_fd()];
        Some(platform::start(&mut self.stack, &prepared.image, stdio, Some(hand_over)))
    }

    fn is_started(&mut self, key: u64, number: u64, hold: Hold, launch: &Launch) -> Worker {
        let pid = hold.pid;
        let start = platform::process(pid).map_or(0, |found| found.start);
        let worker = Worker { pid, start, boot: platform::boot_id().to_owned() };
        let handle = Handle::of_hold(hold, start);
        let entry = Entry::started(worker.clone(), handle, Origin::Child, launch, self.settings.log_cap);
        self.insert(key, Entry { witnessed: Some(number), ..entry });
        worker
    }

    fn prepare(&mut self, launch: &Launch, receipt: &Path) -> Result<Prepared, StartError> {
        let program = self.programs.find(launch)?;
        let failed = |source| StartError::Receipt { path: receipt.to_owned(), source };
        let receipt = std::path::absolute(receipt).map_err(failed)?;
        receipt::clear(&receipt).map_err(failed)?;
        let stdin = match &launch.stdin {
            Stdin::Null => None,
            Stdin::File(path) => {
                Some(File::open(path).map_err(|source| StartError::Stdin { path: path.clone(), source })?)
            }
        };
        let log =
            open_log(&launch.log).map_err(|source| StartError::Log { path: launch.log.clone(), source })?;
        let failed = |source| StartError::Cwd { path: launch.cwd.clone(), source };
        let cwd = std::path::absolute(&launch.cwd).map_err(failed)?;
        let os = |source| StartError::Os { program: program.clone(), source };
        let word = |bytes: &[u8]| c_string(bytes).map_err(os);
        let arguments = launch.argv.iter().skip(1).map(|argument| word(argument.as_bytes()));
        let argv = [word(program.as_os_str().as_bytes())].into_iter().chain(arguments);
        let marker = [(MARKER.as_ref(), launch.marker.as_ref())];
        let env = launch.env.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str())).chain(marker);
        let env = env.map(|(name, value)| word(&[name.as_bytes(), b"=", value.as_bytes()].concat()));
        let image = Image {
            program: word(program.as_os_str().as_bytes())?,
            argv: argv.collect::<Result<_, _>>()?,
            env: env.collect::<Result<_, _>>()?,
            cwd: word(cwd.as_os_str().as_bytes())?,
        };
        Ok(Prepared { program, image, stdin, log, receipt })
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
        lost.end();
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
