//! Fields in a section: `**Depends on:** M1, T1 (and the user's approval)`.

use std::ops::Range;
use std::rc::Rc;

use crate::planning::Notation;

use super::claim::{Claims, GateClaim};
use super::gate::{asks_person, place, written};
use super::list::{Lists, Named, Who};
use super::prose::is_label;
use super::token::{Kind, Token};

/// What a field is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// What the milestone needs.
    Needs,
    /// What needs the milestone.
    Blocks,
}

/// A field in some tokens.
pub(super) struct Field {
    pub(super) label: Label,
    /// The tokens of its value.
    pub(super) value: Range<usize>,
}

/// The fields in the tokens `range`, and what is no part of one.
pub(super) fn fields(lists: Lists<'_, '_>, range: Range<usize>) -> (Vec<Field>, Vec<Range<usize>>) {
    let tokens = lists.tokens;
    let mut fields = Vec::new();
    let mut others = Vec::new();
    let mut begin = range.start;
    let mut at = range.start;
    while at < range.end {
        let fresh = at == range.start
            || matches!(
                tokens[at - 1].kind,
                Kind::Break | Kind::Divider | Kind::Bold | Kind::Stop | Kind::Semicolon
            );
        if fresh && let Some((label, value)) = label(lists, at, range.end) {
            let end = value_end(lists, value, range.end);
            if begin < at {
                others.push(begin..at);
            }
            fields.push(Field { label, value: value..end });
            at = end;
            begin = end;
            continue;
        }
        at += 1;
    }
    if begin < range.end {
        others.push(begin..range.end);
    }
    (fields, others)
}

/// The label at token `at`, and where its value begins.
fn label(lists: Lists<'_, '_>, at: usize, end: usize) -> Option<(Label, usize)> {
    let tokens = lists.tokens;
    let mut words: Vec<&str> = Vec::new();
    let mut bold = at > 0 && tokens[at - 1].kind == Kind::Bold;
    let mut next = at;
    while next < end && words.len() < 4 {
        match &tokens[next].kind {
            Kind::Word(word) => words.push(word),
            Kind::Bold if words.is_empty() => bold = true,
            Kind::Nothing => {}
            Kind::Open(close) if *close < end && !words.is_empty() => next = *close,
            _ => break,
        }
        next += 1;
    }
    let label = meaning(&words)?;
    let mut colon = false;
    let mut closed = false;
    while next < end {
        match tokens[next].kind {
            Kind::Colon => colon = true,
            Kind::Bold => closed = true,
            Kind::Nothing => {}
            Kind::Dash { .. } if bold && !colon => colon = true,
            _ => break,
        }
        next += 1;
    }
    (colon || (bold && closed)).then_some((label, next))
}

fn meaning(words: &[&str]) -> Option<Label> {
    Some(match words {
        ["depends"]
        | ["depends", "on" | "upon"]
        | ["dependency" | "dependencies" | "deps"]
        | ["depend", "on"] => Label::Needs,
        ["hard" | "milestone", "dependency" | "dependencies"] => Label::Needs,
        ["blocked", "by" | "on"]
        | ["gated", "by" | "on"]
        | ["waits" | "wait", "for" | "on"]
        | ["waiting", "for" | "on"] => Label::Needs,
        ["requires" | "require" | "needs"]
        | ["prerequisite" | "prerequisites" | "prereq" | "prereqs" | "pre-requisites" | "preconditions"] => {
            Label::Needs
        }
        ["after"] | ["start" | "starts", "after"] | ["builds", "on"] => Label::Needs,
        ["blocks"] | ["unblocks"] | ["blocking"] | ["required", "by" | "for"] | ["prerequisite", "for"] => {
            Label::Blocks
        }
        _ => return None,
    })
}

/// Where a value that begins at token `at` ends: at the next label.
fn value_end(lists: Lists<'_, '_>, at: usize, end: usize) -> usize {
    let tokens = lists.tokens;
    let mut next = at;
    while next < end {
        match tokens[next].kind {
            Kind::Bold if is_label(lists, next, end) => return next,
            Kind::Bold if next > at && matches!(tokens[next - 1].kind, Kind::Break | Kind::Divider) => {
                return next;
            }
            Kind::Break => {
                // `Model: Sonnet` on the next line.
                let mut words = 0;
                for token in tokens[next + 1..end].iter().take(5) {
                    match token.kind {
                        Kind::Word(_) => words += 1,
                        Kind::Colon if words > 0 => return next,
                        _ => break,
                    }
                }
            }
            Kind::Open(close) if close < end => next = close,
            _ => {}
        }
        next += 1;
    }
    end
}

