//! Persons who hold, release, leave out, retry and take tasks at any moment, and crashes: what may start is what a reader of
//! the rules would say, by the graph and wave by wave, and it does not matter how often the run is asked.

use std::collections::{BTreeMap, BTreeSet};

use orch_core::{Phase, Standing};
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
struct Case {
    tasks: usize,
    edges: Vec<(usize, usize)>,
    claims: Vec<u8>,
    awaits: Vec<bool>,
    jobs: u32,
    waves: bool,
    review: bool,
    retries: u32,
    steps: Vec<(u8, usize, u8)>,
}

fn cases() -> impl Strategy<Value = Case> {
    (2usize..10).prop_flat_map(|tasks| {
        (
            prop::collection::vec((0..tasks, 0..tasks), 0..tasks * 2),
            prop::collection::vec(0u8..8, tasks),
            prop::collection::vec(prop::bool::weighted(0.1), tasks),
            (1u32..5, prop::bool::weighted(0.8), any::<bool>(), 0u32..3),
            prop::collection::vec((0u8..20, 0..tasks, any::<u8>()), 0..120),
        )
            .prop_map(move |(edges, claims, awaits, (jobs, waves, review, retries), steps)| {
                // Needs in any direction of the list: ranks that are no places.
                let rank = |task: usize| (task * 7 + 3) % 11;
                let edges = edges.into_iter().filter(|(a, b)| a != b);
                let edges = edges.map(|(a, b)| if rank(a) > rank(b) { (a, b) } else { (b, a) }).collect();
                Case { tasks, edges, claims, awaits, jobs, waves, review, retries, steps }
            })
    })
}

/// What was said to the run and can't be read from it.
#[derive(Default)]
struct Said {
    held: BTreeSet<usize>,
    left_out: BTreeSet<usize>,
    rests: BTreeMap<usize, Time>,
    condition: bool,
}

struct World<'a> {
    case: &'a Case,
    run: Run,
    said: Said,
    now: Time,
}

