//! The tools of `git` where they can do nothing, and a git that can do nothing: each time it is said why.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::mcp::Server;
use crate::support::Live;
use crate::support::waves::{SESSION, Waves};

/// Where the tools are served from, and what each of them says there.
fn refused(waves: &Waves, folder: &str, error: &str, hint: &str) {
    let mut server = Server::start(waves.project.orch(&["-C", folder, "mcp", "--tools", "git"]));
    let plan =
        json!({ "session_id": SESSION, "user_request": "x", "tasks": [{ "id": "001", "description": "x" }] });
    let task = json!({
        "task_id": "001", "branch_slug": "x", "description": "x", "preconditions": [], "provides": [], "files": [],
        "session_goal": "x", "session_id": SESSION, "plan_branch": format!("plan/{SESSION}"), "plan_version": "v1"
    });
    for (tool, arguments) in
        [("create_plan_branch", plan), ("create_task_branch", task), ("get_provides", json!({}))]
    {
        let text = server.call(tool, arguments).unwrap_err();
        let said: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(said["error"].as_str().unwrap().contains(error), "{tool}: {text}");
        assert!(said.to_string().contains(hint), "{tool}: {text}");
    }
    assert_eq!(server.end().code, Some(0));
}

#[test]
fn tools_say_what_is_missing_in_the_repository() {
    let waves = Waves::without_plan();
    let aside = |name: &str| waves.project.folder().with_file_name(name).display().to_string();
    let none = aside("none");
    fs::create_dir(&none).unwrap();
    refused(&waves, &none, "Not a git repository", "git init");

    let unborn = aside("unborn");
    waves.git(&["init", "-q", "-b", "main", &unborn]);
    refused(&waves, &unborn, "the repository has no commits yet", "git branch flow");

    let before = waves.references();
    waves.git(&["switch", "-q", "main"]);
    waves.git(&["branch", "-q", "-m", "flow", "flown"]);
    let folder = waves.project.folder().display().to_string();
    refused(&waves, &folder, "there is no branch flow", "git branch flow main");
    waves.git(&["branch", "-q", "-m", "flown", "flow"]);
    assert_eq!(waves.references(), before);
}

#[test]
fn tools_give_no_work_tree_in_a_bare_repository_nor_in_the_place_of_anything() {
    let waves = Waves::new(&[("001", &[], &["a"], "")]);
    waves.git(&["branch", "-q", "task/001-x", "flow"]);
    let bare = waves.project.folder().with_file_name("bare.git").display().to_string();
    waves.git(&["clone", "-q", "--bare", ".", &bare]);
    let arguments = json!({ "worker_id": "1", "task_branch": "task/001-x" });
    let mut server = Server::start(waves.project.orch(&["-C", &bare, "mcp", "--tools", "git"]));
    let text = server.call("create_worktree", arguments.clone()).unwrap_err();
    assert!(text.contains("the repository is bare") && text.contains("clone it"), "{text}");
    server.end();

    waves.project.write("mine.txt", "mine");
    waves.git(&["add", "mine.txt"]);
    waves.project.write(".worktrees/worker-1/mine.txt", "mine");
    let before = (waves.references(), waves.git(&["status", "--porcelain", "mine.txt"]));
    let mut server = Server::start(waves.project.orch(&["mcp", "--tools", "git"]));
    for tool in ["create_worktree", "remove_worktree"] {
        let arguments =
            if tool == "create_worktree" { arguments.clone() } else { json!({ "worker_id": "1" }) };
        let text = server.call(tool, arguments).unwrap_err();
        assert!(text.contains(".worktrees/worker-1") && text.contains("move it away"), "{text}");
    }
    server.end();
    assert_eq!(waves.project.read(".worktrees/worker-1/mine.txt"), "mine");
    assert_eq!((waves.references(), waves.git(&["status", "--porcelain", "mine.txt"])), before);
}

/// orch with a git that does this in place of the subcommand `what`.
fn with_git(waves: &Waves, what: &str, does: &str, arguments: &[&str]) -> Command {
    let folder = waves.project.folder().with_file_name("bin");
    fs::create_dir_all(&folder).unwrap();
    let git = folder.join("git");
    let script =
        format!("#!/bin/sh\ncase \"$*\" in *'{what}'*) {does};; esac\nPATH=${{PATH#*:}}\nexec git \"$@\"\n");
    fs::write(&git, script).unwrap();
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = waves.project.orch(arguments);
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()));
    command
}

#[test]
fn a_git_that_asks_for_a_password_is_told_that_nobody_answers() {
    let waves = Waves::new(&[("001", &[], &["a"], "")]);
    let asks = "printf 'protocol=https\\nhost=example.org\\n\\n' | /usr/bin/git credential fill || exit 128";
    let ended = Live::spawn(with_git(&waves, "worktree add", asks, &["run"])).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.err.contains("could not read Username") && ended.err.contains("worktree add"), "{ended}");
    assert_eq!((waves.ran(), waves.stand()), (Vec::new(), vec!["001: PENDING".to_owned()]));
    waves.run_to(0, &["run"]);
}

#[test]
fn a_git_that_fails_while_it_merges_leaves_the_task_to_be_merged() {
    let waves = Waves::new(&[("001", &[], &["a"], "")]);
    waves.git(&["switch", "-q", "main"]);
    waves.project.write("mine.txt", "mine");
    let before = (waves.kept(), waves.git(&["rev-parse", "flow"]));
    let fails = "echo 'fatal: the disk is full' >&2; exit 128";
    let ended = Live::spawn(with_git(&waves, "Merge task/001", fails, &["run"])).end();
    assert_eq!((waves.kept(), waves.git(&["rev-parse", "flow"])), before, "{ended}");
    assert!(ended.err.contains("the disk is full"), "{ended}");
    assert_eq!((ended.code, waves.stand()), (Some(3), vec!["001: INCOMPLETE".to_owned()]), "{ended}");
    waves.run_to(0, &["retry", "001"]);
    waves.run_to(0, &["run"]);
    assert_eq!((waves.ran(), waves.merges().len()), (vec!["001.1".to_owned()], 1), "it is only merged");
}

#[test]
fn without_git_it_is_said_that_it_is_missing() {
    let waves = Waves::new(&[("001", &[], &["a"], "")]);
    let before = waves.references();
    for command in ["check", "run"] {
        let mut command = waves.project.orch(&[command, SESSION]);
        command.env("PATH", "/nowhere");
        let ended = Live::spawn(command).end();
        assert_eq!(ended.code, Some(1), "{ended}");
        assert!(ended.err.contains("`git` is not installed\nhint: "), "{ended}");
    }
    assert_eq!(waves.references(), before);
}
