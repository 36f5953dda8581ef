//! Files that specs claim, and branches that they await.

use serde_json::Value;

use crate::support::vertical::{DOES_IT, Vertical};

/// Claims these files.
fn files(globs: &[&str]) -> String {
    format!("building_spec:\n  files: {globs:?}\n")
}

/// Says that it is there at `pipe-here-NAME`, waits at `pipe-gate-NAME`, then does it.
fn waits(name: &str) -> String {
    format!("echo here > ../../pipe-here-{name}\nread -r line < ../../pipe-gate-{name}\n{DOES_IT}")
}

#[test]
fn specs_that_may_touch_the_same_files_never_run_together() {
    let (models, user, docs) =
        (files(&["src/models/*.ts"]), files(&["src/models/user.ts"]), files(&["docs/**"]));
    let vertical = Vertical::new(&[
        ("01-models", "", &models, &waits("a")),
        ("02-user", "", &user, &waits("b")),
        ("03-docs", "", &docs, &waits("c")),
    ]);
    vertical.project.pipes(&[
        "pipe-here-a",
        "pipe-gate-a",
        "pipe-here-b",
        "pipe-gate-b",
        "pipe-here-c",
        "pipe-gate-c",
    ]);

    let check = vertical.json(&["check"]);
    let overlaps: Vec<&Value> = check["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["code"] == "spec.overlap")
        .collect();
    assert_eq!(overlaps.len(), 1, "{check}");
    let message = overlaps[0]["message"].as_str().unwrap();
    for part in ["01-models.yaml", "02-user.yaml", "src/models/*.ts", "src/models/user.ts"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(check["edges"], 0, "{check}");
    assert!(overlaps[0]["at"]["path"].as_str().unwrap().ends_with("specs/02-user.yaml"), "{check}");
    assert_eq!(overlaps[0]["at"]["line"], 4, "{check}");

    let mut live = vertical.start_run(&["-j", "4"]);
    vertical.project.hear("pipe-here-a");
    vertical.project.hear("pipe-here-c");
    let why = vertical.json(&["why", "w-02"]);
    assert_eq!(why["readiness"], "held", "{why}");
    assert_eq!(why["reasons"][0]["on"], "w-01", "{why}");
    let text = vertical.run_to(0, &["why", "02-user"]).out;
    assert!(text.contains("w-01") && text.contains("src/models/user.ts"), "{text}");
    assert_eq!(vertical.json(&["next"])["ready"], serde_json::json!([]));
    // One that is done lets go of what it held; the third is still at work.
    vertical.project.say("pipe-gate-a");
    vertical.project.hear("pipe-here-b");
    vertical.project.say("pipe-gate-b");
    vertical.project.say("pipe-gate-c");
    let mut order = Vec::new();
    while let Some(event) = live.event() {
        if event["task"] == "w-01" && event["event"] == "task_ended"
            || event["task"] == "w-02" && event["event"] == "task_started"
        {
            order.push(event["event"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(order, ["task_ended", "task_started"]);
    assert_eq!(live.end().code, Some(0));
}

#[test]
fn a_spec_that_is_based_on_another_may_touch_its_files() {
    let (both, docs) = (files(&["src/**"]), files(&["docs/a.md"]));
    let vertical = Vertical::new(&[
        ("01-schema", "", &both, DOES_IT),
        ("02-backend", "feature/01-schema", &both, DOES_IT),
        ("03-docs", "", &docs, DOES_IT),
    ]);
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.git(&["log", "--format=%s", "trunk..feature/02-backend"]), "feat: w-02\nfeat: w-01");
}

#[test]
fn a_base_outside_of_the_plan_is_waited_for() {
    let vertical =
        Vertical::new(&[("01-schema", "", "", DOES_IT), ("03-frontend", "feature/elsewhere", "", DOES_IT)]);
    let why = vertical.json(&["why", "w-03"]);
    assert_eq!(why["readiness"], "held", "{why}");
    assert!(why["reasons"][0]["text"].as_str().unwrap().contains("the branch `feature/elsewhere`"), "{why}");

    let mut live = vertical.start_run(&[]);
    live.wait_for("task_ended", "w-01");
    assert!(!live.has_ended());
    let text = vertical.run_to(0, &["why", "w-03"]).out;
    assert!(text.contains("feature/elsewhere"), "{text}");
    vertical.git(&["branch", "feature/elsewhere", "trunk"]);
    live.wait_for("task_started", "w-03");
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.git(&["log", "--format=%s", "feature/elsewhere..feature/03-frontend"]), "feat: w-03");
}

#[test]
fn a_run_that_waits_for_a_branch_can_be_stopped() {
    let vertical =
        Vertical::new(&[("01-schema", "", "", DOES_IT), ("03-frontend", "feature/elsewhere", "", DOES_IT)]);
    let mut live = vertical.start_run(&[]);
    live.wait_for("task_ended", "w-01");
    vertical.run_to(0, &["stop"]);
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "{ended}");
    assert_eq!(vertical.state()["status"], "partial");
    assert_eq!(vertical.state()["weavers"]["w-03"]["status"], "waiting");
}
