//! Branches as the originals and their agents make them, with git alone.

mod support;

use std::fs;

use support::{Project, branch, git, try_git};

/// As the originals do it: check `flow` out, make the branch, add their files, commit, go back.
fn by_original(project: &Project, name: &str, message: &str) {
    let top = project.top();
    git(top, &["checkout", "-q", "-b", name, "flow"]);
    fs::create_dir_all(top.join(".flow-claude")).unwrap();
    fs::write(top.join(".flow-claude/WORKER_INSTRUCTIONS.md"), name).unwrap();
    git(top, &["add", ".flow-claude/WORKER_INSTRUCTIONS.md"]);
    let file = project.repository.folder.path().join("message");
    fs::write(&file, message).unwrap();
    git(top, &["commit", "-q", "--allow-empty", "--cleanup=whitespace", "-F", file.to_str().unwrap()]);
    git(top, &["checkout", "-q", "flow"]);
}

const TASK: &str = "Initialize task/001-user-model

## Task Metadata
ID: 001
Description: Create User model with email/password
Status: pending

## Dependencies
Preconditions: []

Provides:
  - User model class
  - User.verify_password

## Files
Files to modify:
  - models/user.py
  - index.html (create)

## Context
Session Goal: Add user authentication with JWT
Session ID: session-20250112-143000
Plan Branch: plan/session-20250112-143000
Plan Version: v1
Depends on: []
Enables: ['002']
Parallel with: []
Completed Tasks: []

## Estimates
Estimated Time: 8 minutes
Priority: high
";

#[test]
fn tasks_are_read() {
    let by_hand = TASK
        .replace("Enables: ['002']", "Enables: [task-002, task-003]")
        .replace("[]\n\nProvides", "[]\nProvides")
        .replace("Initialize task/001-user-model", "Set the task up");
    for (name, message) in [
        ("task/001-user-model", TASK.to_owned()),
        ("task/001-by-hand", by_hand),
        ("task/001-crlf", TASK.replace("001-user-model", "001-crlf").replace('\n', "\r\n")),
        ("task/001-short", TASK.replace("task/001-user-model", "task/001")),
    ] {
        let project = Project::clean();
        by_original(&project, name, &message);
        project.work(
            name,
            "[task-001] Implement: it (1/2)\n\n## Progress\nStatus: in_progress\nCompleted: 1/2 tasks",
        );
        let task = project.plans.parse_task(&branch(name)).unwrap();
        assert_eq!((task.id.as_str(), task.priority.as_str()), ("001", "high"), "{name}");
        assert_eq!(task.provides, ["User model class", "User.verify_password"], "{name}");
        assert_eq!(task.related_tasks.enables[0].as_str(), "002", "{name}");
        let said = project.plans.parse_worker_commit(&branch(&format!("refs/heads/{name}"))).unwrap();
        assert_eq!(
            (said.task_id.as_str(), said.step_number, said.total_steps),
            ("001", Some(1), Some(2)),
            "{name}"
        );
    }
}

const PLAN: &str = "Initialize execution plan v1

## Session Information
Session ID: session-20250112-143000
User Request: Add user authentication
Created: 2025-01-12 14:30:00
Plan Branch: plan/session-20250112-143000
Plan Version: v1

## Architecture
MVC

## Tasks
### Task 001
ID: 001
Description: Create User model
Status: pending
Preconditions: []
Provides:
  - User model class
Estimated Time: 8 minutes
Priority: high

### Task 002
ID: 002
Description: Create AuthService
Status: pending
Preconditions:
  - User model class
Provides:
  - AuthService.login
Estimated Time: 10 minutes
Priority: medium

## Estimates
Estimated Total Time: 18 minutes
Total Tasks: 2
Completed: 0/2 tasks

## Dependency Graph
Wave 1: 001
";

#[test]
fn plans_are_read_and_updated_and_their_merges_provide() {
    let project = Project::clean();
    by_original(&project, support::PLAN, PLAN);
    git(project.top(), &["config", "flow-claude.current-plan", support::PLAN]);
    by_original(&project, "task/001-user-model", TASK);
    project.work("task/001-user-model", "TASK_COMPLETE: task-001-user-model");
    assert_eq!(project.provides(None), [""; 0]);
    // Reworded, as agents do it; and one whose merge says nothing.
    project.merge(
        "task/001-user-model",
        "Merge task/001: it\n\n## Provides\n- User model class (models.user.User)",
    );
    assert_eq!(project.provides(None), ["User model class (models.user.User)", "User model class"]);
    by_original(&project, "task/002-auth", &TASK.replace("001", "002").replace("002-user-model", "002-auth"));
    project.merge("task/002-auth", "Merge branch 'task/002-auth' into flow");
    assert_eq!(
        project.provides(Some(support::PLAN)),
        ["User model class (models.user.User)", "User model class", "AuthService.login"]
    );
    let updated = project.update(&["001"], "learned");
    assert_eq!((updated.plan_version.as_str(), updated.completed_tasks, updated.total_tasks), ("v2", 1, 2));
    assert_eq!(updated.warnings, [""; 0]);
}

