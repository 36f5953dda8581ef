//! What a worker is told: the rendered prompt for an agent, the commands of a runbook for a shell.

use std::fs;

use orch_prompt::{Block, FromFile, Prompts, Source, WORKER, Worker};
use orch_state_md::runbook;

use super::PromptPlan;
use crate::system::{Coming, TellError, Telling, Told, is_shell};

/// What the worker of a prompt is told.
pub(crate) fn tell(plan: &PromptPlan, templates: &Prompts, telling: &Telling<'_>) -> Result<Told, TellError> {
    let &Telling { profile, coming: Coming { task, attempt, .. }, previous, base_branch, .. } = telling;
    let path = plan.prompt_file(task)?;
    let bytes = fs::read(&path).map_err(|source| TellError::Read { path, source })?;
    let text = String::from_utf8_lossy(&bytes);
    let written = plan.prompt_path(task);
    if is_shell(profile) {
        return commands(written, &text);
    }
    let rendered = templates.render(
        WORKER,
        &Worker {
            task: plan.plan.id(task),
            attempt,
            objective: plan.plan.objective(),
            prompt: FromFile { path: written, text: &text },
            plan_path: &plan.plan_path(task),
            base_branch,
            previous,
        },
    )?;
    Ok(Told { text: rendered.text, blocks: rendered.blocks, shell: None })
}

/// The fenced commands of a runbook, one after the other, as a script that stops at the first that fails.
fn commands(path: &str, text: &str) -> Result<Told, TellError> {
    let blocks = runbook::blocks(text);
    if blocks.is_empty() {
        return Err(TellError::NoCommands { path: path.to_owned() });
    }
    if let Some(open) = blocks.iter().find(|block| !block.closed) {
        return Err(TellError::Unclosed { path: path.to_owned(), line: open.at.line });
    }
    let shell = if blocks.iter().any(|block| block.language == "bash") { "bash" } else { "sh" };
    let mut script = String::from("set -e\n");
    let mut sources = Vec::new();
    for block in &blocks {
        script.push_str(&block.code);
        if !block.code.ends_with('\n') {
            script.push('\n');
        }
        sources.push(Block {
            name: format!("commands at line {}", block.at.line),
            source: Source::File(path.into()),
            bytes: block.code.len(),
        });
    }
    Ok(Told { text: script, blocks: sources, shell: Some(shell) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runbook_becomes_one_script_that_stops_at_the_first_failure() {
        let text = "# Build\n\n```sh\nmake\n```\n\nThen:\n\n1. test\n   ```bash\n   make test\n   ```\n\n```python\nno\n```\n";
        let told = commands("PROMPT-01.md", text).unwrap();
        assert_eq!(told.text, "set -e\nmake\nmake test\n");
        assert_eq!(told.shell, Some("bash"));
        assert_eq!(told.blocks.len(), 2);
        assert!(matches!(commands("P.md", "no commands"), Err(TellError::NoCommands { .. })));
        assert!(matches!(commands("P.md", "\n```sh\nrm x\n"), Err(TellError::Unclosed { line: 2, .. })));
    }
}
