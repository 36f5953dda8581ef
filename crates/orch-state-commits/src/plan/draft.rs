//! A plan of commits as the plan of a run.

use std::collections::{HashMap, HashSet};

use orch_core::{Diagnostic, Plan, PlanDraft, Reference, TaskDraft};

use super::*;
use crate::provided::{Provided, Source, capability};

impl PlanCommit {
    /// The tasks that count, as the core knows them: each with its capabilities and what it requires.
    ///
    /// A precondition that work outside of this plan has provided already, or that only a reworded merge names, is no
    /// requirement any more. A name that a completed task provides is provided by that task alone.
    pub fn draft(&self, provided: &Provided) -> PlanDraft {
        let (live, replacements) = (self.live(), Replacements::of(self));
        let is_done = |task: &PlanTask| task.status == TaskStatus::Completed;
        let names = |task: &'_ PlanTask| {
            task.provides.iter().map(|name| capability(name).to_owned()).collect::<Vec<_>>()
        };
        let done: HashSet<String> =
            live.iter().filter(|task| is_done(task)).flat_map(|task| names(task)).collect();
        let offered: HashSet<String> = live.iter().flat_map(|task| names(task)).collect();
        let is_there = |name: &str| {
            let found = provided.provider(name);
            found.is_some_and(|found| found.source == Source::Earlier || !offered.contains(name))
        };
        let mut taken = HashSet::new();
        let mut tasks = Vec::with_capacity(live.len());
        for task in live {
            let mut own = HashSet::new();
            let mut provides = names(task);
            provides.retain(|name| match is_done(task) {
                true => taken.insert(name.clone()),
                false => !done.contains(name) && own.insert(name.clone()),
            });
            let requires =
                task.preconditions.iter().map(|name| capability(name)).filter(|name| !is_there(name));
            let depends_on = task.depends_on.iter().flat_map(|id| replacements.of_task(id));
            tasks.push(TaskDraft {
                id: task.id.to_string(),
                aliases: task.id.spellings(),
                title: task.title().to_owned(),
                depends_on: depends_on.map(|id| Reference::from(id.as_str())).collect(),
                provides,
                requires: requires.map(Reference::from).collect(),
                ..TaskDraft::default()
            });
        }
        let objective = self.user_request.split('\n').next().unwrap_or_default().to_owned();
        PlanDraft { objective, tasks, identity: Vec::new() }
    }
}

/// What is done in the place of superseded tasks.
struct Replacements<'p> {
    ids: HashMap<(u128, Option<u8>), &'p TaskId>,
    superseded: BTreeMap<&'p TaskId, Vec<TaskId>>,
}

impl<'p> Replacements<'p> {
    fn of(plan: &'p PlanCommit) -> Self {
        let ids = plan.tasks.iter().rev().map(|task| (task.id.key(), &task.id)).collect();
        Self { ids, superseded: plan.superseded() }
    }

    /// The tasks that are done in the place of `id`: itself, unless it is superseded.
    fn of_task<'a>(&'a self, id: &'a TaskId) -> Vec<&'a TaskId> {
        let (mut open, mut seen, mut found) = (vec![id], HashSet::new(), Vec::new());
        while let Some(id) = open.pop() {
            let id = self.ids.get(&id.key()).copied().unwrap_or(id);
            match self.superseded.get(id).filter(|by| !by.is_empty()) {
                _ if !seen.insert(id) => {}
                Some(by) => open.extend(by.iter().rev()),
                None => found.push(id),
            }
        }
        found
    }
}

/// What is wrong with the capabilities of `plan`, given what is `provided` already.
///
/// A precondition that nobody provides (`plan.no_provider`, with the nearest name as a hint), a name that two tasks provide
/// (`plan.two_providers`), a provider that depends on its own consumer (`plan.cycle` with the way round,
/// `plan.self_dependency`), an id that is there twice (`plan.duplicate_id`), and a part of the section of tasks without an
/// id (`waves.no_id`, a warning).
///
/// ```
/// use orch_state_commits::{PlanCommit, PlanTask, Provided, check_capabilities};
///
/// let mut plan = PlanCommit::new("session-20250112-143000");
/// let mut task = PlanTask::new("001".parse()?, "Create AuthService");
/// task.preconditions = vec!["User model class".into()];
/// plan.tasks.push(task);
/// let found = check_capabilities(&plan, &Provided::default());
/// assert_eq!(found[0].message, "`001` requires `User model class`, which no task provides");
/// # Ok::<(), orch_state_commits::UnfitName>(())
/// ```
pub fn check_capabilities(plan: &PlanCommit, provided: &Provided) -> Vec<Diagnostic> {
    let problems = Plan::build(plan.draft(provided)).err();
    let mut found: Vec<Diagnostic> =
        problems.iter().flat_map(|problems| problems.iter()).map(Diagnostic::from).collect();
    // The core takes `1` and `001` for two ids.
    let mut texts = BTreeMap::new();
    for id in plan.tasks.iter().map(|task| &task.id) {
        let first = *texts.entry(id.key()).or_insert(id);
        if first != id {
            let message = format!("`{id}` and `{first}` are the same id");
            found.push(Diagnostic::error("plan.duplicate_id", message).hint("rename or remove one of them"));
        }
    }
    found.extend(plan.unread.iter().map(|part| {
        Diagnostic::warning("waves.no_id", format!("`### {}` has no id of a task", part.title))
            .hint("write `### Task 001`: digits and at most one letter")
    }));
    found
}
