//! Planning documents that can't be worked with, or only in part; and documents that somebody else changes meanwhile.

use serde_json::Value;

use crate::support::planned::{DOCUMENT, Planned, Planning};

/// An agent that says when it is at work on M1, and goes on when it is told to.
fn slow(planning: &Planning) {
    planning.project.pipes(&["pipe-began", "pipe-on"]);
    let script = "if test $ORCH_TASK = M1; then echo > ../../pipe-began; read on < ../../pipe-on; fi; exec \"$0\" \"$1\"";
    let milestoner = crate::support::agent("milestoner");
    planning.config(&format!(
        "[agents.slow]\ncommand = [\"sh\", \"-c\", '{script}', {milestoner:?}, \"{{prompt_file}}\"]\nresult = \"exit\"\n"
    ));
}

const TWO: &[Planned<'_>] =
    &[("M1: Schema", "Haiku", "- [ ] Write the schema"), ("M2: Routes", "Sonnet", "- [ ] Write the routes")];

/// The problems that `orch check` names, as `LINE: CODE`.
fn problems(planning: &Planning) -> Vec<String> {
    let checked = planning.project.json(&["check", DOCUMENT]);
    let problems = checked["problems"].as_array().unwrap_or_else(|| panic!("{checked}"));
    let shown = |problem: &Value| {
        let at = &problem["at"];
        assert!(at["path"].as_str().unwrap().ends_with(DOCUMENT), "{problem}");
        format!("{}: {}", at["line"], problem["code"].as_str().unwrap())
    };
    problems.iter().map(shown).collect()
}

/// Whatever changes something refuses the document, and neither it nor anything beside it changes.
fn is_refused(planning: &Planning, code: &str) {
    let before = planning.text();
    for command in ["check", "run", "dispatch", "collect", "next", "status"] {
        let refused = planning.run_to(65, &[command, DOCUMENT]);
        let said = if command == "check" { &refused.out } else { &refused.err };
        assert!(said.contains(code), "{command}: {refused}");
    }
    assert_eq!(planning.text(), before);
    assert!(!planning.project.exists(".orchestrator"));
    assert!(planning.git(&["worktree", "list"]).lines().count() == 1);
}

#[test]
fn a_document_without_a_tracker_is_refused() {
    let planning = Planning::without_document();
    planning.project.write(DOCUMENT, "# Export\n\n## M1: Schema\n\n- [ ] Write the schema\n");
    is_refused(&planning, "planning.no_tracker");
}

#[test]
fn rows_without_sections_and_sections_without_rows_are_named_and_the_rest_works() {
    let planning = Planning::new(TWO);
    planning.edit("## M2: Routes", "## M7: Else");
    assert_eq!(
        problems(&planning),
        ["12: planning.no_section", "18: planning.untracked", "null: planning.no_dependencies"]
    );
    let prompt = planning.run_to(0, &["dispatch", "M2"]).out;
    assert!(prompt.starts_with("# Worker Context: M2: Routes\n"), "{prompt}");
    planning.hand_back("m2", "Completed", "- Write the routes", "None");
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.rows()[1], "✅ Complete");
    assert!(planning.text().contains("- [ ] Write the routes"), "what is nobody's is not ticked");
    let unknown = planning.run_to(2, &["dispatch", "M7"]);
    assert!(unknown.err.contains("M7"), "{unknown}");
}

#[test]
fn two_rows_with_one_id_are_refused() {
    let planning = Planning::new(TWO);
    planning.edit("| M2: Routes |", "| M1 — Routes |");
    let checked = planning.run_to(65, &["check"]);
    assert!(checked.out.contains(&format!("{DOCUMENT}:12:")), "{checked}");
    assert!(checked.out.contains("M1"), "{checked}");
    is_refused(&planning, "planning.duplicate");
}

