//! `orch mcp` as a process: nothing but the protocol on its output, and the database as it is at each call.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};

use crate::support::streams::Streams;
use crate::support::{PATIENCE, Project};

/// A server at work, and a client that has shaken hands with it.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    number: u64,
}

/// How a server ended, and what it said that nobody had asked for.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    rest: Vec<String>,
    err: String,
}

impl Server {
    /// Starts it and shakes hands.
    pub(crate) fn start(command: Command) -> Self {
        let mut server = Self::spawn(command);
        let about = json!({ "name": "test", "version": "1" });
        let params = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": about });
        server.ask("initialize", params);
        server.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string());
        server
    }

    fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            // Whoever has lost interest has no need of the rest.
            out.lines().map_while(Result::ok).take_while(|line| sender.send(line.clone()).is_ok()).count()
        });
        Self { input: child.stdin.take().unwrap(), child, lines, number: 0 }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let question = json!({ "jsonrpc": "2.0", "id": self.number, "method": method, "params": params });
        self.say(&question.to_string());
        let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {question}"));
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(answer["id"], self.number, "{answer}");
        answer
    }

    /// Calls a tool: what it gives, or the text with which it refuses.
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Result<Value, String> {
        let answer = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
        match result["isError"].as_bool().unwrap_or(false) {
            true => Err(text.to_owned()),
            false => Ok(serde_json::from_str(text).unwrap()),
        }
    }

    /// The names of its tools.
    fn tools(&mut self) -> Vec<String> {
        let listed = self.ask("tools/list", json!({}));
        let tools = listed["result"]["tools"].as_array().cloned().unwrap_or_default();
        tools.iter().filter_map(|tool| tool["name"].as_str()).map(str::to_owned).collect()
    }

    /// Closes its input and waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        drop(self.input);
        let rest = self.lines.iter().collect();
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        Ended { code: self.child.wait().unwrap().code(), rest, err }
    }
}

/// What a tool of the git tools answers to one call: what it gives, or the text with which it refuses.
pub(crate) fn called(project: &Project, tool: &str, arguments: Value) -> Result<Value, String> {
    let mut server = Server::start(project.orch(&["mcp", "--tools", "git"]));
    let answer = server.call(tool, arguments);
    assert_eq!(server.end().code, Some(0));
    answer
}

impl Ended {
    fn is_silent(&self) -> bool {
        self.code == Some(0) && self.rest.is_empty() && self.err.is_empty()
    }
}

fn served(streams: &Streams, more: &[&str]) -> Server {
    Server::start(streams.project.orch(&[&["mcp"], more].concat()))
}

fn task(stream: &str) -> Value {
    json!({ "title": format!("Make {stream}"), "metadata": { "streamId": stream, "dependencies": [] } })
}

#[test]
fn a_closed_input_is_its_end_and_its_output_is_the_protocol_alone() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    let ended = Server::spawn(streams.project.orch(&["mcp"])).end();
    assert!(ended.is_silent(), "{ended:?}");
    let mut server = served(&streams, &["--tools", "tasks"]);
    assert_eq!(server.tools().len(), 17);
    let listed = server.call("stream_list", json!({})).unwrap();
    assert_eq!(listed["streams"][0]["streamId"], "Stream-A");
    let ended = server.end();
    assert!(ended.is_silent(), "{ended:?}");
}

#[test]
fn what_is_no_protocol_is_said_on_standard_error() {
    let streams = Streams::without_database();
    let mut server = Server::spawn(streams.project.orch(&["mcp"]));
    server.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let ended = server.end();
    assert!(ended.code == Some(1) && ended.err.contains("did not begin with `initialize`"), "{ended:?}");
    assert!(ended.err.contains("hint: "), "{ended:?}");
}

