//! The repository that plans are in: its configuration and its work trees, with or without a plan.

use std::path::{Path, PathBuf};

use orch_git::{Git, Rescue, Rescued};

use crate::session::repository_root;
use crate::worktrees::{ListedWorktree, Worktrees};
use crate::{Config, OpenError};

/// A repository, as seen from one of its folders.
pub struct Project {
    root: PathBuf,
    worktrees: Worktrees,
}

impl Project {
    /// The repository that `folder` is in.
    ///
    /// # Errors
    /// [`OpenError::Environment`] when it is in none, [`OpenError::Config`] when `orch.toml` can't be used.
    pub fn around(folder: &Path) -> Result<Self, OpenError> {
        let root = repository_root(folder).ok_or_else(|| OpenError::Environment {
            message: format!("{} is in no git repository", folder.display()),
            hint: "work trees belong to a repository: go into one".into(),
        })?;
        // From inside one of its work trees it is the same repository.
        let main = Git::at(&root).worktrees().ok().and_then(|trees| trees.into_iter().find(|tree| tree.main));
        let root = main.filter(|main| !main.bare).map_or(root, |main| main.path);
        let config = Config::find(if folder.starts_with(&root) { folder } else { &root }, &root)?;
        let worktrees = Worktrees::of(&root, &config.worktrees);
        Ok(Self { root, worktrees })
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its work trees but the main one, whoever made them.
    ///
    /// # Errors
    /// [`OpenError::Environment`] when git can't say.
    pub fn worktrees(&self) -> Result<Vec<ListedWorktree>, OpenError> {
        self.worktrees.list()
    }

    /// Removes a work tree; its branch stays. With `force` one goes as well that holds unsaved or unmerged work, after
    /// all of it was kept under a ref; one in which a process works never does.
    ///
    /// # Errors
    /// [`OpenError::Request`] with what stands against it.
    pub fn remove(&self, worktree: &ListedWorktree, force: bool) -> Result<Vec<Rescued>, OpenError> {
        self.worktrees.remove(worktree, force)
    }

    /// Keeps everything in a work tree, saved or not, under a ref, and leaves the work tree as it is.
    ///
    /// # Errors
    /// [`OpenError::Environment`] when git can't.
    pub fn rescue(&self, worktree: &ListedWorktree) -> Result<Vec<Rescued>, OpenError> {
        self.worktrees.rescue(&worktree.tree.path)
    }

    /// What was kept.
    ///
    /// # Errors
    /// [`OpenError::Environment`] when git can't say.
    pub fn rescues(&self) -> Result<Vec<Rescue>, OpenError> {
        self.worktrees.rescues()
    }
}
