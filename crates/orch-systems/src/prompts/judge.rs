//! What an ended attempt means: evidence first, claims second.

use std::io;

use orch_core::Outcome;
use orch_exec::agent::{End, ExitInfo, Reading, ResultKind};
use orch_state_md::report::{ReportStatus, RunReport, read_run_report};
use orch_store::read_regular;

use crate::evidence::{Evidence, said};
use crate::system::{EndedAttempt, Judged};

/// The most that is read of a result file.
const LONGEST_RESULT: u64 = 1 << 20;

/// Judges an attempt by its exit, its log and the result it may have written.
///
/// The report's first status decides where there is a report (seed 002). Without one, the exit status does for workers
/// that were not asked for a report; an agent that was asked for one and left none has not done what it was told.
///
/// # Errors
/// When its log is there and can't be read: then nobody can say, and nothing is to be made up.
pub(crate) fn judge(task: &str, ended: &EndedAttempt<'_>) -> io::Result<Judged> {
    let evidence = Evidence::of(task, ended)?;
    // Only a file counts as a result; whatever else a worker put there is none.
    let result = read_regular(&ended.home.result(task, ended.attempt), LONGEST_RESULT).ok();
    let result = result.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let report = result.as_deref().and_then(read_run_report);
    let report = report.or_else(|| evidence.reading.text.as_deref().and_then(read_run_report));
    let gone = ended.resumed && evidence.session_is_gone();
    Ok(weigh(ended.profile.result, evidence.reading, report, evidence.exit, gone))
}

fn weigh(
    kind: ResultKind,
    reading: Reading,
    report: Option<RunReport>,
    exit: Option<ExitInfo>,
    gone: bool,
) -> Judged {
    let asked_for_report = !matches!(kind, ResultKind::Exit | ResultKind::Report);
    let status = report.as_ref().and_then(|report| report.status);
    let has_evidence = status.is_some() || (reading.end != End::Silent && asked_for_report);
    let exit_said = exit.map(|exit| said(exit, "unknown"));
    let judge = |outcome, detail: Option<String>| (outcome, detail.or(reading.detail.clone()));
    let (outcome, detail) = match (reading.end, &report, status) {
        _ if gone => judge(
            Outcome::Lost,
            Some("the session it was to go on with is gone; the next attempt starts afresh".into()),
        ),
        (_, Some(_), Some(ReportStatus::Fail)) => judge(Outcome::Failed, Some("its report says FAIL".into())),
        (_, Some(report), Some(ReportStatus::Incomplete)) => {
            judge(Outcome::Incomplete, Some(incomplete(report)))
        }
        (End::RateLimited { until }, ..) => judge(Outcome::RateLimited { until }, None),
        (End::Well, Some(_), Some(ReportStatus::Success)) => judge(Outcome::Succeeded, None),
        (_, Some(_), Some(ReportStatus::Success)) if exit.is_none() => judge(Outcome::Succeeded, None),
        (_, Some(_), Some(ReportStatus::Success)) => {
            let said = exit_said.unwrap_or_default();
            judge(Outcome::Failed, Some(format!("its report says SUCCESS, but it ended badly ({said})")))
        }
        (End::Well, Some(report), None) => {
            let written = report.status_written.as_deref();
            let why = written.map_or("its report has no status".to_owned(), |written| {
                format!("its report has a status that is none of SUCCESS, FAIL, INCOMPLETE: `{written}`")
            });
            judge(Outcome::Crashed, Some(why))
        }
        (End::Well, None, _) if asked_for_report => {
            judge(Outcome::Crashed, Some("it ended without the report it was asked for".into()))
        }
        (End::Well, None, _) if kind == ResultKind::Report => {
            judge(Outcome::Succeeded, Some("no report; its exit status (0) decided".into()))
        }
        (End::Well, None, _) => judge(Outcome::Succeeded, None),
        (End::Badly, ..) if kind == ResultKind::Report => {
            let said = reading.detail.clone().or(exit_said).unwrap_or_default();
            judge(Outcome::Failed, Some(format!("no report; its exit status decided ({said})")))
        }
        (End::Badly, ..) => judge(Outcome::Failed, None),
        (End::Silent, ..) if exit.is_none() => judge(Outcome::Lost, None),
        (End::Silent, ..) => judge(Outcome::Crashed, None),
    };
    Judged {
        outcome,
        detail,
        plan_path: report.and_then(|report| report.plan),
        session: reading.session,
        has_evidence,
        pause: None,
    }
}

