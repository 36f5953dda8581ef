//! From a draft to a plan: every name resolved, every problem found in one pass.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::OnceCell;

use hashbrown::HashMap;

use super::names::{Names, NamesBuilder};
use super::suggest::Suggestions;
use super::texts::Texts;
use super::{Plan, PlanDraft, Problem, Problems, Reference, TaskDraft};
use crate::graph::{Graph, Rows, TaskIx, cycles};

pub(super) fn build(draft: PlanDraft) -> Result<Plan, Problems> {
    let mut problems = Vec::new();
    if draft.tasks.is_empty() {
        problems.push(Problem::Empty);
    }
    let (ids, places) = number_ids(&draft.tasks, &mut problems);
    let suggestions = Suggestions::new();
    let names = Resolver::new(&draft.tasks, &ids, &places, &suggestions);
    let capabilities = Capabilities::new(&draft.tasks, &suggestions, &mut problems);

    let edge_count = draft.tasks.iter().map(|task| task.depends_on.len() + task.requires.len()).sum();
    let mut edges: Vec<(u32, u32)> = Vec::with_capacity(edge_count);
    for (place, task) in draft.tasks.iter().enumerate() {
        for reference in &task.depends_on {
            match names.resolve(&reference.name) {
                Found::One(on) if on as usize == place => problems
                    .push(Problem::SelfDependency { task: task.id.clone(), at: reference.at.or(task.at) }),
                Found::One(on) => edges.push((place as u32, on)),
                Found::Many => problems.push(names.ambiguous(task, reference)),
                Found::None => problems.push(names.unknown(task, reference)),
            }
        }
        for reference in &task.requires {
            match capabilities.provider(&reference.name) {
                Some(on) if on as usize == place => problems
                    .push(Problem::SelfDependency { task: task.id.clone(), at: reference.at.or(task.at) }),
                Some(on) => edges.push((place as u32, on)),
                None => problems.push(capabilities.unknown(task, reference)),
            }
        }
        for reference in task.awaits.iter().filter(|reference| reference.name.is_empty()) {
            problems.push(Problem::EmptyCondition { task: task.id.clone(), at: reference.at.or(task.at) });
        }
    }

    let graph = Graph::new(draft.tasks.len(), &edges).expect("every pair was resolved to two tasks above");
    let order = list_order(&graph);
    if order.len() < graph.len() {
        problems.extend(cycles(&graph).into_iter().map(|path| Problem::Cycle {
            at: path.first().and_then(|&task| place_of_dependency(&draft.tasks[task.index()])),
            path: path.into_iter().map(|task| draft.tasks[task.index()].id.clone()).collect(),
        }));
    }
    if !problems.is_empty() {
        problems.sort_by_key(|problem| (problem.at().is_none(), problem.at()));
        return Err(Problems(problems));
    }

    let aliases = names.into_aliases();
    let (claims, claim_names) = number(&draft.tasks, |task| task.claims.iter().map(String::as_str));
    let (awaits, condition_names) =
        number(&draft.tasks, |task| task.awaits.iter().map(|condition| condition.name.as_str()));
    let awaited_by = turned(&awaits, draft.tasks.len(), condition_names.len());
    let mut titles = Texts::default();
    if draft.tasks.iter().any(|task| !task.title.is_empty()) {
        draft.tasks.iter().for_each(|task| _ = titles.push(&task.title));
        titles.shrink_to_fit();
    }
    Ok(Plan {
        objective: draft.objective,
        identity: draft.identity,
        aliases,
        ids,
        titles,
        graph,
        list_order: order.into_boxed_slice(),
        claims,
        claim_names,
        awaits,
        awaited_by,
        condition_names,
    })
}

fn place_of_dependency(task: &TaskDraft) -> Option<crate::Position> {
    task.depends_on.iter().find_map(|reference| reference.at).or(task.at)
}

/// The ids, and for each the first task that has it. The two differ from plan order only when an id is there twice.
fn number_ids(tasks: &[TaskDraft], problems: &mut Vec<Problem>) -> (Names, Vec<u32>) {
    let mut ids = NamesBuilder::with_capacity(tasks.len());
    let mut places: Vec<u32> = Vec::with_capacity(tasks.len());
    for (place, task) in tasks.iter().enumerate() {
        if task.id.is_empty() {
            problems.push(Problem::EmptyId { at: task.at });
        }
        let (number, new) = ids.intern(&task.id);
        if new {
            places.push(place as u32);
        } else if !task.id.is_empty() {
            problems.push(Problem::DuplicateId {
                id: task.id.clone(),
                at: task.at,
                first: tasks[places[number as usize] as usize].at,
            });
        }
    }
    (ids.finish(), places)
}

