//! What one recorded transition costs, in plans of 100 to 100,000 tasks: the line of the history that acknowledges it,
//! and all that the stores of prompts, streams and weavers do with it, their state files included.
//!
//! `cargo bench --bench record [-- history|prompts|streams|weavers|process|power …]`. The plans of all sizes take turns, so that
//! other work on the machine is shared by all of them. Only the ratios of one run count.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use orch_benches::{Random, median, plans};
use orch_core::{Moved, Outcome, Run, Status, TaskIx, Time};
use orch_run::{Happening, Store, What};
use orch_store::{HistoryWriter, What as Entry};
use orch_systems::{
    AnyPlan, Durability, ExecutorKind, PromptPlan, RunOptions, Session, StreamPlan, WeaverPlan,
};

/// How long one plan has its turn: long enough that what fits into a cache is there for most of it.
const TURN: Duration = Duration::from_millis(5);

/// In which order tasks move.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Plan,
    Random,
}

/// One plan of a size, with what has been measured of it.
struct Contestant<'a> {
    tasks: u32,
    record: Box<dyn FnMut(u32) + 'a>,
    /// Who comes next.
    turn: u32,
    random: Random,
    samples: Vec<u128>,
}

impl<'a> Contestant<'a> {
    fn new(tasks: u32, record: impl FnMut(u32) + 'a) -> Self {
        Self { tasks, record: Box::new(record), turn: 0, random: Random(1), samples: Vec::new() }
    }

    fn take_turn(&mut self, order: Order) {
        let turn = Instant::now();
        while turn.elapsed() < TURN {
            let task = match order {
                Order::Plan => self.turn % self.tasks,
                Order::Random => self.random.below(self.tasks),
            };
            self.turn += 1;
            let began = Instant::now();
            (self.record)(task);
            self.samples.push(began.elapsed().as_nanos());
        }
    }

    fn take(&mut self) -> (f64, f64) {
        let mean = self.samples.iter().sum::<u128>() as f64 / self.samples.len().max(1) as f64;
        (median(std::mem::take(&mut self.samples)) as f64, mean)
    }
}

/// Has all of them take turns for `time` each, and prints what a transition costs beside that of the smallest plan.
fn compare(title: &str, contestants: &mut [Contestant<'_>], floors: &mut [Contestant<'_>], time: Duration) {
    for order in [Order::Plan, Order::Random] {
        let word = if order == Order::Plan { "in the order of the plan" } else { "in random order" };
        println!("{title}, {word}: µs a transition");
        println!("     tasks   median (÷ smallest)     mean (÷ smallest)   floor (÷ smallest)");
        let began = Instant::now();
        let mut rounds = 0;
        while rounds < 3 || began.elapsed() < time * contestants.len() as u32 {
            for (contestant, floor) in contestants.iter_mut().zip(floors.iter_mut()) {
                contestant.take_turn(order);
                floor.take_turn(order);
            }
            // What the first round finds is cold for everybody.
            if rounds == 0 {
                contestants.iter_mut().for_each(|each| each.samples.clear());
                floors.iter_mut().for_each(|each| each.samples.clear());
            }
            rounds += 1;
        }
        let mut smallest = None;
        for (contestant, floor) in contestants.iter_mut().zip(floors.iter_mut()) {
            let ((median, mean), (floor, _)) = (contestant.take(), floor.take());
            let (first_median, first_mean, first_floor) = *smallest.get_or_insert((median, mean, floor));
            println!(
                "{:>10} {:>8.2} {:>10.2} {:>10.2} {:>10.2} {:>10.2} {:>8.2}",
                contestant.tasks,
                median / 1000.0,
                median / first_median,
                mean / 1000.0,
                mean / first_mean,
                floor / 1000.0,
                floor / first_floor,
            );
        }
    }
}

/// The least there is to do: take the id from where it is, copy a line of the same length, write it, and wait for the
/// disk where that is promised.
fn floor(folder: &Path, tasks: u32, durability: Durability) -> Contestant<'static> {
    let mut file: File = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(format!("floor-{tasks}-{durability:?}")))
        .expect("a file");
    let ids: Vec<String> = (0..tasks).map(plans::prompt_id).collect();
    let mut line = vec![b'x'; 174];
    Contestant::new(tasks, move |task| {
        let id = ids[task as usize].as_bytes();
        line[..id.len()].copy_from_slice(id);
        file.write_all(&line).expect("written");
        if durability == Durability::Power {
            file.sync_data().expect("synced");
        }
    })
}

