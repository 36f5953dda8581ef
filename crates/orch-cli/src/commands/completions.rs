//! `orch completions SHELL`.

use std::io::{self, Write};

use clap::CommandFactory;

use crate::args::Args;
use crate::failure::code;

pub(crate) fn run(shell: clap_complete::Shell, out: &mut dyn Write) -> io::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "orch", &mut script);
    out.write_all(&script)?;
    Ok(code::SUCCESS)
}
