//! Plans as a run needs them: read with what was merged, listed, and advanced.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use orch_state_commits::{PlanTask, Replacement, TaskId, TaskStatus, Update};
use orch_state_git::{PlanRepository, ToolError};
use support::{NOW, PLAN, Project, Repository, SESSION, git, picture, plan, planned, refused, task};

const LATER: &str = "plan/session-20260101-000000";

fn id(id: &str) -> TaskId {
    id.parse().unwrap()
}

fn ids(ids: &[&str]) -> Vec<TaskId> {
    ids.iter().map(|text| id(text)).collect()
}

fn merged(project: &Project, branch: &str) -> Vec<String> {
    project.plans.plan(branch).unwrap().merged.into_iter().map(String::from).collect()
}

/// A repository whose calls of git are counted.
fn counting(project: &Project) -> PlanRepository {
    PlanRepository::with(project.repository.orch_after("counting", "echo >>\"$2/../calls\""))
}

fn calls(project: &Project) -> usize {
    let file = project.repository.beside("calls");
    let calls = fs::read_to_string(&file).unwrap_or_default().lines().count();
    let _ = fs::remove_file(file);
    calls
}

#[test]
fn a_plan_is_read_with_what_was_merged_of_it() {
    let project = Project::new();
    let before = picture(project.top());
    let made = project.plan(vec![
        planned("001", &[], &["User model class"]),
        planned("002", &["User model class"], &["AuthService"]),
        planned("003", &[], &["Docs"]),
        planned("004", &[], &[]),
    ]);
    let flow = git(project.top(), &["rev-parse", "flow"]);
    for name in [PLAN, &format!("refs/heads/{PLAN}")] {
        let now = project.plans.plan(name).unwrap();
        assert_eq!((now.branch.as_str(), &now.tip, &now.flow), (PLAN, &made.commit_sha, &flow));
        assert_eq!((now.plan.tasks.len(), now.plan.plan_branch.as_str()), (4, PLAN));
        assert!(now.merged.is_empty() && now.provided.iter().len() == 0);
    }
    assert_eq!(picture(project.top()), before);
    // By another name of the id, by git's own title, with the branch deleted; one that is in no plan; one merged twice.
    let first = project.task("1", "user-model");
    project.merge(&first, "Merge task/1: it\n\n## Provides\n- User model class (models.user.User)");
    git(project.top(), &["branch", "-q", "-D", &first]);
    let third = project.task("003", "docs");
    project.merge(&third, &format!("Merge branch '{third}' into flow"));
    project.merge(&project.task("077", "other"), "Merge task/077: of nobody");
    project.work(&third, "[task-003] Implement: more (2/2)");
    project.merge(&third, &format!("Merge branch '{third}' into flow"));
    let now = project.plans.plan(PLAN).unwrap();
    assert_eq!(now.merged, ids(&["001", "003"]));
    let names = ["User model class (models.user.User)", "User model class", "Docs"];
    assert_eq!(now.provided.names(), names);
    assert_eq!(project.provides(Some(PLAN)), names);
    // A commit that is no merge says nothing, whatever its title.
    let title = "Merge task/004: not at all";
    let commit = git(project.top(), &["commit-tree", "-p", "flow", "-m", title, "flow^{tree}"]);
    git(project.top(), &["update-ref", "refs/heads/flow", &commit]);
    assert_eq!(merged(&project, PLAN), ["001", "003"]);
}

#[test]
fn merges_of_another_session_are_not_those_of_the_plan() {
    let project = Project::clean();
    let tasks = || vec![planned("001", &[], &["A"]), planned("002", &["A"], &["B"])];
    // Before the plan began.
    project.merge(&project.task("001", "old"), "Merge task/001: old");
    project.plan(tasks());
    project.plans.create_plan_branch(&plan("session-20260101-000000", tasks()), NOW).unwrap();
    let mut other = task("002", "other");
    (other.session_id, other.plan_branch) = ("session-20260101-000000".into(), LATER.into());
    let other = project.plans.create_task_branch(&other).unwrap().branch_name;
    project.merge(&other, "Merge task/002: other");
    assert_eq!(merged(&project, PLAN), [""; 0]);
    assert_eq!(merged(&project, LATER), ["002"]);
    // A branch that says nothing of its session counts for whichever plan is asked about.
    git(project.top(), &["branch", "task/001-by-hand", "flow"]);
    project.work("task/001-by-hand", "made it");
    project.merge("task/001-by-hand", "Merge branch 'task/001-by-hand' into flow");
    assert_eq!((merged(&project, PLAN), merged(&project, LATER).len()), (vec!["001".to_owned()], 2));
}

