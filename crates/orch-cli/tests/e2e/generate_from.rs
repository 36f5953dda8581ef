//! `orch generate --from FILE`: streams that are written out, all of them stored or none.

use std::fs::{self, File};

use serde_json::{Value, json};

use crate::support::streams::{Streams, empty, insert};
use crate::support::{Live, tree};

const YAML: &str = "\
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
      - title: Types
  - id: Stream-B
    dependencies: ['Stream-A: Tables']
    tasks: [{title: Form}]
";

/// The same as JSON.
fn as_json() -> String {
    json!({
        "title": "Sign-in", "description": "Users can sign in",
        "streams": [
            { "id": "Stream-A", "name": "Foundation", "phase": "foundation", "files": ["db/**"], "tasks": [
                { "title": "Tables", "agent": "me", "acceptance": ["there is a migration"] }, { "title": "Types" }] },
            { "id": "Stream-B", "dependencies": ["Stream-A: Tables"], "tasks": [{ "title": "Form" }] },
        ],
    })
    .to_string()
}

#[test]
fn yaml_and_json_of_a_file_or_of_standard_input_become_tasks() {
    for (name, text, from) in [
        ("plan.yaml", YAML.to_owned(), "plan.yaml"),
        ("plan.json", as_json(), "plan.json"),
        ("plan", YAML.to_owned(), "-"),
    ] {
        let streams = Streams::without_database();
        streams.project.write(name, &text);
        let mut orch = streams.project.orch(&["generate", "--from", from]);
        if from == "-" {
            orch.stdin(File::open(streams.project.path(name)).unwrap());
        }
        let ended = Live::spawn(orch).end();
        assert_eq!(ended.code, Some(0), "{from}: {ended}");
        assert!(ended.out.contains("Tasks Created: 3 tasks across 2 streams"), "{from}: {ended}");
        assert_eq!(streams.ask("SELECT title || ': ' || content FROM prds"), ["Sign-in: Users can sign in"]);
        let tasks = "SELECT title || ': ' || coalesce(assigned_agent, '-') FROM tasks ORDER BY rowid";
        assert_eq!(streams.ask(tasks), ["Tables: me", "Types: -", "Form: -"]);
        let metadata = streams.ask("SELECT metadata FROM tasks ORDER BY rowid");
        let metadata: Value = serde_json::from_str(&metadata[0]).unwrap();
        assert_eq!(
            (&metadata["files"], &metadata["acceptanceCriteria"]),
            (&json!(["db/**"]), &json!(["there is a migration"]))
        );
        assert_eq!(streams.json(&["check"])["depths"], json!([["Stream-A"], ["Stream-B"]]));
        assert_eq!(streams.ask("SELECT title FROM initiatives"), ["Sign-in"]);
        streams.run_to(0, &["run", "--dry-run"]);
    }
}

