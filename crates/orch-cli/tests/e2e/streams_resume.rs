//! Streams whose orch goes away: what was under way is gone on with, nothing is done twice, and nobody else's process ends.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use crate::support::streams::Streams;
use crate::support::{Held, signal};

/// A stream that waits at the point `at`, and one that comes after it. The pipe at which the first waits.
fn waiting(at: &str) -> (Streams, [String; 3]) {
    let streams = Streams::new(&[]);
    let pipes = streams.pipes(["here", "gate", "alive"]);
    let [here, gate, alive] = &pipes;
    streams.task(("TASK-A1", "Stream-A", &[], &format!("alive {alive} {at} {here} {gate} then leave 0")));
    streams.task(("TASK-A2", "Stream-A", &[], ""));
    streams.task(("TASK-B1", "Stream-B", &["Stream-A"], "needs TASK-A2.txt"));
    (streams, pipes)
}

/// Runs it until its first worker waits, and kills orch.
fn orphaned(at: &str) -> (Streams, String, Held) {
    let (streams, [here, gate, alive]) = waiting(at);
    let live = streams.start_run(&[]);
    let held = streams.held(&alive);
    streams.project.hear(&here);
    assert_eq!(live.kill().signal, Some(9));
    (streams, gate, held)
}

#[test]
fn a_worker_that_outlived_its_orch_is_waited_for() {
    let (streams, gate, held) = orphaned("middle");
    assert_eq!(streams.stand(), ["Stream-A: RUNNING", "Stream-B: PENDING"]);
    assert!(streams.project.exists(".claude/orchestrator/pids/Stream-A.pid"));
    let workers = streams.project.processes();
    let mut live = streams.start_run(&[]);
    assert_eq!(live.wait_for("run_started", "")["resumed"], true);
    assert_eq!(streams.project.processes(), workers, "nothing else was started");
    streams.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    held.wait_for_end();
    assert_eq!(ended.told("task_started", "status"), ["Stream-B: RUNNING"]);
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-B.1"]);
    assert!(!streams.project.exists(".claude/orchestrator/pids/Stream-A.pid"));
    assert_eq!(streams.project.processes(), []);
}

#[test]
fn what_was_done_while_nobody_watched_is_merged() {
    for at in ["middle", "linger"] {
        let (streams, gate, held) = orphaned(at);
        streams.project.say(&gate);
        held.wait_for_end();
        let ended = streams.run_to(0, &["run"]);
        assert_eq!(streams.ran(), ["Stream-A.1", "Stream-B.1"], "{at}: {ended}");
        assert!(streams.project.exists("TASK-A2.txt") && streams.project.exists("TASK-B1.txt"), "{at}");
    }
}

#[test]
fn a_worker_that_died_with_its_orch_begins_again_where_it_was() {
    let (streams, _, held) = orphaned("middle");
    for (process, _) in streams.project.processes() {
        signal("KILL", process);
    }
    held.wait_for_end();
    let ended = streams.run_to(0, &["run"]);
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-A.2", "Stream-B.1"], "{ended}");
    let told = streams.told("Stream-A.2");
    assert!(told.contains("This stream was begun before"), "{told}");
    assert_eq!(told.matches("It is to be made.").count(), 1, "the first task was done: {told}");
    assert_eq!(streams.project.read("TASK-A1.txt"), "Stream-A 1\n");
    assert_eq!(streams.project.read("TASK-A2.txt"), "Stream-A 2\n");
}

#[test]
fn a_worker_that_is_killed_begins_again() {
    let (streams, [here, _, alive]) = waiting("middle");
    let live = streams.start_run(&[]);
    let held = streams.held(&alive);
    let said = streams.project.hear(&here);
    signal("KILL", said.split_whitespace().last().unwrap().parse().unwrap());
    held.wait_for_end();
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(
        ended.told("task_ended", "detail")[0],
        "Stream-A: 1 of 2 tasks left: TASK-A2; it ended with exit code 137"
    );
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-A.2", "Stream-B.1"]);
}

#[test]
fn a_survivor_is_ended_where_that_is_asked_for() {
    let (streams, _, held) = orphaned("middle");
    let ended = streams.run_to(0, &["run", "--end-survivors"]);
    held.wait_for_end();
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-A.2", "Stream-B.1"], "{ended}");
}

