//! Keeping the session's folder out of git (seed 000: `.orchestrator/` is in `.gitignore`).

use std::io;
use std::path::Path;

use orch_git::Git;
use orch_store::{Durability, StoreError, read_regular, replace};

use super::folder::SESSION;

/// The most that is read of a `.gitignore`.
const LARGEST: u64 = 4 << 20;

/// Sees to it that `.gitignore` in `root` names the session's folder, unless git ignores it already; whether it was
/// changed.
///
/// # Errors
/// [`StoreError`] when it can't be read or replaced.
pub(super) fn ensure_ignored(root: &Path, durability: Durability) -> Result<bool, StoreError> {
    if Git::at(root).is_ignored(Path::new(SESSION)).unwrap_or(false) {
        return Ok(false);
    }
    let path = root.join(".gitignore");
    let old = match read_regular(&path, LARGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(StoreError::Io { path, step: "read", source }),
    };
    let Some(new) = with_line(&old) else { return Ok(false) };
    replace(&path, &new, durability)?;
    Ok(true)
}

/// The file with a line for the folder; none when it has one.
fn with_line(old: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(old);
    let names_it = |line: &str| line.trim().trim_matches('/') == SESSION;
    if text.lines().any(names_it) {
        return None;
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut new = old.to_vec();
    if !new.is_empty() && !new.ends_with(b"\n") {
        new.extend(end.bytes());
    }
    new.extend(format!("{SESSION}/{end}").bytes());
    Some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_added_and_nothing_else_changes() {
        for (old, new) in [
            ("", Some(".orchestrator/\n")),
            ("target\n", Some("target\n.orchestrator/\n")),
            ("target", Some("target\n.orchestrator/\n")),
            ("a\r\nb\r\n", Some("a\r\nb\r\n.orchestrator/\r\n")),
            ("/.orchestrator\n", None),
            (" .orchestrator/ \nx", None),
            ("# .orchestrator/\n", Some("# .orchestrator/\n.orchestrator/\n")),
        ] {
            assert_eq!(with_line(old.as_bytes()).as_deref(), new.map(str::as_bytes), "{old:?}");
        }
    }
}
