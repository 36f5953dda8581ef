//! The tools for the tasks of streams, over a `tasks.db`.

mod operation;
mod table;

use std::path::PathBuf;

use orch_state_sqlite::{DbError, TaskDb, ToolError, Tools};

use crate::arguments;
use crate::clock::now;
use crate::host::{Answer, Object, Tool, ToolHost};
use operation::{Failure, Needs, Operation};

const INSTRUCTIONS: &str = "\
Plans and tasks that several workers do at once, in streams. To plan: initiative_link, then prd_create, then a \
task_create for each piece of work, with metadata.streamId and the streams that it waits for; stream_list shows what came \
of it. To work: task_list with your streamId, task_update when you begin a task and when it is completed, and \
progress_summary to see how everything stands. Ids are those that the tools gave you.";

/// The tools of Task Copilot over one `tasks.db`: PRDs, tasks, streams, progress and work products.
///
/// The file is opened anew for each call, so that it may appear, go, or be replaced between two of them. It is made by
/// the first of `initiative_link`, `prd_create` and `task_create`; until then the others say that nothing is there yet.
///
/// ```
/// use orch_mcp::{Answer, Object, TaskTools, ToolHost};
///
/// # let folder = tempfile::tempdir()?;
/// let mut tools = TaskTools::new(folder.path().join("tasks.db"), None);
/// assert_eq!(tools.tools().len(), 17);
/// let Answer::Refused(text) = tools.call("stream_list", Object::new()) else { unreachable!() };
/// assert!(text.starts_with("nothing is there yet"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TaskTools {
    path: PathBuf,
    only_stream: Option<String>,
    instructions: String,
    operations: Vec<Operation>,
}

impl TaskTools {
    /// The tools over the database at `path`, which need not be there.
    ///
    /// With `only_stream`, for the worker of that stream: it may read everything, and change only what is its stream's
    /// or no stream's, as [`Tools::only_stream`] says. It begins no plan, and so never makes the database.
    pub fn new(path: PathBuf, only_stream: Option<String>) -> Self {
        let mut instructions = INSTRUCTIONS.to_owned();
        if let Some(stream) = &only_stream {
            instructions.push_str(&format!(
                " You work on the stream {stream:?}: you can change only its tasks, and those that you make are its own."
            ));
        }
        Self { path, only_stream, instructions, operations: table::operations() }
    }

    fn open(&self, needs: Needs) -> Result<Tools, DbError> {
        let db = match needs {
            Needs::Nothing if self.only_stream.is_none() => TaskDb::open_or_create(&self.path)?,
            Needs::File | Needs::Nothing => TaskDb::open(&self.path)?,
        };
        let tools = Tools::new(db);
        Ok(match &self.only_stream {
            Some(stream) => tools.only_stream(stream),
            None => tools,
        })
    }

    fn run(&self, operation: &Operation, arguments: Object) -> Result<Answer, Failure> {
        // What can't be read must not make a file.
        let ready = operation.read(arguments)?;
        let mut tools = self.open(operation.needs)?;
        Ok(ready(&mut tools, now())?)
    }
}

impl ToolHost for TaskTools {
    fn name(&self) -> &str {
        "tasks"
    }

    fn instructions(&self) -> &str {
        &self.instructions
    }

    fn tools(&self) -> Vec<Tool> {
        self.operations.iter().map(|operation| operation.tool.clone()).collect()
    }

    fn call(&mut self, tool: &str, arguments: Object) -> Answer {
        let Some(operation) = self.operations.iter().find(|operation| operation.tool.name == tool) else {
            return Answer::Refused(format!("there is no tool `{tool}`"));
        };
        self.run(operation, arguments).unwrap_or_else(|failure| {
            Answer::Refused(text(&operation.tool, &failure, self.only_stream.as_deref()))
        })
    }
}

/// What the agent is told, which may be the worker of only one stream.
fn text(tool: &Tool, failure: &Failure, only_stream: Option<&str>) -> String {
    match failure {
        Failure::Arguments(error) => arguments::refused(tool, error.to_string()),
        Failure::Tool(ToolError::Db(DbError::Missing { .. } | DbError::Empty { .. })) => {
            let next = match only_stream {
                Some(stream) => format!("no stream {stream} to work on either: tell the one who started you"),
                None => "initiative_link and prd_create begin a plan".to_owned(),
            };
            format!("nothing is there yet: no initiative, no PRD, no task; {next}")
        }
        Failure::Tool(ToolError::Db(error)) => match error.hint() {
            Some(hint) => format!("{error}\n{hint}"),
            None => error.to_string(),
        },
        Failure::Tool(error @ ToolError::Invalid { .. }) => arguments::refused(tool, error.to_string()),
        Failure::Tool(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
