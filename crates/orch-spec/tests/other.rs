//! `meta.json`, the index of skills, and what specs are called.

mod support;

use std::fmt::Write as _;

use orch_core::{Diagnostic, Position};
use orch_spec::{
    MatchedBy, aliases, check_plan_id, match_hints, read_meta, read_skill_index, spec_number, task_ids,
};
use support::shown;

#[test]
fn reads_a_plan() {
    let reading = read_meta(
        "{\n  \"id\": \"plan-20260119-143052\",\n  \"description\": \"Löschen\",\n  \"repo\": \"/home/a/repo\",\n  \
         \"created_at\": \"2026-01-19T14:30:52Z\",\n  \"status\": \"ready\",\n  \"specs\": [\"01-schema.yaml\",\n    \
         \"02-\\u0061pi.yml\"]\n}\n"
            .as_bytes(),
    );
    assert_eq!(shown(&reading.findings), "");
    let meta = reading.value.unwrap();
    assert_eq!((&*meta.id.value, meta.id.at), ("plan-20260119-143052", Position::new(2, 9)));
    assert_eq!((&*meta.description, meta.repo.unwrap().value), ("Löschen", "/home/a/repo".to_owned()));
    assert_eq!(meta.created_at.as_deref(), Some("2026-01-19T14:30:52Z"));
    assert_eq!(meta.status.as_deref(), Some("ready"));
    let specs: Vec<_> = meta.specs.iter().map(|spec| (&*spec.value, spec.at)).collect();
    assert_eq!(specs, [("01-schema.yaml", Position::new(7, 13)), ("02-api.yml", Position::new(8, 5))]);
}

