//! Finished branches merged into what the user has checked out, with whatever the user has lying there.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::{Picture, Repository, commit, git, name, picture, program, try_git};
use orch_git::{GitError, MergeError, Merged, Operation};
use proptest::prelude::*;

/// `trunk` with some files, and a branch `done` that has changed `a`, removed `gone`, made `new/file` and `ein ü`.
fn with_branch() -> Repository {
    let repository = Repository::new();
    let top = &repository.top;
    commit(top, "PLAN.md", "| M1 | open |\n");
    commit(top, "gone", "to be removed\n");
    commit(top, ".gitignore", "*.log\nnew.log/\n");
    git(top, &["switch", "-q", "-c", "done"]);
    commit(top, "a", "one\ntwo\n");
    git(top, &["rm", "-q", "gone"]);
    fs::create_dir(top.join("new")).unwrap();
    commit(top, "new/file", "new\n");
    commit(top, "ein ü", "new\n");
    git(top, &["switch", "-q", "trunk"]);
    commit(top, "of the user", "more\n");
    repository
}

/// The user's own: changed, untracked and ignored.
fn leave_work(top: &Path) {
    fs::write(top.join("PLAN.md"), "| M1 | in progress |\r\n").unwrap();
    fs::write(top.join("of the user"), b"\xff\x00").unwrap();
    fs::write(top.join("untracked"), "u\n").unwrap();
    fs::write(top.join("x.log"), "ignored\n").unwrap();
}

/// Everything that a merge could have left behind, and what the user has.
fn all(repository: &Repository) -> (Picture, String, Vec<String>, String) {
    let traces = ["MERGE_HEAD", "MERGE_MSG", "MERGE_MODE", "MERGE_AUTOSTASH", "AUTO_MERGE", "index.lock"];
    let there = |name: &&str| repository.top.join(".git").join(name).exists();
    let traces = traces.iter().filter(|name| there(name)).map(|name| (*name).to_owned()).collect();
    let head = fs::read_to_string(repository.top.join(".git/HEAD")).unwrap();
    (picture(&repository.top).without_index(), repository.references(), traces, head)
}

/// What happens in a work tree before the merge.
type Do = fn(&Path);

fn parents(repository: &Repository) -> Vec<String> {
    let parents = git(&repository.top, &["rev-parse", "HEAD^@"]);
    parents.lines().map(str::to_owned).collect()
}

fn files(error: &MergeError) -> &[String] {
    match error {
        MergeError::Conflict { files, .. } | MergeError::WouldOverwrite { files } => files,
        other => panic!("{other}"),
    }
}

/// A hook of the user's.
fn hook(repository: &Repository, called: &str, script: &str) {
    let hooks = repository.top.join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    program(&hooks, called, script);
}

#[test]
fn a_branch_is_merged_beside_what_the_user_works_on() {
    let repository = with_branch();
    leave_work(&repository.top);
    let (before, tip) = (repository.tip("HEAD"), repository.tip("done"));
    let merged = repository.orch().merge(&name("done"), "Merge M1: Größe\n\nIt is done.").unwrap();
    assert_eq!(merged, Merged::Done { commit: repository.tip("HEAD") });
    assert_eq!(parents(&repository), [before, tip]);
    let told = git(&repository.top, &["log", "-1", "--format=%an %ae %cn|%B"]);
    assert_eq!(told, "orch orch@localhost orch|Merge M1: Größe\n\nIt is done.");
    assert_eq!(git(&repository.top, &["symbolic-ref", "HEAD"]), "refs/heads/trunk");

    let read = |file: &str| fs::read(repository.top.join(file)).unwrap();
    assert_eq!(read("a"), b"one\ntwo\n");
    assert_eq!(read("new/file"), b"new\n");
    assert!(!repository.top.join("gone").exists());
    assert_eq!(read("PLAN.md"), b"| M1 | in progress |\r\n");
    assert_eq!(read("of the user"), b"\xff\x00");
    assert_eq!((read("untracked"), read("x.log")), (b"u\n".to_vec(), b"ignored\n".to_vec()));
    let status = git(&repository.top, &["status", "--porcelain"]);
    assert_eq!(status.trim_start(), "M PLAN.md\n M \"of the user\"\n?? untracked");

    assert_eq!(repository.orch().merge(&name("done"), "again").unwrap(), Merged::Nothing);
}

