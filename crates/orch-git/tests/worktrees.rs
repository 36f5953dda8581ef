//! Work trees made, taken over and removed.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime};

use common::{Repository, commit, git, name, picture, plain_git, program};
use orch_git::{BranchName, Force, Git, GitError, How, Operation, WorktreeError};

#[test]
fn a_work_tree_gets_a_branch_of_its_own_and_the_main_one_stays_as_it_is() {
    let repository = Repository::new();
    fs::write(repository.top.join("a"), "changed by the user\n").unwrap();
    fs::write(repository.top.join("staged"), "s").unwrap();
    git(&repository.top, &["add", "staged"]);
    fs::write(repository.top.join("untracked"), "u").unwrap();
    let before = picture(&repository.top);
    // A hook of the repository would leave a trace.
    let hooks = repository.top.join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in ["post-checkout", "reference-transaction"] {
        program(&hooks, hook, "echo ran >> \"$0.ran\"");
    }

    let path = repository.beside("wörk tree 1");
    let added = repository.orch().add_worktree(&path, &name("feature/ü"), "trunk").unwrap();
    let tip = repository.tip("refs/heads/trunk");
    assert_eq!((added.path.clone(), added.head.as_str()), (path.clone(), tip.as_str()));
    assert_eq!(added.cut_from.as_ref(), Some(&tip));
    assert!(!added.adopted && !added.repaired);
    assert_eq!(repository.orch().recorded_base(&name("feature/ü")).unwrap(), Some(tip));
    assert_eq!(git(&path, &["symbolic-ref", "HEAD"]), "refs/heads/feature/ü");
    assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "one\n");
    assert_eq!(git(&repository.top, &["config", "--get-regexp", "^core\\."]).matches("hookspath").count(), 0);
    assert_eq!(picture(&repository.top), before);

    let listed = repository.at(&path).worktrees().unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed[0].main && listed[0].path == repository.top);
    assert_eq!((&listed[1].path, listed[1].branch.as_deref()), (&path, Some("feature/ü")));

    let again = repository.orch().add_worktree(&path, &name("feature/ü"), "no such base").unwrap();
    assert!(again.adopted && again.cut_from.is_none() && !again.repaired);
    repository.orch().remove_worktree(&path, Force::No).unwrap();
    assert!(!path.exists());
    let back = repository.orch().add_worktree(&path, &name("feature/ü"), "no such base").unwrap();
    assert!(!back.adopted && back.cut_from.is_none());
    assert_eq!(picture(&repository.top), before);
    for hook in ["post-checkout", "reference-transaction"] {
        assert!(!hooks.join(format!("{hook}.ran")).exists(), "{hook}");
    }
}

#[test]
fn a_base_is_a_local_branch_or_one_of_origin_or_a_commit() {
    let repository = Repository::new();
    let clone = repository.beside("clone");
    git(&repository.top, &["branch", "only-there"]);
    let first = repository.tip("HEAD");
    git(
        repository.folder.path(),
        &["clone", "-q", repository.top.to_str().unwrap(), clone.to_str().unwrap()],
    );
    let second = commit(&clone, "a", "two\n");
    git(&clone, &["tag", "v1", "HEAD~1"]);
    let orch = repository.at(&clone);
    for (number, (base, expected)) in
        [("trunk", &second), ("only-there", &first), ("v1", &first), (first.as_str(), &first)]
            .iter()
            .enumerate()
    {
        let branch = name(&format!("b{number}"));
        let added = orch.add_worktree(&repository.beside(branch.as_str()), &branch, base).unwrap();
        assert_eq!(added.cut_from.as_ref(), Some(*expected), "{base}");
        let upstream = format!("branch.{branch}.merge");
        assert!(!common::try_git(&clone, &["config", &upstream]).status.success(), "{base}");
    }
    for base in ["absent", "--help", ":/write", "$(id)", "HEAD:a", ""] {
        let refused = orch.add_worktree(&repository.beside("x"), &name("x"), base).unwrap_err();
        assert!(matches!(refused, WorktreeError::NoBase { .. }), "{base}: {refused}");
        assert!(!repository.beside("x").exists());
        assert_eq!(orch.branch_tip(&name("x")).unwrap(), None);
    }
}

