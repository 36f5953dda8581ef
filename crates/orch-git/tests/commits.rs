//! Commits that are only a message, on branches of their own.

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use common::{Repository, commit, git, name, picture, program, try_git};
use orch_git::{Bounds, BranchName, CommitError, Git, GitError, Tip};
use proptest::prelude::*;

const FROM_TRUNK: Tip<'_> = Tip::New { base: "trunk" };

/// What the newest commit of a branch says.
fn said(orch: &Git, branch: &str) -> Vec<u8> {
    let told = orch.messages(None, branch, Bounds { commits: 1, ..Bounds::default() }).unwrap();
    told.commits.into_iter().next_back().unwrap().message
}

/// What is in the repository, apart from objects that nothing names.
fn unreachable(repository: &Repository) -> usize {
    git(&repository.top, &["fsck", "--unreachable", "--no-reflogs"]).lines().count()
}

#[test]
fn a_commit_has_the_files_of_the_one_before_and_the_user_sees_nothing_of_it() {
    let repository = Repository::new();
    let top = &repository.top;
    commit(top, "b", "b\n");
    fs::write(top.join("a"), "changed by the user\n").unwrap();
    fs::write(top.join("b"), "staged\n").unwrap();
    fs::write(top.join("staged"), "s").unwrap();
    git(top, &["add", "staged", "b"]);
    fs::write(top.join("b"), "staged and changed\n").unwrap();
    fs::write(top.join("untracked"), "u").unwrap();
    let before = picture(top);
    let hooks = top.join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    let signer = program(repository.folder.path(), "signer", "echo ran >> \"$0.ran\"; exit 1");
    let all = ["commit-msg", "pre-commit", "post-commit", "prepare-commit-msg", "reference-transaction"];
    for hook in all {
        program(&hooks, hook, "echo ran >> \"$0.ran\"; exit 1");
    }
    git(top, &["config", "commit.gpgSign", "true"]);
    git(top, &["config", "gpg.program", signer.to_str().unwrap()]);

    let (orch, plan) = (repository.orch(), name("plan/sitzung-ü"));
    let trunk = repository.tip("trunk");
    let first = orch.commit_on(&plan, FROM_TRUNK, b"Initialize\n\n## Tasks\n").unwrap();
    let second = orch.commit_on(&plan, Tip::At(&first), b"Update\n").unwrap();
    assert_eq!(orch.branch_tip(&plan).unwrap().as_ref(), Some(&second));
    assert_eq!(orch.recorded_base(&plan).unwrap().as_ref(), Some(&trunk));
    assert_eq!(
        git(top, &["rev-list", "plan/sitzung-ü"]),
        [&*second, &*first, &*trunk, &repository.tip("trunk~1")].join("\n")
    );
    assert_eq!(git(top, &["diff", "trunk", "plan/sitzung-ü"]), "");
    let log = git(top, &["log", "-g", "--format=%gs", "plan/sitzung-ü"]);
    assert_eq!(log, "orch: Update\norch: Initialize");
    git(top, &["fsck", "--strict"]);

    assert_eq!(picture(top), before);
    for hook in all {
        assert!(!hooks.join(format!("{hook}.ran")).exists(), "{hook}");
    }
    assert!(!repository.beside("signer.ran").exists());
}

#[test]
fn a_branch_that_is_checked_out_moves_and_its_work_tree_stays_clean() {
    let repository = Repository::new();
    let orch = repository.orch();
    let begun = orch.commit_on(&name("task/1"), FROM_TRUNK, b"begun").unwrap();
    let path = repository.beside("w");
    assert!(orch.add_worktree(&path, &name("task/1"), "absent").unwrap().cut_from.is_none());
    assert_eq!(orch.recorded_base(&name("task/1")).unwrap(), Some(repository.tip("trunk")));
    fs::write(repository.top.join("staged"), "s").unwrap();
    git(&repository.top, &["add", "staged"]);
    let look = |dir: &Path| {
        let index = git(dir, &["rev-parse", "--path-format=absolute", "--git-path", "index"]);
        let said = git(dir, &["--no-optional-locks", "status", "--porcelain=v2", "-z"]);
        (fs::read(index).unwrap(), said, git(dir, &["symbolic-ref", "HEAD"]))
    };
    for (dir, branch, tip) in [(&path, "task/1", begun), (&repository.top, "trunk", repository.tip("trunk"))]
    {
        let before = look(dir);
        for from in [&repository.top, &path] {
            let tip = repository.tip(branch);
            repository.at(from).commit_on(&name(branch), Tip::At(&tip), b"more").unwrap();
        }
        assert_eq!(look(dir), before, "{branch}");
        assert_eq!(git(dir, &["rev-parse", "HEAD~2"]), tip);
    }
    assert_eq!(look(&path).1, "");
    assert!(orch.worktree_state(&path, &[]).unwrap().is_safe());
}

