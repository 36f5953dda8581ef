//! Keeping the document and `.orchestrator/state.json` true.
//!
//! The document is changed in what it says at that moment, so that what a person edits meanwhile stays; the state of the
//! session comes after it, and then the summaries that were taken in are put away. An orch that goes away between these
//! finds out from the history what the document has not been told yet.

use std::collections::{HashMap, HashSet};

use orch_core::{Moved, Outcome, Phase, Resumed, Run, Status, TaskIx, Time};
use orch_run::Failure;
use orch_state_json::{ActiveWorker, Alert, OrchestratorState, PromptMode, timestamp};
use orch_state_md::planning::{self, Edit, Planning};
use orch_store::{Durability, Folded, Home, StoreError, replace, sweep};

use super::MilestonePlan;
use super::account::{Account, Ended, account};
use super::alerts::alert;
use super::assigned::Assigned;
use super::document::Document;
use super::folder::{Found, SessionFolder};
use super::handoff::Handoff;
use super::ignored::ensure_ignored;
use super::load::shown;
use super::memory::statuses;
use super::missed::{End, missed};
use super::names::{prompt_name, rejected_name, summary_name};
use super::registry::register;
use super::tell::{coming_gap, earlier};
use crate::kept::{Aside, KeptFile};
use crate::moment::moment;
use crate::system::{Keeper, Stand, Writing};

/// Keeps a planning document and the state of its session.
pub(super) struct MilestoneKeeper {
    plan: MilestonePlan,
    home: Option<Home>,
    folder: SessionFolder,
    document: Document,
    state: OrchestratorState,
    file: KeptFile,
    /// Why nothing may be written here.
    refused: Option<String>,
    /// Where each milestone stood in the document when orch last wrote it, else when it was loaded.
    left: Vec<Status>,
    /// Attempts that have ended and that the document has not been told of.
    ended: Vec<End>,
    /// Milestones that were handed to persons by this session.
    handed: HashSet<TaskIx>,
    /// The agent of this run.
    agent: Option<String>,
    /// What was said already of rows that are not as orch has them.
    said: HashSet<String>,
    behind: bool,
}

impl MilestoneKeeper {
    pub(super) fn new(
        plan: &MilestonePlan,
        folder: SessionFolder,
        found: Found,
        home: Option<&Home>,
        history: &Folded,
    ) -> Self {
        let mut file = KeptFile::at(folder.state());
        let (mut is_there, mut refused) = (false, None);
        let mut state = match found {
            Found::State(state) => {
                is_there = true;
                *state
            }
            Found::Unreadable(why) => {
                file.put_aside(Aside { reason: "unreadable", why });
                OrchestratorState::default()
            }
            Found::Refused { message, .. } => {
                refused = Some(message);
                OrchestratorState::default()
            }
            Found::Nothing => OrchestratorState::default(),
        };
        // One that is gone on with is not closed, although an orch was about to.
        state.orch.ended_at = None;
        let loaded = statuses(plan);
        let left: HashMap<&str, Status> =
            state.orch.left.iter().map(|(id, status)| (id.as_str(), *status)).collect();
        Self {
            left: loaded
                .iter()
                .map(|(id, status)| left.get(id.as_str()).copied().unwrap_or(*status))
                .collect(),
            ended: if is_there { missed(plan, &state, &loaded, home, history) } else { Vec::new() },
            document: Document::at(plan.path.clone()),
            plan: plan.clone(),
            home: home.cloned(),
            folder,
            state,
            file,
            refused,
            handed: HashSet::new(),
            agent: None,
            said: HashSet::new(),
            behind: true,
        }
    }

    /// Begins the session, if there is none.
    fn begin(&mut self, now: Time) {
        if self.state.planning_doc.is_empty() {
            self.state.planning_doc = self.plan.shown_path();
        }
        if self.state.started_at.is_empty() {
            self.state.started_at = timestamp(now);
        }
    }

    /// What has been handed back for an attempt that has ended.
    fn handoff(&self, end: &End) -> Result<Option<Handoff>, StoreError> {
        let Some(home) = &self.home else { return Ok(None) };
        let failed = |source| StoreError::Io { path: self.folder.path().to_owned(), step: "read", source };
        Handoff::of(&self.plan, &self.folder, home, (end.task, end.attempt), None).map_err(failed)
    }

