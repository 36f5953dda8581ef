//! One item of the prompts section: a path and its fields.

use orch_core::Diagnostic;

use super::fields::{next_field, separator_length};
use super::kind::{
    Kind, check_behind_dash, check_prose, ends_prose, kind, known_field, means_dependencies, unknown,
};
use super::names::{Name, bare, plain_hyphens, prompt_names, requirement_ids};
use super::path::{Folder, escape, leading_path, without_md};
use super::wrapped::{Wrapped, goes_on};
use super::{Prompt, Tests};
use crate::text::{Field, Findings, Span, field, quoted};

/// Whether a line outside any item was meant as part of one: a prompt with fields, or a dependency.
pub(super) fn is_stray(line: Span<'_>, folder: Folder<'_>) -> bool {
    let line = line.trim();
    known_field(line).is_some_and(|field| means_dependencies(&field))
        || next_field(line.text, ends_prose)
            .is_some_and(|next| leading_path(line.take(next.front).trim(), folder).is_ok())
}

/// What the text that follows is added to.
#[derive(Clone, Copy)]
enum Open {
    /// What stands behind the path or below a field without a field's name.
    Lead,
    /// The last field, which stands in a bullet indented by so many columns, or on the item's own line.
    Field(Option<usize>),
    /// A remark that is no field.
    Note,
}

struct Value<'a> {
    kind: Kind,
    name: Span<'a>,
    parts: Vec<Span<'a>>,
}

/// An item whose lines are still being read.
pub(super) struct Item<'a> {
    /// The columns in front of the item's marker.
    pub(super) columns: usize,
    folder: Folder<'a>,
    /// The path relative to the folder, at the place where the whole is written.
    path: Option<Span<'a>>,
    lead: Vec<Span<'a>>,
    fields: Vec<Value<'a>>,
    open: Open,
}

const ITEM_HINT: &str = "write it as `- PROMPT-01-title.md - Objective: … - Dependencies: None`";

impl<'a> Item<'a> {
    /// The item whose marker is indented by `columns` and whose first line is `content`, in an index in `folder`.
    pub(super) fn start(
        columns: usize,
        content: Span<'a>,
        folder: Folder<'a>,
        findings: &mut Findings,
    ) -> Self {
        let (lead, fields) = (Vec::new(), Vec::new());
        let mut item = Self { columns, folder, path: None, lead, fields, open: Open::Lead };
        // A path ends before the first field, whatever `.md` is mentioned in there.
        let head = next_field(content.text, ends_prose);
        let head = head.map_or(content, |next| content.take(next.front).trim());
        let (path, rest) = match leading_path(head, folder) {
            // The rest of the head ends where the head ends; the rest of the item goes on to the fields.
            Ok((path, rest)) => (path, content.skip(head.text.len() - rest.text.len()).trim_start()),
            Err(why) => {
                let message = match content.text {
                    "" => "the item is empty".to_owned(),
                    text => format!("the item {} is not a prompt: {why}", quoted(text)),
                };
                findings.push(Diagnostic::error("index.item", message).hint(ITEM_HINT).at(content.at));
                return item;
            }
        };
        let inside = Span::new(folder.relative(path.text), path.at);
        if let Some(why) = escape(inside.text) {
            let message = format!("the prompt path {} can't be used: {why}", quoted(path.text));
            let hint = "name the prompt by a relative path inside the index's folder";
            findings.push(Diagnostic::error("index.escape", message).hint(hint).at(path.at));
        } else {
            item.path = Some(inside);
        }
        let dash = separator_length(rest.text).max(usize::from(rest.text.starts_with(':')));
        if dash == 0 && !rest.text.is_empty() {
            let message =
                format!("{} follows the path {} without a dash", quoted(rest.text), quoted(path.text));
            findings.push(Diagnostic::error("index.item", message).hint(ITEM_HINT).at(rest.at));
            item.open = Open::Note;
            return item;
        }
        if separator_length(rest.text) > 0 {
            check_behind_dash(rest.skip(dash), findings);
        }
        item.add(rest.skip(dash), None);
        item
    }

