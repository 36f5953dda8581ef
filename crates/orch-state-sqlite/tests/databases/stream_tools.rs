//! The tools for streams and initiatives.

use orch_core::Time;
use orch_state_sqlite::Tools;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::made::Made;
use crate::tools::{NOW, create, input, output, tools, update};

fn link(tools: &mut Tools, id: &str, now: Time) -> Value {
    output(tools.initiative_link(input(json!({"initiativeId": id, "title": id})), now).unwrap())
}

fn ids(streams: &Value) -> Vec<&str> {
    streams["streams"].as_array().unwrap().iter().map(|stream| stream["streamId"].as_str().unwrap()).collect()
}

#[test]
fn streams_are_listed_by_phase_and_name() {
    let made = Made::new();
    for (id, status, metadata) in [
        (
            "1",
            "completed",
            r#"{"streamId":"Z","streamName":"Together","streamPhase":"integration","dependencies":["B","A: x"]}"#,
        ),
        ("2", "pending", r#"{"streamId":"B","files":["b","c"],"streamDependencies":["A"]}"#),
        (
            "3",
            "blocked",
            r#"{"streamId":"B","streamName":"Beta","files":["c","d"],"dependencies":["[A] Tables","ghost"]}"#,
        ),
        (
            "4",
            "in_progress",
            r#"{"streamId":"A","streamPhase":"foundation","worktreePath":"w","branchName":"b"}"#,
        ),
        ("5", "cancelled", r#"{"streamId":"A"}"#),
        ("6", "pending", r#"{"streamId":"C","streamName":"Alpha"}"#),
        ("7", "pending", r#"{"streamId":7}"#),
        ("8", "pending", r#"{"streamId":"B","dependencies":"A"}"#),
        ("9", "cancelled", r#"{"streamId":"B","dependencies":"A"}"#),
    ] {
        made.task(id, Some("PRD-1"), status, Some(metadata));
    }
    let tools = tools(&made);
    let found = output(tools.stream_list(&input(json!({}))).unwrap());
    assert_eq!(ids(&found), ["A", "C", "B", "Z"]);
    assert_eq!(
        found["streams"][2],
        json!({"streamId": "B", "streamName": "Beta", "streamPhase": "parallel", "totalTasks": 2, "completedTasks": 0,
               "inProgressTasks": 0, "blockedTasks": 1, "pendingTasks": 1, "cancelledTasks": 0,
               "files": ["b", "c", "d"], "dependencies": ["A", "ghost"]})
    );
    assert_eq!(found["streams"][0]["worktreePath"], "w");
    assert_eq!(found["streams"][3]["dependencies"], json!(["B", "A"]));
    assert_eq!(
        found["unreadable"],
        json!([{"id": "7", "why": "streamId is a number, not a text"},
               {"id": "8", "why": "dependencies is a text, not a list", "streamId": "B"}])
    );
    let other = output(tools.stream_list(&input(json!({"prdId": "PRD-old"}))).unwrap());
    assert_eq!(ids(&other), [""; 0]);
    let error = tools.stream_list(&input(json!({"initiativeId": "INIT-x"}))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "initiative not found: INIT-x; leave initiativeId out to ask about the current one"
    );
}

#[test]
fn a_stream_stands_where_its_tasks_do() {
    for (statuses, expected) in [
        (&["completed", "completed"][..], "completed"),
        (&["completed", "cancelled"], "completed"),
        (&["completed", "blocked", "in_progress"], "blocked"),
        (&["completed", "in_progress", "pending"], "in_progress"),
        (&["completed", "pending"], "pending"),
    ] {
        let made = Made::new();
        for (number, status) in statuses.iter().enumerate() {
            made.task(&format!("T-{number}"), Some("PRD-1"), status, Some(r#"{"streamId":"A"}"#));
        }
        let found = tools(&made).stream_get(&input(json!({"streamId": "A"}))).unwrap();
        assert_eq!(found.status.word(), expected, "{statuses:?}");
        assert_eq!((found.tasks.len(), found.archived), (statuses.len(), false));
    }
}

#[test]
fn an_archived_stream_is_shown_and_taken_back() {
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "pending", Some(r#"{"streamId":"A"}"#));
    made.task("T-2", Some("PRD-1"), "pending", Some(r#"{"streamId":"B"}"#));
    let mut tools = tools(&made);
    let error = tools.stream_archive_all(&input(json!({"confirm": false})), NOW).unwrap_err();
    assert_eq!(error.to_string(), "confirm: has to be true to archive all streams");
    let archived = tools.stream_archive_all(&input(json!({"confirm": true})), NOW).unwrap();
    assert_eq!((archived.archived_streams_count, archived.archived_tasks_count), (2, 2));
    assert_eq!(ids(&output(tools.stream_list(&input(json!({}))).unwrap())), [""; 0]);
    let all = output(tools.stream_list(&input(json!({"includeArchived": true}))).unwrap());
    assert_eq!(ids(&all), ["A", "B"]);
    assert!(tools.stream_get(&input(json!({"streamId": "A"}))).unwrap().archived);

    let taken = tools.stream_unarchive(&input(json!({"streamId": "A"})), NOW).unwrap();
    assert_eq!(taken.tasks_unarchived, 1);
    assert_eq!(ids(&output(tools.stream_list(&input(json!({}))).unwrap())), ["A"]);
    let error = tools.stream_unarchive(&input(json!({"streamId": "A"})), NOW).unwrap_err();
    assert!(error.to_string().starts_with("archived stream not found: A; stream_list with includeArchived"));
    let error = tools.stream_get(&input(json!({"streamId": "X"}))).unwrap_err();
    assert_eq!(error.to_string(), "stream not found: X; stream_list shows those there are");
}

#[test]
fn files_that_others_change_are_a_conflict() {
    let made = Made::new();
    for (id, status, metadata) in [
        ("1", "in_progress", r#"{"streamId":"A","streamName":"Tables","files":["./src/a.rs","src/b.rs"]}"#),
        ("2", "completed", r#"{"streamId":"B","files":["src/b.rs"]}"#),
        ("3", "pending", r#"{"streamId":"C","files":["src/a.rs"]}"#),
        ("4", "in_progress", r#"{"streamId":"D","files":["src/a.rs"]}"#),
        ("5", "pending", r#"{"streamId":"D","worktreePath":".claude/worktrees/D"}"#),
        ("6", "in_progress", r#"{"streamId":"E","files":["src/a.rs"]}"#),
        ("7", "in_progress", r#"{"streamId":"F","files":["src/a.rs.orig"]}"#),
    ] {
        made.task(id, Some("PRD-1"), status, Some(metadata));
    }
    let asked = json!({"files": ["src/a.rs", "src/b.rs"], "excludeStreamId": "E"});
    let found = output(tools(&made).stream_conflict_check(&input(asked)).unwrap());
    let pairs: Vec<_> =
        found["conflicts"].as_array().unwrap().iter().map(|one| (&one["file"], &one["taskId"])).collect();
    assert_eq!(
        pairs.iter().map(|(file, task)| format!("{file} {task}")).collect::<Vec<_>>(),
        [r#""./src/a.rs" "1""#, r#""src/b.rs" "1""#, r#""src/b.rs" "2""#]
    );
    assert_eq!(
        (&found["hasConflicts"], &found["conflicts"][0]["streamName"]),
        (&json!(true), &json!("Tables"))
    );
    let none = tools(&made).stream_conflict_check(&input(json!({"files": ["src/z.rs"]}))).unwrap();
    assert!(!none.has_conflicts);
}

#[test]
fn linking_archives_what_was_before() {
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "pending", Some(r#"{"streamId":"A"}"#));
    made.task("T-2", Some("PRD-1"), "completed", Some(r#"{"streamId":"A"}"#));
    made.task("T-plain", Some("PRD-1"), "pending", None);
    made.task("T-old", Some("PRD-old"), "pending", Some(r#"{"streamId":"O"}"#));
    made.task("T-orphan", None, "pending", Some(r#"{"streamId":"X"}"#));
    let mut tools = tools(&made);
    let again = link(&mut tools, "INIT-1", NOW);
    assert_eq!((&again["workspaceCreated"], &again["archivedStreamsCount"]), (&json!(false), &json!(0)));
    let new = link(&mut tools, "INIT-2", NOW);
    assert_eq!(
        new,
        json!({"initiativeId": "INIT-2", "workspaceCreated": true, "archivedStreamsCount": 2,
               "dbPath": made.path().display().to_string()})
    );
    let archived: String = made
        .connection()
        .query_row("SELECT group_concat(id || ' ' || archived_by_initiative_id || ' ' || archived_at) FROM tasks WHERE archived", [], |row| row.get(0))
        .unwrap();
    let at = "INIT-2 2026-01-19T14:30:00.042Z";
    assert_eq!(archived, format!("T-1 {at},T-2 {at},T-orphan {at}"));
    let initiative = tools.db().current_initiative().unwrap().unwrap();
    assert_eq!((initiative.id.as_str(), initiative.description), ("INIT-2", None));
}

#[test]
fn linking_makes_current_even_when_the_clock_goes_back() {
    let made = Made::new();
    let mut tools = tools(&made);
    for (id, now) in
        [("INIT-2", NOW), ("INIT-3", Time::from_millis(5)), ("INIT-2", Time::default()), ("INIT-1", NOW)]
    {
        link(&mut tools, id, now);
        assert_eq!(tools.db().current_initiative().unwrap().unwrap().id, id);
    }
    let times: String = made
        .connection()
        .query_row("SELECT count(DISTINCT updated_at) FROM initiatives", [], |row| row.get::<_, i64>(0))
        .unwrap()
        .to_string();
    assert_eq!(times, "4");
    made.sql("UPDATE initiatives SET updated_at = 'tomorrow' WHERE id = 'INIT-3'");
    let error =
        tools.initiative_link(input(json!({"initiativeId": "INIT-4", "title": "x"})), NOW).unwrap_err();
    assert!(
        error.to_string().ends_with("table `initiatives`, row INIT-3: `updated_at` is `tomorrow`"),
        "{error}"
    );
}

#[test]
fn a_worker_changes_only_its_own_stream() {
    let made = Made::new();
    made.task("T-a", Some("PRD-1"), "pending", Some(r#"{"streamId":"Stream-A"}"#));
    made.task("T-b", Some("PRD-1"), "pending", Some(r#"{"streamId":"Stream-B"}"#));
    made.task("T-none", Some("PRD-1"), "pending", None);
    let mut worker = tools(&made).only_stream("Stream-A");
    let product = json!({"taskId": "T-b", "type": "other", "title": "t", "content": "c"});
    let other = "Stream-B is another worker's stream; you work on Stream-A: leave it, its own worker does it";
    let says = |error: orch_state_sqlite::ToolError| error.to_string();
    for (refused, expected) in [
        (
            update(&mut worker, json!({"id": "T-b", "status": "completed"})),
            "task T-b (Do T-b) belongs to Stream-B; you work on Stream-A: leave it, its own worker does it",
        ),
        (
            update(&mut worker, json!({"id": "T-a", "metadata": {"streamId": "Stream-B"}})),
            "task T-a may not be moved to Stream-B, which is another worker's stream; you work on Stream-A: leave it where it is",
        ),
        (
            update(&mut worker, json!({"id": "T-none", "metadata": {"streamId": "Stream-B"}})),
            "task T-none may not be moved to Stream-B, which is another worker's stream; you work on Stream-A: leave it where it is",
        ),
        (
            update(&mut worker, json!({"id": "T-a", "metadata": {"streamId": null}})),
            "task T-a may not be moved out of Stream-A; you work on Stream-A: leave it where it is",
        ),
        (create(&mut worker, json!({"streamId": "Stream-B"})).map(Value::from), other),
        (
            worker.work_product_store(input(product), NOW).map(output).map_err(says),
            "task T-b belongs to Stream-B; you work on Stream-A: leave it, its own worker does it",
        ),
        (
            worker.stream_unarchive(&input(json!({"streamId": "Stream-B"})), NOW).map(output).map_err(says),
            other,
        ),
    ] {
        assert_eq!(refused.unwrap_err(), expected);
    }
    for error in [
        worker.stream_archive_all(&input(json!({"confirm": true})), NOW).unwrap_err(),
        worker.initiative_link(input(json!({"initiativeId": "I", "title": "t"})), NOW).unwrap_err(),
        worker.prd_create(input(json!({"title": "t", "content": "c"})), NOW).unwrap_err(),
        worker.prd_with_tasks(input(json!({"title": "t", "content": "c"})), Vec::new(), NOW).unwrap_err(),
    ] {
        assert_eq!(error.code(), "tool.concerns_all");
    }
    update(&mut worker, json!({"id": "T-a", "status": "completed"})).unwrap();
    update(&mut worker, json!({"id": "T-none", "status": "completed"})).unwrap();
    create(&mut worker, json!({"streamId": "Stream-A"})).unwrap();
    create(&mut worker, json!({})).unwrap();
    let all = worker.task_list(&input(json!({"streamId": "Stream-B"}))).unwrap();
    assert_eq!((all.len(), all[0].status.word()), (1, "pending"));
}

#[test]
fn what_is_waited_for_in_vain_is_warned_of_and_refused_to_workers() {
    let made = Made::new();
    made.task("T-a", Some("PRD-1"), "pending", Some(r#"{"streamId":"Stream-A"}"#));
    made.task("T-b", Some("PRD-1"), "pending", Some(r#"{"streamId":"Stream-B"}"#));
    made.task("T-old", Some("PRD-old"), "pending", Some(r#"{"streamId":"Stream-old"}"#));
    let vain = |named: &str| {
        format!(
            "its stream waits for {named} (stream_list shows those there are); no stream can be started until that is mended"
        )
    };
    for (dependencies, expected) in [
        (json!(["Stream-A"]), None),
        (json!(["[Stream-A] Tables", "Stream-A: Types", "T-a"]), None),
        (
            json!(["Strem-A"]),
            Some(vain("`Strem-A` (did you mean `Stream-A`?), which is no stream that is there")),
        ),
        (
            json!(["[Strem-A] x"]),
            Some(vain("`[Strem-A] x` (did you mean `Stream-A`?), which is no stream that is there")),
        ),
        (
            json!(["Stream-A", "ghost", "T-x"]),
            Some(vain("`ghost` and `T-x`, which are no streams that are there")),
        ),
        (
            json!(["1", "2", "3", "4", "5", "6", "7"]),
            Some(vain("`1`, `2`, `3`, `4`, `5` and 2 more, which are no streams that are there")),
        ),
    ] {
        let mut tools = tools(&made);
        let metadata = json!({"streamId": "Stream-B", "dependencies": dependencies});
        let task = json!({"title": "More", "prdId": "PRD-1", "metadata": metadata});
        let created = tools.task_create(input(task.clone()), NOW).unwrap();
        assert_eq!(created.warning, expected, "{dependencies}");
        let change = json!({"id": "T-b", "metadata": {"streamDependencies": dependencies}});
        assert_eq!(update(&mut tools, change.clone()).unwrap()["warning"], json!(expected), "{dependencies}");
        // What it says of its stream is not looked at where that stays as it is.
        let status = json!({"id": "T-b", "status": "in_progress", "metadata": {"priority": "P1"}});
        assert_eq!(update(&mut tools, status).unwrap()["warning"], Value::Null);

        update(&mut tools, json!({"id": "T-b", "metadata": {"dependencies": []}})).unwrap();
        let mut worker = tools.only_stream("Stream-B");
        let refused = expected.map(|warning| format!("metadata.dependencies: {warning}"));
        assert_eq!(update(&mut worker, change).err(), refused, "{dependencies}");
        assert_eq!(create(&mut worker, metadata).err(), refused, "{dependencies}");
    }
}

#[test]
fn several_tasks_may_wait_for_streams_to_come() {
    let made = Made::new();
    let task = |stream: &str, dependencies: &[&str]| {
        let metadata = json!({"streamId": stream, "dependencies": dependencies});
        input(json!({"title": "More", "prdId": "PRD-1", "metadata": metadata}))
    };
    let tasks = vec![task("A", &["B: later"]), task("B", &["C"]), task("A", &["elsewhere"])];
    let made = tools(&made).tasks_create(tasks, NOW).unwrap();
    let warned: Vec<_> =
        made.iter().map(|task| task.warning.as_deref().map(|said| said.contains("`"))).collect();
    assert_eq!(warned, [None, Some(true), Some(true)]);
    assert!(made[2].warning.as_deref().unwrap().contains("`elsewhere`"));
}

#[test]
fn a_task_that_comes_into_a_stream_without_a_prd_is_warned_of() {
    let made = Made::new();
    made.task("T-1", None, "pending", None);
    let moved =
        update(&mut tools(&made), json!({"id": "T-1", "metadata": {"streamId": "A", "dependencies": ["B"]}}));
    assert!(moved.unwrap()["warning"].as_str().unwrap().contains("belongs to no PRD"));
}

#[test]
fn what_a_worker_makes_is_its_streams() {
    let made = Made::new();
    made.sql(
        "INSERT INTO prds (id, initiative_id, title, content, created_at, updated_at)
           SELECT 'PRD-' || value, 'INIT-1', '', '', '', '' FROM json_each('[2, 3]')",
    );
    let of = |stream: &str| format!(r#"{{"streamId":"{stream}"}}"#);
    for (id, prd, stream) in [
        ("T-1", Some("PRD-2"), "A"),
        ("T-2", Some("PRD-1"), "A"),
        ("T-3", None, "A"),
        ("T-4", Some("PRD-old"), "A"),
        ("T-5", Some("PRD-3"), "other"),
        ("T-6", Some("PRD-old"), "elsewhere"),
        ("T-7", None, "unlinked"),
    ] {
        made.task(id, prd, "pending", Some(&of(stream)));
    }
    for (stream, prd) in [("A", Some("PRD-2")), ("elsewhere", Some("PRD-old")), ("unlinked", None)] {
        let mut worker = tools(&made).only_stream(stream);
        for metadata in [Value::Null, json!({}), json!({"streamId": null}), json!({"streamId": stream})] {
            let task = json!({"title": "More", "metadata": metadata});
            let created = worker.task_create(input(task), NOW).unwrap();
            assert_eq!((created.stream_id.as_deref(), created.prd_id.as_deref()), (Some(stream), prd));
            assert_eq!(created.warning.is_some(), prd.is_none(), "{created:?}");
            let left = output(worker.task_list(&input(json!({"streamId": stream}))).unwrap());
            assert!(prd.is_none() || left.to_string().contains(&created.id), "{left}");
        }
        let named = json!({"title": "More", "prdId": "PRD-1"});
        assert_eq!(worker.task_create(input(named), NOW).unwrap().prd_id.as_deref(), Some("PRD-1"));
    }
}

#[test]
fn the_worker_of_a_stream_that_is_not_there_changes_nothing() {
    let made = Made::new();
    made.task("T-a", Some("PRD-1"), "pending", Some(r#"{"streamId":"Stream-A"}"#));
    made.task("T-none", Some("PRD-1"), "pending", None);
    made.task("T-gone", Some("PRD-1"), "pending", Some(r#"{"streamId":"Away"}"#));
    made.sql("UPDATE tasks SET archived = 1 WHERE id = 'T-gone'");
    let rows = || -> String {
        let all = "SELECT group_concat(updated_at) || count(*) FROM tasks";
        made.connection().query_row(all, [], |row| row.get(0)).unwrap()
    };
    let before = rows();
    for (stream, near) in [("Stream-a", " (did you mean Stream-A?)"), ("Nope", ""), ("Away", "")] {
        let mut worker = tools(&made).only_stream(stream);
        let expected = format!(
            "there is no stream {stream} in the current initiative, and you work on that alone: nothing was changed{near}; \
             tell the one who started you"
        );
        let product = json!({"taskId": "T-none", "type": "other", "title": "t", "content": "c"});
        for refused in [
            create(&mut worker, json!({})).map(Value::from),
            create(&mut worker, json!({"streamId": stream})).map(Value::from),
            update(&mut worker, json!({"id": "T-a", "status": "completed"})),
            update(&mut worker, json!({"id": "T-none", "status": "completed"})),
            update(&mut worker, json!({"id": "T-none", "metadata": {"streamId": stream}})),
            worker.work_product_store(input(product), NOW).map(output).map_err(|error| error.to_string()),
        ] {
            assert_eq!(refused.unwrap_err(), expected);
        }
        assert_eq!(worker.task_list(&input(json!({"streamId": stream}))).unwrap(), []);
    }
    assert_eq!(rows(), before);
    // What was put away can be brought back by its own worker.
    let mut worker = tools(&made).only_stream("Away");
    assert!(
        update(&mut worker, json!({"id": "T-gone", "status": "pending"}))
            .unwrap_err()
            .contains("is archived")
    );
    worker.stream_unarchive(&input(json!({"streamId": "Away"})), NOW).unwrap();
    create(&mut worker, json!({})).unwrap();
}

#[test]
fn tasks_are_listed_by_what_is_asked() {
    let made = Made::new();
    made.task("T-a", Some("PRD-1"), "pending", Some(r#"{"streamId":"A"}"#));
    made.task("T-b", Some("PRD-1"), "completed", Some(r#"{"streamId":"B"}"#));
    made.task("T-old-a", Some("PRD-old"), "pending", Some(r#"{"streamId":"A"}"#));
    made.task("T-old-c", Some("PRD-old"), "pending", Some(r#"{"streamId":"C"}"#));
    made.task("T-child", None, "pending", Some("{"));
    made.sql("UPDATE tasks SET parent_id = 'T-a', assigned_agent = 'qa' WHERE id = 'T-child'");
    made.task("T-gone", Some("PRD-1"), "pending", Some(r#"{"streamId":"A"}"#));
    made.sql("UPDATE tasks SET archived = 1 WHERE id = 'T-gone'");
    let tools = tools(&made);
    for (asked, expected) in [
        (json!({}), &["T-a", "T-b", "T-old-a", "T-old-c", "T-child"][..]),
        (json!({"prdId": "PRD-1"}), &["T-a", "T-b"]),
        (json!({"status": "completed"}), &["T-b"]),
        (json!({"parentId": "T-a"}), &["T-child"]),
        (json!({"assignedAgent": "qa"}), &["T-child"]),
        (json!({"streamId": "A"}), &["T-a"]),
        (json!({"streamId": "A", "prdId": "PRD-old"}), &["T-old-a"]),
        (json!({"streamId": "C"}), &["T-old-c"]),
        (json!({"streamId": "A", "status": "completed"}), &[]),
        (json!({"streamId": "Z"}), &[]),
    ] {
        let found = tools.task_list(&input(asked.clone())).unwrap();
        assert_eq!(found.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(), expected, "{asked}");
    }
    let task = output(tools.task_get(&input(json!({"id": "T-a"}))).unwrap());
    assert_eq!(task["subtasks"], json!([{"id": "T-child", "title": "Do T-child", "status": "pending"}]));
    assert_eq!(output(tools.task_get(&input(json!({"id": "T-child"}))).unwrap())["metadata"], "{");
}

#[test]
fn progress_counts_what_is_current() {
    let made = Made::new();
    made.task("T-1", Some("PRD-1"), "completed", Some(r#"{"streamId":"A"}"#));
    made.task("T-2", Some("PRD-1"), "cancelled", Some(r#"{"streamId":"A"}"#));
    made.task("T-3", Some("PRD-1"), "blocked", Some(r#"{"streamId":"B"}"#));
    made.task("T-4", Some("PRD-old"), "pending", Some(r#"{"streamId":"C"}"#));
    let mut tools = tools(&made);
    let product = json!({"taskId": "T-1", "type": "test_plan", "title": "t", "content": "c"});
    tools.work_product_store(input(product), NOW).unwrap();
    assert_eq!(
        output(tools.progress_summary(&input(json!({}))).unwrap()),
        json!({"initiativeId": "INIT-1", "title": "Sign-in",
               "prds": {"total": 1, "active": 1, "archived": 0, "cancelled": 0},
               "tasks": {"total": 3, "pending": 0, "inProgress": 0, "blocked": 1, "completed": 1, "cancelled": 1},
               "totalStreams": 2, "completedStreams": 1, "workProducts": {"test_plan": 1}})
    );
}

/// One thing that an agent does.
#[derive(Clone, Debug)]
enum Step {
    Create { stream: Option<usize> },
    Update { task: usize, status: Option<usize>, stream: Option<usize> },
}

const STREAMS: [&str; 3] = ["A", "B", "C"];
const STATUSES: [&str; 5] = ["pending", "in_progress", "blocked", "completed", "cancelled"];
const COUNTS: [&str; 5] =
    ["pendingTasks", "inProgressTasks", "blockedTasks", "completedTasks", "cancelledTasks"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::option::of(0..3usize).prop_map(|stream| Step::Create { stream }),
        (0..64usize, prop::option::of(0..5usize), prop::option::weighted(0.2, 0..3usize))
            .prop_map(|(task, status, stream)| Step::Update { task, status, stream }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn counts_are_those_of_the_tasks(steps in prop::collection::vec(step(), 1..24)) {
        let made = Made::new();
        made.sql("PRAGMA journal_mode = MEMORY");
        let mut tools = tools(&made);
        // What is so: each task's id, stream and status.
        let mut tasks: Vec<(String, Option<usize>, usize)> = Vec::new();
        for step in steps {
            match step {
                Step::Create { stream } => {
                    let metadata = stream.map_or(json!({}), |at| json!({"streamId": STREAMS[at]}));
                    tasks.push((create(&mut tools, metadata).unwrap(), stream, 0));
                }
                Step::Update { task, status, stream } if !tasks.is_empty() => {
                    let at = task % tasks.len();
                    let (id, its_stream, its_status) = &mut tasks[at];
                    let mut arguments = json!({"id": id});
                    if let Some(status) = status {
                        arguments["status"] = STATUSES[status].into();
                        *its_status = status;
                    }
                    if let Some(stream) = stream {
                        arguments["metadata"] = json!({"streamId": STREAMS[stream]});
                        *its_stream = Some(stream);
                    }
                    update(&mut tools, arguments).unwrap();
                }
                Step::Update { .. } => {}
            }
        }
        let found = output(tools.stream_list(&input(json!({}))).unwrap());
        for (at, stream) in STREAMS.iter().enumerate() {
            let own: Vec<usize> = tasks.iter().filter(|task| task.1 == Some(at)).map(|task| task.2).collect();
            let listed = found["streams"].as_array().unwrap().iter().find(|listed| listed["streamId"] == *stream);
            prop_assert_eq!(listed.is_some(), !own.is_empty());
            let Some(listed) = listed else { continue };
            prop_assert_eq!(&listed["totalTasks"], &json!(own.len()));
            for (status, count) in COUNTS.iter().enumerate() {
                prop_assert_eq!(&listed[count], &json!(own.iter().filter(|one| **one == status).count()));
            }
        }
    }
}