#[test]
fn without_a_commit_there_is_nothing_to_cut_from() {
    let repository = Repository::empty();
    let refused = repository.orch().add_worktree(&repository.beside("x"), &name("x"), "trunk").unwrap_err();
    assert!(matches!(refused, WorktreeError::NoCommits), "{refused}");
}

#[test]
fn a_branch_or_path_that_is_taken_is_said_so() {
    let repository = Repository::new();
    let orch = repository.orch();
    let (one, ten) = (repository.beside("worker-1"), repository.beside("worker-10"));
    orch.add_worktree(&ten, &name("worker-10"), "trunk").unwrap();
    // Neither name nor path is mistaken for the longer one.
    orch.add_worktree(&one, &name("worker-1"), "trunk").unwrap();
    let before = repository.references();

    let refused = orch.add_worktree(&repository.beside("x"), &name("worker-1"), "trunk").unwrap_err();
    assert!(
        matches!(&refused, WorktreeError::BranchInUse { path, missing: false, .. } if *path == one),
        "{refused}"
    );
    let refused = orch.add_worktree(&repository.beside("x"), &name("trunk"), "trunk").unwrap_err();
    assert!(
        matches!(&refused, WorktreeError::BranchInUse { path, .. } if *path == repository.top),
        "{refused}"
    );
    let refused = orch.add_worktree(&one, &name("other"), "trunk").unwrap_err();
    assert!(
        matches!(&refused, WorktreeError::OtherBranch { found: Some(found), .. } if found == "worker-1"),
        "{refused}"
    );
    let refused = orch.add_worktree(&repository.top, &name("other"), "trunk").unwrap_err();
    assert!(matches!(refused, WorktreeError::MainWorktree { .. }), "{refused}");
    let full = repository.beside("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("mine"), "").unwrap();
    let refused = orch.add_worktree(&full, &name("other"), "trunk").unwrap_err();
    assert!(matches!(refused, WorktreeError::PathTaken { .. }), "{refused}");
    assert!(full.join("mine").exists());
    let nowhere = repository.beside("nowhere");
    std::os::unix::fs::symlink("/nonexistent/x", &nowhere).unwrap();
    let refused = orch.add_worktree(&nowhere, &name("other"), "trunk").unwrap_err();
    assert!(matches!(refused, WorktreeError::PathTaken { .. }), "{refused}");
    assert_eq!(repository.references(), before);

    let empty = repository.beside("empty");
    fs::create_dir(&empty).unwrap();
    assert!(!orch.add_worktree(&empty, &name("other"), "trunk").unwrap().adopted);
    // `a` is a file among the references, so `a/b` can't be one.
    let refused = orch.add_worktree(&repository.beside("x"), &name("other/below"), "trunk").unwrap_err();
    assert!(matches!(refused, WorktreeError::Git(GitError::Failed { .. })), "{refused}");

    orch.remove_worktree(&one, Force::No).unwrap();
    assert!(ten.join("a").exists() && orch.branch_tip(&name("worker-1")).unwrap().is_some());
}

#[test]
fn names_that_are_more_than_names_never_reach_git() {
    for unfit in ["-b", "--orphan", "$(touch pwned)", "x;touch pwned", "`id`", "a b", "../../HEAD", "@{-1}"] {
        assert!(BranchName::new(unfit).is_err(), "{unfit}");
    }
}

#[test]
fn a_folder_deleted_by_hand_is_made_anew_and_no_other_is_touched() {
    let repository = Repository::new();
    let orch = repository.orch();
    let (one, two) = (repository.beside("one"), repository.beside("two"));
    for path in [&one, &two] {
        orch.add_worktree(path, &name(path.file_name().unwrap().to_str().unwrap()), "trunk").unwrap();
        commit(path, "b", "of the worker\n");
        fs::remove_dir_all(path).unwrap();
    }
    let tip = repository.tip("one");
    let added = orch.add_worktree(&one, &name("one"), "trunk").unwrap();
    assert!(added.repaired && !added.adopted && added.cut_from.is_none());
    assert_eq!(added.head, tip);
    assert_eq!(fs::read_to_string(one.join("b")).unwrap(), "of the worker\n");
    let listed = orch.worktrees().unwrap();
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().any(|tree| tree.path == two && tree.prunable.is_some()), "{listed:?}");

    let refused = orch.add_worktree(&repository.beside("three"), &name("two"), "trunk").unwrap_err();
    assert!(
        matches!(&refused, WorktreeError::BranchInUse { missing: true, path, .. } if *path == two),
        "{refused}"
    );
    orch.remove_worktree(&two, Force::No).unwrap();
    assert_eq!(orch.worktrees().unwrap().len(), 2);
    orch.add_worktree(&repository.beside("three"), &name("two"), "trunk").unwrap();

    // Emptied, and filled with something else.
    fs::remove_dir_all(&one).unwrap();
    fs::create_dir(&one).unwrap();
    assert!(orch.add_worktree(&one, &name("one"), "trunk").unwrap().repaired);
    fs::remove_dir_all(&one).unwrap();
    git(repository.folder.path(), &["init", "-q", one.to_str().unwrap()]);
    fs::write(one.join("foreign"), "").unwrap();
    let refused = orch.add_worktree(&one, &name("one"), "trunk").unwrap_err();
    assert!(matches!(refused, WorktreeError::PathTaken { .. }), "{refused}");
    let refused = orch.remove_worktree(&one, Force::RescueAs(&name("x"))).unwrap_err();
    assert!(matches!(refused, WorktreeError::NotAWorktree { .. }), "{refused}");
    assert!(one.join("foreign").exists());
}

