//! The work trees of weavers: made ready, taken over, and never in anybody's way.

use std::fs;
use std::process::Command;

use crate::support::vertical::{DOES_IT, PLAN, Vertical};
use crate::support::{Project, patiently};

/// One weaver, whose work tree is made ready by this shell command.
fn set_up_by(hook: &str, act: &str) -> Vertical {
    let vertical = Vertical::new(&[("01-schema", "", "", act)]);
    hook_is(&vertical, hook);
    vertical
}

fn hook_is(vertical: &Vertical, hook: &str) {
    vertical.config(&format!("[worktrees]\nsetup = [\"sh\", \"-c\", {hook:?}]"));
}

/// The branch that is checked out in a work tree, and what `git status` says there.
fn stands(vertical: &Vertical, id: &str) -> (String, String) {
    let path = vertical.worktree(id).display().to_string();
    let branch = vertical.git(&["-C", &path, "branch", "--show-current"]);
    (branch, vertical.git(&["-C", &path, "status", "--porcelain"]))
}

#[test]
fn a_file_that_a_weaver_could_commit_is_not_copied() {
    let vertical = set_up_by("", "git add -A\ncommits w-01.txt\ndone_\n");
    vertical.project.write(".env", "SECRET=1\n");
    vertical.config("[worktrees]\ncopy = [\".env\"]");
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    assert!(ended.err.contains("can't copy .env into the work tree: git does not ignore it"), "{ended}");
    vertical.project.write(".git/info/exclude", ".env\n");
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert_eq!(
        vertical.git(&["ls-tree", "--name-only", "feature/01-schema"]),
        ".gitignore\nREADME.md\nw-01.txt"
    );
}

#[test]
fn a_work_tree_is_made_ready_once_before_its_worker() {
    let act = "test -e .env; cp .env made-ready ../../seen-there\ncommits \"$ORCH_TASK.${ORCH_ATTEMPT##*.}\"\ndone_\n";
    let vertical = set_up_by("", act);
    fs::create_dir(vertical.project.path("seen-there")).unwrap();
    vertical.project.write(".env", "SECRET=1\n");
    vertical.project.write("config/of mine.env", "OTHER=1\n");
    vertical.project.write(".git/info/exclude", "*.env\n.env\nmade-ready\n");
    vertical.config(
        "[worktrees]\ncopy = [\".env\", \"config/of mine.env\", \"is/not/there\"]\nsetup = [\"sh\", \"-c\", \"test -e .env; echo $ORCH_TASK $PWD >> made-ready\"]",
    );
    vertical.run_to(0, &["run", "--executor", "process"]);
    let worktree = vertical.worktree("w-01");
    assert_eq!(fs::read_to_string(worktree.join("config/of mine.env")).unwrap(), "OTHER=1\n");
    assert_eq!(vertical.project.read("seen-there/.env"), "SECRET=1\n");
    let made_ready = format!("w-01 {}\n", worktree.display());
    assert_eq!(vertical.project.read("seen-there/made-ready"), made_ready);
    vertical.run_to(0, &["retry", "w-01"]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert_eq!(vertical.project.read("seen-there/made-ready"), made_ready, "it was ready");
    assert_eq!(
        vertical.git(&["ls-tree", "--name-only", "feature/01-schema"]),
        ".gitignore\nREADME.md\nw-01.1\nw-01.2"
    );
}

#[test]
fn a_work_tree_that_cannot_be_made_ready_is_no_fault_of_its_worker() {
    let vertical =
        set_up_by("echo one; echo no luck today >&2; exit 3", "touch ../../seen\ncommits a\ndone_\n");
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    assert!(ended.err.contains("`sh` ended with exit code 3: no luck today"), "{ended}");
    assert!(ended.err.contains(&vertical.worktree("w-01").display().to_string()), "{ended}");
    assert!(ended.err.contains("its output is in "), "{ended}");
    assert!(!vertical.project.exists("seen"), "no worker was started");
    let path = ended.err.split("its output is in ").nth(1).unwrap().lines().next().unwrap();
    let path = path.split(']').next().unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "one\nno luck today\n");
    assert_eq!(vertical.statuses(), [("w-01".to_owned(), "waiting".to_owned())]);
    hook_is(&vertical, "exit 0");
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert!(vertical.project.exists("seen"));
}

#[test]
fn a_hook_that_cannot_be_started_is_named() {
    let vertical = set_up_by("", DOES_IT);
    vertical.config("[worktrees]\nsetup = [\"./make-ready\", \"now\"]");
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    assert!(ended.err.contains("make-ready"), "{ended}");
    vertical.config("");
    vertical.run_to(0, &["run", "--executor", "process"]);
}

