//! The stack: in which order branches can be merged, and how they follow when their bases are.

use std::fs;
use std::time::Instant;

use serde_json::Value;

use crate::support::vertical::{DOES_IT, PLAN, Spec, Vertical};
use crate::support::{PATIENCE, signal};

/// A chain of three, built.
fn chain() -> Vertical {
    built(&[
        ("01-schema", "", "", DOES_IT),
        ("02-api", "feature/01-schema", "", DOES_IT),
        ("03-page", "feature/02-api", "", DOES_IT),
    ])
}

fn built(specs: &[Spec<'_>]) -> Vertical {
    let vertical = Vertical::new(specs);
    vertical.run_to(0, &["run", "--executor", "process"]);
    vertical
}

/// Merges a branch into the default branch as one commit, as forges do.
fn squash(vertical: &Vertical, branch: &str) {
    vertical.git(&["merge", "-q", "--squash", branch]);
    vertical.git(&["commit", "-q", "-m", &format!("squash of {branch}")]);
}

/// The commits of a branch that the other has not, the oldest first.
fn own(vertical: &Vertical, base: &str, branch: &str) -> Vec<String> {
    let log = vertical.git(&["log", "--reverse", "--format=%s", &format!("{base}..{branch}")]);
    log.lines().map(str::to_owned).collect()
}

fn tip(vertical: &Vertical, branch: &str) -> String {
    vertical.git(&["rev-parse", branch])
}

fn git_in(vertical: &Vertical, id: &str, words: &[&str]) -> String {
    let path = vertical.worktree(id).display().to_string();
    vertical.git(&[&["-C", &path], words].concat())
}

/// The lines of a restack without the commits.
fn said(out: &str) -> Vec<&str> {
    out.lines().map(|line| line.split(" (").next().unwrap()).collect()
}

#[test]
fn the_order_is_that_of_the_stack_whatever_that_of_the_plan() {
    let vertical = Vertical::new(&[
        ("01-page", "feature/02-api", "", DOES_IT),
        ("02-api", "feature/03-schema", "", DOES_IT),
        ("03-schema", "", "", DOES_IT),
        ("04-docs", "feature/03-schema", "", "echo nothing\n"),
    ]);
    vertical.run_to(1, &["run", "--executor", "process"]);
    let order = vertical.json(&["merge-order"]);
    assert_eq!(
        (&order["kind"], &order["default_branch"]),
        (&Value::from("merge_order"), &Value::from("trunk"))
    );
    let of = |name: &str| -> Vec<Value> {
        order["stack"].as_array().unwrap().iter().map(|entry| entry[name].clone()).collect()
    };
    assert_eq!(of("id"), ["w-03", "w-02", "w-01", "w-04"], "{order}");
    assert_eq!(of("base"), ["trunk", "feature/03-schema", "feature/02-api", "feature/03-schema"]);
    assert_eq!(of("stacked"), [false, true, true, true]);
    assert_eq!(of("merged"), [false, false, false, false]);
    squash(&vertical, "feature/03-schema");
    let ended = vertical.run_to(0, &["merge-order"]);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines[0], "  1. feature/03-schema into trunk - feat: 03-schema [w-03] merged");
    assert_eq!(lines[1], "  2. feature/02-api into feature/03-schema - feat: 02-api [w-02] ready");
    assert!(
        lines[3].starts_with("  4. feature/04-docs into feature/03-schema - feat: 04-docs [w-04] not done: "),
        "{ended}"
    );
    assert!(ended.out.contains("`orch restack`"), "{ended}");
    let summary = fs::read_to_string(vertical.path("run/summary.md")).unwrap();
    let places: Vec<usize> = ["1. feature/03-schema", "2. feature/02-api", "3. feature/01-page"]
        .iter()
        .map(|line| summary.find(line).unwrap_or_else(|| panic!("{line}: {summary}")))
        .collect();
    assert!(places.is_sorted(), "{summary}");
    assert!(summary.contains("orch restack"), "{summary}");
}

