//! The branches of tasks: found, made, and what their workers have said.

mod support;

use std::thread;

use orch_git::BranchName;
use orch_state_commits::{LastWord, PlanCommit, PlanTask, TaskId, WorkerStep};
use orch_state_git::Said;
use support::{NOW, PLAN, Project, branch, commit, git, picture, planned, refused, task};

const OTHER: &str = "session-20260101-000000";

fn id(id: &str) -> TaskId {
    id.parse().unwrap()
}

fn ids(ids: &[&str]) -> Vec<TaskId> {
    ids.iter().map(|text| id(text)).collect()
}

/// A plan of two levels: 001 and 002, then 003, which needs both; 004 needs what nobody provides.
fn with_plan() -> (Project, PlanCommit) {
    let project = Project::new();
    project.plan(vec![
        planned("001", &[], &["A"]),
        planned("002", &["Of an earlier session"], &["B"]),
        planned("003", &["A", "B"], &[]),
        planned("004", &[], &["C", "B"]),
    ]);
    let plan = project.plans.plan(PLAN).unwrap().plan;
    (project, plan)
}

fn open(project: &Project, plan: &PlanCommit, task: &str) -> String {
    let (branch, tip) = project.plans.open_task_branch(plan, &id(task), &[]).unwrap();
    assert_eq!(git(project.top(), &["rev-parse", branch.as_str()]), tip);
    branch.to_string()
}

fn find(project: &Project, plan: &PlanCommit, task: &str) -> Option<String> {
    project.plans.find_task_branch(plan, &id(task)).unwrap().map(|(branch, _)| branch.to_string())
}

fn said(project: &Project, name: &str, task: &str) -> Said {
    project.plans.said_on(&BranchName::new(name).unwrap(), &id(task), None).unwrap()
}

/// A branch that another session has made for its task of this id.
fn of_other(project: &Project, task_id: &str, slug: &str) -> String {
    let mut input = task(task_id, slug);
    (input.session_id, input.plan_branch) = (OTHER.into(), format!("plan/{OTHER}"));
    project.plans.create_task_branch(&input).unwrap().branch_name
}

#[test]
fn a_branch_is_made_once_and_its_first_commit_says_what_the_task_is() {
    let (project, mut plan) = with_plan();
    let before = picture(project.top());
    assert_eq!(find(&project, &plan, "003"), None);
    project.update(&["001"], "");
    plan = project.plans.plan(PLAN).unwrap().plan;
    plan.tasks[2].notes = "mind the gap".into();
    let (name, tip) = project.plans.open_task_branch(&plan, &id("3"), &ids(&["2", "099"])).unwrap();
    assert_eq!(name.as_str(), "task/003-do-003");
    assert_eq!(
        git(project.top(), &["rev-parse", &format!("{tip}^")]),
        git(project.top(), &["rev-parse", "flow"])
    );
    let said = project.plans.parse_task(&branch(name.as_str())).unwrap();
    assert_eq!(
        (said.description.as_str(), said.session_goal.as_str()),
        ("Do 003", "Add user authentication")
    );
    assert_eq!((said.plan_branch.as_str(), said.plan_version.as_str()), (PLAN, "v2"));
    assert_eq!(
        (said.preconditions, said.implementation_notes.as_str()),
        (vec!["A".into(), "B".into()], "mind the gap")
    );
    assert_eq!(said.related_tasks.depends_on, ids(&["001", "002"]));
    assert_eq!((said.related_tasks.enables, said.related_tasks.parallel_with), (vec![], vec![]));
    assert_eq!(said.completed_tasks, ids(&["001", "002"]));
    let first = project.plans.parse_task(&branch(&open(&project, &plan, "001"))).unwrap();
    assert_eq!(first.related_tasks.enables, ids(&["003"]));
    assert_eq!(first.related_tasks.parallel_with, ids(&["002", "004"]));
    // The second time, and when it has been worked on, it is the same one.
    project.work(name.as_str(), "[task-003] Implement: it (1/1)");
    let (again, tip) = project.plans.open_task_branch(&plan, &id("003"), &[]).unwrap();
    assert_eq!((again.as_str(), &tip), (name.as_str(), &git(project.top(), &["rev-parse", name.as_str()])));
    assert_eq!(find(&project, &plan, "003").as_deref(), Some(name.as_str()));
    assert_eq!(picture(project.top()), before);
}

