//! Bringing a task's branch into the one it was cut from, which is checked out in the project's own work tree.
//!
//! "Completed" is a claim: it counts when all of the work is committed, what only orch writes was left alone, and the
//! branch could be merged. Landings come one after the other, since they are done by the one thread of the run.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use orch_core::Outcome;
use orch_git::{BranchName, Git, GitError, MergeError, Merged};

use crate::system::{ErrandEnd, FollowUp, GroundError, Step};

/// The most files that a message names.
const NAMED: usize = 5;

/// What to do once the way is free.
const RETRY: &str = "`orch retry`, which only merges it";

/// The branch into which what is done in work trees is merged: the one that is checked out in the project.
pub(crate) struct Harbour {
    root: PathBuf,
    /// What was checked out when that was first asked for in this run; none when that is a commit alone. Who only looks pays
    /// for no git.
    branch: OnceCell<Option<String>>,
}

impl Harbour {
    pub(crate) fn of(root: &Path) -> Self {
        Self { root: root.to_owned(), branch: OnceCell::new() }
    }

    /// Its name; none where no branch is checked out.
    pub(crate) fn branch(&self) -> Option<&str> {
        self.branch.get_or_init(|| checked_out(&self.root)).as_deref()
    }

    /// That there is one, before anybody begins what could not be merged then.
    ///
    /// # Errors
    /// When a commit alone is checked out.
    pub(crate) fn require(&self) -> Result<(), GroundError> {
        let why =
            "no branch is checked out that what is done could be merged into: `git switch` to one first";
        let missing = || GroundError::Environment(format!("{}: {why}", self.root.display()));
        self.branch().map(drop).ok_or_else(missing)
    }
}

/// The branch that is checked out in `folder`.
pub(crate) fn checked_out(folder: &Path) -> Option<String> {
    Git::at(folder).checked_out().ok()?
}

/// A claim of success that can't be brought anywhere: what it is instead, and why.
pub(crate) struct Unmerged(pub(crate) Outcome, pub(crate) String);

impl FollowUp for Unmerged {
    fn next(&mut self) -> Step {
        Step::Done { outcome: self.0, detail: Some(self.1.clone()) }
    }

    /// There are no errands.
    fn ended(&mut self, _: ErrandEnd<'_>) {}
}

/// A claim of success, on its way into the base branch.
pub(crate) struct Landing {
    /// The project's own work tree.
    pub(crate) root: PathBuf,
    /// That of the task.
    pub(crate) worktree: PathBuf,
    pub(crate) branch: BranchName,
    /// The branch that was checked out in the project when the run began: what is done is merged into no other.
    pub(crate) base: Option<String>,
    /// The planning document from the root, which only orch writes; none when it lies elsewhere, or there is none.
    pub(crate) document: Option<String>,
    /// Folders in the work tree that are orch's own, and not the task's work.
    pub(crate) own_folders: &'static [&'static str],
    /// The message of the merge.
    pub(crate) message: String,
    /// Where it is noted that the work is done and only has to be merged, so that `orch retry` does just that.
    pub(crate) claim: PathBuf,
}

impl FollowUp for Landing {
    fn next(&mut self) -> Step {
        let (outcome, detail) = self.land().unwrap_or_else(|error| {
            self.note();
            (Outcome::Obstructed, Some(format!("its branch {} could not be merged: {error}", self.branch)))
        });
        Step::Done { outcome, detail }
    }

    /// There are no errands.
    fn ended(&mut self, _: ErrandEnd<'_>) {}
}

impl Landing {
    fn land(&self) -> Result<(Outcome, Option<String>), GitError> {
        let root = Git::at(&self.root);
        if let Some(why) = unsaved(&root, &self.worktree, &self.branch, self.own_folders)? {
            return Ok((Outcome::Rejected, Some(why)));
        }
        if let Some(document) = &self.document
            && let (Some(head), Some(tip)) = (root.head()?, root.branch_tip(&self.branch)?)
            && root.changed_between(&head, &tip)?.contains(document)
        {
            let why = format!(
                "it changed the planning document ({document}), which only orch does; take that out of {}",
                self.branch
            );
            return Ok((Outcome::Rejected, Some(why)));
        }
        if let Some(base) = &self.base {
            let now = root.checked_out()?;
            if now.as_ref() != Some(base) {
                self.note();
                let now = now.map_or("no branch".into(), |now| format!("`{now}`"));
                let why = format!(
                    "done, and not merged: {now} is checked out in {}, and not `{base}` as when the run began; check that out, \
                     then {RETRY}",
                    self.root.display()
                );
                return Ok((Outcome::Obstructed, Some(why)));
            }
        }
        Ok(match root.merge(&self.branch, &self.message) {
            Ok(Merged::Done { commit }) => {
                (Outcome::Succeeded, Some(format!("merged as {}", commit.get(..9).unwrap_or(&commit))))
            }
            Ok(Merged::Nothing) => {
                (Outcome::Succeeded, Some("nothing on its branch is left to be merged".into()))
            }
            Err(error) => {
                self.note();
                (Outcome::Obstructed, Some(not_merged(&self.branch, &self.root, &error)))
            }
        })
    }

    fn note(&self) {
        note_claim(&self.claim);
    }
}

/// Why what a worker did can't be merged as it is, if it can't: something in its work tree is not committed, or not on its
/// branch. Of a work tree that somebody has removed, what is committed is all there is.
///
/// # Errors
/// When git can't say.
pub(crate) fn unsaved(
    root: &Git,
    worktree: &Path,
    branch: &BranchName,
    own_folders: &[&str],
) -> Result<Option<String>, GitError> {
    if !worktree.is_dir() {
        return Ok(None);
    }
    let there = Git::at(worktree);
    let unsaved = there.uncommitted(&["**"], own_folders)?;
    if !unsaved.is_empty() {
        return Ok(Some(format!("its work is not committed: {}; commit it on {branch}", named(&unsaved))));
    }
    if let (Some(there), Some(tip)) = (there.head()?, root.branch_tip(branch)?)
        && !root.is_ancestor(&there, &tip)?
    {
        return Ok(Some(format!(
            "its work tree is at commit {}, which is not on {branch}; bring the work onto that branch",
            there.get(..9).unwrap_or(&there)
        )));
    }
    Ok(None)
}

/// What is said of a branch that could not be merged in `place`.
pub(crate) fn not_merged(branch: &BranchName, place: &Path, error: &MergeError) -> String {
    let then = format!("then {RETRY}");
    match error {
        MergeError::Git(error) => format!("its branch {branch} could not be merged: {error}; {then}"),
        // Both are about files, by their names from the top of the place.
        MergeError::Conflict { .. } | MergeError::WouldOverwrite { .. } => {
            format!("done, and not merged: {error} in {}, {then}", place.display())
        }
        error => format!("done, and not merged: {error}; {then}"),
    }
}

/// Notes that work is done and only has to be merged.
pub(crate) fn note_claim(claim: &Path) {
    // Without it the worker is started again, which costs more and is no less right.
    let _ = fs::write(claim, "");
}

fn named(files: &[String]) -> String {
    let more = files.len().saturating_sub(NAMED);
    let shown = files.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
