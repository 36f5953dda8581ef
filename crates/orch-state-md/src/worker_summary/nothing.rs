//! Words that say that there is nothing to say.

/// Words of an answer at most for it to be "nothing".
const MOST_WORDS: usize = 24;

const NEGATIONS: [&str; 9] = ["none", "no", "nothing", "nil", "na", "zero", "0", "without", "never"];

/// What such an answer speaks of, and the words around it.
const FILLERS: [&str; 62] = [
    "issues",
    "issue",
    "blockers",
    "blocker",
    "problems",
    "problem",
    "concerns",
    "concern",
    "errors",
    "error",
    "conflicts",
    "conflict",
    "notes",
    "note",
    "files",
    "special",
    "additional",
    "further",
    "other",
    "known",
    "open",
    "major",
    "significant",
    "outstanding",
    "remaining",
    "blocking",
    "new",
    "real",
    "or",
    "and",
    "the",
    "a",
    "any",
    "there",
    "were",
    "was",
    "are",
    "is",
    "have",
    "been",
    "i",
    "we",
    "had",
    "encountered",
    "found",
    "identified",
    "noted",
    "observed",
    "at",
    "this",
    "time",
    "so",
    "far",
    "to",
    "report",
    "during",
    "milestone",
    "work",
    "for",
    "orchestrator",
    "currently",
    "of",
];

/// What may follow: that all is well.
const WELL: [&str; 25] = [
    "all",
    "tests",
    "test",
    "pass",
    "passed",
    "passing",
    "green",
    "everything",
    "works",
    "worked",
    "as",
    "expected",
    "went",
    "smoothly",
    "well",
    "fine",
    "tasks",
    "items",
    "completed",
    "complete",
    "done",
    "successfully",
    "clean",
    "on",
    "plan",
];

/// Whether `text` says that there is nothing: `None.`, `N/A`, `-`, `No issues encountered`, `None. All tests pass.`
///
/// The first clause has to deny and to say nothing else; what follows has to be good news. Anything else is something:
/// better one alert too many than one that is never seen.
pub(super) fn is_nothing(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['(', '[', '*', '_']);
    let end = text.char_indices().find(|&(at, c)| {
        matches!(c, '.' | ',' | ';' | ':' | '—' | '–' | '(') || (c == '-' && text[..at].ends_with(' '))
    });
    let (first, rest) = end.map_or((text, ""), |(at, _)| text.split_at(at));
    let Some(first) = words(first) else { return false };
    let Some(rest) = words(rest) else { return false };
    let plain = |word: &String| FILLERS.contains(&word.as_str());
    let negation = |word: &String| NEGATIONS.contains(&word.as_str());
    let is_dash = first.is_empty() && rest.is_empty() && !text.contains(|c: char| c.is_alphanumeric());
    let denies = first.iter().any(negation) && first.iter().all(|word| plain(word) || negation(word));
    let well = rest.iter().all(|word| WELL.contains(&word.as_str()) || plain(word));
    is_dash || (denies && well)
}

/// The words in lower case; none when there are too many.
fn words(text: &str) -> Option<Vec<String>> {
    let text = text.replace("N/A", "na").replace("n/a", "na").replace("Not applicable", "na");
    let text = text.replace("not applicable", "na");
    let mut words = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if words.len() == MOST_WORDS {
            return None;
        }
        words.push(word.to_lowercase());
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_nothing_from_something() {
        for text in [
            "",
            "-",
            "—",
            "None",
            "none.",
            "**None**",
            "N/A",
            "n/a.",
            "No issues",
            "No issues or blockers.",
            "None encountered.",
            "No blockers",
            "✅ None",
            "There were no issues.",
            "Nothing to report",
            "None at this time",
            "None. All tests pass.",
            "None - everything works as expected",
            "No",
            "Not applicable",
            "(none)",
            "No known issues",
            "🎉",
        ] {
            assert!(is_nothing(text), "{text:?}");
        }
        for text in [
            "No tests pass",
            "Nothing works as expected",
            "None of the tests run",
            "No access to the server",
            "None. However, the key is missing",
            "None, but see below",
            "The build fails",
            "No issues with the form",
            "Unable to deploy",
            "1",
            "No network",
            "Everything",
            "None: nothing passed",
        ] {
            assert!(!is_nothing(text), "{text:?}");
        }
    }
}
