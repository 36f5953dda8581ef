//! Files that are no `tasks.db`, or not one that orch writes, and rows that can't be what they are.

use std::fs;
use std::path::Path;
use std::time::Duration;

use orch_core::Time;
use orch_state_sqlite::{DbError, MemoryDb, Scope, TaskDb, UnreadableTask};
use rusqlite::Connection;

use crate::made::Made;

const MOMENT: Duration = Duration::from_millis(20);

fn sqlite(path: &Path, statements: &str) {
    Connection::open(path).unwrap().execute_batch(statements).unwrap();
}

#[test]
fn what_is_no_tasks_db_is_told_apart() {
    let made = Made::new();
    fs::create_dir(made.beside("folder")).unwrap();
    fs::write(made.beside("empty"), "").unwrap();
    fs::write(made.beside("text"), "# PROMPT-ORCHESTRATOR\n".repeat(400)).unwrap();
    fs::write(made.beside("header"), "SQLite format 3\0").unwrap();
    sqlite(&made.beside("other"), "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)");
    sqlite(&made.beside("only_tasks"), "CREATE TABLE tasks (id TEXT PRIMARY KEY)");
    sqlite(
        &made.beside("views"),
        "CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL);
         CREATE VIEW tasks AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id FROM n) SELECT id FROM n",
    );
    sqlite(
        &made.beside("version_3"),
        "CREATE TABLE schema_version (version INTEGER);
         CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT UNIQUE, prd_id INTEGER, status TEXT);
         CREATE TABLE tasks (id INTEGER PRIMARY KEY, stream_id INTEGER)",
    );
    for (name, code, says) in [
        ("nothing", "tasks_db.missing", "no database at "),
        ("nothing/tasks.db", "tasks_db.missing", "no database at "),
        ("text/tasks.db", "tasks_db.missing", "no database at "),
        ("folder", "tasks_db.not_a_file", "is not a file"),
        ("empty", "tasks_db.empty", "empty is empty"),
        ("text", "tasks_db.not_sqlite", "is not a SQLite database"),
        ("header", "tasks_db.not_sqlite", "is not a SQLite database"),
        ("other", "tasks_db.no_tables", "has no table `migrations`"),
        ("only_tasks", "tasks_db.no_tables", "has no table `migrations`"),
        ("views", "tasks_db.no_tables", "has no table `tasks`"),
        ("version_3", "tasks_db.task_copilot_3", "Task Copilot 3"),
    ] {
        let before = fs::read(made.beside(name)).ok();
        let error = TaskDb::open(&made.beside(name)).unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.to_string().contains(says), "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
        assert!(error.hint().is_some(), "{name}");
        assert_eq!(fs::read(made.beside(name)).ok(), before, "{name} was touched");
    }
}

#[test]
fn a_file_of_something_else_is_not_made_a_tasks_db() {
    let made = Made::new();
    fs::create_dir(made.beside("folder")).unwrap();
    fs::write(made.beside("text"), "# PROMPT-ORCHESTRATOR\n".repeat(400)).unwrap();
    sqlite(&made.beside("other"), "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)");
    for (name, code) in [
        ("folder", "tasks_db.not_a_file"),
        ("text", "tasks_db.not_sqlite"),
        ("other", "tasks_db.no_tables"),
        ("text/tasks.db", "tasks_db.permission"),
    ] {
        let before = fs::read(made.beside(name)).ok();
        assert_eq!(TaskDb::open_or_create(&made.beside(name)).unwrap_err().code(), code, "{name}");
        assert_eq!(fs::read(made.beside(name)).ok(), before, "{name} was touched");
    }
}

#[test]
fn an_empty_file_is_made_a_tasks_db() {
    let made = Made::new();
    let path = made.beside("empty.db");
    fs::write(&path, "").unwrap();
    let error = TaskDb::open(&path).unwrap_err();
    assert_eq!(error.code(), "tasks_db.empty");
    assert!(error.hint().unwrap().contains("orch generate"));
    assert_eq!(MemoryDb::open(&path).unwrap_err().code(), "tasks_db.empty");
    assert_eq!(TaskDb::open_or_create(&path).unwrap().version(), 10);
    assert!(TaskDb::open(&path).unwrap().stream_tasks(&Scope::All).unwrap().tasks.is_empty());
}