#[test]
fn what_a_killed_git_left_is_made_anew_or_taken_over() {
    let repository = Repository::new();
    let orch = repository.orch();
    let path = repository.beside("w");
    orch.add_worktree(&path, &name("w"), "trunk").unwrap();
    let own = repository.top.join(".git/worktrees/w");

    // Killed in the middle of the check-out.
    let killed = || fs::write(own.join("locked"), "initializing").unwrap();
    killed();
    fs::remove_file(own.join("index")).unwrap();
    fs::write(path.join("a"), "on").unwrap();
    let added = orch.add_worktree(&path, &name("w"), "trunk").unwrap();
    assert!(added.repaired && !added.adopted);
    assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "one\n");

    // Killed before `HEAD` said anything.
    killed();
    fs::remove_file(own.join("index")).unwrap();
    fs::write(own.join("HEAD"), format!("{}\n", "0".repeat(40))).unwrap();
    assert!(orch.add_worktree(&path, &name("w"), "trunk").unwrap().repaired);

    // Killed before it was said where the repository is: then no git works in it.
    killed();
    fs::remove_file(own.join("index")).unwrap();
    fs::remove_file(own.join("HEAD")).unwrap();
    fs::write(own.join("commondir"), "").unwrap();
    assert!(!common::try_git(&repository.top, &["worktree", "list"]).status.success());
    assert!(orch.add_worktree(&path, &name("w"), "trunk").unwrap().repaired);
    git(&repository.top, &["worktree", "list"]);

    // Killed before anything was in the folder but an empty `.git`.
    killed();
    for file in ["index", "HEAD", "commondir"] {
        fs::remove_file(own.join(file)).unwrap();
    }
    fs::remove_dir_all(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join(".git"), "").unwrap();
    assert!(orch.add_worktree(&path, &name("w"), "trunk").unwrap().repaired);

    // Killed when all was done but the last step.
    killed();
    fs::write(path.join("new"), "by somebody\n").unwrap();
    let added = orch.add_worktree(&path, &name("w"), "trunk").unwrap();
    assert!(added.repaired && added.adopted);
    assert!(path.join("new").exists() && !own.join("locked").exists());

    // Killed while it wrote the index.
    fs::write(own.join("index.lock"), "").unwrap();
    let hurried = repository.orch().with_patience(Duration::ZERO);
    let refused = hurried.add_worktree(&path, &name("w"), "trunk").unwrap_err();
    let WorktreeError::Git(GitError::LockHeld { path: lock }) = &refused else { panic!("{refused}") };
    assert_eq!(*lock, own.join("index.lock"));
    assert!(refused.to_string().contains("delete"), "{refused}");
}

