//! The repository that a plan of waves is made in.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use orch_git::{Git, GitError};
use orch_state_commits::{PlanBranch, SessionId};
use orch_state_git::ToolError;

use crate::OpenError;

/// The name of the tools, by which agents call them as `mcp__git__…`.
pub(super) const SERVER: &str = "git";

/// The branch of a session's plan.
pub(super) fn branch_of(session: &SessionId) -> String {
    PlanBranch::new(session.clone()).to_string()
}

/// The top of the main work tree of the repository that `here` is in; that of a bare one is the work tree itself.
pub(super) fn root_of(here: &Path) -> Result<PathBuf, OpenError> {
    let failed = |error: GitError| refused(error.into());
    let git = Git::at(here);
    let main = git.worktrees().map_err(failed)?.into_iter().find(|tree| tree.main && !tree.bare);
    let top = match main {
        Some(main) => Some(main.path),
        None => git.top_level().map_err(failed)?,
    };
    top.ok_or_else(|| OpenError::Environment {
        message: format!("{} is in no work tree of its repository", here.display()),
        hint: "go into one".into(),
    })
}

/// The words that serve the tools on the repository; none where they are no text, which is all that an agent can be told.
pub(super) fn tools_for(program: Option<Vec<OsString>>, root: &Path) -> Option<Vec<String>> {
    let program: Option<Vec<String>> = program?.iter().map(|word| word.to_str().map(str::to_owned)).collect();
    // An agent may start them wherever it likes.
    let words = ["-C".to_owned(), root.to_str()?.to_owned(), "--tools".to_owned(), SERVER.to_owned()];
    Some(program?.into_iter().chain(words).collect())
}

/// Why the repository can't be used, for a person.
pub(super) fn refused(error: ToolError) -> OpenError {
    let hint = match &error {
        ToolError::NotARepository { .. } => {
            "plans of waves are kept in a repository: go into one, or make it: `git init`".into()
        }
        error => error.hint().unwrap_or_else(|| "look at the repository with `git status`".into()),
    };
    let message = match &error {
        ToolError::NotARepository { folder } => format!("{} is in no git repository", folder.display()),
        error => error.to_string(),
    };
    OpenError::Environment { message, hint }
}
