//! From the bytes of a file to an [`Index`], section by section.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use orch_core::{Diagnostic, Position};

use super::item::{Item, is_stray};
use super::kind::known_field;
use super::ownership::Owners;
use super::path::Folder;
use super::{Index, Prompt, Reading, header, usual};
use crate::text::{
    Findings, Line, Lines, Part, Span, decode, field, heading, indent, list_item, quoted, words_of,
};

/// Reads an index, and everything that is wrong with it in one pass.
///
/// Codes of the findings: `index.empty`, `index.encoding`, `index.no_prompts`, `index.item`, `index.escape`,
/// `index.duplicate_prompt`, `index.dependency`, `index.requirement`, `index.field`, `index.ownership`,
/// `index.unclosed`, `index.more` (errors); `index.field` for a field nobody knows, `index.tests`, `index.owner`,
/// `index.dependency` and `index.requirement` for prose that may have been meant as more of them,
/// `index.no_objective`, `index.outside`, `index.no_ownership` (warnings).
///
/// Whether the names in the dependencies exist is not checked here but where the plan is built from
/// [`Index::draft`].
pub fn read(bytes: &[u8]) -> Reading {
    read_in(bytes, "")
}

/// Reads an index that lies in `folder`, an absolute path: like [`read`], but a prompt path, a dependency or an owner
/// that is an absolute path inside the folder is taken relative to it. Other absolute paths stay an error.
///
/// Paths are compared letter by letter; nothing is looked up on the disk. Places are those of the whole path.
///
/// ```
/// let text = b"Overall Objective: x\n\n## Prompts\n1. `/plans/login/PROMPT-01-schema.md`\n";
/// let reading = orch_state_md::index::read_in(text, "/plans/login");
/// assert!(reading.diagnostics.is_empty());
/// assert_eq!(reading.index.prompts[0].path, "PROMPT-01-schema.md");
/// ```
pub fn read_in(bytes: &[u8], folder: &str) -> Reading {
    let decoded = decode(bytes);
    let mut reader = Reader { folder: Folder::new(folder), ..Reader::default() };
    if let Some(fault) = decoded.diagnostic("index.encoding") {
        reader.findings.push(fault);
    }
    let text = &*decoded.text;
    if text.trim().is_empty() {
        let finding = Diagnostic::error("index.empty", "the index is empty").hint(NO_PROMPTS_HINT);
        reader.findings.push(finding.at(Position::new(1, 1)));
    } else {
        reader.steps_are_prompts = !has_prompts_section(text);
        for line in Lines::new(text) {
            reader.make_room(line.start, text.len());
            reader.line(line);
        }
        reader.end();
    }
    Reading { index: reader.index, diagnostics: reader.findings.finish("index.more") }
}

/// So many prompts are few: what they need is moved for nothing as they become more, and nothing can be told from them.
const FEW: usize = 64;

const NO_PROMPTS_HINT: &str = "add a section `## Prompts`, outside code and comments, with items such as `- PROMPT-01-title.md - Objective: …`";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Other,
    Prompts { level: usize },
    Ownership { level: usize },
}

/// The section that a heading opens. `Steps` was the name for a while; in other indexes it is prose.
fn section(title: &str, level: usize, steps_are_prompts: bool) -> Section {
    match words_of(title).as_str() {
        "prompts" | "prompt files" | "prompt files to execute" | "generated prompt files" => {
            Section::Prompts { level }
        }
        "steps" if steps_are_prompts => Section::Prompts { level },
        "requirement ownership" | "requirements ownership" => Section::Ownership { level },
        _ => Section::Other,
    }
}

fn has_prompts_section(text: &str) -> bool {
    let prose = Lines::new(text).filter(|line| !line.is_hidden());
    let mut headings = prose.filter_map(|line| heading(line.span()));
    headings.any(|(level, title)| matches!(section(title.text, level, false), Section::Prompts { .. }))
}

/// The item whose lines are being read.
enum Current<'a> {
    /// It has been read already, unless there is more of it.
    Usual {
        columns: usize,
        content: Span<'a>,
        prompt: Prompt,
    },
    Item(Item<'a>),
}

impl<'a> Current<'a> {
    fn columns(&self) -> usize {
        match self {
            Current::Usual { columns, .. } => *columns,
            Current::Item(item) => item.columns,
        }
    }

