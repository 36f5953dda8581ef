//! Branches that follow when what is below them was merged, deleted or changed.

mod common;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use common::{Repository, commit, git, name, picture, try_git};
use orch_git::{Force, GitError, Operation, Reason, RestackError, RestackStep, Stacked};

/// `a <- b <- c` on `trunk`, each with a work tree and a file of its own.
fn stack_of_three() -> (Repository, Vec<Stacked>) {
    let repository = Repository::new();
    let mut stack = Vec::new();
    let mut base = "trunk";
    for branch in ["a", "b", "c"] {
        let path = repository.beside(branch);
        repository.orch().add_worktree(&path, &name(branch), base).unwrap();
        commit(&path, &format!("of {branch}"), &format!("{branch} 1\n"));
        commit(&path, &format!("of {branch}"), &format!("{branch} 2\n"));
        stack.push(Stacked { branch: name(branch), base: name(base) });
        base = branch;
    }
    (repository, stack)
}

/// What a forge does: all of the branch as one commit on the trunk.
fn squash(repository: &Repository, branch: &str) {
    git(&repository.top, &["merge", "-q", "--squash", branch]);
    git(&repository.top, &["commit", "-q", "-m", &format!("squash {branch}")]);
}

fn steps(repository: &Repository, stack: &[Stacked]) -> Vec<RestackStep> {
    let plan = repository.orch().plan_restack(stack, &name("trunk")).unwrap();
    assert_eq!(plan.stuck, []);
    plan.steps
}

fn told(steps: &[RestackStep]) -> Vec<(&str, &str, Reason)> {
    steps.iter().map(|step| (step.branch.as_str(), step.onto.as_str(), step.reason)).collect()
}

/// The subjects of what the branch has beyond another one, oldest first.
fn own(repository: &Repository, branch: &str, base: &str) -> Vec<String> {
    let log = git(&repository.top, &["log", "--reverse", "--format=%s", &format!("{base}..{branch}")]);
    log.lines().map(str::to_owned).collect()
}

#[test]
fn a_stack_in_order_needs_nothing() {
    let (repository, stack) = stack_of_three();
    assert_eq!(steps(&repository, &stack), []);
    commit(&repository.top, "other", "other\n");
    assert_eq!(told(&steps(&repository, &stack))[0], ("a", "trunk", Reason::BaseMoved));
    let absent = [Stacked { branch: name("absent"), base: name("trunk") }];
    assert_eq!(steps(&repository, &absent), []);
    assert_eq!(repository.orch().plan_restack(&stack, &name("absent")).unwrap().steps, []);
}

#[test]
fn after_a_squash_the_rest_follows_whether_or_not_the_branch_is_gone() {
    for gone in [false, true] {
        let (repository, stack) = stack_of_three();
        let orch = repository.orch();
        squash(&repository, "a");
        commit(&repository.top, "of a", "changed since\n");
        if gone {
            orch.remove_worktree(&repository.beside("a"), Force::No).unwrap();
            git(&repository.top, &["branch", "-q", "-D", "a"]);
        }
        fs::write(repository.beside("b").join("untracked"), "u").unwrap();
        fs::write(repository.top.join("a"), "the user's\n").unwrap();
        let before = picture(&repository.top);
        let old = repository.tip("b");

        let steps = self::steps(&repository, &stack);
        let why = if gone { Reason::BaseGone } else { Reason::BaseMerged };
        assert_eq!(told(&steps), [("b", "trunk", why), ("c", "b", Reason::BaseRestacked)], "gone: {gone}");
        let moved = orch.restack_one(&steps[0]).unwrap();
        assert_eq!(
            (moved.old_tip.as_str(), moved.onto.as_str()),
            (old.as_str(), repository.tip("trunk").as_str())
        );
        assert_eq!(moved.new_tip, repository.tip("b"));
        assert_eq!(repository.tip(&moved.kept), old);
        assert_eq!(orch.recorded_base(&name("b")).unwrap(), Some(moved.onto));
        orch.restack_one(&steps[1]).unwrap();

        assert_eq!(own(&repository, "b", "trunk"), ["write of b", "write of b"]);
        assert_eq!(own(&repository, "c", "b"), ["write of c", "write of c"]);
        assert_eq!(fs::read_to_string(repository.beside("c").join("of a")).unwrap(), "changed since\n");
        assert_eq!(fs::read_to_string(repository.beside("c").join("of c")).unwrap(), "c 2\n");
        assert!(repository.beside("b").join("untracked").exists());
        assert_eq!(git(&repository.beside("c"), &["status", "--porcelain"]), "");
        assert_eq!(git(&repository.beside("c"), &["symbolic-ref", "--short", "HEAD"]), "c");
        assert_eq!(git(&repository.top, &["log", "-1", "--format=%an", "c"]), "t", "the author stays");
        assert_eq!(picture(&repository.top), before);
        assert_eq!(self::steps(&repository, &stack), [], "gone: {gone}");
    }
}

