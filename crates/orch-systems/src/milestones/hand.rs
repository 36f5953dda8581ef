//! A person's side of a planning document: dispatch, collect, acknowledge, approve, close (seed 000).

use std::fs;

use orch_core::{Event, Hold, Readiness, Run, Status, TaskIx};
use orch_prompt::Prompts;
use orch_run::{Clock, SystemClock};
use orch_state_json::{Alert, OrchestratorState, PromptMode};
use orch_state_md::planning::{self, BoxMark, Edit, GateKind};
use orch_store::{Home, replace};

use super::MilestonePlan;
use super::document::Document;
use super::folder::{Found, SessionFolder};
use super::gates::{approve, gates_of, passed};
use super::handoff::Handoff;
use super::load::{read_document, shown};
use super::moment::moment;
use super::names::{prompt_name, summary_name};
use super::tell::{Audience, earlier, next_gap, paste, tell};
use crate::{AnyPlan, OpenError, Session};

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

/// What is to be collected.
#[derive(Clone, Debug, Default)]
pub struct Taking {
    /// Only of this milestone.
    pub only: Option<TaskIx>,
    /// A summary that was pasted, to be taken in like one that lies in the session's folder.
    pub pasted: Option<String>,
    /// Summaries of milestones that were never dispatched are taken in as well, when they could have been.
    pub undispatched: bool,
}

/// What became of the summaries that were there.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Those that were taken in.
    pub taken: Vec<HandedBack>,
    /// Those that were not, and stay where they are.
    pub not_taken: Vec<NotTaken>,
    /// What a person has to look at: nothing is dispatched until `orch ack`.
    pub alerts: Vec<String>,
    /// The milestones that may start now.
    pub ready: Vec<String>,
    /// What a person should be told, lower-case fragments.
    pub notes: Vec<String>,
}

/// A milestone whose summary was taken in.
#[derive(Clone, Debug)]
pub struct HandedBack {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Where it stands now.
    pub status: Status,
}

/// A summary that was not taken in.
#[derive(Clone, Debug)]
pub struct NotTaken {
    /// Its name in the session's folder.
    pub file: String,
    /// Why, a lower-case fragment.
    pub why: String,
    /// What to do.
    pub hint: String,
}

impl AnyPlan {
    /// The plan as a planning document.
    ///
    /// # Errors
    /// [`OpenError::Request`] when it is another kind of plan: `orch {command}` makes no sense for it.
    pub fn milestones(&self, command: &str) -> Result<&MilestonePlan, OpenError> {
        match self {
            Self::Milestones(plan) => Ok(plan),
            other => Err(OpenError::Request {
                code: "command.kind",
                message: format!("`orch {command}` makes no sense for a plan of {}", other.kind().name()),
                hint: "only planning documents are dispatched to persons; `orch --help` lists what there is"
                    .into(),
            }),
        }
    }
}

impl MilestonePlan {
    /// How prompts are handed over in the document's session; none when there is no session yet.
    pub fn prompt_mode(&self) -> Option<PromptMode> {
        self.session_state().map(|state| state.prompt_mode)
    }

    /// How long ago the document's session was last used; none when there is none.
    pub fn session_age(&self) -> Option<std::time::Duration> {
        let (folder, found) = SessionFolder::of(self);
        let Found::State(_) = found else { return None };
        fs::metadata(folder.state()).ok()?.modified().ok()?.elapsed().ok()
    }

    /// The state of the document's session, if there is one.
    pub(super) fn session_state(&self) -> Option<OrchestratorState> {
        match SessionFolder::of(self).1 {
            Found::State(state) => Some(*state),
            _ => None,
        }
    }

    /// What a person has to look at before anything is dispatched, a line each.
    pub fn alerts(&self) -> Vec<String> {
        let alerts = self.session_state().map(|state| state.orch.alerts).unwrap_or_default();
        alerts.iter().map(alert_line).collect()
    }

