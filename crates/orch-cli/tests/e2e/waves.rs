//! Plans in the branches of a repository, run wave by wave: merged into `flow` by orch, and written down as versions.

use crate::support::waves::{SESSION, Task, Waves};

/// Five tasks in three waves.
const ACCOUNTS: &[Task<'_>] = &[
    ("001", &[], &["User model class"], ""),
    ("002", &["User model class"], &["AuthService.login"], "needs 001.txt"),
    ("003", &["User model class"], &["JWT tokens"], "needs 001.txt"),
    ("004", &["AuthService.login", "JWT tokens"], &["Endpoints"], "needs 003.txt"),
    ("005", &["AuthService.login"], &["Docs"], "needs 002.txt"),
];

#[test]
fn it_is_done_wave_by_wave_and_each_builds_on_what_was_merged() {
    let waves = Waves::new(ACCOUNTS);
    let ended = waves.start_run(&[]).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(waves.stand(), ["001", "002", "003", "004", "005"].map(|id| format!("{id}: SUCCESS")));
    let merges = waves.merges();
    assert_eq!((merges.len(), &*merges[0]), (5, "Merge task/001: Make 001"), "{merges:?}");
    for id in ["001", "002", "003", "004", "005"] {
        assert!(waves.project.exists(&format!("{id}.txt")), "{id}: the main checkout is on flow");
    }
    assert_eq!(
        waves.versions(),
        [
            "Initialize execution plan v1",
            "Update execution plan v2",
            "Update execution plan v3",
            "Update execution plan v4"
        ]
    );
    let said = waves.said();
    assert!(said.contains("Completed: 5/5 tasks"), "{said}");
    assert!(
        said.contains("Learnings from Wave 1:") && said.contains("001: Task 001 keeps it in plain text."),
        "{said}"
    );
    assert_eq!(waves.git(&["worktree", "list"]).lines().count(), 1, "what was merged needs no work tree");
    assert_eq!(waves.git(&["status", "--porcelain"]), "", "{ended}");
    // All of a wave is started before any of it has ended, and none of the next.
    let order: Vec<&str> = ended
        .events
        .iter()
        .filter_map(|event| event["task"].as_str().filter(|_| event["event"] == "task_started"))
        .collect();
    assert_eq!(order, ["001", "002", "003", "004", "005"]);
    assert_eq!(waves.run_to(4, &["run"]).out, "nothing to do: every task is done\n");
}

#[test]
fn the_final_report_is_that_of_the_seed() {
    let waves = Waves::new(ACCOUNTS);
    let ended = waves.run_to(0, &["run"]);
    let lines = [
        "✅ Development complete!",
        "- Make 001",
        "Total Tasks: 5 across 3 waves",
        "All work merged to flow branch",
    ];
    for line in lines.into_iter().chain([&*format!("Session: {SESSION}")]) {
        assert!(ended.out.lines().any(|said| said == line), "{line}: {ended}");
    }
}

#[test]
fn a_wave_is_started_together_and_the_next_one_when_all_of_it_is_done() {
    let waves = Waves::without_plan();
    let [here_1, here_2, gate_1, gate_2] = waves.pipes(["here-1", "here-2", "gate-1", "gate-2"]);
    waves.plan(
        SESSION,
        &[
            ("001", &[], &["a"], &format!("begin {here_1} {gate_1}")),
            ("002", &[], &["b"], &format!("begin {here_2} {gate_2}")),
            ("003", &["a"], &["c"], ""),
        ],
    );
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here_1);
    waves.project.hear(&here_2);
    waves.project.say(&gate_1);
    assert_eq!(live.wait_for("task_ended", "001")["status"], "SUCCESS");
    let why = waves.json(&["why", "003"]);
    assert_eq!(why["reasons"][0]["on"], "002", "{why}");
    assert_eq!(waves.versions().len(), 1, "a wave is written down when all of it is done");
    waves.project.say(&gate_2);
    live.wait_for("task_started", "003");
    assert_eq!(live.end().code, Some(0));
    assert_eq!(waves.versions().len(), 3);
}

#[test]
fn with_continuous_each_starts_as_soon_as_it_is_ready() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    waves.plan(
        SESSION,
        &[
            ("001", &[], &["a"], ""),
            ("002", &[], &["b"], &format!("begin {here} {gate}")),
            ("003", &["a"], &["c"], ""),
        ],
    );
    let mut live = waves.start_run(&["--continuous"]);
    waves.project.hear(&here);
    assert_eq!(live.wait_for("task_ended", "003")["status"], "SUCCESS");
    waves.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
}

#[test]
fn no_more_than_three_are_at_work_unless_said_otherwise() {
    let ids = ["001", "002", "003", "004", "005"];
    let tasks: Vec<Task<'_>> = ids.iter().map(|id| (*id, &[][..], &[][..], "")).collect();
    for (arguments, allowed) in [(&[][..], 3), (&["-j", "2"], 2)] {
        let waves = Waves::new(&tasks);
        let ended = waves.start_run(arguments).end();
        assert_eq!(ended.code, Some(0), "{ended}");
        let (mut now, mut most) = (0, 0);
        for event in &ended.events {
            match event["event"].as_str().unwrap() {
                "task_started" => now += 1,
                "task_ended" => now -= 1,
                _ => {}
            }
            most = most.max(now);
        }
        assert_eq!((now, most), (0, allowed));
    }
}

#[test]
fn workers_have_a_work_tree_each_and_the_tools() {
    let waves = Waves::new(&[("001", &[], &["a"], "mcp task/001-make-001")]);
    waves.run_to(0, &["run"]);
    let answer: serde_json::Value = serde_json::from_str(&waves.project.read("001.json")).unwrap();
    assert_eq!((&answer["id"], &answer["provides"][0]), (&"001".into(), &"a".into()), "{answer}");
    let told = waves.told("001.1");
    assert!(told.contains(".worktrees/worker-1") && told.contains("task/001-make-001"), "{told}");
}

