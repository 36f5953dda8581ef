//! A person's day with a planning document: look, dispatch, hand the prompt on, collect, look again.

use serde_json::{Value, json};

use crate::support::planned::{DOCUMENT, Planned, Planning};

const DAY: &[Planned<'_>] = &[
    (
        "M1: Schema",
        "Haiku",
        "Works in `db/migrations/` and `db/schema.sql`.\n\n- [ ] Write the schema\n- [ ] Test the schema",
    ),
    ("M2: Routes", "Sonnet", "Works in `src/routes.rs`.\n\n- [ ] Write the routes"),
    (
        "M3: Remote export",
        "Opus",
        "**Depends on:** M1, M2\n\n- [ ] Write the export\n- [ ] Document the export",
    ),
];

/// Whether the parts stand in the text in this order.
fn in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let place = text[from..].find(part);
        from += place.unwrap_or_else(|| panic!("no {part:?} after {from} in {text}")) + part.len();
    }
}

#[test]
fn a_prompt_has_every_part_of_the_seed_in_its_order_and_is_alone_on_stdout() {
    let planning = Planning::new(DAY);
    let ended = planning.run_to(0, &["dispatch", "M1"]);
    assert!(ended.out.starts_with("# Worker Context: M1: Schema\n"), "{ended}");
    in_order(
        &ended.out.replace('\n', " "),
        &[
            "# Worker Context: M1: Schema",
            "## Your mission",
            "omplete its work, write a summary, and close this",
            "## The planning document",
            "`Export-Planning.md`",
            "> **IMPORTANT: Do NOT edit the planning document.**",
            "## The milestone",
            "Recommended model: Haiku",
            "`db/migrations/`",
            "### Tasks to complete",
            "- [ ] Write the schema - [ ] Test the schema",
            "**IMPORTANT: ALL of these tasks must be completed.**",
            "## Who else is at work",
            "No other context works on this plan now",
            "in this exact order",
            "**FIRST: commit",
            "**SECOND: write your summary**",
            "`.orchestrator/worker-summary-m1-schema.md`",
            "**Do NOT edit the planning document.**",
            "**LAST: notify the user.**",
            "do not begin another milestone",
        ],
    );
    assert!(!ended.out.contains("prompt generated"), "{ended}");
    assert!(
        ended.err.contains("prompt generated. Copy it to a new context to start worker 1 on M1"),
        "{ended}"
    );
    assert_eq!(planning.rows(), ["🔄 In Progress", "⬜ Not Started", "⬜ Not Started"]);
    // The second one is told of the first, and where that works.
    let second = planning.run_to(0, &["dispatch", "Routes"]).out;
    in_order(
        &second,
        &["## Who else is at work", "M1", "Schema", "`db/migrations/`", "`db/`", "in this exact order"],
    );
    let state = planning.state();
    assert_eq!(state["planningDoc"], DOCUMENT);
    assert_eq!(state["promptMode"], "inline");
    assert_eq!(state["processedSummaries"], json!([]));
    assert!(state["startedAt"].as_str().unwrap().starts_with("20"), "{state}");
    let at_work: Vec<_> = state["workers"].as_array().unwrap().iter().map(|it| &it["milestone"]).collect();
    assert_eq!(at_work, ["M1", "M2"]);
    assert!(planning.git(&["check-ignore", ".orchestrator/state.json"]).contains("state.json"));
}

#[test]
fn what_may_not_start_is_refused_with_the_reason_and_nothing_changes() {
    let planning = Planning::new(DAY);
    let before = planning.text();
    let refused = planning.run_to(3, &["dispatch", "3"]);
    assert!(refused.err.contains("M3 may not start: it waits for M1, M2"), "{refused}");
    assert!(refused.err.contains("hint: "), "{refused}");
    assert_eq!(refused.out, "");
    let unknown = planning.run_to(2, &["dispatch", "M33"]);
    assert!(unknown.err.contains("M33") && unknown.err.contains("did you mean"), "{unknown}");
    planning.run_to(2, &["dispatch", "M1", "M2"]);
    assert_eq!(planning.text(), before);
    planning.run_to(0, &["dispatch", "M1"]);
    let twice = planning.run_to(2, &["dispatch", "M1"]);
    assert!(twice.err.contains("M1 is under way"), "{twice}");
}

