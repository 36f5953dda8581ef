//! A `tasks.db` in a folder of its own, and statements on it by somebody else.

use std::path::PathBuf;

use orch_state_sqlite::TaskDb;
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) struct Made {
    folder: TempDir,
}

impl Made {
    /// A database with all tables and two initiatives: `INIT-old` with `PRD-old`, and the current one, `INIT-1` with `PRD-1`.
    pub(crate) fn new() -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap() };
        TaskDb::open_or_create(&made.path()).unwrap();
        made.sql(
            "INSERT INTO initiatives VALUES
               ('INIT-1', 'Sign-in', 'With OAuth', '2026-01-12T08:00:00.000Z', '2026-01-12T09:00:00.000Z'),
               ('INIT-old', 'Export', NULL, '2026-01-10T08:00:00.000Z', '2026-01-11T09:00:00.000Z');
             INSERT INTO prds (id, initiative_id, title, content, created_at, updated_at) VALUES
               ('PRD-1', 'INIT-1', 'OAuth', 'Sign in with OAuth', '2026-01-12T08:01:00.000Z', '2026-01-12T08:01:00.000Z'),
               ('PRD-old', 'INIT-old', 'CSV', 'Export CSV', '2026-01-10T08:01:00.000Z', '2026-01-10T08:01:00.000Z');",
        );
        made
    }

    /// Where a file called `name` is, or would be.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.beside("tasks.db")
    }

    /// A connection as the originals' tools have one.
    pub(crate) fn connection(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub(crate) fn sql(&self, statements: &str) {
        self.connection().execute_batch(statements).unwrap();
    }

    /// Adds a task of `prd` with this metadata.
    pub(crate) fn task(&self, id: &str, prd: Option<&str>, status: &str, metadata: Option<&str>) {
        self.connection()
            .execute(
                "INSERT INTO tasks (id, prd_id, title, status, metadata, created_at, updated_at)
                 VALUES (?1, ?2, 'Do ' || ?1, ?3, ?4, '2026-01-12T08:02:00.000Z', datetime('now'))",
                (id, prd, status, metadata),
            )
            .unwrap();
    }

    pub(crate) fn open(&self) -> TaskDb {
        TaskDb::open(&self.path()).unwrap()
    }
}
