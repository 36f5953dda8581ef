//! From a wish to a PRD and streams (seed 001): the initiative is linked, an agent with orch's tools plans, and what it has
//! stored is looked at, whatever it says.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use orch_core::Diagnostic;
use orch_exec::agent::resolve;
use orch_prompt::{Prompts, STREAM_PLAN, STREAM_PLAN_AGAIN, StreamPlan as Plan, StreamPlanAgain};
use orch_run::{Clock, SystemClock};
use orch_state_sqlite::{DbError, InitiativeLinkInput, MemoryDb, Scope, TaskDb, ToolError, Tools};
use orch_store::{Holder, Home, Lock};

use super::database::{Database, Owner, Surroundings, memory_db, project_of};
use super::earlier::{self, Earlier};
use super::load::unusable;
use super::request::{self, Requested};
use super::system::{SERVER, tools_for};
use crate::control::Asker;
use crate::locate::{Found, Kind};
use crate::planner::{self, Errand, Handed, Planner};
use crate::session::{acquire, repository_root};
use crate::{Config, Finding, OpenError, StreamPlan};

/// The agents that tasks may be assigned to, as the seed has them.
const AGENTS: &str = "me|qa|doc|sec|do|ta|uxd|uid|cw";

/// How streams are made without an agent.
const INSTEAD: &str = "write the streams yourself: `orch generate --from FILE`";

/// What a person chose for making a plan of a wish.
#[derive(Clone, Debug, Default)]
pub struct GenerateOptions {
    /// The agent that plans.
    pub agent: Option<String>,
    /// The words that run orch's tools for agents, to which what they are for is added, such as `orch mcp`.
    pub tools: Option<Vec<OsString>>,
    /// What was called, for the one who finds the plan held.
    pub command: String,
}

/// What is to become a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A few words, for an agent to plan.
    Words(String),
    /// The plan, such as a PRD with its streams, written out as YAML or JSON.
    Written {
        /// What it says.
        text: String,
        /// Where it is from, for messages.
        origin: PathBuf,
    },
}

/// A wish that is about to become a PRD and streams. The database is held: no run of it begins meanwhile.
pub struct Generation {
    project: PathBuf,
    path: PathBuf,
    wish: Wanted,
    initiative: InitiativeLinkInput,
    /// Whether the initiative is known to the project's memory, rather than made of the wish.
    is_remembered: bool,
    tools: Tools,
    planner: Planner,
    prompts: Prompts,
    before: Stored,
    earlier: Option<Earlier>,
    owner: Owner,
    clock: SystemClock,
    notes: Vec<String>,
    _lock: Lock,
}

/// A wish, as far as it could be looked at before anything is stored.
enum Wanted {
    Words(String),
    Written(Box<Requested>, PathBuf),
}

impl Wanted {
    fn of(wish: Wish) -> Result<Self, OpenError> {
        match wish {
            Wish::Words(words) => Ok(Self::Words(words)),
            Wish::Written { text, origin } => match request::read(&text) {
                Ok(requested) => Ok(Self::Written(Box::new(requested), origin)),
                Err(found) => Err(invalid(&origin, found)),
            },
        }
    }

    /// What an initiative is called that is made of it, and what it is about.
    fn title(&self) -> (String, Option<String>) {
        /// As many characters as a title has at most.
        const LONGEST: usize = 200;
        let clipped = |text: &str| {
            let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("Streams");
            line.chars().take(LONGEST).collect::<String>()
        };
        match self {
            Self::Words(words) => {
                (clipped(words), Some(words.clone()).filter(|words| clipped(words) != words.trim()))
            }
            Self::Written(requested, _) => (clipped(&requested.prd.title), requested.prd.description.clone()),
        }
    }
}

/// What is stored for the current initiative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stored {
    prds: HashSet<String>,
    /// The stream of each task.
    tasks: HashMap<String, String>,
}

/// What is there that was not before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// The ids of the new PRDs.
    pub prds: Vec<String>,
    /// How many tasks with a stream are new.
    pub tasks: usize,
    /// How many streams those tasks form.
    pub streams: usize,
}

