//! Conditions outside of the plan: which hold, and what waits for them.

use alloc::sync::Arc;

use super::{Change, Run};
use crate::Status;
use crate::graph::TaskIx;

impl Run {
    /// Whether a condition outside of the plan is known to hold; false for one that no task awaits.
    pub fn holds(&self, condition: &str) -> bool {
        self.plan.find_condition(condition).is_some_and(|condition| self.holds[condition as usize])
    }

    /// The conditions that `task` awaits and that are not known to hold, in the order they are written.
    pub fn awaits(&self, task: TaskIx) -> impl Iterator<Item = &str> {
        let open = self.plan.awaits(task).iter().filter(|&&condition| !self.holds[condition as usize]);
        open.map(|&condition| self.plan.condition_name(condition))
    }

    /// A condition holds from now on: what awaits it has one thing less to wait for.
    pub(super) fn now_holds(&mut self, condition: &str) -> Change {
        if let Some(condition) = self.plan.find_condition(condition)
            && !core::mem::replace(&mut self.holds[condition as usize], true)
        {
            let plan = Arc::clone(&self.plan);
            for &task in plan.awaited_by(condition) {
                self.queue.unblock(task);
                self.look_again(task);
            }
        }
        Change::Unrecorded
    }

    /// What the task needs directly and is not done, in plan order.
    pub(super) fn undone_needs(&self, task: TaskIx) -> impl Iterator<Item = TaskIx> {
        self.plan.graph().depends_on(task).iter().copied().filter(|on| !self.tasks[on.index()].released)
    }

    /// Whether a condition alone keeps some task from starting. Asked for when there is nothing else to do; only the
    /// tasks of conditions that do not hold are looked at.
    pub(super) fn awaits_a_condition(&self) -> bool {
        let open = (0u32..).zip(&self.holds).filter(|&(_, &holds)| !holds);
        open.flat_map(|(condition, _)| self.plan.awaited_by(condition)).any(|&task| {
            self.status(task) == Status::Pending
                && self.is_selected(task)
                && !self.held.contains_key(&task)
                && self.undone_needs(task).next().is_none()
        })
    }
}
