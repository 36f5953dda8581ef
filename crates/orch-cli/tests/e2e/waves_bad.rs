//! Repositories that plans of waves may be in and should not, or that are reached in another way: each time orch says what is
//! wrong and where, or copes with it, and nothing of the user's is moved.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::waves::{SESSION, Waves};
use crate::support::{Live, Project, tree};

/// One task.
const ONE: &[(&str, &[&str], &[&str], &str)] = &[("001", &[], &["a"], "")];

/// The commands that need a plan.
const NEEDING: [&str; 5] = ["check", "status", "next", "run", "graph"];

fn plan() -> String {
    format!("plan/{SESSION}")
}

/// The error and the hint are what all of it ends with, and each has these words.
fn says(err: &str, error: &str, hint: &str) {
    let mut lines = err.lines().rev();
    let (last, before) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    assert!(last.starts_with("hint: ") && last.contains(hint), "no hint `{hint}`: {err}");
    assert!(before.starts_with("orch: ") && before.contains(error), "no error `{error}`: {err}");
}

#[test]
fn outside_of_a_repository_it_is_said_which_folder_lies_in_none() {
    let project = Project::empty();
    let folder = project.folder().display().to_string();
    let before = project.tree();
    for command in NEEDING {
        for which in [&["--kind", "waves"][..], &[&*plan()]] {
            let ended = project.run_to(1, &[&[command], which].concat());
            says(&ended.err, &format!("{folder} lies in no git repository"), "`git init`");
            assert_eq!(ended.out, "");
        }
    }
    for arguments in [&["sessions"][..], &["generate", "--kind", "waves", "--yes", "x"]] {
        let ended = project.run_to(1, arguments);
        says(&ended.err, &format!("{folder} lies in no git repository"), "`git init`");
    }
    assert_eq!(project.tree(), before, "whoever only asks leaves nothing behind");
}

