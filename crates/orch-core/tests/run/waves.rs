//! Wave by wave: a further wave begins when nothing of the one before is left to do.

use super::*;

/// Three waves: `a` and `b`, then `c` and `d`, then `e`.
const WAVES: [(&str, &[&str]); 5] = [("a", &[]), ("b", &[]), ("c", &["a"]), ("d", &["b"]), ("e", &["c"])];

fn policy() -> Policy {
    Policy {
        jobs: jobs(3),
        order: Order::Waves,
        on_failure: OnFailure::KeepGoing,
        reworks: 1,
        ..Policy::default()
    }
}

fn waves() -> Run {
    Run::new(plan(&WAVES), policy())
}

fn not_before(task: usize) -> Option<Readiness> {
    Some(Readiness::Held(Hold::NotItsTurn { after: t(task) }))
}

/// Takes the run to where `tasks` have succeeded.
fn succeed(run: &mut Run, tasks: &[usize], now: Time) {
    for &task in tasks {
        end(run, task, Outcome::Succeeded, now);
    }
}

const NONE: [usize; 0] = [];

#[test]
fn all_of_a_wave_starts_together_and_the_next_when_it_is_over() {
    let mut run = waves();
    assert_eq!(start_all(&mut run, at(0)), [0, 1]);
    assert_eq!(readiness(&run, 2, at(0)), Some(Readiness::Waiting { on: vec![t(0)] }));
    succeed(&mut run, &[0], at(1));
    assert_eq!(start_all(&mut run, at(1)), NONE, "all that c needs is done, and b is of an earlier wave");
    assert_eq!(readiness(&run, 2, at(1)), not_before(1));
    assert_eq!(run.apply(Event::Started { task: t(2) }, at(1)), Err(Rejected::NotReady { task: t(2) }));
    assert_eq!(run.next(at(1)), Step::Wait(None));
    succeed(&mut run, &[1], at(2));
    assert_eq!(start_all(&mut run, at(2)), [2, 3]);
    succeed(&mut run, &[2], at(3));
    assert_eq!((start_all(&mut run, at(3)), readiness(&run, 4, at(3))), (vec![], not_before(3)));
    succeed(&mut run, &[3], at(4));
    assert_eq!(start_all(&mut run, at(4)), [4]);
    succeed(&mut run, &[4], at(5));
    assert_eq!(run.next(at(5)), Step::Done(Verdict::Success));
}

#[test]
fn a_wave_is_over_when_nothing_of_it_is_left_to_do_however_few_work_at_once() {
    let mut run = Run::new(plan(&WAVES), Policy { jobs: jobs(1), ..policy() });
    let mut over = Vec::new();
    while let Step::Start(task) = run.next(at(0)) {
        over.push(run.waves_over());
        run.apply(Event::Started { task }, at(0)).unwrap();
        succeed(&mut run, &[task.index()], at(0));
        assert_eq!(over.last(), Some(&run.waves_over()), "that there is more is seen when it is begun");
    }
    assert_eq!(over, [0, 0, 1, 1, 2]);
    run.apply(Event::Retry { task: t(0) }, at(1)).unwrap();
    assert_eq!(run.waves_over(), 0);
}

#[test]
fn a_wave_of_more_tasks_than_jobs_goes_in_plan_order() {
    let mut run = Run::new(plan(&WAVES), Policy { jobs: jobs(1), ..policy() });
    let mut went = Vec::new();
    while let Step::Start(task) = run.next(at(0)) {
        run.apply(Event::Started { task }, at(0)).unwrap();
        succeed(&mut run, &[task.index()], at(0));
        went.push(task.index());
    }
    assert_eq!((went, run.verdict()), (vec![0, 1, 2, 3, 4], Verdict::Success));
}

