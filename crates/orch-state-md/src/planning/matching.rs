//! Which boxes of a section the claims of a worker tick.
//!
//! A worker copies its boxes, or says in its own words what it did. A claim ticks a box when both say the same, apart
//! from case, marks and remarks. Failing that, the words that count are compared, in one form each (`Added` is `add`,
//! `tests` is `test`), and the one has to say all that the other says: `add tests for login` and `add tests for logout`
//! share three words of four and are two tasks, so a word put in place of another is never alike, and no share of common
//! words makes up for it. The longer one may have a third more words at most, and the shorter one has three at least: where
//! less is common, it is too little to tell one task from another (`Add tests`, `Add tests for login`). Numbers have to be
//! the same, and words like `only`, `removed` or `stubbed` are never among what is said more.
//!
//! What a box says in parentheses at its end, mostly the file that is meant, is no part of what is to be done: a claim that
//! says all the rest in the same words is about it, unless another box says the same.
//!
//! Then the pair has to be the only one: of all boxes the claim has to fit this one clearly best, and of all claims that
//! are left this one has to fit the box clearly best. What is not certain is listed for a person.

mod denial;
mod said;
mod words;

use std::collections::HashMap;

use super::TaskBox;
use crate::worker_summary::WorkItem;
use said::{Claim, Known, Task};

/// What came of comparing claims with boxes. Boxes and claims are meant by their places in the two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The boxes that a claim ticks, by place. Boxes that are ticked already are among them when a claim names them.
    pub ticked: Vec<Match>,
    /// Boxes of work that are not ticked and that no claim is certainly about.
    pub unmatched: Vec<usize>,
    /// Claims that are about no box of work, or about several and it can't be said which. One that repeats another is
    /// not among them.
    pub unused: Vec<usize>,
    /// Boxes that a claim says are not done; what another claim says of them does not count.
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

/// Boxes that one claim is compared with at most: what is like so many of them is like none.
const MOST_COMPARED: usize = 400;
/// How much better the best has to be than the second, of a thousand.
const CLEARLY: u32 = 50;
/// Compares `claims` with `boxes`.
///
/// A box is never ticked on a guess: `All tasks completed` ticks nothing, and of several boxes with one text each needs
/// a claim of its own. Gates and dropped boxes are never ticked. A claim that is marked as not done, or says so (`skipped`,
/// `not done`, `deferred`), denies its box.
///
/// The time grows with the length of the texts; a claim is compared with a bounded number of boxes.
///
/// ```
/// use orch_state_md::planning::{BoxMark, TaskBox, match_boxes};
/// use orch_state_md::worker_summary::WorkItem;
/// # use orch_core::Position;
/// # let task = |text: &str| TaskBox {
/// #     mark: BoxMark::Open, text: text.into(), depth: 0, dropped: false, gate: false,
/// #     at: Position::new(1, 1), range: 0..0, mark_at: 0,
/// # };
/// let claim = |text: &str| WorkItem { text: text.into(), done: None };
///
/// let boxes = [task("Add tests for `login`"), task("Add tests for logout"), task("Write the guide")];
/// let claims = [claim("Added the tests for login"), claim("Write the guide — skipped"), claim("All tasks done")];
/// let matched = match_boxes(&boxes, &claims);
/// assert_eq!(matched.ticked.iter().map(|ticked| ticked.place).collect::<Vec<_>>(), [0]);
/// assert_eq!((matched.unmatched, matched.denied, matched.unused), (vec![1], vec![2], vec![2]));
/// ```
pub fn match_boxes(boxes: &[TaskBox], claims: &[WorkItem]) -> Matched {
    let mut known = Known::default();
    let boxes: Vec<Task<'_>> = boxes.iter().map(|item| Task::new(item, &mut known)).collect();
    let claims: Vec<Claim> = claims.iter().map(|item| Claim::new(item, &mut known)).collect();
    let mut pairs = Pairs { of_claim: vec![Found::Nothing; claims.len()], taken: vec![false; boxes.len()] };
    pairs.exact(&boxes, &claims);
    pairs.alike(&boxes, &claims);
    pairs.matched(&boxes, &claims)
}

/// What was found out about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing yet.
    Nothing,
    /// That it names boxes of which it can't be said which is meant.
    Unclear,
    Box {
        place: usize,
        exact: bool,
    },
}

struct Pairs {
    of_claim: Vec<Found>,
    /// Whether a box has its claim.
    taken: Vec<bool>,
}

