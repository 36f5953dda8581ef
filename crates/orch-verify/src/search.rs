//! Looking for a pattern in a file, or in all files beneath a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use orch_store::read_regular;

use crate::pattern::{Hit, Pattern, Stop};

/// The largest file that is searched, in bytes.
pub const MAX_FILE_BYTES: u64 = 16 << 20;
/// The most files and folders that one check looks at.
pub const MAX_FILES: usize = 100_000;
/// The most bytes that one check reads.
pub const MAX_TREE_BYTES: u64 = 1 << 30;

/// How much of a file is looked at to see whether it is text.
const BINARY_WITHIN: usize = 8 << 10;

/// How far a search goes; the constants above but in tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) file_bytes: u64,
    pub(crate) files: usize,
    pub(crate) tree_bytes: u64,
    /// When the time is up.
    pub(crate) until: Instant,
    /// After how many lines it is enough.
    pub(crate) hits: usize,
}

impl Bounds {
    pub(crate) fn new(until: Instant, hits: usize) -> Self {
        Self { file_bytes: MAX_FILE_BYTES, files: MAX_FILES, tree_bytes: MAX_TREE_BYTES, until, hits }
    }
}

/// What a search found, and what it did not look at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Files and their lines, in the order of their paths.
    pub(crate) hits: Vec<(PathBuf, Hit)>,
    /// How many files were searched.
    pub(crate) searched: usize,
    /// How many were left out because they are not text.
    pub(crate) binary: usize,
    /// Why the absence of hits proves nothing.
    pub(crate) gap: Option<Gap>,
}

/// Why not all was searched.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// A bound was reached, or something can't be read.
    Unsearched(String),
    /// The time was up.
    Late,
}

/// A search under way.
struct Search<'a> {
    pattern: &'a Pattern,
    bounds: Bounds,
    found: Found,
    bytes: u64,
    entries: usize,
}

/// Searches one file, text or not.
pub(crate) fn file(path: &Path, pattern: &Pattern, bounds: Bounds) -> Found {
    let mut search = Search::new(pattern, bounds);
    search.file(path, true);
    search.found
}

/// Searches the files beneath a folder, in the order of their paths: not `.git`, no links, nothing but text. Links
/// are never followed, so that neither a loop nor a way out of the folder can matter.
pub(crate) fn folder(path: &Path, pattern: &Pattern, bounds: Bounds) -> Found {
    let mut search = Search::new(pattern, bounds);
    search.folder(path);
    search.found
}

impl<'a> Search<'a> {
    fn new(pattern: &'a Pattern, bounds: Bounds) -> Self {
        Self { pattern, bounds, found: Found::default(), bytes: 0, entries: 0 }
    }

    fn folder(&mut self, path: &Path) {
        let mut open = vec![path.to_owned()];
        while let Some(path) = open.pop() {
            if self.enough() {
                return;
            }
            // The top folder is one; what is found in a folder says of itself what it is, and is no link then.
            let is_folder = path.symlink_metadata().map(|data| data.is_dir());
            match is_folder {
                Ok(true) => match self.entries(&path) {
                    Ok(entries) => open.extend(entries.into_iter().rev()),
                    Err(error) => self.unreadable(&path, &error),
                },
                Ok(false) => self.file(&path, false),
                Err(error) => self.unreadable(&path, &error),
            }
        }
    }

    /// The files and folders in a folder, sorted; nothing more once there are too many.
    fn entries(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if entry.file_name() == ".git" || !(kind.is_file() || kind.is_dir()) {
                continue;
            }
            self.entries += 1;
            if self.entries > self.bounds.files {
                self.unsearched(format!("there are more than {} files", self.bounds.files));
                return Ok(Vec::new());
            }
            entries.push(entry.path());
        }
        entries.sort();
        Ok(entries)
    }

    fn file(&mut self, path: &Path, even_binary: bool) {
        if Instant::now() >= self.bounds.until {
            self.found.gap = Some(Gap::Late);
            return;
        }
        // One byte more than allowed tells a file that is too large, whatever its size is said to be.
        let bytes = match read_regular(path, self.bounds.file_bytes + 1) {
            Ok(bytes) => bytes,
            Err(error) => return self.unreadable(path, &error),
        };
        let start = &bytes[..bytes.len().min(BINARY_WITHIN)];
        if !even_binary && start.contains(&0) {
            self.found.binary += 1;
            return;
        }
        let read = bytes.len() as u64;
        if read > self.bounds.file_bytes {
            return self.unsearched(format!(
                "{} is larger than {}",
                path.display(),
                size(self.bounds.file_bytes)
            ));
        }
        self.bytes += read;
        if self.bytes > self.bounds.tree_bytes {
            return self
                .unsearched(format!("the files are larger than {} in all", size(self.bounds.tree_bytes)));
        }
        let wanted = self.bounds.hits.saturating_sub(self.found.hits.len());
        match self.pattern.find(&bytes, wanted, self.bounds.until) {
            Ok(hits) => {
                self.found.searched += 1;
                self.found.hits.extend(hits.into_iter().map(|hit| (path.to_owned(), hit)));
            }
            Err(Stop::Late) => self.found.gap = Some(Gap::Late),
            Err(Stop::LongLine(line)) => self.unsearched(format!(
                "line {line} of {} is too long for so large a regular expression",
                path.display()
            )),
        }
    }

    /// Whether there is nothing more to learn: enough hits, no time, or too much to look at. A single file that was
    /// left out does not end the search, since another may have the pattern.
    fn enough(&self) -> bool {
        self.found.hits.len() >= self.bounds.hits
            || self.found.gap == Some(Gap::Late)
            || self.entries > self.bounds.files
            || self.bytes > self.bounds.tree_bytes
    }

    /// Something that is not there any more is not there: a file that came and went holds nothing.
    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        if error.kind() != io::ErrorKind::NotFound {
            self.unsearched(format!("can't read {}: {error}", path.display()));
        }
    }

    /// The first reason is kept.
    fn unsearched(&mut self, why: String) {
        self.found.gap.get_or_insert(Gap::Unsearched(why));
    }
}

