//! The ends of attempts, and those that an earlier orch recorded and had no time to tell the document of.

use orch_core::{Status, TaskIx, Time};
use orch_state_json::OrchestratorState;
use orch_store::{Folded, Home, read_at, read_regular};

use super::MilestonePlan;
use super::folder::SessionFolder;

/// The end of an attempt, to be told to the document.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) task: TaskIx,
    pub(super) attempt: u32,
    pub(super) to: Status,
    pub(super) detail: Option<String>,
    pub(super) at: Time,
    /// It was recorded by an earlier orch that went away before all of it was written down.
    pub(super) was_missed: bool,
    /// The document knows of it already: that orch went away after it had changed it.
    pub(super) known: bool,
}

impl End {
    /// The name that an earlier orch has put its summary away under, which says `bytes`, before it went away. It is none
    /// of those that are `known`: an attempt may say the same as the one before.
    pub(super) fn put_away_before(
        &self,
        plan: &MilestonePlan,
        folder: &SessionFolder,
        known: &[String],
        bytes: &[u8],
    ) -> Option<String> {
        let names = if self.was_missed { folder.processed_of(plan.plan.id(self.task)) } else { Vec::new() };
        let is_it = |name: &String| {
            let found = || read_regular(&folder.processed().join(name), bytes.len() as u64 + 1);
            !known.contains(name) && found().is_ok_and(|found| found == bytes)
        };
        names.into_iter().find(is_it)
    }
}

/// The ends of attempts that the history has and the session's state has not. `loaded` is where the milestones stand by
/// the document.
pub(super) fn missed(
    plan: &MilestonePlan,
    state: &OrchestratorState,
    loaded: &[(String, Status)],
    home: Option<&Home>,
    history: &Folded,
) -> Vec<End> {
    let is_behind = state.orch.history == Some(history.history) && state.orch.seq < history.seq;
    // The statuses alone would not tell a second failure from the first.
    let then =
        home.filter(|_| is_behind).and_then(|home| read_at(&home.history(), state.orch.seq).ok().flatten());
    let of = |(task, (id, now)): (TaskIx, &(String, Status))| {
        let record = history.tasks.get(id).filter(|record| record.status.is_settled())?;
        let at = record.ended_at.filter(|_| record.outcome.is_some())?;
        let differs = state.orch.left(id)? != record.status;
        let is_new = match &then {
            Some(then) => then
                .tasks
                .get(id)
                .is_none_or(|before| before.attempt != record.attempt || !before.status.is_settled()),
            None => differs,
        };
        is_new.then(|| End {
            task,
            attempt: record.attempt,
            to: record.status,
            detail: record.detail.as_deref().map(str::to_owned),
            at,
            was_missed: true,
            known: differs && *now == record.status,
        })
    };
    if !is_behind && state.orch.history == Some(history.history) {
        return Vec::new();
    }
    plan.plan.tasks().zip(loaded).filter_map(of).collect()
}
