//! `state.json`: the forms it has in the wild, what is kept, what is refused.

use orch_core::{Position, Status};
use orch_state_json::{Mark, Overall, RunState, Unreadable, Weaver, WeaverStatus};

/// The final state of seed 003, with its gaps filled.
const SEED: &str = r##"{
  "plan_id": "plan-20260119-1430",
  "started_at": "2026-01-19T14:35:00Z",
  "completed_at": "2026-01-19T15:12:00Z",
  "status": "complete",
  "weavers": {
    "w-01": {
      "spec": "01-schema.yaml",
      "status": "complete",
      "pr": "#42"
    },
    "w-02": {
      "spec": "02-backend.yaml",
      "status": "running",
      "session": "vertical-plan-20260119-1430-w-02"
    },
    "w-03": {
      "spec": "03-frontend.yaml",
      "status": "failed",
      "error": "TypeScript error in component"
    }
  }
}
"##;

fn seed_state() -> RunState {
    let mut state = RunState::new("plan-20260119-1430");
    state.started_at = Some("2026-01-19T14:35:00Z".into());
    state.completed_at = Some("2026-01-19T15:12:00Z".into());
    state.status = Overall::Complete;
    let weaver = Weaver::new("01-schema.yaml", WeaverStatus::Complete);
    state.set("w-01", Weaver { pr: Some("#42".into()), ..weaver });
    let weaver = Weaver::new("02-backend.yaml", WeaverStatus::Running);
    state.set("w-02", Weaver { session: Some("vertical-plan-20260119-1430-w-02".into()), ..weaver });
    let weaver = Weaver::new("03-frontend.yaml", WeaverStatus::Failed);
    state.set("w-03", Weaver { error: Some("TypeScript error in component".into()), ..weaver });
    state
}

