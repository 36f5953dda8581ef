//! Task Copilot's databases (seed 001): `tasks.db` with its PRDs, its tasks and the streams that they form, and `memory.db`
//! with the initiative that they belong to.
//!
//! Streams are no table. A task belongs to one by the `streamId` in its metadata, so [`TaskDb::stream_tasks`] gives the tasks
//! and who asks puts them together. [`Tools`] are what agents change them with. Everything in these files is written by other
//! programs and by agents: a row that can't be understood is an [`UnreadableTask`] or a [`DbError`] that names it.
//!
//! ```
//! use orch_state_sqlite::{Scope, TaskDb};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("tasks/my-app/tasks.db");
//! let db = TaskDb::open_or_create(&path)?;
//! let found = db.stream_tasks(&Scope::Current)?;
//! assert!(found.tasks.is_empty() && found.initiative.is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod database;
mod error;
mod fault;
mod memory_db;
mod record;
mod schema;
mod status;
mod stream_metadata;
mod stream_name;
mod tasks_db;
mod timestamp;
mod tools;
mod workspace;

pub use error::DbError;
pub use memory_db::{MemoryDb, MemoryInitiative};
pub use status::{Phase, TaskStatus};
pub use stream_metadata::StreamMetadata;
pub use stream_name::stream_named;
pub use tasks_db::{
    Initiative, RowMark, Scope, Standing, StreamTask, StreamTasks, TaskDb, TaskDetails, UnreadableTask,
};
pub use timestamp::timestamp;
pub use tools::{
    Conflict, ConflictCheckInput, Conflicts, InitiativeLinkInput, InitiativeLinked, PrdCounts,
    PrdCreateInput, PrdCreated, PrdGetInput, PrdInFull, PrdListInput, PrdListed, Progress,
    ProgressSummaryInput, StreamArchiveAllInput, StreamGetInput, StreamInFull, StreamListInput, StreamListed,
    StreamTaskListed, StreamUnarchiveInput, StreamUnarchived, Streams, StreamsArchived, SubtaskListed,
    TaskCounts, TaskCreateInput, TaskCreated, TaskGetInput, TaskInFull, TaskListInput, TaskListed,
    TaskUpdateInput, TaskUpdated, ToolError, Tools, UnreadableListed, WorkProductGetInput, WorkProductInFull,
    WorkProductListInput, WorkProductListed, WorkProductStoreInput, WorkProductStored, WorkProductType,
    new_initiative_id,
};
pub use workspace::workspace_hash;
