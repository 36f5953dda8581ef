//! Why there is nothing to tell a worker.

use std::io;
use std::path::PathBuf;

use minijinja::{Error, ErrorKind};

/// Why a template was not rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// There is no template of that name.
    #[error("there is no template `{name}`")]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// The file that overrides a template can't be read.
    #[error("can't read the template `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The template uses a value that is not there.
    #[error("{template}:{line}: there is no value for `{missing}`")]
    Missing {
        /// The template: the name of a built-in one, else its file.
        template: String,
        /// The line, from one.
        line: usize,
        /// The value, as the template spells it.
        missing: String,
    },
    /// The template is not well-formed, or asks for something that can't be done.
    #[error("{template}:{line}: {message}")]
    Template {
        /// The template: the name of a built-in one, else its file.
        template: String,
        /// The line, from one.
        line: usize,
        /// What is wrong, as a lower-case fragment.
        message: String,
    },
}

impl PromptError {
    /// Says in one line what the engine found in `template`.
    pub(crate) fn from_engine(template: &str, error: &Error) -> Self {
        let template = template.to_owned();
        let line = error.line().unwrap_or(1);
        match (error.kind(), missing(error)) {
            (ErrorKind::UndefinedError, Some(missing)) => {
                Self::Missing { template, line, missing: missing.to_owned() }
            }
            (kind, _) => {
                let message = match error.detail() {
                    Some(detail) => format!("{kind}: {detail}"),
                    None => kind.to_string(),
                };
                Self::Template { template, line, message }
            }
        }
    }
}

/// The expression that an error is about. Of a filter the engine points out its name: what is put through it
/// stands before.
fn missing(error: &Error) -> Option<&str> {
    let (source, range) = (error.template_source()?, error.range()?);
    let before = source.get(..range.start)?.trim_end().strip_suffix('|');
    let spelled = match before {
        Some(before) => before.split_whitespace().next_back()?,
        None => source.get(range)?.trim(),
    };
    Some(spelled).filter(|spelled| !spelled.is_empty())
}
