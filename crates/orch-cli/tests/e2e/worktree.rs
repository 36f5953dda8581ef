//! `orch worktree`: what there is, what goes, and what is kept of it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::vertical::{DOES_IT, PLAN, Vertical};
use crate::support::{Live, Project};

/// A plan of three that was run: the work of the first is merged, that of the others is not.
fn built() -> Vertical {
    let vertical = Vertical::new(&[
        ("01-schema", "", "", DOES_IT),
        ("02-api", "", "", DOES_IT),
        ("03-docs", "", "", DOES_IT),
    ]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    vertical.git(&["merge", "-q", "--squash", "feature/01-schema"]);
    vertical.git(&["commit", "-q", "-m", "schema"]);
    vertical
}

fn state(vertical: &Vertical, id: &str) -> (String, Value) {
    let listed = vertical.json(&["worktree", "list"]);
    let listed = listed["worktrees"].as_array().unwrap().iter().find(|tree| tree["task"] == id);
    let tree = listed.unwrap_or_else(|| panic!("no work tree of {id}"));
    (tree["state"].as_str().unwrap().to_owned(), tree["detail"].clone())
}

fn write(vertical: &Vertical, id: &str, name: &str, text: &str) {
    fs::write(vertical.worktree(id).join(name), text).unwrap();
}

fn git_in(vertical: &Vertical, id: &str, words: &[&str]) -> String {
    let path = vertical.worktree(id).display().to_string();
    vertical.git(&[&["-C", &path], words].concat())
}

/// A process with its current folder in a work tree.
fn somebody_in(path: PathBuf) -> std::process::Child {
    let mut somebody = Command::new("cat");
    somebody.current_dir(path).stdin(Stdio::piped()).stdout(Stdio::null());
    somebody.spawn().unwrap()
}

#[test]
fn the_list_says_what_stands_against_removing_each() {
    let vertical = built();
    let ended = vertical.run_to(0, &["worktree", "list"]);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines[0], format!("w-01  .worktrees/{PLAN}-w-01  feature/01-schema  clean"));
    assert_eq!(
        lines[1],
        format!(
            "w-02  .worktrees/{PLAN}-w-02  feature/02-api  unmerged: 1 of its commits is neither merged nor pushed"
        )
    );
    let listed = vertical.json(&["worktree", "list"]);
    assert_eq!((&listed["schema_version"], &listed["kind"]), (&Value::from(1), &Value::from("worktrees")));
    let first = &listed["worktrees"][0];
    assert_eq!(first["path"], vertical.worktree("w-01").display().to_string());
    assert_eq!(first["name"], format!("{PLAN}-w-01"));
    assert_eq!(first["branch"], "feature/01-schema");
    assert_eq!((&first["processes"], &first["detail"]), (&Value::from(Vec::<u32>::new()), &Value::Null));

    write(&vertical, "w-01", "w-01.txt", "changed");
    assert_eq!(state(&vertical, "w-01"), ("unsaved".into(), Value::from("1 changed")));
    git_in(&vertical, "w-01", &["add", "."]);
    assert_eq!(state(&vertical, "w-01"), ("unsaved".into(), Value::from("1 staged")));
    write(&vertical, "w-01", "test_new.rs", "a test");
    assert_eq!(
        state(&vertical, "w-01"),
        ("unsaved".into(), Value::from("1 staged, 1 untracked (test_new.rs)"))
    );
    git_in(&vertical, "w-01", &["clean", "-qfd"]);
    git_in(&vertical, "w-01", &["reset", "-q", "--hard"]);
    git_in(&vertical, "w-01", &["worktree", "lock", "--reason", "on a stick", "."]);
    assert_eq!(state(&vertical, "w-01"), ("locked".into(), Value::from("on a stick")));
    git_in(&vertical, "w-01", &["worktree", "unlock", "."]);
    let mut somebody = somebody_in(vertical.worktree("w-01"));
    assert_eq!(
        state(&vertical, "w-01"),
        ("in_use".into(), Value::from(format!("process {} works in it", somebody.id())))
    );
    somebody.kill().unwrap();
    somebody.wait().unwrap();
    assert_eq!(state(&vertical, "w-01").0, "clean");
    fs::remove_dir_all(vertical.worktree("w-01")).unwrap();
    assert_eq!(state(&vertical, "w-01").0, "missing");
}

#[test]
fn without_names_only_those_go_of_which_nothing_is_lost() {
    let vertical = built();
    vertical.git(&["worktree", "add", "-q", "-b", "mine", "elsewhere"]);
    let ended = vertical.run_to(0, &["worktree", "remove"]);
    assert_eq!(ended.out, format!("removed {}\n", vertical.worktree("w-01").display()));
    assert!(!vertical.worktree("w-01").exists() && vertical.worktree("w-02").exists());
    assert!(vertical.project.exists("elsewhere"), "orch did not make it");
    assert!(vertical.git(&["branch", "--list"]).contains("feature/01-schema"), "its branch stays");
    assert_eq!(
        vertical.run_to(4, &["worktree", "remove"]).out,
        "no work tree can be removed without a loss\n"
    );
}