    /// A bullet inside the item.
    pub(super) fn bullet(&mut self, columns: usize, content: Span<'a>, findings: &mut Findings) {
        if let Some(found) = known_field(content) {
            self.begin(found, Some(columns));
            return;
        }
        let belongs = match (self.open, self.fields.last()) {
            (Open::Field(Some(field)), _) => columns > field,
            (Open::Field(None), Some(value)) => value.parts.is_empty(),
            _ => false,
        };
        if belongs {
            self.append(content);
            return;
        }
        if let Some(found) = field(content) {
            self.begin(found, Some(columns));
            return;
        }
        if content.strip_word("PROMPT").is_some() && leading_path(content, self.folder).is_ok() {
            let message = format!("the prompt {} is inside another item", quoted(content.text));
            let hint = "indent all prompts of the list alike";
            findings.push(Diagnostic::error("index.item", message).hint(hint).at(content.at));
        }
        self.open = Open::Note;
    }

    /// A line that continues the paragraph before it. What does not go on with the last field's value is prose.
    pub(super) fn continuation(&mut self, line: Span<'a>, findings: &mut Findings) {
        let Open::Field(columns) = self.open else {
            self.add(line, None);
            return;
        };
        if let Some(value) = self.fields.last() {
            match goes_on(value.kind, value.parts.last().copied(), line.trim(), self.folder) {
                Wrapped::Value => {}
                Wrapped::Prose => self.open = Open::Lead,
                Wrapped::Doubtful(finding) => {
                    findings.push(finding);
                    self.open = Open::Lead;
                }
            }
        }
        self.add(line, columns);
    }

    /// A paragraph of its own inside the item.
    pub(super) fn paragraph(&mut self, line: Span<'a>) {
        if known_field(line).is_some() {
            self.add(line, None);
        } else {
            self.open = Open::Note;
        }
    }

    /// Adds the fields in `text`; what stands before the first of them goes on with what is open.
    fn add(&mut self, text: Span<'a>, columns: Option<usize>) {
        let mut rest = text.trim();
        let dash = separator_length(rest.text);
        if let Some(found) = known_field(rest).or_else(|| known_field(rest.skip(dash))) {
            rest = found.value;
            self.begin_empty(found, columns);
        }
        loop {
            // Prose may hold anything; a list of names or a word ends where another field begins, known or not.
            let prose = !matches!(self.open, Open::Field(_))
                || self.fields.last().is_some_and(|value| value.kind == Kind::Objective);
            let Some(next) = next_field(rest.text, |field| !prose || ends_prose(field)) else {
                self.append(rest);
                return;
            };
            let (front, after) = rest.split_at(next.front);
            let Some(found) = field(after.skip(next.field - next.front)) else { return };
            self.append(front.trim());
            rest = found.value;
            self.begin_empty(found, columns);
        }
    }

    fn begin(&mut self, found: Field<'a>, columns: Option<usize>) {
        self.begin_empty(found, columns);
        self.add(found.value, columns);
    }

    fn begin_empty(&mut self, found: Field<'a>, columns: Option<usize>) {
        self.fields.push(Value { kind: kind(&found), name: found.name, parts: Vec::new() });
        self.open = Open::Field(columns);
    }

    fn append(&mut self, text: Span<'a>) {
        if text.text.is_empty() {
            return;
        }
        match (self.open, self.fields.last_mut()) {
            (Open::Lead, _) => self.lead.push(text),
            (Open::Field(_), Some(value)) => value.parts.push(text),
            _ => {}
        }
    }

