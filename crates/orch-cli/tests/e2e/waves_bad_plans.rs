//! What a plan's branch may say and should not: it is told with the task's id before anything is done, or coped with.

use serde_json::Value;

use crate::support::waves::{SESSION, Task, Waves};

const OTHER: &str = "session-20250101-080000";

/// What `orch check` finds, as `CODE: MESSAGE (HINT)`, after which nothing is run.
fn problems(waves: &Waves) -> Vec<String> {
    let checked = waves.json(&["check", SESSION]);
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let problems = checked["problems"].as_array().unwrap_or_else(|| panic!("{checked}"));
    let mut told: Vec<String> = Vec::new();
    for one in problems {
        assert_eq!(one["at"]["path"], format!("plan/{SESSION}"), "{checked}");
        told.push(format!("{}: {} ({})", word(&one["code"]), word(&one["message"]), word(&one["hint"])));
    }
    told
}

/// The plan is refused by all commands that need it, and says this.
fn is_refused(tasks: &[Task<'_>], parts: &[&str]) {
    let waves = Waves::new(tasks);
    let before = (waves.references(), waves.kept());
    let told = problems(&waves).join("\n");
    for part in parts {
        assert!(told.contains(part), "{part}: {told}");
    }
    for command in ["check", "status", "run"] {
        let ended = waves.run_to(65, &[command]);
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains(parts[1]) && said.contains("hint: "), "{command}: {ended}");
    }
    assert_eq!((waves.references(), waves.kept(), waves.ran()), (before.0, before.1, Vec::new()));
}

#[test]
fn a_capability_that_nobody_provides_is_told_with_the_nearest() {
    is_refused(
        &[("001", &[], &["User model class"], ""), ("002", &["User modle class"], &[], "")],
        &[
            "plan.no_provider",
            "`002` requires `User modle class`, which no task provides",
            "`User model class`",
        ],
    );
}

#[test]
fn a_capability_that_two_provide_is_told() {
    is_refused(
        &[("001", &[], &["a"], ""), ("002", &[], &["a"], ""), ("003", &["a"], &[], "")],
        &["", "`a`", "`001`", "`002`"],
    );
}

#[test]
fn a_cycle_is_told_with_its_tasks() {
    is_refused(
        &[("001", &["c"], &["a"], ""), ("002", &["a"], &["b"], ""), ("003", &["b"], &["c"], "")],
        &["plan.cycle", "001", "002", "003"],
    );
}

#[test]
fn a_provider_that_depends_on_its_own_consumer_or_on_itself_is_told() {
    is_refused(&[("001", &["b"], &["a"], ""), ("002", &["a"], &["b"], "")], &["plan.cycle", "001", "002"]);
    is_refused(&[("001", &["a"], &["a"], "")], &["", "001", "itself"]);
}

#[test]
fn ids_that_are_there_twice_are_told_also_with_other_zeros() {
    is_refused(&[("001", &[], &["a"], ""), ("001", &[], &["b"], "")], &["plan.duplicate_id", "`001`"]);
    is_refused(
        &[("1", &[], &["a"], ""), ("001", &[], &["b"], "")],
        &["plan.duplicate_id", "`001` and `1` are the same id", "rename or remove one of them"],
    );
}

#[test]
fn a_plan_without_tasks_is_told() {
    is_refused(&[], &["waves.no_tasks", "the plan has no task that is to be done", "orch plan add"]);
}

#[test]
fn a_commit_by_hand_without_any_section_is_no_plan() {
    let waves = Waves::without_plan();
    let commit = waves.write_commit("Add accounts, in whichever way\n\nsome notes\n", "flow");
    waves.git(&["update-ref", &format!("refs/heads/plan/{SESSION}"), &commit]);
    let before = waves.references();
    for command in ["check", "status", "run"] {
        let ended = waves.run_to(2, &[command, SESSION]);
        let says = format!("no commit of plan/{SESSION} says what the plan is\nhint: `orch sessions`");
        assert!(ended.err.contains(&says), "{ended}");
    }
    assert_eq!(waves.references(), before);
}

