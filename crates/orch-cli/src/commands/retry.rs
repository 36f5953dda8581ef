//! `orch retry ID …`: have tasks done again.

use orch_core::TaskIx;
use orch_systems::{Ask, OpenError, RunOptions, Session, View};

use super::{plan_among, tell};
use crate::args::{Kinded, command_line};
use crate::failure::{Failure, code};

pub(crate) fn run(names: &[String], kind: &Kinded) -> Result<u8, Failure> {
    let (plan, ids) = plan_among(names, kind)?;
    let view = View::of(plan, RunOptions::default())?;
    let tasks: Vec<TaskIx> = ids.iter().map(|id| view.find(id)).collect::<Result<_, _>>()?;
    let id = |task: &TaskIx| view.plan().id(*task).to_owned();
    if let Some(task) = tasks.iter().find(|&&task| view.is_running(task)) {
        return Err(Failure::Open(OpenError::Request {
            code: "task.running",
            message: format!("`{}` is running", view.plan().id(*task)),
            hint: "stop it first with `orch stop ID`; then it can be done again".into(),
        }));
    }
    let asks: Vec<Ask> = tasks.iter().map(|task| Ask::Retry(id(task))).collect();
    if view.ask(&asks)? {
        tell(&["the run under way was asked to do it again".into()]);
        return Ok(code::SUCCESS);
    }
    let options = RunOptions { command: command_line(), ..RunOptions::default() };
    Session::open(view.loaded().clone(), options)?.retry(&tasks)?;
    let named: Vec<String> = tasks.iter().map(id).collect();
    tell(&[format!("{} will be done again by the next `orch run`", named.join(", "))]);
    Ok(code::SUCCESS)
}
