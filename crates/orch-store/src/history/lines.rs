//! The lines of a history, each lent from the one buffer that the file is read into.

use std::io::{self, Read};

use super::LONGEST_LINE;

/// How much is asked of the system at once.
const CHUNK: usize = 256 << 10;

/// Reads lines without copying them: of a long history, copying each would be a tenth of the time.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// What has been read and not been handed out.
    from: usize,
    to: usize,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: vec![0; CHUNK], from: 0, to: 0 }
    }

    /// The next line with its newline; more than the longest line is cut there. Empty at the end.
    pub(super) fn next(&mut self) -> io::Result<&[u8]> {
        let mut looked_at = 0;
        loop {
            let held = &self.buffer[self.from..self.to];
            let newline = memchr::memchr(b'\n', &held[looked_at..]).map(|at| looked_at + at + 1);
            if newline.is_some() || held.len() > LONGEST_LINE {
                return Ok(self.take(newline.unwrap_or(usize::MAX).min(LONGEST_LINE + 1)));
            }
            looked_at = held.len();
            if self.fill()? == 0 {
                return Ok(self.take(looked_at));
            }
        }
    }

    fn take(&mut self, length: usize) -> &[u8] {
        let start = self.from;
        self.from += length;
        &self.buffer[start..self.from]
    }

    /// Reads more behind what is held; how much, and nothing at the end.
    fn fill(&mut self) -> io::Result<usize> {
        if self.to == self.buffer.len() {
            self.buffer.copy_within(self.from..self.to, 0);
            self.to -= std::mem::take(&mut self.from);
            if self.to == self.buffer.len() {
                self.buffer.resize(2 * self.to, 0);
            }
        }
        loop {
            match self.reader.read(&mut self.buffer[self.to..]) {
                Ok(count) => {
                    self.to += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in small pieces, and is interrupted between them.
    struct Drops<'a>(&'a [u8], bool);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let most = into.len().min(7_001);
            self.0.read(&mut into[..most])
        }
    }

    #[test]
    fn every_byte_is_handed_out_once_in_lines() {
        let long = "x".repeat(2 * CHUNK + 5);
        for text in ["", "\n", "a", "a\nb", "a\n\nb\n", &format!("{long}\n{long}"), &"abc\n".repeat(CHUNK)] {
            let mut lines = Lines::new(Drops(text.as_bytes(), false));
            for expected in text.split_inclusive('\n') {
                assert_eq!(lines.next().unwrap(), expected.as_bytes());
            }
            assert_eq!(lines.next().unwrap(), b"");
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        for (length, first) in [
            (LONGEST_LINE - 1, LONGEST_LINE),
            (LONGEST_LINE, LONGEST_LINE + 1),
            (3 * LONGEST_LINE, LONGEST_LINE + 1),
        ] {
            let text = "x".repeat(length) + "\n";
            let mut lines = Lines::new(text.as_bytes());
            assert_eq!(lines.next().unwrap().len(), first);
            let mut rest = text.len() - first;
            while rest > 0 {
                rest -= lines.next().unwrap().len();
            }
        }
    }
}
