//! What the repository of a plan refuses, as whoever opens the plan is told.

use orch_state_git::ToolError;

use crate::OpenError;

pub(super) fn refused(error: ToolError) -> OpenError {
    let message = match &error {
        // The originals' words begin otherwise.
        ToolError::NotARepository { folder } => format!("{} lies in no git repository", folder.display()),
        ToolError::NoBranch { branch, .. } => format!("there is no branch {branch}"),
        error => error.to_string(),
    };
    let hint = match &error {
        ToolError::NotARepository { .. } => {
            "plans of waves are kept in branches: go into the repository, or make one with `git init`".into()
        }
        ToolError::NoBranch { .. } | ToolError::NoRecord { .. } => {
            "`orch sessions` lists the plans; `orch generate` makes one".into()
        }
        error => error.hint().unwrap_or_else(|| "look at the repository with `git status`".into()),
    };
    match error {
        ToolError::NoBranch { .. } | ToolError::NoRecord { .. } => OpenError::NoPlan { message, hint },
        ToolError::Argument { .. }
        | ToolError::Update(_)
        | ToolError::Unwritable(_)
        | ToolError::Exists { .. } => OpenError::Request { code: "waves.refused", message, hint },
        _ => OpenError::Environment { message, hint },
    }
}
