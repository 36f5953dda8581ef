//! Scheduling alone: build the plan, check it, and drain it through the whole `Run` with no work in it, beside petgraph's
//! `toposort` with a countdown and beside the least that any program could need: arrays and a countdown, once to know that
//! there is no cycle before anything runs, and once to run. `bare` runs at once, and would find out on the way.
//!
//! `cargo bench --bench schedule [-- TASKS …]`. Only the ratios of one run count.

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use hashbrown::HashMap;
use orch_benches::{chain, drain, fan_in, fan_out, layered, least, names, shuffled};
use orch_core::Plan;

/// Runs a plan whose tasks are done the moment they start.
fn drain(plan: Plan) {
    drain::drain(&mut drain::run(plan));
}

/// Arrays of dependents and a countdown: nobody can do with less.
struct Floor {
    /// Where in `dependents` those of each task start.
    starts: Vec<u32>,
    dependents: Vec<u32>,
    /// How many dependencies each task has.
    needs: Vec<u32>,
}

impl Floor {
    /// None when a pair names no task, or a task itself.
    fn build(tasks: u32, edges: &[(u32, u32)]) -> Option<Self> {
        let mut starts = vec![0u32; tasks as usize + 1];
        let mut needs = vec![0u32; tasks as usize];
        for &(task, on) in edges {
            if task >= tasks || on >= tasks || task == on {
                return None;
            }
            starts[on as usize + 1] += 1;
            needs[task as usize] += 1;
        }
        for n in 0..tasks as usize {
            starts[n + 1] += starts[n];
        }
        let mut place = starts.clone();
        let mut dependents = vec![0u32; edges.len()];
        for &(task, on) in edges {
            dependents[place[on as usize] as usize] = task;
            place[on as usize] += 1;
        }
        Some(Self { starts, dependents, needs })
    }

    /// How many tasks can be done: all of them, unless there is a cycle.
    fn drain(&self) -> usize {
        let mut unmet = self.needs.clone();
        let mut ready: Vec<u32> =
            (0..).zip(&unmet).filter(|(_, unmet)| **unmet == 0).map(|(n, _)| n).collect();
        let mut done = 0;
        while let Some(task) = ready.pop() {
            done += 1;
            let (from, to) = (self.starts[task as usize], self.starts[task as usize + 1]);
            for &dependent in &self.dependents[from as usize..to as usize] {
                unmet[dependent as usize] -= 1;
                if unmet[dependent as usize] == 0 {
                    ready.push(dependent);
                }
            }
        }
        done
    }
}

/// The least for what is asked of a scheduler: that it is known to be without a cycle before the first task is started.
fn floor(tasks: u32, edges: &[(u32, u32)]) -> usize {
    let built = Floor::build(tasks, edges).expect("valid");
    assert_eq!(built.drain(), tasks as usize, "a cycle");
    built.drain()
}

/// The least for a plan that is known to be right.
fn bare(tasks: u32, edges: &[(u32, u32)]) -> usize {
    Floor::build(tasks, edges).expect("valid").drain()
}

fn petgraph(tasks: u32, edges: &[(u32, u32)]) -> usize {
    let mut graph = petgraph::Graph::<(), ()>::with_capacity(tasks as usize, edges.len());
    let nodes: Vec<_> = (0..tasks).map(|_| graph.add_node(())).collect();
    for &(task, on) in edges {
        graph.add_edge(nodes[on as usize], nodes[task as usize], ());
    }
    let order = petgraph::algo::toposort(&graph, None).expect("acyclic");
    let mut unmet: Vec<usize> = graph
        .node_indices()
        .map(|node| graph.neighbors_directed(node, petgraph::Direction::Incoming).count())
        .collect();
    let mut done = 0;
    for node in order {
        assert_eq!(unmet[node.index()], 0);
        done += 1;
        for dependent in graph.neighbors(node) {
            unmet[dependent.index()] -= 1;
        }
    }
    done
}

/// The floor, with the names looked up first.
fn named_floor(ids: &[String], pairs: &[(u32, &str)]) -> usize {
    let mut numbers: HashMap<&str, u32> = HashMap::with_capacity(ids.len());
    for (number, id) in ids.iter().enumerate() {
        assert!(numbers.insert(id, number as u32).is_none(), "a name given twice");
    }
    let resolved: Vec<(u32, u32)> = pairs.iter().map(|&(task, on)| (task, numbers[on])).collect();
    floor(ids.len() as u32, &resolved)
}

