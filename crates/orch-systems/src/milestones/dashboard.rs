//! What a person looks at: the dashboard of seed 000.

use orch_core::{Hold, Readiness, Status, Survey, TaskIx};
use orch_state_json::{PromptMode, read_timestamp};
use orch_state_md::planning::BoxMark;

use super::MilestonePlan;
use super::alerts::alert_line;
use super::folder::{Found, SessionFolder};
use crate::moment::{clock_time, moment};
use crate::{AnyPlan, View};

/// The dashboard of a planning document (seed 000).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dashboard {
    /// The document, from the project's root.
    pub document: String,
    /// When the session began, as its state says; none when there is none.
    pub started_at: Option<String>,
    /// How prompts are handed over; none when there is no session.
    pub mode: Option<PromptMode>,
    /// Who is at work.
    pub workers: Vec<DashboardWorker>,
    /// The milestones in the order of the tracker.
    pub milestones: Vec<DashboardMilestone>,
    /// How many summaries wait to be collected.
    pub pending_summaries: usize,
    /// What a person has to look at before anything is dispatched, a line each.
    pub alerts: Vec<String>,
    /// How many boxes of work are not ticked in milestones that count as complete.
    pub unticked: usize,
}

/// A worker that is at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DashboardWorker {
    /// Its number, from one.
    pub number: u32,
    /// The id of its milestone, or what another writer of the state called it.
    pub milestone: String,
    /// What the milestone is called.
    pub title: String,
    /// Where it stands, such as `In Progress`.
    pub status: String,
    /// When it began: a time of the day, or as it was written.
    pub started: String,
    /// Who does it: `person`, or an agent's name.
    pub by: Option<String>,
}

/// A milestone and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DashboardMilestone {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Whether it is complete.
    pub done: bool,
    /// More about it: `completed 10:45`, `worker 1`, `ready`, `blocked by M2, M3`.
    pub note: String,
}

impl Dashboard {
    /// The dashboard of the plan that `view` shows; none when that is no planning document.
    pub fn of(view: &View) -> Option<Self> {
        let AnyPlan::Milestones(plan) = view.loaded() else { return None };
        let (folder, found) = SessionFolder::of(plan);
        let state = match found {
            Found::State(state) => Some(state),
            _ => None,
        };
        // A person may have taken one back in the tracker since.
        let is_at_work = |worker: &&orch_state_json::ActiveWorker| {
            let task = plan.plan.find(&worker.milestone);
            task.is_none_or(|task| view.run().status(task) == Status::Running)
        };
        let workers = state.iter().flat_map(|state| &state.workers).filter(is_at_work);
        let workers: Vec<DashboardWorker> = workers.map(|worker| shown_worker(plan, worker)).collect();
        let survey = view.run().survey(view.now());
        let milestone = |task: TaskIx| DashboardMilestone {
            id: plan.plan.id(task).to_owned(),
            title: plan.plan.title(task).to_owned(),
            done: view.run().status(task) == Status::Success,
            note: note(view, &survey, task, &workers),
        };
        let unticked = plan.planning.milestones.iter().zip(plan.plan.tasks()).map(|(milestone, task)| {
            let is_done = view.run().status(task) == Status::Success && !milestone.row.tracked.skipped;
            let boxes = milestone.section.iter().filter(|_| is_done).flat_map(|section| &section.boxes);
            boxes.filter(|item| item.is_work() && item.mark != BoxMark::Done).count()
        });
        Some(Self {
            document: plan.shown_path(),
            started_at: state.as_ref().map(|state| state.started_at.clone()).filter(|at| !at.is_empty()),
            mode: state.as_ref().map(|state| state.prompt_mode),
            milestones: plan.plan.tasks().map(milestone).collect(),
            pending_summaries: folder.pending().map_or(0, |pending| pending.len()),
            alerts: state.iter().flat_map(|state| &state.orch.alerts).map(alert_line).collect(),
            unticked: unticked.sum(),
            workers,
        })
    }
}

fn shown_worker(plan: &MilestonePlan, worker: &orch_state_json::ActiveWorker) -> DashboardWorker {
    let task = plan.plan.find(&worker.milestone);
    DashboardWorker {
        number: worker.worker,
        milestone: task.map_or_else(|| worker.milestone.clone(), |task| plan.plan.id(task).to_owned()),
        title: task.map_or_else(|| worker.title.clone(), |task| plan.plan.title(task).to_owned()),
        status: worker.status.clone(),
        started: read_timestamp(&worker.started_at).map_or_else(|| worker.started_at.clone(), clock_time),
        by: worker.by.clone(),
    }
}

fn note(view: &View, survey: &Survey<'_>, task: TaskIx, workers: &[DashboardWorker]) -> String {
    let plan = view.plan();
    let id = plan.id(task);
    let ids = |tasks: &[TaskIx]| tasks.iter().map(|&on| plan.id(on)).collect::<Vec<_>>().join(", ");
    let record = view.record(task);
    let detail = record.and_then(|record| record.detail.as_deref()).map(|detail| format!(": {detail}"));
    match view.run().status(task) {
        Status::Success if is_skipped(view, task) => "skipped".into(),
        Status::Success => {
            let at = record.and_then(|record| record.ended_at);
            at.map_or_else(|| "completed".into(), |at| format!("completed {}", when(at, view.now())))
        }
        Status::Running => match workers.iter().find(|worker| worker.milestone == id) {
            Some(worker) => format!("worker {}", worker.number),
            None => "in progress".into(),
        },
        Status::Incomplete => format!("partial{}", detail.unwrap_or_default()),
        Status::Fail => format!("blocked{}", detail.unwrap_or_default()),
        Status::Pending => match survey.of(task) {
            Some(Readiness::Waiting { on }) => format!("blocked by {}", ids(&on)),
            Some(Readiness::Blocked { by }) => format!("blocked by {}", ids(&by)),
            Some(Readiness::Held(Hold::Awaits { what })) => format!("waits for {what}"),
            Some(Readiness::Held(Hold::Asked(why))) => why,
            Some(Readiness::Held(Hold::Halted(_))) => "paused".into(),
            // Which slots a run has is no matter of a person who dispatches.
            Some(Readiness::Held(_) | Readiness::Ready) | None => "ready".into(),
        },
    }
}

fn is_skipped(view: &View, task: TaskIx) -> bool {
    matches!(view.loaded(), AnyPlan::Milestones(plan) if plan.milestone(task).row.tracked.skipped)
}

/// The time of the day, with the date when that is another day.
fn when(at: orch_core::Time, now: orch_core::Time) -> String {
    let (then, today) = (moment(at), moment(now));
    if then.get(..10) == today.get(..10) { clock_time(at) } else { then }
}