    /// What has been handed back for the attempts that have ended, kept.
    fn handoffs(&self, durability: Durability) -> Result<Vec<Option<Handoff>>, StoreError> {
        let find = |end: &End| {
            let found = self.handoff(end)?;
            let in_folder = found.as_ref().filter(|found| found.name.is_some());
            if let (Some(home), Some(found)) = (&self.home, in_folder) {
                found.keep(home, self.plan.plan.id(end.task), end.attempt, durability)?;
            }
            Ok(found)
        };
        self.ended.iter().map(find).collect()
    }

    /// What is to be changed in the document that says `planning` now: every row that is not as the run has it, and what
    /// follows from each attempt that has ended. A row that a person has changed meanwhile stays.
    fn edits(
        &self,
        planning: &Planning,
        run: &Run,
        handoffs: &[Option<Handoff>],
        told: &mut Told,
    ) -> Vec<Edit> {
        let mut edits = Vec::new();
        *told = Told::default();
        let rows: HashMap<&str, Status> = planning
            .milestones
            .iter()
            .map(|milestone| (milestone.id.as_str(), milestone.row.tracked.status))
            .collect();
        for task in run.plan().tasks() {
            let id = run.plan().id(task);
            let (to, left) = (run.status(task), self.left[task.index()]);
            let Some(&row) = rows.get(id) else {
                told.alerts.push(format!("{id} has no row in the tracker any more; it is {to}"));
                continue;
            };
            if row == to {
                continue;
            }
            if row == left {
                edits.push(Edit::Status { id: id.to_owned(), from: Some(row), to });
            } else {
                told.by_hand.push(task);
                told.alerts.push(format!(
                    "the row of {id} was changed by hand to {row}, and stays so; orch has it as {to}"
                ));
            }
        }
        for (end, handoff) in self.ended.iter().zip(handoffs) {
            let Some(milestone) = planning.milestone(self.plan.plan.id(end.task)) else {
                told.accounts.push(Account::default());
                continue;
            };
            let gap = earlier(&self.plan, &self.folder, end.task).is_some();
            let ended = Ended {
                milestone,
                to: end.to,
                handoff: handoff.as_ref(),
                detail: end.detail.as_deref(),
                gap,
                only_merges: self.only_merges(end),
                moment: &moment(end.at),
            };
            let account = account(&ended);
            if !end.known {
                edits.extend(account.edits.iter().cloned());
            }
            told.accounts.push(account);
        }
        edits
    }

    /// Whether the attempt only merged what an earlier one has done.
    fn only_merges(&self, end: &End) -> bool {
        let assigned = |home| Assigned::read(home, self.plan.plan.id(end.task), end.attempt);
        self.home.as_ref().and_then(assigned).is_some_and(|assigned| assigned.only_merges)
    }

    /// The workers that are at work, as the run has them. What else is said of one stays.
    fn show_workers(&mut self, run: &Run) {
        let (plan, handed) = (&self.plan, &self.handed);
        let find = |worker: &ActiveWorker| plan.plan.find(&worker.milestone);
        let is_at_work = |task: TaskIx| run.active().iter().any(|active| active.task == task);
        // One that works on something else than a milestone of the plan is somebody else's.
        self.state.workers.retain(|worker| find(worker).is_none_or(is_at_work));
        for active in run.active() {
            let task = active.task;
            let by = match active.phase {
                Phase::Handed => Some("person".to_owned()),
                _ => self.agent.clone(),
            };
            let place = self.state.workers.iter().position(|worker| find(worker) == Some(task));
            let is_new = handed.contains(&task)
                || place.is_none_or(|place| {
                    let attempt = self.state.workers[place].attempt;
                    attempt.is_some_and(|attempt| attempt != active.attempt)
                });
            if !is_new {
                continue;
            }
            let number = match place {
                Some(place) => self.state.workers.remove(place).worker,
                None => 0,
            };
            let number = if number == 0 { self.state.free_worker() } else { number };
            let (id, title) = (plan.plan.id(task), plan.plan.title(task));
            let mut worker = ActiveWorker::new(number, id, title, timestamp(active.since));
            let slug = plan.slug(task);
            let gap = coming_gap(plan, &self.folder, task);
            let prompt = self.folder.prompts().join(prompt_name(&slug, gap));
            worker.by = by;
            worker.model = plan.milestone(task).recommended.model.clone();
            worker.prompt = prompt.is_file().then(|| shown(&plan.root, &prompt));
            worker.attempt = Some(active.attempt).filter(|&attempt| attempt > 0);
            worker.gap = gap;
            worker.directories = plan.directories(task);
            self.state.workers.push(worker);
        }
        self.state.workers.sort_by_key(|worker| worker.worker);
        self.handed.clear();
    }

