//! Another program on the same file: Python's `sqlite3`, which is what the originals' orchestrator reads it with.

use std::process::Command;
use std::thread;

use orch_state_sqlite::{Scope, TaskStatus};
use serde_json::json;

use crate::made::Made;
use crate::tools::{NOW, create, input, tools, update};

/// What the Python `program` prints, given the path of the database.
fn python(made: &Made, program: &str) -> String {
    let output = Command::new("python3").arg("-c").arg(program).arg(made.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn others_read_what_orch_writes() {
    let made = Made::new();
    let mut tools = tools(&made);
    let id = create(&mut tools, json!({"streamId": "Stream-B", "streamDependencies": ["Stream-A"]})).unwrap();
    update(&mut tools, json!({"id": id, "status": "in_progress"})).unwrap();
    // The originals' own question, with the key that only their orchestrator reads.
    let printed = python(
        &made,
        r#"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(*db.execute("""SELECT json_extract(metadata, '$.streamId'), json_extract(metadata, '$.dependencies'), status, updated_at
                     FROM tasks WHERE archived = 0""").fetchone(), sep='|')
print(db.execute('PRAGMA integrity_check').fetchone()[0], len(db.execute('PRAGMA foreign_key_check').fetchall()))
"#,
    );
    assert_eq!(printed, "Stream-B|[\"Stream-A\"]|in_progress|2026-01-19T14:30:00.042Z\nok 0\n");
}

#[test]
fn others_write_while_orch_reads_and_writes() {
    let made = Made::new();
    let mut tools = tools(&made);
    let id = create(&mut tools, json!({"streamId": "Stream-A"})).unwrap();
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            python(
                &made,
                r#"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30)
for number in range(100):
    with db:
        db.execute("INSERT INTO tasks (id, prd_id, title, metadata, created_at, updated_at) VALUES (?, 'PRD-1', 'Do', ?, datetime('now'), datetime('now'))",
                   (f'TASK-{number}', '{"streamId":"Stream-B"}'))
"#,
            )
        });
        let reader = made.open();
        let mut mark = reader.stream_tasks(&Scope::Current).unwrap().mark;
        for count in 0..100 {
            update(&mut tools, json!({"id": id, "notes": format!("{count}")})).unwrap();
            mark = reader.standing(&[&id], mark).unwrap().mark;
        }
        other.join().unwrap();
    });
    assert_eq!(made.open().stream_tasks(&Scope::Current).unwrap().tasks.len(), 101);
    assert_eq!(tools.task_get(&input(json!({"id": id}))).unwrap().notes.as_deref(), Some("99"));
}

#[test]
fn workers_update_side_by_side() {
    let made = Made::new();
    let ids: Vec<String> =
        (0..2).map(|_| create(&mut tools(&made), json!({"streamId": "A"})).unwrap()).collect();
    thread::scope(|scope| {
        for id in &ids {
            let made = &made;
            scope.spawn(move || {
                let mut worker = tools(made).only_stream("A");
                for count in 0..200 {
                    let status = if count % 2 == 0 { "in_progress" } else { "completed" };
                    let change = json!({"id": id, "status": status, "metadata": {"count": count}});
                    worker.task_update(input(change), NOW).unwrap();
                }
            });
        }
        scope.spawn(|| {
            let db = made.open();
            for _ in 0..200 {
                assert_eq!(db.stream_tasks(&Scope::Current).unwrap().tasks.len(), 2);
            }
        });
    });
    let found = made.open().stream_tasks(&Scope::Current).unwrap().tasks;
    assert!(found.iter().all(|task| task.status == TaskStatus::Completed));
}