fn read(text: &str) -> RunState {
    RunState::read(text.as_bytes()).unwrap_or_else(|unreadable| panic!("{unreadable:?}\n{text}"))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_sample_of_the_seed_is_read_and_written() {
    assert_eq!(read(SEED), seed_state());
    assert_eq!(text(seed_state().to_bytes()), SEED);
    assert_eq!(seed_state().weaver("w-02").unwrap().status, WeaverStatus::Running);
    assert_eq!(seed_state().weaver("w-2"), None);
}

#[test]
fn the_first_write_of_the_seed_is_read() {
    let state = read(r#"{"plan_id": "", "started_at": "", "status": "running", "weavers": {}}"#);
    assert_eq!(state, RunState::default());
}

#[test]
fn anything_may_be_missing() {
    let state =
        read(r#"{"weavers": {"w-01": {"status": "crashed", "error": "Session terminated"}, "w-02": {}}}"#);
    let error = Some("Session terminated".to_owned());
    assert_eq!(*state.weaver("w-01").unwrap(), Weaver { error, ..Weaver::new("", WeaverStatus::Crashed) });
    assert_eq!(*state.weaver("w-02").unwrap(), Weaver::default());
    assert_eq!((&state.status, &state.started_at), (&Overall::Running, &None));
    assert_eq!(read("{}"), read(r#"{"weavers": null, "status": null}"#));
}

#[test]
fn oddities_are_put_up_with() {
    let state = read(
        "\u{feff}{\"plan_id\": 7, \"status\": \" PARTIAL\", \"status\": \"Failed\", \"weavers\": {\
         \"w-01\": {\"status\": \"BUILDING\", \"pr\": 42, \"error\": [\"a\", 1]},\
         \"w-02\": {\"status\": \"Napping\", \"session\": null, \"pr\": \"\"}}}\n\n",
    );
    assert_eq!((state.plan_id.as_str(), &state.status), ("7", &Overall::Failed));
    let weaver = state.weaver("w-01").unwrap();
    assert_eq!(weaver.status, WeaverStatus::Building);
    assert_eq!((weaver.pr.as_deref(), weaver.error.as_deref()), (Some("42"), Some("[\"a\",1]")));
    let weaver = state.weaver("w-02").unwrap();
    assert_eq!(weaver.status, WeaverStatus::Other("Napping".into()));
    assert_eq!((&weaver.session, &weaver.pr), (&None, &None));
    assert!(text(state.to_bytes()).contains("\"status\": \"Napping\""));
}

#[test]
fn what_orch_does_not_know_is_kept_in_its_place() {
    let written = r#"{
  "version": 2,
  "plan_id": "p",
  "owner": {
    "z": [
      1,
      2.5,
      1e300,
      -0.0,
      18446744073709551615,
      0.1234567890123456789
    ],
    "a": null
  },
  "status": "running",
  "weavers": {
    "w-01": {
      "spec": "01.yaml",
      "tmux_pane": "%4",
      "status": "running",
      "status_note": "é"
    }
  },
  "last": true
}
"#;
    let mut state = read(written);
    let expected = written.replace("1e300", "1e+300").replace("0.1234567890123456789", "0.12345678901234568");
    assert_eq!(text(state.to_bytes()), expected);
    assert_eq!(state.extra.names().collect::<Vec<_>>(), ["version", "owner", "last"]);
    assert_eq!(state.extra.json("last").as_deref(), Some("true"));

    state.started_at = Some("2026-01-19T14:35:00Z".into());
    state.weavers[0].1.pr = Some("#1".into());
    let changed = text(state.to_bytes());
    assert_eq!(read(&changed), state);
    let keys: Vec<&str> = changed.lines().filter(|line| line.starts_with("  \"")).collect();
    let keys: Vec<&str> = keys.iter().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(keys, ["version", "plan_id", "owner", "started_at", "status", "weavers", "last"]);
}

#[test]
fn what_can_not_be_read_says_where_and_why() {
    for (text, code, message, line, column) in [
        ("", "state_json.empty", "nothing is in it", 1, 1),
        (" \n", "state_json.empty", "nothing is in it", 2, 1),
        ("{\"plan_id\": \"p\",\n  \"sta", "state_json.cut_off", "ends in the middle", 2, 6),
        ("{\"é\": nul}", "state_json.syntax", "not JSON: expected ident", 1, 10),
        ("{\n\"a\": 1,\n}", "state_json.syntax", "not JSON: trailing comma", 3, 1),
        ("# State\n", "state_json.syntax", "not JSON: expected value", 1, 1),
        ("{}\n{}", "state_json.syntax", "not JSON: trailing characters", 2, 1),
        ("{\"a\": 1e999}", "state_json.syntax", "not JSON: number out of range", 1, 11),
        ("[]", "state_json.shape", "the document is not an object", 1, 2),
        ("null", "state_json.shape", "the document is not an object", 1, 4),
        ("{\n\"weavers\": []}", "state_json.shape", "`weavers` is not an object", 2, 13),
        ("{\"weavers\": {\"w-\\n1\": 1}}", "state_json.shape", "weaver `w-\\n1` is not an object", 1, 23),
        ("{\"orch\": {\"format\": 2}}", "state_json.newer", "written by a newer orch", 1, 1),
    ] {
        let Unreadable { diagnostic } = RunState::read(text.as_bytes()).unwrap_err();
        assert_eq!((&*diagnostic.code, &*diagnostic.message), (code, message), "{text}");
        assert_eq!(diagnostic.at, Some(Position::new(line, column)), "{text}");
    }
    let Unreadable { diagnostic } = RunState::read(b"{\n\"\xc3\xa9\xff\": 1}").unwrap_err();
    assert_eq!((&*diagnostic.code, diagnostic.at), ("state_json.encoding", Some(Position::new(2, 3))));
    let Unreadable { diagnostic } = RunState::read(&vec![b' '; RunState::LARGEST + 1]).unwrap_err();
    assert_eq!(diagnostic.code, "state_json.large");
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "{\"a\":".repeat(100_000);
    let Unreadable { diagnostic } = RunState::read(deep.as_bytes()).unwrap_err();
    assert_eq!(diagnostic.message, "not JSON: recursion limit exceeded");
}

#[test]
fn the_mark_survives_another_format_and_not_another_word() {
    let marked = text(seed_state().to_bytes_marked(0x5eed, 12));
    assert!(marked.starts_with(SEED.trim_end().trim_end_matches(['}', '\n'])));
    let state = read(&marked);
    assert_eq!(state.mark(), Mark::Intact { history: 0x5eed, seq: 12 });
    assert_eq!(text(state.to_bytes()), SEED);

    // As `jq -cS .` writes it.
    let value: serde_json::Value = serde_json::from_str(&marked).unwrap();
    assert_eq!(read(&value.to_string()).mark(), Mark::Intact { history: 0x5eed, seq: 12 });

    // To many tools, numbers are doubles.
    let mut large = state.clone();
    large.extra = read("{\"n\": 12345678901234567}").extra;
    let large = text(large.to_bytes_marked(1, 2)).replace("12345678901234567", "12345678901234568");
    assert_eq!(read(&large).mark(), Mark::Intact { history: 1, seq: 2 });

    let edited = Mark::Edited { history: 0x5eed, seq: 12 };
    for (from, to) in [
        ("\"running\"", "\"complete\""),
        ("\"complete\"", "\"COMPLETE\""),
        ("\"#42\"", "\"#43\""),
        ("\"pr\": \"#42\"", "\"pr\": null"),
        ("\"w-02\"", "\"w-04\""),
    ] {
        assert!(marked.contains(from));
        assert_eq!(read(&marked.replacen(from, to, 1)).mark(), edited, "{from}");
    }
    assert_eq!(
        read(&marked.replace("\"seq\": 12", "\"seq\": 13")).mark(),
        Mark::Edited { history: 0x5eed, seq: 13 }
    );
    assert_eq!(read(&marked.replace("\"seq\": 12", "\"seq\": true")).mark(), Mark::Garbled);
    assert_eq!(read(SEED).mark(), Mark::Absent);
}

#[test]
fn statuses_go_to_the_core_and_back() {
    for (status, core) in [
        (WeaverStatus::Waiting, Status::Pending),
        (WeaverStatus::Blocked, Status::Pending),
        (WeaverStatus::Other("asleep".into()), Status::Pending),
        (WeaverStatus::Running, Status::Running),
        (WeaverStatus::Building, Status::Running),
        (WeaverStatus::Verifying, Status::Running),
        (WeaverStatus::Fixing, Status::Running),
        (WeaverStatus::Complete, Status::Success),
        (WeaverStatus::Failed, Status::Fail),
        (WeaverStatus::Crashed, Status::Fail),
    ] {
        assert_eq!(status.core(), core, "{status}");
        assert_eq!(WeaverStatus::read(&status.word().to_uppercase()).word().to_lowercase(), status.word());
    }
    for core in Status::ALL {
        for (crashed, blocked) in [(false, false), (true, false), (false, true), (true, true)] {
            let expected = match (core, crashed, blocked) {
                (Status::Pending, _, true) => "blocked",
                (Status::Pending, _, false) => "waiting",
                (Status::Running, ..) => "running",
                (Status::Success, ..) => "complete",
                (Status::Fail | Status::Incomplete, true, _) => "crashed",
                (Status::Fail | Status::Incomplete, false, _) => "failed",
            };
            assert_eq!(WeaverStatus::from_core(core, crashed, blocked).word(), expected);
        }
    }
}

/// How a run went, by counting.
fn went(words: &[&str]) -> &'static str {
    let count = |of: &[&str]| words.iter().filter(|word| of.contains(word)).count();
    let complete = count(&["complete"]);
    let lost = count(&["failed", "crashed", "blocked"]);
    if complete == words.len() {
        "complete"
    } else if lost == words.len() {
        "failed"
    } else {
        "partial"
    }
}

#[test]
fn every_combination_of_up_to_three_has_its_overall_status() {
    let all: Vec<WeaverStatus> =
        WeaverStatus::ALL.into_iter().chain([WeaverStatus::Other("asleep".into())]).collect();
    let mut seen = 0;
    let mut check = |statuses: &[&WeaverStatus]| {
        let words: Vec<&str> = statuses.iter().map(|status| status.word()).collect();
        assert_eq!(Overall::of(statuses.iter().copied()).word(), went(&words), "{words:?}");
        seen += 1;
    };
    check(&[]);
    for (i, one) in all.iter().enumerate() {
        check(&[one]);
        for (j, two) in all.iter().enumerate().skip(i) {
            check(&[one, two]);
            for three in &all[j..] {
                check(&[one, two, three]);
            }
        }
    }
    assert_eq!(seen, 1 + 10 + 55 + 220);
}
