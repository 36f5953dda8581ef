//! Summaries that can't be taken in as they are, and those that lie.

use crate::support::planned::{DOCUMENT, Planned, Planning};

const TWO: &[Planned<'_>] = &[
    ("M1: Schema", "Haiku", "- [ ] Write the schema"),
    ("M2: Routes", "Sonnet", "**Depends on:** M1\n\n- [ ] Write the routes"),
];

const PENDING: &str = ".orchestrator/worker-summary-m1-schema.md";

#[test]
fn of_an_unknown_milestone_it_stays_where_it_is() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m11-schema", "Completed", "- [x] Write the schema", "None");
    let before = planning.text();
    let collected = planning.run_to(3, &["collect"]);
    assert!(
        collected.out.contains("worker-summary-m11-schema.md was not taken in: there is no milestone M11"),
        "{collected}"
    );
    assert!(collected.out.contains("did you mean `M1`?"), "{collected}");
    assert!(planning.project.exists(".orchestrator/worker-summary-m11-schema.md"));
    let pasted =
        "# Worker Summary: M11 - Schema\n\nStatus: Completed\n\n## Work completed\n- [x] Write the schema\n";
    let refused = planning.feed(2, &["collect", "--stdin"], pasted);
    assert!(
        refused.err.contains("there is no milestone M11") && refused.err.contains("did you mean `M1`?"),
        "{refused}"
    );
    let other = planning.feed(2, &["collect", "M2", "--stdin"], &pasted.replace("M11", "M1"));
    assert!(other.err.contains("says that it is of M1, not of M2"), "{other}");
    assert_eq!(planning.text(), before);
}

#[test]
fn a_second_one_of_a_milestone_that_is_done_changes_nothing() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect"]);
    planning.hand_back("m1-schema", "Blocked", "- [ ] Write the schema", "- All is lost");
    let before = planning.text();
    let collected = planning.run_to(3, &["collect"]);
    assert!(collected.out.contains("a summary of M1 was taken in already, and it is SUCCESS"), "{collected}");
    assert!(planning.project.exists(PENDING));
    assert_eq!(planning.text(), before);
    // The very same bytes once more are what an interrupted collect leaves: they are put away.
    std::fs::copy(
        planning.project.path(".orchestrator/processed/worker-summary-m1-schema.md"),
        planning.project.path(PENDING),
    )
    .unwrap();
    planning.run_to(4, &["collect"]);
    assert!(!planning.project.exists(PENDING));
    assert_eq!(planning.text(), before);
}

#[test]
fn one_whose_name_and_words_disagree_is_left() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    let text =
        "# Worker Summary: M2 - Routes\n\nStatus: Completed\n\n## Work completed\n\n- [x] Write the schema\n";
    planning.project.write(".orchestrator/worker-summary-m1-schema.md", text);
    let left = planning.run_to(3, &["collect"]);
    assert!(left.out.contains("its name says M1, and what is in it says M2"), "{left}");
    assert_eq!(planning.rows()[0], "🔄 In Progress");
}

#[test]
fn of_what_was_never_dispatched_nothing_is_taken_in_while_dispatching_is_paused() {
    let planning =
        Planning::new(&[("M1: Schema", "", "- [ ] Write it"), ("M2: Page", "", "- [ ] Write the page")]);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Blocked", "- [ ] Write it", "No key");
    planning.run_to(3, &["collect"]);
    planning.hand_back("m2-page", "Completed", "- [x] Write the page", "None");
    let left = planning.run_to(3, &["collect", "--undispatched"]);
    assert!(
        left.out.contains("M2 was never dispatched, and may not start: nothing is dispatched until"),
        "{left}"
    );
    assert_eq!(planning.rows()[1], "⬜ Not Started");
    planning.run_to(0, &["ack"]);
    planning.run_to(0, &["collect", "--undispatched"]);
}

#[test]
fn two_of_one_milestone_are_both_left() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.hand_back("m1-other", "Partial", "- [ ] Write the schema", "None");
    let collected = planning.run_to(3, &["collect"]);
    assert_eq!(collected.out.matches("there are several summaries of M1").count(), 2, "{collected}");
    assert_eq!(planning.rows()[0], "🔄 In Progress");
    std::fs::remove_file(planning.project.path(".orchestrator/worker-summary-m1-other.md")).unwrap();
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.rows()[0], "✅ Complete");
}

