//! What a person may choose for one run; what is not chosen comes from `orch.toml`, then from the system.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use orch_core::{Backoff, OnFailure, OnIncomplete, Order, Policy, RateLimits};
use orch_exec::tmux::Tmux;

use crate::config::ExecutorKind;
use crate::system::Defaults;
use crate::workers::Executor;
use crate::{Config, Durability, OpenError};

/// What a person chose for one run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// How many tasks at once; choosing it also chooses the order of the graph instead of the list's.
    pub jobs: Option<NonZeroU32>,
    /// Of waves: each task as soon as it is ready, rather than wave by wave.
    pub continuous: bool,
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
    /// How often a failed task is tried again; of streams, also one of which something is left.
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
    /// What workers run in; none: what the system runs them in.
    pub executor: Option<ExecutorKind>,
    /// The words that run a launch file in a terminal session, which is added to them; none: this program and the
    /// word `pane`. See [`orch_exec::tmux::pane`].
    pub pane: Option<Vec<OsString>>,
    /// The words that run a witness, which sees the workers of a run end even if this program does not; none: a shell in
    /// front of each worker does. See [`orch_exec::process::witness`].
    pub witness: Option<Vec<OsString>>,
    /// The words that run orch's tools for agents, to which what they are for is added, such as `orch mcp`; none: workers of
    /// streams are given none by orch.
    pub tools: Option<Vec<OsString>>,
    /// What was called, for the one who finds the plan held: such as `orch run PLAN.md`.
    pub command: String,
}

impl RunOptions {
    /// The policy of a run: the system's defaults, `orch.toml`, and what a person chose, in that order. Choosing a
    /// number of jobs chooses the graph instead of a list as well; what goes wave by wave goes on so.
    pub(crate) fn policy(&self, config: &Config, review: bool, defaults: &Defaults) -> Policy {
        let table = &config.run;
        let jobs = self.jobs.or(table.jobs);
        let configured = table.keep_going.map(|keep_going| match keep_going {
            true => OnFailure::KeepGoing,
            false => OnFailure::Stop,
        });
        let on_failure = self.on_failure.or(configured).unwrap_or(defaults.on_failure);
        let retries = self.retries.or(table.retries);
        let default = Policy::default();
        Policy {
            jobs: jobs.unwrap_or(defaults.jobs),
            order: match defaults.order {
                Order::List if jobs.is_some() => Order::Graph,
                Order::Waves if self.continuous || config.waves.continuous == Some(true) => Order::Graph,
                order => order,
            },
            on_failure,
            // Who wants to go on after a failure does not want to wait for somebody after half a success.
            on_incomplete: match defaults.on_incomplete {
                OnIncomplete::Pause if on_failure == OnFailure::KeepGoing => OnIncomplete::Hold,
                otherwise => otherwise,
            },
            wait_for_conditions: defaults.waits,
            reworks: defaults.reworks,
            retries: retries.unwrap_or(0),
            incomplete_retries: match defaults.incomplete_retries {
                0 => 0,
                most => retries.unwrap_or(most),
            },
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

    /// What workers run in. Where terminal sessions are only the system's custom and there is no tmux, they run as
    /// plain processes.
    pub(crate) fn executor(
        &self,
        config: &Config,
        custom: bool,
        notes: &mut Vec<String>,
    ) -> Result<Executor, OpenError> {
        let asked = self.executor.or(config.run.executor);
        if asked == Some(ExecutorKind::Process) || (asked.is_none() && !custom) {
            return Ok(Executor::Process);
        }
        match Tmux::find(config.tmux.server.clone()) {
            Ok(tmux) => {
                let tmux = config.run.grace.map_or(tmux.clone(), |grace| tmux.with_grace(grace));
                Ok(Executor::Tmux { tmux, pane: self.pane()? })
            }
            Err(error) if asked.is_some() => Err(OpenError::Environment {
                message: error.to_string(),
                hint: "install tmux 3.2 or newer, or leave `--executor tmux` out".into(),
            }),
            Err(error) => {
                notes.push(format!("{error}: workers run as plain processes"));
                Ok(Executor::Process)
            }
        }
    }

    fn pane(&self) -> Result<Vec<OsString>, OpenError> {
        match &self.pane {
            Some(words) => Ok(words.clone()),
            None => {
                let own = std::env::current_exe().map_err(OpenError::system("find this program"))?;
                // One that was replaced while it runs is called so on Linux; its successor does as well.
                let name = own.to_string_lossy();
                let successor = name.strip_suffix(" (deleted)").map(Path::new).filter(|path| path.is_file());
                Ok(vec![successor.unwrap_or(&own).into(), "pane".into()])
            }
        }
    }

    pub(crate) fn durability(&self, config: &Config) -> orch_store::Durability {
        self.durability.or(config.run.durability).unwrap_or_default().into()
    }
}
