//! The witness's own side: has a hold on every worker, and sees to it that no end goes unnoticed.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendFlags, recvmsg, send,
};
use rustix::process::{Resource, getrlimit, setrlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGTSTP};

use super::PATIENCE;
use super::client::NAME;
use super::wire::{self, LONGEST, READY};
use crate::platform;
use crate::process::receipt::{self, Promise};

/// Runs a witness: what the words of [`Witnessing`](super::Witnessing) have to call. Its standard input is the pipe from
/// orch, its standard output what it [holds](super::Witnessing::holds) for it, its standard error the socket that workers put
/// holds on themselves into.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     if std::env::args_os().nth(1).is_some_and(|word| word == "witness") {
///         return orch_exec::process::witness();
///     }
///     std::process::ExitCode::SUCCESS
/// }
/// ```
#[must_use]
pub fn witness() -> ExitCode {
    match Serving::begin().and_then(Serving::serve) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody is there to read why: orch sees that it has gone, and gets another.
        Err(_) => ExitCode::FAILURE,
    }
}

struct Serving {
    pipe: File,
    starts: OwnedFd,
    /// Keeps the next orch out until what this one left is written down.
    held: OwnedFd,
    /// By the number of its start.
    workers: BTreeMap<u64, Held>,
}

struct Held {
    pidfd: OwnedFd,
    receipt: PathBuf,
    /// Where it is to be written down, once orch has gone.
    promise: Option<Promise>,
    /// Since when it is over without its being known how.
    unknown_since: Option<Instant>,
}

impl Serving {
    fn begin() -> io::Result<Self> {
        // What a terminal or a person tells orch is for orch: it tells its workers.
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGPIPE] {
            signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
        }
        let _ = fs::write("/proc/self/comm", NAME);
        let pipe = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let held = io::stdout().as_fd().try_clone_to_owned()?;
        let starts = io::stderr().as_fd().try_clone_to_owned()?;
        let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nothing)?;
        rustix::stdio::dup2_stdout(&nothing)?;
        rustix::stdio::dup2_stderr(&nothing)?;
        // It has a descriptor for each worker.
        let mut most = getrlimit(Resource::Nofile);
        most.current = most.maximum;
        let _ = setrlimit(Resource::Nofile, most);
        // Orch may have gone by now: all the more it is to be seen to what is in the socket.
        let _ = send(&starts, READY, SendFlags::empty());
        Ok(Self { pipe, starts, held, workers: BTreeMap::new() })
    }

    fn serve(mut self) -> io::Result<()> {
        let mut read = Vec::new();
        loop {
            let mut part = [0; 4096];
            let count = match self.pipe.read(&mut part) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            read.extend_from_slice(&part[..count]);
            // Who is written down was started before: so it is looked who was started, and then let go.
            self.look(RecvFlags::DONTWAIT)?;
            for number in wire::numbers(&mut read) {
                self.workers.remove(&number);
            }
        }
        // Orch is gone. Whoever is on the way to being a worker still has its end of the socket.
        self.look(RecvFlags::empty())?;
        let Self { held, mut workers, .. } = self;
        workers.retain(|_, worker| !worker.is_written_down());
        workers.values_mut().for_each(Held::promise);
        drop(held);
        while !workers.is_empty() {
            sleep(&workers)?;
            workers.retain(|_, worker| !worker.is_written_down());
        }
        Ok(())
    }

    /// Takes what is in the socket: until it is empty, or has ended.
    fn look(&mut self, how: RecvFlags) -> io::Result<()> {
        let mut words = [0; LONGEST];
        loop {
            let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut beside = RecvAncillaryBuffer::new(&mut room);
            let got = match recvmsg(&self.starts, &mut [IoSliceMut::new(&mut words)], &mut beside, how) {
                Ok(got) if got.bytes > 0 => got,
                // Nobody has the other end.
                Ok(_) | Err(Errno::AGAIN | Errno::CONNRESET) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let holds = beside.drain().filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(fds) => Some(fds),
                _ => None,
            });
            let hold = holds.flatten().next();
            let is_whole = !got.flags.contains(ReturnFlags::TRUNC);
            match wire::read_start(&words[..got.bytes]).filter(|_| is_whole) {
                Some((number, Some(path))) => {
                    let Some(pidfd) = hold else { continue };
                    let held = Held { pidfd, receipt: path.to_owned(), promise: None, unknown_since: None };
                    self.workers.insert(number, held);
                }
                Some((number, None)) => _ = self.workers.remove(&number),
                None => {}
            }
        }
    }
}

