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

fn weigh(said: &Said, most_iterations: u32, ended: &EndedAttempt<'_>, evidence: Evidence) -> Judged {
    let reading = &evidence.reading;
    let gone = ended.resumed && evidence.session_is_gone();
    let file = &said.file;
    let error = || file.error.clone();
    let over = file.iteration.is_some_and(|iteration| iteration >= most_iterations);
    let (outcome, detail) = match &file.status {
        Some(WeaverStatus::Complete) => (Outcome::Succeeded, None),
        Some(WeaverStatus::Failed | WeaverStatus::Blocked) => {
            (Outcome::Failed, error().or_else(|| Some("it says that it failed, and not why".into())))
        }
        _ if gone => (
            Outcome::Lost,
            Some("the session it was to go on with is gone; the next attempt starts afresh".into()),
        ),
        _ if matches!(reading.end, End::RateLimited { .. }) => {
            let End::RateLimited { until } = reading.end else { unreachable!("it was looked at") };
            (Outcome::RateLimited { until }, reading.detail.clone())
        }
        _ if over => {
            let why = error().map(|error| format!(": {error}")).unwrap_or_default();
            (Outcome::Failed, Some(format!("{most_iterations} iterations without success{why}")))
        }
        _ if evidence.exit.is_none() && reading.end == End::Silent => (Outcome::Lost, None),
        status => {
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
        outcome,
        detail,
        plan_path: None,
        session: evidence.reading.session,
    }
}
