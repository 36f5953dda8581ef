//! A run of weavers whose orch was killed: what was under way is gone on with, and nothing is done twice.

use crate::support::vertical::{DOES_IT, PLAN, Vertical};
use crate::support::{Live, patiently, signal};

/// Says that it is there, and waits.
const WAITS: &str = "echo here > ../../pipe-here\nread -r line < ../../pipe-gate\n";

/// A plan of a weaver that waits in the middle, and one that comes after it.
fn plan() -> Vertical {
    let act = format!("exec 9> ../../pipe-alive\necho . >> ../../seen\n{WAITS}commits w-01.txt\ndone_\n");
    let vertical =
        Vertical::new(&[("01-schema", "", "", &act), ("02-backend", "feature/01-schema", "", DOES_IT)]);
    vertical.project.pipes(&["pipe-here", "pipe-gate", "pipe-alive"]);
    vertical
}

fn start(vertical: &Vertical, executor: &str, more: &[&str]) -> Live {
    vertical.start(&[&["run", "--executor", executor, "--events", "-"], more].concat())
}

/// Runs the plan until its first weaver is at work, and kills orch. What comes with it ends when the weaver is gone.
fn orphaned(executor: &str) -> (Vertical, std::thread::JoinHandle<()>) {
    let vertical = plan();
    let live = start(&vertical, executor, &[]);
    let pipe = vertical.project.path("pipe-alive");
    let alive = std::thread::spawn(move || drop(std::fs::read(pipe).unwrap()));
    vertical.project.hear("pipe-here");
    assert_eq!(live.kill().signal, Some(9));
    (vertical, alive)
}

fn wait_for_end(alive: std::thread::JoinHandle<()>) {
    patiently("the end of the weaver", || alive.join().unwrap());
}

#[test]
fn a_weaver_that_outlived_its_orch_is_taken_over() {
    for executor in ["process", "tmux"] {
        let (vertical, alive) = orphaned(executor);
        assert_eq!(vertical.json(&["status"])["tasks"][0]["status"], "RUNNING", "{executor}");
        let sessions = vertical.sessions();
        assert_eq!(sessions.len(), usize::from(executor == "tmux"));
        let mut live = start(&vertical, executor, &[]);
        assert_eq!(live.wait_for("run_started", "")["resumed"], true);
        assert_eq!(vertical.sessions(), sessions);
        vertical.project.say("pipe-gate");
        let ended = live.end();
        assert_eq!(ended.code, Some(0), "{executor}: {ended}");
        assert_eq!(ended.told("task_started", "status"), ["w-02: RUNNING"], "{executor}");
        wait_for_end(alive);
        assert_eq!(vertical.project.lines("seen").len(), 1, "{executor}");
        assert_eq!(vertical.json(&["status"])["tasks"][0]["attempts"], 1, "{executor}");
        assert_eq!((vertical.project.processes(), vertical.sessions()), (vec![], vec![]), "{executor}");
    }
}

#[test]
fn what_a_weaver_did_while_nobody_watched_counts_and_is_checked() {
    for executor in ["process", "tmux"] {
        let (vertical, alive) = orphaned(executor);
        vertical.project.say("pipe-gate");
        wait_for_end(alive);
        let ended = start(&vertical, executor, &[]).end();
        assert_eq!(ended.code, Some(0), "{executor}: {ended}");
        assert_eq!(
            ended.told("task_ended", "detail")[0],
            "w-01: nothing to check; no pull request: `gh` is not installed"
        );
        assert_eq!(vertical.project.lines("seen").len(), 1, "{executor}");
        assert_eq!(vertical.state()["status"], "complete");
        assert_eq!(vertical.sessions(), [""; 0]);
    }
}

