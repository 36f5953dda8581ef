//! The run against an independently written oracle, and the cases that a table tells best.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use orch_core::{
    Change, Event, Halt, Hold, OnFailure, OnIncomplete, Order, Outcome, Plan, PlanDraft, Policy, Readiness,
    Rejected, ReviewVerdict, Run, Status, Step, StopCause, TaskDraft, TaskIx, Time, Verdict,
};
use proptest::prelude::*;

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

mod rework {
    use super::*;

    fn policy(reworks: u32, retries: u32) -> Policy {
        Policy { reworks, retries, on_failure: OnFailure::KeepGoing, ..Policy::default() }
    }

    /// What became of the only task of a plan after these ends, and how many tries and reworks that took.
    fn after(policy: Policy, ends: &[Outcome]) -> (Status, u32, u32) {
        let mut run = Run::new(plan(&[("a", &[])]), policy);
        let mut now = at(0);
        for &outcome in ends {
            if let Step::Wait(Some(until)) = run.next(now) {
                now = until;
            }
            assert_eq!(start_all(&mut run, now), [0], "before {outcome}");
            now = now + Duration::from_secs(1);
            end(&mut run, 0, outcome, now);
        }
        (run.status(t(0)), run.tries(t(0)), run.reworks(t(0)))
    }

    #[test]
    fn rejected_work_goes_back_up_to_its_own_cap() {
        use Outcome::{Cancelled, Failed, Lost, RateLimited, Rejected, Succeeded};
        let capped = |max_attempts| Policy { max_attempts, ..policy(5, 5) };
        for (policy, ends, stands) in [
            (policy(0, 5), &[Rejected] as &[Outcome], (Status::Fail, 0, 0)),
            (policy(1, 0), &[Rejected], (Status::Pending, 0, 1)),
            (policy(1, 0), &[Rejected, Rejected], (Status::Fail, 0, 1)),
            (policy(2, 0), &[Rejected, Rejected, Succeeded], (Status::Success, 1, 2)),
            // Reworks and retries use up nothing of each other, in any order.
            (policy(1, 1), &[Rejected, Failed], (Status::Pending, 1, 1)),
            (policy(1, 1), &[Failed, Rejected], (Status::Pending, 1, 1)),
            (policy(1, 1), &[Rejected, Failed, Rejected], (Status::Fail, 1, 1)),
            (policy(1, 1), &[Rejected, Failed, Failed], (Status::Fail, 2, 1)),
            (policy(2, 0), &[Rejected, Failed], (Status::Fail, 1, 1)),
            // What says nothing of the work counts for neither.
            (
                policy(2, 0),
                &[Rejected, Lost, Cancelled, RateLimited { until: None }, Rejected, Lost],
                (Status::Pending, 0, 2),
            ),
            (capped(2), &[Rejected, Rejected], (Status::Fail, 0, 1)),
            (capped(2), &[Failed, Rejected], (Status::Fail, 1, 0)),
        ] {
            assert_eq!(after(policy.clone(), ends), stands, "{ends:?} with {policy:?}");
        }
    }

    #[test]
    fn it_is_recorded_and_goes_back_without_a_rest() {
        let mut run = Run::new(plan(&[("a", &[])]), policy(1, 0));
        start_all(&mut run, at(0));
        let Change::Moved(moved) = end(&mut run, 0, Outcome::Rejected, at(1)) else { panic!() };
        assert_eq!((moved.from, moved.to), (Status::Running, Status::Pending));
        assert_eq!((moved.outcome, moved.tries, moved.reworks), (Some(Outcome::Rejected), 0, 1));
        assert_eq!(start_all(&mut run, at(1)), [0]);
        let Change::Moved(moved) = end(&mut run, 0, Outcome::Rejected, at(2)) else { panic!() };
        assert_eq!((moved.to, moved.outcome, moved.reworks), (Status::Fail, Some(Outcome::Rejected), 1));
        // Asked for again, it has its reworks back.
        let Change::Moved(moved) = run.apply(Event::Retry { task: t(0) }, at(3)).unwrap() else { panic!() };
        assert_eq!((moved.to, moved.reworks), (Status::Pending, 0));
        start_all(&mut run, at(3));
        end(&mut run, 0, Outcome::Rejected, at(4));
        assert_eq!((run.status(t(0)), run.reworks(t(0))), (Status::Pending, 1));
    }

