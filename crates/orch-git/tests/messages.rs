//! What the commits of branches say, read back.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use common::{Repository, commit, git, name};
use orch_git::{Bounds, CommitMessage, Git, GitError, Messages, Tip};

/// A repository whose base is `flow`, with the branch `task/001-x` that a worker has been on.
fn with_task() -> (Repository, String) {
    let repository = Repository::new();
    git(&repository.top, &["switch", "-q", "-c", "flow"]);
    let begun = begin(&repository, "task/001-x");
    git(&repository.top, &["switch", "-q", "task/001-x"]);
    for number in 1..=3 {
        commit(&repository.top, "of the worker", &format!("{number}\n"));
    }
    git(&repository.top, &["switch", "-q", "flow"]);
    (repository, begun)
}

fn begin(repository: &Repository, branch: &str) -> String {
    let message = format!("Initialize {branch}\n\n## Task Metadata\n");
    repository.orch().commit_on(&name(branch), Tip::New { base: "flow" }, message.as_bytes()).unwrap()
}

fn merge(repository: &Repository, branch: &str, how: &str) -> String {
    git(&repository.top, &["merge", "-q", how, "-m", &format!("Merge {branch}"), branch]);
    repository.tip("HEAD")
}

fn began(commit: &CommitMessage) -> bool {
    commit.message.starts_with(b"Initialize task/001-x\n")
}

fn subjects(told: &Messages) -> Vec<String> {
    told.commits.iter().map(|commit| commit.text().lines().next().unwrap_or_default().to_owned()).collect()
}

fn all(orch: &Git, base: Option<&str>, tip: &str) -> Messages {
    orch.messages(base, tip, Bounds::default()).unwrap()
}

#[test]
fn the_first_and_the_latest_commit_of_a_branch_are_at_hand() {
    let (repository, begun) = with_task();
    let orch = repository.orch();
    let told = all(&orch, Some("flow"), "task/001-x");
    let expected =
        ["Initialize task/001-x", "write of the worker", "write of the worker", "write of the worker"];
    assert_eq!((subjects(&told), told.cut), (expected.map(str::to_owned).to_vec(), false));
    assert_eq!(told.commits[0].id, begun);
    assert_eq!(told.commits[0].parents, [repository.tip("flow")]);
    assert_eq!(told.commits[0].text(), "Initialize task/001-x\n\n## Task Metadata\n");
    assert_eq!(told.commits[3].id, repository.tip("task/001-x"));
    let time = git(&repository.top, &["log", "-1", "--format=%at", "task/001-x"]);
    assert_eq!(told.commits[3].time.to_string(), time);

    // What a worker brings in from elsewhere is not its own.
    commit(&repository.top, "b", "of another\n");
    git(&repository.top, &["switch", "-q", "task/001-x"]);
    merge(&repository, "flow", "--no-ff");
    git(&repository.top, &["switch", "-q", "flow"]);
    commit(&repository.top, "b", "of another again\n");
    let told = all(&orch, Some("flow"), "task/001-x");
    assert_eq!(told.commits.len(), 5);
    assert_eq!((told.commits[0].id.as_str(), told.commits[4].parents.len()), (begun.as_str(), 2));
    assert_eq!(all(&orch, None, "flow").commits.len(), 3);
    assert_eq!(all(&orch, Some("task/001-x"), &begun), Messages::default());

    for (base, tip) in [(None, "absent"), (Some("absent"), "flow"), (None, "--all"), (None, "")] {
        let refused = orch.messages(base, tip, Bounds::default()).unwrap_err();
        assert!(matches!(refused, GitError::Failed { .. }), "{base:?} {tip}: {refused}");
    }
    let outside = repository.at(repository.folder.path()).messages(None, "flow", Bounds::default());
    assert!(matches!(outside, Err(GitError::NotARepository { .. })), "{outside:?}");
}

