//! What a worker hands back: its summary, wherever it was written.

use std::io;
use std::path::{Path, PathBuf};

use orch_core::{Status, TaskIx};
use orch_state_md::worker_summary::{self, SummaryStatus, WorkItem, WorkerSummary};
use orch_store::{Durability, Home, StoreError, read_regular, replace};

use super::MilestonePlan;
use super::folder::SessionFolder;
use super::names::is_summary_of;

/// The most tasks that are named of those that a complete milestone has not done.
const MOST_DENIED: usize = 5;

/// The most that is read of a summary.
const LARGEST: u64 = 64 << 20;

/// A summary and where it is.
#[derive(Clone, Debug)]
pub(super) struct Handoff {
    /// Its name in the session's folder; none when it lies somewhere else.
    pub(super) name: Option<String>,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    pub(super) summary: WorkerSummary,
}

impl Handoff {
    fn read(path: &Path, name: Option<String>) -> io::Result<Option<Self>> {
        let bytes = match read_regular(path, LARGEST) {
            Ok(bytes) => bytes,
            // A folder or a pipe of that name is no summary.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let summary = worker_summary::read(&String::from_utf8_lossy(&bytes));
        Ok(Some(Self { name, bytes, summary }))
    }

    /// The summary called `name` in the session's folder.
    pub(super) fn pending(folder: &SessionFolder, name: &str) -> io::Result<Option<Self>> {
        Self::read(&folder.path().join(name), Some(name.to_owned()))
    }

    /// What was handed back for an attempt: what lies in the session's folder, in the same place of the attempt's work tree,
    /// and what orch has kept of it. One that says nothing is none.
    ///
    /// # Errors
    /// When one is there and can't be read.
    pub(super) fn of(
        plan: &MilestonePlan,
        folder: &SessionFolder,
        home: &Home,
        (task, attempt): (TaskIx, u32),
        worktree: Option<&Path>,
    ) -> io::Result<Option<Self>> {
        let id = plan.plan.id(task);
        let says = |found: &Self| found.summary.says_anything();
        for (name, of) in folder.pending()? {
            if of.as_deref() == Some(id)
                && let Some(found) = Self::pending(folder, &name)?.filter(says)
            {
                return Ok(Some(found));
            }
        }
        let inside = worktree.and_then(|worktree| inside(plan, folder, worktree));
        if let Some(entries) = inside.as_ref().and_then(|inside| std::fs::read_dir(inside).ok()) {
            let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            paths.sort();
            let is_of = |path: &&PathBuf| {
                let name = path.file_name().and_then(|name| name.to_str());
                name.is_some_and(|name| is_summary_of(name, id))
            };
            for path in paths.iter().filter(is_of) {
                if let Some(found) = Self::read(path, None)?.filter(says) {
                    return Ok(Some(found));
                }
            }
        }
        Ok(Self::read(&home.result(id, attempt), None)?.filter(says))
    }

    /// Keeps it as what this attempt has handed back, whatever becomes of the file.
    ///
    /// # Errors
    /// [`StoreError`] when it can't be kept.
    pub(super) fn keep(
        &self,
        home: &Home,
        id: &str,
        attempt: u32,
        durability: Durability,
    ) -> Result<(), StoreError> {
        replace(&home.result(id, attempt), &self.bytes, durability)
    }

    /// Whether it claims that all is done, and the milestone failed all the same.
    pub(super) fn was_rejected(&self, to: Status) -> bool {
        to == Status::Fail && self.summary.status == Some(SummaryStatus::Completed)
    }

    /// What in it a person has to look at: its status unless that is Completed, what it says is not done although it is, and
    /// the issues it names.
    pub(super) fn problems(&self) -> Vec<String> {
        let is_denied = |item: &&WorkItem| item.done == Some(false);
        let denied = self.summary.work.iter().filter(is_denied);
        let (status, denied): (_, Vec<String>) = match self.summary.status {
            Some(SummaryStatus::Completed) => {
                let why =
                    |item: &WorkItem| format!("it says Completed, and that `{}` is not done", item.text);
                (None, denied.take(MOST_DENIED).map(why).collect())
            }
            Some(status) => (Some(format!("its worker says {}", status.word())), Vec::new()),
            None => (None, Vec::new()),
        };
        status.into_iter().chain(denied).chain(self.summary.issues.iter().cloned()).collect()
    }
}

/// The place in a work tree that the session's folder has in the project.
pub(super) fn inside(plan: &MilestonePlan, folder: &SessionFolder, worktree: &Path) -> Option<PathBuf> {
    Some(worktree.join(folder.path().strip_prefix(&plan.root).ok()?))
}
