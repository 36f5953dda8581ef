//! What a worker is told.

use std::path::PathBuf;

use orch_core::TaskIx;
use orch_exec::agent::{Builtin, Profile};
use orch_prompt::{Block, PromptError};
use orch_store::{Escape, Home};

use super::{Coming, Ground};

/// What a worker is to be told about.
pub(crate) struct Telling<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) coming: Coming,
    /// Where it works; none when it is only rehearsed.
    pub(crate) ground: Option<&'a Ground>,
    /// The other tasks under way.
    pub(crate) others: &'a [TaskIx],
    /// Where orch's own files are; none before the first run.
    pub(crate) home: Option<&'a Home>,
    /// What is known of the attempt before.
    pub(crate) previous: Option<&'a str>,
    /// The branch that the plan's work is based on.
    pub(crate) base_branch: &'a str,
}

/// What a worker is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The text, written to a file for the worker.
    pub text: String,
    /// Where each part of it comes from, in order of appearance.
    pub blocks: Vec<Block>,
    /// The shell that is to execute the text; none when it is a prompt for an agent.
    pub shell: Option<&'static str>,
}

/// Why there is nothing to tell a worker.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The prompt file can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The prompt file is not where it may be.
    #[error(transparent)]
    Escape(#[from] Escape),
    /// The template can't be rendered.
    #[error(transparent)]
    Template(#[from] PromptError),
    /// The agent is a shell and the prompt holds nothing for it.
    #[error("{path} has no `sh` block for the agent `shell` to run")]
    NoCommands {
        /// The prompt file.
        path: String,
    },
    /// The agent is a shell, and what is to be done is told in prose.
    #[error("{path} is prose, and the agent `shell` only runs commands")]
    NeedsAgent {
        /// The file.
        path: String,
    },
    /// A block of commands has no end.
    #[error("{path}:{line}: the block of commands that begins here has no closing fence")]
    Unclosed {
        /// The prompt file.
        path: String,
        /// The line of the opening fence, from one.
        line: u32,
    },
}

/// Whether the profile is the built-in one that executes a prompt's own commands.
pub(crate) fn is_shell(profile: &Profile) -> bool {
    profile.name == Builtin::Shell.name() && profile.command.is_empty()
}
