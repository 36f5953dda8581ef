//! Writing down what happens: first the history, then the state file.
//!
//! A transition is acknowledged once the history has it: one line appended, whatever the size of the plan. The state
//! file is replaced whole, atomically, right after; when that is so large that replacing it each time would cost more
//! than a tenth of the run, it is replaced less often and at the latest when there is a moment to spare. Whoever reads
//! it sees a whole file, at most a little old; whoever resumes reads the history as well.

use std::borrow::Cow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::state::Aside;
use crate::system::PlanPaths;
use orch_core::{Plan, ReviewVerdict, Run, Status, TaskIx, Time};
use orch_run::{Failure, Happening, Store, What};
use orch_state_md::state::{Overall, StateFile, Validation};
use orch_store::{Durability, HistoryWriter, StoreError, What as Entry, beneath, copy_aside, replace};

/// A state file of at most this many bytes is replaced after every transition.
const SMALL: usize = 64 << 10;

/// Replacing a larger one may take this part of the time at most.
const SHARE: u32 = 10;

/// The history and the state file of one plan, kept in step.
pub(crate) struct PromptStore {
    plan: Arc<Plan>,
    history: HistoryWriter,
    history_id: u64,
    state: StateFile,
    state_path: PathBuf,
    durability: Durability,
    /// Whether the state file on disk is behind.
    behind: bool,
    /// What the state file on disk was when orch wrote it, to notice somebody else's change.
    left: Option<Stamp>,
    pace: Pace,
    /// What is to become of the state file on disk before it is replaced for the first time.
    aside: Option<Aside>,
    /// What a person should be told at the next opportunity.
    alerts: Vec<String>,
    plan_paths: PlanPaths,
}

impl PromptStore {
    pub(crate) fn new(
        plan: Arc<Plan>,
        history: HistoryWriter,
        history_id: u64,
        (state, aside): (StateFile, Option<Aside>),
        state_path: PathBuf,
        durability: Durability,
        plan_paths: PlanPaths,
    ) -> Self {
        let left = Stamp::of(&state_path);
        Self {
            plan,
            history,
            history_id,
            state,
            state_path,
            durability,
            behind: true,
            left,
            pace: Pace::default(),
            aside,
            alerts: Vec::new(),
            plan_paths,
        }
    }

    /// Adds entries to the history that no happening stands for.
    pub(crate) fn append(&mut self, at: Time, entries: &[Entry<'_>]) -> Result<(), StoreError> {
        if !entries.is_empty() {
            self.history.append(at, entries)?;
        }
        Ok(())
    }

    pub(crate) fn state(&self) -> &StateFile {
        &self.state
    }

    pub(crate) fn set_overall(&mut self, overall: Overall) {
        self.behind |= self.state.overall() != Some(overall);
        self.state.set_overall(overall);
    }

    pub(crate) fn set_validation(&mut self, validation: Validation) {
        self.behind |= self.state.validation() != Some(validation);
        self.state.set_validation(validation);
    }

    pub(crate) fn set_status(&mut self, task: TaskIx, status: Status) -> Result<(), Failure> {
        self.state.set_status(task.index(), status)?;
        self.behind = true;
        Ok(())
    }

    /// Takes over the plan paths that reports have named. One that leads elsewhere than the plan's folder stays what
    /// the rule makes it.
    fn take_plan_paths(&mut self) {
        for (task, path) in std::mem::take(&mut *self.plan_paths.borrow_mut()) {
            let folder = self.state_path.parent().unwrap_or(Path::new(""));
            let relative = Path::new(&path).strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or(&path);
            if beneath(folder, relative).is_ok() {
                // A variant of the table without the column has no room for it, and needs none.
                let _ = self.state.set_plan_path(task.index(), relative);
            }
        }
    }

    /// Whether the state file on disk has to be replaced although nothing more happens: it can't be gone on with, or
    /// it is behind.
    pub(crate) fn must_mend(&self, found: Option<&StateFile>) -> bool {
        let same = |found: &StateFile| {
            found.overall() == Some(Overall::Success)
                && found.len() == self.state.len()
                && (0..found.len()).all(|row| found.status(row) == self.state.status(row))
        };
        self.aside.is_some() || !found.is_some_and(same)
    }

    pub(crate) fn take_alerts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.alerts)
    }

    /// Brings the state file on disk up to date.
    pub(crate) fn write_state(&mut self, now: Time) -> Result<(), StoreError> {
        if !self.behind {
            return Ok(());
        }
        let began = Instant::now();
        let bytes = self.state.to_bytes_marked(self.history_id, self.history.seq());
        let found = Stamp::of(&self.state_path);
        if let Some(Aside { reason, why }) = &self.aside
            && found.is_some()
        {
            let kept = copy_aside(&self.state_path, reason, now)?;
            self.alerts.push(format!("the state file is kept as {}: {why}", kept.display()));
        } else if self.left.is_some() && found.is_some() && found != self.left {
            let kept = copy_aside(&self.state_path, "edited", now)?;
            self.alerts.push(format!(
                "{} was changed while orch runs; that version is kept as {}",
                self.state_path.display(),
                kept.display()
            ));
        }
        self.aside = None;
        replace(&self.state_path, &bytes, self.durability)?;
        self.left = Stamp::of(&self.state_path);
        self.behind = false;
        self.pace.wrote(bytes.len(), began);
        Ok(())
    }
}

