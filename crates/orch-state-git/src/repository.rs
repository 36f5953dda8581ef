//! The repository, and what has to be there before anything is written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use orch_git::{BranchName, Git};

use crate::ToolError;

/// The branch that plans and tasks are cut from, and that finished work goes to.
pub const FLOW: &str = "flow";

/// How long a call of git may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A repository with plans in its branches.
///
/// Cheap to make and to clone: nothing is read before a method is called, and each reads anew.
#[derive(Clone, Debug)]
pub struct PlanRepository {
    pub(crate) git: Git,
    /// Tells whether somebody works in a work tree.
    pub(crate) in_use: fn(&Path) -> Option<InUse>,
}

/// That somebody works in a work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// Who, and where.
    pub problem: String,
    /// What to do before it can be removed.
    pub hint: String,
}

impl PlanRepository {
    /// The repository in which `folder` lies: its top, a folder of it, or one of its work trees. Each call of git has 30
    /// seconds.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self::with(Git::at(folder).with_local_limit(LIMIT))
    }

    /// The same with a git of one's own.
    pub fn with(git: Git) -> Self {
        Self { git, in_use: |_| None }
    }

    /// The same, with work trees spared in which somebody works, as this one tells.
    #[must_use]
    pub fn sparing(self, in_use: fn(&Path) -> Option<InUse>) -> Self {
        Self { in_use, ..self }
    }

    /// The folder that the tools work in.
    pub fn folder(&self) -> &Path {
        self.git.dir()
    }

    /// The commit that `flow` is at.
    pub(crate) fn flow(&self) -> Result<String, ToolError> {
        if let Some(tip) = self.tip(FLOW)? {
            return Ok(tip);
        }
        let known = [
            ("refs/remotes/origin/flow", "origin/flow"),
            ("refs/heads/main", "main"),
            ("refs/heads/master", "master"),
        ];
        for (reference, name) in known {
            if self.git.resolve(reference)?.is_some() {
                return Err(ToolError::NoFlow { from: Some(name.to_owned()) });
            }
        }
        match self.git.head()? {
            Some(_) => Err(ToolError::NoFlow { from: None }),
            None => Err(ToolError::NoCommits),
        }
    }

    fn tip(&self, branch: &str) -> Result<Option<String>, ToolError> {
        match BranchName::new(branch) {
            Ok(branch) => Ok(self.git.branch_tip(&branch)?),
            Err(_) => Ok(None),
        }
    }

    /// The branch that an agent calls `given`, and the commit that it is at.
    pub(crate) fn branch(&self, given: &str, maker: &str) -> Result<(BranchName, String), ToolError> {
        let name = given.strip_prefix("refs/heads/").unwrap_or(given);
        let branch = BranchName::new(name).map_err(|unfit| ToolError::Argument {
            problem: unfit.to_string(),
            hint: format!("name a branch as {maker} gave it"),
        })?;
        match self.git.branch_tip(&branch)? {
            Some(tip) => Ok((branch, tip)),
            None => {
                let hint = self.near(&branch, maker)?;
                Err(ToolError::NoBranch { branch: branch.to_string(), hint })
            }
        }
    }

    /// What to do where there is no branch of this name.
    fn near(&self, branch: &BranchName, maker: &str) -> Result<String, ToolError> {
        const NAMED: usize = 8;
        let folder = if maker.contains("plan") { "plan" } else { "task" };
        let there = match BranchName::new(folder) {
            Ok(folder) => self.git.branches_under(&folder)?,
            Err(_) => Vec::new(),
        };
        let id = |name: &str| name.trim_start_matches("task/").split('-').next().map(str::to_owned);
        let wanted = id(branch.as_str());
        // The newest sessions have the last names.
        let (mut same, other): (Vec<_>, Vec<_>) =
            there.iter().rev().map(|(name, _)| name.as_str()).partition(|name| id(name) == wanted);
        same.extend(other);
        same.truncate(NAMED);
        Ok(match same.is_empty() {
            true => format!("make it with {maker}"),
            false => format!("make it with {maker}, or name one that is there: {}", same.join(", ")),
        })
    }
}
