//! A branch that was merged and is used again.

mod common;

use common::{Repository, commit, git, name};
use orch_git::Git;

/// `trunk`, and `done` with a commit of its own that was merged, unless it was not.
fn with_branch(merged: bool) -> (Repository, Git) {
    let repository = Repository::new();
    let top = &repository.top;
    git(top, &["switch", "-q", "-c", "done"]);
    commit(top, "of-done", "one\n");
    git(top, &["switch", "-q", "trunk"]);
    if merged {
        git(top, &["merge", "-q", "--no-ff", "--no-edit", "done"]);
    }
    commit(top, "of-trunk", "two\n");
    let there = Git::at(top);
    (repository, there)
}

#[test]
fn what_was_merged_goes_on_from_where_its_base_is() {
    let (repository, there) = with_branch(true);
    let head = git(&repository.top, &["rev-parse", "trunk"]);
    assert!(there.catch_up(&name("done"), "trunk").unwrap());
    assert_eq!(there.branch_tip(&name("done")).unwrap().as_deref(), Some(head.trim()));
    assert_eq!(there.recorded_base(&name("done")).unwrap().as_deref(), Some(head.trim()));
    assert!(!there.catch_up(&name("done"), "trunk").unwrap(), "it is there already");
    assert_eq!(git(&repository.top, &["status", "--porcelain"]), "");
}

#[test]
fn what_holds_more_or_is_in_use_stays() {
    let (repository, there) = with_branch(false);
    let tip = there.branch_tip(&name("done")).unwrap();
    assert!(!there.catch_up(&name("done"), "trunk").unwrap(), "it holds what trunk has not");
    assert_eq!(there.branch_tip(&name("done")).unwrap(), tip);
    assert!(!there.catch_up(&name("nobody"), "trunk").unwrap());
    assert!(!there.catch_up(&name("done"), "nobody").unwrap());

    let (repository_merged, there) = with_branch(true);
    let tip = there.branch_tip(&name("done")).unwrap();
    let tree = repository_merged.top.parent().unwrap().join("tree");
    git(&repository_merged.top, &["worktree", "add", "-q", tree.to_str().unwrap(), "done"]);
    assert!(!there.catch_up(&name("done"), "trunk").unwrap(), "somebody works on it");
    assert_eq!(there.branch_tip(&name("done")).unwrap(), tip);
    drop(repository);
}
