//! `orch why`: what keeps a task from starting, read from the same data that decides.

use std::collections::VecDeque;
use std::io::{self, Write};

use orch_core::{Halt, Hold, Order, Outcome, Phase, Plan, Readiness, Run, Status, TaskIx, Time};
use orch_systems::{Kind, TaskRecord, View};
use serde::Serialize;

use crate::failure::code;
use crate::json::{self, rfc3339};
use crate::sanitise::Sanitised;

/// Links of a chain that are shown at most; the middle of a longer one is left out.
const LINKS: usize = 8;

/// One thing that keeps a task from starting.
struct Reason {
    code: &'static str,
    on: Option<TaskIx>,
    until: Option<Time>,
    /// A lower-case fragment.
    text: String,
    /// What to do about it.
    hint: Option<String>,
}

impl Reason {
    fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, on: None, until: None, text: text.into(), hint: None }
    }

    fn on(self, task: TaskIx) -> Self {
        Self { on: Some(task), ..self }
    }

    fn until(self, until: Time) -> Self {
        Self { until: Some(until), ..self }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Answers with all that keeps `task` from starting, or with where it stands when it is not pending.
pub(crate) fn run(view: &View, task: TaskIx, json: bool, out: &mut dyn Write) -> io::Result<u8> {
    let readiness = view.run().survey(view.now()).of(task);
    let reasons = reasons(view, task, readiness.as_ref());
    let stands = stands(view, task, readiness.as_ref());
    if json {
        let (plan, run) = (view.plan(), view.run());
        let reason = |reason: &Reason| ReasonBody {
            code: reason.code,
            on: reason.on.map(|on| plan.id(on).to_owned()),
            until: reason.until.and_then(rfc3339),
            text: reason.text.clone(),
            hint: reason.hint.clone(),
        };
        let answer = Answer {
            id: plan.id(task),
            readiness: readiness.as_ref().map(word),
            reasons: reasons.iter().map(reason).collect(),
            status: run.status(task).word(),
            text: &stands.text,
            hint: stands.hint.as_deref(),
        };
        json::document(out, "why", &answer)?;
        return Ok(code::SUCCESS);
    }
    write!(out, "{}", Sanitised::line(view.plan().id(task)))?;
    if !view.plan().title(task).is_empty() {
        write!(out, " ({})", Sanitised::line(view.plan().title(task)))?;
    }
    writeln!(out, ": {}", Sanitised::line(&stands.text))?;
    if let Some(hint) = &stands.hint {
        writeln!(out, "  hint: {}", Sanitised::line(hint))?;
    }
    for reason in &reasons {
        writeln!(out, "  {}", Sanitised::line(&reason.text))?;
        if let Some(hint) = &reason.hint {
            writeln!(out, "    hint: {}", Sanitised::line(hint))?;
        }
    }
    Ok(code::SUCCESS)
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    readiness: Option<&'static str>,
    reasons: Vec<ReasonBody>,
    status: &'static str,
    text: &'a str,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct ReasonBody {
    code: &'static str,
    on: Option<String>,
    until: Option<String>,
    text: String,
    hint: Option<String>,
}

/// The word for a readiness in JSON.
pub(super) fn word(readiness: &Readiness) -> &'static str {
    match readiness {
        Readiness::Ready => "ready",
        Readiness::Waiting { .. } => "waiting",
        Readiness::Blocked { .. } => "blocked",
        Readiness::Held(_) => "held",
    }
}

/// Where a task stands, in a line, and what can be done when that is not good.
struct Stands {
    text: String,
    hint: Option<String>,
}

fn stands(view: &View, task: TaskIx, readiness: Option<&Readiness>) -> Stands {
    let run = view.run();
    let record = view.record(task).filter(|record| record.attempt == run.attempt(task));
    let moment = |word: &str, time: Option<Time>| match time.and_then(rfc3339) {
        Some(time) => format!(" {word} {time}"),
        None => String::new(),
    };
    let ended = moment("at", record.and_then(|record| record.ended_at));
    let detail = record.and_then(|record| record.detail.as_deref().or(Some(record.outcome?.word())));
    let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
    let again = |what: &str| Some(format!("`orch retry {}` {what}", view.plan().id(task)));
    // What is in its way, and what clears that, is the detail.
    let is_obstructed = record.is_some_and(|record| record.outcome == Some(Outcome::Obstructed));
    let (text, hint) = match run.status(task) {
        Status::Pending => {
            let how = readiness.map_or("pending", word);
            let hint = (readiness == Some(&Readiness::Ready)).then(|| match view.live() {
                Some(_) => "the run under way starts it".into(),
                None => "`orch run` starts it".into(),
            });
            (format!("PENDING, {how}"), hint)
        }
        Status::Running => {
            let active = run.active().iter().find(|active| active.task == task);
            let since = active.map(|active| active.since).filter(|&since| since > Time::default());
            let attempt = match run.attempt(task) {
                0 => String::new(),
                attempt => format!(", attempt {attempt}"),
            };
            let text = format!("RUNNING{}{attempt}", moment("since", since));
            match active.map(|active| active.phase) {
                Some(Phase::Handed) => {
                    let id = view.plan().id(task);
                    let hint = format!(
                        "`orch collect` takes in what they hand back; `orch stop {id}` gives it back"
                    );
                    (format!("{text}, in the hands of a person"), Some(hint))
                }
                _ => (text, None),
            }
        }
        Status::Success => (format!("SUCCESS{ended}"), None),
        Status::Incomplete if is_obstructed => {
            let hint =
                format!("its work is done: once the way is clear, `orch retry {}`", view.plan().id(task));
            let hint = format!("{hint}, and the next run brings it in without a worker");
            (format!("INCOMPLETE{ended}{detail}"), Some(hint))
        }
        Status::Incomplete => (format!("INCOMPLETE{ended}{detail}"), again("does it again")),
        Status::Fail => (format!("FAIL{ended}{detail}"), again("does it again when the cause is mended")),
    };
    Stands { text, hint }
}

