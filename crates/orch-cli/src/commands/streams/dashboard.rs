//! `orch status` of streams: the dashboard of seed 001.

use std::io::{self, Write};
use std::time::Duration;

use orch_systems::{InitiativeSummary, StreamDashboard, StreamRow, StreamTally, StreamWorker, View};
use serde::Serialize;

use crate::commands::status::{NOTE, first_named, worth_showing, write_left_out, write_live};
use crate::commands::table::{Align, Table, clipped};
use crate::json::rfc3339;
use crate::sanitise::Sanitised;

/// Cells of a progress bar.
const BAR: usize = 15;

/// Columns that the goal of an initiative has at most.
const GOAL: usize = 70;

/// Columns that the name of a stream has at most.
const NAME: usize = 40;

/// What `orch status --json` says of streams beside what it says of every plan.
#[derive(Serialize)]
pub(crate) struct Streams {
    workspace: String,
    initiative: Option<Initiative>,
    #[serde(flatten)]
    tally: Tally,
    workers: usize,
    streams: Vec<Stream>,
}

#[derive(Serialize)]
struct Initiative {
    id: String,
    name: String,
    goal: String,
}

#[derive(Serialize)]
struct Tally {
    completed: usize,
    total: usize,
    in_progress: usize,
    pending: usize,
    blocked: usize,
    percent: usize,
    complete: bool,
}

#[derive(Serialize)]
struct Stream {
    id: String,
    name: String,
    phase: &'static str,
    #[serde(flatten)]
    tally: Tally,
    state: &'static str,
    pid: Option<u32>,
    /// What it waits for, or what blocks it.
    on: Vec<String>,
    why: Option<String>,
    attempts: u32,
    started_at: Option<String>,
    ended_at: Option<String>,
}

impl Streams {
    /// What a script is told of the dashboard.
    pub(crate) fn of(dashboard: StreamDashboard) -> Self {
        let initiative = |InitiativeSummary { id, name, goal }| Initiative { id, name, goal };
        Self {
            workspace: dashboard.workspace,
            initiative: dashboard.initiative.map(initiative),
            tally: dashboard.tally.into(),
            workers: dashboard.workers,
            streams: dashboard.streams.into_iter().map(Stream::from).collect(),
        }
    }
}

impl From<StreamTally> for Tally {
    fn from(tally: StreamTally) -> Self {
        let StreamTally { settled, total, in_progress, pending, blocked } = tally;
        let (percent, complete) = (tally.percent(), tally.is_complete());
        Self { completed: settled, total, in_progress, pending, blocked, percent, complete }
    }
}

impl From<StreamRow> for Stream {
    fn from(row: StreamRow) -> Self {
        let state = row.worker.name();
        let (pid, on, why) = match row.worker {
            StreamWorker::Running { pid, .. } => (pid, Vec::new(), None),
            StreamWorker::Waiting { on } | StreamWorker::Blocked { by: on } => (None, on, None),
            StreamWorker::Failed { why } | StreamWorker::Stopped { why } => (None, Vec::new(), why),
            StreamWorker::Finished | StreamWorker::Ready => (None, Vec::new(), None),
        };
        Self {
            id: row.id,
            name: row.name,
            phase: row.phase.word(),
            tally: row.tally.into(),
            state,
            pid,
            on,
            why,
            attempts: row.attempts,
            started_at: row.started_at.and_then(rfc3339),
            ended_at: row.ended_at.and_then(rfc3339),
        }
    }
}

/// Writes the dashboard for a person, with at most `most` streams.
pub(crate) fn write(
    view: &View,
    dashboard: &StreamDashboard,
    most: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_head(dashboard, out)?;
    write_live(view, out)?;
    write_overall(dashboard, out)?;
    let survey = view.run().survey(view.now());
    let shown = worth_showing(view, &survey, most);
    let rows = shown.iter().filter_map(|task| dashboard.streams.get(task.index()));
    write_streams(rows, out)?;
    write_left_out(shown.len(), dashboard.streams.len(), "streams", out)
}