#[test]
fn a_branch_that_could_simply_be_moved_to_gets_a_commit_as_well() {
    let repository = Repository::new();
    git(&repository.top, &["branch", "done"]);
    assert_eq!(repository.orch().merge(&name("done"), "m").unwrap(), Merged::Nothing);
    git(&repository.top, &["switch", "-q", "done"]);
    let tip = commit(&repository.top, "b", "b\n");
    git(&repository.top, &["switch", "-q", "trunk"]);
    // The user's settings would have it otherwise.
    for (key, value) in [("merge.ff", "only"), ("branch.trunk.mergeOptions", "--squash --no-commit --edit")] {
        git(&repository.top, &["config", key, value]);
    }
    fs::create_dir(repository.top.join("below")).unwrap();
    let below = repository.at(repository.top.join("below"));
    assert!(matches!(below.merge(&name("done"), "m").unwrap(), Merged::Done { .. }));
    assert_eq!(parents(&repository)[1], tip);
    assert_eq!(fs::read_to_string(repository.top.join("b")).unwrap(), "b\n");
}

#[test]
fn a_conflict_leaves_everything_as_it_was() {
    let conflicts: [(&str, Do, &[&str]); 4] = [
        ("content", |top| drop(commit(top, "a", "one\nother\n")), &["a"]),
        ("both added", |top| drop(commit(top, "ein ü", "mine\n")), &["ein ü"]),
        ("changed and removed", |top| drop(commit(top, "gone", "stays\n")), &["gone"]),
        (
            "a folder and a file",
            |top| {
                commit(top, "new", "a file\n");
            },
            &["new"],
        ),
    ];
    // A git without `merge-tree` finds out by merging.
    let older = "case \"$*\" in *merge-tree*) echo 'usage: git' >&2; exit 129;; esac";
    for (what, theirs, expected) in conflicts {
        for old in [false, true] {
            let repository = with_branch();
            theirs(&repository.top);
            leave_work(&repository.top);
            let before = all(&repository);
            let orch = if old { repository.orch_after("older", older) } else { repository.orch() };
            let error = orch.merge(&name("done"), "m").unwrap_err();
            assert!(matches!(error, MergeError::Conflict { .. }), "{what} {old}: {error}");
            assert_eq!(files(&error), expected, "{what} {old}");
            assert_eq!(all(&repository), before, "{what} {old}");
        }
    }
    let repository = with_branch();
    commit(&repository.top, "a", "one\nother\n");
    let error = repository.orch().merge(&name("done"), "m").unwrap_err();
    assert_eq!(error.to_string(), "done conflicts with trunk in a: merge it by hand");
}

