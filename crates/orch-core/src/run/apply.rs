//! What happened, and what it changes.

use alloc::string::String;

use super::{Active, Change, Event, Halt, Moved, Phase, Progress, Rejected, ReviewVerdict, Run, StopCause};
use crate::graph::TaskIx;
use crate::policy::{OnFailure, OnIncomplete, Order};
use crate::{Move, Outcome, Status, Time};

impl Run {
    /// Takes note of `event` and says what it changes. A refused event changes nothing.
    ///
    /// # Errors
    /// [`Rejected`] when the event can't be true of this run: a task that may not start is said to have started, a
    /// result belongs to an attempt that is over.
    // Into the caller, who mostly knows which event it is: neither the jump to its room nor the clean-up of events that
    // carry a text is left then, 60 of 810 instructions a drained task.
    #[inline(always)]
    pub fn apply(&mut self, event: Event, now: Time) -> Result<Change, Rejected> {
        match event {
            Event::Started { task } => self.started(task, Phase::Work, now),
            Event::Handed { task } => self.started(task, Phase::Handed, now),
            Event::StopAsked { task, cause } => Ok(self.stop_asked(task, cause)),
            Event::Ended { task, attempt, outcome } => self.ended(task, attempt, outcome, now),
            Event::ReviewStarted { task } => self.review_started(task, now),
            Event::Reviewed { task, verdict } => self.reviewed(task, verdict, now),
            Event::Retry { task } => self.retry(task),
            Event::Hold { task, why } => Ok(self.hold(task, why)),
            Event::Release { task } => Ok(self.release(task)),
            Event::Holds { condition } => Ok(self.now_holds(&condition)),
            Event::Pause { task } => {
                self.halt_for(Halt::Paused { task });
                Ok(Change::Unrecorded)
            }
            Event::Stop => {
                self.halt = Some(Halt::Stopped);
                Ok(Change::Unrecorded)
            }
            Event::Acknowledge => {
                self.halt = None;
                Ok(Change::Unrecorded)
            }
        }
    }

    fn stop_asked(&mut self, task: TaskIx, cause: StopCause) -> Change {
        for active in self.active.iter_mut().filter(|active| active.task == task) {
            active.stop = Some(cause);
        }
        Change::Unrecorded
    }

    pub(super) fn hold(&mut self, task: TaskIx, why: String) -> Change {
        if self.held.insert(task, why).is_none() {
            self.queue.block(task);
        }
        Change::Unrecorded
    }

    fn release(&mut self, task: TaskIx) -> Change {
        if self.held.remove(&task).is_some() {
            self.queue.unblock(task);
        }
        self.look_again(task);
        Change::Unrecorded
    }

    #[inline]
    fn started(&mut self, task: TaskIx, phase: Phase, now: Time) -> Result<Change, Rejected> {
        let mut stands = self.tasks[task.index()];
        stands.status = stands.status.after(Move::Start)?;
        // A person has a slot and a provider of their own.
        let may_begin = match phase {
            Phase::Handed => self.halt.is_none(),
            _ => self.may_begin() && self.limited_until.is_none_or(|until| until <= now),
        };
        let may_start = may_begin
            && (self.policy.order == Order::Graph || self.is_its_turn(task))
            && self.queue.is_ready(task)
            && self.claim_in_the_way(task).is_none();
        if !may_start {
            return Err(Rejected::NotReady { task });
        }
        stands.attempt += 1;
        let attempt = stands.attempt;
        self.active.push(Active { task, attempt, since: now, phase, stop: None });
        self.handed += usize::from(phase == Phase::Handed);
        self.claim(task);
        Ok(self.moved(task, stands, None))
    }

    fn ended(&mut self, task: TaskIx, attempt: u32, outcome: Outcome, now: Time) -> Result<Change, Rejected> {
        let mut stands = self.tasks[task.index()];
        stands.status.after(Move::GiveBack)?;
        let place =
            self.active.iter().position(|active| active.task == task && active.phase != Phase::Review);
        let (Some(place), true) = (place, attempt == stands.attempt) else {
            return Err(Rejected::OldAttempt { task, attempt, current: stands.attempt });
        };
        let active = self.active.remove(place);
        if active.phase == Phase::Handed {
            self.handed -= 1;
            // The waves did not wait for it.
            self.look_again(task);
        }
        self.unclaim(task);
        let outcome = outcome.after_stop(active.stop);
        stands.tries += u32::from(outcome.uses_a_try());
        if let Outcome::RateLimited { until } = outcome {
            self.limited_in_a_row += 1;
            self.limit(until, now);
        } else if outcome.tells_of_the_work() {
            self.limited_in_a_row = 0;
        }
        let step = self.judge(task, stands, outcome);
        stands.status = stands.status.after(step)?;
        match step {
            Move::GiveBack => self.given_back(task, stands.tries, outcome, now),
            Move::Break if self.policy.on_failure != OnFailure::KeepGoing => {
                self.halt_for(Halt::Failed { task })
            }
            Move::Part if self.policy.on_incomplete == OnIncomplete::Pause => {
                self.halt_for(Halt::Incomplete { task });
            }
            _ => {}
        }
        if matches!(step, Move::Succeed | Move::Part) && self.policy.review {
            self.review_due.insert(task, now);
        }
        Ok(self.moved(task, stands, Some(outcome)))
    }

