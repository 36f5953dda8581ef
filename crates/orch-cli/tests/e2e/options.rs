//! The options of `orch run`, and its exit codes.

use serde_json::json;

use crate::support::Project;

/// A chain of two, a third beside it, and one that needs all.
fn four() -> Project {
    Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> ran"),
        ("PROMPT-02-b", "PROMPT-01", "echo b >> ran"),
        ("PROMPT-03-c", "None", "echo c >> ran"),
        ("PROMPT-04-d", "PROMPT-02, PROMPT-03", "echo d >> ran"),
    ])
}

#[test]
fn down_the_list_or_by_the_graph() {
    let project = Project::new(&[
        ("PROMPT-01-a", "PROMPT-03", "echo a >> ran"),
        ("PROMPT-02-b", "None", "echo b >> ran"),
        ("PROMPT-03-c", "None", "echo c >> ran"),
    ]);
    let ended = project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["b", "c", "a"], "what waits for its needs is come back to: {ended}");
    let project = four();
    project.run_to(0, &["run", "-j", "1"]);
    assert_eq!(project.lines("ran"), ["a", "b", "c", "d"]);
}

#[test]
fn three_at_once_are_three_at_once() {
    // Each waits until the other two are there: fewer than three at once would never end.
    let meet = |me: &str, others: [&str; 2]| {
        let say = others.map(|other| format!("echo {me} > {me}-{other} &\n")).concat();
        let hear = others.map(|other| format!("read -r line < {other}-{me}\n")).concat();
        format!("{say}{hear}wait")
    };
    let (a, b, c) = (meet("a", ["b", "c"]), meet("b", ["a", "c"]), meet("c", ["a", "b"]));
    let project = Project::new(&[
        ("PROMPT-01-a", "None", &a),
        ("PROMPT-02-b", "None", &b),
        ("PROMPT-03-c", "None", &c),
    ]);
    project.pipes(&["a-b", "a-c", "b-a", "b-c", "c-a", "c-b"]);
    let ended = project.run_to(0, &["run", "-j", "3", "--timeout", "30s"]);
    assert!(ended.out.starts_with("success: 3 SUCCESS"), "{ended}");
}

#[test]
fn as_many_at_once_as_allowed_and_never_more() {
    let ids: Vec<String> = (1..=6).map(|number| format!("PROMPT-0{number}-x")).collect();
    let prompts: Vec<_> = ids.iter().map(|id| (id.as_str(), "None", "true")).collect();
    for jobs in 1..=4_usize {
        let project = Project::new(&prompts);
        let ended = project.start_run(&["-j", &jobs.to_string()]).end();
        assert_eq!(ended.code, Some(0), "{ended}");
        let (mut at_once, mut most) = (0, 0);
        for event in &ended.events {
            match event["event"].as_str().unwrap() {
                "task_started" => at_once += 1,
                "task_ended" => at_once -= 1,
                _ => {}
            }
            most = at_once.max(most);
        }
        assert_eq!(most, jobs);
    }
}

#[test]
fn only_some() {
    let project = four();
    let ended = project.run_to(0, &["run", "--only", "PROMPT-03"]);
    assert_eq!(project.lines("ran"), ["c"], "{ended}");
    assert_eq!(project.statuses(), ["PENDING", "PENDING", "SUCCESS", "PENDING"]);
    assert_ne!(project.state("Status"), "SUCCESS");
    project.run_to(0, &["run", "--only", "PROMPT-01-a", "PROMPT-02"]);
    assert_eq!(project.lines("ran"), ["c", "a", "b"]);
    let ended = project.run_to(2, &["run", "--only", "PROMPT-05"]);
    assert!(ended.err.contains("there is no task `PROMPT-05` in the plan"), "{ended}");
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["c", "a", "b", "d"]);
    assert_eq!(project.state("Status"), "SUCCESS");
}

#[test]
fn one_that_needs_what_was_not_chosen_is_left() {
    let project = four();
    let ended = project.run_to(3, &["run", "--only", "PROMPT-02"]);
    assert_eq!(project.lines("ran"), [""; 0], "{ended}");
}