/// Words for nothing at the start of a value.
const NOTHING: &[&str] = &["none", "nothing", "no", "nil", "n", "na", "independent", "standalone", "not"];

/// Words in front of an id that a value still means.
const LIGHT: &[&str] = &[
    "the",
    "both",
    "completion",
    "complete",
    "of",
    "output",
    "outputs",
    "result",
    "results",
    "from",
    "milestone",
    "milestones",
    "only",
    "on",
    "after",
    "all",
    "either",
    "also",
    "and",
    "merge",
    "merged",
    "finished",
    "task",
    "phase",
];

/// Reads the value of a field that stands with the milestone `itself`. Returns whether it says anything.
pub(super) fn value(
    lists: Lists<'_, '_>,
    range: Range<usize>,
    label: Label,
    itself: usize,
    notation: Notation,
    text: &str,
    claims: &mut Claims,
) -> bool {
    let tokens = lists.tokens;
    let mut range = range;
    let start = lists.skip_looks(range.start, range.end);
    // Parentheses around the whole value.
    if let Some(Token { kind: Kind::Open(close), .. }) = tokens.get(start).filter(|_| start < range.end)
        && lists.skip_looks(close + 1, range.end) == range.end
    {
        range = start + 1..*close;
    }
    let start = lists.skip_looks(range.start, range.end);
    if start >= range.end {
        return false;
    }
    let mut reader = Value { lists, label, itself, notation, text, claims, commentary: false, last: None };
    if tokens[start].is_word(NOTHING) || only_dash(&tokens[start..range.end]) {
        if label == Label::Needs {
            reader.claims.none.push((itself, tokens[start].at));
        }
        return true;
    }
    reader.segments(start..range.end);
    true
}

/// Whether a dash stands there for nothing.
fn only_dash(tokens: &[Token<'_>]) -> bool {
    matches!(tokens[0].kind, Kind::Dash { .. })
        && tokens[1..].iter().all(|token| token.is_look() || matches!(token.kind, Kind::Stop | Kind::Divider))
}

struct Value<'t, 'a, 'c> {
    lists: Lists<'t, 'a>,
    label: Label,
    itself: usize,
    notation: Notation,
    text: &'t str,
    claims: &'c mut Claims,
    /// Behind a dash: what follows explains.
    commentary: bool,
    /// The id that was read last.
    last: Option<Named>,
}