    #[test]
    fn too_often_rejected_is_a_failure_like_any_other() {
        let mut run = Run::new(plan(&[("a", &[]), ("b", &[])]), Policy::default());
        start_all(&mut run, at(0));
        end(&mut run, 0, Outcome::Rejected, at(1));
        assert_eq!(run.halt(), Some(Halt::Failed { task: t(0) }));
        assert_eq!(run.next(at(1)), Step::Done(Verdict::Fail));
    }

    #[test]
    fn it_goes_before_new_work_and_otherwise_in_plan_order() {
        let tasks: [(&str, &[&str]); 4] = [("a", &[]), ("b", &[]), ("c", &[]), ("d", &[])];
        let mut run = Run::new(plan(&tasks), policy(1, 1));
        run.apply(Event::Hold { task: t(0), why: String::new() }, at(0)).unwrap();
        assert_eq!(start_all(&mut run, at(0)), [1]);
        end(&mut run, 1, Outcome::Rejected, at(1));
        run.apply(Event::Release { task: t(0) }, at(1)).unwrap();
        assert_eq!(run.next(at(1)), Step::Start(t(1)), "a is before it in the plan, and new");
        // Its first turn after a failed try, too, once it has rested.
        start_all(&mut run, at(1));
        end(&mut run, 1, Outcome::Failed, at(2));
        assert_eq!(start_all(&mut run, at(3)), [0]);
        end(&mut run, 0, Outcome::Succeeded, at(20));
        assert_eq!(start_all(&mut run, at(20)), [1]);
        end(&mut run, 1, Outcome::Succeeded, at(21));
        assert_eq!(start_all(&mut run, at(21)), [2]);
    }

    #[test]
    fn its_claim_and_its_place_in_the_list_stay_its_own() {
        let claiming = |id: &str| TaskDraft { claims: vec!["f".into()], ..TaskDraft::new(id) };
        let tasks = vec![claiming("a"), claiming("b"), TaskDraft::new("c")];
        let plan = Arc::new(Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap());
        for (order, others) in [(Order::Graph, vec![0, 2]), (Order::List, vec![0])] {
            let policy = Policy { jobs: jobs(2), order, ..policy(1, 0) };
            let mut run = Run::new(Arc::clone(&plan), policy);
            assert_eq!(start_all(&mut run, at(0)), others);
            end(&mut run, 0, Outcome::Rejected, at(1));
            assert_eq!(start_all(&mut run, at(1)), [0], "{order:?}");
        }
    }

    #[test]
    fn the_count_and_the_precedence_outlive_a_restart() {
        let stood = |task: TaskIx| orch_core::Standing {
            attempt: 1,
            reworks: u32::from(task == t(1)),
            ..Default::default()
        };
        let mut run = Run::restore(plan(&[("a", &[]), ("b", &[])]), policy(1, 0), stood);
        assert_eq!(start_all(&mut run, at(0)), [1]);
        end(&mut run, 1, Outcome::Rejected, at(1));
        assert_eq!(run.status(t(1)), Status::Fail);
    }

    #[test]
    fn told_to_end_it_is_not_rejected() {
        for (cause, outcome) in
            [(StopCause::TimedOut, Outcome::TimedOut), (StopCause::Cancelled, Outcome::Cancelled)]
        {
            assert_eq!(Outcome::Rejected.after_stop(Some(cause)), outcome);
            let mut run = Run::new(plan(&[("a", &[])]), policy(1, 1));
            start_all(&mut run, at(0));
            run.apply(Event::StopAsked { task: t(0), cause }, at(1)).unwrap();
            end(&mut run, 0, Outcome::Rejected, at(2));
            assert_eq!((run.status(t(0)), run.reworks(t(0))), (Status::Pending, 0));
        }
        assert_eq!(Outcome::Rejected.after_stop(None), Outcome::Rejected);
    }

