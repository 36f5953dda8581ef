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
mod index;
mod words;

use std::collections::{HashMap, HashSet};

use super::{BoxMark, TaskBox};
use crate::worker_summary::WorkItem;
use denial::{LIMITING, denying};
use index::Index;
use words::{bare, counting, has_number, head, spelled, stem, tail, without_remark};

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

/// Words that count of a text at most for it to be compared by them; longer ones have to say the same.
const MOST_WORDS: usize = 64;
/// How much better the best has to be than the second, of [`SAME`].
const CLEARLY: u32 = 50;
/// How alike two texts are that say the same.
const SAME: u32 = 1000;
/// How much less a claim counts that is taken without the words that deny, without its remark, without its label.
const UNDENIED: u32 = 10;
const HEAD: u32 = 20;
const TAIL: u32 = 30;
/// Words that a text has at least that is compared with a longer one.
const LEAST: usize = 3;

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

/// The words of all texts as numbers.
#[derive(Default)]
struct Known {
    numbers: HashMap<String, u32>,
    /// By number: whether a word has a digit in it, and whether it takes something back.
    kinds: Vec<(bool, bool)>,
    /// The words that take something back, in one form.
    limits: HashSet<String>,
}

impl Known {
    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = crate::text::clamp(self.kinds.len());
        if self.limits.is_empty() {
            self.limits = LIMITING.iter().map(|limit| stem(limit)).collect();
        }
        let limiting = word.split(' ').next().is_some_and(|first| self.limits.contains(first));
        self.kinds.push((has_number(word), limiting));
        self.numbers.insert(word.to_owned(), number);
        number
    }

    /// The words of `spelled` that take something back.
    fn limits(&mut self, spelled: &[String]) -> Vec<u32> {
        let numbers: Vec<u32> = counting(spelled).iter().map(|word| self.number(word)).collect();
        numbers.into_iter().filter(|number| self.kinds[*number as usize].1).collect()
    }

    /// The words that count of `spelled`; none when there are too many.
    fn words(&mut self, spelled: &[String]) -> Option<Words> {
        if spelled.len() > 4 * MOST_WORDS {
            return None;
        }
        let order: Vec<u32> = counting(spelled).iter().map(|word| self.number(word)).collect();
        let mut set = order.clone();
        set.sort_unstable();
        set.dedup();
        let of = |kind: fn(&(bool, bool)) -> bool| {
            set.iter().copied().filter(|number| kind(&self.kinds[*number as usize])).collect::<Vec<_>>()
        };
        let (numbers, limits) = (of(|kind| kind.0), of(|kind| kind.1));
        (!set.is_empty() && set.len() <= MOST_WORDS).then_some(Words { order, set, numbers, limits })
    }
}

/// The words of a text that count.
#[derive(Debug)]
struct Words {
    order: Vec<u32>,
    /// Each once, by number.
    set: Vec<u32>,
    numbers: Vec<u32>,
    limits: Vec<u32>,
}

struct Task<'a> {
    item: &'a TaskBox,
    /// All its words, between spaces.
    key: String,
    words: Option<Words>,
    /// The words without a remark, when they are enough to be about one task.
    rest: Option<Words>,
    /// All its words in one form, those of a worker's note as well, in the order of the alphabet.
    all: Vec<String>,
}

impl<'a> Task<'a> {
    fn new(item: &'a TaskBox, known: &mut Known) -> Self {
        let bare = bare(&item.text);
        let said = spelled(&bare);
        let rest = without_remark(&bare).and_then(|rest| known.words(&spelled(rest)));
        let mut all: Vec<String> = spelled(&item.text).iter().map(|word| stem(word)).collect();
        all.sort_unstable();
        all.dedup();
        let rest = rest.filter(|rest| rest.set.len() >= LEAST);
        Self { item, key: said.join(" "), words: known.words(&said), rest, all }
    }

    /// Every word that a claim about it may have.
    fn all_words(&self) -> impl Iterator<Item = u32> {
        let whole = self.words.iter().flat_map(|words| &words.set);
        let is_new =
            |word: &&u32| self.words.as_ref().is_none_or(|words| words.set.binary_search(word).is_err());
        let rest = self.rest.iter().flat_map(|rest| &rest.set).filter(is_new);
        whole.copied().chain(rest.copied())
    }