#[test]
fn eight_at_once_do_not_get_in_each_others_way() {
    let repository = Repository::new();
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let (orch, path) = (repository.orch(), repository.beside(&format!("w{number}")));
                scope.spawn(move || orch.add_worktree(&path, &name(&format!("deep/er/{number}")), "trunk"))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for result in results {
        result.unwrap();
    }
    assert_eq!(repository.orch().worktrees().unwrap().len(), 9);
    git(&repository.top, &["fsck", "--strict"]);

    // The same one, all at once: one makes it, the others take it over.
    let made = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (orch, path) = (repository.orch(), repository.beside("same"));
                scope.spawn(move || orch.add_worktree(&path, &name("same"), "trunk").unwrap())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|added| !added.adopted).count()
    });
    assert_eq!(made, 1);
}

#[test]
fn a_lock_of_gits_own_is_waited_for() {
    let repository = Repository::new();
    let lock = repository.top.join(".git/refs/heads/b.lock");
    fs::write(&lock, "").unwrap();
    let orch = repository.orch();
    let hurried = repository.orch().with_patience(Duration::ZERO);
    let refused = hurried.add_worktree(&repository.beside("b"), &name("b"), "trunk").unwrap_err();
    assert!(
        matches!(&refused, WorktreeError::Git(GitError::LockHeld { path }) if *path == lock),
        "{refused}"
    );
    assert_eq!(hurried.recorded_base(&name("b")).unwrap(), None, "nothing is left behind");

    // Removed when git has run into it, as its record of the base shows that it is about to.
    thread::scope(|scope| {
        let adding = scope.spawn(|| orch.add_worktree(&repository.beside("b"), &name("b"), "trunk"));
        while orch.recorded_base(&name("b")).unwrap().is_none() {
            thread::yield_now();
        }
        fs::remove_file(&lock).unwrap();
        adding.join().unwrap().unwrap();
    });
}

#[test]
fn a_branch_whose_base_can_not_be_recorded_is_not_cut() {
    let repository = Repository::new();
    fs::create_dir_all(repository.top.join(".git/refs/orch/base")).unwrap();
    let lock = repository.top.join(".git/refs/orch/base/b.lock");
    fs::write(&lock, "").unwrap();
    let hurried = repository.orch().with_patience(Duration::ZERO);
    let refused = hurried.add_worktree(&repository.beside("b"), &name("b"), "trunk").unwrap_err();
    assert!(
        matches!(&refused, WorktreeError::Git(GitError::LockHeld { path }) if *path == lock),
        "{refused}"
    );
    assert_eq!(hurried.branch_tip(&name("b")).unwrap(), None);
}

