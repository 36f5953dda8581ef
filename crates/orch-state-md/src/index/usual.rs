//! A short way through the line that long indexes are made of:
//! `PROMPT-01-title.md — Objective: … — Dependencies: PROMPT-02, PROMPT-03`.
//!
//! A line that is spelled so, letter by letter, can be read in one pass, and there is nothing to be found in it. Any
//! other is left to [`Item`](super::item::Item); both read the same, which is tested. It makes reading a long index four
//! times as fast.

use orch_core::{Position, Reference};

use super::item::short_id;
use super::names::{is_numbered_word, is_requirement_id};
use super::{Prompt, Tests};
use crate::text::Span;

/// The prompt on the first line of an item; none when it is not spelled in the usual way.
pub(super) fn prompt(content: Span<'_>) -> Option<Prompt> {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let end = content.text.bytes().position(|byte| !in_name(byte))?;
    let path = &content.text[..end];
    let id = path.strip_suffix(".md").filter(|id| id.starts_with(|c: char| c.is_ascii_alphanumeric()))?;
    let mut prompt = Prompt {
        path: path.to_owned(),
        id: id.to_owned(),
        short_id: short_id(id),
        objective: String::new(),
        tests: Tests::Basic,
        planning: None,
        difficulty: None,
        depends_on: Vec::new(),
        reqs: Vec::new(),
        at: content.at,
    };
    let mut seen = [false; FIELDS.len()];
    let mut rest = Rest { text: &content.text[end..], column: content.at.column + end as u32 };
    while let Some(name) = rest.next_field() {
        if std::mem::replace(&mut seen[name as usize], true) {
            return None;
        }
        let at = Position { column: rest.column, ..content.at };
        let value = rest.value()?;
        match name {
            Name::Objective => prompt.objective = value.to_owned(),
            Name::Dependencies => prompt.depends_on = names(value, at)?,
            Name::Tests => {
                prompt.tests = Some(Tests::read(value)).filter(|tests| !matches!(tests, Tests::Other(_)))?
            }
            Name::Planning => prompt.planning = Some(word(value)?),
            Name::Difficulty => prompt.difficulty = Some(word(value)?),
            Name::Reqs => prompt.reqs = requirements(value)?,
        }
    }
    rest.text.is_empty().then_some(prompt)
}

#[derive(Clone, Copy)]
enum Name {
    Objective,
    Dependencies,
    Tests,
    Planning,
    Difficulty,
    Reqs,
}

const FIELDS: [(&str, Name); 6] = [
    ("Objective: ", Name::Objective),
    ("Dependencies: ", Name::Dependencies),
    ("Tests: ", Name::Tests),
    ("Planning: ", Name::Planning),
    ("Difficulty: ", Name::Difficulty),
    ("Reqs: ", Name::Reqs),
];

/// What has not been read yet, and the column it begins at.
struct Rest<'a> {
    text: &'a str,
    column: u32,
}

impl<'a> Rest<'a> {
    /// Goes on to the value of the field whose separator stands here, if one does.
    fn next_field(&mut self) -> Option<Name> {
        let dashes = [(" — ", 3), (" - ", 3), (" – ", 3)];
        let (after, columns) =
            dashes.iter().find_map(|(dash, columns)| Some((self.text.strip_prefix(dash)?, columns)))?;
        let (field, name) = FIELDS.iter().find(|(field, _)| after.starts_with(field))?;
        *self = Rest { text: &after[field.len()..], column: self.column + columns + field.len() as u32 };
        Some(*name)
    }

    /// The value that begins here, up to the next field or the end. It has no colon, no dash that might separate, and
    /// nothing but printable ASCII: nothing in it can be meant as a field.
    fn value(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let mut dashes = memchr::memchr2_iter(b'-', 0xE2, bytes);
        let end = dashes.find(|&at| at > 0 && bytes[at - 1] == b' ').map_or(bytes.len(), |at| at - 1);
        let (value, rest) = self.text.split_at(end);
        // Every byte is looked at, so that many are at once.
        let is_plain =
            value.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte) & (byte != b':'));
        if !is_plain || value.trim_ascii() != value || value.is_empty() || value.starts_with('-') {
            return None;
        }
        *self = Rest { text: rest, column: self.column + end as u32 };
        Some(value)
    }
}

