//! The systems: for each, how a plan is loaded, what is recorded, what a worker is told, how its result is read back,
//! and how a run finishes.
//!
//! There are five: [prompts](PromptPlan) (seed 002), [milestones](MilestonePlan) (seed 000), [streams](StreamPlan)
//! (seed 001), [weavers](WeaverPlan) (seed 003) and [waves](WavePlan) (seed 004). What a system shares with the others is here as well: the configuration ([`Config`]), the workers that are processes, the session that holds a plan ([`Session`]) and the view
//! of one that is only looked at ([`View`]).
//!
//! ```no_run
//! use orch_systems::{PromptPlan, RunOptions, Session};
//! let plan = PromptPlan::load("PROMPT-ORCHESTRATOR.md".as_ref())?;
//! let session = Session::open(plan, RunOptions { agent: Some("claude".into()), ..RunOptions::default() })?;
//! let report = session.run(&mut [])?;
//! println!("{}", report.verdict.word());
//! # Ok::<(), orch_systems::OpenError>(())
//! ```

mod claims;
mod config;
mod control;
mod detached;
mod error;
mod evidence;
mod kept;
mod landing;
mod listing;
mod locate;
mod memory;
mod milestones;
mod moment;
mod opening;
mod plan;
mod planner;
mod platform;
mod project;
mod prompts;
mod reviewer;
mod session;
mod store;
mod streams;
mod system;
mod view;
mod waves;
mod weavers;
mod workers;
mod worktrees;
mod yaml;

pub use config::{
    Command, Config, ConfigError, Durability, ExecutorKind, MilestonesTable, RunTable, StreamsTable,
    Survivors, TmuxTable, WavesTable, WeaversTable, WorktreesTable, parse_duration,
};
pub use control::{Ask, Asker, STOPPED_BY_HAND};
pub use error::OpenError;
pub use locate::{Found, Kind, locate};
pub use milestones::{
    Collected, Dashboard, DashboardMilestone, DashboardWorker, Dispatched, HandedBack, MilestonePlan,
    NotTaken, PromptMode, Taking, new_document,
};
pub use opening::{Opening, Wanted};
pub use plan::{AnyPlan, Finding};
pub use project::Project;
pub use prompts::PromptPlan;
pub use session::{BoardRow, Counts, Report, Requirements, RunOptions, Session};
pub use streams::{
    GenerateOptions, Generated, Generation, InitiativeSummary, Linked, PlannedStream, PlannedTask,
    StreamDashboard, StreamPlan, StreamRow, StreamTally, StreamWorker, Wish, task_database,
};
pub use system::{TellError, Told};
pub use view::View;
pub use waves::{
    Confirm, Decision, MadeWaves, PlanToChange, PlannedWaves, SessionSummary, WaveGeneration, WavePlan,
    WaveTaskLine, makes_waves, sessions,
};
pub use weavers::{PlannedSpec, Restacked, StackEntry, WeaverPlan};
pub use worktrees::{ListedWorktree, worktree_in_use};

// What the types above are made of.
pub use orch_git::Rescued;
pub use orch_prompt::{Block, Source};
pub use orch_state_commits::{PlanCommit, PlanTask, TaskId};
pub use orch_state_git::{InUse, PlanUpdated, PlannedTask as TaskToPlan, ReplacedTask, UpdatePlanInput};
pub use orch_state_md::planning;
pub use orch_state_sqlite::{DbError, Phase, TaskStatus};
pub use orch_store::{Holder, TaskRecord};

// What a terminal session that orch opens is to run, see `RunOptions::pane`.
pub use orch_exec::tmux::pane;

// What sees the workers of a run end, see `RunOptions::witness`.
pub use orch_exec::process::witness;

// Reading the log of a worker in parts, while it grows.
pub use orch_exec::process::log;
