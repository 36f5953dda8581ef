//! Asking a run under way, from another process: `orch stop` and `orch retry`.

use crate::support::Project;

/// Two prompts that wait at a gate of their own, and one more.
fn two_waiting() -> Project {
    let wait = |me: &str| format!("echo {me} >> ran\necho here > here-{me}\nread -r line < gate-{me}");
    let project = Project::new(&[
        ("PROMPT-01-a", "None", &wait("a")),
        ("PROMPT-02-b", "None", &wait("b")),
        ("PROMPT-03-c", "PROMPT-02", "echo c >> ran"),
    ]);
    project.config("[run]\ngrace = \"100ms\"\n");
    project.pipes(&["here-a", "gate-a", "here-b", "gate-b"]);
    project
}

#[test]
fn stop_ends_the_run_and_its_workers() {
    let project = two_waiting();
    let live = project.start_run(&["-j", "2"]);
    project.hear("here-a");
    project.hear("here-b");
    let stopped = project.run_to(0, &["stop"]);
    assert!(stopped.err.contains("note: the run has ended"), "{stopped}");
    // It has ended when `stop` says so.
    assert_eq!(project.processes(), []);
    assert_eq!(project.statuses(), ["PENDING", "PENDING", "PENDING"]);
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "{ended}");
    assert_eq!(ended.told("run_ended", "halt"), ["-: stopped"]);
    // Whichever of them hears it first.
    let mut outcomes = ended.told("task_ended", "outcome");
    outcomes.sort();
    assert_eq!(outcomes, ["PROMPT-01-a: cancelled", "PROMPT-02-b: cancelled"]);
}

#[test]
fn stop_of_one_task_leaves_the_others_at_work() {
    let project = two_waiting();
    let mut live = project.start_run(&["-j", "2"]);
    project.hear("here-a");
    project.hear("here-b");
    let stopped = project.run_to(0, &["stop", "PROMPT-01"]);
    assert!(stopped.err.contains("the run under way was asked to stop it"), "{stopped}");
    let over = live.wait_for("task_ended", "PROMPT-01-a");
    assert_eq!(over["outcome"], "cancelled");
    let of_a: Vec<_> =
        project.processes().into_iter().filter(|(_, command)| command.contains("01-a")).collect();
    assert_eq!(of_a, []);
    project.say("gate-b");
    let ended = live.end();
    assert_eq!(ended.told("task_started", "status"), ["PROMPT-03-c: RUNNING"], "and it is not started again");
    assert_eq!(project.statuses(), ["PENDING", "SUCCESS", "SUCCESS"]);
    assert_eq!(project.lines("ran").last().unwrap(), "c");
    assert_ne!(project.state("Status"), "SUCCESS");
}

#[test]
fn a_run_with_a_stopped_task_ends_with_work_left() {
    let project = two_waiting();
    let live = project.start_run(&["-j", "2"]);
    project.hear("here-a");
    project.hear("here-b");
    project.run_to(0, &["stop", "PROMPT-01"]);
    project.say("gate-b");
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "{ended}");
}

#[test]
fn a_stopped_task_can_be_asked_for_again() {
    let project = two_waiting();
    let mut live = project.start_run(&["-j", "2"]);
    project.hear("here-a");
    project.hear("here-b");
    project.run_to(0, &["stop", "PROMPT-01"]);
    live.wait_for("task_ended", "PROMPT-01-a");
    project.run_to(0, &["retry", "PROMPT-01"]);
    project.hear("here-a");
    project.say("gate-a");
    project.say("gate-b");
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS", "SUCCESS"]);
}

#[test]
fn retry_in_a_run_under_way_does_it_again() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> ran"),
        ("PROMPT-02-b", "None", "echo b >> ran\necho here > here\nread -r line < gate"),
    ]);
    project.pipes(&["here", "gate"]);
    let mut live = project.start_run(&[]);
    project.hear("here");
    let asked = project.run_to(0, &["retry", "PROMPT-01"]);
    assert!(asked.err.contains("the run under way was asked to do it again"), "{asked}");
    let wanted = live.wait_for("task_wanted", "PROMPT-01-a");
    assert_eq!((&wanted["from"], &wanted["status"]), (&"SUCCESS".into(), &"PENDING".into()), "{wanted}");
    project.say("gate");
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(project.lines("ran"), ["a", "b", "a"]);
}

#[test]
fn retry_without_a_run_is_for_the_next_one() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> ran\ntest -e mended"),
        ("PROMPT-02-b", "PROMPT-01", "echo b >> ran"),
    ]);
    project.run_to(1, &["run"]);
    assert_eq!(project.statuses(), ["FAIL", "PENDING"]);
    // Without being asked to, nothing is done again.
    project.run_to(1, &["run"]);
    assert_eq!(project.lines("ran"), ["a"]);
    let asked = project.run_to(0, &["retry", "PROMPT-01"]);
    assert!(asked.err.contains("PROMPT-01-a will be done again by the next `orch run`"), "{asked}");
    assert_eq!(project.statuses(), ["PENDING", "PENDING"]);
    assert_eq!(project.lines("ran"), ["a"], "nothing was started");
    project.write("mended", "");
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "a", "b"]);
    // What is done can be done again as well.
    project.run_to(0, &["retry", "PROMPT-02-b", "PROMPT-01"]);
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "a", "b", "a", "b"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let project = Project::new(&[("PROMPT-01-a", "None", "echo a >> ran")]);
    for (arguments, message, hint) in [
        (&["stop", "PROMPT-01"][..], "no run of this plan is under way", "`orch status` shows what is"),
        (
            &["stop", "PROMPT-01-b"],
            "there is no task `PROMPT-01-b` in the plan",
            "did you mean `PROMPT-01-a`?",
        ),
        (
            &["retry", "PROMPT-01"],
            "`PROMPT-01-a` can't be retried",
            "only a task that is SUCCESS, FAIL or INCOMPLETE",
        ),
        (&["retry", "nothing"], "there is no task `nothing` in the plan", "`orch status` lists the tasks"),
        (&["retry"], "required arguments", "Usage"),
    ] {
        let ended = project.run_to(2, arguments);
        assert!(ended.err.contains(message) && ended.err.contains(hint), "{ended}");
    }
    let ended = project.run_to(0, &["stop"]);
    assert!(ended.err.contains("no run of this plan is under way, and no worker of it"), "{ended}");
}
