//! `create_worktree`, `remove_worktree`: a place of its own for each worker.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use orch_git::{BranchName, Force, Git, WorktreeError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{InUse, PlanRepository, ToolError};

/// The folder that they are made in, at the top of the main work tree.
const FOLDER: &str = ".worktrees";

/// Bytes that the id of a worker may have.
const LONGEST: usize = 40;

/// So many files are named of a work tree that can't be removed.
const NAMED: usize = 10;

/// What `create_worktree` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorktreeInput {
    /// Which worker it is for, such as 1.
    pub worker_id: String,
    /// The branch that the worker works on, such as task/001-user-model.
    pub task_branch: String,
}

/// What `remove_worktree` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveWorktreeInput {
    /// Which worker it was for, such as 1.
    pub worker_id: String,
}

/// What `create_worktree` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorktreeCreated {
    /// Always true.
    pub success: bool,
    /// Where it is, from the top of the main work tree: `.worktrees/worker-1`.
    pub worktree_path: String,
    /// The branch that is checked out in it.
    pub task_branch: String,
    /// Which worker it is for.
    pub worker_id: String,
    /// The same in words.
    pub message: String,
}

/// What `remove_worktree` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorktreeRemoved {
    /// Always true.
    pub success: bool,
    /// What was done, or that there was nothing to do.
    pub message: String,
}

/// Where a worker's work tree is or would be.
struct Place {
    top: PathBuf,
    /// From the top.
    shown: String,
    /// The branch that is checked out there.
    has: Option<String>,
}

impl Place {
    fn path(&self) -> PathBuf {
        self.top.join(&self.shown)
    }
}

impl PlanRepository {
    /// Makes the work tree of a worker at `.worktrees/worker-<id>`, with the branch of a task checked out. One that is there
    /// on another branch makes room, if nothing is lost with it; one on the same branch is taken over as it is.
    ///
    /// # Errors
    /// [`ToolError::Worktree`] when the branch is in use elsewhere, or the work tree that is there holds work that is in no
    /// commit, or somebody [works](Self::sparing) there; [`ToolError::NoBranch`]; an [argument](ToolError::Argument) that is no plain name.
    pub fn create_worktree(&self, input: &CreateWorktreeInput) -> Result<WorktreeCreated, ToolError> {
        let place = self.place(&input.worker_id)?;
        let (branch, tip) = self.branch(&input.task_branch, "create_task_branch")?;
        make_folder(&place.top.join(FOLDER)).map_err(|error| ToolError::Worktree {
            problem: format!("can't make the folder {FOLDER}: {error}"),
            hint: "move away what is there".into(),
        })?;
        refuse_link(&place)?;
        self.spare(&place, Some(&branch))?;
        // The tip, so that a branch that is deleted meanwhile is made again where it was.
        let added = self.git.replace_worktree(&place.path(), &branch, &tip);
        let added = added.map_err(|error| self.unsaved(error))?;
        let (shown, id) = (place.shown, input.worker_id.clone());
        let verb = if added.adopted { "Found" } else { "Created" };
        Ok(WorktreeCreated {
            success: true,
            message: format!("{verb} worktree at {shown} for worker-{id} on branch {branch}"),
            worktree_path: shown,
            task_branch: branch.to_string(),
            worker_id: id,
        })
    }

    /// Removes the work tree of a worker; its branch stays. That there is none is no error.
    ///
    /// # Errors
    /// [`ToolError::Worktree`] when it holds work that is in no commit, with the names of the files, or when somebody
    /// [works](Self::sparing) in it.
    pub fn remove_worktree(&self, input: &RemoveWorktreeInput) -> Result<WorktreeRemoved, ToolError> {
        let place = self.place(&input.worker_id)?;
        let (path, shown) = (place.path(), &place.shown);
        refuse_link(&place)?;
        self.spare(&place, None)?;
        let message = match self.git.remove_worktree(&path, Force::No) {
            Ok(_) => format!("Removed worktree at {shown}"),
            Err(WorktreeError::NotAWorktree { .. }) if is_nothing(&path) => {
                format!("Worktree at {shown} does not exist (already cleaned up)")
            }
            Err(error) => return Err(self.unsaved(error)),
        };
        Ok(WorktreeRemoved { success: true, message })
    }

