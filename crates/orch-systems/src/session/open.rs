//! Opening a plan: its lock, what is remembered, what became of it, and everything the run will need.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use orch_core::{Beginning, Event, Plan, ResumeRules, Run, Status, TaskIx, resume};
use orch_exec::agent::{Profile, resolve};
use orch_exec::process::{Settings, Witnessing};
use orch_exec::tmux::sweep_launch_files;
use orch_git::Git;
use orch_run::{Clock, SystemClock};
use orch_store::{Folded, HistoryWriter, Holder, Home, Lock, LockError, Note, What as Entry};
use rustix::process::{Pid, test_kill_process};

use super::beginning::{Start, carried_over};
use super::settle::{Profiles, Traces};
use super::{RunOptions, Session};
use crate::config::Survivors;
use crate::memory::forget_limits;
use crate::store::RunStore;
use crate::system::{Coming, Keeper, Remembered, SetUp, System, TellError, Telling, is_shell};
use crate::workers::{AgentWorkers, Place, is_installed};
use crate::{AnyPlan, Config, OpenError, Opening};

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
    pub fn open(plan: impl Into<Opening>, options: RunOptions) -> Result<Self, OpenError> {
        let (plan, ahead) = plan.into().into_parts();
        let (source, graph) = (plan.source(), plan.plan());
        let clock = SystemClock::new();
        let now = clock.now();
        let home = Home::open(plan.folder(), plan.name())?;
        let holder = Holder {
            pid: std::process::id(),
            start: String::new(),
            since: now,
            command: options.command.clone(),
        };
        let locks = Locks::acquire(&home, source.guard().as_deref(), &holder)?;
        let mut notes = source.prepare(options.fresh, now)?;
        let project = plan.project_folder();
        let root = repository_root(project);
        let config = Config::find(project, root.as_deref().unwrap_or(project))?;
        let defaults = source.defaults();
        let profile = profile(&options, &config, defaults.agent)?;
        let chosen = chosen(graph, &options)?;
        let durability = options.durability(&config);

        let (mut history, folded, opened) =
            HistoryWriter::open_after(&home.history(), durability, plan.name(), now, ahead)?;
        let history_id = folded.history;
        notes.extend(opened.iter().map(ToString::to_string));
        let damaged = opened.into_iter().find_map(|note| match note {
            Note::Damaged { before, .. } => Some(*before),
            Note::TornTail { .. } => None,
        });
        // What the good part of a damaged history says still counts: it is carried over into the new one.
        let carried = damaged.as_ref().map(carried_over).unwrap_or_default();
        history.append(now, &carried)?;
        let (mut remembered, mut keeper) =
            source.remember(damaged.unwrap_or(folded), Some(&home), options.strict_resume)?;
        notes.extend(remembered.notes.iter().cloned());
        let was_cut_off = remembered.history.run.as_ref().is_some_and(|run| run.ended.is_none());
        // The last write of the state files comes after the end of the run was written down.
        if was_cut_off || keeper.must_mend() || keeper.writes_outside_runs() {
            keeper.sweep()?;
            home.sweep()?;
        }
        // Before it is looked who still works: a terminal that tmux opens late finds nothing to run then. What is left
        // of a run that nobody remembers goes as well: it may hold secrets.
        if was_cut_off || remembered.history.run.is_none() {
            sweep_launch_files(&home.prompts()).map_err(OpenError::system("remove old launch files"))?;
        }

        let set_up = SetUp { config: &config, options: &options, root: root.as_deref(), notes: &mut notes };
        let system: Rc<dyn System> = Rc::from(source.system(set_up));
        let policy = options.policy(&config, system.reviewer().is_some(), &defaults);
        let profiles = Profiles { config: &config, otherwise: &profile };
        let unreadable = || OpenError::system("look at what an earlier run left");
        let took_before = remembered.history.took(None);
        let traces =
            Traces::look(&remembered.history, &home, &*system, profiles, now).map_err(unreadable())?;
        let rules = ResumeRules {
            same_list: defaults.same_list,
            trust_receipts: !options.strict_resume,
            wait_for_survivors: !options.end_survivors && config.run.survivors != Some(Survivors::End),
        };
        let last_agent = remembered.history.run.as_ref().and_then(|run| run.agent.as_deref());
        if last_agent != Some(&profile.name) {
            forget_limits(&mut remembered.memory);
        }
        if options.fresh {
            remembered.memory = source.fresh(&remembered.history);
            // What a fresh start has otherwise than the history is written down: the next orch reads it there.
            remembered.edits = remembered.differences();
        }
        let memory = &remembered.memory;
        let resumed = resume(Arc::clone(graph), policy, memory, rules, |task| traces.evidence(task));
        let anew = !matches!(resumed.beginning, Beginning::Continued { .. });
        let base_branch = base_branch(&plan, &remembered, &*keeper, anew, root.is_some());

        let beginning =
            Start { plan: graph, remembered: &remembered, traces: &traces, system: &*system, now };
        beginning.end_workers(&resumed, anew, config.run.grace.unwrap_or(GRACE))?;
        let resumed = beginning.go_on_counting(resumed, anew);
        keeper.go_on(&resumed, &base_branch, options.fresh);
        notes.extend(resumed.survivors.iter().map(|&task| traces.note(graph.id(task))));
        let run_id = format!("{:x}-{:x}", now.as_millis(), std::process::id());
        let mut entries = beginning.entries(&resumed, anew, &options);
        if remembered.history.base_branch.as_ref() != Some(&base_branch) || anew {
            entries.push(Entry::Base { branch: base_branch.clone().into() });
        }
        let opening: Vec<Entry<'static>> = entries.into_iter().map(Entry::into_owned).collect();

        let folder = root.unwrap_or_else(|| project.to_owned());
        let place = Place { home, folder, base_branch, run_id, history: history_id };
        let settings = Settings {
            adopt_orphans: true,
            grace: config.run.grace.unwrap_or(GRACE),
            log_cap: config.run.log_cap_mib.map_or(Settings::default().log_cap, |mib| mib << 20),
        };
        keeper.agent(&profile.name);
        let executor = options.executor(&config, defaults.sessions, &mut notes)?;
        if executor.has_sessions() {
            keeper
                .terminals(graph.tasks().map(|task| system.session_name(task).as_str().to_owned()).collect());
        }
        let witnessing = match &options.witness {
            Some(words) => Some(Witnessing {
                words: words.clone(),
                holds: locks.plan.share().map_err(OpenError::system("share the lock"))?,
            }),
            None => None,
        };
        let strict = options.strict_resume;
        let mut settled = beginning.settled(&resumed, &place.home, profiles, strict).map_err(unreadable())?;
        let mut workers =
            AgentWorkers::new(Rc::clone(&system), profile.clone(), place.clone(), executor, settings, clock)
                .map_err(OpenError::system("watch processes"))?
                .with_linger(config.run.linger)
                .with_witness(witnessing);
        beginning.adopt(&mut workers, &resumed, &place.home, profiles, &mut settled).map_err(unreadable())?;
        let beginning = resumed.beginning;
        let mut run = resumed.run;
        if let Some(chosen) = &chosen {
            run.select(chosen.iter().copied());
        }
        for condition in system.holding() {
            run.apply(Event::Holds { condition }, now).map_err(orch_run::DriveError::from)?;
        }
        if let Some(task) = keeper.paused_for() {
            run.apply(Event::Pause { task }, now).map_err(orch_run::DriveError::from)?;
        }
        if defaults.waits {
            notes.extend(awaited(&run));
        }
        let store =
            RunStore::new(Arc::clone(graph), (history, history_id), keeper, durability, workers.plan_paths());
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
            beginning,
            chosen,
            was_cut_off,
            opening,
            history: if anew { Folded::default() } else { remembered.history },
            began: None,
            took_before: if anew { Duration::ZERO } else { took_before },
            _locks: locks,
        })
    }

    /// Refuses to begin what can't be done: an agent that is not installed, prompts that the shell has nothing of.
    pub(super) fn check_environment(&self) -> Result<(), OpenError> {
        let mut to_do: Vec<TaskIx> =
            self.plan.plan().tasks().filter(|&task| self.run.status(task) == Status::Pending).collect();
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
            let told = system.tell(&Telling {
                profile,
                coming: Coming { task, attempt: 1, reworks: 0 },
                ground: None,
                others: &[],
                home: None,
                previous: None,
                base_branch: &self.place.base_branch,
            });
            if let Err(
                error @ (TellError::NoCommands { .. }
                | TellError::Unclosed { .. }
                | TellError::NeedsAgent { .. }),
            ) = told
            {
                let hint = match error {
                    TellError::Unclosed { .. } => "close the block with a line of backticks".into(),
                    TellError::NeedsAgent { .. } => {
                        "choose an agent that reads prose: `--agent claude` (or codex, \
                                                     opencode, gemini, one of your own in orch.toml)"
                            .into()
                    }
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

/// What tasks wait for that nothing in the plan brings about: whoever sees nothing happen should know.
fn awaited(run: &Run) -> Vec<String> {
    let pending = run.plan().tasks().filter(|&task| run.status(task) == Status::Pending);
    let note = |task: TaskIx| {
        let what = run.awaits(task).next()?;
        Some(format!("`{}` waits for {what}, which is not there yet", run.plan().id(task)))
    };
    pending.filter_map(note).collect()
}

/// What whoever has a plan holds: its lock, and its [guard](crate::system::Source::guard).
pub(super) struct Locks {
    plan: Lock,
    _guard: Option<Lock>,
}

impl Locks {
    fn acquire(home: &Home, guard: Option<&Path>, holder: &Holder) -> Result<Self, LockError> {
        let plan = acquire(&home.lock(), holder)?;
        Ok(Self { plan, _guard: guard.map(|guard| acquire(guard, holder)).transpose()? })
    }
}

/// Takes the plan's lock. One whose holder was just killed is held for an instant longer: by the process itself while it
/// goes away, or by a worker that was being started and had not become its own program yet.
pub(crate) fn acquire(path: &Path, holder: &Holder) -> Result<Lock, LockError> {
    const TRIES: u32 = 100;
    /// Tries for a holder that still has its number: fifty milliseconds.
    const ANYWAY: u32 = 5;
    let is_dead = |pid: u32| {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        pid.is_some_and(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
    };
    for tried in 0..TRIES {
        match Lock::acquire(path, holder) {
            Err(LockError::Held(Some(by))) if tried < ANYWAY || is_dead(by.pid) => {
                std::thread::sleep(Duration::from_millis(10))
            }
            taken => return taken,
        }
    }
    Lock::acquire(path, holder)
}

fn profile(options: &RunOptions, config: &Config, default: &str) -> Result<Profile, OpenError> {
    let name = options.agent.as_deref().or(config.run.agent.as_deref()).unwrap_or(default);
    let profile = resolve(name, &config.agents)?;
    if !is_shell(&profile) {
        profile.check()?;
    }
    Ok(profile)
}

/// The base branch: the recorded one when there is one, else as git knows it (seed 002, 0.5).
fn base_branch(
    plan: &AnyPlan,
    remembered: &Remembered,
    keeper: &dyn Keeper,
    anew: bool,
    in_repository: bool,
) -> String {
    if let Some(known) = plan.source().base_branch() {
        return known;
    }
    let recorded = keeper.base_branch().or_else(|| remembered.history.base_branch.clone());
    recorded.filter(|_| !anew).unwrap_or_else(|| {
        if in_repository { Git::at(plan.project_folder()).default_branch().name } else { "main".into() }
    })
}

/// The tasks that a person chose for a run; none when all are meant.
///
/// # Errors
/// [`OpenError::Request`] for a task that is not in the plan.
pub(crate) fn chosen(plan: &Plan, options: &RunOptions) -> Result<Option<Vec<TaskIx>>, OpenError> {
    let mut chosen: Vec<TaskIx> =
        options.only.iter().map(|name| find(plan, name)).collect::<Result<_, _>>()?;
    if let Some(name) = &options.until {
        chosen.extend(plan.with_needs(find(plan, name)?));
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(Some(chosen).filter(|chosen| !chosen.is_empty()))
}

/// The task that a person named.
///
/// # Errors
/// [`OpenError::Request`] with the nearest name.
pub(crate) fn find(plan: &Plan, name: &str) -> Result<TaskIx, OpenError> {
    plan.find(name).ok_or_else(|| OpenError::Request {
        code: "task.unknown",
        message: format!("there is no task `{name}` in the plan"),
        hint: match plan.suggest(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`orch status` lists the tasks".into(),
        },
    })
}

/// The root of the repository that `folder` is in, if it is in one.
pub(crate) fn repository_root(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}
