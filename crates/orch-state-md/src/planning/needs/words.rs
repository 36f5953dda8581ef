//! What the words between two lists of milestones say of them.

use super::token::{Kind, Token};

/// What some words say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// What is in front comes after what follows: `after`, `once`, `requires`.
    after: bool,
    /// What is in front comes first: `before`, `prior to`.
    before: bool,
    /// `until`.
    until: bool,
    /// What is in front holds what follows up: `blocks`, `is a prerequisite for`.
    blocks: bool,
    /// Side by side: `in parallel with`, `independent of`.
    pub(super) apart: bool,
    /// The words are ones that speak of nothing but dependencies: `requires`, `depends`, `is blocked by`.
    pub(super) strong: bool,
    /// `not`, `no`, `without`.
    pub(super) not: bool,
    /// `wait`.
    waits: bool,
    /// `have to`, `need to`: without it in front of `not`, `not … before` is an order.
    must: bool,
    /// `start`, `begin`, `run`, `only`.
    pub(super) starts: bool,
    /// Words that say nothing here, in front of the first that does.
    pub(super) strange_before: usize,
    /// The same behind it.
    pub(super) strange_after: usize,
    /// Something that no sentence goes across: an arrow.
    barrier: bool,
    /// How the words begin.
    pub(super) lead: Lead,
    /// A comma is among them.
    pub(super) comma: bool,
    /// The verb has the form for one: `needs`.
    pub(super) one: bool,
    /// The verb has the form for several: `need`.
    pub(super) several: bool,
}

/// How the words behind a list begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lead {
    /// With something else.
    #[default]
    Plain,
    /// With a comma, or `and`, `but`, `then`.
    Joined,
    /// With `which`, `that`: they are about that list.
    Which,
}

/// What a sentence says of two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// The first needs the second.
    Needs,
    /// The second needs the first.
    NeededBy,
    /// The first does not need the second.
    NeedsNot,
    /// The second does not need the first.
    NotNeededBy,
    /// Neither needs the other.
    Apart,
    /// Nothing.
    Nothing,
    /// Something that is not understood.
    Unclear,
}

/// Words that are in the way of nothing.
const FILLERS: &[&str] = &[
    "a",
    "all",
    "also",
    "already",
    "an",
    "and",
    "are",
    "as",
    "at",
    "be",
    "been",
    "being",
    "both",
    "but",
    "can",
    "come",
    "comes",
    "complete",
    "completed",
    "completes",
    "completing",
    "completion",
    "could",
    "directly",
    "do",
    "does",
    "done",
    "each",
    "earlier",
    "either",
    "first",
    "finish",
    "finished",
    "finishes",
    "finishing",
    "from",
    "fully",
    "happen",
    "happens",
    "has",
    "have",
    "having",
    "here",
    "if",
    "immediately",
    "in",
    "is",
    "it",
    "its",
    "itself",
    "just",
    "land",
    "landed",
    "lands",
    "later",
    "least",
    "may",
    "merge",
    "merged",
    "merges",
    "milestone",
    "milestones",
    "must",
    "next",
    "now",
    "of",
    "on",
    "output",
    "outputs",
    "phase",
    "ready",
    "results",
    "right",
    "safely",
    "shall",
    "ship",
    "shipped",
    "ships",
    "should",
    "so",
    "soon",
    "still",
    "strictly",
    "task",
    "tasks",
    "than",
    "that",
    "the",
    "their",
    "then",
    "they",
    "this",
    "those",
    "to",
    "together",
    "up",
    "upon",
    "verified",
    "was",
    "were",
    "which",
    "while",
    "who",
    "will",
    "with",
    "work",
    "would",
    "yet",
    "by",
    "for",
    "hard",
    "until",
    "fully",
    "since",
    "we",
    "you",
    "however",
    "therefore",
    "thus",
];

