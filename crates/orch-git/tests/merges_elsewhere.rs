//! Finished branches merged into a branch that may be checked out here, there, or nowhere.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::{Picture, Repository, commit, git, name, picture};
use orch_git::{GitError, MergeError, Merged, Operation};

/// Whoever is on `trunk`, with `flow` that was cut from it, and `done`, cut from `flow`, with a file more and `a` changed.
fn with_flow() -> Repository {
    let repository = Repository::new();
    let top = &repository.top;
    git(top, &["switch", "-q", "-c", "flow"]);
    commit(top, "of flow", "f\n");
    git(top, &["switch", "-q", "-c", "done"]);
    commit(top, "a", "one\ntwo\n");
    commit(top, "new", "new\n");
    git(top, &["switch", "-q", "trunk"]);
    repository
}

/// What a person may have lying there: staged, changed after that, changed, untracked.
fn leave_work(top: &Path) {
    fs::write(top.join("staged"), "staged\n").unwrap();
    git(top, &["add", "staged"]);
    fs::write(top.join("staged"), "and changed\n").unwrap();
    fs::write(top.join("a"), "mine\r\n").unwrap();
    fs::write(top.join("new"), "of mine, too\n").unwrap();
}

fn merge(repository: &Repository, branch: &str, message: &str) -> Result<Merged, MergeError> {
    repository.orch().merge_into(&name("flow"), &name(branch), message)
}

/// The commit of a merge, which is where `flow` is, with these two parents.
fn done(repository: &Repository, merged: Merged, parents: [&str; 2]) -> String {
    let flow = repository.tip("flow");
    assert_eq!(merged, Merged::Done { commit: flow.clone() });
    assert_eq!(git(&repository.top, &["rev-parse", "flow^@"]), parents.join("\n"));
    flow
}

fn files(error: MergeError) -> Vec<String> {
    match error {
        MergeError::Conflict { files, into, .. } if into == "flow" => files,
        other => panic!("{other}"),
    }
}

/// All that must not change when a merge fails.
fn all(repository: &Repository, trees: &[&Path]) -> (Vec<Picture>, String) {
    (trees.iter().map(|tree| picture(tree)).collect(), repository.references())
}

#[test]
fn what_is_checked_out_in_the_main_work_tree_is_merged_there() {
    let repository = with_flow();
    let top = &repository.top;
    git(top, &["switch", "-q", "flow"]);
    fs::write(top.join("untracked"), "u\n").unwrap();
    let (flow, tip) = (repository.tip("flow"), repository.tip("done"));
    let merged = merge(&repository, "done", "Merge task/001: Größe").unwrap();
    done(&repository, merged, [&flow, &tip]);
    assert_eq!(fs::read_to_string(top.join("a")).unwrap(), "one\ntwo\n");
    assert_eq!(git(top, &["status", "--porcelain"]), "?? untracked");
    assert_eq!(merge(&repository, "done", "again").unwrap(), Merged::Nothing);
    // From another work tree it is the same one.
    let beside = repository.beside("beside");
    git(top, &["worktree", "add", "-q", "-b", "next", beside.to_str().unwrap(), "flow"]);
    let tip = commit(&beside, "next", "n\n");
    let before = repository.tip("flow");
    let merged = repository.at(&beside).merge_into(&name("flow"), &name("next"), "m").unwrap();
    done(&repository, merged, [&before, &tip]);
    assert_eq!(fs::read_to_string(top.join("next")).unwrap(), "n\n");
    fs::write(top.join("a"), "staged\n").unwrap();
    git(top, &["add", "a"]);
    commit(&beside, "more", "m\n");
    let error = merge(&repository, "next", "m").unwrap_err();
    assert!(matches!(error, MergeError::WouldOverwrite { .. }), "{error}");
}

