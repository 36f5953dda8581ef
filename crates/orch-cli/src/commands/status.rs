//! `orch status`: where every task stands.

use std::io::{self, Write};
use std::time::Duration;

use orch_core::{Readiness, Status, Survey, TaskIx};
use orch_systems::{Counts, StreamDashboard, TaskRecord, View};
use serde::Serialize;

use super::milestones::{self, Dashboard, Session, session};
use super::streams::{self, Streams};
use super::table::{Align, Table, clipped};
use super::why;
use crate::failure::code;
use crate::json::{self, Each, rfc3339};
use crate::sanitise::Sanitised;

/// Rows that are shown to a person unless all are asked for.
pub(super) const ROWS: usize = 200;

/// Columns of the progress bar.
const BAR: usize = 24;

/// Columns that the note of a row has at most.
pub(super) const NOTE: usize = 60;

/// Answers with every task for a script; for a person with those that matter most, or with `all`.
pub(crate) fn run(view: &View, json: bool, all: bool, out: &mut dyn Write) -> io::Result<u8> {
    if json {
        write_json(view, out)?;
    } else {
        show(view, if all { usize::MAX } else { ROWS }, out)?;
    }
    Ok(code::SUCCESS)
}

/// Shows a person at most `most` tasks, each kind of plan in its own way.
pub(super) fn show(view: &View, most: usize, out: &mut dyn Write) -> io::Result<()> {
    if let Some(dashboard) = Dashboard::of(view) {
        return milestones::write_dashboard(view, &dashboard, out);
    }
    match StreamDashboard::of(view) {
        Some(dashboard) => streams::write_dashboard(view, &dashboard, most, out),
        None => write_text(view, most, out),
    }
}

fn count(view: &View, survey: &Survey<'_>) -> Counts {
    let run = view.run();
    Counts {
        pending: run.count(Status::Pending),
        running: run.count(Status::Running),
        success: run.count(Status::Success),
        fail: run.count(Status::Fail),
        incomplete: run.count(Status::Incomplete),
        ready: survey.ready().count(),
        blocked: survey.blocked(),
    }
}

#[derive(Serialize)]
struct Answer<'a, C, T> {
    plan: PlanBody<'a>,
    verdict: &'static str,
    validation: Option<&'static str>,
    counts: C,
    live: Option<Live<'a>>,
    /// Of planning documents alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
    /// Of streams alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    streams: Option<Streams>,
    notes: &'a [String],
    tasks: T,
}

#[derive(Serialize)]
pub(super) struct PlanBody<'a> {
    pub(super) kind: &'static str,
    pub(super) path: &'a str,
    pub(super) objective: &'a str,
}

#[derive(Serialize)]
struct Live<'a> {
    pid: u32,
    command: &'a str,
    since: Option<String>,
}

#[derive(Serialize)]
struct Task<'a, D, B, F> {
    id: &'a str,
    title: &'a str,
    status: &'static str,
    readiness: Option<&'static str>,
    depends_on: D,
    blocked_by: B,
    files: F,
    attempts: u32,
    outcome: Option<&'static str>,
    progress: Option<String>,
    started_at: Option<String>,
    ended_at: Option<String>,
    log: Option<String>,
}

/// Writes the document for scripts. Nothing in it changes by itself as time passes.
pub(super) fn write_json(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let (plan, run) = (view.plan(), view.run());
    let survey = &run.survey(view.now());
    let counts = count(view, survey);
    let task = |task: TaskIx| {
        let readiness = survey.of(task);
        let blocked_by = match &readiness {
            Some(Readiness::Blocked { by }) => by.iter().map(|&by| plan.id(by)).collect(),
            _ => Vec::new(),
        };
        let record = view.attempt_record(task);
        // A task that was never tried has no log to look for.
        let log = if run.attempt(task) > 0 { view.log(task, None) } else { None };
        Task {
            id: plan.id(task),
            title: plan.title(task),
            status: run.status(task).word(),
            readiness: readiness.as_ref().map(why::word),
            depends_on: Each(move || plan.graph().depends_on(task).iter().map(|&on| plan.id(on))),
            blocked_by,
            files: Each(move || view.loaded().files(task)),
            attempts: run.attempt(task),
            outcome: record.and_then(|record| Some(record.outcome?.word())),
            progress: view.progress(task),
            started_at: record.and_then(|record| rfc3339(record.started_at?)),
            ended_at: record.and_then(|record| rfc3339(record.ended_at?)),
            log: log.map(|log| log.to_string_lossy().into_owned()),
        }
    };
    let answer = Answer {
        plan: PlanBody {
            kind: view.loaded().kind().name(),
            path: &view.loaded().path().to_string_lossy(),
            objective: plan.objective(),
        },
        verdict: run.verdict().word(),
        validation: view.validation(),
        counts: json::counts(counts),
        live: view.live().map(|holder| Live {
            pid: holder.pid,
            command: &holder.command,
            since: rfc3339(holder.since),
        }),
        session: session(view),
        streams: StreamDashboard::of(view).map(Streams::of),
        notes: view.notes(),
        tasks: Each(|| plan.tasks().map(task)),
    };
    json::document(out, "status", &answer)
}