#[test]
fn any_kind_of_repository_will_do() {
    let kinds: [&[&str]; 5] =
        [&[], &["--bare"], &["--object-format=sha256"], &["--ref-format=reftable"], &["--bare", "--shared"]];
    for kind in kinds {
        let repository = Repository::new();
        let there = repository.beside("there");
        let init = [&["init", "-q", "-b", "trunk"], kind, &[there.to_str().unwrap()]].concat();
        if !try_git(repository.folder.path(), &init).status.success() {
            assert_eq!(kind, ["--ref-format=reftable"], "only an old git does not know it");
            continue;
        }
        let orch = repository.at(&there);
        let refused = orch.commit_on(&name("plan/x"), FROM_TRUNK, b"m").unwrap_err();
        assert!(matches!(refused, CommitError::NoCommits), "{kind:?}: {refused}");
        assert_eq!(refused.hint(), Some("commit something first"));

        let empty_tree = git(&there, &["hash-object", "-t", "tree", "-w", "/dev/null"]);
        let first = git(&there, &["commit-tree", "-m", "first", &empty_tree]);
        git(&there, &["update-ref", "refs/heads/trunk", &first]);
        let commit = orch.commit_on(&name("plan/x"), FROM_TRUNK, b"v1").unwrap();
        git(&there, &["pack-refs", "--all"]);
        let commit = orch.commit_on(&name("plan/x"), Tip::At(&commit), b"v2").unwrap();
        assert_eq!(git(&there, &["rev-parse", "plan/x", "plan/x~2"]), format!("{commit}\n{first}"));
        let again = orch.commit_on(&name("plan/x"), FROM_TRUNK, b"v1").unwrap_err();
        assert!(matches!(again, CommitError::Exists { .. }), "{kind:?}: {again}");
        let late = orch.commit_on(&name("plan/x"), Tip::At(&first), b"v3").unwrap_err();
        let CommitError::Moved { found: Some(found), .. } = late else { panic!("{kind:?}: {late}") };
        assert_eq!(found, commit);
        let in_the_way = orch.commit_on(&name("plan/x/y"), FROM_TRUNK, b"m").unwrap_err();
        assert!(matches!(in_the_way, CommitError::InTheWay { .. }), "{kind:?}: {in_the_way}");
        git(&there, &["fsck", "--strict"]);
    }
}

#[test]
fn the_author_is_the_user_or_orch() {
    let of = |repository: &Repository, branch: &str| {
        git(&repository.top, &["log", "-1", "--format=%an <%ae> %cn <%ce>", branch])
    };
    let repository = Repository::new();
    repository.orch().commit_on(&name("nobody"), FROM_TRUNK, b"m").unwrap();
    assert_eq!(of(&repository, "nobody"), "orch <orch@localhost> orch <orch@localhost>");
    git(&repository.top, &["config", "user.name", "Jörg \u{201e}J\u{201c} <Ü>"]);
    git(&repository.top, &["config", "user.email", "j@example.org"]);
    repository.orch().commit_on(&name("user"), FROM_TRUNK, b"m").unwrap();
    let user = "Jörg \u{201e}J\u{201c} Ü <j@example.org>";
    assert_eq!(of(&repository, "user"), format!("{user} {user}"));
    // An author who is nobody's committer.
    let script = "export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org";
    repository.orch_after("other", script).commit_on(&name("other"), FROM_TRUNK, b"m").unwrap();
    assert_eq!(of(&repository, "other"), format!("A <a@example.org> {user}"));
    git(&repository.top, &["fsck", "--strict"]);
}

