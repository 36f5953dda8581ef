//! Where the tasks of streams stand now: the database, asked again and again while workers write to it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::time::Duration;

use orch_core::{TaskIx, Time};
use orch_state_sqlite::{DbError, RowMark, TaskDb, TaskDetails, TaskStatus};

use super::StreamPlan;

/// How long a database is waited for that somebody else keeps locked.
const PATIENCE: Duration = Duration::from_secs(30);

/// The database of a plan, kept open: whoever watches its folder would wake themselves by opening it each time.
pub(super) struct Ledger {
    plan: StreamPlan,
    db: RefCell<Option<TaskDb>>,
    /// Up to where tasks that came since the plan was loaded have been looked at, and those, by stream.
    mark: Cell<RowMark>,
    added: RefCell<BTreeMap<String, Vec<String>>>,
}

/// Where a stream stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stands {
    /// Its tasks but those that are gone or archived.
    pub(super) tasks: Vec<(String, TaskStatus)>,
    /// Those that are blocked, and why.
    pub(super) blocked: Vec<(String, Option<String>)>,
}

impl Stands {
    /// Whether nothing is left to do: what was cancelled is settled as well. A stream whose tasks are gone is not complete.
    pub(super) fn is_complete(&self) -> bool {
        !self.tasks.is_empty() && self.tasks.iter().all(|(_, status)| status.is_settled())
    }

    /// How many tasks are settled.
    pub(super) fn settled(&self) -> usize {
        self.tasks.iter().filter(|(_, status)| status.is_settled()).count()
    }

    /// Whether all that is left is blocked.
    pub(super) fn is_blocked(&self) -> bool {
        !self.tasks.is_empty()
            && !self.is_complete()
            && self.tasks.iter().all(|(_, status)| status.is_settled() || *status == TaskStatus::Blocked)
    }

    /// The tasks that are left.
    pub(super) fn left(&self) -> impl Iterator<Item = &str> {
        self.tasks.iter().filter(|(_, status)| !status.is_settled()).map(|(id, _)| id.as_str())
    }
}

impl Ledger {
    pub(super) fn of(plan: &StreamPlan) -> Self {
        Self {
            plan: plan.clone(),
            db: RefCell::new(None),
            mark: Cell::new(plan.mark),
            added: RefCell::default(),
        }
    }

    /// Where a stream stands now, with the tasks that came to it since the plan was loaded. What that costs depends on the
    /// stream alone.
    pub(super) fn stands(&self, task: TaskIx) -> io::Result<Stands> {
        self.stands_within(task, PATIENCE)
    }

    /// The same for whoever has more to do than to wait for a database that is locked.
    pub(super) fn stands_at_once(&self, task: TaskIx) -> io::Result<Stands> {
        self.stands_within(task, Duration::ZERO)
    }

    fn stands_within(&self, task: TaskIx, patience: Duration) -> io::Result<Stands> {
        let stream = self.plan.stream(task);
        let ids = || {
            let added = self.added.borrow();
            let planned = stream.tasks.iter().map(|task| task.id.clone());
            planned.chain(added.get(&stream.id).into_iter().flatten().cloned()).collect::<Vec<String>>()
        };
        let before = ids();
        let mut standing = self.standing(&before, patience)?;
        let now = ids();
        if now.len() > before.len() {
            standing = self.standing(&now, patience)?;
        }
        let there = standing.tasks.into_iter().filter_map(|(id, status)| Some((id, status?)));
        Ok(Stands { tasks: there.collect(), blocked: standing.blocked })
    }

    fn standing(&self, ids: &[String], patience: Duration) -> io::Result<orch_state_sqlite::Standing> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let standing = self.with(patience, |db| db.standing(&ids, self.mark.get()))?;
        self.mark.set(standing.mark);
        let mut added = self.added.borrow_mut();
        for task in standing.added.iter().filter(|task| self.plan.is_meant(task)) {
            added.entry(task.stream.id.clone()).or_default().push(task.id.clone());
        }
        Ok(standing)
    }

    /// All there is to know of these tasks.
    pub(super) fn details(&self, ids: &[&str]) -> io::Result<Vec<TaskDetails>> {
        self.with(PATIENCE, |db| db.details(ids))
    }

    /// Has what was done or blocked of these tasks begin again.
    pub(super) fn reopen(&self, ids: &[&str], now: Time) -> io::Result<usize> {
        self.with(PATIENCE, |db| db.reopen(ids, now))
    }

    /// Streams that came since the plan was loaded, as far as that was seen.
    pub(super) fn new_streams(&self) -> Vec<String> {
        let known: HashSet<&str> = self.plan.streams.iter().map(|stream| stream.id.as_str()).collect();
        let added = self.added.borrow();
        added.keys().filter(|id| !known.contains(id.as_str())).cloned().collect()
    }

    fn with<T>(
        &self,
        patience: Duration,
        ask: impl FnOnce(&mut TaskDb) -> Result<T, DbError>,
    ) -> io::Result<T> {
        let mut kept = self.db.borrow_mut();
        let mut db = match kept.take() {
            Some(db) => db.with_patience(patience),
            None => TaskDb::open_patiently(&self.plan.path, patience).map_err(io::Error::other)?,
        };
        let answer = ask(&mut db).map_err(io::Error::other)?;
        // One that failed is opened anew next time: the file may have been replaced.
        *kept = Some(db);
        Ok(answer)
    }
}
