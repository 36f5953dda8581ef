//! A plan made in code, run with workers and a store of its own, on a clock that jumps.
//!
//! `cargo run -p orch-run --example simulated`

use std::cell::Cell;
use std::collections::BinaryHeap;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use orch_core::{
    OnFailure, Outcome, Plan, PlanDraft, Policy, ReviewVerdict, Run, StopCause, TaskDraft, TaskIx, Time,
    Verdict,
};
use orch_run::{Clock, CouldNotStart, Failure, Happening, Notice, Started, Store, What, Workers, drive};

/// Time that only moves when the workers say so.
#[derive(Clone, Default)]
struct Simulated(Rc<Cell<Time>>);

impl Clock for Simulated {
    fn now(&self) -> Time {
        self.0.get()
    }
}

/// Workers that take as many minutes as their task's id is long, and fail at `flaky` the first time.
struct Pretend {
    clock: Simulated,
    /// (end as minutes counted down from the end of time, so that the heap gives the earliest; task; attempt)
    ends: BinaryHeap<(std::cmp::Reverse<Time>, TaskIx, u32)>,
}

impl Workers for Pretend {
    fn start(&mut self, run: &Run, task: TaskIx, attempt: u32) -> Result<Started, CouldNotStart> {
        let minutes = run.plan().id(task).len() as u64;
        let end = self.clock.now() + Duration::from_secs(60 * minutes);
        self.ends.push((std::cmp::Reverse(end), task, attempt));
        Ok(Started::default())
    }

    fn review(&mut self, _: &Run, _: TaskIx) -> Result<(), (ReviewVerdict, String)> {
        Err((ReviewVerdict::Skipped, "nobody reviews here".into()))
    }

    fn stop(&mut self, task: TaskIx, _: StopCause) {
        self.ends.retain(|&(_, other, _)| other != task);
    }

    fn wait(&mut self, run: &Run, until: Option<Time>) -> Result<Vec<Notice>, Failure> {
        let next = self.ends.peek().map(|&(std::cmp::Reverse(end), ..)| end);
        let Some(now) = [next, until].into_iter().flatten().min() else {
            return Err("nothing is under way and nothing is to come".into());
        };
        self.clock.0.set(now);
        if next != Some(now) {
            return Ok(vec![]);
        }
        let (_, task, attempt) = self.ends.pop().expect("it was there a moment ago");
        let fails = run.plan().id(task) == "flaky" && attempt == 1;
        let outcome = if fails { Outcome::Failed } else { Outcome::Succeeded };
        Ok(vec![Notice::Ended { task, attempt, outcome, detail: None }])
    }
}

/// Keeps what happened in memory, and prints it.
struct Memory(Vec<Happening>);

impl Store for Memory {
    fn record(&mut self, run: &Run, happened: &[Happening]) -> Result<(), Failure> {
        for happening in happened {
            if let What::Moved { moved, .. } = &happening.what {
                let minutes = happening.at.as_millis() / 60_000;
                println!("{minutes:>3} min  {:<8} {} -> {}", run.plan().id(moved.task), moved.from, moved.to);
            }
        }
        self.0.extend_from_slice(happened);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plan = Plan::build(PlanDraft {
        objective: "a small release".into(),
        tasks: vec![
            TaskDraft::new("schema"),
            TaskDraft::new("api").after(["schema"]),
            TaskDraft::new("flaky").after(["schema"]),
            TaskDraft::new("release").after(["api", "flaky"]),
        ],
        ..PlanDraft::default()
    })?;
    let policy = Policy {
        jobs: NonZeroU32::new(2).expect("two is not zero"),
        on_failure: OnFailure::KeepGoing,
        retries: 1,
        ..Policy::default()
    };
    let mut run = Run::new(Arc::new(plan), policy);
    let clock = Simulated::default();
    let mut workers = Pretend { clock: clock.clone(), ends: BinaryHeap::new() };
    let mut store = Memory(vec![]);
    let driven = drive(&mut run, vec![], &mut store, &mut workers, &clock, &mut [])?;
    assert_eq!(driven.verdict, Verdict::Success);
    println!("{} in {} simulated minutes", driven.verdict.word(), clock.now().as_millis() / 60_000);
    Ok(())
}
