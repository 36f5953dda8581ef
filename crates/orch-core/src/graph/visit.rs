//! petgraph's view of a plan's graph: its algorithms run on `&Graph` without a copy.

use petgraph::visit::{
    Data, GraphBase, GraphProp, IntoEdgeReferences, IntoEdges, IntoEdgesDirected, IntoNeighbors,
    IntoNeighborsDirected, IntoNodeIdentifiers, IntoNodeReferences, NodeCompactIndexable, NodeCount,
    NodeIndexable, Visitable,
};
use petgraph::{Directed, Direction};

use alloc::vec::Vec;

use super::{Graph, TaskIx};

/// An edge: the task that must come first, and the one that needs it.
type Edge = (TaskIx, TaskIx);

impl GraphBase for Graph {
    type NodeId = TaskIx;
    type EdgeId = Edge;
}

impl GraphProp for Graph {
    type EdgeType = Directed;
}

impl Data for Graph {
    type NodeWeight = ();
    type EdgeWeight = ();
}

impl NodeCount for Graph {
    fn node_count(&self) -> usize {
        self.len()
    }
}

impl petgraph::visit::EdgeCount for Graph {
    fn edge_count(&self) -> usize {
        Graph::edge_count(self)
    }
}

impl NodeIndexable for Graph {
    fn node_bound(&self) -> usize {
        self.len()
    }

    fn to_index(&self, task: TaskIx) -> usize {
        task.index()
    }

    fn from_index(&self, index: usize) -> TaskIx {
        TaskIx::new(index)
    }
}

impl NodeCompactIndexable for Graph {}

/// Which tasks an algorithm has seen.
#[derive(Clone, Debug, Default)]
pub struct Seen(Vec<bool>);

impl petgraph::visit::VisitMap<TaskIx> for Seen {
    fn visit(&mut self, task: TaskIx) -> bool {
        !core::mem::replace(&mut self.0[task.index()], true)
    }

    fn is_visited(&self, task: &TaskIx) -> bool {
        self.0[task.index()]
    }

    fn unvisit(&mut self, task: TaskIx) -> bool {
        core::mem::replace(&mut self.0[task.index()], false)
    }
}

impl Visitable for Graph {
    type Map = Seen;

    fn visit_map(&self) -> Seen {
        Seen(alloc::vec![false; self.len()])
    }

    fn reset_map(&self, map: &mut Seen) {
        map.0.clear();
        map.0.resize(self.len(), false);
    }
}

impl IntoNodeIdentifiers for &Graph {
    type NodeIdentifiers = core::iter::Map<core::ops::Range<u32>, fn(u32) -> TaskIx>;

    fn node_identifiers(self) -> Self::NodeIdentifiers {
        (0..self.len() as u32).map(TaskIx)
    }
}

impl<'a> IntoNodeReferences for &'a Graph {
    type NodeRef = (TaskIx, &'a ());
    type NodeReferences =
        core::iter::Map<<&'a Graph as IntoNodeIdentifiers>::NodeIdentifiers, fn(TaskIx) -> (TaskIx, &'a ())>;

    fn node_references(self) -> Self::NodeReferences {
        self.node_identifiers().map(|task| (task, &()))
    }
}

impl<'a> IntoNeighbors for &'a Graph {
    type Neighbors = core::iter::Copied<core::slice::Iter<'a, TaskIx>>;

    fn neighbors(self, task: TaskIx) -> Self::Neighbors {
        self.dependents(task).iter().copied()
    }
}

impl<'a> IntoNeighborsDirected for &'a Graph {
    type NeighborsDirected = core::iter::Copied<core::slice::Iter<'a, TaskIx>>;

    fn neighbors_directed(self, task: TaskIx, direction: Direction) -> Self::NeighborsDirected {
        match direction {
            Direction::Outgoing => self.dependents(task).iter().copied(),
            Direction::Incoming => self.depends_on(task).iter().copied(),
        }
    }
}

/// An edge as petgraph sees it.
#[derive(Clone, Copy, Debug)]
pub struct EdgeRef(Edge);

impl petgraph::visit::EdgeRef for EdgeRef {
    type NodeId = TaskIx;
    type EdgeId = Edge;
    type Weight = ();

    fn source(&self) -> TaskIx {
        self.0.0
    }

    fn target(&self) -> TaskIx {
        self.0.1
    }

    fn weight(&self) -> &() {
        &()
    }

    fn id(&self) -> Edge {
        self.0
    }
}

/// The edges at one task.
#[derive(Clone, Debug)]
pub struct EdgesAt<'a> {
    task: TaskIx,
    outgoing: bool,
    others: core::slice::Iter<'a, TaskIx>,
}

impl Iterator for EdgesAt<'_> {
    type Item = EdgeRef;

    fn next(&mut self) -> Option<EdgeRef> {
        let &other = self.others.next()?;
        Some(EdgeRef(if self.outgoing { (self.task, other) } else { (other, self.task) }))
    }
}

impl<'a> IntoEdges for &'a Graph {
    type Edges = EdgesAt<'a>;

    fn edges(self, task: TaskIx) -> EdgesAt<'a> {
        EdgesAt { task, outgoing: true, others: self.dependents(task).iter() }
    }
}

impl<'a> IntoEdgesDirected for &'a Graph {
    type EdgesDirected = EdgesAt<'a>;

    fn edges_directed(self, task: TaskIx, direction: Direction) -> EdgesAt<'a> {
        let outgoing = direction == Direction::Outgoing;
        let others = if outgoing { self.dependents(task) } else { self.depends_on(task) };
        EdgesAt { task, outgoing, others: others.iter() }
    }
}

/// All edges, by the task that must come first.
#[derive(Clone, Debug)]
pub struct AllEdges<'a> {
    graph: &'a Graph,
    rest: core::ops::Range<u32>,
    at: Option<EdgesAt<'a>>,
}

impl Iterator for AllEdges<'_> {
    type Item = EdgeRef;

    fn next(&mut self) -> Option<EdgeRef> {
        loop {
            if let Some(edge) = self.at.as_mut().and_then(Iterator::next) {
                return Some(edge);
            }
            self.at = Some(self.graph.edges(TaskIx(self.rest.next()?)));
        }
    }
}

impl<'a> IntoEdgeReferences for &'a Graph {
    type EdgeRef = EdgeRef;
    type EdgeReferences = AllEdges<'a>;

    fn edge_references(self) -> AllEdges<'a> {
        AllEdges { graph: self, rest: 0..self.len() as u32, at: None }
    }
}
