//! A worker's bytes as plain text for the terminal of its pane, in parts as they come.

/// The longest control sequence that is left out; a longer one is no control sequence.
const LONGEST_SEQUENCE: usize = 64;

/// Turns bytes into text that shows as what it is. Colours and cursor movements are left out; any other control,
/// invisible or turning character becomes a symbol; bytes that are no text become U+FFFD; a carriage return ends the
/// line, so that bars of progress stay readable. Remembers what one part leaves unfinished for the next.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// The beginning of a character.
    bytes: Vec<u8>,
    /// What has come of a control sequence, from the escape character on.
    sequence: String,
    /// The last one was a carriage return: a line feed adds nothing.
    returned: bool,
}

impl Plain {
    /// The text of one more part.
    pub(super) fn feed(&mut self, part: &[u8]) -> String {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.extend_from_slice(part);
        let mut text = String::with_capacity(bytes.len());
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (valid, invalid) = match std::str::from_utf8(rest) {
                Ok(valid) => (valid, None),
                Err(error) => {
                    let valid = std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default();
                    (valid, Some(error.error_len()))
                }
            };
            valid.chars().for_each(|c| self.put(c, &mut text));
            rest = &rest[valid.len()..];
            match invalid {
                None => break,
                Some(Some(length)) => {
                    self.put('\u{fffd}', &mut text);
                    rest = &rest[length..];
                }
                // The rest of it may be in the next part.
                Some(None) => {
                    self.bytes = rest.to_vec();
                    break;
                }
            }
        }
        text
    }

    /// What was left unfinished, when nothing more comes.
    pub(super) fn finish(&mut self) -> String {
        let mut text = String::new();
        if !std::mem::take(&mut self.bytes).is_empty() {
            self.put('\u{fffd}', &mut text);
        }
        self.give_up_sequence(&mut text);
        text
    }

    fn put(&mut self, c: char, text: &mut String) {
        if !self.sequence.is_empty() {
            match self.continue_sequence(c) {
                Sequence::GoesOn => return self.sequence.push(c),
                Sequence::Complete => return self.sequence.clear(),
                Sequence::Broken => self.give_up_sequence(text),
            }
        }
        let returned = std::mem::replace(&mut self.returned, c == '\r');
        match c {
            '\u{1b}' => self.sequence.push(c),
            '\n' if returned => {}
            '\r' | '\n' => text.push('\n'),
            '\t' => text.push(c),
            c if is_unsafe(c) => text.push(symbol(c)),
            c => text.push(c),
        }
    }

    /// Escape, `[`, parameters, intermediates, a last character.
    fn continue_sequence(&self, c: char) -> Sequence {
        let inner = self.sequence.get(2..);
        let intermediate = inner.is_some_and(|inner| inner.contains(|c| matches!(c, '\u{20}'..='\u{2f}')));
        match (inner, c) {
            (None, '[') => Sequence::GoesOn,
            (Some(_), '\u{40}'..='\u{7e}') => Sequence::Complete,
            (Some(inner), _) if inner.len() >= LONGEST_SEQUENCE => Sequence::Broken,
            (Some(_), '\u{20}'..='\u{2f}') => Sequence::GoesOn,
            (Some(_), '\u{30}'..='\u{3f}') if !intermediate => Sequence::GoesOn,
            _ => Sequence::Broken,
        }
    }

    fn give_up_sequence(&mut self, text: &mut String) {
        let sequence = std::mem::take(&mut self.sequence);
        text.extend(sequence.chars().map(|c| if is_unsafe(c) { symbol(c) } else { c }));
    }
}

enum Sequence {
    GoesOn,
    Complete,
    Broken,
}

