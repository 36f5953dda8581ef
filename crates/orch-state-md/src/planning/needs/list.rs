//! Who is named: ids, ranges, groups, "all others", and lists of them.

use std::borrow::Cow;
use std::rc::Rc;

use super::roster::{Roster, parts};
use super::token::{Kind, Token};

/// Milestones that are named somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) who: Who,
    /// The byte of the document where.
    pub(super) at: usize,
}

/// Which milestones are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// The one with this id, if there is one.
    One(String),
    /// From the first id to the last one.
    Range(String, String),
    /// The members of the group with this key.
    Group(String),
    /// The milestone whose section or row says it.
    Itself,
    /// All but the milestone that it is said of, and but these.
    Others(Rc<[Named]>),
    /// All that stand before the milestone that it is said of.
    Before,
    /// The one before the milestone that it is said of.
    Previous,
    /// All with these letters.
    Family(String),
}

/// What stands between a member of a list and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    /// Nothing: it is the first.
    First,
    /// A comma.
    Comma,
    /// `and`, `or`, with a comma in front or without.
    And { comma: bool },
    /// `+`, `/`.
    Sign,
}

/// A list of milestones in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) members: Vec<(Joint, Named)>,
    /// What is said in parentheses behind members: which member, and the tokens between the parentheses.
    pub(super) asides: Vec<(usize, std::ops::Range<usize>)>,
    /// Whether the members are alternatives.
    pub(super) or: bool,
    /// Whether parentheses stand around the whole list.
    pub(super) enclosed: bool,
    /// The token behind it.
    pub(super) end: usize,
}

impl List {
    /// The members without what joins them.
    pub(super) fn named(&self) -> Rc<[Named]> {
        self.members.iter().map(|(_, named)| named.clone()).collect()
    }
}

/// Reads lists out of `tokens`.
#[derive(Clone, Copy)]
pub(super) struct Lists<'t, 'a> {
    pub(super) tokens: &'t [Token<'a>],
    pub(super) roster: &'t Roster<'t>,
}

/// Words in front of the milestones that a list means.
const FILLERS: [&str; 6] = ["both", "either", "neither", "milestones", "milestone", "the"];

impl<'t, 'a> Lists<'t, 'a> {
    /// The list that begins at token `at` and ends before token `end`.
    pub(super) fn list(&self, at: usize, end: usize) -> Option<List> {
        if let Some(Token { kind: Kind::Open(close), .. }) = self.tokens.get(at)
            && *close < end
        {
            // Parentheses around a list: nothing else may be in them, and no further parentheses.
            let mut list = self.bare(self.skip_looks(at + 1, *close), *close, false)?;
            if self.skip_looks(list.end, *close) != *close {
                return None;
            }
            list.enclosed = true;
            list.end = close + 1;
            return Some(list);
        }
        self.bare(at, end, true)
    }

    fn bare(&self, at: usize, end: usize, asides: bool) -> Option<List> {
        let mut list = List { members: Vec::new(), asides: Vec::new(), or: false, enclosed: false, end: at };
        let mut joint = Joint::First;
        let mut next = at;
        while self.member(&mut list, joint, next, end) {
            if asides {
                let open = self.skip_looks(list.end, end);
                if let Some(&Kind::Open(close)) = self.kind(open, end)
                    && close < end
                {
                    list.asides.push((list.members.len() - 1, open + 1..close));
                    list.end = close + 1;
                }
            }
            let Some((found, after)) = self.joint(list.end, end, &mut list.or) else { break };
            joint = found;
            next = after;
        }
        (!list.members.is_empty()).then_some(list)
    }

    /// What is named at token `at` alone, without what may be joined to it, and the token behind it. `Milestones 1 and 2`
    /// are two.
    pub(super) fn single(&self, at: usize, end: usize) -> Option<(Vec<Named>, usize)> {
        let mut list = List { members: Vec::new(), asides: Vec::new(), or: false, enclosed: false, end: at };
        self.member(&mut list, Joint::First, at, end)
            .then(|| (list.members.into_iter().map(|(_, named)| named).collect(), list.end))
    }

    fn kind(&self, at: usize, end: usize) -> Option<&'t Kind<'a>> {
        (at < end).then(|| &self.tokens[at].kind)
    }

