//! Ending a wait from elsewhere.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// Ends a [`Processes::wait`](super::Processes::wait) from another thread. Clones wake the same one.
#[derive(Clone, Debug)]
pub struct Waker {
    // Both ends live as long as any clone: a late call finds a reader and never raises SIGPIPE.
    pipe: Arc<(PipeReader, PipeWriter)>,
}

impl Waker {
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        rustix::io::ioctl_fionbio(&reader, true)?;
        rustix::io::ioctl_fionbio(&writer, true)?;
        Ok(Self { pipe: Arc::new((reader, writer)) })
    }

    /// Makes the wait return, or the next one if none is under way. Never blocks; calls add up to one.
    pub fn wake(&self) {
        // The only failure is a full pipe, and that wakes too.
        let _ = (&self.pipe.1).write(&[1]);
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.pipe.0.as_fd()
    }

    pub(super) fn quieten(&self) {
        let mut calls = [0; 256];
        while matches!((&self.pipe.0).read(&mut calls), Ok(count) if count == calls.len()) {}
    }
}
