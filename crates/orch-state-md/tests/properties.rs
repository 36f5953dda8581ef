//! What holds for any input, and indexes written in any of the known styles.

use std::fmt::Write as _;

use orch_state_md::index::{Reading, Tests, read, read_in};
use orch_state_md::report::{read_review_report, read_run_report};
use orch_state_md::requirements::{
    Counts, Validation, ValidationStatus, prompt_requirements, read_inventory, read_unmet, read_validation,
};
use orch_state_md::runbook::blocks;
use proptest::prelude::*;

/// Pieces that mean something to one of the readers.
fn markdownish() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "# ",
        "## ",
        "### ",
        "Prompts",
        "Steps",
        "Requirement Ownership",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "- ",
        "* ",
        "1. ",
        "  ",
        "\t",
        "`",
        "``",
        "```",
        "~~~",
        "**",
        "*",
        "_",
        "[",
        "](",
        ")",
        "]",
        "<",
        ">",
        "<!--",
        "-->",
        "PROMPT-01-a.md",
        "PROMPT\u{2011}02\u{2011}b.md",
        "PROMPT-03",
        ".md",
        "../",
        "/",
        "\\",
        "\0",
        " — ",
        " - ",
        " – ",
        "—",
        ":",
        ": ",
        "Objective: ",
        "Dependencies: ",
        "Depndencies: ",
        "Note: ",
        "Tests: ",
        "Owner: ",
        "Secondary: ",
        "None",
        ", ",
        " and ",
        "&",
        "..",
        "REQ-001",
        "REQ-",
        "REQ\u{2011}1",
        "[IN] ",
        "Prompt: ",
        "Status: ",
        "SUCCESS",
        "FAIL",
        " | ",
        "# ORCHESTRATOR RUN REPORT",
        "# CODERABBIT REVIEW",
        "sh",
        "# Requirements",
        "\u{FEFF}",
        "ä",
        "\u{200D}",
        "Unmet Requirements",
        "Acceptance: ",
    ]);
    prop::collection::vec(pieces, 0..80).prop_map(|pieces| pieces.concat())
}

/// What a runner relies on, whatever the file says.
fn check_prompts(reading: &Reading) {
    let mut ids: Vec<&str> = reading.index.prompts.iter().map(|prompt| prompt.id.as_str()).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    for prompt in &reading.index.prompts {
        assert!(!prompt.id.is_empty());
        assert!(!prompt.path.starts_with(['/', '\\']) && !prompt.path.chars().any(char::is_control));
        assert!(prompt.path.split(['/', '\\']).all(|part| part != ".."));
        assert_eq!(reading.index.prompt(&prompt.id).map(|found| &found.id), Some(&prompt.id));
    }
    reading.index.draft();
}

fn read_everything(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines = u32::try_from(text.split('\n').count()).unwrap();
    let reading = read(bytes);
    check_prompts(&reading);
    let inside = read_in(bytes, "/");
    check_prompts(&inside);
    let found = [
        reading.diagnostics,
        inside.diagnostics,
        read_inventory(bytes).diagnostics,
        read_unmet(bytes).diagnostics,
    ];
    for finding in found.into_iter().flatten() {
        assert!(finding.hint.is_some(), "{finding:?}");
        let at = finding.at.unwrap_or_else(|| panic!("{finding:?}"));
        assert!((1..=lines).contains(&at.line) && at.column >= 1, "{finding:?}");
        assert!(!finding.message.chars().any(char::is_control), "{finding:?}");
    }
    read_run_report(&text);
    read_review_report(&text);
    read_validation(&text);
    prompt_requirements(&text);
    for block in blocks(&text) {
        assert!(block.code.is_empty() || block.code.ends_with('\n'));
    }
}

#[derive(Clone, Debug)]
struct Written {
    title: String,
    objective: String,
    tests: Option<Tests>,
    /// Numbers of earlier or later prompts.
    depends_on: Vec<usize>,
    by_short_id: bool,
}