#[test]
fn what_a_person_commits_on_top_hides_nothing_and_a_branch_without_a_record_says_so() {
    let project = Project::clean();
    by_original(&project, support::PLAN, PLAN);
    project.work(support::PLAN, "fix a typo");
    assert_eq!(project.update(&["001"], "").plan_version, "v2");
    git(project.top(), &["branch", "task/007-nothing", "flow"]);
    project.work("task/007-nothing", "just a commit");
    let refusal = support::refused(project.plans.parse_task(&branch("task/007-nothing")));
    assert_eq!(refusal.error, "no commit of task/007-nothing says what the task is");
    let said = project.plans.parse_worker_commit(&branch("task/007-nothing")).unwrap();
    assert_eq!((said.task_id.as_str(), said.commit_type), ("007", "unknown"));
}

#[test]
fn a_branch_that_was_renamed_is_read_and_another_session_s_task_is_not_taken_for_it() {
    let project = Project::clean();
    by_original(&project, "task/001-user-model", TASK);
    git(project.top(), &["branch", "-m", "task/001-user-model", "task/001-model"]);
    assert_eq!(project.plans.parse_task(&branch("task/001-model")).unwrap().provides.len(), 2);
    git(project.top(), &["branch", "task/002-stacked", "task/001-model"]);
    assert!(
        project.plans.parse_task(&branch("task/002-stacked")).is_err(),
        "it is not the task that it is cut from"
    );
    project.merge("task/001-model", "Merge task/001: it");
    git(project.top(), &["branch", "task/001-login", "flow"]);
    project.work("task/001-login", "no record");
    assert!(project.plans.parse_task(&branch("task/001-login")).is_err());
}

#[test]
fn tasks_of_another_session_that_runs_at_the_same_time_provide_nothing_of_this_plan() {
    let project = Project::clean();
    by_original(&project, support::PLAN, PLAN);
    let other = "plan/session-20250112-143001";
    by_original(
        &project,
        other,
        &PLAN.replace("143000", "143001").replace("User model class", "Other class"),
    );
    by_original(&project, "task/001-other", &TASK.replace("143000", "143001").replace("user-model", "other"));
    project.merge("task/001-other", "Merge task/001: other");
    assert_eq!(project.provides(Some(support::PLAN)), [""; 0]);
    assert_eq!(project.provides(Some(other)), ["Other class"]);
    assert_eq!(project.provides(None), ["Other class"], "the newest plan");
}

#[test]
fn what_orch_writes_is_the_original_s_form() {
    let project = Project::new();
    project.plan(vec![support::planned("001", &[], &["User model class"])]);
    let message = git(project.top(), &["log", "-1", "--format=%B", support::PLAN]);
    assert!(message.starts_with(
        "Initialize execution plan v1\n\n## Session Information\nSession ID: session-20250112-143000\n"
    ));
    assert!(message.contains("\n### Task 001\nID: 001\nDescription: Do 001\nStatus: pending\n"), "{message}");
    let name = project.task("001", "user-model");
    let message = git(project.top(), &["log", "-1", "--format=%B", &name]);
    assert!(
        message.starts_with("Initialize task/001-user-model\n\n## Task Metadata\nID: 001\n"),
        "{message}"
    );
    assert_eq!(git(project.top(), &["config", "flow-claude.current-plan"]), support::PLAN);
    assert!(
        try_git(project.top(), &["diff", "--quiet", "flow", &name]).status.success(),
        "no files are added"
    );
}

#[test]
fn without_a_plan_all_merges_provide_and_the_current_plan_may_be_named_by_its_session() {
    let project = Project::clean();
    by_original(&project, "task/001-user-model", TASK);
    project.merge("task/001-user-model", "Merge task/001: it\n\n## Provides\n- Earlier class");
    assert_eq!(project.provides(None), ["Earlier class"]);
    by_original(&project, support::PLAN, PLAN);
    let later = "plan/session-20260101-000000";
    by_original(&project, later, &PLAN.replace("20250112-143000", "20260101-000000"));
    by_original(
        &project,
        "task/002-auth",
        &TASK.replace("001-user-model", "002-auth").replace("ID: 001", "ID: 002"),
    );
    project.merge("task/002-auth", "Merge task/002: it");
    assert_eq!(project.provides(None), ["Earlier class"], "the newest plan has not begun");
    for current in [support::SESSION, support::PLAN, "gone"] {
        git(project.top(), &["config", "flow-claude.current-plan", current]);
        let expected: &[&str] =
            if current == "gone" { &["Earlier class"] } else { &["AuthService.login", "Earlier class"] };
        assert_eq!(project.provides(None), expected, "{current}");
    }
}
