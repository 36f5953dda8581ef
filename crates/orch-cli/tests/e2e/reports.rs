//! What an agent's end means: its report, its exit, and which of them counts.

use crate::support::Project;

/// What becomes of a task whose agent does this: its outcome, its status, and the exit code of the run.
fn becomes(commands: &str, profile: &str) -> (String, String, Option<i32>) {
    let project = Project::new(&[("PROMPT-01-a", "None", commands)]);
    project.agent("obey", &["{prompt_file}"], profile);
    let ended = project.start_run(&[]).end();
    let outcome = ended.told("task_ended", "outcome").join(", ").replace("PROMPT-01-a: ", "");
    (outcome, project.statuses().join(", "), ended.code)
}

#[test]
fn evidence_decides_and_a_claim_does_not() {
    let head = "# ORCHESTRATOR RUN REPORT";
    for (commands, outcome, status, code) in [
        ("report SUCCESS", "succeeded", "SUCCESS", 0),
        ("report FAIL", "failed", "FAIL", 1),
        ("report INCOMPLETE", "incomplete", "INCOMPLETE", 3),
        ("report SUCCESS > \"$ORCH_RESULT\"", "succeeded", "SUCCESS", 0),
        ("report INCOMPLETE > \"$ORCH_RESULT\"", "incomplete", "INCOMPLETE", 3),
        // What is in the file it was told to write to goes before what it printed.
        ("report SUCCESS\nreport FAIL > \"$ORCH_RESULT\"", "failed", "FAIL", 1),
        // A program that ended badly has not succeeded, whatever it claims; but it knows best what it has not done.
        ("report SUCCESS\nexit 1", "failed", "FAIL", 1),
        ("report INCOMPLETE\nexit 1", "incomplete", "INCOMPLETE", 3),
        ("report FAIL\nexit 0", "failed", "FAIL", 1),
        // No report: the exit decides.
        ("echo done", "succeeded", "SUCCESS", 0),
        ("echo Status: FAIL", "succeeded", "SUCCESS", 0),
        ("exit 3", "failed", "FAIL", 1),
        ("kill -SEGV $$", "failed", "FAIL", 1),
        // A report without a status says nothing of how it went.
        (&format!("echo '{head}'\necho 'Prompt: x'"), "crashed", "FAIL", 1),
        (&format!("echo '{head}'\necho 'Status: DONE'"), "crashed", "FAIL", 1),
        // Of two, the first counts: the second belongs to a section below.
        (
            &format!("echo '{head}'\necho 'Status: INCOMPLETE'\necho 'Status: SUCCESS'"),
            "incomplete",
            "INCOMPLETE",
            3,
        ),
        ("report SUCCESS\necho '## Plan Review'\necho 'Status: FAILED'", "succeeded", "SUCCESS", 0),
        // A status in a block of code is an example.
        (
            &format!("echo '{head}'\necho '~~~'\necho 'Status: SUCCESS'\necho '~~~'\necho 'Status: FAIL'"),
            "failed",
            "FAIL",
            1,
        ),
        (&format!("echo '{head}'\necho '~~~'\necho 'Status: SUCCESS'\necho '~~~'"), "crashed", "FAIL", 1),
        // Of two reports, the last counts.
        ("report FAIL\necho\nreport SUCCESS", "succeeded", "SUCCESS", 0),
    ] {
        assert_eq!(becomes(commands, ""), (outcome.into(), status.into(), Some(code)), "{commands}");
    }
}

#[test]
fn an_exit_alone_decides_where_that_is_configured() {
    for (commands, outcome, status, code) in
        [("echo done", "succeeded", "SUCCESS", 0), ("echo done\nexit 2", "failed", "FAIL", 1)]
    {
        let became = becomes(commands, "result = \"exit\"");
        assert_eq!(became, (outcome.into(), status.into(), Some(code)), "{commands}");
    }
}

#[test]
fn an_agent_that_was_asked_for_its_own_format_has_to_keep_to_it() {
    for (commands, outcome, status, code) in [
        ("echo done", "crashed", "FAIL", 1),
        ("report SUCCESS", "crashed", "FAIL", 1),
        (
            "printf '%s\\n' '{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"session_id\":\"s\",\"result\":\"# ORCHESTRATOR RUN REPORT\\nStatus: SUCCESS\"}'",
            "succeeded",
            "SUCCESS",
            0,
        ),
        (
            "printf '%s\\n' '{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"session_id\":\"s\",\"result\":\"all done\"}'",
            "crashed",
            "FAIL",
            1,
        ),
    ] {
        let became = becomes(commands, "result = \"json:claude\"");
        assert_eq!(became, (outcome.into(), status.into(), Some(code)), "{commands}");
    }
}

#[test]
fn what_decided_is_said() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "true"), ("PROMPT-02-b", "None", "report SUCCESS; exit 4")]);
    project.agent("obey", &["{prompt_file}"], "");
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("PROMPT-01-a SUCCESS: no report; its exit status (0) decided"), "{ended}");
    let said = "PROMPT-02-b FAIL: its report says SUCCESS, but it ended badly (exit code 4)";
    assert!(ended.err.contains(said), "{ended}");
}

/// What comes after INCOMPLETE goes on, and the run says that not everything is done.
#[test]
fn incomplete_counts_as_done() {
    let project = Project::new(&[
        (
            "PROMPT-01-a",
            "None",
            "report INCOMPLETE\nprintf '\\n## Unmet Requirements\\n- REQ-001: no time\\n'",
        ),
        ("PROMPT-02-b", "PROMPT-01", "report SUCCESS"),
    ]);
    project.agent("obey", &["{prompt_file}"], "");
    let ended = project.run_to(3, &["run"]);
    assert_eq!(project.statuses(), ["INCOMPLETE", "SUCCESS"]);
    assert!(ended.err.contains("its report says INCOMPLETE: REQ-001: no time"), "{ended}");
    assert!(ended.out.starts_with("incomplete: 1 SUCCESS, 1 INCOMPLETE in "), "{ended}");
    project.run_to(4, &["run"]);
}

/// The worker of the next attempt reads how the last one ended.
#[test]
fn a_second_attempt_is_told_of_the_first() {
    let project = Project::new(&[("PROMPT-01-a", "None", "test -e mended")]);
    project.agent("obey", &["{prompt_file}"], "");
    project.run_to(1, &["run"]);
    project.write("mended", "");
    project.run_to(0, &["run", "--retry-failed"]);
    let prompts = ".orch/PROMPT-ORCHESTRATOR/prompts";
    assert!(!project.read(&format!("{prompts}/PROMPT-01-a.1.md")).contains("The attempt before this one"));
    let second = project.read(&format!("{prompts}/PROMPT-01-a.2.md"));
    assert!(second.contains("The attempt before this one") && second.contains("exit code 1"), "{second}");
}
