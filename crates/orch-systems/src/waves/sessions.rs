//! The sessions of a repository: each follow-up is a plan of its own, on top of what was merged before.

use std::fs;
use std::path::Path;

use orch_git::BranchName;
use orch_state_commits::PlanCommit;
use orch_state_git::{PlanRepository, SessionEntry};
use orch_store::{Home, Lock};

use super::load::home_name;
use super::place::{looking, main_root};
use super::refused::refused;
use crate::OpenError;
use crate::locate::{Found, Kind};
use crate::session::repository_root;

/// A session: its plan, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    /// The branch of its plan, such as `plan/session-20250112-143000`.
    pub branch: String,
    /// What was asked for: its first line; empty when no commit on the branch says it.
    pub request: String,
    /// When it began, as the plan has it, such as `2025-01-12 14:30:00`.
    pub created: String,
    /// The version of its plan; none when no commit on the branch is a plan.
    pub version: Option<u32>,
    /// How many tasks count.
    pub tasks: usize,
    /// How many of them are done, as the plan has it.
    pub completed: usize,
    /// Whether it is the one that is worked on, by the repository's setting, else the newest.
    pub is_current: bool,
    /// The process of the orch that runs it, if one does.
    pub running: Option<u32>,
}

impl SessionSummary {
    fn of(root: &Path, entry: SessionEntry) -> Self {
        let SessionEntry { branch, plan, is_current, .. } = entry;
        let (completed, tasks) = plan.as_ref().map(PlanCommit::progress).unwrap_or_default();
        let request = plan.as_ref().map(|plan| plan.user_request.lines().next().unwrap_or_default().trim());
        let home = Home::find(root, &home_name(branch.as_str()));
        Self {
            request: request.unwrap_or_default().to_owned(),
            created: plan.as_ref().map(|plan| plan.created.clone()).unwrap_or_default(),
            version: plan.as_ref().map(|plan| plan.version),
            branch: branch.to_string(),
            running: home.and_then(|home| Lock::holder(&home.lock())).map(|holder| holder.pid),
            tasks,
            completed,
            is_current,
        }
    }

    /// Whether something of it is left to do.
    pub fn is_unfinished(&self) -> bool {
        self.version.is_some() && self.completed < self.tasks
    }
}

/// The sessions of the repository that `folder` lies in, the oldest first.
///
/// # Errors
/// [`OpenError::Environment`] when it lies in none, or git can't say.
pub fn sessions(folder: &Path) -> Result<Vec<SessionSummary>, OpenError> {
    let root = main_root(folder)?;
    let entries = PlanRepository::at(&root).sessions().map_err(refused)?;
    Ok(entries.into_iter().map(|entry| SessionSummary::of(&root, entry)).collect())
}

/// Whether a plan of waves may be called so.
pub(crate) fn is_like_a_plan(given: &str) -> bool {
    given.starts_with("plan/") || given.starts_with("session-")
}

/// The plan on the branch that `given` names, with or without `plan/`, in the repository that `here` lies in.
///
/// # Errors
/// [`OpenError::NoPlan`] when there is no such branch, [`OpenError::Environment`] when there is no repository.
pub(crate) fn find(here: &Path, given: &str) -> Result<Found, OpenError> {
    let root = main_root(here)?;
    let name = given.trim_end_matches('/');
    let name = if name.starts_with("plan/") { name.to_owned() } else { format!("plan/{name}") };
    let none = |message: String| OpenError::NoPlan {
        message,
        hint: "`orch sessions` lists the plans; `orch generate` makes one".into(),
    };
    let branch = BranchName::new(name).map_err(|unfit| none(unfit.to_string()))?;
    match looking(&root).branch_tip(&branch) {
        Ok(Some(_)) => Ok(found(&root, branch.as_str())),
        Ok(None) => Err(none(format!("there is no branch {branch}"))),
        Err(error) => Err(OpenError::Environment {
            message: error.to_string(),
            hint: "look at the repository with `git status`".into(),
        }),
    }
}

/// The plans of waves that are meant in `place` when none is named: those of which something is left; if that is none, the
/// one that was worked on last. Beside plans of other kinds they count only at the top of the repository, and those that are
/// done don't.
///
/// # Errors
/// Those of [`sessions`]; where plans of any kind may be meant, a repository that can't be read has none.
pub(crate) fn found_in(place: &Path, asked_for: bool, beside_others: bool) -> Result<Vec<Found>, OpenError> {
    if !asked_for && !may_have_plans(place, beside_others) {
        return Ok(Vec::new());
    }
    let (root, listed) = match main_root(place).and_then(|root| Ok((sessions(&root)?, root))) {
        Ok((listed, root)) => (root, listed),
        Err(_) if !asked_for => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut meant: Vec<&SessionSummary> = listed.iter().filter(|one| one.is_unfinished()).collect();
    if meant.is_empty() && !beside_others {
        meant.extend(listed.iter().find(|one| one.is_current).or(listed.last()));
    }
    Ok(meant.into_iter().map(|one| found(&root, &one.branch)).collect())
}

fn found(root: &Path, branch: &str) -> Found {
    Found { project: Some(root.to_owned()), ..Found::new(Kind::Waves, branch.into()) }
}

/// Whether the repository that `place` lies in may have branches of plans. No git is called for it: most have none.
fn may_have_plans(place: &Path, only_at_its_top: bool) -> bool {
    let Some(root) = repository_root(place) else { return false };
    let is_top = place.canonicalize().is_ok_and(|place| root.canonicalize().is_ok_and(|root| root == place));
    let git = root.join(".git");
    (is_top || !only_at_its_top)
        // That of a work tree is a file, which leads to it.
        && (git.is_file()
            || git.join("refs/heads/plan").is_dir()
            || git.join("reftable").is_dir()
            || fs::read_to_string(git.join("packed-refs"))
                .is_ok_and(|refs| refs.contains(" refs/heads/plan/")))
}
