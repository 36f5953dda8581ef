//! The three things the writer asks of its file, so that tests can make each of them fail.

use std::fs::File;
use std::io::{self, Write};

/// A file that is appended to.
pub(super) trait Tape: Send {
    /// Writes at the end, in one system call; says how much was taken.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Cuts everything from `end` on.
    fn cut(&mut self, end: u64) -> io::Result<()>;
    /// Returns when the disk has it.
    fn sync(&mut self) -> io::Result<()>;
}

impl Tape for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.set_len(end)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
