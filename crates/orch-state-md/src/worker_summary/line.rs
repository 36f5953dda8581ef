//! The lines of a summary as what they are: headings, items, rows; without what is struck through or in a comment.

use orch_core::Position;

use crate::text::{Lines, Part as Region, Span, heading, indent, list_item};

/// Bytes of a line that are read; whoever writes more on one line says nothing with it.
const LONGEST: usize = 16 * 1024;

/// A line that says something, or an empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) form: Form,
    /// Columns in front of it.
    pub(super) indent: usize,
    /// Its text without the signs of its form.
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Blank,
    /// With its level.
    Heading(usize),
    Item,
    /// A row of a table, with its pipes.
    Row,
    /// A line of a block of code.
    Code,
    /// `---` or `===`: a rule, or the line below a heading.
    Rule,
    Text,
}

/// The lines of `text`.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line> {
    let mut in_comment = false;
    Lines::new(text).filter_map(move |line| {
        let code = |text: &str| Line { form: Form::Code, indent: 0, text: bounded(text).trim().to_owned() };
        match line.part {
            Region::Code => return Some(code(line.text)),
            Region::Open(_) | Region::Close | Region::Comment { .. } => {
                in_comment = false;
                return None;
            }
            Region::Prose => {}
        }
        let was_blank = line.text.trim().is_empty();
        let shown = shown(line.text, &mut in_comment);
        let read = take_apart(unquoted(bounded(&shown)));
        // A line of which nothing is left does not end what goes on below it.
        (was_blank || read.form != Form::Blank).then_some(read)
    })
}

/// Where the text within the first block of code begins for which `holds` says so of a line. Blocks of a program's code
/// are passed by.
pub(super) fn inside_fence(text: &str, holds: impl Fn(&Line) -> bool) -> Option<usize> {
    let mut opened = None;
    let mut lines = Lines::new(text).peekable();
    while let Some(line) = lines.next() {
        match line.part {
            Region::Open(fence) => {
                let words = ["", "md", "markdown", "text", "txt", "plaintext"];
                let is_text = words.iter().any(|word| fence.info.eq_ignore_ascii_case(word));
                opened = lines.peek().filter(|_| is_text).map(|next| next.start);
            }
            Region::Code if opened.is_some() => {
                if holds(&take_apart(unquoted(bounded(line.text)))) {
                    return opened;
                }
            }
            _ => opened = None,
        }
    }
    None
}

fn take_apart(line: &str) -> Line {
    let (columns, bytes) = indent(line);
    // A backslash at the end is a line break.
    let line = line.trim_end();
    let line = line.strip_suffix('\\').filter(|line| !line.ends_with('\\')).unwrap_or(line);
    let rest = line.get(bytes..).unwrap_or_default().trim_end();
    let new = |form, indent, text: &str| Line { form, indent, text: text.to_owned() };
    if rest.is_empty() {
        return new(Form::Blank, 0, "");
    }
    if is_rule(rest) {
        return new(Form::Rule, columns, rest);
    }
    let span = Span::new(line, Position::new(1, 1));
    if let Some((level, title)) = heading(span) {
        return new(Form::Heading(level), 0, title.text);
    }
    if let Some((columns, item)) = list_item(span) {
        return new(Form::Item, columns, item.text);
    }
    if let Some(item) = rest.strip_prefix(['•', '‣', '◦', '▪', '●']) {
        return new(Form::Item, columns, item.trim());
    }
    let form = if rest.starts_with('|') { Form::Row } else { Form::Text };
    new(form, columns, rest)
}

fn is_rule(text: &str) -> bool {
    let mark = text.chars().next().unwrap_or(' ');
    matches!(mark, '-' | '=' | '_' | '*') && text.len() >= 3 && text.chars().all(|c| c == mark || c == ' ')
}

/// A line of a block quote without its signs.
fn unquoted(line: &str) -> &str {
    let mut line = line;
    for _ in 0..8 {
        match line.trim_start().strip_prefix('>') {
            Some(rest) => line = rest.strip_prefix(' ').unwrap_or(rest),
            None => break,
        }
    }
    line
}

