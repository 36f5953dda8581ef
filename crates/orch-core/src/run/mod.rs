//! The run: one plan under way. What may start is asked with [`Run::next`], what happened is told with [`Run::apply`].

mod apply;
mod conditions;
mod event;
mod next;
mod queue;
mod readiness;
mod take_over;
mod turn;
mod waves;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::graph::TaskIx;
use crate::policy::{OnIncomplete, Policy};
use crate::{Plan, Status, Time};
use queue::Queue;
use waves::Waves;

pub use event::{Change, Event, Moved, Rejected, ReviewVerdict, StopCause};
pub use next::{Step, Verdict};
pub use readiness::{Hold, Readiness, Survey};
pub use take_over::{NotTakenOver, TakenOver};

/// One plan under way: where every task stands and what may happen next.
///
/// The run decides and never acts. The driver asks [`next`](Self::next), tells what it is about to do with
/// [`apply`](Self::apply), writes the [`Change`] down, and only then does it:
///
/// ```
/// use std::sync::Arc;
/// use orch_core::{Event, Outcome, Plan, PlanDraft, Policy, Run, Step, TaskDraft, Time, Verdict};
/// let plan = Plan::build(PlanDraft {
///     tasks: vec![TaskDraft::new("a"), TaskDraft::new("b").after(["a"])],
///     ..PlanDraft::default()
/// })?;
/// let mut run = Run::new(Arc::new(plan), Policy::default());
/// let now = Time::from_millis(0);
/// while let Step::Start(task) = run.next(now) {
///     run.apply(Event::Started { task }, now)?;
///     // … record, run the worker, judge what came back …
///     let attempt = run.attempt(task);
///     run.apply(Event::Ended { task, attempt, outcome: Outcome::Succeeded }, now)?;
/// }
/// assert_eq!(run.next(now), Step::Done(Verdict::Success));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Run {
    plan: Arc<Plan>,
    policy: Policy,
    tasks: Box<[Progress]>,
    counts: [usize; Status::ALL.len()],
    /// What keeps each task from starting, counted: dependencies that do not let it go yet, conditions it awaits that do
    /// not hold, and one each for not being PENDING, not being selected, being held, resting, and waiting for a claim or a
    /// wave.
    queue: Queue,
    /// By condition: whether it holds.
    holds: Box<[bool]>,
    resting: Resting,
    active: Vec<Active>,
    /// How many of them are in the hands of persons.
    handed: usize,
    /// Reviews that are owed, and before when they are not to begin.
    review_due: BTreeMap<TaskIx, Time>,
    /// The last task's review was rate limited and waited for once.
    review_waited: bool,
    held: BTreeMap<TaskIx, String>,
    selected: Option<Box<[bool]>>,
    claimed_by: Box<[Option<TaskIx>]>,
    /// By claim: the tasks that nothing but this claim is in the way of.
    claim_waiters: Box<[Vec<TaskIx>]>,
    /// In list order: everything before this place of the list is settled.
    turn: usize,
    /// Wave by wave: how far they have come.
    waves: Waves,
    limited_until: Option<Time>,
    limited_in_a_row: u32,
    halt: Option<Halt>,
}

/// Where one task stands.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// The number of the latest attempt, from one; zero before the first.
    attempt: u32,
    /// How many tries are used up since the task was last asked for.
    tries: u32,
    status: Status,
    /// Whether the task lets its dependents go.
    released: bool,
}

/// Why a run starts nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// A task failed and the policy is to stop or to pause.
    Failed {
        /// The task.
        task: TaskIx,
    },
    /// A task came back incomplete and the policy is to pause.
    Incomplete {
        /// The task.
        task: TaskIx,
    },
    /// A task's work did not pass its review.
    Review {
        /// The task.
        task: TaskIx,
    },
    /// A worker could not be started at all: what it runs in is broken, not the work.
    CouldNotStart {
        /// The task that was to be started.
        task: TaskIx,
    },
    /// The provider refuses work for longer than the policy waits.
    RateLimited {
        /// When to come back.
        until: Time,
    },
    /// A person has to look at what came of a task.
    Paused {
        /// The task.
        task: TaskIx,
    },
    /// Somebody stopped the run.
    Stopped,
}

/// A worker or a reviewer under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Active {
    /// The task.
    pub task: TaskIx,
    /// Its attempt, from one.
    pub attempt: u32,
    /// Since when.
    pub since: Time,
    /// Whether it is the work or its review.
    pub phase: Phase,
    /// Whether it was told to end, and why.
    pub stop: Option<StopCause>,
}

/// What is under way for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The work itself.
    Work,
    /// The work itself, in the hands of a person: nobody waits for it or ends it.
    Handed,
    /// The review of the work.
    Review,
}

