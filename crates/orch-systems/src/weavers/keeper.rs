//! Keeping `run/state.json` and the ends of `run/weavers/w-NN.json` as the originals' scripts read them.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use orch_core::{Beginning, Moved, Outcome, Plan, Readiness, Resumed, Run, Status, TaskIx, Time};
use orch_run::Failure;
use orch_state_json::{Overall, RunState, Weaver, WeaverFile, WeaverStatus, timestamp};
use orch_store::{Folded, Home, StoreError, sweep_folder};

use super::WeaverPlan;
use super::status_file::{Said, StatusFiles};
use crate::kept::{Aside, KeptFile};
use crate::system::{Keeper, Stand, Writing};

/// Keeps the state of a plan of weavers.
pub(super) struct WeaverKeeper {
    plan: Arc<Plan>,
    plan_id: String,
    specs: Vec<String>,
    statuses: StatusFiles,
    run_folder: PathBuf,
    home: Option<Home>,
    /// The state file as it was found, when it can be read.
    found: Option<RunState>,
    state: RunState,
    /// By task: where its weaver is in the state. Known once it is settled with which state the run goes on.
    places: Vec<usize>,
    file: KeptFile,
    /// Ends that the history has and the state file has not: orch went away between writing the two.
    missed: Vec<(Moved, Option<String>, Time)>,
    /// Attempts that have ended since the files were written: what is to be added to what their weavers said.
    ended: Vec<(TaskIx, u32, WeaverFile)>,
    /// The terminal sessions of the weavers of this run, if they have any.
    terminals: Vec<String>,
    /// The conversations of the agents, for whoever wants to go on with one.
    sessions: HashMap<TaskIx, String>,
    /// Whether a failure came or went since every weaver was brought in step with the run: others may be blocked by it.
    failures_moved: bool,
    behind: bool,
}

impl WeaverKeeper {
    pub(super) fn new(
        plan: &WeaverPlan,
        home: Option<&Home>,
        found: Option<RunState>,
        history: &Folded,
    ) -> Self {
        let run_folder = plan.run_folder();
        let state = found.clone().unwrap_or_else(|| RunState::new(plan.id()));
        Self {
            missed: missed(&plan.plan, &state, history),
            plan: Arc::clone(&plan.plan),
            plan_id: plan.id().to_owned(),
            specs: plan.specs.iter().map(|spec| spec.file.clone()).collect(),
            statuses: StatusFiles::of(plan),
            file: KeptFile::at(run_folder.join("state.json")),
            run_folder,
            home: home.cloned(),
            state,
            places: Vec::new(),
            found,
            ended: Vec::new(),
            terminals: Vec::new(),
            sessions: HashMap::new(),
            failures_moved: false,
            behind: true,
        }
    }

    /// Looks for the place of every weaver, and makes one for those that have none.
    fn find_places(&mut self) {
        let mut by_id: HashMap<String, usize> = HashMap::with_capacity(self.state.weavers.len());
        for (place, (id, _)) in self.state.weavers.iter().enumerate() {
            by_id.entry(id.clone()).or_insert(place);
        }
        let weavers = &mut self.state.weavers;
        let find = |task| {
            let id: &str = self.plan.id(task);
            by_id.get(id).copied().unwrap_or_else(|| {
                weavers.push((id.to_owned(), Weaver::default()));
                weavers.len() - 1
            })
        };
        self.places = self.plan.tasks().map(find).collect();
    }

    fn weaver(&self, task: TaskIx) -> &Weaver {
        &self.state.weavers[self.places[task.index()]].1
    }

    fn set_weaver(&mut self, task: TaskIx, weaver: Weaver) {
        self.state.weavers[self.places[task.index()]].1 = weaver;
    }

    /// What the weaver of an attempt has said.
    fn said(&self, task: TaskIx, attempt: u32) -> Said {
        let id = self.plan.id(task);
        let kept = self.home.as_ref().map(|home| home.status(id, attempt));
        self.statuses.read(id, &self.specs[task.index()], &[], kept.as_deref())
    }

