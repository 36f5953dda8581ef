//! `orch report`: what came of a plan as a whole, in the form of its seed where that has one.

use std::io::{self, Write};

use orch_core::{Status, TaskIx};
use orch_systems::View;
use serde::Serialize;

use super::status::{PlanBody, duration, note, summary};
use crate::failure::code;
use crate::json::{self, counts};
use crate::sanitise::Sanitised;

/// So many tasks of one sort are listed one by one.
const LISTED: usize = 50;

#[derive(Serialize)]
struct Body<'a, C> {
    plan: PlanBody<'a>,
    verdict: &'static str,
    counts: C,
    /// From the beginning of the first attempt to the end of the last.
    seconds: Option<u64>,
    /// What the system itself says, as text.
    text: Option<String>,
}

pub(crate) fn run(view: &View, json: bool, out: &mut dyn Write) -> io::Result<u8> {
    let stand = orch_systems::Counts::of(view.run(), view.now());
    if json {
        let body = Body {
            plan: PlanBody {
                kind: view.loaded().kind().name(),
                path: &view.loaded().path().to_string_lossy(),
                objective: view.plan().objective(),
            },
            verdict: view.run().verdict().word(),
            counts: counts(stand),
            seconds: view.span().map(|span| span.as_secs()),
            text: view.account(),
        };
        json::document(out, "report", &body)?;
        return Ok(code::SUCCESS);
    }
    if let Some(account) = view.account() {
        write!(out, "{}", Sanitised::lines(&account))?;
        return Ok(code::SUCCESS);
    }
    let plan = view.plan();
    let name = view.loaded().shown_name();
    writeln!(out, "{}: {}", Sanitised::line(name), Sanitised::line(plan.objective()))?;
    writeln!(out, "{}: {}", view.run().verdict().word(), summary(stand))?;
    let survey = &view.run().survey(view.now());
    for (title, statuses) in [
        ("Done", &[Status::Success][..]),
        ("Done in part", &[Status::Incomplete]),
        ("Failed", &[Status::Fail]),
        ("Left", &[Status::Running, Status::Pending]),
    ] {
        let tasks: Vec<TaskIx> =
            plan.tasks().filter(|&task| statuses.contains(&view.run().status(task))).collect();
        if tasks.is_empty() {
            continue;
        }
        writeln!(out, "\n{title}:")?;
        for &task in tasks.iter().take(LISTED) {
            let (id, title) = (plan.id(task), plan.title(task));
            let title = if title == id { String::new() } else { format!(" {title}") };
            let note = match view.run().status(task) {
                Status::Success => view.took(task).map(duration).unwrap_or_default(),
                _ => note(view, survey, task),
            };
            let note = if note.is_empty() { note } else { format!(" ({note})") };
            writeln!(out, "- {}", Sanitised::line(&format!("{id}{title}{note}")))?;
        }
        if tasks.len() > LISTED {
            writeln!(out, "- and {} more", tasks.len() - LISTED)?;
        }
    }
    if let Some(span) = view.span() {
        writeln!(out, "\nTime: {}", duration(span))?;
    }
    Ok(code::SUCCESS)
}
