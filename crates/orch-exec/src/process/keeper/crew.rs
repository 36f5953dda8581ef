//! The keepers of a run: one, and a second one when it starts so many workers that they would wait for each other.

use super::Keeping;
use super::client::{Keeper, Number};

/// So many there are at most. One starts its workers one after the other: two processors are idle a fifth of the time then,
/// however many workers are wanted, and 7 % with two keepers (`benches/README.md`).
const MOST: usize = 2;

/// Those that there are, and how to get another.
#[derive(Debug, Default)]
pub(in crate::process) struct Keepers {
    /// None where there are not to be any more.
    keeping: Option<Keeping>,
    /// The name of all of them.
    name: String,
    living: Vec<Keeper>,
    /// How many orders were given.
    given: u64,
    /// How many there have been.
    numbered: Number,
}

impl Keepers {
    pub(super) fn by(keeping: Option<Keeping>) -> Self {
        let name = keeping.as_ref().map(|keeping| keeping.name.clone()).unwrap_or_default();
        Self { keeping, name, ..Self::default() }
    }

    /// The keeper that is to have the next worker: the one that has the fewest by `load`, or a new one. None: there is none,
    /// and is not to be one.
    pub(super) fn engage(&mut self, load: impl Fn(Number) -> usize) -> Option<Number> {
        let loads = self.living.iter().map(|keeper| (load(keeper.number()), keeper.number()));
        let (least, number) = loads.min().unzip();
        if let Some(keeping) = &self.keeping
            && least.is_none_or(|least| {
                least > 0 && self.living.len() < MOST && self.given >= keeping.second_after
            })
        {
            match Keeper::start(keeping, self.numbered) {
                Ok(keeper) => {
                    self.numbered += 1;
                    self.living.push(keeper);
                    return self.living.last().map(Keeper::number);
                }
                // Those that there are do.
                Err(_) => self.keeping = None,
            }
        }
        number
    }

    /// There are to be no more than there are.
    pub(super) fn engage_no_more(&mut self) {
        self.keeping = None;
    }

    /// Whether there can be another one.
    pub(super) fn may_engage(&self) -> bool {
        self.keeping.is_some()
    }

    /// The name of all of them.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Takes note that an order is given to one of them.
    pub(super) fn gives(&mut self) {
        self.given += 1;
    }

    pub(super) fn get(&self, number: Number) -> Option<&Keeper> {
        self.living.iter().find(|keeper| keeper.number() == number)
    }

    pub(super) fn get_mut(&mut self, number: Number) -> Option<&mut Keeper> {
        self.living.iter_mut().find(|keeper| keeper.number() == number)
    }

    /// Takes out one that is gone.
    pub(super) fn take(&mut self, number: Number) -> Option<Keeper> {
        let at = self.living.iter().position(|keeper| keeper.number() == number)?;
        Some(self.living.remove(at))
    }

    pub(super) fn take_all(&mut self) -> Vec<Keeper> {
        std::mem::take(&mut self.living)
    }

    pub(in crate::process) fn living(&self) -> &[Keeper] {
        &self.living
    }

    /// The numbers of those for which that holds.
    pub(in crate::process) fn numbers(&self, holds: impl Fn(&Keeper) -> bool) -> Vec<Number> {
        self.living.iter().filter(|keeper| holds(keeper)).map(Keeper::number).collect()
    }

    /// Whether one of them is this process.
    pub(in crate::process) fn has(&self, pid: u32) -> bool {
        self.living.iter().any(|keeper| keeper.pid() == pid)
    }

    /// Whether one of them has gone as well that may have begun something and not said so: what came here without a name may be
    /// of the one or of the other, and when it is the other's turn it is still not known of which.
    pub(super) fn doubt_others(&mut self) -> bool {
        let gone = self.living.iter_mut().filter(|keeper| keeper.unanswered() > 0 && keeper.is_gone());
        gone.map(Keeper::doubt).count() > 0
    }
}
