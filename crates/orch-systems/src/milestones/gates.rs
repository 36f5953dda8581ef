//! What a person has to approve before a milestone may start.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use orch_core::TaskIx;
use orch_run::{Clock, SystemClock};
use orch_state_md::planning::{self, BoxMark, Edit, Gate, GateKind};
use orch_store::{Durability, StoreError, read_regular};
use rustix::fs::OFlags;

use super::MilestonePlan;
use super::document::Document;
use super::folder::{Found, SessionFolder};
use crate::OpenError;
use crate::moment::moment;

/// The file in the session's folder that says what a person has approved: a line each, the moment and the condition.
const APPROVED: &str = "approved.txt";

/// The most that is read of it.
const LARGEST: u64 = 16 << 20;

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
fn gates_of(plan: &MilestonePlan, task: TaskIx) -> impl Iterator<Item = (String, &Gate)> {
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
    let now = plan.planning_now();
    // One that the document no longer has was passed, or taken out by whoever owns it.
    let stands = |task: TaskIx, wanted: &str| {
        let milestone = now.as_ref()?.milestone(plan.plan.id(task))?;
        Some(milestone.gates.iter().any(|gate| condition(&milestone.id, gate) == wanted))
    };
    let mut passed = Vec::new();
    for task in plan.plan.tasks() {
        for (condition, _) in gates_of(plan, task) {
            let is_passed =
                approved.contains(&on_a_line(&condition)) || stands(task, &condition) == Some(false);
            if is_passed && !passed.contains(&condition) {
                passed.push(condition);
            }
        }
    }
    passed
}

fn approved(folder: &Path) -> Vec<String> {
    let bytes = read_regular(&folder.join(APPROVED), LARGEST).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().filter_map(|line| Some(line.split_once('\t')?.1.to_owned())).collect()
}

/// A condition as it is written down and looked up again.
fn on_a_line(condition: &str) -> String {
    condition.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Writes down that a person has approved.
fn note_approval(folder: &Path, moment: &str, condition: &str) -> io::Result<()> {
    // Nobody else's file is written into through a link, and no pipe waited for.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    let path = folder.join(APPROVED);
    let mut file = OpenOptions::new().create(true).append(true).custom_flags(flags).open(path)?;
    file.write_all(format!("{moment}\t{}\n", on_a_line(condition)).as_bytes())?;
    file.sync_data()
}

impl MilestonePlan {
    /// Passes the gates that a milestone waits behind, as a person who has looked: boxes are ticked in the document, of
    /// the others it is written down. What was approved.
    ///
    /// # Errors
    /// [`OpenError::Request`] when it waits behind none.
    pub fn approve(&self, task: TaskIx) -> Result<Vec<String>, OpenError> {
        let (folder, found) = SessionFolder::of(self);
        if let Found::Refused { message, hint } = found {
            return Err(OpenError::Request { code: "milestones.session", message, hint });
        }
        let id = self.plan.id(task);
        let passed = passed(self, folder.path());
        let open: Vec<_> =
            gates_of(self, task).filter(|(condition, _)| !passed.contains(condition)).collect();
        if open.is_empty() {
            return Err(OpenError::Request {
                code: "milestones.no_gate",
                message: format!("{id} waits for nobody's approval"),
                hint: format!("`orch why {id}` says what it waits for"),
            });
        }
        folder.make().map_err(OpenError::system("make the session's folder"))?;
        let now = moment(SystemClock::new().now());
        let mut boxes = Vec::new();
        for (condition, gate) in &open {
            match &gate.kind {
                GateKind::Box { of } => boxes.push((of.clone(), gate.text.clone())),
                GateKind::Between { .. } => {
                    note_approval(folder.path(), &now, condition).map_err(|source| {
                        let path = folder.path().join(APPROVED);
                        StoreError::Io { path, step: "write into", source }
                    })?;
                }
            }
        }
        let approved: Vec<String> = open.into_iter().map(|(condition, _)| condition).collect();
        let log = Edit::Log { moment: now, text: format!("Approved before {id}: {}.", approved.join("; ")) };
        let durability = Durability::Power;
        let (left_out, _) = Document::at(self.path.clone()).change(durability, |bytes| {
            let planning = planning::read(bytes).plan;
            let tick = |(of, text): &(String, String)| {
                let boxes = &planning.milestone(of)?.section.as_ref()?.boxes;
                let is_it = |item: &&planning::TaskBox| {
                    item.gate
                        && item.mark != BoxMark::Done
                        && (item.text.contains(text) || text.contains(&item.text))
                };
                let item = boxes.iter().find(is_it)?;
                let before = boxes.iter().take_while(|other| other.mark_at != item.mark_at);
                let nth = before.filter(|other| other.text == item.text).count();
                Some(Edit::Tick { id: of.clone(), text: item.text.clone(), nth })
            };
            boxes.iter().filter_map(tick).chain([log.clone()]).collect()
        })?;
        if let Some((_, left)) = left_out.first() {
            return Err(OpenError::Stopped {
                code: "milestones.gate",
                message: format!("what was approved could not be written into the document: {}", left.why),
                hint: "tick the gate's box in the document by hand".into(),
            });
        }
        Ok(approved)
    }
}
