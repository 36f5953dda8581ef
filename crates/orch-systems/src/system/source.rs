//! A plan as its system loaded it, and what is remembered of it.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use orch_core::{Memory, OnFailure, OnIncomplete, Order, RecordedTask, Status, Time};
use orch_store::{Folded, Home};

use super::{Keeper, System};
use crate::{Config, OpenError, RunOptions};

/// A plan as its system loaded it.
pub(crate) trait Source {
    /// How runs go unless somebody chooses otherwise.
    fn defaults(&self) -> Defaults;

    /// The branch that the plan's work is based on, where the plan itself knows.
    fn base_branch(&self) -> Option<String> {
        None
    }

    /// A second place for the plan's lock, where its files may go and the work does not: whoever deletes orch's folder while a
    /// run is under way has nothing run twice.
    fn guard(&self) -> Option<PathBuf> {
        None
    }

    /// Looks, under the plan's lock and before anything is read, whether a run may begin here, and makes room for one that
    /// begins anew. What a person should be told.
    ///
    /// # Errors
    /// When it may not.
    fn prepare(&self, begin_anew: bool, now: Time) -> Result<Vec<String>, OpenError> {
        let _ = (begin_anew, now);
        Ok(Vec::new())
    }

    /// What a run goes on from that a person wants begun anew.
    fn fresh(&self, history: &Folded) -> Memory {
        let _ = history;
        Memory::Nothing
    }

    /// Puts together what was written down: the plan's state files, which the keeper has as they were found, and the
    /// history.
    ///
    /// # Errors
    /// When they are there and can't be read, or were written by a newer orch.
    fn remember(
        &self,
        history: Folded,
        home: Option<&Home>,
        strict: bool,
    ) -> Result<(Remembered, Box<dyn Keeper>), OpenError>;

    /// The system as the workers of a run see it.
    fn system(&self, set_up: SetUp<'_>) -> Box<dyn System>;
}

/// How runs of a system go unless somebody chooses otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Defaults {
    /// The agent.
    pub(crate) agent: &'static str,
    /// How many at once.
    pub(crate) jobs: NonZeroU32,
    /// The order as long as no number of jobs is chosen.
    pub(crate) order: Order,
    pub(crate) on_failure: OnFailure,
    pub(crate) on_incomplete: OnIncomplete,
    /// Whether workers run in terminal sessions where there are any to be had.
    pub(crate) sessions: bool,
    /// How often work that does not pass its checks goes back to its worker.
    pub(crate) reworks: u32,
    /// How often a task of which something is left is tried again by itself.
    pub(crate) incomplete_retries: u32,
    /// Whether recorded progress belongs to this very list of tasks, rather than to each by its id.
    pub(crate) same_list: bool,
    /// Whether a run that has nothing else to do waits for what its tasks await from outside.
    pub(crate) waits: bool,
}

/// What a system is made from for a run, or for a look at one.
pub(crate) struct SetUp<'a> {
    pub(crate) config: &'a Config,
    pub(crate) options: &'a RunOptions,
    /// The root of the repository that the plan is in, if it is in one.
    pub(crate) root: Option<&'a Path>,
    /// What a person should be told.
    pub(crate) notes: &'a mut Vec<String>,
}

/// What is remembered of a plan, put together.
pub(crate) struct Remembered {
    pub(crate) memory: Memory,
    /// What the history adds up to.
    pub(crate) history: Folded,
    /// Statuses that a person changed in the state file: task, what orch remembered, what they wrote.
    pub(crate) edits: Vec<(String, Status, Status)>,
    /// Why what the history says of the tasks is of others that only have the same names, if it is; it was forgotten then.
    pub(crate) restarted: Option<String>,
    /// What a person should be told.
    pub(crate) notes: Vec<String>,
}

impl Remembered {
    /// Where the memory has a task otherwise than the history: task, what the history has, what the memory has.
    pub(crate) fn differences(&self) -> Vec<(String, Status, Status)> {
        let Memory::Found(recorded) = &self.memory else { return Vec::new() };
        let differs = |task: &RecordedTask| {
            let known = self.history.tasks.get(&task.id)?.status;
            (known != task.standing.status).then(|| (task.id.clone(), known, task.standing.status))
        };
        recorded.tasks.iter().filter_map(differs).collect()
    }
}