    /// Passes the gates that a milestone waits behind, as a person who has looked: boxes are ticked in the document, of
    /// the others it is written down. What was approved.
    ///
    /// # Errors
    /// [`OpenError::Request`] when it waits behind none.
    pub fn approve(&self, task: TaskIx) -> Result<Vec<String>, OpenError> {
        let (folder, found) = SessionFolder::of(self);
        if let Found::Refused { message, hint } = found {
            return Err(OpenError::Request { code: "milestones.session", message, hint });
        }
        let id = self.plan.id(task);
        let passed = passed(self, folder.path());
        let open: Vec<_> =
            gates_of(self, task).filter(|(condition, _)| !passed.contains(condition)).collect();
        if open.is_empty() {
            return Err(OpenError::Request {
                code: "milestones.no_gate",
                message: format!("{id} waits for nobody's approval"),
                hint: format!("`orch why {id}` says what it waits for"),
            });
        }
        folder.make().map_err(OpenError::system("make the session's folder"))?;
        let now = moment(SystemClock::new().now());
        let mut boxes = Vec::new();
        for (condition, gate) in &open {
            match &gate.kind {
                GateKind::Box { of } => boxes.push((of.clone(), gate.text.clone())),
                GateKind::Between { .. } => approve(folder.path(), &now, condition)
                    .map_err(OpenError::system("write down what was approved"))?,
            }
        }
        let approved: Vec<String> = open.into_iter().map(|(condition, _)| condition).collect();
        let log = Edit::Log { moment: now, text: format!("Approved before {id}: {}.", approved.join("; ")) };
        let durability = orch_store::Durability::Power;
        let (left_out, _) = Document::at(self.path.clone()).change(durability, |bytes| {
            let planning = planning::read(bytes).plan;
            let tick = |(of, text): &(String, String)| {
                let boxes = &planning.milestone(of)?.section.as_ref()?.boxes;
                let is_it = |item: &&planning::TaskBox| {
                    item.gate
                        && item.mark != BoxMark::Done
                        && (item.text.contains(text) || text.contains(&item.text))
                };
                let item = boxes.iter().find(is_it)?;
                let before = boxes.iter().take_while(|other| other.mark_at != item.mark_at);
                let nth = before.filter(|other| other.text == item.text).count();
                Some(Edit::Tick { id: of.clone(), text: item.text.clone(), nth })
            };
            boxes.iter().filter_map(tick).chain([log.clone()]).collect()
        })?;
        if let Some((_, left)) = left_out.first() {
            return Err(OpenError::Stopped {
                code: "milestones.gate",
                message: format!("what was approved could not be written into the document: {}", left.why),
                hint: "tick the gate's box in the document by hand".into(),
            });
        }
        Ok(approved)
    }
}

