//! Fields that nobody knows, values that mean nothing, and prose below a field: each is said with its place, and
//! none of it becomes a dependency.

use orch_core::{Diagnostic, Position};
use orch_state_md::index::{Prompt, Reading, read, read_in};

const HEAD: &str = "Overall Objective: x\n\n## Prompts\n";

/// What is read from `items`, whose first line is line 4.
fn reading(items: &str) -> Reading {
    read(format!("{HEAD}{items}").as_bytes())
}

/// Severity, code and place of every finding, short enough for a table.
fn found(diagnostics: &[Diagnostic]) -> Vec<String> {
    let short = |found: &Diagnostic| {
        assert!(found.hint.is_some(), "{found:?}");
        let severity = if found.is_error() { "error" } else { "warning" };
        format!("{severity} {} {}", found.code, found.at.unwrap())
    };
    diagnostics.iter().map(short).collect()
}

fn needs(prompt: &Prompt) -> Vec<(&str, Position)> {
    prompt.depends_on.iter().map(|on| (on.name.as_str(), on.at.unwrap())).collect()
}

#[test]
fn misspelt_fields_are_errors_and_name_the_right_one() {
    for (items, place, meant) in [
        ("- a.md — Objective: ä — Depndencies: b\n", "4:25", "Dependencies"),
        ("- a.md – Objective: ä – Dependancies: b\n", "4:25", "Dependencies"),
        ("- a.md - Objective: ä - Depends-on: b\n", "4:25", "Dependencies"),
        ("- a.md - Deps: b\n", "4:10", "Dependencies"),
        ("- a.md - **Objectve:** b\n", "4:12", "Objective"),
        ("- a.md - Dependencies: None - Tesst: no\n", "4:31", "Tests"),
        ("- a.md\n  - Depndencies: b\n", "5:5", "Dependencies"),
        ("- a.md\n- Depndencies: b\n", "5:3", "Dependencies"),
        ("- a.md\n  - Objective: c\n  - **Planing**: yes\n", "6:7", "Planning"),
        ("- a.md\n  - Objective: c\n    - Requirments: REQ-001\n", "6:7", "Reqs"),
        ("- a.md - Objective: c\n  Dificulty: low\n", "5:3", "Difficulty"),
        ("- a.md - Objective: c\n  and d - Dificulty: low\n", "5:11", "Difficulty"),
        ("- a.md\n\n  Depndencies: b\n", "6:3", "Dependencies"),
    ] {
        let reading = reading(items);
        assert_eq!(found(&reading.diagnostics), [format!("error index.field {place}")], "{items:?}");
        let hint = reading.diagnostics[0].hint.as_deref();
        assert_eq!(hint, Some(&*format!("did you mean `{meant}`?")), "{items:?}");
    }
}

#[test]
fn unknown_fields_are_warnings_and_stay_in_the_objective() {
    for (items, places, objective) in [
        ("- a.md — Objective: ä — Note: b — Tests: no\n", &["4:25"][..], "ä — Note: b"),
        (
            "- a.md - Objective: c - Owner: Ada - Known issues: d\n",
            &["4:25", "4:38"],
            "c - Owner: Ada - Known issues: d",
        ),
        ("- a.md - Owner: Ada\n", &["4:10"], "Owner: Ada"),
        ("- a.md - Objective: c\n  d - Note: e\n", &["5:7"], "c d - Note: e"),
        ("- a.md - Objective: c\n  — Note: e\n", &["5:5"], "c — Note: e"),
        ("- a.md - Dependencies: None - Note: b\n", &["4:31"], ""),
        ("- a.md - Objective: c\n  - Note: b\n", &["5:5"], "c"),
        // Prose with a colon in it.
        ("- a.md: note: b\n", &[], "note: b"),
        ("- a.md - Objective: Note: b, owner: c\n", &[], "Note: b, owner: c"),
        ("- a.md - Objective: c - from 10:30 - 11:30\n", &[], "c - from 10:30 - 11:30"),
        ("- a.md - Objective: c - see http://host:80/x\n", &[], "c - see http://host:80/x"),
        ("- a.md - Objective: c - http://host:80/x\n", &[], "c - http://host:80/x"),
        ("- a.md - Objective: c - what comes of it: d\n", &[], "c - what comes of it: d"),
        ("- a.md - Objective: c-note: d\n", &[], "c-note: d"),
    ] {
        let reading = reading(items);
        let expected: Vec<String> =
            places.iter().map(|place| format!("warning index.field {place}")).collect();
        assert_eq!(found(&reading.diagnostics), expected, "{items:?}");
        assert_eq!(reading.index.prompts[0].objective, objective, "{items:?}");
    }
}

