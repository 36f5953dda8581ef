//! Reading a log of any size in bounded memory.

use std::io::{self, BufRead, ErrorKind};

/// A line longer than this is passed over.
pub(super) const LONGEST_LINE: usize = 16 << 20;

/// How much of an agent's text is kept: its end.
pub(super) const TEXT_KEPT: usize = 1 << 20;

/// How much of a log's end is searched for the signs of a rate limit.
pub(super) const SEARCHED: usize = 64 << 10;

/// How long one line for a person may be, in characters.
const LINE_FOR_A_PERSON: usize = 300;

/// Calls `line` with each line, without its line break, except those that are longer than `longest` bytes.
pub(super) fn each_line(
    mut log: impl BufRead,
    longest: usize,
    mut line: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut whole = Vec::new();
    let mut too_long = false;
    loop {
        let chunk = match log.fill_buf() {
            Ok([]) => break,
            Ok(chunk) => chunk,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let (part, ends) = match chunk.iter().position(|&byte| byte == b'\n') {
            Some(at) => (&chunk[..at], true),
            None => (chunk, false),
        };
        let used = part.len() + usize::from(ends);
        if too_long || whole.len() + part.len() > longest {
            too_long = true;
            whole.clear();
        } else if ends && whole.is_empty() {
            line(part);
        } else {
            whole.extend_from_slice(part);
            if ends {
                line(&whole);
            }
        }
        if ends {
            whole.clear();
            too_long = false;
        }
        log.consume(used);
    }
    if !whole.is_empty() {
        line(&whole);
    }
    Ok(())
}

/// The end of what was pushed into it.
#[derive(Debug)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    kept: usize,
    /// Something before `bytes` was thrown away.
    is_cut: bool,
}

impl Tail {
    pub(super) fn of(kept: usize) -> Self {
        Self { bytes: Vec::new(), kept, is_cut: false }
    }

    pub(super) fn push(&mut self, more: &[u8]) {
        let end = &more[more.len().saturating_sub(self.kept)..];
        self.is_cut |= end.len() < more.len();
        self.bytes.extend_from_slice(end);
        // Cut only when twice as much has come together, so that the cost stays linear.
        if self.bytes.len() >= 2 * self.kept {
            self.bytes.drain(..self.bytes.len() - self.kept);
            self.is_cut = true;
        }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.is_cut = false;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The end as text: cut between characters, foreign bytes replaced.
    pub(super) fn text(&self) -> String {
        let mut end = &self.bytes[self.bytes.len().saturating_sub(self.kept)..];
        if self.is_cut || self.bytes.len() > self.kept {
            // At most three bytes of a character whose beginning was cut off.
            let rest_of_one = end.iter().take(3).take_while(|&&byte| byte & 0xC0 == 0x80).count();
            end = &end[rest_of_one..];
        }
        String::from_utf8_lossy(end).into_owned()
    }
}

/// The last `kept` bytes of `text`, cut between characters.
pub(super) fn end_of(text: &str, kept: usize) -> &str {
    let mut from = text.len().saturating_sub(kept);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// `text` as one line that a terminal can show: no escape sequences, no control characters, not too long.
/// `None` when nothing is left.
pub(super) fn for_a_person(text: &str) -> Option<String> {
    let mut line = String::new();
    let mut length = 0;
    let mut gap = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A sequence such as ESC [ 91 m ends with its first letter.
            if characters.as_str().starts_with('[') {
                characters.find(|&part| part.is_ascii_alphabetic());
            }
        } else if character.is_whitespace() {
            gap = !line.is_empty();
        } else if !character.is_control() && !turns_the_text(character) {
            if length >= LINE_FOR_A_PERSON {
                line.push('…');
                break;
            }
            if gap {
                line.push(' ');
                length += 1;
                gap = false;
            }
            line.push(character);
            length += 1;
        }
    }
    (!line.is_empty()).then_some(line)
}

/// Invisible characters that change the direction of what follows.
fn turns_the_text(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn lines_of(log: &[u8], buffer: usize, longest: usize) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        each_line(BufReader::with_capacity(buffer, log), longest, |line| lines.push(line.to_vec())).unwrap();
        lines
    }

    proptest! {
        #[test]
        fn lines_are_those_of_split_except_the_long_ones(
            log in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
            buffer in 1usize..20,
            longest in 0usize..30,
        ) {
            let mut expected: Vec<Vec<u8>> = log.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
            if expected.last().is_some_and(Vec::is_empty) {
                expected.pop();
            }
            expected.retain(|line| line.len() <= longest);
            prop_assert_eq!(lines_of(&log, buffer, longest), expected);
        }

        #[test]
        fn a_tail_is_the_end_of_all_that_was_pushed(
            parts in proptest::collection::vec("[a-z]{0,30}", 0..20),
            kept in 1usize..40,
        ) {
            let mut tail = Tail::of(kept);
            parts.iter().for_each(|part| tail.push(part.as_bytes()));
            let whole = parts.concat();
            prop_assert_eq!(tail.text(), end_of(&whole, kept));
        }

        #[test]
        fn a_line_for_a_person_holds_nothing_that_moves_the_cursor(text in any::<String>()) {
            if let Some(line) = for_a_person(&text) {
                prop_assert!(!line.chars().any(char::is_control));
                prop_assert!(line.chars().count() <= LINE_FOR_A_PERSON + 2);
            }
        }
    }

    #[test]
    fn a_tail_is_cut_between_characters() {
        let mut tail = Tail::of(4);
        tail.push("aéé€".as_bytes());
        assert_eq!(tail.text(), "€");
    }

    #[test]
    fn colours_and_line_breaks_are_taken_out() {
        let shown = for_a_person("\u{1b}[91m\u{1b}[1mError: \u{1b}[0mSession\r\n not\tfound\u{7}\u{202e}\n");
        assert_eq!(shown.as_deref(), Some("Error: Session not found"));
        assert_eq!(for_a_person("\u{1b}[0m \n"), None);
    }
}
