//! A planning document, run by agents: each milestone on a branch of its own that is merged.

use serde_json::Value;

use crate::support::planned::{DOCUMENT, Planning};

#[test]
fn agents_do_it_all_and_the_document_tells() {
    let planning = Planning::new(&[
        (
            "M1: Schema",
            "Haiku",
            "DO: commit schema.sql took 12\n\n- [ ] Write the schema\n- [ ] Test the schema",
        ),
        (
            "M2: Routes",
            "Sonnet",
            "**Depends on:** M1\n\nDO: commit routes.rs took 7 bold\n\n- [ ] Write the routes",
        ),
        (
            "M3: Page",
            "Opus",
            "**Depends on:** M1\n\nDO: commit page.html took 100 list\n\n- [ ] Write the page",
        ),
    ]);
    let ended = planning.run_to(0, &["run"]);
    assert!(ended.out.starts_with("success: 3 SUCCESS"), "{ended}");
    assert_eq!(planning.rows(), ["✅ Complete"; 3]);
    assert_eq!(planning.cells(4), ["12", "7", "100"]);
    assert!(!planning.text().contains("- [ ]"), "{}", planning.text());
    let log = planning.log();
    assert_eq!(log.len(), 4, "{log:?}");
    assert_eq!(log[2], "M1 complete (12 min). Write the schema; Test the schema. Boxes: 2 of 2 ticked.");
    assert_eq!(log[3], "Planned.");
    // What each needs was there before it began, and all of it is here now.
    assert_eq!(planning.git(&["log", "--first-parent", "--format=%s", "-2"]).lines().count(), 2);
    for file in ["schema.sql", "routes.rs", "page.html"] {
        assert!(planning.project.exists(file), "{file}");
    }
    assert!(planning.git(&["log", "--format=%s"]).contains("Merge M1: Schema"));
    assert_eq!(planning.git(&["worktree", "list"]).lines().count(), 1, "what was merged needs no work tree");
    assert_eq!(
        planning.processed(),
        ["worker-summary-m1-schema.md", "worker-summary-m2-routes.md", "worker-summary-m3-page.md"]
    );
    let state = planning.state();
    assert_eq!(state["planningDoc"], DOCUMENT);
    assert_eq!(state["workers"], serde_json::json!([]));
    assert_eq!(state["processedSummaries"].as_array().unwrap().len(), 3);
    let changed = planning.git(&["status", "--porcelain"]);
    assert_eq!(changed, format!(" M .gitignore\n M {DOCUMENT}"), "only what orch is to write");
    assert_eq!(planning.run_to(4, &["run"]).out, "nothing to do: every task is done\n");
}

#[test]
fn a_partial_one_pauses_all_and_its_gap_is_filled() {
    let planning = Planning::new(&[
        (
            "M1: Schema",
            "Haiku",
            "DO: partial commit schema.sql\n\n- [ ] Write the schema\n- [ ] Test the schema",
        ),
        ("M2: Page", "Haiku", "- [ ] Write the page"),
    ]);
    let ended = planning.run_to(3, &["run", "-j", "1"]);
    assert!(ended.err.contains("stopped: a task came back incomplete"), "{ended}");
    assert_eq!(planning.rows(), ["🟡 Partial", "⬜ Not Started"]);
    assert!(planning.text().contains("- [x] Write the schema\n- [ ] Test the schema"));
    assert!(!planning.project.exists("schema.sql"), "what is partial is not merged");
    assert_eq!(planning.state()["orch"]["alerts"][0]["milestone"], "M1");
    // Nothing more starts until a person has looked.
    assert!(planning.run_to(3, &["run"]).err.contains("paused: a person has to look"));
    planning.run_to(0, &["ack"]);
    planning.edit("DO: partial commit schema.sql", "DO: commit more.sql");
    planning.run_to(0, &["retry", "M1"]);
    let prompt = planning.run_to(0, &["prompt", "M1"]).out;
    assert!(prompt.starts_with("# Worker Context: M1: Schema - Gap Fill"), "{prompt}");
    assert!(
        prompt.contains("- [ ] Test the schema") && !prompt.contains("- [ ] Write the schema"),
        "{prompt}"
    );
    planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"; 2]);
    assert!(planning.cells(4)[0].contains("(gap-fill)"), "{:?}", planning.cells(4));
    assert!(planning.processed().contains(&"worker-summary-m1-schema-gap.md".to_owned()));
}