#[test]
fn a_plan_that_is_not_there_is_said_to_be_missing() {
    let project = Project::new();
    assert_eq!(refused(project.plans.plan(PLAN)).error, format!("Branch {PLAN} does not exist"));
    git(project.top(), &["branch", "plan/none", "flow"]);
    assert_eq!(
        refused(project.plans.plan("plan/none")).error,
        "no commit of plan/none says what the plan is"
    );
    assert_eq!(
        refused(project.plans.record(PLAN, &Update::default())).error,
        format!("Branch {PLAN} does not exist")
    );
    let without = Project::of(Repository::new());
    assert_eq!(refused(without.plans.plan(PLAN)).error, "there is no branch flow");
    assert_eq!(without.plans.sessions().unwrap(), []);
    let outside = tempfile::tempdir().unwrap();
    let plans = PlanRepository::with(project.repository.at(outside.path()));
    assert!(matches!(plans.sessions(), Err(ToolError::NotARepository { .. })));
}

#[test]
fn plans_are_listed_with_the_current_one() {
    let project = Project::new();
    assert_eq!(project.plans.sessions().unwrap(), []);
    for session in ["session-20260101-000000", SESSION, "session-20260101-000001"] {
        project.plans.create_plan_branch(&plan(session, vec![planned("001", &[], &[])]), NOW).unwrap();
    }
    project.work(LATER, "fix a typo");
    project.work(LATER, "and another one");
    git(project.top(), &["branch", "plan/zzz", "flow"]);
    project.work("plan/zzz", "no plan at all");
    git(project.top(), &["branch", "plan/same", LATER]);
    let listed = |plans: &PlanRepository| -> Vec<(String, Option<String>, bool)> {
        let entries = plans.sessions().unwrap();
        assert!(
            entries
                .iter()
                .all(|entry| entry.tip == git(project.top(), &["rev-parse", entry.branch.as_str()]))
        );
        let told = |entry: orch_state_git::SessionEntry| {
            (entry.branch.to_string(), entry.plan.map(|plan| plan.session_id), entry.is_current)
        };
        entries.into_iter().map(told).collect()
    };
    let entry = |session: &str, current| (format!("plan/{session}"), Some(session.to_owned()), current);
    let expected = |current: usize| {
        let mut expected = vec![
            // What it was cut from is another plan, but there is nothing nearer.
            ("plan/same".to_owned(), Some("session-20260101-000000".to_owned()), false),
            ("plan/zzz".to_owned(), None, false),
            entry(SESSION, false),
            entry("session-20260101-000000", false),
            entry("session-20260101-000001", false),
        ];
        expected[current].2 = true;
        expected
    };
    assert_eq!(listed(&project.plans), expected(4));
    for (current, place) in [(SESSION, 2), (LATER, 3), ("plan/zzz", 1), ("gone", 4)] {
        git(project.top(), &["config", "flow-claude.current-plan", current]);
        assert_eq!(listed(&project.plans), expected(place), "{current}");
    }
    git(project.top(), &["config", "--unset", "flow-claude.current-plan"]);
    assert_eq!(listed(&project.plans), expected(4));
}

#[test]
fn many_plans_are_listed_by_few_processes() {
    let project = Project::new();
    let first = project.plan(vec![planned("001", &[], &[])]).commit_sha;
    let message = git(project.top(), &["log", "-1", "--format=%B", PLAN]);
    let mut stream = String::new();
    for number in 0..300 {
        let session = format!("session-20270101-{:02}{:02}00", number / 60, number % 60);
        let message = message.replace(SESSION, &session);
        commit_into(&mut stream, &format!("plan/{session}"), number + 1, &message, &[&first]);
    }
    import(&project, &stream);
    let entries = counting(&project).sessions().unwrap();
    assert_eq!(entries.len(), 301);
    assert!(entries.iter().all(|entry| {
        entry.plan.as_ref().is_some_and(|plan| entry.branch.as_str() == format!("plan/{}", plan.session_id))
    }));
    let calls = calls(&project);
    assert!(calls <= 5, "{calls} processes");
}

