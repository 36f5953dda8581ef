//! What holds for any values and any text.

use orch_state_commits::{
    Completion, MergeCommit, PlanCommit, PlanTask, PlannedFile, Section, TaskCommit, TaskId, TaskStatus,
    WorkerCommit,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Words that mean something in a message, among others.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        3 => proptest::sample::select(vec![
            "##", "###", "#", " ", "  ", "\n", "\n\n", "\t", ":", "- ", "* ", "\n- ", "\n  - ", "[", "]", "[]", "'", "\"", ",",
            "\\", "None", "## Dependencies", "## Tasks", "### Task 001", "###  Task 2\n", "### Learnings from Wave 1:",
            "\nProvides:", "Provides: x", "\nID: 009", "Description:", "\nStatus: completed", "Depends on: [002]",
            "Files to modify:", "Notes:", "\nPlan Version: v9", "Plan Version", "(k/n)", "**ID:** 3", "\r\n", "\r",
            "\u{1b}[2J", "\0", "\u{feff}", "\u{a0}", "\u{2028}", "superseded by ", "Task-001", "task 2", "é", "v7",
        ]).prop_map(str::to_owned),
        1 => ".{0,6}",
        1 => "[a-z]{1,6}",
    ];
    vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

fn hostiles() -> impl Strategy<Value = Vec<String>> {
    vec(hostile(), 0..4)
}

fn id() -> impl Strategy<Value = TaskId> {
    "[0-9]{1,4}[a-z]?".prop_map(|id| id.parse().unwrap())
}

fn ids() -> impl Strategy<Value = Vec<TaskId>> {
    vec(id(), 0..3)
}

fn status() -> impl Strategy<Value = TaskStatus> {
    prop_oneof![
        proptest::sample::select(TaskStatus::ALL.to_vec()),
        hostile().prop_map(TaskStatus::Other),
        hostile().prop_map(|word| TaskStatus::read(&word)),
    ]
}

fn section() -> impl Strategy<Value = Section> {
    let title = prop_oneof![hostile(), Just("Notes".to_owned()), Just("Risks".to_owned())];
    (title, hostile()).prop_map(|(title, text)| Section::new(title, text))
}

prop_compose! {
    fn task_commit()(
        id in id(),
        texts in proptest::array::uniform12(hostile()),
        lists in (hostiles(), hostiles(), hostiles()),
        related in (ids(), ids(), ids(), ids()),
        status in status(),
        extra in vec(section(), 0..3),
    ) -> TaskCommit {
        let [slug, body, description, goal, session, branch, version, time, priority, notes, ..] = texts;
        let mut task = TaskCommit::new(format!("task/{slug}"), id);
        (task.body, task.description, task.session_goal, task.session_id) = (body, description, goal, session);
        (task.plan_branch, task.plan_version, task.estimated_time) = (branch, version, time);
        (task.priority, task.implementation_notes, task.status, task.extra) = (priority, notes, status, extra);
        (task.preconditions, task.provides) = (lists.0, lists.1);
        task.files = lists.2.into_iter().map(PlannedFile::from).collect();
        (task.depends_on, task.enables, task.parallel_with, task.completed_tasks) = related;
        task
    }
}

prop_compose! {
    fn plan_task()(
        id in id(),
        texts in proptest::array::uniform4(hostile()),
        lists in (hostiles(), hostiles(), hostiles()),
        related in (ids(), ids()),
        status in status(),
    ) -> PlanTask {
        let [description, time, priority, notes] = texts;
        let mut task = PlanTask::new(id, description);
        (task.estimated_time, task.priority, task.notes, task.status) = (time, priority, notes, status);
        (task.preconditions, task.provides) = (lists.0, lists.1);
        task.files = lists.2.into_iter().map(PlannedFile::from).collect();
        (task.depends_on, task.superseded_by) = related;
        task
    }
}

prop_compose! {
    fn plan()(
        version in prop_oneof![0..5u32, any::<u32>()],
        texts in proptest::array::uniform10(hostile()),
        tasks in vec(plan_task(), 0..4),
        unread in vec(section(), 0..2),
        extra in vec(section(), 0..3),
    ) -> PlanCommit {
        let [session, body, request, created, branch, architecture, patterns, stack, total, graph] = texts;
        let mut plan = PlanCommit::new(session);
        (plan.version, plan.body, plan.user_request, plan.created) = (version, body, request, created);
        (plan.plan_branch, plan.architecture, plan.design_patterns) = (branch, architecture, patterns);
        (plan.technology_stack, plan.estimated_total_time, plan.dependency_graph) = (stack, total, graph);
        (plan.tasks, plan.unread, plan.extra) = (tasks, unread, extra);
        plan
    }
}

