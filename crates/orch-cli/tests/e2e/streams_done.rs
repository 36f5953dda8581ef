//! Nothing counts as done that is not in the project, and nothing of one initiative is another one's.

use std::fs;

use crate::support::streams::Streams;

/// `Stream-B` comes to nothing: what it writes is in the project already, otherwise.
fn in_conflict() -> Streams {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], ""),
        ("TASK-B1", "Stream-B", &[], "write README.md of-b"),
        ("TASK-C1", "Stream-C", &["Stream-B"], ""),
    ]);
    streams.project.write("README.md", "by a person\n");
    streams.run_to(3, &["run"]);
    assert_eq!(streams.stand(), ["Stream-A: SUCCESS", "Stream-B: INCOMPLETE", "Stream-C: PENDING"]);
    streams
}

#[test]
fn a_stream_of_the_next_initiative_inherits_nothing_from_one_of_its_name() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "block TASK-A1 no-key")]);
    streams.run_to(1, &["run"]);
    assert_eq!(streams.stand(), ["Stream-A: FAIL"]);
    streams.write(
        "INSERT INTO initiatives VALUES ('INIT-2', 'Next', NULL, '2999-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z');
         INSERT INTO prds (id, initiative_id, title, content, created_at, updated_at)
           VALUES ('PRD-2', 'INIT-2', 'Next', 'x', '2999-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z');
         UPDATE tasks SET archived = 1;
         INSERT INTO tasks (id, prd_id, title, status, metadata, created_at, updated_at)
           VALUES ('TASK-N1', 'PRD-2', 'New', 'pending', '{\"streamId\": \"Stream-A\", \"dependencies\": []}',
                   '2999-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z');",
    );
    assert_eq!(streams.stand(), ["Stream-A: PENDING"]);
    let ended = streams.run_to(0, &["run"]);
    assert!(ended.err.contains("of the initiative `Next`; what was recorded is of another one"), "{ended}");
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-A.2"], "attempts are counted on");
    assert!(!streams.told("Stream-A.2").contains("no key"));
    assert!(streams.project.exists("TASK-N1.txt"));
    assert!(streams.run_to(4, &["run"]).err.is_empty(), "it is said once");
}

#[test]
fn a_stream_whose_tasks_are_taken_away_is_not_done() {
    let streams = Streams::new(&[]);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.task(("TASK-A1", "Stream-A", &[], &format!("begin {here} {gate} nothing")));
    streams.task(("TASK-B1", "Stream-B", &["Stream-A"], ""));
    let live = streams.start_run(&[]);
    streams.project.hear(&here);
    streams.write("UPDATE tasks SET archived = 1;");
    streams.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.err.contains("archived or deleted while it was worked on"), "{ended}");
    assert_eq!(streams.ran(), ["Stream-A.1"], "{ended}");
}

#[test]
fn a_fresh_start_forgets_nothing_that_waits_to_be_merged() {
    let streams = in_conflict();
    fs::remove_file(streams.project.path("README.md")).unwrap();
    streams.run_to(0, &["run", "--fresh"]);
    assert_eq!(streams.project.read("README.md"), "of-b\n");
    assert_eq!(
        streams.ran(),
        ["Stream-A.1", "Stream-B.1", "Stream-C.1"],
        "it was done, and only had to be merged"
    );
}

#[test]
fn what_is_left_to_a_person_is_said_each_time() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "write README.md of-a")]);
    streams.project.write("README.md", "by a person\n");
    for _ in 0..2 {
        let ended = streams.run_to(3, &["run"]);
        assert!(!ended.out.contains("nothing to do"), "{ended}");
    }
    assert_eq!(streams.ran(), ["Stream-A.1"]);
}

#[test]
fn a_branch_of_somebody_else_is_not_taken_for_that_of_a_stream() {
    let streams = Streams::new(&[]);
    let metadata = r#"{"streamId": "Stream-A", "dependencies": [], "branchName": "feature"}"#;
    streams.task_with("TASK-A1", metadata, "");
    streams.git(&["switch", "-q", "-c", "feature"]);
    streams.git(&["commit", "-q", "--allow-empty", "-m", "of a person"]);
    streams.git(&["switch", "-q", "trunk"]);
    let tip = streams.git(&["rev-parse", "feature"]);
    let ended = streams.run_to(1, &["run"]);
    assert!(ended.err.contains("the branch feature was there before"), "{ended}");
    assert_eq!(streams.git(&["rev-parse", "feature"]), tip);
    assert_eq!(streams.git(&["log", "--format=%s", "trunk"]), "begin");
}

#[test]
fn a_stream_is_cut_from_nothing_that_lacks_what_it_builds_on() {
    let streams =
        Streams::new(&[("TASK-A1", "Stream-A", &[], ""), ("TASK-B1", "Stream-B", &["Stream-A"], "")]);
    streams.git(&["branch", "other"]);
    streams.run_to(0, &["run", "--only", "Stream-A"]);
    streams.git(&["switch", "-q", "other"]);
    let ended = streams.run_to(1, &["run"]);
    assert!(ended.err.contains("stream/Stream-A, on which `Stream-B` builds, is not in `other`"), "{ended}");
    streams.git(&["switch", "-q", "trunk"]);
    streams.run_to(0, &["run"]);
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-B.2"], "{ended}");
}

#[test]
fn what_was_stopped_waits_to_be_begun_again_and_blames_nobody() {
    let streams = Streams::new(&[]);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.task(("TASK-A1", "Stream-A", &[], &format!("begin {here} {gate} then")));
    let live = streams.start_run(&[]);
    streams.project.hear(&here);
    streams.run_to(0, &["stop"]);
    let ended = live.end();
    assert!(!ended.err.contains("task_update"), "{ended}");
    assert_eq!(streams.stand(), ["Stream-A: PENDING"], "{ended}");
    streams.run_to(0, &["run"]);
}

#[test]
fn the_shell_is_refused_before_anything_is_begun() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    let refused = streams.run_to(1, &["run", "--agent", "shell"]);
    assert!(refused.err.contains("only runs commands"), "{refused}");
    assert_eq!(streams.stand(), ["Stream-A: PENDING"]);
}
