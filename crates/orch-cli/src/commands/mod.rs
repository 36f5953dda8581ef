//! One room a command.

mod ask;
mod attach;
mod board;
mod check;
mod completions;
mod generate;
mod graph;
mod logs;
mod mcp;
mod milestones;
mod next;
mod prompt;
mod report;
mod retry;
mod run;
mod stack;
mod status;
mod stop;
mod stopped;
mod streams;
mod table;
#[cfg(test)]
mod tests;
mod watch;
mod waves;
mod why;
mod worktree;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use orch_systems::{AnyPlan, Found, Kind, OpenError, Opening, RunOptions, View, Wanted, locate};

use crate::args::{Args, Command, GraphFormat, Kinded, Looked, StatusFormat};
use crate::failure::Failure;
use crate::sanitise::Sanitised;

/// Does what the command line asks for.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    if let Some(directory) = &args.directory {
        std::env::set_current_dir(directory).map_err(|error| {
            Failure::Open(OpenError::NoPlan {
                message: format!("can't go to {}: {error}", directory.display()),
                hint: "name a folder that is there".into(),
            })
        })?;
    }
    let command = args.command.unwrap_or(Command::Status {
        looked: Looked { plan: None, kind: Kinded { kind: None, all_initiatives: false }, json: false },
        all: false,
        format: StatusFormat::Text,
    });
    let done: Result<u8, Failure> = match command {
        Command::Run(run) => run::run(&run),
        Command::Check(looked) => {
            let loaded = AnyPlan::load(&find(looked.plan.as_deref(), &looked.kind)?);
            let loaded = match loaded {
                Err(error) if !matches!(error, OpenError::Invalid { .. }) => return Err(error.into()),
                loaded => loaded,
            };
            answer(|out| check::run(&loaded, looked.json, out))
        }
        Command::Status { looked, format: StatusFormat::Lines, .. } => {
            streams::lines(looked.plan.as_deref(), &looked.kind)
        }
        Command::Status { looked, all, format } => {
            let looked = Looked { json: looked.json || format == StatusFormat::Json, ..looked };
            let view = look(&looked)?;
            answer(|out| status::run(&view, looked.json, all, out))
        }
        Command::Watch(args) => watch::run(&args),
        Command::Report(looked) => {
            let view = look(&looked)?;
            answer(|out| report::run(&view, looked.json, out))
        }
        Command::Next { looked, jobs } => {
            let view = look_as(&looked, RunOptions { jobs, ..RunOptions::default() })?;
            answer(|out| next::run(&view, looked.json, out))
        }
        Command::Why { id, looked } => {
            let view = look(&looked)?;
            let task = view.find(&id)?;
            answer(|out| why::run(&view, task, looked.json, out))
        }
        Command::Graph { looked, format } => {
            let view = look(&looked)?;
            let format = if looked.json { GraphFormat::Json } else { format };
            answer(|out| graph::run(&view, format, out))
        }
        Command::Prompt { id, looked, agent, explain } => {
            let view = look_as(&looked, RunOptions { agent, ..RunOptions::default() })?;
            let task = view.find(&id)?;
            let told = view.told(task)?;
            answer(|out| prompt::run(&view, task, &told, explain, looked.json, out))
        }
        Command::Logs { id, looked, follow, attempt } => logs(&id, &looked, follow, attempt),
        Command::Retry { ids, kind } => retry::run(&ids, &kind),
        Command::Stop { ids, kind } => stop::run(&ids, &kind),
        Command::Pane { file } => return Ok(orch_systems::pane(&file)),
        Command::Witness => return Ok(orch_systems::witness()),
        Command::Attach { id, plan } => attach::run(&id, &plan),
        Command::Dispatch(args) => milestones::dispatch(&args),
        Command::Collect(args) => milestones::collect(&args),
        Command::Ack(args) => milestones::ack(&args),
        Command::Show(show) => milestones::show(&show),
        Command::Mode(args) => milestones::switch_mode(&args),
        Command::Close(plan) => milestones::close(&plan),
        Command::New { what } => milestones::new(&what),
        Command::Generate(args) => generate::run(&args),
        Command::Mcp(args) => mcp::run(&args),
        Command::MergeOrder { looked } => {
            let view = look(&looked)?;
            let mut out = BufWriter::new(io::stdout().lock());
            let code = stack::merge_order(&view, looked.json, &mut out)?;
            out.flush()?;
            Ok(code)
        }
        Command::Restack { ids, kind, dry_run } => stack::restack(&ids, &kind, dry_run),
        Command::Plan { command } => waves::plan(&command),
        Command::Sessions { json } => waves::sessions(json),
        Command::Worktree { command } => worktree::run(&command),
        Command::Other(words) => Err(other(&words)),
        Command::Completions { shell } => answer(|out| completions::run(shell, out)),
    };
    done.map(ExitCode::from)
}