#[test]
fn two_of_one_milestone_that_was_never_dispatched_change_nothing() {
    let planning = Planning::new(TWO);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.hand_back("m1-other", "Partial", "- [ ] Write the schema", "None");
    let before = planning.text();
    let collected = planning.run_to(3, &["collect", "--undispatched"]);
    assert_eq!(collected.out.matches("there are several summaries of M1").count(), 2, "{collected}");
    assert_eq!(planning.text(), before);
    assert_eq!(planning.run_to(0, &["next"]).out, "M1  Schema\n");
}

#[test]
fn empty_ones_and_ones_without_a_status_are_left() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    for (text, why) in [
        ("", "it says nothing"),
        (" \n\n\t\n", "it says nothing"),
        ("## Work completed\n- [x] Write the schema\n", "it has no status"),
        (
            "**Status:** splendid\n\n## Work completed\n- [x] Write the schema\n",
            "its status `splendid` is none of",
        ),
    ] {
        planning.project.write(PENDING, text);
        let collected = planning.run_to(3, &["collect"]);
        assert!(collected.out.contains(why) && collected.out.contains("hint: "), "{text:?}: {collected}");
        assert_eq!(planning.rows()[0], "🔄 In Progress");
        assert_eq!(planning.project.read(PENDING), text);
    }
    std::fs::remove_file(planning.project.path(PENDING)).unwrap();
    assert!(planning.feed(2, &["collect", "--stdin"], "\n").err.contains("what was pasted says nothing"));
    // A folder of that name is no summary, and neither is a link that leads nowhere.
    std::fs::create_dir(planning.project.path(PENDING)).unwrap();
    std::os::unix::fs::symlink("nowhere", planning.project.path(".orchestrator/worker-summary-m1-x.md"))
        .unwrap();
    planning.run_to(4, &["collect"]);
}

#[test]
fn one_of_five_megabytes_is_taken_in() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    let noise = "- and then this happened, and it went well enough\n".repeat(100_000);
    let text = format!(
        "**Status:** Completed\n\n## Work completed\n- [x] Write the schema\n{noise}\n## Issues\nNone\n"
    );
    assert!(text.len() >= 5_000_000);
    planning.project.write(PENDING, &text);
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.rows()[0], "✅ Complete");
    assert!(planning.text().len() < 4000, "the document tells the gist: {} bytes", planning.text().len());
    assert_eq!(
        planning.project.read(".orchestrator/processed/worker-summary-m1-schema.md").len(),
        text.len()
    );
}

#[test]
fn of_what_was_never_dispatched_it_is_taken_in_only_when_asked() {
    let planning = Planning::new(TWO);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.hand_back("m2-routes", "Completed", "- [x] Write the routes", "None");
    let before = planning.text();
    let collected = planning.run_to(3, &["collect"]);
    assert!(
        collected.out.contains("M1 was never dispatched") && collected.out.contains("--undispatched"),
        "{collected}"
    );
    assert_eq!(planning.text(), before);
    let collected = planning.run_to(3, &["collect", "--undispatched"]);
    assert!(collected.out.contains("M1 Schema: SUCCESS"), "{collected}");
    assert!(
        collected.out.contains("M2 was never dispatched, and may not start: it waits for M1"),
        "{collected}"
    );
    assert_eq!(planning.rows(), ["✅ Complete", "⬜ Not Started"]);
    planning.run_to(0, &["collect", "M2", "--undispatched"]);
    assert_eq!(planning.rows(), ["✅ Complete"; 2]);
}

#[test]
fn files_that_are_not_there_are_reported() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.project.write("db/schema.sql", "create table t;\n");
    planning.git(&["add", "db/schema.sql"]);
    planning.git(&["commit", "-q", "-m", "Schema"]);
    planning.git(&["rm", "-q", ".gitignore", "--cached"]);
    let text = "**Status:** Completed\n\n## Work completed\n- [x] Write the schema\n\n## Files modified\n- `db/schema.sql`\n- `db/ghost.sql`\n- `../outside.txt`\n\n## Issues\nNone\n";
    planning.project.write(PENDING, text);
    let collected = planning.run_to(3, &["collect"]);
    assert!(collected.out.contains("!! M1 came back Completed: it names the file `db/ghost.sql`, which is neither in the project nor in a commit"), "{collected}");
    assert!(!collected.out.contains("db/schema.sql"), "{collected}");
    assert_eq!(planning.rows()[0], "✅ Complete");
    planning.run_to(3, &["dispatch", "M2"]);
}

