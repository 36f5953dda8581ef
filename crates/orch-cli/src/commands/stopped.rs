//! What a run has left because somebody stopped a task of it.

use std::collections::BTreeSet;

use orch_core::{Hold, Readiness, Run, Status, TaskIx, Time};
use orch_systems::STOPPED_BY_HAND;

/// So many of those that wait are named.
const NAMED: usize = 5;

/// A line for each task that somebody stopped: what waits for it, and what goes on with it.
pub(super) fn lines(run: &Run, now: Time) -> Vec<String> {
    let survey = run.survey(now);
    let is_stopped = |task: &TaskIx| matches!(survey.of(*task), Some(Readiness::Held(Hold::Asked(why))) if why == STOPPED_BY_HAND);
    let line = |task: TaskIx| {
        let id = run.plan().id(task);
        format!("stopped: {id}: by hand{}; `orch run` goes on with it", named(run, &needing(run, task)))
    };
    run.plan().tasks().filter(is_stopped).map(line).collect()
}

/// The tasks that need `task`, by way of others as well, and have not begun.
fn needing(run: &Run, task: TaskIx) -> BTreeSet<TaskIx> {
    let (mut found, mut open) = (BTreeSet::new(), vec![task]);
    while let Some(at) = open.pop() {
        for &next in run.plan().graph().dependents(at) {
            if run.status(next) == Status::Pending && found.insert(next) {
                open.push(next);
            }
        }
    }
    found
}

fn named(run: &Run, waiting: &BTreeSet<TaskIx>) -> String {
    let ids: Vec<&str> = waiting.iter().take(NAMED).map(|&task| run.plan().id(task)).collect();
    match (waiting.len(), waiting.len().saturating_sub(NAMED)) {
        (0, _) => String::new(),
        (1, _) => format!("; {} waits for it", ids.join(", ")),
        (_, 0) => format!("; {} wait for it", ids.join(", ")),
        (_, more) => format!("; {} and {more} more wait for it", ids.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use orch_core::{Event, Plan, PlanDraft, Policy, TaskDraft};

    use super::*;

    fn stopped(drafts: Vec<TaskDraft>) -> Vec<String> {
        let plan = Plan::build(PlanDraft { tasks: drafts, ..PlanDraft::default() }).unwrap();
        let mut run = Run::new(Arc::new(plan), Policy::default());
        let hold = |task, why: &str| Event::Hold { task: TaskIx::new(task), why: why.into() };
        run.apply(hold(0, STOPPED_BY_HAND), Time::default()).unwrap();
        run.apply(hold(1, "only a person may do it"), Time::default()).unwrap();
        lines(&run, Time::default())
    }

    #[test]
    fn what_was_stopped_is_told_with_what_waits_for_it() {
        let needs = |id: &str, on: &[&str]| TaskDraft::new(id).after(on.iter().copied());
        let tail = "; `orch run` goes on with it";
        let few = vec![needs("a", &[]), needs("b", &[]), needs("c", &["a"]), needs("d", &["c", "b"])];
        assert_eq!(stopped(few), [format!("stopped: a: by hand; c, d wait for it{tail}")]);
        let alone = vec![needs("a", &[]), needs("b", &[])];
        assert_eq!(stopped(alone), [format!("stopped: a: by hand{tail}")]);
        let mut many = vec![needs("a", &[]), needs("b", &[])];
        many.extend((0..7).map(|number| needs(&format!("c{number}"), &["a"])));
        let says = format!("stopped: a: by hand; c0, c1, c2, c3, c4 and 2 more wait for it{tail}");
        assert_eq!(stopped(many), [says]);
    }
}
