//! The streams of a database, run by agents: in the order of their dependencies, and judged by their tasks.

use std::fs;

use serde_json::{Value, json};

use crate::support::streams::{Job, Streams, insert};

/// A foundation, two streams on top of it, and one that puts them together.
const DIAMOND: &[Job<'_>] = &[
    ("TASK-A1", "Stream-A", &[], ""),
    ("TASK-A2", "Stream-A", &[], ""),
    ("TASK-B1", "Stream-B", &["Stream-A: Make the tables"], "needs TASK-A2.txt"),
    ("TASK-C1", "Stream-C", &["[Stream-A] Make the tables"], "needs TASK-A2.txt"),
    ("TASK-Z1", "Stream-Z", &["Stream-B", "Stream-C"], "needs TASK-B1.txt"),
];

#[test]
fn agents_do_it_all_and_each_builds_on_what_it_depends_on() {
    let streams = Streams::new(DIAMOND);
    let ended = streams.run_to(0, &["run"]);
    assert!(ended.out.contains("success: 4 SUCCESS"), "{ended}");
    assert!(streams.tasks().iter().all(|task| task.ends_with(": completed")), "{:?}", streams.tasks());
    assert_eq!(streams.stand(), ["A", "B", "C", "Z"].map(|id| format!("Stream-{id}: SUCCESS")));
    for file in ["TASK-A1.txt", "TASK-A2.txt", "TASK-B1.txt", "TASK-C1.txt", "TASK-Z1.txt"] {
        assert!(streams.project.exists(file), "{file}");
    }
    let merges = streams.git(&["log", "--first-parent", "--reverse", "--format=%s"]);
    let merges: Vec<&str> = merges.lines().collect();
    assert_eq!(
        (merges[0], merges[1], merges[4]),
        ("begin", "Merge Stream-A", "Merge Stream-Z"),
        "{merges:?}"
    );
    assert_eq!(streams.git(&["worktree", "list"]).lines().count(), 1, "what was merged needs no work tree");
    assert_eq!(streams.git(&["status", "--porcelain"]), "", "{ended}");
    assert_eq!(streams.run_to(4, &["run"]).out, "nothing to do: every task is done\n");
    assert_eq!(streams.ran().len(), 4);
}

#[test]
fn all_that_are_ready_are_at_work_at_once() {
    let streams = Streams::new(&[]);
    let [here_b, here_c, gate_b, gate_c] = streams.pipes(["here-b", "here-c", "gate-b", "gate-c"]);
    streams.task(("TASK-A1", "Stream-A", &[], ""));
    streams.task(("TASK-B1", "Stream-B", &["Stream-A"], &format!("begin {here_b} {gate_b}")));
    streams.task(("TASK-C1", "Stream-C", &["Stream-A"], &format!("begin {here_c} {gate_c}")));
    streams.task(("TASK-Z1", "Stream-Z", &["Stream-B", "Stream-C"], ""));
    let mut live = streams.start_run(&[]);
    live.wait_for("task_ended", "Stream-A");
    // Neither goes on before both are there.
    streams.project.hear(&here_b);
    streams.project.hear(&here_c);
    assert_eq!(streams.json(&["status"])["counts"]["running"], 2);
    streams.project.say(&gate_c);
    let event = live.wait_for("task_ended", "Stream-C");
    assert_eq!(event["status"], "SUCCESS", "{event}");
    let why = streams.json(&["why", "Stream-Z"]);
    assert_eq!(why["reasons"][0]["on"], "Stream-B", "{why}");
    streams.project.say(&gate_b);
    live.wait_for("task_started", "Stream-Z");
    assert_eq!(live.end().code, Some(0));
}

