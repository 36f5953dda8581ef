//! What is in no commit, and what of it a change of the work tree would meet.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path;

use crate::program::Call;
use crate::{Git, GitError};

/// Lists of many files may be long; cut, they would hide some.
const LIST_KEPT: u64 = 512 << 20;

/// The path of a file from the top of the work tree, byte for byte.
pub(crate) type Path = Vec<u8>;

/// Tracked files that differ from what is checked out.
#[derive(Debug, Default)]
pub(crate) struct Unsaved {
    /// Those that are staged or in conflict.
    pub(crate) staged: Vec<Path>,
    /// Those whose content is not the staged one.
    pub(crate) changed: HashSet<Path>,
    /// Those that are in conflict.
    pub(crate) conflicts: Vec<Path>,
}

/// A file that differs between two trees.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Whether it comes into being, goes, or is changed.
    pub(crate) kind: Kind,
    /// Which.
    pub(crate) path: Path,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Added,
    Removed,
    Changed,
}

/// The paths as a message can show them: what is not UTF-8 is replaced.
pub(crate) fn shown(paths: Vec<Path>) -> Vec<String> {
    paths.into_iter().map(|path| String::from_utf8_lossy(&path).into_owned()).collect()
}

impl Git {
    /// The tracked files that differ from what is checked out. Submodules count only with the commit that they are at.
    pub(crate) fn unsaved(&self) -> Result<Unsaved, GitError> {
        let mut args = vec!["status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=no"];
        args.extend(["--ignore-submodules=dirty", "--", ":(top)"]);
        Ok(read(&self.call(&Call::new(args).keeping(LIST_KEPT))?))
    }

    /// The files that differ between two trees or commits.
    pub(crate) fn changes_of(&self, from: &str, to: &str) -> Result<Vec<Change>, GitError> {
        let args = ["diff-tree", "-r", "-z", "--name-status", "--no-renames", "--no-relative", from, to];
        Ok(changes(&self.call(&Call::new(args).keeping(LIST_KEPT))?))
    }
}

/// Which files that are in no commit a work tree with its top at `top` would lose if the changes were made there: those
/// that are changed as well, and whatever lies where a file comes into being, ignored or not.
pub(crate) fn in_the_way(
    git: &Git,
    top: &path::Path,
    unsaved: &Unsaved,
    changes: &[Change],
) -> Result<Vec<Path>, GitError> {
    let mut found: Vec<Path> = Vec::new();
    let gone: HashSet<&[u8]> =
        changes.iter().filter(|change| change.kind == Kind::Removed).map(|change| &change.path[..]).collect();
    let mut folders: HashSet<&[u8]> = HashSet::new();
    for Change { kind, path } in changes {
        if unsaved.changed.contains(path) {
            found.push(path.clone());
        } else if *kind == Kind::Added
            && let Some(obstacle) = obstacle(git, top, path, &gone, &mut folders)?
        {
            found.push(obstacle.to_vec());
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What lies where `path` is to come into being. `gone` are the files that make room for it; `folders` are known to be
/// folders.
fn obstacle<'p>(
    git: &Git,
    top: &path::Path,
    path: &'p [u8],
    gone: &HashSet<&[u8]>,
    folders: &mut HashSet<&'p [u8]>,
) -> Result<Option<&'p [u8]>, GitError> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    for above in ends.map(|end| &path[..end]) {
        if folders.contains(above) {
            continue;
        }
        match fs::symlink_metadata(top.join(OsStr::from_bytes(above))) {
            Ok(found) if found.is_dir() => {
                folders.insert(above);
            }
            // A tracked file that goes. Whether it was changed has been looked at.
            Ok(_) if gone.contains(above) => return Ok(None),
            Ok(_) => return Ok(Some(above)),
            // Then there is nothing below it either. What can't be looked at, git can't write to.
            Err(_) => return Ok(None),
        }
    }
    match fs::symlink_metadata(top.join(OsStr::from_bytes(path))) {
        Ok(found) if found.is_dir() => {
            let inside = [b":(top,literal)", path].concat();
            let call = Call::new(["ls-files", "--others", "-z", "--"]).arg(OsStr::from_bytes(&inside));
            let is_bare = git.call(&call.keeping(1))?.is_empty();
            Ok((!is_bare).then_some(path))
        }
        Ok(_) => Ok(Some(path)),
        Err(_) => Ok(None),
    }
}

/// Reads `git status --porcelain=v2 -z --no-renames`.
fn read(listed: &[u8]) -> Unsaved {
    let mut unsaved = Unsaved::default();
    for entry in listed.split(|&byte| byte == 0) {
        // So many words come before the path, which may have blanks.
        let name =
            |words: usize| entry.splitn(words + 1, |&byte| byte == b' ').nth(words).map(<[u8]>::to_vec);
        match entry {
            [b'1', b' ', staged, changed, ..] => {
                let Some(path) = name(8) else { continue };
                if *changed != b'.' {
                    unsaved.changed.insert(path.clone());
                }
                if *staged != b'.' {
                    unsaved.staged.push(path);
                }
            }
            [b'u', b' ', ..] => {
                let Some(path) = name(10) else { continue };
                unsaved.conflicts.push(path.clone());
                unsaved.staged.push(path);
            }
            _ => {}
        }
    }
    unsaved
}

/// Reads pairs of a letter and a path, each ended by a NUL.
fn changes(listed: &[u8]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut words = listed.split(|&byte| byte == 0);
    while let (Some(letter), Some(path)) = (words.next(), words.next()) {
        let kind = match letter {
            b"A" => Kind::Added,
            b"D" => Kind::Removed,
            _ => Kind::Changed,
        };
        changes.push(Change { kind, path: path.to_vec() });
    }
    changes
}
