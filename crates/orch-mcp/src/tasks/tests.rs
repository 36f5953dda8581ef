use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::host::Effect;

struct Planned {
    folder: TempDir,
    tools: TaskTools,
    /// What the tasks belong to, once it is there.
    prd: Option<Value>,
}

impl Planned {
    fn nothing() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tools = TaskTools::new(folder.path().join("workspace/tasks.db"), None);
        Self { folder, tools, prd: None }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("workspace/tasks.db")
    }

    fn worker(&self, stream: &str) -> TaskTools {
        TaskTools::new(self.database(), Some(stream.to_owned()))
    }

    fn done(&mut self, tool: &str, arguments: Value) -> Value {
        done(&mut self.tools, tool, arguments)
    }

    fn refused(&mut self, tool: &str, arguments: Value) -> String {
        refused(&mut self.tools, tool, arguments)
    }

    /// Makes a task in `stream` and gives its id.
    fn task(&mut self, stream: &str, dependencies: &[&str]) -> String {
        let metadata = json!({"streamId": stream, "dependencies": dependencies});
        let title = format!("Work on {stream}");
        let task = self.done("task_create", json!({"title": title, "prdId": self.prd, "metadata": metadata}));
        task["id"].as_str().unwrap().to_owned()
    }
}

/// Calls as the server does.
fn call(tools: &mut TaskTools, tool: &str, arguments: Value) -> Answer {
    let Value::Object(mut arguments) = arguments else { panic!("{arguments}") };
    let about = tools.tools().into_iter().find(|about| about.name == tool).expect(tool);
    match arguments::check(&about, &mut arguments) {
        Ok(()) => tools.call(tool, arguments),
        Err(problem) => Answer::Refused(problem),
    }
}

fn done(tools: &mut TaskTools, tool: &str, arguments: Value) -> Value {
    match call(tools, tool, arguments) {
        Answer::Done(text) => serde_json::from_str(&text).unwrap(),
        Answer::Refused(text) => panic!("{tool}: {text}"),
    }
}

fn refused(tools: &mut TaskTools, tool: &str, arguments: Value) -> String {
    match call(tools, tool, arguments) {
        Answer::Refused(text) => text,
        Answer::Done(text) => panic!("{tool}: {text}"),
    }
}

/// Every schema within `schema`, with where it is.
fn walk(schema: &Value, at: &str, look: &mut impl FnMut(&str, &Value)) {
    look(at, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(property, &format!("{at}.{name}"), look);
    }
    if let Some(items) = schema.get("items") {
        walk(items, &format!("{at}[]"), look);
    }
}