#[test]
fn what_failed_blocks_its_dependents_and_no_wave() {
    let mut run = waves();
    start_all(&mut run, at(0));
    succeed(&mut run, &[1], at(1));
    end(&mut run, 0, Outcome::Failed, at(2));
    assert_eq!(start_all(&mut run, at(2)), [3]);
    for task in [2, 4] {
        assert_eq!(readiness(&run, task, at(2)), Some(Readiness::Blocked { by: vec![t(0)] }));
    }
    succeed(&mut run, &[3], at(3));
    assert_eq!(run.next(at(3)), Step::Done(Verdict::Fail));
}

#[test]
fn what_comes_back_is_still_of_its_wave() {
    for (outcome, until) in [
        (Outcome::Rejected, at(2)),
        (Outcome::Lost, at(2)),
        (Outcome::RateLimited { until: Some(at(60)) }, at(60)),
        (Outcome::Failed, at(12)),
    ] {
        let mut run = Run::new(plan(&WAVES), Policy { retries: 1, ..policy() });
        start_all(&mut run, at(0));
        succeed(&mut run, &[1], at(1));
        end(&mut run, 0, outcome, at(2));
        if until > at(2) {
            assert_eq!(start_all(&mut run, at(2)), NONE, "{outcome}: the next wave waits for it");
        }
        assert_eq!(start_all(&mut run, until), [0], "{outcome}");
        assert_eq!(readiness(&run, 3, until), not_before(0), "{outcome}");
        succeed(&mut run, &[0], until);
        assert_eq!(start_all(&mut run, until), [2, 3], "{outcome}");
    }
}

#[test]
fn a_retry_starts_at_once_and_holds_the_next_wave() {
    let tasks: [(&str, &[&str]); 6] =
        [("a", &[]), ("b", &[]), ("c", &["b"]), ("d", &["c"]), ("e", &["d"]), ("f", &["d"])];
    let mut run = Run::new(plan(&tasks), policy());
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::Failed, at(1));
    for task in [1, 2] {
        succeed(&mut run, &[task], at(2));
        assert_eq!(start_all(&mut run, at(2)), [task + 1]);
    }
    run.apply(Event::Retry { task: t(0) }, at(3)).unwrap();
    assert_eq!(start_all(&mut run, at(3)), [0], "beside the third wave");
    succeed(&mut run, &[3], at(4));
    assert_eq!(start_all(&mut run, at(4)), NONE);
    assert_eq!(readiness(&run, 4, at(4)), not_before(0));
    succeed(&mut run, &[0], at(5));
    assert_eq!(start_all(&mut run, at(5)), [4, 5]);
}

