//! What became of the checks of an attempt, as it is written down for the next attempt, the summary and a person.

use std::path::Path;

use orch_core::TaskIx;
use orch_spec::{Check, CheckKind};
use orch_store::{Durability, Home, StoreError, read_regular, replace};
use orch_verify::{Report, What};
use serde::{Deserialize, Serialize};

use super::{PlannedSpec, WeaverPlan};

/// The most that is read of it.
const LONGEST: u64 = 1 << 20;

/// What became of the checks of an attempt.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Checked {
    /// Whether the claim was believed.
    pub(super) passed: bool,
    /// What the weaver is told when it was not.
    pub(super) feedback: String,
    /// The iteration that was checked.
    pub(super) iteration: u32,
    pub(super) checks: Vec<CheckedOne>,
}

/// What became of one check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CheckedOne {
    pub(super) label: String,
    /// The word of `orch_verify::Verdict`.
    pub(super) verdict: String,
    pub(super) evidence: String,
}

impl Checked {
    pub(super) fn of(report: &Report, iteration: u32) -> Self {
        let one = |result: &orch_verify::CheckResult| CheckedOne {
            label: result.label.clone(),
            verdict: result.verdict.as_str().to_owned(),
            evidence: result.evidence.clone(),
        };
        Self {
            passed: report.passed,
            feedback: report.feedback(),
            iteration,
            checks: report.results.iter().map(one).collect(),
        }
    }

    pub(super) fn write(&self, path: &Path, durability: Durability) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| StoreError::Io {
            path: path.to_owned(),
            step: "write",
            source: error.into(),
        })?;
        replace(path, &bytes, durability)
    }

    /// Of the latest attempt, up to `attempt`, that was checked.
    pub(super) fn latest(plan: &WeaverPlan, home: &Home, task: TaskIx, attempt: u32) -> Option<Self> {
        let id = plan.plan.id(task);
        (1..=attempt).rev().find_map(|attempt| {
            let bytes = read_regular(&home.checks(id, attempt), LONGEST).ok()?;
            serde_json::from_slice(&bytes).ok()
        })
    }
}

/// The checks of a spec, as orch holds its work against them.
pub(super) fn checks(planned: &PlannedSpec) -> Vec<orch_verify::Check> {
    planned.spec.verification_spec.iter().map(|check| checked(&check.value)).collect()
}

fn checked(check: &Check) -> orch_verify::Check {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let what = match &check.kind {
        CheckKind::Command { run, expect } => What::Command { run: run.clone(), expect: i32::from(*expect) },
        CheckKind::FileContains { path, pattern } => {
            What::FileContains { path: path.value.clone(), pattern: pattern.value.clone() }
        }
        CheckKind::FileNotContains { path, pattern } => {
            What::FileNotContains { path: path.value.clone(), pattern: pattern.value.clone() }
        }
        CheckKind::FileExists { path } => What::FileExists { path: path.value.clone() },
        CheckKind::TestFirst { files } => What::TestFirst {
            description: text(&check.description),
            files: files.iter().map(|file| file.value.clone()).collect(),
        },
        CheckKind::Demo { steps, acceptance } => What::Demo {
            description: text(&check.description),
            steps: steps.clone(),
            acceptance: text(acceptance),
        },
        CheckKind::Agent { prompt } => What::Agent { prompt: prompt.clone() },
    };
    orch_verify::Check { name: check.name.clone(), reason: check.reason.clone(), what, limit: check.timeout }
}
