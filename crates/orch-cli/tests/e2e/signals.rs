//! Signals to orch: its workers are gone with it, and the next run does their tasks.

use crate::support::Project;

#[test]
fn a_signal_ends_the_run_and_everything_it_started() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let project = Project::new(&[("PROMPT-01-a", "None", "true"), ("PROMPT-02-b", "PROMPT-01", "true")]);
        project.agent("stubborn", &[], "");
        project.pipes(&["here"]);
        let mut live = project.start_run(&[]);
        project.hear("here");
        let processes = project.processes();
        assert!(processes.len() >= 4, "the worker and its three children: {processes:?}");
        live.signal(signal);
        let over = live.wait_for("task_ended", "PROMPT-01-a");
        assert_eq!((&over["outcome"], &over["status"]), (&"cancelled".into(), &"PENDING".into()), "{over}");
        let ended = live.end();
        assert_eq!(ended.code, Some(code), "{ended}");
        assert_eq!(project.processes(), [], "{signal}");
        assert_eq!(project.statuses(), ["PENDING", "PENDING"], "{signal}");
        assert!(ended.err.contains("stopped: asked to; `orch run` goes on where it was"), "{ended}");

        project.write("mended", "");
        project.run_to(0, &["run"]);
        assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS"], "{signal}");
    }
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let commands = "trap 'echo asked > asked' TERM\necho here > here\nwhile :; do read -r line < never; done";
    let project = Project::new(&[("PROMPT-01-a", "None", commands)]);
    project.config("[run]\ngrace = \"1h\"\n");
    project.pipes(&["here", "asked", "never"]);
    let live = project.start_run(&[]);
    project.hear("here");
    live.signal("INT");
    project.hear("asked");
    live.signal("INT");
    let ended = live.end();
    assert_eq!(ended.code, Some(130), "{ended}");
    assert_eq!(project.processes(), []);
    assert_eq!(project.statuses(), ["PENDING"]);
}

/// What finishes although it was asked to end has finished.
#[test]
fn work_that_is_finished_after_a_signal_counts() {
    let commands = "trap 'echo asked > asked' TERM\necho here > here\nwhile ! read -r line < gate; do :; done\necho a >> ran";
    let project =
        Project::new(&[("PROMPT-01-a", "None", commands), ("PROMPT-02-b", "None", "echo b >> ran")]);
    project.config("[run]\ngrace = \"1h\"\n");
    project.pipes(&["here", "asked", "gate"]);
    let live = project.start_run(&[]);
    project.hear("here");
    live.signal("TERM");
    project.hear("asked");
    project.say("gate");
    let ended = live.end();
    assert_eq!(ended.code, Some(143), "{ended}");
    assert_eq!(project.statuses(), ["SUCCESS", "PENDING"]);
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "b"]);
}
