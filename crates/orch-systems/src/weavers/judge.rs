//! What the end of a weaver means: its own last word, and only where there is none, how its process ended.

use std::io;

use orch_core::Outcome;
use orch_exec::agent::End;
use orch_state_json::WeaverStatus;

use super::status_file::Said;
use crate::evidence::Evidence;
use crate::system::{EndedAttempt, Judged};

/// What is said of a weaver that ended without a last word (seed 003).
const NO_LAST_WORD: &str = "Session terminated without completion";

/// Judges an attempt by what its weaver has said of itself, and by what its log shows.
///
/// `complete` is a claim: the branch and the checks decide about it afterwards.
///
/// # Errors
/// When its log is there and can't be read.
pub(super) fn judge(
    id: &str,
    said: &Said,
    most_iterations: u32,
    ended: &EndedAttempt<'_>,
) -> io::Result<Judged> {
    let evidence = Evidence::of(id, ended)?;
    Ok(weigh(said, most_iterations, ended, evidence))
}

/// What is said of a weaver that has tried so often.
pub(super) fn without_success(iterations: u32) -> String {
    let word = if iterations == 1 { "iteration" } else { "iterations" };
    format!("{iterations} {word} without success")
}

fn weigh(said: &Said, most_iterations: u32, ended: &EndedAttempt<'_>, evidence: Evidence) -> Judged {
    let reading = &evidence.reading;
    let gone = ended.resumed && evidence.session_is_gone();
    let file = &said.file;
    let error = || file.error.clone();
    let over = file.iteration.is_some_and(|iteration| iteration >= most_iterations);
    let limited = match reading.end {
        End::RateLimited { until } => Some(Outcome::RateLimited { until }),
        End::Well | End::Badly | End::Silent => None,
    };
    let (outcome, detail) = match (&file.status, limited) {
        (Some(WeaverStatus::Complete), _) => (Outcome::Succeeded, None),
        (Some(WeaverStatus::Failed | WeaverStatus::Blocked), _) => {
            (Outcome::Failed, error().or_else(|| Some("it says that it failed, and not why".into())))
        }
        _ if gone => (
            Outcome::Lost,
            Some("the session it was to go on with is gone; the next attempt starts afresh".into()),
        ),
        (_, Some(limited)) => (limited, reading.detail.clone()),
        _ if over => {
            let why = error().map(|error| format!(": {error}")).unwrap_or_default();
            (Outcome::Failed, Some(format!("{}{why}", without_success(most_iterations))))
        }
        _ if evidence.exit.is_none() && reading.end == End::Silent => (Outcome::Lost, None),
        (status, None) => {
            let how = said.unreadable.clone().or_else(|| match status {
                Some(WeaverStatus::Other(word)) => Some(format!("its status `{word}` means nothing")),
                Some(WeaverStatus::Crashed) | None => None,
                Some(status) => Some(format!("it was {status}")),
            });
            let more = how.or_else(|| reading.detail.clone()).map(|how| format!(" ({how})"));
            (Outcome::Crashed, Some(format!("{NO_LAST_WORD}{}", more.unwrap_or_default())))
        }
    };
    Judged {
        has_evidence: file.is_final() || reading.end != End::Silent,
        pause: None,
        outcome,
        detail,
        plan_path: None,
        session: evidence.reading.session,
    }
}

#[cfg(test)]
mod tests {
    use orch_exec::agent::{Builtin, ExitInfo, Reading, ResultKind};
    use orch_exec::process::Exit;
    use orch_state_json::WeaverFile;
    use orch_store::Home;

    use super::*;

    const CODE: fn(i32) -> Option<ExitInfo> = |code| Some(ExitInfo { code: Some(code), signal: None });

    fn said(status: Option<&str>, iteration: u32, error: Option<&str>) -> Said {
        let file = WeaverFile {
            status: status.map(WeaverStatus::read),
            iteration: Some(iteration),
            error: error.map(str::to_owned),
            ..WeaverFile::default()
        };
        Said { file, unreadable: None }
    }