#[test]
fn messages_are_kept_as_they_are() {
    let repository = Repository::new();
    let orch = repository.orch();
    // Git would take the messages for something else.
    git(&repository.top, &["config", "i18n.commitEncoding", "ISO-8859-1"]);
    git(&repository.top, &["config", "i18n.logOutputEncoding", "ISO-8859-1"]);
    git(&repository.top, &["config", "commit.cleanup", "strip"]);
    git(&repository.top, &["config", "log.showSignature", "true"]);
    let megabyte = "## Task\n- ü: x\r\n".repeat(64 << 10);
    assert!(megabyte.len() > 1 << 20);
    let messages: [&[u8]; 11] = [
        b"",
        b"\n",
        b"plain",
        b"title\n\nbody\n",
        b"\n\n  \n# not a comment\n\n\n## Dependencies\n\n\n",
        b"CRLF\r\n\r\nStatus: pending\r\n",
        "größe \u{202e} \u{ffff} \u{fdd0}\n".as_bytes(),
        b"\xff\xfe no text \x01\x1b",
        b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent x\n\nin the message",
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n x\nencoding ISO-8859-1\n\nin the message",
        megabyte.as_bytes(),
    ];
    let mut tip = orch.commit_on(&name("all"), FROM_TRUNK, messages[0]).unwrap();
    for message in &messages[1..] {
        tip = orch.commit_on(&name("all"), Tip::At(&tip), message).unwrap();
    }
    let told = orch.messages(Some("trunk"), &tip, Bounds::default()).unwrap();
    assert!(!told.cut);
    let told: Vec<_> = told.commits.into_iter().map(|commit| commit.message).collect();
    assert!(told == messages);

    let refused = orch.commit_on(&name("all"), Tip::At(&tip), b"a\0b").unwrap_err();
    assert_eq!(refused.to_string(), "the message for the branch all contains a NUL character");
    let refused = orch.commit_on(&name("new"), FROM_TRUNK, &vec![b'x'; (16 << 20) + 1]).unwrap_err();
    assert_eq!(refused.to_string(), "the message for the branch new is longer than 16 MiB");
    assert_eq!(orch.branch_tip(&name("all")).unwrap(), Some(tip));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_read_is_what_was_written(
        messages in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(1..=u8::MAX, 0..200),
                "[-#\r\n\t a:üß\u{fffe}]{0,60}".prop_map(String::into_bytes),
            ],
            1..6,
        )
    ) {
        let repository = Repository::new();
        let orch = repository.orch();
        let mut tip = repository.tip("trunk");
        for message in &messages {
            tip = orch.commit_on(&name("trunk"), Tip::At(&tip), message).unwrap();
        }
        let told = orch.messages(Some(&format!("{tip}~{}", messages.len())), &tip, Bounds::default()).unwrap();
        let told: Vec<_> = told.commits.into_iter().map(|commit| commit.message).collect();
        prop_assert_eq!(told, messages);
    }
}

