//! What boxes and claims say, and how alike they are.

use std::collections::{HashMap, HashSet};

use super::super::{BoxMark, TaskBox};
use super::denial::{LIMITING, denying};
use super::words::{bare, counting, has_number, head, spelled, stem, tail, without_remark};
use crate::worker_summary::WorkItem;

/// Words that count of a text at most for it to be compared by them; longer ones have to say the same.
const MOST_WORDS: usize = 64;
/// How alike two texts are that say the same.
pub(super) const SAME: u32 = 1000;
/// How much less a claim counts that is taken without the words that deny, without its remark, without its label.
const UNDENIED: u32 = 10;
const HEAD: u32 = 20;
const TAIL: u32 = 30;
/// Words that a text has at least that is compared with a longer one.
const LEAST: usize = 3;

/// The words of all texts as numbers.
#[derive(Default)]
pub(super) struct Known {
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
pub(super) struct Words {
    order: Vec<u32>,
    /// Each once, by number.
    pub(super) set: Vec<u32>,
    numbers: Vec<u32>,
    limits: Vec<u32>,
}

/// A box and what it says.
pub(super) struct Task<'a> {
    pub(super) item: &'a TaskBox,
    /// All its words, between spaces.
    pub(super) key: String,
    pub(super) words: Option<Words>,
    /// The words without a remark, when they are enough to be about one task.
    rest: Option<Words>,
    /// All its words in one form, those of a worker's note as well, in the order of the alphabet.
    all: Vec<String>,
}

impl<'a> Task<'a> {
    pub(super) fn new(item: &'a TaskBox, known: &mut Known) -> Self {
        let bare = bare(&item.text);
        let said = spelled(&bare);
        let rest = without_remark(&bare).and_then(|rest| known.words(&spelled(rest)));
        let rest = rest.filter(|rest| rest.set.len() >= LEAST);
        let mut all: Vec<String> = spelled(&item.text).iter().map(|word| stem(word)).collect();
        all.sort_unstable();
        all.dedup();
        Self { item, key: said.join(" "), words: known.words(&said), rest, all }
    }

    /// Every word that a claim about it may have.
    pub(super) fn all_words(&self) -> impl Iterator<Item = u32> {
        let whole = self.words.iter().flat_map(|words| &words.set);
        let is_new =
            |word: &&u32| self.words.as_ref().is_none_or(|words| words.set.binary_search(word).is_err());
        let rest = self.rest.iter().flat_map(|rest| &rest.set).filter(is_new);
        whole.copied().chain(rest.copied())
    }

    pub(super) fn is_open(&self) -> bool {
        self.item.is_work() && self.item.mark != BoxMark::Done
    }
}

/// A claim and what it says.
pub(super) struct Claim {
    pub(super) key: String,
    /// The ways of taking it: as a whole, without a remark, without a label, without the words that deny.
    pub(super) ways: Vec<Way>,
    /// It is marked as not done.
    marked: bool,
    /// The words by which it denies, in one form.
    denying: Vec<String>,
    /// The words of the whole that take something back.
    limits: Vec<u32>,
}

/// A way of taking a claim.
pub(super) struct Way {
    key: String,
    pub(super) words: Words,
    /// How much less it counts than the whole.
    less: u32,
}

impl Claim {
    pub(super) fn new(item: &WorkItem, known: &mut Known) -> Self {
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
    pub(super) fn denies(&self, task: &Task<'_>) -> bool {
        self.marked || self.denying.iter().any(|word| task.all.binary_search(word).is_err())
    }

    /// How alike the two are, of [`SAME`]; zero when they are not.
    pub(super) fn likeness(&self, task: &Task<'_>) -> u32 {
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
