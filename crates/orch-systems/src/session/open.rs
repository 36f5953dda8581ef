//! Opening a plan: its lock, what is remembered, what became of it, and everything the run will need.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use orch_core::{Beginning, Event, ResumeRules, Resumed, Run, Standing, Status, TaskIx, Time, resume};
use orch_exec::agent::{Builtin, Profile, resolve};
use orch_exec::process::{Settings, end_survivor};
use orch_git::Git;
use orch_prompt::Prompts;
use orch_run::{Clock, Notice, Settled, SystemClock};
use orch_state_md::state::{Overall, Row, State, StateFile, Validation};
use orch_store::{Folded, HistoryWriter, Holder, Home, Lock, Note, What as Entry, keep_aside};

use super::settle::{Traces, left_behind};
use super::{PromptSystem, RunOptions, Session};
use crate::config::{Command, Survivors};
use crate::prompts::PromptPlan;
use crate::prompts::memory::{Remembered, remember};
use crate::prompts::review::Reviewer;
use crate::prompts::store::PromptStore;
use crate::prompts::tell::{TellError, is_shell, tell};
use crate::workers::{AgentWorkers, Past, Place, attempt_id, is_installed, may_go_on, told};
use crate::{Config, OpenError};

/// The time between asking a worker to end and ending it, unless configured.
const GRACE: Duration = Duration::from_secs(10);

/// Prompts looked into before a run by the shell starts, so that it does not begin with what can't be.
const MOST_LOOKED_INTO: usize = 1000;