#[test]
fn names_that_can_not_be_beside_each_other_are_told() {
    let repository = Repository::new();
    let orch = repository.orch();
    let tip = orch.commit_on(&name("task/1"), FROM_TRUNK, b"m").unwrap();
    let other = |branch: &str| match orch.commit_on(&name(branch), FROM_TRUNK, b"m") {
        Err(CommitError::InTheWay { other, .. }) => other,
        result => panic!("{branch}: {result:?}"),
    };
    assert_eq!(other("task"), "task/1");
    assert_eq!(other("task/1/more/still"), "task/1");
    git(&repository.top, &["pack-refs", "--all"]);
    assert_eq!((other("task"), other("task/1/x")), ("task/1".to_owned(), "task/1".to_owned()));
    let refused = orch.commit_on(&name("task/1"), FROM_TRUNK, b"m").unwrap_err();
    assert!(matches!(&refused, CommitError::Exists { found, .. } if *found == tip), "{refused}");
    assert_eq!(refused.to_string(), format!("the branch task/1 exists already, at {tip}"));

    // Only where the file system does not tell them apart.
    orch.commit_on(&name("Task/2-X"), FROM_TRUNK, b"m").unwrap();
    orch.commit_on(&name("Task/2-x"), FROM_TRUNK, b"m").unwrap();
    git(&repository.top, &["config", "core.ignoreCase", "true"]);
    assert_eq!(other("TASK/1"), "task/1");
    orch.commit_on(&name("task/10"), FROM_TRUNK, b"m").unwrap();

    // What is remembered of a branch that is gone is in nobody's way.
    git(&repository.top, &["branch", "-D", "task/1"]);
    let remembered = || orch.recorded_base(&name("task/1")).unwrap();
    assert!(remembered().is_some());
    orch.commit_on(&name("task/1/part"), FROM_TRUNK, b"m").unwrap();
    assert!(remembered().is_none() && orch.recorded_base(&name("task/1/part")).unwrap().is_some());
    for unfit in ["a b", "-x", "a..b", "a/", "x.lock", &"x".repeat(300)] {
        assert!(BranchName::new(unfit).is_err(), "{unfit}");
    }
    let longest = name(&format!("task/{}", "ü".repeat(97)));
    orch.commit_on(&longest, FROM_TRUNK, b"m").unwrap();
    assert_eq!(said(&orch, longest.as_str()), b"m");
}

#[test]
fn a_base_or_branch_that_is_not_there_is_told() {
    let repository = Repository::new();
    let orch = repository.orch();
    for base in ["flow", "--all", ":/write", "HEAD:a", ""] {
        let refused = orch.commit_on(&name("x"), Tip::New { base }, b"m").unwrap_err();
        assert!(matches!(&refused, CommitError::NoBase { base: told, .. } if told == base), "{refused}");
    }
    let trunk = repository.tip("trunk");
    let absent = "0123456789012345678901234567890123456789";
    for expected in [&*trunk, absent, "", "trunk", "--help"] {
        let refused = orch.commit_on(&name("x"), Tip::At(expected), b"m").unwrap_err();
        assert!(matches!(refused, CommitError::Moved { found: None, .. }), "{refused}");
        assert_eq!(refused.hint(), Some("make the branch first"));
    }
    // A name is not a commit to be compared with.
    for expected in ["trunk", "HEAD", absent, ""] {
        let refused = orch.commit_on(&name("trunk"), Tip::At(expected), b"m").unwrap_err();
        assert!(
            matches!(&refused, CommitError::Moved { found: Some(found), .. } if *found == trunk),
            "{refused}"
        );
    }
    let outside = repository.at(repository.folder.path()).commit_on(&name("x"), FROM_TRUNK, b"m");
    assert!(matches!(outside, Err(CommitError::Git(GitError::NotARepository { .. }))), "{outside:?}");
    assert_eq!(unreachable(&repository), 0, "nothing was written");
}

