//! Repositories with a plan of weavers in them.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{Ended, Live, Project, agent};

/// The plan's id, unless a test wants another.
pub(crate) const PLAN: &str = "plan-20260119-1430";

/// A spec: the name of its file without the ending, the branch it is based on (empty: none is written), more YAML below
/// the top level, and what its weaver does (for the scripted agent `weaver`).
pub(crate) type Spec<'a> = (&'a str, &'a str, &'a str, &'a str);

/// What a weaver does that has nothing special about it: one file, one commit, complete.
pub(crate) const DOES_IT: &str = "commits \"$ORCH_TASK.txt\"\ndone_\n";

/// A repository, default branch `trunk`, with a plan of weavers, and a tmux of its own.
pub(crate) struct Vertical {
    pub(crate) project: Project,
    id: String,
}

impl Vertical {
    /// A repository with a plan of these specs, built by the scripted agent `weaver`. Spec `NN-name` has the branch
    /// `feature/NN-name`.
    pub(crate) fn new(specs: &[Spec<'_>]) -> Self {
        Self::called(PLAN, specs)
    }

    /// The same with a plan of this id.
    pub(crate) fn called(id: &str, specs: &[Spec<'_>]) -> Self {
        let vertical = Self { project: Project::empty(), id: id.to_owned() };
        vertical.git(&["init", "-q", "-b", "trunk"]);
        vertical.git(&["config", "user.name", "A Person"]);
        vertical.git(&["config", "user.email", "person@example.org"]);
        vertical.project.write("README.md", "A project\n");
        vertical.project.write(".gitignore", "/orch.toml\n/acts/\n/tmux/\n/.claude/\n/pipe*\n/seen*\n");
        vertical.git(&["add", "."]);
        vertical.git(&["commit", "-q", "-m", "begin"]);
        std::fs::create_dir(vertical.project.path("tmux")).unwrap();
        vertical.config("");
        vertical.plan(id, specs);
        vertical
    }

    /// Writes a plan into the repository.
    pub(crate) fn plan(&self, id: &str, specs: &[Spec<'_>]) {
        for (name, base, more, act) in specs {
            let base = if base.is_empty() { String::new() } else { format!("  base: {base}\n") };
            let spec = format!(
                "name: {name}\ndescription: Builds {name}\n{more}\npr:\n  branch: feature/{name}\n{base}  title: \"feat: {name}\"\n"
            );
            self.project.write(&format!("{}/specs/{name}.yaml", folder(id)), spec);
            let number = name.split('-').next().unwrap();
            self.act(&format!("w-{number}"), act);
        }
        let names: Vec<String> = specs.iter().map(|(name, ..)| format!("{name}.yaml")).collect();
        let meta = serde_json::json!({
            "id": id, "description": "A test", "repo": self.project.folder(),
            "created_at": "2026-01-19T14:30:00Z", "status": "ready", "specs": names,
        });
        self.project.write(&format!("{}/meta.json", folder(id)), format!("{meta:#}\n"));
    }

    /// Writes what a weaver does; `w-01.2` is what `w-01` does in its second iteration.
    pub(crate) fn act(&self, weaver: &str, act: &str) {
        self.project.write(&format!("acts/{weaver}"), act);
    }

    /// Writes `orch.toml`: the scripted agent, and these lines more.
    pub(crate) fn config(&self, more: &str) {
        let command = [agent("weaver"), self.project.path("acts").display().to_string()];
        self.project.config(&format!(
            "[run]\nagent = \"weaver\"\ngrace = \"200ms\"\nbackoff = \"10ms\"\n\n[agents.weaver]\ncommand = {command:?}\nresult = \"exit\"\n{more}\n"
        ));
    }

    /// Runs git in the repository, which has to succeed: its output without the last line end.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.project.folder());
        git.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("GIT_CONFIG_NOSYSTEM", "1");
        git.env("HOME", self.project.folder());
        let done = git.output().unwrap();
        assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
    }

    /// Runs tmux on the server that orch uses here: its output, also when it fails.
    pub(crate) fn tmux(&self, arguments: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.args(arguments).env_remove("TMUX").env("TMUX_TMPDIR", self.project.path("tmux"));
        String::from_utf8_lossy(&tmux.output().expect("tmux is installed").stdout).into_owned()
    }

    /// The names of the terminal sessions there are.
    pub(crate) fn sessions(&self) -> Vec<String> {
        self.tmux(&["list-sessions", "-F", "#{session_name}"]).lines().map(str::to_owned).collect()
    }

    /// orch with these arguments in the repository.
    pub(crate) fn orch(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.orch(arguments);
        command.env("TMUX_TMPDIR", self.project.path("tmux"));
        command
    }

    /// Calls orch and leaves it at work.
    pub(crate) fn start(&self, arguments: &[&str]) -> Live {
        Live::spawn(self.orch(arguments))
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

    /// A run of the plan as plain processes, with its events, and these arguments more.
    pub(crate) fn start_run(&self, arguments: &[&str]) -> Live {
        self.start(&[&["run", "--executor", "process", "--events", "-"], arguments].concat())
    }

    /// The answer of a reading command as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended}"))
    }

    /// A file in the plan's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.project.path(&format!("{}/{name}", folder(&self.id)))
    }

    /// `run/state.json`.
    pub(crate) fn state(&self) -> Value {
        self.read_json("run/state.json")
    }

    /// The words in `run/state.json` for where the weavers stand, by id.
    pub(crate) fn statuses(&self) -> Vec<(String, String)> {
        let state = self.state();
        let weavers = state["weavers"].as_object().unwrap().iter();
        weavers.map(|(id, weaver)| (id.clone(), weaver["status"].as_str().unwrap().to_owned())).collect()
    }

    /// `run/weavers/ID.json`.
    pub(crate) fn weaver(&self, id: &str) -> Value {
        self.read_json(&format!("run/weavers/{id}.json"))
    }

    /// The work tree of a weaver.
    pub(crate) fn worktree(&self, id: &str) -> PathBuf {
        self.project.path(&format!(".worktrees/{}-{id}", self.id))
    }

    fn read_json(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"))
    }
}

impl Drop for Vertical {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// The folder of the plan with this id.
pub(crate) fn folder(id: &str) -> String {
    format!(".claude/vertical/plans/{id}")
}
