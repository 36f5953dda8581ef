//! What a history is about: a plan, a policy, a kind of store. All of it follows from the seed.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use orch_core::{
    Backoff, OnFailure, OnIncomplete, Order, Plan, PlanDraft, Policy, RateLimits, ResumeRules, TaskDraft,
    TaskIx,
};

use crate::dice::Dice;

/// A part of the protocol that is left out, or something done that the core does not cope with yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// The protocol as it is.
    Whole,
    /// A receipt settles nothing: what was RUNNING is run again.
    NoReceipts,
    /// The store says "written down" without having synced.
    NoSync,
    /// Nobody looks whether the worker still lives.
    NoLiveness,
    /// The receipt is looked for first, and only without one whether the worker still lives.
    ReceiptBeforeLiveness,
    /// After a survivor was ended, its receipt is not looked for again.
    NoSecondLook,
    /// How often rejected work went back is not read back.
    ReworksForgotten,
    /// Conditions outside of the plan are taken to hold without a look.
    ConditionsBelieved,
}

/// What the store promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// What is recorded survives the death of the process.
    Process,
    /// And a power cut.
    Power,
}

#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) variant: Variant,
    pub(crate) plan: Arc<Plan>,
    pub(crate) policy: Policy,
    /// The conditions that tasks may await, and how long after the beginning each comes to hold: at once, some time, or
    /// at the end of time.
    pub(crate) conditions: Vec<(String, u64)>,
    pub(crate) rules: ResumeRules,
    pub(crate) durability: Durability,
    /// Crashes and power cuts at most.
    pub(crate) crashes: u32,
    /// How often the person starts orch again after it ended, at most.
    pub(crate) restarts: u32,
    /// Nothing goes wrong with the workers themselves.
    pub(crate) gentle: bool,
}

fn seconds(dice: &mut Dice, end: u64) -> Duration {
    Duration::from_secs(dice.below(end))
}

impl Scenario {
    pub(crate) fn new(seed: u64, variant: Variant) -> Self {
        let mut dice = Dice::new(seed);
        let dice = &mut dice;
        let power = match variant {
            Variant::NoSync => true,
            // Only a power cut may cost finished work, so these two are shown without.
            Variant::NoReceipts | Variant::NoSecondLook => false,
            _ => dice.chance(60),
        };
        let conditions = conditions(dice);
        let plan = plan(dice, &conditions);
        let mut policy = policy(dice);
        if variant == Variant::ReceiptBeforeLiveness {
            // Both ways in which it goes wrong need the next try to follow at once.
            policy.backoff.first = Duration::ZERO;
            policy.retries = policy.retries.max(1);
        }
        Self {
            seed,
            variant,
            plan: Arc::new(plan),
            policy,
            conditions,
            rules: ResumeRules {
                same_list: true,
                trust_receipts: variant != Variant::NoReceipts,
                wait_for_survivors: variant != Variant::NoSecondLook && dice.chance(80),
            },
            durability: if power { Durability::Power } else { Durability::Process },
            crashes: if variant == Variant::Whole { dice.pick(&[0, 1, 1, 2, 3, 5]) } else { 5 },
            restarts: dice.below(4) as u32,
            gentle: dice.chance(20),
        }
    }
}

fn conditions(dice: &mut Dice) -> Vec<(String, u64)> {
    let count = dice.pick(&[0, 0, 1, 3]);
    let comes = |dice: &mut Dice| match dice.below(6) {
        0 => 0,
        1 => u64::MAX,
        _ => dice.below(300_000),
    };
    (0..count).map(|number| (format!("condition {number}"), comes(dice))).collect()
}

/// One to twelve tasks; any order of the list, any acyclic graph, any conditions.
fn plan(dice: &mut Dice, conditions: &[(String, u64)]) -> Plan {
    let tasks = 1 + dice.below(12) as usize;
    let density = dice.pick(&[0, 10, 25, 60]);
    // The task at place `p` of the list has rank `ranks[p]`, and needs only tasks of a lower rank.
    let mut ranks: Vec<usize> = (0..tasks).collect();
    for place in (1..tasks).rev() {
        ranks.swap(place, dice.below(place as u64 + 1) as usize);
    }
    let claiming = dice.pick(&[0, 0, 20, 60]);
    let mut drafts = Vec::with_capacity(tasks);
    for place in 0..tasks {
        let mut draft = TaskDraft::new(format!("t{place}"));
        for other in 0..tasks {
            if ranks[other] < ranks[place] && dice.chance(density) {
                draft = draft.after([format!("t{other}")]);
            }
        }
        if dice.chance(claiming) {
            draft.claims = vec![dice.pick(&["a", "b", "c"]).into(), dice.pick(&["a", "b", "c"]).into()];
        }
        for (condition, _) in conditions {
            if dice.chance(15) {
                draft.awaits.push(condition.as_str().into());
            }
        }
        drafts.push(draft);
    }
    Plan::build(PlanDraft { tasks: drafts, ..PlanDraft::default() }).expect("it is acyclic by its ranks")
}

fn policy(dice: &mut Dice) -> Policy {
    Policy {
        jobs: NonZeroU32::new(1 + dice.below(4) as u32).expect("it is one at least"),
        order: dice.pick(&[Order::List, Order::Graph, Order::Graph, Order::Waves]),
        on_failure: dice.pick(&[
            OnFailure::Stop,
            OnFailure::KeepGoing,
            OnFailure::KeepGoing,
            OnFailure::Pause,
        ]),
        on_incomplete: dice.pick(&[OnIncomplete::Release, OnIncomplete::Hold, OnIncomplete::Pause]),
        retries: dice.below(3) as u32,
        reworks: dice.below(3) as u32,
        incomplete_retries: dice.pick(&[0, 0, 1, 3]),
        backoff: Backoff {
            first: seconds(dice, 20),
            factor: 1 + dice.below(3) as u32,
            most: Duration::from_secs(60),
        },
        timeout: dice.chance(50).then(|| Duration::from_secs(10) + seconds(dice, 60)),
        max_attempts: dice.pick(&[2, 4, 100, 100]),
        review: dice.chance(30),
        review_wait: seconds(dice, 100),
        rate_limits: RateLimits {
            assumed: seconds(dice, 60),
            patience: dice.pick(&[60, 600, 6 * 3600].map(Duration::from_secs)),
        },
        wait_for_conditions: dice.chance(50),
    }
}

impl Scenario {
    /// A task of the plan.
    pub(crate) fn any_task(&self, dice: &mut Dice) -> TaskIx {
        TaskIx::new(dice.below(self.plan.len() as u64) as usize)
    }
}
