//! Waves whose orch goes away: what was under way is gone on with, nothing is done twice, and nothing is merged twice.

use std::fs;

use crate::support::waves::{SESSION, Waves};
use crate::support::{Held, signal};

/// A task that waits at the point `at`, and one that comes after it, run until the first one waits. Then orch is killed.
/// The pipe at which it waits.
fn orphaned(at: &str, more: &str) -> (Waves, String, Held) {
    let waves = Waves::without_plan();
    let [here, gate, alive] = waves.pipes(["here", "gate", "alive"]);
    let act = format!("alive {alive} {at} {here} {gate} {more} then");
    waves.plan(SESSION, &[("001", &[], &["a"], &act), ("002", &["a"], &["b"], "needs 001.txt")]);
    let live = waves.start_run(&[]);
    let held = waves.held(&alive);
    waves.project.hear(&here);
    assert_eq!(live.kill().signal, Some(9));
    (waves, gate, held)
}

/// That both tasks were merged once, and each wave written down once.
fn all_done_once(waves: &Waves, context: &str) {
    assert_eq!(waves.merges(), ["Merge task/001: Make 001", "Merge task/002: Make 002"], "{context}");
    let versions = ["Initialize execution plan v1", "Update execution plan v2", "Update execution plan v3"];
    assert_eq!(waves.versions(), versions, "{context}");
    assert!(waves.said().contains("Completed: 2/2 tasks"), "{}", waves.said());
    assert_eq!(waves.git(&["worktree", "list"]).lines().count(), 1, "{context}");
    assert_eq!(waves.project.processes(), [], "{context}");
}

#[test]
fn a_worker_that_outlived_its_orch_is_waited_for() {
    let (waves, gate, held) = orphaned("begin", "");
    assert_eq!(waves.stand(), ["001: RUNNING", "002: PENDING"]);
    let workers = waves.project.processes();
    let mut live = waves.start_run(&[]);
    assert_eq!(live.wait_for("run_started", "")["resumed"], true);
    assert_eq!(waves.project.processes(), workers, "nothing else was started");
    waves.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    held.wait_for_end();
    assert_eq!(ended.told("task_started", "status"), ["002: RUNNING"]);
    assert_eq!(waves.ran(), ["001.1", "002.1"]);
    all_done_once(&waves, &ended.to_string());
}

#[test]
fn what_was_done_while_nobody_watched_is_merged() {
    for at in ["begin", "middle", "linger"] {
        let (waves, gate, held) = orphaned(at, "");
        waves.project.say(&gate);
        held.wait_for_end();
        let ended = waves.run_to(0, &["run"]);
        assert_eq!(waves.ran(), ["001.1", "002.1"], "{at}: {ended}");
        all_done_once(&waves, at);
    }
}

#[test]
fn what_was_merged_and_not_written_down_is_merged_once() {
    // The worker merges before it waits: so it is when orch is killed after its merge and before the record of it.
    for more in ["merge", "silent merge"] {
        let (waves, gate, held) = orphaned("linger", more);
        waves.project.say(&gate);
        held.wait_for_end();
        let ended = waves.run_to(0, &["run"]);
        assert_eq!(waves.ran(), ["001.1", "002.1"], "{more}: {ended}");
        assert_eq!(waves.merges().len(), 2, "{more}: {:?}", waves.merges());
    }
}

#[test]
fn a_worker_that_died_with_its_orch_begins_again_where_it_was() {
    let (waves, _, held) = orphaned("middle", "");
    for (process, _) in waves.project.processes() {
        signal("KILL", process);
    }
    held.wait_for_end();
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "001.2", "002.1"], "{ended}");
    assert!(waves.git(&["log", "--format=%b", "flow"]).matches("Completed: 1/2 tasks").count() >= 2);
    all_done_once(&waves, &ended.to_string());
}

#[test]
fn a_survivor_is_ended_where_that_is_asked_for() {
    let (waves, _, held) = orphaned("begin", "");
    let ended = waves.run_to(0, &["run", "--end-survivors"]);
    held.wait_for_end();
    assert_eq!(waves.ran(), ["001.1", "001.2", "002.1"], "{ended}");
    all_done_once(&waves, &ended.to_string());
}

#[test]
fn a_plan_is_run_by_one_orch_at_a_time() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    waves.plan(SESSION, &[("001", &[], &["a"], &format!("begin {here} {gate}"))]);
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    waves.run_to(75, &["run"]);
    waves.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
    assert_eq!(waves.ran(), ["001.1"]);
}

