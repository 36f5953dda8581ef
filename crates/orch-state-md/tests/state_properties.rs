//! What holds for every state file.

use orch_core::Status;
use orch_state_md::state::{Mark, Overall, Row, State, StateFile, Validation};
use proptest::prelude::*;

/// Values as plans have them, and values that nobody should write.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "PROMPT-[0-9]{2}-[a-z]{1,6}(\\.md)?",
        1 => "(None|-|—|n/a|&#10;|\\\\\\||```|\\*\\*x\\*\\*|<!-- orch-state: -->|計画, é)",
        1 => "[ |\\\\,&#;:\r\n\t0-9]{1,8}",
        1 => any::<String>().prop_filter("not empty", |text| !text.is_empty()),
    ]
}

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(&Status::ALL[..])
}

fn row() -> impl Strategy<Value = Row> {
    let list = || prop::collection::vec(value(), 0..3);
    (status(), value(), prop::option::of(value()), prop::option::of(value()), list(), list()).prop_map(
        |(status, prompt_path, plan_path, tests, dependencies, reqs)| Row {
            status,
            prompt_path,
            plan_path,
            tests,
            dependencies,
            reqs,
        },
    )
}

fn state() -> impl Strategy<Value = State> {
    let optional = || prop::option::of(value());
    (
        (any::<String>(), optional(), optional(), optional()),
        prop::option::of(prop::sample::select(&Overall::ALL[..])),
        prop::option::of(prop::sample::select(&Validation::ALL[..])),
        any::<u32>(),
        prop::collection::vec(row(), 0..6),
    )
        .prop_map(
            |((objective, prd_path, inventory, base_branch), overall, validation, current, rows)| State {
                objective,
                prd_path,
                requirements_inventory: inventory,
                base_branch,
                overall,
                validation,
                current,
                rows,
            },
        )
}

/// One of the forms that such files have had, written without any help of the crate.
#[derive(Clone, Debug)]
struct Form {
    columns: Vec<&'static str>,
    separator: bool,
    line_ending: &'static str,
    byte_order_mark: bool,
    bold: bool,
    fields: Vec<&'static str>,
    before: &'static str,
    after: &'static str,
    last_line_ends: bool,
    padding: Vec<(usize, usize)>,
    statuses: Vec<Status>,
}

fn form() -> impl Strategy<Value = Form> {
    let columns = prop::sample::select(vec![
        vec!["Index", "Status", "Prompt Path", "Plan Path", "Tests", "Dependencies", "Reqs"],
        vec!["Index", "Status", "Prompt Path", "Plan Path", "Tests", "Dependencies"],
        vec!["Index", "Status", "Prompt Path", "Plan Path", "Dependencies", "Reqs"],
        vec!["Plan Path", "Notes", "Prompt Path", "Status", "Index"],
    ]);
    let fields = prop::sample::subsequence(
        vec![
            "Overall Objective: Build: it",
            "PRD Path: PROMPT-PRD.md",
            "Requirements Inventory: inv.md",
            "Base Branch: main",
            "Status: RUNNING",
            "Validation Status: NONE",
            "Current Prompt Index: 1",
        ],
        0..=7,
    );
    let prose = prop::sample::select(vec![
        "",
        "A note.\n\n",
        "```\n| Index | Status | Prompt Path |\n| 7 | X | y |\n```\n",
        "\n\nLast: word | here\n| a | b |\n\n",
    ]);
    let after = prop::sample::select(vec![
        "",
        "\n## Notes\n| a | b |\n|---|---|\n",
        "Straight on.\n~~~\n| 0 | FAIL |\n",
        "\n\n\n",
        "<!-- a comment -->\n",
        "\n<!-- orch-state: what is this -->\nand on\n",
        "<!-- orch-state: format=1 history=0123456789abcdef seq=4 check=0123456789abcdef -->\n",
    ]);
    (
        (columns, any::<bool>(), prop::sample::select(vec!["\n", "\r\n"]), any::<bool>(), any::<bool>()),
        (fields, prose, after, any::<bool>()),
        prop::collection::vec((0..4usize, 0..4usize), 1..9),
        prop::collection::vec(status(), 0..6),
    )
        .prop_map(
            |(
                (columns, separator, line_ending, byte_order_mark, bold),
                (fields, before, after, last_line_ends),
                padding,
                statuses,
            )| Form {
                columns,
                separator,
                line_ending,
                byte_order_mark,
                bold,
                fields,
                before,
                after,
                last_line_ends,
                padding,
                statuses,
            },
        )
}

