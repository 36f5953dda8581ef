//! What the end of an attempt means: where the stream's tasks stand, and only where they say nothing, how its process
//! ended.

use std::io;

use orch_core::Outcome;
use orch_exec::agent::End;
use orch_state_sqlite::TaskStatus;

use super::ledger::Stands;
use super::traces::RULE;
use crate::evidence::{Evidence, said};
use crate::system::{EndedAttempt, Judged};

/// What is said of an end that nobody saw.
const UNKNOWN: &str = "an unknown end";

/// The most tasks that a line names.
const NAMED: usize = 3;

/// Judges an attempt by where the tasks of its stream stand now. `before` is where they stood when it began, if this very
/// orch began it.
///
/// # Errors
/// When its log is there and can't be read.
pub(super) fn judge(
    id: &str,
    stands: &Stands,
    before: Option<&Stands>,
    ended: &EndedAttempt<'_>,
) -> io::Result<Judged> {
    let evidence = Evidence::of(id, ended)?;
    let gone = ended.resumed && evidence.session_is_gone();
    let cut_off = ended.stopped.is_some();
    Ok(weigh(stands, before, evidence, gone, cut_off))
}

fn weigh(stands: &Stands, before: Option<&Stands>, evidence: Evidence, gone: bool, cut_off: bool) -> Judged {
    let Evidence { reading, exit, .. } = evidence;
    let is_complete = stands.is_complete();
    let (outcome, detail) = match reading.end {
        _ if stands.tasks.is_empty() => {
            let why = "all of its tasks were archived or deleted while it was worked on";
            (Outcome::Failed, Some(why.into()))
        }
        _ if is_complete => {
            let badly = exit.filter(|exit| exit.code != Some(0)).map(|exit| {
                format!("it ended badly ({}), and all of its tasks are done", said(exit, UNKNOWN))
            });
            (Outcome::Succeeded, badly)
        }
        _ if gone => {
            let why = "the session it was to go on with is gone; the next attempt starts afresh";
            (Outcome::Lost, Some(why.into()))
        }
        End::RateLimited { until } => (Outcome::RateLimited { until }, reading.detail.clone()),
        _ if stands.is_blocked() => (Outcome::Failed, Some(blocked(stands))),
        // Whoever was told to stop has not said that this is all.
        _ if exit.is_none() || cut_off => (Outcome::Lost, reading.detail.clone()),
        _ => {
            let ended_well = exit.is_some_and(|exit| exit.code == Some(0));
            let left = left(stands, before.filter(|_| ended_well));
            // Of a worker that said nothing, the heading of its log is all there is to read.
            let detail = reading.detail.as_deref().filter(|detail| !detail.ends_with(RULE));
            let why = match (exit.filter(|exit| exit.code != Some(0)), detail) {
                (Some(exit), Some(detail)) if detail.starts_with(&said(exit, UNKNOWN)) => {
                    format!("{left}; {detail}")
                }
                (Some(exit), Some(detail)) => {
                    format!("{left}; it ended with {}: {detail}", said(exit, UNKNOWN))
                }
                (Some(exit), None) => format!("{left}; it ended with {}", said(exit, UNKNOWN)),
                (None, _) => left,
            };
            (Outcome::Incomplete, Some(why))
        }
    };
    Judged {
        outcome,
        detail,
        plan_path: None,
        session: reading.session,
        has_evidence: is_complete || stands.is_blocked() || stands.tasks.is_empty(),
        pause: None,
    }
}

fn blocked(stands: &Stands) -> String {
    let one = |(id, reason): &(String, Option<String>)| match reason.as_deref().map(str::trim) {
        Some(reason) if !reason.is_empty() => format!("{id} ({})", reason.lines().next().unwrap_or_default()),
        _ => format!("{id} (it is not said why)"),
    };
    let named: Vec<String> = stands.blocked.iter().take(NAMED).map(one).collect();
    format!("blocked: {}{}", named.join(", "), more(stands.blocked.len()))
}

fn left(stands: &Stands, before: Option<&Stands>) -> String {
    let total = stands.tasks.len();
    let left: Vec<&str> = stands.left().collect();
    let count = left.len();
    if before == Some(stands) && stands.tasks.iter().all(|(_, status)| *status != TaskStatus::InProgress) {
        return format!(
            "none of its tasks was touched, {count} of {total} are left: its agent has to call task_update, of the server \
             that `orch mcp` is"
        );
    }
    let named = left.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    format!("{count} of {total} tasks left: {named}{}", more(count))
}

