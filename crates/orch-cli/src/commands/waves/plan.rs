//! `orch plan add|replace|drop`: the next version of a plan, also of one that is being run.

use std::io::{self, Write};
use std::path::Path;

use orch_systems::{
    Kind, PlanToChange, PlanUpdated, ReplacedTask, TaskId, TaskToPlan, UpdatePlanInput, locate,
};
use serde::Serialize;

use crate::args::PlanCommand;
use crate::commands::{here, tell};
use crate::failure::{Failure, code};
use crate::json::document;
use crate::sanitise::Sanitised;

pub(crate) fn run(command: &PlanCommand) -> Result<u8, Failure> {
    let change = command.change();
    let found = locate(change.plan.as_deref().map(Path::new), &here()?, Some(Kind::Waves))?;
    let root = found.project.unwrap_or_else(|| ".".into());
    let plan = PlanToChange::read(&root, &found.path.to_string_lossy())?;
    let mut input =
        UpdatePlanInput { architecture_updates: change.learned.clone(), ..UpdatePlanInput::default() };
    match command {
        PlanCommand::Add { description, id, task, .. } => {
            let id = id.clone().unwrap_or_else(|| plan.next_id().to_string());
            input.new_tasks = Some(vec![task.task(id, description.clone())]);
        }
        PlanCommand::Replace { id, description, by, task, .. } => {
            let by = match description {
                Some(description) => {
                    let new = plan.next_id().to_string();
                    let task = task.task(new.clone(), description.clone());
                    input.new_tasks = Some(vec![taken_over(&plan, id, task)]);
                    vec![new]
                }
                None => by.clone(),
            };
            input.replaced_tasks = Some(vec![ReplacedTask { id: id.clone(), by }]);
        }
        PlanCommand::Drop { ids, .. } => input.dropped_task_ids = Some(ids.clone()),
    }
    let updated = plan.change(&input)?;
    let new = input.new_tasks.as_deref().unwrap_or_default();
    show(&plan, &updated, new, change.json)
}

/// The task with all that is not said of it as the one has it whose place it takes: others wait for what that provides.
fn taken_over(plan: &PlanToChange, old: &str, task: TaskToPlan) -> TaskToPlan {
    let old = old.parse::<TaskId>().ok().and_then(|id| plan.commit().task(&id));
    let Some(old) = old else { return task };
    let files = || old.files.iter().map(|file| file.as_str().to_owned()).collect();
    let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    TaskToPlan {
        preconditions: task.preconditions.or_else(|| Some(old.preconditions.clone())),
        provides: task.provides.or_else(|| Some(old.provides.clone())),
        files: task.files.or_else(|| Some(files())),
        estimated_time: task.estimated_time.or_else(|| said(&old.estimated_time)),
        priority: task.priority.or_else(|| said(&old.priority)),
        ..task
    }
}

#[derive(Serialize)]
struct Body<'a> {
    plan: &'a str,
    version: &'a str,
    commit: &'a str,
    tasks: usize,
    completed: usize,
    added: Vec<&'a str>,
    warnings: &'a [String],
}

fn show(plan: &PlanToChange, updated: &PlanUpdated, new: &[TaskToPlan], json: bool) -> Result<u8, Failure> {
    let added: Vec<&str> = new.iter().map(|task| task.id.as_str()).collect();
    let mut out = io::stdout().lock();
    if json {
        let body = Body {
            plan: plan.branch(),
            version: &updated.plan_version,
            commit: &updated.commit_sha,
            tasks: updated.total_tasks,
            completed: updated.completed_tasks,
            added,
            warnings: &updated.warnings,
        };
        document(&mut out, "plan", &body)?;
        return Ok(code::SUCCESS);
    }
    tell(&updated.warnings);
    let with = if added.is_empty() { String::new() } else { format!(", with task {}", added.join(", ")) };
    writeln!(
        out,
        "{} is at {}{with}: {} of {} tasks done",
        Sanitised::line(plan.branch()),
        updated.plan_version,
        updated.completed_tasks,
        updated.total_tasks
    )?;
    Ok(code::SUCCESS)
}
