//! Writing down what happens: first the history, then the state files.
//!
//! A transition is acknowledged once the history has it: one line appended, whatever the size of the plan. The state
//! files are replaced whole, atomically, right after; when they are so large that replacing them each time would cost
//! more than a thirtieth of the run, or more than the disk should bear, they are replaced less often and at the latest when
//! there is a moment to spare. Whoever reads one sees a whole file, at most a little old; whoever resumes reads the
//! history as well.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orch_core::{Plan, ReviewVerdict, Run, TaskIx, Time};
use orch_run::{Failure, Happening, Store, What};
use orch_state_json::PromptMode;
use orch_store::{Durability, HistoryWriter, StoreError, What as Entry};

use crate::Requirements;
use crate::system::{Keeper, PlanPaths, Stand, Writing};

/// State files of at most this many bytes are replaced after every transition.
const SMALL: usize = 64 << 10;

/// Replacing larger ones may take this part of the time at most.
const SHARE: u32 = 30;

/// … and this many bytes a second: of 100,000 prompts (15 MB), the time alone would allow 40 GB an hour, all of which
/// the disk has to write.
const RATE: usize = 8 << 20;

/// The history and the state files of one plan, kept in step.
pub(crate) struct RunStore {
    plan: Arc<Plan>,
    history: HistoryWriter,
    history_id: u64,
    keeper: Box<dyn Keeper>,
    durability: Durability,
    pace: Pace,
    /// What a person should be told at the next opportunity.
    alerts: Vec<String>,
    plan_paths: PlanPaths,
}

impl RunStore {
    pub(crate) fn new(
        plan: Arc<Plan>,
        (history, history_id): (HistoryWriter, u64),
        keeper: Box<dyn Keeper>,
        durability: Durability,
        plan_paths: PlanPaths,
    ) -> Self {
        let (pace, alerts) = (Pace::default(), Vec::new());
        Self { plan, history, history_id, keeper, durability, pace, alerts, plan_paths }
    }

    /// Adds entries to the history that no happening stands for.
    pub(crate) fn append(&mut self, at: Time, entries: &[Entry<'_>]) -> Result<(), StoreError> {
        if !entries.is_empty() {
            self.history.append(at, entries)?;
        }
        Ok(())
    }

    /// Notes where the run as a whole stands, for the next write of the state files.
    pub(crate) fn stands(&mut self, run: &Run, stand: Stand, now: Time) {
        self.keeper.stands(run, stand, now);
    }

    /// Notes what became of the requirements.
    pub(crate) fn concluded(&mut self, requirements: &Requirements) {
        self.keeper.concluded(requirements);
    }

    /// Notes that a person has looked at what paused the run.
    pub(crate) fn acknowledged(&mut self) {
        self.keeper.acknowledged();
    }

    /// Notes that a person has ended what goes over several runs.
    pub(crate) fn closed(&mut self, at: Time) {
        self.keeper.closed(at);
    }

    /// Notes how a person wants to be told.
    pub(crate) fn mode(&mut self, mode: PromptMode) {
        self.keeper.mode(mode);
    }

    pub(crate) fn validation(&self) -> Option<&'static str> {
        self.keeper.validation()
    }

    /// Whether the state files have to be replaced although nothing more happens: they can't be gone on with, or are
    /// behind.
    pub(crate) fn must_mend(&self) -> bool {
        self.keeper.must_mend()
    }

    /// Whether an earlier orch went away before the state files said all that `run` goes on from.
    pub(crate) fn owes(&self, run: &Run) -> bool {
        self.keeper.owes(run)
    }

    pub(crate) fn take_alerts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.alerts)
    }

    /// Brings the state files on disk up to date.
    pub(crate) fn write_state(&mut self, run: &Run, now: Time) -> Result<(), StoreError> {
        if !self.keeper.is_behind() {
            return Ok(());
        }
        let began = Instant::now();
        let bytes = self.keeper.write(Writing {
            run,
            history: self.history_id,
            seq: self.history.seq(),
            durability: self.durability,
            now,
            alerts: &mut self.alerts,
        })?;
        self.pace.wrote(bytes, began);
        Ok(())
    }
}

impl Store for RunStore {
    fn record(&mut self, run: &Run, happened: &[Happening]) -> Result<(), Failure> {
        let Some(last) = happened.last() else { return Ok(()) };
        let entries: Vec<Entry<'_>> =
            happened.iter().filter_map(|happening| entry(&self.plan, happening)).collect();
        if entries.iter().any(|entry| matches!(entry, Entry::Moved { .. } | Entry::Reviewed { .. })) {
            self.history.append(last.at, &entries)?;
        } else {
            self.history.append_unsynced(last.at, &entries)?;
        }
        for happening in happened {
            match &happening.what {
                What::Moved { moved, detail } => {
                    self.keeper.moved(moved, detail.as_deref(), happening.at)?;
                }
                What::Worker { task, worker: Some(worker), .. } => self.keeper.worker(*task, worker),
                What::Handed { task, .. } => self.keeper.handed(*task),
                What::Session { task, session, .. } => self.keeper.session(*task, session),
                _ => {}
            }
        }
        for (task, path) in std::mem::take(&mut *self.plan_paths.borrow_mut()) {
            self.keeper.plan_path(task, &path);
        }
        if self.pace.allows() {
            self.write_state(run, last.at)?;
        }
        Ok(())
    }

    fn replanned(&mut self, run: &Run) -> Result<(), Failure> {
        self.plan = Arc::clone(run.plan());
        self.keeper.replanned(&self.plan);
        Ok(())
    }

