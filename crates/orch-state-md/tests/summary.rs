//! `summary.md`: how it looks for each way a run can go, and that nobody's words change its shape.

use orch_state_md::summary::{
    Check, CheckResult, Demo, Failure, Mark, Merge, PullRequest, Row, Summary, Verification, render,
};
use proptest::prelude::*;

fn row(spec: &str, mark: Mark, status: &str, pr: &str) -> Row {
    Row { spec: spec.into(), mark, status: status.into(), pr: PullRequest::read(pr) }
}

fn merge(label: &str, title: &str, base: Option<&str>, ready: bool) -> Merge {
    Merge { label: label.into(), title: title.into(), base: base.map(str::to_owned), ready }
}

fn check(name: &str, result: CheckResult, detail: Option<&str>) -> Check {
    Check { name: name.into(), result, detail: detail.map(str::to_owned) }
}

fn summary(status: &str) -> Summary {
    Summary {
        plan_id: "plan-20260119-1430".into(),
        description: "Add password authentication".into(),
        status: status.into(),
        started_at: Some("2026-01-19T14:35:00Z".into()),
        completed_at: Some("2026-01-19T15:12:00Z".into()),
        ..Summary::default()
    }
}

fn with_usual_commands(summary: Summary) -> String {
    render(&Summary { commands: summary.usual_commands(), ..summary })
}

#[test]
fn complete() {
    let text = with_usual_commands(Summary {
        rows: vec![
            row("01-schema.yaml", Mark::Done, "complete", "https://github.com/o/r/pull/42"),
            row("02-backend.yaml", Mark::Done, "complete", "#43"),
        ],
        merge_order: vec![
            merge("#42", "feat(auth): add users table", None, true),
            merge("#43", "feat(auth): add password hashing", Some("feature/schema"), true),
        ],
        restack: Some("orch restack plan-20260119-1430".into()),
        verification: vec![Verification {
            spec: "01-schema.yaml".into(),
            checks: vec![
                check("npm run typecheck", CheckResult::Passed, Some("exit code 0")),
                check("login works", CheckResult::NeedsPerson, None),
            ],
        }],
        demos: vec![Demo {
            spec: "02-backend.yaml".into(),
            name: "login works".into(),
            steps: vec!["start the server".into(), "# log in as `demo`".into()],
            acceptance: Some("the dashboard is shown".into()),
        }],
        ..summary("complete")
    });
    insta::assert_snapshot!(text);
}

#[test]
fn partial() {
    let text = with_usual_commands(Summary {
        rows: vec![
            row("01-schema.yaml", Mark::Done, "complete", "https://github.com/o/r/pull/42"),
            row("02-backend.yaml", Mark::Done, "complete", "-"),
            row("03-frontend.yaml", Mark::Failed, "failed", ""),
            row("04-pages.yaml", Mark::Failed, "blocked", ""),
            row("05-docs.yaml", Mark::Open, "waiting", ""),
        ],
        merge_order: vec![
            merge("#42", "feat(auth): add users table", None, true),
            merge("feature/backend", "feat(auth): add password hashing", Some("feature/schema"), false),
        ],
        failures: vec![
            Failure {
                spec: "03-frontend.yaml".into(),
                error: "src/a.tsx(3,1):\n  error TS2304: Cannot find name 'Vec<u8>'".into(),
                iterations: Some(5),
                weaver: "w-03".into(),
                debug: Some("cat .claude/vertical/plans/plan-20260119-1430/run/weavers/w-03.json".into()),
                attach: Some("orch attach w-03".into()),
                resume: Some("claude --resume 0b1e".into()),
            },
            Failure {
                spec: "04-pages.yaml".into(),
                error: "Dependency w-03 failed".into(),
                weaver: "w-04".into(),
                ..Failure::default()
            },
        ],
        verification: vec![Verification {
            spec: "03-frontend.yaml".into(),
            checks: vec![
                check("npm run typecheck", CheckResult::Failed, Some("exit code 2")),
                check("npm test", CheckResult::NotRun, None),
            ],
        }],
        notes: vec!["stopped on request".into()],
        ..summary("partial")
    });
    insta::assert_snapshot!(text);
}

#[test]
fn failed() {
    let text = with_usual_commands(Summary {
        description: String::new(),
        completed_at: None,
        rows: vec![row("01-schema.yaml", Mark::Failed, "crashed", "")],
        failures: vec![Failure {
            spec: "01-schema.yaml".into(),
            error: "Session terminated without completion".into(),
            iterations: Some(1),
            weaver: "w-01".into(),
            ..Failure::default()
        }],
        ..summary("failed")
    });
    insta::assert_snapshot!(text);
}

