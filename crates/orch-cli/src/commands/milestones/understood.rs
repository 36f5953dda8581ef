//! What was understood of a planning document, with the lines it was read from: so that a person can trust it before
//! anything is dispatched.

use std::io::{self, Write};

use orch_systems::AnyPlan;
use orch_systems::planning::{BoxMark, Dependency, Gate, Milestone};
use serde::Serialize;

use crate::sanitise::Sanitised;

/// A milestone as it was understood.
#[derive(Serialize)]
pub(crate) struct Understood<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) line: u32,
    pub(super) section: Option<u32>,
    pub(super) status: &'static str,
    pub(super) status_written: &'a str,
    pub(super) duration: Option<u32>,
    pub(super) model: Option<&'a str>,
    pub(super) by_person: bool,
    pub(super) depends_on: Vec<Needed<'a>>,
    pub(super) gates: Vec<Awaited<'a>>,
    pub(super) boxes: usize,
    pub(super) ticked: usize,
}

#[derive(Serialize)]
pub(super) struct Needed<'a> {
    on: &'a str,
    notation: &'static str,
    line: u32,
}

#[derive(Serialize)]
pub(super) struct Awaited<'a> {
    text: &'a str,
    line: u32,
}

impl<'a> Understood<'a> {
    pub(super) fn of(milestone: &'a Milestone) -> Self {
        let needed = |needed: &'a Dependency| Needed {
            on: &needed.on,
            notation: needed.notation.name(),
            line: needed.at.line,
        };
        let awaited = |gate: &'a Gate| Awaited { text: &gate.text, line: gate.at.line };
        let boxes = milestone.section.iter().flat_map(|section| &section.boxes).filter(|item| item.is_work());
        Self {
            id: &milestone.id,
            title: &milestone.title,
            line: milestone.at.line,
            section: milestone.section.as_ref().map(|section| section.at.line),
            status: milestone.row.tracked.status.word(),
            status_written: &milestone.row.status_written,
            duration: milestone.row.minutes,
            model: milestone.recommended.model.as_deref(),
            by_person: milestone.recommended.by_person,
            depends_on: milestone.depends_on.iter().map(needed).collect(),
            gates: milestone.gates.iter().map(awaited).collect(),
            boxes: boxes.clone().count(),
            ticked: boxes.filter(|item| item.mark == BoxMark::Done).count(),
        }
    }

    /// What it needs, with where that is written: `M1 (field, line 41)`.
    pub(super) fn needs(&self) -> String {
        if self.depends_on.is_empty() {
            return "nothing".into();
        }
        let needed =
            |needed: &Needed<'_>| format!("{} ({}, line {})", needed.on, needed.notation, needed.line);
        self.depends_on.iter().map(needed).collect::<Vec<_>>().join(", ")
    }

    /// Who should do it.
    pub(super) fn who(&self) -> String {
        match (self.model, self.by_person) {
            (Some(model), _) => model.to_owned(),
            (None, true) => "a person".to_owned(),
            (None, false) => "anybody".to_owned(),
        }
    }
}

/// What was understood of a planning document; empty for other plans.
pub(crate) fn understood(plan: &AnyPlan) -> Vec<Understood<'_>> {
    match plan {
        AnyPlan::Milestones(plan) => plan.planning.milestones.iter().map(Understood::of).collect(),
        _ => Vec::new(),
    }
}

/// Writes it for a person.
pub(crate) fn write(understood: &[Understood<'_>], out: &mut dyn Write) -> io::Result<()> {
    for milestone in understood {
        let title = if milestone.title.is_empty() { String::new() } else { format!(": {}", milestone.title) };
        writeln!(
            out,
            "{}{} (row at line {}, {})",
            Sanitised::line(milestone.id),
            Sanitised::line(&title),
            milestone.line,
            milestone.section.map_or("no section".into(), |line| format!("section at line {line}"))
        )?;
        writeln!(
            out,
            "  {} (`{}`), for {}, {} of {} boxes ticked",
            milestone.status,
            Sanitised::line(milestone.status_written),
            Sanitised::line(&milestone.who()),
            milestone.ticked,
            milestone.boxes
        )?;
        writeln!(out, "  needs {}", Sanitised::line(&milestone.needs()))?;
        for gate in &milestone.gates {
            writeln!(
                out,
                "  waits for a person's approval (line {}): {}",
                gate.line,
                Sanitised::line(gate.text)
            )?;
        }
    }
    writeln!(out)
}
