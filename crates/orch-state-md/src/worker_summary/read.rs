//! Going through a summary line by line.

use std::collections::HashSet;

use super::duration::minutes;
use super::gather::{Gather, begins_with_mark, mark_of};
use super::label::{Label, label};
use super::line::{Form, Line, cells, inside_fence, is_separator, lines};
use super::moment_text::moments;
use super::part::Part;
use super::{WorkerSummary, status};
use crate::planning::{milestone_id, milestone_ids};

/// Characters of a line that is kept.
pub(super) const LONGEST: usize = 500;
/// Characters of a status that is kept.
const LONGEST_STATUS: usize = 100;

/// Reads a summary, which may stand as a whole in a block of code.
pub(super) fn read(text: &str) -> WorkerSummary {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let outside = read_lines(text);
    let says_parts = !outside.work.is_empty() || !outside.files.is_empty() || !outside.issues.is_empty();
    if outside.status_written.is_some() || says_parts {
        return outside;
    }
    let says_status = |line: &Line| {
        let alone = matches!(line.form, Form::Heading(_));
        label(&line.text, alone).is_some_and(|label| label.named.part == Part::Status)
    };
    let begins = inside_fence(text, says_status)
        .or_else(|| inside_fence(text, |_| true).filter(|_| !outside.says_anything()));
    // What is left of the text is read: a block within the block closes the outer one too early.
    let inside = begins.map(|at| read_lines(&text[at..])).filter(WorkerSummary::says_anything);
    inside.unwrap_or(outside)
}

fn read_lines(text: &str) -> WorkerSummary {
    let mut reader = Reader::default();
    let mut all = lines(text).peekable();
    while let Some(line) = all.next() {
        let next = all.peek();
        let underlined = next.is_some_and(|next| next.form == Form::Rule);
        let heads_table = line.form == Form::Row
            && next.is_some_and(|next| next.form == Form::Row && is_separator(&next.text));
        reader.line(&line, underlined, heads_table);
    }
    reader.finish()
}

/// How a part was opened, which says what may end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Heading(usize),
    /// An emphasised name on a line of its own.
    Emphasis,
    /// A plain name on a line of its own.
    Name,
    /// A name in a list item with so many columns in front.
    Item(usize),
    /// A name in the first cell of a row.
    Row,
}

#[derive(Default)]
struct Reader {
    summary: WorkerSummary,
    open: Option<(Part, By)>,
    gather: Gather,
    /// The files that are there already.
    files: HashSet<String>,
    /// Whether a line was read that is not empty.
    begun: bool,
}

impl Reader {
    fn line(&mut self, line: &Line, underlined: bool, heads_table: bool) {
        let first = !self.begun;
        self.begun |= line.form != Form::Blank;
        match line.form {
            Form::Blank => self.gather.blank(),
            Form::Rule => {
                self.end_item();
                if matches!(self.open, Some((_, By::Emphasis | By::Name))) {
                    self.open = None;
                }
            }
            Form::Heading(level) => self.heading(level, &line.text),
            Form::Text if underlined && label(&line.text, true).is_some() => self.heading(2, &line.text),
            Form::Item => self.item(line.indent, &line.text),
            Form::Row => self.row(&line.text, heads_table),
            Form::Code => self.code(&line.text),
            Form::Text => self.text(line, first),
        }
    }

    fn heading(&mut self, level: usize, title: &str) {
        self.end_item();
        if self.answers(title) && matches!(self.open, Some((_, By::Heading(above))) if level > above) {
            self.scalar(Part::Status, title);
            return;
        }
        if let Some(label) = label(title, true).filter(|label| self.opens(label, By::Heading(level))) {
            self.field(&label, By::Heading(level));
            return;
        }
        self.milestone_in(title);
        match self.open {
            // A heading below the one of the part: a group of its items, or an item that says how it went.
            Some((part, By::Heading(above))) if level > above => {
                let numbered = title.starts_with(|c: char| c.is_ascii_digit());
                if part == Part::Work && (numbered || mark_of(title).0.is_some()) {
                    self.gather.item(part, 0, without_number(title));
                    self.end_item();
                }
            }
            _ => self.open = None,
        }
    }

    /// Whether `text` is the status that was asked for above, though a part may be called the same: `**Blocked**`.
    fn answers(&self, text: &str) -> bool {
        let asked = matches!(self.open, Some((Part::Status, _))) && self.summary.status_written.is_none();
        asked && !text.contains(':') && status::is_said(text)
    }

