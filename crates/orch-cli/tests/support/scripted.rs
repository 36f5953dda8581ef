//! Repositories whose tasks are done by a scripted agent, which writes down what it was told.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{Ended, Held, Live, Project};

/// A project called `shop` in a home of its own, with a folder `seen` beside it.
pub(crate) struct Scripted {
    pub(crate) project: Project,
    pub(crate) home: PathBuf,
}

impl Scripted {
    /// One with these folders in its home.
    pub(crate) fn new(folders: &[&str]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(place.path()).unwrap();
        for folder in folders {
            fs::create_dir(home.join(folder)).unwrap();
        }
        Self { project: Project { place, folder: home.join("shop") }, home }
    }

    /// Has the project be a repository with this branch, and a first commit of what is there.
    pub(crate) fn begin(&self, branch: &str, ignored: &str) {
        self.git(&["init", "-q", "-b", branch]);
        self.git(&["config", "user.name", "A Person"]);
        self.git(&["config", "user.email", "person@example.org"]);
        self.project.write(".gitignore", ignored);
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", "begin"]);
    }

    /// Where the tasks stand, as `ID: STATUS`.
    pub(crate) fn stand(&self) -> Vec<String> {
        let status = self.json(&["status"]);
        let tasks = status["tasks"].as_array().unwrap_or_else(|| panic!("{status}"));
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        tasks.iter().map(|task| format!("{}: {}", word(&task["id"]), word(&task["status"]))).collect()
    }

    /// The attempts that were made so far, as `ID.ATTEMPT`, in the order in which they began.
    pub(crate) fn ran(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home.join("seen/ran")).unwrap_or_default();
        let one = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            format!("{}.{}", line[0].as_str().unwrap(), line[1])
        };
        text.lines().map(one).collect()
    }

    /// What the worker of this attempt, such as `001.1`, was told.
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
        let done = self.git_command(arguments).output().unwrap();
        assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
    }

    /// Git in the project, without the settings of whoever runs the tests.
    pub(crate) fn git_command(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.project.folder());
        git.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("GIT_CONFIG_NOSYSTEM", "1");
        git.env("HOME", &self.home);
        git
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
