//! Moving one branch of a stack, or leaving everything as it was.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::aside::Aside;
use crate::lock::Held;
use crate::program::Call;
use crate::restack::RestackStep;
use crate::state::{Operation, WorktreeState, operation};
use crate::worktree::is_there;
use crate::{BranchName, Git, GitError};

/// Where the old tips of restacked branches are kept.
const RESTACKED: &str = "refs/orch/restack";

/// The file, in the folder that git keeps for a work tree, that says that orch began the rebase there: the reference of
/// the old tip, and the new base.
const MARK: &str = "orch-restack";

/// A branch that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restacked {
    /// The branch.
    pub branch: BranchName,
    /// Where it was.
    pub old_tip: String,
    /// Where it is.
    pub new_tip: String,
    /// The commit it builds on now.
    pub onto: String,
    /// The reference that keeps `old_tip`, such as `refs/orch/restack/feature/users/1`.
    pub kept: String,
}

/// Why a branch was not moved. It is where it was, and so is its work tree, unless said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum RestackError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A branch of the step does not exist.
    #[error("there is no branch {branch}")]
    NoBranch {
        /// The branch.
        branch: BranchName,
    },
    /// The branch has moved since the step was planned.
    #[error("the branch {branch} has moved since: plan again")]
    Moved {
        /// The branch.
        branch: BranchName,
    },
    /// The branch is checked out in the main work tree, which is the user's own.
    #[error("the branch {branch} is checked out in the main work tree {}: switch to another one there", path.display())]
    InMainWorktree {
        /// The branch.
        branch: BranchName,
        /// The main work tree.
        path: PathBuf,
    },
    /// The work tree of the branch has changes to tracked files.
    #[error("the work tree {} has changes ({state}): commit them first", path.display())]
    Dirty {
        /// The work tree.
        path: PathBuf,
        /// What is in it.
        state: Box<WorktreeState>,
    },
    /// Somebody has begun something in the work tree of the branch.
    #[error("a {operation} is under way in {}: end it first", path.display())]
    UnderWay {
        /// The work tree.
        path: PathBuf,
        /// The operation.
        operation: Operation,
    },
    /// An earlier restack of this branch was killed, or could not be undone. The work tree is in the middle of it.
    #[error(
        "a restack of {branch} was interrupted in {}: `git rebase --abort` there puts it back; its old tip is {kept}",
        path.display()
    )]
    Interrupted {
        /// The branch.
        branch: BranchName,
        /// Its work tree.
        path: PathBuf,
        /// The reference that keeps the old tip.
        kept: String,
    },
    /// The commits of the branch do not fit onto its new base.
    #[error("{branch} conflicts with {onto} in {}", listed(files))]
    Conflict {
        /// The branch.
        branch: BranchName,
        /// Where it should have gone.
        onto: BranchName,
        /// The files, relative to the top of the work tree.
        files: Vec<PathBuf>,
    },
}

