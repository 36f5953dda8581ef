//! A plan of any of the systems, loaded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::{Diagnostic, Plan, TaskIx};

use crate::locate::{Found, Kind};
use crate::system::Source;
use crate::{ListedWorktree, MilestonePlan, OpenError, PromptPlan, StreamPlan, WavePlan, WeaverPlan};

/// A plan of any of the systems, loaded and valid.
#[derive(Clone, Debug)]
pub enum AnyPlan {
    /// A Markdown index of prompt files (seed 002).
    Prompts(PromptPlan),
    /// A planning document (seed 000).
    Milestones(MilestonePlan),
    /// The streams of a database (seed 001).
    Streams(StreamPlan),
    /// A folder of specs, each built on a branch of its own (seed 003).
    Weavers(WeaverPlan),
    /// Tasks in the commits of a branch, ready when what they require is provided (seed 004).
    Waves(WavePlan),
}

impl AnyPlan {
    /// Loads the plan that was found.
    ///
    /// # Errors
    /// [`OpenError::Read`], or [`OpenError::Invalid`] with everything that was found in it.
    pub fn load(found: &Found) -> Result<Self, OpenError> {
        match found.kind {
            Kind::Prompts => PromptPlan::load(&found.path).map(Self::Prompts),
            Kind::Milestones => MilestonePlan::load(&found.path).map(Self::Milestones),
            Kind::Streams => {
                let project = found.project.clone().unwrap_or_else(|| folder_of(&found.path));
                StreamPlan::load(&found.path, &project, found.all_initiatives).map(Self::Streams)
            }
            Kind::Weavers => WeaverPlan::load(&found.path).map(Self::Weavers),
            Kind::Waves => {
                let root = found.project.clone().unwrap_or_else(|| ".".into());
                WavePlan::load(&root, &found.path.to_string_lossy()).map(Self::Waves)
            }
        }
    }