#[test]
fn issues_pause_although_the_work_is_done() {
    let planning = Planning::new(&[
        ("M1: Schema", "Haiku", "DO: issues commit schema.sql\n\n- [ ] Write the schema"),
        ("M2: Page", "Haiku", "DO: commit page.html\n\n- [ ] Write the page"),
    ]);
    let ended = planning.run_to(3, &["run", "-j", "1"]);
    assert_eq!(planning.rows(), ["✅ Complete", "⬜ Not Started"], "{ended}");
    assert!(planning.project.exists("schema.sql"));
    let status = planning.project.json(&["status"]);
    assert!(
        status["session"]["alerts"][0].as_str().unwrap().contains("the numbers of M1 look wrong"),
        "{status}"
    );
    let why = planning.project.json(&["why", "M2"]);
    assert_eq!(why["reasons"][0]["code"], "halted");
    planning.run_to(0, &["ack"]);
    assert_eq!(planning.run_to(4, &["ack"]).out, "nothing waits for anybody to look at it\n");
    planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"; 2]);
}

#[test]
fn a_branch_that_conflicts_loses_nothing_and_is_merged_when_asked_again() {
    let planning = Planning::new(&[
        ("M1: One", "Haiku", "DO: commit same.txt\n\n- [ ] Write one"),
        ("M2: Two", "Haiku", "DO: commit same.txt\n\n- [ ] Write two"),
    ]);
    let before = planning.git(&["rev-parse", "HEAD"]);
    let ended = planning.run_to(3, &["run", "-j", "2"]);
    let rows = planning.rows();
    assert!(rows.contains(&"✅ Complete".to_owned()) && rows.contains(&"🟡 Partial".to_owned()), "{rows:?}");
    let (id, branch) = if rows[0] == "🟡 Partial" { ("M1", "m1-one") } else { ("M2", "m2-two") };
    assert!(ended.err.contains("done, and not merged") && ended.err.contains("same.txt"), "{ended}");
    let branch = format!("milestone/export-planning/{branch}");
    assert_eq!(planning.git(&["log", "--format=%s", "-1", &branch]), format!("Do {id}"));
    assert_ne!(planning.git(&["rev-parse", "HEAD"]), before);
    assert!(planning.git(&["status", "--porcelain", "same.txt"]).is_empty(), "nothing is left half merged");
    // A person merges it by hand; then only the rest is done, and no worker is paid for again.
    let merged = std::process::Command::new("git")
        .args(["merge", "-q", "-X", "ours", "-m", "By hand", &branch])
        .current_dir(planning.project.folder())
        .status();
    assert!(merged.unwrap().success());
    planning.config("[agents.none]\ncommand = [\"false\"]\n");
    planning.run_to(0, &["ack"]);
    planning.run_to(0, &["retry", id]);
    planning.run_to(0, &["run", "--agent", "none"]);
    assert_eq!(planning.rows(), ["✅ Complete"; 2]);
}

#[test]
fn what_only_a_person_does_is_left_to_them() {
    let planning = Planning::new(&[
        ("M1: Copy", "— (owner)", "- [ ] Approve the copy"),
        ("M2: Page", "Haiku", "DO: commit page.html\n\n- [ ] Write the page"),
        ("M3: Release", "Haiku", "**Depends on:** M1, M2\n\nDO: commit notes.md\n\n- [ ] Write the notes"),
    ]);
    let ended = planning.run_to(3, &["run"]);
    assert!(ended.err.contains("`M1`: a person does it: `orch dispatch M1`"), "{ended}");
    assert_eq!(planning.rows(), ["⬜ Not Started", "✅ Complete", "⬜ Not Started"]);
    planning.run_to(0, &["dispatch", "M1"]);
    // It is in their hands: a run neither waits for them nor takes it from them.
    assert!(planning.run_to(3, &["run"]).err.contains("M1 with a person"));
    planning.hand_back("m1-copy", "Completed", "- [x] Approve the copy", "None");
    planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"; 3]);
}

