//! The branches of streams: cut, merged in the order of their dependencies, and kept when that can't be done.

use std::fs;

use serde_json::json;

use crate::support::streams::Streams;

/// Two streams that write the same file in other words, one after each of them, and one beside them. The second waits until
/// the first is merged. The pipes at which it says so, and waits.
fn colliding() -> (Streams, [String; 2]) {
    let streams = Streams::new(&[]);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.task(("TASK-B1", "Stream-B", &[], "write same.txt of-b"));
    streams.task(("TASK-C1", "Stream-C", &[], &format!("begin {here} {gate} write same.txt of-c")));
    streams.task(("TASK-D1", "Stream-D", &["Stream-C"], "needs same.txt"));
    streams.task(("TASK-E1", "Stream-E", &["Stream-B"], "needs same.txt"));
    (streams, [here, gate])
}

/// Runs them to the collision.
fn collided() -> Streams {
    let (streams, [here, gate]) = colliding();
    let mut live = streams.start_run(&[]);
    streams.project.hear(&here);
    live.wait_for("task_ended", "Stream-B");
    streams.project.say(&gate);
    let event = live.wait_for("task_ended", "Stream-C");
    assert_eq!((&event["status"], &event["outcome"]), (&"INCOMPLETE".into(), &"obstructed".into()));
    let detail = event["detail"].as_str().unwrap();
    for named in ["done, and not merged", "stream/Stream-C", "same.txt", "orch retry"] {
        assert!(detail.contains(named), "no {named} in {detail}");
    }
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "{ended}");
    assert!(format!("{ended}").contains("incomplete stream/Stream-C"), "{ended}");
    streams
}

#[test]
fn a_conflict_stops_that_stream_alone_and_loses_nothing() {
    let streams = collided();
    assert_eq!(
        streams.stand(),
        ["Stream-B: SUCCESS", "Stream-C: INCOMPLETE", "Stream-D: PENDING", "Stream-E: SUCCESS"]
    );
    assert_eq!(streams.project.read("same.txt"), "of-b\n");
    assert_eq!(streams.git(&["status", "--porcelain"]), "", "nothing is left half merged");
    assert_eq!(streams.git(&["log", "--format=%s", "-1", "stream/Stream-C"]), "Do same.txt of Stream-C");
    assert_eq!(fs::read_to_string(streams.worktree("Stream-C").join("same.txt")).unwrap(), "of-c\n");
    assert!(!streams.worktree("Stream-B").exists() && !streams.worktree("Stream-E").exists());
    assert_eq!(streams.tasks()[1], "TASK-C1: completed", "its worker has done what it was to do");
    // It is not tried again before somebody says so.
    let ended = streams.run_to(3, &["run"]);
    assert_eq!(streams.ran().len(), 3, "{ended}");
}

#[test]
fn what_was_merged_by_hand_is_only_noted() {
    let streams = collided();
    streams.git(&["merge", "-q", "-X", "ours", "-m", "By hand", "stream/Stream-C"]);
    let head = streams.git(&["rev-parse", "HEAD"]);
    streams.run_to(0, &["retry", "Stream-C"]);
    assert_eq!(streams.tasks()[1], "TASK-C1: completed");
    let ended = streams.run_to(0, &["run"]);
    assert_eq!(streams.ran()[3..], ["Stream-D.1"], "{ended}");
    assert!(streams.git(&["log", "--format=%H"]).contains(&head));
    assert!(!streams.worktree("Stream-C").exists(), "{ended}");
}

#[test]
fn what_still_conflicts_is_said_again() {
    let streams = collided();
    streams.run_to(0, &["retry", "Stream-C"]);
    let ended = streams.run_to(3, &["run"]);
    assert!(ended.err.contains("done, and not merged"), "{ended}");
    assert_eq!(streams.ran().len(), 3, "no worker is paid for again: {ended}");
    assert_eq!(streams.git(&["status", "--porcelain"]), "");
}

#[test]
fn work_that_is_not_committed_goes_back() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "nocommit then commit")]);
    let ended = streams.run_to(0, &["run"]);
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-A.2"], "{ended}");
    assert!(ended.err.contains("its work is not committed: TASK-A1.txt"), "{ended}");
    assert!(streams.told("Stream-A.2").contains("its work is not committed: TASK-A1.txt"));
    assert_eq!(streams.project.read("TASK-A1.txt"), "Stream-A 1\n");
}

#[test]
fn work_that_is_never_committed_is_kept_where_it_is() {
    let streams =
        Streams::new(&[("TASK-A1", "Stream-A", &[], "nocommit"), ("TASK-B1", "Stream-B", &["Stream-A"], "")]);
    let ended = streams.run_to(1, &["run"]);
    assert_eq!(streams.stand(), ["Stream-A: FAIL", "Stream-B: PENDING"], "{ended}");
    assert_eq!(streams.ran().len(), 3, "{ended}");
    assert_eq!(streams.tasks()[0], "TASK-A1: completed");
    // That its tasks are done is not enough: nothing builds on what is not there.
    streams.run_to(1, &["run"]);
    assert_eq!(streams.ran().len(), 3);
    assert!(ended.out.contains("stream/Stream-A"), "{ended}");
    assert!(streams.worktree("Stream-A").join("TASK-A1.txt").exists());
    // A person commits it, and the next run merges it.
    let there = streams.worktree("Stream-A").display().to_string();
    streams.git(&["-C", &there, "add", "."]);
    streams.git(&["-C", &there, "commit", "-q", "-m", "By hand"]);
    streams.run_to(0, &["retry", "Stream-A"]);
    streams.run_to(0, &["run"]);
    assert_eq!(streams.stand(), ["Stream-A: SUCCESS", "Stream-B: SUCCESS"]);
    assert!(streams.project.exists("TASK-A1.txt"));
}

