//! Going on after a crash: from a plan and what was written down to a run, by rules that are data.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::graph::TaskIx;
use crate::{Event, Outcome, Plan, Policy, Run, Standing, Status};

/// What an adapter found written down about an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Nothing: the plan was never run.
    Nothing,
    /// Something that can't be read; the text says why.
    Unreadable(String),
    /// Where every task stood.
    Found(Recorded),
}

/// Progress as it was written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Named values to compare with [`Plan::identity`]. A name that is missing here was not recorded and is not
    /// compared.
    pub identity: Vec<(String, String)>,
    /// The tasks in the order they were recorded.
    pub tasks: Vec<RecordedTask>,
}

/// One task as it was written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedTask {
    /// Its id.
    pub id: String,
    /// Where it stood.
    pub standing: Standing,
}

/// What is known of a task that was written down as RUNNING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing: its worker is gone and left nothing.
    None,
    /// Its worker left a receipt for that very attempt, and this is what it says.
    Receipt(Outcome),
    /// Its worker still lives.
    Alive,
    /// A person does it, or somebody else whom orch did not start: nobody can say that they are gone.
    Handed,
    /// Its worker is gone, and left a result that has to be judged before anybody can say what it means.
    Unjudged,
}

/// The rules of resuming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumeRules {
    /// Recorded tasks must be the plan's, in the plan's order; otherwise everything starts anew (seed 002). When
    /// false, statuses are carried over by id and the differences are said.
    pub same_list: bool,
    /// Whether a RUNNING task may be settled by its receipt. When false it is always run again: the bare rule of
    /// seed 002, which runs finished work twice when the crash fell between its end and its record.
    pub trust_receipts: bool,
    /// Whether a surviving worker is waited for; otherwise it is to be ended and its task run again.
    pub wait_for_survivors: bool,
}

impl Default for ResumeRules {
    /// The same list, receipts count, survivors are waited for.
    fn default() -> Self {
        Self { same_list: true, trust_receipts: true, wait_for_survivors: true }
    }
}

/// How a run begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// There was nothing to go on from.
    First,
    /// It goes on from what was recorded.
    Continued {
        /// Tasks of the plan that were not recorded: they begin as PENDING. Empty when the list must be the same.
        added: Vec<TaskIx>,
        /// Recorded ids that are no longer in the plan.
        gone: Vec<String>,
    },
    /// What was recorded can't be used; everything begins as PENDING.
    Anew(WhyAnew),
}

/// Why recorded progress is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyAnew {
    /// It can't be read.
    #[error("the recorded state can't be read: {0}")]
    Unreadable(String),
    /// It belongs to other requirements.
    #[error("{name} was `{recorded}` when the state was recorded and is `{current}` now")]
    Identity {
        /// The name of the value.
        name: String,
        /// What was recorded.
        recorded: String,
        /// What the plan says.
        current: String,
    },
    /// The tasks or their order differ.
    #[error("the list differs at place {}: recorded {}, now {}", place + 1, named(.recorded), named(.current))]
    List {
        /// The first place that differs, from zero.
        place: usize,
        /// What was recorded there.
        recorded: Option<String>,
        /// What the plan has there.
        current: Option<String>,
    },
}

fn named(id: &Option<String>) -> String {
    id.as_ref().map_or_else(|| "nothing".into(), |id| alloc::format!("`{id}`"))
}

/// A run that goes on.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// The run. Tasks recorded as RUNNING are under way in it until the events below are applied.
    pub run: Run,
    /// How it begins.
    pub beginning: Beginning,
    /// What became of the tasks recorded as RUNNING. To be applied and recorded before anything else happens; a
    /// survivor that is waited for has no event yet.
    pub settle: Vec<Event>,
    /// Workers that still live and must be ended before `settle` is applied.
    pub to_end: Vec<TaskIx>,
    /// Workers that still live and are waited for, and those whose result is still to be judged.
    pub survivors: Vec<TaskIx>,
    /// Tasks in the hands of a person: under way, and nobody's to end.
    pub handed: Vec<TaskIx>,
}

