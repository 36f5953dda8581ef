//! Arrows in a sentence: `M1 → *user gate* → M2 → M3`, `(M1, M2) → M3`, `M3 ← M1`.

use std::ops::Range;
use std::rc::Rc;

use crate::planning::Notation;

use super::claim::{Claims, GateClaim, WRITE_FIELD};
use super::gate::{asks_person, is_gate, place, written};
use super::list::{Joint, List, Lists, Named};
use super::prose::is_label;
use super::token::Kind;

/// What stands between two arrows.
enum Stop {
    /// Milestones, and what has to be approved before them: `→ M2 (after sign-off)`.
    Milestones(Rc<[Named]>, Option<Range<usize>>),
    Gate(Range<usize>),
    /// Where a plan begins or ends: `start`, `done`.
    End,
    Strange,
}

/// Reads the chains of arrows in the tokens `range`, and says which tokens are no part of one.
pub(super) fn read(
    lists: Lists<'_, '_>,
    range: Range<usize>,
    text: &str,
    itself: Option<usize>,
    claims: &mut Claims,
) -> Vec<Range<usize>> {
    let mut others = Vec::new();
    for line in chains(lists, range) {
        let arrows = arrows(lists, line.clone());
        if arrows.is_empty() {
            match others.last_mut() {
                Some(Range { end, .. }) if *end == line.start => *end = line.end,
                _ => others.push(line),
            }
            continue;
        }
        chain(lists, line, &arrows, text, itself, claims);
    }
    others
}

/// Where sentences end, and lines between which no arrow stands.
fn chains(lists: Lists<'_, '_>, range: Range<usize>) -> Vec<Range<usize>> {
    let tokens = lists.tokens;
    let is_arrow = |at: usize| matches!(tokens[at].kind, Kind::Arrow | Kind::Back | Kind::Both);
    let mut chains = Vec::new();
    let mut begin = range.start;
    let mut at = range.start;
    let mut arrow_before = false;
    let mut behind = false;
    while at < range.end {
        let ends = match tokens[at].kind {
            Kind::Stop | Kind::Semicolon => true,
            Kind::Break => {
                let next = lists.skip_looks(at, range.end);
                let ahead = next < range.end && is_arrow(next);
                arrow_before && !behind && !ahead
            }
            Kind::Bold => at > begin && !behind && is_label(lists, at, range.end),
            _ => false,
        };
        if ends {
            chains.push(begin..at);
            begin = at;
            arrow_before = false;
        }
        arrow_before |= is_arrow(at);
        if !tokens[at].is_look() {
            behind = is_arrow(at);
        }
        at = match tokens[at].kind {
            Kind::Open(close) if close < range.end => close + 1,
            _ => at + 1,
        };
    }
    chains.push(begin..range.end);
    chains
}

/// The arrows that are not in parentheses.
fn arrows(lists: Lists<'_, '_>, range: Range<usize>) -> Vec<usize> {
    let mut arrows = Vec::new();
    let mut at = range.start;
    while at < range.end {
        match lists.tokens[at].kind {
            Kind::Arrow | Kind::Back | Kind::Both => arrows.push(at),
            Kind::Open(close) if close < range.end => at = close,
            _ => {}
        }
        at += 1;
    }
    arrows
}