    fn is_open(&self) -> bool {
        self.item.is_work() && self.item.mark != BoxMark::Done
    }
}

struct Claim {
    key: String,
    /// The ways of taking it: as a whole, without a remark, without a label, without the words that deny.
    ways: Vec<Way>,
    /// It is marked as not done.
    marked: bool,
    /// The words by which it denies, in one form.
    denying: Vec<String>,
    /// The words of the whole that take something back.
    limits: Vec<u32>,
}

struct Way {
    key: String,
    words: Words,
    /// How much less it counts than the whole.
    less: u32,
}

impl Claim {
    fn new(item: &WorkItem, known: &mut Known) -> Self {
        let all = spelled(&item.text);
        let denied: Vec<String> = denying(&all).into_iter().map(|at| stem(&all[at])).collect();
        let bare = bare(&item.text);
        let said = spelled(&bare);
        let mut claim = Self {
            key: said.join(" "),
            ways: Vec::new(),
            marked: item.done == Some(false),
            denying: denied,
            limits: Vec::new(),
        };
        claim.limits = known.limits(&said);
        claim.way(said, 0, 1, known);
        if let Some((head, least)) = head(&bare) {
            claim.way(spelled(head), HEAD, least, known);
        }
        if let Some((tail, least)) = tail(&bare) {
            claim.way(spelled(tail), TAIL, least, known);
        }
        claim
    }

    /// Adds a way of taking the claim, and the same without the words that deny.
    fn way(&mut self, said: Vec<String>, less: u32, least: usize, known: &mut Known) {
        let places = denying(&said);
        let mut kept = Vec::new();
        if !places.is_empty() {
            let mut places = places.into_iter().peekable();
            kept = said
                .iter()
                .enumerate()
                .filter(|(at, _)| places.next_if_eq(at).is_none())
                .map(|(_, word)| word.clone())
                .collect();
        }
        for (said, less) in [(said, less), (kept, less + UNDENIED)] {
            if let Some(words) = known.words(&said).filter(|words| words.set.len() >= least) {
                self.ways.push(Way { key: said.join(" "), words, less });
            }
        }
    }

    /// Whether it says that `task` is not done.
    fn denies(&self, task: &Task<'_>) -> bool {
        self.marked || self.denying.iter().any(|word| task.all.binary_search(word).is_err())
    }

    /// How alike the two are, of [`SAME`]; zero when they are not.
    fn likeness(&self, task: &Task<'_>) -> u32 {
        let Some(words) = &task.words else { return 0 };
        // Words that take something back are for denials to judge, where they deny.
        let limited = self.limits.iter().any(|limit| words.set.binary_search(limit).is_err());
        if limited && !self.denies(task) {
            return 0;
        }
        let of = |way: &Way| {
            let said = &way.words;
            // What a box says more may stand against what the claim has in its remark: `(phones)`, `(tablets)`.
            let in_part = way.less >= HEAD && !is_within(&words.set, &said.set);
            let is_rest = || task.rest.as_ref().is_some_and(|rest| rest.set == said.set);
            let likeness = if way.key == task.key {
                SAME - 10
            } else if in_part {
                0
            } else if is_rest() {
                // Of two boxes with one rest, neither is clearly best.
                SAME - 100
            } else {
                likeness(said, words)
            };
            likeness.saturating_sub(way.less)
        };
        self.ways.iter().map(of).max().unwrap_or(0)
    }
}

fn likeness(claim: &Words, task: &Words) -> u32 {
    if claim.numbers != task.numbers {
        return 0;
    }
    if claim.set == task.set {
        return if claim.order == task.order { SAME - 50 } else { SAME - 100 };
    }
    let (less, more) = if claim.set.len() < task.set.len() { (claim, task) } else { (task, claim) };
    let (few, many) = (less.set.len(), more.set.len());
    let limited = more.limits.iter().any(|limit| less.set.binary_search(limit).is_err());
    if few < LEAST || many * 3 > few * 4 || limited || !is_within(&less.set, &more.set) {
        return 0;
    }
    let share = crate::text::clamp(few * 900 / many);
    share.min(SAME - 101)
}

/// Whether all of `less` is in `more`; both are sorted.
fn is_within(less: &[u32], more: &[u32]) -> bool {
    let mut rest = more.iter();
    less.iter().all(|word| rest.find(|other| *other >= word) == Some(word))
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