#[test]
fn what_a_person_commits_on_top_of_a_plan_does_not_hide_it_and_stays() {
    let waves = Waves::new(&[("001", &[], &["a"], "")]);
    let notes = waves.write_commit("some notes\n\n## Tasks\nnone\n", &format!("plan/{SESSION}"));
    waves.git(&["update-ref", &format!("refs/heads/plan/{SESSION}"), &notes]);
    assert_eq!(waves.stand(), ["001: PENDING"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.versions(), ["Initialize execution plan v1", "some notes", "Update execution plan v2"]);
    waves.git(&["merge-base", "--is-ancestor", &notes, &format!("plan/{SESSION}")]);
}

#[test]
fn a_merge_in_other_words_lets_go_what_waited_for_the_plans_words() {
    for message in ["", "Merge task/001: users\n\n## Provides\n  - User model class (models.user.User)\n"] {
        let waves = Waves::new(&[
            ("001", &[], &["User model class"], ""),
            ("002", &["User model class"], &["b"], "needs 001.txt"),
        ]);
        waves.git(&["switch", "-q", "-c", "task/001-users"]);
        waves.project.write("001.txt", "by hand");
        waves.git(&["add", "001.txt"]);
        waves.git(&["commit", "-q", "-m", "users"]);
        waves.git(&["switch", "-q", "flow"]);
        // Without a message of its own it is git's: Merge branch 'task/001-users' into flow.
        let how: &[&str] = if message.is_empty() { &["--no-edit"] } else { &["-m", message] };
        waves.git(&[&["merge", "-q", "--no-ff", "task/001-users"], how].concat());
        assert_eq!(waves.stand(), ["001: SUCCESS", "002: PENDING"], "{message}");
        let ended = waves.run_to(0, &["run"]);
        assert_eq!((waves.ran(), waves.merges().len()), (vec!["002.1".to_owned()], 2), "{ended}");
        assert!(waves.said().contains("Completed: 2/2 tasks"), "{}", waves.said());
    }
}

#[test]
fn superseded_and_dropped_tasks_are_kept_and_not_run() {
    let waves = Waves::without_plan();
    let text = format!(
        "Update execution plan v3\n\n## Session Information\nSession ID: {SESSION}\nUser Request: x\nPlan Branch: plan/{SESSION}\n\
         Plan Version: v3\n\n## Architecture\nTask-001 superseded by task-003\n\n## Tasks\n\
         ### Task 001\nID: 001\nDescription: old\nStatus: superseded\nPreconditions: []\nProvides:\n  - a\n\n\
         ### Task 002\nID: 002\nDescription: unwanted\nStatus: dropped\nPreconditions: []\nProvides:\n  - b\n\n\
         ### Task 003a\nID: 003a\nDescription: new\nStatus: pending\nPreconditions: []\nProvides:\n  - a\n\n\
         ### Task 003b\nID: 003b\nDescription: its other half\nStatus: pending\nPreconditions:\n  - a\nProvides: []\n"
    );
    let commit = waves.write_commit(&text, "flow");
    waves.git(&["update-ref", &format!("refs/heads/plan/{SESSION}"), &commit]);
    assert_eq!(waves.stand(), ["003a: PENDING", "003b: PENDING"]);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.merges(), ["Merge task/003a: new", "Merge task/003b: its other half"]);
    assert!(ended.err.contains("superseded, and kept in the record: 001"), "{ended}");
    let said = waves.said();
    for part in ["Description: old", "Status: superseded", "Description: unwanted", "Status: dropped"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    waves.run_to(2, &["why", "001"]);
}

#[test]
fn workers_may_say_how_it_went_in_each_form_that_there_is() {
    for (title, status, code) in [
        ("COMPLETE: all of it", "SUCCESS", 0),
        ("TASK_COMPLETE: task-001-acknowledge-greeting", "SUCCESS", 0),
        ("Design: two tables", "SUCCESS", 0),
        ("ERROR: the API is gone", "FAIL", 1),
        ("TASK_BLOCKED: no key", "FAIL", 1),
        ("Progress: half\n\n## Progress\nStatus: in_progress\nCompleted: 1/2 tasks", "INCOMPLETE", 3),
        ("Progress: all\n\n## Progress\nStatus: complete\nCompleted: 2/2 tasks", "SUCCESS", 0),
    ] {
        let waves = Waves::without_plan();
        let message = waves.project.folder().with_file_name("message");
        std::fs::write(&message, title).unwrap();
        waves.plan(SESSION, &[("001", &[], &["a"], &format!("say {}", message.display()))]);
        let ended = waves.run_to(code, &["run"]);
        assert_eq!(waves.stand(), [format!("001: {status}")], "{title}: {ended}");
        assert_eq!(waves.merges().len(), usize::from(code == 0), "{title}");
        let (_, words) = title.lines().next().unwrap().split_once(": ").unwrap();
        if code == 1 {
            assert!(ended.err.contains(words), "{title}: {ended}");
        }
    }
}

#[test]
fn sessions_with_the_same_ids_have_each_their_own_merges() {
    let waves = Waves::without_plan();
    for session in [OTHER, SESSION] {
        waves.plan(session, &[("001", &[], &["a"], "")]);
    }
    waves.run_to(0, &["run", OTHER]);
    assert_eq!(waves.json(&["status", SESSION])["tasks"][0]["status"], "PENDING");
    waves.run_to(0, &["run", SESSION]);
    assert_eq!(waves.merges().len(), 2);
}
