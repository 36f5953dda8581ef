//! The run against an independently written oracle, and the cases that a table tells best.

mod conditions;
mod handed;
mod oracle;
mod persons;
mod review;
mod rework;
mod take_over;
mod waves;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use orch_core::{
    Change, Event, Halt, Hold, OnFailure, OnIncomplete, Order, Outcome, Plan, PlanDraft, Policy, Readiness,
    Rejected, ReviewVerdict, Run, Status, Step, StopCause, TaskDraft, TaskIx, Time, Verdict,
};

fn plan(tasks: &[(&str, &[&str])]) -> Arc<Plan> {
    let tasks = tasks.iter().map(|(id, on)| TaskDraft::new(*id).after(on.iter().copied())).collect();
    Arc::new(Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap())
}

fn jobs(jobs: u32) -> NonZeroU32 {
    NonZeroU32::new(jobs).unwrap()
}

fn at(seconds: u64) -> Time {
    Time::from_millis(seconds * 1000)
}

fn t(place: usize) -> TaskIx {
    TaskIx::new(place)
}

/// Starts everything that may start and says what that was.
fn start_all(run: &mut Run, now: Time) -> Vec<usize> {
    let mut started = Vec::new();
    while let Step::Start(task) = run.next(now) {
        run.apply(Event::Started { task }, now).unwrap();
        started.push(task.index());
    }
    started
}

fn end(run: &mut Run, task: usize, outcome: Outcome, now: Time) -> Change {
    let attempt = run.attempt(t(task));
    run.apply(Event::Ended { task: t(task), attempt, outcome }, now).unwrap()
}

fn readiness(run: &Run, task: usize, now: Time) -> Option<Readiness> {
    run.survey(now).of(t(task))
}

const DIAMOND: [(&str, &[&str]); 4] = [("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"])];

#[test]
fn graph_order_starts_all_that_is_ready_in_plan_order() {
    let mut run = Run::new(plan(&DIAMOND), Policy { jobs: jobs(4), ..Policy::default() });
    assert_eq!(start_all(&mut run, at(0)), [0]);
    assert_eq!(readiness(&run, 1, at(0)), Some(Readiness::Waiting { on: vec![t(0)] }));
    end(&mut run, 0, Outcome::Succeeded, at(1));
    assert_eq!(start_all(&mut run, at(1)), [1, 2]);
    end(&mut run, 2, Outcome::Succeeded, at(2));
    assert_eq!(start_all(&mut run, at(2)), [] as [usize; 0]);
    end(&mut run, 1, Outcome::Succeeded, at(3));
    assert_eq!(start_all(&mut run, at(3)), [3]);
    assert_eq!(run.next(at(3)), Step::Wait(None));
    end(&mut run, 3, Outcome::Succeeded, at(4));
    assert_eq!(run.next(at(4)), Step::Done(Verdict::Success));
}

#[test]
fn list_order_goes_one_by_one_whatever_the_slots() {
    let policy = Policy { jobs: jobs(8), order: Order::List, ..Policy::default() };
    let mut run = Run::new(plan(&[("a", &[]), ("b", &[]), ("c", &[])]), policy);
    assert_eq!(start_all(&mut run, at(0)), [0]);
    assert_eq!(readiness(&run, 2, at(0)), Some(Readiness::Held(Hold::NotItsTurn { after: t(0) })));
    assert_eq!(run.apply(Event::Started { task: t(1) }, at(0)), Err(Rejected::NotReady { task: t(1) }));
    end(&mut run, 0, Outcome::Incomplete, at(1));
    assert_eq!(start_all(&mut run, at(1)), [1]);
}

#[test]
fn list_order_passes_over_what_a_failure_blocks() {
    let policy = Policy { order: Order::List, on_failure: OnFailure::KeepGoing, ..Policy::default() };
    let mut run = Run::new(plan(&[("a", &[]), ("b", &["a"]), ("c", &[])]), policy);
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::Failed, at(1));
    assert_eq!(readiness(&run, 1, at(1)), Some(Readiness::Blocked { by: vec![t(0)] }));
    assert_eq!(start_all(&mut run, at(1)), [2]);
    end(&mut run, 2, Outcome::Succeeded, at(2));
    assert_eq!(run.next(at(2)), Step::Done(Verdict::Fail));
    // A retry gives the failed one its turn back, and then what it blocked.
    run.apply(Event::Retry { task: t(0) }, at(3)).unwrap();
    assert_eq!(start_all(&mut run, at(3)), [0]);
    end(&mut run, 0, Outcome::Succeeded, at(4));
    assert_eq!(start_all(&mut run, at(4)), [1]);
}