#[test]
fn nothing_that_would_be_lost_goes() {
    let vertical = built();
    let refused = |says: &str| {
        let ended = vertical.run_to(2, &["worktree", "remove", "w-01"]);
        assert!(ended.err.contains(says), "{says}: {ended}");
        assert!(vertical.worktree("w-01").exists());
    };
    write(&vertical, "w-01", "w-01.txt", "changed");
    refused("1 changed");
    git_in(&vertical, "w-01", &["add", "."]);
    refused("1 staged");
    git_in(&vertical, "w-01", &["reset", "-q", "--hard"]);
    write(&vertical, "w-01", "new", "new");
    refused("1 untracked");
    git_in(&vertical, "w-01", &["clean", "-qfd"]);
    let mut somebody = somebody_in(vertical.worktree("w-01"));
    refused(&format!("is in use: process {}", somebody.id()));
    let ended = vertical.run_to(2, &["worktree", "remove", "--force", "w-01"]);
    assert!(ended.err.contains("is in use"), "{ended}");
    somebody.kill().unwrap();
    somebody.wait().unwrap();
    // In the middle of a rebase.
    write(&vertical, "w-01", "w-01.txt", "otherwise\n");
    git_in(&vertical, "w-01", &["commit", "-q", "-am", "otherwise"]);
    let path = vertical.worktree("w-01");
    let rebase = Command::new("git")
        .args(["rebase", "-q", "--exec", "false", "HEAD~1"])
        .current_dir(&path)
        .env("HOME", vertical.project.folder())
        .stderr(Stdio::null())
        .status();
    assert!(!rebase.unwrap().success());
    refused("rebase under way");
    assert_eq!(state(&vertical, "w-01").0, "unsaved");
    git_in(&vertical, "w-01", &["rebase", "--abort"]);
    let ended = vertical.run_to(2, &["worktree", "remove", "w-02"]);
    assert!(ended.err.contains("1 commit of feature/02-api is neither merged nor pushed"), "{ended}");
    assert!(ended.err.contains("--force"), "{ended}");
    let ended = vertical.run_to(2, &["worktree", "remove", "--force"]);
    assert!(ended.err.contains("needs to be told which"), "{ended}");
}

#[test]
fn what_is_removed_by_force_can_all_be_had_back() {
    let vertical = built();
    write(&vertical, "w-02", "w-02.txt", "staged\n");
    git_in(&vertical, "w-02", &["add", "."]);
    write(&vertical, "w-02", "w-02.txt", "changed\n");
    fs::create_dir(vertical.worktree("w-02").join("täst dir")).unwrap();
    write(&vertical, "w-02", "täst dir/new one", "untracked\n");
    let ended = vertical.run_to(0, &["worktree", "remove", "--force", "w-02"]);
    let reference = format!("refs/orch/rescue/{PLAN}-w-02/1");
    assert_eq!(ended.out, format!("removed {}\nkept as {reference}\n", vertical.worktree("w-02").display()));
    assert!(!vertical.worktree("w-02").exists());
    vertical.git(&["worktree", "add", "-q", "back", &reference]);
    assert_eq!(vertical.project.read("back/w-02.txt"), "changed\n");
    assert_eq!(vertical.project.read("back/täst dir/new one"), "untracked\n");
    assert_eq!(vertical.git(&["show", &format!("{reference}^2:w-02.txt")]), "staged");
    vertical.git(&["merge-base", "--is-ancestor", "feature/02-api", &reference]);
    let ended = vertical.run_to(0, &["worktree", "rescue"]);
    assert!(ended.out.starts_with(&format!("{reference}  ")), "{ended}");
    // Clean, and merged: nothing but the commit is to be kept, and one that is missing is forgotten.
    vertical.run_to(0, &["worktree", "remove", "--force", "w-01"]);
    fs::remove_dir_all(vertical.worktree("w-03")).unwrap();
    vertical.run_to(0, &["worktree", "remove", "w-03"]);
    let listed = vertical.git(&["worktree", "list"]);
    assert!(!listed.contains(PLAN), "{listed}");
}

