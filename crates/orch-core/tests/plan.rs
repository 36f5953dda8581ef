//! What a plan accepts, what it refuses, and in which words.

use orch_core::{Diagnostic, Plan, PlanDraft, Position, Problems, Reference, TaskDraft, TaskIx};
use proptest::prelude::*;

fn plan_of(tasks: Vec<TaskDraft>) -> Result<Plan, Problems> {
    Plan::build(PlanDraft { tasks, ..PlanDraft::default() })
}

fn told(tasks: Vec<TaskDraft>) -> String {
    let problems = plan_of(tasks).expect_err("the plan should be refused");
    let told = problems.iter().map(|problem| {
        let said = Diagnostic::from(problem);
        format!("{}: {} (hint: {})\n", said.code, said.message, said.hint.unwrap())
    });
    told.collect()
}

fn task(id: &str, after: &[&str]) -> TaskDraft {
    TaskDraft::new(id).after(after.iter().copied())
}

#[test]
fn says_everything_that_is_wrong_in_one_pass() {
    let all = told(vec![
        task("a", &["a"]),
        task("schema", &[]),
        task("b", &["shema"]),
        task("c", &["d"]),
        task("d", &["e"]),
        task("e", &["c"]),
        task("schema", &[]),
        TaskDraft { provides: vec!["User".into()], ..task("p", &[]) },
        TaskDraft { provides: vec!["User".into()], ..task("q", &[]) },
        TaskDraft { requires: vec!["Usr".into()], ..task("r", &[]) },
        task("", &[]),
        TaskDraft { awaits: vec!["".into()], ..task("s", &[]) },
    ]);
    insta::assert_snapshot!(all);
}

#[test]
fn an_empty_plan_is_refused() {
    insta::assert_snapshot!(told(vec![]));
}

#[test]
fn a_cycle_is_shown_as_its_shortest_way_round() {
    insta::assert_snapshot!(told(vec![
        task("a", &["b"]),
        task("b", &["c"]),
        task("c", &["d", "a"]),
        task("d", &["a"]),
        task("x", &["y"]),
        task("y", &["x"]),
        task("leaf", &["a"]),
    ]));
}

#[test]
fn problems_come_in_the_order_of_the_text() {
    let at = |line| Some(Position::new(line, 1));
    let draft = vec![
        TaskDraft { at: at(9), ..task("late", &["nowhere"]) },
        TaskDraft { at: at(3), ..task("early", &["early"]) },
    ];
    let problems = plan_of(draft).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.at()).collect::<Vec<_>>(), [at(3), at(9)]);
}

#[test]
fn aliases_mean_one_task_or_none() {
    let named = |id: &str, alias: &str| TaskDraft { aliases: vec![alias.into()], ..TaskDraft::new(id) };
    let plan = plan_of(vec![
        named("PROMPT-01-a", "PROMPT-01"),
        TaskDraft { depends_on: vec!["PROMPT-01".into()], ..named("PROMPT-02-b", "PROMPT-02") },
    ])
    .unwrap();
    assert_eq!(plan.graph().depends_on(TaskIx::new(1)), [TaskIx::new(0)]);
    assert_eq!(plan.find("PROMPT-02"), Some(TaskIx::new(1)));
    insta::assert_snapshot!(told(vec![
        named("PROMPT-01-a", "PROMPT-01"),
        named("PROMPT-01-b", "PROMPT-01"),
        task("c", &["PROMPT-01"])
    ]));
}

#[test]
fn capabilities_become_dependencies() {
    let provides = |id: &str, what: &str| TaskDraft { provides: vec![what.into()], ..TaskDraft::new(id) };
    let requires =
        |id: &str, what: &str| TaskDraft { requires: vec![Reference::from(what)], ..TaskDraft::new(id) };
    let plan = plan_of(vec![requires("002", "User model"), provides("001", "User model")]).unwrap();
    assert_eq!(plan.graph().depends_on(TaskIx::new(0)), [TaskIx::new(1)]);
    assert_eq!(plan.list_order(), [TaskIx::new(1), TaskIx::new(0)]);
}

#[test]
fn conditions_are_named_once_and_depend_on_nothing() {
    let awaits = |id: &str, names: &[&str]| TaskDraft {
        awaits: names.iter().map(|&name| name.into()).collect(),
        ..TaskDraft::new(id)
    };
    // A condition may be called as a task is; it is not that task.
    let plan = plan_of(vec![
        awaits("a", &["gate 2", "b", "gate 2"]),
        awaits("b", &[]),
        awaits("c", &["b", "gate 1", "gate 2"]),
    ])
    .unwrap();
    assert_eq!(plan.conditions().collect::<Vec<_>>(), ["gate 2", "b", "gate 1"]);
    let awaited = |place| plan.awaited(TaskIx::new(place)).collect::<Vec<_>>();
    assert_eq!(awaited(0), ["gate 2", "b"]);
    assert_eq!(awaited(1), [] as [&str; 0]);
    assert_eq!(awaited(2), ["b", "gate 1", "gate 2"]);
    assert_eq!(plan.graph().edge_count(), 0);
}

