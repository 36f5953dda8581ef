//! From bytes to a state file, or why not.

use core::ops::Range;

use orch_core::{Diagnostic, Position, Status};

use super::escape::BLANK;
use super::fields::{self, Field};
use super::head::{Head, content};
use super::mark::{self, Mark, Said};
use super::rows::Rows;
use super::table::{Column, ColumnTwice, Columns, cells, is_separator, starts_like_a_row, trimmed};
use super::{BYTE_ORDER_MARK, Overall, StateFile, Trailer, Validation};

/// A state file that can't be relied on, and why.
///
/// The codes are `state.encoding`, `state.newer`, `state.table` (none, or a column twice), `state.two_tables`,
/// `state.row` (cut off, cells missing, outside of the table), `state.index`, `state.status`, `state.validation`,
/// `state.current` and `state.field` (given twice).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("state file can't be relied on: {}", .diagnostic.message)]
pub struct Unreadable {
    /// What is wrong, where, and what to do about it.
    pub diagnostic: Diagnostic,
}

impl From<Diagnostic> for Unreadable {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic }
    }
}

impl StateFile {
    /// Reads a state file, of any of the forms that such files have had: with or without a separator row, with
    /// columns or fields missing, with bold keys, with any line endings, padding and prose around.
    ///
    /// # Errors
    /// [`Unreadable`] if the text could be taken for something that it does not say: no table or two, a row that is
    /// cut off or has a wrong number of cells, indices that are not 0, 1, 2 and so on, an unknown word for a status,
    /// bytes that are not UTF-8, or the mark of a newer format.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        Self::read_owned(bytes.to_vec())
    }

    /// Like [`read`](Self::read), but what was read is kept where it is: of a large file, that is most of the memory.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_owned(bytes: Vec<u8>) -> Result<Self, Unreadable> {
        let mut text = String::from_utf8(bytes)
            .map_err(|error| not_utf8(error.as_bytes(), error.utf8_error().valid_up_to()))?;
        let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
        let body_start = text.len() - body.len();
        refuse_newer(body)?;

        let mut lines = Lines { text: body, at: 0, number: 0 };
        let (fields, columns) = read_head(&mut lines)?;
        let head_end = lines.at;
        let (ends, statuses) = read_rows(&mut lines, &columns)?;
        let rows_end = lines.at;
        let trailer = read_tail(&mut lines)?;

        let head = body[..head_end].split_inclusive('\n').map(String::from).collect();
        let head = Head::with_fields(head, fields);
        let mark = trailer.clone().map_or(Mark::Absent, |line| judge(&text, body, line, head.line_ending()));
        let (tail, trailer) = match trailer {
            Some(line) => (
                [&body[rows_end..line.start], &body[line.end..]].concat(),
                Some(Trailer { at: line.start - rows_end, line: body[line].into() }),
            ),
            None => (body[rows_end..].into(), None),
        };
        text.truncate(body_start + rows_end);
        Ok(Self {
            byte_order_mark: body_start > 0,
            head,
            columns,
            rows: Rows::new(text, body_start + head_end, ends, statuses),
            tail,
            trailer,
            mark,
        })
    }
}

/// A line of the text: which one (from one), where it starts, and what is in it.
#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    start: usize,
    /// Without its ending.
    content: &'a str,
}

impl Line<'_> {
    /// The place of byte `at` of this line.
    fn position(&self, at: usize) -> Position {
        position(self.number, &self.content[..at])
    }
}

fn position(line: usize, before: &str) -> Position {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position::new(count(line), count(before.chars().count() + 1))
}

/// The lines of the text, with a look ahead.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<Line<'a>> {
        let line = &self.text[self.at..self.end_of_line()];
        if line.is_empty() {
            return None;
        }
        Some(Line { number: self.number + 1, start: self.at, content: content(line) })
    }

    /// Steps over the next line.
    fn skip(&mut self) {
        self.at = self.end_of_line();
        self.number += 1;
    }

    fn end_of_line(&self) -> usize {
        let end = memchr::memchr(b'\n', &self.text.as_bytes()[self.at..]);
        end.map_or(self.text.len(), |end| self.at + end + 1)
    }
}

/// Whether the lines so far leave a fenced code block open.
#[derive(Default)]
struct Fences {
    /// The fence that opened it: its character, and how many of them.
    open: Option<(char, usize)>,
}

impl Fences {
    /// Whether `line` belongs to a fenced code block, its fences included.
    fn cover(&mut self, line: &str) -> bool {
        let line = line.trim_matches(BLANK);
        let fence = line.chars().next().filter(|first| matches!(first, '`' | '~'));
        let length = fence.map_or(0, |fence| line.chars().take_while(|&char| char == fence).count());
        match (self.open, fence) {
            // Backticks that are closed in their own line are code in a sentence.
            (None, Some('`')) if line[length..].contains('`') => return false,
            (None, Some(fence)) if length >= 3 => self.open = Some((fence, length)),
            (None, _) => return false,
            (Some((opened, least)), Some(fence)) if fence == opened && length >= least => {
                if line.len() == length {
                    self.open = None;
                }
            }
            (Some(_), _) => {}
        }
        true
    }
}

