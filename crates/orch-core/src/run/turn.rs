//! Whose turn it is, in the orders in which not all that is ready may start.

use super::Run;
use crate::Status;
use crate::graph::TaskIx;
use crate::policy::Order;

impl Run {
    /// Down the list the first task that is not settled and not passed over; wave by wave the first task of the wave under
    /// way. By the graph it is everybody's turn.
    pub(super) fn whose_turn(&self) -> Option<TaskIx> {
        match self.policy.order {
            Order::List => self.turn_from(self.turn).map(|(_, task)| task),
            Order::Graph => None,
            Order::Waves => self.first_of_the_wave(),
        }
    }

    /// Whether the order keeps `task` waiting when it is the turn of `turn`.
    pub(super) fn comes_after(&self, task: TaskIx, turn: TaskIx) -> bool {
        match self.policy.order {
            Order::List => task != turn,
            Order::Graph => false,
            Order::Waves => self.waves.level_of(task) > self.waves.level_of(turn),
        }
    }

    /// Whether it is this task's turn, whatever else is in its way.
    // Apart, so that a run by the graph does not carry it along.
    #[cold]
    pub(super) fn is_its_turn(&mut self, task: TaskIx) -> bool {
        match self.policy.order {
            Order::List => self.whose_turn() == Some(task),
            Order::Graph => true,
            Order::Waves => self.wave_has_come(task),
        }
    }

    /// Looks again at what the order has passed: this task, or what needs it, may be able to start after all.
    pub(super) fn look_again(&mut self, task: TaskIx) {
        self.turn = 0;
        self.waves.look_again(task);
    }

    /// From place `start` of the list, the first task that is not settled and not passed over, and its place.
    pub(super) fn turn_from(&self, start: usize) -> Option<(usize, TaskIx)> {
        let list = self.plan.list_order();
        (start..list.len()).map(|place| (place, list[place])).find(|&(_, task)| !self.is_passed(task))
    }

    /// Whether the list goes on after this task: it is settled, or it can't start because of something before it.
    fn is_passed(&self, task: TaskIx) -> bool {
        match self.status(task) {
            Status::Running => false,
            _ if self.held.contains_key(&task) => true,
            // Whatever is in its way but its own rest, which is waited for.
            Status::Pending => self.queue.in_the_way(task) > u32::from(self.resting_until(task).is_some()),
            Status::Success | Status::Fail | Status::Incomplete => !self.review_due.contains_key(&task),
        }
    }
}