    /// Puts the summaries away that were taken in, and notes the names they have now.
    fn put_away(&mut self, handoffs: &[Option<Handoff>], durability: Durability) -> Result<(), StoreError> {
        for (end, handoff) in self.ended.iter().zip(handoffs) {
            let Some(handoff) = handoff else { continue };
            let called = |name: &str| match handoff.was_rejected(end.to) {
                true => rejected_name(name),
                false => name.to_owned(),
            };
            let (plan, folder, known) = (&self.plan, &self.folder, &self.state.processed_summaries);
            let is_pending = |name: &&String| folder.path().join(name).is_file();
            let name = if let Some(name) = handoff.name.as_ref().filter(is_pending) {
                folder.put_away_as(name, &called(name)).map_err(|source| StoreError::Io {
                    path: folder.processed(),
                    step: "write into",
                    source,
                })?
            } else if self.only_merges(end) {
                continue;
            } else if let Some(name) = end.put_away_before(plan, folder, known, &handoff.bytes) {
                name
            } else {
                let slug = plan.slug(end.task);
                let gap = coming_gap(plan, folder, end.task);
                let name = folder.free_name(&called(&summary_name(&slug, gap)));
                replace(&folder.processed().join(&name), &handoff.bytes, durability)?;
                name
            };
            self.state.processed_summaries.push(name);
        }
        Ok(())
    }
}

/// What comes of a change of the document beside the changes.
#[derive(Default)]
struct Told {
    accounts: Vec<Account>,
    alerts: Vec<String>,
    by_hand: Vec<TaskIx>,
}

impl Keeper for MilestoneKeeper {
    fn sweep(&self) -> Result<(), StoreError> {
        sweep(&self.plan.path)?;
        sweep(&self.plan.root.join(".gitignore"))?;
        self.folder.sweep()
    }

    /// Persons dispatch and collect without a run.
    fn writes_outside_runs(&self) -> bool {
        true
    }

    fn owes(&self, run: &Run) -> bool {
        !self.ended.is_empty() || run.plan().tasks().any(|task| self.left[task.index()] != run.status(task))
    }

    fn paused_for(&self) -> Option<TaskIx> {
        let mut alerts = self.state.orch.alerts.iter();
        let known = alerts.find_map(|alert| self.plan.plan.find(&alert.milestone));
        // A summary that can't be read now stops whatever writes it down.
        let is_bad =
            |end: &&End| alert(&self.plan, end, self.handoff(end).unwrap_or_default().as_ref()).is_some();
        known.or_else(|| self.ended.iter().find(is_bad).map(|end| end.task))
    }

    fn go_on(&mut self, resumed: &Resumed, _: &str, fresh: bool) {
        if fresh {
            self.state =
                OrchestratorState { prompt_mode: self.state.prompt_mode, ..OrchestratorState::default() };
            self.ended.clear();
        }
        // What a person has changed meanwhile is not what the history has.
        let run = &resumed.run;
        self.ended.retain(|end| run.status(end.task) == end.to && run.attempt(end.task) == end.attempt);
        let loaded = statuses(&self.plan);
        for (task, (_, status)) in run.plan().tasks().zip(loaded) {
            // What differs from how orch left it was changed by a person, and taken over.
            if fresh || run.status(task) == status {
                self.left[task.index()] = status;
            }
        }
    }

    fn moved(&mut self, moved: &Moved, detail: Option<&str>, at: Time) -> Result<(), Failure> {
        let is_end = moved.from == Status::Running && moved.to.is_settled();
        if is_end && !matches!(moved.outcome, None | Some(Outcome::Cancelled | Outcome::Lost)) {
            self.ended.push(End {
                task: moved.task,
                attempt: moved.attempt,
                to: moved.to,
                detail: detail.map(str::to_owned),
                at,
                was_missed: false,
                known: false,
            });
        }
        self.behind = true;
        Ok(())
    }

