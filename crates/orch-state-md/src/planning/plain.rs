//! What Markdown within a line says when it is shown: words without their marks.

use hashbrown::HashMap;

use crate::state::escape;

/// The tags that people put into cells and headings. Any other `<…>` is text.
const TAGS: [&str; 16] = [
    "br", "a", "b", "i", "em", "strong", "sub", "sup", "span", "kbd", "code", "small", "mark", "s", "del",
    "div",
];

/// `text` on one line without emphasis, code marks, links around words, and characters that nobody sees. In code
/// everything stays as it is.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut brackets: Vec<usize> = Vec::new();
    let mut opened = Vec::new();
    let mut code = 0;
    // Where the last of each closing sign is, so that none is looked for in vain again and again.
    let (last_round, last_angle) = (text.rfind(')'), text.rfind('>'));
    let closing = runs_of_backticks(text);
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let mut length = c.len_utf8();
        match c {
            '`' => {
                length = rest.len() - rest.trim_start_matches('`').len();
                match code {
                    0 if closing.get(&length).is_some_and(|last| *last > at) => code = length,
                    open if open == length => code = 0,
                    _ => out.push_str(&rest[..length]),
                }
            }
            c if code > 0 => out.push(c),
            '\\' if rest[1..].starts_with(|next: char| next.is_ascii_punctuation()) => {
                out.push_str(&rest[1..2]);
                length = 2;
            }
            '&' => match reference(rest) {
                Some((c, bytes)) => {
                    out.push(c);
                    length = bytes;
                }
                None => out.push('&'),
            },
            '*' => {}
            '~' if rest.starts_with("~~") => length = 2,
            '_' if !(out.ends_with(char::is_alphanumeric)
                && rest[1..].starts_with(char::is_alphanumeric)) => {}
            '!' if rest.starts_with("![") => {}
            '[' => {
                brackets.push(out.len());
                out.push('[');
            }
            ']' if rest.starts_with("](") && !brackets.is_empty() && last_round > Some(at) => {
                opened.extend(brackets.pop());
                length = rest.find(')').map_or(rest.len(), |end| end + 1);
            }
            ']' => {
                brackets.pop();
                out.push(']');
            }
            '<' if last_angle > Some(at) && is_tag(rest) => {
                out.push(' ');
                length = rest.find('>').map_or(rest.len(), |end| end + 1);
            }
            c => out.push(c),
        }
        at += length;
    }
    without(&out, opened)
}

/// By how many they are: where the last backticks in a row are. What none of them closes is no code.
fn runs_of_backticks(text: &str) -> HashMap<usize, usize> {
    let mut runs = HashMap::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'`', &text.as_bytes()[at..]) {
        let start = at + found;
        at = text.len() - text[start..].trim_start_matches('`').len();
        runs.insert(at - start, start);
    }
    runs
}