prop_compose! {
    fn merge()(
        id in id(),
        texts in proptest::array::uniform6(hostile()),
        provides in hostiles(),
        extra in vec(section(), 0..3),
    ) -> MergeCommit {
        let [description, body, design, summary, tests, files] = texts;
        let mut merge = MergeCommit::new(id, description);
        (merge.body, merge.design_decisions, merge.implementation_summary) = (body, design, summary);
        (merge.test_results, merge.files_modified, merge.provides, merge.extra) = (tests, files, provides, extra);
        merge
    }
}

/// Sections and fields in any order, with anything in them.
fn message() -> impl Strategy<Value = String> {
    let lines = prop_oneof![
        2 => hostile(),
        2 => proptest::sample::select(vec![
            "Initialize task/001-a", "Initialize execution plan v1", "Update execution plan v3", "[task-001] Implement: a (1/2)",
            "Merge task/001: a", "TASK_COMPLETE: task-001", "## Task Metadata", "## Dependencies", "## Files", "## Context",
            "## Estimates", "## Session Information", "## Architecture", "## Tasks", "## Dependency Graph", "## Notes",
            "## Wave 2 Tasks", "## Version", "## Provides", "## Design", "## TODO List", "## Progress", "## Key Files",
            "### Task 001", "### Task 002: b", "### Task T1", "### Task", "#### Task 3", "ID: 001", "  ID: 002", "ID:", "Status: pending",
            "Status:", "Description: a", "Preconditions: []", "Provides:", "Provides: [a, 'b']", "  - item", "    - nested", "- item",
            "  plain", "Depends on: None", "Enables: [task-002]", "Related Tasks:", "  - Enables: [3]", "Estimated Time:",
            "Completed: 1/2 tasks, more", "- [x] 1. a ← COMPLETED", "User Request: a", "Session ID: s", "Notes: a", "Files:", "",
        ]).prop_map(str::to_owned),
    ];
    (vec(lines, 0..30), proptest::sample::select(vec!["\n", "\r\n", " \n"]))
        .prop_map(|(lines, end)| lines.join(end))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_task_comes_back_the_same(task in task_commit()) {
        if let Ok(written) = task.write() {
            prop_assert_eq!(TaskCommit::read(&written).unwrap(), task.clone());
        }
        let tidy = task.tidied();
        prop_assert_eq!(&tidy, &tidy.clone().tidied());
        match tidy.write() {
            Ok(written) => prop_assert_eq!(TaskCommit::read(&written).unwrap(), tidy),
            Err(refused) => prop_assert_eq!(refused.why, "is a section of its own"),
        }
    }

    #[test]
    fn a_plan_comes_back_the_same(plan in plan()) {
        if let Ok(written) = plan.write() {
            prop_assert_eq!(PlanCommit::read(&written).unwrap(), plan.clone());
        }
        let tidy = plan.tidied();
        prop_assert_eq!(&tidy, &tidy.clone().tidied());
        match tidy.write() {
            Ok(written) => prop_assert_eq!(PlanCommit::read(&written).unwrap(), tidy),
            Err(refused) => prop_assert!(
                refused.why == "is a section of its own" || refused.field == "the title of a part without an id",
                "{}", refused
            ),
        }
    }

    #[test]
    fn a_merge_comes_back_the_same(merge in merge()) {
        if let Ok(written) = merge.write() {
            prop_assert_eq!(MergeCommit::read(&written).unwrap(), merge.clone());
        }
        let tidy = merge.tidied();
        prop_assert_eq!(&tidy, &tidy.clone().tidied());
        match tidy.write() {
            Ok(written) => prop_assert_eq!(MergeCommit::read(&written).unwrap(), tidy),
            Err(refused) => prop_assert_eq!(refused.why, "is a section of its own"),
        }
    }

    #[test]
    fn what_is_read_can_be_written_and_is_read_the_same(message in message()) {
        if let Ok(task) = TaskCommit::read(&message) {
            prop_assert_eq!(TaskCommit::read(&task.write().unwrap()).unwrap(), task);
        }
        if let Ok(plan) = PlanCommit::read(&message) {
            prop_assert_eq!(PlanCommit::read(&plan.write().unwrap()).unwrap(), plan);
        }
        if let Ok(merge) = MergeCommit::read(&message) {
            prop_assert_eq!(MergeCommit::read(&merge.write().unwrap()).unwrap(), merge);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(message in "(?s).{0,200}") {
        let titled = [
            message.clone(),
            format!("Initialize task/001-a\n{message}"),
            format!("Update execution plan v2\n\n## Tasks\n{message}"),
            format!("[task-001] Implement: {message}"),
            format!("Merge task/1: {message}"),
            format!("TASK_BLOCKED: {message}"),
        ];
        for message in titled {
            let _ = (TaskCommit::read(&message), MergeCommit::read(&message), Completion::read(&message));
            let _ = WorkerCommit::read(&message).map(|commit| commit.done());
            let _ = PlanCommit::read(&message).map(|plan| (plan.progress(), plan.learnings().len(), plan.superseded().len()));
        }
    }
}
