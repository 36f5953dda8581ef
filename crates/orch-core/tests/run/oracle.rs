//! The run against an independently written oracle.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
struct Case {
    tasks: usize,
    edges: Vec<(usize, usize)>,
    claims: Vec<u8>,
    jobs: u32,
    order: Order,
    keep_going: bool,
    release: bool,
    retries: u32,
    review: bool,
    reworks: u32,
    /// By task the conditions it awaits, as bits.
    awaits: Vec<u8>,
    wait: bool,
    steps: Vec<(u16, u8)>,
}

/// How many conditions there are.
const CONDITIONS: usize = 4;

fn cases() -> impl Strategy<Value = Case> {
    (1usize..14).prop_flat_map(|tasks| {
        (
            prop::collection::vec((0..tasks, 0..tasks), 0..tasks * 2),
            prop::collection::vec(0u8..6, tasks),
            1u32..5,
            any::<[bool; 4]>(),
            [0u32..3, 0u32..3, 0u32..3],
            // Mostly none.
            prop::collection::vec((0u8..16, 0u8..16, 0u8..16).prop_map(|(a, b, c)| a & b & c), tasks),
            prop::collection::vec((any::<u16>(), any::<u8>()), 0..80),
        )
            .prop_map(
                move |(edges, claims, jobs, flags, [order, retries, reworks], awaits, steps)| {
                    let [keep_going, release, review, wait] = flags;
                    Case {
                        tasks,
                        edges: edges
                            .into_iter()
                            .filter(|(a, b)| a != b)
                            .map(|(a, b)| (a.max(b), a.min(b)))
                            .collect(),
                        claims,
                        jobs,
                        order: [Order::List, Order::Graph, Order::Waves][order as usize],
                        keep_going,
                        release,
                        retries,
                        review,
                        reworks,
                        awaits,
                        wait,
                        steps,
                    }
                },
            )
    })
}

/// What a reader of the documentation would compute by hand, from statuses alone and from scratch each time.
struct Oracle<'a> {
    case: &'a Case,
    status: Vec<Status>,
    owed: Vec<bool>,
    resting: Vec<Option<Time>>,
    running: Vec<usize>,
    failed: bool,
    limited: Option<Time>,
    sent_back: Vec<u32>,
    /// The conditions that hold, as bits.
    holds: u8,
}

