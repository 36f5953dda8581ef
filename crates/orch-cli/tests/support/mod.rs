//! Projects with plans in them, and orch at work on them.

mod live;
pub(crate) mod planned;
mod scripted;
pub(crate) mod streams;
mod tree;
pub(crate) mod vertical;
pub(crate) mod waves;
mod waves_kept;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use live::{Ended, Live};
pub(crate) use tree::{Tree, tree};

/// What takes longer than this never happens.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The file with the plan.
pub(crate) const INDEX: &str = "PROMPT-ORCHESTRATOR.md";

/// The file with its state.
pub(crate) const STATE: &str = "PROMPT-ORCHESTRATOR.state.md";

/// A prompt: its id, what it depends on, and the commands in its `sh` block.
pub(crate) type Prompt<'a> = (&'a str, &'a str, &'a str);

/// A folder with a plan in it.
pub(crate) struct Project {
    place: TempDir,
    folder: PathBuf,
}

impl Project {
    /// A project without a plan.
    pub(crate) fn empty() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(place.path()).unwrap();
        Self { place, folder }
    }

    /// A project with a plan of these prompts. A shell runs their commands, and so does the agent `obey`.
    pub(crate) fn new(prompts: &[Prompt<'_>]) -> Self {
        let project = Self::empty();
        project.plan("", prompts, "");
        project
    }

    /// Writes a plan of these prompts, with `head` above the list and `tail` below it.
    pub(crate) fn plan(&self, head: &str, prompts: &[Prompt<'_>], tail: &str) {
        let mut index = format!("# Orchestrator Index\n\nOverall Objective: A test\n{head}\n## Prompts\n");
        for (id, needs, commands) in prompts {
            index += &format!("- {id}.md — Objective: {id} — Dependencies: {needs}\n");
            self.write(&format!("{id}.md"), prompt(commands));
        }
        self.write(INDEX, format!("{index}{tail}"));
    }

    /// Writes `orch.toml`.
    pub(crate) fn config(&self, toml: &str) {
        self.write("orch.toml", toml);
    }

    /// Has the scripted agent `name` do all tasks, with these lines added to its profile.
    pub(crate) fn agent(&self, name: &str, arguments: &[&str], profile: &str) {
        let mut command = vec![agent(name)];
        command.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self.config(&format!(
            "[run]\nagent = \"{name}\"\ngrace = \"100ms\"\nbackoff = \"10ms\"\n\n[agents.{name}]\ncommand = {command:?}\n{profile}\n"
        ));
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The lines of a file; none when it is not there.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The names in the folder that begin so.
    pub(crate) fn named(&self, beginning: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(beginning))
            .collect();
        names.sort();
        names
    }

    /// Makes named pipes.
    pub(crate) fn pipes(&self, names: &[&str]) {
        let made = Command::new("mkfifo").args(names).current_dir(&self.folder).status().unwrap();
        assert!(made.success());
    }

    /// Waits until somebody has written into the pipe, and says what.
    pub(crate) fn hear(&self, pipe: &str) -> String {
        let path = self.path(pipe);
        patiently(&format!("a word in the pipe `{pipe}`"), move || fs::read_to_string(path).unwrap())
    }

    /// Waits until somebody reads the pipe, and writes into it.
    pub(crate) fn say(&self, pipe: &str) {
        let path = self.path(pipe);
        patiently(&format!("a reader of the pipe `{pipe}`"), move || fs::write(path, "go on\n").unwrap());
    }

    /// orch with these arguments in this folder. Its own standard input never ends: who waits for it waits for ever.
    pub(crate) fn orch(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orch"));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::piped());
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", self.place.path());
        command
    }

    /// Calls orch and waits for its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end()
    }

    /// Calls orch, which has to end with this exit code.
    pub(crate) fn run_to(&self, code: i32, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "orch {arguments:?}: {ended}");
        ended
    }

    /// Calls orch and leaves it at work.
    pub(crate) fn start(&self, arguments: &[&str]) -> Live {
        Live::spawn(self.orch(arguments))
    }

    /// A run of the plan, with its events, and these arguments more.
    pub(crate) fn start_run(&self, arguments: &[&str]) -> Live {
        self.start(&[&["run", "--events", "-"], arguments].concat())
    }

    /// The answer of a reading command as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended}"))
    }

    /// The statuses in the state file, in the order of the plan.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let rows = self.lines(STATE).into_iter().filter(|line| line.starts_with("| ")).skip(1);
        rows.map(|row| row.split('|').nth(2).unwrap().trim().to_owned()).collect()
    }

    /// What a line `name: value` of the state file says.
    pub(crate) fn state(&self, name: &str) -> String {
        let lines = self.lines(STATE);
        let said = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        said.unwrap_or_else(|| panic!("no `{name}` in {lines:?}")).to_owned()
    }

    /// Processes that belong to a worker of this project: process ids and command lines.
    pub(crate) fn processes(&self) -> Vec<(u32, String)> {
        // The plan may lie in the user's folder.
        let place = fs::canonicalize(self.place.path()).unwrap();
        let markers = ["ORCH_PLAN", "ORCH_WORKTREE"].map(|name| format!("\0{name}={}/", place.display()));
        let numbers = fs::read_dir("/proc").into_iter().flatten();
        let numbers = numbers.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        let of_project = |process: &u32| {
            let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            let environment = format!("\0{}", String::from_utf8_lossy(&environment));
            markers.iter().any(|marker| environment.contains(marker))
        };
        let command = |process: u32| {
            let words = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            (process, String::from_utf8_lossy(&words).replace('\0', " "))
        };
        numbers.filter(of_project).map(command).collect()
    }

    /// What is on disk.
    pub(crate) fn tree(&self) -> Tree {
        tree(&self.folder)
    }
}

impl Drop for Project {
    /// A test that failed leaves nothing at work.
    fn drop(&mut self) {
        for (process, _) in self.processes() {
            signal("KILL", process);
        }
    }
}

/// A prompt file with these commands in it.
pub(crate) fn prompt(commands: &str) -> String {
    format!("# Mission\n\nDo this:\n\n```sh\n{commands}\n```\n")
}

/// The path of a scripted agent.
pub(crate) fn agent(name: &str) -> String {
    format!("{}/../../fixtures/agents/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Sends a signal to a process of this test.
pub(crate) fn signal(name: &str, process: u32) {
    let kill = format!("kill -{name} {process}");
    let _ = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
}

/// Somebody who holds a pipe open.
pub(crate) struct Held(JoinHandle<()>);

impl Held {
    /// Begins to listen at a pipe, which ends when whoever holds it open is gone.
    pub(crate) fn at(pipe: &str) -> Self {
        let path = PathBuf::from(pipe);
        Self(thread::spawn(move || drop(fs::read(path).unwrap())))
    }

    /// Waits until they are gone.
    pub(crate) fn wait_for_end(self) {
        patiently("the end of whoever holds a pipe open", || self.0.join().unwrap());
    }
}

/// Does what may wait for somebody else, and panics when it waits for ever.
pub(crate) fn patiently<T: Send + 'static>(what: &str, wait: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, waits) = channel();
    thread::spawn(move || {
        // A test that has given up listens no more.
        let _ = done.send(wait());
    });
    waits.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
