//! State that was cut, changed or written by somebody else: nothing is thrown away, and what was done stays done.

use std::fs;

use crate::support::{Project, STATE};

const HISTORY: &str = ".orch/PROMPT-ORCHESTRATOR/history.jsonl";

/// A plan in the middle: one task done, one failed, one blocked.
fn halfway() -> Project {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> ran"),
        ("PROMPT-02-b", "PROMPT-01", "echo b >> ran\ntest -e mended"),
        ("PROMPT-03-c", "PROMPT-02", "echo c >> ran"),
    ]);
    project.config("[run]\ndurability = \"process\"\n");
    project.run_to(1, &["run"]);
    assert_eq!(project.statuses(), ["SUCCESS", "FAIL", "PENDING"]);
    project
}

/// State files that were kept aside, by the reason.
fn kept(project: &Project, reason: &str) -> Vec<String> {
    let mut kept = project.named(&format!("PROMPT-ORCHESTRATOR.state.{reason}"));
    kept.retain(|name| name != STATE);
    for name in &kept {
        // Such as PROMPT-ORCHESTRATOR.state.unreadable-20260225-104132.md
        let date: Vec<&str> = name.strip_suffix(".md").unwrap().split('-').skip(2).collect();
        assert!(date[0].len() == 8 && date[1].len() == 6, "{name}");
    }
    kept
}

/// Runs the plan, whose state file has just become this, to see that nothing is forgotten.
fn nothing_is_forgotten(project: &Project, state: &[u8]) {
    project.write(STATE, state);
    let kept_before = kept(project, "").len();
    let ended = project.run(&["run"]);
    let context = format!("{:?}: {ended}", String::from_utf8_lossy(&state[state.len().saturating_sub(40)..]));
    assert_eq!(ended.code, Some(1), "{context}");
    assert_eq!(project.lines("ran"), ["a", "b"], "{context}");
    assert_eq!(project.statuses(), ["SUCCESS", "FAIL", "PENDING"], "{context}");
    let kept = kept(project, "");
    if kept.len() > kept_before {
        let found = kept.iter().any(|name| fs::read(project.path(name)).unwrap() == state);
        assert!(found, "what was there is kept: {context}");
        assert!(ended.err.contains("the state file is kept as "), "{context}");
    }
}

#[test]
fn a_state_file_that_was_cut_anywhere_costs_nothing() {
    let project = halfway();
    let state = fs::read(project.path(STATE)).unwrap();
    for end in (0..state.len()).step_by(5).filter(|&end| !ends_at_a_row_or_a_column(&state[..end])) {
        nothing_is_forgotten(&project, &state[..end]);
    }
    assert!(kept(&project, "unreadable").len() > 20);
}

#[test]
fn a_state_file_that_was_cut_at_a_row_or_a_column_costs_nothing() {
    let project = halfway();
    let state = fs::read(project.path(STATE)).unwrap();
    for end in (0..state.len()).filter(|&end| ends_at_a_row_or_a_column(&state[..end])) {
        nothing_is_forgotten(&project, &state[..end]);
    }
}

/// What is left could be a whole state file with fewer rows or columns.
fn ends_at_a_row_or_a_column(state: &[u8]) -> bool {
    let text = std::str::from_utf8(state).unwrap();
    let row = text.lines().last().unwrap_or_default();
    row.starts_with("| ") && row.trim_end().ends_with('|')
}

#[test]
fn a_state_file_that_is_nonsense_costs_nothing() {
    let project = halfway();
    let state = project.read(STATE);
    let table = &state[state.find("## Prompts").unwrap()..];
    for nonsense in [
        Vec::new(),
        b"\n".to_vec(),
        b"\xff\xfe\0\0nonsense".to_vec(),
        "x".repeat(1 << 20).into_bytes(),
        format!("{state}\n{table}").into_bytes(),
        state.replacen("SUCCESS", "DONE", 1).into_bytes(),
        state.replace("| 1 ", "| one ").into_bytes(),
        [state.as_bytes(), b"\xff"].concat(),
    ] {
        nothing_is_forgotten(&project, &nonsense);
    }
    project.write("mended", "");
    project.run_to(0, &["run", "--retry-failed"]);
    assert_eq!(project.lines("ran"), ["a", "b", "b", "c"]);
}