#[test]
fn branches_without_a_work_tree_are_moved_aside() {
    let (repository, stack) = stack_of_three();
    let orch = repository.orch();
    orch.remove_worktree(&repository.beside("b"), Force::No).unwrap();
    // Deleted by hand, still known to git.
    fs::remove_dir_all(repository.beside("c")).unwrap();
    squash(&repository, "a");
    git(&repository.top, &["checkout", "-q", "--detach"]);
    let before = picture(&repository.top);
    for step in steps(&repository, &stack) {
        orch.restack_one(&step).unwrap();
    }
    assert_eq!(own(&repository, "c", "trunk"), ["write of b", "write of b", "write of c", "write of c"]);
    assert_eq!(steps(&repository, &stack), []);
    assert_eq!(picture(&repository.top), before);
    let trees: Vec<PathBuf> = orch.worktrees().unwrap().into_iter().map(|tree| tree.path).collect();
    assert_eq!(trees, [repository.top.clone(), repository.beside("a"), repository.beside("c")]);
    let left = fs::read_dir(repository.top.join(".git/orch")).unwrap();
    assert!(left.into_iter().all(|entry| entry.unwrap().file_name().to_str().unwrap().ends_with(".lock")));
    assert!(orch.add_worktree(&repository.beside("c"), &name("c"), "trunk").unwrap().repaired);
}

#[test]
fn a_base_that_was_merged_or_amended_is_followed() {
    let (repository, stack) = stack_of_three();
    git(&repository.top, &["merge", "-q", "--no-ff", "a"]);
    assert_eq!(
        told(&steps(&repository, &stack)),
        [("b", "trunk", Reason::BaseMerged), ("c", "b", Reason::BaseRestacked)]
    );

    let (repository, stack) = stack_of_three();
    fs::write(repository.beside("a").join("of a"), "amended\n").unwrap();
    git(&repository.beside("a"), &["commit", "-q", "-a", "--amend", "-m", "amended"]);
    let steps = self::steps(&repository, &stack);
    assert_eq!(told(&steps), [("b", "a", Reason::BaseMoved), ("c", "b", Reason::BaseRestacked)]);
    for step in &steps {
        repository.orch().restack_one(step).unwrap();
    }
    assert_eq!(own(&repository, "b", "a"), ["write of b", "write of b"]);
    assert_eq!(fs::read_to_string(repository.beside("c").join("of a")).unwrap(), "amended\n");
}

#[test]
fn commits_of_a_squashed_base_go_even_where_the_trunk_was_merged_by_hand() {
    let (repository, stack) = stack_of_three();
    squash(&repository, "a");
    git(&repository.beside("b"), &["merge", "-q", "trunk"]);
    let steps = self::steps(&repository, &stack);
    assert_eq!(told(&steps)[0], ("b", "trunk", Reason::BaseMerged));
    repository.orch().restack_one(&steps[0]).unwrap();
    assert_eq!(own(&repository, "b", "trunk"), ["write of b", "write of b"]);
}