impl Form {
    fn text(&self) -> String {
        let mut padding = self.padding.iter().cycle();
        let mut row = |cells: &[String]| {
            let mut line = "|".to_owned();
            for cell in cells {
                let (left, right) = padding.next().unwrap();
                line += &format!("{}{cell}{}|", " ".repeat(*left), " ".repeat(*right));
            }
            line + "\n"
        };
        let mut out = format!("# State\n{}", self.before);
        for field in &self.fields {
            let (key, value) = field.split_once(':').unwrap();
            out += &if self.bold { format!("**{key}**:{value}\n") } else { format!("{field}\n") };
        }
        out += "\n## Prompts\n";
        out += &row(&self.columns.iter().map(|column| column.to_string()).collect::<Vec<_>>());
        if self.separator {
            out += &row(&vec!["---".to_owned(); self.columns.len()]);
        }
        for (index, status) in self.statuses.iter().enumerate() {
            let cell = |column: &&str| match *column {
                "Index" => index.to_string(),
                "Status" => status.to_string(),
                "Prompt Path" => format!("/p/PROMPT-{index:02}.md"),
                "Plan Path" if index % 2 == 0 => String::new(),
                "Plan Path" => format!("PROMPT-{index:02}-PLAN.md"),
                "Tests" => "basic".into(),
                "Dependencies" => (0..index).map(|n| format!("PROMPT-{n:02}")).collect::<Vec<_>>().join(", "),
                _ => format!("REQ-{index:03}"),
            };
            out += &row(&self.columns.iter().map(cell).collect::<Vec<_>>());
        }
        out += self.after;
        if !self.last_line_ends {
            out.pop();
        }
        let out = out.replace('\n', self.line_ending);
        if self.byte_order_mark { format!("\u{feff}{out}") } else { out }
    }
}

/// Reads the rows of a table without pipes in its values in the simplest way there is.
fn naive_rows(text: &str) -> Vec<Row> {
    let mut columns: Option<Vec<String>> = None;
    let mut fenced = false;
    let mut rows = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        let Some(names) = &columns else {
            if !fenced && cells.iter().any(|cell| cell == "Index") {
                columns = Some(cells);
            }
            continue;
        };
        if !line.starts_with('|') {
            break;
        }
        if cells[1].starts_with("---") {
            continue;
        }
        let cell = |name: &str| {
            let at = names.iter().position(|column| column == name);
            at.map(|at| cells[at].clone()).filter(|cell| !cell.is_empty())
        };
        let list = |name| cell(name).map_or(vec![], |cell| cell.split(", ").map(str::to_owned).collect());
        rows.push(Row {
            status: cell("Status").unwrap().parse().unwrap(),
            prompt_path: cell("Prompt Path").unwrap(),
            plan_path: cell("Plan Path"),
            tests: cell("Tests"),
            dependencies: list("Dependencies"),
            reqs: list("Reqs"),
        });
    }
    rows
}

/// A change of one thing in a state file.
#[derive(Clone, Debug)]
enum Edit {
    Status(prop::sample::Index, Status),
    PlanPath(prop::sample::Index, String),
    Overall(Overall),
    Validation(Validation),
    Current(u32),
    BaseBranch(String),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<prop::sample::Index>(), status()).prop_map(|(row, status)| Edit::Status(row, status)),
        (any::<prop::sample::Index>(), value()).prop_map(|(row, path)| Edit::PlanPath(row, path)),
        prop::sample::select(&Overall::ALL[..]).prop_map(Edit::Overall),
        prop::sample::select(&Validation::ALL[..]).prop_map(Edit::Validation),
        any::<u32>().prop_map(Edit::Current),
        value().prop_map(Edit::BaseBranch),
    ]
}

impl Edit {
    /// Makes the change in the file and in what it should say; gives the start of the line that may change, or the
    /// row.
    fn apply(&self, file: &mut StateFile, state: &mut State) -> Result<&'static str, usize> {
        match self {
            Edit::Status(..) | Edit::PlanPath(..) if state.rows.is_empty() => {
                assert!(file.set_status(0, Status::Fail).is_err() && file.set_plan_path(0, "x").is_err());
                Err(0)
            }
            Edit::Status(row, status) => {
                let row = row.index(state.rows.len());
                state.rows[row].status = *status;
                file.set_status(row, *status).unwrap();
                Err(row)
            }
            Edit::PlanPath(row, path) => {
                let row = row.index(state.rows.len());
                state.rows[row].plan_path = Some(path.clone());
                file.set_plan_path(row, path).unwrap();
                Err(row)
            }
            Edit::Overall(overall) => {
                state.overall = Some(*overall);
                file.set_overall(*overall);
                Ok("Status")
            }
            Edit::Validation(validation) => {
                state.validation = Some(*validation);
                file.set_validation(*validation);
                Ok("Validation Status")
            }
            Edit::Current(current) => {
                state.current = *current;
                file.set_current(*current);
                Ok("Current Prompt Index")
            }
            Edit::BaseBranch(branch) => {
                state.base_branch = Some(branch.clone());
                file.set_base_branch(branch);
                Ok("Base Branch")
            }
        }
    }
}

/// The lines that differ: those of `new` between the lines that both texts start and end with.
fn changed_lines<'a>(old: &'a str, new: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
    let (old, new): (Vec<_>, Vec<_>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let left = old.len().min(new.len()) - same;
    let ends = old.iter().rev().zip(new.iter().rev()).take(left).take_while(|(old, new)| old == new).count();
    (old[same..old.len() - ends].to_vec(), new[same..new.len() - ends].to_vec())
}

fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_created_reads_back_equal(state in state(), history: u64, seq: u64) {
        let file = StateFile::create(&state);
        prop_assert_eq!(&file.state(), &state);
        let again = StateFile::read(&file.to_bytes()).unwrap();
        prop_assert_eq!(&again.state(), &state);
        let marked = StateFile::read(&file.to_bytes_marked(history, seq)).unwrap();
        prop_assert_eq!(&marked.state(), &state);
        prop_assert_eq!(marked.mark(), Mark::Intact { history, seq });
    }

    #[test]
    fn what_is_read_is_written_unchanged(form in form(), history: u64, seq: u64) {
        let text = form.text();
        let file = StateFile::read(text.as_bytes()).unwrap();
        prop_assert_eq!(utf8(file.to_bytes()), text);
        let marked = file.to_bytes_marked(history, seq);
        let again = StateFile::read(&marked).unwrap();
        prop_assert_eq!(again.mark(), Mark::Intact { history, seq });
        prop_assert_eq!(again.state(), file.state());
        prop_assert_eq!(again.to_bytes_marked(history, seq), marked.clone());
        prop_assert_eq!(again.to_bytes(), marked);
    }

    #[test]
    fn a_naive_reader_sees_the_same_rows(form in form()) {
        let text = form.text();
        let file = StateFile::read(text.as_bytes()).unwrap();
        prop_assert_eq!(file.state().rows, naive_rows(&text));
        prop_assert_eq!(file.len(), form.statuses.len());
    }

    #[test]
    fn an_edit_changes_its_own_line_only(form in form(), edits in prop::collection::vec(edit(), 1..6)) {
        let text = form.text();
        let mut file = StateFile::read(text.as_bytes()).unwrap();
        let mut state = file.state();
        for edit in edits {
            let (old, had) = (utf8(file.to_bytes()), state.clone());
            let place = edit.apply(&mut file, &mut state);
            let new = utf8(file.to_bytes());
            if form.columns.contains(&"Plan Path") {
                prop_assert_eq!(&file.state(), &state);
            }
            prop_assert_eq!(StateFile::read(new.as_bytes()).unwrap().state(), file.state());
            let (before, after) = changed_lines(&old, &new);
            if had == state {
                prop_assert_eq!(old, new);
                continue;
            }
            let added_first = before.is_empty() && after.len() == 2 && after[1].trim().is_empty();
            prop_assert!(after.len() == 1 || added_first, "{:?}", after);
            let line = after[0].trim_start_matches('\u{feff}');
            match place {
                Ok(key) => {
                    let (key_in_line, _) = line.split_once(':').unwrap();
                    prop_assert_eq!(key_in_line.trim_matches('*'), key);
                    prop_assert!(before.len() <= 1);
                }
                Err(row) => {
                    let at = form.columns.iter().position(|column| *column == "Index").unwrap() + 1;
                    let index = line.replace("\\|", "").split('|').nth(at).map(|cell| cell.trim().to_owned());
                    prop_assert_eq!(index, Some(row.to_string()));
                    // Cell by cell, one is different.
                    let cells = |line: &str| line.replace("\\|", "!").split('|').map(str::to_owned).collect::<Vec<_>>();
                    let (old, new) = (cells(before[0]), cells(line));
                    prop_assert_eq!(old.len(), new.len());
                    prop_assert_eq!(old.iter().zip(&new).filter(|(old, new)| old != new).count(), 1);
                }
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = StateFile::read(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic_and_what_is_taken_is_kept(
        parts in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "| Index | Status | Prompt Path |", "| Index | Status | Prompt Path | Index |", "| 0 | PENDING | a |", "| 1 | FAIL | b |", "|---|---|---|",
                    "|", "\\", "\n", "\n", "\n", "\r", "\r\n", "\u{feff}", "```", "**", "Status:", " RUNNING", " ", "&#",
                    "<!-- orch-state:", " format=1", " history=0000000000000001", " seq=1",
                    " check=0000000000000001", " -->", "Current Prompt Index: 0",
                ]).prop_map(str::to_owned),
                "\\PC{0,3}",
            ],
            0..24,
        ),
        edits in prop::collection::vec(edit(), 0..3),
    ) {
        let text = parts.concat();
        // Often with a table, so that what stands around it is tried.
        for text in [text.clone(), format!("| Index | Status | Prompt Path | Plan Path |\n| 0 | FAIL | a | |\n{text}")] {
            let Ok(mut file) = StateFile::read(text.as_bytes()) else { continue };
            prop_assert_eq!(utf8(file.to_bytes()), text);
            let mut state = file.state();
            for edit in edits.clone() {
                let plan = matches!(edit, Edit::PlanPath(..));
                if !plan || file.set_plan_path(0, "x").is_ok() {
                    state = file.state();
                    let _ = edit.apply(&mut file, &mut state);
                }
            }
            prop_assert_eq!(&file.state(), &state);
            let marked = StateFile::read(&file.to_bytes_marked(5, 6)).unwrap();
            prop_assert_eq!(marked.mark(), Mark::Intact { history: 5, seq: 6 });
            prop_assert_eq!(marked.state(), state);
        }
    }
}
