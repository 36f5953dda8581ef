//! The work trees of a repository.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::commit::path_from;
use crate::state::{Operation, WorktreeState};
use crate::{BranchName, Git, GitError};

/// A work tree as git lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worktree {
    /// Where it is, absolute, as git recorded it.
    pub path: PathBuf,
    /// Whether it is the main one, which lies beside the repository itself.
    pub main: bool,
    /// The commit checked out; `None` before the first one.
    pub head: Option<String>,
    /// The short name of the branch checked out; `None` for a detached `HEAD`, as during a rebase.
    pub branch: Option<String>,
    /// A bare repository, which has no work tree.
    pub bare: bool,
    /// `HEAD` is on no branch.
    pub detached: bool,
    /// Somebody asked git to keep it; with their reason, which may be empty.
    pub locked: Option<String>,
    /// Git would forget it at the next clean-up; with git's reason.
    pub prunable: Option<String>,
}

/// Why something could not be done to a work tree.
#[derive(Debug, thiserror::Error)]
pub enum WorktreeError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// There is no commit yet that a branch could be cut from.
    #[error("the repository has no commits yet: commit something first")]
    NoCommits,
    /// The base is neither a branch nor a commit.
    #[error("there is no branch or commit {base:?} to cut from")]
    NoBase {
        /// What was asked for.
        base: String,
    },
    /// The branch is checked out, or being rebased or bisected, elsewhere.
    #[error(
        "the branch {branch} is in use by the work tree {}{}",
        path.display(), if *missing { ", whose folder is gone" } else { "" }
    )]
    BranchInUse {
        /// The branch.
        branch: BranchName,
        /// The other work tree.
        path: PathBuf,
        /// Whether the folder of the other work tree is gone.
        missing: bool,
    },
    /// The work tree is there, but on another branch.
    #[error("the work tree {} is on {}, not on {wanted}", path.display(), found.as_deref().unwrap_or("no branch"))]
    OtherBranch {
        /// The work tree.
        path: PathBuf,
        /// The branch asked for.
        wanted: BranchName,
        /// The branch it is on.
        found: Option<String>,
    },
    /// Something is there that is no work tree of this repository.
    #[error("{} is there already and is no work tree of this repository", path.display())]
    PathTaken {
        /// The path.
        path: PathBuf,
    },
    /// Nothing at this path belongs to this repository as a work tree.
    #[error("{} is no work tree of this repository", path.display())]
    NotAWorktree {
        /// The path.
        path: PathBuf,
    },
    /// The main work tree is the user's own.
    #[error("{} is the main work tree, which is never touched", path.display())]
    MainWorktree {
        /// The path.
        path: PathBuf,
    },
    /// Somebody asked git to keep it.
    #[error("the work tree {} is locked{}", path.display(), because(reason))]
    Locked {
        /// The work tree.
        path: PathBuf,
        /// Their reason; may be empty.
        reason: String,
    },
    /// An operation has to be ended first.
    #[error("a {operation} is under way in {}", path.display())]
    UnderWay {
        /// The work tree.
        path: PathBuf,
        /// The operation.
        operation: Operation,
    },
    /// Something would be lost.
    #[error("the work tree {} is not safe to remove: {state}", path.display())]
    NotSafe {
        /// The work tree.
        path: PathBuf,
        /// What is in it.
        state: Box<WorktreeState>,
    },
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

impl Git {
    /// The work trees of the repository, the main one first.
    ///
    /// Where git's own folder lies apart from the main work tree (`git init --separate-git-dir`, submodules), git takes the
    /// one for the other; the main work tree is found all the same when the settings name it, or when this folder lies in it.
    ///
    /// ```no_run
    /// for tree in orch_git::Git::at("/home/me/project").worktrees()? {
    ///     println!("{} {}", tree.path.display(), tree.branch.as_deref().unwrap_or("(detached)"));
    /// }
    /// # Ok::<(), orch_git::GitError>(())
    /// ```
    ///
    /// # Errors
    /// When the folder lies in no repository, or git is missing or refuses to look.
    pub fn worktrees(&self) -> Result<Vec<Worktree>, GitError> {
        let mut trees = parse(&self.local(&["worktree", "list", "--porcelain", "-z"])?);
        if let Some(main) = trees.first_mut().filter(|tree| tree.main && !tree.bare)
            && !is_there(&main.path.join(".git"))?
            && let Some(top) = self.top_of_main()?
        {
            main.path = top;
        }
        Ok(trees)
    }

    /// The top of the main work tree of a repository that lies elsewhere; `None` where nothing tells.
    fn top_of_main(&self) -> Result<Option<PathBuf>, GitError> {
        let common = self.common_dir()?;
        match self.setting("core.worktree")? {
            Some(named) => Ok(fs::canonicalize(common.join(named)).ok()),
            None if self.git_dir()? == common => self.top_level(),
            None => Ok(None),
        }
    }

    /// The path as git would record it: absolute and without links, also where its last parts do not exist.
    pub(crate) fn real(&self, path: &Path) -> Result<PathBuf, GitError> {
        let whole = std::path::absolute(self.dir().join(path)).map_err(GitError::io(path))?;
        let mut missing = Vec::new();
        let mut there = whole.as_path();
        loop {
            match fs::canonicalize(there) {
                Ok(mut real) => {
                    real.extend(missing.iter().rev());
                    return Ok(real);
                }
                Err(error) => {
                    let (Some(parent), Some(name)) = (there.parent(), there.file_name()) else {
                        return Err(GitError::io(path)(error));
                    };
                    missing.push(name);
                    there = parent;
                }
            }
        }
    }