#[test]
fn tests_are_basic_or_no() {
    for (items, expected) in [
        ("- a.md - Tests: basic\n", &[][..]),
        ("- a.md - Testing: **No**\n", &[]),
        ("- a.md - Tests:\n", &[]),
        ("- a.md - Tests: `all`\n", &["warning index.tests 4:18"]),
        ("- a.md\n  - Testing: end to end\n", &["warning index.tests 5:14"]),
    ] {
        assert_eq!(found(&reading(items).diagnostics), expected, "{items:?}");
    }
    let reading = read(b"Overall Objective: x\nGlobal Testing: all\n## Prompts\n- a.md\n");
    assert_eq!(found(&reading.diagnostics), ["warning index.tests 2:17"]);
}

#[test]
fn owners_are_prompts_of_the_list() {
    let items = "- PROMPT-01-schema.md\n- PROMPT-02-api.md\n- PROMPT-02-form.md\n- sub/x.md\n";
    for (line, expected) in [
        ("REQ-001 - Owner: PROMPT-01 - Secondary: sub/x.md, x", &[][..]),
        ("REQ-001 - Owner: None", &[]),
        ("REQ-001 - Owner: PROMPT-01-shcema.md", &[("9:20", "did you mean `PROMPT-01-schema`?")]),
        (
            "REQ-001 - Owner: None - Secondary: PROMPT-01, PROMPT\u{2011}02\u{2011}apis.md",
            &[("9:49", "did you mean `PROMPT-02-api`?")],
        ),
        ("REQ-001 - Owner: PROMPT-02", &[("9:20", "write the whole name of its file")]),
        ("REQ-001 - Owner: somebody", &[("9:20", "name a prompt as the list of prompts does")]),
    ] {
        let reading = reading(&format!("{items}## Requirement Ownership\n- {line}\n"));
        let hints = reading.diagnostics.iter().map(|found| {
            assert_eq!((found.code.as_ref(), found.is_error()), ("index.owner", false));
            (found.at.unwrap().to_string(), found.hint.clone().unwrap())
        });
        let expected = expected.iter().map(|(place, hint)| ((*place).to_owned(), (*hint).to_owned()));
        assert_eq!(hints.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{line:?}");
    }
    // The section may stand above the list; and what a refused prompt owns is not found wrong as well.
    let above = "## Requirement Ownership\n- REQ-001 - Owner: a\n## Prompts\n- a.md\n- ../b.md\n";
    let above = read(format!("Overall Objective: x\n{above}- REQ-002 - Owner: b\n").as_bytes());
    assert!(above.diagnostics.iter().all(|found| found.code != "index.owner"));
}

#[test]
fn many_wrong_owners_are_found_in_bounded_time() {
    let mut text = HEAD.to_owned();
    for number in 0..5_000 {
        text.push_str(&format!("- PROMPT-{number:05}-of-many.md\n"));
    }
    text.push_str("## Requirement Ownership\n");
    for number in 0..20_000 {
        text.push_str(&format!("- REQ-{number} - Owner: PROMPT-{number:05}-of-mnay.md\n"));
    }
    let found = read(text.as_bytes()).diagnostics;
    assert_eq!(found.len(), 201);
    assert_eq!(found[0].hint.as_deref(), Some("did you mean `PROMPT-00000-of-many`?"));
    assert_eq!(found[200].message, "19800 more findings are not shown");
    assert!(!found[200].is_error());
}

#[test]
fn prose_below_a_field_is_no_part_of_it() {
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, (u32, u32))], &'a [&'a str]);
    let cases: [Case<'_>; 12] = [
        ("- a.md — Objective: x — Dependencies: None\n  Builds the tables\n", "x", &[], &[]),
        (
            "- a.md — Dependencies: b1\n  Builds tables,\n  and views\n",
            "Builds tables, and views",
            &[("b1", (4, 24))],
            &[],
        ),
        ("- a.md — Dependencies: b1,\n  setup\n", "", &[("b1", (4, 24)), ("setup", (5, 3))], &[]),
        (
            "- a.md — Dependencies: b1\n  `ä`, c.md\n",
            "",
            &[("b1", (4, 24)), ("ä", (5, 4)), ("c", (5, 8))],
            &[],
        ),
        (
            "- a.md — Dependencies: b1\n  and PROMPT-02 — Objective: y\n",
            "y",
            &[("b1", (4, 24)), ("PROMPT-02", (5, 7))],
            &[],
        ),
        ("- a.md — Dependencies:\n  setup\n", "", &[("setup", (5, 3))], &[]),
        ("- a.md — Dependencies: b1\n  Some tables — Tests: no\n", "Some tables", &[("b1", (4, 24))], &[]),
        ("- a.md\n  - Dependencies: b1\n    It goes on\n  - Objective: y\n", "y", &[("b1", (5, 19))], &[]),
        (
            "- a.md — Dependencies: b1\nlazily, without indentation\n",
            "lazily, without indentation",
            &[("b1", (4, 24))],
            &[],
        ),
        (
            "- a.md — Dependencies: b1\n  setup\n",
            "setup",
            &[("b1", (4, 24))],
            &["warning index.dependency 5:3"],
        ),
        (
            "- a.md — Dependencies: b1\n  PROMPT-02 (c)\n",
            "PROMPT-02 (c)",
            &[("b1", (4, 24))],
            &["warning index.dependency 5:3"],
        ),
        (
            "- a.md — Dependencies: b1,\n  setup first\n",
            "",
            &[("b1", (4, 24))],
            &["error index.dependency 5:3"],
        ),
    ];
    for (items, objective, dependencies, expected) in cases {
        let reading = reading(items);
        let prompt = &reading.index.prompts[0];
        let places = dependencies.iter().map(|(name, (line, column))| (*name, Position::new(*line, *column)));
        assert_eq!(needs(prompt), places.collect::<Vec<_>>(), "{items:?}");
        assert_eq!(prompt.objective, objective, "{items:?}");
        assert_eq!(found(&reading.diagnostics), expected, "{items:?}");
    }
    let reading = reading(
        "- a.md - Reqs: REQ-001\n  REQ-002\n  Prose - Tests: no\n  more prose - Difficulty: low\n  the end\n",
    );
    let prompt = &reading.index.prompts[0];
    assert_eq!(prompt.reqs, ["REQ-001", "REQ-002"]);
    assert_eq!((prompt.tests.word(), prompt.difficulty.as_deref()), ("no", Some("low")));
    assert_eq!(prompt.objective, "Prose more prose the end");
    assert_eq!(reading.diagnostics, []);
}

