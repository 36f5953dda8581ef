//! Commits that are only a message: records kept on a branch, such as plans.
//!
//! They are made of objects and references alone. Nothing is checked out, no index and no work tree is read or written, so
//! that any number of calls may run at the same time, beside whatever the user does. Whether a branch is still where it
//! was thought to be is for git to say, in the same step that moves it.

use crate::commit::text;
use crate::program::Call;
use crate::{BranchName, Git, GitError};

/// A longer message is refused, in bytes.
const LONGEST_MESSAGE: usize = 16 << 20;

/// So much of a message's first line is kept in the log of the branch, in characters.
const LOGGED: usize = 100;

/// Where a commit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tip<'a> {
    /// Onto a branch that does not exist yet. It is cut from `base`: a local branch, else a branch of `origin`, else any
    /// commit.
    New {
        /// What it is cut from.
        base: &'a str,
    },
    /// Onto a branch that is at exactly this commit, named by its full id.
    At(&'a str),
}

/// Why a branch did not get a commit. It is where it was.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The branch was to be new.
    #[error("the branch {branch} exists already, at {found}")]
    Exists {
        /// The branch.
        branch: BranchName,
        /// The commit that it is at.
        found: String,
    },
    /// Somebody else moved, made or deleted the branch in the meantime.
    #[error(
        "the branch {branch} is not at {expected} any more, but {}",
        found.as_deref().map_or_else(|| "gone".to_owned(), |found| format!("at {found}"))
    )]
    Moved {
        /// The branch.
        branch: BranchName,
        /// Where it was said to be.
        expected: String,
        /// Where it is; `None` when there is no such branch.
        found: Option<String>,
    },
    /// Git can't keep a branch of this name beside another one: `a` beside `a/b`, or, where the file system takes them for
    /// the same, `a` beside `A`.
    #[error("there can't be a branch {branch} beside the branch {other}")]
    InTheWay {
        /// The branch that was to be new.
        branch: BranchName,
        /// The one that is there.
        other: String,
    },
    /// The base is neither a branch nor a commit.
    #[error("there is no branch or commit {base:?} to cut {branch} from")]
    NoBase {
        /// The branch that was to be new.
        branch: BranchName,
        /// What was asked for.
        base: String,
    },
    /// There is no commit yet that a branch could be cut from.
    #[error("the repository has no commits yet")]
    NoCommits,
    /// Git could not give the message back as it is.
    #[error("the message for the branch {branch} {why}")]
    Message {
        /// The branch.
        branch: BranchName,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl CommitError {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Exists { .. } => "choose another name, or add to the branch that is there",
            Self::Moved { found: Some(_), .. } => "read the branch again and repeat",
            Self::Moved { found: None, .. } => "make the branch first",
            Self::InTheWay { .. } => "choose another name, or rename or delete the branch that is there",
            Self::NoBase { .. } => "make the branch, or name one that is there",
            Self::NoCommits => "commit something first",
            Self::Message { .. } => "shorten it, and leave NUL characters out",
            Self::Git(_) => return None,
        })
    }
}

/// The commit that the new one follows.
struct Parent {
    id: String,
    tree: String,
}

