//! The databases of Task Copilot as its tools leave them, made by plain SQL.

mod made;
mod reading;
