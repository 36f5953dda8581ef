//! A PRD and its streams written by hand, as YAML or JSON: what `orch generate --from FILE` makes tasks of.

use orch_core::{Diagnostic, Position};
use orch_state_sqlite::{PrdCreateInput, TaskCreateInput};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    title: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    content: Option<String>,
    streams: Vec<WantedStream>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedStream {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    phase: Option<WantedPhase>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    tasks: Vec<WantedTask>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WantedPhase {
    Foundation,
    Parallel,
    Integration,
}

impl WantedPhase {
    const fn word(self) -> &'static str {
        match self {
            Self::Foundation => "foundation",
            Self::Parallel => "parallel",
            Self::Integration => "integration",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedTask {
    title: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    agent: Option<String>,
    #[serde(default)]
    acceptance: Vec<String>,
    #[serde(default)]
    complexity: Option<String>,
    /// More of what Task Copilot keeps with a task.
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// A PRD and its tasks, ready to be stored.
#[derive(Clone, Debug)]
pub(super) struct Requested {
    pub(super) prd: PrdCreateInput,
    /// Without the PRD's id, which there is none of yet.
    pub(super) tasks: Vec<TaskCreateInput>,
}

/// Reads what is asked for.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn read(text: &str) -> Result<Requested, Vec<Diagnostic>> {
    let request: Request = serde_yaml::from_str(text).map_err(|error| {
        let at = error.location().map(|at| Position::new(at.line() as u32, at.column() as u32));
        let hint = "it has a `title` and `streams`, each with an `id` and `tasks`";
        let message = without_place(&error.to_string());
        vec![Diagnostic::error("generate.request", message).hint(hint).at(at)]
    })?;
    let problems = problems(&request);
    if !problems.is_empty() {
        return Err(problems);
    }
    let content = request.content.or_else(|| request.description.clone());
    let prd = PrdCreateInput {
        content: content.unwrap_or_else(|| request.title.clone()),
        title: request.title,
        description: request.description,
        ..PrdCreateInput::default()
    };
    let tasks = request.streams.into_iter().flat_map(|stream| {
        let WantedStream { id, name, phase, files, dependencies, tasks } = stream;
        let of_stream = json!({
            "streamId": id,
            "streamName": name.unwrap_or_else(|| id.clone()),
            "streamPhase": phase.unwrap_or(WantedPhase::Parallel).word(),
            "files": files,
            "dependencies": dependencies,
        });
        tasks.into_iter().map(move |task| task_of(task, &of_stream))
    });
    Ok(Requested { prd, tasks: tasks.collect() })
}

fn task_of(task: WantedTask, of_stream: &Value) -> TaskCreateInput {
    let WantedTask { title, description, agent, acceptance, complexity, mut metadata } = task;
    if let Value::Object(fields) = of_stream {
        metadata.extend(fields.clone());
    }
    if !acceptance.is_empty() {
        metadata.insert("acceptanceCriteria".into(), json!(acceptance));
    }
    if let Some(complexity) = complexity {
        metadata.insert("complexity".into(), json!(complexity));
    }
    TaskCreateInput {
        title,
        description,
        assigned_agent: agent,
        metadata: Some(metadata),
        ..TaskCreateInput::default()
    }
}

fn problems(request: &Request) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut problem = |message: String, hint: &str| {
        problems.push(Diagnostic::error("generate.request", message).hint(hint));
    };
    if request.title.trim().is_empty() {
        problem("it has no title".into(), "say in `title` what the PRD is called");
    }
    if request.streams.is_empty() {
        problem("it has no streams".into(), "list at least one in `streams`");
    }
    for (at, stream) in request.streams.iter().enumerate() {
        if stream.tasks.is_empty() {
            problem(format!("the stream `{}` has no tasks", stream.id), "list its `tasks`, or take it out");
        }
        if request.streams[..at].iter().any(|other| other.id == stream.id) {
            problem(format!("there are two streams `{}`", stream.id), "put their tasks into one");
        }
    }
    if !request.streams.is_empty() && !request.streams.iter().any(|stream| stream.dependencies.is_empty()) {
        problem("every stream depends on another one".into(), "at least one must have no `dependencies`");
    }
    problems
}

/// The first line of what is wrong with YAML, without its place, which is said beside it.
fn without_place(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    let rest = message.strip_prefix("error: line ").and_then(|rest| rest.split_once(": "));
    rest.map_or(message, |(_, said)| said).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "
title: Sign-in
description: Users can sign in
streams:
  - id: Stream-A
    name: Foundation
    phase: foundation
    files: [db/**]
    tasks:
      - title: Tables
        agent: me
        acceptance: [there is a migration]
        metadata: {priority: P1, streamId: ignored}
  - id: Stream-B
    dependencies: [Stream-A]
    tasks: [{title: Form}]
";

    #[test]
    fn streams_become_tasks_with_their_metadata() {
        let requested = read(YAML).unwrap();
        assert_eq!((&*requested.prd.title, &*requested.prd.content), ("Sign-in", "Users can sign in"));
        let of = |task: usize, key: &str| requested.tasks[task].metadata.as_ref().unwrap()[key].clone();
        assert_eq!(requested.tasks[0].assigned_agent.as_deref(), Some("me"));
        assert_eq!((of(0, "streamId"), of(0, "streamPhase")), (json!("Stream-A"), json!("foundation")));
        assert_eq!((of(0, "priority"), of(0, "dependencies")), (json!("P1"), json!([])));
        assert_eq!(of(0, "acceptanceCriteria"), json!(["there is a migration"]));
        assert_eq!((of(1, "streamName"), of(1, "dependencies")), (json!("Stream-B"), json!(["Stream-A"])));
        let json = r#"{"title": "x", "streams": [{"id": "a", "tasks": [{"title": "t"}]}]}"#;
        assert_eq!(read(json).unwrap().tasks.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, line, says) in [
            ("title: x\nstreamz: []\n", Some(2), "streamz"),
            ("title: x\nstreams:\n- id: a\n  tasks: 3\n", Some(4), ""),
            ("title: x\nstreams: []\n", None, "no streams"),
            ("title: ' '\nstreams: [{id: a, tasks: [{title: t}]}]\n", None, "no title"),
            ("title: x\nstreams: [{id: a, tasks: []}]\n", None, "has no tasks"),
            (
                "title: x\nstreams: [{id: a, tasks: [{title: t}]}, {id: a, tasks: [{title: t}]}]\n",
                None,
                "two streams",
            ),
            (
                "title: x\nstreams: [{id: a, dependencies: [a], tasks: [{title: t}]}]\n",
                None,
                "depends on another",
            ),
            ("- 1\n", Some(1), ""),
        ] {
            let problems = read(text).unwrap_err();
            assert_eq!(problems[0].at.map(|at| at.line), line, "{text:?}: {problems:?}");
            assert!(problems.iter().any(|problem| problem.message.contains(says)), "{text:?}: {problems:?}");
        }
    }
}