/// An alert on one line.
pub(super) fn alert_line(alert: &Alert) -> String {
    let problems =
        if alert.problems.is_empty() { "no reason was given".into() } else { alert.problems.join("; ") };
    format!("{} came back {}: {problems}", alert.milestone, alert.status)
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
        let alerts = plan.alerts();
        if !alerts.is_empty() {
            return Err(OpenError::Person {
                code: "milestones.paused",
                message: format!("dispatching is paused: {}", alerts.join(" · ")),
                hint: "`orch ack` when you have looked at it".into(),
            });
        }
        let run = self.settled_run()?;
        let again = may_dispatch(&plan, run, task, gap)?;
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

    /// Takes in the summaries that workers have left in the session's folder, and lets go of the plan.
    ///
    /// # Errors
    /// [`OpenError::Request`] when a pasted summary can't be told whose it is.
    pub fn collect(mut self, taking: &Taking) -> Result<Collected, OpenError> {
        let plan = self.loaded().milestones("collect")?.clone();
        let (folder, _) = SessionFolder::of(&plan);
        self.settled_run()?;
        if let Some(text) = &taking.pasted {
            self.put_down(&plan, &folder, text, taking)?;
        }
        let mut collected = Collected::default();
        let pending = folder.pending().map_err(OpenError::system("list the session's folder"))?;
        let mut to_take: Vec<(TaskIx, String)> = Vec::new();
        for (name, id) in pending {
            match self.look_at(&plan, &folder, (&name, id), taking)? {
                Looked::Skip => {}
                Looked::Take(task) => to_take.push((task, name)),
                Looked::Leave(why, hint) => collected.not_taken.push(NotTaken { file: name, why, hint }),
            }
        }
        let is_alone = |task: TaskIx| to_take.iter().filter(|(other, _)| *other == task).count() == 1;
        let (alone, several): (Vec<_>, Vec<_>) =
            to_take.iter().cloned().partition(|(task, _)| is_alone(*task));
        collected.not_taken.extend(several.into_iter().map(|(task, file)| NotTaken {
            file,
            why: format!("there are several summaries of {}", plan.plan.id(task)),
            hint: "keep the one that counts, and move the others away".into(),
        }));
        let tasks: Vec<TaskIx> = alone.into_iter().map(|(task, _)| task).collect();
        for task in self.take_back(&tasks)? {
            collected.taken.push(HandedBack {
                id: plan.plan.id(task).to_owned(),
                title: plan.plan.title(task).to_owned(),
                status: self.current().status(task),
            });
        }
        let survey = self.current().survey(SystemClock::new().now());
        collected.ready = survey.ready().map(|task| plan.plan.id(task).to_owned()).collect();
        collected.notes = self.release()?;
        collected.alerts = plan.alerts();
        if !collected.alerts.is_empty() {
            collected.ready.clear();
        }
        Ok(collected)
    }

    /// Notes that a person has looked at what paused dispatching, and lets go of the plan; what they have looked at.
    ///
    /// # Errors
    /// [`OpenError`] when it can't be written down.
    pub fn acknowledge_alerts(mut self) -> Result<Vec<String>, OpenError> {
        let alerts = self.loaded().milestones("ack")?.alerts();
        if !alerts.is_empty() {
            self.settled_run()?;
            self.acknowledge()?;
            self.release()?;
        }
        Ok(alerts)
    }

    /// Says how prompts are to be handed over from here on, and lets go of the plan.
    ///
    /// # Errors
    /// [`OpenError`] when it can't be written down.
    pub fn switch_mode(mut self, mode: PromptMode) -> Result<Vec<String>, OpenError> {
        self.loaded().milestones("mode")?;
        self.settled_run()?;
        self.set_mode(mode);
        self.release()
    }

    /// Ends the session: the document keeps all that was written into it, and what else the session has left is kept in a
    /// dated folder. The folder, when there was anything.
    ///
    /// # Errors
    /// [`OpenError::Request`] while milestones are under way or summaries wait to be collected.
    pub fn close(mut self) -> Result<Option<String>, OpenError> {
        let plan = self.loaded().milestones("close")?.clone();
        let (folder, found) = SessionFolder::of(&plan);
        if matches!(found, Found::Nothing) {
            return Ok(None);
        }
        self.settled_run()?;
        let open = |message: String, hint: &str| OpenError::Request {
            code: "milestones.open",
            message,
            hint: hint.into(),
        };
        if self.is_under_way() {
            let under_way: Vec<&str> = plan
                .plan
                .tasks()
                .filter(|&task| self.current().status(task) == Status::Running)
                .map(|task| plan.plan.id(task))
                .collect();
            let message = format!("{} under way", under_way.join(", "));
            return Err(open(
                message,
                "`orch collect` takes summaries in, `orch stop ID` gives a milestone back",
            ));
        }
        let pending = folder.pending().map_err(OpenError::system("list the session's folder"))?;
        if !pending.is_empty() {
            let names: Vec<&str> = pending.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("summaries wait in {}: {}", folder.shown(&plan), names.join(", "));
            return Err(open(message, "`orch collect` takes them in; or move them away"));
        }
        self.release_and(|| folder.clear(SystemClock::new().now()))?
            .map_err(OpenError::system("put the session away"))
            .map(|cleared| cleared.map(|path| shown(&plan.root, &path)))
    }

    /// Writes a pasted summary down where a worker would have.
    fn put_down(
        &self,
        plan: &MilestonePlan,
        folder: &SessionFolder,
        text: &str,
        taking: &Taking,
    ) -> Result<(), OpenError> {
        let request =
            |message: String, hint: String| OpenError::Request { code: "milestones.pasted", message, hint };
        let summary = orch_state_md::worker_summary::read(text);
        if !summary.says_anything() {
            return Err(request("what was pasted says nothing".into(), "paste the whole summary".into()));
        }
        let named = summary.milestone.as_deref().map(|id| (id, plan.plan.find(id)));
        let task = match (taking.only, named) {
            (Some(task), Some((id, _))) if plan.plan.find(id) != Some(task) => {
                let message =
                    format!("what was pasted says that it is of {id}, not of {}", plan.plan.id(task));
                return Err(request(message, "name the milestone that it is of".into()));
            }
            (Some(task), _) | (None, Some((_, Some(task)))) => task,
            (None, Some((id, None))) => {
                let hint = plan
                    .plan
                    .suggest(id)
                    .map_or("`orch status` lists them".into(), |near| format!("did you mean `{near}`?"));
                return Err(request(format!("there is no milestone {id} in the tracker"), hint));
            }
            (None, None) => match self.with_persons().as_slice() {
                [only] => *only,
                _ => {
                    let hint = "name it: `orch collect M3 --stdin`".into();
                    return Err(request(
                        "what was pasted does not say which milestone it is of".into(),
                        hint,
                    ));
                }
            },
        };
        folder.make().map_err(OpenError::system("make the session's folder"))?;
        let slug = plan.slug(task);
        let gap = earlier(plan, folder, task).map(|_| next_gap(folder, &slug));
        let path = folder.path().join(summary_name(&slug, gap));
        if fs::symlink_metadata(&path).is_ok() {
            let message = format!("{} is there already", shown(&plan.root, &path));
            return Err(request(message, "`orch collect` takes that one in; or move it away".into()));
        }
        Ok(replace(&path, text.as_bytes(), self.durability())?)
    }

    /// Whether a summary that lies in the session's folder can be taken in.
    fn look_at(
        &mut self,
        plan: &MilestonePlan,
        folder: &SessionFolder,
        (name, id): (&str, Option<String>),
        taking: &Taking,
    ) -> Result<Looked, OpenError> {
        let unreadable = OpenError::system("read a summary");
        let Some(handoff) = Handoff::pending(folder, name).map_err(unreadable)? else {
            return Ok(Looked::Skip);
        };
        let leave = |why: String, hint: &str| Ok(Looked::Leave(why, hint.to_owned()));
        if !handoff.summary.says_anything() {
            return leave("it says nothing".into(), "have its worker write it, or remove it");
        }
        let said = handoff.summary.milestone.clone();
        let id = match (id, said) {
            (Some(by_name), Some(said)) if by_name != said && plan.plan.find(&said).is_some() => {
                let why = format!("its name says {by_name}, and what is in it says {said}");
                return leave(why, "rename it, or mend its heading");
            }
            (Some(by_name), _) => by_name,
            (None, Some(said)) => said,
            (None, None) => {
                return leave(
                    "it does not say which milestone it is of".into(),
                    "call it as the milestone: `worker-summary-m3.md`",
                );
            }
        };
        let Some(task) = plan.plan.find(&id) else {
            let near = plan.plan.suggest(&id).map(|near| format!("did you mean `{near}`? then rename it"));
            let hint = near.unwrap_or_else(|| "rename it, or remove it".into());
            return leave(format!("there is no milestone {id} in the tracker"), &hint);
        };
        if taking.only.is_some_and(|only| only != task) {
            return Ok(Looked::Skip);
        }
        if handoff.summary.status.is_none() {
            let why = match &handoff.summary.status_written {
                Some(written) => format!("its status `{written}` is none of Completed, Blocked, Partial"),
                None => "it has no status".into(),
            };
            return leave(why, "write `**Status:** Completed`, `Blocked` or `Partial` into it");
        }
        match self.current().status(task) {
            Status::Running if self.with_persons().contains(&task) => {}
            Status::Running => {
                return leave(
                    format!("the worker of {id} is still at work"),
                    "`orch run` takes it in when that has ended",
                );
            }
            Status::Pending if taking.undispatched => {
                let run = self.current();
                if let Some(why) = not_ready(plan, run, task) {
                    return leave(
                        format!("{id} was never dispatched, and may not start: {why}"),
                        "`orch why` says more",
                    );
                }
                self.hand(task, false)?;
            }
            Status::Pending => {
                return leave(
                    format!("{id} was never dispatched"),
                    "when the work is done, `orch collect --undispatched` takes it in",
                );
            }
            status => {
                // What was taken in by an orch that was ended before it could put the file away.
                let home = Home::find(&plan.folder, plan.stem());
                let attempt = self.current().attempt(task);
                let kept = home.and_then(|home| fs::read(home.result(plan.plan.id(task), attempt)).ok());
                if kept.as_deref() == Some(&*handoff.bytes) {
                    folder.put_away(name).map_err(OpenError::system("put a summary away"))?;
                    return Ok(Looked::Skip);
                }
                return leave(
                    format!("a summary of {id} was taken in already, and it is {status}"),
                    "remove it; or `orch retry` the milestone, which does it again",
                );
            }
        }
        // Whatever it is called, from here on it is known by its name.
        if super::names::is_summary(name).flatten().is_none() {
            let known = folder.path().join(summary_name(&plan.slug(task), None));
            if fs::symlink_metadata(&known).is_err() {
                fs::rename(folder.path().join(name), known).map_err(OpenError::system("rename a summary"))?;
            }
        }
        Ok(Looked::Take(task))
    }
}