    /// Which system it belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Prompts(_) => Kind::Prompts,
            Self::Milestones(_) => Kind::Milestones,
            Self::Streams(_) => Kind::Streams,
            Self::Weavers(_) => Kind::Weavers,
            Self::Waves(_) => Kind::Waves,
        }
    }

    /// The file that stands for the plan, or its branch (waves).
    pub fn path(&self) -> &Path {
        match self {
            Self::Prompts(plan) => &plan.path,
            Self::Milestones(plan) => &plan.path,
            Self::Streams(plan) => &plan.path,
            Self::Weavers(plan) => &plan.path,
            Self::Waves(plan) => &plan.path,
        }
    }

    /// Where it was found, to be loaded again.
    pub fn found(&self) -> Found {
        let found = Found::new(self.kind(), self.path().to_owned());
        match self {
            Self::Streams(plan) => {
                Found { project: Some(plan.project.clone()), all_initiatives: plan.all_initiatives, ..found }
            }
            Self::Waves(plan) => Found { project: Some(plan.root.clone()), ..found },
            _ => found,
        }
    }

    /// What a person calls it.
    pub fn shown_name(&self) -> &str {
        match self {
            Self::Prompts(_) | Self::Milestones(_) => {
                self.path().file_name().and_then(|name| name.to_str()).unwrap_or_default()
            }
            Self::Streams(plan) => &plan.workspace,
            Self::Weavers(plan) => plan.id(),
            Self::Waves(plan) => plan.session(),
        }
    }

    /// The folder beside whose files orch keeps its own, in `.orch`.
    pub fn folder(&self) -> &Path {
        match self {
            Self::Prompts(plan) => &plan.folder,
            Self::Milestones(plan) => &plan.folder,
            Self::Streams(plan) => &plan.folder,
            Self::Weavers(plan) => plan.home_folder(),
            Self::Waves(plan) => &plan.root,
        }
    }

    /// The folder of the project that the plan is about: that of its configuration and of the repository that workers work
    /// on.
    pub fn project_folder(&self) -> &Path {
        match self {
            Self::Streams(plan) => &plan.project,
            _ => self.folder(),
        }
    }

    /// The name that orch's own files for the plan go by.
    pub fn name(&self) -> &str {
        match self {
            Self::Prompts(plan) => plan.stem(),
            Self::Milestones(plan) => plan.stem(),
            Self::Streams(plan) => plan.home_name(),
            Self::Weavers(plan) => plan.id(),
            Self::Waves(plan) => plan.home_name(),
        }
    }

    /// The plan's graph.
    pub fn plan(&self) -> &Arc<Plan> {
        match self {
            Self::Prompts(plan) => &plan.plan,
            Self::Milestones(plan) => &plan.plan,
            Self::Streams(plan) => &plan.plan,
            Self::Weavers(plan) => &plan.plan,
            Self::Waves(plan) => &plan.plan,
        }
    }

    /// What is worth saying although the plan is valid.
    pub fn warnings(&self) -> &[Finding] {
        match self {
            Self::Prompts(plan) => &plan.warnings,
            Self::Milestones(plan) => &plan.warnings,
            Self::Streams(plan) => &plan.warnings,
            Self::Weavers(plan) => &plan.warnings,
            Self::Waves(plan) => &plan.warnings,
        }
    }

    /// The files that a task may touch, as the plan says; they may be globs.
    pub fn files(&self, task: TaskIx) -> impl Iterator<Item = &str> {
        let files: Box<dyn Iterator<Item = &str>> = match self {
            Self::Prompts(plan) => Box::new(plan.plan.claimed(task)),
            Self::Milestones(plan) => Box::new(plan.files(task)),
            Self::Streams(plan) => Box::new(plan.files(task)),
            Self::Weavers(plan) => Box::new(plan.files(task)),
            Self::Waves(plan) => Box::new(plan.files(task)),
        };
        files
    }

    /// What `task` needs that `on` brings about, by the names that the plan gives it; nothing where it depends on the task as
    /// such.
    pub fn needed_of(&self, task: TaskIx, on: TaskIx) -> Vec<&str> {
        match self {
            Self::Waves(plan) => plan.needed_of(task, on),
            Self::Prompts(_) | Self::Milestones(_) | Self::Streams(_) | Self::Weavers(_) => Vec::new(),
        }
    }

    /// Whether a work tree in orch's folder of work trees is one of a task: by its name, of waves by its branch.
    pub fn is_worktree_of(&self, task: TaskIx, worktree: &ListedWorktree) -> bool {
        let Some(name) = worktree.name.as_deref() else { return false };
        match self {
            Self::Prompts(_) => false,
            Self::Milestones(plan) => plan.is_worktree_of(task, name),
            Self::Streams(plan) => plan.stream(task).file_name() == name,
            Self::Weavers(plan) => plan.worktree_name(task) == name,
            Self::Waves(plan) => {
                worktree.tree.branch.as_deref().is_some_and(|branch| plan.is_branch_of(task, branch))
            }
        }
    }

    /// The plan as the rooms that all systems share see it.
    pub(crate) fn source(&self) -> &dyn Source {
        match self {
            Self::Prompts(plan) => plan,
            Self::Milestones(plan) => plan,
            Self::Streams(plan) => plan,
            Self::Weavers(plan) => plan,
            Self::Waves(plan) => plan,
        }
    }
}

impl From<PromptPlan> for AnyPlan {
    fn from(plan: PromptPlan) -> Self {
        Self::Prompts(plan)
    }
}

impl From<MilestonePlan> for AnyPlan {
    fn from(plan: MilestonePlan) -> Self {
        Self::Milestones(plan)
    }
}

impl From<StreamPlan> for AnyPlan {
    fn from(plan: StreamPlan) -> Self {
        Self::Streams(plan)
    }
}

impl From<WeaverPlan> for AnyPlan {
    fn from(plan: WeaverPlan) -> Self {
        Self::Weavers(plan)
    }
}

impl From<WavePlan> for AnyPlan {
    fn from(plan: WavePlan) -> Self {
        Self::Waves(plan)
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).to_owned()
}

/// Something found in one of a plan's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// What was found in it.
    pub diagnostic: Diagnostic,
}

impl Finding {
    pub(crate) fn new(path: &Path, diagnostic: Diagnostic) -> Self {
        Self { path: path.to_owned(), diagnostic }
    }

    /// Whether the plan can't be run because of this.
    pub fn is_error(&self) -> bool {
        self.diagnostic.is_error()
    }
}
