//! The checkboxes of a section, and the files that it names.

use std::ops::Range;

use hashbrown::HashSet;
use orch_core::{Diagnostic, Position};

use super::paths::paths_of;
use super::plain::{one_line, plain, words};
use super::{BoxMark, TaskBox};
use crate::text::{Findings, Line, Lines, clamp, heading, indent, list_item};

/// Paths of one section that are kept.
const MOST_PATHS: usize = 500;

/// What the lines of a section say.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) boxes: Vec<TaskBox>,
    pub(super) paths: Vec<String>,
}

/// The boxes and paths in `range` of `text`, which begins with line `number`. What is in one of `others`, sections of other
/// milestones in it in the order of the text, is theirs.
pub(super) fn content(
    text: &str,
    range: Range<usize>,
    number: u32,
    others: &[Range<usize>],
    findings: &mut Findings,
) -> Content {
    let mut reader = Reader { text, found: Content::default(), open: None, items: Vec::new() };
    let mut seen = HashSet::new();
    let mut others = others.iter().peekable();
    for mut line in Lines::from_line(&text[range.clone()], number) {
        line.start += range.start;
        while others.next_if(|other| other.end <= line.start).is_some() {}
        if others.peek().is_some_and(|other| other.contains(&line.start)) {
            reader.open = None;
            continue;
        }
        reader.line(&line, findings);
        if line.is_hidden() {
            continue;
        }
        for path in paths_of(line.text) {
            if reader.found.paths.len() < MOST_PATHS && !seen.contains(path) {
                seen.insert(path);
                reader.found.paths.push(path.to_owned());
            }
        }
    }
    for item in &mut reader.found.boxes {
        finish(item, text);
    }
    // There is nothing to do in an empty one.
    reader.found.boxes.retain(|item| !item.text.is_empty());
    reader.found
}

struct Reader<'a> {
    text: &'a str,
    found: Content,
    /// The column of the box that the next line may go on with, and whether it is quoted.
    open: Option<(usize, bool)>,
    /// The columns of the list items around, outermost first.
    items: Vec<usize>,
}

impl Reader<'_> {
    fn line(&mut self, line: &Line<'_>, findings: &mut Findings) {
        let quoted = quote(line.text);
        let inner = line.span().skip(quoted);
        let (columns, bytes) = indent(inner.text);
        let blank = bytes == inner.text.len();
        let was_open = self.open.take();
        if line.is_hidden() || blank {
            return;
        }
        let Some((columns, item)) = list_item(inner) else {
            let is_heading = heading(inner).is_some();
            let words = inner.text[bytes..].chars().next().is_some_and(char::is_alphanumeric);
            if let Some((column, is_quoted)) = was_open
                && is_quoted == (quoted > 0)
                && !is_heading
                && (columns > column || words)
                && let Some(last) = self.found.boxes.last_mut()
            {
                last.range.end = line.start + line.text.len();
                self.open = was_open;
            } else if columns == 0 || is_heading {
                self.items.clear();
            }
            return;
        };
        while self.items.last().is_some_and(|&outer| outer >= columns) {
            self.items.pop();
        }
        if columns >= 4 && self.items.is_empty() {
            // Code by its indentation.
            return;
        }
        let depth = self.items.len();
        self.items.push(columns);
        let at = Position::new(line.number, clamp(1 + quoted + bytes));
        let Some((mark, dropped)) = mark(item.text) else {
            if is_almost(item.text) {
                let message = "a list item is almost a checkbox, and read as none";
                let hint = "write it as `- [ ] …`, with a blank between the brackets and one behind them";
                findings.push(Diagnostic::warning("planning.box", message).hint(hint).at(at));
            }
            return;
        };
        // The item's text is the end of the line but for blanks.
        let start = line.text.trim_end().len() - item.text.len();
        debug_assert!(self.text[line.start + start..].starts_with(item.text));
        self.found.boxes.push(TaskBox {
            mark,
            text: String::new(),
            depth,
            dropped,
            gate: false,
            at,
            range: line.start..line.start + line.text.len(),
            mark_at: line.start + start + 1,
        });
        self.open = Some((columns, quoted > 0));
    }
}

/// How many bytes of `line` are the marks of a quote around it.
fn quote(line: &str) -> usize {
    let mut rest = line;
    while let Some(inner) = rest.trim_start_matches(' ').strip_prefix('>') {
        rest = inner.strip_prefix(' ').unwrap_or(inner);
    }
    line.len() - rest.len()
}

/// The mark that an item begins with, and whether it says that the item was given up.
fn mark(item: &str) -> Option<(BoxMark, bool)> {
    let inside = item.strip_prefix('[')?;
    let mark = inside.chars().next()?;
    let after = inside[mark.len_utf8()..].strip_prefix(']')?;
    if !(after.is_empty() || after.starts_with(char::is_whitespace)) {
        return None;
    }
    match mark {
        ' ' | '\u{a0}' => Some((BoxMark::Open, false)),
        '~' | '/' => Some((BoxMark::Partial, false)),
        'x' | 'X' | '✓' | '✔' | '✅' => Some((BoxMark::Done, false)),
        '-' => Some((BoxMark::Open, true)),
        _ => None,
    }
}