#[test]
fn a_circle_in_the_prose_is_refused_with_its_lines() {
    let planning = Planning::new(&[
        ("M1: Schema", "Haiku", "M1 requires M2 complete.\n\n- [ ] Write the schema"),
        ("M2: Routes", "Sonnet", "**Depends on:** M1\n\n- [ ] Write the routes"),
    ]);
    let text = planning.text();
    let line = 1 + text.lines().position(|line| line.starts_with("M1 requires")).unwrap();
    let checked = planning.run_to(65, &["check"]);
    assert!(checked.out.contains(&format!("{DOCUMENT}:{line}:")), "{checked}");
    assert!(checked.out.contains("M1") && checked.out.contains("M2"), "{checked}");
    is_refused(&planning, "cycle");
}

#[test]
fn marks_of_an_unfinished_merge_are_never_written_into() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    let good = planning.text();
    planning.edit(
        "Users can export.",
        "<<<<<<< HEAD\nUsers can export.\n=======\nAll can export.\n>>>>>>> other",
    );
    let before = planning.text();
    for command in ["collect", "run", "dispatch"] {
        let refused = planning.run_to(65, &[command]);
        assert!(refused.err.contains(&format!("{DOCUMENT}:5:")), "{refused}");
    }
    assert_eq!(planning.text(), before);
    assert!(planning.project.exists(".orchestrator/worker-summary-m1-schema.md"));
    planning.project.write(DOCUMENT, good);
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.rows()[0], "✅ Complete");
}

#[test]
fn a_table_inside_a_code_block_is_no_tracker() {
    let planning = Planning::new(TWO);
    let example = "```markdown\n### Milestone Progress Tracker\n\n| Milestone | Model | Status | Duration (min) | Notes |\n|---|---|---|---|---|\n| M1: Example | Opus | ⬜ Not Started | — | |\n| M9: Example | Opus | ⬜ Not Started | — | |\n\n- [ ] Write the schema\n```";
    planning.edit("Users can export.", example);
    planning.edit("## M1: Schema\n", &format!("## M1: Schema\n\n{example}\n"));
    let before = planning.text();
    assert_eq!(problems(&planning), ["null: planning.no_dependencies"]);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect"]);
    let now = planning.text();
    assert_eq!(now.matches(example).count(), 2, "{now}");
    let (gone, new) = planning.changed_since(&before);
    assert_eq!(gone, ["| M1: Schema | Haiku | ⬜ Not Started | — | |\n", "- [ ] Write the schema\n"]);
    assert_eq!(new[0], "| M1: Schema | Haiku | ✅ Complete    | 20 | |\n");
}

#[test]
fn a_document_that_git_has_as_modified_keeps_what_its_owner_wrote() {
    let planning = Planning::new(TWO);
    planning.edit("Users can export.", "Users can export *everything*.");
    planning.edit(
        "| M2: Routes | Sonnet | ⬜ Not Started | — | |",
        "| M2: Routes | Opus | ⬜ Not Started | — | Last |",
    );
    let before = planning.text();
    planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"; 2]);
    let now = planning.text();
    assert!(now.contains("Users can export *everything*."), "{now}");
    let (gone, _) = planning.changed_since(&before);
    assert_eq!(gone.len(), 4, "two rows and two boxes: {gone:?}");
    assert!(now.contains("| Last |"), "{now}");
    assert!(
        planning.git(&["diff", "--stat", "HEAD", "--", DOCUMENT]).contains(DOCUMENT),
        "orch commits no document"
    );
}

