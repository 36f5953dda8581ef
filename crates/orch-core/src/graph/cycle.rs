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
    let mut search = Search::new(graph);
    let mut found: Vec<Vec<TaskIx>> = petgraph::algo::kosaraju_scc(graph)
        .into_iter()
        .filter(|knot| knot.len() > 1)
        .map(|knot| search.shortest(knot))
        .collect();
    found.sort();
    found
}

/// Made once for all knots, of which there may be half as many as tasks.
struct Search<'a> {
    graph: &'a Graph,
    /// The tasks of the knot that is looked at.
    inside: Vec<bool>,
    came_from: Vec<Option<TaskIx>>,
    queue: VecDeque<(TaskIx, usize)>,
}

impl<'a> Search<'a> {
    fn new(graph: &'a Graph) -> Self {
        let (inside, came_from) = (alloc::vec![false; graph.len()], alloc::vec![None; graph.len()]);
        Self { graph, inside, came_from, queue: VecDeque::new() }
    }

    /// The shortest cycle within `knot`, turned so that its first task in plan order comes first.
    fn shortest(&mut self, mut knot: Vec<TaskIx>) -> Vec<TaskIx> {
        knot.iter().for_each(|task| self.inside[task.index()] = true);
        knot.sort_unstable();
        let mut best: Vec<TaskIx> = Vec::new();
        let mut spent = 0;
        for &start in &knot {
            if let Some(path) = self.round_trip(start, best.len(), &mut spent) {
                best = path;
            }
            if best.len() == 2 || (!best.is_empty() && spent > SEARCH_BUDGET) {
                break;
            }
        }
        knot.iter().for_each(|task| self.inside[task.index()] = false);
        let first = (0..best.len()).min_by_key(|&place| best[place]).unwrap_or(0);
        best.rotate_left(first);
        best
    }

    /// Breadth first from `start` back to it; `None` when no way is shorter than `limit` (zero: no limit yet).
    fn round_trip(&mut self, start: TaskIx, limit: usize, spent: &mut usize) -> Option<Vec<TaskIx>> {
        let mut touched = Vec::new();
        self.queue.clear();
        self.queue.push_back((start, 1));
        let mut path = None;
        'search: while let Some((task, length)) = self.queue.pop_front() {
            if limit != 0 && length >= limit {
                break;
            }
            for &next in self.graph.depends_on(task) {
                *spent += 1;
                if next == start {
                    path = Some(self.walk_back(task, start));
                    break 'search;
                }
                if self.inside[next.index()] && self.came_from[next.index()].is_none() {
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