fn write_head(dashboard: &StreamDashboard, out: &mut dyn Write) -> io::Result<()> {
    let workspace = Sanitised::line(&dashboard.workspace);
    let Some(initiative) = &dashboard.initiative else {
        return writeln!(out, "{workspace}: the streams of all initiatives");
    };
    writeln!(out, "{workspace}: {}", Sanitised::line(&initiative.name))?;
    if !initiative.goal.is_empty() {
        writeln!(out, "Goal: {}", clipped(&Sanitised::line(&initiative.goal).to_string(), GOAL))?;
    }
    Ok(())
}

fn write_overall(dashboard: &StreamDashboard, out: &mut dyn Write) -> io::Result<()> {
    let tally = dashboard.tally;
    let more = [(tally.in_progress, "in progress"), (tally.pending, "pending"), (tally.blocked, "blocked")];
    let more = more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
    writeln!(
        out,
        "{} {} of {} tasks done{}",
        progress(tally),
        tally.settled,
        tally.total,
        more.collect::<String>()
    )?;
    writeln!(out, "Workers: {}\n", dashboard.workers)
}

fn write_streams<'a>(rows: impl Iterator<Item = &'a StreamRow>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new([
        ("STREAM", Align::Left),
        ("PROGRESS", Align::Left),
        ("DONE", Align::Right),
        ("RUNNING", Align::Right),
        ("PENDING", Align::Right),
        ("BLOCKED", Align::Right),
        ("STATE", Align::Left),
        ("PID", Align::Right),
        ("TIME", Align::Right),
        ("NAME", Align::Left),
        ("STANDING", Align::Left),
    ]);
    let count = |count: usize| if count == 0 { String::new() } else { count.to_string() };
    for row in rows {
        let pid = match row.worker {
            StreamWorker::Running { pid: Some(pid), .. } => pid.to_string(),
            _ => String::new(),
        };
        table.push([
            Sanitised::line(&row.id).to_string(),
            progress(row.tally),
            format!("✓{}", row.tally.settled),
            count(row.tally.in_progress),
            count(row.tally.pending),
            count(row.tally.blocked),
            word(&row.worker).to_owned(),
            pid,
            row.took.map_or_else(|| "---".to_owned(), duration),
            clipped(&Sanitised::line(&row.name).to_string(), NAME),
            clipped(&Sanitised::line(&standing(&row.worker)).to_string(), NOTE),
        ]);
    }
    table.write(out)
}

/// The bar of what is settled, and the per cent: `[=======--------]  46%`.
fn progress(tally: StreamTally) -> String {
    format!("{} {:>3}%", bar(tally), tally.percent())
}

/// Full only when nothing is left.
fn bar(tally: StreamTally) -> String {
    let filled = (tally.settled * BAR).checked_div(tally.total).unwrap_or(BAR);
    format!("[{}{}]", "=".repeat(filled), "-".repeat(BAR - filled))
}

/// The word of the original dashboard.
fn word(worker: &StreamWorker) -> &'static str {
    match worker {
        StreamWorker::Running { .. } => "RUN",
        StreamWorker::Finished => "DONE",
        StreamWorker::Failed { .. } => "FAIL",
        StreamWorker::Waiting { .. } | StreamWorker::Blocked { .. } => "WAIT",
        StreamWorker::Stopped { .. } => "STOP",
        StreamWorker::Ready => "---",
    }
}

fn standing(worker: &StreamWorker) -> String {
    match worker {
        StreamWorker::Waiting { on } => first_named("waits for", on),
        StreamWorker::Blocked { by } => first_named("blocked by", by),
        StreamWorker::Failed { why } | StreamWorker::Stopped { why } => why.clone().unwrap_or_default(),
        StreamWorker::Running { .. } | StreamWorker::Finished | StreamWorker::Ready => String::new(),
    }
}