#[test]
fn locks_of_a_killed_git_are_removed_and_no_others() {
    let repository = Repository::new();
    let hurried = repository.orch().with_patience(Duration::ZERO);
    let path = repository.beside("w");
    let branch = name("deep/w");
    let nothing: &[&str] = &[];
    let remove = |is_idle: fn(&Path) -> bool| {
        let removed = hurried.remove_abandoned_locks(&path, &branch, is_idle);
        removed.map(|removed| {
            let git = repository.top.join(".git");
            let names = removed.iter().map(|lock| lock.strip_prefix(&git).unwrap().display().to_string());
            names.collect::<Vec<_>>()
        })
    };
    assert_eq!(remove(|_| true).unwrap(), nothing, "before there is anything");
    hurried.add_worktree(&path, &branch, "trunk").unwrap();
    let lock = |name: &str, old: bool| {
        let lock = repository.top.join(".git").join(name);
        let file = fs::File::create(&lock).unwrap();
        if old {
            file.set_modified(SystemTime::now() - Duration::from_secs(2)).unwrap();
        }
        lock
    };
    let in_the_way = |is_idle| matches!(remove(is_idle), Err(GitError::LockHeld { .. }));

    // Not while a git is at work there, and not one that was just made.
    let held = lock("worktrees/w/index.lock", true);
    assert!(in_the_way(|_| false) && held.exists());
    let young = lock("worktrees/w/index.lock", false);
    assert!(in_the_way(|_| true) && young.exists());

    // What everybody shares is nobody's business as long as anybody is at work.
    let own = ["worktrees/w/index.lock", "worktrees/w/HEAD.lock", "refs/heads/deep/w.lock"];
    let shared = ["config.lock", "packed-refs.lock"];
    for name in own.iter().chain(&shared) {
        lock(name, true);
    }
    for name in ["index.lock", "HEAD.lock", "refs/heads/trunk.lock"] {
        lock(name, true);
    }
    let mut removed = remove(|_| true).unwrap();
    removed.sort_unstable();
    let mut expected: Vec<&str> = own.into_iter().chain(shared).collect();
    expected.sort_unstable();
    assert_eq!(removed, expected);
    let config = lock("config.lock", true);
    assert_eq!(remove(|_| false).unwrap(), nothing);
    assert!(config.exists() && repository.top.join(".git/refs/heads/trunk.lock").exists());
}

#[test]
fn what_a_work_tree_holds_is_counted() {
    let repository = Repository::new();
    let orch = repository.orch();
    let path = repository.beside("w");
    orch.add_worktree(&path, &name("w"), "trunk").unwrap();
    let clean = orch.worktree_state(&path, &[&name("trunk")]).unwrap();
    assert!(clean.is_safe() && clean.ahead == 0 && clean.branch.as_deref() == Some("w"), "{clean:?}");
    assert_eq!(clean.to_string(), "nothing");

    commit(&path, "b", "b\n");
    fs::write(path.join(".git-ignored"), "").unwrap();
    let git_dir = git(&repository.top, &["rev-parse", "--path-format=absolute", "--git-common-dir"]);
    fs::create_dir_all(format!("{git_dir}/info")).unwrap();
    fs::write(format!("{git_dir}/info/exclude"), ".git-ignored\n").unwrap();
    let ahead = orch.worktree_state(&path, &[&name("trunk")]).unwrap();
    assert_eq!((ahead.ahead, ahead.unpushed, ahead.unreferenced), (1, 2, 0));
    assert!(ahead.is_safe(), "the branch stays: {ahead}");
    let into_itself = orch.worktree_state(&path, &[&name("w"), &name("absent")]).unwrap();
    assert_eq!(into_itself.ahead, 0);

    fs::write(path.join("a"), "changed\n").unwrap();
    fs::write(path.join("b"), "staged\n").unwrap();
    git(&path, &["add", "b"]);
    fs::create_dir(path.join("new")).unwrap();
    for file in ["new/x\ny", "new/z", "ü"] {
        fs::write(path.join(file), "").unwrap();
    }
    let state = orch.worktree_state(&path, &[]).unwrap();
    assert_eq!((state.staged, state.changed, state.untracked, state.conflicted), (1, 1, 3, 0));
    assert_eq!(state.untracked_names.len(), 3);
    assert!(state.has_tracked_changes() && !state.is_safe());
    assert_eq!(state.to_string(), "1 staged, 1 changed, 3 untracked (new/x\ny)");
    let refused = orch.remove_worktree(&path, Force::No).unwrap_err();
    let WorktreeError::NotSafe { state: told, .. } = refused else { panic!("{refused}") };
    assert_eq!(*told, state);
    assert!(path.join("ü").exists());
}

