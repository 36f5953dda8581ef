//! How long a person waits for a plan of which everything is done: `orch run` ("nothing to do"), `status`, `next` and
//! `why` as whole processes, beside `ninja` on the same finished graph.
//!
//! `cargo bench --bench load` builds the release of `orch` itself. Other sizes: `cargo bench --bench load -- 1000`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use orch_benches::{finished, layered, median, plans};

/// What ninja may need of the same.
const GOAL: f64 = 0.5;

const ROUNDS: usize = 11;

fn main() {
    let sizes: Vec<u32> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    let orch = orch();
    for tasks in sizes {
        measure(&orch, tasks);
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
    let mut samples = vec![Vec::new(); peers.len()];
    for _ in 0..ROUNDS {
        for ((_, command), samples) in peers.iter_mut().zip(&mut samples) {
            let began = Instant::now();
            command.output().expect("started");
            samples.push(began.elapsed().as_nanos());
        }
    }
    let samples: Vec<f64> = samples.into_iter().map(|samples| median(samples) as f64 / 1e6).collect();
    println!("{tasks} tasks, all done: ms for the whole process, median of {ROUNDS}");
    for ((name, _), &took) in peers.iter().zip(&samples) {
        let ratio = took / samples[0];
        match (peers[0].0, *name) {
            ("ninja", "ninja") => println!("  {name:<12}{took:>8.1}"),
            ("ninja", _) => println!("  {name:<12}{took:>8.1}  {ratio:.2} of ninja (goal {GOAL})"),
            _ => println!("  {name:<12}{took:>8.1}"),
        }
    }
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