#[test]
fn a_chain_of_a_hundred_thousand_and_its_ring() {
    let link = |n: usize| TaskDraft::new(format!("t{n}"));
    let mut tasks = vec![link(0)];
    tasks.extend((1..100_000).map(|n| link(n).after([format!("t{}", n - 1)])));
    let plan = plan_of(tasks.clone()).unwrap();
    assert_eq!(plan.critical_path().len(), 100_000);
    tasks[0] = link(0).after(["t99999"]);
    let problems = plan_of(tasks).unwrap_err();
    assert_eq!(problems.iter().count(), 1);
    assert!(problems.to_string().len() < 1_000, "a long way round is shortened for the reader");
}

/// Edges from later tasks to earlier ones, under a random renaming: acyclic by construction.
fn acyclic() -> impl Strategy<Value = (usize, Vec<(usize, usize)>, Vec<usize>)> {
    (1usize..40).prop_flat_map(|tasks| {
        let edge = (0..tasks, 0..tasks).prop_map(|(a, b)| (a.max(b), a.min(b)));
        (
            Just(tasks),
            prop::collection::vec(edge, 0..tasks * 2),
            Just((0..tasks).collect::<Vec<_>>()).prop_shuffle(),
        )
            .prop_map(|(tasks, mut edges, names)| {
                edges.retain(|(from, on)| from != on);
                (tasks, edges, names)
            })
    })
}

proptest! {
    #[test]
    fn petgraph_sees_the_same_graph((tasks, edges, names) in acyclic()) {
        let mut drafts: Vec<TaskDraft> = (0..tasks).map(|n| TaskDraft::new(format!("t{n}"))).collect();
        for &(from, on) in &edges {
            drafts[names[from]].depends_on.push(Reference::from(format!("t{}", names[on]).as_str()));
        }
        let plan = plan_of(drafts).unwrap();
        let graph = plan.graph();

        let mut other = petgraph::graphmap::DiGraphMap::<usize, ()>::new();
        for n in 0..tasks {
            other.add_node(n);
        }
        for &(from, on) in &edges {
            other.add_edge(names[on], names[from], ());
        }
        prop_assert_eq!(graph.edge_count(), other.edge_count());
        prop_assert_eq!(
            petgraph::algo::connected_components(graph),
            petgraph::algo::connected_components(&other)
        );
        let order = petgraph::algo::toposort(graph, None).unwrap();
        prop_assert_eq!(order.len(), tasks);
        prop_assert!(!petgraph::algo::is_cyclic_directed(graph));

        // Depths against an oracle that relaxes edges until nothing moves.
        let mut depths = vec![0u32; tasks];
        while edges.iter().any(|&(from, on)| {
            let deeper = depths[names[on]] + 1;
            let moved = depths[names[from]] < deeper;
            depths[names[from]] = depths[names[from]].max(deeper);
            moved
        }) {}
        prop_assert_eq!(&plan.depths(), &depths);
        prop_assert_eq!(plan.critical_path().len() as u32, depths.iter().max().unwrap() + 1);

        // The list order: every task after its needs, and among those possible always the first in plan order.
        let mut done = vec![false; tasks];
        for &next in plan.list_order() {
            let first = plan.tasks().find(|&task| {
                !done[task.index()] && graph.depends_on(task).iter().all(|on| done[on.index()])
            });
            prop_assert_eq!(first, Some(next));
            done[next.index()] = true;
        }
    }

    #[test]
    fn a_plan_is_refused_exactly_when_it_has_a_cycle(
        tasks in 1usize..12,
        raw in prop::collection::vec((0usize..12, 0usize..12), 0..24),
    ) {
        let edges: Vec<(usize, usize)> = raw.into_iter().map(|(a, b)| (a % tasks, b % tasks)).collect();
        let mut drafts: Vec<TaskDraft> = (0..tasks).map(|n| TaskDraft::new(format!("t{n}"))).collect();
        for &(from, on) in &edges {
            drafts[from].depends_on.push(Reference::from(format!("t{on}").as_str()));
        }
        // Oracle: Warshall's closure.
        let mut reach = vec![vec![false; tasks]; tasks];
        for &(from, on) in &edges {
            reach[from][on] = true;
        }
        for middle in 0..tasks {
            for from in 0..tasks {
                for to in 0..tasks {
                    reach[from][to] |= reach[from][middle] && reach[middle][to];
                }
            }
        }
        let cyclic = (0..tasks).any(|n| reach[n][n]);
        prop_assert_eq!(plan_of(drafts).is_err(), cyclic);
    }
}

