//! A document taken apart: what readers and edits have in common.

use std::ops::Range;

use hashbrown::HashSet;
use orch_core::{Diagnostic, Status};

use super::boxes::content;
use super::log::Log;
use super::rows::{milestones, named};
use super::sections::{self, Found, Wanted};
use super::tracker::{self, MOST_ROWS, RowLine, Tracker};
use super::{BoxMark, Milestone, Section, recommended, section_status, status};
use crate::state::table::trimmed;
use crate::text::{Findings, quoted};

/// A document taken apart.
pub(super) struct Outline<'a> {
    pub(super) text: &'a str,
    pub(super) tracker: Option<Tracker<'a>>,
    /// The milestones, without what they depend on.
    pub(super) milestones: Vec<Milestone>,
    /// Their lines in the tracker, by place.
    pub(super) rows: Vec<RowLine<'a>>,
    /// Ids that two rows have: which of the two is meant can't be said.
    pub(super) twice: HashSet<String>,
    /// The section of the progress log.
    pub(super) log: Option<Found>,
    /// The heading of the document.
    pub(super) title: String,
}

impl<'a> Outline<'a> {
    /// Takes `text` apart, in time that is linear in it.
    pub(super) fn of(text: &'a str, findings: &mut Findings) -> Self {
        let tracker = tracker::find(text);
        let mut twice = HashSet::new();
        let rows = tracker.as_ref().map(|tracker| named(tracker, &mut twice, findings)).unwrap_or_default();
        let wanted: Vec<Wanted> = rows.iter().map(|row| row.wanted.clone()).collect();
        let parts = sections::find(text, &wanted, findings);
        let mut found = match &tracker {
            Some(tracker) => milestones(tracker, &rows, &parts.sections, findings),
            None => Vec::new(),
        };
        fill(text, &mut found, &parts.sections, findings);
        if let Some(at) = tracker.as_ref().and_then(|tracker| tracker.too_many) {
            let message = format!("the tracker has more than {MOST_ROWS} rows");
            let hint = "split the plan into several documents";
            findings.push(Diagnostic::error("planning.too_many", message).hint(hint).at(at));
        }
        Self {
            text,
            tracker,
            milestones: found,
            rows: rows.into_iter().map(|row| row.line).collect(),
            twice,
            log: parts.log,
            title: parts.title,
        }
    }

    /// The progress log.
    pub(super) fn log(&self) -> Option<Log<'a>> {
        self.log.as_ref().map(|log| Log::read(self.text, log.range.clone(), log.at.line))
    }

    /// The bytes of what a cell of the row at `place` says, without the blanks around it; `None` when there is no such cell.
    fn cell(&self, place: usize, column: usize) -> Option<Range<usize>> {
        let row = self.rows.get(place)?;
        let inner = trimmed(row.text, row.cell(column)?);
        Some(row.start + inner.start..row.start + inner.end)
    }

    /// The bytes of the notes of the milestone at `place`, when it has any.
    pub(super) fn notes(&self, place: usize) -> Option<Range<usize>> {
        let column = self.tracker.as_ref()?.columns.notes?;
        self.cell(place, column).filter(|notes| !notes.is_empty())
    }
}

/// Gives the milestones their sections, with what is in them.
fn fill(text: &str, milestones: &mut [Milestone], sections: &[Option<Found>], findings: &mut Findings) {
    let mut order: Vec<usize> = (0..milestones.len()).filter(|&place| sections[place].is_some()).collect();
    order.sort_by_key(|&place| sections[place].as_ref().map(|section| section.range.start));
    let ranges: Vec<Range<usize>> = order
        .iter()
        .filter_map(|&place| sections[place].as_ref())
        .map(|section| section.range.clone())
        .collect();
    for (at, &place) in order.iter().enumerate() {
        let Some(section) = &sections[place] else { continue };
        let range = section.range.clone();
        let within = ranges[at + 1..].iter().take_while(|other| other.start < range.end).count();
        let others = &ranges[at + 1..at + 1 + within];
        let found = content(text, range.clone(), section.at.line, others, findings);
        let own = range.start..others.first().map_or(range.end, |other| other.start);
        let milestone = &mut milestones[place];
        if let Some(recommended) = recommended::in_section(&text[own.clone()]) {
            milestone.recommended = recommended;
        }
        milestone.section = Some(Section {
            heading: section.heading.clone(),
            at: section.at,
            range,
            status: section_status::in_section(text, own, section.at.line, &found.boxes),
            boxes: found.boxes,
            paths: found.paths,
        });
    }
}

/// What the tracker and the boxes say of one another, and rows without a section.
pub(super) fn compare(milestones: &[Milestone], findings: &mut Findings) {
    for milestone in milestones {
        let id = &milestone.id;
        let Some(section) = &milestone.section else {
            let message = format!("{id} has no section: what is to be done is not said");
            let hint =
                format!("add a heading that begins with `{id}:`, with its tasks as `- [ ]` beneath it");
            findings.push(Diagnostic::warning("planning.no_section", message).hint(hint).at(milestone.at));
            continue;
        };
        let work = || section.boxes.iter().filter(|item| item.is_work());
        let (all, open) = (work().count(), section.left().count());
        let tracked = milestone.row.tracked;
        compare_status(milestone, section, findings);
        if tracked.status == Status::Success
            && !tracked.skipped
            && let Some(first) = section.left().next()
        {
            let partial = section.left().filter(|item| item.mark == BoxMark::Partial).count();
            let partly = if partial > 0 { format!(" ({partial} of them in part)") } else { String::new() };
            let message = format!(
                "{id} is complete, but {open} of its {all} boxes are not ticked{partly}, the first in line {}",
                first.at.line
            );
            let hint = "tick what is done, strike through what was dropped, or take the status back";
            findings.push(Diagnostic::warning("planning.unticked", message).hint(hint).at(first.at));
        } else if tracked.status == Status::Pending && all > 0 && open == 0 {
            let message = format!("{id} is not started, but all of its {all} boxes are ticked");
            let hint = "write ✅ Complete in its row, or untick what is not done";
            findings.push(Diagnostic::warning("planning.ticked", message).hint(hint).at(milestone.at));
        }
    }
}

/// A status that a section repeats and that is not the one of the row any more.
fn compare_status(milestone: &Milestone, section: &Section, findings: &mut Findings) {
    let Milestone { id, row, at, .. } = milestone;
    // One that can't be read in the row is an error of its own.
    let Some(said) = section.status.as_ref().filter(|_| status::read(&row.status_written).is_some()) else {
        return;
    };
    if !said.tracked.agrees_with(row.tracked) {
        let message = format!(
            "the section of {id} says {} in line {}, its row {} in line {}",
            quoted(&said.written),
            said.at.line,
            quoted(&row.status_written),
            at.line
        );
        let hint = "the row counts; write the same in the section, or take the status out of it";
        findings.push(Diagnostic::warning("planning.status_differs", message).hint(hint).at(said.at));
    }
}
