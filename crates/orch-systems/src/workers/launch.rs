//! From a task to a running worker: what it is told, its arguments, its environment, its files.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orch_core::{Outcome, TaskIx, Time};
use orch_exec::agent::{Handover, McpServer, ProfileError, Values, environment};
use orch_exec::process::{Ended, Exit, Launch, StartError, Stdin, Worker};
use orch_exec::tmux::TmuxError;
use orch_run::{Clock, Notice, Started, WorkerIdentity};
use orch_store::{StoreError, replace_private};

use super::executor::Begun;
use super::{Active, AgentWorkers, Work, identity};
use crate::system::{Coming, Ground, GroundError, TellError, Telling, Told, Tools, is_shell};

const NO_VARS: [(&str, OsString); 0] = [];

/// How long a start is put off when the machine is out of processes or memory.
const OUT_OF_RESOURCES: Duration = Duration::from_secs(15);

impl AgentWorkers {
    /// What a process of orch's finds in its environment, in the place of an attempt or in the plan's.
    pub(super) fn environment(
        &self,
        ground: Option<&Ground>,
        vars: &[(&str, OsString)],
    ) -> Vec<(OsString, OsString)> {
        let folder = ground.map_or(&self.place.folder, |ground| &ground.folder);
        let base_branch = ground.map_or(&self.place.base_branch, |ground| &ground.base_branch);
        let always = [
            ("ORCH_RUN", OsString::from(&self.place.run_id)),
            ("ORCH_PLAN", self.system.plan_file().into()),
            ("ORCH_WORKTREE", folder.into()),
            ("ORCH_BASE_BRANCH", base_branch.into()),
        ];
        let own: Vec<_> = always.into_iter().chain(vars.iter().cloned()).collect();
        // What is the same for all of a run is put together once: a tenth of orch's part in a start otherwise.
        let shared = self.shared_env.get_or_init(|| environment(&self.profile, std::env::vars_os(), NO_VARS));
        let is_own = |name: &OsString| own.iter().any(|(known, _)| name == known);
        let shared = shared.iter().filter(|(name, _)| !is_own(name)).cloned();
        let mut all: Vec<_> =
            shared.chain(own.iter().map(|(name, value)| (name.into(), value.clone()))).collect();
        all.sort();
        all
    }

    /// Makes everything ready for an attempt and starts it, or what has to be done before.
    pub(super) fn launch(&mut self, coming: Coming) -> Result<Started, LaunchError> {
        let Coming { task, attempt, .. } = coming;
        let id = self.id(task);
        self.clear(&id, attempt)?;
        if self.take_up_claim(coming) {
            return Ok(Started::default());
        }
        let session = self.executor.has_sessions().then(|| self.system.session_name(task));
        let ground = self.system.ground(&self.place, coming, session.as_ref())?;
        let note = ground.note.clone();
        self.to_tell.extend(note.map(|text| Notice::Alert { task: Some(task), text }));
        if !ground.set_up.is_empty() {
            let commands = ground.set_up.iter().cloned().collect();
            self.set_up(coming, ground, commands)?;
            return Ok(Started::default());
        }
        let (worker, log) = self.work(coming, &ground)?;
        Ok(Started { worker, log: Some(log) })
    }

    /// Removes what is there under the names of a coming attempt. What there is was looked up once: nobody else makes such
    /// files.
    fn clear(&mut self, id: &str, attempt: u32) -> Result<(), StoreError> {
        let home = &self.place.home;
        let leftovers = match self.leftovers.take() {
            Some(leftovers) => leftovers,
            None => home.leftovers()?,
        };
        let leftovers = self.leftovers.insert(leftovers);
        if leftovers.has(id, attempt) {
            home.clear(id, attempt)?;
            let log = home.log(id, attempt);
            // The output of an attempt of a history that was lost is not this one's.
            let _ = fs::rename(&log, log.with_extension("log.old"));
        }
        Ok(())
    }

    /// Goes on with what the worker of the attempt before has claimed, if that was stopped before anybody looked at it.
    fn take_up_claim(&mut self, coming: Coming) -> bool {
        let Coming { task, attempt, .. } = coming;
        let id = self.id(task);
        let home = &self.place.home;
        // An attempt that was recorded and never begun, because its orch was ended, is not the one before.
        let has_begun = |attempt: &u32| {
            home.claim(&id, *attempt).is_file()
                || home.prompt(&id, *attempt).exists()
                || home.log(&id, *attempt).exists()
        };
        let before = (1..attempt).rev().find(has_begun).unwrap_or_default();
        let note = home.claim(&id, before);
        // A plan that was begun anew knows of no attempt before.
        let goes_on = self.past.contains_key(&task)
            && note.is_file()
            && self.system.renew_claim(&self.place.home, task, before, attempt);
        if goes_on {
            let _ = fs::remove_file(&note);
            self.working(task, attempt, Work::default());
            self.ended.push(Ended { key: self.keys.work(task), exit: Exit::Code(0) });
        }
        goes_on
    }