#[test]
fn a_chain_follows_a_squash_of_its_base() {
    for delete in [false, true] {
        let vertical = chain();
        squash(&vertical, "feature/01-schema");
        if delete {
            vertical.run_to(0, &["worktree", "remove", "w-01"]);
            vertical.git(&["branch", "-D", "-q", "feature/01-schema"]);
        }
        let before = (tip(&vertical, "feature/02-api"), tip(&vertical, "feature/03-page"));
        let ended = vertical.run_to(0, &["restack", "--dry-run"]);
        let why = if delete { "its base is merged and gone" } else { "its base is merged" };
        let planned = [
            format!("feature/02-api would be rebased onto trunk: {why}"),
            "feature/03-page would be rebased onto feature/02-api: its base was rebased".to_owned(),
        ];
        assert_eq!(said(&ended.out), planned, "{ended}");
        assert_eq!(before, (tip(&vertical, "feature/02-api"), tip(&vertical, "feature/03-page")));
        let ended = vertical.run_to(0, &["restack"]);
        let done = planned.map(|line| line.replace("would be rebased", "rebased"));
        assert_eq!(said(&ended.out), done, "{ended}");
        assert_eq!(own(&vertical, "trunk", "feature/02-api"), ["feat: w-02"]);
        assert_eq!(own(&vertical, "trunk", "feature/03-page"), ["feat: w-02", "feat: w-03"]);
        assert_eq!(tip(&vertical, "refs/orch/restack/feature/02-api/1"), before.0);
        assert_eq!(git_in(&vertical, "w-03", &["status", "--porcelain"]), "");
        assert!(vertical.worktree("w-03").join("w-01.txt").exists());
        assert_eq!(vertical.run_to(4, &["restack"]).out, "nothing to restack\n");
        assert_eq!(
            vertical.run_to(4, &["run", "--executor", "process"]).out,
            "nothing to do: every task is done\n"
        );
        assert_eq!(vertical.git(&["branch", "--show-current"]), "trunk");
        // Then the next of them.
        squash(&vertical, "feature/02-api");
        let ended = vertical.run_to(0, &["restack"]);
        assert_eq!(said(&ended.out), ["feature/03-page rebased onto trunk: its base is merged"], "{ended}");
        assert_eq!(own(&vertical, "trunk", "feature/03-page"), ["feat: w-03"]);
    }
}

