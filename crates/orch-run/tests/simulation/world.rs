//! Everything outside the driver: the machine, its time, the disk, and the orchestrator process of the moment.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use orch_core::{Outcome, ReviewVerdict, TaskIx, Time};
use orch_run::{Happening, Notice};

use crate::dice::Dice;
use crate::disk::Disk;
use crate::laws::{Broken, Law};
use crate::machine::Worker;
use crate::scenario::{Scenario, Variant};

/// A line of the history: what happened, at the machine's true time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: u64,
    pub(crate) fact: Fact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Process { number: u32, clock_off_by: i64 },
    Attached(TaskIx, u32),
    EndedSurvivor(TaskIx, u32),
    Wrote(crate::disk::Record),
    Acknowledged,
    Started(TaskIx, u32),
    NotStarted(TaskIx, u32, Outcome),
    ToldToEnd(TaskIx),
    ReviewBegan(TaskIx, u32),
    SaidEnded(TaskIx, u32, Outcome),
    SaidReviewed(TaskIx, ReviewVerdict),
    SaidHolds(usize),
    Asked(Wish),
    Killed,
    PowerCut { records_left: usize },
    Ended(orch_core::Verdict, Option<orch_core::Halt>),
    Broke(Broken),
}

/// What the person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Stop,
    StopTask(TaskIx),
    Retry(TaskIx),
}

/// Something that the tests want to know was really tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tried {
    Kill,
    PowerCut,
    PartOfABatchWritten,
    WrittenButNotAcknowledged,
    CrashBeforeAStart,
    CrashAfterAStart,
    CrashInAWait,
    SurvivorAttached,
    SurvivorEnded,
    SettledByReceipt,
    LostWithoutReceipt,
    ReceiptLostInAPowerCut,
    Succeeded,
    TimedOut,
    Cancelled,
    RateLimited,
    CouldNotStart,
    Failed,
    Incomplete,
    SentBack,
    SentBackTooOften,
    ConditionCame,
    ConditionHeldAtOpen,
    WaitedForAConditionInVain,
    StuckOnACondition,
    ProgressShown,
    IdentityKnownLate,
    AskedAgain,
    ReviewPassed,
    ReviewFailed,
    ResultSaidTwice,
    ResultSaidLate,
    AFurtherWave,
    EverythingSucceeded,
}

impl Tried {
    pub(crate) const ALL: [Tried; 34] = [
        Tried::Kill,
        Tried::PowerCut,
        Tried::PartOfABatchWritten,
        Tried::WrittenButNotAcknowledged,
        Tried::CrashBeforeAStart,
        Tried::CrashAfterAStart,
        Tried::CrashInAWait,
        Tried::SurvivorAttached,
        Tried::SurvivorEnded,
        Tried::SettledByReceipt,
        Tried::LostWithoutReceipt,
        Tried::ReceiptLostInAPowerCut,
        Tried::Succeeded,
        Tried::TimedOut,
        Tried::Cancelled,
        Tried::RateLimited,
        Tried::CouldNotStart,
        Tried::Failed,
        Tried::Incomplete,
        Tried::SentBack,
        Tried::SentBackTooOften,
        Tried::ConditionCame,
        Tried::ConditionHeldAtOpen,
        Tried::WaitedForAConditionInVain,
        Tried::StuckOnACondition,
        Tried::ProgressShown,
        Tried::IdentityKnownLate,
        Tried::AskedAgain,
        Tried::ReviewPassed,
        Tried::ReviewFailed,
        Tried::ResultSaidTwice,
        Tried::ResultSaidLate,
        Tried::AFurtherWave,
        Tried::EverythingSucceeded,
    ];
}

#[derive(Debug)]
pub(crate) struct Reviewer {
    pub(crate) task: TaskIx,
    pub(crate) attempt: u32,
    pub(crate) verdict: ReviewVerdict,
    pub(crate) ends: u64,
}

