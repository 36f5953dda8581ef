//! `orch run`: run the plan, or go on with it.

use std::io::{self, Write};
use std::time::Instant;

use orch_core::{Halt, Outcome, Run as CoreRun, Status, Verdict};
use orch_run::Observer;
use orch_systems::{AnyPlan, Counts, OpenError, Opening, Report, Requirements, RunOptions, Session, View};
use serde::Serialize;

use super::milestones::is_fresh;
use super::{board, load, stopped, tell};
use crate::args::{Begin, Run};
use crate::events::{Events, halt_word};
use crate::failure::{Failure, code};
use crate::interrupt::Interrupted;
use crate::json::{counts, document, rfc3339};
use crate::progress::{Progress, words};
use crate::sanitise::Sanitised;

pub(crate) fn run(args: &Run) -> Result<u8, Failure> {
    let opening = load(args.plan.as_deref(), &args.kind)?;
    let plan = opening.plan();
    if args.worktrees && matches!(plan, AnyPlan::Prompts(_)) {
        return Err(Failure::Open(OpenError::Request {
            code: "run.worktrees",
            message: "the prompts of a plan work in one work tree".into(),
            hint: "leave `--worktrees` out; `-j N` runs them side by side".into(),
        }));
    }
    if args.continuous && !matches!(plan, AnyPlan::Waves(_)) {
        return Err(Failure::Open(OpenError::Request {
            code: "run.continuous",
            message: "only plans of waves go wave by wave".into(),
            hint: "leave `--continuous` out; `-j N` runs what is ready side by side".into(),
        }));
    }
    if args.dry_run {
        return dry_run(args, opening);
    }
    let begin = Begin { fresh: args.fresh, resume: args.resume };
    let fresh = is_fresh(plan, &begin)?;
    let began = Instant::now();
    match plan.warnings().len() {
        0 => {}
        1 => tell(&["1 warning about the plan; `orch check` shows it".into()]),
        count => tell(&[format!("{count} warnings about the plan; `orch check` shows them")]),
    }
    let name = plan.shown_name().to_owned();
    let mut session = Session::open(opening, RunOptions { fresh, ..args.options() })?;
    tell(session.notes());
    let told = session.notes().len();
    let interrupted = Interrupted::listen(session.asker())
        .map_err(|source| OpenError::System { what: "listen for signals", source })?;
    let mut events = match &args.events {
        Some(path) => Some(
            Events::to(path)
                .map_err(|source| Failure::Events { path: path.display().to_string(), source })?,
        ),
        None => None,
    };
    let mut progress = Progress::new(session.agent(), session.plan().len());
    let mut tally = Tally::default();
    if let Some(events) = &mut events {
        events.began(&session);
    }
    let report = {
        let mut observers: Vec<&mut dyn Observer> = vec![&mut tally, &mut progress];
        if let Some(events) = &mut events {
            observers.push(events);
        }
        session.run(&mut observers)?
    };
    drop(progress);
    let code = interrupted.exit_code().unwrap_or_else(|| exit_code(&report));
    if let Some(mut events) = events {
        events.ended(&report);
        let path = args.events.as_ref().map_or_else(String::new, |path| path.display().to_string());
        events.finish().map_err(|source| Failure::Events { path, source })?;
    }
    if args.json {
        let body = Body {
            verdict: report.verdict.word(),
            halt: report.halt.map(halt_word),
            validation: validation_word(&report.validation),
            unmet: unmet(&report.validation),
            counts: counts(tally.counts.unwrap_or_default()),
            nothing_to_do: report.nothing_to_do,
            notes: &report.notes,
            exit_code: code,
        };
        document(&mut io::stdout().lock(), "run", &body)?;
    } else {
        // On standard output there may be events: then the last line belongs elsewhere.
        let events_on_stdout = args.events.as_ref().is_some_and(|path| path.as_os_str() == "-");
        let last: &mut dyn Write = if events_on_stdout { &mut io::stderr() } else { &mut io::stdout() };
        summarise(&report, &name, &report.notes[told..], &tally, began, last)?;
    }
    Ok(code)
}

