//! What orch itself does with a claim of success before it counts.

use std::path::PathBuf;
use std::time::Duration;

use orch_core::Outcome;
use orch_exec::process::Exit;

/// What orch itself does with a claim of success, one process after the other.
pub(crate) trait FollowUp {
    /// What to do next.
    fn next(&mut self) -> Step;

    /// The errand that was asked for last is over.
    fn ended(&mut self, ended: ErrandEnd<'_>);
}

/// What a follow-up wants next.
pub(crate) enum Step {
    /// This is to be run to its end.
    Run(Errand),
    /// The attempt is judged.
    Done { outcome: Outcome, detail: Option<String> },
}

/// A process of a follow-up.
pub(crate) struct Errand {
    /// A short word for its files, unique in the follow-up.
    pub(crate) name: String,
    pub(crate) what: ErrandKind,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// The branch that the work is based on.
    pub(crate) base_branch: String,
    /// How long it may take.
    pub(crate) limit: Option<Duration>,
    /// What a person is told while it runs.
    pub(crate) progress: String,
}

/// What a follow-up has run.
pub(crate) enum ErrandKind {
    /// A program, in the environment of a worker.
    Command(Vec<String>),
    /// A program of the person who runs orch, in orch's own environment.
    Own(Vec<String>),
    /// The agent, with this prompt.
    Agent(String),
}

/// How an errand ended.
pub(crate) enum ErrandEnd<'a> {
    /// Its process ended; `output` is the end of what it printed, or the last word of an agent.
    Exited { exit: Exit, output: &'a str },
    /// Its time was up.
    TimedOut { output: &'a str },
    /// It could not be started.
    CouldNotStart { why: String },
}