impl Pairs {
    /// Claims that say what a box says. Of several boxes with one text, each that is open needs a claim.
    fn exact(&mut self, boxes: &[Task<'_>], claims: &[Claim]) {
        let mut places: HashMap<&str, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (place, task) in boxes.iter().enumerate().filter(|(_, task)| !task.key.is_empty()) {
            places.entry(&task.key).or_default().0.push(place);
        }
        for (claim, said) in claims.iter().enumerate() {
            if let Some((_, same)) = places.get_mut(said.key.as_str()) {
                same.push(claim);
            }
        }
        for (places, claims) in places.into_values() {
            let open: Vec<usize> = places.iter().copied().filter(|place| boxes[*place].is_open()).collect();
            let closed = places.iter().copied().filter(|place| !boxes[*place].is_open());
            let in_order: Vec<usize> = open.iter().copied().chain(closed).collect();
            for (at, claim) in claims.iter().enumerate() {
                self.of_claim[*claim] = match in_order.get(at).or(in_order.last()) {
                    Some(place) if claims.len() >= open.len() => {
                        self.taken[*place] = true;
                        Found::Box { place: *place, exact: true }
                    }
                    _ => Found::Unclear,
                };
            }
        }
    }

    /// Claims that are clearly like one box and like no other.
    fn alike(&mut self, boxes: &[Task<'_>], claims: &[Claim]) {
        let index = Index::new(boxes);
        // By box: how alike the best claim is, and the second one.
        let mut of_box = vec![(0, 0); boxes.len()];
        let mut of_claim = Vec::new();
        for (claim, said) in claims.iter().enumerate() {
            if self.of_claim[claim] != Found::Nothing {
                continue;
            }
            let Some(candidates) = index.candidates(said) else { continue };
            let (mut best, mut second) = ((0, 0), 0);
            for place in candidates {
                let likeness = said.likeness(&boxes[place]);
                if likeness > best.0 {
                    second = best.0;
                    best = (likeness, place);
                } else {
                    second = second.max(likeness);
                }
                let (first_of_box, second_of_box) = &mut of_box[place];
                if likeness > *first_of_box {
                    *second_of_box = *first_of_box;
                    *first_of_box = likeness;
                } else {
                    *second_of_box = (*second_of_box).max(likeness);
                }
            }
            of_claim.extend((best.0 > 0).then_some((claim, best, second)));
        }
        for (claim, (likeness, place), second) in of_claim {
            let (first_of_box, second_of_box) = of_box[place];
            let clear = likeness >= second + CLEARLY
                && likeness == first_of_box
                && (self.taken[place] || likeness >= second_of_box + CLEARLY);
            if clear {
                self.of_claim[claim] = Found::Box { place, exact: false };
            }
        }
    }

    fn matched(self, boxes: &[Task<'_>], claims: &[Claim]) -> Matched {
        let mut matched = Matched::default();
        let mut by_box: Vec<Option<Match>> = vec![None; boxes.len()];
        let mut denied = vec![false; boxes.len()];
        for (claim, found) in self.of_claim.iter().enumerate() {
            match *found {
                Found::Box { place, exact } if boxes[place].item.is_work() => {
                    denied[place] |= claims[claim].denies(&boxes[place]);
                    let better = by_box[place].is_none_or(|before| exact && !before.exact);
                    if better {
                        by_box[place] = Some(Match { place, claim, exact });
                    }
                }
                _ => matched.unused.push(claim),
            }
        }
        for (place, task) in boxes.iter().enumerate() {
            match by_box[place] {
                _ if denied[place] => matched.denied.push(place),
                Some(ticked) => matched.ticked.push(ticked),
                None if task.is_open() => matched.unmatched.push(place),
                None => {}
            }
        }
        matched
    }
}

/// Which boxes have which words.
struct Index {
    /// By word: the boxes that have it.
    having: HashMap<u32, Vec<usize>>,
    /// By word: the boxes of which it is the rarest.
    rarest: HashMap<u32, Vec<usize>>,
}

impl Index {
    fn new(boxes: &[Task<'_>]) -> Self {
        let mut having: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, task) in boxes.iter().enumerate() {
            for word in task.all_words() {
                having.entry(word).or_default().push(place);
            }
        }
        let mut rarest: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, task) in boxes.iter().enumerate() {
            let words = task.words.iter().flat_map(|words| &words.set);
            if let Some(word) = words.min_by_key(|word| having[*word].len()) {
                rarest.entry(*word).or_default().push(place);
            }
        }
        Self { having, rarest }
    }

    /// The boxes that say all that a claim says, or the other way round, and others; none when there are too many.
    ///
    /// A box within the claim has its rarest word there, and a claim within a box has its own rarest word there.
    fn candidates(&self, claim: &Claim) -> Option<Vec<usize>> {
        let mut found: Vec<usize> = Vec::new();
        for way in &claim.ways {
            let by_word = |word: &u32| self.having.get(word).map(Vec::as_slice).unwrap_or_default();
            let least =
                way.words.set.iter().map(by_word).min_by_key(|places| places.len()).unwrap_or_default();
            let within = way.words.set.iter().filter_map(|word| self.rarest.get(word));
            for places in within.map(Vec::as_slice).chain([least]) {
                if found.len() + places.len() > MOST_COMPARED {
                    return None;
                }
                found.extend(places);
            }
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }
}