impl Oracle<'_> {
    fn done(&self, task: usize) -> bool {
        !self.owed[task]
            && (self.status[task] == Status::Success
                || (self.status[task] == Status::Incomplete && self.case.release))
    }

    fn may_start(&self, task: usize, now: Time) -> bool {
        self.may_start_but_for_order(task, now)
            && match self.case.order {
                Order::List => (0..task).all(|earlier| self.passed(earlier)),
                Order::Graph => true,
                Order::Waves => {
                    self.first_of_wave().is_none_or(|first| self.level(task) <= self.level(first))
                }
            }
    }

    fn may_start_but_for_order(&self, task: usize, now: Time) -> bool {
        self.needs_nothing(task)
            && self.resting[task].is_none_or(|until| until <= now)
            && self.limited.is_none_or(|until| until <= now)
            && self.running.len() < self.case.jobs as usize
            && (self.case.keep_going || !self.failed)
            && (self.case.claims[task] > 3
                || self.running.iter().all(|&other| {
                    self.status[other] != Status::Running || self.case.claims[other] != self.case.claims[task]
                }))
    }

    /// Pending, with all done that it needs, and all it awaits there.
    fn needs_nothing(&self, task: usize) -> bool {
        self.status[task] == Status::Pending
            && self.case.edges.iter().filter(|(from, _)| *from == task).all(|&(_, on)| self.done(on))
            && self.case.awaits[task] & !self.holds == 0
    }

    /// The wave of a task: how many rounds it stays, if each round takes away what needs nothing that is left.
    fn level(&self, task: usize) -> usize {
        let mut left: Vec<usize> = (0..self.case.tasks).collect();
        let mut rounds = 0;
        loop {
            let free =
                |task: &usize| !self.case.edges.iter().any(|(from, on)| from == task && left.contains(on));
            if free(&task) {
                return rounds;
            }
            left = left.iter().copied().filter(|task| !free(task)).collect();
            rounds += 1;
        }
    }

    /// The first task of the wave that is not over.
    fn first_of_wave(&self) -> Option<usize> {
        let not_over =
            |&task: &usize| self.running.contains(&task) || self.owed[task] || self.needs_nothing(task);
        (0..self.case.tasks).filter(not_over).min_by_key(|&task| self.level(task))
    }

    /// In list order (edges point backwards here, so the list order is the plan order).
    fn passed(&self, task: usize) -> bool {
        match self.status[task] {
            Status::Running => false,
            Status::Pending => {
                self.case.edges.iter().filter(|(from, _)| *from == task).any(|&(_, on)| !self.done(on))
                    || self.case.awaits[task] & !self.holds != 0
            }
            _ => !self.owed[task],
        }
    }

    /// Which of the tasks that may start goes first.
    fn first(&self, now: Time) -> Option<usize> {
        let may = |&task: &usize| self.may_start(task, now);
        let again = (0..self.case.tasks).filter(may).find(|&task| self.sent_back[task] > 0);
        again.or_else(|| (0..self.case.tasks).find(may))
    }

    /// What keeps a task from starting is nothing but a condition.
    fn only_awaits(&self, task: usize) -> bool {
        self.status[task] == Status::Pending
            && self.case.awaits[task] & !self.holds != 0
            && self.case.edges.iter().filter(|(from, _)| *from == task).all(|&(_, on)| self.done(on))
    }

    fn first_awaited(&self, task: usize) -> Option<usize> {
        (0..CONDITIONS).find(|condition| self.case.awaits[task] & !self.holds & (1 << condition) != 0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn decisions_agree_with_the_oracle(case in cases()) {
        let mut drafts: Vec<TaskDraft> = (0..case.tasks).map(|n| TaskDraft::new(format!("t{n}"))).collect();
        for &(from, on) in &case.edges {
            drafts[from].depends_on.push(format!("t{on}").as_str().into());
        }
        for (draft, &claim) in drafts.iter_mut().zip(&case.claims) {
            if claim <= 3 {
                draft.claims.push(format!("c{claim}"));
            }
        }
        for (draft, &awaits) in drafts.iter_mut().zip(&case.awaits) {
            let awaited = (0..CONDITIONS).filter(|condition| awaits & (1 << condition) != 0);
            draft.awaits = awaited.map(|condition| format!("x{condition}").as_str().into()).collect();
        }
        let plan = Arc::new(Plan::build(PlanDraft { tasks: drafts, ..PlanDraft::default() }).unwrap());
        let policy = Policy {
            jobs: jobs(case.jobs),
            order: case.order,
            on_failure: if case.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop },
            on_incomplete: if case.release { OnIncomplete::Release } else { OnIncomplete::Hold },
            retries: case.retries,
            reworks: case.reworks,
            review: case.review,
            wait_for_conditions: case.wait,
            ..Policy::default()
        };
        let backoff = policy.backoff;
        let mut run = Run::new(plan, policy);
        let mut oracle = Oracle {
            case: &case,
            status: vec![Status::Pending; case.tasks],
            owed: vec![false; case.tasks],
            resting: vec![None; case.tasks],
            running: vec![],
            failed: false,
            limited: None,
            sent_back: vec![0; case.tasks],
            holds: 0,
        };
        let mut now = at(1);
        let mut steps = case.steps.iter();
        loop {
            if oracle.limited.is_some_and(|until| until <= now) {
                oracle.limited = None;
            }
            let survey = run.survey(now);
            for task in 0..case.tasks {
                prop_assert_eq!(
                    survey.of(t(task)) == Some(Readiness::Ready),
                    oracle.may_start(task, now),
                    "task {} of {:?}: {:?}", task, oracle.status, survey.of(t(task))
                );
                let awaited = match survey.of(t(task)) {
                    Some(Readiness::Held(Hold::Awaits { what })) => Some(what),
                    _ => None,
                };
                let first = oracle.first_awaited(task).filter(|_| oracle.only_awaits(task));
                prop_assert_eq!(awaited, first.map(|condition| format!("x{condition}")), "task {}", task);
                let after = match survey.of(t(task)) {
                    Some(Readiness::Held(Hold::NotItsTurn { after })) => Some(after.index()),
                    _ => None,
                };
                let slot = oracle.running.len() < case.jobs as usize;
                if case.order == Order::Waves && slot {
                    let waits = oracle.may_start_but_for_order(task, now) && !oracle.may_start(task, now);
                    let first = oracle.first_of_wave().filter(|_| waits);
                    prop_assert_eq!(after, first, "task {} only waits for its wave", task);
                }
            }
            match run.next(now) {
                Step::Start(task) => {
                    let first = oracle.first(now);
                    prop_assert_eq!(Some(task.index()), first, "what was sent back, then plan order");
                    run.apply(Event::Started { task }, now).unwrap();
                    oracle.status[task.index()] = Status::Running;
                    oracle.running.push(task.index());
                    oracle.resting[task.index()] = None;
                }
                Step::Review(task) => {
                    prop_assert!(oracle.owed[task.index()] && !oracle.running.contains(&task.index()));
                    run.apply(Event::ReviewStarted { task }, now).unwrap();
                    oracle.running.push(task.index());
                }
                Step::Stop { .. } => prop_assert!(false, "nothing asks for a stop here"),
                Step::Wait(until) => {
                    // (With a review owed, the run takes that before any start.)
                    if oracle.owed.iter().all(|owed| !owed) {
                        prop_assert!((0..case.tasks).all(|task| !oracle.may_start(task, now)));
                    }
                    // Now and then something outside comes to hold; and when that is all there is to wait for.
                    let awaits = case.wait && (0..case.tasks).any(|task| oracle.only_awaits(task));
                    let nothing_else = oracle.running.is_empty() && until.is_none();
                    if nothing_else {
                        prop_assert!(awaits, "it waits for something");
                    }
                    if nothing_else || steps.clone().next().is_some_and(|(_, what)| what % 5 == 0) {
                        let Some(&(pick, _)) = steps.next() else { break };
                        let condition = pick as usize % CONDITIONS;
                        oracle.holds |= 1 << condition;
                        run.apply(Event::Holds { condition: format!("x{condition}") }, now).unwrap();
                        continue;
                    }
                    if oracle.running.is_empty() {
                        prop_assert!(until.is_some_and(|until| until > now), "it waits for something");
                        now = until.unwrap();
                        continue;
                    }
                    let Some(&(pick, what)) = steps.next() else { break };
                    now = now + Duration::from_secs(1);
                    let task = oracle.running.remove(pick as usize % oracle.running.len());
                    if oracle.owed[task] {
                        let verdict = if what % 8 == 0 { ReviewVerdict::Fail } else { ReviewVerdict::Pass };
                        run.apply(Event::Reviewed { task: t(task), verdict }, now).unwrap();
                        if verdict == ReviewVerdict::Fail {
                            prop_assert!(run.halt().is_some());
                            break;
                        }
                        oracle.owed[task] = false;
                        continue;
                    }
                    let outcome = [
                        Outcome::Succeeded, Outcome::Succeeded, Outcome::Succeeded, Outcome::Incomplete,
                        Outcome::Failed, Outcome::RateLimited { until: Some(now + Duration::from_secs(30)) },
                        Outcome::Lost, Outcome::Rejected, Outcome::Rejected,
                    ][what as usize % 9];
                    let tries = run.tries(t(task));
                    end(&mut run, task, outcome, now);
                    let to = match outcome {
                        Outcome::Succeeded => Status::Success,
                        Outcome::Incomplete => Status::Incomplete,
                        Outcome::Failed if tries < case.retries => {
                            oracle.resting[task] = Some(now + backoff.after(tries + 1));
                            Status::Pending
                        }
                        Outcome::Rejected if oracle.sent_back[task] < case.reworks => {
                            oracle.sent_back[task] += 1;
                            Status::Pending
                        }
                        Outcome::Failed | Outcome::Rejected => {
                            oracle.failed = true;
                            Status::Fail
                        }
                        Outcome::RateLimited { until } => {
                            oracle.limited = oracle.limited.max(until);
                            Status::Pending
                        }
                        _ => Status::Pending,
                    };
                    oracle.owed[task] = case.review && matches!(to, Status::Success | Status::Incomplete);
                    oracle.status[task] = to;
                    for task in 0..case.tasks {
                        prop_assert_eq!(run.status(t(task)), oracle.status[task]);
                        prop_assert_eq!(run.reworks(t(task)), oracle.sent_back[task]);
                    }
                }
                Step::Done(verdict) => {
                    prop_assert!(oracle.running.is_empty());
                    prop_assert!((0..case.tasks).all(|task| !oracle.may_start(task, now)));
                    let awaits = (0..case.tasks).any(|task| oracle.only_awaits(task));
                    prop_assert!(!awaits || !case.wait || run.halt().is_some(), "that was worth waiting for");
                    if awaits && !case.wait && run.halt().is_none() && !oracle.status.contains(&Status::Fail) {
                        prop_assert_eq!(verdict, Verdict::Stuck);
                    }
                    break;
                }
            }
        }
    }
}
