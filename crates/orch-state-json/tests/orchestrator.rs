//! `.orchestrator/state.json`: what the original wrote, what other tools have there, what is kept and what is refused.

use orch_core::{Position, Status};
use orch_state_json::{ActiveWorker, Alert, NotOurs, OrchestratorState, PromptMode};

fn read(text: &str) -> OrchestratorState {
    OrchestratorState::read(text.as_bytes()).unwrap_or_else(|not_ours| panic!("{not_ours:?}\n{text}"))
}

fn refused(text: &str) -> NotOurs {
    OrchestratorState::read(text.as_bytes()).unwrap_err()
}

fn text(state: &OrchestratorState) -> String {
    String::from_utf8(state.to_bytes()).unwrap()
}

/// All that orch writes.
const WHOLE: &str = r#"{
  "planningDoc": "docs/Größe-Planning.md",
  "promptMode": "file",
  "startedAt": "2026-03-01T10:30:00Z",
  "workers": [
    {
      "worker": 2,
      "milestone": "M2a",
      "title": "Engine setup",
      "status": "In Progress",
      "startedAt": "2026-03-01T10:32:00Z",
      "by": "claude",
      "model": "Opus",
      "prompt": ".orchestrator/prompts/worker-prompt-m2a-engine-setup.md",
      "attempt": 2,
      "gap": 1,
      "directories": [
        "src/engine",
        "tests"
      ]
    }
  ],
  "processedSummaries": [
    "worker-summary-m1-scaffolding.md"
  ],
  "orch": {
    "history": "00000000deadbeef",
    "seq": 7,
    "left": {
      "M1": "SUCCESS",
      "M2a": "RUNNING"
    },
    "alerts": [
      {
        "milestone": "M1",
        "status": "Partial",
        "problems": [
          "no Redis here"
        ],
        "summary": "worker-summary-m1-scaffolding.md",
        "at": "2026-03-01T10:31:00Z"
      }
    ],
    "endedAt": "2026-03-01T12:00:00Z"
  }
}
"#;

#[test]
fn all_that_orch_writes_is_read() {
    let mut state =
        OrchestratorState::new("docs/Größe-Planning.md", PromptMode::File, "2026-03-01T10:30:00Z");
    let mut worker = ActiveWorker::new(2, "M2a", "Engine setup", "2026-03-01T10:32:00Z");
    (worker.by, worker.model) = (Some("claude".into()), Some("Opus".into()));
    worker.prompt = Some(".orchestrator/prompts/worker-prompt-m2a-engine-setup.md".into());
    (worker.attempt, worker.gap) = (Some(2), Some(1));
    worker.directories = ["src/engine", "tests"].map(String::from).to_vec();
    state.workers.push(worker);
    state.processed_summaries.push("worker-summary-m1-scaffolding.md".into());
    (state.orch.history, state.orch.seq) = (Some(0xdead_beef), 7);
    state.orch.leave("M1", Status::Running);
    state.orch.leave("M2a", Status::Running);
    state.orch.leave("M1", Status::Success);
    state.orch.alerts.push(Alert {
        milestone: "M1".into(),
        status: "Partial".into(),
        problems: vec!["no Redis here".into()],
        summary: Some("worker-summary-m1-scaffolding.md".into()),
        at: "2026-03-01T10:31:00Z".into(),
        ..Alert::default()
    });
    state.orch.ended_at = Some("2026-03-01T12:00:00Z".into());
    assert_eq!(text(&state), WHOLE);
    assert_eq!(read(WHOLE), state);
    assert_eq!((state.orch.left("M1"), state.orch.left("M9")), (Some(Status::Success), None));
    assert_eq!(state.worker_on("M2a").unwrap().worker, 2);
    assert_eq!(state.worker_on("M2"), None);
    assert_eq!(state.free_worker(), 1);
}

#[test]
fn the_free_number_is_the_lowest_that_nobody_has() {
    let mut state = OrchestratorState::new("P.md", PromptMode::Inline, "");
    for (taken, expected) in
        [(&[][..], 1), (&[1], 2), (&[2, 1, 1], 3), (&[3, 1], 2), (&[0, 0], 1), (&[u32::MAX, 1], 2)]
    {
        state.workers =
            taken.iter().map(|&worker| ActiveWorker { worker, ..ActiveWorker::default() }).collect();
        assert_eq!(state.free_worker(), expected, "{taken:?}");
    }
}

#[test]
fn the_first_file_of_the_original_has_five_fields() {
    let written = r#"{
  "planningDoc": "PLAN.md",
  "promptMode": "inline",
  "startedAt": "2026-02-11T09:00:00Z",
  "workers": [],
  "processedSummaries": []
}
"#;
    let state = read(written);
    assert_eq!(state, OrchestratorState::new("PLAN.md", PromptMode::Inline, "2026-02-11T09:00:00Z"));
    assert_eq!(text(&state), written);
    // In another order, with a byte order mark, without what says nothing.
    let turned = "\u{feff}{\"workers\": null, \"startedAt\": \"2026-02-11T09:00:00Z\", \"planningDoc\": \"PLAN.md\"}\r\n";
    assert_eq!(read(turned), state);
}

