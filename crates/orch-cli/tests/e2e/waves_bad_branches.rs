//! Branches of tasks that are there before orch makes them: taken over where they are the task's, left alone where they are not.

use crate::support::waves::{SESSION, Waves};

const OTHER: &str = "session-20250101-080000";

/// A plan with one task and the merge of it.
fn one() -> Waves {
    Waves::new(&[("001", &[], &["a"], "")])
}

/// The commit that a branch is at.
fn tip(waves: &Waves, branch: &str) -> String {
    waves.git(&["rev-parse", &format!("refs/heads/{branch}")])
}

#[test]
fn that_of_another_session_with_the_same_name_is_left_alone() {
    let waves = Waves::without_plan();
    waves.plan(OTHER, &[("001", &[], &["a"], "part")]);
    waves.run_to(3, &["run", OTHER]);
    let (before, place) = (tip(&waves, "task/001-make-001"), waves.project.read(".worktrees/worker-1/.git"));
    waves.plan(SESSION, &[("001", &[], &["a"], "")]);
    waves.run_to(0, &["run", SESSION]);
    assert_eq!(waves.task_branches(), ["task/001-make-001", "task/001-make-001-2"]);
    assert_eq!(tip(&waves, "task/001-make-001"), before);
    assert_eq!(waves.project.read(".worktrees/worker-1/.git"), place, "its work tree is in use");
    assert_eq!(waves.merges(), ["Merge task/001: Make 001"]);
    assert_eq!(waves.json(&["status", OTHER])["tasks"][0]["status"], "INCOMPLETE");
}

#[test]
fn one_made_by_hand_without_commits_of_its_own_is_nobodys() {
    let waves = one();
    waves.git(&["branch", "-q", "task/001-make-001", "flow"]);
    let before = tip(&waves, "task/001-make-001");
    waves.run_to(0, &["run"]);
    assert_eq!(waves.task_branches(), ["task/001-make-001", "task/001-make-001-2"]);
    assert_eq!(tip(&waves, "task/001-make-001"), before);
    assert_eq!(waves.merges().len(), 1);
}

#[test]
fn one_made_by_hand_with_commits_is_gone_on_with() {
    let waves = one();
    waves.git(&["switch", "-q", "-c", "task/1-by-hand"]);
    waves.project.write("by-hand.txt", "by hand");
    waves.git(&["add", "."]);
    waves.git(&["commit", "-q", "-m", "some work"]);
    let before = tip(&waves, "task/1-by-hand");
    waves.git(&["switch", "-q", "flow"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.task_branches(), ["task/1-by-hand"]);
    waves.git(&["merge-base", "--is-ancestor", &before, "flow"]);
    assert!(waves.project.exists("by-hand.txt") && waves.project.exists("001.txt"));
}

#[test]
fn one_with_commits_that_a_worker_left_is_gone_on_with() {
    let waves = one();
    let record = format!(
        "Initialize task/001-their-own\n\n## Task Metadata\nID: 001\nDescription: Make 001\nStatus: pending\n\n## Dependencies\n\
         Preconditions: []\nProvides: []\n\n## Files\nFiles to modify:\n  - theirs.txt\n\n## Context\nSession ID: {SESSION}\n\
         Plan Branch: plan/{SESSION}\n"
    );
    let first = waves.write_commit(&record, "flow");
    waves.git(&["branch", "-q", "task/001-their-own", &first]);
    let second = waves.write_commit("[task-001] Implement: half of it (1/2)\n", "task/001-their-own");
    waves.git(&["update-ref", "refs/heads/task/001-their-own", &second]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.task_branches(), ["task/001-their-own"]);
    assert!(waves.project.exists("theirs.txt"), "the first commit says which files");
    waves.git(&["merge-base", "--is-ancestor", &second, "flow"]);
}

#[test]
fn one_that_is_checked_out_elsewhere_is_told_with_the_place() {
    let waves = Waves::new(&[("001", &[], &["a"], "block no-key then")]);
    waves.run_to(1, &["run"]);
    waves.git(&["worktree", "remove", ".worktrees/worker-1"]);
    let place = waves.project.folder().with_file_name("mine").display().to_string();
    waves.git(&["worktree", "add", "-q", &place, "task/001-make-001"]);
    waves.git(&["-C", &place, "branch", "-q", "mine"]);
    let before = (tip(&waves, "task/001-make-001"), waves.kept());
    waves.run_to(0, &["retry", "001"]);
    let ended = waves.run_to(1, &["run"]);
    for part in [&*place, "task/001-make-001", "switch to another branch there, or remove that work tree"] {
        assert!(ended.err.contains(part), "{part}: {ended}");
    }
    assert_eq!((tip(&waves, "task/001-make-001"), waves.kept()), before);
    assert_eq!(waves.ran(), ["001.1"], "nobody was started");
    waves.git(&["worktree", "remove", &place]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS"]);
}

#[test]
fn one_that_is_checked_out_in_the_main_work_tree_is_told_so() {
    let waves = Waves::new(&[("001", &[], &["a"], "block no-key then")]);
    waves.run_to(1, &["run"]);
    waves.git(&["worktree", "remove", ".worktrees/worker-1"]);
    waves.git(&["switch", "-q", "task/001-make-001"]);
    waves.project.write("mine.txt", "mine");
    let before = waves.kept();
    waves.run_to(0, &["retry", "001"]);
    let ended = waves.run_to(1, &["run"]);
    assert!(ended.err.contains("is checked out in the main work tree"), "{ended}");
    assert!(ended.err.contains("switch to another branch there"), "{ended}");
    assert_eq!(waves.kept(), before);
}

#[test]
fn a_branch_called_task_is_in_the_way_of_all_and_told() {
    let waves = one();
    waves.git(&["branch", "-q", "task", "main"]);
    let before = waves.references();
    let ended = waves.run_to(1, &["run"]);
    let says = "there can't be a branch task/001-make-001 beside the branch task; ";
    assert!(
        ended.err.contains(says) && ended.err.contains("rename or delete the branch that is there"),
        "{ended}"
    );
    assert_eq!(waves.references(), before);
    assert_eq!(waves.ran(), [""; 0]);
    waves.git(&["branch", "-q", "-m", "task", "tasks"]);
    waves.run_to(0, &["run"]);
}

#[test]
fn a_branch_beneath_the_name_that_a_task_would_have_makes_it_take_another() {
    let waves = one();
    waves.git(&["branch", "-q", "task/001-make-001/mine", "main"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.task_branches(), ["task/001-make-001-2", "task/001-make-001/mine"]);
}

#[test]
fn a_task_branch_that_was_deleted_between_two_runs_is_made_again() {
    let waves = Waves::new(&[("001", &[], &["a"], "block no-key then")]);
    waves.run_to(1, &["run"]);
    waves.git(&["worktree", "remove", ".worktrees/worker-1"]);
    waves.git(&["branch", "-q", "-D", "task/001-make-001"]);
    waves.run_to(0, &["retry", "001"]);
    waves.run_to(0, &["run"]);
    assert_eq!((waves.task_branches(), waves.merges().len()), (vec!["task/001-make-001".to_owned()], 1));
}