    #[test]
    fn a_provider_that_let_it_come_this_far_does_not_refuse_in_a_row() {
        let mut run = Run::new(plan(&[("a", &[])]), policy(1, 0));
        let limited = Outcome::RateLimited { until: None };
        start_all(&mut run, at(0));
        end(&mut run, 0, limited, at(0));
        start_all(&mut run, at(60));
        end(&mut run, 0, Outcome::Rejected, at(60));
        start_all(&mut run, at(60));
        end(&mut run, 0, limited, at(60));
        assert_eq!(run.next(at(60)), Step::Wait(Some(at(120))), "a minute, not doubled");
    }
}

mod conditions {
    use super::*;

    /// `a` awaits x and y; `b` needs `a` and awaits x; `c` is free.
    fn awaiting(policy: Policy) -> Run {
        let awaits = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        let tasks = vec![
            TaskDraft { awaits: awaits(&["x", "y", "x"]), ..TaskDraft::new("a") },
            TaskDraft { awaits: awaits(&["x"]), ..TaskDraft::new("b").after(["a"]) },
            TaskDraft::new("c"),
        ];
        let plan = Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap();
        assert_eq!(plan.conditions().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(plan.awaited(t(0)).collect::<Vec<_>>(), ["x", "y"]);
        Run::new(Arc::new(plan), policy)
    }

    fn holds(run: &mut Run, condition: &str, now: Time) {
        let event = Event::Holds { condition: condition.into() };
        assert_eq!(run.apply(event, now), Ok(Change::Unrecorded));
    }

    fn awaits(what: &str) -> Option<Readiness> {
        Some(Readiness::Held(Hold::Awaits { what: what.into() }))
    }

    #[test]
    fn nothing_starts_before_all_that_it_awaits_holds() {
        for order in [Order::Graph, Order::List] {
            let mut run = awaiting(Policy { order, jobs: jobs(4), ..Policy::default() });
            assert_eq!(readiness(&run, 0, at(0)), awaits("x"));
            assert_eq!(readiness(&run, 1, at(0)), Some(Readiness::Waiting { on: vec![t(0)] }));
            assert_eq!(
                run.apply(Event::Started { task: t(0) }, at(0)),
                Err(Rejected::NotReady { task: t(0) })
            );
            assert_eq!(start_all(&mut run, at(0)), [2], "{order:?}: the rest goes on");
            end(&mut run, 2, Outcome::Succeeded, at(1));
            holds(&mut run, "x", at(2));
            holds(&mut run, "x", at(2));
            assert!(run.holds("x") && !run.holds("y"));
            assert_eq!(readiness(&run, 0, at(2)), awaits("y"));
            assert_eq!(start_all(&mut run, at(2)), [] as [usize; 0]);
            holds(&mut run, "y", at(3));
            assert_eq!(start_all(&mut run, at(3)), [0], "{order:?}");
            end(&mut run, 0, Outcome::Succeeded, at(4));
            assert_eq!(start_all(&mut run, at(4)), [1]);
            end(&mut run, 1, Outcome::Succeeded, at(5));
            assert_eq!(run.next(at(5)), Step::Done(Verdict::Success));
        }
    }

    #[test]
    fn a_run_with_nothing_else_to_do_waits_or_ends() {
        for (wait, verdict, step) in
            [(true, Verdict::Pending, Step::Wait(None)), (false, Verdict::Stuck, Step::Done(Verdict::Stuck))]
        {
            let mut run = awaiting(Policy { wait_for_conditions: wait, ..Policy::default() });
            start_all(&mut run, at(0));
            end(&mut run, 2, Outcome::Succeeded, at(1));
            assert_eq!((run.next(at(1)), run.verdict()), (step, verdict));
            // One of two is not enough.
            holds(&mut run, "y", at(2));
            assert_eq!(run.next(at(2)), step);
            holds(&mut run, "x", at(3));
            assert_eq!(start_all(&mut run, at(3)), [0]);
        }
    }

    #[test]
    fn no_wait_for_what_would_not_start_all_the_same() {
        // What awaits is held by hand, left out of the run, or blocked by a failure; or the run is halted.
        type Case = (&'static str, fn(&mut Run), Readiness);
        let cases: [Case; 3] = [
            (
                "held",
                |run| {
                    run.apply(Event::Hold { task: t(0), why: "by hand".into() }, at(0)).unwrap();
                },
                Readiness::Held(Hold::Asked("by hand".into())),
            ),
            ("left out", |run| run.select([t(2)]), Readiness::Held(Hold::NotSelected)),
            (
                "halted",
                |run| {
                    run.apply(Event::Stop, at(0)).unwrap();
                },
                Readiness::Held(Hold::Awaits { what: "x".into() }),
            ),
        ];
        for (name, keep, reason) in cases {
            let mut run = awaiting(Policy::default());
            keep(&mut run);
            for task in start_all(&mut run, at(0)) {
                end(&mut run, task, Outcome::Succeeded, at(1));
            }
            assert!(matches!(run.next(at(1)), Step::Done(_)), "{name}");
            assert_eq!(readiness(&run, 0, at(1)), Some(reason), "{name}");
        }

        let awaits = vec!["x".into()];
        let tasks = vec![TaskDraft::new("a"), TaskDraft { awaits, ..TaskDraft::new("b").after(["a"]) }];
        let plan = Arc::new(Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap());
        let mut run = Run::new(plan, Policy { on_failure: OnFailure::KeepGoing, ..Policy::default() });
        start_all(&mut run, at(0));
        end(&mut run, 0, Outcome::Failed, at(1));
        assert_eq!(readiness(&run, 1, at(1)), Some(Readiness::Blocked { by: vec![t(0)] }));
        assert_eq!(run.next(at(1)), Step::Done(Verdict::Fail));
        assert_eq!(run.awaits(t(1)).collect::<Vec<_>>(), ["x"]);
    }

    #[test]
    fn they_are_looked_at_anew_after_a_restart() {
        let mut first = awaiting(Policy::default());
        holds(&mut first, "x", at(0));
        holds(&mut first, "y", at(0));
        assert_eq!(start_all(&mut first, at(0)), [0]);
        let plan = Arc::clone(first.plan());
        // `a` is under way: it goes on, whether or not what it awaited still holds.
        let stood = |task| orch_core::Standing {
            status: if task == t(0) { Status::Running } else { Status::Pending },
            attempt: u32::from(task == t(0)),
            ..Default::default()
        };
        let mut again = Run::restore(Arc::clone(&plan), Policy::default(), stood);
        end(&mut again, 0, Outcome::Lost, at(1));
        assert_eq!(readiness(&again, 0, at(1)), awaits("x"), "given back, it awaits them again");
        let mut again = Run::restore(plan, Policy::default(), stood);
        end(&mut again, 0, Outcome::Succeeded, at(1));
        assert_eq!(readiness(&again, 1, at(1)), awaits("x"));
    }

    #[test]
    fn a_name_that_nobody_awaits_changes_nothing() {
        let mut run = awaiting(Policy::default());
        holds(&mut run, "z", at(0));
        assert!(!run.holds("z"));
        assert_eq!(readiness(&run, 0, at(0)), awaits("x"));
    }

    #[test]
    fn what_many_await_lets_all_of_them_go_in_plan_order() {
        let tasks = (0..1000).map(|n| TaskDraft {
            awaits: vec![if n % 2 == 0 { "even".into() } else { "odd".into() }],
            ..TaskDraft::new(format!("t{n}"))
        });
        let draft = PlanDraft { tasks: tasks.collect(), ..PlanDraft::default() };
        let mut run =
            Run::new(Arc::new(Plan::build(draft).unwrap()), Policy { jobs: jobs(1000), ..Policy::default() });
        holds(&mut run, "odd", at(0));
        assert_eq!(start_all(&mut run, at(0)), (0..1000).filter(|n| n % 2 == 1).collect::<Vec<_>>());
        holds(&mut run, "even", at(0));
        assert_eq!(start_all(&mut run, at(0)), (0..1000).filter(|n| n % 2 == 0).collect::<Vec<_>>());
    }
}

mod review {
    use super::*;

    fn reviewed(tasks: &[(&str, &[&str])]) -> Run {
        Run::new(plan(tasks), Policy { review: true, order: Order::List, ..Policy::default() })
    }

    fn work(run: &mut Run, task: usize, now: Time) {
        assert_eq!(start_all(run, now), [task]);
        end(run, task, Outcome::Succeeded, now);
    }

    fn verdict(run: &mut Run, task: usize, verdict: ReviewVerdict, now: Time) -> Change {
        assert_eq!(run.next(now), Step::Review(t(task)));
        run.apply(Event::ReviewStarted { task: t(task) }, now).unwrap();
        assert_eq!(run.next(now), Step::Wait(None), "nothing starts beside a review in list order");
        run.apply(Event::Reviewed { task: t(task), verdict }, now).unwrap()
    }

    #[test]
    fn what_follows_waits_for_the_review() {
        let mut run = reviewed(&[("a", &[]), ("b", &["a"])]);
        work(&mut run, 0, at(0));
        assert_eq!(readiness(&run, 1, at(0)), Some(Readiness::Waiting { on: vec![t(0)] }));
        verdict(&mut run, 0, ReviewVerdict::Pass, at(1));
        work(&mut run, 1, at(2));
        verdict(&mut run, 1, ReviewVerdict::Skipped, at(3));
        assert_eq!(run.next(at(4)), Step::Done(Verdict::Success));
    }

    #[test]
    fn a_failed_review_stops_the_run_and_stays_owed() {
        let mut run = reviewed(&[("a", &[]), ("b", &[])]);
        work(&mut run, 0, at(0));
        verdict(&mut run, 0, ReviewVerdict::Fail, at(1));
        assert_eq!(run.halt(), Some(Halt::Review { task: t(0) }));
        assert!(matches!(run.next(at(1)), Step::Done(_)));
        assert_eq!(run.status(t(0)), Status::Success);
        assert!(run.review_due(t(0)));
    }

    #[test]
    fn a_rate_limit_is_passed_over_before_the_last_prompt_and_waited_for_once_at_it() {
        let limited = |until| ReviewVerdict::RateLimited { until };
        let mut run = reviewed(&[("a", &[]), ("b", &[])]);
        work(&mut run, 0, at(0));
        verdict(&mut run, 0, limited(Some(at(500))), at(1));
        work(&mut run, 1, at(2));
        let change = verdict(&mut run, 1, limited(None), at(10));
        assert_eq!(change, Change::Unrecorded);
        assert_eq!(run.next(at(10)), Step::Wait(Some(at(3610))), "an hour when nothing is said");
        verdict(&mut run, 1, limited(Some(at(9000))), at(3610));
        assert_eq!(run.next(at(3611)), Step::Done(Verdict::Success), "the second time it is passed over");
    }

    #[test]
    fn a_review_called_off_stays_owed() {
        let mut run = reviewed(&[("a", &[])]);
        work(&mut run, 0, at(0));
        run.apply(Event::ReviewStarted { task: t(0) }, at(1)).unwrap();
        run.apply(Event::Stop, at(2)).unwrap();
        run.apply(Event::StopAsked { task: t(0), cause: StopCause::Cancelled }, at(2)).unwrap();
        run.apply(Event::Reviewed { task: t(0), verdict: ReviewVerdict::Fail }, at(3)).unwrap();
        assert!(run.review_due(t(0)));
        assert_eq!(run.halt(), Some(Halt::Stopped));
    }
}

// ---------------------------------------------------------------------------------------------------------------

#[derive(Clone, Debug)]
struct Case {
    tasks: usize,
    edges: Vec<(usize, usize)>,
    claims: Vec<u8>,
    jobs: u32,
    list: bool,
    keep_going: bool,
    release: bool,
    retries: u32,
    review: bool,
    reworks: u32,
    /// By task the conditions it awaits, as bits.
    awaits: Vec<u8>,
    wait: bool,
    steps: Vec<(u16, u8)>,
}

/// How many conditions there are.
const CONDITIONS: usize = 4;

fn cases() -> impl Strategy<Value = Case> {
    (1usize..14).prop_flat_map(|tasks| {
        (
            prop::collection::vec((0..tasks, 0..tasks), 0..tasks * 2),
            prop::collection::vec(0u8..6, tasks),
            1u32..5,
            any::<[bool; 5]>(),
            [0u32..3, 0u32..3],
            // Mostly none.
            prop::collection::vec((0u8..16, 0u8..16, 0u8..16).prop_map(|(a, b, c)| a & b & c), tasks),
            prop::collection::vec((any::<u16>(), any::<u8>()), 0..80),
        )
            .prop_map(move |(edges, claims, jobs, flags, [retries, reworks], awaits, steps)| {
                let [list, keep_going, release, review, wait] = flags;
                Case {
                    tasks,
                    edges: edges
                        .into_iter()
                        .filter(|(a, b)| a != b)
                        .map(|(a, b)| (a.max(b), a.min(b)))
                        .collect(),
                    claims,
                    jobs,
                    list,
                    keep_going,
                    release,
                    retries,
                    review,
                    reworks,
                    awaits,
                    wait,
                    steps,
                }
            })
    })
}

/// What a reader of the documentation would compute by hand, from statuses alone and from scratch each time.
struct Oracle<'a> {
    case: &'a Case,
    status: Vec<Status>,
    owed: Vec<bool>,
    resting: Vec<Option<Time>>,
    running: Vec<usize>,
    failed: bool,
    limited: Option<Time>,
    sent_back: Vec<u32>,
    /// The conditions that hold, as bits.
    holds: u8,
}

impl Oracle<'_> {
    fn done(&self, task: usize) -> bool {
        !self.owed[task]
            && (self.status[task] == Status::Success
                || (self.status[task] == Status::Incomplete && self.case.release))
    }