#[test]
fn progress_is_read_from_the_commits() {
    let waves = Waves::without_plan();
    let [here, gate] = waves.pipes(["here", "gate"]);
    waves.plan(SESSION, &[("001", &[], &["a"], &format!("middle {here} {gate}"))]);
    let mut live = waves.start_run(&[]);
    waves.project.hear(&here);
    let told = live.wait_for("progress", "001");
    let detail = told["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.ends_with("of 2 steps done: plan task 001") || detail.starts_with("1 of 2 steps done"),
        "{detail}"
    );
    waves.project.say(&gate);
    assert_eq!(live.end().code, Some(0));
}

#[test]
fn merges_say_what_is_provided_in_the_words_of_the_plan() {
    let waves = Waves::new(&[("001", &[], &["User model class", "User.verify_password"], "")]);
    waves.run_to(0, &["run"]);
    let merge = waves.git(&["log", "-1", "--merges", "--format=%B", "flow"]);
    for part in [
        "Merge task/001: Make 001",
        "## Design Decisions\nTask 001 keeps it in plain text.",
        "## Provides\n  - User model class\n  - User.verify_password",
        "## Files Modified\n- 001.txt",
    ] {
        assert!(merge.contains(part) || merge.replace("\n- ", "\n  - ").contains(part), "{part}: {merge}");
    }
}

#[test]
fn it_can_be_looked_at_as_every_plan_before_anything_has_run() {
    let waves = Waves::new(ACCOUNTS);
    let checked = waves.json(&["check"]);
    assert_eq!(checked["depths"], serde_json::json!([["001"], ["002", "003"], ["004", "005"]]), "{checked}");
    let why = waves.json(&["why", "task-002"]);
    assert_eq!(
        why["reasons"][0]["text"],
        "waits for `001`, which is PENDING and provides `User model class`"
    );
    for name in ["2", "002", "task-2"] {
        assert_eq!(waves.json(&["why", name])["id"], "002");
    }
    assert_eq!(waves.json(&["next"])["ready"], serde_json::json!(["001"]));
    let status = waves.json(&["status"]);
    assert_eq!(
        (&status["plan"]["kind"], &status["plan"]["path"], &status["plan"]["objective"]),
        (&"waves".into(), &format!("plan/{SESSION}").into(), &"Add user accounts".into())
    );
    assert_eq!(status["tasks"][1]["files"], serde_json::json!(["002.txt"]));
    let graph = waves.json(&["graph"]);
    assert_eq!(graph["critical_path"].as_array().unwrap().len(), 3, "{graph}");
    let prompt = waves.run_to(0, &["prompt", "001"]);
    assert!(
        prompt.out.contains("task/001-make-001") && prompt.out.contains(".worktrees/worker-1"),
        "{prompt}"
    );
    let started = waves.json(&["run", "--dry-run"]);
    assert_eq!(started["would_start"], serde_json::json!(["001", "002", "003", "004", "005"]));
    assert_eq!(waves.versions().len(), 1, "looking writes nothing");
    assert!(!waves.project.exists(".orch") && !waves.project.exists(".worktrees"));
}

#[test]
fn the_report_says_at_any_time_how_far_it_is() {
    let waves = Waves::new(&[
        ("001", &[], &["a"], ""),
        ("002", &["a"], &["b"], "block no-key"),
        ("003", &["b"], &[], ""),
    ]);
    let before = waves.run_to(0, &["report"]);
    assert!(before.out.starts_with("⏸ Development stopped: 0 of 3 tasks done\n"), "{before}");
    waves.run_to(1, &["run"]);
    let after = waves.run_to(0, &["report"]);
    for line in [
        "Built for \"Add user accounts\":",
        "- Make 001",
        "- 002 Make 002 (fail)",
        "- 003 Make 003 (blocked by 002)",
    ] {
        assert!(after.out.lines().any(|said| said == line), "{line}: {after}");
    }
    let json = waves.json(&["report"]);
    assert_eq!(
        (&json["kind"], &json["verdict"], &json["counts"]["blocked"]),
        (&"report".into(), &"fail".into(), &1.into()),
        "{json}"
    );
}

#[test]
fn what_a_person_says_is_done_is_believed_unless_its_branch_holds_what_was_never_merged() {
    let waves = Waves::new(&[("001", &[], &["a"], "block later"), ("002", &[], &["b"], "block later")]);
    waves.run_to(1, &["run"]);
    // One is done and merged as a squash, the other only said to be done.
    for id in ["001", "002"] {
        let tree = waves.git(&["worktree", "list", "--porcelain"]);
        let branch = format!("branch refs/heads/task/{id}-make-{id}");
        let place = tree.split("\n\n").find(|tree| tree.contains(&branch)).unwrap();
        let place = place.lines().next().unwrap().trim_start_matches("worktree ").to_owned();
        std::fs::write(format!("{place}/{id}.txt"), "by hand\n").unwrap();
        waves.git(&["-C", &place, "add", "."]);
        waves.git(&["-C", &place, "commit", "-q", "-m", "by hand"]);
    }
    waves.git(&["merge", "-q", "--squash", "task/001-make-001"]);
    waves.git(&["commit", "-q", "-m", "001, squashed"]);
    let said = waves.said().replace("Status: blocked", "Status: completed");
    let commit = waves.write_commit(&said, &format!("plan/{SESSION}"));
    waves.git(&["update-ref", &format!("refs/heads/plan/{SESSION}"), &commit]);
    assert_eq!(waves.stand(), ["001: SUCCESS", "002: FAIL"]);
}
