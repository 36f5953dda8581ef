//! The branches of waves: merged into `flow` by orch alone, and kept where that can't be done.

use std::fs;

use crate::support::waves::{SESSION, Waves};

/// Two tasks of a wave that write the same file in other words, and one after each of them, run to the collision.
fn collided(config: &str) -> Waves {
    let waves = Waves::without_plan();
    waves.config("", config);
    let [here, gate] = waves.pipes(["here", "gate"]);
    waves.plan(
        SESSION,
        &[
            ("001", &[], &["a"], "write same.txt of-1"),
            ("002", &[], &["b"], &format!("begin {here} {gate} write same.txt of-2")),
            ("003", &["b"], &["c"], "needs same.txt"),
            ("004", &["a"], &["d"], "needs same.txt"),
        ],
    );
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    live.wait_for("task_ended", "001");
    waves.project.say(&gate);
    let event = live.wait_for("task_ended", "002");
    assert_eq!(
        (&event["status"], &event["outcome"]),
        (&"INCOMPLETE".into(), &"obstructed".into()),
        "{event}"
    );
    let detail = event["detail"].as_str().unwrap();
    for named in ["done, and not merged", "task/002-make-002", "same.txt", "orch retry"] {
        assert!(detail.contains(named), "no {named} in {detail}");
    }
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "{ended}");
    waves
}

#[test]
fn a_conflict_stops_that_task_and_what_needs_it_and_loses_nothing() {
    let waves = collided("");
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: INCOMPLETE", "003: PENDING", "004: SUCCESS"]);
    assert_eq!(waves.project.read("same.txt"), "of-1\n");
    assert_eq!(waves.git(&["status", "--porcelain"]), "", "nothing is left half merged");
    assert_eq!(waves.git(&["show", "task/002-make-002:same.txt"]), "of-2");
    let kept = waves.worktree("002").expect("its work tree stays");
    assert_eq!(fs::read_to_string(kept.join("same.txt")).unwrap(), "of-2\n");
    assert_eq!((waves.worktree("001"), waves.worktree("004")), (None, None));
    assert_eq!(waves.json(&["status"])["tasks"][1]["outcome"], "obstructed");
    let status = waves.run_to(0, &["status"]);
    assert!(status.out.contains("] 2 of 4 done, "), "{status}");
    let why = waves.run_to(0, &["why", "002"]);
    assert!(why.out.contains("conflicts with flow in same.txt"), "{why}");
    assert!(why.out.contains(&format!("`git merge flow` in {}", kept.display())), "{why}");
    let hint = "  hint: its work is done: once the way is clear, `orch retry 002`, and the next run brings it in without a worker\n";
    assert!(why.out.ends_with(hint), "{why}");
    let waits = &waves.json(&["why", "003"])["reasons"][0];
    assert_eq!(waits["on"], "002");
    assert!(waits["hint"].as_str().unwrap().ends_with("`orch why 002` says what to do"), "{waits}");
    // It is not tried again before somebody says so.
    let ended = waves.run_to(3, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "002.1", "004.1"], "{ended}");
    assert_eq!(waves.versions().len(), 3, "{:?}", waves.versions());
}

#[test]
fn what_was_resolved_in_its_work_tree_is_only_merged() {
    for config in ["", "[waves]\nverify = [\"test\", \"-e\", \"same.txt\"]\n"] {
        let waves = collided(config);
        waves.git_in("002", &["merge", "-q", "-X", "ours", "-m", "Resolve", "flow"]);
        waves.run_to(0, &["retry", "002"]);
        let ended = waves.run_to(0, &["run"]);
        assert_eq!(waves.ran(), ["001.1", "002.1", "004.1", "003.1"], "{ended}");
        assert_eq!(waves.project.read("same.txt"), "of-2\n");
        assert_eq!(waves.merges().iter().filter(|title| title.starts_with("Merge task/002")).count(), 1);
        assert_eq!(waves.worktree("002"), None, "{ended}");
    }
}

#[test]
fn what_still_conflicts_is_said_again_and_no_worker_is_paid_for() {
    let waves = collided("");
    waves.run_to(0, &["retry", "002"]);
    let ended = waves.run_to(3, &["run"]);
    assert!(ended.err.contains("done, and not merged"), "{ended}");
    assert_eq!(waves.ran().len(), 3, "{ended}");
    assert_eq!(waves.git(&["status", "--porcelain"]), "");
}

