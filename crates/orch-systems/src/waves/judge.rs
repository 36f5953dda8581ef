//! What the end of an attempt means: what its worker said in its commits, and only where it said nothing, how its process
//! ended.

use std::io;

use orch_core::Outcome;
use orch_exec::agent::End;
use orch_state_commits::{LastWord, WorkerStep};
use orch_state_git::Said;

use crate::evidence::{Evidence, said as said_of};
use crate::system::{EndedAttempt, Judged};

/// What is said of an end that nobody saw.
const UNKNOWN: &str = "an unknown end";

/// Judges an attempt by what was said on its branch since it began, none where there is no branch; where that is nothing at
/// all, also by what was said `before`, since the branch was made.
///
/// # Errors
/// When its log is there and can't be read.
pub(super) fn judge(
    id: &str,
    said: Option<&Said>,
    before: Option<&Said>,
    ended: &EndedAttempt<'_>,
) -> io::Result<Judged> {
    let evidence = Evidence::of(id, ended)?;
    let gone = ended.resumed && evidence.session_is_gone();
    Ok(weigh((said, before), evidence, gone, ended.stopped.is_some()))
}

fn weigh(
    (said, before): (Option<&Said>, Option<&Said>),
    evidence: Evidence,
    gone: bool,
    cut_off: bool,
) -> Judged {
    let Evidence { reading, exit, .. } = evidence;
    let ended_well = exit.is_some_and(|exit| exit.code == Some(0));
    let badly = || {
        let exit = exit.filter(|exit| exit.code != Some(0))?;
        Some(format!("it ended badly ({}), and says that it is done", said_of(exit, UNKNOWN)))
    };
    let word = Word::of(said);
    let (outcome, detail) = match (&word, reading.end) {
        (Word::Complete, _) => (Outcome::Succeeded, badly()),
        (Word::Blocked(why), _) => (Outcome::Failed, Some(format!("blocked: {why}"))),
        _ if gone => {
            let why = "the session it was to go on with is gone; the next attempt starts afresh";
            (Outcome::Lost, Some(why.into()))
        }
        (_, End::RateLimited { until }) => (Outcome::RateLimited { until }, reading.detail.clone()),
        // Whoever was told to stop has not said that this is all.
        _ if exit.is_none() || cut_off => (Outcome::Lost, reading.detail.clone()),
        (Word::Part(done, total), _) => {
            let how = exit.filter(|exit| exit.code != Some(0));
            let how =
                how.map(|exit| format!("; it ended with {}", said_of(exit, UNKNOWN))).unwrap_or_default();
            (Outcome::Incomplete, Some(format!("{done} of {total} steps done{how}")))
        }
        // A program that says nothing of itself: its commits are looked at before they count.
        (Word::Nothing, _) if ended_well => still(before),
        (Word::Nothing, _) => {
            let why = reading.detail.clone();
            let why = why.or_else(|| exit.map(|exit| said_of(exit, UNKNOWN)));
            (Outcome::Failed, why)
        }
    };
    Judged {
        outcome,
        detail,
        plan_path: None,
        session: reading.session,
        has_evidence: matches!(word, Word::Complete | Word::Blocked(_)),
        pause: None,
    }
}

/// What an attempt means whose worker ended well, and has said and committed nothing: what was said before it still stands.
fn still(before: Option<&Said>) -> (Outcome, Option<String>) {
    const NOTHING_NEW: &str = "it committed nothing in this attempt";
    match Word::of(before) {
        Word::Complete => (Outcome::Succeeded, None),
        Word::Blocked(why) => {
            (Outcome::Failed, Some(format!("{NOTHING_NEW}; before, it was blocked: {why}")))
        }
        Word::Part(done, total) => {
            (Outcome::Incomplete, Some(format!("{NOTHING_NEW}; before, {done} of {total} steps were done")))
        }
        // Nobody ever says a word: how the program ends is all there is. Whether anything is there is seen at the merge.
        Word::Nothing => (Outcome::Succeeded, None),
    }
}

/// What a worker has said last of how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Complete,
    Blocked(String),
    /// So many steps are done, of so many.
    Part(usize, usize),
    Nothing,
}

impl Word {
    fn of(said: Option<&Said>) -> Self {
        let Some(said) = said else { return Self::Nothing };
        if let Some(completion) = &said.completion {
            return match completion.word {
                LastWord::Complete => Self::Complete,
                LastWord::Blocked if completion.text.trim().is_empty() => {
                    Self::Blocked("it is not said why".into())
                }
                LastWord::Blocked => Self::Blocked(completion.text.clone()),
            };
        }
        let Some(last) = said.steps.last() else { return Self::Nothing };
        let status = last.progress.as_ref().map(|progress| progress.status.to_ascii_lowercase());
        let says_all = matches!(status.as_deref(), Some("complete" | "completed" | "done"));
        match (last.kind, last.done()) {
            (WorkerStep::Error, _) => Self::Blocked(last.text.clone()),
            (WorkerStep::Complete, _) => Self::Complete,
            (_, (done, total)) if total > 0 && done < total => Self::Part(done, total),
            (_, (_, total)) if total > 0 || says_all => Self::Complete,
            _ => Self::Nothing,
        }
    }
}