#[test]
fn no_more_are_at_work_at_once_than_was_said() {
    let streams = Streams::new(&[]);
    for id in ["A", "B", "C", "D", "E"] {
        streams.task((&format!("TASK-{id}"), &format!("Stream-{id}"), &[], ""));
    }
    let ended = streams.start_run(&["-j", "2"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    let (mut now, mut most) = (0, 0);
    for event in &ended.events {
        match event["event"].as_str().unwrap() {
            "task_started" => now += 1,
            "task_ended" => now -= 1,
            _ => {}
        }
        most = most.max(now);
    }
    assert_eq!((now, most), (0, 2));
}

#[test]
fn streams_that_may_touch_one_file_are_never_at_work_at_once() {
    let streams = Streams::new(&[]);
    for id in ["A", "B"] {
        let metadata = json!({ "streamId": id, "dependencies": [], "files": ["src/**"] });
        streams.task_with(&format!("TASK-{id}"), &metadata.to_string(), "");
    }
    let ended = streams.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    let kinds = ended.events.iter().filter_map(|event| event["event"].as_str());
    let kinds: Vec<&str> = kinds.filter(|kind| ["task_started", "task_ended"].contains(kind)).collect();
    assert_eq!(kinds, ["task_started", "task_ended", "task_started", "task_ended"]);
    let checked = streams.json(&["check"]);
    assert_eq!(checked["problems"][0]["message"], "`A` and `B` may both touch src/**", "{checked}");
}

#[test]
fn what_is_left_goes_on_by_itself_with_only_what_remains() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], "leave 2 then leave 0"),
        ("TASK-A2", "Stream-A", &[], ""),
        ("TASK-A3", "Stream-A", &[], ""),
        ("TASK-B1", "Stream-B", &["Stream-A"], ""),
    ]);
    let ended = streams.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    let details = ended.told("task_ended", "detail");
    assert_eq!(details[0], "Stream-A: 2 of 3 tasks left: TASK-A2, TASK-A3");
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-A.2", "Stream-B.1"]);
    let told = streams.told("Stream-A.2");
    assert!(told.contains("Make TASK-A2") && told.contains("2 of 3 tasks left"), "{told}");
    // What is done is named, and what was to be done for it is told no more.
    assert_eq!(told.matches("It is to be made.").count(), 2, "{told}");
}

#[test]
fn what_never_comes_to_its_end_is_given_up() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], "leave 1"),
        ("TASK-A2", "Stream-A", &[], ""),
        ("TASK-B1", "Stream-B", &["Stream-A"], ""),
        ("TASK-C1", "Stream-C", &[], ""),
    ]);
    let ended = streams.run_to(3, &["run"]);
    assert_eq!(
        streams.stand(),
        ["Stream-A: INCOMPLETE", "Stream-B: PENDING", "Stream-C: SUCCESS"],
        "{ended}"
    );
    let attempts: Vec<String> = streams.ran().into_iter().filter(|ran| ran.starts_with("Stream-A")).collect();
    assert_eq!(attempts, ["Stream-A.1", "Stream-A.2", "Stream-A.3"]);
    assert!(!streams.project.exists("TASK-A1.txt"), "what is not whole is not merged");
    assert!(ended.err.contains("1 of 2 tasks left: TASK-A2"), "{ended}");
    assert_eq!(streams.json(&["status"])["verdict"], "stuck");
    let why = streams.json(&["why", "Stream-B"]);
    assert_eq!(why["reasons"][0]["on"], "Stream-A", "{why}");
}

#[test]
fn what_is_blocked_has_failed_until_it_is_tried_again() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], "block TASK-A2 no-key-for-the-shop then"),
        ("TASK-A2", "Stream-A", &[], ""),
        ("TASK-B1", "Stream-B", &["Stream-A"], ""),
        ("TASK-C1", "Stream-C", &[], ""),
    ]);
    let ended = streams.run_to(1, &["run"]);
    assert_eq!(streams.stand(), ["Stream-A: FAIL", "Stream-B: PENDING", "Stream-C: SUCCESS"], "{ended}");
    assert!(ended.err.contains("blocked: TASK-A2 (no key for the shop)"), "{ended}");
    let status = streams.json(&["status"]);
    assert_eq!(status["tasks"][1]["blocked_by"], json!(["Stream-A"]), "{status}");
    assert_eq!(streams.run_to(1, &["run"]).code, Some(1));
    assert_eq!(streams.ran().len(), 2, "nobody has said that it should be tried again");
    streams.run_to(0, &["retry", "Stream-A"]);
    let tasks = ["TASK-A1: completed", "TASK-A2: pending", "TASK-B1: pending", "TASK-C1: completed"];
    assert_eq!(streams.tasks(), tasks, "only what is blocked begins again");
    streams.run_to(0, &["run"]);
    assert_eq!(streams.ran()[2..], ["Stream-A.2", "Stream-B.1"]);
}

