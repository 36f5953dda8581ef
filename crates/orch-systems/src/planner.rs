//! The agent that makes a plan of a wish, for whichever system: it is handed orch's tools, and what it has stored with them
//! counts.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::mem::replace;
use std::path::{Path, PathBuf};

use orch_core::Time;
use orch_exec::agent::{End, Handover, McpServer, Profile, Reading, Values, environment};
use orch_exec::process::{Exit, Launch, Processes, Settings, Stdin, end_survivor, survivors};
use orch_state_sqlite::workspace_hash;
use orch_store::{Home, replace_private};

use crate::OpenError;
use crate::control::{Asker, Control};
use crate::evidence::Evidence;
use crate::system::is_shell;
use crate::workers::{is_installed, run_to_end, said};

/// What such an agent is for, where it works, and what it is handed.
pub(crate) struct Errand {
    /// Its name among orch's own files, by which it is known wherever it went: one of that name at a time in a home.
    pub(crate) name: &'static str,
    /// What a person calls it, such as `planning agent`.
    pub(crate) called: &'static str,
    /// The folder that it works in.
    pub(crate) folder: PathBuf,
    /// What it finds as the plan.
    pub(crate) plan: PathBuf,
    /// The tools that it has to use, if any.
    pub(crate) tools: Option<Handed>,
}

/// The tools that an agent has to use.
pub(crate) struct Handed {
    /// The name under which it finds them.
    pub(crate) server: &'static str,
    /// The program that serves them, and its arguments; none where there is no program that could be told.
    pub(crate) argv: Option<Vec<String>>,
}

/// How an agent ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// How it ended, if that was not well.
    pub(crate) badly: Option<String>,
    /// The last that it said, as far as that can be told from the rest of its output.
    pub(crate) said: Option<String>,
}

/// The agent that plans, with orch's tools in its hands.
pub(crate) struct Planner {
    profile: Profile,
    home: Home,
    errand: Errand,
    attempt: u32,
    processes: Processes,
    control: Control,
}

impl Planner {
    pub(crate) fn new(profile: Profile, home: Home, errand: Errand) -> Result<Self, OpenError> {
        let processes = Processes::new(Settings::default()).map_err(OpenError::system("watch processes"))?;
        let control = Control::new(processes.waker());
        Ok(Self { profile, home, errand, attempt: 0, processes, control })
    }

    pub(crate) fn agent(&self) -> &str {
        &self.profile.name
    }

    pub(crate) fn asker(&mut self) -> Asker {
        self.control.asker()
    }

    /// Whether it has been asked before.
    pub(crate) fn has_tried(&self) -> bool {
        self.attempt > 0
    }

    /// Where its output is.
    pub(crate) fn log(&self) -> PathBuf {
        self.home.log(self.errand.name, self.attempt)
    }

    /// By which it is known wherever it went: the same for all that have this home, of which there is one at a time.
    fn marker(&self) -> String {
        format!("{}-{}", self.errand.name, workspace_hash(self.home.folder()))
    }

    /// Ends one that outlived the orch that had it plan, with all that it started; what was found, for a person.
    ///
    /// # Errors
    /// [`OpenError::Environment`] when it can't be ended.
    pub(crate) fn end_earlier(&self) -> Result<Option<String>, OpenError> {
        let marker = self.marker();
        let Some((_, worker)) = survivors(&[&marker]).into_iter().next() else { return Ok(None) };
        let gone = end_survivor(&worker, &marker, Settings::default().grace);
        let called = self.errand.called;
        match gone.map_err(OpenError::system("end the agent of an earlier `orch generate`"))? {
            true => Ok(Some(format!(
                "the {called} of an earlier `orch generate` was still at work (process {}), and was ended",
                worker.pid
            ))),
            false => Err(OpenError::Environment {
                message: format!(
                    "the {called} of an earlier `orch generate` (process {}) can't be ended",
                    worker.pid
                ),
                hint: "end it by hand, then call `orch generate` again".into(),
            }),
        }
    }

    /// Orch's own files for what is planned.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Runs another agent on another errand to its end, for the `attempt`th time, in the same home and under the same control:
    /// whoever was asked to end this one ends that one.
    ///
    /// # Errors
    /// Those of [`run`](Self::run) and [`end_earlier`](Self::end_earlier).
    pub(crate) fn run_another(
        &mut self,
        (profile, errand, attempt): (Profile, Errand, u32),
        told: &str,
        now: Time,
        notes: &mut Vec<String>,
    ) -> Result<Ended, OpenError> {
        let own = (replace(&mut self.profile, profile), replace(&mut self.errand, errand), self.attempt);
        self.attempt = attempt - 1;
        let ended = match self.end_earlier() {
            Ok(note) => {
                notes.extend(note);
                self.run(told, now, notes)
            }
            Err(error) => Err(error),
        };
        (self.profile, self.errand, self.attempt) = own;
        ended
    }