fn reasons(view: &View, task: TaskIx, readiness: Option<&Readiness>) -> Vec<Reason> {
    match readiness {
        None if view.run().review_due(task) => vec![review_due(view.plan(), task)],
        None | Some(Readiness::Ready) => Vec::new(),
        Some(Readiness::Waiting { on }) => on.iter().map(|&on| waits_for(view, task, on)).collect(),
        Some(Readiness::Blocked { by }) => blocked(view, task, by),
        Some(Readiness::Held(hold)) => {
            let reason = held(view.run(), hold);
            let is_a_gate = matches!(hold, Hold::Awaits { .. }) && view.loaded().kind() == Kind::Milestones;
            let id = view.plan().id(task);
            vec![if is_a_gate { reason.hint(format!("`orch ack {id}` approves it")) } else { reason }]
        }
    }
}

fn waits_for(view: &View, task: TaskIx, on: TaskIx) -> Reason {
    let (id, status) = (view.plan().id(on), view.run().status(on));
    if view.run().review_due(on) {
        return review_due(view.plan(), on);
    }
    let needed: Vec<String> =
        view.loaded().needed_of(task, on).iter().map(|name| format!("`{name}`")).collect();
    let provides = match needed.as_slice() {
        [] => String::new(),
        needed => format!(" and provides {}", needed.join(", ")),
    };
    let reason = Reason::new("waiting", format!("waits for `{id}`, which is {status}{provides}")).on(on);
    let is_obstructed = |record: &TaskRecord| record.outcome == Some(Outcome::Obstructed);
    match status {
        Status::Incomplete if view.attempt_record(on).is_some_and(is_obstructed) => reason.hint(format!(
            "it is done, and something is in the way of its work: `orch why {id}` says what to do"
        )),
        Status::Incomplete => reason.hint(format!("`orch retry {id}` does it again")),
        _ => reason,
    }
}

fn review_due(plan: &Plan, task: TaskIx) -> Reason {
    Reason::new("review", format!("the review of `{}` is still due", plan.id(task))).on(task)
}

/// One reason for each failed task, with the way from it to the blocked one.
fn blocked(view: &View, task: TaskIx, by: &[TaskIx]) -> Vec<Reason> {
    let plan = view.plan();
    let towards = ways_to(view, task);
    let reason = |&failed: &TaskIx| {
        let mut chain = vec![failed];
        let mut at = failed;
        while let Some(next) = towards[at.index()] {
            chain.push(next);
            at = next;
        }
        let id = plan.id(failed);
        Reason::new("blocked", format!("blocked by `{id}`, which failed: {}", shown(plan, &chain)))
            .on(failed)
            .hint(format!("`orch retry {id}` does it again"))
    };
    by.iter().map(reason).collect()
}

/// For each task that `task` needs by way of pending ones, the next on a shortest way to it.
fn ways_to(view: &View, task: TaskIx) -> Vec<Option<TaskIx>> {
    let graph = view.plan().graph();
    let mut towards = vec![None; graph.len()];
    let mut open = VecDeque::from([task]);
    while let Some(at) = open.pop_front() {
        for &on in graph.depends_on(at) {
            if towards[on.index()].is_none() {
                towards[on.index()] = Some(at);
                if view.run().status(on) == Status::Pending {
                    open.push_back(on);
                }
            }
        }
    }
    towards
}

fn shown(plan: &Plan, chain: &[TaskIx]) -> String {
    let ids = |links: &[TaskIx]| links.iter().map(|&link| plan.id(link)).collect::<Vec<_>>().join(" → ");
    if chain.len() <= LINKS {
        return ids(chain);
    }
    let (first, rest) = chain.split_at(LINKS / 2);
    let (middle, last) = rest.split_at(rest.len() - LINKS / 2);
    format!("{} → … {} more … → {}", ids(first), middle.len(), ids(last))
}