    /// Takes a transition over into the state, and what it means for what the weaver has said of itself.
    fn take_over(&mut self, moved: &Moved, detail: Option<&str>, at: Time) {
        let task = moved.task;
        let spec = &self.specs[task.index()];
        let said = self.said(task, moved.attempt).file;
        let crashed = matches!(moved.outcome, Some(Outcome::Crashed | Outcome::Lost));
        let status = WeaverStatus::from_core(moved.to, crashed, false);
        let known = self.weaver(task).clone();
        let failed = matches!(status, WeaverStatus::Failed | WeaverStatus::Crashed);
        let error = failed.then(|| detail.map(str::to_owned).or(said.error.clone())).flatten();
        let session = match moved.to {
            Status::Running => self.terminals.get(task.index()).cloned(),
            _ => known.session,
        };
        let weaver = Weaver {
            spec: spec.clone(),
            status: status.clone(),
            session,
            pr: said.pr.clone().or(known.pr),
            error: error.clone(),
            extra: known.extra,
        };
        self.set_weaver(task, weaver);
        // What the weaver said of itself, set right: a claim that was not believed is none, and what is asked for again
        // has not failed.
        if moved.from == Status::Running || (moved.to == Status::Pending && moved.attempt > 0) {
            let status = if moved.to == Status::Pending { WeaverStatus::Waiting } else { status };
            let more = WeaverFile {
                status: Some(status),
                no_error: error.is_none(),
                error: error.or_else(|| detail.filter(|_| moved.to == Status::Pending).map(str::to_owned)),
                session_id: self.sessions.get(&task).filter(|session| !session.is_empty()).cloned(),
                completed_at: moved.to.is_settled().then(|| timestamp(at)),
                ..WeaverFile::default()
            };
            self.ended.push((task, moved.attempt, more));
        }
        self.behind = true;
    }

    /// Brings every weaver in step with the run. What a weaver's entry says beside its status stays while that is the
    /// same.
    fn show(&mut self, run: &Run, at: Time) {
        let survey = run.survey(at);
        for task in run.plan().tasks() {
            let (blocked, error) = match survey.of(task) {
                Some(Readiness::Blocked { by }) => {
                    let by = by.first().map(|&by| self.plan.id(by)).unwrap_or_default();
                    (true, Some(format!("Dependency {by} failed")))
                }
                _ => (false, None),
            };
            let known = self.weaver(task);
            let crashed = known.status == WeaverStatus::Crashed;
            let status = WeaverStatus::from_core(run.status(task), crashed, blocked);
            if known.status == status && known.spec == self.specs[task.index()] && known.error == error {
                continue;
            }
            let keeps_error = matches!(status, WeaverStatus::Failed | WeaverStatus::Crashed);
            let known = known.clone();
            let weaver = Weaver {
                spec: self.specs[task.index()].clone(),
                error: if keeps_error { known.error } else { error },
                status,
                session: known.session,
                pr: known.pr,
                extra: known.extra,
            };
            self.set_weaver(task, weaver);
            self.behind = true;
        }
    }

    /// Says of those who wait for what has failed that they are blocked, and of those who no longer do that they are not.
    fn show_blocked(&mut self, run: &Run, at: Time) {
        if std::mem::take(&mut self.failures_moved) {
            self.show(run, at);
        }
    }
}

/// The weavers of a state by their ids.
fn by_id(state: &RunState) -> HashMap<&str, &Weaver> {
    state.weavers.iter().map(|(id, weaver)| (id.as_str(), weaver)).collect()
}

/// The ends of attempts that the history has and `state` has not.
fn missed(plan: &Plan, state: &RunState, history: &Folded) -> Vec<(Moved, Option<String>, Time)> {
    let by_id = by_id(state);
    let of = |task: TaskIx| {
        let record = history.tasks.get(plan.id(task))?;
        let at = record.ended_at.filter(|_| record.outcome.is_some())?;
        let written = by_id.get(plan.id(task)).map_or(Status::Pending, |weaver| weaver.status.core());
        let moved = Moved {
            task,
            attempt: record.attempt,
            from: Status::Running,
            to: record.status,
            outcome: record.outcome,
            tries: record.tries,
            reworks: record.reworks,
            review_due: record.review_due,
        };
        (written != record.status).then(|| (moved, record.detail.as_deref().map(str::to_owned), at))
    };
    plan.tasks().filter_map(of).collect()
}