impl Generated {
    /// Whether anything was stored that can be run.
    pub fn is_enough(&self) -> bool {
        !self.prds.is_empty() && self.streams > 0
    }
}

/// An initiative that was linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// What it is called.
    pub title: String,
    /// The streams of earlier work that were archived for it.
    pub archived: Vec<String>,
}

impl Generation {
    /// Makes ready to turn `wish` into streams of the project that `here` belongs to. Nothing is stored yet.
    ///
    /// # Errors
    /// [`OpenError::Invalid`] with what is wrong with what is written out, [`OpenError::Request`] when the project's memory
    /// has no initiative to link or the database is another project's, [`OpenError::Held`] while a run is under way,
    /// [`OpenError`] when the database or the agent can't be used.
    pub fn begin(here: &Path, wish: Wish, options: GenerateOptions) -> Result<Self, OpenError> {
        let wish = Wanted::of(wish)?;
        let (project, surroundings) = (project_of(here), Surroundings::of_process());
        let database = usable(&project, &surroundings)?;
        let mut notes: Vec<String> = database.note.iter().cloned().collect();
        let (initiative, is_remembered) = initiative(&database.workspace, &surroundings, &wish)?;
        let root = repository_root(&project).unwrap_or_else(|| project.clone());
        let config = Config::find(&project, &root)?;
        let name = options.agent.as_deref().or(config.run.agent.as_deref()).unwrap_or("claude");
        let profile = resolve(name, &config.agents)?;
        if let Wanted::Words(_) = wish {
            planner::check(&profile, &project, INSTEAD)?;
        }
        let clock = SystemClock::new();
        let (path, home) = home_of(&database.path)?;
        let holder = Holder {
            pid: std::process::id(),
            start: String::new(),
            since: clock.now(),
            command: options.command,
        };
        let lock = acquire(&home.lock(), &holder)?;
        let owner = Owner::of(home.folder());
        owner.require(&project, &database.workspace)?;
        let argv = options.tools.as_deref().and_then(|words| tools_for(words, &path, None));
        let errand = Errand {
            name: "generate",
            called: "planning agent",
            folder: project.clone(),
            plan: path.clone(),
            tools: Some(Handed { server: SERVER, argv }),
        };
        let planner = Planner::new(profile, home, errand)?;
        notes.extend(planner.end_earlier()?);
        let is_there = path.exists();
        if let Wanted::Written(requested, origin) = &wish {
            let there =
                if is_there { streams_there(&path, &initiative.initiative_id)? } else { HashSet::new() };
            let found = requested.entangled(&there);
            if !found.is_empty() {
                return Err(invalid(origin, found));
            }
        }
        let db = TaskDb::open_or_create(&path).map_err(unusable)?;
        if !is_there {
            notes.push(format!("made the database {}", path.display()));
        }
        Ok(Self {
            prompts: Prompts::new(config.run.templates.clone()),
            tools: Tools::new(db),
            wish,
            before: Stored::default(),
            earlier: None,
            owner,
            _lock: lock,
            planner,
            initiative,
            is_remembered,
            project,
            path,
            clock,
            notes,
        })
    }

    /// What a person should be told, lower-case fragments.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The name of the agent that plans.
    pub fn agent(&self) -> &str {
        self.planner.agent()
    }

    /// By which a signal handler or an embedding program asks the agent to end.
    pub fn asker(&mut self) -> Asker {
        self.planner.asker()
    }

    /// The streams of earlier work that are not finished, and that linking the initiative would archive: of some, tasks are
    /// left, and some are done and not merged, which is said beside them.
    ///
    /// # Errors
    /// [`OpenError::Database`]; [`OpenError::Store`] when the history of the streams can't be read.
    pub fn unfinished(&self) -> Result<Vec<String>, OpenError> {
        let (db, home) = (self.tools.db(), self.planner.home());
        earlier::unfinished(db, &self.project, home, &self.initiative.initiative_id)
    }