#[test]
fn what_happened_is_recorded_and_only_once() {
    let project = Project::new();
    project.plan(vec![planned("001", &[], &["A"]), planned("002", &["A"], &[]), planned("003", &[], &[])]);
    let before = picture(project.top());
    let record = |update: &Update| project.plans.record(&format!("refs/heads/{PLAN}"), update).unwrap();
    assert_eq!(record(&Update::default()), None);
    let steps = [
        Update { started: ids(&["1", "003"]), ..Update::default() },
        Update { blocked: ids(&["003"]), learned: "too hard".into(), wave: Some(1), ..Update::default() },
        Update { completed: ids(&["001"]), learned: "### easy\n\nthat was ".into(), ..Update::default() },
        Update { started: ids(&["003", "002"]), ..Update::default() },
        Update { learned: "too hard".into(), wave: Some(2), ..Update::default() },
    ];
    for (version, step) in (2..).zip(&steps) {
        let updated = record(step).unwrap_or_else(|| panic!("{version}"));
        assert_eq!(updated.plan_version, format!("v{version}"));
        assert_eq!(updated.commit_sha, git(project.top(), &["rev-parse", PLAN]));
        assert_eq!((updated.total_tasks, updated.completed_tasks), (3, usize::from(version > 3)));
        assert_eq!(record(step), None, "{version}");
    }
    let now = project.plans.plan(PLAN).unwrap();
    assert_eq!(now.plan.version, 6);
    let status: Vec<_> = now.plan.tasks.iter().map(|task| task.status.clone()).collect();
    assert_eq!(status, [TaskStatus::Completed, TaskStatus::InProgress, TaskStatus::InProgress]);
    let learned: Vec<_> = now.plan.learnings().into_iter().map(|said| (said.wave, said.text)).collect();
    assert_eq!(learned, [("1", "too hard"), ("3", "### easy\n\nthat was"), ("2", "too hard")]);
    assert_eq!(record(&Update { learned: "too hard".into(), ..Update::default() }), None, "in any wave");
    // What is new in it is written, what is not stays as it is.
    let both = Update { completed: ids(&["002"]), learned: "too hard".into(), ..Update::default() };
    assert_eq!(record(&both).unwrap().plan_version, "v7");
    assert_eq!(project.plans.plan(PLAN).unwrap().plan.learnings().len(), 3);
    // An agent that asks for a version is given one.
    assert_eq!(project.update(&["002"], "too hard").plan_version, "v8");
    assert_eq!(picture(project.top()), before);
}

#[test]
fn planning_anew_is_recorded_and_what_the_rules_forbid_is_not() {
    let project = Project::new();
    project.plan(vec![planned("001", &[], &["A"]), planned("002", &["A"], &[])]);
    let mut new = PlanTask::new(id("004"), "Do it otherwise");
    new.preconditions = vec!["Nobody's".into()];
    let anew = Update {
        new_tasks: vec![new],
        replaced: vec![Replacement { old: id("002"), by: ids(&["004"]) }],
        ..Update::default()
    };
    let updated = project.plans.record(PLAN, &anew).unwrap().unwrap();
    assert!(updated.warnings[0].contains("`004` requires `Nobody's`"), "{:?}", updated.warnings);
    assert!(project.plans.plan(PLAN).unwrap().plan.architecture.contains("Task-002 superseded by task-004"));
    let before = project.repository.references();
    for (update, error) in [
        (anew.clone(), "the id 004 is taken"),
        (
            Update { completed: ids(&["002"]), ..Update::default() },
            "task 002 is superseded and can't be completed",
        ),
        (Update { started: ids(&["9"]), ..Update::default() }, "there is no task 9 in the plan"),
        (
            Update { dropped: ids(&["001"]), running: ids(&["1"]), ..Update::default() },
            "task 001 is running and can't be dropped",
        ),
    ] {
        assert_eq!(refused(project.plans.record(PLAN, &update)).error, error);
    }
    assert_eq!(project.repository.references(), before);
}

#[test]
fn what_only_a_sentence_says_is_no_news() {
    let project = Project::new();
    project.plan(vec![planned("001", &[], &[]), planned("002", &[], &[])]);
    project.update(&[], "Task-001 superseded by task-002");
    let before = project.repository.references();
    assert_eq!(project.plans.record(PLAN, &Update::default()).unwrap(), None);
    assert_eq!(project.repository.references(), before);
}