/// Tasks so that each comes after what it needs, and otherwise in plan order. Shorter than the plan when there is a
/// cycle.
pub(super) fn list_order(graph: &Graph) -> Vec<TaskIx> {
    if graph.follows_list() {
        return graph.tasks().collect();
    }
    let mut unmet: Vec<u32> = graph.tasks().map(|task| graph.depends_on(task).len() as u32).collect();
    let mut ready = crate::ready::ReadySet::new(graph.len());
    for task in graph.tasks().filter(|task| unmet[task.index()] == 0) {
        ready.insert(task);
    }
    let mut order = Vec::with_capacity(graph.len());
    while let Some(task) = ready.first() {
        ready.remove(task);
        order.push(task);
        for &dependent in graph.dependents(task) {
            unmet[dependent.index()] -= 1;
            if unmet[dependent.index()] == 0 {
                ready.insert(dependent);
            }
        }
    }
    order
}

/// What `of` names of each task, numbered over the whole plan: for each task the numbers without repeats, and the names.
fn number<'a, I>(tasks: &'a [TaskDraft], of: impl Fn(&'a TaskDraft) -> I) -> (Rows<u32>, Names)
where
    I: Iterator<Item = &'a str>,
{
    let mut names = NamesBuilder::default();
    let mut pairs = Vec::new();
    for (place, task) in tasks.iter().enumerate() {
        for name in of(task) {
            let pair = (place as u32, names.intern(name).0);
            if pairs.iter().rev().take_while(|(task, _)| *task == pair.0).all(|known| *known != pair) {
                pairs.push(pair);
            }
        }
    }
    (Rows::from_pairs(tasks.len(), &pairs), names.finish())
}

/// For each number the tasks that have it, in plan order.
fn turned(numbers: &Rows<u32>, tasks: usize, count: usize) -> Rows<TaskIx> {
    let of = |task: usize| numbers.row(task).iter().map(move |&number| (number, TaskIx(task as u32)));
    let pairs: Vec<(u32, TaskIx)> = if count == 0 { Vec::new() } else { (0..tasks).flat_map(of).collect() };
    Rows::from_pairs(count, &pairs)
}

/// What a name in a dependency stands for.
enum Found {
    None,
    One(u32),
    Many,
}

/// Other names by which references may mean a task.
#[derive(Clone, Debug)]
pub(super) struct Aliases {
    names: Names,
    /// By number of the name the task it means, or [`SHARED`].
    tasks: Box<[u32]>,
}

/// No task: the name means more than one.
const SHARED: u32 = u32::MAX;

impl Aliases {
    /// Those of `tasks` that are not the id of some task.
    fn new(tasks: &[TaskDraft], ids: &Names) -> Self {
        let count = tasks.iter().map(|task| task.aliases.len()).sum();
        let mut names = NamesBuilder::like(ids, count);
        let mut means = Vec::with_capacity(count);
        for (place, task) in (0..).zip(tasks) {
            for alias in &task.aliases {
                let hash = names.hash(alias);
                if ids.find_hashed(hash, alias).is_some() {
                    continue;
                }
                match names.intern_hashed(hash, alias) {
                    (_, true) => means.push(place),
                    (number, false) if means[number as usize] != place => means[number as usize] = SHARED,
                    _ => {}
                }
            }
        }
        Self { names: names.finish(), tasks: means.into() }
    }

    pub(super) fn none() -> Self {
        Self { names: Names::none(), tasks: Box::default() }
    }

    /// The hash of `name` among these names and the ids.
    fn hash(&self, name: &str) -> u64 {
        self.names.hash(name)
    }

    fn resolve(&self, hash: u64, name: &str) -> Found {
        match self.names.find_hashed(hash, name).map(|number| self.tasks[number as usize]) {
            None => Found::None,
            Some(SHARED) => Found::Many,
            Some(place) => Found::One(place),
        }
    }

    /// The task that `name` means, if it means only one.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        match self.resolve(self.hash(name), name) {
            Found::One(place) => Some(place),
            Found::None | Found::Many => None,
        }
    }
}