fn write_text(view: &View, most: usize, out: &mut dyn Write) -> io::Result<()> {
    let plan = view.plan();
    let survey = &view.run().survey(view.now());
    let counts = count(view, survey);
    let name = view.loaded().shown_name();
    writeln!(out, "{}: {}", Sanitised::line(name), Sanitised::line(plan.objective()))?;
    write_live(view, out)?;
    match view.validation() {
        Some("FINAL_OK") => writeln!(out, "requirements: all met")?,
        Some("FINAL_FAIL") => writeln!(out, "requirements: not met")?,
        _ => {}
    }
    let done = view.run().count_done();
    let filled = BAR * done / plan.len();
    let bar = format!("{}{}", "#".repeat(filled), ".".repeat(BAR - filled));
    writeln!(out, "[{bar}] {done} of {} done, {}\n", plan.len(), view.run().verdict().word())?;

    let shown = worth_showing(view, survey, most);
    let mut table = Table::new([
        ("#", Align::Right),
        ("STATUS", Align::Left),
        ("TASK", Align::Left),
        ("STANDING", Align::Left),
        ("ATTEMPTS", Align::Right),
        ("TIME", Align::Right),
    ]);
    for &task in &shown {
        let attempts = match view.run().attempt(task) {
            0 => String::new(),
            attempts => attempts.to_string(),
        };
        table.push([
            (task.index() + 1).to_string(),
            view.run().status(task).word().to_owned(),
            Sanitised::line(plan.id(task)).to_string(),
            clipped(&Sanitised::line(&note(view, survey, task)).to_string(), NOTE),
            attempts,
            view.took(task).map(duration).unwrap_or_default(),
        ]);
    }
    table.write(out)?;
    write_left_out(shown.len(), plan.len(), "tasks", out)?;
    writeln!(out, "\n{}", summary(counts))
}

/// Says who runs the plan right now, if anybody does.
pub(super) fn write_live(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let Some(holder) = view.live() else { return Ok(()) };
    let since = rfc3339(holder.since).map(|since| format!(" since {since}")).unwrap_or_default();
    writeln!(out, "run by process {}{since} (`{}`)", holder.pid, Sanitised::line(&holder.command))
}

/// Says how many of `total` rows are not shown, if some are not.
pub(super) fn write_left_out(shown: usize, total: usize, what: &str, out: &mut dyn Write) -> io::Result<()> {
    if shown == total {
        return Ok(());
    }
    writeln!(out, "{} of {total} {what} are left out; `orch status --all` shows them", total - shown)
}

/// At most `most` tasks, the most telling ones, in plan order.
pub(super) fn worth_showing(view: &View, survey: &Survey<'_>, most: usize) -> Vec<TaskIx> {
    let tasks = view.plan().tasks();
    if tasks.len() <= most {
        return tasks.collect();
    }
    let rank = |task: TaskIx| match (view.run().status(task), survey.of(task)) {
        (Status::Running, _) => 0,
        (Status::Fail, _) => 1,
        (_, Some(Readiness::Ready)) => 2,
        (Status::Incomplete, _) => 3,
        (_, Some(Readiness::Held(_))) => 4,
        (_, Some(Readiness::Waiting { .. })) => 5,
        (Status::Pending, _) => 6,
        (Status::Success, _) => 7,
    };
    let mut ranked: Vec<(u8, TaskIx)> = tasks.map(|task| (rank(task), task)).collect();
    // Ranks differ or places do: the first of them in order, without sorting them all.
    ranked.select_nth_unstable(most);
    let mut shown: Vec<TaskIx> = ranked[..most].iter().map(|&(_, task)| task).collect();
    shown.sort_unstable();
    shown
}

/// Why a task is not started, or how it ended.
pub(super) fn note(view: &View, survey: &Survey<'_>, task: TaskIx) -> String {
    let plan = view.plan();
    let named = |what: &str, tasks: &[TaskIx]| {
        let ids: Vec<&str> = tasks.iter().map(|&task| plan.id(task)).collect();
        first_named(what, &ids)
    };
    match survey.of(task) {
        Some(Readiness::Ready) => "ready".into(),
        Some(Readiness::Waiting { on }) => named("waits for", &on),
        Some(Readiness::Blocked { by }) => named("blocked by", &by),
        Some(Readiness::Held(hold)) => why::hold_text(view.run(), &hold),
        None if view.run().review_due(task) => "its review is due".into(),
        None => match view.attempt_record(task) {
            Some(TaskRecord { outcome: Some(outcome), detail, .. }) => {
                let word = outcome.word().replace('_', " ");
                let detail = detail.as_deref().filter(|_| view.run().status(task) != Status::Success);
                detail.map_or(word.clone(), |detail| format!("{word}: {detail}"))
            }
            _ => view.progress(task).unwrap_or_default(),
        },
    }
}

/// The first of some tasks, and how many more there are.
pub(super) fn first_named(what: &str, ids: &[impl AsRef<str>]) -> String {
    match ids {
        [] => what.to_owned(),
        [only] => format!("{what} {}", only.as_ref()),
        [first, rest @ ..] => format!("{what} {} and {} more", first.as_ref(), rest.len()),
    }
}

/// The two largest units of a duration: `3d 4h`, `2h 05m`, `7m 03s`, `12s`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours}h"),
    }
}

pub(super) fn summary(counts: Counts) -> String {
    let stand = [
        (counts.running, "RUNNING"),
        (counts.success, "SUCCESS"),
        (counts.incomplete, "INCOMPLETE"),
        (counts.fail, "FAIL"),
        (counts.pending, "PENDING"),
    ];
    let stand = stand.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    let mut summary = stand.collect::<Vec<_>>().join(", ");
    if counts.pending > 0 {
        summary.push_str(&format!(" ({} ready, {} blocked)", counts.ready, counts.blocked));
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        for (seconds, shown) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m 00s"),
            (423, "7m 03s"),
            (3600, "1h 00m"),
            (7500, "2h 05m"),
            (86_400, "1d 0h"),
            (273_600, "3d 4h"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), shown);
        }
    }
}
