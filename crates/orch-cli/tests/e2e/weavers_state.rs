//! `run/state.json` as people and the originals' own scripts leave it.

use serde_json::{Value, json};

use crate::support::vertical::{DOES_IT, PLAN, Vertical};

const FAILS: &str = "says '\"status\":\"failed\",\"error\":\"no\"'\n";

fn write(vertical: &Vertical, state: &Value) {
    std::fs::create_dir_all(vertical.path("run")).unwrap();
    std::fs::write(vertical.path("run/state.json"), format!("{state:#}\n")).unwrap();
}

#[test]
fn a_status_that_a_person_changed_is_taken_over() {
    let vertical = Vertical::new(&[("01-schema", "", "", DOES_IT), ("02-backend", "", "", FAILS)]);
    assert_eq!(vertical.start_run(&[]).end().code, Some(1));
    let mut state = vertical.state();
    assert_eq!(state["weavers"]["w-02"]["status"], "failed");
    state["weavers"]["w-02"]["status"] = "waiting".into();
    state["weavers"]["w-02"]["note"] = "mended by hand".into();
    write(&vertical, &state);
    vertical.act("w-02", DOES_IT);
    assert_eq!(vertical.json(&["status"])["tasks"][1]["readiness"], "ready");
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.err.contains("was edited by hand: 1 changed status is taken over"), "{ended}");
    assert_eq!(ended.told("task_started", "status"), ["w-02: RUNNING"]);
    let state = vertical.state();
    assert_eq!((&state["status"], &state["weavers"]["w-02"]["error"]), (&"complete".into(), &Value::Null));
    assert_eq!(state["weavers"]["w-02"]["note"], "mended by hand", "what else is written there stays");
    let again = vertical.run_to(4, &["run"]);
    assert!(!again.err.contains("edited"), "{again}");
}

#[test]
fn complete_by_hand_lets_the_dependents_go() {
    let vertical = Vertical::new(&[
        ("01-schema", "", "", &format!("commits w-01.txt\n{FAILS}")),
        ("02-backend", "feature/01-schema", "", DOES_IT),
    ]);
    assert_eq!(vertical.start_run(&[]).end().code, Some(1));
    let mut state = vertical.state();
    assert_eq!(state["weavers"]["w-02"]["status"], "blocked");
    state["weavers"]["w-01"]["status"] = "complete".into();
    write(&vertical, &state);
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ended.told("task_started", "status"), ["w-02: RUNNING"]);
    let state = vertical.state();
    assert_eq!(
        (&state["status"], &state["weavers"]["w-01"]["error"]),
        (&"complete".into(), &Value::Null),
        "{state}"
    );
}

#[test]
fn a_state_that_the_originals_wrote_is_gone_on_from() {
    let vertical = Vertical::new(&[
        ("01-schema", "", "", DOES_IT),
        ("02-backend", "feature/01-schema", "", DOES_IT),
        ("03-docs", "", "", DOES_IT),
        ("04-end", "", "", DOES_IT),
    ]);
    vertical.git(&["branch", "feature/01-schema"]);
    write(
        &vertical,
        &json!({
            "plan_id": PLAN, "started_at": "2026-01-19T14:35:00Z", "status": "running",
            "weavers": {
                "w-01": {"spec": "01-schema.yaml", "status": "complete", "pr": "#42"},
                "w-03": {"spec": "03-docs.yaml", "status": "running", "session": format!("vertical-{PLAN}-w-03")},
                "w-04": {"spec": "04-end.yaml", "status": "failed", "error": "TypeScript error"},
            },
        }),
    );
    let ended = vertical.start_run(&["-j", "1"]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(ended.told("task_started", "status"), ["w-02: RUNNING", "w-03: RUNNING"]);
    let state = vertical.state();
    assert_eq!((&state["started_at"], &state["status"]), (&"2026-01-19T14:35:00Z".into(), &"partial".into()));
    assert_eq!(state["weavers"]["w-01"]["pr"], "#42", "{state}");
    assert_eq!(state["weavers"]["w-04"]["error"], "TypeScript error", "{state}");
    let summary = std::fs::read_to_string(vertical.path("run/summary.md")).unwrap();
    assert!(summary.contains("#42") && summary.contains("TypeScript error"), "{summary}");
}

#[test]
fn a_state_that_is_gone_begins_anew() {
    let vertical = Vertical::new(&[(
        "01-schema",
        "",
        "",
        "echo . >> ../../seen\n[ -e w-01.txt ] || commits w-01.txt\ndone_\n",
    )]);
    assert_eq!(vertical.start_run(&[]).end().code, Some(0));
    std::fs::remove_dir_all(vertical.path("run")).unwrap();
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.err.contains("is gone: everything starts anew"), "{ended}");
    assert_eq!(vertical.project.lines("seen").len(), 2);
}

#[test]
fn the_state_is_current_after_every_transition() {
    let act = "cp ../../.claude/vertical/plans/*/run/state.json ../../seen-$ORCH_TASK\n";
    let vertical = Vertical::new(&[
        ("01-schema", "", "", &format!("{act}{DOES_IT}")),
        ("02-backend", "feature/01-schema", "", &format!("{act}{DOES_IT}")),
    ]);
    assert_eq!(vertical.start_run(&[]).end().code, Some(0));
    let seen =
        |id: &str| -> Value { serde_json::from_str(&vertical.project.read(&format!("seen-{id}"))).unwrap() };
    let (first, second) = (seen("w-01"), seen("w-02"));
    assert_eq!(
        (&first["status"], &first["weavers"]["w-01"]["status"]),
        (&"running".into(), &"running".into())
    );
    assert_eq!(first["weavers"]["w-02"]["status"], "waiting");
    assert_eq!(second["weavers"]["w-01"]["status"], "complete");
    assert_eq!(second["weavers"]["w-02"]["status"], "running");
    assert!(first["completed_at"].is_null(), "{first}");
}
