//! Why a tool did nothing, in the originals' words where they have any.

use std::path::PathBuf;

use orch_git::{CommitError, GitError, WorktreeError};
use orch_state_commits::{Unwritable, UpdateError};
use serde::Serialize;

/// Why a tool did nothing.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The folder lies in no repository.
    #[error("Not a git repository")]
    NotARepository {
        /// The folder.
        folder: PathBuf,
    },
    /// Nothing was ever committed.
    #[error("the repository has no commits yet")]
    NoCommits,
    /// There is no branch `flow`.
    #[error("there is no branch flow")]
    NoFlow {
        /// The branch that it may be made of, if there is one.
        from: Option<String>,
    },
    /// The branch was to be new.
    #[error("Branch {branch} already exists")]
    Exists {
        /// The branch.
        branch: String,
    },
    /// There is no such branch.
    #[error("Branch {branch} does not exist")]
    NoBranch {
        /// The branch.
        branch: String,
        /// Branches that may have been meant, and how one is made.
        hint: String,
    },
    /// No commit of the branch says what was asked for.
    #[error("no commit of {branch} says what {what} is")]
    NoRecord {
        /// The branch.
        branch: String,
        /// What was looked for: `the task` or `the plan`.
        what: &'static str,
    },
    /// An argument that can't be taken.
    #[error("{problem}")]
    Argument {
        /// Which, and what is wrong with it.
        problem: String,
        /// What to give instead.
        hint: String,
    },
    /// The rules of plans don't allow the update.
    #[error(transparent)]
    Update(#[from] UpdateError),
    /// A text can't stand in a message.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// The plan was updated by others again and again.
    #[error("{branch} was updated by others all the time")]
    Contended {
        /// The branch of the plan.
        branch: String,
    },
    /// Git did not make a commit.
    #[error(transparent)]
    Commit(CommitError),
    /// A work tree could not be made or removed.
    #[error("{problem}")]
    Worktree {
        /// What is in the way.
        problem: String,
        /// What to do about it.
        hint: String,
    },
    /// Git failed.
    #[error("Git command failed: {0}")]
    Git(GitError),
    /// Git took too long and was ended.
    #[error("Git command timed out: {0}")]
    TimedOut(GitError),
}

/// What a tool answers instead of a result, in the originals' shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What is wrong.
    pub error: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What a person has to do first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_required: Option<String>,
    /// The folder in which the tools work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_directory: Option<String>,
}

impl ToolError {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotARepository { .. } => "the folder lies in no git repository".into(),
            Self::NoCommits => "commit something first, then make the branch: `git branch flow`".into(),
            Self::NoFlow { from: Some(from) } => format!("make it: `git branch flow {from}`"),
            Self::NoFlow { from: None } => "make it: `git branch flow`".into(),
            Self::Exists { branch } if branch.starts_with("plan/") => {
                "use another session_id, or update that plan with update_plan_branch".into()
            }
            Self::Exists { .. } => "use another branch_slug, or go on with that branch".into(),
            Self::NoRecord { what: "the plan", .. } => {
                "name the branch of a plan; create_plan_branch makes one".into()
            }
            Self::NoRecord { .. } => "name the branch of a task; create_task_branch makes one".into(),
            Self::NoBranch { hint, .. } | Self::Argument { hint, .. } | Self::Worktree { hint, .. } => {
                hint.clone()
            }
            Self::Update(error) => error.hint(),
            Self::Unwritable(error) => error.hint().into(),
            Self::Contended { .. } => "call the tool again".into(),
            Self::Commit(error) => error.hint()?.into(),
            Self::TimedOut(_) => {
                "look at the repository with `git status`; git may wait for something".into()
            }
            Self::Git(GitError::NotInstalled { .. }) => "install git".into(),
            Self::Git(_) => return None,
        })
    }

    /// What the tool answers.
    pub fn refusal(&self) -> Refusal {
        let mut refusal = Refusal {
            error: self.to_string(),
            hint: self.hint(),
            action_required: None,
            current_directory: None,
        };
        match self {
            Self::NotARepository { folder } => {
                refusal.action_required = Some("Initialize git repository first: git init".into());
                refusal.current_directory = Some(folder.display().to_string());
            }
            Self::NoCommits | Self::NoFlow { .. } => refusal.action_required = self.hint(),
            _ => {}
        }
        refusal
    }
}

impl From<GitError> for ToolError {
    fn from(error: GitError) -> Self {
        match error {
            GitError::NotARepository { dir } => Self::NotARepository { folder: dir },
            error @ GitError::TimedOut { .. } => Self::TimedOut(error),
            error => Self::Git(error),
        }
    }
}

impl From<CommitError> for ToolError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Exists { branch, .. } => Self::Exists { branch: branch.to_string() },
            CommitError::NoCommits => Self::NoCommits,
            CommitError::Git(error) => error.into(),
            error => Self::Commit(error),
        }
    }
}

impl From<orch_state_commits::UnfitName> for ToolError {
    fn from(unfit: orch_state_commits::UnfitName) -> Self {
        Self::Argument { problem: unfit.to_string(), hint: unfit.hint() }
    }
}

impl From<WorktreeError> for ToolError {
    fn from(error: WorktreeError) -> Self {
        let hint = match error {
            WorktreeError::Git(error) => return error.into(),
            WorktreeError::NoCommits => return Self::NoCommits,
            WorktreeError::BranchInUse { .. } => {
                "work there, or remove that work tree first; a branch can be checked out in one place only"
            }
            WorktreeError::Locked { .. } => "unlock it with `git worktree unlock`, or use another worker_id",
            WorktreeError::UnderWay { .. } => "end it there, or abort it",
            WorktreeError::PathTaken { .. } | WorktreeError::NotAWorktree { .. } => {
                "move it away, or use another worker_id"
            }
            WorktreeError::NotSafe { .. } => "commit what is in it, or throw it away there",
            _ => "use another worker_id",
        };
        Self::Worktree { problem: error.to_string(), hint: hint.into() }
    }
}
