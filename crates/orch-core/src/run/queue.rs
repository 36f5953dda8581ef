//! Who may start next: for each task how much is in its way, and of those that nothing is, which goes first.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};

use crate::Plan;
use crate::graph::TaskIx;
use crate::ready::ReadySet;

/// For each task how many things keep it from starting, and the set of those that nothing does.
///
/// A dependency that is not done, a condition that does not hold, an attempt under way, a hold by hand, a rest: each is
/// one thing in the way. So whatever ends, one count goes down, and nothing is asked of a task before its last
/// obstacle is gone: the countdown over in-degrees of Kahn's algorithm, carried on for everything else that can hold a
/// task up.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    in_the_way: Box<[u32]>,
    ready: ReadySet,
    /// How often rejected work went back, for tasks where it did.
    reworks: BTreeMap<TaskIx, u32>,
    /// Ready tasks whose work went back: they go first.
    ready_again: BTreeSet<TaskIx>,
}

impl Queue {
    /// The queue at the beginning, when nothing is done and no condition holds.
    pub(super) fn new(plan: &Plan) -> Self {
        let mut in_the_way: Box<[u32]> =
            plan.tasks().map(|task| plan.graph().depends_on(task).len() as u32).collect();
        for condition in 0..plan.condition_count() as u32 {
            for &task in plan.awaited_by(condition) {
                in_the_way[task.index()] += 1;
            }
        }
        let mut ready = ReadySet::new(in_the_way.len());
        for task in plan.tasks().filter(|task| in_the_way[task.index()] == 0) {
            ready.insert(task);
        }
        Self { in_the_way, ready, reworks: BTreeMap::new(), ready_again: BTreeSet::new() }
    }

    /// One thing more is in the task's way.
    #[inline]
    pub(super) fn block(&mut self, task: TaskIx) {
        let count = &mut self.in_the_way[task.index()];
        *count += 1;
        if *count == 1 {
            self.ready.remove(task);
            if !self.ready_again.is_empty() {
                self.goes_first_no_more(task);
            }
        }
    }

    /// One thing less is in the task's way.
    #[inline]
    pub(super) fn unblock(&mut self, task: TaskIx) {
        let count = &mut self.in_the_way[task.index()];
        *count -= 1;
        if *count == 0 {
            self.ready.insert(task);
            if !self.reworks.is_empty() {
                self.goes_first_if_reworked(task);
            }
        }
    }

    // Apart, so that what is done for every task stays small enough to be inlined: 4 of 48 ns a drained task.
    #[cold]
    fn goes_first_if_reworked(&mut self, task: TaskIx) {
        if self.reworks.contains_key(&task) {
            self.ready_again.insert(task);
        }
    }

    #[cold]
    fn goes_first_no_more(&mut self, task: TaskIx) {
        self.ready_again.remove(&task);
    }

    /// How many things are in the task's way.
    pub(super) fn in_the_way(&self, task: TaskIx) -> u32 {
        self.in_the_way[task.index()]
    }

    /// Whether nothing is in the task's way.
    #[inline]
    pub(super) fn is_ready(&self, task: TaskIx) -> bool {
        self.in_the_way[task.index()] == 0
    }

    /// Whether something is in the way of every task.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Of the ready tasks the one that goes first: work that was sent back, then plan order.
    #[inline]
    pub(super) fn first(&mut self) -> Option<TaskIx> {
        if self.ready_again.is_empty() { self.ready.first() } else { self.ready_again.first().copied() }
    }

    /// How often the task's rejected work went back to it.
    #[inline]
    pub(super) fn reworks(&self, task: TaskIx) -> u32 {
        if self.reworks.is_empty() { 0 } else { self.reworks.get(&task).copied().unwrap_or(0) }
    }

    /// Sets how often the task's rejected work went back to it.
    pub(super) fn set_reworks(&mut self, task: TaskIx, reworks: u32) {
        if reworks == 0 {
            self.reworks.remove(&task);
            self.ready_again.remove(&task);
        } else {
            self.reworks.insert(task, reworks);
            if self.is_ready(task) {
                self.ready_again.insert(task);
            }
        }
    }
}
