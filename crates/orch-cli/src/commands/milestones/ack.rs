//! `orch ack`, `orch mode`, `orch close`: what a person says to a session.

use std::io::{self, Write};

use orch_systems::{OpenError, RunOptions, Session, View};

use crate::args::{Ack, Pointed, SwitchMode, command_line};
use crate::commands::{load, plan_among, tell};
use crate::failure::{Failure, code};
use crate::sanitise::Sanitised;

/// Without a milestone: what came back was looked at. With one: what it waits behind is approved.
pub(crate) fn ack(args: &Ack) -> Result<u8, Failure> {
    let (opening, names) = plan_among(&args.names, &args.kind)?;
    opening.plan().milestones("ack")?;
    let mut out = io::stdout().lock();
    if names.is_empty() {
        let alerts = Session::open(opening, options())?.acknowledge_alerts()?;
        if alerts.is_empty() {
            writeln!(out, "nothing waits for anybody to look at it")?;
            return Ok(code::NOTHING_TO_DO);
        }
        for alert in &alerts {
            writeln!(out, "looked at: {}", Sanitised::line(alert))?;
        }
        return Ok(code::SUCCESS);
    }
    let view = View::of(opening, RunOptions::default())?;
    let tasks = names.iter().map(|name| view.find(name)).collect::<Result<Vec<_>, OpenError>>()?;
    for task in tasks {
        for condition in view.loaded().milestones("ack")?.approve(task)? {
            writeln!(out, "approved: {}", Sanitised::line(&condition))?;
        }
    }
    Ok(code::SUCCESS)
}

pub(crate) fn switch_mode(args: &SwitchMode) -> Result<u8, Failure> {
    let opening = load(args.plan.as_deref(), &args.kind)?;
    opening.plan().milestones("mode")?;
    let notes = Session::open(opening, options())?.switch_mode(args.mode.into())?;
    tell(&notes);
    let mode: orch_systems::PromptMode = args.mode.into();
    writeln!(io::stdout(), "prompt mode: {mode}")?;
    Ok(code::SUCCESS)
}

pub(crate) fn close(args: &Pointed) -> Result<u8, Failure> {
    let opening = load(args.plan.as_deref(), &args.kind)?;
    opening.plan().milestones("close")?;
    let mut out = io::stdout().lock();
    match Session::open(opening, options())?.close()? {
        Some(kept) => writeln!(out, "the session is closed; what it left is in {}", Sanitised::line(&kept))?,
        None => {
            writeln!(out, "there is no session")?;
            return Ok(code::NOTHING_TO_DO);
        }
    }
    Ok(code::SUCCESS)
}

fn options() -> RunOptions {
    RunOptions { command: command_line(), ..RunOptions::default() }
}