#[test]
fn what_a_person_merged_into_flow_is_done() {
    let waves = collided("");
    waves.git(&[
        "merge",
        "-q",
        "-X",
        "ours",
        "-m",
        "Merge branch 'task/002-make-002' into flow",
        "task/002-make-002",
    ]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS", "003: PENDING", "004: SUCCESS"]);
    let ended = waves.run_to(0, &["run"]);
    assert!(ended.err.contains("`002` was INCOMPLETE; it is SUCCESS"), "{ended}");
    assert_eq!(waves.ran(), ["001.1", "002.1", "004.1", "003.1"], "{ended}");
    assert!(waves.said().contains("Completed: 4/4 tasks"), "{}", waves.said());
    assert_eq!(waves.git(&["worktree", "list"]).lines().count(), 1, "nobody needs its work tree: {ended}");
}

#[test]
fn a_merge_says_what_has_verified_it() {
    let waves = Waves::without_plan();
    waves.config("", "[waves]\nverify = [\"test\", \"-e\", \"001.txt\"]\n");
    waves.plan(SESSION, &[("001", &[], &["a"], "")]);
    let ended = waves.run_to(0, &["run"]);
    let merge = waves.git(&["log", "-1", "--merges", "--format=%B", "flow"]);
    assert!(merge.contains("## Test Results\n`test -e 001.txt` passed before the merge"), "{merge} {ended}");
    assert_eq!(waves.worktree("001"), None);
}

#[test]
fn work_that_does_not_pass_goes_back_with_what_was_printed_and_fails_in_the_end() {
    let waves = Waves::without_plan();
    waves.config("", "[waves]\nverify = [\"sh\", \"-c\", \"echo no such luck; exit 7\"]\n");
    waves.plan(
        SESSION,
        &[("001", &[], &["a"], ""), ("002", &["a"], &["b"], ""), ("003", &[], &["c"], "block no")],
    );
    let ended = waves.run_to(1, &["run"]);
    assert_eq!(waves.stand(), ["001: FAIL", "002: PENDING", "003: FAIL"], "{ended}");
    let ran: Vec<String> = waves.ran().into_iter().filter(|ran| ran.starts_with("001")).collect();
    assert_eq!(ran, ["001.1", "001.2", "001.3"], "{ended}");
    let told = waves.told("001.2");
    assert!(told.contains("(exit code 7): no such luck"), "{told}");
    assert!(waves.said().contains("Status: blocked"), "{}", waves.said());
    assert!(waves.merges().is_empty() && waves.worktree("001").is_some(), "{ended}");
}

#[test]
fn a_program_that_is_not_there_verifies_nothing_and_blames_nobody() {
    let waves = Waves::without_plan();
    waves.config("", "[waves]\nverify = [\"no-such-program\"]\n");
    waves.plan(SESSION, &[("001", &[], &["a"], "")]);
    let ended = waves.run_to(3, &["run"]);
    for part in [
        "done, and not verified: `no-such-program`, which is `verify` under [waves] of orch.toml, could not be started: ",
        "program no-such-program not found; install it, or name it otherwise in orch.toml; then `orch retry`, which only",
    ] {
        assert!(ended.err.contains(part), "{part}: {ended}");
    }
    assert_eq!(waves.merges(), [""; 0]);
    waves.config("", "");
    waves.run_to(0, &["retry", "001"]);
    waves.run_to(0, &["run"]);
    assert_eq!((waves.ran().len(), waves.merges().len()), (1, 1));
}

#[test]
fn what_is_verified_is_what_will_be_on_flow() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    // Each alone would pass, and both together do not.
    let both = "test ! -e 001.txt || test ! -e 002.txt";
    waves.config("", &format!("[waves]\nverify = [\"sh\", \"-c\", {both:?}]\n"));
    waves.plan(SESSION, &[("001", &[], &["a"], ""), ("002", &[], &["b"], &format!("begin {here} {gate}"))]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    live.wait_for("task_ended", "001");
    waves.project.say(&gate);
    // Its later attempts wait as well: they are let go one by one.
    for _ in 0..2 {
        waves.project.hear(&here);
        waves.project.say(&gate);
    }
    let ended = live.end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: FAIL"], "{ended}");
}

#[test]
fn what_was_merged_while_it_was_verified_is_verified_with_it() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    // The first look at the second task lasts until the first task is merged.
    let verify = format!(
        "echo 00*.txt >> $ORCH_PLACE; test ! -e 002.txt || test -e 001.txt && exit 0; echo here > {here}; read -r line < {gate}"
    );
    let verify = verify.replace("$ORCH_PLACE", &waves.project.path("../verified").display().to_string());
    waves.config("", &format!("[waves]\nverify = [\"sh\", \"-c\", {verify:?}]\n"));
    let [begun, go] = waves.pipes(["begun", "go"]);
    waves.plan(SESSION, &[("001", &[], &["a"], &format!("begin {begun} {go}")), ("002", &[], &["b"], "")]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&begun);
    waves.project.hear(&here);
    waves.project.say(&go);
    live.wait_for("task_ended", "001");
    waves.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    let verified = waves.project.read("../verified");
    assert_eq!(verified, "002.txt\n001.txt\n001.txt 002.txt\n", "{ended}");
}

#[test]
fn what_a_person_has_not_committed_yet_is_let_alone() {
    let waves = collided("");
    let kept = waves.worktree("002").unwrap().join("same.txt");
    waves.git_in("002", &["merge", "-q", "-X", "ours", "--no-commit", "flow"]);
    fs::write(&kept, "with care\n").unwrap();
    waves.git_in("002", &["add", "same.txt"]);
    waves.run_to(0, &["retry", "002"]);
    let ended = waves.run_to(3, &["run"]);
    assert!(
        ended.err.contains("its work is not committed") && ended.err.contains("which only merges it"),
        "{ended}"
    );
    assert_eq!((waves.ran().len(), fs::read_to_string(&kept).unwrap()), (3, "with care\n".into()), "{ended}");
    waves.git_in("002", &["commit", "-q", "-m", "Resolve"]);
    waves.run_to(0, &["retry", "002"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "002.1", "004.1", "003.1"]);
    assert_eq!(waves.project.read("same.txt"), "with care\n");
}

#[test]
fn what_is_not_on_flow_any_more_is_not_done_any_more() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "needs 001.txt")]);
    let before = waves.git(&["rev-parse", "flow"]);
    waves.run_to(0, &["run", "--only", "001"]);
    let after = waves.git(&["rev-parse", "flow"]);
    waves.git(&["reset", "-q", "--hard", before.trim()]);
    assert_eq!(waves.stand(), ["001: INCOMPLETE", "002: PENDING"]);
    let ended = waves.run_to(3, &["run"]);
    assert!(ended.err.contains("is not on `flow` any more"), "{ended}");
    assert_eq!(waves.ran(), ["001.1"], "{ended}");
    waves.git(&["reset", "-q", "--hard", after.trim()]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS"]);
}
