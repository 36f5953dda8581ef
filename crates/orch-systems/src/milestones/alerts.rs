//! What a person has to look at before anything more is dispatched (seed 000, "Check for Problems").

use std::path::Path;

use orch_core::Status;
use orch_git::Git;
use orch_state_json::{Alert, timestamp};
use orch_store::beneath;

use super::MilestonePlan;
use super::handoff::Handoff;
use super::missed::End;

/// The most files of a summary that are looked for: one that nobody knows costs git a walk through all commits.
const LOOKED_FOR: usize = 200;

/// What a person has to look at after an attempt, if there is anything.
pub(super) fn alert(plan: &MilestonePlan, end: &End, handoff: Option<&Handoff>) -> Option<Alert> {
    let mut problems = handoff.map(|handoff| problems(plan, handoff, None)).unwrap_or_default();
    let is_bad = matches!(end.to, Status::Fail | Status::Incomplete);
    if let Some(detail) = end.detail.as_ref().filter(|detail| is_bad && !problems.contains(detail)) {
        let said = problems.join("; ");
        if said != *detail {
            problems.push(detail.clone());
        }
    }
    if problems.is_empty() && !is_bad {
        return None;
    }
    let status = match end.to {
        Status::Fail => "Blocked",
        Status::Incomplete => "Partial",
        _ => "Completed",
    };
    Some(Alert {
        milestone: plan.plan.id(end.task).to_owned(),
        status: status.to_owned(),
        problems,
        summary: handoff.and_then(|handoff| handoff.name.clone()),
        at: timestamp(end.at),
        ..Alert::default()
    })
}

/// What in a summary a person has to look at: what it says itself, and the files it claims that are nowhere, neither in
/// the project, nor in a commit of any branch, nor in the work tree that it comes from.
pub(super) fn problems(plan: &MilestonePlan, handoff: &Handoff, worktree: Option<&Path>) -> Vec<String> {
    let git = plan.in_repository.then(|| Git::at(&plan.root));
    let is_in = |folder: &Path, file: &str| beneath(folder, file).is_ok_and(|path| path.exists());
    let is_there = |file: &String| {
        is_in(&plan.root, file)
            || worktree.is_some_and(|worktree| is_in(worktree, file))
            || (beneath(&plan.root, file).is_ok()
                && git.as_ref().is_some_and(|git| git.is_known_path(file).unwrap_or(false)))
    };
    let missing = handoff.summary.files.iter().take(LOOKED_FOR).filter(|file| !is_there(file));
    let say = |file: &String| {
        format!("it names the file `{file}`, which is neither in the project nor in a commit")
    };
    handoff.problems().into_iter().chain(missing.map(say)).collect()
}

/// An alert on one line.
pub(super) fn alert_line(alert: &Alert) -> String {
    let problems =
        if alert.problems.is_empty() { "no reason was given".into() } else { alert.problems.join("; ") };
    format!("{} came back {}: {problems}", alert.milestone, alert.status)
}
