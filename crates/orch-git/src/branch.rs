//! Which branch the work is based on.

use crate::program::Call;
use crate::{BranchName, Git, GitError};

/// The branch that finished work goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseBranch {
    /// Its short name, such as `main`.
    pub name: String,
    /// How it was found.
    pub found: How,
}

/// How a base branch was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// This clone remembers the default branch of `origin`.
    OriginHead,
    /// `origin` was asked.
    RemoteShow,
    /// There is no other local branch.
    OnlyBranch,
    /// It is checked out in the main work tree.
    CheckedOut,
    /// It exists, and is called as most are.
    Exists,
    /// Nothing said anything: `main`, as most are called.
    Assumed,
}

impl Git {
    /// The default branch of `origin`: as this clone remembers it, else as the remote itself says, when there is one (it
    /// has ten seconds, see [`with_remote_limit`](Git::with_remote_limit)), else `main` (seed 002, 0.5).
    ///
    /// It never fails: without a repository, a remote or git itself, `main` is assumed and
    /// [`found`](BaseBranch::found) says so.
    pub fn default_branch(&self) -> BaseBranch {
        self.remembered()
            .or_else(|| self.asked())
            .unwrap_or_else(|| BaseBranch { name: "main".into(), found: How::Assumed })
    }

    /// The branch that finished work goes to, as far as this machine knows; it never waits for a network. In this
    /// order:
    ///
    /// 1. the default branch of `origin` as this clone remembers it;
    /// 2. the only local branch;
    /// 3. `main`, else `master`, whichever exists;
    /// 4. the branch checked out in the main work tree;
    /// 5. `main`.
    ///
    /// Branches without a commit count as absent.
    pub fn local_default_branch(&self) -> BaseBranch {
        self.local_default_branch_apart(&[])
    }

    /// The same, when it is known that these local branches are not it.
    pub fn local_default_branch_apart(&self, apart: &[&str]) -> BaseBranch {
        self.remembered()
            .or_else(|| self.among_local_branches(apart))
            .unwrap_or_else(|| BaseBranch { name: "main".into(), found: How::Assumed })
    }

    /// Checks out a local branch in this work tree. Changes that are in no commit are taken along.
    ///
    /// # Errors
    /// [`GitError::Failed`], with nothing changed, when there is no such branch, when it is checked out elsewhere, or
    /// when a change would be lost.
    pub fn switch(&self, branch: &BranchName) -> Result<(), GitError> {
        self.change(&Call::change(["switch", "--quiet", "--no-guess", branch.as_str()])).map(drop)
    }

    fn remembered(&self) -> Option<BaseBranch> {
        let target = self.local(&["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]).ok()?;
        let target = String::from_utf8(target).ok()?;
        let name = usable(target.trim_end_matches('\n').strip_prefix("refs/remotes/origin/")?)?;
        Some(BaseBranch { name, found: How::OriginHead })
    }

    fn asked(&self) -> Option<BaseBranch> {
        // Without one, git would take `origin` for a path.
        if !self.has_remote("origin").ok()? {
            return None;
        }
        let shown = self.remote(&["remote", "show", "origin"]).ok()?;
        let name = head_branch(&String::from_utf8_lossy(&shown))?;
        Some(BaseBranch { name, found: How::RemoteShow })
    }

    fn among_local_branches(&self, apart: &[&str]) -> Option<BaseBranch> {
        let listed = self.local(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/"]).ok()?;
        let listed = String::from_utf8_lossy(&listed);
        let branches: Vec<&str> = listed.lines().filter(|name| !apart.contains(name)).collect();
        let found = |name: &str, found| usable(name).map(|name| BaseBranch { name, found });
        if let [only] = branches[..] {
            return found(only, How::OnlyBranch);
        }
        // What is checked out may be anything: it counts last.
        if let Some(usual) = ["main", "master"].into_iter().find(|name| branches.contains(name)) {
            return found(usual, How::Exists);
        }
        let checked_out = self.checked_out_in_main().filter(|name| branches.contains(&name.as_str()))?;
        found(&checked_out, How::CheckedOut)
    }

    /// The branch that the main work tree is on, or that a bare repository calls its own.
    fn checked_out_in_main(&self) -> Option<String> {
        let main = self.beside(self.common_dir().ok()?);
        let target = main.local(&["symbolic-ref", "--quiet", "HEAD"]).ok()?;
        Some(String::from_utf8(target).ok()?.trim_end_matches('\n').strip_prefix("refs/heads/")?.to_owned())
    }
}

/// The branch in a line `HEAD branch: NAME` of `git remote show`.
fn head_branch(shown: &str) -> Option<String> {
    let name = shown.lines().find_map(|line| line.trim_start().strip_prefix("HEAD branch:"))?.trim();
    // Git writes `(unknown)` for an empty remote; no branch can be called that by chance, but by malice.
    (name != "(unknown)" && name != "(not queried)").then(|| usable(name)).flatten()
}

/// A name that git would accept for a branch, and that no command takes for an option.
fn usable(name: &str) -> Option<String> {
    let odd = |character: char| {
        character.is_control() || character.is_whitespace() || "~^:?*[\\".contains(character)
    };
    let fine = !name.is_empty()
        && !name.starts_with(['-', '/', '.'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains(odd);
    fine.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_branch_is_read_from_what_git_shows() {
        let shown = |line: &str| {
            format!("* remote origin\n  Fetch URL: /r\n  Push  URL: /r\n{line}\n  Remote branch:\n")
        };
        let cases = [
            ("  HEAD branch: trunk", Some("trunk")),
            ("  HEAD branch: release/2.0", Some("release/2.0")),
            ("  HEAD branch: (unknown)", None),
            ("  HEAD branch: (not queried)", None),
            ("  HEAD branch:", None),
            ("  HEAD branch (remote HEAD is ambiguous, may be one of the following):\n    a\n    b", None),
            ("  HEAD branch: --force", None),
            ("  HEAD branch: a b", None),
            ("  HEAD branch: ../x", None),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(head_branch(&shown(line)).as_deref(), expected, "{line}");
        }
    }
}