#[test]
fn a_state_file_with_two_tables_says_where() {
    let project = halfway();
    let state = project.read(STATE);
    let table = &state[state.find("## Prompts").unwrap()..];
    let lines = state.lines().count();
    project.write(STATE, format!("{state}\n{table}"));
    let ended = project.run_to(1, &["run"]);
    let place = format!("{}:{}:1: a second table of prompts", project.path(STATE).display(), lines + 3);
    assert!(ended.err.contains(&place), "{ended}");
    assert_eq!(kept(&project, "unreadable").len(), 1);
}

#[test]
fn a_strict_resume_takes_no_word_from_the_history() {
    let project = halfway();
    project.write(STATE, "nonsense");
    project.run_to(1, &["run", "--strict-resume"]);
    assert_eq!(project.lines("ran"), ["a", "b", "a", "b"], "everything anew");
    assert_eq!(project.read(&kept(&project, "unreadable")[0]), "nonsense");
}

#[test]
fn what_a_newer_orch_wrote_is_left_alone() {
    let project = halfway();
    let (state, history) = (project.read(STATE), project.read(HISTORY));
    for (file, text) in [
        (STATE, state.replace("orch-state: format=1", "orch-state: format=2")),
        (HISTORY, history.replacen("\"format\":1", "\"format\":2", 1)),
    ] {
        project.write(file, &text);
        for arguments in [&["run"][..], &["status"], &["retry", "PROMPT-02"], &["run", "--fresh"]] {
            let ended = project.run_to(1, arguments);
            assert!(ended.err.contains("was written by a newer orch"), "{ended}");
            assert!(ended.err.contains("hint: update orch; the file was left as it is"), "{ended}");
        }
        assert_eq!(project.read(file), text);
        project.write(STATE, &state);
        project.write(HISTORY, &history);
    }
    assert_eq!(project.lines("ran"), ["a", "b"]);
}

#[test]
fn a_newer_state_file_is_called_what_it_is() {
    let project = halfway();
    project.write(STATE, project.read(STATE).replace("orch-state: format=1", "orch-state: format=2"));
    let ended = project.run_to(1, &["run"]);
    assert!(!ended.err.contains("history") && !ended.err.contains("line 0"), "{ended}");
}

#[test]
fn a_note_is_said_once() {
    let project = halfway();
    project.write(STATE, "nonsense");
    let ended = project.run_to(1, &["run"]);
    assert_eq!(ended.err.matches("the state file is kept as ").count(), 1, "{ended}");
}

/// A person's edit is what they want.
#[test]
fn a_hand_edit_wins() {
    let project = halfway();
    let state = project.read(STATE);
    let row = state.lines().find(|line| line.contains("PROMPT-02-b.md")).unwrap();
    project.write(STATE, state.replace(row, &row.replace("FAIL   ", "SUCCESS")));
    let ended = project.run_to(0, &["run"]);
    assert!(ended.err.contains("was edited by hand: 1 changed status is taken over"), "{ended}");
    assert_eq!(project.lines("ran"), ["a", "b", "c"]);
    assert_eq!(kept(&project, ""), [""; 0]);
    let state = project.read(STATE);
    let row = state.lines().find(|line| line.contains("PROMPT-01-a.md")).unwrap();
    project.write(STATE, state.replace(row, &row.replace("SUCCESS", "PENDING")));
    project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "b", "c", "a"]);
}

/// One that is made while orch is at work is not written over.
#[test]
fn a_hand_edit_during_a_run_is_kept() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo here > here\nread -r line < gate"),
        ("PROMPT-02-b", "PROMPT-01", "true"),
    ]);
    project.pipes(&["here", "gate"]);
    let live = project.start_run(&[]);
    project.hear("here");
    let edited = project.read(STATE).replace("PENDING", "SUCCESS");
    project.write(STATE, &edited);
    project.say("gate");
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    let kept = kept(&project, "edited");
    assert_eq!(kept.len(), 1);
    assert_eq!(project.read(&kept[0]), edited);
    assert!(ended.err.contains("was changed while orch runs; that version is kept as "), "{ended}");
}

