//! How any value is written in one line of Markdown, and read back the same.
//!
//! Two escapes are used, both of which Markdown itself understands: `\|` for a pipe inside a table cell, and
//! `&#10;` (a decimal character reference) for what a line or a cell can't hold. Other backslashes stand for
//! themselves, so that a path of any system is kept as written.

use core::fmt::Write as _;
use std::borrow::Cow;

/// Where a value is written; decides what has to be escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// After `Key:`, to the end of the line.
    Line,
    /// Alone in a table cell.
    Cell,
    /// In a table cell, among others between commas.
    Item,
}

/// Whether `text`, as the whole of a value, is a person's or an agent's way of writing "nothing".
pub(crate) fn is_absent(text: &str) -> bool {
    ["", "none", "n/a", "-", "–", "—"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// `value` as it is written at `place`.
pub(crate) fn encode(value: &str, place: Place) -> String {
    let mut out = String::with_capacity(value.len());
    for (at, char) in value.char_indices() {
        let outermost = at == 0 || at + char.len_utf8() == value.len();
        let needs_reference = match char {
            ' ' => outermost,
            '&' => value[at..].starts_with("&#"),
            ',' => place == Place::Item,
            // Before the pipe that closes a cell, it would escape that pipe.
            '\\' => place != Place::Line && at + 1 == value.len(),
            '\u{2028}' | '\u{2029}' => true,
            other => other.is_control(),
        };
        if needs_reference {
            push_reference(&mut out, char);
        } else {
            if char == '|' && place != Place::Line {
                out.push('\\');
            }
            out.push(char);
        }
    }
    out
}

/// Like [`encode`], for a value that may be missing: a real value that reads as "nothing" is told apart from it.
pub(super) fn encode_optional(value: &str, place: Place) -> String {
    match value.chars().next() {
        Some(first) if is_absent(value) => {
            let mut out = String::new();
            push_reference(&mut out, first);
            out.push_str(&value[first.len_utf8()..]);
            out
        }
        _ => encode(value, place),
    }
}

/// The value that was written as `raw` at `place`.
pub(super) fn decode(raw: &str, place: Place) -> Cow<'_, str> {
    if memchr::memchr2(b'\\', b'&', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(special) = rest.find(['\\', '&']) {
        out.push_str(&rest[..special]);
        rest = &rest[special..];
        if place != Place::Line && rest.starts_with("\\|") {
            out.push('|');
            rest = &rest[2..];
        } else if let Some((char, length)) = reference(rest) {
            out.push(char);
            rest = &rest[length..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The values of a cell that holds several, as written between commas.
pub(super) fn decode_list(raw: &str) -> Vec<String> {
    if is_absent(raw) {
        return Vec::new();
    }
    raw.split(',')
        .map(|item| item.trim_matches(BLANK))
        .filter(|item| !item.is_empty())
        .map(|item| decode(item, Place::Item).into_owned())
        .collect()
}

/// What surrounds a value without belonging to it.
pub(crate) const BLANK: [char; 2] = [' ', '\t'];

/// Adds `char` as a character reference.
pub(crate) fn push_reference(out: &mut String, char: char) {
    // Writing to a string can't fail.
    let _ = write!(out, "&#{};", u32::from(char));
}

/// The character reference at the start of `text`, and how many bytes it takes.
pub(crate) fn reference(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("&#")?;
    let length = digits.bytes().take(8).take_while(u8::is_ascii_digit).count();
    if !(1..=7).contains(&length) || digits.as_bytes().get(length) != Some(&b';') {
        return None;
    }
    let char = char::from_u32(digits[..length].parse().ok()?)?;
    Some((char, "&#;".len() + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_what_markdown_understands() {
        for (value, line, cell, item) in [
            ("plain", "plain", "plain", "plain"),
            ("a|b", "a|b", "a\\|b", "a\\|b"),
            ("a\\|b", "a\\|b", "a\\\\|b", "a\\\\|b"),
            ("C:\\dir\\x.md", "C:\\dir\\x.md", "C:\\dir\\x.md", "C:\\dir\\x.md"),
            ("dir\\", "dir\\", "dir&#92;", "dir&#92;"),
            ("a\nb\r", "a&#10;b&#13;", "a&#10;b&#13;", "a&#10;b&#13;"),
            (" x ", "&#32;x&#32;", "&#32;x&#32;", "&#32;x&#32;"),
            ("a, b", "a, b", "a, b", "a&#44; b"),
            ("R&D &#10;", "R&D &#38;#10;", "R&D &#38;#10;", "R&D &#38;#10;"),
        ] {
            for (place, written) in [(Place::Line, line), (Place::Cell, cell), (Place::Item, item)] {
                assert_eq!(encode(value, place), written);
                assert_eq!(decode(written, place), value);
            }
        }
    }

    #[test]
    fn references_that_are_none_stand_for_themselves() {
        for raw in ["&#;", "&#x41;", "&#55296;", "&#99999999;", "&#12", "&", "&amp;", "\\", "\\\\"] {
            assert_eq!(decode(raw, Place::Cell), raw);
        }
    }

    #[test]
    fn a_value_that_reads_as_nothing_is_told_apart() {
        for value in ["None", "none", "-", "—", "N/A"] {
            let written = encode_optional(value, Place::Cell);
            assert!(!is_absent(&written));
            assert_eq!(decode(&written, Place::Cell), value);
        }
    }

    proptest! {
        #[test]
        fn any_value_survives(value in any::<String>(), place in 0..3) {
            let place = [Place::Line, Place::Cell, Place::Item][place as usize];
            let written = encode_optional(&value, place);
            prop_assert_eq!(decode(&written, place), value);
            prop_assert_eq!(written.trim_matches(BLANK), written.as_str());
            prop_assert!(!written.contains(['\n', '\r']));
        }
    }
}