#[test]
fn a_strict_resume_does_it_again() {
    let (vertical, alive) = orphaned("process");
    vertical.project.say("pipe-gate");
    wait_for_end(alive);
    vertical.act("w-01", "echo . >> ../../seen\ndone_\n");
    let ended = start(&vertical, "process", &["--strict-resume"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.project.lines("seen").len(), 2);
    assert_eq!(vertical.json(&["status"])["tasks"][0]["attempts"], 2);
}

#[test]
fn a_weaver_that_died_with_its_orch_begins_again_on_its_branch() {
    for executor in ["process", "tmux"] {
        let (vertical, alive) = orphaned(executor);
        for (process, _) in vertical.project.processes() {
            signal("KILL", process);
        }
        wait_for_end(alive);
        // Its pane is the last to go.
        while !vertical.sessions().is_empty() {}
        vertical.act(
            "w-01",
            &format!("echo . >> ../../seen\ncp \"$ORCH_PROMPT_FILE\" ../../seen-prompt\n{DOES_IT}"),
        );
        let ended = start(&vertical, executor, &[]).end();
        assert_eq!(ended.code, Some(0), "{executor}: {ended}");
        assert_eq!(vertical.project.lines("seen").len(), 2, "{executor}");
        assert_eq!(
            vertical.weaver("w-01")["iteration"],
            1,
            "an orch that goes away is not the weaver's iteration"
        );
        let prompt = vertical.project.read("seen-prompt");
        assert!(prompt.contains("This work was begun before"), "{executor}: {prompt}");
        assert_eq!((vertical.project.processes(), vertical.sessions()), (vec![], vec![]), "{executor}");
    }
}

#[test]
fn a_check_that_was_under_way_is_made_again() {
    let check = "verification_spec:\n  - type: command\n    run: echo . >> ../../seen-checks; echo here > ../../pipe-here; read -r line < ../../pipe-gate\n";
    for executor in ["process", "tmux"] {
        let vertical =
            Vertical::new(&[("01-schema", "", check, &format!("echo . >> ../../seen\n{DOES_IT}"))]);
        vertical.project.pipes(&["pipe-here", "pipe-gate"]);
        let live = start(&vertical, executor, &[]);
        vertical.project.hear("pipe-here");
        live.kill();
        let left = vertical.project.processes();
        assert!(!left.is_empty());
        let status = vertical.run_to(0, &["status"]);
        assert!(
            status.err.contains("says that it is done, and its orch went away before that was checked"),
            "{status}"
        );
        let live = start(&vertical, executor, &[]);
        vertical.project.hear("pipe-here");
        let now = vertical.project.processes();
        assert!(left.iter().all(|process| !now.contains(process)), "{left:?} {now:?}");
        vertical.project.say("pipe-gate");
        let ended = live.end();
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_eq!(
            (vertical.project.lines("seen").len(), vertical.project.lines("seen-checks").len()),
            (1, 2)
        );
        assert_eq!(vertical.json(&["status"])["tasks"][0]["attempts"], 1);
        assert_eq!(vertical.project.processes(), []);
    }
}

#[test]
fn a_set_up_that_was_under_way_is_made_again() {
    let vertical = Vertical::new(&[("01-schema", "", "", &format!("echo . >> ../../seen\n{DOES_IT}"))]);
    vertical.config("[worktrees]\nsetup = [\"sh\", \"-c\", \"echo . >> ../../seen-setup; echo here > ../../pipe-here; read -r line < ../../pipe-gate\"]\n");
    vertical.project.pipes(&["pipe-here", "pipe-gate"]);
    let live = start(&vertical, "process", &[]);
    vertical.project.hear("pipe-here");
    live.kill();
    let left = vertical.project.processes();
    let live = start(&vertical, "process", &[]);
    vertical.project.hear("pipe-here");
    let now = vertical.project.processes();
    assert!(left.iter().all(|process| !now.contains(process)), "{left:?} {now:?}");
    vertical.project.say("pipe-gate");
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!((vertical.project.lines("seen").len(), vertical.project.lines("seen-setup").len()), (1, 2));
    assert_eq!(vertical.project.processes(), []);
}

#[test]
fn stop_ends_what_a_dead_orch_has_left() {
    for executor in ["process", "tmux"] {
        let (vertical, alive) = orphaned(executor);
        let ended = vertical.run_to(0, &["stop"]);
        assert!(ended.err.contains("1 task that an earlier run left under way is settled"), "{ended}");
        wait_for_end(alive);
        assert_eq!((vertical.project.processes(), vertical.sessions()), (vec![], vec![]), "{executor}");
        let state = vertical.state();
        assert_eq!(state["weavers"]["w-01"]["status"], "waiting", "{state}");
        assert_ne!(state["status"], "running", "{state}");
        assert_eq!(vertical.weaver("w-01")["status"], "waiting");
    }
}

#[test]
fn what_a_kill_left_of_the_files_is_mended() {
    let (vertical, alive) = orphaned("process");
    vertical.project.say("pipe-gate");
    wait_for_end(alive);
    // What a weaver may write over: half a file in the place of its own, and none in that of orch.
    std::fs::write(vertical.path("run/weavers/w-01.json"), "{\"status\": \"comp").unwrap();
    std::fs::write(vertical.path("run/state.json"), "{\"plan_id\": \"").unwrap();
    let ended = start(&vertical, "process", &[]).end();
    assert!(ended.err.contains("all it said is known from the history"), "{ended}");
    assert_eq!(vertical.state()["plan_id"], PLAN);
    assert_ne!(vertical.state()["weavers"]["w-01"]["status"], "running");
}
