//! What the driver should do now.

use super::{Active, Halt, Phase, Run, StopCause};
use crate::graph::TaskIx;
use crate::policy::Order;
use crate::{Status, Time};

/// What to do now. Each step but `Wait` and `Done` is confirmed by an event before the next is asked for; until then
/// the same step comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Start the task's next attempt. Confirmed by [`Event::Started`](super::Event::Started).
    Start(TaskIx),
    /// Review the task's work. Confirmed by [`Event::ReviewStarted`](super::Event::ReviewStarted).
    Review(TaskIx),
    /// Tell the task's worker to end. Confirmed by [`Event::StopAsked`](super::Event::StopAsked).
    Stop {
        /// The task.
        task: TaskIx,
        /// Why.
        cause: StopCause,
    },
    /// Nothing until something ends or an awaited condition holds, or until this moment.
    Wait(Option<Time>),
    /// Nothing is under way, but in the hands of persons, and nothing more will start.
    Done(Verdict),
}

/// Where the whole plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Something can still start, or was left out of this run.
    Pending,
    /// Something is under way.
    Running,
    /// Every task is SUCCESS.
    Success,
    /// A task is FAIL.
    Fail,
    /// Every task is done, some of them INCOMPLETE.
    Incomplete,
    /// Tasks are left, and none of them can start: they wait for something that this run will not bring, such as a
    /// condition outside of the plan that is not waited for.
    Stuck,
}

impl Verdict {
    /// The word used in JSON and in the history.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Pending => "pending",
            Verdict::Running => "running",
            Verdict::Success => "success",
            Verdict::Fail => "fail",
            Verdict::Incomplete => "incomplete",
            Verdict::Stuck => "stuck",
        }
    }
}

impl Run {
    /// What to do at `now`, which must not be before any earlier `now`.
    ///
    /// Stops come before reviews and reviews before starts. Of the starts, work that was sent back goes first, so that a
    /// worker half way does not wait behind new work; otherwise they go in plan order. A list goes down as it is.
    /// Of waves, all this is said of the one under way.
    #[inline]
    pub fn next(&mut self, now: Time) -> Step {
        while let Some(task) = self.resting.take_due(now) {
            self.queue.unblock(task);
        }
        if self.limited_until.is_some_and(|until| until <= now) {
            self.limited_until = None;
        }
        if let Some((task, cause)) = self.to_stop(now) {
            return Step::Stop { task, cause };
        }
        if self.may_begin() {
            if let Some(task) = self.review_to_start(now) {
                return Step::Review(task);
            }
            if self.limited_until.is_none()
                && let Some(task) = self.task_to_start()
            {
                return Step::Start(task);
            }
        }
        if self.slots_taken() == 0
            && let Some(done) = self.done(now)
        {
            return done;
        }
        Step::Wait(self.wake_at())
    }

    /// Whether the run begins anything at all: it is not halted, and a slot is free.
    #[inline]
    pub(super) fn may_begin(&self) -> bool {
        self.halt.is_none() && self.slots_taken() < self.policy.jobs.get() as usize
    }

    /// How many workers and reviewers are under way that this run starts and waits for.
    #[inline]
    pub(super) fn slots_taken(&self) -> usize {
        self.active.len() - self.handed
    }

    /// Where the whole plan stands now.
    pub fn verdict(&self) -> Verdict {
        let tasks = self.plan.len();
        if !self.active.is_empty() {
            Verdict::Running
        } else if self.count(Status::Fail) > 0 {
            Verdict::Fail
        } else if self.count(Status::Success) == tasks {
            Verdict::Success
        } else if self.count(Status::Success) + self.count(Status::Incomplete) == tasks {
            Verdict::Incomplete
        } else if self.anything_ready()
            || !self.resting.of.is_empty()
            || !self.review_due.is_empty()
            || self.selected.is_some()
            || (self.policy.wait_for_conditions && self.awaits_a_condition())
        {
            Verdict::Pending
        } else {
            Verdict::Stuck
        }
    }

