//! What became of the tasks that were under way when an earlier orch went away.

use std::collections::HashMap;

use orch_core::{Change, Event, Evidence, Outcome, RecordedTask, Status, Time};
use orch_exec::agent::Profile;
use orch_exec::process::{Exit, Worker, is_alive, receipt, survivors};
use orch_run::{Clock, Happening, Store, What};
use orch_store::{Folded, Home};

use super::Session;
use crate::OpenError;
use crate::prompts::judge::judge;
use crate::system::EndedAttempt;
use crate::workers::attempt_id;

/// What is known of the attempts that were under way.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// Workers that still live, by task.
    pub(crate) alive: HashMap<String, Worker>,
    /// Judged receipts, by task: the outcome and a line for a person.
    pub(crate) receipts: HashMap<String, (Outcome, Option<String>)>,
}

impl Traces {
    /// Looks for the workers and the receipts of every task that the history has as RUNNING.
    ///
    /// A worker is found by its recorded identity (process id, start time, boot) or, when orch went away between
    /// starting it and writing that down, by the attempt's id in its environment.
    pub(crate) fn look(history: &Folded, home: &Home, profile: &Profile, now: Time) -> Self {
        let running: Vec<(&String, u32)> = history
            .tasks
            .iter()
            .filter(|(_, record)| record.status == Status::Running)
            .map(|(id, record)| (id, record.attempt))
            .collect();
        let mut traces = Self::default();
        if running.is_empty() {
            return traces;
        }
        let markers: Vec<String> =
            running.iter().map(|(id, attempt)| attempt_id(history.history, id, *attempt)).collect();
        let names: Vec<&str> = markers.iter().map(String::as_str).collect();
        let found: HashMap<String, Worker> = survivors(&names).into_iter().collect();
        for ((id, attempt), marker) in running.into_iter().zip(&markers) {
            let recorded = history.tasks[id].worker.as_ref();
            let recorded = recorded.map(|worker| Worker {
                pid: worker.pid,
                start: worker.start,
                boot: worker.boot.to_string(),
            });
            if let Some(worker) = recorded.filter(is_alive).or_else(|| found.get(marker).cloned()) {
                traces.alive.insert(id.clone(), worker);
                continue;
            }
            if let Some(receipt) = left_behind(home, profile, id, attempt, now) {
                traces.receipts.insert(id.clone(), receipt);
            }
        }
        traces
    }

    /// What the traces say of a task that is recorded as RUNNING.
    pub(crate) fn evidence(&self, task: &RecordedTask) -> Evidence {
        if self.alive.contains_key(&task.id) {
            Evidence::Alive
        } else if let Some((outcome, _)) = self.receipts.get(&task.id) {
            Evidence::Receipt(*outcome)
        } else {
            Evidence::None
        }
    }

    /// A line for a person about how a task was settled.
    pub(crate) fn detail(&self, id: &str, outcome: Outcome) -> Option<String> {
        match self.receipts.get(id) {
            Some((said, detail)) if *said == outcome => {
                let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
                Some(format!("ended while no orch was running{detail}"))
            }
            _ => Some("its orch went away, and its worker is gone without a result".into()),
        }
    }
}

/// What a worker that is gone left behind: how it ended, and a line for a person.
///
/// To be asked only once it is known that the worker is gone. A worker that was killed while nobody watched says
/// nothing about the work, unless it had reported before.
pub(crate) fn left_behind(
    home: &Home,
    profile: &Profile,
    task: &str,
    attempt: u32,
    now: Time,
) -> Option<(Outcome, Option<String>)> {
    let exit = receipt::read(&home.receipt(task, attempt)).filter(|exit| !was_killed(*exit));
    let known = exit.is_some();
    let exit = exit.unwrap_or(Exit::Unknown);
    let judged = judge(&EndedAttempt { home, profile, task, attempt, exit, resumed: false, now });
    (known || judged.has_evidence).then_some((judged.outcome, judged.detail))
}

/// Ended by a signal, as a receipt spells it: 128 and the signal's number.
fn was_killed(exit: Exit) -> bool {
    const SIGNALS: [i32; 4] = [1, 2, 9, 15];
    match exit {
        Exit::Code(code) => SIGNALS.contains(&(code - 128)),
        Exit::Signal(_) => true,
        Exit::Unknown => false,
    }
}

impl Session {
    /// Applies and records what became of earlier attempts, without going on.
    pub(super) fn settle(&mut self) -> Result<(), OpenError> {
        self.record_opening()?;
        for settled in std::mem::take(&mut self.settled) {
            let change =
                self.run.apply(settled.event, self.clock.now()).map_err(orch_run::DriveError::from)?;
            self.record_with(change, settled.detail)?;
        }
        Ok(())
    }

    /// Has the history say how this session begins.
    pub(super) fn record_opening(&mut self) -> Result<(), OpenError> {
        let opening = std::mem::take(&mut self.opening);
        self.store.append(self.clock.now(), &opening)?;
        Ok(())
    }

    pub(super) fn record(&mut self, change: Change) -> Result<(), OpenError> {
        self.record_with(change, None)
    }

    fn record_with(&mut self, change: Change, detail: Option<String>) -> Result<(), OpenError> {
        if let Change::Moved(moved) = change {
            let happening = Happening { at: self.clock.now(), what: What::Moved { moved, detail } };
            self.store.record(&self.run, &[happening]).map_err(orch_run::DriveError::Store)?;
        }
        Ok(())
    }

    /// The tasks whose earlier attempt is still to be settled.
    pub(super) fn unsettled(&self) -> impl Iterator<Item = orch_core::TaskIx> {
        self.settled.iter().filter_map(|settled| match settled.event {
            Event::Ended { task, .. } => Some(task),
            _ => None,
        })
    }
}
