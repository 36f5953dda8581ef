//! `orch collect`: taking in what workers have left (seed 000, "Processing Worker Summaries").

use std::fs;

use orch_core::{Status, TaskIx};
use orch_run::{Clock, SystemClock};
use orch_store::{Home, replace};

use super::MilestonePlan;
use super::dispatch::not_ready;
use super::folder::SessionFolder;
use super::handoff::Handoff;
use super::load::shown;
use super::names::summary_name;
use super::tell::coming_gap;
use crate::{OpenError, Session};

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

impl Session {
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
        for &task in &tasks {
            // It was asked for without having been dispatched.
            if self.current().status(task) == Status::Pending {
                self.hand(task, false)?;
            }
        }
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
        let gap = coming_gap(plan, folder, task);
        let path = folder.path().join(summary_name(&plan.slug(task), gap));
        // It was pasted before, to an orch that was ended.
        if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        if fs::symlink_metadata(&path).is_ok() {
            let message = format!("{} is there already", shown(&plan.root, &path));
            return Err(request(message, "`orch collect` takes that one in; or move it away".into()));
        }
        Ok(replace(&path, text.as_bytes(), self.durability())?)
    }

    /// Whether a summary that lies in the session's folder can be taken in.
    fn look_at(
        &self,
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
                    let is_it = |other: &String| {
                        fs::read(folder.processed().join(other)).is_ok_and(|bytes| bytes == handoff.bytes)
                    };
                    // Pasted again by somebody who could not know that it had been taken in.
                    match folder.processed_of(plan.plan.id(task)).iter().any(is_it) {
                        true => fs::remove_file(folder.path().join(name)),
                        false => folder.put_away(name).map(drop),
                    }
                    .map_err(OpenError::system("put a summary away"))?;
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
