//! `orch next`: what may start now.

use std::io::{self, Write};

use orch_systems::View;
use serde::Serialize;

use crate::failure::code;
use crate::json::{self, Each};
use crate::sanitise::Sanitised;

#[derive(Serialize)]
struct Answer<R> {
    ready: R,
}

/// Answers with the tasks that may start, in plan order; without any, with an exit code of its own.
pub(crate) fn run(view: &View, json: bool, out: &mut dyn Write) -> io::Result<u8> {
    let plan = view.plan();
    let ready: Vec<_> = view.run().survey(view.now()).ready().collect();
    if json {
        json::document(out, "next", &Answer { ready: Each(|| ready.iter().map(|&task| plan.id(task))) })?;
    } else {
        for &task in &ready {
            write!(out, "{}", Sanitised::line(plan.id(task)))?;
            if !plan.title(task).is_empty() {
                write!(out, "  {}", Sanitised::line(plan.title(task)))?;
            }
            writeln!(out)?;
        }
    }
    Ok(if ready.is_empty() { code::NOTHING_TO_DO } else { code::SUCCESS })
}