/// Sleeps until one of them may be over, or it is time to give up on one.
fn sleep(workers: &BTreeMap<u64, Held>) -> io::Result<()> {
    let mut fds: Vec<PollFd<'_>> = workers.values().map(Held::awaited).collect();
    let given_up = workers.values().filter_map(|held| held.unknown_since).min();
    let left = given_up.map(|since| {
        let left = (since + PATIENCE).saturating_duration_since(Instant::now());
        Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
    });
    match poll(&mut fds, left.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Held {
    /// Ready when it is over, or when it is known how if that is not.
    fn awaited(&self) -> PollFd<'_> {
        // That it was collected is said in any case.
        let flags = if self.unknown_since.is_some() { PollFlags::empty() } else { PollFlags::IN };
        PollFd::new(&self.pidfd, flags)
    }

    /// Writes its end down, if it is over. Says whether there is nothing more to be done.
    fn is_written_down(&mut self) -> bool {
        // In this order: of one that ends after it was asked how, nobody would ask again.
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let is_over = poll(&mut fds, Some(&at_once)).is_ok_and(|ready| ready > 0);
        if !is_over {
            return false;
        }
        let Some(exit) = platform::how_it_ended(&self.pidfd) else {
            let since = *self.unknown_since.get_or_insert_with(Instant::now);
            return since.elapsed() >= PATIENCE;
        };
        if let Some(code) = receipt::code(exit) {
            // Where there is no room for it, nobody will know.
            let _ = match &self.promise {
                Some(promise) => promise.keep(code),
                None => receipt::write(&self.receipt, code),
            };
        }
        true
    }

    fn promise(&mut self) {
        self.promise = receipt::promise(&self.receipt).ok();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::super::wire::{LOOK, start};
    use super::*;
    use crate::process::Exit;
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, sendmsg};
    use rustix::process::{PidfdFlags, pidfd_open};
    use std::io::{IoSlice, PipeWriter, Write};
    use std::process::Command;
    use std::sync::mpsc;
    use std::thread::JoinHandle;

    /// A witness as a thread of this program, what it is told by, and the socket.
    struct Witness {
        thread: JoinHandle<io::Result<()>>,
        number: i32,
        pipe: PipeWriter,
        starts: OwnedFd,
        held: File,
    }

    fn witness() -> Witness {
        let (reader, pipe) = io::pipe().unwrap();
        let (starts, theirs) = platform::message_sockets().unwrap();
        let held = tempfile::tempfile().unwrap();
        held.lock().unwrap();
        let serving = Serving {
            pipe: OwnedFd::from(reader).into(),
            starts: theirs,
            held: held.try_clone().unwrap().into(),
            workers: BTreeMap::new(),
        };
        let (say, hear) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            say.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
            serving.serve()
        });
        Witness { thread, number: hear.recv().unwrap(), pipe, starts, held }
    }

    /// Hands over a process that has ended with 5, and was collected.
    fn hand_over(starts: &OwnedFd, number: u64, receipt: &std::path::Path) {
        let mut child = Command::new("sh").args(["-c", "exit 5"]).spawn().unwrap();
        let hold = pidfd_open(platform::raw(child.id()).unwrap(), PidfdFlags::empty()).unwrap();
        child.wait().unwrap();
        let holds = [hold.as_fd()];
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut room);
        beside.push(SendAncillaryMessage::ScmRights(&holds));
        sendmsg(starts, &[IoSlice::new(&start(number, receipt))], &mut beside, SendFlags::empty()).unwrap();
    }

    #[test]
    fn whoever_is_on_the_way_is_waited_for() {
        if !platform::holds_outlive() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let receipt = folder.path().join("receipt");
        let Witness { thread, number, pipe, starts, held } = witness();
        drop(pipe);
        // Until it waits in the socket, or has not done so.
        let is_there = || {
            let call = fs::read_to_string(format!("/proc/self/task/{number}/syscall")).unwrap_or_default();
            call.split(' ').next() == Some(&libc::SYS_recvmsg.to_string())
        };
        while !thread.is_finished() && !is_there() {
            std::thread::yield_now();
        }
        hand_over(&starts, 1, &receipt);
        drop((starts, held));
        thread.join().unwrap().unwrap();
        assert_eq!(receipt::read(&receipt), Some(Exit::Code(5)));
    }

    #[test]
    fn what_is_written_down_or_did_not_come_to_it_has_no_receipt() {
        if !platform::holds_outlive() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |number: u64| folder.path().join(number.to_string());
        let Witness { thread, mut pipe, starts, .. } = witness();
        for number in 1..=5 {
            hand_over(&starts, number, &path(number));
        }
        send(&starts, &4_u64.to_le_bytes(), SendFlags::empty()).unwrap();
        // All that it is told comes before it has looked.
        for number in [2, LOOK, 3] {
            pipe.write_all(&number.to_le_bytes()).unwrap();
        }
        drop((pipe, starts));
        thread.join().unwrap().unwrap();
        let has: Vec<u64> = (1..=5).filter(|&number| path(number).exists()).collect();
        assert_eq!(has, [1, 5]);
    }
}
