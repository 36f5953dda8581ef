//! Repositories with plans of waves in their branches.

use std::io::Write;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::Stdio;

use super::agent;
use super::scripted::Scripted;

/// The session that tests have, unless they say otherwise.
pub(crate) const SESSION: &str = "session-20250112-143000";

/// A task: its id, the capabilities that it requires and provides, and what its worker does (for the scripted agent `waver`;
/// empty for nothing special).
pub(crate) type Task<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a str);

/// A repository called `shop` with the branches `main` and `flow`, of which `flow` is checked out, and the scripted agent
/// `waver`.
pub(crate) struct Waves(Scripted);

impl Deref for Waves {
    type Target = Scripted;

    fn deref(&self) -> &Scripted {
        &self.0
    }
}

impl Waves {
    /// One with a plan of these tasks.
    pub(crate) fn new(tasks: &[Task<'_>]) -> Self {
        let waves = Self::without_plan();
        waves.plan(SESSION, tasks);
        waves
    }

    /// One without a plan.
    pub(crate) fn without_plan() -> Self {
        let waves = Self(Scripted::new(&["shop", "seen"]));
        waves.config("", "");
        waves.begin("main", "/orch.toml\n/.orch/\n");
        waves.git(&["switch", "-q", "-c", "flow"]);
        waves
    }

    /// Writes `orch.toml`: the scripted agent, these lines more under `[run]`, and these after it.
    pub(crate) fn config(&self, run: &str, more: &str) {
        let command = [agent("waver")];
        let seen = self.home.join("seen").display().to_string();
        self.project.config(&format!(
            "[run]\nagent = \"waver\"\ngrace = \"200ms\"\nbackoff = \"0s\"\n{run}\n\n[agents.waver]\ncommand = {command:?}\n\
             result = \"exit\"\nmcp = [\"mcp={{mcp_config}}\"]\nenv = {{ SEEN = {seen:?} }}\n{more}\n"
        ));
    }

    /// Makes the branch of a plan, as the originals' tool does.
    pub(crate) fn plan(&self, session: &str, tasks: &[Task<'_>]) {
        let list = |name: &str, items: &[&str]| match items {
            [] => format!("{name}: []\n"),
            items => {
                format!("{name}:\n{}", items.iter().map(|item| format!("  - {item}\n")).collect::<String>())
            }
        };
        let mut text = format!(
            "Initialize execution plan v1\n\n## Session Information\nSession ID: {session}\nUser Request: Add user accounts\n\
             Created: 2025-01-12 14:30:00\nPlan Branch: plan/{session}\nPlan Version: v1\n\n## Architecture\nOne folder\n\n\
             ## Tasks\n"
        );
        for (id, requires, provides, act) in tasks {
            let act = if act.is_empty() { String::new() } else { format!("\n  DO: {act}") };
            text += &format!("### Task {id}\nID: {id}\nDescription: Make {id}{act}\nStatus: pending\n");
            text += &list("Preconditions", requires);
            text += &list("Provides", provides);
            text += &list("Files", &[&format!("{id}.txt")]);
            text += "Estimated Time: 8 minutes\nPriority: high\n\n";
        }
        text += &format!("## Estimates\nEstimated Total Time: 45 minutes\nTotal Tasks: {}\n", tasks.len());
        let commit = self.write_commit(&text, "flow");
        self.git(&["update-ref", &format!("refs/heads/plan/{session}"), &commit]);
    }

    /// A commit with this message and the files of `on`, on top of it.
    pub(crate) fn write_commit(&self, message: &str, on: &str) -> String {
        let mut git = self.git_command(&["commit-tree", &format!("{on}^{{tree}}"), "-p", on, "-F", "-"]);
        let mut git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        git.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
        let done = git.wait_with_output().unwrap();
        assert!(done.status.success());
        String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
    }

    /// The titles of the merges on `flow`, the oldest first.
    pub(crate) fn merges(&self) -> Vec<String> {
        let titles = self.git(&["log", "--first-parent", "--merges", "--reverse", "--format=%s", "flow"]);
        titles.lines().map(str::to_owned).collect()
    }

    /// The titles of the versions of the plan, the oldest first.
    pub(crate) fn versions(&self) -> Vec<String> {
        let range = format!("flow..plan/{SESSION}");
        let titles = self.git(&["log", "--first-parent", "--reverse", "--format=%s", &range]);
        titles.lines().map(str::to_owned).collect()
    }

    /// What the plan's branch says now.
    pub(crate) fn said(&self) -> String {
        self.git(&["log", "-1", "--format=%B", &format!("plan/{SESSION}")])
    }

    /// The work tree in which the branch of a task is checked out.
    pub(crate) fn worktree(&self, task: &str) -> Option<PathBuf> {
        let trees = self.git(&["worktree", "list", "--porcelain"]);
        let of = |tree: &&str| tree.contains(&format!("branch refs/heads/task/{task}-"));
        let tree = trees.split("\n\n").find(of)?;
        Some(PathBuf::from(tree.lines().next()?.strip_prefix("worktree ")?))
    }

    /// Runs git in the work tree of a task.
    pub(crate) fn git_in(&self, task: &str, arguments: &[&str]) -> String {
        let there = self.worktree(task).expect("it has a work tree").display().to_string();
        self.git(&[&["-C", &there], arguments].concat())
    }
}