/// A bound in the largest unit that it is a whole number of.
fn size(bytes: u64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes >= unit && bytes.is_multiple_of(unit) {
            return format!("{} {name}", bytes / unit);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    /// `{a/{x,y}, b, bin, .git/config, sub/.git, loop -> ., out -> /etc, pipe}`, all with `word` in them.
    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["a", ".git", "sub"] {
            fs::create_dir(path(name)).unwrap();
        }
        for name in ["a/x", "a/y", "b", ".git/config", "sub/.git"] {
            fs::write(path(name), "one\nword\n").unwrap();
        }
        fs::write(path("bin"), "\0word").unwrap();
        symlink(".", path("loop")).unwrap();
        symlink("/etc", path("out")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        folder
    }

    fn bounds() -> Bounds {
        Bounds::new(Instant::now() + Duration::from_secs(600), 99)
    }

    fn within(tree: &tempfile::TempDir, bounds: Bounds) -> Found {
        folder(tree.path(), &Pattern::new("word").unwrap(), bounds)
    }

    fn why(found: Found) -> String {
        match found.gap {
            Some(Gap::Unsearched(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_text_beneath_is_searched_once_and_in_order() {
        let tree = tree();
        let found = within(&tree, bounds());
        let names: Vec<_> = found
            .hits
            .iter()
            .map(|(path, hit)| (path.strip_prefix(tree.path()).unwrap().to_str().unwrap(), hit.line))
            .collect();
        assert_eq!(names, [("a/x", 2), ("a/y", 2), ("b", 2)]);
        assert_eq!((found.searched, found.binary, found.gap), (3, 1, None));
        let found = within(&tree, Bounds { hits: 2, ..bounds() });
        assert_eq!((found.hits.len(), found.searched), (2, 2));
    }

    #[test]
    fn a_file_is_searched_even_when_it_is_no_text() {
        let tree = tree();
        let word = Pattern::new("word").unwrap();
        assert_eq!(file(&tree.path().join("bin"), &word, bounds()).hits.len(), 1);
        assert!(why(file(&tree.path().join("pipe"), &word, bounds())).ends_with("it is not a regular file"));
        assert!(matches!(file(&tree.path().join("loop"), &word, bounds()).gap, Some(Gap::Unsearched(_))));
    }

    #[test]
    fn every_bound_is_said() {
        let tree = tree();
        let small = |bounds| why(within(&tree, bounds));
        assert!(small(Bounds { file_bytes: 8, ..bounds() }).ends_with("/a/x is larger than 8 bytes"));
        assert_eq!(small(Bounds { files: 5, ..bounds() }), "there are more than 5 files");
        assert_eq!(small(Bounds { tree_bytes: 20, ..bounds() }), "the files are larger than 20 bytes in all");
        assert_eq!(within(&tree, Bounds { files: 6, tree_bytes: 27, file_bytes: 9, ..bounds() }).gap, None);
        assert_eq!(within(&tree, Bounds { until: Instant::now(), ..bounds() }).gap, Some(Gap::Late));
        for (bytes, expected) in [(MAX_FILE_BYTES, "16 MiB"), (MAX_TREE_BYTES, "1 GiB"), (1025, "1025 bytes")]
        {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn a_hit_stands_whatever_was_left_out() {
        let tree = tree();
        fs::write(tree.path().join("a/x"), "long and without the w.rd").unwrap();
        let found = within(&tree, Bounds { file_bytes: 9, ..bounds() });
        assert_eq!(found.hits.len(), 2);
        assert!(found.gap.is_some());
    }
}
