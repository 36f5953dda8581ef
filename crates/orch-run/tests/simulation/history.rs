//! One history: orchestrators one after the other, until a run ends and nobody starts it again.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use orch_core::{Event, Evidence, Memory, Outcome, RecordedTask, TaskIx, resume};
use orch_run::{DriveError, Driven, Settled, drive};

use crate::laws::{self, Broken, Law};
use crate::ports::Port;
use crate::scenario::{Durability, Scenario, Variant};
use crate::world::{Fact, Line, Tried, World};

/// What a seed led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct History {
    pub(crate) seed: u64,
    pub(crate) about: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) broken: Vec<Broken>,
    pub(crate) tried: BTreeSet<Tried>,
}

impl History {
    /// Plays the history of `seed`.
    pub(crate) fn play(seed: u64, variant: Variant) -> Self {
        let world = Rc::new(RefCell::new(World::new(Scenario::new(seed, variant))));
        let played = catch_unwind(AssertUnwindSafe(|| play(&world)));
        let world = &mut *world.borrow_mut();
        if played.is_err() {
            world.breaks(Law::NoInternalError, None);
        }
        let about = if world.broken.is_empty() { String::new() } else { about(&world.scenario) };
        Self {
            seed,
            about,
            lines: std::mem::take(&mut world.lines),
            broken: std::mem::take(&mut world.broken),
            tried: std::mem::take(&mut world.tried),
        }
    }

    pub(crate) fn breaks(&self, laws: &[Law]) -> bool {
        self.broken.iter().any(|broken| laws.contains(&broken.law))
    }

    /// The whole history, for a person.
    pub(crate) fn told(&self) -> String {
        let mut text = format!("seed {}\n{}\n", self.seed, self.about);
        let began = self.lines.first().map_or(0, |line| line.at);
        for line in &self.lines {
            text += &format!("{:>9} ms  {:?}\n", line.at - began, line.fact);
        }
        text += &format!("broken: {:?}\n", self.broken);
        text
    }
}

fn about(scenario: &Scenario) -> String {
    let plan = &scenario.plan;
    let mut text = format!("{:?}, {:?}, {:?}\n", scenario.durability, scenario.rules, scenario.policy);
    text += &format!("conditions {:?}\n", scenario.conditions);
    for task in plan.tasks() {
        let needs = plan.graph().depends_on(task);
        let claims: Vec<&str> = plan.claimed(task).collect();
        let awaits: Vec<&str> = plan.awaited(task).collect();
        text += &format!("  {task:?} needs {needs:?} claims {claims:?} awaits {awaits:?}\n");
    }
    text
}

/// Laws broken in one history after which it is not played on: what follows says nothing new.
const ENOUGH: usize = 50;

fn play(world: &Rc<RefCell<World>>) {
    let mut restarts = world.borrow().scenario.restarts;
    let mut again = None;
    loop {
        world.borrow_mut().begin_process();
        let driven = live(world, again.take());
        let world = &mut *world.borrow_mut();
        match driven {
            Some(driven) if restarts == 0 || driven.verdict == orch_core::Verdict::Success => return,
            Some(_) => {
                restarts -= 1;
                let task = world.any_task();
                again = world.disk.status(task).is_settled().then_some(task);
            }
            None => world.crash(),
        }
        if world.broken.len() >= ENOUGH {
            return;
        }
        let most = world.dice.pick(&[1, 100, 5_000, 200_000]);
        world.now += world.dice.below(most);
    }
}

