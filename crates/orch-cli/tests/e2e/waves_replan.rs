//! A plan of waves that is changed while it is run, or between two runs.

use std::process::Command;

use serde_json::json;

use crate::mcp::called;
use crate::support::waves::{SESSION, Waves};

/// A plan whose first task waits at a gate: what happens meanwhile is up to the test.
fn gated(more: &[crate::support::waves::Task<'_>]) -> (Waves, String, String) {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    let act = format!("begin {here} {gate}");
    let mut tasks = vec![("001", &[][..], &["a"][..], &*act)];
    tasks.extend(more);
    waves.plan(SESSION, &tasks);
    (waves, here, gate)
}

#[test]
fn a_task_that_is_added_is_done_by_the_run_that_is_under_way() {
    let (waves, here, gate) = gated(&[("002", &["a"], &["b"], "")]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    let added = waves.run_to(
        0,
        &[
            "plan",
            "add",
            "Add Stripe",
            "--requires",
            "b",
            "--provides",
            "PaymentService",
            "--time",
            "9 minutes",
        ],
    );
    assert_eq!(added.out, format!("plan/{SESSION} is at v2, with task 003: 0 of 3 tasks done\n"));
    let told = live.wait_for("replanned", "");
    assert_eq!((&told["added"], &told["tasks"]), (&json!(["003"]), &json!(3)), "{told}");
    waves.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS", "003: SUCCESS"]);
    assert_eq!(waves.ran(), ["001.1", "002.1", "003.1"], "whoever was at work was left at it");
    assert_eq!(waves.merges().len(), 3);
    let versions = waves.versions();
    assert_eq!(versions.last().map(String::as_str), Some("Update execution plan v5"), "{versions:?}");
}

#[test]
fn a_task_without_needs_joins_the_wave_that_is_under_way() {
    let (waves, here, gate) = gated(&[]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    waves.run_to(0, &["plan", "add", "Add a page", "--provides", "Page"]);
    assert_eq!(live.wait_for("task_ended", "002")["status"], "SUCCESS");
    waves.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
}

#[test]
fn a_task_is_replaced_and_what_needs_it_builds_on_the_new_one() {
    let (waves, here, gate) = gated(&[("002", &["a"], &["b"], ""), ("003", &["b"], &["c"], "needs 004.txt")]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    let replaced = waves.run_to(0, &["plan", "replace", "002", "Make it otherwise", "--file", "004.txt"]);
    assert_eq!(replaced.out, format!("plan/{SESSION} is at v2, with task 004: 0 of 3 tasks done\n"));
    let told = live.wait_for("replanned", "");
    assert_eq!((&told["added"], &told["gone"]), (&json!(["004"]), &json!(["002"])), "{told}");
    waves.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(waves.stand(), ["001: SUCCESS", "003: SUCCESS", "004: SUCCESS"]);
    let said = waves.said();
    assert!(said.contains("Task-002 superseded by task-004"), "{said}");
    assert!(said.contains("ID: 002"), "it is kept in the record: {said}");
    assert!(said.contains("Completed: 3/3 tasks"), "{said}");
}

#[test]
fn what_is_finished_or_running_is_not_touched() {
    let (waves, here, gate) = gated(&[("002", &[], &["b"], "")]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    live.wait_for("task_ended", "002");
    for (arguments, says) in [
        (&["plan", "drop", "001"][..], "task 001 is running and can't be dropped"),
        (&["plan", "replace", "001", "x"], "task 001 is running and can't be replaced"),
        (&["plan", "drop", "009"], "there is no task 009 in the plan"),
        (&["plan", "add", "x", "--id", "002"], "the id 002 is taken"),
        (&["plan", "replace", "002", "--by", "002"], "nothing takes the place of task 002"),
    ] {
        let refused = waves.run_to(2, arguments);
        assert!(refused.err.contains(says) && refused.err.contains("hint: "), "{says}: {refused}");
    }
    assert_eq!(waves.versions().len(), 1, "nothing was written");
    waves.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
    let refused = waves.run_to(2, &["plan", "drop", "001"]);
    assert!(refused.err.contains("task 001 is completed and can't be dropped"), "{refused}");
}

#[test]
fn a_task_that_failed_is_replaced_and_its_dependents_go_on() {
    let waves = Waves::new(&[("001", &[], &["a"], "block no-key"), ("002", &["a"], &["b"], "")]);
    waves.run_to(1, &["run"]);
    assert_eq!(waves.stand(), ["001: FAIL", "002: PENDING"]);
    // Its work tree is still there, which keeps nobody from planning its task anew.
    waves.run_to(0, &["plan", "replace", "001", "Do without the key", "--learned", "there is no key"]);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["002: SUCCESS", "003: SUCCESS"], "{ended}");
    assert!(waves.said().contains("there is no key"));
}

#[test]
fn a_change_that_can_not_be_run_is_told_and_the_run_goes_on_as_it_was() {
    let (waves, here, gate) = gated(&[]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    let task = json!({"id": "002", "description": "Build on nothing", "preconditions": ["nobody has this"]});
    let plan = format!("plan/{SESSION}");
    let answer =
        called(&waves.project, "update_plan_branch", json!({"plan_branch": plan, "new_tasks": [task]}))
            .unwrap();
    assert!(answer["warnings"][0].as_str().unwrap().contains("which no task provides"), "{answer}");
    let told = live.wait_for("alert", "");
    assert!(told["detail"].as_str().unwrap().contains("which no task provides"), "{told}");
    waves.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
    assert_eq!(waves.run_to(65, &["check"]).code, Some(65));
    waves.run_to(0, &["plan", "add", "Provide it", "--provides", "nobody has this"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS", "003: SUCCESS"]);
}

#[test]
fn a_person_is_refused_a_change_after_which_the_plan_can_not_be_run() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "")]);
    for change in
        [&["plan", "add", "Build on nothing", "--requires", "nobody has this"][..], &["plan", "drop", "001"]]
    {
        let refused = waves.run_to(2, change);
        assert!(
            refused.err.contains("the plan could not be run then: ") && refused.err.contains("\nhint: "),
            "{refused}"
        );
    }
    waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS"]);
}

#[test]
fn dropped_tasks_are_gone_and_stay_in_the_record() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &[], &["b"], "")]);
    waves.run_to(0, &["plan", "drop", "002"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS"]);
    let said = waves.said();
    assert!(said.contains("Task-002 dropped") && said.contains("Status: dropped"), "{said}");
}

#[test]
fn an_agent_plans_anew_with_the_tool() {
    let (waves, here, gate) = gated(&[]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    let task =
        json!({"id": "002", "description": "Add a page", "preconditions": ["a"], "provides": ["Page"]});
    let answer = called(
        &waves.project,
        "update_plan_branch",
        json!({"plan_branch": format!("plan/{SESSION}"), "new_tasks": [task], "architecture_updates": "A page is wanted"}),
    ).unwrap();
    assert_eq!((&answer["plan_version"], &answer["total_tasks"]), (&json!("v2"), &json!(2)), "{answer}");
    assert_eq!(live.wait_for("replanned", "")["added"], json!(["002"]));
    waves.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS"]);
}

#[test]
fn each_follow_up_is_a_session_on_top_of_what_was_merged() {
    let waves = Waves::new(&[("001", &[], &["User model class"], "")]);
    waves.run_to(0, &["run"]);
    // Ids begin anew, and the capabilities of the session before are there.
    waves.plan(
        "session-20250113-090000",
        &[("001", &["User model class"], &["Page"], "needs 001.txt write page.txt 1")],
    );
    let ended = waves.run_to(0, &["run"]);
    assert!(ended.out.contains("Session: session-20250113-090000"), "what is unfinished is meant: {ended}");
    assert_eq!(waves.merges().len(), 2);
    let listed = waves.run_to(0, &["sessions"]);
    let lines: Vec<Vec<&str>> = listed
        .out
        .lines()
        .map(|line| line.trim_start_matches(['*', ' ']).split_whitespace().collect())
        .collect();
    assert_eq!(lines[0][..4], [&*format!("plan/{SESSION}"), "v2", "1/1", "complete"], "{listed}");
    assert_eq!(lines[1][..4], ["plan/session-20250113-090000", "v2", "1/1", "complete"], "{listed}");
    let json = waves.json(&["sessions"]);
    assert_eq!(
        (&json["kind"], &json["sessions"][1]["completed"], &json["sessions"][0]["request"]),
        (&json!("sessions"), &json!(1), &json!("Add user accounts")),
        "{json}"
    );
}

#[test]
fn sessions_are_listed_also_while_one_is_run_and_none_is_none() {
    let (waves, here, gate) = gated(&[]);
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    let json = waves.json(&["sessions"]);
    assert_eq!(json["sessions"][0]["status"], "running", "{json}");
    waves.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
    let empty = Waves::without_plan();
    let listed = empty.run_to(0, &["sessions"]);
    assert!(listed.out.is_empty() && listed.err.contains("hint: `orch generate"), "{listed}");
    let nowhere = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_orch"))
        .arg("sessions")
        .current_dir(nowhere.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("lies in no git repository"));
}