/// `text` without the brackets of links at the places `opened`, on one line.
fn without(text: &str, mut opened: Vec<usize>) -> String {
    opened.sort_unstable();
    let mut opened = opened.into_iter().peekable();
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if opened.next_if_eq(&at).is_some() {
            continue;
        }
        if c.is_whitespace() || (c.is_control() && !out.ends_with(' ')) {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !c.is_control() && !is_unseen(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The character reference at the start of `text`, and how many bytes it takes: a number, or one of the few names that are in
/// use.
fn reference(text: &str) -> Option<(char, usize)> {
    const NAMES: [(&str, char); 5] =
        [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&nbsp;", ' ')];
    let named = NAMES.iter().find(|(name, _)| text.starts_with(name));
    named.map(|(name, c)| (*c, name.len())).or_else(|| escape::reference(text))
}

fn is_tag(text: &str) -> bool {
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let length = name.bytes().take(8).take_while(u8::is_ascii_alphanumeric).count();
    name[length..].starts_with([' ', '/', '>'])
        && TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(&name[..length]))
}

/// Whether `c` changes how its neighbours look, or can't be seen; what joins the parts of an emoji is left.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `text` on one line, marks left as written, without characters that nobody sees.
pub(super) fn one_line(text: &str) -> String {
    without(text, Vec::new())
}

/// `text`, shortened to at most `most` characters.
pub(super) fn at_most(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}

/// What follows the signs and numbers in front of a heading's or a cell's name: emoji, brackets, `3.`, `2.1)`.
pub(super) fn name_of(text: &str) -> &str {
    let mut name = text;
    for _ in 0..2 {
        name = name.trim_start_matches(|c: char| !c.is_alphanumeric());
        let after = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = &name[..name.len() - after.len()];
        let after = match after.strip_prefix(')') {
            Some(after) => after,
            None if number.ends_with('.') => after,
            // A digit on a key cap.
            None => match after.strip_prefix('\u{fe0f}').unwrap_or(after).strip_prefix('\u{20e3}') {
                Some(after) => after,
                None => return name,
            },
        };
        if number.is_empty() || !after.starts_with(char::is_whitespace) {
            return name;
        }
        name = after;
    }
    name.trim_start_matches(|c: char| !c.is_alphanumeric())
}

/// What follows an id: without the colon, dash or bracket between them. A sign that a word begins with is the word's:
/// `M1: .NET port`.
pub(super) fn after_id(text: &str) -> &str {
    let mut rest = text;
    loop {
        let front = rest.trim_start();
        let after = front.trim_start_matches(|c: char| ":—–-−.)]|·,/".contains(c));
        let apart = rest.len() == text.len() || after.is_empty() || after.starts_with(char::is_whitespace);
        if after.len() == front.len() || !apart {
            return front;
        }
        rest = after;
    }
}

/// `text` as names are compared by: words in lower case, nothing else.
pub(super) fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with(' ') && c != '\'' && c != '’' {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_words_are_left() {
        for (text, expected) in [
            ("**M1** x", "M1 x"),
            ("[M1: *x*](#m1-x) y", "M1: x y"),
            ("![logo](a.png) z", "logo z"),
            ("`a*b` snake_case _em_", "a*b snake_case em"),
            ("~~gone~~ \\| a\\*", "gone | a*"),
            ("a<br>b Vec<u8> <a id=\"x\"></a>c", "a b Vec<u8> c"),
            ("a &#124; b &amp; &#60;c> &x; `&lt;`", "a | b & <c> &x; &lt;"),
            ("[x] [a](b", "[x] [a](b"),
            ("a\u{202e}b\u{1b}[31m\tc", "ab [31m c"),
            ("``a`b`` [[q](r)]", "a`b [q]"),
            ("it`s *a* &#60; ``b", "it`s a < ``b"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_go_on_after_their_id() {
        for (text, expected) in [
            (": x", "x"),
            (" — x", "x"),
            ("] - x", "x"),
            (": .NET port", ".NET port"),
            (":x", "x"),
            (" — / — /dev of its own", "/dev of its own"),
            (" :", ""),
            ("", ""),
        ] {
            assert_eq!(after_id(text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_begin_after_signs_and_numbers() {
        for (text, expected) in [
            ("🚀 M1: x", "M1: x"),
            ("3. Milestone 2", "Milestone 2"),
            ("2.1) x", "x"),
            ("1️⃣ M1", "M1"),
            ("3 apples", "3 apples"),
            ("2026. x", "x"),
            ("— (M1)", "M1)"),
            ("", ""),
        ] {
            assert_eq!(name_of(text), expected, "{text:?}");
        }
        assert_eq!(words(" Auth & “Login’s” page: v2 "), "auth logins page v2");
    }

    proptest! {
        #[test]
        fn nothing_unseen_is_left(text in any::<String>()) {
            let shown = plain(&text);
            prop_assert!(!shown.contains(|c: char| c.is_control()));
            prop_assert_eq!(shown.trim(), &*shown);
            let _ = (name_of(&text), words(&text), one_line(&text), at_most(text.clone(), 3));
        }
    }
}
