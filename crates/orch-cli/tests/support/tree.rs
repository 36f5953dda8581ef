//! What is on disk, to be compared.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Every path beneath a folder, with all that a write would change.
pub(crate) type Tree = BTreeMap<PathBuf, Entry>;

/// One path: when it was last changed, how it may be used, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    changed: (i64, i64),
    mode: u32,
    bytes: Vec<u8>,
}

/// Looks at everything beneath `folder`, and at the folder itself.
pub(crate) fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut to_do = vec![folder.to_owned()];
    while let Some(path) = to_do.pop() {
        let found = fs::symlink_metadata(&path).unwrap();
        let mut bytes = Vec::new();
        if found.is_dir() {
            to_do.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if found.is_symlink() {
            bytes = fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes();
        } else if found.is_file() {
            bytes = fs::read(&path).unwrap();
        }
        tree.insert(path, Entry { changed: (found.mtime(), found.mtime_nsec()), mode: found.mode(), bytes });
    }
    tree
}