#[test]
fn operations_under_way_are_seen_and_keep_the_work_tree() {
    let cases: [(&[&str], Operation); 5] = [
        (&["merge", "other"], Operation::Merge),
        (&["rebase", "other"], Operation::Rebase),
        (&["cherry-pick", "other"], Operation::CherryPick),
        (&["revert", "HEAD~1"], Operation::Revert),
        (&["bisect", "start"], Operation::Bisect),
    ];
    for (begin, expected) in cases {
        let repository = Repository::new();
        let orch = repository.orch();
        let path = repository.beside("w");
        orch.add_worktree(&path, &name("w"), "trunk").unwrap();
        git(&path, &["branch", "other"]);
        commit(&path, "a", "two\n");
        commit(&path, "a", "three\n");
        let other = repository.beside("other");
        orch.add_worktree(&other, &name("other"), "trunk").unwrap();
        commit(&other, "a", "another\n");
        common::try_git(&path, begin);
        let state = orch.worktree_state(&path, &[]).unwrap();
        assert_eq!(state.operation, Some(expected), "{begin:?}");
        let refused = orch.remove_worktree(&path, Force::No).unwrap_err();
        assert!(matches!(refused, WorktreeError::NotSafe { .. }), "{begin:?}: {refused}");
        // A branch in the middle of a rebase belongs to its work tree, though `HEAD` is on no branch.
        if expected == Operation::Rebase {
            let refused = orch.add_worktree(&path, &name("w"), "trunk").unwrap_err();
            assert!(matches!(refused, WorktreeError::UnderWay { .. }), "{refused}");
            let refused = orch.add_worktree(&repository.beside("x"), &name("w"), "trunk").unwrap_err();
            assert!(matches!(refused, WorktreeError::BranchInUse { .. }), "{refused}");
        }
    }
}

#[test]
fn commits_that_only_a_detached_head_has_are_not_lost() {
    let repository = Repository::new();
    let orch = repository.orch();
    let path = repository.beside("w");
    git(&repository.top, &["worktree", "add", "-q", "--detach", path.to_str().unwrap()]);
    assert_eq!(orch.worktree_state(&path, &[]).unwrap().unreferenced, 0);
    let only_here = commit(&path, "b", "b\n");
    let state = orch.worktree_state(&path, &[]).unwrap();
    assert_eq!((state.unreferenced, state.branch), (1, None));
    for gone in [false, true] {
        if gone {
            fs::remove_dir_all(&path).unwrap();
        }
        let refused = orch.remove_worktree(&path, Force::No).unwrap_err();
        let WorktreeError::NotSafe { state, .. } = refused else { panic!("{refused}") };
        assert_eq!((state.unreferenced, state.missing), (1, gone));
    }
    let rescued = orch.remove_worktree(&path, Force::RescueAs(&name("w"))).unwrap();
    assert_eq!(repository.tip("refs/orch/rescue/w/1"), only_here);
    assert_eq!(rescued[0].reference, "refs/orch/rescue/w/1");
    assert_eq!(orch.worktrees().unwrap().len(), 1);
}

#[test]
fn a_locked_one_stays_and_with_force_is_rescued_first() {
    let repository = Repository::new();
    let orch = repository.orch();
    let path = repository.beside("w");
    orch.add_worktree(&path, &name("w"), "trunk").unwrap();
    git(&repository.top, &["worktree", "lock", "--reason", "on a stick", path.to_str().unwrap()]);
    let refused = orch.remove_worktree(&path, Force::No).unwrap_err();
    assert!(matches!(&refused, WorktreeError::Locked { reason, .. } if reason == "on a stick"), "{refused}");
    assert!(orch.add_worktree(&path, &name("w"), "trunk").unwrap().adopted);
    fs::rename(&path, repository.beside("away")).unwrap();
    for refused in [
        orch.add_worktree(&path, &name("w"), "trunk").map(drop),
        orch.remove_worktree(&path, Force::No).map(drop),
    ] {
        assert!(matches!(refused, Err(WorktreeError::Locked { .. })), "{refused:?}");
    }
    fs::rename(repository.beside("away"), &path).unwrap();
    fs::write(path.join("new"), "kept\n").unwrap();
    let rescued = orch.remove_worktree(&path, Force::RescueAs(&name("w"))).unwrap();
    assert!(!path.exists());
    assert_eq!(git(&repository.top, &["show", &format!("{}:new", rescued[0].reference)]), "kept");
}

