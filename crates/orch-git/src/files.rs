//! Which files a commit touches, and which are in none.

use std::path::Path;

use crate::{Git, GitError};

/// The files that a commit touches; paths from the top of the work tree. What is not UTF-8 in them is replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Those that come into being with it.
    pub added: Vec<String>,
    /// Those that were there and that it changes or removes. One that it moves is removed here and added there.
    pub changed: Vec<String>,
}

impl Git {
    /// The files that a commit touches, held against its first parent.
    ///
    /// # Errors
    /// When there is no such commit, or git is missing or refuses to look.
    pub fn touched(&self, commit: &str) -> Result<Touched, GitError> {
        let mut args =
            vec!["diff-tree", "--root", "-r", "-z", "--no-commit-id", "--name-status", "--no-renames"];
        args.extend(["-m", "--first-parent", "--end-of-options", commit]);
        Ok(read(&self.local(&args)?))
    }

    /// The files of the work tree that differ from its commit, or that git does not track, among those that one of the
    /// glob patterns `of` fits and none of `but`; paths from the top. Ignored ones are left out.
    ///
    /// # Errors
    /// When a pattern leads out of the work tree, or git is missing or refuses to look.
    pub fn uncommitted(&self, of: &[&str], but: &[&str]) -> Result<Vec<String>, GitError> {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        let of = of.iter().map(|pattern| format!(":(top,glob){pattern}"));
        let patterns: Vec<String> =
            of.chain(but.iter().map(|pattern| format!(":(top,exclude,glob){pattern}"))).collect();
        let mut args = vec!["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--"];
        args.extend(patterns.iter().map(String::as_str));
        let listed = self.local(&args)?;
        // Two letters, a space and the path.
        let entries = listed.split(|&byte| byte == 0).filter_map(|entry| entry.get(3..));
        Ok(entries.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }
}

impl Git {
    /// Whether git ignores the file at `path`, relative to the folder: then no `git add` of everything takes it along.
    ///
    /// # Errors
    /// When the folder lies in no work tree, or git is missing or refuses to look.
    pub fn is_ignored(&self, path: &Path) -> Result<bool, GitError> {
        let path = path.to_string_lossy();
        match self.local(&["check-ignore", "--quiet", "--", &*path]) {
            Ok(_) => Ok(true),
            Err(GitError::Failed { code: Some(1), .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Reads pairs of a letter and a path, each ended by a NUL.
fn read(listed: &[u8]) -> Touched {
    let mut touched = Touched::default();
    let mut words = listed.split(|&byte| byte == 0);
    while let (Some(letter), Some(path)) = (words.next(), words.next()) {
        let path = String::from_utf8_lossy(path).into_owned();
        match letter {
            b"A" => touched.added.push(path),
            _ => touched.changed.push(path),
        }
    }
    touched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_lists_is_read() {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let touched = read(b"A\0src/new file.rs\0M\0src/lib.rs\0D\0old\0T\0link\0");
        assert_eq!(touched.added, texts(&["src/new file.rs"]));
        assert_eq!(touched.changed, texts(&["src/lib.rs", "old", "link"]));
        assert_eq!(read(b""), Touched::default());
    }
}