#[test]
fn until_one() {
    let project = four();
    project.run_to(0, &["run", "--until", "PROMPT-02"]);
    assert_eq!(project.lines("ran"), ["a", "b"]);
    assert_ne!(project.state("Status"), "SUCCESS");
    project.run_to(0, &["run", "--until", "PROMPT-04"]);
    assert_eq!(project.lines("ran"), ["a", "b", "c", "d"]);
}

#[test]
fn a_rehearsal_writes_nothing_at_all() {
    let project = four();
    let before = project.tree();
    let ended = project.run_to(0, &["run", "--dry-run"]);
    let ids: Vec<&str> = ended.out.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(ids, ["PROMPT-01-a", "PROMPT-02-b", "PROMPT-03-c", "PROMPT-04-d"]);
    let rehearsed = project.json(&["run", "--dry-run", "--until", "PROMPT-02", "--events", "events"]);
    assert_eq!(rehearsed["would_start"], json!(["PROMPT-01-a", "PROMPT-02-b"]));
    assert!(project.tree() == before);
    project.write("PROMPT-02-b.md", crate::support::prompt("exit 1"));
    project.run_to(1, &["run"]);
    let before = project.tree();
    for (arguments, code, starts) in [
        (&["run", "-n", "--retry-failed"][..], 0, json!(["PROMPT-02-b", "PROMPT-03-c", "PROMPT-04-d"])),
        (&["run", "-n"], 0, json!(["PROMPT-03-c"])),
        (&["run", "-n", "--fresh", "--only", "PROMPT-01"], 0, json!(["PROMPT-01-a"])),
    ] {
        let ended = project.run_to(code, &[arguments, &["--json"]].concat());
        let document: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(document["would_start"], starts, "{arguments:?}");
    }
    assert!(project.tree() == before);
    // What it says is what happens.
    project.run_to(1, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "c"]);
    project.run_to(4, &["run", "--dry-run"]);
}

#[test]
fn a_fresh_start_keeps_what_was_aside() {
    let project = four();
    project.run_to(0, &["run"]);
    let before = project.read("PROMPT-ORCHESTRATOR.state.md");
    let ended = project.run_to(0, &["run", "--fresh"]);
    assert_eq!(project.lines("ran"), ["a", "b", "c", "d", "a", "b", "c", "d"]);
    let kept = project.named("PROMPT-ORCHESTRATOR.state.replaced-");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(project.read(&kept[0]), before);
    assert!(ended.err.contains(&kept[0]) && ended.err.contains("a fresh start was asked for"), "{ended}");
    let status = project.json(&["status"]);
    assert_eq!(status["tasks"][0]["attempts"], 2, "attempts go on counting");
}

#[test]
fn failed_tasks_are_done_again_when_asked_for() {
    let project = four();
    project.write("PROMPT-01-a.md", crate::support::prompt("echo a >> ran\ntest -e mended"));
    project.run_to(1, &["run"]);
    assert_eq!(project.statuses(), ["FAIL", "PENDING", "PENDING", "PENDING"]);
    project.write("mended", "");
    project.run_to(0, &["run", "--retry-failed"]);
    assert_eq!(project.lines("ran"), ["a", "a", "b", "c", "d"]);
}

#[test]
fn a_failure_stops_the_rest_or_not() {
    for (arguments, config, statuses) in [
        (&["run"][..], "", ["FAIL", "PENDING", "PENDING", "PENDING"]),
        (&["run", "--stop-on-fail"], "[run]\nkeep_going = true\n", ["FAIL", "PENDING", "PENDING", "PENDING"]),
        (&["run", "--keep-going"], "", ["FAIL", "PENDING", "SUCCESS", "PENDING"]),
        (&["run"], "[run]\nkeep_going = true\n", ["FAIL", "PENDING", "SUCCESS", "PENDING"]),
    ] {
        let project = four();
        project.config(config);
        project.write("PROMPT-01-a.md", crate::support::prompt("exit 9"));
        let ended = project.run_to(1, arguments);
        assert_eq!(project.statuses(), statuses, "{arguments:?} {config}: {ended}");
        assert_eq!(project.state("Status"), "FAIL");
        assert!(ended.err.contains("failed: PROMPT-01-a: failed: exit code 9"), "{ended}");
    }
}

