//! Branch tips, commits and how they hang together.

use std::path::PathBuf;

use crate::obstacle::LIST_KEPT;
use crate::program::Call;
use crate::{BranchName, Git, GitError};

/// Where the commit a branch was cut from is remembered.
const BASES: &str = "refs/orch/base";

/// A commit as git tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its full id.
    pub id: String,
    /// The ids of its parents.
    pub parents: Vec<String>,
    /// When it was committed, in seconds since 1970 (UTC).
    pub time: i64,
    /// The first line of its message.
    pub subject: String,
}

/// One line of a commit for [`commits`].
const COMMIT_FORMAT: &str = "--format=%H%x00%P%x00%ct%x00%s";

impl Git {
    /// The commit that a local branch is at; `None` when there is no such branch.
    ///
    /// # Errors
    /// When the folder lies in no repository, or git is missing or refuses to look.
    pub fn branch_tip(&self, branch: &BranchName) -> Result<Option<String>, GitError> {
        self.commit_at(&branch.head_ref())
    }

    /// The commit that a branch of `origin` was at when this clone last heard of it.
    ///
    /// # Errors
    /// Those of [`branch_tip`](Self::branch_tip).
    pub fn remote_branch_tip(&self, branch: &BranchName) -> Result<Option<String>, GitError> {
        self.commit_at(&branch.origin_ref())
    }

    /// The local branches whose names begin with `folder` and a `/`, and the commits that they are at, by name. Those that no
    /// [`BranchName`] can name are left out.
    ///
    /// # Errors
    /// Those of [`branch_tip`](Self::branch_tip).
    pub fn branches_under(&self, folder: &BranchName) -> Result<Vec<(BranchName, String)>, GitError> {
        let below = format!("{}/", folder.head_ref());
        let args = ["for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", &below];
        let listed = self.call(&Call::new(args).keeping(LIST_KEPT))?;
        let branch = |line: &str| {
            let (commit, name) = line.split_once(' ')?;
            Some((BranchName::new(name).ok()?, commit.to_owned()))
        };
        Ok(String::from_utf8_lossy(&listed).lines().filter_map(branch).collect())
    }

    /// The full id of the commit that a revision means (a name, an id, `HEAD~2`); `None` when it means none.
    ///
    /// # Errors
    /// Those of [`branch_tip`](Self::branch_tip).
    pub fn resolve(&self, revision: &str) -> Result<Option<String>, GitError> {
        // A leading `:` would search messages and index entries.
        let unfit =
            revision.is_empty() || revision.starts_with(['-', ':']) || revision.contains(char::is_control);
        if unfit { Ok(None) } else { self.commit_at(revision) }
    }

