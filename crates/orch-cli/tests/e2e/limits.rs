//! Limits of time: an attempt's own, and those of an agent's provider.

use crate::support::Project;

#[test]
fn an_attempt_that_takes_too_long_has_failed() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true"), ("PROMPT-02-b", "PROMPT-01", "true")]);
    project.agent("stubborn", &[], "");
    let ended = project.start_run(&["--timeout", "100ms"]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(ended.told("task_ended", "outcome"), ["PROMPT-01-a: timed_out"]);
    assert_eq!(project.statuses(), ["FAIL", "PENDING"]);
    assert_eq!(project.state("Status"), "FAIL");
    assert_eq!(project.processes(), []);
}

#[test]
fn a_person_is_told_of_the_time_limit() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    project.agent("stubborn", &[], "");
    let ended = project.run_to(1, &["run", "--timeout", "100ms"]);
    assert!(ended.err.contains("timed out") || ended.err.contains("100ms"), "{ended}");
}

#[test]
fn a_retry_gets_its_own_time() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    project.agent("stubborn", &[], "");
    let ended = project.start_run(&["--timeout", "100ms", "--retries", "1"]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(ended.told("task_ended", "status"), ["PROMPT-01-a: PENDING", "PROMPT-01-a: FAIL"]);
    let attempts: Vec<u64> = ended
        .events
        .iter()
        .filter(|event| event["event"] == "task_started")
        .map(|event| event["attempt"].as_u64().unwrap())
        .collect();
    assert_eq!(attempts, [1, 2]);
    assert_eq!(project.processes(), []);
}

#[test]
fn a_failed_try_is_repeated_as_often_as_asked_for() {
    let commands = "echo x >> ran\ntest \"$(wc -l < ran)\" -gt 2";
    for (retries, code, tries) in [("0", 1, 1), ("1", 1, 2), ("2", 0, 3), ("5", 0, 3)] {
        let project = Project::new(&[("PROMPT-01-a", "None", commands)]);
        project.config("[run]\nbackoff = \"10ms\"\n");
        let ended = project.run_to(code, &["run", "--retries", retries]);
        assert_eq!(project.lines("ran").len(), tries, "{retries}: {ended}");
        assert!(project.exists(&format!(".orch/PROMPT-ORCHESTRATOR/logs/PROMPT-01-a.{tries}.log")));
    }
}

#[test]
fn a_rate_limit_is_waited_for_and_uses_no_try() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true"), ("PROMPT-02-b", "PROMPT-01", "true")]);
    project.agent("limited", &[], "env = { AGAIN = \"1 seconds\" }");
    let ended = project.start_run(&["--retries", "0"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(
        ended.told("task_ended", "outcome"),
        [
            "PROMPT-01-a: rate_limited",
            "PROMPT-01-a: succeeded",
            "PROMPT-02-b: rate_limited",
            "PROMPT-02-b: succeeded"
        ]
    );
    assert_eq!(project.lines("ran"), ["PROMPT-01-a", "PROMPT-02-b"]);
    assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS"]);
}

/// A refusal does not count among the tries that a task has.
#[test]
fn a_task_that_was_refused_has_all_its_tries_left() {
    let commands = "echo x >> ran
case $(wc -l < ran) in
*1) echo 'error: 429 too many requests, try again in 1 seconds'; exit 1 ;;
*2) exit 1 ;;
esac";
    let project = Project::new(&[("PROMPT-01-a", "None", commands)]);
    project.agent("obey", &["{prompt_file}"], "");
    let ended = project.start_run(&["--retries", "1"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    let outcomes = ["PROMPT-01-a: rate_limited", "PROMPT-01-a: failed", "PROMPT-01-a: succeeded"];
    assert_eq!(ended.told("task_ended", "outcome"), outcomes);
}

#[test]
fn a_rate_limit_beyond_patience_ends_the_run() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true"), ("PROMPT-02-b", "PROMPT-01", "true")]);
    project.agent("limited", &[], "env = { AGAIN = \"3600 seconds\" }");
    let toml = project.read("orch.toml").replace("[run]\n", "[run]\nrate_limit_wait = \"1s\"\n");
    project.config(&toml);
    let ended = project.start_run(&[]).end();
    assert_eq!(ended.code, Some(75), "{ended}");
    assert_eq!(ended.told("run_ended", "halt"), ["-: rate_limited"]);
    assert!(ended.err.contains("stopped: the provider refuses work until 2"), "{ended}");
    assert_eq!(project.statuses(), ["PENDING", "PENDING"]);
    assert_ne!(project.state("Status"), "FAIL", "nothing of the plan is at fault");
    // It is not asked again before its time, and another one may be.
    let ended = project.start_run(&[]).end();
    assert_eq!((ended.code, ended.told("task_started", "status")), (Some(75), Vec::new()), "{ended}");
    project.run_to(0, &["run", "--agent", "shell"]);
    assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS"]);
}

/// Words about limits in the output of work that succeeded mean nothing.
#[test]
fn talk_about_rate_limits_is_no_rate_limit() {
    let project =
        Project::new(&[("PROMPT-01-a", "None", "echo 'HTTP 429 too many requests is handled now'")]);
    project.agent("obey", &["{prompt_file}"], "");
    let ended = project.start_run(&[]).end();
    assert_eq!(
        (ended.code, ended.told("task_ended", "outcome")),
        (Some(0), vec!["PROMPT-01-a: succeeded".into()])
    );
}
