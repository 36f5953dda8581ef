//! Tasks in the hands of a person, and pauses until one has looked.

use super::*;
use orch_core::{Evidence, Memory, Phase, Recorded, RecordedTask, ResumeRules, Standing, resume};

fn hand(run: &mut Run, task: usize, now: Time) -> Result<Change, Rejected> {
    run.apply(Event::Handed { task: t(task) }, now)
}

#[test]
fn a_person_takes_no_slot_has_no_deadline_and_is_not_waited_for() {
    let policy = Policy { timeout: Some(Duration::from_secs(60)), ..Policy::default() };
    let mut run = Run::new(plan(&[("a", &[]), ("b", &[]), ("c", &["a"])]), policy);
    hand(&mut run, 0, at(0)).unwrap();
    assert_eq!(run.status(t(0)), Status::Running);
    assert_eq!(run.active()[0].phase, Phase::Handed);
    // The only slot is free, and the worker in it is waited for until its own time is up.
    assert_eq!(start_all(&mut run, at(5)), [1]);
    assert_eq!(run.next(at(5)), Step::Wait(Some(at(65))));
    end(&mut run, 1, Outcome::Succeeded, at(6));
    assert_eq!(run.next(at(1000)), Step::Done(Verdict::Running));
    assert_eq!(readiness(&run, 2, at(1000)), Some(Readiness::Waiting { on: vec![t(0)] }));
    // What they hand back counts as anybody's.
    end(&mut run, 0, Outcome::Succeeded, at(1001));
    assert_eq!(start_all(&mut run, at(1001)), [2]);
}

#[test]
fn a_person_may_begin_only_what_may_start() {
    let slots_and_limit = Policy { jobs: jobs(1), ..Policy::default() };
    let mut run = Run::new(plan(&[("a", &[]), ("b", &["a"]), ("c", &[])]), slots_and_limit);
    assert_eq!(hand(&mut run, 1, at(0)), Err(Rejected::NotReady { task: t(1) }));
    assert_eq!(start_all(&mut run, at(0)), [0]);
    hand(&mut run, 2, at(0)).expect("a slot is no matter of theirs");
    assert!(hand(&mut run, 2, at(0)).is_err(), "they have it");
    run.apply(Event::Pause { task: t(2) }, at(1)).unwrap();
    end(&mut run, 0, Outcome::Succeeded, at(1));
    assert_eq!(hand(&mut run, 1, at(1)), Err(Rejected::NotReady { task: t(1) }), "all is paused");
}

#[test]
fn what_a_person_does_outlives_a_stop() {
    let mut run = Run::new(plan(&[("a", &[]), ("b", &[])]), Policy::default());
    hand(&mut run, 0, at(0)).unwrap();
    assert_eq!(start_all(&mut run, at(0)), [1]);
    run.apply(Event::Stop, at(1)).unwrap();
    assert_eq!(run.next(at(1)), Step::Stop { task: t(1), cause: StopCause::Cancelled });
    run.apply(Event::StopAsked { task: t(1), cause: StopCause::Cancelled }, at(1)).unwrap();
    end(&mut run, 1, Outcome::Cancelled, at(2));
    assert_eq!(run.next(at(2)), Step::Done(Verdict::Running));
    assert_eq!(run.status(t(0)), Status::Running);
}

#[test]
fn a_pause_lets_what_runs_end_and_starts_nothing_until_somebody_has_looked() {
    let mut run =
        Run::new(plan(&[("a", &[]), ("b", &[]), ("c", &[])]), Policy { jobs: jobs(2), ..Policy::default() });
    assert_eq!(start_all(&mut run, at(0)), [0, 1]);
    end(&mut run, 0, Outcome::Succeeded, at(1));
    run.apply(Event::Pause { task: t(0) }, at(1)).unwrap();
    assert_eq!(run.next(at(1)), Step::Wait(None));
    assert_eq!(readiness(&run, 2, at(1)), Some(Readiness::Held(Hold::Halted(Halt::Paused { task: t(0) }))));
    end(&mut run, 1, Outcome::Succeeded, at(2));
    assert_eq!(run.next(at(2)), Step::Done(Verdict::Pending));
    run.apply(Event::Acknowledge, at(3)).unwrap();
    assert_eq!(start_all(&mut run, at(3)), [2]);
}

#[test]
fn what_was_handed_over_is_still_in_their_hands_after_a_crash() {
    let standing = Standing { status: Status::Running, attempt: 2, ..Standing::default() };
    let tasks = vec![RecordedTask { id: "a".into(), standing }];
    let memory = Memory::Found(Recorded { tasks, ..Recorded::default() });
    // Also by the bare rule: nobody can say that they are gone.
    for trust_receipts in [true, false] {
        let rules = ResumeRules { trust_receipts, wait_for_survivors: false, same_list: true };
        let resumed = resume(plan(&[("a", &[])]), Policy::default(), &memory, rules, |_| Evidence::Handed);
        assert_eq!((resumed.handed, resumed.survivors, resumed.to_end), (vec![t(0)], vec![], vec![]));
        assert!(resumed.settle.is_empty());
        let mut run = resumed.run;
        assert_eq!(run.next(at(9)), Step::Done(Verdict::Running));
        end(&mut run, 0, Outcome::Incomplete, at(9));
        assert_eq!((run.status(t(0)), run.attempt(t(0))), (Status::Incomplete, 2));
    }
}