fn bounded(text: &str) -> &str {
    front(text, LONGEST)
}

/// The first `longest` bytes of `text`, or a few less so that no character is cut.
pub(super) fn front(text: &str, longest: usize) -> &str {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `line` without comments, struck-through text and tags that only lay it out.
fn shown(line: &str, in_comment: &mut bool) -> String {
    let mut line = line;
    if line.trim().is_empty() {
        *in_comment = false;
    }
    let mut out = String::new();
    loop {
        if *in_comment {
            match line.find("-->") {
                Some(end) => line = &line[end + 3..],
                None => break,
            }
        }
        match line.find("<!--") {
            Some(start) => {
                out.push_str(&line[..start]);
                line = &line[start + 4..];
                *in_comment = true;
            }
            None => {
                *in_comment = false;
                out.push_str(line);
                break;
            }
        }
    }
    without_tags(&without_struck(&out))
}

/// Stands where something was struck through: what is left of an item that begins so is a remark.
pub(super) const STRUCK: char = '\u{fffc}';

fn without_struck(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("~~") {
        let Some(length) = rest[open + 2..].find("~~").filter(|length| *length > 0) else { break };
        out.push_str(&rest[..open]);
        out.push(STRUCK);
        rest = &rest[open + 2 + length + 2..];
    }
    out + rest
}

fn without_tags(text: &str) -> String {
    if !text.contains('<') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let tag = rest[open + 1..].trim_start_matches('/');
        let name = tag.bytes().take_while(u8::is_ascii_alphabetic).count();
        let known =
            ["details", "summary", "b", "strong", "em", "i", "p"].iter().any(|known| *known == &tag[..name]);
        match tag.get(name..).filter(|_| known).and_then(|after| after.strip_prefix('>')) {
            Some(after) => rest = after,
            None => {
                out.push('<');
                rest = &rest[open + 1..];
            }
        }
    }
    out + rest
}

/// The cells of a row, without the white space around them.
pub(super) fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|');
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut chars = row.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'|') => {
                chars.next();
                cell.push('|');
            }
            '|' => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.trim().is_empty() {
        cells.push(cell);
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Whether a row is the one below the header of a table.
pub(super) fn is_separator(row: &str) -> bool {
    row.contains('-') && row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
}

/// `text` on one line: without control characters and those that turn what stands around them, at most `longest`
/// characters.
pub(super) fn one_line(text: &str, longest: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    let mut gap = false;
    for c in text.chars() {
        let turns = matches!(c, '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | STRUCK);
        if c.is_whitespace() || c.is_control() {
            gap = !out.is_empty();
        } else if !turns {
            if gap {
                out.push(' ');
                count += 1;
            }
            gap = false;
            if count >= longest {
                out.push('…');
                break;
            }
            out.push(c);
            count += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_is_not_said() {
        for (text, expected) in [
            ("a <!-- b --> c", "a  c"),
            ("a <!-- b\nc --> d\ne", "a|d|e"),
            ("a <!-- b\n\nc", "a||c"),
            ("~~a~~ b ~~c~~", "\u{fffc} b \u{fffc}"),
            ("a\\", "a"),
            ("a ~~~~ b", "a ~~~~ b"),
            ("<details><summary>Files</summary>", "Files"),
            ("Vec<u8> <b>x</b>", "Vec<u8> x"),
            ("> > quoted", "quoted"),
            ("<!-- a -->\nb", "b"),
        ] {
            let shown: Vec<String> = lines(text).map(|line| line.text).collect();
            assert_eq!(shown.join("|"), expected, "{text:?}");
        }
    }

    #[test]
    fn takes_rows_apart() {
        assert_eq!(cells("| a \\| b | c |"), ["a | b", "c"]);
        assert_eq!(cells("|a|b"), ["a", "b"]);
        assert!(is_separator("|:--|--:|") && !is_separator("| a |"));
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line(" a\n\tb\u{1b}[2J\u{202e}c ", 100), "a b [2Jc");
        assert_eq!(one_line("abcdef", 3), "abc…");
    }
}
