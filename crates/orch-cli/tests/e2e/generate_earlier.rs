//! What `orch generate` does about the initiative before: what of it is not finished, and what becomes of it when nothing
//! comes of the new one.

use serde_json::json;

use crate::generate::{WISH, attempts, plans};
use crate::support::streams::{Streams, empty, insert};

/// A database with streams of an initiative: one that is done, one that is not, and one that was archived by hand, which has
/// the id of the second and a PRD of its own.
fn with_earlier() -> Streams {
    let streams = Streams::without_database();
    streams.sql(&streams.database("shop"), &empty());
    streams.write(
        "INSERT INTO prds (id, initiative_id, title, content, created_at, updated_at) VALUES \
         ('PRD-0', 'INIT-1', 'Past', 'x', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z');",
    );
    for (id, stream, prd) in
        [("TASK-A", "Old-A", "'PRD-1'"), ("TASK-B", "Old-B", "'PRD-1'"), ("TASK-P", "Old-B", "'PRD-0'")]
    {
        let metadata = json!({ "streamId": stream, "dependencies": [] }).to_string();
        streams.write(&insert(id, prd, &metadata, ""));
    }
    streams.write("UPDATE tasks SET status = 'completed' WHERE id = 'TASK-A'");
    streams.write("UPDATE tasks SET archived = 1 WHERE id = 'TASK-P'");
    streams
}

fn archived(streams: &Streams) -> Vec<String> {
    streams.ask("SELECT id FROM tasks WHERE archived = 1 ORDER BY id")
}

fn current(streams: &Streams) -> Vec<String> {
    streams.ask("SELECT title FROM initiatives ORDER BY updated_at DESC, rowid DESC LIMIT 1")
}

#[test]
fn when_nothing_was_planned_the_initiative_before_is_there_again_with_exactly_its_streams() {
    for act in ["document", "prd", "streamless", "crash", "exit 7"] {
        let streams = with_earlier();
        plans(&streams, act);
        let ended = streams.run_to(1, &["generate", "--yes", WISH]);
        assert!(ended.err.contains("archived: 2 streams of earlier work: Old-A, Old-B\n"), "{act}: {ended}");
        let taken = "note: `User accounts` is the current initiative again, and its streams are taken back: Old-A, Old-B\n";
        assert!(ended.err.contains(taken), "{act}: {ended}");
        assert_eq!(archived(&streams), ["TASK-P"], "{act}");
        assert_eq!(current(&streams), ["User accounts"], "{act}");
        assert_eq!(streams.stand(), ["Old-A: SUCCESS", "Old-B: PENDING"], "{act}");
        // The next one begins as if there had been none.
        plans(&streams, "plan");
        let ended = streams.run_to(0, &["generate", "--yes", WISH]);
        assert!(ended.err.contains("archived: 2 streams of earlier work: Old-A, Old-B\n"), "{act}: {ended}");
        assert!(!ended.err.contains("taken back"), "{act}: {ended}");
    }
}

#[test]
fn what_of_a_stream_was_archived_before_stays_so_and_what_can_not_be_told_apart_is_said() {
    let streams = with_earlier();
    // Of one PRD now; and a task of no initiative is archived with the others.
    streams.write("UPDATE tasks SET prd_id = 'PRD-1'");
    streams.write(&insert("TASK-L", "NULL", &json!({ "streamId": "Loose" }).to_string(), ""));
    plans(&streams, "document");
    let ended = streams.run_to(1, &["generate", "--yes", WISH]);
    assert!(
        ended.err.contains(
            "; of Loose, Old-B something stays archived: the tool stream_unarchive takes each of them back"
        ),
        "{ended}"
    );
    assert_eq!(archived(&streams), ["TASK-B", "TASK-L", "TASK-P"]);
    assert_eq!(current(&streams), ["User accounts"]);
}

#[test]
fn an_interrupt_takes_the_streams_back_unless_new_ones_are_there() {
    for is_planned in [false, true] {
        let streams = with_earlier();
        let [here, gate] = streams.pipes(["here", "gate"]);
        let act = format!("begin {here} {gate}");
        plans(&streams, &if is_planned { format!("plan {act}") } else { act });
        let live = streams.project.start(&["generate", "--yes", WISH]);
        streams.project.hear(&here);
        live.signal("INT");
        let ended = live.end();
        assert_eq!((ended.code, attempts(&streams)), (Some(130), 1), "{ended}");
        let way = "note: archived stay Old-A, Old-B: the tool stream_unarchive takes each of them back\n";
        assert_eq!(ended.err.contains(way), is_planned, "{ended}");
        assert_eq!(ended.err.contains("is the current initiative again"), !is_planned, "{ended}");
        let expected: &[&str] = if is_planned { &["TASK-A", "TASK-B", "TASK-P"] } else { &["TASK-P"] };
        assert_eq!(archived(&streams), expected);
        assert_eq!(current(&streams), [if is_planned { WISH } else { "User accounts" }]);
    }
}

#[test]
fn what_is_done_and_not_merged_is_not_archived_without_asking() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    let [here, gate] = streams.pipes(["here", "gate"]);
    streams.task(("TASK-C1", "Stream-C", &[], &format!("begin {here} {gate} write same.txt of-c")));
    let mut live = streams.start_run(&[]);
    live.wait_for("task_ended", "Stream-A");
    streams.project.hear(&here);
    streams.project.write("same.txt", "of a person\n");
    streams.git(&["add", "same.txt"]);
    streams.git(&["commit", "-q", "-m", "the same"]);
    streams.project.say(&gate);
    let ended = live.end();
    assert_eq!(ended.code, Some(3), "{ended}");
    assert_eq!(streams.tasks(), ["TASK-A1: completed", "TASK-C1: completed"]);
    plans(&streams, "plan");
    // Also where they form no plan any more.
    for metadata in [None, Some(r#"{"streamId": "Stream-A", "dependencies": ["Stream-X"]}"#)] {
        if let Some(metadata) = metadata {
            streams.write(&format!("UPDATE tasks SET metadata = '{metadata}' WHERE id = 'TASK-A1'"));
        }
        let ended = streams.run_to(3, &["generate", WISH]);
        let told = "1 stream of the initiative before not finished, to be archived: Stream-C (done, and not merged)\n";
        assert!(ended.err.contains(told), "{ended}");
        assert_eq!((archived(&streams), attempts(&streams)), (Vec::new(), 0));
    }
    let ended = streams.run_to(0, &["generate", "--yes", WISH]);
    assert!(ended.err.contains("archived: 2 streams of earlier work: Stream-A, Stream-C\n"), "{ended}");
}