#[test]
fn what_is_too_much_is_cut_where_it_is_oldest() {
    let (repository, _) = with_task();
    let orch = repository.orch();
    let whole = all(&orch, Some("flow"), "task/001-x").commits;
    let cut = |commits, bytes| orch.messages(Some("flow"), "task/001-x", Bounds { commits, bytes }).unwrap();
    for commits in 0..=5 {
        let told = cut(commits, 1 << 20);
        assert_eq!(
            (told.commits.as_slice(), told.cut),
            (&whole[4_usize.saturating_sub(commits)..], commits < 4)
        );
    }
    let mut lengths = BTreeSet::new();
    for bytes in (0..800).step_by(7) {
        let told = cut(9, bytes);
        assert!(whole.ends_with(&told.commits), "{bytes}");
        assert!(told.cut || told.commits.len() == 4, "{bytes}");
        lengths.insert((told.commits.len(), told.cut));
    }
    assert!(lengths.contains(&(0, true)) && lengths.contains(&(2, true)) && lengths.contains(&(4, false)));
}

#[test]
fn messages_by_hand_are_read_as_they_are() {
    let repository = Repository::new();
    let top = &repository.top;
    let by_hand = |extra: &str, message: &[u8]| {
        let header = format!(
            "tree {}\nparent {}\nauthor A <a> 86400 +0200\ncommitter C <c> 5 -0100\n{extra}\n",
            repository.tip("HEAD^{tree}"),
            repository.tip("HEAD"),
        );
        let mut made = Command::new("git")
            .args(["hash-object", "-t", "commit", "-w", "--stdin", "--literally"])
            .current_dir(top)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = made.stdin.take().unwrap();
        input.write_all(&[header.as_bytes(), message].concat()).unwrap();
        drop(input);
        String::from_utf8(made.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
    };
    let cases: [(&str, &[u8], &[u8]); 6] = [
        ("", b"\r\n\r\n## Files\r\nStatus: x\r\n", b"\r\n\r\n## Files\r\nStatus: x\r\n"),
        ("encoding ISO-8859-1\n", b"gr\xf6\xdfe\n", "größe\n".as_bytes()),
        ("encoding no-such-thing\n", b"gr\xf6\xdfe\n", b"gr\xf6\xdfe\n"),
        ("gpgsig -----BEGIN\n more\n", b"signed", b"signed"),
        ("", b"before\0after", b"before"),
        ("", b"", b""),
    ];
    for (extra, written, expected) in cases {
        let id = by_hand(extra, written);
        let told = all(&repository.orch(), Some("trunk"), &id);
        let [only] = &*told.commits else { panic!("{extra}: {told:?}") };
        assert_eq!((only.message.as_slice(), only.time), (expected, 86400), "{extra}");
    }
}

#[test]
fn the_beginning_of_a_branch_is_found_wherever_its_base_has_gone() {
    let (repository, begun) = with_task();
    let orch = repository.orch();
    let found = |tip: &str, bounds| orch.find_on(tip, bounds, began).unwrap().map(|commit| commit.id);
    let recorded = orch.recorded_base(&name("task/001-x")).unwrap().unwrap();
    let check = |what: &str| {
        assert_eq!(found("task/001-x", Bounds::default()).as_ref(), Some(&begun), "{what}");
        assert_eq!(all(&orch, Some(&recorded), "task/001-x").commits[0].id, begun, "{what}");
    };
    check("on its own");
    commit(&repository.top, "b", "of another\n");
    check("the base has moved on");
    merge(&repository, "task/001-x", "--no-ff");
    assert_eq!(all(&orch, Some("flow"), "task/001-x"), Messages::default());
    check("merged");

    // As far as one is to look: the fourth from the tip.
    let at_most = |commits| found("task/001-x", Bounds { commits, ..Bounds::default() });
    assert_eq!(
        (0..6).map(|commits| at_most(commits).is_some()).collect::<Vec<_>>(),
        [false, false, false, false, true, true]
    );
    assert_eq!(orch.find_on("flow", Bounds::default(), |_| false).unwrap(), None);

    // The branch is moved on to what it was merged into, where its own commits are second parents.
    git(&repository.top, &["branch", "-f", "task/001-x", "flow"]);
    assert_eq!(found("task/001-x", Bounds::default()).as_ref(), Some(&begun));
    // The name is used once more: what was begun last counts.
    git(&repository.top, &["branch", "-D", "task/001-x"]);
    let again = begin(&repository, "task/001-x");
    assert_eq!(found("task/001-x", Bounds::default()), Some(again));
}

#[test]
fn few_commits_are_asked_for_first() {
    let (repository, _) = with_task();
    let orch = repository.orch_after("counting", "echo \"$@\" >> \"${0%/*}/calls\"");
    let calls = || {
        let calls = repository.folder.path().join("calls");
        let said = fs::read_to_string(&calls).unwrap_or_default();
        let _ = fs::remove_file(calls);
        let count = |call: &str| {
            call.split(" --max-count=").nth(1).and_then(|rest| rest.split(' ').next()).map(str::to_owned)
        };
        said.lines().filter_map(count).collect::<Vec<_>>()
    };
    orch.find_on("task/001-x", Bounds::default(), |_| true).unwrap().unwrap();
    assert_eq!(calls(), ["1"]);
    orch.find_on("task/001-x", Bounds::default(), began).unwrap().unwrap();
    assert_eq!(calls(), ["1", "8"]);
    // A long message is in the way of those after it, not in that of a shorter one before.
    let mut tip = repository.tip("task/001-x");
    for size in [3000, 10, 10] {
        tip = repository.orch().commit_on(&name("task/001-x"), Tip::At(&tip), &vec![b'x'; size]).unwrap();
    }
    let bounds = Bounds { bytes: 2000, ..Bounds::default() };
    let two = orch.find_on(&tip, bounds, |commit| commit.id != tip).unwrap().unwrap();
    assert_eq!(two.message.len(), 10);
    assert_eq!(orch.find_on(&tip, bounds, began).unwrap(), None);
    let bounds = Bounds { bytes: 4000, ..bounds };
    assert!(orch.find_on(&tip, bounds, began).unwrap().is_some());
}

/// Ten thousand tasks merged into `flow`.
fn many_merges(repository: &Repository, count: usize) {
    let mut stream = String::from("reset refs/heads/flow\nfrom refs/heads/trunk\n\n");
    let who = "committer t <t@example.org> 1700000000 +0000";
    for number in 1..=count {
        let (task, merge) = (2 * number, 2 * number + 1);
        let before = if number == 1 { "refs/heads/trunk".to_owned() } else { format!(":{}", merge - 2) };
        let message =
            format!("Merge task/{number:05}\n\n## Provides\n- capability {number}\n{}", "x".repeat(500));
        stream += &format!("commit refs/heads/side\nmark :{task}\n{who}\ndata 4\ntask\nfrom {before}\n\n");
        stream += &format!(
            "commit refs/heads/flow\nmark :{merge}\n{who}\ndata {}\n{message}\nfrom {before}\nmerge :{task}\n\n",
            message.len()
        );
    }
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet", "--force"])
        .current_dir(&repository.top)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
}

#[test]
fn ten_thousand_merges_are_read_by_one_git() {
    let repository = Repository::new();
    many_merges(&repository, 10_000);
    let orch = repository.orch_after("counting", "echo >> \"${0%/*}/calls\"");
    let told = orch.merges(None, "flow", Bounds::default()).unwrap();
    assert_eq!(fs::read_to_string(repository.folder.path().join("calls")).unwrap().lines().count(), 1);
    assert_eq!((told.commits.len(), told.cut), (10_000, false));
    for (number, merge) in (1..).zip(&told.commits) {
        assert!(
            merge
                .text()
                .starts_with(&format!("Merge task/{number:05}\n\n## Provides\n- capability {number}\n"))
        );
    }
    assert_eq!(told.commits[9_999].parents, [repository.tip("flow^1"), repository.tip("flow^2")]);
}

#[test]
fn merges_since_a_commit_are_those_of_the_branch_itself() {
    let (repository, _) = with_task();
    let orch = repository.orch();
    let since = repository.tip("flow");
    let merges = |since: Option<&str>| subjects(&orch.merges(since, "flow", Bounds::default()).unwrap());
    let none: [&str; 0] = [];
    assert_eq!(merges(None), none);
    // A merge inside the branch is none of `flow`.
    commit(&repository.top, "b", "b\n");
    git(&repository.top, &["switch", "-q", "task/001-x"]);
    merge(&repository, "flow", "--no-ff");
    git(&repository.top, &["switch", "-q", "flow"]);
    let first = merge(&repository, "task/001-x", "--no-ff");
    begin(&repository, "task/002-y");
    let second = merge(&repository, "task/002-y", "--no-ff");
    commit(&repository.top, "b", "c\n");
    assert_eq!(merges(None), ["Merge task/001-x", "Merge task/002-y"]);
    assert_eq!(merges(Some(&since)), ["Merge task/001-x", "Merge task/002-y"]);
    assert_eq!(merges(Some(&first)), ["Merge task/002-y"]);
    assert_eq!(merges(Some(&second)), none);
    let last = orch.merges(None, "flow", Bounds { commits: 1, ..Bounds::default() }).unwrap();
    assert_eq!((subjects(&last), last.cut), (vec!["Merge task/002-y".to_owned()], true));
    assert_eq!(last.commits[0].parents, [first, repository.tip("task/002-y")]);
}

#[test]
fn branches_are_listed_by_folder() {
    let repository = Repository::new();
    let orch = repository.orch();
    assert_eq!(orch.branches_under(&name("task")).unwrap(), []);
    let trunk = repository.tip("trunk");
    for branch in ["task/10-b", "task/1-a", "task/ü/deep", "tasks/1", "Task/1", "plan/task/1", "other"] {
        git(&repository.top, &["branch", branch]);
    }
    // No name that orch would use, though git does.
    for odd in ["task/odd$(id)", "task/odd;x"] {
        git(&repository.top, &["branch", odd]);
    }
    git(&repository.top, &["tag", "task/tag"]);
    git(&repository.top, &["pack-refs", "--all"]);
    let second = repository.orch().commit_on(&name("task/2"), Tip::New { base: "trunk" }, b"m").unwrap();
    let listed = orch.branches_under(&name("task")).unwrap();
    let expected =
        [("task/1-a", &trunk), ("task/10-b", &trunk), ("task/2", &second), ("task/ü/deep", &trunk)];
    assert_eq!(listed, expected.map(|(branch, commit)| (name(branch), commit.clone())));
    assert_eq!(orch.branches_under(&name("other")).unwrap(), []);
}

#[test]
fn all_that_came_since_a_commit_is_read_with_what_was_merged() {
    let (repository, begun) = with_task();
    let before = repository.tip("flow");
    let merged = merge(&repository, "task/001-x", "--no-ff");
    let told = repository.orch().all_messages(Some(&before), "flow", Bounds::default()).unwrap();
    let ids: Vec<&str> = told.commits.iter().map(|commit| commit.id.as_str()).collect();
    assert_eq!((ids.len(), ids[0], ids[4]), (5, begun.as_str(), merged.as_str()));
    assert_eq!(told.commits[4].parents, [before, repository.tip("task/001-x")]);
}

#[test]
fn commits_that_are_named_say_what_they_say() {
    let (repository, begun) = with_task();
    let orch = repository.orch();
    let tip = repository.tip("task/001-x");
    let odd = orch.commit_on(&name("odd"), Tip::New { base: "flow" }, b"\n\xff\r\n\n").unwrap();
    let told = orch.messages_of(&[&tip, &begun, &tip, &odd], u64::MAX).unwrap();
    assert!(!told.cut);
    let ids: BTreeSet<&str> = told.commits.iter().map(|commit| commit.id.as_str()).collect();
    assert_eq!(ids, BTreeSet::from([&*tip, &begun, &odd]));
    assert_eq!(told.commits.len(), 3);
    for commit in &told.commits {
        assert_eq!(commit.message, all(&orch, None, &commit.id).commits.pop().unwrap().message);
    }
    assert!(orch.messages_of(&[&tip, &begun], 100).unwrap().cut);
    assert_eq!(orch.messages_of(&[], 100).unwrap(), Messages::default());
    let missing = "1".repeat(begun.len());
    assert!(matches!(orch.messages_of(&[&missing], 100), Err(GitError::Failed { .. })));
}