    /// Makes the initiative the current one, and archives the streams of the one before. From now on the database is this
    /// project's.
    ///
    /// # Errors
    /// [`OpenError::Database`], or [`OpenError::Request`] when it can't be linked.
    pub fn link(&mut self) -> Result<Linked, OpenError> {
        self.owner.note(&self.project)?;
        let now = self.clock.now();
        let earlier = Earlier::link(&mut self.tools, self.initiative.clone(), now).map_err(refused)?;
        let archived = earlier.streams();
        self.earlier = Some(earlier);
        if !self.is_remembered {
            self.notes.push(format!(
                "the project has no memory of an initiative; `{}` begins here",
                self.initiative.title
            ));
        }
        self.before = self.stored()?;
        Ok(Linked { title: self.initiative.title.clone(), archived })
    }

    /// When it came to nothing: makes the initiative before the current one again, with its streams, unless new ones were stored
    /// all the same. What became of the archived ones, for a person.
    ///
    /// # Errors
    /// [`OpenError::Stopped`] when they can't be taken back, with the way to do it by hand.
    pub fn take_back(&mut self) -> Result<Option<String>, OpenError> {
        let Some(earlier) = self.earlier.take() else { return Ok(None) };
        let taken = match self.generated() {
            Ok(generated) if generated.streams > 0 => return Ok(earlier.way_back()),
            Ok(_) => earlier.take_back(&mut self.tools, self.clock.now()).map_err(refused),
            Err(error) => Err(error),
        };
        taken.map_err(|error| OpenError::Stopped {
            code: "generate.archived",
            message: format!("the initiative before can't be taken back: {error}"),
            hint: earlier
                .way_back()
                .unwrap_or_else(|| "the tool initiative_link makes it the current one".into()),
        })
    }

    /// Stores what is written out, all or nothing; has the agent plan what is not, and looks at what it has stored. The second
    /// time it is told that it has to use the tools. How it ended is said beside it, if that was not well.
    ///
    /// # Errors
    /// [`OpenError::Invalid`] with what is wrong with what is written out; [`OpenError`] when the agent can't be run, or the
    /// database can't be read or written.
    pub fn make(&mut self) -> Result<(Generated, Option<String>), OpenError> {
        let feature = match &self.wish {
            Wanted::Written(requested, origin) => {
                let Requested { prd, tasks, .. } = (**requested).clone();
                let refused = |error: ToolError| {
                    let found = Diagnostic::error("generate.request", error.to_string());
                    invalid(origin, vec![found])
                };
                self.tools.prd_with_tasks(prd, tasks, self.clock.now()).map_err(refused)?;
                return Ok((self.generated()?, None));
            }
            Wanted::Words(words) => words.clone(),
        };
        let plan = Plan { feature: &feature, agents: AGENTS };
        let failed = |error: orch_prompt::PromptError| OpenError::Environment {
            message: error.to_string(),
            hint: "mend the template, or remove `templates` from orch.toml".into(),
        };
        let mut told = self.prompts.render(STREAM_PLAN, &plan).map_err(failed)?.text;
        if self.planner.has_tried() {
            let found = self.generated()?;
            let again = StreamPlanAgain { prds: found.prds.len(), streams: found.streams, plan: &told };
            told = self.prompts.render(STREAM_PLAN_AGAIN, &again).map_err(failed)?.text;
        }
        let ended = self.planner.run(&told, self.clock.now(), &mut self.notes)?;
        Ok((self.generated()?, ended.badly))
    }

    /// Where the agent's output is.
    pub fn log(&self) -> PathBuf {
        self.planner.log()
    }

    /// The plan of the streams that are there now.
    ///
    /// # Errors
    /// Those of [`StreamPlan::load`].
    pub fn load(&self) -> Result<StreamPlan, OpenError> {
        StreamPlan::load(&self.path, &self.project, false)
    }

    /// Where that plan is found.
    pub fn found(&self) -> Found {
        Found { project: Some(self.project.clone()), ..Found::new(Kind::Streams, self.path.clone()) }
    }

