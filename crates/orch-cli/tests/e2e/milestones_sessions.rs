//! Sessions of planning documents: begun, given back, closed, begun afresh, beside another, in any kind of project.

use std::fs;

use serde_json::json;

use crate::support::Live;
use crate::support::planned::{DOCUMENT, Planned, Planning};

const TWO: &[Planned<'_>] = &[
    ("M1: Schema", "Haiku", "- [ ] Write the schema"),
    ("M2: Routes", "Sonnet", "**Depends on:** M1\n\n- [ ] Write the routes"),
];

#[test]
fn what_is_given_back_may_be_dispatched_again() {
    let planning = Planning::new(TWO);
    let before = planning.text();
    planning.run_to(0, &["dispatch", "M1"]);
    let given = planning.run_to(0, &["stop", "M1"]);
    assert!(given.err.contains("it is given back"), "{given}");
    assert_eq!(planning.text(), before, "it is as it was before");
    assert_eq!(planning.state()["workers"], json!([]));
    assert!(planning.run_to(2, &["stop", "M1"]).err.contains("hint: "));
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect"]);
    let done = planning.run_to(2, &["dispatch", "M1"]);
    assert!(done.err.contains("M1 is complete") && done.err.contains("`orch retry M1` all of it"), "{done}");
    planning.run_to(0, &["retry", "M1"]);
    assert_eq!(planning.rows()[0], "⬜ Not Started");
    let again = planning.run_to(0, &["dispatch", "M1"]).out;
    assert!(again.starts_with("# Worker Context: M1: Schema\n"), "all of it, and no gap: {again}");
    assert!(again.contains("### Tasks to complete\n\n- [ ] Write the schema\n"), "{again}");
    assert!(again.contains("is to be done again"), "{again}");
    assert!(
        again.contains(".orchestrator/worker-summary-m1-schema-gap.md"),
        "no summary is replaced: {again}"
    );
}

#[test]
fn what_a_person_takes_back_in_the_tracker_is_with_nobody() {
    let planning = Planning::new(TWO);
    let before = planning.text();
    planning.run_to(0, &["dispatch", "M1"]);
    planning.project.write(DOCUMENT, &before);
    let dashboard = planning.run_to(0, &["status"]).out;
    assert!(
        dashboard.contains("- [ ] M1: Schema (ready)") && !dashboard.contains("In Progress"),
        "{dashboard}"
    );
    assert_eq!(planning.project.json(&["status"])["session"]["workers"], json!([]));
    planning.run_to(0, &["dispatch", "M1"]);
    assert_eq!(planning.state()["workers"].as_array().unwrap().len(), 1);
}

#[test]
fn a_session_is_closed_when_nothing_is_open_and_its_files_are_kept() {
    let planning = Planning::new(TWO);
    assert_eq!(planning.run_to(4, &["close"]).out, "there is no session\n");
    planning.run_to(0, &["dispatch", "M1"]);
    let open = planning.run_to(2, &["close"]);
    assert!(open.err.contains("M1 under way"), "{open}");
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect"]);
    planning.hand_back("m2-routes", "Completed", "- [x] Write the routes", "None");
    let waits = planning.run_to(2, &["close"]);
    assert!(waits.err.contains("summaries wait in .orchestrator: worker-summary-m2-routes.md"), "{waits}");
    fs::remove_file(planning.project.path(".orchestrator/worker-summary-m2-routes.md")).unwrap();
    let document = planning.text();
    let closed = planning.run_to(0, &["close"]).out;
    let kept = closed.trim_end().strip_prefix("the session is closed; what it left is in ").unwrap();
    assert!(planning.project.exists(&format!("{kept}/state.json")), "{closed}");
    assert!(planning.project.exists(&format!("{kept}/processed/worker-summary-m1-schema.md")));
    assert!(!planning.project.exists(".orchestrator/state.json"));
    assert_eq!(planning.text(), document);
    assert_eq!(planning.run_to(4, &["close"]).out, "there is no session\n");
    // The document goes on where it stands.
    assert_eq!(planning.run_to(0, &["next"]).out, "M2  Routes\n");
    planning.run_to(0, &["dispatch", "M2"]);
}

