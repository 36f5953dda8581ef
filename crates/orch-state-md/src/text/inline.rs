//! What one line says: headings, list items, fields, links.

use super::Span;

/// The white space in front of `line`: columns (a tab goes to the next multiple of four) and bytes.
pub(crate) fn indent(line: &str) -> (usize, usize) {
    indent_from(0, line)
}

/// The column that the white space in front of `text` leads to when it begins at `column`, and its bytes.
pub(super) fn indent_from(column: usize, text: &str) -> (usize, usize) {
    let mut column = column;
    for (bytes, c) in text.bytes().enumerate() {
        match c {
            b' ' => column += 1,
            b'\t' => column += 4 - column % 4,
            _ => return (column, bytes),
        }
    }
    (column, text.len())
}

/// How many bytes the list marker at the start of `text` has; `None` when there is none.
pub(super) fn list_marker(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let length = match bytes.first()? {
        b'-' | b'*' | b'+' => 1,
        _ => {
            let digits = bytes.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) || !matches!(bytes.get(digits), Some(b'.' | b')')) {
                return None;
            }
            digits + 1
        }
    };
    matches!(bytes.get(length), None | Some(b' ' | b'\t')).then_some(length)
}

/// A list item's first line: the columns in front of its marker, and what stands behind the marker.
pub(crate) fn list_item(line: Span<'_>) -> Option<(usize, Span<'_>)> {
    let (columns, bytes) = indent(line.text);
    let marker = list_marker(&line.text[bytes..])?;
    if is_rule(&line.text[bytes..]) {
        return None;
    }
    Some((columns, line.skip(bytes + marker).trim()))
}

/// Whether `text` is a thematic break, such as `---` or `* * *`.
fn is_rule(text: &str) -> bool {
    let Some(mark @ ('-' | '*' | '_')) = text.chars().next() else { return false };
    text.chars().all(|c| c == mark || c == ' ' || c == '\t')
        && text.chars().filter(|&c| c == mark).count() >= 3
}

/// A list item's content without the box of a task list (`[ ]`, `[x]`).
pub(crate) fn task_box(item: Span<'_>) -> Span<'_> {
    match item.text.as_bytes() {
        [b'[', b' ' | b'x' | b'X', b']', b' ' | b'\t', ..] => item.skip(3).trim_start(),
        _ => item,
    }
}

/// An ATX heading: its level and its text without the marks around it.
pub(crate) fn heading(line: Span<'_>) -> Option<(usize, Span<'_>)> {
    let (columns, bytes) = indent(line.text);
    let rest = &line.text[bytes..];
    let level = rest.bytes().take(7).take_while(|&b| b == b'#').count();
    if columns > 3
        || !(1..=6).contains(&level)
        || !matches!(rest.as_bytes().get(level), None | Some(b' ' | b'\t'))
    {
        return None;
    }
    let title = line.skip(bytes + level).trim();
    let closed = title.text.trim_end_matches('#');
    let title = if closed.is_empty() || closed.ends_with([' ', '\t']) {
        title.take(closed.len()).trim()
    } else {
        title
    };
    Some((level, unwrap_inline(title)))
}

/// `Name: value`, with or without emphasis around the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// The name, without emphasis and colon.
    pub(crate) name: Span<'a>,
    /// The value, without the white space around it.
    pub(crate) value: Span<'a>,
}

impl Field<'_> {
    /// Whether the field is called one of `names`, whatever the case.
    pub(crate) fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.name.text.eq_ignore_ascii_case(name))
    }
}

/// Longest field name, in bytes; what is longer is prose with a colon in it.
const LONGEST_NAME: usize = 40;

/// The field that `text` begins with: `Name: v`, `**Name**: v`, `**Name:** v`, `Name : v`.
pub(crate) fn field(text: Span<'_>) -> Option<Field<'_>> {
    let text = text.trim_start();
    let open = emphasis(text.text);
    let window = &text.text.as_bytes()[open..text.text.len().min(open + LONGEST_NAME)];
    let colon = open + window.iter().position(|&b| b == b':')?;
    let mut name = text.text[open..colon].trim_end();
    let mut value = text.skip(colon + 1);
    if open > 0 {
        let mark = &text.text[..open];
        match name.strip_suffix(mark) {
            Some(inner) => name = inner.trim_end(),
            None => value = value.skip(value.text.starts_with(mark).then_some(open)?),
        }
    }
    // A colon inside a word belongs to the word: `C:/x`, `http://x`, `10:30`.
    let apart = value
        .text
        .chars()
        .next()
        .is_none_or(|c| c.is_whitespace() || !name.ends_with(|c: char| c.is_ascii_digit()));
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '/' | '(' | ')'));
    let begins = name.starts_with(|c: char| c.is_alphabetic());
    if !(plain && begins && apart) || value.text.starts_with("//") {
        return None;
    }
    Some(Field { name: text.take(open + name.len()).skip(open), value: value.trim() })
}

/// How many bytes of emphasis (`*`, `**`, `***`, `_`, `__`) stand at the start of `text`.
fn emphasis(text: &str) -> usize {
    let Some(mark @ (b'*' | b'_')) = text.bytes().next() else { return 0 };
    text.bytes().take(3).take_while(|&b| b == mark).count()
}

