//! `orch stop [ID …]`: end the run under way, some of its tasks, or the workers that an earlier run left.

use orch_core::TaskIx;
use orch_systems::{AnyPlan, Ask, OpenError, RunOptions, Session, View};

use super::{plan_to_look_among, tell};
use crate::args::{Kinded, command_line};
use crate::failure::{Failure, code};

pub(crate) fn run(names: &[String], kind: &Kinded) -> Result<u8, Failure> {
    let (plan, ids) = plan_to_look_among(names, kind)?;
    tell(plan.note().map(str::to_owned).as_slice());
    let view = View::of(plan, RunOptions::default())?;
    let mut asks = Vec::new();
    for id in &ids {
        asks.push(Ask::StopTask(view.plan().id(view.find(id)?).to_owned()));
    }
    if asks.is_empty() {
        asks.push(Ask::Stop);
    }
    if view.ask(&asks)? {
        if ids.is_empty() {
            view.wait_until_free()?;
            tell(&["the run has ended".into()]);
        } else {
            tell(&["the run under way was asked to stop it".into()]);
        }
        return Ok(code::SUCCESS);
    }
    if !ids.is_empty() {
        let tasks: Vec<TaskIx> = ids.iter().map(|id| view.find(id)).collect::<Result<_, _>>()?;
        let options = RunOptions { command: command_line(), ..RunOptions::default() };
        return match Session::open(view.loaded().clone(), options)?.stop_tasks(&tasks)? {
            0 => Err(Failure::Open(OpenError::Request {
                code: "run.none",
                message: "no run of this plan is under way, and no worker of that".into(),
                hint: "`orch status` shows what is".into(),
            })),
            _ => {
                tell(&[match view.loaded() {
                    AnyPlan::Milestones(_) => "it is given back, and may be dispatched again".into(),
                    _ => "the worker that an earlier run left is ended".into(),
                }]);
                Ok(code::SUCCESS)
            }
        };
    }
    let options = RunOptions { command: command_line(), end_survivors: true, ..RunOptions::default() };
    let settled = Session::open(view.loaded().clone(), options)?.stop()?;
    let said = match settled {
        0 => "no run of this plan is under way, and no worker of it".to_owned(),
        1 => "1 task that an earlier run left under way is settled".to_owned(),
        n => format!("{n} tasks that an earlier run left under way are settled"),
    };
    tell(&[said]);
    Ok(code::SUCCESS)
}
