//! The graph of a plan: who needs whom, as dense numbers.

mod cycle;
pub mod visit;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

pub(crate) use cycle::cycles;

/// A task of one plan: its place in the plan's order, from zero.
///
/// Dense, so that everything known about tasks is an array. Only meaningful together with the plan it came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskIx(pub(crate) u32);

impl TaskIx {
    /// The task at `place` in the plan's order, counted from zero.
    ///
    /// # Panics
    /// When `place` does not fit into 32 bits; no plan is that long.
    pub fn new(place: usize) -> Self {
        Self(u32::try_from(place).expect("a plan has at most u32::MAX tasks"))
    }

    /// The place in the plan's order, from zero.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for TaskIx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// For each task a run of other tasks, all in one array (compressed sparse rows).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows<T> {
    starts: Box<[u32]>,
    items: Box<[T]>,
}

impl<T: Copy + Default> Rows<T> {
    /// From pairs `(row, item)` in any order; items of a row keep the order of the pairs.
    pub(crate) fn from_pairs(rows: usize, pairs: &[(u32, T)]) -> Self {
        let mut starts = alloc::vec![0u32; rows + 1];
        for &(row, _) in pairs {
            starts[row as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next: Vec<u32> = starts[..rows].to_vec();
        let mut items = alloc::vec![T::default(); pairs.len()];
        for &(row, item) in pairs {
            let place = &mut next[row as usize];
            items[*place as usize] = item;
            *place += 1;
        }
        Self { starts: starts.into_boxed_slice(), items: items.into_boxed_slice() }
    }

    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.items[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    pub(crate) fn total(&self) -> usize {
        self.items.len()
    }
}

/// Who needs whom. Edges point from a task to the tasks that wait for it, the way work flows.
///
/// petgraph's algorithms run on `&Graph` as it stands, without a copy:
///
/// ```
/// use orch_core::{Plan, PlanDraft, TaskDraft};
/// let plan = Plan::build(PlanDraft {
///     tasks: vec![TaskDraft::new("a"), TaskDraft::new("b").after(["a"])],
///     ..PlanDraft::default()
/// })?;
/// let order = petgraph::algo::toposort(plan.graph(), None).expect("a plan has no cycle");
/// assert_eq!(order.iter().map(|&task| plan.id(task)).collect::<Vec<_>>(), ["a", "b"]);
/// # Ok::<(), orch_core::Problems>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    depends_on: Rows<TaskIx>,
    dependents: Rows<TaskIx>,
    tasks: u32,
}

impl Graph {
    /// From pairs (task, what it depends on), which may be in any order and may repeat.
    pub(crate) fn new(tasks: usize, mut pairs: Vec<(u32, TaskIx)>) -> Self {
        let sorted = pairs.is_sorted();
        if !sorted {
            pairs.sort_unstable();
        }
        pairs.dedup();
        let depends_on = Rows::from_pairs(tasks, &pairs);
        for pair in &mut pairs {
            *pair = (pair.1.0, TaskIx(pair.0));
        }
        Self { depends_on, dependents: Rows::from_pairs(tasks, &pairs), tasks: tasks as u32 }
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.tasks as usize
    }

    /// Whether there is no task at all.
    pub fn is_empty(&self) -> bool {
        self.tasks == 0
    }

    /// How many dependencies there are, each counted once.
    pub fn edge_count(&self) -> usize {
        self.depends_on.total()
    }

    /// All tasks in plan order.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = TaskIx> + DoubleEndedIterator + Clone + use<> {
        (0..self.tasks).map(TaskIx)
    }

    /// What `task` needs directly, in plan order.
    pub fn depends_on(&self, task: TaskIx) -> &[TaskIx] {
        self.depends_on.row(task.index())
    }

    /// Who needs `task` directly, in plan order.
    pub fn dependents(&self, task: TaskIx) -> &[TaskIx] {
        self.dependents.row(task.index())
    }
}