#[derive(Serialize)]
struct Body<'a, C> {
    verdict: &'static str,
    halt: Option<&'static str>,
    validation: &'static str,
    unmet: &'a [String],
    counts: C,
    nothing_to_do: bool,
    notes: &'a [String],
    exit_code: u8,
}

#[derive(Serialize)]
struct DryRun<'a> {
    would_start: Vec<&'a str>,
}

/// Remembers how the run stood last.
#[derive(Default)]
struct Tally {
    counts: Option<Counts>,
    /// Tasks that failed, came back incomplete or could not be started: the word for it, the task, and what is known of it.
    not_done: Vec<(&'static str, String, String)>,
    /// A line for each task that somebody stopped.
    stopped: Vec<String>,
}

impl Observer for Tally {
    fn see(&mut self, happening: &orch_run::Happening, run: &CoreRun) {
        match &happening.what {
            orch_run::What::Moved { moved, detail }
                if matches!(moved.to, Status::Fail | Status::Incomplete) =>
            {
                let how = moved.outcome.map(words).unwrap_or_default();
                let detail = detail.as_ref().map_or(how.clone(), |detail| format!("{how}: {detail}"));
                let word = if moved.to == Status::Fail { "failed" } else { "not complete" };
                self.not_done.push((word, run.plan().id(moved.task).to_owned(), detail));
            }
            orch_run::What::Moved { moved, detail } if moved.outcome == Some(Outcome::CouldNotStart) => {
                let detail = detail.clone().unwrap_or_else(|| words(Outcome::CouldNotStart));
                self.not_done.push(("not started", run.plan().id(moved.task).to_owned(), detail));
            }
            orch_run::What::Finished { .. } => {
                self.counts = Some(Counts::of(run, happening.at));
                self.stopped = stopped::lines(run, happening.at);
            }
            _ => {}
        }
    }
}

fn summarise(
    report: &Report,
    title: &str,
    notes: &[String],
    tally: &Tally,
    began: Instant,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for (word, id, detail) in &tally.not_done {
        writeln!(err, "{word}: {}: {}", Sanitised::line(id), Sanitised::line(detail))?;
    }
    for line in &tally.stopped {
        writeln!(err, "{}", Sanitised::line(line))?;
    }
    for note in notes {
        writeln!(err, "note: {}", Sanitised::line(note))?;
    }
    match &report.validation {
        Requirements::NotValidated => {}
        Requirements::NothingNamed => writeln!(
            err,
            "note: the index names no PRD, no requirements inventory and no ownership: nothing was validated"
        )?,
        Requirements::Met => writeln!(err, "requirements: all met")?,
        Requirements::Unmet { reasons } => {
            writeln!(err, "requirements: not met")?;
            for reason in reasons {
                writeln!(err, "  - {}", Sanitised::line(reason))?;
            }
        }
    }
    if let Some(halt) = report.halt {
        writeln!(err, "{}", halted(halt))?;
    }
    drop(err);
    if report.nothing_to_do {
        return writeln!(out, "nothing to do: every task is done");
    }
    board::write(title, &report.board, report.summary.as_deref(), out)?;
    if let Some(account) = &report.account {
        writeln!(out, "{}", Sanitised::lines(account))?;
    }
    let counts = tally.counts.unwrap_or_default();
    let mut parts = Vec::new();
    for (count, word) in [
        (counts.success, "SUCCESS"),
        (counts.incomplete, "INCOMPLETE"),
        (counts.fail, "FAIL"),
        (counts.blocked, "blocked"),
        (counts.pending - counts.blocked, "PENDING"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let head = match &report.validation {
        Requirements::Unmet { .. } => "requirements not met",
        // To whoever stopped it, it is not stuck.
        _ if report.verdict == Verdict::Stuck && !tally.stopped.is_empty() => "stopped",
        _ => report.verdict.word(),
    };
    writeln!(out, "{head}: {} in {seconds:.1} s", parts.join(", "))?;
    if let Some(chosen) = report.chosen.filter(|chosen| chosen.pending > 0) {
        writeln!(
            io::stderr(),
            "{} of the chosen tasks could not start; `orch why ID` says why, `--until ID` takes what it needs along",
            chosen.pending
        )?;
    }
    if matches!(report.halt, Some(Halt::CouldNotStart { .. })) {
        writeln!(io::stderr(), "hint: `orch run` goes on where it was, once that is mended")?;
    }
    if report.verdict == Verdict::Fail {
        writeln!(
            io::stderr(),
            "hint: `orch logs ID` shows what a worker said; `orch retry ID` or `orch run --retry-failed` does it again"
        )?;
    }
    Ok(())
}

fn halted(halt: Halt) -> String {
    match halt {
        Halt::Failed { .. } => "stopped: a task failed".into(),
        Halt::Incomplete { .. } => "stopped: a task came back incomplete; a person has to look at it".into(),
        Halt::Review { .. } => {
            "stopped: the work of a task did not pass its review; run again when it is mended".into()
        }
        Halt::CouldNotStart { .. } => {
            "stopped: a worker could not be started; nothing of the plan is at fault".into()
        }
        Halt::RateLimited { until } => {
            format!(
                "stopped: the provider refuses work until {}; run again then",
                rfc3339(until).unwrap_or_else(|| "later".into())
            )
        }
        Halt::Paused { .. } => "paused: a person has to look at what came back, then `orch ack`".into(),
        Halt::Stopped => "stopped: asked to; `orch run` goes on where it was".into(),
    }
}

fn validation_word(validation: &Requirements) -> &'static str {
    match validation {
        Requirements::NotValidated => "not_validated",
        Requirements::NothingNamed => "none",
        Requirements::Met => "ok",
        Requirements::Unmet { .. } => "fail",
    }
}

fn unmet(validation: &Requirements) -> &[String] {
    match validation {
        Requirements::Unmet { reasons } => reasons,
        _ => &[],
    }
}

fn exit_code(report: &Report) -> u8 {
    match report.halt {
        Some(Halt::RateLimited { .. }) => return code::COME_BACK_LATER,
        Some(Halt::Incomplete { .. } | Halt::Paused { .. }) => return code::INCOMPLETE,
        Some(Halt::Failed { .. } | Halt::Review { .. } | Halt::CouldNotStart { .. }) => return code::FAIL,
        // Asked to stop by `orch stop`: what is left is for a person to go on with.
        Some(Halt::Stopped) => return code::INCOMPLETE,
        None => {}
    }
    if matches!(report.validation, Requirements::Unmet { .. }) {
        return code::FAIL;
    }
    if let Some(chosen) = report.chosen {
        return match chosen {
            Counts { fail: 1.., .. } | Counts { blocked: 1.., .. } => code::FAIL,
            Counts { pending: 1.., .. } | Counts { incomplete: 1.., .. } => code::INCOMPLETE,
            _ => code::SUCCESS,
        };
    }
    match report.verdict {
        _ if report.nothing_to_do => code::NOTHING_TO_DO,
        Verdict::Success => code::SUCCESS,
        Verdict::Fail => code::FAIL,
        // Stuck: what is left is held by hand, so a person is needed.
        Verdict::Incomplete | Verdict::Stuck | Verdict::Pending | Verdict::Running => code::INCOMPLETE,
    }
}

/// Goes through the run as if every task succeeded, and says in which order tasks would start.
fn dry_run(args: &Run, opening: Opening) -> Result<u8, Failure> {
    let view = View::of(opening, args.options())?;
    tell(view.notes());
    let started = view.rehearse()?;
    let mut out = io::stdout().lock();
    if started.is_empty() {
        writeln!(out, "nothing would start")?;
        return Ok(code::NOTHING_TO_DO);
    }
    if args.json {
        let would_start = started.iter().map(|&task| view.plan().id(task)).collect();
        document(&mut out, "dry_run", &DryRun { would_start })?;
        return Ok(code::SUCCESS);
    }
    for (place, &task) in started.iter().enumerate() {
        let (id, title) = (view.plan().id(task), view.plan().title(task));
        writeln!(out, "{:>4}  {}  {}", place + 1, Sanitised::line(id), Sanitised::line(title))?;
    }
    Ok(code::SUCCESS)
}