    /// The work tree recorded at exactly this real path.
    pub(crate) fn worktree_at<'a>(&self, list: &'a [Worktree], path: &Path) -> Option<&'a Worktree> {
        list.iter().find(|tree| tree.path == path || self.real(&tree.path).is_ok_and(|real| real == path))
    }

    /// Git in the work tree at `path`. A folder inside the repository that is no work tree, or is one no more, would have
    /// git look at the work tree around it, which is the user's own.
    pub(crate) fn worktree(&self, path: &Path) -> Result<Git, GitError> {
        let path = self.dir().join(path);
        match self.belongs(&path, &self.common_dir()?)? {
            true => Ok(self.beside(path)),
            false => Err(GitError::NotAWorktree { path }),
        }
    }

    /// Whether the folder is the top of a work tree of the repository whose common folder is given.
    pub(crate) fn belongs(&self, path: &Path, common: &Path) -> Result<bool, GitError> {
        let there = self.beside(path);
        let same = |found: PathBuf, wanted: &Path| match (fs::canonicalize(&found), fs::canonicalize(wanted))
        {
            (Ok(found), Ok(wanted)) => found == wanted,
            _ => false,
        };
        match there.local(&["rev-parse", "--show-toplevel"]).map(path_from) {
            Ok(top) if same(top.clone(), path) => Ok(same(there.common_dir()?, common)),
            Ok(_) | Err(GitError::NotARepository { .. } | GitError::Failed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The work tree that has the branch: checked out, or in the middle of a rebase or bisection.
    pub(crate) fn holder<'a>(
        &self,
        branch: &BranchName,
        list: &'a [Worktree],
    ) -> Result<Option<&'a Worktree>, GitError> {
        for tree in list {
            if tree.branch.as_deref() == Some(branch.as_str()) {
                return Ok(Some(tree));
            }
            if tree.detached && is_there(&tree.path)? {
                let Ok(git_dir) = self.beside(&tree.path).git_dir() else { continue };
                if ["rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"]
                    .iter()
                    .filter_map(|file| fs::read_to_string(git_dir.join(file)).ok())
                    .any(|name| name.trim() == branch.as_str() || name.trim() == branch.head_ref())
                {
                    return Ok(Some(tree));
                }
            }
        }
        Ok(None)
    }
}

/// Whether anything is at the path, were it a link to nowhere.
pub(crate) fn is_there(path: &Path) -> Result<bool, GitError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(false)
        }
        Err(error) => Err(GitError::io(path)(error)),
    }
}

/// Whether the path is a folder without anything in it.
pub(crate) fn is_empty_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
        && fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

fn short(reference: &str) -> String {
    reference.strip_prefix("refs/heads/").unwrap_or(reference).to_owned()
}

fn parse(listed: &[u8]) -> Vec<Worktree> {
    let mut trees: Vec<Worktree> = Vec::new();
    for attribute in listed.split(|&byte| byte == 0) {
        let space = attribute.iter().position(|&byte| byte == b' ').unwrap_or(attribute.len());
        let (label, value) = attribute.split_at(space);
        let value = value.get(1..).unwrap_or_default();
        let text = || String::from_utf8_lossy(value).into_owned();
        if label == b"worktree" {
            let path = PathBuf::from(OsString::from_vec(value.to_vec()));
            trees.push(Worktree { path, main: trees.is_empty(), ..Worktree::default() });
            continue;
        }
        let Some(tree) = trees.last_mut() else { continue };
        match label {
            b"HEAD" => tree.head = value.iter().any(|&byte| byte != b'0').then(text),
            b"branch" => tree.branch = Some(short(&text())),
            b"bare" => tree.bare = true,
            b"detached" => tree.detached = true,
            b"locked" => tree.locked = Some(text()),
            b"prunable" => tree.prunable = Some(text()),
            _ => {}
        }
    }
    trees
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whatever_the_paths_are() {
        let listed = b"worktree /r\nx\0HEAD 0000\0branch refs/heads/a/b\0\0\
            worktree /s \xff\0HEAD 12ab\0detached\0locked\0\0\
            worktree /t\0HEAD 12ab\0branch refs/heads/c\0locked on a stick\0prunable gone\0\0\
            worktree /u\0bare\0\0";
        let trees = parse(listed);
        let paths: Vec<_> = trees.iter().map(|tree| tree.path.clone().into_os_string().into_vec()).collect();
        assert_eq!(paths, [&b"/r\nx"[..], b"/s \xff", b"/t", b"/u"]);
        assert_eq!(trees[0].head, None);
        assert_eq!(trees[0].branch.as_deref(), Some("a/b"));
        assert!(trees[0].main && !trees[1].main);
        assert_eq!((trees[1].head.as_deref(), trees[1].detached), (Some("12ab"), true));
        assert_eq!(trees[1].locked.as_deref(), Some(""));
        assert_eq!(trees[2].locked.as_deref(), Some("on a stick"));
        assert_eq!(trees[2].prunable.as_deref(), Some("gone"));
        assert!(trees[3].bare);
        assert_eq!(parse(b""), []);
    }
}
