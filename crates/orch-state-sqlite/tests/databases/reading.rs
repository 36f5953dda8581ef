//! What orch's own run asks of the tasks.

use orch_core::Time;
use orch_state_sqlite::{RowMark, Scope, StreamTask, TaskStatus};

use crate::made::Made;

fn stream(id: &str) -> String {
    format!(r#"{{"streamId":"{id}","dependencies":[]}}"#)
}

fn ids(tasks: &[StreamTask]) -> Vec<&str> {
    tasks.iter().map(|task| task.id.as_str()).collect()
}

/// Tasks of two initiatives and of none, with and without a stream, one archived.
fn mixed() -> Made {
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "pending", Some(&stream("Stream-A")));
    made.task("T-2", Some("PRD-1"), "completed", Some(&stream("Stream-B")));
    made.task("T-plain", Some("PRD-1"), "pending", Some("{}"));
    made.task("T-null", Some("PRD-1"), "pending", None);
    made.task("T-old", Some("PRD-old"), "blocked", Some(&stream("Stream-A")));
    made.task("T-orphan", None, "pending", Some(&stream("Stream-C")));
    made.task("T-odd", Some("PRD-1"), "pending", Some("[1]"));
    made.task("T-gone", Some("PRD-1"), "pending", Some(&stream("Stream-D")));
    made.sql("UPDATE tasks SET archived = 1, archived_at = datetime('now') WHERE id = 'T-gone'");
    made
}

#[test]
fn only_what_was_asked_for_is_in_scope() {
    let made = mixed();
    let db = made.open();

    let current = db.stream_tasks(&Scope::Current).unwrap();
    assert_eq!(ids(&current.tasks), ["T-1", "T-2"]);
    assert_eq!((current.unlinked, current.streamless), (1, 2));
    assert_eq!(current.initiative.as_ref().unwrap().id, "INIT-1");
    assert_eq!(current.tasks[0].initiative_id.as_deref(), Some("INIT-1"));
    assert_eq!(current.unreadable.len(), 1);
    assert_eq!(current.unreadable[0].id, "T-odd");
    assert_eq!(current.unreadable[0].why, "metadata is a list, not an object");

    let old = db.stream_tasks(&Scope::Initiative("INIT-old".into())).unwrap();
    assert_eq!((ids(&old.tasks), old.unlinked, old.streamless), (vec!["T-old"], 1, 0));
    let none = db.stream_tasks(&Scope::Initiative("INIT-none".into())).unwrap();
    assert_eq!((none.tasks.len(), none.initiative), (0, None));

    let all = db.stream_tasks(&Scope::All).unwrap();
    assert_eq!(ids(&all.tasks), ["T-1", "T-2", "T-old", "T-orphan"]);
    assert_eq!((all.unlinked, all.streamless, all.initiative), (0, 2, None));
}

#[test]
fn without_an_initiative_all_tasks_are_current() {
    let made = mixed();
    made.sql("DELETE FROM tasks WHERE prd_id IS NOT NULL; DELETE FROM prds; DELETE FROM initiatives");
    let found = made.open().stream_tasks(&Scope::Current).unwrap();
    assert_eq!((ids(&found.tasks), found.unlinked), (vec!["T-orphan"], 0));
}

#[test]
fn the_current_initiative_was_updated_last_or_made_last() {
    let made = Made::new();
    let current = || made.open().current_initiative().unwrap().unwrap().id;
    assert_eq!(current(), "INIT-1");
    made.sql("UPDATE initiatives SET updated_at = '2026-01-12T09:00:00.000Z'");
    assert_eq!(current(), "INIT-old");
    made.sql("UPDATE initiatives SET updated_at = datetime(updated_at) WHERE id = 'INIT-old'");
    assert_eq!(current(), "INIT-1");
}

#[test]
fn has_streams_looks_at_what_is_not_archived() {
    let made = Made::new();
    made.task("T-1", None, "pending", Some(r#"{"streamName":"streamId"}"#));
    made.task("T-2", None, "pending", Some(r#"["streamId"]"#));
    assert!(!made.open().has_streams().unwrap());
    made.task("T-3", None, "pending", Some(&stream("A")));
    assert!(made.open().has_streams().unwrap());
    made.sql("UPDATE tasks SET archived = 1");
    assert!(!made.open().has_streams().unwrap());
}

#[test]
fn standing_tells_what_changed_since() {
    let made = mixed();
    let db = made.open();
    let before = db.stream_tasks(&Scope::Current).unwrap();
    let unchanged = db.standing(&["T-2", "T-1"], before.mark).unwrap();
    assert_eq!(
        unchanged.tasks,
        [("T-2".into(), Some(TaskStatus::Completed)), ("T-1".into(), Some(TaskStatus::Pending))]
    );
    assert_eq!((unchanged.added.len(), unchanged.mark), (0, before.mark));

    made.sql("UPDATE tasks SET status = 'blocked', blocked_reason = 'no key' WHERE id = 'T-1'");
    made.sql("DELETE FROM tasks WHERE id = 'T-2'");
    made.task("T-new", Some("PRD-old"), "pending", Some(&stream("Stream-E")));
    made.task("T-new-plain", Some("PRD-1"), "pending", None);
    let changed = db.standing(&["T-1", "T-2", "T-gone"], before.mark).unwrap();
    assert_eq!(
        changed.tasks,
        [("T-1".into(), Some(TaskStatus::Blocked)), ("T-2".into(), None), ("T-gone".into(), None)]
    );
    assert_eq!(changed.blocked, [("T-1".into(), Some("no key".into()))]);
    assert_eq!(ids(&changed.added), ["T-new"]);
    assert_eq!(changed.added[0].initiative_id.as_deref(), Some("INIT-old"));
    assert!(changed.mark > before.mark);
    assert_eq!(db.standing(&[], RowMark::default()).unwrap().added.len(), 4);
}

#[test]
fn details_come_in_the_order_asked_for() {
    let made = mixed();
    made.sql(
        r#"UPDATE tasks SET description = 'All of it', assigned_agent = 'me', notes = 'half done',
             metadata = '{"acceptanceCriteria":["it runs", 7, "it is fast"]}' WHERE id = 'T-1'"#,
    );
    let found = made.open().details(&["T-2", "T-none", "T-gone", "T-1"]).unwrap();
    assert_eq!(found.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(), ["T-2", "T-1"]);
    let task = &found[1];
    assert_eq!(task.description.as_deref(), Some("All of it"));
    assert_eq!(task.assigned_agent.as_deref(), Some("me"));
    assert_eq!(task.notes.as_deref(), Some("half done"));
    assert_eq!(task.prd_id.as_deref(), Some("PRD-1"));
    assert_eq!(task.acceptance_criteria, ["it runs", "it is fast"]);
    assert!(found[0].acceptance_criteria.is_empty());
}

#[test]
fn settled_work_is_reopened_and_its_notes_stay() {
    let made = mixed();
    made.sql(
        "UPDATE tasks SET status = 'blocked', blocked_reason = 'no key', notes = 'half done' WHERE id = 'T-1'",
    );
    let mut db = made.open();
    let now = Time::from_millis(1_768_833_000_042);
    assert_eq!(db.reopen(&["T-1", "T-2", "T-plain", "T-gone", "T-none"], now).unwrap(), 2);
    let found = db.details(&["T-1", "T-2"]).unwrap();
    for task in &found {
        assert_eq!((task.status, task.blocked_reason.as_deref()), (TaskStatus::Pending, None));
        assert_eq!(task.updated_at, "2026-01-19T14:30:00.042Z");
    }
    assert_eq!(found[0].notes.as_deref(), Some("half done"));
}
