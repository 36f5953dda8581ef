//! The next version of a plan: by table, and by laws against an oracle that knows nothing of how it is made.

use std::collections::BTreeMap;

use orch_state_commits::{PlanCommit, PlanTask, Replacement, TaskId, TaskStatus, Update};
use proptest::collection::vec;
use proptest::prelude::*;

fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}

fn ids(texts: &[&str]) -> Vec<TaskId> {
    texts.iter().map(|text| id(text)).collect()
}

fn task(text: &str, status: TaskStatus) -> PlanTask {
    PlanTask { status, ..PlanTask::new(id(text), format!("task {text}")) }
}

/// Tasks 001 to 004: completed, in progress, blocked, pending.
fn plan() -> PlanCommit {
    use TaskStatus::*;
    let mut plan = PlanCommit::new("session-20260301-090000");
    let tasks = [("001", Completed), ("002", InProgress), ("003", Blocked), ("004", Pending)];
    plan.tasks = tasks.map(|(id, status)| task(id, status)).into();
    plan
}

fn replace(old: &str, by: &[&str]) -> Vec<Replacement> {
    vec![Replacement { old: id(old), by: ids(by) }]
}

fn words(plan: &PlanCommit) -> Vec<String> {
    plan.tasks.iter().map(|task| format!("{} {}", task.id, task.status)).collect()
}

#[test]
fn statuses_go_forward() {
    let none = Update::default();
    for (update, expected) in [
        (none.clone(), ["001 completed", "002 in_progress", "003 blocked", "004 pending"]),
        (
            Update { completed: ids(&["2", "task-004"]), ..none.clone() },
            ["001 completed", "002 completed", "003 blocked", "004 completed"],
        ),
        (
            Update { started: ids(&["003", "004"]), blocked: ids(&["002"]), ..none.clone() },
            ["001 completed", "002 blocked", "003 in_progress", "004 in_progress"],
        ),
        (
            Update {
                started: ids(&["004"]),
                blocked: ids(&["004"]),
                completed: ids(&["004", "001"]),
                ..none.clone()
            },
            ["001 completed", "002 in_progress", "003 blocked", "004 completed"],
        ),
        (
            Update { replaced: replace("003", &["004"]), ..none.clone() },
            ["001 completed", "002 in_progress", "003 superseded", "004 pending"],
        ),
        (
            Update { dropped: ids(&["003", "004"]), ..none.clone() },
            ["001 completed", "002 in_progress", "003 dropped", "004 dropped"],
        ),
    ] {
        let next = plan().update(&update).unwrap();
        assert_eq!(words(&next), expected, "{update:?}");
        assert_eq!(next.version, 2);
    }
}

#[test]
fn what_the_rules_forbid_is_refused_with_a_way_out() {
    let none = Update::default();
    for (update, message, hint) in [
        (
            Update { completed: ids(&["003a"]), ..none.clone() },
            "there is no task 003a in the plan",
            "did you mean `003`?",
        ),
        (
            Update { completed: ids(&["010"]), ..none.clone() },
            "there is no task 010 in the plan",
            "did you mean `001`?",
        ),
        (
            Update { dropped: ids(&["777"]), ..none.clone() },
            "there is no task 777 in the plan",
            "name a task of the plan",
        ),
        (
            Update { started: ids(&["001"]), ..none.clone() },
            "task 001 is completed and can't be started",
            "add a new task for what is left to do",
        ),
        (
            Update { blocked: ids(&["001"]), ..none.clone() },
            "task 001 is completed and can't be blocked",
            "add a new task for what is left to do",
        ),
        (
            Update { replaced: replace("001", &["004"]), ..none.clone() },
            "task 001 is completed and can't be replaced",
            "add a new task for what is left to do",
        ),
        (
            Update { replaced: replace("002", &["004"]), ..none.clone() },
            "task 002 is running and can't be replaced",
            "stop it first, or wait until it has ended",
        ),
        (
            Update { dropped: ids(&["4"]), running: ids(&["004"]), ..none.clone() },
            "task 4 is running and can't be dropped",
            "stop it first, or wait until it has ended",
        ),
        (
            Update { dropped: ids(&["004"]), started: ids(&["004"]), ..none.clone() },
            "task 004 is running and can't be dropped",
            "stop it first, or wait until it has ended",
        ),
        (
            Update { new_tasks: vec![task("2", TaskStatus::Pending)], ..none.clone() },
            "the id 2 is taken",
            "use `005`",
        ),
        (
            Update {
                new_tasks: vec![task("5", TaskStatus::Pending), task("005", TaskStatus::Pending)],
                ..none.clone()
            },
            "the id 005 is taken",
            "use `006`",
        ),
        (
            Update { new_tasks: vec![task("5", TaskStatus::Completed)], ..none.clone() },
            "the new task 5 is completed",
            "add it as pending; its status changes when a worker begins with it",
        ),
        (
            Update { replaced: replace("003", &[]), ..none.clone() },
            "nothing takes the place of task 003",
            "name the task that takes its place, or drop it",
        ),
        (
            Update { replaced: replace("003", &["003"]), ..none.clone() },
            "nothing takes the place of task 003",
            "name the task that takes its place, or drop it",
        ),
        (
            Update { replaced: replace("003", &["004"]), dropped: ids(&["004"]), ..none.clone() },
            "nothing takes the place of task 003",
            "name the task that takes its place, or drop it",
        ),
        (
            Update { replaced: replace("003", &["005"]), ..none.clone() },
            "there is no task 005 in the plan",
            "did you mean `001` or `002` or `003`?",
        ),
    ] {
        let refused = plan().update(&update).unwrap_err();
        assert_eq!((refused.to_string().as_str(), refused.hint().as_str()), (message, hint), "{update:?}");
    }
    let last = PlanCommit { version: u32::MAX, ..plan() };
    assert_eq!(last.update(&none).unwrap_err().to_string(), "there is no version after v4294967295");
}

