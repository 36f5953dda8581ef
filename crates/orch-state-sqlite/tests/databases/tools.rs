//! The tools, called as agents call them: with JSON.

use orch_core::Time;
use orch_state_sqlite::{DbError, Tools};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::made::Made;

pub(crate) const NOW: Time = Time::from_millis(1_768_833_000_042);

/// What an agent's `arguments` are as a tool's input.
pub(crate) fn input<T: DeserializeOwned>(arguments: Value) -> T {
    serde_json::from_value(arguments).unwrap()
}

/// What an agent sees of a tool's output.
pub(crate) fn output(output: impl Serialize) -> Value {
    serde_json::to_value(output).unwrap()
}

pub(crate) fn tools(made: &Made) -> Tools {
    Tools::new(made.open())
}

/// Makes a task of `PRD-1` with this metadata; its id, or why not.
pub(crate) fn create(tools: &mut Tools, metadata: Value) -> Result<String, String> {
    let task = input(json!({"title": "Do it", "prdId": "PRD-1", "metadata": metadata}));
    tools.task_create(task, NOW).map(|task| task.id).map_err(|error| error.to_string())
}

pub(crate) fn update(tools: &mut Tools, arguments: Value) -> Result<Value, String> {
    tools.task_update(input(arguments), NOW).map(output).map_err(|error| error.to_string())
}

fn metadata_of(tools: &Tools, id: &str) -> Value {
    output(tools.task_get(&input(json!({"id": id}))).unwrap())["metadata"].clone()
}

fn streams(tools: &Tools) -> Value {
    output(tools.stream_list(&input(json!({}))).unwrap())["streams"].clone()
}

#[test]
fn a_prd_is_made_shown_and_counted() {
    let made = Made::new();
    made.sql("DELETE FROM prds; DELETE FROM initiatives");
    let mut tools = tools(&made);
    assert_eq!(output(tools.prd_list(&input(json!({}))).unwrap()), json!([]));
    let content = "Sign in with OAuth. ".repeat(20);
    let prd = tools
        .prd_create(input(json!({"title": "OAuth", "content": content, "metadata": {"size": 3}})), NOW)
        .unwrap();
    assert_eq!(prd.created_at, "2026-01-19T14:30:00.042Z");
    assert_eq!((prd.summary.len(), prd.id.len()), (200, "PRD-".len() + 36));
    assert_eq!(tools.db().current_initiative().unwrap().unwrap().title, "Default Initiative");

    let ids: Vec<String> = (0..3)
        .map(|_| tools.task_create(input(json!({"title": "Do it", "prdId": prd.id})), NOW).unwrap().id)
        .collect();
    update(&mut tools, json!({"id": ids[0], "status": "completed"})).unwrap();
    assert_eq!(
        output(tools.prd_list(&input(json!({"status": "active"}))).unwrap()),
        json!([{"id": prd.id, "title": "OAuth", "status": "active", "taskCount": 3, "completedTasks": 1,
                "progress": "1/3 (33%)"}])
    );
    let short = output(tools.prd_get(&input(json!({"id": prd.id}))).unwrap());
    assert_eq!((&short["content"], &short["metadata"]), (&Value::Null, &json!({"size": 3})));
    let whole = output(tools.prd_get(&input(json!({"id": prd.id, "includeContent": true}))).unwrap());
    assert_eq!((whole["content"].as_str(), whole["progress"].as_str()), (Some(&*content), Some("1/3 (33%)")));
    let error = tools.prd_get(&input(json!({"id": "PRD-x"}))).unwrap_err();
    assert_eq!(error.to_string(), "PRD not found: PRD-x; prd_list shows those there are");
}

#[test]
fn unknown_fields_are_refused_with_the_known_ones() {
    let arguments = json!({"title": "OAuth", "content": "x", "acceptanceCriteria": []});
    let error =
        serde_json::from_value::<orch_state_sqlite::PrdCreateInput>(arguments).unwrap_err().to_string();
    assert_eq!(
        error,
        "unknown field `acceptanceCriteria`, expected one of `title`, `content`, `description`, `metadata`"
    );
}

