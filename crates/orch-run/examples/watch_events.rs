//! Watching a run: an observer that counts, and one that prints each event on a line.
//!
//! `cargo run -p orch-run --example watch_events`

use std::sync::Arc;

use orch_core::{Outcome, Plan, PlanDraft, Policy, ReviewVerdict, Run, StopCause, TaskDraft, TaskIx, Time};
use orch_run::{
    CouldNotStart, Failure, Happening, Notice, Observer, Started, Store, SystemClock, What, Workers, drive,
};

/// Workers that are done as soon as they are started.
#[derive(Default)]
struct Instant(Vec<Notice>);

impl Workers for Instant {
    fn start(&mut self, _: &Run, task: TaskIx, attempt: u32) -> Result<Started, CouldNotStart> {
        self.0.push(Notice::Ended { task, attempt, outcome: Outcome::Succeeded, detail: None });
        Ok(Started::default())
    }

    fn review(&mut self, _: &Run, task: TaskIx) -> Result<(), (ReviewVerdict, String)> {
        self.0.push(Notice::Reviewed { task, verdict: ReviewVerdict::Pass, detail: None });
        Ok(())
    }

    fn stop(&mut self, _: TaskIx, _: StopCause) {}

    fn wait(&mut self, _: &Run, _: Option<Time>) -> Result<Vec<Notice>, Failure> {
        Ok(std::mem::take(&mut self.0))
    }
}

struct Forgetful;

impl Store for Forgetful {
    fn record(&mut self, _: &Run, _: &[Happening]) -> Result<(), Failure> {
        Ok(())
    }
}

struct Print;

impl Observer for Print {
    fn see(&mut self, happening: &Happening, _: &Run) {
        println!("{happening:?}");
    }
}

#[derive(Default)]
struct Count {
    moves: usize,
    reviews: usize,
}

impl Observer for Count {
    fn see(&mut self, happening: &Happening, _: &Run) {
        match happening.what {
            What::Moved { .. } => self.moves += 1,
            What::Reviewed { .. } => self.reviews += 1,
            _ => {}
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tasks = vec![TaskDraft::new("write"), TaskDraft::new("test").after(["write"])];
    let plan = Plan::build(PlanDraft { tasks, ..PlanDraft::default() })?;
    let mut run = Run::new(Arc::new(plan), Policy { review: true, ..Policy::default() });
    let mut count = Count::default();
    drive(
        &mut run,
        vec![],
        &mut Forgetful,
        &mut Instant::default(),
        &SystemClock::new(),
        &mut [&mut Print, &mut count],
    )?;
    assert_eq!((count.moves, count.reviews), (4, 2));
    Ok(())
}
