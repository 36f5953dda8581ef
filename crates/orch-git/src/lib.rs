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

mod branch;
mod program;
mod repository;

pub use branch::{BaseBranch, How};
pub use program::{Git, GitError};
