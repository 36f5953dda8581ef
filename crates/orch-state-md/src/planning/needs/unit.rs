//! The paragraphs, list items, tables and code blocks of a document, and what each may say.

use std::ops::Range;

use crate::text::{Lines, Part, heading, indent, list_item, task_box};

use super::Document;

/// A piece of a document that is read on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit<'a> {
    pub(super) what: What<'a>,
    /// Its bytes, without the mark of a list item.
    pub(super) range: Range<usize>,
    /// Where it stands.
    pub(super) place: Place,
}

/// Lines with the bytes they begin at.
type Numbered<'a> = Vec<(usize, &'a str)>;

/// What a [`Unit`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    /// A heading.
    Heading,
    /// A paragraph.
    Paragraph,
    /// A list item, and the columns in front of its mark.
    Item(usize),
    /// A table: its rows with the bytes they begin at, the header first, without the row of dashes.
    Table(Numbered<'a>),
    /// A block of code: its info string and its lines with the bytes they begin at.
    Code(&'a str, Numbered<'a>),
}

/// Where a [`Unit`] stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the section of a milestone; `named` under a heading there such as `Dependencies`.
    Own { milestone: usize, named: bool },
    /// Under a heading about order; `named` under one such as `Dependencies`.
    Order { named: bool },
    /// In the summary, or in front of all sections.
    Summary,
    /// What is to be pasted somewhere: no part of the plan.
    Prompt,
    /// Anywhere else.
    Other,
}

/// The units of a document, in its order; the tracker, the log, boxes, comments and what is nested in boxes left out.
pub(super) fn units<'a>(document: &Document<'a>) -> Vec<Unit<'a>> {
    let mut cutter = Cutter::new(document);
    let mut lines = Lines::new(document.text).peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().filter(|next| next.part == Part::Prose).map_or("", |next| next.text);
        match line.part {
            Part::Prose => cutter.prose(line.start, line.text, next),
            Part::Open(fence) => {
                cutter.end();
                cutter.code = Some((fence.info, line.start, Vec::new()));
            }
            Part::Code => {
                if let Some((_, _, lines)) = &mut cutter.code {
                    lines.push((line.start, line.text));
                }
            }
            Part::Close => cutter.end_code(),
            Part::Comment { .. } => cutter.end(),
        }
        if !matches!(line.part, Part::Open(_) | Part::Code) {
            // A list item that ends also ends the code in it.
            cutter.end_code();
        }
    }
    cutter.end_code();
    cutter.end();
    cutter.units
}

struct Cutter<'d, 'a> {
    document: &'d Document<'a>,
    units: Vec<Unit<'a>>,
    /// The paragraph or list item that is being read.
    open: Option<(What<'a>, Range<usize>)>,
    code: Option<(&'a str, usize, Numbered<'a>)>,
    table: Numbered<'a>,
    /// The columns of a box whose nested items say nothing.
    in_box: Option<usize>,
    /// Whether indented lines belong to a list item.
    in_list: bool,
    blank: bool,
    /// The headings around, with their levels.
    headings: Vec<(usize, Place)>,
    /// The sections, by where they begin, the next one last.
    sections: Vec<(Range<usize>, usize)>,
    around: Vec<(Range<usize>, usize)>,
    /// Under a heading such as `Dependencies` within a milestone's section, and that heading's level.
    named: Option<usize>,
}

impl<'d, 'a> Cutter<'d, 'a> {
    fn new(document: &'d Document<'a>) -> Self {
        let sections = document.milestones.iter().enumerate();
        let mut sections: Vec<_> =
            sections.filter_map(|(place, known)| Some((known.section.clone()?, place))).collect();
        sections.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        Self {
            document,
            units: Vec::new(),
            open: None,
            code: None,
            table: Vec::new(),
            in_box: None,
            in_list: false,
            blank: true,
            headings: Vec::new(),
            sections,
            around: Vec::new(),
            named: None,
        }
    }

    fn is_left_out(&self, at: usize) -> bool {
        let within = |range: &Option<Range<usize>>| range.as_ref().is_some_and(|range| range.contains(&at));
        within(&self.document.log) || within(&self.document.tracker)
    }

    /// Where the byte `at` is. Bytes are asked for in their order.
    fn place(&mut self, at: usize) -> Place {
        while self.sections.last().is_some_and(|(range, _)| range.start <= at) {
            self.around.extend(self.sections.pop());
            self.named = None;
        }
        while self.around.last().is_some_and(|(range, _)| range.end <= at) {
            self.around.pop();
            self.named = None;
        }
        match (self.around.last(), self.headings.last()) {
            (Some(&(_, milestone)), _) => Place::Own { milestone, named: self.named.is_some() },
            (None, Some(&(_, place))) => place,
            (None, None) => Place::Summary,
        }
    }

    fn push(&mut self, what: What<'a>, range: Range<usize>) {
        if self.is_left_out(range.start) {
            return;
        }
        let place = self.place(range.start);
        self.units.push(Unit { what, range, place });
    }

    fn end(&mut self) {
        if let Some((what, range)) = self.open.take() {
            self.push(what, range);
        }
        if !self.table.is_empty() {
            let rows = std::mem::take(&mut self.table);
            let start = rows[0].0;
            let end = rows.last().map_or(start, |(at, row)| at + row.len());
            self.push(What::Table(rows), start..end);
        }
    }

