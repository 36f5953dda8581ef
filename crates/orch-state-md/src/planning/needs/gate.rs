//! Gates between milestones: words that ask for a person.

use std::ops::Range;

use super::token::{Kind, Token};

/// Words for who approves.
const PERSONS: &[&str] = &[
    "user",
    "user's",
    "owner",
    "owner's",
    "human",
    "manual",
    "client",
    "client's",
    "stakeholder",
    "reviewer",
    "customer",
    "team",
];

/// Words for what a person does.
const ACTS: &[&str] = &[
    "approval",
    "approve",
    "approves",
    "approving",
    "sign-off",
    "signoff",
    "sign-offs",
    "go-ahead",
    "acceptance",
    "confirmation",
    "confirms",
    "confirm",
    "green-light",
    "signs-off",
];

/// Words that make an act out of what a person has done: `once the copy is approved`.
const UNTIL: &[&str] = &["after", "once", "until", "when", "must", "be", "if"];

/// Whether these tokens ask for a person's approval.
pub(super) fn asks_person(tokens: &[Token<'_>]) -> bool {
    let words: Vec<&str> = tokens.iter().filter_map(Token::word).collect();
    let any = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if any(&["no", "not", "without", "never", "needn't", "unneeded"]) {
        return false;
    }
    let pair = |first: &[&str], second: &[&str]| {
        words.windows(2).any(|pair| first.contains(&pair[0]) && second.contains(&pair[1]))
    };
    let acts = any(ACTS)
        || pair(&["sign", "signs"], &["off"])
        || pair(&["go"], &["ahead"])
        || pair(&["green"], &["light"]);
    let later = any(UNTIL) && any(&["approved", "confirmed", "accepted", "signed"]);
    let persons = any(PERSONS)
        && any(&["review", "reviews", "ok", "okay", "gate", "check", "decision", "decides", "accepts"]);
    acts || later || persons
}

/// Whether these tokens between two arrows are a gate: `*user gate*`, `approval`, `GATE: review`.
pub(super) fn is_gate(tokens: &[Token<'_>]) -> bool {
    if asks_person(tokens) {
        return true;
    }
    let mut words = tokens.iter().filter_map(Token::word);
    let (first, last) = (words.next(), words.next_back());
    let begins = first == Some("gate")
        && (last.is_none()
            || tokens
                .iter()
                .find(|token| !token.is_look() && token.word().is_none())
                .is_some_and(|t| t.kind == Kind::Colon));
    begins || last == Some("gate") || (last.is_none() && first == Some("review"))
}

/// The text of the tokens `range`, as it is written.
pub(super) fn written(text: &str, tokens: &[Token<'_>], range: Range<usize>) -> String {
    let said = |token: &&Token<'_>| !token.is_look() && !matches!(token.kind, Kind::Open(_) | Kind::Close);
    let Some(first) = tokens[range.clone()].iter().find(said) else { return String::new() };
    let last = tokens[range].iter().rev().find(said).unwrap_or(first);
    let written: String =
        text[first.at..last.end].chars().filter(|c| !matches!(c, '*' | '`')).take(1_000).collect();
    written
}

/// The words of these tokens, where the text itself is not at hand.
pub(super) fn words_of(tokens: &[Token<'_>]) -> String {
    tokens.iter().filter_map(Token::word).take(40).collect::<Vec<_>>().join(" ")
}

/// Where the tokens `range` begin to say something.
pub(super) fn place(tokens: &[Token<'_>], range: Range<usize>) -> usize {
    let said =
        tokens[range.clone()].iter().find(|token| !token.is_look() && !matches!(token.kind, Kind::Open(_)));
    said.map_or_else(|| tokens.get(range.start).map_or(0, |token| token.at), |token| token.at)
}