    /// What the end of an attempt means for its task.
    fn judge(&self, task: TaskIx, stands: Progress, outcome: Outcome) -> Move {
        let more_attempts = stands.attempt < self.policy.max_attempts;
        let is_within = |retries: u32| stands.tries <= retries && more_attempts;
        let may_try_again = is_within(self.policy.retries);
        match outcome {
            Outcome::Succeeded => Move::Succeed,
            Outcome::Incomplete if is_within(self.policy.incomplete_retries) => Move::GiveBack,
            Outcome::Incomplete | Outcome::Obstructed => Move::Part,
            Outcome::Rejected if self.reworks(task) < self.policy.reworks && more_attempts => Move::GiveBack,
            Outcome::Rejected => Move::Break,
            Outcome::Failed | Outcome::Crashed | Outcome::TimedOut if may_try_again => Move::GiveBack,
            Outcome::Failed | Outcome::Crashed | Outcome::TimedOut => Move::Break,
            Outcome::RateLimited { .. } | Outcome::Lost if !more_attempts => Move::Break,
            Outcome::RateLimited { .. } | Outcome::Lost | Outcome::Cancelled | Outcome::CouldNotStart => {
                Move::GiveBack
            }
        }
    }

    fn given_back(&mut self, task: TaskIx, tries: u32, outcome: Outcome, now: Time) {
        match outcome {
            Outcome::CouldNotStart => self.halt_for(Halt::CouldNotStart { task }),
            Outcome::Rejected => self.queue.set_reworks(task, self.reworks(task) + 1),
            Outcome::Cancelled | Outcome::Lost | Outcome::RateLimited { .. } => {}
            _ => {
                self.resting.insert(task, now + self.policy.backoff.after(tries));
                self.queue.block(task);
            }
        }
    }

    /// Starts nothing more until the provider's limit is over; when that is unknown, for longer each time. A limit that
    /// was over before its attempt was judged holds nothing, unless it comes again.
    fn limit(&mut self, until: Option<Time>, now: Time) {
        let limits = self.policy.rate_limits;
        if until.is_some_and(|until| until <= now) && self.limited_in_a_row == 1 {
            return;
        }
        let doubled = 1u32 << (self.limited_in_a_row - 1).min(20);
        let assumed = now + limits.assumed.saturating_mul(doubled).min(limits.patience);
        let until = until.filter(|&until| until > now).unwrap_or(assumed);
        self.limited_until = Some(self.limited_until.map_or(until, |other| other.max(until)));
    }

    fn review_started(&mut self, task: TaskIx, now: Time) -> Result<Change, Rejected> {
        let idle = !self.active.iter().any(|active| active.task == task);
        if !self.review_due.contains_key(&task) || !idle {
            return Err(Rejected::NoReview { task });
        }
        let attempt = self.attempt(task);
        self.active.push(Active { task, attempt, since: now, phase: Phase::Review, stop: None });
        Ok(Change::Unrecorded)
    }

    fn reviewed(&mut self, task: TaskIx, verdict: ReviewVerdict, now: Time) -> Result<Change, Rejected> {
        let place =
            self.active.iter().position(|active| active.task == task && active.phase == Phase::Review);
        let active = self.active.remove(place.ok_or(Rejected::NoReview { task })?);
        let verdict = match active.stop {
            // A review that was called off said nothing: it stays owed.
            Some(StopCause::Cancelled) => return Ok(Change::Unrecorded),
            Some(StopCause::TimedOut) => ReviewVerdict::Fail,
            None => verdict,
        };
        match verdict {
            ReviewVerdict::Fail => self.halt_for(Halt::Review { task }),
            ReviewVerdict::RateLimited { until } if self.is_last(task) && !self.review_waited => {
                self.review_waited = true;
                let until = until.filter(|&until| until > now).unwrap_or(now + self.policy.review_wait);
                self.review_due.insert(task, until);
                return Ok(Change::Unrecorded);
            }
            ReviewVerdict::Pass | ReviewVerdict::Skipped | ReviewVerdict::RateLimited { .. } => {
                self.review_due.remove(&task);
                self.update_released(task);
            }
        }
        Ok(Change::Reviewed { task, attempt: active.attempt, verdict })
    }

    /// Whether nothing is left to do after this task.
    fn is_last(&self, task: TaskIx) -> bool {
        self.active.is_empty()
            && self.review_due.keys().all(|&other| other == task)
            && (self.count(Status::Pending) == 0
                || self.count(Status::Pending) == self.survey(Time::default()).blocked())
    }

    fn retry(&mut self, task: TaskIx) -> Result<Change, Rejected> {
        let attempt = self.attempt(task);
        let status = self.status(task).after(Move::Retry)?;
        if self.active.iter().any(|active| active.task == task) {
            return Err(Rejected::UnderReview { task });
        }
        self.queue.set_reworks(task, 0);
        self.review_due.remove(&task);
        self.look_again(task);
        match self.halt {
            Some(
                Halt::Failed { task: cause }
                | Halt::Incomplete { task: cause }
                | Halt::Review { task: cause },
            ) if cause == task => {
                self.halt = None;
            }
            _ => {}
        }
        Ok(self.moved(task, Progress { attempt, status, ..Progress::default() }, None))
    }

    /// Halts the run; the first reason stays, but a stop outranks it.
    fn halt_for(&mut self, halt: Halt) {
        self.halt.get_or_insert(halt);
    }

    /// Puts the task to where it stands now, and says so.
    #[inline(always)]
    fn moved(&mut self, task: TaskIx, stands: Progress, outcome: Option<Outcome>) -> Change {
        let (from, Progress { status: to, attempt, tries, .. }) = (self.status(task), stands);
        self.put(task, stands);
        let (reworks, review_due) = (self.reworks(task), self.review_due(task));
        Change::Moved(Moved { task, attempt, from, to, outcome, tries, reworks, review_due })
    }
}
