//! Projects with a `tasks.db` of Task Copilot's, in a home of their own.

use std::fs;
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::agent;
use super::scripted::Scripted;

/// The tables, as the originals' migrations leave them.
const SCHEMA: &str = include_str!("../../../orch-state-sqlite/src/schema.sql");

/// When everything was made that a test does not date itself.
const MOMENT: &str = "2026-01-12T10:00:00.000Z";

/// Runs the SQL on its standard input, and says each row of the last statement as a line of JSON.
const RUN_SQL: &str = "\
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
text = sys.stdin.read()
if text.lstrip().upper().startswith('SELECT'):
    for row in db.execute(text):
        print(json.dumps(row))
else:
    db.executescript(text)
";

/// A task: its id, its stream, the dependencies in its metadata, and what the stream's worker does (for the scripted agent
/// `streamer`; empty for nothing special).
pub(crate) type Job<'a> = (&'a str, &'a str, &'a [&'a str], &'a str);

/// A project called `shop` with a database, and the scripted agent `streamer`.
pub(crate) struct Streams(Scripted);

impl Deref for Streams {
    type Target = Scripted;

    fn deref(&self) -> &Scripted {
        &self.0
    }
}

impl Streams {
    /// A repository, branch `trunk`, and the database of its workspace with these tasks, all of them pending: those of one
    /// initiative with one PRD.
    pub(crate) fn new(jobs: &[Job<'_>]) -> Self {
        let streams = Self::without_repository(jobs);
        streams.begin("trunk", "/orch.toml\n/.claude/\n/pipe*\n");
        streams
    }

    /// The same in a folder that is no repository.
    pub(crate) fn without_repository(jobs: &[Job<'_>]) -> Self {
        let streams = Self::without_database();
        streams.sql(&streams.database("shop"), &empty());
        for job in jobs {
            streams.task(*job);
        }
        streams
    }

    /// A folder without a database.
    pub(crate) fn without_database() -> Self {
        let streams = Self(Scripted::new(&["shop", "seen", "tmux"]));
        streams.config("", "");
        streams
    }

    /// Writes `orch.toml`: the scripted agent, these lines more under `[run]`, and these after it.
    pub(crate) fn config(&self, run: &str, more: &str) {
        let command = [agent("streamer")];
        let seen = self.home.join("seen").display().to_string();
        self.project.config(&format!(
            "[run]\nagent = \"streamer\"\ngrace = \"200ms\"\nbackoff = \"0s\"\n{run}\n\n[agents.streamer]\ncommand = {command:?}\n\
             result = \"exit\"\nenv = {{ SEEN = {seen:?} }}\n{more}\n"
        ));
    }

    /// Has the scripted agent come with orch's tools, as agents do that take them.
    pub(crate) fn with_tools(&self) {
        // It finds them by its environment; what it is called with says the same.
        self.config("", "mcp = [\"mcp={mcp_config}\"]");
    }

    /// The user's folder.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The database of a workspace.
    pub(crate) fn database(&self, workspace: &str) -> PathBuf {
        self.home.join(".claude/tasks").join(workspace).join("tasks.db")
    }

    /// Puts a task into the database of the workspace `shop`.
    pub(crate) fn task(&self, (id, stream, dependencies, act): Job<'_>) {
        self.task_with(id, &json!({ "streamId": stream, "dependencies": dependencies }).to_string(), act);
    }

    /// The same with this metadata, as text.
    pub(crate) fn task_with(&self, id: &str, metadata: &str, act: &str) {
        self.write(&insert(id, "'PRD-1'", metadata, act));
    }

    /// Writes to the database of the workspace `shop`.
    pub(crate) fn write(&self, sql: &str) {
        self.sql(&self.database("shop"), sql);
    }

    /// Runs SQL on the database at `path`, made if it is not there: the rows of a `SELECT`.
    pub(crate) fn sql(&self, path: &Path, sql: &str) -> Vec<Value> {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut python = Command::new("python3");
        python.args(["-c", RUN_SQL]).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut python = python.spawn().expect("python3 is installed");
        python.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
        let done = python.wait_with_output().unwrap();
        assert!(done.status.success(), "{sql}");
        let lines = String::from_utf8(done.stdout).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What the database says of its tasks, as `TASK: STATUS`.
    pub(crate) fn tasks(&self) -> Vec<String> {
        self.ask("SELECT id || ': ' || status FROM tasks ORDER BY id")
    }

    /// The first column of what the database of the workspace `shop` answers.
    pub(crate) fn ask(&self, sql: &str) -> Vec<String> {
        let rows = self.sql(&self.database("shop"), sql);
        rows.iter().map(|row| row[0].as_str().map_or_else(|| row[0].to_string(), str::to_owned)).collect()
    }

    /// The work tree of a stream.
    pub(crate) fn worktree(&self, name: &str) -> PathBuf {
        self.project.path(&format!(".worktrees/{name}"))
    }
}

/// A database of version 10 with an initiative and its PRD, and no task.
pub(crate) fn empty() -> String {
    let versions: String =
        (1..=10).map(|version| format!("INSERT INTO migrations VALUES ({version}, '{MOMENT}');\n")).collect();
    format!(
        "PRAGMA journal_mode=WAL;\nBEGIN;\n{SCHEMA}\n{versions}\
         INSERT INTO initiatives VALUES ('INIT-1', 'User accounts', NULL, '{MOMENT}', '{MOMENT}');\n\
         INSERT INTO prds (id, initiative_id, title, content, created_at, updated_at) \
         VALUES ('PRD-1', 'INIT-1', 'Accounts', 'All of it', '{MOMENT}', '{MOMENT}');\nCOMMIT;\n"
    )
}

/// A pending task with this PRD (as SQL), this metadata as text, and what its stream's worker does.
pub(crate) fn insert(id: &str, prd: &str, metadata: &str, act: &str) -> String {
    let act = if act.is_empty() { String::new() } else { format!("\nDO: {act}") };
    let (quoted_id, title) = (quoted(id), quoted(&format!("Make {id}")));
    let (description, metadata) = (quoted(&format!("It is to be made.{act}")), quoted(metadata));
    format!(
        "INSERT INTO tasks (id, prd_id, title, description, metadata, created_at, updated_at) VALUES \
         ({quoted_id}, {prd}, {title}, {description}, {metadata}, '{MOMENT}', '{MOMENT}');\n"
    )
}

/// Text in SQL.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
