//! What must hold, written down independently of the core and checked against what the workers really did.

use orch_core::{
    Halt, Moved, OnFailure, OnIncomplete, Order, Outcome, Readiness, ReviewVerdict, Run, Status, TaskIx,
    Time, Verdict,
};

use orch_run::{Happening, What};

use crate::disk::Record;
use crate::machine::{Truth, Worker};
use crate::reasons::{can_never_start, goes_first, is_passed};
use crate::scenario::Durability;
use crate::world::{Tried, World};

/// A law that was broken, and by which task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) law: Law,
    pub(crate) task: Option<TaskIx>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Law {
    /// Never two workers of one task at once.
    OneWorkerATask,
    /// No attempt is started twice.
    AttemptsAreUnique,
    /// Never more workers than slots.
    Slots,
    /// Tasks that share a claim never run together.
    Claims,
    /// A list goes down one by one.
    ListOrder,
    /// No wave begins before all of an earlier one is settled or in vain.
    WaveAfterWave,
    /// No worker before its RUNNING is written.
    RecordedThenStarted,
    /// With power durability, no worker before everything it rests on is synced.
    SyncedThenStarted,
    /// No worker before all that its task needs is done, by what is written.
    NeedsAreDone,
    /// Finished work is not run again.
    FinishedStaysFinished,
    /// What the store acknowledged is there after any crash.
    AcknowledgedStays,
    /// What the store acknowledged as done is never run again by itself.
    AcknowledgedIsNotRunAgain,
    /// What is recorded of an attempt is what became of it.
    RecordIsTrue,
    /// A verdict is on the attempt it is recorded for.
    VerdictIsOfItsAttempt,
    /// Statuses move as the table says, tries are counted and capped.
    Moves,
    /// A failed task rests before its next try, and a rate limit is waited for.
    Rests,
    /// Nothing starts before all that it awaits from outside really holds.
    ConditionsHold,
    /// Rejected work never goes back more often than the policy allows, not even across crashes.
    SentBackWithinCap,
    /// Work that was sent back starts before new work.
    SentBackGoesFirst,
    /// Progress and late identities are of attempts under way.
    ShownOfWhatIsUnderWay,
    /// A settled task moves only when somebody asks.
    NothingSettledMovesByItself,
    /// What the run says and what is written agree.
    RunAndRecordsAgree,
    /// Shown after it is recorded, all of it, in order.
    RecordedThenShown,
    /// A dead process does nothing.
    DeadIsDead,
    /// The driver never waits for something that can't come.
    WaitsForSomething,
    /// Nothing that may start is left waiting.
    NothingReadyIsLeft,
    /// At the end every task is settled or has a reason.
    EverythingHasAReason,
    /// The verdict is what the statuses say.
    VerdictIsTrue,
    /// The core refuses nothing that the driver does; no panic.
    NoInternalError,
}

