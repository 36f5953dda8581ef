//! `orch collect`: take in what workers have left.

use std::io::{self, Read, Write};

use orch_systems::{Collected, OpenError, RunOptions, Session, Taking, View};
use serde::Serialize;

use crate::args::{Collect, command_line};
use crate::commands::{plan_among, tell};
use crate::failure::{Failure, code};
use crate::json::document;
use crate::sanitise::Sanitised;

/// The most that is read of what is pasted.
const LARGEST: u64 = 64 << 20;

#[derive(Serialize)]
struct Answer<'a> {
    alerts: &'a [String],
    taken: Vec<Taken<'a>>,
    not_taken: Vec<NotTaken<'a>>,
    ready: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct Taken<'a> {
    id: &'a str,
    title: &'a str,
    status: &'static str,
}

#[derive(Serialize)]
struct NotTaken<'a> {
    file: &'a str,
    why: &'a str,
    hint: &'a str,
}

pub(crate) fn collect(args: &Collect) -> Result<u8, Failure> {
    let (opening, names) = plan_among(&args.names, &args.kind)?;
    opening.plan().milestones("collect")?;
    let view = View::of(opening, RunOptions::default())?;
    let only = match names.as_slice() {
        [] => None,
        [only] => Some(view.find(only)?),
        _ => {
            return Err(Failure::Open(OpenError::Request {
                code: "milestones.one",
                message: "several milestones are named".into(),
                hint: "name one, or none to take in all there is".into(),
            }));
        }
    };
    let mut pasted = None;
    if args.stdin {
        let mut bytes = Vec::new();
        io::stdin().lock().take(LARGEST).read_to_end(&mut bytes)?;
        pasted = Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    let taking = Taking { only, pasted, undispatched: args.undispatched };
    let options = RunOptions { command: command_line(), ..RunOptions::default() };
    let session = Session::open(view.loaded().clone(), options)?;
    let collected = session.collect(&taking)?;
    let mut out = io::stdout().lock();
    if args.json {
        write_json(&collected, &mut out)?;
    } else {
        tell(&collected.notes);
        write_text(&collected, &mut out)?;
    }
    Ok(match () {
        () if !collected.alerts.is_empty() || !collected.not_taken.is_empty() => code::INCOMPLETE,
        () if collected.taken.is_empty() => code::NOTHING_TO_DO,
        () => code::SUCCESS,
    })
}

fn write_json(collected: &Collected, out: &mut dyn Write) -> io::Result<()> {
    let taken = collected.taken.iter();
    let not_taken = collected.not_taken.iter();
    let answer = Answer {
        alerts: &collected.alerts,
        taken: taken
            .map(|taken| Taken { id: &taken.id, title: &taken.title, status: taken.status.word() })
            .collect(),
        not_taken: not_taken
            .map(|left| NotTaken { file: &left.file, why: &left.why, hint: &left.hint })
            .collect(),
        ready: &collected.ready,
        notes: &collected.notes,
    };
    document(out, "collect", &answer)
}

/// What a person has to look at comes first.
fn write_text(collected: &Collected, out: &mut dyn Write) -> io::Result<()> {
    if !collected.alerts.is_empty() {
        writeln!(out, "!! dispatching is paused until `orch ack`:")?;
        for alert in &collected.alerts {
            writeln!(out, "!! {}", Sanitised::line(alert))?;
        }
        writeln!(out)?;
    }
    for taken in &collected.taken {
        let title = if taken.title.is_empty() { String::new() } else { format!(" {}", taken.title) };
        writeln!(out, "{}{}: {}", Sanitised::line(&taken.id), Sanitised::line(&title), taken.status)?;
    }
    for left in &collected.not_taken {
        writeln!(out, "{} was not taken in: {}", Sanitised::line(&left.file), Sanitised::line(&left.why))?;
        writeln!(out, "  hint: {}", Sanitised::line(&left.hint))?;
    }
    if collected.taken.is_empty() && collected.not_taken.is_empty() {
        writeln!(out, "there is no summary to be collected")?;
    }
    if let Some(first) = collected.ready.first().filter(|_| !collected.taken.is_empty()) {
        let ready = collected.ready.join(", ");
        writeln!(out, "ready now: {}; `orch dispatch {}`", Sanitised::line(&ready), Sanitised::line(first))?;
    }
    Ok(())
}