    #[inline]
    fn to_stop(&self, now: Time) -> Option<(TaskIx, StopCause)> {
        // Mostly there is no reason to go through what is under way.
        if self.policy.timeout.is_none() && self.held.is_empty() && self.halt != Some(Halt::Stopped) {
            return None;
        }
        let cause = |active: &Active| {
            if self.halt == Some(Halt::Stopped) || self.held.contains_key(&active.task) {
                Some(StopCause::Cancelled)
            } else {
                self.deadline(active).is_some_and(|deadline| deadline <= now).then_some(StopCause::TimedOut)
            }
        };
        self.active
            .iter()
            .filter(|active| active.stop.is_none() && active.phase != Phase::Handed)
            .find_map(|active| Some((active.task, cause(active)?)))
    }

    fn deadline(&self, active: &Active) -> Option<Time> {
        self.policy.timeout.map(|limit| active.since + limit)
    }

    fn review_to_start(&self, now: Time) -> Option<TaskIx> {
        if self.review_due.is_empty() {
            return None;
        }
        let idle = |task: TaskIx| !self.active.iter().any(|active| active.task == task);
        self.reviews_to_come().find(|&(task, at)| at <= now && idle(task)).map(|(task, _)| task)
    }

    /// The reviews that are owed and not held, and before when they are not to begin.
    pub(super) fn reviews_to_come(&self) -> impl Iterator<Item = (TaskIx, Time)> {
        let due = self.review_due.iter().map(|(&task, &at)| (task, at));
        due.filter(|(task, _)| !self.held.contains_key(task))
    }

    #[inline]
    fn task_to_start(&mut self) -> Option<TaskIx> {
        match self.policy.order {
            Order::List => {
                let (place, task) = self.turn_from(self.turn)?;
                self.turn = place;
                (self.queue.is_ready(task) && self.claim_in_the_way(task).is_none()).then_some(task)
            }
            Order::Graph => loop {
                let task = self.queue.first()?;
                if !self.waits_for_a_claim(task) {
                    return Some(task);
                }
            },
            Order::Waves => self.task_of_the_wave(),
        }
    }

    /// Puts a ready task aside when another holds what it claims, until that is given free.
    #[inline]
    pub(super) fn waits_for_a_claim(&mut self, task: TaskIx) -> bool {
        let claimed = self.claim_in_the_way(task);
        if let Some((claim, _)) = claimed {
            self.queue.block(task);
            self.claim_waiters[claim as usize].push(task);
        }
        claimed.is_some()
    }

    /// With nothing under way: the end, unless there is something worth waiting for.
    fn done(&mut self, now: Time) -> Option<Step> {
        if self.halt.is_some() {
            return Some(Step::Done(self.verdict()));
        }
        if let Some(until) = self.limited_until
            && self.anything_ready()
        {
            if until.since(now) <= self.policy.rate_limits.patience {
                return None;
            }
            self.halt = Some(Halt::RateLimited { until });
            return Some(Step::Done(self.verdict()));
        }
        let waiting = !self.resting.of.is_empty()
            || self.reviews_to_come().next().is_some()
            || (self.policy.wait_for_conditions && self.awaits_a_condition());
        (!waiting).then(|| Step::Done(self.verdict()))
    }

    /// The next moment at which something is to be done although nothing ended.
    #[inline]
    fn wake_at(&self) -> Option<Time> {
        let deadline = self.policy.timeout.and_then(|_| self.first_deadline());
        let begin = if self.may_begin() { self.first_beginning() } else { None };
        [deadline, begin].into_iter().flatten().min()
    }

    #[cold]
    fn first_deadline(&self) -> Option<Time> {
        let running =
            self.active.iter().filter(|active| active.stop.is_none() && active.phase != Phase::Handed);
        running.filter_map(|active| self.deadline(active)).min()
    }

    /// The first moment at which something may begin that may not yet.
    fn first_beginning(&self) -> Option<Time> {
        let reviews = self.reviews_to_come().filter(|&(task, _)| {
            !self.active.iter().any(|active| active.task == task && active.phase == Phase::Review)
        });
        let starts = [self.limited_until, self.resting.first()].into_iter().flatten();
        starts.chain(reviews.map(|(_, at)| at)).min()
    }
}