#[test]
fn the_schema_of_metadata_tells_agents_of_streams() {
    let schema = output(schemars::schema_for!(orch_state_sqlite::TaskCreateInput));
    let described = schema.to_string();
    for key in ["streamId", "streamPhase", "dependencies", "acceptanceCriteria", "foundation"] {
        assert!(described.contains(key), "{key} is missing in {described}");
    }
    assert_eq!(schema["required"], json!(["title"]));
    assert_eq!(schema["additionalProperties"], json!(false));
}

#[test]
fn both_keys_have_what_a_stream_waits_for() {
    let made = Made::new();
    let mut tools = tools(&made);
    create(&mut tools, json!({"streamId": "Stream-A"})).unwrap();
    for (metadata, expected) in [
        (json!({"dependencies": ["Stream-A"]}), json!(["Stream-A"])),
        (json!({"streamDependencies": ["Stream-A"]}), json!(["Stream-A"])),
        (
            json!({"dependencies": ["Stream-Z"], "streamDependencies": ["Stream-A", "Stream-Z"]}),
            json!(["Stream-Z", "Stream-A"]),
        ),
        (
            json!({"dependencies": ["Stream-A: Tables", "[Stream-A] Types", " Stream-A "]}),
            json!(["Stream-A"]),
        ),
        (json!({"dependencies": []}), json!([])),
    ] {
        let mut whole = metadata.clone();
        whole["streamId"] = "Stream-B".into();
        let id = create(&mut tools, whole).unwrap();
        let stored = metadata_of(&tools, &id);
        assert_eq!(
            (&stored["dependencies"], &stored["streamDependencies"]),
            (&expected, &expected),
            "{metadata}"
        );

        let id = create(&mut tools, json!({"streamId": "Stream-B", "dependencies": ["old"]})).unwrap();
        update(&mut tools, json!({"id": id, "metadata": metadata})).unwrap();
        let stored = metadata_of(&tools, &id);
        assert_eq!(
            (&stored["dependencies"], &stored["streamDependencies"]),
            (&expected, &expected),
            "{metadata}"
        );
    }
    let id = create(&mut tools, json!({"streamId": "Stream-C", "priority": "P1"})).unwrap();
    assert_eq!(metadata_of(&tools, &id), json!({"streamId": "Stream-C", "priority": "P1"}));
}