#[test]
fn only_work_trees_of_this_repository_are_removed() {
    let repository = Repository::new();
    let orch = repository.orch();
    let foreign = Repository::new();
    let other = foreign.beside("w");
    foreign.orch().add_worktree(&other, &name("w"), "trunk").unwrap();
    for path in [&other, &foreign.top, &repository.top.join("a"), &repository.beside("absent"), &"/".into()] {
        let refused = orch.remove_worktree(path, Force::RescueAs(&name("x"))).unwrap_err();
        assert!(matches!(refused, WorktreeError::NotAWorktree { .. }), "{refused}");
    }
    let path = repository.beside("w");
    orch.add_worktree(&path, &name("w"), "trunk").unwrap();
    for orch in [&orch, &repository.at(&path)] {
        let refused = orch.remove_worktree(&repository.top, Force::RescueAs(&name("x"))).unwrap_err();
        assert!(matches!(refused, WorktreeError::MainWorktree { .. }), "{refused}");
    }
    // From inside itself, and by a path with detours.
    repository.at(&path).remove_worktree("../w/.".as_ref(), Force::No).unwrap();
    assert!(!path.exists() && other.join("a").exists());
}

#[test]
fn a_detached_main_work_tree_and_a_bare_repository_do() {
    let repository = Repository::new();
    git(&repository.top, &["checkout", "-q", "--detach"]);
    let before = picture(&repository.top);
    repository.orch().add_worktree(&repository.beside("w"), &name("w"), "trunk").unwrap();
    assert_eq!(picture(&repository.top), before);
    repository.orch().add_worktree(&repository.beside("t"), &name("trunk"), "trunk").unwrap();

    let bare = repository.beside("bare.git");
    git(
        repository.folder.path(),
        &["clone", "-q", "--bare", repository.top.to_str().unwrap(), bare.to_str().unwrap()],
    );
    let orch = repository.at(&bare);
    orch.add_worktree(&repository.beside("of-bare"), &name("new"), "trunk").unwrap();
    assert!(orch.worktrees().unwrap()[0].bare);
    orch.remove_worktree(&repository.beside("of-bare"), Force::No).unwrap();
}

#[test]
fn the_default_branch_is_found_without_a_remote() {
    let repository = Repository::new();
    let orch = repository.orch();
    let found = || {
        let base = orch.local_default_branch();
        (base.name, base.found)
    };
    assert_eq!(
        orch.default_branch().name,
        "main",
        "the one that the prompts system falls back to (seed 002)"
    );
    assert_eq!(found(), ("trunk".into(), How::OnlyBranch));
    git(&repository.top, &["checkout", "-q", "-b", "other"]);
    assert_eq!(found(), ("other".into(), How::CheckedOut));
    let path = repository.beside("w");
    orch.add_worktree(&path, &name("w"), "trunk").unwrap();
    assert_eq!(repository.at(&path).local_default_branch().name, "other", "the main work tree counts");
    git(&repository.top, &["branch", "master"]);
    assert_eq!(found(), ("master".into(), How::Exists));
    git(&repository.top, &["branch", "main"]);
    assert_eq!(found(), ("main".into(), How::Exists));
    git(&repository.top, &["checkout", "-q", "--detach"]);
    git(&repository.top, &["branch", "-D", "main", "master"]);
    assert_eq!(found(), ("main".into(), How::Assumed));
}

