//! The options of `orch run`.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as Group, ValueEnum};
use orch_core::OnFailure;
use orch_systems::{Durability, ExecutorKind, RunOptions, parse_duration};

use super::Kinded;

/// The options of `orch run`.
#[derive(Debug, Group)]
pub(crate) struct Run {
    /// The plan: an index file, a planning document, or the folder it is in. Without it, what is found in the current folder.
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) kind: Kinded,
    /// Run so many tasks at once, by the graph. Without it, prompts go down their list one by one, and other plans as many at
    /// once as their kind says.
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroU32>,
    /// Of waves: start each task as soon as it is ready, rather than wave by wave.
    #[arg(long)]
    pub(crate) continuous: bool,
    /// The agent: claude, codex, opencode, gemini, shell, or one from orch.toml.
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Option<String>,
    /// Forget what was done and start anew; the state so far is kept aside. Of a planning document, the session alone is
    /// forgotten.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Go on with the session on a planning document that is there, and ask nothing.
    #[arg(long, conflicts_with = "fresh")]
    pub(crate) resume: bool,
    /// Do failed tasks again.
    #[arg(long)]
    pub(crate) retry_failed: bool,
    /// After a failure, go on with what does not depend on it.
    #[arg(short, long, conflicts_with = "stop_on_fail")]
    pub(crate) keep_going: bool,
    /// After a failure, start nothing more.
    #[arg(long)]
    pub(crate) stop_on_fail: bool,
    /// Only this task (may be given more than once).
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Only this task and what it needs.
    #[arg(long, value_name = "ID")]
    pub(crate) until: Option<String>,
    /// How long one attempt may take, such as 30m.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// How often a failed task is tried again.
    #[arg(long, value_name = "N")]
    pub(crate) retries: Option<u32>,
    /// Say what would be done, and do nothing.
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Write what happens to this file as JSON Lines; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    /// Run every task that was under way again, whatever its worker left behind.
    #[arg(long)]
    pub(crate) strict_resume: bool,
    /// End workers that outlived an earlier run instead of waiting for them.
    #[arg(long)]
    pub(crate) end_survivors: bool,
    /// No review after each task.
    #[arg(long)]
    pub(crate) no_review: bool,
    /// No validation of the requirements at the end.
    #[arg(long, conflicts_with = "require_validation")]
    pub(crate) no_validation: bool,
    /// Fail when the plan names no requirements to validate against.
    #[arg(long)]
    pub(crate) require_validation: bool,
    /// What recorded work survives.
    #[arg(long, value_enum)]
    pub(crate) durability: Option<DurabilityArg>,
    /// What workers run in: plain processes, or a tmux session each. Weavers run in sessions where there is a tmux,
    /// everything else in processes.
    #[arg(long, value_name = "EXECUTOR")]
    pub(crate) executor: Option<ExecutorArg>,
    /// Give each task a work tree of its own. Milestones and weavers have one anyway; refused for prompts, which build on
    /// each other.
    #[arg(long)]
    pub(crate) worktrees: bool,
    /// Answer questions with yes. (This command asks none.)
    #[arg(long)]
    pub(crate) yes: bool,
    /// The result as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Run {
    /// The options as the session takes them.
    pub(crate) fn options(&self) -> RunOptions {
        RunOptions {
            jobs: self.jobs,
            continuous: self.continuous,
            agent: self.agent.clone(),
            fresh: self.fresh,
            retry_failed: self.retry_failed,
            on_failure: match (self.keep_going, self.stop_on_fail) {
                (true, _) => Some(OnFailure::KeepGoing),
                (_, true) => Some(OnFailure::Stop),
                _ => None,
            },
            only: self.only.clone(),
            until: self.until.clone(),
            timeout: self.timeout,
            retries: self.retries,
            strict_resume: self.strict_resume,
            no_review: self.no_review,
            no_validation: self.no_validation,
            require_validation: self.require_validation,
            durability: self.durability.map(|durability| match durability {
                DurabilityArg::Process => Durability::Process,
                DurabilityArg::Power => Durability::Power,
            }),
            end_survivors: self.end_survivors,
            executor: self.executor.map(|executor| match executor {
                ExecutorArg::Process => ExecutorKind::Process,
                ExecutorArg::Tmux => ExecutorKind::Tmux,
            }),
            pane: None,
            witness: witness(),
            tools: tools(),
            command: command_line(),
        }
    }
}

/// This very program, also after its file was replaced, is the witness of a run's workers.
fn witness() -> Option<Vec<OsString>> {
    cfg!(target_os = "linux").then(|| vec!["/proc/self/exe".into(), "witness".into()])
}

/// This very program serves the tools that workers of streams are given: by its path, since their agents start it.
pub(crate) fn tools() -> Option<Vec<OsString>> {
    let own = std::env::current_exe().ok()?;
    Some(vec![own.into(), "mcp".into()])
}

/// What was called, for the one who finds the plan held.
pub(crate) fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    std::iter::once("orch".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// What workers run in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ExecutorArg {
    /// Plain processes.
    Process,
    /// A tmux session each.
    Tmux,
}

/// What survives what.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DurabilityArg {
    /// Recorded work survives the end of orch at any moment; a power cut may take the last half minute of it.
    Process,
    /// It survives a power cut as well (the default).
    Power,
}