#[test]
fn what_is_in_no_commit_is_never_overwritten() {
    let cases: [(&str, Do, &[&str]); 14] = [
        ("changed", |top| fs::write(top.join("a"), "mine\n").unwrap(), &["a"]),
        ("changed to what the branch has", |top| fs::write(top.join("a"), "one\ntwo\n").unwrap(), &["a"]),
        ("deleted", |top| fs::remove_file(top.join("a")).unwrap(), &["a"]),
        ("changed where the branch removes", |top| fs::write(top.join("gone"), "mine\n").unwrap(), &["gone"]),
        (
            "another mode",
            |top| fs::set_permissions(top.join("a"), PermissionsExt::from_mode(0o755)).unwrap(),
            &["a"],
        ),
        (
            "a folder in its place",
            |top| {
                fs::remove_file(top.join("a")).unwrap();
                fs::create_dir(top.join("a")).unwrap();
                fs::write(top.join("a/x"), "mine\n").unwrap();
            },
            &["a"],
        ),
        (
            "staged",
            |top| {
                fs::write(top.join("PLAN.md"), "staged\n").unwrap();
                git(top, &["add", "PLAN.md"]);
                fs::write(top.join("PLAN.md"), "and changed\n").unwrap();
            },
            &["PLAN.md"],
        ),
        (
            "staged as the branch has it",
            |top| {
                fs::write(top.join("a"), "one\ntwo\n").unwrap();
                git(top, &["add", "a"]);
            },
            &["a"],
        ),
        (
            "staged and then removed",
            |top| {
                fs::write(top.join("brand-new"), "b\n").unwrap();
                git(top, &["add", "brand-new"]);
                fs::remove_file(top.join("brand-new")).unwrap();
            },
            &["brand-new"],
        ),
        ("untracked", |top| fs::write(top.join("ein ü"), "mine\n").unwrap(), &["ein ü"]),
        ("untracked, the same", |top| fs::write(top.join("ein ü"), "new\n").unwrap(), &["ein ü"]),
        (
            "to be added",
            |top| {
                fs::write(top.join("ein ü"), "mine\n").unwrap();
                git(top, &["add", "-N", "ein ü"]);
            },
            &["ein ü"],
        ),
        ("a file where a folder comes", |top| fs::write(top.join("new"), "mine\n").unwrap(), &["new"]),
        (
            "a link where a folder comes",
            |top| {
                fs::create_dir(top.join("elsewhere")).unwrap();
                fs::write(top.join("elsewhere/file"), "mine\n").unwrap();
                symlink("elsewhere", top.join("new")).unwrap();
            },
            &["new"],
        ),
    ];
    let older = "case \"$*\" in *merge-tree*) echo 'usage: git' >&2; exit 129;; esac";
    for (what, leave, expected) in cases {
        let repository = with_branch();
        leave_work(&repository.top);
        leave(&repository.top);
        let before = all(&repository);
        for orch in [repository.orch(), repository.orch_after("older", older)] {
            let error = orch.merge(&name("done"), "m").unwrap_err();
            assert!(matches!(error, MergeError::WouldOverwrite { .. }), "{what}: {error}");
            assert_eq!(files(&error), expected, "{what}");
            assert_eq!(all(&repository), before, "{what}");
        }
    }
}

/// Git replaces ignored files when it merges.
#[test]
fn what_git_ignores_is_never_overwritten_either() {
    let cases: [(&str, &str, &str, &str); 3] = [
        ("secret.log", "secret.log", "mine\n", "secret.log"),
        ("a file where a folder comes", "dir.log", "mine\n", "dir.log"),
        ("a folder where a file comes", "file.log/mine.log", "mine\n", "file.log"),
    ];
    for (what, path, content, expected) in cases {
        let repository = with_branch();
        let top = &repository.top;
        git(top, &["switch", "-q", "done"]);
        fs::create_dir(top.join("dir.log")).unwrap();
        for file in ["secret.log", "dir.log/x", "file.log"] {
            fs::write(top.join(file), "of the branch\n").unwrap();
            git(top, &["add", "--force", file]);
        }
        git(top, &["commit", "-q", "-m", "ignored ones"]);
        git(top, &["switch", "-q", "trunk"]);
        fs::create_dir_all(top.join(path).parent().unwrap()).unwrap();
        fs::write(top.join(path), content).unwrap();
        let before = all(&repository);
        let error = repository.orch().merge(&name("done"), "m").unwrap_err();
        assert_eq!(files(&error), [expected], "{what}: {error}");
        assert_eq!(all(&repository), before, "{what}");
        assert_eq!(fs::read_to_string(top.join(path)).unwrap(), content);
    }
}

