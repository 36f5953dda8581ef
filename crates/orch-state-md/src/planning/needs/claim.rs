//! What the document says, before it is known what it comes to.

use std::rc::Rc;

use crate::planning::Notation;

use super::list::{Named, Who};
use super::roster::Roster;

/// Everything that was read, with the bytes where it stands.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) said: Vec<Claim>,
    /// Milestones that may run side by side, as prose says.
    pub(super) apart: Vec<Rc<[Named]>>,
    /// Milestones that are said to need nothing: their places, and where it is said.
    pub(super) none: Vec<(usize, usize)>,
    pub(super) gates: Vec<GateClaim>,
    pub(super) groups: Vec<GroupClaim>,
    pub(super) unread: Vec<Unread>,
}

/// That some milestones need others, or do not.
pub(super) struct Claim {
    pub(super) subjects: Rc<[Named]>,
    pub(super) objects: Rc<[Named]>,
    pub(super) notation: Notation,
    /// The milestone that [`Who::Itself`] is.
    pub(super) itself: Option<usize>,
    /// Whether it says that there is no dependency.
    pub(super) not: bool,
}

/// That a person has to approve something first.
pub(super) struct GateClaim {
    pub(super) subjects: Rc<[Named]>,
    pub(super) itself: Option<usize>,
    pub(super) after: Option<Named>,
    pub(super) text: String,
    pub(super) at: usize,
}

/// A group.
pub(super) struct GroupClaim {
    /// What it is asked for by: `group a`.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) members: Vec<Named>,
    /// Whether its members run one after the other.
    pub(super) in_order: bool,
    pub(super) at: usize,
}

/// What was not understood.
pub(super) struct Unread {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

/// What is not understood can always be said so.
pub(super) const WRITE_FIELD: &str =
    "write `**Depends on:** M1, M2` in the section of the milestone that waits";

/// At most so many things that were not understood are kept; the first ones are shown.
const MOST_UNREAD: usize = 1_000;

impl Claims {
    /// `subjects` need `objects`.
    pub(super) fn needs(
        &mut self,
        subjects: &Rc<[Named]>,
        objects: &Rc<[Named]>,
        notation: Notation,
        itself: Option<usize>,
    ) {
        let (subjects, objects) = (Rc::clone(subjects), Rc::clone(objects));
        self.said.push(Claim { subjects, objects, notation, itself, not: false });
    }

    /// `subjects` do not need `objects`.
    pub(super) fn needs_not(&mut self, subjects: &Rc<[Named]>, objects: &Rc<[Named]>, itself: Option<usize>) {
        let (subjects, objects) = (Rc::clone(subjects), Rc::clone(objects));
        self.said.push(Claim { subjects, objects, notation: Notation::Prose, itself, not: true });
    }

    /// `subjects` need nothing.
    pub(super) fn none(&mut self, subjects: &[Named], itself: Option<usize>, roster: &Roster<'_>, at: usize) {
        for named in subjects {
            let place = match &named.who {
                Who::One(id) => roster.place(id),
                Who::Itself => itself,
                _ => None,
            };
            self.none.extend(place.map(|place| (place, at)));
        }
    }

    pub(super) fn unread(&mut self, at: usize, message: impl Into<String>, hint: &'static str) {
        if self.unread.len() < MOST_UNREAD {
            self.unread.push(Unread { at, message: message.into(), hint });
        }
    }
}