/// What Python's graphlib needs for the same graph, in nanoseconds a task: its own clock, its own names.
fn graphlib(ids: &[String], pairs: &[(u32, &str)]) -> Option<f64> {
    const SCRIPT: &str = r"
import graphlib, sys, time
graph = {}
for line in sys.stdin:
    task, *on = line.split()
    graph[task] = on
best = float('inf')
for _ in range(3):
    began = time.perf_counter_ns()
    sorter = graphlib.TopologicalSorter(graph)
    sorter.prepare()
    while sorter.is_active():
        for task in sorter.get_ready():
            sorter.done(task)
    best = min(best, time.perf_counter_ns() - began)
print(best / len(graph))";
    let mut lines: Vec<String> = ids.to_vec();
    for &(task, on) in pairs {
        lines[task as usize].extend([" ", on]);
    }
    let mut python = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    python.stdin.take()?.write_all(lines.join("\n").as_bytes()).ok()?;
    String::from_utf8(python.wait_with_output().ok()?.stdout).ok()?.trim().parse().ok()
}

/// Takes turns, so that whatever else the machine does falls on all alike; the least of each counts.
fn take_turns<const N: usize>(tasks: u32, works: [&dyn Fn(); N]) -> [f64; N] {
    let rounds = (4_000_000 / tasks).clamp(7, 101);
    let mut samples = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (samples, work) in samples.iter_mut().zip(works) {
            let began = Instant::now();
            work();
            samples.push(began.elapsed().as_nanos());
        }
    }
    samples.map(|samples| least(&samples) as f64 / f64::from(tasks))
}

fn from_numbers(tasks: u32) {
    let shapes: [(&str, Vec<(u32, u32)>); 5] = [
        ("layered", layered(tasks, 1)),
        ("shuffled", shuffled(tasks, layered(tasks, 1))),
        ("chain", chain(tasks)),
        ("fan-out", fan_out(tasks)),
        ("fan-in", fan_in(tasks)),
    ];
    for (name, edges) in &shapes {
        let [bare, floor, petgraph, build, all] = take_turns(
            tasks,
            [
                &|| assert_eq!(black_box(bare(tasks, edges)), tasks as usize),
                &|| assert_eq!(black_box(floor(tasks, edges)), tasks as usize),
                &|| assert_eq!(black_box(petgraph(tasks, edges)), tasks as usize),
                &|| drop(black_box(Plan::numbered(tasks, edges).expect("valid"))),
                &|| drain(Plan::numbered(tasks, edges).expect("valid")),
            ],
        );
        let of = |other: f64| all / other;
        println!(
            "{tasks:>9} {name:<9} {bare:>8.1} {floor:>8.1} {petgraph:>8.1} {build:>8.1} {all:>8.1} {:>10.2} {:>12.2}",
            of(floor),
            of(petgraph)
        );
    }
}

fn from_names(tasks: u32) {
    let ids = names(tasks);
    let edges = layered(tasks, 1);
    // Names of their own, as they would be read from a file.
    let owned: Vec<(u32, String)> =
        edges.iter().map(|&(task, on)| (task, ids[on as usize].clone())).collect();
    let pairs: Vec<(u32, &str)> = owned.iter().map(|(task, on)| (*task, on.as_str())).collect();
    let drafts = std::cell::RefCell::new(Vec::new());
    let [floor, all, _, drafted] = take_turns(
        tasks,
        [
            &|| assert_eq!(black_box(named_floor(&ids, &pairs)), tasks as usize),
            &|| drain(Plan::named(&ids, &pairs).expect("valid")),
            &|| drafts.borrow_mut().push(drain::draft(tasks, &edges)),
            &|| drain(Plan::build(drafts.borrow_mut().pop().expect("made before")).expect("valid")),
        ],
    );
    let python = graphlib(&ids, &pairs);
    let of_python = python.map_or("no python3".into(), |python| format!("{:.3}", all / python));
    println!(
        "{tasks:>9} {floor:>8.1} {:>9.0} {all:>8.1} {drafted:>8.1} {:>10.2} {of_python:>12}",
        python.unwrap_or(f64::NAN),
        all / floor,
    );
}

fn main() {
    let asked: Vec<u32> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![10_000, 100_000, 1_000_000] } else { asked };
    println!("from numbers, ns a task (goals: 1.5 x the floor; 0.7 x petgraph, 0.4 x at 1,000,000)");
    println!("    tasks shape         bare    floor petgraph    build      all  all/floor all/petgraph");
    sizes.iter().for_each(|&tasks| from_numbers(tasks));
    println!("from names, ns a task (goals: 1.2 x the floor, 0.1 x graphlib)");
    println!("    tasks    floor  graphlib      all  drafted  all/floor all/graphlib");
    sizes.iter().for_each(|&tasks| from_names(tasks));
}
