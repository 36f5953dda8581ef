//! How a worker says its milestone went.

use super::SummaryStatus::{self, Blocked, Completed, Partial};

/// Words at the start of a status that are looked at.
const MOST_WORDS: usize = 16;

/// Signs that stand for a status; what a word says goes before.
const SIGNS: [(&[char], SummaryStatus); 3] = [
    (&['✅', '✔', '☑', '✓', '🟢', '🎉'], Completed),
    (&['⛔', '🚫', '❌', '🔴', '🛑', '✗', '✘'], Blocked),
    (&['🟡', '🟠', '⚠', '🔶', '🚧', '🔄', '◐'], Partial),
];

/// What a status that is written means; none when it is none of the three.
///
/// A word decides, else a sign. `Completed except …` is a partial one: whoever takes it for the whole would never look.
pub(super) fn read(written: &str) -> Option<SummaryStatus> {
    if is_template(written) {
        return None;
    }
    let written = ticked(written).unwrap_or(written);
    let words: Vec<String> = words(written);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let sign = || {
        let first = written.trim_start_matches(['*', '_', '`', ' ', '[', '(']).chars().next()?;
        SIGNS.iter().find(|(signs, _)| signs.contains(&first)).map(|(_, status)| *status)
    };
    by_words(&words).or_else(sign)
}

/// Whether `written` says one of the three.
pub(super) fn is_said(written: &str) -> bool {
    read(written).is_some()
}

fn by_words(words: &[&str]) -> Option<SummaryStatus> {
    let complete = |word: &&str| {
        matches!(
            *word,
            "completed"
                | "complete"
                | "done"
                | "finished"
                | "success"
                | "successful"
                | "successfully"
                | "succeeded"
        )
    };
    let mut rest = words;
    // `Milestone M3 is complete`, `All tasks completed`, `Fully done`.
    while let [first, more @ ..] = rest
        && (matches!(
            *first,
            "all"
                | "fully"
                | "milestone"
                | "tasks"
                | "items"
                | "work"
                | "is"
                | "are"
                | "the"
                | "100"
                | "was"
                | "now"
        ) || (rest.len() < words.len() && crate::planning::milestone_id(first).is_some()))
    {
        rest = more;
    }
    let first = rest.first()?;
    let limits = ["partially", "partial", "partly", "except", "mostly", "incomplete"];
    match *first {
        "partial" | "partially" | "partly" | "incomplete" | "mostly" | "almost" | "nearly" | "unfinished"
        | "wip" => Some(Partial),
        "in" if rest.get(1) == Some(&"progress") => Some(Partial),
        "not"
            if rest.get(1..3).is_some_and(|next| next.iter().take(2).any(complete))
                || rest.get(1).is_some_and(complete) =>
        {
            Some(Partial)
        }
        "blocked" | "stuck" | "failed" | "fail" | "failure" | "aborted" => Some(Blocked),
        _ if complete(first) => {
            let limited = rest.iter().any(|word| limits.contains(word));
            Some(if limited { Partial } else { Completed })
        }
        _ => None,
    }
}

/// Whether it is the choice that the template gives: `Completed/Blocked/Partial`, `Completed | Blocked`.
pub(super) fn is_template(written: &str) -> bool {
    if written.trim_start_matches(['*', '_', '`', ' ']).starts_with(['<', '{']) {
        return true;
    }
    let written: String = written.chars().take(200).collect();
    let written = written.replace(" or ", "/");
    let mut kinds = written.split(['/', '|', ',']).take(3).map(|piece| {
        let pieces = words(piece);
        match pieces.as_slice() {
            [word] => by_words(&[word.as_str()]),
            _ => None,
        }
    });
    matches!((kinds.next(), kinds.next()), (Some(Some(first)), Some(Some(second))) if first != second)
}

/// The choice that is ticked in `[x] Completed [ ] Blocked [ ] Partial`.
fn ticked(written: &str) -> Option<&str> {
    let after = ["[x]", "[X]", "☑"]
        .iter()
        .find_map(|mark| written.find(mark).map(|at| &written[at + mark.len()..]))?;
    let end = ["[ ]", "☐"].iter().filter_map(|mark| after.find(mark)).min();
    Some(&after[..end.unwrap_or(after.len())])
}

/// The first words in lower case.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(MOST_WORDS).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (written, expected) in [
            ("Completed", Some(Completed)),
            ("COMPLETED", Some(Completed)),
            ("✅ Complete", Some(Completed)),
            ("**Done**", Some(Completed)),
            ("Finished.", Some(Completed)),
            ("✅", Some(Completed)),
            ("All tasks completed", Some(Completed)),
            ("Milestone M3 is complete", Some(Completed)),
            ("⚠️ Completed with remarks", Some(Completed)),
            ("100% complete", Some(Completed)),
            ("Blocked", Some(Blocked)),
            ("🚫 Stuck on the key", Some(Blocked)),
            ("Failed: no network", Some(Blocked)),
            ("❌", Some(Blocked)),
            ("Partial", Some(Partial)),
            ("Partially complete (3 of 5)", Some(Partial)),
            ("Incomplete", Some(Partial)),
            ("Not complete", Some(Partial)),
            ("Not fully complete", Some(Partial)),
            ("Completed except the docs", Some(Partial)),
            ("Mostly done", Some(Partial)),
            ("🟡 3 of 5", Some(Partial)),
            ("In progress", Some(Partial)),
            ("[x] Completed [ ] Blocked [ ] Partial", Some(Completed)),
            ("[ ] Completed [ ] Blocked [x] Partial", Some(Partial)),
            ("Completed/Blocked/Partial", None),
            ("Completed | Blocked | Partial", None),
            ("[Completed/Blocked/Partial]", None),
            ("`Completed`, `Blocked` or `Partial`", None),
            ("<Completed>", None),
            ("Not started", None),
            ("Completion is near", None),
            ("somehow", None),
            ("", None),
        ] {
            assert_eq!(read(written), expected, "{written:?}");
        }
    }
}