/// A summary with all there is, in which every text comes from `next`.
fn filled(mut next: impl FnMut() -> String) -> Summary {
    let mut summary = Summary {
        plan_id: next(),
        description: next(),
        status: next(),
        started_at: Some(next()),
        completed_at: Some(next()),
        rows: (0..2)
            .map(|_| Row {
                spec: next(),
                mark: Mark::Done,
                status: next(),
                pr: Some(PullRequest { label: next(), url: Some(format!("https://{}", next())) }),
            })
            .collect(),
        merge_order: (0..2)
            .map(|_| Merge { label: next(), title: next(), base: Some(next()), ready: true })
            .collect(),
        restack: Some(next()),
        failures: vec![Failure {
            spec: next(),
            error: next(),
            iterations: Some(1),
            weaver: next(),
            debug: Some(next()),
            attach: Some(next()),
            resume: Some(next()),
        }],
        verification: vec![Verification {
            spec: next(),
            checks: vec![Check { name: next(), result: CheckResult::Passed, detail: Some(next()) }],
        }],
        demos: vec![Demo {
            spec: next(),
            name: next(),
            steps: vec![next(), next()],
            acceptance: Some(next()),
        }],
        notes: vec![next(), next()],
        commands: Vec::new(),
    };
    // Whether a label is a number decides whether there is a command for it.
    summary.merge_order[0].label = "#1".into();
    summary.commands = summary.usual_commands();
    summary
}

/// What each line is, whatever its words are: the sign it opens with, and how many cells it has.
fn shape(text: &str) -> Vec<(String, usize)> {
    let mut fence: Option<String> = None;
    let line_shape = |line: &str| {
        let cells = if line.starts_with('|') { line.matches('|').count() } else { 0 };
        let number = line.split_once(". ").is_some_and(|(start, _)| start.parse::<u64>().is_ok());
        (if number { "1. " } else { sign(line) }.to_owned(), cells)
    };
    text.lines()
        .map(|line| match &fence {
            Some(open) if line == open => {
                fence = None;
                ("end of code".to_owned(), 0)
            }
            Some(_) => ("code".to_owned(), 0),
            None if line.starts_with("```") => {
                fence = Some(line.trim_end_matches("bash").to_owned());
                ("code begins".to_owned(), 0)
            }
            None => line_shape(line),
        })
        .collect()
}

/// The sign that a line opens with, if it is one that Markdown knows.
fn sign(line: &str) -> &str {
    let signs = ["# ", "## ", "### ", "| ", "|-", "- ", "**", "> ", "```", "~~~"];
    signs.into_iter().find(|sign| line.starts_with(sign)).unwrap_or_default()
}

/// A text as somebody would write it who wants out of his line.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "\n",
            "\r\n",
            "\u{2028}",
            "|",
            "\\",
            "\\|",
            "`",
            "```",
            "~~~",
            "# ",
            "- ",
            "> ",
            "1. ",
            "---",
            "<!--",
            "<script>",
            "</b>",
            "](javascript:x)",
            "![",
            "]",
            "(",
            ")",
            "&#10;",
            "&#60;",
            "\x1b]52;c;x\x07",
            "\u{202e}",
            "\u{200b}",
            "\t",
            "    ",
            "**",
            "x",
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ];
    proptest::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_words_change_the_shape(words in proptest::collection::vec(hostile(), 64)) {
        let mut plain = 0;
        let plain = render(&filled(|| { plain += 1; format!("word{plain}") }));
        let mut rest = words.into_iter();
        // An empty text may leave out its line.
        let text = render(&filled(|| format!("{}x", rest.next().unwrap_or_default())));
        prop_assert_eq!(shape(&text), shape(&plain), "{}", text);
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
        let unseen = ['\u{202e}', '\u{200b}', '\u{2028}'];
        prop_assert!(!text.contains(unseen));
        // Code can say what it likes.
        let is_code = |line: &&str| line.contains('`') || line.starts_with("gh ") || line.ends_with(" # to continue");
        let prose: Vec<&str> = text.split("## Commands").next().unwrap().lines().filter(|line| !is_code(line)).collect();
        for html in ["<!--", "<script", "</b"] {
            prop_assert!(!prose.iter().any(|line| line.contains(html)), "{}", text);
        }
        prop_assert!(!prose.iter().any(|line| line.contains("](javascript")), "{}", text);
    }
}
