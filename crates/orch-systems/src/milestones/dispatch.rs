//! `orch dispatch`: handing a milestone to a person (seed 000, "Generating Worker Prompts").

use std::fs;

use orch_core::{Event, Hold, Readiness, Run, Status, TaskIx};
use orch_prompt::Prompts;
use orch_run::{Clock, SystemClock};
use orch_state_json::PromptMode;
use orch_state_md::planning::Planning;
use orch_store::replace;

use super::MilestonePlan;
use super::folder::SessionFolder;
use super::load::shown;
use super::names::prompt_name;
use super::tell::{Audience, earlier, next_gap, paste, tell};
use crate::{OpenError, Session};

/// A milestone that was handed to a person.
#[derive(Clone, Debug)]
pub struct Dispatched {
    /// Its id.
    pub id: String,
    /// The number of the worker, as the dashboard has it.
    pub worker: u32,
    /// How the prompt is handed over.
    pub mode: PromptMode,
    /// What the worker is told.
    pub prompt: String,
    /// The file it is in, from the project's root, and the short text to paste that names it; none when it is handed over
    /// as it is.
    pub file: Option<(String, String)>,
    /// The model that the document recommends.
    pub model: Option<String>,
    /// What a person should be told, lower-case fragments.
    pub notes: Vec<String>,
}

impl Session {
    /// Hands a milestone to a person: makes its prompt, writes down that it is under way, and lets go of the plan. With
    /// `gap`, only what an earlier attempt has left is to be done.
    ///
    /// # Errors
    /// [`OpenError::Person`] while a person has to look at something first; [`OpenError::Request`] when the milestone can't
    /// be dispatched as it stands.
    pub fn dispatch(mut self, task: TaskIx, gap: bool) -> Result<Dispatched, OpenError> {
        let plan = self.loaded().milestones("dispatch")?.clone();
        let (folder, _) = SessionFolder::of(&plan);
        let id = plan.plan.id(task).to_owned();
        let state = plan.session_state();
        self.settled_run()?;
        let alerts = plan.alerts();
        if !alerts.is_empty() {
            return Err(OpenError::Person {
                code: "milestones.paused",
                message: format!("dispatching is paused: {}", alerts.join(" · ")),
                hint: "`orch ack` when you have looked at it".into(),
            });
        }
        let run = self.current();
        let again = may_dispatch(&plan, &folder, run, (task, gap))?;
        if let Some((name, _)) = pending_of(&folder, &id)? {
            return Err(OpenError::Request {
                code: "milestones.summary_pending",
                message: format!("a summary of {id} is there already: {}/{name}", folder.shown(&plan)),
                hint: "`orch collect` takes it in; or move it away".into(),
            });
        }
        let others: Vec<TaskIx> =
            run.active().iter().map(|active| active.task).filter(|&other| other != task).collect();
        let earlier = earlier(&plan, &folder, task);
        let slug = plan.slug(task);
        let number = (gap || earlier.is_some()).then(|| next_gap(&folder, &slug));
        let audience = Audience {
            by_agent: false,
            others: &others,
            gap: number.map(|number| (earlier.as_ref(), number)),
            previous: None,
            worktree: None,
        };
        let templates = Prompts::new(self.config().run.templates.clone());
        let untellable = |error: orch_prompt::PromptError| OpenError::Request {
            code: "prompt.untellable",
            message: error.to_string(),
            hint: "mend the template".into(),
        };
        let prompt = tell(&plan, &folder, &templates, task, &audience).map_err(untellable)?.text;
        let mode = state.map(|state| state.prompt_mode).unwrap_or_default();
        let model = plan.milestone(task).recommended.model.clone();
        let file = match mode {
            PromptMode::Inline => None,
            PromptMode::File => {
                let made = fs::create_dir_all(folder.prompts());
                made.map_err(OpenError::system("make the folder of the prompts"))?;
                let path = folder.prompts().join(prompt_name(&slug, number));
                replace(&path, prompt.as_bytes(), self.durability())?;
                let path = shown(&plan.root, &path);
                let text = paste(&templates, &path, model.as_deref()).map_err(untellable)?;
                Some((path, text))
            }
        };
        self.hand(task, again)?;
        let notes = self.release()?;
        let worker = plan.session_state().and_then(|state| Some(state.worker_on(&id)?.worker)).unwrap_or(1);
        Ok(Dispatched { id, worker, mode, prompt, file, model, notes })
    }
}

fn pending_of(folder: &SessionFolder, id: &str) -> Result<Option<(String, Option<String>)>, OpenError> {
    let pending = folder.pending().map_err(OpenError::system("list the session's folder"))?;
    Ok(pending.into_iter().find(|(_, of)| of.as_deref() == Some(id)))
}