/// Before a worker starts.
pub(crate) fn check_start(world: &mut World, task: TaskIx, attempt: u32) {
    let plan = world.scenario.plan.clone();
    let policy = world.scenario.policy.clone();
    let stood = world.disk.stood(task);
    let mut broken = Vec::new();
    if stood.standing.status != Status::Running || stood.standing.attempt != attempt {
        broken.push(Law::RecordedThenStarted);
    }
    if world.scenario.durability == Durability::Power && !world.disk.is_synced() {
        broken.push(Law::SyncedThenStarted);
    }
    let rests = world.process.rests.get(&task).copied().unwrap_or_default().max(world.process.limited);
    if world.clock() < rests {
        broken.push(Law::Rests);
    }
    for &needed in plan.graph().depends_on(task) {
        let needed = world.disk.stood(needed).standing;
        let done = match needed.status {
            Status::Success => true,
            Status::Incomplete => policy.on_incomplete == OnIncomplete::Release,
            _ => false,
        };
        if !done || (policy.review && needed.review_due) {
            broken.push(Law::NeedsAreDone);
        }
    }
    if !plan.awaited(task).all(|condition| world.really_holds(condition)) {
        broken.push(Law::ConditionsHold);
    }
    let rejected = |worker: &&Worker| {
        worker.task == task && worker.attempt > stood.asked_again_at && worker.was_rejected(world.now)
    };
    if world.workers.iter().filter(rejected).count() > policy.reworks as usize
        || stood.sent_back > policy.reworks
    {
        broken.push(Law::SentBackWithinCap);
    }
    if stood.sent_back == 0 && plan.tasks().any(|other| goes_first(world, other, task)) {
        broken.push(Law::SentBackGoesFirst);
    }
    let mut living = 0;
    for worker in &world.workers {
        if worker.lives(world.now) {
            living += 1;
            let shares = |claim: &str| plan.claimed(worker.task).any(|other| other == claim);
            if worker.task == task {
                broken.push(Law::OneWorkerATask);
            } else if plan.claimed(task).any(shares) {
                broken.push(Law::Claims);
            }
        }
        if worker.task != task {
            continue;
        }
        if worker.attempt == attempt {
            broken.push(Law::AttemptsAreUnique);
        }
        let done = match worker.truth(world.now) {
            Truth::Finished(Outcome::Succeeded) => true,
            Truth::Finished(Outcome::Incomplete) => policy.incomplete_retries == 0,
            Truth::Finished(Outcome::Obstructed) => true,
            _ => false,
        };
        if done && worker.attempt > stood.asked_again_at {
            if world.acknowledged_done.contains(&(task, worker.attempt)) {
                broken.push(Law::AcknowledgedIsNotRunAgain);
            }
            if !worker.receipt_lost() {
                broken.push(Law::FinishedStaysFinished);
            }
        }
    }
    if living >= policy.jobs.get() {
        broken.push(Law::Slots);
    }
    match policy.order {
        Order::List => {
            let mut before = plan.list_order().iter().take_while(|&&other| other != task);
            if !before.all(|&other| is_passed(world, other)) {
                broken.push(Law::ListOrder);
            }
        }
        Order::Graph => {}
        Order::Waves => {
            let depths = plan.depths();
            let mut before = plan.tasks().filter(|other| depths[other.index()] < depths[task.index()]);
            if !before.all(|other| is_passed(world, other)) {
                broken.push(Law::WaveAfterWave);
            }
            if depths[task.index()] > 0 {
                world.try_out(Tried::AFurtherWave);
            }
        }
    }
    for law in broken {
        world.breaks(law, Some(task));
    }
}

/// What is shown beside the records is of attempts that were under way when it was said.
pub(crate) fn check_shown(world: &mut World, run: &Run, happened: &[Happening]) {
    for (place, happening) in happened.iter().enumerate() {
        let (What::Progress { task, attempt, .. } | What::Worker { task, attempt, log: Some(_), .. }) =
            &happening.what
        else {
            continue;
        };
        let ended_after = happened[place..].iter().any(|later| {
            matches!(&later.what, What::Moved { moved, .. } if moved.task == *task && moved.from == Status::Running)
                || matches!(&later.what, What::Reviewed { task: reviewed, .. } if reviewed == task)
        });
        let under_way = run.active().iter().any(|active| (active.task, active.attempt) == (*task, *attempt));
        if !ended_after && !under_way {
            world.breaks(Law::ShownOfWhatIsUnderWay, Some(*task));
        }
        world.try_out(match happening.what {
            What::Progress { .. } => Tried::ProgressShown,
            _ => Tried::IdentityKnownLate,
        });
    }
}

/// Before a record is written.
pub(crate) fn check_record(world: &mut World, record: Record) {
    match record {
        Record::Moved(moved, at) => {
            if let Err(law) = check_move(world, moved) {
                world.breaks(law, Some(moved.task));
            }
            note_rest(world, moved, at);
        }
        Record::Reviewed(task, verdict) => {
            let standing = world.disk.stood(task).standing;
            if !standing.review_due || !standing.status.is_settled() {
                world.breaks(Law::Moves, Some(task));
            }
            if world.process.verdict_on.get(&task) != Some(&standing.attempt) {
                world.breaks(Law::VerdictIsOfItsAttempt, Some(task));
            }
            let failed = verdict == ReviewVerdict::Fail;
            world.try_out(if failed { Tried::ReviewFailed } else { Tried::ReviewPassed });
        }
        Record::Other => {}
    }
}

/// Until when the process that records this must wait.
fn note_rest(world: &mut World, moved: Moved, at: Time) {
    match moved.outcome {
        Some(Outcome::RateLimited { until: Some(until) }) => {
            world.process.limited = world.process.limited.max(until);
        }
        Some(Outcome::Failed | Outcome::Crashed | Outcome::TimedOut | Outcome::Incomplete)
            if moved.to == Status::Pending =>
        {
            let backoff = world.scenario.policy.backoff;
            let rest = backoff.first * backoff.factor.pow(moved.tries - 1);
            world.process.rests.insert(moved.task, at + rest.min(backoff.most));
        }
        _ => {}
    }
}

