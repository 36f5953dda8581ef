//! Plans and tasks kept as commit messages (seed 004). Text in, text out; no git.
//!
//! Each kind of commit has a type with `read`, which takes every form that the original tools and agents write, and for those
//! that orch writes as well a `write`, which gives the original tool's form.
//!
//! | commit | type | written by |
//! |---|---|---|
//! | `Initialize task/001-user-model` | [`TaskCommit`] | orch |
//! | `Initialize execution plan v1`, `Update execution plan v2` | [`PlanCommit`] | orch |
//! | `[task-001] Implement: … (2/5)` | [`WorkerCommit`] | workers |
//! | `Merge task/001: …` | [`MergeCommit`] | orch, workers |
//! | `TASK_COMPLETE: task-001`, `TASK_BLOCKED: why` | [`Completion`] | orch, workers |
//!
//! [`PlanCommit::update`] is the next version of a plan, [`Provided`] what finished work provides, [`check_capabilities`] what is
//! wrong with a plan's capabilities, and [`parsed`] what the original tools answer.
//!
//! # What is promised
//!
//! - Reading never fails on account of what a value says, only when a message is of another kind, too large, or of a task
//!   without an id. What no field takes is kept: as a section, or in the notes.
//! - What `write` accepts, `read` gives back the same, whatever it looks like: headings, fields and lists within values are
//!   values. What `read` gives, `write` accepts. `tidied` makes any other value writable.
//! - Values of one line are read by the originals' parser as well, with two limits that are its own: a value within which the
//!   name of a list and a colon stand (`it provides x: y`) is taken for that list, and of several lines it reads the first.
//!
//! ```
//! use orch_state_commits::{PlanCommit, PlanTask, Provided, TaskCommit, Update, check_capabilities};
//!
//! let mut plan = PlanCommit::new("session-20250112-143000");
//! plan.user_request = "Add user authentication".into();
//! let mut model = PlanTask::new("001".parse()?, "Create User model\n## Dependencies\nnone of these is a heading");
//! model.provides = vec!["User model class".into()];
//! let mut service = PlanTask::new("002".parse()?, "Create AuthService");
//! service.preconditions = vec!["User model class".into()];
//! plan.tasks = vec![model, service];
//! assert!(check_capabilities(&plan, &Provided::default()).is_empty());
//!
//! let message = plan.write()?;
//! assert_eq!(PlanCommit::read(&message)?, plan);
//! let second = plan.update(&Update { completed: vec!["001".parse()?], ..Update::default() })?;
//! assert_eq!((second.version, second.progress()), (2, (1, 2)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod completion;
mod merge_commit;
mod names;
pub mod parsed;
mod plan;
mod planned_file;
mod provided;
mod status;
mod task_commit;
mod text;
mod unreadable;
mod worker;

pub use completion::{Completion, LastWord};
pub use merge_commit::MergeCommit;
pub use names::{PlanBranch, SessionId, Slug, TaskBranch, TaskId, UnfitName};
pub use plan::{Learning, PlanCommit, PlanTask, Replacement, Update, UpdateError, check_capabilities};
pub use planned_file::PlannedFile;
pub use provided::{Capability, Provided, Source};
pub use status::TaskStatus;
pub use task_commit::TaskCommit;
pub use text::{Section, Unwritable};
pub use unreadable::Unreadable;
pub use worker::{Progress, Todo, WorkerCommit, WorkerStep};
