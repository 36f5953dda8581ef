//! The originals: what we write is read by their parser for ordinary values, and their bugs are not ours.

use std::collections::HashMap;

use orch_state_commits::parsed::{ParsedPlan, ParsedTask, ParsedWorkerCommit};
use orch_state_commits::{
    MergeCommit, PlanCommit, PlanTask, PlannedFile, TaskCommit, TaskStatus, Update, WorkerCommit, WorkerStep,
};
use proptest::prelude::*;

/// Their parser, from its description: a message is split at each line that begins with `##`, a field is the first line that
/// begins with its name and a colon, a list begins at each line that its name and a colon are in.
mod theirs {
    use super::HashMap;

    pub(super) fn sections(message: &str) -> HashMap<String, String> {
        let mut sections: HashMap<String, Vec<&str>> = HashMap::new();
        let mut current = None;
        for line in message.split('\n') {
            if line.starts_with("##") {
                let name = line.trim_matches('#').trim().to_lowercase().replace(' ', "_");
                sections.insert(name.clone(), Vec::new());
                current = Some(name);
            } else if let Some(name) = &current {
                sections.get_mut(name).unwrap().push(line);
            }
        }
        sections.into_iter().map(|(name, lines)| (name, lines.join("\n").trim().to_owned())).collect()
    }

    pub(super) fn field(text: &str, name: &str) -> String {
        let lines: Vec<&str> = text.split('\n').collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(rest) = line.get(..name.len()).filter(|begin| begin.eq_ignore_ascii_case(name)) else {
                continue;
            };
            let Some(rest) = line[rest.len()..].strip_prefix(':') else { continue };
            // White space after the colon may be line ends: an empty value is the next line.
            let mut values = std::iter::once(rest).chain(lines[at + 1..].iter().copied());
            if let Some(value) = values.find(|value| !value.trim().is_empty()) {
                return value.trim().to_owned();
            }
        }
        String::new()
    }

    pub(super) fn list(text: &str, name: &str) -> Vec<String> {
        let (mut items, mut is_open) = (Vec::new(), false);
        for line in text.split('\n') {
            if line.to_lowercase().contains(&name.to_lowercase()) && line.contains(':') {
                is_open = true;
                let value = line.split_once(':').unwrap().1.trim();
                match value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                    Some(inner) if !inner.trim().is_empty() => items.extend(
                        inner.split(',').map(|item| item.trim().trim_matches(['"', '\'']).to_owned()),
                    ),
                    Some(_) => {}
                    None if !value.is_empty() => items.push(value.to_owned()),
                    None => {}
                }
            } else if is_open {
                let line = line.trim();
                if let Some(item) = line.strip_prefix("- ") {
                    items.push(item.trim().to_owned());
                } else if let Some(item) = line.strip_prefix('*') {
                    items.push(item.trim().to_owned());
                } else if line.contains(':') {
                    break;
                }
            }
        }
        items
    }

    /// The tasks of a plan: each `### Task 001` at the end of a line, up to the next `### Task `.
    pub(super) fn tasks(message: &str) -> Vec<(String, String)> {
        let starts: Vec<usize> = message.match_indices("### Task ").map(|(at, _)| at).collect();
        let mut tasks = Vec::new();
        for (place, &at) in starts.iter().enumerate() {
            let end = starts.get(place + 1).copied().unwrap_or(message.len());
            let block = &message[at + "### Task ".len()..end];
            let (head, text) = block.split_once('\n').unwrap_or((block, ""));
            let id = head.trim_end();
            let digits = id.trim_end_matches(|c: char| c.is_ascii_lowercase());
            if !digits.is_empty()
                && id.len() - digits.len() <= 1
                && digits.bytes().all(|c| c.is_ascii_digit())
            {
                tasks.push((id.to_owned(), text.to_owned()));
            }
        }
        tasks
    }
}

