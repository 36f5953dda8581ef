//! The gate after all prompts: are the requirements met?

use crate::support::{Project, agent};

const HEAD: &str = "PRD Path: PRD.md\nRequirements Inventory: PROMPT-PRD-REQUIREMENTS.md\n";
const REPORT: &str = "PROMPT-ORCHESTRATOR.validation.md";

/// A plan with requirements; `ownership` says who brings them about.
fn required(ownership: &str) -> Project {
    let project = Project::empty();
    own(&project, ownership);
    project.write("PRD.md", "# What is wanted\n");
    project.write(
        "PROMPT-PRD-REQUIREMENTS.md",
        "# PRD Requirements Inventory\nSource PRD: PRD.md\n
## REQ-001 [IN] Users log in\n- Source: page 1\n- Acceptance: a test\n
## REQ-002 [IN] Users log out\n- Source: page 1\n- Acceptance: a test\n
## REQ-003 [POST_INIT] Users fly\n- Source: page 2\n- Acceptance: none\n",
    );
    project
}

fn own(project: &Project, ownership: &str) {
    let prompts = [("PROMPT-01-a", "None", "echo a >> ran"), ("PROMPT-02-b", "PROMPT-01", "echo b >> ran")];
    project.plan(HEAD, &prompts, &format!("\n## Requirement Ownership\n{ownership}"));
}

const BOTH: &str = "- REQ-001 — Owner: PROMPT-01-a.md — Secondary: None\n\
                    - REQ-002 — Owner: PROMPT-02-b.md — Secondary: PROMPT-01-a.md\n";
const ONE: &str = "- REQ-001 — Owner: PROMPT-01-a.md — Secondary: None\n";

#[test]
fn requirements_that_are_met() {
    let project = required(BOTH);
    let ended = project.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.err.contains("requirements: all met"), "{ended}");
    assert_eq!(ended.told("gate", "verdict"), ["-: pass"]);
    assert_eq!(project.state("Validation Status"), "FINAL_OK");
    assert_eq!(project.state("Status"), "SUCCESS");
    let report = project.read(REPORT);
    assert!(report.contains("\nStatus: PASS\n") && report.contains("- Covered: 2\n"), "{report}");
    project.run_to(4, &["run"]);
}

#[test]
fn a_requirement_without_an_owner_fails_until_it_is_mended() {
    let project = required(ONE);
    let ended = project.start_run(&[]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.err.contains("requirements: not met\n  - REQ-002: no prompt maps it\n"), "{ended}");
    assert_eq!(ended.told("gate", "verdict"), ["-: fail"]);
    assert_eq!(project.state("Validation Status"), "FINAL_FAIL");
    assert_eq!(project.state("Status"), "FAIL");
    assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS"]);
    assert!(project.read(REPORT).contains("\nStatus: FAIL\n"));

    // It is looked at again, and nothing is run for it.
    project.run_to(1, &["run"]);
    own(&project, BOTH);
    let ended = project.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ended.told("task_started", "status"), [""; 0]);
    assert_eq!(project.lines("ran"), ["a", "b"]);
    assert_eq!(project.state("Validation Status"), "FINAL_OK");
    assert_eq!(project.state("Status"), "SUCCESS");
    assert!(project.read(REPORT).contains("\nStatus: PASS\n"));
}

#[test]
fn what_is_named_and_not_there_fails() {
    for (missing, said) in [
        ("PRD.md", "the PRD `PRD.md` is not there"),
        (
            "PROMPT-PRD-REQUIREMENTS.md",
            "the requirements inventory `PROMPT-PRD-REQUIREMENTS.md` is not there",
        ),
    ] {
        let project = required(BOTH);
        std::fs::remove_file(project.path(missing)).unwrap();
        let ended = project.run_to(1, &["run"]);
        assert!(ended.err.contains(said), "{ended}");
        assert_eq!(project.state("Validation Status"), "FINAL_FAIL");
    }
}

