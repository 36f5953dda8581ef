//! A plain table for people: columns by two spaces, as wide as they must be.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

/// Cells wider than this stick out instead of widening every row: one long id in a large plan must not cost its
/// length a row.
const WIDEST: usize = 64;

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows of cells that are safe to show.
pub(super) struct Table<const N: usize> {
    align: [Align; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// An empty table with a heading and an alignment for each column.
    pub(super) fn new(columns: [(&str, Align); N]) -> Self {
        Self {
            align: columns.map(|(_, align)| align),
            rows: vec![columns.map(|(heading, _)| heading.to_owned())],
        }
    }

    pub(super) fn push(&mut self, row: [String; N]) {
        self.rows.push(row);
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().min(WIDEST).max(*width);
            }
        }
        for row in &self.rows {
            // Spaces are written only before something: no line ends in them.
            let mut owed = 0;
            for ((cell, &width), align) in row.iter().zip(&widths).zip(self.align) {
                let missing = width.saturating_sub(cell.width());
                let (before, after) = if align == Align::Right { (missing, 0) } else { (0, missing) };
                if !cell.is_empty() {
                    write!(out, "{:1$}{cell}", "", owed + before)?;
                    owed = 0;
                } else {
                    owed += before;
                }
                owed += after + 2;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// The beginning of `text` that is at most `width` columns wide, with `…` when something is left out.
pub(super) fn clipped(text: &str, width: usize) -> String {
    if text.len() <= width || text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = |c: &char| match unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0) {
        columns if columns <= left => {
            left -= columns;
            true
        }
        _ => false,
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let mut table = Table::new([
            ("#", Align::Right),
            ("TASK", Align::Left),
            ("N", Align::Right),
            ("NOTE", Align::Left),
        ]);
        let long = "x".repeat(70);
        for row in
            [["1", "日本", "7", "a"], ["10", "a", "", "b"], ["2", &long, "1", "c"], ["3", "d", "12", ""]]
        {
            table.push(row.map(str::to_owned));
        }
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let want = [
            format!(" #  TASK{}   N  NOTE", " ".repeat(60)),
            format!(" 1  日本{}   7  a", " ".repeat(60)),
            format!("10  a{}      b", " ".repeat(63)),
            format!(" 2  {long}   1  c"),
            format!(" 3  d{}  12", " ".repeat(63)),
        ];
        assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), want);
    }

    #[test]
    fn clipping_counts_columns() {
        assert_eq!(clipped("short", 5), "short");
        assert_eq!(clipped("longer", 5), "long…");
        assert_eq!(clipped("日本語", 6), "日本語");
        assert_eq!(clipped("日本語", 5), "日本…");
        assert_eq!(clipped("日本語", 4), "日…");
        assert_eq!(clipped("日", 0), "…");
    }
}
