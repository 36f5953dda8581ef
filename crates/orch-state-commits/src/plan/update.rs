//! The next version of a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::names::each_once;
use crate::text::tidy;

/// What happened since a version of a plan, and what is planned anew.
///
/// The originals' `update_plan_branch` has the first, the fifth and the eighth of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// Tasks that are done.
    pub completed: Vec<TaskId>,
    /// Tasks that a worker has begun with, for the first time or again.
    pub started: Vec<TaskId>,
    /// Tasks that were tried and can't go on.
    pub blocked: Vec<TaskId>,
    /// Tasks that a worker is at, whatever the plan says: none of them may be replaced or dropped.
    pub running: Vec<TaskId>,
    /// Further tasks, all pending, none with an id that the plan has or had.
    pub new_tasks: Vec<PlanTask>,
    /// Tasks whose place others take.
    pub replaced: Vec<Replacement>,
    /// Tasks that nobody needs any more.
    pub dropped: Vec<TaskId>,
    /// What was learned; it is added to the architecture.
    pub learned: String,
    /// The wave in which it was learned; by default the version that ends: the first update is that after wave 1.
    pub wave: Option<u32>,
}

/// A task whose place others take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The task that is not to be done.
    pub old: TaskId,
    /// Those that are done in its place: tasks of the plan, or new ones.
    pub by: Vec<TaskId>,
}

/// An update that the rules of plans don't allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// A task that is not in the plan.
    #[error("there is no task {id} in the plan")]
    Unknown {
        /// The task.
        id: TaskId,
        /// Tasks of the plan that may have been meant.
        near: Vec<TaskId>,
    },
    /// A task that never changes again.
    #[error("task {id} is {status} and can't be {wanted}")]
    Final {
        /// The task.
        id: TaskId,
        /// Where it stands.
        status: TaskStatus,
        /// What was wanted of it, such as `replaced`.
        wanted: &'static str,
    },
    /// A task that a worker is at.
    #[error("task {id} is running and can't be {wanted}")]
    Running {
        /// The task.
        id: TaskId,
        /// What was wanted of it, such as `replaced`.
        wanted: &'static str,
    },
    /// A new task whose id is, or was, that of another.
    #[error("the id {id} is taken")]
    Taken {
        /// The id.
        id: TaskId,
        /// The lowest number that no task has.
        free: TaskId,
    },
    /// A new task that is not pending.
    #[error("the new task {id} is {status}")]
    NotPending {
        /// The task.
        id: TaskId,
        /// What it is said to be.
        status: TaskStatus,
    },
    /// A task that is to be replaced by nothing, by itself, or by a task that is not done either.
    #[error("nothing takes the place of task {id}")]
    Unreplaced {
        /// The task.
        id: TaskId,
    },
    /// The version can't be counted up.
    #[error("there is no version after v{version}")]
    LastVersion {
        /// The version.
        version: u32,
    },
}

impl UpdateError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown { near, .. } if near.is_empty() => "name a task of the plan".into(),
            Self::Unknown { near, .. } => {
                let near: Vec<String> = near.iter().map(|id| format!("`{id}`")).collect();
                format!("did you mean {}?", near.join(" or "))
            }
            Self::Final { .. } => "add a new task for what is left to do".into(),
            Self::Running { .. } => "stop it first, or wait until it has ended".into(),
            Self::Taken { free, .. } => format!("use `{free}`"),
            Self::NotPending { .. } => {
                "add it as pending; its status changes when a worker begins with it".into()
            }
            Self::Unreplaced { .. } => "name the task that takes its place, or drop it".into(),
            Self::LastVersion { .. } => "begin a new session".into(),
        }
    }
}

