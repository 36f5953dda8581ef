//! What an ended attempt means: evidence first, claims second.

use std::fs::File;
use std::io::{self, BufReader};
use std::time::UNIX_EPOCH;

use orch_core::{Outcome, Time};
use orch_exec::agent::{End, ExitInfo, Reading, ResultKind, read};
use orch_exec::process::Exit;
use orch_state_md::report::{ReportStatus, RunReport, read_run_report};
use orch_store::{open_regular, read_regular};

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
    let &EndedAttempt { home, profile, attempt, exit, resumed, now, .. } = ended;
    let exit = match exit {
        Exit::Code(code) => Some(ExitInfo { code: Some(code), signal: None }),
        Exit::Signal(signal) => Some(ExitInfo { code: None, signal: Some(signal) }),
        Exit::Unknown => None,
    };
    let path = home.log(task, attempt);
    let failed = |error: io::Error| {
        io::Error::new(error.kind(), format!("can't read the log {}: {error}", path.display()))
    };
    let reading = match open_regular(&path) {
        Ok(log) => {
            let now = written_at(&log).map_err(failed)?.min(now);
            read(&profile.result, &profile.rate_limit, BufReader::new(log), exit, now).map_err(failed)?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => silent("it left no log"),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            silent("it put something else in the place of its log")
        }
        Err(error) => return Err(failed(error)),
    };
    // Only a file counts as a result; whatever else a worker put there is none.
    let result = read_regular(&home.result(task, attempt), LONGEST_RESULT).ok();
    let result = result.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let report = result.as_deref().and_then(read_run_report);
    let report = report.or_else(|| reading.text.as_deref().and_then(read_run_report));
    Ok(weigh(profile.result, reading, report, exit, resumed))
}

fn silent(why: &str) -> Reading {
    Reading { end: End::Silent, session: None, text: None, detail: Some(why.to_owned()) }
}

/// When a log was written to last. What it says of a time ("try again at 2:45") was meant then, which may be long ago
/// when no orch was there to see the end.
fn written_at(log: &File) -> std::io::Result<Time> {
    let since = log.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Time::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
}

fn weigh(
    kind: ResultKind,
    reading: Reading,
    report: Option<RunReport>,
    exit: Option<ExitInfo>,
    resumed: bool,
) -> Judged {
    let asked_for_report = !matches!(kind, ResultKind::Exit | ResultKind::Report);
    let gone = resumed && reading.session.is_none() && asked_for_report && gave_up(reading.end, exit);
    let status = report.as_ref().and_then(|report| report.status);
    let has_evidence = status.is_some() || (reading.end != End::Silent && asked_for_report);
    let exit_said = exit.map(said);
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
    }
}

/// Whether the program itself ended the attempt as failed. Of a session that is gone most say so on stderr only, and
/// exit; what a signal ended (128 and its number, with a receipt) did not give up.
fn gave_up(end: End, exit: Option<ExitInfo>) -> bool {
    match end {
        End::Badly => true,
        End::Silent => {
            exit.and_then(|exit| exit.code).is_some_and(|code| !matches!(code, 0 | 129 | 130 | 137 | 143))
        }
        End::Well | End::RateLimited { .. } => false,
    }
}

fn incomplete(report: &RunReport) -> String {
    match report.unmet.iter().find(|line| !line.eq_ignore_ascii_case("none")) {
        Some(first) => format!("its report says INCOMPLETE: {first}"),
        None => "its report says INCOMPLETE".into(),
    }
}

fn said(exit: ExitInfo) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown".into(),
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
        let dead = Reading { session: None, ..reading(End::Badly) };
        assert_eq!(weigh(ResultKind::Claude, dead.clone(), None, BAD, true).outcome, Outcome::Lost);
        assert_eq!(weigh(ResultKind::Claude, dead, None, BAD, false).outcome, Outcome::Failed);
        // codex, opencode and gemini print nothing on stdout then.
        let silent = Reading { session: None, ..reading(End::Silent) };
        let killed = Some(ExitInfo { code: Some(143), signal: None });
        for (exit, outcome) in [(BAD, Outcome::Lost), (killed, Outcome::Crashed), (None, Outcome::Lost)] {
            assert_eq!(
                weigh(ResultKind::Codex, silent.clone(), None, exit, true).outcome,
                outcome,
                "{exit:?}"
            );
        }
        assert_eq!(weigh(ResultKind::Codex, silent, None, BAD, false).outcome, Outcome::Crashed);
    }

    #[test]
    fn without_a_report_the_attempt_says_what_decided() {
        let judged = weigh(ResultKind::Report, reading(End::Well), None, OK, false);
        assert_eq!(judged.detail.as_deref(), Some("no report; its exit status (0) decided"));
        assert!(!judged.has_evidence);
    }
}
