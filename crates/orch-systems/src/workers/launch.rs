//! From a task to a running worker: what it is told, its arguments, its environment, its files.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use orch_core::{Outcome, TaskIx, Time};
use orch_exec::agent::{Handover, ProfileError, Values, environment};
use orch_exec::process::{Launch, StartError, Stdin, Worker};
use orch_store::{StoreError, create_private};

use super::{Active, AgentWorkers, Kind, work_key};
use crate::system::{TellError, Telling};

/// How long a start is put off when the machine is out of processes or memory.
const OUT_OF_RESOURCES: Duration = Duration::from_secs(15);

impl AgentWorkers {
    pub(super) fn environment(&self, vars: &[(&str, OsString)]) -> Vec<(OsString, OsString)> {
        let always = [
            ("ORCH_RUN", OsString::from(&self.place.run_id)),
            ("ORCH_PLAN", self.system.plan_file().into()),
            ("ORCH_WORKTREE", self.place.folder.clone().into()),
            ("ORCH_BASE_BRANCH", OsString::from(&self.place.base_branch)),
        ];
        let vars = always.into_iter().chain(vars.iter().cloned());
        environment(&self.profile, std::env::vars_os(), vars)
    }

    /// Makes everything ready for an attempt and starts it.
    pub(super) fn launch(&mut self, task: TaskIx, attempt: u32) -> Result<(Worker, PathBuf), LaunchError> {
        let id = self.id(task);
        let past = self.past.get(&task).cloned().unwrap_or_default();
        let session = past.session.filter(|_| !self.profile.resume.is_empty());
        let told = self.system.tell(&Telling {
            profile: &self.profile,
            task,
            attempt,
            previous: past.told.as_deref(),
            base_branch: &self.place.base_branch,
        })?;
        let home = &self.place.home;
        home.clear(&id, attempt)?;
        let prompt_file = home.prompt(&id, attempt);
        let mut file = create_private(&prompt_file)?;
        file.write_all(told.text.as_bytes()).map_err(|source| StoreError::Io {
            path: prompt_file.clone(),
            step: "write",
            source,
        })?;
        drop(file);
        let (argv, stdin) = match told.shell {
            Some(shell) => (vec![shell.into(), prompt_file.clone().into()], Stdin::Null),
            None => {
                let values = Values {
                    prompt_file: &prompt_file,
                    prompt: &told.text,
                    task: &id,
                    attempt: &attempt.to_string(),
                    plan: self.system.plan_file(),
                    worktree: Some(&self.place.folder),
                    session: session.as_deref(),
                };
                let stdin = match self.profile.prompt {
                    Handover::Stdin => Stdin::File(prompt_file.clone()),
                    Handover::File | Handover::Arg => Stdin::Null,
                };
                (self.profile.argv(&values)?, stdin)
            }
        };
        let log = home.log(&id, attempt);
        // A history that was lost may have had an attempt of this number; its output is not this one's.
        if log.exists() {
            let _ = fs::rename(&log, log.with_extension("log.old"));
        }
        let receipt = home.receipt(&id, attempt);
        let launch = Launch {
            argv,
            cwd: self.place.folder.clone(),
            env: self.environment(&[
                ("ORCH_TASK", OsString::from(&id)),
                ("ORCH_PROMPT_FILE", prompt_file.into()),
                ("ORCH_RESULT", home.result(&id, attempt).into()),
            ]),
            stdin,
            log: log.clone(),
            receipt: Some(receipt),
            marker: self.place.attempt_id(&id, attempt),
        };
        let worker = self.processes.start(work_key(task), &launch)?;
        let resumed = session.is_some();
        let kind = Kind::Work { resumed, session: None, profile: None };
        self.active.insert(work_key(task), Active { task, attempt, kind, stopped: None });
        Ok((worker, log))
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
    #[error(transparent)]
    Start(#[from] StartError),
}

impl LaunchError {
    /// What it means for the attempt: a prompt that can't be handed over is the task's own fault, a missing program
    /// is the environment's, and a machine that is full will have room again.
    pub(super) fn means(&self, now: Time) -> Outcome {
        match self {
            LaunchError::Tell(TellError::Template(_)) => Outcome::CouldNotStart,
            // A prompt that is gone is the plan's fault; one that can't be read just now is nobody's.
            LaunchError::Tell(TellError::Read { source, .. }) if source.kind() != io::ErrorKind::NotFound => {
                Outcome::CouldNotStart
            }
            LaunchError::Tell(_) => Outcome::Failed,
            LaunchError::Start(error) if error.is_transient() => {
                Outcome::RateLimited { until: Some(now + OUT_OF_RESOURCES) }
            }
            LaunchError::Profile { .. } | LaunchError::Store(_) | LaunchError::Start(_) => {
                Outcome::CouldNotStart
            }
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
