//! Paths that a plan or a tool wrote down, followed without leaving a folder.

use std::io;
use std::path::{Component, Path, PathBuf};

/// Why a path was not followed.
#[derive(Debug, thiserror::Error)]
pub enum Escape {
    /// It begins at the root of the file system.
    #[error("the path `{}` is absolute; it must be relative to the plan", .0.display())]
    Absolute(PathBuf),
    /// It, or a link on its way, leads out of the folder.
    #[error("the path `{}` leads out of the plan's folder", .0.display())]
    Outside(PathBuf),
    /// It has no name in it, or one that no file can have.
    #[error("`{}` is not a path to a file", .0.escape_debug())]
    NotAPath(String),
    /// A part of it could not be looked at; only the last may be missing.
    #[error("can't follow the path `{}`: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The place of `relative` beneath `root`, with every link resolved.
///
/// The last part may be missing: it is where something is going to be written. What can change between this
/// answer and its use is what those may change who can write to the folder anyway.
///
/// # Errors
/// [`Escape`]: absolute, `..` out of the root, a link out of it, a missing folder, a byte that no path has.
///
/// ```
/// use orch_store::{Escape, beneath};
/// let root = tempfile::tempdir()?;
/// std::fs::create_dir(root.path().join("specs"))?;
/// assert!(beneath(root.path(), "specs/01.yaml")?.ends_with("specs/01.yaml"));
/// assert!(matches!(beneath(root.path(), "specs/../../passwd"), Err(Escape::Outside(_))));
/// assert!(matches!(beneath(root.path(), "/etc/passwd"), Err(Escape::Absolute(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn beneath(root: &Path, relative: &str) -> Result<PathBuf, Escape> {
    let path = Path::new(relative);
    if relative.contains('\0') {
        return Err(Escape::NotAPath(relative.to_owned()));
    }
    let mut depth = 0usize;
    for component in path.components() {
        match component {
            Component::Prefix(_) | Component::RootDir => return Err(Escape::Absolute(path.to_owned())),
            Component::ParentDir => {
                depth = depth.checked_sub(1).ok_or_else(|| Escape::Outside(path.to_owned()))?;
            }
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
        }
    }
    let failed = |source| Escape::Io { path: path.to_owned(), source };
    let root = root.canonicalize().map_err(failed)?;
    let place = root.join(path);
    let found = match place.canonicalize() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => missing_last(&place, failed)?,
        Err(error) => return Err(failed(error)),
    };
    match found.strip_prefix(&root) {
        Ok(rest) if rest.as_os_str().is_empty() => Err(Escape::NotAPath(relative.to_owned())),
        Ok(_) => Ok(found),
        Err(_) => Err(Escape::Outside(path.to_owned())),
    }
}

/// The resolved place of a path of which only the last part is missing.
fn missing_last(place: &Path, failed: impl Fn(io::Error) -> Escape) -> Result<PathBuf, Escape> {
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(failed(io::ErrorKind::NotFound.into()));
    };
    let found = folder.canonicalize().map_err(&failed)?.join(name);
    match found.symlink_metadata() {
        // A link to nothing: what is written to it would come into being wherever it points.
        Ok(_) => Err(failed(io::Error::new(io::ErrorKind::NotFound, "it is a link to a missing file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(found),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// `outside/secret` and `root/{a/b/file, in -> a/b, out -> ../outside, dangling -> ../outside/new, loop -> loop}`.
    fn tree() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let root = base.join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir(base.join("outside")).unwrap();
        fs::write(base.join("outside/secret"), "").unwrap();
        fs::write(root.join("a/b/file"), "").unwrap();
        symlink("a/b", root.join("in")).unwrap();
        symlink("../outside", root.join("out")).unwrap();
        symlink("../outside/new", root.join("dangling")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        (folder, root)
    }

    #[test]
    fn what_stays_beneath_is_resolved() {
        let (_folder, root) = tree();
        for (relative, expected) in [
            ("a/b/file", "a/b/file"),
            ("a/b/new", "a/b/new"),
            ("new", "new"),
            ("./a/./b/../b/file", "a/b/file"),
            ("in/file", "a/b/file"),
            ("in/../b/file", "a/b/file"),
            ("a", "a"),
        ] {
            assert_eq!(beneath(&root, relative).unwrap(), root.join(expected), "{relative}");
        }
    }

    #[test]
    fn what_leaves_is_refused() {
        let (_folder, root) = tree();
        for relative in [
            "..",
            "../outside/secret",
            "a/../../root/a",
            "a/b/../../../outside",
            "out",
            "out/secret",
            "out/new",
        ] {
            assert!(matches!(beneath(&root, relative), Err(Escape::Outside(_))), "{relative}");
        }
        assert!(matches!(beneath(&root, "/etc/passwd"), Err(Escape::Absolute(_))));
        for relative in ["", ".", "a/..", "a\0b", "in/../.."] {
            assert!(
                matches!(beneath(&root, relative), Err(Escape::NotAPath(_) | Escape::Outside(_))),
                "{relative}"
            );
        }
        for relative in ["dangling", "loop", "loop/x", "no/new", "a/b/file/x", "no/.."] {
            assert!(matches!(beneath(&root, relative), Err(Escape::Io { .. })), "{relative}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_mix_of_parts_leaves(parts in prop::collection::vec(
            prop::sample::select(vec!["..", ".", "a", "b", "in", "out", "file", "new", "dangling", "", "outside"]), 0..8,
        )) {
            let (_folder, root) = tree();
            if let Ok(place) = beneath(&root, &parts.join("/")) {
                prop_assert!(place.starts_with(&root) && place != root);
                // What the system makes of it, not only what it is called.
                let seen = place.canonicalize().or_else(|_| place.parent().unwrap().canonicalize()).unwrap();
                prop_assert!(seen.starts_with(&root));
            }
        }
    }
}
