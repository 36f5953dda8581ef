//! `orch mcp`: orch's tools for agents, on standard input and output.

use orch_mcp::{GitTools, Hosts, TaskTools, ToolHost, serve};
use orch_systems::{OpenError, task_database, worktree_in_use};

use super::here;
use crate::args::{Mcp, ToolSet};
use crate::failure::{Failure, code};

pub(crate) fn run(args: &Mcp) -> Result<u8, Failure> {
    serve(host(args)?)?;
    Ok(code::SUCCESS)
}

fn host(args: &Mcp) -> Result<Box<dyn ToolHost>, Failure> {
    match args.tools {
        ToolSet::Git if args.stream.is_some() || args.database.is_some() => {
            let option = if args.stream.is_some() { "--stream" } else { "--database" };
            Err(Failure::Open(OpenError::Request {
                code: "mcp.tools",
                message: format!(
                    "`--tools git` has nothing to do with `{option}`: that is for the tools on tasks"
                ),
                hint: "leave one of the two out".into(),
            }))
        }
        ToolSet::Git => Ok(Box::new(git()?)),
        ToolSet::All if args.stream.is_none() => {
            let hosts: Vec<Box<dyn ToolHost>> = vec![Box::new(tasks(args)?), Box::new(git()?)];
            Ok(Box::new(Hosts::new("orch", hosts)))
        }
        // The branches of a plan are nothing that the worker of a stream may change.
        ToolSet::Tasks | ToolSet::All => Ok(Box::new(tasks(args)?)),
    }
}

/// The tools on branches. Workers are told of their task by its name.
fn git() -> Result<GitTools, Failure> {
    Ok(GitTools::new(here()?).sparing(worktree_in_use).for_worker(std::env::var_os("ORCH_TASK").is_some()))
}

fn tasks(args: &Mcp) -> Result<TaskTools, Failure> {
    let database = match &args.database {
        Some(path) => path.clone(),
        None => task_database(&here()?)?,
    };
    Ok(TaskTools::new(database, args.stream.clone()))
}