fn incomplete(report: &RunReport) -> String {
    match report.unmet.iter().find(|line| !line.eq_ignore_ascii_case("none")) {
        Some(first) => format!("its report says INCOMPLETE: {first}"),
        None => "its report says INCOMPLETE".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(end: End) -> Reading {
        Reading { end, session: Some("s".into()), text: None, detail: None }
    }

    fn report(status: &str) -> Option<RunReport> {
        read_run_report(&format!("# ORCHESTRATOR RUN REPORT\n{status}\n\n## Plan Review\nStatus: APPROVED\n"))
    }

    const OK: Option<ExitInfo> = Some(ExitInfo { code: Some(0), signal: None });
    const BAD: Option<ExitInfo> = Some(ExitInfo { code: Some(2), signal: None });

    #[test]
    fn evidence_decides() {
        use Outcome::{Crashed, Failed, Incomplete, Succeeded};
        use ResultKind::{Claude, Exit, Report};
        for (kind, end, said, exit, outcome) in [
            (Report, End::Well, Some("Status: SUCCESS"), OK, Succeeded),
            (Report, End::Well, Some("Status: INCOMPLETE"), OK, Incomplete),
            (Report, End::Badly, Some("Status: INCOMPLETE"), BAD, Incomplete),
            (Report, End::Well, Some("Status: FAIL"), OK, Failed),
            (Report, End::Badly, Some("Status: SUCCESS"), BAD, Failed),
            (Report, End::Well, Some("Status: SUCCESS\nStatus: FAIL"), OK, Succeeded),
            (Report, End::Well, Some("```\nStatus: SUCCESS\n```"), OK, Crashed),
            (Report, End::Well, Some("Status: DONE"), OK, Crashed),
            (Report, End::Well, None, OK, Succeeded),
            (Report, End::Badly, None, BAD, Failed),
            (Exit, End::Well, None, OK, Succeeded),
            (Exit, End::Badly, None, BAD, Failed),
            (Claude, End::Well, Some("Status: SUCCESS"), OK, Succeeded),
            (Claude, End::Well, None, OK, Crashed),
            (Claude, End::Badly, None, BAD, Failed),
            (Claude, End::Silent, None, OK, Crashed),
            (Claude, End::Silent, Some("Status: SUCCESS"), None, Succeeded),
            (Claude, End::Silent, None, None, Outcome::Lost),
            (Report, End::RateLimited { until: None }, Some("Status: FAIL"), BAD, Failed),
            (Claude, End::RateLimited { until: None }, None, BAD, Outcome::RateLimited { until: None }),
        ] {
            let judged = weigh(kind, reading(end), said.and_then(report), exit, false);
            assert_eq!(judged.outcome, outcome, "{kind:?} {end:?} {said:?} {exit:?}: {:?}", judged.detail);
        }
    }

    #[test]
    fn a_session_that_is_gone_uses_no_try() {
        for end in [End::Badly, End::Silent] {
            assert_eq!(weigh(ResultKind::Claude, reading(end), None, BAD, true).outcome, Outcome::Lost);
        }
        assert_eq!(weigh(ResultKind::Claude, reading(End::Badly), None, BAD, false).outcome, Outcome::Failed);
    }

    #[test]
    fn without_a_report_the_attempt_says_what_decided() {
        let judged = weigh(ResultKind::Report, reading(End::Well), None, OK, false);
        assert_eq!(judged.detail.as_deref(), Some("no report; its exit status (0) decided"));
        assert!(!judged.has_evidence);
    }
}
