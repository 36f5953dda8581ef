//! What is plugged into the driver. Each call is a moment in which the orchestrator may die.
//!
//! A process that is dead does nothing any more: every call fails without effect, until the driver gives up.

use std::cell::RefCell;
use std::rc::Rc;

use orch_core::{Outcome, ReviewVerdict, Run, Status, StopCause, TaskIx, Time};
use orch_run::{
    Clock, CouldNotStart, Failure, Happening, Notice, Observer, Request, Started, Store, What, Workers,
};

use crate::dice::Dice;
use crate::disk::Record;
use crate::laws::{self, Law};
use crate::machine::{Truth, Worker, limit};
use crate::reasons;
use crate::scenario::{Durability, Variant};
use crate::world::{Fact, Reviewer, Tried, Wish, World};

/// One handle on the world; it is plugged in everywhere.
#[derive(Clone)]
pub(crate) struct Port(pub(crate) Rc<RefCell<World>>);

fn dead() -> Failure {
    "the orchestrator died here".into()
}

impl Clock for Port {
    fn now(&self) -> Time {
        let mut world = self.0.borrow_mut();
        world.step();
        world.clock()
    }
}

impl Store for Port {
    fn record(&mut self, run: &Run, happened: &[Happening]) -> Result<(), Failure> {
        let world = &mut *self.0.borrow_mut();
        if world.process.dead {
            return Err(dead());
        }
        let dies = world.dies_now();
        let all = happened.len();
        let written = if dies { world.dice.below(all as u64 + 1) as usize } else { all };
        laws::check_shown(world, run, happened);
        for happening in &happened[..written] {
            let record = Record::of(happening);
            laws::check_record(world, record);
            world.disk.write(record);
            world.line(Fact::Wrote(record));
        }
        if dies {
            if 0 < written && written < all {
                world.try_out(Tried::PartOfABatchWritten);
            } else if written == all {
                world.try_out(Tried::WrittenButNotAcknowledged);
                if world.dice.chance(50) {
                    world.disk.sync();
                }
            }
            return Err(dead());
        }
        if world.scenario.durability == Durability::Power && world.scenario.variant != Variant::NoSync {
            world.disk.sync();
        }
        world.disk.acknowledge();
        world.line(Fact::Acknowledged);
        for happening in happened {
            let What::Moved { moved, .. } = happening.what else { continue };
            if moved.from.is_settled() {
                world.acknowledged_done.retain(|&(task, _)| task != moved.task);
            } else if matches!(moved.to, Status::Success | Status::Incomplete) {
                world.acknowledged_done.insert((moved.task, moved.attempt));
            }
        }
        world.process.to_show.extend(happened.iter().cloned());
        laws::check_agreement(world, run);
        Ok(())
    }

    fn rest(&mut self, _: &Run, now: Time) -> Result<Option<Time>, Failure> {
        let world = &mut *self.0.borrow_mut();
        if world.dies_now() {
            return Err(dead());
        }
        if world.dice.chance(30) {
            world.disk.sync();
        }
        let later = std::time::Duration::from_millis(1 + world.dice.below(5000));
        Ok(world.dice.chance(10).then(|| now + later))
    }
}

impl Observer for Port {
    fn see(&mut self, happening: &Happening, _: &Run) {
        let world = &mut *self.0.borrow_mut();
        let process = &mut world.process;
        let in_order = match happening.what {
            What::Recorded { happenings } => {
                process.to_show.is_empty() && std::mem::take(&mut process.shown) == happenings
            }
            _ => {
                process.shown += 1;
                process.to_show.pop_front().as_ref() == Some(happening)
            }
        };
        if process.dead || !in_order {
            world.breaks(Law::RecordedThenShown, None);
        }
    }
}

