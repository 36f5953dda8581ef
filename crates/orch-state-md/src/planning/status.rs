//! What a status cell means.

use orch_core::Status;

use super::Tracked;
use super::id::milestone_id;
use super::plain::plain;
use super::status_words::{Kind, sign_at, words_at};

/// Characters of a cell that are looked at.
const LONGEST: usize = 400;

/// What a status cell means, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) tracked: Tracked,
    /// What a person should hear of it.
    pub(super) remark: Option<Remark>,
    /// The cell begins with a sign.
    pub(super) sign: bool,
    /// The words that say the status, in lower case; empty when only a sign does.
    pub(super) words: String,
    /// Nothing but a sign and known words is in it.
    pub(super) clean: bool,
}

/// Something about a status that is understood, but not plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remark {
    /// It is done, with a reservation: `✅ Done (subset)`.
    Limited,
    /// A part of it is done and another is not: `✅ Automated done · ⏳ hands-on pending`.
    Mixed,
    /// The sign and the words say different things: the sign counts.
    Contradicts { sign: &'static str, words: &'static str },
}

/// What `cell` means; `None` when it is none of the known ways of writing a status.
///
/// The first sign or word decides. Where a sign that is used for many things is followed by known words, the words do.
pub(super) fn read(cell: &str) -> Option<Meaning> {
    let shortened: String = cell.chars().take(LONGEST).collect();
    let text = plain(&shortened).to_lowercase();
    if text.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '–' | '—' | '−' | '.' | '…')) {
        return Some(Meaning {
            tracked: Tracked::default(),
            remark: None,
            sign: false,
            words: String::new(),
            clean: true,
        });
    }
    let text = until_known(&text);
    let (sign, after) = match sign_at(text) {
        Some((sign, length)) => (Some(sign), &text[length..]),
        None => (None, text),
    };
    // Words count as the sign's own when nothing but blanks and dashes is between them.
    let behind = after
        .trim_start_matches(|c: char| !c.is_alphanumeric() && sign.is_some() && sign_at_char(c).is_none());
    let words = words_at(behind);
    let (said, rest) = match words {
        Some((_, length)) => behind.split_at(length),
        None => ("", after),
    };
    let (mut kind, mut remark) = match (sign, words) {
        (None, None) => return None,
        (Some(sign), None) => (sign.kind, None),
        (None, Some((kind, _))) => (kind, None),
        (Some(sign), Some((kind, _))) if sign.weak || sign.kind == kind => (kind, None),
        (Some(sign), Some((kind, _))) => {
            (sign.kind, Some(Remark::Contradicts { sign: sign.kind.name(), words: kind.name() }))
        }
    };
    if kind == Kind::Fail && sign.is_none_or(|sign| sign.weak) && waits(rest) {
        kind = Kind::Pending;
    }
    if kind == Kind::Success && is_mixed(rest) {
        (kind, remark) = (Kind::Incomplete, Some(Remark::Mixed));
    } else if kind == Kind::Success && remark.is_none() && is_limited(rest) {
        remark = Some(Remark::Limited);
    }
    let tracked = Tracked {
        status: kind.status(),
        skipped: kind == Kind::Skipped,
        hands_on: kind == Kind::Incomplete && names_a_person(rest),
    };
    let clean = remark.is_none() && rest.chars().all(|c| !c.is_alphanumeric() && sign_at_char(c).is_none());
    Some(Meaning { tracked, remark, sign: sign.is_some(), words: said.to_owned(), clean })
}

/// Whether `cell` says `status` and nothing else.
pub(super) fn says_just(cell: &str, status: Status) -> bool {
    read(cell)
        .is_some_and(|meaning| meaning.clean && meaning.tracked == Tracked { status, ..Tracked::default() })
}

/// `text` from its first known sign or its first word on.
fn until_known(text: &str) -> &str {
    let known = text.char_indices().find(|(at, c)| c.is_alphanumeric() || sign_at(&text[*at..]).is_some());
    known.map_or("", |(at, _)| &text[at..])
}

fn sign_at_char(c: char) -> Option<Kind> {
    let mut bytes = [0; 4];
    sign_at(c.encode_utf8(&mut bytes)).map(|(sign, _)| sign.kind)
}

/// Whether what follows `blocked` names a milestone: it waits for its turn, nobody is stuck.
fn waits(rest: &str) -> bool {
    let rest = rest.trim_start();
    let by = ["by ", "on "].iter().find_map(|word| rest.strip_prefix(word));
    by.is_some_and(|on| milestone_id(on).is_some() || on.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether what follows `done` says that another part is not.
fn is_mixed(rest: &str) -> bool {
    let open = |kind| matches!(kind, Kind::Pending | Kind::Running | Kind::Incomplete | Kind::Fail);
    if rest.char_indices().any(|(at, _)| sign_at(&rest[at..]).is_some_and(|(sign, _)| open(sign.kind))) {
        return true;
    }
    parts(rest).any(|part| {
        let last = ["pending", "remaining", "outstanding", "todo", "to do", "left", "open"];
        let denied = ["no ", "none ", "nothing ", "0 "].iter().any(|word| part.starts_with(word));
        let ends = last
            .iter()
            .any(|word| part.strip_suffix(word).is_some_and(|front| !front.ends_with(char::is_alphanumeric)));
        (ends || part.starts_with("pending ")) && !denied
    })
}

/// Whether what follows `done` takes something of it back.
fn is_limited(rest: &str) -> bool {
    const WORDS: [&str; 18] = [
        "subset",
        "partial",
        "partially",
        "partly",
        "draft",
        "mostly",
        "except",
        "but",
        "without",
        "some",
        "part",
        "minus",
        "only",
        "stub",
        "skeleton",
        "not",
        "untested",
        "unverified",
    ];
    rest.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word))
}

