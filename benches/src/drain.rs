//! Plans in memory, and runs of them in which every task succeeds at once.

use std::num::NonZeroU32;
use std::sync::Arc;

use orch_core::{Event, Outcome, Plan, PlanDraft, Policy, Run, Step, TaskDraft, Time, Verdict};

/// How long the id of every task of a [`draft`] is.
pub const ID: usize = "t0000000".len();

/// A plan of `tasks` tasks, each after those that `edges` name (pairs of what depends and what it depends on), by ids.
pub fn draft(tasks: u32, edges: &[(u32, u32)]) -> PlanDraft {
    let mut drafts: Vec<TaskDraft> = (0..tasks).map(|n| TaskDraft::new(format!("t{n:07}"))).collect();
    for &(task, on) in edges {
        drafts[task as usize].depends_on.push(format!("t{on:07}").as_str().into());
    }
    PlanDraft { tasks: drafts, ..PlanDraft::default() }
}

/// A run of `plan`, eight at once.
pub fn run(plan: Plan) -> Run {
    let policy = Policy { jobs: NonZeroU32::new(8).expect("not zero"), ..Policy::default() };
    Run::new(Arc::new(plan), policy)
}

/// Drains `run` with no work in it.
///
/// # Panics
/// When a task could not be done: a bug in the core.
pub fn drain(run: &mut Run) {
    let now = Time::from_millis(0);
    loop {
        let event = match run.next(now) {
            Step::Start(task) => Event::Started { task },
            Step::Wait(_) => {
                let first = run.active()[0];
                Event::Ended { task: first.task, attempt: first.attempt, outcome: Outcome::Succeeded }
            }
            done => break assert_eq!(done, Step::Done(Verdict::Success)),
        };
        run.apply(event, now).expect("it is as it was told");
    }
}