#[test]
fn what_a_person_edits_between_dispatch_and_collect_stays() {
    let planning = Planning::new(&[
        ("M1: Schema", "Haiku", "- [ ] Write the schema\n- [ ] Test the schema"),
        ("M2: Routes", "Sonnet", "- [ ] Write the routes"),
    ]);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.edit("- [ ] Test the schema", "- [x] Test the schema *(by me)*\n- [ ] Draw the schema");
    planning.edit(
        "| M2: Routes | Sonnet | ⬜ Not Started | — | |",
        "| M2: Routes | Sonnet | ✅ Complete | 5 | by me |\n| M3: Page | Opus | ⬜ Not Started | — | |",
    );
    planning.edit("Users can export.", "Nobody can export.");
    planning.edit(
        "## Progress Log / Notes\n",
        "## M3: Page\n\n- [ ] Write the page\n\n## Progress Log / Notes\n",
    );
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    let before = planning.text();
    let collected = planning.run_to(0, &["collect"]);
    assert!(collected.err.contains("does not speak of `Draw the schema`"), "{collected}");
    assert!(collected.out.contains("ready now: M3"), "{collected}");
    assert_eq!(planning.rows(), ["✅ Complete", "✅ Complete", "⬜ Not Started"]);
    let (gone, new) = planning.changed_since(&before);
    assert_eq!(gone, ["| M1: Schema | Haiku | 🔄 In Progress | — | |\n", "- [ ] Write the schema\n"]);
    assert_eq!(new.len(), 4, "{new:?}");
    assert_eq!(planning.cells(4)[1], "5");
}

#[test]
fn a_row_that_a_person_has_changed_under_way_wins_and_is_said() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.edit("🔄 In Progress", "✅ Complete");
    let collected = planning.run_to(4, &["collect"]);
    assert!(collected.err.contains("was edited by hand: 1 changed status is taken over"), "{collected}");
    assert_eq!(planning.rows(), ["✅ Complete", "⬜ Not Started"]);
    assert_eq!(planning.state()["workers"], serde_json::json!([]));
    // The summary that comes all the same is shown, and changes nothing.
    planning.hand_back("m1-schema", "Partial", "- [x] Write the schema", "None");
    let late = planning.run_to(3, &["collect"]);
    assert!(late.out.contains("M1") && late.out.contains("hint: "), "{late}");
    assert_eq!(planning.rows(), ["✅ Complete", "⬜ Not Started"]);
}

#[test]
fn what_a_person_edits_while_a_run_is_at_work_stays() {
    let planning = Planning::new(&[
        ("M1: Schema", "Haiku", "- [ ] Write the schema"),
        ("M2: Routes", "Sonnet", "- [ ] Write the routes"),
        ("M3: Page", "Sonnet", "**Depends on:** M1\n\n- [ ] Write the page"),
    ]);
    slow(&planning);
    let run = planning.start_run(&["--agent", "slow", "-j", "1"]);
    planning.project.hear("pipe-began");
    planning.edit("Users can export.", "Nobody can export.");
    planning.edit("- [ ] Write the schema", "- [ ] Write the schema\n- [ ] Draw the schema");
    planning.edit("| M2: Routes | Sonnet | ⬜ Not Started |", "| M2: Routes | Sonnet | ⬛ Skipped (user) |");
    planning.project.say("pipe-on");
    let ended = run.end();
    let now = planning.text();
    assert!(
        now.contains("Nobody can export.") && now.contains("- [x] Write the schema\n- [ ] Draw the schema\n"),
        "{now}"
    );
    assert_eq!(planning.rows()[0], "✅ Complete", "{ended}");
    assert_eq!(planning.rows()[1], "⬛ Skipped (user)", "{ended}");
    assert_eq!(planning.rows()[2], "✅ Complete", "{ended}");
    assert!(ended.err.contains("M2") && ended.err.contains("changed by hand"), "{ended}");
    assert_eq!(ended.err.matches("the row of M2 was changed by hand").count(), 1, "said once: {ended}");
}

#[test]
fn a_milestone_that_is_taken_out_of_the_document_under_way_is_said_and_lost_nothing() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.edit("| M1: Schema | Haiku | 🔄 In Progress | — | |\n", "");
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    let before = planning.text();
    let collected = planning.run_to(3, &["collect"]);
    assert!(collected.out.contains("there is no milestone M1 in the tracker"), "{collected}");
    assert_eq!(planning.text(), before);
    assert!(planning.project.exists(".orchestrator/worker-summary-m1-schema.md"));
    planning.run_to(0, &["status"]);
    planning.edit("| M2: Routes |", "| M1: Schema | Haiku | 🔄 In Progress | — | |\n| M2: Routes |");
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.rows(), ["✅ Complete", "⬜ Not Started"]);
}

