//! The state file, byte for byte: the format of the seed, the forms it has had, what is refused, what edits do.

use std::io::BufReader;

use orch_core::{Position, Status};
use orch_state_md::state::{EditError, Mark, Overall, Row, State, StateFile, Validation};

/// The sample of seed 002, with one status chosen of each list.
const SEED: &str = "\
# Orchestrator State

Overall Objective: ...
PRD Path: PROMPT-PRD.md
Requirements Inventory: PROMPT-PRD-REQUIREMENTS.md
Base Branch: main
Status: RUNNING
Validation Status: NONE
Current Prompt Index: 0

## Prompts
| Index | Status | Prompt Path | Plan Path | Tests | Dependencies | Reqs |
| 0 | PENDING | PROMPT-01-foo.md | PROMPT-01-foo-PLAN.md | basic | PROMPT-00-bar | REQ-001, REQ-002 |
";

fn seed_state() -> State {
    State {
        objective: "...".into(),
        prd_path: Some("PROMPT-PRD.md".into()),
        requirements_inventory: Some("PROMPT-PRD-REQUIREMENTS.md".into()),
        base_branch: Some("main".into()),
        overall: Some(Overall::Running),
        validation: Some(Validation::None),
        current: 0,
        rows: vec![Row {
            status: Status::Pending,
            prompt_path: "PROMPT-01-foo.md".into(),
            plan_path: Some("PROMPT-01-foo-PLAN.md".into()),
            tests: Some("basic".into()),
            dependencies: vec!["PROMPT-00-bar".into()],
            reqs: vec!["REQ-001".into(), "REQ-002".into()],
        }],
    }
}

fn read(text: &str) -> StateFile {
    StateFile::read(text.as_bytes()).unwrap_or_else(|unreadable| panic!("{unreadable:?}\n{text}"))
}

fn text(file: &StateFile) -> String {
    String::from_utf8(file.to_bytes()).unwrap()
}

#[test]
fn the_sample_of_the_seed_is_read_and_kept() {
    let file = read(SEED);
    assert_eq!(file.state(), seed_state());
    assert_eq!(text(&file), SEED);
    assert_eq!(file.mark(), Mark::Absent);
}