fn other(words: &[String]) -> Failure {
    let name = words.first().map_or("", String::as_str);
    let message = format!("there is no command `{name}`");
    let hint = "`orch --help` lists the commands";
    Failure::Open(OpenError::Request { code: "command.unknown", message, hint: hint.into() })
}

/// The plan that is meant.
fn find(plan: Option<&Path>, kind: &Kinded) -> Result<Found, OpenError> {
    let Wanted { kind, all_initiatives } = wanted(kind)?;
    Ok(Found { all_initiatives, ..locate(plan, &here()?, kind)? })
}

fn wanted(kind: &Kinded) -> Result<Wanted, OpenError> {
    let Kinded { kind, all_initiatives } = kind;
    Ok(Wanted { kind: kind.as_deref().map(Kind::named).transpose()?, all_initiatives: *all_initiatives })
}

/// The current folder.
pub(crate) fn here() -> Result<PathBuf, OpenError> {
    std::env::current_dir().map_err(|source| OpenError::System { what: "find the current folder", source })
}

/// The plan that is meant, loaded.
pub(crate) fn load(plan: Option<&Path>, kind: &Kinded) -> Result<Opening, OpenError> {
    Opening::find(plan, &here()?, wanted(kind)?)
}

/// The plan that is meant, for whoever only looks: also where it became one that can't be run since it was.
fn load_to_look(plan: Option<&Path>, kind: &Kinded) -> Result<Opening, OpenError> {
    Opening::find_to_look(plan, &here()?, wanted(kind)?)
}

/// A plan and tasks of it, named in one list: what is a plan's file or folder is the plan.
pub(crate) fn plan_among(names: &[String], kind: &Kinded) -> Result<(Opening, Vec<String>), OpenError> {
    let (plan, ids) = split(names, kind)?;
    Ok((load(plan.as_deref(), kind)?, ids))
}

/// The same for whoever only looks, or ends what is under way.
pub(crate) fn plan_to_look_among(
    names: &[String],
    kind: &Kinded,
) -> Result<(Opening, Vec<String>), OpenError> {
    let (plan, ids) = split(names, kind)?;
    Ok((load_to_look(plan.as_deref(), kind)?, ids))
}

/// The name of a plan, if there is one among these, and the others.
fn split(names: &[String], kind: &Kinded) -> Result<(Option<PathBuf>, Vec<String>), OpenError> {
    let (here, wanted) = (here()?, wanted(kind)?.kind);
    // A folder may happen to be called as a task is: it is meant when there is a plan in it, or when it is named as a path.
    let is_plan = |name: &&String| {
        let path = Path::new(name.as_str());
        match path.is_dir() {
            true => name.contains(['/', '.']) || locate(Some(path), &here, wanted).is_ok(),
            false => path.exists(),
        }
    };
    let plan = names.iter().find(is_plan).map(PathBuf::from);
    let ids = names.iter().filter(|name| !is_plan(name)).cloned().collect();
    Ok((plan, ids))
}

fn look(looked: &Looked) -> Result<View, Failure> {
    look_as(looked, RunOptions::default())
}

fn look_as(looked: &Looked, options: RunOptions) -> Result<View, Failure> {
    let opening = load_to_look(looked.plan.as_deref(), &looked.kind)?;
    // Whoever reads the answer of another plan than there is has to know, whatever form it has.
    let other: Vec<String> = opening.note().map(str::to_owned).into_iter().collect();
    let view = View::of(opening, options)?;
    tell(if looked.json { &other } else { view.notes() });
    Ok(view)
}

/// Tells a person something beside the answer.
pub(crate) fn tell(notes: &[String]) {
    let mut err = io::stderr().lock();
    for note in notes {
        // Nothing can be done about a closed standard error.
        let _ = writeln!(err, "note: {}", Sanitised::line(note));
    }
}

/// Writes an answer to standard output, in one go.
fn answer(write: impl FnOnce(&mut dyn Write) -> io::Result<u8>) -> Result<u8, Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let code = write(&mut out)?;
    out.flush()?;
    Ok(code)
}

fn logs(id: &str, looked: &Looked, follow: bool, attempt: Option<u32>) -> Result<u8, Failure> {
    let view = look(looked)?;
    let task = view.find(id)?;
    let Some(log) = view.log(task, attempt) else {
        let which = attempt.map(|attempt| format!(" of attempt {attempt}")).unwrap_or_default();
        return Err(Failure::Open(OpenError::Request {
            code: "log.none",
            message: format!("there is no output{which} of `{}`", view.plan().id(task)),
            hint: "`orch status` says how often it was tried".into(),
        }));
    };
    let found = view.loaded().found();
    let is_running = || {
        let view = Opening::load_to_look(&found).and_then(|plan| View::of(plan, RunOptions::default()));
        view.is_ok_and(|view| view.is_running(task))
    };
    answer(|out| logs::run(&log, follow, &is_running, out))
}
