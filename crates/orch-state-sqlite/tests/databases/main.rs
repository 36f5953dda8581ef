//! The databases of Task Copilot as its tools leave them, made by plain SQL.

mod bad_input;
mod interop;
mod made;
mod made_by_orch;
mod reading;
mod stream_tools;
mod tools;