/// What is to be done with a summary.
enum Looked {
    Take(TaskIx),
    /// It is none, or not asked for.
    Skip,
    /// Why it is left, and what to do.
    Leave(String, String),
}

fn pending_of(folder: &SessionFolder, id: &str) -> Result<Option<(String, Option<String>)>, OpenError> {
    let pending = folder.pending().map_err(OpenError::system("list the session's folder"))?;
    Ok(pending.into_iter().find(|(_, of)| of.as_deref() == Some(id)))
}

/// Whether a milestone may be dispatched as it stands; whether it has to be asked for again for that.
fn may_dispatch(plan: &MilestonePlan, run: &Run, task: TaskIx, gap: bool) -> Result<bool, OpenError> {
    let id = plan.plan.id(task);
    let refused = |code, message: String, hint: String| Err(OpenError::Request { code, message, hint });
    let status = run.status(task);
    if gap {
        let left = remaining(plan, task);
        return match status {
            Status::Running => refused(
                "task.running",
                format!("{id} is under way"),
                format!("`orch collect` takes its summary in; `orch stop {id}` gives it back"),
            ),
            _ if left == 0 => refused(
                "milestones.no_gap",
                format!("nothing is left of {id}: all of its boxes are ticked"),
                format!("`orch retry {id}` does all of it again"),
            ),
            _ => ready(plan, &asked_again(run, task), task).map(|()| status.is_settled()),
        };
    }
    match status {
        Status::Pending => ready(plan, run, task).map(|()| false),
        Status::Running => refused(
            "task.running",
            format!("{id} is under way"),
            format!("`orch collect` takes its summary in; `orch stop {id}` gives it back"),
        ),
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
fn not_ready(plan: &MilestonePlan, run: &Run, task: TaskIx) -> Option<String> {
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

/// How many boxes of work are left in a milestone's section as it is now.
fn remaining(plan: &MilestonePlan, task: TaskIx) -> usize {
    let now = read_document(&plan.path).map(|bytes| planning::read(&bytes).plan);
    let id = plan.plan.id(task);
    let count = |planning: &planning::Planning| {
        planning.milestone(id).and_then(|milestone| Some(milestone.section.as_ref()?.left().count()))
    };
    now.ok().as_ref().and_then(count).unwrap_or(0)
}
