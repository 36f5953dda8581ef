//! Which files a branch changed, and which paths a repository knows.

use std::path::{Component, Path, PathBuf};

use crate::commit::text;
use crate::obstacle::shown;
use crate::program::Call;
use crate::{Git, GitError};

impl Git {
    /// The files that were changed, made or removed on the way to `tip` since it parted from `base`; paths from the top
    /// of the work tree, in the order of their bytes. All files of `tip` when the two have nothing in common. What is not
    /// UTF-8 in them is replaced.
    ///
    /// # Errors
    /// When one of them is no commit, or git is missing or refuses to look.
    pub fn changed_between(&self, base: &str, tip: &str) -> Result<Vec<String>, GitError> {
        match self.merge_base(base, tip)? {
            Some(parted) => {
                let changes = self.changes_of(&parted, tip)?;
                Ok(shown(changes.into_iter().map(|change| change.path).collect()))
            }
            None => {
                let listed = self.local(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", tip])?;
                let names = listed.split(|&byte| byte == 0).filter(|name| !name.is_empty());
                Ok(shown(names.map(<[u8]>::to_vec).collect()))
            }
        }
    }

    /// Whether two commits have the same files, with the same content.
    ///
    /// # Errors
    /// When one of them is no commit, or git is missing or refuses to look.
    pub fn has_same_files(&self, a: &str, b: &str) -> Result<bool, GitError> {
        let call = Call::new(["diff-tree", "--quiet", "--end-of-options", a, b]).saying_no_with(1);
        self.answer(&call).map(|(is_same, _)| is_same)
    }

    /// Whether the work tree has a file or folder at `path`, or any commit of a branch or of what is checked out has ever
    /// touched one there. It may be written from the folder that git works in, from the top of the work tree, or as an
    /// absolute path. A path that leads out of the work tree is not known.
    ///
    /// # Errors
    /// When the folder lies in no work tree, or git is missing or refuses to look.
    pub fn is_known_path(&self, path: &str) -> Result<bool, GitError> {
        let top = self.top_level()?.ok_or_else(|| GitError::NotAWorktree { path: self.dir().to_owned() })?;
        let dir = self.dir().canonicalize().map_err(GitError::io(self.dir()))?;
        let Some(names) = names(path, &top, &dir) else { return Ok(false) };
        if names.iter().any(|name| top.join(name).symlink_metadata().is_ok()) {
            return Ok(true);
        }
        let patterns: Vec<String> =
            names.iter().map(|name| format!(":(top,literal){}", name.to_string_lossy())).collect();
        let mut args = vec!["log", "-1", "--format=%H", "--no-show-signature", "--all"];
        args.extend(self.head()?.is_some().then_some("HEAD"));
        args.push("--");
        args.extend(patterns.iter().map(String::as_str));
        Ok(!text(&self.local(&args)?).is_empty())
    }

    /// Whether git tracks the file at `path`, relative to the folder that git works in, and its content, staged or not, is
    /// not that of the commit checked out. The path is taken as it is, not as a pattern.
    ///
    /// # Errors
    /// When the path leads out of the work tree, or git is missing or refuses to look.
    pub fn is_tracked_and_modified(&self, path: &str) -> Result<bool, GitError> {
        let path = format!(":(literal){path}");
        let args = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=no", "--", &path];
        Ok(!self.local(&args)?.is_empty())
    }
}

/// What `path` may mean as a path from the top; `None` when it means nothing inside.
fn names(path: &str, top: &Path, dir: &Path) -> Option<Vec<PathBuf>> {
    let path = path.trim();
    if path.is_empty() || path.contains('\0') {
        return None;
    }
    let below = |start: &Path| {
        let whole = plain(&start.join(path))?;
        whole.strip_prefix(top).map(Path::to_owned).ok().filter(|name| !name.as_os_str().is_empty())
    };
    let mut names: Vec<PathBuf> = [dir, top].into_iter().filter_map(below).collect();
    names.dedup();
    Some(names).filter(|names| !names.is_empty())
}

/// An absolute path without `.` and `..`, by its words alone.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if !plain.pop() => return None,
            Component::ParentDir => {}
            other => plain.push(other),
        }
    }
    Some(plain)
}
