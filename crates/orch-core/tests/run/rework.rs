//! Rejected work that goes back to its worker.

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