    /// The item to go on with.
    fn item(&mut self, folder: Folder<'a>, findings: &mut Findings) -> &mut Item<'a> {
        if let Current::Usual { columns, content, .. } = *self {
            *self = Current::Item(Item::start(columns, content, folder, findings));
        }
        match self {
            Current::Item(item) => item,
            Current::Usual { .. } => unreachable!("it has just been made an item"),
        }
    }
}

struct Reader<'a> {
    folder: Folder<'a>,
    index: Index,
    findings: Findings,
    section: Section,
    steps_are_prompts: bool,
    /// Whether a prompts section had an item, readable or not.
    any_item: bool,
    /// Whether the prompt of an item could not be read, so that its name is not known either.
    any_lost: bool,
    prompts_at: Option<Position>,
    item: Option<Current<'a>>,
    /// Whether the line before was blank or hidden, so that an unindented line is a paragraph of its own.
    apart: bool,
    /// The prompts of the index, to be found by id.
    listed: HashTable<u32>,
    hasher: DefaultHashBuilder,
    owners: Option<Owners>,
    /// Where the code or the comment began that the last line was in.
    hidden_since: Option<Position>,
    last: Option<Part<'a>>,
}

impl Default for Reader<'_> {
    fn default() -> Self {
        Self {
            folder: Folder::default(),
            index: Index::default(),
            findings: Findings::default(),
            section: Section::Other,
            steps_are_prompts: false,
            any_item: false,
            any_lost: false,
            prompts_at: None,
            item: None,
            apart: true,
            listed: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            owners: None,
            hidden_since: None,
            last: None,
        }
    }
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: Line<'a>) {
        self.watch_hidden(&line);
        if line.is_hidden() || line.text.trim().is_empty() {
            self.apart = true;
            return;
        }
        let span = line.span();
        if let Some((level, title)) = heading(span) {
            self.close_item();
            self.heading(level, title);
        } else {
            match self.section {
                Section::Other => self.header_line(span),
                Section::Prompts { .. } => self.prompts_line(span),
                Section::Ownership { .. } => self.ownership_line(span),
            }
        }
        self.apart = false;
    }

    fn heading(&mut self, level: usize, title: Span<'a>) {
        let opened = section(title.text, level, self.steps_are_prompts);
        let deeper = match self.section {
            Section::Other => false,
            Section::Prompts { level: outer } | Section::Ownership { level: outer } => level > outer,
        };
        // "### Phase 1" inside the prompts divides the list, it does not end it.
        if opened == Section::Other && deeper {
            return;
        }
        self.section = opened;
        match opened {
            Section::Prompts { .. } => self.prompts_at = self.prompts_at.or(Some(title.at)),
            Section::Ownership { .. } => {
                self.owners.get_or_insert_default();
            }
            Section::Other => {}
        }
    }

    fn header_line(&mut self, line: Span<'a>) {
        let content = list_item(line).map_or(line, |(_, content)| content);
        if let Some(field) = field(content) {
            header::take(&field, &mut self.index, &mut self.findings);
        }
    }

    fn prompts_line(&mut self, line: Span<'a>) {
        if let Some((columns, content)) = list_item(line) {
            let deeper = self.item.as_ref().is_some_and(|item| columns >= item.columns() + 2);
            if !deeper && let Some(prompt) = usual::prompt(content) {
                self.close_item();
                self.any_item = true;
                self.item = Some(Current::Usual { columns, content, prompt });
                return;
            }
            match self.item.as_mut().filter(|_| deeper || known_field(content).is_some()) {
                Some(item) => {
                    item.item(self.folder, &mut self.findings).bullet(columns, content, &mut self.findings);
                }
                None => {
                    self.close_item();
                    self.any_item = true;
                    let item = Item::start(columns, content, self.folder, &mut self.findings);
                    self.item = Some(Current::Item(item));
                }
            }
            return;
        }
        let (columns, _) = indent(line.text);
        match self.item.as_mut() {
            Some(item) if !self.apart => {
                item.item(self.folder, &mut self.findings).continuation(line, &mut self.findings);
            }
            Some(item) if columns >= item.columns() + 2 => {
                item.item(self.folder, &mut self.findings).paragraph(line.trim());
            }
            _ => {
                self.close_item();
                if is_stray(line, self.folder) {
                    let message = format!("{} stands outside the list of prompts", quoted(line.text.trim()));
                    let hint = "make it a bullet, or indent it into the item it belongs to";
                    let finding = Diagnostic::error("index.item", message).hint(hint).at(line.trim().at);
                    self.findings.push(finding);
                }
            }
        }
    }

    fn ownership_line(&mut self, line: Span<'a>) {
        let owners = self.owners.get_or_insert_default();
        match list_item(line) {
            Some((_, content)) => owners.bullet(content, self.folder, &mut self.findings),
            None if line.trim().strip_word("REQ").is_some() => owners.stray(line.trim(), &mut self.findings),
            None => {}
        }
    }

    fn close_item(&mut self) {
        let prompt = match self.item.take() {
            None => return,
            Some(Current::Usual { prompt, .. }) => Some(prompt),
            Some(Current::Item(item)) => item.finish(&mut self.findings),
        };
        match prompt {
            Some(prompt) => self.add(prompt),
            None => self.any_lost = true,
        }
    }

    /// Makes room for as many prompts as the rest of the text has if it goes on as it began, `read` of its `all` bytes,
    /// once there is no more: of 100,000, growing by and by would move each of them once more, and touch twice the memory.
    fn make_room(&mut self, read: usize, all: usize) {
        let prompts = &mut self.index.prompts;
        let known = prompts.len();
        if known < prompts.capacity() || known < FEW {
            return;
        }
        let coming = (all - read) as u64 * known as u64 / read as u64;
        // What begins with short lines is not to take all the memory there is.
        let coming = (coming as usize).min(known * FEW);
        prompts.reserve(coming + coming / 8);
        let hash_of = |&place: &u32| self.hasher.hash_one(&prompts[place as usize].id);
        self.listed.reserve(coming, hash_of);
    }

    fn add(&mut self, prompt: Prompt) {
        let prompts = &mut self.index.prompts;
        let hash = |id: &str| self.hasher.hash_one(id);
        match self.listed.find(hash(&prompt.id), |&place| prompts[place as usize].id == prompt.id) {
            Some(&place) => {
                let first = prompts[place as usize].at;
                let message = format!(
                    "the prompt {} is listed twice, first in line {}",
                    quoted(&prompt.id),
                    first.line
                );
                let hint = "remove one of the two, or give the files different names";
                let finding = Diagnostic::error("index.duplicate_prompt", message).hint(hint).at(prompt.at);
                self.findings.push(finding);
            }
            None => {
                let place = prompts.len() as u32;
                prompts.push(prompt);
                let hash_of = |&place: &u32| hash(&prompts[place as usize].id);
                self.listed.insert_unique(hash_of(&place), place, hash_of);
            }
        }
    }

    /// Remembers where code or a comment began, to say so when it never ends.
    fn watch_hidden(&mut self, line: &Line<'a>) {
        match line.part {
            Part::Open(_) => self.hidden_since = Some(line.span().at),
            Part::Comment { .. } if !matches!(self.last, Some(Part::Comment { last: false })) => {
                self.hidden_since = Some(line.span().at);
            }
            _ => {}
        }
        self.last = Some(line.part);
    }

    fn end(&mut self) {
        self.close_item();
        // What an unclosed block hides may be half of the plan.
        if let Some(Part::Open(_) | Part::Code | Part::Comment { last: false }) = self.last {
            let what = if matches!(self.last, Some(Part::Comment { .. })) { "comment" } else { "code block" };
            let finding =
                Diagnostic::error("index.unclosed", format!("the {what} that begins here never ends"));
            self.findings
                .push(finding.hint("close it, so that nothing below is hidden").at(self.hidden_since));
        }
        if !self.any_item {
            let at = self.prompts_at.unwrap_or(Position::new(1, 1));
            let message = match self.prompts_at {
                Some(_) => "the section of prompts has no items",
                None => "there is no section of prompts",
            };
            self.findings.push(Diagnostic::error("index.no_prompts", message).hint(NO_PROMPTS_HINT).at(at));
        }
        if self.index.objective.is_empty() {
            let finding = Diagnostic::warning("index.no_objective", "the index has no overall objective");
            let hint = "add a line `Overall Objective: …`; workers are told it";
            self.findings.push(finding.hint(hint).at(Position::new(1, 1)));
        }
        if let Some(owners) = self.owners.take() {
            // With a prompt missing from the list, what it owns would be found wrong once more.
            if !self.any_lost && self.any_item {
                owners.check_names(&self.index.prompts, &mut self.findings);
            }
            self.index.ownership = Some(owners.lines);
            self.index.malformed_ownership = owners.malformed;
        } else if let Some(inventory) = &self.index.requirements_inventory {
            let message = "the index names a requirements inventory but not who owns the requirements";
            let hint = "add a section `## Requirement Ownership`; the final validation fails without it";
            let finding = Diagnostic::warning("index.no_ownership", message).hint(hint).at(inventory.at);
            self.findings.push(finding);
        }
    }
}
