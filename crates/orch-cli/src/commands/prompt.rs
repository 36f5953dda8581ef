//! `orch prompt`: what a worker would be told.

use std::io::{self, IsTerminal, Write};

use orch_core::TaskIx;
use orch_systems::{Source, Told, View};
use serde::Serialize;

use crate::failure::code;
use crate::json;
use crate::sanitise::Sanitised;

/// Answers with the text and nothing else, or with where its parts come from.
pub(crate) fn run(
    view: &View,
    task: TaskIx,
    told: &Told,
    explain: bool,
    json: bool,
    out: &mut dyn Write,
) -> io::Result<u8> {
    if json {
        let id = view.plan().id(task);
        json::document(out, "prompt", &Answer::of(id, told))?;
    } else if explain {
        write_parts(told, out)?;
    } else if io::stdout().is_terminal() {
        write!(out, "{}", Sanitised::lines(&told.text))?;
    } else {
        out.write_all(told.text.as_bytes())?;
    }
    Ok(code::SUCCESS)
}

fn write_parts(told: &Told, out: &mut dyn Write) -> io::Result<()> {
    for block in &told.blocks {
        let source = match &block.source {
            Source::BuiltIn => "part of orch".into(),
            Source::File(path) => path.to_string_lossy(),
            Source::Value => "from the plan and the run".into(),
        };
        let (name, source) = (Sanitised::line(&block.name), Sanitised::line(&source));
        writeln!(out, "{:>8} bytes  {name}  ({source})", block.bytes)?;
    }
    let shell = told.shell.map(|shell| format!(", executed by {shell}")).unwrap_or_default();
    writeln!(out, "{:>8} bytes in all{shell}", told.text.len())
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    text: &'a str,
    blocks: Vec<Part<'a>>,
    shell: Option<&'static str>,
}

#[derive(Serialize)]
struct Part<'a> {
    name: &'a str,
    source: std::borrow::Cow<'a, str>,
    bytes: usize,
}

impl<'a> Answer<'a> {
    fn of(id: &'a str, told: &'a Told) -> Self {
        let part = |block: &'a orch_systems::Block| Part {
            name: &block.name,
            source: match &block.source {
                Source::BuiltIn => "built_in".into(),
                Source::File(path) => path.to_string_lossy(),
                Source::Value => "value".into(),
            },
            bytes: block.bytes,
        };
        Self { id, text: &told.text, blocks: told.blocks.iter().map(part).collect(), shell: told.shell }
    }
}
