//! What the worker of a task in a wave is told, the agent that plans the waves, and the one that answers for the person (seed
//! 004), as values for the templates of that name.
//!
//! All values are other people's text: plans are commit messages, which any agent may have written. What a task says stands in
//! a block that it can't end; names, ids, paths and titles are put on one line each and cut where they are long. What a plan
//! says of the whole is told in a bounded part, and so are lists.

use serde::Serialize;

/// The template for the whole prompt of a task's worker; its values are a [`Wave`].
pub const WAVE: &str = "waves/worker.md";
/// The template for the agent that makes a plan of waves; its values are a [`WavePlanning`].
pub const WAVE_PLAN: &str = "waves/plan.md";
/// The template for the same agent when there is something to be made or mended; its values are a [`WavePlanningAgain`].
pub const WAVE_PLAN_AGAIN: &str = "waves/plan_again.md";
/// The template for the agent that answers in the person's place; its values are a [`WaveConfirm`].
pub const WAVE_CONFIRM: &str = "waves/confirm.md";

/// The values for [`WAVE`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Wave<'a> {
    /// Its id, such as `001`.
    pub id: &'a str,
    /// The first line of its description.
    pub title: &'a str,
    /// What it asks for. Any number of lines.
    pub description: &'a str,
    /// What the whole session is for. Any number of lines.
    pub session_goal: &'a str,
    /// The session, such as `session-20250112-143000`.
    pub session_id: &'a str,
    /// The branch of the plan, such as `plan/session-20250112-143000`.
    pub plan_branch: &'a str,
    /// The version of the plan, such as `v2`.
    pub plan_version: &'a str,
    /// How the whole is built, and what was learned in earlier waves; empty when the plan doesn't say. Of a long one the
    /// beginning and the end are told.
    pub architecture: &'a str,
    /// The capabilities that had to be there first.
    pub preconditions: &'a [WaveNeed<'a>],
    /// The capabilities that have to be there when it is done.
    pub provides: &'a [&'a str],
    /// The files that it makes or changes, as the plan names them.
    pub files: &'a [&'a str],
    /// What else the plan says of it; empty when it says no more.
    pub notes: &'a str,
    /// How long it may take, such as `8 minutes`; empty when the plan doesn't say.
    pub estimated_time: &'a str,
    /// How urgent it is, such as `high`; empty when the plan doesn't say.
    pub priority: &'a str,
    /// Its branch, such as `task/001-user-model`.
    pub branch: &'a str,
    /// The absolute path of the worker's own work tree.
    pub worktree: &'a str,
    /// The tasks that are worked on at the same time.
    pub others: &'a [WaveOther<'a>],
    /// The command that orch runs before it merges.
    pub verify: Option<&'a str>,
    /// How the attempt before ended, and what it said, if there was one.
    pub previous: Option<&'a str>,
    /// Whether orch's tools are attached, as the MCP server `git`.
    pub tools: bool,
}

/// A capability that a task needs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WaveNeed<'a> {
    /// Its name, in the plan's words.
    pub name: &'a str,
    /// Who has provided it, such as `task 001`, if that is known.
    pub by: Option<&'a str>,
}

/// A task that is worked on at the same time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WaveOther<'a> {
    /// Its id.
    pub id: &'a str,
    /// The first line of its description.
    pub title: &'a str,
    /// The files that it makes or changes.
    pub files: &'a [&'a str],
}

/// The values for [`WAVE_PLAN`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WavePlanning<'a> {
    /// What is asked for, in somebody's words.
    pub request: &'a str,
    /// The session that the plan has to be made for, such as `session-20250112-143000`.
    pub session_id: &'a str,
    /// The branch that its plan gets, such as `plan/session-20250112-143000`.
    pub plan_branch: &'a str,
    /// The capabilities that are there already, from earlier sessions.
    pub provided: &'a [&'a str],
    /// Earlier sessions, the newest first.
    pub earlier: &'a [WaveSession<'a>],
    /// The absolute path of the project.
    pub working_directory: &'a str,
}

/// An earlier session.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WaveSession<'a> {
    /// Its id.
    pub id: &'a str,
    /// The first line of what was asked for.
    pub request: &'a str,
}

/// The values for [`WAVE_PLAN_AGAIN`].
///
/// ```
/// use orch_prompt::{Prompts, WAVE_PLAN, WAVE_PLAN_AGAIN, WavePlanning, WavePlanningAgain};
/// let prompts = Prompts::new(None);
/// let plan = prompts.render(WAVE_PLAN, &WavePlanning {
///     request: "Add user authentication",
///     session_id: "session-20250112-143000",
///     plan_branch: "plan/session-20250112-143000",
///     provided: &[],
///     earlier: &[],
///     working_directory: "/project",
/// })?;
/// let again = WavePlanningAgain {
///     findings: &["the branch plan/session-20250112-143000 was not made"],
///     made: false,
///     plan: &plan.text,
///     feedback: "",
/// };
/// let told = prompts.render(WAVE_PLAN_AGAIN, &again)?;
/// assert!(told.text.starts_with("CRITICAL: ") && told.text.trim_end().ends_with(plan.text.trim_end()));
/// # Ok::<(), orch_prompt::PromptError>(())
/// ```
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WavePlanningAgain<'a> {
    /// What was found, a line each.
    pub findings: &'a [&'a str],
    /// Whether the plan's branch is there.
    pub made: bool,
    /// What the agent was told before: [`WAVE_PLAN`], rendered.
    pub plan: &'a str,
    /// What the person said who did not agree to the plan; empty when nobody was asked.
    pub feedback: &'a str,
}

/// The values for [`WAVE_CONFIRM`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WaveConfirm<'a> {
    /// What was asked for, in the person's words.
    pub request: &'a str,
    /// The plan by waves.
    pub summary: &'a str,
}