/// Words that say that something is begun.
const STARTS: &[&str] = &[
    "start",
    "starts",
    "started",
    "starting",
    "begin",
    "begins",
    "beginning",
    "run",
    "runs",
    "running",
    "go",
    "goes",
    "proceed",
    "proceeds",
    "dispatch",
    "dispatched",
    "launch",
    "launched",
    "kick",
    "off",
    "only",
    "execute",
    "executed",
    "done",
    "do",
    "work",
    "unblocked",
    "tackle",
    "available",
    "schedule",
    "scheduled",
    "last",
];

/// Words that say of the list in front of them that it is done.
const ENDS: &[&str] = &[
    "complete",
    "completed",
    "completes",
    "done",
    "finished",
    "is",
    "are",
    "merged",
    "lands",
    "has",
    "have",
];

/// Reads the tokens at `places`.
pub(super) fn said(tokens: &[Token<'_>], places: &[usize]) -> Said {
    let mut said = Said::default();
    let (mut skip, mut led) = (0, 0);
    for (n, &place) in places.iter().enumerate() {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let next = |ahead: usize| places.get(n + ahead).and_then(|&p| tokens[p].word()).unwrap_or("");
        match &tokens[place].kind {
            Kind::Comma => {
                said.comma = true;
                if led == 0 {
                    said.lead = Lead::Joined;
                    led = 1;
                }
            }
            Kind::Arrow | Kind::Back | Kind::Both => said.barrier = true,
            Kind::Word(word) => {
                let near = |words: &[&str]| (1..=3).any(|ahead| words.contains(&next(ahead)));
                let first = led == 0 || (led == 1 && said.lead == Lead::Joined);
                // `M1 complete and …`: that is still about M1.
                if !ENDS.contains(&&**word) {
                    led += 1;
                }
                match &**word {
                    "and" | "but" | "then" | "while" | "whereas" if first => said.lead = Lead::Joined,
                    "which" | "that" | "who" if first => said.lead = Lead::Which,
                    word => skip = said.take(word, next(1), near),
                }
            }
            Kind::Dash { .. } | Kind::Colon => {}
            _ => said.strange(),
        }
    }
    said
}

impl Said {
    /// Takes one word in, and says how many of the next ones it has used up.
    fn take(&mut self, word: &str, next: &str, near: impl Fn(&[&str]) -> bool) -> usize {
        if STARTS.contains(&word) {
            self.starts = true;
        }
        match word {
            "not" | "no" | "never" | "neither" | "nor" | "cannot" | "none" | "nothing" => {
                self.not = !self.not
            }
            "without" => {
                self.not = !self.not;
                self.after = true;
            }
            word if word.ends_with("n't") => {
                self.not = !self.not;
                self.must |= word == "needn't";
            }
            "need" | "needs" if next == "to" => self.must = true,
            "have" | "has" if next == "to" => self.must = true,
            "need" | "needs" | "needing" => self.verb(word, "needs", "need"),
            "require" | "requires" | "requiring" => self.verb(word, "requires", "require"),
            "depend" | "depends" | "dependent" | "depending" => self.verb(word, "depends", "depend"),
            "rely" | "relies" | "relying" => self.verb(word, "relies", "rely"),
            "build" | "builds" | "building" | "built" if near(&["on", "upon", "atop"]) => {
                self.verb(word, "builds", "build");
            }
            "dependency" | "dependencies" | "prerequisite" | "prerequisites" | "prereq" | "prereqs"
            | "precondition" | "requirement" => {
                self.strong = true;
                if matches!(next, "for" | "of" | "to") {
                    self.blocks = true;
                } else {
                    self.after = true;
                }
            }
            "required" | "needed" | "necessary" if near(&["for", "by", "before", "to"]) => {
                self.strong = true;
                self.blocks = true;
                // `needed before` is the same once more.
                return usize::from(next == "before");
            }
            "wait" | "waits" | "waiting" => {
                self.waits = true;
                self.verb(word, "waits", "wait");
            }
            "blocked" | "gated" | "unblocked" | "unlocked" | "preceded" if near(&["by", "on", "until"]) => {
                self.strong = true;
                self.after = true;
            }
            "block" | "blocks" | "blocking" => self.holds_up(word, "blocks", "block"),
            "unblock" | "unblocks" | "unblocking" => self.holds_up(word, "unblocks", "unblock"),
            "unlock" | "unlocks" | "unlocking" => self.holds_up(word, "unlocks", "unlock"),
            "precede" | "precedes" => self.holds_up(word, "precedes", "precede"),
            "enable" | "enables" | "enabling" => self.holds_up(word, "enables", "enable"),
            "gates" => self.holds_up(word, "gates", ""),
            "foundation" | "groundwork" | "blocker" | "blockers" if near(&["for", "of"]) => {
                self.holds_up(word, "", "")
            }
            "after" | "once" | "when" | "whenever" | "following" => self.after = true,
            "soon" if next == "as" => self.after = true,
            "follow" | "follows" => {
                self.one |= word == "follows";
                self.several |= word == "follow";
                self.after = true;
            }
            "before" | "prior" | "ahead" => self.before = true,
            "until" | "till" => self.until = true,
            "parallel" | "parallelizable" | "parallelisable" | "simultaneously" | "simultaneous"
            | "concurrently" | "concurrent" | "independent" | "independently" | "alongside" => {
                self.apart = true
            }
            "same" if next == "time" => {
                self.apart = true;
                return 1;
            }
            "any" if next == "order" => {
                self.apart = true;
                return 1;
            }
            word if FILLERS.contains(&word) || STARTS.contains(&word) => {
                self.one |= matches!(word, "is" | "has" | "was");
                self.several |= matches!(word, "are" | "have" | "were");
            }
            _ => self.strange(),
        }
        0
    }

    fn verb(&mut self, word: &str, one: &str, several: &str) {
        self.strong = true;
        self.after = true;
        self.one |= word == one;
        self.several |= word == several;
    }

    fn holds_up(&mut self, word: &str, one: &str, several: &str) {
        self.strong = true;
        self.blocks = true;
        self.one |= word == one;
        self.several |= word == several;
    }

    fn strange(&mut self) {
        if self.speaks() {
            self.strange_after += 1;
        } else {
            self.strange_before += 1;
        }
    }

    /// Whether any word so far says what comes before what.
    pub(super) fn speaks(&self) -> bool {
        self.after || self.before || self.until || self.blocks || self.apart
    }

    /// What the words say of the list in front of them and the one behind them.
    pub(super) fn relation(&self) -> Relation {
        let order = self.after || self.before || self.until || self.blocks;
        if self.barrier {
            return if order { Relation::Unclear } else { Relation::Nothing };
        }
        if !order {
            return match (self.apart, self.not) {
                (true, false) => Relation::Apart,
                (true, true) => Relation::Nothing,
                (false, _) => Relation::Nothing,
            };
        }
        // Words that tell of something else: one or two are names of what is needed (`requires the schema from M1`), and
        // with words that are not only about dependencies there may be none.
        let strange = self.strange_before.max(self.strange_after);
        if strange > if self.strong { 4 } else { 0 } || (self.strong && self.comma && strange > 1) {
            return Relation::Unclear;
        }
        if self.until {
            return match self.not && self.must {
                true => Relation::NeedsNot,
                false => Relation::Needs,
            };
        }
        if self.before && self.not {
            return if self.must || self.waits { Relation::NotNeededBy } else { Relation::Needs };
        }
        match (self.after, self.before || self.blocks, self.not) {
            (true, false, false) => Relation::Needs,
            (true, false, true) => Relation::NeedsNot,
            (false, true, false) => Relation::NeededBy,
            (false, true, true) => Relation::NotNeededBy,
            _ => Relation::Unclear,
        }
    }

    /// Whether it is `blocks` and the like, and not `before`.
    pub(super) fn is_blocks(&self) -> bool {
        self.blocks
    }

    /// Whether nothing but `after`, `once` and the like is said.
    pub(super) fn is_condition(&self) -> bool {
        self.after && !self.strong && !self.not
    }
}
