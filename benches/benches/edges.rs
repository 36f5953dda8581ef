//! How fast texts are read that somebody else wrote, and whether that stays linear whatever they wrote: the index of
//! prompts, the state file, planning documents, what their workers hand back and the specs of weavers, beside `pulldown-cmark` on the same text.
//!
//! `cargo bench --bench edges`, or with a part of a name: `cargo bench --bench edges -- fence`, `-- "planning document"`. Specs are refused unread
//! from 4 MiB on, and have shapes of their own.

use std::hint::black_box;
use std::time::{Duration, Instant};

use orch_benches::{finished, layered, plans};
use orch_spec::MAX_BYTES;
use orch_state_md::state::StateFile;
use orch_state_md::{index, planning, worker_summary};

/// What a byte of the largest text may cost of what one of the smallest does. Beyond the caches each costs more.
const GOAL: f64 = 2.0;

const SIZES: [usize; 3] = [500_000, 5_000_000, 50_000_000];

type Shape = (&'static str, fn(usize) -> Vec<u8>);

/// A text of about `size` bytes: `front`, and `piece` again and again.
fn repeated(front: &str, piece: &str, size: usize) -> Vec<u8> {
    [front, &piece.repeat(size.saturating_sub(front.len()) / piece.len())].concat().into_bytes()
}

fn tasks(size: usize) -> u32 {
    (size / 120) as u32
}

const PROMPTS: &str = "Overall Objective: x\n\n## Prompts\n";

const INDEXES: [Shape; 17] = [
    ("usual", |size| plans::index(tasks(size), &layered(tasks(size), 1)).into_bytes()),
    ("a bullet a field", |size| {
        let prompt = |n: usize| {
            format!("- `PROMPT-{n:06}-t.md`\n  - Objective: task\n  - Tests: no\n  - Dependencies: None\n")
        };
        let prompts: String = (0..size / 75).map(prompt).collect();
        [PROMPTS, &prompts].concat().into_bytes()
    }),
    ("one line of prose", |size| repeated("- PROMPT-01-a.md — Objective: ", "x - y — z: ", size)),
    ("one line of names", |size| {
        repeated(&format!("{PROMPTS}- PROMPT-01-a.md — Dependencies: "), "PROMPT-02, ", size)
    }),
    ("one line of letters", |size| repeated(PROMPTS, "x", size)),
    ("one line of bullets", |size| repeated(PROMPTS, "- ", size)),
    ("one line of marks", |size| {
        repeated(&format!("{PROMPTS}- PROMPT-01-a.md — Dependencies: "), "*`[(_", size)
    }),
    ("one line of blanks", |size| repeated(&format!("{PROMPTS}- PROMPT-01-a.md — "), " ", size)),
    ("lines that go on", |size| {
        repeated(&format!("{PROMPTS}- PROMPT-01-a.md — Dependencies: P-1\n"), "P-2,\n", size)
    }),
    ("fields nobody knows", |size| repeated(&format!("{PROMPTS}- PROMPT-01-a.md\n"), "  - Note: x\n", size)),
    ("headings", |size| repeated("", "## Prompts\n", size)),
    ("one prompt again", |size| repeated(PROMPTS, "- PROMPT-01-a.md — Objective: x\n", size)),
    ("nested", |size| {
        let line = |n: usize| format!("{}- PROMPT-{n}-a.md\n", " ".repeat(2 * (n % 200)));
        [PROMPTS, &(0..size / 220).map(line).collect::<String>()].concat().into_bytes()
    }),
    ("a fence that stays open", |size| repeated(&format!("{PROMPTS}```\n"), "x\n", size)),
    ("fences", |size| repeated(PROMPTS, "```\n", size)),
    ("comments that stay open", |size| repeated(PROMPTS, "<!-- \n", size)),
    ("owners", |size| {
        let line = |n: usize| format!("- REQ-{n} - Owner: PROMPT-{n}-x.md - Secondary: None\n");
        let lines: String = (0..size / 55).map(line).collect();
        format!("{PROMPTS}- PROMPT-01-a.md\n\n## Requirement Ownership\n{lines}").into_bytes()
    }),
];

const TABLE: &str = "Status: RUNNING\n\n| Index | Status | Prompt Path | Note |\n";

const STATES: [Shape; 9] = [
    ("usual", |size| {
        let tasks = tasks(size) * 2 / 3;
        finished::state(&plans::index(tasks, &layered(tasks, 1)), 1, 1)
    }),
    ("one row", |size| repeated(&format!("{TABLE}| 0 | PENDING | a.md |"), "\\|", size)),
    ("one row of cells", |size| repeated(&format!("{TABLE}| 0 | PENDING | a.md |"), "|", size)),
    ("a wide header", |size| repeated("| Index | Status | Prompt Path ", "| x ", size)),
    ("headers without an end", |size| repeated("", "| Index | Status |\n", size)),
    ("marks in a line", |size| repeated("", "<!-- orch-state: ", size)),
    ("marks", |size| {
        repeated(&format!("{TABLE}| 0 | PENDING | a.md | |\n"), "<!-- orch-state: format=1 -->\n", size)
    }),
    ("a fence that stays open", |size| repeated("```\n", "| 0 | PENDING |\n", size)),
    ("blanks", |size| repeated("", " \t", size)),
];

const SPECS: [Shape; 7] = [
    ("usual", |size| {
        let text = "word ".repeat(size / 50_000);
        let lines: String = (0..9_000).map(|_| format!("    - {text}\n")).collect();
        format!("name: a\nbuilding_spec:\n  requirements:\n{lines}pr:\n  branch: a\n").into_bytes()
    }),
    ("one text", |size| repeated("name: a\ndescription: ", "x", size)),
    ("one quoted text", |size| repeated("name: a\ndescription: \"", "\\n", size)),
    ("a block of text", |size| repeated("name: a\ndescription: |\n", "  x: y\n", size)),
    ("comments", |size| repeated("name: a\n", "# x\n", size)),
    ("brackets", |size| repeated("name: ", "[", size)),
    ("keys nobody knows", |size| {
        let text = "x".repeat((size / 4_000).saturating_sub(13));
        (0..4_000).map(|n| format!("key{n:06}: {text}\n")).collect::<String>().into_bytes()
    }),
];

const TRACKER: &str = "# Plan\n\n### Milestone Progress Tracker\n\n\
    | Milestone | Model | Status | Duration (min) | Notes |\n|---|---|---|---|---|\n\
    | M1: One | Opus | ⬜ Not Started | — | |\n| M2: Two | Opus | ⬜ Not Started | — | Needs M1 |\n\n";

/// Documents have 10,000 milestones at most: a larger one has more to say of each.
const DOCUMENTS: [Shape; 13] = [
    ("usual", |size| {
        let count = (size / 2_000).min(5_000);
        let row = |n: usize| {
            format!("| M{n}: Task {n} | Sonnet | ⬜ Not Started | — | Needs M{} |\n", n.saturating_sub(1))
        };
        let boxes = "- [ ] Write what is to be written in `src/part/file.rs`\n  - [x] and test it\n"
            .repeat(size / count / 90);
        let section =
            |n: usize| format!("## M{n}: Task {n}\n\n**Depends on:** M{}\n\n{boxes}\n", n.saturating_sub(1));
        let rows: String = (0..count).map(row).collect();
        let sections: String = (0..count).map(section).collect();
        let header = TRACKER.split("| M1").next().unwrap_or_default();
        format!("{header}{rows}\n{sections}## Progress Log / Notes\n\n**2026-01-01 10:00** - x\n")
            .into_bytes()
    }),
    ("boxes", |size| repeated(&format!("{TRACKER}## M1: One\n"), "- [ ] x\n", size)),
    ("nested boxes", |size| {
        let line = |n: usize| format!("{}- [ ] x\n", " ".repeat(2 * (n % 200)));
        let lines: String = (0..size / 208).map(line).collect();
        format!("{TRACKER}## M1: One\n{lines}").into_bytes()
    }),
    ("headings", |size| repeated(TRACKER, "## M1: One\n", size)),
    ("one line of ids", |size| repeated(&format!("{TRACKER}## M2\n**Depends on:** "), "M1, ", size)),
    ("one line of arrows", |size| repeated(&format!("{TRACKER}## Dependencies\n"), "M1 → ", size)),
    ("sentences", |size| {
        repeated(&format!("{TRACKER}## Dependencies\n"), "M2 requires M1 complete, and M1 blocks M2.\n", size)
    }),
    ("a drawing", |size| repeated(&format!("{TRACKER}## Dependencies\n```\n"), "M1 ──► M2\n │\n", size)),
    ("one line of drawing", |size| repeated(&format!("{TRACKER}## Dependencies\n```\n"), "M1 ──► ", size)),
    ("groups", |size| {
        repeated(&format!("{TRACKER}## Dependencies\n"), "**Group A** (after Group A): M1, M2\n", size)
    }),
    ("a log", |size| {
        repeated(&format!("{TRACKER}## Progress Log / Notes\n\n"), "**2026-01-01 10:00** - M1 done.\n", size)
    }),
    ("a fence that stays open", |size| repeated(&format!("{TRACKER}```\n"), "| M1 | ✅ |\n", size)),
    ("code spans", |size| repeated(&format!("{TRACKER}## M1\n"), "`a/b.rs` ", size)),
];

const SUMMARIES: [Shape; 5] = [
    ("usual", |size| {
        repeated("**Status:** Completed\n\n## Work completed\n", "- [x] wrote what was to be written\n", size)
    }),
    ("one line", |size| repeated("## Work completed\n- ", "x, ", size)),
    ("headings", |size| repeated("", "## Status\n", size)),
    ("fields", |size| repeated("", "**Start time:** 10:30 **End time:** 10:31\n", size)),
    ("a fence that stays open", |size| repeated("```\n", "Status: Completed\n", size)),
];

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    measure("index", &INDEXES, &wanted, SIZES, |text| drop(black_box(index::read(text))));
    measure("state file", &STATES, &wanted, SIZES, |text| drop(black_box(StateFile::read(text))));
    measure("planning document", &DOCUMENTS, &wanted, SIZES, |text| drop(black_box(planning::read(text))));
    let summary = |text: &[u8]| drop(black_box(worker_summary::read(&String::from_utf8_lossy(text))));
    measure("worker's summary", &SUMMARIES, &wanted, SIZES, summary);
    let sizes = [MAX_BYTES / 100, MAX_BYTES / 10, MAX_BYTES - 200];
    measure("spec", &SPECS, &wanted, sizes, |text| drop(black_box(orch_spec::read_spec(text))));
}

