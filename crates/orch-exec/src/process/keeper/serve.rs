//! The keeper's own side: starts what it is told to, and sees to it that no end goes unnoticed.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{WaitOptions, waitpid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGTSTP};

use super::wire::{Ask, Inbox, Order, Word};
use crate::platform::{self, Handle};
use crate::process::launch::open_log;
use crate::process::receipt;

/// Runs a keeper: what the words of [`Keeping`](super::Keeping) have to call. Its standard input is the socket to
/// orch, its standard output what it [holds](super::Keeping::holds) for it, its standard error where it says what it has
/// started.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     if std::env::args_os().nth(1).is_some_and(|word| word == "keep") {
///         return orch_exec::process::keep();
///     }
///     std::process::ExitCode::SUCCESS
/// }
/// ```
#[must_use]
pub fn keep() -> ExitCode {
    match Serving::begin().and_then(Serving::serve) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody is there to read why: orch sees that it has gone, and does without.
        Err(_) => ExitCode::FAILURE,
    }
}

struct Serving {
    /// None once orch has gone away.
    orch: Option<UnixStream>,
    /// What became of each order, for when orch is awake anyway. Said before the next is begun all the same: of all that is
    /// not answered when this one is killed, only the first can have been begun.
    answers: File,
    /// Keeps the next orch out until what this one left is written down.
    held: Option<OwnedFd>,
    inbox: Inbox,
    out: Vec<u8>,
    workers: BTreeMap<u32, Kept>,
    nothing: File,
}

struct Kept {
    handle: Handle,
    receipt: PathBuf,
    /// How it ended, once it has.
    code: Option<u8>,
}

