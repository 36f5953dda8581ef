//! Names: ids of tasks, slugs, sessions, and the branches made of them.

use std::collections::HashSet;

mod branch;
mod session;
mod slug;
mod task_id;

pub use branch::{PlanBranch, TaskBranch};
pub use session::SessionId;
pub use slug::Slug;
pub use task_id::TaskId;

/// A name that is unfit for its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is unfit for {place}: {why}")]
pub struct UnfitName {
    /// The name, cut if it is long.
    pub name: String,
    /// What it was meant for, such as `a slug`.
    pub place: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
    /// A name that is fit, as near as possible to this one.
    pub suggestion: String,
}

impl UnfitName {
    pub(crate) fn new(
        name: &str,
        place: &'static str,
        why: &'static str,
        suggestion: impl Into<String>,
    ) -> Self {
        let name = name.chars().take(80).collect();
        Self { name, place, why, suggestion: suggestion.into() }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        format!("use `{}`", self.suggestion)
    }
}

/// `ids`, each only where it is first.
pub(crate) fn each_once(ids: Vec<TaskId>) -> Vec<TaskId> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}