impl Workers for Port {
    fn start(&mut self, _: &Run, task: TaskIx, attempt: u32) -> Result<Started, CouldNotStart> {
        let world = &mut *self.0.borrow_mut();
        let refused = |outcome| CouldNotStart { outcome, why: String::new() };
        if world.process.dead {
            return Err(refused(Outcome::Lost));
        }
        let dies = world.dies_now();
        if dies && world.dice.chance(50) {
            world.try_out(Tried::CrashBeforeAStart);
            return Err(refused(Outcome::Lost));
        }
        if !world.scenario.gentle && world.dice.chance(3) {
            let outcome = world.dice.pick(&[
                Outcome::CouldNotStart,
                Outcome::RateLimited { until: None },
                Outcome::Failed,
            ]);
            world.process.refused.insert((task, attempt), outcome);
            world.line(Fact::NotStarted(task, attempt, outcome));
            return Err(refused(outcome));
        }
        laws::check_start(world, task, attempt);
        let worker = Worker::new(&world.scenario, task, attempt, world.process.number, world.now);
        world.workers.push(worker);
        world.process.watched.push((task, attempt));
        world.line(Fact::Started(task, attempt));
        if dies {
            world.try_out(Tried::CrashAfterAStart);
        }
        Ok(Started::default())
    }

    fn review(&mut self, run: &Run, task: TaskIx) -> Result<(), (ReviewVerdict, String)> {
        let world = &mut *self.0.borrow_mut();
        if world.dies_now() {
            return Err((ReviewVerdict::Fail, String::new()));
        }
        let attempt = run.attempt(task);
        if world.dice.chance(10) {
            world.process.verdict_on.insert(task, attempt);
            return Err((ReviewVerdict::Skipped, String::new()));
        }
        let ends = world.now + world.dice.below(30_000);
        let verdict = match world.dice.below(100) {
            0..=79 => ReviewVerdict::Pass,
            80..=89 => ReviewVerdict::RateLimited { until: limit(&mut world.dice, ends) },
            _ => ReviewVerdict::Fail,
        };
        world.process.reviewers.push(Reviewer { task, attempt, verdict, ends });
        world.line(Fact::ReviewBegan(task, attempt));
        Ok(())
    }

    fn stop(&mut self, task: TaskIx, _: StopCause) {
        let world = &mut *self.0.borrow_mut();
        if world.dies_now() {
            return;
        }
        world.line(Fact::ToldToEnd(task));
        let now = world.now;
        let watched: Vec<_> = world.process.watched.iter().copied().filter(|of| of.0 == task).collect();
        for (task, attempt) in watched {
            world.process.told_to_end.insert((task, attempt));
            if let Some(worker) = world.worker_mut(task, attempt) {
                worker.told_to_end(now);
            }
        }
        for reviewer in world.process.reviewers.iter_mut().filter(|reviewer| reviewer.task == task) {
            reviewer.ends = reviewer.ends.min(now + 10);
        }
    }

    fn wait(&mut self, run: &Run, until: Option<Time>) -> Result<Vec<Notice>, Failure> {
        let world = &mut *self.0.borrow_mut();
        if world.process.dead {
            return Err(dead());
        }
        world.process.asked_again.clear();
        laws::check_wait(world, run);
        if world.dies_now() {
            world.try_out(Tried::CrashInAWait);
            if world.dice.chance(50) {
                return Err(dead());
            }
        }
        let leaves = |&(task, attempt): &(TaskIx, u32)| world.worker(task, attempt).map(Worker::leaves);
        let ends = world.process.watched.iter().filter_map(leaves);
        let ends = ends.chain(world.process.reviewers.iter().map(|reviewer| reviewer.ends));
        let until = until.map(|until| world.true_time(until));
        let comes = world.conditions_to_come().map(|(_, at)| at);
        let Some(next) = ends.chain(until).chain(comes).filter(|&at| at < u64::MAX).min() else {
            if !reasons::waits_for_a_condition(world) {
                world.breaks(Law::WaitsForSomething, None);
                return Err(dead());
            }
            // It waits for what never comes, as it should: until the person has had enough.
            world.try_out(Tried::WaitedForAConditionInVain);
            let wish = if world.wishes.is_empty() { Wish::Stop } else { world.wishes.remove(0).1 };
            world.now += world.dice.below(1_000_000);
            return Ok(world.ask(wish).into_iter().map(Notice::Asked).collect());
        };
        let wish = world.wishes.first().map_or(u64::MAX, |&(at, _)| at);
        let mut until = next.min(wish).max(world.now);
        if world.dice.chance(5) {
            until = world.now + world.dice.below(until - world.now + 1);
        }
        world.now = until;
        if world.process.dead {
            return Err(dead());
        }
        if world.wishes.first().is_some_and(|&(at, _)| at <= world.now) {
            let (_, wish) = world.wishes.remove(0);
            return Ok(world.ask(wish).into_iter().map(Notice::Asked).collect());
        }
        let mut notices = Vec::new();
        if world.dice.chance(20)
            && let Some(late) = world.process.late.pop()
        {
            world.try_out(Tried::ResultSaidLate);
            notices.push(late);
        }
        if world.dice.chance(80) {
            for condition in world.look_outside() {
                world.try_out(Tried::ConditionCame);
                notices.push(Notice::Holds { condition });
            }
        }
        notices.extend(world.ended());
        notices.extend(world.reviewed());
        if world.dice.chance(3) {
            notices.push(Notice::Alert { task: None, text: String::new() });
        }
        notices.extend(world.something_to_show());
        Ok(notices)
    }
}

