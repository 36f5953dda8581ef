//! Bad input to the index: each is a finding with a place and a next step, none is a panic or a guess.

use orch_core::Position;
use orch_state_md::index::{Tests, read};

/// The codes and places of all errors.
fn errors(bytes: &[u8]) -> Vec<(String, Position)> {
    let found = read(bytes).diagnostics;
    for finding in &found {
        assert!(finding.hint.is_some() || !finding.is_error(), "{finding:?}");
        assert!(finding.at.is_some(), "{finding:?}");
    }
    let errors = found.into_iter().filter(|finding| finding.is_error());
    errors.map(|finding| (finding.code.into_owned(), finding.at.unwrap())).collect()
}

#[test]
fn says_what_is_wrong_and_where() {
    let head = "Overall Objective: x\n\n## Prompts\n";
    for (text, code, line, column) in [
        ("", "index.empty", 1, 1),
        (" \n\t\r\n", "index.empty", 1, 1),
        ("\u{FEFF}", "index.empty", 1, 1),
        ("Overall Objective: x\n", "index.no_prompts", 1, 1),
        ("Overall Objective: x\n\n## Prompts\n\nNone yet.\n", "index.no_prompts", 3, 4),
        (&format!("{head}- a.md\n- b.md\n- a.md\n"), "index.duplicate_prompt", 6, 3),
        (&format!("{head}- a.md\n- ./a.md\n"), "index.duplicate_prompt", 5, 3),
        (&format!("{head}- a\u{2011}b.md\n- a-b.md\n"), "index.duplicate_prompt", 5, 3),
        (&format!("{head}- ../../x.md\n"), "index.escape", 4, 3),
        (&format!("{head}- a/../x.md\n"), "index.escape", 4, 3),
        (&format!("{head}- /x.md\n"), "index.escape", 4, 3),
        (&format!("{head}- `/tmp/x y.md`\n"), "index.escape", 4, 4),
        (&format!("{head}- [x](../x.md)\n"), "index.escape", 4, 7),
        (&format!("{head}- [x](https://host/x.md)\n"), "index.escape", 4, 7),
        (&format!("{head}- a\0b.md\n"), "index.escape", 4, 3),
        (&format!("{head}- a\u{1b}[2Jb.md\n"), "index.escape", 4, 3),
        (&format!("{head}- .md\n"), "index.item", 4, 3),
        (&format!("{head}- sub/.md\n"), "index.item", 4, 3),
        (&format!("{head}- ä a.txt\n"), "index.item", 4, 3),
        (&format!("{head}- ä.md — Dependencies: 1..3\n"), "index.dependency", 4, 24),
        (&format!("{head}- a.md — Objective: ä — Dependencies: all previous\n"), "index.dependency", 4, 39),
        (&format!("{head}- a.md - Dependenceis: b\n"), "index.field", 4, 10),
        (&format!("{head}- a.md\n  - Dependencies: b\n  - Depends on: c\n"), "index.field", 6, 5),
        (&format!("{head}- a.md\n```\n- b.md\n"), "index.unclosed", 5, 1),
        (&format!("{head}- a.md\n<!-- x -->\n<!--\n- b.md\n"), "index.unclosed", 6, 1),
    ] {
        assert_eq!(errors(text.as_bytes()), [(code.to_owned(), Position::new(line, column))], "{text:?}");
    }
}

#[test]
fn says_where_the_encoding_breaks() {
    let text = b"Overall Objective: x\n\n## Prompts\n- \xC3\xA4\xFF.md\n";
    assert_eq!(errors(text), [("index.encoding".to_owned(), Position::new(4, 4))]);
    let utf16: Vec<u8> = "\u{FEFF}## Prompts".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(errors(&utf16)[0].0, "index.encoding");
}

#[test]
fn keeps_nothing_that_leads_out() {
    let text = b"Requirements Inventory: /etc/passwd\n\n## Prompts\n- ../x.md\n- /y.md\n- z.md\n";
    let codes: Vec<String> = errors(text).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["index.escape"; 3]);
    let index = read(text).index;
    assert_eq!(index.prompts.len(), 1);
    assert_eq!(index.requirements_inventory, None);
}

#[test]
fn finds_everything_in_one_pass_and_stays_bounded() {
    let text = format!("Overall Objective: x\n## Prompts\n{}", "- no path\n".repeat(100_000));
    let found = read(text.as_bytes()).diagnostics;
    assert_eq!(found.len(), 201);
    assert_eq!(found[200].code, "index.more");
    assert_eq!(found[200].message, "99800 more findings are not shown");
    assert!(found[200].is_error());
}