#[test]
fn a_branch_nobody_has_worked_on_yet_follows_a_base_that_arrived() {
    let (repository, mut stack) = stack_of_three();
    let path = repository.beside("new");
    repository.orch().add_worktree(&path, &name("new"), "a").unwrap();
    stack.push(Stacked { branch: name("new"), base: name("a") });
    squash(&repository, "a");
    let steps = self::steps(&repository, &stack);
    assert_eq!(told(&steps)[2], ("new", "trunk", Reason::BaseMerged));
    repository.orch().restack_one(&steps[2]).unwrap();
    assert_eq!(repository.tip("new"), repository.tip("trunk"));
}

#[test]
fn a_whole_stack_squashed_one_after_the_other_is_done() {
    let (repository, stack) = stack_of_three();
    for branch in ["a", "b", "c"] {
        for step in steps(&repository, &stack) {
            repository.orch().restack_one(&step).unwrap();
        }
        squash(&repository, branch);
    }
    assert_eq!(steps(&repository, &stack), []);
}

#[test]
fn a_merge_at_origin_counts_once_it_was_fetched() {
    let (repository, stack) = stack_of_three();
    let origin = repository.beside("origin.git");
    let (top, bare) = (repository.top.to_str().unwrap(), origin.to_str().unwrap());
    git(repository.folder.path(), &["clone", "-q", "--bare", top, bare]);
    let orch = repository.orch();
    git(&repository.top, &["remote", "add", "origin", bare]);
    let forge = repository.beside("forge");
    git(repository.folder.path(), &["clone", "-q", bare, forge.to_str().unwrap()]);
    git(&forge, &["merge", "-q", "--squash", "origin/a"]);
    git(&forge, &["commit", "-q", "-m", "squash a"]);
    git(&forge, &["push", "-q", "origin", "trunk", ":a"]);
    // The local trunk goes its own way.
    commit(&repository.top, "local", "local\n");

    orch.fetch("origin").unwrap();
    assert!(orch.is_contained(&name("a"), &name("trunk")).unwrap());
    assert!(!orch.is_contained(&name("b"), &name("trunk")).unwrap());
    let steps: Vec<_> = steps(&repository, &stack);
    assert_eq!(told(&steps), [("b", "trunk", Reason::BaseMerged), ("c", "b", Reason::BaseRestacked)]);
    let moved = orch.restack_one(&steps[0]).unwrap();
    assert_eq!(moved.onto, repository.tip("origin/trunk"));

    orch.push(&name("c"), "origin").unwrap();
    assert_eq!(repository.tip("c@{upstream}"), repository.tip("c"));
    let refused = orch.push(&name("b"), "origin").unwrap_err();
    assert!(
        matches!(&refused, GitError::Failed { stderr, .. } if stderr.contains("rejected")),
        "no force: {refused}"
    );
    for unfit in ["absent", "--mirror", "ext::sh -c true", bare] {
        assert!(matches!(orch.push(&name("b"), unfit), Err(GitError::NoRemote { .. })), "{unfit}");
    }
    assert!(orch.has_remote("origin").unwrap() && !orch.has_remote("origi").unwrap());
}

#[test]
fn contained_is_what_arrived_in_whatever_way() {
    let ways: [(&str, &[&[&str]], bool); 6] = [
        ("not at all", &[], false),
        ("merged", &[&["merge", "-q", "--no-ff", "a"]], true),
        ("picked", &[&["cherry-pick", "trunk..a"]], true),
        ("squashed", &[&["merge", "-q", "--squash", "a"], &["commit", "-q", "-m", "s"]], true),
        (
            "squashed, and changed in the same place since",
            &[
                &["merge", "-q", "--squash", "a"],
                &["commit", "-q", "-m", "s"],
                &["rm", "-q", "of a"],
                &["commit", "-q", "-m", "gone"],
            ],
            true,
        ),
        ("half", &[&["cherry-pick", "a~1"]], false),
    ];
    for (way, commands, expected) in ways {
        let (repository, _) = stack_of_three();
        commit(&repository.top, "before", "before\n");
        for command in commands {
            git(&repository.top, command);
        }
        commit(&repository.top, "after", "after\n");
        let orch = repository.orch();
        let before = repository.references();
        assert_eq!(orch.is_contained(&name("a"), &name("trunk")).unwrap(), expected, "{way}");
        assert!(!orch.is_contained(&name("c"), &name("trunk")).unwrap(), "{way}");
        assert!(orch.is_contained(&name("a"), &name("c")).unwrap(), "{way}");
        assert!(!orch.is_contained(&name("absent"), &name("trunk")).unwrap());
        assert!(!orch.is_contained(&name("a"), &name("absent")).unwrap());
        assert_eq!(repository.references(), before);
    }
}