impl World<'_> {
    fn needs(&self, task: usize) -> impl Iterator<Item = usize> {
        self.case.edges.iter().filter(move |(from, _)| *from == task).map(|&(_, on)| on)
    }

    fn level(&self, task: usize) -> usize {
        self.needs(task).map(|on| 1 + self.level(on)).max().unwrap_or(0)
    }

    fn phase(&self, task: usize) -> Option<Phase> {
        self.run.active().iter().find(|active| active.task == t(task)).map(|active| active.phase)
    }

    fn is_done(&self, task: usize) -> bool {
        self.run.status(t(task)).is_settled()
            && self.run.status(t(task)) != Status::Fail
            && !self.run.review_due(t(task))
    }

    /// Whether only the run itself keeps the task from starting, if anything does.
    fn could(&self, task: usize) -> bool {
        self.run.status(t(task)) == Status::Pending
            && self.needs(task).all(|on| self.is_done(on))
            && !self.said.held.contains(&task)
            && !self.said.left_out.contains(&task)
            && (self.said.condition || !self.case.awaits[task])
    }

    fn is_waited_for(&self, task: usize) -> bool {
        let owed = self.run.review_due(t(task)) && !self.said.held.contains(&task);
        match self.phase(task) {
            Some(Phase::Handed) => false,
            Some(Phase::Work | Phase::Review) => true,
            None => owed || self.could(task),
        }
    }

    fn wave(&self) -> Option<usize> {
        (0..self.case.tasks).filter(|&task| self.is_waited_for(task)).map(|task| self.level(task)).min()
    }

    /// Whether the task may start but for a slot.
    fn may_be_handed(&self, task: usize) -> bool {
        let claims = &self.case.claims;
        let shared = |other| claims[other] == claims[task] && self.run.status(t(other)) == Status::Running;
        self.could(task)
            && self.said.rests.get(&task).is_none_or(|&until| until <= self.now)
            && (claims[task] > 2 || !(0..self.case.tasks).any(shared))
            && (!self.case.waves || self.wave().is_none_or(|wave| self.level(task) <= wave))
    }

    fn may_start(&self, task: usize) -> bool {
        let slots = self.run.active().iter().filter(|active| active.phase != Phase::Handed).count();
        slots < self.case.jobs as usize && self.may_be_handed(task)
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let may: Vec<usize> = (0..self.case.tasks).filter(|&task| self.may_start(task)).collect();
        let survey = self.run.survey(self.now);
        prop_assert_eq!(survey.ready().map(TaskIx::index).collect::<Vec<_>>(), may.clone());
        let first = (0..self.case.tasks).filter(|&task| self.is_waited_for(task));
        let first = first.min_by_key(|&task| (self.level(task), task));
        let mut asked = self.run.clone();
        let step = asked.next(self.now);
        match step {
            Step::Start(task) => {
                prop_assert!(may.contains(&task.index()));
                let again = |&&task: &&usize| self.run.reworks(t(task)) > 0;
                prop_assert_eq!(Some(&task.index()), may.iter().find(again).or(may.first()));
            }
            Step::Wait(_) | Step::Done(_) => prop_assert_eq!(&may, &[] as &[usize; 0], "{:?}", step),
            Step::Stop { .. } | Step::Review(_) => {}
        }
        if step == Step::Done(Verdict::Stuck) {
            prop_assert!((0..self.case.tasks).all(|task| !self.could(task)), "it is not stuck");
        }
        for task in 0..self.case.tasks {
            if let Some(Readiness::Held(Hold::NotItsTurn { after })) = survey.of(t(task)) {
                prop_assert!(self.could(task) && !self.may_be_handed(task));
                prop_assert_eq!(Some(after.index()), first);
            }
            let starts = asked.clone().apply(Event::Started { task: t(task) }, self.now).is_ok();
            prop_assert_eq!(starts, self.may_start(task), "task {} once asked", task);
            // Whether or not the run was asked since something ended; a rest ends when it is asked.
            if !self.said.rests.contains_key(&task) {
                let starts = self.run.clone().apply(Event::Started { task: t(task) }, self.now).is_ok();
                prop_assert_eq!(starts, self.may_start(task), "task {}", task);
            }
        }
        Ok(())
    }

    fn step(&mut self, what: u8, task: usize, how: u8) -> Result<(), TestCaseError> {
        let (place, task) = (task, t(task));
        let now = self.now;
        match what {
            0 => {
                self.run.apply(Event::Hold { task, why: "by hand".into() }, now).unwrap();
                self.said.held.insert(place);
            }
            1 | 2 => {
                // Whichever is held, so that holds do not pile up.
                let held = self.said.held.pop_last().unwrap_or(place);
                self.run.apply(Event::Release { task: t(held) }, now).unwrap();
            }
            3 | 4 => {
                if self.run.apply(Event::Retry { task }, now).is_ok() {
                    self.said.rests.remove(&place);
                }
            }
            5 => {
                self.said.left_out = (0..self.case.tasks).filter(|place| how >> (place % 7) == 1).collect();
                self.run
                    .select((0..self.case.tasks).filter(|place| !self.said.left_out.contains(place)).map(t));
            }
            6 => {
                let may = self.may_be_handed(place);
                let rests = self.said.rests.contains_key(&place);
                let taken = self.run.apply(Event::Handed { task }, now).is_ok();
                prop_assert!(taken == may || rests, "task {} taken {}", place, taken);
                if taken {
                    self.said.rests.remove(&place);
                }
            }
            7 => {
                self.run.apply(Event::Holds { condition: "x".into() }, now).unwrap();
                self.said.condition = true;
            }
            8 if how < 60 => self.crash(),
            9 => self.now = now + Duration::from_secs(how.into()),
            10..=14 => self.end(how),
            _ => match self.run.next(now) {
                Step::Start(task) => {
                    self.run.apply(Event::Started { task }, now).unwrap();
                    self.said.rests.remove(&task.index());
                }
                Step::Review(task) => drop(self.run.apply(Event::ReviewStarted { task }, now).unwrap()),
                Step::Stop { task, cause } => {
                    self.run.apply(Event::StopAsked { task, cause }, now).unwrap();
                }
                Step::Wait(_) | Step::Done(_) => self.end(how),
            },
        }
        Ok(())
    }

    /// Something under way ends.
    fn end(&mut self, how: u8) {
        let active = self.run.active();
        let Some(&active) = active.get(usize::from(how / 8) % active.len().max(1)) else { return };
        let (task, attempt) = (active.task, active.attempt);
        if active.phase == Phase::Review {
            self.run.apply(Event::Reviewed { task, verdict: ReviewVerdict::Pass }, self.now).unwrap();
            return;
        }
        let outcome = match how % 8 {
            0..=2 => Outcome::Succeeded,
            3 => Outcome::Incomplete,
            4 | 5 => Outcome::Failed,
            6 => Outcome::Rejected,
            _ => Outcome::Lost,
        };
        let change = self.run.apply(Event::Ended { task, attempt, outcome }, self.now).unwrap();
        if let Change::Moved(moved) = change
            && (moved.to, moved.outcome) == (Status::Pending, Some(Outcome::Failed))
        {
            let rest = self.run.policy().backoff.after(moved.tries);
            self.said.rests.insert(task.index(), self.now + rest);
        }
    }

    /// What was said is forgotten, and who had a task is not known.
    fn crash(&mut self) {
        let (plan, policy) = (Arc::clone(self.run.plan()), self.run.policy().clone());
        let stood = |task| Standing {
            status: self.run.status(task),
            attempt: self.run.attempt(task),
            tries: self.run.tries(task),
            reworks: self.run.reworks(task),
            review_due: self.run.review_due(task),
            since: None,
            limited_until: None,
        };
        self.run = Run::restore(plan, policy, stood);
        self.said = Said::default();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_persons_do_in_between_changes_no_rule(case in cases()) {
        let mut tasks: Vec<TaskDraft> = (0..case.tasks).map(|n| TaskDraft::new(format!("t{n}"))).collect();
        for &(from, on) in &case.edges {
            tasks[from].depends_on.push(format!("t{on}").as_str().into());
        }
        for (place, task) in tasks.iter_mut().enumerate() {
            task.claims.extend((case.claims[place] <= 2).then(|| format!("c{}", case.claims[place])));
            task.awaits.extend(case.awaits[place].then(|| "x".into()));
        }
        let plan = Arc::new(Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap());
        let policy = Policy {
            jobs: jobs(case.jobs),
            order: if case.waves { Order::Waves } else { Order::Graph },
            on_failure: OnFailure::KeepGoing,
            retries: case.retries,
            reworks: 1,
            review: case.review,
            ..Policy::default()
        };
        let run = Run::new(plan, policy);
        let mut world = World { case: &case, run, said: Said::default(), now: at(1) };
        for &(what, task, how) in &case.steps {
            world.check()?;
            world.step(what, task, how)?;
        }
        world.check()?;
    }
}