impl PlanCommit {
    /// The next version of this plan.
    ///
    /// The version is exactly one higher. No task is ever lost, and what is completed, superseded or dropped stays so. A
    /// status never goes back to pending; a blocked task may be started again. Of a task that is named as started, blocked
    /// and completed at once, the last counts. Only tasks that are pending or blocked, and are not among those that run, are
    /// replaced or dropped; they stay in the record, and the architecture says so in the seed's words (`Task-005 superseded
    /// by task-008`). What was learned is added to the architecture below a heading, also in the seed's words.
    ///
    /// # Errors
    /// [`UpdateError`] for the first thing that the rules don't allow; then nothing is changed.
    pub fn update(&self, update: &Update) -> Result<PlanCommit, UpdateError> {
        let version =
            self.version.checked_add(1).ok_or(UpdateError::LastVersion { version: self.version })?;
        let mut next = Next::of(self);
        next.add(&update.new_tasks)?;
        next.advance(&update.started, TaskStatus::InProgress, "started")?;
        next.advance(&update.blocked, TaskStatus::Blocked, "blocked")?;
        next.advance(&update.completed, TaskStatus::Completed, "completed")?;
        next.retire(update)?;
        let mut plan = next.plan;
        plan.write_down_superseded();
        plan.version = version;
        let learned = learned(update);
        if !learned.is_empty() {
            let wave = update.wave.unwrap_or(self.version);
            let text = format!("{}\n\n### {LEARNINGS} {wave}:\n{learned}", plan.architecture);
            plan.architecture = tidy(&text);
        }
        Ok(plan)
    }

    /// Gives the tasks of which only a sentence says that they are superseded that status.
    fn write_down_superseded(&mut self) {
        let said = self.superseded().into_iter().map(|(id, by)| (id.clone(), by));
        let said: BTreeMap<TaskId, Vec<TaskId>> = said.collect();
        for task in &mut self.tasks {
            if let Some(by) = said.get(&task.id).filter(|_| task.status.is_idle()) {
                (task.status, task.superseded_by) = (TaskStatus::Superseded, by.clone());
            }
        }
    }

    /// Tasks of the plan that `id` may have been meant for: three at most.
    fn near(&self, id: &TaskId) -> Vec<TaskId> {
        let is_near = |other: &&TaskId| other.number() == id.number() || is_slip(id.as_str(), other.as_str());
        let mut near: Vec<&TaskId> = self.tasks.iter().map(|task| &task.id).filter(is_near).collect();
        near.sort_by_key(|other| other.number() != id.number());
        near.into_iter().take(3).cloned().collect()
    }
}

/// Whether one letter differs, or all are there in another order.
fn is_slip(a: &str, b: &str) -> bool {
    let sorted = |text: &str| {
        let mut letters = text.as_bytes().to_vec();
        letters.sort_unstable();
        letters
    };
    a.len() == b.len()
        && (a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).count() == 1 || sorted(a) == sorted(b))
}

/// The next version while it is made.
struct Next {
    plan: PlanCommit,
    /// Where tasks are. An id that a plan of another tool has twice means all of its tasks.
    places: BTreeMap<(u128, Option<u8>), Vec<usize>>,
}

impl Next {
    fn of(plan: &PlanCommit) -> Self {
        let mut places = BTreeMap::<_, Vec<usize>>::new();
        for (place, task) in plan.tasks.iter().enumerate() {
            places.entry(task.id.key()).or_default().push(place);
        }
        Self { plan: plan.clone(), places }
    }

    fn add(&mut self, tasks: &[PlanTask]) -> Result<(), UpdateError> {
        for task in tasks {
            let id = task.id.clone();
            if self.places.contains_key(&id.key()) {
                return Err(UpdateError::Taken { id, free: self.free() });
            }
            if task.status != TaskStatus::Pending || !task.superseded_by.is_empty() {
                return Err(UpdateError::NotPending { id, status: task.status.clone() });
            }
            self.places.insert(id.key(), vec![self.plan.tasks.len()]);
            self.plan.tasks.push(task.clone());
        }
        Ok(())
    }