/// A word or some, of one line, that names no field.
fn ordinary() -> impl Strategy<Value = String> {
    "[A-Z][a-z]{1,8}( [a-z0-9._/()-]{1,8}[a-z]){0,4}"
        .prop_filter("a word for an empty list", |text| !["None", "Null", "Nothing"].contains(&text.as_str()))
}

fn ordinaries() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(ordinary(), 0..4)
}

/// Any text without the names of fields and lists.
fn lines() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![ordinary(), Just("## Tasks".to_owned()), Just("### Task 009".into())],
        1..4,
    )
    .prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn a_task_is_read_by_their_parser(
        texts in proptest::array::uniform4(ordinary()),
        further in lines(),
        lists in (ordinaries(), ordinaries(), ordinaries()),
        ids in proptest::collection::vec("[0-9]{3}[a-z]?", 0..3),
    ) {
        let [description, goal, time, priority] = texts;
        let mut task = TaskCommit::new("task/001-user-model", "001".parse().unwrap());
        task.description = format!("{description}\n{further}");
        (task.session_goal, task.estimated_time, task.priority) = (goal.clone(), time.clone(), priority.clone());
        (task.session_id, task.plan_branch) = ("session-20250112-143000".into(), "plan/session-20250112-143000".into());
        (task.preconditions, task.provides) = (lists.0.clone(), lists.1.clone());
        task.files = lists.2.iter().map(|file| PlannedFile::from(file.as_str())).collect();
        let mut ids: Vec<String> = ids;
        ids.dedup();
        task.enables = ids.iter().map(|id| id.parse().unwrap()).collect();
        let task = task.tidied();
        let sections = theirs::sections(&task.write().unwrap());
        prop_assert_eq!(theirs::field(&sections["task_metadata"], "ID"), "001");
        prop_assert_eq!(theirs::field(&sections["task_metadata"], "Description"), description);
        prop_assert_eq!(theirs::field(&sections["task_metadata"], "Status"), "pending");
        prop_assert_eq!(theirs::list(&sections["dependencies"], "Preconditions"), lists.0);
        prop_assert_eq!(theirs::list(&sections["dependencies"], "Provides"), lists.1);
        prop_assert_eq!(theirs::list(&sections["files"], "Files to modify"), lists.2);
        prop_assert_eq!(theirs::field(&sections["context"], "Session Goal"), goal);
        prop_assert_eq!(theirs::field(&sections["context"], "Plan Branch"), "plan/session-20250112-143000");
        let enables: Vec<String> = task.enables.iter().map(ToString::to_string).collect();
        prop_assert_eq!(theirs::list(&sections["context"], "Enables"), enables);
        prop_assert!(theirs::list(&sections["context"], "Completed Tasks").is_empty());
        prop_assert_eq!(theirs::field(&sections["estimates"], "Estimated Time"), time);
        prop_assert_eq!(theirs::field(&sections["estimates"], "Priority"), priority);
    }

    #[test]
    fn a_plan_is_read_by_their_parser(
        texts in proptest::array::uniform4(ordinary()),
        architecture in lines(),
        learned in lines(),
        tasks in proptest::collection::vec((ordinary(), lines(), ordinaries(), ordinaries(), ordinaries()), 1..4),
    ) {
        let [request, patterns, stack, time] = texts;
        let mut plan = PlanCommit::new("session-20250112-143000");
        (plan.user_request, plan.architecture, plan.design_patterns) = (request.clone(), architecture, patterns.clone());
        (plan.technology_stack, plan.dependency_graph) = (stack.clone(), "Wave 1: 001".into());
        for (number, (description, further, preconditions, provides, files)) in (1..).zip(&tasks) {
            let mut task = PlanTask::new(orch_state_commits::TaskId::numbered(number), format!("{description}\n{further}"));
            (task.preconditions, task.provides) = (preconditions.clone(), provides.clone());
            task.files = files.iter().map(|file| PlannedFile::from(file.as_str())).collect();
            task.estimated_time = time.clone();
            plan.tasks.push(task);
        }
        let plan = plan.tidied().update(&Update { learned, ..Update::default() }).unwrap();
        let message = plan.write().unwrap();
        let sections = theirs::sections(&message);
        prop_assert_eq!(theirs::field(&sections["session_information"], "Session ID"), "session-20250112-143000");
        prop_assert_eq!(theirs::field(&sections["session_information"], "User Request"), request);
        prop_assert_eq!(theirs::field(&sections["session_information"], "Plan Version"), "v2");
        prop_assert_eq!(&sections["design_patterns"], &patterns);
        prop_assert_eq!(&sections["technology_stack"], &stack);
        prop_assert_eq!(&sections["dependency_graph"], "Wave 1: 001");
        // With what was learned: their reading of it is the same but for the blanks that shield it.
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(plain(&sections["architecture"]), plain(&plan.architecture));
        let found = theirs::tasks(&message);
        prop_assert_eq!(found.len(), tasks.len());
        for ((id, text), (number, (description, _, preconditions, provides, files))) in found.iter().zip((1..).zip(&tasks)) {
            prop_assert_eq!(id, &format!("{number:03}"));
            prop_assert_eq!(&theirs::field(text, "Description"), description);
            prop_assert_eq!(&theirs::list(text, "Preconditions"), preconditions);
            prop_assert_eq!(&theirs::list(text, "Provides"), provides);
            prop_assert_eq!(&theirs::list(text, "Files"), files);
            prop_assert_eq!(&theirs::field(text, "Estimated Time"), &time);
            prop_assert_eq!(&theirs::field(text, "Priority"), "medium");
        }
    }
}

