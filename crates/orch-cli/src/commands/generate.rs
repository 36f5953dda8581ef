//! `orch generate`: a PRD and streams from a wish, by an agent with orch's tools, or from a file (seed 001). Plans of waves are
//! made in [`waves`].

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use orch_systems::{
    AnyPlan, Confirm, GenerateOptions, Generated, Generation, Linked, OpenError, StreamPlan, Wish,
    makes_waves,
};

use super::ask::{agrees, ask, can_ask};
use super::{check, here, tell, waves};
use crate::args::{ConfirmedBy, Generate, GeneratedKind, command_line, tools};
use crate::failure::{Failure, code};
use crate::interrupt::Interrupted;
use crate::sanitise::Sanitised;

/// The most that is read of a file.
const LARGEST: u64 = 8 << 20;

/// The line above and below what must not be overlooked (seed 001).
const RULE: &str = "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━";

pub(crate) fn run(args: &Generate) -> Result<u8, Failure> {
    generated(args).map_err(|failure| match (failure, &args.from) {
        (Failure::Open(OpenError::Invalid { path, findings }), Some(_)) => {
            Failure::Written { path, findings }
        }
        (failure, _) => failure,
    })
}

fn generated(args: &Generate) -> Result<u8, Failure> {
    let is_of_waves = match args.kind {
        Some(kind) => kind == GeneratedKind::Waves,
        None => makes_waves(&here()?),
    };
    match (is_of_waves, args.confirm) {
        (true, _) => waves::generate(args, wish(args)?, confirm(args)),
        (false, None | Some(ConfirmedBy::Yes)) => streams(args),
        (false, Some(ConfirmedBy::Ask | ConfirmedBy::Agent)) => Err(Failure::Open(OpenError::Request {
            code: "generate.confirm",
            message: "`--confirm` is for plans of waves, and these are streams".into(),
            hint: "leave it out, or say `--confirm yes`; for a plan of waves say `--kind waves`".into(),
        })),
    }
}

/// Who says whether a plan of waves is to be carried out. Whoever wrote it into a file is not asked unless that is wanted.
fn confirm(args: &Generate) -> Confirm {
    match args.confirm {
        Some(ConfirmedBy::Ask) => Confirm::Ask,
        Some(ConfirmedBy::Agent) => Confirm::Agent,
        Some(ConfirmedBy::Yes) => Confirm::Yes,
        None if args.yes || args.from.is_some() => Confirm::Yes,
        None => Confirm::Ask,
    }
}

/// Whether questions are answered with yes.
fn says_yes(args: &Generate) -> bool {
    args.yes || args.confirm == Some(ConfirmedBy::Yes)
}

fn streams(args: &Generate) -> Result<u8, Failure> {
    let wish = wish(args)?;
    let options = GenerateOptions { agent: args.agent.clone(), tools: tools(), command: command_line() };
    let mut generation = Generation::begin(&here()?, wish, options)?;
    let interrupted = Interrupted::listen(generation.asker())
        .map_err(|source| OpenError::System { what: "listen for signals", source })?;
    tell(generation.notes());
    if !may_archive(&generation, says_yes(args))? {
        return Ok(code::FAIL);
    }
    let told = generation.notes().len();
    let linked = generation.link()?;
    tell(&generation.notes()[told..]);
    let made = made(&mut generation, &linked, args, &interrupted);
    if !matches!(made, Ok(Planned::Stored(_))) {
        match generation.take_back() {
            Ok(taken) => tell(taken.as_slice()),
            // Why it came to nothing is said beside it.
            Err(error) => drop(Failure::from(error).report(false)),
        }
    }
    match made? {
        Planned::Stored(generated) => show(&generated, generation.load()),
        Planned::Ended(code) => Ok(code),
    }
}

/// Has PRD and tasks made for the initiative that was linked.
fn made(
    generation: &mut Generation,
    linked: &Linked,
    args: &Generate,
    interrupted: &Interrupted,
) -> Result<Planned, Failure> {
    let mut err = io::stderr();
    writeln!(err, "initiative: {}", Sanitised::line(&linked.title))?;
    if !linked.archived.is_empty() {
        let (streams, listed) = (counted(linked.archived.len(), "stream"), linked.archived.join(", "));
        writeln!(err, "archived: {streams} of earlier work: {}", Sanitised::line(&listed))?;
    }
    match args.from {
        Some(_) => Ok(Planned::Stored(generation.make()?.0)),
        None => planned(generation, says_yes(args), interrupted),
    }
}

/// How many, in words: `1 task`, `2 tasks`.
fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

