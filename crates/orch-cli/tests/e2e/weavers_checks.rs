//! Every type of check, held against a weaver's work tree.

use crate::support::Ended;
use crate::support::vertical::{DOES_IT, Vertical};

/// Runs a weaver that does this against these checks, with one iteration.
fn checked(checks: &str, act: &str) -> (Vertical, Ended) {
    let vertical = Vertical::new(&[("01-schema", "", &format!("verification_spec:\n{checks}"), act)]);
    vertical.config("[weavers]\niterations = 1\n");
    let ended = vertical.start_run(&[]).end();
    (vertical, ended)
}

fn summary(vertical: &Vertical) -> String {
    std::fs::read_to_string(vertical.path("run/summary.md")).unwrap()
}

const WRITES: &str = "mkdir -p src/deep tests
echo 'export const user = 1' > src/deep/user.ts
echo test > tests/user.test.ts
commits tests/user.test.ts
commits src/deep/user.ts
commits late.test.ts
done_
";

#[test]
fn every_type_passes_where_it_should() {
    let checks = "  - type: command
    run: exit 3
    expect: exit_code 3
  - type: command
    run: test \"$(git branch --show-current)\" = feature/01-schema
  - type: file-contains
    path: src
    pattern: 'export const \\w+'
  - type: file-not-contains
    path: src
    pattern: console\\.log
  - type: file-exists
    path: src/deep/user.ts
  - type: test-first-check
    test_files: [tests/user.test.ts]
  - type: demo
    name: sign-in
    description: Sign in
    steps: [Open the page, Type a name]
    acceptance: The name is shown
";
    let (vertical, ended) = checked(checks, WRITES);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ended.told("task_ended", "detail").len(), 1);
    let detail = &ended.told("task_ended", "detail")[0];
    assert!(detail.starts_with("w-01: 6 checks passed, 1 for a person"), "{detail}");
    // Only what has to be run takes time.
    let progress = ended.told("progress", "detail");
    let verifying: Vec<&String> = progress.iter().filter(|told| told.contains("verifying: ")).collect();
    assert_eq!(verifying.len(), 2, "{progress:?}");
    let summary = summary(&vertical);
    for part in ["sign-in", "Open the page", "Type a name", "The name is shown", "file-contains"] {
        assert!(summary.contains(part), "`{part}` is not in {summary}");
    }
}

#[test]
fn every_type_fails_where_it_should() {
    for (check, label) in [
        ("type: command\n    run: exit 3\n    expect: exit_code 4", "[command] exit 3"),
        ("type: command\n    run: exit 0\n    expect: exit_code 1", "[command] exit 0"),
        (
            "type: file-contains\n    path: src\n    pattern: 'class \\w+'",
            "[file-contains] class \\w+ in src",
        ),
        ("type: file-not-contains\n    path: src\n    pattern: export", "[file-not-contains] export in src"),
        ("type: file-exists\n    path: src/none.ts", "[file-exists] src/none.ts"),
        ("type: test-first-check\n    test_files: [late.test.ts]", "[test-first-check]"),
    ] {
        let (vertical, ended) =
            checked(&format!("  - {check}\n  - type: command\n    run: touch ../../seen\n"), WRITES);
        assert_eq!(ended.code, Some(1), "{label}: {ended}");
        let state = vertical.state();
        let error = state["weavers"]["w-01"]["error"].as_str().unwrap();
        assert!(error.contains(&format!("check 1 of 2 failed: {label}")), "{error}");
        assert!(!vertical.project.exists("seen"), "{label}: the checks after one that failed are not run");
        assert!(summary(&vertical).contains(label), "{}", summary(&vertical));
    }
}

#[test]
fn a_check_that_takes_too_long_is_ended() {
    let vertical = Vertical::new(&[(
        "01-schema",
        "",
        "verification_spec:\n  - type: command\n    run: echo begun; read line < ../../pipe\n    timeout: 1s\n",
        DOES_IT,
    )]);
    vertical.config("[weavers]\niterations = 1\n");
    // Nobody writes into it.
    vertical.project.pipes(&["pipe"]);
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    let error = vertical.state()["weavers"]["w-01"]["error"].to_string();
    assert!(error.contains("check 1 of 1 timed out: [command] echo begun"), "{error}");
    assert_eq!(vertical.project.processes(), []);
}

#[test]
fn a_check_for_an_agent_is_judged_by_its_result() {
    // The agent is the weaver's own program: a prompt about a check makes it judge.
    for (answer, code) in
        [("RESULT: PASS", 0), ("RESULT: FAIL", 1), ("I like it", 1), ("RESULT: PASS or RESULT: FAIL", 1)]
    {
        let vertical = Vertical::new(&[(
            "01-schema",
            "",
            "verification_spec:\n  - type: agent\n    name: security\n    prompt: Look for holes\n",
            DOES_IT,
        )]);
        vertical.project.write(
            "acts/agent",
            format!("if grep -q 'Look for holes' \"$1\" && [ -z \"${{ORCH_RESULT:-}}\" ]; then cp \"$1\" ../../seen; pwd >> ../../seen-where; echo '{answer}'; exit 0; fi\nexec {} ../../acts\n", crate::support::agent("weaver")),
        );
        vertical.project.config("[run]\nagent = \"weaver\"\n[weavers]\niterations = 1\n[agents.weaver]\ncommand = [\"sh\", \"../../acts/agent\", \"{prompt_file}\"]\nresult = \"exit\"\n");
        let ended = vertical.start_run(&[]).end();
        assert_eq!(ended.code, Some(code), "{answer}: {ended}");
        assert!(vertical.project.read("seen").contains("RESULT: PASS"), "it is told how to answer");
        assert_eq!(vertical.project.lines("seen-where"), [vertical.worktree("w-01").display().to_string()]);
        let summary = summary(&vertical);
        assert!(summary.contains("[agent] security"), "{summary}");
    }
}

#[test]
fn a_check_leaves_nothing_of_its_own_behind() {
    let (vertical, ended) = checked(
        "  - type: command\n    run: (read -r line < ../../pipe) & exit 0\n",
        "mkfifo ../../pipe\ncommits w-01.txt\ndone_\n",
    );
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.project.processes(), []);
}
