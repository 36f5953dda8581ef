//! Lines of a drawing that touch, and what they lead from and to.

use hashbrown::HashMap;

use super::graph::Drawing;
use super::grid::{Cell, Way, Ways};

/// From where a net touches a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The piece is to the left of the line, or above it.
    Source,
    /// The piece is to the right of the line, or below it.
    Target,
    /// The head of an arrow points at it.
    Head,
    /// It is in the frame that the line is a part of.
    Frame,
}

/// Lines that touch.
#[derive(Default)]
pub(super) struct Net {
    pub(super) touches: Vec<(usize, Side)>,
    /// Where it is seen first.
    pub(super) at: Option<usize>,
    /// It goes up or down somewhere.
    pub(super) vertical: bool,
    /// One of its heads points to the left or up.
    pub(super) backwards: bool,
    pub(super) heads: bool,
}

impl Drawing<'_> {
    /// The nets of the drawing, in the order of their first cells.
    pub(super) fn nets(&self) -> Vec<Net> {
        let grid = &self.grid;
        let mut starts = Vec::with_capacity(grid.rows());
        let mut count = 0;
        for row in 0..grid.rows() {
            starts.push(count);
            count += grid.width(row);
        }
        let mut union = Union { parent: (0..count).collect() };
        for (row, &start) in starts.iter().enumerate() {
            for column in 0..grid.width(row) {
                let (right, down) = (grid.cell(row, column + 1), grid.cell(row + 1, column));
                let here = grid.cell(row, column);
                if out(here).right && out(right).left {
                    union.join(start + column, start + column + 1);
                }
                if out(here).down && out(down).up && column < grid.width(row + 1) {
                    union.join(start + column, starts[row + 1] + column);
                }
            }
        }
        let mut nets: Vec<Net> = Vec::new();
        let mut number: HashMap<usize, usize> = HashMap::new();
        // The first piece of each row that may have others hanging from it, by column.
        let mut hanging: Vec<(usize, usize)> = Vec::new();
        for (row, &start) in starts.iter().enumerate() {
            for column in 0..grid.width(row) {
                let cell = grid.cell(row, column);
                if !matches!(cell, Cell::Line(_) | Cell::Head(_)) {
                    continue;
                }
                let root = union.root(start + column);
                let place = *number.entry(root).or_insert_with(|| {
                    nets.push(Net::default());
                    nets.len() - 1
                });
                self.touch(&mut nets[place], row, column, cell, &mut hanging);
            }
            if let Some(first) = grid.row(row).first() {
                let left = first.columns.start;
                while hanging.last().is_some_and(|&(column, _)| column >= left) {
                    hanging.pop();
                }
                let piece = grid.piece(row, left).unwrap_or_default();
                hanging.push((left, self.whole[piece]));
            }
        }
        nets
    }

    /// Notes what the cell of a net touches.
    fn touch(&self, net: &mut Net, row: usize, column: usize, cell: Cell, hanging: &mut Vec<(usize, usize)>) {
        net.at.get_or_insert(self.grid.byte(row, column));
        let ways = out(cell);
        let joined = |way: Way| match way {
            Way::Left => column > 0 && out(self.grid.cell(row, column - 1)).right,
            Way::Right => out(self.grid.cell(row, column + 1)).left,
            Way::Up => row > 0 && out(self.grid.cell(row - 1, column)).down,
            Way::Down => out(self.grid.cell(row + 1, column)).up,
        };
        net.vertical |= ways.up || ways.down;
        if ways.left && !joined(Way::Left) {
            net.touches.extend(self.left_of(row, column).map(|piece| (piece, Side::Source)));
        }
        if ways.right && !joined(Way::Right) {
            net.touches.extend(self.right_of(row, column).map(|piece| (piece, Side::Target)));
        }
        if ways.down && !joined(Way::Down) {
            net.touches.extend(self.near(row + 1, column).map(|piece| (piece, Side::Target)));
        }
        if ways.up && !joined(Way::Up) {
            let above = row.checked_sub(1).and_then(|above| self.near(above, column));
            let above = above.or_else(|| {
                // `└──` a little to the right of what it hangs from.
                while ways.right && hanging.last().is_some_and(|&(start, _)| start > column) {
                    hanging.pop();
                }
                hanging.last().filter(|_| ways.right).map(|&(_, piece)| piece)
            });
            net.touches.extend(above.map(|piece| (piece, Side::Source)));
        }
        if let Cell::Line(ways) = cell
            && ways.up
            && ways.down
            && ways.right
            && !ways.left
        {
            // `│ M1 ├──►`: the frame around M1 is a part of the net.
            net.touches.extend(self.left_of(row, column).map(|piece| (piece, Side::Frame)));
        }
        if let Cell::Head(way) = cell {
            net.heads = true;
            net.backwards |= matches!(way, Way::Left | Way::Up);
            let at = match way {
                Way::Right => self.right_of(row, column),
                Way::Left => self.left_of(row, column),
                Way::Down => self.near(row + 1, column),
                Way::Up => row.checked_sub(1).and_then(|above| self.near(above, column)),
            };
            net.touches.extend(at.map(|piece| (piece, Side::Head)));
        }
    }

    /// The piece to the left of a cell, with nothing but blanks and the frame around the piece in between.
    fn left_of(&self, row: usize, column: usize) -> Option<usize> {
        let mut frames = 0;
        for at in (0..column).rev() {
            match self.grid.cell(row, at) {
                Cell::Blank => {}
                Cell::Text => return self.grid.piece(row, at).map(|piece| self.whole[piece]),
                Cell::Line(ways) if ways.up && ways.down && !ways.right && frames == 0 => frames += 1,
                _ => return None,
            }
        }
        None
    }

    /// The same to the right.
    fn right_of(&self, row: usize, column: usize) -> Option<usize> {
        let mut frames = 0;
        for at in column + 1..self.grid.width(row) {
            match self.grid.cell(row, at) {
                Cell::Blank => {}
                Cell::Text => return self.grid.piece(row, at).map(|piece| self.whole[piece]),
                Cell::Line(ways) if ways.up && ways.down && !ways.left && frames == 0 => frames += 1,
                _ => return None,
            }
        }
        None
    }

    /// The piece of a row that covers a column, or that is the only thing in its row and close to it.
    fn near(&self, row: usize, column: usize) -> Option<usize> {
        if let Some(piece) = self.grid.piece(row, column) {
            return Some(self.whole[piece]);
        }
        let first = self.grid.row(row).first()?;
        let number = self.grid.piece(row, first.columns.start)?;
        let lines = column.min(self.grid.width(row));
        let close = column + 2 >= first.columns.start && column <= first.columns.end + 2;
        let bare = (lines.saturating_sub(3)..lines + 3)
            .all(|at| !matches!(self.grid.cell(row, at), Cell::Line(_) | Cell::Head(_)));
        (self.alone[row] && close && bare).then_some(number)
    }
}

/// The ways that lines go from a cell.
fn out(cell: Cell) -> Ways {
    match cell {
        Cell::Line(ways) => ways,
        Cell::Head(Way::Right) => Ways { left: true, ..Ways::default() },
        Cell::Head(Way::Left) => Ways { right: true, ..Ways::default() },
        Cell::Head(Way::Down) => Ways { up: true, ..Ways::default() },
        Cell::Head(Way::Up) => Ways { down: true, ..Ways::default() },
        Cell::Blank | Cell::Text => Ways::default(),
    }
}

/// Which cells belong together.
struct Union {
    parent: Vec<usize>,
}

impl Union {
    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        // The cell that comes first stands for all.
        let (first, second) = (a.min(b), a.max(b));
        self.parent[second] = first;
    }
}