fn check_move(world: &mut World, moved: Moved) -> Result<(), Law> {
    let stood = world.disk.stood(moved.task).standing;
    let policy = &world.scenario.policy;
    let all = |holds: &[bool]| if holds.iter().all(|&held| held) { Ok(()) } else { Err(Law::Moves) };
    all(&[moved.from == stood.status])?;
    match (moved.from, moved.to, moved.outcome) {
        (Status::Pending, Status::Running, None) => all(&[
            moved.attempt == stood.attempt + 1,
            moved.tries == stood.tries,
            moved.tries <= policy.retries.max(policy.incomplete_retries),
            moved.reworks == stood.reworks,
            !moved.review_due,
        ]),
        (Status::Running, to, Some(outcome)) => {
            let uses_a_try = match outcome {
                Outcome::Succeeded | Outcome::Incomplete => true,
                Outcome::Failed | Outcome::Crashed | Outcome::TimedOut => true,
                Outcome::RateLimited { .. } | Outcome::Cancelled => false,
                Outcome::Rejected | Outcome::Obstructed => false,
                Outcome::CouldNotStart | Outcome::Lost => false,
            };
            let within = |retries: u32| moved.tries <= retries && moved.attempt < policy.max_attempts;
            let again = within(policy.retries);
            let sent_back = outcome == Outcome::Rejected
                && stood.reworks < policy.reworks
                && moved.attempt < policy.max_attempts;
            let expected = match outcome {
                Outcome::Succeeded => Status::Success,
                Outcome::Rejected if sent_back => Status::Pending,
                Outcome::Rejected => Status::Fail,
                Outcome::Incomplete if within(policy.incomplete_retries) => Status::Pending,
                Outcome::Incomplete | Outcome::Obstructed => Status::Incomplete,
                Outcome::Failed | Outcome::Crashed | Outcome::TimedOut if again => Status::Pending,
                Outcome::Failed | Outcome::Crashed | Outcome::TimedOut => Status::Fail,
                Outcome::RateLimited { .. } | Outcome::Lost if moved.attempt >= policy.max_attempts => {
                    Status::Fail
                }
                _ => Status::Pending,
            };
            let done = matches!(to, Status::Success | Status::Incomplete);
            all(&[
                to == expected,
                moved.attempt == stood.attempt,
                moved.tries == stood.tries + u32::from(uses_a_try),
                moved.reworks == stood.reworks + u32::from(sent_back),
                moved.tries <= policy.retries.max(policy.incomplete_retries) + 1,
                moved.review_due == (done && policy.review),
            ])?;
            check_outcome(world, moved.task, moved.attempt, outcome, sent_back)
        }
        (from, Status::Pending, None) if from.is_settled() => {
            all(&[moved.attempt == stood.attempt, moved.tries == 0, moved.reworks == 0, !moved.review_due])?;
            world.try_out(Tried::AskedAgain);
            match world.process.asked_again.remove(&moved.task) {
                true => Ok(()),
                false => Err(Law::NothingSettledMovesByItself),
            }
        }
        _ => Err(Law::Moves),
    }
}

/// Whether an attempt really ended as it is about to be recorded.
fn check_outcome(
    world: &mut World,
    task: TaskIx,
    attempt: u32,
    said: Outcome,
    sent_back: bool,
) -> Result<(), Law> {
    let process = &world.process;
    let told = process.told_to_end.contains(&(task, attempt));
    let as_told = told
        && match said {
            Outcome::TimedOut => world.scenario.policy.timeout.is_some(),
            Outcome::Cancelled => process.asked_to_stop || process.ever_held.contains(&task),
            _ => false,
        };
    let holds = match world.worker(task, attempt) {
        // It was recorded, and the orchestrator died before it started it.
        None => said == process.refused.get(&(task, attempt)).copied().unwrap_or(Outcome::Lost),
        Some(worker) if worker.lives(world.now) => false,
        Some(worker) => match worker.truth(world.now) {
            Truth::Working => false,
            Truth::Finished(Outcome::Succeeded) => {
                said == Outcome::Succeeded || said == Outcome::Lost && worker.receipt_lost()
            }
            Truth::Finished(done @ (Outcome::Incomplete | Outcome::Obstructed)) => {
                said == done || said == Outcome::Lost && worker.receipt_lost()
            }
            Truth::Finished(_) if told => as_told,
            Truth::Finished(outcome) => said == outcome || said == Outcome::Lost && worker.receipt_lost(),
            Truth::Vanished | Truth::Killed if told => as_told,
            Truth::Vanished if worker.parent == process.number => said == Outcome::Crashed,
            Truth::Vanished | Truth::Killed | Truth::Unplugged => said == Outcome::Lost,
        },
    };
    world.try_out(match said {
        Outcome::Succeeded => Tried::Succeeded,
        Outcome::Incomplete | Outcome::Obstructed => Tried::Incomplete,
        Outcome::Rejected if sent_back => Tried::SentBack,
        Outcome::Rejected => Tried::SentBackTooOften,
        Outcome::Failed | Outcome::Crashed => Tried::Failed,
        Outcome::TimedOut => Tried::TimedOut,
        Outcome::RateLimited { .. } => Tried::RateLimited,
        Outcome::Cancelled => Tried::Cancelled,
        Outcome::CouldNotStart => Tried::CouldNotStart,
        Outcome::Lost => Tried::LostWithoutReceipt,
    });
    if holds { Ok(()) } else { Err(Law::RecordIsTrue) }
}