/// The orchestrator of the moment, as the world sees it. Reviewers are its children and go with it.
#[derive(Debug, Default)]
pub(crate) struct Process {
    pub(crate) number: u32,
    /// Its clock minus the machine's true time.
    pub(crate) clock_off_by: i64,
    pub(crate) dead: bool,
    /// After how many more dangerous moments it dies.
    pub(crate) dies_in: Option<u64>,
    pub(crate) steps: u32,
    /// Attempts it started or attached to and has not said the end of.
    pub(crate) watched: Vec<(TaskIx, u32)>,
    pub(crate) told_to_end: BTreeSet<(TaskIx, u32)>,
    /// Results that will be said once more, late.
    pub(crate) late: Vec<Notice>,
    /// Before when, on its clock, a task is not to be tried again, and nothing is to start at all.
    pub(crate) rests: BTreeMap<TaskIx, Time>,
    pub(crate) limited: Time,
    pub(crate) refused: BTreeMap<(TaskIx, u32), Outcome>,
    pub(crate) reviewers: Vec<Reviewer>,
    /// Of which attempt the last verdict on a task was.
    pub(crate) verdict_on: BTreeMap<TaskIx, u32>,
    pub(crate) held: BTreeSet<TaskIx>,
    /// Held at some time by this process, maybe released since.
    pub(crate) ever_held: BTreeSet<TaskIx>,
    pub(crate) asked_again: BTreeSet<TaskIx>,
    pub(crate) asked_to_stop: bool,
    /// By condition: whether this process was told that it holds.
    pub(crate) told_holds: BTreeSet<usize>,
    /// Happenings acknowledged by the store and not yet shown.
    pub(crate) to_show: VecDeque<Happening>,
    /// Shown since everything was last said to be recorded.
    pub(crate) shown: usize,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) dice: Dice,
    pub(crate) now: u64,
    began: u64,
    pub(crate) disk: Disk,
    pub(crate) workers: Vec<Worker>,
    pub(crate) process: Process,
    pub(crate) crashes_left: u32,
    /// What the person will want, and when.
    pub(crate) wishes: Vec<(u64, Wish)>,
    /// Work whose being done was acknowledged, until it was asked for again.
    pub(crate) acknowledged_done: BTreeSet<(TaskIx, u32)>,
    pub(crate) lines: Vec<Line>,
    pub(crate) broken: Vec<Broken>,
    pub(crate) tried: BTreeSet<Tried>,
}

/// Moments of one process at most; no history comes near.
const MOST_STEPS: u32 = 50_000;

impl World {
    pub(crate) fn new(scenario: Scenario) -> Self {
        let mut dice = Dice::of(scenario.seed, usize::MAX >> 1, 0);
        let now = 1_000_000_000;
        let mut wishes = Vec::new();
        for _ in 0..dice.pick(&[0, 0, 1, 2, 4]) {
            let task = scenario.any_task(&mut dice);
            let wish = match dice.below(10) {
                0 => Wish::Stop,
                1..=4 => Wish::StopTask(task),
                _ => Wish::Retry(task),
            };
            wishes.push((now + dice.below(400_000), wish));
        }
        wishes.sort_by_key(|&(at, _)| at);
        Self {
            disk: Disk::new(scenario.plan.len()),
            workers: Vec::new(),
            process: Process::default(),
            crashes_left: scenario.crashes,
            wishes,
            acknowledged_done: BTreeSet::new(),
            lines: Vec::new(),
            broken: Vec::new(),
            tried: BTreeSet::new(),
            scenario,
            dice,
            now,
            began: now,
        }
    }

    pub(crate) fn line(&mut self, fact: Fact) {
        self.lines.push(Line { at: self.now, fact });
    }

    pub(crate) fn breaks(&mut self, law: Law, task: Option<TaskIx>) {
        let broken = Broken { law, task };
        self.line(Fact::Broke(broken));
        self.broken.push(broken);
    }

    pub(crate) fn try_out(&mut self, tried: Tried) {
        self.tried.insert(tried);
    }

    /// A new orchestrator begins.
    pub(crate) fn begin_process(&mut self) {
        let number = self.process.number + 1;
        let clock_off_by = match self.dice.below(6) {
            0 => self.dice.below(600_000) as i64,
            1 => -(self.dice.below(600_000) as i64),
            _ => 0,
        };
        let dies = self.crashes_left > 0 && self.dice.chance(80);
        let within = self.dice.pick(&[3, 10, 40, 100]);
        let dies_in = dies.then(|| self.dice.below(within));
        self.process = Process { number, clock_off_by, dies_in, ..Process::default() };
        self.line(Fact::Process { number, clock_off_by });
    }

