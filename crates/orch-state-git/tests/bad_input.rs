//! What can't be done is not done, and is said with what to do.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use orch_state_git::{CreateWorktreeInput, PlanRepository, ReplacedTask, UpdatePlanInput};
use support::{
    NOW, PLAN, Project, Repository, SESSION, branch, commit, git, picture, plan, planned, refused, task,
    update,
};

#[test]
fn without_flow_or_a_commit_it_says_how_to_make_them() {
    let empty = Project::of(Repository::empty());
    let refusal = refused(empty.plans.create_task_branch(&task("001", "x")));
    assert_eq!(refusal.error, "the repository has no commits yet");
    assert!(refusal.action_required.unwrap().contains("git branch flow"));

    for (made, hint) in [
        (None, "make it: `git branch flow`"),
        (Some("master"), "make it: `git branch flow master`"),
        (Some("main"), "make it: `git branch flow main`"),
    ] {
        let project = Project::of(Repository::new());
        if let Some(made) = made {
            git(project.top(), &["branch", made]);
        }
        for refusal in [
            refused(project.plans.create_plan_branch(&plan(SESSION, vec![planned("001", &[], &[])]), NOW)),
            refused(project.plans.create_task_branch(&task("001", "x"))),
            refused(project.plans.get_provides(&Default::default())),
        ] {
            assert_eq!(
                (refusal.error.as_str(), refusal.hint.as_deref()),
                ("there is no branch flow", Some(hint))
            );
        }
    }
}

#[test]
fn a_branch_that_exists_stays_as_it_is() {
    let project = Project::new();
    project.plan(vec![planned("001", &[], &[])]);
    project.task("001", "user-model");
    let before = project.repository.references();
    let refusal = refused(project.plans.create_task_branch(&task("001", "user-model")));
    assert_eq!(refusal.error, "Branch task/001-user-model already exists");
    assert!(refusal.hint.is_some());
    let refusal =
        refused(project.plans.create_plan_branch(&plan(SESSION, vec![planned("002", &[], &[])]), NOW));
    assert_eq!(refusal.error, format!("Branch {PLAN} already exists"));
    assert_eq!(project.repository.references(), before);
}

#[test]
fn names_that_are_unfit_are_refused_with_one_that_is_not() {
    let project = Project::new();
    let before = project.repository.references();
    let long = "x".repeat(300);
    for (slug, hint) in [
        ("user model", "use `user-model`"),
        ("a/b", "use `a-b`"),
        ("..", "use `work`"),
        ("-x", "use `x`"),
        ("größe", "use `gre`"),
        ("a.lock", "use `a-lock`"),
        ("", "use `work`"),
        ("$(id)", "use `id`"),
    ] {
        let refusal = refused(project.plans.create_task_branch(&task("001", slug)));
        assert_eq!(refusal.hint.as_deref(), Some(hint), "{slug}: {}", refusal.error);
    }
    refused(project.plans.create_task_branch(&task("001", &long)));
    for id in ["", "T1", "../1", "1;2", "001-x"] {
        refused(project.plans.create_task_branch(&task(id, "x")));
    }
    for session in ["", "mine", "session-../../x", "session-20250230-000000", "-x"] {
        refused(project.plans.create_plan_branch(&plan(session, vec![planned("001", &[], &[])]), NOW));
    }
    for name in ["", "--all", "flow..task", "task/404-none", "a b"] {
        refused(project.plans.parse_task(&branch(name)));
        refused(project.plans.parse_plan(&branch(name)));
        refused(project.plans.parse_worker_commit(&branch(name)));
    }
    assert_eq!(project.repository.references(), before);
}

#[test]
fn a_branch_that_is_not_there_is_told_with_those_that_are() {
    let project = Project::new();
    project.task("001", "user-model");
    let refusal = refused(project.plans.parse_task(&branch("task/001-usermodel")));
    assert_eq!(refusal.error, "Branch task/001-usermodel does not exist");
    assert!(refusal.hint.unwrap().ends_with("name one that is there: task/001-user-model"));
}

#[test]
fn headings_within_values_are_values() {
    let project = Project::new();
    let mut input = task("001", "x");
    input.description = "Write docs\n## Dependencies\nPreconditions:\n  - nothing\r\n### Task 9".into();
    project.plans.create_task_branch(&input).unwrap();
    let read = project.plans.parse_task(&branch("task/001-x")).unwrap();
    assert_eq!(read.description, input.description.replace('\r', ""));
    assert_eq!(read.preconditions, [""; 0]);
    let mut one = planned("001", &[], &[]);
    one.description = input.description.clone();
    project.plan(vec![one]);
    let read = project.plans.parse_plan(&branch(PLAN)).unwrap();
    assert_eq!(
        (read.tasks.len(), read.tasks[0].description.as_str()),
        (1, input.description.replace('\r', "").as_str())
    );
}

