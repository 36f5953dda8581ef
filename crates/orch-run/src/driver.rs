//! The loop.

use orch_core::{
    Change, Event, Halt, Phase, Rejected, ReviewVerdict, Run, Step, StopCause, TakenOver, TaskIx, Time,
    Verdict,
};

use crate::{Clock, Failure, Happening, Notice, Observer, Store, What, Workers};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driven {
    /// Where the plan stands.
    pub verdict: Verdict,
    /// Why nothing more was started, when it was not simply done.
    pub halt: Option<Halt>,
}

/// What became of a task that was under way when an earlier orchestrator went away, with a line for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The event, from [`orch_core::Resumed::settle`].
    pub event: Event,
    /// A line for a person.
    pub detail: Option<String>,
}

/// Why a run could not go on. What was recorded stays recorded; workers under way go on and are found by the next run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// The store could not write something down.
    #[error("can't record what happened: {0}")]
    Store(#[source] Failure),
    /// It can no longer be known how attempts end.
    #[error("can't wait for workers: {0}")]
    Workers(#[source] Failure),
    /// The core refused an event that only the driver makes: a bug in orch or in an adapter.
    #[error("internal error: {0}")]
    Rejected(#[from] Rejected),
}

/// Runs `run` to its end: until nothing is under way and nothing more will start.
///
/// `settled` is what became of tasks that were under way before ([`orch_core::resume()`]); it is recorded before anything
/// else happens.
///
/// # Errors
/// [`DriveError`]; `run` then stands as far as it was recorded or further, never beyond what is true.
pub fn drive<S, W, C>(
    run: &mut Run,
    settled: Vec<Settled>,
    store: &mut S,
    workers: &mut W,
    clock: &C,
    observers: &mut [&mut dyn Observer],
) -> Result<Driven, DriveError>
where
    S: Store + ?Sized,
    W: Workers + ?Sized,
    C: Clock + ?Sized,
{
    let mut happened = Vec::new();
    for Settled { event, detail } in settled {
        let now = clock.now();
        let change = run.apply(event, now)?;
        happened.extend(told(change, detail).map(|what| Happening { at: now, what }));
    }
    let mut driver = Driver { run, store, workers, clock, observers, happened, acts: Vec::new() };
    driver.drive()
}

/// What to do once the recording of it has returned.
enum Act {
    Start(TaskIx, u32),
    Review(TaskIx),
    Stop(TaskIx, StopCause),
}

struct Driver<'a, 'o, S: ?Sized, W: ?Sized, C: ?Sized> {
    run: &'a mut Run,
    store: &'a mut S,
    workers: &'a mut W,
    clock: &'a C,
    observers: &'a mut [&'o mut dyn Observer],
    /// Happened and not yet recorded.
    happened: Vec<Happening>,
    /// Decided and not yet done: waits for `happened` to be recorded.
    acts: Vec<Act>,
}

impl<S: Store + ?Sized, W: Workers + ?Sized, C: Clock + ?Sized> Driver<'_, '_, S, W, C> {
    fn drive(&mut self) -> Result<Driven, DriveError> {
        loop {
            let now = self.clock.now();
            match self.run.next(now) {
                Step::Start(task) => {
                    let change = self.run.apply(Event::Started { task }, now)?;
                    self.happened.extend(told(change, None).map(|what| Happening { at: now, what }));
                    self.acts.push(Act::Start(task, self.run.attempt(task)));
                }
                Step::Review(task) => {
                    self.run.apply(Event::ReviewStarted { task }, now)?;
                    let what = What::ReviewBegan { task, attempt: self.run.attempt(task) };
                    self.happened.push(Happening { at: now, what });
                    self.acts.push(Act::Review(task));
                }
                Step::Stop { task, cause } => {
                    self.run.apply(Event::StopAsked { task, cause }, now)?;
                    self.acts.push(Act::Stop(task, cause));
                }
                Step::Wait(_) | Step::Done(_) if !self.acts.is_empty() => {
                    self.record()?;
                    self.act()?;
                }
                Step::Wait(until) => {
                    self.record()?;
                    let again = self.store.rest(self.run, now).map_err(DriveError::Store)?;
                    let until = [until, again].into_iter().flatten().min();
                    let notices = self.workers.wait(self.run, until).map_err(DriveError::Workers)?;
                    let is_replanned = notices.contains(&Notice::Replanned);
                    for notice in notices {
                        self.notice(notice)?;
                    }
                    if is_replanned {
                        self.take_over()?;
                    }
                }
                // The last task may have ended a moment after others were added.
                Step::Done(_) if self.run.halt().is_none() && self.take_over()? => {}
                Step::Done(verdict) => {
                    let halt = self.run.halt();
                    self.happened.push(Happening { at: now, what: What::Finished { verdict, halt } });
                    self.record()?;
                    return Ok(Driven { verdict, halt });
                }
            }
        }
    }

    /// Has everything that happened written down, then shown.
    fn record(&mut self) -> Result<(), DriveError> {
        if self.happened.is_empty() {
            return Ok(());
        }
        self.store.record(self.run, &self.happened).map_err(DriveError::Store)?;
        let what = What::Recorded { happenings: self.happened.len() };
        self.happened.push(Happening { at: self.clock.now(), what });
        for happening in self.happened.drain(..) {
            for observer in self.observers.iter_mut() {
                observer.see(&happening, self.run);
            }
        }
        Ok(())
    }

    /// Does what was decided.
    fn act(&mut self) -> Result<(), DriveError> {
        for act in std::mem::take(&mut self.acts) {
            match act {
                Act::Start(task, attempt) => self.start(task, attempt)?,
                Act::Review(task) => {
                    if let Err((verdict, why)) = self.workers.review(self.run, task) {
                        self.notice(Notice::Reviewed { task, verdict, detail: Some(why) })?;
                    }
                }
                Act::Stop(task, cause) => self.workers.stop(task, cause),
            }
        }
        Ok(())
    }

    fn start(&mut self, task: TaskIx, attempt: u32) -> Result<(), DriveError> {
        match self.workers.start(self.run, task, attempt) {
            Ok(started) => {
                let what = What::Worker { task, attempt, worker: started.worker, log: started.log };
                self.happened.push(Happening { at: self.clock.now(), what });
                Ok(())
            }
            Err(failed) => {
                let outcome = failed.outcome;
                self.notice(Notice::Ended { task, attempt, outcome, detail: Some(failed.why) })
            }
        }
    }

    fn notice(&mut self, notice: Notice) -> Result<(), DriveError> {
        let at = self.clock.now();
        match notice {
            Notice::Ended { task, attempt, outcome, detail } => {
                match self.run.apply(Event::Ended { task, attempt, outcome }, at) {
                    Ok(change) => self.happen(at, told(change, detail)),
                    // A result that comes twice or too late is true of nothing any more.
                    Err(Rejected::OldAttempt { .. } | Rejected::Status(_)) => {}
                    Err(rejected) => return Err(rejected.into()),
                }
            }
            Notice::Reviewed { task, verdict, detail } => self.reviewed(task, verdict, detail, at)?,
            Notice::Session { task, attempt, session } => {
                self.happen(at, Some(What::Session { task, attempt, session }));
            }
            Notice::Worker { task, attempt, worker, log }
                if self.is_under_way(task, attempt, &[Phase::Work]) =>
            {
                self.happen(at, Some(What::Worker { task, attempt, worker, log }));
            }
            Notice::Progress { task, attempt, text }
                if self.is_under_way(task, attempt, &[Phase::Work, Phase::Handed, Phase::Review]) =>
            {
                self.happen(at, Some(What::Progress { task, attempt, text }));
            }
            // What comes too late is true of nothing any more.
            Notice::Worker { .. } | Notice::Progress { .. } => {}
            // Once all else is told: it is of the tasks as they were.
            Notice::Replanned => {}
            Notice::Holds { condition } => {
                self.run.apply(Event::Holds { condition }, at)?;
            }
            Notice::Pause { task, text } => {
                self.run.apply(Event::Pause { task }, at)?;
                self.happen(at, Some(What::Alert { task: Some(task), text }));
            }
            Notice::Alert { task, text } => self.happen(at, Some(What::Alert { task, text })),
            Notice::Asked(request) => {
                for event in request.events(self.run) {
                    match self.run.apply(event, at) {
                        Ok(change) => self.happen(at, told(change, None)),
                        Err(refused) => {
                            let text = format!("what was asked for can't be done now: {refused}");
                            self.happen(at, Some(What::Alert { task: None, text }));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Goes on with the plan as it is now, if it was changed; whether it was, and could be taken over.
    fn take_over(&mut self) -> Result<bool, DriveError> {
        let Some(plan) = self.workers.new_plan(self.run) else { return Ok(false) };
        // What has happened so far is of the plan before.
        self.record()?;
        let at = self.clock.now();
        match self.run.take_over(plan) {
            Ok((run, taken_over)) => {
                *self.run = run;
                self.store.replanned(self.run).map_err(DriveError::Store)?;
                self.workers.replanned(self.run, &taken_over);
                let TakenOver { added, gone, .. } = taken_over;
                self.happen(at, Some(What::Replanned { added, gone }));
                Ok(true)
            }
            Err(refused) => {
                let text = format!("the changed plan is not taken over: {refused}");
                self.happen(at, Some(What::Alert { task: None, text }));
                Ok(false)
            }
        }
    }

    fn reviewed(
        &mut self,
        task: TaskIx,
        verdict: ReviewVerdict,
        detail: Option<String>,
        at: Time,
    ) -> Result<(), DriveError> {
        let attempt = self.run.attempt(task);
        match self.run.apply(Event::Reviewed { task, verdict }, at) {
            Ok(Change::Reviewed { task, attempt, verdict }) => {
                self.happen(at, Some(What::Reviewed { task, attempt, verdict, settled: true, detail }));
            }
            Ok(_) => self.happen(at, Some(What::Reviewed { task, attempt, verdict, settled: false, detail })),
            Err(Rejected::NoReview { .. }) => {}
            Err(rejected) => return Err(rejected.into()),
        }
        Ok(())
    }

    fn is_under_way(&self, task: TaskIx, attempt: u32, phases: &[Phase]) -> bool {
        let mut active = self.run.active().iter();
        active
            .any(|active| active.task == task && active.attempt == attempt && phases.contains(&active.phase))
    }

    fn happen(&mut self, at: Time, what: Option<What>) {
        self.happened.extend(what.map(|what| Happening { at, what }));
    }
}

fn told(change: Change, detail: Option<String>) -> Option<What> {
    match change {
        Change::Moved(moved) => Some(What::Moved { moved, detail }),
        Change::Reviewed { task, attempt, verdict } => {
            Some(What::Reviewed { task, attempt, verdict, settled: true, detail })
        }
        Change::Unrecorded => None,
    }
}