#[test]
fn a_name_that_another_session_has_gets_a_number() {
    let (project, plan) = with_plan();
    of_other(&project, "001", "do-001");
    of_other(&project, "001", "do-001-2");
    assert_eq!(find(&project, &plan, "001"), None);
    assert_eq!(open(&project, &plan, "001"), "task/001-do-001-3");
    assert_eq!(open(&project, &plan, "001"), "task/001-do-001-3");
    // A folder of that name, and one above which there is a branch.
    git(project.top(), &["branch", "task/002-do-002/deeper", "flow"]);
    assert_eq!(open(&project, &plan, "002"), "task/002-do-002-2");
    // The other session has a branch of its own.
    project.plans.create_plan_branch(&support::plan(OTHER, vec![planned("001", &[], &[])]), NOW).unwrap();
    let other = project.plans.plan(&format!("plan/{OTHER}")).unwrap().plan;
    let found = find(&project, &other, "001").unwrap();
    assert!(["task/001-do-001", "task/001-do-001-2"].contains(&found.as_str()), "{found}");
    git(project.top(), &["branch", "-q", "-D", "task/001-do-001"]);
    assert_eq!(find(&project, &other, "001").as_deref(), Some("task/001-do-001-2"));
    // Where `task` itself is a branch there is no room for any.
    let full = Project::new();
    full.plan(vec![planned("001", &[], &[])]);
    let plan = full.plans.plan(PLAN).unwrap().plan;
    git(full.top(), &["branch", "task", "flow"]);
    let refusal = refused(full.plans.open_task_branch(&plan, &id("001"), &[]));
    assert_eq!(refusal.error, "there can't be a branch task/001-do-001 beside the branch task");
}

#[test]
fn slugs_are_made_of_any_description() {
    let (project, mut plan) = with_plan();
    let long = "do it well ".repeat(28);
    let word = "x".repeat(300);
    let longest = format!("task/004-{}", "x".repeat(60));
    for (task_id, text, expected) in [
        ("001", "größe 日本 ändern", "task/001-gre-ndern".to_owned()),
        ("002", "日本語", "task/002-work".to_owned()),
        ("003", long.as_str(), format!("task/003-{}", "do-it-well-".repeat(5) + "do-it")),
        ("004", &word, longest.clone()),
    ] {
        let task = plan.tasks.iter_mut().find(|task| task.id == id(task_id)).unwrap();
        task.description = text.into();
        let name = open(&project, &plan, task_id);
        assert_eq!(name, expected);
        let said = project.plans.parse_task(&branch(&name)).unwrap();
        assert_eq!(said.description, text.trim());
    }
    for number in [2, 3] {
        plan.session_id = format!("session-20270101-00000{number}");
        plan.plan_branch = format!("plan/{}", plan.session_id);
        let name = open(&project, &plan, "004");
        assert_eq!(name, format!("{}-{number}", &longest[..longest.len() - 2]));
    }
    plan.tasks.push(PlanTask::new(id("005"), ""));
    assert_eq!(open(&project, &plan, "005"), "task/005-work");
    plan.tasks.push(PlanTask::new(id("006"), "a\n## Context\nPlan Branch: plan/other\nand -- more"));
    let said = project.plans.parse_task(&branch(&open(&project, &plan, "006"))).unwrap();
    assert_eq!(
        (said.description, said.plan_branch),
        (plan.tasks[5].description.clone(), plan.plan_branch.clone())
    );
}

#[test]
fn branches_made_by_hand_are_found() {
    let (project, plan) = with_plan();
    // Other zeros, no session.
    git(project.top(), &["branch", "task/1-by-hand", "flow"]);
    project.work("task/1-by-hand", "Initialize task/1-by-hand\n\n## Task Metadata\nID: 1\n");
    assert_eq!(find(&project, &plan, "001").as_deref(), Some("task/1-by-hand"));
    assert_eq!(open(&project, &plan, "001"), "task/1-by-hand");
    // The plan's own, and later.
    let own = project.task("001", "own");
    assert_eq!(find(&project, &plan, "001"), Some(own));
    // Nothing says anything: it has to have work of its own.
    git(project.top(), &["branch", "task/002-bare", "flow"]);
    assert_eq!(find(&project, &plan, "002"), None);
    project.work("task/002-bare", "made it");
    assert_eq!(find(&project, &plan, "002").as_deref(), Some("task/002-bare"));
    let made = said(&project, "task/002-bare", "002");
    assert_eq!((made.begun, made.commits, made.changed), (None, 1, false));
    project.merge("task/002-bare", "Merge branch 'task/002-bare' into flow");
    assert_eq!(find(&project, &plan, "002"), None);
    assert_eq!(open(&project, &plan, "002"), "task/002-do-002");
    // Of another id, whatever it begins with.
    for name in ["task/0030-x", "task/003a-x", "task/x003", "task/no-003"] {
        git(project.top(), &["branch", name, "flow"]);
        project.work(name, "made it");
    }
    assert_eq!(find(&project, &plan, "003"), None);
}

#[test]
fn a_merged_branch_is_found_and_a_deleted_one_is_made_again() {
    let (project, plan) = with_plan();
    let name = open(&project, &plan, "001");
    project.work(&name, "TASK_COMPLETE: task-001");
    project.merge(&name, "Merge task/001: it");
    assert_eq!(find(&project, &plan, "001").as_ref(), Some(&name));
    git(project.top(), &["branch", "-q", "-D", &name]);
    assert_eq!(find(&project, &plan, "001"), None);
    assert_eq!(open(&project, &plan, "001"), name);
    let again = said(&project, &name, "001");
    assert_eq!((again.commits, again.completion), (0, None), "what was said before is not said now");
    assert_eq!(again.begun, Some(again.tip));
}