    fn stored(&self) -> Result<Stored, OpenError> {
        let listed = self.tools.prd_list(&Default::default()).map_err(refused)?;
        let read = self.tools.db().stream_tasks(&Scope::Current).map_err(unusable)?;
        Ok(Stored {
            prds: listed.into_iter().map(|prd| prd.id).collect(),
            tasks: read.tasks.into_iter().map(|task| (task.id, task.stream.id)).collect(),
        })
    }

    fn generated(&self) -> Result<Generated, OpenError> {
        let stored = self.stored()?;
        let mut prds: Vec<String> = stored.prds.difference(&self.before.prds).cloned().collect();
        prds.sort();
        let new = stored.tasks.iter().filter(|(task, _)| !self.before.tasks.contains_key(*task));
        let streams: HashSet<&str> = new.clone().map(|(_, stream)| stream.as_str()).collect();
        Ok(Generated { prds, tasks: new.count(), streams: streams.len() })
    }
}

/// The initiative that the streams are to belong to: the active one of the project's memory, or where there is no memory, one
/// of the wish's own.
fn initiative(
    workspace: &str,
    surroundings: &Surroundings,
    wish: &Wanted,
) -> Result<(InitiativeLinkInput, bool), OpenError> {
    let Some(path) = memory_db(workspace, surroundings) else {
        let (title, description) = wish.title();
        let initiative_id = orch_state_sqlite::new_initiative_id();
        return Ok((InitiativeLinkInput { initiative_id, title, description }, false));
    };
    let active = MemoryDb::open(&path).and_then(|db| db.active_initiative()).map_err(unusable)?;
    let active = active.ok_or_else(|| OpenError::Request {
        code: "generate.initiative",
        message: format!("Memory Copilot has no active initiative for the workspace `{workspace}`"),
        hint: "start one there first (`initiative_start`); streams belong to an initiative".into(),
    })?;
    Ok((InitiativeLinkInput { initiative_id: active.id, title: active.name, description: active.goal }, true))
}

/// The project's database, which may not be there yet.
///
/// # Errors
/// Those of [`Database::of`], and [`OpenError::Database`] where only one of Task Copilot 3 is there: what was stored in another one
/// beside it would be found by nobody.
fn usable(project: &Path, surroundings: &Surroundings) -> Result<Database, OpenError> {
    let mut database = Database::of(project, surroundings)?;
    if !database.is_there
        && let Some(path) = Database::that_is_there(project, surroundings)
    {
        TaskDb::open(&path).map_err(unusable)?;
        (database.path, database.is_there) = (path, true);
    }
    Ok(database)
}

/// Orch's own files for the database at `path`, and its path without links; the folder for both is made.
fn home_of(path: &Path) -> Result<(PathBuf, Home), OpenError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        unusable(DbError::Permission { path: folder.to_owned(), message: error.to_string() })
    })?;
    let named = path.file_name().unwrap_or_default();
    let path = fs::canonicalize(path)
        .or_else(|_| fs::canonicalize(folder).map(|folder| folder.join(named)))
        .unwrap_or_else(|_| path.to_owned());
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("tasks");
    let home = Home::open(path.parent().unwrap_or(Path::new("/")), stem)?;
    Ok((path, home))
}

/// The streams of the initiative that are there already, in the database at `path`.
fn streams_there(path: &Path, initiative_id: &str) -> Result<HashSet<String>, OpenError> {
    let read = TaskDb::open(path).and_then(|db| db.stream_tasks(&Scope::Current)).map_err(unusable)?;
    let is_it = read.initiative.as_ref().is_some_and(|current| current.id == initiative_id);
    Ok(read.tasks.into_iter().filter(|_| is_it).map(|task| task.stream.id).collect())
}

fn invalid(origin: &Path, found: Vec<Diagnostic>) -> OpenError {
    let findings = found.into_iter().map(|one| Finding::new(origin, one)).collect();
    OpenError::Invalid { path: origin.to_owned(), findings }
}

fn refused(error: ToolError) -> OpenError {
    OpenError::Request {
        code: "generate.refused",
        message: error.to_string(),
        hint: "`orch check` shows what is there".into(),
    }
}
