//! How a task stands to the others of its plan.

use std::collections::HashSet;

use orch_core::{Plan, PlanDraft, TaskIx};
use orch_state_commits::{PlanCommit, Provided, TaskId, TaskStatus};

use crate::planned::key;

/// So many tasks are named in one list. With all of them in each, the branches of a plan of thousands would say its square.
const NAMED: usize = 200;

/// The tasks of a plan that one of them has to do with.
#[derive(Debug, Default)]
pub(crate) struct Related {
    /// Those that it needs.
    pub(crate) depends_on: Vec<TaskId>,
    /// Those that need it.
    pub(crate) enables: Vec<TaskId>,
    /// Those that have as many before them as it has, the nearest in the plan.
    pub(crate) parallel_with: Vec<TaskId>,
}

impl Related {
    /// By the capabilities of the plan, and by the ids that it names. A plan in a circle relates nothing.
    pub(crate) fn of(plan: &PlanCommit, id: &TaskId) -> Self {
        let Ok(graph) = Plan::build(sound(plan.draft(&Provided::default()))) else { return Self::default() };
        let Some(own) = graph.find(id.as_str()) else { return Self::default() };
        let ids = |tasks: &[TaskIx]| -> Vec<TaskId> {
            tasks.iter().take(NAMED).filter_map(|&task| graph.id(task).parse().ok()).collect()
        };
        let levels = graph.levels();
        let mut level = levels.into_iter().find(|level| level.contains(&own)).unwrap_or_default();
        let place = level.iter().position(|&task| task == own).unwrap_or_default();
        level.retain(|&task| task != own);
        let first = place.saturating_sub(NAMED / 2).min(level.len().saturating_sub(NAMED));
        Self {
            depends_on: ids(graph.graph().depends_on(own)),
            enables: ids(graph.graph().dependents(own)),
            parallel_with: ids(&level[first..]),
        }
    }
}

/// The draft without what would keep it from being a plan, but circles: what is wrong with it is for others to say.
fn sound(mut draft: PlanDraft) -> PlanDraft {
    let (mut known, mut provided) = (HashSet::new(), HashSet::new());
    draft.tasks.retain(|task| known.insert(task.id.clone()));
    let offered: HashSet<String> =
        draft.tasks.iter().flat_map(|task| task.provides.iter().cloned()).collect();
    for task in &mut draft.tasks {
        task.provides.retain(|name| provided.insert(name.clone()));
        // A task that needs what it provides itself would be a circle.
        let own: HashSet<&str> = task.provides.iter().map(String::as_str).collect();
        task.requires.retain(|name| offered.contains(&name.name) && !own.contains(name.name.as_str()));
        task.depends_on.retain(|id| known.contains(&id.name) && id.name != task.id);
    }
    draft
}

/// The tasks that are done, by the plan or by `further`: as the plan writes them and in its order, the last where they are
/// too many.
pub(crate) fn completed(plan: &PlanCommit, further: &[TaskId]) -> Vec<TaskId> {
    let further: HashSet<_> = further.iter().map(key).collect();
    let is_done = |status: &TaskStatus, id| *status == TaskStatus::Completed || further.contains(&key(id));
    let done = plan.tasks.iter().filter(|task| is_done(&task.status, &task.id)).map(|task| task.id.clone());
    let mut done: Vec<TaskId> = done.collect();
    done.drain(..done.len().saturating_sub(NAMED));
    done
}
