//! A plan as an adapter read it: names, not yet resolved.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Position;

/// A plan before it is checked: what an adapter read from somebody's file.
///
/// [`Plan::build`](crate::Plan::build) turns it into a [`Plan`](crate::Plan) or says everything that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanDraft {
    /// What the whole plan is for, in a line.
    pub objective: String,
    /// The tasks in the order of the file. This order decides every tie.
    pub tasks: Vec<TaskDraft>,
    /// Named values that must be the same for recorded progress to belong to this plan (for prompts: the PRD path
    /// and the requirements inventory, seed 002).
    pub identity: Vec<(String, String)>,
}

/// One task before its references are resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskDraft {
    /// The name the plan itself uses, such as `PROMPT-01-foo`, `M3`, `Stream-A`, `w-01`, `001`.
    pub id: String,
    /// Other names by which references may mean this task, such as `PROMPT-01`. An alias that two tasks share
    /// resolves to neither.
    pub aliases: Vec<String>,
    /// What a person calls it.
    pub title: String,
    /// Tasks that must be done first, by id or alias.
    pub depends_on: Vec<Reference>,
    /// Capabilities this task brings about (waves, seed 004).
    pub provides: Vec<String>,
    /// Capabilities that must be there first; each must be provided by exactly one task.
    pub requires: Vec<Reference>,
    /// Things only one running task may hold at a time, such as files. Tasks that share a claim never run together.
    pub claims: Vec<String>,
    /// Conditions outside of the plan that must hold before the task may start, such as `branch feature/x`: names that
    /// mean something to the adapter alone. That one holds is told to the run
    /// ([`Event::Holds`](crate::Event::Holds)).
    pub awaits: Vec<Reference>,
    /// Where the task is written.
    pub at: Option<Position>,
}

impl TaskDraft {
    /// A task called `id` that needs nothing.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// The same task, needing the tasks called `names` as well.
    #[must_use]
    pub fn after<I>(mut self, names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.depends_on.extend(names.into_iter().map(|name| Reference { name: name.into(), at: None }));
        self
    }
}

/// The name of another task, of a capability or of a condition, and where it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The name as written.
    pub name: String,
    /// Where it is written.
    pub at: Option<Position>,
}

impl From<&str> for Reference {
    fn from(name: &str) -> Self {
        Self { name: name.into(), at: None }
    }
}