impl Keeper for WeaverKeeper {
    fn sweep(&self) -> Result<(), StoreError> {
        sweep_folder(&self.run_folder)?;
        sweep_folder(self.statuses.folder())
    }

    fn go_on(&mut self, resumed: &Resumed, _: &str, fresh: bool) {
        let goes_on = matches!(resumed.beginning, Beginning::Continued { .. });
        if !(goes_on && self.found.is_some()) {
            if self.file.is_there() {
                let (reason, why) = match &resumed.beginning {
                    _ if fresh => ("replaced", "a fresh start was asked for".to_owned()),
                    Beginning::Anew(why) => ("unreadable", why.to_string()),
                    _ => {
                        ("unreadable", "it can't be read; what it said is known from the history".to_owned())
                    }
                };
                self.file.put_aside(Aside { reason, why });
            }
            self.state = RunState::new(&self.plan_id);
        }
        self.find_places();
        for (moved, detail, at) in std::mem::take(&mut self.missed) {
            // What a person has changed meanwhile is not what the history has.
            if resumed.run.status(moved.task) == moved.to && resumed.run.attempt(moved.task) == moved.attempt
            {
                self.take_over(&moved, detail.as_deref(), at);
            }
        }
        self.show(&resumed.run, Time::default());
    }

    fn moved(&mut self, moved: &Moved, detail: Option<&str>, at: Time) -> Result<(), Failure> {
        self.take_over(moved, detail, at);
        // Only what fails, or did, blocks others. Who they are costs a look at the whole plan: once a write.
        self.failures_moved |= moved.to == Status::Fail || moved.from == Status::Fail;
        Ok(())
    }

    fn terminals(&mut self, names: Vec<String>) {
        self.terminals = names;
    }

    fn session(&mut self, task: TaskIx, session: &str) {
        self.sessions.insert(task, session.to_owned());
    }

    fn stands(&mut self, run: &Run, stand: Stand, now: Time) {
        self.show_blocked(run, now);
        let statuses = |run: &Run| -> Vec<WeaverStatus> {
            run.plan().tasks().map(|task| self.weaver(task).status.clone()).collect()
        };
        let (status, completed_at) = match stand {
            Stand::Running => (Overall::Running, None),
            _ => (Overall::of(&statuses(run)), Some(timestamp(now))),
        };
        self.behind |= self.state.status != status;
        if stand == Stand::Running
            && (self.state.started_at.is_none() || self.state.status != Overall::Running)
        {
            self.state.started_at.get_or_insert_with(|| timestamp(now));
        }
        if self.state.completed_at.is_none() || stand == Stand::Running {
            self.state.completed_at = completed_at;
        }
        self.state.status = status;
        self.show(run, now);
    }

    fn is_behind(&self) -> bool {
        self.behind
    }

    fn must_mend(&self) -> bool {
        let same = |found: &RunState| {
            let (found_by_id, by_id) = (by_id(found), by_id(&self.state));
            found.status == Overall::Complete
                && self.plan.tasks().all(|task| {
                    let id = self.plan.id(task);
                    found_by_id.get(id).map(|weaver| &weaver.status)
                        == by_id.get(id).map(|weaver| &weaver.status)
                })
        };
        self.file.is_to_be_put_aside() || !self.found.as_ref().is_some_and(same)
    }

    fn write(&mut self, with: Writing<'_>) -> Result<usize, StoreError> {
        self.show_blocked(with.run, with.now);
        let failed = |source| StoreError::Io { path: self.run_folder.clone(), step: "create", source };
        fs::create_dir_all(&self.run_folder).map_err(failed)?;
        self.statuses.make_folder().map_err(failed)?;
        for (task, attempt, more) in std::mem::take(&mut self.ended) {
            let (id, spec) = (self.plan.id(task), &self.specs[task.index()]);
            let mut said = self.said(task, attempt);
            if more.status == Some(WeaverStatus::Waiting) {
                said.file.completed_at = None;
            }
            let more = WeaverFile { spec: Some(spec.clone()), ..more };
            self.statuses.amend(id, &said, more, with.durability)?;
        }
        let bytes = self.state.to_bytes_marked(with.history, with.seq);
        self.file.replace(&bytes, with.durability, with.now, with.alerts)?;
        self.behind = false;
        Ok(bytes.len())
    }
}