#[test]
fn a_fresh_session_keeps_what_was_there_and_what_is_done() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1", "--mode", "file"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect"]);
    planning.run_to(0, &["dispatch", "M2"]);
    let fresh = planning.run_to(0, &["dispatch", "M2", "--fresh", "--mode", "inline"]);
    assert!(fresh.err.contains("the session so far is kept in .orchestrator/closed/"), "{fresh}");
    assert!(fresh.out.starts_with("# Worker Context: M2: Routes\n"), "{fresh}");
    assert_eq!(planning.rows(), ["✅ Complete", "🔄 In Progress"]);
    assert_eq!(planning.state()["processedSummaries"], json!([]));
    assert_eq!(planning.state()["workers"].as_array().unwrap().len(), 1);
    let closed =
        fs::read_dir(planning.project.path(".orchestrator/closed")).unwrap().next().unwrap().unwrap();
    assert!(closed.path().join("processed/worker-summary-m1-schema.md").is_file());
    assert!(closed.path().join("prompts/worker-prompt-m2-routes.md").is_file());
}

#[test]
fn a_second_document_has_a_folder_of_its_own() {
    let planning = Planning::new(TWO);
    planning.document("Import-Planning.md", &[("M1: Reader", "Haiku", "- [ ] Write the reader")]);
    planning.run_to(0, &["dispatch", "M1", DOCUMENT]);
    planning.run_to(0, &["dispatch", "M1", "Import-Planning.md"]);
    assert_eq!(planning.state()["planningDoc"], DOCUMENT);
    let inner = ".orchestrator/import-planning";
    let state: serde_json::Value =
        serde_json::from_str(&planning.project.read(&format!("{inner}/state.json"))).unwrap();
    assert_eq!(state["planningDoc"], "Import-Planning.md");
    let sessions = planning.project.read(".orchestrator/active-sessions.json");
    assert!(sessions.contains("import-planning") && sessions.contains("Import-Planning.md"), "{sessions}");
    let both = [DOCUMENT, "Import-Planning.md"].map(|name| planning.run_to(0, &["status", name]).out);
    assert!(
        both[0].contains("Planning Doc: Export-Planning.md") && both[0].contains("M1 Schema"),
        "{}",
        both[0]
    );
    assert!(
        both[1].contains("Planning Doc: Import-Planning.md") && both[1].contains("M1 Reader"),
        "{}",
        both[1]
    );
    // Each takes in what is its own.
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    assert_eq!(
        planning.run_to(4, &["collect", "Import-Planning.md"]).out,
        "there is no summary to be collected\n"
    );
    let prompt = planning.run_to(0, &["prompt", "M1", "Import-Planning.md"]).out;
    assert!(prompt.contains("`.orchestrator/import-planning/worker-summary-m1-reader.md`"), "{prompt}");
    let summary = "**Status:** Completed\n\n## Work completed\n- [x] Write the reader\n";
    planning.project.write(&format!("{inner}/worker-summary-m1-reader.md"), summary);
    planning.run_to(0, &["collect", "Import-Planning.md"]);
    planning.run_to(0, &["collect", DOCUMENT]);
    assert!(planning.project.exists(&format!("{inner}/processed/worker-summary-m1-reader.md")));
    assert_eq!(planning.processed(), ["worker-summary-m1-schema.md"]);
    planning.run_to(0, &["close", "Import-Planning.md"]);
    assert!(!planning.project.read(".orchestrator/active-sessions.json").contains("Import-Planning.md"));
    assert!(planning.project.exists(".orchestrator/state.json"), "the other session goes on");
}

