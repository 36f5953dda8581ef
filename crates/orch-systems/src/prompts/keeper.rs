//! Keeping the state file: the table of seed 002.

use std::path::Path;

use orch_core::{Beginning, Moved, Resumed, Run, Status, TaskIx, Time, WhyAnew};
use orch_run::Failure;
use orch_state_md::index::Located;
use orch_state_md::state::{EditError, Overall, Row, State, StateFile, Validation};
use orch_store::{StoreError, beneath};

use super::PromptPlan;
use crate::Requirements;
use crate::kept::{Aside, KeptFile};
use crate::system::{Keeper, Stand, Writing};

/// Keeps the state file of a plan of prompts.
pub(crate) struct PromptKeeper {
    plan: PromptPlan,
    /// What the state file said as it was found, when it can be read.
    found: Option<Found>,
    state: StateFile,
    /// Where rows stand by now that the text does not show yet, in the order in which they came there: edited into it
    /// when it is written. Which costs a transition in a large plan a line here, not the way to a row among megabytes.
    moved: Vec<(TaskIx, Status)>,
    file: KeptFile,
    /// Whether the state file on disk is behind.
    behind: bool,
}

/// What a state file said before anything was changed in it.
struct Found {
    base_branch: Option<String>,
    overall: Option<Overall>,
    statuses: Vec<Option<Status>>,
}

impl PromptKeeper {
    pub(crate) fn new(plan: PromptPlan, state: Option<StateFile>) -> Self {
        let file = KeptFile::at(plan.state_path());
        let found = state.as_ref().map(|state| Found {
            base_branch: state.base_branch(),
            overall: state.overall(),
            statuses: (0..state.len()).map(|row| state.status(row)).collect(),
        });
        // Where there is none, the run begins one when it goes on.
        let state = state.unwrap_or_else(|| StateFile::create(&State::default()));
        Self { plan, found, state, moved: Vec::new(), file, behind: true }
    }

    /// Brings the text up to date.
    fn catch_up(&mut self) {
        let mut current = None;
        for (task, to) in self.moved.drain(..) {
            // That there is such a row was looked at when it moved.
            let _ = self.state.set_status(task.index(), to);
            current = if to == Status::Running { Some(task) } else { current };
        }
        if let Some(task) = current {
            self.state.set_current(task.index() as u32);
        }
    }

    /// Writes where each task stands into its row.
    fn show(&mut self, run: &Run) {
        for task in run.plan().tasks() {
            // The rows are the plan's: they were made from it, or compared with it.
            let _ = self.state.set_status(task.index(), run.status(task));
        }
    }

    fn set_validation(&mut self, validation: Validation) {
        self.behind |= self.state.validation() != Some(validation);
        self.state.set_validation(validation);
    }

    fn set_overall(&mut self, overall: Overall) {
        self.behind |= self.state.overall() != Some(overall);
        self.state.set_overall(overall);
    }
}

impl Keeper for PromptKeeper {
    fn base_branch(&self) -> Option<String> {
        self.found.as_ref()?.base_branch.clone()
    }

    fn validation(&self) -> Option<&'static str> {
        self.found.as_ref()?;
        self.state.validation().map(Validation::word)
    }

    fn sweep(&self) -> Result<(), StoreError> {
        self.file.sweep()
    }

    fn go_on(&mut self, resumed: &Resumed, base_branch: &str, fresh: bool) {
        let goes_on = matches!(resumed.beginning, Beginning::Continued { .. });
        if goes_on && self.found.is_some() {
            self.show(&resumed.run);
            self.state.set_base_branch(base_branch);
            return;
        }
        if self.file.is_there() {
            let (reason, why) = match &resumed.beginning {
                _ if fresh => ("replaced", "a fresh start was asked for".to_owned()),
                Beginning::Anew(why @ WhyAnew::Unreadable(_)) => ("unreadable", why.to_string()),
                Beginning::Anew(why) => ("unmatched", why.to_string()),
                _ => ("unreadable", "it can't be read; what it said is known from the history".to_owned()),
            };
            self.file.put_aside(Aside { reason, why });
        }
        self.state = StateFile::create(&blank(&self.plan, base_branch));
        self.show(&resumed.run);
    }

    fn moved(&mut self, moved: &Moved, _: Option<&str>, _: Time) -> Result<(), Failure> {
        let (row, rows) = (moved.task.index(), self.state.len());
        if row >= rows {
            return Err(EditError::NoSuchRow { row, rows }.into());
        }
        self.moved.push((moved.task, moved.to));
        self.behind = true;
        Ok(())
    }

    /// One that leads elsewhere than the plan's folder stays what the rule makes it.
    fn plan_path(&mut self, task: TaskIx, path: &str) {
        let folder = &self.plan.folder;
        let relative = Path::new(path).strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or(path);
        if beneath(folder, relative).is_ok() {
            // A variant of the table without the column has no room for it, and needs none.
            let _ = self.state.set_plan_path(task.index(), relative);
        }
    }

    fn stands(&mut self, _: &Run, stand: Stand, _: Time) {
        match stand {
            Stand::Running | Stand::Changed => {
                self.set_overall(Overall::Running);
                self.set_validation(Validation::None);
            }
            Stand::Succeeded => self.set_overall(Overall::Success),
            Stand::Failed => self.set_overall(Overall::Fail),
            // It goes on with the next run.
            Stand::Interrupted => {}
        }
    }

    fn concluded(&mut self, requirements: &Requirements) {
        match requirements {
            Requirements::Met => self.set_validation(Validation::FinalOk),
            Requirements::Unmet { .. } => self.set_validation(Validation::FinalFail),
            Requirements::NothingNamed | Requirements::NotValidated => {}
        }
    }

    fn is_behind(&self) -> bool {
        self.behind
    }

    fn must_mend(&self) -> bool {
        let same = |found: &Found| {
            found.overall == Some(Overall::Success)
                && found.statuses.len() == self.state.len()
                && (0..).zip(&found.statuses).all(|(row, status)| *status == self.state.status(row))
        };
        self.file.is_to_be_put_aside() || !self.moved.is_empty() || !self.found.as_ref().is_some_and(same)
    }

    fn write(&mut self, with: Writing<'_>) -> Result<usize, StoreError> {
        self.catch_up();
        let bytes = self.state.to_bytes_marked(with.history, with.seq);
        self.file.replace(&bytes, with.durability, with.now, with.alerts)?;
        self.behind = false;
        Ok(bytes.len())
    }
}

/// The state of a plan that was never run.
fn blank(plan: &PromptPlan, base_branch: &str) -> State {
    let index = plan.whole_index();
    let value = |field: &Option<Located<String>>| field.as_ref().map(|field| field.value.clone());
    let rows = plan.plan.tasks().zip(index.prompts).map(|(task, prompt)| Row {
        status: Status::Pending,
        plan_path: Some(plan.plan_path(task)),
        tests: Some(prompt.tests.word().to_owned()),
        prompt_path: prompt.path,
        dependencies: prompt.depends_on.into_iter().map(|on| on.name).collect(),
        reqs: plan.requirements(task),
    });
    State {
        objective: index.objective,
        prd_path: value(&index.prd_path),
        requirements_inventory: value(&index.requirements_inventory),
        base_branch: Some(base_branch.to_owned()),
        overall: Some(Overall::Running),
        validation: Some(Validation::None),
        current: 0,
        rows: rows.collect(),
    }
}