#[test]
fn a_base_that_vanished_without_a_trace_is_for_somebody_to_decide() {
    let (repository, stack) = stack_of_three();
    repository.orch().remove_worktree(&repository.beside("a"), Force::No).unwrap();
    git(&repository.top, &["branch", "-q", "-D", "a"]);
    let plan = repository.orch().plan_restack(&stack, &name("trunk")).unwrap();
    assert_eq!((plan.steps, plan.stuck), (vec![], vec![stack[1].clone()]));
}

#[test]
fn a_conflict_leaves_everything_as_it_was() {
    for in_its_place in [true, false] {
        let (repository, stack) = stack_of_three();
        let orch = repository.orch();
        if !in_its_place {
            orch.remove_worktree(&repository.beside("b"), Force::No).unwrap();
        } else {
            fs::write(repository.beside("b").join("untracked"), "u").unwrap();
        }
        squash(&repository, "a");
        commit(&repository.top, "of b", "somebody else's\n");
        let steps = self::steps(&repository, &stack);
        let shown = || {
            ["b", "c"].map(|branch| {
                Some(repository.beside(branch)).filter(|path| path.exists()).map(|path| picture(&path))
            })
        };
        let before = (repository.references(), picture(&repository.top), shown());
        let refused = orch.restack_one(&steps[0]).unwrap_err();
        let RestackError::Conflict { files, branch, .. } = &refused else { panic!("{refused}") };
        assert_eq!((files, branch.as_str()), (&vec![PathBuf::from("of b")], "b"));
        let after = (repository.references(), picture(&repository.top), shown());
        assert_eq!(without_index(after), without_index(before), "in its place: {in_its_place}");
        assert_eq!(orch.worktrees().unwrap().len(), if in_its_place { 4 } else { 3 });
        assert_eq!(told(&self::steps(&repository, &stack)), told(&steps), "it can be tried again");
    }
}

type Everything = (String, common::Picture, [Option<common::Picture>; 2]);

/// The index of a work tree that was put back holds other times of files.
fn without_index((references, main, trees): Everything) -> Everything {
    (references, main, trees.map(|tree| tree.map(common::Picture::without_index)))
}

