//! A work tree that is made in the place of another one.

mod common;

use std::fs;
use std::path::PathBuf;
use std::thread;

use common::{Repository, commit, git, name, picture};
use orch_git::{Added, BranchName, Force, Tip, WorktreeError};

/// The folder of a worker, inside the main work tree.
fn worker(number: u32) -> PathBuf {
    format!(".worktrees/worker-{number}").into()
}

/// A repository with two tasks' branches.
fn with_tasks() -> Repository {
    let repository = Repository::new();
    fs::write(repository.top.join(".git/info/exclude"), ".worktrees/\n").unwrap();
    for task in ["task/1", "task/2"] {
        repository.orch().commit_on(&name(task), Tip::New { base: "trunk" }, b"begun").unwrap();
    }
    repository
}

fn put(repository: &Repository, number: u32, branch: &str) -> Result<Added, WorktreeError> {
    // Only for a branch that is there.
    repository.orch().replace_worktree(&worker(number), &name(branch), branch)
}

#[test]
fn another_task_takes_the_place_of_a_finished_one() {
    let repository = with_tasks();
    let before = picture(&repository.top);
    let first = put(&repository, 1, "task/1").unwrap();
    assert!(first.path.ends_with(worker(1)) && !first.adopted);
    let tip = commit(&first.path, "done", "done\n");
    assert!(put(&repository, 1, "task/1").unwrap().adopted);
    let second = put(&repository, 1, "task/2").unwrap();
    assert!(!second.adopted && second.path == first.path);
    assert_eq!(git(&second.path, &["symbolic-ref", "--short", "HEAD"]), "task/2");
    assert!(!second.path.join("done").exists());
    assert_eq!(repository.tip("task/1"), tip);

    // Its folder was deleted by hand.
    fs::remove_dir_all(&second.path).unwrap();
    assert!(!put(&repository, 1, "task/1").unwrap().adopted);
    assert_eq!(repository.orch().worktrees().unwrap().len(), 2);
    repository.orch().remove_worktree(&worker(1), Force::No).unwrap();
    assert!(!first.path.exists());
    fs::remove_dir(repository.top.join(".worktrees")).unwrap();
    assert_eq!(picture(&repository.top), before);
}

#[test]
fn what_would_be_lost_stays() {
    let repository = with_tasks();
    let path = put(&repository, 1, "task/1").unwrap().path;
    let stays = |what: &str| {
        let before = picture(&path);
        let references = repository.references();
        let refused = put(&repository, 1, "task/2").unwrap_err();
        assert_eq!(picture(&path), before, "{what}");
        assert_eq!(repository.references(), references, "{what}");
        refused
    };
    fs::write(path.join("new"), "not saved\n").unwrap();
    assert!(matches!(stays("untracked"), WorktreeError::NotSafe { .. }));
    assert!(put(&repository, 1, "task/1").unwrap().adopted, "its own branch finds it");
    fs::remove_file(path.join("new")).unwrap();
    fs::write(path.join("a"), "not saved\n").unwrap();
    assert!(matches!(stays("changed"), WorktreeError::NotSafe { .. }));
    git(&path, &["add", "a"]);
    assert!(matches!(stays("staged"), WorktreeError::NotSafe { .. }));
    git(&path, &["reset", "-q", "--hard"]);
    git(&path, &["switch", "-q", "--detach"]);
    commit(&path, "a", "on no branch\n");
    assert!(matches!(stays("detached"), WorktreeError::NotSafe { .. }));
    git(&path, &["switch", "-q", "task/1"]);
    git(&repository.top, &["worktree", "lock", path.to_str().unwrap()]);
    assert!(matches!(stays("locked"), WorktreeError::Locked { .. }));
    git(&repository.top, &["worktree", "unlock", path.to_str().unwrap()]);

    // What would be in vain is not begun.
    let other = put(&repository, 2, "task/2").unwrap().path;
    let refused = stays("in use elsewhere");
    assert!(matches!(&refused, WorktreeError::BranchInUse { path, .. } if *path == other), "{refused}");
    let refused = put(&repository, 1, "task/3").unwrap_err();
    assert!(matches!(refused, WorktreeError::NoBase { .. }) && path.join("a").exists(), "{refused}");
    let refused = put(&repository, 3, "trunk").unwrap_err();
    assert!(
        matches!(&refused, WorktreeError::BranchInUse { path, .. } if *path == repository.top),
        "{refused}"
    );
    let refused = repository.orch().replace_worktree(".".as_ref(), &name("task/1"), "trunk").unwrap_err();
    assert!(matches!(refused, WorktreeError::MainWorktree { .. }), "{refused}");
}

#[test]
fn one_worker_is_not_taken_for_another() {
    let repository = with_tasks();
    let ten = put(&repository, 10, "task/1").unwrap().path;
    let one = put(&repository, 1, "task/2").unwrap().path;
    fs::write(ten.join("new"), "not saved\n").unwrap();
    let orch = repository.orch();
    orch.remove_worktree(&worker(1), Force::No).unwrap();
    assert!(!one.exists() && ten.join("new").exists());
    // A second time there is nothing to do, and that is told from a work tree that stays.
    let again = orch.remove_worktree(&worker(1), Force::No).unwrap_err();
    assert!(matches!(&again, WorktreeError::NotAWorktree { path } if !path.exists()), "{again}");
    let kept = orch.remove_worktree(&worker(10), Force::No).unwrap_err();
    assert!(matches!(kept, WorktreeError::NotSafe { .. }), "{kept}");
    assert_eq!(orch.branch_tip(&name("task/2")).unwrap(), Some(repository.tip("task/2")));
}

#[test]
fn those_who_replace_the_same_one_agree() {
    let repository = with_tasks();
    let path = put(&repository, 1, "task/1").unwrap().path;
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| put(&repository, 1, "task/2"))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let made = results.into_iter().filter(|result| !result.as_ref().unwrap().adopted).count();
    assert_eq!(made, 1);
    assert_eq!(git(&path, &["symbolic-ref", "--short", "HEAD"]), "task/2");
    assert_eq!(git(&path, &["status", "--porcelain"]), "");
    let removed = thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| repository.orch().remove_worktree(&worker(1), Force::No)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(Result::is_ok).count()
    });
    assert_eq!(removed, 1);
    let left: Vec<BranchName> =
        repository.orch().branches_under(&name("task")).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, [name("task/1"), name("task/2")]);
}