#[test]
fn a_failure_stops_keeps_going_or_pauses() {
    for (on_failure, starts, halt) in [
        (OnFailure::Stop, vec![], Some(Halt::Failed { task: t(0) })),
        (OnFailure::Pause, vec![], Some(Halt::Failed { task: t(0) })),
        (OnFailure::KeepGoing, vec![1], None),
    ] {
        let mut run = Run::new(plan(&[("a", &[]), ("b", &[])]), Policy { on_failure, ..Policy::default() });
        start_all(&mut run, at(0));
        end(&mut run, 0, Outcome::Failed, at(1));
        assert_eq!(run.halt(), halt);
        assert_eq!(start_all(&mut run, at(1)), starts);
        if let Some(halt) = halt {
            assert_eq!(readiness(&run, 1, at(1)), Some(Readiness::Held(Hold::Halted(halt))));
            assert_eq!(run.next(at(1)), Step::Done(Verdict::Fail));
            run.apply(Event::Acknowledge, at(2)).unwrap();
            assert_eq!(start_all(&mut run, at(2)), [1]);
        }
    }
}

#[test]
fn incomplete_lets_dependents_go_holds_them_or_pauses() {
    for (on_incomplete, starts, verdict) in [
        (OnIncomplete::Release, vec![1], Verdict::Running),
        (OnIncomplete::Hold, vec![], Verdict::Stuck),
        (OnIncomplete::Pause, vec![], Verdict::Stuck),
    ] {
        let mut run =
            Run::new(plan(&[("a", &[]), ("b", &["a"])]), Policy { on_incomplete, ..Policy::default() });
        start_all(&mut run, at(0));
        end(&mut run, 0, Outcome::Incomplete, at(1));
        assert_eq!(start_all(&mut run, at(1)), starts, "{on_incomplete:?}");
        assert_eq!(run.verdict(), verdict, "{on_incomplete:?}");
        assert_eq!(run.halt().is_some(), on_incomplete == OnIncomplete::Pause);
    }
}

#[test]
fn a_failed_try_rests_and_is_tried_again_up_to_the_cap() {
    let policy = Policy { retries: 2, ..Policy::default() };
    let mut run = Run::new(plan(&[("a", &[])]), policy);
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::Failed, at(1));
    assert_eq!(readiness(&run, 0, at(1)), Some(Readiness::Held(Hold::Resting { until: at(11) })));
    assert_eq!(run.next(at(1)), Step::Wait(Some(at(11))));
    assert_eq!(start_all(&mut run, at(11)), [0]);
    end(&mut run, 0, Outcome::Crashed, at(12));
    assert_eq!(run.next(at(12)), Step::Wait(Some(at(32))), "the rest doubles");
    start_all(&mut run, at(32));
    end(&mut run, 0, Outcome::TimedOut, at(33));
    assert_eq!(run.status(t(0)), Status::Fail);
    assert_eq!((run.attempt(t(0)), run.tries(t(0))), (3, 3));
    // Asked for again, it has its tries back and its attempts go on counting.
    run.apply(Event::Retry { task: t(0) }, at(40)).unwrap();
    assert_eq!(start_all(&mut run, at(40)), [0]);
    assert_eq!((run.attempt(t(0)), run.tries(t(0))), (4, 0));
}

#[test]
fn incomplete_work_goes_on_with_what_is_left_up_to_a_cap_of_its_own() {
    let policy = Policy { incomplete_retries: 1, on_incomplete: OnIncomplete::Hold, ..Policy::default() };
    let mut run = Run::new(plan(&[("a", &[]), ("b", &["a"])]), policy.clone());
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::Incomplete, at(1));
    assert_eq!(run.next(at(1)), Step::Wait(Some(at(11))), "it rests first");
    assert_eq!(start_all(&mut run, at(11)), [0]);
    end(&mut run, 0, Outcome::Incomplete, at(12));
    assert_eq!((run.status(t(0)), run.attempt(t(0))), (Status::Incomplete, 2));
    assert_eq!(run.verdict(), Verdict::Stuck, "what needs it waits");
    // Work that only needs a way is never tried again by itself.
    let mut run = Run::new(plan(&[("a", &[]), ("b", &["a"])]), policy.clone());
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::Obstructed, at(1));
    assert_eq!((run.status(t(0)), run.tries(t(0)), run.verdict()), (Status::Incomplete, 0, Verdict::Stuck));
    assert_eq!(run.next(at(100)), Step::Done(Verdict::Stuck));
    // A failure has a cap of its own, and uses up what there was.
    let mut run = Run::new(plan(&[("a", &[])]), Policy { retries: 1, ..policy });
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::Failed, at(1));
    assert_eq!(start_all(&mut run, at(11)), [0]);
    end(&mut run, 0, Outcome::Incomplete, at(12));
    assert_eq!(run.status(t(0)), Status::Incomplete);
}