#[test]
fn what_is_checked_out_nowhere_is_merged_beside_all_that_lies_in_the_work_trees() {
    // A git without `merge-tree` finds out by merging.
    let older = "case \"$*\" in *merge-tree*) echo 'usage: git' >&2; exit 129;; esac";
    for old in [false, true] {
        let repository = with_flow();
        let top = &repository.top;
        leave_work(top);
        // Hooks are for those who work in a work tree, and a signature would ask for a passphrase.
        git(top, &["config", "commit.gpgsign", "true"]);
        let (before, trees) = (picture(top), git(top, &["worktree", "list"]));
        let (flow, tip) = (repository.tip("flow"), repository.tip("done"));
        let orch = if old { repository.orch_after("older", older) } else { repository.orch() };
        let merged = orch.merge_into(
            &name("flow"),
            &name("done"),
            "\n\nMerge task/001: Größe  \n\n\n## Provides\n- x\0\x1b[31m\n\n",
        );
        let merged = done(&repository, merged.unwrap(), [&flow, &tip]);
        assert_eq!(picture(top), before);
        assert_eq!(git(top, &["worktree", "list"]), trees);
        let told = git(top, &["log", "-1", "--format=%an %ae %cn|%B|", &merged]);
        assert_eq!(told, "orch orch@localhost orch|Merge task/001: Größe\n\n## Provides\n- x[31m\n|");
        assert_eq!(git(top, &["ls-tree", "--name-only", &merged]), "a\nnew\nof flow");
        assert_eq!(git(top, &["show", &format!("{merged}:a")]), "one\ntwo");
        assert_eq!(git(top, &["reflog", "-1", "--format=%gs", "flow"]), "orch: Merge task/001: Größe");
        assert_eq!(orch.merge_into(&name("flow"), &name("done"), "again").unwrap(), Merged::Nothing);
        assert_eq!(repository.tip("flow"), merged);
        git(top, &["fsck", "--strict"]);
    }
}

#[test]
fn messages_are_those_that_a_merge_in_a_work_tree_has() {
    let long = "ü".repeat(40_000);
    for message in ["", " \n\0", "one line", "  a\n\n\n b \t\n# not a comment\n\n", &long] {
        let bodies = [false, true].map(|here| {
            let repository = with_flow();
            if here {
                git(&repository.top, &["switch", "-q", "flow"]);
            }
            merge(&repository, "done", message).unwrap();
            git(&repository.top, &["cat-file", "commit", "flow"]).split_once("\n\n").unwrap().1.to_owned()
        });
        assert_eq!(bodies[0], bodies[1]);
    }
}

#[test]
fn what_is_checked_out_in_another_work_tree_is_merged_there() {
    let repository = with_flow();
    let (top, beside) = (&repository.top, repository.beside("mit flow"));
    git(top, &["worktree", "add", "-q", beside.to_str().unwrap(), "flow"]);
    leave_work(top);
    fs::write(beside.join("of flow"), "changed\n").unwrap();
    let (before, flow, tip) = (picture(top), repository.tip("flow"), repository.tip("done"));
    let merged = merge(&repository, "done", "m").unwrap();
    done(&repository, merged, [&flow, &tip]);
    assert_eq!(picture(top), before);
    assert_eq!(fs::read_to_string(beside.join("new")).unwrap(), "new\n");
    assert_eq!(git(&beside, &["status", "--porcelain"]), " M \"of flow\"");
}

#[test]
fn a_rebase_of_the_branch_is_not_disturbed() {
    let repository = with_flow();
    let (top, beside) = (&repository.top, repository.beside("beside"));
    commit(top, "of flow", "conflicting\n");
    git(top, &["worktree", "add", "-q", beside.to_str().unwrap(), "flow"]);
    assert!(!common::try_git(&beside, &["rebase", "-q", "trunk"]).status.success());
    let before = all(&repository, &[top, &beside]);
    let error = merge(&repository, "done", "m").unwrap_err();
    let MergeError::UnderWay { operation, path } = error else { panic!("{error}") };
    assert_eq!((operation, path), (Operation::Rebase, fs::canonicalize(&beside).unwrap()));
    assert_eq!(all(&repository, &[top, &beside]), before);
}

