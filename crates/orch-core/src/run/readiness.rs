//! Why a task may or may not start: read from the same data that decides.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Halt, Run};
use crate::graph::TaskIx;
use crate::{Status, Time};

/// Failed tasks named at most as the cause of one blocked task.
const MOST_CAUSES: usize = 16;

/// Whether a pending task may start, and if not, why not. Derived, never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It may start now.
    Ready,
    /// Something it needs is not done yet.
    Waiting {
        /// What it needs directly and is not done, in plan order.
        on: Vec<TaskIx>,
    },
    /// Something it needs, directly or not, has failed: it can't start until that is retried.
    Blocked {
        /// The failed tasks, in plan order; at most sixteen are named.
        by: Vec<TaskIx>,
    },
    /// All it needs is done, and something else is in the way.
    Held(Hold),
}

/// What is in the way of a task whose needs are met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Somebody said so.
    Asked(String),
    /// This run was told to leave it out.
    NotSelected,
    /// Something outside of the plan does not hold yet, or is not known to.
    Awaits {
        /// The name of the first such condition, as the plan has it.
        what: String,
    },
    /// The run starts nothing more.
    Halted(Halt),
    /// It rests before its next try.
    Resting {
        /// When the rest ends.
        until: Time,
    },
    /// The provider refuses work.
    RateLimited {
        /// When the limit resets.
        until: Time,
    },
    /// A running task holds what it claims.
    Claimed {
        /// What is claimed.
        claim: String,
        /// Who holds it.
        by: TaskIx,
    },
    /// The list goes one by one and this is not its turn, or the waves have not come to it yet.
    NotItsTurn {
        /// Whose turn it is: in waves, the first task of the wave under way.
        after: TaskIx,
    },
    /// Every slot is taken.
    NoSlot {
        /// How many there are.
        slots: u32,
    },
}

/// The readiness of every task of a run at one moment.
///
/// Made in one pass over the graph, so that asking for all tasks of a large plan costs no more than it must.
#[derive(Debug)]
pub struct Survey<'a> {
    run: &'a Run,
    now: Time,
    /// For each task the failed ones that block it.
    blocked_by: Vec<Vec<TaskIx>>,
    turn: Option<TaskIx>,
}

impl Run {
    /// Looks at every task as of `now`.
    pub fn survey(&self, now: Time) -> Survey<'_> {
        let mut blocked_by = alloc::vec![Vec::new(); self.plan.len()];
        if self.count(Status::Fail) > 0 {
            for &task in self.plan.list_order() {
                let mut causes: Vec<TaskIx> = Vec::new();
                for &on in self.plan.graph().depends_on(task) {
                    match self.status(on) {
                        Status::Fail => causes.push(on),
                        Status::Pending => causes.extend_from_slice(&blocked_by[on.index()]),
                        _ => {}
                    }
                }
                causes.sort_unstable();
                causes.dedup();
                causes.truncate(MOST_CAUSES);
                blocked_by[task.index()] = causes;
            }
        }
        Survey { run: self, now, blocked_by, turn: self.whose_turn() }
    }
}

impl Survey<'_> {
    /// Whether `task` may start; `None` when it is not pending.
    pub fn of(&self, task: TaskIx) -> Option<Readiness> {
        let run = self.run;
        if run.status(task) != Status::Pending {
            return None;
        }
        let by = &self.blocked_by[task.index()];
        if !by.is_empty() {
            return Some(Readiness::Blocked { by: by.clone() });
        }
        if run.queue.in_the_way(task) > 0 {
            let on: Vec<TaskIx> = run.undone_needs(task).collect();
            if !on.is_empty() {
                return Some(Readiness::Waiting { on });
            }
        }
        Some(self.hold(task).map_or(Readiness::Ready, Readiness::Held))
    }

    /// The tasks that may start, in plan order.
    pub fn ready(&self) -> impl Iterator<Item = TaskIx> {
        self.run.plan.tasks().filter(|&task| self.of(task) == Some(Readiness::Ready))
    }

    /// How many tasks are blocked.
    pub fn blocked(&self) -> usize {
        let pending = |task: &TaskIx| self.run.status(*task) == Status::Pending;
        self.run.plan.tasks().filter(pending).filter(|task| !self.blocked_by[task.index()].is_empty()).count()
    }

    fn hold(&self, task: TaskIx) -> Option<Hold> {
        let run = self.run;
        if let Some(why) = run.held.get(&task) {
            return Some(Hold::Asked(why.clone()));
        }
        if !run.is_selected(task) {
            return Some(Hold::NotSelected);
        }
        if let Some(what) = run.awaits(task).next() {
            return Some(Hold::Awaits { what: what.into() });
        }
        if let Some(halt) = run.halt {
            return Some(Hold::Halted(halt));
        }
        if let Some(until) = run.resting_until(task).filter(|&until| until > self.now) {
            return Some(Hold::Resting { until });
        }
        if let Some(until) = run.limited_until.filter(|&until| until > self.now) {
            return Some(Hold::RateLimited { until });
        }
        if let Some((claim, by)) = run.claim_in_the_way(task) {
            return Some(Hold::Claimed { claim: run.plan.claim_name(claim).into(), by });
        }
        if let Some(after) = self.turn.filter(|&turn| run.comes_after(task, turn)) {
            return Some(Hold::NotItsTurn { after });
        }
        let slots = run.policy.jobs.get();
        (run.slots_taken() >= slots as usize).then_some(Hold::NoSlot { slots })
    }
}