const TASK: &str = "Initialize task/001-a\n\n## Task Metadata\nID: 001\nDescription: a\n";

fn task(rest: &str) -> ParsedTask {
    TaskCommit::read(&format!("{TASK}\n{rest}")).unwrap().into()
}

fn plan(rest: &str) -> PlanCommit {
    PlanCommit::read(&format!("Update execution plan v3\n\n{rest}")).unwrap()
}

#[test]
fn the_first_commit_of_a_branch_is_its_task() {
    let messages = [
        TASK,
        "[task-001] Implement: a (1/2)\n\n## Progress\nStatus: in_progress\n",
        "TASK_COMPLETE: task-001",
    ];
    assert_eq!(theirs::sections(messages[1]).get("task_metadata"), None);
    assert_eq!(TaskCommit::first_of(messages).unwrap().description, "a");
    // Nothing before it hides it either: a merge of `flow`, a commit of a person.
    assert_eq!(TaskCommit::first_of(["fix a typo", TASK]).unwrap().description, "a");
    assert_eq!(TaskCommit::first_of(["fix a typo"]), None);
}

#[test]
fn parts_of_a_design_are_read() {
    let message =
        "[task-001] Initialize: a\n\n## Design\n### Overview\nShort.\n### Architecture Decisions\n- one\n";
    assert_eq!(theirs::sections(message)["design"], "");
    let parsed = ParsedWorkerCommit::from(WorkerCommit::read(message).unwrap());
    assert_eq!(
        (parsed.design.overview.as_str(), parsed.design.architecture_decisions),
        ("Short.", vec!["one".into()])
    );
}

#[test]
fn what_was_learned_survives_updates() {
    let theirs_written =
        "## Architecture\nPages.\n\n### Learnings from Wave 1:\nold\n\n## Tasks\n### Task 001\nID: 001\n";
    assert_eq!(theirs::sections(theirs_written)["architecture"], "Pages.");
    let mut plan = plan(theirs_written);
    for learned in ["new", "newer", ""] {
        plan = plan.update(&Update { learned: learned.into(), ..Update::default() }).unwrap();
        plan = PlanCommit::read(&plan.write().unwrap()).unwrap();
    }
    let learnings: Vec<_> = plan.learnings().iter().map(|learning| learning.text.to_owned()).collect();
    assert_eq!(learnings, ["old", "new", "newer"]);
    // And what we write they keep, too.
    assert!(theirs::sections(&plan.write().unwrap())["architecture"].ends_with("Wave 4:\nnewer"));
}