#[test]
fn a_rate_limit_uses_no_try_and_holds_all_starts() {
    let mut run = Run::new(plan(&[("a", &[]), ("b", &[])]), Policy { jobs: jobs(2), ..Policy::default() });
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::RateLimited { until: Some(at(100)) }, at(1));
    assert_eq!((run.status(t(0)), run.tries(t(0))), (Status::Pending, 0));
    assert_eq!(readiness(&run, 0, at(1)), Some(Readiness::Held(Hold::RateLimited { until: at(100) })));
    end(&mut run, 1, Outcome::Succeeded, at(2));
    assert_eq!(run.next(at(2)), Step::Wait(Some(at(100))));
    assert_eq!(start_all(&mut run, at(100)), [0]);
    // Nothing said: a minute, then doubled.
    end(&mut run, 0, Outcome::RateLimited { until: None }, at(101));
    assert_eq!(run.next(at(101)), Step::Wait(Some(at(161))));
    start_all(&mut run, at(161));
    end(&mut run, 0, Outcome::RateLimited { until: None }, at(162));
    assert_eq!(run.next(at(162)), Step::Wait(Some(at(282))));
}

#[test]
fn a_rate_limit_that_is_over_already_holds_nothing_unless_it_comes_again() {
    let mut run = Run::new(plan(&[("a", &[])]), Policy::default());
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::RateLimited { until: Some(at(5)) }, at(10));
    assert_eq!(start_all(&mut run, at(10)), [0]);
    end(&mut run, 0, Outcome::RateLimited { until: Some(at(5)) }, at(11));
    assert_eq!(run.next(at(11)), Step::Wait(Some(at(131))));
}

#[test]
fn a_rate_limit_is_remembered_over_a_restart() {
    let stood = orch_core::Standing { attempt: 1, limited_until: Some(at(100)), ..Default::default() };
    let mut run = Run::restore(plan(&[("a", &[])]), Policy::default(), |_| stood);
    assert_eq!(run.next(at(50)), Step::Wait(Some(at(100))));
    assert_eq!(start_all(&mut run, at(100)), [0]);
}

#[test]
fn a_rate_limit_beyond_patience_ends_the_run() {
    let mut run = Run::new(plan(&[("a", &[])]), Policy::default());
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::RateLimited { until: Some(at(7 * 3600)) }, at(1));
    assert_eq!(run.next(at(1)), Step::Done(Verdict::Pending));
    assert_eq!(run.halt(), Some(Halt::RateLimited { until: at(7 * 3600) }));
}

#[test]
fn a_worker_that_cannot_start_halts_the_run_and_uses_no_try() {
    let mut run = Run::new(plan(&[("a", &[]), ("b", &[])]), Policy::default());
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::CouldNotStart, at(1));
    assert_eq!((run.status(t(0)), run.tries(t(0))), (Status::Pending, 0));
    assert_eq!(run.halt(), Some(Halt::CouldNotStart { task: t(0) }));
    assert_eq!(run.next(at(1)), Step::Done(Verdict::Pending));
}

#[test]
fn time_up_is_asked_once_and_judged_as_such() {
    let policy = Policy { timeout: Some(Duration::from_secs(60)), ..Policy::default() };
    let mut run = Run::new(plan(&[("a", &[])]), policy);
    start_all(&mut run, at(0));
    assert_eq!(run.next(at(59)), Step::Wait(Some(at(60))));
    let stop = Step::Stop { task: t(0), cause: StopCause::TimedOut };
    assert_eq!(run.next(at(60)), stop);
    assert_eq!(run.next(at(61)), stop, "the same step until it is confirmed");
    run.apply(Event::StopAsked { task: t(0), cause: StopCause::TimedOut }, at(61)).unwrap();
    assert_eq!(run.next(at(62)), Step::Wait(None));
    let change = end(&mut run, 0, Outcome::Crashed, at(63));
    let Change::Moved(moved) = change else { panic!("{change:?}") };
    assert_eq!((moved.to, moved.outcome), (Status::Fail, Some(Outcome::TimedOut)));
}

