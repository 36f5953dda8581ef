//! Weavers in terminal sessions: exactly those of the plan, and exactly those that are meant.

use crate::support::Live;
use crate::support::vertical::{DOES_IT, PLAN, Vertical, folder};

/// Says that it is there at a pipe with the name of its work tree, and waits at another.
const WAITS: &str = "name=${PWD##*/}\necho here > ../../pipe-here-$name\nread -r line < ../../pipe-gate-$name\ncommits \"$name.txt\"\ndone_\n";

fn pipes(vertical: &Vertical, names: &[String]) {
    let pipes: Vec<String> =
        names.iter().flat_map(|name| [format!("pipe-here-{name}"), format!("pipe-gate-{name}")]).collect();
    vertical.project.pipes(&pipes.iter().map(String::as_str).collect::<Vec<_>>());
}

fn start(vertical: &Vertical, plan: &str) -> Live {
    vertical.start(&["run", &folder(plan), "--executor", "tmux", "--events", "-"])
}

#[test]
fn stop_of_one_weaver_ends_its_session_only() {
    let vertical = Vertical::new(&[("01-schema", "", "", WAITS), ("02-docs", "", "", WAITS)]);
    let name = |id: &str| format!("{PLAN}-{id}");
    pipes(&vertical, &[name("w-01"), name("w-02")]);
    let mut live = start(&vertical, PLAN);
    vertical.project.hear(&format!("pipe-here-{}", name("w-01")));
    vertical.project.hear(&format!("pipe-here-{}", name("w-02")));
    assert_eq!(vertical.sessions(), [format!("vertical-{PLAN}-w-01"), format!("vertical-{PLAN}-w-02")]);
    vertical.run_to(0, &["stop", "w-01"]);
    assert_eq!(live.wait_for("task_ended", "w-01")["outcome"], "cancelled");
    assert_eq!(vertical.sessions(), [format!("vertical-{PLAN}-w-02")]);
    assert_eq!(vertical.state()["weavers"]["w-02"]["session"], format!("vertical-{PLAN}-w-02"));
    vertical.project.say(&format!("pipe-gate-{}", name("w-02")));
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "{ended}");
    assert_eq!(vertical.state()["status"], "partial");
    assert_eq!((vertical.project.processes(), vertical.sessions()), (vec![], vec![]));
}

#[test]
fn a_plan_whose_id_begins_like_anothers_is_left_alone() {
    const LONGER: &str = "plan-20260119-143052";
    let vertical = Vertical::called(LONGER, &[("01-a", "", "", WAITS)]);
    vertical.plan(PLAN, &[("01-b", "", "", WAITS)]);
    let name = |plan: &str| format!("{plan}-w-01");
    pipes(&vertical, &[name(PLAN), name(LONGER)]);
    let (longer, shorter) = (start(&vertical, LONGER), start(&vertical, PLAN));
    vertical.project.hear(&format!("pipe-here-{}", name(PLAN)));
    vertical.project.hear(&format!("pipe-here-{}", name(LONGER)));
    let mut sessions = vertical.sessions();
    sessions.sort();
    assert_eq!(sessions, [format!("vertical-{PLAN}-w-01"), format!("vertical-{LONGER}-w-01")]);

    let several = vertical.run_to(2, &["stop"]);
    assert!(several.err.contains(PLAN) && several.err.contains(LONGER), "{several}");
    vertical.run_to(0, &["stop", &folder(PLAN)]);
    assert_eq!(shorter.end().code, Some(3));
    assert_eq!(vertical.sessions(), [format!("vertical-{LONGER}-w-01")]);
    vertical.project.say(&format!("pipe-gate-{}", name(LONGER)));
    let ended = longer.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.state()["status"], "complete");
}

#[test]
fn a_server_that_dies_takes_its_weavers_with_it() {
    let vertical =
        Vertical::new(&[("01-schema", "", "", WAITS), ("02-backend", "feature/01-schema", "", DOES_IT)]);
    let name = format!("{PLAN}-w-01");
    pipes(&vertical, std::slice::from_ref(&name));
    let live = start(&vertical, PLAN);
    vertical.project.hear(&format!("pipe-here-{name}"));
    vertical.tmux(&["kill-server"]);
    let ended = live.end();
    assert_eq!(ended.code, Some(1), "{ended}");
    let state = vertical.state();
    assert_eq!(state["weavers"]["w-01"]["status"], "crashed", "{state}");
    let error = state["weavers"]["w-01"]["error"].as_str().unwrap();
    assert!(error.starts_with("Session terminated without completion"), "{error}");
    assert_eq!(
        (&state["weavers"]["w-02"]["status"], &state["status"]),
        (&"blocked".into(), &"failed".into())
    );
    assert_eq!(vertical.project.processes(), []);
    // With a new server it goes on.
    vertical.act("w-01", DOES_IT);
    vertical.run_to(0, &["retry", "w-01"]);
    assert_eq!(start(&vertical, PLAN).end().code, Some(0));
    assert_eq!(vertical.sessions(), [""; 0]);
}

#[test]
fn somebody_elses_session_of_the_same_name_is_not_touched() {
    let vertical = Vertical::new(&[("01-schema", "", "", DOES_IT)]);
    let session = format!("vertical-{PLAN}-w-01");
    vertical.tmux(&["new-session", "-d", "-s", &session, "-c", "/", "read line"]);
    let ended = start(&vertical, PLAN).end();
    assert_eq!(ended.told("task_ended", "outcome"), ["w-01: could_not_start"], "{ended}");
    assert_eq!(vertical.sessions(), std::slice::from_ref(&session));
    vertical.tmux(&["kill-session", "-t", &format!("={session}")]);
    assert_eq!(start(&vertical, PLAN).end().code, Some(0));
}
