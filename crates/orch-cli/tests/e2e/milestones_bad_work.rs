//! Workers that do not do as they are told, and repositories that are in no state to take their work in.

use crate::support::planned::{DOCUMENT, Planned, Planning};

/// One milestone, whose worker does this.
fn one(words: &str) -> Planning {
    let section = format!("DO: {words}\n\n- [ ] Write the schema");
    Planning::new(&[("M1: Schema", "Haiku", section.as_str())])
}

const BRANCH: &str = "milestone/export-planning/m1-schema";

#[test]
fn a_worker_that_hands_back_nothing_has_done_nothing() {
    let planning = one("nosummary commit schema.sql");
    let ended = planning.run_to(1, &["run"]);
    assert!(ended.err.contains("it ended without the summary it was asked for in .orchestrator/"), "{ended}");
    assert_eq!(planning.rows(), ["⛔ Blocked"]);
    assert!(!planning.project.exists("schema.sql"), "what nobody says is done is not merged");
    assert_eq!(planning.git(&["log", "-1", "--format=%s", BRANCH]), "Do M1", "and nothing of it is lost");
    assert!(planning.text().contains("- [ ] Write the schema"));
    assert!(planning.run_to(0, &["status"]).out.contains("!! M1 came back Blocked"));
}

#[test]
fn a_worker_that_ends_badly_without_a_word_has_failed() {
    let planning = one("fail nosummary nocommit");
    planning.run_to(1, &["run"]);
    assert_eq!(planning.rows(), ["⛔ Blocked"]);
    assert!(planning.log()[0].starts_with("M1 failed"), "{:?}", planning.log());
}

#[test]
fn a_summary_counts_more_than_an_exit_code() {
    let planning = one("fail commit schema.sql");
    planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"]);
    assert!(planning.project.exists("schema.sql"));
}