#[test]
fn what_is_done_again_is_done_from_its_beginning() {
    let streams =
        Streams::new(&[("TASK-A1", "Stream-A", &[], ""), ("TASK-B1", "Stream-B", &["Stream-A"], "")]);
    streams.run_to(0, &["run"]);
    streams.run_to(0, &["retry", "Stream-A"]);
    assert_eq!(streams.tasks(), ["TASK-A1: pending", "TASK-B1: completed"]);
    streams.run_to(0, &["run"]);
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-B.1", "Stream-A.2"]);
    assert_eq!(streams.tasks(), ["TASK-A1: completed", "TASK-B1: completed"]);
}

#[test]
fn a_worker_that_touches_no_task_is_told_how_it_should() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "nothing")]);
    let ended = streams.run_to(3, &["run"]);
    assert!(ended.err.contains("none of its tasks was touched, 1 of 1 are left"), "{ended}");
    assert!(ended.err.contains("task_update") && ended.err.contains("orch mcp"), "{ended}");
    assert_eq!(streams.ran().len(), 3);
    assert_eq!(streams.tasks(), ["TASK-A1: pending"]);
}

#[test]
fn how_its_process_ended_counts_only_where_its_tasks_say_nothing() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], "exit 3"),
        ("TASK-B1", "Stream-B", &[], "nothing exit 7"),
    ]);
    let ended = streams.run_to(3, &["run"]);
    assert_eq!(streams.stand(), ["Stream-A: SUCCESS", "Stream-B: INCOMPLETE"], "{ended}");
    assert!(ended.err.contains("1 of 1 tasks left: TASK-B1; exit code 7: streamer"), "{ended}");
}

#[test]
fn what_another_worker_has_marked_is_verified_by_its_own() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], "mark Stream-B"),
        ("TASK-B1", "Stream-B", &["Stream-A"], ""),
        ("TASK-C1", "Stream-C", &["Stream-B"], ""),
    ]);
    let ended = streams.run_to(0, &["run"]);
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-B.1", "Stream-C.1"], "{ended}");
    let told = streams.told("Stream-B.1");
    assert!(told.contains("marked") && told.contains("Make TASK-B1"), "{told}");
}

#[test]
fn cancelled_tasks_are_settled_and_archived_ones_are_out() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], ""),
        ("TASK-A2", "Stream-A", &["Stream-X"], ""),
        ("TASK-B1", "Stream-B", &["Stream-A"], ""),
        ("TASK-C1", "Stream-C", &[], ""),
        ("TASK-D1", "Stream-D", &["Stream-C"], ""),
    ]);
    streams.write(
        "UPDATE tasks SET archived = 1 WHERE id = 'TASK-A2';
         UPDATE tasks SET status = 'cancelled' WHERE id IN ('TASK-C1');",
    );
    let ended = streams.run_to(0, &["run"]);
    assert_eq!(streams.stand(), ["A", "B", "C", "D"].map(|id| format!("Stream-{id}: SUCCESS")), "{ended}");
    let mut ran = streams.ran();
    ran.sort();
    assert_eq!(ran, ["Stream-A.1", "Stream-B.1", "Stream-D.1"]);
    let left = streams.ask("SELECT status FROM tasks WHERE id IN ('TASK-A2', 'TASK-C1') ORDER BY id");
    assert_eq!(left, ["pending", "cancelled"]);
}

