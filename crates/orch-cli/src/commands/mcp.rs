//! `orch mcp`: orch's tools for agents, on standard input and output.

use orch_mcp::{TaskTools, serve};
use orch_systems::task_database;

use super::here;
use crate::args::Mcp;
use crate::failure::{Failure, code};

pub(crate) fn run(args: &Mcp) -> Result<u8, Failure> {
    let database = match &args.database {
        Some(path) => path.clone(),
        None => task_database(&here()?)?,
    };
    let host = Box::new(TaskTools::new(database, args.stream.clone()));
    serve(host)?;
    Ok(code::SUCCESS)
}