#[test]
fn without_a_database_reading_says_so_and_writing_makes_it() {
    let streams = Streams::without_database();
    let mut server = served(&streams, &[]);
    for (tool, arguments) in [
        ("prd_list", json!({})),
        ("stream_list", json!({})),
        ("progress_summary", json!({})),
        ("task_update", json!({ "id": "TASK-1", "status": "completed" })),
    ] {
        let refused = server.call(tool, arguments).unwrap_err();
        assert!(refused.starts_with("nothing is there yet"), "{tool}: {refused}");
    }
    assert!(!streams.home().join(".claude/tasks").exists(), "to read makes nothing");
    let prd = server.call("prd_create", json!({ "title": "Accounts", "content": "All of it" })).unwrap();
    let mut made = task("Stream-A");
    made["prdId"] = prd["id"].clone();
    server.call("task_create", made).unwrap();
    assert!(server.end().is_silent());
    assert_eq!(streams.ask("SELECT count(*) FROM tasks"), ["1"]);
    assert_eq!(streams.json(&["status"])["tasks"][0]["id"], "Stream-A");
}

#[test]
fn a_newer_database_is_read_and_never_written() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    streams.write("INSERT INTO migrations VALUES (11, '2027-01-01T00:00:00.000Z')");
    let mut server = served(&streams, &[]);
    assert_eq!(server.call("task_get", json!({ "id": "TASK-A1" })).unwrap()["status"], "pending");
    for (tool, arguments) in [
        ("task_update", json!({ "id": "TASK-A1", "status": "completed" })),
        ("prd_create", json!({ "title": "More", "content": "More" })),
        ("initiative_link", json!({ "initiativeId": "INIT-2", "title": "More" })),
    ] {
        let refused = server.call(tool, arguments).unwrap_err();
        assert!(refused.contains("11") && refused.contains("update orch"), "{tool}: {refused}");
    }
    assert!(server.end().is_silent());
    assert_eq!(streams.tasks(), ["TASK-A1: pending"]);
}

#[test]
fn two_at_once_lose_nothing() {
    const EACH: usize = 100;
    let streams = Streams::new(&[]);
    let writing = |stream: &'static str| {
        let mut server = served(&streams, &[]);
        move || {
            for _ in 0..EACH {
                let mut task = task(stream);
                task["prdId"] = json!("PRD-1");
                server.call("task_create", task).unwrap();
            }
            assert!(server.end().is_silent());
        }
    };
    let both = ["Stream-A", "Stream-B"].map(|stream| thread::spawn(writing(stream)));
    both.into_iter().for_each(|one| one.join().unwrap());
    assert_eq!(streams.ask("SELECT count(DISTINCT id) FROM tasks"), [(2 * EACH).to_string()]);
    assert_eq!(
        streams.ask("PRAGMA integrity_check".replace("PRAGMA ", "SELECT * FROM pragma_").as_str()),
        ["ok"]
    );
    let status = streams.json(&["status"]);
    assert_eq!(status["tasks"].as_array().map(Vec::len), Some(2), "{status}");
}

#[test]
fn the_worker_of_a_stream_leaves_those_of_others_alone() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], ""), ("TASK-B1", "Stream-B", &[], "")]);
    let mut server = served(&streams, &["--stream", "Stream-A"]);
    let refused = server.call("task_update", json!({ "id": "TASK-B1", "status": "completed" })).unwrap_err();
    for part in ["Stream-B", "Stream-A", "leave it"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    let refused = server.call("stream_archive_all", json!({ "confirm": true })).unwrap_err();
    assert!(refused.contains("leave it to the one who started you"), "{refused}");
    server.call("task_update", json!({ "id": "TASK-A1", "status": "in_progress" })).unwrap();
    assert_eq!(server.call("task_get", json!({ "id": "TASK-B1" })).unwrap()["status"], "pending");
    assert!(server.end().is_silent());
    assert_eq!(streams.tasks(), ["TASK-A1: in_progress", "TASK-B1: pending"]);
}

