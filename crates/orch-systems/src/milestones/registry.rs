//! The list of a project's sessions, once there are more than one: `.orchestrator/active-sessions.json`.

use std::io;
use std::path::PathBuf;

use orch_state_json::{ActiveSession, ActiveSessions};
use orch_store::{Durability, StoreError, read_regular, replace};

use super::MilestonePlan;
use super::folder::{SESSION, SessionFolder};

/// Enters a session with a folder of its own, and takes out those of which neither the document nor the folder is left.
///
/// # Errors
/// When the list can't be read or replaced.
pub(super) fn register(
    plan: &MilestonePlan,
    folder: &SessionFolder,
    started_at: &str,
    durability: Durability,
) -> Result<(), StoreError> {
    let Some(slug) = folder.slug() else { return Ok(()) };
    change(plan, durability, |sessions| {
        let is_gone = |session: &&ActiveSession| {
            !plan.root.join(&session.planning_doc).exists()
                && !plan.root.join(SESSION).join(&session.slug).exists()
        };
        let gone: Vec<String> = sessions.iter().filter(is_gone).map(|session| session.slug.clone()).collect();
        gone.iter().for_each(|slug| _ = sessions.remove(slug));
        let is_known = sessions.get(slug).is_some_and(|session| session.planning_doc == plan.shown_path());
        if !is_known {
            sessions.add(ActiveSession::new(slug, plan.shown_path(), started_at));
        }
        !is_known || !gone.is_empty()
    })
}

/// Takes a session out.
///
/// # Errors
/// When the list can't be read or replaced.
pub(super) fn unregister(
    plan: &MilestonePlan,
    folder: &SessionFolder,
    durability: Durability,
) -> Result<(), StoreError> {
    let Some(slug) = folder.slug() else { return Ok(()) };
    change(plan, durability, |sessions| sessions.remove(slug))
}

/// Changes the list when `what` says that it has changed something. One that can't be understood is left as it is: nothing
/// rests on it.
fn change(
    plan: &MilestonePlan,
    durability: Durability,
    what: impl FnOnce(&mut ActiveSessions) -> bool,
) -> Result<(), StoreError> {
    let path: PathBuf = plan.root.join(SESSION).join("active-sessions.json");
    let mut sessions = match read_regular(&path, ActiveSessions::LARGEST as u64 + 1) {
        Ok(bytes) => match ActiveSessions::read(&bytes) {
            Ok(sessions) => sessions,
            Err(_) => return Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => ActiveSessions::default(),
        Err(source) => return Err(StoreError::Io { path, step: "read", source }),
    };
    if what(&mut sessions) {
        replace(&path, &sessions.to_bytes(), durability)?;
    }
    Ok(())
}
