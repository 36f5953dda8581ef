//! `orch worktree list|remove|rescue`: the work trees of the repository.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use orch_systems::{ListedWorktree, OpenError, Opening, Project, RunOptions, View};
use serde::Serialize;

use super::{find, here, load, tell};
use crate::args::{Kinded, WorktreeCommand};
use crate::failure::{Failure, code};
use crate::json;
use crate::sanitise::Sanitised;

pub(crate) fn run(command: &WorktreeCommand) -> Result<u8, Failure> {
    match command {
        WorktreeCommand::List { looked } => list(looked.plan.as_deref(), &looked.kind, looked.json),
        WorktreeCommand::Remove { names, kind, force } => remove(names, kind, *force),
        WorktreeCommand::Rescue { names, kind } => rescue(names, kind),
    }
}

/// What is asked about: the repository, and the plan if there is one.
struct Asked {
    project: Project,
    view: Option<View>,
    worktrees: Vec<ListedWorktree>,
}

impl Asked {
    /// The plan that was named, or the only one that is here; none when there is none.
    /// Whoever `only_looks` is told of the work trees also when the plan is not valid.
    fn about(plan: Option<&Path>, kind: &Kinded, only_looks: bool) -> Result<Self, Failure> {
        let here = here()?;
        let plan = match plan {
            Some(_) => Some(load(plan, kind)?),
            None => match find(None, kind).ok().map(|found| Opening::load(&found)).transpose() {
                Err(OpenError::Invalid { path, .. }) if only_looks => {
                    tell(&[format!("{} is not a valid plan; `orch check` says why", path.display())]);
                    None
                }
                plan => plan?,
            },
        };
        let folder = plan.as_ref().map_or(here, |plan| plan.plan().project_folder().to_owned());
        let project = Project::around(&folder)?;
        let worktrees = project.worktrees()?;
        let view = plan.map(|plan| View::of(plan, RunOptions::default())).transpose()?;
        Ok(Self { project, view, worktrees })
    }

    /// The task of the plan that a work tree is of.
    fn task(&self, worktree: &ListedWorktree) -> Option<&str> {
        let view = self.view.as_ref()?;
        let task = view.plan().tasks().find(|&task| view.loaded().is_worktree_of(task, worktree))?;
        Some(view.plan().id(task))
    }

    /// Whether its task is under way, with or without a process in it at this moment.
    fn is_under_way(&self, worktree: &ListedWorktree) -> bool {
        // Its weaver may have outlived its orch.
        let view = self.view.as_ref();
        view.zip(self.task(worktree))
            .and_then(|(view, id)| Some(view.is_running(view.plan().find(id)?)))
            .unwrap_or(false)
    }