#[test]
fn only_the_current_initiative_counts_unless_all_are_asked_for() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    let stream = |id: &str| json!({ "streamId": id, "dependencies": [] }).to_string();
    streams.write(&format!(
        "INSERT INTO initiatives VALUES ('INIT-0', 'Before', NULL, '2025-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z');
         INSERT INTO prds (id, initiative_id, title, content, created_at, updated_at)
         VALUES ('PRD-0', 'INIT-0', 'Before', 'x', '2025-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z');
         {}{}",
        insert("TASK-O1", "'PRD-0'", &stream("Stream-O"), ""),
        insert("TASK-L1", "NULL", &stream("Stream-L"), ""),
    ));
    let checked = streams.run_to(0, &["check"]);
    let warning = "1 task with a stream belongs to no PRD, and so to no initiative";
    assert!(format!("{checked}").contains(warning), "{checked}");
    assert_eq!(streams.stand(), ["Stream-A: PENDING"]);
    let ids = |answer: &Value| -> Vec<String> {
        let tasks = answer["tasks"].as_array().unwrap().iter();
        tasks.map(|task| task["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&streams.json(&["status", "--all-initiatives"])), ["Stream-A", "Stream-L", "Stream-O"]);
    streams.run_to(0, &["run"]);
    assert_eq!(streams.tasks(), ["TASK-A1: completed", "TASK-L1: pending", "TASK-O1: pending"]);
    streams.run_to(0, &["run", "--all-initiatives"]);
    assert_eq!(streams.tasks(), ["TASK-A1: completed", "TASK-L1: completed", "TASK-O1: completed"]);
    assert_eq!(streams.ran().len(), 3);
}

#[test]
fn tasks_that_come_meanwhile_count_and_streams_that_come_are_told_of() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], "add-task TASK-A2 add-stream Stream-N late-task TASK-A3 then leave 0"),
        ("TASK-B1", "Stream-B", &["Stream-A"], "needs TASK-A3.txt"),
    ]);
    let ended = streams.run_to(0, &["run"]);
    assert!(ended.err.contains("1 of 3 tasks left: TASK-A3"), "{ended}");
    assert!(
        format!("{ended}").contains("streams that came meanwhile: Stream-N; run again to do them"),
        "{ended}"
    );
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-A.2", "Stream-B.1"]);
    streams.run_to(0, &["run"]);
    assert_eq!(streams.ran()[3..], ["Stream-N.1"]);
}

#[test]
fn logs_and_process_numbers_are_where_the_originals_have_them() {
    let streams = Streams::new(&[]);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.task(("TASK-A1", "Stream-A", &[], ""));
    streams.task(("TASK-B1", "Stream-B", &["Stream-A"], &format!("begin {here} {gate}")));
    let live = streams.start_run(&[]);
    let said = streams.project.hear(&here);
    let pid = streams.project.read(".claude/orchestrator/pids/Stream-B.pid");
    assert_eq!(said.trim(), format!("Stream-B 1 {pid}"));
    assert!(!streams.project.exists(".claude/orchestrator/pids/Stream-A.pid"), "it has ended");
    streams.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
    assert!(!streams.project.exists(".claude/orchestrator/pids/Stream-B.pid"));
    let log = streams.project.read(".claude/orchestrator/logs/Stream-B.log");
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[0].starts_with("=====") && lines[1].starts_with("Started: 20"), "{log}");
    assert_eq!(lines[2..5], ["Stream: Stream-B", "Name: Stream-B", "Dependencies:  (depends on: Stream-A)"]);
    assert!(log.contains("streamer Stream-B: 1 tasks"), "{log}");
    assert!(streams.run_to(0, &["logs", "Stream-B"]).out.contains("streamer Stream-B: 1 tasks"));
}

