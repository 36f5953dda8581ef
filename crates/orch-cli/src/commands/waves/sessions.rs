//! `orch sessions`: the plans of waves in this repository.

use std::io::{self, Write};

use orch_systems::{SessionSummary, sessions};
use serde::Serialize;

use crate::commands::here;
use crate::failure::{Failure, code};
use crate::json::document;
use crate::sanitise::Sanitised;

#[derive(Serialize)]
struct Body<'a> {
    sessions: Vec<Session<'a>>,
}

#[derive(Serialize)]
struct Session<'a> {
    plan: &'a str,
    request: &'a str,
    created: Option<&'a str>,
    version: Option<u32>,
    tasks: usize,
    completed: usize,
    status: &'static str,
    current: bool,
    pid: Option<u32>,
}

pub(crate) fn run(json: bool) -> Result<u8, Failure> {
    let listed = sessions(&here()?)?;
    let mut out = io::stdout().lock();
    if json {
        document(&mut out, "sessions", &Body { sessions: listed.iter().map(shown).collect() })?;
        return Ok(code::SUCCESS);
    }
    if listed.is_empty() {
        writeln!(io::stderr(), "there is no plan of waves in this repository")?;
        writeln!(io::stderr(), "hint: `orch generate --kind waves \"what is wanted\"` makes one")?;
        return Ok(code::SUCCESS);
    }
    for one in &listed {
        let mark = if one.is_current { '*' } else { ' ' };
        let version = one.version.map_or_else(|| "no plan".to_owned(), |version| format!("v{version}"));
        let done = format!("{}/{}", one.completed, one.tasks);
        writeln!(
            out,
            "{mark} {}  {version:<7}  {done:>7}  {:<8}  {}",
            Sanitised::line(&one.branch),
            status(one),
            Sanitised::line(&one.request)
        )?;
    }
    Ok(code::SUCCESS)
}

fn shown(one: &SessionSummary) -> Session<'_> {
    Session {
        plan: &one.branch,
        request: &one.request,
        created: Some(one.created.as_str()).filter(|created| !created.is_empty()),
        version: one.version,
        tasks: one.tasks,
        completed: one.completed,
        status: status(one),
        current: one.is_current,
        pid: one.running,
    }
}

fn status(one: &SessionSummary) -> &'static str {
    match one {
        SessionSummary { version: None, .. } => "unknown",
        SessionSummary { running: Some(_), .. } => "running",
        _ if one.is_unfinished() => "open",
        _ => "complete",
    }
}
