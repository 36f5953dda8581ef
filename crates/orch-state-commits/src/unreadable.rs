//! Why a message can't be read.

/// A message that is not what it was to be read as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// More than is read of a message.
    #[error("{bytes} bytes, more than are read of a message")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Neither its title nor its sections are those of what was to be read.
    #[error("{title:?} is not {expected}")]
    Other {
        /// What was to be read, such as `the first commit of a task`.
        expected: &'static str,
        /// The title of the message, cut if it is long.
        title: String,
    },
    /// A task that doesn't say its id.
    #[error("{title:?} doesn't say the id of its task")]
    NoId {
        /// The title of the message, cut if it is long.
        title: String,
    },
}

impl Unreadable {
    pub(crate) fn other(expected: &'static str, title: &str) -> Self {
        Self::Other { expected, title: cut(title) }
    }

    pub(crate) fn no_id(title: &str) -> Self {
        Self::NoId { title: cut(title) }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "put long texts into files and name them",
            Self::Other { .. } => "name another commit, or create the branch with orch",
            Self::NoId { .. } => "write `ID: 001` below `## Task Metadata`: digits and at most one letter",
        }
    }
}

fn cut(title: &str) -> String {
    const LONGEST: usize = 80;
    match title.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &title[..at]),
        None => title.to_owned(),
    }
}
