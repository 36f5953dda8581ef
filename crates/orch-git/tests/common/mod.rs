//! Real repositories in temporary folders, with nothing of the user's settings.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use orch_git::{BranchName, Git};
use tempfile::TempDir;

/// A repository whose default branch is `trunk`, with one commit, in a folder whose name has a space and an umlaut.
pub struct Repository {
    pub folder: TempDir,
    pub top: PathBuf,
}

/// Runs git for the test itself.
pub fn try_git(dir: &Path, args: &[&str]) -> Output {
    Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_EDITOR", "true")
        .env_remove("GIT_DIR")
        .output()
        .unwrap()
}

/// The same for what has to succeed; what it says, without the last line end.
pub fn git(dir: &Path, args: &[&str]) -> String {
    let output = try_git(dir, args);
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Writes a file and commits it; the id of the commit.
pub fn commit(dir: &Path, file: &str, content: &str) -> String {
    fs::write(dir.join(file), content).unwrap();
    git(dir, &["add", "--", file]);
    git(dir, &["commit", "-q", "-m", &format!("write {file}")]);
    git(dir, &["rev-parse", "HEAD"])
}

pub fn name(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

/// Every file below the folder but those of git, the index, and what git says of it all.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    files: BTreeMap<PathBuf, Vec<u8>>,
    index: Option<Vec<u8>>,
    said: [String; 3],
}

impl Picture {
    /// The same without the index, which holds times of files that were written anew.
    pub fn without_index(self) -> Self {
        Self { index: None, ..self }
    }
}

pub fn picture(dir: &Path) -> Picture {
    fn read(dir: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name == ".git") {
                continue;
            }
            if path.is_dir() {
                read(&path, files);
            } else {
                files.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    read(dir, &mut files);
    // Before git looks, since that may refresh it.
    let index = fs::read(git(dir, &["rev-parse", "--path-format=absolute", "--git-path", "index"])).ok();
    let said = [
        git(dir, &["--no-optional-locks", "status", "--porcelain=v2", "--branch"]),
        git(dir, &["--no-optional-locks", "diff", "HEAD"]),
        git(dir, &["ls-files", "--stage"]),
    ];
    Picture { files, index, said }
}

/// A program that can be run at once: written by another one, since a file that a thread of this test had open for
/// writing while another one started a program could not be run.
pub fn program(folder: &Path, called: &str, script: &str) -> PathBuf {
    let (draft, ready) = (folder.join(format!("{called}.draft")), folder.join(called));
    fs::write(&draft, format!("#!/bin/sh\n{script}\n")).unwrap();
    assert!(Command::new("install").arg("-m755").args([&draft, &ready]).status().unwrap().success());
    ready
}

/// A git without the user's settings, which does `first` before anything else.
pub fn plain_git(folder: &Path, called: &str, first: &str) -> PathBuf {
    let settings = "export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1";
    program(folder, called, &format!("{settings}\n{first}\nexec git -c protocol.file.allow=always \"$@\""))
}

impl Repository {
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(folder.path()).unwrap().join("ein größeres Projekt");
        git(folder.path(), &["init", "-q", "-b", "trunk", top.to_str().unwrap()]);
        plain_git(folder.path(), "plain", "");
        Self { folder, top }
    }

    pub fn new() -> Self {
        let new = Self::empty();
        commit(&new.top, "a", "one\n");
        new
    }

    pub fn at(&self, dir: impl Into<PathBuf>) -> Git {
        Git::at(dir).with_program(self.folder.path().join("plain"))
    }

    pub fn orch(&self) -> Git {
        self.at(&self.top)
    }

    /// Git with the first words of a script before it.
    pub fn orch_after(&self, called: &str, first: &str) -> Git {
        self.orch().with_program(plain_git(self.folder.path(), called, first))
    }

    /// A place beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.top.with_file_name(name)
    }

    pub fn tip(&self, revision: &str) -> String {
        git(&self.top, &["rev-parse", "--verify", revision])
    }

    /// The branches, and what orch keeps, with their commits.
    pub fn references(&self) -> String {
        git(&self.top, &["for-each-ref", "--format=%(refname) %(objectname)"])
    }
}
