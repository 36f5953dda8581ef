//! `PROMPT-PRD-REQUIREMENTS.md`: what is required.

use std::collections::HashMap;

use orch_core::{Diagnostic, Position};

use super::{ID_HINT, bad_id, leading_id};
use crate::index::{Located, plain_name};
use crate::text::{
    Findings, Lines, Span, decode, field, heading, is_none_word, link_target, list_item, quoted,
    unwrap_inline, words_of,
};

/// What is in or out of scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `[IN]`: to be brought about by the prompts.
    In,
    /// `[OUT]`: not wanted.
    Out,
    /// `[POST_INIT]`: wanted later.
    PostInit,
}

impl Scope {
    /// The word between the brackets.
    pub const fn word(self) -> &'static str {
        match self {
            Scope::In => "IN",
            Scope::Out => "OUT",
            Scope::PostInit => "POST_INIT",
        }
    }

    fn read(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_uppercase().replace(['-', ' '], "_");
        [Scope::In, Scope::Out, Scope::PostInit].into_iter().find(|scope| scope.word() == tag)
    }
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its id, such as `REQ-001`.
    pub id: String,
    /// Its scope; `None` when it is missing or not known.
    pub scope: Option<Scope>,
    /// What is required.
    pub text: String,
    /// `Source`.
    pub source: Option<String>,
    /// `Acceptance`.
    pub acceptance: Option<String>,
    /// `Owner Prompt`, without `.md`; `None` also when it says so.
    pub owner_prompt: Option<String>,
    /// Where its id is written.
    pub at: Position,
}

/// All requirements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// `Source PRD`, as written.
    pub source_prd: Option<String>,
    /// The entries in the order of the file, those with an id that is there twice among them.
    pub entries: Vec<Requirement>,
    /// Headings that were meant as entries and whose id is none.
    pub malformed_ids: Vec<Located<String>>,
}

/// What [`read_inventory`] made of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InventoryReading {
    /// What could be read.
    pub inventory: Inventory,
    /// Everything that is wrong or odd, by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Sections that the runner appends; what they list are no entries.
const APPENDED: [&str; 2] = ["unmet requirements", "unachieved requirements"];

/// Reads an inventory.
///
/// Codes of the findings: `requirements.encoding`, `requirements.id`, `requirements.duplicate_id`,
/// `requirements.more` (errors); `requirements.scope` (warning).
///
/// ```
/// let reading = orch_state_md::requirements::read_inventory(b"## REQ-001 [IN] Users log in\n- Acceptance: a test\n");
/// assert_eq!(reading.inventory.entries[0].text, "Users log in");
/// ```
pub fn read_inventory(bytes: &[u8]) -> InventoryReading {
    let decoded = decode(bytes);
    let mut reader = Reader::default();
    if let Some(fault) = decoded.diagnostic("requirements.encoding") {
        reader.findings.push(fault);
    }
    for line in Lines::new(&decoded.text).filter(|line| !line.is_hidden()) {
        match heading(line.span()) {
            Some((level, title)) => reader.heading(level, title),
            None => reader.line(line.span()),
        }
    }
    InventoryReading { inventory: reader.inventory, diagnostics: reader.findings.finish("requirements.more") }
}

#[derive(Default)]
struct Reader {
    inventory: Inventory,
    findings: Findings,
    first: HashMap<String, Position>,
    /// The level of the appended section that is being passed over.
    appended: Option<usize>,
    /// Whether the lines belong to the last entry.
    in_entry: bool,
    open: Option<Slot>,
}

/// The field that a line without a name goes on with.
#[derive(Clone, Copy)]
enum Slot {
    Source,
    Acceptance,
}

impl Reader {
    fn heading(&mut self, level: usize, title: Span<'_>) {
        self.open = None;
        self.in_entry = false;
        if self.appended.is_some_and(|outer| level > outer) {
            return;
        }
        let appended = APPENDED.contains(&words_of(title.text).as_str());
        self.appended = appended.then_some(level);
        match leading_id(title) {
            Some(Ok((id, rest))) => self.entry(id, title.at, rest),
            Some(Err(id)) => {
                self.findings
                    .push(Diagnostic::error("requirements.id", bad_id(&id)).hint(ID_HINT).at(title.at));
                self.inventory.malformed_ids.push(Located { value: id, at: title.at });
            }
            None => {}
        }
    }

    fn entry(&mut self, id: String, at: Position, rest: Span<'_>) {
        if let Some(first) = self.first.get(&id) {
            let message = format!("{} is there twice, first in line {}", quoted(&id), first.line);
            let hint = "give one of the two another number";
            self.findings.push(Diagnostic::error("requirements.duplicate_id", message).hint(hint).at(at));
        } else {
            self.first.insert(id.clone(), at);
        }
        let rest = without_dash(rest);
        let tag = rest.text.strip_prefix('[').and_then(|inner| inner.split_once(']'));
        let (scope, text) = match tag {
            Some((tag, _)) => {
                let scope = Scope::read(tag);
                if scope.is_none() {
                    let message = format!("the scope {} is not known", quoted(tag));
                    let finding = Diagnostic::warning("requirements.scope", message).at(rest.at);
                    self.findings.push(finding.hint("known are `IN`, `OUT` and `POST_INIT`"));
                }
                (scope, without_dash(rest.skip(tag.len() + 2)))
            }
            None => (None, rest),
        };
        self.inventory.entries.push(Requirement {
            id,
            scope,
            text: text.text.to_owned(),
            source: None,
            acceptance: None,
            owner_prompt: None,
            at,
        });
        self.in_entry = true;
    }

    fn line(&mut self, line: Span<'_>) {
        let content = list_item(line).map_or(line.trim(), |(_, content)| content);
        if content.text.is_empty() {
            self.open = None;
            return;
        }
        let found = field(content);
        let Some(entry) = self.inventory.entries.last_mut().filter(|_| self.in_entry) else {
            if let Some(found) = found.filter(|found| found.is(&["source prd"])) {
                let value = unwrap_inline(link_target(found.value).map_or(found.value, |(target, _)| target));
                self.inventory.source_prd.get_or_insert(value.text.to_owned());
            }
            return;
        };
        let value = |found: Span<'_>| (!is_none_word(found.text)).then(|| found.text.to_owned());
        match found {
            Some(found) if found.is(&["source"]) => {
                entry.source = value(found.value);
                self.open = Some(Slot::Source);
            }
            Some(found) if found.is(&["acceptance", "acceptance criteria"]) => {
                entry.acceptance = value(found.value);
                self.open = Some(Slot::Acceptance);
            }
            Some(found) if found.is(&["owner prompt", "owner"]) => {
                let name = link_target(found.value).map_or(found.value, |(target, _)| target);
                entry.owner_prompt = value(unwrap_inline(name)).map(|name| plain_name(&name));
                self.open = None;
            }
            _ => match self.open {
                Some(Slot::Source) => go_on(&mut entry.source, content),
                Some(Slot::Acceptance) => go_on(&mut entry.acceptance, content),
                None => {}
            },
        }
    }
}

fn go_on(value: &mut Option<String>, more: Span<'_>) {
    match value {
        Some(value) => {
            value.push(' ');
            value.push_str(more.text);
        }
        None => *value = Some(more.text.to_owned()),
    }
}

/// `text` without the colon or the dash that may stand between the parts of a heading.
fn without_dash(text: Span<'_>) -> Span<'_> {
    let text = text.trim();
    let dash = text.text.len() - text.text.trim_start_matches([':', '-', '–', '—']).len();
    text.skip(dash).trim()
}
