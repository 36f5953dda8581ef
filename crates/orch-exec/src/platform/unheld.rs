//! Where nobody can hold a process that is another one's child: each of these says so.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::Errno;

use super::{HandOver, Hold, Image, NotStarted};
use crate::process::Exit;

/// Of no use here.
#[derive(Debug, Default)]
pub(crate) struct Stack;

/// There are none here.
#[derive(Debug)]
pub(crate) enum Starting {}

impl Starting {
    pub(crate) fn outcome(&self) -> Option<Result<(), NotStarted>> {
        match *self {}
    }

    pub(crate) fn into_stack(self) -> Stack {
        match self {}
    }

    pub(crate) fn wait(&self) -> Result<(), NotStarted> {
        match *self {}
    }
}

/// Not to be had here.
pub(crate) fn start(
    _stack: Stack,
    _image: Image,
    _stdio: [BorrowedFd<'_>; 3],
    _hand_over: Option<HandOver<'_>>,
) -> Result<(Hold, Starting), Errno> {
    Err(Errno::NOSYS)
}

/// Of no use here.
pub(crate) fn message_sockets() -> io::Result<(OwnedFd, OwnedFd)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not to be had here.
pub(crate) fn ticks() -> Option<u64> {
    None
}

/// When a child of this process started that has just been started.
pub(crate) fn start_of(pid: u32, _before: Option<u64>) -> u64 {
    super::process(pid).map_or(0, |found| found.start)
}

/// Not to be had here.
pub(crate) fn how_it_ended(_pidfd: &OwnedFd) -> Option<Exit> {
    None
}

/// They do not.
pub(crate) fn holds_outlive() -> bool {
    false
}