impl Store for PromptStore {
    fn record(&mut self, _: &Run, happened: &[Happening]) -> Result<(), Failure> {
        let Some(last) = happened.last() else { return Ok(()) };
        let entries: Vec<Entry<'_>> =
            happened.iter().filter_map(|happening| entry(&self.plan, happening)).collect();
        if entries.iter().any(|entry| matches!(entry, Entry::Moved { .. } | Entry::Reviewed { .. })) {
            self.history.append(last.at, &entries)?;
        } else {
            self.history.append_unsynced(last.at, &entries)?;
        }
        for happening in happened {
            if let What::Moved { moved, .. } = &happening.what {
                self.set_status(moved.task, moved.to)?;
                if moved.to == Status::Running {
                    self.state.set_current(moved.task.index() as u32);
                }
            }
        }
        self.take_plan_paths();
        if self.pace.allows() {
            self.write_state(last.at)?;
        }
        Ok(())
    }

    fn rest(&mut self, _: &Run, now: Time) -> Result<Option<Time>, Failure> {
        if !self.behind {
            return Ok(None);
        }
        if self.pace.allows() {
            self.write_state(now)?;
            return Ok(None);
        }
        Ok(Some(now + self.pace.left()))
    }
}

/// What the history is to say of a happening; nothing of those that are only shown.
fn entry<'a>(plan: &'a Plan, happening: &'a Happening) -> Option<Entry<'a>> {
    let id = |task: TaskIx| Cow::Borrowed(plan.id(task));
    Some(match &happening.what {
        What::Moved { moved, detail } => Entry::Moved {
            task: id(moved.task),
            attempt: moved.attempt,
            from: moved.from,
            to: moved.to,
            outcome: moved.outcome,
            detail: detail.as_deref().map(Cow::Borrowed),
            tries: moved.tries,
            review_due: moved.review_due,
        },
        What::Worker { task, attempt, worker: Some(worker), .. } => Entry::Worker {
            task: id(*task),
            attempt: *attempt,
            pid: worker.pid,
            start: worker.start,
            boot: Cow::Borrowed(&worker.boot),
        },
        What::Session { task, attempt, session } => {
            Entry::Session { task: id(*task), attempt: *attempt, session: Cow::Borrowed(session) }
        }
        // A review that fails stays owed, so that the next run holds the same gate.
        What::Reviewed { task, attempt, verdict, settled: true, detail }
            if *verdict != ReviewVerdict::Fail =>
        {
            Entry::Reviewed {
                task: id(*task),
                attempt: *attempt,
                verdict: verdict.word().into(),
                detail: detail.as_deref().map(Cow::Borrowed),
            }
        }
        _ => return None,
    })
}

/// How often the state file may be replaced.
#[derive(Debug, Default)]
struct Pace {
    /// How large it was, how long it took, and when that was.
    last: Option<(usize, Duration, Instant)>,
}

impl Pace {
    fn wrote(&mut self, bytes: usize, began: Instant) {
        let now = Instant::now();
        self.last = Some((bytes, now - began, now));
    }

    /// How long to wait before it may be replaced again.
    fn left(&self) -> Duration {
        match self.last {
            Some((bytes, took, at)) if bytes > SMALL => (took * SHARE).saturating_sub(at.elapsed()),
            _ => Duration::ZERO,
        }
    }

    fn allows(&self) -> bool {
        self.left().is_zero()
    }
}

/// A file as it is on disk, as far as can be told without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let found = std::fs::symlink_metadata(path).ok()?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            changed: (found.mtime(), found.mtime_nsec()),
        })
    }
}