#[test]
fn what_a_person_hands_back_during_a_run_is_taken_in_by_it() {
    let planning = Planning::new(&[
        ("M1: Copy", "Haiku", "- [ ] Write the copy"),
        ("M2: Page", "Haiku", "- [ ] Write the page"),
        ("M3: Release", "Haiku", "**Depends on:** M1\n\n- [ ] Write the notes"),
    ]);
    planning.project.pipes(&["pipe-began", "pipe-on"]);
    planning.config("[agents.slow]\ncommand = [\"sh\", \"-c\", 'if test $ORCH_TASK = M2; then echo > ../../pipe-began; read on < ../../pipe-on; fi; exec \"$0\" \"$1\"', \"MILESTONER\", \"{prompt_file}\"]\nresult = \"exit\"\n".replace("MILESTONER", &crate::support::agent("milestoner")).as_str());
    planning.run_to(0, &["dispatch", "M1"]);
    let mut run = planning.start_run(&["--agent", "slow", "-j", "1"]);
    planning.project.hear("pipe-began");
    planning.hand_back("m1-copy", "Completed", "- [x] Write the copy", "None");
    let event = run.wait_for("task_ended", "M1");
    assert_eq!(event["status"], Value::from("SUCCESS"), "{event}");
    planning.project.say("pipe-on");
    let ended = run.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(planning.rows(), ["✅ Complete"; 3]);
}

#[test]
fn the_recommended_model_is_handed_over_to_agents_that_take_one() {
    let planning = Planning::new(&[
        ("M1: Copy", "Opus", "- [ ] Write the copy"),
        ("M2: Page", "—", "- [ ] Write the page"),
    ]);
    let script = "echo \"$ORCH_TASK: $*\" >> ../../seen; exec \"$0\" \"$1\"";
    let milestoner = crate::support::agent("milestoner");
    planning.config(&format!(
        "[agents.models]\ncommand = [\"sh\", \"-c\", '{script}', {milestoner:?}, \"{{prompt_file}}\"]\nmodel = [\"--model\", \"{{model}}\"]\nresult = \"exit\"\n"
    ));
    planning.run_to(0, &["run", "--agent", "models", "-j", "1"]);
    let seen = planning.project.lines("seen");
    assert!(seen[0].starts_with("M1: ") && seen[0].ends_with("--model opus"), "{seen:?}");
    assert!(seen[1].starts_with("M2: ") && !seen[1].contains("--model"), "{seen:?}");
}

#[test]
fn in_one_work_tree_all_work_in_the_project_itself() {
    let planning = Planning::new(&[("M1: Copy", "Haiku", "DO: commit copy.txt\n\n- [ ] Write the copy")]);
    planning.config("\n[milestones]\nworktrees = false\n");
    planning.run_to(0, &["run"]);
    assert_eq!(planning.rows(), ["✅ Complete"]);
    assert_eq!(planning.git(&["log", "--format=%s", "-1"]), "Do M1");
    assert!(planning.git(&["branch", "--list", "milestone/*"]).is_empty());
}

#[test]
fn a_file_that_is_claimed_and_nowhere_pauses_the_run() {
    let planning = Planning::new(&[
        ("M1: Copy", "Haiku", "DO: commit copy.txt claim nowhere.txt\n\n- [ ] Write the copy"),
        ("M2: Page", "Haiku", "DO: commit page.html\n\n- [ ] Write the page"),
    ]);
    let ended = planning.run_to(3, &["run", "-j", "1"]);
    assert_eq!(planning.rows(), ["✅ Complete", "⬜ Not Started"], "{ended}");
    assert!(ended.err.contains("it names the file `nowhere.txt`"), "{ended}");
    assert!(
        ended.err.contains("nothing more starts until you have looked and said so: `orch ack`"),
        "{ended}"
    );
}

#[test]
fn why_says_who_has_it() {
    let planning = Planning::new(&[("M1: Copy", "Haiku", "- [ ] Write the copy")]);
    planning.run_to(0, &["dispatch"]);
    let why = planning.run_to(0, &["why", "M1"]).out;
    assert!(
        why.contains("in the hands of a person") && why.contains("`orch stop M1` gives it back"),
        "{why}"
    );
}

#[test]
fn a_folder_that_is_called_like_a_milestone_is_no_plan() {
    let planning = Planning::new(&[("M1: Copy", "Haiku", "- [ ] Write the copy")]);
    std::fs::create_dir(planning.project.path("M1")).unwrap();
    planning.run_to(0, &["dispatch", "M1"]);
    assert_eq!(planning.rows(), ["🔄 In Progress"]);
}
