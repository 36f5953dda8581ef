//! The set of ready tasks, smallest first: ties go to plan order.

use alloc::vec::Vec;

use crate::graph::TaskIx;

/// A set of tasks that gives its first in plan order.
///
/// A bit a task, and above it a bit for every 64 below that have any: three levels reach 262,144 tasks, four 16
/// million. Insert, remove and first cost one step a level, whatever the set holds: a binary heap or a tree of ids
/// pays log2 of the size instead, with cache misses.
#[derive(Clone, Debug)]
pub(crate) struct ReadySet {
    /// `levels[0]` has a bit a task; each further level has a bit for every word of the one below.
    levels: Vec<Vec<u64>>,
    len: usize,
}

impl ReadySet {
    pub(crate) fn new(tasks: usize) -> Self {
        let mut levels = Vec::new();
        let mut bits = tasks.max(1);
        loop {
            let words = bits.div_ceil(64);
            levels.push(alloc::vec![0; words]);
            if words == 1 {
                return Self { levels, len: 0 };
            }
            bits = words;
        }
    }

    pub(crate) fn insert(&mut self, task: TaskIx) {
        let mut place = task.index();
        self.len += usize::from(!self.contains(task));
        for level in &mut self.levels {
            let word = &mut level[place / 64];
            let was_empty = *word == 0;
            *word |= 1 << (place % 64);
            if !was_empty {
                break;
            }
            place /= 64;
        }
    }

    pub(crate) fn remove(&mut self, task: TaskIx) {
        let mut place = task.index();
        self.len -= usize::from(self.contains(task));
        for level in &mut self.levels {
            let word = &mut level[place / 64];
            *word &= !(1 << (place % 64));
            if *word != 0 {
                break;
            }
            place /= 64;
        }
    }

    pub(crate) fn contains(&self, task: TaskIx) -> bool {
        self.levels[0][task.index() / 64] & (1 << (task.index() % 64)) != 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first task in plan order.
    #[inline]
    pub(crate) fn first(&self) -> Option<TaskIx> {
        self.at_or_after(0)
    }

    /// The first task at `place` or later in plan order.
    #[inline]
    pub(crate) fn at_or_after(&self, place: usize) -> Option<TaskIx> {
        let mut place = place;
        for (height, level) in self.levels.iter().enumerate() {
            let word = level.get(place / 64)? & (u64::MAX << (place % 64));
            if word != 0 {
                let mut found = place / 64 * 64 + word.trailing_zeros() as usize;
                for below in self.levels[..height].iter().rev() {
                    found = found * 64 + below[found].trailing_zeros() as usize;
                }
                return Some(TaskIx::new(found));
            }
            place = place / 64 + 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_an_ordered_set(
            size in 1usize..9000,
            steps in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..200),
        ) {
            let mut ready = ReadySet::new(size);
            let mut model = BTreeSet::new();
            for (place, put) in steps {
                let place = place.index(size);
                if put {
                    ready.insert(TaskIx::new(place));
                    model.insert(place);
                } else {
                    ready.remove(TaskIx::new(place));
                    model.remove(&place);
                }
                prop_assert_eq!(ready.first().map(TaskIx::index), model.first().copied());
                prop_assert_eq!(
                    ready.at_or_after(place).map(TaskIx::index),
                    model.range(place..).next().copied()
                );
                prop_assert_eq!(ready.is_empty(), model.is_empty());
                prop_assert_eq!(ready.contains(TaskIx::new(place)), model.contains(&place));
            }
        }
    }
}
