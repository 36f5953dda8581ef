//! Rows of different lengths in one array: compressed sparse rows.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::TaskIx;

/// For each number below some limit a row of items, all in one array.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows<T> {
    /// Where each row starts, and at the end where the last one ends. Empty when there are no items at all, since most
    /// plans have no claims and no conditions.
    starts: Box<[u32]>,
    items: Box<[T]>,
}

/// How long each row will be: the first of the two passes that make [`Rows`].
pub(crate) struct RowSizes {
    /// The size of row `n` at place `n + 2`, so that filling the rows can use place `n + 1` as its pen and leaves the
    /// starts behind it: no second array.
    sizes: Vec<u32>,
}

impl RowSizes {
    pub(crate) fn new(rows: usize) -> Self {
        Self { sizes: alloc::vec![0; rows + 2] }
    }

    /// One item more for this row. `false`: there is no such row.
    #[inline]
    pub(crate) fn count(&mut self, row: u32) -> bool {
        let size = self.sizes.get_mut(row as usize + 2);
        size.map(|size| *size += 1).is_some()
    }

    /// Rows of these sizes that hold `items`, row after row.
    pub(crate) fn holding<T>(mut self, items: Box<[T]>) -> Rows<T> {
        self.add_up();
        self.sizes.remove(0);
        Rows { starts: self.sizes.into(), items }
    }

    /// Rows of these sizes, from pairs (row, item) in any order; items of a row keep the order of the pairs.
    pub(crate) fn fill<T: Copy + Default>(mut self, pairs: impl Iterator<Item = (u32, T)>) -> Rows<T> {
        self.add_up();
        let total = *self.sizes.last().expect("there are two at least");
        let mut items = alloc::vec![T::default(); total as usize];
        for (row, item) in pairs {
            let pen = &mut self.sizes[row as usize + 1];
            items[*pen as usize] = item;
            *pen += 1;
        }
        self.sizes.pop();
        Rows { starts: self.sizes.into(), items: items.into() }
    }

    fn add_up(&mut self) {
        let mut sum = 0;
        for size in &mut self.sizes {
            sum += *size;
            *size = sum;
        }
    }
}

impl<T: Copy + Default> Rows<T> {
    /// From pairs `(row, item)` in any order; items of a row keep the order of the pairs.
    pub(crate) fn from_pairs(rows: usize, pairs: &[(u32, T)]) -> Self {
        if pairs.is_empty() {
            return Self::default();
        }
        let mut sizes = RowSizes::new(rows);
        for &(row, _) in pairs {
            sizes.count(row);
        }
        sizes.fill(pairs.iter().copied())
    }
}

impl<T: Copy> Rows<T> {
    #[inline]
    pub(crate) fn row(&self, row: usize) -> &[T] {
        match self.starts.get(row..row + 2) {
            Some(&[start, end]) => &self.items[start as usize..end as usize],
            _ => &[],
        }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The items of all rows, row after row.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }
}

impl Rows<TaskIx> {
    /// Every row number and item the other way round, row after row.
    pub(crate) fn turned(&self) -> impl Iterator<Item = (u32, TaskIx)> {
        (0..self.len()).flat_map(|row| self.row(row).iter().map(move |item| (item.0, TaskIx(row as u32))))
    }

    /// Of items that follow each other in a row and are equal, only the first stays.
    pub(crate) fn drop_repeats(&mut self) {
        let mut kept = 0;
        let mut start = 0;
        for row in 0..self.len() {
            let end = self.starts[row + 1] as usize;
            let first = kept;
            for place in start..end {
                let item = self.items[place];
                if kept == first || self.items[kept - 1] != item {
                    self.items[kept] = item;
                    kept += 1;
                }
            }
            start = end;
            self.starts[row + 1] = kept as u32;
        }
        if kept < self.items.len() {
            let mut items = core::mem::take(&mut self.items).into_vec();
            items.truncate(kept);
            self.items = items.into();
        }
    }
}
