//! A plan that is changed while its workers are at work.

use std::collections::HashMap;

use orch_core::{Run, TakenOver, TaskIx};
use orch_run::Notice;

use super::{AgentWorkers, Doing, tasks_under_way};
use crate::AnyPlan;
use crate::system::{Replanned, Replanning};

impl AgentWorkers {
    /// The plan as it is now, if it was changed since these were made.
    pub(crate) fn changed_plan(&mut self) -> Option<AnyPlan> {
        self.changed.take()
    }

    /// Looks whether the plan was changed; what to say of it.
    pub(super) fn look_for_changes(&mut self) -> Option<Notice> {
        match self.system.replanned() {
            Replanning::No => None,
            Replanning::Refused(text) => Some(Notice::Alert { task: None, text }),
            Replanning::To(coming) => {
                self.coming = Some(*coming);
                Some(Notice::Replanned)
            }
        }
    }

    /// Goes on with the changed plan: whoever is at work stays at it, under the place that its task has now.
    pub(super) fn take_over(&mut self, run: &Run, taken_over: &TakenOver) {
        let Some(Replanned { system, plan }) = self.coming.take() else { return };
        self.keys = self.keys.taken_over(taken_over, self.system.plan().len());
        let mut became: HashMap<TaskIx, TaskIx> = HashMap::new();
        for (new, was) in run.plan().tasks().zip(&taken_over.was) {
            became.extend(was.map(|was| (was, new)));
        }
        let past = std::mem::take(&mut self.past);
        self.past = past.into_iter().filter_map(|(task, past)| Some((*became.get(&task)?, past))).collect();
        // What is under way is in the changed plan: the run has seen to that.
        for active in self.active.values_mut() {
            active.task = became.get(&active.task).copied().unwrap_or(active.task);
            if let Doing::SetUp(setting_up) = &mut active.doing {
                setting_up.is_for(active.task);
            }
        }
        self.under_way = tasks_under_way(run);
        self.system = system;
        self.changed = Some(plan);
    }
}
