//! The parts of a summary, and what people call them.

use super::moment_text::moments;
use super::status;

/// A part of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What it is about.
    Milestone,
    Status,
    /// What was done.
    Work,
    /// What was left.
    Remaining,
    /// An overview, which counts as work when nothing else does.
    Overview,
    Files,
    Tests,
    Issues,
    Notes,
    Start,
    End,
    /// Start and end in one.
    Times,
    Duration,
}

impl Part {
    /// Whether it has one value; what stands below such a part does not belong to it.
    pub(super) fn is_scalar(self) -> bool {
        matches!(
            self,
            Part::Milestone | Part::Status | Part::Start | Part::End | Part::Times | Part::Duration
        )
    }
}

/// The part that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) part: Part,
    /// Whether the name says so wherever it stands: `Files modified` does, `Changes` may be a word of a sentence.
    pub(super) strong: bool,
}

/// Words of a name at most; what is longer is a sentence.
const MOST_WORDS: usize = 8;

/// The part called `name`; `value` is what stands behind it, and tells names apart that people use for two things.
pub(super) fn named(name: &str, value: &str) -> Option<Named> {
    let name = without_remark(name);
    let words = name_words(name)?;
    let all: Vec<&str> = words.iter().map(String::as_str).collect();
    let strong = |part| Some(Named { part, strong: true });
    let weak = |part| Some(Named { part, strong: false });
    let is_moment = || moments(value, false).next().is_some();
    match all.join(" ").as_str() {
        "status" | "overall status" | "final status" | "milestone status" | "completion status"
        | "current status" | "worker status" => strong(Part::Status),
        "result" | "outcome" | "state" if status::is_said(value) => weak(Part::Status),
        "milestone" | "milestone id" | "worker summary" | "milestone summary" | "worker context"
        | "worker" | "summary for" => weak(Part::Milestone),
        "completed" | "done" | "finished" if is_moment() => weak(Part::End),
        "start time" | "started at" | "time started" | "start timestamp" | "began at" => strong(Part::Start),
        "start" | "started" | "began" | "begin" | "begun" => weak(Part::Start),
        "end time" | "ended at" | "finished at" | "completed at" | "time ended" | "time completed"
        | "finish time" | "end timestamp" | "time finished" => strong(Part::End),
        "end" | "ended" | "finish" | "finished" | "stopped" => weak(Part::End),
        "start time and end time"
        | "start and end time"
        | "start and end times"
        | "start or end"
        | "start or end time"
        | "start time or end time"
        | "time tracking"
        | "timing" => strong(Part::Times),
        "time" | "times" | "start and end" | "timestamps" | "time range" | "time log" | "session" => {
            weak(Part::Times)
        }
        "duration" | "time spent" | "time taken" | "elapsed time" | "total time" | "total duration"
        | "actual duration" | "time elapsed" => strong(Part::Duration),
        "took" | "elapsed" | "duration min" | "duration minutes" => weak(Part::Duration),
        "work completed"
        | "completed work"
        | "work done"
        | "what was done"
        | "what i did"
        | "what was completed"
        | "what was built"
        | "what was implemented"
        | "summary of work"
        | "work summary"
        | "tasks completed"
        | "completed tasks"
        | "items completed"
        | "completed items"
        | "changes made"
        | "task checklist"
        | "task status"
        | "tasks done"
        | "what got done" => strong(Part::Work),
        "changes" | "tasks" | "checklist" | "task list" | "work" | "implemented" | "implementation"
        | "accomplishments" | "accomplished" | "deliverables" | "completed" | "done" | "what changed"
        | "summary of changes" | "delivered" => weak(Part::Work),
        "remaining" | "not done" | "not completed" | "incomplete" | "skipped" | "deferred"
        | "outstanding" | "left undone" | "left open" | "not started" | "todo" | "still open" => {
            weak(Part::Remaining)
        }
        "remaining tasks"
        | "remaining work"
        | "remaining items"
        | "work remaining"
        | "tasks remaining"
        | "tasks not completed"
        | "incomplete tasks"
        | "incomplete items"
        | "incomplete work"
        | "skipped items"
        | "skipped tasks"
        | "deferred items"
        | "deferred tasks"
        | "deferred work"
        | "what was not done"
        | "what's left"
        | "what is left"
        | "not done tasks"
        | "open tasks"
        | "outstanding tasks"
        | "outstanding work"
        | "work not completed"
        | "items not completed" => strong(Part::Remaining),
        "summary" | "overview" | "description" | "tl dr" => weak(Part::Overview),
        "blocked" | "blocked by" => weak(Part::Issues),
        _ => by_noun(&all),
    }
}