    fn end_code(&mut self) {
        if let Some((info, start, lines)) = self.code.take() {
            let end = lines.last().map_or(start, |(at, line)| at + line.len());
            self.push(What::Code(info, lines), start..end);
            self.blank = true;
        }
    }

    fn prose(&mut self, start: usize, text: &'a str, next: &str) {
        let line = super::span(text);
        let (columns, bytes) = indent(text);
        let rest = &text[bytes..];
        if rest.is_empty() {
            self.end();
            self.blank = true;
            return;
        }
        let blank = std::mem::replace(&mut self.blank, false);
        if let Some((level, title)) = heading(line) {
            self.end();
            self.in_list = false;
            self.in_box = None;
            self.heading(level, title.text, start, text.len());
            self.blank = true;
            return;
        }
        if rest.starts_with('|') || !self.table.is_empty() || (rest.contains('|') && is_rule_row(next)) {
            if self.table.is_empty() {
                self.end();
            }
            if !rest.contains('|') {
                self.end();
            } else {
                if !is_rule_row(text) {
                    self.table.push((start + bytes, rest));
                }
                return;
            }
        }
        if let Some((columns, item)) = list_item(line) {
            self.end();
            self.in_list = true;
            if self.in_box.is_some_and(|outer| columns > outer) {
                return;
            }
            self.in_box = None;
            if task_box(item).text != item.text
                || item.text.starts_with("[~]")
                || item.text.starts_with("[-]")
            {
                self.in_box = Some(columns);
                return;
            }
            // The item is the end of its line but for the white space.
            let begin = start + text.trim_end().len() - item.text.len();
            self.open = Some((What::Item(columns), begin..start + text.len()));
            return;
        }
        if self.in_box.is_some() {
            if !blank || columns > 0 {
                return;
            }
            self.in_box = None;
        }
        if columns == 0 && blank {
            self.in_list = false;
        }
        if columns >= 4
            && blank
            && !self.in_list
            && matches!(self.place(start), Place::Order { .. } | Place::Own { named: true, .. })
        {
            // Indented code; what follows is added below.
            self.end();
            self.open = Some((What::Code("", Vec::new()), start..start));
        }
        match &mut self.open {
            Some((What::Code(_, lines), range)) if columns >= 4 => {
                lines.push((start, text));
                range.end = start + text.len();
            }
            Some((What::Code(..), _)) => {
                self.end();
                self.open = Some((What::Paragraph, start + bytes..start + text.len()));
            }
            Some((_, range)) => range.end = start + text.len(),
            None => self.open = Some((What::Paragraph, start + bytes..start + text.len())),
        }
    }

    fn heading(&mut self, level: usize, title: &str, start: usize, length: usize) {
        while self.headings.last().is_some_and(|&(outer, _)| outer >= level) {
            self.headings.pop();
        }
        if self.named.is_some_and(|outer| outer >= level) {
            self.named = None;
        }
        let parent = self.headings.last().filter(|&&(outer, _)| outer > 1).map(|&(_, place)| place);
        let subject = subject(title);
        let place = match (subject, parent) {
            (Place::Other, Some(parent)) => parent,
            (Place::Other, None) if level == 1 => Place::Summary,
            (Place::Prompt, _) | (_, Some(Place::Prompt)) => Place::Prompt,
            (Place::Summary, Some(Place::Order { named })) => Place::Order { named },
            (place, _) => place,
        };
        self.headings.push((level, place));
        let own = self.place(start);
        let begins = self.around.last().is_some_and(|(range, _)| range.start == start);
        if let (Place::Own { .. }, Place::Order { named: true }) = (own, subject)
            && !begins
        {
            self.named = Some(level);
        }
        self.push(What::Heading, start..start + length);
    }
}

/// What a heading says of what is below it.
fn subject(title: &str) -> Place {
    let title = title.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| title.contains(word));
    // A table of contents repeats the names of milestones, whatever signs are in them.
    if has(&["prompt", "kickoff", "kick-off", "table of contents"]) || title.trim() == "contents" {
        return Place::Prompt;
    }
    if has(&["depend", "prerequisite", "blocked by"]) {
        return Place::Order { named: true };
    }
    let order = [
        "parallel",
        "sequenc",
        "order",
        "blocker",
        "critical path",
        "execution",
        "roadmap",
        "workflow",
        "schedul",
        "concurren",
        "wave",
        "group",
        "timeline",
        "phasing",
        "milestone graph",
        "milestone map",
        "work organi",
    ];
    if has(&order) {
        return Place::Order { named: false };
    }
    if has(&["summary", "overview", "purpose", "tracker", "objective"]) || title.trim() == "milestones" {
        return Place::Summary;
    }
    Place::Other
}

/// Whether `row` is the row of dashes beneath the header of a table.
fn is_rule_row(row: &str) -> bool {
    row.contains('|')
        && row.contains('-')
        && row.bytes().all(|b| matches!(b, b'|' | b'-' | b':' | b' ' | b'\t' | b'\r'))
}

/// The cells of a table's row with the bytes they begin at; pipes that are escaped or in code do not end one.
pub(super) fn cells(start: usize, row: &str) -> Vec<Range<usize>> {
    let bytes = row.as_bytes();
    let mut cells = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'|' => {
                if begin > 0 || at > 0 {
                    cells.push(start + begin..start + at);
                }
                begin = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if !row[begin.min(row.len())..].trim().is_empty() {
        cells.push(start + begin..start + row.len());
    }
    cells
}