impl Session {
    /// Opens `plan` for this process: takes its lock, puts together what is remembered of it, and settles what became
    /// of the workers of an earlier run. Nothing is started.
    ///
    /// # Errors
    /// [`OpenError::Held`] when another orch has it; [`OpenError`] otherwise.
    pub fn open(plan: PromptPlan, options: RunOptions) -> Result<Self, OpenError> {
        let clock = SystemClock::new();
        let now = clock.now();
        let home = Home::open(&plan.folder, plan.stem())?;
        let holder = Holder {
            pid: std::process::id(),
            start: String::new(),
            since: now,
            command: options.command.clone(),
        };
        let lock = Lock::acquire(&home.lock(), &holder)?;
        let root = repository_root(&plan.folder);
        let config = Config::find(&plan.folder, root.as_deref().unwrap_or(&plan.folder))?;
        let profile = profile(&options, &config)?;
        let durability = options.durability(&config);

        let (mut history, folded, opened) =
            HistoryWriter::open(&home.history(), durability, plan.stem(), now)?;
        let history_id = folded.history;
        let mut notes: Vec<String> = opened.iter().map(ToString::to_string).collect();
        let damaged = opened.into_iter().find_map(|note| match note {
            Note::Damaged { before, .. } => Some(*before),
            Note::TornTail { .. } => None,
        });
        // What the good part of a damaged history says still counts: it is carried over into the new one.
        let carried = damaged.as_ref().map(carried_over).unwrap_or_default();
        history.append(now, &carried)?;
        let remembered = remember(&plan, damaged.unwrap_or(folded), Some(&home), options.strict_resume)?;
        notes.extend(remembered.notes.iter().cloned());

        let reviewer = reviewer(&options, &config, &plan.folder, root.is_some(), &mut notes);
        let policy = options.policy(&config, reviewer.is_some());
        let traces = Traces::look(&remembered.history, &home, &profile, now);
        let rules = ResumeRules {
            same_list: true,
            trust_receipts: !options.strict_resume,
            wait_for_survivors: !options.end_survivors && config.run.survivors != Some(Survivors::End),
        };
        let memory = if options.fresh { &orch_core::Memory::Nothing } else { &remembered.memory };
        let resumed = resume(Arc::clone(&plan.plan), policy, memory, rules, |task| traces.evidence(task));
        let anew = !matches!(resumed.beginning, Beginning::Continued { .. });
        let base_branch = base_branch(&plan, &remembered, anew, root.is_some());

        let beginning = Start { plan: &plan, remembered: &remembered, traces: &traces, now };
        beginning.end_workers(&resumed, anew, config.run.grace.unwrap_or(GRACE))?;
        let resumed = beginning.go_on_counting(resumed, anew);
        let state = beginning.state_file(&resumed, anew, &options, &base_branch, &mut notes)?;
        let run_id = format!("{:x}-{:x}", now.as_millis(), std::process::id());
        let mut entries = beginning.entries(&resumed, anew, &options);
        entries.push(Entry::Base { branch: base_branch.clone().into() });
        entries.push(Entry::RunStarted {
            run: run_id.clone().into(),
            jobs: resumed.run.policy().jobs.get(),
            order: order_word(resumed.run.policy().order).into(),
            pid: std::process::id(),
            boot: None,
            agent: Some(profile.name.clone().into()),
        });
        let opening: Vec<Entry<'static>> = entries.into_iter().map(Entry::into_owned).collect();

        let folder = root.unwrap_or_else(|| plan.folder.clone());
        let place = Place { home, folder, run_id, history: history_id };
        let system = PromptSystem {
            plan: plan.clone(),
            templates: Prompts::new(config.run.templates.clone()),
            reviewer,
            base_branch,
        };
        let settings = Settings {
            adopt_orphans: true,
            grace: config.run.grace.unwrap_or(GRACE),
            log_cap: config.run.log_cap_mib.map_or(Settings::default().log_cap, |mib| mib << 20),
        };
        let mut settled = beginning.settled(&resumed, &place.home, &profile, options.strict_resume);
        let past = if anew { HashMap::new() } else { beginning.past() };
        let mut workers = AgentWorkers::new(system, profile, place.clone(), settings, clock, past)
            .map_err(OpenError::system("watch processes"))?;
        adopt(&mut workers, &resumed, &traces, &mut settled);
        let mut run = resumed.run;
        select(&plan, &options, &mut run)?;
        if options.retry_failed {
            let failed = plan.plan.tasks().filter(|&task| run.status(task) == Status::Fail);
            let again =
                |task| Settled { event: Event::Retry { task }, detail: Some("asked for again".into()) };
            settled.extend(failed.map(again));
        }
        let store = PromptStore::new(
            Arc::clone(&plan.plan),
            history,
            history_id,
            state,
            plan.state_path(),
            durability,
            workers.plan_paths(),
        );
        let resumed = !anew;
        Ok(Self {
            plan,
            options,
            config,
            clock,
            run,
            settled,
            store,
            workers,
            place,
            notes,
            resumed,
            opening,
            _lock: lock,
        })
    }

    /// Refuses to begin what can't be done: an agent that is not installed, prompts that the shell has nothing of.
    pub(super) fn check_environment(&self) -> Result<(), OpenError> {
        let mut to_do: Vec<TaskIx> =
            self.plan.plan.tasks().filter(|&task| self.run.status(task) == Status::Pending).collect();
        to_do.extend(self.unsettled());
        let profile = self.workers.profile();
        if to_do.is_empty() {
            return Ok(());
        }
        if !is_shell(profile) {
            let program = profile.command.first().map_or("", String::as_str);
            if !program.contains('{') && !is_installed(program, &self.place.folder) {
                return Err(OpenError::Environment {
                    message: format!(
                        "the agent `{}` needs `{program}`, which is not installed",
                        profile.name
                    ),
                    hint: "install it, or choose another agent with `--agent NAME` or `agent` in orch.toml"
                        .into(),
                });
            }
            return Ok(());
        }
        let system = self.workers.system();
        for task in to_do.into_iter().take(MOST_LOOKED_INTO) {
            let told = tell(&self.plan, &system.templates, profile, &system.base_branch, task, 1, None);
            if let Err(error @ (TellError::NoCommands { .. } | TellError::Unclosed { .. })) = told {
                let hint = match error {
                    TellError::Unclosed { .. } => "close the block with a line of backticks".into(),
                    _ => "write the commands as a ```sh block, or choose an agent that reads prose: \
                          `--agent claude` (or codex, opencode, gemini, one of your own in orch.toml)"
                        .into(),
                };
                return Err(OpenError::Environment { message: error.to_string(), hint });
            }
        }
        Ok(())
    }
}