#[test]
fn no_wave_waits_for_what_is_held_left_out_or_with_a_person() {
    fn tell(run: &mut Run, event: Event) {
        run.apply(event, at(0)).unwrap();
    }
    type Case = (&'static str, fn(&mut Run), fn(&mut Run), usize);
    let cases: [Case; 3] = [
        (
            "held",
            |run| tell(run, Event::Hold { task: t(0), why: "by hand".into() }),
            |run| tell(run, Event::Release { task: t(0) }),
            0,
        ),
        ("left out", |run| run.select((1..5).map(t)), |run| run.select((0..5).map(t)), 0),
        ("with a person", |run| tell(run, Event::Handed { task: t(0) }), |run| succeed(run, &[0], at(2)), 2),
    ];
    for (name, keep, let_go, starts) in cases {
        let mut run = waves();
        keep(&mut run);
        assert_eq!(start_all(&mut run, at(0)), [1], "{name}");
        succeed(&mut run, &[1], at(1));
        assert_eq!(start_all(&mut run, at(1)), [3], "{name}");
        let_go(&mut run);
        assert_eq!(start_all(&mut run, at(2)), [starts], "{name}: beside the second wave");
    }
}

#[test]
fn a_claim_and_an_owed_review_are_waited_for() {
    let claiming = |id: &str| TaskDraft { claims: vec!["f".into()], ..TaskDraft::new(id) };
    let tasks = vec![claiming("a"), claiming("b"), TaskDraft::new("c").after(["a"])];
    let plan = Arc::new(Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap());
    let mut run = Run::new(plan, Policy { review: true, ..policy() });
    let review = |run: &mut Run, task: usize| {
        assert_eq!(run.next(at(1)), Step::Review(t(task)));
        run.apply(Event::ReviewStarted { task: t(task) }, at(1)).unwrap();
    };
    let passed = |task| Event::Reviewed { task: t(task), verdict: ReviewVerdict::Pass };
    assert_eq!(start_all(&mut run, at(0)), [0]);
    succeed(&mut run, &[0], at(1));
    review(&mut run, 0);
    run.apply(passed(0), at(1)).unwrap();
    assert_eq!(readiness(&run, 2, at(1)), not_before(1), "b has waited for the claim of a");
    assert_eq!(start_all(&mut run, at(1)), [1]);
    succeed(&mut run, &[1], at(1));
    assert_eq!(readiness(&run, 2, at(1)), not_before(1), "its review is owed");
    review(&mut run, 1);
    assert_eq!(start_all(&mut run, at(1)), NONE);
    run.apply(passed(1), at(1)).unwrap();
    assert_eq!(start_all(&mut run, at(1)), [2]);
}

#[test]
fn the_same_waves_come_after_a_crash() {
    let standing = |status, attempt| orch_core::Standing { status, attempt, ..Default::default() };
    let stood = |task: TaskIx| match task.index() {
        0 => standing(Status::Success, 1),
        // Under way when orch died, and lost with it.
        1 => standing(Status::Running, 1),
        _ => orch_core::Standing::default(),
    };
    let mut run = Run::restore(plan(&WAVES), policy(), stood);
    assert_eq!(start_all(&mut run, at(0)), NONE);
    assert_eq!(readiness(&run, 2, at(0)), not_before(1));
    end(&mut run, 1, Outcome::Lost, at(1));
    assert_eq!(start_all(&mut run, at(1)), [1]);
    succeed(&mut run, &[1], at(2));
    assert_eq!(start_all(&mut run, at(2)), [2, 3]);
}

#[test]
fn a_run_that_is_halted_between_two_waves_is_not_stuck() {
    let policy = Policy { on_incomplete: OnIncomplete::Pause, ..policy() };
    let mut run = Run::new(plan(&WAVES), policy);
    start_all(&mut run, at(0));
    succeed(&mut run, &[0], at(1));
    assert_eq!(start_all(&mut run, at(1)), NONE);
    end(&mut run, 1, Outcome::Incomplete, at(2));
    assert_eq!(run.next(at(2)), Step::Done(Verdict::Pending));
    run.apply(Event::Hold { task: t(2), why: "by hand".into() }, at(2)).unwrap();
    assert_eq!(run.verdict(), Verdict::Stuck, "with what was left for the next wave held as well");
    run.apply(Event::Release { task: t(2) }, at(2)).unwrap();
    assert_eq!(run.verdict(), Verdict::Pending);
    // A person has looked; what is incomplete does not let d go.
    run.apply(Event::Acknowledge, at(3)).unwrap();
    assert_eq!(start_all(&mut run, at(3)), [2]);
}

#[test]
fn a_limit_beyond_patience_between_two_waves_ends_the_run() {
    let mut run = waves();
    start_all(&mut run, at(0));
    succeed(&mut run, &[0], at(1));
    start_all(&mut run, at(1));
    run.apply(Event::Hold { task: t(1), why: "by hand".into() }, at(1)).unwrap();
    end(&mut run, 1, Outcome::RateLimited { until: Some(at(7 * 3600)) }, at(2));
    assert_eq!(run.next(at(2)), Step::Done(Verdict::Pending));
    assert_eq!(run.halt(), Some(Halt::RateLimited { until: at(7 * 3600) }));
}
