//! What `.ci/instructions` counts the instructions of: one case a process, run under callgrind, which counts only while
//! [`measured`] is on the stack.
//!
//! `counted` lists the cases, `counted --prepare FOLDER` writes what they read, `counted CASE FOLDER` runs one.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use orch_benches::{drain, layered, names, plans};
use orch_core::{Moved, Outcome, Plan, ReviewVerdict, Run, Status, StopCause, TaskIx, Time, Verdict};
use orch_run::{CouldNotStart, Failure, Happening, Notice, Started, SystemClock, What, Workers, drive};
use orch_store::{Durability, HistoryWriter, What as Entry};
use orch_systems::{ExecutorKind, PromptPlan, RunOptions, Session, View, WeaverPlan};

/// Gets the folder of `--prepare`, and has what it is about done by [`measured`].
type Case = fn(&Path);

/// Everything that is counted. To add a case: a line here, and `.ci/instructions --accept`.
const CASES: &[(&str, Case)] = &[
    ("schedule: 10000 tasks of a draft", schedule),
    ("schedule: 10000 numbered tasks", schedule_numbered),
    ("schedule: 10000 named tasks", schedule_named),
    ("record: 1000 lines of history", history),
    ("record: 1000 transitions of 10 prompts", prompts),
    ("record: 300 transitions of 10 weavers", weavers),
    ("load: nothing to do in 10000 prompts", resume),
    ("load: a view of 10000 prompts", view),
];

const NOW: Time = Time::from_millis(1_771_977_600_000);

/// What is counted.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--prepare", folder] => prepare(folder.as_ref()),
        [name, folder] => {
            let (_, case) = CASES.iter().find(|(known, _)| *known == name).expect("a case");
            case(folder.as_ref());
        }
        _ => CASES.iter().for_each(|(name, _)| println!("{name}")),
    }
}

fn schedule(_: &Path) {
    let tasks = 10_000;
    let draft = drain::draft(tasks, &layered(tasks, 1));
    measured(|| drain::drain(&mut drain::run(Plan::build(draft).expect("a plan"))));
}

fn schedule_numbered(_: &Path) {
    let tasks = 10_000;
    let edges = layered(tasks, 1);
    measured(|| drain::drain(&mut drain::run(Plan::numbered(tasks, &edges).expect("a plan"))));
}

fn schedule_named(_: &Path) {
    let tasks = 10_000;
    let (ids, edges) = (names(tasks), layered(tasks, 1));
    let pairs: Vec<(u32, &str)> = edges.iter().map(|&(task, on)| (task, ids[on as usize].as_str())).collect();
    measured(|| drain::drain(&mut drain::run(Plan::named(&ids, &pairs).expect("a plan"))));
}

fn moved(task: usize, ends: bool) -> Moved {
    let (from, to) =
        if ends { (Status::Running, Status::Success) } else { (Status::Pending, Status::Running) };
    Moved {
        task: TaskIx::new(task),
        attempt: 1,
        from,
        to,
        outcome: ends.then_some(Outcome::Succeeded),
        tries: 1,
        reworks: 0,
        review_due: false,
    }
}

fn history(folder: &Path) {
    let path = folder.join("history.jsonl");
    let (mut history, ..) = HistoryWriter::open(&path, Durability::Process, "PLAN", NOW).expect("a history");
    let ids: Vec<String> = (0..1000).map(plans::prompt_id).collect();
    measured(|| {
        for (task, id) in ids.iter().enumerate() {
            let Moved { attempt, from, to, outcome, tries, reworks, review_due, .. } = moved(task, true);
            let task = id.as_str().into();
            let entry =
                Entry::Moved { task, attempt, from, to, outcome, detail: None, tries, reworks, review_due };
            history.append(NOW, &[entry]).expect("appended");
        }
    });
}

/// So few tasks that the state files are replaced at every transition, whatever the clock says.
fn record(mut session: Session, transitions: usize) {
    let tasks = session.plan().len();
    let (run, _, store) = session.with_own_workers().expect("begun");
    measured(|| {
        for transition in 0..transitions {
            let moved = moved(transition / 2 % tasks, transition % 2 == 1);
            let happening = Happening { at: NOW, what: What::Moved { moved, detail: None } };
            store.record(run, &[happening]).expect("recorded");
        }
    });
}

fn options() -> RunOptions {
    RunOptions { executor: Some(ExecutorKind::Process), no_review: true, ..RunOptions::default() }
}

fn prompts(folder: &Path) {
    let plan = PromptPlan::load(&folder.join("small/PROMPT-ORCHESTRATOR.md")).expect("a plan");
    record(Session::open(plan, options()).expect("a session"), 1000);
}

fn weavers(folder: &Path) {
    let path = folder.join("weavers/.claude/vertical/plans/plan-large/meta.json");
    let plan = WeaverPlan::load(&path).expect("a plan");
    record(Session::open(plan, options()).expect("a session"), 300);
}

fn resume(folder: &Path) {
    let path = folder.join("large/PROMPT-ORCHESTRATOR.md");
    let report = measured(|| {
        let plan = PromptPlan::load(&path).expect("a plan");
        Session::open(plan, options()).expect("a session").run(&mut []).expect("run")
    });
    assert!(report.nothing_to_do);
}

fn view(folder: &Path) {
    let path = folder.join("large/PROMPT-ORCHESTRATOR.md");
    let view = measured(|| View::of(PromptPlan::load(&path).expect("a plan"), options()).expect("a view"));
    assert_eq!(view.run().verdict(), Verdict::Success);
}

fn prepare(folder: &Path) {
    let write = |name: &str, tasks: u32| {
        let folder = folder.join(name);
        fs::create_dir(&folder).expect("a folder");
        match name {
            "weavers" => plans::weavers(&folder, tasks),
            _ => plans::prompts(&folder, tasks, &layered(tasks, 1)),
        }
        .expect("a plan")
    };
    write("small", 10);
    write("weavers", 10);
    let plan = PromptPlan::load(&write("large", 10_000)).expect("a plan");
    let mut session = Session::open(plan, options()).expect("a session");
    let (run, settled, store) = session.with_own_workers().expect("begun");
    let driven =
        drive(run, settled, store, &mut Idle::default(), &SystemClock::new(), &mut []).expect("driven");
    assert_eq!(session.conclude(driven).expect("concluded").verdict, Verdict::Success);
}

/// Workers that do nothing and succeed at once.
#[derive(Default)]
struct Idle(Vec<Notice>);

impl Workers for Idle {
    fn start(&mut self, _: &Run, task: TaskIx, attempt: u32) -> Result<Started, CouldNotStart> {
        self.0.push(Notice::Ended { task, attempt, outcome: Outcome::Succeeded, detail: None });
        Ok(Started::default())
    }

    fn review(&mut self, _: &Run, _: TaskIx) -> Result<(), (ReviewVerdict, String)> {
        Err((ReviewVerdict::Skipped, "nobody reviews here".into()))
    }

    fn stop(&mut self, _: TaskIx, _: StopCause) {}

    fn wait(&mut self, _: &Run, _: Option<Time>) -> Result<Vec<Notice>, Failure> {
        Ok(std::mem::take(&mut self.0))
    }
}