/// Run inside itself, so that there is an orch to kill. The stand-in waits until it is told to go on.
#[test]
fn a_git_that_outlives_its_orch_is_waited_for() {
    if let Some(top) = std::env::var_os("ORCH_GIT_TEST_TOP") {
        let program = std::env::var_os("ORCH_GIT_TEST_PROGRAM").unwrap();
        let made = Git::at(top).with_program(program).add_worktree("../w".as_ref(), &name("w"), "trunk");
        panic!("it should have been killed: {made:?}");
    }
    let repository = Repository::new();
    let (started, go_on) = (repository.beside("started"), repository.beside("go on"));
    for pipe in [&started, &go_on] {
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    let wait = format!("echo >'{}'; read -r x <'{}'", started.display(), go_on.display());
    let first = format!("case \"$*\" in *'worktree add'*) {wait};; esac");
    let slow = plain_git(repository.folder.path(), "slow", &first);
    let mut orch = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_git_that_outlives_its_orch_is_waited_for"])
        .env("ORCH_GIT_TEST_TOP", &repository.top)
        .env("ORCH_GIT_TEST_PROGRAM", slow)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(fs::read(&started).unwrap(), b"\n");
    orch.kill().unwrap();
    orch.wait().unwrap();

    let path = repository.beside("w");
    let hurried = repository.orch().with_patience(Duration::ZERO);
    for refused in [
        hurried.add_worktree(&path, &name("w"), "trunk").map(drop),
        hurried.remove_worktree(&path, Force::No).map(drop),
    ] {
        assert!(matches!(refused, Err(WorktreeError::Git(GitError::Busy { .. }))), "{refused:?}");
    }
    fs::write(&go_on, "\n").unwrap();
    let added = repository.orch().add_worktree(&path, &name("w"), "trunk").unwrap();
    assert!(added.adopted && !added.repaired);
    assert_eq!(repository.orch().recorded_base(&name("w")).unwrap(), Some(repository.tip("trunk")));
}

/// The stand-in waits on a pipe that nobody writes to.
#[test]
fn a_git_that_hangs_is_ended_and_leaves_nothing() {
    let repository = Repository::new();
    let pipe = repository.beside("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let hangs_at = |what: &str| {
        let first = format!("case \"$*\" in *'{what}'*) read -r x <'{}';; esac", pipe.display());
        repository.orch_after("hangs", &first).with_local_limit(Duration::from_secs(3))
    };
    let before = repository.references();
    let path = repository.beside("w");
    for what in ["worktree add", "update-ref --create-reflog", "worktree list"] {
        let ended = hangs_at(what).add_worktree(&path, &name("w"), "trunk").unwrap_err();
        assert!(matches!(ended, WorktreeError::Git(GitError::TimedOut { .. })), "{what}: {ended}");
    }
    // Git itself, when the user's filter hangs: it puts away what it began.
    fs::write(repository.top.join(".gitattributes"), "a filter=hangs\n").unwrap();
    git(&repository.top, &["add", ".gitattributes"]);
    git(&repository.top, &["commit", "-q", "-m", "filter"]);
    git(&repository.top, &["config", "filter.hangs.smudge", &format!("cat '{}'", pipe.display())]);
    let orch = repository.orch().with_local_limit(Duration::from_secs(3));
    let ended = orch.add_worktree(&path, &name("w"), "trunk").unwrap_err();
    assert!(matches!(ended, WorktreeError::Git(GitError::TimedOut { .. })), "{ended}");
    git(&repository.top, &["config", "--unset", "filter.hangs.smudge"]);
    assert_eq!(repository.orch().worktrees().unwrap().len(), 1);
    git(&repository.top, &["reset", "-q", "--soft", "HEAD~1"]);
    assert_eq!(repository.references(), before);
    assert!(!path.exists());
    repository.orch().add_worktree(&path, &name("w"), "trunk").unwrap();
}