#[test]
fn statuses_survive_updates_and_are_counted_over_all() {
    let mut plan = PlanCommit::new("session-20250112-143000");
    plan.tasks = ["001", "002", "003"].map(|id| PlanTask::new(id.parse().unwrap(), "a")).into();
    let mut counts = Vec::new();
    for done in ["001", "002", "003"] {
        plan = plan.update(&Update { completed: vec![done.parse().unwrap()], ..Update::default() }).unwrap();
        let message = plan.write().unwrap();
        counts.push(message.lines().find(|line| line.starts_with("Completed:")).unwrap().to_owned());
        plan = PlanCommit::read(&message).unwrap();
    }
    assert_eq!(counts, ["Completed: 1/3 tasks", "Completed: 2/3 tasks", "Completed: 3/3 tasks"]);
    let statuses: Vec<_> = ParsedPlan::from(plan).tasks.into_iter().map(|task| task.status).collect();
    assert_eq!(statuses, [TaskStatus::Completed, TaskStatus::Completed, TaskStatus::Completed]);
}

#[test]
fn versions_are_read_and_never_counted() {
    for (message, version) in [
        ("Initialize execution plan v1", 1),
        ("Update execution plan v7", 7),
        ("update execution plan V7", 7),
        ("Update execution plan to v12 (wave 3)", 12),
        ("Update execution plan", 1),
        ("Update execution plan\n\n## Session Information\nPlan Version: v4", 4),
        ("Update execution plan v2\n\n## Session Information\nPlan Version: v4", 4),
        ("Update execution plan v4\n\n## Session Information\nPlan Version: v2", 4),
        ("Update execution plan v99999999999", 1),
        ("Update execution plan v0", 1),
        ("Update execution plan vx", 1),
    ] {
        let plan = PlanCommit::read(message).unwrap();
        assert_eq!(plan.version, version, "{message}");
        let next = plan.update(&Update::default()).unwrap();
        assert_eq!(PlanCommit::read(&next.write().unwrap()).unwrap().version, version + 1, "{message}");
    }
}

#[test]
fn an_empty_value_is_empty() {
    let estimates = "## Estimates\nEstimated Time: \nPriority: high\n";
    assert_eq!(theirs::field(&theirs::sections(estimates)["estimates"], "Estimated Time"), "Priority: high");
    let parsed = task(estimates);
    assert_eq!((parsed.estimated_time.as_str(), parsed.priority.as_str()), ("", "high"));
    // We leave the field out, so they read nothing either.
    let mut own = TaskCommit::new("task/001-a", "001".parse().unwrap());
    own.priority = "high".into();
    let sections = theirs::sections(&own.write().unwrap());
    assert_eq!(theirs::field(&sections["estimates"], "Estimated Time"), "");
    assert_eq!(theirs::field(&sections["task_metadata"], "Description"), "");
}

#[test]
fn items_are_not_taken_for_lists() {
    let text = "## Dependencies\nPreconditions:\n  - it provides x: y\n  - Files: parser\nProvides:\n  - z\n";
    assert_eq!(theirs::list(&theirs::sections(text)["dependencies"], "Provides")[0], "y");
    let parsed = task(text);
    assert_eq!(parsed.preconditions, ["it provides x: y", "Files: parser"]);
    assert_eq!(parsed.provides, ["z"]);
}

#[test]
fn none_is_an_empty_list() {
    let text = "## Context\nDepends on: None\nEnables: none\nParallel with: N/A\nCompleted Tasks: []\n";
    assert_eq!(theirs::list(&theirs::sections(text)["context"], "Depends on"), ["None"]);
    let parsed = task(text);
    assert_eq!(parsed.related_tasks, Default::default());
    assert!(parsed.completed_tasks.is_empty());
}

#[test]
fn values_of_several_lines_are_whole() {
    let text = "## Session Information\nUser Request: first\nsecond: more\n\nthird\nCreated: now\n";
    assert_eq!(theirs::field(&theirs::sections(text)["session_information"], "User Request"), "first");
    let plan = plan(text);
    assert_eq!((plan.user_request.as_str(), plan.created.as_str()), ("first\nsecond: more\n\nthird", "now"));
}

