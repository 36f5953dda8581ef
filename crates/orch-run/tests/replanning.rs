//! A plan that is changed while it is run, as the driver takes it over.

use std::sync::Arc;

use orch_core::{
    Outcome, Plan, PlanDraft, Policy, ReviewVerdict, Run, StopCause, TakenOver, TaskDraft, TaskIx, Time,
    Verdict,
};
use orch_run::{
    Clock, CouldNotStart, Failure, Happening, Notice, Observer, Started, Store, What, Workers, drive,
};

fn plan(tasks: &[(&str, &[&str])]) -> Arc<Plan> {
    let tasks = tasks.iter().map(|(id, on)| TaskDraft::new(*id).after(on.iter().copied())).collect();
    Arc::new(Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap())
}

/// What happened, in the words of the plan as it was then.
#[derive(Default)]
struct Told(Vec<String>);

impl Observer for Told {
    fn see(&mut self, happening: &Happening, run: &Run) {
        let id = |task: TaskIx| run.plan().id(task).to_owned();
        self.0.extend(match &happening.what {
            What::Moved { moved, .. } => Some(format!("{} {}", id(moved.task), moved.to)),
            What::Replanned { added, gone } => {
                let added: Vec<String> = added.iter().map(|&task| id(task)).collect();
                Some(format!("with {added:?} without {gone:?}"))
            }
            What::Alert { text, .. } => Some(text.clone()),
            _ => None,
        });
    }
}

/// Writes nothing down, but which plan what was of.
#[derive(Default)]
struct Names {
    plan: Option<Arc<Plan>>,
    recorded: Vec<String>,
}

impl Store for Names {
    fn record(&mut self, run: &Run, happened: &[Happening]) -> Result<(), Failure> {
        let plan = self.plan.get_or_insert_with(|| Arc::clone(run.plan()));
        for happening in happened {
            if let What::Moved { moved, .. } = &happening.what {
                self.recorded.push(format!("{} {}", plan.id(moved.task), moved.to));
            }
        }
        Ok(())
    }

    fn replanned(&mut self, run: &Run) -> Result<(), Failure> {
        self.plan = Some(Arc::clone(run.plan()));
        Ok(())
    }
}

/// Workers whose attempts succeed when they are waited for, the latest first; `changes` are the plan's, each after so many
/// ends.
struct Quick {
    under_way: Vec<(TaskIx, u32)>,
    ends: usize,
    changes: Vec<(usize, Arc<Plan>)>,
    /// Whether changes are told of, or only found when the run is about to end.
    tells: bool,
}

impl Workers for Quick {
    fn start(&mut self, _: &Run, task: TaskIx, attempt: u32) -> Result<Started, CouldNotStart> {
        self.under_way.push((task, attempt));
        Ok(Started::default())
    }

    fn review(&mut self, _: &Run, _: TaskIx) -> Result<(), (ReviewVerdict, String)> {
        unreachable!("nothing is reviewed")
    }

    fn stop(&mut self, _: TaskIx, _: StopCause) {}

    fn wait(&mut self, _: &Run, _: Option<Time>) -> Result<Vec<Notice>, Failure> {
        let mut notices = Vec::new();
        if let Some((task, attempt)) = self.under_way.pop() {
            self.ends += 1;
            notices.push(Notice::Ended { task, attempt, outcome: Outcome::Succeeded, detail: None });
        }
        if self.tells && self.changes.first().is_some_and(|(after, _)| *after <= self.ends) {
            notices.insert(0, Notice::Replanned);
        }
        Ok(notices)
    }

    fn new_plan(&mut self, _: &Run) -> Option<Arc<Plan>> {
        let is_due = self.changes.first().is_some_and(|(after, _)| *after <= self.ends);
        is_due.then(|| self.changes.remove(0).1)
    }

    fn replanned(&mut self, run: &Run, taken_over: &TakenOver) {
        for (task, _) in &mut self.under_way {
            let became = taken_over.was.iter().position(|was| *was == Some(*task)).unwrap();
            *task = run.plan().tasks().nth(became).unwrap();
        }
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Time {
        Time::from_millis(0)
    }
}

fn driven(
    first: Arc<Plan>,
    changes: Vec<(usize, Arc<Plan>)>,
    tells: bool,
) -> (Verdict, Vec<String>, Vec<String>) {
    let jobs = std::num::NonZeroU32::new(2).unwrap();
    let mut run = Run::new(first, Policy { jobs, ..Policy::default() });
    let (mut store, mut told) = (Names::default(), Told::default());
    let mut workers = Quick { under_way: Vec::new(), ends: 0, changes, tells };
    let driven = drive(&mut run, Vec::new(), &mut store, &mut workers, &Still, &mut [&mut told]).unwrap();
    (driven.verdict, told.0, store.recorded)
}

#[test]
fn what_happened_before_is_told_and_recorded_by_the_plan_before() {
    let first = plan(&[("a", &[]), ("b", &[]), ("d", &["a", "b"])]);
    // `b` has ended when it comes, and `a`, which is still under way, gets another place.
    let second = plan(&[("c", &["a"]), ("b", &[]), ("a", &[])]);
    let (verdict, told, recorded) = driven(first, vec![(1, second)], true);
    assert_eq!(verdict, Verdict::Success);
    let moves = ["a RUNNING", "b RUNNING", "b SUCCESS", "a SUCCESS", "c RUNNING", "c SUCCESS"];
    assert_eq!(recorded, moves);
    let mut all = moves.map(str::to_owned).to_vec();
    all.insert(3, "with [\"c\"] without [\"d\"]".into());
    assert_eq!(told, all);
}

#[test]
fn a_run_does_not_end_beside_tasks_that_came_at_the_last_moment() {
    let (verdict, told, _) =
        driven(plan(&[("a", &[])]), vec![(1, plan(&[("a", &[]), ("b", &["a"])]))], false);
    assert_eq!(verdict, Verdict::Success);
    assert_eq!(told, ["a RUNNING", "a SUCCESS", "with [\"b\"] without []", "b RUNNING", "b SUCCESS"]);
}

#[test]
fn a_change_that_would_touch_what_is_done_is_refused_and_the_run_goes_on() {
    let first = plan(&[("a", &[]), ("b", &["a"])]);
    let (verdict, told, _) = driven(first, vec![(1, plan(&[("b", &[])]))], true);
    assert_eq!(verdict, Verdict::Success);
    assert!(
        told.iter().any(|told| told.contains("`a` is done, and the changed plan has it no longer")),
        "{told:?}"
    );
    assert_eq!(told.last().unwrap(), "b SUCCESS");
}
