//! Planning documents whose orch was ended at the worst moment. `.ci/kill-milestones` ends it at every moment; here is
//! what became of that which had to be mended.

use std::fs;

use serde_json::json;

use crate::support::agent;
use crate::support::planned::{DOCUMENT, Planned, Planning};

const STATE: &str = ".orchestrator/state.json";
const SUMMARY: &str = "worker-summary-m1-schema.md";

const TWO: &[Planned<'_>] = &[
    ("M1: Schema", "Haiku", "- [ ] Write the schema\n- [ ] Test the schema"),
    ("M2: Page", "Haiku", "- [ ] Write the page"),
];

/// A session in which M1 was dispatched and came back partial, and `orch collect` was ended: after the history, and
/// after those of the other steps that it had come to.
fn cut_off(steps: &[&str]) -> Planning {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Partial", "- [x] Write the schema\n- [ ] Test the schema", "None");
    let before = [DOCUMENT, STATE].map(|name| planning.project.read(name));
    planning.run_to(3, &["collect"]);
    let [document, state] = before;
    planning.project.write(STATE, state);
    if !steps.contains(&"put away") {
        let folder = planning.project.path(".orchestrator");
        fs::rename(folder.join("processed").join(SUMMARY), folder.join(SUMMARY)).unwrap();
    }
    if !steps.contains(&"document") {
        planning.project.write(DOCUMENT, document);
    }
    planning
}

/// All that taking the summary in once comes to.
fn was_taken_in_once(planning: &Planning) {
    assert_eq!(planning.rows(), ["🟡 Partial", "⬜ Not Started"]);
    assert_eq!(planning.cells(4), ["20", "—"]);
    assert_eq!(planning.log(), ["M1 partial (20 min). Write the schema. Boxes: 1 of 2 ticked.", "Planned."]);
    assert_eq!(planning.processed(), [SUMMARY]);
    assert!(!planning.project.exists(&format!(".orchestrator/{SUMMARY}")));
    let state = planning.state();
    assert_eq!(state["processedSummaries"], json!([SUMMARY]));
    assert_eq!(state["workers"], json!([]));
}

#[test]
fn what_collecting_had_no_time_for_is_done_by_whatever_comes_next() {
    for steps in [&[][..], &["document"], &["document", "put away"]] {
        for next in [&["collect"][..], &["dispatch", "M2"], &["dispatch", "--gap", "M1"]] {
            let planning = cut_off(steps);
            let status = planning.project.json(&["why", "M2"]);
            assert_eq!(
                status["reasons"][0]["code"], "halted",
                "{steps:?}: nothing may start, and orch knows it"
            );
            let ended = planning.run_to(3, next);
            let said = format!("{}{}", ended.out, ended.err);
            assert!(said.contains("M1 came back Partial"), "{steps:?} {next:?}: {ended}");
            was_taken_in_once(&planning);
            assert_eq!(planning.state()["orch"]["alerts"].as_array().unwrap().len(), 1);
            planning.run_to(0, &["ack"]);
            planning.run_to(0, &["dispatch", "M2"]);
        }
    }
}

#[test]
fn a_person_can_look_at_what_collecting_had_no_time_to_show() {
    let planning = cut_off(&[]);
    let ended = planning.run_to(0, &["ack"]);
    assert!(ended.out.starts_with("looked at: M1 came back Partial"), "{ended}");
    was_taken_in_once(&planning);
    assert_eq!(planning.state()["orch"].get("alerts"), None);
}

#[test]
fn a_summary_that_is_pasted_again_is_taken_in_once() {
    for steps in [&[][..], &["document"], &["document", "put away"]] {
        let planning = cut_off(steps);
        let kept = [SUMMARY.to_owned(), format!("processed/{SUMMARY}")];
        let kept = kept.iter().map(|name| format!(".orchestrator/{name}"));
        let mut pasted =
            kept.filter(|name| planning.project.exists(name)).map(|name| planning.project.read(&name));
        let pasted = pasted.next_back().unwrap();
        planning.feed(3, &["collect", "M1", "--stdin"], &pasted);
        was_taken_in_once(&planning);
    }
    // And before anything was recorded of it.
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    planning.hand_back("m1-schema", "Partial", "- [x] Write the schema\n- [ ] Test the schema", "None");
    let pasted = planning.project.read(&format!(".orchestrator/{SUMMARY}"));
    planning.feed(3, &["collect", "M1", "--stdin"], &pasted);
    was_taken_in_once(&planning);
}

