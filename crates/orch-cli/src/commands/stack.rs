//! `orch merge-order` and `orch restack`: the stack of branches of a plan of weavers.

use std::io::{self, Write};

use orch_core::{Status, TaskIx};
use orch_systems::{AnyPlan, OpenError, RunOptions, StackEntry, View, WeaverPlan};
use serde::Serialize;

use super::{plan_among, tell};
use crate::args::Kinded;
use crate::failure::{Failure, code};
use crate::json;
use crate::sanitise::Sanitised;

/// The plan of weavers that a view is of.
pub(crate) fn weavers<'a>(plan: &'a AnyPlan, command: &str) -> Result<&'a WeaverPlan, OpenError> {
    match plan {
        AnyPlan::Weavers(plan) => Ok(plan),
        other => Err(OpenError::Request {
            code: "command.kind",
            message: format!("`orch {command}` makes no sense for a plan of {}", other.kind().name()),
            hint: "only weavers stack branches; `orch --help` lists what there is".into(),
        }),
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    default_branch: &'a str,
    stack: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    branch: &'a str,
    base: &'a str,
    stacked: bool,
    title: &'a str,
    pr: Option<&'a str>,
    status: &'static str,
    merged: bool,
}

/// Answers with the order in which the branches of the plan can be merged.
pub(crate) fn merge_order(view: &View, json: bool, out: &mut dyn Write) -> Result<u8, Failure> {
    let plan = weavers(view.loaded(), "merge-order")?;
    let stack = plan.merge_order(|task| view.run().status(task));
    if json {
        let stack = stack
            .iter()
            .map(|entry| Entry {
                id: view.plan().id(entry.task),
                branch: &entry.branch,
                base: &entry.base,
                stacked: entry.is_stacked,
                title: &entry.title,
                pr: entry.pr.as_deref(),
                status: entry.status.word(),
                merged: entry.is_merged,
            })
            .collect();
        json::document(out, "merge_order", &Answer { default_branch: &plan.default_branch, stack })?;
        return Ok(code::SUCCESS);
    }
    for (place, entry) in stack.iter().enumerate() {
        writeln!(out, "{:>3}. {}", place + 1, Sanitised::line(&line(view, entry)))?;
    }
    let waiting = stack.iter().filter(|entry| entry.is_stacked && !entry.is_merged).count();
    if waiting > 0 {
        writeln!(
            out,
            "\nafter a base was merged, `orch restack` puts what stands on it onto {}",
            plan.default_branch
        )?;
    }
    Ok(code::SUCCESS)
}

fn line(view: &View, entry: &StackEntry) -> String {
    let pr = entry.pr.as_deref().map(|pr| format!(" ({pr})")).unwrap_or_default();
    let stand = match entry.status {
        _ if entry.is_merged => "merged".to_owned(),
        Status::Success => "ready".to_owned(),
        status => format!("not done: {status}"),
    };
    format!(
        "{} into {}{pr} - {} [{}] {stand}",
        entry.branch,
        entry.base,
        entry.title,
        view.plan().id(entry.task)
    )
}

/// Rebases what has to be, and says so as it goes.
pub(crate) fn restack(names: &[String], kind: &Kinded, dry_run: bool) -> Result<u8, Failure> {
    let (plan, ids) = plan_among(names, kind)?;
    let view = View::of(plan, RunOptions::default())?;
    let plan = weavers(view.loaded(), "restack")?;
    if let Some(holder) = view.live().filter(|_| !dry_run) {
        return Err(Failure::Open(OpenError::Held(Some(holder.clone()))));
    }
    let at_work = view.plan().tasks().find(|&task| view.is_running(task));
    if let Some(task) = at_work.filter(|_| !dry_run) {
        return Err(Failure::Open(OpenError::Survivor { task: view.plan().id(task).to_owned() }));
    }
    let only: Vec<TaskIx> = ids.iter().map(|id| view.find(id)).collect::<Result<_, _>>()?;
    let mut out = io::stdout().lock();
    let mut failed = None;
    let done = plan.restack(&only, dry_run, |restacked| {
        let moved = match &restacked.moved {
            Some((from, to)) => format!(" ({} -> {})", short(from), short(to)),
            None => String::new(),
        };
        let what = if dry_run { "would be rebased" } else { "rebased" };
        let text = format!("{} {what} onto {}: {}{moved}", restacked.branch, restacked.onto, restacked.why);
        if let Err(error) = writeln!(out, "{}", Sanitised::line(&text)) {
            failed.get_or_insert(error);
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    if done == 0 {
        writeln!(out, "nothing to restack")?;
        return Ok(code::NOTHING_TO_DO);
    }
    if !dry_run {
        tell(&[
            "push each with `git push --force-with-lease`; the old tips are kept under refs/orch/restack"
                .into(),
        ]);
    }
    Ok(code::SUCCESS)
}

fn short(commit: &str) -> &str {
    commit.get(..9).unwrap_or(commit)
}
