//! A thousand calls of the tools on branches, eight at once in one repository: what the last ones cost beside the first.
//!
//! `cargo bench --bench tools [-- CALLS]`. Every call is a handful of git's own processes, so that the machine is full all the
//! time: only whether later calls take longer says anything.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use orch_benches::median;
use orch_core::Time;
use orch_state_git::{CreatePlanInput, CreateTaskInput, PlanRepository, PlannedTask};

/// How much more the last fifth of the calls may take than the first.
const GOAL: f64 = 1.2;

const CALLERS: usize = 8;

fn main() {
    let calls = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1000);
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "-q", "-b", "flow"]);
    git(
        folder.path(),
        &["-c", "user.name=b", "-c", "user.email=b@b", "commit", "-q", "--allow-empty", "-m", "begin"],
    );
    let plans = PlanRepository::at(folder.path());
    let tasks = (1..=calls).map(|number| PlannedTask {
        id: format!("{number:04}"),
        description: "Make a part".into(),
        ..PlannedTask::default()
    });
    let plan = CreatePlanInput {
        session_id: "session-20250112-143000".into(),
        user_request: "All of it".into(),
        tasks: tasks.collect(),
        ..CreatePlanInput::default()
    };
    plans.create_plan_branch(&plan, Time::from_millis(0)).expect("a plan");
    let took = call(&plans, calls);
    let part = took.len() / 5;
    let of = |calls: &[Duration]| median(calls.iter().map(Duration::as_micros).collect()) as f64;
    let (first, last) = (of(&took[..part]), of(&took[took.len() - part..]));
    println!(
        "{calls} task branches, {CALLERS} callers: {:.1} ms a call at first, {:.1} at the end, {:.2} of it (goal {GOAL})",
        first / 1e3,
        last / 1e3,
        last / first
    );
}

/// How long each call took, in the order of the tasks.
fn call(plans: &PlanRepository, calls: usize) -> Vec<Duration> {
    let mut took: Vec<(usize, Duration)> = thread::scope(|scope| {
        let callers: Vec<_> = (1..=CALLERS)
            .map(|caller| {
                let mine = (caller..=calls).step_by(CALLERS);
                scope.spawn(move || mine.map(|number| (number, one(plans, number))).collect::<Vec<_>>())
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("called")).collect()
    });
    took.sort_unstable();
    took.into_iter().map(|(_, took)| took).collect()
}

fn one(plans: &PlanRepository, number: usize) -> Duration {
    let task = CreateTaskInput {
        task_id: format!("{number:04}"),
        branch_slug: "part".into(),
        description: "Make a part".into(),
        session_id: "session-20250112-143000".into(),
        plan_branch: "plan/session-20250112-143000".into(),
        plan_version: "v1".into(),
        ..CreateTaskInput::default()
    };
    let began = Instant::now();
    plans.create_task_branch(&task).expect("a branch");
    began.elapsed()
}

fn git(folder: &Path, words: &[&str]) {
    let done = Command::new("git").args(words).current_dir(folder).status();
    assert!(done.is_ok_and(|status| status.success()), "git {words:?}");
}
