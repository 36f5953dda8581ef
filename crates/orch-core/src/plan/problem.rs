//! Everything that can be wrong with a plan's graph.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::{Diagnostic, Position};

/// One thing that is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// There is no task in the plan.
    #[error("the plan has no tasks")]
    Empty,
    /// A task without a name.
    #[error("a task has an empty id")]
    EmptyId {
        /// Where it is written.
        at: Option<Position>,
    },
    /// Two tasks have the same id.
    #[error("`{id}` is in the plan twice")]
    DuplicateId {
        /// The id.
        id: String,
        /// Where the second one is written.
        at: Option<Position>,
        /// Where the first one is written.
        first: Option<Position>,
    },
    /// A dependency of a task that is not in the plan ([`Plan::numbered`](crate::Plan::numbered), [`Plan::named`](crate::Plan::named)).
    #[error("`{task}` has dependencies and is not in the plan")]
    UnknownTask {
        /// The task's place.
        task: String,
    },
    /// A dependency names no task.
    #[error("`{task}` depends on `{name}`, which is not in the plan")]
    UnknownDependency {
        /// The task that has the dependency.
        task: String,
        /// The name as written.
        name: String,
        /// The id that was probably meant.
        suggestion: Option<String>,
        /// Where the name is written.
        at: Option<Position>,
    },
    /// A dependency's short name means more than one task.
    #[error("`{task}` depends on `{name}`, which could be {}", ids(.candidates, " or "))]
    AmbiguousDependency {
        /// The task that has the dependency.
        task: String,
        /// The name as written.
        name: String,
        /// The tasks it could mean, in plan order.
        candidates: Vec<String>,
        /// Where the name is written.
        at: Option<Position>,
    },
    /// A task depends on itself.
    #[error("`{task}` depends on itself")]
    SelfDependency {
        /// The task.
        task: String,
        /// Where the dependency is written.
        at: Option<Position>,
    },
    /// Tasks that wait for each other.
    #[error("dependency cycle: {}", way_round(.path))]
    Cycle {
        /// The shortest way round: each task depends on the next, the last on the first.
        path: Vec<String>,
        /// Where the first of them is written.
        at: Option<Position>,
    },
    /// A task awaits a condition without a name.
    #[error("`{task}` awaits a condition without a name")]
    EmptyCondition {
        /// The task that awaits it.
        task: String,
        /// Where it is written.
        at: Option<Position>,
    },
    /// A capability that no task brings about.
    #[error("`{task}` requires `{capability}`, which no task provides")]
    NoProvider {
        /// The task that requires it.
        task: String,
        /// The capability as written.
        capability: String,
        /// The capability that was probably meant.
        suggestion: Option<String>,
        /// Where it is written.
        at: Option<Position>,
    },
    /// A capability that more than one task brings about.
    #[error("`{capability}` is provided by {}", ids(.providers, " and "))]
    TwoProviders {
        /// The capability.
        capability: String,
        /// The tasks that provide it, in plan order.
        providers: Vec<String>,
        /// Where the second provider is written.
        at: Option<Position>,
    },
}

impl Problem {
    /// A stable name for scripts, such as `plan.cycle`.
    pub const fn code(&self) -> &'static str {
        match self {
            Problem::Empty => "plan.empty",
            Problem::EmptyId { .. } => "plan.empty_id",
            Problem::DuplicateId { .. } => "plan.duplicate_id",
            Problem::UnknownTask { .. } => "plan.unknown_task",
            Problem::UnknownDependency { .. } => "plan.unknown_dependency",
            Problem::AmbiguousDependency { .. } => "plan.ambiguous_dependency",
            Problem::SelfDependency { .. } => "plan.self_dependency",
            Problem::Cycle { .. } => "plan.cycle",
            Problem::EmptyCondition { .. } => "plan.empty_condition",
            Problem::NoProvider { .. } => "plan.no_provider",
            Problem::TwoProviders { .. } => "plan.two_providers",
        }
    }

    /// Where in the plan's text it is written, if the adapter said so.
    pub const fn at(&self) -> Option<Position> {
        match self {
            Problem::Empty | Problem::UnknownTask { .. } => None,
            Problem::EmptyId { at }
            | Problem::DuplicateId { at, .. }
            | Problem::UnknownDependency { at, .. }
            | Problem::AmbiguousDependency { at, .. }
            | Problem::SelfDependency { at, .. }
            | Problem::Cycle { at, .. }
            | Problem::EmptyCondition { at, .. }
            | Problem::NoProvider { at, .. }
            | Problem::TwoProviders { at, .. } => *at,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Problem::Empty => "add at least one task".into(),
            Problem::EmptyId { .. } => "give the task a name".into(),
            Problem::UnknownTask { .. } => "the places of the tasks are counted from zero".into(),
            Problem::DuplicateId { first: Some(first), .. } => {
                format!("the first one is at line {}; rename or remove one of them", first.line)
            }
            Problem::DuplicateId { first: None, .. } => "rename or remove one of them".into(),
            Problem::UnknownDependency { suggestion: Some(name), .. }
            | Problem::NoProvider { suggestion: Some(name), .. } => format!("did you mean `{name}`?"),
            Problem::UnknownDependency { suggestion: None, .. } => {
                "add that task, or remove the dependency".into()
            }
            Problem::NoProvider { suggestion: None, .. } => {
                "let a task provide it, or remove the requirement".into()
            }
            Problem::AmbiguousDependency { .. } => "write the whole id".into(),
            Problem::SelfDependency { .. } => "remove the dependency".into(),
            Problem::EmptyCondition { .. } => "name what it waits for, or remove it".into(),
            Problem::Cycle { .. } => "remove one of these dependencies".into(),
            Problem::TwoProviders { .. } => "let only one of them provide it".into(),
        }
    }
}

impl From<&Problem> for Diagnostic {
    fn from(problem: &Problem) -> Self {
        Diagnostic::error(problem.code(), problem.to_string()).hint(problem.hint()).at(problem.at())
    }
}

/// All that is wrong with a plan, found in one pass, in the order of the plan's text where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub(super) Vec<Problem>);

impl Problems {
    /// The problems, at least one.
    pub fn iter(&self) -> core::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl core::error::Error for Problems {}

/// Names in a message: at most this many, the rest counted.
const MOST_NAMED: usize = 12;

fn ids(names: &[String], last: &str) -> String {
    let shown: Vec<String> = names.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST_NAMED);
    match shown.split_last() {
        _ if more > 0 => format!("{}{last}{more} more", shown.join(", ")),
        Some((end, rest)) if !rest.is_empty() => format!("{}{last}{end}", rest.join(", ")),
        _ => shown.concat(),
    }
}

fn way_round(names: &[String]) -> String {
    let mut shown: Vec<&str> = names.iter().take(MOST_NAMED).map(String::as_str).collect();
    let more = names.len().saturating_sub(MOST_NAMED);
    let skipped = format!("… {more} more …");
    if more > 0 {
        shown.push(&skipped);
    }
    shown.extend(names.first().map(String::as_str));
    shown.join(" -> ")
}