#[test]
fn a_third_document_that_is_called_alike_has_a_folder_of_its_own_and_the_list_forgets_what_is_gone() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1", DOCUMENT]);
    planning.document("a/Import-Planning.md", TWO);
    planning.document("b/Import-Planning.md", TWO);
    planning.run_to(0, &["dispatch", "M1", "a/Import-Planning.md"]);
    planning.run_to(0, &["dispatch", "M1", "b/Import-Planning.md"]);
    let list = || planning.project.read(".orchestrator/active-sessions.json");
    assert!(list().contains("a/Import-Planning.md") && list().contains("b/Import-Planning.md"), "{}", list());
    // The folder that a third of the name would have is another's as well.
    let entries = fs::read_dir(planning.project.path(".orchestrator")).unwrap();
    let names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let hashed =
        names.iter().find(|name| name.starts_with("import-planning-")).expect("its own folder").clone();
    let state = format!(".orchestrator/{hashed}/state.json");
    let own = planning.project.read(&state);
    planning.project.write(&state, own.replace("b/Import", "a/Import"));
    let refused = planning.run_to(2, &["dispatch", "M2", "b/Import-Planning.md"]);
    assert!(
        refused.err.contains("belongs to another document") && refused.err.contains("hint: "),
        "{refused}"
    );

    fs::remove_dir_all(planning.project.path(".orchestrator/import-planning")).unwrap();
    fs::remove_dir_all(planning.project.path("a")).unwrap();
    planning.project.write(&state, own);
    // Its folder is another than it would have now.
    let status = planning.run_to(0, &["status", "b/Import-Planning.md"]).out;
    assert!(status.contains("M1: Schema (worker 1)"), "{status}");
    planning.run_to(0, &["stop", "M1", "b/Import-Planning.md"]);
    assert!(planning.project.exists(&state) && !planning.project.exists(".orchestrator/import-planning"));
    assert!(
        !list().contains("a/Import-Planning.md") && list().contains("b/Import-Planning.md"),
        "{}",
        list()
    );
}

#[test]
fn one_milestone_is_dispatched_at_a_time_and_one_that_may() {
    let planning = Planning::new(TWO);
    let several = planning.run_to(2, &["dispatch", "M1", "M2"]);
    assert!(several.err.contains("2 milestones are named"), "{several}");
    let several = planning.run_to(2, &["collect", "M1", "M2"]);
    assert!(several.err.contains("several milestones are named"), "{several}");
    planning.run_to(0, &["dispatch"]);
    let none = planning.run_to(3, &["dispatch"]);
    assert!(none.err.contains("no milestone may start now") && none.err.contains("hint: "), "{none}");
}

