//! Replacing a whole file so that a reader finds the old one or the new one and nothing between.

use std::ffi::OsStr;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid, fchown};

use crate::StoreError;
use crate::random::random_u64;

/// What an acknowledged write survives: one that [`replace`] or [`HistoryWriter::append`](crate::HistoryWriter::append)
/// has returned from.
///
/// | | [`Process`](Self::Process) | [`Power`](Self::Power) |
/// |---|---|---|
/// | waits for the disk | never | once an append; for a replaced file twice, for its contents and its name |
/// | orch ends, by whatever | nothing is lost | nothing is lost |
/// | the system ends: power cut, kernel crash | the last writes may be lost, as a rule of half a minute | nothing is lost |
/// | a replaced file is then | the old one, the new one or, where the file system does not order a rename after the contents, an empty one | the old one or the new one |
/// | the history then | ends earlier; an interrupted line is cut off, of a gap with whole lines behind it only what is before it counts | has every acknowledged line |
///
/// Of lines that [`append_unsynced`](crate::HistoryWriter::append_unsynced) wrote, a power cut may take those after the
/// last `append`. Neither setting can do anything about a disk that says too early that it has written something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The end of orch at any moment, `kill -9` included. Costs no wait for the disk.
    #[default]
    Process,
    /// A power cut as well: the disk has it before the call returns.
    Power,
}

/// Replaces the contents of `path` by `bytes`, or creates it.
///
/// Whoever opens `path` at any moment finds all of the old contents or all of the new. The permissions (and,
/// where the system allows it, the owner) of the old file are kept; a new file is readable by all, within the
/// umask. With [`Durability::Power`] the new contents are on the disk when this returns.
///
/// # Errors
/// [`StoreError::Io`] with the step that failed; the old file is then as it was, and nothing is left beside it.
/// The one exception is the step `sync the folder of`: the new file is in place, but a power cut may bring back
/// the old one. [`StoreError::Refused`] when `path` is a link or not a file: replacing would quietly put
/// a file where somebody keeps something else.
///
/// ```
/// use orch_store::{Durability, replace};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("state.md");
/// replace(&path, b"one\n", Durability::Process)?;
/// replace(&path, b"two\n", Durability::Power)?;
/// assert_eq!(std::fs::read(&path)?, b"two\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn replace(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), StoreError> {
    replace_if(path, bytes, durability, || true).map(drop)
}