#[test]
fn next_show_and_the_dashboard_tell_the_same() {
    let planning = Planning::new(DAY);
    let dashboard = planning.run_to(0, &[]).out;
    in_order(
        &dashboard,
        &[
            "**ORCHESTRATOR DASHBOARD**",
            "Planning Doc: Export-Planning.md",
            "Session Started: no session yet",
            "**Active Workers:**",
            "| Worker | Milestone | Status    | Started |",
            "| 1      | —         | Available | —       |",
            "**Milestone Progress:**",
            "- [ ] M1: Schema (ready)",
            "- [ ] M2: Routes (ready)",
            "- [ ] M3: Remote export (blocked by M1, M2)",
            "Pending Summaries: 0 | Alerts: None",
        ],
    );
    assert_eq!(planning.run_to(0, &["next"]).out, "M1  Schema\nM2  Routes\n");
    for name in ["M3", "m3", "3", "Milestone 3", "Remote export", "remote export"] {
        let shown = planning.run_to(0, &["show", name]).out;
        assert!(shown.starts_with("M3: Remote export\n"), "{name}: {shown}");
        assert!(shown.contains("M1 (field, line 30), M2 (field, line 30)"), "{shown}");
        assert!(shown.contains("[ ] Write the export") && shown.contains("0 of 2 ticked"), "{shown}");
    }
    planning.run_to(0, &["dispatch"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema\n- [x] Test the schema", "None");
    let dashboard = planning.run_to(0, &["status", DOCUMENT]).out;
    in_order(
        &dashboard,
        &["| 1      | M1 Schema | In Progress |", "| 2      | —", "(worker 1)", "Pending Summaries: 1"],
    );
    let status = planning.project.json(&["status"]);
    let session = &status["session"];
    assert_eq!(session["mode"], "inline");
    assert_eq!(session["pending_summaries"], 1);
    assert_eq!(session["alerts"], json!([]));
    assert_eq!(session["unticked"], 0);
    assert_eq!(session["workers"][0]["milestone"], "M1");
    assert_eq!(session["workers"][0]["by"], "person");
    assert_eq!(session["workers"][0]["worker"], 1);
    planning.run_to(0, &["collect"]);
    assert!(planning.run_to(0, &["status"]).out.contains("- [x] M1: Schema (completed "));
}

#[test]
fn a_prompt_in_a_file_leaves_a_short_text_to_paste() {
    let planning = Planning::new(DAY);
    let ended = planning.run_to(0, &["dispatch", "M1", "--mode", "file"]);
    let path = ".orchestrator/prompts/worker-prompt-m1-schema.md";
    assert_eq!(
        ended.out,
        format!("Read and follow the instructions in {path}\n\nUse Haiku for this task.\n")
    );
    assert!(ended.err.contains(&format!("the prompt is in {path}. Paste the above")), "{ended}");
    assert!(planning.project.read(path).starts_with("# Worker Context: M1: Schema\n"));
    assert_eq!(planning.state()["promptMode"], "file");
    assert_eq!(planning.state()["workers"][0]["prompt"], path);
    // It stays so until it is switched.
    assert!(planning.run_to(0, &["dispatch", "M2"]).out.starts_with("Read and follow "));
    planning.run_to(0, &["stop", "M2"]);
    assert_eq!(planning.run_to(0, &["mode", "inline"]).out, "prompt mode: inline\n");
    assert!(planning.run_to(0, &["dispatch", "M2"]).out.starts_with("# Worker Context: M2: Routes\n"));
}

#[test]
fn summaries_are_taken_in_from_files_and_from_what_is_pasted() {
    let planning = Planning::new(DAY);
    let before = planning.text();
    assert_eq!(planning.run_to(4, &["collect"]).out, "there is no summary to be collected\n");
    planning.run_to(0, &["dispatch", "M1"]);
    planning.run_to(0, &["dispatch", "M2"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema\n- [x] Test the schema", "None");
    let collected = planning.run_to(0, &["collect"]);
    assert!(collected.out.starts_with("M1 Schema: SUCCESS\n"), "{collected}");
    let pasted = "# Worker Summary: M2 - Routes\n\nStatus: Completed\nStart time: 2026-11-02 10:00\nEnd time: 2026-11-02 11:05\n\n## Work completed\n\n- [x] Write the routes\n\n## Issues or blockers\n\nNone\n";
    let collected = planning.feed(0, &["collect", "--stdin"], pasted);
    assert_eq!(collected.out, "M2 Routes: SUCCESS\nready now: M3; `orch dispatch M3`\n", "{collected}");
    let (gone, new) = planning.changed_since(&before);
    assert_eq!(
        gone,
        [
            "| M1: Schema | Haiku | ⬜ Not Started | — | |\n",
            "| M2: Routes | Sonnet | ⬜ Not Started | — | |\n",
            "- [ ] Write the schema\n",
            "- [ ] Test the schema\n",
            "- [ ] Write the routes\n"
        ]
    );
    assert_eq!(new.len(), 5 + 4, "two entries of the log, each with an empty line: {new:?}");
    assert_eq!(planning.cells(4), ["20", "65", "—"]);
    assert_eq!(planning.log()[0], "M2 complete (65 min). Write the routes. Boxes: 1 of 1 ticked.");
    assert_eq!(planning.processed(), ["worker-summary-m1-schema.md", "worker-summary-m2-routes.md"]);
    assert_eq!(
        planning.state()["processedSummaries"],
        json!(["worker-summary-m1-schema.md", "worker-summary-m2-routes.md"])
    );
    assert_eq!(planning.state()["workers"], json!([]));
    assert!(!planning.project.exists(".orchestrator/worker-summary-m1-schema.md"));
}

#[test]
fn an_alert_comes_first_and_nothing_is_dispatched_until_somebody_has_looked() {
    let planning = Planning::new(DAY);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Blocked", "- [ ] Write the schema", "- The server is down");
    let collected = planning.run_to(3, &["collect"]);
    assert!(
        collected.out.starts_with("!! dispatching is paused until `orch ack`:\n!! M1 came back Blocked: "),
        "{collected}"
    );
    assert!(collected.out.contains("The server is down"), "{collected}");
    assert!(!collected.out.contains("ready now"), "{collected}");
    let refused = planning.run_to(3, &["dispatch", "M2"]);
    assert!(refused.err.contains("dispatching is paused: M1 came back Blocked"), "{refused}");
    assert!(refused.err.contains("hint: `orch ack`"), "{refused}");
    assert!(
        planning.run_to(0, &["status"]).out.contains("Alerts: 1, dispatching is paused until `orch ack`")
    );
    assert_eq!(planning.rows()[1], "⬜ Not Started");
    assert!(planning.run_to(0, &["ack"]).out.starts_with("looked at: M1 came back Blocked"));
    planning.run_to(0, &["dispatch", "M2"]);
    // One that failed may be dispatched again as it stands.
    let again = planning.run_to(0, &["dispatch", "M1"]).out;
    assert!(again.starts_with("# Worker Context: M1: Schema\n"), "{again}");
    assert_eq!(planning.rows()[0], "🔄 In Progress");
}

#[test]
fn a_gap_is_only_what_is_left_and_no_gap_overwrites_another() {
    let planning = Planning::new(DAY);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.project.write("db/schema.sql", "create table t;\n");
    let first = "**Status:** Partial\n**Start time:** 2026-11-02 10:00\n**End time:** 2026-11-02 10:20\n\n## Work completed\n- [x] Write the schema\n- [ ] Test the schema\n\n## Files modified\n- `db/schema.sql`\n\n## Notes for orchestrator\n- Ids are numbers everywhere\n";
    planning.project.write(".orchestrator/worker-summary-m1-schema.md", first);
    planning.run_to(3, &["collect"]);
    assert_eq!(planning.rows()[0], "🟡 Partial");
    planning.run_to(0, &["ack"]);
    let plain = planning.run_to(2, &["dispatch", "M1"]);
    assert!(plain.err.contains("M1 came back partial") && plain.err.contains("dispatch --gap M1"), "{plain}");
    let gap = planning.run_to(0, &["dispatch", "--gap", "M1"]).out;
    in_order(
        &gap,
        &[
            "# Worker Context: M1: Schema - Gap Fill",
            "follow up",
            "`.orchestrator/processed/worker-summary-m1-schema.md`",
            "Write the schema",
            "`db/schema.sql`",
            "Ids are numbers everywhere",
            "### Remaining tasks",
            "- [ ] Test the schema",
            "`.orchestrator/worker-summary-m1-schema-gap.md`",
        ],
    );
    assert!(!gap.contains("- [ ] Write the schema"), "{gap}");
    // It came to nothing either, and the one after it has a name of its own.
    planning.hand_back("m1-schema-gap", "Partial", "- [ ] Test the schema", "- No test database");
    planning.run_to(3, &["collect"]);
    planning.run_to(0, &["ack"]);
    let second = planning.run_to(0, &["dispatch", "--gap", "M1", "--mode", "file"]).out;
    assert!(second.contains("worker-prompt-m1-schema-gap-2.md"), "{second}");
    planning.hand_back("m1-schema-gap-2", "Completed", "- [x] Test the schema", "None");
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.rows()[0], "✅ Complete");
    assert_eq!(
        planning.processed(),
        [
            "worker-summary-m1-schema-gap-2.md",
            "worker-summary-m1-schema-gap.md",
            "worker-summary-m1-schema.md"
        ]
    );
    assert!(planning.cells(4)[0].starts_with("20 + "), "{:?}", planning.cells(4));
    let none = planning.run_to(2, &["dispatch", "--gap", "M1"]);
    assert!(none.err.contains("nothing is left of M1"), "{none}");
    let unbegun = planning.run_to(2, &["dispatch", "--gap", "M2"]);
    assert!(unbegun.err.contains("nothing of M2 was done yet"), "{unbegun}");
    // All of it again: its boxes are ticked, so that its text is what tells what is to be done.
    planning.run_to(0, &["retry", "M1"]);
    let again = planning.run_to(0, &["dispatch", "M1", "--mode", "inline"]).out;
    assert!(again.contains("<milestone-section>") && again.contains("- [x] Write the schema"), "{again}");
    assert!(again.contains("`.orchestrator/worker-summary-m1-schema-gap-3.md`"), "{again}");
}

#[test]
fn a_gap_of_what_has_no_boxes_is_what_its_text_asks_for() {
    let planning = Planning::new(&[("M1: Schema", "Haiku", "Write the schema, and test it.")]);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Partial", "- Wrote the schema", "- It is not tested");
    planning.run_to(3, &["collect"]);
    planning.run_to(0, &["ack"]);
    let gap = planning.run_to(0, &["dispatch", "--gap", "M1"]).out;
    in_order(&gap, &["- Gap Fill", "Wrote the schema", "It is not tested", "Write the schema, and test it."]);
    planning.hand_back("m1-schema-gap", "Completed", "- Tested the schema", "None");
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.rows(), ["✅ Complete"]);
    let none = planning.run_to(2, &["dispatch", "--gap", "M1"]);
    assert!(none.err.contains("nothing is left of M1"), "{none}");
}

#[test]
fn boxes_that_stay_open_in_a_complete_milestone_are_seen_and_filled() {
    let planning = Planning::new(DAY);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Completed", "- Write the schema", "None");
    let collected = planning.run_to(0, &["collect"]);
    assert!(collected.err.contains("its summary does not speak of `Test the schema`"), "{collected}");
    assert!(planning.text().contains("- [x] Write the schema\n- [ ] Test the schema"));
    let checked = planning.run_to(0, &["check"]);
    assert!(checked.out.contains("[planning.unticked]"), "{checked}");
    assert!(checked.out.contains("M1: Schema (row at line 11, section at line 15)"), "{checked}");
    let check = planning.project.json(&["check"]);
    assert_eq!(check["understood"][0]["boxes"], 2);
    assert_eq!(check["understood"][0]["ticked"], 1);
    assert_eq!(check["understood"][2]["depends_on"][0]["notation"], "field");
    assert!(planning.run_to(0, &["status"]).out.contains("Unticked: 1 boxes of complete milestones"));
    assert_eq!(planning.project.json(&["status"])["session"]["unticked"], 1);
    let gap = planning.run_to(0, &["dispatch", "--gap", "M1"]).out;
    assert!(gap.contains("- [ ] Test the schema") && !gap.contains("- [ ] Write the schema"), "{gap}");
    planning.hand_back("m1-schema-gap", "Completed", "- Test the schema", "None");
    planning.run_to(0, &["collect"]);
    assert!(!planning.run_to(0, &["check"]).out.contains("planning.unticked"));
}

#[test]
fn gates_wait_for_a_person_and_pass_in_the_document_and_by_ack() {
    let planning = Planning::new(&[
        ("M1: Copy", "Haiku", "- [ ] Write the copy\n- [ ] **Gate:** the owner likes the copy"),
        (
            "M2: Page",
            "Haiku",
            "**Depends on:** M1\n\n- [ ] Write the page\n- [ ] **Gate:** the page looks right",
        ),
        ("M3: Release", "Haiku", "**Depends on:** M2\n\n- [ ] Release"),
    ]);
    let done = |id: &str, name: &str, work: &str| {
        planning.run_to(0, &["dispatch", id]);
        planning.hand_back(name, "Completed", work, "None");
        planning.run_to(0, &["collect"]);
    };
    done("M1", "m1-copy", "- [x] Write the copy");
    let refused = planning.run_to(3, &["dispatch", "M2"]);
    assert!(
        refused.err.contains("M2 may not start: it waits for the gate of M1: the owner likes the copy"),
        "{refused}"
    );
    assert!(planning.text().contains("- [ ] **Gate:** the owner likes the copy"), "a worker passes no gate");
    let approved = planning.run_to(0, &["ack", "M2"]);
    assert_eq!(approved.out, "approved: the gate of M1: the owner likes the copy\n");
    assert!(planning.text().contains("- [x] **Gate:** the owner likes the copy"));
    assert!(planning.log()[0].starts_with("Approved before M2"), "{:?}", planning.log());
    let twice = planning.run_to(2, &["ack", "M2"]);
    assert!(twice.err.contains("M2 waits for nobody's approval"), "{twice}");
    done("M2", "m2-page", "- [x] Write the page");
    planning.run_to(3, &["dispatch", "M3"]);
    planning.edit("- [ ] **Gate:** the page looks right", "- [x] **Gate:** the page looks right");
    planning.run_to(0, &["dispatch", "M3"]);
}

#[test]
fn approvals_are_written_through_no_link_and_into_no_pipe() {
    let section = "- [ ] Write the schema";
    let planning =
        Planning::new(&[("M1: Schema", "Haiku", section), ("M2: Routes", "Haiku", "- [ ] Write the routes")]);
    planning.edit("## M1: Schema", "M1 → *user gate* → M2\n\n## M1: Schema");
    planning.project.write("precious", "mine\n");
    std::fs::create_dir_all(planning.project.path(".orchestrator")).unwrap();
    let place = planning.project.path(".orchestrator/approved.txt");
    std::os::unix::fs::symlink("../precious", &place).unwrap();
    let refused = planning.run_to(1, &["ack", "M2"]);
    assert!(refused.err.contains("approved.txt"), "{refused}");
    assert_eq!(planning.project.read("precious"), "mine\n");
    std::fs::remove_file(&place).unwrap();
    planning.project.pipes(&[".orchestrator/approved.txt"]);
    planning.run_to(1, &["ack", "M2"]);
    planning.run_to(0, &["next"]);
}

#[test]
fn a_user_gate_between_milestones_passes_by_ack_alone() {
    let planning = Planning::new(&[
        ("M1: Copy", "Haiku", "- [ ] Write the copy"),
        ("M2: Page", "Haiku", "- [ ] Write the page"),
    ]);
    planning.edit("Users can export.", "Users can export.\n\n## Order\n\nM1 → *user gate* → M2");
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-copy", "Completed", "- [x] Write the copy", "None");
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.run_to(4, &["next"]).out, "");
    let why = planning.project.json(&["why", "M2"]);
    assert_eq!(why["reasons"][0]["code"], Value::from("awaits"), "{why}");
    planning.run_to(3, &["dispatch", "M2"]);
    assert!(
        planning.run_to(0, &["ack", "M2"]).out.starts_with("approved: a person's approval between M1 and M2")
    );
    planning.run_to(0, &["dispatch", "M2"]);
}