    /// The prompt, when its path could be read; what is wrong with its fields is found in any case.
    pub(super) fn finish(self, findings: &mut Findings) -> Option<Prompt> {
        check_names(&self.fields, findings);
        let value = |wanted| self.fields.iter().find(|value| value.kind == wanted);
        let word = |wanted| {
            let text = value(wanted).map(|value| join(&value.parts)).unwrap_or_default();
            let text = text.trim_matches(['`', '*']).trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let objective = value(Kind::Objective).map_or(&self.lead, |value| &value.parts);
        let prose = value(Kind::Objective).map_or(&[][..], |value| &value.parts);
        for part in self.lead.iter().chain(prose) {
            check_swallowed(*part, findings);
            check_prose(*part, findings);
        }
        if let Some(tests) = value(Kind::Tests)
            && let Some(part) = tests.parts.first()
        {
            let word = word(Kind::Tests).unwrap_or_default();
            if let Some(unknown) = Tests::read(&word).unknown(bare(*part).at) {
                findings.push(unknown);
            }
        }
        let depends_on = value(Kind::Dependencies).map_or(&[][..], |value| &value.parts);
        let depends_on = names(
            depends_on,
            |part| prompt_names(part, self.folder),
            "index.dependency",
            "the dependency",
            findings,
        );
        let reqs = value(Kind::Reqs).map_or(&[][..], |value| &value.parts);
        let reqs = names(reqs, requirement_ids, "index.requirement", "the requirement", findings);
        let path = self.path?;
        let file = path.text.rsplit(['/', '\\']).next().unwrap_or_default();
        let id = plain_hyphens(without_md(file));
        if id.is_empty() {
            let finding = Diagnostic::error("index.item", "the file has no name before `.md`");
            findings.push(finding.hint(ITEM_HINT).at(path.at));
            return None;
        }
        Some(Prompt {
            path: path.text.to_owned(),
            short_id: short_id(&id),
            id,
            objective: join(objective),
            tests: word(Kind::Tests).map_or(Tests::Basic, |word| Tests::read(&word)),
            planning: word(Kind::Planning),
            difficulty: word(Kind::Difficulty),
            depends_on: depends_on
                .into_iter()
                .map(|(name, at)| orch_core::Reference { name, at: Some(at) })
                .collect(),
            reqs: reqs.into_iter().map(|(id, _)| id).collect(),
            at: path.at,
        })
    }
}

fn check_names(fields: &[Value<'_>], findings: &mut Findings) {
    let mut seen: Vec<&Value<'_>> = Vec::new();
    for value in fields {
        let name = value.name.text;
        if value.kind == Kind::Unknown {
            findings.push(unknown(value.name));
        } else if let Some(first) = seen.iter().find(|first| first.kind == value.kind) {
            let message = format!("{} is given twice, first at {}", quoted(name), first.name.at);
            findings.push(
                Diagnostic::error("index.field", message).hint("keep one of the two").at(value.name.at),
            );
        } else {
            seen.push(value);
        }
    }
}

/// Finds `Dependencies:` or `Depends on:` in the middle of an objective, where a dash in front of it was forgotten.
fn check_swallowed(objective: Span<'_>, findings: &mut Findings) {
    let text = objective.text.as_bytes();
    let found = ["dependencies:", "depends on:"].iter().find_map(|name| {
        let mut ends = memchr::memchr_iter(b':', text).map(|colon| &text[..=colon]);
        let named = ends.find(|front| ends_with_ignoring_case(front, name.as_bytes()))?;
        Some((*name, named.len() - name.len()))
    });
    if let Some((name, start)) = found {
        let message = format!("`{name}` is in the middle of the objective");
        let hint = "put ` - ` before it, or a bullet of its own";
        let at = objective.skip(start).at;
        findings.push(Diagnostic::error("index.item", message).hint(hint).at(at));
    }
}

fn ends_with_ignoring_case(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end)
}

fn names<'a>(
    parts: &[Span<'a>],
    read: impl Fn(Span<'a>) -> Vec<Name<'a>>,
    code: &'static str,
    what: &str,
    findings: &mut Findings,
) -> Vec<(String, orch_core::Position)> {
    let mut known = Vec::new();
    for name in parts.iter().flat_map(|part| read(*part)) {
        match name {
            Ok(name) => known.push(name),
            Err(trouble) => findings.push(trouble.diagnostic(code, what)),
        }
    }
    known
}

fn join(parts: &[Span<'_>]) -> String {
    parts.iter().map(|part| part.text).collect::<Vec<_>>().join(" ")
}

/// `PROMPT-01` of `PROMPT-01-foo`: letters, a hyphen, digits, and more after another hyphen.
pub(super) fn short_id(id: &str) -> Option<String> {
    let (letters, rest) = id.split_once('-')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let fits = !letters.is_empty() && letters.chars().all(char::is_alphabetic) && digits > 0;
    (fits && rest[digits..].starts_with('-')).then(|| id[..letters.len() + 1 + digits].to_owned())
}