/// How much of the time the store of a plan is at its state file when tasks start as fast as they can.
fn share(tasks: u32, run: &Run, store: &mut dyn Store, state: &Path, time: Duration) {
    let stamp = || std::fs::metadata(state).map(|found| (found.ino(), found.len())).expect("a state file");
    let (mut random, mut before) = (Random(2), stamp());
    let (mut transitions, mut all, mut writes, mut took) = (0, Duration::ZERO, 0, Duration::ZERO);
    let began = Instant::now();
    while began.elapsed() < time {
        let at = Time::from_millis(1_771_977_600_000);
        let begins = started(random.below(tasks));
        let happening = Happening { at, what: What::Moved { moved: begins, detail: None } };
        let began = Instant::now();
        store.record(run, &[happening]).expect("recorded");
        let elapsed = began.elapsed();
        (transitions, all) = (transitions + 1, all + elapsed);
        let after = stamp();
        if after != before {
            (before, writes, took) = (after, writes + 1, took + elapsed);
        }
    }
    println!(
        "{tasks} tasks alone, {transitions} starts of {:.2} µs without the state file: it is replaced {:.1} times a \
         second ({:.1} MB), which takes {:.1} % of the time (goal <= 10)",
        (all - took).as_secs_f64() * 1e6 / f64::from(transitions - writes),
        f64::from(writes) / began.elapsed().as_secs_f64(),
        before.1 as f64 / 1e6,
        took.as_secs_f64() * 100.0 / began.elapsed().as_secs_f64(),
    );
}

fn moved(task: u32, from: Status, to: Status) -> Moved {
    Moved {
        task: TaskIx::new(task as usize),
        attempt: 1,
        from,
        to,
        outcome: to.is_settled().then_some(Outcome::Succeeded),
        tries: 1,
        reworks: 0,
        review_due: false,
    }
}

/// What the stores record. The end of a weaver's attempt has them replace one file more, whatever the plan: its own.
fn started(task: u32) -> Moved {
    moved(task, Status::Pending, Status::Running)
}

fn ended(task: u32) -> Moved {
    moved(task, Status::Running, Status::Success)
}

/// What acknowledges a transition: a line of the history, and nothing else.
fn history(folder: &Path, tasks: u32, durability: Durability) -> Contestant<'static> {
    let path = folder.join(format!("history-{tasks}-{durability:?}.jsonl"));
    let (mut history, ..) =
        HistoryWriter::open(&path, durability.into(), "PLAN", Time::default()).expect("a history");
    let ids: Vec<String> = (0..tasks).map(plans::prompt_id).collect();
    Contestant::new(tasks, move |task| {
        let Moved { attempt, from, to, outcome, tries, reworks, review_due, .. } = ended(task);
        let task = ids[task as usize].as_str().into();
        let entry =
            Entry::Moved { task, attempt, from, to, outcome, detail: None, tries, reworks, review_due };
        history.append(Time::from_millis(1_771_977_600_000), &[entry]).expect("appended");
    })
}

/// The store of a whole session, and all it keeps.
fn store<'a>(tasks: u32, run: &'a Run, store: &'a mut dyn Store) -> Contestant<'a> {
    Contestant::new(tasks, move |task| {
        let at = Time::from_millis(1_771_977_600_000);
        let happening = Happening { at, what: What::Moved { moved: started(task), detail: None } };
        store.record(run, &[happening]).expect("recorded");
    })
}

