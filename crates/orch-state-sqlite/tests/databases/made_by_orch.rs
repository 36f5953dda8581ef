//! The file that orch makes, and what others may do with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use orch_state_sqlite::{MemoryDb, Scope, TaskDb};
use rusqlite::Connection;

use crate::made::Made;

#[test]
fn a_new_database_has_every_table_and_a_folder_of_its_owner() {
    let made = Made::new();
    let path = made.beside("tasks/my app/tasks.db");
    let db = TaskDb::open_or_create(&path).unwrap();
    assert_eq!((db.path(), db.version(), db.is_newer()), (path.as_path(), 10, false));
    assert!(!db.has_streams().unwrap() && db.current_initiative().unwrap().is_none());
    for folder in [path.parent().unwrap(), path.parent().unwrap().parent().unwrap()] {
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
    let other = Connection::open(&path).unwrap();
    let one = |sql: &str| other.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(one("PRAGMA journal_mode"), "wal");
    assert_eq!(one("PRAGMA integrity_check"), "ok");
    assert_eq!(one("SELECT group_concat(version) FROM migrations"), "1,2,3,4,5,6,7,8,9,10");
    insta::assert_snapshot!(one(
        "SELECT group_concat(line, char(10)) FROM (
           SELECT m.name || ': ' || group_concat(c.name || ' ' || c.type || iif(c.\"notnull\", ' NOT NULL', '') ||
                  iif(c.pk, ' KEY', '') || coalesce(' DEFAULT ' || c.dflt_value, ''), ', ' ORDER BY c.cid) AS line
           FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' GROUP BY m.name ORDER BY m.name)"
    ));
}

#[test]
fn a_database_that_is_there_stays_as_it_is() {
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "pending", Some(r#"{"streamId":"A"}"#));
    let again = TaskDb::open_or_create(&made.path()).unwrap();
    assert_eq!(again.stream_tasks(&Scope::Current).unwrap().tasks.len(), 1);

    let empty = made.beside("empty.db");
    fs::write(&empty, "").unwrap();
    assert_eq!(TaskDb::open_or_create(&empty).unwrap().version(), 10);
}

#[test]
fn several_programs_may_make_it_at_once() {
    let made = Made::new();
    for round in 0..8 {
        let path = made.beside(&format!("{round}.db"));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(TaskDb::open_or_create(&path).unwrap().version(), 10));
            }
        });
        let mode: String =
            Connection::open(&path).unwrap().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}

#[test]
fn what_is_not_ours_to_write_is_read() {
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "completed", Some(r#"{"streamId":"A"}"#));
    made.sql("PRAGMA journal_mode = DELETE");
    let folder = made.path().parent().unwrap().to_path_buf();
    let allow = |file: u32, parent: u32| {
        fs::set_permissions(made.path(), fs::Permissions::from_mode(file)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(parent)).unwrap();
    };
    for mode in ["DELETE", "WAL"] {
        made.sql(&format!("PRAGMA journal_mode = {mode}"));
        allow(0o444, 0o555);
        // Whoever may do anything, may write here too.
        let may_write = fs::OpenOptions::new().append(true).open(made.path()).is_ok();
        let mut db = made.open();
        let read = db.stream_tasks(&Scope::Current).map(|found| found.tasks.len());
        let written = db.reopen(&["T-1"], orch_core::Time::default());
        allow(0o644, 0o755);
        assert_eq!(read, Ok(1), "{mode}");
        match written {
            Ok(_) => assert!(may_write, "{mode}"),
            Err(error) => assert_eq!((error.code(), may_write), ("tasks_db.permission", false), "{mode}"),
        }
    }
}

#[test]
fn the_initiative_of_memory_db_is_chosen_by_status_and_age() {
    let made = Made::new();
    let path = made.beside("memory.db");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch(
            "CREATE TABLE initiatives (id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, goal TEXT,
               status TEXT DEFAULT 'IN PROGRESS', created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
             INSERT INTO initiatives VALUES
               ('1', 'p', 'Export', NULL, 'COMPLETE', '2026-01-09', ''),
               ('2', 'p', 'Sign-in', 'With OAuth', 'NOT STARTED', '2026-01-08', '');",
        )
        .unwrap();
    let db = MemoryDb::open(&path).unwrap();
    let active = || db.active_initiative().unwrap().unwrap();
    assert_eq!((active().name, active().goal), ("Sign-in".into(), Some("With OAuth".into())));
    for (row, expected) in [
        ("'3', 'p', 'Search', NULL, 'BLOCKED', '2026-01-01', ''", "Search"),
        ("'4', 'p', 'Theme', NULL, 'IN PROGRESS', '2026-01-02', ''", "Theme"),
        ("'5', 'p', 'Older', NULL, 'IN PROGRESS', '2026-01-01', ''", "Theme"),
        ("'6', 'p', 'Newer', NULL, 'IN PROGRESS', '2026-01-03', ''", "Newer"),
    ] {
        other.execute_batch(&format!("INSERT INTO initiatives VALUES ({row})")).unwrap();
        assert_eq!(active().name, expected);
    }
    assert_eq!(db.initiative("1").unwrap().unwrap().status, "COMPLETE");
    assert_eq!(db.initiative("7").unwrap(), None);
    other.execute_batch("DELETE FROM initiatives WHERE status <> 'COMPLETE'").unwrap();
    assert_eq!(db.active_initiative().unwrap(), None);
}
