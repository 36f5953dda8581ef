//! What finished work provides, and what is wrong with the capabilities of a plan.

use orch_core::{Plan, Severity};
use orch_state_commits::{
    Capability, MergeCommit, PlanCommit, PlanTask, Provided, Section, Source, TaskStatus, check_capabilities,
};

/// A task from `id: needs -> provides`, both with commas.
fn task(text: &str) -> PlanTask {
    let (id, lists) = text.split_once(':').unwrap();
    let (needs, provides) = lists.split_once("->").unwrap();
    let list = |text: &str| {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let mut task = PlanTask::new(id.parse().unwrap(), format!("task {id}"));
    (task.preconditions, task.provides) = (list(needs), list(provides));
    task
}

fn plan(tasks: &[&str]) -> PlanCommit {
    let mut plan = PlanCommit::new("session-20260301-090000");
    plan.tasks = tasks.iter().map(|text| task(text)).collect();
    plan
}

fn merge(id: &str, provides: &[&str]) -> MergeCommit {
    let mut merge = MergeCommit::new(id.parse().unwrap(), "");
    merge.provides = provides.iter().map(|&name| name.to_owned()).collect();
    merge
}

#[test]
fn findings_name_the_capability_and_what_was_meant() {
    for (tasks, expected) in [
        (&["1: -> A", "2: A -> B", "3: A, B ->"][..], &[][..]),
        (
            &["1: -> User model class", "2: User model ->"],
            &[(
                "plan.no_provider",
                "`2` requires `User model`, which no task provides",
                "did you mean `User model class`?",
            )],
        ),
        (
            &["1: -> AuthService.login", "2: AuthServce.login ->"],
            &[(
                "plan.no_provider",
                "`2` requires `AuthServce.login`, which no task provides",
                "did you mean `AuthService.login`?",
            )],
        ),
        (
            &["1: -> A", "2: -> A"],
            &[("plan.two_providers", "`A` is provided by `1` and `2`", "let only one of them provide it")],
        ),
        (
            &["1: C -> A", "2: A -> B", "3: B -> C"],
            &[("plan.cycle", "dependency cycle: 1 -> 3 -> 2 -> 1", "remove one of these dependencies")],
        ),
        (&["1: A -> A"], &[("plan.self_dependency", "`1` depends on itself", "remove the dependency")]),
        (
            &["1: ->", "001: ->"],
            &[("plan.duplicate_id", "`001` and `1` are the same id", "rename or remove one of them")],
        ),
        (
            &["1: ->", "1: ->"],
            &[("plan.duplicate_id", "`1` is in the plan twice", "rename or remove one of them")],
        ),
        (&[], &[("plan.empty", "the plan has no tasks", "add at least one task")]),
    ] {
        let found = check_capabilities(&plan(tasks), &Provided::default());
        let found: Vec<_> = found
            .iter()
            .map(|found| (&*found.code, found.message.as_str(), found.hint.as_deref().unwrap()))
            .collect();
        assert_eq!(found, expected, "{tasks:?}");
    }
    let mut odd = plan(&["1: ->"]);
    odd.unread.push(Section::new("Task T1", ""));
    let found = check_capabilities(&odd, &Provided::default());
    assert_eq!((found.len(), found[0].severity, &*found[0].code), (1, Severity::Warning, "waves.no_id"));
}

#[test]
fn names_in_quotes_and_with_details_are_the_same() {
    let mut plan = plan(&["1: ->", "2: ->"]);
    plan.tasks[0].provides = vec!["`User model`\n- email\n- password".into(), "it's 'here'".into()];
    plan.tasks[1].preconditions = vec!["\"User model\"".into(), "it's 'here'".into()];
    assert_eq!(check_capabilities(&plan, &Provided::default()), []);
}

#[test]
fn what_a_merge_rewords_is_provided_by_its_plan() {
    let plan = plan(&["1: -> User model class, User.verify", "2: -> Login", "3: -> Docs"]);
    let merges = [merge("001", &["User model class (models.User)", "User.verify"]), merge("2", &[])];
    let earlier = [merge("003", &["Search", "Login"]), merge("9", &["Map"])];
    let provided = Provided::of(&plan, &merges, &earlier);
    let found: Vec<(&str, &str, Source)> = provided
        .iter()
        .map(|Capability { name, by, source }| (name.as_str(), by.as_str(), *source))
        .collect();
    assert_eq!(
        found,
        [
            ("User model class (models.User)", "001", Source::Merge),
            ("User.verify", "001", Source::Merge),
            ("User model class", "1", Source::Plan),
            ("Login", "2", Source::Plan),
            ("Search", "003", Source::Earlier),
            ("Map", "9", Source::Earlier),
        ]
    );
    assert_eq!(provided.names().len(), 6);
    // Task 003 of an earlier session is not task 003 of this one.
    assert!(provided.provider("Docs").is_none());
    let needs = ["`Login`", "Docs", "User model class", "user.verify"].map(str::to_owned);
    assert_eq!(provided.missing(&needs), ["Docs", "user.verify"]);
}

#[test]
fn what_is_there_already_is_required_of_nobody() {
    let plan = plan(&["1: -> A", "2: A, Search, A (reworded) -> B"]);
    assert_eq!(check_capabilities(&plan, &Provided::default()).len(), 2);
    let provided = Provided::of(&plan, &[merge("1", &["A (reworded)"])], &[merge("7", &["Search"])]);
    assert_eq!(check_capabilities(&plan, &provided), []);
    let built = Plan::build(plan.draft(&provided)).unwrap();
    let second = built.find("task-2").unwrap();
    assert_eq!(built.graph().depends_on(second).len(), 1);
}

#[test]
fn tasks_that_are_not_done_neither_provide_nor_need() {
    let mut plan = plan(&["1: Nothing -> A", "2: A -> B", "3: -> A", "4: Nobody ->"]);
    (plan.tasks[0].status, plan.tasks[0].superseded_by) =
        (TaskStatus::Superseded, vec!["3".parse().unwrap()]);
    plan.tasks[3].status = TaskStatus::Dropped;
    assert_eq!(check_capabilities(&plan, &Provided::default()), []);
    // Those that depend on it by id depend on what takes its place, however often that was replaced itself.
    plan.tasks.push(task("5: -> C"));
    (plan.tasks[2].status, plan.tasks[2].superseded_by) =
        (TaskStatus::Superseded, vec!["5".parse().unwrap()]);
    plan.tasks[1].preconditions.clear();
    plan.tasks[1].depends_on = vec!["1".parse().unwrap()];
    let draft = plan.draft(&Provided::default());
    assert_eq!(draft.tasks[0].depends_on[0].name, "5");
    // A knot of replacements ends.
    plan.tasks[4].status = TaskStatus::Superseded;
    plan.tasks[4].superseded_by = vec!["1".parse().unwrap()];
    assert!(plan.draft(&Provided::default()).tasks[0].depends_on.is_empty());
}

#[test]
fn a_completed_task_provides_alone_what_others_provide_too() {
    let mut plan = plan(&["1: -> A", "2: -> A, B", "3: A ->", "4: -> A, B, B"]);
    plan.tasks[0].status = TaskStatus::Completed;
    let found = check_capabilities(&plan, &Provided::default());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "`B` is provided by `2` and `4`");
    plan.tasks[1].status = TaskStatus::Completed;
    assert_eq!(check_capabilities(&plan, &Provided::default()), []);
}

#[test]
fn a_plan_of_ten_thousand_tasks_is_checked() {
    let text: Vec<String> = (1..=10_000u32)
        .map(|number| match number {
            1 => "1: -> c1".to_owned(),
            number => format!("{number}: c{} -> c{number}", number - 1),
        })
        .collect();
    let text: Vec<&str> = text.iter().map(String::as_str).collect();
    assert_eq!(check_capabilities(&plan(&text), &Provided::default()), []);
}
