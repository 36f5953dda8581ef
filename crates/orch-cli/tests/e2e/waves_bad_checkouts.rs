//! What a person has in the main checkout while plans of waves are run: it stays, byte for byte, and what would be overwritten
//! is not merged.

use std::fs;

use crate::support::waves::{SESSION, Waves};

/// A repository whose `flow` has the files `mine.txt` and `001.txt`, and a plan with one task, which writes `001.txt`.
fn with_files() -> Waves {
    let waves = Waves::without_plan();
    waves.project.write("mine.txt", "committed\n");
    waves.project.write("001.txt", "as it was\n");
    waves.git(&["add", "."]);
    waves.git(&["commit", "-q", "-m", "files"]);
    waves.plan(SESSION, &[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "")]);
    waves
}

/// Runs the plan: the task `001` is done, and not merged on account of this. Nothing of the user's has changed, and after
/// `clean` a retry merges it without a worker.
fn stays_unmerged(waves: &Waves, file: &str, clean: impl FnOnce()) {
    let before = (waves.kept(), waves.git(&["rev-parse", "flow"]));
    let ended = waves.run_to(3, &["run"]);
    assert_eq!((waves.kept(), waves.git(&["rev-parse", "flow"])), before, "{ended}");
    assert_eq!(waves.stand(), ["001: INCOMPLETE", "002: PENDING"]);
    let why = waves.run_to(0, &["why", "001"]).out;
    for part in [
        "done, and not merged",
        "not committed, and in the way of a merge",
        file,
        "commit or move",
        "`orch retry`",
    ] {
        assert!(why.contains(part), "{part}: {why}");
    }
    clean();
    let untouched = waves.kept();
    waves.run_to(0, &["retry", "001"]);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: SUCCESS"], "{ended}");
    assert_eq!(waves.ran(), ["001.1", "002.1"], "a retry only merges it: {ended}");
    assert_eq!(waves.kept(), untouched);
}

#[test]
fn changes_that_a_merge_does_not_touch_stay_byte_for_byte() {
    let waves = with_files();
    waves.project.write("mine.txt", "changed\n\0\r\n");
    waves.project.write("notes/new.txt", "untracked");
    waves.git(&["rm", "-q", "--cached", ".gitignore"]);
    waves.git(&["reset", "-q"]);
    let before = waves.kept();
    waves.run_to(0, &["run"]);
    assert_eq!(waves.kept(), before);
    assert_eq!(waves.project.read("001.txt"), "001 1\n", "the main checkout is on flow, and is merged into");
}

#[test]
fn what_is_staged_is_never_committed_by_a_merge() {
    let waves = with_files();
    waves.project.write("staged.txt", "staged");
    waves.git(&["add", "staged.txt"]);
    stays_unmerged(&waves, "staged.txt", || drop(waves.git(&["commit", "-q", "-m", "mine"])));
    assert_eq!(waves.project.read("staged.txt"), "staged");
}

#[test]
fn a_changed_file_that_a_merge_would_overwrite_stays() {
    let waves = with_files();
    waves.project.write("001.txt", "changed by a person\n");
    stays_unmerged(&waves, "001.txt", || {
        fs::rename(waves.project.path("001.txt"), waves.project.path("saved.txt")).unwrap();
        waves.git(&["restore", "001.txt"]);
    });
    assert_eq!(waves.project.read("saved.txt"), "changed by a person\n");
}

#[test]
fn an_untracked_file_that_a_merge_would_overwrite_stays_and_so_does_an_ignored_one() {
    for ignored in [false, true] {
        let waves = Waves::without_plan();
        waves.project.write(
            ".gitignore",
            if ignored { "/orch.toml\n/.orch/\n*.txt\n" } else { "/orch.toml\n/.orch/\n" },
        );
        waves.git(&["add", "."]);
        waves.git(&["commit", "-q", "--allow-empty", "-m", "what is ignored"]);
        waves.project.write("001.txt", "a person's\n");
        let force = if ignored { "force" } else { "" };
        waves.plan(SESSION, &[("001", &[], &["a"], force), ("002", &["a"], &["b"], force)]);
        let moved = waves.project.folder().with_file_name("moved");
        stays_unmerged(&waves, "001.txt", || fs::rename(waves.project.path("001.txt"), &moved).unwrap());
        assert_eq!(fs::read_to_string(&moved).unwrap(), "a person's\n");
    }
}

#[test]
fn another_branch_with_changes_is_left_alone_altogether() {
    let waves = with_files();
    waves.git(&["switch", "-q", "-c", "mine", "main"]);
    waves.project.write("001.txt", "an untracked one where tasks write theirs");
    waves.project.write("staged.txt", "staged");
    waves.git(&["add", "staged.txt"]);
    waves.project.write("staged.txt", "staged, and changed");
    fs::remove_file(waves.project.path(".gitignore")).unwrap();
    let before = (waves.kept(), fs::read(waves.project.path(".git/index")).unwrap());
    waves.run_to(0, &["run"]);
    assert_eq!((waves.kept(), fs::read(waves.project.path(".git/index")).unwrap()), before);
    assert_eq!(waves.merges().len(), 2);
}

#[test]
fn a_merge_of_the_persons_own_that_is_under_way_is_waited_for() {
    let waves = with_files();
    waves.git(&["switch", "-q", "-c", "mine", "main"]);
    waves.project.write("mine.txt", "mine\n");
    waves.git(&["add", "mine.txt"]);
    waves.git(&["commit", "-q", "-m", "mine"]);
    waves.git(&["switch", "-q", "flow"]);
    // It conflicts, and is not ended.
    let script = "git merge -q mine; test -f .git/MERGE_HEAD";
    assert!(waves.shell(script), "no merge is under way");
    let before = waves.kept();
    let ended = waves.run_to(3, &["run"]);
    assert_eq!(waves.kept(), before);
    let why = waves.run_to(0, &["why", "001"]).out;
    assert!(why.contains("a merge is under way in ") && why.contains("end it first"), "{why}{ended}");
    waves.git(&["merge", "--abort"]);
    waves.run_to(0, &["retry", "001"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.ran(), ["001.1", "002.1"]);
}

#[test]
fn files_in_the_way_where_flow_is_checked_out_are_told_with_that_place() {
    let waves = with_files();
    let other = waves.project.folder().with_file_name("flow").display().to_string();
    waves.git(&["switch", "-q", "main"]);
    waves.git(&["worktree", "add", "-q", &other, "flow"]);
    fs::write(format!("{other}/001.txt"), "changed by a person\n").unwrap();
    waves.run_to(3, &["run"]);
    let why = waves.run_to(0, &["why", "001"]).out;
    let says = format!("in the way of a merge: 001.txt: commit or move them in {other}, then `orch retry`");
    assert!(why.contains(&says), "{says}: {why}");
    assert_eq!(fs::read_to_string(format!("{other}/001.txt")).unwrap(), "changed by a person\n");
    assert_eq!(waves.git(&["-C", &other, "status", "--porcelain"]), " M 001.txt");
}
