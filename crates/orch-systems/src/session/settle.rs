//! What became of the tasks that were under way when an earlier orch went away.

use std::collections::{HashMap, HashSet};
use std::io;

use orch_core::{Change, Event, Evidence, Outcome, RecordedTask, Status, Time};
use orch_exec::agent::{Profile, resolve};
use orch_exec::process::{Exit, Worker, is_alive, receipt, survivors};
use orch_run::{Clock, Happening, Store, What};
use orch_store::{Folded, Home, TaskRecord};

use super::Session;
use crate::system::{EndedAttempt, System};
use crate::workers::{Survivor, attempt_id, errand_name, review_name};
use crate::{Config, OpenError};

/// What is known of the attempts that were under way.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// Workers that still live, by task.
    pub(crate) alive: HashMap<String, Survivor>,
    /// Reviewers and errands that still live: nobody waits for them, what they did is done again.
    pub(crate) helpers: Vec<Survivor>,
    /// Attempts whose worker is gone and has said that it is done, with its claim still to be followed up: how each
    /// ended.
    pub(crate) claims: HashMap<String, Exit>,
    /// Judged receipts, by task: the outcome and a line for a person.
    pub(crate) receipts: HashMap<String, (Outcome, Option<String>)>,
    /// The tasks whose worker orch started, where others may have begun tasks as well.
    started: Option<HashSet<String>>,
}

/// The profiles by which leftovers are judged: each by that of the run that started it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profiles<'a> {
    pub(crate) config: &'a Config,
    /// For what is recorded without one, or with one that is no longer configured.
    pub(crate) otherwise: &'a Profile,
}

impl Profiles<'_> {
    pub(crate) fn of(&self, record: &TaskRecord) -> Profile {
        let named = record.agent.as_deref().filter(|name| **name != self.otherwise.name);
        let known = named.and_then(|name| resolve(name, &self.config.agents).ok());
        known.unwrap_or_else(|| self.otherwise.clone())
    }
}

impl Traces {
    /// Looks for the workers and the receipts of every task that the history has as RUNNING.
    ///
    /// A worker is found by its recorded identity (process id, start time, boot) or, when orch went away between
    /// starting it and writing that down, by the attempt's id in its environment.
    ///
    /// # Errors
    /// When something it left is there and can't be read.
    pub(crate) fn look(
        history: &Folded,
        home: &Home,
        system: &dyn System,
        profiles: Profiles<'_>,
        now: Time,
    ) -> io::Result<Self> {
        let of_status =
            |wanted: fn(&TaskRecord) -> bool| history.tasks.iter().filter(move |(_, record)| wanted(record));
        // Where nobody but orch starts workers, one that a person has marked as running may still be one of orch's.
        let others_work = system.others_work();
        let running = of_status(|record| record.status == Status::Running);
        let running: Vec<(&String, &TaskRecord)> =
            running.filter(|(_, record)| !(others_work && record.handed)).collect();
        let reviews: Vec<String> = of_status(|record| record.review_due)
            .map(|(id, record)| attempt_id(history.history, &review_name(id), record.attempt))
            .collect();
        let mut traces = Self::of_others(history, system);
        if running.is_empty() && reviews.is_empty() {
            return Ok(traces);
        }
        let markers: Vec<String> =
            running.iter().map(|(id, record)| attempt_id(history.history, id, record.attempt)).collect();
        let errands = running.iter().map(|(id, record)| (errand_name(id), record.attempt));
        let helpers: Vec<String> = reviews
            .into_iter()
            .chain(errands.map(|(name, attempt)| attempt_id(history.history, &name, attempt)))
            .collect();
        let names: Vec<&str> = markers.iter().chain(&helpers).map(String::as_str).collect();
        let found: HashMap<String, Worker> = survivors(&names).into_iter().collect();
        let living = |marker: &String| {
            found.get(marker).map(|worker| Survivor { worker: worker.clone(), marker: marker.clone() })
        };
        traces.helpers = helpers.iter().filter_map(living).collect();
        let mut gone = Vec::new();
        for ((id, record), marker) in running.into_iter().zip(&markers) {
            let recorded = record.worker.as_ref();
            let recorded = recorded.map(|worker| Worker {
                pid: worker.pid,
                start: worker.start,
                boot: worker.boot.to_string(),
            });
            let recorded =
                recorded.filter(is_alive).map(|worker| Survivor { worker, marker: marker.clone() });
            if let Some(survivor) = recorded.or_else(|| living(marker)) {
                traces.alive.insert(id.clone(), survivor);
            } else {
                gone.push((id, record));
            }
        }
        for (id, record) in gone {
            let profile = profiles.of(record);
            match left_behind(system, home, &profile, id, record.attempt, now)? {
                Left::Nothing => {}
                Left::Claim(exit) => {
                    traces.claims.insert(id.clone(), exit);
                }
                Left::Result(outcome, detail) => {
                    traces.receipts.insert(id.clone(), (outcome, detail));
                }
            }
        }
        Ok(traces)
    }

