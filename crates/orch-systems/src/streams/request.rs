//! A PRD and its streams written by hand, as YAML or JSON: what `orch generate --from FILE` makes tasks of.

use std::collections::HashSet;

use orch_core::{Diagnostic, Plan, PlanDraft, Position, Reference, TaskDraft};
use orch_state_sqlite::{PrdCreateInput, TaskCreateInput, stream_named};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use serde_yaml::{Location, Spanned};

use crate::yaml::without_place;

/// As many characters as a title has at most, and the id of a stream.
const LONGEST_TITLE: usize = 1_000;
const LONGEST_ID: usize = 200;

/// The most metadata that a task may have, in bytes.
const LARGEST_METADATA: usize = 1 << 20;

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    title: Spanned<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    content: Option<String>,
    streams: Spanned<Vec<WantedStream>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedStream {
    id: Spanned<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    phase: Option<WantedPhase>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    dependencies: Vec<Spanned<String>>,
    tasks: Spanned<Vec<WantedTask>>,
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
    title: Spanned<String>,
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
    /// The streams that they form, with what each is written to depend on.
    streams: Vec<TaskDraft>,
}

impl Requested {
    /// What is wrong with the dependencies of its streams, where the streams `there` can be depended on as well.
    pub(super) fn entangled(&self, there: &HashSet<String>) -> Vec<Diagnostic> {
        let own: HashSet<&str> = self.streams.iter().map(|stream| stream.id.as_str()).collect();
        let is_stream = |id: &str| own.contains(id) || there.contains(id);
        let meant = |stream: &str, written: &Reference| {
            let name = stream_named(&written.name, is_stream).unwrap_or(&written.name).to_owned();
            // A task of the stream itself is the order within.
            (name != stream || name == written.name).then_some(Reference { name, at: written.at })
        };
        let mut tasks: Vec<TaskDraft> = self.streams.clone();
        for task in &mut tasks {
            task.depends_on = task.depends_on.iter().filter_map(|written| meant(&task.id, written)).collect();
        }
        tasks.extend(there.iter().filter(|id| !own.contains(id.as_str())).map(TaskDraft::new));
        match Plan::build(PlanDraft { tasks, ..PlanDraft::default() }) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(Diagnostic::from).collect(),
        }
    }
}

/// Reads what is asked for.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn read(text: &str) -> Result<Requested, Vec<Diagnostic>> {
    let request: Request = serde_yaml::from_str(text).map_err(|error| {
        let at = error.location().and_then(position);
        let hint = "it has a `title` and `streams`, each with an `id` and `tasks`";
        let message = without_place(&error.to_string());
        vec![Diagnostic::error("generate.request", message).hint(hint).at(at)]
    })?;
    let problems = problems(&request);
    if !problems.is_empty() {
        return Err(problems);
    }
    let is_said = |text: &String| !text.trim().is_empty();
    let content = request.content.filter(is_said).or_else(|| request.description.clone().filter(is_said));
    let prd = PrdCreateInput {
        content: content.unwrap_or_else(|| request.title.value.clone()),
        title: request.title.value,
        description: request.description,
        ..PrdCreateInput::default()
    };
    let streams = request.streams.value.iter().map(draft).collect();
    let tasks = request.streams.value.into_iter().flat_map(|stream| {
        let WantedStream { id: Spanned { value: id, .. }, name, phase, files, dependencies, tasks } = stream;
        let dependencies: Vec<String> = dependencies.into_iter().map(|on| on.value).collect();
        let of_stream = json!({
            "streamId": id,
            "streamName": name.unwrap_or_else(|| id.clone()),
            "streamPhase": phase.unwrap_or(WantedPhase::Parallel).word(),
            "files": files,
            "dependencies": dependencies,
        });
        tasks.value.into_iter().map(move |task| task_of(task, &of_stream))
    });
    Ok(Requested { prd, tasks: tasks.collect(), streams })
}

fn draft(stream: &WantedStream) -> TaskDraft {
    let on = stream.dependencies.iter();
    TaskDraft {
        depends_on: on.map(|on| Reference { name: on.value.clone(), at: position(on.referenced) }).collect(),
        at: position(stream.id.referenced),
        ..TaskDraft::new(stream.id.value.as_str())
    }
}

fn position(at: Location) -> Option<Position> {
    let number = |number: u64| u32::try_from(number).ok().filter(|number| *number > 0);
    Some(Position::new(number(at.line())?, number(at.column())?))
}

fn task_of(task: WantedTask, of_stream: &Value) -> TaskCreateInput {
    let WantedTask { title, description, agent, acceptance, complexity, mut metadata } = task;
    // The other name of `dependencies`, which are those of the stream.
    metadata.remove("streamDependencies");
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
        title: title.value,
        description,
        assigned_agent: agent,
        metadata: Some(metadata),
        ..TaskCreateInput::default()
    }
}