#[test]
fn a_run_starts_nothing_before_a_person_has_looked_at_what_came_back() {
    let planning = cut_off(&[]);
    let ended = planning.run_to(3, &["run"]);
    assert!(ended.err.contains("a person has to look"), "{ended}");
    was_taken_in_once(&planning);
}

#[test]
fn what_was_cut_off_while_it_was_written_is_removed() {
    let planning = Planning::new(TWO);
    planning.run_to(0, &["dispatch", "M1"]);
    let left = [
        format!(".{DOCUMENT}.0123456789abcdef.tmp"),
        "..gitignore.0123456789abcdef.tmp".into(),
        ".orchestrator/.state.json.0123456789abcdef.tmp".into(),
        ".orchestrator/prompts/.worker-prompt-m1-schema.md.0123456789abcdef.tmp".into(),
        format!(".orchestrator/processed/.{SUMMARY}.0123456789abcdef.tmp"),
    ];
    fs::create_dir_all(planning.project.path(".orchestrator/prompts")).unwrap();
    for name in &left {
        planning.project.write(name, "half");
    }
    let of_a_person = format!(".{DOCUMENT}.swp");
    planning.project.write(&of_a_person, "theirs");
    planning.run_to(0, &["mode", "file"]);
    for name in &left {
        assert!(!planning.project.exists(name), "{name}");
    }
    assert!(planning.project.exists(&of_a_person));
}

#[test]
fn a_run_that_was_ended_before_its_session_had_a_folder_is_gone_on_from() {
    let planning = held("took 12 commit schema.sql");
    let run = planning.start_run(&["--agent", "held"]);
    planning.project.hear("pipe-began");
    run.kill();
    planning.project.hear("pipe-gone");
    fs::remove_dir_all(planning.project.path(".orchestrator")).unwrap();
    planning.edit("🔄 In Progress", "⬜ Not Started");
    planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"]);
}

#[test]
fn a_worker_that_ends_while_no_orch_is_there_has_done_its_work() {
    for (how, code, row, ticked) in [("complete", 0, "✅ Complete", 2), ("partial", 3, "🟡 Partial", 1)] {
        let planning = held(&format!("{how} took 12 commit schema.sql"));
        let run = planning.start_run(&["--agent", "held"]);
        planning.project.hear("pipe-began");
        run.kill();
        planning.project.hear("pipe-gone");
        planning.config("[agents.none]\ncommand = [\"false\"]\n");
        planning.run_to(code, &["run", "--agent", "none"]);
        assert_eq!(planning.rows(), [row]);
        assert_eq!(planning.cells(4), ["12"]);
        assert_eq!(planning.text().matches("- [x]").count(), ticked, "{}", planning.text());
        assert_eq!(planning.processed(), [SUMMARY]);
        assert_eq!(planning.log().len(), 2, "{:?}", planning.log());
        assert_eq!(planning.project.exists("schema.sql"), how == "complete");
    }
}

#[test]
fn a_run_that_is_stopped_gives_its_milestone_back() {
    for by_signal in [true, false] {
        let planning = held("took 12 commit schema.sql");
        let run = planning.start_run(&["--agent", "held"]);
        planning.project.hear("pipe-began");
        assert_eq!(planning.rows(), ["🔄 In Progress"]);
        if by_signal {
            run.signal("TERM");
        } else {
            planning.run_to(0, &["stop"]);
        }
        let ended = run.end();
        assert_eq!(planning.rows(), ["⬜ Not Started"], "{ended}");
        assert_eq!(planning.state()["workers"], json!([]));
        assert_eq!(planning.log(), ["Planned."]);
        planning.run_to(0, &["run"]);
        assert_eq!(planning.rows(), ["✅ Complete"]);
        assert_eq!(planning.processed(), [SUMMARY]);
        assert_eq!(planning.git(&["log", "--format=%s", "--grep", "Do M1"]).lines().count(), 1);
    }
}

/// One milestone whose agent `held` does this. It says that it has begun on `pipe-began`, goes on when somebody listens
/// on `pipe-gone`, and whoever does hears its end.
fn held(what: &str) -> Planning {
    let section = format!("DO: {what}\n\n- [ ] Write the schema\n- [ ] Test the schema");
    let planning = Planning::new(&[("M1: Schema", "Haiku", &section)]);
    planning.project.pipes(&["pipe-began", "pipe-gone"]);
    let script = "echo > ../../pipe-began; exec 9> ../../pipe-gone; exec \"$0\" \"$1\"";
    let milestoner = agent("milestoner");
    planning.config(&format!(
        "[agents.held]\ncommand = [\"sh\", \"-c\", '{script}', {milestoner:?}, \"{{prompt_file}}\"]\nresult = \"exit\"\n"
    ));
    planning
}
