//! The rules of resuming (seed 002), case by case.

use std::sync::Arc;

use orch_core::{
    Beginning, Event, Evidence, Memory, Outcome, Plan, PlanDraft, Policy, Readiness, Recorded, RecordedTask,
    ResumeRules, Resumed, Standing, Status, Step, TaskDraft, TaskIx, Time, WhyAnew, resume,
};

const NOW: Time = Time::from_millis(1_000_000);

fn plan(ids: &[&str]) -> Arc<Plan> {
    let tasks = ids.iter().map(|&id| TaskDraft::new(id)).collect();
    let identity = vec![("PRD Path".into(), "PRD.md".into())];
    Arc::new(Plan::build(PlanDraft { tasks, identity, ..PlanDraft::default() }).unwrap())
}

fn recorded(tasks: &[(&str, Status)]) -> Recorded {
    let task = |&(id, status): &(&str, Status)| RecordedTask {
        id: id.into(),
        standing: Standing { status, attempt: u32::from(status != Status::Pending), ..Standing::default() },
    };
    Recorded { identity: vec![("PRD Path".into(), "PRD.md".into())], tasks: tasks.iter().map(task).collect() }
}

fn go_on(ids: &[&str], memory: Memory, rules: ResumeRules, evidence: Evidence) -> Resumed {
    resume(plan(ids), Policy::default(), &memory, rules, |_| evidence)
}

fn statuses(resumed: &Resumed) -> Vec<Status> {
    resumed.run.plan().tasks().map(|task| resumed.run.status(task)).collect()
}

use Status::{Fail, Incomplete, Pending, Running, Success};

#[test]
fn done_work_stays_done_and_a_failure_stays_until_somebody_retries_it() {
    let memory = Memory::Found(recorded(&[("a", Success), ("b", Incomplete), ("c", Fail), ("d", Pending)]));
    let mut resumed = go_on(&["a", "b", "c", "d"], memory, ResumeRules::default(), Evidence::None);
    assert_eq!(resumed.beginning, Beginning::Continued { added: vec![], gone: vec![] });
    assert_eq!(statuses(&resumed), [Success, Incomplete, Fail, Pending]);
    assert_eq!(resumed.run.next(NOW), Step::Start(TaskIx::new(3)));
}

#[test]
fn what_depends_on_a_failure_is_blocked_not_skipped() {
    let tasks = vec![TaskDraft::new("a"), TaskDraft::new("b").after(["a"])];
    let plan = Arc::new(Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap());
    let memory = Memory::Found(Recorded { identity: vec![], ..recorded(&[("a", Fail), ("b", Pending)]) });
    let mut resumed = resume(plan, Policy::default(), &memory, ResumeRules::default(), |_| Evidence::None);
    let why = resumed.run.survey(NOW).of(TaskIx::new(1));
    assert_eq!(why, Some(Readiness::Blocked { by: vec![TaskIx::new(0)] }));
    assert!(matches!(resumed.run.next(NOW), Step::Done(_)));
}

#[test]
fn a_running_task_is_settled_by_its_receipt_waited_for_or_run_again() {
    let strict = ResumeRules { trust_receipts: false, ..ResumeRules::default() };
    let ending = ResumeRules { wait_for_survivors: false, ..ResumeRules::default() };
    let rules = ResumeRules::default();
    let receipt = Evidence::Receipt(Outcome::Succeeded);
    // (rules, evidence) -> (status once settled, its worker is to be ended, its worker is waited for)
    for (rules, evidence, status, to_end, survives) in [
        (rules, Evidence::None, Pending, false, false),
        (rules, receipt, Success, false, false),
        (rules, Evidence::Receipt(Outcome::Incomplete), Incomplete, false, false),
        (rules, Evidence::Receipt(Outcome::Failed), Fail, false, false),
        (rules, Evidence::Receipt(Outcome::Rejected), Fail, false, false),
        (rules, Evidence::Alive, Running, false, true),
        (rules, Evidence::Unjudged, Running, false, true),
        (ending, Evidence::Unjudged, Running, false, true),
        (strict, Evidence::Unjudged, Pending, false, false),
        (ending, receipt, Success, false, false),
        (ending, Evidence::Alive, Pending, true, false),
        (strict, receipt, Pending, false, false),
        (strict, Evidence::None, Pending, false, false),
        (strict, Evidence::Alive, Pending, true, false),
    ] {
        let memory = Memory::Found(recorded(&[("a", Running), ("b", Pending)]));
        let mut resumed = go_on(&["a", "b"], memory, rules, evidence);
        for event in resumed.settle.clone() {
            resumed.run.apply(event, NOW).unwrap();
        }
        let a = TaskIx::new(0);
        assert_eq!(resumed.run.status(a), status, "{rules:?} {evidence:?}");
        assert_eq!(resumed.to_end == [a], to_end, "{rules:?} {evidence:?}");
        assert_eq!(resumed.survivors == [a], survives, "{rules:?} {evidence:?}");
        let next = match status {
            Pending => Step::Start(a),
            Success | Incomplete => Step::Start(TaskIx::new(1)),
            Running => Step::Wait(None),
            Fail => resumed.run.next(NOW),
        };
        assert_eq!(resumed.run.next(NOW), next, "{rules:?} {evidence:?}");
        assert_eq!(resumed.run.attempt(a), 1, "the attempt that was under way is the first");
    }
}