fn chain(
    lists: Lists<'_, '_>,
    line: Range<usize>,
    arrows: &[usize],
    text: &str,
    itself: Option<usize>,
    claims: &mut Claims,
) {
    let tokens = lists.tokens;
    if !tokens[line.clone()]
        .iter()
        .any(|token| matches!(token.kind, Kind::Id(_)) || token.is_word(&["group", "milestones"]))
    {
        return;
    }
    let back = tokens[arrows[0]].kind == Kind::Back;
    let mixed = arrows.iter().any(|&at| tokens[at].kind != tokens[arrows[0]].kind)
        || tokens[arrows[0]].kind == Kind::Both;
    let mut bounds: Vec<Range<usize>> = Vec::new();
    let mut begin = line.start;
    for &arrow in arrows {
        bounds.push(begin..arrow);
        begin = arrow + 1;
    }
    bounds.push(begin..line.end);
    let last = bounds.len() - 1;
    let stops: Vec<Stop> =
        bounds.iter().enumerate().map(|(n, bound)| stop(lists, bound.clone(), n == 0, n == last)).collect();
    let milestones = stops.iter().filter(|stop| matches!(stop, Stop::Milestones(..))).count();
    if milestones < 2 && !(milestones == 1 && stops.iter().any(|stop| matches!(stop, Stop::Gate(_)))) {
        // An arrow in a sentence about something else.
        return;
    }
    let strange = stops.iter().any(|stop| matches!(stop, Stop::Strange));
    if mixed || strange {
        claims.unread(tokens[arrows[0]].at, "arrows between milestones that are not understood", WRITE_FIELD);
        return;
    }
    let mut order: Vec<Stop> = stops;
    if back {
        order.reverse();
    }
    let mut before: Option<Rc<[Named]>> = None;
    let mut gates: Vec<Range<usize>> = Vec::new();
    for stop in order {
        match stop {
            Stop::Milestones(named, approval) => {
                gates.extend(approval);
                for gate in gates.drain(..) {
                    claims.gates.push(GateClaim {
                        subjects: Rc::clone(&named),
                        itself,
                        after: before.as_ref().and_then(|before| before.last().cloned()),
                        text: written(text, tokens, gate.clone()),
                        at: place(tokens, gate),
                    });
                }
                if let Some(before) = &before {
                    claims.needs(&named, before, Notation::Arrow, itself);
                }
                before = Some(named);
            }
            Stop::Gate(range) => gates.push(range),
            Stop::End | Stop::Strange => {}
        }
    }
}

/// What the tokens between two arrows are.
fn stop(lists: Lists<'_, '_>, bound: Range<usize>, first: bool, last: bool) -> Stop {
    let tokens = &lists.tokens[bound.clone()];
    let has_id = tokens.iter().any(|token| matches!(token.kind, Kind::Id(_)));
    let list = if first { last_list(lists, bound.clone()) } else { first_list(lists, bound.clone(), last) };
    match list {
        Some(list) => {
            let commas = list.members.iter().any(|(joint, _)| *joint == Joint::Comma);
            if commas && !first && !last && !list.enclosed {
                // `M1 → M2, M3 → M4`: two chains, or one through both?
                return Stop::Strange;
            }
            let asks = |(_, aside): &(usize, Range<usize>)| asks_person(&lists.tokens[aside.clone()]);
            let approval = list.asides.iter().find(|aside| asks(aside)).map(|(_, aside)| aside.clone());
            Stop::Milestones(list.named(), approval)
        }
        None if !has_id && is_gate(tokens) => Stop::Gate(bound),
        None if (first || last) && !has_id => Stop::End,
        None => Stop::Strange,
    }
}

/// The list that an arrow begins at: the last one in front of it, with nothing but its name behind.
fn last_list(lists: Lists<'_, '_>, bound: Range<usize>) -> Option<List> {
    let mut at = bound.start;
    let mut found = None;
    while at < bound.end {
        if let Some(list) = lists.list(at, bound.end) {
            at = list.end.max(at + 1);
            found = Some(list);
            continue;
        }
        at = match lists.tokens[at].kind {
            Kind::Open(close) if close < bound.end => close + 1,
            _ => at + 1,
        };
    }
    found
}

/// The list that an arrow leads to; nothing else may name a milestone in front of the next arrow.
fn first_list(lists: Lists<'_, '_>, bound: Range<usize>, last: bool) -> Option<List> {
    let mut at = bound.start;
    while at < bound.end && matches!(lists.tokens[at].kind, Kind::Bold | Kind::Break | Kind::Nothing) {
        at += 1;
    }
    let list = lists.list(at, bound.end)?;
    if last {
        return Some(list);
    }
    let mut at = list.end;
    while at < bound.end {
        match lists.tokens[at].kind {
            Kind::Id(_) => return None,
            Kind::Open(close) if close < bound.end => at = close,
            _ => {}
        }
        at += 1;
    }
    Some(list)
}
