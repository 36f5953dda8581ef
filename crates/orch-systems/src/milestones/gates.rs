//! What a person has to approve before a milestone may start.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use orch_core::TaskIx;
use orch_state_md::planning::{self, Gate, GateKind};

use super::MilestonePlan;
use super::load::read_document;

/// The file in the session's folder that says what a person has approved: a line each, the moment and the condition.
const APPROVED: &str = "approved.txt";

/// The condition that a gate stands for.
pub(super) fn condition(milestone: &str, gate: &Gate) -> String {
    let text = gate.text.trim();
    let text = if text.is_empty() { String::new() } else { format!(": {text}") };
    match &gate.kind {
        GateKind::Box { of } => format!("the gate of {of}{text}"),
        GateKind::Between { after: Some(after) } => {
            format!("a person's approval between {after} and {milestone}{text}")
        }
        GateKind::Between { after: None } => format!("a person's approval before {milestone}{text}"),
    }
}

/// The gates of a milestone with the conditions they stand for, as the document had them when it was loaded.
pub(super) fn gates_of(plan: &MilestonePlan, task: TaskIx) -> impl Iterator<Item = (String, &Gate)> {
    let milestone = plan.milestone(task);
    milestone.gates.iter().map(|gate| (condition(&milestone.id, gate), gate))
}

/// Of the conditions that milestones await, those that hold now: the box is ticked in the document as it is, or a person
/// has approved.
pub(super) fn passed(plan: &MilestonePlan, folder: &Path) -> Vec<String> {
    if plan.plan.conditions().len() == 0 {
        return Vec::new();
    }
    let approved = approved(folder);
    let now = read_document(&plan.path).map(|bytes| planning::read(&bytes)).ok();
    // One that the document no longer has was passed, or taken out by whoever owns it.
    let stands = |task: TaskIx, wanted: &str| {
        let milestone = now.as_ref()?.plan.milestone(plan.plan.id(task))?;
        Some(milestone.gates.iter().any(|gate| condition(&milestone.id, gate) == wanted))
    };
    let mut passed = Vec::new();
    for task in plan.plan.tasks() {
        for (condition, _) in gates_of(plan, task) {
            let is_passed = approved.contains(&condition) || stands(task, &condition) == Some(false);
            if is_passed && !passed.contains(&condition) {
                passed.push(condition);
            }
        }
    }
    passed
}

fn approved(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join(APPROVED)).unwrap_or_default();
    text.lines().filter_map(|line| Some(line.split_once('\t')?.1.to_owned())).collect()
}

/// Writes down that a person has approved.
pub(super) fn approve(folder: &Path, moment: &str, condition: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join(APPROVED))?;
    let condition: String = condition.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    file.write_all(format!("{moment}\t{condition}\n").as_bytes())?;
    file.sync_data()
}
