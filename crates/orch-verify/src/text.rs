//! Other people's text, made fit for a report: no escape sequences, no control characters, an end.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Terminal escape sequences: CSI, then the kinds that carry a string (OSC, DCS, APC, PM, SOS), then the short ones.
static ESCAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:\x1b\[|\u{9b})[0-?]*[ -/]*[@-~]?",
        r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?",
        r"|\x1b[ -/]*[0-~]?"
    ))
    .ok()
});

/// `text` without anything that a terminal acts on or that hides how it reads; line breaks and tabs stay. Of a line
/// that was overwritten by carriage returns the last state stays.
pub(crate) fn clean(text: &str) -> String {
    let text = match &*ESCAPES {
        Some(escapes) => escapes.replace_all(text, ""),
        None => Cow::Borrowed(text),
    };
    let mut cleaned = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            cleaned.push('\n');
        }
        let line = line.trim_end_matches('\r');
        let line = line.rsplit('\r').next().unwrap_or(line);
        cleaned.extend(line.chars().filter(|&c| c == '\t' || !hidden(c)));
    }
    cleaned
}

/// Whether a character is for a machine, or changes how its neighbours look: bidirectional controls, zero widths.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// `text` cleaned, on one line, at most `most` characters and a sign that there was more.
pub(crate) fn line(text: &str, most: usize) -> String {
    // Twelve bytes a character leave room for what is taken out; the rest need not be looked at.
    let cut = floor(text, most.saturating_mul(12));
    let cleaned = clean(&text[..cut].replace('\r', "\n"));
    let mut words = String::new();
    for word in cleaned.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    match words.char_indices().nth(most) {
        Some((at, _)) => words.truncate(at),
        None if cut == text.len() => return words,
        None => {}
    }
    words.push('…');
    words
}

/// The last lines of `text`, cleaned: at most `lines` of them and `bytes` bytes. A line that is too long on its own
/// keeps its end.
pub(crate) fn tail(text: &str, lines: usize, bytes: usize) -> String {
    // Escapes and control characters are taken out afterwards, so some more than will be kept is looked at.
    let from = ceil(text, text.len().saturating_sub(bytes.saturating_mul(8)));
    let cleaned = clean(&text[from..]);
    let cleaned = cleaned.trim_end();
    let start = match cleaned.rmatch_indices('\n').nth(lines.saturating_sub(1)) {
        Some((at, _)) => at + 1,
        None => 0,
    };
    let kept = &cleaned[start..];
    if kept.len() <= bytes {
        return kept.trim_start_matches('\n').to_owned();
    }
    let cut = ceil(kept, kept.len() - bytes);
    let (before, kept) = kept.split_at(cut);
    if before.ends_with('\n') {
        return kept.trim_start_matches('\n').to_owned();
    }
    // A whole line is better than the end of one, where there is a whole line.
    kept.split_once('\n').map_or(kept, |(_, rest)| rest).trim_start_matches('\n').to_owned()
}

/// The first `bytes` bytes of `text`, cleaned, with a sign that there was more.
pub(crate) fn head(text: &str, bytes: usize) -> String {
    let mut cleaned = clean(&text[..floor(text, bytes.saturating_mul(8))]).trim_end().to_owned();
    if cleaned.len() > bytes {
        cleaned.truncate(floor(&cleaned, bytes));
        cleaned.push('…');
    }
    cleaned
}

/// The last place at or before `at` where a character begins.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// The first place at or after `at` where a character begins.
fn ceil(text: &str, at: usize) -> usize {
    (at..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_expression_for_escapes_is_one() {
        assert!(ESCAPES.is_some());
    }

    #[test]
    fn what_a_terminal_acts_on_goes() {
        for (text, expected) in [
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{9b}31mred", "red"),
            ("\u{1b}]0;title\u{7}a", "a"),
            ("\u{1b}]52;c;aGk=\u{1b}\\a", "a"),
            ("\u{1b}P1$q\u{1b}\\a\u{1b}", "a"),
            ("\u{1b}(Ba", "a"),
            ("10%\r50%\r100%\r\nb\r\n", "100%\nb\n"),
            ("a\0\u{8}b\tc", "ab\tc"),
            ("a\u{202e}b\u{200b}c", "abc"),
            ("ä 日本\n", "ä 日本\n"),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_end_of_a_log_is_kept() {
        for (text, lines, bytes, expected) in [
            ("", 3, 10, ""),
            ("a\nb\nc\n\n", 2, 10, "b\nc"),
            ("a\nb\nc", 9, 10, "a\nb\nc"),
            ("aaaa\nbb\ncc", 9, 5, "bb\ncc"),
            ("aaaa\nbb\ncc", 9, 4, "cc"),
            ("aaäbb", 1, 3, "bb"),
        ] {
            assert_eq!(tail(text, lines, bytes), expected, "{text:?}");
        }
        assert_eq!(line("a \n b\t c", 9), "a b c");
        assert_eq!(line("abc def", 4), "abc …");
        assert_eq!(head("äöü", 3), "ä…");
    }

    proptest! {
        #[test]
        fn nothing_breaks_it_and_it_has_an_end(text in any::<String>(), lines in 0usize..5, bytes in 0usize..40) {
            let seen = [line(&text, bytes), tail(&text, lines, bytes), head(&text, bytes)];
            prop_assert!(seen[0].chars().count() <= bytes + 1 && !seen[0].contains('\n'));
            prop_assert!(seen[1].len() <= bytes && seen[1].lines().count() <= lines.max(1));
            prop_assert!(seen[2].len() <= bytes + 3);
            for text in seen {
                prop_assert!(text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{text:?}");
            }
        }
    }
}
