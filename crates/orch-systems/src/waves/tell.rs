//! What the worker of a task is told.

use std::path::Path;

use orch_core::TaskIx;
use orch_prompt::{Prompts, Rendered, WAVE, Wave, WaveNeed, WaveOther};
use orch_state_commits::{PlanTask, Source};

use super::WavePlan;
use crate::system::TellError;

/// In which circumstances a worker is told.
pub(super) struct Circumstances<'a> {
    /// The other tasks under way.
    pub(super) others: &'a [TaskIx],
    /// What is known of the attempt before.
    pub(super) previous: Option<&'a str>,
    /// Its work tree, or where that would be.
    pub(super) worktree: &'a Path,
    /// Its branch, or the one that it would get.
    pub(super) branch: &'a str,
    /// The command that orch runs before it merges.
    pub(super) verify: Option<&'a str>,
    /// Whether it has orch's tools.
    pub(super) tools: bool,
}

/// What the worker of a task is told.
pub(super) fn tell(
    plan: &WavePlan,
    prompts: &Prompts,
    task: TaskIx,
    circumstances: &Circumstances<'_>,
) -> Result<Rendered, TellError> {
    let planned = plan.task(task);
    let by: Vec<Option<String>> = planned.preconditions.iter().map(|name| provider(plan, name)).collect();
    let preconditions: Vec<WaveNeed<'_>> = planned
        .preconditions
        .iter()
        .zip(&by)
        .map(|(name, by)| WaveNeed { name, by: by.as_deref() })
        .collect();
    let provides: Vec<&str> = planned.provides.iter().map(String::as_str).collect();
    let files: Vec<&str> = planned.files.iter().map(|file| file.as_str()).collect();
    let files_of: Vec<Vec<&str>> =
        circumstances.others.iter().map(|&other| plan.files(other).collect()).collect();
    let others: Vec<WaveOther<'_>> = circumstances
        .others
        .iter()
        .zip(&files_of)
        .map(|(&other, files)| WaveOther { id: plan.plan.id(other), title: plan.plan.title(other), files })
        .collect();
    let version = format!("v{}", plan.commit.version);
    let worktree = circumstances.worktree.to_string_lossy();
    let values = Wave {
        id: plan.plan.id(task),
        title: planned.title(),
        description: &planned.description,
        session_goal: &plan.commit.user_request,
        session_id: plan.session(),
        plan_branch: plan.branch(),
        plan_version: &version,
        architecture: &plan.commit.architecture,
        preconditions: &preconditions,
        provides: &provides,
        files: &files,
        notes: &planned.notes,
        estimated_time: &planned.estimated_time,
        priority: &planned.priority,
        branch: circumstances.branch,
        worktree: &worktree,
        others: &others,
        verify: circumstances.verify,
        previous: circumstances.previous,
        tools: circumstances.tools,
    };
    Ok(prompts.render(WAVE, &values)?)
}

/// Who provides a capability: a task of the plan, or one of an earlier session.
fn provider(plan: &WavePlan, name: &str) -> Option<String> {
    if let Some(found) = plan.provided.provider(name) {
        return Some(match found.source {
            Source::Earlier => format!("task {} of an earlier session", found.by),
            Source::Merge | Source::Plan => format!("task {}", found.by),
        });
    }
    let provides = |task: &&PlanTask| task.provides.iter().any(|provided| provided.trim() == name.trim());
    plan.commit.live().into_iter().find(provides).map(|task| format!("task {}", task.id))
}
