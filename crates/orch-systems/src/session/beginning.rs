//! How a session begins: what an earlier run left is ended or taken over, and written down.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use orch_core::{Beginning, Event, Outcome, Plan, Resumed, Run, Standing, Status, TaskIx, Time};
use orch_exec::agent::Profile;
use orch_exec::process::{Exit, end_survivor};
use orch_run::Settled;
use orch_store::{Folded, Home, What as Entry};

use super::RunOptions;
use super::settle::{Left, Profiles, Traces, left_behind};
use crate::OpenError;
use crate::system::{EndedAttempt, Remembered, System};
use crate::workers::{AgentWorkers, Past, Survivor, may_go_on, told_of};

/// What a beginning is decided from.
pub(super) struct Start<'a> {
    pub(super) plan: &'a Arc<Plan>,
    pub(super) remembered: &'a Remembered,
    pub(super) traces: &'a Traces,
    pub(super) system: &'a dyn System,
    pub(super) now: Time,
}

impl<'a> Start<'a> {
    fn id(&self, task: TaskIx) -> &'a str {
        self.plan.id(task)
    }

    /// Ends the surviving workers that are not waited for. A run that starts anew waits for none.
    pub(super) fn end_workers(
        &self,
        resumed: &Resumed,
        anew: bool,
        grace: Duration,
    ) -> Result<(), OpenError> {
        let unwanted = |id: &str| {
            anew || resumed.to_end.iter().any(|&task| self.id(task) == id)
                || !resumed.survivors.iter().any(|&task| self.id(task) == id)
        };
        let workers = self.traces.alive.iter().filter(|(id, _)| unwanted(id)).map(|(_, survivor)| survivor);
        for Survivor { worker, marker } in workers.chain(&self.traces.helpers) {
            let gone = end_survivor(worker, marker, grace)
                .map_err(OpenError::system("end the worker of an earlier run"))?;
            if !gone {
                return Err(OpenError::Environment {
                    message: format!("a worker of an earlier run (process {}) can't be ended", worker.pid),
                    hint: "end it by hand, then run again".into(),
                });
            }
        }
        Ok(())
    }

    /// A run that starts anew goes on counting attempts, so that the id of an attempt never comes again.
    pub(super) fn go_on_counting(&self, mut resumed: Resumed, anew: bool) -> Resumed {
        if anew && self.plan.tasks().any(|task| self.remembered.history.last_attempt(self.id(task)) > 0) {
            let mut policy = resumed.run.policy().clone();
            // The brake on attempts counts those of this beginning.
            let attempts = self.plan.tasks().map(|task| self.remembered.history.last_attempt(self.id(task)));
            policy.max_attempts = policy.max_attempts.saturating_add(attempts.max().unwrap_or(0));
            resumed.run = Run::restore(Arc::clone(self.plan), policy, |task| Standing {
                attempt: self.remembered.history.last_attempt(self.id(task)),
                ..Standing::default()
            });
        }
        resumed
    }

    /// What the history is to say of how this run begins.
    pub(super) fn entries(&self, resumed: &Resumed, anew: bool, options: &RunOptions) -> Vec<Entry<'a>> {
        let mut entries = Vec::new();
        let restarted = self.remembered.restarted.as_ref();
        entries.extend(restarted.map(|why| Entry::Restarted { why: why.as_str().into() }));
        if anew && !self.remembered.history.tasks.is_empty() {
            let why = match &resumed.beginning {
                _ if options.fresh => "a fresh start was asked for".to_owned(),
                Beginning::Anew(why) => why.to_string(),
                _ => "the state file is gone".to_owned(),
            };
            entries.push(Entry::Restarted { why: why.into() });
        }
        if !anew {
            let edits = self.remembered.edits.iter();
            entries.extend(edits.map(|(id, from, to)| Entry::Edited {
                task: id.as_str().into(),
                from: *from,
                to: *to,
            }));
            // Statuses from before the history began: a state file that another tool wrote.
            let unknown = self.plan.tasks().filter(|&task| {
                let id = self.id(task);
                resumed.run.status(task) != Status::Pending && !self.remembered.history.tasks.contains_key(id)
            });
            entries.extend(unknown.map(|task| Entry::Edited {
                task: self.id(task).into(),
                from: Status::Pending,
                to: resumed.run.status(task),
            }));
        }
        entries
    }

    /// The events that settle earlier attempts. A worker that was to be ended may have finished just before: what it
    /// left then counts (unless receipts do not).
    pub(super) fn settled(
        &self,
        resumed: &Resumed,
        home: &Home,
        profiles: Profiles<'_>,
        strict: bool,
    ) -> io::Result<Vec<Settled>> {
        let settle = |event: &Event| {
            let Event::Ended { task, attempt, outcome } = *event else {
                return Ok(Settled { event: event.clone(), detail: None });
            };
            let id = self.id(task);
            if resumed.to_end.contains(&task)
                && !strict
                && let Left::Result(outcome, detail) = self.left(home, profiles, id, attempt)?
            {
                return Ok(Settled { event: Event::Ended { task, attempt, outcome }, detail });
            }
            Ok(Settled { event: event.clone(), detail: self.traces.detail(id, outcome) })
        };
        let mut settled: Vec<Settled> = resumed.settle.iter().map(settle).collect::<io::Result<_>>()?;
        let pauses = settled.iter().map(|settled| self.heed(home, profiles, &settled.event));
        let pauses: Vec<_> = pauses.collect::<io::Result<_>>()?;
        settled.extend(pauses.into_iter().flatten());
        Ok(settled)
    }

    /// Keeps the last word of an attempt that has ended, whatever comes into its place next; and what a person has to look
    /// at of one that has succeeded.
    fn heed(&self, home: &Home, profiles: Profiles<'_>, event: &Event) -> io::Result<Option<Settled>> {
        let Event::Ended { task, attempt, outcome } = *event else { return Ok(None) };
        self.system.keep_word(home, task, attempt);
        if outcome != Outcome::Succeeded {
            return Ok(None);
        }
        let pause = self.pause(home, profiles, task, attempt)?;
        Ok(pause.map(|why| Settled { event: Event::Pause { task }, detail: Some(why) }))
    }

    /// What a person has to look at of an attempt that has succeeded.
    fn pause(
        &self,
        home: &Home,
        profiles: Profiles<'_>,
        task: TaskIx,
        attempt: u32,
    ) -> io::Result<Option<String>> {
        let Some(record) = self.remembered.history.tasks.get(self.id(task)) else { return Ok(None) };
        let (profile, exit) = (profiles.of(record), Exit::Unknown);
        let ended = EndedAttempt {
            home,
            profile: &profile,
            task,
            attempt,
            exit,
            resumed: false,
            stopped: None,
            now: self.now,
        };
        Ok(self.system.judge(&ended)?.pause)
    }

    fn left(&self, home: &Home, profiles: Profiles<'_>, id: &str, attempt: u32) -> io::Result<Left> {
        match self.remembered.history.tasks.get(id) {
            Some(record) => left_behind(self.system, home, &profiles.of(record), id, attempt, self.now),
            None => Ok(Left::Nothing),
        }
    }

    /// Takes over the workers that are waited for; one that has gone meanwhile is settled by what it left.
    pub(super) fn adopt(
        &self,
        workers: &mut AgentWorkers,
        resumed: &Resumed,
        home: &Home,
        profiles: Profiles<'_>,
        settled: &mut Vec<Settled>,
    ) -> io::Result<()> {
        for &task in &resumed.survivors {
            let (id, attempt) = (self.id(task), resumed.run.attempt(task));
            let record = self.remembered.history.tasks.get(id);
            let profile = record.map_or_else(|| profiles.otherwise.clone(), |record| profiles.of(record));
            if let Some(&exit) = self.traces.claims.get(id) {
                workers.take_up(task, attempt, exit, profile);
                continue;
            }
            if workers.adopt(task, attempt, &self.traces.alive[id], profile.clone()) {
                continue;
            }
            let (outcome, detail) = match self.left(home, profiles, id, attempt)? {
                Left::Nothing => (Outcome::Lost, self.traces.detail(id, Outcome::Lost)),
                Left::Result(outcome, detail) => (outcome, detail),
                Left::Claim(exit) => {
                    workers.take_up(task, attempt, exit, profile);
                    continue;
                }
            };
            let event = Event::Ended { task, attempt, outcome };
            let pause = self.heed(home, profiles, &event)?;
            settled.push(Settled { event, detail });
            settled.extend(pause);
        }
        for &task in &resumed.handed {
            workers.listen_for(task, resumed.run.attempt(task));
        }
        Ok(())
    }
}