    /// Starts the worker of an attempt in the place that was made for it.
    pub(super) fn work(
        &mut self,
        coming: Coming,
        ground: &Ground,
    ) -> Result<(Option<WorkerIdentity>, PathBuf), LaunchError> {
        let Coming { task, attempt, .. } = coming;
        let id = self.id(task);
        let past = self.past.get(&task).cloned().unwrap_or_default();
        let session = past.session.filter(|_| !self.profile.resume.is_empty());
        let others: Vec<TaskIx> = self.under_way.iter().copied().filter(|&other| other != task).collect();
        let telling = Telling {
            profile: &self.profile,
            coming,
            ground: Some(ground),
            others: &others,
            home: Some(&self.place.home),
            previous: past.told.as_deref(),
            base_branch: &ground.base_branch,
        };
        let told = match self.profile.prompt {
            Handover::None if !is_shell(&self.profile) => None,
            _ => Some(self.system.tell(&telling)?),
        };
        let prompt_file = match &told {
            Some(told) => Some(self.prompt_file(&id, attempt, &told.text)?),
            None => None,
        };
        let tools = self.tools(task, attempt)?;
        let (argv, stdin) = match (&told, &prompt_file) {
            (Some(Told { shell: Some(shell), .. }), Some(file)) => {
                (vec![shell.into(), file.into()], Stdin::Null)
            }
            _ => {
                let (file, text) = (prompt_file.as_deref(), told.as_ref().map_or("", |told| &*told.text));
                let file = file.unwrap_or(Path::new(""));
                let model = self.system.model(task);
                let mcp = tools.as_ref().map(ToolServer::as_told);
                let manner = Manner { session: session.as_deref(), model: model.as_deref(), mcp };
                self.agent_command(file, text, (&id, attempt), &ground.folder, manner)?
            }
        };
        let home = &self.place.home;
        let log = home.log(&id, attempt);
        let receipt = home.receipt(&id, attempt);
        let mut vars =
            vec![("ORCH_TASK", OsString::from(&id)), ("ORCH_RESULT", ground.result.clone().into())];
        vars.extend(self.system.variables());
        vars.extend(prompt_file.map(|file| ("ORCH_PROMPT_FILE", file.into())));
        vars.extend(tools.map(|tools| ("ORCH_MCP_CONFIG", tools.config.into())));
        let launch = Launch {
            argv,
            cwd: ground.folder.clone(),
            env: self.environment(Some(ground), &vars),
            stdin,
            log: log.clone(),
            receipt: Some(receipt),
            marker: self.place.attempt_id(&id, attempt),
        };
        let session_name = self.system.session_name(task);
        let folder = home.prompts();
        let started =
            self.executor.start(&mut self.processes, self.keys.work(task), launch, &session_name, &folder)?;
        let worker = match started {
            Begun::Runs(worker) => Some(identity(worker)),
            Begun::Ended(exit) => {
                self.ended.push(Ended { key: self.keys.work(task), exit });
                None
            }
        };
        self.working(task, attempt, Work { resumed: session.is_some(), ..Work::default() });
        Ok((worker, log))
    }

    /// What has become of a worker that was begun, where that is not what was said then.
    pub(super) fn is_otherwise(&mut self, key: u64, worker: Result<Worker, StartError>) -> Option<Notice> {
        let &Active { task, attempt, .. } = self.active.get(&key)?;
        Some(match worker {
            Ok(worker) => {
                let log = self.place.home.log(&self.id(task), attempt);
                Notice::Worker { task, attempt, worker: Some(identity(worker)), log: Some(log) }
            }
            Err(error) => {
                self.active.remove(&key);
                let error = LaunchError::from(error);
                let outcome = error.means(self.clock.now());
                Notice::Ended { task, attempt, outcome, detail: Some(error.to_string()) }
            }
        })
    }