impl Value<'_, '_, '_> {
    /// The parts between commas and the like.
    fn segments(&mut self, range: Range<usize>) {
        let tokens = self.lists.tokens;
        let mut begin = range.start;
        let mut at = range.start;
        while at <= range.end {
            let ends = at == range.end
                || matches!(
                    tokens[at].kind,
                    Kind::Comma | Kind::Semicolon | Kind::Plus | Kind::Slash | Kind::Stop | Kind::Divider
                )
                || tokens[at].is_word(&["and", "or", "plus"]);
            if ends {
                if begin < at {
                    self.segment(begin..at);
                }
                if at < range.end && tokens[at].kind == Kind::Stop {
                    // What follows the first sentence explains.
                    self.rest(at + 1..range.end);
                    return;
                }
                begin = at + 1;
                at += 1;
                continue;
            }
            if matches!(tokens[at].kind, Kind::Id(_)) || is_everything(&tokens[at]) {
                // A range, `all milestones except M1 and M2`: no part of it ends a segment.
                if let Some((_, end)) = self.member(at, range.end) {
                    at = end.max(at + 1);
                    continue;
                }
            }
            at = match tokens[at].kind {
                Kind::Open(close) if close < range.end => close + 1,
                _ => at + 1,
            };
        }
    }

    fn member(&self, at: usize, end: usize) -> Option<(Vec<Named>, usize)> {
        self.lists.single(at, end)
    }

    fn segment(&mut self, range: Range<usize>) {
        let tokens = self.lists.tokens;
        let start = self.lists.skip_looks(range.start, range.end);
        if start >= range.end {
            return;
        }
        let mut at = start;
        while at < range.end
            && (tokens[at].is_look() || tokens[at].is_word(LIGHT))
            && self.member(at, range.end).is_none()
        {
            at += 1;
        }
        if at < range.end
            && tokens[at].is_word(&["not", "no", "but", "except", "independent", "without", "unlike"])
        {
            return;
        }
        if self.commentary {
            // `M1 - schema, M2 - routes` goes on; `M1 — its schema, and M2 uses it too` does not.
            let named = self.member(at, range.end);
            let goes_on = named.as_ref().is_some_and(|(_, end)| {
                let next = self.lists.skip_looks(*end, range.end);
                next == range.end
                    || matches!(tokens[next].kind, Kind::Dash { .. } | Kind::Open(_) | Kind::Colon)
            });
            let denied = tokens[range.clone()].iter().any(|token| token.is_word(&["not", "no", "without"]));
            if !goes_on {
                if !denied {
                    self.strange(range);
                }
                return;
            }
        }
        let Some((named, end)) = self.member(at, range.end).or_else(|| self.bare_number(at, range.end))
        else {
            self.other(range);
            return;
        };
        self.needs(named.clone());
        self.last = named.last().cloned();
        self.behind(end..range.end);
    }

    /// A number alone is the number of a milestone.
    fn bare_number(&self, at: usize, end: usize) -> Option<(Vec<Named>, usize)> {
        let token = self.lists.tokens.get(at).filter(|_| at < end)?;
        let Kind::Number(number) = token.kind else { return None };
        let alone = self.lists.skip_looks(at + 1, end) == end;
        let id = format!("M{}", number.trim_start_matches('0'));
        (alone && self.lists.roster.place(&id).is_some())
            .then(|| (vec![Named { who: Who::One(id), at: token.at }], at + 1))
    }

    /// What stands behind an id in its segment.
    fn behind(&mut self, range: Range<usize>) {
        let tokens = self.lists.tokens;
        let mut at = range.start;
        while at < range.end {
            match tokens[at].kind {
                Kind::Open(close) if close < range.end => {
                    self.gate(at + 1..close);
                    at = close;
                }
                Kind::Dash { .. } => {
                    self.commentary = true;
                    self.gate(at + 1..range.end);
                    self.strange(at + 1..range.end);
                    return;
                }
                Kind::Id(_) => {
                    self.strange(at..range.end);
                    return;
                }
                Kind::Word(_) => {
                    self.gate(at..range.end);
                }
                _ => {}
            }
            // A gate was looked for once, up to the end.
            if matches!(tokens[at].kind, Kind::Word(_)) {
                self.strange(at..range.end);
                return;
            }
            at += 1;
        }
    }

    /// A segment that names no milestone at its start.
    fn other(&mut self, range: Range<usize>) {
        let tokens = self.lists.tokens;
        if asks_person(&tokens[range.clone()]) {
            self.gate(range);
            return;
        }
        let (first, last) = (tokens[range.start].at, tokens[range.end - 1].end);
        let whole = self.text[first..last].trim();
        if let Some(place) = self.lists.roster.titled(whole) {
            let id = self.lists.roster.known[place].id.to_owned();
            self.needs(vec![Named { who: Who::One(id), at: first }]);
            return;
        }
        self.strange(range);
    }

    /// Ids that were not understood are said; in parentheses they explain.
    fn strange(&mut self, range: Range<usize>) {
        let tokens = self.lists.tokens;
        let mut at = range.start;
        while at < range.end {
            match &tokens[at].kind {
                Kind::Open(close) if *close < range.end => at = *close,
                Kind::Id(id) => {
                    if self.lists.roster.place(id) != Some(self.itself) {
                        let message = format!("`{id}` in the text of a field is not taken for a dependency");
                        self.claims.unread(
                            tokens[at].at,
                            message,
                            "put the ids first, with commas between them: `**Depends on:** M1, M2 (why)`",
                        );
                    }
                    return;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// What follows the first sentence of a value.
    fn rest(&mut self, range: Range<usize>) {
        if asks_person(&self.lists.tokens[range.clone()]) {
            self.gate(range);
        }
    }

    fn gate(&mut self, range: Range<usize>) {
        let tokens = self.lists.tokens;
        if self.label != Label::Needs || !asks_person(&tokens[range.clone()]) {
            return;
        }
        self.claims.gates.push(GateClaim {
            subjects: Rc::from([Named { who: Who::Itself, at: tokens[range.start].at }]),
            itself: Some(self.itself),
            after: self.last.clone(),
            text: written(self.text, tokens, range.clone()),
            at: place(tokens, range),
        });
    }

    fn needs(&mut self, named: Vec<Named>) {
        let at = named[0].at;
        let own: Rc<[Named]> = Rc::from([Named { who: Who::Itself, at }]);
        let named: Rc<[Named]> = named.into();
        match self.label {
            Label::Needs => self.claims.needs(&own, &named, self.notation, Some(self.itself)),
            Label::Blocks => self.claims.needs(&named, &own, Notation::Blocks, Some(self.itself)),
        }
    }
}

fn is_everything(token: &Token<'_>) -> bool {
    token.is_word(&["all", "every", "everything", "milestones", "phases"])
}
