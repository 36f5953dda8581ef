//! The agent that makes streams of a wish.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use orch_core::Time;
use orch_exec::agent::{End, Handover, McpServer, Profile, Values, environment};
use orch_exec::process::{Exit, Launch, Processes, Settings, Stdin, end_survivor, survivors};
use orch_state_sqlite::workspace_hash;
use orch_store::{Home, replace_private};

use super::system::{SERVER, tools_for};
use crate::OpenError;
use crate::control::{Asker, Control};
use crate::evidence::Evidence;
use crate::system::is_shell;
use crate::workers::{is_installed, run_to_end, said};

/// Its name among orch's own files.
const NAME: &str = "generate";

/// The agent that plans, with orch's tools in its hands.
pub(super) struct Planner {
    profile: Profile,
    home: Home,
    project: PathBuf,
    database: PathBuf,
    /// The words that run orch's tools.
    words: Option<Vec<OsString>>,
    attempt: u32,
    processes: Processes,
    control: Control,
}

impl Planner {
    pub(super) fn new(
        profile: Profile,
        home: Home,
        (project, database): (&Path, &Path),
        words: Option<Vec<OsString>>,
    ) -> Result<Self, OpenError> {
        let processes = Processes::new(Settings::default()).map_err(OpenError::system("watch processes"))?;
        let control = Control::new(processes.waker());
        let (project, database) = (project.to_owned(), database.to_owned());
        Ok(Self { profile, home, project, database, words, attempt: 0, processes, control })
    }

    pub(super) fn agent(&self) -> &str {
        &self.profile.name
    }

    pub(super) fn asker(&mut self) -> Asker {
        self.control.asker()
    }

    /// Whether it has been asked before.
    pub(super) fn has_tried(&self) -> bool {
        self.attempt > 0
    }

    /// Where its output is.
    pub(super) fn log(&self) -> PathBuf {
        self.home.log(NAME, self.attempt)
    }

    /// By which it is known wherever it went: the same for all that plan for this database, of which there is one at a time.
    fn marker(&self) -> String {
        format!("{NAME}-{}", workspace_hash(self.home.folder()))
    }

    /// Ends one that outlived the orch that had it plan, with all that it started; what was found, for a person.
    ///
    /// # Errors
    /// [`OpenError::Environment`] when it can't be ended.
    pub(super) fn end_earlier(&self) -> Result<Option<String>, OpenError> {
        let marker = self.marker();
        let Some((_, worker)) = survivors(&[&marker]).into_iter().next() else { return Ok(None) };
        let gone = end_survivor(&worker, &marker, Settings::default().grace);
        match gone.map_err(OpenError::system("end the planning agent of an earlier call"))? {
            true => Ok(Some(format!(
                "the planning agent of an earlier `orch generate` was still at work (process {}), and was ended",
                worker.pid
            ))),
            false => Err(OpenError::Environment {
                message: format!(
                    "the planning agent of an earlier `orch generate` (process {}) can't be ended",
                    worker.pid
                ),
                hint: "end it by hand, then call `orch generate` again".into(),
            }),
        }
    }

    /// Orch's own files for the database.
    pub(super) fn home(&self) -> &Home {
        &self.home
    }

    /// Runs it to its end; how it ended, if that was not well.
    pub(super) fn run(
        &mut self,
        told: &str,
        now: Time,
        notes: &mut Vec<String>,
    ) -> Result<Option<String>, OpenError> {
        self.attempt += 1;
        let failed = || OpenError::system("hand the planning agent its prompt");
        let write = |path: &Path, text: &str| {
            replace_private(path, text.as_bytes()).map_err(io::Error::other).map_err(failed())
        };
        let prompt_file = self.home.prompt(NAME, self.attempt);
        write(&prompt_file, told)?;
        let config = self.home.tools(NAME, self.attempt);
        let argv = self.words.as_deref().and_then(|words| tools_for(words, &self.database, None));
        let server = argv.as_ref().and_then(|argv| {
            let (program, args) = argv.split_first()?;
            Some(McpServer { name: SERVER, config: &config, program, args })
        });
        if let Some(server) = &server {
            write(&config, &server.settings())?;
        }
        if self.profile.mcp.is_empty() {
            notes.push(format!(
                "the agent `{}` is not handed orch's tools (`mcp` in its profile); it needs a `{SERVER}` server of its own",
                self.profile.name
            ));
        }
        let attempt = self.attempt.to_string();
        let values = Values {
            prompt_file: &prompt_file,
            prompt: told,
            task: NAME,
            attempt: &attempt,
            plan: &self.database,
            worktree: Some(&self.project),
            session: None,
            model: None,
            mcp: server,
        };
        let log = self.home.log(NAME, self.attempt);
        make_way(&log).map_err(failed())?;
        let own = [
            ("ORCH_TASK", OsString::from(NAME)),
            ("ORCH_PLAN", self.database.clone().into()),
            ("ORCH_PROMPT_FILE", prompt_file.clone().into()),
            ("ORCH_MCP_CONFIG", config.clone().into()),
        ];
        let launch = Launch {
            argv: self.profile.argv(&values)?,
            cwd: self.project.clone(),
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
            Err(why) => return Ok(Some(why)),
        };
        let evidence = Evidence::of_log(&log, &self.profile, exit, now)
            .map_err(OpenError::system("read what the planning agent said"))?;
        Ok(match (evidence.reading.end, exit) {
            (End::RateLimited { .. }, _) => Some("its provider refuses work for now".into()),
            (_, Exit::Code(0)) => None,
            (_, exit) => Some(evidence.reading.detail.unwrap_or_else(|| said(exit))),
        })
    }
}

/// Refuses an agent that can't be run.
pub(super) fn check(profile: &Profile, project: &Path) -> Result<(), OpenError> {
    let name = &profile.name;
    if is_shell(profile) {
        return Err(OpenError::Environment {
            message: "the agent `shell` only runs commands, and can't plan".into(),
            hint:
                "choose one with `--agent NAME`, or write the streams yourself: `orch generate --from FILE`"
                    .into(),
        });
    }
    profile.check()?;
    let program = profile.command.first().map_or("", String::as_str);
    if !program.contains('{') && !is_installed(program, project) {
        return Err(OpenError::Environment {
            message: format!("the agent `{name}` needs `{program}`, which is not installed"),
            hint: "install it, choose another one with `--agent NAME`, or write the streams yourself: `orch generate \
                   --from FILE`"
                .into(),
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
