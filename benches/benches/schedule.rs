//! Scheduling alone: build the plan, check it, and drain it through the whole `Run` with no work in it, beside petgraph's
//! `toposort` with a countdown and beside the least that any program could need (arrays and a countdown).
//!
//! `cargo bench --bench schedule [-- TASKS …]`. Only the ratios of one run count.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use orch_benches::{chain, fan_in, fan_out, layered, least, shuffled};
use orch_core::{Event, Outcome, Plan, Policy, Run, Step, Time, Verdict};

/// Runs a plan whose tasks are done the moment they start, eight at once.
fn drain(plan: Plan) {
    let policy = Policy { jobs: NonZeroU32::new(8).expect("not zero"), ..Policy::default() };
    let mut run = Run::new(Arc::new(plan), policy);
    let now = Time::from_millis(0);
    loop {
        match run.next(now) {
            Step::Start(task) => {
                black_box(&run.apply(Event::Started { task }, now));
            }
            Step::Wait(_) => {
                let ended = run.active()[0];
                let event =
                    Event::Ended { task: ended.task, attempt: ended.attempt, outcome: Outcome::Succeeded };
                black_box(&run.apply(event, now));
            }
            Step::Done(verdict) => {
                assert_eq!(verdict, Verdict::Success);
                return;
            }
            other => unreachable!("{other:?}"),
        }
    }
}

/// Arrays of dependents and a countdown: nobody can do with less.
fn floor(tasks: u32, edges: &[(u32, u32)]) -> usize {
    let mut starts = vec![0u32; tasks as usize + 1];
    let mut unmet = vec![0u32; tasks as usize];
    for &(task, on) in edges {
        starts[on as usize + 1] += 1;
        unmet[task as usize] += 1;
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
    let mut ready: Vec<u32> = (0..tasks).filter(|&n| unmet[n as usize] == 0).collect();
    let mut done = 0;
    while let Some(task) = ready.pop() {
        done += 1;
        for &dependent in &dependents[starts[task as usize] as usize..starts[task as usize + 1] as usize] {
            unmet[dependent as usize] -= 1;
            if unmet[dependent as usize] == 0 {
                ready.push(dependent);
            }
        }
    }
    done
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

fn main() {
    let asked: Vec<u32> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![10_000, 100_000, 1_000_000] } else { asked };
    println!("ns a task                     floor petgraph   build     all  all/floor all/petgraph");
    for tasks in sizes {
        let shapes: [(&str, Vec<(u32, u32)>); 5] = [
            ("layered", layered(tasks, 1)),
            ("shuffled", shuffled(tasks, layered(tasks, 1))),
            ("chain", chain(tasks)),
            ("fan-out", fan_out(tasks)),
            ("fan-in", fan_in(tasks)),
        ];
        for (name, edges) in &shapes {
            let rounds = (4_000_000 / tasks).clamp(7, 101);
            let mut samples: [Vec<u128>; 4] = Default::default();
            for _ in 0..rounds {
                let mut time = |which: usize, work: &mut dyn FnMut()| {
                    let began = Instant::now();
                    work();
                    samples[which].push(began.elapsed().as_nanos() * 10 / u128::from(tasks));
                };
                time(0, &mut || assert_eq!(black_box(floor(tasks, edges)), tasks as usize));
                time(1, &mut || assert_eq!(black_box(petgraph(tasks, edges)), tasks as usize));
                time(2, &mut || drop(black_box(Plan::numbered(tasks, edges).expect("valid"))));
                time(3, &mut || drain(Plan::numbered(tasks, edges).expect("valid")));
            }
            let [floor, petgraph, build, all] = samples.map(|samples| least(&samples) as f64 / 10.0);
            println!(
                "{tasks:>9} {name:<15} {floor:>9.1} {petgraph:>8.1} {build:>7.1} {all:>7.1} {:>10.2} {:>12.2}",
                all / floor,
                all / petgraph
            );
        }
    }
}
