//! `orch dispatch`: hand a milestone to a person.

use std::io::{self, IsTerminal, Write};

use orch_systems::{Dispatched, OpenError, RunOptions, Session, View};
use serde::Serialize;

use super::ask::{begin, is_fresh};
use crate::args::{Dispatch, command_line};
use crate::commands::{plan_among, tell};
use crate::failure::{Failure, code};
use crate::json::document;
use crate::sanitise::Sanitised;

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    worker: u32,
    mode: &'static str,
    prompt: &'a str,
    file: Option<&'a str>,
    paste: Option<&'a str>,
    model: Option<&'a str>,
    notes: &'a [String],
}

pub(crate) fn dispatch(args: &Dispatch) -> Result<u8, Failure> {
    let (opening, names) = plan_among(&args.names, &args.kind)?;
    let fresh = is_fresh(opening.plan(), &args.session)?;
    let mode = begin(opening.plan().milestones("dispatch")?, args.mode.map(Into::into), fresh)?;
    let found = opening.plan().found();
    if fresh || mode.is_some() {
        let options = RunOptions { fresh, command: command_line(), ..RunOptions::default() };
        tell(&Session::open(opening, options)?.switch_mode(mode.unwrap_or_default())?);
    } else {
        drop(opening);
    }
    let view = View::of(orch_systems::AnyPlan::load(&found)?, RunOptions::default())?;
    let task = match names.as_slice() {
        [] => {
            let survey = view.run().survey(view.now());
            let first = survey.ready().next();
            first.ok_or_else(|| OpenError::Person {
                code: "milestones.none_ready",
                message: "no milestone may start now".into(),
                hint: "`orch status` says what each waits for".into(),
            })?
        }
        [only] => view.find(only)?,
        several => {
            return Err(Failure::Open(OpenError::Request {
                code: "milestones.one",
                message: format!("{} milestones are named", several.len()),
                hint: "dispatch one at a time: each is a prompt of its own".into(),
            }));
        }
    };
    let options = RunOptions { command: command_line(), ..RunOptions::default() };
    let dispatched = Session::open(view.loaded().clone(), options)?.dispatch(task, args.gap)?;
    tell(&dispatched.notes);
    let Dispatched { id, worker, mode, prompt, file, model, notes } = &dispatched;
    let mut out = io::stdout().lock();
    if args.json {
        let answer = Answer {
            id,
            worker: *worker,
            mode: mode.word(),
            prompt,
            file: file.as_ref().map(|(path, _)| path.as_str()),
            paste: file.as_ref().map(|(_, text)| text.as_str()),
            model: model.as_deref(),
            notes,
        };
        document(&mut out, "dispatch", &answer)?;
        return Ok(code::SUCCESS);
    }
    // To be copied or piped: nothing else is there, and on a terminal nothing that it would obey.
    let text = file.as_ref().map_or(prompt, |(_, text)| text);
    if out.is_terminal() {
        write!(out, "{}", Sanitised::lines(text))?;
    } else {
        out.write_all(text.as_bytes())?;
    }
    out.flush()?;
    let told = match file {
        None => format!("prompt generated. Copy it to a new context to start worker {worker} on {id}"),
        Some((path, _)) => {
            format!(
                "the prompt is in {path}. Paste the above into a new context to start worker {worker} on {id}"
            )
        }
    };
    writeln!(io::stderr(), "{}", Sanitised::line(&told))?;
    Ok(code::SUCCESS)
}