/// What an opening works with.
struct Start<'a> {
    plan: &'a PromptPlan,
    remembered: &'a Remembered,
    traces: &'a Traces,
    now: Time,
}

impl<'a> Start<'a> {
    fn id(&self, task: TaskIx) -> &'a str {
        self.plan.plan.id(task)
    }

    /// Ends the surviving workers that are not waited for. A run that starts anew waits for none.
    fn end_workers(&self, resumed: &Resumed, anew: bool, grace: Duration) -> Result<(), OpenError> {
        let unwanted = |id: &str| {
            anew || resumed.to_end.iter().any(|&task| self.id(task) == id)
                || !resumed.survivors.iter().any(|&task| self.id(task) == id)
        };
        for (id, worker) in self.traces.alive.iter().filter(|(id, _)| unwanted(id)) {
            let attempt = self.remembered.history.last_attempt(id);
            let marker = attempt_id(self.remembered.history.history, id, attempt);
            let gone = end_survivor(worker, &marker, grace)
                .map_err(OpenError::system("end the worker of an earlier run"))?;
            if !gone {
                return Err(OpenError::Environment {
                    message: format!(
                        "the worker of an earlier run of `{id}` (process {}) can't be ended",
                        worker.pid
                    ),
                    hint: "end it by hand, then run again".into(),
                });
            }
        }
        Ok(())
    }

    /// A run that starts anew goes on counting attempts, so that the id of an attempt never comes again.
    fn go_on_counting(&self, mut resumed: Resumed, anew: bool) -> Resumed {
        if anew && self.plan.plan.tasks().any(|task| self.remembered.history.last_attempt(self.id(task)) > 0)
        {
            let policy = resumed.run.policy().clone();
            resumed.run = Run::restore(Arc::clone(&self.plan.plan), policy, |task| Standing {
                attempt: self.remembered.history.last_attempt(self.id(task)),
                ..Standing::default()
            });
        }
        resumed
    }

    /// The state file to go on with. One that can't be gone on with is kept beside it under a dated name.
    fn state_file(
        &self,
        resumed: &Resumed,
        anew: bool,
        options: &RunOptions,
        base_branch: &str,
        notes: &mut Vec<String>,
    ) -> Result<StateFile, OpenError> {
        let path = self.plan.state_path();
        if !anew && let Some(state) = &self.remembered.state {
            let mut state = state.clone();
            for task in self.plan.plan.tasks() {
                // The rows are the plan's: resume has compared them.
                let _ = state.set_status(task.index(), resumed.run.status(task));
            }
            state.set_base_branch(base_branch);
            return Ok(state);
        }
        if std::fs::symlink_metadata(&path).is_ok() {
            let (reason, why) = match &resumed.beginning {
                _ if options.fresh => ("replaced", "a fresh start was asked for".to_owned()),
                Beginning::Anew(why @ orch_core::WhyAnew::Unreadable(_)) => ("unreadable", why.to_string()),
                Beginning::Anew(why) => ("unmatched", why.to_string()),
                _ => ("unreadable", "it can't be read; what it said is known from the history".to_owned()),
            };
            let kept = keep_aside(&path, reason, self.now)?;
            notes.push(format!("the state file is kept as {}: {why}", kept.display()));
        }
        let mut state = StateFile::create(&self.state(base_branch));
        for task in self.plan.plan.tasks() {
            let _ = state.set_status(task.index(), resumed.run.status(task));
        }
        Ok(state)
    }

    fn state(&self, base_branch: &str) -> State {
        let index = &self.plan.index;
        let value = |field: &Option<orch_state_md::index::Located<String>>| {
            field.as_ref().map(|field| field.value.clone())
        };
        let rows = self.plan.plan.tasks().map(|task| {
            let prompt = &index.prompts[task.index()];
            Row {
                status: Status::Pending,
                prompt_path: prompt.path.clone(),
                plan_path: Some(self.plan.plan_path(task)),
                tests: Some(prompt.tests.word().to_owned()),
                dependencies: prompt.depends_on.iter().map(|on| on.name.clone()).collect(),
                reqs: self.plan.requirements(task),
            }
        });
        State {
            objective: index.objective.clone(),
            prd_path: value(&index.prd_path),
            requirements_inventory: value(&index.requirements_inventory),
            base_branch: Some(base_branch.to_owned()),
            overall: Some(Overall::Running),
            validation: Some(Validation::None),
            current: 0,
            rows: rows.collect(),
        }
    }

    /// What the history is to say of how this run begins.
    fn entries(&self, resumed: &Resumed, anew: bool, options: &RunOptions) -> Vec<Entry<'a>> {
        let mut entries = Vec::new();
        if anew && !self.remembered.history.tasks.is_empty() {
            let why = match &resumed.beginning {
                _ if options.fresh => "a fresh start was asked for".to_owned(),
                Beginning::Anew(why) => why.to_string(),
                _ => "the state file is gone".to_owned(),
            };
            entries.push(Entry::Restarted { why: why.into() });
        }
        if !anew {
            let edits = self.remembered.edits.iter();
            entries.extend(edits.map(|(id, from, to)| Entry::Edited {
                task: id.as_str().into(),
                from: *from,
                to: *to,
            }));
            // Statuses from before the history began: a state file that another tool wrote.
            let unknown = self.plan.plan.tasks().filter(|&task| {
                let id = self.id(task);
                resumed.run.status(task) != Status::Pending && !self.remembered.history.tasks.contains_key(id)
            });
            entries.extend(unknown.map(|task| Entry::Edited {
                task: self.id(task).into(),
                from: Status::Pending,
                to: resumed.run.status(task),
            }));
        }
        entries
    }

    /// What the coming attempts may go on with.
    fn past(&self) -> HashMap<TaskIx, Past> {
        let known = |task: TaskIx| {
            let record = self.remembered.history.tasks.get(self.id(task))?;
            let outcome =
                record.outcome.or((record.status == Status::Running).then_some(orch_core::Outcome::Lost))?;
            let session = record.session.clone().filter(|session| !session.is_empty() && may_go_on(outcome));
            Some((task, Past { session, told: Some(told(outcome, record.detail.as_deref())) }))
        };
        self.plan.plan.tasks().filter_map(known).collect()
    }

    /// The events that settle earlier attempts. A worker that was to be ended may have finished just before: what it
    /// left then counts (unless receipts do not).
    fn settled(&self, resumed: &Resumed, home: &Home, profile: &Profile, strict: bool) -> Vec<Settled> {
        let settled = resumed.settle.iter().map(|event| {
            let Event::Ended { task, attempt, outcome } = *event else {
                return Settled { event: event.clone(), detail: None };
            };
            let id = self.id(task);
            if resumed.to_end.contains(&task)
                && !strict
                && let Some((outcome, detail)) = left_behind(home, profile, id, attempt, self.now)
            {
                return Settled { event: Event::Ended { task, attempt, outcome }, detail };
            }
            Settled { event: event.clone(), detail: self.traces.detail(id, outcome) }
        });
        settled.collect()
    }
}

