//! From bytes to a plan.

use orch_core::{Diagnostic, Position, Status};

use super::needs::{self, Document, Known};
use super::outline::{Outline, compare};
use super::plain::{at_most, name_of, plain, words};
use super::{Milestone, Planning, Reading, tracker};
use crate::text::{Findings, Line, Lines, Part, decode, heading, list_item};

/// Longest objective, in characters.
const LONGEST_OBJECTIVE: usize = 1_000;

/// Reads a planning document.
///
/// Whatever the bytes are, there is a [`Reading`]; what is wrong with them is among its findings. An error there means that
/// the document can't be worked with as it is. Linear in the bytes.
///
/// ```
/// use orch_core::Status;
/// let reading = orch_state_md::planning::read(
///     "# Login\n\n\
///      | Milestone | Model | Status |\n\
///      |---|---|---|\n\
///      | M1: Tables | Haiku | ✅ Complete |\n\
///      | M2: Routes | Sonnet | ⬜ Not Started |\n\n\
///      ## M1: Tables\n- [x] The table of users\n\n\
///      ## Milestone 2 — Routes\n- [ ] Sign in\n- [ ] Sign out\n"
///         .as_bytes(),
/// );
/// assert!(reading.findings.is_empty());
/// let routes = reading.plan.milestone("M2").unwrap();
/// assert_eq!(routes.row.tracked.status, Status::Pending);
/// assert_eq!(routes.section.as_ref().unwrap().left().count(), 2);
/// ```
pub fn read(bytes: &[u8]) -> Reading {
    let decoded = decode(bytes);
    let text = &*decoded.text;
    let mut findings = Findings::default();
    if let Some(fault) = decoded.diagnostic("planning.encoding") {
        findings.push(fault);
    }
    conflicts(text, &mut findings);
    let mut outline = Outline::of(text, &mut findings);
    match &outline.tracker {
        None => {
            let hint = "add a table with the header `| Milestone | Model | Status | Duration (min) | Notes |` under a \
                        heading `## Milestone Progress Tracker`";
            let message = "there is no tracker: no table with the columns Milestone and Status";
            findings
                .push(Diagnostic::error("planning.no_tracker", message).hint(hint).at(Position::new(1, 1)));
        }
        Some(tracker) if outline.milestones.is_empty() => {
            let message = "the tracker has no milestones";
            let hint = "add a row for each, such as `| M1: Login | Sonnet | ⬜ Not Started | — | |`";
            findings.push(Diagnostic::error("planning.no_milestones", message).hint(hint).at(tracker.at));
        }
        Some(_) => compare(&outline.milestones, &mut findings),
    }
    let needs = needs::find(&document(&outline));
    needs.findings.into_iter().for_each(|finding| findings.push(finding));
    for ((milestone, depends_on), gates) in
        outline.milestones.iter_mut().zip(needs.depends_on).zip(needs.gates)
    {
        (milestone.depends_on, milestone.gates) = (depends_on, gates);
    }
    let log = outline.log().map(|log| log.entries()).unwrap_or_default();
    let plan = Planning {
        text: text.into(),
        objective: objective(text),
        title: outline.title,
        milestones: outline.milestones,
        groups: needs.groups,
        log,
    };
    Reading { plan, findings: findings.finish("planning.findings") }
}

/// What is known of a document before its dependencies are read.
fn document<'a>(outline: &'a Outline<'_>) -> Document<'a> {
    let known = |(place, milestone): (usize, &'a Milestone)| Known {
        id: &milestone.id,
        title: &milestone.title,
        section: milestone.section.as_ref().map(|section| section.range.clone()),
        notes: outline.notes(place),
        boxes: milestone.section.as_ref().map(|section| &*section.boxes).unwrap_or_default(),
        done: milestone.row.tracked.status == Status::Success,
    };
    Document {
        text: outline.text,
        milestones: outline.milestones.iter().enumerate().map(known).collect(),
        tracker: outline.tracker.as_ref().map(|tracker| tracker.range.clone()),
        log: outline.log.as_ref().map(|log| log.range.clone()),
    }
}

/// Whether the Markdown that begins with `head` is a planning document: there is a tracker in it. A few kilobytes do, as long
/// as the header of the tracker is among them.
///
/// ```
/// use orch_state_md::planning::is_planning_document;
/// assert!(is_planning_document("## Milestone Progress Tracker\n\n| Task | Status |\n|---|---|\n"));
/// assert!(!is_planning_document("| Task | Status |\n|---|---|\n"));
/// ```
pub fn is_planning_document(head: &str) -> bool {
    tracker::find(head.strip_prefix('\u{feff}').unwrap_or(head)).is_some()
}