/// Whether a person is named as the one who does what is left.
fn names_a_person(rest: &str) -> bool {
    const WORDS: [&str; 7] = ["manual", "manually", "owner", "user", "human", "person", "hands"];
    rest.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word)) || rest.contains("by hand")
}

/// The parts of a cell between its signs of separation.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(['·', ';', ',', '/', '+', '|', '—', '–', '&', '(', ')', '•', ':'])
        .flat_map(|part| part.split(" - "))
        .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The status, and a letter for skipped, hands-on, limited, mixed, contradicting, and plain.
    fn shown(cell: &str) -> String {
        let Some(meaning) = read(cell) else { return "unknown".into() };
        let mut out = meaning.tracked.status.word().to_owned();
        for (letter, is) in [
            (" skipped", meaning.tracked.skipped),
            (" hands-on", meaning.tracked.hands_on),
            (" limited", meaning.remark == Some(Remark::Limited)),
            (" mixed", meaning.remark == Some(Remark::Mixed)),
            (" contradicts", matches!(meaning.remark, Some(Remark::Contradicts { .. }))),
            (" clean", meaning.clean),
        ] {
            if is {
                out.push_str(letter);
            }
        }
        out
    }

    #[test]
    fn reads_what_people_write() {
        for (cell, expected) in [
            ("⬜ Not Started", "PENDING clean"),
            ("🔄 In Progress", "RUNNING clean"),
            ("✅ Complete", "SUCCESS clean"),
            ("✅ Done", "SUCCESS clean"),
            ("⬜", "PENDING clean"),
            ("✅", "SUCCESS clean"),
            ("✅ Done (subset)", "SUCCESS limited"),
            ("✅ Draft ready", "SUCCESS limited"),
            ("🔄 Automated ✅", "RUNNING"),
            ("✅ Automated done · ⏳ hands-on pending", "INCOMPLETE hands-on mixed"),
            ("✅ Automated done, manual check pending", "INCOMPLETE hands-on mixed"),
            ("✅ Done (nothing left)", "SUCCESS"),
            ("✅ API / ⬜ pages", "INCOMPLETE mixed"),
            ("⬛ Skipped (user)", "SUCCESS skipped"),
            ("🔄 Ready for review", "RUNNING clean"),
            ("", "PENDING clean"),
            (" — ", "PENDING clean"),
            ("todo", "PENDING clean"),
            ("TODO", "PENDING clean"),
            ("**Done**", "SUCCESS clean"),
            ("done 2026-03-01", "SUCCESS"),
            ("WIP", "RUNNING clean"),
            ("In review", "RUNNING clean"),
            ("Shipped 🚀", "SUCCESS"),
            ("⛔ Blocked", "FAIL clean"),
            ("🚫", "FAIL clean"),
            ("❌ failed", "FAIL clean"),
            ("❌ Not started", "PENDING clean"),
            ("🔴 Not started", "PENDING clean"),
            ("🟡 In progress", "RUNNING clean"),
            ("🟡", "INCOMPLETE clean"),
            ("🟡 Partial", "INCOMPLETE clean"),
            ("⚠️ Partially complete", "INCOMPLETE clean"),
            ("🔶 hands-on left", "INCOMPLETE hands-on"),
            ("⏸ Paused", "PENDING clean"),
            ("⏳", "PENDING clean"),
            ("⏳ waiting for M2", "PENDING"),
            ("Blocked by M2", "PENDING"),
            ("blocked on 2, 3", "PENDING"),
            ("Blocked by the vendor", "FAIL"),
            ("⛔ Blocked by M2", "FAIL"),
            ("⬜ In Progress", "PENDING contradicts"),
            ("N/A", "SUCCESS skipped clean"),
            ("cancelled", "SUCCESS skipped clean"),
            ("[x]", "SUCCESS clean"),
            ("[ ] to do", "PENDING clean"),
            (":white_check_mark: done", "SUCCESS clean"),
            ("🦄 Done", "SUCCESS clean"),
            ("SUCCESS", "SUCCESS clean"),
            ("INCOMPLETE", "INCOMPLETE clean"),
            ("🦄", "unknown"),
            ("Automated ✅", "unknown"),
            ("maybe", "unknown"),
            ("50%", "unknown"),
            ("deferred", "unknown"),
            ("Sonnet", "unknown"),
            ("doneish", "unknown"),
        ] {
            assert_eq!(shown(cell), expected, "{cell:?}");
        }
    }
}
