//! Orch's side of its witness.

use std::io::{self, ErrorKind, IoSlice, PipeWriter, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recv, sendmsg};

use super::wire::{self, LOOK, READY};
use super::{PATIENCE, Witnessing};
use crate::platform;

/// After so many starts the witness is to look into its socket: far fewer than that has room for, and so many that it does
/// not matter what a look costs.
const LOOK_AFTER: usize = 64;

/// The name of its process. Whoever ends all that is called `orch` means orch, and not whoever sees to what that leaves.
pub(super) const NAME: &str = "witness";

/// A witness that is there.
#[derive(Debug)]
pub(in crate::process) struct Witness {
    child: Child,
    began: Instant,
    /// What workers put holds on themselves into.
    starts: OwnedFd,
    pipe: PipeWriter,
    /// The starts whose ends are written down, and that is still to be said.
    recorded: Vec<u64>,
    /// How many starts there were since it was told to look.
    unseen: usize,
}

/// The witness is not there any more, or does nothing.
#[derive(Debug)]
pub(super) struct Lost;

impl Witness {
    /// Starts one. What is said to it from here on it will hear, should it be [one](Self::await_ready).
    pub(super) fn start(witnessing: &Witnessing) -> io::Result<Self> {
        let (program, arguments) = witnessing.words.split_first().ok_or(ErrorKind::InvalidInput)?;
        let (starts, theirs) = platform::message_sockets()?;
        let (reader, pipe) = io::pipe()?;
        rustix::io::ioctl_fionbio(&pipe, true)?;
        let mut command = Command::new(program);
        command.args(arguments).arg0(NAME).current_dir("/").env_clear();
        command.stdin(reader).stdout(witnessing.holds.try_clone()?).stderr(theirs);
        // Ctrl-c in a terminal is for orch alone.
        let child = command.process_group(0).spawn()?;
        // The ends that it has are its own alone, so that it is noticed when they are closed.
        drop(command);
        Ok(Self { child, began: Instant::now(), starts, pipe, recorded: Vec::new(), unseen: 0 })
    }

    /// Waits until it has said that it is there.
    pub(super) fn await_ready(&self) -> Result<(), Lost> {
        self.await_flags(PollFlags::IN)?;
        let mut said = [0; READY.len()];
        match recv(&self.starts, &mut said, RecvFlags::DONTWAIT) {
            Ok(_) if said == *READY => Ok(()),
            _ => Err(Lost),
        }
    }

    pub(in crate::process) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ready, with an error, when it has gone.
    pub(in crate::process) fn fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }

    /// Where the next worker puts a hold on itself.
    pub(super) fn starts(&mut self) -> BorrowedFd<'_> {
        self.unseen += 1;
        if self.unseen >= LOOK_AFTER {
            self.tell();
        }
        self.starts.as_fd()
    }

    /// Says, with others, that the end of a start is written down.
    pub(super) fn recorded(&mut self, number: u64) {
        self.recorded.push(number);
    }

    /// Has it look, and says what is to be said.
    fn tell(&mut self) {
        self.recorded.push(LOOK);
        let bytes: Vec<u8> = self.recorded.iter().flat_map(|number| number.to_le_bytes()).collect();
        // Stopped, it has no room left some day. What it does not know costs it nothing but room.
        let said = self.pipe.write(&bytes).unwrap_or(0) / 8;
        self.recorded.drain(..said);
        if said > 0 {
            self.unseen = 0;
        }
    }

    /// Waits until there is room in the socket.
    pub(super) fn await_room(&mut self) -> Result<(), Lost> {
        self.tell();
        self.await_flags(PollFlags::OUT)
    }

    fn await_flags(&self, flags: PollFlags) -> Result<(), Lost> {
        let mut fds = [PollFd::new(&self.starts, flags)];
        let patience = Timespec { tv_sec: PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
        loop {
            match poll(&mut fds, Some(&patience)) {
                Ok(1..) if fds[0].revents().contains(flags) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) | Err(_) => return Err(Lost),
            }
        }
    }

    /// Hands over a worker that runs.
    pub(super) fn hand_over(
        &mut self,
        number: u64,
        receipt: &Path,
        hold: BorrowedFd<'_>,
    ) -> Result<(), Lost> {
        let words = wire::start(number, receipt);
        self.starts();
        loop {
            let holds = [hold];
            let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut beside = SendAncillaryBuffer::new(&mut room);
            beside.push(SendAncillaryMessage::ScmRights(&holds));
            match sendmsg(&self.starts, &[IoSlice::new(&words)], &mut beside, SendFlags::DONTWAIT) {
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::AGAIN) => self.await_room()?,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Err(Lost),
            }
        }
    }

    /// Makes sure that it is gone. Says how long it was there.
    pub(super) fn end(mut self) -> Duration {
        // Failing means that it has gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.began.elapsed()
    }

    /// Takes leave of it: it goes as well, once there is nothing more to see. `is_idle`: there is nothing now, and it is
    /// waited for, so that nothing that it holds is held any longer.
    pub(super) fn leave(mut self, is_idle: bool) {
        self.tell();
        let Self { mut child, starts, pipe, recorded, .. } = self;
        drop((starts, pipe));
        // One that could not be told, because it is stopped, would be waited for without end.
        if is_idle && recorded.is_empty() {
            let _ = child.wait();
        }
    }
}
