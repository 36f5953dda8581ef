//! The tools that Task Copilot gives agents (`task_create`, `stream_list` and so on), with the originals' inputs and outputs.
//!
//! Three things are different on purpose:
//!
//! - **Key names.** The originals' orchestrator reads a stream's `dependencies`, their server `streamDependencies`. Whichever
//!   an agent gives, both are stored with the union of the two, and a cycle over streams is refused whichever key it is made
//!   with.
//! - **Scope lock.** The originals guess from words in a PRD's title what type it is, and lock the scope of features: then only
//!   a task that is assigned to `ta` may be added, though the workers that tasks are meant for are called otherwise. Whom a task
//!   is assigned to says nothing about who adds it. So orch locks no PRD, and adds tasks to those that the originals locked.
//! - **Streams of a task list.** `task_list` takes a `streamId`, as the originals' own prompt for workers expects.
//!
//! Not done, on purpose: quality gates, checkpoints and iterations, activation modes, the log of activity and the records of
//! agents' performance. Their tables are left alone.

mod error;
mod graph;
mod initiatives;
mod limits;
mod metadata;
mod places;
mod prds;
mod progress;
mod shelves;
mod stop;
mod stream_rows;
mod streams;
mod task_reading;
mod task_writing;
mod work_products;
mod workers;

pub use error::ToolError;
pub use initiatives::{InitiativeLinkInput, InitiativeLinked, new_initiative_id};
pub use prds::{PrdCreateInput, PrdCreated, PrdGetInput, PrdInFull, PrdListInput, PrdListed};
pub use progress::{PrdCounts, Progress, ProgressSummaryInput, TaskCounts};
pub use shelves::{StreamArchiveAllInput, StreamUnarchiveInput, StreamUnarchived, StreamsArchived};
pub use streams::{
    Conflict, ConflictCheckInput, Conflicts, StreamGetInput, StreamInFull, StreamListInput, StreamListed,
    StreamTaskListed, Streams, UnreadableListed,
};
pub use task_reading::{SubtaskListed, TaskGetInput, TaskInFull, TaskListInput, TaskListed};
pub use task_writing::{TaskCreateInput, TaskCreated, TaskUpdateInput, TaskUpdated};
pub use work_products::{
    WorkProductGetInput, WorkProductInFull, WorkProductListInput, WorkProductListed, WorkProductStoreInput,
    WorkProductStored, WorkProductType,
};

use rusqlite::Connection;
use stop::Stop;

use crate::TaskDb;

/// The tools over an open database, for one agent.
///
/// ```
/// use orch_core::Time;
/// use orch_state_sqlite::{PrdCreateInput, StreamListInput, TaskCreateInput, TaskDb, Tools};
/// use serde_json::{from_value, json};
///
/// # let folder = tempfile::tempdir()?;
/// let mut tools = Tools::new(TaskDb::open_or_create(&folder.path().join("tasks.db"))?);
/// let now = Time::from_millis(1_768_833_000_000);
/// let prd: PrdCreateInput = from_value(json!({"title": "OAuth", "content": "Sign in with OAuth."}))?;
/// let prd = tools.prd_create(prd, now)?;
/// let task: TaskCreateInput = from_value(json!({
///     "title": "Tables", "prdId": prd.id, "metadata": {"streamId": "Stream-A", "dependencies": []},
/// }))?;
/// tools.task_create(task, now)?;
/// let streams = tools.stream_list(&StreamListInput::default())?.streams;
/// assert_eq!((streams[0].stream_id.as_str(), streams[0].total_tasks), ("Stream-A", 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Tools {
    db: TaskDb,
    only_stream: Option<String>,
}

impl Tools {
    /// The tools over `db`, for somebody who may do anything.
    pub fn new(db: TaskDb) -> Self {
        Self { db, only_stream: None }
    }

    /// The same for the worker of one stream: it may read everything, and change only what is its stream's or no stream's.
    ///
    /// The tasks that it makes are its stream's, whether or not it says so, and belong to the PRD of that stream's tasks
    /// unless it names another: of the current initiative's where it has any, and to the one made last of several. What they
    /// wait for has to be there. A stream that is not there has nobody who could change anything for it.
    #[must_use]
    pub fn only_stream(self, stream: impl Into<String>) -> Self {
        Self { only_stream: Some(stream.into()), ..self }
    }

    /// The database.
    pub fn db(&self) -> &TaskDb {
        &self.db
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Stop>) -> Result<T, ToolError> {
        let database = self.db.database();
        database.read(work).map_err(|stop| stop.located(database))
    }

    fn write<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, Stop>) -> Result<T, ToolError> {
        let database = self.db.writable()?;
        database.write(work).map_err(|stop| stop.located(database))
    }
}