    /// Refuses to have the work tree removed in which somebody works; one that is to have the branch that it has stays.
    fn spare(&self, place: &Place, branch: Option<&BranchName>) -> Result<(), ToolError> {
        let stays = |branch: &BranchName| place.has.as_deref() == Some(branch.as_str());
        if branch.is_some_and(stays) {
            return Ok(());
        }
        match (self.in_use)(&place.path()) {
            Some(InUse { problem, hint }) => Err(ToolError::Worktree { problem, hint }),
            None => Ok(()),
        }
    }

    fn place(&self, worker: &str) -> Result<Place, ToolError> {
        let is_plain = !worker.is_empty()
            && worker.len() <= LONGEST
            && worker.starts_with(|c: char| c.is_ascii_alphanumeric())
            && worker.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_');
        if !is_plain {
            let shown: String = worker.chars().take(LONGEST).collect();
            return Err(ToolError::Argument {
                problem: format!(
                    "{shown:?} is unfit for a worker_id: it has to be letters, digits, - and _, 40 at most"
                ),
                hint: "use a number, such as 1".into(),
            });
        }
        let trees = self.git.worktrees()?;
        let shown = format!("{FOLDER}/worker-{worker}");
        match trees.iter().find(|tree| tree.main && !tree.bare).map(|main| main.path.clone()) {
            Some(top) => {
                let there = trees.into_iter().find(|tree| tree.path == top.join(&shown));
                Ok(Place { top, shown, has: there.and_then(|tree| tree.branch) })
            }
            None => Err(ToolError::Worktree {
                problem: "the repository is bare: there is no folder for work trees".into(),
                hint: "clone it, and work in the clone".into(),
            }),
        }
    }

    /// The error, with the files that are in the way.
    fn unsaved(&self, error: WorktreeError) -> ToolError {
        let WorktreeError::NotSafe { path, state } = &error else { return error.into() };
        let files = if state.missing { Vec::new() } else { changed(path) };
        let named = match files.len() {
            0 => state.to_string(),
            1..=NAMED => files.join(", "),
            more => format!("{} and {} more", files[..NAMED].join(", "), more - NAMED),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        ToolError::Worktree {
            problem: format!("{FOLDER}/{name} holds work that is in no commit: {named}"),
            hint: format!(
                "commit it there on its branch, or throw it away there; then call the tool again ({state})"
            ),
        }
    }
}

/// The files in which the work tree at `path` differs from its commit.
fn changed(path: &Path) -> Vec<String> {
    let listed = Git::at(path).changes(&[]).unwrap_or_default();
    let mut parts = listed.split(|&byte| byte == 0).filter(|part| !part.is_empty());
    let mut files = Vec::new();
    while let Some(part) = parts.next() {
        let (kind, name) = part.split_at_checked(3).unwrap_or((part, b""));
        files.push(String::from_utf8_lossy(name).into_owned());
        if kind.starts_with(b"R") || kind.starts_with(b"C") {
            // What it was called before comes next.
            parts.next();
        }
    }
    files
}

/// Whether there is nothing at `path` any more; an empty folder goes.
fn is_nothing(path: &Path) -> bool {
    match fs::remove_dir(path) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// A link in the place of a work tree, or of the folder of all, would lead elsewhere.
fn refuse_link(place: &Place) -> Result<(), ToolError> {
    for path in [place.top.join(FOLDER), place.path()] {
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(ToolError::Worktree {
                problem: format!("{} is a link", path.display()),
                hint: "remove the link".into(),
            });
        }
    }
    Ok(())
}

/// Makes the folder of the work trees, which git ignores.
fn make_folder(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_symlink() => return Err(io::Error::other("it is a link")),
        Ok(found) if !found.is_dir() => return Err(io::Error::other("something else is there")),
        Ok(_) | Err(_) => fs::create_dir_all(folder)?,
    }
    let ignore = folder.join(".gitignore");
    match fs::symlink_metadata(&ignore) {
        Ok(found) if found.is_symlink() => Err(io::Error::other("its .gitignore is a link")),
        Ok(found) if found.len() > 0 => Ok(()),
        // Whoever made the folder may have been killed before this was written.
        Ok(_) | Err(_) => fs::write(&ignore, "*\n"),
    }
}