#[derive(Clone, Debug)]
struct Style {
    section: &'static str,
    bullet: &'static str,
    dash: &'static str,
    /// A bullet a field, indented so; one line an item when empty.
    nested: &'static str,
    name: fn(&str) -> String,
    path: fn(&str) -> String,
    list: &'static str,
    hyphen: &'static str,
    line_end: &'static str,
    objective: &'static str,
    tests: &'static str,
    bom: bool,
}

fn style() -> impl Strategy<Value = Style> {
    let names: Vec<fn(&str) -> String> =
        vec![|n| format!("{n}:"), |n| format!("**{n}**:"), |n| format!("**{n}:**"), |n| format!("__{n}__:")];
    let paths: Vec<fn(&str) -> String> = vec![
        str::to_owned,
        |p| format!("`{p}`"),
        |p| format!("**{p}**"),
        |p| format!("**`{p}`**"),
        |p| format!("[the file]({p})"),
        |p| format!("[ ] {p}"),
    ];
    let words = (
        prop::sample::select(vec![
            "## Prompts",
            "## Prompt Files to Execute (in order):",
            "## Generated Prompt Files (in order):",
            "## Steps",
            "# **Prompts**",
        ]),
        prop::sample::select(vec!["-", "*", "+", "1.", "7)"]),
        prop::sample::select(vec![" — ", " - ", " – ", " -- "]),
        prop::sample::select(vec!["", "  - ", "    - ", "\t- ", "   * "]),
        prop::sample::select(names),
        prop::sample::select(paths),
    );
    let more = (
        prop::sample::select(vec![", ", "; ", " and ", " & ", ","]),
        prop::sample::select(vec!["-", "\u{2011}"]),
        prop::sample::select(vec!["\n", "\r\n"]),
        prop::sample::select(vec!["Objective", "Primary Objective", "objective"]),
        prop::sample::select(vec!["Tests", "Testing"]),
        any::<bool>(),
    );
    (words, more).prop_map(
        |((section, bullet, dash, nested, name, path), (list, hyphen, line_end, objective, tests, bom))| {
            Style { section, bullet, dash, nested, name, path, list, hyphen, line_end, objective, tests, bom }
        },
    )
}

fn prompts() -> impl Strategy<Value = Vec<Written>> {
    let tests = prop::option::of(prop::sample::select(vec![
        Tests::Basic,
        Tests::No,
        Tests::Other("end to end".to_owned()),
    ]));
    let objective = "[A-Za-z|][a-zäß|]{0,8}( - [a-z]{1,5}| — [a-z]{1,5}|, [a-z]{1,6}| [a-z(/]{1,6}){0,4}";
    let written = (
        "[a-z|]{1,6}(-[a-z]{1,5}){0,2}",
        objective,
        tests,
        prop::collection::vec(0..20_usize, 0..4),
        any::<bool>(),
    );
    prop::collection::vec(written, 1..12).prop_map(|all| {
        let count = all.len();
        all.into_iter()
            .map(|(title, objective, tests, depends_on, by_short_id)| Written {
                title,
                objective,
                tests,
                depends_on: depends_on.into_iter().map(|on| on % count).collect(),
                by_short_id,
            })
            .collect()
    })
}

fn id(number: usize, prompt: &Written) -> String {
    format!("PROMPT-{:02}-{}", number + 1, prompt.title)
}

fn named(on: usize, prompts: &[Written], by_short_id: bool) -> String {
    if by_short_id { format!("PROMPT-{:02}", on + 1) } else { id(on, &prompts[on]) }
}

