//! Removing a work tree without losing anything.

use std::path::Path;

use crate::add::Place;
use crate::program::Call;
use crate::rescue::Rescued;
use crate::state::WorktreeState;
use crate::worktree::{Worktree, WorktreeError, is_there};
use crate::{BranchName, Git, GitError};

/// Whether a work tree is removed that is not safe to remove.
#[derive(Clone, Copy, Debug)]
pub enum Force<'a> {
    /// It stays.
    No,
    /// It goes, after everything in it was [rescued](Git::rescue) under this name.
    RescueAs(&'a BranchName),
}

impl Git {
    /// Removes the work tree at `path` (relative to [`dir`](Git::dir)). Its branch stays. Ignored files go with it, but for
    /// repositories among them, which keep it.
    ///
    /// Without force it stays when it holds changes or untracked files, commits of a detached `HEAD` that nothing else
    /// has, submodules with work that is nowhere else, an operation under way, or a lock. With force all that is
    /// rescued first; what was rescued is returned. Only a repository inside that is no submodule keeps it even
    /// then. Where the folder is gone already, git forgets the work tree.
    ///
    /// Whether somebody works there is not looked at.
    ///
    /// # Errors
    /// [`WorktreeError::NotSafe`] with what is there; [`WorktreeError::Locked`], [`MainWorktree`](WorktreeError::MainWorktree),
    /// [`NotAWorktree`](WorktreeError::NotAWorktree); or git's own.
    pub fn remove_worktree(&self, path: &Path, force: Force<'_>) -> Result<Vec<Rescued>, WorktreeError> {
        self.remove_at(&self.place(path)?, force)
    }

    /// The same at a place that is held.
    pub(crate) fn remove_at(&self, place: &Place, force: Force<'_>) -> Result<Vec<Rescued>, WorktreeError> {
        let Place { common, path, lock } = place;
        let list = self.worktrees()?;
        let Some(tree) = self.worktree_at(&list, path) else {
            return Err(WorktreeError::NotAWorktree { path: path.clone() });
        };
        if tree.main {
            return Err(WorktreeError::MainWorktree { path: path.clone() });
        }
        if let (Some(reason), Force::No) = (&tree.locked, force) {
            return Err(WorktreeError::Locked { path: path.clone(), reason: reason.clone() });
        }
        if !is_there(path)? {
            return self.forget(common, path, tree, force);
        }
        if !self.belongs(path, common)? {
            return Err(WorktreeError::NotAWorktree { path: path.clone() });
        }
        let outside = self.beside(common);
        let state = self.worktree_state(path, &[])?;
        let not_safe = |state| WorktreeError::NotSafe { path: path.clone(), state: Box::new(state) };
        let (rescued, by_force): (_, &[&str]) = match force {
            Force::No if !state.is_safe() => return Err(not_safe(state)),
            // Git looks again itself. It never does where there are submodules.
            Force::No if self.beside(path).submodules()?.is_empty() => (Vec::new(), &[]),
            Force::No => (Vec::new(), &["--force"]),
            Force::RescueAs(_) if state.nested.iter().any(|nested| !nested.tracked) => {
                return Err(not_safe(state));
            }
            Force::RescueAs(name) => (self.rescue(path, name)?, &["--force", "--force"]),
        };
        let call = Call::change(["worktree", "remove"].iter().chain(by_force).chain(&["--"])).arg(path);
        let call = call.holding(lock).map_err(GitError::io(path))?;
        outside.change(&call)?;
        Ok(rescued)
    }

    /// Of a work tree whose folder is gone, only the commits of a detached `HEAD` could still be lost.
    fn forget(
        &self,
        common: &Path,
        path: &Path,
        tree: &Worktree,
        force: Force<'_>,
    ) -> Result<Vec<Rescued>, WorktreeError> {
        let mut rescued = Vec::new();
        if let (None, Some(head)) = (&tree.branch, &tree.head) {
            let unreferenced = self.unreferenced(head)?;
            match force {
                Force::No if unreferenced > 0 => {
                    let head = Some(head.clone());
                    let state =
                        WorktreeState { head, unreferenced, missing: true, ..WorktreeState::default() };
                    return Err(WorktreeError::NotSafe { path: path.to_owned(), state: Box::new(state) });
                }
                Force::RescueAs(name) if unreferenced > 0 => rescued.push(self.rescue_commit(name, head)?),
                Force::No | Force::RescueAs(_) => {}
            }
        }
        self.unregister(common, path)?;
        Ok(rescued)
    }
}
