//! Orch's side: one keeper, and what is said to it.

use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::wire::{Ask, Inbox, Order, Word};
use super::{KEEPER, Keeping};

/// A keeper that runs.
#[derive(Debug)]
pub(in crate::process) struct Keeper {
    child: Child,
    socket: UnixStream,
    inbox: Inbox,
    out: Vec<u8>,
    /// Ends that came while something else was waited for.
    ended: Vec<(u32, u8)>,
    /// Processes that it was told to let go of, and that it is not known to have.
    let_go: Vec<u32>,
}

/// The keeper has gone. What it started is this process's to care for by now.
#[derive(Debug)]
pub(in crate::process) struct Lost;

impl Keeper {
    pub(in crate::process) fn start(keeping: &Keeping) -> io::Result<Self> {
        let (program, arguments) = keeping.words.split_first().ok_or(ErrorKind::InvalidInput)?;
        let (socket, theirs) = UnixStream::pair()?;
        let mut command = Command::new(program);
        command.args(arguments).arg0("keeper").current_dir("/").env_clear().env(KEEPER, &keeping.name);
        command.stdin(OwnedFd::from(theirs)).stdout(keeping.holds.try_clone()?).stderr(Stdio::null());
        // Ctrl-c in a terminal is for orch alone.
        let child = command.process_group(0).spawn()?;
        Ok(Self {
            child,
            socket,
            inbox: Inbox::default(),
            out: Vec::new(),
            ended: Vec::new(),
            let_go: Vec::new(),
        })
    }

    pub(in crate::process) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Readable when it has something to say.
    pub(in crate::process) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Has something started: its number and start time, or the system's number for why not.
    pub(super) fn order(&mut self, order: Order) -> Result<Result<(u32, u64), i32>, Lost> {
        Ask::Start(order).put(&mut self.out);
        self.flush()?;
        let told_before = self.let_go.len();
        let mut answer = None;
        loop {
            // All of what is there: what stays in the inbox is not seen by who waits for the socket.
            while let Some(word) = self.inbox.next().map(Word::read) {
                match word {
                    Some(Word::Started { pid, start }) => answer = Some(Ok((pid, start))),
                    Some(Word::Refused { errno }) => answer = Some(Err(errno)),
                    Some(Word::Ended { pid, code }) => self.ended.push((pid, code)),
                    None => return Err(Lost),
                }
            }
            match answer {
                Some(answer) => {
                    self.let_go.drain(..told_before);
                    return Ok(answer);
                }
                None => self.fill()?,
            }
        }
    }

    /// Says that the end of a process is written down; it is said with the next that is said.
    pub(in crate::process) fn recorded(&mut self, pid: u32) {
        Ask::Recorded { pid }.put(&mut self.out);
        self.let_go.push(pid);
    }

    /// Says what is still to be said.
    pub(in crate::process) fn flush(&mut self) -> Result<(), Lost> {
        let said = if self.out.is_empty() { Ok(()) } else { self.socket.write_all(&self.out) };
        self.out.clear();
        said.map_err(|_| Lost)
    }

    /// Takes in what it has to say: to be called when there is something.
    pub(in crate::process) fn hear(&mut self) -> Result<(), Lost> {
        self.fill()?;
        while let Some(word) = self.inbox.next().map(Word::read) {
            match word {
                Some(Word::Ended { pid, code }) => self.ended.push((pid, code)),
                _ => return Err(Lost),
            }
        }
        Ok(())
    }

    /// The processes that have ended since this was last asked.
    pub(in crate::process) fn take_ended(&mut self) -> Vec<(u32, u8)> {
        std::mem::take(&mut self.ended)
    }

    /// Makes sure that it is gone. Its children are this process's when this returns, if orphans come here: those that it
    /// has said to have ended, and those that it was to let go of.
    pub(in crate::process) fn end(mut self) -> (Vec<(u32, u8)>, Vec<u32>) {
        // Failing means that it has gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        (self.ended, self.let_go)
    }

    /// Takes leave of it: it goes as well, once it has nothing more to keep. `is_idle`: it has nothing now, and is waited
    /// for, so that nothing that it holds is held any longer.
    pub(in crate::process) fn leave(mut self, is_idle: bool) {
        let _ = self.flush();
        let Self { mut child, socket, .. } = self;
        drop(socket);
        if is_idle {
            let _ = child.wait();
        }
    }

    fn fill(&mut self) -> Result<(), Lost> {
        match self.inbox.fill(&self.socket) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Lost),
        }
    }
}
