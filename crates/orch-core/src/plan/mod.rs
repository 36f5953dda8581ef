//! The plan: read by an adapter, checked once, then immutable.

mod bare;
mod build;
mod draft;
mod forecast;
mod names;
mod problem;
mod suggest;
mod texts;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::graph::{Graph, Rows, TaskIx};
use build::Aliases;
use names::Names;
use texts::Texts;

pub use draft::{PlanDraft, Reference, TaskDraft};
pub use problem::{Problem, Problems};

/// What is to be done, in which order, and why it is known to be possible.
///
/// A value of this type has been checked: ids are unique and not empty, every dependency names exactly one task,
/// nothing waits for itself, directly or in a circle. It never changes; a plan that changes while it runs is another
/// `Plan`.
///
/// ```
/// use orch_core::{Plan, PlanDraft, TaskDraft};
/// let draft = PlanDraft {
///     tasks: vec![
///         TaskDraft::new("schema"),
///         TaskDraft::new("api").after(["schema"]),
///         TaskDraft::new("docs").after(["api", "shcema"]),
///     ],
///     ..PlanDraft::default()
/// };
/// let problems = Plan::build(draft).unwrap_err();
/// assert_eq!(problems.to_string(), "`docs` depends on `shcema`, which is not in the plan");
/// assert_eq!(problems.iter().next().unwrap().hint(), "did you mean `schema`?");
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    objective: String,
    identity: Vec<(String, String)>,
    ids: Names,
    aliases: Aliases,
    titles: Texts,
    graph: Graph,
    list_order: Box<[TaskIx]>,
    claims: Rows<u32>,
    claim_names: Names,
    awaits: Rows<u32>,
    awaited_by: Rows<TaskIx>,
    condition_names: Names,
}

impl Plan {
    /// Checks `draft` and makes a plan of it.
    ///
    /// # Errors
    /// All problems of the draft at once, in the order of its text.
    pub fn build(draft: PlanDraft) -> Result<Self, Problems> {
        build::build(draft)
    }

    /// What the whole plan is for, in a line.
    pub fn objective(&self) -> &str {
        &self.objective
    }

    /// Named values that recorded progress must share to belong to this plan.
    pub fn identity(&self) -> &[(String, String)] {
        &self.identity
    }

    /// How many tasks there are; at least one.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Never true: a plan has a task.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All tasks in plan order, the order of the file.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = TaskIx> + DoubleEndedIterator + Clone + use<> {
        self.graph.tasks()
    }

    /// The task's id, as the plan calls it.
    pub fn id(&self, task: TaskIx) -> &str {
        self.ids.get(task.0)
    }

    /// What a person calls the task; may be empty.
    pub fn title(&self, task: TaskIx) -> &str {
        self.titles.get(task.0)
    }

    /// The task called `name`, by id or by an alias that means only one task.
    pub fn find(&self, name: &str) -> Option<TaskIx> {
        self.ids.find(name).or_else(|| self.aliases.find(name)).map(TaskIx)
    }

    /// The id that was probably meant by a name that [`find`](Self::find) does not know.
    pub fn suggest(&self, name: &str) -> Option<&str> {
        suggest::nearest(name, self.tasks().map(|task| self.id(task)))
    }

    /// Who needs whom.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Every task after what it needs, otherwise in plan order: the order of a run that goes down the list.
    ///
    /// Equal to plan order unless a task is listed before something it needs; such a task moves down to just after
    /// the last of what it needs.
    pub fn list_order(&self) -> &[TaskIx] {
        &self.list_order
    }

    /// The claims of a task: things that only one running task may hold. Numbers into the plan's claims, without
    /// repeats.
    pub(crate) fn claims(&self, task: TaskIx) -> &[u32] {
        self.claims.row(task.index())
    }

    pub(crate) fn claim_count(&self) -> usize {
        self.claim_names.len()
    }

    pub(crate) fn claim_name(&self, claim: u32) -> &str {
        self.claim_names.get(claim)
    }

    /// The names of what `task` claims for itself while it runs.
    pub fn claimed(&self, task: TaskIx) -> impl Iterator<Item = &str> {
        self.claims(task).iter().map(|&claim| self.claim_name(claim))
    }

    /// The conditions that `task` awaits, as numbers into the plan's conditions, without repeats.
    pub(crate) fn awaits(&self, task: TaskIx) -> &[u32] {
        self.awaits.row(task.index())
    }

    /// The tasks that await a condition, in plan order.
    pub(crate) fn awaited_by(&self, condition: u32) -> &[TaskIx] {
        self.awaited_by.row(condition as usize)
    }

    pub(crate) fn condition_count(&self) -> usize {
        self.condition_names.len()
    }

    pub(crate) fn condition_name(&self, condition: u32) -> &str {
        self.condition_names.get(condition)
    }

    pub(crate) fn find_condition(&self, name: &str) -> Option<u32> {
        self.condition_names.find(name)
    }

    /// The conditions outside of the plan that `task` awaits, by name, without repeats, in the order they are written.
    ///
    /// ```
    /// use orch_core::{Plan, PlanDraft, TaskDraft};
    /// let awaits = vec!["branch feature/x".into()];
    /// let tasks = vec![TaskDraft { awaits, ..TaskDraft::new("a") }, TaskDraft::new("b")];
    /// let plan = Plan::build(PlanDraft { tasks, ..PlanDraft::default() })?;
    /// let a = plan.find("a").expect("it is in the plan");
    /// assert_eq!(plan.awaited(a).collect::<Vec<_>>(), ["branch feature/x"]);
    /// assert_eq!(plan.conditions().count(), 1);
    /// # Ok::<(), orch_core::Problems>(())
    /// ```
    pub fn awaited(&self, task: TaskIx) -> impl Iterator<Item = &str> {
        self.awaits(task).iter().map(|&condition| self.condition_name(condition))
    }

    /// All conditions outside of the plan that its tasks await, each once, in the order they are first written.
    pub fn conditions(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.condition_count()).map(|condition| self.condition_name(condition as u32))
    }

    /// `task` and everything it needs, directly or not, in plan order.
    pub fn with_needs(&self, task: TaskIx) -> Vec<TaskIx> {
        let mut inside = alloc::vec![false; self.len()];
        let mut open = alloc::vec![task];
        inside[task.index()] = true;
        while let Some(task) = open.pop() {
            for &on in self.graph.depends_on(task) {
                if !core::mem::replace(&mut inside[on.index()], true) {
                    open.push(on);
                }
            }
        }
        self.tasks().filter(|task| inside[task.index()]).collect()
    }
}