fn not_utf8(bytes: &[u8], valid: usize) -> Unreadable {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    Diagnostic::error("state.encoding", "not UTF-8 text")
        .hint("the file is damaged, or saved in another encoding: save it as UTF-8")
        .at(position(line, &before[start..]))
        .into()
}

/// A newer format may be different in anything, so it is looked for before all else.
fn refuse_newer(text: &str) -> Result<(), Unreadable> {
    let mut lines = memchr::memmem::find_iter(text.as_bytes(), mark::OPENING).filter_map(|at| {
        let before = text[..at].trim_end_matches(BLANK);
        let begins_the_line = before.is_empty() || before.ends_with('\n');
        begins_the_line
            .then(|| (at, text[at..].split('\n').next().unwrap_or_default().trim_end_matches('\r')))
    });
    let newer = lines.find(|(_, line)| mark::read(line) == Said::Newer);
    match newer {
        Some((at, _)) => {
            let before = text[..at].matches('\n').count();
            Err(Diagnostic::error("state.newer", "written in a newer format than this orch knows")
                .hint("update orch")
                .at(position(before + 1, ""))
                .into())
        }
        None => Ok(()),
    }
}

type FoundFields = [Option<usize>; Field::ALL.len()];

/// Reads to the first row: the fields, then the header of the table.
fn read_head(lines: &mut Lines<'_>) -> Result<(FoundFields, Columns), Unreadable> {
    let mut found: FoundFields = [None; Field::ALL.len()];
    let mut fences = Fences::default();
    while let Some(line) = lines.peek() {
        lines.skip();
        if fences.cover(line.content) {
            continue;
        }
        if starts_like_a_row(line.content) {
            if let Some(columns) = header(line)? {
                if lines.peek().is_some_and(|next| is_separator(next.content)) {
                    check_cells(lines.peek(), &columns)?;
                    lines.skip();
                }
                return Ok((found, columns));
            }
            refuse_loose_row(line)?;
        } else if let Some(field) = fields::parse(line.content) {
            check_field(line, &field)?;
            if found[field.field as usize].replace(line.number - 1).is_some() {
                let message = format!("{} is given twice", field.field.label());
                return Err(Diagnostic::error("state.field", message)
                    .hint("remove the line that is wrong")
                    .at(line.position(0))
                    .into());
            }
        }
    }
    Err(Diagnostic::error("state.table", "no table of prompts")
        .hint("the table starts with a row that names at least: Index, Status, Prompt Path")
        .at(position(lines.number.max(1), ""))
        .into())
}

fn header(line: Line<'_>) -> Result<Option<Columns>, Unreadable> {
    Columns::of_header(line.content).map_err(|ColumnTwice(column)| {
        Diagnostic::error("state.table", format!("the table has two columns called {}", column.label()))
            .hint("rename or remove one of them")
            .at(line.position(0))
            .into()
    })
}

fn check_field(line: Line<'_>, field: &fields::FieldLine) -> Result<(), Unreadable> {
    let raw = &line.content[field.value.clone()];
    if raw.is_empty() {
        return Ok(());
    }
    let refused = |code, hint: &str| {
        let message = format!("unknown value for {}: {}", field.field.label(), quoted(raw));
        Err(Diagnostic::error(code, message).hint(hint).at(line.position(field.value.start)).into())
    };
    match field.field {
        Field::Overall => match raw.parse::<Overall>() {
            Err(unknown) => refused("state.status", &format!("write one of {}", unknown.expected)),
            Ok(_) => Ok(()),
        },
        Field::Validation => match raw.parse::<Validation>() {
            Err(unknown) => refused("state.validation", &format!("write one of {}", unknown.expected)),
            Ok(_) => Ok(()),
        },
        Field::Current if number::<u32>(raw).is_none() => {
            refused("state.current", "write the index of a prompt, counted from 0")
        }
        _ => Ok(()),
    }
}

/// Reads the rows of the table: where each line ends, counted from the first, and each status.
fn read_rows(lines: &mut Lines<'_>, columns: &Columns) -> Result<(Vec<usize>, Vec<Status>), Unreadable> {
    let (mut ends, mut statuses) = (Vec::new(), Vec::new());
    let start = lines.at;
    while let Some(line) = lines.peek().filter(|line| starts_like_a_row(line.content)) {
        statuses.push(read_row(line, columns, ends.len())?);
        lines.skip();
        ends.push(lines.at - start);
    }
    ends.shrink_to_fit();
    statuses.shrink_to_fit();
    Ok((ends, statuses))
}