    fn handed(&mut self, task: TaskIx) {
        self.handed.insert(task);
        self.behind = true;
    }

    fn agent(&mut self, name: &str) {
        self.agent = Some(name.to_owned());
    }

    fn acknowledged(&mut self) {
        self.behind |= !self.state.orch.alerts.is_empty();
        self.state.orch.alerts.clear();
    }

    fn closed(&mut self, at: Time) {
        self.state.orch.ended_at = Some(timestamp(at));
        self.behind = true;
    }

    fn mode(&mut self, mode: PromptMode) {
        self.behind |= self.state.prompt_mode != mode;
        self.state.prompt_mode = mode;
    }

    fn stands(&mut self, _: &Run, _: Stand, _: Time) {}

    fn is_behind(&self) -> bool {
        self.behind
    }

    fn must_mend(&self) -> bool {
        let loaded = statuses(&self.plan);
        let stands = loaded.iter().zip(&self.left).any(|((_, now), left)| now != left);
        self.file.is_to_be_put_aside() || stands || !self.ended.is_empty() || !self.state.workers.is_empty()
    }

    fn write(&mut self, with: Writing<'_>) -> Result<usize, StoreError> {
        if let Some(why) = &self.refused {
            let source = std::io::Error::other(why.clone());
            return Err(StoreError::Io { path: self.folder.state(), step: "take over", source });
        }
        let failed = |source| StoreError::Io { path: self.folder.path().to_owned(), step: "create", source };
        self.folder.make().map_err(failed)?;
        if self.plan.in_repository && ensure_ignored(&self.plan.root, with.durability)? {
            with.alerts.push(".orchestrator/ was added to .gitignore".into());
        }
        self.begin(with.now);
        register(&self.plan, &self.folder, &self.state.started_at, with.durability)?;
        let handoffs = self.handoffs(with.durability)?;
        let mut told = Told::default();
        let (left_out, mut bytes) = self.document.change(with.durability, |bytes| {
            let planning = planning::read(bytes).plan;
            self.edits(&planning, with.run, &handoffs, &mut told)
        })?;
        for (edit, left) in left_out {
            with.alerts.push(format!("{} was not written into the document: {}", what(&edit), left.why));
        }
        with.alerts.extend(self.ended.iter().filter(|end| end.was_missed).map(|end| {
            let id = self.plan.plan.id(end.task);
            format!("{id} is {}: an earlier orch was ended before it had written all of that down", end.to)
        }));
        // What stands in the document stays so from one write to the next.
        with.alerts.extend(told.alerts.drain(..).filter(|alert| self.said.insert(alert.clone())));
        with.alerts.extend(told.accounts.iter().flat_map(|account| account.remarks.iter().cloned()));
        for task in with.run.plan().tasks().filter(|task| !told.by_hand.contains(task)) {
            self.left[task.index()] = with.run.status(task);
        }
        let alerts: Vec<Alert> = self
            .ended
            .iter()
            .zip(&handoffs)
            .filter_map(|(end, handoff)| alert(&self.plan, end, handoff.as_ref()))
            .collect();
        for alert in alerts {
            self.state.orch.alerts.retain(|known| known.milestone != alert.milestone);
            self.state.orch.alerts.push(alert);
        }
        self.put_away(&handoffs, with.durability)?;
        self.show_workers(with.run);
        self.state.orch.history = Some(with.history);
        self.state.orch.seq = with.seq;
        let left = with
            .run
            .plan()
            .tasks()
            .map(|task| (with.run.plan().id(task).to_owned(), self.left[task.index()]));
        self.state.orch.left = left.collect();
        let state = self.state.to_bytes();
        self.file.replace(&state, with.durability, with.now, with.alerts)?;
        self.plan.threshold.leave();
        self.ended.clear();
        self.behind = false;
        bytes += state.len();
        Ok(bytes)
    }
}

/// What an edit is about, for a person.
fn what(edit: &Edit) -> String {
    match edit {
        Edit::Status { id, .. } => format!("the status of {id}"),
        Edit::Duration { id, .. } => format!("the duration of {id}"),
        Edit::Tick { id, text, .. } => format!("the tick of `{text}` in {id}"),
        Edit::Log { .. } => "an entry of the progress log".into(),
    }
}
