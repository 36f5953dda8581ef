//! Runs of plans of waves through the library.

use std::fs;
use std::path::Path;
use std::process::Command;

use orch_core::Time;
use orch_state_git::{CreatePlanInput, PlanRepository, PlannedTask};
use orch_store::{Durability, HistoryWriter, Home, What};
use orch_systems::{RunOptions, Session, View, WavePlan};

const SESSION: &str = "session-20250112-143000";

/// Runs git in `folder`, without the settings of whoever runs the tests.
fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.args(arguments).current_dir(folder);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    assert!(git.output().unwrap().status.success(), "{arguments:?}");
}

/// A repository with a plan of one task, which is done by a shell.
fn one_task() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let top = place.path();
    git(top, &["init", "-q", "-b", "flow"]);
    git(top, &["config", "user.name", "A Person"]);
    git(top, &["config", "user.email", "person@example.org"]);
    fs::write(top.join(".gitignore"), "/orch.toml\n/.orch/\n").unwrap();
    let does = "echo x > x && git add x && git commit -q -m x";
    fs::write(
        top.join("orch.toml"),
        format!("[run]\nagent = \"mine\"\n\n[agents.mine]\ncommand = [\"sh\", \"-c\", {does:?}]\nresult = \"exit\"\n"),
    )
    .unwrap();
    git(top, &["add", "."]);
    git(top, &["commit", "-q", "-m", "begin"]);
    let task = PlannedTask { id: "001".into(), description: "Make it".into(), ..PlannedTask::default() };
    let plan = CreatePlanInput {
        session_id: SESSION.into(),
        user_request: "x".into(),
        tasks: vec![task],
        ..CreatePlanInput::default()
    };
    PlanRepository::at(top).create_plan_branch(&plan, Time::from_millis(1_736_692_200_000)).unwrap();
    place
}

#[test]
fn the_time_of_a_session_is_that_of_all_its_runs() {
    let place = one_task();
    let load = || WavePlan::load(place.path(), &format!("plan/{SESSION}")).unwrap();
    let home = Home::open(place.path(), SESSION).unwrap();
    let minute = |number: u64| Time::from_millis(1_736_692_200_000 + number * 60_000);
    let started = |run: &'static str| What::RunStarted {
        run: run.into(),
        jobs: 3,
        order: "waves".into(),
        pid: 1,
        boot: None,
        agent: None,
    };
    let (mut history, _, _) =
        HistoryWriter::open(&home.history(), Durability::Process, SESSION, minute(0)).unwrap();
    // One of twenty minutes, and half a day later one that was cut off before it had begun anything.
    history.append(minute(0), &[started("a")]).unwrap();
    history.append(minute(20), &[What::RunEnded { run: "a".into(), verdict: "pending".into() }]).unwrap();
    history.append(minute(720), &[started("b")]).unwrap();
    drop(history);
    let report = Session::open(load(), RunOptions::default()).unwrap().run(&mut []).unwrap();
    let account = report.account.unwrap();
    assert!(account.starts_with("✅ ") && account.contains("\nTime: 20 minutes\n"), "{account}");
    let view = View::of(load(), RunOptions::default()).unwrap();
    assert_eq!(view.account(), Some(account));
}