fn listed(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl Git {
    /// Takes one step of a [`RestackPlan`](crate::RestackPlan): puts the branch's own commits onto its new base. In the
    /// work tree that has the branch, if there is one (untracked files may be there), else aside. No hooks, no editor.
    ///
    /// The old tip is kept as `refs/orch/restack/<branch>/<number>`.
    ///
    /// # Errors
    /// [`RestackError`]: on a conflict, as on any other, the branch and its work tree are as they were. Only after
    /// [`Interrupted`](RestackError::Interrupted) the work tree is in the middle of a rebase.
    pub fn restack_one(&self, step: &RestackStep) -> Result<Restacked, RestackError> {
        let RestackStep { branch, tip, onto, .. } = step;
        let common = self.common_dir()?;
        let lock = self.lock_branch(&common, branch)?;
        let none = |branch: &BranchName| RestackError::NoBranch { branch: branch.clone() };
        let list = self.worktrees()?;
        let own = self.holder(branch, &list)?;
        if let Some(tree) = own {
            if tree.main {
                return Err(RestackError::InMainWorktree { branch: branch.clone(), path: tree.path.clone() });
            }
            if is_there(&tree.path)? {
                self.worktree(&tree.path)?;
                self.check_idle(branch, &tree.path)?;
            }
        }
        if self.branch_tip(branch)?.ok_or_else(|| none(branch))? != *tip {
            return Err(RestackError::Moved { branch: branch.clone() });
        }
        let found = if step.onto_default { self.newest_tip(onto)? } else { self.nearest_tip(onto)? };
        let onto_commit = found.ok_or_else(|| none(onto))?;
        let kept = self.keep(RESTACKED, branch, tip)?;
        let moved = match own {
            Some(tree) if is_there(&tree.path)? => {
                self.in_its_place(step, &tree.path, &onto_commit, &kept, &lock)
            }
            _ => self.aside(step, &common, &onto_commit, &lock),
        };
        match moved {
            Ok(new_tip) => {
                self.record_base(branch, &onto_commit)?;
                let (branch, old_tip) = (branch.clone(), tip.clone());
                Ok(Restacked { branch, old_tip, new_tip, onto: onto_commit, kept })
            }
            Err(error) => {
                // The branch is where it was, so nothing has to be kept.
                if !matches!(error, RestackError::Interrupted { .. })
                    && self.branch_tip(branch)?.as_ref() == Some(tip)
                {
                    let _ = self.change(&Call::change(["update-ref", "-d", &kept, tip]));
                }
                Err(error)
            }
        }
    }

    /// Undoes a restack of the branch that was [interrupted](RestackError::Interrupted) in its work tree. `false` when
    /// there is none.
    ///
    /// # Errors
    /// Git's own; [`RestackError::Interrupted`] when it could not be undone.
    pub fn abort_restack(&self, branch: &BranchName) -> Result<bool, RestackError> {
        let common = self.common_dir()?;
        let _lock = self.lock_branch(&common, branch)?;
        let list = self.worktrees()?;
        let Some(tree) = self.holder(branch, &list)? else { return Ok(false) };
        match self.check_idle(branch, &tree.path) {
            Err(RestackError::Interrupted { kept, .. }) => {
                let there = self.beside(&tree.path);
                there.undo(branch, &kept)?;
                let mark = there.git_dir()?.join(MARK);
                fs::remove_file(&mark).map_err(GitError::io(&mark))?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Whether a rebase may begin in the work tree of the branch.
    fn check_idle(&self, branch: &BranchName, path: &Path) -> Result<(), RestackError> {
        let there = self.beside(path);
        let git_dir = there.git_dir()?;
        if let Some(kept) = there.began_by_orch(&git_dir)? {
            return Err(RestackError::Interrupted { branch: branch.clone(), path: path.to_owned(), kept });
        }
        match operation(&git_dir) {
            Some(operation) => Err(RestackError::UnderWay { path: path.to_owned(), operation }),
            None => {
                let state = there.worktree_state(path, &[])?;
                if state.has_tracked_changes() {
                    return Err(RestackError::Dirty { path: path.to_owned(), state: Box::new(state) });
                }
                Ok(())
            }
        }
    }

    /// The reference of the old tip, when orch began the rebase that is under way. A mark may be left over, so the rebase
    /// has to be the one that it tells of.
    fn began_by_orch(&self, git_dir: &Path) -> Result<Option<String>, GitError> {
        let word = |name: &str| fs::read_to_string(git_dir.join(name)).unwrap_or_default().trim().to_owned();
        let mark = word(MARK);
        let Some((kept, onto)) = mark.split_once(' ') else { return Ok(None) };
        let tip = self.resolve(kept)?;
        let same =
            word("rebase-merge/onto") == onto && tip.as_deref() == Some(&*word("rebase-merge/orig-head"));
        Ok(same.then(|| kept.to_owned()))
    }

    fn in_its_place(
        &self,
        step: &RestackStep,
        path: &Path,
        onto: &str,
        kept: &str,
        lock: &Held,
    ) -> Result<String, RestackError> {
        let there = self.beside(path);
        let mark = there.git_dir()?.join(MARK);
        fs::write(&mark, format!("{kept} {onto}\n")).map_err(GitError::io(&mark))?;
        if let Err(error) = there.rebase(step, onto, lock) {
            let error = there.explained(step, error);
            there.undo(&step.branch, kept)?;
            fs::remove_file(&mark).map_err(GitError::io(&mark))?;
            return Err(error);
        }
        fs::remove_file(&mark).map_err(GitError::io(&mark))?;
        there.branch_tip(&step.branch)?.ok_or(RestackError::NoBranch { branch: step.branch.clone() })
    }

    fn aside(
        &self,
        step: &RestackStep,
        common: &Path,
        onto: &str,
        lock: &Held,
    ) -> Result<String, RestackError> {
        let aside = Aside::new(self, common, "restack", step.branch.as_str(), &step.tip, lock)?;
        let there = self.beside(aside.path());
        if let Err(error) = there.rebase(step, onto, lock) {
            return Err(there.explained(step, error));
        }
        let new_tip = there.head()?.ok_or(RestackError::NoBranch { branch: step.branch.clone() })?;
        // Under the feet of a work tree that has it by now, it may not move.
        if let Some(tree) = self.holder(&step.branch, &self.worktrees()?)?
            && is_there(&tree.path)?
        {
            return Err(RestackError::Moved { branch: step.branch.clone() });
        }
        let head = step.branch.head_ref();
        let message = format!("restack: onto {}", step.onto);
        self.change(&Call::change([
            "update-ref",
            "--create-reflog",
            "-m",
            &message,
            &head,
            &new_tip,
            &step.tip,
        ]))?;
        Ok(new_tip)
    }

    fn rebase(&self, step: &RestackStep, onto: &str, lock: &Held) -> Result<(), GitError> {
        let mut args = vec!["rebase", "--quiet", "--no-autostash", "--no-autosquash", "--no-fork-point"];
        args.extend(["--no-update-refs", "--no-verify", "--onto", onto, &step.from]);
        let call = Call::change(args)
            .config("rebase.backend=merge")
            .config("rebase.rebaseMerges=false")
            .config("submodule.recurse=false")
            .holding(lock)
            .map_err(GitError::io(self.dir()))?;
        self.call(&self.with_committer(call)?).map(drop)
    }

    /// A rebase that stopped at a conflict, as that; anything else as it is.
    fn explained(&self, step: &RestackStep, error: GitError) -> RestackError {
        let unmerged = ["diff", "--name-only", "--diff-filter=U", "-z", "--no-ext-diff", "--no-relative"];
        let files = self.local(&unmerged).unwrap_or_default();
        let files: Vec<PathBuf> = files
            .split(|&byte| byte == 0)
            .filter(|name| !name.is_empty())
            .map(|name| PathBuf::from(OsString::from_vec(name.to_vec())))
            .collect();
        if files.is_empty() {
            return error.into();
        }
        RestackError::Conflict { branch: step.branch.clone(), onto: step.onto.clone(), files }
    }

    /// Puts the branch and this work tree back where they were before the rebase.
    fn undo(&self, branch: &BranchName, kept: &str) -> Result<(), RestackError> {
        let git_dir = self.git_dir()?;
        if operation(&git_dir) == Some(Operation::Rebase) {
            // Whether it worked is looked at below.
            let _ = self.change(&Call::change(["rebase", "--abort"]).config("submodule.recurse=false"));
        }
        let back = operation(&git_dir).is_none()
            && self.checked_out()?.as_deref() == Some(branch.as_str())
            && self.branch_tip(branch)? == self.resolve(kept)?;
        if back {
            return Ok(());
        }
        let (branch, path) = (branch.clone(), self.dir().to_owned());
        Err(RestackError::Interrupted { branch, path, kept: kept.to_owned() })
    }
}