    fn judged(said: &Said, end: End, exit: Option<ExitInfo>, resumed: bool) -> Judged {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path(), "plan").unwrap();
        let profile = Builtin::Claude.profile();
        let ended = EndedAttempt {
            home: &home,
            profile: &profile,
            task: orch_core::TaskIx::new(0),
            attempt: 1,
            exit: Exit::Unknown,
            resumed,
            stopped: None,
            now: orch_core::Time::default(),
        };
        let reading = Reading { end, session: None, text: None, detail: None };
        weigh(said, 5, &ended, Evidence::new(reading, exit, ResultKind::Claude))
    }

    #[test]
    fn the_last_word_counts_and_only_without_one_the_exit() {
        use Outcome::{Crashed, Failed, Lost, Succeeded};
        let limited = Outcome::RateLimited { until: None };
        let limit = End::RateLimited { until: None };
        for (status, iteration, end, exit, outcome) in [
            (Some("complete"), 1, End::Well, CODE(0), Succeeded),
            (Some("Complete"), 9, End::Badly, CODE(1), Succeeded),
            (Some("complete"), 1, End::Silent, None, Succeeded),
            (Some("complete"), 1, limit, CODE(1), Succeeded),
            (Some("failed"), 1, End::Well, CODE(0), Failed),
            (Some("blocked"), 1, End::Well, CODE(0), Failed),
            (Some("building"), 1, End::Well, CODE(0), Crashed),
            (Some("verifying"), 4, End::Well, CODE(0), Crashed),
            (Some("fixing"), 5, End::Well, CODE(0), Failed),
            (Some("running"), 1, End::Badly, CODE(1), Crashed),
            (Some("waiting"), 1, End::Well, CODE(0), Crashed),
            (Some("crashed"), 1, End::Well, CODE(0), Crashed),
            (Some("shipped"), 1, End::Well, CODE(0), Crashed),
            (None, 1, End::Well, CODE(0), Crashed),
            (None, 1, limit, CODE(1), limited),
            (Some("building"), 1, limit, CODE(1), limited),
            (Some("fixing"), 5, limit, CODE(1), limited),
            (Some("building"), 1, End::Silent, None, Lost),
            (None, 1, End::Silent, None, Lost),
        ] {
            let judged = judged(&said(status, iteration, None), end, exit, false);
            assert_eq!(
                judged.outcome, outcome,
                "{status:?} {iteration} {end:?} {exit:?}: {:?}",
                judged.detail
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let detail = |said: &Said| judged(said, End::Well, CODE(0), false).detail.unwrap_or_default();
        assert_eq!(detail(&said(Some("failed"), 1, Some("BLOCKED: no schema"))), "BLOCKED: no schema");
        assert_eq!(detail(&said(Some("failed"), 1, None)), "it says that it failed, and not why");
        assert_eq!(
            detail(&said(Some("building"), 1, None)),
            "Session terminated without completion (it was building)"
        );
        assert_eq!(
            detail(&said(Some("shipped"), 1, None)),
            "Session terminated without completion (its status `shipped` means nothing)"
        );
        assert_eq!(detail(&said(Some("fixing"), 5, Some("tsc"))), "5 iterations without success: tsc");
        let unreadable = Said {
            unreadable: Some("its status file can't be used: ends in the middle".into()),
            ..Said::default()
        };
        assert_eq!(
            detail(&unreadable),
            "Session terminated without completion (its status file can't be used: ends in the middle)"
        );
    }

    #[test]
    fn a_session_that_is_gone_uses_no_try() {
        assert_eq!(judged(&said(None, 1, None), End::Badly, CODE(1), true).outcome, Outcome::Lost);
        assert_eq!(
            judged(&said(Some("failed"), 1, None), End::Badly, CODE(1), true).outcome,
            Outcome::Failed
        );
    }
}