fn write(prompts: &[Written], style: &Style) -> String {
    let mut text = String::from(if style.bom { "\u{FEFF}" } else { "" });
    write!(
        text,
        "# Orchestrator Index\n\n{} All of it\n\n{}\n",
        (style.name)("Overall Objective"),
        style.section
    )
    .unwrap();
    for (number, prompt) in prompts.iter().enumerate() {
        let path = format!("{}.md", id(number, prompt)).replace('-', style.hyphen);
        let needed: Vec<String> = prompt
            .depends_on
            .iter()
            .map(|&on| match prompt.by_short_id {
                true => named(on, prompts, true),
                false => format!("{}.md", named(on, prompts, false)).replace('-', style.hyphen),
            })
            .collect();
        let needed = if needed.is_empty() { "None".to_owned() } else { needed.join(style.list) };
        let mut fields = vec![(style.objective, prompt.objective.clone()), ("Dependencies", needed)];
        if let Some(tests) = &prompt.tests {
            fields.insert(1, (style.tests, tests.word().to_owned()));
        }
        write!(text, "{} {}", style.bullet, (style.path)(&path)).unwrap();
        for (name, value) in fields {
            let lead =
                if style.nested.is_empty() { style.dash.to_owned() } else { format!("\n{}", style.nested) };
            write!(text, "{lead}{} {value}", (style.name)(name)).unwrap();
        }
        text.push('\n');
    }
    text.replace('\n', style.line_end)
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_everything(&bytes);
    }

    #[test]
    fn anything_like_markdown_is_read_or_refused(text in markdownish()) {
        read_everything(text.as_bytes());
    }

    #[test]
    fn an_index_is_the_same_in_every_style(prompts in prompts(), style in style()) {
        let text = write(&prompts, &style);
        let reading = read(text.as_bytes());
        let other_tests = prompts.iter().filter(|prompt| matches!(prompt.tests, Some(Tests::Other(_)))).count();
        prop_assert!(reading.diagnostics.iter().all(|found| found.code == "index.tests"), "{}\n{:?}", text, reading.diagnostics);
        prop_assert_eq!(reading.diagnostics.len(), other_tests);
        prop_assert_eq!(&reading.index.objective, "All of it");
        prop_assert_eq!(reading.index.prompts.len(), prompts.len());
        for (number, (found, written)) in reading.index.prompts.iter().zip(&prompts).enumerate() {
            prop_assert_eq!(&found.id, &id(number, written), "{}", text);
            prop_assert_eq!(&found.path, &format!("{}.md", id(number, written)).replace('-', style.hyphen));
            prop_assert_eq!(&found.short_id, &Some(format!("PROMPT-{:02}", number + 1)));
            prop_assert_eq!(&found.objective, &written.objective, "{}", text);
            prop_assert_eq!(&found.tests, &written.tests.clone().unwrap_or_default());
            let needed: Vec<String> = found.depends_on.iter().map(|on| on.name.clone()).collect();
            let expected: Vec<String> =
                written.depends_on.iter().map(|&on| named(on, &prompts, written.by_short_id)).collect();
            prop_assert_eq!(needed, expected, "{}", text);
            for on in &found.depends_on {
                let at = on.at.unwrap();
                let line: Vec<char> = text.trim_start_matches('\u{FEFF}').lines().nth(at.line as usize - 1).unwrap().chars().collect();
                let there: String = line[at.column as usize - 1..].iter().collect();
                prop_assert!(there.replace('\u{2011}', "-").starts_with(&on.name), "{} at {}", on.name, at);
            }
        }
    }

    #[test]
    fn a_validation_is_read_as_it_was_written(
        status in prop::sample::select(vec![ValidationStatus::Pass, ValidationStatus::Partial, ValidationStatus::Fail]),
        numbers in prop::array::uniform6(0..1_000_000_usize),
        lists in prop::array::uniform5(prop::collection::vec("(REQ|FAIL|WARN|x)[0-9]{1,3}[:,|] [a-z`*|]{1,6}( [a-z:]{1,6}){0,3}", 0..4)),
    ) {
        let [total, in_scope, covered, missing_count, unknown_ids, known_unmet_count] = numbers;
        let [missing, unknown, known_unmet, evidence_gaps, notes] = lists;
        let validation = Validation {
            status,
            counts: Counts { total, in_scope, covered, missing: missing_count, unknown_ids, known_unmet: known_unmet_count },
            missing, unknown, known_unmet, evidence_gaps, notes,
        };
        prop_assert_eq!(read_validation(&validation.render()), Some(validation));
    }
}
