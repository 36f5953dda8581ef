//! One orch at a time on one plan.

use crate::support::Project;

#[test]
fn a_second_run_is_refused_at_once_and_names_the_first() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "echo a >> ran\necho here > here\nread -r line < gate")]);
    project.pipes(&["here", "gate"]);
    let first = project.start_run(&[]);
    project.hear("here");
    let before = project.tree();
    let second = project.run_to(75, &["run", "-j", "2"]);
    let named = format!("another orch holds this plan: process {} (`orch run --events -`)", first.pid());
    assert!(second.err.contains(&named), "{second}");
    assert!(second.err.contains("hint: wait for it"), "{second}");
    assert_eq!(second.out, "");
    let as_json = project.run_to(75, &["run", "--json"]);
    assert!(as_json.err.contains("\"code\":\"plan.held\""), "{as_json}");
    assert!(project.tree() == before, "it left something behind");
    let status = project.json(&["status"]);
    assert_eq!(status["live"]["pid"], first.pid());
    assert_eq!(status["live"]["command"], "orch run --events -");
    project.say("gate");
    assert_eq!(first.end().code, Some(0));
    assert_eq!(project.lines("ran"), ["a"]);
    assert!(project.json(&["status"])["live"].is_null());
}

#[test]
fn the_lock_of_a_dead_orch_does_not_block() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "echo a >> ran\necho here > here\nread -r line < gate")]);
    project.pipes(&["here", "gate"]);
    let first = project.start_run(&[]);
    project.hear("here");
    first.kill();
    assert!(project.json(&["status"])["live"].is_null());
    let mut next = project.start_run(&[]);
    next.wait_for("run_started", "");
    project.say("gate");
    assert_eq!(next.end().code, Some(0));
    assert_eq!(project.lines("ran"), ["a"]);
}

#[test]
fn many_starts_at_once_have_one_winner() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "echo a >> ran\necho here > here\nread -r line < gate")]);
    project.pipes(&["here", "gate"]);
    let mut started: Vec<_> = (0..10).map(|_| project.start_run(&[])).collect();
    project.hear("here");
    let winner = project.json(&["status"])["live"]["pid"].as_u64().unwrap();
    let place = started.iter().position(|live| u64::from(live.pid()) == winner).unwrap();
    let winner = started.swap_remove(place);
    for other in started {
        let ended = other.end();
        assert_eq!(ended.code, Some(75), "{ended}");
        assert!(ended.err.contains("another orch holds this plan"), "{ended}");
    }
    project.say("gate");
    assert_eq!(winner.end().code, Some(0));
    assert_eq!(project.lines("ran"), ["a"]);
}

/// Two plans in one folder are two plans.
#[test]
fn plans_beside_each_other_do_not_disturb_each_other() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "echo a >> ran\necho here > here\nread -r line < gate")]);
    project.pipes(&["here", "gate"]);
    project.write(
        "PROMPT-ORCHESTRATOR-two.md",
        "Overall Objective: Another\n\n## Prompts\n- PROMPT-02-b.md — Dependencies: None\n",
    );
    project.write("PROMPT-02-b.md", crate::support::prompt("echo b >> ran"));
    let first = project.start_run(&["PROMPT-ORCHESTRATOR.md"]);
    project.hear("here");
    project.run_to(0, &["run", "PROMPT-ORCHESTRATOR-two.md"]);
    project.say("gate");
    assert_eq!(first.end().code, Some(0));
    assert_eq!(project.lines("ran"), ["a", "b"]);
}
