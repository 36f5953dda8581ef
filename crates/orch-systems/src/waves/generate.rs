//! From a wish to a plan of waves (seed 004): an agent with the tools of `git` plans, and what is on the plan's branch then is
//! looked at, whatever it says. A plan becomes a branch in one step, so that there is either none or a whole one.

use std::path::{Path, PathBuf};

use orch_core::Diagnostic;
use orch_exec::agent::{Profile, resolve};
use orch_git::{BranchName, CommitError, Git};
use orch_prompt::{
    Prompts, WAVE_CONFIRM, WAVE_PLAN, WAVE_PLAN_AGAIN, WaveConfirm, WavePlanning, WavePlanningAgain,
    WaveSession,
};
use orch_run::{Clock, SystemClock};
use orch_state_commits::SessionId;
use orch_state_git::{PlanRepository, ProvidesInput, ToolError};
use orch_store::{Holder, Home, Lock};
use serde::Serialize;

use super::looked::{MadeWaves, PlannedWaves, look};
use super::place::{SERVER, branch_of, main_root, tools_for};
use super::proxy::{Decision, decided};
use super::refused::refused;
use super::request::{self, Requested};
use crate::control::Asker;
use crate::moment::by_the_wall;
use crate::planner::{self, Errand, Handed, Planner};
use crate::session::acquire;
use crate::streams::{Database, Surroundings, project_of};
use crate::{Config, Finding, GenerateOptions, OpenError, Wish};

/// What orch's own files for making plans are called at the repository's root.
const HOME: &str = "waves";

/// How a plan is made without an agent.
const INSTEAD: &str = "write the plan yourself: `orch generate --from FILE`";

/// As many sessions before this one are told of.
const EARLIER: usize = 20;

/// Who says whether a plan is to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// The person.
    Ask,
    /// An agent in the person's place: `user` in the table `[waves]` of `orch.toml`, else the one that plans.
    Agent,
    /// Nobody: it is.
    Yes,
}

/// A wish that is about to become a plan of waves. Nobody else makes plans in the repository meanwhile.
pub struct WaveGeneration {
    root: PathBuf,
    repository: PlanRepository,
    git: Git,
    wish: Wanted,
    session: SessionId,
    planner: Planner,
    user: Option<Profile>,
    /// How often the user's agent was asked.
    asked: u32,
    prompts: Prompts,
    provided: Vec<String>,
    earlier: Vec<(String, String)>,
    again: Again,
    clock: SystemClock,
    notes: Vec<String>,
    _lock: Lock,
}

/// A wish, as far as it could be looked at before anything is stored.
enum Wanted {
    Words(String),
    Written(Box<Requested>, PathBuf),
}

/// What the planning agent is told of the time before.
#[derive(Default)]
struct Again {
    findings: Vec<String>,
    feedback: String,
    /// The commit of the plan that is to be changed.
    commit: Option<String>,
}

/// Whether a wish becomes a plan of waves here when nobody says what kind it is to be: the project has no database of
/// streams, and its repository has the branch `flow`.
pub fn makes_waves(here: &Path) -> bool {
    let project = project_of(here);
    Database::that_is_there(&project, &Surroundings::of_process()).is_none()
        && PlanRepository::at(here).require_flow().is_ok()
}

