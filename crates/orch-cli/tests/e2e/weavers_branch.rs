//! Claims of weavers whose work is not on their branch.

use crate::support::vertical::Vertical;

/// A spec that claims `src/**`.
const FILES: &str = "building_spec:\n  files: [\"src/**\"]\n";

#[test]
fn work_that_is_not_committed_goes_back_but_for_tests() {
    let vertical = Vertical::new(&[(
        "01-schema",
        "",
        FILES,
        "commits note.txt\nmkdir -p src\necho 1 >src/a.rs\necho 1 >src/a.test.ts\ndone_\n",
    )]);
    vertical.act("w-01.2", "commits src/a.rs\ndone_\n");
    let ended = vertical.run_to(0, &["run"]);
    assert!(ended.err.contains("[commit] all of the work"), "{ended}");
    assert_eq!(vertical.weaver("w-01")["iteration"], 2);
    assert_eq!(vertical.git(&["show", "--format=", "--name-only", "feature/01-schema"]), "src/a.rs");
}

#[test]
fn a_weaver_that_left_its_branch_is_brought_back() {
    let vertical = Vertical::new(&[
        ("01-schema", "", "", "commits a.txt\ngit switch -q -c elsewhere\ncommits b.txt\ndone_\n"),
        ("02-docs", "", "", "commits c.txt\ndone_\n"),
    ]);
    vertical.act(
        "w-01.2",
        "[ \"$(git branch --show-current)\" = feature/01-schema ]\ngit merge -q elsewhere\ndone_\n",
    );
    let ended = vertical.run_to(0, &["run"]);
    assert!(ended.err.contains("[commit] all of the work"), "{ended}");
    let files = vertical.git(&["ls-tree", "--name-only", "feature/01-schema"]);
    assert!(files.contains("b.txt"), "{files}");
}

#[test]
fn an_absent_base_is_said_before_it_is_waited_for() {
    let vertical = Vertical::new(&[("01-schema", "trnk", "", "commits a.txt\ndone_\n")]);
    let checked = vertical.run_to(0, &["check"]);
    assert!(checked.out.contains("spec.base") || checked.err.contains("spec.base"), "{checked}");
}

#[test]
fn what_is_asked_for_again_has_not_failed_in_its_own_file() {
    let vertical = Vertical::new(&[("01-schema", "", "", "exit 0\n")]);
    vertical.run_to(1, &["run"]);
    assert_eq!(vertical.weaver("w-01")["status"], "crashed");
    vertical.run_to(0, &["retry", "w-01"]);
    let weaver = vertical.weaver("w-01");
    assert_eq!((&weaver["status"], &weaver["error"]), (&"waiting".into(), &serde_json::Value::Null));
    assert!(weaver.get("completed_at").is_none(), "{weaver}");
    assert_ne!(vertical.state()["status"], "running");
}

#[test]
fn a_claim_is_not_believed_because_its_worker_was_stopped() {
    let vertical = Vertical::new(&[(
        "01-schema",
        "",
        "verification_spec:\n  - type: file-exists\n    path: never.txt\n",
        "commits a.txt\ndone_\nexec sleep 600\n",
    )]);
    let mut run = vertical.start_run(&[]);
    while run.wait_for("progress", "w-01")["detail"] != "complete" {}
    vertical.run_to(0, &["stop"]);
    run.end();
    assert_eq!(vertical.statuses(), [("w-01".to_owned(), "waiting".to_owned())]);
}