#[test]
fn a_hook_whose_orch_was_killed_is_ended_and_run_again() {
    let hook = "echo begun >> ../../seen; if [ -e ../../seen-twice ]; then exit 0; fi; touch ../../seen-twice; exec 9> ../../pipe-alive; echo > ../../pipe-here; read -r line < ../../pipe-gate; echo done >> ../../seen";
    let vertical = set_up_by(hook, "echo worker >> ../../seen\ncommits a\ndone_\n");
    vertical.project.pipes(&["pipe-alive", "pipe-here", "pipe-gate"]);
    let live = vertical.start_run(&[]);
    let alive = vertical.project.path("pipe-alive");
    let alive = std::thread::spawn(move || drop(fs::read(alive).unwrap()));
    vertical.project.hear("pipe-here");
    live.kill();
    let ended = vertical.run_to(0, &["run", "--executor", "process"]);
    patiently("the end of the hook", move || alive.join().unwrap());
    assert_eq!(vertical.project.lines("seen"), ["begun", "begun", "worker"], "{ended}");
}

#[test]
fn nothing_of_orchs_gets_into_a_commit() {
    let act = "echo new > \"$ORCH_TASK.new\"; git add -A; git add -A -f . ; git commit -q -m all; done_\n";
    let vertical = Vertical::new(&[("01-schema", "", "", act), ("02-api", "feature/01-schema", "", act)]);
    vertical.git(&["add", "-f", ".claude"]);
    vertical.git(&["commit", "-q", "-m", "the plan"]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    let changed = vertical.git(&["diff", "--name-only", "trunk", "feature/02-api"]);
    assert_eq!(changed, "w-01.new\nw-02.new");
    assert_eq!(vertical.git(&["status", "--porcelain", "--", ".worktrees", ".orch", "README.md"]), "");
    let unknown = vertical.git(&["status", "--porcelain", "--untracked-files=all"]);
    assert!(!unknown.contains(".orch") && !unknown.contains(".worktrees"), "{unknown}");
}

#[test]
fn a_folder_of_work_trees_that_was_there_is_ignored_by_git_as_well() {
    let vertical = Vertical::new(&[("01-schema", "", "", DOES_IT)]);
    fs::create_dir(vertical.project.path(".worktrees")).unwrap();
    let before = vertical.git(&["status", "--porcelain", "--untracked-files=all"]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert_eq!(vertical.git(&["status", "--porcelain", "--untracked-files=all"]), before);
}

#[test]
fn work_trees_can_be_elsewhere() {
    let place = tempfile::tempdir().unwrap();
    let elsewhere = fs::canonicalize(place.path()).unwrap().join("with spaces é");
    let act = "commits a\nmkdir -p .claude/vertical/plans/plan-20260119-1430/run/weavers\ncat > .claude/vertical/plans/plan-20260119-1430/run/weavers/w-01.json <<END\n{\"spec\":\"01-schema.yaml\",\"status\":\"complete\",\"pr\":\"https://example.org/7\"}\nEND\n";
    let vertical = Vertical::new(&[("01-schema", "", "", act)]);
    let relative = format!("../{}/with spaces é", place.path().file_name().unwrap().to_str().unwrap());
    vertical.config(&format!("[worktrees]\nfolder = {relative:?}"));
    vertical.run_to(0, &["run", "--executor", "process"]);
    let listed = vertical.git(&["worktree", "list", "--porcelain"]);
    let path = elsewhere.join(format!("{PLAN}-w-01"));
    assert!(listed.contains(&format!("worktree {}\n", path.display())), "{listed}");
    assert!(!elsewhere.join(".gitignore").exists() && !vertical.project.exists(".worktrees"));
    assert_eq!(
        vertical.state()["weavers"]["w-01"]["pr"],
        "https://example.org/7",
        "as the weaver wrote it there"
    );
    assert_eq!(vertical.weaver("w-01")["pr"], "https://example.org/7");
    let listed = vertical.json(&["worktree", "list"]);
    assert_eq!(listed["worktrees"][0]["task"], "w-01", "{listed}");
    assert_eq!(listed["worktrees"][0]["path"], path.display().to_string());
    vertical.git(&["merge", "-q", "feature/01-schema"]);
    vertical.run_to(0, &["worktree", "remove"]);
    assert!(!path.exists());
}

#[test]
fn a_branch_that_a_person_has_checked_out_is_left_to_them() {
    let vertical = Vertical::new(&[("01-schema", "", "", DOES_IT), ("02-api", "", "", DOES_IT)]);
    vertical.git(&["switch", "-q", "-c", "feature/01-schema"]);
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    let root = vertical.project.folder().display().to_string();
    assert!(ended.err.contains("feature/01-schema is checked out in the main work tree"), "{ended}");
    assert!(ended.err.contains(&root) && ended.err.contains("switch to another branch there"), "{ended}");
    assert_eq!(vertical.git(&["branch", "--show-current"]), "feature/01-schema");
    vertical.git(&["switch", "-q", "trunk"]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert_eq!(stands(&vertical, "w-01"), ("feature/01-schema".to_owned(), String::new()));
}

#[test]
fn a_work_tree_that_was_deleted_by_hand_is_made_again() {
    let act = "test ! -e made-ready; commits \"$ORCH_TASK.${ORCH_ATTEMPT##*.}\"\ndone_\n";
    let vertical = set_up_by("echo $ORCH_TASK >> ../../seen", act);
    vertical.run_to(0, &["run", "--executor", "process"]);
    fs::remove_dir_all(vertical.worktree("w-01")).unwrap();
    let listed = vertical.json(&["worktree", "list"]);
    assert_eq!(listed["worktrees"][0]["state"], "missing", "{listed}");
    vertical.run_to(0, &["retry", "w-01"]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert_eq!(vertical.git(&["log", "--format=%s", "trunk..feature/01-schema"]), "feat: w-01\nfeat: w-01");
    assert_eq!(vertical.project.lines("seen"), ["w-01", "w-01"], "a new one is made ready");
}

#[test]
fn a_folder_in_the_place_of_a_work_tree_is_left_alone() {
    let vertical = Vertical::new(&[("01-schema", "", "", DOES_IT)]);
    let file = vertical.worktree("w-01").join("mine.txt");
    fs::create_dir_all(vertical.worktree("w-01")).unwrap();
    fs::write(&file, "mine").unwrap();
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    assert!(ended.err.contains("is there already and is no work tree of this repository"), "{ended}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(vertical.git(&["branch", "--list", "feature/*"]), "", "no branch is left behind");
    fs::remove_dir_all(vertical.worktree("w-01")).unwrap();
    vertical.run_to(0, &["run", "--executor", "process"]);
}

#[test]
fn a_work_tree_that_is_one_no_more_is_not_taken_for_the_main_one() {
    let vertical = Vertical::new(&[("01-schema", "", "", DOES_IT)]);
    vertical.run_to(0, &["run", "--executor", "process"]);
    // Now git finds the main work tree from there.
    fs::remove_file(vertical.worktree("w-01").join(".git")).unwrap();
    vertical.project.write("README.md", "changed by a person\n");
    let listed = vertical.json(&["worktree", "list"]);
    assert_eq!(listed["worktrees"][0]["state"], "broken", "{listed}");
    assert_eq!(listed["worktrees"][0]["task"], "w-01", "{listed}");
    for arguments in [
        &["worktree", "remove", "w-01"][..],
        &["worktree", "remove", "--force", "w-01"],
        &["worktree", "rescue", "w-01"],
    ] {
        let ended = vertical.run(arguments);
        assert_ne!(ended.code, Some(0), "{arguments:?}: {ended}");
        assert!(ended.err.contains("is no work tree of this repository"), "{ended}");
    }
    assert_eq!(
        vertical.run_to(4, &["worktree", "remove"]).out,
        "no work tree can be removed without a loss\n"
    );
    assert!(vertical.worktree("w-01").join("w-01.txt").exists());
    vertical.run_to(0, &["retry", "w-01"]);
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    assert!(ended.err.contains("is no work tree of this repository"), "{ended}");
}

#[test]
fn the_work_tree_of_a_killed_run_is_gone_on_with() {
    let act = "echo begun > half; git add half; if [ -e ../../seen ]; then cat half ../../seen; commits other; done_; exit 0; fi; touch ../../seen; echo > ../../pipe-here; read -r line < ../../pipe-gate\n";
    let vertical = Vertical::new(&[("01-schema", "", "", act)]);
    vertical.project.pipes(&["pipe-here", "pipe-gate"]);
    let live = vertical.start_run(&[]);
    vertical.project.hear("pipe-here");
    live.kill();
    let listed = vertical.json(&["worktree", "list"]);
    assert_eq!(listed["worktrees"][0]["state"], "in_use", "{listed}");
    for (process, _) in vertical.project.processes() {
        crate::support::signal("KILL", process);
    }
    let listed = vertical.json(&["worktree", "list"]);
    assert_eq!(listed["worktrees"][0]["task"], "w-01", "{listed}");
    vertical.run_to(0, &["run", "--executor", "process"]);
    assert_eq!(vertical.git(&["ls-tree", "--name-only", "feature/01-schema", "half"]), "half");
}

#[test]
fn a_repository_with_a_difficult_path_has_work_trees() {
    let project = Project::empty();
    let folder = project.path("a b/é ' \"q$(x)");
    fs::create_dir_all(&folder).unwrap();
    let sh = |words: &[&str]| {
        let mut git = Command::new("git");
        git.args(words).current_dir(&folder).env("HOME", project.folder());
        assert!(git.status().unwrap().success(), "{words:?}");
    };
    sh(&["init", "-q", "-b", "trunk"]);
    sh(&["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "begin"]);
    sh(&["worktree", "add", "-q", ".worktrees/näme one", "-b", "zweig/ä"]);
    let orch = |words: &[&str]| {
        let mut command = project.orch(words);
        command.current_dir(&folder);
        crate::support::Live::spawn(command).end()
    };
    let ended = orch(&["worktree", "list"]);
    assert_eq!(ended.out, ".worktrees/näme one  zweig/ä  clean\n", "{ended}");
    fs::write(folder.join(".worktrees/näme one/new file"), "x").unwrap();
    let ended = orch(&["worktree", "list"]);
    assert_eq!(ended.out, ".worktrees/näme one  zweig/ä  unsaved: 1 untracked (new file)\n", "{ended}");
    let ended = orch(&["worktree", "remove", "--force", "zweig/ä"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.out.contains("kept as refs/orch/rescue/"), "{ended}");
    assert!(!folder.join(".worktrees/näme one").exists());
}
