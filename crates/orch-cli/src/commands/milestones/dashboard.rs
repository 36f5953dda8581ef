//! `orch status` of a planning document: the dashboard of seed 000.

use std::io::{self, Write};

use orch_systems::{Dashboard, View};
use serde::Serialize;

use crate::json::rfc3339;
use crate::sanitise::Sanitised;

/// What `orch status --json` says of the session.
#[derive(Serialize)]
pub(crate) struct Session {
    started_at: Option<String>,
    mode: Option<&'static str>,
    workers: Vec<Worker>,
    pending_summaries: usize,
    alerts: Vec<String>,
    unticked: usize,
}

#[derive(Serialize)]
struct Worker {
    worker: u32,
    milestone: String,
    status: String,
    started: String,
    by: Option<String>,
}

/// The session of a planning document; none for other plans.
pub(crate) fn session(view: &View) -> Option<Session> {
    let dashboard = Dashboard::of(view)?;
    let worker = |worker: orch_systems::DashboardWorker| Worker {
        worker: worker.number,
        milestone: worker.milestone,
        status: worker.status,
        started: worker.started,
        by: worker.by,
    };
    Some(Session {
        started_at: dashboard.started_at,
        mode: dashboard.mode.map(|mode| mode.word()),
        workers: dashboard.workers.into_iter().map(worker).collect(),
        pending_summaries: dashboard.pending_summaries,
        alerts: dashboard.alerts,
        unticked: dashboard.unticked,
    })
}

/// Writes the dashboard for a person.
pub(crate) fn write(view: &View, dashboard: &Dashboard, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "**ORCHESTRATOR DASHBOARD**\n")?;
    writeln!(out, "Planning Doc: {}", Sanitised::line(&dashboard.document))?;
    let started = dashboard.started_at.as_deref().unwrap_or("no session yet");
    writeln!(out, "Session Started: {}", Sanitised::line(started))?;
    if let Some(mode) = dashboard.mode {
        writeln!(out, "Prompt mode: {mode}")?;
    }
    if let Some(holder) = view.live() {
        let since = rfc3339(holder.since).map(|since| format!(" since {since}")).unwrap_or_default();
        writeln!(out, "Run by process {}{since} (`{}`)", holder.pid, Sanitised::line(&holder.command))?;
    }
    for alert in &dashboard.alerts {
        writeln!(out, "\n!! {}", Sanitised::line(alert))?;
    }
    writeln!(out, "\n**Active Workers:**\n")?;
    workers(dashboard, out)?;
    writeln!(out, "\n**Milestone Progress:**\n")?;
    for milestone in &dashboard.milestones {
        let mark = if milestone.done { 'x' } else { ' ' };
        let title = if milestone.title.is_empty() { String::new() } else { format!(": {}", milestone.title) };
        writeln!(
            out,
            "- [{mark}] {}{} ({})",
            Sanitised::line(&milestone.id),
            Sanitised::line(&title),
            Sanitised::line(&milestone.note)
        )?;
    }
    let alerts = match dashboard.alerts.len() {
        0 => "None".to_owned(),
        1 => "1, dispatching is paused until `orch ack`".to_owned(),
        count => format!("{count}, dispatching is paused until `orch ack`"),
    };
    writeln!(out, "\nPending Summaries: {} | Alerts: {alerts}", dashboard.pending_summaries)?;
    if dashboard.unticked > 0 {
        writeln!(
            out,
            "Unticked: {} boxes of complete milestones; `orch check` says which",
            dashboard.unticked
        )?;
    }
    Ok(())
}

fn workers(dashboard: &Dashboard, out: &mut dyn Write) -> io::Result<()> {
    let header = ["Worker", "Milestone", "Status", "Started"].map(str::to_owned);
    let mut rows: Vec<[String; 4]> = dashboard
        .workers
        .iter()
        .map(|worker| {
            let title = if worker.title.is_empty() { String::new() } else { format!(" {}", worker.title) };
            [
                worker.number.to_string(),
                cell(&format!("{}{title}", worker.milestone)),
                cell(&worker.status),
                cell(&worker.started),
            ]
        })
        .collect();
    // The place of the next one.
    let next = (1..).find(|number| dashboard.workers.iter().all(|worker| worker.number != *number));
    let dash = || "—".to_owned();
    rows.push([next.unwrap_or(1).to_string(), dash(), "Available".to_owned(), dash()]);
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            rows.iter().chain([&header]).map(|row| row[column].chars().count()).max().unwrap_or_default()
        })
        .collect();
    let line = |row: &[String; 4]| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(text, width)| format!(" {text}{} ", " ".repeat(width - text.chars().count())));
        format!("|{}|", cells.collect::<Vec<_>>().join("|"))
    };
    writeln!(out, "{}", line(&header))?;
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    writeln!(out, "|{}|", rule.join("|"))?;
    rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))
}

/// Somebody else's text in a cell.
fn cell(text: &str) -> String {
    Sanitised::line(text).to_string().replace('|', "\\|")
}