    fn may_start(&self, task: usize, now: Time) -> bool {
        let needs = self.case.edges.iter().filter(|(from, _)| *from == task);
        self.status[task] == Status::Pending
            && needs.clone().all(|&(_, on)| self.done(on))
            && self.case.awaits[task] & !self.holds == 0
            && self.resting[task].is_none_or(|until| until <= now)
            && self.limited.is_none_or(|until| until <= now)
            && self.running.len() < self.case.jobs as usize
            && (self.case.keep_going || !self.failed)
            && (self.case.claims[task] > 3
                || self.running.iter().all(|&other| {
                    self.status[other] != Status::Running || self.case.claims[other] != self.case.claims[task]
                }))
            && (!self.case.list || (0..task).all(|earlier| self.passed(earlier)))
    }

    /// In list order (edges point backwards here, so the list order is the plan order).
    fn passed(&self, task: usize) -> bool {
        match self.status[task] {
            Status::Running => false,
            Status::Pending => {
                self.case.edges.iter().filter(|(from, _)| *from == task).any(|&(_, on)| !self.done(on))
                    || self.case.awaits[task] & !self.holds != 0
            }
            _ => !self.owed[task],
        }
    }

    /// Which of the tasks that may start goes first.
    fn first(&self, now: Time) -> Option<usize> {
        let may = |&task: &usize| self.may_start(task, now);
        let again = (0..self.case.tasks).filter(may).find(|&task| self.sent_back[task] > 0);
        again.or_else(|| (0..self.case.tasks).find(may))
    }