#[test]
fn a_rescue_leaves_the_work_tree_as_it_is() {
    let vertical = built();
    assert_eq!(vertical.run_to(4, &["worktree", "rescue"]).out, "nothing was rescued\n");
    write(&vertical, "w-03", "new", "untracked\n");
    let before = git_in(&vertical, "w-03", &["status", "--porcelain"]);
    for (name, number) in [("w-03", 1), ("03-docs", 2), ("feature/03-docs", 3)] {
        let ended = vertical.run_to(0, &["worktree", "rescue", name]);
        assert_eq!(ended.out, format!("kept as refs/orch/rescue/{PLAN}-w-03/{number}\n"), "{ended}");
    }
    assert_eq!(git_in(&vertical, "w-03", &["status", "--porcelain"]), before);
    assert_eq!(vertical.git(&["show", &format!("refs/orch/rescue/{PLAN}-w-03/3:new")]), "untracked");
    let ended = vertical.run_to(2, &["worktree", "rescue", "w-09"]);
    assert!(ended.err.contains("there is no work tree `w-09`"), "{ended}");
}

#[test]
fn work_trees_are_named_by_task_name_branch_and_path() {
    for name in [
        "w-01",
        "01-schema",
        "feature/01-schema",
        "plan-20260119-1430-w-01",
        ".worktrees/plan-20260119-1430-w-01",
        "./.worktrees/plan-20260119-1430-w-01/",
    ] {
        let vertical = built();
        vertical.run_to(0, &["worktree", "remove", name]);
        assert!(!vertical.worktree("w-01").exists(), "{name}");
    }
}

#[test]
fn one_of_several_that_is_refused_keeps_none_of_the_others_from_going() {
    let vertical = built();
    write(&vertical, "w-02", "new", "untracked\n");
    let ended = vertical.run(&["worktree", "remove", "w-02", "w-01"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(vertical.worktree("w-02").exists());
}

#[test]
fn the_work_tree_of_a_task_under_way_stays() {
    let act = "commits a\nmkdir ../../seen-away; cd ../../seen-away; echo > ../pipe-here; read -r line < ../pipe-gate; done_\n";
    let vertical = Vertical::new(&[("01-schema", "", "", act)]);
    vertical.project.pipes(&["pipe-here", "pipe-gate"]);
    let live = vertical.start_run(&[]);
    vertical.project.hear("pipe-here");
    for force in [&["w-01"][..], &["--force", "w-01"]] {
        let ended = vertical.run_to(2, &[&["worktree", "remove"], force].concat());
        assert!(ended.err.contains("in use") || ended.err.contains("is under way"), "{ended}");
    }
    assert_eq!(state(&vertical, "w-01").0, "in_use");
    // Also when nobody but the weaver itself is left.
    live.kill();
    assert_eq!(state(&vertical, "w-01").0, "in_use");
    let ended = vertical.run_to(2, &["worktree", "remove", "--force", "w-01"]);
    assert!(ended.err.contains("in use") || ended.err.contains("is under way"), "{ended}");
    let live = vertical.start_run(&[]);
    vertical.project.say("pipe-gate");
    assert_eq!(live.end().code, Some(0));
}

#[test]
fn it_works_in_a_repository_without_a_plan() {
    let project = Project::empty();
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.args(words).current_dir(project.folder()).env("HOME", project.folder());
        assert!(git.status().unwrap().success(), "{words:?}");
    };
    let ended = project.run_to(1, &["worktree", "list"]);
    assert!(ended.err.contains("is in no git repository"), "{ended}");
    git(&["init", "-q", "-b", "trunk"]);
    assert_eq!(project.run_to(0, &["worktree", "list"]).out, "there are no work trees but the main one\n");
    git(&["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "begin"]);
    git(&["worktree", "add", "-q", "tree", "-b", "mine"]);
    assert_eq!(project.run_to(0, &["worktree", "list"]).out, "tree  mine  clean\n");
    project.write("tree/new", "x");
    project.run_to(2, &["worktree", "remove", "tree"]);
    project.run_to(0, &["worktree", "rescue", "tree"]);
    project.run_to(0, &["worktree", "remove", "tree", "--force"]);
    assert!(!project.exists("tree"));
    // A plan that can't be read is no reason to say nothing of the work trees.
    git(&["worktree", "add", "-q", "tree", "mine"]);
    project.write("PROMPT-ORCHESTRATOR.md", "# Nothing\n");
    let ended = project.run(&["worktree", "list"]);
    assert_eq!(ended.out, "tree  mine  clean\n", "{ended}");
}

#[test]
fn it_is_the_same_from_inside_a_work_tree() {
    let vertical = built();
    let from_there = |words: &[&str]| {
        let mut command = vertical.orch(words);
        command.current_dir(vertical.worktree("w-02"));
        Live::spawn(command).end()
    };
    let ended = from_there(&["worktree", "list"]);
    assert!(ended.out.contains(&format!(".worktrees/{PLAN}-w-01  feature/01-schema  clean")), "{ended}");
    let ended = from_there(&["worktree", "remove", &format!("{PLAN}-w-01")]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(!vertical.worktree("w-01").exists());
}