    /// The lowest number that no task has, in three digits or more.
    fn free(&self) -> TaskId {
        let taken: BTreeSet<u128> = self.places.keys().map(|(number, _)| *number).collect();
        let free = (1..=u32::MAX).find(|number| !taken.contains(&u128::from(*number)));
        TaskId::numbered(free.unwrap_or(u32::MAX))
    }

    fn places(&self, id: &TaskId) -> Result<Vec<usize>, UpdateError> {
        let unknown = || UpdateError::Unknown { id: id.clone(), near: self.plan.near(id) };
        self.places.get(&id.key()).cloned().ok_or_else(unknown)
    }

    fn advance(&mut self, ids: &[TaskId], to: TaskStatus, wanted: &'static str) -> Result<(), UpdateError> {
        for id in ids {
            for place in self.places(id)? {
                let task = &mut self.plan.tasks[place];
                if task.status.is_final() && task.status != to {
                    return Err(UpdateError::Final {
                        id: task.id.clone(),
                        status: task.status.clone(),
                        wanted,
                    });
                }
                task.status = to.clone();
            }
        }
        Ok(())
    }

    fn retire(&mut self, update: &Update) -> Result<(), UpdateError> {
        let running: BTreeSet<_> = update.running.iter().map(TaskId::key).collect();
        for Replacement { old, by } in &update.replaced {
            let known = by.iter().map(|id| Ok(self.plan.tasks[self.places(id)?[0]].id.clone()));
            let by = each_once(known.collect::<Result<_, _>>()?);
            for place in self.retirable(old, &running, "replaced")? {
                let task = &mut self.plan.tasks[place];
                task.status = TaskStatus::Superseded;
                task.superseded_by = by.clone();
            }
        }
        for id in &update.dropped {
            for place in self.retirable(id, &running, "dropped")? {
                self.plan.tasks[place].status = TaskStatus::Dropped;
            }
        }
        let replaced = update.replaced.iter().find(|replacement| {
            let done = |id: &TaskId| {
                let place = self.places.get(&id.key()).and_then(|places| places.first());
                let status = place.map(|place| &self.plan.tasks[*place].status);
                !matches!(status, None | Some(TaskStatus::Superseded | TaskStatus::Dropped))
            };
            replacement.by.is_empty() || !replacement.by.iter().all(done)
        });
        match replaced {
            Some(replacement) => Err(UpdateError::Unreplaced { id: replacement.old.clone() }),
            None => Ok(()),
        }
    }

    /// Where the task `id` is, if it may be taken out of what is to be done.
    fn retirable(
        &self,
        id: &TaskId,
        running: &BTreeSet<(u128, Option<u8>)>,
        wanted: &'static str,
    ) -> Result<Vec<usize>, UpdateError> {
        let places = self.places(id)?;
        for place in &places {
            let (id, status) = (id.clone(), self.plan.tasks[*place].status.clone());
            match status {
                TaskStatus::InProgress => return Err(UpdateError::Running { id, wanted }),
                status if status.is_final() => return Err(UpdateError::Final { id, status, wanted }),
                _ => {}
            }
        }
        if running.contains(&id.key()) {
            return Err(UpdateError::Running { id: id.clone(), wanted });
        }
        Ok(places)
    }
}

/// What is added to the architecture.
fn learned(update: &Update) -> String {
    let mut learned = tidy(&update.learned);
    let replaced = update.replaced.iter().flat_map(|Replacement { old, by }| {
        by.iter().map(move |by| format!("Task-{old} superseded by task-{by}"))
    });
    let dropped = update.dropped.iter().map(|id| format!("Task-{id} dropped"));
    let known = learned.to_ascii_lowercase();
    for sentence in replaced.chain(dropped) {
        if !known.contains(&sentence.to_ascii_lowercase()) {
            learned.push('\n');
            learned.push_str(&sentence);
        }
    }
    tidy(&learned)
}