#[test]
fn a_stop_ends_what_runs_and_gives_it_back() {
    let mut run = Run::new(plan(&[("a", &[]), ("b", &[])]), Policy { jobs: jobs(2), ..Policy::default() });
    start_all(&mut run, at(0));
    run.apply(Event::Stop, at(1)).unwrap();
    for _ in 0..2 {
        let Step::Stop { task, cause: StopCause::Cancelled } = run.next(at(1)) else { panic!() };
        run.apply(Event::StopAsked { task, cause: StopCause::Cancelled }, at(1)).unwrap();
    }
    assert_eq!(run.next(at(1)), Step::Wait(None));
    end(&mut run, 0, Outcome::Crashed, at(2));
    // What finished all the same has finished.
    end(&mut run, 1, Outcome::Succeeded, at(2));
    assert_eq!((run.status(t(0)), run.status(t(1))), (Status::Pending, Status::Success));
    assert_eq!(run.next(at(3)), Step::Done(Verdict::Pending));
}

#[test]
fn a_held_task_is_stopped_and_waits_for_its_release() {
    let mut run = Run::new(plan(&[("a", &[]), ("b", &[])]), Policy::default());
    start_all(&mut run, at(0));
    run.apply(Event::Hold { task: t(0), why: "stopped by hand".into() }, at(1)).unwrap();
    assert_eq!(run.next(at(1)), Step::Stop { task: t(0), cause: StopCause::Cancelled });
    run.apply(Event::StopAsked { task: t(0), cause: StopCause::Cancelled }, at(1)).unwrap();
    end(&mut run, 0, Outcome::Crashed, at(2));
    assert_eq!(readiness(&run, 0, at(2)), Some(Readiness::Held(Hold::Asked("stopped by hand".into()))));
    assert_eq!(start_all(&mut run, at(2)), [1], "the rest goes on");
    end(&mut run, 1, Outcome::Succeeded, at(3));
    assert_eq!(run.next(at(3)), Step::Done(Verdict::Stuck));
    run.apply(Event::Release { task: t(0) }, at(4)).unwrap();
    assert_eq!(start_all(&mut run, at(4)), [0]);
}

#[test]
fn tasks_that_share_a_claim_never_run_together() {
    let claiming = |id: &str, claims: &[&str]| TaskDraft {
        claims: claims.iter().map(|&claim| claim.into()).collect(),
        ..TaskDraft::new(id)
    };
    let tasks = vec![
        claiming("a", &["f", "f"]),
        claiming("b", &["g", "f"]),
        claiming("c", &["g"]),
        claiming("d", &[]),
    ];
    let plan = Arc::new(Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap());
    let mut run = Run::new(plan, Policy { jobs: jobs(4), ..Policy::default() });
    assert_eq!(start_all(&mut run, at(0)), [0, 2, 3]);
    assert_eq!(
        readiness(&run, 1, at(0)),
        Some(Readiness::Held(Hold::Claimed { claim: "g".into(), by: t(2) }))
    );
    end(&mut run, 2, Outcome::Succeeded, at(1));
    assert_eq!(start_all(&mut run, at(1)), [] as [usize; 0]);
    end(&mut run, 0, Outcome::Failed, at(2));
    assert_eq!(run.halt(), Some(Halt::Failed { task: t(0) }));
    run.apply(Event::Acknowledge, at(2)).unwrap();
    assert_eq!(start_all(&mut run, at(2)), [1]);
}

#[test]
fn an_old_result_does_not_count() {
    let mut run = Run::new(plan(&[("a", &[])]), Policy::default());
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::Cancelled, at(1));
    start_all(&mut run, at(2));
    let old = run.apply(Event::Ended { task: t(0), attempt: 1, outcome: Outcome::Succeeded }, at(3));
    assert_eq!(old, Err(Rejected::OldAttempt { task: t(0), attempt: 1, current: 2 }));
    assert_eq!(run.status(t(0)), Status::Running);
}

/// What is in a task's way is counted: the same thing told twice must not count twice.
#[test]
fn what_is_said_twice_holds_once() {
    let hold = |run: &mut Run| run.apply(Event::Hold { task: t(0), why: "by hand".into() }, at(0)).unwrap();
    let release = |run: &mut Run| run.apply(Event::Release { task: t(0) }, at(0)).unwrap();
    let mut run = Run::new(plan(&DIAMOND), Policy::default());
    hold(&mut run);
    hold(&mut run);
    assert_eq!(readiness(&run, 0, at(0)), Some(Readiness::Held(Hold::Asked("by hand".into()))));
    release(&mut run);
    release(&mut run);
    assert_eq!(run.next(at(0)), Step::Start(t(0)));
    run.select([t(3)]);
    run.select([t(3)]);
    assert_eq!(run.next(at(0)), Step::Done(Verdict::Pending));
    run.select([t(0)]);
    assert_eq!(start_all(&mut run, at(0)), [0]);
    end(&mut run, 0, Outcome::Succeeded, at(1));
    run.select(DIAMOND.iter().enumerate().map(|(place, _)| t(place)));
    assert_eq!(start_all(&mut run, at(1)), [1]);
}
