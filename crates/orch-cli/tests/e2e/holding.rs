//! One orch at a time on one plan.

use crate::support::Project;

#[test]
fn a_second_run_is_refused_at_once_and_names_the_first() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "echo a >> ran\necho here > here\nread -r line < gate")]);
    project.pipes(&["here", "gate"]);
    let mut first = project.start_run(&[]);
    project.hear("here");
    first.wait_for("worker", "PROMPT-01-a");
    first.wait_for("state_recorded", "");
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

/// A worker that was just being started when its orch was killed has the lock until it becomes its own program. Here,
/// this test has it instead, until the next orch has come across it.
#[test]
#[cfg(target_os = "linux")]
fn a_lock_that_is_about_to_go_is_waited_for() {
    let project = Project::new(&[("PROMPT-01-a", "None", "echo here > here\nread -r line < gate")]);
    project.pipes(&["here", "gate"]);
    let first = project.start_run(&[]);
    project.hear("here");
    first.kill();
    let path = project.path(".orch/PROMPT-ORCHESTRATOR/lock");
    let lock = std::fs::File::open(&path).unwrap();
    lock.lock().unwrap();
    let mut next = project.start_run(&[]);
    let descriptors = format!("/proc/{}/fd", next.pid());
    let has_opened_it = || {
        let mut open = std::fs::read_dir(&descriptors).into_iter().flatten().flatten();
        open.any(|descriptor| std::fs::read_link(descriptor.path()).is_ok_and(|target| target == path))
    };
    while !has_opened_it() && !next.has_ended() {
        std::thread::yield_now();
    }
    drop(lock);
    next.wait_for("run_started", "");
    project.say("gate");
    assert_eq!(next.end().code, Some(0));
}
