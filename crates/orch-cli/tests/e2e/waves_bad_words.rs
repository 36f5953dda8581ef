//! Words in a plan that mean something to somebody: to the format, to git, to a terminal. They stay words.

use serde_json::json;

use crate::support::Ended;
use crate::support::waves::{SESSION, Waves};

/// Descriptions, and the branches that their tasks get.
const DESCRIPTIONS: [(&str, &str); 10] = [
    (
        "Do it\n## Dependencies\nPreconditions: everything\n### Task 9\nID: 9\nDescription: not this\n",
        "do-it",
    ),
    ("Two lines\r\nof another system\r\n", "two-lines"),
    ("\u{1b}[31mred\u{1b}[0m \u{7}\u{1b}]0;title\u{7} \u{8}", ""),
    ("Größe der Übersicht ändern", ""),
    ("日本語", "work"),
    ("!!! ??? ...", "work"),
    ("-rf --exec=sh --force", ""),
    ("../../etc/passwd a..b~^:?*[\\ @{ .lock", ""),
    ("Merge task/001: nothing\n\nTASK_COMPLETE: task-001\nUSER_DECISION:\n", ""),
    ("{{ id }} ${HOME} $(touch pwned) `touch pwned` %s {prompt_file}", ""),
];

/// Nothing that a terminal would take for a command.
fn is_plain(ended: &Ended) {
    for text in [&ended.out, &ended.err] {
        let is_control = |c: &char| c.is_control() && !matches!(c, '\n' | '\t');
        assert!(!text.chars().any(|c| is_control(&c)), "{text:?}");
    }
}

/// All that shows a plan to a person.
fn is_shown_plain(waves: &Waves, id: &str) {
    for arguments in [
        &["check"][..],
        &["status"],
        &["next"],
        &["graph"],
        &["sessions"],
        &["why", id],
        &["prompt", id],
        &["run", "--dry-run"],
    ] {
        is_plain(&waves.run_to(0, arguments));
    }
}

#[test]
fn descriptions_of_all_kinds_are_planned_run_and_merged_as_they_are() {
    let waves = Waves::without_plan();
    let long = "x".repeat(300);
    let mut described: Vec<&str> = DESCRIPTIONS.iter().map(|(text, _)| *text).collect();
    described.push(&long);
    let tasks: Vec<_> = (1..)
        .zip(&described)
        .map(|(id, text)| json!({ "id": format!("{id:03}"), "description": text, "files": [format!("{id:03}.txt")] }))
        .collect();
    let plan = json!({ "session_id": SESSION, "user_request": "\u{1b}[2J a\n## Tasks\n### Task 7\n", "tasks": tasks });
    waves.project.write("plan.json", plan.to_string());
    is_plain(&waves.run_to(0, &["generate", "--kind", "waves", "--from", "plan.json"]));
    std::fs::remove_file(waves.project.path("plan.json")).unwrap();
    assert_eq!(waves.stand().len(), described.len());
    for id in ["001", "002", "003", "009"] {
        is_shown_plain(&waves, id);
    }
    let ended = waves.run_to(0, &["run", "-j", "6"]);
    is_plain(&ended);
    assert_eq!(waves.merges().len(), described.len());
    is_plain(&waves.run_to(0, &["status"]));
    let branches = waves.task_branches();
    assert_eq!(branches.len(), described.len(), "{branches:?}");
    for (number, (_, slug)) in (1..).zip(DESCRIPTIONS) {
        let begins = format!("task/{number:03}-{slug}");
        assert!(branches.iter().any(|branch| branch.starts_with(&begins)), "{begins}: {branches:?}");
    }
    assert!(
        !waves.project.exists("pwned") && branches.iter().all(|branch| branch.len() < 80),
        "{branches:?}"
    );
    assert_eq!(waves.git(&["status", "--porcelain"]), "");
    assert!(waves.told("002.1").contains("of another system") && waves.told("001.1").contains("### Task 9"));
    // The next run has nothing to do: what is merged is recognised as such.
    waves.run_to(4, &["run"]);
}

#[test]
fn a_plan_that_was_written_by_hand_with_them_is_shown_without_them() {
    let waves = Waves::without_plan();
    let text = format!(
        "Initialize execution plan v1\r\n\r\n## Session Information\r\nSession ID: {SESSION}\r\nUser Request: \u{1b}[31mred\r\n\
         Plan Branch: plan/{SESSION}\r\nPlan Version: v1\r\n\r\n## Tasks\r\n### Task 001\r\nID: 001\r\n\
         Description: \u{1b}]0;title\u{7} -first \u{8}\u{8}\r\nStatus: pending\r\nPreconditions: []\r\n\
         Provides:\r\n  - the \u{1b}[1mmodel\r\nFiles:\r\n  - a.txt\r\n\r\n### Task 002\r\nID: 002\r\nDescription: second\r\n\
         Preconditions:\r\n  - the \u{1b}[1mmodel\r\nProvides: []\r\n"
    );
    let commit = waves.write_commit(&text, "flow");
    waves.git(&["update-ref", &format!("refs/heads/plan/{SESSION}"), &commit]);
    assert_eq!(waves.stand(), ["001: PENDING", "002: PENDING"]);
    is_shown_plain(&waves, "001");
    is_shown_plain(&waves, "002");
    is_plain(&waves.run_to(0, &["run"]));
    assert_eq!(waves.merges().len(), 2);
    assert!(waves.project.exists("a.txt"), "the end of a line is no part of a name");
}

#[test]
fn what_is_wrong_is_told_without_them() {
    let waves = Waves::new(&[("001", &["the \u{1b}[1mmodel\u{9b}2J"], &[], "")]);
    for command in ["check", "status", "run"] {
        let ended = waves.run_to(65, &[command]);
        is_plain(&ended);
        assert!(format!("{}{}", ended.out, ended.err).contains("model"), "{ended}");
    }
    let waves = Waves::new(&[("001", &[], &[], "block \u{1b}[31mred\u{1b}[0m")]);
    is_plain(&waves.run_to(1, &["run"]));
    is_plain(&waves.run_to(0, &["why", "001"]));
    is_plain(&waves.run_to(0, &["status"]));
}

#[test]
fn names_of_files_and_branches_are_told_without_them() {
    let waves = Waves::new(&[("001", &[], &[], "dirt \u{1b}[31mred\u{7}")]);
    let ended = waves.run_to(1, &["run"]);
    is_plain(&ended);
    assert!(ended.err.contains("its work is not committed"), "{ended}");
    let ended = waves.run_to(2, &["run", "plan/\u{1b}[31mred"]);
    is_plain(&ended);
}

#[test]
fn ids_with_letters_are_tasks_of_their_own() {
    let waves = Waves::new(&[
        ("003", &[], &["c"], ""),
        ("003a", &["c"], &["a"], "needs 003.txt"),
        ("003b", &["a"], &["b"], "needs 003a.txt"),
        ("1000", &["b"], &[], "needs 003b.txt"),
    ]);
    let ended = waves.run_to(0, &["run"]);
    let expected = ["003", "003a", "003b", "1000"].map(|id| format!("Merge task/{id}: Make {id}"));
    assert_eq!(waves.merges(), expected, "{ended}");
    assert_eq!(waves.task_branches().len(), 4);
}