fn options(durability: Durability) -> RunOptions {
    RunOptions {
        durability: Some(durability),
        executor: Some(ExecutorKind::Process),
        no_review: true,
        ..RunOptions::default()
    }
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let durabilities: Vec<Durability> = [Durability::Process, Durability::Power]
        .into_iter()
        .filter(|durability| {
            let both = !asked.iter().any(|arg| ["process", "power"].contains(&arg.as_str()));
            both || asked.contains(&format!("{durability:?}").to_lowercase())
        })
        .collect();
    let wants = |part: &str| {
        !asked.iter().any(|arg| ["history", "prompts", "streams", "weavers"].contains(&arg.as_str()))
            || asked.iter().any(|arg| arg == part)
    };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let time = Duration::from_secs(2);
    let sizes = [100, 1_000, 10_000, 100_000];
    if wants("history") {
        for &durability in &durabilities {
            let mut contestants = sizes.map(|tasks| history(folder.path(), tasks, durability));
            let mut floors = sizes.map(|tasks| floor(folder.path(), tasks, durability));
            compare(&format!("history, {durability:?}"), &mut contestants, &mut floors, time);
        }
    }
    if wants("prompts") {
        let plans = sizes.map(|tasks| {
            let folder = folder.path().join(format!("prompts-{tasks}"));
            std::fs::create_dir(&folder).expect("a folder");
            PromptPlan::load(&plans::prompts(&folder, tasks, &[]).expect("written")).expect("a plan")
        });
        for &durability in &durabilities {
            let mut sessions = plans
                .each_ref()
                .map(|plan| Session::open(plan.clone(), options(durability)).expect("a session"));
            measure_stores("prompts", durability, folder.path(), &mut sessions, time);
        }
    }
    if wants("streams") {
        let plans = [100, 1_000, 10_000].map(|streams| {
            let project = folder.path().join(format!("streams-{streams}"));
            std::fs::create_dir(&project).expect("a folder");
            let tasks = folder.path().join("tasks");
            let database = plans::streams(&tasks, &project, streams, 1, false).expect("a database");
            StreamPlan::load(&database, &project, false).expect("a plan")
        });
        for &durability in &durabilities {
            let mut sessions = plans
                .each_ref()
                .map(|plan| Session::open(plan.clone(), options(durability)).expect("a session"));
            measure_stores("streams", durability, folder.path(), &mut sessions, time);
        }
    }
    if wants("weavers") {
        // No more: a plan of weavers is one `meta.json` of at most 20,000 values.
        let plans = [100, 1_000, 10_000].map(|tasks| {
            let folder = folder.path().join(format!("weavers-{tasks}"));
            WeaverPlan::load(&plans::weavers(&folder, tasks).expect("written")).expect("a plan")
        });
        for &durability in &durabilities {
            let mut sessions = plans
                .each_ref()
                .map(|plan| Session::open(plan.clone(), options(durability)).expect("a session"));
            measure_stores("weavers", durability, folder.path(), &mut sessions, time);
        }
    }
}

/// What is replaced as a whole; nothing where workers themselves keep the state.
fn state_file(session: &Session) -> Option<PathBuf> {
    match session.loaded() {
        AnyPlan::Prompts(plan) => Some(plan.folder.join("PROMPT-ORCHESTRATOR.state.md")),
        AnyPlan::Milestones(plan) => Some(plan.path.clone()),
        AnyPlan::Streams(_) | AnyPlan::Waves(_) => None,
        AnyPlan::Weavers(plan) => Some(plan.folder.join("run/state.json")),
    }
}

fn measure_stores(
    name: &str,
    durability: Durability,
    folder: &Path,
    sessions: &mut [Session],
    time: Duration,
) {
    let mut floors = Vec::new();
    let mut contestants = Vec::new();
    for session in sessions.iter_mut() {
        let tasks = session.plan().len() as u32;
        let (run, _, recorded) = session.with_own_workers().expect("begun");
        contestants.push(store(tasks, run, recorded));
        floors.push(floor(folder, tasks, durability));
    }
    compare(&format!("store of {name}, {durability:?}"), &mut contestants, &mut floors, time);
    drop(contestants);
    let largest = sessions.last_mut().expect("sizes");
    let tasks = largest.plan().len() as u32;
    let Some(state) = state_file(largest) else { return };
    let (run, _, store) = largest.with_own_workers().expect("begun");
    // What the comparison has left to be written is not what is measured.
    store.rest(run, Time::default()).expect("rested");
    share(tasks, run, store, &state, time * 3);
}
