//! The questions asked of git, against real repositories in temporary folders.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use orch_git::{BaseBranch, Git, GitError, How};
use rustix::fs::{OFlags, fcntl_setfl};
use tempfile::TempDir;

/// Runs git for the test itself, with nothing of the user's settings.
fn git(dir: &Path, args: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"])
        .args(["-c", "init.defaultBranch=trunk"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A bare `origin.git` whose default branch is `trunk`, and a clone of it called `clone`.
fn origin_and_clone() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "-q", "work"]);
    git(&root.join("work"), &["commit", "-q", "--allow-empty", "-m", "first"]);
    git(root, &["clone", "-q", "--bare", "work", "origin.git"]);
    git(root, &["clone", "-q", "origin.git", "clone"]);
    let clone = root.join("clone");
    (folder, clone)
}

fn base(name: &str, found: How) -> BaseBranch {
    BaseBranch { name: name.to_owned(), found }
}

#[test]
fn a_clone_remembers_the_default_branch_of_its_origin() {
    let (_folder, clone) = origin_and_clone();
    assert_eq!(Git::at(&clone).default_branch(), base("trunk", How::OriginHead));
}

#[test]
fn a_default_branch_with_a_slash_keeps_it() {
    let (folder, clone) = origin_and_clone();
    git(&folder.path().join("origin.git"), &["branch", "-m", "trunk", "release/2.0"]);
    git(&clone, &["fetch", "-q", "origin"]);
    git(&clone, &["remote", "set-head", "origin", "--auto"]);
    assert_eq!(Git::at(&clone).default_branch(), base("release/2.0", How::OriginHead));
}

#[test]
fn an_origin_is_asked_when_the_clone_does_not_remember() {
    let (_folder, clone) = origin_and_clone();
    git(&clone, &["remote", "set-head", "origin", "--delete"]);
    assert_eq!(Git::at(&clone).default_branch(), base("trunk", How::RemoteShow));
}

#[test]
fn main_is_assumed_where_nothing_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "-q", "alone"]);
    git(root, &["init", "-q", "--bare", "empty.git"]);
    git(root, &["clone", "-q", "empty.git", "of-empty"]);
    fs::create_dir(root.join("plain")).unwrap();
    for dir in ["alone", "of-empty", "plain", "missing"] {
        assert_eq!(Git::at(root.join(dir)).default_branch(), base("main", How::Assumed), "{dir}");
    }
}

#[test]
fn the_top_of_the_work_tree_is_found_from_below() {
    let (_folder, clone) = origin_and_clone();
    let below = clone.join("a\nb/ü");
    fs::create_dir_all(&below).unwrap();
    let top = fs::canonicalize(&clone).unwrap();
    assert_eq!(Git::at(&below).top_level().unwrap(), Some(top));
    assert_eq!(Git::at(clone.join(".git")).top_level().unwrap(), None);
}

#[test]
fn a_folder_outside_any_repository_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let outside = Git::at(folder.path());
    assert_eq!(outside.top_level().unwrap(), None);
    assert!(matches!(outside.head(), Err(GitError::NotARepository { .. })));
    assert!(matches!(outside.is_dirty(), Err(GitError::NotARepository { .. })));
    let missing = Git::at(folder.path().join("missing")).top_level().unwrap_err();
    let GitError::Failed { args, code, stderr } = missing else { panic!("{missing:?}") };
    assert_eq!((args, code), (vec!["rev-parse".to_owned(), "--show-toplevel".to_owned()], Some(128)));
    assert!(stderr.contains("cannot change to"), "{stderr}");
}

#[test]
fn head_is_a_commit_once_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    let here = Git::at(folder.path());
    assert_eq!(here.head().unwrap(), None);
    git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "first"]);
    let id = here.head().unwrap().unwrap();
    assert!(id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
}

#[test]
fn changed_staged_and_untracked_files_are_dirt_and_ignored_ones_are_not() {
    let (_folder, clone) = origin_and_clone();
    let here = Git::at(&clone);
    assert!(!here.is_dirty().unwrap());
    fs::write(clone.join(".gitignore"), "ignored\n").unwrap();
    assert!(here.is_dirty().unwrap(), "untracked");
    git(&clone, &["add", ".gitignore"]);
    assert!(here.is_dirty().unwrap(), "staged");
    git(&clone, &["commit", "-q", "-m", "ignore"]);
    fs::write(clone.join("ignored"), "").unwrap();
    assert!(!here.is_dirty().unwrap(), "ignored");
    fs::write(clone.join(".gitignore"), "ignored\nmore\n").unwrap();
    assert!(here.is_dirty().unwrap(), "changed");
}

#[test]
fn a_missing_git_is_told_from_a_missing_folder() {
    let nowhere = Git::at("/").with_program("/nonexistent/git");
    let error = nowhere.head().unwrap_err();
    assert!(matches!(error, GitError::NotInstalled { .. }));
    assert_eq!(error.to_string(), "`/nonexistent/git` is not installed");
    assert_eq!(nowhere.default_branch(), base("main", How::Assumed));
}

/// Run inside itself with `GIT_DIR` set, as a hook would.
#[test]
fn an_outer_git_does_not_point_elsewhere() {
    if let Some(clone) = std::env::var_os("ORCH_GIT_TEST_INSIDE") {
        let top = Git::at(&clone).top_level().unwrap();
        assert_eq!(top, Some(fs::canonicalize(&clone).unwrap()));
        return;
    }
    let (folder, clone) = origin_and_clone();
    let inside = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "an_outer_git_does_not_point_elsewhere"])
        .env("ORCH_GIT_TEST_INSIDE", &clone)
        .env("GIT_DIR", folder.path().join("origin.git"))
        .env("GIT_WORK_TREE", folder.path())
        .output()
        .unwrap();
    assert!(inside.status.success(), "{}", String::from_utf8_lossy(&inside.stdout));
}

/// A remote that never answers. The stand-in leaves two processes holding the pipe open for writing; the pipe
/// ends when both are gone, and holds a word if one of them lived on.
#[test]
fn a_remote_that_hangs_is_ended_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut reader =
        OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(&pipe).unwrap();
    let hangs = folder.path().join("git");
    let script = format!(
        "#!/bin/sh\n\
         case \"$*\" in *' remote show '*) ;; *' remote') echo origin; exit;; *) exit 1;; esac\n\
         exec 3>'{}'\n\
         (trap '' TERM; sleep 20; echo survived >&3) &\n\
         sleep 20; echo survived >&3\n",
        pipe.display()
    );
    let draft = folder.path().join("draft");
    fs::write(&draft, script).unwrap();
    // By another program: a file that this one has open for writing could not be run.
    assert!(Command::new("install").arg("-m755").args([&draft, &hangs]).status().unwrap().success());

    let git = Git::at(folder.path()).with_program(&hangs).with_remote_limit(Duration::from_secs(1));
    assert_eq!(git.default_branch(), base("main", How::Assumed));

    fcntl_setfl(&reader, OFlags::empty()).unwrap();
    let mut said = String::new();
    reader.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}
