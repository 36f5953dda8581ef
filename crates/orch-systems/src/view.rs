//! A plan looked at without touching it: no lock, no write, no process started.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use orch_core::{
    Active, Beginning, Event, Outcome, Phase, Plan, ResumeRules, ReviewVerdict, Run, Status, Step, TaskIx,
    Time, resume,
};
use orch_exec::agent::{Builtin, resolve};
use orch_exec::process::{Worker, is_alive};
use orch_exec::tmux::Tmux;
use orch_run::{Clock, SystemClock};
use orch_store::{Folded, Holder, Home, Lock, TaskRecord, read_after};

use crate::control::{Ask, ask};
use crate::memory::forget_limits;
use crate::session::{Profiles, RunOptions, Traces, chosen, find, repository_root};
use crate::system::{Coming, Remembered, SetUp, System, Telling};
use crate::{AnyPlan, Config, OpenError, Opening, Told};

/// A plan as it stands now, for whoever only wants to look.
pub struct View {
    plan: AnyPlan,
    system: Box<dyn System>,
    run: Run,
    now: Time,
    history: Folded,
    home: Option<Home>,
    live: Option<Holder>,
    notes: Vec<String>,
    config: Config,
    options: RunOptions,
    base_branch: Option<String>,
    validation: Option<&'static str>,
}

impl View {
    /// Looks at `plan`. Statuses are what the next run would go on from: a task recorded as RUNNING whose worker is gone
    /// shows as what it left, or as PENDING again.
    ///
    /// Without options the policy of the last run counts: the order in which it goes decides what is ready.
    ///
    /// # Errors
    /// [`OpenError`] when what was recorded can't be read at all.
    pub fn of(plan: impl Into<Opening>, options: RunOptions) -> Result<Self, OpenError> {
        let opening = plan.into();
        let notes_of_plan: Vec<String> = opening.note().map(str::to_owned).into_iter().collect();
        let (plan, ahead) = opening.into_parts();
        let (source, graph) = (plan.source(), plan.plan());
        let now = SystemClock::new().now();
        let home = Home::find(plan.folder(), plan.name());
        let live = home.as_ref().and_then(|home| Lock::holder(&home.lock()));
        let history = match &home {
            Some(home) => read_after(&home.history(), ahead)?.unwrap_or_default(),
            None => Folded::default(),
        };
        let (Remembered { mut memory, history, notes, .. }, keeper) =
            source.remember(history, home.as_ref(), options.strict_resume)?;
        let project = plan.project_folder();
        let root = repository_root(project);
        let config = Config::find(project, root.as_deref().unwrap_or(project))?;
        let mut options = options;
        if let Some(last) = history.run.as_ref().filter(|last| last.order != "list") {
            options.jobs = options.jobs.or(std::num::NonZeroU32::new(last.jobs));
            options.continuous |= last.order == "graph";
        }
        let agent = history.run.as_ref().and_then(|run| run.agent.clone());
        let coming = options.agent.as_ref().or(config.run.agent.as_ref());
        if coming.is_some() && coming != agent.as_ref() {
            forget_limits(&mut memory);
        }
        let otherwise = agent.and_then(|agent| resolve(&agent, &config.agents).ok());
        let otherwise = otherwise.unwrap_or_else(|| Builtin::Shell.profile());
        let set_up =
            SetUp { config: &config, options: &options, root: root.as_deref(), notes: &mut Vec::new() };
        let system = source.system(set_up);
        let profiles = Profiles { config: &config, otherwise: &otherwise };
        let traces = match &home {
            Some(home) if live.is_none() => Traces::look(&history, home, &*system, profiles, now)
                .map_err(OpenError::system("look at what an earlier run left"))?,
            _ => Traces::of_others(&history, &*system),
        };
        let defaults = source.defaults();
        let policy = options.policy(&config, system.reviewer().is_some(), &defaults);
        let rules = ResumeRules {
            same_list: defaults.same_list,
            trust_receipts: !options.strict_resume,
            ..ResumeRules::default()
        };
        let alive = live.is_some();
        let resumed = resume(Arc::clone(graph), policy, &memory, rules, |task| match traces.evidence(task) {
            orch_core::Evidence::Handed => orch_core::Evidence::Handed,
            _ if alive => orch_core::Evidence::Alive,
            evidence => evidence,
        });
        let mut run = resumed.run;
        let mut notes = [notes_of_plan, notes].concat();
        if let Beginning::Anew(why) = &resumed.beginning {
            notes.push(format!("{why}: the next run starts everything anew"));
        }
        if !alive {
            notes.extend(traces.claims.keys().map(|id| traces.note(id)));
        }
        for condition in system.holding() {
            // Every condition is one of the plan's.
            let _ = run.apply(Event::Holds { condition }, now);
        }
        if let Some(task) = keeper.paused_for() {
            let _ = run.apply(Event::Pause { task }, now);
        }
        for event in resumed.settle {
            if let orch_core::Event::Ended { task, outcome, .. } = event {
                let becomes =
                    if outcome == Outcome::Lost { "it will run again" } else { "its result counts" };
                notes.push(format!(
                    "`{}` was running when its orch went away; its worker is gone: {becomes}",
                    graph.id(task)
                ));
            }
            // The events were made for this very run.
            let _ = run.apply(event, now);
        }
        let (validation, base_branch) = (keeper.validation(), keeper.base_branch());
        Ok(Self {
            plan,
            system,
            run,
            now,
            history,
            home,
            live,
            notes,
            config,
            options,
            base_branch,
            validation,
        })
    }

