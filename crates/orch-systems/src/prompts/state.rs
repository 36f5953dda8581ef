//! The state file that a run goes on with.

use std::fs;

use orch_core::{Beginning, Resumed, Run, Status, Time, WhyAnew};
use orch_state_md::index::Located;
use orch_state_md::state::{Overall, Row, State, StateFile, Validation};
use orch_store::{StoreError, keep_aside};

use super::PromptPlan;

/// The state file to go on with. One that can't be gone on with is kept beside it under a dated name, and that is said.
pub(crate) fn state_file(
    plan: &PromptPlan,
    found: Option<&StateFile>,
    resumed: &Resumed,
    base_branch: &str,
    fresh: bool,
    now: Time,
    notes: &mut Vec<String>,
) -> Result<StateFile, StoreError> {
    let path = plan.state_path();
    let goes_on = matches!(resumed.beginning, Beginning::Continued { .. });
    if goes_on && let Some(found) = found {
        let mut state = found.clone();
        show(&mut state, &resumed.run);
        state.set_base_branch(base_branch);
        return Ok(state);
    }
    if fs::symlink_metadata(&path).is_ok() {
        let (reason, why) = match &resumed.beginning {
            _ if fresh => ("replaced", "a fresh start was asked for".to_owned()),
            Beginning::Anew(why @ WhyAnew::Unreadable(_)) => ("unreadable", why.to_string()),
            Beginning::Anew(why) => ("unmatched", why.to_string()),
            _ => ("unreadable", "it can't be read; what it said is known from the history".to_owned()),
        };
        let kept = keep_aside(&path, reason, now)?;
        notes.push(format!("the state file is kept as {}: {why}", kept.display()));
    }
    let mut state = StateFile::create(&blank(plan, base_branch));
    show(&mut state, &resumed.run);
    Ok(state)
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