impl Serving {
    fn begin() -> io::Result<Self> {
        // What a terminal or a person tells orch is for orch: it tells its workers. A handler, unlike being ignored,
        // is not inherited by them.
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGPIPE] {
            signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
        }
        // Whoever ends all that is called `orch` means orch: this one is to see to what that leaves behind.
        let _ = fs::write("/proc/self/comm", "keeper");
        let orch = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        orch.set_nonblocking(true)?;
        let held = io::stdout().as_fd().try_clone_to_owned()?;
        let answers = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nothing)?;
        rustix::stdio::dup2_stdout(&nothing)?;
        rustix::stdio::dup2_stderr(&nothing)?;
        let (inbox, out, workers) = (Inbox::default(), Vec::new(), BTreeMap::new());
        Ok(Self { orch: Some(orch), answers, held: Some(held), inbox, out, workers, nothing })
    }

    fn serve(mut self) -> io::Result<()> {
        while self.orch.is_some() || !self.workers.is_empty() {
            let (is_heard, ended) = self.sleep()?;
            self.ended(&ended);
            if is_heard {
                self.hear();
            }
            self.speak();
        }
        Ok(())
    }

    /// Sleeps until orch says something, can be told more, or a worker may have ended.
    fn sleep(&self) -> io::Result<(bool, Vec<u32>)> {
        let mut fds = Vec::with_capacity(self.workers.len() + 1);
        if let Some(orch) = &self.orch {
            let more = if self.out.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
            fds.push(PollFd::new(orch, PollFlags::IN | more));
        }
        let from = fds.len();
        let mut pids = Vec::with_capacity(self.workers.len());
        let mut blind = Vec::new();
        for (&pid, worker) in self.workers.iter().filter(|(_, worker)| worker.code.is_none()) {
            match worker.handle.fd() {
                Some(fd) => {
                    pids.push(pid);
                    fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
                }
                None => blind.push(pid),
            }
        }
        let again = Timespec { tv_sec: 0, tv_nsec: platform::LOOK_AGAIN.subsec_nanos().into() };
        match poll(&mut fds, (!blind.is_empty()).then_some(&again)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok((false, Vec::new())),
            Err(error) => return Err(error.into()),
        }
        let is_heard = from == 1 && !fds[0].revents().is_empty();
        let ready = pids.into_iter().zip(&fds[from..]).filter(|(_, fd)| !fd.revents().is_empty());
        Ok((is_heard, ready.map(|(pid, _)| pid).chain(blind).collect()))
    }

    /// Looks whether these have ended. While there is an orch, that is told, and what has ended keeps its number until
    /// it is written down; afterwards it is written down here.
    fn ended(&mut self, pids: &[u32]) {
        for &pid in pids {
            let Some(worker) = self.workers.get_mut(&pid) else { continue };
            let Some(code) = exit_of(pid) else { continue };
            worker.code = Some(code);
            match &self.orch {
                Some(_) => Word::Ended { pid, code }.put(&mut self.out),
                None => self.write_down(pid),
            }
        }
    }

    /// Leaves a receipt in orch's place, and only then lets go of the process.
    fn write_down(&mut self, pid: u32) {
        if let Some(Kept { receipt, code: Some(code), .. }) = self.workers.remove(&pid) {
            // Where there is no room for it, nobody will know: as when the worker itself had been killed.
            let _ = receipt::write(&receipt, code);
            collect(pid);
        }
    }

    fn hear(&mut self) {
        let Some(orch) = &self.orch else { return };
        let is_there = self.inbox.fill(orch).unwrap_or(false);
        while let Some(frame) = self.inbox.next() {
            match Ask::read(frame) {
                Some(Ask::Start(order)) => self.start(order),
                Some(Ask::Recorded { pid }) => self.let_go(pid),
                None => {}
            }
        }
        if !is_there {
            self.abandoned();
        }
    }

    /// Orch has gone: what has ended is written down before anybody else may look.
    fn abandoned(&mut self) {
        self.orch = None;
        self.out.clear();
        let living: Vec<u32> =
            self.workers.iter().filter(|(_, w)| w.code.is_none()).map(|(&pid, _)| pid).collect();
        let ended: Vec<u32> =
            self.workers.iter().filter(|(_, w)| w.code.is_some()).map(|(&pid, _)| pid).collect();
        ended.into_iter().for_each(|pid| self.write_down(pid));
        self.ended(&living);
        self.held = None;
    }

    fn let_go(&mut self, pid: u32) {
        if self.workers.get(&pid).is_some_and(|worker| worker.code.is_some()) {
            self.workers.remove(&pid);
            collect(pid);
        }
    }

    fn start(&mut self, order: Order) {
        let key = order.key;
        match self.spawn(&order) {
            Ok(pid) => {
                let start = platform::process(pid).map_or(0, |found| found.start);
                self.answer(Word::Started { key, pid, start });
                let handle = Handle::of_child(pid, start);
                self.workers.insert(pid, Kept { handle, receipt: order.receipt, code: None });
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error());
                self.answer(Word::Refused { key, errno });
                Word::Look.put(&mut self.out);
            }
        }
    }

    fn answer(&mut self, word: Word) {
        let mut answer = Vec::new();
        word.put(&mut answer);
        // Should orch have gone, its successor looks for itself.
        let _ = self.answers.write_all(&answer);
    }

    fn spawn(&self, order: &Order) -> io::Result<u32> {
        let (program, arguments) = order.argv.split_first().ok_or(ErrorKind::InvalidInput)?;
        let stdin = match &order.stdin {
            Some(path) => File::open(path)?,
            None => self.nothing.try_clone()?,
        };
        let log = open_log(&order.log)?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&order.cwd).env_clear();
        command.envs(order.env.iter().map(|(name, value)| (name, value)));
        command.stdin(stdin).stdout(log.try_clone()?).stderr(log).process_group(0);
        Ok(command.spawn()?.id())
    }

    /// Tells orch what is to be told. What it does not take at once waits until it does: it may be telling this one
    /// something just then, and two who only talk hear nothing.
    fn speak(&mut self) {
        let Some(mut orch) = self.orch.as_ref() else { return };
        while !self.out.is_empty() {
            match orch.write(&self.out) {
                Ok(count) => drop(self.out.drain(..count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // It has gone; there may be something of its left to be heard.
                Err(_) => self.out.clear(),
            }
        }
    }
}

/// How a child has ended, if it has, as a receipt says it. It is left as it is.
fn exit_of(pid: u32) -> Option<u8> {
    let status = platform::end_of_child(pid).ok()??;
    super::code(status.exit_status(), status.terminating_signal())
}

fn collect(pid: u32) {
    // It has ended and is a child of this process: nothing keeps it.
    let _ = waitpid(platform::raw(pid), WaitOptions::NOHANG);
}
