//! What happens, as JSON Lines: the face of a run for scripts.

use std::fs::File;
use std::io::{self, LineWriter, Write};
use std::path::Path;

use orch_core::{Halt, Run, Status};
use orch_run::{Happening, Observer, What};
use orch_systems::{Report, Requirements, Session};
use serde_json::{Value, json};

use crate::json::rfc3339;

/// Writes each event as one line.
pub(crate) struct Events {
    out: LineWriter<Box<dyn Write>>,
    /// The first error; after it nothing more is written.
    failed: Option<io::Error>,
}

impl Events {
    /// Events to `path`, or to standard output for `-`.
    pub(crate) fn to(path: &Path) -> io::Result<Self> {
        let out: Box<dyn Write> =
            if path.as_os_str() == "-" { Box::new(io::stdout()) } else { Box::new(File::create(path)?) };
        Ok(Self { out: LineWriter::new(out), failed: None })
    }

    fn write(&mut self, event: &Value) {
        if self.failed.is_some() {
            return;
        }
        if let Err(error) = writeln!(self.out, "{event}") {
            self.failed = Some(error);
        }
    }

    /// The run is about to begin.
    pub(crate) fn began(&mut self, session: &Session) {
        let run = session.current();
        let now = orch_run::Clock::now(&orch_run::SystemClock::new());
        self.write(&json!({
            "t": rfc3339(now), "event": "run_started", "task": null, "run": session.run_id(),
            "resumed": session.resumed(), "tasks": run.plan().len(), "jobs": run.policy().jobs.get(),
            "success": run.count(Status::Success), "incomplete": run.count(Status::Incomplete),
            "fail": run.count(Status::Fail), "notes": session.notes(),
        }));
    }

    /// The run is over.
    pub(crate) fn ended(&mut self, report: &Report) {
        let now = rfc3339(orch_run::Clock::now(&orch_run::SystemClock::new()));
        match &report.validation {
            Requirements::Met => self.write(&json!({
                "t": now, "event": "gate", "task": null, "gate": "validation", "verdict": "pass", "detail": null,
            })),
            Requirements::Unmet { reasons } => self.write(&json!({
                "t": now, "event": "gate", "task": null, "gate": "validation", "verdict": "fail",
                "detail": reasons.join("; "),
            })),
            Requirements::NothingNamed | Requirements::NotValidated => {}
        }
        self.write(&json!({
            "t": now, "event": "run_ended", "task": null, "verdict": report.verdict.word(),
            "halt": report.halt.map(halt_word), "notes": report.notes,
        }));
    }

    /// Whether everything could be written.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }
}

impl Observer for Events {
    fn see(&mut self, happening: &Happening, run: &Run) {
        let t = rfc3339(happening.at);
        let id = |task| run.plan().id(task);
        let event = match &happening.what {
            What::Moved { moved, detail } => {
                let event = match (moved.to, moved.outcome) {
                    (Status::Running, _) => "task_started",
                    (_, Some(_)) => "task_ended",
                    (_, None) => "task_wanted",
                };
                json!({
                    "t": t, "event": event, "task": id(moved.task), "attempt": moved.attempt,
                    "status": moved.to.word(), "from": moved.from.word(),
                    "outcome": moved.outcome.map(orch_core::Outcome::word), "detail": detail,
                })
            }
            What::Worker { task, attempt, worker, log } => json!({
                "t": t, "event": "worker", "task": id(*task), "attempt": attempt,
                "pid": worker.as_ref().map(|worker| worker.pid), "log": log,
            }),
            What::Session { task, attempt, session } => json!({
                "t": t, "event": "session", "task": id(*task), "attempt": attempt, "session": session,
            }),
            What::Progress { task, attempt, text } => json!({
                "t": t, "event": "progress", "task": id(*task), "attempt": attempt, "detail": text,
            }),
            What::ReviewBegan { task, attempt } => json!({
                "t": t, "event": "gate", "task": id(*task), "attempt": attempt, "gate": "review",
                "verdict": null, "detail": null,
            }),
            What::Reviewed { task, attempt, verdict, settled, detail } => json!({
                "t": t, "event": "gate", "task": id(*task), "attempt": attempt, "gate": "review",
                "verdict": verdict.word(), "settled": settled, "detail": detail,
            }),
            What::Alert { task, text } => {
                json!({"t": t, "event": "alert", "task": task.map(id), "detail": text})
            }
            What::Replanned { added, gone } => json!({
                "t": t, "event": "replanned", "task": null,
                "added": added.iter().map(|&task| id(task)).collect::<Vec<_>>(), "gone": gone,
                "tasks": run.plan().len(),
            }),
            What::Recorded { happenings } => {
                json!({"t": t, "event": "state_recorded", "task": null, "happenings": happenings})
            }
            _ => return,
        };
        self.write(&event);
    }
}

/// The word for why a run starts nothing more.
pub(crate) fn halt_word(halt: Halt) -> &'static str {
    match halt {
        Halt::Failed { .. } => "failed",
        Halt::Incomplete { .. } => "incomplete",
        Halt::Review { .. } => "review",
        Halt::CouldNotStart { .. } => "could_not_start",
        Halt::RateLimited { .. } => "rate_limited",
        Halt::Paused { .. } => "paused",
        Halt::Stopped => "stopped",
    }
}
