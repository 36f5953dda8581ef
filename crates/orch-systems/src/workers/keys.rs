//! The keys under which the processes of attempts are known. They stay when the plan is changed, after which tasks may have
//! other places.

use orch_core::{TakenOver, TaskIx};

/// The keys of the tasks of a plan: two each, one for its work and one for its review.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// By task its number; none as long as that is its place.
    numbers: Option<Vec<u64>>,
}

impl Keys {
    /// That of the task's work.
    pub(super) fn work(&self, task: TaskIx) -> u64 {
        self.number(task) * 2
    }

    /// That of its review.
    pub(super) fn review(&self, task: TaskIx) -> u64 {
        self.number(task) * 2 + 1
    }

    fn number(&self, task: TaskIx) -> u64 {
        match &self.numbers {
            Some(numbers) => numbers[task.index()],
            None => task.index() as u64,
        }
    }

    /// Those of a changed plan: who was there keeps its number, and nobody gets one that another has had.
    pub(super) fn taken_over(&self, taken_over: &TakenOver, tasks_before: usize) -> Self {
        let mut next = match &self.numbers {
            Some(numbers) => numbers.iter().max().map_or(0, |most| most + 1).max(numbers.len() as u64),
            None => tasks_before as u64,
        };
        let numbers = taken_over.was.iter().map(|was| {
            was.map_or_else(
                || {
                    next += 1;
                    next - 1
                },
                |was| self.number(was),
            )
        });
        Self { numbers: Some(numbers.collect()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_there_keeps_its_keys_and_nobody_gets_anothers() {
        let t = TaskIx::new;
        let keys = Keys::default();
        assert_eq!((keys.work(t(2)), keys.review(t(2))), (4, 5));
        let was = vec![None, Some(t(2)), Some(t(0)), None];
        let keys = keys.taken_over(&TakenOver { was, ..TakenOver::default() }, 3);
        assert_eq!([0, 1, 2, 3].map(|task| keys.work(t(task))), [6, 4, 0, 8]);
        // The last one goes, and its number with it; a new one comes.
        let was = vec![Some(t(1)), Some(t(0)), None];
        let keys = keys.taken_over(&TakenOver { was, ..TakenOver::default() }, 4);
        assert_eq!([0, 1, 2].map(|task| keys.work(t(task))), [4, 6, 10]);
    }
}
