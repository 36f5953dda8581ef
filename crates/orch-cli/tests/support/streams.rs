//! Projects with a `tasks.db` of Task Copilot's, in a home of their own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{Ended, Held, Live, Project, agent};

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
pub(crate) struct Streams {
    pub(crate) project: Project,
    home: PathBuf,
}

impl Streams {
    /// A repository, branch `trunk`, and the database of its workspace with these tasks, all of them pending: those of one
    /// initiative with one PRD.
    pub(crate) fn new(jobs: &[Job<'_>]) -> Self {
        let streams = Self::without_repository(jobs);
        streams.git(&["init", "-q", "-b", "trunk"]);
        streams.git(&["config", "user.name", "A Person"]);
        streams.git(&["config", "user.email", "person@example.org"]);
        streams.project.write(".gitignore", "/orch.toml\n/.claude/\n/pipe*\n");
        streams.git(&["add", "."]);
        streams.git(&["commit", "-q", "-m", "begin"]);
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
        let place = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(place.path()).unwrap();
        for folder in ["shop", "seen", "tmux"] {
            fs::create_dir(home.join(folder)).unwrap();
        }
        let streams = Self { project: Project { place, folder: home.join("shop") }, home };
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

    /// Where the streams stand, as `STREAM: STATUS`.
    pub(crate) fn stand(&self) -> Vec<String> {
        let status = self.json(&["status"]);
        let tasks = status["tasks"].as_array().unwrap_or_else(|| panic!("{status}"));
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        tasks.iter().map(|task| format!("{}: {}", word(&task["id"]), word(&task["status"]))).collect()
    }

    /// The attempts that were made so far, as `STREAM.ATTEMPT`, in the order in which they began.
    pub(crate) fn ran(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home.join("seen/ran")).unwrap_or_default();
        let one = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            format!("{}.{}", line[0].as_str().unwrap(), line[1])
        };
        text.lines().map(one).collect()
    }

    /// What the worker of this attempt, such as `Stream-A.1`, was told.
    pub(crate) fn told(&self, attempt: &str) -> String {
        let ran = self.ran();
        let place = ran.iter().position(|ran| ran == attempt);
        let place = place.unwrap_or_else(|| panic!("no {attempt} in {ran:?}"));
        fs::read_to_string(self.home.join(format!("seen/{}.md", place + 1))).unwrap()
    }

    /// Makes named pipes in the user's folder: their paths.
    pub(crate) fn pipes<const N: usize>(&self, names: [&str; N]) -> [String; N] {
        let paths = names.map(|name| self.home.join(name).display().to_string());
        assert!(Command::new("mkfifo").args(&paths).status().unwrap().success());
        paths
    }

    /// Runs git in the project, which has to succeed: its output without the last line end.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.project.folder());
        git.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("GIT_CONFIG_NOSYSTEM", "1");
        git.env("HOME", &self.home);
        let done = git.output().unwrap();
        assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
    }

    /// The work tree of a stream.
    pub(crate) fn worktree(&self, name: &str) -> PathBuf {
        self.project.path(&format!(".worktrees/{name}"))
    }

    /// Begins to listen at a pipe, which ends when whoever holds it open is gone.
    pub(crate) fn held(&self, pipe: &str) -> Held {
        Held::at(pipe)
    }

    pub(crate) fn run_to(&self, code: i32, arguments: &[&str]) -> Ended {
        self.project.run_to(code, arguments)
    }

    pub(crate) fn start_run(&self, arguments: &[&str]) -> Live {
        self.project.start_run(arguments)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.project.json(arguments)
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