#[test]
fn records_at_once_all_arrive() {
    let project = Project::new();
    project.plan((1..=6).map(|id| planned(&format!("{id:03}"), &[], &[])).collect());
    let all: Vec<Option<_>> = std::thread::scope(|scope| {
        let project = &project;
        // Each by two.
        let threads: Vec<_> = (0..12)
            .map(|number| {
                scope.spawn(move || {
                    let done = TaskId::numbered(number % 6 + 1);
                    project
                        .plans
                        .record(PLAN, &Update { completed: vec![done], ..Update::default() })
                        .unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(all.iter().flatten().count(), 6);
    let now = project.plans.plan(PLAN).unwrap().plan;
    assert_eq!((now.version, now.progress()), (7, (6, 6)));
}

/// A commit of an import, with its mark.
fn commit_into(stream: &mut String, branch: &str, mark: usize, message: &str, parents: &[&str]) {
    writeln!(stream, "commit refs/heads/{branch}\nmark :{mark}\ncommitter t <t@e> 1800000000 +0000").unwrap();
    writeln!(stream, "data {}\n{message}", message.len()).unwrap();
    for (word, parent) in ["from", "merge"].iter().zip(parents) {
        writeln!(stream, "{word} {parent}").unwrap();
    }
}

fn import(project: &Project, stream: &str) {
    let file = project.repository.beside("stream");
    fs::write(&file, stream).unwrap();
    let mut import = Command::new("git");
    import.args(["fast-import", "--quiet"]).current_dir(project.top());
    assert!(import.stdin(Stdio::from(fs::File::open(file).unwrap())).status().unwrap().success());
}

#[test]
fn a_plan_of_two_thousand_tasks_is_read_by_few_processes() {
    const TASKS: usize = 2000;
    let project = Project::clean();
    let name = |number: usize| format!("Capability {number}");
    project.plan(
        (1..=TASKS)
            .map(|number| {
                let needs: Vec<String> = (number > 20).then(|| name(number - 20)).into_iter().collect();
                let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
                planned(&format!("{number:04}"), &needs, &[&name(number)])
            })
            .collect(),
    );
    let mut stream = String::new();
    let mut flow = git(project.top(), &["rev-parse", "flow"]);
    for number in 1..TASKS {
        let branch = format!("task/{number:04}-do");
        let first = format!(
            "Initialize {branch}\n\n## Task Metadata\nID: {number:04}\n\n## Context\nSession ID: {SESSION}\nPlan Branch: {PLAN}\n"
        );
        let marks = [3 * number, 3 * number + 1, 3 * number + 2];
        let [begun, worked, merged] = marks.map(|mark| format!(":{mark}"));
        commit_into(&mut stream, &branch, marks[0], &first, &[&flow]);
        commit_into(&mut stream, &branch, marks[1], &format!("TASK_COMPLETE: task-{number:04}"), &[&begun]);
        let title = format!("Merge task/{number}: it");
        commit_into(&mut stream, "flow", marks[2], &title, &[&flow, &worked]);
        flow = merged;
    }
    import(&project, &stream);
    let plans = counting(&project);
    let begun = Instant::now();
    let now = plans.plan(PLAN).unwrap();
    let took = begun.elapsed();
    let expected: Vec<String> = (1..TASKS).map(|number| format!("{number:04}")).collect();
    assert_eq!(now.merged.iter().map(TaskId::as_str).collect::<Vec<_>>(), expected);
    assert_eq!(now.provided.iter().len(), TASKS - 1);
    let plan_calls = calls(&project);
    assert!(plan_calls <= 8, "{plan_calls} processes");
    let last = id("2000");
    let (branch, tip) = plans.open_task_branch(&now.plan, &last, &now.merged).unwrap();
    assert_eq!(
        (branch.as_str(), git(project.top(), &["rev-parse", "task/2000-do-2000"])),
        ("task/2000-do-2000", tip)
    );
    let said = project.plans.parse_task(&support::branch(branch.as_str())).unwrap();
    assert_eq!(said.related_tasks.depends_on, ids(&["1980"]));
    assert_eq!(said.related_tasks.parallel_with.len(), 19);
    assert_eq!((said.completed_tasks.len(), said.completed_tasks.last()), (200, Some(&id("1999"))));
    let open_calls = calls(&project);
    assert!(open_calls <= 16, "{open_calls} processes");
    println!("{took:?}, {plan_calls} and {open_calls} processes");
}
