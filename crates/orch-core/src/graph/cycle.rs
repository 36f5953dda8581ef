//! Cycles, told so that a person can break them: the shortest way round.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Graph, TaskIx};

/// Steps that the search for the shortest cycle of one component may take. Past it the shortest found so far is told:
/// still a true cycle, maybe not the shortest of a very large knot.
const SEARCH_BUDGET: usize = 5_000_000;

/// One cycle for each knot of tasks that need each other, the shortest of that knot, in the order of "needs": each
/// task needs the next, the last needs the first. Tasks that need themselves are left out: they are told apart.
pub(crate) fn cycles(graph: &Graph) -> Vec<Vec<TaskIx>> {
    let mut found: Vec<Vec<TaskIx>> = petgraph::algo::kosaraju_scc(graph)
        .into_iter()
        .filter(|knot| knot.len() > 1)
        .map(|knot| shortest(graph, &knot))
        .collect();
    found.sort();
    found
}

/// The shortest cycle within `knot`, turned so that its first task in plan order comes first.
fn shortest(graph: &Graph, knot: &[TaskIx]) -> Vec<TaskIx> {
    let mut inside = alloc::vec![false; graph.len()];
    for task in knot {
        inside[task.index()] = true;
    }
    let mut starts = knot.to_vec();
    starts.sort_unstable();
    let mut best: Vec<TaskIx> = Vec::new();
    let mut spent = 0;
    let mut search = Search { came_from: alloc::vec![None; graph.len()], queue: VecDeque::new() };
    for &start in &starts {
        if let Some(path) = search.round_trip(graph, &inside, start, best.len(), &mut spent) {
            best = path;
        }
        if best.len() == 2 || (!best.is_empty() && spent > SEARCH_BUDGET) {
            break;
        }
    }
    let first = (0..best.len()).min_by_key(|&place| best[place]).unwrap_or(0);
    best.rotate_left(first);
    best
}

struct Search {
    came_from: Vec<Option<TaskIx>>,
    queue: VecDeque<(TaskIx, usize)>,
}

impl Search {
    /// Breadth first from `start` back to it; `None` when no way is shorter than `limit` (zero: no limit yet).
    fn round_trip(
        &mut self,
        graph: &Graph,
        inside: &[bool],
        start: TaskIx,
        limit: usize,
        spent: &mut usize,
    ) -> Option<Vec<TaskIx>> {
        let mut touched = Vec::new();
        self.queue.clear();
        self.queue.push_back((start, 1));
        let mut path = None;
        'search: while let Some((task, length)) = self.queue.pop_front() {
            if limit != 0 && length >= limit {
                break;
            }
            for &next in graph.depends_on(task) {
                *spent += 1;
                if next == start {
                    path = Some(self.walk_back(task, start));
                    break 'search;
                }
                if inside[next.index()] && self.came_from[next.index()].is_none() {
                    self.came_from[next.index()] = Some(task);
                    touched.push(next);
                    self.queue.push_back((next, length + 1));
                }
            }
        }
        for task in touched {
            self.came_from[task.index()] = None;
        }
        path
    }

    fn walk_back(&self, last: TaskIx, start: TaskIx) -> Vec<TaskIx> {
        let mut path = alloc::vec![last];
        let mut task = last;
        while task != start {
            task = self.came_from[task.index()].expect("every task on the way was reached from another");
            path.push(task);
        }
        path.reverse();
        path
    }
}
