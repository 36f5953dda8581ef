//! What a polite stop leaves for the next run.

use crate::support::vertical::{PLAN, Vertical};

/// A spec whose only check waits in a pipe.
const WAITS: &str = "verification_spec:\n  - type: command\n    run: \"read word < ../../pipe\"\n";

#[test]
fn a_claim_that_was_stopped_while_it_was_checked_is_checked_by_the_next_run() {
    let vertical = Vertical::new(&[(
        "01-a",
        "",
        WAITS,
        "echo ran >> ../../seen\n[ -e w-01.txt ] || commits w-01.txt\ndone_\n",
    )]);
    vertical.project.pipes(&["pipe"]);
    let mut run = vertical.start_run(&[]);
    while !run.wait_for("progress", "w-01")["detail"].as_str().unwrap().starts_with("verifying: ") {}
    vertical.run_to(0, &["stop"]);
    run.end();
    assert_eq!(vertical.statuses(), [("w-01".to_owned(), "waiting".to_owned())]);
    let run = vertical.start_run(&[]);
    vertical.project.say("pipe");
    let ended = run.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.project.lines("seen"), ["ran"], "the weaver was not paid twice");
    assert_eq!(vertical.weaver("w-01")["status"], "complete");
    // Asked for again, it is done again.
    vertical.run_to(0, &["retry", "w-01"]);
    let run = vertical.start_run(&[]);
    vertical.project.say("pipe");
    run.end();
    assert_eq!(vertical.project.lines("seen").len(), 2);
}

#[test]
fn a_weaver_whose_tools_keep_it_from_claude_folders_is_heard_beside_its_work_tree() {
    let act = format!("commits w-01.txt\necho '{{\"status\":\"complete\"}}' > ../{PLAN}-w-01.json\n");
    let vertical = Vertical::new(&[("01-a", "", "", &act)]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert_eq!(vertical.weaver("w-01")["status"], "complete");
    // What it says there was said of that attempt alone.
    vertical.act("w-01", "true\n");
    vertical.run_to(0, &["retry", "w-01"]);
    vertical.run_to(1, &["run", "--executor", "process"]);
    assert_eq!(vertical.statuses(), [("w-01".to_owned(), "crashed".to_owned())]);
}

#[test]
fn one_weaver_that_outlived_its_orch_is_ended_and_the_other_is_not() {
    let act = "echo begun > ../../pipe-$ORCH_TASK\nread word < ../../pipe\n";
    let vertical = Vertical::new(&[("01-a", "", "", act), ("02-b", "", "", act)]);
    vertical.project.pipes(&["pipe", "pipe-w-01", "pipe-w-02"]);
    let run = vertical.start(&["run"]);
    vertical.project.hear("pipe-w-01");
    vertical.project.hear("pipe-w-02");
    run.kill();
    vertical.run_to(0, &["stop", "w-01"]);
    assert_eq!(vertical.sessions(), [format!("vertical-{PLAN}-w-02")]);
    let said = vertical.run_to(2, &["stop", "w-01"]);
    assert!(said.err.contains("no run of this plan is under way, and no worker of that"), "{said}");
    vertical.run_to(0, &["stop"]);
    assert!(vertical.sessions().is_empty());
}
