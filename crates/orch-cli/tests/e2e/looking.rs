//! Commands that only look write nothing, whatever there is to look at.

use crate::support::Project;

/// Calls every reading command, in every form, and compares what is on disk before and after: names, bytes, times.
fn looking_changes_nothing(project: &Project, what: &str) {
    let before = project.tree();
    for arguments in [
        &[][..],
        &["check"],
        &["check", "--json"],
        &["status"],
        &["report"],
        &["status", "--all"],
        &["status", "--json"],
        &["next"],
        &["next", "-j", "3", "--json"],
        &["why", "PROMPT-02"],
        &["why", "PROMPT-02", "--json"],
        &["graph"],
        &["graph", "--json"],
        &["graph", "--format", "dot"],
        &["graph", "--format", "mermaid"],
        &["prompt", "PROMPT-01"],
        &["prompt", "PROMPT-01", "--explain"],
        &["prompt", "PROMPT-01", "--agent", "claude", "--json"],
        &["logs", "PROMPT-01"],
        &["logs", "PROMPT-01", "--attempt", "1"],
        &["run", "--dry-run"],
        &["run", "--dry-run", "--fresh", "--json"],
        &["run", "--dry-run", "--retry-failed", "--strict-resume"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let ended = project.run(arguments);
        assert!(ended.code.is_some(), "{what}: {arguments:?}: {ended}");
        assert!(project.tree() == before, "{what}: {arguments:?} wrote something: {ended}");
    }
}

fn project() -> Project {
    Project::new(&[
        ("PROMPT-01-a", "None", "echo a\ntest -e mended"),
        ("PROMPT-02-b", "PROMPT-01", "echo b"),
        ("PROMPT-03-c", "None", "echo here > here\nread -r line < gate"),
    ])
}

#[test]
fn at_a_plan_that_was_never_run() {
    looking_changes_nothing(&project(), "never run");
}

#[test]
fn at_a_plan_that_failed() {
    let project = project();
    project.run_to(1, &["run"]);
    looking_changes_nothing(&project, "failed");
}

#[test]
fn at_a_plan_that_is_done() {
    let project = project();
    project.write("mended", "");
    project.run_to(0, &["run", "--only", "PROMPT-01", "PROMPT-02"]);
    project.write("PROMPT-03-c.md", crate::support::prompt("true"));
    project.run_to(0, &["run"]);
    looking_changes_nothing(&project, "done");
    // A run that has nothing to do is hardly more.
    let before = project.tree();
    project.run_to(4, &["run"]);
    let changed: Vec<_> =
        before.iter().filter(|(path, entry)| project.tree().get(*path) != Some(entry)).collect();
    assert!(changed.iter().all(|(path, _)| path.ends_with("lock")), "{changed:?}");
}

#[test]
fn at_a_plan_at_work_and_at_one_whose_orch_was_killed() {
    let project = project();
    project.write("mended", "");
    project.pipes(&["here", "gate"]);
    let mut live = project.start_run(&["-j", "3", "--durability", "process"]);
    project.hear("here");
    live.wait_for("task_ended", "PROMPT-02-b");
    live.wait_for("state_recorded", "");
    looking_changes_nothing(&project, "at work");
    live.kill();
    // Before it lets go of the lock its witness writes down what was not recorded.
    let lock = std::fs::File::open(project.path(".orch/PROMPT-ORCHESTRATOR/lock")).unwrap();
    lock.lock_shared().unwrap();
    drop(lock);
    looking_changes_nothing(&project, "with a survivor");
    let left = project.processes();
    for (process, _) in &left {
        crate::support::signal("KILL", *process);
    }
    // And before it lets go of a dead process.
    while left.iter().any(|(process, _)| std::path::Path::new(&format!("/proc/{process}")).exists()) {
        std::thread::yield_now();
    }
    // And before it has written down how that ended.
    for entry in std::fs::read_dir(project.path(".orch/PROMPT-ORCHESTRATOR/logs")).unwrap().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "receipt") {
            std::fs::File::open(entry.path()).unwrap().lock_shared().unwrap();
        }
    }
    looking_changes_nothing(&project, "with nothing left");
}

#[test]
fn at_a_plan_that_can_not_be_run_or_whose_state_can_not_be_read() {
    let project = project();
    project.write("mended", "");
    project.run_to(0, &["run", "--only", "PROMPT-01"]);
    project.write("PROMPT-ORCHESTRATOR.state.md", "this is no state\n");
    looking_changes_nothing(&project, "no state");
    let history = project.read(".orch/PROMPT-ORCHESTRATOR/history.jsonl");
    project.write(".orch/PROMPT-ORCHESTRATOR/history.jsonl", history.replacen("PENDING", "SUCCESS", 1));
    looking_changes_nothing(&project, "a damaged history");
    project.write(".orch/PROMPT-ORCHESTRATOR/history.jsonl", &history[..history.len() - 9]);
    looking_changes_nothing(&project, "a torn history");
    project.write("PROMPT-ORCHESTRATOR.md", "## Prompts\n- PROMPT-01-a.md — Dependencies: PROMPT-01\n");
    looking_changes_nothing(&project, "an invalid plan");
}

#[test]
fn a_report_says_what_is_done_what_failed_and_what_is_left() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "true"),
        ("PROMPT-02-b", "None", "echo no good; exit 3"),
        ("PROMPT-03-c", "PROMPT-02", "true"),
    ]);
    project.run_to(1, &["run", "--keep-going"]);
    let report = project.run_to(0, &["report"]);
    let lines: Vec<&str> = report.out.lines().collect();
    assert_eq!(lines[1], "fail: 1 SUCCESS, 1 FAIL, 1 PENDING (0 ready, 1 blocked)", "{report}");
    let of = |title: &str| {
        let at = lines.iter().position(|line| *line == title).unwrap_or_else(|| panic!("{title}: {report}"));
        lines[at + 1]
    };
    assert!(of("Done:").starts_with("- PROMPT-01-a"), "{report}");
    assert!(of("Failed:").starts_with("- PROMPT-02-b") && of("Failed:").contains("no good"), "{report}");
    assert_eq!(of("Left:"), "- PROMPT-03-c (blocked by PROMPT-02-b)", "{report}");
    assert_eq!(project.json(&["report"])["counts"]["fail"], 1);
}
