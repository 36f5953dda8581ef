//! The graph of a plan: who needs whom, as dense numbers.

mod cycle;
mod rows;
pub mod visit;

use core::fmt;

pub(crate) use cycle::cycles;
pub(crate) use rows::{RowSizes, Rows};

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
    follows_list: bool,
}

/// A pair that is no dependency between two tasks.
#[derive(Debug)]
pub(crate) struct Unsound;

impl Graph {
    /// From pairs (task, what it depends on) in any order; a pair that repeats counts once.
    ///
    /// # Errors
    /// [`Unsound`] when a pair names no task, or a task and itself.
    pub(crate) fn new(tasks: usize, pairs: &[(u32, u32)]) -> Result<Self, Unsound> {
        let mut needs = RowSizes::new(tasks);
        let mut needed = RowSizes::new(tasks);
        let (mut sound, mut ascending, mut follows_list) = (true, true, true);
        let mut last = 0;
        for &(task, on) in pairs {
            sound &= needs.count(task) & needed.count(on) & (task != on);
            follows_list &= on < task;
            // As one number; the pair (0, 0), which is zero, is not sound.
            let pair = u64::from(task) << 32 | u64::from(on);
            ascending &= last < pair;
            last = pair;
        }
        if !sound {
            return Err(Unsound);
        }
        let turned = pairs.iter().map(|&(task, on)| (on, TaskIx(task)));
        let (depends_on, dependents) = if ascending {
            (needs.holding(pairs.iter().map(|&(_, on)| TaskIx(on)).collect()), needed.fill(turned))
        } else {
            // Turned over twice, every row comes out in plan order: no sorting, whatever the order of the pairs.
            let mut depends_on = needs.fill(needed.fill(turned).turned());
            depends_on.drop_repeats();
            let mut needed = RowSizes::new(tasks);
            depends_on.items().iter().for_each(|on| _ = needed.count(on.0));
            let dependents = needed.fill(depends_on.turned());
            (depends_on, dependents)
        };
        Ok(Self { depends_on, dependents, follows_list })
    }

    /// Whether every task is listed after all that it needs: then there is no cycle, and plan order is a way to do it.
    pub(crate) fn follows_list(&self) -> bool {
        self.follows_list
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.depends_on.len()
    }

    /// Whether there is no task at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many dependencies there are, each counted once.
    pub fn edge_count(&self) -> usize {
        self.depends_on.items().len()
    }

    /// All tasks in plan order.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = TaskIx> + DoubleEndedIterator + Clone + use<> {
        (0..self.len() as u32).map(TaskIx)
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
