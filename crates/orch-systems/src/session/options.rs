//! What a person may choose for one run; what is not chosen comes from `orch.toml`, then from the system.

use std::num::NonZeroU32;
use std::time::Duration;

use orch_core::{Backoff, OnFailure, OnIncomplete, Order, Policy, RateLimits};

use crate::{Config, Durability};

/// What a person chose for one run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// How many tasks at once; choosing it also chooses the order of the graph instead of the list's.
    pub jobs: Option<NonZeroU32>,
    /// The agent.
    pub agent: Option<String>,
    /// Forget what was done and start anew; the state file so far is kept aside.
    pub fresh: bool,
    /// Do failed tasks again.
    pub retry_failed: bool,
    /// What a failure means for the rest.
    pub on_failure: Option<OnFailure>,
    /// Only these tasks.
    pub only: Vec<String>,
    /// Only this task and what it needs.
    pub until: Option<String>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// How often a failed task is tried again.
    pub retries: Option<u32>,
    /// Run every task that was under way again, whatever its worker left behind (the bare rule of seed 002).
    pub strict_resume: bool,
    /// No review after each task.
    pub no_review: bool,
    /// No validation of the requirements at the end.
    pub no_validation: bool,
    /// Fail when there are no requirements to validate against.
    pub require_validation: bool,
    /// What a recorded transition survives.
    pub durability: Option<Durability>,
    /// End workers that outlived their orch instead of waiting for them.
    pub end_survivors: bool,
    /// What was called, for the one who finds the plan held: such as `orch run PLAN.md`.
    pub command: String,
}

impl RunOptions {
    /// The policy of a run of prompts: down the list one by one, stop at a failure, INCOMPLETE counts as done; by the
    /// graph as soon as a number of jobs is chosen (seed 002 and the options).
    pub(crate) fn policy(&self, config: &Config, review: bool) -> Policy {
        let table = &config.run;
        let jobs = self.jobs.or(table.jobs);
        let keep_going = table.keep_going.unwrap_or(false);
        let default = Policy::default();
        Policy {
            jobs: jobs.unwrap_or(NonZeroU32::MIN),
            order: if jobs.is_some() { Order::Graph } else { Order::List },
            on_failure: self.on_failure.unwrap_or(if keep_going {
                OnFailure::KeepGoing
            } else {
                OnFailure::Stop
            }),
            on_incomplete: OnIncomplete::Release,
            retries: self.retries.or(table.retries).unwrap_or(0),
            backoff: Backoff { first: table.backoff.unwrap_or(default.backoff.first), ..default.backoff },
            timeout: self.timeout.or(table.timeout),
            review,
            rate_limits: RateLimits {
                patience: table.rate_limit_wait.unwrap_or(default.rate_limits.patience),
                ..default.rate_limits
            },
            ..default
        }
    }

    pub(crate) fn durability(&self, config: &Config) -> orch_store::Durability {
        self.durability.or(config.run.durability).unwrap_or_default().into()
    }
}
