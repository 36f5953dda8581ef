//! Conditions outside of the plan.

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
        assert_eq!(run.apply(Event::Started { task: t(0) }, at(0)), Err(Rejected::NotReady { task: t(0) }));
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