#[test]
fn a_new_file_has_the_format_of_the_seed() {
    insta::assert_snapshot!(text(&StateFile::create(&seed_state())), @r"
    # Orchestrator State

    Overall Objective: ...
    PRD Path: PROMPT-PRD.md
    Requirements Inventory: PROMPT-PRD-REQUIREMENTS.md
    Base Branch: main
    Status: RUNNING
    Validation Status: NONE
    Current Prompt Index: 0

    ## Prompts
    | Index | Status     | Prompt Path      | Plan Path             | Tests | Dependencies  | Reqs             |
    | 0     | PENDING    | PROMPT-01-foo.md | PROMPT-01-foo-PLAN.md | basic | PROMPT-00-bar | REQ-001, REQ-002 |
    ");
}

#[test]
fn a_new_file_stays_aligned_whatever_comes() {
    let rows = vec![Row::new("PROMPT-01-計画.md"), Row { tests: Some("a|b".into()), ..Row::new("x\ny.md") }];
    let mut file = StateFile::create(&State { rows, ..State::default() });
    for row in 0..2 {
        let plan = file.row(row).unwrap().rule_plan_path();
        file.set_plan_path(row, &plan).unwrap();
    }
    file.set_status(0, Status::Incomplete).unwrap();
    file.set_status(1, Status::Fail).unwrap();
    insta::assert_snapshot!(text(&file), @r"
    # Orchestrator State

    Overall Objective:
    Current Prompt Index: 0

    ## Prompts
    | Index | Status     | Prompt Path       | Plan Path              | Tests | Dependencies | Reqs |
    | 0     | INCOMPLETE | PROMPT-01-計画.md | PROMPT-01-計画-PLAN.md |       |              |      |
    | 1     | FAIL       | x&#10;y.md        | x&#10;y-PLAN.md        | a\|b  |              |      |
    ");
}

#[test]
fn one_endless_value_is_not_paid_for_in_every_row() {
    let rows = vec![Row::new("x".repeat(100_000)), Row::new("y"), Row::new("z")];
    let size = StateFile::create(&State { rows, ..State::default() }).to_bytes().len();
    assert!(size < 110_000, "{size}");
}

#[test]
fn every_form_such_files_have_had_is_read() {
    let rows = |file: &StateFile| file.state().rows;
    let full = seed_state().rows;

    let without_reqs = read(
        "| Index | Status | Prompt Path | Plan Path | Tests | Dependencies |\n\
         | 0 | PENDING | PROMPT-01-foo.md | PROMPT-01-foo-PLAN.md | basic | PROMPT-00-bar |\n",
    );
    assert_eq!(rows(&without_reqs), [Row { reqs: vec![], ..full[0].clone() }]);

    let without_tests = read(
        "Overall Objective: x\n\n| Index | Status | Prompt Path | Plan Path | Dependencies | Reqs |\n\
         |---|:--|--:|:-:|-|-|\n\
         |0|PENDING|PROMPT-01-foo.md|PROMPT-01-foo-PLAN.md|PROMPT-00-bar|REQ-001,REQ-002|",
    );
    assert_eq!(rows(&without_tests), [Row { tests: None, ..full[0].clone() }]);
    assert_eq!(without_tests.state().prd_path, None);
    assert_eq!(without_tests.validation(), None);

    let absolute = read(
        "| Index | Status | Prompt Path | Plan Path |\n\
         | 0 | SUCCESS | /home/me/p/PROMPT-01.md | C:\\p\\plan.md |\n",
    );
    assert_eq!(absolute.row(0).unwrap().prompt_path, "/home/me/p/PROMPT-01.md");
    assert_eq!(absolute.row(0).unwrap().plan_path.as_deref(), Some("C:\\p\\plan.md"));

    let odd = "\u{feff}**Overall Objective:** bold\r\n**Status**: FAIL\r\n**Current Prompt Index**: 1\r\nBase Branch: None\r\n\
               ````md\r\n| Index | Status | Prompt Path |\r\n| 0 | WHAT | x |\r\n```\r\nStatus: SUCCESS\r\n\
               ````md\r\nStatus: SUCCESS\r\n`````\r\n\
               ```x``` | y\r\n| **Status** | Who | **prompt path** | **index** |\r\n|  SUCCESS| me | a.md | 0 |\t\r\n\
               |RUNNING   | | b.md | 1 |\r\n\r\n| Note | Text |\r\n| 1 | - |\r\n~~~\r\n| 0 | FAIL |\r\n";
    let file = read(odd);
    let state = file.state();
    assert_eq!((state.objective.as_str(), state.overall, state.current), ("bold", Some(Overall::Fail), 1));
    assert_eq!(state.base_branch, None);
    assert_eq!(
        state.rows.iter().map(|row| row.status).collect::<Vec<_>>(),
        [Status::Success, Status::Running]
    );
    assert_eq!(text(&file), odd);

    let nothing = "| Index | Status | Prompt Path | Plan Path | Tests | Dependencies | Reqs |\n\
                   | 0 | PENDING | a.md | None | - | none | N/A |\n";
    assert_eq!(rows(&read(nothing)), [Row::new("a.md")]);

    assert!(read("| Index | Status | Prompt Path |").is_empty());
}

#[test]
fn what_is_doubtful_is_refused() {
    let header = "| Index | Status | Prompt Path |\n";
    let table = |rows: &str| format!("{header}{rows}");
    for (text, code, line, column) in [
        (String::new(), "state.table", 1, 1),
        ("# Orchestrator State\n\nStatus: RUNNING\n".into(), "state.table", 3, 1),
        ("| Index | Status |\n| 0 | PENDING |\n".into(), "state.row", 2, 1),
        ("| Index | Status | Prompt Path\n".into(), "state.table", 1, 1),
        ("```\n| Index | Status | Prompt Path |\n".into(), "state.table", 2, 1),
        ("| Index | Status | Prompt Path | STATUS |\n".into(), "state.table", 1, 1),
        (table(&format!("\n{header}")), "state.two_tables", 3, 1),
        (table("|---|---|\n"), "state.row", 2, 1),
        (table("| 0 | PENDING | a.md | b |\n"), "state.row", 2, 1),
        (table("| 0 | PENDING |\n"), "state.row", 2, 1),
        (table("| 0 | PENDING | a.md"), "state.row", 2, 21),
        (table("| 0 | PENDING | a.md |\n\n| 1 | PENDING | b.md |\n"), "state.row", 4, 1),
        (table("| 0 | PENDING | a.md |\n 1 | PENDING | b.md |\n"), "state.row", 3, 1),
        (table("| 0 | PENDING | a.md |\n<!-- orch-state: -->\n| 1 | PENDING |\n"), "state.row", 4, 1),
        (table("| 0 | PENDING | a.md |\n<!-- orch-state: -->\na | b\n"), "state.row", 4, 1),
        (table("| 1 | PENDING | a.md |\n"), "state.index", 2, 3),
        (table("| 0 | FAIL | a.md |\n| 0 | FAIL | a.md |\n"), "state.index", 3, 3),
        (table("| +0 | PENDING | a.md |\n"), "state.index", 2, 3),
        (table("| | PENDING | a.md |\n"), "state.index", 2, 3),
        (table("| 0 | DONE | a.md |\n"), "state.status", 2, 7),
        (table("| 0 | pending | é |\n"), "state.status", 2, 7),
        (format!("Status: RUNNING|SUCCESS|FAIL\n{header}"), "state.status", 1, 9),
        (format!("Validation Status: OK\n{header}"), "state.validation", 1, 20),
        (format!("Current Prompt Index: -1\n{header}"), "state.current", 1, 23),
        (format!("Status: FAIL\n**Status**: FAIL\n{header}"), "state.field", 2, 1),
        ("nonsense\n <!-- orch-state: format=2 and=more -->\r\n".into(), "state.newer", 2, 1),
    ] {
        let diagnostic = StateFile::read(text.as_bytes()).expect_err(&text).diagnostic;
        assert_eq!(
            (&*diagnostic.code, diagnostic.at),
            (code, Some(Position::new(line, column))),
            "{text:?}: {diagnostic:?}"
        );
        assert!(diagnostic.hint.is_some() && diagnostic.is_error());
    }

    let diagnostic = StateFile::read("é\né\u{e9}".as_bytes().split_last().unwrap().1).unwrap_err().diagnostic;
    assert_eq!((&*diagnostic.code, diagnostic.at), ("state.encoding", Some(Position::new(2, 2))));
}

#[test]
fn messages_stay_short_and_harmless() {
    let word = "\u{1b}]0;x\u{7}".repeat(1000);
    let text = format!("| Index | Status | Prompt Path |\n| 0 | {word} | a.md |\n");
    let unreadable = StateFile::read(text.as_bytes()).unwrap_err();
    assert!(!unreadable.to_string().contains(char::is_control));
    assert!(unreadable.to_string().len() < 400);
}

#[test]
fn an_edit_keeps_the_cells_width_if_it_can() {
    let mut file = read(SEED);
    file.set_status(0, Status::Fail).unwrap();
    let row = "| 0 | FAIL    | PROMPT-01-foo.md | PROMPT-01-foo-PLAN.md | basic | PROMPT-00-bar | REQ-001, REQ-002 |";
    assert_eq!(text(&file).lines().last(), Some(row));
    file.set_status(0, Status::Incomplete).unwrap();
    file.set_plan_path(0, "p|q\\").unwrap();
    let row = "| 0 | INCOMPLETE | PROMPT-01-foo.md | p\\|q&#92;             | basic | PROMPT-00-bar | REQ-001, REQ-002 |";
    assert_eq!(text(&file).lines().last(), Some(row));
    assert_eq!(file.row(0).unwrap().plan_path.as_deref(), Some("p|q\\"));
    file.set_plan_path(0, "").unwrap();
    assert_eq!(read(&text(&file)).row(0).unwrap().plan_path, None);
}

#[test]
fn what_is_said_already_is_not_written_again() {
    let odd = "Base Branch: m&#97;in\nCurrent Prompt Index: 007\nStatus: FAIL\nValidation Status: NONE\n\n\
               | Index | Status | Prompt Path | Plan Path |\n| 00 |FAIL | a.md |&#97;.md |\n| 1 | FAIL | b.md | - |\n";
    let mut file = read(odd);
    file.set_base_branch("main");
    file.set_current(7);
    file.set_overall(Overall::Fail);
    file.set_validation(Validation::None);
    file.set_status(0, Status::Fail).unwrap();
    file.set_plan_path(0, "a.md").unwrap();
    file.set_plan_path(1, "").unwrap();
    assert_eq!(text(&file), odd);
}

#[test]
fn fields_are_changed_in_their_lines() {
    let mut file = read(SEED);
    file.set_overall(Overall::Success);
    file.set_validation(Validation::FinalOk);
    file.set_current(7);
    file.set_base_branch("release");
    let expected = SEED
        .replace("Status: RUNNING", "Status: SUCCESS")
        .replace("NONE", "FINAL_OK")
        .replace("Index: 0", "Index: 7")
        .replace("main", "release");
    assert_eq!(text(&file), expected);
}

#[test]
fn fields_that_are_missing_are_added_in_their_places() {
    let table = "| Index | Status | Prompt Path |\r\n| 0 | FAIL | a.md |\r\n";
    for (before, expected) in [
        (
            "**Overall Objective:** x \r\n**Status**:\r\n\r\nprose\r\n",
            "**Overall Objective:** x \r\n**Base Branch:** dev\r\n**Status**: FAIL\r\n\
             **Validation Status**: FINAL_FAIL\r\n**Current Prompt Index**: 2\r\n\r\nprose\r\n",
        ),
        (
            "Current Prompt Index:   \r\n## Prompts\r\n",
            "Base Branch: dev\r\nStatus: FAIL\r\nValidation Status: FINAL_FAIL\r\nCurrent Prompt Index: 2  \r\n\
             ## Prompts\r\n",
        ),
        (
            "# T\r\n\r\n## Prompts\r\n\r\n",
            "# T\r\n\r\nBase Branch: dev\r\nStatus: FAIL\r\nValidation Status: FINAL_FAIL\r\n\
             Current Prompt Index: 2\r\n\r\n## Prompts\r\n\r\n",
        ),
        (
            "# T\r\n",
            "# T\r\nBase Branch: dev\r\nStatus: FAIL\r\nValidation Status: FINAL_FAIL\r\n\
             Current Prompt Index: 2\r\n\r\n",
        ),
        (
            "\u{feff}",
            "\u{feff}Base Branch: dev\r\nStatus: FAIL\r\nValidation Status: FINAL_FAIL\r\n\
             Current Prompt Index: 2\r\n\r\n",
        ),
    ] {
        let mut file = read(&format!("{before}{table}"));
        file.set_base_branch("");
        file.set_current(0);
        assert_eq!(text(&file), format!("{before}{table}"));
        file.set_base_branch("dev");
        file.set_current(2);
        file.set_overall(Overall::Fail);
        file.set_validation(Validation::FinalFail);
        assert_eq!(text(&file), format!("{expected}{table}"));
        let state = read(&text(&file)).state();
        assert_eq!(state, file.state());
        assert_eq!((state.base_branch.as_deref(), state.current), (Some("dev"), 2));
    }
}

#[test]
fn a_row_or_a_column_that_is_not_there_is_an_error() {
    let mut file = read("| Index | Status | Prompt Path |\n| 0 | FAIL | a.md |\n");
    let before = file.to_bytes();
    assert_eq!(file.set_status(1, Status::Fail), Err(EditError::NoSuchRow { row: 1, rows: 1 }));
    assert_eq!(file.set_plan_path(9, "x"), Err(EditError::NoSuchRow { row: 9, rows: 1 }));
    assert_eq!(file.set_plan_path(0, "x"), Err(EditError::NoPlanColumn));
    assert_eq!((file.status(1), file.row(1)), (None, None));
    assert_eq!(file.to_bytes(), before);
}

#[test]
fn the_mark_tells_orchs_writing_from_anybody_elses() {
    let marked = String::from_utf8(read(SEED).to_bytes_marked(0xfeed, 3)).unwrap();
    let known = (0xfeed, 3);
    let edited = Mark::Edited { history: known.0, seq: known.1 };
    let mark = |text: &str| read(text).mark();

    assert!(marked.starts_with(SEED));
    assert_eq!(mark(&marked), Mark::Intact { history: known.0, seq: known.1 });
    assert_eq!(mark(&marked.replace("PENDING", "SUCCESS")), edited);
    assert_eq!(mark(&marked.replace('\n', "\r\n")), edited);
    assert_eq!(mark(&format!("{marked}\n")), edited);
    assert_eq!(mark(&format!("{marked}a note\n")), edited);
    assert_eq!(mark(&format!("\u{feff}{marked}")), edited);
    assert_eq!(mark(marked.trim_end()), edited);
    assert_eq!(mark(&marked.replace("seq=3", "seq=03")), edited);
    assert_eq!(mark(&marked.replace("seq=3", "seq=x")), Mark::Garbled);
    assert_eq!(mark(&marked.replace("orch-state", "orch-stat")), Mark::Absent);
}

#[test]
fn a_mark_that_is_not_right_is_replaced() {
    let marked = String::from_utf8(read(SEED).to_bytes_marked(1, 1)).unwrap();
    for text in [
        marked.replace("PENDING", "SUCCESS"),
        marked.replace("seq=1", "seq="),
        marked.replace('\n', "\r\n"),
        format!("{marked}\na note without an end"),
        format!("{marked}\n| Note |\r"),
        "| Index | Status | Prompt Path |\r".into(),
        marked.replace("<!--", "```\nan open code block\n  <!--"),
    ] {
        let file = read(&text);
        assert_eq!(file.to_bytes(), text.as_bytes());
        for (other, same) in [
            (text.clone(), true),
            (text[..text.len() - 1].into(), false),
            (format!("{text}\n"), false),
            (text.replacen('|', "!", 1), false),
            (String::new(), false),
        ] {
            // However little is read at once.
            let reader = BufReader::with_capacity(7, other.as_bytes());
            assert_eq!(file.is_text_of(reader).unwrap(), same, "{other}");
        }
        let again = StateFile::read(&file.to_bytes_marked(2, 9)).unwrap();
        assert_eq!(again.mark(), Mark::Intact { history: 2, seq: 9 });
        assert_eq!(again.state(), file.state());
        assert_eq!(String::from_utf8_lossy(&again.to_bytes()).matches("<!-- orch-state:").count(), 1);
    }
}

#[test]
fn a_hundred_thousand_rows_are_fine() {
    let count = 100_000;
    let rows = (0..count).map(|row| Row::new(format!("PROMPT-{row:06}-x.md"))).collect();
    let mut file = StateFile::create(&State { rows, ..State::default() });
    let size = file.to_bytes().len();
    for edit in 0..1000 {
        let row = edit * 97;
        file.set_status(row, Status::ALL[edit % 5]).unwrap();
        file.set_plan_path(row, "plan.md").unwrap();
    }
    let bytes = file.to_bytes_marked(1, 1000);
    // Every change fitted into its cell.
    assert_eq!(file.to_bytes().len(), size);
    let again = StateFile::read(&bytes).unwrap();
    assert_eq!(again.len(), count);
    for row in 0..count {
        let edited = (row % 97 == 0).then_some(row / 97).filter(|&edit| edit < 1000);
        assert_eq!(again.status(row), Some(edited.map_or(Status::Pending, |edit| Status::ALL[edit % 5])));
    }
    assert_eq!(again.state(), file.state());
}