#[test]
fn without_the_branch_flow_it_is_said_how_to_make_it() {
    let waves = Waves::new(ONE);
    waves.git(&["switch", "-q", "main"]);
    waves.git(&["branch", "-q", "-D", "flow"]);
    let before = (waves.references(), waves.kept());
    for command in NEEDING {
        for which in [&[][..], &[&*plan()]] {
            let ended = waves.run_to(1, &[&[command], which].concat());
            says(&ended.err, "there is no branch flow", "make it: `git branch flow main`");
        }
    }
    waves.project.write("plan.yaml", "user_request: x\ntasks:\n  - id: 001\n    description: x\n");
    let ended = waves.run_to(1, &["generate", "--kind", "waves", "--from", "plan.yaml"]);
    says(&ended.err, "there is no branch flow", "make it: `git branch flow main`");
    fs::remove_file(waves.project.path("plan.yaml")).unwrap();
    assert_eq!((waves.references(), waves.kept()), before);

    // What the hint says helps.
    waves.git(&["branch", "-q", "flow", "main"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.stand(), ["001: SUCCESS"]);
}

#[test]
fn without_any_commit_there_is_no_plan_and_none_can_be_made() {
    let project = Project::empty();
    let made = Command::new("git").args(["init", "-q", "-b", "main"]).current_dir(project.folder()).status();
    assert!(made.unwrap().success());
    project.write("mine.txt", "mine");
    let before = project.tree();
    for command in NEEDING {
        let ended = project.run_to(2, &[command, "--kind", "waves"]);
        says(&ended.err, "there is no plan in ", "`orch generate --kind waves");
        let ended = project.run_to(2, &[command, &plan()]);
        says(&ended.err, &format!("there is no branch {}", plan()), "`orch sessions` lists the plans");
    }
    let ended = project.run_to(1, &["generate", "--kind", "waves", "--yes", "x"]);
    says(&ended.err, "the repository has no commits yet", "commit something first");
    assert_eq!(project.tree(), before);
}

#[test]
fn an_unborn_branch_that_is_checked_out_is_nobodys_business() {
    let waves = Waves::new(ONE);
    waves.git(&["switch", "-q", "--orphan", "fresh"]);
    waves.project.write("mine.txt", "mine");
    let before = waves.kept();
    waves.run_to(0, &["check"]);
    waves.run_to(0, &["run"]);
    assert_eq!(waves.kept(), before);
    assert_eq!((waves.merges().len(), waves.project.exists("001.txt")), (1, false));
}

#[test]
fn a_bare_repository_is_told_as_what_it_is() {
    let waves = Waves::new(ONE);
    let bare = waves.project.folder().with_file_name("bare.git");
    let shown = bare.display().to_string();
    waves.git(&["clone", "-q", "--bare", ".", &shown]);
    let before = tree(&bare);
    let linked = waves.project.folder().with_file_name("linked");
    let said = |arguments: &[&str]| {
        let ended = Live::spawn(waves.project.orch(arguments)).end();
        assert_eq!(ended.code, Some(1), "{arguments:?}: {ended}");
        says(&ended.err, &format!("{shown} is a bare repository"), "clone it, and work in the clone");
    };
    for command in NEEDING {
        said(&["-C", &shown, command, &plan()]);
        said(&["-C", &shown, command, "--kind", "waves"]);
    }
    said(&["-C", &shown, "sessions"]);
    said(&["-C", &shown, "generate", "--kind", "waves", "--yes", "x"]);
    assert_eq!(tree(&bare), before);
    // Also from one of its work trees.
    let linked = linked.display().to_string();
    waves.git(&["-C", &shown, "worktree", "add", "-q", &linked, "main"]);
    said(&["-C", &linked, "run", &plan()]);
}

#[test]
fn a_repository_is_found_from_a_subfolder_a_linked_work_tree_and_through_a_link() {
    for place in ["folder", "linked", "link", "link/folder"] {
        let waves = Waves::without_plan();
        waves.project.write("folder/readme", "read");
        waves.git(&["add", "."]);
        waves.git(&["commit", "-q", "-m", "a folder"]);
        waves.plan(SESSION, ONE);
        let aside = |name: &str| waves.project.folder().with_file_name(name);
        waves.git(&["worktree", "add", "-q", aside("linked").to_str().unwrap(), "main"]);
        symlink(waves.project.folder(), aside("link")).unwrap();
        let from = if place == "folder" { waves.project.path(place) } else { aside(place) };
        let from = from.to_str().unwrap();
        let before = (waves.git(&["-C", from, "status", "--porcelain", "--branch"]), waves.kept());
        let run = |code: i32, arguments: &[&str]| {
            let ended = Live::spawn(waves.project.orch(&[&["-C", from], arguments].concat())).end();
            assert_eq!(ended.code, Some(code), "{place}: {ended}");
            ended
        };
        run(0, &["check"]);
        run(0, &["run"]);
        assert_eq!(waves.stand(), ["001: SUCCESS"], "{place}: there is one history");
        assert_eq!(run(4, &["run", SESSION]).out, "nothing to do: every task is done\n");
        assert!(waves.project.exists("001.txt") && waves.project.exists(".orch"), "{place}");
        assert!(!aside("linked").join(".orch").exists() && !waves.project.exists("folder/.orch"), "{place}");
        assert_eq!((waves.git(&["-C", from, "status", "--porcelain", "--branch"]), waves.kept()), before);
    }
}

#[test]
fn a_repository_that_lies_elsewhere_is_run_in_its_work_tree() {
    let waves = Waves::new(ONE);
    let aside = |name: &str| waves.project.folder().with_file_name(name).display().to_string();
    // Git moves its own folder away, and has it for the main work tree from then on.
    waves.git(&["init", "-q", "--separate-git-dir", &aside("git")]);
    let before = waves.kept();
    waves.run_to(0, &["check"]);
    let ended = waves.run_to(0, &["run"]);
    assert_eq!((waves.kept(), waves.merges().len()), (before, 1), "{ended}");
    assert!(waves.told("001.1").contains("/shop/.worktrees/worker-1"), "{}", waves.told("001.1"));
    assert!(!Path::new(&aside("git/.orch")).exists() && waves.project.exists(".orch"));
    // From another work tree nobody can tell where the main one is.
    waves.git(&["worktree", "add", "-q", &aside("linked"), "main"]);
    let ended = waves.run_to(1, &["-C", &aside("linked"), "run", SESSION]);
    says(&ended.err, "git does not know where the main work tree of ", "go into the main work tree");
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let waves = Waves::new(ONE);
    let above = waves.project.folder().with_file_name("above").display().to_string();
    waves.git(&["init", "-q", "-b", "main", &above]);
    waves.git(&[
        "-C",
        &above,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "../shop",
        "part",
    ]);
    let part = format!("{above}/part");
    waves.git(&["-C", &part, "fetch", "-q", "origin", "refs/heads/*:refs/heads/*", "--update-head-ok"]);
    fs::copy(waves.project.path("orch.toml"), format!("{part}/orch.toml")).unwrap();
    for (who, name) in [("user.name", "A Person"), ("user.email", "person@example.org")] {
        waves.git(&["-C", &part, "config", who, name]);
    }
    let before = (waves.references(), waves.git(&["-C", &above, "diff", "--cached"]));
    let ended = waves.run_to(0, &["-C", &part, "run"]);
    assert!(Path::new(&part).join("001.txt").exists() && Path::new(&part).join(".orch").exists(), "{ended}");
    assert_eq!((waves.references(), waves.git(&["-C", &above, "diff", "--cached"])), before);
}

#[test]
fn flow_may_be_checked_out_in_any_work_tree_or_in_none() {
    let waves = Waves::new(&[("001", &[], &["a"], ""), ("002", &["a"], &["b"], "needs 001.txt")]);
    let other = waves.project.folder().with_file_name("flow").display().to_string();
    waves.git(&["switch", "-q", "main"]);
    waves.git(&["worktree", "add", "-q", &other, "flow"]);
    waves.project.write("mine.txt", "mine");
    let before = waves.kept();
    waves.run_to(0, &["run"]);
    assert_eq!(waves.kept(), before, "nothing is merged in the main work tree");
    assert_eq!(waves.git(&["-C", &other, "status", "--porcelain", "--branch"]), "## flow");
    assert_eq!(fs::read_to_string(format!("{other}/002.txt")).unwrap(), "002 1\n");
    assert_eq!(waves.merges().len(), 2);
}

#[test]
fn a_plan_is_named_by_its_branch_its_session_or_not_at_all() {
    let waves = Waves::without_plan();
    let ended = waves.run_to(2, &["run"]);
    says(&ended.err, "there is no plan in ", "");
    for name in [plan(), SESSION.to_owned()] {
        let ended = waves.run_to(2, &["run", &name]);
        says(&ended.err, &format!("there is no branch {}", plan()), "`orch sessions` lists the plans");
    }
    let ended = waves.run_to(2, &["run", "plan/session 1"]);
    says(&ended.err, "plan/session 1", "`orch sessions` lists the plans");

    const LATER: &str = "session-20250113-090000";
    const LATEST: &str = "session-20250114-090000";
    for session in [SESSION, LATER, LATEST] {
        waves.plan(session, ONE);
    }
    let before = waves.references();
    for command in NEEDING {
        let ended = waves.run_to(2, &[command]);
        let listed = format!("plan/{SESSION}, plan/{LATER}, plan/{LATEST}");
        says(&ended.err, "there are 3 plans in ", &format!("name one of {listed}"));
    }
    assert_eq!(waves.references(), before);
    assert_eq!(waves.ran(), [""; 0]);
    waves.run_to(0, &["run", SESSION]);
    waves.run_to(0, &["run", &format!("plan/{LATEST}")]);
    // One is left: that one is meant.
    let ended = waves.run_to(0, &["run"]);
    assert!(ended.out.contains(&format!("Session: {LATER}\n")), "{ended}");
    assert_eq!(waves.merges().len(), 3);
}

#[test]
fn beside_a_plan_of_another_kind_only_unfinished_ones_count_and_only_at_the_top() {
    let waves = Waves::new(ONE);
    waves.project.plan("", &[("PROMPT-01", "none", "touch done")], "");
    let ended = waves.run_to(2, &["check"]);
    says(&ended.err, "there are 2 plans in ", "PROMPT-ORCHESTRATOR.md");
    says(&ended.err, "there are 2 plans in ", &plan());
    waves.project.write("folder/PROMPT-ORCHESTRATOR.md", waves.project.read("PROMPT-ORCHESTRATOR.md"));
    waves.project.write("folder/PROMPT-01.md", waves.project.read("PROMPT-01.md"));
    let folder = waves.project.path("folder").display().to_string();
    waves.run_to(0, &["-C", &folder, "check"]);
    waves.run_to(0, &["run", "--kind", "waves"]);
    assert_eq!(waves.merges().len(), 1);
    let ended = waves.run_to(0, &["check"]);
    assert!(ended.out.contains("1 "), "{ended}");
    assert_eq!(waves.json(&["status"])["plan"]["kind"], "prompts");
}
