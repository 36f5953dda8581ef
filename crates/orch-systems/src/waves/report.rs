//! The final report, in the seed's form.

use std::time::Duration;

use orch_core::{Readiness, Run, Status, TaskIx, Time};
use orch_state_git::FLOW;

use super::WavePlan;
use super::workplace::KeptTree;

/// So many tasks are listed one by one.
const LISTED: usize = 50;

/// The report of a run that is over, or of one that goes on, as far as it is: as of now, and how long it took; with the work trees
/// that were kept, and the tasks whose work is not on `flow` any more.
pub(super) fn report(
    plan: &WavePlan,
    run: &Run,
    (now, took): (Time, Duration),
    kept: &[KeptTree],
    lost: &[String],
) -> String {
    let is_lost = |task: TaskIx| lost.iter().any(|id| id == run.plan().id(task));
    let is_done = |task: &TaskIx| run.status(*task) == Status::Success && !is_lost(*task);
    let all = run.plan().len();
    let done: Vec<TaskIx> = run.plan().tasks().filter(is_done).collect();
    let mut text = match done.len() == all {
        true => "✅ Development complete!\n\n".to_owned(),
        false => format!("⏸ Development stopped: {} of {all} tasks done\n\n", done.len()),
    };
    let request = plan.commit.user_request.lines().next().unwrap_or_default().trim().to_owned();
    let head = match (done.len(), request.is_empty()) {
        (0, _) => "Built nothing yet".to_owned(),
        (_, true) => "Built".to_owned(),
        (_, false) => format!("Built for \"{request}\""),
    };
    text.push_str(&format!("{head}:\n"));
    text.push_str(&list(&done, |task| format!("- {}", plan.plan.title(task))));
    let left: Vec<TaskIx> = run.plan().tasks().filter(|task| !is_done(task)).collect();
    if !left.is_empty() {
        let survey = run.survey(now);
        text.push_str("\nLeft:\n");
        text.push_str(&list(&left, |task| {
            let stands = match survey.of(task) {
                Some(Readiness::Blocked { by }) => {
                    let by = by.iter().map(|&by| run.plan().id(by)).collect::<Vec<_>>().join(", ");
                    format!("blocked by {by}")
                }
                _ if is_lost(task) => format!("not on {FLOW} any more"),
                _ => run.status(task).word().to_lowercase(),
            };
            format!("- {} {} ({stands})", run.plan().id(task), plan.plan.title(task))
        }));
    }
    let waves = waves(run, &done);
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    text.push_str(&format!("\nSession: {}\n", plan.session()));
    text.push_str(&format!("Total Tasks: {} across {}\n", done.len(), counted(waves, "wave")));
    text.push_str(&format!("Time: {}\n", minutes(took)));
    let merged = if done.len() == all { "All work" } else { "What is done is" };
    text.push_str(&format!("{merged} merged to {FLOW} branch\n"));
    text.push_str(&kept_trees(kept));
    text
}

/// What was left in the work trees of tasks that are merged, and what to do about it.
fn kept_trees(kept: &[KeptTree]) -> String {
    if kept.is_empty() {
        return String::new();
    }
    let lines = kept.iter().take(LISTED).map(|KeptTree { task, path, why }| {
        format!("- {} ({why}): save or delete that, then `orch worktree remove {task}`\n", path.display())
    });
    let more = match kept.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("- and {more} more: `orch worktree list`\n"),
    };
    format!("\nWork trees that are kept:\n{}{more}", lines.collect::<String>())
}

fn list(tasks: &[TaskIx], line: impl Fn(TaskIx) -> String) -> String {
    let mut lines: Vec<String> = tasks.iter().take(LISTED).map(|&task| line(task)).collect();
    if let Some(more) = tasks.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(format!("- and {more} more"));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// In how many waves these tasks were.
fn waves(run: &Run, tasks: &[TaskIx]) -> usize {
    let depths = run.plan().depths();
    let mut waves: Vec<u32> = tasks.iter().map(|task| depths[task.index()]).collect();
    waves.sort_unstable();
    waves.dedup();
    waves.len()
}

fn minutes(took: Duration) -> String {
    match took.as_secs() {
        0 => "less than a second".into(),
        1 => "1 second".into(),
        seconds @ 2..=119 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", (seconds + 30) / 60),
    }
}
