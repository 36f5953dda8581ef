//! Repositories in what git ignores: they go with the folder, and git says nothing of them.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

/// So many entries of folders are looked at in one work tree. What lies behind them, as in a folder of thousands of packages, is
/// not found; the folders nearest to the top come first.
pub(crate) const MOST_ENTRIES: usize = 20_000;

/// The repositories in these folders of the work tree at `top`, by their paths from there. Links are not followed, and what is
/// in a repository is not looked at.
pub(crate) fn repositories_in(top: &Path, folders: Vec<PathBuf>, mut entries: usize) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), VecDeque::from(folders));
    while let Some(folder) = open.pop_front() {
        // A folder that can't be read is nobody's to remove either.
        let Ok(listed) = fs::read_dir(top.join(&folder)) else { continue };
        let mut within = Vec::new();
        let mut is_repository = false;
        for entry in listed.flatten() {
            let Some(left) = entries.checked_sub(1) else { return found };
            entries = left;
            is_repository |= entry.file_name() == ".git";
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                within.push(folder.join(entry.file_name()));
            }
        }
        match is_repository {
            true => found.push(folder),
            false => open.extend(within),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn repositories_are_found_as_far_as_is_looked() {
        let place = tempfile::tempdir().unwrap();
        let top = place.path();
        for folder in ["deps/a/.git", "deps/b/c", "other/.git", "deps/a/inner/.git", "else/.git"] {
            fs::create_dir_all(top.join(folder)).unwrap();
        }
        fs::write(top.join("deps/b/c/.git"), "gitdir: elsewhere\n").unwrap();
        symlink(top.join("else"), top.join("deps/link")).unwrap();
        let found = |entries| {
            let mut found = repositories_in(top, vec!["deps/".into(), "gone/".into()], entries);
            found.sort();
            found
        };
        assert_eq!(found(MOST_ENTRIES), [Path::new("deps/a"), Path::new("deps/b/c")]);
        // Three entries in `deps`, two in `deps/a`, one in `deps/b` and in `deps/b/c`.
        assert_eq!(found(7).len(), 2);
        assert_eq!(found(6).len(), 1);
        assert_eq!(found(3).len(), 0);
    }
}
