//! What a person has to look at before anything more is dispatched.

use orch_core::Status;
use orch_git::Git;
use orch_state_json::{Alert, timestamp};
use orch_store::beneath;

use super::MilestonePlan;
use super::handoff::Handoff;
use super::missed::End;

/// The most files of a summary that are looked for.
const LOOKED_FOR: usize = 200;

/// What a person has to look at after an attempt, if there is anything.
pub(super) fn alert(plan: &MilestonePlan, end: &End, handoff: Option<&Handoff>) -> Option<Alert> {
    let mut problems = handoff.map(Handoff::problems).unwrap_or_default();
    problems.extend(handoff.map(|handoff| missing(plan, &handoff.summary.files)).unwrap_or_default());
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

/// The files that a summary claims and that neither the project nor any of its commits has.
fn missing(plan: &MilestonePlan, files: &[String]) -> Vec<String> {
    let git = plan.in_repository.then(|| Git::at(&plan.root));
    let is_there = |file: &String| {
        let Ok(path) = beneath(&plan.root, file) else { return false };
        path.exists() || git.as_ref().is_some_and(|git| git.is_known_path(file).unwrap_or(false))
    };
    let missing = files.iter().take(LOOKED_FOR).filter(|file| !is_there(file));
    missing
        .map(|file| format!("it names the file `{file}`, which is neither in the project nor in a commit"))
        .collect()
}