/// After everything that happened is written: the run and the records say the same.
pub(crate) fn check_agreement(world: &mut World, run: &Run) {
    for task in run.plan().tasks() {
        let stood = world.disk.stood(task).standing;
        let agree = stood.status == run.status(task)
            && stood.attempt == run.attempt(task)
            && stood.tries == run.tries(task)
            && stood.reworks == run.reworks(task)
            && stood.review_due == run.review_due(task);
        if !agree {
            world.breaks(Law::RunAndRecordsAgree, Some(task));
        }
    }
}

/// Before the driver waits: nothing that could go on is left lying.
pub(crate) fn check_wait(world: &mut World, run: &Run) {
    let survey = run.survey(world.clock());
    let ready = survey.ready().next();
    if let Some(task) = ready {
        world.breaks(Law::NothingReadyIsLeft, Some(task));
    }
}

/// After the driver said that the run ended.
pub(crate) fn check_end(world: &mut World, run: &Run, verdict: Verdict, halt: Option<Halt>) {
    let mut broken = Vec::new();
    if world.process.dead {
        broken.push((Law::DeadIsDead, None));
    }
    if let Some(worker) = world.workers.iter().find(|worker| worker.lives(world.now)) {
        broken.push((Law::EverythingHasAReason, Some(worker.task)));
    }
    let survey = run.survey(world.clock());
    for task in run.plan().tasks() {
        let explained = match (world.disk.status(task), survey.of(task)) {
            (Status::Pending, Some(Readiness::Ready)) | (Status::Pending, None) => false,
            (Status::Pending, Some(_)) => halt.is_some() || can_never_start(world, task),
            (Status::Running, _) | (_, Some(_)) => false,
            (_, None) => halt.is_some() || !run.review_due(task) || world.process.held.contains(&task),
        };
        if !explained {
            broken.push((Law::EverythingHasAReason, Some(task)));
        }
    }
    let policy = &world.scenario.policy;
    let status = |task| world.disk.status(task);
    let halted_for = match halt {
        None => true,
        Some(Halt::Failed { task }) => {
            status(task) == Status::Fail && policy.on_failure != OnFailure::KeepGoing
        }
        Some(Halt::Incomplete { task }) => {
            status(task) == Status::Incomplete && policy.on_incomplete == OnIncomplete::Pause
        }
        Some(Halt::Review { task }) => run.review_due(task),
        Some(Halt::CouldNotStart { task }) => status(task) == Status::Pending,
        Some(Halt::RateLimited { until }) => until > world.clock(),
        Some(Halt::Paused { .. }) => false,
        Some(Halt::Stopped) => world.process.asked_to_stop,
    };
    if !halted_for {
        broken.push((Law::EverythingHasAReason, None));
    }
    let statuses: Vec<Status> = run.plan().tasks().map(status).collect();
    let all = |some: &[Status]| statuses.iter().all(|status| some.contains(status));
    let expected: &[Verdict] = if statuses.contains(&Status::Fail) {
        &[Verdict::Fail]
    } else if all(&[Status::Success]) {
        &[Verdict::Success]
    } else if all(&[Status::Success, Status::Incomplete]) {
        &[Verdict::Incomplete]
    } else if halt.is_some() || run.plan().tasks().any(|task| run.review_due(task)) {
        &[Verdict::Pending, Verdict::Stuck]
    } else {
        &[Verdict::Stuck]
    };
    if !expected.contains(&verdict) {
        broken.push((Law::VerdictIsTrue, None));
    }
    if verdict == Verdict::Stuck && run.plan().tasks().any(|task| !world.told_all(task)) {
        world.try_out(Tried::StuckOnACondition);
    }
    if verdict == Verdict::Success {
        world.try_out(Tried::EverythingSucceeded);
    }
    for (law, task) in broken {
        world.breaks(law, task);
    }
}