#[test]
fn a_file_may_make_room_for_a_folder_and_the_other_way_round() {
    let repository = Repository::new();
    let top = &repository.top;
    fs::create_dir(top.join("folder")).unwrap();
    commit(top, "folder/x", "x\n");
    commit(top, "file", "f\n");
    git(top, &["switch", "-q", "-c", "done"]);
    git(top, &["rm", "-q", "-r", "folder", "file"]);
    fs::create_dir(top.join("file")).unwrap();
    commit(top, "file/y", "y\n");
    commit(top, "folder", "now a file\n");
    git(top, &["switch", "-q", "trunk"]);
    assert!(matches!(repository.orch().merge(&name("done"), "m").unwrap(), Merged::Done { .. }));
    assert_eq!(fs::read_to_string(top.join("file/y")).unwrap(), "y\n");
    assert_eq!(fs::read_to_string(top.join("folder")).unwrap(), "now a file\n");
}

#[test]
fn a_file_that_git_was_told_not_to_look_at_is_kept() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let repository = with_branch();
        git(&repository.top, &["update-index", flag, "a"]);
        fs::write(repository.top.join("a"), "my own settings\n").unwrap();
        let before = all(&repository);
        let error = repository.orch().merge(&name("done"), "m").unwrap_err();
        assert_eq!(files(&error), ["a"], "{flag}: {error}");
        assert_eq!(all(&repository), before, "{flag}");
    }
}

#[test]
fn what_somebody_has_begun_is_not_touched() {
    let repository = with_branch();
    let top = &repository.top;
    git(top, &["switch", "-q", "-c", "other"]);
    commit(top, "of the user", "other\n");
    git(top, &["switch", "-q", "trunk"]);
    commit(top, "of the user", "and more\n");
    let begun = [
        (&["merge", "-q", "other"][..], &["merge", "--abort"][..], Operation::Merge),
        (&["rebase", "-q", "other"], &["rebase", "--abort"], Operation::Rebase),
        (&["cherry-pick", "other"], &["cherry-pick", "--abort"], Operation::CherryPick),
    ];
    for (begin, end, expected) in begun {
        assert!(!try_git(top, begin).status.success());
        let before = all(&repository);
        match repository.orch().merge(&name("done"), "m").unwrap_err() {
            MergeError::UnderWay { operation, .. } => assert_eq!(operation, expected),
            other => panic!("{other}"),
        }
        assert_eq!(all(&repository), before, "{expected}");
        git(top, end);
    }
    // A stash that did not fit leaves conflicts behind, and nothing that is under way.
    fs::write(top.join("of the user"), "stashed\n").unwrap();
    git(top, &["stash", "-q"]);
    commit(top, "of the user", "moved on\n");
    assert!(!try_git(top, &["stash", "pop", "-q"]).status.success());
    let before = all(&repository);
    assert_eq!(files(&repository.orch().merge(&name("done"), "m").unwrap_err()), ["of the user"]);
    assert_eq!(all(&repository), before);
}