/// Where a task stood when it was written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its status.
    pub status: Status,
    /// Its latest attempt, zero when it was never tried.
    pub attempt: u32,
    /// How many tries it has used up.
    pub tries: u32,
    /// How often its rejected work went back to it.
    pub reworks: u32,
    /// Whether a review of its work is owed.
    pub review_due: bool,
    /// When a running one started.
    pub since: Option<Time>,
    /// Until when its provider refuses work, when that is how its latest attempt ended.
    pub limited_until: Option<Time>,
}

impl Run {
    /// A run of `plan` from its beginning.
    pub fn new(plan: Arc<Plan>, policy: Policy) -> Self {
        let tasks = alloc::vec![Progress::default(); plan.len()].into();
        let mut counts = [0; Status::ALL.len()];
        counts[Status::Pending as usize] = plan.len();
        Self {
            tasks,
            counts,
            queue: Queue::new(&plan),
            holds: alloc::vec![false; plan.condition_count()].into(),
            resting: Resting::default(),
            active: Vec::new(),
            handed: 0,
            review_due: BTreeMap::new(),
            review_waited: false,
            held: BTreeMap::new(),
            selected: None,
            claimed_by: alloc::vec![None; plan.claim_count()].into(),
            claim_waiters: alloc::vec![Vec::new(); plan.claim_count()].into(),
            turn: 0,
            waves: Waves::new(&plan, &policy),
            limited_until: None,
            limited_in_a_row: 0,
            halt: None,
            plan,
            policy,
        }
    }

    /// A run of `plan` that goes on from where each task stood. A task that stood at RUNNING counts as under way: the
    /// caller says how that ended, or that its worker still lives ([`resume`](crate::resume()) does this). No condition
    /// outside of the plan holds until it is told again ([`Event::Holds`]).
    pub fn restore(plan: Arc<Plan>, policy: Policy, mut standing: impl FnMut(TaskIx) -> Standing) -> Self {
        let mut run = Self::new(plan, policy);
        for task in run.plan.tasks() {
            run.stand(task, standing(task));
        }
        run
    }

    /// Puts a task of a new run to where it stood.
    fn stand(&mut self, task: TaskIx, stood: Standing) {
        if stood == Standing::default() {
            return;
        }
        self.queue.set_reworks(task, stood.reworks);
        if stood.review_due && self.policy.review && stood.status.is_settled() {
            self.review_due.insert(task, Time::default());
        }
        let Standing { status, attempt, tries, .. } = stood;
        self.put(task, Progress { attempt, tries, status, released: false });
        if stood.status == Status::Running {
            let (attempt, since) = (stood.attempt, stood.since.unwrap_or_default());
            self.active.push(Active { task, attempt, since, phase: Phase::Work, stop: None });
            self.claim(task);
        }
        self.limited_until = self.limited_until.max(stood.limited_until);
    }

    /// Says that the attempt of a restored task that is under way is in the hands of a person.
    pub(crate) fn hand_over(&mut self, task: TaskIx) {
        for active in self.active.iter_mut().filter(|active| active.task == task) {
            self.handed += usize::from(active.phase == Phase::Work);
            active.phase = Phase::Handed;
        }
    }

