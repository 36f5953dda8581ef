//! Many calls at once, in a repository in which a person works.

mod support;

use std::thread;

use orch_state_commits::TaskId;
use orch_state_git::UpdatePlanInput;
use support::{PLAN, Project, picture, planned, task};

/// Threads that call.
const CALLERS: u32 = 8;

/// Makes `tasks` branches of tasks, and marks every fifth task as done, by many at once.
fn call(project: &Project, tasks: u32) {
    thread::scope(|scope| {
        for caller in 1..=CALLERS {
            scope.spawn(move || {
                for number in (caller..=tasks).step_by(CALLERS as usize) {
                    let id = TaskId::numbered(number);
                    project.plans.create_task_branch(&task(id.as_str(), "part")).unwrap();
                    if number % 5 == 0 {
                        let done = UpdatePlanInput {
                            plan_branch: PLAN.into(),
                            completed_task_ids: Some(vec![id.to_string()]),
                            ..UpdatePlanInput::default()
                        };
                        project.plans.update_plan_branch(&done).unwrap();
                    }
                }
            });
        }
    });
}

fn planned_for(tasks: u32) -> Project {
    let project = Project::new();
    let tasks = (1..=tasks).map(|number| planned(TaskId::numbered(number).as_str(), &[], &[])).collect();
    project.plan(tasks);
    project
}

#[test]
fn many_calls_at_once_all_arrive_and_touch_nothing_that_is_checked_out() {
    const TASKS: u32 = 100;
    let project = planned_for(TASKS);
    let before = picture(project.top());
    call(&project, TASKS);
    assert_eq!(picture(project.top()), before);
    let now = project.plans.plan(PLAN).unwrap().plan;
    assert_eq!((now.version, now.progress()), (21, (20, 100)), "a version a call, and none is lost");
    for number in 1..=TASKS {
        let id = TaskId::numbered(number);
        let found = project.plans.find_task_branch(&now, &id).unwrap();
        assert_eq!(found.map(|(branch, _)| branch.to_string()), Some(format!("task/{id}-part")));
    }
}
