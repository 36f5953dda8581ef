//! The tracker: the table that says where each milestone stands.

use std::ops::Range;

use orch_core::Position;

use super::cells::{cells, is_separator};
use super::plain::{name_of, plain, words};
use crate::state::table::trimmed;
use crate::text::{Line, Lines, clamp, heading, indent};

/// Rows that are read at most. Ids have four digits.
pub(super) const MOST_ROWS: usize = 10_000;

/// Columns of a header that are looked at.
const MOST_COLUMNS: usize = 64;

/// Which cell of a row holds what, from zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// How many cells the header has.
    pub(super) count: usize,
    /// The id, when it has a column of its own.
    pub(super) id: Option<usize>,
    pub(super) name: usize,
    pub(super) status: usize,
    pub(super) model: Option<usize>,
    pub(super) duration: Option<usize>,
    pub(super) notes: Option<usize>,
    /// A column is called after milestones: it is a tracker wherever it stands.
    says_milestone: bool,
}

impl Columns {
    /// The columns of a header, if it is one of a tracker.
    fn of(line: &str) -> Option<Self> {
        let mut columns = Self::default();
        let (mut milestone, mut name, mut status) = (None, None, None);
        for (place, cell) in cells(line).enumerate().take(MOST_COLUMNS) {
            let label = plain(&line[cell]).to_lowercase();
            let label = label.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '#' | ')' | '.'));
            let column = match label {
                "id" | "#" | "no" | "no." | "nr" | "nr." | "key" => &mut columns.id,
                "milestone id" | "milestone #" | "milestone no." => {
                    columns.says_milestone = true;
                    &mut columns.id
                }
                "milestone" | "milestones" | "milestone name" | "milestone title" => &mut milestone,
                "name" | "title" | "phase" | "task" | "work item" | "step" | "deliverable" => &mut name,
                _ if label.starts_with("status") || label == "state" => &mut status,
                _ if label.contains("model") => &mut columns.model,
                _ if ["duration", "time", "minutes", "min", "actual", "elapsed"]
                    .iter()
                    .any(|word| label.split(|c: char| !c.is_alphanumeric()).next() == Some(word)) =>
                {
                    &mut columns.duration
                }
                "notes" | "note" | "comments" | "comment" | "remarks" => &mut columns.notes,
                _ => continue,
            };
            column.get_or_insert(place);
        }
        columns.count = cells(line).count();
        columns.status = status?;
        columns.says_milestone |= milestone.is_some();
        // `| Milestone | Name | … |`: the first has the id.
        if let (Some(milestone), Some(_), None) = (milestone, name, columns.id) {
            columns.id = Some(milestone);
            milestone_or(&mut columns, name)?;
        } else {
            milestone_or(&mut columns, milestone.or(name))?;
        }
        Some(columns)
    }
}

/// Settles the column of the names: `name`, else the one of the ids, which is then none of its own.
fn milestone_or(columns: &mut Columns, name: Option<usize>) -> Option<()> {
    columns.name = match name {
        Some(name) => name,
        None => columns.id.take()?,
    };
    Some(())
}

/// A tracker as it stands in the text.
#[derive(Clone, Debug)]
pub(super) struct Tracker<'a> {
    pub(super) columns: Columns,
    /// Where its header is.
    pub(super) at: Position,
    /// Its bytes, from the header to the end of its last row.
    pub(super) range: Range<usize>,
    /// Its rows, the first [`MOST_ROWS`] of them.
    pub(super) rows: Vec<RowLine<'a>>,
    /// Where the first row is that is too many.
    pub(super) too_many: Option<Position>,
}

/// The line of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowLine<'a> {
    pub(super) number: u32,
    pub(super) start: usize,
    pub(super) text: &'a str,
}

impl<'a> RowLine<'a> {
    /// Where the cell of `column` is in the line, from pipe to pipe.
    pub(super) fn cell(&self, column: usize) -> Option<Range<usize>> {
        cells(self.text).nth(column)
    }

    /// What the cell of `column` says, trimmed; nothing when there is none.
    pub(super) fn says(&self, column: Option<usize>) -> &'a str {
        let cell = column.and_then(|column| self.cell(column));
        cell.map_or("", |cell| &self.text[trimmed(self.text, cell)])
    }

    /// Where the cell of `column` begins.
    pub(super) fn at(&self, column: usize) -> Position {
        let start = self.cell(column).map_or(0, |cell| trimmed(self.text, cell).start);
        Position::new(self.number, clamp(1 + self.text[..start].chars().count()))
    }
}

