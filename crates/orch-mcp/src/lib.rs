//! orch's tools for agents, over the Model Context Protocol.
//!
//! A [`ToolHost`] has [`Tool`]s and does what is asked of them; [`Hosts`] puts several together; [`serve`] speaks the
//! protocol on standard input and output until the client closes them. [`TaskTools`] are those for the tasks of
//! streams, over a `tasks.db`; [`GitTools`] those for plans that are kept in the branches of a repository.
//!
//! ```no_run
//! let tasks = orch_mcp::TaskTools::new("tasks.db".into(), None);
//! orch_mcp::serve(Box::new(tasks))?;
//! # Ok::<(), orch_mcp::ServeError>(())
//! ```
//!
//! # Hostile input
//!
//! A line of more than 16 MiB, and one that is not JSON, is passed over. Arguments are checked against the tool's
//! schema before a host sees them. Standard output carries the protocol and nothing else; a host that panics is an
//! error of that one call.
//!
//! The library that speaks the protocol is used in one module and seen in no public item, so that it can be replaced.
#![forbid(unsafe_code)]

mod arguments;
mod clock;
mod git;
mod host;
mod hosts;
mod output;
mod schema;
mod server;
mod tasks;

pub use git::GitTools;
pub use host::{Answer, Effect, Object, Tool, ToolHost};
pub use hosts::Hosts;
pub use server::{ServeError, serve};
pub use tasks::TaskTools;
