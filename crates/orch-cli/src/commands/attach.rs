//! `orch attach ID`: look into the terminal session of a task's worker.

use std::io;
use std::os::unix::process::CommandExt;

use orch_systems::{OpenError, RunOptions, View};

use super::load;
use crate::args::Pointed;
use crate::failure::Failure;

/// Becomes the command that attaches; returns only when that can't be done.
pub(crate) fn run(id: &str, pointed: &Pointed) -> Result<u8, Failure> {
    let view = View::of(load(pointed.plan.as_deref(), &pointed.kind)?, RunOptions::default())?;
    let task = view.find(id)?;
    let mut command = view.attach(task)?;
    let source: io::Error = command.exec();
    Err(Failure::Open(OpenError::System { what: "run tmux", source }))
}