impl World {
    fn ask(&mut self, wish: Wish) -> Option<Request> {
        let request = match wish {
            Wish::Stop => {
                self.process.asked_to_stop = true;
                Request::Stop
            }
            Wish::StopTask(task) => {
                self.process.held.insert(task);
                self.process.ever_held.insert(task);
                Request::StopTask { task, why: String::new() }
            }
            Wish::Retry(task) => {
                self.process.held.remove(&task);
                self.process.asked_again.insert(task);
                Request::Retry { task }
            }
        };
        self.line(Fact::Asked(wish));
        Some(request)
    }

    /// The ends of watched workers that are gone by now; sometimes not all at once, sometimes one of them twice.
    fn ended(&mut self) -> Vec<Notice> {
        let mut gone: Vec<(TaskIx, u32)> = self.process.watched.clone();
        gone.retain(|&(task, attempt)| !self.lives(task, attempt));
        if gone.len() > 1 && self.dice.chance(30) {
            gone.truncate(1);
        }
        let mut notices = Vec::new();
        for (task, attempt) in gone {
            self.process.watched.retain(|&other| other != (task, attempt));
            let Some(worker) = self.worker(task, attempt) else { continue };
            let told = self.process.told_to_end.contains(&(task, attempt));
            let outcome = match worker.truth(self.now) {
                Truth::Finished(outcome) => outcome,
                Truth::Vanished if worker.parent == self.process.number => Outcome::Crashed,
                Truth::Killed if told => Outcome::Crashed,
                _ => Outcome::Lost,
            };
            self.line(Fact::SaidEnded(task, attempt, outcome));
            let notice = Notice::Ended { task, attempt, outcome, detail: None };
            if self.dice.chance(5) {
                self.try_out(Tried::ResultSaidTwice);
                notices.push(notice.clone());
            }
            if self.dice.chance(5) {
                self.process.late.push(notice.clone());
            }
            notices.push(notice);
        }
        notices
    }

    /// Progress, or an identity that is known late: of an attempt under way, or of one that is long over.
    fn something_to_show(&mut self) -> Option<Notice> {
        if self.workers.is_empty() || !self.dice.chance(10) {
            return None;
        }
        let worker = &self.workers[self.dice.below(self.workers.len() as u64) as usize];
        let (task, attempt) = (worker.task, worker.attempt);
        Some(if self.dice.chance(50) {
            Notice::Progress { task, attempt, text: "further".into() }
        } else {
            Notice::Worker { task, attempt, worker: None, log: Some("late".into()) }
        })
    }

    fn reviewed(&mut self) -> Option<Notice> {
        let now = self.now;
        let place = self.process.reviewers.iter().position(|reviewer| reviewer.ends <= now)?;
        let Reviewer { task, attempt, verdict, .. } = self.process.reviewers.remove(place);
        self.process.verdict_on.insert(task, attempt);
        self.line(Fact::SaidReviewed(task, verdict));
        Some(Notice::Reviewed { task, verdict, detail: None })
    }

    /// Dice for what the person does between two runs.
    pub(crate) fn any_task(&mut self) -> TaskIx {
        let dice: &mut Dice = &mut self.dice;
        self.scenario.any_task(dice)
    }
}
