//! The end of a run: `run/summary.md`.

use orch_core::{Status, TaskIx};
use orch_state_json::{Overall, WeaverFile, WeaverStatus, timestamp};
use orch_state_md::summary::{
    Check, CheckResult, Demo, Failure, Mark, Merge, PullRequest, Row, Summary, Verification, pr_label, render,
};
use orch_store::{Home, StoreError, replace};

use super::WeaverPlan;
use super::checks::Checked;
use super::stack::{from_root, summary_path};
use super::status_file::StatusFiles;
use crate::BoardRow;
use crate::system::Closing;

/// Writes the summary of a run that is over.
pub(super) fn summarise(
    plan: &WeaverPlan,
    home: Option<&Home>,
    statuses: &StatusFiles,
    closing: &mut Closing<'_>,
) -> Result<(), StoreError> {
    let run = closing.run;
    // Another tool may have written more there than the weavers' own files say.
    let state = plan.written_state();
    let survey = run.survey(closing.now);
    let mut summary = Summary {
        plan_id: plan.id().into(),
        description: plan.meta.description.clone(),
        started_at: state.started_at.clone(),
        ..Summary::default()
    };
    let mut weavers = Vec::new();
    for task in plan.plan.tasks() {
        let (planned, id) = (plan.spec(task), plan.plan.id(task));
        let kept = home.map(|home| home.status(id, run.attempt(task)));
        let known = state.weaver(id).cloned().unwrap_or_default();
        let recorded = WeaverFile { pr: known.pr, error: known.error, ..WeaverFile::default() };
        let said = recorded.merged(&statuses.read(id, &planned.file, &[], kept.as_deref()).file);
        let blocked = matches!(survey.of(task), Some(orch_core::Readiness::Blocked { .. }));
        let crashed = known.status == WeaverStatus::Crashed || said.status == Some(WeaverStatus::Crashed);
        let status = WeaverStatus::from_core(run.status(task), crashed, blocked);
        let spec = planned.file.trim_end_matches(".yaml").trim_end_matches(".yml").to_owned();
        summary.rows.push(Row {
            spec: spec.clone(),
            mark: match run.status(task) {
                Status::Success => Mark::Done,
                Status::Fail => Mark::Failed,
                _ if blocked => Mark::Failed,
                _ => Mark::Open,
            },
            status: status.word().to_owned(),
            pr: said.pr.as_deref().and_then(PullRequest::read),
        });
        if run.status(task) == Status::Fail || blocked {
            summary.failures.push(failure(plan, task, spec.clone(), &said, &survey));
        }
        let checked = home.and_then(|home| Checked::latest(plan, home, task, run.attempt(task)));
        if let Some(checked) = checked {
            summary.verification.push(verification(&spec, &checked));
        }
        summary.demos.extend(demos(plan, task, &spec));
        weavers.push(status);
    }
    closing.board.extend(summary.rows.iter().map(|row| BoardRow {
        done: match row.mark {
            Mark::Done => Some(true),
            Mark::Failed => Some(false),
            Mark::Open => None,
        },
        name: row.spec.clone(),
        status: row.status.clone(),
        result: row.pr.as_ref().map_or_else(|| "-".into(), |pr| format!("PR {}", pr.label)),
    }));
    summary.status = Overall::of(&weavers).word().to_owned();
    summary.completed_at = Some(timestamp(closing.now));
    for entry in plan.merge_order(|task| run.status(task)) {
        if entry.status != Status::Success {
            continue;
        }
        let ready = !entry.is_stacked
            || plan.plan.graph().depends_on(entry.task).iter().all(|&on| run.status(on) == Status::Success);
        summary.merge_order.push(Merge {
            label: entry.pr.as_deref().map_or_else(|| entry.branch.clone(), pr_label),
            title: entry.title,
            base: entry.is_stacked.then_some(entry.base),
            ready,
        });
    }
    if summary.merge_order.iter().any(|merge| merge.base.is_some()) {
        let folder = plan.folder.strip_prefix(&plan.root).unwrap_or(&plan.folder);
        summary.restack = Some(format!("orch restack {}", shell_word(&folder.to_string_lossy())));
    }
    summary.commands = summary.usual_commands();
    let path = summary_path(plan);
    replace(&path, render(&summary).as_bytes(), closing.durability)
}

fn failure(
    plan: &WeaverPlan,
    task: TaskIx,
    spec: String,
    said: &orch_state_json::WeaverFile,
    survey: &orch_core::Survey<'_>,
) -> Failure {
    let id = plan.plan.id(task);
    let error = match survey.of(task) {
        Some(orch_core::Readiness::Blocked { by }) => {
            format!("Dependency {} failed", by.first().map(|&by| plan.plan.id(by)).unwrap_or_default())
        }
        _ => said.error.clone().unwrap_or_else(|| "it is not said why".into()),
    };
    let file = plan.folder.join("run/weavers").join(format!("{id}.json"));
    let resumable = said.session_id.as_deref().filter(|session| is_plain(session));
    Failure {
        spec,
        error,
        iterations: said.iteration,
        weaver: id.to_owned(),
        debug: Some(format!("cat {}", shell_word(&from_root(plan, &file)))),
        attach: said.session.is_some().then(|| format!("orch attach {id}")),
        resume: resumable.map(|session| format!("claude --resume {session}")),
    }
}

fn verification(spec: &str, checked: &Checked) -> Verification {
    let check = |one: &super::checks::CheckedOne| Check {
        name: one.label.clone(),
        result: match one.verdict.as_str() {
            "PASS" => CheckResult::Passed,
            "FOR A PERSON" => CheckResult::NeedsPerson,
            "NOT RUN" => CheckResult::NotRun,
            _ => CheckResult::Failed,
        },
        detail: one.evidence.lines().next().map(str::to_owned).filter(|line| !line.is_empty()),
    };
    Verification { spec: spec.to_owned(), checks: checked.checks.iter().map(check).collect() }
}

fn demos(plan: &WeaverPlan, task: TaskIx, spec: &str) -> Vec<Demo> {
    let checks = &plan.spec(task).spec.verification_spec;
    let demo = |check: &orch_spec::Check| match &check.kind {
        orch_spec::CheckKind::Demo { steps, acceptance } => Some(Demo {
            spec: spec.to_owned(),
            name: check.name.clone().or_else(|| check.description.clone()).unwrap_or_else(|| "demo".into()),
            steps: steps.clone(),
            acceptance: acceptance.clone(),
        }),
        _ => None,
    };
    checks.iter().filter_map(|check| demo(&check.value)).collect()
}

/// A path as one word of a command that a person pastes.
fn shell_word(path: &str) -> String {
    let plain =
        !path.is_empty() && path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@%,:=".contains(c));
    if plain { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn is_plain(word: &str) -> bool {
    !word.starts_with('-') && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}