    fn word(&self, at: usize, end: usize) -> &'t str {
        if at < end { self.tokens[at].word().unwrap_or_default() } else { "" }
    }

    /// The first token from `at` on that says something.
    pub(super) fn skip_looks(&self, mut at: usize, end: usize) -> usize {
        while at < end && self.tokens[at].is_look() {
            at += 1;
        }
        at
    }

    /// What joins a member to the next one, and the token behind it.
    fn joint(&self, at: usize, end: usize, or: &mut bool) -> Option<(Joint, usize)> {
        let mut at = self.skip_looks(at, end);
        let comma = matches!(self.kind(at, end), Some(Kind::Comma));
        if comma {
            at = self.skip_looks(at + 1, end);
        }
        let joint = match self.kind(at, end)? {
            Kind::Plus | Kind::Slash if !comma => Joint::Sign,
            Kind::Plus => Joint::And { comma },
            Kind::Word(word) if matches!(&**word, "and" | "or" | "nor" | "plus") => {
                *or |= word == "or";
                Joint::And { comma }
            }
            _ if comma => return Some((Joint::Comma, at)),
            _ => return None,
        };
        Some((joint, self.skip_looks(at + 1, end)))
    }

    /// Reads the member at token `at` into `list`; several for `Milestones 1, 2 and 3`.
    fn member(&self, list: &mut List, joint: Joint, at: usize, end: usize) -> bool {
        let mut begin = self.skip_looks(at, end);
        while FILLERS.contains(&self.word(begin, end)) {
            let after = self.skip_looks(begin + 1, end);
            if after >= end {
                break;
            }
            // `the previous milestone` begins with a filler, `milestones 1 and 2` with what it is about.
            if matches!(self.kind(after, end), Some(Kind::Number(_))) {
                break;
            }
            begin = after;
        }
        if self.numbered(list, joint, begin, end) {
            return true;
        }
        let Some((who, after)) = self.one(begin, end).or_else(|| self.everything(begin, end)) else {
            return false;
        };
        list.members.push((joint, Named { who, at: self.tokens[begin].at }));
        list.end = after;
        true
    }

    /// An id, a range, a group, "this milestone".
    fn one(&self, at: usize, end: usize) -> Option<(Who, usize)> {
        match self.kind(at, end)? {
            Kind::Id(id) => {
                if let Some((last, after)) = self.range_end(id, at + 1, end) {
                    return Some((Who::Range(id.clone(), last), after));
                }
                // `M1/2`: the number of another one.
                Some((Who::One(id.clone()), at + 1))
            }
            Kind::Word(word) => match &**word {
                "this" | "current" => {
                    let after = self.skip_looks(at + 1, end);
                    let noun =
                        ["milestone", "phase", "task", "step", "work"].contains(&self.word(after, end));
                    noun.then_some((Who::Itself, after + 1))
                }
                word => {
                    let kind = group_word(word)?;
                    let name = self.skip_looks(at + 1, end);
                    let key = self.group_name(kind, name, end)?;
                    Some((Who::Group(key), name + 1))
                }
            },
            _ => None,
        }
    }

    /// The other end of a range that begins with `first`.
    fn range_end(&self, first: &str, at: usize, end: usize) -> Option<(String, usize)> {
        let at = self.skip_looks(at, end);
        let (dash, far) = match self.kind(at, end)? {
            Kind::Dash { long: false } | Kind::Dots => (true, at + 1),
            Kind::Word(word) if matches!(&**word, "through" | "thru" | "to" | "until") => (false, at + 1),
            _ => return None,
        };
        let far = self.skip_looks(far, end);
        match self.kind(far, end)? {
            Kind::Id(last) if parts(first).map(|p| p.0) == parts(last).map(|p| p.0) => {
                (parts(first) < parts(last)).then(|| (last.clone(), far + 1))
            }
            Kind::Number(number) if dash && self.tokens[far].at == self.tokens[at].end => {
                let id = format!("{}{number}", parts(first)?.0);
                let later = parts(&id).is_some() && parts(first) < parts(&id);
                later.then_some((id, far + 1))
            }
            _ => None,
        }
    }

    /// `Groups A and B`, `Milestones 1, 2 and 4–6`.
    fn numbered(&self, list: &mut List, joint: Joint, at: usize, end: usize) -> bool {
        let word = self.word(at, end);
        let letters = match word {
            "milestones" | "milestone" => "M",
            "phases" => "P",
            "tests" => "T",
            _ => "",
        };
        let group = if letters.is_empty() { word.strip_suffix('s').and_then(group_word) } else { None };
        if letters.is_empty() && group.is_none() {
            return false;
        }
        let before = list.members.len();
        let (mut joint, mut next) = (joint, self.skip_looks(at + 1, end));
        while next < end {
            let token = &self.tokens[next];
            let who = match (&token.kind, group) {
                (_, Some(kind)) => self.group_name(kind, next, end).map(Who::Group),
                (Kind::Number(number), None) => {
                    let first = format!("{letters}{}", number.trim_start_matches('0'));
                    if !self.roster.speaks_of(&first) {
                        break;
                    }
                    match self.number_range(letters, &first, next + 1, end) {
                        Some((last, after)) => {
                            list.members.push((joint, Named { who: Who::Range(first, last), at: token.at }));
                            list.end = after;
                            None
                        }
                        None => Some(Who::One(first)),
                    }
                }
                _ => break,
            };
            match who {
                Some(who) => {
                    list.members.push((joint, Named { who, at: token.at }));
                    list.end = next + 1;
                }
                None if list.end <= next => break,
                None => {}
            }
            let mut or = false;
            let Some((found, after)) = self.joint(list.end, end, &mut or) else { break };
            list.or |= or;
            joint = found;
            next = after;
        }
        list.members.len() > before
    }

    fn number_range(&self, letters: &str, first: &str, at: usize, end: usize) -> Option<(String, usize)> {
        let dash = self.skip_looks(at, end);
        let joins = match self.kind(dash, end)? {
            Kind::Dash { long: false } | Kind::Dots => true,
            Kind::Word(word) => matches!(&**word, "through" | "thru" | "to"),
            _ => false,
        };
        let far = self.skip_looks(dash + 1, end);
        match self.kind(far, end)? {
            Kind::Number(number) if joins => {
                let last = format!("{letters}{number}");
                (parts(first) < parts(&last)).then_some((last, far + 1))
            }
            _ => None,
        }
    }

    /// The key of the group called by the token `at`.
    fn group_name(&self, kind: &str, at: usize, end: usize) -> Option<String> {
        match self.kind(at, end)? {
            Kind::Number(number) => Some(format!("{kind} {number}")),
            Kind::Id(id) if id.len() <= 3 => Some(format!("{kind} {}", id.to_lowercase())),
            // In lower case it would be the article: `group a few of them`.
            Kind::Word(Cow::Owned(word)) if is_group_name(word) => Some(format!("{kind} {word}")),
            _ => None,
        }
    }

    /// `all previous milestones`, `everything else`, `all testing milestones`, `the previous milestone`.
    fn everything(&self, at: usize, end: usize) -> Option<(Who, usize)> {
        let mut next = at;
        let mut word = || {
            next = self.skip_looks(next, end);
            let word = self.word(next, end);
            (word, next)
        };
        let (first, _) = word();
        let whole = match first {
            "all" | "every" | "everything" | "rest" => true,
            "previous" | "preceding" | "prior" => false,
            _ => return None,
        };
        next = self.skip_looks(at + 1, end);
        if !whole {
            let plural = ["milestones", "phases", "tasks", "steps", "ones"].contains(&self.word(next, end));
            let single = ["milestone", "phase", "task", "step", "one"].contains(&self.word(next, end));
            return match (plural, single) {
                (true, _) => Some((Who::Before, next + 1)),
                (_, true) => Some((Who::Previous, next + 1)),
                _ => None,
            };
        }
        let mut before = false;
        let mut family = None;
        let mut named = matches!(first, "everything" | "rest");
        let mut last = at;
        while next < end {
            match self.word(next, end) {
                "of" | "the" => {}
                "previous" | "preceding" | "prior" | "earlier" | "above" | "before" => {
                    // `everything before M3` is about M3.
                    if self
                        .kind(self.skip_looks(next + 1, end), end)
                        .is_some_and(|k| matches!(k, Kind::Id(_)))
                    {
                        return None;
                    }
                    before = true;
                    named = true;
                }
                "other" | "others" | "else" | "remaining" | "rest" => named = true,
                "milestones" | "milestone" | "phases" | "tasks" | "work" | "ones" => named = true,
                "testing" | "test" => family = Some("T".to_owned()),
                _ => break,
            }
            last = next;
            next = self.skip_looks(next + 1, end);
        }
        if matches!(self.kind(next, end), Some(Kind::Id(_))) {
            // `all of M1–M3`: the list that follows is meant.
            return None;
        }
        if !named {
            return None;
        }
        let after = last + 1;
        if let Some(letters) = family {
            return Some((Who::Family(letters), after));
        }
        if before {
            return Some((Who::Before, after));
        }
        let next = self.skip_looks(after, end);
        if ["except", "but", "excluding"].contains(&self.word(next, end)) {
            let mut from = self.skip_looks(next + 1, end);
            if self.word(from, end) == "for" {
                from = self.skip_looks(from + 1, end);
            }
            if matches!(self.kind(from, end), Some(Kind::Id(_))) {
                return Some(self.all_but(from, end));
            }
        }
        Some((Who::Others(Rc::from([])), after))
    }

    /// All but the ids that begin at token `at`.
    fn all_but(&self, mut at: usize, end: usize) -> (Who, usize) {
        let mut left_out = Vec::new();
        let mut after = at;
        while let Some(Kind::Id(_)) = self.kind(at, end)
            && let Some((who, behind)) = self.one(at, end)
        {
            left_out.push(Named { who, at: self.tokens[at].at });
            after = behind;
            let mut or = false;
            let Some((_, next)) = self.joint(after, end, &mut or) else { break };
            at = next;
        }
        (Who::Others(left_out.into()), after)
    }
}

/// Whether `word` is short enough for a name: `a`, `b2`, `g10`.
fn is_group_name(word: &str) -> bool {
    word.is_ascii() && (word.len() <= 2 || (word.len() <= 4 && word.ends_with(|c: char| c.is_ascii_digit())))
}

/// The word for a group that `word` is.
pub(super) fn group_word(word: &str) -> Option<&'static str> {
    ["group", "wave", "batch", "track", "tier", "stage", "round", "lane", "stream", "phase", "step"]
        .into_iter()
        .find(|kind| *kind == word)
}
