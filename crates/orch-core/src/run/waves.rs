//! Wave by wave: a further wave begins when nothing of the one before is left to do.
//!
//! A task's level is its [depth](crate::Plan::depths) in the graph, and the wave under way is the lowest level of all
//! tasks that are open ([`Run::open_tasks`]). Only where the tasks stand now decides, so that after a crash the same
//! waves come again.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Phase, Run};
use crate::graph::TaskIx;
use crate::policy::{Order, Policy};
use crate::{Plan, Status};

/// How far the waves have come, so that not every start has to look at every task.
///
/// Unless somebody asks for something again the level only rises, every task is parked once at most, and all that is open
/// beside the queue is of one level: a whole run costs what its plan has of tasks and dependencies.
#[derive(Clone, Debug, Default)]
pub(super) struct Waves {
    /// The level of each task; empty in a run of another order.
    levels: Box<[u32]>,
    /// Nothing below this level is open.
    level: u32,
    /// By level above that one: tasks that were ready but for their wave when they were put here. That counts as one thing
    /// in their way.
    parked: BTreeMap<u32, Vec<TaskIx>>,
}

impl Waves {
    pub(super) fn new(plan: &Plan, policy: &Policy) -> Self {
        let levels = if policy.order == Order::Waves { plan.depths().into() } else { Box::default() };
        Self { levels, ..Self::default() }
    }

    pub(super) fn level_of(&self, task: TaskIx) -> u32 {
        self.levels[task.index()]
    }

    /// This task may be open again, or what needs it, which is of a higher level.
    pub(super) fn look_again(&mut self, task: TaskIx) {
        if let Some(&level) = self.levels.get(task.index()) {
            self.level = self.level.min(level);
        }
    }
}

impl Run {
    /// How many waves are over, from the lowest on: as far as the run had come when it last began something, nothing of them
    /// was left to do. Zero in a run of another order.
    pub fn waves_over(&self) -> u32 {
        self.waves.level
    }

    /// The first task of the wave under way that may start now.
    // Apart, so that a run by the graph does not carry it along.
    #[cold]
    pub(super) fn task_of_the_wave(&mut self) -> Option<TaskIx> {
        loop {
            while let Some(task) = self.queue.first() {
                let level = self.waves.level_of(task);
                if level > self.waves.level {
                    self.queue.block(task);
                    self.waves.parked.entry(level).or_default().push(task);
                } else if !self.waits_for_a_claim(task) {
                    return Some(task);
                }
            }
            if !self.next_wave() {
                return None;
            }
        }
    }

    /// With nothing left in the queue, lets the lowest parked wave begin, unless something of a lower one is open.
    fn next_wave(&mut self) -> bool {
        let Some(&level) = self.waves.parked.keys().next() else { return false };
        // Mostly all that is open is of one wave, and the first of it decides.
        if self.open_beside_the_queue().any(|task| self.waves.level_of(task) < level) {
            return false;
        }
        self.waves.level = level;
        for task in self.waves.parked.remove(&level).unwrap_or_default() {
            self.queue.unblock(task);
        }
        true
    }

    /// Whether the wave under way is this task's, if it is ready.
    pub(super) fn wave_has_come(&mut self, task: TaskIx) -> bool {
        // Something may have ended since the last look: its wave may be parked still.
        self.task_of_the_wave();
        self.waves.level_of(task) <= self.waves.level
    }

    /// The first task of the wave under way, found without what [`Waves`] remembers.
    pub(super) fn first_of_the_wave(&self) -> Option<TaskIx> {
        self.open_tasks().min_by_key(|&task| (self.waves.level_of(task), task))
    }

    /// Whether some task is ready, if need be for a later wave.
    pub(super) fn anything_ready(&self) -> bool {
        !self.queue.is_empty()
            || self.waves.parked.values().flatten().any(|&task| self.has_one_thing_left(task))
    }

    /// The tasks that a further wave waits for: those under way in a slot, those whose review is to come, and those that
    /// would start but for their rest, a claim, a slot or their wave. Nobody waits for a task that is held, left out,
    /// blocked or in the hands of a person, or that waits for another or for something outside of the plan.
    fn open_tasks(&self) -> impl Iterator<Item = TaskIx> {
        let may_come = |&task: &TaskIx| {
            self.status(task) == Status::Pending
                && !self.held.contains_key(&task)
                && self.is_selected(task)
                && self.awaits(task).next().is_none()
                && self.undone_needs(task).next().is_none()
        };
        self.begun_or_owed().chain(self.plan.tasks().filter(may_come))
    }

    /// The [open tasks](Self::open_tasks) that are neither ready nor parked.
    fn open_beside_the_queue(&self) -> impl Iterator<Item = TaskIx> {
        // Who waits for a claim waits for somebody who is under way.
        let claims = self.active.iter().flat_map(|active| self.plan.claims(active.task));
        let waiters = claims.flat_map(|&claim| &self.claim_waiters[claim as usize]);
        let pending = self.resting.of.keys().chain(waiters).copied();
        self.begun_or_owed().chain(pending.filter(|&task| self.has_one_thing_left(task)))
    }

    fn begun_or_owed(&self) -> impl Iterator<Item = TaskIx> {
        let begun = self.active.iter().filter(|active| active.phase != Phase::Handed);
        begun.map(|active| active.task).chain(self.reviews_to_come().map(|(task, _)| task))
    }

    /// Whether nothing more is in the way of a task that rests, is parked, or waits for a claim than just that.
    fn has_one_thing_left(&self, task: TaskIx) -> bool {
        self.queue.in_the_way(task) == 1
    }
}