#[test]
fn two_orchs_at_once_do_not_meet() {
    let planning = Planning::new(TWO);
    slow(&planning);
    let run = planning.start_run(&["--agent", "slow", "-j", "1"]);
    planning.project.hear("pipe-began");
    planning.hand_back("m2", "Completed", "- [x] Write the routes", "None");
    let before = planning.text();
    for command in [&["run"][..], &["dispatch", "M2"], &["collect"], &["close"], &["mode", "file"]] {
        let held = planning.run_to(75, command);
        assert!(held.err.contains("hint: "), "{held}");
    }
    assert_eq!(planning.text(), before);
    let status = planning.run_to(0, &["status"]).out;
    assert!(status.contains("Run by process ") && status.contains("| 1      | M1 Schema"), "{status}");
    planning.project.say("pipe-on");
    run.end();
    assert_eq!(planning.rows()[0], "✅ Complete");
}

#[test]
fn a_document_that_can_be_written_no_more_during_a_run_is_caught_up_with() {
    for broken in ["<<<<<<< HEAD\n=======\n>>>>>>> other\n", "\u{0}", ""] {
        let planning = Planning::new(&[
            TWO[0],
            ("M2: Routes", "Sonnet", "**Depends on:** M1\n\n- [ ] Write the routes"),
        ]);
        slow(&planning);
        let run = planning.start_run(&["--agent", "slow"]);
        planning.project.hear("pipe-began");
        let good = planning.text();
        let path = planning.project.path(DOCUMENT);
        match broken {
            "" => std::fs::remove_file(&path).unwrap(),
            "\u{0}" => std::fs::write(&path, [good.as_bytes(), b"\xff\xfe"].concat()).unwrap(),
            marks => std::fs::write(&path, format!("{marks}{good}")).unwrap(),
        }
        let spoilt = std::fs::read(&path).ok();
        planning.project.say("pipe-on");
        let ended = run.end();
        assert_eq!(ended.code, Some(1), "{broken:?}: {ended}");
        assert!(ended.err.contains(DOCUMENT), "{broken:?}: {ended}");
        assert_eq!(std::fs::read(&path).ok(), spoilt, "{broken:?}");
        planning.project.write(DOCUMENT, good);
        // The work that was done is not done again.
        let ended = planning.run_to(0, &["run"]);
        assert!(!ended.err.contains("M1 started"), "{broken:?}: {ended}");
        assert_eq!(planning.rows(), ["✅ Complete"; 2], "{broken:?}: {ended}");
        assert!(!planning.text().contains("- [ ]"), "{broken:?}: {}", planning.text());
        assert_eq!(planning.log().len(), 3, "{broken:?}: {:?}", planning.log());
        assert_eq!(planning.processed().len(), 2, "{broken:?}");
        assert!(planning.project.exists("M1.txt"), "{broken:?}");
    }
}

#[test]
fn a_row_that_is_taken_out_during_a_run_is_said_once() {
    let planning = Planning::new(TWO);
    slow(&planning);
    let run = planning.start_run(&["--agent", "slow", "-j", "1"]);
    planning.project.hear("pipe-began");
    planning.edit("| M1: Schema | Haiku | 🔄 In Progress | — | |\n", "");
    planning.project.say("pipe-on");
    let ended = run.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ended.err.matches("M1 has no row in the tracker any more").count(), 1, "{ended}");
    assert_eq!(planning.rows(), ["✅ Complete"]);
    assert!(planning.project.exists("M1.txt"), "its work is merged");
    assert!(planning.processed().contains(&"worker-summary-m1-schema.md".to_owned()));
}
