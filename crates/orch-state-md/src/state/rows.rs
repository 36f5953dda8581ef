//! The lines of the table, kept so that changing one costs the same however many there are.

use core::ops::Range;

use orch_core::Status;

/// The rows as text, and their statuses.
///
/// The text they came in stays one piece, 25 bytes a row beside it; a line that no longer fits where it was gets
/// a piece of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    text: String,
    lines: Vec<Line>,
    statuses: Vec<Status>,
}

#[derive(Clone, Debug)]
enum Line {
    /// At this range of the text.
    Kept(Range<usize>),
    /// Changed in length since.
    Own(Box<str>),
}

impl Rows {
    /// Rows whose lines, with their endings, stand one after another in `text` from `start` on, and end at `ends`, counted
    /// from there.
    pub(super) fn new(text: String, start: usize, ends: Vec<usize>, statuses: Vec<Status>) -> Self {
        debug_assert_eq!(ends.len(), statuses.len());
        let mut from = start;
        let mut line = |end| Line::Kept(core::mem::replace(&mut from, start + end)..start + end);
        let lines = ends.into_iter().map(&mut line).collect();
        Self { text, lines, statuses }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line of `row` with its ending.
    pub(super) fn line(&self, row: usize) -> Option<&str> {
        Some(match self.lines.get(row)? {
            Line::Kept(range) => &self.text[range.clone()],
            Line::Own(line) => line,
        })
    }

    pub(super) fn status(&self, row: usize) -> Option<Status> {
        self.statuses.get(row).copied()
    }

    pub(super) fn remember_status(&mut self, row: usize, status: Status) {
        if let Some(remembered) = self.statuses.get_mut(row) {
            *remembered = status;
        }
    }

    /// Puts `new` in place of `range` of the line of `row`.
    pub(super) fn replace(&mut self, row: usize, range: Range<usize>, new: &str) {
        let Some(line) = self.lines.get_mut(row) else { return };
        match line {
            Line::Kept(kept) if range.len() == new.len() => {
                let start = kept.start + range.start;
                // Nothing after it moves, because the length stays.
                self.text.replace_range(start..start + new.len(), new);
            }
            Line::Kept(kept) => {
                let old = &self.text[kept.clone()];
                let own = [&old[..range.start], new, &old[range.end..]].concat();
                *line = Line::Own(own.into());
            }
            Line::Own(own) => {
                let mut changed = String::from(core::mem::take(own));
                changed.replace_range(range, new);
                *own = changed.into();
            }
        }
    }

    /// The lines of all rows with their endings.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| match line {
            Line::Kept(range) => &self.text[range.clone()],
            Line::Own(line) => line,
        })
    }

    /// About how many bytes the [`lines`](Self::lines) have.
    pub(super) fn size_hint(&self) -> usize {
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_keeps_everything_else() {
        let mut rows = Rows::new("x|a|\n|bb|\n|c|\n".into(), 1, vec![4, 9, 13], vec![Status::Pending; 3]);
        for (range, new, expected) in [
            (1..3, "xy", "|a|\n|xy|\n|c|\n"),
            (1..3, "long", "|a|\n|long|\n|c|\n"),
            (1..5, "ever", "|a|\n|ever|\n|c|\n"),
            (1..5, "", "|a|\n||\n|c|\n"),
        ] {
            rows.replace(1, range, new);
            assert_eq!(rows.lines().collect::<String>(), expected);
        }
    }

    #[test]
    fn a_change_of_the_same_length_needs_no_memory() {
        let mut rows = Rows::new("|a|\n|bb|\n".into(), 0, vec![4, 9], vec![Status::Pending; 2]);
        rows.replace(1, 1..3, "xy");
        assert!(matches!(rows.lines[1], Line::Kept(_)));
        rows.replace(1, 1..3, "xyz");
        assert!(matches!(rows.lines[1], Line::Own(_)));
    }

    #[test]
    fn a_row_costs_some_bytes() {
        assert!(size_of::<Line>() <= 3 * size_of::<usize>());
    }
}
