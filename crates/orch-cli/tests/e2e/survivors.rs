//! Workers that outlive their orch: they are found, waited for or ended, and what they leave counts.

use crate::support::{Live, Project};

/// Two prompts, the first of which says that it is there at the pipe `here` and then waits at the pipe `gate`; the
/// pipe `alive` is held open as long as it lives. A second attempt at it does not wait.
fn project() -> Project {
    let first = "echo a >> ran
if [ -e tried ]; then exit 0; fi
touch tried
exec 9> alive
echo here > here
read -r line < gate
echo done >> ran";
    let project =
        Project::new(&[("PROMPT-01-a", "None", first), ("PROMPT-02-b", "PROMPT-01", "echo b >> ran")]);
    project.pipes(&["here", "gate", "alive"]);
    project.config("[run]\ngrace = \"100ms\"\n");
    project
}

/// Starts a run, and kills orch while the worker of the first prompt is at work.
fn orphaned() -> (Project, Alive) {
    let project = project();
    let live = project.start_run(&[]);
    let alive = Alive::of(&project);
    project.hear("here");
    assert_eq!(live.kill().signal, Some(9));
    (project, alive)
}

/// Listens for the end of the first worker.
struct Alive(std::thread::JoinHandle<()>);

impl Alive {
    fn of(project: &Project) -> Self {
        let path = project.path("alive");
        Self(std::thread::spawn(move || drop(std::fs::read(path).unwrap())))
    }

    /// Waits until the worker's program is gone.
    fn wait_for_end(self) {
        crate::support::patiently("the end of the worker", || self.0.join().unwrap());
    }
}

fn attempts(live: &mut Live) -> Vec<u64> {
    let mut attempts = Vec::new();
    while let Some(event) = live.event() {
        if event["event"] == "task_started" && event["task"] == "PROMPT-01-a" {
            attempts.push(event["attempt"].as_u64().unwrap());
        }
    }
    attempts
}

#[test]
fn a_worker_that_lives_is_shown_as_running_and_waited_for() {
    let (project, alive) = orphaned();
    let status = project.json(&["status"]);
    assert_eq!(status["tasks"][0]["status"], "RUNNING", "{status}");
    assert_eq!(status["verdict"], "running", "{status}");
    assert!(status["live"].is_null(), "{status}");
    let workers = project.processes();
    assert!(!workers.is_empty());

    let mut live = project.start_run(&[]);
    let began = live.wait_for("run_started", "");
    assert_eq!(began["resumed"], true);
    assert_eq!(project.processes(), workers, "nothing else was started");
    project.say("gate");
    assert_eq!(attempts(&mut live), [0; 0], "its first attempt counts");
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    alive.wait_for_end();
    assert_eq!(project.lines("ran"), ["a", "done", "b"]);
    assert_eq!(project.json(&["status"])["tasks"][0]["attempts"], 1);
    assert_eq!(project.processes(), []);
}

#[test]
fn a_worker_that_ended_while_nobody_watched_has_left_its_result() {
    let (project, alive) = orphaned();
    project.say("gate");
    alive.wait_for_end();
    let ended = project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "done", "b"], "{ended}");
    assert_eq!(project.json(&["status"])["tasks"][0]["attempts"], 1);
}

#[test]
fn a_worker_that_failed_while_nobody_watched_has_failed() {
    let project = Project::new(&[
        (
            "PROMPT-01-a",
            "None",
            "echo a >> ran\nexec 9> alive\necho here > here\nread -r line < gate\nexit 7",
        ),
        ("PROMPT-02-b", "PROMPT-01", "echo b >> ran"),
    ]);
    project.pipes(&["here", "gate", "alive"]);
    let live = project.start_run(&[]);
    let alive = Alive::of(&project);
    project.hear("here");
    live.kill();
    project.say("gate");
    alive.wait_for_end();
    let ended = project.run_to(1, &["run"]);
    assert_eq!(project.lines("ran"), ["a"], "{ended}");
    assert_eq!(project.statuses(), ["FAIL", "PENDING"]);
}

#[test]
fn a_survivor_is_ended_where_that_is_asked_for() {
    for (arguments, config) in
        [(&["--end-survivors"][..], ""), (&[], "survivors = \"end\"\n"), (&["--strict-resume"], "")]
    {
        let (project, alive) = orphaned();
        project.config(&format!("[run]\ngrace = \"100ms\"\n{config}"));
        let mut live = project.start_run(arguments);
        assert_eq!(attempts(&mut live), [2], "{arguments:?}");
        let ended = live.end();
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended}");
        alive.wait_for_end();
        assert_eq!(project.lines("ran"), ["a", "a", "b"], "{arguments:?}");
        assert_eq!(project.processes(), [], "{arguments:?}");
    }
}

#[test]
fn what_a_worker_left_does_not_count_for_a_strict_resume() {
    let (project, alive) = orphaned();
    project.say("gate");
    alive.wait_for_end();
    let ended = project.run_to(0, &["run", "--strict-resume"]);
    assert_eq!(project.lines("ran"), ["a", "done", "a", "b"], "{ended}");
    assert_eq!(project.json(&["status"])["tasks"][0]["attempts"], 2);
}

#[test]
fn a_worker_that_was_killed_as_well_left_nothing() {
    let (project, alive) = orphaned();
    for (process, _) in project.processes() {
        crate::support::signal("KILL", process);
    }
    alive.wait_for_end();
    assert_eq!(project.json(&["status"])["tasks"][0]["status"], "PENDING");
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "a", "b"]);
}

#[test]
fn stop_ends_a_survivor() {
    let (project, alive) = orphaned();
    let ended = project.run_to(0, &["stop"]);
    assert!(ended.err.contains("1 task that an earlier run left under way is settled"), "{ended}");
    alive.wait_for_end();
    assert_eq!(project.processes(), []);
    assert_eq!(project.statuses(), ["PENDING", "PENDING"]);
    let ended = project.run_to(0, &["stop"]);
    assert!(ended.err.contains("no run of this plan is under way, and no worker of it"), "{ended}");
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "a", "b"]);
}

#[test]
fn a_plan_that_was_done_without_its_orch_is_brought_to_its_end() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "exec 9> alive\necho here > here\nread -r line < gate")]);
    project.pipes(&["here", "gate", "alive"]);
    let live = project.start_run(&[]);
    let alive = Alive::of(&project);
    project.hear("here");
    live.kill();
    project.say("gate");
    alive.wait_for_end();
    // Settles what the worker left, and runs nothing.
    project.run_to(0, &["stop"]);
    assert_eq!((project.statuses(), project.state("Status")), (vec!["SUCCESS".into()], "RUNNING".into()));
    project.run(&["run"]);
    assert_eq!(project.state("Status"), "SUCCESS");
}