#[test]
fn says_what_is_wrong_with_a_plan() {
    let deep = format!("{{\"specs\": {}", "[".repeat(100_000));
    let wide = format!("{{\"id\": \"a\", \"specs\": [{}\"b.yaml\"]}}", "\"a.yaml\",".repeat(300_000));
    let mut table = String::new();
    for text in [
        "",
        " \n",
        "null",
        "[]",
        "{",
        "{\n  \"id\": \"ä\",,\n}",
        "{\"id\": \"a\"}{",
        "{}",
        "{\"id\": \"a\", \"specs\": []}",
        "{\"id\": \"a\", \"specs\": \"a.yaml\"}",
        "{\"id\": 5, \"description\": [], \"status\": false, \"specs\": [5, null, {}]}",
        "{\"id\": \"a\", \"Specs\": [], \"x\": 1, \"specs\": [\"a.yaml\"]}",
        "{\"id\": \"a\",\n \"id\": \"b\", \"specs\": [\"a.yaml\"]}",
        "{\"id\": \"../a\", \"specs\": [\"a.yaml\"]}",
        "{\"id\": \"a/b\", \"specs\": [\"a.yaml\"]}",
        "{\"id\": \"\", \"specs\": [\"a.yaml\"]}",
        "{\"id\": \"a\\u001b\", \"specs\": [\"a.yaml\"]}",
        "{\"id\": \"a\\ud800\", \"specs\": [\"a.yaml\"]}",
        "{\"id\": \"a\", \"repo\": \"/a\\nb\", \"specs\": [\"a.yaml\"]}",
        "{\"id\": \"a\",\n \"specs\": [\"01-a\", \"a/b.yaml\", \"..\", \".yaml\",\n \"-a.yaml\", \"a\\\\b.yaml\", \"a.txt\", \
         \"a\\tb.yaml\"]}",
        "{\"id\": \"a\",\n \"specs\": [\"a.yaml\", \"b.yaml\",\n \"a.yaml\"]}",
        &deep,
        &wide,
    ] {
        let reading = read_meta(text.as_bytes());
        assert_eq!(reading.value.is_none(), reading.findings.iter().any(Diagnostic::is_error), "{text}");
        assert!(
            reading.findings.iter().all(|finding| finding.at.is_some() && finding.hint.is_some()),
            "{text}"
        );
        let start: String = text.chars().take(90).collect();
        let _ = writeln!(table, "{start:?}\n{}", shown(&reading.findings).trim_end_matches('\n'));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn plan_ids() {
    let long = "a".repeat(64);
    for id in ["plan-20260119-1430", "plan-20260119-143052", "_", "0", "a.b", &*long] {
        assert_eq!(check_plan_id(id), Ok(()), "{id}");
    }
    let longer = "a".repeat(65);
    for id in ["", "-a", ".a", "..", "a..b", "a/b", "a\\b", "a b", "a\n", "ä", "a#", "a:b", &*longer] {
        assert!(check_plan_id(id).is_err(), "{id}");
    }
}

#[test]
fn numbers_and_ids() {
    for (name, number) in [
        ("01-schema.yaml", Some("01")),
        ("1_x.yml", Some("1")),
        ("007.yaml", Some("007")),
        ("schema.yaml", None),
        ("2fa.yaml", None),
        ("2ä.yaml", None),
        ("1234567890-x.yaml", None),
        ("", None),
        ("5", Some("5")),
    ] {
        assert_eq!(spec_number(name), number, "{name}");
    }
    let ids = |names: &[&str]| task_ids(names).unwrap();
    assert_eq!(ids(&["01-a.yaml", "02-b.yaml", "10-c.yaml"]), ["w-01", "w-02", "w-10"]);
    assert_eq!(ids(&["b.yaml", "1-a.yaml", "c.yaml", "003-d.yaml"]), ["w-02", "w-01", "w-04", "w-003"]);
    let many: Vec<String> = (0..120).map(|n| format!("s{n}.yaml")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(ids(&many)[99..101], ["w-100", "w-101"]);
    let problems = task_ids(&["01-a.yaml", "1-b.yaml", "001.yaml", "02-c.yaml"]).unwrap_err();
    insta::assert_snapshot!(shown(&problems));
    assert_eq!(aliases("01-a.yml", Some("01-a"), None), ["01-a.yml", "01-a", "01"]);
    assert_eq!(aliases("a.yaml", None, Some("a")), ["a.yaml", "a"]);
}

/// An index of the originals' shape.
const INDEX: &str = "\
# Skills
skills:
  # === Apps ===

  - id: acme-swift-concurrency
    path: skill-index/skills/acme-swift-concurrency/SKILL.md
    description: \"Actors and async\"
    triggers:
      - Sendable
      - async/await
      - swift concurrency
    domains:
      - ios

  - id: acme-swiftui-speed
    path: skill-index/skills/acme-swiftui-speed/SKILL.md
    triggers: [swiftui slow, view redraws]

  - id: acme-swift-testing
    path: skill-index/skills/acme-swift-testing/SKILL.md
    triggers: [swift testing, unit test]

  - id: react-best-practices
    path: skill-index/skills/react-best-practices/SKILL.md
    triggers: [react, react performance, bundle size]

  - id: tmux
    path: skill-index/skills/tmux/SKILL.md
    triggers: [pane, react]
";

#[test]
fn hints_find_skills() {
    let reading = read_skill_index(INDEX.as_bytes());
    assert_eq!(shown(&reading.findings), "");
    let index = reading.value.unwrap();
    assert_eq!(index.skills.len(), 5);
    assert_eq!(index.skills[0].path.at, Position::new(6, 11));
    let long = "react ".repeat(100);
    for (hint, expected) in [
        ("tmux", Some(("tmux", MatchedBy::Id))),
        ("TMUX", Some(("tmux", MatchedBy::Id))),
        ("react_best practices", Some(("react-best-practices", MatchedBy::Id))),
        ("swift-concurrency", Some(("acme-swift-concurrency", MatchedBy::Trigger("swift concurrency")))),
        ("Swift_Concurrency", Some(("acme-swift-concurrency", MatchedBy::Trigger("swift concurrency")))),
        ("async-await", Some(("acme-swift-concurrency", MatchedBy::Trigger("async/await")))),
        ("swiftui", None),
        // The first of the index wins; the trigger with more words in common beats an earlier one.
        ("react-patterns", Some(("react-best-practices", MatchedBy::Trigger("react")))),
        ("react-testing", Some(("react-best-practices", MatchedBy::Trigger("react")))),
        ("react-render-performance", Some(("react-best-practices", MatchedBy::Trigger("react performance")))),
        ("unit-test", Some(("acme-swift-testing", MatchedBy::Trigger("unit test")))),
        ("security-patterns", None),
        ("swift-performance", None),
        ("reactive", None),
        ("../tmux", None),
        ("/tmux", None),
        ("./tmux", None),
        ("~/tmux", None),
        ("a\\tmux", None),
        ("react\u{202E}", None),
        ("$(tmux)", None),
        ("", None),
        ("-", None),
        (&*long, None),
    ] {
        let hints = [hint];
        let matched = match_hints(&hints, &index);
        let found = matched[0].skill.as_ref().map(|(skill, by)| (&*skill.id.value, *by));
        assert_eq!(found, expected, "{hint:?}");
    }
}

#[test]
fn says_what_is_wrong_with_an_index() {
    let mut table = String::new();
    for text in [
        "",
        "skills:\n",
        "skill: []\n",
        "skills: {a: b}\n",
        "skills:\n  - a\n",
        "skills:\n  - {id: a, path: ../a.md}\n  - {id: b, path: /b.md}\n  - {id: c}\n  - {path: d.md, trigers: []}\n",
        "skills:\n  - {id: a, path: a.md}\n  - {id: A, path: b.md}\nversion: 2\n",
        "skills:\n  - {id: a, path: a.md, triggers: react}\n  - {id: \"b\\e\", path: b.md}\n",
    ] {
        let reading = read_skill_index(text.as_bytes());
        assert_eq!(reading.value.is_none(), reading.findings.iter().any(Diagnostic::is_error), "{text}");
        let skills = reading.value.map(|index| index.skills.len());
        let _ =
            writeln!(table, "{text:?} -> {skills:?}\n{}", shown(&reading.findings).trim_end_matches('\n'));
    }
    insta::assert_snapshot!(table);
}