fn held(run: &Run, hold: &Hold) -> Reason {
    let text = hold_text(run, hold);
    match hold {
        Hold::Asked(_) => Reason::new("asked", text),
        Hold::NotSelected => Reason::new("not_selected", text),
        Hold::Halted(halt) => halted(text, *halt),
        Hold::Resting { until } => Reason::new("resting", text).until(*until),
        Hold::RateLimited { until } => Reason::new("rate_limited", text).until(*until),
        Hold::Awaits { .. } => Reason::new("awaits", text)
            .hint("nothing in the plan brings it about; a run under way goes on as soon as it is there"),
        Hold::Claimed { by, .. } => Reason::new("claimed", text).on(*by),
        Hold::NotItsTurn { after } => {
            let reason = Reason::new("turn", text).on(*after);
            match run.policy().order {
                Order::Waves => {
                    reason.hint("`orch run --continuous` starts each task as soon as it is ready")
                }
                _ => reason.hint("`orch run -j N` goes by the graph instead of down the list"),
            }
        }
        Hold::NoSlot { .. } => Reason::new("slots", text).hint("`orch run -j N` runs more at once"),
    }
}

fn halted(text: String, halt: Halt) -> Reason {
    let reason = Reason::new("halted", text);
    match halt {
        Halt::Failed { task }
        | Halt::Incomplete { task }
        | Halt::Review { task }
        | Halt::CouldNotStart { task } => reason.on(task),
        Halt::Paused { task } => reason.on(task).hint("`orch ack` when you have looked at it"),
        Halt::RateLimited { until } => reason.until(until),
        Halt::Stopped => reason,
    }
}

/// What is in the way of a task whose needs are met, as a lower-case fragment.
pub(super) fn hold_text(run: &Run, hold: &Hold) -> String {
    let plan = run.plan();
    let until = |time: Time| rfc3339(time).map(|time| format!(" until {time}")).unwrap_or_default();
    match hold {
        Hold::Asked(why) => format!("held: {why}"),
        Hold::NotSelected => "left out of this run".into(),
        Hold::Halted(halt) => match *halt {
            Halt::Failed { task } => format!("the run has stopped: `{}` failed", plan.id(task)),
            Halt::Incomplete { task } => {
                format!("the run has paused: `{}` came back incomplete", plan.id(task))
            }
            Halt::Review { task } => {
                format!("the run has stopped: `{}` did not pass its review", plan.id(task))
            }
            Halt::CouldNotStart { task } => {
                format!("the run has stopped: the worker of `{}` could not be started", plan.id(task))
            }
            Halt::Paused { task } => {
                format!("nothing starts until a person has looked at what came of `{}`", plan.id(task))
            }
            Halt::RateLimited { until: end } => format!("the run has ended: rate limited{}", until(end)),
            Halt::Stopped => "somebody stopped the run".into(),
        },
        Hold::Resting { until: end } => format!("rests before its next try{}", until(*end)),
        Hold::RateLimited { until: end } => format!("the provider refuses work{}", until(*end)),
        Hold::Awaits { what } => format!("waits for {what}"),
        Hold::Claimed { claim, by } => format!("`{}` holds `{claim}`", plan.id(*by)),
        Hold::NotItsTurn { after } if run.policy().order == Order::Waves => {
            format!("its wave has not begun: `{}` of an earlier wave is not done", plan.id(*after))
        }
        Hold::NotItsTurn { after } => format!("its turn comes after `{}`", plan.id(*after)),
        Hold::NoSlot { slots: 1 } => "the only slot is taken".into(),
        Hold::NoSlot { slots } => format!("all {slots} slots are taken"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use orch_core::{Event, PlanDraft, Policy, TaskDraft};

    #[test]
    fn a_further_wave_waits_for_a_task_of_an_earlier_one() {
        let tasks = vec![TaskDraft::new("001"), TaskDraft::new("002"), TaskDraft::new("003").after(["002"])];
        let plan = Plan::build(PlanDraft { tasks, ..PlanDraft::default() }).unwrap();
        let mut run = Run::new(Arc::new(plan), Policy { order: Order::Waves, ..Policy::default() });
        let (done, last) = (TaskIx::new(1), TaskIx::new(2));
        run.apply(Event::Started { task: done }, Time::default()).unwrap();
        let outcome = orch_core::Outcome::Succeeded;
        run.apply(Event::Ended { task: done, attempt: 1, outcome }, Time::default()).unwrap();
        let readiness = run.survey(Time::default()).of(last);
        let Some(Readiness::Held(hold)) = readiness else { panic!("{readiness:?}") };
        let reason = held(&run, &hold);
        assert_eq!(reason.text, "its wave has not begun: `001` of an earlier wave is not done");
        assert!(
            reason.hint.is_some_and(|hint| hint.contains("--continuous")),
            "jobs do not change the order"
        );
    }
}