    pub(crate) fn commit_at(&self, revision: &str) -> Result<Option<String>, GitError> {
        let commit = format!("{revision}^{{commit}}");
        match self.local(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]) {
            Ok(id) => Ok(Some(text(&id))),
            // 128 comes with a message where a part of the revision is there and the rest means nothing.
            Err(GitError::Failed { code: Some(1 | 128), .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The branches of which something is not on `base` yet.
    ///
    /// # Errors
    /// [`GitError`], also when there is no `base`.
    pub fn unmerged_branches(&self, base: &str) -> Result<Vec<String>, GitError> {
        let not_on = format!("--no-merged={base}");
        let listed = self.local(&["for-each-ref", &not_on, "--format=%(refname:lstrip=2)", "refs/heads/"])?;
        Ok(String::from_utf8_lossy(&listed).lines().map(str::to_owned).collect())
    }

    /// The commit that a branch would be cut from: that of a local branch, else of a branch of `origin`, else any; `None`
    /// when the base means none.
    pub(crate) fn base_commit(&self, base: &str) -> Result<Option<String>, GitError> {
        if let Ok(name) = BranchName::new(base)
            && let Some(tip) = match self.branch_tip(&name)? {
                Some(tip) => Some(tip),
                None => self.remote_branch_tip(&name)?,
            }
        {
            return Ok(Some(tip));
        }
        self.resolve(base)
    }

    /// Whether anything was ever committed that still has a name.
    pub(crate) fn has_commits(&self) -> Result<bool, GitError> {
        let any = self.local(&["for-each-ref", "--count=1", "--format=%(refname)"])?;
        Ok(!any.is_empty() || self.head()?.is_some())
    }

    /// Whether everything in commit `a` is also in commit `b`; a commit is its own ancestor.
    ///
    /// # Errors
    /// Those of [`branch_tip`](Self::branch_tip); [`GitError::Failed`] when one of them is no commit.
    pub fn is_ancestor(&self, a: &str, b: &str) -> Result<bool, GitError> {
        match self.local(&["merge-base", "--is-ancestor", "--end-of-options", a, b]) {
            Ok(_) => Ok(true),
            Err(GitError::Failed { code: Some(1), .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The newest commit that is in both; `None` when they have nothing in common.
    ///
    /// # Errors
    /// Those of [`is_ancestor`](Self::is_ancestor).
    pub fn merge_base(&self, a: &str, b: &str) -> Result<Option<String>, GitError> {
        match self.local(&["merge-base", "--end-of-options", a, b]) {
            Ok(id) => Ok(Some(text(&id))),
            Err(GitError::Failed { code: Some(1), .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The commits in `tip` that are not in `base`, parents before children.
    ///
    /// # Errors
    /// Those of [`is_ancestor`](Self::is_ancestor).
    pub fn commits_between(&self, base: &str, tip: &str) -> Result<Vec<Commit>, GitError> {
        self.commits(base, tip, None)
    }

    /// The first of [`commits_between`](Self::commits_between) that changes `path`, which is relative to the top of
    /// the work tree and is taken as it is, not as a pattern.
    ///
    /// # Errors
    /// Those of [`is_ancestor`](Self::is_ancestor).
    pub fn first_commit_touching(
        &self,
        path: &str,
        base: &str,
        tip: &str,
    ) -> Result<Option<Commit>, GitError> {
        let path = format!(":(top,literal){path}");
        Ok(self.commits(base, tip, Some(&path))?.into_iter().next())
    }

    fn commits(&self, base: &str, tip: &str, path: Option<&str>) -> Result<Vec<Commit>, GitError> {
        let without_base = format!("^{base}");
        let mut args =
            vec!["rev-list", "--topo-order", "--reverse", "--no-commit-header", "--encoding=UTF-8"];
        args.extend([COMMIT_FORMAT, "--end-of-options", tip, &without_base, "--"]);
        args.extend(path);
        let listed = self.local(&args)?;
        Ok(String::from_utf8_lossy(&listed).lines().filter_map(commit).collect())
    }

    /// How many commits are in `tip` and in none of what `without` names (arguments of `git rev-list --not`).
    pub(crate) fn count(&self, tips: &[&str], without: &[&str]) -> Result<usize, GitError> {
        let mut args = vec!["rev-list", "--count"];
        args.extend(tips);
        args.push("--not");
        args.extend(without);
        args.push("--");
        Ok(text(&self.local(&args)?).parse().unwrap_or(usize::MAX))
    }

    /// The commit that [`add_worktree`](Self::add_worktree) or [`commit_on`](Self::commit_on) cut the branch from, or the
    /// last restack put it on; `None` for a branch that was made otherwise.
    ///
    /// # Errors
    /// Those of [`branch_tip`](Self::branch_tip).
    pub fn recorded_base(&self, branch: &BranchName) -> Result<Option<String>, GitError> {
        self.commit_at(&Self::base_ref(branch))
    }

    /// The name under which the base of the branch is remembered.
    pub(crate) fn base_ref(branch: &BranchName) -> String {
        format!("{BASES}/{branch}")
    }

    pub(crate) fn record_base(&self, branch: &BranchName, commit: &str) -> Result<(), GitError> {
        let reference = Self::base_ref(branch);
        let call = Call::change(["update-ref", &reference, commit]);
        match self.change(&call) {
            Err(GitError::Failed { .. }) => {
                // The record of `a` that is gone would forbid one of `a/b`.
                self.forget_gone_bases()?;
                self.change(&call).map(drop)
            }
            other => other.map(drop),
        }
    }

    pub(crate) fn forget_base(&self, branch: &BranchName) -> Result<(), GitError> {
        self.change(&Call::change(["update-ref", "-d", &Self::base_ref(branch)])).map(drop)
    }

    /// Forgets the bases of branches that are gone.
    pub(crate) fn forget_gone_bases(&self) -> Result<(), GitError> {
        let listed = self.local(&["for-each-ref", "--format=%(refname)", &format!("{BASES}/")])?;
        for reference in String::from_utf8_lossy(&listed).lines() {
            let Some(name) = reference.strip_prefix(BASES).and_then(|name| name.strip_prefix('/')) else {
                continue;
            };
            if self.commit_at(&format!("refs/heads/{name}"))?.is_none() {
                self.change(&Call::change(["update-ref", "-d", reference]))?;
            }
        }
        Ok(())
    }

    /// The folder that all work trees of the repository share: `.git` of the main one.
    pub fn common_dir(&self) -> Result<PathBuf, GitError> {
        self.local(&["rev-parse", "--path-format=absolute", "--git-common-dir"]).map(path_from)
    }

    /// The folder where git keeps what belongs to this work tree alone.
    pub(crate) fn git_dir(&self) -> Result<PathBuf, GitError> {
        self.local(&["rev-parse", "--absolute-git-dir"]).map(path_from)
    }
}

fn commit(line: &str) -> Option<Commit> {
    let mut fields = line.splitn(4, '\0');
    Some(Commit {
        id: fields.next()?.to_owned(),
        parents: fields.next()?.split_whitespace().map(str::to_owned).collect(),
        time: fields.next()?.parse().ok()?,
        subject: fields.next()?.to_owned(),
    })
}

/// What git says in one line.
pub(crate) fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).trim().to_owned()
}

/// A path that git says in one line, byte for byte.
pub(crate) fn path_from(mut output: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    if output.last() == Some(&b'\n') {
        output.pop();
    }
    PathBuf::from(std::ffi::OsString::from_vec(output))
}
