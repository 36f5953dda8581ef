//! The commands that only look, and the options of a run, on a plan of weavers.

use serde_json::{Value, json};

use crate::support::vertical::{DOES_IT, PLAN, Vertical, folder};

fn plan() -> Vertical {
    Vertical::new(&[
        ("01-schema", "", "", DOES_IT),
        ("02-backend", "feature/01-schema", "building_spec:\n  files: [src/backend.ts]", DOES_IT),
        ("03-docs", "", "", DOES_IT),
    ])
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect()
}

#[test]
fn looking_changes_nothing_before_the_first_run() {
    let vertical = plan();
    let before = vertical.project.tree();
    let status = vertical.json(&["status"]);
    assert_eq!(
        (&status["plan"]["kind"], &status["plan"]["objective"]),
        (&"weavers".into(), &"A test".into())
    );
    assert_eq!((&status["verdict"], &status["counts"]["ready"]), (&"pending".into(), &2.into()), "{status}");
    let tasks = status["tasks"].as_array().unwrap();
    assert_eq!(
        tasks.iter().map(|task| task["id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["w-01", "w-02", "w-03"]
    );
    assert_eq!(
        (&tasks[1]["title"], &tasks[1]["readiness"]),
        (&"Builds 02-backend".into(), &"waiting".into())
    );
    assert_eq!((&tasks[1]["depends_on"], &tasks[1]["log"]), (&json!(["w-01"]), &Value::Null));
    assert_eq!(tasks[1]["files"], json!(["src/backend.ts"]), "{status}");
    assert_eq!(ids(&vertical.json(&["next"])["ready"]), ["w-01", "w-03"]);
    let graph = vertical.json(&["graph"]);
    assert_eq!(graph["edges"], json!([["w-01", "w-02"]]), "{graph}");
    assert_eq!(graph["critical_path"], json!(["w-01", "w-02"]));
    let why = vertical.json(&["why", "02-backend"]);
    assert_eq!((&why["id"], &why["readiness"]), (&"w-02".into(), &"waiting".into()), "{why}");
    assert_eq!(why["reasons"][0]["on"], "w-01");
    let check = vertical.json(&["check"]);
    assert_eq!(
        (&check["ok"], &check["depths"]),
        (&true.into(), &json!([["w-01", "w-03"], ["w-02"]])),
        "{check}"
    );
    let logs = vertical.run_to(2, &["logs", "w-01"]);
    assert!(logs.err.contains("there is no output of `w-01`"), "{logs}");
    assert_eq!(vertical.project.tree(), before);
}

#[test]
fn a_prompt_says_where_each_part_of_it_comes_from() {
    let vertical = plan();
    let spec = format!("{}/specs/01-schema.yaml", folder(PLAN));
    let told = vertical.run_to(0, &["prompt", "w-01"]).out;
    let result = vertical.path("run/weavers/w-01.json").display().to_string();
    for part in ["name: 01-schema", "feature/01-schema", "trunk", &result, "Implements: 01-schema"] {
        assert!(told.contains(part), "`{part}` is not in {told}");
    }
    let explained = vertical.run_to(0, &["prompt", "w-01", "--explain"]).out;
    assert!(explained.contains(&spec), "{explained}");
    let json = vertical.json(&["prompt", "w-01", "--explain"]);
    assert_eq!(json["kind"], "prompt", "{json}");
    assert!(json.to_string().contains(&spec), "{json}");
}

#[test]
fn logs_and_attach_of_a_weaver_that_is_done() {
    let vertical = plan();
    assert_eq!(vertical.start_run(&["--only", "w-01"]).end().code, Some(0));
    let logs = vertical.run_to(0, &["logs", "w-01"]).out;
    assert!(logs.contains("weaver w-01 on feature/01-schema"), "{logs}");
    let attach = vertical.run_to(2, &["attach", "w-01"]);
    assert!(attach.err.contains("`w-01` has no terminal session now"), "{attach}");
    assert!(attach.err.contains("orch logs w-01 -f"), "{attach}");
    let unknown = vertical.run_to(2, &["attach", "w-11"]);
    assert!(unknown.err.contains("did you mean `w-01`?"), "{unknown}");
    let status = vertical.json(&["status"]);
    assert!(status["tasks"][0]["log"].as_str().unwrap().contains(&format!(".orch/{PLAN}/")), "{status}");
    assert_eq!(vertical.json(&["why", "w-01"])["status"], "SUCCESS");
}

#[test]
fn logs_follow_a_weaver_in_a_session() {
    let vertical = Vertical::new(&[(
        "01-schema",
        "",
        "",
        &format!("echo one line\necho here > ../../pipe-here\nread -r line < ../../pipe-gate\n{DOES_IT}"),
    )]);
    vertical.project.pipes(&["pipe-here", "pipe-gate"]);
    let live = vertical.start(&["run", "--executor", "tmux", "--events", "-"]);
    vertical.project.hear("pipe-here");
    assert_eq!(vertical.sessions(), [format!("vertical-{PLAN}-w-01")]);
    let follows = vertical.start(&["logs", "w-01", "-f"]);
    vertical.project.say("pipe-gate");
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    let logs = follows.end();
    assert_eq!(logs.code, Some(0), "{logs}");
    assert!(logs.out.contains("weaver w-01 on feature/01-schema") && logs.out.contains("one line"), "{logs}");
}

#[test]
fn a_dry_run_starts_nothing() {
    let vertical = plan();
    let before = vertical.project.tree();
    let told = vertical.json(&["run", "--dry-run"]);
    assert_eq!(ids(&told["would_start"]), ["w-01", "w-03", "w-02"], "{told}");
    let told = vertical.json(&["run", "--dry-run", "--until", "w-02"]);
    assert_eq!(ids(&told["would_start"]), ["w-01", "w-02"], "{told}");
    assert_eq!(vertical.project.tree(), before);
    assert_eq!(vertical.git(&["branch", "--format=%(refname:short)"]), "trunk");
}

#[test]
fn only_what_is_chosen_is_built() {
    let vertical = plan();
    let ended = vertical.start_run(&["--only", "03-docs"]).end();
    assert_eq!((ended.code, ended.told("task_started", "status")), (Some(0), vec!["w-03: RUNNING".into()]));
    assert_eq!(vertical.state()["status"], "partial");
    let ended = vertical.start_run(&["--until", "w-02", "-j", "1"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ended.told("task_started", "status"), ["w-01: RUNNING", "w-02: RUNNING"]);
    assert_eq!(vertical.state()["status"], "complete");
    let none = vertical.start_run(&["--only", "w-09"]).end();
    assert_eq!(none.code, Some(2), "{none}");
}

#[test]
fn one_job_is_one_at_a_time() {
    let act = |n: u32| format!("echo begin {n} >> ../../seen\n{DOES_IT}echo end {n} >> ../../seen\n");
    let vertical =
        Vertical::new(&[("01-a", "", "", &act(1)), ("02-b", "", "", &act(2)), ("03-c", "", "", &act(3))]);
    assert_eq!(vertical.start_run(&["-j", "1"]).end().code, Some(0));
    let seen = vertical.project.lines("seen");
    assert_eq!(seen, ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]);
}

#[test]
fn a_fresh_run_keeps_the_state_so_far_aside() {
    let vertical = Vertical::new(&[(
        "01-schema",
        "",
        "",
        "echo . >> ../../seen\n[ -e w-01.txt ] || commits w-01.txt\ndone_\n",
    )]);
    assert_eq!(vertical.start_run(&[]).end().code, Some(0));
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(4), "{ended}");
    let ended = vertical.start_run(&["--fresh"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.project.lines("seen").len(), 2, "its branch is there, and it looks for itself");
    let aside: Vec<String> = std::fs::read_dir(vertical.path("run"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("replaced"))
        .collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(vertical.state()["status"], "complete");
}