fn problems(request: &Request) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut problem = |at: Location, message: String, hint: &str| {
        problems.push(Diagnostic::error("generate.request", message).hint(hint).at(position(at)));
    };
    if let Some(why) = no_title(&request.title.value) {
        problem(
            request.title.referenced,
            format!("its title {why}"),
            "say in `title` what the PRD is called",
        );
    }
    if request.streams.value.is_empty() {
        problem(request.streams.referenced, "it has no streams".into(), "list at least one in `streams`");
    }
    let mut ids = HashSet::new();
    for stream in &request.streams.value {
        let id = stream.id.value.as_str();
        if let Some(why) = no_id(id) {
            let message = format!("the stream id `{}` {why}", id.escape_debug());
            problem(stream.id.referenced, message, "give it a short name such as Stream-A");
        } else if !ids.insert(id) {
            problem(
                stream.id.referenced,
                format!("there are two streams `{id}`"),
                "put their tasks into one",
            );
        }
        if stream.tasks.value.is_empty() {
            let message = format!("the stream `{}` has no tasks", id.escape_debug());
            problem(stream.tasks.referenced, message, "list its `tasks`, or take it out");
        }
        for task in &stream.tasks.value {
            let at = task.title.referenced;
            if let Some(why) = no_title(&task.title.value) {
                problem(at, format!("the title of a task {why}"), "say in `title` what is done, in a line");
            }
            if Value::Object(task.metadata.clone()).to_string().len() > LARGEST_METADATA {
                let message =
                    format!("the metadata of a task has more than {LARGEST_METADATA} bytes as JSON");
                problem(at, message, "put the rest in a file, and name that");
            }
        }
    }
    problems
}

/// Why this is no title.
fn no_title(title: &str) -> Option<&'static str> {
    match title {
        blank if blank.trim().is_empty() => Some("is empty"),
        long if long.chars().count() > LONGEST_TITLE => Some("is longer than 1000 characters"),
        _ => None,
    }
}

/// Why this can't be the id of a stream.
fn no_id(id: &str) -> Option<&'static str> {
    match id {
        blank if blank.trim().is_empty() => Some("is empty"),
        odd if odd.chars().any(char::is_control) => Some("holds control characters"),
        long if long.chars().count() > LONGEST_ID => Some("is longer than 200 characters"),
        _ => None,
    }
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
            ("title: x\nstreams: []\n", Some(2), "no streams"),
            ("title: ' '\nstreams: [{id: a, tasks: [{title: t}]}]\n", Some(1), "its title is empty"),
            ("title: x\nstreams:\n- {id: a, tasks: []}\n", Some(3), "has no tasks"),
            (
                "title: x\nstreams:\n- {id: a, tasks: [{title: t}]}\n- {id: a, tasks: [{title: t}]}\n",
                Some(4),
                "two streams",
            ),
            ("title: x\nstreams:\n- id: a\n  tasks:\n  - title: ''\n", Some(5), "title of a task is empty"),
            ("title: x\nstreams:\n- id: \"a\\e\"\n  tasks: [{title: t}]\n", Some(3), "control characters"),
            ("title: x\nstreams: [{id: ' ', tasks: [{title: t}]}]\n", Some(2), "is empty"),
            ("- 1\n", Some(1), ""),
        ] {
            let problems = read(text).unwrap_err();
            assert_eq!(problems[0].at.map(|at| at.line), line, "{text:?}: {problems:?}");
            assert!(problems.iter().any(|problem| problem.message.contains(says)), "{text:?}: {problems:?}");
        }
    }

    #[test]
    fn dependencies_are_streams_that_there_are_and_no_circle() {
        let there = HashSet::from(["Old".to_owned()]);
        for (on, line, says) in [
            ("['B: Form']", None, ""),
            ("['[A] Tables', 'A: Tables']", None, ""),
            ("[Old]", None, ""),
            ("[Bb]", Some(3), "`Bb`"),
            ("[A]", Some(3), "itself"),
            ("[B, C]", Some(3), "C"),
        ] {
            let c = if on.contains('C') { "[A]" } else { "[]" };
            let text = format!(
                "title: x\nstreams:\n- {{id: A, dependencies: {on}, tasks: [{{title: t}}]}}\n- {{id: B, tasks: [{{title: t}}]}}\n\
                 - {{id: C, dependencies: {c}, tasks: [{{title: t}}]}}\n"
            );
            let found = read(&text).unwrap().entangled(&there);
            assert_eq!(found.first().and_then(|one| one.at).map(|at| at.line), line, "{on}: {found:?}");
            assert_eq!(found.is_empty(), says.is_empty(), "{on}: {found:?}");
            assert!(found.iter().all(|one| one.message.contains(says)), "{on}: {found:?}");
        }
    }
}
