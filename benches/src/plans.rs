//! Plans in folders of their own, as large as asked for.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use orch_core::Time;
use orch_state_sqlite::{PrdCreateInput, TaskCreateInput, TaskDb, Tools};
use serde_json::{Value, json};

use crate::layered;

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

/// Makes a database of `streams` streams with `each` tasks, where Task Copilot would have it for `project`. Each stream
/// depends on those of the layer before; all tasks are completed when `done`. The database.
///
/// # Errors
/// When it can't be made.
pub fn streams(
    tasks_folder: &Path,
    project: &Path,
    streams: u32,
    each: u32,
    done: bool,
) -> io::Result<PathBuf> {
    let workspace = project.file_name().unwrap_or_default();
    let path = tasks_folder.join(workspace).join("tasks.db");
    let now = Time::from_millis(1_771_977_600_000);
    let db = TaskDb::open_or_create(&path).map_err(io::Error::other)?;
    let mut tools = Tools::new(db);
    let id = |stream: u32| format!("Stream-{stream:05}");
    let mut on: Vec<Vec<String>> = vec![Vec::new(); streams as usize];
    for (stream, depends_on) in layered(streams, 1) {
        on[stream as usize].push(id(depends_on));
    }
    let task = |stream: u32, task: u32| {
        let metadata = json!({
            "streamId": id(stream),
            "streamName": format!("Part {stream}"),
            "streamPhase": "parallel",
            "files": [format!("src/part{stream}/file{task}.rs")],
            "dependencies": on[stream as usize],
        });
        let Value::Object(metadata) = metadata else { unreachable!("an object was written") };
        TaskCreateInput {
            title: format!("Task {task} of part {stream}"),
            description: Some("What is to be done, in a sentence or two.".into()),
            assigned_agent: Some("me".into()),
            metadata: Some(metadata),
            ..TaskCreateInput::default()
        }
    };
    let tasks = (0..streams).flat_map(|stream| (0..each).map(move |n| (stream, n)));
    let tasks = tasks.map(|(stream, n)| task(stream, n)).collect();
    let prd = PrdCreateInput { title: "Bench".into(), content: "x".into(), ..PrdCreateInput::default() };
    tools.prd_with_tasks(prd, tasks, now).map_err(io::Error::other)?;
    if done {
        // As workers would, and sooner.
        let made = Command::new("python3")
            .args(["-c", "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(\"update tasks set status = 'completed'\"); db.commit()"])
            .arg(&path)
            .status()?;
        if !made.success() {
            return Err(io::Error::other("python3 could not write the database"));
        }
    }
    Ok(path)
}