/// The life of one orchestrator: load, look around, resume, drive. `None` when it died.
fn live(world: &Rc<RefCell<World>>, again: Option<TaskIx>) -> Option<Driven> {
    let (plan, policy, rules, memory) = {
        let world = world.borrow();
        let plan = Arc::clone(&world.scenario.plan);
        let mut memory = world.disk.load(&plan);
        if let (Variant::ReworksForgotten, Memory::Found(recorded)) = (world.scenario.variant, &mut memory) {
            for task in &mut recorded.tasks {
                task.standing.reworks = 0;
            }
        }
        (plan, world.scenario.policy.clone(), world.scenario.rules, memory)
    };
    let mut resumed = resume(plan, policy, &memory, rules, |task| evidence(&mut world.borrow_mut(), task));
    if world.borrow_mut().dies_now() {
        return None;
    }
    for &task in &resumed.to_end {
        let attempt = resumed.run.attempt(task);
        let receipt = end_survivor(&mut world.borrow_mut(), task, attempt)?;
        for event in &mut resumed.settle {
            if let Event::Ended { task: ended, outcome, .. } = event
                && *ended == task
            {
                *outcome = receipt.unwrap_or(*outcome);
            }
        }
    }
    for &task in &resumed.survivors {
        let attempt = resumed.run.attempt(task);
        let world = &mut *world.borrow_mut();
        world.process.watched.push((task, attempt));
        world.line(Fact::Attached(task, attempt));
        world.try_out(Tried::SurvivorAttached);
    }
    let mut events = std::mem::take(&mut resumed.settle);
    if let Some(task) = again.filter(|&task| resumed.run.status(task).is_settled()) {
        world.borrow_mut().process.asked_again.insert(task);
        events.push(Event::Retry { task });
    }
    let held = world.borrow_mut().look_outside();
    if !held.is_empty() {
        world.borrow_mut().try_out(Tried::ConditionHeldAtOpen);
    }
    events.extend(held.into_iter().map(|condition| Event::Holds { condition }));
    let settled = events.into_iter().map(|event| Settled { event, detail: None }).collect();
    let port = Port(Rc::clone(world));
    let (mut store, mut workers, mut observer) = (port.clone(), port.clone(), port.clone());
    let driven = drive(&mut resumed.run, settled, &mut store, &mut workers, &port, &mut [&mut observer]);
    let world = &mut *world.borrow_mut();
    match driven {
        Ok(driven) => {
            world.line(Fact::Ended(driven.verdict, driven.halt));
            laws::check_end(world, &resumed.run, driven.verdict, driven.halt);
            Some(driven)
        }
        Err(DriveError::Store(_) | DriveError::Workers(_)) => None,
        Err(_) => {
            world.breaks(Law::NoInternalError, None);
            None
        }
    }
}

/// What a new orchestrator finds out about a task recorded as RUNNING. Time goes by between two looks.
///
/// Whether the worker lives is asked first. The other way round, one that ends between the two looks has neither
/// lived nor left a receipt, and one that still tidies up behind its receipt gets company.
fn evidence(world: &mut World, task: &RecordedTask) -> Evidence {
    let attempt = task.standing.attempt;
    let task = world.scenario.plan.find(&task.id).expect("the plan is the same");
    let variant = world.scenario.variant;
    if variant == Variant::ReceiptBeforeLiveness {
        if let Some(outcome) = world.receipt(task, attempt) {
            return Evidence::Receipt(outcome);
        }
        world.moment_passes();
    }
    if variant != Variant::NoLiveness && world.lives(task, attempt) {
        return Evidence::Alive;
    }
    if variant == Variant::ReceiptBeforeLiveness {
        return Evidence::None;
    }
    world.moment_passes();
    match world.receipt(task, attempt) {
        Some(outcome) => {
            world.try_out(Tried::SettledByReceipt);
            Evidence::Receipt(outcome)
        }
        None => Evidence::None,
    }
}

/// Ends a survivor and looks for its receipt once more: it may have finished meanwhile. `None` when the orchestrator
/// dies before.
fn end_survivor(world: &mut World, task: TaskIx, attempt: u32) -> Option<Option<Outcome>> {
    world.moment_passes();
    if world.dies_now() {
        return None;
    }
    let now = world.now;
    if let Some(worker) = world.worker_mut(task, attempt) {
        worker.killed(now);
    }
    world.line(Fact::EndedSurvivor(task, attempt));
    world.try_out(Tried::SurvivorEnded);
    let looks = world.scenario.rules.trust_receipts && world.scenario.variant != Variant::NoSecondLook;
    Some(world.receipt(task, attempt).filter(|_| looks))
}

impl World {
    /// The orchestrator died, alone or with the machine.
    fn crash(&mut self) {
        self.crashes_left = self.crashes_left.saturating_sub(1);
        if self.scenario.durability == Durability::Process || self.dice.chance(50) {
            self.line(Fact::Killed);
            self.try_out(Tried::Kill);
            return;
        }
        let now = self.now;
        for worker in &mut self.workers {
            worker.power_cut(now, &mut self.dice);
        }
        if self.workers.iter().any(|worker| worker.receipt_lost()) {
            self.try_out(Tried::ReceiptLostInAPowerCut);
        }
        let (least, most) = self.disk.after_power_cut();
        let left = least + self.dice.below((most - least) as u64 + 1) as usize;
        self.line(Fact::PowerCut { records_left: left });
        self.try_out(Tried::PowerCut);
        for lost in self.disk.truncate(left) {
            let (task, recorded) = match lost {
                crate::disk::Record::Moved(moved, _) => (Some(moved.task), true),
                crate::disk::Record::Reviewed(task, _) => (Some(task), true),
                crate::disk::Record::Other => (None, false),
            };
            if recorded {
                self.breaks(Law::AcknowledgedStays, task);
            }
        }
    }
}