#[test]
fn an_orch_that_is_killed_at_any_event_loses_nothing_and_repeats_nothing() {
    let plan = || {
        Streams::new(&[
            ("TASK-A1", "Stream-A", &[], ""),
            ("TASK-B1", "Stream-B", &["Stream-A"], "needs TASK-A1.txt"),
        ])
    };
    let whole = plan();
    let mut live = whole.start_run(&[]);
    let mut events = 0;
    while live.event().is_some() {
        events += 1;
    }
    assert_eq!(live.end().code, Some(0));
    for kill_after in 0..events {
        let streams = plan();
        let mut live = streams.start_run(&[]);
        // There may be fewer than the last time: how many depends on what is recorded together.
        for _ in 0..kill_after {
            let _ = live.event();
        }
        let killed = live.kill();
        let ended = streams.project.run(&["run"]);
        let context = format!("killed after {kill_after} events ({killed}): {ended}");
        // Killed after its last deed, there was nothing more to do.
        assert!(matches!(ended.code, Some(0 | 4)), "{context}");
        let mut ran = streams.ran();
        ran.sort();
        // One that was recorded and had no worker yet is begun as its second attempt.
        let done: Vec<&str> = ran.iter().filter_map(|ran| ran.split('.').next()).collect();
        assert_eq!(done, ["Stream-A", "Stream-B"], "{ran:?}, {context}");
        for file in ["TASK-A1.txt", "TASK-B1.txt"] {
            assert!(streams.project.exists(file), "{file}: {context}");
        }
        assert_eq!(streams.project.processes(), [], "{context}");
    }
}

#[test]
fn a_database_is_run_by_one_orch_at_a_time() {
    let (streams, [here, gate, alive]) = waiting("middle");
    let live = streams.start_run(&[]);
    let held = streams.held(&alive);
    streams.project.hear(&here);
    let ended = streams.run_to(75, &["run"]);
    assert_eq!(streams.ran().len(), 1, "{ended}");
    streams.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
    held.wait_for_end();
    assert_eq!(streams.ran().len(), 2);
}

/// Two streams that wait, with a process in the group of each that ends only when it is made to.
fn two_at_work() -> (Streams, [String; 4], [Held; 2], crate::support::Live) {
    let streams = Streams::new(&[]);
    let [here_a, gate_a, here_b, gate_b, child_a, child_b] =
        streams.pipes(["here-a", "gate-a", "here-b", "gate-b", "child-a", "child-b"]);
    let act = |child: &str, here: &str, gate: &str| format!("child {child} begin {here} {gate} then leave 0");
    streams.task(("TASK-A1", "Stream-A", &[], &act(&child_a, &here_a, &gate_a)));
    streams.task(("TASK-B1", "Stream-B", &[], &act(&child_b, &here_b, &gate_b)));
    let live = streams.start_run(&[]);
    let held = [streams.held(&child_a), streams.held(&child_b)];
    streams.project.hear(&here_a);
    streams.project.hear(&here_b);
    (streams, [here_a, gate_a, here_b, gate_b], held, live)
}

#[test]
fn stop_ends_all_that_is_at_work() {
    let (streams, _, held, live) = two_at_work();
    streams.run_to(0, &["stop"]);
    let ended = live.end();
    assert!(ended.code.is_some_and(|code| code != 0), "{ended}");
    held.into_iter().for_each(Held::wait_for_end);
    assert_eq!(streams.project.processes(), []);
    assert_eq!(streams.stand(), ["Stream-A: PENDING", "Stream-B: PENDING"]);
    assert_eq!(streams.tasks(), ["TASK-A1: pending", "TASK-B1: pending"]);
    streams.run_to(0, &["run"]);
}

#[test]
fn stop_ends_one_stream_and_leaves_the_other() {
    let (streams, [_, gate_a, ..], [child_a, child_b], mut live) = two_at_work();
    // What the pid file says is for others: somebody else's number there harms nobody.
    let mut stranger = sleeper(&streams);
    streams.project.write(".claude/orchestrator/pids/Stream-B.pid", stranger.id().to_string());
    streams.run_to(0, &["stop", "Stream-B"]);
    live.wait_for("task_ended", "Stream-B");
    child_b.wait_for_end();
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was ended");
    streams.project.say(&gate_a);
    let event = live.wait_for("task_ended", "Stream-A");
    assert_eq!(event["status"], "SUCCESS", "{event}");
    let ended = live.end();
    child_a.wait_for_end();
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was ended: {ended}");
    end(stranger);
}

/// A process that works in the project and has nothing to do with orch.
fn sleeper(streams: &Streams) -> Child {
    let mut command = Command::new("tail");
    command.args(["-f", "/dev/null"]).current_dir(streams.project.folder()).env_clear();
    command.stdin(Stdio::null()).process_group(0).spawn().unwrap()
}