/// Takes over the workers that are waited for; one that has gone meanwhile is settled by what it left.
fn adopt(
    workers: &mut AgentWorkers<PromptSystem>,
    resumed: &Resumed,
    traces: &Traces,
    settled: &mut Vec<Settled>,
) {
    for &task in &resumed.survivors {
        let attempt = resumed.run.attempt(task);
        let worker = &traces.alive[resumed.run.plan().id(task)];
        if workers.adopt(task, attempt, worker) {
            continue;
        }
        if let Notice::Ended { task, attempt, outcome, detail } = workers.gone(task, attempt) {
            settled.push(Settled { event: Event::Ended { task, attempt, outcome }, detail });
        }
    }
}

/// The good part of a damaged history, as entries of the one that follows it.
fn carried_over(before: &Folded) -> Vec<Entry<'static>> {
    let mut tasks: Vec<_> = before.tasks.iter().collect();
    tasks.sort_by_key(|(id, _)| id.as_str());
    let moved = tasks.into_iter().map(|(id, record)| Entry::Moved {
        task: id.clone().into(),
        attempt: record.attempt,
        from: Status::Pending,
        to: record.status,
        outcome: record.outcome,
        detail: record.detail.clone().map(Into::into),
        tries: record.tries,
        review_due: record.review_due,
    });
    moved.collect()
}