#[test]
fn agents_see_these_tools() {
    let mut text = String::new();
    for operation in table::operations() {
        let Tool { name, title, description, input_schema, effect, .. } = &operation.tool;
        let schema = serde_json::to_string_pretty(input_schema).unwrap();
        text.push_str(&format!("# {name} ({title}; {effect:?})\n{description}\n{schema}\n\n"));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn every_argument_is_described_and_no_schema_has_references() {
    for operation in table::operations() {
        let tool = operation.tool;
        let schema = Value::Object(tool.input_schema);
        assert_eq!(schema["type"], "object", "{}", tool.name);
        let fields = schema["properties"].as_object().unwrap().len();
        assert!(fields > 0, "{}", tool.name);
        walk(&schema, tool.name, &mut |at, schema| {
            assert!(schema.get("$ref").is_none() && schema.get("$defs").is_none(), "{at}: {schema}");
            let described = schema["description"].as_str().is_some_and(|text| text.len() > 5);
            assert!(described || at == tool.name || at.ends_with("[]"), "{at} has no description");
        });
    }
}

#[test]
fn every_example_can_be_read() {
    for operation in table::operations() {
        let tool = &operation.tool;
        let mut example = tool.example.clone();
        arguments::check(tool, &mut example).unwrap();
        assert_eq!(example, tool.example);
        assert!(operation.read(example).is_ok(), "{}", tool.name);
    }
}

#[test]
fn only_what_begins_a_plan_makes_the_database() {
    for operation in table::operations() {
        let tool = &operation.tool;
        let mut planned = Planned::nothing();
        let answer = call(&mut planned.tools, tool.name, Value::Object(tool.example.clone()));
        let begins = ["initiative_link", "prd_create", "task_create"].contains(&tool.name);
        assert_eq!(planned.database().exists(), begins, "{}: {answer:?}", tool.name);
        if !begins {
            let Answer::Refused(text) = answer else { panic!("{}: {answer:?}", tool.name) };
            assert!(text.starts_with("nothing is there yet: "), "{}: {text}", tool.name);
        }
    }
}

#[test]
fn what_only_reads_changes_nothing() {
    let mut planned = Planned::nothing();
    planned.task("Stream-A", &[]);
    let before = fs::read(planned.database()).unwrap();
    for operation in table::operations() {
        if operation.tool.effect == Effect::Reads {
            call(&mut planned.tools, operation.tool.name, Value::Object(operation.tool.example.clone()));
        }
    }
    assert_eq!(fs::read(planned.database()).unwrap(), before);
}

#[test]
fn an_agent_plans_and_works() {
    let mut planned = Planned::nothing();
    let linked = planned.done("initiative_link", json!({"initiativeId": "INIT-1", "title": "Invitations"}));
    assert_eq!(linked["workspaceCreated"], true);
    let prd = planned.done("prd_create", json!({"title": "Invitations", "content": "By mail."}));
    assert_eq!(prd["initiativeId"], "INIT-1");
    planned.prd = Some(prd["id"].clone());
    let first = planned.task("Stream-A", &[]);
    let second = planned.task("Stream-B", &["Stream-A"]);

    planned.done("task_update", json!({"id": first, "status": "completed"}));
    let left = planned.done("task_list", json!({"streamId": "Stream-B"}));
    assert!(left.to_string().contains(&second) && !left.to_string().contains(&first), "{left}");
    let stands = planned.done("stream_get", json!({"streamId": "Stream-A"}));
    assert_eq!(stands["status"], "completed");

    let product =
        json!({"taskId": first, "type": "implementation", "title": "The table", "content": "Added."});
    let product = planned.done("work_product_store", product);
    let stored = planned.done("work_product_get", json!({"id": product["id"]}));
    assert_eq!(stored["title"], "The table");
    assert!(planned.done("work_product_list", json!({"taskId": first})).to_string().contains("The table"));
}

#[test]
fn a_cycle_of_streams_is_refused_by_either_key() {
    for key in ["dependencies", "streamDependencies"] {
        let mut planned = Planned::nothing();
        planned.task("Stream-A", &[]);
        planned.task("Stream-B", &["Stream-A"]);
        let metadata = json!({"streamId": "Stream-A", key: ["Stream-B"]});
        let text = planned.refused("task_create", json!({"title": "Round", "metadata": metadata}));
        assert!(text.contains("Stream-A → Stream-B → Stream-A"), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_what_is_allowed_and_an_example() {
    let mut planned = Planned::nothing();
    let task = planned.task("Stream-A", &[]);
    for (tool, arguments, said) in [
        (
            "task_update",
            json!({"id": task, "status": "done"}),
            &["`status`", "\"in_progress\"", "not \"done\""][..],
        ),
        ("task_create", json!({"metadata": {"streamId": "Stream-A"}}), &["`title` is missing"]),
        ("task_create", json!({"title": "  "}), &["title"]),
        ("task_create", json!({"title": "a", "metadata": "Stream-A"}), &["`metadata` has to be an object"]),
        (
            "task_create",
            json!({"title": "a", "metadata": {"streamPhase": "late"}}),
            &["streamPhase", "foundation"],
        ),
        (
            "prd_create",
            json!({"title": "a", "acceptanceCriteria": []}),
            &["`content` is missing", "`acceptanceCriteria`"],
        ),
        ("stream_conflict_check", json!({"files": "src/a.rs"}), &["`files` has to be a list"]),
        ("stream_archive_all", json!({}), &["`confirm` is missing"]),
    ] {
        let text = planned.refused(tool, arguments.clone());
        for said in said {
            assert!(text.contains(said), "{tool} {arguments}: {text}");
        }
        assert!(text.contains(&format!("\nexample of `{tool}`: {{")), "{tool} {arguments}: {text}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let mut planned = Planned::nothing();
    planned.task("Stream-A", &[]);
    for (tool, arguments) in [
        ("prd_get", json!({"id": "nobody"})),
        ("task_get", json!({"id": "nobody"})),
        ("task_update", json!({"id": "nobody", "status": "completed"})),
        ("stream_get", json!({"streamId": "nobody"})),
        ("work_product_get", json!({"id": "nobody"})),
    ] {
        let text = planned.refused(tool, arguments);
        assert!(text.contains("not found: nobody; "), "{tool}: {text}");
    }
}

#[test]
fn a_worker_changes_only_what_is_its_streams() {
    let mut planned = Planned::nothing();
    let own = planned.task("Stream-A", &[]);
    let other = planned.task("Stream-B", &[]);
    let mut worker = planned.worker("Stream-A");
    assert!(worker.instructions().contains("\"Stream-A\""));
    done(&mut worker, "task_update", json!({"id": own, "status": "in_progress"}));
    done(&mut worker, "task_get", json!({"id": other}));
    let text = refused(&mut worker, "task_update", json!({"id": other, "status": "in_progress"}));
    assert!(text.contains("belongs to Stream-B"), "{text}");
    let text = refused(&mut worker, "stream_archive_all", json!({"confirm": true}));
    assert!(text.contains("Stream-A"), "{text}");
    assert_eq!(planned.done("task_get", json!({"id": other}))["status"], "pending");
}

#[test]
fn a_worker_makes_tasks_of_its_own_stream_and_no_plan() {
    let mut planned = Planned::nothing();
    let text = refused(&mut planned.worker("Stream-A"), "task_create", json!({"title": "More"}));
    assert!(text.starts_with("nothing is there yet") && text.contains("no stream Stream-A"), "{text}");
    assert!(!planned.database().exists());
    planned.prd = Some(planned.done("prd_create", json!({"title": "t", "content": "c"}))["id"].clone());
    let task = planned.task("Stream-A", &[]);

    let made = done(&mut planned.worker("Stream-A"), "task_create", json!({"title": "More"}));
    assert_eq!((&made["streamId"], &made["prdId"]), (&json!("Stream-A"), planned.prd.as_ref().unwrap()));
    let text = refused(&mut planned.worker("Stream-A"), "prd_create", json!({"title": "t", "content": "c"}));
    assert!(text.contains("leave it to the one who started you"), "{text}");

    let mut nobody = planned.worker("stream-b");
    done(&mut nobody, "task_list", json!({"streamId": "stream-b"}));
    let product = json!({"taskId": task, "type": "other", "title": "t", "content": "c"});
    for (tool, arguments) in [
        ("task_create", json!({"title": "More"})),
        ("task_update", json!({"id": task, "status": "completed"})),
        ("work_product_store", product),
        ("stream_unarchive", json!({"streamId": "Stream-A"})),
    ] {
        let text = refused(&mut nobody, tool, arguments);
        assert!(text.starts_with("there is no stream stream-b in the current initiative"), "{tool}: {text}");
        assert!(text.contains("did you mean Stream-A?"), "{tool}: {text}");
    }
}

#[test]
fn the_database_may_appear_be_replaced_and_go_between_calls() {
    let mut planned = Planned::nothing();
    planned.refused("stream_list", json!({}));

    let mut other = Planned::nothing();
    let task = other.task("Stream-Other", &[]);
    fs::create_dir(planned.database().parent().unwrap()).unwrap();
    fs::copy(other.database(), planned.database()).unwrap();
    planned.done("task_get", json!({"id": task}));

    let mut another = Planned::nothing();
    let replacement = another.task("Stream-Another", &[]);
    fs::rename(another.database(), planned.database()).unwrap();
    planned.done("task_get", json!({"id": replacement}));
    planned.refused("task_get", json!({"id": task}));

    fs::remove_file(planned.database()).unwrap();
    assert!(planned.refused("task_get", json!({"id": replacement})).starts_with("nothing is there yet"));
}

#[test]
fn an_empty_file_is_a_plan_that_nobody_has_begun() {
    let mut planned = Planned::nothing();
    fs::create_dir(planned.database().parent().unwrap()).unwrap();
    fs::write(planned.database(), "").unwrap();
    assert!(planned.refused("stream_list", json!({})).starts_with("nothing is there yet"));
    planned.task("Stream-A", &[]);
    assert_eq!(planned.done("stream_list", json!({}))["streams"][0]["streamId"], "Stream-A");
}

#[test]
fn what_is_no_database_is_said_with_what_to_do() {
    let mut planned = Planned::nothing();
    fs::create_dir(planned.database().parent().unwrap()).unwrap();
    fs::write(
        planned.database(),
        "not a database, but long enough to be looked at as if it were one\n".repeat(20),
    )
    .unwrap();
    for tool in ["stream_list", "prd_list"] {
        let text = planned.refused(tool, json!({}));
        assert!(text.contains("is not a SQLite database\n"), "{text}");
    }
    let text = planned.refused("prd_create", json!({"title": "a", "content": "b"}));
    assert!(text.contains("is not a SQLite database\n"), "{text}");
}

#[test]
fn many_at_once_each_make_their_own_task() {
    let planned = Planned::nothing();
    let mut ids: Vec<String> = std::thread::scope(|scope| {
        let agents: Vec<_> = (0..8)
            .map(|agent| {
                let mut tools = TaskTools::new(planned.database(), None);
                scope.spawn(move || {
                    let make = |number| json!({"title": format!("Task {number} of {agent}")});
                    (0..10)
                        .map(|number| done(&mut tools, "task_create", make(number))["id"].to_string())
                        .collect()
                })
            })
            .collect();
        agents.into_iter().flat_map(|agent| -> Vec<String> { agent.join().unwrap() }).collect()
    });
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 80);
}
