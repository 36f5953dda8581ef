//! The state file that a run goes on with.

use std::fs;

use orch_core::{Beginning, Resumed, Run, Status, WhyAnew};
use orch_state_md::index::Located;
use orch_state_md::state::{Overall, Row, State, StateFile, Validation};

use super::PromptPlan;

/// A state file that can't be gone on with, and is to be kept beside its successor under a dated name.
#[derive(Clone, Debug)]
pub(crate) struct Aside {
    /// A word for its name.
    pub(crate) reason: &'static str,
    /// Why, for a person.
    pub(crate) why: String,
}

/// The state file to go on with, and what is to become of the one that is there if it is not that.
pub(crate) fn state_file(
    plan: &PromptPlan,
    found: Option<&StateFile>,
    resumed: &Resumed,
    base_branch: &str,
    fresh: bool,
) -> (StateFile, Option<Aside>) {
    let goes_on = matches!(resumed.beginning, Beginning::Continued { .. });
    if goes_on && let Some(found) = found {
        let mut state = found.clone();
        show(&mut state, &resumed.run);
        state.set_base_branch(base_branch);
        return (state, None);
    }
    let aside = fs::symlink_metadata(plan.state_path()).is_ok().then(|| {
        let (reason, why) = match &resumed.beginning {
            _ if fresh => ("replaced", "a fresh start was asked for".to_owned()),
            Beginning::Anew(why @ WhyAnew::Unreadable(_)) => ("unreadable", why.to_string()),
            Beginning::Anew(why) => ("unmatched", why.to_string()),
            _ => ("unreadable", "it can't be read; what it said is known from the history".to_owned()),
        };
        Aside { reason, why }
    });
    let mut state = StateFile::create(&blank(plan, base_branch));
    show(&mut state, &resumed.run);
    (state, aside)
}

/// Writes where each task stands into its row.
fn show(state: &mut StateFile, run: &Run) {
    for task in run.plan().tasks() {
        // The rows are the plan's: they were made from it, or compared with it.
        let _ = state.set_status(task.index(), run.status(task));
    }
}

/// The state of a plan that was never run.
fn blank(plan: &PromptPlan, base_branch: &str) -> State {
    let index = &plan.index;
    let value = |field: &Option<Located<String>>| field.as_ref().map(|field| field.value.clone());
    let rows = plan.plan.tasks().map(|task| {
        let prompt = &index.prompts[task.index()];
        Row {
            status: Status::Pending,
            prompt_path: prompt.path.clone(),
            plan_path: Some(plan.plan_path(task)),
            tests: Some(prompt.tests.word().to_owned()),
            dependencies: prompt.depends_on.iter().map(|on| on.name.clone()).collect(),
            reqs: plan.requirements(task),
        }
    });
    State {
        objective: index.objective.clone(),
        prd_path: value(&index.prd_path),
        requirements_inventory: value(&index.requirements_inventory),
        base_branch: Some(base_branch.to_owned()),
        overall: Some(Overall::Running),
        validation: Some(Validation::None),
        current: 0,
        rows: rows.collect(),
    }
}
