//! Git through the program the user configured, with argument vectors only.
//!
//! Nothing here passes a shell, asks on the terminal or opens an editor. What is read is git's own output in the
//! `C` locale, so that it means the same on every machine.
//!
//! ```no_run
//! let git = orch_git::Git::at("/home/me/project");
//! let base = git.default_branch();
//! println!("{} ({:?})", base.name, base.found);
//! # let _ = git.is_dirty()?;
//! # Ok::<(), orch_git::GitError>(())
//! ```

mod abandoned;
mod add;
mod advance;
mod aside;
mod branch;
mod catch_up;
mod commit;
mod commit_on;
mod contained;
mod delete;
mod error;
mod files;
mod hidden;
mod identity;
mod known;
mod lock;
mod merge;
mod merge_into;
mod message;
mod name;
mod obstacle;
mod program;
mod rebase;
mod remote;
mod remove;
mod replace;
mod repository;
mod rescue;
mod restack;
mod setting;
mod state;
mod worktree;

pub use add::Added;
pub use branch::{BaseBranch, How};
pub use commit::Commit;
pub use commit_on::{CommitError, Tip};
pub use error::GitError;
pub use files::Touched;
pub use merge::{MergeError, Merged};
pub use message::{Bounds, CommitMessage, Messages};
pub use name::{BranchName, UnfitName};
pub use program::Git;
pub use rebase::{RestackError, Restacked};
pub use remove::Force;
pub use rescue::{Rescue, Rescued};
pub use restack::{Reason, RestackPlan, RestackStep, Stacked};
pub use state::{Nested, Operation, WorktreeState};
pub use worktree::{Worktree, WorktreeError};