fn profile(options: &RunOptions, config: &Config) -> Result<Profile, OpenError> {
    let name = options.agent.as_deref().or(config.run.agent.as_deref()).unwrap_or(Builtin::Shell.name());
    let profile = resolve(name, &config.agents)?;
    if !is_shell(&profile) {
        profile.check()?;
    }
    Ok(profile)
}

/// The reviewer of this run. The default one is passed over in silence where it is not there (seed 002); one that was
/// asked for by name is missed.
pub(crate) fn reviewer(
    options: &RunOptions,
    config: &Config,
    folder: &Path,
    in_repository: bool,
    notes: &mut Vec<String>,
) -> Option<Reviewer> {
    let asked = match &config.run.review {
        _ if options.no_review => return None,
        Some(Command::Switch(false)) => return None,
        Some(Command::Switch(true)) | None => None,
        Some(Command::Argv(argv)) => Some(argv.clone()),
    };
    let by_name = asked.is_some();
    if !by_name && !in_repository {
        return None;
    }
    let reviewer = Reviewer::new(asked, folder, in_repository);
    if is_installed(reviewer.program(), folder) {
        return Some(reviewer);
    }
    if by_name {
        notes.push(format!("the reviewer `{}` is not installed: reviews are skipped", reviewer.program()));
    }
    None
}

/// The base branch: the recorded one when there is one, else as git knows it (seed 002, 0.5).
fn base_branch(plan: &PromptPlan, remembered: &Remembered, anew: bool, in_repository: bool) -> String {
    let recorded = remembered.state.as_ref().and_then(|state| state.state().base_branch);
    let recorded = recorded.or_else(|| remembered.history.base_branch.clone()).filter(|_| !anew);
    recorded.unwrap_or_else(|| {
        if in_repository { Git::at(&plan.folder).default_branch().name } else { "main".into() }
    })
}

pub(crate) fn select(plan: &PromptPlan, options: &RunOptions, run: &mut Run) -> Result<(), OpenError> {
    let mut selected: Vec<TaskIx> = Vec::new();
    for name in &options.only {
        selected.push(find(plan, name)?);
    }
    if let Some(name) = &options.until {
        selected.extend(plan.plan.with_needs(find(plan, name)?));
    }
    if !selected.is_empty() {
        run.select(selected);
    }
    Ok(())
}

/// The task that a person named.
///
/// # Errors
/// [`OpenError::Request`] with the nearest name.
pub(crate) fn find(plan: &PromptPlan, name: &str) -> Result<TaskIx, OpenError> {
    plan.plan.find(name).ok_or_else(|| OpenError::Request {
        code: "task.unknown",
        message: format!("there is no task `{name}` in the plan"),
        hint: match plan.plan.suggest(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`orch status` lists the tasks".into(),
        },
    })
}

fn order_word(order: orch_core::Order) -> &'static str {
    match order {
        orch_core::Order::List => "list",
        orch_core::Order::Graph => "graph",
    }
}

/// The root of the repository that `folder` is in, if it is in one.
pub(crate) fn repository_root(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}
