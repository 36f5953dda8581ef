//! How long a person waits for a plan of which everything is done: `orch run` ("nothing to do"), `status`, `next` and
//! `why` as whole processes, beside `ninja` on the same finished graph.
//!
//! The same of streams, 20 tasks each, beside what the original's own script asks of the database: SQLite's `json_extract` by way
//! of Python.
//!
//! `cargo bench --bench load` builds the release of `orch` itself. Other sizes: `cargo bench --bench load -- 1000`; one of the
//! two alone: `-- prompts`, `-- streams`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use orch_benches::{finished, layered, median, plans};

/// What ninja may need of the same.
const GOAL: f64 = 0.5;

const ROUNDS: usize = 11;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let sizes: Vec<u32> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    let wants = |part: &str| {
        words.iter().any(|word| word == part)
            || !words.iter().any(|word| ["prompts", "streams"].contains(&&**word))
    };
    let orch = orch();
    for tasks in sizes {
        if wants("prompts") {
            measure(&orch, tasks);
        }
        if wants("streams") {
            measure_streams(&orch, tasks);
        }
    }
}

/// Builds the program that is measured, and says where it is.
fn orch() -> PathBuf {
    let built = Command::new(env!("CARGO")).args(["build", "--release", "--package", "orch-cli"]).status();
    assert!(built.is_ok_and(|status| status.success()), "orch can't be built");
    let own = std::env::current_exe().expect("a program");
    own.ancestors().nth(2).expect("a build folder").join("orch")
}

fn measure(orch: &Path, tasks: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let (plan, graph) = (folder.path().join("plan"), folder.path().join("ninja"));
    let edges = layered(tasks, 1);
    fs::create_dir(&plan).expect("a folder");
    finished::plan(&plan, tasks, &edges).expect("a plan");

    let why = plans::prompt_id(tasks / 2);
    let mut peers: Vec<(&str, Command)> = [
        ("orch run", vec!["run"]),
        ("orch status", vec!["status"]),
        ("orch next", vec!["next"]),
        ("orch why", vec!["why", &why]),
    ]
    .into_iter()
    .map(|(name, words)| (name, command(orch, &words, &plan)))
    .collect();
    if ninja(&graph, tasks, &edges) {
        peers.insert(0, ("ninja", command(Path::new("ninja"), &[], &graph)));
    } else {
        println!("ninja is not installed: left out");
    }
    for (name, command) in &mut peers {
        check(name, &command.output().expect("started"));
    }
    compare(&format!("{tasks} prompts, all done"), &mut peers, Some(GOAL));
}

/// Has all of them take turns, and prints what each took beside the first, if that is a peer.
fn compare(title: &str, peers: &mut [(&str, Command)], goal: Option<f64>) {
    let mut samples = vec![Vec::new(); peers.len()];
    for _ in 0..ROUNDS {
        for ((_, command), samples) in peers.iter_mut().zip(&mut samples) {
            // Each comes after itself: whoever comes after another waits for the system to clear the memory that one gave
            // back, which is 50 ms after ninja with 100,000 tasks.
            command.output().expect("started");
            let began = Instant::now();
            command.output().expect("started");
            samples.push(began.elapsed().as_nanos());
        }
    }
    let samples: Vec<f64> = samples.into_iter().map(|samples| median(samples) as f64 / 1e6).collect();
    println!("{title}: ms for the whole process, median of {ROUNDS}");
    let peer = Some(peers[0].0).filter(|name| !name.starts_with("orch"));
    for ((name, _), &took) in peers.iter().zip(&samples) {
        match peer {
            Some(peer) if peer != *name => {
                let goal = goal.map(|goal| format!(" (goal {goal})")).unwrap_or_default();
                println!("  {name:<12}{took:>8.1}  {:.2} of {peer}{goal}", took / samples[0]);
            }
            _ => println!("  {name:<12}{took:>8.1}"),
        }
    }
}

/// What the original's dashboard asks the database for.
const ORIGINAL: &str = "import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
rows = db.execute(\"\"\"select json_extract(metadata, '$.streamId') s, min(json_extract(metadata, '$.streamName')), count(*),
  sum(status = 'completed'), sum(status = 'in_progress'), sum(status = 'pending'), sum(status = 'blocked')
  from tasks where archived = 0 and s is not null group by s order by s\"\"\").fetchall()
print(len(rows), 'streams')";

/// A database of streams of which everything is done.
fn measure_streams(orch: &Path, tasks: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let (project, databases) = (folder.path().join("plan"), folder.path().join("tasks"));
    fs::create_dir(&project).expect("a folder");
    let database = plans::streams(&databases, &project, tasks / 20, 20, true).expect("a database");
    let own = |words: &[&str]| {
        let mut command = command(orch, words, &project);
        command.env("TASK_DB_PATH", &databases).env_remove("WORKSPACE_ID");
        command
    };
    let why = format!("Stream-{:05}", tasks / 40);
    let mut original = command(Path::new("python3"), &["-c", ORIGINAL], &project);
    original.arg(&database);
    let mut peers = [
        ("the original", original),
        ("orch run", own(&["run"])),
        ("orch status", own(&["status"])),
        ("orch next", own(&["next"])),
        ("orch why", own(&["why", &why])),
    ];
    for (name, command) in &mut peers {
        let output = command.output().expect("started");
        let said = String::from_utf8_lossy(&output.stdout);
        let expected = match *name {
            "the original" => " streams",
            "orch run" => "nothing to do: every task is done",
            "orch status" => "100%",
            "orch why" => "SUCCESS",
            _ => "",
        };
        let is_right = said.contains(expected) && (*name != "orch next" || said.is_empty());
        assert!(is_right, "{name} said {said}{}", String::from_utf8_lossy(&output.stderr));
    }
    compare(&format!("{tasks} tasks in {} streams, all done", tasks / 20), &mut peers, None);
}

fn command(program: &Path, words: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(words).current_dir(folder);
    command
}

/// Whether there was nothing to do indeed.
fn check(name: &str, output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    let expected = match name {
        "ninja" => "no work to do",
        "orch run" => "nothing to do: every task is done",
        "orch status" => "done, success",
        "orch why" => "SUCCESS",
        _ => "",
    };
    let is_right = said.contains(expected) && (name != "orch next" || said.is_empty());
    assert!(is_right, "{name} said {said}{}", String::from_utf8_lossy(&output.stderr));
}

/// Has ninja make the same graph, each task an empty file; false when there is no ninja.
fn ninja(folder: &Path, tasks: u32, edges: &[(u32, u32)]) -> bool {
    fs::create_dir_all(folder.join("out")).expect("a folder");
    let mut build = String::from("rule r\n  command = : > $out\n");
    let mut edges = edges.iter().peekable();
    for task in 0..tasks {
        build += &format!("build out/t{task:07}: r");
        while let Some((_, on)) = edges.next_if(|(of, _)| *of == task) {
            build += &format!(" out/t{on:07}");
        }
        build.push('\n');
    }
    fs::write(folder.join("build.ninja"), build).expect("a file");
    let made = command(Path::new("ninja"), &["--quiet"], folder).output();
    made.is_ok_and(|made| made.status.success())
}
