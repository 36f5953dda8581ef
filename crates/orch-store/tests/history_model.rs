//! The history against a list in memory: whatever is appended, reopened and asked for, the two agree.

use std::ops::ControlFlow;

use orch_core::{Outcome, Status, Time};
use orch_store::{Durability, Entry, Folded, HistoryWriter, TaskRecord, What, read, read_at, visit};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const TASKS: [&str; 3] = ["A", "ü \"\n\\", "PROMPT-01-foo"];

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<What<'static>>),
    Reopen,
    /// Reopen after the last append was cut short by so many bytes of a line to come.
    Tear(usize),
}

fn what() -> impl Strategy<Value = What<'static>> {
    let task = || prop::sample::select(&TASKS[..]).prop_map(std::borrow::Cow::Borrowed);
    let status = || prop::sample::select(&Status::ALL[..]);
    let text = || "[a-c\\\\\"\u{0}-\u{1f}ü…]{0,6}".prop_map(std::borrow::Cow::Owned);
    let outcome = prop_oneof![
        Just(Outcome::Succeeded),
        Just(Outcome::Lost),
        option::of(0..9u64).prop_map(|until| Outcome::RateLimited { until: until.map(Time::from_millis) }),
    ];
    prop_oneof![
        6 => (task(), 0..5u32, status(), status(), option::of(outcome), option::of(text()), (0..4u32, 0..3u32), any::<bool>())
            .prop_map(|(task, attempt, from, to, outcome, detail, (tries, reworks), review_due)| {
                What::Moved { task, attempt, from, to, outcome, detail, tries, reworks, review_due }
            }),
        2 => (task(), 0..5u32, any::<u32>(), any::<u64>(), text())
            .prop_map(|(task, attempt, pid, start, boot)| What::Worker { task, attempt, pid, start, boot }),
        2 => (task(), 0..5u32, text()).prop_map(|(task, attempt, session)| What::Session { task, attempt, session }),
        2 => (task(), 0..5u32).prop_map(|(task, attempt)| What::Handed { task, attempt }),
        2 => (task(), 0..5u32, text(), option::of(text()))
            .prop_map(|(task, attempt, verdict, detail)| What::Reviewed { task, attempt, verdict, detail }),
        2 => (task(), status(), status()).prop_map(|(task, from, to)| What::Edited { task, from, to }),
        1 => text().prop_map(|branch| What::Base { branch }),
        1 => text().prop_map(|why| What::Restarted { why }),
        1 => (text(), 0..9u32, option::of(text()))
            .prop_map(|(run, jobs, agent)| What::RunStarted {
                run, jobs, order: "list".into(), pid: 1, boot: None, agent,
            }),
        1 => (text(), text()).prop_map(|(run, verdict)| What::RunEnded { run, verdict }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => vec(what(), 0..5).prop_map(Step::Append),
        1 => Just(Step::Reopen),
        1 => (1..60usize).prop_map(Step::Tear),
    ]
}

/// What is expected of one task, asked of the whole list at once: the last entry of the right kind decides.
fn expected(all: &[Entry<'static>], id: &str) -> Option<TaskRecord> {
    let restart = all.iter().rposition(|e| matches!(e.what, What::Restarted { .. })).map_or(0, |at| at + 1);
    let attempt_at = |until: usize| {
        let attempts = all[..until].iter().filter_map(|e| match &e.what {
            What::Moved { task, attempt, .. } if task == id => Some(*attempt),
            _ => None,
        });
        attempts.max().unwrap_or(0)
    };
    let change = |e: &Entry<'_>| match &e.what {
        What::Moved { task, from, to, .. } if task == id => Some((Some(*from), *to)),
        What::Edited { task, to, .. } if task == id => Some((None, *to)),
        _ => None,
    };
    let place = |wanted: &dyn Fn(usize, &Entry<'_>) -> bool| {
        (restart..all.len()).rev().find(|&at| wanted(at, &all[at]))
    };
    let last = place(&|_, e| change(e).is_some())?;
    let is_start = |e: &Entry<'_>| matches!(change(e), Some((Some(_), Status::Running)));
    let start = place(&|_, e| is_start(e));
    let end = place(&|_, e| !is_start(e) && matches!(change(e), Some((Some(Status::Running), _))));
    let edit = place(&|_, e| matches!(change(e), Some((None, _))));
    // What a worker or a review says counts for the attempt that was the last one then, of a task known then.
    let first = (restart..all.len()).find(|&at| change(&all[at]).is_some())?;
    let session = place(
        &|at, e| matches!(&e.what, What::Session { task, attempt, .. } if task == id && at > first && *attempt == attempt_at(at)),
    );
    let whose = place(&|at, e| {
        is_start(e)
            || matches!(change(e), Some((None, _)))
            || matches!(&e.what, What::Handed { task, attempt } if task == id && at > first && *attempt == attempt_at(at))
    });
    let review = place(
        &|at, e| matches!(&e.what, What::Reviewed { task, attempt, .. } if task == id && at > first && *attempt == attempt_at(at)),
    );
    let detailed = place(&|at, e| {
        at == last
            || (at > last
                && matches!(&e.what, What::Reviewed { task, attempt, detail: Some(_), .. }
                    if task == id && *attempt == attempt_at(at)))
    });
    let worker = place(&|at, e| {
        at > last
            && matches!(&e.what, What::Worker { task, attempt, .. } if task == id && *attempt == attempt_at(at))
    });
    let tries = place(&|_, e| {
        matches!(&e.what, What::Moved { task, .. } if task == id)
            || matches!(&e.what, What::Edited { task, to: Status::Pending, .. } if task == id)
    });
    let (status, is_running) = change(&all[last]).map(|(_, to)| (to, to == Status::Running))?;
    Some(TaskRecord {
        status,
        attempt: attempt_at(all.len()),
        tries: match tries.map(|at| &all[at].what) {
            Some(What::Moved { tries, .. }) => *tries,
            _ => 0,
        },
        reworks: match tries.map(|at| &all[at].what) {
            Some(What::Moved { reworks, .. }) => *reworks,
            _ => 0,
        },
        outcome: match &all[last].what {
            What::Moved { outcome, .. } => *outcome,
            _ => None,
        },
        detail: match detailed.map(|at| &all[at].what) {
            Some(What::Moved { detail, .. } | What::Reviewed { detail, .. }) => {
                detail.as_deref().map(Into::into)
            }
            _ => None,
        },
        started_at: start.map(|at| all[at].at),
        ended_at: end.filter(|&end| start.is_none_or(|start| start < end)).map(|at| all[at].at),
        session: session.map(|at| match &all[at].what {
            What::Session { session, .. } => session.to_string(),
            _ => unreachable!("only sessions were looked for"),
        }),
        handed: whose.is_some_and(|at| match &all[at].what {
            What::Edited { to, .. } => *to == Status::Running,
            what => matches!(what, What::Handed { .. }),
        }),
        agent: start.and_then(|start| {
            let run = all[..start].iter().rev().find(|e| matches!(e.what, What::RunStarted { .. }))?;
            match &run.what {
                What::RunStarted { agent, .. } => agent.as_deref().map(Into::into),
                _ => unreachable!("only runs were looked for"),
            }
        }),
        worker: worker.filter(|_| is_running).map(|at| match &all[at].what {
            What::Worker { pid, start, boot, .. } => {
                orch_store::WorkerProcess { pid: *pid, start: *start, boot: (**boot).into() }
            }
            _ => unreachable!("only workers were looked for"),
        }),
        review_due: match &all[last].what {
            What::Moved { review_due, .. } => *review_due && review.is_none_or(|review| review < last),
            _ => false,
        },
        reviewed: review.filter(|&review| start.max(edit).is_none_or(|cleared| cleared < review)).map(|at| {
            match &all[at].what {
                What::Reviewed { verdict, .. } => verdict.to_string(),
                _ => unreachable!("only reviews were looked for"),
            }
        }),
    })
}

