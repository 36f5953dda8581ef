//! Text of others made harmless for a terminal.
//!
//! Ids, titles, details and logs are written by others. A terminal obeys what is hidden in them: escape sequences set
//! the clipboard or a link's target, a carriage return paints over the line, invisible and turning characters make one
//! name look like another. Everything of that kind that reaches text output goes through [`Sanitised`].

use std::fmt;

/// A text that shows as what it is: colours and cursor movements are left out, any other control, invisible or turning
/// character is shown as a symbol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sanitised<'a> {
    text: &'a str,
    keeps_lines: bool,
}

impl<'a> Sanitised<'a> {
    /// As part of one line: line ends and tabs are shown as symbols.
    pub(crate) fn line(text: &'a str) -> Self {
        Self { text, keeps_lines: false }
    }

    /// As lines: line ends and tabs stay.
    pub(crate) fn lines(text: &'a str) -> Self {
        Self { text, keeps_lines: true }
    }
}

impl fmt::Display for Sanitised<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text;
        while let Some(at) = rest.find(is_unsafe) {
            let (clean, found) = rest.split_at(at);
            f.write_str(clean)?;
            let mut after = found.chars();
            let unsafe_char = after.next().unwrap_or_default();
            rest = after.as_str();
            match unsafe_char {
                '\n' | '\t' if self.keeps_lines => f.write_str(&found[..1])?,
                '\r' if self.keeps_lines && rest.starts_with('\n') => {}
                '\u{1b}' => match control_sequence(rest) {
                    Some(length) => rest = &rest[length..],
                    None => f.write_str(symbol(unsafe_char).encode_utf8(&mut [0; 4]))?,
                },
                other => f.write_str(symbol(other).encode_utf8(&mut [0; 4]))?,
            }
        }
        f.write_str(rest)
    }
}

/// Whether a character makes a terminal do something, can't be seen, or turns the order of others.
pub(crate) fn is_unsafe(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(
        c,
        '\u{80}'..='\u{9f}'
            // Soft hyphen, joiners, fillers: nothing to see.
            | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{3164}' | '\u{ffa0}'
            // Zero width, and the marks and overrides of direction.
            | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}'
            // Byte order mark, annotations, tags.
            | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What an unsafe character is shown as; one column wide.
fn symbol(c: char) -> char {
    match c {
        '\u{7f}' => '\u{2421}',
        c if c < ' ' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        _ => '\u{fffd}',
    }
}

/// The length of what follows an escape character when the two are a complete control sequence: colours, cursor
/// movements. All other kinds carry text of their own and are shown.
fn control_sequence(after: &str) -> Option<usize> {
    let bytes = after.as_bytes();
    if bytes.first() != Some(&b'[') {
        return None;
    }
    let parameters = bytes[1..].iter().take_while(|byte| (0x30..=0x3f).contains(*byte)).count();
    let rest = &bytes[1 + parameters..];
    let intermediates = rest.iter().take_while(|byte| (0x20..=0x2f).contains(*byte)).count();
    let last = rest.get(intermediates)?;
    (0x40..=0x7e).contains(last).then_some(1 + parameters + intermediates + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_or_left_out() {
        for (what, text, line, lines) in [
            ("plain", "PROMPT-01 grün 日本 🎉", "PROMPT-01 grün 日本 🎉", "PROMPT-01 grün 日本 🎉"),
            ("line ends and tabs", "a\tb\nc\r\nd", "a␉b␊c␍␊d", "a\tb\nc\nd"),
            ("a carriage return", "bad\rgood", "bad␍good", "bad␍good"),
            ("colours", "\u{1b}[1;31mred\u{1b}[0m", "red", "red"),
            ("clear and home", "\u{1b}[2J\u{1b}[Hx", "x", "x"),
            ("private modes", "\u{1b}[?1049hx", "x", "x"),
            ("a broken sequence", "\u{1b}[31", "␛[31", "␛[31"),
            ("two escapes", "\u{1b}\u{1b}[31mx", "␛x", "␛x"),
            ("a sequence with a foreign end", "\u{1b}[31é", "␛[31é", "␛[31é"),
            ("OSC 52", "\u{1b}]52;c;ZXZpbA==\u{7}", "␛]52;c;ZXZpbA==␇", "␛]52;c;ZXZpbA==␇"),
            (
                "OSC 8",
                "\u{1b}]8;;http://e.vil\u{1b}\\here\u{1b}]8;;\u{1b}\\",
                "␛]8;;http://e.vil␛\\here␛]8;;␛\\",
                "␛]8;;http://e.vil␛\\here␛]8;;␛\\",
            ),
            ("DCS", "\u{1b}P$q\"p\u{1b}\\", "␛P$q\"p␛\\", "␛P$q\"p␛\\"),
            ("reset", "\u{1b}c", "␛c", "␛c"),
            ("C1", "\u{9b}31m\u{9d}0;t\u{9c}\u{85}", "�31m�0;t��", "�31m�0;t��"),
            ("right to left", "gpj.\u{202e}exe\u{2066}", "gpj.�exe�", "gpj.�exe�"),
            ("zero width", "PROM\u{200b}PT\u{200d}\u{2060}", "PROM�PT��", "PROM�PT��"),
            ("byte order mark, tag", "\u{feff}a\u{e0041}", "�a�", "�a�"),
            ("separators", "a\u{2028}b\u{2029}", "a�b�", "a�b�"),
            ("backspace, bell, delete, null", "a\u{8}\u{7}\u{7f}\0", "a␈␇␡␀", "a␈␇␡␀"),
        ] {
            assert_eq!(Sanitised::line(text).to_string(), line, "{what}");
            assert_eq!(Sanitised::lines(text).to_string(), lines, "{what}");
        }
    }

    #[test]
    fn no_unsafe_character_gets_through() {
        for c in ('\0'..='\u{ffff}').chain('\u{e0000}'..='\u{e0fff}') {
            let text = format!("{c}\u{1b}{c}x\u{1b}[{c}x");
            let shown = Sanitised::line(&text).to_string();
            assert!(!shown.contains(is_unsafe) && !shown.contains(char::is_control), "{text:?}: {shown:?}");
        }
    }

    #[test]
    fn a_log_full_of_unfinished_sequences_costs_one_pass() {
        // Each escape is looked behind once, and a look ends at the next escape.
        let text = "\u{1b}[1;".repeat(1 << 16);
        assert_eq!(Sanitised::lines(&text).to_string(), "␛[1;".repeat(1 << 16));
    }
}
