//! The set of ready tasks, smallest first: ties go to plan order.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::graph::TaskIx;

/// A set of tasks that gives its first in plan order.
///
/// A bit a task, and above it a bit for every 64 below that have any: three levels reach 262,144 tasks, four 16
/// million. Insert, remove and first cost one step a level, whatever the set holds: a binary heap or a tree of ids
/// pays log2 of the size instead, with cache misses.
#[derive(Clone, Debug)]
pub(crate) struct ReadySet {
    /// A bit a task.
    tasks: Box<[u64]>,
    /// Each level has a bit for every word of the one below.
    above: Vec<Box<[u64]>>,
    /// No word of `tasks` before this one has a bit. Mostly the first task is in it or close by, so that the levels
    /// above are left alone: 4 of 48 ns a drained task.
    first_word: usize,
}

impl ReadySet {
    pub(crate) fn new(tasks: usize) -> Self {
        let mut above = Vec::new();
        let mut words = tasks.div_ceil(64).max(1);
        let lowest = alloc::vec![0; words].into();
        while words > 1 {
            words = words.div_ceil(64);
            above.push(alloc::vec![0; words].into());
        }
        Self { tasks: lowest, above, first_word: 0 }
    }

    #[inline]
    pub(crate) fn insert(&mut self, task: TaskIx) {
        let place = task.index() / 64;
        let word = &mut self.tasks[place];
        let was_empty = *word == 0;
        *word |= 1 << (task.index() % 64);
        if was_empty {
            self.first_word = self.first_word.min(place);
            self.mark(place);
        }
    }

    /// A word that was empty has a bit now.
    #[cold]
    fn mark(&mut self, mut place: usize) {
        for level in &mut self.above {
            let word = &mut level[place / 64];
            let was_empty = *word == 0;
            *word |= 1 << (place % 64);
            if !was_empty {
                break;
            }
            place /= 64;
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, task: TaskIx) {
        let place = task.index() / 64;
        let word = &mut self.tasks[place];
        let had_any = *word != 0;
        *word &= !(1 << (task.index() % 64));
        if had_any && *word == 0 {
            self.unmark(place);
        }
    }

    /// A word has no bit any more.
    #[cold]
    fn unmark(&mut self, mut place: usize) {
        for level in &mut self.above {
            let word = &mut level[place / 64];
            *word &= !(1 << (place % 64));
            if *word != 0 {
                break;
            }
            place /= 64;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.above.last().unwrap_or(&self.tasks).iter().all(|&word| word == 0)
    }

    /// The first task in plan order. What comes before it is not looked at again until something is put there.
    #[inline]
    pub(crate) fn first(&mut self) -> Option<TaskIx> {
        if let Some(&word) = self.tasks.get(self.first_word)
            && word != 0
        {
            return Some(task_at(self.first_word, word));
        }
        self.seek()
    }

    #[cold]
    fn seek(&mut self) -> Option<TaskIx> {
        let first = self.at_or_after(self.first_word * 64);
        self.first_word = first.map_or(self.tasks.len(), |task| task.index() / 64);
        first
    }

    /// The first task at `place` or later in plan order.
    fn at_or_after(&self, place: usize) -> Option<TaskIx> {
        let word = self.tasks.get(place / 64)? & (u64::MAX << (place % 64));
        if word != 0 {
            return Some(task_at(place / 64, word));
        }
        let mut place = place / 64 + 1;
        for (height, level) in self.above.iter().enumerate() {
            let word = level.get(place / 64)? & (u64::MAX << (place % 64));
            if word != 0 {
                let mut found = place / 64 * 64 + word.trailing_zeros() as usize;
                for below in self.above[..height].iter().rev() {
                    found = found * 64 + below[found].trailing_zeros() as usize;
                }
                return Some(task_at(found, self.tasks[found]));
            }
            place = place / 64 + 1;
        }
        None
    }
}

fn task_at(place: usize, word: u64) -> TaskIx {
    TaskIx((place * 64) as u32 + word.trailing_zeros())
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
            }
        }
    }
}
