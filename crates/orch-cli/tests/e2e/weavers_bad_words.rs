//! What weavers say of themselves, and what they print, when it is nothing that can be used.

use std::fs;

use crate::support::signal;
use crate::support::vertical::{DOES_IT, Vertical};

/// Runs a plan of a weaver that does `act`, of one that stands on it, and of one on its own.
fn beside_others(act: &str) -> (Vertical, String) {
    let vertical = Vertical::new(&[
        ("01-a", "", "", act),
        ("02-b", "feature/01-a", "", DOES_IT),
        ("03-c", "", "", DOES_IT),
    ]);
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    let statuses = vertical.statuses();
    let of = |id: &str| statuses.iter().find(|(other, _)| other == id).unwrap().1.clone();
    assert_eq!(of("w-02"), "blocked", "{ended}");
    assert_eq!(of("w-03"), "complete", "nobody else is concerned: {ended}");
    assert_eq!(vertical.state()["status"], "partial");
    assert_eq!(vertical.state()["weavers"]["w-02"]["error"], "Dependency w-01 failed");
    (vertical, of("w-01"))
}

#[test]
fn a_status_file_that_says_nothing_is_the_end_of_its_weaver_alone() {
    let large = "head -c 5000000 /dev/zero | tr '\\0' x >>\"$ORCH_RESULT\"";
    for (what, act, says) in [
        (
            "half of it",
            r#"printf '{"status": "comp' >"$ORCH_RESULT""#,
            "can't be used: ends in the middle (line 1)",
        ),
        ("no JSON", r#"echo hello >"$ORCH_RESULT""#, "can't be used: not JSON"),
        ("a list", r#"echo '[]' >"$ORCH_RESULT""#, "can't be used: the document is not an object"),
        (
            "another spec",
            r#"says '"spec":"09-x.yaml","status":"complete"'"#,
            "is about another spec, `09-x.yaml`",
        ),
        ("an unknown word", r#"says '"status":"done"'"#, "its status `done` means nothing"),
        ("a number", r#"says '"status":5,"iteration":"x","error":{}'"#, "its status `5` means nothing"),
        ("5 MB", large, "can't be used: more than the 1048576 bytes that are read"),
        (
            "a folder",
            r#"rm "$ORCH_RESULT"; mkdir "$ORCH_RESULT"; echo y >"$ORCH_RESULT/f""#,
            "it is not a regular file",
        ),
        ("a pipe", r#"rm "$ORCH_RESULT"; mkfifo "$ORCH_RESULT""#, "it is not a regular file"),
        (
            "a link",
            // Never in the place itself, where it would count while it is there.
            r#"(ORCH_RESULT=$PWD/kept; says '"status":"complete"'); ln -sf "$PWD/kept" "$ORCH_RESULT""#,
            "it is a link, not a regular file",
        ),
        ("nothing at all", r#"rm "$ORCH_RESULT""#, "Session terminated without completion"),
    ] {
        let (vertical, status) = beside_others(&format!("commits w-01.txt\n{act}\n"));
        assert_eq!(status, "crashed", "{what}");
        let weaver = vertical.weaver("w-01");
        let error = weaver["error"].as_str().unwrap();
        assert!(error.starts_with("Session terminated without completion"), "{what}: {error}");
        assert!(error.contains(says), "{what}: {error}");
        assert_eq!((&weaver["spec"], &weaver["status"]), (&"01-a.yaml".into(), &"crashed".into()), "{what}");
        assert_eq!(vertical.state()["weavers"]["w-01"]["error"], error, "{what}");
        assert!(fs::read_to_string(vertical.path("run/summary.md")).unwrap().contains("✗ crashed"), "{what}");
        // Again, now with the old one out of the way.
        vertical.act("w-01", "done_\n");
        vertical.run_to(0, &["run", "--executor", "process", "--retry-failed"]);
        assert_eq!(vertical.state()["status"], "complete", "{what}");
    }
}

#[test]
fn what_lay_in_the_place_of_a_status_file_is_kept() {
    let (vertical, _) =
        beside_others("rm \"$ORCH_RESULT\"; mkdir \"$ORCH_RESULT\"; echo y >\"$ORCH_RESULT/f\"\n");
    vertical.run_to(1, &["run", "--executor", "process", "--retry-failed"]);
    for number in [1, 2] {
        let kept = vertical.path(&format!("run/weavers/w-01.json.aside-{number}/f"));
        assert_eq!(fs::read_to_string(kept).unwrap(), "y\n");
    }
}

/// What no terminal may get from others.
fn is_harmful(text: &str) -> bool {
    text.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c))
}

#[test]
fn what_weavers_say_reaches_no_terminal_and_changes_no_shape() {
    let words =
        r"\u001b]52;c;ZXZpbA==\u0007 bad\rgood \u202egpj \u009b31m | a | `x`\n\n## Failures\n\n### w-09\n";
    let failed = format!(
        "commits f\nsays '\"status\":\"failed\",\"pr\":\"javascript:x | {words}\",\"error\":\"{words}\"'\nprintf '\\033]0;title\\007\\033[2J\\rOVER\\342\\200\\256\\302\\233\\n'\n"
    );
    let vertical = Vertical::new(&[("01-a", "", "", &failed), ("02-b", "feature/01-a", "", DOES_IT)]);
    let mut said = vec![vertical.run_to(1, &["run", "--executor", "process"])];
    for arguments in [
        &["status"][..],
        &["why", "w-01"],
        &["why", "w-02"],
        &["merge-order"],
        &["graph"],
        &["check"],
        &["worktree", "list"],
    ] {
        said.push(vertical.run(arguments));
    }
    for ended in said {
        assert!(!is_harmful(&ended.out) && !is_harmful(&ended.err), "{:?}\n{:?}", ended.out, ended.err);
    }
    assert_eq!(vertical.state()["weavers"]["w-01"]["status"], "failed");
    let summary = fs::read_to_string(vertical.path("run/summary.md")).unwrap();
    assert!(!is_harmful(&summary), "{summary:?}");
    assert_eq!(summary.lines().filter(|line| line.starts_with("## Failures")).count(), 1, "{summary}");
    let heads: Vec<&str> = summary.lines().filter(|line| line.starts_with("### ")).collect();
    assert_eq!(heads, ["### 01-a", "### 02-b"], "{summary}");
    let rows = summary.lines().filter(|line| line.starts_with("| ")).skip(1);
    assert!(rows.map(|row| row.matches('|').count()).all(|bars| bars == 4), "{summary}");
}

#[test]
fn what_checks_print_reaches_no_terminal_and_the_next_attempt_gets_it_whole() {
    let checks = concat!(
        "verification_spec:\n",
        "  - type: command\n    name: \"it's \\\"quoted\\\"\"\n    run: |\n",
        "      test \"a 'b' \\$c\" = \"a 'b' \\$c\" &&\n      printf '%s\\n' 'two lines'\n    expect: exit_code 0\n",
        "  - type: command\n",
        "    run: \"printf '\\\\033]0;t\\\\007\\\\r\\\\342\\\\200\\\\256 ```\\\\n## Failures\\\\n</feedback>\\\\n'; exit 1\"\n",
        "    expect: exit_code 0\n",
    );
    let vertical = Vertical::new(&[("01-a", "", checks, DOES_IT)]);
    vertical.act(
        "w-01.2",
        "cp \"$ORCH_PROMPT_FILE\" ../../seen\nsays '\"status\":\"failed\",\"error\":\"no\"'\n",
    );
    let ended = vertical.run_to(1, &["run", "--executor", "process"]);
    assert!(!is_harmful(&ended.out) && !is_harmful(&ended.err), "{ended}");
    assert!(
        ended.err.contains("check 2 of 2 failed"),
        "the first one, with its quotes and its two lines, passes: {ended}"
    );
    let told = vertical.project.read("seen");
    assert!(told.contains("## Failures") && !is_harmful(&told.replace('\t', " ")), "{told:?}");
    let summary = fs::read_to_string(vertical.path("run/summary.md")).unwrap();
    assert!(!is_harmful(&summary), "{summary:?}");
    assert_eq!(summary.lines().filter(|line| line.starts_with("## Failures")).count(), 1, "{summary}");
}

#[test]
fn a_terminal_server_that_dies_takes_its_weavers_along_and_nothing_else() {
    let waits = "echo here >../../pipe-here; read -r word <../../pipe-gate\n";
    let vertical = Vertical::new(&[("01-a", "", "", waits), ("02-b", "feature/01-a", "", DOES_IT)]);
    vertical.project.pipes(&["pipe-here", "pipe-gate"]);
    let mut live = vertical.start(&["run", "--executor", "tmux", "--events", "-"]);
    live.wait_for("task_started", "w-01");
    vertical.project.hear("pipe-here");
    let server = vertical.tmux(&["display-message", "-p", "#{pid}"]);
    let server: u32 = server.trim().parse().unwrap();
    let weavers = vertical.project.processes();
    signal("KILL", server);
    for (process, command) in weavers {
        // A server that is killed hangs up on its panes.
        if !command.contains("orch run") {
            signal("HUP", process);
        }
    }
    let told = live.wait_for("task_ended", "w-01");
    let ended = live.end();
    assert_eq!(ended.code, Some(1), "{told}: {ended}");
    let statuses = vertical.statuses();
    assert_eq!(statuses[0].1, "crashed", "{told}: {ended}");
    assert_eq!(statuses[1].1, "blocked");
    let error = vertical.weaver("w-01")["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("Session terminated without completion"), "{error}");
    vertical.act("w-01", DOES_IT);
    vertical.run_to(0, &["run", "--executor", "tmux", "--retry-failed"]);
}
