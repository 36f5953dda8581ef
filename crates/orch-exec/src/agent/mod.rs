//! Agent programs as data: how one is called, what it finds in its environment, and what its output means.
//!
//! A [`Profile`] is an argument vector with placeholders, how the prompt is handed over, which variables are
//! passed on, and how the result is read. An agent may be handed an [`McpServer`] with a task. Five are built in ([`Builtin`]); a table of `orch.toml` adds others or
//! changes these ([`ProfileTable`], [`resolve`]).
//!
//! [`read`] turns the log of an ended attempt into a [`Reading`]. It never trusts a single sign: the agent
//! programs exit with 0 after being interrupted, say "success" in results that are errors, and report a rate
//! limit in half a dozen ways.

mod builtin;
mod claude;
mod codex;
mod environment;
mod format;
mod gemini;
mod limits;
mod lines;
mod mcp;
mod moment;
mod opencode;
mod placeholders;
mod plain;
mod profile;
mod read;
mod reading;

pub use builtin::Builtin;
pub use environment::environment;
pub use limits::{mentions_limit, reset_time, reset_time_in};
pub use mcp::McpServer;
pub use placeholders::Values;
pub use profile::{Handover, Profile, ProfileError, ProfileTable, ResultKind, resolve};
pub use read::{read, read_in, session};
pub use reading::{End, ExitInfo, Reading};
