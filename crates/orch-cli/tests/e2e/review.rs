//! The gate after each prompt: a review of its work.

use std::process::Command;

use crate::support::{Project, agent};

/// Two prompts whose work is reviewed by the scripted reviewer.
fn reviewed() -> Project {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> ran"),
        ("PROMPT-02-b", "PROMPT-01", "echo b >> ran"),
    ]);
    configure(&project);
    project
}

/// Has the scripted reviewer look at the work, with its notes beside the project and not in it.
fn configure(project: &Project) {
    let reviewer = agent("reviewer");
    let notes = notes(project);
    std::fs::create_dir_all(&notes).unwrap();
    project.config(&format!(
        "[run]\nreview = [{reviewer:?}, \"--base\", \"{{base}}\"]\n[agents.shell]\nenv = {{ NOTES = {notes:?} }}\n"
    ));
}

fn notes(project: &Project) -> std::path::PathBuf {
    project.folder().join(".git/notes-of-the-reviewer")
}

fn reviews(project: &Project) -> Vec<String> {
    project.lines(".git/notes-of-the-reviewer/reviews")
}

fn decide(project: &Project, task: &str, verdict: &str) {
    project.write(&format!(".git/notes-of-the-reviewer/verdict-{task}"), verdict);
}

/// Makes a real repository of the project, with everything in it committed and `trunk` as the branch of `origin`.
fn repository(project: &Project, ignored: &str) {
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
        let done = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(project.folder())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .output()
            .unwrap();
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    };
    git(&["init", "--quiet", "--initial-branch", "work"]);
    project.write(".git/info/exclude", ignored);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "all"]);
    git(&["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
}

#[test]
fn each_prompt_is_reviewed_before_the_next_begins() {
    let project = reviewed();
    let ended = project.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(reviews(&project), ["PROMPT-01-a --base main", "PROMPT-02-b --base main"]);
    let order: Vec<String> = ended
        .events
        .iter()
        .filter(|event| event["event"] == "task_started" || event["event"] == "gate")
        .map(|event| {
            format!("{} {}", event["task"].as_str().unwrap(), event["verdict"].as_str().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        order,
        [
            "PROMPT-01-a -",
            "PROMPT-01-a -",
            "PROMPT-01-a pass",
            "PROMPT-02-b -",
            "PROMPT-02-b -",
            "PROMPT-02-b pass"
        ]
    );
}

#[test]
fn work_that_does_not_pass_stops_the_run_and_is_reviewed_again_first() {
    let project = reviewed();
    decide(&project, "PROMPT-01-a", "fail");
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("stopped: the work of a task did not pass its review"), "{ended}");
    assert_eq!(project.statuses(), ["SUCCESS", "PENDING"]);
    assert_eq!(project.state("Status"), "FAIL");
    // It stays owed, also for a plan that is otherwise done.
    let ended = project.run_to(1, &["run"]);
    assert_eq!(project.lines("ran"), ["a"], "{ended}");
    assert_eq!(reviews(&project).len(), 2);
    decide(&project, "PROMPT-01-a", "pass");
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "b"], "the work itself is not done again");
    let tasks: Vec<String> =
        reviews(&project).iter().map(|review| review.replace(" --base main", "")).collect();
    assert_eq!(tasks, ["PROMPT-01-a", "PROMPT-01-a", "PROMPT-01-a", "PROMPT-02-b"]);
    project.run_to(4, &["run"]);
}

#[test]
fn a_review_of_the_last_prompt_stays_owed_as_well() {
    let project = reviewed();
    decide(&project, "PROMPT-02-b", "fail");
    project.run_to(1, &["run"]);
    assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS"]);
    project.run_to(1, &["run"]);
    decide(&project, "PROMPT-02-b", "pass");
    project.run_to(0, &["run"]);
    assert_eq!(reviews(&project).len(), 4);
    project.run_to(4, &["run"]);
}

#[test]
fn a_review_stays_owed_when_orch_is_killed_during_it() {
    let project = reviewed();
    let mut live = project.start_run(&[]);
    live.wait_for("task_ended", "PROMPT-01-a");
    live.kill();
    let ended = project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "b"], "{ended}");
    let reviews = reviews(&project);
    assert!(reviews.iter().any(|review| review.starts_with("PROMPT-01-a ")), "{reviews:?}");
    assert!(reviews.last().unwrap().starts_with("PROMPT-02-b "), "{reviews:?}");
    assert_eq!(project.processes(), []);
}

#[test]
fn a_rate_limited_review_in_the_middle_is_passed_over() {
    let project = reviewed();
    decide(&project, "PROMPT-01-a", "limited");
    let ended = project.run_to(0, &["run"]);
    let said = "PROMPT-01-a review skipped, rate limited: the reviewer is rate limited";
    assert!(ended.err.contains(said), "{ended}");
    assert_eq!(project.lines("ran"), ["a", "b"]);
    assert_eq!(reviews(&project).len(), 2);
}

#[test]
fn a_reviewer_that_is_not_there_is_passed_over() {
    let project = reviewed();
    project.config("[run]\nreview = [\"no-such-reviewer\", \"--plain\"]\n");
    let ended = project.run_to(0, &["run"]);
    assert!(
        ended.err.contains("note: the reviewer `no-such-reviewer` is not installed: reviews are skipped"),
        "{ended}"
    );
    assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS"]);
}

#[test]
fn no_review_means_none() {
    for (arguments, config) in
        [(&["run", "--no-review"][..], None), (&["run"], Some("[run]\nreview = false\n"))]
    {
        let project = reviewed();
        if let Some(config) = config {
            project.config(config);
        }
        project.run_to(0, arguments);
        assert_eq!(reviews(&project), [""; 0], "{arguments:?}");
    }
}

#[test]
fn the_reviewer_gets_the_base_branch_of_the_repository() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    repository(&project, "");
    configure(&project);
    project.run_to(0, &["run"]);
    assert_eq!(reviews(&project), ["PROMPT-01-a --base trunk"]);
    assert_eq!(project.state("Base Branch"), "trunk");
}

#[test]
fn changes_that_a_reviewer_leaves_behind_fail_the_review() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    repository(&project, "orch.toml\nPROMPT-ORCHESTRATOR.state.md\n");
    configure(&project);
    decide(&project, "PROMPT-01-a", "changes");
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("the reviewer left changes that are not committed"), "{ended}");
}

#[test]
fn changes_that_a_reviewer_leaves_behind_fail_the_review_beside_orchs_own() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    repository(&project, "orch.toml\n");
    configure(&project);
    decide(&project, "PROMPT-01-a", "changes");
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("the reviewer left changes that are not committed"), "{ended}");
}
