//! Each bug of the original tools that is about git, shown gone.

mod support;

use std::fs;

use support::{PLAN, Project, branch, git, picture, planned, refused};

/// Name, and what shows that it is gone.
type Case = (&'static str, fn());

#[test]
fn bugs_of_the_originals_are_gone() {
    const CASES: [Case; 8] = [
        ("1: the first commit of a task is read, not the latest", first_commit),
        ("2: designs have their parts, and learnings stay", learnings),
        ("3: completed tasks stay completed", statuses),
        ("4: versions follow one another", versions),
        ("5: nothing of the main checkout is discarded", checkout),
        ("6: worker-1 is not worker-10", workers),
        ("7: a task is merged while flow is checked out", merging),
        ("10: what fails early is said, and calls do not race", early),
    ];
    for (name, shown) in CASES {
        println!("{name}");
        shown();
    }
}

fn first_commit() {
    let project = Project::new();
    let name = project.task("001", "user-model");
    for step in 1..=3 {
        project.work(&name, &format!("[task-001] Implement: step {step} ({step}/3)"));
    }
    let read = || project.plans.parse_task(&branch(&name)).unwrap();
    let before = read();
    assert_eq!((before.id.as_str(), before.description.as_str()), ("001", "Do 001"));
    assert_eq!(before.provides, ["Capability 001"]);
    assert_eq!(before.plan_branch, PLAN);
    project.merge(&name, "Merge task/001: it");
    assert_eq!(read(), before, "merged already");
    git(project.top(), &["update-ref", &format!("refs/heads/{name}"), "flow"]);
    assert_eq!(read(), before, "fast forwarded to flow");
}

fn learnings() {
    let project = Project::new();
    let name = project.task("001", "user-model");
    let message = "[task-001] Initialize: design\n\n## Design\n### Overview\nA class.\n\n### Interfaces Provided\n- User\n\n\
                   ## TODO List\n- [x] 1. class  ← COMPLETED\n- [ ] 2. tests\n\n## Progress\nStatus: in_progress\nCompleted: 1/2 tasks";
    project.work(&name, message);
    let said = project.plans.parse_worker_commit(&branch(&name)).unwrap();
    assert_eq!((said.commit_type, said.todo_list.len()), ("initial_design", 2), "{said:?}");
    assert_eq!(said.todo_list[0].description, "class");

    project.plan(vec![planned("001", &[], &["A"]), planned("002", &["A"], &[])]);
    project.update(&["001"], "bcrypt cost 12");
    project.update(&[], "unique index\n### on email");
    project.update(&["002"], "");
    let plan = project.plans.parse_plan(&branch(PLAN)).unwrap();
    for learned in ["MVC with Flask", "Wave 1:\nbcrypt cost 12", "Wave 2:\nunique index", "on email"] {
        assert!(plan.architecture.contains(learned), "{learned}: {}", plan.architecture);
    }
}

fn statuses() {
    let project = Project::new();
    project.plan(vec![planned("001", &[], &[]), planned("002", &[], &[]), planned("003", &[], &[])]);
    let first = project.update(&["001"], "");
    assert_eq!((first.completed_tasks, first.total_tasks), (1, 3));
    let second = project.update(&["002"], "");
    assert_eq!((second.completed_tasks, second.total_tasks), (2, 3));
    let plan = project.plans.parse_plan(&branch(PLAN)).unwrap();
    let statuses: Vec<String> = plan.tasks.iter().map(|task| task.status.to_string()).collect();
    assert_eq!(statuses, ["completed", "completed", "pending"]);
    assert!(git(project.top(), &["log", "-1", "--format=%B", PLAN]).contains("Completed: 2/3 tasks"));
}

fn versions() {
    let project = Project::new();
    project.plan(vec![planned("001", &[], &[])]);
    for version in ["v2", "v3", "v4"] {
        assert_eq!(project.update(&[], "more").plan_version, version);
        assert_eq!(project.plans.parse_plan(&branch(PLAN)).unwrap().plan_version, version);
    }
    let titles =
        git(project.top(), &["log", "--reverse", "--format=%s", "flow..plan/session-20250112-143000"]);
    assert_eq!(
        titles.lines().collect::<Vec<_>>(),
        [
            "Initialize execution plan v1",
            "Update execution plan v2",
            "Update execution plan v3",
            "Update execution plan v4"
        ]
    );
}

fn checkout() {
    let project = Project::new();
    let before = picture(project.top());
    project.plan(vec![planned("001", &[], &["A"])]);
    let name = project.task("001", "user-model");
    project.update(&["001"], "learned");
    project.plans.parse_task(&branch(&name)).unwrap();
    assert_eq!(project.provides(None), [""; 0]);
    assert_eq!(picture(project.top()), before);
    project.worktree("1", &name).unwrap();
    project.remove("1").unwrap();
    fs::remove_dir_all(project.top().join(".worktrees")).unwrap();
    assert_eq!(picture(project.top()), before);
}

fn workers() {
    let project = Project::new();
    let names = ["001", "010", "011"].map(|id| project.task(id, "work"));
    assert_eq!(project.worktree("10", &names[1]).unwrap(), ".worktrees/worker-10");
    assert_eq!(project.worktree("1", &names[0]).unwrap(), ".worktrees/worker-1");
    project.remove("1").unwrap();
    assert!(project.top().join(".worktrees/worker-10/b").is_file());
    assert_eq!(project.worktree("1", &names[2]).unwrap(), ".worktrees/worker-1");
}

fn merging() {
    let project = Project::clean();
    assert_eq!(git(project.top(), &["branch", "--show-current"]), "flow");
    let name = project.task("001", "user-model");
    project.worktree("1", &name).unwrap();
    let worker = project.top().join(".worktrees/worker-1");
    support::commit(&worker, "made", "by the worker\n");
    git(project.top(), &["merge", "-q", "--no-ff", "-m", "Merge task/001: it\n\n## Provides\n- User", &name]);
    assert_eq!(project.provides(None), ["User"]);
    project.remove("1").unwrap();
    assert!(git(project.top(), &["branch", "--list", &name]).contains(&name));
}

fn early() {
    let outside = tempfile::tempdir().unwrap();
    let plans = orch_state_git::PlanRepository::at(outside.path());
    let refusal =
        refused(plans.create_plan_branch(
            &support::plan(support::SESSION, vec![planned("001", &[], &[])]),
            support::NOW,
        ));
    assert_eq!(refusal.error, "Not a git repository");
    assert_eq!(refusal.current_directory.as_deref(), outside.path().to_str());
    assert!(refusal.action_required.unwrap().contains("git init"));

    let project = Project::new();
    project.plan((1..=8).map(|id| planned(&format!("{id:03}"), &[], &[])).collect());
    std::thread::scope(|scope| {
        for id in 1..=8 {
            let project = &project;
            scope.spawn(move || {
                let id = format!("{id:03}");
                project.task(&id, "at-once");
                let learned = format!("by {id}");
                project.plans.update_plan_branch(&support::update(&[&id], &learned)).unwrap();
            });
        }
    });
    let plan = project.plans.parse_plan(&branch(PLAN)).unwrap();
    assert_eq!(plan.plan_version, "v9");
    assert!(plan.tasks.iter().all(|task| task.status.word() == "completed"), "{plan:?}");
    for id in 1..=8 {
        assert!(plan.architecture.contains(&format!("by {id:03}")), "{}", plan.architecture);
        project.plans.parse_task(&branch(&format!("task/{id:03}-at-once"))).unwrap();
    }
}