/// The same, if `still` says so when the new contents are written and only have to take the place of the old: waiting for
/// the disk takes long enough for a person to save. Whether they did.
///
/// # Errors
/// Those of [`replace`].
pub fn replace_if(
    path: &Path,
    bytes: &[u8],
    durability: Durability,
    still: impl FnOnce() -> bool,
) -> Result<bool, StoreError> {
    let old = match std::fs::symlink_metadata(path) {
        Ok(old) if old.is_file() => Some(old),
        Ok(old) if old.is_symlink() => {
            return Err(StoreError::Refused { path: path.to_owned(), why: "it is a link" });
        }
        Ok(_) => return Err(StoreError::Refused { path: path.to_owned(), why: "it is not a file" }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(StoreError::io(path, "look at")(error)),
    };
    let temporary = Temporary::beside(path, old.is_some())?;
    temporary.fill(bytes, old.as_ref(), durability)?;
    if !still() {
        return Ok(false);
    }
    temporary.rename_to(path)?;
    if durability == Durability::Power {
        sync_folder_of(path)?;
    }
    Ok(true)
}

/// Removes what replacements of `path` left that were killed before they were done. To be called by the one who may
/// replace it, and only after such a kill: it looks at every name in the folder.
///
/// # Errors
/// [`StoreError::Io`] when the folder can't be read or a leftover can't be removed.
pub fn sweep(path: &Path) -> Result<(), StoreError> {
    let Some(name) = path.file_name() else { return Ok(()) };
    let beginning = beginning(name);
    sweep_where(path.parent().unwrap_or(Path::new(".")), |name| name.starts_with(&beginning))
}

/// Removes what replacements of any file in `folder` left that were killed before they were done. To be called by the one
/// who may replace files there, all of which are orch's own. A folder that is not there has nothing to be removed.
///
/// # Errors
/// When the folder can't be read or a leftover can't be removed.
pub fn sweep_folder(folder: &Path) -> Result<(), StoreError> {
    match sweep_where(folder, |name| name.starts_with('.')) {
        Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        swept => swept,
    }
}

fn sweep_where(folder: &Path, is_meant: impl Fn(&str) -> bool) -> Result<(), StoreError> {
    for entry in std::fs::read_dir(folder).map_err(StoreError::io(folder, "list"))? {
        let path = entry.map_err(StoreError::io(folder, "list"))?.path();
        let name = path.file_name().and_then(OsStr::to_str).filter(|name| is_meant(name));
        let random = name.and_then(|name| name.strip_suffix(ENDING)?.rsplit('.').next());
        if random.is_some_and(|random| random.len() == 16 && random.bytes().all(|b| b.is_ascii_hexdigit())) {
            std::fs::remove_file(&path).map_err(StoreError::io(&path, "remove"))?;
        }
    }
    Ok(())
}

/// How the name of a file that is to replace one called `name` begins. Only the head of a long name: with the random
/// part it must stay within what file systems take.
fn beginning(name: &OsStr) -> String {
    format!(".{}.", name.to_string_lossy().chars().take(40).collect::<String>())
}

/// How it ends.
const ENDING: &str = ".tmp";

/// Puts the names in the folder of `path` on the disk: a created, renamed or removed file stays so.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    // A bare file name has the empty path as its parent, which no system call takes.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io(path, "sync the folder of"))
}

/// A file that goes away again unless it gets its final name.
struct Temporary {
    file: File,
    path: PathBuf,
    keep: bool,
}