impl WaveGeneration {
    /// Makes ready to turn `wish` into a plan of the repository that `here` is in. Nothing is stored yet.
    ///
    /// # Errors
    /// [`OpenError::Invalid`] with what is wrong with what is written out, [`OpenError::Environment`] when there is no
    /// repository, no commit or no branch `flow`, [`OpenError::Held`] while another plan is made, [`OpenError`] when an agent
    /// can't be used.
    pub fn begin(
        here: &Path,
        wish: Wish,
        options: GenerateOptions,
        confirm: Confirm,
    ) -> Result<Self, OpenError> {
        let mut wish = match wish {
            Wish::Words(words) => Wanted::Words(words),
            Wish::Written { text, origin } => match request::read(&text) {
                Ok(requested) => Wanted::Written(Box::new(requested), origin),
                Err(found) => return Err(invalid(&origin, found)),
            },
        };
        let root = main_root(here)?;
        let (repository, git) = (PlanRepository::at(&root), Git::at(&root));
        repository.require_flow().map_err(refused)?;
        let config = Config::find(if here.starts_with(&root) { here } else { &root }, &root)?;
        let named = |name: Option<&str>| resolve(name.unwrap_or("claude"), &config.agents);
        let profile = named(options.agent.as_deref().or(config.run.agent.as_deref()))?;
        if let Wanted::Words(_) = wish {
            planner::check(&profile, &root, INSTEAD)?;
        }
        let user = match confirm {
            Confirm::Ask | Confirm::Yes => None,
            Confirm::Agent => {
                let user = match &config.waves.user {
                    Some(name) => named(Some(name))?,
                    None => profile.clone(),
                };
                planner::check(&user, &root, "say `--confirm yes` or `--confirm ask`")?;
                Some(user)
            }
        };
        let clock = SystemClock::new();
        let home = Home::open(&root, HOME)?;
        let holder = Holder {
            pid: std::process::id(),
            start: String::new(),
            since: clock.now(),
            command: options.command,
        };
        let lock = acquire(&home.lock(), &holder)?;
        // Only now is it certain that nobody else chooses.
        let session = session(&git, &wish, SessionId::at(by_the_wall(clock.now())))?;
        if let Wanted::Written(requested, _) = &mut wish {
            requested.input.session_id = session.to_string();
        }
        let errand = Errand {
            name: "generate",
            called: "planning agent",
            folder: root.clone(),
            plan: root.join(branch_of(&session)),
            tools: Some(Handed {
                server: SERVER,
                argv: options.tools.as_deref().and_then(|words| tools_for(words, &root)),
            }),
        };
        let planner = Planner::new(profile, home, errand)?;
        let notes = planner.end_earlier()?.into_iter().collect();
        let mut generation = Self {
            prompts: Prompts::new(config.run.templates.clone()),
            provided: Vec::new(),
            earlier: Vec::new(),
            again: Again::default(),
            asked: 0,
            _lock: lock,
            root,
            repository,
            git,
            wish,
            session,
            planner,
            user,
            clock,
            notes,
        };
        generation.look_around()?;
        Ok(generation)
    }

    /// What is there before anything is planned; and what is wrong with a plan that is written out.
    fn look_around(&mut self) -> Result<(), OpenError> {
        if let Wanted::Written(requested, origin) = &self.wish {
            let read = self.repository.planned(&requested.input, self.clock.now());
            let plan = read.map_err(|error| invalid(origin, vec![of_tool(&error)]))?;
            let provided = self.repository.provided_for(&plan).map_err(refused)?;
            let found = requested.entangled(&plan, &provided);
            return match found.is_empty() {
                true => Ok(()),
                false => Err(invalid(origin, found)),
            };
        }
        self.provided = self.repository.get_provides(&ProvidesInput::default()).map_err(refused)?;
        // A branch that says nothing that could be read is no session that could be told of.
        let earlier =
            self.repository.sessions().map_err(refused)?.into_iter().rev().filter_map(|one| one.plan);
        for plan in earlier.take(EARLIER) {
            let request = plan.user_request.lines().next().unwrap_or_default().to_owned();
            self.earlier.push((plan.session_id, request));
        }
        Ok(())
    }

    /// What a person should be told, lower-case fragments.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The name of the agent that plans.
    pub fn agent(&self) -> &str {
        self.planner.agent()
    }

    /// The name of the agent that answers in the person's place, if one does.
    pub fn user(&self) -> Option<&str> {
        self.user.as_ref().map(|user| user.name.as_str())
    }

    /// Whether an agent plans, rather than that the plan is written out.
    pub fn is_planned_by_agent(&self) -> bool {
        matches!(self.wish, Wanted::Words(_))
    }

    /// The branch that the plan gets.
    pub fn branch(&self) -> String {
        branch_of(&self.session)
    }

    /// By which a signal handler or an embedding program asks an agent to end.
    pub fn asker(&mut self) -> Asker {
        self.planner.asker()
    }