/// What is wanted: a file, words, or what a person says who is asked.
fn wish(args: &Generate) -> Result<Wish, Failure> {
    if let Some(path) = &args.from {
        return Ok(Wish::Written { text: read(path)?, origin: path.clone() });
    }
    let words = match &args.wish {
        Some(words) => words.clone(),
        None if can_ask() => ask("What feature or initiative should be planned?")?,
        None => String::new(),
    };
    if words.trim().is_empty() {
        return Err(Failure::Open(OpenError::Request {
            code: "generate.no_wish",
            message: "it is not said what is wanted".into(),
            hint: "say it: `orch generate \"Users can sign in\"`, or name a file with `--from FILE`".into(),
        }));
    }
    Ok(Wish::Words(words))
}

enum Planned {
    Stored(Generated),
    Ended(u8),
}

/// Has the agent plan until something is stored, or a person has had enough of it.
fn planned(generation: &mut Generation, yes: bool, interrupted: &Interrupted) -> Result<Planned, Failure> {
    let mut is_again = false;
    loop {
        writeln!(io::stderr(), "planning by {}…", Sanitised::line(generation.agent()))?;
        let told = generation.notes().len();
        let (generated, ended) = generation.make()?;
        if !is_again {
            tell(&generation.notes()[told..]);
        }
        if let Some(code) = interrupted.exit_code() {
            return Ok(Planned::Ended(code));
        }
        if let Some(how) = &ended {
            tell(&[format!("the planning agent ended with {how}")]);
        }
        if generated.is_enough() {
            return Ok(Planned::Stored(generated));
        }
        write_box(&generated, generation, &mut io::stderr().lock())?;
        let retry = !is_again
            && match can_ask() {
                _ if yes => true,
                true => agrees("Would you like to retry with explicit tool enforcement?")?,
                false => false,
            };
        if !retry {
            writeln!(io::stderr(), "orch: nothing that could be run was planned")?;
            return Ok(Planned::Ended(code::FAIL));
        }
        is_again = true;
    }
}

/// Whether streams that are not finished may be archived, which linking another initiative does.
fn may_archive(generation: &Generation, yes: bool) -> Result<bool, Failure> {
    let unfinished = generation.unfinished()?;
    if unfinished.is_empty() || yes {
        return Ok(true);
    }
    let (streams, listed) = (counted(unfinished.len(), "stream"), unfinished.join(", "));
    let what = format!("{streams} of the initiative before not finished, to be archived: {listed}");
    if !can_ask() {
        return Err(Failure::Open(OpenError::Person {
            code: "generate.unfinished",
            message: what,
            hint: "finish them with `orch run` first, or say `--yes`; archived streams can be taken back with the tool \
                   stream_unarchive"
                .into(),
        }));
    }
    Ok(agrees(&format!("{}. Go on?", Sanitised::line(&what)))?)
}

/// The words of seed 001.
fn write_box(generated: &Generated, generation: &Generation, err: &mut dyn Write) -> io::Result<()> {
    writeln!(err, "{RULE}\n❌ ERROR: Verification Failed\n{RULE}\n")?;
    writeln!(err, "{} did not properly use Task Copilot tools.\n", Sanitised::line(generation.agent()))?;
    writeln!(err, "Verification Results:")?;
    writeln!(err, "  • PRDs found: {}", generated.prds.len())?;
    writeln!(err, "  • Streams found: {}\n", generated.streams)?;
    writeln!(err, "The agent may have:")?;
    for may in [
        "Output a planning document instead of calling tools",
        "Skipped prd_create() or task_create() calls",
        "Failed to include metadata.streamId in tasks",
        "Created content but not stored it in Task Copilot",
    ] {
        writeln!(err, "  • {may}")?;
    }
    writeln!(err, "\nWhat it said is in {}", Sanitised::line(&generation.log().to_string_lossy()))?;
    writeln!(err, "{RULE}")
}

/// What was made, and how it is built; or what is wrong with it.
fn show(generated: &Generated, loaded: Result<StreamPlan, OpenError>) -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    for prd in &generated.prds {
        writeln!(out, "PRD Created: {}", Sanitised::line(prd))?;
    }
    let (tasks, streams) = (counted(generated.tasks, "task"), counted(generated.streams, "stream"));
    writeln!(out, "Tasks Created: {tasks} across {streams}\n")?;
    let loaded = loaded.map(AnyPlan::from);
    if let Err(error @ (OpenError::Database(_) | OpenError::Read { .. })) = loaded {
        return Err(error.into());
    }
    writeln!(out, "Stream Dependency Structure:\n")?;
    let code = check::run(&loaded, false, &mut out)?;
    match loaded {
        Ok(_) => writeln!(out, "\nNext: `orch run` begins")?,
        Err(_) => writeln!(
            io::stderr(),
            "hint: mend the tasks with task_update, or `orch generate` again; `orch check` looks at them"
        )?,
    }
    Ok(code)
}

fn read(path: &Path) -> Result<String, OpenError> {
    let failed = |source| OpenError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)),
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(io::Error::other(format!("it has more than {LARGEST} bytes"))));
    }
    String::from_utf8(bytes).map_err(|_| failed(io::Error::other("it is no text in UTF-8")))
}