#[test]
fn workers_of_any_kind_are_read_and_what_they_say_is_kept() {
    let state = read(
        r#"{
  "planningDoc": "PLAN.md",
  "promptMode": "File-based",
  "startedAt": "2026-02-11T09:00:00Z",
  "workers": [
    {"id": 1, "milestone": "Auth system", "status": "In Progress", "started": "10:32"},
    "API endpoints",
    {"worker": "3", "milestone": 3, "branch": "wt-3", "title": null, "directories": "src/api"},
    {"worker": "auth", "id": 4, "milestone": {"id": "M4"}, "attempt": -1, "gap": 1.5},
    {},
    null
  ],
  "processedSummaries": null
}"#,
    );
    let workers = &state.workers;
    let said = |worker: &ActiveWorker| {
        (worker.worker, worker.milestone.clone(), worker.status.clone(), worker.started_at.clone())
    };
    assert_eq!(said(&workers[0]), (1, "Auth system".into(), "In Progress".into(), "10:32".into()));
    assert_eq!(said(&workers[1]), (0, "API endpoints".into(), String::new(), String::new()));
    assert_eq!(said(&workers[2]), (3, "3".into(), String::new(), String::new()));
    assert_eq!(said(&workers[3]), (0, String::new(), String::new(), String::new()));
    assert_eq!(workers.len(), 5);
    assert_eq!(state.prompt_mode, PromptMode::File);
    let written = text(&state);
    let expected = r#"  "workers": [
    {
      "id": 1,
      "worker": 1,
      "milestone": "Auth system",
      "status": "In Progress",
      "started": "10:32",
      "startedAt": "10:32"
    },
    {
      "milestone": "API endpoints"
    },
    {
      "worker": 3,
      "milestone": "3",
      "branch": "wt-3",
      "directories": "src/api"
    },
    {
      "worker": "auth",
      "id": 4,
      "milestone": {
        "id": "M4"
      },
      "attempt": -1,
      "gap": 1.5
    },
    {}
  ],"#;
    assert!(written.contains(expected), "{written}");
    assert_eq!(text(&read(&written)), written);

    // What is set since takes the place of what was not understood.
    let mut state = state;
    state.workers[3].worker = 4;
    state.workers[3].milestone = "M4".into();
    let written = text(&state);
    assert!(
        written.contains("\"worker\": 4,\n      \"id\": 4,\n      \"milestone\": \"M4\",\n"),
        "{written}"
    );
    assert!(!written.contains("\"auth\""));
}

#[test]
fn what_orch_does_not_know_is_kept_in_its_place() {
    let written = r#"{
  "$schema": "x",
  "planningDoc": "PLAN.md",
  "slug": "plan",
  "promptMode": "inline",
  "startedAt": "",
  "workers": [],
  "processedSummaries": [],
  "notes": {
    "z": 1e+300,
    "a": [
      null
    ]
  },
  "orch": {
    "seq": 1,
    "later": true,
    "alerts": [
      {
        "milestone": "M1",
        "seen": 2
      }
    ]
  },
  "end": 18446744073709551615
}
"#;
    assert_eq!(text(&read(written)), written);
    let state = read(written);
    assert_eq!(state.extra.names().collect::<Vec<_>>(), ["$schema", "slug", "notes", "end"]);
    assert_eq!(state.orch.extra.json("later").as_deref(), Some("true"));
    assert_eq!(state.orch.alerts[0].extra.json("seen").as_deref(), Some("2"));
}