#[test]
fn an_update_follows_the_rules_of_plans() {
    let project = Project::new();
    let created = project.plan(vec![
        planned("001", &[], &["A"]),
        planned("002", &["B"], &[]),
        planned("003", &[], &[]),
    ]);
    assert!(created.warnings[0].contains("requires `B`"), "{:?}", created.warnings);
    project.update(&["001"], "");
    let before = project.repository.references();
    let of = |change: fn(&mut UpdatePlanInput)| {
        let mut input = update(&[], "");
        change(&mut input);
        refused(project.plans.update_plan_branch(&input)).error
    };
    assert_eq!(
        of(|input| input.completed_task_ids = Some(vec!["009".into()])),
        "there is no task 009 in the plan"
    );
    assert_eq!(of(|input| input.new_tasks = Some(vec![planned("1", &[], &[])])), "the id 1 is taken");
    assert_eq!(
        of(|input| input.dropped_task_ids = Some(vec!["001".into()])),
        "task 001 is completed and can't be dropped"
    );
    assert_eq!(of(|input| input.plan_branch = "plan/none".into()), "Branch plan/none does not exist");
    let name = project.task("003", "running");
    project.worktree("1", &name).unwrap();
    let refused_while_running = of(|input| input.dropped_task_ids = Some(vec!["003".into()]));
    assert_eq!(refused_while_running, "task 003 is running and can't be dropped");
    let now = project.repository.references();
    assert!(before.lines().all(|line| now.contains(line)), "{now}");

    let mut input = update(&[], "B is missing");
    input.new_tasks = Some(vec![planned("004", &["A"], &["B"])]);
    input.replaced_tasks = Some(vec![ReplacedTask { id: "002".into(), by: vec!["004".into()] }]);
    let updated = project.plans.update_plan_branch(&input).unwrap();
    assert_eq!((updated.plan_version.as_str(), updated.total_tasks), ("v3", 3));
    let plan = project.plans.parse_plan(&branch(PLAN)).unwrap();
    assert_eq!(plan.tasks[1].status.word(), "superseded");
}

#[test]
fn two_tasks_of_one_id_and_tasks_that_say_nothing_are_no_plan() {
    let project = Project::new();
    for tasks in
        [vec![planned("001", &[], &[]), planned("1", &[], &[])], vec![Default::default()], Vec::new()]
    {
        refused(project.plans.create_plan_branch(&plan(SESSION, tasks), NOW));
    }
    let mut silent = task("001", "x");
    silent.description = " \n".into();
    assert_eq!(refused(project.plans.create_task_branch(&silent)).error, "description is required");
    let references = project.repository.references();
    assert!(!references.contains("plan/") && !references.contains("task/"), "{references}");
}

#[test]
fn workers_have_plain_names() {
    let project = Project::new();
    let name = project.task("001", "x");
    let long = "1".repeat(41);
    for id in ["", "../1", "1/2", ".", "-1", "1 2", "ö", "a\0", "1.lock", &long] {
        assert!(project.worktree(id, &name).unwrap_err().error.contains("worker_id"), "{id:?}");
        assert!(project.remove(id).unwrap_err().error.contains("worker_id"), "{id:?}");
    }
    assert!(!project.top().join(".worktrees").exists());
}

#[test]
fn unsaved_work_is_never_removed() {
    let project = Project::new();
    let (one, two) = (project.task("001", "x"), project.task("002", "x"));
    let before = picture(project.top());
    project.worktree("1", &one).unwrap();
    let worker = project.top().join(".worktrees/worker-1");
    fs::write(worker.join("notes.txt"), "unsaved").unwrap();
    fs::write(worker.join("a"), "changed").unwrap();
    for refusal in [project.remove("1").unwrap_err(), project.worktree("1", &two).unwrap_err()] {
        assert_eq!(refusal.error, ".worktrees/worker-1 holds work that is in no commit: a, notes.txt");
        assert!(refusal.hint.unwrap().contains("commit it there"));
    }
    assert_eq!(project.worktree("1", &one).unwrap(), ".worktrees/worker-1", "it is taken over");
    assert_eq!(fs::read_to_string(worker.join("notes.txt")).unwrap(), "unsaved");
    git(&worker, &["add", "."]);
    git(&worker, &["commit", "-q", "-m", "saved"]);
    project.worktree("1", &two).unwrap();
    assert_eq!(git(&worker, &["branch", "--show-current"]), two);
    assert_eq!(git(project.top(), &["log", "-1", "--format=%s", &one]), "saved");
    assert_eq!(project.remove("1").unwrap(), "Removed worktree at .worktrees/worker-1");
    for _ in 0..2 {
        assert!(project.remove("1").unwrap().ends_with("does not exist (already cleaned up)"));
    }
    fs::remove_dir_all(project.top().join(".worktrees")).unwrap();
    assert_eq!(picture(project.top()), before);
}