    /// Where the planning agent's output is.
    pub fn log(&self) -> PathBuf {
        self.planner.log()
    }

    /// Stores what is written out, all or nothing; has the agent plan what is not; and looks at what is there then. Each time
    /// but the first the agent is told what was found the time before, and what [was said](Self::change) against the plan.
    ///
    /// # Errors
    /// [`OpenError::Environment`] when the plan can't be stored; [`OpenError`] when the agent can't be run, or the repository
    /// can't be read.
    pub fn make(&mut self) -> Result<MadeWaves, OpenError> {
        let words = match &self.wish {
            Wanted::Written(requested, _) => {
                self.repository.create_plan_branch(&requested.input, self.clock.now()).map_err(refused)?;
                return look(&self.repository, &self.branch(), Some(requested));
            }
            Wanted::Words(words) => words.clone(),
        };
        let before = self.plans()?;
        let told = self.told(&words)?;
        let ended = self.planner.run(&told, self.clock.now(), &mut self.notes)?;
        let own = self.branch();
        for stray in self.plans()?.iter().filter(|branch| !before.contains(branch)) {
            if stray.as_str() != own {
                self.notes.push(format!(
                    "the branch {stray} was made meanwhile, which is not the one of this session"
                ));
            }
        }
        let mut made = MadeWaves { ended: ended.badly, ..look(&self.repository, &own, None)? };
        let is_as_before =
            made.plan.as_ref().is_some_and(|plan| Some(&plan.commit) == self.again.commit.as_ref());
        if is_as_before && !self.again.feedback.is_empty() {
            made.findings.push(
                Diagnostic::warning("waves.unchanged", "the plan was not changed")
                    .hint("change it with update_plan_branch"),
            );
        }
        let said = |found: &Diagnostic| match &found.hint {
            Some(hint) => format!("{}; {hint}", found.message),
            None => found.message.clone(),
        };
        self.again.findings = made.findings.iter().map(said).collect();
        if !is_as_before {
            self.again.commit = made.plan.as_ref().map(|plan| plan.commit.clone());
        }
        Ok(made)
    }

    /// Has the agent be told, the next time, what is to be different about `plan`.
    pub fn change(&mut self, plan: &PlannedWaves, feedback: String) {
        self.again.commit = Some(plan.commit.clone());
        self.again.feedback = feedback;
    }

    /// What the agent decides that answers in the person's place; none when its answer can't be read.
    ///
    /// # Errors
    /// [`OpenError`] when it can't be run.
    pub fn decide(&mut self, plan: &PlannedWaves) -> Result<Option<Decision>, OpenError> {
        let Some(user) = self.user.clone() else { return Ok(None) };
        let request = match &self.wish {
            Wanted::Words(words) => words,
            Wanted::Written(requested, _) => &requested.input.user_request,
        };
        let told = self.render(WAVE_CONFIRM, &WaveConfirm { request, summary: &plan.summary() })?;
        let errand = Errand {
            name: "confirm",
            called: "agent that decides",
            folder: self.root.clone(),
            plan: self.root.join(&plan.branch),
            tools: None,
        };
        self.asked += 1;
        let ended =
            self.planner.run_another((user, errand, self.asked), &told, self.clock.now(), &mut self.notes)?;
        if let Some(how) = ended.badly {
            self.notes.push(format!("the agent that decides ended with {how}"));
            return Ok(None);
        }
        Ok(ended.said.as_deref().and_then(decided))
    }

    /// Takes back a plan that is not to be carried out, if it is still as it was: how it can be brought back.
    ///
    /// # Errors
    /// [`OpenError::Stopped`] when it was changed meanwhile, or is in use; it stays then.
    pub fn withdraw(&self, plan: &PlannedWaves) -> Result<String, OpenError> {
        let stays = |message: String| OpenError::Stopped {
            code: "generate.not_withdrawn",
            message,
            hint: format!("the plan stays; `git branch -D {}` deletes it", plan.branch),
        };
        let branch = BranchName::new(plan.branch.as_str()).map_err(|unfit| stays(unfit.to_string()))?;
        let trees = self.git.worktrees().map_err(|error| stays(error.to_string()))?;
        if let Some(tree) = trees.iter().find(|tree| tree.branch.as_deref() == Some(branch.as_str())) {
            return Err(stays(format!("{branch} is checked out in {}", tree.path.display())));
        }
        match self.git.delete_branch_at(&branch, &plan.commit) {
            Ok(()) => {
                // The plan is gone already; what the setting names is looked for by its branch.
                let _ = self.repository.forget_current(&branch);
                Ok(format!("git branch {branch} {}", plan.commit))
            }
            Err(CommitError::Moved { found: None, .. }) => Err(stays(format!("{branch} is gone already"))),
            Err(error) => Err(stays(error.to_string())),
        }
    }