/// Whether a character makes a terminal do something, can't be seen, or turns the order of others.
fn is_unsafe(c: char) -> bool {
    // Soft hyphen, joiners, fillers; marks of direction and width; separators; annotations, shorthand, music, tags.
    const INVISIBLE: [(char, char); 19] = [
        ('\u{ad}', '\u{ad}'),
        ('\u{34f}', '\u{34f}'),
        ('\u{61c}', '\u{61c}'),
        ('\u{115f}', '\u{1160}'),
        ('\u{17b4}', '\u{17b5}'),
        ('\u{180b}', '\u{180f}'),
        ('\u{200b}', '\u{200f}'),
        ('\u{2028}', '\u{202e}'),
        ('\u{2060}', '\u{206f}'),
        ('\u{3164}', '\u{3164}'),
        ('\u{feff}', '\u{feff}'),
        ('\u{ffa0}', '\u{ffa0}'),
        ('\u{fff0}', '\u{fffb}'),
        ('\u{110bd}', '\u{110bd}'),
        ('\u{110cd}', '\u{110cd}'),
        ('\u{13430}', '\u{1343f}'),
        ('\u{1bca0}', '\u{1bca3}'),
        ('\u{1d173}', '\u{1d17a}'),
        ('\u{e0000}', '\u{e0fff}'),
    ];
    c.is_control() || (!c.is_ascii() && INVISIBLE.iter().any(|&(first, last)| (first..=last).contains(&c)))
}

/// What it is shown as; one column wide.
fn symbol(c: char) -> char {
    match c {
        '\u{7f}' => '\u{2421}',
        c if c < ' ' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        _ => '\u{fffd}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(bytes: &[u8]) -> String {
        let mut plain = Plain::default();
        plain.feed(bytes) + &plain.finish()
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown_or_left_out() {
        let table: [(&str, &[u8], &str); 20] = [
            ("plain", "grün 日本 🎉\n\tx".as_bytes(), "grün 日本 🎉\n\tx"),
            ("colours", b"\x1b[1;31mred\x1b[0m", "red"),
            ("clear and home", b"\x1b[2J\x1b[Hx", "x"),
            ("private modes", b"\x1b[?1049hx", "x"),
            ("intermediates", b"\x1b[0 qx", "x"),
            ("a parameter after them", b"\x1b[ 0qx", "␛[ 0qx"),
            ("a broken sequence", b"\x1b[31", "␛[31"),
            ("two escapes", b"\x1b\x1b[31mx", "␛x"),
            ("one within a sequence", b"\x1b[3\x1b[31mx", "␛[3x"),
            ("a foreign end", "\u{1b}[31é".as_bytes(), "␛[31é"),
            ("OSC 52", b"\x1b]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA==␇"),
            ("DCS", b"\x1bP$q\"p\x1b\\", "␛P$q\"p␛\\"),
            ("title of tmux", b"\x1bkname\x1b\\", "␛kname␛\\"),
            ("reset", b"\x1bc", "␛c"),
            ("C1 as text", "\u{9b}31m\u{85}".as_bytes(), "�31m�"),
            ("C1 as bytes", b"\x9b31m\x85", "�31m�"),
            ("line ends", b"a\r\nb\rc\r\r\nd\n\n", "a\nb\nc\n\nd\n\n"),
            ("direction and width", "a\u{202e}b\u{200b}c\u{2066}".as_bytes(), "a�b�c�"),
            ("separators, tags, marks", "\u{2028}\u{e0041}\u{feff}".as_bytes(), "���"),
            ("controls", b"a\x08\x07\x7f\0\x0e", "a␈␇␡␀␎"),
        ];
        for (what, bytes, want) in table {
            assert_eq!(whole(bytes), want, "{what}");
        }
    }

    #[test]
    fn a_sequence_without_end_is_shown() {
        let long = format!("\u{1b}[{}mx", "1".repeat(1_000));
        assert_eq!(whole(long.as_bytes()), long.replace('\u{1b}', "␛"));
    }

    proptest! {
        #[test]
        fn nothing_unsafe_comes_out_however_it_comes_in(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b'm'), Just(0xe2), Just(0x80)], 0..80),
            cuts in proptest::collection::vec(1_usize..9, 1..9),
        ) {
            let mut plain = Plain::default();
            let (mut text, mut rest, mut cuts) = (String::new(), bytes.as_slice(), cuts.iter().cycle());
            while !rest.is_empty() {
                let (part, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                text += &plain.feed(part);
                rest = after;
            }
            text += &plain.finish();
            prop_assert_eq!(&text, &whole(&bytes));
            let bad = |c: char| (c.is_control() && c != '\n' && c != '\t') || "\u{200b}\u{202e}\u{2066}\u{feff}".contains(c);
            prop_assert!(!text.contains(bad), "{:?}", text);
        }

        #[test]
        fn text_stays_as_it_is(text in "[a-zäöü日🎉 \\n\\t]*") {
            prop_assert_eq!(whole(text.as_bytes()), text);
        }
    }
}
