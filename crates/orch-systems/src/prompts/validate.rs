//! The gate after all prompts: are the requirements met (seed 002, phase 3)?

use std::path::{Path, PathBuf};

use orch_core::{Run, TaskIx};
use orch_state_md::requirements::{
    Evidence, Inventory, PromptEvidence, Unmet, Validation, ValidationStatus, prompt_requirements,
    read_inventory, read_unmet, read_validation, validate,
};
use orch_store::{Durability, StoreError, beneath, read_regular, replace};

use super::PromptPlan;

/// The most that is read of any of these files.
const LONGEST: u64 = 64 << 20;

/// The file in which runners leave what they could not bring about.
const UNMET: &str = "PROMPT-REQUIREMENTS-UNMET.md";

/// What the index gives the validation to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Neither a PRD nor an inventory nor an ownership is named: there is nothing to validate against.
    Nothing,
    /// At least one of them is.
    Requirements,
}

/// The result of a validation.
#[derive(Clone, Debug)]
pub(crate) struct Validated {
    pub(crate) passed: bool,
    /// What speaks against it, a line each.
    pub(crate) reasons: Vec<String>,
    /// The report.
    pub(crate) report: PathBuf,
}

/// Whether there is anything to validate against.
pub(crate) fn basis(plan: &PromptPlan) -> Basis {
    let index = &plan.index;
    if index.prd_path.is_none() && index.requirements_inventory.is_none() && index.ownership.is_none() {
        Basis::Nothing
    } else {
        Basis::Requirements
    }
}

/// The built-in rules, applied to the plan as it stands in `run`.
pub(crate) fn check(plan: &PromptPlan, run: &Run) -> Validation {
    let mut missing = Vec::new();
    let mut named = |what: &str, path: Option<&str>| -> Option<PathBuf> {
        let Some(path) = path else {
            missing.push(format!("the index names no {what}"));
            return None;
        };
        match beneath(&plan.folder, path) {
            Ok(found) if found.is_file() => Some(found),
            Ok(_) => {
                missing.push(format!("the {what} `{path}` is not there"));
                None
            }
            Err(escape) => {
                missing.push(format!("the {what}: {escape}"));
                None
            }
        }
    };
    let index = &plan.whole_index();
    named("PRD", index.prd_path.as_ref().map(|path| path.value.as_str()));
    let inventory = named(
        "requirements inventory",
        index.requirements_inventory.as_ref().map(|path| path.value.as_str()),
    );
    let inventory: Inventory = inventory
        .and_then(|path| read_regular(&path, LONGEST).ok())
        .map(|bytes| read_inventory(&bytes).inventory)
        .unwrap_or_default();
    let unmet: Vec<Unmet> = beneath(&plan.folder, UNMET)
        .ok()
        .and_then(|path| read_regular(&path, LONGEST).ok())
        .map(|bytes| read_unmet(&bytes).entries)
        .unwrap_or_default();
    let prompts: Vec<PromptEvidence> = plan
        .plan
        .tasks()
        .map(|task| PromptEvidence {
            id: plan.plan.id(task).to_owned(),
            requirements: requirements_of(plan, task),
            status: run.status(task),
        })
        .collect();
    let mut validation =
        validate(&Evidence { index, inventory: &inventory, prompts: &prompts, unmet: &unmet });
    if !missing.is_empty() {
        validation.status = ValidationStatus::Fail;
        validation.missing.splice(0..0, missing);
    }
    validation
}

/// The requirements that a prompt file says it covers.
fn requirements_of(plan: &PromptPlan, task: TaskIx) -> Vec<String> {
    let text = plan.prompt_file(task).ok().and_then(|path| read_regular(&path, LONGEST).ok());
    let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    prompt_requirements(&text).into_iter().map(|(id, _)| id).collect()
}

/// Puts together what the built-in rules and a validator agent say, and sees to it that the report is there. The
/// agent's report is the agent's (seed 002: the validator owns it); orch writes one only where there is none.
pub(crate) fn conclude(
    plan: &PromptPlan,
    built_in: &Validation,
    by_agent: Option<AgentReport>,
    durability: Durability,
) -> Result<Validated, StoreError> {
    let report = plan.validation_path();
    let mut reasons: Vec<String> = built_in.missing.iter().chain(&built_in.unknown).cloned().collect();
    if built_in.status != ValidationStatus::Pass && reasons.is_empty() {
        reasons.push(format!("the built-in rules say {}", built_in.status.word()));
    }
    let mut passed = built_in.status == ValidationStatus::Pass;
    let written_by_agent = by_agent.as_ref().is_some_and(|by_agent| by_agent.wrote_file);
    if let Some(by_agent) = by_agent.filter(|by_agent| by_agent.status != Some(ValidationStatus::Pass)) {
        passed = false;
        reasons.push(match by_agent.status {
            Some(status) => format!("the validator says {}", status.word()),
            None => format!("the validator came to no verdict ({})", by_agent.ended),
        });
    }
    if !written_by_agent {
        replace(&report, built_in.render().as_bytes(), durability)?;
    }
    Ok(Validated { passed, reasons, report })
}

/// What a validator agent left behind.
#[derive(Clone, Debug)]
pub(crate) struct AgentReport {
    pub(crate) status: Option<ValidationStatus>,
    /// How its process ended, for a person.
    pub(crate) ended: String,
    /// Whether it wrote the report file itself.
    pub(crate) wrote_file: bool,
}

impl AgentReport {
    /// Reads the report file if the agent wrote it, else what it printed. A file that was there `before` and has not
    /// changed is an old one.
    pub(crate) fn read(path: &Path, before: Option<&[u8]>, output: &str, ended: String) -> Self {
        let now = read_regular(path, LONGEST).ok();
        let fresh = now.filter(|now| Some(now.as_slice()) != before);
        let wrote_file = fresh.is_some();
        let file = fresh.and_then(|bytes| read_validation(&String::from_utf8_lossy(&bytes)));
        let status = file.or_else(|| read_validation(output)).map(|validation| validation.status);
        Self { status, ended, wrote_file }
    }
}
