//! What holds for any document.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::sketch::{Sketch, document};

/// Pieces that documents are made of, to be put together in any order.
const PIECES: &[&str] = &[
    "M1",
    "M2",
    "M3",
    "T1",
    "M9",
    "M",
    "1",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    "    ",
    "|",
    "| M4: x | ",
    "- ",
    "- [ ] ",
    "* ",
    "1. ",
    "> ",
    "# ",
    "## ",
    "## M1",
    "### Dependencies",
    "## Order",
    "## Parallel groups",
    "## Progress Log",
    "```",
    "```mermaid\n",
    "~~~",
    "~~",
    "<!--",
    "-->",
    "<",
    ">",
    "<a",
    "](",
    "[",
    "]",
    "(",
    ")",
    "((",
    "{",
    "}",
    "`",
    "``",
    "**",
    "*",
    "__",
    "_",
    "→",
    "->",
    "-->",
    "──►",
    "←",
    "↔",
    "=>",
    "│",
    "├",
    "└",
    "┬",
    "┼",
    "▼",
    "v",
    "+",
    "-",
    "—",
    "–",
    "=",
    "/",
    ",",
    ";",
    ":",
    ".",
    "…",
    "..",
    "and",
    "or",
    "not",
    "all other milestones",
    "everything",
    "except",
    "milestones",
    "Milestones 1, 2",
    "Group A",
    "Groups A and B",
    "(after M1)",
    "requires",
    "depends on",
    "**Depends on:**",
    "blocks",
    "blocked by",
    "in parallel",
    "independent of",
    "after",
    "before",
    "until",
    "this milestone",
    "Last",
    "gate",
    "approval",
    "user",
    "graph TD",
    "&",
    "|x|",
    "subgraph",
    "é",
    "日本",
    "\u{0}",
    "\u{1b}",
    "\u{feff}",
    "through",
    "to",
    "\\",
];

/// Runs `cases` cases whatever the environment says of seeds.
fn run<S: Strategy>(cases: u32, strategy: &S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(strategy, check).unwrap_or_else(|error| panic!("{error}"));
}

/// No place is outside of the text, no milestone needs itself or another one twice, and nothing that is shown has signs
/// that move a terminal's cursor.
fn is_sound(text: &str) -> Result<(), TestCaseError> {
    let sketch = Sketch::new(text);
    let needs = sketch.find();
    let lines = text.split('\n').count() as u32;
    for on in &needs.depends_on {
        let ids: BTreeSet<&str> = on.iter().map(|on| on.on.as_str()).collect();
        prop_assert_eq!(ids.len(), on.len());
        for on in on {
            prop_assert!(on.at.line <= lines);
        }
    }
    for finding in &needs.findings {
        prop_assert!(!finding.message.contains(char::is_control));
        prop_assert!(finding.at.is_none_or(|at| at.line <= lines));
    }
    for gate in needs.gates.iter().flatten() {
        prop_assert!(!gate.text.contains(char::is_control));
    }
    Ok(())
}

#[test]
fn any_text_is_read() {
    run(256, &any::<String>(), |text| is_sound(&document(&format!("## Order\n\n{text}"))));
}

#[test]
fn any_pieces_are_read() {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..60);
    run(1_500, &pieces, |pieces| {
        let text: String = pieces.concat();
        is_sound(&document(&format!("## M3\n\n{text}\n\n## Dependencies\n\n{text}")))?;
        is_sound(&document(&format!("## Order\n\n```\n{}\n```", text.replace('`', ""))))?;
        is_sound(&text)
    });
}

/// How an edge, or all edges into one milestone, are written.
#[derive(Clone, Copy, Debug)]
enum Written {
    Field,
    Notes,
    Prose,
    Blocks,
    Arrow,
    Graph,
    Tree,
    Mermaid,
    Group,
    GroupTable,
}

const WAYS: [Written; 10] = [
    Written::Field,
    Written::Notes,
    Written::Prose,
    Written::Blocks,
    Written::Arrow,
    Written::Graph,
    Written::Tree,
    Written::Mermaid,
    Written::Group,
    Written::GroupTable,
];