#[test]
fn a_plan_can_be_named_or_found() {
    let project = four();
    project.run_to(
        0,
        &["run", "PROMPT-ORCHESTRATOR.md", "--only", "PROMPT-01", "PROMPT-02", "PROMPT-03", "PROMPT-04"],
    );
    let elsewhere = Project::empty();
    let folder = project.folder().to_str().unwrap();
    elsewhere.run_to(4, &["run", folder]);
    elsewhere.run_to(4, &["-C", folder, "run"]);
    elsewhere.run_to(4, &["run", "-C", folder, "--kind", "prompts"]);
    for (arguments, message) in [
        (&["run"][..], "there is no plan in "),
        (&["run", "nowhere"], "there is no `"),
        (&["run", "--kind", "magic", folder], "there is no kind of plan called `magic`"),
    ] {
        let ended = elsewhere.run_to(2, arguments);
        assert!(ended.err.contains(message) && ended.err.contains("\nhint: "), "{ended}");
    }
    // Those lie in repositories.
    let ended = elsewhere.run_to(1, &["run", "--kind", "waves", folder]);
    assert!(ended.err.contains("lies in no git repository\nhint: "), "{ended}");
    elsewhere.write("PROMPT-ORCHESTRATOR-a.md", "");
    elsewhere.write("PROMPT-ORCHESTRATOR-b.md", "");
    let ended = elsewhere.run_to(2, &["run"]);
    assert!(ended.err.contains("name one of PROMPT-ORCHESTRATOR-a.md, PROMPT-ORCHESTRATOR-b.md"), "{ended}");
}

#[test]
fn the_result_as_one_document() {
    let project = four();
    project.write("PROMPT-02-b.md", crate::support::prompt("exit 1"));
    let ended = project.run_to(1, &["run", "--json", "--keep-going"]);
    let document: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!((&document["kind"], &document["verdict"]), (&json!("run"), &json!("fail")));
    assert_eq!((&document["exit_code"], &document["halt"]), (&json!(1), &json!(null)));
    let counts = json!({
        "pending": 1, "running": 0, "success": 2, "fail": 1, "incomplete": 0, "ready": 0, "blocked": 1
    });
    assert_eq!(document["counts"], counts);
    let ended = project.run_to(2, &["run", "--json", "--agent", "clod"]);
    let error: serde_json::Value = serde_json::from_str(&ended.err).unwrap();
    assert_eq!((&error["kind"], &error["code"]), (&json!("error"), &json!("agent")));
    assert_eq!(ended.out, "");
}

#[test]
fn wrong_usage_is_exit_code_two() {
    let project = four();
    for arguments in [
        &["run", "-j", "0"][..],
        &["run", "--jobs", "many"],
        &["run", "--timeout", "soon"],
        &["run", "--keep-going", "--stop-on-fail"],
        &["run", "--executor", "magic"],
        &["run", "--no-validation", "--require-validation"],
        &["run", "one", "two"],
        &["dance"],
    ] {
        let ended = project.run_to(2, arguments);
        let says_so = ended.err.starts_with("error: ") || ended.err.contains("there is no command `dance`");
        assert!(says_so, "{arguments:?}: {ended}");
    }
    assert!(!project.exists("ran"));
}

#[test]
fn an_agent_that_is_told_nothing_gets_no_prompt_file() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    let command = r#"["sh", "-c", "echo $ORCH_TASK:$ORCH_PROMPT_FILE >seen"]"#;
    project.config(&format!("[agents.mute]\ncommand = {command}\nprompt = \"none\"\n"));
    project.run_to(0, &["run", "--agent", "mute"]);
    assert_eq!(project.read("seen"), "PROMPT-01-a:\n");
    let prompts = project.path(".orch/PROMPT-ORCHESTRATOR/prompts");
    assert_eq!(std::fs::read_dir(prompts).unwrap().count(), 0);
}