#[test]
fn a_plan_that_names_no_requirements_has_nothing_to_validate() {
    let project = Project::new(&[("PROMPT-01-a", "None", "true")]);
    let ended = project.run_to(0, &["run"]);
    let note =
        "note: the index names no PRD, no requirements inventory and no ownership: nothing was validated";
    assert!(ended.err.contains(note), "{ended}");
    assert_eq!(project.state("Validation Status"), "NONE");
    assert!(!project.exists(REPORT));
    let ended = project.run_to(1, &["run", "--require-validation"]);
    assert!(ended.err.contains("the index names neither a PRD nor an inventory nor an ownership"), "{ended}");
    assert_eq!(project.state("Validation Status"), "FINAL_FAIL");
}

#[test]
fn no_validation_means_none() {
    for (arguments, config) in
        [(&["run", "--no-validation"][..], ""), (&["run"], "[run]\nvalidation = false\n")]
    {
        let project = required(ONE);
        project.config(config);
        let ended = project.run_to(0, arguments);
        assert!(!ended.err.contains("requirements"), "{ended}");
        assert_eq!(project.state("Validation Status"), "NONE");
        assert!(!project.exists(REPORT));
    }
}

#[test]
fn a_plan_that_has_failed_is_not_validated() {
    let project = required(BOTH);
    project.write("PROMPT-02-b.md", crate::support::prompt("exit 1"));
    project.run_to(1, &["run"]);
    assert_eq!(project.state("Validation Status"), "NONE");
    assert!(!project.exists(REPORT));
}

#[test]
fn a_validator_has_its_say_and_its_report_stays() {
    for (word, code, status) in
        [("PASS", 0, "FINAL_OK"), ("PARTIAL", 1, "FINAL_FAIL"), ("FAIL", 1, "FINAL_FAIL")]
    {
        let project = required(BOTH);
        let validator = agent("validator");
        project.config(&format!(
            "[run]\nvalidator = [{validator:?}, {word:?}]\n[agents.shell]\nenv = {{ NOTES = {:?} }}\n",
            project.folder()
        ));
        let ended = project.run_to(code, &["run"]);
        assert_eq!(project.state("Validation Status"), status, "{word}: {ended}");
        assert_eq!(ended.err.contains(&format!("the validator says {word}")), word != "PASS", "{ended}");
        let report = project.read(REPORT);
        assert!(report.contains(&format!("Status: {word}\n")) && !report.contains("- Covered"), "{report}");
        // It was told where the state is, as it was when it looked.
        let state = format!("{}/PROMPT-ORCHESTRATOR.state.md", project.folder().display());
        assert_eq!(project.lines("validations"), [state]);
        assert_eq!(project.processes(), []);
    }
}

/// A validator that likes what the rules don't like changes nothing.
#[test]
fn a_validator_can_not_overrule_the_rules() {
    let project = required(ONE);
    let validator = agent("validator");
    project.config(&format!(
        "[run]\nvalidator = [{validator:?}, \"PASS\"]\n[agents.shell]\nenv = {{ NOTES = {:?} }}\n",
        project.folder()
    ));
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("REQ-002: no prompt maps it"), "{ended}");
    assert_eq!(project.state("Validation Status"), "FINAL_FAIL");
}

#[test]
fn a_validator_that_says_nothing_has_not_said_yes() {
    let project = required(BOTH);
    // The report of an earlier run is not this one's.
    project.write(REPORT, "# REQUIREMENTS FINAL VALIDATION\n\nStatus: PASS\n");
    project.config("[run]\nvalidator = [\"false\"]\n");
    let ended = project.run_to(1, &["run"]);
    assert!(ended.err.contains("the validator came to no verdict (exit code 1)"), "{ended}");
    assert_eq!(project.state("Validation Status"), "FINAL_FAIL");
}

/// A run that was killed between its last task and its validation makes up for it.
#[test]
fn a_validation_that_was_cut_off_is_made_up_for() {
    let project = required(BOTH);
    let mut live = project.start_run(&[]);
    live.wait_for("task_ended", "PROMPT-02-b");
    live.kill();
    let ended = project.run(&["run"]);
    // The kill may have come too late.
    assert!(matches!(ended.code, Some(0 | 4)), "{ended}");
    assert_eq!(project.state("Validation Status"), "FINAL_OK");
    assert_eq!(project.state("Status"), "SUCCESS");
    assert_eq!(project.lines("ran"), ["a", "b"]);
}
