//! What only planning documents are asked for.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand, ValueEnum};
use orch_systems::PromptMode;

use super::{Kinded, Looked};

/// Handing a milestone to a person.
#[derive(Debug, Group)]
pub(crate) struct Dispatch {
    /// The milestone, by id, number or name; the first that may start when none is named. A document may stand here as
    /// well.
    #[arg(value_name = "ID")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) kind: Kinded,
    /// Only what an earlier attempt has left.
    #[arg(long)]
    pub(crate) gap: bool,
    /// How the prompt is handed over, from here on.
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    #[command(flatten)]
    pub(crate) session: Begin,
    /// The answer as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whether to go on with the session that is there.
#[derive(Debug, Default, Group)]
pub(crate) struct Begin {
    /// Put the session so far away and begin a new one; the document stays the truth of what is done.
    #[arg(long, conflicts_with = "resume")]
    pub(crate) fresh: bool,
    /// Go on with the session that is there, and ask nothing.
    #[arg(long)]
    pub(crate) resume: bool,
}

/// Taking in what workers have left.
#[derive(Debug, Group)]
pub(crate) struct Collect {
    /// Only of this milestone. A document may stand here as well.
    #[arg(value_name = "ID")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) kind: Kinded,
    /// Take in a summary from standard input, as somebody has pasted it.
    #[arg(long)]
    pub(crate) stdin: bool,
    /// Also of milestones that were never dispatched.
    #[arg(long)]
    pub(crate) undispatched: bool,
    /// The answer as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Saying that a person has looked.
#[derive(Debug, Group)]
pub(crate) struct Ack {
    /// A milestone: pass the gates that it waits behind. Without one: what came back was looked at, and dispatching goes
    /// on. A document may stand here as well.
    #[arg(value_name = "ID")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) kind: Kinded,
}

/// Showing a milestone.
#[derive(Debug, Group)]
pub(crate) struct Show {
    /// The milestone, by id, number or name.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) looked: Looked,
}

/// Switching how prompts are handed over.
#[derive(Debug, Group)]
pub(crate) struct SwitchMode {
    /// Shown to be copied, or saved to a file.
    #[arg(value_enum)]
    pub(crate) mode: Mode,
    /// The planning document.
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) kind: Kinded,
}

/// Writing something new.
#[derive(Debug, Subcommand)]
pub(crate) enum New {
    /// Write a planning document from a few lines of YAML, or from answers to questions.
    Plan {
        /// The YAML (`title`, `purpose`, `milestones` with `name`, `tasks`, `depends_on` …); `-` for standard input. Without
        /// it, questions are asked.
        from: Option<PathBuf>,
        /// Where to write it; `<Title>-Planning.md` in the current folder unless given, `-` for standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// How prompts are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Shown, to be copied.
    Inline,
    /// Saved to a file, with a short text to paste.
    File,
}

impl From<Mode> for PromptMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Inline => PromptMode::Inline,
            Mode::File => PromptMode::File,
        }
    }
}