/// The two largest units as the original dashboard has them: `<1m`, `45m`, `2h31m`, `1d4h`.
fn duration(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "<1m".into(),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h{minutes}m"),
        (days, hours, _) => format!("{days}d{hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use orch_core::Time;
    use orch_systems::Phase;

    use super::*;

    fn tally(settled: usize, in_progress: usize, pending: usize, blocked: usize) -> StreamTally {
        let total = settled + in_progress + pending + blocked;
        StreamTally { settled, total, in_progress, pending, blocked }
    }

    #[test]
    fn a_bar_is_full_only_when_nothing_is_left() {
        for (settled, left, shown) in [
            (0, 0, "[===============] 100%"),
            (0, 4, "[---------------]   0%"),
            (1, 14, "[=--------------]   6%"),
            (1, 1, "[=======--------]  50%"),
            (14, 1, "[==============-]  93%"),
            (999, 1, "[==============-]  99%"),
            (3, 0, "[===============] 100%"),
        ] {
            assert_eq!(progress(tally(settled, 0, left, 0)), shown, "{settled} of {}", settled + left);
        }
    }

    #[test]
    fn durations_are_those_of_the_original() {
        for (minutes, shown) in [
            (0, "<1m"),
            (1, "1m"),
            (45, "45m"),
            (60, "1h0m"),
            (151, "2h31m"),
            (1439, "23h59m"),
            (1440, "1d0h"),
            (1690, "1d4h"),
            (144_000, "100d0h"),
        ] {
            assert_eq!(duration(Duration::from_secs(minutes * 60 + 59)), shown);
        }
    }

    fn row(id: &str, tally: StreamTally, worker: StreamWorker) -> StreamRow {
        StreamRow {
            id: id.into(),
            name: format!("The name of {id}"),
            phase: Phase::Parallel,
            tally,
            worker,
            attempts: 1,
            started_at: Some(Time::from_millis(1_768_212_000_000)),
            ended_at: None,
            took: Some(Duration::from_secs(9060)),
        }
    }

    fn every_state() -> StreamDashboard {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let running = |pid| StreamWorker::Running { pid, since: None };
        let why = |why: &str| Some(why.to_owned());
        let mut streams = vec![
            row("Stream-A", tally(3, 0, 0, 0), StreamWorker::Finished),
            row("Stream-B", tally(2, 1, 4, 0), running(Some(4711))),
            row("Stream-B2", tally(2, 0, 0, 0), running(None)),
            row("Stream-C", tally(1, 0, 0, 2), StreamWorker::Failed { why: why("blocked: TASK-7 (no key)") }),
            row("Stream-D", tally(0, 0, 5, 0), StreamWorker::Blocked { by: ids(&["Stream-C"]) }),
            row("Stream-E", tally(1, 1, 1, 0), StreamWorker::Stopped { why: why("2 of 3 tasks left") }),
            row("Stream-F", tally(0, 0, 1, 0), StreamWorker::Waiting { on: ids(&["Stream-B", "Stream-E"]) }),
            row("日本\u{1b}[2J\n", tally(0, 0, 12, 0), StreamWorker::Ready),
        ];
        streams[7].name = "A name that is longer than what there is room for here".into();
        streams[7].took = None;
        let goal = "Let users sign in with what they have, and nobody else, from every device that they own";
        StreamDashboard {
            workspace: "my-app".into(),
            initiative: Some(InitiativeSummary {
                id: "INIT-1".into(),
                name: "Accounts".into(),
                goal: goal.into(),
            }),
            tally: tally(9, 2, 23, 2),
            workers: 1,
            streams,
        }
    }

    #[test]
    fn a_person_sees_every_state() {
        let dashboard = every_state();
        let mut out = Vec::new();
        write_head(&dashboard, &mut out).unwrap();
        write_overall(&dashboard, &mut out).unwrap();
        write_streams(dashboard.streams.iter(), &mut out).unwrap();
        assert_snapshot!(String::from_utf8(out).unwrap());
    }

    #[test]
    fn a_script_sees_every_state() {
        let told = serde_json::to_string(&Streams::of(every_state())).unwrap();
        assert_snapshot!(told.replace("},{", "},\n {"));
    }
}