#[test]
fn an_end_before_the_start_makes_no_duration() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    let text = "**Status:** Completed\n**Start time:** 2026-11-02 10:00\n**End time:** 2026-11-02 09:00\n\n## Work completed\n- [x] Write the schema\n";
    planning.project.write(PENDING, text);
    let collected = planning.run_to(0, &["collect"]);
    assert!(collected.err.contains("its duration is not written"), "{collected}");
    assert_eq!(planning.cells(4)[0], "—");
    assert!(planning.log()[0].starts_with("M1 complete. "), "{:?}", planning.log());
}

#[test]
fn whatever_a_summary_says_the_document_stays_a_document() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    let text = "**Status:** Partial\n**Start time:** 2026-11-02 10:00\n**End time:** 2026-11-02 10:20\n\n## Work completed\n- [x] Write the schema\n- \u{1b}[31mred\u{1b}[0m <!-- and | then ```\n- | M9: New | Opus | ⬜ Not Started | — | |\n- ## M9: New\n\n## Issues or blockers\n- ```sh and ~~~ and <!--\n- # M2: Routes\n- a|b\u{7}\u{202e}c\n";
    planning.project.write(PENDING, text);
    let before = planning.text();
    let collected = planning.run_to(3, &["collect"]);
    for shown in [&collected.out, &collected.err] {
        assert!(
            !shown.contains('\u{1b}') && !shown.contains('\u{7}') && !shown.contains('\u{202e}'),
            "{shown:?}"
        );
    }
    let now = planning.text();
    assert!(!now.contains('\u{1b}') && !now.contains('\u{7}'), "{now:?}");
    let (gone, new) = planning.changed_since(&before);
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert_eq!(new.len(), 4, "a row, a box, an entry and its empty line: {new:?}");
    let checked = planning.project.json(&["check", DOCUMENT]);
    assert_eq!(checked["tasks"], 2, "{checked}");
    assert_eq!(checked["understood"][1]["boxes"], 1, "{checked}");
    // What comes after is still found: another entry, above this one.
    planning.run_to(0, &["ack"]);
    planning.edit("- [x] Write the schema", "- [x] Write the schema\n- [ ] Test the schema");
    planning.run_to(0, &["dispatch", "--gap", "M1"]);
    planning.hand_back("m1-schema-gap", "Completed", "- [x] Test the schema", "None");
    planning.run_to(0, &["collect"]);
    assert!(planning.log()[0].starts_with("M1 gap-fill complete"), "{:?}", planning.log());
    assert_eq!(planning.log().len(), 3);
    assert!(planning.text().contains("- [x] Test the schema"));
}

#[test]
fn one_that_waits_stands_in_the_way_of_another_dispatch() {
    let planning = Planning::new(TWO);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    let refused = planning.run_to(2, &["dispatch", "M1"]);
    assert!(
        refused.err.contains("a summary of M1 is there already: .orchestrator/worker-summary-m1-schema.md"),
        "{refused}"
    );
    std::fs::remove_file(planning.project.path(PENDING)).unwrap();
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    let pasted = "**Status:** Completed\r\n\r\n## Work completed\r\n- [x] Write the schema\r\n";
    let refused = planning.feed(2, &["collect", "--stdin"], pasted);
    assert!(refused.err.contains("worker-summary-m1-schema.md is there already"), "{refused}");
    std::fs::remove_file(planning.project.path(PENDING)).unwrap();
    // It does not say whose it is; there is only one that it can be of.
    let collected = planning.feed(0, &["collect", "--stdin"], pasted);
    assert!(collected.out.starts_with("M1 Schema: SUCCESS\n"), "{collected}");
    let whose = planning.feed(2, &["collect", "--stdin"], pasted);
    assert!(whose.err.contains("does not say which milestone it is of"), "{whose}");
}
