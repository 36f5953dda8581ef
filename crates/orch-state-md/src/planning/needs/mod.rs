//! What depends on what in a planning document, and what a person has to approve in between.
//!
//! Documents say it in eight ways ([`Notation`](super::Notation)), often in several at once. Each has its room here and
//! none guesses: what looks like a dependency and can't be read for certain is a finding with its line.

mod approval;
mod arrow;
mod claim;
mod contradiction;
mod field;
mod gate;
mod graph;
mod grid;
mod group;
mod list;
mod mermaid;
mod net;
mod notes;
mod pairs;
mod places;
#[cfg(test)]
mod properties;
mod prose;
mod read;
mod roster;
mod settle;
mod signs;
#[cfg(test)]
mod sketch;
#[cfg(test)]
mod tests;
mod token;
mod unit;
mod words;

use std::ops::Range;

use orch_core::{Diagnostic, Position};

use self::read::Reader;
use self::roster::Roster;
use super::{Dependency, Gate, Group, TaskBox};
use crate::text::Span;

/// What is known of a document before its dependencies are read.
pub(super) struct Document<'a> {
    /// The whole document. Every range is one of its bytes.
    pub(super) text: &'a str,
    /// The milestones in the order of the tracker, with ids that are unique.
    pub(super) milestones: Vec<Known<'a>>,
    /// The tracker's table.
    pub(super) tracker: Option<Range<usize>>,
    /// The progress log: nothing in it says what depends on what.
    pub(super) log: Option<Range<usize>>,
}

/// A milestone, as far as it is known before its dependencies are read.
pub(super) struct Known<'a> {
    /// Its id as [`milestone_id`](super::milestone_id) spells it.
    pub(super) id: &'a str,
    /// What the tracker calls it, without the id.
    pub(super) title: &'a str,
    /// Its section, from the heading on.
    pub(super) section: Option<Range<usize>>,
    /// Its cell in the notes column.
    pub(super) notes: Option<Range<usize>>,
    /// The boxes of its section, in the order of the text.
    pub(super) boxes: &'a [TaskBox],
    /// Its row is settled: done, or skipped.
    pub(super) done: bool,
}

/// What depends on what.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// What each milestone needs, by its place in [`Document::milestones`], in the order of the text. Each id once: where
    /// the document says it first.
    pub(super) depends_on: Vec<Vec<Dependency>>,
    /// What a person has to approve before each may start, by place.
    pub(super) gates: Vec<Vec<Gate>>,
    /// The groups in the order of the text.
    pub(super) groups: Vec<Group>,
    /// What was not understood or contradicts itself.
    pub(super) findings: Vec<Diagnostic>,
}

/// Reads what depends on what, in time linear in the text.
pub(super) fn find(document: &Document<'_>) -> Needs {
    let roster = Roster::new(&document.milestones);
    let claims = Reader::new(document, &roster).read();
    settle::settle(document, &roster, claims)
}

/// A line for those readers of a line that want to know where it stands; nobody asks here.
fn span(text: &str) -> Span<'_> {
    Span::new(text, Position::new(1, 1))
}
