//! Which files a branch changed, and what a repository knows of a path that somebody names.

mod common;

use std::fs;

use common::{Repository, commit, git};
use orch_git::GitError;

#[test]
fn a_branch_changed_what_came_since_it_parted() {
    let repository = Repository::new();
    let top = &repository.top;
    commit(top, "gone", "x\n");
    git(top, &["config", "core.quotePath", "true"]);
    git(top, &["config", "diff.renames", "copies"]);
    git(top, &["switch", "-q", "-c", "done"]);
    fs::create_dir(top.join("src")).unwrap();
    commit(top, "src/größe \"x\"\n.rs", "new\n");
    commit(top, "a", "changed\n");
    git(top, &["mv", "gone", "moved"]);
    git(top, &["commit", "-q", "-m", "move"]);
    git(top, &["switch", "-q", "trunk"]);
    commit(top, "of trunk", "t\n");
    let orch = repository.orch();
    let expected = ["a", "gone", "moved", "src/größe \"x\"\n.rs"];
    assert_eq!(orch.changed_between("trunk", "done").unwrap(), expected);
    fs::create_dir(top.join("below")).unwrap();
    assert_eq!(repository.at(top.join("below")).changed_between("trunk", "done").unwrap(), expected);
    assert_eq!(orch.changed_between("done", "trunk").unwrap(), ["of trunk"]);
    assert_eq!(orch.changed_between("trunk", "trunk").unwrap(), [""; 0]);
    assert!(matches!(orch.changed_between("trunk", "absent"), Err(GitError::Failed { .. })));
    assert!(orch.changed_between("--output=/tmp/x", "trunk").is_err());

    git(top, &["switch", "-q", "--orphan", "alien"]);
    commit(top, "z", "z\n");
    assert_eq!(orch.changed_between("trunk", "alien").unwrap(), ["z"]);
}

#[test]
fn a_path_is_known_that_is_there_or_ever_was() {
    let repository = Repository::new();
    let top = &repository.top;
    fs::create_dir_all(top.join("src/deep")).unwrap();
    commit(top, "src/lib.rs", "l\n");
    commit(top, "old name.rs", "o\n");
    git(top, &["rm", "-q", "old name.rs"]);
    git(top, &["commit", "-q", "-m", "remove"]);
    git(top, &["switch", "-q", "-c", "other"]);
    commit(top, "src/of other.rs", "o\n");
    git(top, &["switch", "-q", "trunk"]);
    fs::write(top.join("untracked"), "u").unwrap();
    fs::write(repository.beside("outside"), "o").unwrap();
    let absolute = top.join("src/lib.rs");
    let cases = [
        ("src/lib.rs", true),
        ("./src//lib.rs", true),
        (" src/lib.rs\n", true),
        ("src/deep/../lib.rs", true),
        (absolute.to_str().unwrap(), true),
        ("src", true),
        ("src/", true),
        ("untracked", true),
        ("old name.rs", true),
        ("src/of other.rs", true),
        ("src/*.rs", false),
        (":(glob)src/*.rs", false),
        (":/src", false),
        ("src/absent.rs", false),
        ("src/lib.rs/x", false),
        ("", false),
        (".", false),
        ("../outside", false),
        ("../../../../../../../../../../../../etc/passwd", false),
        ("/etc/passwd", false),
        ("--all", false),
        ("a\0b", false),
        ("src/lib.rs (new)", false),
    ];
    for (path, expected) in cases {
        assert_eq!(repository.orch().is_known_path(path).unwrap(), expected, "{path:?}");
    }
    // Written from the folder, or from the top.
    let below = repository.at(top.join("src"));
    for path in ["lib.rs", "src/lib.rs", "of other.rs", "../a", "deep"] {
        assert!(below.is_known_path(path).unwrap(), "{path}");
    }
    assert!(!below.is_known_path("../../outside").unwrap());
    assert!(repository.at(repository.folder.path()).is_known_path("a").is_err());

    let empty = Repository::empty();
    fs::write(empty.top.join("a"), "a").unwrap();
    assert!(empty.orch().is_known_path("a").unwrap());
    assert!(!empty.orch().is_known_path("b").unwrap());
}

#[test]
fn a_tracked_file_is_modified_or_not() {
    let repository = Repository::new();
    let top = &repository.top;
    for file in ["PLAN.md", "staged.md", "deleted.md", "x*.md", "xy.md"] {
        commit(top, file, "p\n");
    }
    fs::write(top.join("staged.md"), "s\n").unwrap();
    git(top, &["add", "staged.md"]);
    fs::remove_file(top.join("deleted.md")).unwrap();
    fs::write(top.join("untracked.md"), "u\n").unwrap();
    fs::write(top.join("xy.md"), "changed\n").unwrap();
    let modified = |path: &str| repository.orch().is_tracked_and_modified(path).unwrap();
    for (path, expected) in [
        ("PLAN.md", false),
        ("staged.md", true),
        ("deleted.md", true),
        ("untracked.md", false),
        ("absent.md", false),
        ("x*.md", false),
        ("xy.md", true),
    ] {
        assert_eq!(modified(path), expected, "{path}");
    }
    fs::write(top.join("PLAN.md"), "more\n").unwrap();
    assert!(modified("PLAN.md") && modified(top.join("PLAN.md").to_str().unwrap()));
    fs::create_dir(top.join("below")).unwrap();
    assert!(repository.at(top.join("below")).is_tracked_and_modified("../PLAN.md").unwrap());
    assert!(repository.orch().is_tracked_and_modified("../x").is_err());
}

#[test]
fn commits_have_the_same_files_whatever_is_between_them() {
    let repository = Repository::new();
    let (top, orch) = (&repository.top, repository.orch());
    let first = repository.tip("HEAD");
    let second = commit(top, "b", "b\n");
    assert!(!orch.has_same_files(&first, &second).unwrap());
    git(top, &["revert", "--no-edit", "HEAD"]);
    assert!(orch.has_same_files(&first, &repository.tip("HEAD")).unwrap());
    fs::create_dir_all(top.join("deep/er")).unwrap();
    let deep = commit(top, "deep/er/file", "x\n");
    git(top, &["update-index", "--chmod=+x", "deep/er/file"]);
    git(top, &["commit", "-q", "-m", "mode"]);
    assert!(!orch.has_same_files(&deep, &repository.tip("HEAD")).unwrap());
    assert!(matches!(orch.has_same_files(&deep, "nothing"), Err(GitError::Failed { .. })));
}