#[test]
fn two_plans_are_run_at_once_and_neither_works_in_the_others_place() {
    let sessions = ["session-20250112-143000", "session-20250112-143001"];
    let waves = Waves::without_plan();
    for (session, write) in sessions.iter().zip(["one", "two"]) {
        let acts = ["a", "b", "c"].map(|file| format!("write {write}-{file}.txt x"));
        waves.plan(
            session,
            &[
                ("001", &[], &["a"], &acts[0]),
                ("002", &[], &["b"], &acts[1]),
                ("003", &["a"], &["c"], &acts[2]),
            ],
        );
    }
    let runs = sessions.map(|session| waves.start_run(&[&format!("plan/{session}")]));
    for ended in runs.map(crate::support::Live::end) {
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    assert_eq!((waves.ran().len(), waves.merges().len()), (6, 6));
    for file in ["one-a", "one-b", "one-c", "two-a", "two-b", "two-c"] {
        assert!(waves.project.exists(&format!("{file}.txt")), "{file}");
    }
    assert_eq!(waves.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn a_killed_verification_is_made_again_and_its_worker_is_not() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    let once = waves.project.path("../once").display().to_string();
    let verify = format!("test -e {once} || {{ touch {once}; echo here > {here}; read -r line < {gate}; }}");
    waves.config("", &format!("[waves]\nverify = [\"sh\", \"-c\", {verify:?}]\n"));
    waves.plan(SESSION, &[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "")]);
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    live.kill();
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "002.1"], "{ended}");
    all_done_once(&waves, &ended.to_string());
}

#[test]
fn who_is_stopped_leaves_what_was_done_for_the_next_run() {
    for (how, code) in [("INT", 130), ("stop", 3)] {
        let waves = Waves::without_plan();
        let [here, gate, alive] = waves.pipes(["here", "gate", "alive"]);
        let act = format!("alive {alive} middle {here} {gate} then");
        waves.plan(
            SESSION,
            &[("001", &[], &["a"], &act), ("002", &[], &["b"], ""), ("003", &["a"], &["c"], "")],
        );
        let mut live = waves.start_run(&[]);
        let held = waves.held(&alive);
        waves.project.hear(&here);
        live.wait_for("task_ended", "002");
        match how {
            "stop" => drop(waves.run_to(0, &["stop"])),
            name => live.signal(name),
        }
        let ended = live.end();
        assert_eq!(ended.code, Some(code), "{how}: {ended}");
        held.wait_for_end();
        assert_eq!(waves.project.processes(), [], "{how}");
        assert_eq!(waves.stand(), ["001: PENDING", "002: SUCCESS", "003: PENDING"], "{how}");
        assert!(
            waves.said().contains("Completed: 1/3 tasks"),
            "the plan says what is done: {}",
            waves.said()
        );
        let ended = waves.run_to(0, &["run"]);
        let mut ran = waves.ran();
        ran.sort();
        assert_eq!(ran, ["001.1", "001.2", "002.1", "003.1"], "{how}: {ended}");
        assert_eq!(waves.merges().len(), 3, "{how}");
    }
}

#[test]
fn what_is_merged_is_known_from_git() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "block no-key then")]);
    waves.run_to(1, &["run"]);
    fs::remove_dir_all(waves.project.path(".orch")).unwrap();
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: FAIL"], "that it is blocked is known from the plan");
    waves.run_to(0, &["retry", "002"]);
    let ended = waves.run_to(1, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "002.1", "002.1"], "{ended}");
    // And where the plan does not say it either.
    fs::remove_dir_all(waves.project.path(".orch")).unwrap();
    let first = waves.git(&["rev-list", "--reverse", "flow..plan/session-20250112-143000"]);
    waves.git(&["update-ref", "refs/heads/plan/session-20250112-143000", first.lines().next().unwrap()]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: PENDING"]);
}

#[test]
fn what_is_known_from_git_alone_can_be_done_again() {
    let waves = Waves::new(&[("001", &[], &["a"], "")]);
    waves.run_to(0, &["run"]);
    fs::remove_dir_all(waves.project.path(".orch")).unwrap();
    waves.run_to(0, &["retry", "001"]);
    assert_eq!(waves.stand(), ["001: PENDING"]);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!((waves.ran().len(), waves.merges().len()), (2, 2), "{ended}");
}