/// Whether a milestone may be dispatched as it stands; whether it has to be asked for again for that.
fn may_dispatch(
    plan: &MilestonePlan,
    folder: &SessionFolder,
    run: &Run,
    (task, gap): (TaskIx, bool),
) -> Result<bool, OpenError> {
    let id = plan.plan.id(task);
    let refused = |code, message: String, hint: String| Err(OpenError::Request { code, message, hint });
    match run.status(task) {
        Status::Running => refused(
            "task.running",
            format!("{id} is under way"),
            format!("`orch collect` takes its summary in; `orch stop {id}` gives it back"),
        ),
        status if gap => {
            has_gap(plan, folder, task, status)?;
            ready(plan, &asked_again(run, task), task).map(|()| status.is_settled())
        }
        Status::Pending => ready(plan, run, task).map(|()| false),
        Status::Success => refused(
            "milestones.done",
            format!("{id} is complete"),
            format!("`orch dispatch --gap {id}` has what is left done, `orch retry {id}` all of it"),
        ),
        Status::Incomplete => refused(
            "milestones.partial",
            format!("{id} came back partial"),
            format!("`orch dispatch --gap {id}` has what is left done"),
        ),
        Status::Fail => ready(plan, &asked_again(run, task), task).map(|()| true),
    }
}

/// Whether an earlier attempt at a milestone, where it is not under way, has left something to be done.
fn has_gap(
    plan: &MilestonePlan,
    folder: &SessionFolder,
    task: TaskIx,
    status: Status,
) -> Result<(), OpenError> {
    let id = plan.plan.id(task);
    let refused =
        |message: String, hint: String| Err(OpenError::Request { code: "milestones.no_gap", message, hint });
    let (left, boxes) = remaining(plan, task);
    match status {
        Status::Pending if left == boxes && earlier(plan, folder, task).is_none() => refused(
            format!("nothing of {id} was done yet that could have a gap"),
            format!("`orch dispatch {id}` has all of it done"),
        ),
        // Without boxes, what it asks for in its text is what is left.
        _ if left == 0 && (boxes > 0 || status != Status::Incomplete) => refused(
            format!("nothing is left of {id}: none of its boxes is open"),
            format!("`orch retry {id}` does all of it again"),
        ),
        _ => Ok(()),
    }
}

/// The run with the task asked for again.
fn asked_again(run: &Run, task: TaskIx) -> Run {
    let mut run = run.clone();
    if run.status(task).is_settled() {
        // A settled task can always be asked for again.
        let _ = run.apply(Event::Retry { task }, SystemClock::new().now());
    }
    run
}

fn ready(plan: &MilestonePlan, run: &Run, task: TaskIx) -> Result<(), OpenError> {
    match not_ready(plan, run, task) {
        None => Ok(()),
        Some(why) => Err(OpenError::Person {
            code: "milestones.not_ready",
            message: format!("{} may not start: {why}", plan.plan.id(task)),
            hint: format!("`orch why {}` says more; `orch next` lists what may", plan.plan.id(task)),
        }),
    }
}

/// Why a pending milestone may not start.
pub(super) fn not_ready(plan: &MilestonePlan, run: &Run, task: TaskIx) -> Option<String> {
    let ids = |tasks: &[TaskIx]| tasks.iter().map(|&on| plan.plan.id(on)).collect::<Vec<_>>().join(", ");
    match run.survey(SystemClock::new().now()).of(task)? {
        Readiness::Ready
        | Readiness::Held(Hold::NoSlot { .. } | Hold::RateLimited { .. } | Hold::Resting { .. }) => None,
        Readiness::Waiting { on } => Some(format!("it waits for {}", ids(&on))),
        Readiness::Blocked { by } => Some(format!("{} failed", ids(&by))),
        Readiness::Held(Hold::Awaits { what }) => Some(format!("it waits for {what}")),
        Readiness::Held(Hold::Asked(why)) => Some(why),
        Readiness::Held(_) => {
            Some("nothing is dispatched until a person has looked at what came back".into())
        }
    }
}

/// How many boxes of work are left in a milestone's section as it is now, and how many there are.
fn remaining(plan: &MilestonePlan, task: TaskIx) -> (usize, usize) {
    let id = plan.plan.id(task);
    let count = |planning: &Planning| {
        let section = planning.milestone(id)?.section.as_ref()?;
        Some((section.left().count(), section.boxes.iter().filter(|item| item.is_work()).count()))
    };
    plan.planning_now().as_ref().and_then(count).unwrap_or_default()
}
