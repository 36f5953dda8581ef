//! Orch's side of one keeper: what is said to it, and what it says.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, PipeReader, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use rustix::event::{PollFd, PollFlags, poll};

use super::wire::{Ask, Inbox, Order, Word};
use super::{KEEPER, Keeping};
use crate::platform;

/// A keeper that runs.
#[derive(Debug)]
pub(in crate::process) struct Keeper {
    number: Number,
    child: Child,
    socket: UnixStream,
    inbox: Inbox,
    /// Where it answers. Nobody is woken for who was started: it is read when there is something else to be heard.
    started: PipeReader,
    started_inbox: Inbox,
    out: Vec<u8>,
    /// What it has not answered yet, each with how much it was told to let go of before.
    ordered: VecDeque<(Order, u64)>,
    /// Processes that it was told to let go of, and that it is not known to have.
    let_go: VecDeque<u32>,
    /// How many it is known to have let go of.
    has_let_go: u64,
    /// Whether it has ever answered: until then it may be anything.
    has_answered: bool,
    /// It went away together with another one, and what came here then may be of either.
    is_in_doubt: bool,
}

/// Which of this run's keepers, of all that it has had.
pub(in crate::process) type Number = u32;

/// What a keeper has said.
#[derive(Debug)]
pub(super) enum Heard {
    Started { key: u64, pid: u32, start: u64 },
    Refused { order: Order, errno: i32 },
    Ended { pid: u32, code: u8 },
}

/// The keeper has gone.
#[derive(Debug)]
pub(in crate::process) struct Lost;

/// What a keeper that has gone leaves behind.
#[derive(Debug)]
pub(super) struct Left {
    /// What it has said last.
    pub(super) words: Vec<Heard>,
    /// What it has not answered: all but the first were not carried out.
    pub(super) ordered: Vec<Order>,
    /// The dead processes that it may not have let go of.
    pub(super) let_go: VecDeque<u32>,
    /// Whether it was a keeper at all.
    pub(super) has_answered: bool,
    /// Whether another one went away at the same time.
    pub(super) is_in_doubt: bool,
}

impl Keeper {
    pub(super) fn start(keeping: &Keeping, number: Number) -> io::Result<Self> {
        let (program, arguments) = keeping.words.split_first().ok_or(ErrorKind::InvalidInput)?;
        let (socket, theirs) = UnixStream::pair()?;
        let (started, writer) = io::pipe()?;
        rustix::io::ioctl_fionbio(&started, true)?;
        let mut command = Command::new(program);
        command.args(arguments).arg0("keeper").current_dir("/").env_clear().env(KEEPER, &keeping.name);
        command.stdin(OwnedFd::from(theirs)).stdout(keeping.holds.try_clone()?).stderr(writer);
        // Ctrl-c in a terminal is for orch alone.
        let child = command.process_group(0).spawn()?;
        Ok(Self {
            number,
            child,
            socket,
            inbox: Inbox::default(),
            started,
            started_inbox: Inbox::default(),
            out: Vec::new(),
            ordered: VecDeque::new(),
            let_go: VecDeque::new(),
            has_let_go: 0,
            has_answered: false,
            is_in_doubt: false,
        })
    }

    pub(in crate::process) fn number(&self) -> Number {
        self.number
    }

    pub(in crate::process) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Readable when it has something to say that should not wait.
    pub(in crate::process) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// How many orders it has not answered.
    pub(in crate::process) fn unanswered(&self) -> usize {
        self.ordered.len()
    }

    pub(super) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// Whether it is dead, be that noticed or not. If not, none of its children is this process's.
    pub(super) fn is_gone(&self) -> bool {
        !matches!(platform::end_of_child(self.pid()), Ok(None))
    }

    pub(super) fn doubt(&mut self) {
        self.is_in_doubt = true;
    }

    /// Has something started.
    pub(super) fn order(&mut self, order: Order) -> Result<(), Lost> {
        let order = Ask::Start(order);
        order.put(&mut self.out);
        if let Ask::Start(order) = order {
            self.ordered.push_back((order, self.has_let_go + self.let_go.len() as u64));
        }
        self.flush()
    }

    /// Says that the end of a process is written down; it is said with the next that is said.
    pub(super) fn recorded(&mut self, pid: u32) {
        Ask::Recorded { pid }.put(&mut self.out);
        self.let_go.push_back(pid);
    }

    /// Says what is still to be said.
    pub(super) fn flush(&mut self) -> Result<(), Lost> {
        let said = if self.out.is_empty() { Ok(()) } else { self.socket.write_all(&self.out) };
        self.out.clear();
        said.map_err(|_| Lost)
    }

    /// Waits until it has something to say, be it of no haste.
    pub(super) fn await_word(&self) -> io::Result<()> {
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&self.started, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What it has to say. With `Lost` it may have said something all the same, see [`end`](Self::end).
    pub(super) fn hear(&mut self) -> Result<Vec<Heard>, Lost> {
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        let at_once = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        let is_ready = poll(&mut fds, Some(&at_once)).is_ok_and(|ready| ready > 0);
        // The socket first: what it says of a process there, it says after it has answered who that is.
        let is_there = !is_ready || self.inbox.fill(&self.socket).unwrap_or(false);
        let _ = self.started_inbox.fill(&self.started);
        if is_there { self.words() } else { Err(Lost) }
    }

    fn words(&mut self) -> Result<Vec<Heard>, Lost> {
        let mut words = Vec::new();
        for inbox in [&mut self.started_inbox, &mut self.inbox] {
            while let Some(word) = inbox.next().map(Word::read) {
                words.push(word.ok_or(Lost)?);
            }
        }
        let heard = words.into_iter().filter_map(|word| match word {
            Word::Started { key, pid, start } => {
                Some(self.answered(key).map(|_| Heard::Started { key, pid, start }))
            }
            Word::Refused { key, errno } => {
                Some(self.answered(key).map(|order| Heard::Refused { order, errno }))
            }
            Word::Ended { pid, code } => Some(Ok(Heard::Ended { pid, code })),
            Word::Look => None,
        });
        heard.collect()
    }

    /// Takes note that an order was answered. What it was told before that, it has done.
    fn answered(&mut self, key: u64) -> Result<Order, Lost> {
        let at = self.ordered.iter().position(|(order, _)| order.key == key).ok_or(Lost)?;
        self.has_answered = true;
        let (order, told_before) = self.ordered.remove(at).ok_or(Lost)?;
        while self.has_let_go < told_before && self.let_go.pop_front().is_some() {
            self.has_let_go += 1;
        }
        Ok(order)
    }

    /// Makes sure that it is gone. Its children are this process's when this returns, if orphans come here.
    pub(super) fn end(mut self) -> Left {
        // Failing means that it has gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        while self.inbox.fill(&self.socket).unwrap_or(false) {}
        // All of it: less than one read's worth is ever unanswered.
        let _ = self.started_inbox.fill(&self.started);
        // What does not make sense is as good as unsaid.
        let words = self.words().unwrap_or_default();
        let ordered = std::mem::take(&mut self.ordered).into_iter().map(|(order, _)| order).collect();
        let Self { let_go, has_answered, is_in_doubt, .. } = self;
        Left { words, ordered, let_go, has_answered, is_in_doubt }
    }

    /// Takes leave of it: it goes as well, once it has nothing more to keep. `is_idle`: it has nothing now, and is waited
    /// for, so that nothing that it holds is held any longer.
    pub(super) fn leave(mut self, is_idle: bool) {
        let _ = self.flush();
        let Self { mut child, socket, .. } = self;
        drop(socket);
        if is_idle {
            let _ = child.wait();
        }
    }
}