/// `text` without the code marks and the emphasis around the whole of it.
pub(crate) fn unwrap_inline(text: Span<'_>) -> Span<'_> {
    let mut text = text.trim();
    for mark in ["***", "**", "*", "__", "`"] {
        if text.text.len() > 2 * mark.len() && text.text.starts_with(mark) && text.text.ends_with(mark) {
            text = text.take(text.text.len() - mark.len()).skip(mark.len()).trim();
        }
    }
    text
}

/// The target of the inline link `[text](target "title")` that `text` begins with, and what follows the link.
pub(crate) fn link_target(text: Span<'_>) -> Option<(Span<'_>, Span<'_>)> {
    if !text.text.starts_with('[') {
        return None;
    }
    let target = text.skip(text.text.find("](")? + 2);
    if let Some(end) = target.text.strip_prefix('<').and_then(|inner| inner.find('>')) {
        let after = target.skip(end + 2);
        let close = after.text.find(')')?;
        let title = after.text[..close].trim();
        let plain = title.is_empty() || title.starts_with(['"', '\'']);
        return plain.then(|| (target.take(end + 1).skip(1), after.skip(close + 1)));
    }
    let mut depth = 0_usize;
    let end = target.text.bytes().position(|b| {
        match b {
            b'(' => depth += 1,
            b')' if depth == 0 => return true,
            b')' => depth -= 1,
            _ => {}
        }
        false
    })?;
    let inside = target.take(end);
    let path = inside.text.find(" \"").map_or(inside, |title| inside.take(title));
    Some((path.trim(), target.skip(end + 1)))
}

/// Whether `text` stands for nothing: empty, a dash, `None`, `N/A`.
pub(crate) fn is_none_word(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.');
    matches!(text, "" | "-" | "–" | "—" | "()" | "[]")
        || ["none", "n/a", "na", "nothing", "nil", "(none)"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// `text` in lower case, its words separated by single spaces, without a colon or a parenthesis at the end: what
/// headings are compared by.
pub(crate) fn words_of(text: &str) -> String {
    let text = text.trim().trim_end_matches(':').trim_end();
    let text = match (text.ends_with(')'), text.rfind('(')) {
        (true, Some(open)) => &text[..open],
        _ => text,
    };
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Characters of a file that a message repeats at most.
const LONGEST_QUOTE: usize = 60;

/// `text` as a message may repeat it: in backticks, short, and nothing in it that moves a terminal's cursor.
pub(crate) fn quoted(text: &str) -> String {
    let mut quote = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST_QUOTE {
            quote.push('…');
            break;
        }
        let turns = matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            quote.extend(c.escape_default());
        } else {
            quote.push(c);
        }
    }
    quote.push('`');
    quote
}

#[cfg(test)]
mod tests {
    use super::*;
    use orch_core::Position;

    fn span(text: &str) -> Span<'_> {
        Span::new(text, Position::new(1, 1))
    }

    #[test]
    fn reads_fields() {
        for (text, expected) in [
            ("Name: v", Some(("Name", "v", 7))),
            ("  **Name**: v w ", Some(("Name", "v w", 13))),
            ("**Name:** v", Some(("Name", "v", 11))),
            ("*Name:* v", Some(("Name", "v", 9))),
            ("__Name__ : v", Some(("Name", "v", 12))),
            ("Name:", Some(("Name", "", 6))),
            ("Two words:v", Some(("Two words", "v", 11))),
            ("**Name: v", None),
            ("http://x", None),
            ("at 10:30", None),
            ("`Name`: v", None),
            (": v", None),
            ("prose without", None),
        ] {
            let found = field(span(text));
            let found = found.map(|f| (f.name.text, f.value.text, f.value.at.column));
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn reads_headings() {
        for (text, expected) in [
            ("# A", Some((1, "A"))),
            ("###### A ##", Some((6, "A"))),
            ("## **A b**", Some((2, "A b"))),
            ("## C#", Some((2, "C#"))),
            ("##", Some((2, ""))),
            ("####### A", None),
            ("#A", None),
            ("    # A", None),
        ] {
            let found = heading(span(text)).map(|(level, title)| (level, title.text));
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn reads_list_items() {
        for (text, expected) in [
            ("- a", Some((0, "a", 3))),
            ("  * a", Some((2, "a", 5))),
            ("\t+\ta", Some((4, "a", 4))),
            ("12) a", Some((0, "a", 5))),
            ("-", Some((0, "", 2))),
            ("-a", None),
            ("- - -", None),
            ("1234567890. a", None),
            ("1.a", None),
        ] {
            let found = list_item(span(text)).map(|(indent, item)| (indent, item.text, item.at.column));
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn follows_links() {
        for (text, expected) in [
            ("[a](b.md) c", Some(("b.md", " c"))),
            ("[`a`](<b c.md>)", Some(("b c.md", ""))),
            ("[a](b(1).md)", Some(("b(1).md", ""))),
            ("[a](b.md \"title\")x", Some(("b.md", "x"))),
            ("[a][b]", None),
            ("[a](b", None),
        ] {
            let found = link_target(span(text)).map(|(target, rest)| (target.text, rest.text));
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_nothing_that_moves_the_cursor() {
        assert_eq!(quoted("a\u{1b}[2J\u{202e}b"), "`a\\u{1b}[2J\\u{202e}b`");
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), 63);
    }
}
