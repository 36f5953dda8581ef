//! Words of plans and workers, written so that they stay words.

use std::fmt::Write as _;

use crate::state::escape::{Place, encode, push_reference};

/// `text` in one line of prose, anywhere but at the start of a block.
pub(crate) fn prose(text: &str) -> String {
    escape(text, &[])
}

/// `text` at the start of a block or a list item.
pub(crate) fn block(text: &str) -> String {
    let text = prose(text);
    // A pipe or two asterisks open no block, but a line that begins with them looks like a row or a field to a script.
    let opens = text.starts_with(['>', '[', '=', '|'])
        || ["```", "~~~", "---", "**", "___"].iter().any(|mark| text.starts_with(mark))
        || (text.starts_with('#') && ends_marker(text.trim_start_matches('#')))
        || ["-", "*", "+", "_"].iter().any(|mark| text.strip_prefix(mark).is_some_and(ends_marker));
    // The sign that makes a block of it.
    let at = match text.bytes().take_while(u8::is_ascii_digit).count() {
        0 if opens => 0,
        digits @ 1.. if text[digits..].strip_prefix(['.', ')']).is_some_and(ends_marker) => digits,
        _ => return text,
    };
    let Some(sign) = text[at..].chars().next() else { return text };
    let mut out = String::with_capacity(text.len() + 5);
    out.push_str(&text[..at]);
    push_reference(&mut out, sign);
    out.push_str(&text[at + sign.len_utf8()..]);
    out
}

/// Whether what follows a marker lets it be one: `#42` is no heading.
fn ends_marker(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(' ')
}

/// `text` in a cell of a table.
pub(crate) fn cell(text: &str) -> String {
    escape(text, &['|'])
}

/// `text` as the words of a link in a cell of a table.
pub(crate) fn link_words(text: &str) -> String {
    escape(text, &['|', '[', ']', '\\', '`'])
}

/// `url` as a link's destination.
pub(super) fn destination(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'*+,;=%".contains(&byte) => {
                out.push(char::from(byte));
            }
            // Writing to a `String` can't fail.
            byte => _ = write!(out, "%{byte:02X}"),
        }
    }
    out
}

/// `text` as code within a line.
pub(crate) fn code(text: &str) -> String {
    let text = code_line(text);
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let blank =
        if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// `text` as one line of a block of code. There are no references in code: what would not stay in the line, or could not
/// be seen, is replaced.
pub(super) fn code_line(text: &str) -> String {
    let shown = |char: char| match char {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        char if char.is_control() || is_unseen(char) => char::REPLACEMENT_CHARACTER,
        char => char,
    };
    text.trim().chars().map(shown).collect()
}

/// How often `char` is repeated at most in `text`.
pub(super) fn longest_run(text: &str, char: char) -> usize {
    text.split(|other| other != char).map(|run| run.chars().count()).max().unwrap_or(0)
}

fn escape(text: &str, also: &[char]) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = encode(&words.join(" "), Place::Line);
    let mut out = String::with_capacity(line.len());
    let mut before = None;
    for (at, char) in line.char_indices() {
        let next = line[at + char.len_utf8()..].chars().next();
        let special = match char {
            // Before anything else, it is no HTML.
            '<' => next.is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(next)),
            // A link, and an image, which would be loaded.
            '(' | '[' if before == Some(']') => true,
            char => also.contains(&char) || is_unseen(char),
        };
        // It would take a reference's meaning away.
        if (special || (char == '&' && next == Some('#'))) && out.ends_with('\\') {
            out.pop();
            push_reference(&mut out, '\\');
        }
        if special {
            push_reference(&mut out, char);
        } else {
            out.push(char);
        }
        before = Some(char);
    }
    out
}

/// Whether `char` changes how its neighbours look, or can't be seen.
fn is_unseen(char: char) -> bool {
    matches!(char, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        for (text, expected) in [
            ("TypeScript error in component", "TypeScript error in component"),
            ("line 1\n\n## line 2\r\n\t| x", "line 1 ## line 2 | x"),
            ("a < b, Vec<u8>, <!-- x", "a < b, Vec&#60;u8>, &#60;!-- x"),
            ("cannot find `x`", "cannot find `x`"),
            ("![x](http://x) [a][b]", "![x]&#40;http://x) [a]&#91;b]"),
            ("\x1b[31mred\u{202e}", "&#27;[31mred&#8238;"),
            ("&#60;b>", "&#38;#60;b>"),
            ("C:\\dir\\<b> \\\x1b", "C:\\dir&#92;&#60;b> &#92;&#27;"),
        ] {
            assert_eq!(prose(text), expected);
        }
        assert_eq!(cell("a|b\\|c"), "a&#124;b&#92;&#124;c");
        assert_eq!(link_words("#4]`2\\"), "#4&#93;&#96;2&#92;");
    }

    #[test]
    fn nothing_opens_a_block() {
        for (text, expected) in [
            ("# x", "&#35; x"),
            ("###", "&#35;##"),
            ("#42", "#42"),
            ("1. x", "1&#46; x"),
            ("12) x", "12&#41; x"),
            ("1.5 x", "1.5 x"),
            ("```sh", "&#96;``sh"),
            ("`x` is", "`x` is"),
            ("- x", "&#45; x"),
            ("-x", "-x"),
            ("---", "&#45;--"),
            ("[x]: y", "&#91;x]: y"),
            ("> x", "&#62; x"),
            ("", ""),
        ] {
            assert_eq!(block(text), expected);
        }
    }

    #[test]
    fn code_stays_code() {
        for (text, expected) in [
            ("cat x", "`cat x`"),
            ("a `b` ``c", "```a `b` ``c```"),
            ("`x`", "`` `x` ``"),
            ("a\nb\x07", "`a b\u{fffd}`"),
            ("", "`  `"),
        ] {
            assert_eq!(code(text), expected);
        }
    }

    #[test]
    fn destinations_stay_inside_their_brackets() {
        assert_eq!(destination("https://h/a b)(\"|é?x=1#y"), "https://h/a%20b%29%28%22%7C%C3%A9?x=1#y");
    }
}