impl Temporary {
    /// Creates one in the folder of `target`, so that the rename stays within one file system.
    fn beside(target: &Path, replaces: bool) -> Result<Self, StoreError> {
        let name = target.file_name().ok_or_else(|| StoreError::Refused {
            path: target.to_owned(),
            why: "it does not end in a file name",
        })?;
        let path = target.with_file_name(format!("{}{:016x}{ENDING}", beginning(name), random_u64()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            // What replaces a file is private until it has that file's permissions.
            .mode(if replaces { 0o600 } else { 0o644 })
            .open(&path)
            .map_err(StoreError::io(&path, "create"))?;
        Ok(Self { file, path, keep: false })
    }

    fn fill(&self, bytes: &[u8], old: Option<&Metadata>, durability: Durability) -> Result<(), StoreError> {
        (&self.file).write_all(bytes).map_err(StoreError::io(&self.path, "write"))?;
        if let Some(old) = old {
            self.take_owner(old)?;
            let mode = Permissions::from_mode(old.mode() & 0o7777);
            self.file.set_permissions(mode).map_err(StoreError::io(&self.path, "set the permissions of"))?;
        }
        if durability == Durability::Power {
            self.file.sync_all().map_err(StoreError::io(&self.path, "sync"))?;
        }
        Ok(())
    }

    /// Keeps a file with its owner when somebody privileged replaces it; anybody else can't, and need not.
    fn take_owner(&self, old: &Metadata) -> Result<(), StoreError> {
        let new = self.file.metadata().map_err(StoreError::io(&self.path, "look at"))?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            let (owner, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
            match fchown(&self.file, Some(owner), Some(group)) {
                Ok(()) | Err(rustix::io::Errno::PERM) => {}
                Err(error) => return Err(StoreError::io(&self.path, "set the owner of")(error.into())),
            }
        }
        Ok(())
    }

    fn rename_to(mut self, target: &Path) -> Result<(), StoreError> {
        std::fs::rename(&self.path, target).map_err(StoreError::io(target, "replace"))?;
        self.keep = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.keep {
            // The error on its way out says what matters; a file that can't be removed adds nothing to it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_killed_replacements_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.md");
        let leftovers = [".state.md.0123456789abcdef.tmp", ".state.md.ffffffffffffffff.tmp"];
        let others = ["state.md", ".state.md.tmp", ".state.md.mine.tmp", ".other.md.0123456789abcdef.tmp"];
        for name in leftovers.iter().chain(&others) {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        sweep(&path).unwrap();
        for (names, there) in [(&leftovers[..], false), (&others[..], true)] {
            for name in names {
                assert_eq!(folder.path().join(name).exists(), there, "{name}");
            }
        }
        sweep_folder(folder.path()).unwrap();
        let mut left = names(folder.path());
        left.sort();
        assert_eq!(left, [".state.md.mine.tmp", ".state.md.tmp", "state.md"]);
        sweep_folder(&folder.path().join("gone")).unwrap();
    }

    #[test]
    fn what_somebody_else_has_changed_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        fs::write(&path, "old").unwrap();
        let theirs = || {
            fs::write(&path, "theirs").unwrap();
            false
        };
        assert!(!replace_if(&path, b"new", Durability::Power, theirs).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert!(replace_if(&path, b"new", Durability::Power, || true).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.md"]);
    }

    #[test]
    fn replaces_and_creates_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        for durability in [Durability::Process, Durability::Power] {
            for text in ["one", "", "three\r\n\0"] {
                replace(&path, text.as_bytes(), durability).unwrap();
                assert_eq!(fs::read(&path).unwrap(), text.as_bytes());
                assert_eq!(names(folder.path()), ["a.md"]);
            }
        }
    }

    #[test]
    fn keeps_the_permissions_of_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        for mode in [0o600, 0o640, 0o664, 0o755, 0o444] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            replace(&path, b"new", Durability::Process).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn an_open_reader_keeps_the_old_contents_whole() {
        use std::io::Read;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        replace(&path, b"old", Durability::Process).unwrap();
        let mut reader = File::open(&path).unwrap();
        replace(&path, b"new and longer", Durability::Process).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "old");
    }

    #[test]
    fn a_link_or_a_folder_is_refused_and_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "real").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let error = replace(&link, b"new", Durability::Process).unwrap_err();
        assert!(error.to_string().ends_with("it is a link"), "{error}");
        assert_eq!(fs::read(&real).unwrap(), b"real");
        let error = replace(folder.path(), b"new", Durability::Process).unwrap_err();
        assert!(error.to_string().ends_with("it is not a file"), "{error}");
    }

    #[test]
    fn a_failed_step_is_named_and_cleans_up() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace(&folder.path().join("no/a.md"), b"x", Durability::Process).unwrap_err();
        assert!(
            error.to_string().contains("can't create") && error.to_string().contains("os error 2"),
            "{error}"
        );

        // A folder put in the target's place after the look at it: the rename is what fails.
        let temporary = Temporary::beside(&folder.path().join("a.md"), false).unwrap();
        fs::create_dir(folder.path().join("a.md")).unwrap();
        let error = temporary.rename_to(&folder.path().join("a.md")).unwrap_err();
        assert!(error.to_string().contains("can't replace"), "{error}");
        assert_eq!(names(folder.path()), ["a.md"]);
    }

    #[test]
    fn a_name_as_long_as_the_file_system_takes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ä".repeat(127));
        replace(&path, b"x", Durability::Power).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
    }

    #[test]
    fn errors_of_the_disk_carry_a_hint() {
        for (kind, word) in [
            (io::ErrorKind::StorageFull, "space"),
            (io::ErrorKind::ReadOnlyFilesystem, "read-only"),
            (io::ErrorKind::PermissionDenied, "permissions"),
        ] {
            let error = StoreError::io(Path::new("/x"), "write")(kind.into());
            assert!(error.hint().unwrap().contains(word));
        }
    }
}