#[test]
fn a_heading_within_a_list_does_not_end_it() {
    let message = "Merge task/001: a\n\n## Provides\n- a\n### More\n- b\n";
    assert_eq!(MergeCommit::read(message).unwrap().provides, ["a", "b"]);
}

#[test]
fn bullets_within_an_item_are_part_of_it() {
    let text = "## Dependencies\nProvides:\n  - User model\n    - email\n  - Login\n";
    assert_eq!(
        theirs::list(&theirs::sections(text)["dependencies"], "Provides"),
        ["User model", "email", "Login"]
    );
    assert_eq!(task(text).provides, ["User model\n- email", "Login"]);
}

#[test]
fn a_block_without_an_id_is_no_part_of_the_one_before() {
    let text =
        "## Tasks\n### Task 001\nID: 001\nProvides:\n  - a\n\n### Task T1\nFiles:\n  - b\nProvides:\n  - c\n";
    let plan = plan(text);
    assert_eq!(
        (plan.tasks.len(), &plan.tasks[0].provides[..], plan.tasks[0].files.len()),
        (1, &["a".into()][..], 0)
    );
    assert_eq!(plan.unread[0].title, "Task T1");
    assert!(plan.write().unwrap().contains("### Task T1\nFiles:\n  - b\n"));
}

#[test]
fn marks_are_taken_off_and_every_kind_has_its_step() {
    for (mark, text) in
        [("← COMPLETED", "a"), ("<- COMPLETED", "a"), ("←  completed!", "a"), ("<- next", "a <- next")]
    {
        let commit =
            WorkerCommit::read(&format!("[task-001] a\n\n## TODO List\n- [x] 1. a  {mark}\n")).unwrap();
        let shown: Vec<&str> = commit.todo[0].text.split_whitespace().collect();
        assert_eq!(shown.join(" "), text, "{mark}");
    }
    for (title, kind, step) in [
        ("[task-001] Initialize: a", WorkerStep::Initialize, None),
        ("[task-001] Implement: a (2/8)", WorkerStep::Implement, Some((2, 8))),
        ("[Task-001] implement: a (really) (2/8)", WorkerStep::Implement, Some((2, 8))),
        ("[task-001] Verify: a (8/8)", WorkerStep::Verify, Some((8, 8))),
        ("[task-001] Review: a (8/8)", WorkerStep::Other, Some((8, 8))),
        ("[task-001] Verify: a (x/8)", WorkerStep::Verify, None),
        ("Design: a", WorkerStep::Initialize, None),
        ("Progress: a", WorkerStep::Implement, None),
        ("COMPLETE: a", WorkerStep::Complete, None),
        ("ERROR: a", WorkerStep::Error, None),
    ] {
        let commit = WorkerCommit::read(title).unwrap();
        assert_eq!((commit.kind, commit.step), (kind, step), "{title}");
    }
    for other in ["fix: a", "task-001: a", "[x] a", "[task-] a", ""] {
        assert!(WorkerCommit::read(other).is_err(), "{other}");
    }
}

#[test]
fn what_workers_count_may_disagree() {
    let commit = WorkerCommit::read(
        "[task-001] Implement: a (2/8)\n\n## TODO List\n- [x] 1. a\n- [ ] 2. b\n\n\
         ## Progress\nStatus: in_progress\nCompleted: 5/8 tasks, the rest is easy\n",
    )
    .unwrap();
    assert_eq!((commit.step, commit.done()), (Some((2, 8)), (1, 2)));
    let progress = commit.progress.unwrap();
    assert_eq!((progress.completed, progress.total, progress.note.as_str()), (5, 8, "the rest is easy"));
    let bare = WorkerCommit::read("[task-001] Implement: a (2/8)").unwrap();
    assert_eq!(bare.done(), (2, 8));
}