    /// Whether a label opens a part here, or is a word of what the open part says.
    fn opens(&self, label: &Label<'_>, by: By) -> bool {
        let (part, strong) = (label.named.part, label.named.strong);
        let Some((open, opened_by)) = self.open else { return true };
        // A second word on how it went is one of a part of it.
        let strong = match part {
            Part::Status => self.summary.status.is_none() && status::is_said(label.value),
            _ => strong,
        };
        if open.is_scalar() || open == Part::Overview || strong {
            return true;
        }
        match (by, opened_by) {
            // `### Tests` in `## Work completed` is a group of the work.
            (By::Heading(level), By::Heading(above)) => level <= above || part != Part::Work,
            (By::Heading(_), _) => true,
            (By::Item(columns), By::Item(above)) => columns <= above,
            (By::Item(_), By::Row) | (By::Row, By::Row) => true,
            (By::Item(_) | By::Row, _) => false,
            (By::Emphasis, _) => true,
            (By::Name, By::Name) => true,
            (By::Name, _) => false,
        }
    }

    fn text(&mut self, line: &Line, first: bool) {
        let by = |label: &Label<'_>| if label.emphasised { By::Emphasis } else { By::Name };
        let nested = (line.indent > 0 && self.gather.is_item()) || self.answers(&line.text);
        if let Some(label) = label(&line.text, false).filter(|label| !nested && self.opens(label, by(label)))
        {
            self.end_item();
            self.field(&label, by(&label));
            return;
        }
        let Some((part, _)) = self.open else {
            if first {
                self.milestone_in(&line.text);
            }
            return;
        };
        if part.is_scalar() {
            self.scalar(part, &line.text);
        } else if begins_with_mark(&line.text) || !self.gather.goes_on(line.indent, &line.text) {
            self.end_item();
            self.gather.paragraph(part, &line.text);
        }
    }

    fn item(&mut self, columns: usize, text: &str) {
        self.end_item();
        let (_, bare) = mark_of(text);
        let by = By::Item(columns);
        if self.answers(bare) && mark_of(text).0 != Some(false) {
            self.scalar(Part::Status, bare);
            return;
        }
        if let Some(label) = label(bare, false).filter(|label| self.opens(label, by)) {
            self.field(&label, by);
            return;
        }
        // `- **Files modified**` with its items below.
        if let Some(label) = label(bare, true).filter(|label| label.named.strong && label.value.is_empty())
            && self.opens(&label, by)
            && self.open.is_none_or(|(part, _)| part.is_scalar() || part == Part::Overview)
        {
            self.field(&label, by);
            return;
        }
        match self.open {
            // An item left of the one that opened the part is another field, be it of an unknown name.
            Some((_, By::Item(above))) if columns <= above => self.open = None,
            Some((part, _)) if part.is_scalar() => {
                let chosen = mark_of(text).0 != Some(false) || part != Part::Status;
                if chosen {
                    self.scalar(part, bare);
                }
            }
            Some((part, _)) => self.gather.item(part, columns, text),
            None => {}
        }
    }

    fn row(&mut self, row: &str, heads_table: bool) {
        self.end_item();
        if is_separator(row) {
            return;
        }
        let cells = cells(row);
        let [first, rest @ ..] = cells.as_slice() else { return };
        const COLUMNS: [&str; 20] = [
            "value",
            "details",
            "detail",
            "description",
            "status",
            "notes",
            "note",
            "result",
            "results",
            "content",
            "change",
            "changes",
            "purpose",
            "info",
            "summary",
            "action",
            "type",
            "done",
            "state",
            "what changed",
        ];
        let column =
            |cell: &String| COLUMNS.contains(&cell.trim_matches(['*', '_', ' ']).to_lowercase().as_str());
        let is_header = heads_table && (rest.iter().any(column) || rest.is_empty() || rest.len() > 1);
        if is_header {
            return;
        }
        if let ([value], Some(label)) = (rest, label(first, true).filter(|label| label.value.is_empty()))
            && self.opens(&label, By::Row)
        {
            self.open = Some((label.named.part, By::Row));
            for value in value.split("<br>").flat_map(|value| value.split("<br/>")) {
                self.value(label.named.part, value);
                self.end_item();
            }
            return;
        }
        if let Some((part, _)) = self.open.filter(|(part, _)| !part.is_scalar()) {
            self.gather.row(part, &cells);
            self.end_item();
        }
    }