#[test]
fn a_file_that_was_cut_off_is_damaged() {
    let made = Made::new();
    made.sql(
        r#"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000)
           INSERT INTO tasks (id, title, metadata, created_at, updated_at) SELECT 'T-' || n, 'Do', '{"streamId":"A"}', '', '' FROM n"#,
    );
    let whole = fs::read(made.path()).unwrap();
    for (what, bytes) in [
        ("in the middle", whole[..whole.len() / 2].to_vec()),
        ("within a page", whole[..whole.len() - 1000].to_vec()),
        // The pages are there, but of the wrong content.
        ("zeros", [&whole[..8192], &vec![0; whole.len() - 8192]].concat()),
    ] {
        let path = made.beside("cut.db");
        fs::write(&path, bytes).unwrap();
        let error =
            TaskDb::open(&path).and_then(|db| db.stream_tasks(&Scope::All)).map(|found| found.tasks.len());
        let error = error.unwrap_err();
        assert_eq!(error.code(), "tasks_db.damaged", "{what}: {error}");
    }
}

#[test]
fn an_older_schema_is_refused_and_a_newer_one_only_read() {
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "completed", Some(r#"{"streamId":"A"}"#));
    made.sql("DELETE FROM migrations WHERE version = 10");
    let error = TaskDb::open(&made.path()).unwrap_err();
    assert!(matches!(error, DbError::Older { version: 9, .. }), "{error}");
    assert!(error.hint().unwrap().contains("start the original Task Copilot once"));
    made.sql("DELETE FROM migrations");
    assert!(matches!(TaskDb::open(&made.path()), Err(DbError::Older { version: 0, .. })));

    made.sql("INSERT INTO migrations VALUES (10, ''), (11, ''); ALTER TABLE tasks ADD COLUMN budget INTEGER");
    let mut db = made.open();
    assert_eq!((db.version(), db.is_newer()), (11, true));
    assert_eq!(db.stream_tasks(&Scope::Current).unwrap().tasks.len(), 1);
    let error = db.reopen(&["T-1"], Time::default()).unwrap_err();
    assert!(matches!(error, DbError::Newer { version: 11, .. }), "{error}");
    assert!(TaskDb::open_or_create(&made.path()).unwrap().is_newer());
}

#[test]
fn a_lock_is_waited_for_and_then_said() {
    let made = Made::new();
    made.sql("PRAGMA journal_mode = DELETE");
    let other = made.connection();
    let mut before = made.open().with_patience(MOMENT);
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = TaskDb::open_patiently(&made.path(), MOMENT).unwrap_err();
    assert_eq!(error, DbError::Locked { path: made.path(), waited: MOMENT });
    assert!(error.to_string().ends_with("stayed locked by another program for 0.02 s"));
    assert_eq!(before.stream_tasks(&Scope::All).unwrap_err().code(), "tasks_db.locked");
    assert_eq!(before.reopen(&["T-1"], Time::default()).unwrap_err().code(), "tasks_db.locked");
    other.execute_batch("COMMIT").unwrap();
    before.stream_tasks(&Scope::All).unwrap();
    // The mode of a database that others made is theirs.
    let mode: String = other.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
}

#[test]
fn metadata_that_cannot_be_is_the_trouble_of_its_task() {
    let made = Made::new();
    let megabyte = |bytes: usize| {
        let frame = r#"{"streamId":"A","x":""}"#.len();
        format!(r#"{{"streamId":"A","x":"{}"}}"#, "x".repeat(bytes - frame))
    };
    for (id, metadata) in [
        ("T-syntax", "streamId: A".into()),
        ("T-list", r#"["A"]"#.into()),
        ("T-number", "5".into()),
        ("T-stream", r#"{"streamId": 5}"#.into()),
        ("T-dependencies", r#"{"streamId": "A", "dependencies": "B"}"#.into()),
        ("T-files", r#"{"streamId": "B", "files": [1]}"#.into()),
        ("T-large", megabyte((1 << 20) + 1)),
        ("T-still", megabyte(1 << 20)),
        ("T-odd", r#"{"streamId": "../a \"b\"\n"}"#.into()),
    ] {
        made.task(id, Some("PRD-1"), "pending", Some(&metadata));
    }
    made.task("T-blob", Some("PRD-1"), "pending", None);
    made.sql("UPDATE tasks SET metadata = x'00ff' WHERE id = 'T-blob'");
    made.task("T-bytes", Some("PRD-1"), "pending", None);
    made.sql("UPDATE tasks SET metadata = CAST(x'7b22ff' AS TEXT), title = CAST(x'ff41' AS TEXT) WHERE id = 'T-bytes'");

    let found = made.open().stream_tasks(&Scope::Current).unwrap();
    let streams: Vec<_> = found.tasks.iter().map(|task| (&*task.id, &*task.stream.id)).collect();
    assert_eq!(streams, [("T-still", "A"), ("T-odd", "../a \"b\"\n")]);
    let why = |task: &UnreadableTask| match &task.stream {
        Some(stream) => format!("{} of {stream}: {}", task.id, task.why),
        None => format!("{}: {}", task.id, task.why),
    };
    let why: Vec<_> = found.unreadable.iter().map(why).collect();
    assert_eq!(
        why,
        [
            "T-syntax: metadata is not JSON: expected value at line 1 column 1",
            "T-list: metadata is a list, not an object",
            "T-number: metadata is a number, not an object",
            "T-stream: streamId is a number, not a text",
            "T-dependencies of A: dependencies is a text, not a list",
            "T-files of B: files has a number in its list, not only texts",
            "T-large: metadata is larger than 1048576 bytes",
            "T-blob: metadata is a blob, not a text",
            "T-bytes: metadata is not JSON: EOF while parsing a string at line 1 column 3",
        ]
    );
    assert_eq!(found.unreadable[8].title, "\u{fffd}A");
}

#[test]
fn a_cancelled_task_may_say_anything() {
    let made = Made::new();
    for (id, metadata) in
        [("T-1", "streamId: A"), ("T-2", r#"{"streamId": 5}"#), ("T-3", r#"{"streamId": "A", "files": 1}"#)]
    {
        made.task(id, Some("PRD-1"), "cancelled", Some(metadata));
    }
    made.task("T-4", Some("PRD-1"), "completed", Some("[]"));
    let found = made.open().stream_tasks(&Scope::Current).unwrap();
    assert_eq!((found.tasks.len(), found.streamless), (0, 0));
    assert_eq!(found.unreadable.iter().map(|task| &*task.id).collect::<Vec<_>>(), ["T-4"]);
}

#[test]
fn a_value_that_cannot_be_is_named_with_its_row() {
    for (change, says) in [
        ("title = x'01'", "table `tasks`, row T-1: `title` is a blob"),
        ("id = NULL", "table `tasks`, row without an id: `id` is null"),
        ("updated_at = x''", "table `tasks`, row T-1: `updated_at` is a blob"),
        ("status = 'nearly'", "table `tasks`, row T-1: `status` is `nearly`"),
        ("status = x'01'", "table `tasks`, row T-1: `status` is a blob"),
    ] {
        let made = Made::new();
        made.task("T-1", Some("PRD-1"), "pending", Some(r#"{"streamId":"A"}"#));
        made.sql(&format!("PRAGMA ignore_check_constraints = ON; UPDATE tasks SET {change}"));
        let error = made.open().stream_tasks(&Scope::Current).unwrap_err();
        assert_eq!(error.code(), "tasks_db.bad_value", "{change}");
        assert!(error.to_string().ends_with(says), "{change}: {error}");
    }
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "pending", Some(r#"{"streamId":"A"}"#));
    made.sql("UPDATE tasks SET status = NULL");
    assert_eq!(made.open().stream_tasks(&Scope::Current).unwrap().tasks[0].status.word(), "pending");
}

#[test]
fn a_hostile_schema_is_an_error_and_no_more() {
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "completed", Some(r#"{"streamId":"A"}"#));
    made.sql(
        "CREATE TRIGGER surprise AFTER UPDATE ON tasks BEGIN DELETE FROM tasks; END;
         ALTER TABLE prds RENAME TO kept;
         CREATE VIEW prds AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id FROM n) SELECT id, id AS initiative_id FROM n",
    );
    assert_eq!(TaskDb::open(&made.path()).unwrap_err().code(), "tasks_db.no_tables");
    made.sql("DROP VIEW prds; ALTER TABLE kept RENAME TO prds");
    let mut db = made.open();
    assert_eq!(db.reopen(&["T-1"], Time::default()).unwrap(), 1);
    assert_eq!(db.stream_tasks(&Scope::Current).unwrap().tasks.len(), 1);

    made.sql("DROP TRIGGER surprise; ALTER TABLE tasks DROP COLUMN title");
    assert_eq!(db.stream_tasks(&Scope::Current).unwrap_err().code(), "tasks_db.sqlite");
}

#[test]
fn a_memory_db_has_to_be_one_too() {
    let made = Made::new();
    sqlite(&made.beside("other"), "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)");
    assert_eq!(MemoryDb::open(&made.beside("other")).unwrap_err().code(), "tasks_db.no_tables");
    assert_eq!(MemoryDb::open(&made.beside("none")).unwrap_err().code(), "tasks_db.missing");
    let tasks = MemoryDb::open(&made.path()).unwrap();
    assert_eq!(tasks.active_initiative().unwrap_err().code(), "tasks_db.sqlite");
}