#[test]
fn what_is_planned_anew_stays_in_the_record() {
    let update = Update {
        new_tasks: vec![task("004a", TaskStatus::Pending), task("004b", TaskStatus::Pending)],
        replaced: replace("4", &["004a", "004b"]),
        dropped: ids(&["003"]),
        learned: "Task-4 superseded by task-004a (too large)\r\n".into(),
        ..Update::default()
    };
    let next = plan().update(&update).unwrap();
    assert_eq!(
        next.architecture,
        "### Learnings from Wave 1:\nTask-4 superseded by task-004a (too large)\nTask-4 superseded by task-004b\n\
         Task-003 dropped"
    );
    assert_eq!(next.task(&id("004")).unwrap().superseded_by, ids(&["004a", "004b"]));
    assert_eq!(next.progress(), (1, 4));
    let message = next.write().unwrap();
    assert!(message.contains("Status: superseded\nSuperseded by: 004a, 004b\n"), "{message}");
    let read = PlanCommit::read(&message).unwrap();
    assert_eq!(read, next);
    // Neither comes back, and neither id is free.
    for update in [
        Update { completed: ids(&["004"]), ..Update::default() },
        Update { started: ids(&["003"]), ..Update::default() },
        Update { new_tasks: vec![task("003", TaskStatus::Pending)], ..Update::default() },
    ] {
        assert!(read.update(&update).is_err(), "{update:?}");
    }
}

#[test]
fn a_sentence_supersedes_what_nobody_is_at() {
    let mut plan = plan();
    plan.architecture = "Task-001 superseded by task-004\nOld task 002 superseded by Task 004.\n\
                         TASK-3 superseded by task-004 (why)\nTask-009 superseded by task-004\n\
                         version 4 superseded by task-001\nsuperseded by task-001\nTask-004 superseded by task-004"
        .into();
    let superseded: Vec<_> = plan.superseded().into_iter().map(|(old, by)| (old.clone(), by)).collect();
    assert_eq!(superseded, [(id("003"), ids(&["004"]))]);
    assert_eq!(plan.progress(), (1, 3));
    let next = plan.update(&Update::default()).unwrap();
    assert_eq!(words(&next), ["001 completed", "002 in_progress", "003 superseded", "004 pending"]);
}

#[test]
fn what_was_learned_is_kept_wave_by_wave() {
    let learn = |plan: &PlanCommit, learned: &str, wave| {
        let next = plan.update(&Update { learned: learned.into(), wave, ..Update::default() }).unwrap();
        PlanCommit::read(&next.write().unwrap()).unwrap()
    };
    let mut first = plan();
    first.architecture = "Pages.\n\n### Parts\nTwo.".into();
    let second = learn(&first, "bcrypt cost 12\n### Detail\nmore", None);
    let third = learn(&second, "", None);
    let fourth = learn(&third, "cache by version", None);
    let fifth = learn(&fourth, "again", Some(3));
    assert_eq!(fifth.version, 5);
    let learnings: Vec<_> =
        fifth.learnings().into_iter().map(|learning| (learning.wave, learning.text)).collect();
    assert_eq!(
        learnings,
        [("1", "bcrypt cost 12\n### Detail\nmore"), ("3", "cache by version"), ("3", "again")]
    );
    assert!(fifth.architecture.starts_with("Pages.\n\n### Parts\nTwo.\n\n### Learnings from Wave 1:\n"));
}

