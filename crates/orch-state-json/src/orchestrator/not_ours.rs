//! Why a file at the path of a session's state is not taken for one.

use orch_core::{Diagnostic, Position};

use crate::Unreadable;
use crate::value::shortened;

/// How many keys of a foreign file are named.
const NAMED: usize = 8;

/// Why a file at the path of a session's state is not taken for one. It is to be left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// It is JSON of another tool: it names no planning document.
    #[error("written by another tool: it holds {}", listed(keys))]
    Foreign {
        /// The first few of its keys in the order of the alphabet, shortened and fit to be shown.
        keys: Vec<String>,
    },
    /// It can't be read at all, or a field holds what it can't.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A newer orch wrote it.
    #[error("written by a newer orch")]
    Newer,
}

fn listed(keys: &[String]) -> String {
    if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") }
}

impl NotOurs {
    /// What a file with these keys is.
    pub(super) fn foreign<'k>(keys: impl Iterator<Item = &'k str>) -> Self {
        let mut keys: Vec<&str> = keys.collect();
        keys.sort_unstable();
        let more = keys.len() > NAMED;
        let mut keys: Vec<String> = keys.into_iter().take(NAMED).map(shortened).collect();
        if more {
            keys.push("…".to_owned());
        }
        Self::Foreign { keys }
    }

    /// What is wrong, where, and what to do about it. The codes are `state_json.foreign`, `state_json.newer` and those of
    /// [`Unreadable`].
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            NotOurs::Unreadable(unreadable) => unreadable.diagnostic.clone(),
            NotOurs::Foreign { .. } => Diagnostic::error("state_json.foreign", self.to_string())
                .hint("a session's state names its planningDoc; move this file away if nobody needs it")
                .at(Position::new(1, 1)),
            NotOurs::Newer => Diagnostic::error("state_json.newer", self.to_string())
                .hint("update orch; the file was left as it is")
                .at(Position::new(1, 1)),
        }
    }
}
