//! How a run behaves, as data: each system sets its own defaults, the person may set others.

use core::num::NonZeroU32;
use core::time::Duration;

/// The order in which tasks may start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Down the list, one after the other: a task's turn comes when everything before it is settled
    /// ([`Plan::list_order`](crate::Plan::list_order)). The way of the prompts system (seed 002).
    List,
    /// Whatever the graph allows; ties go to plan order.
    #[default]
    Graph,
    /// Wave by wave (seed 004): a task's level is its [depth](crate::Plan::depths), and it starts only when nothing of a
    /// lower level is under way, may start, rests before its next try, or waits for a claim or its review. A failure holds
    /// up what needs it and no wave; nor does a task that is held, in the hands of a person, or awaits something from
    /// outside.
    Waves,
}

/// What happens to the rest of the run when a task fails for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Nothing more starts; what runs may finish.
    #[default]
    Stop,
    /// Everything that does not depend on it goes on.
    KeepGoing,
    /// Nothing more starts until a person has looked ([`Event::Acknowledge`](crate::Event::Acknowledge)).
    Pause,
}

/// What an INCOMPLETE task means for the rest of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnIncomplete {
    /// It counts as done: what depends on it may start (prompts, seed 002).
    #[default]
    Release,
    /// What depends on it waits until it is retried and succeeds (streams, seed 001).
    Hold,
    /// As `Hold`, and nothing at all starts until a person has looked (milestones, seed 000).
    Pause,
}

/// How long a failed task rests before it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second try.
    pub first: Duration,
    /// Each further rest is this many times the one before.
    pub factor: u32,
    /// The longest rest.
    pub most: Duration,
}

impl Backoff {
    /// The rest after try number `tries`, counted from one.
    pub fn after(&self, tries: u32) -> Duration {
        let mut rest = self.first;
        for _ in 1..tries {
            if rest >= self.most {
                break;
            }
            rest = rest.saturating_mul(self.factor);
        }
        rest.min(self.most)
    }
}

impl Default for Backoff {
    /// Ten seconds, doubled each time, ten minutes at most.
    fn default() -> Self {
        Self { first: Duration::from_secs(10), factor: 2, most: Duration::from_secs(600) }
    }
}

/// What to do when a provider refuses work for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// The wait when the provider did not say how long; doubled with each refusal in a row, up to `patience`.
    pub assumed: Duration,
    /// The longest wait that is worth it; past it the run ends and says when to come back.
    pub patience: Duration,
}

impl Default for RateLimits {
    /// A minute when nothing is said; six hours at most, a little over the five-hour windows of the providers.
    fn default() -> Self {
        Self { assumed: Duration::from_secs(60), patience: Duration::from_secs(6 * 3600) }
    }
}

/// Everything about a run that is a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many tasks may be under way at once.
    pub jobs: NonZeroU32,
    /// The order in which tasks may start.
    pub order: Order,
    /// What a failure means for the rest.
    pub on_failure: OnFailure,
    /// What an incomplete task means for the rest.
    pub on_incomplete: OnIncomplete,
    /// How often a failed task is tried again by itself.
    pub retries: u32,
    /// How often rejected work goes back to its worker ([`Outcome::Rejected`](crate::Outcome::Rejected)), at once and
    /// before anything new starts. Counted apart from `retries`: a task may be sent back so often, *and* be retried
    /// when it fails. Beyond it, rejected work FAILs.
    pub reworks: u32,
    /// How often a task that came back incomplete is tried again by itself, with what is left of it. Both this and
    /// `retries` are held against the same count of tries: one that failed before has used them up here as well.
    pub incomplete_retries: u32,
    /// How long a task rests before it is tried again.
    pub backoff: Backoff,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// The most attempts of one task, of whatever kind: the brake on a task that takes its orchestrator down with it,
    /// or is refused for ever. Reached, the task FAILs.
    pub max_attempts: u32,
    /// Whether each task that comes back with work done is reviewed before anything that follows it starts.
    pub review: bool,
    /// The wait before the last task's review is tried once more when it was rate limited and no time was said
    /// (seed 002: an hour).
    pub review_wait: Duration,
    /// What to do when a provider refuses work.
    pub rate_limits: RateLimits,
    /// Whether a run that has nothing else to do waits for what its tasks await from outside
    /// ([`TaskDraft::awaits`](crate::TaskDraft::awaits)). Otherwise it ends as
    /// [`Verdict::Stuck`](crate::Verdict::Stuck).
    pub wait_for_conditions: bool,
}

impl Default for Policy {
    /// One at a time by the graph, stop at the first failure, no retries of any kind, no reworks, no time limit, no review; what is
    /// awaited from outside is waited for.
    fn default() -> Self {
        Self {
            jobs: NonZeroU32::MIN,
            order: Order::default(),
            on_failure: OnFailure::default(),
            on_incomplete: OnIncomplete::default(),
            retries: 0,
            reworks: 0,
            incomplete_retries: 0,
            backoff: Backoff::default(),
            timeout: None,
            max_attempts: 100,
            review: false,
            review_wait: Duration::from_secs(3600),
            rate_limits: RateLimits::default(),
            wait_for_conditions: true,
        }
    }
}