    /// The plan's graph.
    pub fn plan(&self) -> &Arc<Plan> {
        self.plan.plan()
    }

    /// The plan as its system reads it.
    pub fn loaded(&self) -> &AnyPlan {
        &self.plan
    }

    /// The run that the next `orch run` would go on with.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// When this was looked at.
    pub fn now(&self) -> Time {
        self.now
    }

    /// What the final validation of the requirements found, as the state file words it: `NONE`, `FINAL_OK`,
    /// `FINAL_FAIL`; none before the first run.
    pub fn validation(&self) -> Option<&'static str> {
        self.validation
    }

    /// The orch that runs this plan right now, if one does.
    pub fn live(&self) -> Option<&Holder> {
        self.live.as_ref()
    }

    /// What a person should be told, lower-case fragments.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is recorded of a task, if anything is.
    pub fn record(&self, task: TaskIx) -> Option<&TaskRecord> {
        self.history.tasks.get(self.plan.plan().id(task))
    }

    /// What is recorded of the attempt that a task stands at. A record of a state that was begun anew since does not count.
    pub fn attempt_record(&self, task: TaskIx) -> Option<&TaskRecord> {
        let attempt = self.run.attempt(task);
        self.record(task).filter(|record| attempt > 0 && record.attempt == attempt)
    }

    /// How long the last attempt took, or has taken so far.
    pub fn took(&self, task: TaskIx) -> Option<Duration> {
        let record = self.attempt_record(task)?;
        let started = record.started_at?;
        match record.ended_at {
            Some(ended) => Some(ended.since(started)),
            None => (record.status == Status::Running).then(|| self.now.since(started)),
        }
    }

    /// From the beginning of the first attempt to the end of the last: how long the plan has taken so far.
    pub fn span(&self) -> Option<Duration> {
        let records = || self.history.tasks.values();
        let first = records().filter_map(|record| record.started_at).min()?;
        let last = records().filter_map(|record| record.ended_at).max().unwrap_or(self.now);
        let is_live = self.run.count(Status::Running) > 0;
        Some(if is_live { self.now.since(first) } else { last.since(first) })
    }

    /// What the system says of the plan as a whole, in the form of its seed: of waves the final report as far as it is, of
    /// weavers the summary that their last run left. None where the seed has no such form, or there is none yet.
    pub fn account(&self) -> Option<String> {
        match &self.plan {
            AnyPlan::Weavers(plan) => plan.summary(),
            _ => {
                let took = self.history.took(self.live.is_some().then_some(self.now));
                self.system.account(&self.run, self.now, took)
            }
        }
    }

    /// The process that works on a task right now, if there is one.
    pub fn worker(&self, task: TaskIx) -> Option<u32> {
        let recorded = self.attempt_record(task).filter(|_| self.is_running(task))?.worker.as_ref()?;
        let (pid, start, boot) = (recorded.pid, recorded.start, recorded.boot.to_string());
        is_alive(&Worker { pid, start, boot }).then_some(pid)
    }

    /// The folders in which something changes whenever the plan's tasks move.
    pub fn watched(&self) -> Vec<PathBuf> {
        let own = self.home.as_ref().map_or_else(|| self.plan.folder(), Home::folder);
        std::iter::once(own.to_owned()).chain(self.system.watched()).collect()
    }

    /// The task that a person named, by id or short id.
    ///
    /// # Errors
    /// [`OpenError::Request`] with the nearest name.
    pub fn find(&self, name: &str) -> Result<TaskIx, OpenError> {
        find(self.plan.plan(), name)
    }

    /// The log of an attempt (the latest when none is given), if there is one.
    pub fn log(&self, task: TaskIx, attempt: Option<u32>) -> Option<PathBuf> {
        let id = self.plan.plan().id(task);
        let attempt = attempt.unwrap_or_else(|| self.history.last_attempt(id));
        let log = self.home.as_ref()?.log(id, attempt);
        log.is_file().then_some(log)
    }

    /// The command that attaches this terminal to the session of the task's worker.
    ///
    /// # Errors
    /// [`OpenError::Request`] when it has no session now.
    pub fn attach(&self, task: TaskIx) -> Result<std::process::Command, OpenError> {
        let id = self.plan.plan().id(task);
        let none = |message: String| OpenError::Request {
            code: "session.none",
            message,
            hint: format!("`orch logs {id} -f` shows what its worker says"),
        };
        let tmux = Tmux::find(self.config.tmux.server.clone()).map_err(|error| none(error.to_string()))?;
        let name = self.system.session_name(task);
        match tmux.has(&name) {
            Ok(true) => Ok(tmux.attach_command(&name)),
            Ok(false) => Err(none(format!("`{id}` has no terminal session now"))),
            Err(error) => Err(none(error.to_string())),
        }
    }

    /// How far the worker of a task says it is, if one is at work and says anything.
    pub fn progress(&self, task: TaskIx) -> Option<String> {
        let home = self.home.as_ref().filter(|_| self.run.status(task) == Status::Running)?;
        self.system.glance(home, task, self.run.attempt(task)).progress
    }

    /// Whether the task is under way: in a run that is live right now, or without one, when its worker lives on or has left
    /// work that is still to be checked.
    pub fn is_running(&self, task: TaskIx) -> bool {
        self.run.status(task) == Status::Running
    }

    /// What the worker of the task's next attempt would be told.
    ///
    /// # Errors
    /// [`OpenError`] when it can't be told anything.
    pub fn told(&self, task: TaskIx) -> Result<Told, OpenError> {
        let name = self.options.agent.as_deref().or(self.config.run.agent.as_deref());
        let profile = resolve(name.unwrap_or(self.plan.source().defaults().agent), &self.config.agents)?;
        let base = self.base_branch.clone().or_else(|| self.history.base_branch.clone());
        let base = base.unwrap_or_else(|| "main".into());
        let record = self.record(task);
        let previous = record.and_then(crate::workers::told_of);
        let attempt = self.run.attempt(task) + 1;
        let telling = Telling {
            profile: &profile,
            coming: Coming { task, attempt, reworks: self.run.reworks(task) },
            ground: None,
            others: &[],
            home: self.home.as_ref(),
            previous: previous.as_deref(),
            base_branch: &base,
        };
        self.system.tell(&telling).map_err(|error| OpenError::Request {
            code: "prompt.untellable",
            message: error.to_string(),
            hint: "choose an agent with `--agent NAME`; `--agent claude` reads any prompt".into(),
        })
    }

    /// The tasks that a run with these options would start, in order, if each of them succeeded.
    ///
    /// # Errors
    /// [`OpenError::Request`] for a task that is not in the plan.
    pub fn rehearse(&self) -> Result<Vec<TaskIx>, OpenError> {
        let mut run = self.run.clone();
        if self.options.fresh {
            let memory = self.plan.source().fresh(&self.history);
            let policy = run.policy().clone();
            let anew = |_: &orch_core::RecordedTask| orch_core::Evidence::None;
            run = resume(Arc::clone(self.plan.plan()), policy, &memory, ResumeRules::default(), anew).run;
        }
        if let Some(chosen) = chosen(self.plan.plan(), &self.options)? {
            run.select(chosen);
        }
        if self.options.retry_failed {
            for task in self.plan.plan().tasks().filter(|&task| self.run.status(task) == Status::Fail) {
                // A failed task can always be retried.
                let _ = run.apply(Event::Retry { task }, self.now);
            }
        }
        let mut started = Vec::new();
        loop {
            let happened = match run.next(self.now) {
                Step::Start(task) => {
                    started.push(task);
                    run.apply(Event::Started { task }, self.now)
                }
                Step::Review(task) => run.apply(Event::ReviewStarted { task }, self.now),
                Step::Stop { task, cause } => run.apply(Event::StopAsked { task, cause }, self.now),
                Step::Wait(_) => match run.active().first().copied() {
                    Some(Active { task, phase: Phase::Review, .. }) => {
                        run.apply(Event::Reviewed { task, verdict: ReviewVerdict::Pass }, self.now)
                    }
                    Some(Active { task, attempt, .. }) => {
                        run.apply(Event::Ended { task, attempt, outcome: Outcome::Succeeded }, self.now)
                    }
                    None => return Ok(started),
                },
                Step::Done(_) => return Ok(started),
            };
            if happened.is_err() {
                return Ok(started);
            }
        }
    }

    /// Asks the live run for something; false when there is none.
    ///
    /// # Errors
    /// [`OpenError::System`] when it can't be asked.
    pub fn ask(&self, asks: &[Ask]) -> Result<bool, OpenError> {
        let Some(home) = &self.home else { return Ok(false) };
        if self.live.is_none() {
            return Ok(false);
        }
        ask(&home.folder().join("control"), asks).map_err(OpenError::system("ask the run under way"))
    }

    /// Waits until the run that is live now has let go of the plan.
    ///
    /// # Errors
    /// [`OpenError::Store`] when the lock can't be waited for.
    pub fn wait_until_free(&self) -> Result<(), OpenError> {
        match &self.home {
            Some(home) => Ok(Lock::wait_until_free(&home.lock())?),
            None => Ok(()),
        }
    }
}