#[test]
fn without_a_branch_to_move_or_one_to_merge_nothing_happens() {
    let repository = with_branch();
    let orch = repository.orch();
    let error = orch.merge(&name("absent"), "m").unwrap_err();
    assert_eq!(error.to_string(), "there is no branch absent");
    git(&repository.top, &["switch", "-q", "--detach"]);
    assert!(matches!(orch.merge(&name("done"), "m").unwrap_err(), MergeError::Detached { .. }));
    git(&repository.top, &["switch", "-q", "--orphan", "unborn"]);
    assert!(matches!(orch.merge(&name("done"), "m").unwrap_err(), MergeError::NoCommit { .. }));
    assert_eq!(git(&repository.top, &["symbolic-ref", "HEAD"]), "refs/heads/unborn");
    let bare = repository.beside("bare");
    git(&repository.top, &["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    assert!(repository.at(&bare).merge(&name("done"), "m").is_err());
    assert!(repository.at(repository.folder.path()).merge(&name("done"), "m").is_err());
}

#[test]
fn histories_that_have_nothing_in_common_are_not_merged() {
    let repository = with_branch();
    git(&repository.top, &["switch", "-q", "--orphan", "alien"]);
    commit(&repository.top, "z", "z\n");
    git(&repository.top, &["switch", "-q", "trunk"]);
    leave_work(&repository.top);
    let before = all(&repository);
    let error = repository.orch().merge(&name("alien"), "m").unwrap_err();
    assert!(error.to_string().contains("unrelated histories"), "{error}");
    assert_eq!(all(&repository), before);
}

#[test]
fn a_hook_that_refuses_is_heard_and_everything_is_as_it_was() {
    for called in ["pre-merge-commit", "prepare-commit-msg", "commit-msg"] {
        let repository = with_branch();
        leave_work(&repository.top);
        hook(&repository, called, "echo 'not on a sunday' >&2; exit 1");
        let before = all(&repository);
        let error = repository.orch().merge(&name("done"), "m").unwrap_err();
        assert!(matches!(error, MergeError::Git(GitError::Failed { .. })), "{called}: {error:?}");
        assert!(error.to_string().contains("not on a sunday"), "{called}: {error}");
        assert_eq!(all(&repository), before, "{called}");
    }
}

#[test]
fn what_can_not_be_put_back_for_certain_is_said() {
    let repository = with_branch();
    leave_work(&repository.top);
    // A hook that changes what is being merged, and then refuses: git does not throw that away, and neither does orch.
    hook(&repository, "pre-merge-commit", "echo formatted >>a; exit 1");
    let error = repository.orch().merge(&name("done"), "m").unwrap_err();
    assert!(matches!(error, MergeError::Interrupted { .. }), "{error:?}");
    assert!(error.to_string().contains("`git merge --abort` puts it back"), "{error}");
    let read = |file: &str| fs::read(repository.top.join(file)).unwrap();
    assert_eq!(read("a"), b"one\ntwo\nformatted\n");
    assert_eq!((read("PLAN.md"), read("untracked")), (b"| M1 | in progress |\r\n".to_vec(), b"u\n".to_vec()));
    let error = repository.orch().merge(&name("done"), "m").unwrap_err();
    assert!(matches!(error, MergeError::UnderWay { operation: Operation::Merge, .. }), "{error:?}");
}

#[test]
fn merges_into_one_branch_wait_for_each_other() {
    let repository = Repository::new();
    let branches = ["one", "two", "three", "four"];
    for branch in branches {
        git(&repository.top, &["switch", "-q", "-c", branch, "trunk"]);
        commit(&repository.top, branch, branch);
    }
    git(&repository.top, &["switch", "-q", "trunk"]);
    std::thread::scope(|scope| {
        for branch in branches {
            let orch = repository.orch();
            scope.spawn(move || assert!(matches!(orch.merge(&name(branch), "m"), Ok(Merged::Done { .. }))));
        }
    });
    assert_eq!(git(&repository.top, &["rev-list", "--merges", "--count", "HEAD"]), "4");
    assert_eq!(git(&repository.top, &["status", "--porcelain"]), "");
    assert!(branches.iter().all(|branch| repository.top.join(branch).exists()));
}

#[test]
fn a_work_tree_of_its_own_is_merged_into_as_well() {
    let repository = with_branch();
    let there = repository.beside("other");
    repository.orch().add_worktree(&there, &name("other"), "trunk").unwrap();
    leave_work(&repository.top);
    let before = picture(&repository.top).without_index();
    let merged = repository.at(&there).merge(&name("done"), "m").unwrap();
    assert_eq!(merged, Merged::Done { commit: repository.tip("other") });
    assert_eq!(fs::read(there.join("new/file")).unwrap(), b"new\n");
    assert_eq!(picture(&repository.top).without_index(), before);
}

#[test]
fn hooks_run_as_the_user_configured_them() {
    let repository = with_branch();
    hook(&repository, "commit-msg", "echo 'Ticket: 7' >>\"$1\"");
    hook(&repository, "post-merge", "echo ran >\"$(git rev-parse --git-dir)/ran\"; exit 1");
    assert!(matches!(repository.orch().merge(&name("done"), "m").unwrap(), Merged::Done { .. }));
    assert_eq!(git(&repository.top, &["log", "-1", "--format=%B"]), "m\nTicket: 7");
    assert_eq!(fs::read_to_string(repository.top.join(".git/ran")).unwrap(), "ran\n");
}

#[test]
fn a_hook_that_hangs_is_ended() {
    // It waits for somebody who writes, and nobody does.
    let hang = "fifo=\"$(git rev-parse --git-dir)/fifo\"; mkfifo \"$fifo\"; read line <\"$fifo\"";
    for (called, merged) in [("pre-merge-commit", false), ("commit-msg", false), ("post-merge", true)] {
        let repository = with_branch();
        leave_work(&repository.top);
        hook(&repository, called, hang);
        let before = all(&repository);
        let orch = repository.orch().with_local_limit(Duration::from_secs(4));
        match orch.merge(&name("done"), "m") {
            Ok(done) => {
                assert!(merged, "{called}");
                assert_eq!(done, Merged::Done { commit: repository.tip("HEAD") });
            }
            Err(error) => {
                assert!(
                    !merged && matches!(error, MergeError::Git(GitError::TimedOut { .. })),
                    "{called}: {error}"
                );
                assert_eq!(all(&repository), before, "{called}");
            }
        }
    }
}

#[test]
fn a_signature_that_can_not_be_made_is_no_merge_and_asks_nobody() {
    let repository = with_branch();
    leave_work(&repository.top);
    git(&repository.top, &["config", "commit.gpgsign", "true"]);
    git(&repository.top, &["config", "gpg.program", "false"]);
    let before = all(&repository);
    let error = repository.orch().merge(&name("done"), "m").unwrap_err();
    assert!(matches!(error, MergeError::Git(GitError::Failed { .. })), "{error:?}");
    assert_eq!(all(&repository), before);

    // A key with a passphrase, which nobody can be asked for.
    let key = repository.beside("key");
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "secret", "-f"]).arg(&key).status();
    if made.is_ok_and(|status| status.success()) {
        git(&repository.top, &["config", "gpg.format", "ssh"]);
        git(&repository.top, &["config", "user.signingkey", key.to_str().unwrap()]);
        git(&repository.top, &["config", "--unset", "gpg.program"]);
        let error = repository.orch().merge(&name("done"), "m").unwrap_err();
        assert!(matches!(error, MergeError::Git(GitError::Failed { .. })), "{error:?}");
        assert_eq!(all(&repository), before);
    }
}