fn measure(name: &str, shapes: &[Shape], wanted: &str, sizes: [usize; 3], read: impl Fn(&[u8])) {
    let [small, middle, large] = sizes.map(|size| size as f64 / 1e6);
    println!(
        "{name}: MB/s at {small:.2}, {middle:.2} and {large:.2} MB; a byte at the last, of one at the first (goal {GOAL})"
    );
    for (shape, text) in shapes.iter().filter(|(shape, _)| format!("{name}: {shape}").contains(wanted)) {
        let mut costs = [0.0; 3];
        for (cost, size) in costs.iter_mut().zip(sizes) {
            let text = text(size);
            *cost = nanoseconds(|| read(&text)) / text.len() as f64;
        }
        let text = text(sizes[1]);
        let beside = String::from_utf8_lossy(&text);
        let peer = nanoseconds(|| {
            black_box(pulldown_cmark::Parser::new(&beside).count());
        });
        let cmark = peer / text.len() as f64;
        let [small, middle, large] = costs.map(|cost| 1e3 / cost);
        println!(
            "  {shape:<24}{small:>9.0}{middle:>9.0}{large:>9.0}   {:.2}   pulldown-cmark {:.0}",
            costs[2] / costs[0],
            1e3 / cmark
        );
    }
}

/// The least of as many rounds as there is time for, at least three of what is quick.
fn nanoseconds(work: impl Fn()) -> f64 {
    let (mut least, began) = (Duration::MAX, Instant::now());
    for round in 0..9 {
        let one = Instant::now();
        work();
        least = least.min(one.elapsed());
        if round >= 2 && began.elapsed() > Duration::from_millis(500)
            || began.elapsed() > Duration::from_secs(5)
        {
            break;
        }
    }
    least.as_nanos() as f64
}
