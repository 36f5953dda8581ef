//! What may lie where a session's state belongs, and names that are not fit to be one.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use crate::support::planned::{DOCUMENT, Planned, Planning};

const TWO: &[Planned<'_>] = &[
    ("M1: Schema", "Haiku", "- [ ] Write the schema"),
    ("M2: Routes", "Sonnet", "**Depends on:** M1\n\n- [ ] Write the routes"),
];

const STATE: &str = ".orchestrator/state.json";

/// Whatever writes is refused, whatever reads answers and says why, and nothing changes.
fn is_left_alone(planning: &Planning, said: &str) {
    let before = (planning.text(), planning.git(&["status", "--porcelain"]));
    for command in [&["dispatch", "M1"][..], &["run"], &["collect"], &["mode", "file"], &["close"]] {
        let refused = planning.run_to(2, command);
        assert!(refused.err.contains(said) && refused.err.contains("hint: "), "{command:?}: {refused}");
    }
    let status = planning.run_to(0, &["status"]);
    assert!(status.err.contains(said), "{status}");
    assert!(status.out.contains("- [ ] M1: Schema (ready)"), "{status}");
    assert_eq!(planning.run_to(0, &["next"]).out, "M1  Schema\n");
    assert_eq!((planning.text(), planning.git(&["status", "--porcelain"])), before);
}

#[test]
fn the_state_of_another_tool_is_left_as_it_is() {
    for text in [
        "{\"version\": 2, \"gates\": [], \"work_streams\": {\"a\": 1}}\n",
        "{\"active_task_id\": 3, \"run_id\": \"x\", \"tasks\": []}",
        "{}",
    ] {
        let planning = Planning::new(TWO);
        planning.project.write(STATE, text);
        is_left_alone(&planning, "was written by another tool");
        assert_eq!(planning.project.read(STATE), text);
        assert_eq!(fs::read_dir(planning.project.path(".orchestrator")).unwrap().count(), 1);
    }
}

#[test]
fn the_state_of_a_newer_orch_is_left_as_it_is() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.run_to(0, &["stop", "M1"]);
    let mut state = planning.state();
    state["orch"]["format"] = json!(99);
    let text = state.to_string();
    planning.project.write(STATE, &text);
    is_left_alone(&planning, "was written by a newer orch");
    assert_eq!(planning.project.read(STATE), text);
}

#[test]
fn a_state_that_cant_be_read_is_kept_aside_and_nothing_is_lost() {
    for garbage in ["{\"planningDoc\": \"Export-Plan", "", "\u{0}\u{0}\u{0}", "[1, 2]"] {
        let planning = Planning::new(TWO);
        planning.run_to(0, &["dispatch", "M1"]);
        planning.project.write(STATE, garbage);
        let status = planning.run_to(0, &["status"]);
        assert!(
            status.err.contains("where the milestones stand is known from the document"),
            "{garbage:?}: {status}"
        );
        assert!(status.out.contains("M1: Schema (in progress)"), "{garbage:?}: {status}");
        assert_eq!(planning.project.read(STATE), garbage, "looking changes nothing");
        planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
        let collected = planning.run_to(0, &["collect"]);
        assert!(collected.out.contains("M1 Schema: SUCCESS"), "{garbage:?}: {collected}");
        let names: Vec<String> = fs::read_dir(planning.project.path(".orchestrator"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let aside = names.iter().find(|name| name.starts_with("state") && name.contains("unreadable"));
        let aside = aside.unwrap_or_else(|| panic!("{garbage:?}: {names:?}"));
        assert_eq!(planning.project.read(&format!(".orchestrator/{aside}")), garbage);
        assert_eq!(planning.rows(), ["✅ Complete", "⬜ Not Started"]);
        assert_eq!(planning.state()["planningDoc"], DOCUMENT);
        assert_eq!(planning.state()["workers"], json!([]));
    }
}

#[test]
fn a_state_that_is_gone_is_made_anew_from_the_document_and_the_history() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    fs::remove_file(planning.project.path(STATE)).unwrap();
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    planning.run_to(0, &["collect"]);
    assert_eq!(planning.rows(), ["✅ Complete", "⬜ Not Started"]);
    assert_eq!(planning.cells(4)[0], "20");
    assert!(planning.log()[0].starts_with("M1 complete"), "{:?}", planning.log());
    assert_eq!(planning.state()["processedSummaries"], json!(["worker-summary-m1-schema.md"]));
}

#[test]
fn a_file_or_a_link_where_the_folder_should_be_is_left_as_it_is() {
    let planning = Planning::new(TWO);
    planning.project.write(".orchestrator", "mine\n");
    is_left_alone(&planning, "is no folder");
    assert_eq!(planning.project.read(".orchestrator"), "mine\n");
    fs::remove_file(planning.project.path(".orchestrator")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), planning.project.path(".orchestrator")).unwrap();
    is_left_alone(&planning, "is no folder");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_or_a_link_where_the_state_should_be_is_left_as_it_is() {
    let planning = Planning::new(TWO);
    fs::create_dir_all(planning.project.path(STATE)).unwrap();
    is_left_alone(&planning, "is no file that can be read");
    fs::remove_dir(planning.project.path(STATE)).unwrap();
    planning.project.write("precious.json", "{\"precious\": true}\n");
    symlink("../precious.json", planning.project.path(STATE)).unwrap();
    for command in [&["dispatch", "M1"][..], &["run"]] {
        planning.run_to(2, command);
    }
    assert_eq!(planning.project.read("precious.json"), "{\"precious\": true}\n");
}

#[test]
fn whatever_titles_say_names_stay_tame() {
    let long = "long ".repeat(60);
    let planning = Planning::without_document();
    let titles = [
        "M1: ../../etc/passwd".to_owned(),
        "M2: `rm -rf /` \"quoted\" 'and' $(this)".to_owned(),
        format!("M3: {long}"),
        "M4: Größe — 測試 🚀".to_owned(),
        "M5: a.lock//b..c~^:?*[@{\\\\".to_owned(),
        "M6".to_owned(),
    ];
    let milestones: Vec<Planned<'_>> =
        titles.iter().map(|title| (title.as_str(), "Haiku", "- [ ] Do it")).collect();
    planning.document(DOCUMENT, &milestones);
    planning.git(&["add", "."]);
    planning.git(&["commit", "-q", "-m", "begin"]);
    planning.run_to(0, &["dispatch", "M1", "--mode", "file"]);
    planning.run_to(0, &["stop", "M1"]);
    let ended = planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"; 6], "{ended}");
    let branches = planning.git(&["branch", "--list", "milestone/*", "--format=%(refname:short)"]);
    let prompts = fs::read_dir(planning.project.path(".orchestrator/prompts")).unwrap();
    let prompts = prompts.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = branches.lines().map(str::to_owned).chain(planning.processed()).chain(prompts);
    let names: Vec<String> = names.collect();
    assert!(names.len() >= 7, "{names:?}");
    for name in &names {
        let is_tame = |c: char| c.is_ascii_alphanumeric() || "-./".contains(c);
        assert!(name.len() < 120 && name.chars().all(is_tame) && !name.contains(".."), "{name:?}");
    }
    assert_eq!(planning.processed().len(), 6);
    assert!(!planning.project.path("../etc").exists());
}

#[test]
fn links_in_the_folder_lead_nowhere() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Completed", "- [x] Write the schema", "None");
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["prompts", "processed", "closed"] {
        let place = planning.project.path(&format!(".orchestrator/{name}"));
        let _ = fs::remove_dir(&place);
        symlink(elsewhere.path(), &place).unwrap();
        for command in
            [&["collect"][..], &["dispatch", "M2", "--mode", "file"], &["run"], &["run", "--fresh"]]
        {
            let refused = planning.run_to(2, command);
            let why = format!(".orchestrator/{name} is no folder");
            assert!(refused.err.contains(&why) && refused.err.contains("hint: "), "{command:?}: {refused}");
        }
        fs::remove_file(place).unwrap();
    }
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    planning.run_to(0, &["collect"]);
}

