//! What is in no commit, and what of it a change of the work tree would meet.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path;

use crate::program::Call;
use crate::{Git, GitError};

/// Lists of many files may be long; cut, they would hide some.
pub(crate) const LIST_KEPT: u64 = 512 << 20;

/// So many paths are given to one git, as arguments.
const FILES_AT_ONCE: usize = 200;

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

/// Which files that are in no commit a work tree with its top at `top`, where `git` works, would lose if the changes were
/// made there: those that are changed as well, and whatever lies where a file comes into being, ignored or not.
pub(crate) fn in_the_way(
    git: &Git,
    top: &path::Path,
    unsaved: &Unsaved,
    changes: &[Change],
) -> Result<Vec<Path>, GitError> {
    let mut found = git.changed_unseen(top, changes)?;
    let mut folders: HashSet<&[u8]> = HashSet::new();
    for Change { kind, path } in changes {
        if unsaved.changed.contains(path) {
            found.push(path.clone());
        } else if *kind == Kind::Added
            && let Some(obstacle) = obstacle(git, top, path, unsaved, &mut folders)?
        {
            found.push(obstacle.to_vec());
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What lies where `path` is to come into being, and is in no commit. `folders` are known to be folders.
fn obstacle<'p>(
    git: &Git,
    top: &path::Path,
    path: &'p [u8],
    unsaved: &Unsaved,
    folders: &mut HashSet<&'p [u8]>,
) -> Result<Option<&'p [u8]>, GitError> {
    let lists = |which: &[&str], path: &[u8]| {
        let pattern = [b":(top,literal)", path].concat();
        let call = Call::new(["ls-files", "-z"].iter().chain(which)).arg("--");
        Ok(!git.call(&call.arg(OsStr::from_bytes(&pattern)).keeping(1))?.is_empty())
    };
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    for above in ends.map(|end| &path[..end]) {
        if folders.contains(above) {
            continue;
        }
        if unsaved.changed.contains(above) {
            return Ok(Some(above));
        }
        match fs::symlink_metadata(top.join(OsStr::from_bytes(above))) {
            Ok(found) if found.is_dir() => {
                folders.insert(above);
            }
            // A tracked file makes room, or is the other side of a conflict.
            Ok(_) => return Ok((!lists(&[], above)?).then_some(above)),
            // Then there is nothing below it either. What can't be looked at, git can't write to.
            Err(_) => return Ok(None),
        }
    }
    match fs::symlink_metadata(top.join(OsStr::from_bytes(path))) {
        Ok(found) if found.is_dir() => Ok(lists(&["--others"], path)?.then_some(path)),
        Ok(_) => Ok(Some(path)),
        Err(_) => Ok(None),
    }
}

impl Git {
    /// Those of the changed files that differ from the index and that git was told not to look at (`--assume-unchanged`,
    /// `--skip-worktree`): a merge that fails throws them away. This git works at the `top` of the work tree.
    fn changed_unseen(&self, top: &path::Path, changes: &[Change]) -> Result<Vec<Path>, GitError> {
        let flagged = flagged(&self.call(&Call::new(["ls-files", "-v", "-s", "-z"]).keeping(LIST_KEPT))?);
        if flagged.is_empty() {
            return Ok(Vec::new());
        }
        let here: Vec<(&Path, &str)> = changes
            .iter()
            .filter_map(|Change { path, .. }| Some((path, flagged.get(path)?.as_str())))
            .filter(|(path, _)| {
                fs::symlink_metadata(top.join(OsStr::from_bytes(path))).is_ok_and(|found| found.is_file())
            })
            .collect();
        let mut found = Vec::new();
        for some in here.chunks(FILES_AT_ONCE) {
            let call = some
                .iter()
                .fold(Call::new(["hash-object", "--"]), |call, (path, _)| call.arg(OsStr::from_bytes(path)));
            let hashes = self.call(&call)?;
            let hashes = String::from_utf8_lossy(&hashes);
            let mut hashes = hashes.lines();
            found.extend(
                some.iter()
                    .filter(|(_, known)| hashes.next() != Some(*known))
                    .map(|(path, _)| (*path).clone()),
            );
        }
        Ok(found)
    }
}

/// The files with a flag in `git ls-files -v -s -z`, and the ids of their content.
fn flagged(listed: &[u8]) -> HashMap<Path, String> {
    let entries = listed.split(|&byte| byte == 0);
    let flagged = entries.filter(|entry| matches!(entry, [b'a'..=b'z' | b'S', b' ', ..]));
    let read = |entry: &[u8]| {
        let tab = entry.iter().position(|&byte| byte == b'\t')?;
        let id = entry[..tab].split(|&byte| byte == b' ').nth(2)?;
        Some((entry[tab + 1..].to_vec(), String::from_utf8_lossy(id).into_owned()))
    };
    flagged.filter_map(read).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_lists_is_read() {
        let id = "0".repeat(40);
        let listed = format!(
            "# branch.oid {id}\x001 .M N... 100644 100644 100644 {id} {id} a b\x00\
             1 M. N... 100644 100644 100644 {id} {id} staged\x001 MM N... 100644 100644 100644 {id} {id} both\x00\
             u UU N... 100644 100644 100644 100644 {id} {id} {id} in conflict\x00? untracked\x00"
        );
        let unsaved = read(listed.as_bytes());
        assert_eq!(shown(unsaved.staged), ["staged", "both", "in conflict"]);
        assert_eq!(unsaved.changed, HashSet::from([b"a b".to_vec(), b"both".to_vec()]));
        assert_eq!(shown(unsaved.conflicts), ["in conflict"]);

        let of = |kind, path: &[u8]| Change { kind, path: path.to_vec() };
        assert_eq!(
            changes(b"A\0new file\0M\0\xff\0D\0old\0T\0link\0"),
            [
                of(Kind::Added, b"new file"),
                of(Kind::Changed, b"\xff"),
                of(Kind::Removed, b"old"),
                of(Kind::Changed, b"link"),
            ]
        );
        let listed = "H 100644 1 0\tplain\0h 100644 2 0\ta b\0S 100644 3 0\ttab\there\0M 100644 4 1\tc\0";
        let expected = [(b"a b".to_vec(), "2".to_owned()), (b"tab\there".to_vec(), "3".to_owned())];
        assert_eq!(flagged(listed.as_bytes()), HashMap::from(expected));
    }
}
