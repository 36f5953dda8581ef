//! What workers say, however much it is, and what they leave behind.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::support::{Project, agent};

#[test]
#[cfg(target_os = "linux")]
fn a_worker_that_says_a_lot_costs_neither_disk_nor_memory() {
    let chatty = agent("chatty");
    let project = Project::new(&[
        ("PROMPT-01-a", "None", &format!("{chatty} 300")),
        ("PROMPT-02-b", "None", "echo here > here\nread -r line < gate"),
    ]);
    project.config("[run]\nlog_cap_mib = 1\n");
    project.pipes(&["here", "gate"]);
    let live = project.start_run(&[]);
    project.hear("here");
    let status = fs::read_to_string(format!("/proc/{}/status", live.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 64 << 10, "{peak} KiB");
    project.say("gate");
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");

    let log = fs::metadata(project.path(".orch/PROMPT-ORCHESTRATOR/logs/PROMPT-01-a.1.log")).unwrap();
    assert!(log.size() > 300 << 20, "{} bytes long", log.size());
    assert!(log.blocks() * 512 < 3 << 20, "{} bytes on disk", log.blocks() * 512);
    let shown = project.run_to(0, &["logs", "PROMPT-01"]);
    assert!(shown.out.starts_with("the first word\n") && shown.out.contains("\nthe last word\n"));
    assert!(shown.out.len() < 3 << 20, "{} bytes shown", shown.out.len());
}

#[test]
fn a_grandchild_that_keeps_the_output_open_holds_up_nobody() {
    let commands =
        "setsid sh -c 'echo here > here; read -r line < never' &\nread -r line < here\necho a >> ran";
    let project =
        Project::new(&[("PROMPT-01-a", "None", commands), ("PROMPT-02-b", "PROMPT-01", "echo b >> ran")]);
    project.pipes(&["here", "never"]);
    project.config("[run]\ngrace = \"100ms\"\n");
    let mut live = project.start_run(&[]);
    live.wait_for("task_ended", "PROMPT-01-a");
    let of_first: Vec<_> =
        project.processes().into_iter().filter(|(_, command)| command.contains("never")).collect();
    assert_eq!(of_first, []);
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(project.lines("ran"), ["a", "b"]);
    assert_eq!(project.processes(), []);
}

#[test]
fn what_a_worker_says_can_be_followed_and_found_again() {
    let commands = "echo one\necho here > here\nread -r line < gate\necho two >&2\ntest -e mended";
    let project = Project::new(&[("PROMPT-01-a", "None", commands)]);
    project.pipes(&["here", "gate"]);
    let live = project.start_run(&[]);
    project.hear("here");
    assert_eq!(project.run_to(0, &["logs", "PROMPT-01"]).out, "one\n");
    let following = project.start(&["logs", "PROMPT-01", "-f"]);
    project.say("gate");
    assert_eq!(live.end().code, Some(1));
    let followed = following.end();
    assert_eq!((followed.code, followed.out.as_str()), (Some(0), "one\ntwo\n"), "{followed}");
    project.write("mended", "");
    let again = project.start_run(&["--retry-failed"]);
    project.hear("here");
    project.say("gate");
    assert_eq!(again.end().code, Some(0));
    for attempt in ["1", "2"] {
        assert_eq!(project.run_to(0, &["logs", "PROMPT-01", "--attempt", attempt]).out, "one\ntwo\n");
    }
    let none = project.run_to(2, &["logs", "PROMPT-01", "--attempt", "3"]);
    assert!(none.err.contains("there is no output of attempt 3 of `PROMPT-01-a`"), "{none}");
}

/// A terminal obeys what it is shown; what a worker says must not reach it as it is.
#[test]
fn what_a_worker_says_reaches_no_terminal_by_way_of_a_status_line() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "printf 'bad \\033]52;c;aGk=\\007\\033[2J\\n' >&2\nexit 1")]);
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("bad"), "{ended}");
    let status = project.run_to(0, &["status"]);
    for said in [&ended.err, &ended.out, &status.out, &status.err] {
        assert!(!said.contains(['\u{1b}', '\u{7}']), "{said:?}");
    }
}

#[test]
fn events_are_json_lines_in_a_file_of_their_own() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    let ended = project.run_to(0, &["run", "--events", "events.jsonl"]);
    assert_eq!(ended.out.lines().count(), 1, "{ended}");
    let events: Vec<serde_json::Value> =
        project.lines("events.jsonl").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names.first(), Some(&"run_started"));
    assert_eq!(names.last(), Some(&"run_ended"));
    let position = |name| names.iter().position(|other| *other == name).unwrap();
    assert!(position("task_started") < position("state_recorded"));
    assert!(position("state_recorded") < position("worker") && position("worker") < position("task_ended"));
    for event in &events {
        assert!(event["t"].as_str().unwrap().ends_with('Z') && event.get("task").is_some(), "{event}");
    }
}

#[test]
fn events_have_standard_output_to_themselves() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    let ended = project.run_to(0, &["run", "--events", "-"]);
    assert_eq!(ended.out, "", "what is no event");
}
