//! A plan that was changed while it is run: the run goes on with the new one.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Halt, Run, Standing};
use crate::graph::TaskIx;
use crate::{Plan, Status};

/// What a run has otherwise since it took a changed plan over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// By task of the new plan: which task of the old one it was; none when it is new.
    pub was: Vec<Option<TaskIx>>,
    /// Tasks that are in the new plan only, in its order.
    pub added: Vec<TaskIx>,
    /// The ids of tasks that are in the old plan only, in its order.
    pub gone: Vec<String>,
}

/// Why a changed plan can't be taken over: it would touch what is finished or under way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotTakenOver {
    /// A task that is under way is not in it.
    #[error("`{id}` is under way, and the changed plan has it no longer")]
    Running {
        /// Its id.
        id: String,
    },
    /// A task that is under way would depend on something that is not done.
    #[error("`{id}` is under way, and by the changed plan it depends on `{on}`, which is not done")]
    NeedsMore {
        /// Its id.
        id: String,
        /// What it would depend on.
        on: String,
    },
    /// A task that is done is not in it.
    #[error("`{id}` is done, and the changed plan has it no longer")]
    Done {
        /// Its id.
        id: String,
    },
}

impl Run {
    /// The run of `plan`, a changed version of the plan of this run: every task that both have stands where it stood, by its
    /// id. What is under way stays so, with its attempts; what rests, is held or was not selected does so still; new tasks
    /// begin as PENDING, and are not selected where others were.
    ///
    /// # Errors
    /// [`NotTakenOver`] when the changed plan would touch what is done or under way; this run then goes on as it was.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use orch_core::{Event, Plan, PlanDraft, Policy, Run, Step, TaskDraft, Time};
    /// let plan = |ids: &[&str]| {
    ///     let tasks = ids.iter().map(|&id| TaskDraft::new(id)).collect();
    ///     Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).map(Arc::new)
    /// };
    /// let now = Time::from_millis(0);
    /// let mut run = Run::new(plan(&["a", "b"])?, Policy::default());
    /// let Step::Start(a) = run.next(now) else { unreachable!() };
    /// run.apply(Event::Started { task: a }, now)?;
    ///
    /// let (run, taken_over) = run.take_over(plan(&["c", "a"])?)?;
    /// let a = run.plan().find("a").expect("it is in the plan");
    /// assert_eq!((run.active()[0].task, run.attempt(a)), (a, 1));
    /// assert_eq!(taken_over.gone, ["b"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_over(&self, plan: Arc<Plan>) -> Result<(Run, TakenOver), NotTakenOver> {
        let taken_over = self.compare(&plan)?;
        let mut became: Vec<Option<TaskIx>> = alloc::vec![None; self.plan.len()];
        for (new, was) in plan.tasks().zip(&taken_over.was) {
            if let Some(was) = was {
                became[was.index()] = Some(new);
            }
        }
        let became = |task: TaskIx| became[task.index()];
        let mut run = Run::restore(Arc::clone(&plan), self.policy.clone(), |task| {
            taken_over.was[task.index()].map_or_else(Standing::default, |was| self.standing(was))
        });
        // As they were: a restored run knows of no reviews and no persons.
        run.active.clear();
        run.active.extend(self.active.iter().filter_map(|&active| {
            let task = became(active.task)?;
            Some(super::Active { task, ..active })
        }));
        run.handed = self.handed;
        for (&task, &at) in &self.review_due {
            if let Some(task) = became(task) {
                run.review_due.insert(task, at);
            }
        }
        for (&task, &until) in &self.resting.of {
            if let Some(task) = became(task) {
                run.resting.insert(task, until);
                run.queue.block(task);
            }
        }
        for (&task, why) in &self.held {
            if let Some(task) = became(task) {
                run.hold(task, why.clone());
            }
        }
        if self.selected.is_some() {
            let selected = self.plan.tasks().filter(|&task| self.is_selected(task));
            run.select(selected.filter_map(became));
        }
        for condition in self.plan.conditions().filter(|condition| self.holds(condition)) {
            run.now_holds(condition);
        }
        run.review_waited = self.review_waited;
        run.limited_until = self.limited_until;
        run.limited_in_a_row = self.limited_in_a_row;
        run.halt = self.halt.and_then(|halt| moved(halt, became));
        Ok((run, taken_over))
    }

    /// Which tasks are which, and that none is touched that must not be.
    fn compare(&self, plan: &Plan) -> Result<TakenOver, NotTakenOver> {
        let find = |plan: &Plan, id: &str| plan.find(id).filter(|&found| plan.id(found) == id);
        let mut taken_over = TakenOver::default();
        for task in plan.tasks() {
            let was = find(&self.plan, plan.id(task));
            if was.is_none() {
                taken_over.added.push(task);
            }
            taken_over.was.push(was);
        }
        for old in self.plan.tasks() {
            let id = self.plan.id(old);
            let is_active = self.active.iter().any(|active| active.task == old);
            let Some(new) = find(plan, id) else {
                match self.status(old) {
                    _ if is_active => return Err(NotTakenOver::Running { id: id.to_string() }),
                    Status::Success => return Err(NotTakenOver::Done { id: id.to_string() }),
                    _ => taken_over.gone.push(id.to_string()),
                }
                continue;
            };
            if !is_active {
                continue;
            }
            let is_done =
                |on: TaskIx| find(&self.plan, plan.id(on)).is_some_and(|on| self.tasks[on.index()].released);
            if let Some(&on) = plan.graph().depends_on(new).iter().find(|&&on| !is_done(on)) {
                let on = plan.id(on).to_string();
                return Err(NotTakenOver::NeedsMore { id: id.to_string(), on });
            }
        }
        Ok(taken_over)
    }

    /// Where a task stands, as it would be written down.
    fn standing(&self, task: TaskIx) -> Standing {
        Standing {
            status: self.status(task),
            attempt: self.attempt(task),
            tries: self.tries(task),
            reworks: self.reworks(task),
            review_due: self.review_due(task),
            since: None,
            limited_until: None,
        }
    }
}

/// Why the run starts nothing more, by the tasks of the new plan; nothing when the task of it is gone.
fn moved(halt: Halt, became: impl Fn(TaskIx) -> Option<TaskIx>) -> Option<Halt> {
    Some(match halt {
        Halt::Failed { task } => Halt::Failed { task: became(task)? },
        Halt::Incomplete { task } => Halt::Incomplete { task: became(task)? },
        Halt::Review { task } => Halt::Review { task: became(task)? },
        Halt::CouldNotStart { task } => Halt::CouldNotStart { task: became(task)? },
        Halt::Paused { task } => Halt::Paused { task: became(task)? },
        halt @ (Halt::RateLimited { .. } | Halt::Stopped) => halt,
    })
}