#[test]
fn what_stands_in_the_place_of_a_work_tree_stays() {
    let project = Project::new();
    let name = project.task("001", "x");
    project.worktree("1", &name).unwrap();
    assert!(project.worktree("2", &name).unwrap_err().error.contains("in use"));
    assert!(project.worktree("2", "flow").unwrap_err().error.contains("in use"));
    assert!(project.worktree("2", "task/404-x").unwrap_err().error.contains("does not exist"));
    // Deleted by hand.
    fs::remove_dir_all(project.top().join(".worktrees/worker-1")).unwrap();
    assert_eq!(project.worktree("1", &name).unwrap(), ".worktrees/worker-1");
    fs::remove_dir_all(project.top().join(".worktrees/worker-1")).unwrap();
    assert_eq!(project.remove("1").unwrap(), "Removed worktree at .worktrees/worker-1");

    let taken = project.top().join(".worktrees/worker-3");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("mine"), "mine").unwrap();
    project.worktree("3", &name).unwrap_err();
    project.remove("3").unwrap_err();
    assert!(taken.join("mine").is_file());
    symlink("/tmp", project.top().join(".worktrees/worker-4")).unwrap();
    assert!(project.worktree("4", &name).unwrap_err().error.contains("is a link"));
    assert!(project.remove("4").unwrap_err().error.contains("is a link"));
}

#[test]
fn the_folder_of_work_trees_is_no_link() {
    let project = Project::new();
    let name = project.task("001", "x");
    let elsewhere = project.repository.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, project.top().join(".worktrees")).unwrap();
    project.worktree("1", &name).unwrap_err();
    project.remove("1").unwrap_err();
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    fs::remove_file(project.top().join(".worktrees")).unwrap();
    fs::create_dir(project.top().join(".worktrees")).unwrap();
    symlink(elsewhere.join("file"), project.top().join(".worktrees/.gitignore")).unwrap();
    assert!(project.worktree("1", &name).unwrap_err().error.contains("is a link"));
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn work_trees_are_made_at_the_top_wherever_the_tools_are_called() {
    let project = Project::new();
    let (one, two) = (project.task("001", "x"), project.task("002", "x"));
    project.worktree("1", &one).unwrap();
    let within = PlanRepository::with(project.repository.at(project.top().join(".worktrees/worker-1")));
    let made =
        within.create_worktree(&CreateWorktreeInput { worker_id: "2".into(), task_branch: two }).unwrap();
    assert!(project.top().join(made.worktree_path).join("b").is_file());
}

#[test]
fn a_git_that_hangs_is_ended_and_one_that_is_missing_is_told() {
    let project = Project::new();
    let hanging =
        project.repository.orch_after("hanging", "sleep 600").with_local_limit(Duration::from_millis(50));
    let refusal = refused(PlanRepository::with(hanging).get_provides(&Default::default()));
    assert!(refusal.error.starts_with("Git command timed out"), "{}", refusal.error);
    let missing = project.repository.orch().with_program("no-such-git");
    let refusal = refused(PlanRepository::with(missing).parse_task(&branch("task/001-x")));
    assert_eq!(refusal.hint.as_deref(), Some("install git"));
}

#[test]
fn a_plan_of_ten_thousand_tasks_is_written_read_and_updated() {
    let project = Project::new();
    let tasks = (0..10_000).map(|number| {
        let needs = (number > 0).then(|| format!("Capability {}", number - 1));
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        planned(&format!("{number:05}"), &needs, &[&format!("Capability {number}")])
    });
    let created = project.plan(tasks.collect());
    assert_eq!(created.warnings, [""; 0]);
    let updated = project.update(&["00000", "09999"], "a lot");
    assert_eq!((updated.total_tasks, updated.completed_tasks), (10_000, 2));
    let plan = project.plans.parse_plan(&branch(PLAN)).unwrap();
    assert_eq!((plan.tasks.len(), plan.plan_version.as_str()), (10_000, "v2"));
    commit(project.top(), "c", "beside");
}

#[test]
fn the_number_of_git_processes_does_not_grow_with_the_plan() {
    let count = |tasks: usize| {
        let project = Project::new();
        let log = project.repository.folder.path().join("calls");
        let counted = project.repository.orch_after("counted", &format!("echo >> '{}'", log.display()));
        let plans = PlanRepository::with(counted);
        let tasks = (1..=tasks).map(|id| planned(&format!("{id:03}"), &[], &[])).collect();
        plans.create_plan_branch(&plan(SESSION, tasks), NOW).unwrap();
        plans.update_plan_branch(&update(&["001"], "x")).unwrap();
        plans.parse_plan(&branch(PLAN)).unwrap();
        fs::read(log).unwrap().len()
    };
    assert_eq!(count(1), count(300));
}
