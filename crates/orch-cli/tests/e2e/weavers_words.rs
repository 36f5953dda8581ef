//! What weavers say of themselves, and what of it is believed.

use std::os::unix::fs::MetadataExt;

use crate::support::vertical::{DOES_IT, Vertical, folder};

const NOBODY_SAID: &str = "Session terminated without completion";

/// Runs a plan of one weaver that does this: the exit code of orch, the weaver's status and its error in the state file.
fn run_one(act: &str) -> (Vertical, Option<i32>, String, String) {
    let vertical = Vertical::new(&[("01-schema", "", "", act)]);
    let ended = vertical.start_run(&[]).end();
    let state = vertical.state();
    let word = |field: &str| state["weavers"]["w-01"][field].as_str().unwrap_or("-").to_owned();
    let (status, error) = (word("status"), word("error"));
    (vertical, ended.code, status, error)
}

#[test]
fn complete_without_a_commit_is_not_believed() {
    let vertical = Vertical::new(&[("01-schema", "", "", "done_\n")]);
    vertical.act("w-01.2", "cp \"$ORCH_PROMPT_FILE\" ../../seen\ncommits w-01.txt\ndone_\n");
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ended.told("task_ended", "outcome"), ["w-01: rejected", "w-01: succeeded"]);
    assert!(vertical.project.read("seen").contains("the branch feature/01-schema has no commit of its own"));
    let vertical = Vertical::new(&[("01-schema", "", "", "done_\n")]);
    vertical.config("[weavers]\niterations = 1\n");
    assert_eq!(vertical.start_run(&[]).end().code, Some(1));
    assert_eq!(
        vertical.state()["weavers"]["w-01"]["error"],
        "check 1 of 1 failed: [commit] on the branch; 1 iteration without success"
    );
}

#[test]
fn the_work_counts_and_not_the_exit() {
    let (_, code, status, error) = run_one(&format!("{DOES_IT}exit 3\n"));
    assert_eq!((code, &*status, &*error), (Some(0), "complete", "-"));
}

#[test]
fn who_says_that_it_failed_has_failed_with_its_reason() {
    for (said, error) in [
        (
            "\"status\":\"failed\",\"error\":\"Git conflict on branch feature/01-schema\"",
            "Git conflict on branch feature/01-schema",
        ),
        ("\"status\":\"blocked\",\"error\":\"BLOCKED: no schema\"", "BLOCKED: no schema"),
        ("\"status\":\"FAILED\"", "it says that it failed, and not why"),
    ] {
        let (vertical, code, status, found) = run_one(&format!("commits w-01.txt\nsays '{said}'\n"));
        assert_eq!((code, &*status, &*found), (Some(1), "failed", error));
        let weaver = vertical.weaver("w-01");
        assert_eq!((&weaver["status"], &weaver["error"]), (&"failed".into(), &error.into()), "{weaver}");
        assert_eq!(vertical.state()["status"], "failed");
    }
}

#[test]
fn who_ends_without_a_last_word_has_crashed() {
    for (act, more) in [
        ("true\n", " (it was building)"),
        ("says '\"status\":\"verifying\",\"iteration\":1'\nexit 1\n", " (it was verifying)"),
        ("says '\"status\":\"thinking\"'\n", " (its status `thinking` means nothing)"),
        (
            "printf '{\"status\": \"com' > \"$ORCH_RESULT\"\n",
            " (its status file can't be used: ends in the middle (line 1))",
        ),
    ] {
        let (vertical, code, status, error) = run_one(act);
        assert_eq!((code, &*status), (Some(1), "crashed"), "{act}");
        assert_eq!(error, format!("{NOBODY_SAID}{more}"), "{act}");
        let weaver = vertical.weaver("w-01");
        assert_eq!(weaver["status"], "crashed", "{act}: {weaver}");
        let summary = std::fs::read_to_string(vertical.path("run/summary.md")).unwrap();
        assert!(summary.contains("crashed") && summary.contains(NOBODY_SAID), "{act}: {summary}");
    }
}

#[test]
fn what_is_said_on_the_way_is_shown() {
    let words = ["verifying", "fixing", "building"];
    let mut act = String::new();
    for (word, n) in words.iter().zip(2..) {
        act += &format!("says '\"status\":\"{word}\",\"iteration\":{n}'\nread -r line < ../../pipe-{n}\n");
    }
    let vertical = Vertical::new(&[("01-schema", "", "", &format!("{act}{DOES_IT}"))]);
    vertical.project.pipes(&["pipe-2", "pipe-3", "pipe-4"]);
    let mut live = vertical.start_run(&[]);
    for (word, n) in words.iter().zip(2..) {
        let wanted = format!("{word} (iteration {n} of 5)");
        while live.wait_for("progress", "w-01")["detail"] != *wanted {}
        assert_eq!(
            vertical.state()["weavers"]["w-01"]["status"],
            "running",
            "orch's own word while it works"
        );
        vertical.project.say(&format!("pipe-{n}"));
    }
    assert_eq!(live.end().code, Some(0));
}

#[test]
fn a_status_file_in_the_work_tree_itself_is_heard() {
    let file = format!("{}/run/weavers/w-01.json", folder(crate::support::vertical::PLAN));
    let act = |status: &str| {
        format!("mkdir -p \"$(dirname {file})\"\ncommits w-01.txt\nprintf '{status}' > {file}\n")
    };
    let (vertical, code, status, _) = run_one(&act("{\"status\":\"complete\",\"pr\":\"#42\"}"));
    assert_eq!((code, &*status), (Some(0), "complete"));
    assert_eq!(vertical.weaver("w-01")["pr"], "#42");
    let (_, code, status, error) = run_one(&act("{\"status\":\"failed\",\"error\":\"no\"}"));
    assert_eq!((code, &*status, &*error), (Some(1), "failed", "no"));
}

#[test]
fn who_has_said_its_last_word_and_stays_is_ended() {
    for (said, code, status) in
        [("done_", 0, "complete"), ("says '\"status\":\"failed\",\"error\":\"no\"'", 1, "failed")]
    {
        let vertical = Vertical::new(&[(
            "01-schema",
            "",
            "",
            &format!("commits w-01.txt\n{said}\nread -r line < ../../pipe\n"),
        )]);
        // Nobody writes into it.
        vertical.project.pipes(&["pipe"]);
        vertical
            .project
            .config(&vertical.project.read("orch.toml").replace("[run]\n", "[run]\nlinger = \"50ms\"\n"));
        let ended = vertical.start_run(&[]).end();
        assert_eq!(ended.code, Some(code), "{ended}");
        assert_eq!(vertical.state()["weavers"]["w-01"]["status"], status);
        assert_eq!(vertical.project.processes(), []);
    }
}

#[test]
fn nobody_else_can_read_what_a_weaver_is_told() {
    let act = format!(
        "stat -c %a \"$ORCH_PROMPT_FILE\" > ../../seen\necho \"$ORCH_PROMPT_FILE\" >> ../../seen\n{DOES_IT}"
    );
    let vertical = Vertical::new(&[("01-schema", "", "", &act)]);
    assert_eq!(vertical.start_run(&[]).end().code, Some(0));
    let seen = vertical.project.lines("seen");
    assert_eq!(seen[0], "600");
    assert!(seen[1].starts_with(&*vertical.project.folder().to_string_lossy()), "{seen:?}");
    let folder = std::path::Path::new(&seen[1]).parent().unwrap().metadata().unwrap();
    assert_eq!(folder.mode() & 0o077, 0, "{:o}", folder.mode());
}