    /// Runs it to its end.
    pub(crate) fn run(&mut self, told: &str, now: Time, notes: &mut Vec<String>) -> Result<Ended, OpenError> {
        self.attempt += 1;
        let name = self.errand.name;
        let failed = || OpenError::system("hand the agent its prompt");
        let write = |path: &Path, text: &str| {
            replace_private(path, text.as_bytes()).map_err(io::Error::other).map_err(failed())
        };
        let prompt_file = self.home.prompt(name, self.attempt);
        write(&prompt_file, told)?;
        let config = self.home.tools(name, self.attempt);
        let server = self.errand.tools.as_ref().and_then(|tools| {
            let (program, args) = tools.argv.as_deref()?.split_first()?;
            Some(McpServer { name: tools.server, config: &config, program, args })
        });
        if let Some(server) = &server {
            write(&config, &server.settings())?;
        }
        if let Some(tools) = self.errand.tools.as_ref().filter(|_| self.profile.mcp.is_empty()) {
            notes.push(format!(
                "the agent `{}` is not handed orch's tools (`mcp` in its profile); it needs a `{}` server of its own",
                self.profile.name, tools.server
            ));
        }
        let attempt = self.attempt.to_string();
        let values = Values {
            prompt_file: &prompt_file,
            prompt: told,
            task: name,
            attempt: &attempt,
            plan: &self.errand.plan,
            worktree: Some(&self.errand.folder),
            session: None,
            model: None,
            mcp: server,
        };
        let log = self.home.log(self.errand.name, self.attempt);
        make_way(&log).map_err(failed())?;
        let mut own = vec![
            ("ORCH_TASK", OsString::from(name)),
            ("ORCH_PLAN", self.errand.plan.clone().into()),
            ("ORCH_PROMPT_FILE", prompt_file.clone().into()),
        ];
        if self.errand.tools.is_some() {
            own.push(("ORCH_MCP_CONFIG", config.clone().into()));
        }
        let launch = Launch {
            argv: self.profile.argv(&values)?,
            cwd: self.errand.folder.clone(),
            env: environment(&self.profile, std::env::vars_os(), own),
            stdin: match self.profile.prompt {
                Handover::Stdin => Stdin::File(prompt_file),
                Handover::File | Handover::Arg | Handover::None => Stdin::Null,
            },
            log: log.clone(),
            receipt: None,
            marker: self.marker(),
        };
        let (ended, _) = run_to_end(&mut self.processes, &mut self.control, &launch, None);
        let exit = match ended {
            Ok(exit) => exit,
            Err(why) => return Ok(Ended { badly: Some(why), said: None }),
        };
        let evidence = Evidence::of_log(&log, &self.profile, exit, now)
            .map_err(OpenError::system("read what the agent said"))?;
        let Reading { end, text, detail, .. } = evidence.reading;
        let badly = match (end, exit) {
            (End::RateLimited { .. }, _) => Some("its provider refuses work for now".into()),
            (_, Exit::Code(0)) => None,
            (_, exit) => Some(detail.unwrap_or_else(|| said(exit))),
        };
        Ok(Ended { badly, said: text })
    }
}

/// Refuses an agent that can't be run. What it would do, `instead` says how to do without it, such as "write the streams
/// yourself".
pub(crate) fn check(profile: &Profile, project: &Path, instead: &str) -> Result<(), OpenError> {
    let name = &profile.name;
    if is_shell(profile) {
        return Err(OpenError::Environment {
            message: "the agent `shell` only runs commands, and can't plan".into(),
            hint: format!("choose one with `--agent NAME`, or {instead}"),
        });
    }
    profile.check()?;
    let program = profile.command.first().map_or("", String::as_str);
    if !program.contains('{') && !is_installed(program, project) {
        return Err(OpenError::Environment {
            message: format!("the agent `{name}` needs `{program}`, which is not installed"),
            hint: format!("install it, choose another one with `--agent NAME`, or {instead}"),
        });
    }
    Ok(())
}

/// Removes what an earlier attempt has left there: whoever writes to that still, writes to nothing that is read.
fn make_way(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