#[test]
fn a_cycle_over_streams_is_refused_with_its_path() {
    let made = Made::new();
    // As the originals' orchestrator and as their server write it.
    made.task("T-1", Some("PRD-1"), "pending", Some(r#"{"streamId":"A","dependencies":["B: Types"]}"#));
    made.task("T-2", Some("PRD-1"), "pending", Some(r#"{"streamId":"B","streamDependencies":["C"]}"#));
    // What is archived or another initiative's doesn't count.
    made.task("T-3", Some("PRD-old"), "pending", Some(r#"{"streamId":"A","dependencies":["D"]}"#));
    made.task("T-4", Some("PRD-1"), "pending", Some(r#"{"streamId":"A","dependencies":["D"]}"#));
    made.sql("UPDATE tasks SET archived = 1 WHERE id = 'T-4'");
    let mut tools = tools(&made);
    let refused = "the streams would wait for each other: C → A → B → C; leave out one of these dependencies";
    assert_eq!(create(&mut tools, json!({"streamId": "C", "dependencies": ["A"]})).unwrap_err(), refused);
    assert_eq!(
        create(&mut tools, json!({"streamId": "C", "streamDependencies": ["[A] Tables"]})).unwrap_err(),
        refused
    );
    assert!(
        create(&mut tools, json!({"streamId": "C", "dependencies": ["C"]})).unwrap_err().contains(": C → C;")
    );

    let id = create(&mut tools, json!({"streamId": "C", "dependencies": []})).unwrap();
    assert_eq!(
        update(&mut tools, json!({"id": id, "metadata": {"dependencies": ["A"]}})).unwrap_err(),
        refused
    );
    create(&mut tools, json!({"streamId": "D", "dependencies": ["A"]})).unwrap();
    // A task that moves to another stream takes what it waits for along.
    let moving = create(&mut tools, json!({"streamId": "E", "dependencies": ["A"]})).unwrap();
    assert!(update(&mut tools, json!({"id": moving, "metadata": {"streamId": "B"}})).is_err());
    // What a task itself said before doesn't count.
    update(&mut tools, json!({"id": "T-1", "metadata": {"dependencies": []}})).unwrap();
    update(&mut tools, json!({"id": id, "metadata": {"dependencies": ["A"]}})).unwrap();
}

#[test]
fn several_tasks_are_made_together_or_not_at_all() {
    let made = Made::new();
    let mut tools = tools(&made);
    let task = |title: &str, stream: &str, dependencies: Value| {
        input(
            json!({"title": title, "prdId": "PRD-1", "metadata": {"streamId": stream, "dependencies": dependencies}}),
        )
    };
    let circle = vec![task("1", "A", json!(["B: later"])), task("2", "B", json!(["A"]))];
    assert_eq!(tools.tasks_create(circle, NOW).unwrap_err().code(), "tool.cycle");
    assert_eq!(streams(&tools), json!([]));
    let line = vec![task("1", "A", json!(["B: later"])), task("2", "B", json!([]))];
    let created = tools.tasks_create(line, NOW).unwrap();
    assert_eq!(metadata_of(&tools, &created[0].id)["dependencies"], json!(["B"]));
}

#[test]
fn a_stream_without_a_prd_is_warned_of() {
    let made = Made::new();
    let mut tools = tools(&made);
    let unlinked = json!({"title": "Do it", "metadata": {"streamId": "A"}});
    let created = tools.task_create(input(unlinked.clone()), NOW).unwrap();
    assert!(created.warning.unwrap().contains("make it again with prdId"));
    assert!(tools.task_create(input(json!({"title": "Do it"})), NOW).unwrap().warning.is_none());
    made.sql("DELETE FROM tasks; DELETE FROM prds; DELETE FROM initiatives");
    assert!(tools.task_create(input(unlinked), NOW).unwrap().warning.is_none());
}

#[test]
fn what_agents_give_is_checked() {
    let made = Made::new();
    let mut tools = tools(&made);
    let long = "x".repeat(1001);
    for (metadata, says) in [
        (json!({"streamId": 5}), "metadata.streamId: is no text"),
        (json!({"streamId": " "}), "metadata.streamId: is empty"),
        (json!({"streamId": "a\nb"}), "metadata.streamId: has control characters"),
        (json!({"streamId": &long[..201]}), "metadata.streamId: has 201 characters, 200 are allowed"),
        (json!({"streamId": "A", "streamPhase": "later"}), "metadata.streamPhase: is none of foundation"),
        (json!({"streamId": "A", "streamName": long}), "metadata.streamName: has 1001 characters"),
        (json!({"streamId": "A", "dependencies": "B"}), "metadata.dependencies: is no list of texts"),
        (
            json!({"streamId": "A", "streamDependencies": [7]}),
            "metadata.streamDependencies: is no list of texts",
        ),
        (json!({"streamId": "A", "dependencies": [" "]}), "metadata.dependencies: has an empty name"),
        (json!({"streamId": "A", "files": {"a": 1}}), "metadata.files: is no list of texts"),
        (json!({"acceptanceCriteria": "fast"}), "metadata.acceptanceCriteria: is no list of texts"),
        (json!({"x": "x".repeat(1 << 20)}), "metadata: has 1048584 bytes as JSON, 1048576 are allowed"),
    ] {
        let error = create(&mut tools, metadata).unwrap_err();
        assert!(error.starts_with(says), "{says}: {error}");
    }
    for (task, says) in [
        (json!({"title": " "}), "title: is empty"),
        (json!({"title": long}), "title: has 1001 characters"),
        (json!({"title": "t", "prdId": "PRD-x"}), "PRD not found: PRD-x; prd_list shows those there are"),
        (json!({"title": "t", "parentId": "T-x"}), "task not found: T-x; task_list shows those there are"),
        (json!({"title": "t", "description": "x".repeat((8 << 20) + 1)}), "description: has 8388609 bytes"),
    ] {
        let error = tools.task_create(input(task), NOW).unwrap_err().to_string();
        assert!(error.starts_with(says), "{says}: {error}");
    }
    assert_eq!(tools.task_list(&input(json!({}))).unwrap(), []);
    create(&mut tools, json!({"streamId": "../a \"b\" 'c' -- ;ß"})).unwrap();
    assert_eq!(streams(&tools)[0]["streamId"], "../a \"b\" 'c' -- ;ß");
    let error = tools.prd_create(input(json!({"title": "t", "content": ""})), NOW).unwrap_err();
    assert_eq!(error.to_string(), "content: is empty");
}

#[test]
fn a_task_is_updated_in_part() {
    let made = Made::new();
    let mut tools = tools(&made);
    let id = create(&mut tools, json!({"streamId": "A", "files": ["a"]})).unwrap();
    let updated = update(
        &mut tools,
        json!({"id": id, "status": "blocked", "blockedReason": "no key", "metadata": {"priority": "P0"}}),
    )
    .unwrap();
    assert_eq!(
        updated,
        json!({"id": id, "status": "blocked", "streamId": "A", "updatedAt": "2026-01-19T14:30:00.042Z"})
    );
    update(&mut tools, json!({"id": id, "notes": "half done", "assignedAgent": "qa"})).unwrap();
    let task = output(tools.task_get(&input(json!({"id": id}))).unwrap());
    assert_eq!(task["metadata"], json!({"streamId": "A", "files": ["a"], "priority": "P0"}));
    for (key, value) in
        [("status", "blocked"), ("blockedReason", "no key"), ("notes", "half done"), ("assignedAgent", "qa")]
    {
        assert_eq!(task[key], value);
    }
    assert!(
        update(&mut tools, json!({"id": "T-x"})).unwrap_err().starts_with("task not found: T-x; task_list")
    );
    made.sql("UPDATE tasks SET archived = 1");
    assert!(update(&mut tools, json!({"id": id, "status": "pending"})).unwrap_err().contains("is archived"));
    made.sql("UPDATE tasks SET archived = 0, metadata = '[1]'");
    update(&mut tools, json!({"id": id, "status": "pending"})).unwrap();
    assert_eq!(metadata_of(&tools, &id), json!([1]));
    update(&mut tools, json!({"id": id, "metadata": {"streamId": "B"}})).unwrap();
    assert_eq!(metadata_of(&tools, &id), json!({"streamId": "B"}));
}

#[test]
fn complex_tasks_are_completed_on_proof() {
    let made = Made::new();
    let mut tools = tools(&made);
    let done = |id: &str| json!({"id": id, "status": "completed"});
    for (metadata, to_be_verified) in [
        (json!({"complexity": "Medium"}), false),
        (json!({"complexity": "High"}), true),
        (json!({"complexity": "Very High"}), true),
        (json!({"complexity": "High", "verificationRequired": false}), false),
        (json!({"complexity": "Low", "verificationRequired": true}), true),
    ] {
        let id = create(&mut tools, metadata.clone()).unwrap();
        assert_eq!(update(&mut tools, done(&id)).is_err(), to_be_verified, "{metadata}");
    }
    let criteria = json!({"complexity": "High", "acceptanceCriteria": ["it runs"]});
    let bare = create(&mut tools, json!({"complexity": "High"})).unwrap();
    assert_eq!(metadata_of(&tools, &bare)["verificationRequired"], true);
    let error =
        update(&mut tools, json!({"id": bare, "status": "completed", "notes": "x".repeat(80)})).unwrap_err();
    assert!(error.contains("give metadata.acceptanceCriteria"), "{error}");

    for proof in [json!({"notes": "x".repeat(50)}), json!({"blockedReason": "the server is gone"}), json!({})]
    {
        let id = create(&mut tools, criteria.clone()).unwrap();
        let error = update(&mut tools, json!({"id": id, "status": "completed", "notes": "x".repeat(49)}))
            .unwrap_err();
        assert!(error.contains("work_product_store"), "{error}");
        if proof == json!({}) {
            let product =
                json!({"taskId": id, "type": "implementation", "title": "Diff", "content": "+1 -1"});
            tools.work_product_store(input(product), NOW).unwrap();
        } else {
            let mut with_id = proof.clone();
            with_id["id"] = id.clone().into();
            update(&mut tools, with_id).unwrap();
        }
        update(&mut tools, done(&id)).unwrap();
    }
}

#[test]
fn a_locked_scope_stops_nobody() {
    let made = Made::new();
    made.sql(r#"UPDATE prds SET metadata = '{"type":"FEATURE","scopeLocked":true}'"#);
    let mut tools = tools(&made);
    let task = json!({"title": "Do it", "prdId": "PRD-1", "assignedAgent": "me"});
    tools.task_create(input(task), NOW).unwrap();
    let prd = json!({"title": "Add a feature to the UI", "content": "Build it"});
    let prd = tools.prd_create(input(prd), NOW).unwrap();
    assert_eq!(output(tools.prd_get(&input(json!({"id": prd.id}))).unwrap())["metadata"], json!({}));
}

#[test]
fn a_newer_schema_is_read_by_the_tools_and_not_written() {
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "pending", Some(r#"{"streamId":"A"}"#));
    made.sql("INSERT INTO migrations VALUES (11, '')");
    let mut tools = tools(&made);
    assert_eq!(streams(&tools)[0]["streamId"], "A");
    let error = tools.task_update(input(json!({"id": "T-1", "status": "completed"})), NOW).unwrap_err();
    assert!(matches!(error, orch_state_sqlite::ToolError::Db(DbError::Newer { version: 11, .. })), "{error}");
}

#[test]
fn work_products_are_stored_and_shown() {
    let made = Made::new();
    let mut tools = tools(&made);
    let id = create(&mut tools, json!({"streamId": "A"})).unwrap();
    let product = |kind: &str, confidence: f64| {
        json!({"taskId": id, "type": kind, "title": "Plan", "content": "é".repeat(300), "confidence": confidence,
               "metadata": {"pages": 2}})
    };
    let stored = tools.work_product_store(input(product("test_plan", 0.5)), NOW).unwrap();
    assert_eq!((stored.summary.chars().count(), stored.id.len()), (200, 36));
    let error = tools.work_product_store(input(product("other", 1.5)), NOW).unwrap_err();
    assert_eq!(error.to_string(), "confidence: is not from 0 to 1");
    let unknown = serde_json::from_value::<orch_state_sqlite::WorkProductStoreInput>(product("poem", 0.1));
    assert!(
        unknown
            .unwrap_err()
            .to_string()
            .contains("unknown variant `poem`, expected one of `technical_design`")
    );

    let listed = output(tools.work_product_list(&input(json!({"taskId": id}))).unwrap());
    assert_eq!(
        (listed[0]["type"].as_str(), listed[0]["confidence"].as_f64()),
        (Some("test_plan"), Some(0.5))
    );
    let whole = output(tools.work_product_get(&input(json!({"id": stored.id}))).unwrap());
    assert_eq!(
        (whole["content"].as_str(), &whole["metadata"]),
        (Some(&*"é".repeat(300)), &json!({"pages": 2}))
    );
    for error in [
        tools.work_product_get(&input(json!({"id": "x"}))).unwrap_err().to_string(),
        tools.work_product_list(&input(json!({"taskId": "x"}))).unwrap_err().to_string(),
    ] {
        assert!(error.contains("not found: x; "), "{error}");
    }
    assert_eq!(output(tools.task_get(&input(json!({"id": id}))).unwrap())["workProducts"], listed);
}
