//! The workers as they really are: what they do is a function of time, whoever is watching or not.

use orch_core::{Outcome, TaskIx, Time};

use crate::dice::Dice;
use crate::scenario::{Scenario, Variant};

/// What really became of a worker by some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Working,
    /// It came to its end, and wrote its receipt.
    Finished(Outcome),
    /// It was gone from one moment to the next, without a receipt.
    Vanished,
    /// It was ended.
    Killed,
    /// The power went.
    Unplugged,
}

/// One worker: an attempt that was really started. Times are the machine's true ones, in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) task: TaskIx,
    pub(crate) attempt: u32,
    /// Which orchestrator started it.
    pub(crate) parent: u32,
    outcome: Outcome,
    /// When it comes to its end by itself; the end of time when it hangs.
    finishes: u64,
    /// How long it is still there after its receipt.
    lingers: u64,
    vanishes: bool,
    /// How long it takes to end when it is told to.
    obeys_after: u64,
    dies: u64,
    unplugged: bool,
    receipt_synced: u64,
    receipt_lost: bool,
}

impl Worker {
    /// What this attempt does follows from the seed alone, so that it is the same whatever happens around it.
    pub(crate) fn new(scenario: &Scenario, task: TaskIx, attempt: u32, parent: u32, now: u64) -> Self {
        let mut dice = Dice::of(scenario.seed, task.index(), attempt);
        let takes = dice.pick(&[0, 1, 10, 60]) * dice.below(1000);
        let hangs = scenario.policy.timeout.is_some() && !scenario.gentle && dice.chance(4);
        let finishes = if hangs { u64::MAX } else { now + takes };
        let outcome = if scenario.gentle {
            Outcome::Succeeded
        } else if scenario.variant == Variant::ReworksForgotten && dice.chance(60) {
            Outcome::Rejected
        } else {
            match dice.below(100) {
                0..=64 => Outcome::Succeeded,
                65..=68 => Outcome::Incomplete,
                69..=70 => Outcome::Obstructed,
                71..=78 => Outcome::Rejected,
                79..=87 => Outcome::Failed,
                88..=91 => Outcome::Crashed,
                _ => Outcome::RateLimited { until: limit(&mut dice, now + takes) },
            }
        };
        Self {
            task,
            attempt,
            parent,
            outcome,
            finishes,
            lingers: dice.pick(&[0, 0, 5, 2000, 10_000]),
            vanishes: !scenario.gentle && dice.chance(3),
            obeys_after: dice.pick(&[0, 10, 3000]),
            dies: u64::MAX,
            unplugged: false,
            receipt_synced: if dice.chance(50) {
                finishes
            } else {
                finishes.saturating_add(dice.below(60_000))
            },
            receipt_lost: false,
        }
    }

    pub(crate) fn truth(&self, now: u64) -> Truth {
        if self.finishes <= now && self.finishes <= self.dies {
            if self.vanishes { Truth::Vanished } else { Truth::Finished(self.outcome) }
        } else if self.dies <= now {
            if self.unplugged { Truth::Unplugged } else { Truth::Killed }
        } else {
            Truth::Working
        }
    }

    /// When its process is gone.
    pub(crate) fn leaves(&self) -> u64 {
        match self.vanishes {
            true => self.finishes.min(self.dies),
            false => self.finishes.saturating_add(self.lingers).min(self.dies),
        }
    }

    pub(crate) fn lives(&self, now: u64) -> bool {
        now < self.leaves()
    }

    /// What its receipt says, if it left one and that is still there. One that was ended says nothing of the work.
    pub(crate) fn receipt(&self, now: u64) -> Option<Outcome> {
        match self.truth(now) {
            Truth::Finished(outcome) if !self.receipt_lost => Some(outcome),
            _ => None,
        }
    }

    pub(crate) fn receipt_lost(&self) -> bool {
        self.receipt_lost
    }

    /// Whether it came to its end by itself with work that does not pass, and nobody disturbed it: nothing then keeps
    /// its orchestrators from knowing.
    pub(crate) fn was_rejected(&self, now: u64) -> bool {
        self.truth(now) == Truth::Finished(Outcome::Rejected) && self.dies == u64::MAX && !self.receipt_lost
    }

    /// It is told to end, and may come to its own end before it does.
    pub(crate) fn told_to_end(&mut self, now: u64) {
        self.dies = self.dies.min(now + self.obeys_after);
    }

    pub(crate) fn killed(&mut self, now: u64) {
        self.dies = self.dies.min(now);
    }

    pub(crate) fn power_cut(&mut self, now: u64, dice: &mut Dice) {
        if self.truth(now) == Truth::Working {
            self.unplugged = true;
        }
        if self.receipt(now).is_some() {
            self.receipt_lost = self.receipt_synced > now && dice.chance(50);
            self.receipt_synced = now;
        }
        self.dies = self.dies.min(now);
    }
}

/// Until when a provider says that it refuses work: not at all, wrongly, soon, or for long.
pub(crate) fn limit(dice: &mut Dice, now: u64) -> Option<Time> {
    let until = match dice.below(6) {
        0 | 1 => return None,
        2 => now.saturating_sub(5000),
        3 | 4 => now + dice.below(100_000),
        _ => now + 24 * 3_600_000,
    };
    Some(Time::from_millis(until))
}
