//! The tools for plans and tasks that are kept in the branches of a repository.

mod table;

use std::path::{Path, PathBuf};

use orch_state_git::{InUse, PlanRepository, Refusal, ToolError};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::arguments;
use crate::host::{Answer, Effect, Object, Tool, ToolHost};

const INSTRUCTIONS: &str = "\
Plans and tasks kept in the branches of this git repository. To plan: create_plan_branch with all tasks, then, for each task \
whose preconditions are in get_provides, create_task_branch and create_worktree. To work: parse_task on your branch says what \
is to be done. When tasks are done and merged to flow: remove_worktree, update_plan_branch with what is done and what was \
learned, and the next tasks. Nothing is ever checked out in the main work tree, so that it may hold anything.";

/// The tools of seed 004 over the repository of a folder: plans, tasks, work trees of workers.
///
/// The repository is looked at anew for each call. What is refused is told as JSON: `error`, `hint`, and where a person has to
/// do something first, `action_required`.
///
/// ```
/// use orch_mcp::{Answer, GitTools, Object, ToolHost};
///
/// # let folder = tempfile::tempdir()?;
/// let mut tools = GitTools::new(folder.path().into());
/// assert_eq!((tools.name(), tools.tools().len()), ("git", 9));
/// let Answer::Refused(text) = tools.call("get_provides", Object::new()) else { unreachable!() };
/// assert!(text.contains("\"error\": \"Not a git repository\""));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct GitTools {
    repository: PlanRepository,
    operations: Vec<Operation>,
    /// Whoever calls is the worker of a task, whose work is judged by others.
    for_worker: bool,
}

impl GitTools {
    /// The tools over the repository in which `folder` lies, which need not be there.
    pub fn new(folder: PathBuf) -> Self {
        Self { repository: PlanRepository::at(folder), operations: table::operations(), for_worker: false }
    }

    /// The same, with work trees spared in which somebody works, as this one tells.
    #[must_use]
    pub fn sparing(self, in_use: fn(&Path) -> Option<InUse>) -> Self {
        Self { repository: self.repository.sparing(in_use), ..self }
    }

    /// The same for the worker of a task: that a task is completed is not its to say.
    #[must_use]
    pub fn for_worker(self, for_worker: bool) -> Self {
        Self { for_worker, ..self }
    }

    /// Whether the call says what only a merge may.
    fn is_not_its_to_say(&self, tool: &str, arguments: &Object) -> bool {
        let says =
            |key: &str| arguments.get(key).and_then(Value::as_array).is_some_and(|ids| !ids.is_empty());
        self.for_worker && tool == table::UPDATE && says(table::COMPLETED)
    }
}

impl ToolHost for GitTools {
    fn name(&self) -> &str {
        "git"
    }

    fn instructions(&self) -> &str {
        INSTRUCTIONS
    }

    fn tools(&self) -> Vec<Tool> {
        self.operations.iter().map(|operation| operation.tool.clone()).collect()
    }

    fn call(&mut self, tool: &str, arguments: Object) -> Answer {
        if self.is_not_its_to_say(tool, &arguments) {
            return refused(
                "a worker does not say which tasks are completed: that is known by their merges\nleave completed_task_ids out; \
                 commit TASK_COMPLETE on the branch of your task when it is done",
            );
        }
        match self.operations.iter().find(|operation| operation.tool.name == tool) {
            Some(operation) => operation.run(&self.repository, arguments),
            None => self.refuse(tool, format!("there is no tool `{tool}`")),
        }
    }

    fn refuse(&self, _tool: &str, problem: String) -> Answer {
        refused(&problem)
    }
}

/// A problem with what was asked, in the shape of this host: the first line is the error, what follows the hint.
fn refused(problem: &str) -> Answer {
    let (error, hint) = problem.split_once('\n').unwrap_or((problem, ""));
    Answer::refused_json(&Refusal {
        error: error.to_owned(),
        hint: (!hint.is_empty()).then(|| hint.to_owned()),
        action_required: None,
        current_directory: None,
    })
}

type Work = Box<dyn Fn(&PlanRepository, Object) -> Result<Answer, Failure> + Send>;

/// Why a call was not done.
enum Failure {
    Arguments(serde_json::Error),
    Tool(ToolError),
}

/// A tool and how it is done.
struct Operation {
    tool: Tool,
    work: Work,
}

impl Operation {
    fn new<I, O>(
        effect: Effect,
        [name, title, description]: [&'static str; 3],
        work: fn(&PlanRepository, &I) -> Result<O, ToolError>,
        example: Value,
    ) -> Self
    where
        I: JsonSchema + DeserializeOwned + 'static,
        O: Serialize + 'static,
    {
        let tool = Tool::new::<I>(name, title, description).effect(effect).example(example);
        let work = move |repository: &PlanRepository, arguments| {
            let input: I = serde_json::from_value(Value::Object(arguments)).map_err(Failure::Arguments)?;
            work(repository, &input).map(|output| Answer::json(&output)).map_err(Failure::Tool)
        };
        Self { tool, work: Box::new(work) }
    }

    fn run(&self, repository: &PlanRepository, arguments: Object) -> Answer {
        (self.work)(repository, arguments).unwrap_or_else(|failure| match failure {
            Failure::Arguments(error) => refused(&arguments::refused(&self.tool, error.to_string())),
            Failure::Tool(error) => Answer::refused_json(&error.refusal()),
        })
    }
}

#[cfg(test)]
mod tests;