    /// What the orchestrator's clock shows.
    pub(crate) fn clock(&self) -> Time {
        Time::from_millis(self.now.saturating_add_signed(self.process.clock_off_by))
    }

    /// The true time of a moment on the orchestrator's clock.
    pub(crate) fn true_time(&self, shown: Time) -> u64 {
        shown.as_millis().saturating_add_signed(-self.process.clock_off_by)
    }

    /// A moment in which the orchestrator may die: does it?
    pub(crate) fn dies_now(&mut self) -> bool {
        match self.process.dies_in {
            Some(0) => self.process.dead = true,
            Some(left) => self.process.dies_in = Some(left - 1),
            None => {}
        }
        self.process.dead
    }

    /// Counts what the process does, so that one that never ends is found.
    ///
    /// # Panics
    /// When it does too much; nothing else gets out of a loop that is not the world's.
    pub(crate) fn step(&mut self) {
        self.process.steps += 1;
        assert!(self.process.steps < MOST_STEPS, "the driver goes round and round");
    }

    pub(crate) fn worker(&self, task: TaskIx, attempt: u32) -> Option<&Worker> {
        self.workers.iter().rev().find(|worker| worker.task == task && worker.attempt == attempt)
    }

    pub(crate) fn worker_mut(&mut self, task: TaskIx, attempt: u32) -> Option<&mut Worker> {
        self.workers.iter_mut().rev().find(|worker| worker.task == task && worker.attempt == attempt)
    }

    pub(crate) fn lives(&self, task: TaskIx, attempt: u32) -> bool {
        self.worker(task, attempt).is_some_and(|worker| worker.lives(self.now))
    }

    pub(crate) fn receipt(&self, task: TaskIx, attempt: u32) -> Option<Outcome> {
        self.worker(task, attempt)?.receipt(self.now)
    }

    /// When a condition comes to hold; it goes on doing so.
    fn comes(&self, condition: usize) -> u64 {
        self.scenario.conditions[condition].1.saturating_add(self.began)
    }

    /// Whether the condition called `name` really holds.
    pub(crate) fn really_holds(&self, name: &str) -> bool {
        let mut names = self.scenario.conditions.iter().map(|(name, _)| name);
        names.position(|other| other == name).is_some_and(|condition| self.comes(condition) <= self.now)
    }

    /// Whether all that a task awaits was told to this process.
    pub(crate) fn told_all(&self, task: TaskIx) -> bool {
        let told = |name: &str| {
            let told = self.process.told_holds.iter();
            told.map(|&condition| self.scenario.conditions[condition].0.as_str()).any(|other| other == name)
        };
        self.scenario.plan.awaited(task).all(told)
    }

    /// The conditions that this process was not told of and the moment from when each can be seen.
    pub(crate) fn conditions_to_come(&self) -> impl Iterator<Item = (usize, u64)> {
        let open = (0..self.scenario.conditions.len()).filter(|of| !self.process.told_holds.contains(of));
        open.map(|condition| (condition, self.comes(condition)))
    }

    /// The process is told which conditions hold by now, and says their names.
    pub(crate) fn look_outside(&mut self) -> Vec<String> {
        let seen: Vec<usize> = self
            .conditions_to_come()
            .filter(|&(_, at)| at <= self.now || self.scenario.variant == Variant::ConditionsBelieved)
            .map(|(condition, _)| condition)
            .collect();
        for &condition in &seen {
            self.process.told_holds.insert(condition);
            self.line(Fact::SaidHolds(condition));
        }
        seen.into_iter().map(|condition| self.scenario.conditions[condition].0.clone()).collect()
    }

    /// A little time goes by, as between two looks at the machine.
    pub(crate) fn moment_passes(&mut self) {
        let most = self.dice.pick(&[1, 50, 3000, 10_000]);
        self.now += self.dice.below(most);
    }
}