/// A graph in which milestones need only earlier ones, with how the needs of each are written.
fn graphs() -> impl Strategy<Value = Vec<(Vec<prop::sample::Index>, Written, u8)>> {
    let one = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        prop::sample::select(&WAYS[..]),
        any::<u8>(),
    );
    prop::collection::vec(one, 2..12)
}

fn join(ids: &[String], style: u8) -> String {
    match (ids, style % 4) {
        (ids, 0) => ids.join(", "),
        (ids, 1) => ids.join(" + "),
        ([front @ .., last], 2) if !front.is_empty() => format!("{} and {last}", front.join(", ")),
        (ids, _) => {
            ids.iter().map(|id| format!("[{id}](#{})", id.to_lowercase())).collect::<Vec<_>>().join(" & ")
        }
    }
}

#[test]
fn a_graph_in_any_mix_of_notations_reads_back() {
    run(500, &graphs(), |graph| {
        let count = graph.len();
        let id = |place: usize| format!("M{}", place + 1);
        let mut expected: BTreeSet<(String, String)> = BTreeSet::new();
        let mut rows = String::new();
        let mut sections = String::new();
        let (mut prose, mut drawing, mut mermaid) = (String::new(), String::new(), String::new());
        let mut groups = String::new();
        let mut table = String::from("| Group | Milestones | Notes |\n|---|---|---|\n");
        for (place, (on, written, style)) in graph.iter().enumerate() {
            let own = id(place);
            let on: BTreeSet<usize> = on.iter().filter(|_| place > 0).map(|on| on.index(place)).collect();
            let ids: Vec<String> = on.into_iter().map(id).collect();
            expected.extend(ids.iter().map(|on| (own.clone(), on.clone())));
            let list = join(&ids, *style);
            let (mut notes, mut field) = (String::new(), String::new());
            match written {
                _ if ids.is_empty() => field = "**Depends on:** none".to_owned(),
                Written::Field => field = format!("**Model:** Opus · **Depends on:** {list} (M1 as well)"),
                Written::Notes => notes = format!("Needs {list}"),
                Written::Prose => {
                    let _ = writeln!(prose, "- {own} requires {list} complete.");
                }
                Written::Blocks => {
                    let _ = writeln!(prose, "- {list} must finish before {own}.");
                }
                Written::Arrow => {
                    let _ = writeln!(prose, "- ({list}) → {own}");
                }
                Written::Graph => {
                    let _ = writeln!(drawing, "{} ──► {own} (Title {place})\n", ids.join(" + "));
                }
                Written::Tree => {
                    for on in &ids {
                        let _ = writeln!(drawing, "{on} (x)\n│\n└──► {own}\n");
                    }
                }
                Written::Mermaid => {
                    let _ = writeln!(mermaid, "  {} --> {own}[{own}: x]", ids.join(" & "));
                }
                Written::Group => {
                    let _ = writeln!(groups, "**Group G{place}** (after {list}): {own}\n");
                }
                Written::GroupTable => {
                    let _ = writeln!(table, "| X{place} | {own} | after {list} |");
                }
            }
            let _ = writeln!(rows, "| {own}: Title {place} | {notes} |");
            let _ = writeln!(sections, "## {own} — title\n\n{field}\n\n- [ ] M{count} requires M1\n");
        }
        let text = format!(
            "# Plan\n\n| Milestone | Notes |\n|---|---|\n{rows}\n{sections}\n## Dependencies\n\n{prose}\n\
             ```\n{drawing}\n```\n\n```mermaid\ngraph TD\n{mermaid}\n```\n\n## Parallel groups\n\n{groups}\n{table}\n"
        );
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let needs = Sketch::new(&text).find();
            let found: BTreeSet<(String, String)> = needs
                .depends_on
                .iter()
                .enumerate()
                .flat_map(|(place, on)| on.iter().map(move |on| (id(place), on.on.clone())))
                .collect();
            prop_assert_eq!(&found, &expected, "{}", text);
            let wrong: Vec<_> =
                needs.findings.iter().filter(|finding| finding.code != "planning.no_dependencies").collect();
            prop_assert!(wrong.is_empty(), "{:?}\n{}", wrong, text);
        }
        Ok(())
    });
}
