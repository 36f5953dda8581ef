//! Reports in the middle of whatever else a worker prints.

use orch_state_md::report::{CommitStatus, ReportStatus, ReviewStatus, read_review_report, read_run_report};

const FULL: &str = "\
I am done. Here is the report.

# ORCHESTRATOR RUN REPORT

Status: INCOMPLETE
Prompt: PROMPT-01-user-schema.md
Plan: `PROMPT-01-user-schema-PLAN.md`

## Plan Review
Status: APPROVED
Iterations: 2

## Planner Notes Summary
- Summary: two tables

## Implementation
- Coder: coder-a
- Status: SUCCESS

## Coder Notes Summary
- Concerns: the index may be slow
- Unresolved: None
- None

## Quality Gate
Status: PARTIAL
Iterations: 10

## Unmet Requirements
- REQ-002: no mail server | File: PROMPT-REQUIREMENTS-UNMET.md
- None

## Commit
Status: SUCCESS
Details: 1a2b3c

# Something else
Status: FAIL
";

#[test]
fn reads_the_whole_report() {
    let report = read_run_report(FULL).unwrap();
    insta::assert_debug_snapshot!(report, @r#"
    RunReport {
        status: Some(
            Incomplete,
        ),
        status_written: Some(
            "INCOMPLETE",
        ),
        prompt: Some(
            "PROMPT-01-user-schema.md",
        ),
        plan: Some(
            "PROMPT-01-user-schema-PLAN.md",
        ),
        plan_review: Some(
            "APPROVED",
        ),
        implementation: Some(
            "SUCCESS",
        ),
        quality_gate: Some(
            "PARTIAL",
        ),
        commit: Some(
            "SUCCESS",
        ),
        coder_notes: [
            "Concerns: the index may be slow",
            "Unresolved: None",
        ],
        unmet: [
            "REQ-002: no mail server | File: PROMPT-REQUIREMENTS-UNMET.md",
        ],
        headings: [
            "Plan Review",
            "Planner Notes Summary",
            "Implementation",
            "Coder Notes Summary",
            "Quality Gate",
            "Unmet Requirements",
            "Commit",
        ],
        at: Position {
            line: 3,
            column: 1,
        },
    }
    "#);
}

fn status(text: &str) -> Option<(Option<ReportStatus>, Option<String>)> {
    read_run_report(text).map(|report| (report.status, report.status_written))
}

#[test]
fn the_status_under_the_last_heading_decides() {
    use ReportStatus::{Fail, Incomplete, Success};
    const H: &str = "# ORCHESTRATOR RUN REPORT";
    for (text, expected) in [
        // No report at all.
        (String::new(), None),
        ("Status: SUCCESS".to_owned(), None),
        ("ORCHESTRATOR RUN REPORT\nStatus: SUCCESS".to_owned(), None),
        (format!("{H} TEMPLATE\nStatus: SUCCESS"), None),
        // Forms of the heading and of the field.
        (format!("{H}\nStatus: SUCCESS"), Some(Some(Success))),
        (format!("{H}\r\n\r\nStatus: SUCCESS\r\n"), Some(Some(Success))),
        (format!("chatter\n{H}:\n**Status:** SUCCESS"), Some(Some(Success))),
        ("## **Orchestrator Run Report**\n- **Status**: `FAIL`".to_owned(), Some(Some(Fail))),
        (format!("   {H}\nstatus: ✅ Success (all phases)"), Some(Some(Success))),
        (format!("{H}\n## Status: INCOMPLETE\n"), Some(Some(Incomplete))),
        (format!("{H}\nStatus: **FAIL** — 3 success criteria unmet"), Some(Some(Fail))),
        // A report that does not say how it went.
        (H.to_owned(), Some(None)),
        (format!("{H}\nAll good.\n## Commit\nStatus: SUCCESS"), Some(None)),
        (format!("{H}\nStatus: DONE"), Some(None)),
        (format!("{H}\nStatus: SUCCESSFUL"), Some(None)),
        (format!("{H}\nStatus: NOT SUCCESS"), Some(None)),
        (format!("{H}\nStatus:"), Some(None)),
        (format!("{H}\n> Status: SUCCESS"), Some(None)),
        // Several statuses: the first.
        (format!("{H}\nStatus: FAIL\nStatus: SUCCESS"), Some(Some(Fail))),
        (format!("{H}\nStatus: DONE\nStatus: SUCCESS"), Some(None)),
        (format!("{H}\nStatus: FAIL\n## Commit\nStatus: SUCCESS"), Some(Some(Fail))),
        // Code inside the report is not the report.
        (format!("{H}\n```\nStatus: SUCCESS\n```\nStatus: FAIL"), Some(Some(Fail))),
        (format!("{H}\n~~~sh\nStatus: SUCCESS\n~~~\n"), Some(None)),
        (format!("{H}\n<!-- Status: SUCCESS -->\n"), Some(None)),
        // The report as a whole in a block of code.
        (format!("x\n```markdown\n{H}\nStatus: SUCCESS\n```\nStatus: FAIL"), Some(Some(Success))),
        (format!("```\n{H}\n```\nStatus: SUCCESS"), Some(None)),
        (format!("````\n{H}\n```\nStatus: FAIL\n```\nStatus: SUCCESS\n````"), Some(Some(Success))),
        (format!("- x\n  ```\n  {H}\n  Status: SUCCESS\nStatus: FAIL"), Some(Some(Success))),
        (format!("- x\n  ```\n  {H}\nStatus: FAIL"), Some(None)),
        (format!("```\nlog that never ends\n{H}\nStatus: SUCCESS"), Some(Some(Success))),
        // Comments.
        (format!("<!--\n{H}\nStatus: SUCCESS\n-->\n"), None),
        (format!("<!-- never ends\n{H}\nStatus: SUCCESS\n"), Some(Some(Success))),
        // Several reports: the last.
        (format!("{H}\nStatus: FAIL\n\n{H}\nStatus: SUCCESS"), Some(Some(Success))),
        (format!("{H}\nStatus: SUCCESS\n\n{H}\nno status"), Some(None)),
        (format!("```\n{H}\nStatus: SUCCESS\n```\n{H}\nStatus: FAIL"), Some(Some(Fail))),
        // The template, repeated.
        (format!("{H}\nStatus: SUCCESS | FAIL | INCOMPLETE"), None),
        (format!("{H}\nStatus: SUCCESS|FAIL|INCOMPLETE"), None),
        (format!("{H}\nStatus: [SUCCESS/FAIL]"), None),
        (format!("{H}\nStatus: <status>"), None),
        (format!("{H}\nStatus: SUCCESS or FAIL"), None),
        (format!("{H}\nStatus: FAIL\n{H}\nStatus: SUCCESS | FAIL | INCOMPLETE"), Some(Some(Fail))),
        (format!("{H}\nStatus: SUCCESS | FAIL\n\n{H}\nStatus: SUCCESS"), Some(Some(Success))),
    ] {
        assert_eq!(status(&text).map(|(status, _)| status), expected, "{text}");
    }
}

#[test]
fn keeps_the_status_as_written() {
    let report = status("# ORCHESTRATOR RUN REPORT\nStatus: **Done**, mostly\n");
    assert_eq!(report, Some((None, Some("**Done**, mostly".to_owned()))));
}

#[test]
fn reads_reviews() {
    let text = "\
# CODERABBIT REVIEW
Status: FAIL

## Command
```
coderabbit --plain --base main
Status: PASS
```

## Summary
- Attempts: 3
- Changes Made: yes
- Wait Time: 42 minutes

## Commit
Status: AMENDED

## Errors
- Rate limit exceeded
- None
";
    let review = read_review_report(text).unwrap();
    assert_eq!(review.status, Some(ReviewStatus::Fail));
    assert_eq!(review.changes_made, Some(true));
    assert_eq!(review.commit_status, Some(CommitStatus::Amended));
    assert_eq!(review.wait.as_deref(), Some("42 minutes"));
    assert_eq!(review.summary, ["Attempts: 3", "Changes Made: yes", "Wait Time: 42 minutes"]);
    assert_eq!(review.errors, ["Rate limit exceeded"]);
}

#[test]
fn reads_reviews_that_say_little() {
    for (text, status, changes, commit) in [
        ("# CODERABBIT REVIEW\nStatus: PASS", Some(ReviewStatus::Pass), None, None),
        ("# CODERABBIT REVIEW\nStatus: SKIPPED (no CLI)", Some(ReviewStatus::Skipped), None, None),
        ("# CODERABBIT REVIEW\nChanges Made: no", None, Some(false), None),
        (
            "# CODERABBIT REVIEW\nStatus: PASS\n## Summary\nChanges Made: maybe\n## Commit\nFAILED",
            Some(ReviewStatus::Pass),
            None,
            Some(CommitStatus::Failed),
        ),
        (
            "# CODERABBIT REVIEW\nStatus: PASS\n## Commit\nStatus: SUCCESSFUL",
            Some(ReviewStatus::Pass),
            None,
            None,
        ),
    ] {
        let review = read_review_report(text).unwrap();
        assert_eq!(
            (review.status, review.changes_made, review.commit_status),
            (status, changes, commit),
            "{text}"
        );
        assert_eq!(review.wait, None);
    }
    assert_eq!(read_review_report("# CODERABBIT REVIEW\nStatus: PASS | FAIL | SKIPPED"), None);
    assert_eq!(read_review_report("Status: PASS"), None);
}

#[test]
fn reads_long_output_in_linear_time() {
    for (start, repeated) in [
        ("", "# ORCHESTRATOR RUN REPORT\n"),
        ("", "# ORCHESTRATOR RUN REPORT\nStatus: SUCCESS | FAIL\n"),
        ("```\n", "# ORCHESTRATOR RUN REPORT\nStatus: SUCCESS | FAIL\n"),
        ("", "```\n# ORCHESTRATOR RUN REPORT\nStatus: SUCCESS | FAIL\n```\n"),
        ("# ORCHESTRATOR RUN REPORT\n", "## Commit\n"),
        ("# ORCHESTRATOR RUN REPORT\n", "Status: "),
        ("# ORCHESTRATOR RUN REPORT\n", "- "),
        ("<!--\n", "# ORCHESTRATOR RUN REPORT\n"),
        ("", "<!--\n# ORCHESTRATOR RUN REPORT\n-->\n"),
    ] {
        let text = format!("{start}{}", repeated.repeat(2_000_000 / repeated.len()));
        let status = read_run_report(&text).and_then(|report| report.status);
        assert_eq!(status, None, "{start:?} {repeated:?}");
    }
}