#[test]
fn of_two_documents_that_begin_at_once_each_has_a_folder_of_its_own() {
    let planning = Planning::new(TWO);
    planning.document("Import-Planning.md", TWO);
    let mut at_once: Vec<_> = [DOCUMENT, "Import-Planning.md"]
        .map(|document| Live::spawn(planning.project.orch(&["dispatch", document, "M1"])))
        .into();
    for dispatch in at_once.drain(..) {
        let ended = dispatch.end();
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    let first = planning.state()["planningDoc"].as_str().unwrap().to_owned();
    let (other, folder) = match first.as_str() {
        DOCUMENT => ("Import-Planning.md", "import-planning"),
        _ => (DOCUMENT, "export-planning"),
    };
    let state = planning.project.read(&format!(".orchestrator/{folder}/state.json"));
    assert!(state.contains(&format!("\"planningDoc\": \"{other}\"")), "{state}");
}

#[test]
fn documents_of_one_name_have_branches_of_their_own() {
    let planning =
        Planning::new(&[("M1: Schema", "Haiku", "DO: blocked commit a.sql\n\n- [ ] Write the schema")]);
    planning.document(
        "docs/Export-Planning.md",
        &[("M1: Schema", "Haiku", "DO: commit b.sql\n\n- [ ] Write it")],
    );
    planning.git(&["add", "."]);
    planning.git(&["commit", "-q", "-m", "two of one name"]);
    planning.run_to(1, &["run"]);
    planning.run_to(0, &["run", "docs"]);
    let branches = planning.git(&["branch", "--list", "milestone/*", "--format=%(refname:short)"]);
    assert_eq!(branches.lines().count(), 2, "{branches}");
    let listed = planning.run_to(0, &["worktree", "list", DOCUMENT]);
    assert!(listed.out.contains("M1"), "{listed}");
}

#[test]
fn a_document_in_a_folder_has_its_session_in_the_root_of_the_repository() {
    let planning = Planning::without_document();
    planning.document("docs/plans/Export-Planning.md", TWO);
    planning.git(&["add", "."]);
    planning.git(&["commit", "-q", "-m", "begin"]);
    let document = "docs/plans/Export-Planning.md";
    let prompt = planning.run_to(0, &["dispatch", document, "M1"]).out;
    assert!(prompt.contains("`docs/plans/Export-Planning.md`"), "{prompt}");
    assert!(prompt.contains("`.orchestrator/worker-summary-m1-schema.md`"), "{prompt}");
    assert_eq!(planning.state()["planningDoc"], document);
    assert!(!planning.project.exists("docs/plans/.orchestrator"));
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect", document]);
    assert!(planning.project.read(document).contains("| M1: Schema | Haiku | ✅ Complete    | 20 | |"));
    planning.run_to(0, &["run", document]);
    assert!(planning.project.read(document).contains("| M2: Routes | Sonnet | ✅ Complete    |"));
    assert!(planning.project.exists("M2.txt"));
}

#[test]
fn a_project_without_git_works_as_well() {
    let planning = Planning::new(TWO);
    fs::remove_dir_all(planning.project.path(".git")).unwrap();
    fs::remove_file(planning.project.path(".gitignore")).unwrap();
    let prompt = planning.run_to(0, &["dispatch", "M1"]).out;
    assert!(!prompt.contains("commit your code changes"), "there is nothing to commit into: {prompt}");
    assert!(!planning.project.exists(".gitignore"));
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect"]);
    planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"; 2]);
}

#[test]
fn every_byte_that_nothing_means_stays() {
    let planning = Planning::new(TWO);
    let windows = planning.text().replace('\n', "\r\n");
    for text in [windows.clone(), windows.trim_end().to_owned(), format!("\u{feff}{windows}")] {
        planning.project.write(DOCUMENT, &text);
        planning.run_to(0, &["dispatch", "M1"]);
        assert_eq!(planning.text(), text.replacen("⬜ Not Started", "🔄 In Progress", 1));
        planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
        planning.run_to(0, &["collect"]);
        let now = planning.text();
        assert!(!now.replace("\r\n", "").contains('\n'), "{now:?}");
        let expected = text
            .replacen("| ⬜ Not Started | — |", "| ✅ Complete    | 20 |", 1)
            .replacen("- [ ]", "- [x]", 1);
        let (log, entry) = (now.find("**2026-11-01 10:00**").unwrap(), now.find(" - M1 complete").unwrap());
        let begin = now[..entry].rfind("\r\n").unwrap() + 2;
        assert!(begin < log, "the newest is first: {now}");
        assert_eq!(format!("{}{}", &now[..begin], &now[log..]), expected);
        planning.run_to(0, &["close"]);
    }
}

#[test]
fn a_document_of_bare_signs_keeps_its_style() {
    let planning = Planning::without_document();
    let text = "# Export\n\n## Milestone Progress Tracker\n\n| Milestone | Model | Status | Duration (min) | Notes |\n\
        |:--|--|:-:|--:|--|\n| [M1: Schema](#m1-schema) | Haiku | ⬜ | | |\n| [M2: Routes](#m2-routes) | — | ⬜ | | Needs M1 |\n\n\
        ### M1 — Schema\n\n* [ ] Write the schema\n\n### M2 — Routes\n\n* [ ] Write the routes\n";
    planning.project.write(DOCUMENT, text);
    planning.run_to(0, &["dispatch", "M1"]);
    assert_eq!(planning.text(), text.replacen("⬜", "🔄", 1));
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect"]);
    assert!(
        planning.text().contains("| [M1: Schema](#m1-schema) | Haiku | ✅ | 20 | |\n"),
        "{}",
        planning.text()
    );
    assert!(planning.text().contains("* [x] Write the schema\n"));
    planning.run_to(0, &["dispatch", "M2"]);
}
