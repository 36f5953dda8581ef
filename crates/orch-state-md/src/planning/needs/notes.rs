//! The notes column of the tracker: `Needs M2, M3`, `After M2`, `Last`.

use std::ops::Range;
use std::rc::Rc;

use crate::planning::Notation;

use super::claim::Claims;
use super::list::{Lists, Named, Who};
use super::prose::{self, Setting};
use super::token::Kind;

/// Words that begin what the milestone needs; in front of them a new sentence may begin with a comma.
const BEGIN: &[&str] = &[
    "needs",
    "need",
    "requires",
    "require",
    "depends",
    "after",
    "blocked",
    "waits",
    "waiting",
    "once",
    "blocks",
    "builds",
    "start",
    "can",
    "must",
    "dependencies",
    "prerequisite",
    "prerequisites",
    "parallel",
    "not",
    "do",
    "unblocks",
    "before",
    "gated",
];

/// Words that begin what has become of it: a record says nothing of what is needed.
const RECORD: &[&str] = &[
    "merged",
    "done",
    "completed",
    "finished",
    "shipped",
    "landed",
    "committed",
    "commit",
    "ran",
    "started",
    "was",
];

/// What may stand around `last`.
const LAST: &[&str] = &[
    "do",
    "run",
    "runs",
    "goes",
    "go",
    "must",
    "be",
    "comes",
    "come",
    "always",
    "done",
    "this",
    "should",
    "the",
    "very",
    "milestone",
    "last",
    "final",
    "is",
    "to",
];

/// Reads the notes of the milestone `itself`.
pub(super) fn read(lists: Lists<'_, '_>, itself: usize, claims: &mut Claims) {
    let tokens = lists.tokens;
    let setting = Setting {
        itself: Some(itself),
        implied: Some(Rc::from([Named { who: Who::Itself, at: tokens.first().map_or(0, |token| token.at) }])),
        only_itself: true,
        terse: true,
        notation: Notation::Notes,
        reversed: Notation::Notes,
    };
    let mut begin = 0;
    let mut at = 0;
    while at <= tokens.len() {
        let ends = at == tokens.len()
            || match tokens[at].kind {
                Kind::Stop | Kind::Semicolon | Kind::Divider => true,
                Kind::Comma | Kind::Dash { .. } | Kind::Colon => {
                    let next = lists.skip_looks(at + 1, tokens.len());
                    tokens.get(next).is_some_and(|token| token.is_word(BEGIN))
                }
                _ => false,
            };
        if ends {
            clause(lists, begin..at, &setting, itself, claims);
            begin = at + 1;
            at += 1;
            continue;
        }
        at = match tokens[at].kind {
            Kind::Open(close) => close + 1,
            _ => at + 1,
        };
    }
}

fn clause(lists: Lists<'_, '_>, range: Range<usize>, setting: &Setting, itself: usize, claims: &mut Claims) {
    let tokens = lists.tokens;
    let start = lists.skip_looks(range.start, range.end);
    if start >= range.end || tokens[start].is_word(RECORD) {
        return;
    }
    let until = (start..range.end)
        .find(|&at| !tokens[at].is_word(LAST) && !tokens[at].is_look())
        .unwrap_or(range.end);
    let alone =
        until == range.end || matches!(tokens[until].kind, Kind::Comma | Kind::Dash { .. } | Kind::Open(_));
    let place = (start..until).find(|&at| tokens[at].is_word(&["last", "final"]));
    if let Some(place) = place.filter(|_| alone) {
        let own: Rc<[Named]> = Rc::from([Named { who: Who::Itself, at: tokens[start].at }]);
        let others: Rc<[Named]> = Rc::from([Named { who: Who::Others(Rc::from([])), at: tokens[place].at }]);
        claims.needs(&own, &others, Notation::Notes, Some(itself));
        return;
    }
    prose::read(lists, start..range.end, setting, claims);
}
