//! Handing tasks to persons, and taking back what they have done.

use orch_core::{Event, Phase, Run, Status, TaskIx};
use orch_exec::process::Exit;
use orch_run::{Clock, Happening, Settled, Store, What};
use orch_state_json::PromptMode;

use super::Session;
use crate::system::{EndedAttempt, Judged};
use crate::{Config, OpenError};

impl Session {
    /// The run as it stands once all that an earlier run left is settled and written down.
    pub(crate) fn settled_run(&mut self) -> Result<&Run, OpenError> {
        self.settle()?;
        // What comes next may be refused, and the person has to find what it is refused for.
        if self.owes() {
            self.store.write_state(&self.run, self.clock.now())?;
        }
        Ok(&self.run)
    }

    /// Whether an earlier orch went away before it had written down all that it knew.
    pub(crate) fn owes(&self) -> bool {
        self.store.owes(&self.run)
    }

    /// Hands a task to a person: it is under way from here on. With `again`, also when it was done before.
    ///
    /// # Errors
    /// [`OpenError::Drive`] when it may not start; whoever asks has looked.
    pub(crate) fn hand(&mut self, task: TaskIx, again: bool) -> Result<u32, OpenError> {
        let now = self.clock.now();
        let mut happened = Vec::new();
        let asked_again = (again && self.run.status(task).is_settled()).then_some(Event::Retry { task });
        for event in asked_again.into_iter().chain([Event::Handed { task }]) {
            let change = self.run.apply(event, now).map_err(orch_run::DriveError::from)?;
            if let orch_core::Change::Moved(moved) = change {
                happened.push(What::Moved { moved, detail: None });
            }
        }
        let attempt = self.run.attempt(task);
        happened.push(What::Handed { task, attempt });
        // All in one: nobody is to find it asked for again and handed to nobody.
        let happened: Vec<Happening> = happened.into_iter().map(|what| Happening { at: now, what }).collect();
        self.store.record(&self.run, &happened).map_err(orch_run::DriveError::Store)?;
        Ok(attempt)
    }

    /// Has a run begin with what persons have handed back before it.
    pub(super) fn expect_back(&mut self) -> Result<(), OpenError> {
        let system = self.workers.system();
        for task in self.with_persons() {
            let (attempt, home) = (self.run.attempt(task), &self.place.home);
            if !system.has_handed_back(home, task, attempt) {
                continue;
            }
            let Some(judged) = self.judge_handed_back(task, attempt)? else { continue };
            self.workers.no_longer(task);
            let event = Event::Ended { task, attempt, outcome: judged.outcome };
            self.settled.push(Settled { event, detail: judged.detail });
            let pause = judged.pause.map(|why| Settled { event: Event::Pause { task }, detail: Some(why) });
            self.settled.extend(pause);
        }
        Ok(())
    }

    /// What a person has handed back for an attempt, kept and judged; none when that is nothing.
    fn judge_handed_back(&self, task: TaskIx, attempt: u32) -> Result<Option<Judged>, OpenError> {
        let (system, home, profile) = (self.workers.system(), &self.place.home, self.workers.profile());
        system.keep_word(home, task, attempt);
        let (exit, now) = (Exit::Unknown, self.clock.now());
        let ended = EndedAttempt { home, profile, task, attempt, exit, resumed: false, stopped: None, now };
        let judged = system.judge(&ended).map_err(OpenError::system("read what was handed back"))?;
        Ok(Some(judged).filter(|judged| judged.has_evidence))
    }

    /// Takes back what persons have handed in for these tasks, judges it and writes it down; those of which there was
    /// anything.
    pub(crate) fn take_back(&mut self, tasks: &[TaskIx]) -> Result<Vec<TaskIx>, OpenError> {
        let mut taken = Vec::new();
        for &task in tasks {
            let is_handed =
                |active: &&orch_core::Active| active.task == task && active.phase == Phase::Handed;
            let Some(active) = self.run.active().iter().find(is_handed) else { continue };
            let (attempt, now) = (active.attempt, self.clock.now());
            let Some(judged) = self.judge_handed_back(task, attempt)? else { continue };
            let event = Event::Ended { task, attempt, outcome: judged.outcome };
            let change = self.run.apply(event, now).map_err(orch_run::DriveError::from)?;
            self.record_with(change, judged.detail)?;
            if judged.pause.is_some() {
                self.run.apply(Event::Pause { task }, now).map_err(orch_run::DriveError::from)?;
            }
            taken.push(task);
        }
        Ok(taken)
    }

    /// Notes that a person has looked at what paused the run; whether anything had.
    pub(crate) fn acknowledge(&mut self) -> Result<bool, OpenError> {
        let was_paused = self.run.halt().is_some();
        self.run.apply(Event::Acknowledge, self.clock.now()).map_err(orch_run::DriveError::from)?;
        self.store.acknowledged();
        Ok(was_paused)
    }

    /// Notes how a person wants to be told.
    pub(crate) fn set_mode(&mut self, mode: PromptMode) {
        self.store.mode(mode);
    }

    /// What `orch.toml` says.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// What a recorded transition survives.
    pub(crate) fn durability(&self) -> orch_store::Durability {
        self.options.durability(&self.config)
    }

    /// Ends what goes over several runs: brings the state files up to date, and does something more before it lets go of the
    /// plan.
    pub(crate) fn close_with<T>(mut self, then: impl FnOnce() -> T) -> Result<T, OpenError> {
        self.record_opening()?;
        let now = self.clock.now();
        self.store.closed(now);
        self.store.write_state(&self.run, now)?;
        Ok(then())
    }

    /// Brings the state files up to date and lets go of the plan; what a person should be told.
    pub(crate) fn release(mut self) -> Result<Vec<String>, OpenError> {
        self.record_opening()?;
        let now = self.clock.now();
        self.store.write_state(&self.run, now)?;
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.store.take_alerts());
        Ok(notes)
    }

    /// The tasks that persons do.
    pub(crate) fn with_persons(&self) -> Vec<TaskIx> {
        let handed = self.run.active().iter().filter(|active| active.phase == Phase::Handed);
        handed.map(|active| active.task).collect()
    }

    /// Whether anything is under way.
    pub(crate) fn is_under_way(&self) -> bool {
        self.run.count(Status::Running) > 0
    }
}
