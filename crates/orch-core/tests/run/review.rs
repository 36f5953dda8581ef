//! Reviews of finished work.

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