#[test]
fn in_one_work_tree_all_work_in_the_project_itself() {
    for in_repository in [true, false] {
        let jobs: &[Job<'_>] =
            &[("TASK-A1", "Stream-A", &[], ""), ("TASK-B1", "Stream-B", &["Stream-A"], "needs TASK-A1.txt")];
        let streams = if in_repository { Streams::new(jobs) } else { Streams::without_repository(jobs) };
        if in_repository {
            streams.config("", "[streams]\nworktrees = false\n");
        }
        let ended = streams.run_to(0, &["run"]);
        assert!(fs::read_to_string(streams.project.path("TASK-B1.txt")).unwrap().contains("Stream-B"));
        assert!(!streams.project.exists(".worktrees"), "{ended}");
        assert_eq!(ended.err.contains("is no git repository"), !in_repository, "{ended}");
        assert!(!in_repository || streams.git(&["branch", "--list", "stream/*"]).is_empty());
    }
}

#[test]
fn a_rate_limit_is_waited_for_and_uses_no_try() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "limited 1-seconds then")]);
    let ended = streams.start_run(&["--retries", "0"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ended.told("task_ended", "outcome"), ["Stream-A: rate_limited", "Stream-A: succeeded"]);
}

#[test]
fn what_is_only_looked_at_stays_as_it_is() {
    let streams = Streams::new(DIAMOND);
    // Reading makes the files that SQLite keeps beside a database.
    streams.stand();
    let before = streams.project.tree();
    let checked = streams.json(&["check"]);
    assert_eq!((&checked["ok"], &checked["tasks"], &checked["edges"]), (&json!(true), &json!(4), &json!(4)));
    assert_eq!(checked["depths"], json!([["Stream-A"], ["Stream-B", "Stream-C"], ["Stream-Z"]]));
    assert_eq!(streams.json(&["next"])["ready"], json!(["Stream-A"]));
    let graph: Value = serde_json::from_str(&streams.run_to(0, &["graph", "--format", "json"]).out).unwrap();
    assert!(graph["edges"].as_array().unwrap().contains(&json!(["Stream-B", "Stream-Z"])), "{graph}");
    let why = streams.json(&["why", "Stream-Z"]);
    assert_eq!(why["readiness"], "waiting", "{why}");
    let prompt = streams.run_to(0, &["prompt", "Stream-B"]).out;
    assert!(prompt.starts_with("# Stream Stream-B") && prompt.contains("`Stream-A`"), "{prompt}");
    assert!(prompt.contains("Make TASK-B1") && !prompt.contains("Make TASK-C1"), "{prompt}");
    let told = streams.run_to(0, &["run", "--dry-run"]);
    assert!(told.out.contains("Stream-A") && told.out.contains("Stream-Z"), "{told}");
    assert!(streams.project.tree() == before, "something was written in the project");
    assert_eq!(streams.ran(), [""; 0]);
    assert!(streams.tasks().iter().all(|task| task.ends_with(": pending")));
}

#[test]
fn a_part_of_the_streams_is_run() {
    let streams = Streams::new(DIAMOND);
    streams.project.run(&["run", "--only", "Stream-A"]);
    assert_eq!(streams.ran(), ["Stream-A.1"]);
    streams.project.run(&["run", "--until", "Stream-B"]);
    assert_eq!(streams.ran(), ["Stream-A.1", "Stream-B.1"]);
    streams.run_to(0, &["run"]);
    assert_eq!(streams.ran().len(), 4);
}

#[test]
fn a_worker_marks_its_tasks_with_the_tools_that_it_is_given() {
    let streams = Streams::new(&[
        ("TASK-A1", "Stream-A", &[], "mcp add-task TASK-A2"),
        ("TASK-B1", "Stream-B", &["Stream-A"], "mcp block TASK-B1 no-key"),
    ]);
    streams.with_tools();
    let ended = streams.run_to(1, &["run"]);
    assert_eq!(streams.stand(), ["Stream-A: SUCCESS", "Stream-B: FAIL"], "{ended}");
    assert!(ended.err.contains("blocked: TASK-B1 (no key)"), "{ended}");
    assert_eq!(streams.ask("SELECT status FROM tasks WHERE title = 'TASK-A2'"), ["completed"]);
    assert!(streams.told("Stream-A.1").contains("task_update"));
}
