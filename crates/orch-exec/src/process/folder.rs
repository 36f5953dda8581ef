//! Who works in a folder.

use std::path::Path;

use crate::platform;

/// The numbers of the processes, this one left out, whose current folder is this one or beneath it, in rising order.
/// Meant to be asked before a folder is removed: whoever works there would lose the ground under its feet.
///
/// Linux only, and only of processes that this user may look into; elsewhere, and for a folder that does not exist,
/// the answer is empty.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// assert!(orch_exec::process::processes_in(folder.path()).is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn processes_in(folder: &Path) -> Vec<u32> {
    let Ok(folder) = folder.canonicalize() else { return Vec::new() };
    let me = std::process::id();
    let within = platform::folders().into_iter().filter(|(pid, at)| *pid != me && at.starts_with(&folder));
    let mut found: Vec<u32> = within.map(|(pid, _)| pid).collect();
    found.sort_unstable();
    found
}

/// Of the [processes in](processes_in) a folder those that run `program` or a helper of its (`git`, `git-remote-https`).
/// None where that can't be told, as on other systems than Linux.
#[must_use]
pub fn program_runs_in(folder: &Path, program: &str) -> Option<bool> {
    if !platform::KNOWS_FOLDERS {
        return None;
    }
    let runs_it = |pid: &u32| {
        let name = platform::program(*pid);
        name.is_some_and(|name| {
            name.strip_prefix(program).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    };
    Some(processes_in(folder).iter().any(runs_it))
}