fn names(value: &str, at: Position) -> Option<Vec<Reference>> {
    if value == "None" {
        return Some(Vec::new());
    }
    // Room for all of them, instead of as much as a vector takes to grow.
    let mut names = Vec::with_capacity(1 + memchr::memchr_iter(b',', value.as_bytes()).count());
    let ends = memchr::memchr_iter(b',', value.as_bytes()).chain([value.len()]);
    let mut start = 0;
    for end in ends {
        let name = value[start..end].trim_ascii_start();
        if !is_numbered_word(name) {
            return None;
        }
        let at = Position { column: at.column + (end - name.len()) as u32, ..at };
        names.push(Reference { name: name.to_owned(), at: Some(at) });
        start = end + 1;
    }
    Some(names)
}

fn requirements(value: &str) -> Option<Vec<String>> {
    if value == "None" {
        return Some(Vec::new());
    }
    let ids = value.split(',').map(str::trim_ascii_start);
    ids.map(|id| is_requirement_id(id).then(|| id.to_owned())).collect()
}

fn word(value: &str) -> Option<String> {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ').then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::item::Item;
    use super::super::path::Folder;
    use super::*;
    use crate::text::Findings;

    fn span(text: &str) -> Span<'_> {
        Span::new(text, Position::new(7, 3))
    }

    #[test]
    fn usual_lines_take_the_short_way() {
        for line in [
            "PROMPT-01-a.md — Objective: Make a well-kept table (one) — Dependencies: None",
            "PROMPT-01-a.md - Objective: x - Dependencies: PROMPT-02, PROMPT-03-c,X1",
            "a_1.b.md – Tests: no – Reqs: REQ-001, REQ-2 – Difficulty: very high – Planning: yes",
        ] {
            assert!(prompt(span(line)).is_some(), "{line}");
        }
    }

    #[test]
    fn every_other_spelling_is_left_alone() {
        for line in [
            "",
            "PROMPT-01-a.md",
            "`PROMPT-01-a.md` — Objective: x",
            "PROMPT-01-a.md — Objective: x: y",
            "PROMPT-01-a.md — Objective: x — y",
            "PROMPT-01-a.md — Objective: x - y",
            "PROMPT-01-a.md — Objective: ü",
            "PROMPT-01-a.md — Objective:  x",
            "PROMPT-01-a.md — Objective: x — Objective: y",
            "PROMPT-01-a.md — Owner: x",
            "PROMPT-01-a.md — Tests: some",
            "PROMPT-01-a.md — Dependencies: all",
            "PROMPT-01-a.md — Dependencies: PROMPT-02,",
            "PROMPT-01-a.md — Reqs: REQ-x",
            "sub/PROMPT-01-a.md — Objective: x",
            "../PROMPT-01-a.md — Objective: x",
        ] {
            assert_eq!(prompt(span(line)), None, "{line}");
        }
    }

    /// Pieces of which lines are made that are nearly usual.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => prop::sample::select(vec![" — ", " - ", " – ", "Objective: ", "Dependencies: ", "Tests: ", "Reqs: "]).prop_map(str::to_owned),
            3 => prop::sample::select(vec!["None", "PROMPT-02", "REQ-001", ", ", "basic", "no", "do it well-kept", "x.md"]).prop_map(str::to_owned),
            1 => prop::sample::select(vec![":", "-", "—", "`", "*", "[", " ", "depends on:", "Depends: ", "and ", "&", ".", "ü", "\t", "--", "all", "Dep: "]).prop_map(str::to_owned),
        ]
    }

    proptest! {
        /// What is read the short way is what an item reads, which then has nothing to find.
        #[test]
        fn both_ways_read_the_same(
            path in "[A-Za-z0-9._-]{1,6}", pieces in prop::collection::vec(piece(), 0..9),
        ) {
            let line = format!("{path}.md — Objective: x{}", pieces.concat());
            let line = line.trim();
            if let Some(read) = prompt(span(line)) {
                let mut findings = Findings::default();
                let item = Item::start(0, span(line), Folder::default(), &mut findings);
                let same = item.finish(&mut findings);
                prop_assert_eq!(Some(read), same, "{}", line);
                prop_assert_eq!(findings.finish("more"), vec![]);
            }
        }
    }
}
