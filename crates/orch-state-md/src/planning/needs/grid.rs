//! A drawing as rows of cells: lines, heads of arrows, and pieces of text.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::signs::{left_head, right_head};

/// A drawing may have as many cells: what is larger is drawn by no person.
const MOST_CELLS: usize = 200_000;

/// The directions that a line goes from a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    pub(super) left: bool,
    pub(super) right: bool,
    pub(super) up: bool,
    pub(super) down: bool,
}

/// What is in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Blank,
    Text,
    Line(Ways),
    /// The head of an arrow that points this way.
    Head(Way),
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Left,
    Right,
    Up,
    Down,
}

/// A piece of text in a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) row: usize,
    /// Its columns.
    pub(super) columns: Range<usize>,
    /// Its bytes in the document.
    pub(super) bytes: Range<usize>,
}

/// A drawing.
pub(super) struct Grid {
    rows: Vec<Vec<(Cell, usize)>>,
    pub(super) pieces: Vec<Piece>,
    /// The pieces of each row, from left to right.
    by_row: Vec<Range<usize>>,
}

impl Grid {
    /// The cells of `lines`, which begin at these bytes of the document; none when there are too many.
    pub(super) fn new(lines: &[(usize, &str)]) -> Option<Self> {
        if lines.iter().map(|(_, line)| line.len() + 1).sum::<usize>() > MOST_CELLS {
            return None;
        }
        let chars: Vec<Vec<(char, usize)>> =
            lines.iter().map(|&(start, line)| columns(start, line)).collect();
        let mut rows: Vec<Vec<(Cell, usize)>> = Vec::with_capacity(chars.len());
        for (row, line) in chars.iter().enumerate() {
            let above = row.checked_sub(1).map(|above| rows[above].as_slice());
            let cells = (0..line.len()).map(|at| (cell(line, at, above), line[at].1)).collect();
            rows.push(cells);
        }
        let mut grid = Self { rows, pieces: Vec::new(), by_row: Vec::new() };
        for (row, line) in chars.iter().enumerate() {
            let first = grid.pieces.len();
            grid.find_pieces(row, line);
            grid.by_row.push(first..grid.pieces.len());
        }
        Some(grid)
    }

    /// Runs of text with no more than one blank in between.
    fn find_pieces(&mut self, row: usize, line: &[(char, usize)]) {
        let cells = &self.rows[row];
        let mut at = 0;
        while at < cells.len() {
            if cells[at].0 != Cell::Text {
                at += 1;
                continue;
            }
            let begin = at;
            let mut end = at + 1;
            at += 1;
            while at < cells.len() {
                match cells[at].0 {
                    Cell::Text => end = at + 1,
                    Cell::Blank if at == end => {}
                    _ => break,
                }
                at += 1;
            }
            let last = line[end - 1];
            let behind = if last.0 == WIDE { line[end - 2].0.len_utf8() } else { last.0.len_utf8() };
            self.pieces.push(Piece { row, columns: begin..end, bytes: line[begin].1..last.1 + behind });
        }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// How many columns a row has.
    pub(super) fn width(&self, row: usize) -> usize {
        self.rows.get(row).map_or(0, Vec::len)
    }

    /// What is in a cell; blank outside of the drawing.
    pub(super) fn cell(&self, row: usize, column: usize) -> Cell {
        self.rows.get(row).and_then(|row| row.get(column)).map_or(Cell::Blank, |(cell, _)| *cell)
    }

    /// The byte of a cell.
    pub(super) fn byte(&self, row: usize, column: usize) -> usize {
        self.rows[row][column].1
    }

    /// The pieces of a row.
    pub(super) fn row(&self, row: usize) -> &[Piece] {
        self.by_row.get(row).map_or(&[], |range| &self.pieces[range.clone()])
    }

    /// The number of the piece that covers a cell.
    pub(super) fn piece(&self, row: usize, column: usize) -> Option<usize> {
        let range = self.by_row.get(row)?.clone();
        let pieces = &self.pieces[range.clone()];
        let at = pieces.partition_point(|piece| piece.columns.end <= column);
        pieces.get(at).filter(|piece| piece.columns.start <= column)?;
        Some(range.start + at)
    }
}

/// The second column of a wide character.
const WIDE: char = '\u{1}';

/// The characters of a line, each in its column; a tab goes to the next multiple of four.
fn columns(start: usize, line: &str) -> Vec<(char, usize)> {
    let mut columns = Vec::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        let byte = start + at;
        match c {
            '\t' => {
                for _ in 0..4 - columns.len() % 4 {
                    columns.push((' ', byte));
                }
            }
            WIDE => columns.push(('?', byte)),
            c => match c.width().unwrap_or(0) {
                0 => {}
                1 => columns.push((c, byte)),
                _ => columns.extend([(c, byte), (WIDE, byte)]),
            },
        }
    }
    columns
}

