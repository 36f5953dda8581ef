//! Plans kept in the branches of a repository (seed 004).
//!
//! A plan is the newest commit of `plan/<session>`, a task the first one of `task/<id>-<slug>`; both are cut from `flow`, to
//! which finished work is merged. [`PlanRepository`] has a method for each of the original tools, with their inputs and
//! outputs; for a run it has [`plan`](PlanRepository::plan), [`sessions`](PlanRepository::sessions),
//! [`record`](PlanRepository::record), [`open_task_branch`](PlanRepository::open_task_branch) and
//! [`said_on`](PlanRepository::said_on). What the messages say is for `orch-state-commits`, what git does for `orch-git`.
//!
//! # What is promised
//!
//! - Branches are written without a checkout: the main work tree and its index stay as they are, whatever is in them.
//! - Any number of calls may run at once, in one process or in several. Of two that make one branch, one succeeds; of two that
//!   update one plan, both arrive.
//! - A work tree is never removed with work in it that is in no commit, nor while somebody works in it, as far as whoever
//!   [says so](PlanRepository::sparing) knows.
//! - Whatever an agent gives is checked before anything is done. A call that fails has changed nothing.
//!
//! ```no_run
//! use orch_state_git::{BranchInput, PlanRepository, ProvidesInput};
//!
//! let repository = PlanRepository::at("/home/me/project");
//! let provided = repository.get_provides(&ProvidesInput::default())?;
//! let task = repository.parse_task(&BranchInput { branch: "task/002-auth-service".into() })?;
//! println!("{}: {}", task.id, task.preconditions.iter().all(|name| provided.contains(name)));
//! # Ok::<(), orch_state_git::ToolError>(())
//! ```
#![forbid(unsafe_code)]

mod error;
mod look;
mod overview;
mod planned;
mod plans;
mod provides;
mod reading;
mod records;
mod related;
mod repository;
mod said;
mod task_branches;
mod tasks;
mod versions;
mod worktrees;

pub use error::{Refusal, ToolError};
pub use overview::{PlanOnBranch, SessionEntry};
pub use planned::PlannedTask;
pub use plans::{BranchCreated, CreatePlanInput, PlanUpdated, ReplacedTask, UpdatePlanInput};
pub use provides::ProvidesInput;
pub use reading::BranchInput;
pub use repository::{FLOW, InUse, PlanRepository};
pub use said::Said;
pub use tasks::CreateTaskInput;
pub use worktrees::{CreateWorktreeInput, RemoveWorktreeInput, WorktreeCreated, WorktreeRemoved};
