//! What is a person's own in a repository, to be compared.

use std::fs;
use std::process::{Command, Stdio};

use super::waves::Waves;

/// What is checked out, staged, changed, untracked and stashed in the main work tree, byte for byte where it is in no commit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    status: String,
    staged: String,
    changed: String,
    untracked: Vec<(String, Vec<u8>)>,
    stashed: String,
    branches: String,
}

impl Waves {
    /// What a run has to leave as it is, but for merges that reach a checked out `flow`.
    pub(crate) fn kept(&self) -> Kept {
        let status = self.git(&["status", "--porcelain=v1", "--untracked-files=all", "--branch"]);
        let untracked = self.git(&["ls-files", "--others", "--exclude-standard"]);
        let branches =
            self.git(&["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags"]);
        let is_own = |line: &&str| !["/plan/", "/task/", "/flow "].iter().any(|part| line.contains(part));
        Kept {
            status,
            staged: self.git(&["diff", "--cached", "--binary"]),
            changed: self.git(&["diff", "--binary"]),
            untracked: untracked.lines().map(|name| (name.to_owned(), self.content(name))).collect(),
            stashed: self.git(&["stash", "list"]),
            branches: branches.lines().filter(is_own).collect::<Vec<_>>().join("\n"),
        }
    }

    fn content(&self, name: &str) -> Vec<u8> {
        let path = self.project.path(name);
        match fs::read_link(&path) {
            Ok(leads) => leads.into_os_string().into_encoded_bytes(),
            Err(_) => fs::read(path).unwrap(),
        }
    }

    /// All references with the commits that they are at.
    pub(crate) fn references(&self) -> String {
        self.git(&["for-each-ref", "--format=%(refname) %(objectname)"])
    }

    /// The branches of tasks.
    pub(crate) fn task_branches(&self) -> Vec<String> {
        let listed = self.git(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/task"]);
        listed.lines().map(str::to_owned).collect()
    }

    /// Whether this succeeds in a shell in the project.
    pub(crate) fn shell(&self, script: &str) -> bool {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).current_dir(self.project.folder()).stdin(Stdio::null());
        shell.output().unwrap().status.success()
    }
}