/// The tracker of `text`: the first table with a status under a heading that names a tracker, else the first with milestones
/// and a status. Tables in code and comments are none.
pub(super) fn find(text: &str) -> Option<Tracker<'_>> {
    let mut lines = Lines::new(text).peekable();
    let mut under = None;
    let mut other = None;
    while let Some(line) = lines.next() {
        if line.is_hidden() {
            continue;
        }
        if let Some((level, title)) = heading(line.span()) {
            if is_tracker_heading(title.text) {
                under = Some(level);
            } else if under.is_some_and(|tracker| level <= tracker) {
                under = None;
            }
            continue;
        }
        if !is_row(&line) || (under.is_none() && other.is_some()) {
            continue;
        }
        let Some(columns) = Columns::of(line.text) else { continue };
        let ruled = match lines.peek() {
            Some(next) if is_row(next) => is_separator(next.text) || line.text.trim_start().starts_with('|'),
            Some(_) => false,
            None => true,
        };
        if !ruled || !(under.is_some() || columns.says_milestone) {
            continue;
        }
        let tracker = rows(columns, line, &mut lines);
        if under.is_some() {
            return Some(tracker);
        }
        other = Some(tracker);
    }
    other
}

/// Whether a heading names a tracker.
fn is_tracker_heading(title: &str) -> bool {
    words(name_of(&plain(title))).split(' ').any(|word| matches!(word, "tracker" | "trackers"))
}

/// Whether `line` can be a row of a table.
fn is_row(line: &Line<'_>) -> bool {
    !line.is_hidden()
        && memchr::memchr(b'|', line.text.as_bytes()).is_some()
        && indent(line.text).0 < 4
        && !line.text.trim_start().starts_with('>')
}

/// The rows that follow `header`.
fn rows<'a>(columns: Columns, header: Line<'a>, lines: &mut std::iter::Peekable<Lines<'a>>) -> Tracker<'a> {
    let mut tracker = Tracker {
        columns,
        at: Position::new(header.number, 1),
        range: header.start..header.start + header.text.len(),
        rows: Vec::new(),
        too_many: None,
    };
    while let Some(line) = lines.next_if(|line| is_row(line) && heading(line.span()).is_none()) {
        tracker.range.end = line.start + line.text.len();
        if is_separator(line.text) {
            continue;
        }
        if tracker.rows.len() < MOST_ROWS {
            tracker.rows.push(RowLine { number: line.number, start: line.start, text: line.text });
        } else {
            tracker.too_many.get_or_insert(Position::new(line.number, 1));
        }
    }
    tracker
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_columns() {
        for (line, expected) in [
            (
                "| Milestone | Model | Status | Duration (min) | Notes |",
                Some((None, 0, 2, Some(1), Some(3), Some(4))),
            ),
            ("| **Status** | Milestone |", Some((None, 1, 0, None, None, None))),
            ("Milestone | Status", Some((None, 0, 1, None, None, None))),
            ("| ID | Milestone | Status |", Some((Some(0), 1, 2, None, None, None))),
            ("| Milestone | Name | Status |", Some((Some(0), 1, 2, None, None, None))),
            ("| # | Task | State | Time |", Some((Some(0), 1, 2, None, Some(3), None))),
            ("| ID | Status |", Some((None, 0, 1, None, None, None))),
            ("| Group | Milestones | Notes |", None),
            ("| Status | Meaning |", None),
            ("| Milestone |", None),
        ] {
            let found = Columns::of(line).map(|c| (c.id, c.name, c.status, c.model, c.duration, c.notes));
            assert_eq!(found, expected, "{line:?}");
        }
    }

    #[test]
    fn finds_the_table() {
        let lines = |text: &str| {
            find(text).map(|tracker| {
                let rows: Vec<u32> = tracker.rows.iter().map(|row| row.number).collect();
                (tracker.at.line, rows)
            })
        };
        let milestone = "| Milestone | Status |\n|---|---|\n| M1 | ⬜ |\n";
        let task = "| Task | Status |\n|---|---|\n| M1 | ⬜ |\n";
        for (text, expected) in [
            (milestone.to_owned(), Some((1, vec![3]))),
            (task.to_owned(), None),
            (format!("# Tracker\n{task}"), Some((2, vec![4]))),
            (format!("{milestone}\n## 📊 Milestone Progress Tracker\n\n{task}"), Some((7, vec![9]))),
            (format!("## Tracker\n\n## Next\n\n{milestone}"), Some((5, vec![7]))),
            (format!("```\n{milestone}```\n"), None),
            (format!("<!--\n{milestone}-->\n{milestone}"), Some((6, vec![8]))),
            ("| Milestone | Status |\n\n| M1 | ⬜ |\n".to_owned(), None),
            ("| Milestone | Status |\n| M1 | ⬜ |\n".to_owned(), Some((1, vec![2]))),
            ("Milestone | Status\n--- | ---\nM1 | ⬜\ntext\n".to_owned(), Some((1, vec![3]))),
            ("Milestone | Status\nprose | more\n".to_owned(), None),
            ("| Milestone | Status |".to_owned(), Some((1, vec![]))),
        ] {
            assert_eq!(lines(&text), expected, "{text:?}");
        }
    }
}
