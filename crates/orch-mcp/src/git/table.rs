//! All tools for plans in branches: what agents are told of each, and an example of its arguments.

use orch_state_git::PlanRepository;
use serde_json::json;

use super::Operation;
use crate::clock::now;
use crate::host::Effect::{Adds, Changes, Reads};

/// The tool by which a plan is brought up to date.
pub(super) const UPDATE: &str = "update_plan_branch";

/// The argument of it that says what is done.
pub(super) const COMPLETED: &str = "completed_task_ids";

/// The tools, in the order in which agents see them.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = reading();
    all.extend(writing());
    all.extend(worktrees());
    all
}

fn reading() -> Vec<Operation> {
    vec![
        Operation::new(
            Reads,
            [
                "parse_task",
                "Read a task",
                "Gives what a task is: its description, preconditions, provides, files and the session it belongs to. Call \
                 it before you begin the task of a branch.",
            ],
            PlanRepository::parse_task,
            json!({"branch": "task/001-user-model"}),
        ),
        Operation::new(
            Reads,
            [
                "parse_plan",
                "Read a plan",
                "Gives the newest version of a plan: its tasks with where each stands, the architecture with what was \
                 learned, and the estimates. Call it to see what is left to do.",
            ],
            PlanRepository::parse_plan,
            json!({"branch": "plan/session-20250112-143000"}),
        ),
        Operation::new(
            Reads,
            [
                "get_provides",
                "List what is provided",
                "Lists the capabilities that work merged to flow provides. A task can begin when all its preconditions are \
                 among them: call it after each wave.",
            ],
            PlanRepository::get_provides,
            json!({}),
        ),
        Operation::new(
            Reads,
            [
                "parse_worker_commit",
                "Read a worker's progress",
                "Gives what the worker of a branch committed last: its design, its list of what is to do, and how far it is. \
                 Call it to see how a task goes on.",
            ],
            PlanRepository::parse_worker_commit,
            json!({"branch": "task/001-user-model"}),
        ),
    ]
}

fn writing() -> Vec<Operation> {
    vec![
        Operation::new(
            Adds,
            [
                "create_plan_branch",
                "Create a plan",
                "Makes the branch of a plan from flow, with all tasks of the session. Call it once when a session begins; \
                 tasks of 5 to 10 minutes, tests included, and for each precondition a task that provides it in the same \
                 words.",
            ],
            |repository, input| repository.create_plan_branch(input, now()),
            json!({
                "session_id": "session-20250112-143000",
                "user_request": "Add user authentication with JWT",
                "architecture": "MVC with Flask, JWT tokens",
                "tasks": [
                    {
                        "id": "001",
                        "description": "Create User model with email/password",
                        "preconditions": [],
                        "provides": ["User model class"],
                        "files": ["models/user.py", "tests/test_user.py"],
                        "estimated_time": "8 minutes",
                        "priority": "high"
                    },
                    {
                        "id": "002",
                        "description": "Create AuthService with login/register",
                        "preconditions": ["User model class"],
                        "provides": ["AuthService.login"],
                        "files": ["services/auth.py"],
                        "estimated_time": "10 minutes"
                    }
                ],
                "estimated_total_time": "18 minutes",
                "dependency_graph": "Wave 1: 001\nWave 2: 002"
            }),
        ),
        Operation::new(
            Adds,
            [
                "create_task_branch",
                "Create a task's branch",
                "Makes the branch of one task from flow, so that a worker can begin with it. Call it for each task of a wave \
                 when its preconditions are provided, and not before: the branch has what is on flow at that moment.",
            ],
            PlanRepository::create_task_branch,
            json!({
                "task_id": "001",
                "branch_slug": "user-model",
                "description": "Create User model with email/password",
                "preconditions": [],
                "provides": ["User model class"],
                "files": ["models/user.py", "tests/test_user.py"],
                "session_goal": "Add user authentication with JWT",
                "session_id": "session-20250112-143000",
                "plan_branch": "plan/session-20250112-143000",
                "plan_version": "v1",
                "depends_on": [],
                "enables": ["002"],
                "estimated_time": "8 minutes",
                "priority": "high"
            }),
        ),
        Operation::new(
            Adds,
            [
                UPDATE,
                "Update a plan",
                "Adds the next version to a plan: tasks that are done, new tasks, tasks that others take the place of, and \
                 what was learned. Call it after each wave; nothing that the plan says already is lost.",
            ],
            PlanRepository::update_plan_branch,
            json!({
                "plan_branch": "plan/session-20250112-143000",
                "completed_task_ids": ["001"],
                "new_tasks": [{"id": "003", "description": "Add JWT tokens", "preconditions": ["AuthService.login"]}],
                "architecture_updates": "Wave 1 learnings: bcrypt cost 12"
            }),
        ),
    ]
}

fn worktrees() -> Vec<Operation> {
    vec![
        Operation::new(
            Changes,
            [
                "create_worktree",
                "Create a work tree",
                "Makes a folder of its own for a worker, .worktrees/worker-<id>, with the branch of its task checked out. \
                 Call it before you start the worker; a work tree of another task makes room when all in it is committed.",
            ],
            PlanRepository::create_worktree,
            json!({"worker_id": "1", "task_branch": "task/001-user-model"}),
        ),
        Operation::new(
            Changes,
            [
                "remove_worktree",
                "Remove a work tree",
                "Removes the folder of a worker; its branch stays. Call it when the worker's task is merged. Nothing that is \
                 in no commit is thrown away.",
            ],
            PlanRepository::remove_worktree,
            json!({"worker_id": "1"}),
        ),
    ]
}
