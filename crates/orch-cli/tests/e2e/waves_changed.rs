//! What is done to the branches of a plan while it is run: what is known is gone on with, and nothing is lost.

use serde_json::json;

use crate::mcp::called;
use crate::support::waves::{SESSION, Waves};

/// A plan whose first task waits at a gate, and whose second one needs it.
fn gated() -> (Waves, String, String) {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    let act = format!("begin {here} {gate}");
    waves.plan(SESSION, &[("001", &[], &["a"], &act), ("002", &["a"], &["b"], "")]);
    (waves, here, gate)
}

/// Has the plan say, in its next version, that a task needs what nobody provides.
fn spoil(waves: &Waves) {
    let plan = format!("plan/{SESSION}");
    let task = json!({"id": "003", "description": "Build on nothing", "preconditions": ["nobody has this"]});
    called(&waves.project, "update_plan_branch", json!({"plan_branch": plan, "new_tasks": [task]})).unwrap();
}

#[test]
fn a_plan_that_can_not_be_run_any_more_is_looked_at_by_its_last_version_that_can() {
    let (waves, here, gate) = gated();
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    spoil(&waves);
    live.wait_for("alert", "");
    waves.run_to(65, &["check"]);
    let says = format!(
        "note: plan/{SESSION} can't be run as it is now: `003` requires `nobody has this`, which no task provides; this is by its \
         version v1: mend the plan (`orch plan …`), `orch check` says more\n"
    );
    for (command, answers) in [
        (&["status"][..], "RUNNING"),
        (&["why", "002"], "waits for `001`, which is RUNNING"),
        (&["logs", "001"], ""),
        (&["graph"], "002"),
        (&["report"], "Left:"),
    ] {
        let answer = waves.run_to(0, command);
        assert_eq!(answer.err.matches(&says).count(), 1, "{command:?}: {answer}");
        assert!(answer.out.contains(answers), "{command:?}: {answer}");
    }
    assert_eq!(waves.run_to(4, &["next"]).err, says);
    let next = waves.run_to(4, &["next", "--json"]);
    assert!(next.err == says && next.out.contains("\"ready\":[]"), "{next}");
    // What stands against it in the run that is under way is known to it.
    let stopped = waves.run_to(0, &["stop"]);
    assert!(stopped.err.contains(&says) && stopped.err.contains("the run has ended"), "{stopped}");
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "{ended}");
    drop(gate);
    assert_eq!(waves.run_to(65, &["run"]).code, Some(65));
    assert_eq!(waves.stand(), ["001: PENDING", "002: PENDING"]);
}

#[test]
fn a_plan_that_was_never_run_is_looked_at_as_it_is() {
    let waves = Waves::new(&[("001", &[], &["a"], "")]);
    spoil(&waves);
    for command in [&["status"][..], &["why", "001"], &["next"], &["stop"]] {
        waves.run_to(65, command);
    }
}

#[test]
fn the_branch_of_a_plan_that_is_deleted_while_it_is_run_is_made_again() {
    let (waves, here, gate) = gated();
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    // What somebody has planned meanwhile is in it as well.
    waves.run_to(0, &["plan", "add", "Add a page", "--provides", "Page"]);
    live.wait_for("task_ended", "003");
    waves.git(&["branch", "-q", "-D", &format!("plan/{SESSION}")]);
    waves.project.say(&gate);
    let ended = live.end();
    let says = format!("plan/{SESSION} was deleted while it was run: it is there again as it was last known");
    assert!(ended.code == Some(0) && ended.err.matches(&says).count() == 1, "{ended}");
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS", "003: SUCCESS"]);
    let versions = ["Initialize execution plan v1", "Update execution plan v2", "Update execution plan v3"];
    assert_eq!(waves.versions()[..3], versions, "{ended}");
    assert!(waves.said().contains("Completed: 3/3 tasks"), "{}", waves.said());
}

#[test]
fn a_work_tree_with_a_worker_in_it_is_not_removed_by_a_tool() {
    let (waves, here, gate) = gated();
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    let removed = waves.run_to(2, &["worktree", "remove", "worker-1"]);
    assert!(removed.err.contains("the task of") && removed.err.contains("is under way"), "{removed}");
    waves.git(&["branch", "-q", "task/009-other", "flow"]);
    for (tool, arguments) in [
        ("remove_worktree", json!({"worker_id": "1"})),
        ("create_worktree", json!({"worker_id": "1", "task_branch": "task/009-other"})),
    ] {
        let refused = called(&waves.project, tool, arguments).unwrap_err();
        for part in [".worktrees/worker-1 is in use: process ", " works in it", "end it first: `orch stop`"] {
            assert!(refused.contains(part), "{tool}: {part}: {refused}");
        }
    }
    // Whoever wants what is there has it.
    let own = json!({"worker_id": "1", "task_branch": "task/001-make-001"});
    called(&waves.project, "create_worktree", own).unwrap();
    waves.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(waves.ran(), ["001.1", "002.1"], "{ended}");
}

#[test]
fn a_task_that_is_stopped_is_told_with_what_waits_for_it() {
    let (waves, here, _) = gated();
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    let stopped = waves.run_to(0, &["stop", "001"]);
    assert!(stopped.err.contains("the run under way was asked to stop it"), "{stopped}");
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "work is left: {ended}");
    let says = "stopped: 001: by hand; 002 waits for it; `orch run` goes on with it\n";
    assert!(ended.err.contains(says) && ended.err.contains("\nstopped: 2 PENDING in "), "{ended}");
    assert!(!format!("{ended}").contains("stuck:"), "{ended}");
    assert_eq!(waves.stand(), ["001: PENDING", "002: PENDING"]);
}

#[test]
fn a_flow_that_is_moved_back_is_seen_when_the_next_task_is_merged() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    let begin = waves.git(&["rev-parse", "flow"]);
    let act = format!("begin {here} {gate}");
    waves.plan(SESSION, &[("001", &[], &["a"], ""), ("002", &[], &["b"], &act)]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    live.wait_for("task_ended", "001");
    waves.git(&["reset", "-q", "--hard", &begin]);
    waves.project.say(&gate);
    let told = live.wait_for("task_ended", "002");
    let says = "`flow` was moved back, and what was done for 001 is not on it any more: bring `flow` back to where it was \
                (`git reflog flow`), or `orch retry 001`";
    assert!(told["detail"].as_str().unwrap().contains(says), "{told}");
    let ended = live.end();
    assert!(ended.err.contains(&format!("note: {says}\n")), "{ended}");
    for part in ["⏸ Development stopped: 1 of 2 tasks done", "- 001 Make 001 (not on flow any more)"] {
        assert!(ended.err.contains(part), "{part}: {ended}");
    }
    assert_eq!(waves.stand(), ["001: INCOMPLETE", "002: SUCCESS"]);
}