    /// The work tree that a person named: by its task, its name, its branch or its path.
    fn named(&self, name: &str) -> Result<&ListedWorktree, Failure> {
        let task = self.view.as_ref().and_then(|view| Some(view.plan().id(view.plan().find(name)?)));
        let path: PathBuf = std::path::absolute(name).unwrap_or_default();
        let path = path.canonicalize().unwrap_or(path);
        let is_meant = |worktree: &&ListedWorktree| {
            (task.is_some() && self.task(worktree) == task)
                || worktree.name.as_deref() == Some(name)
                || worktree.tree.branch.as_deref() == Some(name)
                || worktree.tree.path == path
        };
        self.worktrees.iter().find(is_meant).ok_or_else(|| {
            Failure::Open(OpenError::Request {
                code: "worktree.unknown",
                message: format!("there is no work tree `{name}`"),
                hint: "`orch worktree list` shows them; a task has one once it was started".into(),
            })
        })
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    worktrees: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    path: String,
    name: Option<&'a str>,
    task: Option<&'a str>,
    branch: Option<&'a str>,
    state: &'static str,
    detail: Option<String>,
    ahead: Option<usize>,
    processes: &'a [u32],
}

fn list(plan: Option<&Path>, kind: &Kinded, as_json: bool) -> Result<u8, Failure> {
    let asked = Asked::about(plan, kind, true)?;
    let mut out = io::stdout().lock();
    if as_json {
        let listed = |worktree: &'_ ListedWorktree| state(&asked, worktree);
        let worktrees = asked
            .worktrees
            .iter()
            .map(|worktree| {
                let (state, detail) = listed(worktree);
                Listed {
                    path: worktree.tree.path.to_string_lossy().into_owned(),
                    name: worktree.name.as_deref(),
                    task: asked.task(worktree),
                    branch: worktree.tree.branch.as_deref(),
                    state,
                    detail,
                    ahead: worktree.state.as_ref().map(|state| state.ahead),
                    processes: &worktree.used_by,
                }
            })
            .collect();
        json::document(&mut out, "worktrees", &Answer { worktrees })?;
        return Ok(code::SUCCESS);
    }
    if asked.worktrees.is_empty() {
        writeln!(out, "there are no work trees but the main one")?;
    }
    for worktree in &asked.worktrees {
        let path = worktree.tree.path.strip_prefix(asked.project.root()).unwrap_or(&worktree.tree.path);
        let branch = worktree.tree.branch.as_deref().unwrap_or("(no branch)");
        let task = asked.task(worktree).map(|task| format!("{task}  ")).unwrap_or_default();
        let (state, detail) = state(&asked, worktree);
        let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        let line = format!("{task}{}  {branch}  {state}{detail}", path.display());
        writeln!(out, "{}", Sanitised::line(&line))?;
    }
    Ok(code::SUCCESS)
}

/// A word for what stands against removing a work tree, and more about it.
fn state(asked: &Asked, worktree: &ListedWorktree) -> (&'static str, Option<String>) {
    if asked.is_under_way(worktree) {
        return ("in_use", Some("its task is under way".into()));
    }
    if let Some(pid) = worktree.used_by.first() {
        return ("in_use", Some(format!("process {pid} works in it")));
    }
    if worktree.is_broken {
        let detail = "its folder is no work tree of the repository; `git worktree repair` may mend it";
        return ("broken", Some(detail.into()));
    }
    let Some(state) = &worktree.state else {
        return ("missing", Some("its folder is gone; `orch worktree remove` forgets it".into()));
    };
    if let Some(reason) = &worktree.tree.locked {
        return ("locked", Some(reason.clone()).filter(|reason| !reason.is_empty()));
    }
    if !state.is_safe() {
        return ("unsaved", Some(state.to_string()));
    }
    match worktree.is_merged {
        false => {
            let are = if state.ahead == 1 { "is" } else { "are" };
            ("unmerged", Some(format!("{} of its commits {are} neither merged nor pushed", state.ahead)))
        }
        true => ("clean", None),
    }
}

fn remove(names: &[String], kind: &Kinded, force: bool) -> Result<u8, Failure> {
    let (plan, names) = plan_first(names);
    let asked = Asked::about(plan.as_deref(), kind, false)?;
    let mut out = io::stdout().lock();
    let chosen: Vec<&ListedWorktree> = match names.as_slice() {
        [] if force => {
            return Err(Failure::Open(OpenError::Request {
                code: "worktree.which",
                message: "`--force` needs to be told which work trees are meant".into(),
                hint: "name their tasks or their paths".into(),
            }));
        }
        // Those that orch made, and of which nothing is lost.
        [] => {
            let is_fit = |worktree: &&ListedWorktree| {
                worktree.name.is_some() && worktree.is_safe() && !asked.is_under_way(worktree)
            };
            asked.worktrees.iter().filter(is_fit).collect()
        }
        names => names.iter().map(|name| asked.named(name)).collect::<Result<_, _>>()?,
    };
    for worktree in &chosen {
        if asked.is_under_way(worktree) {
            return Err(Failure::Open(OpenError::Request {
                code: "worktree.in_use",
                message: format!("the task of {} is under way", worktree.tree.path.display()),
                hint: "stop it first with `orch stop ID`".into(),
            }));
        }
        let rescued = asked.project.remove(worktree, force)?;
        writeln!(out, "removed {}", Sanitised::line(&worktree.tree.path.to_string_lossy()))?;
        say_rescued(&rescued, &mut out)?;
    }
    if chosen.is_empty() {
        writeln!(out, "no work tree can be removed without a loss")?;
        tell(&["`orch worktree list` says what stands against each".into()]);
        return Ok(code::NOTHING_TO_DO);
    }
    Ok(code::SUCCESS)
}

fn rescue(names: &[String], kind: &Kinded) -> Result<u8, Failure> {
    let (plan, names) = plan_first(names);
    let asked = Asked::about(plan.as_deref(), kind, true)?;
    let mut out = io::stdout().lock();
    if names.is_empty() {
        let rescues = asked.project.rescues()?;
        if rescues.is_empty() {
            writeln!(out, "nothing was rescued")?;
            return Ok(code::NOTHING_TO_DO);
        }
        for rescue in rescues {
            let commit = rescue.commit.get(..9).unwrap_or(&rescue.commit);
            let line = format!("{}  {commit}  {}", rescue.reference, rescue.subject);
            writeln!(out, "{}", Sanitised::line(&line))?;
        }
        tell(&["`git switch --create NAME REF` goes on with one".into()]);
        return Ok(code::SUCCESS);
    }
    for name in &names {
        let rescued = asked.project.rescue(asked.named(name)?)?;
        say_rescued(&rescued, &mut out)?;
    }
    Ok(code::SUCCESS)
}

fn say_rescued(rescued: &[orch_systems::Rescued], out: &mut dyn Write) -> io::Result<()> {
    for rescued in rescued {
        let inside = match rescued.inside.as_os_str().is_empty() {
            true => String::new(),
            false => format!(" (of {})", rescued.inside.display()),
        };
        let line = format!("kept as {}{inside}", rescued.reference);
        writeln!(out, "{}", Sanitised::line(&line))?;
    }
    Ok(())
}

/// A plan's file or folder among the names, if one stands there, and the rest. A work tree is no plan.
fn plan_first(names: &[String]) -> (Option<PathBuf>, Vec<String>) {
    let is_plan = |name: &&String| {
        let path = Path::new(name.as_str());
        path.is_file() && !path.is_dir() || path.join("meta.json").is_file()
    };
    let plan = names.iter().find(is_plan).map(PathBuf::from);
    let rest = names.iter().filter(|name| !is_plan(name)).cloned().collect();
    (plan, rest)
}