#[test]
fn a_lock_of_another_git_is_waited_for_and_then_told_of() {
    let repository = with_branch();
    leave_work(&repository.top);
    let before = all(&repository);
    let lock = repository.top.join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    let error = repository.orch().with_patience(Duration::ZERO).merge(&name("done"), "m").unwrap_err();
    assert!(matches!(error, MergeError::Git(GitError::LockHeld { .. })), "{error:?}");
    fs::remove_file(&lock).unwrap();
    assert_eq!(all(&repository), before);
    assert!(matches!(repository.orch().merge(&name("done"), "m").unwrap(), Merged::Done { .. }));
}

#[test]
fn any_message_is_a_message() {
    let long = "é".repeat(1 << 20);
    for (message, expected) in [
        ("--no-verify", "--no-verify"),
        ("-S", "-S"),
        ("", "Merge branch 'done'"),
        (" \n\t", "Merge branch 'done'"),
        ("a\0b\u{1b}[31mc\u{7f}\u{9b}", "ab[31mc"),
        ("# M1\n\n# not a comment", "# M1\n\n# not a comment"),
        (&long, &long[..32 << 10]),
    ] {
        let repository = with_branch();
        assert!(matches!(repository.orch().merge(&name("done"), message).unwrap(), Merged::Done { .. }));
        assert_eq!(git(&repository.top, &["log", "-1", "--format=%B"]), expected);
    }
}

