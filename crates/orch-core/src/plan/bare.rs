//! Plans that say nothing but who needs whom, for programs that make their graph themselves.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::build::{Aliases, list_order};
use super::names::{Names, NamesBuilder};
use super::texts::Texts;
use super::{Plan, PlanDraft, Problem, Problems, TaskDraft};
use crate::graph::{Graph, Rows};

impl Plan {
    /// A plan of `tasks` tasks that are called `0`, `1`, `2`, …, from pairs (task, what it depends on).
    ///
    /// The same plan as [`build`](Self::build) makes of these names, without a draft: nothing is hashed, and the pairs
    /// may be in any order. Pairs that come by task cost least. A pair that repeats counts once.
    ///
    /// # Errors
    /// All problems of the pairs at once, as [`build`](Self::build) reports them.
    ///
    /// ```
    /// use orch_core::Plan;
    /// let plan = Plan::numbered(3, &[(1, 0), (2, 0), (2, 1)])?;
    /// let last = plan.find("2").expect("it is in the plan");
    /// assert_eq!(plan.graph().depends_on(last).len(), 2);
    /// let problems = Plan::numbered(2, &[(0, 1), (1, 0)]).unwrap_err();
    /// assert_eq!(problems.to_string(), "dependency cycle: 0 -> 1 -> 0");
    /// # Ok::<(), orch_core::Problems>(())
    /// ```
    pub fn numbered(tasks: u32, pairs: &[(u32, u32)]) -> Result<Self, Problems> {
        bare(Names::numbers(tasks), pairs).map_or_else(
            || {
                let ids: Vec<String> = (0..tasks).map(|number| number.to_string()).collect();
                from_draft(&ids, pairs.iter().map(|&(task, on)| (task, on.to_string())))
            },
            Ok,
        )
    }

    /// A plan of tasks with these ids, from pairs (place of the task among the ids, id of what it depends on).
    ///
    /// The same plan as [`build`](Self::build) makes of them, without a draft: the names are read where they are.
    ///
    /// # Errors
    /// All problems of the ids and pairs at once, as [`build`](Self::build) reports them.
    ///
    /// ```
    /// use orch_core::Plan;
    /// let plan = Plan::named(&["schema", "api"], &[(1, "schema")])?;
    /// let problems = Plan::named(&["schema", "api"], &[(1, "shcema")]).unwrap_err();
    /// assert_eq!(problems.to_string(), "`api` depends on `shcema`, which is not in the plan");
    /// # Ok::<(), orch_core::Problems>(())
    /// ```
    pub fn named<I, D>(ids: &[I], pairs: &[(u32, D)]) -> Result<Self, Problems>
    where
        I: AsRef<str>,
        D: AsRef<str>,
    {
        let plan = intern(ids).and_then(|names| {
            // Collected into an `Option`, they would not say how many they are.
            let mut resolved = Vec::with_capacity(pairs.len());
            for (task, on) in pairs {
                resolved.push((*task, names.find(on.as_ref())?));
            }
            bare(names, &resolved)
        });
        plan.map_or_else(
            || from_draft(ids, pairs.iter().map(|(task, on)| (*task, on.as_ref().to_string()))),
            Ok,
        )
    }
}

/// The ids as names; `None` when one is empty or there twice.
fn intern<I: AsRef<str>>(ids: &[I]) -> Option<Names> {
    let mut names = NamesBuilder::with_capacity(ids.len());
    let sound = |id: &I| !id.as_ref().is_empty() && names.intern(id.as_ref()).1;
    ids.iter().all(sound).then(|| names.finish())
}

/// The plan, if nothing is wrong with it.
fn bare(ids: Names, pairs: &[(u32, u32)]) -> Option<Plan> {
    let graph = Graph::new(ids.len(), pairs).ok()?;
    let list_order = list_order(&graph);
    (list_order.len() == ids.len() && !graph.is_empty()).then(|| Plan {
        objective: String::new(),
        identity: Vec::new(),
        ids,
        aliases: Aliases::none(),
        titles: Texts::default(),
        graph,
        list_order: list_order.into(),
        claims: Rows::default(),
        claim_names: Names::none(),
        awaits: Rows::default(),
        awaited_by: Rows::default(),
        condition_names: Names::none(),
    })
}

/// The long way round, which says what is wrong.
fn from_draft<I: AsRef<str>>(
    ids: &[I],
    pairs: impl Iterator<Item = (u32, String)>,
) -> Result<Plan, Problems> {
    let mut tasks: Box<[TaskDraft]> = ids.iter().map(|id| TaskDraft::new(id.as_ref())).collect();
    let mut strangers = Vec::new();
    for (task, on) in pairs {
        match tasks.get_mut(task as usize) {
            Some(draft) => draft.depends_on.push(on.as_str().into()),
            None => strangers.push(Problem::UnknownTask { task: task.to_string() }),
        }
    }
    let built = Plan::build(PlanDraft { tasks: tasks.into(), ..PlanDraft::default() });
    if strangers.is_empty() {
        return built;
    }
    strangers.extend(built.err().into_iter().flat_map(|problems| problems.0));
    Err(Problems(strangers))
}
