//! What may lie where workers get their work trees: another one is taken, or it is said what to do, and nothing of it goes.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::tree;
use crate::support::waves::{SESSION, Waves};

/// One task.
const ONE: &[(&str, &[&str], &[&str], &str)] = &[("001", &[], &["a"], "")];

/// The work tree that the worker of `001` was given in its attempt.
fn given(waves: &Waves, attempt: &str) -> String {
    let told = waves.told(attempt);
    let (_, rest) = told.split_once(".worktrees/").unwrap_or_else(|| panic!("no work tree: {told}"));
    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '-').collect()
}

#[test]
fn an_empty_folder_is_taken() {
    let waves = Waves::new(ONE);
    fs::create_dir_all(waves.project.path(".worktrees/worker-1")).unwrap();
    waves.run_to(0, &["run"]);
    assert_eq!(given(&waves, "001.1"), "worker-1");
}

#[test]
fn a_folder_with_files_of_a_stranger_is_passed_over() {
    let waves = Waves::new(ONE);
    waves.project.write(".worktrees/worker-1/mine.txt", "mine");
    waves.project.write(".worktrees/worker-2", "a file");
    waves.git(&["init", "-q", ".worktrees/worker-3"]);
    let place = waves.project.folder().with_file_name("place");
    fs::create_dir(&place).unwrap();
    symlink(&place, waves.project.path(".worktrees/worker-4")).unwrap();
    symlink("nowhere", waves.project.path(".worktrees/worker-5")).unwrap();
    let before = tree(&waves.project.path(".worktrees/worker-1"));
    waves.run_to(0, &["run"]);
    assert_eq!(given(&waves, "001.1"), "worker-6");
    assert_eq!(tree(&waves.project.path(".worktrees/worker-1")), before);
    assert_eq!(waves.project.read(".worktrees/worker-2"), "a file");
    assert!(waves.project.exists(".worktrees/worker-3/.git/HEAD"));
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0, "a link is not followed");
    assert_eq!(fs::read_link(waves.project.path(".worktrees/worker-5")).unwrap().to_str(), Some("nowhere"));
}

#[test]
fn a_work_tree_that_is_in_use_by_another_session_or_a_person_is_passed_over() {
    let waves = Waves::new(ONE);
    waves.git(&["worktree", "add", "-q", "-b", "mine", ".worktrees/worker-1", "main"]);
    waves.git(&["worktree", "add", "-q", "--detach", ".worktrees/worker-2", "main"]);
    waves.git(&["worktree", "add", "-q", "-b", "more", ".worktrees/worker-10", "main"]);
    let of =
        |name: &str| waves.git(&["-C", &format!(".worktrees/{name}"), "status", "--porcelain", "--branch"]);
    let before = ["worker-1", "worker-2", "worker-10"].map(of);
    waves.run_to(0, &["run"]);
    assert_eq!(given(&waves, "001.1"), "worker-3");
    assert_eq!(["worker-1", "worker-2", "worker-10"].map(of), before);
}

#[test]
fn worker_1_beside_worker_10_is_free() {
    let waves = Waves::new(ONE);
    waves.git(&["worktree", "add", "-q", "-b", "more", ".worktrees/worker-10", "main"]);
    waves.run_to(0, &["run"]);
    assert_eq!(given(&waves, "001.1"), "worker-1");
    assert!(waves.project.exists(".worktrees/worker-10/.git"));
}

#[test]
fn a_file_or_a_link_in_the_place_of_the_folder_is_told() {
    let waves = Waves::new(ONE);
    let folder = waves.project.path(".worktrees");
    let place = waves.project.folder().with_file_name("place");
    fs::create_dir(&place).unwrap();
    for (is_link, says) in [(false, "something else is there: move it away"), (true, "it is a link")] {
        match is_link {
            true => symlink(&place, &folder).unwrap(),
            false => fs::write(&folder, "mine").unwrap(),
        }
        let before = waves.kept();
        let ended = waves.run_to(1, &["run"]);
        assert!(ended.err.contains(&folder.display().to_string()) && ended.err.contains(says), "{ended}");
        assert_eq!((waves.kept(), waves.ran()), (before, Vec::new()));
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
        fs::remove_file(&folder).unwrap();
    }
    waves.run_to(0, &["run"]);
}

#[test]
fn one_that_was_deleted_by_hand_is_made_again() {
    let waves = Waves::new(&[("001", &[], &["a"], "block no-key then")]);
    waves.run_to(1, &["run"]);
    fs::remove_dir_all(waves.project.path(".worktrees/worker-1")).unwrap();
    waves.run_to(0, &["retry", "001"]);
    waves.run_to(0, &["run"]);
    assert_eq!((given(&waves, "001.2"), waves.stand()), ("worker-1".into(), vec!["001: SUCCESS".into()]));
}

#[test]
fn the_place_of_another_branch_that_was_deleted_by_hand_is_free() {
    let waves = Waves::new(ONE);
    waves.git(&["worktree", "add", "-q", "-b", "mine", ".worktrees/worker-1", "main"]);
    fs::remove_dir_all(waves.project.path(".worktrees/worker-1")).unwrap();
    let before = waves.kept();
    waves.run_to(0, &["run"]);
    assert_eq!(given(&waves, "001.1"), "worker-1");
    assert_eq!(waves.kept(), before, "the branch stays");
}

#[test]
fn commits_of_no_branch_are_not_lost_with_the_record_of_a_deleted_work_tree() {
    let waves = Waves::new(ONE);
    waves.git(&["worktree", "add", "-q", "--detach", ".worktrees/worker-1", "main"]);
    waves.git(&["-C", ".worktrees/worker-1", "commit", "-q", "--allow-empty", "-m", "of no branch"]);
    let commit = waves.git(&["-C", ".worktrees/worker-1", "rev-parse", "HEAD"]);
    fs::remove_dir_all(waves.project.path(".worktrees/worker-1")).unwrap();
    waves.run_to(0, &["run"]);
    assert_eq!(given(&waves, "001.1"), "worker-2");
    assert!(waves.git(&["worktree", "list", "--porcelain"]).contains(&commit));
}

#[test]
fn one_that_is_deleted_while_its_worker_works_costs_the_attempt_and_no_commit() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    waves.plan(SESSION, &[("001", &[], &["a"], &format!("middle {here} {gate} then"))]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    fs::remove_dir_all(waves.project.path(".worktrees/worker-1")).unwrap();
    let before = waves.git(&["rev-parse", "task/001-make-001"]);
    waves.project.say(&gate);
    let told = live.wait_for("task_ended", "001");
    let ended = live.end();
    assert_ne!(told["status"], "SUCCESS", "{told}{ended}");
    assert_eq!(ended.code, Some(0), "the next attempt gets a new one: {ended}");
    assert_eq!(waves.stand(), ["001: SUCCESS"]);
    waves.git(&["merge-base", "--is-ancestor", &before, "flow"]);
}
