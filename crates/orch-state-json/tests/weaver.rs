//! `w-NN.json`: what weavers write, what comes of several writes, what is refused.

use orch_core::Position;
use orch_state_json::{WeaverFile, WeaverStatus};

fn read(text: &str) -> WeaverFile {
    WeaverFile::read(text.as_bytes()).unwrap_or_else(|unreadable| panic!("{unreadable:?}\n{text}"))
}

fn text(file: &WeaverFile) -> String {
    String::from_utf8(file.to_bytes()).unwrap()
}

#[test]
fn the_writes_of_the_seed_add_up() {
    let writes = [
        r#"{"spec": "01-schema.yaml", "status": "building", "iteration": 1, "pr": null, "error": null,
            "started_at": "2026-01-19T14:35:00Z"}"#,
        r#"{"status": "verifying", "iteration": 1}"#,
        r#"{"status": "fixing", "iteration": 2, "error": "npm test: exit code 1", "model": "x"}"#,
        r#"{"spec": "01-schema.yaml", "status": "complete", "iteration": 2,
            "pr": "https://github.com/o/r/pull/42", "error": null, "completed_at": "2026-01-19T14:50:00Z"}"#,
    ];
    let merged = writes.iter().fold(WeaverFile::default(), |file, write| file.merged(&read(write)));
    assert_eq!(
        text(&merged),
        r#"{
  "spec": "01-schema.yaml",
  "status": "complete",
  "iteration": 2,
  "pr": "https://github.com/o/r/pull/42",
  "error": null,
  "started_at": "2026-01-19T14:35:00Z",
  "completed_at": "2026-01-19T14:50:00Z",
  "model": "x"
}
"#
    );
    assert!(merged.is_final());
}

#[test]
fn a_later_null_takes_back_an_error_and_nothing_else() {
    let known = read(
        r#"{"spec": "01.yaml", "status": "failed", "iteration": 5, "pr": "\u00235", "error": "e", "started_at": "s",
            "completed_at": "c", "session": "t", "session_id": "i"}"#,
    );
    let nulls = read(
        r#"{"spec": null, "status": null, "iteration": null, "pr": null, "error": null, "started_at": null,
            "completed_at": null, "session": "", "session_id": " "}"#,
    );
    let merged = known.merged(&nulls);
    assert_eq!(merged, WeaverFile { error: None, no_error: true, ..known.clone() });
    assert_eq!(known.merged(&read("{}")), known);
    assert_eq!(nulls.merged(&known), known);
}

#[test]
fn the_forms_that_workers_write_are_read() {
    let plain =
        WeaverFile { status: Some(WeaverStatus::Fixing), iteration: Some(2), ..WeaverFile::default() };
    for written in [
        r#"{"status": "fixing", "iteration": 2}"#,
        r#"{"status": "Fixing", "iterations": 2}"#,
        r#"{"status": " FIXING\n", "iteration": "2"}"#,
        r#"{"status": "fixing", "iteration": 2.0}"#,
        r#"{"status": "fixing", "iteration": "2/5"}"#,
        r#"{"iterations": 1, "status": "fixing", "iteration": 2}"#,
        r#"{"iteration": "second", "status": "fixing", "iterations": 2}"#,
        "\u{feff}\r\n{\"status\": \"fixing\", \"iteration\": 2}\r\n\r\n",
        "{\"status\": \"fixing\", \"iteration\": 2}\nEOF\n",
        "{\"status\": \"building\", \"status\": \"fixing\", \"iteration\": 2}}",
    ] {
        assert_eq!(read(written), plain, "{written}");
    }
    for (written, expected) in
        [("-1", None), ("1e99", Some(u32::MAX)), ("true", None), ("\"\"", None), ("[2]", None)]
    {
        assert_eq!(read(&format!("{{\"iteration\": {written}}}")).iteration, expected, "{written}");
    }
    let many = "9".repeat(50);
    assert_eq!(read(&format!("{{\"iteration\": \"{many}\"}}")).iteration, Some(u32::MAX));
}

#[test]
fn an_error_of_several_lines_is_no_reason_to_lose_the_rest() {
    let file = read("{\"status\": \"failed\", \"error\": \"src/a.ts\n\t\x1b[31merror\x1b[0m \\\"x\\\"\"}");
    assert_eq!(file.error.as_deref(), Some("src/a.ts\n\t\x1b[31merror\x1b[0m \"x\""));
    let file = WeaverFile::read(b"{\"status\": \"failed\", \"error\": \"\xff\"}").unwrap();
    assert_eq!(file.error.as_deref(), Some("\u{fffd}"));
}

#[test]
fn what_can_not_be_read_says_where_and_why() {
    for (text, code, message, line, column) in [
        ("", "state_json.empty", "nothing is in it", 1, 1),
        ("{\n  \"status\": \"buil", "state_json.cut_off", "ends in the middle", 2, 17),
        ("{\"error\": \"a\nb", "state_json.syntax", CONTROL, 2, 1),
        ("status: building\n", "state_json.syntax", "not JSON: expected value", 1, 1),
        ("```json\n{}\n```", "state_json.syntax", "not JSON: expected value", 1, 1),
        ("\"complete\"", "state_json.shape", "the document is not an object", 1, 10),
        ("[{}]", "state_json.shape", "the document is not an object", 1, 1),
    ] {
        let diagnostic = WeaverFile::read(text.as_bytes()).unwrap_err().diagnostic;
        assert_eq!((&*diagnostic.code, &*diagnostic.message), (code, message), "{text}");
        assert_eq!(diagnostic.at, Some(Position::new(line, column)), "{text}");
    }
    let error = WeaverFile::read(&vec![b'{'; WeaverFile::LARGEST + 1]).unwrap_err();
    assert_eq!(error.to_string(), "more than the 1048576 bytes that are read");
}

const CONTROL: &str = "not JSON: control character (\\u0000-\\u001F) found while parsing a string";

#[test]
fn a_file_is_for_the_spec_it_names() {
    for (named, expected) in [
        ("\"01-schema.yaml\"", true),
        ("\"01-schema.yml\"", true),
        ("\"01-schema\"", true),
        ("\"/r/.claude/vertical/plans/p/specs/01-schema.yaml\"", true),
        ("\"specs\\\\01-schema.yaml\"", true),
        ("null", true),
        ("\"\"", true),
        ("\"02-backend.yaml\"", false),
        ("\"1-schema.yaml\"", false),
        ("\"01-schema.yaml/\"", false),
        ("\"01-schema.json\"", false),
        ("\"01-Schema\"", false),
    ] {
        assert_eq!(read(&format!("{{\"spec\": {named}}}")).is_for("01-schema.yaml"), expected, "{named}");
    }
}

#[test]
fn a_last_word_is_told_from_others() {
    for (word, expected) in [
        ("complete", true),
        ("FAILED", true),
        ("crashed", true),
        ("blocked", true),
        ("building", false),
        ("verifying", false),
        ("fixing", false),
        ("waiting", false),
        ("running", false),
        ("completed?", false),
    ] {
        assert_eq!(read(&format!("{{\"status\": \"{word}\"}}")).is_final(), expected, "{word}");
    }
    assert!(!read("{}").is_final());
}