#[test]
fn of_many_who_make_the_same_branch_one_does() {
    let repository = Repository::new();
    for round in 0..4 {
        let branch = name(&format!("plan/{round}"));
        let results: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|number| {
                    let (orch, branch) = (repository.orch(), &branch);
                    scope.spawn(move || orch.commit_on(branch, FROM_TRUNK, format!("by {number}").as_bytes()))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let tip = repository.tip(branch.as_str());
        let mut made = 0;
        for result in results {
            match result {
                Ok(commit) => {
                    assert_eq!(commit, tip);
                    made += 1;
                }
                Err(CommitError::Exists { found, .. }) => assert_eq!(found, tip),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(made, 1);
        assert_eq!(repository.orch().recorded_base(&branch).unwrap(), Some(repository.tip("trunk")));
    }
}

/// Adds `count` commits to `plan` from eight threads; how often one was beaten to it.
fn add_from_many(git: &Git, count: usize) -> usize {
    let (next, beaten) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start = git.branch_tip(&name("plan")).unwrap().unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let orch = git.clone();
                let mut tip = start.clone();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    loop {
                        match orch.commit_on(
                            &name("plan"),
                            Tip::At(&tip),
                            format!("update {number}").as_bytes(),
                        ) {
                            Ok(commit) => {
                                tip = commit;
                                break;
                            }
                            Err(CommitError::Moved { found: Some(found), .. }) => {
                                beaten.fetch_add(1, Ordering::Relaxed);
                                tip = found;
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
    });
    let told = git.messages(Some(&start), "plan", Bounds::default()).unwrap();
    let mut texts: Vec<_> = told.commits.iter().map(|commit| commit.text().into_owned()).collect();
    texts.sort_unstable();
    let mut expected: Vec<_> = (0..count).map(|number| format!("update {number}")).collect();
    expected.sort_unstable();
    assert_eq!(texts, expected);
    common::git(git.dir(), &["fsck", "--strict"]);
    assert_eq!(common::git(git.dir(), &["status", "--porcelain"]), "");
    beaten.into_inner()
}

#[test]
fn of_many_who_add_to_the_same_branch_nobody_is_lost() {
    let repository = Repository::new();
    let orch = repository.orch();
    orch.commit_on(&name("plan"), FROM_TRUNK, b"begun").unwrap();
    assert!(add_from_many(&orch, 50) > 0, "nobody met anybody");
    // Also while it is checked out in two ways, and packed in between.
    orch.add_worktree(&repository.beside("w"), &name("plan"), "absent").unwrap();
    git(&repository.top, &["pack-refs", "--all"]);
    add_from_many(&orch, 20);
    assert_eq!(git(&repository.beside("w"), &["status", "--porcelain"]), "");

    let tables = repository.beside("tables");
    if !with_tables(&repository, &tables) {
        return;
    }
    let orch = repository.at(&tables);
    orch.commit_on(&name("plan"), FROM_TRUNK, b"begun").unwrap();
    add_from_many(&orch, 20);
}

/// A repository with one commit that keeps its references in tables; `false` when git is too old to know them.
fn with_tables(repository: &Repository, there: &Path) -> bool {
    let init = ["init", "-q", "-b", "trunk", "--ref-format=reftable", there.to_str().unwrap()];
    let known = try_git(repository.folder.path(), &init).status.success();
    if known {
        commit(there, "a", "one\n");
    }
    known
}

#[test]
fn many_who_make_branches_do_not_meet() {
    let repository = Repository::new();
    git(&repository.top, &["config", "user.name", "u"]);
    git(&repository.top, &["config", "user.email", "u@example.org"]);
    let counting = repository.orch_after("counting", "echo >> \"${0%/*}/calls\"");
    let calls = || fs::read_to_string(repository.folder.path().join("calls")).unwrap().lines().count();
    counting.commit_on(&name("first"), FROM_TRUNK, b"m").unwrap();
    let of_one = calls();
    assert!(of_one <= 7, "{of_one}");
    thread::scope(|scope| {
        for thread in 0..8 {
            let orch = counting.clone();
            scope.spawn(move || {
                for number in 0..12 {
                    let branch = name(&format!("task/{thread:03}-{number}"));
                    orch.commit_on(&branch, FROM_TRUNK, b"m").unwrap();
                }
            });
        }
    });
    assert_eq!(calls(), of_one * 97, "nobody had to try twice");
    assert_eq!(repository.orch().branches_under(&name("task")).unwrap().len(), 96);
    git(&repository.top, &["fsck", "--strict"]);
}

#[test]
fn a_lock_that_a_killed_git_left_is_named_and_can_be_removed() {
    for reftable in [false, true] {
        let repository = Repository::new();
        let tables = repository.beside("tables");
        if reftable && !with_tables(&repository, &tables) {
            continue;
        }
        let there = if reftable { tables } else { repository.top.clone() };
        let orch = repository.at(&there);
        let hurried = orch.clone().with_patience(Duration::ZERO);
        let tip = orch.commit_on(&name("plan/x"), FROM_TRUNK, b"v1").unwrap();
        let lock = if reftable { "reftable/tables.list.lock" } else { "refs/heads/plan/x.lock" };
        let lock = there.join(".git").join(lock);
        let left = File::create(&lock).unwrap();
        let refused = hurried.commit_on(&name("plan/x"), Tip::At(&tip), b"v2").unwrap_err();
        let CommitError::Git(GitError::LockHeld { path }) = &refused else { panic!("{reftable} {refused}") };
        assert_eq!(*path, lock);
        left.set_modified(SystemTime::now() - Duration::from_secs(2)).unwrap();
        let removed = orch.remove_abandoned_locks(".worktrees/x".as_ref(), &name("plan/x"), |_| true);
        assert_eq!(removed.unwrap(), [lock]);
        orch.commit_on(&name("plan/x"), Tip::At(&tip), b"v2").unwrap();
    }
}

#[test]
fn a_git_that_hangs_is_ended() {
    let repository = Repository::new();
    for call in ["hash-object", "update-ref", "rev-list", "for-each-ref"] {
        // It never reads what it is given, and would wait for a password.
        let first = format!("case \"$*\" in *' {call} '*) exec sleep 60;; esac");
        let orch = repository.orch_after("hangs", &first).with_local_limit(Duration::from_secs(1));
        let message = vec![b'x'; 1 << 20];
        let failed = match call {
            "for-each-ref" => orch.branches_under(&name("task")).unwrap_err(),
            _ => match orch.commit_on(&name("x"), FROM_TRUNK, &message).unwrap_err() {
                CommitError::Git(error) => error,
                other => panic!("{call}: {other}"),
            },
        };
        assert!(matches!(&failed, GitError::TimedOut { args, .. } if args[0] == call), "{call}: {failed}");
        assert_eq!(repository.orch().branch_tip(&name("x")).unwrap(), None);
    }
}

/// Of a partial clone, git asks another machine for what is not here, and a person for a password.
#[test]
fn nobody_is_asked_for_a_password() {
    let repository = Repository::new();
    let orch = repository.orch_after("asks", "export PATH=\"${0%/*}:$PATH\" GIT_ASKPASS=\"${0%/*}/askpass\"");
    let asked = repository.folder.path().join("asked");
    for called in ["askpass", "git-remote-nowhere"] {
        program(repository.folder.path(), called, "echo \"$0\" >> \"${0%/*}/asked\"; exit 1");
    }
    let settings = [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", "nowhere::x"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialCloneFilter", "tree:0"),
    ];
    for (key, value) in settings {
        git(&repository.top, &["config", key, value]);
    }
    let absent = "0123456789012345678901234567890123456789";
    let read = orch.messages(None, absent, Bounds::default()).unwrap_err();
    assert!(matches!(read, GitError::Failed { .. }), "{read}");
    let tree = repository.tip("trunk^{tree}");
    fs::remove_file(repository.top.join(".git/objects").join(&tree[..2]).join(&tree[2..])).unwrap();
    let tip = orch.commit_on(&name("x"), FROM_TRUNK, b"m").unwrap();
    orch.commit_on(&name("x"), Tip::At(&tip), b"m").unwrap();
    assert!(!asked.exists());
    // They would have been.
    let path = format!("{}:{}", repository.folder.path().display(), std::env::var("PATH").unwrap());
    let _ = std::process::Command::new("git")
        .args(["cat-file", "-e", absent])
        .current_dir(&repository.top)
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(asked.exists());
}

#[test]
fn a_branch_is_moved_on_from_where_it_was_seen_alone() {
    let repository = Repository::new();
    let there = Git::at(&repository.top);
    let (task, other) = (name("task"), name("other"));
    let first = there.commit_on(&task, Tip::New { base: "trunk" }, b"one\n").unwrap();
    let second = there.commit_on(&other, Tip::New { base: "task" }, b"two\n").unwrap();
    there.advance_branch(&task, &first, &second).unwrap();
    assert_eq!(there.branch_tip(&task).unwrap(), Some(second.clone()));
    let error = there.advance_branch(&task, &first, &second).unwrap_err();
    assert!(matches!(&error, CommitError::Moved { found: Some(found), .. } if *found == second), "{error}");
    let error = there.advance_branch(&name("gone"), &first, &second).unwrap_err();
    assert!(matches!(error, CommitError::Moved { found: None, .. }), "{error}");
    let error = there.advance_branch(&task, &second, &"1".repeat(40)).unwrap_err();
    assert!(matches!(error, CommitError::Git(_)), "{error}");
    assert_eq!(there.branch_tip(&task).unwrap(), Some(second));
}
