//! What a failure means for the rest, and what is done about it.

use serde_json::json;

use crate::support::vertical::{DOES_IT, Vertical};

const FAILS: &str = "says '\"status\":\"failed\",\"error\":\"no\"'\n";

#[test]
fn dependents_are_blocked_and_the_others_go_on() {
    let vertical = Vertical::new(&[
        ("01-schema", "", "", DOES_IT),
        ("02-backend", "", "", FAILS),
        ("03-frontend", "feature/02-backend", "", DOES_IT),
        ("04-end", "feature/03-frontend", "", DOES_IT),
        ("05-docs", "", "building_spec:\n  dependencies: [01-schema]", DOES_IT),
    ]);
    let ended = vertical.start_run(&["-j", "1"]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    let state = vertical.state();
    assert_eq!(state["status"], "partial");
    let weavers = &state["weavers"];
    for (id, status, error) in [
        ("w-01", "complete", json!(null)),
        ("w-02", "failed", json!("no")),
        ("w-03", "blocked", json!("Dependency w-02 failed")),
        ("w-04", "blocked", json!("Dependency w-02 failed")),
        ("w-05", "complete", json!(null)),
    ] {
        assert_eq!(
            (&weavers[id]["status"], &weavers[id]["error"]),
            (&status.into(), &error),
            "{id}: {state}"
        );
    }
    assert!(state["completed_at"].is_string());
    let summary = std::fs::read_to_string(vertical.path("run/summary.md")).unwrap();
    assert!(
        summary.contains("**Status**: partial") && summary.contains("Dependency w-02 failed"),
        "{summary}"
    );
    let why = vertical.json(&["why", "w-04"]);
    assert_eq!(why["readiness"], "blocked", "{why}");
    assert_eq!(vertical.json(&["status"])["tasks"][2]["blocked_by"], json!(["w-02"]));

    vertical.act("w-02", DOES_IT);
    let retried = vertical.run_to(0, &["retry", "w-02"]);
    assert!(retried.err.contains("w-02 will be done again by the next `orch run`"), "{retried}");
    let state = vertical.state();
    for id in ["w-02", "w-03", "w-04"] {
        let weaver = &state["weavers"][id];
        assert_eq!((&weaver["status"], &weaver["error"]), (&"waiting".into(), &json!(null)), "{id}: {state}");
    }
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(
        ended.told("task_ended", "outcome"),
        ["w-02: succeeded", "w-03: succeeded", "w-04: succeeded"]
    );
    let state = vertical.state();
    assert_eq!(state["status"], "complete", "{state}");
    assert!(vertical.statuses().iter().all(|(_, status)| status == "complete"), "{state}");
    let summary = std::fs::read_to_string(vertical.path("run/summary.md")).unwrap();
    assert!(summary.contains("**Status**: complete") && !summary.contains("## Failures"), "{summary}");
}

#[test]
fn when_nothing_came_of_it_all_has_failed() {
    let vertical = Vertical::new(&[
        ("01-schema", "", "", FAILS),
        ("02-backend", "feature/01-schema", "", DOES_IT),
        ("03-docs", "", "", "exit 1\n"),
    ]);
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(vertical.state()["status"], "failed");
    let statuses: Vec<String> = vertical.statuses().into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, ["failed", "blocked", "crashed"]);
}

#[test]
fn a_crash_is_tried_again_where_that_is_asked_for() {
    let vertical = Vertical::new(&[(
        "01-schema",
        "",
        "",
        &format!("[ -e ../../seen ] || {{ touch ../../seen; exit 1; }}\n{DOES_IT}"),
    )]);
    let ended = vertical.start_run(&["--retries", "1"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ended.told("task_ended", "outcome"), ["w-01: crashed", "w-01: succeeded"]);
    let weaver = vertical.weaver("w-01");
    assert_eq!((&weaver["error"], &weaver["iteration"]), (&json!(null), &json!(1)), "{weaver}");
}

#[test]
fn retry_failed_does_all_that_failed_again() {
    let vertical =
        Vertical::new(&[("01-schema", "", "", FAILS), ("02-backend", "feature/01-schema", "", DOES_IT)]);
    assert_eq!(vertical.start_run(&[]).end().code, Some(1));
    // Nothing is done again unasked.
    assert_eq!(vertical.start_run(&[]).end().told("task_started", "task"), [""; 0]);
    vertical.act("w-01", DOES_IT);
    let ended = vertical.start_run(&["--retry-failed"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.state()["status"], "complete");
}

#[test]
fn a_weaver_whose_time_is_up_is_ended_and_has_failed() {
    let vertical = Vertical::new(&[("01-schema", "", "", "commits w-01.txt\nread -r line < ../../pipe\n")]);
    vertical.project.pipes(&["pipe"]);
    let ended = vertical.start_run(&["--timeout", "1s"]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(vertical.state()["weavers"]["w-01"]["error"], "its time was up");
    assert_eq!(vertical.project.processes(), []);
}

#[test]
fn a_set_up_that_fails_is_not_the_weavers_fault() {
    let vertical = Vertical::new(&[("01-schema", "", "", DOES_IT)]);
    vertical.config("[worktrees]\nsetup = [\"sh\", \"-c\", \"echo no network; exit 4\"]\n");
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(ended.told("task_ended", "outcome"), ["w-01: could_not_start"]);
    let detail = &ended.told("task_ended", "detail")[0];
    assert!(detail.contains("ended with exit code 4: no network"), "{detail}");
    assert_eq!(vertical.state()["weavers"]["w-01"]["status"], "waiting");
    vertical.config("[worktrees]\nsetup = [\"sh\", \"-c\", \"echo done > ../../seen-$ORCH_TASK\"]\n");
    assert_eq!(vertical.start_run(&[]).end().code, Some(0));
    assert!(vertical.project.exists("seen-w-01"));
}