    /// What keeps a task from starting is nothing but a condition.
    fn only_awaits(&self, task: usize) -> bool {
        self.status[task] == Status::Pending
            && self.case.awaits[task] & !self.holds != 0
            && self.case.edges.iter().filter(|(from, _)| *from == task).all(|&(_, on)| self.done(on))
    }

    fn first_awaited(&self, task: usize) -> Option<usize> {
        (0..CONDITIONS).find(|condition| self.case.awaits[task] & !self.holds & (1 << condition) != 0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn decisions_agree_with_the_oracle(case in cases()) {
        let mut drafts: Vec<TaskDraft> = (0..case.tasks).map(|n| TaskDraft::new(format!("t{n}"))).collect();
        for &(from, on) in &case.edges {
            drafts[from].depends_on.push(format!("t{on}").as_str().into());
        }
        for (draft, &claim) in drafts.iter_mut().zip(&case.claims) {
            if claim <= 3 {
                draft.claims.push(format!("c{claim}"));
            }
        }
        for (draft, &awaits) in drafts.iter_mut().zip(&case.awaits) {
            let awaited = (0..CONDITIONS).filter(|condition| awaits & (1 << condition) != 0);
            draft.awaits = awaited.map(|condition| format!("x{condition}").as_str().into()).collect();
        }
        let plan = Arc::new(Plan::build(PlanDraft { tasks: drafts, ..PlanDraft::default() }).unwrap());
        let policy = Policy {
            jobs: jobs(case.jobs),
            order: if case.list { Order::List } else { Order::Graph },
            on_failure: if case.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop },
            on_incomplete: if case.release { OnIncomplete::Release } else { OnIncomplete::Hold },
            retries: case.retries,
            reworks: case.reworks,
            review: case.review,
            wait_for_conditions: case.wait,
            ..Policy::default()
        };
        let backoff = policy.backoff;
        let mut run = Run::new(plan, policy);
        let mut oracle = Oracle {
            case: &case,
            status: vec![Status::Pending; case.tasks],
            owed: vec![false; case.tasks],
            resting: vec![None; case.tasks],
            running: vec![],
            failed: false,
            limited: None,
            sent_back: vec![0; case.tasks],
            holds: 0,
        };
        let mut now = at(1);
        let mut steps = case.steps.iter();
        loop {
            if oracle.limited.is_some_and(|until| until <= now) {
                oracle.limited = None;
            }
            let survey = run.survey(now);
            for task in 0..case.tasks {
                prop_assert_eq!(
                    survey.of(t(task)) == Some(Readiness::Ready),
                    oracle.may_start(task, now),
                    "task {} of {:?}: {:?}", task, oracle.status, survey.of(t(task))
                );
                let awaited = match survey.of(t(task)) {
                    Some(Readiness::Held(Hold::Awaits { what })) => Some(what),
                    _ => None,
                };
                let first = oracle.first_awaited(task).filter(|_| oracle.only_awaits(task));
                prop_assert_eq!(awaited, first.map(|condition| format!("x{condition}")), "task {}", task);
            }
            match run.next(now) {
                Step::Start(task) => {
                    let first = oracle.first(now);
                    prop_assert_eq!(Some(task.index()), first, "what was sent back, then plan order");
                    run.apply(Event::Started { task }, now).unwrap();
                    oracle.status[task.index()] = Status::Running;
                    oracle.running.push(task.index());
                    oracle.resting[task.index()] = None;
                }
                Step::Review(task) => {
                    prop_assert!(oracle.owed[task.index()] && !oracle.running.contains(&task.index()));
                    run.apply(Event::ReviewStarted { task }, now).unwrap();
                    oracle.running.push(task.index());
                }
                Step::Stop { .. } => prop_assert!(false, "nothing asks for a stop here"),
                Step::Wait(until) => {
                    // (With a review owed, the run takes that before any start.)
                    if oracle.owed.iter().all(|owed| !owed) {
                        prop_assert!((0..case.tasks).all(|task| !oracle.may_start(task, now)));
                    }
                    // Now and then something outside comes to hold; and when that is all there is to wait for.
                    let awaits = case.wait && (0..case.tasks).any(|task| oracle.only_awaits(task));
                    let nothing_else = oracle.running.is_empty() && until.is_none();
                    if nothing_else {
                        prop_assert!(awaits, "it waits for something");
                    }
                    if nothing_else || steps.clone().next().is_some_and(|(_, what)| what % 5 == 0) {
                        let Some(&(pick, _)) = steps.next() else { break };
                        let condition = pick as usize % CONDITIONS;
                        oracle.holds |= 1 << condition;
                        run.apply(Event::Holds { condition: format!("x{condition}") }, now).unwrap();
                        continue;
                    }
                    if oracle.running.is_empty() {
                        prop_assert!(until.is_some_and(|until| until > now), "it waits for something");
                        now = until.unwrap();
                        continue;
                    }
                    let Some(&(pick, what)) = steps.next() else { break };
                    now = now + Duration::from_secs(1);
                    let task = oracle.running.remove(pick as usize % oracle.running.len());
                    if oracle.owed[task] {
                        let verdict = if what % 8 == 0 { ReviewVerdict::Fail } else { ReviewVerdict::Pass };
                        run.apply(Event::Reviewed { task: t(task), verdict }, now).unwrap();
                        if verdict == ReviewVerdict::Fail {
                            prop_assert!(run.halt().is_some());
                            break;
                        }
                        oracle.owed[task] = false;
                        continue;
                    }
                    let outcome = [
                        Outcome::Succeeded, Outcome::Succeeded, Outcome::Succeeded, Outcome::Incomplete,
                        Outcome::Failed, Outcome::RateLimited { until: Some(now + Duration::from_secs(30)) },
                        Outcome::Lost, Outcome::Rejected, Outcome::Rejected,
                    ][what as usize % 9];
                    let tries = run.tries(t(task));
                    end(&mut run, task, outcome, now);
                    let to = match outcome {
                        Outcome::Succeeded => Status::Success,
                        Outcome::Incomplete => Status::Incomplete,
                        Outcome::Failed if tries < case.retries => {
                            oracle.resting[task] = Some(now + backoff.after(tries + 1));
                            Status::Pending
                        }
                        Outcome::Rejected if oracle.sent_back[task] < case.reworks => {
                            oracle.sent_back[task] += 1;
                            Status::Pending
                        }
                        Outcome::Failed | Outcome::Rejected => {
                            oracle.failed = true;
                            Status::Fail
                        }
                        Outcome::RateLimited { until } => {
                            oracle.limited = oracle.limited.max(until);
                            Status::Pending
                        }
                        _ => Status::Pending,
                    };
                    oracle.owed[task] = case.review && matches!(to, Status::Success | Status::Incomplete);
                    oracle.status[task] = to;
                    for task in 0..case.tasks {
                        prop_assert_eq!(run.status(t(task)), oracle.status[task]);
                        prop_assert_eq!(run.reworks(t(task)), oracle.sent_back[task]);
                    }
                }
                Step::Done(verdict) => {
                    prop_assert!(oracle.running.is_empty());
                    prop_assert!((0..case.tasks).all(|task| !oracle.may_start(task, now)));
                    let awaits = (0..case.tasks).any(|task| oracle.only_awaits(task));
                    prop_assert!(!awaits || !case.wait || run.halt().is_some(), "that was worth waiting for");
                    if awaits && !case.wait && run.halt().is_none() && !oracle.status.contains(&Status::Fail) {
                        prop_assert_eq!(verdict, Verdict::Stuck);
                    }
                    break;
                }
            }
        }
    }
}
