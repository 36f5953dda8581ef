//! What the end of an attempt means: the summary it left, and only where there is none, how its process ended.

use std::io;

use orch_core::Outcome;
use orch_exec::agent::End;
use orch_state_md::worker_summary::{SummaryStatus, WorkerSummary};

use crate::evidence::Evidence;
use crate::system::{EndedAttempt, Judged};

/// What was handed back for an attempt, and what in it a person has to look at.
pub(super) struct HandedIn<'a> {
    pub(super) summary: &'a WorkerSummary,
    pub(super) problems: Vec<String>,
}

/// Judges an attempt by what it handed back. `expected` is the folder that it was told to write that into.
///
/// # Errors
/// When its log is there and can't be read.
pub(super) fn judge(
    id: &str,
    handed_in: Option<HandedIn<'_>>,
    expected: &str,
    ended: &EndedAttempt<'_>,
) -> io::Result<Judged> {
    let evidence = Evidence::of(id, ended)?;
    let gone = ended.resumed && evidence.session_is_gone();
    Ok(weigh(handed_in, expected, evidence, gone))
}

fn weigh(handed_in: Option<HandedIn<'_>>, expected: &str, evidence: Evidence, gone: bool) -> Judged {
    let Evidence { reading, exit, .. } = evidence;
    let summary = handed_in.as_ref().map(|handed_in| handed_in.summary);
    let problems = handed_in.as_ref().map(|handed_in| handed_in.problems.as_slice()).unwrap_or_default();
    let told = || (!problems.is_empty()).then(|| problems.join("; "));
    let status = summary.and_then(|summary| summary.status);
    let (outcome, detail) = match (reading.end, summary, status) {
        (.., Some(SummaryStatus::Completed)) => (Outcome::Succeeded, None),
        (.., Some(SummaryStatus::Partial)) => (Outcome::Incomplete, told()),
        (.., Some(SummaryStatus::Blocked)) => (Outcome::Failed, told()),
        _ if gone => {
            let why = "the session it was to go on with is gone; the next attempt starts afresh";
            (Outcome::Lost, Some(why.into()))
        }
        (End::RateLimited { until }, ..) => (Outcome::RateLimited { until }, reading.detail.clone()),
        (_, Some(summary), None) => {
            let why = match &summary.status_written {
                Some(written) => {
                    format!(
                        "its summary has a status that is none of Completed, Blocked, Partial: `{written}`"
                    )
                }
                None => "its summary has no status".to_owned(),
            };
            (Outcome::Crashed, Some(why))
        }
        (End::Well, None, _) => {
            (Outcome::Crashed, Some(format!("it ended without the summary it was asked for in {expected}/")))
        }
        (End::Badly, None, _) => (Outcome::Failed, reading.detail.clone()),
        (End::Silent, None, _) if exit.is_none() => (Outcome::Lost, reading.detail.clone()),
        (End::Silent, None, _) => (Outcome::Crashed, reading.detail.clone()),
    };
    let asks_for_a_person = outcome == Outcome::Succeeded && !problems.is_empty();
    Judged {
        outcome,
        detail: detail.or_else(told),
        plan_path: None,
        session: reading.session,
        has_evidence: summary.is_some(),
        pause: asks_for_a_person.then(|| problems.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use orch_exec::agent::{ExitInfo, Reading, ResultKind};
    use orch_state_md::worker_summary::read;

    use super::super::handoff::Handoff;
    use super::*;

    fn judged(summary: Option<&str>, end: End, exit: Option<i32>) -> Judged {
        let handoff = summary.map(|text| Handoff { name: None, bytes: Vec::new(), summary: read(text) });
        let handed_in = handoff
            .as_ref()
            .map(|handoff| HandedIn { summary: &handoff.summary, problems: handoff.problems() });
        let reading = Reading { end, session: None, text: None, detail: None };
        let exit = exit.map(|code| ExitInfo { code: Some(code), signal: None });
        weigh(handed_in, "there", Evidence::new(reading, exit, ResultKind::Claude), false)
    }

    #[test]
    fn the_summary_decides_and_the_exit_only_without_one() {
        use Outcome::{Crashed, Failed, Incomplete, Lost, Succeeded};
        for (summary, end, exit, outcome, pauses) in [
            (Some("**Status:** Completed\n"), End::Well, Some(0), Succeeded, false),
            (Some("**Status:** Completed\n"), End::Silent, None, Succeeded, false),
            (
                Some("**Status:** Completed\n\n## Issues\n- The tests are slow\n"),
                End::Well,
                Some(0),
                Succeeded,
                true,
            ),
            (
                Some("**Status:** Completed\n\n## Work completed\n- [x] a\n- [ ] b\n"),
                End::Well,
                Some(0),
                Succeeded,
                true,
            ),
            (Some("**Status:** Partial\n"), End::Well, Some(0), Incomplete, false),
            (Some("**Status:** Blocked\n\n## Issues\n- No key\n"), End::Badly, Some(1), Failed, false),
            (Some("**Status:** whatever\n"), End::Well, Some(0), Crashed, false),
            (Some("## Work completed\n- a\n"), End::Well, Some(0), Crashed, false),
            (None, End::Well, Some(0), Crashed, false),
            (None, End::Badly, Some(1), Failed, false),
            (None, End::Silent, None, Lost, false),
            (None, End::Silent, Some(1), Crashed, false),
            (None, End::RateLimited { until: None }, Some(1), Outcome::RateLimited { until: None }, false),
        ] {
            let judged = judged(summary, end, exit);
            assert_eq!(judged.outcome, outcome, "{summary:?} {end:?} {exit:?}: {:?}", judged.detail);
            assert_eq!(judged.pause.is_some(), pauses, "{summary:?}");
            assert_eq!(judged.has_evidence, summary.is_some());
        }
        let blocked = judged(Some("**Status:** Blocked\n\n## Issues\n- No key\n"), End::Well, Some(0));
        assert_eq!(blocked.detail.as_deref(), Some("its worker says Blocked; No key"));
    }
}
