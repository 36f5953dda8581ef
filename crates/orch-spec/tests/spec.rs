//! Specs as they are written, and specs with mistakes: each is a finding with a place and a next step.

mod support;

use std::fmt::Write as _;
use std::time::Duration;

use orch_core::{Diagnostic, Position};
use orch_spec::{CheckKind, ValidationType, read_spec};
use support::shown;

const V2: &str = include_str!("data/v2.yaml");

#[test]
fn reads_every_field_of_v2() {
    let reading = read_spec(V2.as_bytes());
    assert_eq!(shown(&reading.findings), "");
    let spec = reading.value.unwrap();
    assert_eq!((&*spec.name.value, spec.name.at), ("token-rotation", Position::new(2, 7)));
    assert_eq!(spec.description, "Rotate refresh tokens.\nOld ones stop working.");
    assert_eq!((spec.atomic, spec.complexity, spec.estimated_minutes), (Some(true), Some(4), Some(50)));
    assert_eq!(spec.demo_goal.as_deref(), Some("A stolen token is refused."));
    assert!(spec.sprint_checkpoint);
    assert_eq!(spec.skill_hints[1].value, "security-patterns");
    assert_eq!(spec.skill_hints[1].at, Position::new(14, 5));
    let building = &spec.building_spec;
    assert_eq!((building.requirements.len(), building.constraints.len()), (2, 1));
    assert_eq!(building.files[1].value, "src/tokens/**");
    assert_eq!(building.files[1].at, Position::new(24, 7));
    assert_eq!(building.dependencies[0].value, "auth-01-schema");
    assert_eq!(building.test_first[0].file.as_ref().unwrap().value, "test/rotate.test.ts");
    assert_eq!(spec.validation_type, ValidationType::Benchmark);
    assert_eq!(spec.review_spec.as_ref().unwrap().accept_criteria, ["Requirements are specific"]);
    let words: Vec<_> = spec.verification_spec.iter().map(|check| check.value.kind.word()).collect();
    assert_eq!(
        words,
        ["command", "file-contains", "file-not-contains", "file-exists", "test-first-check", "agent", "demo"]
    );
    let first = &spec.verification_spec[0];
    assert_eq!(first.at, Position::new(34, 5));
    assert_eq!(first.value.kind, CheckKind::Command { run: "npm test -- tokens".to_owned(), expect: 0 });
    assert_eq!(first.value.timeout, Some(Duration::from_secs(300)));
    assert_eq!(first.value.name.as_deref(), Some("tests"));
    assert_eq!(spec.verification_spec[1].value.reason.as_deref(), Some("rotation must be there"));
    let CheckKind::FileContains { path, pattern } = &spec.verification_spec[1].value.kind else { panic!() };
    assert_eq!((&*path.value, &*pattern.value), ("src/tokens/rotate.ts", "rotate\\(.*\\)"));
    assert_eq!((path.at, pattern.at), (Position::new(40, 11), Position::new(41, 14)));
    assert_eq!(spec.pr.branch.value, "auth/03-rotation");
    assert_eq!(spec.pr.base.as_ref().unwrap().at, Position::new(73, 9));
    assert_eq!(spec.pr.title, "feat(auth): rotate tokens");
    assert_eq!((spec.pr.labels.len(), spec.pr.reviewers.len()), (2, 1));
}

#[test]
fn fills_in_what_is_not_said() {
    let spec = |text: &str| {
        let reading = read_spec(text.as_bytes());
        assert_eq!(shown(&reading.findings), "", "{text}");
        reading.value.unwrap()
    };
    let short = spec("name: a\npr: {branch: b}\n");
    assert_eq!((&*short.pr.title, short.pr.base, &*short.description), ("a", None, ""));
    assert!(short.verification_spec.is_empty() && !short.sprint_checkpoint);
    assert_eq!(short.validation_type, ValidationType::Tests);
    let described = spec("name: a\ndescription: |\n  First.\n  Second.\npr:\n  branch: b\n  labels:\n");
    assert_eq!(described.pr.title, "First.");
    // What a mapping repeats by an anchor is read where it is used; what is written out wins.
    let anchored =
        spec("name: &n a\nbuilding_spec: &b\n  files: [x]\npr:\n  <<: {branch: c, base: m}\n  branch: *n\n");
    assert_eq!((&*anchored.pr.branch.value, anchored.pr.branch.at), ("a", Position::new(6, 11)));
    assert_eq!(anchored.pr.base.unwrap().value, "m");
    assert_eq!(spec("\u{FEFF}---\nname: !!str 5\npr: {branch: b}\n...\n").name.value, "5");
    assert_eq!(spec("name: a\r\npr:\r\n  branch: b\r\n").pr.branch.at, Position::new(3, 11));
    let tests = "name: a\nbuilding_spec: {test_first: [{test: t, file: a.test.ts}, {test: u}]}\n\
                 verification_spec: [{type: test-first-check}]\npr: {branch: b}\n";
    let CheckKind::TestFirst { files } = &spec(tests).verification_spec[0].value.kind else { panic!() };
    assert_eq!(files.len(), 1);
}