fn end(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn a_stranger_with_the_number_of_a_dead_worker_is_left_alone() {
    let (streams, gate, held) = orphaned("middle");
    streams.project.say(&gate);
    held.wait_for_end();
    let mut stranger = sleeper(&streams);
    streams.project.write(".claude/orchestrator/pids/Stream-A.pid", stranger.id().to_string());
    streams.run_to(0, &["stop"]);
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was ended");
    end(stranger);
    streams.run_to(0, &["run"]);
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-B.1"]);
}

#[test]
fn what_another_orchestrators_worker_is_at_is_left_to_it() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], ""), ("TASK-B1", "Stream-B", &[], "")]);
    let stranger = sleeper(&streams);
    streams.project.write(".claude/orchestrator/pids/Stream-A.pid", stranger.id().to_string());
    let ended = streams.run_to(3, &["run"]);
    assert_eq!(streams.stand(), ["Stream-A: PENDING", "Stream-B: SUCCESS"], "{ended}");
    let says = format!("another orchestrator's worker is at it (process {}", stranger.id());
    assert!(ended.err.contains(&says), "{ended}");
    end(stranger);
    // Its file stays behind, as those of the originals do.
    streams.run_to(0, &["run"]);
    assert_eq!(streams.ran(), ["Stream-B.1", "Stream-A.1"]);
}

#[test]
fn a_process_number_that_means_nobody_holds_nothing() {
    for said in ["", "abc", "-1", "0", "99999999999999999999", "1", "4194303\n", &"9".repeat(5000)] {
        let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
        streams.project.write(".claude/orchestrator/pids/Stream-A.pid", said);
        streams.run_to(0, &["run"]);
        assert_eq!(streams.ran(), ["Stream-A.1"], "{said:?}");
    }
}

#[test]
fn workers_write_at_once_and_nobody_finds_the_database_locked() {
    let streams = Streams::new(&[]);
    for id in ["A", "B", "C", "D"] {
        streams.task((&format!("TASK-{id}1"), &format!("Stream-{id}"), &[], "churn 25"));
        streams.task((&format!("TASK-{id}2"), &format!("Stream-{id}"), &[], ""));
    }
    let ended = streams.run_to(0, &["run"]);
    assert!(!format!("{ended}").contains("locked"), "{ended}");
    let mut ran = streams.ran();
    ran.sort();
    assert_eq!(ran, ["Stream-A.1", "Stream-B.1", "Stream-C.1", "Stream-D.1"]);
    for id in ["A", "B", "C", "D"] {
        let log = streams.project.read(&format!(".claude/orchestrator/logs/Stream-{id}.log"));
        assert!(!log.contains("locked"), "{log}");
    }
}

#[test]
fn a_worker_that_holds_the_database_stops_nobody_who_reads() {
    let streams = Streams::new(&[]);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.task(("TASK-A1", "Stream-A", &[], &format!("lock {here} {gate}")));
    streams.task(("TASK-B1", "Stream-B", &["Stream-A"], ""));
    let live = streams.start_run(&[]);
    streams.project.hear(&here);
    assert_eq!(streams.stand(), ["Stream-A: RUNNING", "Stream-B: PENDING"]);
    streams.run_to(0, &["why", "Stream-B"]);
    streams.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
}

#[test]
fn a_clock_that_goes_backwards_changes_nothing() {
    let (streams, gate, held) = orphaned("middle");
    let future = "2199-01-01T00:00:00.000Z";
    streams.write(&format!(
        "UPDATE tasks SET created_at = '{future}', updated_at = '{future}'; UPDATE initiatives SET updated_at = '{future}';"
    ));
    assert_eq!(streams.stand(), ["Stream-A: RUNNING", "Stream-B: PENDING"]);
    streams.project.say(&gate);
    held.wait_for_end();
    streams.run_to(0, &["run"]);
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-B.1"]);
    // And nonsense is no moment at all.
    streams.write("UPDATE tasks SET updated_at = '2026-01-12 10:21:35', created_at = 'yesterday';");
    streams.run_to(4, &["run"]);
}

#[test]
fn in_a_terminal_of_its_own_a_worker_does_the_same() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], ""),
        ("TASK-B1", "Stream-B", &["Stream-A"], "needs TASK-A1.txt"),
    ]);
    let sockets = streams.home().join("tmux");
    let mut command = streams.project.orch(&["run", "--executor", "tmux"]);
    command.env("TMUX_TMPDIR", &sockets);
    let ended = crate::support::Live::spawn(command).end();
    let _ = Command::new("tmux").arg("kill-server").env_remove("TMUX").env("TMUX_TMPDIR", &sockets).output();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-B.1"]);
}