#[test]
fn an_id_that_is_there_twice_means_both() {
    let mut plan = plan();
    plan.tasks.push(task("4", TaskStatus::Pending));
    let next = plan.update(&Update { completed: ids(&["004"]), ..Update::default() }).unwrap();
    assert_eq!(words(&next)[3..], ["004 completed", "4 completed"]);
}

// The oracle: what may become of each task, from the rules as they are said in words.

/// What an update says of one task, in the order in which it counts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wish {
    Start,
    Block,
    Complete,
    Replace,
    Drop,
}

/// The status after `wishes`, or none if one of them is forbidden.
fn expected(before: &str, mut wishes: Vec<Wish>) -> Option<&'static str> {
    wishes.sort_by_key(|wish| *wish as u8);
    let all = ["pending", "in_progress", "blocked", "completed", "superseded", "dropped"];
    let mut now = *all.iter().find(|word| **word == before)?;
    for wish in wishes {
        now = match (now, wish) {
            ("pending" | "in_progress" | "blocked", Wish::Start) => "in_progress",
            ("pending" | "in_progress" | "blocked", Wish::Block) => "blocked",
            ("pending" | "in_progress" | "blocked" | "completed", Wish::Complete) => "completed",
            ("pending" | "blocked", Wish::Replace) => "superseded",
            ("pending" | "blocked", Wish::Drop) => "dropped",
            _ => return None,
        };
    }
    Some(now)
}

fn wishes() -> impl Strategy<Value = Vec<(u32, Wish)>> {
    let wish = prop_oneof![
        3 => Just(Wish::Complete),
        2 => Just(Wish::Start),
        1 => Just(Wish::Block),
        1 => Just(Wish::Replace),
        1 => Just(Wish::Drop),
    ];
    vec((1..6u32, wish), 0..4)
}

proptest! {
    #[test]
    fn updates_follow_the_rules(
        statuses in vec(proptest::sample::select(TaskStatus::ALL.to_vec()), 5),
        rounds in vec((wishes(), 0..3u32, "[a-z# \n]{0,12}"), 1..5),
    ) {
        let mut plan = PlanCommit::new("session-20260301-090000");
        plan.tasks = statuses.iter().zip(1..).map(|(status, number)| task(&format!("{number:03}"), status.clone())).collect();
        // What takes a place is there, whatever happens to the others.
        plan.tasks.push(task("900", TaskStatus::Pending));
        let mut model: BTreeMap<u32, String> =
            statuses.iter().zip(1..).map(|(status, number)| (number, status.word().to_owned())).collect();
        model.insert(900, "pending".into());
        let mut free = 100;
        for (wishes, new, learned) in rounds {
            let named = |wanted: Wish| -> Vec<TaskId> {
                let numbers = wishes.iter().filter(|(_, wish)| *wish == wanted);
                numbers.map(|(number, _)| TaskId::numbered(*number)).collect()
            };
            let replaced = named(Wish::Replace).into_iter().map(|old| Replacement { old, by: ids(&["900"]) });
            let update = Update {
                completed: named(Wish::Complete),
                started: named(Wish::Start),
                blocked: named(Wish::Block),
                replaced: replaced.collect(),
                dropped: named(Wish::Drop),
                new_tasks: (free..free + new).map(|number| task(&number.to_string(), TaskStatus::Pending)).collect(),
                learned: learned.clone(),
                ..Update::default()
            };
            let mut after = model.clone();
            let mut is_allowed = true;
            for (number, status) in &mut after {
                let own = wishes.iter().filter(|(wished, _)| wished == number).map(|(_, wish)| *wish).collect();
                match expected(status, own) {
                    Some(word) => *status = word.to_owned(),
                    None => is_allowed = false,
                }
            }
            let next = plan.update(&update);
            prop_assert_eq!(next.is_ok(), is_allowed, "{:?} {:?}", update, next);
            let Ok(next) = next else { continue };
            free += new;
            after.extend((free - new..free).map(|number| (number, "pending".to_owned())));
            let found: BTreeMap<u32, String> =
                next.tasks.iter().map(|task| (task.id.number() as u32, task.status.word().to_owned())).collect();
            prop_assert_eq!(&found, &after);
            prop_assert_eq!(next.tasks.len(), after.len());
            prop_assert_eq!(next.version, plan.version + 1);
            prop_assert!(next.architecture.starts_with(&plan.architecture));
            for line in learned.split('\n').map(str::trim) {
                prop_assert!(next.architecture.contains(line), "{:?}", line);
            }
            let read = PlanCommit::read(&next.write().unwrap()).unwrap();
            prop_assert_eq!(&read, &next);
            let done = after.values().filter(|word| *word == "completed").count();
            prop_assert_eq!(read.progress().0, done);
            (plan, model) = (read, after);
        }
    }
}