/// Decides how a run of `plan` begins, from what was written down and what is known of the workers.
///
/// A pure function: the same input gives the same run. SUCCESS and INCOMPLETE are done; FAIL stays until somebody
/// retries it, and what depends on it is blocked; RUNNING is settled by its receipt, waited for while its worker lives,
/// and otherwise PENDING again. Source: the resume rules of seed 002, with receipts added.
pub fn resume(
    plan: Arc<Plan>,
    policy: Policy,
    memory: &Memory,
    rules: ResumeRules,
    evidence: impl Fn(&RecordedTask) -> Evidence,
) -> Resumed {
    let anew = |plan, policy, beginning| Resumed {
        run: Run::new(plan, policy),
        beginning,
        settle: Vec::new(),
        to_end: Vec::new(),
        survivors: Vec::new(),
        handed: Vec::new(),
    };
    let recorded = match memory {
        Memory::Nothing => return anew(plan, policy, Beginning::First),
        Memory::Unreadable(why) => {
            return anew(plan, policy, Beginning::Anew(WhyAnew::Unreadable(why.clone())));
        }
        Memory::Found(recorded) => recorded,
    };
    if let Some(why) = mismatch(&plan, recorded, rules) {
        return anew(plan, policy, Beginning::Anew(why));
    }

    let mut of: Vec<Option<&RecordedTask>> = alloc::vec![None; plan.len()];
    let mut gone = Vec::new();
    for (place, task) in recorded.tasks.iter().enumerate() {
        // Mostly the list is as it was, and nothing has to be looked up.
        let same = place < plan.len() && plan.id(TaskIx::new(place)) == task.id;
        let found = if same { Some(TaskIx::new(place)) } else { plan.find(&task.id) };
        match found {
            Some(found) => of[found.index()] = Some(task),
            None => gone.push(task.id.clone()),
        }
    }
    let added = plan.tasks().filter(|task| of[task.index()].is_none()).collect();
    let run = Run::restore(Arc::clone(&plan), policy, |task| {
        of[task.index()].map_or_else(Standing::default, |recorded| recorded.standing)
    });
    let mut resumed = Resumed {
        run,
        beginning: Beginning::Continued { added, gone },
        settle: Vec::new(),
        to_end: Vec::new(),
        survivors: Vec::new(),
        handed: Vec::new(),
    };
    for task in plan.tasks() {
        let Some(recorded) = of[task.index()].filter(|_| resumed.run.status(task) == Status::Running) else {
            continue;
        };
        let attempt = resumed.run.attempt(task);
        let outcome = match evidence(recorded) {
            Evidence::Alive if rules.wait_for_survivors && rules.trust_receipts => {
                resumed.survivors.push(task);
                continue;
            }
            Evidence::Handed => {
                resumed.run.hand_over(task);
                resumed.handed.push(task);
                continue;
            }
            // There is no worker to end, and its work is not to be done twice.
            Evidence::Unjudged if rules.trust_receipts => {
                resumed.survivors.push(task);
                continue;
            }
            Evidence::Alive => {
                resumed.to_end.push(task);
                Outcome::Lost
            }
            Evidence::Receipt(outcome) if rules.trust_receipts => outcome,
            Evidence::Receipt(_) | Evidence::Unjudged | Evidence::None => Outcome::Lost,
        };
        resumed.settle.push(Event::Ended { task, attempt, outcome });
    }
    resumed
}

fn mismatch(plan: &Plan, recorded: &Recorded, rules: ResumeRules) -> Option<WhyAnew> {
    for (name, was) in &recorded.identity {
        let current = plan.identity().iter().find(|(known, _)| known == name);
        let current = current.map_or("", |(_, value)| value.as_str());
        if current != was {
            return Some(WhyAnew::Identity {
                name: name.clone(),
                recorded: was.clone(),
                current: current.into(),
            });
        }
    }
    if !rules.same_list {
        return None;
    }
    let places = plan.len().max(recorded.tasks.len());
    (0..places).find_map(|place| {
        let was = recorded.tasks.get(place).map(|task| task.id.as_str());
        let is = (place < plan.len()).then(|| plan.id(TaskIx::new(place)));
        (was != is).then(|| WhyAnew::List {
            place,
            recorded: was.map(Into::into),
            current: is.map(Into::into),
        })
    })
}
