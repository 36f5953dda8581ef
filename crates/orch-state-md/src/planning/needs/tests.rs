//! Small documents in each notation.

use std::fmt::Write as _;

use super::sketch::{Sketch, document};

fn check(cases: &[(&str, &str)], wrap: impl Fn(&str) -> String) {
    let mut wrong = String::new();
    for (text, expected) in cases {
        let text = wrap(text);
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let shown = Sketch::new(&text).shown();
            if shown != *expected {
                let _ = writeln!(
                    wrong,
                    "{:?}\n  is  {shown}\n  not {expected}",
                    text.rsplit("T1: Tests | |").next()
                );
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn fields() {
    check(
        &[
            ("**Depends on:** M1", "M3<M1 field"),
            (
                "**Depends on:** M1 (and the user's approval of the copy)",
                "M3<M1 field; M3! after M1 `and the user's approval of the copy`",
            ),
            (
                "**Depends on:** M1 and the owner's sign-off",
                "M3<M1 field; M3! after M1 `the owner's sign-off`",
            ),
            (
                "**Depends on:** M1, once the owner confirms",
                "M3<M1 field; M3! after M1 `once the owner confirms`",
            ),
            ("**Depends on:** M1 (no approval needed)", "M3<M1 field"),
            ("**Depends on:** M1 (the API gateway)", "M3<M1 field"),
            ("**Depends on:** nothing. Start here.", ""),
            ("**Depends on:** none (independent of M1)", ""),
            ("**Depends on:** —", ""),
            ("**Depends on:** N/A", ""),
            ("**Depends on:** M2, T1 (build on verified-correct collectors)", "M3<M2 field; M3<T1 field"),
            ("Dependencies: M1, T1", "M3<M1 field; M3<T1 field"),
            ("- **Dependencies**: M1 + M2", "M3<M1 field; M3<M2 field"),
            ("- Blocked by: T1", "M3<T1 field"),
            ("**Requires:** M1/M2", "M3<M1 field; M3<M2 field"),
            ("**Prerequisites:** M1 & M2", "M3<M1 field; M3<M2 field"),
            ("**Model:** Sonnet · **Depends on:** M1, M2 · **Modes:** M4 only", "M3<M1 field; M3<M2 field"),
            ("**Model:** Sonnet | **Depends on:** M1 | **Priority:** M2 first", "M3<M1 field"),
            ("**Depends on:** M1\n**Model:** M4 tank", "M3<M1 field"),
            ("Depends on: M1,\n  M2 (both)\nModel: Opus", "M3<M1 field; M3<M2 field"),
            ("> **Depends on:** M1,\n> M2", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** Milestones 1 and 2", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** Milestone 1, Milestone 2", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** M4–M6", "M3<M4 field; M3<M5 field; M3<M6 field"),
            ("**Depends on:** M4-M6", "M3<M4 field; M3<M5 field; M3<M6 field"),
            ("**Depends on:** M4-6", "M3<M4 field; M3<M5 field; M3<M6 field"),
            ("**Depends on:** M4 through M6", "M3<M4 field; M3<M5 field; M3<M6 field"),
            ("**Depends on:** all previous milestones", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** everything above", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** all milestones except M4 and M5, M6", "M3<M1 field; M3<M2 field; M3<T1 field"),
            (
                "**Depends on:** all other milestones",
                "M3<M1 field; M3<M2 field; M3<M4 field; M3<M5 field; M3<M6 field; M3<T1 field",
            ),
            ("**Depends on:** the previous milestone", "M3<M2 field"),
            ("**Depends on:** [M1](#m1-one), [M2: Two](#m2-two-m6)", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** `M1`, *M2*, **T1**", "M3<M1 field; M3<M2 field; M3<T1 field"),
            ("**Depends on:** _M1_", "M3<M1 field"),
            ("**Depends on:** ~~M1~~ M2", "M3<M2 field"),
            ("**Depends on:** (M1, M2)", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** M1 — its schema", "M3<M1 field"),
            ("**Depends on:** M1 — its schema, and M2 uses it", "M3<M1 field; [not_read 15:38]"),
            ("**Depends on:** M1 - schema, M2 - routes", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** M1: One, M2: Two", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** M1. M4 can go on beside it.", "M3<M1 field"),
            ("**Depends on:** M1, not M2", "M3<M1 field"),
            ("**Depends on:** Four", "M3<M4 field"),
            ("**Depends on:** 1, 2", "M3<M1 field; M3<M2 field"),
            ("**Depends on:** M9", "M3<M9 field"),
            ("**Depends on:** S3 access", ""),
            ("**Depends on:** M3, M1", "M3<M1 field; [itself 15:17]"),
            ("**Depends on:**\n- M1\n- M2 (routes)\n\nM4 is other.", "M3<M1 field; M3<M2 field"),
            ("### Dependencies\n\n- M1\n- M2 — routes\n\n### Notes\n\n- M4", "M3<M1 field; M3<M2 field"),
            ("### Dependencies\n\nNone", ""),
            ("**Blocks:** M5, M6", "M5<M3 blocks; M6<M3 blocks"),
            ("- [ ] **Depends on:** M1", ""),
            ("```\n**Depends on:** M1\n```", ""),
            ("<!-- **Depends on:** M1 -->", ""),
            ("This milestone depends on M1 and M2.", "M3<M1 prose; M3<M2 prose"),
            ("M3 requires M1. M5 requires M2.", "M3<M1 prose"),
            ("Can start after M2.", "M3<M2 prose"),
            ("It mentions M2 and then M4.", ""),
        ],
        |field| document(&format!("## M3: Three\n\n{field}")),
    );
}

#[test]
fn sentences() {
    check(
        &[
            ("M3 requires M1 + M2 complete", "M3<M1 prose; M3<M2 prose"),
            ("M3 depends on M1", "M3<M1 prose"),
            ("M5 needs M2 and M3", "M5<M2 prose; M5<M3 prose"),
            ("M4 can start after M2", "M4<M2 prose"),
            ("M6 must wait for M4", "M6<M4 prose"),
            ("M6 builds on M3", "M6<M3 prose"),
            ("Start M5 only after M3 + M4", "M5<M3 prose; M5<M4 prose"),
            ("M3 + M4 block M5", "M5<M3 blocks; M5<M4 blocks"),
            (
                "M1 blocks everything else",
                "M2<M1 blocks; M3<M1 blocks; M4<M1 blocks; M5<M1 blocks; M6<M1 blocks; T1<M1 blocks",
            ),
            ("M2 is a prerequisite for M4", "M4<M2 blocks"),
            ("M1 must finish before M2", "M2<M1 prose"),
            ("M4 does not depend on M3", ""),
            ("M4 doesn't need M3", ""),
            ("M4 is independent of M1", ""),
            ("M2 and M3 can run in parallel", ""),
            ("M2 and M3 can run in parallel after M1", "M2<M1 prose; M3<M1 prose"),
            ("M4 cannot start until M2 is done", "M4<M2 prose"),
            ("Do not start M4 before M2 is done", "M4<M2 prose"),
            ("M4 can't start without M2", "M4<M2 prose"),
            ("M4 can start without M2", ""),
            ("M5 is blocked by M3 and M4", "M5<M3 prose; M5<M4 prose"),
            ("Once M1 is complete, M2 and M3 can start", "M2<M1 prose; M3<M1 prose"),
            ("After M1, M2 and M3 can start", "M2<M1 prose; M3<M1 prose"),
            ("After M1: M2, M3", "M2<M1 prose; M3<M1 prose"),
            ("M3 requires M1, and M4 requires M2", "M3<M1 prose; M4<M2 prose"),
            ("M3 depends on M1 and is blocked by T1", "M3<M1 prose; M3<T1 prose"),
            ("M3 depends on M2, which depends on M1", "M2<M1 prose; M3<M2 prose"),
            ("M3 needs M1 but not M2", "M3<M1 prose"),
            ("M3 can start after M1 and M4 after M2", "M3<M1 prose; M4<M2 prose"),
            ("M3 (Three) requires M1 (One)", "M3<M1 prose"),
            ("M4 (requires M2)", "M4<M2 prose"),
            ("- **M3** — depends on [M1](#m1)", "M3<M1 prose"),
            ("M3 requires M1 +\n  M2", "M3<M1 prose; M3<M2 prose"),
            ("M3 requires the schema from M1", "M3<M1 prose"),
            ("M2 needs to finish before M4", "M4<M2 prose"),
            ("M2 is required for M4 and M5", "M4<M2 blocks; M5<M2 blocks"),
            (
                "M1 requires M2. M1 blocks everything else",
                "M1<M2 prose; M3<M1 blocks; M4<M1 blocks; M5<M1 blocks; M6<M1 blocks; T1<M1 blocks",
            ),
            ("M6: all previous milestones", ""),
            (
                "M4 can start after M2 and the owner's sign-off",
                "M4<M2 prose; M4! after M2 `and the owner's sign-off`",
            ),
            ("M4 requires M2 (once the user approves)", "M4<M2 prose; M4! after M2 `once the user approves`"),
            ("Group A and Group B are useful", ""),
            ("M1 first, then M2", ""),
            ("A note about M1 when we think of M2", ""),
            ("`M3 requires M1`", ""),
            ("- [ ] M3 requires M1", ""),
            ("M3 requires M9", "M3<M9 prose"),
            ("M9 requires M3", "[not_read 15:1]"),
            ("src/M3/x.rs requires M1-style tests", ""),
            ("ABM3 requires M1x2", ""),
        ],
        |sentence| document(&format!("## Parallel Development Recommendations\n\n{sentence}")),
    );
}

#[test]
fn sentences_elsewhere_say_nothing() {
    check(
        &[
            ("## Background\n\nM3 requires M1", ""),
            ("## Progress Log\n\n**2026-01-01 10:00** - M3 requires M1, M1 → M2", ""),
            ("## Kickoff Prompt\n\nM3 requires M1\n\n```\nM1 -> M2\n```", ""),
            ("## Decisions\n\nM1 → M2", "[not_read 15:4]"),
            ("## Table of Contents\n\n- [M2 → M3 bridge](#m2--m3-bridge)", ""),
            ("## Contents\n\n- [M2 → M3 bridge](#m2--m3-bridge)", ""),
        ],
        document,
    );
}

#[test]
fn arrows() {
    check(
        &[
            ("M1 → M2 → M3", "M2<M1 arrow; M3<M2 arrow"),
            ("M1 → *user gate* → M2 → M3", "M2<M1 arrow; M3<M2 arrow; M2! after M1 `user gate`"),
            ("M1 → (approval) → M2", "M2<M1 arrow; M2! after M1 `approval`"),
            ("M1 → **GATE: review** → M2", "M2<M1 arrow; M2! after M1 `GATE: review`"),
            ("*User gate* → M1 → M2", "M2<M1 arrow; M1! after - `User gate`"),
            ("M1 -> M2", "M2<M1 arrow"),
            ("M1 --> M2 ==> M3 => M4", "M2<M1 arrow; M3<M2 arrow; M4<M3 arrow"),
            ("M1 ⟶ M2 ➜ M3 ──► M4 ⇒ M5", "M2<M1 arrow; M3<M2 arrow; M4<M3 arrow; M5<M4 arrow"),
            ("(M1, M2) → M3", "M3<M1 arrow; M3<M2 arrow"),
            ("M1 + M2 → M3", "M3<M1 arrow; M3<M2 arrow"),
            ("M1 → M2/M3", "M2<M1 arrow; M3<M1 arrow"),
            ("M1 → [M2, M3] → M4", "M2<M1 arrow; M3<M1 arrow; M4<M2 arrow; M4<M3 arrow"),
            ("M1 → M2, M3 → M4", "[not_read 15:4]"),
            ("M1 → M2; M3 → M4", "M2<M1 arrow; M4<M3 arrow"),
            ("M1→M2→M3", "M2<M1 arrow; M3<M2 arrow"),
            ("M3 ← M1, M2", "M3<M1 arrow; M3<M2 arrow"),
            ("**Sequential blockers:** M1 → M2 (Two) → M3", "M2<M1 arrow; M3<M2 arrow"),
            ("- Critical path: `M1` → [M2](#m2) → **M3**.", "M2<M1 arrow; M3<M2 arrow"),
            ("M1 → M2\nM3 → M4", "M2<M1 arrow; M4<M3 arrow"),
            ("M1 → M2 →\nM3", "M2<M1 arrow; M3<M2 arrow"),
            ("M1 → gate logic → M2", "[not_read 15:4]"),
            ("M1 → M2 → done", "M2<M1 arrow"),
            ("M1 → M2 (after sign-off)", "M2<M1 arrow; M2! after M1 `after sign-off`"),
            ("M1 ↔ M2", "[not_read 15:4]"),
            ("M1-M2 and x -> y", ""),
            ("Group A → Group B\n\n- Group A: M1, M2\n- Group B: M3", "M3<M1 arrow; M3<M2 arrow"),
        ],
        |line| document(&format!("## Execution order\n\n{line}")),
    );
}

#[test]
fn groups() {
    check(
        &[
            (
                "**Group A** (can run simultaneously): M1, M2, M4\n\n**Group B** (after Group A): M3",
                "M3<M1 group; M3<M2 group; M3<M4 group",
            ),
            ("- Group A: M1, M2\n- Group B: M3, M4", ""),
            ("- Group A: M1, M2\n- Group C (after M2): M5", "M5<M2 group"),
            (
                "Parallel Group 1: M1 (One), M2 (Two)\n\nParallel Group 2: M3 — requires Group 1",
                "M3<M1 group; M3<M2 group",
            ),
            (
                "- **Group A** (start now):\n  - M1: one\n  - M2: two\n- **Group B** (once Group A is done):\n  - M3: three",
                "M3<M1 group; M3<M2 group",
            ),
            (
                "### Group A\n\n- M1\n- M2\n\n### Group B (depends on Group A)\n\n- M3",
                "M3<M1 group; M3<M2 group",
            ),
            ("**Group A**: M1 One, M2 Two\n\n**Group B**: M3 (after M1), M4", "M3<M1 group"),
            ("**Wave 1:** M1\n\n**Wave 2** (after Wave 1): M2", "M2<M1 group"),
            ("**Group A** (sequential): M1 → M2", "M2<M1 arrow"),
            ("**Group B** (after Group X): M3", "[not_read 15:20]"),
            ("Group B starts after M3 is done\n\nGroup B: M5", "M5<M3 prose"),
            (
                "| Group | Milestones | Notes |\n|---|---|---|\n| A | M1, M2 | start |\n| B | M3 | After Group A |\n| C | M4 | requires M2 |",
                "M3<M1 group table; M3<M2 group table; M4<M2 group table",
            ),
            (
                "| Milestone | Depends on |\n|---|---|\n| M2 | M1 |\n| M3: Three | M1, M2 |\n| M1 | — |",
                "M2<M1 field; M3<M1 field; M3<M2 field",
            ),
        ],
        |text| document(&format!("## Parallel groups\n\n{text}")),
    );
}

#[test]
fn notes_column() {
    check(
        &[
            ("Needs M2, M3", "M5<M2 notes column; M5<M3 notes column"),
            ("Depends on M1", "M5<M1 notes column"),
            ("After M2", "M5<M2 notes column"),
            ("Blocked by T1", "M5<T1 notes column"),
            ("Commit 89b49e4", ""),
            ("Commit 89b49e4, needs M2", "M5<M2 notes column"),
            ("Merged `35d28fb` (worktree `914320c`)", ""),
            ("Merged with M2 branch", ""),
            ("Merged after M2", ""),
            ("Last", "M5<M1 notes column; M5<M2 notes column; M5<T1 notes column"),
            ("Runs last.", "M5<M1 notes column; M5<M2 notes column; M5<T1 notes column"),
            ("The last thing we saw", ""),
            ("Parallel with M2", ""),
        ],
        |notes| {
            format!(
                "# P\n\n| Milestone | Notes |\n|---|---|\n| M1: a | |\n| M2: b | |\n| T1: c | |\n| M5: d | {notes} |\n"
            )
        },
    );
}

#[test]
fn drawings() {
    check(
        &[
            ("M1 (Scaffolding) ──► M2 (Engine Setup)", "M2<M1 graph"),
            ("M1 --> M2", "M2<M1 graph"),
            ("M1 -> M2 => M3", "M2<M1 graph; M3<M2 graph"),
            ("M1 → M2 ⟶ M3 ➜ M4 ⇒ M5", "M2<M1 graph; M3<M2 graph; M4<M3 graph; M5<M4 graph"),
            ("M1 + M2 + T1 ──► M3 (Export)", "M3<M1 graph; M3<M2 graph; M3<T1 graph"),
            ("M2 (dropdown) ──── no dependencies, foundation for M3", "M3<M2 graph"),
            ("M1 ──► M2 ──► M3\nM1 ──► M4", "M2<M1 graph; M3<M2 graph; M4<M1 graph"),
            ("M1 (One)\n├──► M2\n│    └──► M4\n└──► M3", "M2<M1 graph; M3<M1 graph; M4<M2 graph"),
            (
                "M1\n├── M2 (Two)\n│   ├── M4\n│   └── M5\n└── M3",
                "M2<M1 graph; M3<M1 graph; M4<M2 graph; M5<M2 graph",
            ),
            ("M1\n  └─ M2\n      └─ M3\n  └─ M4", "M2<M1 graph; M3<M2 graph; M4<M1 graph"),
            ("M1\n|-- M2\n|   `-- M4\n`-- M3", "M2<M1 graph; M3<M1 graph; M4<M2 graph"),
            ("M1\n+-- M2\n+-- M3", "M2<M1 graph; M3<M1 graph"),
            ("M1 ──┬──► M2\n     ├──► M3\n     └──► M4", "M2<M1 graph; M3<M1 graph; M4<M1 graph"),
            ("M1 ──┐\nM2 ──┼──► M4\nM3 ──┘", "M4<M1 graph; M4<M2 graph; M4<M3 graph"),
            ("M1 ──┐\n     ├──► M4\nM3 ──┘", "M4<M1 graph; M4<M3 graph"),
            ("M1\n │\n ▼\nM2\n │\n ▼\nM3", "M2<M1 graph; M3<M2 graph"),
            ("M1\n |\n v\nM2 (v1)", "M2<M1 graph"),
            ("M1\n ↓\nM2", "M2<M1 graph"),
            ("   M1\n  ┌─┴─┐\n  ▼   ▼\n  M2  M3", "M2<M1 graph; M3<M1 graph"),
            ("M1 (One)  M2\n │         │\n └────┬────┘\n      ▼\n      M3", "M3<M1 graph; M3<M2 graph"),
            ("┌──────┐     ┌──────┐\n│  M1  │────►│  M2  │\n└──────┘     └──────┘", "M2<M1 graph"),
            ("│ M1 ├────►│ M2 │", "M2<M1 graph"),
            ("M3 ◄── M1", "M3<M1 graph"),
            ("M1 ──► [user gate] ──► M2", "M2<M1 graph; M2! after M1 `[user gate]`"),
            ("M1 ──► M2 (after user approval)", "M2<M1 graph; M2! after - `after user approval`"),
            ("start ──► M1 ──► M2 ──► done", "M2<M1 graph"),
            ("M1 ──► something ──► M2", "[not_read 16:4] [not_read 16:18]"),
            ("M1 ──── M2", "[not_read 16:4]"),
            ("M1 ──►", "[not_read 16:4]"),
            ("M4 (requires M2)\nM1 ──► M2", "M2<M1 graph; M4<M2 graph"),
            ("Foundation: M1 ──► M2", "M2<M1 graph"),
            ("run the tests\ncargo test -- --nocapture", ""),
            ("| Milestone | x |\n|---|---|\n| M1 | y |", ""),
            ("M1 and M2", ""),
            ("日本 M1 ──► M2", "[not_read 16:7]"),
            ("M1 日本 ──► M2\n            └──► M3", "M2<M1 graph; M3<M2 graph"),
        ],
        |drawing| document(&format!("## Dependency graph\n\n```text\n{drawing}\n```")),
    );
    check(
        &[
            ("    M1 ──► M2", "M2<M1 graph"),
            ("```rust\nmatch x { M1 => M2 }\n```", ""),
            ("~~~\nM1 ──► M2\n~~~", "M2<M1 graph"),
            ("```\ngraph TD; M1-->M2\n```", "M2<M1 graph"),
        ],
        |text| document(&format!("## Dependencies\n\n{text}")),
    );
}

#[test]
fn mermaid_graphs() {
    check(
        &[
            ("graph TD; M1-->M2", "M2<M1 graph"),
            ("graph TD\n  M1[One] --> M2[Two]\n  M2 --> M3 & M4", "M2<M1 graph; M3<M2 graph; M4<M2 graph"),
            (
                "flowchart LR\n  A[\"M1: One (x)\"] -->|then| B(M2: Two)\n  B -- words --> C{{M3}}",
                "M2<M1 graph; M3<M2 graph",
            ),
            ("graph TD\n M1 ==> M2 -.-> M3", "M2<M1 graph; M3<M2 graph"),
            ("graph TD\n M1 --> G{User approval} --> M2", "M2<M1 graph; M2! after M1 `User approval`"),
            (
                "graph TD\n subgraph one\n M1:::done --> M2\n end\n style M1 fill:#fff\n classDef done fill:#0f0",
                "M2<M1 graph",
            ),
            ("graph TD\n M1 --- M2", "[not_read 17:2]"),
            ("graph TD\n M1 --> X --> M2", "[not_read 17:5] [not_read 17:11]"),
            ("sequenceDiagram\n M1->>M2: hello", "[not_read 17:2]"),
            ("graph TD\n X --> Y", ""),
        ],
        |graph| document(&format!("## Dependencies\n\n```mermaid\n{graph}\n```")),
    );
}

#[test]
fn contradictions() {
    check(
        &[
            (
                "## M3: Three\n\n**Depends on:** none\n\n## Dependencies\n\nM3 requires M1",
                "M3<M1 prose; [contradiction 19:13]",
            ),
            (
                "## Dependencies\n\nM3 requires M1. M3 does not depend on M1.",
                "M3<M1 prose; [contradiction 15:13]",
            ),
            (
                "## Dependencies\n\nM2 and M3 can run in parallel.\n\nM2 → M3",
                "M3<M2 arrow; [contradiction 17:1]",
            ),
            ("## Dependencies\n\n**Group A**: M2, M3\n\nM2 → M3", "M3<M2 arrow; [contradiction 17:1]"),
            ("## Dependencies\n\nM2 and M3 can run in parallel after M1.", "M2<M1 prose; M3<M1 prose"),
            (
                "## M3: Three\n\n**Depends on:** M1\n\n## Dependencies\n\nM1 → M2 → M3",
                "M2<M1 arrow; M3<M1 field; M3<M2 arrow",
            ),
            ("## M3: Three\n\n**Depends on:** M1\n\n## Order\n\nM1 → M3", "M3<M1 field"),
        ],
        document,
    );
    let text = document("## M3: Three\n\n**Depends on:** none\n\n## Dependencies\n\nM3 requires M1");
    let needs = Sketch::new(&text).find();
    let finding = &needs.findings[0];
    assert_eq!(finding.message, "M3 depends on M1 here (prose), but needs nothing as line 15 says");
}

#[test]
fn gate_boxes_hold_up_what_depends_on_their_milestone() {
    let section = "## M1: One\n\n- [ ] work\n- [ ] **Gate:** the owner reads it\n- [x] Gate: done\n\n";
    let text = document(&format!("{section}## Order\n\nM1 → M2 → M3"));
    assert_eq!(Sketch::new(&text).shown(), "M2<M1 arrow; M3<M2 arrow; M2! box of M1 `the owner reads it`");
    // What is done already waits for nobody.
    let text = text.replace("| M2: Two |", "| M2: Two ✅ |");
    assert_eq!(Sketch::new(&text).shown(), "M2<M1 arrow; M3<M2 arrow");
}

#[test]
fn a_document_without_dependencies_says_so() {
    let codes = |text: &str| -> Vec<String> {
        Sketch::new(text).find().findings.iter().map(|finding| finding.code.to_string()).collect()
    };
    assert_eq!(codes(&document("")), ["planning.no_dependencies"]);
    assert_eq!(codes("| Milestone | Notes |\n|---|---|\n| M1: a | |\n"), [""; 0]);
    let said = "| Milestone | Notes |\n|---|---|\n| M1: a | |\n| M2: b | |\n\n\
                ## M1\n\n**Depends on:** none\n\n## M2\n\n**Depends on:** none\n";
    assert_eq!(codes(said), [""; 0]);
}

#[test]
fn places_are_exact() {
    let text = document("## Order\n\nWith é: M3 requires **M1** + [M2](#m2)");
    let needs = Sketch::new(&text).find();
    let places: Vec<String> = needs.depends_on[2].iter().map(|on| format!("{} {}", on.on, on.at)).collect();
    assert_eq!(places, ["M1 15:23", "M2 15:31"]);
}

#[test]
fn groups_are_listed() {
    let text = document(
        "## Groups\n\n- **Group A** (now): M1, M2\n- **Group B** (sequential): M3 → M4\n- Wave 2: M5\n",
    );
    let groups = Sketch::new(&text).find().groups;
    let shown: Vec<String> = groups
        .iter()
        .map(|group| format!("{} {} {}", group.name, group.members.join("+"), group.at))
        .collect();
    assert_eq!(shown, ["A M1+M2 15:5", "2 M5 17:3"]);
}

#[test]
fn too_many_dependencies_are_said() {
    let mut text = String::from("| Milestone | Notes |\n|---|---|\n");
    for number in 0..2_000 {
        let _ = writeln!(text, "| M{number}: x | After all previous milestones |");
    }
    let needs = Sketch::new(&text).find();
    assert!(needs.depends_on.iter().map(Vec::len).sum::<usize>() <= 200_000);
    assert!(
        needs.findings.iter().any(|finding| finding.code == "planning.needs.too_many" && finding.is_error())
    );
}

/// A document as a planning session writes it: what is understood of it, and what is not.
#[test]
fn whole_documents() {
    let documents =
        [("shop", include_str!("fixtures/shop.md")), ("editor", include_str!("fixtures/editor.md"))];
    for (name, text) in documents {
        let sketch = Sketch::new(text);
        let needs = sketch.find();
        let mut shown = sketch.shown().replace("; ", "\n");
        for group in &needs.groups {
            let _ = write!(shown, "\ngroup {} = {} {}", group.name, group.members.join(" "), group.at);
        }
        for finding in &needs.findings {
            let place = finding.at.map(|at| at.to_string()).unwrap_or_default();
            let _ = write!(shown, "\n{place} {}: {}", finding.code, finding.message);
        }
        insta::assert_snapshot!(name, shown);
    }
}
