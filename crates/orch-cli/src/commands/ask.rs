//! Questions that are asked on a terminal, and never anywhere else.

use std::io::{self, BufRead, IsTerminal, Write};

/// Whether there is somebody to ask.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The answer to a question; empty when there is none.
pub(super) fn ask(question: &str) -> io::Result<String> {
    let mut err = io::stderr().lock();
    write!(err, "{question} ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// Whether a question is answered with yes; no answer is none.
pub(super) fn agrees(question: &str) -> io::Result<bool> {
    Ok(ask(&format!("{question} [y/n]"))?.to_lowercase().starts_with('y'))
}