#[test]
fn a_conflict_leaves_everything_as_it_was() {
    let older = "case \"$*\" in *merge-tree*) echo 'usage: git' >&2; exit 129;; esac";
    for place in ["main", "other", "nowhere"] {
        for old in [false, true] {
            let repository = with_flow();
            let (top, beside) = (&repository.top, repository.beside("beside"));
            git(top, &["switch", "-q", "flow"]);
            commit(top, "a", "one\nother\n");
            let mut trees: Vec<&Path> = vec![top];
            if place != "main" {
                git(top, &["switch", "-q", "trunk"]);
                leave_work(top);
            }
            if place == "other" {
                git(top, &["worktree", "add", "-q", beside.to_str().unwrap(), "flow"]);
                trees.push(&beside);
            }
            let before = all(&repository, &trees);
            let orch = if old { repository.orch_after("older", older) } else { repository.orch() };
            let error = orch.merge_into(&name("flow"), &name("done"), "m").unwrap_err();
            assert_eq!(error.to_string(), "done conflicts with flow in a: merge it by hand");
            assert_eq!(files(error), ["a"], "{place} {old}");
            assert_eq!(all(&repository, &trees), before, "{place} {old}");
            assert_eq!(git(top, &["worktree", "list"]).lines().count(), trees.len(), "{place} {old}");
        }
    }
}