/// A merge that was not finished: nothing in the text can be trusted.
fn conflicts(text: &str, findings: &mut Findings) {
    // Looked for in all of the text first: hardly any has one.
    if !["<<<<<<<", ">>>>>>>"]
        .iter()
        .any(|mark| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some())
    {
        return;
    }
    let is_mark = |line: &Line<'_>| {
        let rest = line.text.strip_prefix("<<<<<<<").or_else(|| line.text.strip_prefix(">>>>>>>"));
        line.part != Part::Code && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let mut marks = Lines::new(text).filter(is_mark);
    let Some(first) = marks.next() else { return };
    let message = match marks.count() {
        0 => "the mark of a merge conflict".to_owned(),
        more => format!("the mark of a merge conflict, here and in {more} more lines"),
    };
    let hint = "finish the merge: keep one of the two sides, and remove the marks";
    findings
        .push(Diagnostic::error("planning.conflict", message).hint(hint).at(Position::new(first.number, 1)));
}

/// What the document is for: the first paragraph under a heading that says so, else the one under its title.
fn objective(text: &str) -> String {
    let mut under: Option<usize> = None;
    let mut in_title = false;
    let mut paragraph = String::new();
    let mut from_title = String::new();
    for line in Lines::new(text) {
        let collecting = !paragraph.is_empty();
        let title = if line.is_hidden() { None } else { heading(line.span()) };
        let ends = line.is_hidden() || title.is_some() || line.text.trim().is_empty() || is_block(&line);
        if collecting && (ends || paragraph.len() > 4 * LONGEST_OBJECTIVE) {
            let done = std::mem::take(&mut paragraph);
            if under.is_some() {
                return shown(&done);
            }
            from_title = done;
            in_title = false;
        }
        if let Some((level, title)) = title {
            let words = words(name_of(&plain(title.text)));
            if under.is_some_and(|under| level <= under) {
                under = None;
            }
            in_title = level == 1 && from_title.is_empty();
            if level > 1 && is_summary(&words) && under.is_none() {
                under = Some(level);
            }
        } else if !ends && (under.is_some() || in_title) {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.text.trim());
        }
    }
    shown(if paragraph.is_empty() { &from_title } else { &paragraph })
}

/// Whether a heading stands over what the document is for.
fn is_summary(words: &str) -> bool {
    let first = words.split(' ').next().unwrap_or_default();
    matches!(
        first,
        "summary" | "overview" | "purpose" | "objective" | "objectives" | "goal" | "goals" | "mission"
    ) || words == "executive summary"
        || words == "project summary"
        || words == "project overview"
}

/// Whether a line is part of a list, a quote, a table or a rule: no paragraph.
fn is_block(line: &Line<'_>) -> bool {
    let text = line.text.trim_start();
    list_item(line.span()).is_some()
        || text.starts_with(['>', '|', '<'])
        || (text.starts_with('[') && text.trim_end().ends_with(')'))
        || (text.len() >= 3 && text.trim_end().bytes().all(|byte| b"-*_= ".contains(&byte)))
}

/// A paragraph as one line of words, without a label in front (`**Purpose:**`).
fn shown(paragraph: &str) -> String {
    let text = plain(paragraph);
    let label = text.split_once(':').filter(|(label, _)| is_summary(&words(label)) && !label.contains(' '));
    at_most(label.map_or(&*text, |(_, rest)| rest.trim_start()).to_owned(), LONGEST_OBJECTIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_it_is_for() {
        for (text, expected) in [
            ("# T\n\nFirst\nparagraph.\n\nSecond.\n", "First paragraph."),
            ("# T\n\nIntro.\n\n## 1. Summary\n\n**Purpose:** Do *it*.\n\n- x\n", "Do it."),
            ("# T\n\n## Overview\n- a\n\n### Purpose\nThis\n", "This"),
            ("# T\n\n> quote\n\n[link](#a)\n\n## M1\nx\n", ""),
            ("# T\n```\ncode\n```\nreal\n", "real"),
            ("", ""),
        ] {
            assert_eq!(objective(text), expected, "{text:?}");
        }
    }
}