#[test]
fn absolute_paths_inside_the_folder_are_relative_to_it() {
    for (folder, path, expected, place) in [
        ("/a/ä b", "`/a/ä b/x.md`", Some("x.md"), "4:5"),
        ("/a/ä b/", "`/a/ä b/c/x.md`", Some("c/x.md"), "4:5"),
        ("/a", "**`/a/x.md`**", Some("x.md"), "4:7"),
        ("/a", "[x](/a/x.md)", Some("x.md"), "4:8"),
        ("/a", "/a/x.md", Some("x.md"), "4:4"),
        ("/a b", "/a b/PROMPT-01 x.md", Some("PROMPT-01 x.md"), "4:4"),
        ("/", "/x.md", Some("x.md"), "4:4"),
        ("/a", "a/x.md", Some("a/x.md"), "4:4"),
        ("a", "a/x.md", Some("a/x.md"), "4:4"),
        ("/a", "/ab/x.md", None, "4:4"),
        ("/a", "/b/x.md", None, "4:4"),
        ("/a", "/a/../x.md", None, "4:4"),
        ("/a", "/a//x.md", None, "4:4"),
        ("/a", "`/a/C:/x.md`", None, "4:5"),
        ("/a", "`/a/~/x.md`", None, "4:5"),
        ("", "/x.md", None, "4:4"),
    ] {
        let text = format!("{HEAD}1. {path} - Objective: y\n");
        let reading = read_in(text.as_bytes(), folder);
        let prompts: Vec<_> = reading.index.prompts.iter().map(|p| (&*p.path, p.at.to_string())).collect();
        match expected {
            Some(path) => {
                assert_eq!(found(&reading.diagnostics), [""; 0], "{path:?}");
                assert_eq!(prompts, [(path, place.to_owned())]);
            }
            None => {
                assert_eq!(found(&reading.diagnostics), [format!("error index.escape {place}")], "{path:?}");
                assert_eq!(prompts, []);
            }
        }
    }
}

#[test]
fn dependencies_and_owners_inside_the_folder_are_relative_to_it() {
    let text = format!(
        "{HEAD}- /p/a.md\n- /p/s/b.md - Dependencies: /p/a.md, `/p/s/c.md` and /q/d.md - Objective: y\n\
         ## Requirement Ownership\n- REQ-001 - Owner: /p/a.md - Secondary: `/p/s/b.md`, /q/d.md\n"
    );
    let reading = read_in(text.as_bytes(), "/p");
    let expected =
        [("a", Position::new(5, 29)), ("s/c", Position::new(5, 39)), ("/q/d", Position::new(5, 54))];
    assert_eq!(needs(&reading.index.prompts[1]), expected);
    assert_eq!(found(&reading.diagnostics), ["warning index.owner 7:54"]);
    let line = &reading.index.ownership.unwrap()[0];
    let names =
        line.owner.iter().chain(&line.secondary).map(|name| (name.value.as_str(), name.at.to_string()));
    let expected = [("a", "7:20"), ("s/b", "7:42"), ("/q/d", "7:54")];
    assert_eq!(names.collect::<Vec<_>>(), expected.map(|(name, place)| (name, place.to_owned())));
    // Without a folder no absolute path is known.
    let codes: Vec<_> = read(text.as_bytes()).diagnostics.into_iter().map(|found| found.code).collect();
    assert_eq!(codes, ["index.escape"; 2]);
}