    /// Leaves out every task but these: the others are held as [`Hold::NotSelected`].
    pub fn select(&mut self, tasks: impl IntoIterator<Item = TaskIx>) {
        let mut selected = alloc::vec![false; self.plan.len()];
        for task in tasks {
            selected[task.index()] = true;
        }
        let before = self.selected.replace(selected.into());
        for task in self.plan.tasks() {
            let was = before.as_ref().is_none_or(|before| before[task.index()]);
            match (was, self.is_selected(task)) {
                (true, false) => self.queue.block(task),
                (false, true) => {
                    self.queue.unblock(task);
                    self.look_again(task);
                }
                _ => {}
            }
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Where the task stands.
    pub fn status(&self, task: TaskIx) -> Status {
        self.tasks[task.index()].status
    }

    /// How many tasks stand at `status`.
    pub fn count(&self, status: Status) -> usize {
        self.counts[status as usize]
    }

    /// How many tasks are done: a part of one counts where it lets others go, by [`OnIncomplete::Release`].
    pub fn count_done(&self) -> usize {
        let is_enough = self.policy.on_incomplete == OnIncomplete::Release;
        self.count(Status::Success) + if is_enough { self.count(Status::Incomplete) } else { 0 }
    }

    /// The number of the task's latest attempt, from one; zero before the first.
    pub fn attempt(&self, task: TaskIx) -> u32 {
        self.tasks[task.index()].attempt
    }

    /// How many tries the task has used up since it was last asked for.
    pub fn tries(&self, task: TaskIx) -> u32 {
        self.tasks[task.index()].tries
    }

    /// How often the task's rejected work went back to it since it was last asked for.
    pub fn reworks(&self, task: TaskIx) -> u32 {
        self.queue.reworks(task)
    }

    /// What is under way, in the order it began.
    pub fn active(&self) -> &[Active] {
        &self.active
    }

    /// Whether a review of the task's work is owed.
    pub fn review_due(&self, task: TaskIx) -> bool {
        !self.review_due.is_empty() && self.review_due.contains_key(&task)
    }

    /// Why nothing more starts, if so.
    pub fn halt(&self) -> Option<Halt> {
        self.halt
    }

    fn is_selected(&self, task: TaskIx) -> bool {
        self.selected.as_ref().is_none_or(|selected| selected[task.index()])
    }

    fn resting_until(&self, task: TaskIx) -> Option<Time> {
        self.resting.of.get(&task).copied()
    }

    /// Puts the task to where it stands now, with all that follows for it and its dependents. Whether it lets these go is
    /// found out here.
    // Into its callers: `stands` would be handed over in memory and read before it has got there, 4 of 54 ns a drained task.
    #[inline(always)]
    fn put(&mut self, task: TaskIx, stands: Progress) {
        let released = self.lets_go(task, stands.status);
        let stood = core::mem::replace(&mut self.tasks[task.index()], Progress { released, ..stands });
        self.counts[stood.status as usize] -= 1;
        self.counts[stands.status as usize] += 1;
        match (stood.status == Status::Pending, stands.status == Status::Pending) {
            (true, false) => self.queue.block(task),
            (false, true) => self.queue.unblock(task),
            _ => {}
        }
        if stood.released != released {
            self.tell_dependents(task, released);
        }
    }

    /// Whether the task's work lets its dependents go when it stands at `status`.
    #[inline]
    fn lets_go(&self, task: TaskIx, status: Status) -> bool {
        let done = match status {
            Status::Success => true,
            Status::Incomplete => self.policy.on_incomplete == OnIncomplete::Release,
            Status::Pending | Status::Running | Status::Fail => false,
        };
        done && !self.review_due(task)
    }

    /// Carries a change of [`review_due`](Self::review_due) to the dependents.
    fn update_released(&mut self, task: TaskIx) {
        let lets_go = self.lets_go(task, self.status(task));
        if core::mem::replace(&mut self.tasks[task.index()].released, lets_go) != lets_go {
            self.tell_dependents(task, lets_go);
        }
    }

    #[inline]
    fn tell_dependents(&mut self, task: TaskIx, lets_go: bool) {
        let dependents = self.plan.graph().dependents(task);
        if lets_go {
            dependents.iter().for_each(|&dependent| self.queue.unblock(dependent));
        } else {
            dependents.iter().for_each(|&dependent| self.queue.block(dependent));
        }
    }

    /// The first claim of the task that another running task holds, and who that is.
    #[inline]
    fn claim_in_the_way(&self, task: TaskIx) -> Option<(u32, TaskIx)> {
        self.plan.claims(task).iter().find_map(|&claim| Some((claim, self.claimed_by[claim as usize]?)))
    }

    #[inline]
    fn claim(&mut self, task: TaskIx) {
        for &claim in self.plan.claims(task) {
            self.claimed_by[claim as usize] = Some(task);
        }
    }

    #[inline]
    fn unclaim(&mut self, task: TaskIx) {
        for &claim in self.plan.claims(task) {
            if self.claimed_by[claim as usize] == Some(task) {
                self.claimed_by[claim as usize] = None;
                for waiter in core::mem::take(&mut self.claim_waiters[claim as usize]) {
                    self.queue.unblock(waiter);
                }
            }
        }
    }
}

/// Tasks that rest before their next try.
#[derive(Clone, Debug, Default)]
struct Resting {
    by_time: BTreeSet<(Time, TaskIx)>,
    of: BTreeMap<TaskIx, Time>,
}

impl Resting {
    /// Only for a task that does not rest already.
    fn insert(&mut self, task: TaskIx, until: Time) {
        self.by_time.insert((until, task));
        self.of.insert(task, until);
    }

    fn remove(&mut self, task: TaskIx) {
        if let Some(until) = self.of.remove(&task) {
            self.by_time.remove(&(until, task));
        }
    }

    fn first(&self) -> Option<Time> {
        self.by_time.first().map(|&(until, _)| until)
    }

    fn take_due(&mut self, now: Time) -> Option<TaskIx> {
        let &(until, task) = self.by_time.first()?;
        (until <= now).then(|| {
            self.remove(task);
            task
        })
    }
}
