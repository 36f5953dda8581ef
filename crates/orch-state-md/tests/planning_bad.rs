//! Bad planning documents: each fault is a finding with a place and a next step, none is a panic or a guess.

use orch_core::{Position, Severity, Status};
use orch_state_md::planning::read;

/// Severity, code and place of all findings, by place.
fn findings(text: &str) -> Vec<String> {
    let found = read(text.as_bytes()).findings;
    for finding in &found {
        assert!(finding.hint.as_ref().is_some_and(|hint| hint.len() < 300), "{finding:?}");
        assert!(finding.message.len() < 500 && !finding.message.contains(char::is_control), "{finding:?}");
        assert!(finding.message.starts_with(|c: char| !c.is_ascii_uppercase() || c == 'M'), "{finding:?}");
    }
    let shown = |finding: orch_core::Diagnostic| {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        let Position { line, column } = finding.at.unwrap();
        format!("{line}:{column} {severity} {}", finding.code.strip_prefix("planning.").unwrap())
    };
    found.into_iter().map(shown).collect()
}

const HEAD: &str = "| Milestone | Status | Notes |\n|---|---|---|\n";

#[test]
fn says_what_is_wrong_and_where() {
    for (rows, rest, expected) in [
        ("| M1: x | ⬜ | |\n", "## M1\n- [ ] a\n", &[][..]),
        ("", "", &["1:1 error no_milestones"]),
        ("| | | |\n|---|---|---|\n", "", &["1:1 error no_milestones"]),
        ("| M1 | ⬜ | |\n| m1: again | ⬜ | |\n", "## M1\n", &["4:3 error duplicate"]),
        ("| M1 | ⬜ | |\n", "", &["3:3 warning no_section"]),
        ("| M1 | ⬜ | |\n", "## M1\n## M2: y\n", &["6:4 warning untracked"]),
        ("| Login | ⬜ | |\n", "## Login\n", &["3:3 warning no_id"]),
        ("| | ⬜ | |\n", "", &["1:1 error no_milestones", "3:3 error no_name"]),
        ("| ~~M1: x~~ | ⬜ | |\n", "## M1\n- [ ] a\n", &["3:3 warning status"]),
        ("| **Phase 1: x** | | |\n| M1 | ⬜ | |\n| **Total** | 3 | |\n", "## M1\n", &[]),
        ("| M1 | soon | |\n", "## M1\n", &["3:8 error status"]),
        ("| M1 | ✅ | |\n", "## M1\n- [x] a\n- [ ] b\n- [~] c\n", &["7:1 warning unticked"]),
        ("| M1 | ✅ | |\n", "## M1\n- [x] a\n- [ ] ~~b~~\n- [ ] **Gate:** c\n", &[]),
        ("| M1 | ⬛ Skipped | |\n", "## M1\n- [ ] b\n", &[]),
        ("| M1 | ⬜ | |\n", "## M1\n- [x] b\n", &["3:3 warning ticked"]),
        ("| M1 | ✅ | |\n", "## M1\nStatus: Done\n", &[]),
        ("| M1 | ✅ | |\n", "## M1\n**Status:** 🔄 Doing\n", &["6:13 warning status_differs"]),
        ("| M1 | ✅ | |\n", "## M1\nStatus: Skipped\n", &["6:9 warning status_differs"]),
        ("| M1 | soon | |\n", "## M1\nStatus: Done\n", &["3:8 error status"]),
        ("| M1 | ⬜ | | |\n", "## M1\n", &["3:3 warning cells"]),
        ("| M1 | ⬜ | |\n", "## M1\n- [] b\n- [ ]c\n", &["6:1 warning box", "7:1 warning box"]),
        ("| M1 | ⬜ | |\n", "## M1\n<<<<<<< a\nx\n=======\n>>>>>>> b\n", &["6:1 error conflict"]),
        ("| M1 | ⬜ | |\n", "## M1\n```\n<<<<<<< a\n```\n", &[]),
        ("| M1 | ⬜ | |\n", "## M1\n\n~~~\nx\n", &["7:1 warning unclosed"]),
        ("| M1 | ⬜ | |\n", "## M1\nx\n## M1\ny\n", &["7:4 warning section_twice"]),
    ] {
        let text = format!("{HEAD}{rows}\n{rest}");
        assert_eq!(findings(&text), expected, "{text}");
    }
    for text in [
        "",
        "\n",
        "# Plan\n",
        "| Task | Status |\n|---|---|\n| M1 | ⬜ |\n",
        "```\n| Milestone | Status |\n```\n",
    ] {
        assert!(findings(text).contains(&"1:1 error no_tracker".to_owned()), "{text:?}");
    }
}

#[test]
fn findings_are_bounded_and_none_is_missed() {
    let rows: String = (1..=300).map(|n| format!("| M{n} | ✅ | |\n")).collect();
    let sections: String = (1..=300).map(|n| format!("## M{n}\n- [ ] a\n")).collect();
    let reading = read(format!("{HEAD}{rows}\n{sections}").as_bytes());
    assert_eq!(reading.findings.len(), 201);
    assert_eq!(reading.findings[200].message, "101 more findings are not shown");
    assert!(!reading.has_errors());
    let rows: String = (1..=300).map(|n| format!("| M{n} | what | |\n")).collect();
    assert!(read(format!("{HEAD}{rows}").as_bytes()).has_errors());
}

#[test]
fn more_milestones_than_can_be_told_apart_are_an_error() {
    let rows: String = (1..=10_001).map(|n| format!("| M{n}: x | ⬜ | |\n")).collect();
    let reading = read(format!("{HEAD}{rows}").as_bytes());
    assert_eq!(reading.plan.milestones.len(), 10_000);
    assert!(
        reading.findings.iter().any(|finding| finding.code == "planning.too_many") || reading.has_errors()
    );
}

#[test]
fn rows_without_ids_never_get_one_that_is_taken() {
    let text = format!(
        "{HEAD}| M2: a | ⬜ | |\n| b | ⬜ | |\n| c | ⬜ | |\n| M3 | ⬜ | |\n| 5. d | ⬜ | |\n\n## Milestone 9: c\n"
    );
    let plan = read(text.as_bytes()).plan;
    let ids: Vec<(&str, &str)> = plan.milestones.iter().map(|m| (&*m.id, &*m.title)).collect();
    assert_eq!(ids, [("M2", "a"), ("M6", "b"), ("M9", "c"), ("M3", "M3"), ("M5", "d")]);
    assert!(plan.milestones.iter().all(|milestone| milestone.row.tracked.status == Status::Pending));
}

#[test]
fn hostile_names_are_told_without_harm() {
    let name = "a\u{1b}[2J\u{202e}".repeat(1_000);
    let text = format!("{HEAD}| {name} | {name} | |\n\n## M7: {name}\n## Milestone 8 {name}\n");
    assert!(findings(&text).len() >= 3);
    let plan = read(text.as_bytes()).plan;
    assert!(plan.milestones[0].title.chars().count() <= 301);
    assert!(!plan.milestones[0].title.contains(|c: char| c.is_control() || c == '\u{202e}'));
}
