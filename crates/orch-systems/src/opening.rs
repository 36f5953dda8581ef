//! A plan about to be opened: its history is read while the plan is loaded.

use std::fs;
use std::thread::{self, JoinHandle};

use orch_store::{Home, ReadAhead};

use crate::locate::{Found, Kind};
use crate::{AnyPlan, OpenError, PromptPlan, WeaverPlan};

/// From this size of a history on, it is read on a thread of its own: with 100,000 prompts that takes a quarter of the
/// time to open a plan, which nobody has to wait for then.
const LARGE: u64 = 1 << 20;

/// A plan, and what is being read of its past meanwhile.
#[derive(Debug)]
pub struct Opening {
    pub(crate) plan: AnyPlan,
    history: Option<JoinHandle<Option<ReadAhead>>>,
}

impl Opening {
    /// Loads the plan that was found.
    ///
    /// # Errors
    /// Those of [`AnyPlan::load`].
    pub fn load(found: &Found) -> Result<Self, OpenError> {
        let history = read_ahead(found);
        Ok(Self { plan: AnyPlan::load(found)?, history })
    }

    /// The plan.
    pub fn plan(&self) -> &AnyPlan {
        &self.plan
    }

    /// The plan, and what was read of its history when that was worth a thread.
    pub(crate) fn into_parts(self) -> (AnyPlan, Option<ReadAhead>) {
        (self.plan, self.history.and_then(|history| history.join().ok().flatten()))
    }
}

/// Begins to read the history of the plan that was found, if there is much of it.
fn read_ahead(found: &Found) -> Option<JoinHandle<Option<ReadAhead>>> {
    let Kind::Prompts = found.kind else { return None };
    let index = found.path.canonicalize().ok()?;
    let history = Home::find(index.parent()?, index.file_stem()?.to_str()?)?.history();
    let is_large = fs::symlink_metadata(&history).is_ok_and(|file| file.is_file() && file.len() >= LARGE);
    is_large.then(|| thread::Builder::new().spawn(move || ReadAhead::of(&history)).ok()).flatten()
}

impl From<AnyPlan> for Opening {
    fn from(plan: AnyPlan) -> Self {
        Self { plan, history: None }
    }
}

impl From<PromptPlan> for Opening {
    fn from(plan: PromptPlan) -> Self {
        AnyPlan::from(plan).into()
    }
}

impl From<WeaverPlan> for Opening {
    fn from(plan: WeaverPlan) -> Self {
        AnyPlan::from(plan).into()
    }
}
