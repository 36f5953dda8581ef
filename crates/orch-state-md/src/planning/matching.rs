//! Which boxes of a section the claims of a worker tick.

use super::TaskBox;
use crate::worker_summary::WorkItem;

/// What came of comparing claims with boxes. Boxes and claims are meant by their places in the two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The boxes that a claim ticks, by place. Boxes that are ticked already are among them when a claim names them.
    pub ticked: Vec<Match>,
    /// Boxes of work that are not ticked and that no claim is about.
    pub unmatched: Vec<usize>,
    /// Claims that are about no box, or about several and it can't be said which.
    pub unused: Vec<usize>,
    /// Boxes that a claim says are not done.
    pub denied: Vec<usize>,
}

/// A box and the claim that ticks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The box.
    pub place: usize,
    /// The claim.
    pub claim: usize,
    /// Whether the two say the same, apart from case, punctuation and marks; otherwise they are alike enough.
    pub exact: bool,
}

/// Compares `claims` with `boxes`.
///
/// A box is never ticked on a guess. Gates and dropped boxes are never ticked.
pub fn match_boxes(boxes: &[TaskBox], claims: &[WorkItem]) -> Matched {
    let is_left = |item: &TaskBox| item.is_work() && item.mark != super::BoxMark::Done;
    Matched {
        unmatched: (0..boxes.len()).filter(|&place| is_left(&boxes[place])).collect(),
        unused: (0..claims.len()).collect(),
        ..Matched::default()
    }
}