#[test]
fn what_the_worker_of_a_stream_makes_is_a_task_of_that_stream() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], ""), ("TASK-B1", "Stream-B", &[], "")]);
    let mut server = served(&streams, &["--stream", "Stream-A"]);
    server.call("task_create", json!({ "title": "More", "metadata": { "streamId": "Stream-A" } })).unwrap();
    server.call("task_create", json!({ "title": "Still more" })).unwrap();
    let refused = server.call("prd_create", json!({ "title": "Mine", "content": "All" })).unwrap_err();
    assert!(refused.contains("leave it to the one who started you"), "{refused}");
    let vain = json!({ "id": "TASK-A1", "metadata": { "dependencies": ["Stream-C"] } });
    let refused = server.call("task_update", vain).unwrap_err();
    assert!(refused.contains("`Stream-C` (did you mean `Stream-B`?)"), "{refused}");
    assert!(server.end().is_silent());
    streams.run_to(0, &["check"]);
    let titles = "SELECT title FROM tasks WHERE prd_id = 'PRD-1' AND metadata ->> 'streamId' = 'Stream-A' ORDER BY rowid";
    assert_eq!(streams.ask(titles), ["Make TASK-A1", "More", "Still more"]);
}

#[test]
fn the_worker_of_a_stream_that_is_not_there_is_told_so() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    let mut server = served(&streams, &["--stream=Nope"]);
    assert_eq!(server.call("task_list", json!({ "streamId": "Nope" })).unwrap(), json!([]));
    for (tool, arguments) in [
        ("task_create", json!({ "title": "More" })),
        ("task_update", json!({ "id": "TASK-A1", "status": "completed" })),
        ("stream_unarchive", json!({ "streamId": "Nope" })),
    ] {
        let refused = server.call(tool, arguments).unwrap_err();
        assert!(
            refused.starts_with("there is no stream Nope in the current initiative"),
            "{tool}: {refused}"
        );
    }
    assert!(server.end().is_silent());
    assert_eq!(streams.tasks(), ["TASK-A1: pending"]);
}

#[test]
fn each_set_of_tools_is_served_alone_and_the_worker_of_a_stream_has_none_on_branches() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    for (options, tasks, git) in [
        (&["--tools", "tasks"][..], true, false),
        (&["--tools", "git"], false, true),
        (&["--tools", "all"], true, true),
        (&[], true, true),
        (&["--stream", "Stream-A"], true, false),
    ] {
        let mut server = served(&streams, options);
        let tools = server.tools();
        let has = |name: &str| tools.iter().any(|tool| tool == name);
        assert_eq!((has("task_get"), has("parse_task")), (tasks, git), "{options:?}: {tools:?}");
        assert!(server.end().is_silent());
    }
    for option in [["--stream", "Stream-A"], ["--database", "tasks.db"]] {
        let done = streams.project.orch(&["mcp", "--tools", "git", option[0], option[1]]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && said.contains(option[0]) && said.contains("hint: "), "{said}");
    }
}

#[test]
fn a_task_that_cannot_be_read_is_mended_or_cancelled() {
    let streams = Streams::new(&[("TASK-A1", "Stream-A", &[], "")]);
    streams.task_with("TASK-X", r#"{"streamId": "Stream-B", "dependencies": "Stream-A"}"#, "");
    streams.task_with("TASK-Y", "streamId: Stream-B", "");
    let said = streams.run_to(65, &["check"]).out;
    for part in [
        "of the stream `Stream-B`: dependencies is a text, not a list",
        "set its status to `cancelled`",
        "nobody can say which stream",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let mut server = served(&streams, &[]);
    let mended = json!({ "id": "TASK-X", "metadata": { "dependencies": ["Stream-A"] } });
    server.call("task_update", mended).unwrap();
    server.call("task_update", json!({ "id": "TASK-Y", "status": "cancelled" })).unwrap();
    assert!(server.end().is_silent());
    streams.run_to(0, &["check"]);
}