    fn rest(&mut self, run: &Run, now: Time) -> Result<Option<Time>, Failure> {
        if !self.keeper.is_behind() {
            return Ok(None);
        }
        if self.pace.allows() {
            self.write_state(run, now)?;
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
            reworks: moved.reworks,
            review_due: moved.review_due,
        },
        What::Worker { task, attempt, worker: Some(worker), .. } => Entry::Worker {
            task: id(*task),
            attempt: *attempt,
            pid: worker.pid,
            start: worker.start,
            boot: Cow::Borrowed(&worker.boot),
        },
        What::Handed { task, attempt } => Entry::Handed { task: id(*task), attempt: *attempt },
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

/// How often the state files may be replaced.
#[derive(Debug, Default)]
struct Pace {
    /// How large they were, how long it took, and when that was.
    last: Option<(usize, Duration, Instant)>,
}

impl Pace {
    fn wrote(&mut self, bytes: usize, began: Instant) {
        let now = Instant::now();
        self.last = Some((bytes, now - began, now));
    }

    /// How long to wait before they may be replaced again.
    fn left(&self) -> Duration {
        match self.last {
            Some((bytes, took, at)) if bytes > SMALL => {
                let apart = (took * SHARE).max(Duration::from_secs_f64(bytes as f64 / RATE as f64));
                apart.saturating_sub(at.elapsed())
            }
            _ => Duration::ZERO,
        }
    }

    fn allows(&self) -> bool {
        self.left().is_zero()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use orch_core::{Moved, Outcome, PlanDraft, Policy, Resumed, Status, TaskDraft};
    use orch_run::WorkerIdentity;
    use orch_store::Counts;

    use super::*;

    /// Keeps nothing but how often it was asked to write, and says that its files have so many bytes.
    struct Counting {
        bytes: usize,
        writes: Rc<Cell<u64>>,
        behind: bool,
    }

    impl Keeper for Counting {
        fn sweep(&self) -> Result<(), StoreError> {
            Ok(())
        }

        fn go_on(&mut self, _: &Resumed, _: &str, _: bool) {}

        fn moved(&mut self, _: &Moved, _: Option<&str>, _: Time) -> Result<(), Failure> {
            self.behind = true;
            Ok(())
        }

        fn stands(&mut self, _: &Run, _: Stand, _: Time) {}

        fn is_behind(&self) -> bool {
            self.behind
        }

        fn must_mend(&self) -> bool {
            false
        }

        fn write(&mut self, _: Writing<'_>) -> Result<usize, StoreError> {
            self.behind = false;
            self.writes.set(self.writes.get() + 1);
            Ok(self.bytes)
        }
    }

    fn moved(task: usize, from: Status, to: Status) -> What {
        let moved = Moved {
            task: TaskIx::new(task),
            attempt: 1,
            from,
            to,
            outcome: to.is_settled().then_some(Outcome::Succeeded),
            tries: 0,
            reworks: 0,
            review_due: false,
        };
        What::Moved { moved, detail: None }
    }

    fn worker(task: usize) -> What {
        let worker = WorkerIdentity { pid: 1, start: 1, boot: "boot".into() };
        What::Worker { task: TaskIx::new(task), attempt: 1, worker: Some(worker), log: None }
    }

    /// Calls that write to the history, that wait for the disk for it, and writes of the state files: all that recording
    /// asks of the system, and what it costs in plans of any size.
    #[test]
    fn what_a_transition_costs_in_calls_depends_neither_on_the_plan_nor_on_how_many_come_together() {
        use Status::{Pending, Running, Success};
        const TIMES: u64 = 20;
        for (durability, syncs) in [(Durability::Process, 0), (Durability::Power, 1)] {
            // As large as state files are of so many tasks; of the last, one write is allowed in minutes.
            for (tasks, bytes, state_files) in [(10, 1 << 10, TIMES), (10_000, 1 << 30, 0)] {
                let folder = tempfile::tempdir().unwrap();
                let drafts = (0..tasks).map(|task| TaskDraft::new(task.to_string())).collect();
                let plan = Plan::build(PlanDraft { tasks: drafts, ..PlanDraft::default() }).unwrap();
                let plan = Arc::new(plan);
                let run = Run::new(Arc::clone(&plan), Policy::default());
                let path = folder.path().join("history.jsonl");
                let (history, ..) = HistoryWriter::open(&path, durability, "PLAN", Time::default()).unwrap();
                let writes = Rc::new(Cell::new(0));
                let keeper = Box::new(Counting { bytes, writes: Rc::clone(&writes), behind: true });
                let mut store = RunStore::new(plan, (history, 1), keeper, durability, PlanPaths::default());
                store.write_state(&run, Time::default()).unwrap();

                let last = tasks - 1;
                let (starts, ends) = (moved(last, Pending, Running), moved(0, Running, Success));
                let wake_up = [ends.clone(), moved(1, Running, Success), starts.clone()];
                for (what, syncs, state_files) in [
                    (&[starts][..], syncs, state_files),
                    (&[ends], syncs, state_files),
                    (&wake_up, syncs, state_files),
                    // Nothing rests on it: it waits for nothing, and is as safe as the next transition.
                    (&[worker(last)], 0, 0),
                ] {
                    let happened: Vec<Happening> = what
                        .iter()
                        .map(|what| Happening { at: Time::default(), what: what.clone() })
                        .collect();
                    let (before, written) = (store.history.syscalls(), writes.get());
                    for _ in 0..TIMES {
                        store.record(&run, &happened).unwrap();
                    }
                    let after = store.history.syscalls();
                    let cost =
                        Counts { writes: after.writes - before.writes, syncs: after.syncs - before.syncs };
                    let expected = Counts { writes: TIMES, syncs: syncs * TIMES };
                    assert_eq!(cost, expected, "{what:?} of {tasks} tasks, {durability:?}");
                    assert_eq!(writes.get() - written, state_files, "{what:?} of {tasks} tasks");
                }
            }
        }
    }
}
