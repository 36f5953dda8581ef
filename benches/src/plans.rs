//! Plans in folders of their own, as large as asked for.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The id of a prompt.
pub fn prompt_id(number: u32) -> String {
    format!("PROMPT-{number:06}-t")
}

/// The text of an index of `tasks` prompts, each after those that `edges` name (pairs of what depends and what it depends
/// on, in the order of the tasks).
pub fn index(tasks: u32, edges: &[(u32, u32)]) -> String {
    let mut text = String::from("# Orchestrator Index\n\nOverall Objective: a large plan\n\n## Prompts\n");
    let mut edges = edges.iter().peekable();
    for task in 0..tasks {
        write!(text, "- {}.md — Objective: task number {task} — Dependencies: ", prompt_id(task))
            .expect("a text");
        let mut separator = "";
        while let Some((_, on)) = edges.next_if(|(of, _)| *of == task) {
            write!(text, "{separator}PROMPT-{on:06}").expect("a text");
            separator = ", ";
        }
        text.push_str(if separator.is_empty() { "None\n" } else { "\n" });
    }
    text
}

/// Writes a plan of `tasks` prompts into `folder`, with the [`index`] of these edges. The path of the index.
///
/// # Errors
/// When a file can't be written.
pub fn prompts(folder: &Path, tasks: u32, edges: &[(u32, u32)]) -> io::Result<PathBuf> {
    for task in 0..tasks {
        fs::write(folder.join(format!("{}.md", prompt_id(task))), format!("# Mission\nDo {task}.\n"))?;
    }
    let path = folder.join("PROMPT-ORCHESTRATOR.md");
    fs::write(&path, index(tasks, edges))?;
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