    fn told(&self, words: &str) -> Result<String, OpenError> {
        let (branch, folder) = (self.branch(), self.root.to_string_lossy());
        let provided: Vec<&str> = self.provided.iter().map(String::as_str).collect();
        let earlier = self.earlier.iter().map(|(id, request)| WaveSession { id, request });
        let told = self.render(
            WAVE_PLAN,
            &WavePlanning {
                request: words,
                session_id: self.session.as_str(),
                plan_branch: &branch,
                provided: &provided,
                earlier: &earlier.collect::<Vec<_>>(),
                working_directory: &folder,
            },
        )?;
        if !self.planner.has_tried() {
            return Ok(told);
        }
        let findings: Vec<&str> = self.again.findings.iter().map(String::as_str).collect();
        let again = WavePlanningAgain {
            findings: &findings,
            made: self.again.commit.is_some(),
            plan: &told,
            feedback: &self.again.feedback,
        };
        self.render(WAVE_PLAN_AGAIN, &again)
    }

    fn render(&self, name: &str, values: &impl Serialize) -> Result<String, OpenError> {
        let rendered = self.prompts.render(name, values).map_err(|error| OpenError::Environment {
            message: error.to_string(),
            hint: "mend the template, or remove `templates` from orch.toml".into(),
        })?;
        Ok(rendered.text)
    }

    /// The branches of plans, by name.
    fn plans(&self) -> Result<Vec<BranchName>, OpenError> {
        let Ok(folder) = BranchName::new("plan") else { return Ok(Vec::new()) };
        let found = self.git.branches_under(&folder).map_err(|error| refused(error.into()))?;
        Ok(found.into_iter().map(|(branch, _)| branch).collect())
    }

    /// A finding with the place that it is about: the file that the plan is written in, else its branch.
    pub fn finding(&self, found: Diagnostic) -> Finding {
        match &self.wish {
            Wanted::Written(_, origin) => Finding::new(origin, found),
            Wanted::Words(_) => Finding::new(Path::new(&self.branch()), found),
        }
    }
}

/// The session of a wish: the one that is written, else the first from `begin` on whose plan is not there yet.
fn session(git: &Git, wish: &Wanted, begin: SessionId) -> Result<SessionId, OpenError> {
    let is_there = |session: &SessionId| match BranchName::new(branch_of(session)) {
        Ok(branch) => git.branch_tip(&branch).map(|tip| tip.is_some()).map_err(|error| refused(error.into())),
        Err(_) => Ok(false),
    };
    if let Wanted::Written(requested, origin) = wish
        && let Some((session, at)) = &requested.session
    {
        return match is_there(session)? {
            false => Ok(session.clone()),
            true => {
                let found = Diagnostic::error(
                    "generate.request",
                    format!("the plan {} is there already", branch_of(session)),
                );
                Err(invalid(origin, vec![found.hint("leave session_id out, or choose another one").at(*at)]))
            }
        };
    }
    let mut session = begin;
    while is_there(&session)? {
        session = session.next();
    }
    Ok(session)
}

fn invalid(origin: &Path, found: Vec<Diagnostic>) -> OpenError {
    let findings = found.into_iter().map(|one| Finding::new(origin, one)).collect();
    OpenError::Invalid { path: origin.to_owned(), findings }
}

fn of_tool(error: &ToolError) -> Diagnostic {
    let found = Diagnostic::error("generate.request", error.to_string());
    match error.hint() {
        Some(hint) => found.hint(hint),
        None => found,
    }
}