/// The part that a name of several words is about, when every word of it is one that such names have.
fn by_noun(words: &[&str]) -> Option<Named> {
    const LINKS: [&str; 14] = [
        "and",
        "or",
        "any",
        "all",
        "for",
        "to",
        "of",
        "with",
        "by",
        "from",
        "in",
        "key",
        "other",
        "additional",
    ];
    let made_of = |nouns: &[&str], more: &[&str]| {
        words.iter().any(|word| nouns.contains(word))
            && words.iter().all(|word| nouns.contains(word) || more.contains(word) || LINKS.contains(word))
    };
    let strong = words.len() > 1;
    let is = |part| Some(Named { part, strong });
    if made_of(
        &["files", "file", "paths"],
        &[
            "modified",
            "changed",
            "touched",
            "created",
            "new",
            "added",
            "deleted",
            "removed",
            "edited",
            "updated",
            "renamed",
            "moved",
            "affected",
            "list",
            "changes",
            "modifications",
            "written",
        ],
    ) {
        return is(Part::Files);
    }
    if made_of(
        &["test", "tests", "testing", "verification", "validation"],
        &[
            "status",
            "results",
            "result",
            "summary",
            "run",
            "build",
            "coverage",
            "lint",
            "checks",
            "added",
            "performed",
            "done",
            "output",
            "notes",
            "manual",
            "automated",
            "unit",
            "quality",
            "report",
            "executed",
            "passed",
            "passing",
            "outcome",
        ],
    ) {
        return is(Part::Tests);
    }
    if made_of(
        &[
            "issues",
            "issue",
            "blockers",
            "blocker",
            "problems",
            "problem",
            "concerns",
            "concern",
            "errors",
            "challenges",
            "obstacles",
            "difficulties",
            "conflicts",
            "limitations",
            "risks",
        ],
        &[
            "known",
            "open",
            "encountered",
            "found",
            "noted",
            "faced",
            "remaining",
            "outstanding",
            "current",
            "raised",
        ],
    ) {
        return is(Part::Issues);
    }
    if made_of(
        &[
            "notes",
            "note",
            "handoff",
            "remarks",
            "comments",
            "recommendations",
            "decisions",
            "followups",
            "followup",
            "questions",
            "handover",
        ],
        &[
            "orchestrator",
            "next",
            "open",
            "made",
            "worker",
            "workers",
            "context",
            "design",
            "user",
            "reviewer",
            "implementation",
            "technical",
            "important",
            "future",
            "patterns",
            "lead",
        ],
    ) || words == ["next", "steps"]
        || words == ["for", "orchestrator"]
        || words == ["decisions", "and", "patterns"]
    {
        return is(Part::Notes);
    }
    None
}

/// A name without the remark in parentheses at its end: `Status (Completed/Blocked/Partial)`.
fn without_remark(name: &str) -> &str {
    let name = name.trim_end();
    match (name.ends_with(')'), name.find('(')) {
        (true, Some(open)) if open > 0 && !name[..open].trim().is_empty() => &name[..open],
        _ => name,
    }
}

/// The words of a name in lower case, without `the`; none when it is no name.
fn name_words(name: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let spelled = name.replace(['’', '‘'], "'").replace(['/', '|'], " or ").replace(['&', '+'], " and ");
    let spelled = spelled.replace("Hand-off", "handoff").replace("hand-off", "handoff");
    let spelled = spelled.replace("Follow-up", "followup").replace("follow-up", "followup");
    for word in spelled.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        if ["the", "a", "your", "this"].contains(&word.as_str()) {
            continue;
        }
        if words.len() == MOST_WORDS {
            return None;
        }
        words.push(word);
    }
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts() {
        for (name, expected) in [
            ("Status", Some(Part::Status)),
            ("STATUS (Completed/Blocked/Partial)", Some(Part::Status)),
            ("Test status", Some(Part::Tests)),
            ("Testing & Verification", Some(Part::Tests)),
            ("Build / test results", Some(Part::Tests)),
            ("Work Completed", Some(Part::Work)),
            ("What was done", Some(Part::Work)),
            ("Not done", Some(Part::Remaining)),
            ("What’s left", Some(Part::Remaining)),
            ("Files created/modified", Some(Part::Files)),
            ("Modified files", Some(Part::Files)),
            ("New files", Some(Part::Files)),
            ("Issues or blockers", Some(Part::Issues)),
            ("Known issues & concerns", Some(Part::Issues)),
            ("Notes for the orchestrator", Some(Part::Notes)),
            ("Hand-off notes", Some(Part::Notes)),
            ("Next steps", Some(Part::Notes)),
            ("Start time and end time", Some(Part::Times)),
            ("Start/End", Some(Part::Times)),
            ("Duration (min)", Some(Part::Duration)),
            ("Result", None),
            ("Build status", None),
            ("File handling in the parser", None),
            ("Testimonials", None),
            ("and", None),
            ("", None),
        ] {
            assert_eq!(named(name, "").map(|named| named.part), expected, "{name:?}");
        }
        let part = |name, value| named(name, value).map(|named| named.part);
        assert_eq!(part("Result", "✅ Completed"), Some(Part::Status));
        assert_eq!(part("Completed", "2026-03-01 22:41"), Some(Part::End));
        assert_eq!(part("Completed", "the form"), Some(Part::Work));
    }
}
