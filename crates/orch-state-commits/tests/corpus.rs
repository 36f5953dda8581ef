//! Messages in every form that was seen or may come (`fixtures/commits`), each named by what it shows, and what was read.

use std::fmt::{Debug, Write};
use std::path::Path;

use orch_state_commits::parsed::{ParsedPlan, ParsedTask, ParsedWorkerCommit};
use orch_state_commits::{Completion, MergeCommit, PlanCommit, TaskCommit, Unreadable, WorkerCommit};

fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/commits");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: std::path::PathBuf| {
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap())
    };
    let mut corpus: Vec<_> = files.map(named).collect();
    corpus.sort();
    assert!(corpus.len() >= 40, "{}", corpus.len());
    corpus
}

/// What a message was read as, what is written of it, and what a tool answers; blanks at ends of lines can be seen.
fn shown(value: &impl Debug, written: Option<String>, answer: Option<String>) -> String {
    let mut text = format!("{value:#?}\n");
    for (title, part) in [("written", written), ("answer", answer)] {
        if let Some(part) = part {
            write!(text, "---- {title} ----\n{part}").unwrap();
        }
    }
    text.replace(" \n", "·\n").replace('\r', "␍")
}

fn json(value: &impl serde::Serialize) -> Option<String> {
    Some(serde_json::to_string_pretty(value).unwrap())
}

#[test]
fn every_form_is_read() {
    for (name, message) in corpus() {
        let text = match name.split('-').next().unwrap() {
            "task" => {
                let task = TaskCommit::read(&message).unwrap();
                let written = task.write().unwrap();
                assert_eq!(TaskCommit::read(&written).unwrap(), task, "{name}");
                shown(&task, Some(written), json(&ParsedTask::from(task.clone())))
            }
            "plan" => {
                let plan = PlanCommit::read(&message).unwrap();
                let written = plan.write().unwrap();
                assert_eq!(PlanCommit::read(&written).unwrap(), plan, "{name}");
                shown(&plan, Some(written), json(&ParsedPlan::from(plan.clone())))
            }
            "worker" => {
                let commit = WorkerCommit::read(&message).unwrap();
                shown(&commit, None, json(&ParsedWorkerCommit::from(commit.clone())))
            }
            "merge" => {
                let merge = MergeCommit::read(&message).unwrap();
                let written = merge.write().unwrap();
                assert_eq!(MergeCommit::read(&written).unwrap(), merge, "{name}");
                shown(&merge, Some(written), None)
            }
            "completion" => shown(&Completion::read(&message).unwrap(), None, None),
            "other" => {
                let errors: Vec<String> = [
                    TaskCommit::read(&message).unwrap_err(),
                    PlanCommit::read(&message).unwrap_err(),
                    WorkerCommit::read(&message).unwrap_err(),
                    MergeCommit::read(&message).unwrap_err(),
                ]
                .map(|error| error.to_string())
                .into();
                shown(&(errors, Completion::read(&message)), None, None)
            }
            kind => panic!("{kind}: {name}"),
        };
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn what_the_original_tool_writes_is_written_byte_for_byte() {
    let corpus = corpus();
    let text = |name: &str| &corpus.iter().find(|(known, _)| known == name).unwrap().1;
    for name in ["task-canonical", "task-every-list-empty"] {
        assert_eq!(&TaskCommit::read(text(name)).unwrap().write().unwrap(), text(name), "{name}");
    }
    let plan = PlanCommit::read(text("plan-canonical")).unwrap();
    assert_eq!(&plan.write().unwrap(), text("plan-canonical"));
    let merge = MergeCommit::read(text("merge-canonical")).unwrap();
    assert_eq!(&merge.write().unwrap(), text("merge-canonical"));
    // Line ends and blanks at the ends of lines make no difference.
    for name in ["task-crlf", "task-trailing-blanks"] {
        assert_eq!(TaskCommit::read(text(name)), TaskCommit::read(text("task-canonical")), "{name}");
    }
    assert_eq!(PlanCommit::read(text("plan-crlf")), PlanCommit::read(text("plan-canonical")));
}

#[test]
fn a_message_is_one_kind_of_commit() {
    for (name, message) in corpus() {
        let kinds = [
            ("task", TaskCommit::read(&message).is_ok()),
            ("plan", PlanCommit::read(&message).is_ok()),
            ("merge", MergeCommit::read(&message).is_ok()),
        ];
        for (kind, is_read) in kinds {
            assert_eq!(is_read, name.starts_with(kind), "{name} as {kind}");
        }
    }
}

#[test]
fn what_is_refused_says_why() {
    let long = "x".repeat(TaskCommit::LARGEST + 1);
    assert_eq!(TaskCommit::read(&long), Err(Unreadable::TooLarge { bytes: TaskCommit::LARGEST + 1 }));
    assert_eq!(
        PlanCommit::read(&long).unwrap_err().to_string(),
        "16777217 bytes, more than are read of a message"
    );
    assert_eq!(Completion::read(&long), None);
    let error = TaskCommit::read("Initialize task/x-y\n\n## Task Metadata\nID: T1\n").unwrap_err();
    assert_eq!(error.to_string(), "\"Initialize task/x-y\" doesn't say the id of its task");
    let error = TaskCommit::read(&"é".repeat(100)).unwrap_err();
    assert_eq!(error.to_string(), format!("\"{}…\" is not the first commit of a task", "é".repeat(80)));
    assert!(!error.hint().is_empty());
}

#[test]
fn ten_thousand_tasks_are_read_and_written() {
    let mut plan = PlanCommit::new("session-20260301-090000");
    for number in 1..=10_000 {
        let id = orch_state_commits::TaskId::numbered(number);
        plan.tasks.push(orch_state_commits::PlanTask::new(id, format!("step {number}")));
    }
    let read = PlanCommit::read(&plan.write().unwrap()).unwrap();
    assert_eq!((read.tasks.len(), read.progress()), (10_000, (0, 10_000)));
    assert_eq!(read, plan);
}
