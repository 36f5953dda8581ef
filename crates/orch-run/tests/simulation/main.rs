//! The whole protocol, simulated: the driver as it is, with simulated time, workers, disk and crashes.
//!
//! One `u64` seed is one history: a random plan and policy, workers that take their own time and outlive the
//! orchestrator, and orchestrators that are killed, or lose their power, at any moment in which they touch the
//! world: before, in the middle of and after a record, before and after a start, in a wait, in between. After each
//! crash a new orchestrator loads what is left, looks for receipts and survivors, resumes and drives on.
//!
//! What must hold ([`laws::Law`]) is checked against what the simulated workers really did. The same checks are then
//! shown to find something: each part of the protocol is left out once, and histories must break.
//!
//! `ORCH_SIMULATION_SEEDS=1000000` plays so many histories; `ORCH_SIMULATION_SEED=17` plays the one and prints it (in the
//! tests of a variant: as that variant).

mod dice;
mod disk;
mod history;
mod laws;
mod machine;
mod ports;
mod reasons;
mod scenario;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use history::History;
use laws::Law;
use scenario::Variant;
use world::Tried;

/// Histories a test run plays when nothing else is said.
const SEEDS: u64 = 100_000;
/// Histories played to show that a variant of the protocol breaks.
const VARIANT_SEEDS: u64 = 2_000;

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {value}")))
}

/// Plays the histories of `0..seeds` on all cores and hands each to `see`, in any order.
fn play(seeds: u64, variant: Variant, see: impl Fn(History) + Sync) {
    let next = AtomicU64::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        break;
                    }
                    see(History::play(seed, variant));
                }
            });
        }
    });
}

#[test]
fn no_history_breaks_a_law() {
    if let Some(seed) = number("ORCH_SIMULATION_SEED") {
        let history = History::play(seed, Variant::Whole);
        println!("{}", history.told());
        assert!(history.broken.is_empty(), "seed {seed} breaks {:?}", history.broken);
        return;
    }
    let seeds = number("ORCH_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let tried: Mutex<BTreeMap<Tried, u64>> = Mutex::default();
    let broken: Mutex<Vec<History>> = Mutex::default();
    let began = std::time::Instant::now();
    play(seeds, Variant::Whole, |history| {
        let mut counts = tried.lock().unwrap();
        for &tried in &history.tried {
            *counts.entry(tried).or_default() += 1;
        }
        if !history.broken.is_empty() {
            broken.lock().unwrap().push(history);
        }
    });
    let broken = broken.into_inner().unwrap();
    if let Some(first) = broken.iter().min_by_key(|history| (history.lines.len(), history.seed)) {
        panic!(
            "{} of {seeds} histories break a law; the shortest, again with ORCH_SIMULATION_SEED={}:\n{}",
            broken.len(),
            first.seed,
            first.told()
        );
    }
    let tried = tried.into_inner().unwrap();
    println!("{seeds} histories, {:.0} a second", seeds as f64 / began.elapsed().as_secs_f64());
    println!("histories that tried something: {tried:?}");
    // What was never tried was not shown to work.
    if seeds >= SEEDS {
        let seldom = |of: &Tried| tried.get(of).is_none_or(|&times| times < seeds / 500);
        let seldom: Vec<Tried> = Tried::ALL.into_iter().filter(seldom).collect();
        assert!(seldom.is_empty(), "hardly ever tried: {seldom:?}");
    }
}

#[test]
fn the_same_seed_is_the_same_history() {
    for seed in 0..500 {
        assert_eq!(History::play(seed, Variant::Whole), History::play(seed, Variant::Whole), "seed {seed}");
    }
}

/// Plays the variant and counts the histories that break one of these laws.
fn broken_by(variant: Variant, laws: &[Law]) -> u64 {
    if let Some(seed) = number("ORCH_SIMULATION_SEED") {
        println!("{variant:?}, {}", History::play(seed, variant).told());
    }
    let (broken, first) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    play(VARIANT_SEEDS, variant, |history| {
        if history.breaks(laws) {
            broken.fetch_add(1, Ordering::Relaxed);
            first.fetch_min(history.seed, Ordering::Relaxed);
        }
    });
    let broken = broken.into_inner();
    println!("{variant:?}: {broken} of {VARIANT_SEEDS} histories break {laws:?}, first seed {first:?}");
    broken
}

#[test]
fn without_receipts_finished_work_is_run_again() {
    assert!(broken_by(Variant::NoReceipts, &[Law::FinishedStaysFinished]) > VARIANT_SEEDS / 50);
}

#[test]
fn without_syncs_a_power_cut_costs_what_was_acknowledged() {
    assert!(broken_by(Variant::NoSync, &[Law::AcknowledgedStays]) > VARIANT_SEEDS / 50);
    assert!(broken_by(Variant::NoSync, &[Law::AcknowledgedIsNotRunAgain]) > VARIANT_SEEDS / 100);
}

#[test]
fn without_a_look_at_the_workers_two_run_at_once() {
    assert!(broken_by(Variant::NoLiveness, &[Law::OneWorkerATask]) > VARIANT_SEEDS / 50);
}

#[test]
fn the_receipt_is_looked_for_after_the_worker() {
    let laws = [Law::OneWorkerATask, Law::FinishedStaysFinished];
    assert!(broken_by(Variant::ReceiptBeforeLiveness, &laws) > VARIANT_SEEDS / 200);
}

#[test]
fn without_the_count_rejected_work_goes_back_for_ever() {
    assert!(broken_by(Variant::ReworksForgotten, &[Law::SentBackWithinCap]) > VARIANT_SEEDS / 50);
}

#[test]
fn without_a_look_outside_work_starts_too_early() {
    assert!(broken_by(Variant::ConditionsBelieved, &[Law::ConditionsHold]) > VARIANT_SEEDS / 50);
}

#[test]
fn a_survivor_that_was_ended_may_have_finished() {
    assert!(broken_by(Variant::NoSecondLook, &[Law::FinishedStaysFinished]) > VARIANT_SEEDS / 200);
}