#[test]
fn a_task_is_done_again_on_its_new_base() {
    let act =
        "commits \"$ORCH_TASK.${ORCH_ATTEMPT##*.}\"\ncat \"$ORCH_PROMPT_FILE\" > ../../seen-prompt\ndone_\n";
    let vertical = built(&[("01-schema", "", "", DOES_IT), ("02-api", "feature/01-schema", "", act)]);
    squash(&vertical, "feature/01-schema");
    vertical.run_to(0, &["worktree", "remove", "w-01"]);
    vertical.git(&["branch", "-D", "-q", "feature/01-schema"]);
    vertical.run_to(0, &["restack"]);
    vertical.run_to(0, &["retry", "w-02"]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert_eq!(own(&vertical, "trunk", "feature/02-api"), ["feat: w-02", "feat: w-02"]);
    // When its branch has to be cut anew, a person has to say from what.
    vertical.run_to(0, &["worktree", "remove", "--force", "w-02"]);
    vertical.git(&["branch", "-D", "-q", "feature/02-api"]);
    vertical.run_to(0, &["retry", "w-02"]);
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    assert!(ended.err.contains("when it was merged and deleted, base the work on another branch"), "{ended}");
    vertical.plan(PLAN, &[("01-schema", "", "", DOES_IT), ("02-api", "", "", act)]);
    vertical.run_to(0, &["run", "--retry-failed", "--executor", "process"]);
    assert_eq!(own(&vertical, "trunk", "feature/02-api"), ["feat: w-02"]);
}

#[test]
fn two_that_stand_on_one_follow_both() {
    let vertical = built(&[
        ("01-schema", "", "", DOES_IT),
        ("02-api", "feature/01-schema", "", DOES_IT),
        ("03-page", "feature/01-schema", "", DOES_IT),
    ]);
    squash(&vertical, "feature/01-schema");
    let ended = vertical.run_to(0, &["restack", "w-03"]);
    assert_eq!(said(&ended.out), ["feature/03-page rebased onto trunk: its base is merged"], "{ended}");
    let ended = vertical.run_to(0, &["restack"]);
    assert_eq!(said(&ended.out), ["feature/02-api rebased onto trunk: its base is merged"], "{ended}");
    for (branch, subject) in [("feature/02-api", "feat: w-02"), ("feature/03-page", "feat: w-03")] {
        assert_eq!(own(&vertical, "trunk", branch), [subject]);
    }
}

#[test]
fn a_conflict_stops_it_and_nothing_is_lost() {
    let vertical = built(&[
        ("01-schema", "", "", DOES_IT),
        ("02-api", "feature/01-schema", "", DOES_IT),
        ("03-page", "feature/02-api", "", "echo page > shared.txt; commits shared.txt; done_\n"),
        ("04-docs", "feature/03-page", "", DOES_IT),
    ]);
    squash(&vertical, "feature/01-schema");
    vertical.project.write("shared.txt", "trunk has it too\n");
    vertical.git(&["add", "shared.txt"]);
    vertical.git(&["commit", "-q", "-m", "shared"]);
    let before = (tip(&vertical, "feature/03-page"), tip(&vertical, "feature/04-docs"));
    let ended = vertical.run_to(1, &["restack"]);
    assert_eq!(said(&ended.out), ["feature/02-api rebased onto trunk: its base is merged"], "{ended}");
    assert!(ended.err.contains("feature/03-page conflicts with feature/02-api in shared.txt"), "{ended}");
    assert!(ended.err.contains("git rebase --onto feature/02-api "), "{ended}");
    assert_eq!(before, (tip(&vertical, "feature/03-page"), tip(&vertical, "feature/04-docs")));
    assert_eq!(git_in(&vertical, "w-03", &["status", "--porcelain"]), "");
    assert_eq!(git_in(&vertical, "w-03", &["branch", "--show-current"]), "feature/03-page");
    assert_eq!(own(&vertical, "trunk", "feature/02-api"), ["feat: w-02"], "what was moved stays so");
    // By hand, as it says.
    let hint = ended.err.split('`').find(|words| words.starts_with("git rebase --onto ")).unwrap();
    let words: Vec<&str> = hint.split(' ').skip(1).collect();
    let path = vertical.worktree("w-03");
    let rebase = std::process::Command::new("git")
        .args(&words)
        .current_dir(&path)
        .env("HOME", vertical.project.folder())
        .output();
    assert!(!rebase.unwrap().status.success());
    fs::write(path.join("shared.txt"), "both\n").unwrap();
    git_in(&vertical, "w-03", &["add", "shared.txt"]);
    git_in(&vertical, "w-03", &["-c", "core.editor=true", "rebase", "--continue"]);
    let ended = vertical.run_to(0, &["restack"]);
    assert_eq!(
        said(&ended.out),
        ["feature/04-docs rebased onto feature/03-page: its base has moved"],
        "{ended}"
    );
    assert_eq!(own(&vertical, "feature/03-page", "feature/04-docs"), ["feat: w-04"]);
}

#[test]
fn changes_in_the_work_tree_of_a_dependent_are_left_alone() {
    let vertical = chain();
    squash(&vertical, "feature/01-schema");
    let file = vertical.worktree("w-02").join("w-02.txt");
    fs::write(&file, "changed\n").unwrap();
    let before = tip(&vertical, "feature/02-api");
    let ended = vertical.run_to(1, &["restack"]);
    assert!(ended.err.contains(&vertical.worktree("w-02").display().to_string()), "{ended}");
    assert!(ended.err.contains("has changes (1 changed): commit them first"), "{ended}");
    assert_eq!(tip(&vertical, "feature/02-api"), before);
    assert_eq!(fs::read_to_string(&file).unwrap(), "changed\n");
    assert!(vertical.git(&["for-each-ref", "refs/orch/restack"]).is_empty());
}

#[test]
fn files_that_weavers_do_not_commit_are_no_hindrance() {
    let vertical = chain();
    squash(&vertical, "feature/01-schema");
    let test = vertical.worktree("w-02").join("tests/new_test.rs");
    fs::create_dir(test.parent().unwrap()).unwrap();
    fs::write(&test, "a test\n").unwrap();
    vertical.run_to(0, &["restack"]);
    assert_eq!(fs::read_to_string(&test).unwrap(), "a test\n");
    assert_eq!(own(&vertical, "trunk", "feature/02-api"), ["feat: w-02"]);
    assert_eq!(git_in(&vertical, "w-02", &["status", "--porcelain"]), "?? tests/");
}

#[test]
fn an_untracked_file_that_the_new_base_has_as_well_is_not_written_over() {
    let vertical = chain();
    squash(&vertical, "feature/01-schema");
    vertical.project.write("notes.txt", "of trunk\n");
    vertical.git(&["add", "notes.txt"]);
    vertical.git(&["commit", "-q", "-m", "notes"]);
    let mine = vertical.worktree("w-02").join("notes.txt");
    fs::write(&mine, "mine\n").unwrap();
    let before = tip(&vertical, "feature/02-api");
    let ended = vertical.run_to(1, &["restack"]);
    assert!(ended.err.contains("notes.txt"), "{ended}");
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine\n");
    assert_eq!(tip(&vertical, "feature/02-api"), before);
    assert_eq!(git_in(&vertical, "w-02", &["branch", "--show-current"]), "feature/02-api");
}

#[test]
fn a_branch_that_a_person_has_checked_out_is_not_moved() {
    let vertical = chain();
    squash(&vertical, "feature/01-schema");
    vertical.run_to(0, &["worktree", "remove", "--force", "w-02"]);
    vertical.git(&["switch", "-q", "feature/02-api"]);
    let before = tip(&vertical, "feature/02-api");
    let ended = vertical.run_to(1, &["restack"]);
    assert!(ended.err.contains("is checked out in the main work tree"), "{ended}");
    assert_eq!(tip(&vertical, "feature/02-api"), before);
    vertical.git(&["switch", "-q", "trunk"]);
    vertical.run_to(0, &["restack"]);
    assert_eq!(own(&vertical, "trunk", "feature/02-api"), ["feat: w-02"]);
}

#[test]
fn nothing_moves_under_a_weaver_at_work() {
    let act = "commits a\nif [ -e ../../seen ]; then done_; exit 0; fi\ntouch ../../seen; echo > ../../pipe-here; read -r line < ../../pipe-gate; done_\n";
    let vertical = Vertical::new(&[("01-schema", "", "", DOES_IT), ("02-api", "feature/01-schema", "", act)]);
    vertical.project.pipes(&["pipe-here", "pipe-gate"]);
    let live = vertical.start_run(&[]);
    vertical.project.hear("pipe-here");
    squash(&vertical, "feature/01-schema");
    let before = tip(&vertical, "feature/02-api");
    vertical.run_to(75, &["restack"]);
    vertical.run_to(0, &["restack", "--dry-run"]);
    // The weaver goes on without its orch.
    live.kill();
    let ended = vertical.run_to(75, &["restack"]);
    assert!(ended.err.contains("w-02"), "{ended}");
    assert_eq!(tip(&vertical, "feature/02-api"), before);
    let live = vertical.start_run(&[]);
    vertical.project.say("pipe-gate");
    assert_eq!(live.end().code, Some(0));
    vertical.run_to(0, &["restack"]);
}

/// Has git tell at `pipe-here` of the middle of a rebase of `feature/02-api`, and wait there at `pipe-gate`; starts a
/// restack, and kills orch then.
fn killed_in_the_middle(vertical: &Vertical) {
    squash(vertical, "feature/01-schema");
    vertical.project.pipes(&["pipe-here", "pipe-gate"]);
    let folder = vertical.project.folder().display().to_string();
    let waits = format!("sh -c 'echo > {folder}/pipe-here; cat {folder}/pipe-gate > {folder}/seen; cat'");
    vertical.git(&["config", "filter.waits.smudge", &waits]);
    vertical.project.write(".git/info/attributes", "w-02.txt filter=waits\n");
    let live = vertical.start(&["restack"]);
    vertical.project.hear("pipe-here");
    live.kill();
    vertical.project.write(".git/info/attributes", "");
}

fn has_followed(vertical: &Vertical) {
    assert_eq!(own(vertical, "trunk", "feature/02-api"), ["feat: w-02"]);
    assert_eq!(own(vertical, "trunk", "feature/03-page"), ["feat: w-02", "feat: w-03"]);
    for id in ["w-02", "w-03"] {
        assert_eq!(git_in(vertical, id, &["status", "--porcelain"]), "");
    }
}

#[test]
fn a_restack_whose_orch_was_killed_is_gone_on_with_once_git_is_done() {
    let vertical = chain();
    killed_in_the_middle(&vertical);
    vertical.project.say("pipe-gate");
    let until = Instant::now() + PATIENCE;
    loop {
        let ended = vertical.run(&["restack"]);
        if ended.code == Some(0) {
            break;
        }
        // git is still at work there.
        assert!(ended.err.contains("a restack of feature/02-api was interrupted"), "{ended}");
        assert!(Instant::now() < until, "{ended}");
    }
    has_followed(&vertical);
}

#[test]
fn a_restack_that_was_killed_with_its_git_is_put_back_by_hand_and_gone_on_with() {
    let vertical = chain();
    let before = tip(&vertical, "feature/02-api");
    killed_in_the_middle(&vertical);
    for (process, _) in waiting(&vertical.project.folder().display().to_string()) {
        signal("KILL", process);
    }
    let ended = vertical.run_to(1, &["restack"]);
    assert!(ended.err.contains("`git rebase --abort` there puts it back"), "{ended}");
    assert!(ended.err.contains("its old tip is refs/orch/restack/feature/02-api/1"), "{ended}");
    // git itself says so, when it was killed: nobody else works there.
    let git_dir = git_in(&vertical, "w-02", &["rev-parse", "--absolute-git-dir"]);
    fs::remove_file(format!("{git_dir}/index.lock")).unwrap();
    git_in(&vertical, "w-02", &["rebase", "--abort"]);
    assert_eq!(tip(&vertical, "feature/02-api"), before);
    vertical.run_to(0, &["restack"]);
    has_followed(&vertical);
}

/// Processes that wait for the pipe of a project: git's filter, and the git that waits for it.
fn waiting(folder: &str) -> Vec<(u32, String)> {
    let listed =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let words = |process: u32| {
        let words = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let there = fs::read_link(format!("/proc/{process}/cwd")).unwrap_or_default();
        (process, format!("{} {}", there.display(), String::from_utf8_lossy(&words).replace('\0', " ")))
    };
    listed.map(words).filter(|(_, words)| words.contains(folder)).collect()
}

#[test]
fn a_dependent_is_cut_from_its_base_as_it_was_verified() {
    let first = "commits \"w-01.${ORCH_ATTEMPT##*.}\"\ndone_\n";
    let second = "ls > ../../seen-files\ncommits \"w-02.${ORCH_ATTEMPT##*.}\"\ndone_\n";
    let vertical = built(&[("01-schema", "", "", first), ("02-api", "feature/01-schema", "", second)]);
    assert_eq!(vertical.project.lines("seen-files"), ["README.md", "w-01.1"]);
    // The base is done again: what stands on it is as it was until somebody restacks it.
    vertical.run_to(0, &["retry", "w-01"]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert_eq!(own(&vertical, "feature/01-schema", "feature/02-api"), ["feat: w-02"]);
    assert!(!vertical.worktree("w-02").join("w-01.2").exists());
    let ended = vertical.run_to(0, &["restack"]);
    assert_eq!(
        said(&ended.out),
        ["feature/02-api rebased onto feature/01-schema: its base has moved"],
        "{ended}"
    );
    assert!(vertical.worktree("w-02").join("w-01.2").exists());
}

#[test]
fn only_weavers_have_a_stack() {
    let project = crate::support::Project::new(&[("PROMPT-01-a", "None", "true")]);
    for command in ["merge-order", "restack"] {
        let ended = project.run_to(2, &[command]);
        assert!(ended.err.contains("makes no sense for a plan of prompts"), "{ended}");
    }
    let vertical = Vertical::new(&[("01-schema", "", "", DOES_IT)]);
    let ended = vertical.run_to(2, &["restack", "w-07"]);
    assert!(ended.err.contains("w-07"), "{ended}");
    assert_eq!(
        vertical.run_to(4, &["restack", &format!(".claude/vertical/plans/{PLAN}")]).out,
        "nothing to restack\n"
    );
}

#[test]
fn only_what_is_its_own_counts_on_a_branch_that_a_person_has_rebased() {
    let act = "if [ \"${ORCH_ATTEMPT##*.}\" = 1 ]; then commits w-02.txt; else git reset -q --hard HEAD~1; fi\ndone_\n";
    let vertical = built(&[("01-schema", "", "", DOES_IT), ("02-api", "feature/01-schema", "", act)]);
    squash(&vertical, "feature/01-schema");
    git_in(&vertical, "w-02", &["rebase", "-q", "--onto", "trunk", "feature/01-schema"]);
    vertical.config("[weavers]\niterations = 1");
    vertical.run_to(0, &["retry", "w-02"]);
    // It throws its only commit away, and those that are left are not its own.
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    let weaver = vertical.weaver("w-02");
    assert!(weaver["error"].as_str().unwrap().contains("[commit] on the branch"), "{ended}{weaver}");
}