fn ways(text: &str) -> Ways {
    Ways {
        left: text.contains('l'),
        right: text.contains('r'),
        up: text.contains('u'),
        down: text.contains('d'),
    }
}

/// The ways of a sign that is made for drawing.
fn drawn(c: char) -> Option<Ways> {
    Some(ways(match c {
        '─' | '━' | '═' | '╌' | '╍' | '┄' | '┅' | '┈' | '┉' | '╴' | '╶' => "lr",
        '│' | '┃' | '║' | '┆' | '┇' | '┊' | '┋' | '╎' | '╏' | '╵' | '╷' => "ud",
        '┌' | '┏' | '╔' | '╭' => "rd",
        '┐' | '┓' | '╗' | '╮' => "ld",
        '└' | '┗' | '╚' | '╰' => "ur",
        '┘' | '┛' | '╝' | '╯' => "ul",
        '├' | '┣' | '╠' | '┝' => "udr",
        '┤' | '┫' | '╣' | '┥' => "udl",
        '┬' | '┳' | '╦' => "lrd",
        '┴' | '┻' | '╩' => "lru",
        '┼' | '╋' | '╬' => "lrud",
        _ => return None,
    }))
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '=' | '–' | '—')
}

/// What is in the cell `at` of `line`, beneath `above`.
fn cell(line: &[(char, usize)], at: usize, above: Option<&[(Cell, usize)]>) -> Cell {
    let c = line[at].0;
    let before = at.checked_sub(1).map_or(' ', |at| line[at].0);
    let after = line.get(at + 1).map_or(' ', |cell| cell.0);
    let lined = |c: char| is_dash(c) || drawn(c).is_some();
    let over = above.and_then(|row| row.get(at)).map_or(Cell::Blank, |(cell, _)| *cell);
    let beneath_line = matches!(over, Cell::Line(ways) if ways.down);
    if let Some(ways) = drawn(c) {
        return Cell::Line(ways);
    }
    match c {
        ' ' | '\u{a0}' => Cell::Blank,
        '>' if lined(before) => Cell::Head(Way::Right),
        '<' if lined(after) => Cell::Head(Way::Left),
        '>' | '<' => Cell::Text,
        c if right_head(c) => Cell::Head(Way::Right),
        c if left_head(c) => Cell::Head(Way::Left),
        '▼' | '↓' | '⬇' | '▾' | '⇓' | '⭣' => Cell::Head(Way::Down),
        '▲' | '↑' | '⬆' | '▴' | '⇑' | '⭡' => Cell::Head(Way::Up),
        'v' | 'V' if before == ' ' && after == ' ' && beneath_line => Cell::Head(Way::Down),
        '|' => Cell::Line(ways(if is_dash(after) { "udr" } else { "ud" })),
        '+' if is_dash(before) || is_dash(after) => Cell::Line(ways("lrud")),
        '`' | '\\' if is_dash(after) => Cell::Line(ways("ur")),
        c if is_dash(c) => {
            let joins = |c: char| is_dash(c) || drawn(c).is_some() || matches!(c, '+' | '|' | '`' | '\\');
            let headed = after == '>' || right_head(after) || before == '<' || left_head(before);
            if headed || joins(before) || joins(after) { Cell::Line(ways("lr")) } else { Cell::Text }
        }
        _ => Cell::Text,
    }
}