    /// Writes what a worker is told to a file of its own that nobody else can read or swap.
    pub(super) fn prompt_file(&self, name: &str, attempt: u32, text: &str) -> Result<PathBuf, StoreError> {
        let path = self.place.home.prompt(name, attempt);
        replace_private(&path, text.as_bytes())?;
        Ok(path)
    }

    /// The tools that the task's worker is given, written down where its agent reads of them.
    fn tools(&self, task: TaskIx, attempt: u32) -> Result<Option<ToolServer>, StoreError> {
        let Some(Tools { server, argv }) = self.system.tools(task) else { return Ok(None) };
        let config = self.place.home.tools(&self.id(task), attempt);
        let server = ToolServer { name: server, config, argv };
        replace_private(&server.config, server.as_told().settings().as_bytes())?;
        Ok(Some(server))
    }

    /// The arguments and the input of the agent for a prompt.
    pub(super) fn agent_command(
        &self,
        prompt_file: &Path,
        prompt: &str,
        (task, attempt): (&str, u32),
        folder: &Path,
        manner: Manner<'_>,
    ) -> Result<(Vec<OsString>, Stdin), ProfileError> {
        let values = Values {
            prompt_file,
            prompt,
            task,
            attempt: &attempt.to_string(),
            plan: self.system.plan_file(),
            worktree: Some(folder),
            session: manner.session,
            model: manner.model,
            mcp: manner.mcp,
        };
        let stdin = match self.profile.prompt {
            Handover::Stdin => Stdin::File(prompt_file.to_owned()),
            Handover::File | Handover::Arg | Handover::None => Stdin::Null,
        };
        Ok((self.profile.argv(&values)?, stdin))
    }
}

/// How an agent is to go about it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner<'a> {
    /// The session that it goes on with.
    pub(super) session: Option<&'a str>,
    /// The model that is recommended.
    pub(super) model: Option<&'a str>,
    /// The tools that it is given.
    pub(super) mcp: Option<McpServer<'a>>,
}

/// Tools for one attempt, and where its agent reads of them.
struct ToolServer {
    name: &'static str,
    config: PathBuf,
    argv: Vec<String>,
}

impl ToolServer {
    fn as_told(&self) -> McpServer<'_> {
        let (program, args) = self.argv.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
        McpServer { name: self.name, config: &self.config, program, args }
    }
}

/// Why an attempt could not be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    #[error(transparent)]
    Tell(#[from] TellError),
    #[error("{source}; {}", source.hint())]
    Profile {
        #[from]
        source: ProfileError,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{source}{}", source.hint().map(|hint| format!("; {hint}")).unwrap_or_default())]
    Start {
        #[from]
        source: StartError,
    },
    #[error(transparent)]
    Ground(#[from] GroundError),
    #[error(transparent)]
    Terminal(#[from] TmuxError),
}

impl LaunchError {
    /// Whether it is the machine's fault, which has no room for a process or a file, rather than that of what was to be
    /// started.
    pub(super) fn is_the_machines(&self) -> bool {
        match self {
            LaunchError::Start { source } => {
                source.is_transient() || matches!(source, StartError::Log { .. })
            }
            LaunchError::Store(_) => true,
            _ => false,
        }
    }

    /// What it means for the attempt: a prompt that can't be handed over is the task's own fault, a missing program
    /// is the environment's, and a machine that is full will have room again.
    pub(super) fn means(&self, now: Time) -> Outcome {
        match self {
            LaunchError::Tell(TellError::Template(_)) => Outcome::CouldNotStart,
            // A prompt that is gone is the plan's fault; one that can't be read just now is nobody's.
            LaunchError::Tell(TellError::Read { source, .. }) if source.kind() != io::ErrorKind::NotFound => {
                Outcome::CouldNotStart
            }
            LaunchError::Tell(_) | LaunchError::Ground(GroundError::Task(_)) => Outcome::Failed,
            LaunchError::Start { source } if source.is_transient() => {
                Outcome::RateLimited { until: Some(now + OUT_OF_RESOURCES) }
            }
            LaunchError::Profile { .. }
            | LaunchError::Store(_)
            | LaunchError::Start { .. }
            | LaunchError::Ground(GroundError::Environment(_))
            | LaunchError::Terminal(_) => Outcome::CouldNotStart,
        }
    }
}

/// Whether a program can be found the way a worker's will be: with a slash beneath `folder`, else on the `PATH`.
pub(crate) fn is_installed(program: &str, folder: &Path) -> bool {
    let executable = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return executable(&folder.join(program));
    }
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.is_absolute() && executable(&folder.join(program)))
    })
}
