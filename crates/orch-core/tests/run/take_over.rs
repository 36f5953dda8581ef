//! A changed plan: what is carried over, and what is refused.

use super::*;
use orch_core::NotTakenOver;
use proptest::prelude::*;

#[test]
fn statuses_are_carried_over_by_id_and_new_tasks_begin() {
    let before: [(&str, &[&str]); 4] = [("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"])];
    let mut run = Run::new(plan(&before), Policy { jobs: jobs(2), ..Policy::default() });
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::Succeeded, at(1));
    assert_eq!(start_all(&mut run, at(1)), [1, 2]);
    // `d` is replaced by two, and they stand in front.
    let after: [(&str, &[&str]); 5] = [("e", &["c"]), ("f", &[]), ("a", &[]), ("c", &["a"]), ("b", &["a"])];
    let (mut run, taken_over) = run.take_over(plan(&after)).unwrap();
    assert_eq!(taken_over.added, [t(0), t(1)]);
    assert_eq!(taken_over.gone, ["d"]);
    assert_eq!(taken_over.was, [None, None, Some(t(0)), Some(t(2)), Some(t(1))]);
    assert_eq!(run.status(t(2)), Status::Success);
    let active: Vec<usize> = run.active().iter().map(|active| active.task.index()).collect();
    assert_eq!(active, [4, 3], "in the order in which they began");
    assert_eq!(readiness(&run, 1, at(2)), Some(Readiness::Held(Hold::NoSlot { slots: 2 })));
    end(&mut run, 3, Outcome::Succeeded, at(3));
    assert_eq!(start_all(&mut run, at(3)), [0]);
    end(&mut run, 0, Outcome::Succeeded, at(4));
    assert_eq!(start_all(&mut run, at(4)), [1]);
    end(&mut run, 1, Outcome::Succeeded, at(5));
    end(&mut run, 4, Outcome::Succeeded, at(5));
    assert_eq!(run.next(at(5)), Step::Done(Verdict::Success));
}

#[test]
fn what_is_done_or_under_way_is_not_touched() {
    let mut run = Run::new(plan(&[("a", &[]), ("b", &["a"])]), Policy::default());
    start_all(&mut run, at(0));
    let refused = |run: &Run, tasks: &[(&str, &[&str])]| run.take_over(plan(tasks)).map(drop).unwrap_err();
    assert_eq!(refused(&run, &[("b", &[])]), NotTakenOver::Running { id: "a".into() });
    assert_eq!(
        refused(&run, &[("a", &["c"]), ("b", &[]), ("c", &[])]),
        NotTakenOver::NeedsMore { id: "a".into(), on: "c".into() }
    );
    end(&mut run, 0, Outcome::Succeeded, at(1));
    assert_eq!(refused(&run, &[("b", &[])]), NotTakenOver::Done { id: "a".into() });
    // What has failed may go.
    start_all(&mut run, at(1));
    end(&mut run, 1, Outcome::Failed, at(2));
    let (mut run, taken_over) = run.take_over(plan(&[("a", &[]), ("c", &["a"])])).unwrap();
    assert_eq!(taken_over.gone, ["b"]);
    assert_eq!(run.halt(), None, "the task that halted it is gone");
    assert_eq!(start_all(&mut run, at(3)), [1]);
}

#[test]
fn holds_rests_and_the_choice_of_tasks_stay() {
    let policy = Policy { jobs: jobs(9), retries: 1, ..Policy::default() };
    let mut run = Run::new(plan(&[("a", &[]), ("b", &[]), ("c", &[])]), policy);
    run.select([t(0), t(1)]);
    run.apply(Event::Hold { task: t(1), why: "later".into() }, at(0)).unwrap();
    start_all(&mut run, at(0));
    end(&mut run, 0, Outcome::Failed, at(1));
    let (run, _) = run.take_over(plan(&[("d", &[]), ("c", &[]), ("b", &[]), ("a", &[])])).unwrap();
    assert_eq!(readiness(&run, 0, at(1)), Some(Readiness::Held(Hold::NotSelected)));
    assert_eq!(readiness(&run, 1, at(1)), Some(Readiness::Held(Hold::NotSelected)));
    assert_eq!(readiness(&run, 2, at(1)), Some(Readiness::Held(Hold::Asked("later".into()))));
    assert_eq!(readiness(&run, 3, at(1)), Some(Readiness::Held(Hold::Resting { until: at(11) })));
}

proptest! {
    /// A run that took over the very plan it had decides as if nothing had happened.
    #[test]
    fn the_same_plan_changes_nothing(
        needs in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..3), 1..12),
        steps in prop::collection::vec((any::<prop::sample::Index>(), 0u8..6), 0..40),
        slots in 1u32..4,
        order in prop_oneof![Just(Order::List), Just(Order::Graph), Just(Order::Waves)],
        review in any::<bool>(),
    ) {
        let ids: Vec<String> = (0..needs.len()).map(|place| format!("t{place}")).collect();
        let drafts = needs.iter().enumerate().map(|(place, on)| {
            let on = on.iter().filter(|_| place > 0).map(|on| ids[on.index(place)].as_str());
            TaskDraft::new(ids[place].clone()).after(on)
        });
        let plan = Arc::new(Plan::build(PlanDraft { tasks: drafts.collect(), ..PlanDraft::default() }).unwrap());
        let policy = Policy {
            jobs: jobs(slots), order, review, retries: 1, reworks: 1,
            on_failure: OnFailure::KeepGoing, ..Policy::default()
        };
        let mut run = Run::new(Arc::clone(&plan), policy);
        let mut now = at(0);
        for (which, what) in steps {
            now = now + Duration::from_secs(7);
            let (mut other, taken_over) = run.take_over(Arc::clone(&plan)).unwrap();
            prop_assert!(taken_over.added.is_empty() && taken_over.gone.is_empty());
            prop_assert_eq!(other.active(), run.active());
            prop_assert_eq!(other.verdict(), run.verdict());
            let (mine, theirs) = (run.survey(now), other.survey(now));
            for task in plan.tasks() {
                prop_assert_eq!(mine.of(task), theirs.of(task));
                prop_assert_eq!(run.status(task), other.status(task));
                prop_assert_eq!(run.tries(task), other.tries(task));
                prop_assert_eq!(run.reworks(task), other.reworks(task));
            }
            prop_assert_eq!(run.halt(), other.halt());
            let step = run.next(now);
            prop_assert_eq!(step, other.next(now));
            // It goes on with one or the other: both are the same run.
            if what % 2 == 0 {
                run = other;
            }
            let event = match step {
                Step::Start(task) => Event::Started { task },
                Step::Review(task) => Event::ReviewStarted { task },
                Step::Stop { task, cause } => Event::StopAsked { task, cause },
                Step::Wait(_) if !run.active().is_empty() => {
                    let active = run.active()[which.index(run.active().len())];
                    match active.phase {
                        orch_core::Phase::Review => Event::Reviewed {
                            task: active.task,
                            verdict: if what < 4 { ReviewVerdict::Pass } else { ReviewVerdict::Skipped },
                        },
                        _ => Event::Ended {
                            task: active.task,
                            attempt: active.attempt,
                            outcome: [
                                Outcome::Succeeded, Outcome::Failed, Outcome::Incomplete, Outcome::Rejected,
                                Outcome::Lost, Outcome::RateLimited { until: None },
                            ][usize::from(what)],
                        },
                    }
                }
                Step::Wait(_) | Step::Done(_) => continue,
            };
            run.apply(event, now).unwrap();
        }
    }
}