fn more(count: usize) -> String {
    match count.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use orch_exec::agent::{ExitInfo, Reading, ResultKind};

    use super::*;

    fn stands(tasks: &[TaskStatus]) -> Stands {
        let tasks: Vec<(String, TaskStatus)> =
            tasks.iter().enumerate().map(|(at, status)| (format!("TASK-{at}"), *status)).collect();
        let is_blocked = |(_, status): &&(String, TaskStatus)| *status == TaskStatus::Blocked;
        let blocked = tasks.iter().filter(is_blocked).map(|(id, _)| (id.clone(), Some("no key".into())));
        Stands { blocked: blocked.collect(), tasks }
    }

    fn judged(stands: &Stands, before: Option<&Stands>, end: End, exit: Option<i32>) -> Judged {
        let reading = Reading { end, session: None, text: None, detail: None };
        let exit = exit.map(|code| ExitInfo { code: Some(code), signal: None });
        weigh(stands, before, Evidence::new(reading, exit, ResultKind::Claude), false, false)
    }

    #[test]
    fn the_tasks_decide() {
        use TaskStatus::{Blocked, Cancelled, Completed, InProgress, Pending};
        let limited = End::RateLimited { until: None };
        for (tasks, end, exit, outcome, says) in [
            (&[Completed, Cancelled][..], End::Well, Some(0), Outcome::Succeeded, ""),
            (&[Completed], End::Badly, Some(3), Outcome::Succeeded, "ended badly (exit code 3)"),
            (&[Completed], End::Silent, None, Outcome::Succeeded, ""),
            (&[Completed], limited, Some(1), Outcome::Succeeded, ""),
            (&[Completed, Pending], End::Well, Some(0), Outcome::Incomplete, "1 of 2 tasks left: TASK-1"),
            (&[InProgress, Blocked], End::Well, Some(0), Outcome::Incomplete, "2 of 2"),
            (&[Pending], End::Badly, Some(7), Outcome::Incomplete, "exit code 7"),
            (&[Completed, Blocked], End::Well, Some(0), Outcome::Failed, "blocked: TASK-1 (no key)"),
            (&[Blocked], End::Silent, None, Outcome::Failed, "blocked"),
            (&[Pending], limited, Some(1), Outcome::RateLimited { until: None }, ""),
            (&[Pending], End::Silent, None, Outcome::Lost, ""),
        ] {
            let judged = judged(&stands(tasks), None, end, exit);
            assert_eq!(judged.outcome, outcome, "{tasks:?} {end:?} {exit:?}");
            assert!(judged.detail.as_deref().unwrap_or_default().contains(says), "{:?}", judged.detail);
        }
    }

    #[test]
    fn a_worker_that_never_says_anything_is_told_from_one_that_is_not_done() {
        use TaskStatus::{Completed, Pending};
        let (none, some) = (stands(&[Pending, Pending]), stands(&[Completed, Pending]));
        let detail =
            |before: &Stands, now: &Stands| judged(now, Some(before), End::Well, Some(0)).detail.unwrap();
        assert!(detail(&none, &none).contains("task_update"));
        assert!(!detail(&none, &some).contains("task_update"));
    }

    #[test]
    fn who_was_stopped_and_who_has_no_tasks_any_more_are_not_done() {
        let reading = || Reading { end: End::Badly, session: None, text: None, detail: None };
        let exit = Some(ExitInfo { code: Some(143), signal: None });
        let evidence = || Evidence::new(reading(), exit, ResultKind::Exit);
        let of = |tasks: &[TaskStatus]| weigh(&stands(tasks), None, evidence(), false, true).outcome;
        assert_eq!(of(&[TaskStatus::Pending]), Outcome::Lost);
        assert_eq!(of(&[TaskStatus::Completed]), Outcome::Succeeded);
        assert_eq!(of(&[]), Outcome::Failed);
        let killed = weigh(
            &stands(&[TaskStatus::Pending]),
            Some(&stands(&[TaskStatus::Pending])),
            evidence(),
            false,
            false,
        );
        assert!(!killed.detail.unwrap().contains("task_update"), "its agent is not to blame");
    }

    #[test]
    fn how_it_ended_is_said_once() {
        let pending = stands(&[TaskStatus::Pending]);
        for (detail, why) in [
            (Some("exit code 7: no such file"), "1 of 1 tasks left: TASK-0; exit code 7: no such file"),
            (Some("overloaded"), "1 of 1 tasks left: TASK-0; it ended with exit code 7: overloaded"),
            (Some(RULE), "1 of 1 tasks left: TASK-0; it ended with exit code 7"),
            (None, "1 of 1 tasks left: TASK-0; it ended with exit code 7"),
        ] {
            let detail = detail.map(str::to_owned);
            let reading = Reading { end: End::Badly, session: None, text: None, detail };
            let exit = Some(ExitInfo { code: Some(7), signal: None });
            let judged = weigh(&pending, None, Evidence::new(reading, exit, ResultKind::Exit), false, false);
            assert_eq!(judged.detail.as_deref(), Some(why));
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let judged = judged(&stands(&[TaskStatus::Pending; 9]), None, End::Well, Some(0));
        assert_eq!(judged.detail.unwrap(), "9 of 9 tasks left: TASK-0, TASK-1, TASK-2 and 6 more");
    }
}
