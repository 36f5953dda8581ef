//! Words by which a worker says that something is not done.

/// Words that say it alone.
const ALONE: [&str; 17] = [
    "skipped",
    "skip",
    "skipping",
    "deferred",
    "defer",
    "deferring",
    "postponed",
    "omitted",
    "incomplete",
    "unfinished",
    "partially",
    "partial",
    "partly",
    "todo",
    "unable",
    "wip",
    "blocked",
];

/// What may stand behind `not`.
const VERBS: [&str; 17] = [
    "done",
    "implemented",
    "completed",
    "complete",
    "started",
    "yet",
    "finished",
    "possible",
    "written",
    "added",
    "tested",
    "attempted",
    "addressed",
    "fixed",
    "included",
    "needed",
    "required",
];

/// What may stand before `not`.
const HELPERS: [&str; 10] = ["did", "do", "could", "can", "was", "were", "is", "has", "have", "wo"];

/// Several words that say it together.
const PHRASES: [&[&str]; 7] = [
    &["out", "of", "scope"],
    &["left", "out"],
    &["left", "undone"],
    &["left", "open"],
    &["left", "for", "later"],
    &["in", "progress"],
    &["for", "later"],
];

/// The places of the words of `spelled` that deny, in order.
pub(super) fn denying(spelled: &[String]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut at = 0;
    while at < spelled.len() {
        let word = spelled[at].as_str();
        let next = spelled.get(at + 1).map(String::as_str);
        let length = if ALONE.contains(&word) {
            1
        } else if word == "not" && next.is_some_and(|next| VERBS.contains(&next)) {
            2
        } else if HELPERS.contains(&word) && next == Some("not") {
            let verb = spelled.get(at + 2).is_some_and(|verb| VERBS.contains(&verb.as_str()));
            2 + usize::from(verb)
        } else {
            let phrase = PHRASES.iter().find(|phrase| {
                spelled.get(at..at + phrase.len()).is_some_and(|found| found.iter().eq(phrase.iter()))
            });
            phrase.map_or(0, |phrase| phrase.len())
        };
        places.extend(at..at + length);
        at += length.max(1);
    }
    places
}

/// Words that take something back without denying it: what has one of them more than the task is not taken for the task.
pub(super) const LIMITING: [&str; 45] = [
    "only",
    "without",
    "except",
    "but",
    "not",
    "no",
    "some",
    "most",
    "mostly",
    "half",
    "part",
    "first",
    "almost",
    "remove",
    "removed",
    "delete",
    "deleted",
    "drop",
    "dropped",
    "disable",
    "disabled",
    "revert",
    "reverted",
    "stub",
    "stubbed",
    "mock",
    "mocked",
    "placeholder",
    "plan",
    "planned",
    "draft",
    "start",
    "started",
    "begin",
    "began",
    "try",
    "tried",
    "later",
    "pending",
    "failed",
    "next",
    "future",
    "remaining",
    "upcoming",
    "needs",
];

#[cfg(test)]
mod tests {
    use super::super::words::spelled;
    use super::*;

    #[test]
    fn finds_what_denies() {
        for (text, expected) in [
            ("Skipped: write the form", "skipped"),
            ("Write the form — not done", "not done"),
            ("Write the form (deferred to M5)", "deferred"),
            ("I could not write the form", "could not"),
            ("The form wasn't written", "was not written"),
            ("Write the form, out of scope", "out of scope"),
            ("Handle a user who is not signed in", "is not"),
            ("Write the form", ""),
            ("", ""),
        ] {
            let words = spelled(text);
            let found: Vec<_> = denying(&words).into_iter().map(|at| words[at].as_str()).collect();
            assert_eq!(found.join(" "), expected, "{text:?}");
        }
    }
}