#[test]
fn a_link_in_place_of_a_second_documents_folder_leads_nowhere() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.document("Import-Planning.md", TWO);
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), planning.project.path(".orchestrator/import-planning")).unwrap();
    let refused = planning.run_to(2, &["dispatch", "Import-Planning.md", "M1"]);
    assert!(refused.err.contains(".orchestrator/import-planning is no folder"), "{refused}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn what_a_repository_brings_along_as_the_folder_of_a_work_tree_is_not_written_through() {
    let section = "- [ ] Write the schema";
    let planning = Planning::new(&[("M1: Schema", "Haiku", section)]);
    let elsewhere = tempfile::tempdir().unwrap();
    let precious = elsewhere.path().join("precious");
    fs::write(&precious, "mine\n").unwrap();
    let folder = planning.project.path(".orchestrator");
    fs::create_dir(&folder).unwrap();
    symlink(&precious, folder.join(".gitignore")).unwrap();
    planning.git(&["add", "-f", ".orchestrator/.gitignore"]);
    planning.git(&["commit", "-q", "-m", "a link to a file"]);
    planning.run_to(0, &["run"]);
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine\n");

    planning.run_to(0, &["close"]);
    planning.git(&["rm", "-q", "-r", "--cached", ".orchestrator"]);
    fs::remove_dir_all(&folder).unwrap();
    symlink(elsewhere.path(), &folder).unwrap();
    planning.git(&["add", "-f", ".orchestrator"]);
    planning.git(&["commit", "-q", "-m", "a link to a folder"]);
    fs::remove_file(&folder).unwrap();
    planning.document("Import-Planning.md", &[("M1: Schema", "Haiku", section)]);
    let refused = planning.run_to(1, &["run", "Import-Planning.md"]);
    assert!(refused.err.contains(".orchestrator is no folder"), "{refused}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}

#[test]
fn a_session_that_came_along_names_no_document_outside_of_the_project() {
    let elsewhere = Planning::new(TWO);
    let planning = Planning::new(TWO);
    let outside = elsewhere.project.path(DOCUMENT);
    for document in [
        outside.to_str().unwrap(),
        &format!("../{}/{DOCUMENT}", elsewhere.project.folder().file_name().unwrap().to_str().unwrap()),
    ] {
        let state = json!({ "planningDoc": document, "promptMode": "inline", "startedAt": "2026-01-01T00:00:00Z",
            "workers": [], "processedSummaries": [] });
        planning.project.write(STATE, state.to_string());
        let status = planning.run_to(0, &["status"]);
        assert!(status.out.contains(&format!("Planning Doc: {DOCUMENT}\n")), "{status}");
        planning.run_to(0, &["dispatch", "M1"]);
        assert_eq!(elsewhere.rows(), ["⬜ Not Started", "⬜ Not Started"], "{document}");
        planning.run_to(0, &["stop", "M1"]);
        fs::remove_dir_all(planning.project.path(".orchestrator")).unwrap();
    }
}
