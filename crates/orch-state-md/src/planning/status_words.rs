//! The signs and words that people write for a status.

use orch_core::Status;

/// What a sign or a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Pending,
    Running,
    Success,
    Fail,
    Incomplete,
    Skipped,
}

impl Kind {
    /// The status of a milestone that is so. One that was left out is settled: nothing waits for it.
    pub(super) const fn status(self) -> Status {
        match self {
            Kind::Pending => Status::Pending,
            Kind::Running => Status::Running,
            Kind::Success | Kind::Skipped => Status::Success,
            Kind::Fail => Status::Fail,
            Kind::Incomplete => Status::Incomplete,
        }
    }

    /// What a message calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::Pending => "not started",
            Kind::Running => "in progress",
            Kind::Success => "complete",
            Kind::Fail => "blocked",
            Kind::Incomplete => "partial",
            Kind::Skipped => "skipped",
        }
    }
}

/// A sign in front of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) kind: Kind,
    /// People write it in front of words that say something else (`🔴 Not started`, `⏳ In progress`); then the words count.
    pub(super) weak: bool,
}

/// Signs by what they stand for: the strong ones, then the weak ones.
const SIGNS: [(Kind, &[&str], &[&str]); 6] = [
    (
        Kind::Pending,
        &["⬜", "◻", "◽", "▫", "□", "☐", "🔲", "[ ]", ":white_large_square:"],
        &["⚪", "⏳", "⌛", "⏸", "💤", "📋", "🆕", ":hourglass:", ":hourglass_flowing_sand:"],
    ),
    (
        Kind::Running,
        &["🔄", "🔁", "🏃", "▶", "⟳", "↻", ":arrows_counterclockwise:"],
        &["🚧", "🔵", "🛠", "⚙", "🔨", "🏗", "👷", "👀", "🟦", ":construction:"],
    ),
    (
        Kind::Success,
        &["✅", "✔", "☑", "✓", "[x]", ":white_check_mark:", ":heavy_check_mark:"],
        &["🟢", "🎉", "🏁", "🚀", "🟩"],
    ),
    (Kind::Fail, &["⛔", "🚫", ":no_entry:"], &["❌", "✖", "✗", "✘", "🔴", "🛑", "🟥", "💥", ":x:"]),
    (Kind::Incomplete, &["[~]", "◐"], &["🟡", "⚠", "🔶", "🟠", "🔸", "🟨", "🟧", ":warning:"]),
    (Kind::Skipped, &["⬛", "⏭", "🗑"], &["◼", "▪", "➖", "⚫"]),
];

/// Words by what they stand for, in lower case.
const WORDS: [(Kind, &[&str]); 6] = [
    (
        Kind::Pending,
        &[
            "not started",
            "not yet started",
            "not begun",
            "not done",
            "unstarted",
            "todo",
            "to do",
            "to-do",
            "pending",
            "planned",
            "queued",
            "backlog",
            "upcoming",
            "scheduled",
            "available",
            "open",
            "new",
            "ready",
            "waiting",
            "paused",
            "on hold",
            "on-hold",
            "hold",
            "next",
            "unassigned",
            "tbd",
        ],
    ),
    (
        Kind::Running,
        &[
            "in progress",
            "in-progress",
            "inprogress",
            "in_progress",
            "progressing",
            "work in progress",
            "wip",
            "ongoing",
            "on-going",
            "started",
            "running",
            "active",
            "underway",
            "under way",
            "under review",
            "in review",
            "in-review",
            "review",
            "reviewing",
            "ready for review",
            "awaiting review",
            "in testing",
            "testing",
            "doing",
            "working",
            "in development",
            "in work",
            "dispatched",
            "merging",
            "current",
        ],
    ),
    (
        Kind::Success,
        &[
            "complete",
            "completed",
            "done",
            "finished",
            "shipped",
            "merged",
            "success",
            "succeeded",
            "passed",
            "closed",
            "resolved",
            "released",
            "delivered",
            "deployed",
            "verified",
            "approved",
            "implemented",
            "all done",
        ],
    ),
    (
        Kind::Fail,
        &["blocked", "failed", "fail", "failing", "failure", "stuck", "error", "rejected", "broken"],
    ),
    (
        Kind::Incomplete,
        &[
            "partial",
            "partially complete",
            "partially completed",
            "partially done",
            "partially",
            "partly done",
            "partly",
            "incomplete",
            "unfinished",
            "mostly done",
            "mostly complete",
            "almost done",
            "half done",
            "needs work",
        ],
    ),
    (
        Kind::Skipped,
        &[
            "skipped",
            "skip",
            "dropped",
            "cancelled",
            "canceled",
            "n/a",
            "na",
            "not applicable",
            "not needed",
            "won't do",
            "won’t do",
            "wont do",
            "wontfix",
            "abandoned",
            "removed",
            "out of scope",
            "obsolete",
            "superseded",
            "descoped",
        ],
    ),
];

/// The words that a message names as known.
pub(super) const KNOWN: &str =
    "⬜ Not Started, 🔄 In Progress, ✅ Complete, 🟡 Partial, ⛔ Blocked or ⬛ Skipped";

/// The sign that `text` (in lower case) begins with, and how many bytes of it are the sign.
pub(super) fn sign_at(text: &str) -> Option<(Sign, usize)> {
    SIGNS.iter().find_map(|(kind, strong, weak)| {
        let find = |signs: &[&str]| signs.iter().find(|sign| text.starts_with(**sign)).map(|sign| sign.len());
        let (length, weak) =
            find(strong).map(|length| (length, false)).or_else(|| Some((find(weak)?, true)))?;
        // The selector that asks for the coloured form.
        let selector = if text[length..].starts_with('\u{fe0f}') { '\u{fe0f}'.len_utf8() } else { 0 };
        Some((Sign { kind: *kind, weak }, length + selector))
    })
}

/// The longest known words that `text` (in lower case) begins with, and how many bytes they are.
pub(super) fn words_at(text: &str) -> Option<(Kind, usize)> {
    let all = WORDS.iter().flat_map(|(kind, words)| words.iter().map(move |words| (*kind, *words)));
    all.filter(|(_, words)| {
        text.strip_prefix(words).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    })
    .map(|(kind, words)| (kind, words.len()))
    .max_by_key(|(_, length)| *length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sign_and_no_word_stands_for_two_things() {
        let mut signs: Vec<&str> =
            SIGNS.iter().flat_map(|(_, a, b)| a.iter().chain(b.iter()).copied()).collect();
        let mut words: Vec<&str> = WORDS.iter().flat_map(|(_, words)| words.iter().copied()).collect();
        for all in [&mut signs, &mut words] {
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
        }
    }

    #[test]
    fn the_longest_words_count() {
        assert_eq!(words_at("ready for review!"), Some((Kind::Running, 16)));
        assert_eq!(words_at("ready for it"), Some((Kind::Pending, 5)));
        assert_eq!(words_at("doneish"), None);
        assert_eq!(sign_at("⚠\u{fe0f} x"), Some((Sign { kind: Kind::Incomplete, weak: true }, 6)));
    }
}