/// How far a worker is, by its commits, for a person; and whether it has said its last word.
pub(super) fn progress(said: &Said) -> (Option<String>, bool) {
    match Word::of(Some(said)) {
        Word::Complete if said.completion.is_some() => (Some("says that it is done".into()), true),
        Word::Blocked(_) if said.completion.is_some() => (Some("says that it is blocked".into()), true),
        Word::Complete | Word::Blocked(_) | Word::Part(..) => {
            let last = said.steps.last();
            let (done, total) = last.map(|last| last.done()).unwrap_or_default();
            let text = last.map(|last| last.text.trim()).filter(|text| !text.is_empty());
            let text = text.map(|text| format!(": {}", clipped(text))).unwrap_or_default();
            (Some(format!("{done} of {total} steps done{text}")), false)
        }
        Word::Nothing => (None, false),
    }
}

fn clipped(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use orch_exec::agent::{ExitInfo, Reading, ResultKind};
    use orch_state_commits::{Completion, WorkerCommit};

    use super::*;

    fn said(messages: &[&str]) -> Said {
        Said {
            begun: Some("a".into()),
            tip: "b".into(),
            steps: messages.iter().filter_map(|message| WorkerCommit::read(message).ok()).collect(),
            completion: messages.iter().rev().find_map(|message| Completion::read(message)),
            commits: messages.len(),
            changed: true,
        }
    }

    fn judged(messages: &[&str], end: End, code: Option<i32>) -> Judged {
        let reading = Reading { end, session: None, text: None, detail: Some("what it said".into()) };
        let exit = code.map(|code| ExitInfo { code: Some(code), signal: None });
        weigh((Some(&said(messages)), None), Evidence::new(reading, exit, ResultKind::Exit), false, false)
    }

    #[test]
    fn commits_say_how_it_went_and_the_exit_only_where_they_are_silent() {
        use Outcome::{Failed, Incomplete, Lost, RateLimited, Succeeded};
        const PART: &str = "[task-001] Implement: model (2/5)\n\n## TODO List\n- [x] 1. a\n- [ ] 2. b\n";
        const ALL: &str =
            "[task-001] Verify: all (2/2)\n\n## Progress\nStatus: complete\nCompleted: 2/2 tasks\n";
        let limited = End::RateLimited { until: None };
        for (messages, end, code, outcome, has_evidence) in [
            (&["TASK_COMPLETE: task-001"][..], End::Well, Some(0), Succeeded, true),
            (&["TASK_COMPLETE: task-001"], End::Badly, Some(1), Succeeded, true),
            (&["TASK_COMPLETE: task-001"], limited, None, Succeeded, true),
            (&["TASK_BLOCKED: no key"], End::Well, Some(0), Failed, true),
            (&[PART, "TASK_BLOCKED: no key"], End::Well, Some(0), Failed, true),
            (&[PART], End::Well, Some(0), Incomplete, false),
            (&[PART], End::Badly, Some(1), Incomplete, false),
            (&[PART], limited, Some(1), RateLimited { until: None }, false),
            (&[PART], End::Silent, None, Lost, false),
            (&[PART, ALL], End::Well, Some(0), Succeeded, true),
            (&["ERROR: no way"], End::Well, Some(0), Failed, true),
            (&["add a model"], End::Well, Some(0), Succeeded, false),
            (&[], End::Well, Some(0), Succeeded, false),
            (&[], End::Badly, Some(1), Failed, false),
            (&[], End::Silent, None, Lost, false),
        ] {
            let judged = judged(messages, end, code);
            assert_eq!(
                (judged.outcome, judged.has_evidence),
                (outcome, has_evidence),
                "{messages:?} {code:?}"
            );
        }
        assert_eq!(
            judged(&["TASK_BLOCKED: no key"], End::Well, Some(0)).detail.as_deref(),
            Some("blocked: no key")
        );
        assert_eq!(
            judged(&[PART], End::Badly, Some(1)).detail.as_deref(),
            Some("1 of 2 steps done; it ended with exit code 1")
        );
    }

    #[test]
    fn whoever_adds_nothing_leaves_standing_what_was_said_before() {
        use Outcome::{Failed, Incomplete, RateLimited, Succeeded};
        const PART: &str = "[task-001] Implement: model (1/2)\n\n## TODO List\n- [x] 1. a\n- [ ] 2. b\n";
        let limited = End::RateLimited { until: None };
        for (before, end, outcome) in [
            (&["TASK_BLOCKED: no key"][..], End::Well, Failed),
            (&["TASK_BLOCKED: no key"], limited, RateLimited { until: None }),
            (&[PART], End::Well, Incomplete),
            (&["TASK_COMPLETE: task-001"], End::Well, Succeeded),
            (&["By hand"], End::Well, Succeeded),
            (&[], End::Well, Succeeded),
        ] {
            let reading = Reading { end, session: None, text: None, detail: None };
            let exit = Some(ExitInfo { code: Some(0), signal: None });
            let evidence = Evidence::new(reading, exit, ResultKind::Exit);
            let judged = weigh((Some(&said(&[])), Some(&said(before))), evidence, false, false);
            assert_eq!(judged.outcome, outcome, "{before:?}");
        }
    }

    #[test]
    fn progress_is_told_by_the_last_commit() {
        let steps = ["[task-001] Implement: model (1/2)\n\n## TODO List\n- [x] 1. a\n- [ ] 2. b\n"];
        assert_eq!(progress(&said(&steps)), (Some("1 of 2 steps done: model".into()), false));
        assert_eq!(progress(&said(&["x"])), (None, false));
        assert!(progress(&said(&["TASK_COMPLETE: task-001"])).1);
    }
}