#[test]
fn of_several_calls_at_once_one_makes_the_branch() {
    let (project, plan) = with_plan();
    of_other(&project, "001", "do-001");
    let names: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| open(&project, &plan, "001"))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(names, ["task/001-do-001-2"; 8]);
    let listed = git(project.top(), &["for-each-ref", "--format=%(refname:short)", "refs/heads/task/"]);
    assert_eq!(listed, "task/001-do-001\ntask/001-do-001-2");
}

#[test]
fn a_task_that_is_not_in_the_plan_gets_no_branch() {
    let (project, plan) = with_plan();
    let before = project.repository.references();
    let refusal = refused(project.plans.open_task_branch(&plan, &id("042"), &[]));
    assert_eq!(refusal.error, "there is no task 042 in the plan");
    git(project.top(), &["branch", "-q", "-m", "flow", "elsewhere"]);
    let refusal = refused(project.plans.open_task_branch(&plan, &id("001"), &[]));
    assert_eq!(refusal.error, "there is no branch flow");
    git(project.top(), &["branch", "-q", "-m", "elsewhere", "flow"]);
    assert_eq!(project.repository.references(), before);
}

#[test]
fn a_plan_in_a_circle_and_one_with_odd_names_get_branches_as_well() {
    let project = Project::new();
    project.plan(vec![
        planned("001", &["B"], &["A"]),
        planned("002", &["A"], &["B", "A"]),
        planned("003", &["C"], &["C"]),
    ]);
    let mut plan = project.plans.plan(PLAN).unwrap().plan;
    let related = |name: &str| project.plans.parse_task(&branch(name)).unwrap().related_tasks;
    assert_eq!(related(&open(&project, &plan, "001")).depends_on, []);
    plan.tasks[0].preconditions.clear();
    plan.tasks.push(plan.tasks[2].clone());
    let second = related(&open(&project, &plan, "002"));
    assert_eq!(second.depends_on, ids(&["001"]));
    assert_eq!(related(&open(&project, &plan, "003")).parallel_with, ids(&["001"]));
}

#[test]
fn what_was_said_is_read_since_the_first_commit() {
    let (project, plan) = with_plan();
    // Said before, on what the branch is cut from.
    let earlier = of_other(&project, "001", "earlier");
    project.work(&earlier, "TASK_BLOCKED: long ago");
    project.merge(&earlier, "Merge task/001: earlier");
    let name = open(&project, &plan, "001");
    let fresh = said(&project, &name, "001");
    assert_eq!(fresh.begun.as_ref(), Some(&fresh.tip));
    assert_eq!((fresh.steps.len(), fresh.completion, fresh.commits, fresh.changed), (0, None, 0, false));

    for message in [
        "[task-001] Initialize: design",
        "[task-1] Implement: model (1/2)",
        "[task-002] Implement: of another (1/9)",
        "wip",
        "TASK_COMPLETE: task-002",
        "TASK_BLOCKED: no network",
        "TASK_COMPLETE: task-001-do-001",
        "TASK_BLOCKED: task-002 has to be first",
    ] {
        project.work(&name, message);
    }
    let made = said(&project, &name, "1");
    assert_eq!(made.begun, fresh.begun);
    assert_eq!(made.tip, git(project.top(), &["rev-parse", &name]));
    let steps: Vec<_> = made.steps.iter().map(|step| (step.kind, step.text.as_str())).collect();
    assert_eq!(steps, [(WorkerStep::Initialize, "design"), (WorkerStep::Implement, "model")]);
    let word = made.completion.clone().unwrap();
    assert_eq!((word.word, word.task), (LastWord::Complete, Some(id("001"))));
    assert_eq!((made.commits, made.changed), (8, false));

    let work = project.repository.beside("worker");
    git(project.top(), &["worktree", "add", "-q", work.to_str().unwrap(), &name]);
    commit(&work, "made", "by the worker\n");
    let changed = said(&project, &name, "001");
    assert_eq!((changed.commits, changed.changed), (9, true));
    // Merged, and then taken back.
    project.merge(&name, "Merge task/001: it");
    assert_eq!(said(&project, &name, "001"), changed);
    git(&work, &["revert", "--no-edit", "HEAD"]);
    let back = said(&project, &name, "001");
    assert_eq!((back.commits, back.changed, back.completion), (10, false, made.completion));

    let gone = BranchName::new("task/009-gone").unwrap();
    assert_eq!(
        refused(project.plans.said_on(&gone, &id("009"), None)).error,
        "Branch task/009-gone does not exist"
    );
}
