//! What the worker of a stream and the agent that plans streams are told (seed 001), as values for the templates of that
//! name.
//!
//! All values are other people's text: a database holds what any agent has put there. What a task says stands in a block
//! that it can't end; names, ids, paths and reasons are put on one line each and cut where they are long. A worker that has
//! the tools to read the rest is told a bounded number of tasks, and of each a bounded part; one that has none is told all.

use serde::Serialize;

/// The template for the whole prompt of a stream's worker; its values are a [`Stream`].
pub const STREAM: &str = "streams/worker.md";
/// The template for the agent that makes a PRD and tasks of a feature; its values are a [`StreamPlan`].
pub const STREAM_PLAN: &str = "streams/plan.md";
/// The template for the same agent, more urgently, when it stored nothing; its values are a [`StreamPlanAgain`].
pub const STREAM_PLAN_AGAIN: &str = "streams/plan_again.md";

/// The values for [`STREAM`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Stream<'a> {
    /// Its id, such as `Stream-A`.
    pub id: &'a str,
    /// Its name; empty when it has none beside the id.
    pub name: &'a str,
    /// What the whole plan is for: the title of the initiative; empty when there is none.
    pub objective: &'a str,
    /// The streams that it waited for.
    pub depends_on: &'a [StreamName<'a>],
    /// The files that it changes, as its tasks name them.
    pub files: &'a [&'a str],
    /// The tasks that are to be done, in their order. When `all_marked_done`, those to be verified, as far as more than
    /// their titles is to be told.
    pub tasks: &'a [StreamTaskLine<'a>],
    /// The tasks that are completed.
    pub done: &'a [StreamTaskDone<'a>],
    /// The streams that are worked on at the same time.
    pub others: &'a [OtherStream<'a>],
    /// The absolute path of the worker's own work tree; none when it works in the main checkout.
    pub worktree: Option<&'a str>,
    /// The branch that is checked out.
    pub branch: Option<&'a str>,
    /// How the attempt before ended, and what it said, if there was one.
    pub previous: Option<&'a str>,
    /// Whether orch's tools are attached, as the MCP server `task-copilot`. Without them the worker is told where it finds
    /// how to start that server.
    pub tools: bool,
    /// Whether there is a git repository to commit to.
    pub commit: bool,
    /// Whether all tasks are marked as completed although no worker of this stream has run: they are to be verified.
    pub all_marked_done: bool,
}

/// A stream by its id and name.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StreamName<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name; empty when it has none beside the id.
    pub name: &'a str,
}

/// A task that is to be done.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StreamTaskLine<'a> {
    /// Its id, such as `TASK-` and a UUID.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// What it asks for; empty when it says no more than its title.
    pub description: &'a str,
    /// Its status as the database spells it: `pending`, `in_progress` or `blocked`, or `completed` where it is to be
    /// verified.
    pub status: &'a str,
    /// Why it is blocked.
    pub blocked_reason: Option<&'a str>,
    /// The notes that were taken of it.
    pub notes: Option<&'a str>,
    /// The agent that it is assigned to, such as `qa`.
    pub agent: Option<&'a str>,
    /// What has to hold when it is done, one line each.
    pub acceptance: &'a [&'a str],
}

/// A task that is completed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StreamTaskDone<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
}

/// Another stream that is worked on at the same time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OtherStream<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name; empty when it has none beside the id.
    pub name: &'a str,
    /// The files that it changes, as its tasks name them.
    pub files: &'a [&'a str],
}

/// The values for [`STREAM_PLAN`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StreamPlan<'a> {
    /// What is asked for, in somebody's words.
    pub feature: &'a str,
    /// The agents that tasks may be assigned to, such as `me|qa|doc`.
    pub agents: &'a str,
}

/// The values for [`STREAM_PLAN_AGAIN`].
///
/// ```
/// use orch_prompt::{Prompts, STREAM_PLAN, STREAM_PLAN_AGAIN, StreamPlan, StreamPlanAgain};
/// let prompts = Prompts::new(None);
/// let plan = prompts.render(STREAM_PLAN, &StreamPlan { feature: "Sign-in with OAuth", agents: "me|qa|doc" })?;
/// let again = StreamPlanAgain { prds: 0, streams: 0, plan: &plan.text };
/// let told = prompts.render(STREAM_PLAN_AGAIN, &again)?;
/// assert!(told.text.starts_with("CRITICAL: ") && told.text.trim_end().ends_with(plan.text.trim_end()));
/// # Ok::<(), orch_prompt::PromptError>(())
/// ```
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StreamPlanAgain<'a> {
    /// How many PRDs were found.
    pub prds: usize,
    /// How many streams were found.
    pub streams: usize,
    /// What the agent was told before: [`STREAM_PLAN`], rendered.
    pub plan: &'a str,
}