#[test]
fn every_mistake_is_told_with_its_line_and_nothing_is_stored() {
    let stream =
        |id: &str, on: &str| format!("- {{id: {id}, dependencies: [{on}], tasks: [{{title: t}}]}}\n");
    let plan = |streams: &[(&str, &str)]| {
        let streams: String = streams.iter().map(|(id, on)| stream(id, on)).collect();
        format!("title: x\nstreams:\n{streams}")
    };
    let long = "x".repeat(1_001);
    let cases: Vec<(String, u32, &str)> = vec![
        (String::new(), 1, ""),
        ("title: [\n".into(), 0, ""),
        ("- 1\n".into(), 1, ""),
        ("title: x\nstreamz: []\n".into(), 2, "streamz"),
        ("title: x\nstreams:\n- id: a\n  tasks: 3\n".into(), 4, ""),
        ("title: x\nstreams:\n- id: a\n  phase: later\n  tasks: [{title: t}]\n".into(), 4, "later"),
        ("title: x\nstreams: []\n".into(), 2, "no streams"),
        (format!("title: {long}\nstreams: [{{id: a, tasks: [{{title: t}}]}}]\n"), 1, "longer than 1000"),
        (format!("title: x\nstreams:\n- id: a\n  tasks:\n  - title: {long}\n"), 5, "longer than 1000"),
        ("title: x\nstreams:\n- {id: a, tasks: []}\n".into(), 3, "has no tasks"),
        ("title: x\nstreams:\n- id: \"a\\nb\"\n  tasks: [{title: t}]\n".into(), 3, "control characters"),
        (plan(&[("a", ""), ("a", "")]), 4, "two streams `a`"),
        (plan(&[("Stream-A", ""), ("b", "Stream-a")]), 4, "`Stream-a`"),
        (plan(&[("a", "a")]), 3, "itself"),
        (plan(&[("a", ""), ("b", "d"), ("c", "b"), ("d", "c")]), 4, "b"),
    ];
    for (text, line, says) in cases {
        for has_database in [false, true] {
            let streams = Streams::without_database();
            if has_database {
                streams.sql(&streams.database("shop"), &empty());
                streams.write(&insert("TASK-O", "'PRD-1'", r#"{"streamId": "Old"}"#, ""));
            }
            streams.project.write("plan.yaml", &text);
            let before = streams
                .database("shop")
                .exists()
                .then(|| streams.ask("SELECT initiatives.id || archived FROM initiatives, tasks"));
            let ended = streams.run_to(65, &["generate", "--yes", "--from", "plan.yaml"]);
            let place = if line == 0 { "plan.yaml:".to_owned() } else { format!("plan.yaml:{line}:") };
            let told = ended.err.lines().find(|told| told.starts_with(&place));
            let told = told.unwrap_or_else(|| panic!("{text:?}: no {place}: {ended}"));
            assert!(told.contains("error[") && told.contains(says), "{text:?}: {ended}");
            let hint = "hint: nothing was stored: mend it, and call `orch generate` again\n";
            assert!(ended.err.ends_with(hint), "{ended}");
            let after = streams
                .database("shop")
                .exists()
                .then(|| streams.ask("SELECT initiatives.id || archived FROM initiatives, tasks"));
            assert_eq!(after, before, "{text:?}");
            assert_eq!(ended.out, "", "{text:?}");
        }
    }
}

#[test]
fn what_is_missing_is_told_with_what_was_probably_meant() {
    let streams = Streams::without_database();
    streams.project.write("plan.yaml", YAML.replace("'Stream-A: Tables'", "Stream-a"));
    let ended = streams.run_to(65, &["generate", "--from", "plan.yaml"]);
    assert!(
        ended.err.contains("plan.yaml:14:20: ") && ended.err.contains("did you mean `Stream-A`"),
        "{ended}"
    );
}

#[test]
fn streams_of_the_same_initiative_can_be_built_on() {
    let streams = Streams::without_database();
    crate::generate::remembers(&streams, "INIT-7", "Loyalty", "IN PROGRESS");
    streams.project.write("first.yaml", YAML);
    streams.run_to(0, &["generate", "--from", "first.yaml"]);
    let more = "title: More\nstreams:\n- {id: Stream-C, dependencies: [Stream-B], tasks: [{title: More}]}\n";
    streams.project.write("more.yaml", more);
    let ended = streams.run_to(0, &["generate", "--from", "more.yaml"]);
    assert!(ended.out.contains("Tasks Created: 1 task across 1 stream\n"), "{ended}");
    assert_eq!(streams.json(&["check"])["depths"], json!([["Stream-A"], ["Stream-B"], ["Stream-C"]]));
    // Over what is there already the streams would wait for each other.
    streams.project.write("circle.yaml", more.replace("Stream-C", "Stream-A"));
    let ended = streams.run_to(65, &["generate", "--from", "circle.yaml"]);
    assert!(ended.err.contains("would wait for each other"), "{ended}");
    assert_eq!(streams.ask("SELECT count(*) FROM tasks"), ["4"]);
}

#[test]
fn what_can_not_be_read_changes_nothing() {
    let streams = Streams::without_database();
    streams.project.write("large.yaml", format!("title: {}\n", "x".repeat(9 << 20)));
    streams.project.write("latin.yaml", b"title: caf\xe9\n");
    let before = tree(streams.home());
    for (arguments, code, says) in [
        (&["--from", "none.yaml"][..], 1, "none.yaml"),
        (&["--from", "."], 1, "."),
        (&["--from", "large.yaml"], 1, "more than 8388608 bytes"),
        (&["--from", "latin.yaml"], 1, "UTF-8"),
        (&["--from", "none.yaml", "Users can sign in"], 2, "cannot be used with"),
        (&["--from", "none.yaml", "--agent", "claude"], 2, "cannot be used with"),
    ] {
        let ended = streams.run_to(code, &[&["generate"], arguments].concat());
        assert!(ended.err.contains(says), "{arguments:?}: {ended}");
    }
    assert_eq!(tree(streams.home()), before);
    assert!(fs::symlink_metadata(streams.home().join(".claude")).is_err());
}