#[test]
fn merges_at_once_all_arrive() {
    let repository = with_flow();
    let top = &repository.top;
    for number in 0..4 {
        git(top, &["switch", "-q", "-c", &format!("task-{number}"), "flow"]);
        commit(top, &format!("file {number}"), "x\n");
    }
    git(top, &["switch", "-q", "trunk"]);
    leave_work(top);
    let before = picture(top);
    // Somebody who knows nothing of orch's locks moves the branch as well.
    let meddling = repository.orch_after(
        "meddling",
        "theirs() { mkdir \"$2/../moved\" 2>/dev/null || return
         new=$(git -C \"$2\" -c user.name=t -c user.email=t@e commit-tree -p flow -m theirs 'flow^{tree}')
         git -C \"$2\" update-ref refs/heads/flow \"$new\" && mkdir \"$2/../really\"; }
         case \"$*\" in *hash-object*) theirs \"$@\";; esac",
    );
    std::thread::scope(|scope| {
        for number in 0..4 {
            let orch = if number == 0 { meddling.clone() } else { repository.orch() };
            scope.spawn(move || {
                let merged = orch.merge_into(&name("flow"), &name(&format!("task-{number}")), "m").unwrap();
                assert!(matches!(merged, Merged::Done { .. }));
            });
        }
    });
    let there = git(top, &["ls-tree", "--name-only", "flow"]);
    for number in 0..4 {
        assert!(there.contains(&format!("file {number}")), "{there}");
    }
    assert_eq!(git(top, &["rev-list", "--count", "--merges", "--first-parent", "flow"]), "4");
    assert!(repository.beside("really").exists());
    assert!(git(top, &["log", "--format=%s", "--first-parent", "flow"]).contains("theirs"));
    assert_eq!(picture(top), before);
}

#[test]
fn a_branch_that_is_checked_out_just_then_is_merged_there() {
    let repository = with_flow();
    let switching = repository
        .orch_after("switching", "case \"$*\" in *hash-object*) git -C \"$2\" switch -q flow;; esac");
    let (flow, tip) = (repository.tip("flow"), repository.tip("done"));
    let merged = switching.merge_into(&name("flow"), &name("done"), "m").unwrap();
    done(&repository, merged, [&flow, &tip]);
    assert_eq!(git(&repository.top, &["status", "--porcelain"]), "");
    assert!(repository.top.join("new").exists());
}

#[test]
fn a_work_tree_whose_folder_is_gone_does_not_count() {
    let repository = with_flow();
    let (top, beside) = (&repository.top, repository.beside("beside"));
    git(top, &["worktree", "add", "-q", beside.to_str().unwrap(), "flow"]);
    fs::remove_dir_all(&beside).unwrap();
    let (flow, tip) = (repository.tip("flow"), repository.tip("done"));
    let merged = merge(&repository, "done", "m").unwrap();
    let flow = done(&repository, merged, [&flow, &tip]);
    // Nor does a folder in its place that is no work tree, even inside of another one.
    fs::create_dir(&beside).unwrap();
    fs::write(beside.join("mine"), "m\n").unwrap();
    git(top, &["switch", "-q", "done"]);
    let tip = commit(top, "more", "m\n");
    let merged = merge(&repository, "done", "m").unwrap();
    done(&repository, merged, [&flow, &tip]);
    assert_eq!(fs::read_dir(&beside).unwrap().count(), 1);
}

#[test]
fn a_main_work_tree_away_from_its_repository_is_found_or_refused() {
    let repository = with_flow();
    let (top, elsewhere) = (&repository.top, repository.beside("elsewhere"));
    let work = repository.beside("work");
    git(top, &["init", "-q", "--separate-git-dir", elsewhere.to_str().unwrap()]);
    git(top, &["worktree", "add", "-q", "-b", "beside", work.to_str().unwrap()]);
    git(top, &["switch", "-q", "flow"]);
    let before = all(&repository, &[top, &work]);
    let error = repository.at(&work).merge_into(&name("flow"), &name("done"), "m").unwrap_err();
    assert!(matches!(error, MergeError::Git(GitError::NotAWorktree { .. })), "{error}");
    assert_eq!(all(&repository, &[top, &work]), before);
    let (flow, tip) = (repository.tip("flow"), repository.tip("done"));
    let merged = merge(&repository, "done", "m").unwrap();
    done(&repository, merged, [&flow, &tip]);
    assert_eq!(git(top, &["status", "--porcelain"]), "");
    assert!(top.join("new").exists());
}

#[test]
fn a_bare_repository_is_merged_in() {
    let repository = with_flow();
    let bare = repository.beside("bare.git");
    git(&repository.top, &["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    git(&bare, &["symbolic-ref", "HEAD", "refs/heads/flow"]);
    let merged = repository.at(&bare).merge_into(&name("flow"), &name("done"), "m").unwrap();
    assert_eq!(merged, Merged::Done { commit: git(&bare, &["rev-parse", "flow"]) });
}

#[test]
fn branches_that_are_missing_are_named() {
    let repository = with_flow();
    let before = all(&repository, &[&repository.top]);
    for (into, branch, missing) in [("gone", "done", "gone"), ("flow", "gone", "gone"), ("x", "y", "x")] {
        let error = repository.orch().merge_into(&name(into), &name(branch), "m").unwrap_err();
        assert_eq!(error.to_string(), format!("there is no branch {missing}"));
    }
    assert_eq!(all(&repository, &[&repository.top]), before);
    // Unrelated histories are git's to refuse.
    git(&repository.top, &["switch", "-q", "--orphan", "unborn"]);
    let error = repository.orch().merge_into(&name("unborn"), &name("done"), "m").unwrap_err();
    assert!(matches!(error, MergeError::NoCommit { .. }), "{error}");
    commit(&repository.top, "z", "z\n");
    let error = merge(&repository, "unborn", "m").unwrap_err();
    assert!(matches!(error, MergeError::Git(GitError::Failed { .. })), "{error}");
    git(&repository.top, &["switch", "-q", "trunk"]);
    git(&repository.top, &["branch", "-q", "-D", "unborn"]);
    assert_eq!(repository.references(), before.1);
    let nowhere = tempfile::tempdir().unwrap();
    let error = repository.at(nowhere.path()).merge_into(&name("flow"), &name("done"), "m").unwrap_err();
    assert!(matches!(error, MergeError::Git(GitError::NotARepository { .. })), "{error}");
}

#[test]
fn a_git_that_hangs_is_ended_and_flow_stays_where_it_was() {
    let repository = with_flow();
    leave_work(&repository.top);
    let pipe = repository.beside("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let before = all(&repository, &[&repository.top]);
    for what in ["merge-tree", "hash-object", "update-ref", "worktree list"] {
        // It waits for somebody who writes, and nobody does.
        let first = format!("case \"$*\" in *'{what}'*) read -r x <'{}';; esac", pipe.display());
        let orch = repository.orch_after("hangs", &first).with_local_limit(Duration::from_secs(1));
        let error = orch.merge_into(&name("flow"), &name("done"), "m").unwrap_err();
        let MergeError::Git(GitError::TimedOut { args, .. }) = &error else { panic!("{what}: {error}") };
        assert!(args.join(" ").contains(what), "{what}: {error}");
        assert_eq!(all(&repository, &[&repository.top]), before, "{what}");
    }
    let merged = merge(&repository, "done", "m").unwrap();
    assert_eq!(merged, Merged::Done { commit: repository.tip("flow") });
}