#[test]
fn the_user_makes_the_merge_where_git_knows_one() {
    let repository = with_branch();
    git(&repository.top, &["config", "user.name", "Ada"]);
    git(&repository.top, &["config", "user.email", "ada@example.org"]);
    repository.orch().merge(&name("done"), "m").unwrap();
    assert_eq!(git(&repository.top, &["log", "-1", "--format=%an %cn"]), "Ada Ada");
    assert!(git(&repository.top, &["reflog", "-1"]).contains("merge done: Merge made"));
}

/// Few enough paths that everything meets everything: files, and folders in the place of files.
const PATHS: [&str; 5] = ["p", "q", "p/x", "i.log", "q/y.log"];

/// What is done to a path: nothing, or it gets this content, or it goes.
type Steps = Vec<(usize, Option<u8>)>;

fn steps() -> impl Strategy<Value = Steps> {
    proptest::collection::vec((0..PATHS.len(), proptest::option::weighted(0.7, 0..3_u8)), 0..4)
}

fn take(top: &Path, steps: &Steps) {
    for (path, content) in steps {
        let path = top.join(PATHS[*path]);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).unwrap();
        }
        let Some(content) = content else { continue };
        let above = path.parent().unwrap();
        if above.is_file() {
            fs::remove_file(above).unwrap();
        }
        fs::create_dir_all(above).unwrap();
        let lines = ["1\n", "2\n", "3\n"];
        fs::write(path, format!("head\n{}tail\n", lines[usize::from(*content)])).unwrap();
    }
}

fn commit_all(top: &Path, steps: &Steps) {
    take(top, steps);
    git(top, &["add", "--all", "--force"]);
    git(top, &["commit", "-q", "--allow-empty", "-m", "all"]);
}

/// What the user would miss: every file that is not as it is checked out, with its content (none: deleted).
fn own(top: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let listed =
        git(top, &["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored"]);
    let entries = listed.split('\0').filter(|entry| entry.len() > 3);
    let files = entries.flat_map(|entry| match entry[3..].strip_suffix('/') {
        // An ignored folder is listed as one.
        Some(folder) => {
            fs::read_dir(top.join(folder)).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>()
        }
        None => vec![top.join(&entry[3..])],
    });
    files.map(|file| (file.display().to_string(), fs::read(&file).ok())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn whatever_meets_nothing_of_the_users_is_lost(
        first in steps(), ours in steps(), theirs in steps(), user in steps(), stage: bool, older: bool
    ) {
        let repository = Repository::new();
        let top = &repository.top;
        commit(top, ".gitignore", "*.log\n");
        commit_all(top, &first);
        git(top, &["switch", "-q", "-c", "done"]);
        commit_all(top, &theirs);
        git(top, &["switch", "-q", "trunk"]);
        commit_all(top, &ours);
        prop_assume!(repository.tip("done") != repository.tip("trunk"));
        let foreseen = try_git(top, &["merge-tree", "--write-tree", "trunk", "done"]);
        take(top, &user);
        if stage {
            git(top, &["add", "--all"]);
        }
        let (before, mine) = (all(&repository), own(top));
        let orch = if older {
            repository.orch_after("older", "case \"$*\" in *merge-tree*) exit 129;; esac")
        } else {
            repository.orch()
        };
        match orch.merge(&name("done"), "m") {
            Ok(Merged::Done { .. }) => {
                prop_assert!(foreseen.status.success());
                let tree = String::from_utf8_lossy(&foreseen.stdout).trim().to_owned();
                prop_assert_eq!(repository.tip("HEAD^{tree}"), tree);
                for (file, content) in mine {
                    prop_assert_eq!(fs::read(&file).ok(), content, "{}", file);
                }
            }
            Ok(Merged::Nothing) => prop_assert!(false, "there is a commit"),
            Err(error) => {
                prop_assert_eq!(all(&repository), before, "{}", &error);
                match error {
                    MergeError::Conflict { .. } => prop_assert!(!foreseen.status.success()),
                    MergeError::WouldOverwrite { .. } => prop_assert!(!mine.is_empty()),
                    other => prop_assert!(false, "{}", other),
                }
            }
        }
    }
}
