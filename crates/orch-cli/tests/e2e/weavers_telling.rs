//! What a person and their programs are told of a run of weavers.

use crate::support::vertical::{DOES_IT, PLAN, Vertical};

fn plan() -> Vertical {
    Vertical::new(&[
        (
            "01-schema",
            "",
            "",
            "commits w-01.txt\nsays '\"status\":\"complete\",\"pr\":\"https://example.org/o/r/pull/42\"'\n",
        ),
        ("02-backend", "", "", "says '\"status\":\"failed\",\"error\":\"no \\u001b[31m way\"'\n"),
        ("03-end", "feature/02-backend", "", DOES_IT),
    ])
}

#[test]
fn the_box_at_the_end_says_what_became_of_each() {
    let vertical = plan();
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    let lines: Vec<&str> = ended.out.lines().collect();
    let begin = lines.iter().position(|line| line.starts_with('╔')).unwrap_or_else(|| panic!("{ended}"));
    for (line, part) in lines[begin + 1..].iter().zip([
        "║  BUILD COMPLETE: plan-20260119-1430",
        "╠═",
        "║  ✓ 01-schema                    complete   PR #42",
        "║  ✗ 02-backend                   failed     -",
        "║  ✗ 03-end                       blocked    -",
        "╠═",
    ]) {
        assert!(line.starts_with(part), "{part}: {ended}");
    }
    let summary = format!("Summary: .claude/vertical/plans/{PLAN}/run/summary.md");
    assert!(ended.out.contains(&summary[..40]) && ended.out.contains("PRs: gh pr list"), "{ended}");
    assert!(ended.err.contains("failed: w-02: failed: no ") && !ended.err.contains('\u{1b}'), "{ended}");
}

#[test]
fn a_command_of_the_persons_own_is_told_of_the_end() {
    let vertical = plan();
    let notify = "notify = [\"sh\", \"-c\", \"printf '%s|%s|%s|%s' \\\"$1\\\" \\\"$2\\\" $ORCH_VERDICT $OWN > seen-told\", \"sh\", \"{title}\", \"{text}\"]\n";
    let config = vertical.project.read("orch.toml").replace("[run]\n", &format!("[run]\n{notify}"));
    vertical.project.config(&config);
    let mut orch = vertical.orch(&["run", "--executor", "process"]);
    orch.env("OWN", "mine");
    let ended = crate::support::Live::spawn(orch).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(
        vertical.project.read("seen-told"),
        format!("{PLAN}: fail|1 done, 1 failed, 1 blocked|fail|mine")
    );
    vertical.project.config(&config.replace("seen-told", "/nowhere/told"));
    vertical.act("w-02", DOES_IT);
    let ended = vertical.run_to(0, &["run", "--executor", "process", "--retry-failed"]);
    assert!(
        ended.err.contains("note: the notification could not be given: `sh` ended with exit code"),
        "{ended}"
    );
}

#[test]
fn every_event_says_when_what_and_of_whom() {
    let vertical = plan();
    let ended = vertical.start_run(&["-j", "1"]).end();
    let mut kinds: Vec<&str> = ended.events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], *kinds.last().unwrap()), ("run_started", "run_ended"));
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(
        kinds,
        ["progress", "run_ended", "run_started", "state_recorded", "task_ended", "task_started", "worker"]
    );
    for event in &ended.events {
        assert!(event["t"].as_str().unwrap().ends_with('Z') && event.get("task").is_some(), "{event}");
    }
    assert_eq!(ended.events[0]["tasks"], 3);
    let last = ended.events.last().unwrap();
    assert_eq!((&last["verdict"], &last["halt"]), (&"fail".into(), &serde_json::Value::Null));
    assert!(last["notes"].to_string().contains("the summary is in .claude/vertical/plans/"), "{last}");
    assert!(ended.out.is_empty() && ended.err.contains("BUILD COMPLETE"), "{ended}");
}

#[test]
fn the_answer_of_a_run_is_one_document_when_json_is_asked_for() {
    let vertical = plan();
    let answer = vertical.json(&["run", "--executor", "process"]);
    assert_eq!(
        (&answer["kind"], &answer["verdict"], &answer["exit_code"]),
        (&"run".into(), &"fail".into(), &1.into())
    );
    assert_eq!(
        (&answer["counts"]["success"], &answer["counts"]["blocked"]),
        (&1.into(), &1.into()),
        "{answer}"
    );
}
