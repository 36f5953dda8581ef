//! The shape of the table: its columns and where the cells of a line are.

use core::ops::Range;

use super::escape::BLANK;

/// The columns that orch knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Index,
    Status,
    PromptPath,
    PlanPath,
    Tests,
    Dependencies,
    Reqs,
}

impl Column {
    /// All of them, in the order of the seed.
    pub(super) const ALL: [Column; 7] = [
        Column::Index,
        Column::Status,
        Column::PromptPath,
        Column::PlanPath,
        Column::Tests,
        Column::Dependencies,
        Column::Reqs,
    ];

    /// What the header row calls it.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Column::Index => "Index",
            Column::Status => "Status",
            Column::PromptPath => "Prompt Path",
            Column::PlanPath => "Plan Path",
            Column::Tests => "Tests",
            Column::Dependencies => "Dependencies",
            Column::Reqs => "Reqs",
        }
    }
}

/// Which cell of a row holds which column. Columns that orch doesn't know are counted and left alone.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    cells: usize,
    places: [Option<usize>; Column::ALL.len()],
}

/// A header row that names a column twice.
pub(super) struct ColumnTwice(pub(super) Column);

impl Columns {
    /// The seven columns of the seed, in its order.
    pub(super) fn of_the_seed() -> Self {
        Self { cells: Column::ALL.len(), places: core::array::from_fn(Some) }
    }

    /// The columns that `line` names; none if it is not the header of a state table (which has at least an index, a
    /// status and a prompt path).
    pub(super) fn of_header(line: &str) -> Result<Option<Self>, ColumnTwice> {
        let Some(cells) = cells(line) else { return Ok(None) };
        let mut columns = Self { cells: 0, places: [None; Column::ALL.len()] };
        let mut twice = None;
        for cell in cells {
            let label = line[cell].trim_matches([' ', '\t', '*']);
            if let Some(column) = Column::ALL.into_iter().find(|c| c.label().eq_ignore_ascii_case(label)) {
                let place = &mut columns.places[column as usize];
                if place.is_some() {
                    twice = Some(column);
                }
                *place = Some(columns.cells);
            }
            columns.cells += 1;
        }
        let required = [Column::Index, Column::Status, Column::PromptPath];
        match twice {
            _ if required.into_iter().any(|column| columns.place(column).is_none()) => Ok(None),
            Some(column) => Err(ColumnTwice(column)),
            None => Ok(Some(columns)),
        }
    }

    /// How many cells every row has.
    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// Which cell of a row holds `column`, from zero.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// Where the cell of `column` is in `line`, from pipe to pipe.
    pub(super) fn find(&self, line: &str, column: Column) -> Option<Range<usize>> {
        cells(line)?.nth(self.place(column)?)
    }
}

/// Whether `line` is written as a row of some table, complete or cut off.
pub(super) fn starts_like_a_row(line: &str) -> bool {
    line.trim_start_matches(BLANK).starts_with('|')
}

/// Whether `line` is the rule that Markdown wants under a header row.
pub(super) fn is_separator(line: &str) -> bool {
    cells(line).is_some_and(|mut cells| {
        cells.all(|cell| {
            let rule = line[cell].trim_matches(BLANK);
            let dashes = rule.strip_prefix(':').unwrap_or(rule);
            let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
            !dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')
        })
    })
}

/// The cells of `line`, each from pipe to pipe; none if the line does not open and close with a pipe.
///
/// A pipe after a backslash belongs to its cell, as in GitHub's tables.
pub(super) fn cells(line: &str) -> Option<Cells<'_>> {
    let opened = line.len() - line.trim_start_matches(BLANK).len();
    let end = line.trim_end_matches(BLANK).len();
    let bytes = line.as_bytes();
    let closes = end >= opened + 2 && bytes[end - 1] == b'|' && bytes[end - 2] != b'\\';
    (closes && bytes[opened] == b'|').then(|| Cells { line: &bytes[..end], from: opened + 1 })
}

/// The iterator of [`cells`].
pub(super) struct Cells<'a> {
    line: &'a [u8],
    from: usize,
}

impl Iterator for Cells<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let from = self.from;
        let mut to = from;
        loop {
            to += memchr::memchr(b'|', &self.line[to..])?;
            if self.line[to - 1] != b'\\' {
                break;
            }
            to += 1;
        }
        self.from = to + 1;
        Some(from..to)
    }
}

/// The part of `cell` that is not padding. For a blank cell, an empty range inside it.
pub(crate) fn trimmed(line: &str, cell: Range<usize>) -> Range<usize> {
    let text = &line[cell.clone()];
    let start = cell.start + text.len() - text.trim_start_matches(BLANK).len();
    start..start + text.trim_matches(BLANK).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Option<Vec<&str>> {
        Some(cells(line)?.map(|cell| &line[trimmed(line, cell)]).collect())
    }

    #[test]
    fn finds_the_cells() {
        for (line, expected) in [
            ("| a | b |", Some(vec!["a", "b"])),
            ("|a|b|", Some(vec!["a", "b"])),
            ("  | a |  |\t", Some(vec!["a", ""])),
            ("||", Some(vec![""])),
            ("| a\\|b | c\\\\|d |", Some(vec!["a\\|b", "c\\\\|d"])),
            ("| a | b", None),
            ("| a | b \\|", None),
            ("a | b |", None),
            ("|", None),
            ("", None),
        ] {
            assert_eq!(texts(line), expected, "{line:?}");
        }
    }

    #[test]
    fn knows_a_header_and_a_separator() {
        let header = |line| Columns::of_header(line).map_err(|twice| twice.0);
        let columns = header("| **Index** | Note | status | Prompt Path |").unwrap().unwrap();
        assert_eq!(columns.cells(), 4);
        assert_eq!(columns.place(Column::Status), Some(2));
        assert_eq!(columns.place(Column::Reqs), None);
        assert!(header("| Index | Status |").unwrap().is_none());
        assert_eq!(header("| Index | Status | Prompt Path | Index |").unwrap_err(), Column::Index);
        for (line, is) in [("|---|:-:|", true), ("| - | --: |", true), ("| - | |", false), ("|:|", false)] {
            assert_eq!(is_separator(line), is, "{line:?}");
        }
    }
}