#[test]
fn what_is_in_the_way_is_said() {
    let (repository, stack) = stack_of_three();
    let orch = repository.orch();
    squash(&repository, "a");
    let step = steps(&repository, &stack).remove(0);
    let b = repository.beside("b");
    let before = repository.references();

    fs::write(b.join("of b"), "not committed\n").unwrap();
    let refused = orch.restack_one(&step).unwrap_err();
    assert!(matches!(&refused, RestackError::Dirty { path, .. } if *path == b), "{refused}");
    git(&b, &["add", "of b"]);
    assert!(matches!(orch.restack_one(&step), Err(RestackError::Dirty { .. })));
    git(&b, &["reset", "-q", "--hard"]);

    // A file that a commit would overwrite.
    fs::write(b.join("squashed"), "mine\n").unwrap();
    commit(&repository.top, "squashed", "theirs\n");
    let before_it = repository.references();
    let refused = orch.restack_one(&step).unwrap_err();
    assert!(refused.to_string().contains("would be overwritten"), "{refused}");
    assert_eq!(fs::read_to_string(b.join("squashed")).unwrap(), "mine\n");
    assert_eq!(repository.references(), before_it);
    fs::remove_file(b.join("squashed")).unwrap();

    git(&b, &["bisect", "start"]);
    let refused = orch.restack_one(&step).unwrap_err();
    assert!(matches!(refused, RestackError::UnderWay { operation: Operation::Bisect, .. }), "{refused}");
    git(&b, &["bisect", "reset"]);

    let unknown = RestackStep { onto: name("absent"), onto_default: false, ..step.clone() };
    assert!(matches!(orch.restack_one(&unknown), Err(RestackError::NoBranch { .. })));
    let unknown = RestackStep { branch: name("absent"), ..step.clone() };
    assert!(matches!(orch.restack_one(&unknown), Err(RestackError::NoBranch { .. })));
    let late = RestackStep { tip: repository.tip("b~1"), ..step.clone() };
    assert!(matches!(orch.restack_one(&late), Err(RestackError::Moved { .. })));
    git(&repository.top, &["reset", "-q", "--hard", "HEAD~1"]);
    assert_eq!(repository.references(), before);

    orch.remove_worktree(&b, Force::No).unwrap();
    git(&repository.top, &["checkout", "-q", "b"]);
    let refused = orch.restack_one(&step).unwrap_err();
    assert!(matches!(refused, RestackError::InMainWorktree { .. }), "{refused}");
}

#[test]
fn an_interrupted_restack_is_recognised_and_can_be_undone() {
    let (repository, stack) = stack_of_three();
    squash(&repository, "a");
    commit(&repository.top, "of b", "somebody else's\n");
    let step = steps(&repository, &stack).remove(0);
    let b = repository.beside("b");
    let (before, tip) = (picture(&b).without_index(), repository.tip("b"));
    // As if orch were killed at the conflict: the way back fails.
    let crippled = repository.orch_after("crippled", "case \"$*\" in *'rebase --abort'*) exit 1;; esac");
    for orch in [&crippled, &repository.orch()] {
        let refused = orch.restack_one(&step).unwrap_err();
        let RestackError::Interrupted { path, kept, .. } = &refused else { panic!("{refused}") };
        assert_eq!((path, repository.tip(kept).as_str()), (&b, tip.as_str()));
        assert!(refused.to_string().contains("git rebase --abort"), "{refused}");
    }
    let orch = repository.orch();
    assert!(orch.abort_restack(&name("b")).unwrap());
    assert!(!orch.abort_restack(&name("b")).unwrap());
    assert_eq!(picture(&b).without_index(), before);
    assert_eq!(repository.tip("b"), tip);

    // A rebase of the user's own is not taken for one of orch, not even beside a mark that was left over.
    let left_over = format!("refs/heads/c {}\n", repository.tip("trunk"));
    fs::write(repository.top.join(".git/worktrees/b/orch-restack"), left_over).unwrap();
    assert!(!try_git(&b, &["rebase", "--onto", "trunk", "a"]).status.success());
    let refused = orch.restack_one(&step).unwrap_err();
    assert!(matches!(refused, RestackError::UnderWay { operation: Operation::Rebase, .. }), "{refused}");
    assert!(!orch.abort_restack(&name("b")).unwrap());
}

#[test]
fn what_a_killed_restack_left_aside_is_cleared_away() {
    let (repository, stack) = stack_of_three();
    let orch = repository.orch();
    orch.remove_worktree(&repository.beside("b"), Force::No).unwrap();
    squash(&repository, "a");
    let step = steps(&repository, &stack).remove(0);
    // The folder where it works, as an earlier one leaves it when nothing can be removed any more.
    let crippled = repository.orch_after(
        "crippled",
        "case \"$*\" in *'rebase --quiet'*) echo \"$2\" >\"$0.where\"; exit 1;; esac",
    );
    crippled.restack_one(&step).unwrap_err();
    let place = fs::read_to_string(repository.folder.path().join("crippled.where")).unwrap();
    let place = PathBuf::from(place.trim_end());
    assert!(place.starts_with(repository.top.join(".git")) && !place.exists(), "{}", place.display());
    git(&repository.top, &["worktree", "add", "-q", "--detach", place.to_str().unwrap()]);
    git(&repository.top, &["worktree", "lock", place.to_str().unwrap()]);
    orch.restack_one(&step).unwrap();
    assert!(!place.exists());
    assert_eq!(own(&repository, "b", "trunk"), ["write of b", "write of b"]);
}