fn agree(folded: &Folded, all: &[Entry<'static>]) -> Result<(), TestCaseError> {
    prop_assert_eq!(folded.seq, all.len() as u64);
    for task in TASKS {
        prop_assert_eq!(folded.tasks.get(task).cloned(), expected(all, task), "{}", task);
        let attempts = all.iter().filter_map(|e| match &e.what {
            What::Moved { task: of, attempt, .. } if of == task => Some(*attempt),
            _ => None,
        });
        prop_assert_eq!(folded.last_attempt(task), attempts.max().unwrap_or(0));
    }
    let runs = all.iter().rposition(|e| matches!(e.what, What::RunStarted { .. }));
    prop_assert_eq!(folded.run.is_some(), runs.is_some());
    if let (Some(at), Some(run)) = (runs, &folded.run) {
        let ended = all[at..].iter().rev().find_map(|e| match &e.what {
            What::RunEnded { run: of, verdict } if *of == run.run => Some((e.at, verdict.to_string())),
            _ => None,
        });
        prop_assert_eq!(&run.ended, &ended);
    }
    let base = all.iter().rev().find_map(|e| match &e.what {
        What::Base { branch } => Some(Some(branch.to_string())),
        What::Restarted { .. } => Some(None),
        _ => None,
    });
    prop_assert_eq!(&folded.base_branch, &base.flatten());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_file_and_the_list_agree(steps in vec(step(), 0..30), asked in any::<prop::sample::Index>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let open = || HistoryWriter::open(&path, Durability::Process, "PLAN", Time::default()).unwrap();
        let (mut writer, first, _) = open();
        let opened = What::Opened { history: first.history, format: 1, plan: "PLAN".into() };
        let mut all = vec![Entry { seq: 1, at: Time::default(), what: opened }];
        for (now, step) in (1..).map(Time::from_millis).zip(steps) {
            match step {
                Step::Append(batch) => {
                    let last = writer.append(now, &batch).unwrap();
                    for what in batch {
                        all.push(Entry { seq: all.len() as u64 + 1, at: now, what });
                    }
                    prop_assert_eq!(last, all.len() as u64);
                }
                Step::Reopen => {
                    let (again, folded, notes) = open();
                    prop_assert_eq!(notes.len(), 0);
                    agree(&folded, &all)?;
                    writer = again;
                }
                Step::Tear(bytes) => {
                    let before = std::fs::read(&path).unwrap();
                    writer.append(now, &[What::Base { branch: "a branch that was never recorded".into() }]).unwrap();
                    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
                    file.set_len((before.len() + bytes) as u64).unwrap();
                    agree(&read(&path).unwrap().unwrap(), &all)?;
                    let (again, folded, notes) = open();
                    prop_assert_eq!(notes.len(), 1);
                    agree(&folded, &all)?;
                    prop_assert_eq!(std::fs::read(&path).unwrap(), before);
                    writer = again;
                }
            }
        }
        agree(&read(&path).unwrap().unwrap(), &all)?;
        let upto = asked.index(all.len()) + 1;
        agree(&read_at(&path, upto as u64).unwrap().unwrap(), &all[..upto])?;
        let mut seen = Vec::new();
        visit(&path, |entry| {
            seen.push(entry.clone().into_owned());
            ControlFlow::Continue(())
        }).unwrap();
        prop_assert_eq!(seen, all);
    }
}
