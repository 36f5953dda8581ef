//! The repository that plans of waves are in, and the tools on it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orch_git::{Git, GitError};
use orch_state_commits::{PlanBranch, SessionId};

use crate::OpenError;
use crate::session::repository_root;

/// The name of the tools, which is that of the originals' server: agents call them as `mcp__git__…`.
pub(super) const SERVER: &str = "git";

/// How long git may take to say where things are. Who only looks does not wait for the time that a merge may take.
const LOOKING: Duration = Duration::from_secs(30);

/// Git in `folder`, for looking.
pub(super) fn looking(folder: &Path) -> Git {
    Git::at(folder).with_local_limit(LOOKING)
}

/// The branch of a session's plan.
pub(super) fn branch_of(session: &SessionId) -> String {
    PlanBranch::new(session.clone()).to_string()
}

/// The top of the main work tree of the repository that `folder` lies in.
///
/// # Errors
/// [`OpenError::Environment`] when there is none.
pub(super) fn main_root(folder: &Path) -> Result<PathBuf, OpenError> {
    // Only git knows a repository without a work tree when it is in one.
    let root = repository_root(folder).unwrap_or_else(|| folder.to_owned());
    let trees = looking(&root).worktrees().map_err(|error| match error {
        GitError::NotARepository { .. } => OpenError::Environment {
            message: format!("{} lies in no git repository", folder.display()),
            hint: "plans of waves are kept in branches: go into the repository, or make one with `git init`"
                .into(),
        },
        error => OpenError::Environment {
            message: error.to_string(),
            hint: "look at it with `git worktree list`".into(),
        },
    })?;
    match trees.into_iter().find(|tree| tree.main) {
        Some(main) if main.bare => Err(OpenError::Environment {
            message: format!("{} is a bare repository", main.path.display()),
            hint: "workers need work trees: clone it, and work in the clone".into(),
        }),
        // Git has its own folder for the main work tree of a repository where the two lie apart.
        Some(main) if !main.path.join(".git").exists() => Err(OpenError::Environment {
            message: format!("git does not know where the main work tree of {} is", main.path.display()),
            hint: "go into the main work tree, or clone the repository and work in the clone".into(),
        }),
        Some(main) => Ok(main.path),
        None => Ok(root),
    }
}

/// The words that serve the tools on the repository at `root` to an agent; none where they are no text, which is all that an
/// agent can be told.
pub(super) fn tools_for(program: &[OsString], root: &Path) -> Option<Vec<String>> {
    let program: Option<Vec<String>> = program.iter().map(|word| word.to_str().map(str::to_owned)).collect();
    // An agent may start them wherever it likes.
    let words = ["-C".to_owned(), root.to_str()?.to_owned(), "--tools".to_owned(), SERVER.to_owned()];
    Some(program?.into_iter().chain(words).collect())
}