#[test]
fn reads_the_fields_that_have_defaults() {
    let reading =
        read(b"## Prompts\n- a.md\n- b.md - Tests: \n- c.md - Testing: `No`\n- d.md - Tests: **all**\n");
    let tests: Vec<Tests> = reading.index.prompts.into_iter().map(|prompt| prompt.tests).collect();
    assert_eq!(tests, [Tests::Basic, Tests::Basic, Tests::No, Tests::Other("all".to_owned())]);
}

#[test]
fn finds_prompts_by_every_name_that_means_one() {
    let index = read(
        b"## Prompts\n- sub/PROMPT-01-a.md\n- PROMPT-02-b.md\n- PROMPT-02-c.md\n- `PROMPT\xE2\x80\x9103-d.md`\n- e.md\n",
    )
    .index;
    for (name, id) in [
        ("PROMPT-01", Some("PROMPT-01-a")),
        ("PROMPT-01-a.md", Some("PROMPT-01-a")),
        ("./sub/PROMPT-01-a.md", Some("PROMPT-01-a")),
        ("PROMPT-02", None),
        ("PROMPT-02-c", Some("PROMPT-02-c")),
        ("PROMPT\u{2011}03", Some("PROMPT-03-d")),
        ("e.md", Some("e")),
        ("PROMPT-04", None),
        ("", None),
    ] {
        assert_eq!(index.prompt(name).map(|prompt| prompt.id.as_str()), id, "{name}");
    }
}

#[test]
fn drafts_a_plan() {
    let reading = read(
        b"Overall Objective: All\nPRD Path: `PRD.md`\n## Prompts\n- sub/PROMPT-01-add_the-users.md\n\
          - PROMPT-02.md - Objective: Routes - Dependencies: PROMPT-01-add_the-users.md\n",
    );
    let draft = reading.index.draft();
    assert_eq!(draft.objective, "All");
    let identity = [("PRD Path", "PRD.md"), ("Requirements Inventory", "")];
    assert_eq!(draft.identity, identity.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(draft.tasks[0].title, "add the users");
    assert_eq!(
        draft.tasks[0].aliases,
        [
            "PROMPT-01",
            "PROMPT-01-add_the-users.md",
            "sub/PROMPT-01-add_the-users.md",
            "sub/PROMPT-01-add_the-users"
        ]
    );
    assert_eq!(draft.tasks[1].title, "Routes");
    assert_eq!(draft.tasks[1].aliases, ["PROMPT-02.md"]);
    assert_eq!(draft.tasks[1].depends_on[0].name, "PROMPT-01-add_the-users");
}

/// Text on which a reader that looks back or ahead too far would not end within anybody's patience.
#[test]
fn reads_long_lines_and_long_files_in_linear_time() {
    let head = "Overall Objective: x\n## Prompts\n";
    let item = "Overall Objective: x\n## Prompts\n- PROMPT-01-a.md";
    for (start, repeated, megabytes) in [
        ("", "x", 10),
        ("- ", "x", 10),
        (item, " - Objective: b", 1),
        (head, "\n", 1),
        ("", " ", 1),
        ("", "- ", 1),
        ("", "1. ", 1),
        ("", "`", 1),
        ("", "#", 1),
        ("", "# ", 1),
        ("", "<!-- ", 1),
        (head, "- a.md\n", 1),
        (head, "```\n", 1),
        (head, "- x\n  ", 1),
        (head, "- - ", 1),
        (item, " - ", 1),
        (item, "—", 1),
        (item, " — Dependencies: a", 1),
        (item, " - Dep: a", 1),
        (item, ": ", 1),
        (&format!("{item} - Objective:"), " dependencies", 1),
        (&format!("{item} - Dependencies: "), "ä, ", 1),
        (&format!("{item} - Dependencies: "), " and ", 1),
        (&format!("{item} - Dependencies: "), "`a` ``b`` ", 1),
        (&format!("{item} - Dependencies: "), "[a](", 1),
        (&format!("{item} - Dependencies: "), "[a](b),", 1),
        (&format!("{item} - Dependencies: a"), "\n  b", 1),
        (&format!("{item} - Dependencies: "), " ", 1),
        (&format!("{head}- "), "`", 1),
        (&format!("{head}- "), "[", 1),
        (&format!("{head}- "), "[a](", 1),
        (&format!("{head}- "), "PROMPT ", 1),
        (&format!("{head}- "), ".md.", 1),
        (&format!("{head}- "), "*", 1),
        ("## Requirement Ownership\n", "- REQ-001 - Owner: a\n", 1),
        ("## Requirement Ownership\n- REQ-001", " - Owner: a", 1),
    ] {
        let count = megabytes * 1_000_000 / repeated.len();
        let text = format!("{start}{}", repeated.repeat(count));
        let reading = read(text.as_bytes());
        assert!(reading.diagnostics.len() <= 210, "{start:?} {repeated:?}");
        assert!(
            reading.diagnostics.iter().all(|found| found.message.len() < 1_000),
            "{start:?} {repeated:?}"
        );
    }
}