#[test]
fn a_worker_that_edits_the_document_on_its_branch_is_sent_back_and_then_fails() {
    let planning = one("");
    let milestoner = crate::support::agent("milestoner");
    let script = format!("echo Mine >> {DOCUMENT}; git commit -q -a -m Mine; exec \"$0\" \"$1\"");
    planning.config(&format!(
        "[agents.bad]\ncommand = [\"sh\", \"-c\", '{script}', {milestoner:?}, \"{{prompt_file}}\"]\nresult = \"exit\"\n"
    ));
    let before = planning.text();
    let ended = planning.start_run(&["--agent", "bad"]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    let told = ended.told("task_ended", "status");
    assert!(told.len() >= 2, "it is sent back first: {told:?}");
    let log = planning.log();
    assert!(log[0].contains("it changed the planning document"), "{log:?}");
    let (gone, new) = planning.changed_since(&before);
    assert_eq!(gone, ["| M1: Schema | Haiku | ⬜ Not Started | — | |\n"], "{new:?}");
    assert!(!planning.text().contains("Mine"));
    assert!(planning.git(&["log", "--format=%s", BRANCH]).contains("Mine"));
    assert!(!planning.git(&["log", "--format=%s"]).contains("Mine"));
}

#[test]
fn work_on_another_branch_than_its_own_is_sent_back_and_is_not_complete() {
    let planning = one("commit schema.sql");
    let milestoner = crate::support::agent("milestoner");
    planning.config(&format!(
        "[agents.bad]\ncommand = [\"sh\", \"-c\", 'git switch -q -c mine || git switch -q mine; exec \"$0\" \"$1\"', \
         {milestoner:?}, \"{{prompt_file}}\"]\nresult = \"exit\"\n"
    ));
    let ended = planning.start_run(&["--agent", "bad"]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.told("task_ended", "status").len() >= 2, "it is sent back first: {ended}");
    assert_ne!(planning.rows(), ["✅ Complete"]);
    assert!(planning.log()[0].contains(&format!("is not on {BRANCH}")), "{:?}", planning.log());
    assert!(planning.git(&["log", "--format=%s", "mine"]).contains("Do M1"), "nothing of it is lost");
}

#[test]
fn work_that_is_not_committed_is_sent_back_and_merged_when_it_is() {
    let planning = one("");
    let milestoner = crate::support::agent("milestoner");
    let script = "if test -e loose.txt; then git add loose.txt; git commit -q -m Loose; else echo x > loose.txt; fi; exec \"$0\" \"$1\"";
    planning.config(&format!(
        "[agents.late]\ncommand = [\"sh\", \"-c\", '{script}', {milestoner:?}, \"{{prompt_file}}\"]\nresult = \"exit\"\n"
    ));
    let ended = planning.run_to(0, &["run", "--agent", "late"]);
    assert!(ended.err.contains("its work is not committed: loose.txt; commit it on "), "{ended}");
    assert_eq!(planning.rows(), ["✅ Complete"], "{ended}");
    assert!(planning.git(&["log", "--format=%s"]).contains("Loose"));
    assert!(planning.project.exists("loose.txt"));
}

#[test]
fn what_is_staged_in_the_way_is_not_touched_and_the_merge_waits() {
    let planning = one("commit schema.sql");
    planning.project.write("schema.sql", "mine\n");
    planning.git(&["add", "schema.sql"]);
    let ended = planning.run_to(3, &["run"]);
    assert!(ended.err.contains("done, and not merged"), "{ended}");
    assert_eq!(planning.rows(), ["🟡 Partial"]);
    assert_eq!(planning.project.read("schema.sql"), "mine\n");
    assert_eq!(planning.git(&["diff", "--cached", "--name-only"]), "schema.sql");
    planning.git(&["rm", "-q", "-f", "schema.sql"]);
    planning.run_to(0, &["ack"]);
    planning.run_to(0, &["retry", "M1"]);
    planning.config("[agents.none]\ncommand = [\"false\"]\n");
    planning.run_to(0, &["run", "--agent", "none"]);
    assert_eq!(planning.rows(), ["✅ Complete"]);
    assert!(planning.project.read("schema.sql").starts_with("M1"));
}

#[test]
fn what_is_staged_beside_it_is_not_taken_along() {
    let planning = one("commit schema.sql");
    planning.project.write("other.txt", "mine\n");
    planning.git(&["add", "other.txt"]);
    let ended = planning.run_to(3, &["run"]);
    assert!(ended.err.contains("not committed, and in the way of a merge: other.txt"), "{ended}");
    assert_eq!(planning.git(&["diff", "--cached", "--name-only"]), "other.txt");
    assert_eq!(planning.git(&["log", "--format=%s"]), "begin");
    planning.git(&["commit", "-q", "-m", "Mine"]);
    planning.run_to(0, &["ack"]);
    planning.run_to(0, &["retry", "M1"]);
    planning.run_to(0, &["run"]);
    assert!(planning.project.exists("schema.sql"));
}

#[test]
fn without_a_branch_nothing_is_started() {
    let planning = one("commit schema.sql");
    planning.git(&["branch", "main"]);
    planning.git(&["checkout", "-q", "--detach"]);
    let before = planning.text();
    let refused = planning.run_to(1, &["run"]);
    assert!(refused.err.contains("no branch is checked out"), "{refused}");
    assert_eq!(planning.text(), before);
    assert!(planning.git(&["branch", "--list", "milestone/*"]).is_empty());
    // A person needs none.
    planning.run_to(0, &["dispatch", "M1"]);
    planning.run_to(0, &["stop", "M1"]);
    planning.git(&["checkout", "-q", "trunk"]);
    planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"]);
}

#[test]
fn what_is_done_is_merged_into_no_other_branch_than_it_was_cut_from() {
    let planning = one("commit schema.sql");
    let milestoner = crate::support::agent("milestoner");
    let script = "git -C ../.. checkout -q -b other; exec \"$0\" \"$1\"";
    planning.config(&format!(
        "[agents.moves]\ncommand = [\"sh\", \"-c\", '{script}', {milestoner:?}, \"{{prompt_file}}\"]\nresult = \"exit\"\n"
    ));
    let ended = planning.run_to(3, &["run", "--agent", "moves"]);
    assert!(
        ended.err.contains("`other` is checked out in ") && ended.err.contains("and not `trunk`"),
        "{ended}"
    );
    assert_eq!(planning.git(&["log", "--format=%s"]), "begin");
    planning.git(&["checkout", "-q", "trunk"]);
    planning.run_to(0, &["ack"]);
    planning.run_to(0, &["retry", "M1"]);
    planning.config("[agents.none]\ncommand = [\"false\"]\n");
    planning.run_to(0, &["run", "--agent", "none"]);
    assert!(planning.git(&["log", "--format=%s", "trunk"]).contains("Merge M1: Schema"));
    assert_eq!(planning.git(&["log", "--format=%s", "other"]), "begin");
}

#[test]
fn without_a_commit_nothing_is_started() {
    let planning = Planning::without_document();
    let milestones: &[Planned<'_>] = &[("M1: Schema", "Haiku", "- [ ] Write the schema")];
    planning.document(DOCUMENT, milestones);
    let before = planning.text();
    let refused = planning.run_to(1, &["run"]);
    assert!(refused.err.contains("the repository has no commits yet: commit something first"), "{refused}");
    assert_eq!(planning.text(), before);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.rows(), ["✅ Complete"]);
}

#[test]
fn the_gap_of_what_was_not_merged_builds_on_it() {
    let planning = Planning::new(&[(
        "M1: Schema",
        "Haiku",
        "- [ ] Write the schema\n- [ ] Test the schema\n- [ ] Draw the schema",
    )]);
    let milestoner = crate::support::agent("milestoner");
    let run = |code: i32, words: &[&str]| {
        let command = [&[milestoner.as_str(), "{prompt_file}"][..], words].concat();
        planning.config(&format!("[agents.now]\ncommand = {command:?}\nresult = \"exit\"\n"));
        planning.run_to(code, &["run", "--agent", "now"]);
    };
    for file in ["schema.sql", "test.sql"] {
        run(3, &["partial", "commit", file]);
        assert!(!planning.project.exists("schema.sql"), "what is partial is not merged");
        planning.run_to(0, &["ack"]);
        planning.run_to(0, &["retry", "M1"]);
    }
    run(0, &["commit", "last.sql"]);
    assert_eq!(planning.rows(), ["✅ Complete"]);
    assert!(!planning.text().contains("- [ ]"));
    for file in ["schema.sql", "test.sql", "last.sql"] {
        assert!(planning.project.exists(file), "{file}: what is complete is all there");
    }
}

#[test]
fn what_was_rejected_counts_for_nothing_and_is_gone_on_with() {
    let planning = one("commit schema.sql");
    let milestoner = crate::support::agent("milestoner");
    let script = "echo x > loose.txt; exec \"$0\" \"$1\"";
    planning.config(&format!(
        "[agents.bad]\ncommand = [\"sh\", \"-c\", '{script}', {milestoner:?}, \"{{prompt_file}}\"]\nresult = \"exit\"\n"
    ));
    planning.run_to(1, &["run", "--agent", "bad"]);
    assert_eq!(planning.rows(), ["⛔ Blocked"]);
    assert!(planning.text().contains("- [ ] Write the schema"), "what was rejected ticks nothing");
    assert_eq!(planning.processed(), ["worker-summary-m1-schema.rejected.md"]);
    planning.run_to(0, &["ack"]);
    planning.run_to(0, &["retry", "M1"]);
    let prompt = planning.run_to(0, &["prompt", "M1"]).out;
    assert!(prompt.starts_with("# Worker Context: M1: Schema\n"), "it is no gap: {prompt}");
    assert!(prompt.contains("- [ ] Write the schema"), "{prompt}");
    let script = "git add loose.txt; git commit -q -m Loose; exec \"$0\" \"$1\"";
    planning.config(&format!(
        "[agents.good]\ncommand = [\"sh\", \"-c\", '{script}', {milestoner:?}, \"{{prompt_file}}\"]\nresult = \"exit\"\n"
    ));
    planning.run_to(0, &["run", "--agent", "good"]);
    assert_eq!(planning.rows(), ["✅ Complete"]);
    assert!(planning.project.exists("loose.txt") && planning.project.exists("schema.sql"));
}
