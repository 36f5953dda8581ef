//! What the worker of a prompt is told, as values for the template [`WORKER`].

use serde::Serialize;

/// The template for the worker of one prompt.
pub const WORKER: &str = "prompts/worker.md";

/// A text and the file it was read from.
///
/// A template says `{{ name.text }}` and `{{ name.path }}`; an explanation names the file as the source.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FromFile<'a> {
    /// The file, as the worker should be told of it.
    pub path: &'a str,
    /// All that is in it.
    pub text: &'a str,
}

/// The values for [`WORKER`]: one task of a larger plan.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Worker<'a> {
    /// The task's id.
    pub task: &'a str,
    /// Which attempt at it this is, from one.
    pub attempt: u32,
    /// What the whole plan is for, in a line.
    pub objective: &'a str,
    /// The prompt file of the task.
    pub prompt: FromFile<'a>,
    /// Where the worker writes its own plan, such as `PROMPT-01-parser-PLAN.md`.
    pub plan_path: &'a str,
    /// The branch that the work is based on.
    pub base_branch: &'a str,
    /// What an earlier attempt reported, if there was one.
    pub previous: Option<&'a str>,
}
