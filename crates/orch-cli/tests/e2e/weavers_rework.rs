//! Work that does not pass its checks goes back to its weaver, a bounded number of times.

use serde_json::Value;

use crate::support::vertical::{DOES_IT, Vertical};

/// A check that passes once `mended.txt` is there.
const WANTS: &str = "verification_spec:
  - type: command
    name: it-is-mended
    run: ls mended.txt
";

/// What the failed check is told as.
const FAILED: &str = "check 1 of 1 failed: [command] it-is-mended: ls mended.txt";

/// What only a weaver is told whose work came back.
const CAME_BACK: &str = "You have said before that this work is complete";

#[test]
fn a_failed_check_goes_back_with_what_it_found() {
    let vertical = Vertical::new(&[("01-schema", "", WANTS, "")]);
    vertical.act(
        "w-01",
        "commits w-01.txt
says '\"spec\":\"01-schema.yaml\",\"status\":\"verifying\",\"iteration\":1,\"pr\":\"#7\"'
read -r line < ../../pipe
says '\"status\":\"complete\"'
",
    );
    vertical.project.pipes(&["pipe"]);
    vertical.act(
        "w-01.2",
        "cp \"$ORCH_PROMPT_FILE\" ../../seen-prompt\ncp \"$ORCH_RESULT\" ../../seen-status\ncommits mended.txt\ndone_\n",
    );
    let mut live = vertical.start_run(&[]);
    while live.wait_for("progress", "w-01")["detail"] != "verifying" {}
    vertical.project.say("pipe");
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(
        ended.told("task_ended", "detail"),
        [format!("w-01: {FAILED}"), "w-01: 1 check passed; pull request #7".into()]
    );
    assert_eq!(ended.told("task_ended", "outcome"), ["w-01: rejected", "w-01: succeeded"]);
    assert_eq!(ended.told("task_ended", "status"), ["w-01: PENDING", "w-01: SUCCESS"]);

    let prompt = vertical.project.read("seen-prompt");
    for part in
        [CAME_BACK, "No such file or directory", "it-is-mended", "RESULT: FAIL", "Checks completed: 1/1"]
    {
        assert!(prompt.contains(part), "`{part}` is not in {prompt}");
    }
    let begun: Value = serde_json::from_str(&vertical.project.read("seen-status")).unwrap();
    assert_eq!((&begun["iteration"], &begun["status"]), (&2.into(), &"building".into()), "{begun}");

    // What its later writes left out is still known.
    let weaver = vertical.weaver("w-01");
    assert_eq!(weaver["spec"], "01-schema.yaml");
    assert_eq!((&weaver["status"], &weaver["iteration"]), (&"complete".into(), &2.into()), "{weaver}");
    assert_eq!((&weaver["pr"], &weaver["error"]), (&"#7".into(), &Value::Null), "{weaver}");
    assert!(weaver["started_at"].is_string() && weaver["completed_at"].is_string(), "{weaver}");
    assert_eq!(vertical.state()["weavers"]["w-01"]["pr"], "#7");
    assert_eq!(vertical.json(&["status"])["tasks"][0]["attempts"], 2);
}

#[test]
fn the_first_prompt_knows_of_no_failed_check() {
    let act = "cp \"$ORCH_PROMPT_FILE\" ../../seen-prompt\ncommits mended.txt\ndone_\n";
    let vertical = Vertical::new(&[("01-schema", "", WANTS, act)]);
    assert_eq!(vertical.start_run(&[]).end().code, Some(0));
    assert!(!vertical.project.read("seen-prompt").contains(CAME_BACK));
}

#[test]
fn five_iterations_without_success_are_enough() {
    let vertical =
        Vertical::new(&[("01-schema", "", WANTS, "echo . >> ../../seen\ncommits w-01.txt\ndone_\n")]);
    for iteration in 2..=6 {
        let act = format!("echo . >> ../../seen\necho {iteration} >> w-01.txt\ncommits w-01.txt\ndone_\n");
        vertical.act(&format!("w-01.{iteration}"), &act);
    }
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(vertical.project.lines("seen").len(), 5);
    let why = format!("{FAILED}; 5 iterations without success");
    let state = vertical.state();
    assert_eq!((&state["status"], &state["weavers"]["w-01"]["status"]), (&"failed".into(), &"failed".into()));
    assert_eq!(state["weavers"]["w-01"]["error"], why, "{state}");
    let weaver = vertical.weaver("w-01");
    assert_eq!((&weaver["status"], &weaver["iteration"]), (&"failed".into(), &5.into()), "{weaver}");
    assert_eq!(weaver["error"], why);
    let summary = std::fs::read_to_string(vertical.path("run/summary.md")).unwrap();
    assert!(summary.contains("- **Iterations**: 5") && summary.contains("✗ failed"), "{summary}");

    // Asked for again, it has all its iterations again, and hears what the last check found.
    vertical.act("w-01", "cp \"$ORCH_PROMPT_FILE\" ../../seen-prompt\ncommits mended.txt\ndone_\n");
    vertical.run_to(0, &["retry", "w-01"]);
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.weaver("w-01")["iteration"], 1);
    assert!(vertical.project.read("seen-prompt").contains(CAME_BACK));
    assert_eq!(vertical.state()["weavers"]["w-01"]["error"], Value::Null);
}

#[test]
fn a_fresh_run_knows_of_no_earlier_iterations() {
    let vertical = Vertical::new(&[("01-schema", "", WANTS, DOES_IT)]);
    vertical.config("[weavers]\niterations = 1\n");
    assert_eq!(vertical.start_run(&[]).end().code, Some(1));
    vertical.config("");
    vertical.act("w-01", "cp \"$ORCH_PROMPT_FILE\" ../../seen-prompt\ncommits mended.txt\ndone_\n");
    let ended = vertical.start_run(&["--fresh"]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(vertical.weaver("w-01")["iteration"], 1);
    assert!(!vertical.project.read("seen-prompt").contains(CAME_BACK));
}

#[test]
fn its_own_iterations_and_those_of_orch_count_together() {
    let vertical = Vertical::new(&[("01-schema", "", WANTS, "")]);
    // Four iterations of its own, then a claim that does not hold: the next is the last.
    vertical.act("w-01", "commits w-01.txt\nsays '\"status\":\"fixing\",\"iteration\":4'\nsays '\"status\":\"complete\",\"iteration\":4'\n");
    vertical.act("w-01.5", "echo 5 >> ../../seen\ndone_\n");
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert_eq!(vertical.project.lines("seen"), ["5"]);
    assert_eq!(vertical.weaver("w-01")["iteration"], 5);
    assert_eq!(ended.told("task_ended", "outcome"), ["w-01: rejected", "w-01: failed"]);
}

#[test]
fn a_weaver_that_goes_on_for_more_iterations_is_ended() {
    let vertical = Vertical::new(&[("01-schema", "", "", ""), ("02-docs", "", "", DOES_IT)]);
    // Nobody writes into the pipe.
    vertical.act(
        "w-01",
        "says '\"status\":\"fixing\",\"iteration\":6,\"error\":\"it is hard\"'\nread -r line < ../../pipe\n",
    );
    vertical.project.pipes(&["pipe"]);
    let ended = vertical.start_run(&[]).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    let state = vertical.state();
    assert_eq!(
        (&state["status"], &state["weavers"]["w-02"]["status"]),
        (&"partial".into(), &"complete".into())
    );
    assert_eq!(state["weavers"]["w-01"]["status"], "failed");
    assert_eq!(state["weavers"]["w-01"]["error"], "5 iterations without success: it is hard", "{state}");
    assert_eq!(vertical.project.processes(), []);
}
