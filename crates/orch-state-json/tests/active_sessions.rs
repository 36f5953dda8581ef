//! `.orchestrator/active-sessions.json` in every form that it may have.

use orch_state_json::{ActiveSession, ActiveSessions};

fn read(text: &str) -> ActiveSessions {
    ActiveSessions::read(text.as_bytes()).unwrap_or_else(|unreadable| panic!("{unreadable:?}\n{text}"))
}

fn said(all: &ActiveSessions) -> Vec<(&str, &str, &str)> {
    all.iter()
        .map(|session| (session.slug.as_str(), session.planning_doc.as_str(), session.started_at.as_str()))
        .collect()
}

/// The JSON without white space.
fn compact(all: &ActiveSessions) -> String {
    serde_json::from_slice::<serde_json::Value>(&all.to_bytes()).unwrap().to_string()
}

#[test]
fn every_form_is_read_and_written_back_as_it_was() {
    for (written, expected) in [
        (
            r#"{"sessions":[{"planningDoc":"A.md","slug":"a","startedAt":"t"},{"pid":7,"slug":"b"}],"version":1}"#,
            &[("a", "A.md", "t"), ("b", "", "")][..],
        ),
        (
            r#"[{"planningDoc":"A.md","slug":"a"},{"planningDoc":"B.md","slug":"b"}]"#,
            &[("a", "A.md", ""), ("b", "B.md", "")],
        ),
        (
            r#"{"a":{"planningDoc":"A.md","x":{}},"b":{"startedAt":"t"}}"#,
            &[("a", "A.md", ""), ("b", "", "t")],
        ),
        (r#"{"sessions":{"a":{"planningDoc":"A.md"}},"z":0}"#, &[("a", "A.md", "")]),
        // A session that is called as the field is.
        (r#"{"sessions":{"planningDoc":"A.md","windows":2}}"#, &[("sessions", "A.md", "")]),
        // What is not understood.
        (r#"[1,{"window":3},null,{"name":"a","slug":7}]"#, &[]),
        (r#"{"a":{"planningDoc":"A.md","slug":"other"},"meta":{"x":1},"v":"2"}"#, &[("a", "A.md", "")]),
        (r#"{"sessions":[],"v":[1]}"#, &[]),
    ] {
        let all = read(written);
        assert_eq!(said(&all), expected, "{written}");
        assert_eq!(compact(&all), written);
        assert_eq!(read(&String::from_utf8(all.to_bytes()).unwrap()), all);
    }
}

#[test]
fn other_names_and_bare_texts_are_understood() {
    let all = read(r#"{"sessions": [{"id": "a", "plan": "A.md", "started": "10:32"}, "b", ""]}"#);
    assert_eq!(said(&all), [("a", "A.md", "10:32"), ("b", "", "")]);
    assert_eq!(
        compact(&all),
        r#"{"sessions":[{"id":"a","plan":"A.md","planningDoc":"A.md","slug":"a","started":"10:32","startedAt":"10:32"},{"slug":"b"},""]}"#
    );
    assert_eq!(said(&read(r#"{"a": "docs/A.md", "version": "1"}"#)), [("a", "docs/A.md", "")]);
}

#[test]
fn sessions_come_and_go_and_the_rest_stays() {
    for (written, expected) in [
        ("{}", r#"{"sessions":[{"planningDoc":"N.md","slug":"new","startedAt":"t"}]}"#),
        (
            r#"{"version":1}"#,
            r#"{"sessions":[{"planningDoc":"N.md","slug":"new","startedAt":"t"}],"version":1}"#,
        ),
        ("[]", r#"[{"planningDoc":"N.md","slug":"new","startedAt":"t"}]"#),
        (r#"[{"slug":"new","old":1},3]"#, r#"[{"planningDoc":"N.md","slug":"new","startedAt":"t"},3]"#),
        (
            r#"{"a":{"planningDoc":"A.md"},"new":false}"#,
            r#"{"a":{"planningDoc":"A.md"},"new":{"planningDoc":"N.md","startedAt":"t"}}"#,
        ),
    ] {
        let mut all = read(written);
        all.add(ActiveSession::new("new", "N.md", "t"));
        assert_eq!(compact(&all), expected, "{written}");
        assert_eq!(all.get("new").unwrap().planning_doc, "N.md");
        assert!(all.remove("new") && !all.remove("new"));
        assert_eq!(all.get("new"), None);
    }
    let mut all = ActiveSessions::default();
    all.add(ActiveSession::new("a", "A.md", ""));
    assert_eq!(compact(&all), r#"{"sessions":[{"planningDoc":"A.md","slug":"a"}]}"#);
}

#[test]
fn what_is_neither_an_object_nor_a_list_is_refused() {
    for (text, code) in [
        ("", "state_json.empty"),
        ("[", "state_json.cut_off"),
        ("[1] 2", "state_json.syntax"),
        ("7", "state_json.shape"),
        ("\"a\"", "state_json.shape"),
    ] {
        assert_eq!(ActiveSessions::read(text.as_bytes()).unwrap_err().diagnostic.code, code, "{text}");
    }
    assert!(ActiveSessions::read(&vec![b'['; ActiveSessions::LARGEST + 1]).is_err());
    assert!(ActiveSessions::read(&vec![b'['; 1 << 20]).is_err());
}
