use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::*;

fn git(dir: &Path, args: &[&str]) {
    let settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").current_dir(dir).args(settings).args(args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with `flow`.
fn repository() -> (TempDir, GitTools) {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"]);
    git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "first"]);
    git(folder.path(), &["branch", "flow"]);
    let tools = GitTools::new(folder.path().into());
    (folder, tools)
}

/// Calls as the server does: whether it was refused, and the answer.
fn call(tools: &mut GitTools, tool: &str, arguments: Value) -> (bool, Value) {
    let Value::Object(mut arguments) = arguments else { panic!("{arguments}") };
    let about = tools.tools().into_iter().find(|about| about.name == tool).expect(tool);
    let answer = match arguments::check(&about, &mut arguments) {
        Ok(()) => tools.call(tool, arguments),
        Err(problem) => tools.refuse(tool, problem),
    };
    let (refused, text) = match answer {
        Answer::Done(text) => (false, text),
        Answer::Refused(text) => (true, text),
    };
    (refused, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{tool}: {error}: {text}")))
}

fn done(tools: &mut GitTools, tool: &str, arguments: Value) -> Value {
    let (refused, answer) = call(tools, tool, arguments);
    assert!(!refused, "{tool}: {answer}");
    answer
}

fn refused(tools: &mut GitTools, tool: &str, arguments: Value) -> Value {
    let (refused, answer) = call(tools, tool, arguments);
    assert!(refused, "{tool}: {answer}");
    answer
}

fn example(tools: &GitTools, tool: &str) -> Value {
    let about = tools.tools().into_iter().find(|about| about.name == tool).expect(tool);
    Value::Object(about.example)
}

fn keys(answer: &Value) -> Vec<&str> {
    answer.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn agents_see_these_tools() {
    let mut text = String::new();
    for operation in table::operations() {
        let Tool { name, title, description, input_schema, effect, .. } = &operation.tool;
        let schema = serde_json::to_string_pretty(input_schema).unwrap();
        text.push_str(&format!("# {name} ({title}; {effect:?})\n{description}\n{schema}\n\n"));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_examples_are_a_session() {
    let (_folder, mut tools) = repository();
    let plan = example(&tools, "create_plan_branch");
    let created = done(&mut tools, "create_plan_branch", plan);
    assert_eq!(keys(&created), ["branch_name", "commit_sha", "success"]);
    assert_eq!(created["branch_name"], "plan/session-20250112-143000");
    let task = example(&tools, "create_task_branch");
    let created = done(&mut tools, "create_task_branch", task);
    assert_eq!(created["branch_name"], "task/001-user-model");
    for (tool, expected) in [
        (
            "parse_task",
            "completed_tasks description estimated_time files id implementation_notes plan_branch plan_version \
             preconditions priority provides related_tasks session_goal session_id status",
        ),
        (
            "parse_plan",
            "architecture created dependency_graph design_patterns estimated_total_time plan_version session_id tasks \
             technology_stack total_tasks user_request",
        ),
        (
            "parse_worker_commit",
            "commit_type design implementation progress step_number task_id todo_list total_steps",
        ),
        ("update_plan_branch", "commit_sha completed_tasks plan_version success total_tasks"),
        ("create_worktree", "message success task_branch worker_id worktree_path"),
        ("remove_worktree", "message success"),
    ] {
        let arguments = example(&tools, tool);
        let answer = done(&mut tools, tool, arguments);
        let mut keys = keys(&answer);
        keys.sort_unstable();
        assert_eq!(keys.join(" "), expected, "{tool}");
    }
    assert_eq!(done(&mut tools, "get_provides", json!({})), json!([]));
}

#[test]
fn whatever_is_refused_is_refused_as_json() {
    let (folder, mut tools) = repository();
    let task = example(&tools, "create_task_branch");
    done(&mut tools, "create_task_branch", task.clone());
    let answer = refused(&mut tools, "create_task_branch", task);
    assert_eq!(keys(&answer), ["error", "hint"]);
    assert_eq!(answer["error"], "Branch task/001-user-model already exists");

    let answer = refused(&mut tools, "parse_task", json!({}));
    assert_eq!(keys(&answer), ["error", "hint"]);
    assert!(answer["error"].as_str().unwrap().contains("`branch` is missing"), "{answer}");
    assert!(answer["hint"].as_str().unwrap().starts_with("example of `parse_task`"), "{answer}");
    let answer = refused(&mut tools, "create_worktree", json!({"worker_id": 1, "task_branch": "x"}));
    assert!(answer["error"].as_str().unwrap().contains("`worker_id` has to be text"), "{answer}");
    let Answer::Refused(text) = tools.call("no_such_tool", Object::new()) else { unreachable!() };
    assert!(text.contains("\"error\""), "{text}");

    git(folder.path(), &["branch", "-D", "flow"]);
    let answer = refused(&mut tools, "get_provides", json!({}));
    assert_eq!(keys(&answer), ["action_required", "error", "hint"]);
    assert_eq!(answer["action_required"], "make it: `git branch flow main`");
    let outside = tempfile::tempdir().unwrap();
    let answer = refused(&mut GitTools::new(outside.path().into()), "get_provides", json!({}));
    assert_eq!(keys(&answer), ["action_required", "current_directory", "error", "hint"]);
    assert_eq!(answer["error"], "Not a git repository");
}

#[test]
fn a_worker_does_not_say_what_is_completed() {
    let (_folder, mut tools) = repository();
    let plan = example(&tools, "create_plan_branch");
    done(&mut tools, "create_plan_branch", plan);
    let mut tools = tools.for_worker(true);
    let update = example(&tools, "update_plan_branch");
    let answer = refused(&mut tools, "update_plan_branch", update.clone());
    assert!(answer["error"].as_str().unwrap().contains("does not say which tasks are completed"), "{answer}");
    let mut rest = update;
    rest["completed_task_ids"] = json!([]);
    done(&mut tools, "update_plan_branch", rest);
}
