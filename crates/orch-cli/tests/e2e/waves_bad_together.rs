//! More than one at work in a repository, and more in a plan than anybody reads.

use std::collections::BTreeSet;

use crate::support::waves::{SESSION, Task, Waves};

const OTHER: &str = "session-20250101-080000";

/// Where git has work trees, but for the main one.
fn work_trees(waves: &Waves) -> BTreeSet<(String, String)> {
    let listed = waves.git(&["worktree", "list", "--porcelain"]);
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
    };
    listed.split("\n\n").skip(1).map(|block| (field(block, "worktree "), field(block, "branch "))).collect()
}

#[test]
fn two_sessions_at_once_share_no_work_tree_and_all_of_both_is_merged() {
    let waves = Waves::without_plan();
    let ids = ["001", "002", "003"];
    let pipes = waves.pipes(["h1", "h2", "h3", "h4", "h5", "h6", "g1", "g2", "g3", "g4", "g5", "g6"]);
    let (here, gates) = pipes.split_at(6);
    for (session, from) in [(OTHER, 0), (SESSION, 3)] {
        let acts = [0, 1, 2]
            .map(|at| format!("write {session}-{at} mine begin {} {}", here[from + at], gates[from + at]));
        let tasks: Vec<Task<'_>> =
            ids.iter().zip(&acts).map(|(id, act)| (*id, &[][..], &[][..], &**act)).collect();
        waves.plan(session, &tasks);
    }
    // Both look for work trees at the same moment.
    let runs = [OTHER, SESSION].map(|session| waves.start_run(&[session]));
    for pipe in here {
        waves.project.hear(pipe);
    }
    let trees = work_trees(&waves);
    let places: BTreeSet<&String> = trees.iter().map(|(place, _)| place).collect();
    let branches: BTreeSet<&String> = trees.iter().map(|(_, branch)| branch).collect();
    assert_eq!((places.len(), branches.len()), (6, 6), "{trees:?}");
    for gate in gates {
        waves.project.say(gate);
    }
    for run in runs {
        let ended = run.end();
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    assert_eq!(waves.merges().len(), 6);
    for session in [OTHER, SESSION] {
        for at in 0..3 {
            assert_eq!(waves.project.read(&format!("{session}-{at}")), "mine\n");
        }
        let status = waves.json(&["status", session]);
        assert_eq!(status["counts"]["success"], 3, "{status}");
        assert!(
            waves.git(&["log", "-1", "--format=%B", &format!("plan/{session}")]).contains("Completed: 3/3")
        );
    }
    assert_eq!((work_trees(&waves).len(), waves.git(&["status", "--porcelain"])), (0, String::new()));
}

#[test]
fn a_session_that_is_run_already_is_held_and_who_holds_it_is_told() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    waves.plan(SESSION, &[("001", &[], &["a"], &format!("begin {here} {gate}"))]);
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    let before = waves.references();
    for arguments in [&["run"][..], &["run", SESSION], &["run", "--fresh"]] {
        let ended = waves.run_to(75, arguments);
        assert!(
            ended.err.contains(&live.pid().to_string()) && ended.err.contains("hint: wait for it"),
            "{ended}"
        );
    }
    assert_eq!((waves.references(), waves.ran()), (before, vec!["001.1".to_owned()]));
    // Looking is free.
    assert_eq!(waves.stand(), ["001: RUNNING"]);
    waves.run_to(0, &["check"]);
    waves.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
}

#[test]
fn a_session_is_held_also_when_orchs_own_files_are_deleted_meanwhile() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    waves.plan(SESSION, &[("001", &[], &["a"], &format!("begin {here} {gate}"))]);
    let live = waves.start_run(&[]);
    waves.project.hear(&here);
    std::fs::remove_dir_all(waves.project.folder().join(".orch")).unwrap();
    let ended = waves.run_to(75, &["run"]);
    assert!(ended.err.contains(&live.pid().to_string()), "{ended}");
    waves.project.say(&gate);
    live.end();
    assert_eq!(waves.ran(), ["001.1"]);
    waves.run_to(4, &["run"]);
    assert_eq!((waves.stand(), waves.ran().len()), (vec!["001: SUCCESS".to_owned()], 1));
}

#[test]
fn ten_thousand_tasks_are_checked_shown_and_one_of_them_is_run() {
    let waves = Waves::without_plan();
    let count = 10_000;
    let ids: Vec<String> = (1..=count).map(|number| format!("{number:05}")).collect();
    let provides: Vec<String> = ids.iter().map(|id| format!("what {id} provides")).collect();
    let provides: Vec<[&str; 1]> = provides.iter().map(|name| [name.as_str()]).collect();
    let tasks: Vec<Task<'_>> = (0..ids.len())
        .map(|at| {
            // Each waits for the one a hundred before it: a hundred chains of a hundred.
            let needs = at.checked_sub(100).map_or(&[][..], |before| &provides[before][..]);
            (&*ids[at], needs, &provides[at][..], "")
        })
        .collect();
    waves.plan(SESSION, &tasks);
    waves.run_to(0, &["check"]);
    let status = waves.json(&["status"]);
    assert_eq!((&status["counts"]["ready"], &status["counts"]["pending"]), (&100.into(), &count.into()));
    assert_eq!(waves.json(&["next"])["ready"].as_array().unwrap().len(), 100);
    assert_eq!(waves.json(&["why", "10000"])["reasons"][0]["on"], "09900");
    waves.run_to(0, &["run", "--only", "00001"]);
    assert_eq!(waves.merges(), ["Merge task/00001: Make 00001"]);
    assert_eq!(waves.json(&["status"])["counts"]["success"], 1);
    assert!(waves.said().contains("Completed: 1/10000 tasks"));
}
