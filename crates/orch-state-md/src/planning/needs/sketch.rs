//! Test documents, with as much of a reader as they need.

use std::fmt::Write as _;

use super::*;
use crate::planning::{BoxMark, GateKind, milestone_id};
use crate::text::{Lines, Part, heading};

/// What is known of a test document: the rows `| M1: x | notes |` beneath `| Milestone |`, the sections `## M1`, the
/// boxes `- [ ] Gate:` in them, and the log.
pub(super) struct Sketch {
    text: String,
    rows: Vec<(String, String, Option<Range<usize>>, bool)>,
    sections: Vec<Option<Range<usize>>>,
    boxes: Vec<Vec<TaskBox>>,
    tracker: Option<Range<usize>>,
    log: Option<Range<usize>>,
}

impl Sketch {
    pub(super) fn new(text: &str) -> Self {
        let mut sketch = Self {
            text: text.to_owned(),
            rows: Vec::new(),
            sections: Vec::new(),
            boxes: Vec::new(),
            tracker: None,
            log: None,
        };
        let mut headings: Vec<(usize, usize, String)> = Vec::new();
        let mut in_tracker = false;
        for line in Lines::new(text).filter(|line| line.part == Part::Prose) {
            let end = line.start + line.text.len();
            if let Some((level, title)) = heading(line.span()) {
                headings.push((line.start, level, title.text.to_owned()));
            }
            if line.text.starts_with("| Milestone |") && sketch.tracker.is_none() {
                in_tracker = true;
                sketch.tracker = Some(line.start..end);
            } else if in_tracker && line.text.starts_with('|') {
                sketch.tracker = Some(sketch.tracker.take().unwrap_or_default().start..end);
                let cells = unit::cells(line.start, line.text);
                let name = text[cells[0].clone()].trim().trim_start_matches('[');
                if let Some((id, length)) = milestone_id(name) {
                    let done = text[cells[0].clone()].contains('✅');
                    let title = name[length..].trim_start_matches([':', ' ', '—']).to_owned();
                    sketch.rows.push((id, title, cells.get(1).cloned(), done));
                }
            } else {
                in_tracker = false;
            }
        }
        for (id, ..) in &sketch.rows {
            let found = headings.iter().position(|(_, level, title)| {
                *level > 1 && milestone_id(title).is_some_and(|(found, _)| found == *id)
            });
            let section = found.map(|at| {
                let (start, level, _) = headings[at];
                let next = headings[at + 1..].iter().find(|(_, other, _)| *other <= level);
                start..next.map_or(text.len(), |(start, ..)| *start)
            });
            sketch.sections.push(section);
        }
        for section in &sketch.sections {
            let mut boxes = Vec::new();
            for line in
                Lines::new(text).filter(|line| section.as_ref().is_some_and(|s| s.contains(&line.start)))
            {
                let Some((mark, rest)) = line.text.strip_prefix("- [").and_then(|rest| rest.split_once("] "))
                else {
                    continue;
                };
                boxes.push(TaskBox {
                    mark: if mark == "x" { BoxMark::Done } else { BoxMark::Open },
                    text: rest.to_owned(),
                    depth: 0,
                    dropped: false,
                    gate: rest.trim_start_matches('*').starts_with("Gate"),
                    at: Position::new(line.number, 1),
                    range: line.start..line.start + line.text.len(),
                    mark_at: line.start + 3,
                });
            }
            sketch.boxes.push(boxes);
        }
        let log = headings.iter().position(|(_, _, title)| title.starts_with("Progress Log"));
        sketch.log = log.map(|at| {
            let level = headings[at].1;
            let next = headings[at + 1..].iter().find(|(_, other, _)| *other <= level);
            headings[at].0..next.map_or(text.len(), |(start, ..)| *start)
        });
        sketch
    }

    pub(super) fn find(&self) -> Needs {
        let milestones = self.rows.iter().zip(&self.sections).zip(&self.boxes);
        find(&Document {
            text: &self.text,
            milestones: milestones
                .map(|(((id, title, notes, done), section), boxes)| Known {
                    id,
                    title,
                    section: section.clone(),
                    notes: notes.clone(),
                    boxes,
                    done: *done,
                })
                .collect(),
            tracker: self.tracker.clone(),
            log: self.log.clone(),
        })
    }

    /// One line for each milestone that needs anything: `M2<M1 field`; then gates and findings.
    pub(super) fn shown(&self) -> String {
        let needs = self.find();
        let mut shown = String::new();
        for ((id, ..), on) in self.rows.iter().zip(&needs.depends_on) {
            for dependency in on {
                let _ = write!(shown, "{id}<{} {}; ", dependency.on, dependency.notation.name());
            }
        }
        for ((id, ..), gates) in self.rows.iter().zip(&needs.gates) {
            for gate in gates {
                let after = match &gate.kind {
                    GateKind::Box { of } => format!("box of {of}"),
                    GateKind::Between { after } => format!("after {}", after.as_deref().unwrap_or("-")),
                };
                let _ = write!(shown, "{id}! {after} `{}`; ", gate.text);
            }
        }
        for finding in needs.findings.iter().filter(|finding| finding.code != "planning.no_dependencies") {
            let place = finding.at.map(|at| at.to_string()).unwrap_or_default();
            let _ = write!(shown, "[{} {place}] ", finding.code.trim_start_matches("planning.needs."));
        }
        shown.trim_end_matches([' ', ';']).to_owned()
    }
}

/// A document with the milestones M1 to M6 and T1, and `body` beneath the tracker.
pub(super) fn document(body: &str) -> String {
    let rows: String = ["M1: One", "M2: Two", "M3: Three", "M4: Four", "M5: Five", "M6: Six", "T1: Tests"]
        .iter()
        .map(|row| format!("| {row} | |\n"))
        .collect();
    format!("# Plan\n\n| Milestone | Notes |\n|---|---|\n{rows}\n{body}\n")
}