/// What the coming attempts of `plan` may go on with, by what its history says.
pub(super) fn past(plan: &Plan, history: &Folded, profile: &Profile) -> HashMap<TaskIx, Past> {
    let known = |task: TaskIx| {
        let record = history.tasks.get(plan.id(task))?;
        // One agent's conversation means nothing to another.
        let same = record.agent.as_deref() == Some(&*profile.name);
        let told = Some(told_of(record)?);
        let outcome = record.outcome.or((record.status == Status::Running).then_some(Outcome::Lost));
        let goes_on = same && outcome.is_some_and(may_go_on);
        let session = record.session.clone().filter(|session| goes_on && !session.is_empty());
        Some((task, Past { session, told }))
    };
    plan.tasks().filter_map(known).collect()
}

/// The good part of a damaged history, as entries of the one that follows it.
pub(super) fn carried_over(before: &Folded) -> Vec<Entry<'static>> {
    let mut tasks: Vec<_> = before.tasks.iter().collect();
    tasks.sort_by_key(|(id, _)| id.as_str());
    let mut entries = Vec::new();
    for (id, record) in tasks {
        let attempt = record.attempt;
        entries.push(Entry::Moved {
            task: id.clone().into(),
            attempt,
            from: Status::Pending,
            to: record.status,
            outcome: record.outcome,
            detail: record.detail.as_deref().map(|detail| detail.to_owned().into()),
            tries: record.tries,
            reworks: record.reworks,
            review_due: record.review_due,
        });
        entries.extend(record.worker.as_ref().map(|worker| Entry::Worker {
            task: id.clone().into(),
            attempt,
            pid: worker.pid,
            start: worker.start,
            boot: worker.boot.to_string().into(),
        }));
        entries.extend(record.session.as_ref().map(|session| Entry::Session {
            task: id.clone().into(),
            attempt,
            session: session.clone().into(),
        }));
    }
    entries
}
