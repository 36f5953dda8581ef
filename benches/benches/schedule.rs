//! Scheduling alone: build the plan from its draft, check it, and drain it through the whole `Run`, beside petgraph's
//! `toposort` with a countdown and beside the least that any program could need (arrays and a countdown).
//!
//! `cargo bench --bench schedule [-- TASKS …]`. Only the ratios of one run count.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use orch_benches::{layered, median};
use orch_core::{Event, Outcome, Plan, PlanDraft, Policy, Run, Step, TaskDraft, Time, Verdict};

fn draft(tasks: u32, edges: &[(u32, u32)]) -> PlanDraft {
    let mut drafts: Vec<TaskDraft> = (0..tasks).map(|n| TaskDraft::new(format!("t{n:07}"))).collect();
    for &(task, on) in edges {
        drafts[task as usize].depends_on.push(format!("t{on:07}").as_str().into());
    }
    PlanDraft { tasks: drafts, ..PlanDraft::default() }
}

fn drain(plan: &Arc<Plan>) {
    let policy = Policy { jobs: NonZeroU32::new(64).expect("not zero"), ..Policy::default() };
    let mut run = Run::new(Arc::clone(plan), policy);
    let now = Time::from_millis(0);
    loop {
        match run.next(now) {
            Step::Start(task) => {
                let _ = run.apply(Event::Started { task }, now);
            }
            Step::Wait(_) => {
                let ended = run.active()[0];
                let event =
                    Event::Ended { task: ended.task, attempt: ended.attempt, outcome: Outcome::Succeeded };
                let _ = run.apply(event, now);
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
    println!("ns a task           floor  petgraph  build (from ids)   drain  drain/floor  drain/petgraph");
    for tasks in sizes {
        let edges = layered(tasks, 1);
        let rounds = (2_000_000 / tasks).clamp(3, 15);
        let mut samples: [Vec<u128>; 4] = Default::default();
        for _ in 0..rounds {
            let mut time = |which: usize, work: &mut dyn FnMut()| {
                let began = Instant::now();
                work();
                samples[which].push(began.elapsed().as_nanos() / u128::from(tasks));
            };
            time(0, &mut || assert_eq!(black_box(floor(tasks, &edges)), tasks as usize));
            time(1, &mut || assert_eq!(black_box(petgraph(tasks, &edges)), tasks as usize));
            let mut drafted = Some(draft(tasks, &edges));
            let mut plan = None;
            time(2, &mut || plan = Some(Plan::build(drafted.take().expect("made above")).expect("valid")));
            let plan = Arc::new(plan.expect("built above"));
            time(3, &mut || drain(&plan));
        }
        let [floor, petgraph, build, drain] = samples.map(median);
        let ratio = |of: u128| drain as f64 / of.max(1) as f64;
        println!(
            "{tasks:>9} tasks {floor:>9} {petgraph:>9} {build:>17} {drain:>7} {:>12.2} {:>15.2}",
            ratio(floor),
            ratio(petgraph)
        );
    }
}