#[test]
fn a_rebase_that_hangs_is_ended_and_undone() {
    let (repository, stack) = stack_of_three();
    squash(&repository, "a");
    let step = steps(&repository, &stack).remove(0);
    let pipe = repository.beside("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let b = repository.beside("b");
    let before = (repository.references(), picture(&b).without_index());
    // In the middle of it, in a filter of the user.
    let attributes = repository.top.join(".git/info/attributes");
    fs::create_dir_all(attributes.parent().unwrap()).unwrap();
    fs::write(&attributes, "\"of b\" filter=hangs\n").unwrap();
    git(&repository.top, &["config", "filter.hangs.smudge", &format!("cat '{}'", pipe.display())]);
    let orch = repository.orch().with_local_limit(Duration::from_secs(4));
    let ended = orch.restack_one(&step).unwrap_err();
    git(&repository.top, &["config", "--unset", "filter.hangs.smudge"]);
    fs::remove_file(attributes).unwrap();
    match ended {
        RestackError::Git(GitError::TimedOut { .. }) => {}
        // The way back hung as well.
        RestackError::Interrupted { .. } => assert!(repository.orch().abort_restack(&name("b")).unwrap()),
        other => panic!("{other}"),
    }
    let kept = git(&repository.top, &["for-each-ref", "--format=%(refname)", "refs/orch/restack"]);
    for reference in kept.lines() {
        git(&repository.top, &["update-ref", "-d", reference]);
    }
    assert_eq!((repository.references(), picture(&b).without_index()), before);

    let first = format!("case \"$*\" in *'push --quiet'*) read -r x <'{}';; esac", pipe.display());
    git(&repository.top, &["remote", "add", "origin", "/nonexistent"]);
    let hangs = repository.orch_after("hangs", &first).with_transfer_limit(Duration::from_millis(300));
    assert!(matches!(hangs.push(&name("b"), "origin"), Err(GitError::TimedOut { .. })));
}

#[test]
fn commits_are_told_with_what_they_touch() {
    let (repository, _) = stack_of_three();
    let orch = repository.orch();
    let (trunk, b) = (repository.tip("trunk"), repository.tip("b"));
    let commits = orch.commits_between(&trunk, &b).unwrap();
    assert_eq!(
        commits.iter().map(|commit| commit.subject.as_str()).collect::<Vec<_>>(),
        ["write of a", "write of a", "write of b", "write of b"]
    );
    assert_eq!((commits[0].parents.as_slice(), commits[3].id.as_str()), (&[trunk.clone()][..], b.as_str()));
    assert_eq!(commits[3].time.to_string(), git(&repository.top, &["log", "-1", "--format=%ct", "b"]));
    let first = |path: &str| orch.first_commit_touching(path, &trunk, &b).unwrap().map(|commit| commit.id);
    assert_eq!(first("of b"), Some(repository.tip("b~1")));
    for none in ["of *", "absent", "a"] {
        assert_eq!(first(none), None, "{none}");
    }
    assert_eq!(orch.merge_base(&b, &trunk).unwrap(), Some(trunk.clone()));
    assert!(orch.is_ancestor(&trunk, &b).unwrap() && !orch.is_ancestor(&b, &trunk).unwrap());
    assert_eq!(orch.resolve("b~4").unwrap(), Some(trunk));
    for nothing in ["", "-", "--all", ":/write", "b~99", "absent", "trunk:a", "a\nb"] {
        assert_eq!(orch.resolve(nothing).unwrap(), None, "{nothing:?}");
    }
    assert!(orch.commits_between("--all", &b).is_err());
}
