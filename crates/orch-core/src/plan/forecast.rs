//! What the shape of a plan says ahead of time: depths and the longest chain.

use alloc::vec::Vec;

use super::Plan;
use crate::graph::TaskIx;

impl Plan {
    /// How many tasks each task has before it at least, one after the other: 0 for those that need nothing.
    pub fn depths(&self) -> Vec<u32> {
        let mut depths = alloc::vec![0; self.len()];
        for &task in self.list_order() {
            let on = self.graph().depends_on(task);
            depths[task.index()] = on.iter().map(|on| depths[on.index()] + 1).max().unwrap_or(0);
        }
        depths
    }

    /// The tasks by [depth](Self::depths), each level in plan order.
    pub fn levels(&self) -> Vec<Vec<TaskIx>> {
        let depths = self.depths();
        let deepest = depths.iter().max().copied().unwrap_or(0);
        let mut levels = alloc::vec![Vec::new(); deepest as usize + 1];
        for task in self.tasks() {
            levels[depths[task.index()] as usize].push(task);
        }
        levels
    }

    /// The longest chain of tasks that need each other, first to last: no number of workers makes the plan shorter.
    /// Of equal chains the one that is first in plan order, seen from its end.
    pub fn critical_path(&self) -> Vec<TaskIx> {
        let depths = self.depths();
        let Some(mut task) = self.tasks().rev().max_by_key(|task| depths[task.index()]) else {
            return Vec::new();
        };
        let mut path = alloc::vec![task];
        while depths[task.index()] > 0 {
            let before = depths[task.index()] - 1;
            let on = self.graph().depends_on(task);
            task =
                *on.iter().find(|on| depths[on.index()] == before).expect("a depth comes from a dependency");
            path.push(task);
        }
        path.reverse();
        path
    }
}