#[test]
fn files_of_other_tools_are_told_by_the_document_that_they_do_not_name() {
    for (foreign, said) in [
        (r#"{"version": 2, "gates": {}, "work_streams": []}"#, "gates, version, work_streams"),
        (
            r#"{"schema_version": "1", "mode": "auto", "active_plan": "p", "tasks": [1], "workers": 3}"#,
            "active_plan, mode, schema_version, tasks, workers",
        ),
        (r#"{"active_task_id": null, "run_id": "r", "tasks": {}}"#, "active_task_id, run_id, tasks"),
        (r#"{"project": "x", "tasks": {"a": {"status": "done", "attempts": 2}}}"#, "project, tasks"),
        (r#"{"planningDoc": null, "workers": []}"#, "planningDoc, workers"),
        (r#"{"planningDoc": 3, "promptMode": 4}"#, "planningDoc, promptMode"),
        (r#"{"planningDoc": "a", "planningDoc": ["a"]}"#, "planningDoc"),
        ("{}", "nothing"),
        (r#"{"\u001b[2J\u0000": 1}"#, r"\u{1b}[2J\0"),
        (r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}"#, "a, b, c, d, e, f, g, h, …"),
    ] {
        let not_ours = refused(foreign);
        assert!(matches!(not_ours, NotOurs::Foreign { .. }), "{foreign}");
        assert_eq!(not_ours.to_string(), format!("written by another tool: it holds {said}"));
        assert_eq!(not_ours.diagnostic().code, "state_json.foreign");
    }
    let long = format!("{{\"{}\": 1}}", "k".repeat(1 << 20));
    assert!(refused(&long).to_string().len() < 100);
}

#[test]
fn what_a_field_can_not_hold_is_told_with_its_place() {
    for (fields, line, column, says) in [
        ("\"promptMode\": 3", 2, 15, "`promptMode` is not inline or file"),
        ("\"promptMode\": \"clipboard\"", 2, 25, "`promptMode` is not inline or file"),
        ("\"startedAt\":\n  [1]", 3, 3, "`startedAt` is not a text"),
        ("\"workers\": {}", 2, 13, "`workers` is not a list"),
        ("\"workers\": [{}, 2]", 2, 17, "`workers[1]` is not an object or a text"),
        (
            "\"processedSummaries\": [\"a\", {\"file\": \"b\"}]",
            2,
            29,
            "`processedSummaries[1]` is not a text",
        ),
        ("\"orch\": \"x\"", 2, 11, "`orch` is not an object"),
        ("\"orch\": {\"seq\": -1}", 2, 18, "`orch.seq` is not a whole number"),
        ("\"orch\": {\"history\": \"beef\"}", 2, 26, "`orch.history` is not 16 hexadecimal digits"),
        ("\"orch\": {\"left\": {\"M1\": \"done\"}}", 2, 30, "`orch.left.M1` is not a status such as SUCCESS"),
        (
            "\"orch\": {\"left\": {\"\\u001b[2J\": 1}}",
            2,
            32,
            "`orch.left.\\u{1b}[2J` is not a status such as SUCCESS",
        ),
        (
            "\"orch\": {\"alerts\": [{\"problems\": [\"é\", 1]}]}",
            2,
            40,
            "`orch.alerts[0].problems[1]` is not a text",
        ),
    ] {
        let document = format!("{{\"planningDoc\": \"P.md\",\n{fields}}}");
        let NotOurs::Unreadable(unreadable) = refused(&document) else { panic!("{document}") };
        assert_eq!(unreadable.to_string(), says, "{document}");
        let at = unreadable.diagnostic.at.unwrap();
        assert_eq!(at.line, line, "{document}");
        // Where the last sign of the value is, or behind the first of a list or an object.
        assert_eq!(at.column, column, "{document}");
        assert_eq!(unreadable.diagnostic.code, "state_json.shape");
        assert!(unreadable.diagnostic.hint.is_some());
    }
}

#[test]
fn what_is_no_document_is_refused() {
    let large = vec![b' '; OrchestratorState::LARGEST + 1];
    let deep = format!("{{\"planningDoc\": \"a\", \"x\": {}", "[".repeat(1 << 20));
    for (bytes, code) in [
        (&b""[..], "state_json.empty"),
        (b" \n", "state_json.empty"),
        (b"{\"planningDoc\": \"P", "state_json.cut_off"),
        (b"{\"planningDoc\": \"P.md\"} x", "state_json.syntax"),
        (b"[{\"planningDoc\": \"P.md\"}]", "state_json.shape"),
        (b"\"P.md\"", "state_json.shape"),
        (b"{\"planningDoc\": \"\xff\"}", "state_json.encoding"),
        (&large, "state_json.large"),
        (deep.as_bytes(), "state_json.syntax"),
    ] {
        let not_ours = OrchestratorState::read(bytes).unwrap_err();
        assert!(matches!(not_ours, NotOurs::Unreadable(_)), "{code}");
        assert_eq!(not_ours.diagnostic().code, code);
        assert!(not_ours.diagnostic().at.is_some());
    }
    for newer in ["2", "3.0", "1e9"] {
        let not_ours = refused(&format!(
            "{{\"planningDoc\": \"P.md\", \"workers\": 1, \"orch\": {{\"format\": {newer}}}}}"
        ));
        assert_eq!(not_ours, NotOurs::Newer);
        assert_eq!(not_ours.diagnostic().at, Some(Position::new(1, 1)));
    }
    assert_eq!(read("{\"planningDoc\": \"P.md\", \"orch\": {\"format\": 1}}").orch.seq, 0);
}

#[test]
fn prompt_modes_are_read_in_the_words_of_the_seed() {
    for (word, mode) in [
        ("inline", Some(PromptMode::Inline)),
        (" Inline (copy/paste) ", Some(PromptMode::Inline)),
        ("copy/paste", Some(PromptMode::Inline)),
        ("FILE", Some(PromptMode::File)),
        ("file-based", Some(PromptMode::File)),
        ("", None),
        ("files", None),
    ] {
        assert_eq!(word.parse().ok(), mode, "{word}");
    }
    for mode in PromptMode::ALL {
        assert_eq!(mode.to_string().parse(), Ok(mode));
    }
}
