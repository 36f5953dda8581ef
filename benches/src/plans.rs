//! Plans in folders of their own, as large as asked for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The id of a prompt.
pub fn prompt_id(number: u32) -> String {
    format!("PROMPT-{number:06}-t")
}

/// Writes a plan of `prompts` prompts into `folder`, each after those that `edges` name (pairs of what depends and what it
/// depends on). The path of its index.
///
/// # Errors
/// When a file can't be written.
pub fn prompts(folder: &Path, prompts: u32, edges: &[(u32, u32)]) -> io::Result<PathBuf> {
    let mut on: Vec<Vec<String>> = vec![Vec::new(); prompts as usize];
    for &(task, needed) in edges {
        on[task as usize].push(format!("PROMPT-{needed:06}"));
    }
    let mut index = String::from("# Orchestrator Index\n\nOverall Objective: a large plan\n\n## Prompts\n");
    for (number, on) in (0..prompts).zip(&on) {
        let (id, on) = (prompt_id(number), if on.is_empty() { "None".into() } else { on.join(", ") });
        index += &format!("- {id}.md — Objective: task number {number} — Dependencies: {on}\n");
        fs::write(folder.join(format!("{id}.md")), format!("# Mission\nDo {number}.\n"))?;
    }
    let path = folder.join("PROMPT-ORCHESTRATOR.md");
    fs::write(&path, index)?;
    Ok(path)
}

/// Makes `folder` a git repository with a plan of `weavers` weavers that need nothing of each other. The path of its
/// `meta.json`.
///
/// # Errors
/// When a file can't be written, or there is no git.
pub fn weavers(folder: &Path, weavers: u32) -> io::Result<PathBuf> {
    Command::new("git").args(["init", "--quiet", "--initial-branch=main"]).arg(folder).status()?;
    let plan = folder.join(".claude/vertical/plans/plan-large");
    fs::create_dir_all(plan.join("specs"))?;
    let mut specs = Vec::new();
    for number in 1..=weavers {
        let name = format!("{number:05}-part.yaml");
        let spec = format!(
            "name: part-{number}\ndescription: Part {number}\nbuilding_spec:\n  requirements:\n    - part {number} is \
             there\n  files:\n    - parts/{number}/file\nverification_spec:\n  - type: file-exists\n    path: \
             parts/{number}/file\npr:\n  branch: part-{number}\n"
        );
        fs::write(plan.join("specs").join(&name), spec)?;
        specs.push(format!("\"{name}\""));
    }
    let meta = format!(
        "{{\"id\": \"plan-large\", \"description\": \"a large plan\", \"specs\": [{}]}}\n",
        specs.join(", ")
    );
    let path = plan.join("meta.json");
    fs::write(&path, meta)?;
    Ok(path)
}
