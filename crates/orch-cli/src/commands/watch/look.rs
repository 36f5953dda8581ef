//! One look at the plan: what is shown of it, and whether there is more to come.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use orch_core::{Readiness, Status};
use orch_systems::{Found, OpenError, Opening, RunOptions, View};

use super::Event;
use super::screen::Size;
use crate::commands::status;
use crate::failure::Failure;
use crate::sanitise::Sanitised;

/// Lines of a terminal that are not for tasks: what is above and below them.
const AROUND: usize = 10;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// What is shown of it.
    pub(super) text: String,
    /// As a script is told it, where that counts: the same again as long as nothing has changed, however much time passes.
    pub(super) told: Vec<u8>,
    /// The folders in which changes can be heard of.
    pub(super) folders: Vec<PathBuf>,
    /// Whether an orch runs it.
    pub(super) is_live: bool,
    /// Whether nobody is at anything in it.
    pub(super) is_idle: bool,
    /// Whether nothing could be begun in it either.
    pub(super) is_done: bool,
}

/// Looks at a plan for a terminal of this size, or for anything else. All tasks are shown, those that the terminal has room for,
/// or as many as `orch status` shows.
pub(super) fn look(opening: Opening, all: bool, size: Option<Size>) -> Result<Looked, OpenError> {
    let view = View::of(opening, RunOptions::default())?;
    let most = match size {
        _ if all => usize::MAX,
        Some(size) => size.rows.saturating_sub(AROUND).max(1),
        None => status::ROWS,
    };
    let (mut text, mut told) = (Vec::new(), Vec::new());
    let written = write_notes(&view, &mut text).and_then(|()| status::show(&view, most, &mut text));
    let written = match size {
        Some(_) => written,
        None => written.and_then(|()| status::write_json(&view, &mut told)),
    };
    written.map_err(|source| OpenError::System { what: "show the plan", source })?;
    let run = view.run();
    let survey = run.survey(view.now());
    let is_idle = view.live().is_none() && run.count(Status::Running) == 0;
    let may_begin = |task| {
        let may_start = matches!(survey.of(task), Some(Readiness::Ready | Readiness::Held(_)));
        may_start || run.review_due(task)
    };
    Ok(Looked {
        text: String::from_utf8_lossy(&text).into_owned(),
        told,
        folders: view.watched(),
        is_live: view.live().is_some(),
        is_idle,
        is_done: is_idle && !view.plan().tasks().any(may_begin),
    })
}

fn write_notes(view: &View, out: &mut dyn Write) -> io::Result<()> {
    for note in view.notes() {
        writeln!(out, "note: {}", Sanitised::line(note))?;
    }
    if view.notes().is_empty() { Ok(()) } else { writeln!(out) }
}

/// What is shown when the plan could not be looked at.
pub(super) fn trouble(error: &OpenError) -> String {
    format!("orch: {}\nit is looked at again\n", Sanitised::line(&error.to_string()))
}

/// Looks at the plan on a thread of its own.
pub(super) struct Looker {
    asks: Sender<Option<Size>>,
}

impl Looker {
    pub(super) fn start(found: Found, all: bool, events: Sender<Event>) -> Result<Self, Failure> {
        let (asks, asked) = channel();
        let look_on = move || {
            for size in asked {
                let looked = Opening::load_to_look(&found).and_then(|opening| look(opening, all, size));
                if events.send(Event::Looked(looked)).is_err() {
                    return;
                }
            }
        };
        let started = thread::Builder::new().name("look".into()).spawn(look_on);
        started.map_err(|source| OpenError::System { what: "start a thread", source })?;
        Ok(Self { asks })
    }

    /// Has it look once more, for a terminal of this size.
    pub(super) fn look(&self, size: Option<Size>) {
        // The thread goes on as long as this is there.
        let _ = self.asks.send(size);
    }
}