#[test]
fn what_a_person_settles_is_merged_before_anything_builds_on_it() {
    for (act, code, settled) in [("leave 1", 3, "cancelled"), ("block TASK-A2 no-key", 1, "completed")] {
        let streams = Streams::new(&[
            ("TASK-A1", "Stream-A", &[], act),
            ("TASK-A2", "Stream-A", &[], ""),
            ("TASK-B1", "Stream-B", &["Stream-A"], "needs TASK-A1.txt"),
        ]);
        streams.run_to(code, &["run"]);
        streams.write(&format!("UPDATE tasks SET status = '{settled}' WHERE id = 'TASK-A2';"));
        let tries = streams.ran().len();
        assert_eq!(streams.stand(), ["Stream-A: PENDING", "Stream-B: PENDING"], "{act}");
        let ended = streams.run_to(0, &["run"]);
        assert!(ended.err.contains("a worker looks at them before it is merged"), "{act}: {ended}");
        assert_eq!(streams.ran().len(), tries + 2, "{act}: {ended}");
        assert!(streams.project.exists("TASK-A1.txt"), "{act}: {ended}");
    }
}

#[test]
fn what_a_person_has_not_committed_stays_theirs() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], "write README.md of-a"),
        ("TASK-B1", "Stream-B", &[], ""),
    ]);
    streams.project.write("README.md", "by a person\n");
    let ended = streams.run_to(3, &["run"]);
    assert_eq!(streams.stand(), ["Stream-A: INCOMPLETE", "Stream-B: SUCCESS"], "{ended}");
    assert_eq!(streams.project.read("README.md"), "by a person\n");
    assert!(ended.err.contains("README.md"), "{ended}");
    fs::remove_file(streams.project.path("README.md")).unwrap();
    streams.run_to(0, &["retry", "Stream-A"]);
    streams.run_to(0, &["run"]);
    assert_eq!((streams.project.read("README.md").as_str(), streams.ran().len()), ("of-a\n", 2));
}

#[test]
fn nothing_is_merged_into_a_branch_that_was_not_there_when_the_run_began() {
    let streams = Streams::new(&[]);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.task(("TASK-A1", "Stream-A", &[], &format!("begin {here} {gate}")));
    let live = streams.start_run(&[]);
    streams.project.hear(&here);
    streams.git(&["switch", "-q", "-c", "other"]);
    streams.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "{ended}");
    assert!(ended.err.contains("`other` is checked out") && ended.err.contains("`trunk`"), "{ended}");
    assert!(!streams.project.exists("TASK-A1.txt"));
    streams.git(&["switch", "-q", "trunk"]);
    streams.run_to(0, &["retry", "Stream-A"]);
    streams.run_to(0, &["run"]);
    assert!(streams.project.exists("TASK-A1.txt"));
    assert_eq!(streams.ran().len(), 1);
}

#[test]
fn a_stream_may_name_its_branch() {
    let streams = Streams::new(&[]);
    let named =
        |stream: &str, branch: &str| json!({ "streamId": stream, "dependencies": [], "branchName": branch });
    streams.task_with("TASK-A1", &named("Stream-A", "feat/accounts").to_string(), "");
    // What two name, and what git has no room for, is nobody's.
    streams.task_with("TASK-B1", &named("Stream-B", "shared").to_string(), "");
    streams.task_with("TASK-C1", &named("Stream-C", "shared").to_string(), "");
    streams.task_with("TASK-D1", &named("Stream-D", "--force").to_string(), "");
    streams.run_to(0, &["run"]);
    let mut branches: Vec<String> =
        streams.git(&["branch", "--format=%(refname:short)"]).lines().map(str::to_owned).collect();
    branches.sort();
    assert_eq!(branches, ["feat/accounts", "stream/Stream-B", "stream/Stream-C", "stream/Stream-D", "trunk"]);
}

#[test]
fn a_repository_that_no_work_tree_can_be_made_in_is_said_to_be_one() {
    let streams = Streams::without_repository(&[("TASK-A1", "Stream-A", &[], "")]);
    streams.git(&["init", "-q", "-b", "trunk"]);
    streams.git(&["config", "user.name", "A Person"]);
    streams.git(&["config", "user.email", "person@example.org"]);
    let ended = streams.run_to(1, &["run"]);
    assert!(ended.err.contains("no commits yet: commit something first"), "{ended}");
    streams.git(&["commit", "-q", "--allow-empty", "-m", "begin"]);
    streams.git(&["switch", "-q", "--detach"]);
    let ended = streams.run_to(1, &["run"]);
    assert!(ended.err.contains("no branch is checked out"), "{ended}");
    assert!(ended.err.contains("git switch"), "{ended}");
    assert_eq!(streams.ran(), [""; 0]);
    streams.git(&["switch", "-q", "trunk"]);
    streams.run_to(0, &["run"]);
    assert_eq!(streams.ran().len(), 1);
}