#[test]
fn reads_all_forms_of_expect() {
    for (expect, code) in [
        ("exit_code 0", Some(0)),
        ("exit_code 1", Some(1)),
        ("'exit_code: 3'", Some(3)),
        ("{exit_code: 3}", Some(3)),
        ("'exit_code : 3'", Some(3)),
        ("7", Some(7)),
        ("'7'", Some(7)),
        ("255", Some(255)),
        ("", Some(0)),
        ("256", None),
        ("-1", None),
        ("1.0", None),
        ("exit_code", None),
        ("exit_code x", None),
        ("exit_code0", None),
        ("success", None),
        ("[0]", None),
        ("{exit_code: 0, stdout: x}", None),
        ("true", None),
    ] {
        let text = format!(
            "name: a\nverification_spec:\n- type: command\n  run: true\n  expect: {expect}\npr: {{branch: b}}\n"
        );
        let reading = read_spec(text.as_bytes());
        let found = reading.value.map(|spec| spec.verification_spec[0].value.kind.clone());
        let expected = code.map(|expect| CheckKind::Command { run: "true".to_owned(), expect });
        assert_eq!(found, expected, "{expect}");
        if code.is_none() {
            assert_eq!(reading.findings[0].at, Some(Position::new(5, 11)), "{expect}");
            assert_eq!(reading.findings[0].code, "spec.expect");
        }
    }
}

#[test]
fn says_what_is_wrong_with_the_text() {
    let many = format!("name: a\nskill_hints: [{}]\n", "x,".repeat(1_500_000));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e]\n";
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(2_000_000), "*a,".repeat(100));
    let maps = "{a: ".repeat(16_000);
    let lists = "[".repeat(16_000);
    let blocks: String = (0..200).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let dashes = "- ".repeat(16_000);
    let keys = "? ".repeat(16_000);
    let large = "#".repeat(orch_spec::MAX_BYTES + 1);
    let odd = b"name: \xC3\xA4\xFF\n";
    let mut table = String::new();
    for (title, bytes) in [
        ("empty", &b""[..]),
        ("only a comment", b"# nothing\n"),
        ("a byte order mark", b"\xEF\xBB\xBF"),
        ("a scalar", b"hello\n"),
        ("a list", b"- name: a\n"),
        ("null", b"~\n"),
        ("not UTF-8", odd),
        ("a tab", b"name: a\npr:\n\tbranch: b\n"),
        ("a tab in a list", b"name: a\nskill_hints:\n\t- b\n"),
        ("a duplicate key", b"name: a\npr: {branch: b}\nname: c\n"),
        ("a duplicate key below", b"name: a\npr:\n  branch: b\n  base: c\n  base: d\n"),
        ("a duplicate unknown key", b"name: a\nx: 1\nx: 2\npr: {branch: b}\n"),
        ("two documents", b"name: a\npr: {branch: b}\n---\nname: c\n"),
        ("an unclosed quote", b"name: \"a\npr:\n  branch: b\n"),
        ("an unclosed bracket", b"name: a\nskill_hints: [b\npr:\n  branch: b\n"),
        ("a colon", b"name: a\ndescription: this: that\n"),
        ("bad indentation", b"name: a\n  pr: b\n"),
        ("a star", b"name: a\nskill_hints:\n  - *b\n"),
        ("an alias in itself", b"name: a\npr: &p\n  branch: b\n  base: *p\n"),
        ("a key that is a list", b"[a]: b\n"),
        ("a merge of a text", b"<<: x\nname: a\npr: {branch: b}\n"),
        ("a tag", b"name: !secret a\npr: {branch: b}\n"),
        ("a bomb", bomb.as_bytes()),
        ("a bomb of bytes", long.as_bytes()),
        ("a long list", many.as_bytes()),
        ("deep maps", maps.as_bytes()),
        ("deep lists", lists.as_bytes()),
        ("deep blocks", blocks.as_bytes()),
        ("deep dashes", dashes.as_bytes()),
        ("deep keys", keys.as_bytes()),
        ("too large", large.as_bytes()),
        ("a NUL", b"name: a\0\npr: {branch: b}\n"),
    ] {
        let reading = read_spec(bytes);
        let _ = writeln!(table, "{title}\n{}", shown(&reading.findings).trim_end_matches('\n'));
        assert_eq!(reading.value.is_none(), reading.findings.iter().any(Diagnostic::is_error), "{title}");
        for finding in &reading.findings {
            assert!(finding.at.is_some() && finding.hint.is_some(), "{title}: {finding:?}");
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn says_everything_that_is_wrong_in_one_pass() {
    let reading = read_spec(include_bytes!("data/wrong.yaml"));
    assert!(reading.value.is_none());
    insta::assert_snapshot!(shown(&reading.findings));
}

#[test]
fn warnings_leave_the_value() {
    let reading = read_spec(
        b"name: a\nowner: me\ncomplexity: 11\nvalidation_type: test\nskill_hints: [a, '', ~]\npr:\n  branch: b\n  \
          reviewer: [x]\n  title: |\n    one\n    two\n",
    );
    insta::assert_snapshot!(shown(&reading.findings));
    let spec = reading.value.unwrap();
    assert_eq!((spec.complexity, spec.validation_type), (None, ValidationType::Tests));
    assert_eq!((spec.skill_hints.len(), &*spec.pr.title), (1, "one"));
}

#[test]
fn many_mistakes_are_cut_short() {
    let lines: String = (0..1000).map(|n| format!("key{n}: x\n")).collect();
    let reading = read_spec(lines.as_bytes());
    assert_eq!(reading.findings.len(), 201);
    assert!(reading.value.is_none());
    assert!(reading.findings.iter().any(Diagnostic::is_error));
}