#[test]
fn what_is_done_again_is_so_after_an_orch_that_was_stopped() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    waves.plan(SESSION, &[("001", &[], &["a"], &format!("then begin {here} {gate} then"))]);
    waves.run_to(0, &["run"]);
    waves.run_to(0, &["retry", "001"]);
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    waves.run_to(0, &["stop"]);
    let ended = live.end();
    assert_eq!(waves.stand(), ["001: PENDING"], "{ended}");
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "001.2", "001.3"], "{ended}");
    assert_eq!(waves.merges().len(), 2);
}

#[test]
fn a_fresh_start_does_nothing_again_that_is_merged_and_forgets_nothing_that_waits() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &[], &["b"], "write same.txt of-2")]);
    waves.project.write("same.txt", "by a person\n");
    waves.run_to(3, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: INCOMPLETE"]);
    assert_eq!(waves.project.read("same.txt"), "by a person\n");
    fs::remove_file(waves.project.path("same.txt")).unwrap();
    let ended = waves.run_to(0, &["run", "--fresh"]);
    assert_eq!(waves.ran().len(), 2, "{ended}");
    assert_eq!((waves.project.read("same.txt").as_str(), waves.merges().len()), ("of-2\n", 2));
}

#[test]
fn a_plan_whose_branch_was_deleted_is_run_to_its_end_and_its_history_kept() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    waves
        .plan(SESSION, &[("001", &[], &["a"], &format!("begin {here} {gate}")), ("002", &["a"], &["b"], "")]);
    let branch = format!("plan/{SESSION}");
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    let tip = waves.git(&["rev-parse", &branch]);
    waves.git(&["update-ref", "-d", &format!("refs/heads/{branch}")]);
    // Git can't keep it beside this one, so that it can't be made again.
    waves.git(&["branch", "-q", "plan", "flow"]);
    waves.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ended.err.matches("does not say how far it is").count(), 1, "{ended}");
    assert_eq!(waves.merges().len(), 2, "{ended}");
    waves.git(&["branch", "-q", "-D", "plan"]);
    let gone = waves.project.run(&["run", &branch]);
    assert!(gone.err.contains(&format!("there is no branch {branch}")), "{gone}");
    // With the branch, all is there again, and it is brought up to date.
    waves.git(&["update-ref", &format!("refs/heads/{branch}"), &tip]);
    let ended = waves.run_to(4, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "002.1"], "{ended}");
    assert!(waves.said().contains("Completed: 2/2 tasks"), "{}", waves.said());
}

#[test]
fn a_plan_that_lags_behind_is_mended_when_nothing_is_left_to_do() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "")]);
    waves.run_to(0, &["run"]);
    let branch = format!("plan/{SESSION}");
    waves.git(&["update-ref", &format!("refs/heads/{branch}"), &format!("{branch}~1")]);
    assert!(waves.said().contains("Completed: 1/2 tasks"));
    assert_eq!(waves.run_to(4, &["run"]).out, "nothing to do: every task is done\n");
    all_done_once(&waves, "mended");
    let tip = waves.git(&["rev-parse", &branch]);
    waves.run_to(4, &["run"]);
    assert_eq!(waves.git(&["rev-parse", &branch]), tip, "what says all is left alone");
}

#[test]
fn an_orch_that_is_killed_at_any_event_loses_nothing_and_repeats_nothing() {
    // Who says nothing of how far it is makes fewer events.
    let plan =
        || Waves::new(&[("001", &[], &["a"], "silent"), ("002", &["a"], &["b"], "silent needs 001.txt")]);
    let whole = plan();
    let mut live = whole.start_run(&[]);
    let mut events = 0;
    while live.event().is_some() {
        events += 1;
    }
    assert_eq!(live.end().code, Some(0));
    for kill_after in 0..events {
        let waves = plan();
        let mut live = waves.start_run(&[]);
        // There may be fewer than the last time: how many depends on what is seen together.
        for _ in 0..kill_after {
            let _ = live.event();
        }
        let killed = live.kill();
        let ended = waves.project.run(&["run"]);
        let context = format!("killed after {kill_after} events ({killed}): {ended}");
        assert!(matches!(ended.code, Some(0 | 4)), "{context}");
        let ran = waves.ran();
        // One that was recorded and had no worker yet is begun as its second attempt.
        let done: Vec<&str> = ran.iter().filter_map(|ran| ran.split('.').next()).collect();
        assert_eq!(done, ["001", "002"], "{ran:?}, {context}");
        all_done_once(&waves, &context);
    }
}