fn read_row(line: Line<'_>, columns: &Columns, expected: usize) -> Result<Status, Unreadable> {
    // One pass over the cells: a state file has a row a prompt.
    let (mut index, mut status, mut count) = (0..0, 0..0, 0);
    for cell in cells(line.content).into_iter().flatten() {
        if Some(count) == columns.place(Column::Index) {
            index = cell;
        } else if Some(count) == columns.place(Column::Status) {
            status = cell;
        }
        count += 1;
    }
    if count != columns.cells() {
        check_cells(Some(line), columns)?;
    }
    let text = |cell: Range<usize>| {
        let range = trimmed(line.content, cell);
        (&line.content[range.clone()], range.start)
    };
    let (index, at) = text(index);
    if number::<usize>(index) != Some(expected) {
        let message = format!("row {expected} has the index {}", quoted(index));
        return Err(Diagnostic::error("state.index", message)
            .hint("indices count the rows: 0, 1, 2 and so on; a row may be missing, twice or moved")
            .at(line.position(at))
            .into());
    }
    let (status, at) = text(status);
    status.parse().map_err(|unknown: orch_core::UnknownStatus| {
        Diagnostic::error("state.status", format!("unknown status {} in row {expected}", quoted(status)))
            .hint(unknown.to_string())
            .at(line.position(at))
            .into()
    })
}

/// Refuses a line of the table that is cut off or has more or fewer cells than the header.
fn check_cells(line: Option<Line<'_>>, columns: &Columns) -> Result<(), Unreadable> {
    let Some(line) = line else { return Ok(()) };
    let (message, at) = match cells(line.content) {
        None => ("row without a closing |".to_owned(), line.content.len()),
        Some(cells) => match cells.count() {
            count if count == columns.cells() => return Ok(()),
            count => (format!("row of {count} cells in a table of {} columns", columns.cells()), 0),
        },
    };
    Err(Diagnostic::error("state.row", message)
        .hint("the row is damaged or cut off; a | inside a value is written \\|")
        .at(line.position(at))
        .into())
}

/// Refuses a line outside of the table that was a row of it once: half a table must not pass for the whole.
fn refuse_loose_row(line: Line<'_>) -> Result<(), Unreadable> {
    let mut texts = line.content.trim_matches(BLANK).split('|').skip(1).map(|cell| cell.trim_matches(BLANK));
    let is_row = texts.next().is_some_and(|index| number::<usize>(index).is_some())
        && texts.next().is_some_and(|status| status.parse::<Status>().is_ok());
    if !is_row {
        return Ok(());
    }
    Err(Diagnostic::error("state.row", "row of a prompt outside of the table")
        .hint("rows follow each other without a line between; a header row stands above them")
        .at(line.position(0))
        .into())
}

/// Reads what is below the table, and finds the line of the mark in it.
fn read_tail(lines: &mut Lines<'_>) -> Result<Option<Range<usize>>, Unreadable> {
    let mut trailer = None;
    let mut fences = Fences::default();
    let mut touches_the_table = true;
    while let Some(line) = lines.peek() {
        lines.skip();
        // Taken for the mark even inside a code block: the last line must stay the last line.
        if mark::looks_like_mark(line.content) {
            trailer = Some(line.start..lines.at);
            continue;
        }
        if touches_the_table && line.content.contains('|') {
            return Err(Diagnostic::error("state.row", "the table runs into what follows it")
                .hint("put the | back at the start of the row, or an empty line below the table")
                .at(line.position(0))
                .into());
        }
        touches_the_table = false;
        if fences.cover(line.content) || !starts_like_a_row(line.content) {
            continue;
        }
        if header(line)?.is_some() {
            return Err(Diagnostic::error("state.two_tables", "a second table of prompts")
                .hint("keep the one that is right")
                .at(line.position(0))
                .into());
        }
        refuse_loose_row(line)?;
    }
    Ok(trailer)
}

/// What the mark in `line` of `body` is worth. `text` is `body` with what may stand before it.
fn judge(text: &str, body: &str, line: Range<usize>, line_ending: &str) -> Mark {
    let Said::Known { history, seq } = mark::read(content(&body[line.clone()])) else { return Mark::Garbled };
    let start = text.len() - body.len() + line.start;
    let written = mark::render(&text.as_bytes()[..start], history, seq, line_ending);
    // To the end of the text: what somebody adds below is an edit as well.
    if text[start..] == written { Mark::Intact { history, seq } } else { Mark::Edited { history, seq } }
}

/// The number that `text` writes in nothing but digits.
fn number<N: core::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// `text` for a message: on one line, without control characters, and not endless.
fn quoted(text: &str) -> String {
    let longest = 40;
    let mut shown: String = text.chars().take(longest).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}