impl Git {
    /// Adds a commit to a branch that says something and changes nothing: its files are those of the commit before it. The
    /// id of the commit.
    ///
    /// The message is kept byte for byte; [`messages`](Git::messages) gives it back. Author and committer are the user, or
    /// orch where git knows no user. No hooks are run, and nothing is signed, whatever `commit.gpgsign` says.
    ///
    /// A work tree that has the branch checked out is as clean as before, since the files are the same. A rebase of the
    /// branch that is under way there would find it moved and give up.
    ///
    /// Of several calls that make the same branch, or that add to the same commit, exactly one succeeds. For a new branch,
    /// the commit it was cut from is remembered in the same step, see [`recorded_base`](Git::recorded_base).
    ///
    /// ```no_run
    /// use orch_git::{BranchName, CommitError, Git, Tip};
    ///
    /// let git = Git::at("/home/me/project");
    /// let plan = BranchName::new("plan/session-1")?;
    /// let mut tip = git.commit_on(&plan, Tip::New { base: "flow" }, b"Initialize execution plan v1\n")?;
    /// loop {
    ///     match git.commit_on(&plan, Tip::At(&tip), b"Update execution plan v2\n") {
    ///         Err(CommitError::Moved { found: Some(found), .. }) => tip = found,
    ///         other => break drop(other?),
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CommitError`]; whenever it fails, no branch was made or moved.
    pub fn commit_on(
        &self,
        branch: &BranchName,
        tip: Tip<'_>,
        message: &[u8],
    ) -> Result<String, CommitError> {
        let unfit = |why| CommitError::Message { branch: branch.clone(), why };
        if message.contains(&0) {
            return Err(unfit("contains a NUL character"));
        }
        if message.len() > LONGEST_MESSAGE {
            return Err(unfit("is longer than 16 MiB"));
        }
        match tip {
            Tip::New { base } => self.commit_on_new(branch, base, message),
            Tip::At(expected) => self.commit_on_old(branch, expected, message),
        }
    }

    fn commit_on_new(&self, branch: &BranchName, base: &str, message: &[u8]) -> Result<String, CommitError> {
        let parent = match self.base_commit(base)? {
            Some(commit) => self.parent(&commit)?,
            None if self.has_commits()? => {
                return Err(CommitError::NoBase { branch: branch.clone(), base: base.to_owned() });
            }
            None => return Err(CommitError::NoCommits),
        };
        if let Some(other) = self.same_but_for_case(branch)? {
            return Err(CommitError::InTheWay { branch: branch.clone(), other });
        }
        let commit = self.write_commit(&parent.tree, &[&parent.id], message)?;
        let (head, base_ref) = (branch.head_ref(), Self::base_ref(branch));
        let steps = format!("create {head} {commit}\nupdate {base_ref} {}\n", parent.id);
        let Err(error) = self.move_references(&steps, message) else { return Ok(commit) };
        if let Some(found) = self.branch_tip(branch)? {
            return Err(CommitError::Exists { branch: branch.clone(), found });
        }
        if let Some(other) = self.above_or_below(branch)? {
            return Err(CommitError::InTheWay { branch: branch.clone(), other });
        }
        if !matches!(error, GitError::Failed { .. }) {
            return Err(error.into());
        }
        // The record of `a` that is gone would forbid one of `a/b`.
        self.forget_gone_bases()?;
        self.move_references(&steps, message)?;
        Ok(commit)
    }

    fn commit_on_old(
        &self,
        branch: &BranchName,
        expected: &str,
        message: &[u8],
    ) -> Result<String, CommitError> {
        let head = branch.head_ref();
        let moved =
            |found| CommitError::Moved { branch: branch.clone(), expected: expected.to_owned(), found };
        // Found out before anything is written: those who lose a race would fill the repository with commits.
        let parent = match self.parent(&head) {
            Err(GitError::Failed { .. }) if self.branch_tip(branch)?.is_none() => return Err(moved(None)),
            other => other?,
        };
        if parent.id != expected {
            return Err(moved(Some(parent.id)));
        }
        let commit = self.write_commit(&parent.tree, &[&parent.id], message)?;
        match self.move_references(&format!("update {head} {commit} {expected}\n"), message) {
            Ok(()) => Ok(commit),
            Err(error) => match self.branch_tip(branch)? {
                Some(found) if found == expected => Err(error.into()),
                found => Err(moved(found)),
            },
        }
    }

    /// The commit that a full name or an id means.
    fn parent(&self, commit: &str) -> Result<Parent, GitError> {
        let args = ["rev-list", "--no-walk", "--no-commit-header", "--format=%H %T", "--end-of-options"];
        let commit = format!("{commit}^{{commit}}");
        let said = text(&self.call(&Call::new(args).arg(commit).arg("--").offline())?);
        let (id, tree) = said.split_once(' ').unwrap_or_default();
        Ok(Parent { id: id.to_owned(), tree: tree.to_owned() })
    }

    /// Not by `git commit-tree`: it rewrites what it does not take for proper text.
    pub(crate) fn write_commit(
        &self,
        tree: &str,
        parents: &[&str],
        message: &[u8],
    ) -> Result<String, GitError> {
        let [author, committer] = self.signatures()?;
        let mut object = format!("tree {tree}\n").into_bytes();
        for parent in parents {
            object.extend_from_slice(format!("parent {parent}\n").as_bytes());
        }
        for part in [b"author ", &*author, b"\ncommitter ", &committer, b"\n\n", message] {
            object.extend_from_slice(part);
        }
        let call = Call::change(["hash-object", "-t", "commit", "-w", "--stdin"]).reading(object).offline();
        self.change(&call).map(|id| text(&id))
    }

    /// All of the steps or none; hooks are not run.
    pub(crate) fn move_references(&self, steps: &str, message: &[u8]) -> Result<(), GitError> {
        let call = Call::change(["update-ref", "-m", &log_line(message), "--stdin"]);
        self.change(&call.reading(steps.as_bytes()).offline()).map(drop)
    }

    /// A branch above or below `branch` among the names: git keeps no name that is also the folder of another.
    fn above_or_below(&self, branch: &BranchName) -> Result<Option<String>, GitError> {
        let name = branch.as_str();
        for (end, _) in name.match_indices('/') {
            let above = &name[..end];
            if self.commit_at(&format!("refs/heads/{above}"))?.is_some() {
                return Ok(Some(above.to_owned()));
            }
        }
        let below = format!("{}/", branch.head_ref());
        let listed = self.local(&["for-each-ref", "--count=1", "--format=%(refname:lstrip=2)", &below])?;
        Ok(Some(text(&listed)).filter(|name| !name.is_empty()))
    }

    /// Another branch whose name the file system takes for the same.
    fn same_but_for_case(&self, branch: &BranchName) -> Result<Option<String>, GitError> {
        let ignores_case = ["config", "--type=bool", "--default=false", "--get", "core.ignoreCase"];
        if self.local(&ignores_case)? != b"true\n" {
            return Ok(None);
        }
        let head = branch.head_ref();
        let listed = self.local(&["for-each-ref", "--ignore-case", "--format=%(refname:lstrip=2)", &head])?;
        let listed = String::from_utf8_lossy(&listed);
        Ok(listed.lines().find(|name| *name != branch.as_str()).map(str::to_owned))
    }
}

/// What the log of a branch says of a commit.
fn log_line(message: &[u8]) -> String {
    let first = message.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    let first = String::from_utf8_lossy(first.unwrap_or_default());
    let first = first.trim().chars().filter(|character| !character.is_control()).take(LOGGED);
    format!("orch: {}", first.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_the_first_line() {
        let long = "ü".repeat(300);
        let cases: [(&[u8], &str); 6] = [
            (b"", "orch: "),
            (b"\n \r\n  Update plan v2 \r\nmore", "orch: Update plan v2"),
            (b"\x1b[31mred\x07", "orch: [31mred"),
            (b"\xff", "orch: \u{fffd}"),
            (b"--stdin", "orch: --stdin"),
            (long.as_bytes(), &format!("orch: {}", "ü".repeat(100))),
        ];
        for (message, expected) in cases {
            assert_eq!(log_line(message), expected);
        }
    }
}