    /// Knows no more than which of the tasks under way orch has started.
    pub(crate) fn of_others(history: &Folded, system: &dyn System) -> Self {
        let started =
            |(_, record): &(&String, &TaskRecord)| record.status == Status::Running && !record.handed;
        let started = || history.tasks.iter().filter(started).map(|(id, _)| id.clone()).collect();
        Self { started: system.others_work().then(started), ..Self::default() }
    }

    /// Whether somebody else does a task that is recorded as RUNNING.
    fn is_handed(&self, id: &str) -> bool {
        self.started.as_ref().is_some_and(|started| !started.contains(id))
    }

    /// What the traces say of a task that is recorded as RUNNING.
    pub(crate) fn evidence(&self, task: &RecordedTask) -> Evidence {
        if self.is_handed(&task.id) {
            Evidence::Handed
        } else if self.alive.contains_key(&task.id) {
            Evidence::Alive
        } else if self.claims.contains_key(&task.id) {
            Evidence::Unjudged
        } else if let Some((outcome, _)) = self.receipts.get(&task.id) {
            Evidence::Receipt(*outcome)
        } else {
            Evidence::None
        }
    }

    /// A line for a person about an attempt that goes on.
    pub(crate) fn note(&self, id: &str) -> String {
        match self.alive.get(id) {
            Some(Survivor { worker, .. }) => {
                format!("`{id}` still runs from an earlier orch (process {}); it is waited for", worker.pid)
            }
            None => format!("`{id}` says that it is done, and its orch went away before that was checked"),
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

/// What a worker that is gone left behind.
pub(crate) enum Left {
    Nothing,
    /// How it ended, and a line for a person.
    Result(Outcome, Option<String>),
    /// It ended so and says that it is done, which is still to be followed up.
    Claim(Exit),
}

/// What a worker that is gone left behind.
///
/// To be asked only once it is known that the worker is gone. A worker that was killed while nobody watched says
/// nothing about the work, unless it had reported before.
///
/// # Errors
/// When something it left is there and can't be read.
pub(crate) fn left_behind(
    system: &dyn System,
    home: &Home,
    profile: &Profile,
    id: &str,
    attempt: u32,
    now: Time,
) -> io::Result<Left> {
    let exit = receipt::read(&home.receipt(id, attempt)).filter(|exit| !was_killed(*exit));
    let known = exit.is_some();
    let exit = exit.unwrap_or(Exit::Unknown);
    // What the plan has no longer is nobody's result.
    let Some(task) = system.plan().find(id) else { return Ok(Left::Nothing) };
    let judged = system.judge(&EndedAttempt {
        home,
        profile,
        task,
        attempt,
        exit,
        resumed: false,
        stopped: None,
        now,
    })?;
    Ok(match known || judged.has_evidence {
        false => Left::Nothing,
        true if judged.outcome == Outcome::Succeeded && system.follows_up() => Left::Claim(exit),
        true => Left::Result(judged.outcome, judged.detail),
    })
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

    pub(super) fn record_with(&mut self, change: Change, detail: Option<String>) -> Result<(), OpenError> {
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
