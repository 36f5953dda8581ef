//! The signs of a rate limit in a text, and when it says the limit ends.

use orch_core::Time;
use time::UtcOffset;

use super::lines::{SEARCHED, end_of};
use super::moment::{Bare, Clock, moment};

/// What the known agents and their providers write when they refuse for now. Looked for in error messages only.
const REFUSALS: &[&str] = &[
    "429",
    "rate limit",
    "too many requests",
    "usage limit",
    "session limit",
    "weekly limit",
    "daily quota",
    "quota exceeded",
    "exceeded your current quota",
    "insufficient quota",
    "resource exhausted",
    "temporarily limiting requests",
];

/// Whether `text` mentions one of `patterns`.
///
/// Case does not matter, and `-`, `_` and a space are the same. A pattern is found at the beginning of a word
/// only, and one that ends in a digit is no part of a longer number; a pattern that is a number is not found
/// where it is a line number, a fraction, an amount or a reference.
///
/// ```
/// use orch_exec::agent::mentions_limit;
/// let patterns = ["429".to_owned(), "rate limit".to_owned()];
/// assert!(mentions_limit("HTTP 429", &patterns));
/// assert!(mentions_limit("error: Rate-Limited", &patterns));
/// assert!(!mentions_limit("1429 tests, src/lib.rs:429:7", &patterns));
/// ```
pub fn mentions_limit(text: &str, patterns: &[String]) -> bool {
    mentions(text, patterns.iter().map(String::as_str))
}

/// Whether an agent's error message is a refusal in the words of the known providers.
pub(super) fn is_refusal(message: &str) -> bool {
    mentions(message, REFUSALS.iter().copied())
}

fn mentions<'p>(text: &str, patterns: impl Iterator<Item = &'p str>) -> bool {
    let text = folded(text);
    patterns.map(|pattern| folded(pattern.trim())).filter(|pattern| !pattern.is_empty()).any(|pattern| {
        text.match_indices(&pattern)
            .any(|(at, _)| stands_alone(&pattern, &text[..at], &text[at + pattern.len()..]))
    })
}

fn folded(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '-' | '_' => ' ',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

fn stands_alone(pattern: &str, before: &str, after: &str) -> bool {
    let ends = |text: &str, test: fn(char) -> bool| text.ends_with(test);
    let begins = |text: &str, test: fn(char) -> bool| text.starts_with(test);
    if begins(pattern, char::is_alphanumeric) && ends(before, char::is_alphanumeric) {
        return false;
    }
    if ends(pattern, |last| last.is_ascii_digit()) && begins(after, char::is_alphanumeric) {
        return false;
    }
    if !pattern.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let is_place = before.ends_with(':') && after.starts_with(':') || before.ends_with("line ");
    let is_amount = before.ends_with(['.', '#', '$']) || after.starts_with('%');
    let is_fraction = after.strip_prefix('.').is_some_and(|rest| begins(rest, |next| next.is_ascii_digit()));
    !(is_place || is_amount || is_fraction)
}

/// Words after which a text says when to come back, and whether a bare number after them means seconds.
const ANCHORS: &[(&str, Bare)] = &[
    ("retry-after", Bare::Seconds),
    ("retry_after", Bare::Seconds),
    ("retry after", Bare::Seconds),
    ("retryafter", Bare::Seconds),
    ("retrydelay", Bare::Seconds),
    ("retry in", Bare::Nothing),
    ("try again", Bare::Nothing),
    ("reset", Bare::Nothing),
    ("available", Bare::Nothing),
    ("wait", Bare::Nothing),
    ("until", Bare::Nothing),
    ("reached", Bare::Nothing),
];

/// When a text says that a limit ends: the last such moment in it that lies after `now`.
///
/// Understood are waits ("try again in 20 seconds", "retry in 6m0s", "Retry-After: 30"), clock times ("resets
/// 1:42am (UTC)", "try again at 1:36 AM", "resets Nov 25, 3pm"; the next such moment), dates (RFC 3339, HTTP) and
/// seconds or milliseconds since the epoch. A clock time without a zone, or with one that has no fixed offset, is
/// this machine's. A time of more than 32 days from now is not believed.
///
/// ```
/// use orch_exec::agent::reset_time;
/// use orch_core::Time;
///
/// let now = Time::from_millis(1_000_000);
/// assert_eq!(reset_time("please try again in 20 seconds", now), Some(Time::from_millis(1_020_000)));
/// assert_eq!(reset_time("please try again later", now), None);
/// ```
pub fn reset_time(text: &str, now: Time) -> Option<Time> {
    reset_time_by(text, Clock::here(now))
}

/// [`reset_time`], with the clock times that name no zone taken at the given offset from UTC.
pub fn reset_time_in(text: &str, now: Time, offset: UtcOffset) -> Option<Time> {
    reset_time_by(text, Clock { now, offset })
}

pub(super) fn reset_time_by(text: &str, clock: Clock) -> Option<Time> {
    let text = end_of(text, SEARCHED).to_ascii_lowercase();
    let said = ANCHORS.iter().flat_map(|&(anchor, bare)| {
        text.match_indices(anchor).map(move |(at, _)| (at, at + anchor.len(), bare))
    });
    said.filter_map(|(at, after, bare)| Some((at, moment(&text[after..], bare, clock)?)))
        .max_by_key(|&(at, _)| at)
        .map(|(_, moment)| moment)
}