#[test]
fn a_plan_that_has_changed_begins_anew_and_the_old_state_is_kept() {
    let project = halfway();
    let before = project.read(STATE);
    project.write("mended", "");
    project.plan(
        "",
        &[("PROMPT-01-a", "None", "echo a >> ran"), ("PROMPT-04-e", "None", "echo e >> ran")],
        "",
    );
    let ended = project.run_to(0, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "b", "a", "e"], "{ended}");
    let kept = kept(&project, "unmatched");
    assert_eq!(project.read(&kept[0]), before);
    assert!(
        ended.err.contains("the list differs at place 2: recorded `PROMPT-02-b.md`, now `PROMPT-04-e`"),
        "{ended}"
    );
}

#[test]
fn a_damaged_history_is_kept_aside_and_the_state_file_counts() {
    let project = halfway();
    let history = project.read(HISTORY);
    let lines: Vec<&str> = history.split_inclusive('\n').collect();
    for damaged in [
        history.replacen("PENDING", "SUCCESS", 1),
        lines.iter().enumerate().filter(|(place, _)| *place != 3).map(|(_, line)| *line).collect(),
        format!("nonsense\n{history}"),
    ] {
        let project = halfway();
        project.write(HISTORY, &damaged);
        let ended = project.run_to(1, &["run"]);
        assert_eq!(project.lines("ran"), ["a", "b"], "{ended}");
        assert_eq!(project.statuses(), ["SUCCESS", "FAIL", "PENDING"]);
        let folder = project.path(".orch/PROMPT-ORCHESTRATOR");
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let aside: Vec<_> =
            names.filter(|path| path.to_string_lossy().contains("history.damaged-")).collect();
        assert_eq!(aside.len(), 1, "{ended}");
        assert_eq!(fs::read_to_string(&aside[0]).unwrap(), damaged);
        project.write("mended", "");
        project.run_to(0, &["run", "--retry-failed"]);
    }
}

#[test]
fn a_history_whose_last_line_was_cut_goes_on_from_the_one_before() {
    let project = halfway();
    let history = project.read(HISTORY);
    let last = history.trim_end().rfind('\n').unwrap() + 1;
    for end in (last + 1..history.len()).step_by(9) {
        let project = halfway();
        let history = project.read(HISTORY);
        project.write(HISTORY, &history[..end.min(history.len() - 1)]);
        let ended = project.run_to(1, &["run"]);
        assert_eq!(project.lines("ran"), ["a", "b"], "{end}: {ended}");
        assert_eq!(project.statuses(), ["SUCCESS", "FAIL", "PENDING"]);
    }
}

#[test]
fn a_history_that_is_gone_leaves_the_state_file() {
    let project = halfway();
    fs::remove_dir_all(project.path(".orch")).unwrap();
    let ended = project.run_to(1, &["run"]);
    assert_eq!(project.lines("ran"), ["a", "b"], "{ended}");
    project.write("mended", "");
    project.run_to(0, &["run", "--retry-failed"]);
    assert_eq!(project.lines("ran"), ["a", "b", "b", "c"]);
}

/// State in the form of the tool that the format comes from.
#[test]
fn a_state_file_of_another_tool_is_gone_on_with() {
    let project = Project::new(&[
        ("PROMPT-01-a", "None", "echo a >> ran"),
        ("PROMPT-02-b", "PROMPT-01", "echo b >> ran"),
        ("PROMPT-03-c", "None", "echo c >> ran"),
    ]);
    project.write(
        STATE,
        "## Orchestrator State\n\nOverall Objective: A test\nStatus: RUNNING\nCurrent Prompt Index: 1\n\n### Prompts\n\
         | Index | Status | Prompt Path | Plan Path | Tests | Dependencies | Reqs |\n\
         | 0 | SUCCESS | PROMPT-01-a.md | PROMPT-01-a-PLAN.md | basic | None | |\n\
         | 1 | RUNNING | PROMPT-02-b.md | PROMPT-02-b-PLAN.md | basic | PROMPT-01 | |\n\
         | 2 | INCOMPLETE | PROMPT-03-c.md | PROMPT-03-c-PLAN.md | basic | None | |\n",
    );
    let ended = project.run_to(3, &["run"]);
    assert_eq!(project.lines("ran"), ["b"], "{ended}");
    assert_eq!(project.statuses(), ["SUCCESS", "SUCCESS", "INCOMPLETE"]);
}