    fn code(&mut self, text: &str) {
        match self.open {
            Some((Part::Files, _)) => {
                self.end_item();
                self.gather.item(Part::Files, 0, text);
            }
            Some((Part::Tests, _)) if !text.is_empty() => self.gather.code(text),
            Some((part, _)) if part.is_scalar() && !text.is_empty() => self.scalar(part, text),
            _ => {}
        }
    }

    /// Opens the part that `label` names, with what stands behind the name.
    fn field(&mut self, label: &Label<'_>, by: By) {
        self.open = Some((label.named.part, by));
        self.value(label.named.part, label.value);
    }

    fn value(&mut self, part: Part, value: &str) {
        if value.trim().is_empty() {
            return;
        }
        if !part.is_scalar() {
            let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']'));
            let value = inner.filter(|inner| !inner.contains(['[', ']'])).unwrap_or(value);
            self.gather.paragraph(part, value);
            return;
        }
        // Several fields may stand in one line: `Start: 22:10, End: 22:41`.
        let mut begins = 0;
        let mut part = part;
        for (at, sign) in value.char_indices().filter(|(_, c)| matches!(c, '|' | '·' | '•' | ',' | ';' | '/'))
        {
            let after = &value[at + sign.len_utf8()..];
            let Some(next) = label(after, false).filter(|next| next.named.part.is_scalar()) else { continue };
            self.scalar(part, &value[begins..at]);
            part = next.named.part;
            begins = value.len() - next.value.len();
        }
        self.scalar(part, value.get(begins..).unwrap_or_default());
        self.open = self.open.map(|(_, by)| (part, by));
    }

    /// Takes the value of a part that has one. The first value counts.
    fn scalar(&mut self, part: Part, value: &str) {
        let value = value.trim();
        let summary = &mut self.summary;
        match part {
            Part::Status => {
                let bare = value.replace(['*', '`'], "");
                let written = super::line::one_line(bare.trim_matches('_'), LONGEST_STATUS);
                if summary.status_written.is_none() && !written.is_empty() && !status::is_template(value) {
                    summary.status = status::read(value);
                    summary.status_written = Some(written);
                }
            }
            Part::Start if summary.started.is_none() => {
                let mut moments = moments(value, false);
                summary.started = moments.next();
                summary.ended = summary.ended.or_else(|| moments.next());
            }
            Part::End if summary.ended.is_none() => summary.ended = moments(value, false).next(),
            Part::Times => {
                let mut moments = moments(value, true);
                match (moments.next(), moments.next()) {
                    (Some(started), Some(ended)) => {
                        summary.started = summary.started.or(Some(started));
                        summary.ended = summary.ended.or(Some(ended));
                    }
                    (None, _) => summary.duration_said = summary.duration_said.or_else(|| minutes(value)),
                    // One alone is neither the one nor the other.
                    (Some(_), None) => {}
                }
            }
            Part::Duration => summary.duration_said = summary.duration_said.or_else(|| minutes(value)),
            Part::Milestone if summary.milestone.is_none() => summary.milestone = id_in(value),
            _ => {}
        }
    }

    /// Takes the milestone from a title, unless it is known or the title is one of a part's groups.
    fn milestone_in(&mut self, title: &str) {
        let summary = &mut self.summary;
        if summary.milestone.is_none() && self.open.is_none_or(|(part, _)| part.is_scalar()) {
            summary.milestone = id_in(title);
        }
    }

    /// Puts what was gathered where it belongs.
    fn end_item(&mut self) {
        self.gather.end(&mut self.summary, &mut self.files);
    }

    fn finish(mut self) -> WorkerSummary {
        self.end_item();
        self.gather.finish(&mut self.summary);
        self.summary
    }
}

/// The milestone that a title or a field names: the first id with one of the usual letters, else the id it begins with.
fn id_in(text: &str) -> Option<String> {
    let text = super::line::front(text, 2 * LONGEST);
    let usual = milestone_ids(text)
        .map(|(_, id)| id)
        .find(|id| id.starts_with(['M', 'T', 'P']) && !second_letter(id));
    usual.or_else(|| milestone_id(text.trim_start_matches(['*', '_', '`', '[', ' '])).map(|(id, _)| id))
}

/// `Write the form` of `2. Write the form`.
fn without_number(title: &str) -> &str {
    let rest = title.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.strip_prefix(['.', ')', ':']).filter(|_| rest.len() < title.len());
    rest.map_or(title, str::trim_start)
}

fn second_letter(id: &str) -> bool {
    id[1..].starts_with(|c: char| c.is_ascii_alphabetic())
}