/// Whether an item was meant to be a checkbox, as it seems: `[]`, `[ ]without a blank`.
fn is_almost(item: &str) -> bool {
    let word = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || "*`_".contains(c));
    item.starts_with("[] ")
        || ["[ ]", "[x]", "[X]", "[~]"].iter().any(|mark| item.strip_prefix(mark).is_some_and(word))
}

/// Reads the words of a box whose lines are known.
fn finish(item: &mut TaskBox, text: &str) {
    let written = &text[item.mark_at..item.range.end];
    let words = written.split_once(']').map_or("", |(_, words)| words);
    let mut lines = words.split('\n');
    let mut joined = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        joined.push(' ');
        joined.push_str(&line[quote(line)..]);
    }
    item.text = one_line(&joined);
    let said = item.text.trim_start_matches(['*', '_', ' ']);
    item.dropped |= said.strip_prefix("~~").is_some_and(|struck| struck.contains("~~"));
    item.gate = is_gate(&item.text);
}

/// Whether a box asks for a person's approval: it is labelled as a gate.
fn is_gate(text: &str) -> bool {
    const WHOSE: [&str; 13] = [
        "user", "owner", "human", "approval", "review", "manual", "merge", "release", "hard", "sign",
        "signoff", "go", "decision",
    ];
    let shown = plain(text);
    let shown = shown.trim_start_matches(|c: char| !c.is_alphanumeric());
    let Some(end) = shown.find([':', '—', '–', '(']) else { return false };
    if end > 60 {
        return false;
    }
    let label = words(&shown[..end]);
    let mut parts = label.split(' ').collect::<Vec<_>>();
    // `Gate 2:`, `Gate M3:`.
    if parts.len() == 2 && parts[0] == "gate" {
        return parts[1].len() <= 4 && parts[1].contains(|c: char| c.is_ascii_digit()) || parts[1].len() == 1;
    }
    parts.pop() == Some("gate")
        && parts.len() <= 3
        && parts.iter().all(|word| WHOSE.contains(word) || *word == "no" || *word == "off")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Content {
        content(text, 0..text.len(), 1, &[], &mut Findings::default())
    }

    /// Mark, depth, flags, text.
    fn shown(text: &str) -> Vec<String> {
        let letter = |mark| match mark {
            BoxMark::Open => ' ',
            BoxMark::Partial => '~',
            BoxMark::Done => 'x',
        };
        let flag = |is, letter: &'static str| if is { letter } else { "" };
        let boxes = read(text).boxes;
        for item in &boxes {
            assert_eq!(&text[item.mark_at - 1..item.mark_at], "[");
        }
        boxes
            .iter()
            .map(|item| {
                let flags = [flag(item.dropped, "d"), flag(item.gate, "g")].concat();
                format!("{}{}{} {}", letter(item.mark), item.depth, flags, item.text)
            })
            .collect()
    }

    #[test]
    fn reads_boxes_of_all_kinds() {
        for (text, expected) in [
            ("- [ ] a\n* [x] b\n1. [X] c\n+ [~] d", &[" 0 a", "x0 b", "x0 c", "~0 d"][..]),
            ("- [ ] a\n  - [ ] b\n    - [x] c\n- [ ] d", &[" 0 a", " 1 b", "x2 c", " 0 d"]),
            ("- [ ] a\n    - [ ] b", &[" 0 a", " 1 b"]),
            ("- Backend\n\n  - [ ] b", &[" 1 b"]),
            ("- [ ] a\n  wrapped\n  again\n\n  no more", &[" 0 a wrapped again"]),
            ("- [ ] a\nlazy\n**Note:** x", &[" 0 a lazy"]),
            (
                "- [ ] ~~a~~ **(dropped)**\n- [ ] b ~~c~~\n- [-] d",
                &[" 0d ~~a~~ **(dropped)**", " 0 b ~~c~~", " 0d d"],
            ),
            (
                "- [ ] **Gate:** ok?\n- [ ] Gate: x\n- [ ] Add gate: x",
                &[" 0g **Gate:** ok?", " 0g Gate: x", " 0 Add gate: x"],
            ),
            (
                "- [ ] **User gate** — x\n- [ ] 🚦 **Gate 2:** x\n- [ ] Gate keeper: x",
                &[" 0g **User gate** — x", " 0g 🚦 **Gate 2:** x", " 0 Gate keeper: x"],
            ),
            ("```\n- [ ] a\n```\n<!--\n- [ ] b\n-->\n    - [ ] c", &[]),
            ("- [ ]\n- [x]  \n- [ ] a", &[" 0 a"]),
            ("- [a](b)\n- [1] c\n- []\n- [ ]x\n[ ] y", &[]),
            ("- [ ] a\r\n  b\r\n- [x] c\r\n", &[" 0 a b", "x0 c"]),
            ("- [ ] a\n> b", &[" 0 a"]),
            ("> - [ ] a\n>   b\n>   - [x] c\n>\n> d\n", &[" 0 a b", "x1 c"]),
            ("- [ ] a *(noted)*\n", &[" 0 a *(noted)*"]),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn knows_its_lines() {
        let text = "x\n  - [ ] a\n    b\n    - [ ] c\n";
        let boxes = read(text).boxes;
        let lines: Vec<&str> = boxes.iter().map(|item| &text[item.range.clone()]).collect();
        assert_eq!(lines, ["  - [ ] a\n    b", "    - [ ] c"]);
        assert_eq!(boxes[0].at, Position::new(2, 3));
    }
}