struct Resolver<'a> {
    tasks: &'a [TaskDraft],
    ids: &'a Names,
    places: &'a [u32],
    aliases: Aliases,
    /// By alias the tasks that share it; made when the first of them is told.
    sharers: OnceCell<HashMap<&'a str, Vec<u32>>>,
    suggestions: &'a Suggestions,
}

impl<'a> Resolver<'a> {
    fn new(tasks: &'a [TaskDraft], ids: &'a Names, places: &'a [u32], suggestions: &'a Suggestions) -> Self {
        Self { tasks, ids, places, aliases: Aliases::new(tasks, ids), sharers: OnceCell::new(), suggestions }
    }

    fn into_aliases(self) -> Aliases {
        self.aliases
    }

    fn resolve(&self, name: &str) -> Found {
        let hash = self.aliases.hash(name);
        match self.ids.find_hashed(hash, name) {
            Some(number) => Found::One(self.places[number as usize]),
            None => self.aliases.resolve(hash, name),
        }
    }

    fn ambiguous(&self, task: &TaskDraft, reference: &Reference) -> Problem {
        let sharers = self.sharers.get_or_init(|| {
            let mut sharers: HashMap<&str, Vec<u32>> = HashMap::new();
            for (place, task) in (0..).zip(self.tasks) {
                for alias in &task.aliases {
                    let all = sharers.entry(alias).or_default();
                    if all.last() != Some(&place) {
                        all.push(place);
                    }
                }
            }
            sharers
        });
        let candidates = &sharers[reference.name.as_str()];
        Problem::AmbiguousDependency {
            task: task.id.clone(),
            name: reference.name.clone(),
            candidates: candidates.iter().map(|&place| self.tasks[place as usize].id.clone()).collect(),
            at: reference.at.or(task.at),
        }
    }

    fn unknown(&self, task: &TaskDraft, reference: &Reference) -> Problem {
        let others = self.tasks.iter().filter(|other| other.id != task.id);
        let known = others.clone().map(|other| other.id.as_str());
        let short = others.flat_map(|other| other.aliases.iter().map(String::as_str));
        Problem::UnknownDependency {
            task: task.id.clone(),
            name: reference.name.clone(),
            suggestion: self.suggestions.nearest(&reference.name, known.chain(short)),
            at: reference.at.or(task.at),
        }
    }
}

struct Capabilities<'a> {
    tasks: &'a [TaskDraft],
    providers: HashMap<&'a str, u32>,
    suggestions: &'a Suggestions,
}

impl<'a> Capabilities<'a> {
    fn new(tasks: &'a [TaskDraft], suggestions: &'a Suggestions, problems: &mut Vec<Problem>) -> Self {
        let mut providers: HashMap<&str, u32> = HashMap::new();
        let mut contested: HashMap<&str, Vec<u32>> = HashMap::new();
        for (place, task) in tasks.iter().enumerate() {
            for capability in &task.provides {
                let first = *providers.entry(capability).or_insert(place as u32);
                if first == place as u32 {
                    continue;
                }
                contested.entry(capability).or_insert_with(|| alloc::vec![first]).push(place as u32);
            }
        }
        let mut contested: Vec<(&str, Vec<u32>)> = contested.into_iter().collect();
        contested.sort_unstable_by_key(|(capability, all)| (all[1], *capability));
        problems.extend(contested.into_iter().map(|(capability, all)| Problem::TwoProviders {
            capability: capability.to_owned(),
            at: tasks[all[1] as usize].at,
            providers: all.into_iter().map(|place| tasks[place as usize].id.clone()).collect(),
        }));
        Self { tasks, providers, suggestions }
    }

    fn provider(&self, capability: &str) -> Option<u32> {
        self.providers.get(capability).copied()
    }

    fn unknown(&self, task: &TaskDraft, reference: &Reference) -> Problem {
        let known = self.tasks.iter().flat_map(|task| task.provides.iter().map(String::as_str));
        Problem::NoProvider {
            task: task.id.clone(),
            capability: reference.name.clone(),
            suggestion: self.suggestions.nearest(&reference.name, known),
            at: reference.at.or(task.at),
        }
    }
}