/// The same graph by numbers and by names.
fn by_names(tasks: u32, pairs: &[(u32, u32)]) -> Result<Plan, Problems> {
    let mut drafts: Vec<TaskDraft> = (0..tasks).map(|n| TaskDraft::new(n.to_string())).collect();
    for &(task, on) in pairs {
        drafts[task as usize].depends_on.push(on.to_string().as_str().into());
    }
    Plan::build(PlanDraft { tasks: drafts, ..PlanDraft::default() })
}

#[test]
fn numbers_out_of_range_are_told_one_by_one() {
    let problems = Plan::numbered(3, &[(1, 0), (3, 0), (2, 7), (1, 1)]).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "`3` has dependencies and is not in the plan",
            "`1` depends on itself",
            "`2` depends on `7`, which is not in the plan",
        ]
    );
    assert_eq!(Plan::numbered(0, &[]).unwrap_err().to_string(), "the plan has no tasks");
}

proptest! {
    #[test]
    fn a_plan_of_numbers_is_the_plan_of_their_names(
        tasks in 1u32..30,
        pairs in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..80),
        sorted in any::<bool>(),
        forward in any::<bool>(),
    ) {
        let size = tasks as usize;
        let mut pairs: Vec<(u32, u32)> = pairs
            .into_iter()
            .map(|(a, b)| (a.index(size) as u32, b.index(size) as u32))
            .filter(|(a, b)| a != b)
            .map(|(a, b)| if forward { (a.max(b), a.min(b)) } else { (a, b) })
            .collect();
        if sorted {
            pairs.sort_unstable();
        }
        let ids: Vec<String> = (0..tasks).map(|n| n.to_string()).collect();
        let named_pairs: Vec<(u32, &str)> = pairs.iter().map(|&(task, on)| (task, ids[on as usize].as_str())).collect();
        match (Plan::named(&ids, &named_pairs), by_names(tasks, &pairs)) {
            (Ok(read), Ok(built)) => {
                prop_assert_eq!(read.graph(), built.graph());
                prop_assert_eq!(read.list_order(), built.list_order());
                prop_assert!(read.tasks().all(|task| read.find(built.id(task)) == Some(task)));
            }
            (Err(read), Err(built)) => prop_assert_eq!(read, built),
            (read, built) => prop_assert!(false, "{read:?} and {built:?}"),
        }
        match (Plan::numbered(tasks, &pairs), by_names(tasks, &pairs)) {
            (Ok(numbered), Ok(named)) => {
                prop_assert_eq!(numbered.graph(), named.graph());
                prop_assert_eq!(numbered.list_order(), named.list_order());
                let mut wanted: Vec<Vec<u32>> = vec![Vec::new(); size];
                for &(task, on) in &pairs {
                    if !wanted[task as usize].contains(&on) {
                        wanted[task as usize].push(on);
                    }
                }
                for task in numbered.tasks() {
                    prop_assert_eq!(numbered.id(task), named.id(task));
                    let on: Vec<u32> = numbered.graph().depends_on(task).iter().map(|on| on.index() as u32).collect();
                    wanted[task.index()].sort_unstable();
                    prop_assert_eq!(&on, &wanted[task.index()]);
                    for &on in numbered.graph().depends_on(task) {
                        prop_assert!(numbered.graph().dependents(on).contains(&task));
                    }
                    prop_assert!(numbered.graph().dependents(task).is_sorted());
                }
            }
            (Err(numbered), Err(named)) => prop_assert_eq!(numbered, named),
            (numbered, named) => prop_assert!(false, "{numbered:?} and {named:?}"),
        }
    }
}

/// Each would take minutes if a mistake cost time in proportion to the plan.
#[test]
fn a_hundred_thousand_mistakes_are_all_told() {
    const TASKS: usize = 100_000;
    let mistakes = |shape: fn(usize) -> TaskDraft| {
        plan_of((0..TASKS).map(shape).collect()).expect_err("the plan should be refused").iter().count()
    };
    assert_eq!(mistakes(|n| TaskDraft::new(format!("t{n}")).after([format!("t{}", n ^ 1)])), TASKS / 2);
    assert_eq!(mistakes(|n| TaskDraft::new(format!("task-{n}")).after([format!("tusk-{n}")])), TASKS);
    assert_eq!(mistakes(|_| TaskDraft::new("same")), TASKS - 1);
    assert_eq!(
        mistakes(|n| TaskDraft { provides: vec![format!("c{}", n / 2)], ..TaskDraft::new(format!("t{n}")) }),
        TASKS / 2
    );
}
