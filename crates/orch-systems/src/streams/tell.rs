//! What the worker of a stream is told.

use std::io;
use std::path::Path;

use orch_core::TaskIx;
use orch_prompt::{
    OtherStream, Prompts, Rendered, STREAM, Stream, StreamName, StreamTaskDone, StreamTaskLine,
};
use orch_state_sqlite::TaskDetails;

use super::ledger::Ledger;
use super::{PlannedStream, StreamPlan};
use crate::system::TellError;

/// In which circumstances a worker is told.
pub(super) struct Circumstances<'a> {
    /// The other streams under way.
    pub(super) others: &'a [TaskIx],
    /// What is known of the attempt before.
    pub(super) previous: Option<&'a str>,
    /// The work tree of its own.
    pub(super) worktree: Option<&'a Path>,
    /// Whether it has orch's tools.
    pub(super) tools: bool,
}

/// What the worker of a stream is told, by where its tasks stand now.
pub(super) fn tell(
    plan: &StreamPlan,
    ledger: &Ledger,
    prompts: &Prompts,
    task: TaskIx,
    circumstances: &Circumstances<'_>,
) -> Result<Rendered, TellError> {
    let read = |source: io::Error| TellError::Read { path: plan.path.clone(), source };
    let stream = plan.stream(task);
    let stands = ledger.stands(task).map_err(read)?;
    let ids: Vec<&str> = stands.tasks.iter().map(|(id, _)| id.as_str()).collect();
    let details = ledger.details(&ids).map_err(read)?;
    // Whoever marked them, no worker of this stream has: it looks at each.
    let all_marked_done = stands.is_complete();
    let (done, left): (Vec<&TaskDetails>, Vec<&TaskDetails>) =
        details.iter().partition(|task| task.status.is_settled());
    let shown = if all_marked_done { &done } else { &left };
    let acceptance: Vec<Vec<&str>> =
        shown.iter().map(|task| task.acceptance_criteria.iter().map(String::as_str).collect()).collect();
    let tasks: Vec<StreamTaskLine<'_>> = shown
        .iter()
        .zip(&acceptance)
        .map(|(task, acceptance)| StreamTaskLine {
            id: &task.id,
            title: &task.title,
            description: task.description.as_deref().unwrap_or_default(),
            status: task.status.word(),
            blocked_reason: task.blocked_reason.as_deref(),
            notes: task.notes.as_deref(),
            agent: task.assigned_agent.as_deref(),
            acceptance,
        })
        .collect();
    let done: Vec<StreamTaskDone<'_>> =
        done.iter().map(|task| StreamTaskDone { id: &task.id, title: &task.title }).collect();
    let depends_on: Vec<StreamName<'_>> =
        plan.plan.graph().depends_on(task).iter().map(|&on| named(plan.stream(on))).collect();
    let files_of: Vec<Vec<&str>> =
        circumstances.others.iter().map(|&other| plan.files(other).collect()).collect();
    let others: Vec<OtherStream<'_>> = circumstances
        .others
        .iter()
        .zip(&files_of)
        .map(|(&other, files)| {
            let StreamName { id, name } = named(plan.stream(other));
            OtherStream { id, name, files }
        })
        .collect();
    let files: Vec<&str> = plan.files(task).collect();
    let worktree = circumstances.worktree.map(|path| path.to_string_lossy().into_owned());
    let StreamName { id, name } = named(stream);
    let values = Stream {
        id,
        name,
        objective: plan.plan.objective(),
        depends_on: &depends_on,
        files: &files,
        tasks: &tasks,
        done: &done,
        others: &others,
        worktree: worktree.as_deref(),
        branch: worktree.as_ref().map(|_| stream.branch.as_str()),
        previous: circumstances.previous,
        tools: circumstances.tools,
        commit: plan.in_repository,
        all_marked_done,
    };
    Ok(prompts.render(STREAM, &values)?)
}

fn named(stream: &PlannedStream) -> StreamName<'_> {
    let name = if stream.name == stream.id { "" } else { &stream.name };
    StreamName { id: &stream.id, name }
}