#[test]
fn rejected_work_goes_back_after_a_crash_as_often_as_it_would_have_without() {
    // (allowed, used up before the crash) -> (status, used up after its receipt)
    for (reworks, before, status, after) in [(2, 1, Pending, 2), (2, 2, Fail, 2), (1, 0, Pending, 1)] {
        let mut memory = recorded(&[("a", Pending), ("b", Running)]);
        memory.tasks[1].standing.reworks = before;
        let policy = Policy { reworks, ..Policy::default() };
        let memory = Memory::Found(memory);
        let evidence = |_: &RecordedTask| Evidence::Receipt(Outcome::Rejected);
        let mut resumed = resume(plan(&["a", "b"]), policy, &memory, ResumeRules::default(), evidence);
        for event in resumed.settle.clone() {
            resumed.run.apply(event, NOW).unwrap();
        }
        let b = TaskIx::new(1);
        assert_eq!((resumed.run.status(b), resumed.run.reworks(b)), (status, after));
        if status == Pending {
            assert_eq!(resumed.run.next(NOW), Step::Start(b), "before what is new");
        }
    }
}

#[test]
fn what_does_not_match_starts_anew_and_says_why() {
    let same = recorded(&[("a", Success), ("b", Pending)]);
    let other_prd = Recorded { identity: vec![("PRD Path".into(), "OLD.md".into())], ..same.clone() };
    let list = |place, recorded: Option<&str>, current: Option<&str>| WhyAnew::List {
        place,
        recorded: recorded.map(Into::into),
        current: current.map(Into::into),
    };
    for (memory, why) in [
        (Memory::Unreadable("cut".into()), WhyAnew::Unreadable("cut".into())),
        (
            Memory::Found(other_prd),
            WhyAnew::Identity {
                name: "PRD Path".into(),
                recorded: "OLD.md".into(),
                current: "PRD.md".into(),
            },
        ),
        (Memory::Found(recorded(&[("b", Success), ("a", Success)])), list(0, Some("b"), Some("a"))),
        (Memory::Found(recorded(&[("a", Success)])), list(1, None, Some("b"))),
        (
            Memory::Found(recorded(&[("a", Success), ("b", Success), ("c", Success)])),
            list(2, Some("c"), None),
        ),
    ] {
        let resumed = go_on(&["a", "b"], memory, ResumeRules::default(), Evidence::Alive);
        assert_eq!(resumed.beginning, Beginning::Anew(why));
        assert_eq!(statuses(&resumed), [Pending, Pending]);
        assert!(resumed.settle.is_empty());
    }
    let resumed = go_on(&["a", "b"], Memory::Found(same), ResumeRules::default(), Evidence::None);
    assert_eq!(statuses(&resumed), [Success, Pending]);
    assert_eq!(
        list(1, None, Some("b")).to_string(),
        "the list differs at place 2: recorded nothing, now `b`"
    );
}

#[test]
fn an_identity_that_was_not_recorded_is_not_compared() {
    // State files of before the PRD lines existed (formats, 2.5).
    let memory = Memory::Found(Recorded { identity: vec![], ..recorded(&[("a", Success)]) });
    assert_eq!(statuses(&go_on(&["a"], memory, ResumeRules::default(), Evidence::None)), [Success]);
}

#[test]
fn carried_over_by_id_when_the_list_may_change() {
    let rules = ResumeRules { same_list: false, ..ResumeRules::default() };
    let memory = Memory::Found(recorded(&[("old", Success), ("b", Success), ("a", Running)]));
    let resumed = go_on(&["a", "new", "b"], memory, rules, Evidence::None);
    assert_eq!(
        resumed.beginning,
        Beginning::Continued { added: vec![TaskIx::new(1)], gone: vec!["old".into()] }
    );
    assert_eq!(statuses(&resumed), [Running, Pending, Success]);
    assert_eq!(resumed.settle, [Event::Ended { task: TaskIx::new(0), attempt: 1, outcome: Outcome::Lost }]);
}
